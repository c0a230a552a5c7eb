/* import - consultations, meetings and what was sent before, from JSON files
 *
 * Place: init loads the seed and a context with it, `consultation import` and
 * `meeting import` a file.  Each function changes the store inside the
 * caller's transaction; the error names the file, the entry and the key.
 */
#ifndef IMPORT_H
#define IMPORT_H

#include "gateway/cmd.h"
#include "gateway/store_consultation.h"
#include "gateway/store_meeting.h"

/* Times without a zone are local times of config->timezone; codes have its
 * prefix. */
struct import {
	struct store *st;
	const struct config *config;
	const char *what; /* the file, for errors */
	int64_t now;
};

/* A time "2026-12-04T23:59:59+01:00", or without a zone, in `zone`; ST_REJECT
 * says what was expected. */
enum status
import_time(int64_t *ms, const char *zone, const char *text, struct err *err);

/* The local time of `ms` in `zone`, "2026-12-04T23:59:59", in `a`. */
const char *import_local(struct arena *a, const char *zone, int64_t ms);

/* Arrays of objects; `*n` counts what was added or changed.  ST_REJECT: an
 * entry is not what it should be. */
enum status import_communes(
    const struct import *im, struct span json, int *n, struct err *err);
enum status import_consultations(
    const struct import *im, struct span json, int *n, struct err *err);
enum status import_meetings(
    const struct import *im, struct span json, int *n, struct err *err);

/* Mails that were sent before this program kept the outbox, so that answers
 * to them find their consultation. */
enum status import_outbox(
    const struct import *im, struct span json, int *n, struct err *err);

/* Checks `c` as import does (code, phase, title, opens before closes), for one
 * that was given on the command line. */
enum status import_check_consultation(
    const struct import *im, const struct consultation *c, struct err *err);
enum status import_check_meeting(
    const struct import *im, struct meeting *m, struct err *err);

/* The whole of a file; its limit is the buffer's. */
enum status import_read(struct buf *out, const char *path, struct err *err);

/* What the import commands do: FILE in one transaction with its audit line
 * `what`; prints how many `nouns` came.  The exit code. */
int import_run(struct cmd_context *ctx, const char *path,
    enum status (*load)(
	const struct import *im, struct span json, int *n, struct err *err),
    const char *what, const char *nouns);

#endif

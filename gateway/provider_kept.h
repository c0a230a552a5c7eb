/* provider_kept - answers on disk before they are read
 *
 * Place: under the providers whose texts are gone there once they were given
 * (infobip.c) or acknowledged (szybkisms.c).  An answer is written as it comes
 * into the line's folder `answers`, synced, and only then read; its file waits
 * until all of its texts are in the database.  Killed at any moment, what had
 * come is read from there.  Afterwards it stays for some days, for a database
 * that is restored from a copy.
 */
#ifndef PROVIDER_KEPT_H
#define PROVIDER_KEPT_H

#include "gateway/provider.h"

enum { KEPT_NAME = 64 };

/* The oldest answer that waits, also one that was still coming when the program
 * was stopped: its name and its bytes; name "" when none does. */
enum status kept_oldest(struct provider *p, char name[KEPT_NAME],
    struct buf *bytes, struct err *err);

/* Before asking: a file with room on the disk for an answer.  ST_RETRY: then
 * nothing must be asked.  `*fd` is closed by kept_end(). */
enum status kept_begin(struct provider *p, int *fd, struct err *err);

/* What came is on disk under `name` and waits; "" when nothing came. */
enum status
kept_end(struct provider *p, int fd, char name[KEPT_NAME], struct err *err);

/* All of it is stored: it waits no more. */
enum status kept_done(struct provider *p, const char *name, struct err *err);

/* It held nothing. */
void kept_drop(struct provider *p, const char *name);

/* It is no answer: out of the way, for staff to look at; the same one is kept
 * once. */
enum status kept_aside(
    struct provider *p, const char *name, struct span bytes, struct err *err);

/* Can answers be kept? */
enum status kept_check(struct provider *p, struct err *err);

/* reread() of a line: what came since waits again. */
enum status kept_reread(
    struct provider *p, int64_t since_ms, struct reread *out, struct err *err);

#endif

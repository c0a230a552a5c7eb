/* jail - starts and feeds the parser's workers
 *
 * Place: intake, `inbound retry` and `uwaga parse` parse every mail through it.
 * A worker is our own binary (`uwaga parse-worker`) with one socket, an empty
 * environment, seccomp and resource limits; it is kept for many mails and
 * replaced when it dies; its answer is treated as hostile.
 */
#ifndef JAIL_H
#define JAIL_H

#include "parsers/parse.h"

struct jail; /* one worker; not shared between threads */

/* What the worker is told at its start; borrowed during the call only. */
struct jail_settings {
	const char *code_prefix, *authserv_id, *phone_prefix,
	    *textable_prefixes;
	struct span keywords; /* the table's bytes */
};

enum status
jail_open(struct jail **out, const struct jail_settings *set, struct err *err);
void jail_close(struct jail *jail);

/* Parses one mail.  A mail that kills or stalls the worker (0.5 s of its
 * processor time) is tried once more in a fresh one, then comes back as
 * KIND_UNREADABLE with the reason.  ST_BROKEN only when no worker can be
 * started.  parsed_free(out) in every case. */
enum status jail_parse(
    struct jail *jail, struct parsed *out, struct span mail, struct err *err);

/* The worker's side: main() calls it for `parse-worker`; the exit code. */
int jail_worker(void);

#endif

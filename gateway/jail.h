/* jail - starts and feeds the parser's workers
 *
 * Place: intake, `inbound retry` and `uwaga parse` parse every mail through it.
 * A worker is our own binary (`uwaga parse-worker`) with one socket, an empty
 * environment, seccomp and resource limits; it is kept for many mails and
 * replaced when it dies; its answer is treated as hostile.
 *
 * The two sides speak in frames: a length (4 bytes, ours: same machine) and so
 * many bytes.  The gateway sends the settings, the worker answers an empty
 * frame (or why it cannot work); then mail and answer in turn.
 */
#ifndef JAIL_H
#define JAIL_H

#include "parsers/parse.h"

struct jail; /* a few workers; not shared between threads */

/* What the worker is told at its start; borrowed during the call only. */
struct jail_settings {
	const char *code_prefix, *authserv_id, *phone_prefix,
	    *textable_prefixes;
	struct span keywords; /* the table's bytes */
};

/* Starts a worker and does not wait until it has loaded: whether it can work is
 * what the first parse hears.  ST_BROKEN with the reason when none can be
 * started.  The caller closes `*out`. */
enum status
jail_open(struct jail **out, const struct jail_settings *set, struct err *err);

/* The workers are told to end, and not waited for.  Next is jail_close(); NULL
 * is fine. */
void jail_dismiss(struct jail *jail);

/* Ends the worker and frees the jail; NULL is fine. */
void jail_close(struct jail *jail);

/* Parses one mail.  A mail that kills or stalls the worker (0.5 s of its
 * processor time, more for a large one) is tried once more in a fresh one, then
 * comes back as KIND_UNREADABLE with the reason.  ST_BROKEN only when no worker
 * can be started or none can work.  parsed_free(out) in every case. */
enum status jail_parse(
    struct jail *jail, struct parsed *out, struct span mail, struct err *err);

/* Parses `n` mails into out[0..n-1] (each { 0 } at first), several at a time:
 * each as if it were alone. */
enum status jail_parse_all(struct jail *jail, struct parsed *out,
    const struct span *mails, size_t n, struct err *err);

/* The worker's side: main() calls it for `parse-worker`; the exit code. */
int jail_worker(void);

/* The same with another parser than parse_mail(): tests put one inside that
 * does what hostile mail would want it to. */
typedef void jail_parser(
    struct parsed *out, struct span mail, const struct parse_settings *set);
int jail_worker_with(jail_parser *parser);

/* What both sides agree on (jail.c and jail_worker.c). */
enum {
	JAIL_SOCKET = 3, /* the worker's only descriptor */
	JAIL_MAIL_MAX = 65 << 20, /* above the parser's own limit */
	JAIL_ANSWER_MAX = 96 << 20,
	/* And for each MiB of the mail so much more. */
	JAIL_CPU_MS_MB = 20,
	JAIL_WALL_MS_MB = 200,
#ifdef __SANITIZE_ADDRESS__
	JAIL_CPU_MS = 5000, /* of processor time, a mail */
	JAIL_WALL_MS = 20000,
#else
	JAIL_CPU_MS = 500,
	JAIL_WALL_MS = 5000,
#endif
};

/* How often a side looks for the other's answer before it goes to sleep: waking
 * a sleeping processor takes longer than parsing most mails.  0 where there is
 * one processor only, which the other side needs. */
int jail_spins(void);

#endif

/* daemon - start-up order, the threads, the watchdog, shut-down
 *
 * Place: cmd_run drives it, for ever (`run`) or until all is done (`run
 * --once`), with the same threads:
 *
 *     source threads --batch--> intake thread --wake--> outbox threads
 *                   <--stored--
 *
 * Each thread runs one plain loop.  The intake thread alone stores messages; a
 * source acknowledges where its batch came from when intake says it is on
 * disk.  An outbox thread reads its work from the database; there is one for each
 * connection that `smtp` may have, and one for texts.
 */
#ifndef DAEMON_H
#define DAEMON_H

#include <stdatomic.h>

#include "gateway/config.h"
#include "gateway/health.h"
#include "gateway/intake.h"
#include "gateway/outbox.h"
#include "gateway/source.h"

/* A mailbox or SMS line of the configuration. */
struct inlet {
	char name[96]; /* as source.name: "mailbox konsultacje" */
	const struct config_mailbox *mailbox; /* borrowed; one of the two */
	const struct config_sms *sms;
	struct source *source; /* owned; NULL: cannot be opened yet */
	bool is_polled; /* intake's own: it was found empty; to be noted */
};

/* A sender and its thread's name. */
struct outlet {
	char name[32];
	struct outbox_sender *sender; /* owned */
	bool is_first; /* of its channel */
};

/* All that is open while it runs. */
struct daemon {
	const struct config *config;
	struct config *own_config; /* owned: read again on SIGHUP; or NULL */
	struct keys *keys; /* owned, as all that follows */
	struct store *store; /* for intake */
	struct intake *intake;
	struct health *health; /* used by intake's thread only */
	struct inlet *inlets;
	int n_inlets;
	struct outlet
	    *outlets; /* one for each mail connection, one for texts */
	int n_outlets;
	atomic_bool is_stopping; /* what sources and senders heed */
};

/* Opens keys, database, intake, the ways out and every source, in this order;
 * changes nothing.  `is_once`: one connection for mail is enough, and
 * the first source begins to connect before the ways out are opened.  The lock is
 * the caller's.  What cannot be opened ends it
 * with one sentence; `*out` is then NULL.  A source does so only when none
 * can be opened and one refuses its configuration (ST_REJECT); inlet_open()
 * tries the others again. */
enum status daemon_open(struct daemon **out, const struct config *config,
    bool is_once, struct err *err);
void daemon_close(struct daemon *d);

/* Opens the inlet's source unless it is open.  ST_REJECT: the configuration
 * must be mended. */
enum status inlet_open(struct inlet *in, struct err *err);

/* Polls every source until it is empty, does what is due, sends what is due.
 * A source that fails does not stop the others: its sentence comes back at the
 * end.  When nothing can be stored, or at a signal (ST_RETRY), it ends at once. */
enum status daemon_once(struct daemon *d, struct err *err);

/* Before any sender runs: what a dead one left in its hands. */
enum status daemon_recover(struct daemon *d, int64_t *unknown, struct err *err);

/* Runs until SIGTERM or SIGINT, then finishes what is in hand (at most 10 s).
 * SIGHUP reads the configuration again: when it is good, `*d` is replaced. */
enum status daemon_run(struct daemon **d, struct err *err);

/* With what store_reread_since() answered: lets the source hand
 * over again what it acknowledged, and says so in the log. */
enum status daemon_reread(
    struct source *s, int64_t since_ms, struct reread *out, struct err *err);
/* Notes that this was done, and the cursor that came of it. */
enum status daemon_note_reread(
    struct daemon *d, const char *source, const char *cursor, struct err *err);

/* Tells the source where its last batch on disk left off; also `check` does.
 * While nobody else uses `st`. */
enum status daemon_resume(struct store *st, struct source *s, struct err *err);

/* Notes in one commit of every inlet that is_polled that it was, now:
 * "last_poll/NAME". */
enum status daemon_note_polls(struct daemon *d, struct err *err);

/* What falls due by the clock: held messages, alerts, the head of
 * the chain; what a clock that was put back would keep waiting.  One that fails
 * does not stop the others: its sentence comes back. */
enum status daemon_due(struct daemon *d, struct err *err);

#endif

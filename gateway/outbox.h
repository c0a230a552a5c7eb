/* outbox - the flow, outward: due, try, back off, done
 *
 * Place: run and the daemon flush it whenever something is due; its work is
 * in the database, so nothing is lost when the process ends.
 *
 * A sender claims rows in a commit before it sends them and says in another
 * what became of them: a row that is found claimed at a start was in its hands
 * when the program stopped.  Several senders work at once (`connections`), each
 * with a connection to the database and one to the mail server; a row is
 * claimed by one.
 */
#ifndef OUTBOX_H
#define OUTBOX_H

#include <stdatomic.h>

#include "gateway/config.h"
#include "gateway/store.h"
#include "parsers/message.h"

struct outbox_sender;

/* Opens a sender for what leaves by that channel.  A way out that cannot be
 * opened is reported by the rows that need it, not here. */
enum status outbox_open(struct outbox_sender **out, enum channel channel,
    const struct config *config, struct err *err);
void outbox_close(struct outbox_sender *ob);

/* From now on `stop` (borrowed) ends what it does within a few seconds, and
 * `progress` (borrowed, may be NULL) is set to clock_ticks() for each letter
 * done, for whoever watches, and to 0 while it waits for room on the disk.
 * `is_once`: nobody waits until a full disk has room
 * again; what became of a letter is then in doubt at the next start. */
void outbox_heed(struct outbox_sender *ob, const atomic_bool *stop,
    atomic_llong *progress, bool is_once);

/* At a start, under the lock, once for each channel: rows that were in a
 * sender's hands when the program stopped become unknown.  Those that may be
 * sent again with the same Message-ID (a way out that knows our reference,
 * confirmations, all with on_unknown = "resend") are due at once.  `*n` counts
 * them all. */
enum status
outbox_recover(struct outbox_sender *ob, int64_t *n, struct err *err);

/* Claims what is due in small batches, sends it and settles each row, until
 * nothing is due, told to stop, or the way out is in trouble: then every row
 * that was not sent is back in the queue, with the reason, and the sentence
 * comes back (ST_REJECT: somebody must mend something).  `*sent` is how many
 * rows got a final answer. */
enum status outbox_flush(struct outbox_sender *ob, int *sent, struct err *err);

/* Asks the way out what became of texts that it took; does nothing where it
 * cannot say.  After a flush.  A way out that does not answer is asked again
 * later; only the store fails. */
enum status outbox_ask(struct outbox_sender *ob, struct err *err);

/* When to flush and ask again by the clock, as UTC milliseconds: something falls due,
 * or the rate allows more; 0: nothing waits for a time. */
enum status outbox_next(struct outbox_sender *ob, int64_t *at, struct err *err);

/* The one way that all its letters leave by, "smtp", and when that server's
 * certificate ends (UTC ms; 0: none, or not known yet); "" and 0 for texts,
 * which leave by several. */
const char *outbox_way(const struct outbox_sender *ob);
int64_t outbox_certificate(const struct outbox_sender *ob);

/* Says goodbye to every way out and closes it, which may take a second each. */
void outbox_part(struct outbox_sender *ob);

/* Nothing is to be sent for now: idle connections are closed after a while. */
void outbox_rest(struct outbox_sender *ob);

#endif

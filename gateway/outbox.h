/* outbox - the flow, outward: due, try, back off, done
 *
 * Place: run and the daemon flush it whenever something is due; its work is
 * in the database, so nothing is lost when the process ends.
 */
#ifndef OUTBOX_H
#define OUTBOX_H

#include "gateway/config.h"
#include "gateway/store.h"

struct outbox_sender;

/* Opens the way out for mail and for each SMS line.  A way out that cannot be
 * opened is reported by the rows that need it, not here. */
enum status outbox_open(struct outbox_sender **out, struct store *st,
    const struct config *config, struct err *err);
void outbox_close(struct outbox_sender *ob);

/* At a start, under the lock: rows that were in a sender's hands when the
 * program stopped become unknown; those whose way out recognises our reference
 * are queued again with the same Message-ID.  `*n` counts them. */
enum status
outbox_recover(struct outbox_sender *ob, int64_t *n, struct err *err);

/* Claims a small batch of what is due, sends it and settles each row.  `*sent`
 * is how many rows were handled; 0: nothing is due. */
enum status outbox_flush(struct outbox_sender *ob, int *sent, struct err *err);

#endif

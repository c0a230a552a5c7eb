/* outbox_hand - the rows that a sender has in hand, and the ways out
 *
 * Place: shared by outbox.c, which claims and settles, and outbox_hand.c, which
 * sends; nobody else.
 */
#ifndef OUTBOX_HAND_H
#define OUTBOX_HAND_H

#include "gateway/keys.h"
#include "gateway/sink.h"
#include "gateway/store_outbox.h"

/* Rows in a sender's hands at once: what a crash can put in doubt. */
enum { OUTBOX_HAND = 50 };

/* One way out; opened when the first row needs it. */
struct way {
	char name[96]; /* "" for mail, else as in outbox.via */
	const struct config_sms *sms; /* NULL: mail */
	struct sink *sink; /* owned; NULL: not open */
};

struct outbox_sender {
	struct store *st; /* owned */
	const struct config *config;
	struct keys *keys; /* owned; read when the first PIN leaves */
	enum channel channel;
	struct way *ways; /* owned: mail alone, or the SMS lines */
	int n_ways;
	const atomic_bool *stop; /* borrowed; or NULL */
	atomic_llong *progress; /* borrowed; or NULL */
	bool is_once;
};

/* Claimed rows and what becomes of each. */
struct hand {
	struct outbox_sender *ob;
	struct arena arena; /* owned: of the rows */
	struct outbox *rows;
	size_t n;
	size_t n_late; /* others that were claimed, and must not leave */
	bool is_judged; /* the rows say what the results mean */
	struct delivery results[OUTBOX_HAND];
	int64_t done_ms[OUTBOX_HAND]; /* when that was known */
};

/* Names the ways of the sender's channel.  ST_BROKEN: no memory. */
enum status ways_list(struct outbox_sender *ob, struct err *err);
void ways_part(struct outbox_sender *ob); /* they open again when needed */
void ways_close(struct outbox_sender *ob);
void ways_rest(struct outbox_sender *ob);

/* Makes the one way for mail ready; texts find theirs by row. */
enum status ways_ready(struct outbox_sender *ob, struct err *err);

/* Does the way out of that row make no second message of one reference? */
bool ways_know(struct outbox_sender *ob, const struct outbox *row);

/* Asks the way out of that row what became of it, as sink.h has it;
 * ARRIVAL_NONE: it cannot say. */
enum status ways_arrival(struct outbox_sender *ob, const struct outbox *row,
    enum arrival *out, char why[256], struct err *err);

/* Sends every row in hand; each has a result then.  `*sent` grows by those with
 * a final answer.  Other than ST_OK: the way out is in trouble. */
enum status hand_send(struct hand *h, int *sent, struct err *err);
void hand_free(struct hand *h);

#endif

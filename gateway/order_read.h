/* order_read - a mail from staff as an order: which meetings, told what
 *
 * Place: order.c reads it when it comes, and again when its PIN comes back; what
 * is then no longer the same is shown again.  Reads the store, changes nothing.
 */
#ifndef ORDER_READ_H
#define ORDER_READ_H

#include <jansson.h>

#include "gateway/telling.h"
#include "parsers/order_text.h"

/* All borrowed. */
struct order_source {
	struct store *st;
	const struct config *config;
	const struct keys *keys;
	const struct order_words *words;
	const char *verb; /* "announce", "change", "cancel" */
	struct span text; /* what follows the verb */
	const char *seed; /* of this mail alone: names a meeting it adds */
	int64_t now;
};

struct order {
	struct telling telling; /* owned; as it will be told */
	bool is_new; /* its one meeting is not in the store yet */
	bool is_moved; /* the place of a planned meeting is another now */
	/* For templates; owned.  "given": the lines with a label; and a flag
	 * for each thing that is missing or wrong ("order_bad_time"), with the
	 * word that is meant in "order_word". */
	json_t *facts;
	bool is_understood; /* nothing is missing or wrong */
};

/* Reads it; what cannot be understood is in out->facts.  Fails only when the
 * store does, or memory is short.  order_free() in every case. */
enum status
order_read(struct order *out, const struct order_source *src, struct err *err);
void order_free(struct order *o);

/* Adds the meeting of an order that has a new one, in the caller's transaction,
 * so that a notice can tell of it. */
enum status
order_add_meeting(struct order *o, struct store *st, struct err *err);

#endif

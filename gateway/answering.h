/* answering - one answer is given to remarks, and their authors are told
 *
 * Place: between `remark answer`, which knows what staff want, and the stores;
 * the rows that tell people are rendered here and leave by the outbox.
 */
#ifndef ANSWERING_H
#define ANSWERING_H

#include "gateway/keys.h"
#include "gateway/store_answer.h"

/* As many remarks as one answer can be given to at once: all of it is one
 * transaction, which others wait for. */
enum { ANSWERED_MAX = 1000 };

/* A remark, and what became of it. */
struct answered {
	struct remark remark; /* as it was before */
	bool is_done; /* it has this very answer already: left alone */
	char receipt[16]; /* of its link of the chain; "" left alone */
	const char *untold; /* why its author is not told; NULL: they are */
};

/* Start with { 0 } and the first group; answering_free() ends it. */
struct answering {
	const struct config *config; /* borrowed */
	const struct keys *keys; /* borrowed */
	struct answer answer; /* verdict, reasons, wording, who, at_ms */

	struct answered *list; /* in the arena: in the order named */
	size_t n;
	struct outbox first[2]; /* of the rows that tell, one per channel:
				 * id 0 none; their strings in the arena */
	int rows[2]; /* how many, per channel */
	int64_t segments; /* of the texts */
	struct arena arena; /* owned */
};

/* Adds the remark of that name ("BL-7M4H/12"); the same twice is once.
 * ST_REJECT: there is none, it was withdrawn, split or merged, it belongs to
 * another consultation than those before, or they are too many. */
enum status answering_add(
    struct answering *an, struct store *st, const char *name, struct err *err);

/* In the caller's transaction: the answer is stored and given to each remark
 * that has another one or none; every contact among their authors that may be
 * told is owed one mail or text, a text not in the quiet hours; what was owed to
 * them of an older answer is taken back.  Nothing happens when all have it
 * already. */
enum status
answering_give(struct answering *an, struct store *st, struct err *err);

/* Frees its lists; the store is the caller's. */
void answering_free(struct answering *an);

#endif

/* store_answer - what the office decided about remarks, and who was told
 *
 * Place: `remark answer` gives answers; remarks are read with their newest one
 * (store_remark.h).  One answer may cover several alike remarks; each gets its
 * own link of the chain, whose commitment is over its words (ANSWER_WORDS in
 * store_internal.h).
 */
#ifndef STORE_ANSWER_H
#define STORE_ANSWER_H

#include "gateway/store_outbox.h"
#include "gateway/store_remark.h"

struct answer {
	int64_t id;
	const char *verdict; /* a key of verdicts.tsv: "accepted" */
	const char *reasons; /* never "" */
	const char *wording; /* new wording of the draft; "" none */
	int64_t at_ms;
	const char *who;
	int version; /* read only: of the remark's text that it answers */
	const char *receipt; /* read only: of its link for that remark */
};

/* Stores an answer that belongs to no remark yet; sets id. */
enum status
store_answer_add(struct store *st, struct answer *answer, struct err *err);

/* It is the answer to that remark from now on: state "answered", and the chain
 * event of that name.  ST_REJECT when there is no such remark. */
enum status store_answer_give(struct store *st, const struct answer *answer,
    int64_t remark_id, char receipt[16], struct err *err);

/* That contact is told of it by that row. */
enum status store_answer_told(struct store *st, int64_t answer_id,
    int64_t contact_id, int64_t outbox_id, struct err *err);

/* Rows that have not left and tell that contact only of answers which were
 * followed by newer ones are taken back.  `*seen_ms` says when the newest answer
 * before `answer_id` was given of which the contact was told after all, and
 * which was about one of their own remarks that this is about; 0 none. */
enum status store_answer_overtake(struct store *st, int64_t contact_id,
    int64_t answer_id, int64_t *seen_ms, struct err *err);

/* May the author be told?  `*why` is NULL when they may, else in words why not:
 * they want to hear nothing more, their address takes no mail, nobody vouched
 * for their message. */
enum status store_answer_reach(struct store *st, const struct remark *remark,
    const char **why, struct err *err);

/* All answers of a remark, oldest first; the row's strings live during the
 * call. */
enum status store_answer_list(struct store *st, int64_t remark_id,
    enum status (*row)(void *arg, const struct answer *answer), void *arg,
    struct err *err);

#endif

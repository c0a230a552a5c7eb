/* decide_internal - what the files of decide share
 *
 * Place: decide.c finds out what a message is about; decide_order.c what an
 * order in it changes, decide_rsvp.c what an answer to a meeting says,
 * decide_staff.c what staff want sent to many, decide_button.c what the button
 * of a mail program sends; all look up and settle by decide_case.c.  Nobody else
 * includes this.
 */
#ifndef DECIDE_INTERNAL_H
#define DECIDE_INTERNAL_H

#include "gateway/decision.h"

/* Writes fate and reason; a decision with a reason is settled. */
__attribute__((format(printf, 4, 5))) void decide_settle(struct decision *d,
    const struct case_file *c, enum fate fate, const char *fmt, ...);

/* One more remark that the message yields; false: no memory. */
bool decide_add_filing(struct decision *d, const struct case_file *c,
    const struct consultation *consultation, struct span text);

/* The consultation of that code or alias, or of that id; NULL: none. */
const struct consultation *
decide_by_code(const struct case_file *c, struct span code);
const struct consultation *decide_by_id(const struct case_file *c, int64_t id);

/* The row of ours that this mail answers or reports: by the token in one of
 * the recipients (`*by_token`, may be NULL), else by our Message-ID; id 0 when
 * there is none. */
enum status decide_answered(struct outbox *row, bool *by_token,
    const struct case_file *c, struct err *err);

/* The newest row to this person; `asking` passes over confirmations. */
enum status decide_last_row(struct outbox *row, const struct case_file *c,
    bool asking, struct err *err);

/* What words without a code go on with: NULL, or a consultation and `*how` it
 * is known. */
enum status decide_thread(const struct consultation **found, const char **how,
    const struct case_file *c, struct err *err);

/* The messages of a person that wait for a code, oldest first. */
struct waiting {
	struct arena *arena;
	struct inbound *list; /* id, channel, received_ms, remark, suggestion */
	size_t n;
};

/* Those of the contact of `c`, in its arena. */
enum status decide_find_waiting(
    struct waiting *w, const struct case_file *c, struct err *err);

/* Is the message a text that follows the newest of them at once? */
bool decide_follows_waiting(const struct waiting *w, const struct case_file *c);

/* Adds to d->also the texts in a row with d->settles, or with the message
 * itself when that is 0; d->consultation is known. */
enum status decide_with_row(struct decision *d, const struct case_file *c,
    const struct waiting *w, struct err *err);

/* The mail that a button of the reader's mail program sent, to the token of a
 * notice: ends notices, whatever words the program adds.  Settles nothing when it
 * is none. */
enum status
decide_button(struct decision *d, const struct case_file *c, struct err *err);
/* The same without a token, from whom no machine and no fraud is. */
void decide_plain_button(struct decision *d, const struct case_file *c);

/* TAK, NIE, STOP, START, STAN, KOREKTA and the others; a sentence of
 * attendance too.  Settles nothing when the message is no order. */
enum status
decide_order(struct decision *d, const struct case_file *c, struct err *err);

/* A STOP in answer to the token of a letter of ours is for whom that went to,
 * also when it was forwarded and another address says it: d->stops_too. */
enum status decide_stops_too(
    struct decision *d, const struct case_file *c, struct err *err);

/* The same with the name of a commune: its meetings. */
enum status
decide_commune(struct decision *d, const struct case_file *c, struct err *err);

/* An answer to an invitation, by calendar or in words; YES and NO too when the
 * last question was an invitation (`*invited`). */
enum status
decide_rsvp(struct decision *d, const struct case_file *c, struct err *err);
/* "1 TAK, 2 NIE": words that name the meetings of a notice by their numbers;
 * settles nothing when they do not. */
enum status decide_by_number(
    struct decision *d, const struct case_file *c, struct err *err);
enum status
decide_was_invited(bool *invited, const struct case_file *c, struct err *err);

/* A mail that orders a notice to many, or answers the preview of one; from
 * whoever.  Settles nothing when it is neither. */
enum status
decide_staff(struct decision *d, const struct case_file *c, struct err *err);

#endif

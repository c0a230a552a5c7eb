/* store_outbox - what is owed to people: one row per recipient
 *
 * Place: intake owes, the outbox claims and settles, commands list and release.
 *
 * queued -> claimed -> sent | deferred | failed | unknown; cancelled from any
 * that is not yet claimed.  Rows found claimed at a start were in a sender's
 * hands when it died: they become unknown.
 */
#ifndef STORE_OUTBOX_H
#define STORE_OUTBOX_H

#include "gateway/store.h"
#include "parsers/message.h"

enum outbox_state {
	OUTBOX_QUEUED,
	OUTBOX_CLAIMED,
	OUTBOX_SENT,
	OUTBOX_DEFERRED,
	OUTBOX_FAILED,
	OUTBOX_UNKNOWN,
	OUTBOX_CANCELLED,
	OUTBOX_STATE_COUNT
};

/* The word for a state, as the schema and --json have it, and back. */
const char *outbox_state_name(enum outbox_state state);

/* OUTBOX_STATE_COUNT when no state has that name. */
enum outbox_state outbox_state_by_name(const char *name);

struct outbox {
	int64_t id;
	enum channel channel;
	int64_t contact_id, inbound_id, consultation_id, remark_id;
	const char *to; /* address or number */
	const char *via; /* which line: "sms bramka"; "" for mail */
	const char *template_name; /* "confirm_remark" */
	const char *question; /* what a TAK answers: a code; of a mail to staff
				the number of its order; "" none */
	const char *subject, *body, *html; /* rendered; html may be "" */
	const char *language;
	const char *message_id; /* without < >; unique; "" for texts */
	const char *token; /* of the reply address; unique */
	const char *in_reply_to,
	    *references; /* ids without < >, spaces between */
	enum outbox_state state;
	int64_t due_ms; /* 0 with state deferred: waits for staff */
	int attempts;
	int doubts; /* of them, that may have arrived or not */
	int64_t created_ms, claimed_ms, settled_ms;
	const char *error; /* last reason; "" none */
	const char *external_id; /* the provider's */
	int64_t segments; /* SMS */
	const char *receipt; /* the chain receipt it shows; "" none */
	const char *arrival; /* "": nobody says; "open", "delivered", "passed"
			    (on to the network), "failed" */
	const char *arrival_why; /* why it failed, in their words; "" */
	int64_t arrival_ms; /* when we learnt it */
	int64_t ask_ms; /* when to ask next; 0: not any more */
	const char *code; /* read only: of the consultation */
	int64_t notice_id, notice_text_id; /* of a notice; 0 a reply.  Its words
					    * are then read from there */
	const char *calendar, *method; /* read only: of its words; "" none */
};

/* Adds a row; sets id.  ST_REJECT when message_id or token is there already. */
enum status
store_outbox_add(struct store *st, struct outbox *row, struct err *err);

/* Which rows somebody comes for. */
struct outbox_due {
	enum channel channel;
	int64_t now;
	int max;
};

/* Marks rows that are due (queued, or deferred with a due time that has come)
 * as claimed, oldest first, and returns them.  The transaction is the
 * caller's: they are his once it is committed. */
enum status store_outbox_claim(struct store *st, const struct outbox_due *due,
    struct arena *a, struct outbox **out, size_t *n, struct err *err);

/* Writes back state, due_ms, attempts, doubts, claimed_ms, settled_ms, error
 * and external_id. */
enum status store_outbox_settle(
    struct store *st, const struct outbox *row, struct err *err);

/* The same by the sender that claimed it; nothing when the row is claimed no
 * more: a bounce can be back before the sender has written that it was sent. */
enum status store_outbox_hand_back(
    struct store *st, const struct outbox *row, struct err *err);

/* Rows to that domain that are due before `due` wait until then, with the
 * reason; `error` says it for each. */
enum status store_outbox_hold_domain(struct store *st, const char *domain,
    int64_t due, const char *error, struct err *err);

/* Rows to that domain that are owed since before `created` fail as `tried` did,
 * behind which they waited. */
enum status store_outbox_give_up_domain(struct store *st, const char *domain,
    int64_t created, const struct outbox *tried, struct err *err);

/* The `max` rows that would be claimed next say why they are not. */
enum status store_outbox_note(struct store *st, enum channel channel,
    int64_t now, int max, const char *error, struct err *err);

/* When the clock was put back: rows that were due, or would be tried again, at
 * a time of the old clock are due now; `*n` counts them. */
enum status
store_outbox_redate(struct store *st, int64_t now, int64_t *n, struct err *err);

/* For a limit of the rate: how many rows of that channel are in a sender's
 * hands or came back from one in the minute after `since` (a later one was of
 * a clock that was put back), and when the first of the latter did (0: none). */
enum status store_outbox_pace(struct store *st, enum channel channel,
    int64_t since, int64_t *count, int64_t *first, struct err *err);

/* At a start: claimed rows of that channel become unknown, an attempt and a
 * doubt more each; `*n` says how many. */
enum status store_outbox_recover(struct store *st, enum channel channel,
    int64_t now, int64_t *n, struct err *err);

/* Notices and answers by text that are due now are due at `until` instead. */
enum status store_outbox_quiet(
    struct store *st, int64_t now, int64_t until, struct err *err);

/* Sent rows whose arrival is due to be asked for, oldest first. */
enum status store_outbox_to_ask(struct store *st, const struct outbox_due *due,
    struct arena *a, struct outbox **out, size_t *n, struct err *err);
/* When the next of them is; 0 when none is. */
enum status store_outbox_next_ask(
    struct store *st, enum channel channel, int64_t *at, struct err *err);
/* Writes back arrival, arrival_why, arrival_ms and ask_ms. */
enum status store_outbox_arrived(
    struct store *st, const struct outbox *row, struct err *err);

/* The texts of one consultation (0: of none) that went out, and what they cost
 * in segments. */
struct outbox_cost {
	int64_t texts, segments, failed; /* failed: did not arrive */
};

/* Sums them up; only the store fails. */
enum status store_outbox_cost(struct store *st, int64_t consultation_id,
    struct outbox_cost *out, struct err *err);

/* When the next row of that channel falls due; 0 when none waits for a time. */
enum status store_outbox_next_due(
    struct store *st, enum channel channel, int64_t *due, struct err *err);

/* One by id; ST_REJECT when there is none. */
enum status store_outbox_get(struct store *st, int64_t id, struct arena *a,
    struct outbox *out, struct err *err);

/* By our Message-ID or token; id 0 when none. */
enum status store_outbox_by_message_id(struct store *st, const char *message_id,
    struct arena *a, struct outbox *out, struct err *err);
enum status store_outbox_by_token(struct store *st, const char *token,
    struct arena *a, struct outbox *out, struct err *err);

/* The newest row to that contact that is not cancelled or failed, nor the answer
 * to a remark, after which a conversation goes on as before; `asking` passes
 * over what asks nothing: confirmations, help, what was ended or begun; id 0 none. */
enum status store_outbox_last(struct store *st, int64_t contact_id, bool asking,
    struct arena *a, struct outbox *out, struct err *err);

/* Limits: rows created at or after `since` that are not cancelled.  With a
 * template_name those to that contact, about `question` (NULL: any); without,
 * any reply (an answer to a message) but confirm_remark, contact_id 0: to
 * anybody. */
enum status store_outbox_count(struct store *st, int64_t contact_id,
    const char *template_name, const char *question, int64_t since,
    int64_t *count, struct err *err);

/* What of that channel is owed and does not leave: rows that were due at
 * `late` and that nobody tried, and rows that were tried in vain since the last
 * one left.  Alerts do not count: nobody is told that he cannot be told. */
struct outbox_owed {
	int64_t rows;
	int64_t oldest_ms; /* the first of them was made; 0 none */
	int64_t untried; /* of them, those that were due and not tried since */
	int64_t last_sent_ms; /* of the newest rows; 0 none of them */
};

/* Counts what waits, `late`: due before that time; only the store fails. */
enum status store_outbox_owed(struct store *st, enum channel channel,
    int64_t now, int64_t late, struct outbox_owed *out, struct err *err);

struct outbox_filter {
	int state; /* -1 any */
	int64_t contact_id, inbound_id;
	bool waiting; /* only those that wait for staff */
	int limit;
};

/* Calls `row` for each in order of id until it answers something other than
 * ST_OK, which then comes back.  The row's strings live during the call. */
enum status
store_outbox_list(struct store *st, const struct outbox_filter *filter,
    enum status (*row)(void *arg, const struct outbox *row), void *arg,
    struct err *err);

/* Rows in each state; count[OUTBOX_STATE_COUNT] gets the sum. */
enum status store_outbox_counts(
    struct store *st, int64_t count[OUTBOX_STATE_COUNT + 1], struct err *err);

#endif

/* store_meeting - meetings, and who will come
 *
 * Place: the meeting command adds and lists; intake asks which meeting an
 * answer is about and notes it; init loads the seed.
 *
 * Every answer is kept; what counts is the last one of a person, from whatever
 * address or number of theirs it came.
 */
#ifndef STORE_MEETING_H
#define STORE_MEETING_H

#include "gateway/store.h"
#include "parsers/message.h"

struct meeting {
	int64_t id;
	const char *uid; /* iCalendar UID, unique */
	const char *key; /* short name: "s-10ke-bierun-2" */
	const char *code; /* of its consultation */
	int64_t consultation_id;
	const char *commune, *phase, *state; /* planned, announced, held... */
	int64_t starts_ms, ends_ms;
	const char *timezone, *starts_local, *ends_local;
	const char *venue, *address;
	int64_t sequence;
};

/* Adds, or changes the one with that uid, whose state stays unless one is given
 * and whose sequence never goes back; the commune is added when new.  In a
 * transaction of the caller.  ST_REJECT with the reason when it makes no sense. */
enum status
store_meeting_put(struct store *st, struct meeting *m, struct err *err);

/* All, ordered by start; of one consultation when `consultation_id` is set. */
enum status store_meeting_all(struct store *st, int64_t consultation_id,
    struct arena *a, struct meeting **out, size_t *n, struct err *err);

/* By iCalendar UID, short name or id, whichever `word` is; id 0 in `out` when
 * there is none. */
enum status store_meeting_find(struct store *st, const char *word,
    struct arena *a, struct meeting *out, struct err *err);

/* By iCalendar UID only, which may come from a stranger's calendar. */
enum status store_meeting_by_uid(struct store *st, const char *uid,
    struct arena *a, struct meeting *out, struct err *err);

/* Those announced that begin after `now`, within `before_ms`, and of which
 * nobody was reminded so late yet, ordered by start. */
enum status
store_meeting_to_remind(struct store *st, int64_t now, int64_t before_ms,
    struct arena *a, struct meeting **out, size_t *n, struct err *err);
/* That reminder is done. */
enum status store_meeting_reminded(struct store *st, const struct meeting *m,
    int64_t before_ms, int64_t now, struct err *err);

/* The row of the outbox tells of that meeting: the `position`-th (from 1) when
 * it tells of several. */
enum status store_meeting_told(struct store *st, int64_t outbox_id,
    int position, int64_t meeting_id, struct err *err);
/* Those that the row tells of, in order. */
enum status store_meeting_of_row(struct store *st, int64_t outbox_id,
    struct arena *a, struct meeting **out, size_t *n, struct err *err);

enum rsvp_answer { RSVP_YES, RSVP_NO, RSVP_MAYBE, RSVP_COUNT };

/* "yes", "no", "maybe", as the schema and --json have it. */
const char *rsvp_answer_name(enum rsvp_answer answer);

struct rsvp {
	int64_t meeting_id, contact_id, inbound_id;
	enum rsvp_answer answer;
	const char *comment; /* their words, for staff; may be "" */
	bool needs_staff; /* they ask for something that staff must see to */
	int64_t received_ms;
	const char *from, *from_name; /* read only: the contact's */
};

/* Notes the answer of a message, once a meeting. */
enum status
store_rsvp_add(struct store *st, const struct rsvp *rsvp, struct err *err);

/* How many people say what, by the last answer of each; count[RSVP_COUNT] gets
 * the sum. */
enum status store_rsvp_counts(struct store *st, int64_t meeting_id,
    int64_t count[RSVP_COUNT + 1], struct err *err);

/* The last answer of each person, in the order they came. */
enum status store_rsvp_all(struct store *st, int64_t meeting_id,
    struct arena *a, struct rsvp **out, size_t *n, struct err *err);

#endif

/* store_meeting - meetings, and who will come
 *
 * Place: the meeting command adds and lists; intake asks which meeting an
 * answer is about and notes it; init loads the seed.
 *
 * Every answer is kept; what counts is the last one that a person gave, from
 * whatever address or number of theirs it came.  Words are given when they are
 * received; a calendar dates its answer.  Answers of one calendar
 * are in the order of SEQUENCE and DTSTAMP (RFC 5546, 2.1.5): one that
 * comes behind a newer one never counts.  Nor does one that comes when the
 * meeting is cancelled or over: it is kept apart.
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
	int64_t told; /* the sequence that the row of the outbox tells of, from
		       * store_meeting_of_row(); else as `sequence` */
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
    int position, const struct meeting *m, struct err *err);
/* Those that the row tells of, in order. */
enum status store_meeting_of_row(struct store *st, int64_t outbox_id,
    struct arena *a, struct meeting **out, size_t *n, struct err *err);

/* Why an answer to a meeting does not count. */
enum too_late { IN_TIME, LATE_CANCELLED, LATE_OVER, TOO_LATE_COUNT };

/* Of one that comes at that time: is there still a meeting to come to?  While it
 * is on there is. */
enum too_late meeting_too_late(const struct meeting *m, int64_t at_ms);

/* Keeps the meeting as it is, before a change that people are told of. */
enum status
store_meeting_keep(struct store *st, const struct meeting *m, struct err *err);

/* Gives `m` the times and place that it had at that sequence, where they were
 * kept; else leaves it as it is. */
enum status store_meeting_as_of(struct meeting *m, struct store *st,
    int64_t sequence, struct arena *a, struct err *err);

/* "", "cancelled", "over", as the schema and --json have it. */
const char *too_late_name(enum too_late too_late);

enum rsvp_answer { RSVP_YES, RSVP_NO, RSVP_MAYBE, RSVP_COUNT };

/* "yes", "no", "maybe", as the schema and --json have it. */
const char *rsvp_answer_name(enum rsvp_answer answer);

struct rsvp {
	int64_t meeting_id, contact_id, inbound_id;
	enum rsvp_answer answer;
	const char *comment; /* their words, for staff; may be "" */
	bool needs_staff; /* they ask for something that staff must see to */
	int64_t received_ms;
	int64_t sequence; /* of the meeting as it was when they were asked */
	int64_t stamp_ms; /* a calendar's: when it was given; 0: in words */
	enum too_late too_late;
	bool is_overtaken; /* by a newer one, when it was decided; not stored */
	bool is_stale; /* read only: the meeting has changed since */
	bool is_invited; /* read only: a notice told them of it */
	const char *from, *from_name; /* read only: the contact's */
};

/* Notes the answer of a message, once a meeting. */
enum status
store_rsvp_add(struct store *st, const struct rsvp *rsvp, struct err *err);

/* Had the same person given a newer answer, which counts instead? */
enum status store_rsvp_is_overtaken(
    bool *is, struct store *st, const struct rsvp *rsvp, struct err *err);

/* When a notice first told that person of the meeting as it was at
 * rsvp->sequence or later; 0: none did. */
enum status store_meeting_told_since(int64_t *since_ms, struct store *st,
    const struct rsvp *rsvp, struct err *err);

/* How many people say what, by the answer of each that counts, and how many came. */
struct heads {
	int64_t meeting_id;
	int64_t answers[RSVP_COUNT];
	int64_t stale; /* of these, how many answered before a change */
	int64_t not_invited; /* of those who come, how many no notice told */
	bool is_counted; /* staff said how many came */
	int64_t came;
};
/* Of one meeting, or of all when `meeting_id` is 0, ordered by meeting_id. */
enum status store_meeting_heads(struct store *st, int64_t meeting_id,
    struct arena *a, struct heads **out, size_t *n, struct err *err);

/* The answer of each person that counts, in the order they came. */
enum status store_rsvp_all(struct store *st, int64_t meeting_id,
    struct arena *a, struct rsvp **out, size_t *n, struct err *err);

/* The answers that came too late, every one, in the order they came. */
enum status store_rsvp_late(struct store *st, int64_t meeting_id,
    struct arena *a, struct rsvp **out, size_t *n, struct err *err);

/* The answers that count no more and ask for something (needs_staff), of those
 * whose answer that counts is not no, in the order they came. */
enum status store_rsvp_wishes(struct store *st, int64_t meeting_id,
    struct arena *a, struct rsvp **out, size_t *n, struct err *err);

/* What people who were told of the meeting wrote about its consultation before
 * it began, that says nothing of coming and that staff should look at; answer
 * is of no meaning.  In the order they came. */
enum status store_meeting_letters(struct store *st, int64_t meeting_id,
    struct arena *a, struct rsvp **out, size_t *n, struct err *err);

#endif

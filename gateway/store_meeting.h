/* store_meeting - meetings, the notices about them, and who will come
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

/* ---- notices to many --------------------------------------------------- */

enum notice_kind {
	NOTICE_ANNOUNCEMENT,
	NOTICE_CHANGE,
	NOTICE_CANCELLATION,
	NOTICE_REMINDER,
	NOTICE_KIND_COUNT
};

/* "announcement", as the schema and --json have it. */
const char *notice_kind_name(enum notice_kind kind);

struct notice {
	int64_t id;
	enum notice_kind kind;
	const char *state; /* preparing, sending, paused, aborted */
	const char *who, *reason;
	int64_t created_ms, send_at_ms;
	/* read only: rows of the outbox by what became of them */
	int64_t total, sent, waiting, failed, unknown, cancelled;
};

/* Adds it in state "preparing"; sets id. */
enum status
store_notice_add(struct store *st, struct notice *n, struct err *err);
/* ST_REJECT when there is none of that id. */
enum status store_notice_get(struct store *st, int64_t id, struct arena *a,
    struct notice *out, struct err *err);
/* The newest `limit` (0: all), newest first. */
enum status store_notice_all(struct store *st, int limit, struct arena *a,
    struct notice **out, size_t *n, struct err *err);

/* The words of a notice, frozen; sets id. */
struct notice_text {
	int64_t id, notice_id;
	const char *subject, *body, *html, *calendar, *method;
};
enum status
store_notice_text_add(struct store *st, struct notice_text *t, struct err *err);

/* Its prepared rows are due from its time on: what was prepared leaves. */
enum status store_notice_start(struct store *st, int64_t id, struct err *err);
/* What has not left yet waits, goes on, or never leaves; `*rows` says how many.
 * Who was not reached by an aborted one can be told by another. */
enum status store_notice_pause(
    struct store *st, int64_t id, int64_t *rows, struct err *err);
enum status store_notice_resume(
    struct store *st, int64_t id, int64_t *rows, struct err *err);
enum status store_notice_abort(
    struct store *st, int64_t id, int64_t *rows, struct err *err);
/* Those that were left "preparing" by a command that died are aborted. */
enum status store_notice_clean(struct store *st, struct err *err);

/* Who could be told of a meeting. */
struct listener {
	int64_t contact_id;
	enum channel channel;
	const char *address, *language;
	bool is_stopped; /* wants no notices */
	bool is_bounced; /* mail to them came back for good */
	bool is_told; /* of this kind and sequence already */
	bool comes; /* said that they will be there, last */
};

/* Everybody subscribed to the meeting's consultation or commune; or, with
 * `only_told`, everybody who got, or will get, an earlier notice of it.  In
 * order of contact. */
enum status store_notice_listeners(struct store *st,
    const struct meeting *meeting, enum notice_kind kind, bool only_told,
    struct arena *a, struct listener **out, size_t *n, struct err *err);

/* The row of the outbox tells that contact of the meeting. */
enum status store_notice_recipient_add(struct store *st,
    const struct meeting *meeting, enum notice_kind kind, int64_t contact_id,
    int64_t outbox_id, struct err *err);

/* Whoever said STOP since that time is taken off a prepared announcement. */
enum status store_notice_spare(
    struct store *st, int64_t id, int64_t since, struct err *err);

/* A notice of this and of other meetings that has not left everywhere; 0 none:
 * its words cannot be mended. */
enum status store_notice_mixed(
    struct store *st, int64_t meeting_id, int64_t *notice_id, struct err *err);

/* Notices of this meeting alone that have not left are taken back. */
enum status store_notice_overtake(
    struct store *st, int64_t meeting_id, int64_t *rows, struct err *err);

#endif

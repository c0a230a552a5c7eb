/* store_notice - what many people are told of meetings, and whom it reached
 *
 * Place: notice.c writes it; the notice command shows, pauses and aborts it.
 *
 * A notice is a row, its words are frozen beside it, and each of its recipients
 * is a row of the outbox.
 */
#ifndef STORE_NOTICE_H
#define STORE_NOTICE_H

#include "gateway/store_meeting.h"
#include "gateway/store_outbox.h"

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
	const char *meetings; /* read only: their short names, spaces between */
	/* read only: rows of the outbox by what became of them */
	int64_t total, sent, waiting, failed, unknown, cancelled;
	int64_t bounced; /* of the failed: a report of it came back */
};

/* Adds it in state "preparing"; sets id. */
enum status
store_notice_add(struct store *st, struct notice *n, struct err *err);
/* ST_REJECT when there is none of that id. */
enum status store_notice_get(struct store *st, int64_t id, struct arena *a,
    struct notice *out, struct err *err);
/* All, or those that tell of a meeting (0: all), newest first. */
enum status store_notice_all(struct store *st, int64_t meeting_id,
    struct arena *a, struct notice **out, size_t *n, struct err *err);

/* The notice tells of that meeting. */
enum status store_notice_tells(
    struct store *st, int64_t id, int64_t meeting_id, struct err *err);

/* The words of a notice, frozen; sets id. */
struct notice_text {
	int64_t id, notice_id;
	const char *subject, *body, *html, *calendar, *method;
};
/* See notice_text. */
enum status
store_notice_text_add(struct store *st, struct notice_text *t, struct err *err);

/* What was prepared leaves, each row from the time on that it has. */
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
/* Rows of aborted notices never leave; this says so in at most `max` of them
 * that do not yet, `*rows` how many: to be called until there are none. */
enum status
store_notice_sweep(struct store *st, int max, int64_t *rows, struct err *err);

/* Who could be told of a meeting. */
struct listener {
	int64_t contact_id;
	enum channel channel;
	const char *address, *language;
	bool is_stopped; /* wants no notices */
	bool is_bounced; /* mail to them came back for good */
	bool is_resting; /* ... or for now, too often of late */
	bool is_told; /* of this kind and sequence already */
	bool comes; /* said that they will be there, last */
	int64_t knows; /* of a change or cancellation: the newest sequence of
			* the meeting that left for them; -1 none did */
};

/* Whom a notice of that kind may concern. */
struct audience {
	const struct meeting *meeting; /* borrowed */
	enum notice_kind kind;
	int64_t told_before_ms; /* of a reminder: see below */
	bool is_late; /* of a change or cancellation: by text, too */
	int64_t now;
};

/* An announcement: everybody subscribed to the meeting's consultation or
 * commune, and who was and has left (is_stopped).  A change or cancellation: everybody who got, or will get, an
 * earlier notice of it; when it is late, also on a telephone that we know of
 * the same person.  A reminder: everybody whom one left for before that
 * time and who has not said that they will not come.  In order of contact. */
enum status store_notice_listeners(struct store *st, const struct audience *who,
    struct arena *a, struct listener **out, size_t *n, struct err *err);

/* Rows of the outbox that differ only in their recipient. */
struct notice_rows {
	const char *contacts; /* a JSON array of their ids */
	struct span tokens; /* of each in turn, all of one length */
	size_t token_length;
	const char *domain; /* the right side of their Message-IDs */
};

/* Adds them, as `row` is, queued for their time; they do not leave before the
 * notice is started.  `*after`: their ids are the ones above. */
enum status store_notice_rows_add(struct store *st, const struct outbox *row,
    const struct notice_rows *rows, int64_t *after, struct err *err);
/* The rows above that id tell their recipients of the meeting.  In the
 * transaction that added them. */
enum status
store_notice_rows_tell(struct store *st, int64_t after, int position,
    const struct meeting *meeting, enum notice_kind kind, struct err *err);

/* Is it too late for that row to leave: has every meeting that it tells of
 * begun?  That one does not take place is worth saying until it would have
 * ended.  False for rows of no notice. */
enum status store_notice_is_late(struct store *st, const struct outbox *row,
    int64_t now, bool *is_late, struct err *err);
/* The same of a meeting, for what would leave at `at`. */
bool notice_is_late(
    enum notice_kind kind, const struct meeting *meeting, int64_t at);

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

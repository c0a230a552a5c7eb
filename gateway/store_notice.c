/* store_notice - what many people are told of meetings, and whom it reached */
#include "gateway/store_notice.h"

#include <string.h>

#include "gateway/store_internal.h"

static const char *const kinds[] = {
	[NOTICE_ANNOUNCEMENT] = "announcement",
	[NOTICE_CHANGE] = "change",
	[NOTICE_CANCELLATION] = "cancellation",
	[NOTICE_REMINDER] = "reminder",
};

const char *
notice_kind_name(enum notice_kind kind)
{
	return kinds[kind];
}

static enum notice_kind
kind_by_name(const char *name)
{
	for (int i = 0; i < NOTICE_KIND_COUNT; i++)
		if (strcmp(kinds[i], name) == 0)
			return (enum notice_kind)i;
	return NOTICE_ANNOUNCEMENT;
}

static const char notice_add[] =
    "INSERT INTO notice (kind, state, created_ms, created_by, send_at_ms,"
    " reason) VALUES (:kind, 'preparing', :created, :who, :send_at, :reason)"
    " RETURNING id";

enum status
store_notice_add(struct store *st, struct notice *n, struct err *err)
{
	struct query q;

	query_open(&q, st, notice_add);
	query_text(&q, ":kind", kinds[n->kind]);
	query_int(&q, ":created", n->created_ms);
	query_text(&q, ":who", n->who);
	query_int(&q, ":send_at", n->send_at_ms);
	query_text(&q, ":reason", n->reason);
	return query_number(&q, &n->id, err);
}

#define SELECT_NOTICE                                                         \
	"SELECT n.id, n.kind, n.state, n.created_by, n.reason, n.created_ms," \
	" n.send_at_ms, COUNT(o.id), SUM(o.state = 'sent'),"                  \
	" SUM(o.state IN ('queued', 'deferred', 'claimed')),"                 \
	" SUM(o.state = 'failed'), SUM(o.state = 'unknown'),"                 \
	" SUM(o.state = 'cancelled'), COALESCE((SELECT"                       \
	" group_concat(CASE m.key WHEN '' THEN m.uid ELSE m.key END, ' ')"    \
	" FROM notice_meeting t JOIN meeting m ON m.id = t.meeting_id"        \
	" WHERE t.notice_id = n.id), '') FROM notice n"                       \
	" LEFT JOIN outbox o ON o.notice_id = n.id"

static const char notice_get[] =
    SELECT_NOTICE " WHERE n.id = :id GROUP BY n.id";
static const char notice_all[] =
    SELECT_NOTICE " WHERE :meeting IS NULL OR n.id IN (SELECT notice_id"
		  " FROM notice_meeting WHERE meeting_id = :meeting)"
		  " GROUP BY n.id ORDER BY n.id DESC";

static void
read_notice(struct query *q, struct arena *a, struct notice *out)
{
	out->id = query_get_int(q);
	out->kind = kind_by_name(query_get_text(q, a));
	out->state = query_get_text(q, a);
	out->who = query_get_text(q, a);
	out->reason = query_get_text(q, a);
	out->created_ms = query_get_int(q);
	out->send_at_ms = query_get_int(q);
	out->total = query_get_int(q);
	out->sent = query_get_int(q);
	out->waiting = query_get_int(q);
	out->failed = query_get_int(q);
	out->unknown = query_get_int(q);
	out->cancelled = query_get_int(q);
	out->meetings = query_get_text(q, a);
}

enum status
store_notice_get(struct store *st, int64_t id, struct arena *a,
    struct notice *out, struct err *err)
{
	struct query q;
	enum status rc;

	*out = (struct notice){ 0 };
	query_open(&q, st, notice_get);
	query_id(&q, ":id", id);
	rc = query_step(&q, err);
	if (rc == ST_OK && q.has_row)
		read_notice(&q, a, out);
	rc = query_close(&q, rc, err);
	if (rc == ST_OK && out->id == 0)
		return err_set(err, ST_REJECT,
		    "there is no notice %lld; see uwaga notice list",
		    (long long)id);
	return rc;
}

enum status
store_notice_all(struct store *st, int64_t meeting_id, struct arena *a,
    struct notice **out, size_t *n, struct err *err)
{
	struct notice *one;
	struct query q;
	enum status rc;

	*out = NULL;
	*n = 0;
	query_open(&q, st, notice_all);
	query_id(&q, ":meeting", meeting_id);
	while ((rc = query_step(&q, err)) == ST_OK && q.has_row) {
		one = arena_push(a, out, n, sizeof(**out));
		if (one == NULL) {
			rc = err_set(err, ST_BROKEN, "out of memory");
			break;
		}
		read_notice(&q, a, one);
	}
	return query_close(&q, rc, err);
}

static const char notice_tells[] =
    "INSERT INTO notice_meeting (notice_id, meeting_id)"
    " VALUES (:notice, :meeting)";

enum status
store_notice_tells(
    struct store *st, int64_t id, int64_t meeting_id, struct err *err)
{
	struct query q;

	query_open(&q, st, notice_tells);
	query_id(&q, ":notice", id);
	query_id(&q, ":meeting", meeting_id);
	return query_run(&q, err);
}

static const char notice_text_add[] =
    "INSERT INTO notice_text (notice_id, subject, body, html, calendar, method)"
    " VALUES (:notice, :subject, :body, :html, :calendar, :method)"
    " RETURNING id";

enum status
store_notice_text_add(struct store *st, struct notice_text *t, struct err *err)
{
	struct query q;

	query_open(&q, st, notice_text_add);
	query_id(&q, ":notice", t->notice_id);
	query_text(&q, ":subject", t->subject);
	query_text(&q, ":body", t->body);
	query_text(&q, ":html", t->html);
	query_text(&q, ":calendar", t->calendar);
	query_text(&q, ":method", t->method);
	return query_number(&q, &t->id, err);
}

/* Runs a change of the notice and one of its rows; counts the rows. */
static enum status
change_rows(struct query *state, struct query *rows, struct store *st,
    int64_t id, int64_t *n, struct err *err)
{
	enum status rc;

	query_id(state, ":id", id);
	rc = query_run(state, err);
	query_id(rows, ":id", id);
	if (rc == ST_OK)
		rc = query_run(rows, err);
	else
		query_close(rows, rc, NULL);
	*n = rc == ST_OK ? sqlite3_changes64(st->db) : 0;
	return rc;
}

static const char notice_send[] =
    "UPDATE notice SET state = 'sending' WHERE id = :id";
static const char notice_rows_due[] =
    "UPDATE outbox SET state = 'queued', error = '', due_ms ="
    " (SELECT send_at_ms FROM notice WHERE id = :id)"
    " WHERE notice_id = :id AND state = 'deferred' AND due_ms IS NULL";

enum status
store_notice_start(struct store *st, int64_t id, struct err *err)
{
	int64_t rows;

	return store_notice_resume(st, id, &rows, err);
}

enum status
store_notice_resume(
    struct store *st, int64_t id, int64_t *rows, struct err *err)
{
	struct query state, due;

	query_open(&state, st, notice_send);
	query_open(&due, st, notice_rows_due);
	return change_rows(&state, &due, st, id, rows, err);
}

static const char notice_pause[] =
    "UPDATE notice SET state = 'paused' WHERE id = :id";
static const char notice_rows_wait[] =
    "UPDATE outbox SET state = 'deferred', due_ms = NULL,"
    " error = 'its notice is paused'"
    " WHERE notice_id = :id AND state IN ('queued', 'deferred')";

enum status
store_notice_pause(struct store *st, int64_t id, int64_t *rows, struct err *err)
{
	struct query state, wait;

	query_open(&state, st, notice_pause);
	query_open(&wait, st, notice_rows_wait);
	return change_rows(&state, &wait, st, id, rows, err);
}

static const char notice_abort[] =
    "UPDATE notice SET state = 'aborted' WHERE id = :id";
static const char notice_untold[] =
    "DELETE FROM notice_recipient WHERE outbox_id IN"
    " (SELECT id FROM outbox WHERE notice_id = :id"
    " AND state IN ('queued', 'deferred'))";
static const char notice_rows_cancel[] =
    "UPDATE outbox SET state = 'cancelled', due_ms = NULL,"
    " error = 'its notice was aborted'"
    " WHERE notice_id = :id AND state IN ('queued', 'deferred')";

enum status
store_notice_abort(struct store *st, int64_t id, int64_t *rows, struct err *err)
{
	struct query untold, state, cancel;
	enum status rc;

	*rows = 0;
	query_open(&untold, st, notice_untold);
	query_id(&untold, ":id", id);
	rc = query_run(&untold, err);
	if (rc != ST_OK)
		return rc;
	query_open(&state, st, notice_abort);
	query_open(&cancel, st, notice_rows_cancel);
	return change_rows(&state, &cancel, st, id, rows, err);
}

static const char notice_dead[] =
    "SELECT id FROM notice WHERE state = 'preparing' LIMIT 1";

enum status
store_notice_clean(struct store *st, struct err *err)
{
	int64_t id = 0, rows;
	struct query q;
	enum status rc;

	do {
		query_open(&q, st, notice_dead);
		rc = query_number(&q, &id, err);
		if (rc == ST_OK && id != 0)
			rc = store_notice_abort(st, id, &rows, err);
	} while (rc == ST_OK && id != 0);
	return rc;
}

/* Columns of a listener behind a list of contacts `k`.  Who left this
 * consultation, or the commune without following the consultation, is stopped
 * for its meetings.  Whom a command that died was about to tell, or whom the
 * notice did not reach, has not been told; a change tells what a new
 * announcement would; reminders are counted by the meeting. */
#define LISTENER                                                              \
	"k.id, k.channel, k.address, k.language, k.stopped_ms IS NOT NULL"    \
	" OR EXISTS (SELECT 1 FROM subscription x WHERE x.contact_id = k.id"  \
	" AND x.consultation_id = :consultation AND x.state = 'stopped')"     \
	" OR (EXISTS (SELECT 1 FROM subscription x WHERE x.contact_id = k.id" \
	" AND x.commune_id = (SELECT commune_id FROM meeting"                 \
	" WHERE id = :meeting) AND x.state = 'stopped')"                      \
	" AND NOT EXISTS (SELECT 1 FROM subscription x"                       \
	" WHERE x.contact_id = k.id AND x.consultation_id = :consultation"    \
	" AND x.state = 'active')),"                                          \
	" k.bounced_ms IS NOT NULL, EXISTS (SELECT 1 FROM notice_recipient t" \
	" JOIN outbox r ON r.id = t.outbox_id"                                \
	" AND r.state NOT IN ('cancelled', 'failed')"                         \
	" JOIN notice m ON m.id = r.notice_id AND m.state <> 'preparing'"     \
	" WHERE t.meeting_id = :meeting AND (t.kind = :kind"                  \
	" OR (:kind = 'announcement' AND t.kind = 'change'))"                 \
	" AND t.sequence = :sequence AND t.contact_id = k.id"                 \
	" AND :kind <> 'reminder'),"                                          \
	" COALESCE((SELECT v.answer = 'yes' FROM rsvp v"                      \
	" JOIN contact w ON w.id = v.contact_id"                              \
	" WHERE v.meeting_id = :meeting AND w.person_id = k.person_id"        \
	" ORDER BY v.received_ms DESC, v.id DESC LIMIT 1), 0)"

static const char listeners_subscribed[] =
    "SELECT " LISTENER " FROM contact k WHERE k.id IN"
    " (SELECT contact_id FROM subscription WHERE state = 'active'"
    " AND consultation_id = :consultation"
    " UNION SELECT contact_id FROM subscription WHERE state = 'active'"
    " AND commune_id = (SELECT commune_id FROM meeting WHERE id = :meeting))"
    " ORDER BY k.id";

static const char listeners_told[] =
    "SELECT " LISTENER " FROM contact k WHERE k.id IN"
    " (SELECT r.contact_id FROM notice_recipient r"
    " JOIN outbox o ON o.id = r.outbox_id"
    " WHERE r.meeting_id = :meeting AND :consultation IS NOT NULL"
    " AND o.state NOT IN ('cancelled', 'failed')"
    " AND (:kind <> 'cancellation' OR o.state NOT IN ('queued', 'deferred')"
    " OR (SELECT COUNT(*) FROM outbox_meeting x WHERE x.outbox_id = o.id) > 1))"
    " ORDER BY k.id";

static const char listeners_to_remind[] =
    "SELECT " LISTENER " FROM contact k WHERE k.id IN"
    " (SELECT r.contact_id FROM notice_recipient r"
    " JOIN outbox o ON o.id = r.outbox_id"
    " WHERE r.meeting_id = :meeting AND r.kind <> 'reminder'"
    " AND o.state IN ('sent', 'unknown') AND o.settled_ms <= :before"
    " AND :consultation IS NOT NULL)"
    " AND COALESCE((SELECT v.answer FROM rsvp v"
    " JOIN contact w ON w.id = v.contact_id"
    " WHERE v.meeting_id = :meeting AND w.person_id = k.person_id"
    " ORDER BY v.received_ms DESC, v.id DESC LIMIT 1), '') <> 'no'"
    " ORDER BY k.id";

static enum status
read_listeners(struct query *q, struct arena *a, struct listener **out,
    size_t *n, struct err *err)
{
	struct listener *l;
	enum status rc;

	while ((rc = query_step(q, err)) == ST_OK && q->has_row) {
		l = arena_push(a, out, n, sizeof(**out));
		if (l == NULL) {
			rc = err_set(err, ST_BROKEN, "out of memory");
			break;
		}
		l->contact_id = query_get_int(q);
		l->channel = strcmp(query_get_text(q, a), "sms") == 0
				 ? CHANNEL_SMS
				 : CHANNEL_MAIL;
		l->address = query_get_text(q, a);
		l->language = query_get_text(q, a);
		l->is_stopped = query_get_bool(q);
		l->is_bounced = query_get_bool(q);
		l->is_told = query_get_bool(q);
		l->comes = query_get_bool(q);
	}
	return query_close(q, rc, err);
}

enum status
store_notice_listeners(struct store *st, const struct audience *who,
    struct arena *a, struct listener **out, size_t *n, struct err *err)
{
	struct query q;

	*out = NULL;
	*n = 0;
	if (who->kind == NOTICE_ANNOUNCEMENT)
		query_open(&q, st, listeners_subscribed);
	else if (who->kind == NOTICE_REMINDER)
		query_open(&q, st, listeners_to_remind);
	else
		query_open(&q, st, listeners_told);
	query_id(&q, ":meeting", who->meeting->id);
	query_id(&q, ":consultation", who->meeting->consultation_id);
	query_text(&q, ":kind", kinds[who->kind]);
	query_int(&q, ":sequence", who->meeting->sequence);
	if (who->kind == NOTICE_REMINDER)
		query_int(&q, ":before", who->told_before_ms);
	return read_listeners(&q, a, out, n, err);
}

static const char notice_recipient_add[] =
    "INSERT INTO notice_recipient (meeting_id, kind, sequence, contact_id,"
    " outbox_id) VALUES (:meeting, :kind, :sequence, :contact, :outbox)"
    " ON CONFLICT DO UPDATE SET outbox_id = excluded.outbox_id";

enum status
store_notice_recipient_add(struct store *st, const struct meeting *meeting,
    enum notice_kind kind, int64_t contact_id, int64_t outbox_id,
    struct err *err)
{
	struct query q;

	query_open(&q, st, notice_recipient_add);
	query_id(&q, ":meeting", meeting->id);
	query_text(&q, ":kind", kinds[kind]);
	query_int(&q, ":sequence", meeting->sequence);
	query_id(&q, ":contact", contact_id);
	query_id(&q, ":outbox", outbox_id);
	return query_run(&q, err);
}

static const char notice_stopped[] =
    "UPDATE outbox SET state = 'cancelled', due_ms = NULL,"
    " error = 'its recipient wants no notices'"
    " WHERE notice_id = :id AND state = 'deferred' AND (contact_id IN"
    " (SELECT id FROM contact WHERE stopped_ms >= :since)"
    " OR EXISTS (SELECT 1 FROM subscription s"
    " WHERE s.contact_id = outbox.contact_id AND s.state = 'stopped'"
    " AND s.since_ms >= :since AND (s.commune_id IS NOT NULL"
    " OR s.consultation_id = outbox.consultation_id)))";

enum status
store_notice_spare(struct store *st, int64_t id, int64_t since, struct err *err)
{
	struct query q;

	query_open(&q, st, notice_stopped);
	query_id(&q, ":id", id);
	query_int(&q, ":since", since);
	return query_run(&q, err);
}

static const char notice_mixed[] =
    "SELECT o.notice_id FROM outbox_meeting t"
    " JOIN outbox o ON o.id = t.outbox_id"
    " WHERE t.meeting_id = :meeting AND o.state IN ('queued', 'deferred')"
    " AND (SELECT COUNT(*) FROM outbox_meeting x WHERE x.outbox_id = o.id) > 1"
    " LIMIT 1";

enum status
store_notice_mixed(
    struct store *st, int64_t meeting_id, int64_t *notice_id, struct err *err)
{
	struct query q;

	query_open(&q, st, notice_mixed);
	query_id(&q, ":meeting", meeting_id);
	return query_number(&q, notice_id, err);
}

static const char notice_overtaken[] =
    "UPDATE outbox SET state = 'cancelled', due_ms = NULL,"
    " error = 'the meeting changed before it left'"
    " WHERE state IN ('queued', 'deferred') AND notice_id IN"
    " (SELECT id FROM notice WHERE state <> 'preparing')"
    " AND id IN (SELECT outbox_id FROM outbox_meeting"
    " WHERE meeting_id = :meeting)"
    " AND (SELECT COUNT(*) FROM outbox_meeting x"
    " WHERE x.outbox_id = outbox.id) = 1";

enum status
store_notice_overtake(
    struct store *st, int64_t meeting_id, int64_t *rows, struct err *err)
{
	struct query q;
	enum status rc;

	query_open(&q, st, notice_overtaken);
	query_id(&q, ":meeting", meeting_id);
	rc = query_run(&q, err);
	*rows = rc == ST_OK ? sqlite3_changes64(st->db) : 0;
	return rc;
}

const struct statement store_notice_statements[] = {
	{ "notice_add", notice_add },
	{ "notice_get", notice_get },
	{ "notice_all", notice_all },
	{ "notice_tells", notice_tells },
	{ "notice_text_add", notice_text_add },
	{ "notice_send", notice_send },
	{ "notice_rows_due", notice_rows_due },
	{ "notice_pause", notice_pause },
	{ "notice_rows_wait", notice_rows_wait },
	{ "notice_abort", notice_abort },
	{ "notice_untold", notice_untold },
	{ "notice_rows_cancel", notice_rows_cancel },
	{ "notice_dead", notice_dead },
	{ "listeners_subscribed", listeners_subscribed },
	{ "listeners_told", listeners_told },
	{ "listeners_to_remind", listeners_to_remind },
	{ "notice_recipient_add", notice_recipient_add },
	{ "notice_stopped", notice_stopped },
	{ "notice_mixed", notice_mixed },
	{ "notice_overtaken", notice_overtaken },
	{ NULL, NULL },
};

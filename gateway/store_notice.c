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
	" SUM(o.state = 'claimed' OR (o.state IN ('queued', 'deferred')"      \
	" AND n.state <> 'aborted')),"                                        \
	" SUM(o.state = 'failed'), SUM(o.state = 'unknown'),"                 \
	" SUM(o.state = 'cancelled' OR (o.state IN ('queued', 'deferred')"    \
	" AND n.state = 'aborted')), SUM(o.state = 'failed'"                  \
	" AND o.error LIKE 'bounced:%'), COALESCE((SELECT"                    \
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
	out->bounced = query_get_int(q);
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

/* Its state alone says whether its rows may leave: all stop or go at once, and
 * nobody waits for a hundred thousand rows to be written. */
static const char notice_becomes[] =
    "UPDATE notice SET state = :state WHERE id = :id";
static const char notice_waiting[] =
    "SELECT COUNT(*) FROM outbox WHERE notice_id = :id"
    " AND state IN ('queued', 'deferred')";

static enum status
become(struct store *st, int64_t id, const char *state, int64_t *rows,
    struct err *err)
{
	struct query q;
	enum status rc;

	*rows = 0;
	query_open(&q, st, notice_becomes);
	query_id(&q, ":id", id);
	query_text(&q, ":state", state);
	rc = query_run(&q, err);
	if (rc != ST_OK)
		return rc;
	query_open(&q, st, notice_waiting);
	query_id(&q, ":id", id);
	return query_number(&q, rows, err);
}

enum status
store_notice_start(struct store *st, int64_t id, struct err *err)
{
	int64_t rows;

	return become(st, id, "sending", &rows, err);
}

enum status
store_notice_resume(
    struct store *st, int64_t id, int64_t *rows, struct err *err)
{
	return become(st, id, "sending", rows, err);
}

enum status
store_notice_pause(struct store *st, int64_t id, int64_t *rows, struct err *err)
{
	return become(st, id, "paused", rows, err);
}

enum status
store_notice_abort(struct store *st, int64_t id, int64_t *rows, struct err *err)
{
	return become(st, id, "aborted", rows, err);
}

static const char notice_dead[] =
    "UPDATE notice SET state = 'aborted' WHERE state = 'preparing'";

enum status
store_notice_clean(struct store *st, struct err *err)
{
	struct query q;

	query_open(&q, st, notice_dead);
	return query_run(&q, err);
}

static const char notice_leftover[] =
    "UPDATE outbox SET state = 'cancelled', due_ms = NULL,"
    " error = 'its notice was aborted' WHERE id IN"
    " (SELECT o.id FROM notice n CROSS JOIN outbox o INDEXED BY outbox_notice"
    " ON o.notice_id = n.id AND o.channel IN ('mail', 'sms')"
    " AND o.state IN ('queued', 'deferred') WHERE n.state = 'aborted'"
    " LIMIT :max)";

enum status
store_notice_sweep(struct store *st, int max, int64_t *rows, struct err *err)
{
	struct query q;
	enum status rc;

	query_open(&q, st, notice_leftover);
	query_int(&q, ":max", max);
	rc = query_run(&q, err);
	*rows = rc == ST_OK ? sqlite3_changes64(st->db) : 0;
	return rc;
}

/* Columns of a listener behind a list of contacts `k`.  Who left this
 * consultation, or the commune without following the consultation, is stopped
 * for its meetings.  Whom a command that died was about to tell, or whom the
 * notice did not reach, has not been told; a change tells what a new
 * announcement would; reminders are counted by the meeting. */
#define LISTENER                                                               \
	"k.id, k.channel, k.address, k.language, k.stopped_ms IS NOT NULL"     \
	" OR EXISTS (SELECT 1 FROM subscription x WHERE x.contact_id = k.id"   \
	" AND x.consultation_id = :consultation AND x.state = 'stopped')"      \
	" OR (EXISTS (SELECT 1 FROM subscription x WHERE x.contact_id = k.id"  \
	" AND x.commune_id = (SELECT commune_id FROM meeting"                  \
	" WHERE id = :meeting) AND x.state = 'stopped')"                       \
	" AND NOT EXISTS (SELECT 1 FROM subscription x"                        \
	" WHERE x.contact_id = k.id AND x.consultation_id = :consultation"     \
	" AND x.state = 'active')),"                                           \
	" k.bounced_ms IS NOT NULL,"                                           \
	" COALESCE(k.resting_until_ms > :now, 0),"                             \
	" EXISTS (SELECT 1 FROM notice_recipient t"                            \
	" JOIN outbox r ON r.id = t.outbox_id"                                 \
	" AND r.state NOT IN ('cancelled', 'failed')"                          \
	" JOIN notice m ON m.id = r.notice_id AND m.state <> 'preparing'"      \
	" AND (m.state <> 'aborted' OR r.state NOT IN ('queued', 'deferred'))" \
	" WHERE t.meeting_id = :meeting AND (t.kind = :kind"                   \
	" OR (:kind = 'announcement' AND t.kind = 'change'))"                  \
	" AND t.sequence = :sequence AND t.contact_id = k.id"                  \
	" AND :kind <> 'reminder'),"                                           \
	" COALESCE((SELECT v.answer = 'yes' FROM rsvp_valid v"                 \
	" JOIN contact w ON w.id = v.contact_id"                               \
	" WHERE v.meeting_id = :meeting AND w.person_id = k.person_id"         \
	" ORDER BY v.given_ms DESC, v.id DESC LIMIT 1), 0)"                    \
	" AND k.silenced_ms IS NULL"

/* Who left is among them, to be counted as left out. */
static const char listeners_subscribed[] =
    "SELECT " LISTENER ", -1 FROM contact k WHERE k.id IN"
    " (SELECT contact_id FROM subscription"
    " WHERE consultation_id = :consultation"
    " UNION SELECT contact_id FROM subscription"
    " WHERE commune_id = (SELECT commune_id FROM meeting WHERE id = :meeting))"
    " ORDER BY k.id";

/* `heard`: the newest version that left for each; a telephone that is told for
 * the first time now knows what its person does. */
static const char listeners_told[] =
    "WITH heard (id, sequence) AS MATERIALIZED (SELECT t.contact_id,"
    " MAX(t.sequence) FROM notice_recipient t JOIN outbox r"
    " ON r.id = t.outbox_id AND r.state IN ('claimed', 'sent', 'unknown')"
    " WHERE t.meeting_id = :meeting GROUP BY t.contact_id), told (id) AS (SELECT r.contact_id FROM notice_recipient r"
    " JOIN outbox o ON o.id = r.outbox_id"
    " JOIN notice m ON m.id = o.notice_id"
    " WHERE r.meeting_id = :meeting AND :consultation IS NOT NULL"
    " AND o.state NOT IN ('cancelled', 'failed')"
    " AND (m.state <> 'aborted' OR o.state NOT IN ('queued', 'deferred'))"
    " AND (:kind <> 'cancellation' OR o.state NOT IN ('queued', 'deferred')"
    " OR (SELECT COUNT(*) FROM outbox_meeting x"
    " WHERE x.outbox_id = o.id) > 1))"
    " SELECT " LISTENER ", COALESCE(h.sequence, (SELECT MAX(o.sequence)"
    " FROM heard o JOIN contact x ON x.id = o.id"
    " WHERE x.person_id = k.person_id), -1)"
    " FROM contact k LEFT JOIN heard h ON h.id = k.id"
    " WHERE k.id IN (SELECT id FROM told"
    " UNION SELECT s.id FROM told JOIN contact t ON t.id = told.id"
    " JOIN contact s ON s.person_id = t.person_id AND s.channel = 'sms'"
    " WHERE :late) ORDER BY k.id";

static const char listeners_to_remind[] =
    "SELECT " LISTENER ", -1 FROM contact k WHERE k.id IN"
    " (SELECT r.contact_id FROM notice_recipient r"
    " JOIN outbox o ON o.id = r.outbox_id"
    " WHERE r.meeting_id = :meeting AND r.kind <> 'reminder'"
    " AND o.state IN ('sent', 'unknown') AND o.settled_ms <= :before"
    " AND :consultation IS NOT NULL)"
    " AND COALESCE((SELECT v.answer FROM rsvp_valid v"
    " JOIN contact w ON w.id = v.contact_id"
    " WHERE v.meeting_id = :meeting AND w.person_id = k.person_id"
    " ORDER BY v.given_ms DESC, v.id DESC LIMIT 1), '') <> 'no'"
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
		l->is_resting = query_get_bool(q);
		l->is_told = query_get_bool(q);
		l->comes = query_get_bool(q);
		l->knows = query_get_int(q);
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
	query_int(&q, ":now", who->now);
	if (who->kind == NOTICE_REMINDER)
		query_int(&q, ":before", who->told_before_ms);
	else if (who->kind != NOTICE_ANNOUNCEMENT)
		query_int(&q, ":late", who->is_late);
	return read_listeners(&q, a, out, n, err);
}

/* A statement adds hundreds: what one costs by itself is paid once. */
static const char notice_rows_add[] =
    "INSERT INTO outbox (channel, contact_id, consultation_id, recipient,"
    " template, language, message_id, token, state, due_ms, created_ms,"
    " segments, notice_id, notice_text_id)"
    " SELECT :channel, k.id, :consultation, k.address, :template, :language,"
    " CASE WHEN :channel = 'mail' THEN token || '@' || :domain ELSE '' END,"
    " token, 'queued', :due, :created, :segments, :notice, :text"
    " FROM (SELECT value AS contact,"
    " CAST(substr(:tokens, key * :length + 1, :length) AS TEXT) AS token"
    " FROM json_each(:contacts)) CROSS JOIN contact k ON k.id = contact";
static const char outbox_end[] = "SELECT MAX(id) FROM outbox";

enum status
store_notice_rows_add(struct store *st, const struct outbox *row,
    const struct notice_rows *rows, int64_t *after, struct err *err)
{
	struct query q;
	enum status rc;

	query_open(&q, st, outbox_end);
	rc = query_number(&q, after, err);
	if (rc != ST_OK)
		return rc;
	query_open(&q, st, notice_rows_add);
	query_text(&q, ":channel", channel_name(row->channel));
	query_id(&q, ":consultation", row->consultation_id);
	query_text(&q, ":template", row->template_name);
	query_text(&q, ":language", row->language);
	query_int(&q, ":due", row->due_ms);
	query_int(&q, ":created", row->created_ms);
	query_int(&q, ":segments", row->segments);
	query_id(&q, ":notice", row->notice_id);
	query_id(&q, ":text", row->notice_text_id);
	query_text(&q, ":contacts", rows->contacts);
	query_blob(&q, ":tokens", rows->tokens);
	query_int(&q, ":length", (int64_t)rows->token_length);
	query_text(&q, ":domain", rows->domain);
	return query_run(&q, err);
}

static const char notice_rows_meeting[] =
    "INSERT INTO outbox_meeting (outbox_id, position, meeting_id, sequence)"
    " SELECT id, :position, :meeting, :sequence FROM outbox"
    " WHERE id > :after";
static const char notice_rows_recipient[] =
    "INSERT INTO notice_recipient (meeting_id, kind, sequence, contact_id,"
    " outbox_id) SELECT :meeting, :kind, :sequence, contact_id, id FROM outbox"
    " WHERE id > :after"
    " ON CONFLICT DO UPDATE SET outbox_id = excluded.outbox_id";

enum status
store_notice_rows_tell(struct store *st, int64_t after, int position,
    const struct meeting *meeting, enum notice_kind kind, struct err *err)
{
	struct query q;
	enum status rc;

	query_open(&q, st, notice_rows_meeting);
	query_int(&q, ":position", position);
	query_id(&q, ":meeting", meeting->id);
	query_int(&q, ":sequence", meeting->sequence);
	query_int(&q, ":after", after);
	rc = query_run(&q, err);
	if (rc != ST_OK)
		return rc;
	query_open(&q, st, notice_rows_recipient);
	query_id(&q, ":meeting", meeting->id);
	query_text(&q, ":kind", kinds[kind]);
	query_int(&q, ":sequence", meeting->sequence);
	query_int(&q, ":after", after);
	return query_run(&q, err);
}

bool
notice_is_late(enum notice_kind kind, const struct meeting *meeting, int64_t at)
{
	if (kind == NOTICE_CANCELLATION && meeting->ends_ms != 0)
		return at >= meeting->ends_ms;
	return at >= meeting->starts_ms;
}

static const char notice_late[] =
    "SELECT NOT EXISTS (SELECT 1 FROM outbox_meeting t"
    " JOIN meeting m ON m.id = t.meeting_id WHERE t.outbox_id = :id"
    " AND :now < CASE n.kind WHEN 'cancellation'"
    " THEN COALESCE(m.ends_ms, m.starts_ms) ELSE m.starts_ms END)"
    " FROM notice n WHERE n.id = :notice";

enum status
store_notice_is_late(struct store *st, const struct outbox *row, int64_t now,
    bool *is_late, struct err *err)
{
	struct query q;
	int64_t late = 0;
	enum status rc;

	*is_late = false;
	if (row->notice_id == 0)
		return ST_OK;
	query_open(&q, st, notice_late);
	query_id(&q, ":id", row->id);
	query_id(&q, ":notice", row->notice_id);
	query_int(&q, ":now", now);
	rc = query_number(&q, &late, err);
	*is_late = rc == ST_OK && late != 0;
	return rc;
}

static const char notice_stopped[] =
    "UPDATE outbox SET state = 'cancelled', due_ms = NULL,"
    " error = 'its recipient wants no notices'"
    " WHERE state = 'queued' AND id IN (SELECT o.id FROM contact k"
    " CROSS JOIN outbox o INDEXED BY outbox_contact ON o.contact_id = k.id"
    " WHERE k.stopped_ms >= :since AND o.notice_id = :id"
    " UNION SELECT o.id FROM subscription s"
    " CROSS JOIN outbox o INDEXED BY outbox_contact"
    " ON o.contact_id = s.contact_id WHERE s.state = 'stopped'"
    " AND s.since_ms >= :since AND o.notice_id = :id AND (s.commune_id IS NOT NULL"
    " OR s.consultation_id = o.consultation_id))";

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
	{ "notice_becomes", notice_becomes },
	{ "notice_waiting", notice_waiting },
	{ "notice_dead", notice_dead },
	{ "notice_leftover", notice_leftover },
	{ "listeners_subscribed", listeners_subscribed },
	{ "listeners_told", listeners_told },
	{ "listeners_to_remind", listeners_to_remind },
	{ "notice_rows_add", notice_rows_add },
	{ "outbox_end", outbox_end },
	{ "notice_rows_meeting", notice_rows_meeting },
	{ "notice_rows_recipient", notice_rows_recipient },
	{ "notice_late", notice_late },
	{ "notice_stopped", notice_stopped },
	{ "notice_mixed", notice_mixed },
	{ "notice_overtaken", notice_overtaken },
	{ NULL, NULL },
};

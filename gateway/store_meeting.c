/* store_meeting - meetings, and who will come */
#include "gateway/store_meeting.h"

#include <string.h>

#include "gateway/store_consultation.h"
#include "gateway/store_internal.h"

/* How long a meeting may last whose end nobody knows. */
#define OPEN_END_MS (12LL * 60 * 60 * 1000)

static const char meeting_put[] =
    "INSERT INTO meeting (uid, key, consultation_id, commune_id, phase, state,"
    " starts_ms, starts_local, ends_ms, ends_local, timezone, venue, address,"
    " sequence)"
    " VALUES (:uid, :key, :consultation, :commune, :phase, :state, :starts,"
    " :starts_local, :ends, :ends_local, :timezone, :venue, :address,"
    " :sequence)"
    " ON CONFLICT (uid) DO UPDATE SET key = excluded.key,"
    " consultation_id = excluded.consultation_id,"
    " commune_id = excluded.commune_id, phase = excluded.phase,"
    " state = CASE WHEN :has_state THEN excluded.state ELSE meeting.state END,"
    " starts_ms = excluded.starts_ms,"
    " starts_local = excluded.starts_local, ends_ms = excluded.ends_ms,"
    " ends_local = excluded.ends_local, timezone = excluded.timezone,"
    " venue = excluded.venue, address = excluded.address,"
    " sequence = MAX(meeting.sequence, excluded.sequence) RETURNING id";

static enum status
check_meeting(const struct meeting *m, struct err *err)
{
	if (m->uid == NULL || m->uid[0] == '\0')
		return err_set(err, ST_REJECT, "a meeting needs a uid");
	if (!phase_is_valid(m->phase))
		return err_set(err, ST_REJECT,
		    "the phase of meeting %.100s must be \"needs\" or "
		    "\"remarks\"",
		    m->uid);
	if (m->ends_ms != 0 && m->ends_ms < m->starts_ms)
		return err_set(err, ST_REJECT,
		    "meeting %.100s would end before it starts: change one of "
		    "the times",
		    m->uid);
	return ST_OK;
}

static enum status
find_consultation(struct store *st, struct meeting *m, struct err *err)
{
	struct consultation c = { 0 };
	struct arena a = { 0 };
	enum status rc;

	if (m->code == NULL || m->code[0] == '\0')
		rc =
		    store_consultation_get(st, m->consultation_id, &a, &c, err);
	else
		rc = store_consultation_find(st, m->code, &a, &c, err);
	if (rc == ST_OK && c.id == 0)
		rc = err_set(err, ST_REJECT,
		    "meeting %.100s is about the consultation \"%.40s\", which "
		    "does not exist: add it first",
		    m->uid, m->code == NULL ? "" : m->code);
	m->consultation_id = c.id;
	arena_free(&a);
	return rc;
}

enum status
store_meeting_put(struct store *st, struct meeting *m, struct err *err)
{
	bool has_state = m->state != NULL && m->state[0] != '\0';
	int64_t commune = 0;
	struct query q;
	enum status rc = check_meeting(m, err);

	if (rc == ST_OK)
		rc = find_consultation(st, m, err);
	if (rc == ST_OK)
		rc = store_commune_put(st, m->commune, "", &commune, err);
	if (rc != ST_OK)
		return rc;
	query_open(&q, st, meeting_put);
	query_text(&q, ":uid", m->uid);
	query_text(&q, ":key", m->key);
	query_id(&q, ":consultation", m->consultation_id);
	query_id(&q, ":commune", commune);
	query_text(&q, ":phase", m->phase);
	query_text(&q, ":state", has_state ? m->state : "planned");
	query_int(&q, ":has_state", has_state);
	query_int(&q, ":starts", m->starts_ms);
	query_text(&q, ":starts_local", m->starts_local);
	query_time(&q, ":ends", m->ends_ms);
	query_text(&q, ":ends_local", m->ends_local);
	query_text(&q, ":timezone", m->timezone);
	query_text(&q, ":venue", m->venue);
	query_text(&q, ":address", m->address);
	query_int(&q, ":sequence", m->sequence);
	rc = query_number(&q, &m->id, err);
	if (query_is_taken(&q))
		return err_set(err, ST_REJECT,
		    "the short name %.100s is another meeting's: choose "
		    "another",
		    m->key);
	return rc;
}

static const char meeting_version_put[] =
    "INSERT OR REPLACE INTO meeting_version (meeting_id, sequence, starts_ms,"
    " starts_local, ends_ms, ends_local, venue, address)"
    " VALUES (:meeting, :sequence, :starts, :starts_local, :ends, :ends_local,"
    " :venue, :address)";

enum status
store_meeting_keep(struct store *st, const struct meeting *m, struct err *err)
{
	struct query q;

	query_open(&q, st, meeting_version_put);
	query_id(&q, ":meeting", m->id);
	query_int(&q, ":sequence", m->sequence);
	query_int(&q, ":starts", m->starts_ms);
	query_text(&q, ":starts_local", m->starts_local);
	query_time(&q, ":ends", m->ends_ms);
	query_text(&q, ":ends_local", m->ends_local);
	query_text(&q, ":venue", m->venue);
	query_text(&q, ":address", m->address);
	return query_run(&q, err);
}

static const char meeting_version[] =
    "SELECT starts_ms, starts_local, ends_ms, ends_local, venue, address"
    " FROM meeting_version WHERE meeting_id = :meeting"
    " AND sequence = :sequence";

enum status
store_meeting_as_of(struct meeting *m, struct store *st, int64_t sequence,
    struct arena *a, struct err *err)
{
	struct query q;
	enum status rc;

	query_open(&q, st, meeting_version);
	query_id(&q, ":meeting", m->id);
	query_int(&q, ":sequence", sequence);
	rc = query_step(&q, err);
	if (rc == ST_OK && q.has_row) {
		m->starts_ms = query_get_int(&q);
		m->starts_local = query_get_text(&q, a);
		m->ends_ms = query_get_int(&q);
		m->ends_local = query_get_text(&q, a);
		m->venue = query_get_text(&q, a);
		m->address = query_get_text(&q, a);
	}
	return query_close(&q, rc, err);
}

#define MEETING_COLUMNS                                                 \
	"SELECT m.id, m.uid, m.key, c.code, m.consultation_id, g.name," \
	" m.phase, m.state, m.starts_ms, m.ends_ms, m.timezone,"        \
	" m.starts_local, m.ends_local, m.venue, m.address, m.sequence, "
#define MEETING_TABLES                                                    \
	" FROM meeting m JOIN consultation c ON c.id = m.consultation_id" \
	" JOIN commune g ON g.id = m.commune_id"
#define SELECT_MEETING MEETING_COLUMNS "m.sequence" MEETING_TABLES

static const char meeting_all[] = SELECT_MEETING
    " WHERE :consultation IS NULL OR m.consultation_id = :consultation"
    " ORDER BY m.starts_ms, m.id";

static void
read_meeting(struct query *q, struct arena *a, struct meeting *out)
{
	out->id = query_get_int(q);
	out->uid = query_get_text(q, a);
	out->key = query_get_text(q, a);
	out->code = query_get_text(q, a);
	out->consultation_id = query_get_int(q);
	out->commune = query_get_text(q, a);
	out->phase = query_get_text(q, a);
	out->state = query_get_text(q, a);
	out->starts_ms = query_get_int(q);
	out->ends_ms = query_get_int(q);
	out->timezone = query_get_text(q, a);
	out->starts_local = query_get_text(q, a);
	out->ends_local = query_get_text(q, a);
	out->venue = query_get_text(q, a);
	out->address = query_get_text(q, a);
	out->sequence = query_get_int(q);
	out->told = query_get_int(q);
}

/* Every row of an open query, which it closes. */
static enum status
read_meetings(struct query *q, struct arena *a, struct meeting **out, size_t *n,
    struct err *err)
{
	struct meeting *m;
	enum status rc;

	*out = NULL;
	*n = 0;
	while ((rc = query_step(q, err)) == ST_OK && q->has_row) {
		m = arena_push(a, out, n, sizeof(**out));
		if (m == NULL) {
			rc = err_set(err, ST_BROKEN, "out of memory");
			break;
		}
		read_meeting(q, a, m);
	}
	return query_close(q, rc, err);
}

enum status
store_meeting_all(struct store *st, int64_t consultation_id, struct arena *a,
    struct meeting **out, size_t *n, struct err *err)
{
	struct query q;

	query_open(&q, st, meeting_all);
	query_id(&q, ":consultation", consultation_id);
	return read_meetings(&q, a, out, n, err);
}

static const char meeting_find[] = SELECT_MEETING
    " WHERE m.uid = :word OR (m.key = :word AND m.key <> '')"
    " OR CAST(m.id AS TEXT) = :word ORDER BY m.uid <> :word, m.id LIMIT 1";

enum status
store_meeting_find(struct store *st, const char *word, struct arena *a,
    struct meeting *out, struct err *err)
{
	struct meeting *list;
	struct query q;
	size_t n;
	enum status rc;

	*out = (struct meeting){ 0 };
	query_open(&q, st, meeting_find);
	query_text(&q, ":word", word);
	rc = read_meetings(&q, a, &list, &n, err);
	if (rc == ST_OK && n > 0)
		*out = list[0];
	return rc;
}

static const char meeting_to_remind[] = SELECT_MEETING
    " WHERE m.state IN ('announced', 'changed') AND m.starts_ms > :now"
    " AND m.starts_ms - :before <= :now"
    " AND NOT EXISTS (SELECT 1 FROM meeting_reminder r"
    " WHERE r.meeting_id = m.id AND r.starts_ms = m.starts_ms"
    " AND r.before_ms <= :before)"
    " ORDER BY m.starts_ms, m.id";

enum status
store_meeting_to_remind(struct store *st, int64_t now, int64_t before_ms,
    struct arena *a, struct meeting **out, size_t *n, struct err *err)
{
	struct query q;

	query_open(&q, st, meeting_to_remind);
	query_int(&q, ":now", now);
	query_int(&q, ":before", before_ms);
	return read_meetings(&q, a, out, n, err);
}

static const char meeting_reminded[] =
    "INSERT INTO meeting_reminder (meeting_id, starts_ms, before_ms, done_ms)"
    " VALUES (:meeting, :starts, :before, :now)";

enum status
store_meeting_reminded(struct store *st, const struct meeting *m,
    int64_t before_ms, int64_t now, struct err *err)
{
	struct query q;

	query_open(&q, st, meeting_reminded);
	query_id(&q, ":meeting", m->id);
	query_int(&q, ":starts", m->starts_ms);
	query_int(&q, ":before", before_ms);
	query_int(&q, ":now", now);
	return query_run(&q, err);
}

static const char meeting_by_uid[] = SELECT_MEETING " WHERE m.uid = :uid";

enum status
store_meeting_by_uid(struct store *st, const char *uid, struct arena *a,
    struct meeting *out, struct err *err)
{
	struct meeting *list;
	struct query q;
	size_t n;
	enum status rc;

	*out = (struct meeting){ 0 };
	query_open(&q, st, meeting_by_uid);
	query_text(&q, ":uid", uid);
	rc = read_meetings(&q, a, &list, &n, err);
	if (rc == ST_OK && n > 0)
		*out = list[0];
	return rc;
}

/* ---- notices ----------------------------------------------------------- */

static const char meeting_told[] =
    "INSERT INTO outbox_meeting (outbox_id, position, meeting_id, sequence)"
    " VALUES (:outbox, :position, :meeting, :sequence)";

enum status
store_meeting_told(struct store *st, int64_t outbox_id, int position,
    const struct meeting *m, struct err *err)
{
	struct query q;

	query_open(&q, st, meeting_told);
	query_id(&q, ":outbox", outbox_id);
	query_int(&q, ":position", position);
	query_id(&q, ":meeting", m->id);
	query_int(&q, ":sequence", m->sequence);
	return query_run(&q, err);
}

static const char meeting_of_row[] = MEETING_COLUMNS
    "t.sequence" MEETING_TABLES " JOIN outbox_meeting t ON t.meeting_id = m.id"
    " WHERE t.outbox_id = :outbox ORDER BY t.position";

enum status
store_meeting_of_row(struct store *st, int64_t outbox_id, struct arena *a,
    struct meeting **out, size_t *n, struct err *err)
{
	struct query q;

	query_open(&q, st, meeting_of_row);
	query_id(&q, ":outbox", outbox_id);
	return read_meetings(&q, a, out, n, err);
}

/* The notices of r.meeting_id that left for r.contact_id, or for another way to
 * r.person_id; a row that answers a message is none.  In this order: a meeting
 * has many rows, a person few. */
#define TOLD                                                         \
	" FROM contact w CROSS JOIN outbox o ON o.contact_id = w.id" \
	" AND o.inbound_id IS NULL"                                  \
	" AND o.state IN ('claimed', 'sent', 'unknown')"             \
	" CROSS JOIN outbox_meeting t ON t.outbox_id = o.id"         \
	" AND t.meeting_id = r.meeting_id"                           \
	" WHERE (w.id = r.contact_id OR w.person_id = r.person_id)"

static const char meeting_told_since[] =
    "SELECT COALESCE((SELECT MIN(o.created_ms)" TOLD
    " AND t.sequence >= :sequence), 0) FROM (SELECT id AS contact_id,"
    " person_id, :meeting AS meeting_id FROM contact WHERE id = :contact) r";

enum status
store_meeting_told_since(int64_t *since_ms, struct store *st,
    const struct rsvp *rsvp, struct err *err)
{
	struct query q;

	query_open(&q, st, meeting_told_since);
	query_id(&q, ":meeting", rsvp->meeting_id);
	query_id(&q, ":contact", rsvp->contact_id);
	query_int(&q, ":sequence", rsvp->sequence);
	return query_number(&q, since_ms, err);
}

/* ---- answers ----------------------------------------------------------- */

static const char *const answers[] = {
	[RSVP_YES] = "yes", [RSVP_NO] = "no", [RSVP_MAYBE] = "maybe"
};

const char *
rsvp_answer_name(enum rsvp_answer answer)
{
	return answers[answer];
}

static const char *const too_late_names[] = {
	[IN_TIME] = "", [LATE_CANCELLED] = "cancelled", [LATE_OVER] = "over"
};

const char *
too_late_name(enum too_late too_late)
{
	return too_late_names[too_late];
}

enum too_late
meeting_too_late(const struct meeting *m, int64_t at_ms)
{
	int64_t ends_ms =
	    m->ends_ms != 0 ? m->ends_ms : m->starts_ms + OPEN_END_MS;

	if (strcmp(m->state, "cancelled") == 0)
		return LATE_CANCELLED;
	if (at_ms >= ends_ms ||
	    (at_ms >= m->starts_ms && strcmp(m->state, "held") == 0))
		return LATE_OVER;
	return IN_TIME;
}

/* A retry of the same message replaces what it said. */
static const char rsvp_add[] =
    "INSERT INTO rsvp (meeting_id, contact_id, inbound_id, answer, comment,"
    " needs_staff, received_ms, sequence, stamp_ms, too_late)"
    " VALUES (:meeting, :contact, :inbound, :answer, :comment, :needs_staff,"
    " :received, :sequence, :stamp, :too_late)"
    " ON CONFLICT (meeting_id, inbound_id) DO UPDATE SET"
    " answer = excluded.answer, comment = excluded.comment,"
    " needs_staff = excluded.needs_staff, too_late = excluded.too_late";

enum status
store_rsvp_add(struct store *st, const struct rsvp *rsvp, struct err *err)
{
	struct query q;

	query_open(&q, st, rsvp_add);
	query_id(&q, ":meeting", rsvp->meeting_id);
	query_id(&q, ":contact", rsvp->contact_id);
	query_id(&q, ":inbound", rsvp->inbound_id);
	query_text(&q, ":answer", answers[rsvp->answer]);
	query_text(&q, ":comment", rsvp->comment);
	query_int(&q, ":needs_staff", rsvp->needs_staff);
	query_int(&q, ":received", rsvp->received_ms);
	query_int(&q, ":sequence", rsvp->sequence);
	query_time(&q, ":stamp", rsvp->stamp_ms);
	query_text(&q, ":too_late", too_late_names[rsvp->too_late]);
	return query_run(&q, err);
}

/* As rsvp_valid and rsvp_last choose. */
static const char rsvp_overtaken[] =
    "SELECT EXISTS (SELECT 1 FROM rsvp_valid r"
    " JOIN contact k ON k.id = r.contact_id"
    " JOIN contact w ON w.id = :contact WHERE r.meeting_id = :meeting"
    " AND (k.id = w.id OR k.person_id = w.person_id)"
    " AND CASE WHEN k.id = w.id AND r.stamp_ms IS NOT NULL"
    " AND :stamp IS NOT NULL"
    " THEN (r.sequence, r.stamp_ms) > (:sequence, :stamp)"
    " ELSE r.given_ms > COALESCE(:stamp, :received) END)";

enum status
store_rsvp_is_overtaken(
    bool *is, struct store *st, const struct rsvp *rsvp, struct err *err)
{
	struct query q;
	int64_t found = 0;
	enum status rc;

	query_open(&q, st, rsvp_overtaken);
	query_id(&q, ":meeting", rsvp->meeting_id);
	query_id(&q, ":contact", rsvp->contact_id);
	query_int(&q, ":sequence", rsvp->sequence);
	query_time(&q, ":stamp", rsvp->stamp_ms);
	query_int(&q, ":received", rsvp->received_ms);
	rc = query_number(&q, &found, err);
	*is = found != 0;
	return rc;
}

#define RSVP_COLUMNS                                                    \
	"SELECT r.meeting_id, contact_id, inbound_id, answer, comment," \
	" needs_staff, received_ms, r.sequence, stamp_ms, too_late,"    \
	" r.sequence < m.sequence, "
#define IS_INVITED "EXISTS (SELECT 1" TOLD "), r.address, r.name"
#define RSVP_ORDER                               \
	" JOIN meeting m ON m.id = r.meeting_id" \
	" WHERE r.meeting_id = :meeting ORDER BY received_ms, r.id"

static const char rsvp_all[] =
    RSVP_COLUMNS IS_INVITED " FROM rsvp_last r" RSVP_ORDER;

static const char rsvp_late[] = RSVP_COLUMNS IS_INVITED
    " FROM (SELECT v.*, k.person_id, COALESCE(k.address, '') AS address,"
    " COALESCE(k.name, '') AS name FROM rsvp v"
    " LEFT JOIN contact k ON k.id = v.contact_id"
    " WHERE v.too_late <> '') r" RSVP_ORDER;

/* What a person who still may come asked for in an answer that a later one took
 * the place of: a bare "TAK" takes no interpreter back. */
static const char rsvp_wishes[] = RSVP_COLUMNS IS_INVITED
    " FROM (SELECT v.*, k.person_id, k.address, k.name FROM rsvp v"
    " JOIN contact k ON k.id = v.contact_id"
    " WHERE v.meeting_id = :meeting AND v.needs_staff AND v.too_late = ''"
    " AND v.id NOT IN (SELECT id FROM rsvp_last WHERE meeting_id = :meeting)"
    " AND v.contact_id IN (SELECT w.id FROM rsvp_last l JOIN contact w"
    " ON w.id = l.contact_id OR w.person_id = l.person_id"
    " WHERE l.meeting_id = :meeting AND l.answer <> 'no')) r" RSVP_ORDER;

static enum rsvp_answer
answer_by_name(const char *name)
{
	for (int i = 0; i < RSVP_COUNT; i++)
		if (strcmp(answers[i], name) == 0)
			return (enum rsvp_answer)i;
	return RSVP_MAYBE;
}

static enum too_late
too_late_by_name(const char *name)
{
	for (int i = 0; i < TOO_LATE_COUNT; i++)
		if (strcmp(too_late_names[i], name) == 0)
			return (enum too_late)i;
	return IN_TIME;
}

/* Every row of an open query, which it closes. */
static enum status
read_rsvps(struct query *q, struct arena *a, struct rsvp **out, size_t *n,
    struct err *err)
{
	struct rsvp *r;
	enum status rc;

	*out = NULL;
	*n = 0;
	while ((rc = query_step(q, err)) == ST_OK && q->has_row) {
		r = arena_push(a, out, n, sizeof(**out));
		if (r == NULL) {
			rc = err_set(err, ST_BROKEN, "out of memory");
			break;
		}
		r->meeting_id = query_get_int(q);
		r->contact_id = query_get_int(q);
		r->inbound_id = query_get_int(q);
		r->answer = answer_by_name(query_get_text(q, a));
		r->comment = query_get_text(q, a);
		r->needs_staff = query_get_bool(q);
		r->received_ms = query_get_int(q);
		r->sequence = query_get_int(q);
		r->stamp_ms = query_get_int(q);
		r->too_late = too_late_by_name(query_get_text(q, a));
		r->is_stale = query_get_bool(q);
		r->is_invited = query_get_bool(q);
		r->from = query_get_text(q, a);
		r->from_name = query_get_text(q, a);
	}
	return query_close(q, rc, err);
}

enum status
store_rsvp_all(struct store *st, int64_t meeting_id, struct arena *a,
    struct rsvp **out, size_t *n, struct err *err)
{
	struct query q;

	query_open(&q, st, rsvp_all);
	query_id(&q, ":meeting", meeting_id);
	return read_rsvps(&q, a, out, n, err);
}

enum status
store_rsvp_late(struct store *st, int64_t meeting_id, struct arena *a,
    struct rsvp **out, size_t *n, struct err *err)
{
	struct query q;

	query_open(&q, st, rsvp_late);
	query_id(&q, ":meeting", meeting_id);
	return read_rsvps(&q, a, out, n, err);
}

enum status
store_rsvp_wishes(struct store *st, int64_t meeting_id, struct arena *a,
    struct rsvp **out, size_t *n, struct err *err)
{
	struct query q;

	query_open(&q, st, rsvp_wishes);
	query_id(&q, ":meeting", meeting_id);
	return read_rsvps(&q, a, out, n, err);
}

static const char meeting_heads[] =
    "SELECT m.id, COALESCE(h.yes, 0), COALESCE(h.no, 0), COALESCE(h.maybe, 0),"
    " COALESCE(h.stale, 0), COALESCE(h.not_invited, 0),"
    " COALESCE(c.groups, 0), COALESCE(c.came, 0)"
    " FROM meeting m LEFT JOIN (SELECT r.meeting_id, SUM(answer = 'yes') AS yes,"
    " SUM(answer = 'no') AS no, SUM(answer = 'maybe') AS maybe,"
    " SUM(r.sequence < v.sequence) AS stale,"
    " SUM(answer = 'yes' AND NOT EXISTS (SELECT 1" TOLD ")) AS not_invited"
    " FROM rsvp_last r JOIN meeting v ON v.id = r.meeting_id"
    " WHERE :meeting IS NULL OR r.meeting_id = :meeting"
    " GROUP BY r.meeting_id) h ON h.meeting_id = m.id"
    " LEFT JOIN (SELECT meeting_id, COUNT(*) AS groups, SUM(people) AS came"
    " FROM meeting_count GROUP BY meeting_id) c ON c.meeting_id = m.id"
    " WHERE :meeting IS NULL OR m.id = :meeting ORDER BY m.id";

enum status
store_meeting_heads(struct store *st, int64_t meeting_id, struct arena *a,
    struct heads **out, size_t *n, struct err *err)
{
	struct heads *h;
	struct query q;
	enum status rc;

	*out = NULL;
	*n = 0;
	query_open(&q, st, meeting_heads);
	query_id(&q, ":meeting", meeting_id);
	while ((rc = query_step(&q, err)) == ST_OK && q.has_row) {
		h = arena_push(a, out, n, sizeof(**out));
		if (h == NULL) {
			rc = err_set(err, ST_BROKEN, "out of memory");
			break;
		}
		h->meeting_id = query_get_int(&q);
		h->answers[RSVP_YES] = query_get_int(&q);
		h->answers[RSVP_NO] = query_get_int(&q);
		h->answers[RSVP_MAYBE] = query_get_int(&q);
		h->stale = query_get_int(&q);
		h->not_invited = query_get_int(&q);
		h->is_counted = query_get_bool(&q);
		h->came = query_get_int(&q);
	}
	return query_close(&q, rc, err);
}

static const char meeting_letters[] =
    "SELECT r.meeting_id, r.contact_id, r.id, 'maybe', r.text, r.needs_staff,"
    " r.received_ms, 0, NULL, '', 0, 1, r.sender, r.sender_name"
    " FROM (SELECT i.*, k.person_id, m.id AS meeting_id FROM meeting m"
    " CROSS JOIN inbound i ON i.consultation_id = m.consultation_id"
    " AND i.needs_staff = 1 AND i.received_ms < m.starts_ms"
    " JOIN contact k ON k.id = i.contact_id WHERE m.id = :meeting) r"
    " WHERE NOT EXISTS (SELECT 1 FROM rsvp v WHERE v.inbound_id = r.id)"
    " AND EXISTS (SELECT 1" TOLD ") ORDER BY r.received_ms, r.id";

enum status
store_meeting_letters(struct store *st, int64_t meeting_id, struct arena *a,
    struct rsvp **out, size_t *n, struct err *err)
{
	struct query q;

	query_open(&q, st, meeting_letters);
	query_id(&q, ":meeting", meeting_id);
	return read_rsvps(&q, a, out, n, err);
}

const struct statement store_meeting_statements[] = {
	{ "meeting_put", meeting_put },
	{ "meeting_version_put", meeting_version_put },
	{ "meeting_version", meeting_version },
	{ "meeting_all", meeting_all },
	{ "meeting_find", meeting_find },
	{ "meeting_by_uid", meeting_by_uid },
	{ "meeting_to_remind", meeting_to_remind },
	{ "meeting_reminded", meeting_reminded },
	{ "meeting_told", meeting_told },
	{ "meeting_of_row", meeting_of_row },
	{ "meeting_told_since", meeting_told_since },
	{ "rsvp_add", rsvp_add },
	{ "rsvp_overtaken", rsvp_overtaken },
	{ "rsvp_all", rsvp_all },
	{ "rsvp_late", rsvp_late },
	{ "rsvp_wishes", rsvp_wishes },
	{ "meeting_letters", meeting_letters },
	{ "meeting_heads", meeting_heads },
	{ NULL, NULL },
};

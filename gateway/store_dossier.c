/* store_dossier - all that is kept of a person: shown, handed over, erased */
#include "gateway/store_dossier.h"

#include "gateway/store_chain.h"
#include "gateway/store_internal.h"

/* As people and programs read a time; NULL stays NULL. */
#define TIME(column) \
	"strftime('%Y-%m-%dT%H:%M:%SZ', " column " / 1000, 'unixepoch')"
#define CONTACTS "(SELECT id FROM contact WHERE person_id = :person)"
/* Theirs, and what machines wrote from their address or of mail to them. */
#define MESSAGES                                                             \
	"(SELECT id FROM inbound WHERE contact_id IN " CONTACTS              \
	" UNION SELECT i.id FROM contact k JOIN inbound i"                   \
	" ON i.channel = k.channel AND lower(i.sender) = k.address_key"      \
	" WHERE k.person_id = :person"                                       \
	" UNION SELECT inbound_id FROM bounce WHERE contact_id IN " CONTACTS \
	" AND inbound_id IS NOT NULL)"
#define REMARKS "(SELECT id FROM remark WHERE contact_id IN " CONTACTS ")"

static const char dossier_contacts[] =
    "SELECT json_object('id', id, 'channel', channel, 'address', address,"
    " 'name', name, 'language', language, 'since', " TIME("created_ms") ", 'stopped_at', " TIME("stopped_ms") ", 'silenced_at', " TIME(
	"silenced_ms") ", 'bounced_at', " TIME("bounced_ms") ", 'resting_until', " TIME("resting_until_ms") ") FROM contact WHERE person_id = :person ORDER BY id";
static const char dossier_subscriptions[] =
    "SELECT json_object('id', s.id, 'to', k.address, 'state', s.state,"
    " 'code', c.code, 'commune', g.name, 'since', " TIME("s.since_ms") ", 'consent_at', " TIME(
	"s.consent_ms") ", 'proof', s.proof, 'message',"
			" s.proof_inbound_id) FROM subscription s JOIN contact k"
			" ON k.id = s.contact_id LEFT JOIN consultation c"
			" ON c.id = s.consultation_id LEFT JOIN commune g ON g.id = s.commune_id"
			" WHERE k.person_id = :person ORDER BY s.id";
static const char dossier_messages[] =
    "SELECT json_object('id', id, 'channel', channel, 'received_at', " TIME(
	"received_ms") ", 'from', sender, 'from_name', sender_name, 'to',"
		       " recipient, 'subject', subject, 'text', text, 'remark', remark, 'kind',"
		       " kind, 'fate', fate, 'why', why, 'code', code, 'source', source,"
		       " 'message_id', message_id) FROM inbound WHERE id IN " MESSAGES
		       " ORDER BY id";
static const char dossier_attachments[] =
    "SELECT json_object('message', x.inbound_id, 'name', x.name, 'type',"
    " x.type, 'size', x.size, 'sha256', x.sha256) FROM inbound_attachment x"
    " WHERE x.inbound_id IN " MESSAGES " ORDER BY x.inbound_id, x.position";
static const char dossier_remarks[] =
    "SELECT json_object('number', c.code || '/' || r.number, 'state', r.state,"
    " 'received_at', " TIME(
	"r.received_ms") ", 'version', v.version, 'text',"
			 " v.text, 'at', " TIME(
			     "v.at_ms") ", 'message', r.inbound_id)"
					" FROM remark r JOIN consultation c ON c.id = r.consultation_id"
					" JOIN remark_version v ON v.remark_id = r.id"
					" WHERE r.id IN " REMARKS
					" ORDER BY r.id, v.version";
static const char dossier_sent[] =
    "SELECT json_object('id', o.id, 'channel', o.channel, 'to', o.recipient,"
    " 'template', o.template, 'state', o.state, 'subject',"
    " COALESCE(n.subject, o.subject), 'text', COALESCE(t.body, n.body),"
    " 'created_at', " TIME("o.created_ms") ", 'settled_at', " TIME(
	"o.settled_ms") ", 'why', o.error) FROM outbox o"
			" LEFT JOIN outbox_text t ON t.outbox_id = o.id"
			" LEFT JOIN notice_text n ON n.id = o.notice_text_id"
			" WHERE o.contact_id IN " CONTACTS " ORDER BY o.id";
static const char dossier_answers[] =
    "SELECT json_object('meeting', m.uid, 'answer', r.answer, 'comment',"
    " r.comment, 'received_at', " TIME(
	"r.received_ms") ", 'message',"
			 " r.inbound_id) FROM rsvp r JOIN meeting m ON m.id = r.meeting_id"
			 " WHERE r.contact_id IN " CONTACTS " ORDER BY r.id";
static const char dossier_bounces[] =
    "SELECT json_object('to', k.address, 'kind', b.kind, 'status', b.status,"
    " 'at', " TIME(
	"b.at_ms") ", 'sent', b.outbox_id, 'message',"
		   " b.inbound_id) FROM bounce b JOIN contact k ON k.id = b.contact_id"
		   " WHERE k.person_id = :person ORDER BY b.id";

static const struct {
	const char *name, *statement_name, *sql;
} parts[DOSSIER_PARTS] = {
	[DOSSIER_CONTACTS] = { "contacts", "dossier_contacts",
	    dossier_contacts },
	[DOSSIER_SUBSCRIPTIONS] = { "subscriptions", "dossier_subscriptions",
	    dossier_subscriptions },
	[DOSSIER_MESSAGES] = { "messages", "dossier_messages",
	    dossier_messages },
	[DOSSIER_ATTACHMENTS] = { "attachments", "dossier_attachments",
	    dossier_attachments },
	[DOSSIER_REMARKS] = { "remarks", "dossier_remarks", dossier_remarks },
	[DOSSIER_SENT] = { "sent", "dossier_sent", dossier_sent },
	[DOSSIER_ANSWERS] = { "answers", "dossier_answers", dossier_answers },
	[DOSSIER_BOUNCES] = { "bounces", "dossier_bounces", dossier_bounces },
};

const char *
dossier_part_name(enum dossier_part part)
{
	return parts[part].name;
}

static enum status
hand_over(struct query *q, enum status (*row)(void *arg, const char *json),
    void *arg, struct err *err)
{
	enum status rc;

	while ((rc = query_step(q, err)) == ST_OK && q->has_row) {
		struct arena a = { 0 };

		rc = row(arg, query_get_text(q, &a));
		arena_free(&a);
		if (rc != ST_OK)
			break;
	}
	return query_close(q, rc, err);
}

enum status
store_dossier_rows(struct store *st, int64_t person_id, enum dossier_part part,
    enum status (*row)(void *arg, const char *json), void *arg, struct err *err)
{
	struct query q;

	query_prepare(&q, st, parts[part].sql, parts[part].statement_name);
	query_id(&q, ":person", person_id);
	return hand_over(&q, row, arg, err);
}

#define PERSON                                                                \
	"SELECT json_object('id', p.id, 'name', p.name, 'organisation',"      \
	" p.organisation, 'commune', g.name, 'mail', (SELECT"                 \
	" group_concat(k.address, ' ') FROM contact k"                        \
	" WHERE k.person_id = p.id AND k.channel = 'mail'), 'phone', (SELECT" \
	" group_concat(k.address, ' ') FROM contact k"                        \
	" WHERE k.person_id = p.id AND k.channel = 'sms'), 'state', (SELECT"  \
	" CASE WHEN MAX(k.silenced_ms) IS NOT NULL THEN 'silenced'"           \
	" WHEN MAX(k.stopped_ms) IS NOT NULL THEN 'stopped'"                  \
	" WHEN MAX(k.bounced_ms) IS NOT NULL THEN 'bounced'"                  \
	" ELSE 'active' END FROM contact k WHERE k.person_id = p.id),"        \
	" 'subscriptions', (SELECT COUNT(*) FROM contact k"                   \
	" JOIN subscription s ON s.contact_id = k.id AND s.state = 'active'"  \
	" WHERE k.person_id = p.id), 'remarks', (SELECT COUNT(*)"             \
	" FROM contact k JOIN remark r ON r.contact_id = k.id"                \
	" WHERE k.person_id = p.id)) FROM person p"                           \
	" LEFT JOIN commune g ON g.id = p.commune_id"                         \
	" WHERE EXISTS (SELECT 1 FROM contact k WHERE k.person_id = p.id"     \
	" AND k.erased_ms IS NULL)"

static const char dossier_people[] = PERSON
    " AND (:find = '' OR instr(lower(p.name), lower(:find)) > 0 OR EXISTS"
    " (SELECT 1 FROM contact k WHERE k.person_id = p.id"
    " AND instr(k.address_key, lower(:find)) > 0)) ORDER BY p.id";
static const char dossier_person[] = PERSON " AND p.id = :person";

enum status
store_dossier_people(struct store *st, const char *find,
    enum status (*row)(void *arg, const char *json), void *arg, struct err *err)
{
	struct query q;

	query_open(&q, st, dossier_people);
	query_text(&q, ":find", find);
	return hand_over(&q, row, arg, err);
}

struct counting {
	enum status (*row)(void *arg, const char *json);
	void *arg;
	int n;
};

static enum status
count_row(void *arg, const char *json)
{
	struct counting *c = arg;

	c->n++;
	return c->row == NULL ? ST_OK : c->row(c->arg, json);
}

enum status
store_dossier_person(struct store *st, int64_t person_id,
    enum status (*row)(void *arg, const char *json), void *arg, struct err *err)
{
	struct counting c = { row, arg, 0 };
	struct query q;
	enum status rc;

	query_open(&q, st, dossier_person);
	query_id(&q, ":person", person_id);
	rc = hand_over(&q, count_row, &c, err);
	if (rc == ST_OK && c.n == 0)
		return err_set(err, ST_REJECT,
		    "there is no person %lld; uwaga person list names them",
		    (long long)person_id);
	return rc;
}

/* ---- erasing ----------------------------------------------------------- */

static const char erase_claimed[] =
    "SELECT COUNT(*) FROM outbox WHERE state = 'claimed'"
    " AND contact_id IN " CONTACTS;
static const char erase_raw[] = "DELETE FROM raw WHERE inbound_id IN " MESSAGES;
static const char erase_attached[] =
    "DELETE FROM inbound_attachment WHERE inbound_id IN " MESSAGES;
static const char erase_comments[] =
    "UPDATE rsvp SET comment = '' WHERE contact_id IN " CONTACTS;
static const char erase_texts[] =
    "DELETE FROM outbox_text WHERE outbox_id IN"
    " (SELECT id FROM outbox WHERE contact_id IN " CONTACTS ")";
static const char erase_letters[] =
    "UPDATE outbox SET recipient = '', subject = '', in_reply_to = '',"
    " reference_ids = '', error = '', arrival_why = '', token = '',"
    " ask_ms = NULL, due_ms = NULL, state = CASE WHEN state IN ('queued',"
    " 'deferred', 'unknown') THEN 'cancelled' ELSE state END"
    " WHERE contact_id IN " CONTACTS;
static const char erase_subscriptions[] =
    "DELETE FROM subscription WHERE contact_id IN " CONTACTS;
/* What waits has nothing left to wait with. */
static const char erase_messages[] =
    "UPDATE inbound SET sender = '', sender_name = '', recipient = '',"
    " recipients = '', subject = '', text = '', remark = '', code_seen = '',"
    " warnings = '', reference_ids = '', why = 'erased', needs_staff = 0,"
    " may_answer = 0, may_echo = 0, hold_until_ms = NULL,"
    " settled_by = CASE WHEN settled_by IS NULL AND fate IN ('held',"
    " 'unreadable') THEN id ELSE settled_by END,"
    " fate = CASE fate WHEN 'not_open' THEN 'withdrawn' ELSE fate END"
    " WHERE id IN " MESSAGES;
static const char erase_bounces[] =
    "DELETE FROM bounce WHERE contact_id IN " CONTACTS;
static const char erase_contacts[] =
    "UPDATE contact SET address = 'erased ' || id,"
    " address_key = 'erased ' || id, name = '', language = '',"
    " stopped_ms = COALESCE(stopped_ms, :now), silenced_ms = :now,"
    " stopped_by = NULL, restarted_by = NULL, erased_ms = :now"
    " WHERE person_id = :person";
static const char erase_person[] =
    "UPDATE person SET name = '', organisation = '', commune_id = NULL"
    " WHERE id = :person";

/* One after the other: the messages are found by what goes later. */
static enum status
erase_each(struct store *st, int64_t person_id, struct dossier_erased *out,
    struct err *err)
{
	static const struct statement steps[] = {
		{ "erase_raw", erase_raw },
		{ "erase_attached", erase_attached },
		{ "erase_comments", erase_comments },
		{ "erase_texts", erase_texts },
		{ "erase_letters", erase_letters },
		{ "erase_subscriptions", erase_subscriptions },
		{ "erase_messages", erase_messages },
		{ "erase_bounces", erase_bounces },
		{ "erase_person", erase_person },
	};
	enum status rc = ST_OK;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && rc == ST_OK;
	     i++) {
		struct query q;

		query_prepare(&q, st, steps[i].sql, steps[i].name);
		query_id(&q, ":person", person_id);
		rc = query_run(&q, err);
		if (steps[i].sql == erase_letters)
			out->letters = sqlite3_changes64(st->db);
		if (steps[i].sql == erase_messages)
			out->messages = sqlite3_changes64(st->db);
	}
	return rc;
}

static const char erase_remarks[] =
    "SELECT r.id, c.code || '/' || r.number, v.commitment FROM remark r"
    " JOIN consultation c ON c.id = r.consultation_id"
    " JOIN remark_version v ON v.remark_id = r.id AND v.version = r.version"
    " WHERE r.id IN " REMARKS " AND v.text IS NOT NULL ORDER BY r.id";
static const char erase_versions[] =
    "UPDATE remark_version SET text = NULL, salt = NULL"
    " WHERE remark_id = :id AND text IS NOT NULL";
static const char erase_search[] = "DELETE FROM remark_fts WHERE rowid = :id";
static const char erase_hash[] =
    "UPDATE remark SET text_hash = '', provisions = '' WHERE id = :id";

struct named_remark {
	int64_t id;
	const char *name, *commitment;
};

static enum status
erase_words(struct store *st, const struct named_remark *r, int64_t now,
    struct err *err)
{
	static const struct statement steps[] = {
		{ "erase_versions", erase_versions },
		{ "erase_search", erase_search },
		{ "erase_hash", erase_hash },
	};
	char receipt[RECEIPT_SIZE];
	int64_t number;
	enum status rc = store_chain_append(st,
	    &(struct chain_event){ .event = "erased",
		.subject = r->name,
		.commitment = r->commitment,
		.at_ms = now },
	    &number, receipt, err);

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && rc == ST_OK;
	     i++) {
		struct query q;

		query_prepare(&q, st, steps[i].sql, steps[i].name);
		query_id(&q, ":id", r->id);
		rc = query_run(&q, err);
	}
	return rc;
}

static enum status
erase_all_words(struct store *st, int64_t person_id, int64_t now,
    struct dossier_erased *out, struct err *err)
{
	struct named_remark *list = NULL, *one;
	struct arena a = { 0 };
	struct query q;
	size_t n = 0;
	enum status rc;

	query_open(&q, st, erase_remarks);
	query_id(&q, ":person", person_id);
	while ((rc = query_step(&q, err)) == ST_OK && q.has_row) {
		one = arena_push(&a, &list, &n, sizeof(*one));
		if (one == NULL) {
			rc = err_set(err, ST_BROKEN, "out of memory");
			break;
		}
		one->id = query_get_int(&q);
		one->name = query_get_text(&q, &a);
		one->commitment = query_get_text(&q, &a);
	}
	rc = query_close(&q, rc, err);
	for (size_t i = 0; i < n && rc == ST_OK; i++)
		rc = erase_words(st, &list[i], now, err);
	out->remarks = (int64_t)n;
	arena_free(&a);
	return rc;
}

enum status
store_dossier_erase(struct store *st, int64_t person_id, bool remarks,
    int64_t now, struct dossier_erased *out, struct err *err)
{
	int64_t claimed = 0;
	struct query q;
	enum status rc = store_dossier_person(st, person_id, NULL, NULL, err);

	*out = (struct dossier_erased){ 0 };
	/* What is deleted is overwritten, not left in free pages. */
	if (rc == ST_OK)
		rc = store_execute(
		    st, "PRAGMA secure_delete = ON", "erase", err);
	if (rc != ST_OK)
		return rc;
	query_open(&q, st, erase_claimed);
	query_id(&q, ":person", person_id);
	rc = query_number(&q, &claimed, err);
	if (rc == ST_OK && claimed > 0)
		return err_set(err, ST_REJECT,
		    "a message to that person is being sent; try again in a "
		    "moment");
	if (rc == ST_OK && remarks)
		rc = erase_all_words(st, person_id, now, out, err);
	if (rc == ST_OK)
		rc = erase_each(st, person_id, out, err);
	if (rc != ST_OK)
		return rc;
	query_open(&q, st, erase_contacts);
	query_id(&q, ":person", person_id);
	query_int(&q, ":now", now);
	rc = query_run(&q, err);
	out->contacts = sqlite3_changes64(st->db);
	return rc;
}

/* The search index drops words when its parts are merged; the log holds pages
 * as they were until it is moved into the database. */
enum status
store_dossier_sweep(struct store *st, struct err *err)
{
	return store_execute(st,
	    "INSERT INTO remark_fts (remark_fts) VALUES ('optimize');"
	    "PRAGMA wal_checkpoint(TRUNCATE)",
	    "erase", err);
}

const struct statement store_dossier_statements[] = {
	{ "dossier_contacts", dossier_contacts },
	{ "dossier_subscriptions", dossier_subscriptions },
	{ "dossier_messages", dossier_messages },
	{ "dossier_attachments", dossier_attachments },
	{ "dossier_remarks", dossier_remarks },
	{ "dossier_sent", dossier_sent },
	{ "dossier_answers", dossier_answers },
	{ "dossier_bounces", dossier_bounces },
	{ "dossier_people", dossier_people },
	{ "dossier_person", dossier_person },
	{ "erase_claimed", erase_claimed },
	{ "erase_raw", erase_raw },
	{ "erase_attached", erase_attached },
	{ "erase_comments", erase_comments },
	{ "erase_texts", erase_texts },
	{ "erase_letters", erase_letters },
	{ "erase_subscriptions", erase_subscriptions },
	{ "erase_messages", erase_messages },
	{ "erase_bounces", erase_bounces },
	{ "erase_contacts", erase_contacts },
	{ "erase_person", erase_person },
	{ "erase_remarks", erase_remarks },
	{ "erase_versions", erase_versions },
	{ "erase_search", erase_search },
	{ "erase_hash", erase_hash },
	{ NULL, NULL },
};

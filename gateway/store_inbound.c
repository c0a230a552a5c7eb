/* store_inbound - every received message, its raw bytes and its one fate */
#include "gateway/store_inbound.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/store_body.h"
#include "gateway/store_internal.h"
#include "parsers/digest.h"

/* Bytes that are packed and stored piece by piece. */
enum { LARGE = 2 << 20 };

static const char *const fates[] = {
	[FATE_FILED] = "filed",
	[FATE_CORRECTED] = "corrected",
	[FATE_WITHDRAWN] = "withdrawn",
	[FATE_HELD] = "held",
	[FATE_CLOSED] = "closed",
	[FATE_NOT_OPEN] = "not_open",
	[FATE_EMPTY] = "empty",
	[FATE_DUPLICATE] = "duplicate",
	[FATE_COMMAND] = "command",
	[FATE_RSVP] = "rsvp",
	[FATE_RECEIPT] = "receipt",
	[FATE_BOUNCE] = "bounce",
	[FATE_DELAYED] = "delayed",
	[FATE_COMPLAINT] = "complaint",
	[FATE_AUTOMATIC] = "automatic",
	[FATE_LIST] = "list",
	[FATE_THANKS] = "thanks",
	[FATE_SPAM] = "spam",
	[FATE_STAFF] = "staff",
	[FATE_UNREADABLE] = "unreadable",
};

const char *
fate_name(enum fate fate)
{
	return fates[fate];
}

enum fate
fate_by_name(const char *name)
{
	for (int i = 0; i < FATE_COUNT; i++)
		if (strcmp(fates[i], name) == 0)
			return (enum fate)i;
	return FATE_COUNT;
}

bool
inbound_waits(const struct inbound *in)
{
	return (in->fate == FATE_HELD || in->fate == FATE_UNREADABLE) &&
	       in->settled_by == 0;
}

/* ---- recognising what came before ------------------------------------ */

static const char inbound_seen[] =
    "SELECT 1 FROM inbound WHERE source = :source AND external_key = :key";

enum status
store_inbound_seen(struct store *st, const char *source, const char *key,
    bool *seen, struct err *err)
{
	struct query q;
	int64_t one = 0;
	enum status rc;

	query_open(&q, st, inbound_seen);
	query_text(&q, ":source", source);
	query_text(&q, ":key", key);
	rc = query_number(&q, &one, err);
	*seen = one != 0;
	return rc;
}

/* Mail without a Message-ID has no twin: what could not be read at all has
 * no content either, and must not pass for a repetition. */
#define ALIKE                                               \
	"i.message_id = :message_id AND i.message_id <> ''" \
	" AND i.content_hash = :content_hash"

/* What our server wrote above a mail no sender can copy: the same bytes are the
 * same mail, also when it is believed more or less than then. */
#define AS_GOOD                                             \
	"(i.trust >= :trust OR EXISTS (SELECT 1 FROM raw r" \
	" WHERE r.inbound_id = i.id AND r.sha256 = :sha256))"

static const char inbound_alike[] =
    "SELECT MIN(i.id) FROM inbound i WHERE " ALIKE;
static const char inbound_twin[] =
    "SELECT MIN(i.id) FROM inbound i WHERE " ALIKE " AND " AS_GOOD;

static void
open_alike(struct query *q, struct store *st, const char *sql,
    const struct inbound *in)
{
	query_open(q, st, sql);
	query_text(q, ":message_id", in->message_id);
	query_text(q, ":content_hash", in->content_hash);
}

enum status
store_inbound_twin(struct store *st, const struct inbound *in, struct span raw,
    struct inbound_twin *out, struct err *err)
{
	char sha[SHA256_HEX];
	struct query q;
	enum status rc;

	*out = (struct inbound_twin){ 0 };
	open_alike(&q, st, inbound_alike, in);
	rc = query_number(&q, &out->first, err);
	if (rc != ST_OK || out->first == 0)
		return rc;
	sha256_hex(sha, raw);
	open_alike(&q, st, inbound_twin, in);
	query_int(&q, ":trust", in->trust);
	query_text(&q, ":sha256", sha);
	return query_number(&q, &out->id, err);
}

static const char inbound_rekey[] =
    "UPDATE inbound SET external_key = :key WHERE id = (SELECT MIN(i.id)"
    " FROM inbound i WHERE i.message_id = :message_id"
    " AND i.content_hash = :content_hash AND i.content_hash <> ''"
    " AND i.source = :source"
    " AND (i.message_id <> '' OR i.received_ms = :received)"
    " AND NOT (substr(i.external_key, 1, :stem) = substr(:key, 1, :stem)"
    " AND CAST(substr(i.external_key, :stem + 1) AS INTEGER) >= :from)"
    " AND " AS_GOOD ") RETURNING id";

enum status
store_inbound_rekey(struct store *st, const struct inbound *in, struct span raw,
    const struct inbound_pass *pass, bool *known, struct err *err)
{
	char sha[SHA256_HEX];
	struct query q;
	int64_t id = 0;
	enum status rc;

	sha256_hex(sha, raw);
	open_alike(&q, st, inbound_rekey, in);
	query_text(&q, ":key", in->external_key);
	query_int(&q, ":trust", in->trust);
	query_text(&q, ":sha256", sha);
	query_text(&q, ":source", in->source);
	query_int(&q, ":received", in->received_ms);
	query_int(&q, ":stem", pass->stem);
	query_int(&q, ":from", pass->from);
	rc = query_number(&q, &id, err);
	*known = rc == ST_OK && id != 0;
	return rc;
}

/* ---- raw bytes --------------------------------------------------------- */

static const char raw_add_large[] =
    "INSERT INTO raw (inbound_id, size, sha256, body)"
    " VALUES (:inbound, :size, :sha256, zeroblob(:packed))";

static enum status
add_large_raw(
    struct store *st, int64_t inbound, struct span raw, struct err *err)
{
	char sha[SHA256_HEX];
	int64_t id = 0;
	size_t packed = 0;
	struct query q;
	enum status rc = body_packed_size(st, raw, &packed, err);

	if (rc != ST_OK)
		return rc;
	sha256_hex(sha, raw);
	query_open(&q, st, raw_add_large);
	query_id(&q, ":inbound", inbound);
	query_int(&q, ":size", (int64_t)raw.n);
	query_text(&q, ":sha256", sha);
	query_int(&q, ":packed", (int64_t)packed);
	rc = query_insert(&q, &id, err);
	return rc == ST_OK ? body_fill(st, id, raw, err) : rc;
}

static const char raw_add[] = "INSERT INTO raw (inbound_id, size, sha256, body)"
			      " VALUES (:inbound, :size, :sha256, :body)";

static enum status
add_raw(struct store *st, int64_t inbound, struct span raw, struct err *err)
{
	struct buf packed = { 0 };
	char sha[SHA256_HEX];
	struct query q;
	enum status rc;

	if (raw.n > LARGE)
		return add_large_raw(st, inbound, raw, err);
	rc = body_pack(&packed, st, raw, err);
	if (rc != ST_OK)
		goto out;
	sha256_hex(sha, raw);
	query_open(&q, st, raw_add);
	query_id(&q, ":inbound", inbound);
	query_int(&q, ":size", (int64_t)raw.n);
	query_text(&q, ":sha256", sha);
	query_blob(&q, ":body", buf_span(&packed));
	rc = query_run(&q, err);
out:
	buf_free(&packed);
	return rc;
}

static const char raw_get[] =
    "SELECT size, body FROM raw WHERE inbound_id = :inbound";

enum status
store_inbound_raw(
    struct store *st, int64_t id, struct buf *out, struct err *err)
{
	struct query q;
	enum status rc;

	query_open(&q, st, raw_get);
	query_id(&q, ":inbound", id);
	rc = query_step(&q, err);
	if (rc == ST_OK && q.has_row) {
		size_t size = (size_t)query_get_int(&q);

		rc = body_unpack(out, st, query_get_blob(&q), size, err);
	} else if (rc == ST_OK) {
		rc = err_set(err, ST_REJECT,
		    "there is no message %lld; see uwaga inbound list",
		    (long long)id);
	}
	return query_close(&q, rc, err);
}

/* ---- attachments: their bytes are in the raw message -------------------- */

static const char inbound_attachment_add[] =
    "INSERT INTO inbound_attachment (inbound_id, position, sha256, size, name,"
    " type, in_signature) VALUES (:inbound, (SELECT COUNT(*) FROM"
    " inbound_attachment WHERE inbound_id = :inbound), :sha256, :size, :name,"
    " :type, :in_signature)";

/* A span as a C string in the arena. */
static const char *
in_arena(struct arena *a, struct span s)
{
	return arena_copy(a, s).p;
}

enum status
store_inbound_attach(struct store *st, int64_t id,
    const struct attachment *files, size_t n, struct err *err)
{
	struct arena a = { 0 };
	struct query q;
	enum status rc = ST_OK;

	for (size_t i = 0; i < n && rc == ST_OK; i++) {
		query_open(&q, st, inbound_attachment_add);
		query_id(&q, ":inbound", id);
		query_text(&q, ":sha256", files[i].sha256);
		query_int(&q, ":size", (int64_t)files[i].body.n);
		query_text(&q, ":name", in_arena(&a, files[i].name));
		query_text(&q, ":type", in_arena(&a, files[i].type));
		query_int(&q, ":in_signature", files[i].in_signature);
		rc = query_run(&q, err);
	}
	arena_free(&a);
	return rc;
}

static const char inbound_attachments[] =
    "SELECT name, type, sha256, size, in_signature FROM inbound_attachment"
    " WHERE inbound_id = :inbound ORDER BY position";

enum status
store_inbound_attachments(struct store *st, int64_t id, struct arena *a,
    struct inbound_attachment **out, size_t *n, struct err *err)
{
	struct inbound_attachment *file;
	struct query q;
	enum status rc;

	*out = NULL;
	*n = 0;
	query_open(&q, st, inbound_attachments);
	query_id(&q, ":inbound", id);
	while ((rc = query_step(&q, err)) == ST_OK && q.has_row) {
		file = arena_push(a, out, n, sizeof(**out));
		if (file == NULL) {
			rc = err_set(err, ST_BROKEN, "out of memory");
			break;
		}
		file->name = query_get_text(&q, a);
		file->type = query_get_text(&q, a);
		file->sha256 = query_get_text(&q, a);
		file->size = query_get_int(&q);
		file->in_signature = query_get_bool(&q);
	}
	return query_close(&q, rc, err);
}

/* ---- storing ----------------------------------------------------------- */

/* What the second parse of a message may find again, and the first finds. */
static void
bind_content(struct query *q, const struct inbound *in)
{
	query_int(q, ":received", in->received_ms);
	query_text(q, ":message_id", in->message_id);
	query_text(q, ":content_hash", in->content_hash);
	query_text(q, ":sender", in->from);
	query_text(q, ":sender_name", in->from_name);
	query_text(q, ":recipient", in->to);
	query_text(q, ":recipients", in->recipients);
	query_id(q, ":contact", in->contact_id);
	query_text(q, ":subject", in->subject);
	query_text(q, ":text", in->text);
	query_text(q, ":remark", in->remark);
	query_text(q, ":kind", in->kind);
	query_text(q, ":command", in->command);
	query_text(q, ":code_seen", in->code_seen);
	query_text(q, ":language", in->language);
	query_int(q, ":may_answer", in->may_answer);
	query_int(q, ":may_echo", in->may_echo);
	query_int(q, ":trust", in->trust);
	query_text(q, ":warnings", in->warnings);
	query_text(q, ":reference_ids", in->references);
}

static void
bind_decision(struct query *q, const struct inbound *in)
{
	query_text(q, ":fate", fate_name(in->fate));
	query_text(q, ":why", in->why);
	query_text(q, ":code", in->code);
	query_text(q, ":suggestion", in->suggestion);
	query_id(q, ":consultation", in->consultation_id);
	query_time(q, ":hold_until", in->hold_until_ms);
	query_time(q, ":reminded", in->reminded_ms);
	query_id(q, ":settled_by", in->settled_by);
	query_int(q, ":needs_staff", in->needs_staff);
}

static const char inbound_add[] =
    "INSERT INTO inbound (channel, source, external_key, received_ms,"
    " stored_ms, message_id, content_hash, sender, sender_name, recipient,"
    " recipients, contact_id, subject, text, remark, kind, command, fate, why,"
    " code, code_seen, suggestion, consultation_id, hold_until_ms,"
    " reminded_ms, settled_by, language, needs_staff, may_answer, may_echo,"
    " trust, warnings, reference_ids)"
    " VALUES (:channel, :source, :external_key, :received, :stored,"
    " :message_id, :content_hash, :sender, :sender_name, :recipient,"
    " :recipients, :contact, :subject, :text, :remark, :kind, :command, :fate,"
    " :why, :code, :code_seen, :suggestion, :consultation, :hold_until,"
    " :reminded, :settled_by, :language, :needs_staff, :may_answer, :may_echo,"
    " :trust, :warnings, :reference_ids)";

enum status
store_inbound_add(struct store *st, struct inbound *in, struct span raw,
    const struct attachment *attachments, size_t n, struct err *err)
{
	struct query q;
	enum status rc;

	query_open(&q, st, inbound_add);
	query_text(&q, ":channel", channel_name(in->channel));
	query_text(&q, ":source", in->source);
	query_text(&q, ":external_key", in->external_key);
	query_int(&q, ":stored", in->stored_ms);
	bind_content(&q, in);
	bind_decision(&q, in);
	rc = query_insert(&q, &in->id, err);
	if (query_is_taken(&q))
		return err_set(err, ST_REJECT,
		    "the message is stored already (%.100s, %.200s)",
		    in->source, in->external_key);
	if (rc == ST_OK)
		rc = add_raw(st, in->id, raw, err);
	if (rc == ST_OK)
		rc = store_inbound_attach(st, in->id, attachments, n, err);
	return rc;
}

static const char inbound_update[] =
    "UPDATE inbound SET fate = :fate, why = :why, code = :code,"
    " suggestion = :suggestion, consultation_id = :consultation,"
    " hold_until_ms = :hold_until, reminded_ms = :reminded,"
    " settled_by = :settled_by, needs_staff = :needs_staff WHERE id = :id";

enum status
store_inbound_update(
    struct store *st, const struct inbound *in, struct err *err)
{
	struct query q;

	query_open(&q, st, inbound_update);
	query_id(&q, ":id", in->id);
	bind_decision(&q, in);
	return query_run(&q, err);
}

static const char inbound_reparse[] =
    "UPDATE inbound SET fate = :fate, why = :why, code = :code,"
    " suggestion = :suggestion, consultation_id = :consultation,"
    " hold_until_ms = :hold_until, reminded_ms = :reminded,"
    " settled_by = :settled_by, needs_staff = :needs_staff,"
    " received_ms = :received, message_id = :message_id,"
    " content_hash = :content_hash, sender = :sender,"
    " sender_name = :sender_name, recipient = :recipient,"
    " recipients = :recipients, contact_id = :contact, subject = :subject,"
    " text = :text, remark = :remark, kind = :kind, command = :command,"
    " code_seen = :code_seen, language = :language, may_answer = :may_answer,"
    " may_echo = :may_echo, trust = :trust, warnings = :warnings,"
    " reference_ids = :reference_ids WHERE id = :id";

enum status
store_inbound_reparse(
    struct store *st, const struct inbound *in, struct err *err)
{
	struct query q;

	query_open(&q, st, inbound_reparse);
	query_id(&q, ":id", in->id);
	bind_content(&q, in);
	bind_decision(&q, in);
	return query_run(&q, err);
}

/* ---- reading ----------------------------------------------------------- */

#define COLUMNS                                                                \
	"id, channel, source, external_key, received_ms, stored_ms,"           \
	" message_id, content_hash, sender, sender_name, recipient,"           \
	" recipients, contact_id, subject, text, remark, kind, command, fate," \
	" why, code, code_seen, suggestion, consultation_id, hold_until_ms,"   \
	" reminded_ms, settled_by, language, needs_staff, may_answer,"         \
	" may_echo, warnings, reference_ids"

static void
read_row(struct query *q, struct arena *a, struct inbound *out)
{
	out->id = query_get_int(q);
	out->channel = strcmp(query_get_text(q, a), "sms") == 0 ? CHANNEL_SMS
								: CHANNEL_MAIL;
	out->source = query_get_text(q, a);
	out->external_key = query_get_text(q, a);
	out->received_ms = query_get_int(q);
	out->stored_ms = query_get_int(q);
	out->message_id = query_get_text(q, a);
	out->content_hash = query_get_text(q, a);
	out->from = query_get_text(q, a);
	out->from_name = query_get_text(q, a);
	out->to = query_get_text(q, a);
	out->recipients = query_get_text(q, a);
	out->contact_id = query_get_int(q);
	out->subject = query_get_text(q, a);
	out->text = query_get_text(q, a);
	out->remark = query_get_text(q, a);
	out->kind = query_get_text(q, a);
	out->command = query_get_text(q, a);
	out->fate = fate_by_name(query_get_text(q, a));
	out->why = query_get_text(q, a);
	out->code = query_get_text(q, a);
	out->code_seen = query_get_text(q, a);
	out->suggestion = query_get_text(q, a);
	out->consultation_id = query_get_int(q);
	out->hold_until_ms = query_get_int(q);
	out->reminded_ms = query_get_int(q);
	out->settled_by = query_get_int(q);
	out->language = query_get_text(q, a);
	out->needs_staff = query_get_bool(q);
	out->may_answer = query_get_bool(q);
	out->may_echo = query_get_bool(q);
	out->warnings = query_get_text(q, a);
	out->references = query_get_text(q, a);
}

static const char inbound_get[] =
    "SELECT " COLUMNS " FROM inbound WHERE id = :id";

enum status
store_inbound_get(struct store *st, int64_t id, struct arena *a,
    struct inbound *out, struct err *err)
{
	struct query q;
	enum status rc;

	*out = (struct inbound){ 0 };
	query_open(&q, st, inbound_get);
	query_id(&q, ":id", id);
	rc = query_step(&q, err);
	if (rc == ST_OK && q.has_row)
		read_row(&q, a, out);
	else if (rc == ST_OK)
		rc = err_set(err, ST_REJECT,
		    "there is no message %lld; see uwaga inbound list",
		    (long long)id);
	return query_close(&q, rc, err);
}

/* The same question asked through the index that answers it best. */
#define REST                                                              \
	" AND id > :after AND (:fate = '' OR fate = :fate)"               \
	" AND (NOT :open_only OR (fate IN ('held', 'unreadable')"         \
	" AND settled_by IS NULL))"                                       \
	" AND (NOT :for_staff OR needs_staff OR (fate IN ('held',"        \
	" 'unreadable') AND settled_by IS NULL))"                         \
	" AND (:contact IS NULL OR contact_id = :contact)"                \
	" AND (:consultation IS NULL OR consultation_id = :consultation)" \
	" ORDER BY id LIMIT :limit"

static const char inbound_list[] =
    "SELECT " COLUMNS " FROM inbound WHERE TRUE" REST;
static const char inbound_list_contact[] =
    "SELECT " COLUMNS " FROM inbound WHERE contact_id = :contact" REST;
static const char inbound_list_fate[] =
    "SELECT " COLUMNS " FROM inbound WHERE fate = :fate" REST;
static const char inbound_list_open[] =
    "SELECT " COLUMNS " FROM inbound"
    " WHERE fate IN ('held', 'unreadable')" REST;

static void
open_list(struct query *q, struct store *st, const struct inbound_filter *f)
{
	if (f->contact_id != 0)
		query_open(q, st, inbound_list_contact);
	else if (f->fate >= 0)
		query_open(q, st, inbound_list_fate);
	else if (f->open_only)
		query_open(q, st, inbound_list_open);
	else
		query_open(q, st, inbound_list);
}

struct page {
	struct arena arena; /* owned */
	struct inbound rows[PAGE];
	int n;
};

static enum status
read_page(struct page *p, struct store *st, const struct inbound_filter *f,
    struct err *err)
{
	bool has_fate = f->fate >= 0 && f->fate < FATE_COUNT;
	struct query q;
	enum status rc;

	p->n = 0;
	open_list(&q, st, f);
	query_int(&q, ":after", f->after_id);
	query_text(&q, ":fate", has_fate ? fate_name((enum fate)f->fate) : "");
	query_int(&q, ":open_only", f->open_only);
	query_int(&q, ":for_staff", f->for_staff);
	query_id(&q, ":contact", f->contact_id);
	query_id(&q, ":consultation", f->consultation_id);
	query_int(&q, ":limit", page_size(f->limit));
	while ((rc = query_step(&q, err)) == ST_OK && q.has_row)
		read_row(&q, &p->arena, &p->rows[p->n++]);
	return query_close(&q, rc, err);
}

enum status
store_inbound_list(struct store *st, const struct inbound_filter *filter,
    enum status (*row)(void *arg, const struct inbound *in), void *arg,
    struct err *err)
{
	struct inbound_filter f = *filter;
	struct page p = { .n = 0 };
	enum status rc;

	do {
		rc = read_page(&p, st, &f, err);
		for (int i = 0; i < p.n && rc == ST_OK; i++)
			rc = row(arg, &p.rows[i]);
		if (p.n > 0)
			f.after_id = p.rows[p.n - 1].id;
		arena_free(&p.arena);
	} while (rc == ST_OK && page_goes_on(p.n, &f.limit));
	return rc;
}

static const char inbound_counts[] =
    "SELECT fate, COUNT(*) FROM inbound GROUP BY fate";

enum status
store_inbound_counts(
    struct store *st, int64_t count[FATE_COUNT + 1], struct err *err)
{
	struct arena a = { 0 };
	struct query q;
	enum status rc;

	memset(count, 0, sizeof(*count) * (FATE_COUNT + 1));
	query_open(&q, st, inbound_counts);
	while ((rc = query_step(&q, err)) == ST_OK && q.has_row) {
		enum fate fate = fate_by_name(query_get_text(&q, &a));
		int64_t n = query_get_int(&q);

		count[fate] += n;
		if (fate != FATE_COUNT)
			count[FATE_COUNT] += n;
	}
	arena_free(&a);
	return query_close(&q, rc, err);
}

const struct statement store_inbound_statements[] = {
	{ "inbound_seen", inbound_seen },
	{ "inbound_alike", inbound_alike },
	{ "inbound_twin", inbound_twin },
	{ "inbound_rekey", inbound_rekey },
	{ "raw_add", raw_add },
	{ "raw_add_large", raw_add_large },
	{ "raw_get", raw_get },
	{ "inbound_attachment_add", inbound_attachment_add },
	{ "inbound_attachments", inbound_attachments },
	{ "inbound_add", inbound_add },
	{ "inbound_update", inbound_update },
	{ "inbound_reparse", inbound_reparse },
	{ "inbound_get", inbound_get },
	{ "inbound_list", inbound_list },
	{ "inbound_list_contact", inbound_list_contact },
	{ "inbound_list_fate", inbound_list_fate },
	{ "inbound_list_open", inbound_list_open },
	{ "inbound_counts", inbound_counts },
	{ NULL, NULL },
};

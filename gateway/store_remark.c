/* store_remark - remarks with their numbers and versions */
#include "gateway/store_remark.h"

#include <stdio.h>
#include <string.h>

#include "gateway/keys.h"
#include "gateway/store_chain.h"
#include "gateway/store_internal.h"
#include "parsers/digest.h"
#include "parsers/text.h"

#define SALT_SIZE 32
#define NAME_SIZE 64
#define SEARCH_MAX 4096

/* ---- the words: version, commitment, search text ----------------------- */

static const char remark_name[] =
    "SELECT c.code || '/' || r.number FROM remark r"
    " JOIN consultation c ON c.id = r.consultation_id WHERE r.id = :id";

static enum status
read_name(char out[NAME_SIZE], struct store *st, int64_t id, struct err *err)
{
	struct arena a = { 0 };
	struct query q;
	enum status rc;

	query_open(&q, st, remark_name);
	query_id(&q, ":id", id);
	rc = query_step(&q, err);
	if (rc == ST_OK && q.has_row)
		snprintf(out, NAME_SIZE, "%s", query_get_text(&q, &a));
	else if (rc == ST_OK)
		rc = err_set(
		    err, ST_REJECT, "there is no remark %lld", (long long)id);
	arena_free(&a);
	return query_close(&q, rc, err);
}

/* Texts that differ only in case, marks and white space are the same. */
static void
hash_words(char out[SHA256_HEX], struct span text)
{
	struct arena a = { 0 };

	sha256_hex(out, text_fold_copy(&a, text));
	arena_free(&a);
}

static const char version_add[] =
    "INSERT INTO remark_version (remark_id, version, at_ms, who, text, salt,"
    " commitment, chain_number) VALUES (:remark, :version, :at, :who, :text,"
    " :salt, :commitment, :chain)";

/* `name`: "BL-7M4H/12". */
static enum status
add_version(struct store *st, const struct revision *v, int version,
    const char *name, char receipt[16], struct err *err)
{
	char salt[SALT_SIZE], commitment[CHAIN_HASH_SIZE];
	int64_t number = 0;
	struct query q;
	enum status rc;

	rc = random_bytes(salt, sizeof(salt), err);
	if (rc == ST_OK)
		rc = store_chain_commit(commitment,
		    (struct span){ salt, sizeof(salt) }, span_of(v->text), err);
	if (rc == ST_OK)
		rc = store_chain_append(st,
		    &(struct chain_event){ .event = v->event,
			.subject = name,
			.commitment = commitment,
			.at_ms = v->at_ms },
		    &number, receipt, err);
	if (rc != ST_OK)
		return rc;
	query_open(&q, st, version_add);
	query_id(&q, ":remark", v->remark_id);
	query_int(&q, ":version", version);
	query_int(&q, ":at", v->at_ms);
	query_text(&q, ":who", v->who);
	query_text(&q, ":text", v->text);
	query_blob(&q, ":salt", (struct span){ salt, sizeof(salt) });
	query_text(&q, ":commitment", commitment);
	query_int(&q, ":chain", number);
	return query_run(&q, err);
}

/* Words that wait for the end of the transaction, where they are indexed in
 * one go: the index is written out at every savepoint, which costs more than
 * all the rest of a message. */
struct waiting_words {
	int64_t id;
	const char *folded;
};

static const char fts_delete[] = "DELETE FROM remark_fts WHERE rowid = :id";
static const char fts_add[] =
    "INSERT INTO remark_fts (rowid, folded) VALUES (:id, :folded)";

static enum status
index_one(struct store *st, const struct waiting_words *w, struct err *err)
{
	struct query q;
	enum status rc;

	query_open(&q, st, fts_delete);
	query_id(&q, ":id", w->id);
	rc = query_run(&q, err);
	if (rc != ST_OK)
		return rc;
	query_open(&q, st, fts_add);
	query_id(&q, ":id", w->id);
	query_text(&q, ":folded", w->folded);
	return query_run(&q, err);
}

static enum status
index_waiting(struct store *st, struct err *err)
{
	enum status rc = ST_OK;

	for (size_t i = 0; i < st->at_commit.n && rc == ST_OK; i++)
		rc = index_one(st, &st->at_commit.words[i], err);
	return rc;
}

static enum status
index_words(struct store *st, int64_t id, const char *text, struct err *err)
{
	struct at_commit *end = &st->at_commit;
	struct waiting_words now = { id, "" }, *w = &now;
	struct arena a = { 0 };
	enum status rc = ST_OK;

	if (st->in_transaction)
		w = arena_push(&end->arena, &end->words, &end->n, sizeof(*w));
	if (w == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	w->id = id;
	w->folded =
	    text_fold_copy(st->in_transaction ? &end->arena : &a, span_of(text))
		.p;
	if (st->in_transaction)
		end->run = index_waiting;
	else
		rc = index_one(st, w, err);
	arena_free(&a);
	return rc;
}

/* ---- filing ------------------------------------------------------------ */

static const char number_take[] =
    "UPDATE consultation SET next_number = next_number + 1, filed = filed + 1"
    " WHERE id = :consultation";

static const char number_taken[] =
    "SELECT next_number - 1, code"
    " FROM consultation WHERE id = :consultation";

static enum status
take_number(
    char name[NAME_SIZE], struct store *st, struct remark *r, struct err *err)
{
	struct arena a = { 0 };
	struct query q;
	enum status rc;

	r->number = 0;
	query_open(&q, st, number_take);
	query_id(&q, ":consultation", r->consultation_id);
	rc = query_run(&q, err);
	if (rc != ST_OK)
		return rc;
	query_open(&q, st, number_taken);
	query_id(&q, ":consultation", r->consultation_id);
	rc = query_step(&q, err);
	if (rc == ST_OK && q.has_row) {
		r->number = query_get_int(&q);
		snprintf(name, NAME_SIZE, "%s/%lld", query_get_text(&q, &a),
		    (long long)r->number);
	}
	arena_free(&a);
	rc = query_close(&q, rc, err);
	if (rc == ST_OK && r->number == 0)
		rc = err_set(err, ST_REJECT, "there is no consultation %lld",
		    (long long)r->consultation_id);
	return rc;
}

static const char remark_add[] =
    "INSERT INTO remark (consultation_id, number, phase, inbound_id,"
    " contact_id, channel, provisions, state, received_ms, filed_ms,"
    " needs_staff, assignee, split_from, version, text_hash)"
    " SELECT :consultation, :number, phase, :inbound, :contact, :channel,"
    " :provisions, :state, :received, :filed, :needs_staff, :assignee,"
    " :split_from, 1, :text_hash FROM consultation WHERE id = :consultation";

static enum status
add_row(struct store *st, struct remark *r, struct err *err)
{
	char words[SHA256_HEX];
	struct query q;

	hash_words(words, span_of(r->text));
	query_open(&q, st, remark_add);
	query_id(&q, ":consultation", r->consultation_id);
	query_int(&q, ":number", r->number);
	query_id(&q, ":inbound", r->inbound_id);
	query_id(&q, ":contact", r->contact_id);
	query_text(&q, ":channel",
	    r->at_meeting ? "meeting" : channel_name(r->channel));
	query_text(&q, ":provisions", r->provisions);
	query_text(&q, ":state", r->state == NULL ? "new" : r->state);
	query_int(&q, ":received", r->received_ms);
	query_int(&q, ":filed", r->filed_ms);
	query_int(&q, ":needs_staff", r->needs_staff);
	query_text(&q, ":assignee", r->assignee);
	query_id(&q, ":split_from", r->split_from);
	query_text(&q, ":text_hash", words);
	return query_insert(&q, &r->id, err);
}

enum status
store_remark_add(struct store *st, struct remark *remark, const char *event,
    char receipt[16], struct err *err)
{
	char name[NAME_SIZE];
	struct revision first = { .text = remark->text,
		.event = event,
		.who = "",
		.at_ms = remark->filed_ms };
	enum status rc = take_number(name, st, remark, err);

	receipt[0] = '\0';
	if (rc == ST_OK)
		rc = add_row(st, remark, err);
	if (rc != ST_OK)
		return rc;
	first.remark_id = remark->id;
	rc = add_version(st, &first, 1, name, receipt, err);
	if (rc == ST_OK)
		rc = index_words(st, remark->id, remark->text, err);
	remark->version = 1;
	return rc;
}

static const char remark_next_version[] =
    "UPDATE remark SET version = version + 1, text_hash = :text_hash"
    " WHERE id = :id RETURNING version";

enum status
store_remark_revise(struct store *st, const struct revision *next,
    char receipt[16], struct err *err)
{
	char name[NAME_SIZE], words[SHA256_HEX];
	int64_t version = 0;
	struct query q;
	enum status rc;

	receipt[0] = '\0';
	hash_words(words, span_of(next->text));
	query_open(&q, st, remark_next_version);
	query_id(&q, ":id", next->remark_id);
	query_text(&q, ":text_hash", words);
	rc = query_number(&q, &version, err);
	if (rc == ST_OK && version == 0)
		rc = err_set(err, ST_REJECT, "there is no remark %lld",
		    (long long)next->remark_id);
	if (rc == ST_OK)
		rc = read_name(name, st, next->remark_id, err);
	if (rc == ST_OK)
		rc = add_version(st, next, (int)version, name, receipt, err);
	return rc == ST_OK ? index_words(st, next->remark_id, next->text, err)
			   : rc;
}

static const char remark_present[] =
    "SELECT c.code || '/' || r.number, v.commitment FROM remark r"
    " JOIN consultation c ON c.id = r.consultation_id"
    " JOIN remark_version v ON v.remark_id = r.id AND v.version = r.version"
    " WHERE r.id = :id";

static const char remark_withdraw[] =
    "UPDATE remark SET state = 'withdrawn' WHERE id = :id";

enum status
store_remark_withdraw(struct store *st, int64_t id, int64_t now,
    char receipt[16], struct err *err)
{
	int64_t number = 0;
	const char *name = "", *commitment = "";
	struct arena a = { 0 };
	struct query q;
	enum status rc;

	receipt[0] = '\0';
	query_open(&q, st, remark_present);
	query_id(&q, ":id", id);
	rc = query_step(&q, err);
	if (rc == ST_OK && q.has_row) {
		name = query_get_text(&q, &a);
		commitment = query_get_text(&q, &a);
	}
	rc = query_close(&q, rc, err);
	if (rc == ST_OK && name[0] == '\0')
		rc = err_set(
		    err, ST_REJECT, "there is no remark %lld", (long long)id);
	if (rc == ST_OK)
		rc = store_chain_append(st,
		    &(struct chain_event){ .event = "withdrawn",
			.subject = name,
			.commitment = commitment,
			.at_ms = now },
		    &number, receipt, err);
	arena_free(&a);
	if (rc != ST_OK)
		return rc;
	query_open(&q, st, remark_withdraw);
	query_id(&q, ":id", id);
	return query_run(&q, err);
}

static const char remark_set[] =
    "UPDATE remark SET state = :state, assignee = :assignee WHERE id = :id";

enum status
store_remark_set(struct store *st, int64_t id, const char *state,
    const char *assignee, struct err *err)
{
	struct query q;

	query_open(&q, st, remark_set);
	query_id(&q, ":id", id);
	query_text(&q, ":state", state);
	query_text(&q, ":assignee", assignee);
	return query_run(&q, err);
}

/* ---- reading ----------------------------------------------------------- */

#define COLUMNS                                                           \
	"SELECT r.id, r.consultation_id, c.code, r.number,"               \
	" c.code || '/' || r.number, r.inbound_id, r.contact_id, v.text," \
	" r.provisions, r.state, r.channel, r.received_ms, r.filed_ms,"   \
	" r.needs_staff, k.address, k.name, r.assignee, r.split_from,"    \
	" (SELECT substr(l.hash, 1, 12) FROM chain l"                     \
	" WHERE l.subject = c.code || '/' || r.number"                    \
	" ORDER BY l.number DESC LIMIT 1), r.version,"                    \
	" s.verdict, s.reasons, s.wording, s.at_ms, s.who"
#define JOINS                                                    \
	" JOIN consultation c ON c.id = r.consultation_id"       \
	" JOIN remark_version v ON v.remark_id = r.id"           \
	" AND v.version = r.version"                             \
	" LEFT JOIN contact k ON k.id = r.contact_id"            \
	" LEFT JOIN answer s ON s.id = (SELECT MAX(x.answer_id)" \
	" FROM answer_remark x WHERE x.remark_id = r.id)"

static void
read_row(struct query *q, struct arena *a, struct remark *out)
{
	const char *channel;

	out->id = query_get_int(q);
	out->consultation_id = query_get_int(q);
	out->code = query_get_text(q, a);
	out->number = query_get_int(q);
	out->name = query_get_text(q, a);
	out->inbound_id = query_get_int(q);
	out->contact_id = query_get_int(q);
	out->text = query_get_text(q, a);
	out->provisions = query_get_text(q, a);
	out->state = query_get_text(q, a);
	channel = query_get_text(q, a);
	out->channel = strcmp(channel, "sms") == 0 ? CHANNEL_SMS : CHANNEL_MAIL;
	out->at_meeting = strcmp(channel, "meeting") == 0;
	out->received_ms = query_get_int(q);
	out->filed_ms = query_get_int(q);
	out->needs_staff = query_get_bool(q);
	out->from = query_get_text(q, a);
	out->from_name = query_get_text(q, a);
	out->assignee = query_get_text(q, a);
	out->split_from = query_get_int(q);
	out->receipt = query_get_text(q, a);
	out->version = (int)query_get_int(q);
	out->verdict = query_get_text(q, a);
	out->reasons = query_get_text(q, a);
	out->wording = query_get_text(q, a);
	out->answered_ms = query_get_int(q);
	out->answered_by = query_get_text(q, a);
}

static enum status
read_one(struct query *q, struct arena *a, struct remark *out, struct err *err)
{
	enum status rc = query_step(q, err);

	*out = (struct remark){ 0 };
	if (rc == ST_OK && q->has_row)
		read_row(q, a, out);
	return query_close(q, rc, err);
}

/* What was withdrawn may be said again. */
static const char remark_same[] =
    COLUMNS " FROM remark r" JOINS
	    " WHERE r.contact_id = :contact AND r.text_hash = :text_hash"
	    " AND (:consultation IS NULL OR r.consultation_id = :consultation)"
	    " AND r.state <> 'withdrawn' ORDER BY r.id LIMIT 1";

enum status
store_remark_same(struct store *st, int64_t contact_id, int64_t consultation_id,
    struct span text, struct arena *a, struct remark *out, struct err *err)
{
	char words[SHA256_HEX];
	struct query q;

	hash_words(words, text);
	query_open(&q, st, remark_same);
	query_id(&q, ":contact", contact_id);
	query_id(&q, ":consultation", consultation_id);
	query_text(&q, ":text_hash", words);
	return read_one(&q, a, out, err);
}

static const char remark_get[] =
    COLUMNS " FROM remark r" JOINS " WHERE r.id = :id";

enum status
store_remark_get(struct store *st, int64_t id, struct arena *a,
    struct remark *out, struct err *err)
{
	struct query q;
	enum status rc;

	query_open(&q, st, remark_get);
	query_id(&q, ":id", id);
	rc = read_one(&q, a, out, err);
	if (rc == ST_OK && out->id == 0)
		return err_set(
		    err, ST_REJECT, "there is no remark %lld", (long long)id);
	return rc;
}

static const char remark_find[] =
    COLUMNS " FROM remark r" JOINS
	    " WHERE c.code = upper(:code) AND r.number = :number";

/* "BL-7M4H/12" into its two halves; false when it is none. */
static bool
split_name(const char *name, struct span *code, int64_t *number)
{
	struct span s = span_trim(span_of(name));
	size_t slash = span_find(s, "/");

	*code = span_sub(s, 0, slash);
	*number = 0;
	if (slash == 0 || slash + 1 >= s.n || s.n - slash > 12)
		return false;
	for (size_t i = slash + 1; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		*number = *number * 10 + (s.p[i] - '0');
	}
	return true;
}

enum status
store_remark_find(struct store *st, const char *name, struct arena *a,
    struct remark *out, struct err *err)
{
	struct span code;
	int64_t number;
	struct query q;
	enum status rc;

	*out = (struct remark){ 0 };
	if (!split_name(name, &code, &number))
		return err_set(err, ST_REJECT,
		    "\"%.40s\" is no remark's name: write it like BL-7M4H/12",
		    name);
	query_open(&q, st, remark_find);
	query_text(&q, ":code", arena_copy(a, code).p);
	query_int(&q, ":number", number);
	rc = read_one(&q, a, out, err);
	if (rc == ST_OK && out->id == 0)
		return err_set(err, ST_REJECT,
		    "there is no remark %.40s; see uwaga remark list", name);
	return rc;
}

static const char remark_versions[] =
    "SELECT version, at_ms, who, text FROM remark_version"
    " WHERE remark_id = :id AND version > :after ORDER BY version LIMIT 1";

enum status
store_remark_versions(struct store *st, int64_t id,
    enum status (*row)(void *arg, int version, int64_t at_ms, const char *who,
	const char *text),
    void *arg, struct err *err)
{
	int version = 0;
	enum status rc;
	bool more;

	do {
		struct arena a = { 0 };
		const char *who = "", *text = "";
		int64_t at = 0;
		struct query q;

		query_open(&q, st, remark_versions);
		query_id(&q, ":id", id);
		query_int(&q, ":after", version);
		rc = query_step(&q, err);
		more = rc == ST_OK && q.has_row;
		if (more) {
			version = (int)query_get_int(&q);
			at = query_get_int(&q);
			who = query_get_text(&q, &a);
			text = query_get_text(&q, &a);
		}
		rc = query_close(&q, rc, err);
		if (rc == ST_OK && more)
			rc = row(arg, version, at, who, text);
		arena_free(&a);
	} while (rc == ST_OK && more);
	return rc;
}

/* ---- lists ------------------------------------------------------------- */

#define REST                                                                \
	" AND r.id > :after"                                                \
	" AND (:consultation IS NULL OR r.consultation_id = :consultation)" \
	" AND (:contact IS NULL OR r.contact_id = :contact)"                \
	" AND (:inbound IS NULL OR r.inbound_id = :inbound)"                \
	" AND (:state = '' OR r.state = :state) ORDER BY r.id LIMIT :limit"

static const char remark_list[] =
    COLUMNS " FROM remark r" JOINS " WHERE TRUE" REST;
static const char remark_list_contact[] =
    COLUMNS " FROM remark r" JOINS " WHERE r.contact_id = :contact" REST;
static const char remark_list_inbound[] =
    COLUMNS " FROM remark r" JOINS " WHERE r.inbound_id = :inbound" REST;
static const char remark_search[] =
    COLUMNS " FROM remark_fts f JOIN remark r ON r.id = f.rowid" JOINS
	    " WHERE remark_fts MATCH :search AND f.rowid > :after" REST;

static void
open_list(struct query *q, struct store *st, const struct remark_filter *f)
{
	if (f->search != NULL)
		query_open(q, st, remark_search);
	else if (f->inbound_id != 0)
		query_open(q, st, remark_list_inbound);
	else if (f->contact_id != 0)
		query_open(q, st, remark_list_contact);
	else
		query_open(q, st, remark_list);
}

/* The words asked for as a query of FTS5: each the beginning of a word (Polish
 * has endings), all of them somewhere.  Only letters and digits get in, so
 * that no one's words are taken for operators. */
static enum status
make_search(struct buf *out, const char *search, struct err *err)
{
	struct arena a = { 0 };
	struct span rest = text_fold_copy(&a, span_of(search));
	bool in_word = false;
	size_t len;
	int32_t c;

	while ((c = text_next(rest, &len)) != 0 && len > 0) {
		if (text_is_word(c)) {
			if (!in_word)
				buf_str(out, out->n == 0 ? "\"" : " \"");
			buf_add(out, span_sub(rest, 0, len));
		} else if (in_word) {
			buf_str(out, "\"*");
		}
		in_word = text_is_word(c);
		rest = span_from(rest, len);
	}
	if (in_word)
		buf_str(out, "\"*");
	arena_free(&a);
	if (out->n == 0)
		return err_set(err, ST_REJECT,
		    "nothing to search for: give a word or a part of one");
	return buf_status(out, "what to search for", err);
}

struct page {
	struct arena arena; /* owned */
	struct remark rows[PAGE];
	int n;
	int64_t after; /* begins behind that id */
	const char *search; /* for FTS5; NULL: any */
};

static enum status
read_page(struct page *p, struct store *st, const struct remark_filter *f,
    struct err *err)
{
	struct query q;
	enum status rc;

	p->n = 0;
	open_list(&q, st, f);
	query_int(&q, ":after", p->after);
	if (p->search != NULL)
		query_text(&q, ":search", p->search);
	query_text(&q, ":state", f->state);
	query_id(&q, ":consultation", f->consultation_id);
	query_id(&q, ":contact", f->contact_id);
	query_id(&q, ":inbound", f->inbound_id);
	query_int(&q, ":limit", page_size(f->limit));
	while ((rc = query_step(&q, err)) == ST_OK && q.has_row) {
		read_row(&q, &p->arena, &p->rows[p->n]);
		p->after = p->rows[p->n++].id;
	}
	return query_close(&q, rc, err);
}

enum status
store_remark_list(struct store *st, const struct remark_filter *filter,
    enum status (*row)(void *arg, const struct remark *remark), void *arg,
    struct err *err)
{
	struct buf search = { .max = SEARCH_MAX };
	struct remark_filter f = *filter;
	struct page p = { .search = NULL };
	enum status rc = ST_OK;

	if (f.search != NULL) {
		rc = make_search(&search, f.search, err);
		p.search = buf_cstr(&search);
	}
	if (rc != ST_OK)
		goto out;
	do {
		rc = read_page(&p, st, &f, err);
		for (int i = 0; i < p.n && rc == ST_OK; i++)
			rc = row(arg, &p.rows[i]);
		arena_free(&p.arena);
	} while (rc == ST_OK && page_goes_on(p.n, &f.limit));
out:
	buf_free(&search);
	return rc;
}

const struct statement store_remark_statements[] = {
	{ "remark_name", remark_name },
	{ "version_add", version_add },
	{ "fts_delete", fts_delete },
	{ "fts_add", fts_add },
	{ "number_take", number_take },
	{ "number_taken", number_taken },
	{ "remark_add", remark_add },
	{ "remark_next_version", remark_next_version },
	{ "remark_present", remark_present },
	{ "remark_withdraw", remark_withdraw },
	{ "remark_set", remark_set },
	{ "remark_same", remark_same },
	{ "remark_get", remark_get },
	{ "remark_find", remark_find },
	{ "remark_versions", remark_versions },
	{ "remark_list", remark_list },
	{ "remark_list_contact", remark_list_contact },
	{ "remark_list_inbound", remark_list_inbound },
	{ "remark_search", remark_search },
	{ NULL, NULL },
};

/* store_chain - the append-only chain of events, and the audit */
#include "gateway/store_chain.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gateway/store_internal.h"
#include "parsers/digest.h"

#define LINK_MAX 1024
#define RECEIPT_CHARS 12

/* Before the first link. */
static const char no_hash[] =
    "0000000000000000000000000000000000000000000000000000000000000000";

struct link {
	int64_t number, at_ms;
	const char *previous, *event, *subject, *commitment, *hash;
};

/* ---- hashes ------------------------------------------------------------ */

static enum status
hash_link(char out[CHAIN_HASH_SIZE], const struct link *l, struct err *err)
{
	struct buf lines = { .max = LINK_MAX };
	enum status rc;

	buf_printf(&lines,
	    "uwaga-chain-1\n%s\n%" PRId64 "\n%" PRId64 "\n%s\n%s\n%s\n",
	    l->previous, l->number, l->at_ms, l->event, l->subject,
	    l->commitment);
	rc = buf_status(&lines, "a link of the chain", err);
	if (rc == ST_OK)
		sha256_hex(out, buf_span(&lines));
	buf_free(&lines);
	return rc;
}

enum status
store_chain_commit(char out[CHAIN_HASH_SIZE], struct span salt,
    struct span text, struct err *err)
{
	struct buf both = { .max = salt.n + text.n + 1 };
	enum status rc;

	buf_add(&both, salt);
	buf_add(&both, text);
	rc = buf_status(&both, "the text of a remark", err);
	if (rc == ST_OK)
		sha256_hex(out, buf_span(&both));
	buf_free(&both);
	return rc;
}

/* ---- growing ----------------------------------------------------------- */

static const char chain_head[] =
    "SELECT number, hash FROM chain ORDER BY number DESC LIMIT 1";

enum status
store_chain_head(struct store *st, int64_t *number, char hash[CHAIN_HASH_SIZE],
    struct err *err)
{
	struct arena a = { 0 };
	struct query q;
	enum status rc;

	*number = 0;
	snprintf(hash, CHAIN_HASH_SIZE, "%s", no_hash);
	query_open(&q, st, chain_head);
	rc = query_step(&q, err);
	if (rc == ST_OK && q.has_row) {
		*number = query_get_int(&q);
		snprintf(hash, CHAIN_HASH_SIZE, "%s", query_get_text(&q, &a));
	}
	rc = query_close(&q, rc, err);
	arena_free(&a);
	return rc;
}

static const char chain_add[] =
    "INSERT INTO chain (number, previous, at_ms, event, subject, commitment,"
    " hash) VALUES (:number, :previous, :at, :event, :subject, :commitment,"
    " :hash)";

static enum status
add_link(struct store *st, const struct link *l, struct err *err)
{
	struct query q;

	query_open(&q, st, chain_add);
	query_int(&q, ":number", l->number);
	query_text(&q, ":previous", l->previous);
	query_int(&q, ":at", l->at_ms);
	query_text(&q, ":event", l->event);
	query_text(&q, ":subject", l->subject);
	query_text(&q, ":commitment", l->commitment);
	query_text(&q, ":hash", l->hash);
	return query_run(&q, err);
}

enum status
store_chain_append(struct store *st, const struct chain_event *e,
    int64_t *number, char receipt[RECEIPT_SIZE], struct err *err)
{
	char previous[CHAIN_HASH_SIZE], hash[CHAIN_HASH_SIZE];
	struct link l = { .at_ms = e->at_ms,
		.previous = previous,
		.event = e->event,
		.subject = e->subject,
		.commitment = e->commitment,
		.hash = hash };
	enum status rc;

	receipt[0] = '\0';
	/* A line break would let two different links read the same. */
	if (strpbrk(e->event, "\r\n") != NULL ||
	    strpbrk(e->subject, "\r\n") != NULL ||
	    strlen(e->commitment) != CHAIN_HASH_SIZE - 1)
		return err_set(err, ST_BROKEN,
		    "a link of the chain has a line break, or no commitment");
	rc = store_chain_head(st, &l.number, previous, err);
	*number = ++l.number;
	if (rc == ST_OK)
		rc = hash_link(hash, &l, err);
	if (rc == ST_OK)
		rc = add_link(st, &l, err);
	if (rc == ST_OK)
		snprintf(receipt, RECEIPT_SIZE, "%.*s", RECEIPT_CHARS, hash);
	return rc;
}

/* ---- walking ----------------------------------------------------------- */

/* A link, and the version of a remark or the answer that it proves. */
struct proof {
	struct link link;
	int64_t words_id, version;
	const char *text_commitment, *name;
	bool has_text, is_erased; /* erased: a later link says so */
	bool is_answer;
	bool is_foreign; /* an answer at another link, or a remark at its */
	struct span salt, text; /* borrowed from the row */
};

struct walk {
	struct chain_report *out;
	const char *head, *receipt; /* asked for; may be NULL */
	int64_t number; /* of the link before */
	char hash[CHAIN_HASH_SIZE];
};

static bool
is_sound(const struct walk *w)
{
	return w->out->bad_number == 0;
}

static void blame(struct walk *w, int64_t number, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Notes what is wrong; the first finding stays. */
static void
blame(struct walk *w, int64_t number, const char *fmt, ...)
{
	va_list ap;

	if (!is_sound(w))
		return;
	w->out->bad_number = number;
	va_start(ap, fmt);
	vsnprintf(w->out->problem, sizeof(w->out->problem), fmt, ap);
	va_end(ap);
}

/* Those events bring words with them: a version of a remark, or an answer. */
static bool
has_words(const char *event)
{
	return strcmp(event, "filed") == 0 || strcmp(event, "corrected") == 0 ||
	       strcmp(event, "split") == 0 || strcmp(event, "merged") == 0 ||
	       strcmp(event, "answered") == 0;
}

static void
check_link(struct walk *w, const struct link *l)
{
	char hash[CHAIN_HASH_SIZE] = "";

	/* One that is too long to be hashed was never ours. */
	hash_link(hash, l, NULL);
	if (l->number != w->number + 1)
		blame(w, w->number + 1,
		    "link %lld is missing: %lld follows %lld",
		    (long long)w->number + 1, (long long)l->number,
		    (long long)w->number);
	else if (strcmp(l->previous, w->hash) != 0)
		blame(w, l->number,
		    "link %lld does not follow link %lld: one of them was "
		    "exchanged or moved",
		    (long long)l->number, (long long)w->number);
	else if (strcmp(hash, l->hash) != 0)
		blame(w, l->number,
		    "link %lld was altered: its hash does not fit what it says",
		    (long long)l->number);
	w->number = l->number;
	snprintf(w->hash, sizeof(w->hash), "%s", l->hash);
}

static enum status
check_words(struct walk *w, const struct proof *p, struct err *err)
{
	char again[CHAIN_HASH_SIZE];
	enum status rc;

	if (p->words_id == 0) {
		if (has_words(p->link.event))
			blame(w, p->link.number,
			    "the words that link %lld proves (%.60s) are gone",
			    (long long)p->link.number, p->link.subject);
		return ST_OK;
	}
	if (p->is_foreign || strcmp(p->name, p->link.subject) != 0 ||
	    strcmp(p->text_commitment, p->link.commitment) != 0)
		blame(w, p->link.number,
		    "link %lld proves %.60s, but %.60s refers to it",
		    (long long)p->link.number, p->link.subject, p->name);
	if (!p->has_text && !p->is_erased)
		blame(w, p->link.number,
		    "the text of %.60s, version %lld, is gone, and no link "
		    "says that it was erased",
		    p->name, (long long)p->version);
	if (!p->has_text)
		return ST_OK;
	rc = store_chain_commit(again, p->salt, p->text, err);
	if (rc != ST_OK)
		return rc;
	w->out->texts_checked++;
	if (strcmp(again, p->link.commitment) != 0 && p->is_answer)
		blame(w, p->link.number,
		    "the answer to %.60s that link %lld proves was altered",
		    p->name, (long long)p->link.number);
	else if (strcmp(again, p->link.commitment) != 0)
		blame(w, p->link.number,
		    "the text of %.60s, version %lld, was altered", p->name,
		    (long long)p->version);
	return ST_OK;
}

static void
note_asked(struct walk *w, const struct link *l)
{
	struct chain_report *out = w->out;

	if (w->head != NULL && strcmp(w->head, l->hash) == 0) {
		out->head_found = true;
		out->head_number = l->number;
	}
	if (w->receipt != NULL && !out->receipt_found &&
	    strlen(w->receipt) == RECEIPT_CHARS &&
	    strncmp(w->receipt, l->hash, RECEIPT_CHARS) == 0) {
		out->receipt_found = true;
		out->receipt_number = l->number;
		out->receipt_ms = l->at_ms;
		snprintf(out->receipt_event, sizeof(out->receipt_event), "%s",
		    l->event);
		snprintf(out->receipt_subject, sizeof(out->receipt_subject),
		    "%s", l->subject);
	}
}

static const char chain_walk[] =
    "SELECT l.number, l.previous, l.at_ms, l.event, l.subject, l.commitment,"
    " l.hash, COALESCE(v.id, x.answer_id), COALESCE(v.version, x.version),"
    " COALESCE(v.commitment, x.commitment), c.code || '/' || r.number,"
    " COALESCE(v.text, s.reasons) IS NOT NULL, x.answer_id IS NULL AND v.text"
    " IS NULL AND EXISTS (SELECT 1 FROM chain e WHERE e.subject = l.subject"
    " AND e.event = 'erased' AND e.number > l.number),"
    " x.answer_id IS NOT NULL, CASE l.event WHEN 'answered' THEN v.id ELSE"
    " x.answer_id END IS NOT NULL, COALESCE(v.salt, x.salt),"
    " COALESCE(v.text, " ANSWER_WORDS ") FROM chain l"
    " LEFT JOIN remark_version v ON v.chain_number = l.number"
    " LEFT JOIN answer_remark x ON x.chain_number = l.number"
    " LEFT JOIN answer s ON s.id = x.answer_id"
    " LEFT JOIN remark r ON r.id = COALESCE(v.remark_id, x.remark_id)"
    " LEFT JOIN consultation c ON c.id = r.consultation_id"
    " ORDER BY l.number";

static void
read_proof(struct query *q, struct arena *a, struct proof *p)
{
	p->link.number = query_get_int(q);
	p->link.previous = query_get_text(q, a);
	p->link.at_ms = query_get_int(q);
	p->link.event = query_get_text(q, a);
	p->link.subject = query_get_text(q, a);
	p->link.commitment = query_get_text(q, a);
	p->link.hash = query_get_text(q, a);
	p->words_id = query_get_int(q);
	p->version = query_get_int(q);
	p->text_commitment = query_get_text(q, a);
	p->name = query_get_text(q, a);
	p->has_text = query_get_bool(q);
	p->is_erased = query_get_bool(q);
	p->is_answer = query_get_bool(q);
	p->is_foreign = query_get_bool(q);
	p->salt = query_get_blob(q);
	p->text = query_get_blob(q);
}

static enum status
walk_links(struct store *st, struct walk *w, struct err *err)
{
	struct query q;
	enum status rc;

	query_open(&q, st, chain_walk);
	while ((rc = query_step(&q, err)) == ST_OK && q.has_row) {
		struct arena a = { 0 };
		struct proof p;

		read_proof(&q, &a, &p);
		note_asked(w, &p.link);
		check_link(w, &p.link);
		rc = check_words(w, &p, err);
		arena_free(&a);
		if (rc != ST_OK)
			break;
		w->out->links++;
	}
	return query_close(&q, rc, err);
}

/* Versions beyond the end of the chain, or beside it. */
static const char version_without_link[] =
    "SELECT v.chain_number, c.code || '/' || r.number, v.version"
    " FROM remark_version v JOIN remark r ON r.id = v.remark_id"
    " JOIN consultation c ON c.id = r.consultation_id"
    " WHERE NOT EXISTS (SELECT 1 FROM chain l WHERE l.number = v.chain_number)"
    " ORDER BY v.id LIMIT 1";

static const char remark_without_version[] =
    "SELECT 1, c.code || '/' || r.number, r.version FROM remark r"
    " JOIN consultation c ON c.id = r.consultation_id"
    " WHERE NOT EXISTS (SELECT 1 FROM remark_version v"
    " WHERE v.remark_id = r.id AND v.version = r.version)"
    " OR EXISTS (SELECT 1 FROM remark_version v"
    " WHERE v.remark_id = r.id AND v.version > r.version)"
    " ORDER BY r.id LIMIT 1";

static const char answer_without_link[] =
    "SELECT x.chain_number, c.code || '/' || r.number, x.version"
    " FROM answer_remark x JOIN remark r ON r.id = x.remark_id"
    " JOIN consultation c ON c.id = r.consultation_id"
    " WHERE NOT EXISTS (SELECT 1 FROM chain l WHERE l.number = x.chain_number"
    " AND l.event = 'answered') ORDER BY x.chain_number LIMIT 1";

/* The first row of a query that should have none. */
static enum status
find_stray(
    struct walk *w, struct query *q, const char *problem, struct err *err)
{
	struct arena a = { 0 };
	enum status rc = query_step(q, err);

	if (rc == ST_OK && q->has_row) {
		int64_t number = query_get_int(q);
		const char *name = query_get_text(q, &a);
		int64_t version = query_get_int(q);

		blame(w, number, "%s, version %lld, %s", name,
		    (long long)version, problem);
	}
	rc = query_close(q, rc, err);
	arena_free(&a);
	return rc;
}

static enum status
find_strays(struct store *st, struct walk *w, struct err *err)
{
	struct query q;
	enum status rc;

	query_open(&q, st, version_without_link);
	rc = find_stray(w, &q, "has no link in the chain", err);
	if (rc != ST_OK)
		return rc;
	query_open(&q, st, answer_without_link);
	rc = find_stray(w, &q, "has an answer without a link", err);
	if (rc != ST_OK)
		return rc;
	query_open(&q, st, remark_without_version);
	return find_stray(w, &q, "is not its newest version, or is gone", err);
}

/* AUTOINCREMENT remembers the highest number it ever gave. */
static const char chain_ever[] =
    "SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'chain'";

static enum status
find_cut(struct store *st, struct walk *w, struct err *err)
{
	int64_t ever = 0;
	struct query q;
	enum status rc;

	query_open(&q, st, chain_ever);
	rc = query_number(&q, &ever, err);
	if (rc == ST_OK && ever > w->number)
		blame(w, w->number + 1,
		    "the chain was cut off: there were %lld links",
		    (long long)ever);
	return rc;
}

enum status
store_chain_verify(struct store *st, const char *head, const char *receipt,
    struct chain_report *out, struct err *err)
{
	struct walk w = { .out = out, .head = head, .receipt = receipt };
	bool ours = !st->in_transaction;
	enum status rc = ST_OK;

	*out = (struct chain_report){ 0 };
	snprintf(w.hash, sizeof(w.hash), "%s", no_hash);
	/* One view of everything, whatever is written meanwhile. */
	if (ours)
		rc = store_execute(st, "BEGIN", "begin to read", err);
	if (rc != ST_OK)
		return rc;
	rc = walk_links(st, &w, err);
	if (rc == ST_OK)
		rc = find_strays(st, &w, err);
	if (rc == ST_OK)
		rc = find_cut(st, &w, err);
	if (ours)
		store_execute(st, "ROLLBACK", "end of reading", NULL);
	return rc;
}

/* ---- the audit --------------------------------------------------------- */

static const char audit_add[] =
    "INSERT INTO audit (at_ms, who, what, subject, before, after)"
    " VALUES (:at, :who, :what, :subject, :before, :after)";

enum status
store_audit(struct store *st, const struct audit *audit, struct err *err)
{
	struct query q;

	query_open(&q, st, audit_add);
	query_int(&q, ":at", audit->at_ms);
	query_text(&q, ":who", audit->who);
	query_text(&q, ":what", audit->what);
	query_text(&q, ":subject", audit->subject);
	query_text(&q, ":before", audit->before);
	query_text(&q, ":after", audit->after);
	return query_run(&q, err);
}

const struct statement store_chain_statements[] = {
	{ "chain_head", chain_head },
	{ "chain_add", chain_add },
	{ "chain_walk", chain_walk },
	{ "version_without_link", version_without_link },
	{ "answer_without_link", answer_without_link },
	{ "remark_without_version", remark_without_version },
	{ "chain_ever", chain_ever },
	{ "audit_add", audit_add },
	{ NULL, NULL },
};

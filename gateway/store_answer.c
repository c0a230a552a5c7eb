/* store_answer - what the office decided about remarks, and who was told */
#include "gateway/store_answer.h"

#include <stdio.h>
#include <string.h>

#include "gateway/keys.h"
#include "gateway/store_chain.h"
#include "gateway/store_internal.h"

#define SALT_SIZE 32

/* ---- giving ------------------------------------------------------------ */

static const char answer_add[] =
    "INSERT INTO answer (verdict, reasons, wording, at_ms, who)"
    " VALUES (:verdict, :reasons, :wording, :at, :who)";

enum status
store_answer_add(struct store *st, struct answer *answer, struct err *err)
{
	struct query q;

	query_open(&q, st, answer_add);
	query_text(&q, ":verdict", answer->verdict);
	query_text(&q, ":reasons", answer->reasons);
	query_text(&q, ":wording", answer->wording);
	query_int(&q, ":at", answer->at_ms);
	query_text(&q, ":who", answer->who);
	return query_insert(&q, &answer->id, err);
}

/* A remark, and the words that are decided about it. */
struct giving {
	const struct answer *answer;
	int64_t remark_id, version;
	const char *name, *words;
};

static const char answer_words[] =
    "SELECT c.code || '/' || r.number, r.version, " ANSWER_WORDS
    " FROM remark r JOIN consultation c ON c.id = r.consultation_id"
    " JOIN answer s ON s.id = :answer WHERE r.id = :remark";

static enum status
read_giving(
    struct giving *g, struct store *st, struct arena *a, struct err *err)
{
	struct query q;
	enum status rc;

	query_open(&q, st, answer_words);
	query_id(&q, ":answer", g->answer->id);
	query_id(&q, ":remark", g->remark_id);
	rc = query_step(&q, err);
	if (rc == ST_OK && q.has_row) {
		g->name = query_get_text(&q, a);
		g->version = query_get_int(&q);
		g->words = query_get_text(&q, a);
	}
	rc = query_close(&q, rc, err);
	if (rc == ST_OK && g->name == NULL)
		rc = err_set(err, ST_REJECT, "there is no remark %lld",
		    (long long)g->remark_id);
	return rc;
}

static const char answer_link[] =
    "INSERT INTO answer_remark (answer_id, remark_id, version, salt,"
    " commitment, chain_number) VALUES (:answer, :remark, :version, :salt,"
    " :commitment, :chain)";

static enum status
add_link(
    struct store *st, const struct giving *g, char receipt[16], struct err *err)
{
	char salt[SALT_SIZE], commitment[CHAIN_HASH_SIZE];
	struct span grains = { salt, sizeof(salt) };
	int64_t number = 0;
	struct query q;
	enum status rc = random_bytes(salt, sizeof(salt), err);

	if (rc == ST_OK)
		rc = store_chain_commit(
		    commitment, grains, span_of(g->words), err);
	if (rc == ST_OK)
		rc = store_chain_append(st,
		    &(struct chain_event){ .event = "answered",
			.subject = g->name,
			.commitment = commitment,
			.at_ms = g->answer->at_ms },
		    &number, receipt, err);
	if (rc != ST_OK)
		return rc;
	query_open(&q, st, answer_link);
	query_id(&q, ":answer", g->answer->id);
	query_id(&q, ":remark", g->remark_id);
	query_int(&q, ":version", g->version);
	query_blob(&q, ":salt", grains);
	query_text(&q, ":commitment", commitment);
	query_int(&q, ":chain", number);
	return query_run(&q, err);
}

static const char remark_answered[] =
    "UPDATE remark SET state = 'answered' WHERE id = :id";

enum status
store_answer_give(struct store *st, const struct answer *answer,
    int64_t remark_id, char receipt[16], struct err *err)
{
	struct giving g = { .answer = answer, .remark_id = remark_id };
	struct arena a = { 0 };
	struct query q;
	enum status rc = read_giving(&g, st, &a, err);

	receipt[0] = '\0';
	if (rc == ST_OK)
		rc = add_link(st, &g, receipt, err);
	arena_free(&a);
	if (rc != ST_OK)
		return rc;
	query_open(&q, st, remark_answered);
	query_id(&q, ":id", remark_id);
	return query_run(&q, err);
}

/* ---- telling ----------------------------------------------------------- */

static const char answer_told_add[] =
    "INSERT INTO answer_told (answer_id, contact_id, outbox_id)"
    " VALUES (:answer, :contact, :outbox)";

enum status
store_answer_told(struct store *st, int64_t answer_id, int64_t contact_id,
    int64_t outbox_id, struct err *err)
{
	struct query q;

	query_open(&q, st, answer_told_add);
	query_id(&q, ":answer", answer_id);
	query_id(&q, ":contact", contact_id);
	query_id(&q, ":outbox", outbox_id);
	return query_run(&q, err);
}

/* A row that also tells of a remark which has no newer answer still leaves. */
static const char answer_overtake[] =
    "UPDATE outbox SET state = 'cancelled', due_ms = NULL,"
    " error = 'overtaken by a newer answer'"
    " WHERE state IN ('queued', 'deferred') AND id IN"
    " (SELECT t.outbox_id FROM answer_told t WHERE t.contact_id = :contact"
    " AND t.answer_id < :answer AND NOT EXISTS (SELECT 1 FROM remark r"
    " CROSS JOIN answer_remark x ON x.remark_id = r.id"
    " AND x.answer_id = t.answer_id WHERE r.contact_id = :contact"
    " AND NOT EXISTS (SELECT 1 FROM answer_remark y"
    " WHERE y.remark_id = r.id AND y.answer_id > t.answer_id)))";

static const char answer_seen[] =
    "SELECT COALESCE(MAX(s.at_ms), 0) FROM answer_told t"
    " JOIN answer s ON s.id = t.answer_id JOIN outbox o ON o.id = t.outbox_id"
    " WHERE t.contact_id = :contact AND t.answer_id < :answer"
    " AND (o.state NOT IN ('cancelled', 'failed') OR o.doubts > 0)"
    " AND EXISTS (SELECT 1 FROM remark r"
    " CROSS JOIN answer_remark x ON x.remark_id = r.id"
    " AND x.answer_id = t.answer_id CROSS JOIN answer_remark y"
    " ON y.remark_id = r.id AND y.answer_id = :answer"
    " WHERE r.contact_id = :contact)";

enum status
store_answer_overtake(struct store *st, int64_t contact_id, int64_t answer_id,
    int64_t *seen_ms, struct err *err)
{
	struct query q;
	enum status rc;

	*seen_ms = 0;
	query_open(&q, st, answer_overtake);
	query_id(&q, ":contact", contact_id);
	query_id(&q, ":answer", answer_id);
	rc = query_run(&q, err);
	if (rc != ST_OK)
		return rc;
	query_open(&q, st, answer_seen);
	query_id(&q, ":contact", contact_id);
	query_id(&q, ":answer", answer_id);
	return query_number(&q, seen_ms, err);
}

static const char answer_reach[] =
    "SELECT k.silenced_ms IS NOT NULL, k.bounced_ms IS NOT NULL,"
    " COALESCE(i.may_answer, 0) FROM contact k"
    " LEFT JOIN inbound i ON i.id = :inbound WHERE k.id = :contact";

enum status
store_answer_reach(struct store *st, const struct remark *remark,
    const char **why, struct err *err)
{
	struct query q;
	enum status rc;

	*why = "no address of its author is known";
	query_open(&q, st, answer_reach);
	query_id(&q, ":contact", remark->contact_id);
	query_id(&q, ":inbound", remark->inbound_id);
	rc = query_step(&q, err);
	if (rc == ST_OK && q.has_row) {
		bool is_silent = query_get_bool(&q);
		bool is_dead = query_get_bool(&q);
		bool may_answer = query_get_bool(&q);

		*why = is_silent     ? "its author wants to hear nothing more"
		       : is_dead     ? "the address takes no mail any more"
		       : !may_answer ? "its sender is not one to write to"
				     : NULL;
	}
	return query_close(&q, rc, err);
}

/* ---- reading ----------------------------------------------------------- */

static const char answer_list[] =
    "SELECT s.id, s.verdict, s.reasons, s.wording, s.at_ms, s.who, x.version,"
    " substr(l.hash, 1, 12) FROM answer_remark x"
    " JOIN answer s ON s.id = x.answer_id"
    " JOIN chain l ON l.number = x.chain_number"
    " WHERE x.remark_id = :remark AND x.answer_id > :after"
    " ORDER BY x.answer_id LIMIT 1";

static void
read_answer(struct query *q, struct arena *a, struct answer *out)
{
	out->id = query_get_int(q);
	out->verdict = query_get_text(q, a);
	out->reasons = query_get_text(q, a);
	out->wording = query_get_text(q, a);
	out->at_ms = query_get_int(q);
	out->who = query_get_text(q, a);
	out->version = (int)query_get_int(q);
	out->receipt = query_get_text(q, a);
}

enum status
store_answer_list(struct store *st, int64_t remark_id,
    enum status (*row)(void *arg, const struct answer *answer), void *arg,
    struct err *err)
{
	struct answer answer = { 0 };
	enum status rc;
	bool more;

	do {
		struct arena a = { 0 };
		struct query q;

		query_open(&q, st, answer_list);
		query_id(&q, ":remark", remark_id);
		query_int(&q, ":after", answer.id);
		rc = query_step(&q, err);
		more = rc == ST_OK && q.has_row;
		if (more)
			read_answer(&q, &a, &answer);
		rc = query_close(&q, rc, err);
		if (rc == ST_OK && more)
			rc = row(arg, &answer);
		arena_free(&a);
	} while (rc == ST_OK && more);
	return rc;
}

const struct statement store_answer_statements[] = {
	{ "answer_add", answer_add },
	{ "answer_words", answer_words },
	{ "answer_link", answer_link },
	{ "remark_answered", remark_answered },
	{ "answer_told_add", answer_told_add },
	{ "answer_overtake", answer_overtake },
	{ "answer_seen", answer_seen },
	{ "answer_reach", answer_reach },
	{ "answer_list", answer_list },
	{ NULL, NULL },
};

/* store_outbox - what is owed to people: one row per recipient */
#include "gateway/store_outbox.h"

#include <string.h>

#include "gateway/store_body.h"
#include "gateway/store_internal.h"

static const char *const states[] = {
	[OUTBOX_QUEUED] = "queued",
	[OUTBOX_CLAIMED] = "claimed",
	[OUTBOX_SENT] = "sent",
	[OUTBOX_DEFERRED] = "deferred",
	[OUTBOX_FAILED] = "failed",
	[OUTBOX_UNKNOWN] = "unknown",
	[OUTBOX_CANCELLED] = "cancelled",
};

const char *
outbox_state_name(enum outbox_state state)
{
	return states[state];
}

enum outbox_state
outbox_state_by_name(const char *name)
{
	for (int i = 0; i < OUTBOX_STATE_COUNT; i++)
		if (strcmp(states[i], name) == 0)
			return (enum outbox_state)i;
	return OUTBOX_STATE_COUNT;
}

/* ---- writing ----------------------------------------------------------- */

/* A queued row without a time is due at once; only what is deferred may have
 * no time, and then waits for staff. */
static const char outbox_add[] =
    "INSERT INTO outbox (channel, contact_id, inbound_id, consultation_id,"
    " remark_id, recipient, via, template, question, subject,"
    " language, message_id, token, in_reply_to, reference_ids, state, due_ms,"
    " attempts, doubts, created_ms, claimed_ms, settled_ms, error,"
    " external_id, segments, receipt, notice_id, notice_text_id)"
    " VALUES (:channel, :contact, :inbound, :consultation, :remark,"
    " :recipient, :via, :template, :question, :subject,"
    " :language, :message_id, :token, :in_reply_to, :reference_ids, :state,"
    " CASE WHEN :state = 'queued' THEN COALESCE(:due, :created) ELSE :due END,"
    " :attempts, :doubts, :created, :claimed, :settled, :error,"
    " :external_id, :segments, :receipt, :notice, :notice_text)";

static void
bind_letter(struct query *q, const struct outbox *row)
{
	query_text(q, ":channel", channel_name(row->channel));
	query_id(q, ":contact", row->contact_id);
	query_id(q, ":inbound", row->inbound_id);
	query_id(q, ":consultation", row->consultation_id);
	query_id(q, ":remark", row->remark_id);
	query_text(q, ":recipient", row->to);
	query_text(q, ":via", row->via);
	query_text(q, ":template", row->template_name);
	query_text(q, ":question", row->question);
	query_text(q, ":subject", row->subject);
	query_text(q, ":language", row->language);
	query_text(q, ":message_id", row->message_id);
	query_text(q, ":token", row->token);
	query_text(q, ":in_reply_to", row->in_reply_to);
	query_text(q, ":reference_ids", row->references);
	query_int(q, ":created", row->created_ms);
	query_int(q, ":segments", row->segments);
	query_text(q, ":receipt", row->receipt);
	query_id(q, ":notice", row->notice_id);
	query_id(q, ":notice_text", row->notice_text_id);
}

static void
bind_result(struct query *q, const struct outbox *row)
{
	query_text(q, ":state", outbox_state_name(row->state));
	query_time(q, ":due", row->due_ms);
	query_int(q, ":attempts", row->attempts);
	query_int(q, ":doubts", row->doubts);
	query_time(q, ":claimed", row->claimed_ms);
	query_time(q, ":settled", row->settled_ms);
	query_text(q, ":error", row->error);
	query_text(q, ":external_id", row->external_id);
}

static const char outbox_text_add[] =
    "INSERT INTO outbox_text (outbox_id, body, html)"
    " VALUES (:id, :body, :html)";

static enum status
add_text(struct store *st, const struct outbox *row, struct err *err)
{
	struct buf html = { 0 };
	struct query q;
	enum status rc = body_pack_text(&html, st, row->html, err);

	if (rc != ST_OK)
		goto out;
	query_open(&q, st, outbox_text_add);
	query_id(&q, ":id", row->id);
	query_text(&q, ":body", row->body);
	query_blob(&q, ":html", buf_span(&html));
	rc = query_run(&q, err);
out:
	buf_free(&html);
	return rc;
}

enum status
store_outbox_add(struct store *st, struct outbox *row, struct err *err)
{
	struct query q;
	enum status rc;

	query_open(&q, st, outbox_add);
	bind_letter(&q, row);
	bind_result(&q, row);
	rc = query_insert(&q, &row->id, err);
	if (query_is_taken(&q))
		return err_set(err, ST_REJECT,
		    "a message with that Message-ID or token is in the outbox "
		    "already");
	/* The words of a notice stand in its own texts. */
	return rc == ST_OK && row->notice_text_id == 0 ? add_text(st, row, err)
						       : rc;
}

#define SETTLE                                                                \
	"UPDATE outbox SET state = :state,"                                   \
	" due_ms = CASE WHEN :state = 'queued'"                               \
	" THEN COALESCE(:due, created_ms) ELSE :due END,"                     \
	" attempts = :attempts, doubts = :doubts, claimed_ms = :claimed,"     \
	" settled_ms = :settled, error = :error, external_id = :external_id," \
	" arrival = :arrival, ask_ms = :ask WHERE id = :id"

static const char outbox_settle[] = SETTLE;
static const char outbox_hand_back[] = SETTLE " AND state = 'claimed'";

static enum status
settle(struct query *q, const struct outbox *row, struct err *err)
{
	query_id(q, ":id", row->id);
	bind_result(q, row);
	query_text(q, ":arrival", row->arrival == NULL ? "" : row->arrival);
	query_time(q, ":ask", row->ask_ms);
	return query_run(q, err);
}

enum status
store_outbox_settle(struct store *st, const struct outbox *row, struct err *err)
{
	struct query q;

	query_open(&q, st, outbox_settle);
	return settle(&q, row, err);
}

enum status
store_outbox_hand_back(
    struct store *st, const struct outbox *row, struct err *err)
{
	struct query q;

	query_open(&q, st, outbox_hand_back);
	return settle(&q, row, err);
}

static const char outbox_orphans[] =
    "UPDATE outbox SET state = 'unknown', due_ms = NULL, settled_ms = :now,"
    " attempts = attempts + 1, doubts = doubts + 1,"
    " error = 'in a sender''s hands when the program stopped'"
    " WHERE state = 'claimed' AND channel = :channel";

enum status
store_outbox_recover(struct store *st, enum channel channel, int64_t now,
    int64_t *n, struct err *err)
{
	struct query q;
	enum status rc;

	query_open(&q, st, outbox_orphans);
	query_text(&q, ":channel", channel_name(channel));
	query_time(&q, ":now", now);
	rc = query_run(&q, err);
	*n = rc == ST_OK ? sqlite3_changes64(st->db) : 0;
	return rc;
}

/* ---- reading ----------------------------------------------------------- */

#define SELECT_COLUMNS                                                              \
	"SELECT o.id, o.channel, o.contact_id, o.inbound_id,"                       \
	" o.consultation_id, o.remark_id, o.recipient, o.via, o.template,"          \
	" o.question, COALESCE(t.subject, o.subject),"                              \
	" COALESCE(t.body, x.body), t.html, x.html, o.language, o.message_id,"      \
	" o.token, o.in_reply_to, o.reference_ids, o.state, o.due_ms,"              \
	" o.attempts, o.doubts, o.created_ms, o.claimed_ms, o.settled_ms, o.error," \
	" o.external_id, o.segments, o.receipt, o.arrival, o.arrival_why, o.arrival_ms, o.ask_ms, c.code, o.notice_id, o.notice_text_id, t.calendar, t.method"
#define SELECT_ROW SELECT_COLUMNS " FROM outbox o"
#define JOIN_CODE                                               \
	" LEFT JOIN outbox_text x ON x.outbox_id = o.id"        \
	" LEFT JOIN consultation c ON c.id = o.consultation_id" \
	" LEFT JOIN notice_text t ON t.id = o.notice_text_id"

static void
read_row(struct query *q, struct arena *a, struct outbox *out)
{
	struct span packed;

	out->id = query_get_int(q);
	out->channel = strcmp(query_get_text(q, a), "sms") == 0 ? CHANNEL_SMS
								: CHANNEL_MAIL;
	out->contact_id = query_get_int(q);
	out->inbound_id = query_get_int(q);
	out->consultation_id = query_get_int(q);
	out->remark_id = query_get_int(q);
	out->to = query_get_text(q, a);
	out->via = query_get_text(q, a);
	out->template_name = query_get_text(q, a);
	out->question = query_get_text(q, a);
	out->subject = query_get_text(q, a);
	out->body = query_get_text(q, a);
	out->html = query_get_text(q, a); /* of a notice */
	packed = query_get_blob(q);
	if (packed.n > 0 && q->rc == ST_OK)
		q->rc = body_text(&out->html, a, q->st, packed, &q->err);
	out->language = query_get_text(q, a);
	out->message_id = query_get_text(q, a);
	out->token = query_get_text(q, a);
	out->in_reply_to = query_get_text(q, a);
	out->references = query_get_text(q, a);
	out->state = outbox_state_by_name(query_get_text(q, a));
	out->due_ms = query_get_int(q);
	out->attempts = (int)query_get_int(q);
	out->doubts = (int)query_get_int(q);
	out->created_ms = query_get_int(q);
	out->claimed_ms = query_get_int(q);
	out->settled_ms = query_get_int(q);
	out->error = query_get_text(q, a);
	out->external_id = query_get_text(q, a);
	out->segments = query_get_int(q);
	out->receipt = query_get_text(q, a);
	out->arrival = query_get_text(q, a);
	out->arrival_why = query_get_text(q, a);
	out->arrival_ms = query_get_int(q);
	out->ask_ms = query_get_int(q);
	out->code = query_get_text(q, a);
	out->notice_id = query_get_int(q);
	out->notice_text_id = query_get_int(q);
	out->calendar = query_get_text(q, a);
	out->method = query_get_text(q, a);
}

/* The row of a query that has at most one; id 0 without one. */
static enum status
read_one(struct query *q, struct arena *a, struct outbox *out, struct err *err)
{
	enum status rc = query_step(q, err);

	*out = (struct outbox){ 0 };
	if (rc == ST_OK && q->has_row)
		read_row(q, a, out);
	return query_close(q, rc, err);
}

static const char outbox_get[] = SELECT_ROW JOIN_CODE " WHERE o.id = :id";

enum status
store_outbox_get(struct store *st, int64_t id, struct arena *a,
    struct outbox *out, struct err *err)
{
	struct query q;
	enum status rc;

	query_open(&q, st, outbox_get);
	query_id(&q, ":id", id);
	rc = read_one(&q, a, out, err);
	if (rc == ST_OK && out->id == 0)
		return err_set(err, ST_REJECT,
		    "there is no outbox row %lld; see uwaga outbox list",
		    (long long)id);
	return rc;
}

static const char outbox_by_message_id[] = SELECT_ROW JOIN_CODE
    " WHERE o.message_id = :message_id AND o.message_id <> ''";

enum status
store_outbox_by_message_id(struct store *st, const char *message_id,
    struct arena *a, struct outbox *out, struct err *err)
{
	struct query q;

	query_open(&q, st, outbox_by_message_id);
	query_text(&q, ":message_id", message_id);
	return read_one(&q, a, out, err);
}

/* Tokens are in lower case, but mailers fold addresses as they like. */
static const char outbox_by_token[] =
    SELECT_ROW JOIN_CODE " WHERE o.token = lower(:token) AND o.token <> ''";

enum status
store_outbox_by_token(struct store *st, const char *token, struct arena *a,
    struct outbox *out, struct err *err)
{
	struct query q;

	query_open(&q, st, outbox_by_token);
	query_text(&q, ":token", token);
	return read_one(&q, a, out, err);
}

/* What asks for nothing stands between a question and its answer. */
#define ASKS_NOTHING                                                     \
	"('confirm_remark', 'unsubscribe_confirm', 'subscribe_confirm'," \
	" 'stopped_all', 'help', 'state', 'correction_done', 'withdrawn')"

static const char outbox_last[] = SELECT_ROW JOIN_CODE
    " WHERE o.contact_id = :contact AND o.state NOT IN ('cancelled', 'failed')"
    " AND o.template <> 'answer_to_remark'"
    " AND (NOT :asking OR (o.template NOT IN " ASKS_NOTHING
    " AND (o.notice_id IS NULL OR o.state IN ('sent', 'unknown', 'claimed'))))"
    " ORDER BY o.created_ms DESC, o.id DESC LIMIT 1";

enum status
store_outbox_last(struct store *st, int64_t contact_id, bool asking,
    struct arena *a, struct outbox *out, struct err *err)
{
	struct query q;

	query_open(&q, st, outbox_last);
	query_id(&q, ":contact", contact_id);
	query_int(&q, ":asking", asking);
	return read_one(&q, a, out, err);
}

/* ---- claiming ---------------------------------------------------------- */

/* What a single person waits for goes first, then notices to many: of these the
 * newest, as a cancellation cannot wait for the rest of a long announcement. */
#define DUE                                                           \
	"SELECT id FROM (SELECT id FROM (SELECT id FROM outbox"       \
	" INDEXED BY outbox_due WHERE channel = :channel"             \
	" AND state IN ('queued', 'deferred') AND notice_id IS NULL"  \
	" AND due_ms <= :now ORDER BY due_ms, id LIMIT :max)"         \
	" UNION ALL SELECT id FROM (SELECT o.id FROM notice n"        \
	" CROSS JOIN outbox o INDEXED BY outbox_notice"               \
	" ON o.notice_id = n.id AND o.channel = :channel"             \
	" AND o.state IN ('queued', 'deferred') AND o.due_ms <= :now" \
	" WHERE n.state = 'sending' ORDER BY n.id DESC LIMIT :max))"  \
	" LIMIT :max"

static const char outbox_due[] = SELECT_COLUMNS
    " FROM (" DUE ") d CROSS JOIN outbox o ON o.id = d.id" JOIN_CODE;

static enum status
read_due(struct query *q, struct arena *a, struct outbox **out, size_t *n,
    struct err *err)
{
	struct outbox *row;
	enum status rc;

	while ((rc = query_step(q, err)) == ST_OK && q->has_row) {
		row = arena_push(a, out, n, sizeof(**out));
		if (row == NULL) {
			rc = err_set(err, ST_BROKEN, "out of memory");
			break;
		}
		read_row(q, a, row);
	}
	return query_close(q, rc, err);
}

static const char outbox_mark_claimed[] =
    "UPDATE outbox SET state = 'claimed', claimed_ms = :now WHERE id = :id";

static enum status
mark_claimed(struct store *st, struct outbox *row, int64_t now, struct err *err)
{
	struct query q;

	row->state = OUTBOX_CLAIMED;
	row->claimed_ms = now;
	query_open(&q, st, outbox_mark_claimed);
	query_id(&q, ":id", row->id);
	query_time(&q, ":now", now);
	return query_run(&q, err);
}

enum status
store_outbox_claim(struct store *st, const struct outbox_due *due,
    struct arena *a, struct outbox **out, size_t *n, struct err *err)
{
	struct query q;
	enum status rc;

	*out = NULL;
	*n = 0;
	query_open(&q, st, outbox_due);
	query_text(&q, ":channel", channel_name(due->channel));
	query_int(&q, ":now", due->now);
	query_int(&q, ":max", due->max);
	rc = read_due(&q, a, out, n, err);
	for (size_t i = 0; i < *n && rc == ST_OK; i++)
		rc = mark_claimed(st, &(*out)[i], due->now, err);
	return rc;
}

static const char outbox_next_due[] =
    "SELECT MIN(due) FROM (SELECT MIN(due_ms) AS due FROM outbox"
    " INDEXED BY outbox_due WHERE channel = :channel AND notice_id IS NULL"
    " AND state IN ('queued', 'deferred') AND due_ms IS NOT NULL"
    " UNION ALL SELECT (SELECT MIN(o.due_ms) FROM outbox o"
    " INDEXED BY outbox_notice WHERE o.notice_id = n.id AND o.state = s.state"
    " AND o.channel = :channel AND o.due_ms IS NOT NULL) FROM notice n,"
    " (SELECT 'queued' AS state UNION ALL SELECT 'deferred') s"
    " WHERE n.state = 'sending')";

enum status
store_outbox_next_due(
    struct store *st, enum channel channel, int64_t *due, struct err *err)
{
	struct query q;

	query_open(&q, st, outbox_next_due);
	query_text(&q, ":channel", channel_name(channel));
	return query_number(&q, due, err);
}

/* Nothing is put off for more than an hour after its last attempt; what waits
 * longer than that was given its time by the old clock, or is a text or a
 * notice that was meant for later. */
static const char outbox_redate[] =
    "UPDATE outbox SET due_ms = :now WHERE state IN ('queued', 'deferred')"
    " AND due_ms > :now + 60000 AND ("
    "(channel = 'mail' AND state = 'deferred' AND due_ms > :now + 3660000)"
    " OR (settled_ms > :now + 60000 AND due_ms <= settled_ms + 3600000)"
    " OR (created_ms > :now + 60000 AND due_ms <= created_ms"
    " + CASE WHEN notice_id IS NULL THEN 300000 ELSE 0 END))";

enum status
store_outbox_redate(struct store *st, int64_t now, int64_t *n, struct err *err)
{
	struct query q;
	enum status rc;

	query_open(&q, st, outbox_redate);
	query_int(&q, ":now", now);
	rc = query_run(&q, err);
	*n = rc == ST_OK ? sqlite3_changes64(st->db) : 0;
	return rc;
}

#define TO_DOMAIN                                          \
	"lower(substr(recipient, -length(:domain) - 1)) =" \
	" '@' || lower(:domain)"

static const char outbox_hold_domain[] =
    "UPDATE outbox SET state = 'deferred', due_ms = :due, error = :error"
    " WHERE channel = 'mail' AND state IN ('queued', 'deferred')"
    " AND due_ms < :due"
    " AND " TO_DOMAIN;

enum status
store_outbox_hold_domain(struct store *st, const char *domain, int64_t due,
    const char *error, struct err *err)
{
	struct query q;

	query_open(&q, st, outbox_hold_domain);
	query_text(&q, ":domain", domain);
	query_int(&q, ":due", due);
	query_text(&q, ":error", error);
	return query_run(&q, err);
}

static const char outbox_give_up_domain[] =
    "UPDATE outbox SET state = 'failed', due_ms = NULL, settled_ms = :now,"
    " error = :error"
    " WHERE channel = 'mail' AND state IN ('queued', 'deferred')"
    " AND due_ms IS NOT NULL AND created_ms < :created"
    " AND " TO_DOMAIN;

enum status
store_outbox_give_up_domain(struct store *st, const char *domain,
    int64_t created, const struct outbox *tried, struct err *err)
{
	struct query q;

	query_open(&q, st, outbox_give_up_domain);
	query_text(&q, ":domain", domain);
	query_int(&q, ":created", created);
	query_time(&q, ":now", tried->settled_ms);
	query_text(&q, ":error", tried->error);
	return query_run(&q, err);
}

static const char outbox_note[] =
    "UPDATE outbox SET error = :error WHERE error <> :error"
    " AND id IN (" DUE ")";

enum status
store_outbox_note(struct store *st, enum channel channel, int64_t now, int max,
    const char *error, struct err *err)
{
	struct query q;

	query_open(&q, st, outbox_note);
	query_text(&q, ":channel", channel_name(channel));
	query_int(&q, ":now", now);
	query_int(&q, ":max", max);
	query_text(&q, ":error", error);
	return query_run(&q, err);
}

static const char outbox_in_hand[] =
    "SELECT COUNT(*) FROM outbox WHERE state = 'claimed'"
    " AND channel = :channel";
static const char outbox_came_back[] =
    "SELECT COUNT(*), MIN(settled_ms) FROM outbox INDEXED BY outbox_settled"
    " WHERE settled_ms > :since AND settled_ms <= :since + 120000"
    " AND channel = :channel AND attempts > 0"
    " AND state IN ('sent', 'failed', 'deferred', 'unknown')";

enum status
store_outbox_pace(struct store *st, enum channel channel, int64_t since,
    int64_t *count, int64_t *first, struct err *err)
{
	struct query q;
	enum status rc;

	*count = *first = 0;
	query_open(&q, st, outbox_came_back);
	query_int(&q, ":since", since);
	query_text(&q, ":channel", channel_name(channel));
	rc = query_step(&q, err);
	if (rc == ST_OK && q.has_row) {
		*count = query_get_int(&q);
		*first = query_get_int(&q);
	}
	rc = query_close(&q, rc, err);
	if (rc == ST_OK) {
		int64_t in_hand = 0;

		query_open(&q, st, outbox_in_hand);
		query_text(&q, ":channel", channel_name(channel));
		rc = query_number(&q, &in_hand, err);
		*count += in_hand;
	}
	return rc;
}

/* A row that was never tried stays queued: it is only not its hour. */
static const char outbox_quiet[] =
    "UPDATE outbox SET due_ms = :until"
    " WHERE state IN ('queued', 'deferred') AND due_ms <= :now"
    " AND channel = 'sms' AND notice_id IN"
    " (SELECT id FROM notice WHERE state = 'sending')";

static const char outbox_quiet_answers[] =
    "UPDATE outbox SET due_ms = :until"
    " WHERE state IN ('queued', 'deferred') AND notice_id IS NULL"
    " AND due_ms <= :now AND channel = 'sms'"
    " AND template = 'answer_to_remark'";

enum status
store_outbox_quiet(
    struct store *st, int64_t now, int64_t until, struct err *err)
{
	struct query q;
	enum status rc;

	query_open(&q, st, outbox_quiet);
	query_int(&q, ":now", now);
	query_time(&q, ":until", until);
	rc = query_run(&q, err);
	if (rc != ST_OK)
		return rc;
	query_open(&q, st, outbox_quiet_answers);
	query_int(&q, ":now", now);
	query_time(&q, ":until", until);
	return query_run(&q, err);
}

/* ---- what became of texts ---------------------------------------------- */

static const char outbox_to_ask[] =
    SELECT_ROW " INDEXED BY outbox_ask" JOIN_CODE
	       " WHERE o.ask_ms <= :now AND o.channel = :channel"
	       " ORDER BY o.ask_ms, o.id LIMIT :max";

enum status
store_outbox_to_ask(struct store *st, const struct outbox_due *due,
    struct arena *a, struct outbox **out, size_t *n, struct err *err)
{
	struct query q;

	*out = NULL;
	*n = 0;
	query_open(&q, st, outbox_to_ask);
	query_int(&q, ":now", due->now);
	query_text(&q, ":channel", channel_name(due->channel));
	query_int(&q, ":max", due->max);
	return read_due(&q, a, out, n, err);
}

static const char outbox_next_ask[] =
    "SELECT MIN(ask_ms) FROM outbox INDEXED BY outbox_ask"
    " WHERE ask_ms IS NOT NULL AND channel = :channel";

enum status
store_outbox_next_ask(
    struct store *st, enum channel channel, int64_t *at, struct err *err)
{
	struct query q;

	query_open(&q, st, outbox_next_ask);
	query_text(&q, ":channel", channel_name(channel));
	return query_number(&q, at, err);
}

static const char outbox_arrived[] =
    "UPDATE outbox SET arrival = :arrival, arrival_why = :why,"
    " arrival_ms = :at, ask_ms = :ask WHERE id = :id AND state = 'sent'";

enum status
store_outbox_arrived(
    struct store *st, const struct outbox *row, struct err *err)
{
	struct query q;

	query_open(&q, st, outbox_arrived);
	query_id(&q, ":id", row->id);
	query_text(&q, ":arrival", row->arrival);
	query_text(&q, ":why", row->arrival_why);
	query_time(&q, ":at", row->arrival_ms);
	query_time(&q, ":ask", row->ask_ms);
	return query_run(&q, err);
}

static const char outbox_cost[] =
    "SELECT COUNT(*), SUM(segments), SUM(arrival = 'failed') FROM outbox"
    " WHERE channel = 'sms' AND state = 'sent'"
    " AND consultation_id IS :consultation";

enum status
store_outbox_cost(struct store *st, int64_t consultation_id,
    struct outbox_cost *out, struct err *err)
{
	struct query q;
	enum status rc;

	*out = (struct outbox_cost){ 0 };
	query_open(&q, st, outbox_cost);
	query_id(&q, ":consultation", consultation_id);
	rc = query_step(&q, err);
	if (rc == ST_OK && q.has_row) {
		out->texts = query_get_int(&q);
		out->segments = query_get_int(&q);
		out->failed = query_get_int(&q);
	}
	return query_close(&q, rc, err);
}

/* ---- lists: the same question through the index that answers it best --- */

#define LIST_REST                                                  \
	" AND o.id > :after AND (:state = '' OR o.state = :state)" \
	" AND (:contact IS NULL OR o.contact_id = :contact)"       \
	" AND (:inbound IS NULL OR o.inbound_id = :inbound)"       \
	" AND (NOT :waiting OR o.state = 'unknown'"                \
	" OR (o.state = 'deferred' AND o.due_ms IS NULL))"         \
	" ORDER BY o.id LIMIT :limit"

static const char outbox_list[] = SELECT_ROW JOIN_CODE " WHERE TRUE" LIST_REST;
static const char outbox_list_state[] =
    SELECT_ROW JOIN_CODE " WHERE o.state = :state" LIST_REST;
static const char outbox_list_contact[] =
    SELECT_ROW JOIN_CODE " WHERE o.contact_id = :contact" LIST_REST;
static const char outbox_list_inbound[] =
    SELECT_ROW JOIN_CODE " WHERE o.inbound_id = :inbound" LIST_REST;
static const char outbox_list_waiting[] =
    SELECT_ROW JOIN_CODE " WHERE o.state IN ('unknown', 'deferred')" LIST_REST;

static void
open_list(struct query *q, struct store *st, const struct outbox_filter *f)
{
	if (f->inbound_id != 0)
		query_open(q, st, outbox_list_inbound);
	else if (f->contact_id != 0)
		query_open(q, st, outbox_list_contact);
	else if (f->state >= 0)
		query_open(q, st, outbox_list_state);
	else if (f->waiting)
		query_open(q, st, outbox_list_waiting);
	else
		query_open(q, st, outbox_list);
}

struct page {
	struct arena arena; /* owned */
	struct outbox rows[PAGE];
	int n;
	int64_t after; /* begins behind that id */
};

static enum status
read_page(struct page *p, struct store *st, const struct outbox_filter *f,
    struct err *err)
{
	bool has_state = f->state >= 0 && f->state < OUTBOX_STATE_COUNT;
	struct query q;
	enum status rc;

	p->n = 0;
	open_list(&q, st, f);
	query_int(&q, ":after", p->after);
	query_text(&q, ":state",
	    has_state ? outbox_state_name((enum outbox_state)f->state) : "");
	query_id(&q, ":contact", f->contact_id);
	query_id(&q, ":inbound", f->inbound_id);
	query_int(&q, ":waiting", f->waiting);
	query_int(&q, ":limit", page_size(f->limit));
	while ((rc = query_step(&q, err)) == ST_OK && q.has_row) {
		read_row(&q, &p->arena, &p->rows[p->n]);
		p->after = p->rows[p->n++].id;
	}
	return query_close(&q, rc, err);
}

enum status
store_outbox_list(struct store *st, const struct outbox_filter *filter,
    enum status (*row)(void *arg, const struct outbox *row), void *arg,
    struct err *err)
{
	struct outbox_filter f = *filter;
	struct page p = { .after = 0 };
	enum status rc;

	do {
		rc = read_page(&p, st, &f, err);
		for (int i = 0; i < p.n && rc == ST_OK; i++)
			rc = row(arg, &p.rows[i]);
		arena_free(&p.arena);
	} while (rc == ST_OK && page_goes_on(p.n, &f.limit));
	return rc;
}

const struct statement store_outbox_statements[] = {
	{ "outbox_add", outbox_add },
	{ "outbox_text_add", outbox_text_add },
	{ "outbox_settle", outbox_settle },
	{ "outbox_hand_back", outbox_hand_back },
	{ "outbox_orphans", outbox_orphans },
	{ "outbox_get", outbox_get },
	{ "outbox_by_message_id", outbox_by_message_id },
	{ "outbox_by_token", outbox_by_token },
	{ "outbox_last", outbox_last },
	{ "outbox_due", outbox_due },
	{ "outbox_mark_claimed", outbox_mark_claimed },
	{ "outbox_next_due", outbox_next_due },
	{ "outbox_redate", outbox_redate },
	{ "outbox_hold_domain", outbox_hold_domain },
	{ "outbox_give_up_domain", outbox_give_up_domain },
	{ "outbox_note", outbox_note },
	{ "outbox_in_hand", outbox_in_hand },
	{ "outbox_came_back", outbox_came_back },
	{ "outbox_quiet", outbox_quiet },
	{ "outbox_quiet_answers", outbox_quiet_answers },
	{ "outbox_to_ask", outbox_to_ask },
	{ "outbox_next_ask", outbox_next_ask },
	{ "outbox_arrived", outbox_arrived },
	{ "outbox_cost", outbox_cost },
	{ "outbox_list", outbox_list },
	{ "outbox_list_state", outbox_list_state },
	{ "outbox_list_contact", outbox_list_contact },
	{ "outbox_list_inbound", outbox_list_inbound },
	{ "outbox_list_waiting", outbox_list_waiting },
	{ NULL, NULL },
};

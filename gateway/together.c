/* together - one confirmation for the texts that a person sends in a row */
#include "gateway/together.h"

#include <string.h>

#define TOGETHER_MS (5LL * 60 * 1000)

/* As many numbers and receipts as a text can hold. */
enum { TOGETHER_MAX = 8 };

struct earlier {
	int64_t from, to; /* ids, half-open */
	int64_t ids[TOGETHER_MAX];
	size_t n; /* more than fit: too many */
};

static enum status
keep_earlier(void *arg, const struct remark *r)
{
	struct earlier *e = arg;

	if (r->id < e->from || r->id >= e->to || r->channel != CHANNEL_SMS)
		return ST_OK;
	if (e->n < TOGETHER_MAX)
		e->ids[e->n] = r->id;
	e->n++;
	return ST_OK;
}

static bool
is_recent_confirmation(const struct outbox *row, int64_t now)
{
	return row->id != 0 && row->channel == CHANNEL_SMS &&
	       row->remark_id != 0 &&
	       strcmp(row->template_name, "confirm_remark") == 0 &&
	       row->created_ms <= now && now - row->created_ms < TOGETHER_MS;
}

/* The earlier remarks first, then those of this text. */
static enum status
add_earlier(struct reply *reply, const struct earlier *e, struct store *st,
    struct arena *a, struct err *err)
{
	size_t n = e->n + reply->n_remarks;
	struct remark *remarks = arena_alloc(a, n * sizeof(*remarks));
	const char **receipts = arena_alloc(a, n * sizeof(*receipts));
	enum status rc = ST_OK;

	if (remarks == NULL || receipts == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	for (size_t i = 0; i < e->n && rc == ST_OK; i++) {
		rc = store_remark_get(st, e->ids[i], a, &remarks[i], err);
		receipts[i] = remarks[i].receipt;
	}
	for (size_t i = 0; i < reply->n_remarks; i++) {
		remarks[e->n + i] = reply->remarks[i];
		receipts[e->n + i] = reply->receipts[i];
	}
	reply->remarks = remarks;
	reply->receipts = receipts;
	reply->n_remarks = n;
	return rc;
}

enum status
together_join(struct reply *reply, int64_t *due_ms, struct store *st,
    struct arena *a, struct err *err)
{
	struct remark_filter of = { .contact_id = reply->inbound->contact_id };
	struct earlier e = { .to = reply->remarks[0].id };
	struct outbox before = { 0 };
	enum status rc;

	*due_ms = reply->now;
	rc = store_outbox_last(st, of.contact_id, false, a, &before, err);
	if (rc != ST_OK || !is_recent_confirmation(&before, reply->now))
		return rc;
	if (before.state != OUTBOX_QUEUED || before.attempts > 0) {
		*due_ms = before.created_ms + TOGETHER_MS;
		return ST_OK;
	}
	*due_ms = before.due_ms;
	e.from = before.remark_id;
	rc = store_remark_list(st, &of, keep_earlier, &e, err);
	if (rc != ST_OK || e.n + reply->n_remarks > TOGETHER_MAX)
		return rc;
	rc = add_earlier(reply, &e, st, a, err);
	if (rc != ST_OK)
		return rc;
	before.state = OUTBOX_CANCELLED;
	before.due_ms = 0;
	before.settled_ms = reply->now;
	before.error = "said together with the text after it";
	return store_outbox_settle(st, &before, err);
}

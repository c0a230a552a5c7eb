/* outbox - the flow, outward: due, try, back off, done */
#include "gateway/outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/fault.h"
#include "gateway/log.h"
#include "gateway/reply.h"
#include "gateway/sink.h"
#include "gateway/store_outbox.h"

/* Rows in a sender's hands at once: what a crash can put in doubt. */
#define CLAIM_MAX 50
#define MAIL_MAX (1 << 20)
#define MINUTE_MS (60LL * 1000)
/* Tried for five days, as mail servers do (RFC 5321, 4.5.4.1). */
#define GIVE_UP_MS (5 * 24 * 60 * MINUTE_MS)

/* One way out; opened when the first row needs it. */
struct way {
	char name[96]; /* "" for mail, else as in outbox.via */
	const struct config_sms *sms; /* NULL: mail */
	struct sink *sink; /* owned; NULL: not open */
};

struct outbox_sender {
	struct store *st;
	const struct config *config;
	struct way *ways; /* owned; the first is mail */
	int n_ways;
};

enum status
outbox_open(struct outbox_sender **out, struct store *st,
    const struct config *config, struct err *err)
{
	struct outbox_sender *ob = calloc(1, sizeof(*ob));

	*out = NULL;
	if (ob != NULL)
		ob->ways = calloc((size_t)config->n_sms + 1, sizeof(*ob->ways));
	if (ob == NULL || ob->ways == NULL) {
		free(ob);
		return err_set(err, ST_BROKEN, "out of memory");
	}
	ob->st = st;
	ob->config = config;
	ob->n_ways = config->n_sms + 1;
	for (int i = 0; i < config->n_sms; i++) {
		ob->ways[i + 1].sms = &config->sms[i];
		snprintf(ob->ways[i + 1].name, sizeof(ob->ways[i + 1].name),
		    "sms %s", config->sms[i].name);
	}
	*out = ob;
	return ST_OK;
}

void
outbox_close(struct outbox_sender *ob)
{
	if (ob == NULL)
		return;
	for (int i = 0; i < ob->n_ways; i++)
		if (ob->ways[i].sink != NULL)
			ob->ways[i].sink->ops->close(ob->ways[i].sink);
	free(ob->ways);
	free(ob);
}

/* The way a row leaves by: texts by the line they answer, or by the first. */
static enum status
find_way(struct way **out, struct outbox_sender *ob, const struct outbox *row,
    struct err *err)
{
	struct way *way = &ob->ways[0];

	*out = NULL;
	if (row->channel == CHANNEL_SMS) {
		if (ob->n_ways < 2)
			return err_set(err, ST_RETRY,
			    "no SMS line is configured: add an sms section");
		way = &ob->ways[1];
		for (int i = 1; i < ob->n_ways; i++)
			if (strcmp(ob->ways[i].name, row->via) == 0)
				way = &ob->ways[i];
	}
	*out = way;
	if (way->sink != NULL)
		return ST_OK;
	if (way->sms != NULL)
		return sink_open_sms(&way->sink, way->sms, err);
	return sink_open_mail(&way->sink, &ob->config->smtp, err);
}

/* Stable for a row, so that a folder recognises what it has. */
static void
make_reference(char out[64], const struct outbox *row)
{
	size_t n = 0;

	for (const char *p = row->token; *p != '\0' && n < 40; p++)
		if (*p != '.')
			out[n++] = *p;
	snprintf(out + n, 64 - n, "%lld", (long long)row->id);
}

static void
send_row(
    struct outbox_sender *ob, const struct outbox *row, struct delivery *result)
{
	struct buf mail = { .max = MAIL_MAX };
	struct way *way;
	struct letter letter = { .id = row->id, .to = row->to };
	struct err err = { "" };
	char reference[64];
	enum status rc;

	*result = (struct delivery){ .sent = SENT_RETRY };
	make_reference(reference, row);
	letter.reference = reference;
	letter.again = row->attempts > 0;
	letter.created_ms = row->created_ms;
	rc = find_way(&way, ob, row, &err);
	if (rc == ST_OK && row->channel == CHANNEL_MAIL) {
		letter.from = config_office(ob->config, "address");
		rc = reply_compose(&mail, ob->config, row, &err);
		letter.bytes = buf_span(&mail);
		if (rc == ST_REJECT)
			result->sent = SENT_REFUSED;
	} else if (rc == ST_OK) {
		letter.from = way->sms->number;
		letter.bytes = span_of(row->body);
	}
	if (rc == ST_OK)
		way->sink->ops->send(way->sink, &letter, result);
	else
		snprintf(
		    result->reason, sizeof(result->reason), "%.250s", err.text);
	buf_free(&mail);
}

/* 1, 5, 15 minutes, then every hour. */
static int64_t
back_off(int attempts)
{
	static const int minutes[] = { 1, 5, 15 };

	return MINUTE_MS * (attempts <= 3 ? minutes[attempts - 1] : 60);
}

static void
judge(struct outbox *row, const struct delivery *result, int64_t now)
{
	row->attempts++;
	row->error = result->reason;
	row->settled_ms = now;
	row->due_ms = 0;
	switch (result->sent) {
	case SENT_ACCEPTED:
		row->state = OUTBOX_SENT;
		row->external_id = result->external_id;
		row->error = "";
		break;
	case SENT_REFUSED:
		row->state = OUTBOX_FAILED;
		break;
	case SENT_UNKNOWN:
		row->state = OUTBOX_UNKNOWN;
		break;
	case SENT_RETRY:
		row->state = now - row->created_ms > GIVE_UP_MS
				 ? OUTBOX_FAILED
				 : OUTBOX_DEFERRED;
		if (row->state == OUTBOX_DEFERRED)
			row->due_ms = now + back_off(row->attempts);
		break;
	}
}

static enum status
settle_rows(struct outbox_sender *ob, struct outbox *rows,
    const struct delivery *results, size_t n, struct err *err)
{
	int64_t now = clock_now();
	enum status rc = store_begin(ob->st, err);

	if (rc != ST_OK)
		return rc;
	for (size_t i = 0; i < n && rc == ST_OK; i++) {
		judge(&rows[i], &results[i], now);
		rc = store_outbox_settle(ob->st, &rows[i], err);
	}
	if (rc == ST_OK)
		rc = store_commit(ob->st, err);
	if (rc != ST_OK)
		store_rollback(ob->st);
	return rc;
}

static void
log_rows(const struct outbox *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		log_line(rows[i].state == OUTBOX_SENT ? LOG_INFO_ : LOG_WARN_,
		    "outbox %s row=%lld msg=%lld template=%s via=%s attempts=%d",
		    outbox_state_name(rows[i].state), (long long)rows[i].id,
		    (long long)rows[i].inbound_id, rows[i].template_name,
		    channel_name(rows[i].channel), rows[i].attempts);
}

enum status
outbox_flush(struct outbox_sender *ob, int *sent, struct err *err)
{
	struct delivery *results = NULL;
	struct arena arena = { 0 };
	struct outbox *rows = NULL;
	size_t n = 0;
	enum status rc;

	*sent = 0;
	rc = store_outbox_claim(
	    ob->st, clock_now(), CLAIM_MAX, &arena, &rows, &n, err);
	if (rc != ST_OK || n == 0)
		goto out;
	results = calloc(n, sizeof(*results));
	if (results == NULL) {
		rc = err_set(err, ST_BROKEN, "out of memory");
		goto out;
	}
	for (size_t i = 0; i < n; i++)
		send_row(ob, &rows[i], &results[i]);
	fault_step("outbox sent");
	rc = settle_rows(ob, rows, results, n, err);
	if (rc != ST_OK)
		goto out;
	log_rows(rows, n);
	*sent = (int)n;
out:
	free(results);
	arena_free(&arena);
	return rc;
}

struct requeue {
	struct outbox_sender *ob;
	struct err *err;
	int64_t now, n;
};

/* A folder recognises our reference, so handing the row over again cannot make
 * a second message of it. */
static enum status
requeue_row(void *arg, const struct outbox *row)
{
	struct requeue *q = arg;
	struct outbox again = *row;

	if (again.claimed_ms == 0 || again.settled_ms != q->now)
		return ST_OK; /* not of this start: staff decide */
	again.state = OUTBOX_DEFERRED;
	again.due_ms = q->now;
	again.error = "in a sender's hands when the program stopped";
	q->n++;
	return store_outbox_settle(q->ob->st, &again, q->err);
}

enum status
outbox_recover(struct outbox_sender *ob, int64_t *n, struct err *err)
{
	struct outbox_filter unknown = { .state = OUTBOX_UNKNOWN };
	struct requeue q = { .ob = ob, .err = err, .now = clock_now() };
	enum status rc;

	*n = 0;
	rc = store_begin(ob->st, err);
	if (rc != ST_OK)
		return rc;
	rc = store_outbox_recover(ob->st, q.now, n, err);
	if (rc == ST_OK && *n > 0)
		rc = store_outbox_list(ob->st, &unknown, requeue_row, &q, err);
	if (rc == ST_OK)
		rc = store_commit(ob->st, err);
	if (rc != ST_OK)
		store_rollback(ob->st);
	return rc;
}

/* outbox - the flow, outward: due, try, back off, done
 *
 * Place: see outbox.h; outbox_hand.c sends what is claimed here.
 */
#include "gateway/outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/bounce.h"
#include "gateway/clock.h"
#include "gateway/fault.h"
#include "gateway/log.h"
#include "gateway/outbox_hand.h"
#include "gateway/quiet.h"
#include "gateway/store_notice.h"

#define MINUTE_MS (60LL * 1000)
/* Tried for five days, as mail servers do (RFC 5321, 4.5.4.1). */
#define GIVE_UP_MS (5 * 24 * 60 * MINUTE_MS)

enum {
	/* A row that could not be tried for days has not been tried in vain. */
	GIVE_UP_ATTEMPTS = 5,
	/* A letter that ends every connection must not arrive for ever. */
	DOUBTS_MAX = 6,
	TRIES_ONCE = 5, /* to settle, in `run --once` */
	TRY_S_MAX = 16, /* between two of them */
};

enum status
outbox_open(struct outbox_sender **out, enum channel channel,
    const struct config *config, struct err *err)
{
	struct outbox_sender *ob = calloc(1, sizeof(*ob));
	enum status rc;

	*out = NULL;
	if (ob == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	ob->config = config;
	ob->channel = channel;
	rc = ways_list(ob, err);
	if (rc == ST_OK)
		rc = store_open(&ob->st, config->database, err);
	if (rc != ST_OK) {
		outbox_close(ob);
		return rc;
	}
	*out = ob;
	return ST_OK;
}

void
outbox_close(struct outbox_sender *ob)
{
	if (ob == NULL)
		return;
	ways_close(ob);
	keys_free(ob->keys);
	store_close(ob->st);
	free(ob);
}

void
outbox_heed(struct outbox_sender *ob, const atomic_bool *stop,
    atomic_llong *progress, bool is_once)
{
	ob->stop = stop;
	ob->progress = progress;
	ob->is_once = is_once;
}

const char *
outbox_way(const struct outbox_sender *ob)
{
	return ob->channel == CHANNEL_MAIL ? "smtp" : "";
}

int64_t
outbox_certificate(const struct outbox_sender *ob)
{
	const struct sink *sink =
	    ob->channel == CHANNEL_MAIL ? ob->ways[0].sink : NULL;

	return sink == NULL ? 0 : sink->certificate_expires_ms;
}

/* ---- what became of a row ---------------------------------------------- */

/* 1, 5, 15 minutes, then every hour. */
static int64_t
back_off(int attempts)
{
	static const int minutes[] = { 1, 5, 15 };

	return MINUTE_MS * (attempts <= 3 ? minutes[attempts - 1] : 60);
}

/* May it arrive twice?  The Message-ID is the same, so that a mailbox can tell;
 * a confirmation that never comes is worse than one that comes twice.  Texts
 * have no such thing, and cost. */
static bool
may_repeat(const struct outbox_sender *ob, const struct outbox *row)
{
	if (row->channel == CHANNEL_SMS)
		return false;
	return strncmp(row->template_name, "confirm_", 8) == 0 ||
	       strcmp(ob->config->smtp.on_unknown, "resend") == 0;
}

static void
try_again(struct outbox *row, struct delivery *result, int64_t now)
{
	bool in_vain = now - row->created_ms > GIVE_UP_MS &&
		       row->attempts >= GIVE_UP_ATTEMPTS;
	char last[sizeof(result->reason)];

	row->state = in_vain ? OUTBOX_FAILED : OUTBOX_DEFERRED;
	row->due_ms = in_vain ? 0 : now + back_off(row->attempts);
	if (!in_vain)
		return;
	snprintf(last, sizeof(last), "%s", result->reason);
	snprintf(result->reason, sizeof(result->reason),
	    "given up after %d attempts in five days: %.200s", row->attempts,
	    last);
}

/* What stays with a row that went out after all. */
static const char may_be_twice[] =
    "it was in doubt before: it may have arrived twice";

static void
judge(const struct outbox_sender *ob, struct outbox *row,
    struct delivery *result, int64_t now)
{
	if (result->reason[0] != '\0' || result->sent != SENT_UNTOUCHED)
		row->error = result->reason;
	if (result->sent == SENT_UNTOUCHED) {
		row->state =
		    row->attempts == 0 ? OUTBOX_QUEUED : OUTBOX_DEFERRED;
		if (row->attempts == 0)
			row->claimed_ms = 0;
		return;
	}
	row->attempts++;
	row->settled_ms = now;
	switch (result->sent) {
	case SENT_ACCEPTED:
		row->state = OUTBOX_SENT;
		row->external_id = result->external_id;
		row->error = row->doubts > 0 ? may_be_twice : "";
		row->due_ms = 0;
		row->arrival = result->can_ask ? "open" : "";
		row->ask_ms = result->can_ask ? now + MINUTE_MS : 0;
		break;
	case SENT_REFUSED:
		row->state = OUTBOX_FAILED;
		row->due_ms = 0;
		break;
	case SENT_UNKNOWN:
		row->doubts++;
		row->state = OUTBOX_UNKNOWN;
		row->due_ms = 0;
		if (may_repeat(ob, row) && row->doubts < DOUBTS_MAX)
			try_again(row, result, now);
		break;
	default:
		try_again(row, result, now);
		break;
	}
}

/* The others to that domain wait a moment longer than the one that was told so:
 * it goes first, and its own back-off grows while they keep their attempts.  What
 * waited behind it for as long as it was tried is given up with it. */
static enum status
hold_place(struct outbox_sender *ob, const struct outbox *row, struct err *err)
{
	const char *at = strrchr(row->to, '@');

	if (at == NULL)
		return ST_OK;
	if (row->state == OUTBOX_FAILED)
		return store_outbox_give_up_domain(
		    ob->st, at + 1, row->settled_ms - GIVE_UP_MS, row, err);
	return store_outbox_hold_domain(
	    ob->st, at + 1, row->due_ms + 1, row->error, err);
}

static void
judge_hand(const struct outbox_sender *ob, struct hand *h)
{
	for (size_t i = 0; i < h->n && !h->is_judged; i++)
		judge(ob, &h->rows[i], &h->results[i], h->done_ms[i]);
	h->is_judged = true;
}

/* What a server or provider refuses for good came back at once.  A text is
 * refused for many reasons, most of them not the number's. */
static enum status
note_refusal(struct outbox_sender *ob, const struct outbox *row,
    const struct delivery *result, struct err *err)
{
	struct span status = bounce_status_in(span_of(result->reason));
	char text[12];
	struct came_back b = { .contact_id = row->contact_id,
		.outbox_id = row->id,
		.kind = row->channel == CHANNEL_SMS ? BOUNCE_SOFT
						    : bounce_kind_of(status),
		.status = text,
		.at_ms = row->settled_ms };

	snprintf(text, sizeof(text), "%.*s", (int)status.n, status.p);
	return bounce_note(ob->st, ob->config, &b, err);
}

static enum status
settle_rows(struct outbox_sender *ob, struct hand *h, struct err *err)
{
	enum status rc = ST_OK;

	judge_hand(ob, h);
	for (size_t i = 0; i < h->n && rc == ST_OK; i++)
		rc = store_outbox_hand_back(ob->st, &h->rows[i], err);
	for (size_t i = 0; i < h->n && rc == ST_OK; i++)
		if (h->results[i].sent == SENT_REFUSED)
			rc = note_refusal(ob, &h->rows[i], &h->results[i], err);
	/* When all are back in the queue. */
	for (size_t i = 0; i < h->n && rc == ST_OK; i++)
		if (h->results[i].sent == SENT_RETRY &&
		    h->results[i].is_about_place)
			rc = hold_place(ob, &h->rows[i], err);
	return rc;
}

static void
log_late(const struct hand *h)
{
	if (h->n_late > 0)
		log_line(LOG_WARN_,
		    "outbox cancelled rows=%zu why=\"the meeting had begun\"",
		    h->n_late);
}

static void
log_rows(const struct hand *h)
{
	for (size_t i = 0; i < h->n; i++) {
		const struct outbox *row = &h->rows[i];

		if (h->results[i].sent == SENT_UNTOUCHED)
			continue;
		log_line(row->state == OUTBOX_SENT ? LOG_INFO_ : LOG_WARN_,
		    "outbox %s row=%lld msg=%lld template=%s via=%s "
		    "attempts=%d%s",
		    outbox_state_name(row->state), (long long)row->id,
		    (long long)row->inbound_id, row->template_name,
		    channel_name(row->channel), row->attempts,
		    h->results[i].sent == SENT_UNKNOWN ? " in_doubt=yes" : "");
	}
}

static bool
is_stopping(const struct outbox_sender *ob)
{
	return ob->stop != NULL && atomic_load(ob->stop);
}

/* ---- claim, send, settle ----------------------------------------------- */

/* How many rows the configured rate allows now; `*at` when it allows more. */
static enum status
room_by_rate(struct outbox_sender *ob, int64_t now, int *room, int64_t *at,
    struct err *err)
{
	long rate = ob->config->smtp.rate_per_minute;
	int64_t count = 0, first = 0;
	enum status rc;

	*room = OUTBOX_HAND;
	*at = 0;
	if (ob->channel != CHANNEL_MAIL || rate == 0)
		return ST_OK;
	rc = store_outbox_pace(
	    ob->st, ob->channel, now - MINUTE_MS, &count, &first, err);
	if (rc != ST_OK || rate - count >= OUTBOX_HAND)
		return rc;
	*room = rate > count ? (int)(rate - count) : 0;
	/* All of them in hand: nobody knows yet when they come back. */
	*at = first != 0 ? first + MINUTE_MS : now + MINUTE_MS;
	return ST_OK;
}

/* Notices and answers by text that fall due in the quiet hours wait for their
 * end: only who just wrote to us is awake. */
static enum status
keep_quiet(struct outbox_sender *ob, int64_t now, struct err *err)
{
	int64_t until = ob->channel != CHANNEL_SMS
			    ? 0
			    : quiet_until(ob->config->quiet_hours,
				  ob->config->timezone, now);

	return until == 0 ? ST_OK : store_outbox_quiet(ob->st, now, until, err);
}

/* Notices of a meeting that has begun meanwhile, whatever held them up, are put
 * out of the hand; one that may have left before stays in doubt. */
static enum status
drop_late(struct hand *h, int64_t now, struct err *err)
{
	size_t kept = 0;
	enum status rc = ST_OK;

	for (size_t i = 0; i < h->n && rc == ST_OK; i++) {
		struct outbox *row = &h->rows[i];
		bool is_late = false;

		rc = store_notice_is_late(h->ob->st, row, now, &is_late, err);
		if (rc != ST_OK || !is_late) {
			h->rows[kept++] = *row;
			continue;
		}
		row->state =
		    row->doubts > 0 ? OUTBOX_UNKNOWN : OUTBOX_CANCELLED;
		row->due_ms = row->claimed_ms = 0;
		row->settled_ms = now;
		row->error = "the meeting had begun before it could leave";
		rc = store_outbox_hand_back(h->ob->st, row, err);
		h->n_late++;
	}
	h->n = kept;
	return rc;
}

/* Settles what is in hand and, if `more`, takes the next rows into it, in one
 * commit.  When that fails the hand keeps its rows. */
static enum status
exchange(struct outbox_sender *ob, struct hand *h, bool more, struct err *err)
{
	int64_t now = clock_now(), at;
	struct hand next = { .ob = ob };
	int room = 0;
	enum status rc = store_begin(ob->st, err);

	if (rc != ST_OK)
		return rc;
	rc = settle_rows(ob, h, err);
	if (rc == ST_OK && more)
		rc = keep_quiet(ob, now, err);
	if (rc == ST_OK && more)
		rc = room_by_rate(ob, now, &room, &at, err);
	if (rc == ST_OK && room > 0)
		rc = store_outbox_claim(ob->st,
		    &(struct outbox_due){ ob->channel, now, room }, &next.arena,
		    &next.rows, &next.n, err);
	if (rc == ST_OK)
		rc = drop_late(&next, now, err);
	rc = store_end(ob->st, rc, err);
	if (rc != ST_OK) {
		hand_free(&next);
		return rc;
	}
	log_rows(h);
	log_late(&next);
	hand_free(h);
	*h = next;
	return ST_OK;
}

/* It waits for room on the disk: whoever watches must not take it for stuck and
 * end the program, which would forget what was sent. */
static void
rest_before_settling(struct outbox_sender *ob, int tried)
{
	int seconds = tried < 4 ? 1 << tried : TRY_S_MAX;
	const struct timespec time = { ob->is_once ? 1 : seconds, 0 };

	if (ob->progress != NULL)
		atomic_store(ob->progress, 0);
	nanosleep(&time, NULL); /* a signal ends it early */
	if (ob->progress != NULL)
		atomic_store(ob->progress, clock_ticks());
}

/* The same, tried until it succeeds, told to stop, or often enough for `run
 * --once`: rows that are not settled cannot be told from those of a crash. */
static enum status
exchange_surely(
    struct outbox_sender *ob, struct hand *h, bool more, struct err *err)
{
	enum status rc = exchange(ob, h, more, err);

	for (int i = 0; rc != ST_OK && h->n > 0; i++) {
		if (is_stopping(ob) || (ob->is_once && i >= TRIES_ONCE))
			break;
		log_line(LOG_ERROR_, "outbox not settled rows=%zu why=\"%s\"",
		    h->n, err->text);
		rest_before_settling(ob, i);
		rc = exchange(ob, h, false, err);
	}
	return rc;
}

/* The rows that wait say why. */
static void
note_trouble(struct outbox_sender *ob, const struct err *why)
{
	char reason[256];

	snprintf(reason, sizeof(reason), "%.255s", why->text);
	if (store_begin(ob->st, NULL) != ST_OK)
		return;
	if (store_outbox_note(ob->st, ob->channel, clock_now(), OUTBOX_HAND,
		reason, NULL) != ST_OK ||
	    store_commit(ob->st, NULL) != ST_OK)
		store_rollback(ob->st);
}

/* When a row may be claimed next. */
static enum status
next_row(struct outbox_sender *ob, int64_t *at, struct err *err)
{
	int64_t due = 0, allowed = 0;
	int room = 0;
	enum status rc = store_outbox_next_due(ob->st, ob->channel, &due, err);

	*at = due;
	if (rc != ST_OK || due == 0 || due > clock_now())
		return rc;
	rc = room_by_rate(ob, clock_now(), &room, &allowed, err);
	if (rc == ST_OK && room == 0)
		*at = allowed;
	return rc;
}

enum status
outbox_next(struct outbox_sender *ob, int64_t *at, struct err *err)
{
	int64_t ask = 0;
	enum status rc = next_row(ob, at, err);

	if (rc == ST_OK)
		rc = store_outbox_next_ask(ob->st, ob->channel, &ask, err);
	if (ask != 0 && (*at == 0 || ask < *at))
		*at = ask;
	return rc;
}

enum status
outbox_flush(struct outbox_sender *ob, int *sent, struct err *err)
{
	struct hand h = { .ob = ob };
	struct err why = { "" };
	enum status rc, way = ST_OK;
	int64_t at = 0;

	*sent = 0;
	/* Nothing due is the usual answer, and needs no lock and no server. */
	rc = next_row(ob, &at, err);
	if (rc != ST_OK || at == 0 || at > clock_now() || is_stopping(ob))
		return rc;
	rc = ways_ready(ob, err);
	if (rc != ST_OK) {
		note_trouble(ob, err);
		return rc;
	}
	rc = exchange(ob, &h, true, err);
	while (rc == ST_OK && h.n + h.n_late > 0) {
		if (h.n > 0)
			way = hand_send(&h, sent, &why);
		fault_step("outbox sent");
		rc = exchange_surely(
		    ob, &h, way == ST_OK && !is_stopping(ob), err);
	}
	hand_free(&h);
	if (rc == ST_OK && way != ST_OK && !is_stopping(ob))
		rc = err_set(err, way, "%s", why.text);
	return rc;
}

void
outbox_part(struct outbox_sender *ob)
{
	ways_part(ob);
}

void
outbox_rest(struct outbox_sender *ob)
{
	ways_rest(ob);
}

/* ---- after a crash ----------------------------------------------------- */

struct requeue {
	struct outbox_sender *ob;
	struct err *err;
	int64_t now, n;
};

static enum status
requeue_row(void *arg, const struct outbox *row)
{
	struct requeue *q = arg;
	struct outbox again = *row;
	bool is_known;

	/* Not of this start: staff decide. */
	if (again.claimed_ms == 0 || again.settled_ms != q->now ||
	    again.channel != q->ob->channel)
		return ST_OK;
	is_known = ways_know(q->ob, row);
	log_line(LOG_WARN_, "outbox in_doubt=yes row=%lld msg=%lld again=%s",
	    (long long)row->id, (long long)row->inbound_id,
	    is_known || may_repeat(q->ob, row) ? "yes" : "no");
	if (!is_known && !may_repeat(q->ob, row))
		return ST_OK;
	if (is_known)
		again.doubts--; /* the way out will tell */
	again.state = OUTBOX_DEFERRED;
	again.due_ms = q->now;
	again.error = "in a sender's hands when the program stopped";
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
	rc = store_outbox_recover(ob->st, ob->channel, q.now, n, err);
	if (rc == ST_OK && *n > 0)
		rc = store_outbox_list(ob->st, &unknown, requeue_row, &q, err);
	return store_end(ob->st, rc, err);
}

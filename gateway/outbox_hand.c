/* outbox_hand - the rows that a sender has in hand, and the ways out */
#include "gateway/outbox_hand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gateway/clock.h"
#include "gateway/reply.h"

enum {
	MAIL_MAX = 1 << 20,
	SLOTS = 2, /* letters out at a time */
};

/* ---- the ways ---------------------------------------------------------- */

enum status
ways_list(struct outbox_sender *ob, struct err *err)
{
	const struct config *config = ob->config;
	bool is_mail = ob->channel == CHANNEL_MAIL;

	ob->n_ways = is_mail ? 1 : config->n_sms;
	ob->ways = calloc((size_t)ob->n_ways + 1, sizeof(*ob->ways));
	if (ob->ways == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	for (int i = 0; i < ob->n_ways && !is_mail; i++) {
		ob->ways[i].sms = &config->sms[i];
		snprintf(ob->ways[i].name, sizeof(ob->ways[i].name), "sms %s",
		    config->sms[i].name);
	}
	return ST_OK;
}

void
ways_part(struct outbox_sender *ob)
{
	for (int i = 0; i < ob->n_ways; i++) {
		struct sink *sink = ob->ways[i].sink;

		ob->ways[i].sink = NULL;
		if (sink != NULL)
			sink->ops->close(sink);
	}
}

void
ways_close(struct outbox_sender *ob)
{
	ways_part(ob);
	free(ob->ways);
}

void
ways_rest(struct outbox_sender *ob)
{
	for (int i = 0; i < ob->n_ways; i++) {
		struct sink *sink = ob->ways[i].sink;

		if (sink != NULL && sink->ops->rest != NULL)
			sink->ops->rest(sink);
	}
}

static enum status
open_way(struct outbox_sender *ob, struct way *way, struct err *err)
{
	enum status rc = ST_OK;

	if (way->sink == NULL && way->sms != NULL)
		rc = sink_open_sms(&way->sink, way->sms, err);
	else if (way->sink == NULL)
		rc = sink_open_mail(&way->sink, &ob->config->smtp, err);
	if (rc == ST_OK)
		way->sink->stop = ob->stop;
	return rc;
}

enum status
ways_ready(struct outbox_sender *ob, struct err *err)
{
	enum status rc;

	if (ob->channel != CHANNEL_MAIL)
		return ST_OK;
	rc = open_way(ob, &ob->ways[0], err);
	if (rc == ST_OK && ob->ways[0].sink->ops->ready != NULL)
		rc = ob->ways[0].sink->ops->ready(ob->ways[0].sink, err);
	return rc;
}

/* The way a row leaves by: texts by the line they answer, or by the first. */
static struct way *
way_of(struct outbox_sender *ob, const struct outbox *row)
{
	for (int i = 1; i < ob->n_ways; i++)
		if (strcmp(ob->ways[i].name, row->via) == 0)
			return &ob->ways[i];
	return ob->n_ways > 0 ? &ob->ways[0] : NULL;
}

bool
ways_know(struct outbox_sender *ob, const struct outbox *row)
{
	struct way *way = way_of(ob, row);

	return way != NULL && open_way(ob, way, NULL) == ST_OK &&
	       way->sink->ops->knows_reference;
}

/* ---- letters ----------------------------------------------------------- */

/* One letter that is out, and its bytes. */
struct slot {
	struct letter letter;
	size_t row; /* its place in the hand */
	bool is_out;
	char reference[64];
	struct buf mail, from; /* owned */
};

/* The letters of one way, as its sink takes them. */
struct bundle {
	struct letters letters; /* first: what the sink is given */
	struct hand *hand;
	struct way *way;
	size_t next; /* the first row not looked at */
	int final; /* answers that are */
	struct slot slots[SLOTS];
};

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
set_result(struct hand *h, size_t row, const struct delivery *result)
{
	h->results[row] = *result;
	h->done_ms[row] = clock_now();
	if (h->ob->progress != NULL)
		atomic_store(h->ob->progress, clock_ticks());
}

static void
set_reason(struct hand *h, size_t row, enum sent sent, const char *reason)
{
	struct delivery d = { .sent = sent };

	snprintf(d.reason, sizeof(d.reason), "%.255s", reason);
	set_result(h, row, &d);
}

static const char *
domain_of(const struct outbox *row)
{
	const char *at = strrchr(row->to, '@');

	return at == NULL ? "" : at + 1;
}

/* The row of this hand whose answer spoke of the place that `row` goes to. */
static const struct delivery *
held_place(const struct hand *h, const struct outbox *row)
{
	const char *domain = domain_of(row);

	for (size_t i = 0; i < h->n; i++)
		if (h->results[i].is_about_place &&
		    strcasecmp(domain_of(&h->rows[i]), domain) == 0)
			return &h->results[i];
	return NULL;
}

/* A preview is composed with its PIN, which nothing else holds. */
static enum status
compose(struct buf *out, struct outbox_sender *ob, const struct outbox *row,
    struct err *err)
{
	struct buf body = { .max = 4 << 20 };
	struct outbox whole = *row;
	enum status rc = ST_OK;

	if (!reply_needs_pin(row))
		return reply_compose(out, ob->config, row, err);
	if (ob->keys == NULL)
		rc = keys_read(&ob->keys, ob->config->keys_file, err);
	if (rc == ST_OK)
		rc = reply_put_pin(&body, row, ob->keys, err);
	whole.body = buf_cstr(&body);
	if (rc == ST_OK)
		rc = reply_compose(out, ob->config, &whole, err);
	buf_free(&body);
	return rc;
}

static enum status
fill_slot(
    struct bundle *b, struct slot *s, const struct outbox *row, struct err *err)
{
	const struct config *config = b->hand->ob->config;
	enum status rc = ST_OK;

	make_reference(s->reference, row);
	s->letter = (struct letter){ .id = row->id,
		.to = row->to,
		.reference = s->reference,
		.again = row->attempts > 0,
		.created_ms = row->created_ms,
		.tried_ms = row->settled_ms };
	buf_reset(&s->mail);
	buf_reset(&s->from);
	if (row->channel == CHANNEL_MAIL) {
		rc = compose(&s->mail, b->hand->ob, row, err);
		reply_envelope(&s->from, config, row);
		s->letter.from = buf_cstr(&s->from);
		s->letter.bytes = buf_span(&s->mail);
	} else {
		s->letter.from = b->way->sms->number;
		s->letter.bytes = span_of(row->body);
		if (config_is_our_number(config, row->to))
			rc = err_set(err, ST_REJECT,
			    "the number is one of our own, which is never "
			    "texted");
	}
	return rc;
}

enum status
ways_arrival(struct outbox_sender *ob, const struct outbox *row,
    enum arrival *out, char why[256], struct err *err)
{
	struct way *way = way_of(ob, row);
	struct letter letter = { .id = row->id,
		.to = row->to,
		.created_ms = row->created_ms,
		.bytes = span_of(row->body) };
	char reference[64];
	enum status rc = ST_OK;

	*out = ARRIVAL_NONE;
	why[0] = '\0';
	make_reference(reference, row);
	letter.reference = reference;
	if (way != NULL)
		rc = open_way(ob, way, err);
	if (rc != ST_OK || way == NULL || way->sink->ops->arrival == NULL)
		return rc;
	return way->sink->ops->arrival(
	    way->sink, &letter, row->external_id, out, why, err);
}

static struct slot *
free_slot(struct bundle *b)
{
	for (int i = 0; i < SLOTS; i++)
		if (!b->slots[i].is_out)
			return &b->slots[i];
	return NULL;
}

static bool
is_stopping(const struct outbox_sender *ob)
{
	return ob->stop != NULL && atomic_load(ob->stop);
}

/* Is that row this bundle's to send?  If it is held back it gets its result. */
static bool
is_wanted(struct bundle *b, size_t i)
{
	struct hand *h = b->hand;
	const struct delivery *held = held_place(h, &h->rows[i]);

	if (way_of(h->ob, &h->rows[i]) != b->way)
		return false;
	if (held != NULL)
		set_reason(h, i, SENT_UNTOUCHED, held->reason);
	return held == NULL;
}

static const struct letter *
next_letter(struct letters *l)
{
	struct bundle *b = (struct bundle *)l;
	struct hand *h = b->hand;
	struct slot *s = free_slot(b);
	struct err err = { "" };
	enum status rc;

	while (s != NULL && b->next < h->n && !is_stopping(h->ob)) {
		size_t i = b->next++;

		if (!is_wanted(b, i))
			continue;
		rc = fill_slot(b, s, &h->rows[i], &err);
		if (rc == ST_OK) {
			s->row = i;
			s->is_out = true;
			return &s->letter;
		}
		set_reason(h, i, rc == ST_REJECT ? SENT_REFUSED : SENT_RETRY,
		    err.text);
	}
	return NULL;
}

static void
letter_done(struct letters *l, const struct letter *letter,
    const struct delivery *result)
{
	struct bundle *b = (struct bundle *)l;
	struct slot *s = (struct slot *)letter;

	set_result(b->hand, s->row, result);
	s->is_out = false;
	if (result->sent == SENT_ACCEPTED || result->sent == SENT_REFUSED)
		b->final++;
}

/* For a sink that takes one at a time. */
static enum status
send_each(struct sink *sink, struct letters *letters)
{
	const struct letter *letter;
	struct delivery result;

	while ((letter = letters->next(letters)) != NULL) {
		sink->ops->send(sink, letter, &result);
		letters->done(letters, letter, &result);
	}
	return ST_OK;
}

/* Every row of the hand that leaves by that way. */
static enum status
send_bundle(struct hand *h, struct way *way, int *sent, struct err *err)
{
	struct bundle b = {
		.letters = { next_letter, letter_done }, .hand = h, .way = way
	};
	enum status rc = open_way(h->ob, way, err);

	for (int i = 0; i < SLOTS; i++) {
		b.slots[i].mail.max = MAIL_MAX;
		b.slots[i].from.max = 1024;
	}
	if (rc == ST_OK && way->sink->ops->send_many != NULL)
		rc = way->sink->ops->send_many(way->sink, &b.letters, err);
	else if (rc == ST_OK)
		rc = send_each(way->sink, &b.letters);
	for (int i = 0; i < SLOTS; i++) {
		buf_free(&b.slots[i].mail);
		buf_free(&b.slots[i].from);
	}
	*sent += b.final;
	return rc;
}

/* What no way took, with the reason if there is one. */
static void
start_results(struct hand *h)
{
	for (size_t i = 0; i < h->n; i++)
		set_reason(h, i, SENT_UNTOUCHED, "");
}

static void
explain_rest(struct hand *h, const struct way *way, enum status rc,
    const struct err *why)
{
	for (size_t i = 0; i < h->n; i++)
		if (way_of(h->ob, &h->rows[i]) == way &&
		    h->results[i].sent == SENT_UNTOUCHED &&
		    h->results[i].reason[0] == '\0')
			/* A text whose line is in trouble must not keep back
			 * those of the others. */
			set_reason(h, i,
			    way == NULL || way->sms != NULL ? SENT_RETRY
							    : SENT_UNTOUCHED,
			    rc == ST_OK ? "" : why->text);
}

enum status
hand_send(struct hand *h, int *sent, struct err *err)
{
	struct err why = { "" };
	enum status rc, worst = ST_OK;

	start_results(h);
	for (int i = 0; i < h->ob->n_ways; i++) {
		struct way *way = &h->ob->ways[i];

		rc = send_bundle(h, way, sent, &why);
		if (rc == ST_OK || is_stopping(h->ob))
			continue;
		explain_rest(h, way, rc, &why);
		if (way->sms == NULL)
			worst = err_set(err, rc, "%s", why.text);
	}
	if (h->ob->n_ways == 0) {
		err_set(&why, ST_RETRY,
		    "no SMS line is configured: add an sms section");
		explain_rest(h, NULL, ST_RETRY, &why);
	}
	return worst;
}

void
hand_free(struct hand *h)
{
	arena_free(&h->arena);
	h->rows = NULL;
	h->n = h->n_late = 0;
	h->is_judged = false;
}

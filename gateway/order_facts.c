/* order_facts - a planned notice as staff are shown it, and what it comes to */
#include "gateway/order_facts.h"

#include <stdio.h>
#include <string.h>

#include "gateway/reply.h"
#include "gateway/reply_data.h"
#include "gateway/wording.h"
#include "parsers/text.h"

enum {
	HASHED_MAX = 256 << 20,
	WORDINGS_SHOWN = 6,
	DECIMALS = 4,
	PRICE_DIGITS = 9
};

/* ---- what is the same -------------------------------------------------- */

/* With its length, so that two fields cannot run into each other. */
static void
add(struct buf *b, const char *s)
{
	if (s == NULL)
		s = "";
	buf_printf(b, "%zu:", strlen(s));
	buf_str(b, s);
}

static void
add_meeting(struct buf *b, const struct meeting *m)
{
	add(b, m->uid);
	add(b, m->state);
	add(b, m->starts_local);
	add(b, m->ends_local);
	add(b, m->venue);
	add(b, m->address);
	buf_printf(b, "%lld;", (long long)m->sequence);
}

void
order_content(
    char out[SHA256_HEX], const struct order *o, const struct notice_plan *plan)
{
	const struct notice_order *order = &o->telling.order;
	struct buf b = { .max = HASHED_MAX };
	bool is_now = order->send_at_ms == order->now;

	buf_printf(&b, "%d;%lld;", (int)order->kind,
	    is_now ? 0LL : (long long)order->send_at_ms);
	for (size_t i = 0; i < order->n; i++) {
		add_meeting(&b, &o->telling.seen[i]);
		add_meeting(&b, &order->meetings[i]);
	}
	for (size_t i = 0; i < plan->n_texts; i++) {
		add(&b, plan->texts[i].words.subject);
		add(&b, plan->texts[i].words.body);
		add(&b, plan->texts[i].words.html);
	}
	for (size_t i = 0; i < plan->n_targets; i++) {
		const struct notice_target *t = &plan->targets[i];

		buf_printf(&b, "%lld,%d,%u,%zu,", (long long)t->contact_id,
		    (int)t->channel, (unsigned)t->meetings, t->text);
		add(&b, t->address);
	}
	/* What did not fit would be in no hash: then nothing is the same. */
	if (b.failed)
		out[0] = '\0';
	else
		sha256_hex(out, buf_span(&b));
	buf_free(&b);
}

/* ---- as templates name it ---------------------------------------------- */

/* Zero too: it is a count. */
static void
put_count(json_t *data, const char *name, int64_t n)
{
	json_object_set_new(data, name, json_sprintf("%lld", (long long)n));
}

static void
put_flag(json_t *data, const char *name, bool value)
{
	if (value)
		json_object_set_new(data, name, json_true());
}

static void
put_date(json_t *data, const char *name, const struct config *config,
    const char *form, int64_t ms, const char *zone)
{
	struct arena a = { 0 };
	struct wording w = {
		.config = config, .language = config->language, .arena = &a
	};

	json_object_set_new(
	    data, name, wording_date(&w, form, ms, zone, MOMENT_EVENT));
	arena_free(&a);
}

static json_t *
meetings(const struct order *o, const struct notice_plan *plan)
{
	json_t *list = json_array();

	for (size_t i = 0; i < o->telling.order.n; i++) {
		const struct meeting *m = &o->telling.meetings[i];
		const struct config *config = o->telling.order.config;
		json_t *row = json_object();

		reply_put(row, "meeting_key", span_of(m->key));
		reply_put(row, "code", span_of(m->code));
		reply_put(row, "commune", span_of(m->commune));
		put_date(row, "meeting_date", config, "exact", m->starts_ms,
		    m->timezone);
		put_count(row, "n_mail", plan->by_meeting[i][0]);
		put_count(row, "n_sms", plan->by_meeting[i][1]);
		json_array_append_new(list, row);
	}
	return list;
}

static json_t *
wordings(const struct notice_plan *plan)
{
	json_t *list = json_array();

	for (size_t i = 0; i < plan->n_texts && i < WORDINGS_SHOWN; i++) {
		const struct notice_wording *w = &plan->texts[i];
		json_t *row = json_object();

		put_flag(row, "is_text", w->channel == CHANNEL_SMS);
		put_flag(row, "has_calendar", w->calendar[0] != '\0');
		reply_put(row, "wording_language", span_of(w->language));
		put_count(row, "n_wording", w->recipients);
		reply_put(row, "wording_subject", span_of(w->words.subject));
		reply_put(row, "wording", span_of(w->words.body));
		json_array_append_new(list, row);
	}
	return list;
}

void
order_price(struct buf *out, const char *price, int64_t n)
{
	struct span rest = span_trim(span_of(price));
	int64_t value = 0, unit = 1;
	int digits = 0, decimals = -1;
	char point = '.';

	while (rest.n > 0 && digits < PRICE_DIGITS && decimals < DECIMALS) {
		char c = rest.p[0];

		if ((c == '.' || c == ',') && decimals < 0 && digits > 0) {
			decimals = 0;
			point = c;
		} else if (c >= '0' && c <= '9') {
			value = value * 10 + (c - '0');
			digits++;
			if (decimals >= 0) {
				decimals++;
				unit *= 10;
			}
		} else {
			break;
		}
		rest = span_from(rest, 1);
	}
	if (digits == 0 || n > INT64_MAX / 1000000000)
		return;
	/* To a hundredth, as prices are written. */
	value = (value * n * 100 + unit / 2) / unit;
	buf_printf(out, "%lld%c%02lld", (long long)(value / 100), point,
	    (long long)(value % 100));
	rest = span_trim(rest);
	if (rest.n > 0)
		buf_char(out, ' ');
	buf_add(out, rest);
}

/* How long it takes, what it costs. */
static void
put_effort(
    json_t *data, const struct config *config, const struct notice_plan *plan)
{
	struct buf price = { .max = 200 };
	long rate = config->smtp.rate_per_minute;

	if (rate > 0 && plan->mails > 0)
		put_count(
		    data, "send_minutes", (plan->mails + rate - 1) / rate);
	order_price(&price, config->segment_price, plan->segments);
	reply_put(data, "sms_price", buf_span(&price));
	if (plan->sms > 0)
		reply_put(data, "quiet_hours", span_of(config->quiet_hours));
	buf_free(&price);
}

void
order_plan_facts(json_t *data, const struct order *o,
    const struct notice_plan *plan, int64_t until)
{
	const struct notice_order *order = &o->telling.order;
	const struct config *config = order->config;

	json_object_set_new(data, "meetings", meetings(o, plan));
	json_object_set_new(data, "wordings", wordings(plan));
	if (plan->n_texts > WORDINGS_SHOWN)
		put_count(data, "more_wordings",
		    (int64_t)plan->n_texts - WORDINGS_SHOWN);
	put_count(data, "n_total", (int64_t)plan->n_targets);
	put_count(data, "n_mail", plan->mails);
	put_count(data, "n_sms", plan->sms);
	put_count(data, "n_sms_parts", plan->segments);
	if (plan->late > 0)
		put_count(data, "n_late", plan->late);
	put_flag(data, "is_nobody", plan->n_targets == 0);
	put_flag(data, "any_sms", plan->sms > 0);
	put_count(data, "n_unsubscribed", plan->stopped);
	put_count(data, "n_bounced", plan->bounced + plan->resting);
	put_count(data, "n_told", plan->told);
	put_flag(data, "is_new_meeting", o->is_new);
	put_flag(data, "is_moved", o->is_moved);
	put_effort(data, config, plan);
	if (order->send_at_ms > order->now)
		put_date(data, "send_at", config, "exact", order->send_at_ms,
		    config->timezone);
	put_date(
	    data, "confirm_until", config, "exact", until, config->timezone);
	reply_put(data, "confirm_pin", span_of(REPLY_PIN_MARK));
}

void
order_name_facts(
    json_t *data, const struct config *config, const struct staff_order *order)
{
	char flag[40];

	put_count(data, "job_id", order->id);
	snprintf(flag, sizeof(flag), "is_%.20s", order->verb);
	put_flag(data, flag, true);
	reply_put(data, "order_author",
	    span_of(order_staff_name(config, order->address)));
}

void
order_report_facts(json_t *data, const struct notice *n)
{
	put_count(data, "n_total", n->total);
	put_count(data, "n_sent", n->sent);
	put_count(data, "n_failed", n->failed);
	put_count(data, "n_unknown", n->unknown);
	put_count(data, "n_cancelled", n->cancelled);
	if (n->id != 0)
		put_count(data, "notice_id", n->id);
	put_flag(data, "is_aborted", strcmp(n->state, "aborted") == 0);
	put_flag(data, "any_failed", n->failed > 0);
	put_flag(data, "any_cancelled", n->cancelled > 0);
	put_flag(data, "any_unknown", n->unknown > 0);
}

/* ---- who --------------------------------------------------------------- */

const struct config_staff *
order_staff(const struct config *config, struct span address)
{
	for (int i = 0; i < config->n_staff; i++)
		if (address.n > 0 &&
		    span_is_nocase(address, config->staff[i].address))
			return &config->staff[i];
	return NULL;
}

const char *
order_staff_name(const struct config *config, const char *address)
{
	const struct config_staff *s = order_staff(config, span_of(address));

	return s == NULL || s->name[0] == '\0' ? address : s->name;
}

/* reply_data - the facts of a reply as the values that templates name */
#include "gateway/reply_data.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/office_keys.h"
#include "gateway/wording.h"
#include "parsers/gsm7.h"
#include "parsers/text.h"

#define DAY_MS (24LL * 60 * 60 * 1000)
/* A longer text is shown up to here; what was recorded stays whole. */
#define ECHO_MAX 2000

const char *const office_names[][2] = {
	{ "office_phone", "phone" },
	{ "office_hours", "hours" },
	{ "office_mail", "address" },
	{ "office_address", "street" },
	{ NULL, NULL },
};

struct facts {
	const struct config *config;
	const struct reply *reply;
	const char *language;
};

const char *
office_value(const struct config *config, const char *key)
{
	const char *value = config_office(config, key);

	for (const struct office_key *k = office_keys;
	     value[0] == '\0' && k->key != NULL; k++)
		if (strcmp(k->key, key) == 0 && k->fallback[0] != '\0')
			return config_office(config, k->fallback);
	return value;
}

static void
set(json_t *to, const char *name, const char *value)
{
	json_object_set_new(to, name, json_string(value == NULL ? "" : value));
}

static void
set_buf(json_t *to, const char *name, struct buf *value)
{
	set(to, name, buf_cstr(value));
	buf_free(value);
}

static void
set_moment(json_t *to, const char *name, const struct facts *f, int64_t ms)
{
	struct buf text = { .max = 100 };

	wording_moment(&text, f->language, f->config->timezone, ms);
	set_buf(to, name, &text);
}

static void
set_date(json_t *to, const char *name, const struct facts *f, int64_t ms)
{
	struct buf text = { .max = 100 };

	wording_date(&text, f->language, f->config->timezone, ms);
	set_buf(to, name, &text);
}

static void
set_short_date(json_t *to, const char *name, const struct facts *f, int64_t ms)
{
	struct buf text = { .max = 100 };

	wording_short_date(&text, f->config->timezone, ms);
	set_buf(to, name, &text);
}

/* The text cut between characters when it is too long to repeat. */
static struct span
echoed(const char *text, bool *is_cut)
{
	struct span all = span_of(text), rest = all;
	size_t n = 0, len;

	for (int i = 0; i < ECHO_MAX && n < all.n; i++) {
		text_next(rest, &len);
		n += len;
		rest = span_from(all, n);
	}
	*is_cut = n < all.n;
	return span_sub(all, 0, n);
}

static void
set_echo(json_t *to, const struct facts *f, const char *text)
{
	struct buf quoted = { .max = 64 << 10 }, plain = { .max = 64 << 10 };
	bool is_cut;
	struct span shown = echoed(text, &is_cut), rest = shown, line;

	while (f->reply->show_text && span_line(&rest, &line)) {
		buf_str(&quoted, line.n > 0 ? "> " : ">");
		buf_add(&quoted, line);
		buf_char(&quoted, '\n');
	}
	if (quoted.n > 0)
		quoted.p[--quoted.n] = '\0';
	if (f->reply->show_text)
		buf_add(&plain, shown);
	set_buf(to, "remark_quoted", &quoted);
	set_buf(to, "remark", &plain);
	json_object_set_new(to, "show_text", json_boolean(f->reply->show_text));
	json_object_set_new(
	    to, "is_cut", json_boolean(f->reply->show_text && is_cut));
}

static void
set_consultation(
    json_t *to, const struct facts *f, const struct consultation *c)
{
	long days = strtol(office_value(f->config, "answer_days"), NULL, 10);

	set(to, "code", c->code);
	set(to, "title", c->title);
	set(to, "title_short",
	    c->title_short[0] != '\0' ? c->title_short : c->title);
	set_moment(to, "closes_at", f, c->closes_ms);
	set_moment(to, "closed_at", f, c->closes_ms);
	set_moment(to, "opens_at", f, c->opens_ms);
	set_short_date(to, "closes_short", f, c->closes_ms);
	set_short_date(to, "closed_short", f, c->closes_ms);
	set_short_date(to, "opens_short", f, c->opens_ms);
	set_date(to, "answer_due", f,
	    days > 0 && c->closes_ms > 0 ? c->closes_ms + days * DAY_MS : 0);
}

static const struct consultation *
consultation_of(const struct reply *r, int64_t id)
{
	for (size_t i = 0; i < r->n_all; i++)
		if (r->all[i].id == id)
			return &r->all[i];
	return r->consultation;
}

/* The remarks it is about: each with its number, consultation and words. */
static void
set_remarks(json_t *to, const struct facts *f)
{
	const struct reply *r = f->reply;
	struct buf names = { .max = 4096 }, receipts = { .max = 4096 };
	json_t *list = json_array();

	for (size_t i = 0; i < r->n_remarks; i++) {
		const struct remark *m = &r->remarks[i];
		const struct consultation *c =
		    consultation_of(r, m->consultation_id);
		const char *receipt =
		    r->receipts != NULL && r->receipts[i] != NULL
			? r->receipts[i]
			: "";
		json_t *one = json_object();

		if (c != NULL)
			set_consultation(one, f, c);
		set(one, "remark_no", m->name);
		set(one, "receipt", receipt);
		set_echo(one, f, m->text);
		json_array_append_new(list, one);
		buf_printf(&names, "%s%s", i > 0 ? ", " : "", m->name);
		buf_printf(&receipts, "%s%s", i > 0 ? ", " : "", receipt);
		if (i == 0)
			set_moment(to, "first_received_at", f, m->received_ms);
	}
	set_buf(to, "remark_no", &names);
	set_buf(to, "receipt", &receipts);
	json_object_set_new(to, "remarks", list);
}

/* What people can still speak about, and a code to show as an example. */
static void
set_open(json_t *to, const struct facts *f)
{
	const struct reply *r = f->reply;
	json_t *list = json_array();
	const char *example = "";

	for (size_t i = 0; i < r->n_all; i++) {
		json_t *one;

		if (consultation_state(&r->all[i], r->now) != CONSULTATION_OPEN)
			continue;
		if (example[0] == '\0')
			example = r->all[i].code;
		one = json_object();
		set_consultation(one, f, &r->all[i]);
		json_array_append_new(list, one);
	}
	set(to, "example_code", example);
	json_object_set_new(
	    to, "open_any", json_boolean(json_array_size(list) > 0));
	json_object_set_new(to, "open_list", list);
}

/* Only digits and a leading plus: what a phone can dial from a text. */
static void
set_dialled(json_t *to, const char *name, const char *number)
{
	struct buf digits = { .max = 40 };

	for (const char *p = number; *p != '\0'; p++)
		if ((*p >= '0' && *p <= '9') || (*p == '+' && digits.n == 0))
			buf_char(&digits, *p);
	set_buf(to, name, &digits);
}

static void
set_signature(json_t *to, const struct config *config)
{
	static const char *const lines[] = { "name", "street", "phone",
		"website" };
	struct buf text = { .max = 2048 };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const char *value = office_value(config, lines[i]);

		if (value[0] == '\0')
			continue;
		buf_printf(&text, "%s%s%s", text.n > 0 ? "\n" : "",
		    strcmp(lines[i], "phone") == 0 ? "tel. " : "", value);
	}
	set_buf(to, "office_signature", &text);
}

static void
set_office(json_t *to, const struct config *config)
{
	struct buf folded = { .max = 256 };

	for (const struct office_key *k = office_keys; k->key != NULL; k++)
		set(to, k->key, office_value(config, k->key));
	for (size_t i = 0; office_names[i][0] != NULL; i++)
		set(to, office_names[i][0],
		    office_value(config, office_names[i][1]));
	gsm7_fold(&folded, span_of(office_value(config, "short_name")));
	set_buf(to, "short_name", &folded);
	set_dialled(to, "phone_short", office_value(config, "phone"));
	set_signature(to, config);
	if (config->n_sms > 0)
		set(to, "sms_number", config->sms[0].number);
}

json_t *
reply_data(const struct config *config, const struct reply *reply,
    const char *language)
{
	struct facts f = { config, reply, language };
	const struct inbound *in = reply->inbound;
	json_t *data = json_object();

	if (data == NULL)
		return NULL;
	set_office(data, config);
	set_open(data, &f);
	if (reply->consultation != NULL)
		set_consultation(data, &f, reply->consultation);
	set_remarks(data, &f);
	if (reply->suggestion != NULL) {
		set(data, "suggestion", reply->suggestion->code);
		set(data, "suggestion_title", reply->suggestion->title);
	}
	set(data, "code_seen", in->code_seen);
	set(data, "address", in->from);
	set_moment(data, "received_at", &f, in->received_ms);
	set_moment(data, "hold_until", &f, in->hold_until_ms);
	set_short_date(data, "hold_short", &f, in->hold_until_ms);
	set(data, "attachment_names", reply->attachment_names);
	json_object_set_new(data, "attachments",
	    json_boolean(reply->attachment_names != NULL &&
			 reply->attachment_names[0] != '\0'));
	json_object_set_new(data, "show_text", json_boolean(reply->show_text));
	return data;
}

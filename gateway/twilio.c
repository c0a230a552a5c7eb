/* twilio - Twilio's Messages resource, version 2010-04-01
 *
 * Place: behind provider.h.  Its list is a log without an order to rely on, in
 * which texts show up late: each pass begins two days before the newest text it
 * knows and keys (the sid) tell what is new.  The next page is only asked for at
 * the configured host.  There is no reference of ours to look up: after a lost
 * answer the same text to the same number since then is looked for.  Judged by
 * Twilio's own OpenAPI description (make conform), not run against Twilio.
 */
#include "gateway/providers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/http.h"
#include "parsers/date.h"

enum { PAGE = 200, PATH_MAX_ = 2000, FORM_MAX = 64 << 10, FIND_PAGES = 20 };

#define DAY_MS (24LL * 3600 * 1000)
#define CLOCKS_APART_MS (10LL * 60 * 1000)
/* A text that was taken may not be in the list yet. */
#define LIST_LAGS_MS (15LL * 60 * 1000)

static const char root[] = "/2010-04-01/Accounts";

static struct provider_call
new_call(const struct provider *p)
{
	return (struct provider_call){ .user = p->conf->user,
		.password = buf_cstr(&p->secret) };
}

/* Says more about a refusal than HTTP does: Twilio's own code. */
static enum status
ask(struct provider *p, struct provider_call *call, struct err *err)
{
	enum status rc = provider_ask(p, call, err);
	const json_t *code = json_object_get(call->json, "code");

	if (rc != ST_OK && call->code != 401 && json_is_integer(code))
		err_set(err, rc,
		    "%s: Twilio answers HTTP %d, error %lld; see "
		    "https://www.twilio.com/docs/api/errors/%lld",
		    p->name, call->code, (long long)json_integer_value(code),
		    (long long)json_integer_value(code));
	return rc;
}

/* ---- lists ------------------------------------------------------------- */

/* The day of `ms` in UTC, as DateSent wants it. */
static void
add_since(struct buf *path, int64_t ms)
{
	char day[32];

	date_format_rfc3339(day, ms > 0 ? ms : 0, 0);
	day[10] = '\0';
	buf_printf(path, "&DateSent%%3E=%s", day);
}

/* The path of the first page of texts to `to` since then. */
static void
list_path(struct buf *path, const struct provider *p, const char *to,
    int64_t since, int size)
{
	struct buf query = { .max = 200 };

	http_add_field(&query, "To", to);
	buf_printf(path, "%s/%s/Messages.json?PageSize=%d%s", root,
	    p->conf->user, size, query.n > 0 ? "&" : "");
	buf_add(path, buf_span(&query));
	add_since(path, since);
	buf_free(&query);
}

/* The path of the next page; NULL: there is none.  An address of another host
 * would get our login. */
static enum status
next_path(const char **next, struct provider *p, struct arena *a,
    const json_t *answer, struct err *err)
{
	const char *uri = provider_string(a, answer, "next_page_uri");
	char ours[200];

	*next = NULL;
	if (uri[0] == '\0')
		return ST_OK;
	snprintf(
	    ours, sizeof(ours), "%s/%s/Messages.json?", root, p->conf->user);
	if (strncmp(uri, ours, strlen(ours)) != 0 || strlen(uri) > PATH_MAX_)
		return err_set(err, ST_RETRY,
		    "%s: the next page is said to be somewhere else, and is "
		    "not asked for there: it would get our login",
		    p->name);
	*next = uri;
	return ST_OK;
}

/* Asks for one page: its messages, borrowed from the call. */
static enum status
list(struct provider *p, struct provider_call *call, const char *path,
    const json_t **messages, struct err *err)
{
	enum status rc;

	call->path = path;
	rc = ask(p, call, err);
	*messages = json_object_get(call->json, "messages");
	if (rc == ST_OK && !json_is_array(*messages))
		rc = err_set(err, ST_RETRY,
		    "%s: the answer holds no list of messages", p->name);
	return rc;
}

/* ---- in ---------------------------------------------------------------- */

static bool
read_time(struct arena *a, const json_t *item, int64_t *ms)
{
	const char *sent = provider_string(a, item, "date_sent");

	if (sent[0] == '\0')
		sent = provider_string(a, item, "date_created");
	return date_parse_mail(ms, NULL, span_of(sent)) == ST_OK;
}

static enum status
take_text(struct provider *p, struct provider_page *page, const json_t *item,
    int64_t *newest, struct err *err)
{
	struct arena *a = &page->arena;
	struct provider_text *t;

	if (json_is_string(json_object_get(item, "direction")) &&
	    strcmp(provider_string(a, item, "direction"), "inbound") != 0)
		return ST_OK;
	t = provider_add(page, item);
	if (t == NULL)
		return err_set(err, ST_RETRY, "%s: out of memory", p->name);
	t->key = provider_string(a, item, "sid");
	t->from = provider_string(a, item, "from");
	t->to = provider_string(a, item, "to");
	t->text = provider_string(a, item, "body");
	if (t->key[0] == '\0')
		t->problem = "it has no sid";
	else if (t->from[0] == '\0')
		t->problem = "it has no from";
	else if (!json_is_string(json_object_get(item, "body")) &&
		 !json_is_null(json_object_get(item, "body")))
		t->problem = "it has no body";
	else if (!read_time(a, item, &t->received_ms))
		t->problem = "its date_sent is no time";
	if (t->key[0] == '\0')
		t->key = provider_hash_key(a, t);
	if (t->received_ms > *newest)
		*newest = t->received_ms;
	return ST_OK;
}

/* A place in a pass: "NEWEST PATH". */
static enum status
twilio_poll(struct provider *p, const char *cursor, const char *next,
    struct provider_page *page, struct err *err)
{
	struct provider_call call = new_call(p);
	struct buf path = { .max = PATH_MAX_ },
		   place = { .max = PATH_MAX_ + 40 };
	int64_t since = provider_cursor_ms(cursor), newest = since;
	const json_t *messages;
	const char *follows;
	char *rest;
	enum status rc;

	if (next != NULL) {
		newest = strtoll(next, &rest, 10);
		buf_str(&path, rest + 1);
	} else {
		list_path(&path, p, p->conf->number, since - 2 * DAY_MS, PAGE);
	}
	rc = list(p, &call, buf_cstr(&path), &messages, err);
	/* Most often the list begins with the newest. */
	for (size_t i = json_array_size(messages); rc == ST_OK && i > 0; i--)
		rc = take_text(
		    p, page, json_array_get(messages, i - 1), &newest, err);
	if (rc == ST_OK)
		rc = next_path(&follows, p, &page->arena, call.json, err);
	if (rc == ST_OK && follows == NULL) {
		page->cursor = provider_cursor(&page->arena, newest, cursor);
	} else if (rc == ST_OK) {
		buf_printf(&place, "%lld %s", (long long)newest, follows);
		page->next = arena_copy(&page->arena, buf_span(&place)).p;
	}
	provider_call_free(&call);
	buf_free(&path);
	buf_free(&place);
	return rc;
}

/* ---- out --------------------------------------------------------------- */

static void
twilio_send(
    struct provider *p, const struct letter *letter, struct delivery *out)
{
	struct provider_call call = new_call(p);
	struct buf form = { .max = FORM_MAX };
	struct buf text = { .max = letter->bytes.n + 1 };
	const char *sender =
	    p->conf->sender[0] != '\0' ? p->conf->sender : p->conf->number;
	struct err err = { "" };
	struct arena a = { 0 };
	char path[120];
	enum status rc;

	buf_add(&text, letter->bytes);
	http_add_field(&form, "To", letter->to);
	http_add_field(&form,
	    strncmp(sender, "MG", 2) == 0 ? "MessagingServiceSid" : "From",
	    sender);
	http_add_field(&form, "Body", buf_cstr(&text));
	snprintf(
	    path, sizeof(path), "%s/%.60s/Messages.json", root, p->conf->user);
	call.path = path;
	call.type = http_form;
	call.body = buf_span(&form);
	call.once = true;
	rc = ask(p, &call, &err);
	if (rc != ST_OK) {
		provider_not_sent(&call, rc, &err, out);
	} else if (provider_string(&a, call.json, "sid")[0] == '\0') {
		out->sent = SENT_UNKNOWN;
		snprintf(out->reason, sizeof(out->reason),
		    "%.60s: the answer names no sid", p->name);
	} else {
		out->sent = SENT_ACCEPTED;
		snprintf(out->external_id, sizeof(out->external_id), "%.120s",
		    provider_string(&a, call.json, "sid"));
	}
	provider_call_free(&call);
	buf_free(&form);
	buf_free(&text);
	arena_free(&a);
}

/* Is it the letter, sent since it is owed? */
static bool
is_letter(struct arena *a, const json_t *item, const struct letter *letter)
{
	const char *body = provider_string(a, item, "body");
	int64_t ms = 0;

	return strncmp(provider_string(a, item, "direction"), "outbound", 8) ==
		   0 &&
	       strlen(body) == letter->bytes.n &&
	       memcmp(body, letter->bytes.p, letter->bytes.n) == 0 &&
	       date_parse_mail(&ms, NULL,
		   span_of(provider_string(a, item, "date_created"))) ==
		   ST_OK &&
	       ms >= letter->created_ms - CLOCKS_APART_MS;
}

/* One page of the search; `path` is then that of the next, or empty. */
static enum status
find_in_page(struct provider *p, const struct letter *letter, struct buf *path,
    struct delivery *out, struct err *err)
{
	struct provider_call call = new_call(p);
	struct arena a = { 0 };
	const json_t *messages, *item;
	const char *next = NULL;
	enum status rc = list(p, &call, buf_cstr(path), &messages, err);

	for (size_t i = 0; rc == ST_OK && i < json_array_size(messages); i++) {
		item = json_array_get(messages, i);
		if (!is_letter(&a, item, letter))
			continue;
		out->sent = SENT_ACCEPTED;
		snprintf(out->external_id, sizeof(out->external_id), "%.120s",
		    provider_string(&a, item, "sid"));
	}
	if (rc == ST_OK)
		rc = next_path(&next, p, &a, call.json, err);
	buf_reset(path);
	buf_str(path, next == NULL ? "" : next);
	provider_call_free(&call);
	arena_free(&a);
	return rc;
}

static enum status
twilio_find(struct provider *p, const struct letter *letter,
    struct delivery *out, struct err *err)
{
	struct buf path = { .max = PATH_MAX_ };
	enum status rc = ST_OK;

	out->sent = SENT_RETRY;
	list_path(
	    &path, p, letter->to, letter->created_ms - CLOCKS_APART_MS, PAGE);
	for (int i = 0; rc == ST_OK && out->sent == SENT_RETRY && path.n > 0;
	     i++)
		rc = i < FIND_PAGES
			 ? find_in_page(p, letter, &path, out, err)
			 : err_set(err, ST_RETRY,
			       "%s: the list of what was sent has no end",
			       p->name);
	if (rc == ST_OK && out->sent == SENT_RETRY &&
	    clock_now() - letter->tried_ms < LIST_LAGS_MS)
		rc = err_set(err, ST_RETRY,
		    "%s: not in the list of what was sent, which may lag; "
		    "looked up again later",
		    p->name);
	buf_free(&path);
	return rc;
}

static enum status
twilio_arrival(struct provider *p, const struct letter *letter,
    const char *external_id, enum arrival *out, char why[256], struct err *err)
{
	struct provider_call call = new_call(p);
	struct arena a = { 0 };
	const char *status;
	char path[200];
	enum status rc;

	(void)letter;
	*out = ARRIVAL_OPEN;
	snprintf(path, sizeof(path), "%s/%.60s/Messages/%.60s.json", root,
	    p->conf->user, external_id);
	call.path = path;
	rc = ask(p, &call, err);
	status = provider_string(&a, call.json, "status");
	if (rc == ST_OK && strcmp(status, "delivered") == 0)
		*out = ARRIVAL_DELIVERED;
	if (rc == ST_OK && (strcmp(status, "undelivered") == 0 ||
			       strcmp(status, "failed") == 0 ||
			       strcmp(status, "canceled") == 0)) {
		*out = ARRIVAL_FAILED;
		snprintf(why, 256, "%.40s, error %.20s", status,
		    provider_string(&a, call.json, "error_code"));
	}
	provider_call_free(&call);
	arena_free(&a);
	return rc;
}

static enum status
twilio_check(struct provider *p, struct err *err)
{
	struct provider_call call = new_call(p);
	struct buf path = { .max = PATH_MAX_ };
	const json_t *messages;
	enum status rc;

	list_path(&path, p, p->conf->number, clock_now(), 1);
	rc = list(p, &call, buf_cstr(&path), &messages, err);
	provider_call_free(&call);
	buf_free(&path);
	return rc;
}

const struct provider_ops twilio_ops = {
	.name = "twilio",
	.knows_reference = true,
	.poll = twilio_poll,
	.send = twilio_send,
	.find = twilio_find,
	.arrival = twilio_arrival,
	.check = twilio_check,
};

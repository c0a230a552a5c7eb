/* serwersms - SerwerSMS.pl, a Polish provider, by its HTTPS API v2
 *
 * Place: behind provider.h.  Texts to our number are listed by time of receipt
 * (Polish time without a zone); marking them as read could hide one that came
 * between two lists, so that is never done: each pass begins a day before the
 * newest text it knows, and keys tell what is new.  Errors come with HTTP 200.
 * Not run against the provider: written from its documentation.
 */
#include "gateway/providers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/http.h"
#include "gateway/secret.h"

enum { PAGE = 100, FORM_MAX = 64 << 10 };

#define OVERLAP_MS (24LL * 3600 * 1000)

static const char time_form[] = "YYYY-MM-DD hh:mm:ss";

/* The beginning of every request. */
static struct buf
new_form(const struct provider *p)
{
	struct buf form = { .max = FORM_MAX };

	if (p->conf->token_file[0] == '\0') {
		http_add_field(&form, "username", p->conf->user);
		http_add_field(&form, "password", buf_cstr(&p->secret));
	}
	return form;
}

/* The provider's errors: what is a matter of the account, of the moment, of
 * this text. */
static enum status
explain(const struct provider *p, const json_t *error, struct err *err)
{
	struct arena a = { 0 };
	long code = strtol(provider_string(&a, error, "code"), NULL, 10);
	char type[60];
	bool is_account = code == 1001 || code == 1002 || code == 1003 ||
			  code == 1005 || code == 1007 || code == 1008;

	provider_words(type, sizeof(type), provider_string(&a, error, "type"));
	arena_free(&a);
	return err_set(err, is_account ? ST_REJECT : ST_RETRY,
	    "%s: the provider answers error %ld (%s)%s", p->name, code, type,
	    is_account ? "; look at user, password_file or token_file, at the "
			 "account's rights, and whether this machine's address "
			 "is allowed there"
		       : "");
}

/* Asks `action` with `form`, which it frees.  ST_OK: call->json is an object
 * without an error. */
static enum status
ask(struct provider *p, struct provider_call *call, const char *action,
    struct buf *form, struct err *err)
{
	char path[80];
	const json_t *error;
	enum status rc;

	snprintf(path, sizeof(path), "/messages/%s.json", action);
	call->path = path;
	call->type = http_form;
	call->body = buf_span(form);
	if (p->conf->token_file[0] != '\0')
		call->bearer = buf_cstr(&p->secret);
	rc = form->failed ? err_set(err, ST_BROKEN, "out of memory")
			  : provider_ask(p, call, err);
	secret_free(form);
	if (rc != ST_OK)
		return rc;
	error = json_object_get(call->json, "error");
	if (error != NULL)
		return explain(p, error, err);
	if (json_is_object(call->json))
		return ST_OK;
	call->maybe_obeyed = true;
	return err_set(err, ST_RETRY,
	    "%s: the provider's answer is no JSON object", p->name);
}

/* ---- in ---------------------------------------------------------------- */

static enum status
take_text(struct provider *p, struct provider_page *page, const json_t *item,
    int64_t *newest, struct err *err)
{
	struct provider_text *t = provider_add(page, item);
	struct arena *a = &page->arena;
	const char *id = provider_string(a, item, "id");
	const char *type = provider_string(a, item, "type");
	char key[120];

	if (t == NULL)
		return err_set(err, ST_RETRY, "%s: out of memory", p->name);
	t->from = provider_string(a, item, "phone");
	t->to = provider_string(a, item, "to_number");
	t->text = provider_string(a, item, "text");
	if (id[0] == '\0')
		t->problem = "it has no id";
	else if (t->from[0] == '\0')
		t->problem = "it has no phone";
	else if (!json_is_string(json_object_get(item, "text")) &&
		 strcmp(type, "mms") != 0)
		t->problem = "it has no text";
	else if (!provider_time(p, time_form,
		     provider_string(a, item, "recived"), &t->received_ms))
		t->problem = "its time of receipt is no time";
	if (t->problem == NULL && t->text[0] == '\0')
		t->text = provider_string(a, item, "title");
	snprintf(key, sizeof(key), "%.40s/%.60s", type, id);
	t->key = id[0] == '\0' ? provider_hash_key(a, t)
			       : arena_copy(a, span_of(key)).p;
	if (t->received_ms > *newest)
		*newest = t->received_ms;
	return ST_OK;
}

/* A place in a pass: "PAGE NEWEST". */
static void
read_place(const char *next, long *page, int64_t *newest)
{
	char *end;

	*page = 1;
	if (next == NULL)
		return;
	*page = strtol(next, &end, 10);
	*newest = strtoll(end, NULL, 10);
}

static long
pages_of(struct arena *a, const json_t *answer)
{
	return strtol(
	    provider_string(a, json_object_get(answer, "paging"), "count"),
	    NULL, 10);
}

static enum status
serwer_poll(struct provider *p, const char *cursor, const char *next,
    struct provider_page *page, struct err *err)
{
	struct provider_call call = { 0 };
	struct buf form = new_form(p);
	int64_t since = provider_cursor_ms(cursor), newest = since;
	const json_t *items;
	char text[64];
	long number;
	enum status rc;

	read_place(next, &number, &newest);
	provider_time_text(
	    p, time_form, since > OVERLAP_MS ? since - OVERLAP_MS : 0, text);
	http_add_field(&form, "date_from", text);
	snprintf(text, sizeof(text), "%ld", number);
	http_add_field(&form, "page", text);
	snprintf(text, sizeof(text), "%d", PAGE);
	http_add_field(&form, "limit", text);
	http_add_field(&form, "order", "asc");
	rc = ask(p, &call, "recived", &form, err);
	if (rc != ST_OK)
		goto out;
	items = json_object_get(call.json, "items");
	if (!json_is_array(items)) {
		rc = err_set(err, ST_RETRY,
		    "%s: the provider's answer holds no list of items",
		    p->name);
		goto out;
	}
	for (size_t i = 0; i < json_array_size(items) && rc == ST_OK; i++)
		rc = take_text(p, page, json_array_get(items, i), &newest, err);
	if (number < pages_of(&page->arena, call.json)) {
		snprintf(text, sizeof(text), "%ld %lld", number + 1,
		    (long long)newest);
		page->next = arena_copy(&page->arena, span_of(text)).p;
	} else {
		page->cursor = provider_cursor(&page->arena, newest, cursor);
	}
out:
	provider_call_free(&call);
	return rc;
}

/* ---- out --------------------------------------------------------------- */

/* What the answer says of the one text that was in the request. */
static void
judge_item(struct provider *p, const json_t *item, struct delivery *out)
{
	struct arena a = { 0 };
	char words[120];

	if (strcmp(provider_string(&a, item, "status"), "queued") == 0) {
		out->sent = SENT_ACCEPTED;
		snprintf(out->external_id, sizeof(out->external_id), "%.120s",
		    provider_string(&a, item, "id"));
	} else if (strcmp(provider_string(&a, item, "status"), "unsent") == 0) {
		out->sent = SENT_REFUSED;
		provider_words(words, sizeof(words),
		    provider_string(&a, item, "error_message"));
		snprintf(out->reason, sizeof(out->reason),
		    "%.60s: the provider did not take it, error %.20s (%s)",
		    p->name, provider_string(&a, item, "error_code"), words);
	} else {
		out->sent = SENT_UNKNOWN;
		snprintf(out->reason, sizeof(out->reason),
		    "%.60s: the provider's answer says nothing of the text",
		    p->name);
	}
	arena_free(&a);
}

static void
serwer_send(
    struct provider *p, const struct letter *letter, struct delivery *out)
{
	struct provider_call call = { 0 };
	struct buf form = new_form(p), text = { .max = letter->bytes.n + 1 };
	struct err err = { "" };
	long code;
	enum status rc;

	buf_add(&text, letter->bytes);
	http_add_field(&form, "phone", letter->to);
	http_add_field(&form, "text", buf_cstr(&text));
	http_add_field(&form, "sender", p->conf->sender);
	http_add_field(&form, "utf", p->conf->polish_letters ? "true" : "");
	http_add_field(&form, "details", "true");
	http_add_field(&form, "unique_id", letter->reference);
	call.once = true;
	rc = ask(p, &call, "send_sms", &form, &err);
	if (rc == ST_OK) {
		judge_item(p,
		    json_array_get(json_object_get(call.json, "items"), 0),
		    out);
		goto out;
	}
	provider_not_sent(&call, rc, &err, out);
	code = (long)json_integer_value(
	    json_object_get(json_object_get(call.json, "error"), "code"));
	if (call.code == 200 && code >= 2000 && code < 3000)
		out->sent = SENT_REFUSED; /* what was asked is not valid */
out:
	provider_call_free(&call);
	buf_free(&text);
}

/* The report of our reference, borrowed from the call; NULL: there is none. */
static enum status
report(struct provider *p, struct provider_call *call,
    const struct letter *letter, const json_t **item, struct err *err)
{
	struct buf form = new_form(p);
	const json_t *items;
	enum status rc;

	*item = NULL;
	http_add_field(&form, "unique_id", letter->reference);
	rc = ask(p, call, "reports", &form, err);
	if (rc != ST_OK)
		return rc;
	items = json_object_get(call->json, "items");
	if (!json_is_array(items))
		return err_set(err, ST_RETRY,
		    "%s: the provider's answer holds no list of items",
		    p->name);
	*item = json_array_get(items, 0);
	return ST_OK;
}

static enum status
serwer_find(struct provider *p, const struct letter *letter,
    struct delivery *out, struct err *err)
{
	struct provider_call call = { 0 };
	struct arena a = { 0 };
	const json_t *item;
	enum status rc = report(p, &call, letter, &item, err);

	out->sent = SENT_RETRY;
	if (rc == ST_OK && item != NULL) {
		out->sent = SENT_ACCEPTED;
		snprintf(out->external_id, sizeof(out->external_id), "%.120s",
		    provider_string(&a, item, "id"));
	}
	provider_call_free(&call);
	arena_free(&a);
	return rc;
}

static enum status
serwer_arrival(struct provider *p, const struct letter *letter,
    const char *external_id, enum arrival *out, char why[256], struct err *err)
{
	struct provider_call call = { 0 };
	struct arena a = { 0 };
	const json_t *item;
	const char *status;
	enum status rc = report(p, &call, letter, &item, err);

	(void)external_id;
	*out = ARRIVAL_OPEN;
	status = provider_string(&a, item, "status");
	if (rc == ST_OK && strcmp(status, "delivered") == 0)
		*out = ARRIVAL_DELIVERED;
	if (rc == ST_OK && (strcmp(status, "undelivered") == 0 ||
			       strcmp(status, "unsent") == 0)) {
		*out = ARRIVAL_FAILED;
		provider_words(why, 256, provider_string(&a, item, "reason"));
	}
	provider_call_free(&call);
	arena_free(&a);
	return rc;
}

/* Asks for what came in the future: nothing, but with the login. */
static enum status
serwer_check(struct provider *p, struct err *err)
{
	struct provider_call call = { 0 };
	struct buf form = new_form(p);
	enum status rc;

	http_add_field(&form, "date_from", "2199-01-01 00:00:00");
	http_add_field(&form, "limit", "1");
	rc = ask(p, &call, "recived", &form, err);
	provider_call_free(&call);
	return rc;
}

const struct provider_ops serwersms_ops = {
	.name = "serwersms",
	.knows_reference = true,
	.poll = serwer_poll,
	.send = serwer_send,
	.find = serwer_find,
	.arrival = serwer_arrival,
	.check = serwer_check,
};

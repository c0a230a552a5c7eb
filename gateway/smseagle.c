/* smseagle - an SMSEagle box in the office, by its JSON-RPC
 *
 * Place: behind provider.h.  Its tables are gammu's: texts have growing numbers,
 * so the cursor is the last one ("id:1234"); `unread` is of no use, since
 * a clerk who opens the box's own page would hide a text from us.  An empty
 * folder is an error there ("No data to display").  Not run against a box:
 * written from its manual, version 1 of the API.
 */
#include "gateway/providers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/http.h"

enum { PAGE = 200 };

static const char when_form[] = "YYYYMMDDhhmmss"; /* what we ask with */
static const char time_form[] = "YYYY-MM-DD hh:mm:ss"; /* what it answers */

static json_t *
new_params(const struct provider *p)
{
	json_t *params = json_object();
	const char *secret = buf_cstr(&p->secret);

	if (p->conf->token_file[0] != '\0') {
		json_object_set_new(
		    params, "access_token", json_string(secret));
	} else {
		json_object_set_new(
		    params, "login", json_string(p->conf->user));
		json_object_set_new(params, "pass", json_string(secret));
	}
	json_object_set_new(params, "responsetype", json_string("extended"));
	return params;
}

/* Calls `method`; takes `params`.  `*result` is borrowed from the call. */
static enum status
call_box(struct provider *p, struct provider_call *call, const char *method,
    json_t *params, const json_t **result, struct err *err)
{
	json_t *request =
	    json_pack("{s:s, s:o}", "method", method, "params", params);
	char *body = request == NULL ? NULL : json_dumps(request, JSON_COMPACT);
	enum status rc;

	*result = NULL;
	json_decref(request);
	if (body == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	call->path =
	    strstr(p->conf->url, "/jsonrpc") != NULL ? "" : "/jsonrpc/sms";
	call->type = http_json;
	call->body = span_of(body);
	rc = provider_ask(p, call, err);
	free(body);
	if (rc == ST_OK)
		*result = json_object_get(call->json, "result");
	if (rc == ST_OK && *result == NULL) {
		call->maybe_obeyed = true;
		return err_set(err, ST_RETRY,
		    "%s: the box's answer has no result; look at url, and at "
		    "the login if this goes on",
		    p->name);
	}
	return rc;
}

/* What the box says of an error; NULL when it is none. */
static const char *
error_of(struct arena *a, const json_t *result)
{
	if (json_is_string(result))
		return strncmp(json_string_value(result), "OK", 2) == 0
			   ? NULL
			   : json_string_value(result);
	if (strcmp(provider_string(a, result, "status"), "error") == 0)
		return provider_string(a, result, "error_text");
	return NULL;
}

static enum status
explain(const struct provider *p, const char *said, struct err *err)
{
	char words[100];
	bool is_login = strstr(said, "Invalid") != NULL;

	provider_words(words, sizeof(words), said);
	return err_set(err, is_login ? ST_REJECT : ST_RETRY,
	    "%s: the box answers \"%s\"%s", p->name, words,
	    is_login ? "; look at user, password_file or token_file" : "");
}

/* ---- in ---------------------------------------------------------------- */

static long long
number_of(const char *id)
{
	char *end;
	long long n = strtoll(id, &end, 10);

	return id[0] == '\0' || *end != '\0' || n < 0 ? -1 : n;
}

/* Its key is the number with the time, as a box that was set up anew counts from
 * the beginning again. */
static enum status
take_text(struct provider *p, struct provider_page *page, const json_t *item,
    long long *last, struct err *err)
{
	struct provider_text *t = provider_add(page, item);
	struct arena *a = &page->arena;
	const char *id = provider_string(a, item, "ID");
	char key[80];

	if (t == NULL)
		return err_set(err, ST_RETRY, "%s: out of memory", p->name);
	t->from = provider_string(a, item, "SenderNumber");
	t->text = provider_string(a, item, "TextDecoded");
	if (number_of(id) < 0)
		t->problem = "it has no ID";
	else if (t->from[0] == '\0')
		t->problem = "it has no SenderNumber";
	else if (!json_is_string(json_object_get(item, "TextDecoded")))
		t->problem = "it has no TextDecoded";
	else if (!provider_time(p, time_form,
		     provider_string(a, item, "ReceivingDateTime"),
		     &t->received_ms))
		t->problem = "its ReceivingDateTime is no time";
	if (number_of(id) < 0) {
		t->key = provider_hash_key(a, t);
		return ST_OK;
	}
	snprintf(key, sizeof(key), "%lld %.40s", number_of(id),
	    provider_string(a, item, "ReceivingDateTime"));
	t->key = arena_copy(a, span_of(key)).p;
	if (number_of(id) > *last)
		*last = number_of(id);
	return ST_OK;
}

static enum status
take_page(struct provider *p, struct provider_page *page, const json_t *list,
    long long last, struct err *err)
{
	struct arena *a = &page->arena;
	long long before = last;
	enum status rc = ST_OK;
	char cursor[40];

	for (size_t i = 0; i < json_array_size(list) && rc == ST_OK; i++)
		rc = take_text(p, page, json_array_get(list, i), &last, err);
	if (rc != ST_OK || last <= before)
		return rc;
	snprintf(cursor, sizeof(cursor), "id:%lld", last);
	page->cursor = arena_copy(a, span_of(cursor)).p;
	/* Until nothing more is there: a box may have a limit of its own. */
	page->next = page->cursor;
	return ST_OK;
}

static enum status
eagle_poll(struct provider *p, const char *cursor, const char *next,
    struct provider_page *page, struct err *err)
{
	struct provider_call call = { 0 };
	const char *from = next != NULL ? next : cursor;
	json_t *params = new_params(p);
	const json_t *result, *list;
	const char *said;
	long long last = 0;
	char text[32];
	enum status rc;

	if (strncmp(from, "id:", 3) == 0) {
		last = number_of(from + 3);
		snprintf(text, sizeof(text), "%lld", last + 1);
		json_object_set_new(params, "idfrom", json_string(text));
	} else {
		provider_time_text(
		    p, when_form, provider_cursor_ms(from), text);
		json_object_set_new(params, "datefrom", json_string(text));
	}
	json_object_set_new(params, "folder", json_string("inbox"));
	snprintf(text, sizeof(text), "%d", PAGE);
	json_object_set_new(params, "limit", json_string(text));
	rc = call_box(p, &call, "sms.read_sms", params, &result, err);
	if (rc != ST_OK)
		goto out;
	said = error_of(&page->arena, result);
	list = json_object_get(result, "messages");
	if (said != NULL && strstr(said, "No data to display") == NULL)
		rc = explain(p, said, err);
	else if (said == NULL && !json_is_array(list))
		rc = err_set(err, ST_RETRY,
		    "%s: the box's answer holds no list of messages", p->name);
	else if (said == NULL)
		rc = take_page(p, page, list, last, err);
out:
	provider_call_free(&call);
	return rc;
}

/* ---- out --------------------------------------------------------------- */

static void
eagle_send(
    struct provider *p, const struct letter *letter, struct delivery *out)
{
	struct provider_call call = { 0 };
	json_t *params = new_params(p);
	struct err err = { "" };
	struct arena a = { 0 };
	const json_t *result;
	const char *said;
	char oid[40];
	enum status rc;

	snprintf(oid, sizeof(oid), "%.36s", letter->reference);
	json_object_set_new(params, "to", json_string(letter->to));
	json_object_set_new(
	    params, "message", json_stringn(letter->bytes.p, letter->bytes.n));
	json_object_set_new(params, "unicode",
	    json_string(p->conf->polish_letters ? "1" : "0"));
	json_object_set_new(params, "oid", json_string(oid));
	call.once = true;
	rc = call_box(p, &call, "sms.send_sms", params, &result, &err);
	if (rc != ST_OK) {
		provider_not_sent(&call, rc, &err, out);
		goto out;
	}
	said = error_of(&a, result);
	if (said == NULL) {
		out->sent = SENT_ACCEPTED;
		snprintf(out->external_id, sizeof(out->external_id), "%.120s",
		    provider_string(&a, result, "message_id"));
		goto out;
	}
	rc = explain(p, said, &err);
	out->sent = strstr(said, "Wrong") != NULL ? SENT_REFUSED : SENT_RETRY;
	snprintf(out->reason, sizeof(out->reason), "%.250s", err.text);
out:
	provider_call_free(&call);
	arena_free(&a);
}

/* The message of that oid in `folder`, if any, into the arena. */
static enum status
find_in(struct provider *p, const struct letter *letter, const char *folder,
    struct arena *a, const char **id, const char **status, struct err *err)
{
	struct provider_call call = { 0 };
	json_t *params = new_params(p);
	const json_t *result, *item;
	const char *said;
	char since[32], oid[40];
	size_t i;
	enum status rc;

	*id = NULL;
	snprintf(oid, sizeof(oid), "%.36s", letter->reference);
	/* A day of room, as the box has a clock of its own. */
	provider_time_text(p, when_form, letter->created_ms - 86400000, since);
	json_object_set_new(params, "folder", json_string(folder));
	json_object_set_new(params, "to", json_string(letter->to));
	json_object_set_new(params, "datefrom", json_string(since));
	rc = call_box(p, &call, "sms.read_sms", params, &result, err);
	if (rc != ST_OK)
		goto out;
	said = error_of(a, result);
	if (said != NULL && strstr(said, "No data to display") == NULL)
		rc = explain(p, said, err);
	else if (said == NULL &&
		 !json_is_array(json_object_get(result, "messages")))
		rc = err_set(err, ST_RETRY,
		    "%s: the box's answer holds no list of messages", p->name);
	if (rc != ST_OK || said != NULL)
		goto out;
	json_array_foreach(json_object_get(result, "messages"), i, item)
	{
		if (strcmp(provider_string(a, item, "oid"), oid) != 0)
			continue;
		*id = provider_string(a, item, "ID");
		*status = provider_string(a, item, "Status");
	}
out:
	provider_call_free(&call);
	return rc;
}

/* In this order, as a text moves from the box's outbox to sentitems: one on its
 * way is seen in one of them. */
static enum status
eagle_find(struct provider *p, const struct letter *letter,
    struct delivery *out, struct err *err)
{
	static const char *const folders[] = { "outbox", "sentitems" };
	const char *id = NULL, *status;
	struct arena a = { 0 };
	enum status rc = ST_OK;

	out->sent = SENT_RETRY;
	for (size_t i = 0; i < 2 && rc == ST_OK && id == NULL; i++)
		rc = find_in(p, letter, folders[i], &a, &id, &status, err);
	if (rc == ST_OK && id != NULL) {
		out->sent = SENT_ACCEPTED;
		snprintf(
		    out->external_id, sizeof(out->external_id), "%.120s", id);
	}
	arena_free(&a);
	return rc;
}

static enum status
eagle_arrival(struct provider *p, const struct letter *letter,
    const char *external_id, enum arrival *out, char why[256], struct err *err)
{
	const char *id, *status = "";
	struct arena a = { 0 };
	enum status rc = find_in(p, letter, "sentitems", &a, &id, &status, err);

	(void)external_id; /* the outbox and sentitems number on their own */
	*out = ARRIVAL_OPEN;
	if (rc == ST_OK && id != NULL && strcmp(status, "DeliveryOK") == 0)
		*out = ARRIVAL_DELIVERED;
	if (rc == ST_OK && id != NULL &&
	    (strcmp(status, "SendingError") == 0 ||
		strcmp(status, "DeliveryFailed") == 0)) {
		*out = ARRIVAL_FAILED;
		provider_words(why, 256, status);
	}
	arena_free(&a);
	return rc;
}

static enum status
eagle_check(struct provider *p, struct err *err)
{
	struct provider_page page = { 0 };
	enum status rc = eagle_poll(p, "id:999999999999", NULL, &page, err);

	arena_free(&page.arena);
	return rc;
}

const struct provider_ops smseagle_ops = {
	.name = "smseagle",
	.knows_reference = true,
	.poll = eagle_poll,
	.send = eagle_send,
	.find = eagle_find,
	.arrival = eagle_arrival,
	.check = eagle_check,
};

/* infobip - Infobip's SMS interface, inbox version 1 and sending version 3
 *
 * Place: behind provider.h.  Its inbox gives each text once and forgets it, so
 * an answer is on disk before it is read (provider_kept.h), and of one that
 * broke off every whole text is taken.  Delivery reports are given once as well;
 * the log, which is not, is asked instead: by our own messageId, for 48 hours.
 * Judged by Infobip's own OpenAPI description (make conform), not run against
 * Infobip.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/http.h"
#include "gateway/provider_kept.h"
#include "gateway/providers.h"
#include "gateway/secret.h"

enum { PAGE = 200, HEADER_MAX = 4096 };

#define MINUTE_MS (60LL * 1000)
/* A text that was taken may not be in the log yet. */
#define LOG_LAGS_MS (15 * MINUTE_MS)
/* The log goes back 48 hours. */
#define LOG_ENDS_MS (47 * 60 * MINUTE_MS)

/* Asks with the key; call->path and body are the caller's. */
static enum status
ask(struct provider *p, struct provider_call *call, struct err *err)
{
	struct buf key = { .max = HEADER_MAX };
	const char *headers[] = { NULL, "Accept: application/json", NULL };
	enum status rc;

	buf_printf(&key, "Authorization: App %s", buf_cstr(&p->secret));
	headers[0] = buf_cstr(&key);
	call->headers = headers;
	rc = provider_ask(p, call, err);
	call->headers = NULL;
	secret_free(&key);
	return rc;
}

/* "48110000301" is an international number without its plus; short numbers and
 * names stay as they are. */
static const char *
with_plus(struct arena *a, const char *number)
{
	char text[32];
	size_t n = strlen(number);

	if (n < 7 || n > 15 || strspn(number, "0123456789") != n ||
	    number[0] == '0')
		return number;
	snprintf(text, sizeof(text), "+%s", number);
	return arena_copy(a, span_of(text)).p;
}

/* ---- in ---------------------------------------------------------------- */

static enum status
take_text(struct provider *p, struct provider_page *page, const json_t *item,
    struct err *err)
{
	struct provider_text *t = provider_add(page, item);
	struct arena *a = &page->arena;

	if (t == NULL)
		return err_set(err, ST_RETRY, "%s: out of memory", p->name);
	t->key = provider_string(a, item, "messageId");
	t->from = with_plus(a, provider_string(a, item, "from"));
	t->to = with_plus(a, provider_string(a, item, "to"));
	t->text = provider_string(a, item, "text");
	if (t->key[0] == '\0')
		t->problem = "it has no messageId";
	else if (t->from[0] == '\0')
		t->problem = "it has no from";
	else if (!json_is_string(json_object_get(item, "text")))
		t->problem = "it has no text";
	else if (!provider_time_iso(p, provider_string(a, item, "receivedAt"),
		     &t->received_ms))
		t->problem = "its receivedAt is no time";
	if (t->key[0] == '\0')
		t->key = provider_hash_key(a, t);
	return ST_OK;
}

/* What cannot be read of an answer that broke off. */
static enum status
take_rest(struct provider *p, struct provider_page *page, struct span rest,
    struct err *err)
{
	json_t *item = json_stringn(rest.p, rest.n);
	struct provider_text *t =
	    item == NULL ? NULL : provider_add(page, item);

	json_decref(item);
	if (t == NULL)
		return err_set(err, ST_RETRY, "%s: out of memory", p->name);
	t->problem = "the provider's answer broke off in this text; it was "
		     "given once, so ask the provider for it";
	t->key = provider_hash_key(&page->arena, t);
	return ST_OK;
}

/* Only a part of an answer came: whole texts, then what cannot be read.  False
 * with ST_OK: there is no list in it. */
static enum status
salvage(struct provider *p, struct provider_page *page, struct span bytes,
    bool *has_list, struct err *err)
{
	struct buf mended = { .max = 3 * bytes.n + 1 };
	struct span rest;
	enum status rc = ST_OK;

	provider_mend(&mended, bytes);
	rest = buf_span(&mended);
	rest = span_from(rest, span_find(rest, "\"results\""));
	rest = span_from(rest, span_find(rest, "["));
	*has_list = rest.n > 0;
	rest = span_from(rest, 1);
	while (rc == ST_OK && rest.n > 0 && rest.p[0] != ']') {
		json_error_t end;
		json_t *item;

		if (strchr(" \t\r\n,", rest.p[0]) != NULL) {
			rest = span_from(rest, 1);
			continue;
		}
		item = json_loadb(rest.p, rest.n,
		    JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, &end);
		rc = item == NULL ? take_rest(p, page, rest, err)
				  : take_text(p, page, item, err);
		rest = span_from(
		    rest, item == NULL ? rest.n : (size_t)end.position);
		json_decref(item);
	}
	buf_free(&mended);
	return rc;
}

/* Every text of an answer, whole or not. */
static enum status
read_answer(struct provider *p, struct provider_page *page, const char *name,
    struct span bytes, struct err *err)
{
	json_t *json = provider_json(bytes);
	const json_t *list = json_object_get(json, "results");
	bool has_list = json_is_array(list);
	enum status rc = ST_OK;

	for (size_t i = 0; rc == ST_OK && i < json_array_size(list); i++)
		rc = take_text(p, page, json_array_get(list, i), err);
	if (rc == ST_OK && json == NULL)
		rc = salvage(p, page, bytes, &has_list, err);
	json_decref(json);
	if (rc != ST_OK)
		return rc;
	if (page->n > 0) {
		page->next = arena_copy(&page->arena, span_of(name)).p;
		return ST_OK;
	}
	if (has_list) {
		kept_drop(p, name);
		return ST_OK;
	}
	rc = kept_aside(p, name, bytes, err);
	return rc != ST_OK
		   ? rc
		   : err_set(err, ST_RETRY,
			 "%s: the provider's answer holds no list of texts; "
			 "it is kept as a file aside-... in %.200s",
			 p->name, p->conf->answers);
}

/* Takes what is there; `name` "" when nothing came. */
static enum status
fetch_answer(struct provider *p, char name[KEPT_NAME], struct buf *bytes,
    struct err *err)
{
	struct provider_call call = { 0 };
	struct err why = { "" };
	char path[80];
	enum status rc = kept_begin(p, &call.keep_fd, err), asked;

	if (rc != ST_OK)
		return rc;
	snprintf(path, sizeof(path), "/sms/1/inbox/reports?limit=%d", PAGE);
	call.path = path;
	call.once = true; /* and what was given is gone */
	asked = ask(p, &call, &why);
	rc = kept_end(p, call.keep_fd, name, err);
	provider_call_free(&call);
	if (rc == ST_OK && name[0] != '\0')
		return kept_oldest(p, name, bytes, err);
	if (rc == ST_OK && asked != ST_OK)
		rc = err_set(err, asked, "%s", why.text);
	return rc;
}

/* A place in a pass is the name of the answer that was read, which is then
 * stored. */
static enum status
infobip_poll(struct provider *p, const char *cursor, const char *next,
    struct provider_page *page, struct err *err)
{
	struct buf bytes = { 0 };
	char name[KEPT_NAME];
	enum status rc = ST_OK;

	(void)cursor; /* what was given is gone */
	if (next != NULL)
		rc = kept_done(p, next, err);
	if (rc == ST_OK)
		rc = kept_oldest(p, name, &bytes, err);
	if (rc == ST_OK && name[0] == '\0')
		rc = fetch_answer(p, name, &bytes, err);
	if (rc == ST_OK && name[0] != '\0')
		rc = read_answer(p, page, name, buf_span(&bytes), err);
	buf_free(&bytes);
	return rc;
}

/* ---- out --------------------------------------------------------------- */

static const char *
group_of(struct arena *a, const json_t *message)
{
	return provider_string(
	    a, json_object_get(message, "status"), "groupName");
}

static void
explain_status(char *out, size_t size, const json_t *message)
{
	struct arena a = { 0 };

	provider_words(out, size,
	    provider_string(&a, json_object_get(message, "status"), "name"));
	arena_free(&a);
}

static json_t *
letter_json(const struct provider *p, const struct letter *letter)
{
	const char *sender =
	    p->conf->sender[0] != '\0' ? p->conf->sender : p->conf->number;

	/* Numbers are written without their plus there. */
	return json_pack("{s:[{s:s, s:[{s:s, s:s}], s:{s:s%}}]}", "messages",
	    "sender", sender + (sender[0] == '+'), "destinations", "to",
	    letter->to + 1, "messageId", letter->reference, "content", "text",
	    letter->bytes.p, letter->bytes.n);
}

static void
judge_sent(const struct provider *p, const struct letter *letter,
    const json_t *answer, struct delivery *out)
{
	const json_t *one =
	    json_array_get(json_object_get(answer, "messages"), 0);
	struct arena a = { 0 };
	char words[80];

	if (!json_is_object(one)) {
		out->sent = SENT_UNKNOWN;
		snprintf(out->reason, sizeof(out->reason),
		    "%.60s: the answer says nothing of the text", p->name);
	} else if (strcmp(group_of(&a, one), "REJECTED") == 0) {
		explain_status(words, sizeof(words), one);
		out->sent = SENT_REFUSED;
		snprintf(out->reason, sizeof(out->reason),
		    "%.60s: Infobip rejects it (%s)", p->name, words);
	} else {
		out->sent = SENT_ACCEPTED;
		snprintf(out->external_id, sizeof(out->external_id), "%.120s",
		    letter->reference);
	}
	arena_free(&a);
}

static void
infobip_send(
    struct provider *p, const struct letter *letter, struct delivery *out)
{
	static const struct provider_post post = { "/sms/3/messages", ask,
		judge_sent };

	provider_send_json(p, letter, &post, letter_json(p, letter), out);
}

/* The log's entry of that reference, borrowed from the call; NULL: there is
 * none. */
static enum status
look_up(struct provider *p, struct provider_call *call, const char *reference,
    const json_t **entry, struct err *err)
{
	const json_t *list;
	struct arena a = { 0 };
	char path[200];
	enum status rc;

	*entry = NULL;
	snprintf(path, sizeof(path), "/sms/3/logs?messageId=%.140s", reference);
	call->path = path;
	rc = ask(p, call, err);
	list = json_object_get(call->json, "results");
	if (rc == ST_OK && !json_is_array(list))
		rc = err_set(err, ST_RETRY,
		    "%s: the answer holds no list of sent texts", p->name);
	for (size_t i = 0; rc == ST_OK && i < json_array_size(list); i++)
		if (strcmp(provider_string(
			       &a, json_array_get(list, i), "messageId"),
			reference) == 0)
			*entry = json_array_get(list, i);
	arena_free(&a);
	return rc;
}

static enum status
infobip_find(struct provider *p, const struct letter *letter,
    struct delivery *out, struct err *err)
{
	int64_t age = clock_now() - letter->tried_ms;
	struct provider_call call = { 0 };
	const json_t *entry;
	enum status rc = look_up(p, &call, letter->reference, &entry, err);

	out->sent = SENT_RETRY;
	if (rc == ST_OK && entry != NULL) {
		out->sent = SENT_ACCEPTED;
		snprintf(out->external_id, sizeof(out->external_id), "%.120s",
		    letter->reference);
	} else if (rc == ST_OK && age > LOG_ENDS_MS) {
		out->sent = SENT_UNKNOWN;
		snprintf(out->reason, sizeof(out->reason),
		    "%.60s: tried so long ago that Infobip's log cannot tell "
		    "any more",
		    p->name);
	} else if (rc == ST_OK && age < LOG_LAGS_MS) {
		rc = err_set(err, ST_RETRY,
		    "%s: not in the log of what was sent, which may lag; "
		    "looked up again later",
		    p->name);
	}
	provider_call_free(&call);
	return rc;
}

static enum status
infobip_arrival(struct provider *p, const struct letter *letter,
    const char *external_id, enum arrival *out, char why[256], struct err *err)
{
	struct provider_call call = { 0 };
	struct arena a = { 0 };
	const json_t *entry;
	const char *group;
	enum status rc = look_up(p, &call, letter->reference, &entry, err);

	(void)external_id;
	*out = ARRIVAL_OPEN;
	group = rc == ST_OK ? group_of(&a, entry) : "";
	if (strcmp(group, "DELIVERED") == 0)
		*out = ARRIVAL_DELIVERED;
	if (strcmp(group, "UNDELIVERABLE") == 0 ||
	    strcmp(group, "EXPIRED") == 0 || strcmp(group, "REJECTED") == 0) {
		*out = ARRIVAL_FAILED;
		explain_status(why, 256, entry);
	}
	provider_call_free(&call);
	arena_free(&a);
	return rc;
}

/* By the log of what was sent: to look into the inbox would empty it. */
static enum status
infobip_check(struct provider *p, struct err *err)
{
	struct provider_call call = { .path = "/sms/3/logs?limit=1" };
	enum status rc = ask(p, &call, err);

	provider_call_free(&call);
	return rc == ST_OK ? kept_check(p, err) : rc;
}

const struct provider_ops infobip_ops = {
	.name = "infobip",
	.takes_away = true,
	.knows_reference = true,
	.poll = infobip_poll,
	.reread = kept_reread,
	.send = infobip_send,
	.find = infobip_find,
	.arrival = infobip_arrival,
	.check = infobip_check,
};

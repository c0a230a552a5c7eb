/* szybkisms - SzybkiSMS.pl, which is GSMService.pl, by its REST interface
 *
 * Place: behind provider.h.  Its inbox is a list, newest first, of 50 a page
 * and without any filter.  A stored text is deleted there, so the list stays
 * short; a pass goes from the oldest page that is ours to the newest, which
 * texts that arrive meanwhile cannot make it miss.  What it deletes is kept for
 * some days (provider_kept.h), for a database that is restored.  Not run against
 * the provider: written from its published client.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/file.h"
#include "gateway/http.h"
#include "gateway/provider_kept.h"
#include "gateway/providers.h"

enum { PAGE = 50, DELETES = 50, FIND_PAGES = 20, PATH_ROOM = 2000 };

#define CLOCKS_APART_MS (10LL * 60 * 1000)

/* Asks; the path is call->path.  Their errors are problem+json. */
static enum status
ask(struct provider *p, struct provider_call *call, struct err *err)
{
	struct arena a = { 0 };
	char title[100];
	enum status rc;

	call->bearer = buf_cstr(&p->secret);
	rc = provider_ask(p, call, err);
	provider_words(
	    title, sizeof(title), provider_string(&a, call->json, "title"));
	if (rc == ST_REJECT && call->code != 401 && call->code != 403 &&
	    title[0] != '\0')
		err_set(err, rc,
		    "%s: the provider refuses the request (HTTP %d, \"%s\"); "
		    "look at url and at the account",
		    p->name, call->code, title);
	arena_free(&a);
	return rc;
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
	t->key = t->ack = provider_string(a, item, "id");
	t->from = provider_string(a, item, "sender");
	t->to = provider_string(a, item, "recipient");
	t->text = provider_string(a, item, "message");
	if (t->key[0] == '\0')
		t->problem = "it has no id";
	else if (t->from[0] == '\0')
		t->problem = "it has no sender";
	else if (!json_is_string(json_object_get(item, "message")))
		t->problem = "it has no message";
	else if (!provider_time_iso(
		     p, provider_string(a, item, "date"), &t->received_ms))
		t->problem = "its date is no time";
	if (t->key[0] == '\0')
		t->key = provider_hash_key(a, t);
	return ST_OK;
}

static enum status
read_answer(struct provider *p, struct provider_page *page, struct span bytes,
    struct err *err)
{
	json_t *list = provider_json(bytes);
	enum status rc = ST_OK;

	if (!json_is_array(list))
		rc = err_set(err, ST_RETRY,
		    "%s: the provider's answer is no list of texts", p->name);
	/* The list begins with the newest. */
	for (size_t i = json_array_size(list); rc == ST_OK && i > 0; i--)
		rc = take_text(p, page, json_array_get(list, i - 1), err);
	json_decref(list);
	return rc;
}

/* Asks for one page of the inbox; `*pages` of them there are. */
static enum status
ask_page(struct provider *p, struct provider_call *call, long number,
    long *pages, struct err *err)
{
	char path[80];
	enum status rc;

	snprintf(
	    path, sizeof(path), "/incoming?page=%ld&limit=%d", number, PAGE);
	provider_call_free(call);
	*call = (struct provider_call){ .path = path, .want = "X-Total-Pages" };
	rc = ask(p, call, err);
	call->path = NULL;
	*pages = strtol(call->wanted, NULL, 10);
	if (rc == ST_OK && !json_is_array(call->json))
		rc = err_set(err, ST_RETRY,
		    "%s: the provider's answer is no list of texts", p->name);
	return rc;
}

/* Is the newest text of the page ours to read? */
static bool
begins_ours(const struct provider *p, const json_t *list, int64_t floor)
{
	struct arena a = { 0 };
	int64_t ms = floor;
	bool ours = json_array_size(list) > 0;

	if (ours &&
	    provider_time_iso(
		p, provider_string(&a, json_array_get(list, 0), "date"), &ms))
		ours = ms >= floor;
	arena_free(&a);
	return ours;
}

/* The oldest page that is ours, into `call`, when the first is asked for: most
 * often the first itself.  Halved, as there may be years of pages behind. */
static enum status
find_page(struct provider *p, struct provider_call *call, int64_t floor,
    long *number, struct err *err)
{
	long low = *number, high, pages, asked = low;
	enum status rc = ask_page(p, call, low, &high, err);

	if (low > 1)
		return rc;
	for (long middle = high; rc == ST_OK && low < high;
	     middle = (low + high + 1) / 2) {
		rc = ask_page(p, call, middle, &pages, err);
		asked = middle;
		if (rc == ST_OK && begins_ours(p, call->json, floor))
			low = middle;
		else
			high = middle - 1;
	}
	if (rc == ST_OK && asked != low)
		rc = ask_page(p, call, low, &pages, err);
	*number = low;
	return rc;
}

/* What will be deleted there is kept here. */
static enum status
keep_answer(struct provider *p, const struct provider_call *call,
    char name[KEPT_NAME], struct err *err)
{
	int fd;
	enum status rc = kept_begin(p, &fd, err);
	bool written;

	if (rc != ST_OK)
		return rc;
	written = file_write(fd, buf_span(&call->raw));
	rc = kept_end(p, fd, name, err);
	return rc == ST_OK && !written
		   ? err_set(
			 err, ST_RETRY, "%s: an answer cannot be kept", p->name)
		   : rc;
}

static enum status
fetch_page(struct provider *p, struct provider_page *page, int64_t floor,
    long number, struct err *err)
{
	struct provider_call call = { 0 };
	char name[KEPT_NAME], place[KEPT_NAME + 24];
	enum status rc = find_page(p, &call, floor, &number, err);
	size_t ours = 0;

	if (rc == ST_OK)
		rc = read_answer(p, page, buf_span(&call.raw), err);
	for (size_t i = 0; rc == ST_OK && i < page->n; i++)
		ours += page->texts[i].problem != NULL ||
			page->texts[i].received_ms >= floor;
	if (rc == ST_OK && ours > 0)
		rc = keep_answer(p, &call, name, err);
	if (rc == ST_OK && ours > 0) {
		snprintf(place, sizeof(place), "%ld %s", number - 1, name);
		page->next = arena_copy(&page->arena, span_of(place)).p;
	}
	provider_call_free(&call);
	return rc;
}

/* A place in a pass is "PAGE NAME": the page to go on with (0: none), and the
 * answer that is stored by then. */
static enum status
szybki_poll(struct provider *p, const char *cursor, const char *next,
    struct provider_page *page, struct err *err)
{
	struct buf bytes = { 0 };
	char name[KEPT_NAME], place[KEPT_NAME + 24];
	long number = 1;
	char *end;
	enum status rc = ST_OK;

	if (next != NULL) {
		number = strtol(next, &end, 10);
		rc = kept_done(p, end + 1, err);
	}
	if (rc == ST_OK)
		rc = kept_oldest(p, name, &bytes, err);
	if (rc == ST_OK && name[0] != '\0') {
		rc = read_answer(p, page, buf_span(&bytes), err);
		if (rc != ST_OK)
			rc = kept_aside(p, name, buf_span(&bytes), err);
		snprintf(place, sizeof(place), "%ld %s", number, name);
		page->next = arena_copy(&page->arena, span_of(place)).p;
	} else if (rc == ST_OK && number > 0) {
		rc = fetch_page(
		    p, page, provider_cursor_floor(cursor), number, err);
	}
	buf_free(&bytes);
	return rc;
}

/* One that is not there any more is as good as deleted. */
static enum status
delete_some(
    struct provider *p, const char *const *acks, size_t n, struct err *err)
{
	struct provider_call call = { .method = "DELETE" };
	struct buf path = { .max = PATH_ROOM };
	enum status rc;

	buf_str(&path, "/incoming/");
	for (size_t i = 0; i < n; i++)
		buf_printf(&path, "%s%s", i > 0 ? "," : "", acks[i]);
	call.path = buf_cstr(&path);
	rc = path.failed ? err_set(err, ST_RETRY, "%s: out of memory", p->name)
			 : ask(p, &call, err);
	if (rc != ST_OK &&
	    (call.code == 404 || (call.code >= 200 && call.code < 300)))
		rc = ST_OK;
	provider_call_free(&call);
	buf_free(&path);
	return rc;
}

static enum status
szybki_ack(
    struct provider *p, const char *const *acks, size_t n, struct err *err)
{
	enum status rc = ST_OK;

	for (size_t i = 0; i < n && rc == ST_OK; i += DELETES)
		rc = delete_some(
		    p, acks + i, n - i < DELETES ? n - i : DELETES, err);
	return rc;
}

/* ---- out --------------------------------------------------------------- */

static json_t *
letter_json(const struct provider *p, const struct letter *letter)
{
	json_t *body = json_pack("{s:{s:s, s:s}, s:s%, s:i, s:b}", "recipients",
	    "nr", letter->to, "cid", letter->reference, "message",
	    letter->bytes.p, letter->bytes.n, "type", 1, "unicode",
	    (int)p->conf->polish_letters);

	if (body != NULL && p->conf->sender[0] != '\0')
		json_object_set_new(
		    body, "sender", json_string(p->conf->sender));
	return body;
}

/* Only "QUEUED" is documented as taken; what is rejected says why. */
static void
judge_sent(const struct provider *p, const struct letter *letter,
    const json_t *answer, struct delivery *out)
{
	const json_t *one = json_array_get(answer, 0);
	struct arena a = { 0 };
	char words[120];

	(void)letter;
	if (!json_is_object(one)) {
		out->sent = SENT_UNKNOWN;
		snprintf(out->reason, sizeof(out->reason),
		    "%.60s: the answer says nothing of the text", p->name);
	} else if (strcmp(provider_string(&a, one, "status_code"), "QUEUED") ==
		   0) {
		out->sent = SENT_ACCEPTED;
		snprintf(out->external_id, sizeof(out->external_id), "%.120s",
		    provider_string(&a, one, "id"));
	} else {
		provider_words(words, sizeof(words),
		    provider_string(&a, one, "status_description"));
		out->sent = SENT_REFUSED;
		snprintf(out->reason, sizeof(out->reason),
		    "%.60s: the provider did not take it (%s)", p->name, words);
	}
	arena_free(&a);
}

static void
szybki_send(
    struct provider *p, const struct letter *letter, struct delivery *out)
{
	static const struct provider_post post = { "/messages/sms", ask,
		judge_sent };

	provider_send_json(p, letter, &post, letter_json(p, letter), out);
}

/* One page of what was sent.  `*over`: what follows is older than the letter,
 * or nothing does. */
static enum status
find_in_page(struct provider *p, const struct letter *letter, int number,
    struct delivery *out, bool *over, struct err *err)
{
	struct provider_call call = { 0 };
	struct arena a = { 0 };
	const json_t *item;
	char path[80];
	int64_t ms;
	size_t i;
	enum status rc;

	snprintf(
	    path, sizeof(path), "/messages?page=%d&limit=%d", number, PAGE);
	call.path = path;
	rc = ask(p, &call, err);
	if (rc == ST_OK && !json_is_array(call.json))
		rc = err_set(err, ST_RETRY,
		    "%s: the answer is no list of sent texts", p->name);
	*over = json_array_size(call.json) < PAGE;
	for (i = 0; rc == ST_OK && i < json_array_size(call.json); i++) {
		item = json_array_get(call.json, i);
		if (provider_time_iso(
			p, provider_string(&a, item, "sent_date"), &ms) &&
		    ms < letter->created_ms - CLOCKS_APART_MS)
			*over = true;
		if (strcmp(provider_string(&a, item, "cid"),
			letter->reference) != 0)
			continue;
		out->sent = SENT_ACCEPTED;
		snprintf(out->external_id, sizeof(out->external_id), "%.120s",
		    provider_string(&a, item, "id"));
	}
	provider_call_free(&call);
	arena_free(&a);
	return rc;
}

static enum status
szybki_find(struct provider *p, const struct letter *letter,
    struct delivery *out, struct err *err)
{
	enum status rc = ST_OK;
	bool over = false;

	out->sent = SENT_RETRY;
	for (int i = 1; rc == ST_OK && !over && out->sent == SENT_RETRY; i++)
		rc = i <= FIND_PAGES
			 ? find_in_page(p, letter, i, out, &over, err)
			 : err_set(err, ST_RETRY,
			       "%s: the list of what was sent has no end",
			       p->name);
	return rc;
}

/* Of the words for what became of a text, the published client names none but
 * the first; one that is not here leaves it open. */
static enum arrival
arrival_of(const char *word)
{
	static const char *const lost[] = { "UNDELIVERED", "REJECTED",
		"EXPIRED", "FAILED", "ERROR", "CANCELLED" };

	if (strcmp(word, "DELIVERED") == 0)
		return ARRIVAL_DELIVERED;
	for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++)
		if (strcmp(word, lost[i]) == 0)
			return ARRIVAL_FAILED;
	return ARRIVAL_OPEN;
}

static enum status
szybki_arrival(struct provider *p, const struct letter *letter,
    const char *external_id, enum arrival *out, char why[256], struct err *err)
{
	struct provider_call call = { 0 };
	struct arena a = { 0 };
	const json_t *one;
	char path[80];
	enum status rc;

	(void)letter;
	snprintf(path, sizeof(path), "/messages/%.40s", external_id);
	call.path = path;
	rc = ask(p, &call, err);
	one = json_array_get(call.json, 0);
	*out = rc == ST_OK ? arrival_of(provider_string(&a, one, "status_code"))
			   : ARRIVAL_OPEN;
	if (*out == ARRIVAL_FAILED)
		snprintf(
		    why, 256, "%.60s", provider_string(&a, one, "status_code"));
	provider_call_free(&call);
	arena_free(&a);
	return rc;
}

static enum status
szybki_check(struct provider *p, struct err *err)
{
	struct provider_call call = { .path = "/incoming?page=1&limit=1" };
	enum status rc = ask(p, &call, err);

	provider_call_free(&call);
	return rc == ST_OK ? kept_check(p, err) : rc;
}

const struct provider_ops szybkisms_ops = {
	.name = "szybkisms",
	.knows_reference = true,
	.poll = szybki_poll,
	.ack = szybki_ack,
	.reread = kept_reread,
	.send = szybki_send,
	.find = szybki_find,
	.arrival = szybki_arrival,
	.check = szybki_check,
};

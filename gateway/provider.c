/* provider - what everyone who carries texts for us has in common
 *
 * Place: under the files of the providers; the contract is in provider.h.
 */
#include "gateway/provider.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/http.h"
#include "gateway/secret.h"
#include "parsers/date.h"
#include "parsers/digest.h"
#include "parsers/text.h"

enum { ANSWER_MAX = 8 << 20, URL_MAX = 4096, KEY_ROOM = 1 << 20 };

enum status
provider_open(struct provider **out, const struct provider_ops *ops,
    const struct config_sms *conf, const char *name, struct err *err)
{
	struct provider *p = calloc(1, sizeof(*p));
	const char *secret = conf->token_file[0] != '\0' ? conf->token_file
							 : conf->password_file;
	enum status rc = ST_OK;

	*out = NULL;
	if (p == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	p->ops = ops;
	p->conf = conf;
	p->name = name;
	p->secret.max = SECRET_MAX + 1;
	if (p->ops->is_spool && strncmp(conf->url, "spool:", 6) == 0)
		rc = p->ops->check(p, err);
	else if (p->ops->is_spool)
		rc = err_set(err, ST_REJECT,
		    "%s: provider %s needs url = \"spool:DIR\", found "
		    "\"%.200s\"",
		    name, conf->provider, conf->url);
	else if (strncmp(conf->url, "https:", 6) != 0)
		rc = err_set(err, ST_REJECT,
		    "%s: provider %s needs url = \"https://HOST\", found "
		    "\"%.200s\"",
		    name, conf->provider, conf->url);
	else if (secret[0] == '\0')
		rc = err_set(err, ST_REJECT,
		    "%s: provider %s needs a login: set token_file, or user "
		    "and password_file",
		    name, conf->provider);
	else
		rc = secret_read(&p->secret, secret, err);
	if (rc == ST_OK && !ops->is_spool &&
	    (p->line = http_line_open()) == NULL)
		rc = err_set(err, ST_BROKEN, "out of memory");
	if (rc != ST_OK) {
		provider_close(p);
		return rc;
	}
	*out = p;
	return ST_OK;
}

void
provider_close(struct provider *p)
{
	if (p == NULL)
		return;
	secret_free(&p->secret);
	http_line_close(p->line);
	free(p);
}

/* ---- asking ------------------------------------------------------------ */

static enum status
judge_code(struct provider *p, struct provider_call *call, struct err *err)
{
	int code = call->code;

	if (code >= 200 && code < 300 && call->json != NULL)
		return ST_OK;
	call->maybe_obeyed = code < 300 || (code >= 500 && code != 503);
	if (code < 300)
		return err_set(err, ST_RETRY,
		    "%s: the answer is no JSON, or only a part of it", p->name);
	if (code == 429 || code >= 500 || code == 408)
		return err_set(err, ST_RETRY,
		    "%s: the provider answers HTTP %d; tried again later",
		    p->name, code);
	if (code < 400)
		return err_set(err, ST_REJECT,
		    "%s: the provider sends us to another address (HTTP %d), "
		    "which is not followed; set url to where it is now",
		    p->name, code);
	if (code == 401 || code == 403)
		return err_set(err, ST_REJECT,
		    "%s: the provider refuses the login (HTTP %d); look at "
		    "user, password_file or token_file, and whether this "
		    "machine's address is allowed there",
		    p->name, code);
	return err_set(err, ST_REJECT,
	    "%s: the provider refuses the request (HTTP %d); look at url and "
	    "at the account",
	    p->name, code);
}

/* The four digits of "\\uD83D" at the beginning of `s`; -1: it is none. */
static int
escaped_unit(struct span s)
{
	int unit = 0;

	if (s.n < 6 || s.p[0] != '\\' || s.p[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		int v = hex_value(s.p[i]);

		if (v < 0)
			return -1;
		unit = unit << 4 | v;
	}
	return unit;
}

/* Half an emoji at the end of a segment, or bytes in another charset, must not
 * make a whole page unreadable, for ever: they become U+FFFD. */
void
provider_mend(struct buf *out, struct span s)
{
	while (s.n > 0) {
		int unit = escaped_unit(s);
		int after = unit < 0 ? -1 : escaped_unit(span_from(s, 6));
		bool is_high = unit >= 0xD800 && unit < 0xDC00;
		size_t n = 1;

		if (is_high && after >= 0xDC00 && after < 0xE000) {
			n = 12;
			buf_add(out, span_sub(s, 0, n));
		} else if (unit >= 0xD800 && unit < 0xE000) {
			n = 6;
			buf_str(out, "\\uFFFD");
		} else if (s.p[0] == '\\' && s.n > 1) {
			n = 2;
			buf_add(out, span_sub(s, 0, n));
		} else if ((unsigned char)s.p[0] < 0x80) {
			buf_char(out, s.p[0]);
		} else if (text_next(s, &n) != 0xFFFD) {
			buf_add(out, span_sub(s, 0, n));
		} else {
			buf_str(out, "\xEF\xBF\xBD");
		}
		s = span_from(s, n);
	}
}

json_t *
provider_json(struct span body)
{
	const size_t flags = JSON_ALLOW_NUL | JSON_DECODE_ANY;
	struct buf mended = { .max = 3 * body.n + 1 };
	json_t *json =
	    body.n == 0 ? NULL : json_loadb(body.p, body.n, flags, NULL);

	if (json != NULL || body.n == 0)
		return json;
	provider_mend(&mended, body);
	if (!mended.failed)
		json = json_loadb(buf_cstr(&mended), mended.n, flags, NULL);
	buf_free(&mended);
	return json;
}

enum status
provider_ask(struct provider *p, struct provider_call *call, struct err *err)
{
	struct buf url = { .max = URL_MAX };
	struct http_answer answer = { 0 };
	struct http_request request = { .type = call->type,
		.method = call->method,
		.line = p->line,
		.once = call->once,
		.keep_fd = call->keep_fd,
		.want = call->want,
		.body = call->body,
		.user = call->user,
		.password = call->password,
		.bearer = call->bearer,
		.headers = call->headers,
		.max = ANSWER_MAX,
		.stop = p->stop };
	size_t n = strlen(p->conf->url);
	enum status rc;

	while (n > 0 && p->conf->url[n - 1] == '/')
		n--;
	buf_add(&url, (struct span){ p->conf->url, n });
	buf_str(&url, call->path);
	rc = buf_status(&url, "the address of a request", err);
	request.url = buf_cstr(&url);
	if (p->conf->ca_file[0] != '\0')
		request.ca_file = p->conf->ca_file;
	if (p->conf->pin[0] != '\0')
		request.pin = p->conf->pin;
	p->retry_after_s = 0;
	if (rc == ST_OK)
		rc = http_ask(&request, &answer, err);
	if (rc == ST_OK) {
		call->code = answer.code;
		p->retry_after_s = answer.retry_after_s;
		memcpy(call->wanted, answer.wanted, sizeof(call->wanted));
		call->json = provider_json(buf_span(&answer.body));
		call->raw = answer.body;
		answer.body = (struct buf){ 0 };
		rc = judge_code(p, call, err);
	} else {
		call->maybe_obeyed = answer.was_sent;
		err_prefix(err, rc, p->name);
	}
	http_answer_free(&answer);
	buf_free(&url);
	return rc;
}

void
provider_call_free(struct provider_call *call)
{
	json_decref(call->json);
	buf_free(&call->raw);
	call->json = NULL;
}

void
provider_not_sent(const struct provider_call *call, enum status rc,
    const struct err *err, struct delivery *out)
{
	int code = call->code;

	out->sent = SENT_RETRY;
	if (call->maybe_obeyed)
		out->sent = SENT_UNKNOWN;
	else if (rc == ST_REJECT && code >= 400 && code < 500 && code != 401 &&
		 code != 403 && code != 404)
		out->sent = SENT_REFUSED;
	snprintf(out->reason, sizeof(out->reason), "%.250s", err->text);
}

void
provider_send_json(struct provider *p, const struct letter *letter,
    const struct provider_post *post, json_t *body, struct delivery *out)
{
	struct provider_call call = {
		.path = post->path, .type = http_json, .once = true
	};
	char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
	struct err err = { "" };
	enum status rc;

	json_decref(body);
	if (text == NULL) {
		out->sent = SENT_RETRY;
		snprintf(out->reason, sizeof(out->reason),
		    "%.60s: out of memory", p->name);
		return;
	}
	call.body = span_of(text);
	rc = post->ask(p, &call, &err);
	if (rc == ST_OK)
		post->judge(p, letter, call.json, out);
	else
		provider_not_sent(&call, rc, &err, out);
	provider_call_free(&call);
	free(text);
}

/* ---- understanding ----------------------------------------------------- */

const char *
provider_string(struct arena *a, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);
	char number[32];

	if (json_is_string(v)) {
		struct span s =
		    arena_copy(a, (struct span){ json_string_value(v),
				      json_string_length(v) });
		char *p = (char *)s.p;

		/* A NUL would end the text for everybody behind us. */
		for (size_t i = 0; i < s.n; i++)
			if (p[i] == '\0')
				p[i] = ' ';
		return s.p;
	}
	if (json_is_integer(v)) {
		snprintf(number, sizeof(number), "%lld",
		    (long long)json_integer_value(v));
		return arena_copy(a, span_of(number)).p;
	}
	if (json_is_boolean(v))
		return json_is_true(v) ? "true" : "false";
	return "";
}

struct provider_text *
provider_add(struct provider_page *page, const json_t *item)
{
	struct provider_text *t =
	    arena_push(&page->arena, &page->texts, &page->n, sizeof(*t));
	char *record = json_dumps(item, JSON_COMPACT | JSON_ENCODE_ANY);

	if (t == NULL || record == NULL) {
		free(record);
		return NULL;
	}
	t->record = arena_copy(&page->arena, span_of(record));
	t->key = t->ack = t->from = t->to = t->text = "";
	free(record);
	return t;
}

const char *
provider_hash_key(struct arena *a, const struct provider_text *t)
{
	const char *const parts[] = { t->from, t->to, t->text };
	struct buf all = { .max = KEY_ROOM };
	char hex[SHA256_HEX];

	buf_printf(&all, "%lld", (long long)t->received_ms);
	for (size_t i = 0; i < 3; i++)
		buf_printf(&all, " %zu:%s", strlen(parts[i]), parts[i]);
	if (t->problem != NULL) {
		buf_reset(&all);
		buf_add(&all, t->record);
	}
	sha256_hex(hex, buf_span(&all));
	buf_free(&all);
	return arena_copy(a, span_of(hex)).p;
}

const char *
provider_cursor(struct arena *a, int64_t ms, const char *before)
{
	char text[64];

	snprintf(text, sizeof(text), "at:%lld/%lld", (long long)ms,
	    (long long)provider_cursor_floor(before));
	return arena_copy(a, span_of(text)).p;
}

int64_t
provider_cursor_ms(const char *cursor)
{
	char *end;
	long long ms;

	if (strncmp(cursor, "at:", 3) != 0)
		return -1;
	ms = strtoll(cursor + 3, &end, 10);
	return *end == '/' && ms >= 0 ? ms : -1;
}

int64_t
provider_cursor_floor(const char *cursor)
{
	const char *floor = strchr(cursor, '/');

	return floor == NULL ? 0 : strtoll(floor + 1, NULL, 10);
}

/* The letters of a form, and which field of a time each is. */
static const char letters[] = "YMDhms";

bool
provider_time(
    const struct provider *p, const char *form, const char *text, int64_t *ms)
{
	static const int least[] = { 1990, 1, 1, 0, 0, 0 };
	static const int most[] = { 2199, 12, 31, 23, 59, 60 };
	int field[6] = { 0 };

	for (; *form != '\0'; form++, text++) {
		const char *letter = strchr(letters, *form);

		if (letter == NULL && *text != *form)
			return false;
		if (letter != NULL && !isdigit((unsigned char)*text))
			return false;
		if (letter != NULL)
			field[letter - letters] =
			    field[letter - letters] * 10 + (*text - '0');
	}
	if (field[0] < 100)
		field[0] += 2000; /* a year of two digits */
	for (int i = 0; i < 6; i++)
		if (field[i] < least[i] || field[i] > most[i])
			return false;
	*ms = clock_from_local(
	    p->conf->timezone, date_to_ms(field[0], field[1], field[2],
				   field[3], field[4], field[5]));
	return *text == '\0';
}

void
provider_time_text(
    const struct provider *p, const char *form, int64_t ms, char out[32])
{
	static const int starts[] = { 0, 5, 8, 11, 14, 17 };
	char local[32]; /* 2026-11-22T12:00:00+01:00 */
	int taken[6] = { 0 };
	size_t n = 0;

	clock_format(local, p->conf->timezone, ms);
	for (; *form != '\0' && n < 31; form++) {
		const char *letter = strchr(letters, *form);
		int i = letter == NULL ? 0 : (int)(letter - letters);

		out[n++] =
		    letter == NULL ? *form : local[starts[i] + taken[i]++];
	}
	out[n] = '\0';
}

/* Behind "2026-11-22T12:00:00": whether a zone follows the fraction. */
static bool
read_offset(const char *text, int *minutes)
{
	int sign = text[0] == '-' ? -1 : 1;
	int hours, rest;

	if (text[0] == '.')
		text += 1 + strspn(text + 1, "0123456789");
	*minutes = 0;
	if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
		return true;
	if ((text[0] != '+' && text[0] != '-') ||
	    strspn(text + 1, "0123456789:") != strlen(text + 1) ||
	    strlen(text) < 5)
		return false;
	hours = (text[1] - '0') * 10 + text[2] - '0';
	text += text[3] == ':' ? 4 : 3;
	rest = strlen(text) == 2 ? (text[0] - '0') * 10 + text[1] - '0' : 99;
	*minutes = sign * (hours * 60 + rest);
	return hours < 24 && rest < 60;
}

bool
provider_time_iso(const struct provider *p, const char *text, int64_t *ms)
{
	static const char form[] = "YYYY-MM-DDThh:mm:ss";
	size_t n = sizeof(form) - 1;
	struct config_sms utc = { .timezone = "UTC" };
	const struct provider in_utc = { .conf = &utc };
	char local[sizeof(form)];
	int minutes;

	if (strlen(text) < n)
		return false;
	snprintf(local, sizeof(local), "%s", text);
	if (local[10] == ' ')
		local[10] = 'T';
	if (text[n] == '\0')
		return provider_time(p, form, local, ms);
	if (!read_offset(text + n, &minutes) ||
	    !provider_time(&in_utc, form, local, ms))
		return false;
	*ms -= (int64_t)minutes * 60 * 1000;
	return true;
}

bool
provider_is_number(const char *number)
{
	size_t n = number[0] == '+' ? strlen(number + 1) : 0;

	return n >= 7 && n <= 15 && strspn(number + 1, "0123456789") == n;
}

void
provider_words(char *out, size_t size, const char *said)
{
	size_t n = 0;

	for (; *said != '\0' && n + 1 < size; said++)
		out[n++] = *said >= ' ' && *said <= '~' ? *said : '?';
	out[n] = '\0';
}

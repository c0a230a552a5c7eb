/* http - one request, one answer, with limits
 *
 * Place: libcurl does the work; here are the bounds.
 */
#include "gateway/http.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/file.h"
#include "gateway/stream_dial.h"

enum { ASK_MS = 30000, ANSWER_MAX = 1 << 20, DAY_S = 86400 };

const char http_form[] = "application/x-www-form-urlencoded";
const char http_json[] = "application/json";

struct http_line *
http_line_open(void)
{
	CURLM *multi = curl_load(NULL) == ST_OK ? curl_multi_init() : NULL;

	if (multi != NULL)
		curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 1L);
	return (struct http_line *)multi;
}

void
http_line_close(struct http_line *line)
{
	if (line != NULL)
		curl_multi_cleanup((CURLM *)line);
}

struct receiver {
	CURL *easy; /* borrowed */
	struct buf *body; /* borrowed */
	int keep_fd;
	bool is_lost; /* it could not be kept */
};

static bool
keep(struct receiver *r, struct span bytes)
{
	long code = 0;

	curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &code);
	if (r->keep_fd > 0 && code >= 200 && code < 300 &&
	    !file_write(r->keep_fd, bytes))
		r->is_lost = true;
	return !r->is_lost;
}

static size_t
on_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct span all = { bytes, size * n };
	struct receiver *r = arg;

	buf_add(r->body, all);
	return r->body->failed || !keep(r, all) ? 0 : size * n;
}

/* A line break in a value would begin a header of somebody else's making. */
static bool
is_one_line(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

static bool
add_header(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer;

	if (!is_one_line(line))
		return false;
	longer = curl_slist_append(*list, line);
	if (longer == NULL)
		return false;
	*list = longer;
	return true;
}

static bool
set_headers(CURL *c, const struct http_request *r, struct curl_slist **list)
{
	char line[128];

	for (int i = 0; r->headers != NULL && r->headers[i] != NULL; i++)
		if (!add_header(list, r->headers[i]))
			return false;
	if (r->type != NULL) {
		snprintf(line, sizeof(line), "Content-Type: %s", r->type);
		if (!add_header(list, line) || !add_header(list, "Expect:"))
			return false;
	}
	return curl_easy_setopt(c, CURLOPT_HTTPHEADER, *list) == CURLE_OK;
}

static bool
set_credentials(CURL *c, const struct http_request *r)
{
	if (r->user != NULL)
		return curl_easy_setopt(c, CURLOPT_HTTPAUTH, CURLAUTH_BASIC) ==
			   CURLE_OK &&
		       curl_easy_setopt(c, CURLOPT_USERNAME, r->user) ==
			   CURLE_OK &&
		       curl_easy_setopt(c, CURLOPT_PASSWORD,
			   r->password == NULL ? "" : r->password) == CURLE_OK;
	if (r->bearer != NULL)
		return is_one_line(r->bearer) &&
		       curl_easy_setopt(c, CURLOPT_HTTPAUTH, CURLAUTH_BEARER) ==
			   CURLE_OK &&
		       curl_easy_setopt(c, CURLOPT_XOAUTH2_BEARER, r->bearer) ==
			   CURLE_OK;
	return true;
}

static bool
set_body(CURL *c, const struct http_request *r)
{
	if (r->method != NULL &&
	    curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, r->method) != CURLE_OK)
		return false;
	if (r->type == NULL)
		return true;
	return curl_easy_setopt(c, CURLOPT_POST, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE,
		   (curl_off_t)r->body.n) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_POSTFIELDS,
		   r->body.p == NULL ? "" : r->body.p) == CURLE_OK;
}

static enum status
prepare(struct dial *d, const struct http_request *r, struct receiver *receiver,
    struct curl_slist **headers, struct err *err)
{
	bool plain = strncmp(d->url, "http:", 5) == 0;
	CURL *c = d->easy;

	receiver->easy = c;
	if (plain && !dial_is_loopback(d))
		return err_set(err, ST_REJECT,
		    "%s: http:// is for this machine only; use https://",
		    d->place);
	if (r->line != NULL)
		dial_share(d, (CURLM *)r->line);
	/* libcurl sends again by itself what a kept connection lost. */
	if (r->once)
		curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, receiver);
	if (!set_headers(c, r, headers) || !set_credentials(c, r) ||
	    !set_body(c, r))
		return err_set(err, ST_BROKEN,
		    "%s: the request cannot be made: no memory, or a control "
		    "character in a header",
		    d->place);
	return dial_verify(d, r->ca_file == NULL ? "" : r->ca_file,
	    r->pin == NULL ? "" : r->pin, plain, err);
}

/* libcurl hands over what the server said, which may be a far date. */
static void
take_answer(struct dial *d, const char *want, struct http_answer *out)
{
	struct curl_header *field = NULL;
	curl_off_t wait = 0;
	char *type = NULL;
	long code = 0;
	size_t n = 0;

	curl_easy_getinfo(d->easy, CURLINFO_RESPONSE_CODE, &code);
	curl_easy_getinfo(d->easy, CURLINFO_RETRY_AFTER, &wait);
	curl_easy_getinfo(d->easy, CURLINFO_CONTENT_TYPE, &type);
	out->code = (int)code;
	out->retry_after_s = wait < 0 ? 0 : wait > DAY_S ? DAY_S : (int)wait;
	for (; type != NULL && n + 1 < sizeof(out->type) && type[n] > ' ' &&
	       type[n] != ';';
	     n++)
		out->type[n] = (char)tolower((unsigned char)type[n]);
	out->type[n] = '\0';
	if (want != NULL && curl_easy_header(d->easy, want, 0, CURLH_HEADER, -1,
				&field) == CURLHE_OK)
		snprintf(
		    out->wanted, sizeof(out->wanted), "%.60s", field->value);
}

enum status
http_ask(const struct http_request *request, struct http_answer *out,
    struct err *err)
{
	struct receiver receiver = { .body = &out->body,
		.keep_fd = request->keep_fd };
	struct curl_slist *headers = NULL;
	CURLcode code = CURLE_OK;
	long sent = 0;
	enum status rc;
	struct dial d;

	memset(out, 0, sizeof(*out));
	out->body.max = request->max > 0 ? request->max : ANSWER_MAX;
	rc =
	    dial_open(&d, request->url, "http,https", NULL, request->stop, err);
	if (rc == ST_OK)
		rc = prepare(&d, request, &receiver, &headers, err);
	if (rc == ST_OK)
		rc = dial_run(
		    &d, request->ms > 0 ? request->ms : ASK_MS, &code, err);
	if (d.easy != NULL)
		curl_easy_getinfo(d.easy, CURLINFO_REQUEST_SIZE, &sent);
	out->was_sent = sent > 0;
	if (rc == ST_OK && out->body.failed)
		rc = err_set(err, ST_LIMIT,
		    "%s: the answer is larger than %zu bytes", d.place,
		    out->body.max);
	else if (rc == ST_OK && receiver.is_lost)
		rc = err_set(err, ST_RETRY,
		    "%s: the answer cannot be kept on disk (%s)", d.place,
		    strerror(errno));
	else if (rc == ST_OK && code == CURLE_UNSUPPORTED_PROTOCOL)
		rc = err_set(err, ST_RETRY,
		    "%s: what answers there does not speak HTTP", d.place);
	else if (rc == ST_OK && code != CURLE_OK)
		rc = dial_explain(&d, code, err);
	if (rc == ST_OK)
		take_answer(&d, request->want, out);
	dial_close(&d);
	if (headers != NULL)
		curl_slist_free_all(headers);
	return rc;
}

void
http_answer_free(struct http_answer *answer)
{
	buf_free(&answer->body);
}

void
http_add_field(struct buf *form, const char *name, const char *value)
{
	static const char unreserved[] = "-._~";

	if (value[0] == '\0')
		return;
	buf_printf(form, "%s%s=", form->n == 0 ? "" : "&", name);
	for (const char *p = value; *p != '\0'; p++)
		if (isalnum((unsigned char)*p) ||
		    strchr(unreserved, *p) != NULL)
			buf_char(form, *p);
		else
			buf_printf(form, "%%%02X", (unsigned char)*p);
}

/* http - one request, one answer, with limits
 *
 * Place: oauth.c asks for tokens with it, providers of texts will be spoken to
 * with it.  Verified as stream_dial.h has it; http:// goes to a loopback
 * address only.  No redirect is followed: it would carry credentials to a place
 * that nobody configured.
 */
#ifndef HTTP_H
#define HTTP_H

#include <stdatomic.h>
#include <stdbool.h>

#include "parsers/buf.h"

/* Connections that stay open between requests, of one thread. */
struct http_line;
struct http_line *http_line_open(void); /* NULL: no memory */
void http_line_close(struct http_line *line);

/* All borrowed.  NULL is none. */
struct http_request {
	const char *url; /* https://..., http://127.0.0.1... */
	const char *user, *password; /* HTTP Basic */
	const char *bearer; /* Authorization: Bearer */
	const char *const *headers; /* "Name: value", closed by NULL */
	const char *type; /* of the body: then it is a POST, else a GET */
	const char *method; /* another than those two */
	struct span body;
	const char *ca_file, *pin;
	int ms; /* all together; 0: 30 s */
	size_t max; /* longest answer; 0: 1 MiB */
	int keep_fd; /* > 0: the body of an answer of 2xx is written there as
			it comes, also when it breaks off */
	struct http_line *line; /* NULL: a connection of its own */
	bool once; /* must not reach the server twice: a connection that broke
		      is never tried again for it unasked */
	const char *want; /* a field of the answer's head to be kept */
	const atomic_bool *stop; /* true: give up */
};

struct http_answer {
	int code; /* 200 */
	int retry_after_s; /* at most a day; 0: not said */
	char type[64]; /* "application/json", in small letters */
	char wanted[64]; /* the field's value; "": it is not there */
	struct buf body; /* owned */
	bool was_sent; /* bytes of the request left, whatever came of it: it may
			  have been obeyed */
};

extern const char http_form[]; /* "application/x-www-form-urlencoded" */
extern const char http_json[]; /* "application/json" */

/* ST_OK: a whole answer came, of whatever code.  ST_REJECT, ST_RETRY: as
 * dial_explain() has them (host, certificate, network, time).  ST_LIMIT: the
 * answer is larger than `max`.  http_answer_free() in any case. */
enum status http_ask(const struct http_request *request,
    struct http_answer *out, struct err *err);
void http_answer_free(struct http_answer *answer);

/* Appends "&name=value", percent-encoded, without the "&" at the beginning;
 * nothing when `value` is "". */
void http_add_field(struct buf *form, const char *name, const char *value);

#endif

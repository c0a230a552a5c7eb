/* provider - the contract of everyone who carries texts for us
 *
 * Place: sms_line.c opens a line's source (provider_in.c) and sink
 * (provider_out.c); both drive one struct of functions, one file each:
 * smseagle.c, serwersms.c, smstools.c...  What is the same for all (pages, what
 * was seen before, waiting as told, looking before sending again) stands in
 * those two; a provider only asks and understands.
 *
 * Always in this order: a text is stored and on disk, then acknowledged.  All
 * are polled: nothing of ours listens.
 */
#ifndef PROVIDER_H
#define PROVIDER_H

#include <jansson.h>

#include "gateway/config.h"
#include "gateway/sink.h"
#include "gateway/source.h"

/* One line's account; used by one thread. */
struct provider {
	const struct provider_ops *ops;
	const struct config_sms *conf; /* borrowed; outlives it */
	const char *name; /* borrowed: "sms bramka" */
	const atomic_bool *stop; /* borrowed, or NULL */
	struct buf secret; /* owned: the password or token; overwritten */
	struct http_line *line; /* owned: to its host; NULL for a spool */
	int retry_after_s; /* the last answer asked us to wait so long; or 0 */
};

/* One received text; strings live in the page's arena, never NULL. */
struct provider_text {
	const char
	    *key; /* unique for ever and the same when it is read again */
	const char *ack; /* what ack() needs; "" nothing */
	const char *from, *to, *text; /* UTF-8; `to` "": the line's number */
	int64_t received_ms; /* by the provider's clock */
	int parts_missing;
	const char *problem; /* why it cannot be read; NULL: it can */
	struct span record; /* whole, as it came */
};

/* Part of a pass over what there is.  Where a pass begins is a cursor:
 * "at:MS/FLOOR" (from that time on, which the provider may read generously, but
 * nothing from before the floor) or the provider's own word. */
struct provider_page {
	struct arena arena; /* owned */
	struct provider_text *texts;
	size_t n;
	const char *next; /* asks for the next page; NULL: the pass ends here */
	const char
	    *cursor; /* where a later pass begins, when this page (and those
			       before it) are stored; NULL: as before */
};

struct provider_ops {
	const char *name; /* "smseagle" */
	bool is_spool; /* spool:DIR instead of https://HOST, and no login: what
			  is in it is all ours, also at the first contact */
	bool takes_away; /* asking takes the texts away there: all are read,
			    also at the first contact */
	bool knows_reference; /* send() of one reference twice makes one text,
				 or find() can say */
	/* Asks for one page from `cursor` on; `next` is what the page before
	 * said, NULL for the first.  What is in a page that is no text comes
	 * with `problem` set.  ST_RETRY: not now, or half an answer; ST_REJECT:
	 * login or configuration.  The page is then empty. */
	enum status (*poll)(struct provider *p, const char *cursor,
	    const char *next, struct provider_page *page, struct err *err);
	/* The texts are on disk.  NULL: nothing is to be said of it. */
	enum status (*ack)(struct provider *p, const char *const *acks,
	    size_t n, struct err *err);
	/* After a restore, as source.h has it; NULL: the cursor is enough. */
	enum status (*reread)(struct provider *p, int64_t since_ms,
	    struct reread *out, struct err *err);
	/* Sends it once.  SENT_UNKNOWN whenever it may have been taken without
	 * saying so. */
	void (*send)(struct provider *p, const struct letter *letter,
	    struct delivery *out);
	/* Was a letter of that reference taken?  ST_OK: `*out` is SENT_ACCEPTED
	 * with their id, SENT_REFUSED, or SENT_RETRY when they do not have it.
	 * NULL: they cannot say. */
	enum status (*find)(struct provider *p, const struct letter *letter,
	    struct delivery *out, struct err *err);
	/* What became of the letter that they call `external_id`?  `why` (one
	 * line for staff) with ARRIVAL_FAILED.  NULL: they cannot say. */
	enum status (*arrival)(struct provider *p, const struct letter *letter,
	    const char *external_id, enum arrival *out, char why[256],
	    struct err *err);
	/* Tries url and login without changing anything. */
	enum status (*check)(struct provider *p, struct err *err);
};

/* Opens an account; ST_REJECT: the url is not of its kind, or the secret cannot
 * be read.  `ops` (see providers.h), `name` and `conf` are borrowed.
 * provider_close() frees it; NULL is fine. */
enum status provider_open(struct provider **out, const struct provider_ops *ops,
    const struct config_sms *conf, const char *name, struct err *err);
void provider_close(struct provider *p);

/* A line over a provider, as source.h and sink.h have it. */
enum status provider_source_open(
    struct source **out, const struct config_sms *conf, struct err *err);
enum status provider_sink_open(
    struct sink **out, const struct config_sms *conf, struct err *err);

/* ---- for the files of the providers ------------------------------------ */

/* One request to the configured host. */
struct provider_call {
	const char *path; /* behind the url; begins with "/" or "?", or is "" */
	const char *type; /* http.h: of the body; NULL: a GET */
	const char *method; /* another; NULL */
	bool once; /* http.h: must not reach them twice */
	struct span body;
	const char *user, *password, *bearer; /* NULL: none */
	const char *const *headers; /* closed by NULL; or NULL */
	int keep_fd; /* http.h: where the answer is written to; 0: nowhere */
	const char *want; /* http.h: a field of the answer's head; or NULL */
	/* what came of it */
	int code; /* of HTTP; 0: no answer */
	bool maybe_obeyed; /* not 2xx, and yet they may have done it */
	char wanted[64]; /* that field; "" when it is not there */
	struct buf raw; /* owned: the answer as it came */
	json_t *json; /* owned; NULL: none */
};

/* Asks.  ST_OK: 2xx and JSON.  ST_REJECT: they refuse (login, address, what we
 * ask); with 400 to 499 `json` may say why.  ST_RETRY: no answer, half of one,
 * not now (429, 503: p->retry_after_s), their fault (5xx).
 * provider_call_free() in any case. */
enum status
provider_ask(struct provider *p, struct provider_call *call, struct err *err);
void provider_call_free(struct provider_call *call);

/* An answer's JSON, the caller's to json_decref(); NULL: it is none, or only
 * a part of it.  Broken letters in it become U+FFFD. */
json_t *provider_json(struct span body);

/* `out` is `body` with its broken letters mended. */
void provider_mend(struct buf *out, struct span body);

/* What a failed send() says of the letter: unknown when it may have been
 * obeyed, else not now, or refused for ever with 400 to 499 but 401, 403, 404,
 * 408 and 429. */
void provider_not_sent(const struct provider_call *call, enum status rc,
    const struct err *err, struct delivery *out);

/* How a provider takes a letter as one request of JSON. */
struct provider_post {
	const char *path;
	enum status (*ask)(
	    struct provider *p, struct provider_call *call, struct err *err);
	/* What a 2xx answer says of the letter. */
	void (*judge)(const struct provider *p, const struct letter *letter,
	    const json_t *answer, struct delivery *out);
};

/* send() by that way; `body` is stolen, NULL: no memory. */
void provider_send_json(struct provider *p, const struct letter *letter,
    const struct provider_post *post, json_t *body, struct delivery *out);

/* A member that is text, a number or a boolean, as text in the arena; "" when
 * it is missing or of another type.  Numbers only when they are whole. */
const char *provider_string(struct arena *a, const json_t *o, const char *key);

/* Notes a text in the page, with `record` from `item`; `key` and the others are
 * set by the caller.  NULL: no memory. */
struct provider_text *
provider_add(struct provider_page *page, const json_t *item);

/* Its key without an id: SHA-256 of sender, receiver, time and text. */
const char *provider_hash_key(struct arena *a, const struct provider_text *t);

/* "at:MS/FLOOR" in the arena, with the floor of `before`; and the time back: -1
 * when the cursor is none. */
const char *provider_cursor(struct arena *a, int64_t ms, const char *before);
int64_t provider_cursor_ms(const char *cursor);
/* What was received before is not ours to read; 0: all is. */
int64_t provider_cursor_floor(const char *cursor);

/* A time of the form given, such as "YYYY-MM-DD hh:mm:ss" or "YYYYMMDDhhmmss",
 * by the line's zone; false when it is none.  And back. */
bool provider_time(
    const struct provider *p, const char *form, const char *text, int64_t *ms);
void provider_time_text(
    const struct provider *p, const char *form, int64_t ms, char out[32]);

/* A time of RFC 3339, also with "+0000" and fractions of a second; without
 * a zone it is the line's.  False when it is none. */
bool provider_time_iso(const struct provider *p, const char *text, int64_t *ms);

/* "+" and 7 to 15 digits: what a text may be sent to. */
bool provider_is_number(const char *number);

/* One line of printable ASCII of what they said, for staff. */
void provider_words(char *out, size_t size, const char *said);

#endif

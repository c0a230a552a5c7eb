/* oauth_internal - what the files of oauth share
 *
 * Place: included by oauth*.c only.
 */
#ifndef OAUTH_INTERNAL_H
#define OAUTH_INTERNAL_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "gateway/config.h"
#include "gateway/http.h"
#include "parsers/buf.h"

enum { OAUTH_FORM_MAX = 65536, OAUTH_ANSWER_MAX = 65536 };

/* token_file, open under its lock. */
struct oauth_file {
	const char *path; /* borrowed */
	int lock, draft; /* -1: not open */
	struct buf access, refresh; /* owned; empty: there is none */
	int64_t good_until_s; /* of the access token */
	bool fits; /* it was given for the scope that is asked for */
};

/* Waits for the lock and reads; a missing file is an empty one.  ST_REJECT:
 * others can read it, or it is no such file; ST_RETRY: the lock does not come,
 * told to stop.  oauth_file_close() in any case. */
enum status oauth_file_open(struct oauth_file *file,
    const struct config_oauth2 *conf, const atomic_bool *stop, struct err *err);

/* Makes the draft that store() will write, with room on disk, so that a token
 * is asked for only when it can be kept. */
enum status oauth_file_prepare(struct oauth_file *file, struct err *err);

/* Puts both tokens on disk (synced, renamed over the file). */
enum status oauth_file_store(
    struct oauth_file *file, const struct config_oauth2 *conf, struct err *err);
void oauth_file_close(struct oauth_file *file);

/* What the server says went wrong: "invalid_grant", and its words, one line. */
struct oauth_error {
	char code[64], words[256];
};

/* Reads it out of an answer; `json` may be NULL, `out` is then the HTTP code. */
void oauth_said(const struct http_answer *answer, const json_t *json,
    struct oauth_error *out);

/* Posts the form.  ST_OK: `*out` is a JSON object, of whatever HTTP code;
 * ST_RETRY: too large, no JSON, or as http_ask().  json_decref() it and free
 * the answer in any case. */
enum status oauth_ask(json_t **out, struct http_answer *answer,
    const struct config_oauth2 *conf, const char *url, const struct buf *form,
    const atomic_bool *stop, struct err *err);

/* client_id and the secret, when there is one. */
enum status oauth_add_client(
    struct buf *form, const struct config_oauth2 *conf, struct err *err);

/* Takes the tokens of an answer; false when it holds no access token that a
 * login could carry.  A missing refresh_token leaves the one there was. */
bool oauth_take(struct oauth_file *file, const json_t *json);

/* Keeps what a person's permission gave.  ST_REJECT without a refresh token: it
 * would end in an hour. */
enum status oauth_keep(
    const struct config_oauth2 *conf, const json_t *json, struct err *err);

/* The sentence for a server that says no: ST_RETRY when it is the server that
 * fails, else ST_REJECT. */
enum status oauth_refused(const char *url, const struct http_answer *answer,
    const json_t *json, struct err *err);

/* Printable ASCII without spaces, as RFC 6750 has it. */
bool oauth_is_token(const char *text);

int64_t oauth_now_s(void);

#endif

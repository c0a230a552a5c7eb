/* oauth - access tokens for mail servers that have ended passwords
 *
 * Place: between login.c, which needs a token, and the server that gives them.
 * Grants of RFC 6749: refresh_token and client_credentials.  How a person gives
 * the first permission is in oauth_device.c and oauth_browser.c, the file in
 * oauth_file.c.
 */
#include "gateway/oauth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "gateway/http.h"
#include "gateway/oauth_internal.h"
#include "gateway/secret.h"

enum {
	SOON_S = 60, /* a token is renewed so long before its end */
	UNSAID_S = 300, /* it is good so long when the server does not say */
	LONGEST_S = 86400,
};

/* Tokens are good by the machine's time, whatever --now says. */
int64_t
oauth_now_s(void)
{
	return (int64_t)time(NULL);
}

void
oauth_said(const struct http_answer *answer, const json_t *json,
    struct oauth_error *out)
{
	const char *code = json_string_value(json_object_get(json, "error"));
	const char *words =
	    json_string_value(json_object_get(json, "error_description"));
	size_t n = 0;

	snprintf(out->code, sizeof(out->code), "%s", code == NULL ? "" : code);
	/* Microsoft adds lines with trace numbers; the first says it all. */
	for (; words != NULL && n + 1 < sizeof(out->words) &&
	       (unsigned char)words[n] >= ' ';
	     n++)
		out->words[n] = words[n] < 0x7f ? words[n] : '?';
	out->words[n] = '\0';
	for (char *p = out->code; *p != '\0'; p++)
		if (*p <= ' ' || *p >= 0x7f)
			*p = '?';
	if (out->code[0] == '\0')
		snprintf(out->code, sizeof(out->code), "HTTP %d", answer->code);
}

enum status
oauth_ask(json_t **out, struct http_answer *answer,
    const struct config_oauth2 *conf, const char *url, const struct buf *form,
    const atomic_bool *stop, struct err *err)
{
	static const char *const headers[] = { "Accept: application/json",
		NULL };
	const struct http_request request = {
		.url = url,
		.headers = headers,
		.type = http_form,
		.body = buf_span(form),
		.ca_file = conf->ca_file,
		.max = OAUTH_ANSWER_MAX,
		.stop = stop,
	};
	enum status rc;

	*out = NULL;
	rc = buf_status(form, "the request for a token", err);
	if (rc != ST_OK)
		return rc;
	rc = http_ask(&request, answer, err);
	if (rc == ST_LIMIT)
		return ST_RETRY;
	if (rc != ST_OK)
		return rc;
	*out = json_loadb(answer->body.p == NULL ? "" : answer->body.p,
	    answer->body.n, 0, NULL);
	if (json_is_object(*out))
		return ST_OK;
	json_decref(*out);
	*out = NULL;
	return err_set(err, ST_RETRY,
	    "%.200s answers HTTP %d and no JSON; is it the right address?", url,
	    answer->code);
}

enum status
oauth_add_client(
    struct buf *form, const struct config_oauth2 *conf, struct err *err)
{
	struct buf secret = { .max = SECRET_MAX };
	enum status rc = ST_OK;

	http_add_field(form, "client_id", conf->client_id);
	if (conf->client_secret_file[0] != '\0') {
		rc = secret_read(&secret, conf->client_secret_file, err);
		if (rc == ST_OK)
			http_add_field(
			    form, "client_secret", buf_cstr(&secret));
	}
	secret_free(&secret);
	return rc;
}

/* How long it is good.  Some servers write the number as a string. */
static int64_t
seconds_of(const json_t *value)
{
	int64_t n = UNSAID_S;

	if (json_is_integer(value))
		n = json_integer_value(value);
	else if (json_is_string(value))
		n = strtoll(json_string_value(value), NULL, 10);
	return n < 0 ? 0 : n > LONGEST_S ? LONGEST_S : n;
}

bool
oauth_take(struct oauth_file *file, const json_t *json)
{
	json_t *access = json_object_get(json, "access_token");
	json_t *refresh = json_object_get(json, "refresh_token");
	json_t *type = json_object_get(json, "token_type");
	int64_t good = seconds_of(json_object_get(json, "expires_in"));

	if (json_string_length(access) == 0 ||
	    json_string_length(access) >= TOKEN_MAX ||
	    !oauth_is_token(json_string_value(access)) ||
	    (json_is_string(type) &&
		strcasecmp(json_string_value(type), "bearer") != 0))
		return false;
	buf_reset(&file->access);
	buf_str(&file->access, json_string_value(access));
	if (json_string_length(refresh) > 0 &&
	    json_string_length(refresh) < TOKEN_MAX) {
		buf_reset(&file->refresh);
		buf_str(&file->refresh, json_string_value(refresh));
	}
	/* A token that lives two minutes is used for one of them. */
	file->good_until_s =
	    oauth_now_s() + good - (good > 2 * SOON_S ? SOON_S : good / 2);
	return true;
}

enum status
oauth_keep(
    const struct config_oauth2 *conf, const json_t *json, struct err *err)
{
	json_t *refresh = json_object_get(json, "refresh_token");
	struct oauth_file file;
	enum status rc;

	if (json_string_length(refresh) == 0)
		return err_set(err, ST_REJECT,
		    "the server gave nothing that lasts (refresh_token); at "
		    "Microsoft scope has to hold offline_access");
	rc = oauth_file_open(&file, conf, NULL, err);
	if (rc == ST_OK)
		rc = oauth_file_prepare(&file, err);
	if (rc == ST_OK && !oauth_take(&file, json))
		rc = err_set(err, ST_REJECT,
		    "the server gave no access token that can be used");
	if (rc == ST_OK)
		rc = oauth_file_store(&file, conf, err);
	oauth_file_close(&file);
	return rc;
}

enum status
oauth_can_keep(const struct config_oauth2 *conf, struct err *err)
{
	struct oauth_file file;
	enum status rc = oauth_file_open(&file, conf, NULL, err);

	if (rc == ST_OK)
		rc = oauth_file_prepare(&file, err);
	oauth_file_close(&file);
	return rc;
}

enum status
oauth_refused(const char *url, const struct http_answer *answer,
    const json_t *json, struct err *err)
{
	struct oauth_error said;

	oauth_said(answer, json, &said);
	return err_set(err, answer->code >= 500 ? ST_RETRY : ST_REJECT,
	    "%.150s refuses (%s%s%.150s); check client_id, "
	    "client_secret_file and scope of oauth2",
	    url, said.code, said.words[0] ? ": " : "", said.words);
}

/* The server's "no" to a grant, as one sentence. */
static enum status
explain_no(const struct config_oauth2 *conf, const char *name,
    const struct http_answer *answer, const json_t *json, struct err *err)
{
	struct oauth_error said;

	oauth_said(answer, json, &said);
	if (answer->code >= 500 || answer->code == 429 || answer->code == 408 ||
	    strcmp(said.code, "temporarily_unavailable") == 0 ||
	    strcmp(said.code, "server_error") == 0)
		return err_set(err, ST_RETRY,
		    "%.150s gives no token now (%s, HTTP %d)", conf->token_url,
		    said.code, answer->code);
	if (strcmp(said.code, "invalid_grant") == 0)
		return err_set(err, ST_REJECT,
		    "the permission of %s has ended (%.200s); run: uwaga login "
		    "%s",
		    name, said.words[0] ? said.words : said.code, name);
	return err_set(err, ST_REJECT,
	    "%.150s refuses a token (%s%s%.150s); check client_id, "
	    "client_secret_file and scope of oauth2",
	    conf->token_url, said.code, said.words[0] ? ": " : "", said.words);
}

static enum status
make_form(struct buf *form, const struct config_oauth2 *conf, const char *name,
    const struct oauth_file *file, struct err *err)
{
	http_add_field(form, "grant_type", conf->grant);
	if (strcmp(conf->grant, "refresh_token") == 0) {
		if (file->refresh.n == 0)
			return err_set(err, ST_REJECT,
			    "nobody has given the gateway permission yet; run: "
			    "uwaga login %s",
			    name);
		http_add_field(form, "refresh_token", buf_cstr(&file->refresh));
	}
	http_add_field(form, "scope", conf->scope);
	return oauth_add_client(form, conf, err);
}

static enum status
renew(struct oauth_file *file, const struct config_oauth2 *conf,
    const char *name, const atomic_bool *stop, struct err *err)
{
	struct buf form = { .max = OAUTH_FORM_MAX };
	struct http_answer answer = { 0 };
	json_t *json = NULL;
	enum status rc;

	rc = make_form(&form, conf, name, file, err);
	if (rc == ST_OK)
		rc = oauth_file_prepare(file, err);
	if (rc == ST_OK)
		rc = oauth_ask(
		    &json, &answer, conf, conf->token_url, &form, stop, err);
	if (rc != ST_OK)
		goto out;
	if (answer.code != 200)
		rc = explain_no(conf, name, &answer, json, err);
	else if (!oauth_take(file, json))
		rc = err_set(err, ST_RETRY,
		    "%.200s answers without a usable access_token",
		    conf->token_url);
	else
		rc = oauth_file_store(file, conf, err);
out:
	json_decref(json);
	secret_free(&form);
	secret_free(&answer.body);
	return rc;
}

enum status
oauth_token(struct buf *out, const struct config_oauth2 *conf, const char *name,
    const char *refused, const atomic_bool *stop, struct err *err)
{
	struct oauth_file file;
	enum status rc;

	rc = oauth_file_open(&file, conf, stop, err);
	if (rc == ST_OK && (file.access.n == 0 || !file.fits ||
			       file.good_until_s <= oauth_now_s() ||
			       strcmp(buf_cstr(&file.access), refused) == 0))
		rc = renew(&file, conf, name, stop, err);
	if (rc == ST_OK) {
		buf_add(out, buf_span(&file.access));
		rc = buf_status(out, "the access token", err);
	}
	oauth_file_close(&file);
	return rc;
}

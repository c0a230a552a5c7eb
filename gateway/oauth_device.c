/* oauth_device - a person gives the first permission (RFC 8628)
 *
 * Place: `uwaga login` drives it.  The person opens a page on whatever machine
 * has a browser and types a code; meanwhile we ask whether it was done.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/clock.h"
#include "gateway/oauth.h"
#include "gateway/oauth_internal.h"
#include "gateway/secret.h"

enum {
	INTERVAL_S = 5, /* when the server does not say, and what it adds */
	INTERVAL_MAX_S = 60,
	LONGEST_S = 3600, /* nobody waits longer for a person */
	TELL_MS = 60000,
};

static const char device_grant[] =
    "urn:ietf:params:oauth:grant-type:device_code";

/* A text of the server, if it is one that may be shown: printable, one word. */
static bool
take_text(char *out, size_t size, const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	if (text == NULL || strlen(text) >= size || !oauth_is_token(text))
		return false;
	snprintf(out, size, "%s", text);
	return true;
}

static int
seconds(const json_t *json, const char *key, int unsaid, int min, int max)
{
	const json_t *value = json_object_get(json, key);
	json_int_t n =
	    json_is_integer(value) ? json_integer_value(value) : unsaid;

	return n < min ? min : n > max ? max : (int)n;
}

enum status
oauth_device_begin(
    struct oauth_device *out, const struct config_oauth2 *conf, struct err *err)
{
	struct buf form = { .max = OAUTH_FORM_MAX };
	struct http_answer answer = { 0 };
	json_t *json = NULL;
	enum status rc;

	memset(out, 0, sizeof(*out));
	http_add_field(&form, "client_id", conf->client_id);
	http_add_field(&form, "scope", conf->scope);
	rc =
	    oauth_ask(&json, &answer, conf, conf->device_url, &form, NULL, err);
	if (rc != ST_OK)
		goto out;
	if (answer.code != 200) {
		rc = oauth_refused(conf->device_url, &answer, json, err);
		goto out;
	}
	/* Google has kept the name from before the standard. */
	if (!take_text(out->code, sizeof(out->code), json, "user_code") ||
	    !take_text(out->device_code, sizeof(out->device_code), json,
		"device_code") ||
	    (!take_text(
		 out->page, sizeof(out->page), json, "verification_uri") &&
		!take_text(
		    out->page, sizeof(out->page), json, "verification_url"))) {
		rc = err_set(err, ST_RETRY,
		    "%.200s answers without a code and a page to type it into",
		    conf->device_url);
		goto out;
	}
	take_text(out->page_with_code, sizeof(out->page_with_code), json,
	    "verification_uri_complete");
	out->seconds = seconds(json, "expires_in", 900, 1, LONGEST_S);
	out->interval_s =
	    seconds(json, "interval", INTERVAL_S, 1, INTERVAL_MAX_S);
out:
	json_decref(json);
	buf_free(&form);
	secret_free(&answer.body);
	return rc;
}

/* Asks once.  ST_RETRY with `*go_on`: not yet, or the network failed, which may
 * pass; `*interval_s` grows when the server wants that. */
static enum status
ask_once(const struct config_oauth2 *conf, const struct buf *form,
    int *interval_s, bool *go_on, struct err *err)
{
	struct http_answer answer = { 0 };
	struct oauth_error said;
	json_t *json = NULL;
	enum status rc;

	rc = oauth_ask(&json, &answer, conf, conf->token_url, form, NULL, err);
	*go_on = rc == ST_RETRY;
	if (rc != ST_OK)
		goto out;
	oauth_said(&answer, json, &said);
	if (answer.code == 200)
		rc = oauth_keep(conf, json, err);
	else if (strcmp(said.code, "authorization_pending") == 0 ||
		 strcmp(said.code, "slow_down") == 0) {
		*interval_s += said.code[0] == 's' ? INTERVAL_S : 0;
		*go_on = true;
		rc = err_set(err, ST_RETRY, "nobody has agreed yet");
	} else if (strcmp(said.code, "expired_token") == 0)
		rc = err_set(err, ST_REJECT,
		    "nobody typed the code in time; run uwaga login again");
	else if (strcmp(said.code, "access_denied") == 0)
		rc = err_set(err, ST_REJECT,
		    "the person refused the permission; nothing was stored");
	else {
		rc = oauth_refused(conf->token_url, &answer, json, err);
		*go_on = rc == ST_RETRY;
	}
out:
	json_decref(json);
	secret_free(&answer.body);
	return rc;
}

static void
nap(int s)
{
	struct timespec left = { s, 0 };

	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		;
}

enum status
oauth_device_wait(const struct oauth_device *device,
    const struct config_oauth2 *conf, void (*waiting)(int seconds),
    struct err *err)
{
	int64_t end = clock_ticks() + device->seconds * (int64_t)1000;
	struct buf form = { .max = OAUTH_FORM_MAX };
	int64_t told = clock_ticks(), now;
	int interval_s = device->interval_s;
	bool go_on = true;
	enum status rc;

	http_add_field(&form, "grant_type", device_grant);
	http_add_field(&form, "device_code", device->device_code);
	rc = oauth_add_client(&form, conf, err);
	if (rc != ST_OK)
		go_on = false;
	while (go_on) {
		nap(interval_s);
		rc = ask_once(conf, &form, &interval_s, &go_on, err);
		now = clock_ticks();
		if (go_on && now >= end) {
			rc = err_set(err, ST_REJECT,
			    "nobody typed the code in time; run uwaga login "
			    "again");
			go_on = false;
		} else if (go_on && now - told >= TELL_MS) {
			waiting((int)((end - now) / 1000));
			told = now;
		}
	}
	secret_free(&form);
	return rc;
}

/* oauth_browser - a person gives the first permission in a browser
 *
 * Place: `uwaga login` drives it where the server has no device code for mail.
 * The browser usually runs on another machine than we, so nobody listens at the
 * address it is led to; the person pastes that address instead.  `state` tells
 * whether it belongs to this login, the verifier (PKCE) makes its code useless
 * to whoever else sees it.
 */
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>

#include "gateway/keys.h"
#include "gateway/oauth.h"
#include "gateway/oauth_internal.h"
#include "gateway/secret.h"
#include "parsers/digest.h"

enum { RANDOM_SIZE = 32, CODE_MAX = 4096 };

/* Both Google and Microsoft take any port there for programs on a desktop. */
static const char led_to[] = "http://localhost:48123/";

static bool
base64url(char *out, size_t size, const void *bytes, size_t n)
{
	const gnutls_datum_t in = { (unsigned char *)bytes, (unsigned)n };
	gnutls_datum_t text = { NULL, 0 };
	size_t used = 0;

	if (gnutls_base64_encode2(&in, &text) != 0)
		return false;
	for (unsigned i = 0; i < text.size && used + 1 < size; i++)
		if (text.data[i] != '=')
			out[used++] = text.data[i] == '+' ? '-'
				      : text.data[i] == '/'
					  ? '_'
					  : (char)text.data[i];
	out[used] = '\0';
	gnutls_free(text.data);
	return true;
}

static bool
make_random(char *out, size_t size)
{
	unsigned char bytes[RANDOM_SIZE];

	return random_bytes(bytes, sizeof(bytes), NULL) == ST_OK &&
	       base64url(out, size, bytes, sizeof(bytes));
}

enum status
oauth_browser_begin(struct oauth_browser *out, const struct config_oauth2 *conf,
    struct err *err)
{
	struct buf query = { .max = sizeof(out->page) };
	unsigned char hash[32];
	char challenge[48];
	enum status rc;

	memset(out, 0, sizeof(*out));
	if (!make_random(out->state, sizeof(out->state)) ||
	    !make_random(out->verifier, sizeof(out->verifier)) ||
	    gnutls_hash_fast(GNUTLS_DIG_SHA256, out->verifier,
		strlen(out->verifier), hash) != 0 ||
	    !base64url(challenge, sizeof(challenge), hash, sizeof(hash)))
		return err_set(
		    err, ST_BROKEN, "no random bytes from the system");
	http_add_field(&query, "response_type", "code");
	http_add_field(&query, "client_id", conf->client_id);
	http_add_field(&query, "redirect_uri", led_to);
	http_add_field(&query, "scope", conf->scope);
	http_add_field(&query, "state", out->state);
	http_add_field(&query, "code_challenge", challenge);
	http_add_field(&query, "code_challenge_method", "S256");
	/* Google's words for a permission that lasts, also the second time. */
	http_add_field(&query, "access_type", "offline");
	http_add_field(&query, "prompt", "consent");
	rc = buf_status(&query, "the page's address", err);
	if (rc == ST_OK &&
	    snprintf(out->page, sizeof(out->page), "%s%c%s",
		conf->authorize_url,
		strchr(conf->authorize_url, '?') == NULL ? '?' : '&',
		buf_cstr(&query)) >= (int)sizeof(out->page))
		rc = err_set(
		    err, ST_LIMIT, "authorize_url and scope are too long");
	buf_free(&query);
	return rc;
}

/* The value of a field of the address, decoded; false when it has none, or one
 * that no code looks like. */
static bool
field(struct buf *out, struct span address, const char *name)
{
	struct span rest = span_from(address, span_find(address, "?") + 1);
	size_t n = strlen(name);

	while (rest.n > 0) {
		size_t end = span_find(rest, "&");
		struct span one = span_sub(rest, 0, end);

		rest = span_from(rest, end + 1);
		if (!span_starts(one, name) || one.n == n || one.p[n] != '=')
			continue;
		one = span_sub(one, 0, span_find(one, "#"));
		for (size_t i = n + 1; i < one.n; i++) {
			int high = -1, low = -1;

			if (one.p[i] == '%' && i + 2 < one.n) {
				high = hex_value(one.p[i + 1]);
				low = hex_value(one.p[i + 2]);
			}
			if (high >= 0 && low >= 0) {
				buf_char(out, (char)(high << 4 | low));
				i += 2;
			} else
				buf_char(out, one.p[i]);
		}
		return out->n > 0 && !out->failed && strlen(out->p) == out->n &&
		       oauth_is_token(out->p);
	}
	return false;
}

static enum status
take_code(struct buf *code, const struct oauth_browser *browser,
    struct span pasted, struct err *err)
{
	struct buf state = { .max = CODE_MAX }, error = { .max = CODE_MAX };
	enum status rc = ST_OK;

	if (field(&error, pasted, "error"))
		rc = err_set(err, ST_REJECT,
		    "the permission was refused (%.100s); nothing was stored",
		    buf_cstr(&error));
	else if (!field(code, pasted, "code") ||
		 !field(&state, pasted, "state"))
		rc = err_set(err, ST_REJECT,
		    "that is not the address that the browser ended at: it "
		    "begins with %s and holds code= and state=",
		    led_to);
	else if (strcmp(buf_cstr(&state), browser->state) != 0)
		rc = err_set(err, ST_REJECT,
		    "that address belongs to another login; run uwaga login "
		    "again and use the page it shows");
	buf_free(&state);
	buf_free(&error);
	return rc;
}

enum status
oauth_browser_finish(const struct oauth_browser *browser,
    const struct config_oauth2 *conf, struct span pasted, struct err *err)
{
	struct buf form = { .max = OAUTH_FORM_MAX }, code = { .max = CODE_MAX };
	struct http_answer answer = { 0 };
	json_t *json = NULL;
	enum status rc;

	rc = take_code(&code, browser, span_trim(pasted), err);
	if (rc != ST_OK)
		goto out;
	http_add_field(&form, "grant_type", "authorization_code");
	http_add_field(&form, "code", buf_cstr(&code));
	http_add_field(&form, "redirect_uri", led_to);
	http_add_field(&form, "code_verifier", browser->verifier);
	rc = oauth_add_client(&form, conf, err);
	if (rc == ST_OK)
		rc = oauth_ask(
		    &json, &answer, conf, conf->token_url, &form, NULL, err);
	if (rc == ST_OK && answer.code != 200)
		rc = oauth_refused(conf->token_url, &answer, json, err);
	else if (rc == ST_OK)
		rc = oauth_keep(conf, json, err);
out:
	json_decref(json);
	secret_free(&code);
	secret_free(&form);
	secret_free(&answer.body);
	return rc;
}

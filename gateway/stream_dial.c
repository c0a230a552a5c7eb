/* stream_dial - a libcurl handle that knows whom it speaks to
 *
 * Place: made by stream.c and http.c.  libcurl's debug hook is how we learn
 * what the server said and which certificate it showed; what we sent passes
 * through the same hook and is dropped there, for it holds credentials (only
 * that STARTTLS was among it is kept).
 */
#include "gateway/stream_dial.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "parsers/transfer.h"

enum {
	SAID_MAX = 65536, /* of what a server says before we listen */
	SLICE_MS = 500, /* how long `stop` may go unseen without a signal */
	SECRET_RUN = 16, /* this much BASE64 in a row may be a secret */
};

/* TLS stands and libcurl has not judged yet: looks at the certificate, so that
 * a refusal can name what is wrong with it. */
static void
see_certificate(struct dial *d)
{
	struct curl_tlssessioninfo *tls = NULL;
	const gnutls_datum_t *chain;
	unsigned n = 0;

	if (curl_easy_getinfo(d->easy, CURLINFO_TLS_SSL_PTR, &tls) !=
		CURLE_OK ||
	    tls == NULL || tls->backend != CURLSSLBACKEND_GNUTLS ||
	    tls->internals == NULL)
		return;
	chain = gnutls_certificate_get_peers(tls->internals, &n);
	if (chain != NULL && n > 0)
		d->has_certificate =
		    certificate_read(&d->certificate,
			(struct span){ (char *)chain[0].data, chain[0].size },
			d->host, NULL) == ST_OK;
}

static int
on_debug(CURL *easy, curl_infotype type, char *data, size_t n, void *arg)
{
	static const char handshake_done[] = "SSL connection using";
	struct span line = { data, n };
	struct dial *d = arg;

	(void)easy;
	if (type == CURLINFO_TEXT && span_starts(line, handshake_done)) {
		/* What came before TLS could be anybody's words. */
		buf_reset(&d->said);
		see_certificate(d);
	}
	if (type == CURLINFO_HEADER_OUT)
		d->asked_tls |= span_find(line, "STARTTLS\r\n") < line.n;
	if (type != CURLINFO_HEADER_IN)
		return 0;
	if (d->said.n + n <= d->said.max)
		buf_add(&d->said, line);
	line = span_trim(line);
	if (line.n > 0)
		snprintf(d->last, sizeof(d->last), "%.*s",
		    (int)(line.n < 500 ? line.n : 500), line.p);
	return 0;
}

static bool
is_loopback(const struct sockaddr *address)
{
	const struct sockaddr_in *v4 = (const void *)address;
	const struct sockaddr_in6 *v6 = (const void *)address;

	if (address->sa_family == AF_INET)
		return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
	if (address->sa_family != AF_INET6)
		return false;
	return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) ||
	       (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) &&
		   v6->sin6_addr.s6_addr[12] == 127);
}

/* Judged by the address that is connected to, not by a look-up of our own that
 * could have another answer. */
static curl_socket_t
on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct dial *d = arg;

	(void)purpose;
	if (d->plain && !is_loopback(&address->addr)) {
		d->not_loopback = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC,
	    address->protocol);
}

bool
dial_is_loopback(const struct dial *d)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in v4 = { .sin_family = AF_INET };

	if (strcmp(d->host, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, d->host, &v4.sin_addr) == 1)
		return is_loopback((struct sockaddr *)&v4);
	return inet_pton(AF_INET6, d->host, &v6.sin6_addr) == 1 &&
	       is_loopback((struct sockaddr *)&v6);
}

static bool
is_listed(const char *list, const char *word)
{
	size_t n = strlen(word);
	const char *at = strstr(list, word);

	while (at != NULL && ((at != list && at[-1] != ',') ||
				 (at[n] != ',' && at[n] != '\0')))
		at = strstr(at + 1, word);
	return at != NULL;
}

/* Host, port and the URL to ask for out of `text`; `path` as dial_open has it. */
static enum status
take_apart(struct dial *d, const char *text, const char *schemes,
    const char *path, struct err *err)
{
	char *scheme = NULL, *port = NULL, *user = NULL;
	CURLU *u = curl_url();
	enum status rc = ST_REJECT;
	size_t n;

	if (u == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	if (curl_url_set(u, CURLUPART_URL, text, CURLU_ALLOW_SPACE) !=
		CURLUE_OK ||
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_HOST, &d->host, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) !=
		CURLUE_OK ||
	    !is_listed(schemes, scheme)) {
		err_set(err, rc,
		    "expected a URL of %s with a host, and a port up to 65535 "
		    "if any",
		    schemes);
		goto out;
	}
	if (curl_url_get(u, CURLUPART_USER, &user, 0) == CURLUE_OK) {
		err_set(err, rc,
		    "%.200s: the URL must not hold a user or a password; "
		    "they have keys of their own",
		    d->host);
		goto out;
	}
	curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0);
	if (path != NULL) {
		curl_url_set(u, CURLUPART_PATH, path, CURLU_URLENCODE);
		curl_url_set(u, CURLUPART_QUERY, NULL, 0);
	}
	if (curl_url_get(u, CURLUPART_URL, &d->url, 0) != CURLUE_OK) {
		rc = err_set(err, ST_BROKEN, "out of memory");
		goto out;
	}
	snprintf(d->place, sizeof(d->place), "%.253s:%.5s", d->host, port);
	n = strlen(d->host);
	if (n > 2 && d->host[0] == '[') { /* [::1] */
		memmove(d->host, d->host + 1, n - 2);
		d->host[n - 2] = '\0';
	}
	rc = ST_OK;
out:
	curl_free(user);
	curl_free(port);
	curl_free(scheme);
	curl_url_cleanup(u);
	return rc;
}

enum status
dial_open(struct dial *d, const char *url, const char *schemes,
    const char *path, const atomic_bool *stop, struct err *err)
{
	enum status rc;
	CURL *c;

	memset(d, 0, sizeof(*d));
	d->said.max = SAID_MAX;
	d->stop = stop;
	rc = curl_load(err);
	if (rc == ST_OK)
		rc = take_apart(d, url, schemes, path, err);
	if (rc != ST_OK)
		return rc;
	c = d->easy = curl_easy_init();
	d->multi = curl_multi_init();
	if (c == NULL || d->multi == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	curl_easy_setopt(c, CURLOPT_URL, d->url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, schemes);
	curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, schemes);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, d->why);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	/* A look-up that hangs is left to its thread when we give up. */
	curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
	/* The environment does not say through whom credentials go. */
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(c, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(c, CURLOPT_DEBUGFUNCTION, on_debug);
	curl_easy_setopt(c, CURLOPT_DEBUGDATA, d);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, d);
	return ST_OK;
}

void
dial_share(struct dial *d, CURLM *multi)
{
	if (d->multi != NULL && !d->is_shared)
		curl_multi_cleanup(d->multi);
	d->multi = multi;
	d->is_shared = true;
}

void
dial_close(struct dial *d)
{
	if (curl_load(NULL) != ST_OK)
		return; /* then there is nothing to close */
	if (d->multi != NULL && d->easy != NULL)
		curl_multi_remove_handle(d->multi, d->easy);
	curl_easy_cleanup(d->easy);
	if (d->multi != NULL && !d->is_shared)
		curl_multi_cleanup(d->multi);
	curl_free(d->url);
	curl_free(d->host);
	buf_free(&d->said);
	memset(d, 0, sizeof(*d));
}

enum status
dial_verify(struct dial *d, const char *ca_file, const char *pin, bool plain,
    struct err *err)
{
	CURL *c = d->easy;
	bool by_pin_alone = pin[0] != '\0' && ca_file[0] == '\0';

	d->plain = plain;
	d->pinned = pin[0] != '\0';
	if (d->pinned && !certificate_is_pin(span_of(pin)))
		return err_set(err, ST_REJECT,
		    "%s: a pin looks like sha256//BASE64, with 44 characters "
		    "of BASE64",
		    d->place);
	if (ca_file[0] != '\0' && certificate_check_file(ca_file, err) != ST_OK)
		return ST_REJECT;
	if (curl_easy_setopt(c, CURLOPT_SSLVERSION,
		(long)CURL_SSLVERSION_TLSv1_2) != CURLE_OK ||
	    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER,
		by_pin_alone ? 0L : 1L) != CURLE_OK ||
	    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST,
		by_pin_alone ? 0L : 2L) != CURLE_OK ||
	    (d->pinned && curl_easy_setopt(c, CURLOPT_PINNEDPUBLICKEY, pin) !=
			      CURLE_OK) ||
	    /* Nobody is asked, so the system's authorities need not be read. */
	    (by_pin_alone &&
		(curl_easy_setopt(c, CURLOPT_CAINFO, NULL) != CURLE_OK ||
		    curl_easy_setopt(c, CURLOPT_CAPATH, NULL) != CURLE_OK)) ||
	    (ca_file[0] != '\0' &&
		(curl_easy_setopt(c, CURLOPT_CAINFO, ca_file) != CURLE_OK ||
		    curl_easy_setopt(c, CURLOPT_CAPATH, NULL) != CURLE_OK)))
		return err_set(err, ST_BROKEN,
		    "libcurl cannot verify certificates as it is built here");
	return ST_OK;
}

static bool
is_past(CURL *easy, CURLINFO step)
{
	curl_off_t us = 0;

	return curl_easy_getinfo(easy, step, &us) == CURLE_OK && us > 0;
}

static enum status
too_late(struct dial *d, struct err *err)
{
	const char *step = "greeted us";

	/* libcurl counts the TLS handshake to the connection. */
	if (!is_past(d->easy, CURLINFO_NAMELOOKUP_TIME_T))
		step = "was found by name";
	else if (!is_past(d->easy, CURLINFO_CONNECT_TIME_T))
		step = "took the connection, or answered the TLS handshake";
	else if (d->last[0] != '\0')
		step = "finished what it began to answer";
	return err_set(err, ST_RETRY,
	    "%s: timed out before the server %s; is it up, and the port right?",
	    d->place, step);
}

enum status
dial_run(struct dial *d, int ms, CURLcode *code, struct err *err)
{
	int64_t end = clock_ticks() + ms, left;
	int running, more;
	CURLMsg *msg;

	if (curl_multi_add_handle(d->multi, d->easy) != CURLM_OK)
		return err_set(err, ST_BROKEN, "libcurl takes no more work");
	for (;;) {
		if (curl_multi_perform(d->multi, &running) != CURLM_OK)
			return err_set(err, ST_BROKEN, "libcurl fails");
		msg = curl_multi_info_read(d->multi, &more);
		if (msg != NULL && msg->msg == CURLMSG_DONE) {
			*code = msg->data.result;
			return ST_OK;
		}
		if (d->stop != NULL && atomic_load(d->stop))
			return err_set(
			    err, ST_RETRY, "%s: told to stop", d->place);
		left = end - clock_ticks();
		if (left <= 0)
			return too_late(d, err);
		curl_multi_poll(d->multi, NULL, 0,
		    (int)(left < SLICE_MS ? left : SLICE_MS), NULL);
	}
}

static enum status
explain_certificate(struct dial *d, CURLcode code, struct err *err)
{
	struct buf text = { .max = sizeof(err->text) - 1 };
	bool name_only = strstr(d->why, "does not match target host") != NULL;

	buf_printf(&text, "%.120s: ", d->place);
	if (!d->has_certificate)
		buf_printf(&text, "the server's certificate is refused: %.200s",
		    d->why);
	else if (code == CURLE_SSL_PINNEDPUBKEYNOTMATCH)
		buf_printf(&text,
		    "the server has the key %s, not the one of `pin`; ask its "
		    "administrator whether the key was changed before writing "
		    "it there: else somebody stands in between",
		    d->certificate.pin);
	else
		certificate_blame(
		    &d->certificate, d->host, !name_only, clock_now(), &text);
	err_set(err, ST_REJECT, "%s", buf_cstr(&text));
	buf_free(&text);
	return ST_REJECT;
}

/* A handshake that was cut is the network's; one that both sides understood
 * and could not agree on will not change by itself. */
static enum status
explain_handshake(struct dial *d, struct err *err)
{
	if (strstr(d->why, "unexpected TLS packet") != NULL)
		return err_set(err, ST_REJECT,
		    "%s: the server does not speak TLS on this port; the "
		    "scheme without the s at its end asks for STARTTLS",
		    d->place);
	if (strstr(d->why, "version") != NULL ||
	    strstr(d->why, "alert") != NULL)
		return err_set(err, ST_REJECT,
		    "%s: no agreement on TLS 1.2 or later with the server: "
		    "%.200s",
		    d->place, d->why);
	return err_set(err, ST_RETRY,
	    "%s: the TLS handshake was cut off: %.200s", d->place, d->why);
}

static enum status
explain_connect(struct dial *d, struct err *err)
{
	long number = 0;

	if (d->not_loopback)
		return err_set(err, ST_REJECT,
		    "%s: the name leads away from this machine, and without "
		    "TLS only a loopback address is connected to",
		    d->place);
	curl_easy_getinfo(d->easy, CURLINFO_OS_ERRNO, &number);
	return err_set(err, ST_RETRY, "%s: %s", d->place,
	    number == 0 ? "cannot be connected to" : strerror((int)number));
}

enum status
dial_explain(struct dial *d, CURLcode code, struct err *err)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return err_set(err, ST_RETRY,
		    "%s: no such host is found by name; is the name right, "
		    "and does the name server answer?",
		    d->place);
	case CURLE_COULDNT_CONNECT:
		return explain_connect(d, err);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
	case CURLE_SSL_ISSUER_ERROR:
		return explain_certificate(d, code, err);
	case CURLE_SSL_CONNECT_ERROR:
		return explain_handshake(d, err);
	case CURLE_OUT_OF_MEMORY:
	case CURLE_FAILED_INIT:
		return err_set(err, ST_BROKEN, "out of memory");
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return err_set(err, ST_REJECT,
		    "%s: the URL is not one that can be connected to",
		    d->place);
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_GOT_NOTHING:
		return err_set(err, ST_RETRY,
		    "%s: the server cut the connection before it had answered",
		    d->place);
	default:
		return err_set(err, ST_RETRY, "%s: %.300s", d->place,
		    d->why[0] == '\0' ? curl_easy_strerror(code) : d->why);
	}
}

static bool
is_base64(char c)
{
	return isalnum((unsigned char)c) || c == '+' || c == '/' || c == '=';
}

/* How many bytes at the start of `in` may be a secret in BASE64: long, and not
 * a word (in one case and without digits). */
static size_t
secret_run(struct span in)
{
	bool upper = false, lower = false, digit = false;
	size_t n;

	for (n = 0; n < in.n; n++) {
		unsigned char c = (unsigned char)in.p[n];

		if (!is_base64(in.p[n]))
			break;
		upper |= isupper(c) != 0;
		lower |= islower(c) != 0;
		digit |= isdigit(c) != 0;
	}
	return n >= SECRET_RUN && (digit || (upper && lower)) ? n : 0;
}

/* Is the secret in it, as it is, with "\\" before some of its characters, or in
 * BASE64? */
static bool
repeats(struct span in, struct span secret)
{
	struct buf decoded = { .max = sizeof(((struct dial *)0)->last) };
	size_t used = 0, n;
	bool found = false;

	if (secret.n == 0)
		return false;
	for (size_t i = 0; i < in.n && !found; i++) {
		used = 0;
		for (n = i; n < in.n && used < secret.n; n++) {
			if (in.p[n] == secret.p[used])
				used++;
			else if (in.p[n] != '\\')
				break;
		}
		found = used == secret.n;
	}
	while (in.n > 0 && !found) {
		for (n = 0; n < in.n && is_base64(in.p[n]); n++)
			;
		buf_reset(&decoded);
		transfer_base64(&decoded, span_sub(in, 0, n));
		found = decoded.n > 0 && memmem(decoded.p, decoded.n, secret.p,
					     secret.n) != NULL;
		in = span_from(in, n + 1);
	}
	buf_free(&decoded);
	return found;
}

void
dial_words(const struct dial *d, const char *secret, char *out, size_t size)
{
	struct span in = span_of(d->last);
	size_t used = 0, run;

	if (in.n > 0 && in.p[0] == 'A') /* libcurl's tag on IMAP */
		in = span_from(in, span_find(in, " ") + 1);

	if (repeats(in, span_of(secret)))
		in = SPAN("(left out: it repeats the secret)");
	while (in.n > 0 && used + 4 < size) {
		run = secret_run(in);
		if (run > 0)
			used +=
			    (size_t)snprintf(out + used, size - used, "...");
		else {
			run = 1;
			out[used++] =
			    in.p[0] >= ' ' && in.p[0] < 0x7f ? in.p[0] : '?';
		}
		in = span_from(in, run);
	}
	out[used] = '\0';
}

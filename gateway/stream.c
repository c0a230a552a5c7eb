/* stream - a verified connection to a mail server
 *
 * Place: under imap.c and smtp.c.  libcurl's IMAP and SMTP clients open the
 * connection up to the login (CURLOPT_CONNECT_ONLY) and then carry bytes.
 *
 * libcurl logs in only once the certificate is verified: by a TLS handshake at
 * once, or by STARTTLS, which is demanded (CURLUSESSL_ALL) wherever TLS does
 * not stand already.  A handle is used for one connection and thrown away.
 */
#include "gateway/stream.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libetpan/mailstream.h>

#include "gateway/clock.h"
#include "gateway/stream_dial.h"

enum {
	OPEN_MS = 30000,
	WAIT_MS = 60000,
	POLL_MS = 500, /* how long `stop` may go unseen without a signal */
	HELD_MAX = 16384, /* a TLS record */
	MAIL_BUFFER = 16384,
};

struct stream {
	struct dial dial;
	bool imap, greeted_as_known; /* the first line is for libetpan */
	bool not_offered; /* no login that was asked for; none was tried */
	bool broken; /* nothing more to be had: it can only be closed */
	const char *why; /* static: it is broken; NULL while it is not */
	int64_t limit_at; /* clock_ticks(); 0: none */
	size_t limit_bytes;
	int fd; /* libcurl's */
	int wait_ms;
	char held[HELD_MAX]; /* came while stream_wait() looked */
	size_t held_at, held_n;
	struct buf
	    first_line; /* what libetpan reads before the server's bytes */
	size_t first_at;
	mailstream *mail; /* owned, unless libetpan freed it: then NULL */
};

static bool
told_to_stop(const struct stream *s)
{
	return s->dial.stop != NULL && atomic_load(s->dial.stop);
}

static bool
has_word(const struct stream *s, const char *word)
{
	struct span said = buf_span(&s->dial.said);

	return span_find_nocase(said, word) < said.n;
}

/* What libcurl may log in with.  Over verified TLS a password goes by PLAIN or
 * LOGIN; what libcurl would rather take (NTLM, Kerberos, CRAM-MD5) fails where
 * a server offers more than it is set up for.  Where it offers neither, libcurl
 * has its choice (`any`), which includes the old LOGIN command of IMAP. */
static const char *
mechanisms(const struct stream_settings *set, bool any)
{
	if (set->is_token)
		return "AUTH=OAUTHBEARER;AUTH=XOAUTH2";
	return any ? NULL : "AUTH=PLAIN;AUTH=LOGIN";
}

static enum status
prepare(struct stream *s, const struct stream_settings *set, bool any,
    struct err *err)
{
	CURL *c = s->dial.easy;
	/* Whoever names a key or an authority wants TLS. */
	bool plain = set->user[0] == '\0' && set->pin[0] == '\0' &&
		     set->ca_file[0] == '\0' &&
		     (strncmp(set->url, "imap:", 5) == 0 ||
			 strncmp(set->url, "smtp:", 5) == 0) &&
		     dial_is_loopback(&s->dial);
	CURLcode rc = CURLE_OK;

	curl_easy_setopt(c, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(c, CURLOPT_USE_SSL,
	    plain ? (long)CURLUSESSL_NONE : (long)CURLUSESSL_ALL);
	curl_easy_setopt(c, CURLOPT_SASL_IR, 1L);
	if (set->user[0] != '\0') {
		rc = curl_easy_setopt(c, CURLOPT_USERNAME, set->user);
		if (rc == CURLE_OK)
			rc = curl_easy_setopt(c,
			    set->is_token ? CURLOPT_XOAUTH2_BEARER
					  : CURLOPT_PASSWORD,
			    set->secret);
		if (rc == CURLE_OK)
			rc = curl_easy_setopt(
			    c, CURLOPT_LOGIN_OPTIONS, mechanisms(set, any));
	}
	if (rc != CURLE_OK)
		return err_set(err, ST_BROKEN, "out of memory");
	return dial_verify(&s->dial, set->ca_file, set->pin, plain, err);
}

/* Instead of "no" a server may say what it has against an access token, and say
 * no when that is acknowledged (XOAUTH2, RFC 7628); libcurl gives up before. */
static bool
is_challenge(const struct stream *s)
{
	const char *last = s->dial.last;

	return s->imap ? last[0] == '+' : strncmp(last, "334", 3) == 0;
}

/* Was there a login that the server said no to?  Else libcurl found none that
 * it could try. */
static bool
was_tried(const struct stream *s)
{
	const char *last = s->dial.last;

	if (is_challenge(s))
		return true;
	if (!s->imap)
		return last[0] == '4' || last[0] == '5';
	return strstr(last, " NO") != NULL || strstr(last, " BAD") != NULL;
}

/* The server's "no" to a login, unless it says that it is not the login: RFC
 * 5530 and what Google and Exchange write on IMAP, 4xx on SMTP. */
static bool
is_passing_no(const struct stream *s)
{
	static const char *const words[] = { "[UNAVAILABLE]", "[INUSE]",
		"[LIMIT]", "[SERVERBUG]", "[THROTTLED]", "[OVERQUOTA]",
		"Too many", "Server Unavailable",
		"authenticated but not connected" };
	struct span last = span_of(s->dial.last);

	if (!s->imap)
		return last.n > 0 && last.p[0] == '4';
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (span_find_nocase(last, words[i]) < last.n)
			return true;
	return false;
}

static enum status
explain_login(
    struct stream *s, const struct stream_settings *set, struct err *err)
{
	const char *place = s->dial.place;
	char words[200];

	dial_words(&s->dial, set->secret, words, sizeof(words));
	if (is_passing_no(s))
		return err_set(err, ST_RETRY,
		    "%s: the server takes no login now: %s", place, words);
	s->not_offered = !was_tried(s);
	if (s->not_offered)
		return err_set(err, ST_REJECT,
		    "%s: the server offers no login by %s; %s", place,
		    set->is_token ? "OAuth 2.0 (XOAUTH2, OAUTHBEARER)"
				  : "password",
		    set->is_token ? "use password_file"
				  : "use oauth2 if it offers that, or another "
				    "port");
	if (set->refused != NULL)
		*set->refused = true;
	if (is_challenge(s))
		snprintf(words, sizeof(words), "it does not take %s",
		    set->is_token ? "the access token" : "what we sent");
	return err_set(err, ST_REJECT,
	    "%s: the server refuses the login: %s; check user and %s", place,
	    words, set->is_token ? "oauth2" : "password_file");
}

static enum status
explain_answer(
    struct stream *s, const struct stream_settings *set, struct err *err)
{
	char words[200];

	dial_words(&s->dial, set->secret, words, sizeof(words));
	if (s->dial.asked_tls && !s->dial.has_certificate)
		return err_set(err, ST_REJECT,
		    "%s: the server sent more behind its answer to STARTTLS; "
		    "somebody may be tampering with the connection",
		    s->dial.place);
	return err_set(
	    err, ST_RETRY, "%s: unexpected answer: %s", s->dial.place, words);
}

static enum status
explain_no_tls(struct stream *s, struct err *err)
{
	char words[200];

	dial_words(&s->dial, "", words, sizeof(words));
	if (s->dial.asked_tls && !s->imap && words[0] == '4')
		return err_set(err, ST_RETRY,
		    "%s: the server cannot begin TLS now: %s", s->dial.place,
		    words);
	return err_set(err, ST_REJECT,
	    "%s: the server does not offer STARTTLS, and nothing is sent "
	    "without TLS; does it have a port for %ss:// (%s)?",
	    s->dial.place, s->imap ? "imap" : "smtp", s->imap ? "993" : "465");
}

static enum status
explain(struct stream *s, const struct stream_settings *set, CURLcode code,
    struct err *err)
{
	char words[200];

	if (code == CURLE_USE_SSL_FAILED)
		return explain_no_tls(s, err);
	if (code == CURLE_LOGIN_DENIED)
		return explain_login(s, set, err);
	if (code == CURLE_WEIRD_SERVER_REPLY)
		return explain_answer(s, set, err);
	if (code == CURLE_RECV_ERROR &&
	    strncmp(s->dial.last, "* BYE", 5) == 0) {
		dial_words(&s->dial, set->secret, words, sizeof(words));
		return err_set(err, ST_RETRY,
		    "%s: the server hangs up during the login: %s",
		    s->dial.place, words + 2);
	}
	return dial_explain(&s->dial, code, err);
}

/* libcurl goes on without a login where an SMTP server offers none. */
static enum status
check_login(
    struct stream *s, const struct stream_settings *set, struct err *err)
{
	if (s->imap || set->user[0] == '\0' ||
	    strncmp(s->dial.last, "235", 3) == 0)
		return ST_OK;
	s->not_offered = true;
	return err_set(err, ST_REJECT,
	    "%s: the server offers no login (AUTH) that we could use; its "
	    "port for sending is usually 587 or 465",
	    s->dial.place);
}

static enum status
attempt(struct stream *s, const struct stream_settings *set, bool any,
    struct err *err)
{
	const char *hello = set->hello == NULL ? "" : set->hello;
	CURLcode code = CURLE_OK;
	enum status rc;

	s->imap = strncmp(set->url, "imap", 4) == 0;
	rc = dial_open(&s->dial, set->url, "imap,imaps,smtp,smtps",
	    s->imap ? "" : hello, set->stop, err);
	if (rc == ST_OK)
		rc = prepare(s, set, any, err);
	if (rc == ST_OK)
		rc = dial_run(&s->dial,
		    set->open_ms > 0 ? set->open_ms : OPEN_MS, &code, err);
	if (rc == ST_OK && code != CURLE_OK)
		rc = explain(s, set, code, err);
	return rc == ST_OK ? check_login(s, set, err) : rc;
}

enum status
stream_open(
    struct stream **out, const struct stream_settings *set, struct err *err)
{
	struct stream *s = calloc(1, sizeof(*s));
	curl_socket_t fd = CURL_SOCKET_BAD;
	enum status rc;

	*out = NULL;
	if (s == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	rc = attempt(s, set, false, err);
	if (s->not_offered && !set->is_token) {
		s->not_offered = false;
		dial_close(&s->dial);
		rc = attempt(s, set, true, err);
	}
	if (rc != ST_OK)
		goto out;
	if (curl_easy_getinfo(s->dial.easy, CURLINFO_ACTIVESOCKET, &fd) !=
		CURLE_OK ||
	    fd == CURL_SOCKET_BAD) {
		rc = err_set(err, ST_RETRY,
		    "%s: the server closed the connection", s->dial.place);
		goto out;
	}
	s->fd = fd;
	s->limit_bytes = SIZE_MAX;
	s->wait_ms = set->wait_ms > 0 ? set->wait_ms : WAIT_MS;
	s->greeted_as_known = set->user[0] != '\0' || has_word(s, "* PREAUTH");
out:
	if (rc != ST_OK) {
		stream_close(s);
		return rc;
	}
	*out = s;
	return ST_OK;
}

void
stream_close(struct stream *s)
{
	if (s == NULL)
		return;
	if (s->mail != NULL)
		mailstream_close(s->mail);
	buf_free(&s->first_line);
	dial_close(&s->dial);
	free(s);
}

void
stream_heed(struct stream *s, const atomic_bool *stop)
{
	s->dial.stop = stop;
}

static enum status
broken(struct stream *s, struct err *err, const char *what)
{
	s->broken = true;
	if (s->why == NULL)
		s->why = told_to_stop(s) ? "told to stop" : what;
	return err_set(err, ST_RETRY, "%s: %s", s->dial.place, s->why);
}

void
stream_limit(struct stream *s, int ms, size_t bytes)
{
	s->limit_at = ms > 0 ? clock_ticks() + ms : 0;
	s->limit_bytes = bytes;
}

const char *
stream_why(const struct stream *s)
{
	return s->why == NULL ? "" : s->why;
}

const char *
stream_place(const struct stream *s)
{
	return s->dial.place;
}

/* Takes what came off the limit. */
static enum status
count(struct stream *s, size_t n, struct err *err)
{
	if (n > s->limit_bytes)
		return broken(
		    s, err, "the server sends far more than was asked for");
	s->limit_bytes -= n;
	return ST_OK;
}

/* Polls in slices, so that `stop` is seen even when its signal came just before
 * poll() did.  False: the time is over, a signal came, or told to stop. */
static bool
wait_for(struct stream *s, short events, int ms)
{
	struct pollfd p = { .fd = s->fd, .events = events };
	int64_t end = clock_ticks() + ms, left;
	int n;

	do {
		if (told_to_stop(s))
			return false;
		left = end - clock_ticks();
		left = left < 0 ? 0 : left;
		n = poll(&p, 1, (int)(left < POLL_MS ? left : POLL_MS));
		if (n != 0)
			return n > 0;
	} while (left > 0);
	return false;
}

/* wait_for() that goes on after a signal which did not mean us. */
static bool
wait_through(struct stream *s, short events, int ms)
{
	int64_t end = clock_ticks() + ms, left;

	do {
		left = end - clock_ticks();
		if (wait_for(s, events, (int)(left < 0 ? 0 : left)))
			return true;
	} while (left > 0 && !told_to_stop(s));
	return false;
}

enum status
stream_send(struct stream *s, struct span bytes, struct err *err)
{
	while (bytes.n > 0) {
		size_t n = 0;
		CURLcode rc;

		if (s->broken || told_to_stop(s))
			return broken(s, err, "the connection is closed");
		rc = curl_easy_send(s->dial.easy, bytes.p, bytes.n, &n);
		if (rc == CURLE_AGAIN) {
			if (!wait_through(s, POLLOUT, s->wait_ms))
				return broken(s, err,
				    "the server takes nothing more; timed out");
			continue;
		}
		if (rc != CURLE_OK)
			return broken(
			    s, err, "the connection was cut while sending");
		bytes = span_from(bytes, n);
	}
	return ST_OK;
}

/* What is there now; ST_OK with 0 bytes when nothing is. */
static enum status
take(struct stream *s, void *bytes, size_t max, size_t *n, struct err *err)
{
	CURLcode rc;

	*n = 0;
	if (s->broken)
		return broken(s, err, "the connection is closed");
	rc = curl_easy_recv(s->dial.easy, bytes, max, n);
	if (rc == CURLE_AGAIN)
		return ST_OK;
	if (rc != CURLE_OK)
		return broken(s, err, "the connection was cut");
	if (*n == 0)
		return broken(s, err, "the server closed the connection");
	return ST_OK;
}

/* TLS may hold bytes that poll() does not see: asks it before each wait. */
enum status
stream_recv(struct stream *s, void *bytes, size_t max, size_t *n, int ms,
    struct err *err)
{
	int64_t end = clock_ticks() + (ms < 0 ? s->wait_ms : ms), left;
	enum status rc;

	*n = s->held_n < max ? s->held_n : max;
	if (*n > 0) {
		memcpy(bytes, s->held + s->held_at, *n);
		s->held_at += *n;
		s->held_n -= *n;
		return count(s, *n, err);
	}
	if (s->limit_at != 0 && end > s->limit_at)
		end = s->limit_at;
	do {
		if (told_to_stop(s))
			return broken(s, err, "told to stop");
		if (s->limit_at != 0 && clock_ticks() > s->limit_at)
			return broken(s, err, "the server is far too slow");
		rc = take(s, bytes, max, n, err);
		if (rc == ST_OK && *n > 0)
			return count(s, *n, err);
		if (rc != ST_OK)
			return rc;
		left = end - clock_ticks();
		if (left > 0)
			wait_through(s, POLLIN, (int)left);
	} while (left > 0);
	return ST_OK;
}

bool
stream_wait(struct stream *s, int ms)
{
	int64_t end = clock_ticks() + ms, left;

	if (s->held_n > 0 || s->broken)
		return true;
	do {
		s->held_at = 0;
		if (take(s, s->held, sizeof(s->held), &s->held_n, NULL) !=
			ST_OK ||
		    s->held_n > 0)
			return true;
		left = end - clock_ticks();
		if (left <= 0 || !wait_for(s, POLLIN, (int)left))
			return false;
	} while (true);
}

struct span
stream_said(const struct stream *s)
{
	return buf_span(&s->dial.said);
}

void
stream_certificate(const struct stream *s, struct stream_certificate *out)
{
	const struct certificate *c = &s->dial.certificate;

	memset(out, 0, sizeof(*out));
	if (!s->dial.has_certificate)
		return;
	out->expires_ms = c->expires_ms;
	snprintf(out->pin, sizeof(out->pin), "%s", c->pin);
	snprintf(out->subject, sizeof(out->subject), "%s", c->subject);
}

/* The driver under libetpan.  libetpan frees a mailstream that it was given:
 * mailimap_free() logs out, then calls mailstream_close(), which calls driver
 * close and free below.  free only forgets the mailstream, so that afterwards
 * stream_close() has the connection to close and nothing twice.  Hence the
 * order: mailimap_free() first, stream_close() last; a mailstream that no
 * mailimap took is closed by stream_close(). */
static ssize_t
low_read(mailstream_low *low, void *bytes, size_t max)
{
	struct stream *s = low->data;
	size_t n = s->first_line.n - s->first_at;

	if (n > 0) {
		n = n < max ? n : max;
		memcpy(bytes, s->first_line.p + s->first_at, n);
		s->first_at += n;
		return (ssize_t)n;
	}
	if (stream_recv(s, bytes, max, &n, -1, NULL) != ST_OK || n == 0) {
		/* Silent for too long: what comes later answers a question
		 * that nobody waits for any more.  libetpan takes 0 for "try
		 * again", endlessly, so the end is an error too. */
		broken(s, NULL, "the server was silent for too long");
		return -1;
	}
	return (ssize_t)n;
}

static ssize_t
low_write(mailstream_low *low, const void *bytes, size_t n)
{
	struct span all = { bytes, n };

	return stream_send(low->data, all, NULL) == ST_OK ? (ssize_t)n : -1;
}

static int
low_nothing(mailstream_low *low)
{
	(void)low;
	return 0;
}

static int
low_fd(mailstream_low *low)
{
	const struct stream *s = low->data;

	return s->fd;
}

static void
low_free(mailstream_low *low)
{
	struct stream *s = low->data;

	s->mail = NULL;
	free(low);
}

static void
low_cancel(mailstream_low *low)
{
	(void)low;
}

static struct mailstream_cancel *
low_get_cancel(mailstream_low *low)
{
	(void)low;
	return NULL;
}

static carray *
low_chain(mailstream_low *low)
{
	(void)low;
	return NULL;
}

/* IDLE is waited for with stream_wait(), which sees what TLS holds. */
static int
low_no_idle(mailstream_low *low)
{
	(void)low;
	return -1;
}

/* "CAPABILITY ..." out of "A002 OK [CAPABILITY ...] logged in". */
static struct span
capability_code(struct span line)
{
	struct span rest = span_from(line, span_find(line, " "));
	size_t end = span_find(rest, "]");

	if (!span_starts(rest, " OK [CAPABILITY ") || end == rest.n)
		return (struct span){ NULL, 0 };
	return span_sub(rest, 5, end - 5);
}

/* "CAPABILITY ..." in the answer to the login, or in a line of its own before
 * it, by which a server says what it can do without being asked; else empty. */
static struct span
told_with_login(const struct stream *s)
{
	struct span rest = buf_span(&s->dial.said), told = { NULL, 0 };

	while (rest.n > 0) {
		size_t n = span_find(rest, "\n");
		struct span line = span_trim(span_sub(rest, 0, n));
		bool is_last = n + 1 >= rest.n;

		rest = span_from(rest, n + 1);
		if (span_starts(line, "* CAPABILITY "))
			told = span_from(line, 2);
		else if (span_starts(line, "A") && !is_last)
			told = (struct span){ NULL, 0 }; /* of before it */
		else if (span_starts(line, "A") && told.n == 0)
			told = capability_code(line);
	}
	return told;
}

/* libcurl has read the greeting and logged in; libetpan waits for a greeting. */
static bool
greet(struct stream *s)
{
	struct span told = { NULL, 0 };

	s->first_at = 0;
	s->first_line.max = s->dial.said.max + 64;
	buf_reset(&s->first_line);
	if (!s->imap)
		return true;
	buf_printf(
	    &s->first_line, "* %s ", s->greeted_as_known ? "PREAUTH" : "OK");
	if (s->greeted_as_known)
		told = told_with_login(s);
	if (told.n > 0 && span_find(told, "]") == told.n)
		buf_printf(&s->first_line, "[%.*s] ", (int)told.n, told.p);
	buf_str(&s->first_line, "connected\r\n");
	return !s->first_line.failed;
}

struct _mailstream *
stream_mail(struct stream *s)
{
	static mailstream_low_driver driver = {
		.mailstream_read = low_read,
		.mailstream_write = low_write,
		.mailstream_close = low_nothing,
		.mailstream_get_fd = low_fd,
		.mailstream_free = low_free,
		.mailstream_cancel = low_cancel,
		.mailstream_get_cancel = low_get_cancel,
		.mailstream_get_certificate_chain = low_chain,
		.mailstream_setup_idle = low_no_idle,
		.mailstream_unsetup_idle = low_no_idle,
		.mailstream_interrupt_idle = low_no_idle,
	};
	mailstream_low *low;

	if (s->mail != NULL)
		return s->mail;
	if (!greet(s))
		return NULL;
	low = mailstream_low_new(s, &driver);
	if (low == NULL)
		return NULL;
	s->mail = mailstream_new(low, MAIL_BUFFER);
	if (s->mail == NULL) {
		mailstream_low_free(low);
		return NULL;
	}
	return s->mail;
}

/* stream - a verified connection to a mail server
 *
 * Place: imap.c and smtp.c speak over it.  libcurl opens it (name, TCP, TLS
 * with chain and host name, STARTTLS, login) and from then on only carries
 * bytes; libetpan's IMAP client and our SMTP code run on top.
 *
 * Credentials leave only through verified TLS.  Without TLS a stream opens to a
 * loopback address only, and only without credentials.  There is no switch.
 */
#ifndef STREAM_H
#define STREAM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "parsers/buf.h"

struct stream; /* one connection; used by one thread at a time */
struct _mailstream; /* libetpan's */

/* All borrowed: the strings during stream_open() only, `stop` for the life of
 * the stream.  Strings are never NULL; "" is none. */
struct stream_settings {
	const char *url; /* imaps://HOST[:PORT], imap:, smtps:, smtp:; what
			    follows the port is ignored */
	const char *user; /* "": no login */
	const char *secret; /* the password, or an access token */
	bool is_token; /* OAuth 2.0: XOAUTH2 or OAUTHBEARER (RFC 7628) */
	const char *ca_file; /* PEM, instead of the system's */
	const char *pin; /* of the public key, sha256//BASE64: without a ca_file
			    it is all that is asked of the certificate */
	const char *hello; /* SMTP: who we are in EHLO; NULL or "": the name
			      of this machine */
	int open_ms; /* name to login, together; 0: 30 s */
	int wait_ms; /* longest silence in the middle of something; 0: 60 s */
	const atomic_bool *stop; /* true: give up whatever waits; or NULL */
	bool *refused; /* set true when it is the login that the server does
			  not take; or NULL */
};

/* Opens, verifies and logs in.  ST_REJECT: somebody must mend something (the
 * certificate, the host name, the pin, the login, TLS not offered), and trying
 * again changes nothing; ST_RETRY: unreachable, silent, or not now; ST_BROKEN:
 * no memory, no library.  The sentence says what was tried and what to do,
 * never a secret.  `*out` is NULL unless ST_OK. */
enum status stream_open(
    struct stream **out, const struct stream_settings *set, struct err *err);
/* Cuts the connection without a word; NULL is fine. */
void stream_close(struct stream *s);

/* From now on `stop` ends its waits instead of the one it was opened with; NULL:
 * nothing does.  Borrowed as that one. */
void stream_heed(struct stream *s, const atomic_bool *stop);

/* Sends all of it.  ST_RETRY: cut, silent for wait_ms, or told to stop; the
 * stream can only be closed then. */
enum status stream_send(struct stream *s, struct span bytes, struct err *err);

/* Waits at most `ms` (negative: wait_ms) for bytes and takes up to `max` of
 * them: `*n` is 0 when none came in time.  ST_RETRY: the other side closed, or
 * told to stop. */
enum status stream_recv(struct stream *s, void *bytes, size_t max, size_t *n,
    int ms, struct err *err);

/* True when bytes (or the end) are there within `ms`, also those that TLS holds
 * already; false when the time is over, a signal came or `stop` is true. */
bool stream_wait(struct stream *s, int ms);

/* From now on, in all: within `ms` (0: however long) and at most `bytes` may
 * come; a server that drips or floods ends as one that is silent does. */
void stream_limit(struct stream *s, int ms, size_t bytes);

/* Why the stream can only be closed, in words; "" while it works. */
const char *stream_why(const struct stream *s);

/* Where it leads, for sentences: "imap.x:993". */
const char *stream_place(const struct stream *s);

/* What the server said before and during the login, a line each, without what
 * we said: the greeting, capabilities or the EHLO answer after TLS. */
struct span stream_said(const struct stream *s);

/* The stream as libetpan wants it, starting with a "* PREAUTH" line of our own
 * on IMAP; the stream's own, freed with it: mailimap must not close it twice
 * (stream.c says how).  NULL: no memory. */
struct _mailstream *stream_mail(struct stream *s);

/* The end of the certificate's validity (UTC ms) and the public key's pin
 * ("sha256//BASE64"), for `check` and the alerts; 0 and "" without TLS. */
struct stream_certificate {
	int64_t expires_ms;
	char pin[64];
	char subject[256];
};

/* Fills it in, zero without TLS. */
void stream_certificate(const struct stream *s, struct stream_certificate *out);

#endif

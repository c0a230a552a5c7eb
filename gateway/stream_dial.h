/* stream_dial - a libcurl handle that knows whom it speaks to
 *
 * Place: under stream.c (mail) and http.c.  Here stands, once, how we verify:
 * TLS 1.2 or later, the chain up to the system's authorities or to `ca_file`,
 * and the host name.  A pin is stronger than a name: the server has to prove
 * that it holds that very key.  So a pin alone is enough (appliances sign their
 * certificates themselves, often for the wrong name), and beside a `ca_file`
 * both have to hold.  Without TLS only a loopback address is connected to.
 *
 * Internal to the two: nobody else includes it.
 */
#ifndef STREAM_DIAL_H
#define STREAM_DIAL_H

#include <stdatomic.h>
#include <stdbool.h>

#include "gateway/certificate.h"
#include "gateway/curl.h"

struct dial {
	CURL *easy; /* owned; stays in `multi` */
	CURLM *multi; /* owned, but for a shared one */
	bool is_shared; /* `multi` is somebody else's */
	const atomic_bool *stop; /* borrowed, or NULL */
	char *url, *host; /* owned; scheme://host:port, and the host alone */
	char place[300]; /* "imap.x:993", for sentences */
	bool pinned, plain;
	bool not_loopback; /* plain, and an address that is none came up */
	bool asked_tls; /* by STARTTLS */
	bool has_certificate;
	struct certificate certificate; /* what the server showed */
	struct buf said; /* the server's lines, since TLS when there is TLS */
	char last[512]; /* the newest of them */
	char why[CURL_ERROR_SIZE]; /* libcurl's own words */
};

/* Takes `url` apart and makes the handle; `schemes` are those allowed, with ","
 * between.  `path` stands in for the URL's own path and query; NULL keeps them.
 * ST_REJECT: not such a URL, or it holds a user or a password.  dial_close() in
 * any case. */
enum status dial_open(struct dial *d, const char *url, const char *schemes,
    const char *path, const atomic_bool *stop, struct err *err);
void dial_close(struct dial *d);

/* Connections that `multi` (borrowed; outlives it) holds are used again, and
 * left to it.  Before dial_run(). */
void dial_share(struct dial *d, CURLM *multi);

/* Is the host of the URL this machine, by its literal address or "localhost"?
 * Only then may a connection be plain, and dial_run() looks at each address. */
bool dial_is_loopback(const struct dial *d);

/* Sets what is verified; "" is none.  `plain`: no TLS, loopback only. */
enum status dial_verify(struct dial *d, const char *ca_file, const char *pin,
    bool plain, struct err *err);

/* Runs the transfer until it ends, at most `ms`.  ST_OK: it came to its end,
 * which `*code` names; ST_RETRY: told to stop, or out of time (the sentence
 * names the step that hung). */
enum status dial_run(struct dial *d, int ms, CURLcode *code, struct err *err);

/* The sentence for an end that is none of ours: name, connection, certificate,
 * TLS.  ST_REJECT: somebody must mend something; ST_RETRY: not now. */
enum status dial_explain(struct dial *d, CURLcode code, struct err *err);

/* What the server said last, fit for a sentence: printable, without anything
 * that could be a secret sent back (`secret` and long runs of BASE64). */
void
dial_words(const struct dial *d, const char *secret, char *out, size_t size);

#endif

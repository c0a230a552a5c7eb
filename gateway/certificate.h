/* certificate - what a server's certificate says, in words for people
 *
 * Place: under stream_dial.c, which hands over what a server showed.  libcurl
 * decides whether to trust it; this only reads, for sentences and for `check`.
 */
#ifndef CERTIFICATE_H
#define CERTIFICATE_H

#include <stdbool.h>
#include <stdint.h>

#include "parsers/buf.h"

struct certificate {
	int64_t starts_ms, expires_ms; /* UTC */
	char pin[64]; /* of the public key: "sha256//BASE64" */
	char subject[256], issuer[256];
	char names[256]; /* host names, ", " between; cut with "..." */
	bool fits_host;
	bool is_self_signed;
};

/* Reads a certificate (DER) that a server which was asked for as `host` showed.
 * Bytes that are not printable ASCII become '?'.  ST_REJECT: it is none. */
enum status certificate_read(struct certificate *out, struct span der,
    const char *host, struct err *err);

/* Why it was not trusted, and what to do: "the certificate is for mail.x, you
 * asked for imap.x; ...".  `chain_failed`: no known authority vouches for it. */
void certificate_blame(const struct certificate *c, const char *host,
    bool chain_failed, int64_t now, struct buf *out);

/* Does the file hold certificates (PEM)?  ST_REJECT with the sentence when it
 * cannot be read or holds none: libcurl would only trust nobody then. */
enum status certificate_check_file(const char *path, struct err *err);

/* Is `text` a pin: "sha256//" and the BASE64 of a SHA-256, or several of them
 * with ";" between (the key to come beside the key of today)? */
bool certificate_is_pin(struct span text);

#endif

/* digest - SHA-256 (GnuTLS) for attachments, keys and the chain; hexadecimal
 *
 * Place: the ground floor.  Pure.
 */
#ifndef DIGEST_H
#define DIGEST_H

#include <stdint.h>

#include "parsers/buf.h"

enum { SHA256_SIZE = 32, SHA256_HEX = 65 };

/* The digest of `data` as bytes. */
void sha256(uint8_t out[SHA256_SIZE], struct span data);

/* The same as lower-case hexadecimal with a NUL. */
void sha256_hex(char out[SHA256_HEX], struct span data);

/* Lower-case hexadecimal of `n` bytes and a NUL: `out` holds 2*n+1. */
void hex_encode(char *out, const uint8_t *bytes, size_t n);

/* The value of a hexadecimal digit in either case; -1 when it is none. */
int hex_value(char c);

#endif

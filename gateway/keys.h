/* keys - secrets that make our addresses and Message-IDs unguessable
 *
 * Place: reply and outbox make tokens, intake recognises them; the PIN that starts
 * a notice is one of them in digits.  The keys file
 * has "ID SECRET" lines (SECRET: 64 hexadecimal digits), readable by its owner
 * only; the last line signs, all verify, so a key is rotated by adding a line.
 */
#ifndef KEYS_H
#define KEYS_H

#include <stdbool.h>

#include "parsers/buf.h"

enum { TOKEN_SIZE = 48, PIN_DIGITS = 6 };

struct keys;

/* ST_REJECT: missing, readable by others, or a bad line (with its number). */
enum status keys_read(struct keys **out, const char *path, struct err *err);
void keys_free(struct keys *keys);

/* Creates the file (mode 0600, synced) with one fresh key; ST_REJECT when it
 * is there already. */
enum status keys_create(const char *path, struct err *err);

/* A fresh token: [a-z0-9.], 16 random characters, the key's id and a MAC
 * (HMAC-SHA-256, cut to 10 characters) over both. */
enum status
token_make(char out[TOKEN_SIZE], const struct keys *keys, struct err *err);

/* Is that a token of ours?  Upper case is accepted, mailers fold addresses. */
bool token_is_ours(const struct keys *keys, struct span token);

/* The PIN that goes with a token: digits that follow from it and from the key
 * it was made with, so that they need stand nowhere.  ST_BROKEN when that key is
 * not there (any more). */
enum status pin_make(char out[PIN_DIGITS + 1], const struct keys *keys,
    const char *token, struct err *err);

/* Is that the PIN of the token?  Takes as long for any. */
bool pin_is_of(const struct keys *keys, const char *token, struct span pin);

/* Random bytes (GnuTLS); ST_BROKEN when the system has none. */
enum status random_bytes(void *out, size_t n, struct err *err);

#endif

/* secret - a password from its file, or from the environment
 *
 * Place: under login.c and oauth.c; the configuration names only where the
 * secret is (password_file, client_secret_file).
 */
#ifndef SECRET_H
#define SECRET_H

#include "parsers/buf.h"

enum { SECRET_MAX = 4096 };

/* Reads it into `out` (limit at least SECRET_MAX), without the newline at its
 * end; `where` is a file or "env:VARIABLE".  ST_REJECT: not there, empty, too
 * large, control characters in it, or others can read the file.  secret_free()
 * in any case. */
enum status secret_read(struct buf *out, const char *where, struct err *err);

/* Overwrites and frees. */
void secret_free(struct buf *secret);

#endif

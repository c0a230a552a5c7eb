/* mime - a mail's bytes to its header fields, its text and its parts
 *
 * Place: parse.c calls it inside the jail; machine, bounce and calendar read
 * what it found.  The only parser that knows libetpan.  Pure.
 *
 * The header fields are our own tolerant scan, because libetpan gives up a
 * header at its first malformed line; the structure is libetpan's, behind the
 * guard rails that keep it alive on hostile mail.
 */
#ifndef MIME_H
#define MIME_H

#include "parsers/body.h"

struct mime {
	struct field *fields;
	size_t n_fields;
	struct span type; /* of the whole mail, lower case; "text/plain" */
	struct span params; /* its parameters, as written */
	struct span plain; /* all body text/plain, UTF-8, LF, flowed joined */
	struct span html; /* all body text/html, UTF-8 */
	struct part *parts; /* every leaf, also those in plain and html */
	size_t n_parts;
};

/* Reads `mail` into `out`, attachments and warnings into `parsed`; everything
 * lives in `parsed->arena`.  Bounds: 64 MiB of mail (more: the first 256 KiB
 * are read, with a warning), 256 KiB of header, 1000 fields, 1000 parts, depth
 * 50, 1 MiB of text.  A structure that libetpan must not see is read as plain
 * text, with a warning.  An opaque S/MIME signature is opened, not checked.  A
 * worker calls charset_warm() before its sandbox closes.  ST_REJECT with the reason when there is nothing to
 * read (empty, or binary without any header field). */
enum status mime_parse(
    struct mime *out, struct parsed *parsed, struct span mail, struct err *err);

/* The same for bytes that may be written over, with 64 zero bytes behind them:
 * what is large is read where it stands, and bodies may stay there. */
enum status mime_parse_owned(
    struct mime *out, struct parsed *parsed, struct span mail, struct err *err);

/* The first field of that name (ASCII case folded) after `*from` fields, its
 * value unfolded but not decoded; `{NULL,0}` when there is none.  `from` may be
 * NULL; else it is moved behind the hit, so that a loop finds them all. */
struct span mime_field(const struct mime *mime, const char *name, size_t *from);

#endif

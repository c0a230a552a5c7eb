/* header - the fields of a mail or part, found however broken the header is
 *
 * Place: mime.c scans each header with it; whoever reads a field decodes it
 * here.  Our own, because libetpan gives up a header at its first malformed
 * line and knows no RFC 2231.  Pure and linear.
 */
#ifndef HEADER_H
#define HEADER_H

#include "parsers/message.h"

/* One header field of a mail or part, in order of appearance. */
struct field {
	struct span name; /* as written */
	struct span value; /* unfolded, not decoded, trimmed */
};

struct header {
	struct field *fields;
	size_t n_fields;
	size_t body; /* offset in the entity; its size when there is none */
	size_t skipped; /* lines that are no field, in the midst of fields */
	bool cut; /* a bound was reached: fields or parts of them are missing */
};

/* Scans the header of `entity` (a mail, or a part of one): a "From " line of an
 * mbox and lines that are no field are skipped, a missing empty line before the
 * body is forgiven.  Names and values live in `a`. */
void header_scan(struct header *out, struct arena *a, struct span entity);

/* The first field of that name; `{NULL,0}` when there is none. */
struct span header_field(const struct header *header, const char *name);

/* Parts "text/plain; charset=x" into the lower-case type, in `a`, and the
 * parameters as written, borrowed.  A value without a usable type gives the
 * empty span as type. */
void header_type(
    struct arena *a, struct span value, struct span *type, struct span *params);

/* The first parameter of that name without its quotes and not decoded, as
 * boundaries need it; `{NULL,0}` when there is none. */
struct span header_param(struct arena *a, struct span value, const char *name);

/* The same for people: RFC 2231 continuations and charsets included, decoded
 * to UTF-8. */
struct span
header_param_text(struct arena *a, struct span value, const char *name);

/* RFC 2047 as real senders break it, raw 8-bit bytes too: UTF-8, CR, LF, NUL
 * and other controls replaced by spaces, at most 8 KiB. */
struct span header_decode(struct arena *a, struct span value);

#endif

/* render_scan - a Mustache template taken apart into its tags
 *
 * Place: only render uses it.  Pure and linear.
 */
#ifndef RENDER_SCAN_H
#define RENDER_SCAN_H

#include "parsers/buf.h"

enum {
	TEMPLATE_MAX = 1 << 20, /* bytes */
	SECTIONS_MAX = 50, /* open at the same time */
	DELIMITER_MAX = 16,
};

enum token_kind {
	TOKEN_TEXT,
	TOKEN_VALUE, /* {{name}} */
	TOKEN_RAW, /* {{{name}}}, {{&name}} */
	TOKEN_SECTION, /* {{#name}} */
	TOKEN_INVERTED, /* {{^name}} */
	TOKEN_END, /* {{/name}} */
	TOKEN_PARTIAL, /* {{>name}} */
};

struct token {
	enum token_kind kind;
	struct span text; /* the bytes, or the name; borrowed */
	struct span indent; /* of a partial that stands alone on its line */
	size_t end; /* of a section: the index of its TOKEN_END */
};

/* Takes `tmpl` apart into `*tokens` (in `a`); comments, changed delimiters and
 * lines with nothing but a tag are gone then, and every section has its end.
 * ST_REJECT, with the line, for an unclosed or empty tag or a section that does
 * not match; ST_LIMIT for a template that is too large or too deep. */
enum status render_scan(struct token **tokens, size_t *n, struct arena *a,
    struct span tmpl, struct err *err);

#endif

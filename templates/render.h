/* render - fills a Mustache template (logic-less)
 *
 * Place: reply renders what residents read, `uwaga render` any template.
 * Pure: the data is a JSON value (jansson), the output bytes.
 * Standard: the Mustache specification's core (comments, delimiters,
 * interpolation, inverted, partials, sections).
 */
#ifndef RENDER_H
#define RENDER_H

#include <jansson.h>

#include "parsers/buf.h"

enum render_escape {
	RENDER_HTML, /* {{x}} escapes & < > " as the specification says */
	RENDER_NONE, /* text: nothing is escaped */
};

/* Finds a partial by name: its bytes, or { NULL, 0 } (renders as nothing). */
typedef struct span render_partial(void *arg, struct span name);

/* Templates taken apart, for the next time that they are filled.  One is known
 * again by where its bytes are, which must stay there, unchanged, as long as
 * this lives.  Start with { 0 }. */
struct render_memo {
	struct arena arena; /* owned */
	struct render_known *known;
	size_t n;
};
/* Forgets all; it may be used again. */
void render_forget(struct render_memo *memo);

struct render {
	enum render_escape escape;
	struct render_memo *memo; /* may be NULL */
	const json_t *common; /* looked in last, after the data; may be NULL */
	render_partial *partial; /* may be NULL */
	void *partial_arg;
	/* When not NULL: called with each name to be shown that no data has, and
	 * with each partial that there is none of.  The condition of a section
	 * may be absent: that is what sections are for. */
	void (*missing)(void *arg, struct span name);
	void *missing_arg;
};

/* Appends `tmpl` filled with `data` to `out`.  False are: absent, null, false,
 * the empty list, the empty string.  ST_REJECT, with the line, for a tag or
 * section that is not closed; ST_LIMIT when `out` is full, sections or partials
 * nest more than 50 deep, or the template asks for endless work.  After a
 * failure `out` holds a beginning. */
enum status render(struct buf *out, struct span tmpl, const json_t *data,
    const struct render *how, struct err *err);

/* Appends every name the template and its partials use, each once, one per
 * line; fails as render() does. */
enum status render_names(struct buf *out, struct span tmpl,
    const struct render *how, struct err *err);

#endif

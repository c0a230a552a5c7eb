/* lines - a text cut into lines, each with the look it has
 *
 * Place: new_text and its helpers (attribution, label_block, footer, sign_off)
 * read a mail's body as an array of these.  Cutting looks at each byte once;
 * only a line that could be something special is ever folded.  Pure.
 */
#ifndef LINES_H
#define LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "parsers/buf.h"

enum line_kind {
	LINE_TEXT,
	LINE_BLANK,
	LINE_QUOTED, /* begins with '>' */
	LINE_RULE, /* three or more of - _ = * ~ and nothing else */
	LINE_OLD_BELOW, /* the markers of html.h */
	LINE_SIGNATURE,
	LINE_SIGNATURE_END,
};

struct line {
	const char *raw; /* borrowed: from its first byte */
	uint32_t raw_n; /* without white space at its end */
	uint32_t lead; /* bytes of white space before its words */
	unsigned char kind;
	bool gone; /* does not belong to the author's new text */
};

struct lines {
	struct line *line; /* owned */
	size_t n;
	struct buf fold; /* owned: what lines_fold() wrote last */
	size_t effort; /* bytes that may still be folded; 0: looks no closer */
};

/* Cuts `text`, which must outlive `out`.  False when memory is short; `out` is
 * then empty.  Free with lines_free() in every case. */
bool lines_read(struct lines *out, struct span text);
void lines_free(struct lines *lines);

/* The words of line `i` without white space around them. */
struct span lines_words(const struct lines *lines, size_t i);

enum { LINES_FOLD_MAX = 600 };

/* Lines `from` to `to` (both included) in one, folded as text_fold() does, with
 * one space between; at most LINES_FOLD_MAX bytes of each.  Valid until the
 * next call.  lines_fold_words() does the same with any words.  Both give
 * nothing when the text has used up its effort, so that no text takes more than
 * its share. */
struct span lines_fold(struct lines *lines, size_t from, size_t to);
struct span lines_fold_words(struct lines *lines, struct span words);

/* The first line from `i` on that is not blank, looking at no more than six;
 * lines->n when there is none. */
size_t lines_next(const struct lines *lines, size_t i);

/* Appends the lines from `from` to `to` (not included) that are not gone, and
 * one empty line where lines are gone or empty.  `shorten` (may be NULL) may
 * write a line itself, with less in it, and then says true. */
void lines_write(struct buf *out, const struct lines *lines, size_t from,
    size_t to, bool (*shorten)(struct buf *, struct span));

#endif

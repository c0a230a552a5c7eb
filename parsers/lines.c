/* lines - a text cut into lines, each with the look it has */
#include "parsers/lines.h"

#include <stdlib.h>
#include <string.h>

#include "parsers/html.h"
#include "parsers/text.h"

/* A typical mail folds a few hundred bytes. */
enum { LOOK_AHEAD = 6, EFFORT = 768 * 1024, EFFORT_PER_CALL = 64 };

/* White space of more than one byte, and characters that do not show. */
static size_t
wide_blank_at(const char *p, size_t n)
{
	static const char *const blanks[] = { "\xc2\xa0", "\xe2\x80\x8b",
		"\xef\xbb\xbf", "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xaf",
		"\xe2\x80\x8c", "\xe2\x80\x8d", "\xe2\x81\xa0", "\xe2\x81\xa1",
		"\xe2\x81\xa2", "\xe2\x81\xa3", "\xe2\x81\xa4", "\xc2\xad",
		NULL };

	if (n < 2 || (*p != '\xc2' && *p != '\xe2' && *p != '\xef'))
		return 0;
	for (size_t i = 0; blanks[i] != NULL; i++) {
		size_t len = strlen(blanks[i]);

		if (len <= n && memcmp(p, blanks[i], len) == 0)
			return len;
	}
	return 0;
}

static size_t
lead_length(const char *p, size_t n)
{
	size_t i = 0, wide;

	while (i < n) {
		if (p[i] == ' ' || p[i] == '\t' || p[i] == '\r')
			i++;
		else if ((wide = wide_blank_at(p + i, n - i)) > 0)
			i += wide;
		else
			break;
	}
	return i;
}

static size_t
without_tail(const char *p, size_t n)
{
	for (;;) {
		if (n > 0 &&
		    (p[n - 1] == ' ' || p[n - 1] == '\t' || p[n - 1] == '\r'))
			n--;
		else if (n > 2 && wide_blank_at(p + n - 3, 3) == 3)
			n -= 3;
		else if (n > 1 && wide_blank_at(p + n - 2, 2) == 2)
			n -= 2;
		else
			return n;
	}
}

/* Bytes of a sign that rules are drawn with, or 0. */
static size_t
rule_sign(const char *p, size_t n)
{
	if (*p == '-' || *p == '_' || *p == '=' || *p == '*' || *p == '~')
		return 1;
	if (n >= 3 && p[0] == '\xe2' &&
	    ((p[1] == '\x80' && p[2] >= '\x90' && p[2] <= '\x95') ||
		(p[1] == '\x94' && (p[2] == '\x80' || p[2] == '\x81')) ||
		(p[1] == '\x95' && p[2] == '\x90')))
		return 3;
	return 0;
}

static bool
is_rule(struct span s)
{
	size_t signs = 0, len;

	while (s.n > 0) {
		len = rule_sign(s.p, s.n);
		if (len == 0 && *s.p != ' ')
			return false;
		signs += len > 0;
		s = span_from(s, len > 0 ? len : 1);
	}
	return signs >= 3;
}

/* A line of ">>> look here <<<" is decoration, ">>> name date >>>" is how
 * GroupWise announces an old message; neither is quoted. */
static bool
is_decoration(struct span s)
{
	if (s.n > 8 && memcmp(s.p, ">>>", 3) == 0 &&
	    memcmp(s.p + s.n - 3, ">>>", 3) == 0)
		return true;
	return s.n > 6 && memcmp(s.p + s.n - 2, "<<", 2) == 0;
}

static enum line_kind
look(struct span words)
{
	if (words.n == 0)
		return LINE_BLANK;
	if (words.p[0] == '>')
		return is_decoration(words) ? LINE_TEXT : LINE_QUOTED;
	if ((unsigned char)words.p[0] < ' ') {
		if (span_is(words, HTML_OLD_BELOW))
			return LINE_OLD_BELOW;
		if (span_is(words, HTML_SIGNATURE))
			return LINE_SIGNATURE;
		if (span_is(words, HTML_SIGNATURE_END))
			return LINE_SIGNATURE_END;
	}
	return rule_sign(words.p, words.n) > 0 && is_rule(words) ? LINE_RULE
								 : LINE_TEXT;
}

bool
lines_read(struct lines *out, struct span text)
{
	size_t count = 1;
	struct span rest = text, raw;

	*out = (struct lines){ .fold = { .max = 64 * LINES_FOLD_MAX },
		.effort = EFFORT };
	for (const char *p = text.p;
	     text.n > 0 &&
	     (p = memchr(p, '\n', (size_t)(text.p + text.n - p))) != NULL;
	     p++)
		count++;
	out->line = malloc(count * sizeof(*out->line));
	if (out->line == NULL)
		return false;
	while (span_line(&rest, &raw)) {
		struct line *line = &out->line[out->n++];

		raw.n = raw.n > UINT32_MAX ? UINT32_MAX : raw.n;
		line->raw = raw.p;
		line->raw_n = (uint32_t)without_tail(raw.p, raw.n);
		line->lead = (uint32_t)lead_length(raw.p, line->raw_n);
		line->gone = false;
		line->kind = (unsigned char)look(lines_words(out, out->n - 1));
	}
	return true;
}

void
lines_free(struct lines *lines)
{
	free(lines->line);
	lines->line = NULL;
	lines->n = 0;
	buf_free(&lines->fold);
}

struct span
lines_words(const struct lines *lines, size_t i)
{
	const struct line *line = &lines->line[i];

	return (
	    struct span){ line->raw + line->lead, line->raw_n - line->lead };
}

/* `words` cut to LINES_FOLD_MAX bytes, at the boundary of a character; nothing
 * when there is no effort left for it. */
static struct span
bounded(struct lines *lines, struct span words)
{
	size_t cost = (words.n < LINES_FOLD_MAX ? words.n : LINES_FOLD_MAX) +
		      EFFORT_PER_CALL;

	if (lines->effort < cost) {
		lines->effort = 0;
		return (struct span){ NULL, 0 };
	}
	lines->effort -= cost;
	if (words.n <= LINES_FOLD_MAX)
		return words;
	words.n = LINES_FOLD_MAX;
	while (words.n > 0 && ((unsigned char)words.p[words.n] & 0xC0) == 0x80)
		words.n--;
	return words;
}

struct span
lines_fold(struct lines *lines, size_t from, size_t to)
{
	buf_reset(&lines->fold);
	for (size_t i = from; i <= to && i < lines->n; i++) {
		if (i > from)
			buf_char(&lines->fold, ' ');
		text_fold(&lines->fold, bounded(lines, lines_words(lines, i)));
	}
	return buf_span(&lines->fold);
}

struct span
lines_fold_words(struct lines *lines, struct span words)
{
	buf_reset(&lines->fold);
	text_fold(&lines->fold, bounded(lines, words));
	return buf_span(&lines->fold);
}

size_t
lines_next(const struct lines *lines, size_t i)
{
	for (size_t k = 0; k < LOOK_AHEAD && i < lines->n; k++, i++)
		if (lines->line[i].kind != LINE_BLANK)
			return i;
	return lines->n;
}

void
lines_write(struct buf *out, const struct lines *lines, size_t from, size_t to,
    bool (*shorten)(struct buf *, struct span))
{
	bool gap = false;

	for (size_t i = from; i < to; i++) {
		const struct line *line = &lines->line[i];
		struct span raw = { line->raw, line->raw_n };
		size_t start = out->n, words;

		if (line->gone || line->kind == LINE_BLANK) {
			gap = true;
			continue;
		}
		if (out->n > 0)
			buf_str(out, gap ? "\n\n" : "\n");
		else
			raw = span_from(raw, line->lead);
		words = out->n;
		if (shorten == NULL || !shorten(out, raw))
			buf_add(out, raw);
		gap = span_trim(span_from(buf_span(out), words)).n == 0;
		if (gap)
			out->n = start;
	}
}

/* remark - what of the author's text is filed */
#include "parsers/remark.h"

#include "parsers/code.h"
#include "parsers/code_label.h"
#include "parsers/language.h"
#include "parsers/lines.h"
#include "parsers/phrase.h"
#include "parsers/provision.h"
#include "parsers/sign_off.h"

#include <string.h>

enum {
	GREETINGS_MAX = 3,
	PREFIX_MAX = 12,
	CODE_LINE_MAX = 120,
	LAST_CODE_MAX = 48
};

/* The prefix of the codes that were found in the text, "" when none was. */
static void
find_prefix(char out[PREFIX_MAX], const struct parsed *parsed)
{
	out[0] = '\0';
	for (size_t i = 0; i < parsed->n_codes; i++) {
		struct span code = parsed->codes[i].code;
		size_t n = span_find(code, "-");

		if (n == 0 || n >= code.n || n >= PREFIX_MAX)
			continue;
		memcpy(out, code.p, n);
		out[n] = '\0';
		return;
	}
}

static bool
says_more(struct lines *lines, struct span words)
{
	return code_label_says_more(lines_fold_words(lines, words));
}

/* Does line `i` only name codes ("Dotyczy: BL-7M4H")? */
static bool
is_code_line(struct lines *lines, size_t i, const char *prefix)
{
	struct span words = lines_words(lines, i);
	struct code_hit hit;
	size_t at = 0, hits = 0;

	if (prefix[0] == '\0' || words.n == 0 || words.n > CODE_LINE_MAX)
		return false;
	for (; code_next(&hit, words, at, prefix); at = hit.at + hit.n, hits++)
		if (says_more(lines, span_sub(words, at, hit.at - at)))
			return false;
	return hits > 0 && !says_more(lines, span_from(words, at));
}

/* Greeting lines and code lines on top, code lines at the end and as
 * paragraphs of their own. */
static void
drop_lines(struct lines *lines, const char *prefix, bool keep_codes)
{
	bool top = true;
	int greetings = 0;

	for (size_t i = 0; i < lines->n; i++) {
		struct line *line = &lines->line[i];
		size_t next;

		if (line->kind == LINE_BLANK || line->gone)
			continue;
		if (top && greetings < GREETINGS_MAX &&
		    sign_off_is_greeting(lines, i)) {
			line->gone = true;
			greetings++;
			continue;
		}
		next = lines_next(lines, i + 1);
		if (!keep_codes &&
		    (top || next == lines->n || lines->line[next].gone ||
			(lines->line[i - 1].kind == LINE_BLANK &&
			    lines->line[i + 1].kind == LINE_BLANK)) &&
		    is_code_line(lines, i, prefix)) {
			line->gone = true;
			continue;
		}
		top = false;
	}
}

static void
drop_sign_off(struct lines *lines, const struct address *author)
{
	struct sign_off off;

	if (!sign_off_find(&off, lines, 0, lines->n, author))
		return;
	for (size_t i = off.at; i < off.end; i++)
		lines->line[i].gone = true;
}

/* Does the code at `hit` begin a part?  At the start of a line or behind the
 * end of a sentence; then `*from` is where the part before it ends. */
static bool
begins_part(struct lines *lines, struct span text, const struct code_hit *hit,
    size_t *from)
{
	size_t start = hit->at, at = hit->at;

	while (start > 0 && text.p[start - 1] != '\n' &&
	       hit->at - start <= CODE_LINE_MAX)
		start--;
	*from = start;
	if ((start == 0 || text.p[start - 1] == '\n') &&
	    !says_more(lines, span_sub(text, start, hit->at - start)))
		return true;
	while (at > start && (text.p[at - 1] == ' ' || text.p[at - 1] == '\t'))
		at--;
	*from = hit->at;
	return at > start && at < hit->at &&
	       memchr(".!?;", text.p[at - 1], 4) != NULL;
}

static bool
is_separator(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == ':' || c == '.' ||
	       c == ',' || c == ';' || c == '-' || c == ')' || c == ']' ||
	       c == '*' || c == '_' || c == '=' || c == '>';
}

static struct span
without_lead(struct span s)
{
	while (s.n > 0) {
		if (is_separator(s.p[0]))
			s = span_from(s, 1);
		else if (s.n > 2 && s.p[0] == '\xe2' && s.p[1] == '\x80' &&
			 (s.p[2] == '\x93' || s.p[2] == '\x94'))
			s = span_from(s, 3);
		else
			break;
	}
	return s;
}

/* One piece for each part; none when a part has no words of its own. */
static void
make_pieces(struct parsed *parsed, struct lines *lines, struct span text,
    const char *prefix)
{
	struct code_hit hit;
	struct span code = { NULL, 0 };
	size_t at = 0, begun = 0, from, starts = 0;
	bool differ = false, empty = false;

	if (prefix[0] == '\0')
		return;
	for (;; at = hit.at + hit.n) {
		bool found =
		    starts < CODES_MAX && code_next(&hit, text, at, prefix);
		struct piece *piece;

		if (found &&
		    (!hit.valid || !begins_part(lines, text, &hit, &from)))
			continue;
		if (starts > 0) {
			struct span words = span_trim(without_lead(span_sub(
			    text, begun, (found ? from : text.n) - begun)));

			piece = arena_push(&parsed->arena, &parsed->pieces,
			    &parsed->n_pieces, sizeof(*piece));
			if (piece == NULL)
				break;
			*piece = (struct piece){ code,
				arena_copy(&parsed->arena, words) };
			empty |= words.n == 0;
		}
		if (!found)
			break;
		differ |= starts > 0 && !span_is(code, hit.code);
		code = arena_copy(&parsed->arena, span_of(hit.code));
		begun = hit.at + hit.n;
		starts++;
	}
	if (!differ || empty) {
		parsed->pieces = NULL;
		parsed->n_pieces = 0;
	}
}

void
remark_extract(struct parsed *parsed)
{
	struct buf out = { .max = parsed->new_text.n + 2 };
	struct lines lines;
	char prefix[PREFIX_MAX];

	parsed->remark = (struct span){ "", 0 };
	parsed->language = language_of(parsed->new_text);
	if (!lines_read(&lines, parsed->new_text)) {
		parsed_warn(parsed, "memory is short; the remark was not read");
		return;
	}
	find_prefix(prefix, parsed);
	drop_sign_off(&lines, &parsed->from);
	lines_write(&out, &lines, 0, lines.n, NULL);
	make_pieces(parsed, &lines, buf_span(&out), prefix);
	drop_lines(&lines, prefix, parsed->n_pieces > 0);
	buf_reset(&out);
	lines_write(&out, &lines, 0, lines.n, NULL);
	parsed->remark = arena_copy(&parsed->arena, span_trim(buf_span(&out)));
	provision_find(parsed, parsed->remark);
	buf_free(&out);
	lines_free(&lines);
}

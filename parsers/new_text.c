/* new_text - what the sender wrote, without quotes and signature
 *
 * First the old message is found and marked as gone, line by line from the
 * top; what is left are the author's segments, above, between and below
 * quotes.  Then each segment loses what programs hang on its end.  Every step
 * that would leave nothing of the author, or could take his words, keeps the
 * text and warns.
 */
#include "parsers/new_text.h"

#include "parsers/attribution.h"
#include "parsers/footer.h"
#include "parsers/label_block.h"
#include "parsers/lines.h"
#include "parsers/phrase.h"
#include "parsers/sign_off.h"

#include <string.h>

enum {
	WRAPPED_MIN = 55, /* a quoted line that long may have been wrapped */
	SIGNATURE_MAX = 12, /* lines below a delimiter that is not "-- " */
	SIGNATURE_SURE_MAX = 60, /* below "-- " */
	PROSE_WORDS = 12, /* in one line */
	SENTENCE_WORDS = 4, /* and a full stop */
	CLOSING_MAX = 20, /* "> napisał(a):" */
	SEGMENTS_MAX = 500,
	RULE_ATTRIBUTION = 3, /* lines below a rule with words */
	NOTICES_MAX = 12, /* paragraphs of small print */
	INITIALS_MAX = 8, /* bytes in "JK> " */
	INITIALS_LINES = 3,
	OWN_QUOTE_MAX = 5, /* lines that the author cites */
};

/* Lines `from` to `to` (not included). */
struct range {
	size_t from, to;
};

struct reading {
	struct parsed *parsed; /* borrowed */
	struct lines lines;
	bool is_answer; /* the mail answers or forwards another */
	bool own_words; /* something of the author stands above */
};

static bool
is_answer(const struct parsed *parsed)
{
	static const char *const prefixes[] = { "re:", "odp:", "odp.:", "fw:",
		"fwd:", "pd:", "aw:", "wg:", "antw:", "sv:", "vs:", "ref:",
		"rv:", "tr:", "r:", "i:", "ynt:", "ha:", "re[", "odp[", NULL };

	if (parsed->n_in_reply_to > 0 || parsed->n_references > 0)
		return true;
	for (const char *const *p = prefixes; *p != NULL; p++)
		if (span_starts_nocase(parsed->subject, *p))
			return true;
	return false;
}

static void
mark_gone(struct lines *lines, size_t from, size_t to)
{
	for (size_t i = from; i < to && i < lines->n; i++)
		lines->line[i].gone = true;
}

/* A line that a program wrapped out of the quote above it: between two quoted
 * lines, without an empty one, and not begun like a sentence. */
static bool
is_wrapped_quote(const struct lines *lines, size_t i)
{
	struct span words = lines_words(lines, i), above;
	char first;

	if (i == 0 || i + 1 >= lines->n || lines->line[i].kind != LINE_TEXT ||
	    lines->line[i - 1].kind != LINE_QUOTED ||
	    lines->line[i + 1].kind != LINE_QUOTED)
		return false;
	above = lines_words(lines, i - 1);
	first = words.p[0];
	if (words.p[words.n - 1] == '>' || words.p[words.n - 1] == ')')
		return span_find(words, "://") < words.n ||
		       span_find(above, "://") < above.n;
	return above.n >= WRAPPED_MIN && words.n < above.n && first >= 'a' &&
	       first <= 'z';
}

/* "<a@b.example" and, on the next line, ">:" : the address of an attribution is
 * closed there and nothing is quoted. */
static bool
closes_address(const struct lines *lines, size_t i)
{
	struct span words = lines_words(lines, i);
	int open = 0;

	if (words.p[words.n - 1] != ':' || words.n > CLOSING_MAX)
		return false;
	for (size_t k = 1; k <= 3 && k <= i; k++) {
		struct span above = lines_words(lines, i - k);

		if (lines->line[i - k].kind != LINE_TEXT)
			break;
		for (size_t j = 0; j < above.n && j < LINES_FOLD_MAX; j++)
			open += (above.p[j] == '<') - (above.p[j] == '>');
		if (open > 0)
			return true;
	}
	return false;
}

/* The initials with which The Bat! and others mark a quoted line ("JK> "), as
 * written with the sign; empty when the line has none. */
static struct span
initials(const struct lines *lines, size_t i)
{
	struct span s = lines_words(lines, i);
	size_t n = 0;

	if (lines->line[i].kind != LINE_TEXT)
		return (struct span){ NULL, 0 };
	while (
	    n < s.n && n < INITIALS_MAX &&
	    ((s.p[n] >= 'A' && s.p[n] <= 'Z') || (unsigned char)s.p[n] >= 0x80))
		n++;
	return n > 0 && n < s.n && s.p[n] == '>' ? span_sub(s, 0, n + 1)
						 : (struct span){ NULL, 0 };
}

/* Three lines with the same initials are quoted. */
static void
mark_initials(struct lines *lines)
{
	struct span first = { NULL, 0 }, here;
	size_t count = 0;

	for (size_t i = 0; i < lines->n; i++) {
		here = initials(lines, i);
		if (here.n > 0 && first.n == 0)
			first = here;
		count += here.n > 0 && span_eq(here, first);
	}
	for (size_t i = 0; count >= INITIALS_LINES && i < lines->n; i++) {
		here = initials(lines, i);
		if (here.n > 0 && span_eq(here, first))
			lines->line[i].kind = LINE_QUOTED;
	}
}

static void
mark_quotes(struct reading *r)
{
	struct lines *lines = &r->lines;

	mark_initials(lines);

	for (size_t i = 0; i < lines->n; i++) {
		if (is_wrapped_quote(lines, i))
			lines->line[i].kind = LINE_QUOTED;
		else if (lines->line[i].kind == LINE_QUOTED &&
			 closes_address(lines, i))
			lines->line[i].kind = LINE_TEXT;
		if (lines->line[i].kind == LINE_QUOTED)
			lines->line[i].gone = true;
	}
}

/* Where the quoted lines from `i` on end. */
static size_t
quote_end(const struct lines *lines, size_t i)
{
	while (i < lines->n && lines->line[i].kind == LINE_QUOTED)
		i++;
	return i;
}

/* "My proposals:", which says of nobody when and what they wrote. */
static bool
is_own_list(struct span above)
{
	if (above.p[above.n - 1] != ':')
		return false;
	for (size_t i = 0; i < above.n; i++)
		if (above.p[i] == '@' ||
		    (above.p[i] >= '0' && above.p[i] <= '9'))
			return false;
	return true;
}

/* "The draft says:", the words it says behind '>', and on with the text: the
 * author cites; a program would have parted them by empty lines or said who
 * wrote.  A mail that answers no other has none to quote: there '>' is an arrow
 * or a bullet within the text. */
static void
keep_citations(struct reading *r)
{
	struct lines *lines = &r->lines;
	size_t end;

	for (size_t i = 1; i + 1 < lines->n; i = end) {
		struct span above;

		end = i + 1;
		if (lines->line[i].kind != LINE_QUOTED)
			continue;
		end = quote_end(lines, i);
		if (end - i > OWN_QUOTE_MAX ||
		    lines->line[i - 1].kind != LINE_TEXT ||
		    lines->line[i - 1].gone)
			continue;
		above = lines_words(lines, i - 1);
		if (above.p[above.n - 1] != ':' && r->is_answer)
			continue;
		if ((end >= lines->n || lines->line[end].kind != LINE_TEXT ||
			lines->line[end].gone) &&
		    (r->is_answer || !is_own_list(above)))
			continue;
		for (size_t k = i; k < end; k++) {
			lines->line[k].gone = false;
			lines->line[k].kind = LINE_TEXT;
		}
		parsed_warn(r->parsed,
		    "the quoted text at line %zu was taken for the author's "
		    "own citation",
		    i + 1);
	}
}

/* Rules and empty lines right above an old message belong to it. */
static size_t
with_rule_above(const struct lines *lines, size_t i)
{
	size_t from = i;

	while (i > 0 && (lines->line[i - 1].kind == LINE_BLANK ||
			    label_block_divider(lines, i - 1))) {
		i--;
		if (lines->line[i].kind != LINE_BLANK)
			from = i;
	}
	return from;
}

/* An old message whose head is lines `from` to `to`: goes to the next line that
 * is not quoted, or with everything below.  Returns where to read on. */
static size_t
drop_old(struct reading *r, size_t from, size_t to, bool quoted)
{
	from = with_rule_above(&r->lines, from);
	if (quoted) {
		mark_gone(&r->lines, from, to);
		return to;
	}
	mark_gone(&r->lines, from, r->lines.n);
	return r->lines.n;
}

/* Is the sender of the old message the author himself, who sends his own words
 * again? */
static bool
is_authors_own(struct reading *r, struct span from)
{
	const struct address *author = &r->parsed->from;

	if (from.n == 0)
		return false;
	return (author->address.n > 0 &&
		   memmem(from.p, from.n, author->address.p,
		       author->address.n) != NULL) ||
	       (author->name.n > 0 && memmem(from.p, from.n, author->name.p,
					  author->name.n) != NULL);
}

/* Line `i` is a rule with words; a block of labels or an attribution may
 * follow. */
static size_t
read_below_rule(struct reading *r, size_t i)
{
	struct lines *lines = &r->lines;
	struct label_block block;
	struct attribution a;
	size_t next = lines_next(lines, i + 1);

	if (next < lines->n && label_block_may_start(lines, next) &&
	    label_block_read(&block, lines, next, true)) {
		if (r->own_words || block.quoted ||
		    !is_authors_own(r, block.from))
			return drop_old(r, i, block.end, block.quoted);
		parsed_warn(r->parsed,
		    "the author forwards a mail of his own; its text was kept");
		mark_gone(lines, i, block.end);
		return block.end;
	}
	for (size_t k = next; k < lines->n && k < next + RULE_ATTRIBUTION; k++)
		if (attribution_may_end(lines, k) &&
		    attribution_read(&a, lines, k, true))
			return drop_old(r, i, a.to + 1, a.quoted);
	return drop_old(r, i, i + 1,
	    next < lines->n && lines->line[next].kind == LINE_QUOTED);
}

/* A block of labels (or a rule with words) begins at line `i`: returns where to
 * read on, or `i` when it is none. */
static size_t
read_block(struct reading *r, size_t i)
{
	struct lines *lines = &r->lines;
	struct label_block block;
	bool is_block;

	if (label_block_rule(lines, i))
		return read_below_rule(r, i);
	if (!label_block_may_start(lines, i))
		return i;
	is_block = label_block_read(&block, lines, i, r->is_answer);
	if (block.doubt)
		parsed_warn(r->parsed,
		    "line %zu looks like the head of an old "
		    "message; the text below it was kept",
		    i + 1);
	if (!is_block)
		return i;
	if (!r->own_words && !block.quoted &&
	    (!r->is_answer || is_authors_own(r, block.from))) {
		parsed_warn(r->parsed,
		    "the mail begins with the head of an old "
		    "message; the text below it was kept");
		mark_gone(lines, i, block.end);
		return block.end;
	}
	return drop_old(r, i, block.end, block.quoted);
}

static size_t
read_attribution(struct reading *r, size_t i)
{
	struct attribution a;
	size_t next;

	if (!attribution_may_end(&r->lines, i))
		return i;
	if (!attribution_read(&a, &r->lines, i, r->is_answer)) {
		if (a.doubt)
			parsed_warn(r->parsed,
			    "line %zu could announce an old message; the text "
			    "below it was kept",
			    i + 1);
		return i;
	}
	if (a.doubt && !a.quoted && !r->own_words && a.kept == 0) {
		parsed_warn(r->parsed,
		    "line %zu could announce an old message, but nothing "
		    "stands above it; the text was kept",
		    i + 1);
		return i;
	}
	if (a.doubt && !a.quoted)
		parsed_warn(r->parsed,
		    "all below line %zu was taken for an old message", i + 1);
	if (a.kept > 0) {
		r->lines.line[a.from].raw_n =
		    (uint32_t)(r->lines.line[a.from].lead + a.kept);
		a.from++;
	}
	next = drop_old(r, a.from, a.to + 1, a.quoted);
	return next;
}

/* Marks the old message, from the top down. */
static void
mark_old(struct reading *r)
{
	struct lines *lines = &r->lines;

	for (size_t i = 0, next; i < lines->n; i = next) {
		struct line *line = &lines->line[i];

		next = i + 1;
		if (line->kind == LINE_OLD_BELOW) {
			line->gone = true;
			if (r->own_words)
				mark_gone(lines, i, lines->n);
			continue;
		}
		if (line->kind != LINE_TEXT || line->gone)
			continue;
		next = read_block(r, i);
		if (next == i)
			next = read_attribution(r, i);
		if (next == i) {
			next = i + 1;
			if (!r->own_words)
				r->own_words = !sign_off_is_greeting(lines, i);
		}
	}
}

static bool
has_words(const struct lines *lines, struct range s)
{
	for (size_t i = s.from; i < s.to; i++)
		if (lines->line[i].kind == LINE_TEXT && !lines->line[i].gone)
			return true;
	return false;
}

/* Is there a sentence among the lines, one that no visiting card has? */
static bool
has_prose(const struct lines *lines, struct range s)
{
	for (size_t i = s.from; i < s.to; i++)
		if (lines->line[i].kind == LINE_TEXT && !lines->line[i].gone &&
		    phrase_count_words(lines_words(lines, i), PROSE_WORDS) >=
			PROSE_WORDS)
			return true;
	return false;
}

static bool
has_sentence(const struct lines *lines, struct range s)
{
	for (size_t i = s.from; i < s.to; i++) {
		struct span words = lines_words(lines, i);

		if (lines->line[i].kind == LINE_TEXT && !lines->line[i].gone &&
		    memchr(".!?", words.p[words.n - 1], 3) != NULL &&
		    phrase_count_words(words, SENTENCE_WORDS) >= SENTENCE_WORDS)
			return true;
	}
	return has_prose(lines, s);
}

/* Where the last `max` lines with words begin. */
static size_t
last_lines(const struct lines *lines, struct range s, size_t max)
{
	size_t i = s.to, count = 0;

	while (i > s.from && count < max) {
		i--;
		count +=
		    lines->line[i].kind == LINE_TEXT && !lines->line[i].gone;
	}
	return i;
}

static struct range
trim(const struct lines *lines, struct range s)
{
	while (s.to > s.from && (lines->line[s.to - 1].gone ||
				    lines->line[s.to - 1].kind != LINE_TEXT))
		s.to--;
	while (s.from < s.to && (lines->line[s.from].gone ||
				    lines->line[s.from].kind != LINE_TEXT))
		s.from++;
	return s;
}

/* What html.c has found to be a signature. */
static void
drop_marked_signatures(struct reading *r)
{
	struct lines *lines = &r->lines;
	size_t start = 0;
	bool open = false;

	for (size_t i = 0; i < lines->n; i++) {
		struct line *line = &lines->line[i];

		if (line->kind == LINE_SIGNATURE && !open) {
			open = true;
			start = i;
		}
		if (line->kind == LINE_SIGNATURE_END && open) {
			struct range s = { start, i + 1 };

			open = false;
			if (has_prose(lines, s) && i - start > 1 &&
			    !has_words(lines, (struct range){ 0, start }))
				parsed_warn(r->parsed,
				    "the text stands in the signature; it was "
				    "kept");
			else
				mark_gone(lines, s.from, s.to);
		}
		if (line->kind >= LINE_OLD_BELOW)
			line->gone = true;
	}
}

static size_t
paragraph_start(const struct lines *lines, struct range s)
{
	size_t i = s.to;

	while (i > s.from && lines->line[i - 1].kind == LINE_TEXT &&
	       !lines->line[i - 1].gone)
		i--;
	return i;
}

/* Does the author say anything in the range, besides a greeting? */
static bool
says_something(struct reading *r, struct range s)
{
	for (size_t i = s.from; i < s.to; i++)
		if (r->lines.line[i].kind == LINE_TEXT &&
		    !r->lines.line[i].gone &&
		    !sign_off_is_greeting(&r->lines, i))
			return true;
	return false;
}

/* Are lines `from` to `to` of segment `s` a notice that hangs on the author's
 * words? */
static bool
is_notice(struct reading *r, struct range s, size_t from, size_t to)
{
	struct lines *lines = &r->lines;
	struct sign_off off;

	if (from >= to || !footer_is_notice(lines, from, to, true))
		return false;
	return footer_is_notice(lines, from, to, false) ||
	       sign_off_find(&off, lines, s.from, from, &r->parsed->from);
}

/* Where the notices at the end of `s` begin; s.to when there are none. */
static size_t
notices_start(struct reading *r, struct range s)
{
	struct range above = s;
	size_t best = s.to;

	for (int i = 0; i < NOTICES_MAX && above.to > above.from; i++) {
		size_t start = paragraph_start(&r->lines, above);

		if (is_notice(r, s, start, above.to))
			best = start;
		else if (!footer_is_small_print(&r->lines, start, above.to))
			break;
		above = trim(&r->lines, (struct range){ s.from, start });
	}
	if (best < s.to && !says_something(r, (struct range){ 0, best }))
		return s.to;
	return best;
}

/* HTML letters often have no empty line between card and notice: where in the
 * last paragraph, from line `start` on, a notice begins; s.to when none does. */
static size_t
notice_inside(struct reading *r, struct range s, size_t start)
{
	size_t i = s.to - start > NOTICES_MAX ? s.to - NOTICES_MAX : start + 1;

	for (; i < s.to; i++)
		if (footer_may_be_notice(&r->lines, i) &&
		    is_notice(r, s, i, s.to) &&
		    says_something(r, (struct range){ 0, i }))
			return i;
	return s.to;
}

/* Does a line with a colon stand above line `i` ("Signed by:")? */
static bool
is_announced(const struct lines *lines, size_t i)
{
	struct span above;

	while (i > 0 && lines->line[i - 1].kind == LINE_BLANK)
		i--;
	if (i == 0 || lines->line[i - 1].kind != LINE_TEXT)
		return false;
	above = lines_words(lines, i - 1);
	return above.p[above.n - 1] == ':';
}

/* Are the lines `below` a delimiter a signature?  Sentences are not, unless
 * the delimiter is the one of mail programs and the author's words are above
 * it. */
static bool
is_signature(struct reading *r, struct range s, struct range below, bool sure)
{
	struct lines *lines = &r->lines;
	size_t first = lines_next(lines, below.from);

	if (is_notice(r, s, first, below.to))
		return true;
	if (!has_words(lines, (struct range){ 0, below.from - 1 }))
		return !has_sentence(lines, below);
	if (sure)
		return true;
	if (lines->line[below.from - 1].kind == LINE_RULE)
		return !is_announced(lines, below.from - 1) &&
		       sign_off_is_card(
			   lines, below.from, below.to, &r->parsed->from);
	if (has_sentence(lines, below) &&
	    !sign_off_is_card(lines, below.from, below.to, &r->parsed->from))
		return false;
	return !has_prose(lines, below) &&
	       last_lines(lines, below, SIGNATURE_MAX + 1) <= below.from;
}

/* Where, below a signature, a paragraph begins that is a postscript. */
static size_t
postscript_start(struct lines *lines, struct range below)
{
	for (size_t i = below.from + 1; i < below.to; i++)
		if (lines->line[i].kind == LINE_TEXT && !lines->line[i].gone &&
		    lines->line[i - 1].kind == LINE_BLANK &&
		    sign_off_is_postscript(lines, i))
			return i;
	return below.to;
}

/* From the first signature delimiter on, but for a postscript; returns what is
 * left. */
static struct range
drop_delimited(struct reading *r, struct range s)
{
	struct lines *lines = &r->lines;
	bool sure;

	for (size_t i = last_lines(lines, s, SIGNATURE_SURE_MAX); i < s.to;
	     i++) {
		struct range below = { i + 1, s.to };

		if (!footer_is_delimiter(lines, i, &sure))
			continue;
		if (!is_signature(r, s, below, sure)) {
			parsed_warn(r->parsed,
			    "the text below the dashes of line %zu was kept",
			    i + 1);
			continue;
		}
		below.to = postscript_start(lines, below);
		mark_gone(lines, i, below.to);
		return trim(lines,
		    (struct range){ s.from, below.to < s.to ? s.to : i });
	}
	return s;
}

/* Small print and lines of the mail program at the end; returns what is left.
 * A notice is kept when nothing else would be there. */
static struct range
drop_footers(struct reading *r, struct range s)
{
	struct lines *lines = &r->lines;
	size_t start;

	for (int round = 0; round < NOTICES_MAX && s.to > s.from; round++) {
		start = paragraph_start(lines, s);
		if (footer_is_client(lines, s.to - 1, start + 1 == s.to)) {
			mark_gone(lines, s.to - 1, s.to);
		} else if (s.to - start == 2 &&
			   footer_is_client(lines, start, true)) {
			mark_gone(lines, start, s.to);
		} else if ((start = notices_start(r, s)) < s.to) {
			mark_gone(lines, start, s.to);
		} else if ((start = notice_inside(
				r, s, paragraph_start(lines, s))) < s.to) {
			mark_gone(lines, start, s.to);
		} else {
			break;
		}
		s = trim(lines, s);
	}
	return s;
}

/* The card below a closing formula, with the formula. */
static struct range
drop_card(struct reading *r, struct range s)
{
	struct lines *lines = &r->lines;
	struct sign_off off;

	if (!sign_off_find(&off, lines, s.from, s.to, &r->parsed->from) ||
	    !off.card || off.guessed)
		return s;
	mark_gone(lines, off.at, off.end);
	return trim(lines, s);
}

static void
drop_banner(struct reading *r, struct range s)
{
	struct lines *lines = &r->lines;
	size_t end = s.from;

	while (end < s.to && lines->line[end].kind == LINE_TEXT &&
	       !lines->line[end].gone)
		end++;
	if (end < s.to && footer_is_banner(lines, s.from, end))
		mark_gone(lines, s.from, end);
	else if (s.from + 1 < s.to &&
		 footer_is_banner(lines, s.from, s.from + 1))
		mark_gone(lines, s.from, s.from + 1); /* a table's row */
}

/* A mail program's line in the middle, with words below that may be anybody's:
 * the line goes, the words stay. */
static void
drop_client_lines(struct reading *r, struct range s)
{
	struct lines *lines = &r->lines;

	for (size_t i = s.from + 1; i + 1 < s.to; i++) {
		char first = lines->line[i].kind == LINE_TEXT
				 ? lines_words(lines, i).p[0]
				 : '\0';

		if ((first != 'W' && first != 'S' && first != 'P' &&
			first != 'G' && first != 'E' && first != 'V') ||
		    lines->line[i].gone ||
		    lines->line[i - 1].kind == LINE_TEXT ||
		    lines->line[i + 1].kind == LINE_TEXT ||
		    !footer_is_client(lines, i, true))
			continue;
		lines->line[i].gone = true;
		parsed_warn(r->parsed,
		    "the text below line %zu, which a mail "
		    "program wrote, was kept",
		    i + 1);
	}
}

/* Takes something off the end of `s`, and the footers that then are the end. */
static struct range
drop_more(struct reading *r, struct range s,
    struct range (*drop)(struct reading *, struct range))
{
	struct range left = drop(r, s);

	return left.to < s.to ? drop_footers(r, left) : left;
}

static void
clean_segment(struct reading *r, struct range whole, bool first)
{
	struct range s = trim(&r->lines, whole);

	if (first)
		drop_banner(r, s);
	s = drop_footers(r, trim(&r->lines, s));
	s = drop_more(r, s, drop_delimited);
	s = drop_more(r, s, drop_card);
	drop_client_lines(r, s);
	/* Dividers that now part the author's words from nothing. */
	mark_gone(&r->lines, whole.from, s.from);
	mark_gone(&r->lines, s.to, whole.to);
}

/* The segments of the author, parted by what is quoted. */
static void
clean_segments(struct reading *r)
{
	struct lines *lines = &r->lines;
	size_t i = 0, start, count = 0;

	while (i < lines->n && count < SEGMENTS_MAX) {
		for (; i < lines->n && lines->line[i].gone; i++)
			;
		start = i;
		for (; i < lines->n && !lines->line[i].gone; i++)
			;
		if (!has_words(lines, (struct range){ start, i }))
			continue;
		clean_segment(r, (struct range){ start, i }, count++ == 0);
	}
}

void
new_text_extract(struct parsed *parsed, struct span text)
{
	struct reading r = { .parsed = parsed, .is_answer = is_answer(parsed) };
	struct buf out = { .max = text.n + 2 };

	parsed->new_text = (struct span){ "", 0 };
	if (!lines_read(&r.lines, text)) {
		parsed_warn(parsed, "memory is short; the text was not read");
		return;
	}
	mark_quotes(&r);
	mark_old(&r);
	keep_citations(&r);
	drop_marked_signatures(&r);
	clean_segments(&r);
	lines_write(&out, &r.lines, 0, r.lines.n, footer_without_pictures);
	if (r.lines.effort == 0)
		parsed_warn(parsed, "the text is too odd to be read closely; "
				    "it may hold an old message");
	parsed->new_text =
	    arena_copy(&parsed->arena, span_trim(buf_span(&out)));
	buf_free(&out);
	lines_free(&r.lines);
}

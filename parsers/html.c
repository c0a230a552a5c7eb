/* html - what a reader of an HTML mail sees, as text
 *
 * libxml2 reports start and end of every element, always in pairs, whatever
 * the markup.  So a stack with one entry for each open element says what its
 * end must undo.  Line breaks wait until the next word, so that nested blocks
 * make one break and not ten.
 */
#include "parsers/html.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/HTMLparser.h>

#include "parsers/html_tame.h"

enum {
	BLOCK = 1 << 0, /* starts and ends a line */
	SPACED = 1 << 1, /* and has an empty line around it */
	HIDDEN = 1 << 2, /* nothing inside is shown */
	PRE = 1 << 3, /* white space counts */
	QUOTE = 1 << 4, /* another person's words */
	CONTAINER = 1 << 5, /* blockquotes inside are quotes */
	SIGNATURE = 1 << 6,
	OLD = 1 << 7, /* below is the old message */
	CELL = 1 << 8,
	ROW = 1 << 9,
	ITEM = 1 << 10,
	LIST = 1 << 11,
	NUMBERED = 1 << 12,
	BREAK = 1 << 13,
	PICTURE = 1 << 14,
};

enum { QUOTES_SHOWN = 20, LISTS_MAX = 32, ALT_MAX = 16, DEPTH_MAX = 800 };

/* What must be written before the next word. */
enum gap { GAP_NONE, GAP_SPACE, GAP_TAB, GAP_LINE, GAP_EMPTY_LINE };

struct page {
	struct buf *out;
	htmlParserCtxtPtr parser;
	struct buf stack; /* one uint16_t of flags for each open element */
	bool too_deep; /* the parser was stopped */
	enum gap gap;
	bool started; /* something has been written */
	bool in_line; /* the line has words */
	bool row_has_words;
	bool old_marked; /* no word since the last HTML_OLD_BELOW */
	bool after_pre; /* the newline behind <pre> is not shown */
	int hidden, pre, quotes, containers, signatures; /* open ones */
	int lists;
	int numbers[LISTS_MAX]; /* of the next item; 0: not numbered */
	int bullet; /* to write: -1 a dash, above 0 that number */
};

static const struct element {
	const char *name;
	int flags;
} elements[] = {
	{ "a", 0 }, { "b", 0 }, { "span", 0 }, { "font", 0 }, { "div", BLOCK },
	{ "p", BLOCK | SPACED }, { "br", BREAK }, { "td", CELL },
	{ "th", CELL }, { "tr", BLOCK | ROW }, { "li", BLOCK | ITEM },
	{ "ul", BLOCK | LIST }, { "ol", BLOCK | LIST | NUMBERED },
	{ "img", PICTURE }, { "blockquote", BLOCK | SPACED },
	{ "pre", BLOCK | SPACED | PRE }, { "hr", BLOCK | SPACED },
	{ "table", BLOCK }, { "h1", BLOCK | SPACED }, { "h2", BLOCK | SPACED },
	{ "h3", BLOCK | SPACED }, { "h4", BLOCK | SPACED },
	{ "h5", BLOCK | SPACED }, { "h6", BLOCK | SPACED }, { "body", BLOCK },
	{ "center", BLOCK }, { "address", BLOCK }, { "article", BLOCK },
	{ "aside", BLOCK }, { "caption", BLOCK }, { "dd", BLOCK },
	{ "dl", BLOCK }, { "dt", BLOCK }, { "fieldset", BLOCK },
	{ "figure", BLOCK }, { "footer", BLOCK }, { "form", BLOCK },
	{ "header", BLOCK }, { "main", BLOCK }, { "nav", BLOCK },
	{ "section", BLOCK }, { "style", HIDDEN }, { "script", HIDDEN },
	{ "title", HIDDEN }, { "template", HIDDEN }, { "noframes", HIDDEN },
	{ "svg", HIDDEN }, { "select", HIDDEN },
	{ "param", HIDDEN }, /* of richtext and enriched */
};

static int
element_flags(const char *name)
{
	for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++)
		if (elements[i].name[0] == name[0] &&
		    strcmp(elements[i].name, name) == 0)
			return elements[i].flags;
	return 0;
}

static const char *
attribute(const xmlChar **atts, const char *name)
{
	for (; atts != NULL && atts[0] != NULL; atts += 2)
		if (strcasecmp((const char *)atts[0], name) == 0)
			return atts[1] == NULL ? "" : (const char *)atts[1];
	return "";
}

static bool
has(const char *value, const char *part)
{
	return strcasestr(value, part) != NULL;
}

/* The first bytes of a style without its spaces, lower case. */
static void
squeeze(char out[512], const char *style)
{
	size_t n = 0;

	for (; *style != '\0' && n < 511; style++)
		if (*style > ' ')
			out[n++] = *style >= 'A' && *style <= 'Z'
				       ? (char)(*style + 32)
				       : *style;
	out[n] = '\0';
}

static int
style_flags(const char *value)
{
	char style[512];
	int flags = 0;

	if (value[0] == '\0')
		return 0;
	squeeze(style, value);
	if (has(style, "display:none") || has(style, "mso-hide:all"))
		flags |= HIDDEN;
	if (has(style, "white-space:pre"))
		flags |= PRE;
	/* Outlook's line above the header block of the old message. */
	if (has(style, "border-top:solid#e1e1e1") ||
	    has(style, "border-top:solid#b5c4df"))
		flags |= OLD;
	return flags;
}

/* Programs draw a line down the left of what is quoted; what an author only
 * indents has none. */
static bool
has_left_line(const char *value)
{
	char style[512];

	if (value[0] == '\0')
		return false;
	squeeze(style, value);
	return has(style, "border-left") && !has(style, "border-left:none") &&
	       !has(style, "border-left:0");
}

/* Programs name the box around an old message so ("edo-original",
 * "front-blockquote", "zmail_extra"). */
static bool
holds_old(const char *class, const char *id)
{
	return has(class, "quote") || has(class, "original") ||
	       has(class, "_extra") || has(id, "quote") || has(id, "original");
}

/* Does a mail program mark the old message, or the signature, like this? */
static int
program_flags(const char *name, const xmlChar **atts)
{
	const char *class = attribute(atts, "class");
	const char *id = attribute(atts, "id");
	int flags = 0;

	if (has(class, "gmail_quote") || has(class, "protonmail_quote") ||
	    (strcmp(name, "div") == 0 && holds_old(class, id)))
		flags |= CONTAINER;
	if (strcmp(name, "blockquote") == 0 &&
	    (flags != 0 || strcasecmp(attribute(atts, "type"), "cite") == 0 ||
		attribute(atts, "cite")[0] != '\0' || has(class, "cite") ||
		has(class, "quote") || has_left_line(attribute(atts, "style"))))
		flags |= QUOTE;
	if (has(attribute(atts, "data-marker"), "__QUOTED_TEXT__") ||
	    has(attribute(atts, "data-marker"), "__HEADERS__"))
		flags |= QUOTE; /* Zimbra */
	if (has(class, "yahoo_quoted") || has(id, "yahoo_quoted") ||
	    strcasecmp(attribute(atts, "name"), "quote") == 0)
		flags |= QUOTE;
	if (strcasecmp(id, "divRplyFwdMsg") == 0 ||
	    strcasecmp(id, "appendonsend") == 0)
		flags |= OLD;
	if (has(class, "gmail_signature") || has(class, "moz-signature") ||
	    has(class, "protonmail_signature_block") ||
	    has(attribute(atts, "data-smartmail"), "signature") ||
	    strcasecmp(id, "signature") == 0 || strcmp(id, "_rc_sig") == 0 ||
	    strcmp(id, "ms-outlook-mobile-signature") == 0)
		flags |= SIGNATURE;
	return flags;
}

static int
flags_of(const struct page *page, const char *name, const xmlChar **atts)
{
	int flags = element_flags(name);
	const char *style;

	if (atts != NULL) {
		style = attribute(atts, "style");
		flags |= style_flags(style) | program_flags(name, atts);
		/* Outlook writes every line as such a paragraph. */
		if (has(attribute(atts, "class"), "MsoNormal"))
			flags &= ~SPACED;
	}
	if (page->containers > 0 && strcmp(name, "blockquote") == 0)
		flags |= QUOTE;
	if (flags & (OLD | SIGNATURE))
		flags |= BLOCK;
	return flags;
}

static void
want(struct page *page, enum gap gap)
{
	if (gap > page->gap)
		page->gap = gap;
}

/* Ends the line; `empty` adds an empty one.  What stands at the very top of
 * the page needs neither. */
static void
end_line(struct page *page, bool empty)
{
	int quotes = page->quotes < QUOTES_SHOWN ? page->quotes : QUOTES_SHOWN;

	if (page->in_line)
		buf_char(page->out, '\n');
	page->in_line = false;
	if (!empty || !page->started)
		return;
	for (int i = 0; i < quotes; i++)
		buf_str(page->out, i == 0 ? ">" : " >");
	buf_char(page->out, '\n');
}

static void
start_line(struct page *page)
{
	for (int i = 0; i < page->quotes && i < QUOTES_SHOWN; i++)
		buf_str(page->out, "> ");
	if (page->bullet > 0)
		buf_printf(page->out, "%d. ", page->bullet);
	else if (page->bullet < 0)
		buf_str(page->out, "- ");
	page->bullet = 0;
	page->in_line = true;
	page->started = true;
}

/* Writes what waits, so that a word can follow. */
static void
before_word(struct page *page)
{
	if (page->gap >= GAP_LINE)
		end_line(page, page->gap == GAP_EMPTY_LINE);
	if (!page->in_line)
		start_line(page);
	else if (page->gap == GAP_TAB)
		buf_char(page->out, '\t');
	else if (page->gap == GAP_SPACE)
		buf_char(page->out, ' ');
	page->gap = GAP_NONE;
	page->row_has_words = true;
	page->old_marked = false;
}

/* A line of its own that stands for markup.  Not inside quotes: what is quoted
 * is somebody else's already. */
static void
mark(struct page *page, const char *marker)
{
	if (page->quotes > 0)
		return;
	end_line(page, false);
	buf_str(page->out, marker);
	buf_char(page->out, '\n');
	page->started = true;
	page->gap = GAP_NONE;
}

static void
line_break(struct page *page)
{
	if (page->hidden > 0)
		return;
	/* A break that ends a line is that break; any more are empty lines. */
	if (page->gap >= GAP_LINE || !page->in_line)
		end_line(page, true);
	else
		end_line(page, false);
	page->gap = GAP_NONE;
}

static void
start_item(struct page *page)
{
	int *number;

	page->bullet = -1;
	if (page->lists == 0 || page->lists > LISTS_MAX)
		return;
	number = &page->numbers[page->lists - 1];
	if (*number > 0)
		page->bullet = (*number)++;
}

static void
start_list(struct page *page, bool numbered)
{
	if (page->lists < LISTS_MAX)
		page->numbers[page->lists] = numbered;
	page->lists++;
}

static void
start_block(struct page *page, int flags)
{
	if (flags & CELL && page->row_has_words)
		page->gap = GAP_TAB;
	/* The first block of a cell begins beside the cell before, that of an
	 * item beside its dash; a quote shows its border by its signs. */
	if (flags & BLOCK && page->gap != GAP_TAB)
		want(page,
		    flags & SPACED && !(flags & QUOTE) && page->bullet == 0
			? GAP_EMPTY_LINE
			: GAP_LINE);
	if (flags & ROW) {
		page->row_has_words = false;
		want(page, GAP_LINE);
		if (page->gap == GAP_TAB)
			page->gap = GAP_LINE;
	}
	if (flags & ITEM)
		start_item(page);
}

/* Only small pictures that stand for a smiley are words. */
static void
picture(struct page *page, const char *alt)
{
	size_t n = strlen(alt);

	if (n == 0 || n > ALT_MAX)
		return;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)alt[i] < 0x80)
			return;
	before_word(page);
	buf_str(page->out, alt);
}

static void
start_element(void *user, const xmlChar *name, const xmlChar **atts)
{
	struct page *page = user;
	int flags = flags_of(page, (const char *)name, atts);
	uint16_t entry = (uint16_t)flags;

	buf_add(
	    &page->stack, (struct span){ (const char *)&entry, sizeof(entry) });
	if (page->stack.failed) {
		page->too_deep = true;
		xmlStopParser(page->parser);
		return;
	}
	if (page->hidden == 0 && !(flags & HIDDEN)) {
		if (flags & BREAK)
			line_break(page);
		if (flags & PICTURE)
			picture(page, attribute(atts, "alt"));
		start_block(page, flags);
		if (flags & OLD && !page->old_marked) {
			mark(page, HTML_OLD_BELOW);
			page->old_marked = true;
		}
		if (flags & SIGNATURE && page->signatures == 0)
			mark(page, HTML_SIGNATURE);
	}
	if (flags & QUOTE && page->quotes == 0)
		end_line(page, false);
	page->hidden += (flags & HIDDEN) != 0;
	page->pre += (flags & PRE) != 0;
	page->after_pre = strcmp((const char *)name, "pre") == 0;
	page->quotes += (flags & QUOTE) != 0;
	page->containers += (flags & CONTAINER) != 0;
	/* Hidden ones too, since their end is counted. */
	if (flags & LIST)
		start_list(page, flags & NUMBERED);
	page->signatures += (flags & SIGNATURE) != 0;
}

static void
end_element(void *user, const xmlChar *name)
{
	struct page *page = user;
	uint16_t flags;

	(void)name;
	if (page->too_deep || page->stack.n < sizeof(flags))
		return;
	page->stack.n -= sizeof(flags);
	memcpy(&flags, page->stack.p + page->stack.n, sizeof(flags));
	page->hidden -= (flags & HIDDEN) != 0;
	page->pre -= (flags & PRE) != 0;
	page->signatures -= (flags & SIGNATURE) != 0;
	if (page->hidden == 0 && !(flags & HIDDEN)) {
		if (flags & SIGNATURE && page->signatures == 0)
			mark(page, HTML_SIGNATURE_END);
		if (flags & BLOCK)
			want(page, flags & SPACED ? GAP_EMPTY_LINE : GAP_LINE);
	}
	if (flags & QUOTE)
		end_line(page, false);
	page->quotes -= (flags & QUOTE) != 0;
	page->containers -= (flags & CONTAINER) != 0;
	page->lists -= (flags & LIST) != 0;
	if (flags & ITEM)
		page->bullet = 0;
	if (flags & CELL && page->gap == GAP_EMPTY_LINE)
		page->gap = GAP_LINE;
}

static bool
is_white(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f';
}

static bool
is_control(char c)
{
	return ((unsigned char)c < ' ' && !is_white(c)) || c == 0x7F;
}

/* Words up to the next white space or control character. */
static size_t
word_length(struct span s)
{
	size_t n = 0;

	while (n < s.n && !is_white(s.p[n]) && !is_control(s.p[n]))
		n++;
	return n;
}

static void
characters(void *user, const xmlChar *chars, int len)
{
	struct page *page = user;
	struct span s = { (const char *)chars, len < 0 ? 0 : (size_t)len };
	size_t n;

	if (page->hidden > 0 || page->too_deep)
		return;
	if (page->after_pre && s.n > 0 && s.p[0] == '\n')
		s = span_from(s, 1);
	page->after_pre = false;
	while (s.n > 0) {
		n = word_length(s);
		if (n > 0) {
			before_word(page);
			html_untame(page->out, span_sub(s, 0, n));
		} else if (page->pre > 0 && s.p[0] == '\n') {
			line_break(page);
			n = 1;
		} else if (page->pre > 0 && s.p[0] == ' ') {
			before_word(page);
			buf_char(page->out, ' ');
			n = 1;
		} else {
			if (is_white(s.p[0]))
				want(page, GAP_SPACE);
			n = 1;
		}
		s = span_from(s, n);
	}
}

/* One run of the parser; false when the page is nested too deep. */
static bool
read_page(struct buf *out, struct span html)
{
	htmlSAXHandler sax = { .startElement = start_element,
		.endElement = end_element,
		.characters = characters,
		.ignorableWhitespace = characters,
		.cdataBlock = characters };
	struct page page = { .out = out,
		.stack = { .max = (DEPTH_MAX + 2) * sizeof(uint16_t) } };
	bool whole;

	page.parser = htmlCreatePushParserCtxt(
	    &sax, &page, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);
	if (page.parser == NULL) {
		out->failed = true;
		return true;
	}
	htmlCtxtUseOptions(page.parser,
	    HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
		HTML_PARSE_NONET | HTML_PARSE_IGNORE_ENC);
	htmlParseChunk(page.parser, html.p, (int)html.n, 0);
	if (!page.too_deep)
		htmlParseChunk(page.parser, NULL, 0, 1);
	htmlFreeParserCtxt(page.parser);
	end_line(&page, false);
	whole = !page.too_deep;
	buf_free(&page.stack);
	return whole;
}

void
html_to_text(struct buf *out, struct span html)
{
	struct buf tame = { .max = 3 * html.n + 64 }; /* HTML_TAME_LESS */
	size_t before = out->n;

	if (html.n == 0 || html.n > INT32_MAX / 3)
		return;
	html_tame(&tame, html, false);
	if (tame.n > 0 && !read_page(out, buf_span(&tame))) {
		if (out->p != NULL)
			out->p[before] = '\0';
		out->n = before;
		buf_reset(&tame);
		html_tame(&tame, html, true);
		if (tame.n > 0)
			read_page(out, buf_span(&tame));
	}
	buf_free(&tame);
}

void
html_without_markers(struct buf *out, struct span text)
{
	struct span line, rest = text;

	while (span_line(&rest, &line)) {
		if (span_is(line, HTML_OLD_BELOW) ||
		    span_is(line, HTML_SIGNATURE) ||
		    span_is(line, HTML_SIGNATURE_END))
			continue;
		buf_add(out, line);
		if (line.p + line.n < text.p + text.n)
			buf_char(out, '\n');
	}
}

/* html_tame - HTML with what makes libxml2 slow taken out */
#include "parsers/html_tame.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

enum { ATTRIBUTES_MAX = 100, NAME_LOOK = 24, OPEN_SLOTS = 4096 };

struct tamer {
	struct buf *out;
	struct span rest;
	bool flat;
	bool no_comment_end; /* no more "-->": a comment never ends */
	const char *last_quote[2]; /* the last ' and " of all */
	/* Open elements by a hash of their name.  Two names that share a slot
	 * only let an end tag through that closes nothing. */
	unsigned open[OPEN_SLOTS];
};

static bool
is_letter(char c)
{
	return (c | 32) >= 'a' && (c | 32) <= 'z';
}

static bool
is_white(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
is_digit(char c, bool hex)
{
	return (c >= '0' && c <= '9') ||
	       (hex && (c | 32) >= 'a' && (c | 32) <= 'f');
}

/* Does an entity begin at this "&"? */
static bool
is_entity(struct span s)
{
	bool hex = s.n > 2 && (s.p[2] | 32) == 'x';
	size_t digits = hex ? 3 : 2;

	if (s.n < 3)
		return false;
	if (s.p[1] != '#')
		return is_letter(s.p[1]);
	return digits < s.n && is_digit(s.p[digits], hex);
}

static size_t
name_length(struct span s)
{
	size_t n = 0;

	while (n < s.n && !is_white(s.p[n]) && s.p[n] != '>' && s.p[n] != '/')
		n++;
	return n;
}

static unsigned *
slot(struct tamer *t, struct span name)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < name.n && i < NAME_LOOK; i++)
		hash = (hash ^ (unsigned char)(name.p[i] | 32)) * 16777619u;
	return &t->open[(hash >> 8) % OPEN_SLOTS];
}

/* Is there a closing quote at or behind `p`? */
static bool
is_closed(const struct tamer *t, const char *p, char quote)
{
	const char *last = t->last_quote[quote == '"'];

	return last != NULL && last >= p;
}

/* May a quoted value begin at `i`? */
static bool
is_quote(struct span s, size_t i)
{
	return (s.p[i] == '"' || s.p[i] == '\'') &&
	       (s.p[i - 1] == '=' || is_white(s.p[i - 1]));
}

/* The length of the white space, quoted value or single byte at `i`. */
static size_t
step(const struct tamer *t, struct span s, size_t i)
{
	size_t n = 1;
	const char *hit;

	if (is_white(s.p[i])) {
		while (i + n < s.n && is_white(s.p[i + n]))
			n++;
		return n;
	}
	if (!is_quote(s, i) || !is_closed(t, s.p + i + 1, s.p[i]))
		return n;
	hit = memchr(s.p + i + 1, s.p[i], s.n - i - 1);
	return hit == NULL ? n : (size_t)(hit - s.p) - i + 1;
}

/* The length of the tag at the front, with its ">"; `*keep` is how much of it
 * is for libxml2. */
static size_t
tag_length(const struct tamer *t, struct span s, size_t *keep)
{
	size_t attributes = 0, i = 1, n;

	*keep = 0;
	for (; i < s.n && s.p[i] != '>'; i += n) {
		n = step(t, s, i);
		/* libxml2 would look for the end of this to the end of all. */
		if (n == 1 && is_quote(s, i) && *keep == 0)
			*keep = i;
		/* White space and quotes both end an attribute. */
		if ((n > 1 || is_white(s.p[i])) &&
		    ++attributes > 2 * ATTRIBUTES_MAX && *keep == 0)
			*keep = i;
	}
	if (*keep == 0)
		*keep = i < s.n ? i : s.n;
	return i < s.n ? i + 1 : s.n;
}

/* Takes everything up to and with `end` away; all of it when there is none. */
static void
drop_to(struct tamer *t, const char *end)
{
	size_t n = span_find(t->rest, end);

	t->rest = span_from(t->rest, n == t->rest.n ? n : n + strlen(end));
}

static void
comment(struct tamer *t)
{
	struct span body = span_from(t->rest, 4);
	size_t n;

	if (span_starts(body, ">") || span_starts(body, "->")) {
		drop_to(t, ">");
		return;
	}
	n = t->no_comment_end ? body.n : span_find(body, "-->");
	t->no_comment_end |= n == body.n;
	/* One that never ends would hide the rest of the mail. */
	t->rest = n == body.n ? body : span_from(body, n + 3);
}

static bool
is_one_of(struct span name, const char *const *names)
{
	for (; name.n > 0 && *names != NULL; names++)
		if ((name.p[0] | 32) == (*names)[0] &&
		    span_is_nocase(name, *names))
			return true;
	return false;
}

/* Drops a style, script or title with its content, as browsers do. */
static bool
raw_element(struct tamer *t, struct span name)
{
	static const char *const raw[] = { "style", "script", "title", NULL };
	size_t at;

	if (!is_one_of(name, raw))
		return false;
	for (t->rest = span_from(t->rest, 1); t->rest.n > 0;
	     t->rest = span_from(t->rest, 2)) {
		at = span_find(t->rest, "</");
		t->rest = span_from(t->rest, at);
		if (t->rest.n > 2 &&
		    strncasecmp(t->rest.p + 2, name.p,
			name.n < t->rest.n - 2 ? name.n : t->rest.n - 2) == 0)
			break;
	}
	drop_to(t, ">");
	return true;
}

static void
tag(struct tamer *t)
{
	static const char *const breaks[] = { "br", "p", "div", "li", "tr",
		"td", "blockquote", "pre", "table", "h1", "h2", "h3", NULL };
	static const char *const empty[] = { "br", "hr", "img", "input", "meta",
		"link", "col", "base", "area", "wbr", NULL };
	static const char *const frame[] = { "html", "head", "body", NULL };
	bool end = t->rest.p[1] == '/';
	struct span name = span_from(t->rest, end ? 2 : 1);
	size_t keep, length;
	unsigned *open;

	name = span_sub(name, 0, name_length(name));
	if (!end && raw_element(t, name))
		return;
	length = tag_length(t, t->rest, &keep);
	open = slot(t, name);
	if (t->flat) {
		if (is_one_of(name, breaks))
			buf_str(t->out, "<br>");
	} else if (!is_one_of(name, frame) && (!end || *open > 0)) {
		buf_add(t->out, span_sub(t->rest, 0, keep));
		buf_char(t->out, '>');
		if (end)
			--*open;
		else if (!is_one_of(name, empty))
			++*open;
	}
	t->rest = span_from(t->rest, length);
}

static void
markup(struct tamer *t)
{
	struct span s = t->rest;
	bool end = s.n > 1 && s.p[1] == '/';
	size_t name = end ? 2 : 1;

	if (s.n > 1 && (s.p[1] == '!' || s.p[1] == '?')) {
		if (span_starts(s, "<!--"))
			comment(t);
		else
			drop_to(t, ">");
	} else if (s.n > name && is_letter(s.p[name])) {
		tag(t);
	} else if (end) {
		drop_to(t, ">");
	} else {
		buf_str(t->out, HTML_TAME_LESS);
		t->rest = span_from(s, 1);
	}
}

/* Writes what stands for the "&" at the front and takes it. */
static void
ampersand(struct tamer *t)
{
	/* Polish letters of HTML 5, since libxml2 knows only HTML 4, what is
	 * often left without its semicolon, and what is slow with it. */
	static const char *const letters[][2] = { { "&aogon;", "ą" },
		{ "&cacute;", "ć" }, { "&eogon;", "ę" }, { "&lstrok;", "ł" },
		{ "&nacute;", "ń" }, { "&sacute;", "ś" }, { "&zacute;", "ź" },
		{ "&zdot;", "ż" }, { "&Aogon;", "Ą" }, { "&Cacute;", "Ć" },
		{ "&Eogon;", "Ę" }, { "&Lstrok;", "Ł" }, { "&Nacute;", "Ń" },
		{ "&Sacute;", "Ś" }, { "&Zacute;", "Ź" }, { "&Zdot;", "Ż" },
		{ "&nbsp;", "\xc2\xa0" }, { "&nbsp", "\xc2\xa0" },
		{ "&lt;", HTML_TAME_LESS }, { "&gt;", ">" },
		{ "&amp;", HTML_TAME_AMPERSAND }, { "&quot;", "\"" } };

	if (!is_entity(t->rest)) {
		buf_str(t->out, HTML_TAME_AMPERSAND);
		t->rest = span_from(t->rest, 1);
		return;
	}
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (t->rest.p[1] == letters[i][0][1] &&
		    span_starts(t->rest, letters[i][0])) {
			buf_str(t->out, letters[i][1]);
			t->rest = span_from(t->rest, strlen(letters[i][0]));
			return;
		}
	buf_char(t->out, '&');
	t->rest = span_from(t->rest, 1);
}

static size_t
plain_run(struct span s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] != '<' && s.p[n] != '&')
		n++;
	return n;
}

void
html_tame(struct buf *out, struct span html, bool flat)
{
	struct tamer t = { .out = out, .rest = html, .flat = flat };
	size_t n;

	if (html.p == NULL || html.n == 0)
		return;
	/* Words outside a body would get a paragraph of libxml2's own. */
	buf_str(out, "<html><body>");
	t.last_quote[0] = memrchr(html.p, '\'', html.n);
	t.last_quote[1] = memrchr(html.p, '"', html.n);
	while (t.rest.n > 0) {
		n = plain_run(t.rest);
		if (n > 0)
			buf_add(out, span_sub(t.rest, 0, n));
		t.rest = span_from(t.rest, n);
		if (t.rest.n == 0)
			break;
		if (t.rest.p[0] == '<')
			markup(&t);
		else
			ampersand(&t);
	}
}

void
html_untame(struct buf *out, struct span words)
{
	static const char less[] = HTML_TAME_LESS;
	static const char ampersand[] = HTML_TAME_AMPERSAND;
	char *p = buf_room(out, words.n);
	size_t n = 0;

	if (p == NULL)
		return;
	for (size_t i = 0; i < words.n; i++) {
		char c = words.p[i];
		char next = i + 1 < words.n ? words.p[i + 1] : '\0';

		if (c == less[0] && next == less[1]) {
			c = '<';
			i++;
		} else if (c == ampersand[0] && next == ampersand[1]) {
			c = '&';
			i++;
		}
		p[n++] = c;
	}
	out->n += n;
	out->p[out->n] = '\0';
}

/* render_scan - a Mustache template taken apart into its tags */
#include "templates/render_scan.h"

#include <stdio.h>
#include <string.h>

#include "parsers/buf.h"

struct scan {
	struct arena *a;
	struct err *err;
	struct span tmpl;
	char open[DELIMITER_MAX + 1], close[DELIMITER_MAX + 1];
	size_t at; /* what is before has been taken */
	struct token *tokens;
	size_t n;
	/* Index + 1 of the innermost open section; its `end` holds that of the
	 * section around it for as long as it is open. */
	size_t section;
	int depth;
};

/* One tag as it stands in the template. */
struct tag {
	size_t start, end; /* with its delimiters */
	char sign; /* # ^ / > ! = & { or 0 */
	struct span name; /* trimmed */
};

static enum status
refuse(struct scan *s, size_t at, const char *what)
{
	size_t line = 1;

	for (size_t i = 0; i < at && i < s->tmpl.n; i++)
		if (s->tmpl.p[i] == '\n')
			line++;
	return err_set(s->err, ST_REJECT, "line %zu: %s", line, what);
}

static struct token *
add(struct scan *s, enum token_kind kind, struct span text)
{
	struct token *t = arena_push(s->a, &s->tokens, &s->n, sizeof(*t));

	if (t != NULL) {
		t->kind = kind;
		t->text = text;
	}
	return t;
}

/* Reads the tag whose opening delimiter is at `start`. */
static enum status
read_tag(struct scan *s, struct tag *tag, size_t start)
{
	char close[DELIMITER_MAX + 2];
	const char *twin = "";
	struct span rest;
	size_t inside = start + strlen(s->open), n;

	*tag = (struct tag){ .start = start };
	if (inside < s->tmpl.n && strchr("#^/>!=&{", s->tmpl.p[inside]) &&
	    s->tmpl.p[inside] != '\0')
		tag->sign = s->tmpl.p[inside++];
	if (tag->sign == '{')
		twin = "}";
	else if (tag->sign == '=')
		twin = "=";
	snprintf(close, sizeof(close), "%s%s", twin, s->close);
	rest = span_from(s->tmpl, inside);
	n = span_find(rest, close);
	if (n == rest.n)
		return refuse(s, start, "this tag is never closed");
	tag->name = span_trim(span_sub(rest, 0, n));
	tag->end = inside + n + strlen(close);
	if (tag->name.n == 0 && tag->sign != '!')
		return refuse(s, start, "this tag has no name");
	return ST_OK;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Is there nothing else on the tag's lines?  Then `*from` is where its line
 * begins and `*to` where the next one does. */
static bool
stands_alone(
    const struct scan *s, const struct tag *tag, size_t *from, size_t *to)
{
	struct span t = s->tmpl;
	size_t b = tag->start, e = tag->end;

	if (tag->sign == '\0' || tag->sign == '&' || tag->sign == '{')
		return false;
	while (b > 0 && is_blank(t.p[b - 1]))
		b--;
	if (b > 0 && t.p[b - 1] != '\n')
		return false;
	while (e < t.n && is_blank(t.p[e]))
		e++;
	if (e + 1 < t.n && t.p[e] == '\r' && t.p[e + 1] == '\n')
		e++;
	if (e < t.n && t.p[e] != '\n')
		return false;
	*from = b;
	*to = e < t.n ? e + 1 : e;
	return true;
}

/* "{{=<% %>=}}": takes the new delimiters over. */
static enum status
change_delimiters(struct scan *s, const struct tag *tag)
{
	static const char blanks[] = " \t\r\n";
	struct span name = tag->name, open, close;
	size_t n = 0;

	while (n < name.n && memchr(blanks, name.p[n], 4) == NULL)
		n++;
	open = span_sub(name, 0, n);
	close = span_trim(span_from(name, n));
	for (size_t i = 0; i < close.n; i++)
		if (memchr(blanks, close.p[i], 4) != NULL)
			close.n = 0;
	if (close.n == 0 || open.n > DELIMITER_MAX || close.n > DELIMITER_MAX ||
	    memchr(name.p, '=', name.n) != NULL ||
	    memchr(name.p, '\0', name.n) != NULL)
		return refuse(s, tag->start,
		    "expected two delimiters of at most 16 characters "
		    "without \"=\"");
	memcpy(s->open, open.p, open.n);
	s->open[open.n] = '\0';
	memcpy(s->close, close.p, close.n);
	s->close[close.n] = '\0';
	return ST_OK;
}

static enum status
open_section(struct scan *s, const struct tag *tag)
{
	struct token *t;

	if (++s->depth > SECTIONS_MAX)
		return err_set(s->err, ST_LIMIT,
		    "sections nest more than %d deep", SECTIONS_MAX);
	t = add(
	    s, tag->sign == '#' ? TOKEN_SECTION : TOKEN_INVERTED, tag->name);
	if (t == NULL)
		return err_set(s->err, ST_BROKEN, "out of memory");
	t->end = s->section;
	s->section = s->n;
	return ST_OK;
}

static enum status
close_section(struct scan *s, const struct tag *tag)
{
	struct token *begin;

	if (s->section == 0)
		return refuse(
		    s, tag->start, "this closes a section that is not open");
	if (!span_eq(s->tokens[s->section - 1].text, tag->name))
		return refuse(s, tag->start,
		    "this closes another section than the one that was opened "
		    "last");
	if (add(s, TOKEN_END, tag->name) == NULL)
		return err_set(s->err, ST_BROKEN, "out of memory");
	begin = &s->tokens[s->section - 1];
	s->section = begin->end;
	begin->end = s->n - 1;
	s->depth--;
	return ST_OK;
}

static enum status
add_tag(struct scan *s, const struct tag *tag, struct span indent)
{
	struct token *t;

	switch (tag->sign) {
	case '!':
		return ST_OK;
	case '=':
		return change_delimiters(s, tag);
	case '#':
	case '^':
		return open_section(s, tag);
	case '/':
		return close_section(s, tag);
	case '>':
		t = add(s, TOKEN_PARTIAL, tag->name);
		break;
	case '\0':
		t = add(s, TOKEN_VALUE, tag->name);
		break;
	default:
		t = add(s, TOKEN_RAW, tag->name);
	}
	if (t == NULL)
		return err_set(s->err, ST_BROKEN, "out of memory");
	t->indent = indent;
	return ST_OK;
}

/* Takes the text up to the next tag, and the tag. */
static enum status
take_tag(struct scan *s, size_t start)
{
	struct span indent = { NULL, 0 };
	struct tag tag;
	size_t from, to;
	enum status rc = read_tag(s, &tag, start);

	if (rc != ST_OK)
		return rc;
	from = tag.start;
	to = tag.end;
	if (stands_alone(s, &tag, &from, &to))
		indent = span_sub(s->tmpl, from, tag.start - from);
	if (from > s->at &&
	    add(s, TOKEN_TEXT, span_sub(s->tmpl, s->at, from - s->at)) == NULL)
		return err_set(s->err, ST_BROKEN, "out of memory");
	s->at = to;
	return add_tag(s, &tag, indent);
}

enum status
render_scan(struct token **tokens, size_t *n, struct arena *a, struct span tmpl,
    struct err *err)
{
	struct scan s = {
		.a = a, .err = err, .tmpl = tmpl, .open = "{{", .close = "}}"
	};
	struct span rest;
	size_t next;
	enum status rc;

	*tokens = NULL;
	*n = 0;
	if (tmpl.n > TEMPLATE_MAX)
		return err_set(err, ST_LIMIT,
		    "the template is larger than %d bytes", TEMPLATE_MAX);
	for (;;) {
		rest = span_from(tmpl, s.at);
		next = span_find(rest, s.open);
		if (next == rest.n)
			break;
		rc = take_tag(&s, s.at + next);
		if (rc != ST_OK)
			return rc;
	}
	if (s.section != 0)
		return refuse(&s,
		    (size_t)(s.tokens[s.section - 1].text.p - tmpl.p),
		    "this section is never closed");
	if (rest.n > 0 && add(&s, TOKEN_TEXT, rest) == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	*tokens = s.tokens;
	*n = s.n;
	return ST_OK;
}

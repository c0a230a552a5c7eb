/* render - fills a Mustache template
 *
 * A template is cut into tokens once, sections knowing where they end; then the
 * tokens are walked with a stack of contexts.
 */
#include "templates/render.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parsers/message.h"

enum { DEPTH_MAX = 200, PARTIALS_MAX = 50, DELIMITER_MAX = 16 };

enum token_kind {
	TOKEN_TEXT,
	TOKEN_VALUE, /* {{x}} */
	TOKEN_RAW, /* {{{x}}} and {{&x}} */
	TOKEN_SECTION, /* {{#x}} */
	TOKEN_INVERTED, /* {{^x}} */
	TOKEN_END, /* {{/x}} */
	TOKEN_PARTIAL, /* {{>x}} */
};

struct token {
	enum token_kind kind;
	struct span text; /* the text itself, or the name */
	struct span indent; /* of a partial that stands alone in its line */
	size_t end; /* of a section: its TOKEN_END */
	size_t at; /* where it stands, for messages */
};

struct program {
	struct arena arena; /* owned */
	struct token *tokens;
	size_t n;
};

struct run {
	struct buf *out;
	const struct render *how;
	const json_t *stack[DEPTH_MAX];
	int depth, partials;
	struct err *err;
};

/* ---- cutting into tokens ------------------------------------------------ */

struct cutter {
	struct span text;
	size_t at;
	char open[DELIMITER_MAX], close[DELIMITER_MAX];
	struct program *program;
	size_t sections[DEPTH_MAX]; /* open ones */
	int n_sections;
	struct err *err;
};

/* One tag as it stands in the text. */
struct tag {
	char sign; /* one of "#^/!>=&{", or 0 for a plain value */
	struct span name;
	size_t start, end; /* delimiters included */
};

static enum status
complain(struct cutter *c, size_t at, const char *what)
{
	int line = 1;

	for (size_t i = 0; i < at && i < c->text.n; i++)
		line += c->text.p[i] == '\n';
	return err_set(c->err, ST_REJECT, "line %d: %s", line, what);
}

static enum status
push_token(struct cutter *c, enum token_kind kind, struct span text, size_t at)
{
	struct program *p = c->program;
	struct token *t = arena_push(&p->arena, &p->tokens, &p->n, sizeof(*t));

	if (t == NULL)
		return err_set(c->err, ST_BROKEN, "out of memory");
	*t = (struct token){ .kind = kind, .text = text, .at = at };
	return ST_OK;
}

/* Does nothing but white space stand with the tag in its line?  Then
 * `*from`..`*to` is the whole line, its end included. */
static bool
stands_alone(struct span text, const struct tag *tag, size_t *from, size_t *to)
{
	size_t a = tag->start, b = tag->end;

	if (tag->sign == '\0' || tag->sign == '&' || tag->sign == '{')
		return false;
	while (a > 0 && (text.p[a - 1] == ' ' || text.p[a - 1] == '\t'))
		a--;
	if (a > 0 && text.p[a - 1] != '\n')
		return false;
	while (b < text.n && (text.p[b] == ' ' || text.p[b] == '\t'))
		b++;
	if (b < text.n && text.p[b] == '\r')
		b++;
	if (b < text.n && text.p[b] != '\n')
		return false;
	*from = a;
	*to = b < text.n ? b + 1 : b;
	return true;
}

/* Reads the tag whose opening delimiter is at `start`. */
static enum status
read_tag(struct cutter *c, size_t start, struct tag *tag)
{
	char close[DELIMITER_MAX + 2];
	struct span rest = span_from(c->text, start + strlen(c->open));
	size_t n;

	*tag = (struct tag){ .start = start };
	if (rest.n > 0 && strchr("#^/!>=&{", rest.p[0]) != NULL) {
		tag->sign = rest.p[0];
		rest = span_from(rest, 1);
	}
	snprintf(close, sizeof(close), "%s%s",
	    tag->sign == '{'   ? "}"
	    : tag->sign == '=' ? "="
			       : "",
	    c->close);
	n = span_find(rest, close);
	if (n == rest.n)
		return complain(c, start, "a tag is not closed");
	tag->name = span_trim(span_sub(rest, 0, n));
	tag->end = (size_t)(rest.p - c->text.p) + n + strlen(close);
	if (tag->name.n == 0 && tag->sign != '!')
		return complain(c, start, "a tag has no name");
	return ST_OK;
}

/* "<% %>" becomes the new pair of delimiters. */
static enum status
set_delimiters(struct cutter *c, const struct tag *tag)
{
	size_t gap = 0;
	struct span open, close;

	while (gap < tag->name.n && tag->name.p[gap] != ' ' &&
	       tag->name.p[gap] != '\t' && tag->name.p[gap] != '\n')
		gap++;
	open = span_sub(tag->name, 0, gap);
	close = span_trim(span_from(tag->name, gap));
	if (open.n == 0 || close.n == 0 || open.n >= DELIMITER_MAX ||
	    close.n >= DELIMITER_MAX)
		return complain(c, tag->start, "these are no two delimiters");
	snprintf(c->open, sizeof(c->open), "%.*s", (int)open.n, open.p);
	snprintf(c->close, sizeof(c->close), "%.*s", (int)close.n, close.p);
	return ST_OK;
}

static enum status
end_section(struct cutter *c, const struct tag *tag)
{
	struct token *tokens = c->program->tokens;
	size_t section;

	if (c->n_sections == 0)
		return complain(
		    c, tag->start, "no section is open to be closed");
	section = c->sections[--c->n_sections];
	if (!span_eq(tokens[section].text, tag->name))
		return complain(c, tag->start, "another section is open here");
	tokens[section].end = c->program->n;
	return push_token(c, TOKEN_END, tag->name, tag->start);
}

static enum status
begin_section(struct cutter *c, const struct tag *tag)
{
	if (c->n_sections == DEPTH_MAX)
		return complain(c, tag->start, "sections are nested too deep");
	c->sections[c->n_sections++] = c->program->n;
	return push_token(c, tag->sign == '#' ? TOKEN_SECTION : TOKEN_INVERTED,
	    tag->name, tag->start);
}

static enum status
take_tag(struct cutter *c, const struct tag *tag, struct span indent)
{
	struct program *p = c->program;
	enum status rc;

	switch (tag->sign) {
	case '!':
		return ST_OK;
	case '=':
		return set_delimiters(c, tag);
	case '/':
		return end_section(c, tag);
	case '#':
	case '^':
		return begin_section(c, tag);
	case '>':
		rc = push_token(c, TOKEN_PARTIAL, tag->name, tag->start);
		if (rc == ST_OK)
			p->tokens[p->n - 1].indent = indent;
		return rc;
	default:
		return push_token(c,
		    tag->sign == '\0' ? TOKEN_VALUE : TOKEN_RAW, tag->name,
		    tag->start);
	}
}

/* Cuts `text` into `program`; its arena is the caller's to free. */
static enum status
cut(struct program *program, struct span text, struct err *err)
{
	struct cutter c = { .text = text,
		.open = "{{",
		.close = "}}",
		.program = program,
		.err = err };
	enum status rc = ST_OK;

	while (rc == ST_OK && c.at < text.n) {
		struct span rest = span_from(text, c.at), indent = { 0 };
		size_t start = c.at + span_find(rest, c.open), from, to;
		struct tag tag;

		if (start == text.n)
			return c.n_sections == 0
				   ? push_token(&c, TOKEN_TEXT, rest, c.at)
				   : complain(
					 &c, text.n, "a section is not closed");
		rc = read_tag(&c, start, &tag);
		if (rc != ST_OK)
			return rc;
		from = tag.start;
		to = tag.end;
		if (stands_alone(text, &tag, &from, &to))
			indent = span_sub(text, from, tag.start - from);
		if (from > c.at)
			rc = push_token(&c, TOKEN_TEXT,
			    span_sub(text, c.at, from - c.at), c.at);
		if (rc == ST_OK)
			rc = take_tag(&c, &tag, indent);
		c.at = to;
	}
	if (rc == ST_OK && c.n_sections > 0)
		return complain(&c, text.n, "a section is not closed");
	return rc;
}

/* ---- looking names up --------------------------------------------------- */

static const json_t *
member(const json_t *value, struct span name)
{
	return json_is_object(value) ? json_object_getn(value, name.p, name.n)
				     : NULL;
}

/* "a.b.c": a from the innermost context that has it, the rest inside it. */
static const json_t *
look_up(const struct run *run, struct span name)
{
	size_t dot = span_find(name, ".");
	struct span first = span_sub(name, 0, dot);
	const json_t *value = NULL;

	if (span_is(name, "."))
		return run->stack[run->depth - 1];
	for (int i = run->depth; i > 0 && value == NULL; i--)
		value = member(run->stack[i - 1], first);
	while (value != NULL && dot < name.n) {
		name = span_from(name, dot + 1);
		dot = span_find(name, ".");
		value = member(value, span_sub(name, 0, dot));
	}
	if (value == NULL && run->how->missing != NULL)
		run->how->missing(run->how->missing_arg, first);
	return value;
}

static bool
is_false(const json_t *value)
{
	return value == NULL || json_is_null(value) || json_is_false(value) ||
	       (json_is_array(value) && json_array_size(value) == 0) ||
	       (json_is_string(value) && json_string_length(value) == 0);
}

/* ---- writing ------------------------------------------------------------ */

static void
put_escaped(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		switch (s.p[i]) {
		case '&':
			buf_str(out, "&amp;");
			break;
		case '<':
			buf_str(out, "&lt;");
			break;
		case '>':
			buf_str(out, "&gt;");
			break;
		case '"':
			buf_str(out, "&quot;");
			break;
		default:
			buf_char(out, s.p[i]);
		}
}

/* The shortest digits that read back as the same number. */
static void
put_real(struct buf *out, double value)
{
	char text[40];

	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	buf_str(out, text);
}

static void
put_value(struct run *run, const json_t *value, bool raw)
{
	struct span s;

	switch (value == NULL ? JSON_NULL : json_typeof(value)) {
	case JSON_STRING:
		s = (struct span){ json_string_value(value),
			json_string_length(value) };
		if (raw || run->how->escape == RENDER_NONE)
			buf_add(run->out, s);
		else
			put_escaped(run->out, s);
		break;
	case JSON_INTEGER:
		buf_printf(
		    run->out, "%lld", (long long)json_integer_value(value));
		break;
	case JSON_REAL:
		put_real(run->out, json_real_value(value));
		break;
	case JSON_TRUE:
		buf_str(run->out, "true");
		break;
	case JSON_FALSE:
		buf_str(run->out, "false");
		break;
	default:
		break;
	}
}

static enum status
walk(struct run *run, const struct program *p, size_t from, size_t to);

static enum status
walk_with(struct run *run, const json_t *context, const struct program *p,
    size_t from, size_t to)
{
	enum status rc;

	if (run->depth == DEPTH_MAX)
		return err_set(run->err, ST_LIMIT,
		    "sections are nested more than %d deep", DEPTH_MAX);
	run->stack[run->depth++] = context;
	rc = walk(run, p, from, to);
	run->depth--;
	return rc;
}

static enum status
walk_section(struct run *run, const struct program *p, size_t at)
{
	const struct token *t = &p->tokens[at];
	const json_t *value = look_up(run, t->text);
	enum status rc = ST_OK;

	if (t->kind == TOKEN_INVERTED)
		return is_false(value) ? walk(run, p, at + 1, t->end) : ST_OK;
	if (is_false(value))
		return ST_OK;
	if (!json_is_array(value))
		return walk_with(run, value, p, at + 1, t->end);
	for (size_t i = 0; i < json_array_size(value) && rc == ST_OK; i++)
		rc =
		    walk_with(run, json_array_get(value, i), p, at + 1, t->end);
	return rc;
}

/* The partial's text with `indent` before each of its lines. */
static void
indent_lines(struct buf *out, struct span text, struct span indent)
{
	for (size_t i = 0; i < text.n; i++) {
		if (i == 0 || text.p[i - 1] == '\n')
			buf_add(out, indent);
		buf_char(out, text.p[i]);
	}
}

static enum status
walk_partial(struct run *run, const struct token *t)
{
	struct span text =
	    run->how->partial == NULL
		? (struct span){ NULL, 0 }
		: run->how->partial(run->how->partial_arg, t->text);
	struct buf indented = { .max = 1 << 20 };
	struct program inner = { 0 };
	enum status rc;

	if (run->partials == PARTIALS_MAX)
		return err_set(run->err, ST_LIMIT,
		    "partials are nested more than %d deep", PARTIALS_MAX);
	if (t->indent.n > 0) {
		indent_lines(&indented, text, t->indent);
		text = buf_span(&indented);
	}
	run->partials++;
	rc = buf_status(&indented, "a partial", run->err);
	if (rc == ST_OK)
		rc = cut(&inner, text, run->err);
	if (rc == ST_OK)
		rc = walk(run, &inner, 0, inner.n);
	run->partials--;
	arena_free(&inner.arena);
	buf_free(&indented);
	return rc;
}

static enum status
walk(struct run *run, const struct program *p, size_t from, size_t to)
{
	enum status rc = ST_OK;

	for (size_t i = from; i < to && rc == ST_OK; i++) {
		const struct token *t = &p->tokens[i];

		switch (t->kind) {
		case TOKEN_TEXT:
			buf_add(run->out, t->text);
			break;
		case TOKEN_VALUE:
		case TOKEN_RAW:
			put_value(
			    run, look_up(run, t->text), t->kind == TOKEN_RAW);
			break;
		case TOKEN_SECTION:
		case TOKEN_INVERTED:
			rc = walk_section(run, p, i);
			i = t->end;
			break;
		case TOKEN_PARTIAL:
			rc = walk_partial(run, t);
			break;
		case TOKEN_END:
			break;
		}
		if (rc == ST_OK)
			rc =
			    buf_status(run->out, "the rendered text", run->err);
	}
	return rc;
}

enum status
render(struct buf *out, struct span tmpl, const json_t *data,
    const struct render *how, struct err *err)
{
	struct run run = { .out = out, .how = how, .err = err };
	struct program program = { 0 };
	enum status rc;

	run.stack[run.depth++] = data;
	rc = cut(&program, tmpl, err);
	if (rc == ST_OK)
		rc = walk(&run, &program, 0, program.n);
	arena_free(&program.arena);
	return rc;
}

static enum status
list_names(struct buf *out, struct span tmpl, const struct render *how,
    int depth, struct err *err)
{
	struct program program = { 0 };
	enum status rc = cut(&program, tmpl, err);

	for (size_t i = 0; i < program.n && rc == ST_OK; i++) {
		const struct token *t = &program.tokens[i];

		if (t->kind == TOKEN_PARTIAL && how->partial != NULL &&
		    depth < PARTIALS_MAX)
			rc = list_names(out,
			    how->partial(how->partial_arg, t->text), how,
			    depth + 1, err);
		if (t->kind == TOKEN_PARTIAL || t->kind == TOKEN_TEXT ||
		    t->kind == TOKEN_END)
			continue;
		buf_add(out, t->text);
		buf_char(out, '\n');
	}
	arena_free(&program.arena);
	return rc == ST_OK ? buf_status(out, "the list of names", err) : rc;
}

enum status
render_names(struct buf *out, struct span tmpl, const struct render *how,
    struct err *err)
{
	return list_names(out, tmpl, how, 0, err);
}

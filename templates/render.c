/* render - fills a Mustache template (logic-less) */
#include "templates/render.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "templates/render_scan.h"

enum {
	PARTIALS_MAX = 50, /* nested */
	STEPS_MAX = 10000000, /* tags, look-ups and partials' bytes */
};

/* A template that has been taken apart. */
struct render_known {
	struct span text; /* borrowed; where it is tells it from others */
	const struct token *tokens;
	size_t n;
};

/* What a name is looked up in: the innermost value first. */
struct scope {
	const json_t *value;
	const struct scope *around;
};

struct run {
	struct buf *out;
	const struct render *how;
	struct err *err;
	int partials; /* open now */
	long steps; /* done so far */
};

static enum status run_template(struct run *r, struct span tmpl,
    struct render_memo *memo, const struct scope *scope);

/* A short template can ask for endless work (lists within lists, partials that
 * include themselves twice), so work is counted. */
static enum status
spend(struct run *r, size_t n)
{
	r->steps += (long)(n < STEPS_MAX ? n : STEPS_MAX);
	if (r->steps > STEPS_MAX)
		return err_set(
		    r->err, ST_LIMIT, "the template repeats itself too often");
	return ST_OK;
}

/* One part of a dotted name. */
static const json_t *
member(const json_t *value, struct span name)
{
	return json_is_object(value) ? json_object_getn(value,
					   name.p == NULL ? "" : name.p, name.n)
				     : NULL;
}

/* NULL when nothing has that name.  Only the first part of a dotted name is
 * looked for in the scopes around; the others must then be inside it. */
static const json_t *
look_up(struct run *r, const struct scope *scope, struct span name)
{
	const json_t *found = NULL;
	size_t n;

	if (span_is(name, "."))
		return scope->value;
	n = span_find(name, ".");
	for (; scope != NULL && found == NULL; scope = scope->around) {
		r->steps++;
		found = member(scope->value, span_sub(name, 0, n));
	}
	while (found != NULL && n < name.n) {
		name = span_from(name, n + 1);
		n = span_find(name, ".");
		found = member(found, span_sub(name, 0, n));
	}
	return found;
}

static void
add_escaped(struct buf *out, struct span s)
{
	size_t from = 0;

	for (size_t i = 0; i < s.n; i++) {
		const char *entity = s.p[i] == '&'   ? "&amp;"
				     : s.p[i] == '<' ? "&lt;"
				     : s.p[i] == '>' ? "&gt;"
				     : s.p[i] == '"' ? "&quot;"
						     : NULL;

		if (entity == NULL)
			continue;
		buf_add(out, span_sub(s, from, i - from));
		buf_str(out, entity);
		from = i + 1;
	}
	buf_add(out, span_from(s, from));
}

/* The shortest digits that read back as the same number. */
static void
add_real(struct buf *out, double v)
{
	char text[40];

	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	buf_str(out, text);
}

static void
add_value(struct run *r, const json_t *value, bool raw)
{
	struct span s;

	if (json_is_string(value)) {
		s = (struct span){ json_string_value(value),
			json_string_length(value) };
		if (raw || r->how->escape == RENDER_NONE)
			buf_add(r->out, s);
		else
			add_escaped(r->out, s);
	} else if (json_is_integer(value)) {
		buf_printf(
		    r->out, "%lld", (long long)json_integer_value(value));
	} else if (json_is_real(value)) {
		add_real(r->out, json_real_value(value));
	} else if (json_is_boolean(value)) {
		buf_str(r->out, json_is_true(value) ? "true" : "false");
	}
}

static void
report_missing(struct run *r, struct span name)
{
	if (r->how->missing != NULL)
		r->how->missing(r->how->missing_arg, name);
}

static bool
is_empty(const json_t *value)
{
	return value == NULL || json_is_null(value) || json_is_false(value) ||
	       (json_is_array(value) && json_array_size(value) == 0) ||
	       (json_is_string(value) && json_string_length(value) == 0);
}

/* Appends `partial` with `indent` before each of its lines. */
static void
add_indented(struct buf *out, struct span partial, struct span indent)
{
	while (partial.n > 0) {
		size_t n = span_find(partial, "\n");

		n = n < partial.n ? n + 1 : n;
		buf_add(out, indent);
		buf_add(out, span_sub(partial, 0, n));
		partial = span_from(partial, n);
	}
}

static enum status
run_partial(struct run *r, const struct token *t, const struct scope *scope)
{
	struct render_memo *memo = r->how->memo;
	struct buf indented = { .max = TEMPLATE_MAX };
	struct span partial = { NULL, 0 };
	enum status rc;

	if (r->partials >= PARTIALS_MAX)
		return err_set(r->err, ST_LIMIT,
		    "partials nest more than %d deep", PARTIALS_MAX);
	if (r->how->partial != NULL)
		partial = r->how->partial(r->how->partial_arg, t->text);
	if (partial.p == NULL) {
		report_missing(r, t->text);
		return ST_OK;
	}
	if (t->indent.n > 0) {
		add_indented(&indented, partial, t->indent);
		partial = buf_span(&indented);
		memo = NULL; /* these bytes go again */
	}
	r->partials++;
	rc = buf_status(&indented, "a partial", r->err);
	if (rc == ST_OK)
		rc = spend(r, partial.n);
	if (rc == ST_OK)
		rc = run_template(r, partial, memo, scope);
	if (rc == ST_REJECT && r->err != NULL) {
		char where[80];

		snprintf(where, sizeof(where), "partial %.*s",
		    (int)(t->text.n < 60 ? t->text.n : 60), t->text.p);
		err_prefix(r->err, rc, where);
	}
	r->partials--;
	buf_free(&indented);
	return rc;
}

static enum status run_tokens(struct run *r, const struct token *tokens,
    size_t from, size_t to, const struct scope *scope);

/* The tokens inside a section, once, or once for each element of a list. */
static enum status
run_section(struct run *r, const struct token *tokens, size_t at,
    const struct scope *scope)
{
	const struct token *t = &tokens[at];
	const json_t *value = look_up(r, scope, t->text);
	struct scope inner = { value, scope };
	enum status rc = ST_OK;

	if (t->kind == TOKEN_INVERTED)
		return is_empty(value)
			   ? run_tokens(r, tokens, at + 1, t->end, scope)
			   : ST_OK;
	if (is_empty(value))
		return ST_OK;
	if (!json_is_array(value))
		return run_tokens(r, tokens, at + 1, t->end, &inner);
	for (size_t i = 0; i < json_array_size(value) && rc == ST_OK; i++) {
		inner.value = json_array_get(value, i);
		rc = run_tokens(r, tokens, at + 1, t->end, &inner);
	}
	return rc;
}

static enum status
run_tokens(struct run *r, const struct token *tokens, size_t from, size_t to,
    const struct scope *scope)
{
	enum status rc = spend(r, 1);

	for (size_t i = from; i < to && rc == ST_OK; i++) {
		const struct token *t = &tokens[i];
		const json_t *value;

		rc = spend(r, 1);
		if (rc != ST_OK)
			return rc;
		switch (t->kind) {
		case TOKEN_TEXT:
			buf_add(r->out, t->text);
			break;
		case TOKEN_VALUE:
		case TOKEN_RAW:
			value = look_up(r, scope, t->text);
			if (value == NULL)
				report_missing(r, t->text);
			add_value(r, value, t->kind == TOKEN_RAW);
			break;
		case TOKEN_SECTION:
		case TOKEN_INVERTED:
			rc = run_section(r, tokens, i, scope);
			i = t->end;
			break;
		case TOKEN_PARTIAL:
			rc = run_partial(r, t, scope);
			break;
		case TOKEN_END:
			break;
		}
		if (rc == ST_OK)
			rc = buf_status(r->out, "the filled template", r->err);
	}
	return rc;
}

/* The template as it was taken apart before, or now; not kept when that
 * fails. */
static const struct render_known *
know(struct render_memo *memo, struct span tmpl, struct err *err,
    enum status *rc)
{
	struct render_known *k;
	struct token *tokens;
	size_t n;

	for (size_t i = 0; i < memo->n; i++)
		if (memo->known[i].text.p == tmpl.p &&
		    memo->known[i].text.n == tmpl.n)
			return &memo->known[i];
	*rc = render_scan(&tokens, &n, &memo->arena, tmpl, err);
	if (*rc != ST_OK)
		return NULL;
	k = arena_push(&memo->arena, &memo->known, &memo->n, sizeof(*k));
	if (k == NULL) {
		*rc = err_set(err, ST_BROKEN, "out of memory");
		return NULL;
	}
	*k = (struct render_known){ tmpl, tokens, n };
	return k;
}

static enum status
run_template(struct run *r, struct span tmpl, struct render_memo *memo,
    const struct scope *scope)
{
	struct render_memo once = { 0 };
	const struct render_known *k;
	enum status rc = ST_OK;

	k = know(memo == NULL ? &once : memo, tmpl, r->err, &rc);
	if (k != NULL)
		rc = run_tokens(r, k->tokens, 0, k->n, scope);
	render_forget(&once);
	return rc;
}

void
render_forget(struct render_memo *memo)
{
	arena_free(&memo->arena);
	*memo = (struct render_memo){ 0 };
}

enum status
render(struct buf *out, struct span tmpl, const json_t *data,
    const struct render *how, struct err *err)
{
	struct run r = { .out = out, .how = how, .err = err };
	struct scope common = { how->common, NULL };
	struct scope scope = { data, how->common == NULL ? NULL : &common };

	return run_template(&r, tmpl, how->memo, &scope);
}

/* Which names, and whose partials, have been listed already. */
struct names {
	struct buf *out;
	const struct render *how;
	struct err *err;
	json_t *seen, *visited;
	int partials;
};

static enum status
list_names(struct names *l, struct span tmpl)
{
	struct arena a = { 0 };
	struct token *tokens;
	size_t n;
	enum status rc = render_scan(&tokens, &n, &a, tmpl, l->err);

	for (size_t i = 0; i < n && rc == ST_OK; i++) {
		struct span name = tokens[i].text, partial = { NULL, 0 };
		bool is_partial = tokens[i].kind == TOKEN_PARTIAL;
		json_t *set = is_partial ? l->visited : l->seen;

		if (tokens[i].kind == TOKEN_TEXT ||
		    tokens[i].kind == TOKEN_END || span_is(name, ".") ||
		    json_object_getn(set, name.p, name.n) != NULL)
			continue;
		if (json_object_setn_new_nocheck(
			set, name.p, name.n, json_true()) != 0) {
			rc = err_set(l->err, ST_BROKEN, "out of memory");
			break;
		}
		if (!is_partial) {
			buf_add(l->out, name);
			buf_char(l->out, '\n');
			continue;
		}
		if (l->how->partial != NULL)
			partial = l->how->partial(l->how->partial_arg, name);
		if (partial.p == NULL && l->how->missing != NULL)
			l->how->missing(l->how->missing_arg, name);
		if (++l->partials > PARTIALS_MAX)
			rc = err_set(l->err, ST_LIMIT,
			    "partials nest more than %d deep", PARTIALS_MAX);
		else if (partial.p != NULL)
			rc = list_names(l, partial);
		l->partials--;
	}
	arena_free(&a);
	return rc;
}

enum status
render_names(struct buf *out, struct span tmpl, const struct render *how,
    struct err *err)
{
	struct names l = { .out = out,
		.how = how,
		.err = err,
		.seen = json_object(),
		.visited = json_object() };
	enum status rc = list_names(&l, tmpl);

	json_decref(l.seen);
	json_decref(l.visited);
	return rc == ST_OK ? buf_status(out, "the list of names", err) : rc;
}

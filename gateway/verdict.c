/* verdict - what the office can decide about a remark, and what it is called */
#include "gateway/verdict.h"

#include "parsers/text.h"

static const char file[] = "verdicts.tsv";

struct verdict {
	struct span key, name;
};

/* The next line of the table; false at its end. */
static bool
next_verdict(struct span *rest, struct verdict *out)
{
	struct span line;

	while (span_line(rest, &line)) {
		size_t tab = span_find(line, "\t");

		if (line.n == 0 || line.p[0] == '#' || tab == line.n)
			continue;
		out->key = span_trim(span_sub(line, 0, tab));
		out->name = span_trim(span_from(line, tab + 1));
		if (out->key.n > 0 && out->name.n > 0)
			return true;
	}
	return false;
}

static bool
is_called(struct arena *a, const struct verdict *v, struct span folded)
{
	return span_eq(text_fold_copy(a, v->key), folded) ||
	       span_eq(text_fold_copy(a, v->name), folded);
}

/* All the words that could have been meant. */
static enum status
refuse(struct span table, const char *word, struct err *err)
{
	struct buf words = { .max = 512 };
	struct verdict v;
	enum status rc;

	while (next_verdict(&table, &v))
		buf_printf(&words, "%s%.*s (%.*s)", words.n == 0 ? "" : ", ",
		    (int)v.key.n, v.key.p, (int)v.name.n, v.name.p);
	rc = err_set(err, ST_REJECT,
	    "there is no verdict \"%.60s\"; there are: %s", word,
	    buf_cstr(&words));
	buf_free(&words);
	return rc;
}

enum status
verdict_find(
    struct span *key, struct wording *w, const char *word, struct err *err)
{
	struct span table = wording_find(w, file), rest = table;
	struct span folded = text_fold_copy(w->arena, span_of(word));
	struct verdict v;

	if (table.p == NULL)
		return err_set(err, ST_BROKEN, "%s",
		    w->problem.text[0] != '\0'
			? w->problem.text
			: "the folder of templates has no verdicts.tsv for "
			  "the configured language");
	while (next_verdict(&rest, &v)) {
		if (!is_called(w->arena, &v, folded))
			continue;
		*key = arena_copy(w->arena, v.key);
		return ST_OK;
	}
	return refuse(table, word, err);
}

static struct span
name_in(struct wording *w, const char *language, const char *key)
{
	struct wording in = *w;
	struct verdict v;
	struct span rest;

	in.language = language;
	rest = wording_find(&in, file);
	while (next_verdict(&rest, &v))
		if (span_is(v.key, key))
			return v.name;
	return (struct span){ NULL, 0 };
}

struct span
verdict_name(struct wording *w, const char *key)
{
	struct span name = name_in(w, w->language, key);

	if (name.n == 0)
		name = name_in(w, w->config->language, key);
	return name.n == 0 ? span_of(key) : name;
}

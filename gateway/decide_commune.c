/* decide_commune - ZAPISZ and STOP with the name of a commune
 *
 * Place: beside decide_order.c.  The parsers know no communes, so for them it
 * is words; here what stands behind the order, but for small words, has to be one
 * of those in the store, whole.
 */
#include <stdio.h>
#include <string.h>

#include "gateway/decide_internal.h"
#include "gateway/embedded.h"
#include "parsers/keyword.h"
#include "parsers/text.h"

enum {
	ORDER_MAX = 120, /* longer is no order */
	ORDER_WORDS = 5, /* "rezygnuję z otrzymywania powiadomień" */
};

/* Without the marks around a name. */
static struct span
bare(struct span s)
{
	static const char marks[] = ".,;:!?\"'()-";

	s = span_trim(s);
	while (s.n > 0 && strchr(marks, s.p[s.n - 1]) != NULL)
		s = span_trim(span_sub(s, 0, s.n - 1));
	while (s.n > 0 && strchr(marks, s.p[0]) != NULL)
		s = span_trim(span_from(s, 1));
	return s;
}

static size_t
word_end(struct span s, size_t from)
{
	while (from < s.n && strchr(" \t\r\n", s.p[from]) == NULL)
		from++;
	return from;
}

/* The longest beginning of the text that is START or STOP; `*rest` is what
 * stands behind it. */
static enum command
leading_order(const struct case_file *c, struct span text, struct span *rest)
{
	enum command found = CMD_NONE;
	size_t end = 0;

	for (int i = 0; i < ORDER_WORDS && end < text.n; i++) {
		struct span argument;
		enum command order;

		end = word_end(text, end + (i > 0));
		order = keyword_command(
		    c->keywords, span_sub(text, 0, end), &argument);
		if ((order == CMD_START || order == CMD_STOP) &&
		    argument.n == 0) {
			found = order;
			*rest = span_from(text, end);
		}
	}
	return found;
}

/* A small word, by the table. */
static bool
is_passed_over(const struct case_file *c, struct span word)
{
	struct span rest = embedded_find("templates/commune_words.tsv"), line;

	word = text_fold_copy(c->arena, bare(word));
	while (word.n > 0 && span_line(&rest, &line)) {
		struct span words = span_from(line, span_find(line, "\t") + 1);

		while (words.n > 0 && !span_starts(line, "#")) {
			size_t end = span_find(words, "|");

			if (span_eq(span_sub(words, 0, end), word))
				return true;
			words = span_from(words, end + 1);
		}
	}
	return word.n == 0;
}

/* The first code that stands in the text itself; NULL none does. */
static const struct code *
written_code(const struct case_file *c)
{
	for (size_t i = 0; i < c->mail->n_codes; i++)
		if (c->mail->codes[i].where == CODE_IN_BODY &&
		    !c->mail->codes[i].inherited)
			return &c->mail->codes[i];
	return NULL;
}

/* The text without the code. */
static struct span
without(const struct case_file *c, struct span text, struct span code)
{
	struct buf out = { .max = ORDER_MAX + 1 };
	size_t at = code.n == 0 ? text.n
				: span_find(text, arena_copy(c->arena, code).p);
	struct span kept;

	buf_add(&out, span_sub(text, 0, at));
	buf_char(&out, ' ');
	buf_add(&out, span_from(text, at + code.n));
	kept = arena_copy(c->arena, span_trim(buf_span(&out)));
	buf_free(&out);
	return kept;
}

/* The commune that the words name, and nothing else. */
static enum status
find_name(struct decision *d, const struct case_file *c, struct span words,
    struct err *err)
{
	enum status rc = ST_OK;

	for (words = bare(words); words.n > 0 && rc == ST_OK;
	     words = bare(words)) {
		size_t end = word_end(words, 0);

		rc = store_commune_find(
		    c->st, words, c->arena, &d->commune_id, &d->commune, err);
		if (d->commune_id != 0 ||
		    !is_passed_over(c, span_sub(words, 0, end)))
			break;
		words = span_from(words, end);
	}
	return rc;
}

enum status
decide_commune(struct decision *d, const struct case_file *c, struct err *err)
{
	const struct parsed *m = c->mail;
	const struct code *code = written_code(c);
	struct span text = span_trim(m->remark), rest;
	enum command order;
	enum status rc;

	if (m->kind != KIND_REMARK || text.n > ORDER_MAX || c->contact->id == 0)
		return ST_OK;
	order = leading_order(c, text, &rest);
	if (order == CMD_NONE)
		return ST_OK;
	if (code != NULL)
		rest = without(c, rest, code->seen);
	rc = find_name(d, c, rest, err);
	if (rc != ST_OK || d->commune_id == 0)
		return rc;
	if (order == CMD_STOP && code != NULL) {
		d->commune_id = 0;
		decide_settle(d, c, FATE_HELD,
		    "stop, with a code and a commune: of which is for staff to "
		    "find out");
		return ST_OK;
	}
	d->is_start = order == CMD_START;
	d->is_stop = !d->is_start;
	d->reply = d->is_start ? "subscribe_confirm" : "unsubscribe_confirm";
	decide_settle(d, c, FATE_COMMAND, "%s: meetings in %s",
	    d->is_start ? "start" : "stop", d->commune);
	return d->is_stop ? decide_stops_too(d, c, err) : ST_OK;
}

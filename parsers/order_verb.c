/* order_verb - what a mail from staff asks for: the verb of an order, or a PIN */
#include "parsers/order_verb.h"

#include "parsers/text.h"

enum {
	HEAD_LENGTH = 60, /* bytes of a verb, with what stands beside it */
	LINES_SEARCHED = 40 /* for a verb below other words */
};

static bool
is_order(enum command c)
{
	return c == CMD_ANNOUNCE || c == CMD_CHANGE || c == CMD_CANCEL;
}

/* Does a part of a sentence end there? */
static bool
is_stop(char c)
{
	return c == '.' || c == ',' || c == '!' || c == ';' || c == ':';
}

/* The digits of a text that holds nothing else but blanks and dashes. */
static bool
only_digits(char *out, size_t size, struct span s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c >= '0' && c <= '9' && n + 1 < size)
			out[n++] = c;
		else if (c != ' ' && c != '-' && c != '.')
			return false;
	}
	out[n] = '\0';
	return n > 0;
}

/* The order that `head` is when it stands alone, with something below it. */
static enum command
command_of(const struct keywords *k, struct span head, bool with_order)
{
	struct buf text = { .max = 4 * HEAD_LENGTH };
	enum command c = CMD_NONE;
	struct span argument;

	buf_add(&text, head);
	if (with_order)
		buf_str(&text, "\n-\nx");
	if (!text.failed)
		c = keyword_command(k, buf_span(&text), &argument);
	buf_free(&text);
	return c;
}

/* "ODWOŁAJ s-10ke-bierun-2": one or two words in capitals, then the order. */
static bool
read_capitals(
    struct order_verb *out, const struct keywords *k, struct span text)
{
	size_t end = 0;

	for (int words = 0; words < 2 && end < text.n; words++) {
		struct span head;

		while (
		    end < text.n && text.p[end] != ' ' && text.p[end] != '\n')
			end++;
		head = span_sub(text, 0, end);
		if (head.n > HEAD_LENGTH || text_has_small_letter(head))
			return false;
		out->command = command_of(k, head, true);
		if (is_order(out->command)) {
			out->rest = span_from(text, end);
			return true;
		}
		end += end < text.n;
	}
	return false;
}

/* "WYŚLIJ 123 456": the PIN in groups, as people copy it. */
static bool
read_groups(struct order_verb *out, const struct keywords *k, struct span text)
{
	size_t n = 0;

	while (n < text.n && (text.p[n] < '0' || text.p[n] > '9'))
		n++;
	if (!only_digits(out->digits, sizeof(out->digits), span_from(text, n)))
		return false;
	out->is_bare = n == 0;
	out->command =
	    n == 0 ? CMD_SEND
		   : command_of(k, span_trim(span_sub(text, 0, n)), false);
	out->rest = span_from(text, text.n);
	return out->command == CMD_SEND || out->command == CMD_CANCEL_JOB;
}

/* "ANULUJ 12! Zły adres": to stop is meant whatever the reason is. */
static bool
read_first(struct order_verb *out, const struct keywords *k, struct span text)
{
	size_t n = 0, digits;

	while (n < text.n && n < HEAD_LENGTH && text.p[n] != '\n' &&
	       !is_stop(text.p[n]))
		n++;
	if (n == text.n || n == HEAD_LENGTH)
		return false;
	text = span_sub(text, 0, n);
	for (digits = 0; digits < text.n; digits++)
		if (text.p[digits] >= '0' && text.p[digits] <= '9')
			break;
	out->command =
	    command_of(k, span_trim(span_sub(text, 0, digits)), false);
	out->rest = span_from(text, digits);
	out->has_words = true;
	if (digits < text.n &&
	    !only_digits(out->digits, sizeof(out->digits), out->rest))
		return false;
	return out->command == CMD_CANCEL_JOB;
}

void
order_verb_read(
    struct order_verb *out, const struct keywords *k, struct span text)
{
	struct span argument;
	enum command c;

	text = span_trim(text);
	*out = (struct order_verb){ .rest = text };
	c = keyword_command(k, text, &argument);
	if (is_order(c) || c == CMD_SEND || c == CMD_CANCEL_JOB) {
		out->command = c;
		out->rest = argument;
		if (!is_order(c) &&
		    !only_digits(out->digits, sizeof(out->digits), argument))
			out->digits[0] = '\0';
		return;
	}
	if (read_capitals(out, k, text) || read_groups(out, k, text) ||
	    read_first(out, k, text))
		return;
	*out = (struct order_verb){ .rest = text };
}

/* An order in the subject goes on below; to send is meant only when nothing else
 * is said. */
static void
find_in_subject(struct order_verb *out, const struct keywords *k,
    const struct order_words *words, struct arena *a, struct span body,
    struct span subject)
{
	bool has_labels = order_text_has_label(words, body);
	struct buf b = { .max = 1 << 26 };
	struct order_verb v;

	order_verb_read(&v, k, subject);
	if (body.n == 0 || v.command == CMD_CANCEL_JOB) {
		*out = v;
		return;
	}
	buf_add(&b, span_trim(subject));
	buf_str(&b, has_labels ? "\n" : "\n\n");
	buf_add(&b, body);
	order_verb_read(&v, k, arena_copy(a, buf_span(&b)));
	/* Words under a bare verb say of no meeting what it is about. */
	if (is_order(v.command) && (has_labels || span_trim(v.rest).n > body.n))
		*out = v;
	buf_free(&b);
}

void
order_verb_find(struct order_verb *out, const struct keywords *k,
    const struct order_words *words, struct arena *a, struct span body,
    struct span subject)
{
	struct span rest = body, line = { NULL, 0 };
	struct order_verb v;

	order_verb_read(out, k, body);
	if (out->command != CMD_NONE && !out->is_bare)
		return;
	/* A PIN above an order is an answer, with the order quoted. */
	span_line(&rest, &line);
	order_verb_read(&v, k, line);
	if (body.n > 0 &&
	    (v.command == CMD_SEND || v.command == CMD_CANCEL_JOB))
		return;
	rest = body;
	/* "Proszę o rozesłanie:", and the order below it. */
	for (int i = 0; i < LINES_SEARCHED && span_line(&rest, &line); i++) {
		if (line.n > HEAD_LENGTH || !order_text_has_label(words, rest))
			continue;
		order_verb_read(
		    &v, k, span_from(body, (size_t)(line.p - body.p)));
		if (is_order(v.command)) {
			*out = v;
			return;
		}
	}
	if (out->command == CMD_NONE)
		find_in_subject(out, k, words, a, body, subject);
}

/* numbered - answers to meetings by their numbers: "1 TAK, 2 NIE" */
#include "parsers/numbered.h"

#include <string.h>

struct reading {
	struct numbered *out;
	int n; /* numbers so far, those still without an answer at the end */
	int answer; /* the last one read; 0 none */
	bool answer_first, number_first;
	bool is_unclear;
};

static bool
is_digit(struct span s, size_t i)
{
	return i < s.n && s.p[i] >= '0' && s.p[i] <= '9';
}

/* The next number, in figures or in words, and what stands before it; false: no
 * number is left. */
static bool
next_number(struct numbered *out, const struct keywords *k, struct span *text,
    struct span *before)
{
	size_t i = 0, end;
	struct span word;
	int *number = &out->number;

	while (i < text->n && !is_digit(*text, i))
		i++;
	*number = keyword_ordinal(k, *text, &word);
	out->in_words = *number != 0 && (size_t)(word.p - text->p) <= i;
	if (out->in_words) {
		i = (size_t)(word.p - text->p);
		*before = span_sub(*text, 0, i);
		*text = span_from(*text, i + word.n);
		return true;
	}
	*before = span_sub(*text, 0, i);
	*number = 0;
	for (end = i; is_digit(*text, end) && *number < 1000; end++)
		*number = *number * 10 + (text->p[end] - '0');
	/* What a word stands for is not written in figures. */
	*number = *number == ORDINAL_ALL ? 1000 : *number;
	*text = span_from(*text, end);
	return end > i;
}

/* "17:00", "24.11", "2a": no number of a meeting. */
static bool
goes_on(struct span rest)
{
	if (rest.n == 0)
		return false;
	if (is_digit(rest, 0))
		return true;
	if (strchr(".:/", rest.p[0]) != NULL)
		return is_digit(rest, 1);
	return (unsigned char)rest.p[0] >= 0x80 ||
	       (rest.p[0] >= 'A' && rest.p[0] <= 'Z') ||
	       (rest.p[0] >= 'a' && rest.p[0] <= 'z');
}

static void
add_number(struct reading *r, const struct numbered *one)
{
	int number = one->number;

	if (r->n == NUMBERED_MAX) {
		r->is_unclear = true;
		return;
	}
	r->is_unclear = r->is_unclear || number == 0;
	for (int i = 0; i < r->n; i++)
		if (r->out[i].number == number ||
		    r->out[i].number == NUMBERED_ALL || number == NUMBERED_ALL)
			r->is_unclear = true;
	r->out[r->n] = *one;
	r->out[r->n++].answer = r->answer_first ? r->answer : 0;
}

/* An answer stands for the numbers behind it, or for those before it: the first
 * of the text says which. */
static void
add_answer(struct reading *r, int answer)
{
	if (!r->number_first)
		r->answer_first = true;
	else if (r->n == 0 || r->out[r->n - 1].answer != 0)
		r->is_unclear = true; /* "1 TAK, NIE" */
	for (int i = 0; i < r->n; i++)
		if (r->out[i].answer == 0)
			r->out[i].answer = answer;
	r->answer = answer;
}

/* What follows the last number. */
static bool
read_end(struct reading *r, struct span *rest, const struct keywords *k,
    struct span words, bool is_sentence)
{
	int answer = keyword_answer(k, words);

	if (answer == ATTENDS_OTHER) {
		words = span_trim(words);
		*rest = words;
		return r->answer_first && is_sentence && words.n > 0 &&
		       strchr(",.;!(", words.p[0]) != NULL;
	}
	if (answer != 0 && r->answer_first)
		r->is_unclear = r->is_unclear || answer != r->answer;
	else if (answer != 0)
		add_answer(r, answer);
	return true;
}

int
numbered_read(struct numbered out[NUMBERED_MAX], struct span *rest,
    const struct keywords *k, struct span text)
{
	struct reading r = { .out = out };
	struct span before, all = span_trim(text);
	struct numbered one = { 0 };
	bool is_sentence = false;
	int answer;

	*rest = span_from(all, all.n);
	while (next_number(&one, k, &all, &before)) {
		answer = keyword_answer(k, before);
		/* What began as an answer and goes on with other figures. */
		if (answer == ATTENDS_OTHER || goes_on(all)) {
			if (!r.answer_first || r.n == 0)
				return 0;
			break;
		}
		if (answer != 0)
			add_answer(&r, answer);
		if (r.n == 0 && answer != 0)
			is_sentence = span_trim(before).n > 3;
		r.number_first = r.number_first || !r.answer_first;
		r.is_unclear = r.is_unclear || span_starts(all, "-");
		add_number(&r, &one);
		*rest = all;
	}
	if (r.n == 0)
		return 0;
	all = *rest;
	*rest = span_from(all, all.n);
	if (!read_end(&r, rest, k, all, is_sentence) || r.answer == 0)
		return 0;
	return r.is_unclear || out[r.n - 1].answer == 0 ? -1 : r.n;
}

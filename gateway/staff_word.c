/* staff_word - "WSTRZYMAJ 12": staff hold up a sending by mail */
#include "gateway/staff_word.h"

#include "parsers/text.h"

enum { TEXT_READ = 200, DIGITS_MAX = 9 };

/* Cuts the number at the end off; false: there are too many digits. */
static bool
cut_number(struct span *words, int64_t *number)
{
	size_t n = words->n;
	int64_t value = 0;

	while (n > 0 && words->p[n - 1] >= '0' && words->p[n - 1] <= '9')
		n--;
	if (words->n - n > DIGITS_MAX)
		return false;
	for (size_t i = n; i < words->n; i++)
		value = value * 10 + (words->p[i] - '0');
	*number = value;
	*words = span_trim(span_sub(*words, 0, n));
	return true;
}

static bool
is_stop(char c)
{
	return c == '.' || c == '!' || c == ',' || c == ';';
}

static size_t
stop_at(struct span line)
{
	size_t n = 0;

	while (n < line.n && !is_stop(line.p[n]))
		n++;
	return n;
}

/* Is `words`, which is folded, one of the forms between bars? */
static bool
is_form(struct arena *a, struct span forms, struct span words)
{
	while (forms.n > 0) {
		size_t bar = span_find(forms, "|");

		if (span_eq(text_fold_copy(a, span_sub(forms, 0, bar)), words))
			return true;
		forms = span_from(forms, bar + 1);
	}
	return false;
}

static enum staff_word
find(struct arena *a, struct span table, struct span words)
{
	struct span line;

	while (words.n > 0 && span_line(&table, &line)) {
		size_t first = span_find(line, "\t");
		struct span name = span_sub(line, 0, first);
		struct span rest = span_from(line, first + 1);
		struct span forms = span_from(rest, span_find(rest, "\t") + 1);
		enum staff_word word = span_is(name, "pause") ? STAFF_WORD_PAUSE
				       : span_is(name, "resume")
					   ? STAFF_WORD_RESUME
					   : STAFF_WORD_NONE;

		if (word != STAFF_WORD_NONE && is_form(a, forms, words))
			return word;
	}
	return STAFF_WORD_NONE;
}

enum staff_word
staff_word_read(int64_t *number, struct span table, struct span text)
{
	struct arena a = { 0 };
	enum staff_word word = STAFF_WORD_NONE;
	struct span line, head;

	*number = 0;
	text = span_trim(text);
	if (!span_line(&text, &line) || line.n > TEXT_READ)
		return word;
	/* "WSTRZYMAJ 12, proszę": with a number it is clear what is meant. */
	head = text_fold_copy(&a, span_sub(line, 0, stop_at(line)));
	if (cut_number(&head, number) && *number != 0)
		word = find(&a, table, head);
	line = span_trim(line);
	while (line.n > 0 && is_stop(line.p[line.n - 1]))
		line = span_trim(span_sub(line, 0, line.n - 1));
	line = text_fold_copy(&a, line);
	if (word == STAFF_WORD_NONE && cut_number(&line, number))
		word = find(&a, table, line);
	arena_free(&a);
	return word;
}

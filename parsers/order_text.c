/* order_text - what a mail by which staff order a notice says, line by line */
#include "parsers/order_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parsers/lines.h"
#include "parsers/sign_off.h"
#include "parsers/text.h"

enum {
	LABEL_LENGTH = 60, /* bytes before the colon */
	SHORT_WORD = 5, /* bytes of a word between day and hour */
	NUMBERS = 7, /* of a day and two hours */
	FORM_NEEDS = ORDER_LABELS,
	FORM_REMARKS,
	FORM_WEEKDAYS,
	FORM_MONTHS,
	FORM_KINDS
};

struct form {
	int kind; /* enum order_label or FORM_... */
	int number; /* of a month, from 1 */
	struct span words; /* folded */
};

struct order_words {
	struct arena arena; /* owned */
	struct form *forms;
	size_t n_forms;
};

static const char *const names[FORM_KINDS] = { "meeting", "code", "commune",
	"phase", "time", "place", "host", "access", "send_at", "reason",
	"needs", "remarks", "weekdays", "months" };

const char *
order_label_name(enum order_label label)
{
	return names[label];
}

/* ---- the table --------------------------------------------------------- */

static enum status
add_forms(
    struct order_words *words, int kind, struct span forms, struct err *err)
{
	int number = 0;

	while (forms.n > 0) {
		size_t bar = span_find(forms, "|");
		struct form *f = arena_push(
		    &words->arena, &words->forms, &words->n_forms, sizeof(*f));

		if (f == NULL)
			return err_set(err, ST_BROKEN, "out of memory");
		f->kind = kind;
		f->number = ++number;
		f->words =
		    text_fold_copy(&words->arena, span_sub(forms, 0, bar));
		forms = span_from(forms, bar + 1);
	}
	return ST_OK;
}

static enum status
add_line(
    struct order_words *words, struct span line, int number, struct err *err)
{
	size_t first = span_find(line, "\t");
	struct span rest = span_from(line, first + 1);
	size_t second = span_find(rest, "\t");
	struct span forms = span_from(rest, second + 1);

	for (int kind = 0; kind < FORM_KINDS && forms.n > 0; kind++)
		if (span_is(span_sub(line, 0, first), names[kind]))
			return add_forms(words, kind, forms, err);
	return err_set(err, ST_REJECT,
	    "order_words, line %d: expected a label there is, language and "
	    "forms with a TAB between",
	    number);
}

enum status
order_words_read(struct order_words **out, struct span tsv, struct err *err)
{
	struct order_words *words = calloc(1, sizeof(*words));
	enum status rc = ST_OK;
	struct span line;
	int number = 0;

	*out = NULL;
	if (words == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	while (rc == ST_OK && span_line(&tsv, &line)) {
		number++;
		if (span_trim(line).n > 0 && !span_starts(line, "#"))
			rc = add_line(words, line, number, err);
	}
	if (rc == ST_OK)
		*out = words;
	else
		order_words_free(words);
	return rc;
}

void
order_words_free(struct order_words *words)
{
	if (words == NULL)
		return;
	arena_free(&words->arena);
	free(words);
}

/* The form that the text is, of the kinds from `from` to before `to`. */
static const struct form *
find_form(const struct order_words *words, struct span text, int from, int to)
{
	struct buf folded = { .max = 4 * LABEL_LENGTH };
	const struct form *found = NULL;

	text = span_trim(text);
	if (text.n == 0 || text.n > LABEL_LENGTH)
		return NULL;
	text_fold(&folded, text);
	for (size_t i = 0; i < words->n_forms && found == NULL; i++)
		if (words->forms[i].kind >= from && words->forms[i].kind < to &&
		    span_eq(words->forms[i].words, buf_span(&folded)))
			found = &words->forms[i];
	buf_free(&folded);
	return found;
}

const char *
order_words_phase(const struct order_words *words, struct span text)
{
	const struct form *f =
	    find_form(words, text, FORM_NEEDS, FORM_REMARKS + 1);

	return f == NULL ? NULL : names[f->kind];
}

/* ---- the letter around it ---------------------------------------------- */

static enum order_label
label_of(const struct order_words *words, struct span line);

/* Where the letter's end begins in `lines`, from line `from` on. */
static size_t
find_end(struct lines *lines, size_t from, const struct order_words *words,
    const struct address *author)
{
	struct sign_off off;

	if (!sign_off_find(&off, lines, from, lines->n, author) ||
	    label_of(words, lines_words(lines, off.at)) != ORDER_LABELS)
		return lines->n;
	return off.at;
}

struct span
order_text_body(const struct order_words *words, struct span new_text,
    const struct address *author)
{
	struct lines lines;
	size_t from = 0, end, at = 0;

	if (!lines_read(&lines, new_text))
		goto out;
	while (from < lines.n && (lines.line[from].kind == LINE_BLANK ||
				     sign_off_is_greeting(&lines, from)))
		from++;
	end = find_end(&lines, from, words, author);
	if (from < lines.n)
		at = (size_t)(lines.line[from].raw - new_text.p);
	if (end < lines.n)
		new_text = span_sub(
		    new_text, 0, (size_t)(lines.line[end].raw - new_text.p));
	new_text = span_from(new_text, at);
out:
	lines_free(&lines);
	return span_trim(new_text);
}

/* ---- the verb ---------------------------------------------------------- */

static bool
is_order(enum command c)
{
	return c == CMD_ANNOUNCE || c == CMD_CHANGE || c == CMD_CANCEL;
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

static bool
has_small_letter(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= 'a' && s.p[i] <= 'z')
			return true;
	return false;
}

/* The order that `head` is when it stands alone, with something below it. */
static enum command
command_of(const struct keywords *k, struct span head, bool with_order)
{
	struct buf text = { .max = 4 * LABEL_LENGTH };
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
		if (head.n > LABEL_LENGTH || has_small_letter(head))
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
	if (read_capitals(out, k, text) || read_groups(out, k, text))
		return;
	*out = (struct order_verb){ .rest = text };
}

/* ---- the lines --------------------------------------------------------- */

static enum order_label
label_of(const struct order_words *words, struct span line)
{
	size_t colon = span_find(line, ":");
	const struct form *f =
	    colon == line.n
		? NULL
		: find_form(words, span_sub(line, 0, colon), 0, ORDER_LABELS);

	return f == NULL ? ORDER_LABELS : (enum order_label)f->kind;
}

/* `to` with a further line of it. */
static bool
join(struct span *to, struct arena *a, struct span line)
{
	struct buf b = { .max = 1 << 20 };
	bool ok;

	buf_add(&b, *to);
	if (b.n > 0 && line.n > 0)
		buf_char(&b, ' ');
	buf_add(&b, line);
	*to = arena_copy(a, buf_span(&b));
	ok = !b.failed && (b.n == 0 || to->n > 0);
	buf_free(&b);
	return ok;
}

bool
order_text_read(struct order_text *out, struct arena *a,
    const struct order_words *words, struct span text)
{
	struct span rest = span_trim(text), line, *open = &out->lead;
	bool ok = true;

	*out = (struct order_text){ 0 };
	while (rest.n > 0 && ok) {
		struct span from = rest;
		enum order_label label;

		span_line(&rest, &line);
		line = span_trim(line);
		label = label_of(words, line);
		if (line.n == 0) {
			open = NULL;
		} else if (label < ORDER_LABELS) {
			size_t colon = span_find(line, ":");

			out->is_repeated |= out->names[label].n > 0;
			open = &out->value[label];
			*open = (struct span){ NULL, 0 };
			ok = join(&out->names[label], a,
				 span_trim(span_sub(line, 0, colon))) &&
			     join(open, a,
				 span_trim(span_from(line, colon + 1)));
		} else if (open != NULL) {
			ok = join(open, a, line);
		} else {
			out->rest = arena_copy(a, span_trim(from));
			break;
		}
	}
	return ok;
}

/* ---- a day and hours --------------------------------------------------- */

/* What stands in the text, in order: numbers, and what parts them. */
struct numbers {
	int value[NUMBERS];
	int digits[NUMBERS];
	char after[NUMBERS]; /* the byte behind it; 0 at the end */
	int n;
	int month_at, month; /* a name stood before the number of that index */
	bool is_other; /* something else stands there too */
};

static size_t
take_number(struct numbers *n, struct span s)
{
	size_t len = 0;
	int value = 0;

	while (len < s.n && s.p[len] >= '0' && s.p[len] <= '9' && len < 6)
		value = value * 10 + (s.p[len++] - '0');
	if (n->n == NUMBERS || len > 4) {
		n->is_other = true;
		return len;
	}
	n->value[n->n] = value;
	n->digits[n->n] = (int)len;
	n->after[n->n++] = len < s.n ? s.p[len] : '\0';
	return len;
}

static size_t
take_word(struct numbers *n, const struct order_words *words, struct span s)
{
	size_t len = 0, one;
	const struct form *month;

	while (len < s.n && text_is_word(text_next(span_from(s, len), &one)) &&
	       (s.p[len] < '0' || s.p[len] > '9'))
		len += one;
	month =
	    find_form(words, span_sub(s, 0, len), FORM_WEEKDAYS, FORM_KINDS);
	if (month != NULL && month->kind == FORM_WEEKDAYS)
		return len;
	if (month != NULL && n->month == 0) {
		n->month = month->number;
		n->month_at = n->n;
	} else if (month != NULL || len > SHORT_WORD) {
		n->is_other = true;
	}
	return len;
}

static void
find_numbers(struct numbers *n, const struct order_words *words, struct span s)
{
	*n = (struct numbers){ 0 };
	while (s.n > 0 && !n->is_other) {
		size_t len;
		int32_t cp = text_next(s, &len);

		if (cp >= '0' && cp <= '9')
			len = take_number(n, s);
		else if (text_is_word(cp))
			len = take_word(n, words, s);
		s = span_from(s, len);
	}
}

/* The day, whichever way it is written: how many numbers it takes; 0: none. */
static int
take_day(struct numbers *n, int day[3])
{
	if (n->month != 0) {
		if (n->n < 2 || n->month_at != 1 || n->digits[1] != 4)
			return 0;
		memcpy(day, (int[]){ n->value[1], n->month, n->value[0] },
		    3 * sizeof(int));
		return 2;
	}
	if (n->n < 3)
		return 0;
	if (n->digits[0] == 4 && n->after[0] == '-' && n->after[1] == '-')
		memcpy(day, n->value, 3 * sizeof(int));
	else if (n->digits[2] == 4 &&
		 (n->after[0] == '.' || n->after[0] == '/'))
		memcpy(day, (int[]){ n->value[2], n->value[1], n->value[0] },
		    3 * sizeof(int));
	else
		return 0;
	return 3;
}

static bool
is_day(const int day[3])
{
	return day[0] >= 2000 && day[0] <= 2999 && day[1] >= 1 &&
	       day[1] <= 12 && day[2] >= 1 && day[2] <= 31;
}

/* "17:00", "17.00" or "17" as the number `i`: how many numbers it takes. */
static int
take_hour(const struct numbers *n, int i, int *hour, int *minute)
{
	bool has_minutes = i + 1 < n->n && n->digits[i + 1] == 2 &&
			   (n->after[i] == ':' || n->after[i] == '.');

	if (i >= n->n || n->digits[i] > 2)
		return 0;
	*hour = n->value[i];
	*minute = has_minutes ? n->value[i + 1] : 0;
	return *hour > 23 || *minute > 59 ? 0 : has_minutes ? 2 : 1;
}

bool
order_time_read(
    struct order_time *out, const struct order_words *words, struct span text)
{
	struct numbers n;
	int day[3], at, used, hour, minute;

	*out = (struct order_time){ 0 };
	find_numbers(&n, words, text);
	at = n.is_other ? 0 : take_day(&n, day);
	if (at == 0 || !is_day(day))
		return false;
	out->has_hour = at < n.n;
	used = take_hour(&n, at, &hour, &minute);
	if (!out->has_hour) {
		snprintf(out->starts, sizeof(out->starts), "%04d-%02d-%02d",
		    day[0] % 10000, day[1] % 100, day[2] % 100);
		return true;
	}
	if (used == 0)
		return false;
	snprintf(out->starts, sizeof(out->starts), "%04d-%02d-%02d %02d:%02d",
	    day[0] % 10000, day[1] % 100, day[2] % 100, hour, minute);
	at += used;
	if (at == n.n)
		return true;
	used = take_hour(&n, at, &hour, &minute);
	snprintf(out->ends, sizeof(out->ends), "%04d-%02d-%02d %02d:%02d",
	    day[0] % 10000, day[1] % 100, day[2] % 100, hour, minute);
	return used > 0 && at + used == n.n;
}

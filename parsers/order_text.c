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
	LABEL_WORDS = 3, /* in what looks like one */
	SLIP_LENGTH = 24, /* characters of a label that may have a slip */
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

/* ---- the lines --------------------------------------------------------- */

static bool
is_mark(char c)
{
	return c == '*' || c == '-' || c == '_' || c == ' ';
}

/* "- Kod:" and "*Kod:*" as lists and bold words come. */
static struct span
without_marks(struct span s)
{
	while (s.n > 0 && is_mark(s.p[0]))
		s = span_from(s, 1);
	while (span_starts(s, "\xe2\x80\xa2") || span_starts(s, "\xe2\x80\x93"))
		s = span_trim(span_from(s, 3));
	while (s.n > 0 && (s.p[s.n - 1] == '*' || s.p[s.n - 1] == '_'))
		s = span_sub(s, 0, s.n - 1);
	return span_trim(s);
}

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

/* A line with a label: what it is called, and what stands behind the colon. */
struct labelled {
	enum order_label label; /* ORDER_LABELS: it has none that we know */
	struct span name, value;
};

static struct labelled
part_line(const struct order_words *words, struct span line)
{
	struct labelled l = { .label = label_of(words, line) };
	size_t colon;

	if (l.label == ORDER_LABELS) {
		line = without_marks(line);
		l.label = label_of(words, line);
	}
	colon = span_find(line, ":");
	if (colon == line.n)
		return l;
	l.name = span_trim(span_sub(line, 0, colon));
	l.value = span_trim(span_from(line, colon + 1));
	if (l.value.n > 0 && (l.value.p[0] == '*' || l.value.p[0] == '_'))
		l.value = without_marks(l.value);
	return l;
}

/* "Uwagi: ...": one to three words of letters, with a large one first? */
static bool
looks_like_label(const struct labelled *l)
{
	struct span s = l->name;
	int words = 1;

	if (s.n < 2 || s.n > LABEL_LENGTH || (s.p[0] >= 'a' && s.p[0] <= 'z') ||
	    (l->value.n > 0 && l->value.p[0] == '/'))
		return false;
	while (s.n > 0) {
		size_t len;
		int32_t cp = text_next(s, &len);

		words += cp == ' ';
		if (cp != ' ' &&
		    (!text_is_word(cp) || (cp >= '0' && cp <= '9')))
			return false;
		s = span_from(s, len);
	}
	return words <= LABEL_WORDS;
}

static int
least(int a, int b)
{
	return a < b ? a : b;
}

/* How many slips of a key (one too many, too few, another, two that changed
 * places) part two folded words, as far as they are read. */
static int
slips(struct span a, struct span b)
{
	int d[SLIP_LENGTH + 1][SLIP_LENGTH + 1];
	int n = (int)a.n, m = (int)b.n;

	if (n > SLIP_LENGTH || m > SLIP_LENGTH)
		return SLIP_LENGTH;
	for (int i = 0; i <= n; i++)
		for (int j = 0; j <= m; j++) {
			if (i == 0 || j == 0) {
				d[i][j] = i + j;
				continue;
			}
			d[i][j] =
			    least(d[i - 1][j - 1] + (a.p[i - 1] != b.p[j - 1]),
				least(d[i - 1][j], d[i][j - 1]) + 1);
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] &&
			    a.p[i - 2] == b.p[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	return d[n][m];
}

/* Is it one of our labels but for a slip or two? */
static bool
is_slip(const struct order_words *words, struct span name)
{
	struct buf folded = { .max = 4 * LABEL_LENGTH };
	bool found = false;

	text_fold(&folded, name);
	for (size_t i = 0; i < words->n_forms && !found; i++) {
		struct span form = words->forms[i].words;
		int allowed = form.n > 5 ? 2 : 1;

		found = words->forms[i].kind < ORDER_LABELS && form.n > 3 &&
			slips(form, buf_span(&folded)) <= allowed;
	}
	buf_free(&folded);
	return found;
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

/* Blanks as they are typed for those that mail programs put in their place;
 * what takes no room goes. */
static bool
plain_blanks(struct span *out, struct arena *a, struct span text)
{
	struct buf b = { .max = 1 << 26 };
	bool ok;

	while (text.n > 0) {
		size_t len;
		int32_t cp = text_next(text, &len);

		if (cp == 0xa0 || cp == 0x2007 || cp == 0x202f)
			buf_char(&b, ' ');
		else if (cp != 0x200b && cp != 0xfeff)
			buf_add(&b, span_sub(text, 0, len));
		text = span_from(text, len);
	}
	*out = arena_copy(a, buf_span(&b));
	ok = !b.failed && out->n == b.n;
	buf_free(&b);
	return ok;
}

static bool
take_label(struct order_text *out, struct span **open, struct arena *a,
    const struct labelled *l)
{
	out->is_repeated |= out->names[l->label].n > 0;
	*open = &out->value[l->label];
	**open = (struct span){ NULL, 0 };
	return join(&out->names[l->label], a, l->name) &&
	       join(*open, a, l->value);
}

bool
order_text_read(struct order_text *out, struct arena *a,
    const struct order_words *words, struct span text)
{
	struct span rest, line, *open = &out->lead;
	bool ok = plain_blanks(&rest, a, text);

	*out = (struct order_text){ 0 };
	rest = span_trim(rest);
	while (rest.n > 0 && ok) {
		struct span from = rest;
		struct labelled l;

		span_line(&rest, &line);
		line = span_trim(line);
		l = part_line(words, line);
		if (line.n == 0) {
			open = NULL;
			continue;
		}
		if (l.label < ORDER_LABELS) {
			ok = take_label(out, &open, a, &l);
			continue;
		}
		if (out->unknown.n == 0 && looks_like_label(&l) &&
		    (open != NULL || is_slip(words, l.name)))
			out->unknown = l.name;
		if (open != NULL) {
			ok = join(open, a, line);
		} else {
			out->rest = span_trim(from);
			break;
		}
	}
	return ok;
}

bool
order_text_has_label(const struct order_words *words, struct span text)
{
	struct span line = { NULL, 0 };

	while (span_line(&text, &line) && span_trim(line).n == 0)
		;
	return part_line(words, span_trim(line)).label < ORDER_LABELS;
}

bool
order_text_is_likely(const struct order_words *words, struct span text)
{
	struct order_text said;
	struct arena a = { 0 };
	bool ok = order_text_read(&said, &a, words, text);

	ok =
	    ok &&
	    (said.value[ORDER_MEETING].n > 0 || said.value[ORDER_CODE].n > 0) &&
	    (said.value[ORDER_COMMUNE].n > 0 || said.value[ORDER_TIME].n > 0 ||
		said.value[ORDER_PLACE].n > 0 ||
		said.value[ORDER_SEND_AT].n > 0);
	arena_free(&a);
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
	int weekday; /* 1 to 7; 0: none stood there */
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
	if (month != NULL && month->kind == FORM_WEEKDAYS) {
		n->weekday = month->number;
		return len;
	}
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

/* One that there is, and that the weekday beside it is right for. */
static bool
is_day(const int day[3], int weekday)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	static const int shift[] = { 0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4 };
	bool is_leap;
	int last, year;

	if (day[0] < 2000 || day[0] > 2999 || day[1] < 1 || day[1] > 12)
		return false;
	is_leap = day[0] % 4 == 0 && (day[0] % 100 != 0 || day[0] % 400 == 0);
	last = days[day[1] - 1] + (day[1] == 2 && is_leap);
	if (day[2] < 1 || day[2] > last)
		return false;
	/* Sakamoto's count: the year begins in March; 0 is Sunday. */
	year = day[0] - (day[1] < 3);
	last = (year + year / 4 - year / 100 + year / 400 + shift[day[1] - 1] +
		   day[2]) %
	       7;
	return weekday == 0 || weekday % 7 == last;
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
	if (at == 0 || !is_day(day, n.weekday))
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

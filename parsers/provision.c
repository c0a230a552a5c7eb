/* provision - the part of a draft that a remark is about
 *
 * A unit is a word ("ust.") with a number behind it.  Units that follow each
 * other from large to small, or all from small to large, name one provision.
 */
#include "parsers/provision.h"

#include <string.h>

#include "parsers/text.h"

enum {
	PROVISIONS_MAX = 100,
	CHAIN_MAX = 8,
	NUMBER_MAX = 12,
	WORD_MAX = 32,
	GAP_MAX = 12, /* bytes between two units of one provision */
	LISTED_DIGITS = 3, /* of a further number */
	LIST_MAX = 6, /* numbers behind one word: "§§ 4, 5 i 6" */
};

enum rank {
	ANNEX,
	CHAPTER,
	ARTICLE,
	SECTION,
	PARAGRAPH,
	POINT,
	LETTER,
	INDENT
};

/* Folded; a prefix of a word when it ends in '*'. */
static const struct {
	const char *word;
	enum rank rank;
} words[] = {
	{ "zalacznik*", ANNEX },
	{ "zal", ANNEX },
	{ "annex", ANNEX },
	{ "appendix", ANNEX },
	{ "rozdz", CHAPTER },
	{ "rozdzial*", CHAPTER },
	{ "chapter", CHAPTER },
	{ "art", ARTICLE },
	{ "artykul*", ARTICLE },
	{ "article", ARTICLE },
	{ "par", SECTION },
	{ "paragraf*", SECTION },
	{ "section", SECTION },
	{ "ust", PARAGRAPH },
	{ "ustep*", PARAGRAPH },
	{ "pkt", POINT },
	{ "punkt*", POINT },
	{ "point", POINT },
	{ "lit", LETTER },
	{ "liter*", LETTER },
	{ "tiret", INDENT },
};

static const char *const spelling[] = {
	[ANNEX] = "załącznik nr ",
	[CHAPTER] = "rozdz. ",
	[ARTICLE] = "art. ",
	[SECTION] = "§ ",
	[PARAGRAPH] = "ust. ",
	[POINT] = "pkt ",
	[LETTER] = "lit. ",
	[INDENT] = "tiret ",
};

struct unit {
	enum rank rank;
	struct span number[LIST_MAX];
	size_t n; /* numbers */
	size_t at, end; /* in the text */
};

static bool
is_letter(struct span s, size_t i)
{
	return i < s.n && ((unsigned char)s.p[i] >= 0x80 ||
			      ((s.p[i] | 32) >= 'a' && (s.p[i] | 32) <= 'z'));
}

static bool
is_digit(struct span s, size_t i)
{
	return i < s.n && s.p[i] >= '0' && s.p[i] <= '9';
}

/* The section sign at `i`, also doubled; its length or 0.  More are not read at
 * once: a text of nothing else would be read again from each of them. */
static size_t
section_sign(struct span s, size_t i)
{
	size_t n = 0;

	while (n < 4 && i + n + 1 < s.n && s.p[i + n] == '\xc2' &&
	       s.p[i + n + 1] == '\xa7')
		n += 2;
	return n;
}

static size_t
skip_spaces(struct span s, size_t i)
{
	for (;;) {
		if (i < s.n &&
		    (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\n'))
			i++;
		else if (i + 1 < s.n && s.p[i] == '\xc2' &&
			 s.p[i + 1] == '\xa0')
			i += 2;
		else
			return i;
	}
}

/* A Roman number of chapter or article at `i`; its length or 0. */
static size_t
roman_length(struct span s, size_t i)
{
	size_t n = 0;

	while (i + n < s.n && memchr("IVXL", s.p[i + n], 4) != NULL)
		n++;
	return is_letter(s, i + n) || is_digit(s, i + n) || n > 7 ? 0 : n;
}

/* "4", "4a", "4.3", "4.3.1", "4-6"; its length or 0. */
static size_t
number_length(struct span s, size_t i)
{
	size_t n = 0;

	if (!is_digit(s, i))
		return 0;
	for (;;) {
		while (is_digit(s, i + n))
			n++;
		if (n > NUMBER_MAX)
			return 0;
		if (i + n < s.n && (s.p[i + n] == '.' || s.p[i + n] == '-') &&
		    is_digit(s, i + n + 1))
			n++;
		else
			break;
	}
	if (is_letter(s, i + n) && (unsigned char)s.p[i + n] < 0x80 &&
	    !is_letter(s, i + n + 1) && !is_digit(s, i + n + 1))
		n++;
	return is_letter(s, i + n) ? 0 : n;
}

/* One small letter on its own: "a", "b)". */
static size_t
letter_length(struct span s, size_t i)
{
	if (is_letter(s, i) && (unsigned char)s.p[i] < 0x80 &&
	    !is_letter(s, i + 1) && !is_digit(s, i + 1))
		return 1;
	return 0;
}

/* The rank of the word of `n` bytes at `i`; false when it is no unit. */
static bool
read_rank(enum rank *rank, struct span s, size_t i, size_t n)
{
	struct buf f = { .max = 4 * WORD_MAX };
	bool found = false;

	if (n < 3 || n > WORD_MAX)
		return false;
	if (memchr("azrpulstcZARPULSTC", s.p[i], 18) == NULL)
		return false;
	text_fold(&f, span_sub(s, i, n));
	for (size_t k = 0; k < sizeof(words) / sizeof(words[0]) && !found;
	     k++) {
		size_t len;

		if (f.n == 0 || words[k].word[0] != f.p[0])
			continue;
		len = strlen(words[k].word);
		if (words[k].word[len - 1] == '*')
			found = f.n >= len - 1 && f.n <= len + 3 &&
				memcmp(f.p, words[k].word, len - 1) == 0;
		else
			found = span_is(buf_span(&f), words[k].word);
		*rank = words[k].rank;
	}
	buf_free(&f);
	return found;
}

/* Behind "załącznik" and "rozdział" the number may have "nr" before it. */
static size_t
skip_number_sign(struct span s, size_t i)
{
	size_t n = i;

	if (i + 2 < s.n && (s.p[i] | 32) == 'n' &&
	    ((s.p[i + 1] | 32) == 'r' || (s.p[i + 1] | 32) == 'o') &&
	    !is_letter(s, i + 2))
		n = i + 2 + (s.p[i + 2] == '.');
	return skip_spaces(s, n);
}

/* "i", "oraz", "and" at `i`, with the spaces behind; the place behind, or `i`
 * when there is none. */
static size_t
skip_and(struct span s, size_t i)
{
	static const char *const ands[] = { "i", "oraz", "lub", "albo", "and",
		"or", NULL };
	size_t n = 0;

	while (is_letter(s, i + n) && n < 5)
		n++;
	for (const char *const *p = ands; *p != NULL; p++)
		if (span_is_nocase(span_sub(s, i, n), *p))
			return skip_spaces(s, i + n);
	return i;
}

static size_t
read_number(struct span s, size_t at, enum rank rank)
{
	size_t n = rank == LETTER ? letter_length(s, at) : number_length(s, at);

	return n == 0 && (rank == CHAPTER || rank == ANNEX)
		   ? roman_length(s, at)
		   : n;
}

/* "i w", "oraz z": a word of one letter, and no letter of a list. */
static bool
is_short_word(struct span s, size_t at, enum rank rank)
{
	return rank == LETTER && strchr("aiouwz", s.p[at] | 32) != NULL &&
	       (at + 1 >= s.n || s.p[at + 1] != ')');
}

/* "§ 8 i 500 zł": behind the number stands what it counts. */
static bool
counts(struct span s, size_t i)
{
	static const char *const counted[] = { "zl", "z\xc5\x82", "pln", "eur",
		"tys", "mln", "proc",
		"os\xc3\xb3"
		"b",
		"osob", "dni", "lat", "godz", "min", "km", "raz", "%", NULL };
	struct span rest = span_from(s, skip_spaces(s, i));

	for (const char *const *p = counted; *p != NULL; p++)
		if (span_starts_nocase(rest, *p))
			return true;
	return false;
}

/* The further numbers of a unit: "4, 5 i 6".  With commas alone only when the
 * sign or word was `plural`: behind "§ 4, 5 " may come anything. */
static void
read_list(struct unit *unit, struct span s, bool plural)
{
	struct unit list = *unit;

	while (list.n < LIST_MAX) {
		size_t at = skip_spaces(s, list.end), behind, n;

		if (at < s.n && s.p[at] == ',')
			behind = skip_spaces(s, at + 1);
		else
			behind = skip_and(s, at);
		n = behind == at ? 0 : read_number(s, behind, list.rank);
		if (n == 0 || n > LISTED_DIGITS || counts(s, behind + n) ||
		    is_short_word(s, behind, list.rank))
			return;
		list.number[list.n++] = span_sub(s, behind, n);
		list.end = behind + n;
		if (s.p[at] != ',' || plural)
			*unit = list;
	}
}

/* The unit whose word begins at `i` (a boundary of words). */
static bool
read_unit(struct unit *unit, struct span s, size_t i)
{
	size_t sign = section_sign(s, i), n = 0, at;
	bool plural = sign > 2;

	unit->at = i;
	unit->rank = SECTION;
	if (sign > 0) {
		at = skip_spaces(s, i + sign);
	} else {
		while (is_letter(s, i + n) && n <= WORD_MAX)
			n++;
		if (!read_rank(&unit->rank, s, i, n))
			return false;
		at = i + n;
		at += at < s.n && s.p[at] == '.';
		at = skip_number_sign(s, skip_spaces(s, at));
		if (section_sign(s, at) > 0 && unit->rank == SECTION)
			at = skip_spaces(s, at + section_sign(s, at));
	}
	n = read_number(s, at, unit->rank);
	unit->number[0] = span_sub(s, at, n);
	unit->n = 1;
	unit->end = at + n;
	if (n > 0)
		read_list(unit, s, plural);
	return n > 0;
}

/* May `between` part two units of one provision: spaces, a comma, "w"? */
static bool
joins(struct span between)
{
	struct span t = span_trim(between);

	if (between.n == 0 || between.n > GAP_MAX)
		return false;
	if (t.n > 0 && (t.p[0] == ',' || t.p[0] == ')'))
		t = span_trim(span_from(t, 1));
	return t.n == 0 || span_is(t, "w") || span_is(t, "of") ||
	       span_is(t, "do");
}

/* The provision that the chain names, with number `of` of unit `which`, and of
 * the others the first. */
static void
add_one(struct parsed *parsed, const struct unit *chain, size_t n, bool rises,
    const size_t which[2])
{
	struct buf b = { .max = 512 };
	struct span s;

	for (size_t k = 0; k < n; k++) {
		size_t i = rises ? n - 1 - k : k;

		buf_str(&b, k > 0 ? " " : "");
		buf_str(&b, spelling[chain[i].rank]);
		buf_add(&b, chain[i].number[i == which[0] ? which[1] : 0]);
	}
	s = buf_span(&b);
	for (size_t k = 0; k < parsed->n_provisions; k++)
		if (span_eq(parsed->provisions[k], s))
			s.n = 0;
	if (s.n > 0 && parsed->n_provisions < PROVISIONS_MAX)
		span_push(&parsed->arena, &parsed->provisions,
		    &parsed->n_provisions, arena_copy(&parsed->arena, s));
	buf_free(&b);
}

static void
add_chain(struct parsed *parsed, const struct unit *chain, size_t n, bool rises)
{
	add_one(parsed, chain, n, rises, (const size_t[2]){ 0, 0 });
	for (size_t i = 0; i < n; i++)
		for (size_t k = 1; k < chain[i].n; k++)
			add_one(
			    parsed, chain, n, rises, (const size_t[2]){ i, k });
}

/* Does `unit` go on with the chain?  `*rises` is settled by the second. */
static bool
goes_on(const struct unit *chain, size_t n, const struct unit *unit,
    struct span text, bool *rises)
{
	const struct unit *last = &chain[n - 1];

	if (n >= CHAIN_MAX || unit->rank == last->rank ||
	    !joins(span_sub(text, last->end, unit->at - last->end)))
		return false;
	if (n == 1)
		*rises = unit->rank < last->rank;
	return (unit->rank < last->rank) == *rises;
}

void
provision_find(struct parsed *parsed, struct span text)
{
	struct unit chain[CHAIN_MAX], unit;
	size_t n = 0, i = 0;
	bool rises = false;

	while (i < text.n && parsed->n_provisions < PROVISIONS_MAX) {
		bool start =
		    section_sign(text, i) > 0 ||
		    (is_letter(text, i) && (i == 0 || !is_letter(text, i - 1)));

		if (!start || !read_unit(&unit, text, i)) {
			i++;
			continue;
		}
		if (n > 0 && !goes_on(chain, n, &unit, text, &rises)) {
			add_chain(parsed, chain, n, n > 1 && rises);
			n = 0;
		}
		chain[n++] = unit;
		i = unit.end;
	}
	if (n > 0)
		add_chain(parsed, chain, n, n > 1 && rises);
}

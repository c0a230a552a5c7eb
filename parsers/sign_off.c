/* sign_off - how letters begin and end: greeting, closing formula, name */
#include "parsers/sign_off.h"

#include "parsers/phrase.h"
#include "parsers/sign_off_words.h"
#include "parsers/text.h"

#include <utf8proc.h>

#include <string.h>

enum {
	FORMULA_MAX = 90, /* bytes of a line that may be a formula */
	NAME_BYTES_MAX = 80,
	CARD_LINE_MAX = 160,
	CARD_WORDS_MAX = 9,
	CARD_LONG_MAX = 24,
	CARD_LINES_MAX = 14,
	BEHALF_WORDS_MAX = 8,
	BEHALF_LINES_MAX = 4, /* below "on behalf of" */
	PART_NAME_MIN = 5, /* letters of a name within "jkowalski82@" */
	NAME_WORDS_MAX = 3,
	UNWRAPPED_MAX = 55, /* bytes of a line that nobody had to break */
	SHORT_WORDS = 4, /* with regards among them they end a letter */
	ABOVE_MAX = 100, /* lines of a list that are looked at */
	WINDOW = 24, /* lines with words, from the end, that are looked at */
};

struct word {
	struct span s;
	bool capital;
};

/* Takes the next word out of `*rest` (letters and digits of any script). */
static bool
next_word(struct word *out, struct span *rest)
{
	size_t len, n = 0;
	int32_t cp;

	for (cp = text_next(*rest, &len); rest->n > 0 && !text_is_word(cp);
	     cp = text_next(*rest, &len))
		*rest = span_from(*rest, len);
	if (rest->n == 0)
		return false;
	out->capital = utf8proc_toupper(cp) == cp && utf8proc_tolower(cp) != cp;
	while (n < rest->n) {
		cp = text_next(span_from(*rest, n), &len);
		if (!text_is_word(cp))
			break;
		n += len;
	}
	out->s = span_sub(*rest, 0, n);
	*rest = span_from(*rest, n);
	return true;
}

static bool
has_any(struct span s, const char *signs)
{
	for (; s.n > 0 && *signs != '\0'; signs++)
		if (memchr(s.p, *signs, s.n) != NULL)
			return true;
	return false;
}

static size_t
count_digits(struct span s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] >= '0' && s.p[i] <= '9';
	return n;
}

/* `words` without "*bold*" and "-- " around. */
static struct span
bare(struct span words)
{
	while (words.n > 0 && memchr("*_-/() ", words.p[0], 7) != NULL)
		words = span_from(words, 1);
	while (words.n > 0 && memchr("*_ ", words.p[words.n - 1], 3) != NULL)
		words.n--;
	return words;
}

/* The words that the author is known by, folded into `b`, each with a space
 * around. */
static void
known_words(struct buf *b, const struct address *author)
{
	size_t at;

	if (author == NULL)
		return;
	buf_char(b, ' ');
	text_fold(b, author->name);
	buf_char(b, ' ');
	at = span_find(author->address, "@");
	text_fold(b, span_sub(author->address, 0, at));
	for (size_t i = 0; i < b->n; i++)
		if (memchr(".-_+,\"'", b->p[i], 7) != NULL)
			b->p[i] = ' ';
	buf_char(b, ' ');
}

static bool
is_known(struct lines *lines, const struct buf *known, struct span word)
{
	struct span f = lines_fold_words(lines, word);
	const char *hit;

	if (f.n < 2 || known->n < f.n + 2)
		return false;
	hit = memmem(known->p + 1, known->n - 2, f.p, f.n);
	return hit != NULL && hit[-1] == ' ' && hit[f.n] == ' ';
}

/* How many words stand in `rest`, when all begin with a capital, are of `small`
 * or name the author; -1 when not, or when there are more than seven. */
static int
count_allowed(struct lines *lines, struct span rest, const char *const *small,
    const struct buf *known)
{
	struct word word;
	int count = 0;

	while (next_word(&word, &rest)) {
		if (++count > 7)
			return -1;
		if (!word.capital &&
		    phrase_starts(lines_fold_words(lines, word.s), small) ==
			0 &&
		    !(known != NULL && is_known(lines, known, word.s)))
			return -1;
	}
	return count;
}

/* Is all of `rest`, one to three words, a name: the author's, or a given name
 * alone ("Dziękuję, Ewa")? */
static bool
are_names(struct lines *lines, struct span rest, const struct buf *known)
{
	struct word word;
	size_t count = 0, hits = 0, given = 0;

	while (count < 4 && next_word(&word, &rest)) {
		count++;
		hits += is_known(lines, known, word.s);
		given += word.capital &&
			 phrase_starts(lines_fold_words(lines, word.s),
			     sign_off_given_names) > 0;
	}
	return (count > 0 && count < 4 && hits == count) ||
	       (count == 1 && given == 1);
}

/* What follows the first `n` bytes of the folded `f`, as written: the phrase
 * has as many words folded as it has as written. */
static struct span
behind(struct span words, struct span f, size_t n)
{
	size_t count = phrase_count_words(span_sub(f, 0, n), 10);
	struct word word;

	while (count-- > 0 && next_word(&word, &words))
		;
	return words;
}

/* The length of a formula made of `with`, a word or two, and `regards`; 0. */
static size_t
with_regards(struct span folded)
{
	size_t n = phrase_starts(folded, sign_off_with);

	for (int i = 0; n > 0 && i < 3; i++) {
		struct span rest = span_trim(span_from(folded, n));
		size_t found = phrase_starts(rest, sign_off_regards);
		size_t at = (size_t)(rest.p - folded.p);

		if (found > 0)
			return at + found;
		found = phrase_starts(rest, sign_off_signs_of);
		if (found > 0 && rest.n > found)
			return at + found + 1 +
			       span_find(span_from(rest, found + 1), " ");
		n = at + span_find(rest, " ");
	}
	return 0;
}

/* Is line `i` a closing formula?  `*weak`: only when the name follows;
 * `*named`: the name stands behind it in the line. */
static bool
is_formula(struct lines *lines, size_t i, const struct buf *known, bool *weak,
    bool *named)
{
	struct span words = bare(lines_words(lines, i)), f, rest;
	size_t n;
	int left;

	if (lines->line[i].kind != LINE_TEXT || words.n > FORMULA_MAX ||
	    words.n < 2 || count_digits(words) > 0 || has_any(words, "?@"))
		return false;
	f = lines_fold_words(lines, words);
	n = phrase_starts(f, sign_off_formulas);
	if (n == 0)
		n = with_regards(f);
	if (n == 0 && !has_any(words, ",.!:;") &&
	    phrase_count_words(f, SHORT_WORDS + 1) <= SHORT_WORDS &&
	    phrase_word_in(f, sign_off_regards))
		n = f.n;
	*weak = n == 0;
	if (n == 0)
		n = phrase_starts(f, sign_off_thanks);
	if (n == 0)
		return false;
	rest = behind(words, f, n);
	left = count_allowed(lines, rest, sign_off_wished, known);
	*named = left >= 2 && memchr(",!.-", rest.p[0], 4) != NULL;
	if (*weak && are_names(lines, rest, known)) {
		*named = true;
		*weak = false;
		return true;
	}
	return left >= 0 && left <= (*weak ? 2 : 7);
}

bool
sign_off_is_postscript(struct lines *lines, size_t i)
{
	static const char *const marks[] = { "p.s.", "p.s", "p. s.", "ps",
		"ps.", "ps:", "post scriptum", "postscriptum", "nb.", NULL };
	struct span words = lines_words(lines, i);

	if (words.n < 2 || (words.p[0] | 32) != 'p')
		return false;
	return phrase_starts(
		   lines_fold_words(lines, span_sub(words, 0, 16)), marks) > 0;
}

/* Is the word one letter, with which a name of the author begins? */
static bool
is_initial(struct lines *lines, const struct buf *known, struct span word)
{
	struct span f;
	const char *p;
	size_t len;

	text_next(word, &len);
	if (len < word.n)
		return false;
	f = lines_fold_words(lines, word);
	for (p = known->p; f.n > 0 && p != NULL;
	     p = memchr(p + 1, ' ', (size_t)(known->p + known->n - p - 1)))
		if ((size_t)(known->p + known->n - p) > f.n && p[0] == ' ' &&
		    memcmp(p + 1, f.p, f.n) == 0)
			return true;
	return false;
}

/* Is one of the words part of what the author is known by ("jkowalski82")? */
static bool
is_part_known(struct lines *lines, const struct buf *known, struct span words)
{
	struct word word;

	while (next_word(&word, &words)) {
		struct span f = lines_fold_words(lines, word.s);

		if (f.n >= PART_NAME_MIN &&
		    memmem(known->p, known->n, f.p, f.n) != NULL)
			return true;
	}
	return false;
}

/* Does the name begin with the one word that the author is shown as? */
static bool
is_first_name(
    struct lines *lines, struct span words, const struct address *author)
{
	struct buf shown = { .max = 1024 };
	struct word word;
	bool is;

	if (author == NULL || phrase_count_words(author->name, 2) != 1 ||
	    !next_word(&word, &words))
		return false;
	known_words(&shown, &(struct address){ .name = author->name });
	is = is_known(lines, &shown, word.s);
	buf_free(&shown);
	return is;
}

/* Is line `i` nothing but the author's name?  With `author` NULL or unlike it:
 * up to three words with capitals, the first a given name; then `*guessed`. */
static bool
is_name(
    struct lines *lines, size_t i, const struct address *author, bool *guessed)
{
	struct span words = bare(lines_words(lines, i)), rest = words;
	struct buf known = { .max = 1024 };
	struct word word;
	size_t count = 0, hits = 0, capitals = 0, initials = 0;
	bool given = false, words_before = false, is;

	*guessed = false;
	if (words.n == 0 || words.n > NAME_BYTES_MAX ||
	    count_digits(words) > 0 || has_any(words, "?!:;@/()"))
		return false;
	known_words(&known, author);
	while (count < 8 && next_word(&word, &rest)) {
		hits += is_known(lines, &known, word.s);
		words_before |=
		    hits == 0 && phrase_starts(lines_fold_words(lines, word.s),
				     sign_off_titles) == 0;
		capitals += word.capital;
		initials += word.capital && is_initial(lines, &known, word.s);
		if (count++ == 0)
			given = phrase_starts(lines_fold_words(lines, word.s),
				    sign_off_given_names) > 0;
	}
	is = hits + initials == count && (hits > 0 || count == 2 || count == 3);
	is |=
	    hits >= 2 && count <= hits + 2 && capitals >= hits && !words_before;
	if (!is && count > 1 && count <= NAME_WORDS_MAX && capitals == count &&
	    !has_any(words, ".,"))
		is = (given &&
			 (hits > 0 || is_part_known(lines, &known, words))) ||
		     is_first_name(lines, words, author);
	buf_free(&known);
	if (is)
		return true;
	*guessed = given && count >= 1 && count <= 3 && capitals == count &&
		   !has_any(words, ".,");
	return *guessed;
}

/* Does it end like a sentence, and not like "sp. z o.o."? */
static bool
ends_sentence(struct span words)
{
	size_t n = words.n, letters = 0;

	if (n == 0 || memchr(".!?", words.p[n - 1], 3) == NULL)
		return false;
	for (n--; n > 0 && memchr(" .", words.p[n - 1], 2) == NULL; n--)
		letters++;
	return letters > 3 || words.p[words.n - 1] != '.';
}

/* "43-150 Bieruń" */
static bool
has_post_code(struct span s)
{
	static const char form[] = "dd-ddd";
	size_t n = 0;

	for (size_t i = 0; i < s.n && form[n] != '\0'; i++) {
		bool digit = s.p[i] >= '0' && s.p[i] <= '9';

		if (form[n] == 'd' ? digit : s.p[i] == '-')
			n++;
		else
			n = digit ? (n == 2 ? 2 : 1) : 0;
	}
	return form[n] == '\0';
}

/* A line of a visiting card: short, or with a telephone number or address. */
static bool
is_card_line(struct lines *lines, size_t i)
{
	struct span words = lines_words(lines, i), f;
	size_t count;
	int proofs;

	if (lines->line[i].kind != LINE_TEXT)
		return lines->line[i].kind == LINE_RULE;
	if (words.n > CARD_LINE_MAX)
		return false;
	count = phrase_count_words(words, 30);
	if (count <= 3 || (count <= CARD_WORDS_MAX && !ends_sentence(words)))
		return true;
	if (count > CARD_LONG_MAX || ends_sentence(words))
		return false;
	f = lines_fold(lines, i, i);
	proofs = (count_digits(words) >= 7) + has_any(words, "@") +
		 has_post_code(words) + phrase_in(f, sign_off_firms) +
		 2 * has_any(words, "|") + (span_find(f, "www.") < f.n) +
		 (span_find(f, "http") < f.n) +
		 phrase_word_in(f, sign_off_card_marks);
	return proofs >= 2;
}

/* A telephone number, an address of mail or web, a register's number. */
static bool
proves_card(struct lines *lines, size_t i)
{
	struct span words = lines_words(lines, i);

	return count_digits(words) >= 7 || has_any(words, "@") ||
	       phrase_word_in(lines_fold(lines, i, i), sign_off_card_marks);
}

/* Are all lines from `from` on, up to `to` or a postscript, those of a name and
 * a card?  Then true, with the line behind in `*end` and how many have words.
 * `closed`: a formula stands above; then what is said below a card that is one
 * beyond doubt is a postscript, too.  (On top a card is a letterhead.) */
static bool
is_card(struct lines *lines, size_t from, size_t to, bool closed, size_t *end,
    size_t *count)
{
	bool proven = false;

	*count = 0;
	for (*end = from; *end < to; (*end)++) {
		if (lines->line[*end].gone ||
		    lines->line[*end].kind == LINE_BLANK)
			continue;
		if (sign_off_is_postscript(lines, *end))
			return true;
		if (!is_card_line(lines, *end))
			return closed && proven && *count > 1;
		if (++*count > CARD_LINES_MAX)
			return false;
		proven |= proves_card(lines, *end);
	}
	return true;
}

/* Could line `i` be anybody's name: a few words, each with a capital? */
static bool
looks_like_name(struct lines *lines, size_t i)
{
	struct span words = lines_words(lines, i);

	return lines->line[i].kind == LINE_TEXT && !ends_sentence(words) &&
	       !has_any(words, ":;?!/()") && count_digits(words) == 0 &&
	       phrase_count_words(words, 2) > 1 &&
	       count_allowed(lines, words, sign_off_titles, NULL) <=
		   NAME_WORDS_MAX + 1 &&
	       count_allowed(lines, words, sign_off_titles, NULL) > 0;
}

bool
sign_off_is_card(
    struct lines *lines, size_t from, size_t to, const struct address *author)
{
	bool proven = false, guessed;
	size_t count = 0;

	for (size_t i = from; i < to; i++) {
		if (lines->line[i].gone)
			continue;
		if (lines->line[i].kind == LINE_BLANK) {
			if (count > 0 && !proven)
				return false;
			continue;
		}
		if (!is_card_line(lines, i) || ++count > CARD_LINES_MAX)
			return false;
		proven |= proves_card(lines, i) ||
			  is_name(lines, i, author, &guessed) ||
			  (count == 1 && looks_like_name(lines, i));
	}
	return proven;
}

/* "W imieniu mieszkańców ul. Leśnej" above a name: the same as a formula. */
static bool
is_on_behalf(struct lines *lines, size_t i, size_t to,
    const struct address *author, struct sign_off *out)
{
	struct span words = bare(lines_words(lines, i));
	size_t count;
	bool name = false;

	/* The first letters of `behalf`, before anything is folded. */
	if (words.n == 0 || words.n > FORMULA_MAX ||
	    memchr("wWzZoOiI\xd0", words.p[0], 9) == NULL ||
	    ends_sentence(words) || lines_next(lines, i + 1) >= to ||
	    phrase_starts(lines_fold_words(lines, words), sign_off_behalf) ==
		0 ||
	    phrase_count_words(words, BEHALF_WORDS_MAX + 1) >
		BEHALF_WORDS_MAX ||
	    !is_card(lines, i + 1, to, true, &out->end, &count) ||
	    count > BEHALF_LINES_MAX)
		return false;
	for (size_t k = i + 1; k < out->end && !name; k++) {
		if (lines->line[k].kind != LINE_TEXT ||
		    phrase_starts(lines_fold(lines, k, k), sign_off_formulas) >
			0)
			return false;
		name = is_name(lines, k, author, &out->guessed);
	}
	out->card = true;
	return name;
}

/* The first line of the window in which an ending is looked for. */
static size_t
window_start(const struct lines *lines, size_t from, size_t to)
{
	size_t count = 0, i = to;

	while (i > from && count < WINDOW) {
		i--;
		count += lines->line[i].kind != LINE_BLANK;
	}
	return i;
}

static bool
starts_paragraph(const struct lines *lines, size_t i, size_t from)
{
	return i == from || lines->line[i - 1].kind != LINE_TEXT ||
	       lines->line[i - 1].gone;
}

static bool
ends_with_colon(const struct lines *lines, size_t i)
{
	struct span words = lines_words(lines, i);

	return words.n > 0 && words.p[words.n - 1] == ':';
}

/* "1. ławka", "- ławka" */
static bool
is_item(const struct lines *lines, size_t i)
{
	struct span words = lines_words(lines, i);

	return words.n > 0 && ((words.p[0] >= '0' && words.p[0] <= '9') ||
				  memchr("-*+", words.p[0], 3) != NULL ||
				  span_starts(words, "\xe2\x80\xa2"));
}

/* A name begins a paragraph, or is the last line of all: below a sentence,
 * below a line too short to have been wrapped, or of two words at least. */
static bool
may_be_name(const struct lines *lines, size_t i, size_t from, size_t to)
{
	struct span above;
	size_t k = i;

	while (k > from && i - k < ABOVE_MAX &&
	       lines->line[k - 1].kind == LINE_TEXT &&
	       !lines->line[k - 1].gone && !is_item(lines, k - 1) &&
	       !ends_with_colon(lines, k - 1))
		k--;
	while (k > from && (lines->line[k - 1].kind == LINE_BLANK ||
			       lines->line[k - 1].kind == LINE_RULE))
		k--;
	if (k > from && lines->line[k - 1].kind == LINE_TEXT &&
	    ends_with_colon(lines, k - 1) &&
	    (k == i || !ends_sentence(lines_words(lines, i - 1))))
		return false; /* what the author counts or names */
	if (starts_paragraph(lines, i, from))
		return true;
	if (lines_next(lines, i + 1) < to)
		return false;
	above = lines_words(lines, i - 1);
	return phrase_count_words(lines_words(lines, i), 2) > 1 ||
	       ends_sentence(above) ||
	       (above.n <= UNWRAPPED_MAX && above.p[above.n - 1] != ',');
}

/* Is line `i`, the last of all, a name and how to reach it: "Jan Kot, tel. 110
 * 000 000"? */
static bool
is_name_with_card(
    struct lines *lines, size_t i, size_t to, const struct address *author)
{
	struct span words = lines_words(lines, i);
	struct line whole = lines->line[i];
	size_t n = 0;
	bool is, guessed;

	if (words.n > CARD_LINE_MAX || lines_next(lines, i + 1) < to)
		return false;
	while (n < words.n && memchr(",;|(", words.p[n], 4) == NULL)
		n++;
	if (n == words.n || !proves_card(lines, i))
		return false;
	lines->line[i].raw_n = (uint32_t)(whole.lead + n);
	is = phrase_count_words(lines_words(lines, i), 2) > 1 &&
	     is_name(lines, i, author, &guessed) && !guessed;
	lines->line[i] = whole;
	return is;
}

/* With the offices that stand right above the name at line `i`, when they begin
 * a paragraph: "Przewodnicząca Rady". */
static size_t
with_office_above(struct lines *lines, size_t i, size_t from)
{
	size_t k = i;

	while (k > from && i - k < BEHALF_LINES_MAX &&
	       lines->line[k - 1].kind == LINE_TEXT &&
	       !lines->line[k - 1].gone &&
	       !ends_sentence(lines_words(lines, k - 1)) &&
	       phrase_leads(lines_fold_words(lines, lines_words(lines, k - 1)),
		   sign_off_offices) &&
	       (count_allowed(lines, lines_words(lines, k - 1), sign_off_titles,
		    NULL) > 0 ||
		   phrase_count_words(lines_words(lines, k - 1), 3) <= 2))
		k--;
	return k > from && starts_paragraph(lines, k, from) ? k : i;
}

/* A given name alone is one only below other words, at the very end. */
static bool
is_one_word(const struct lines *lines, size_t i)
{
	return phrase_count_words(lines_words(lines, i), 2) == 1;
}

bool
sign_off_find(struct sign_off *out, struct lines *lines, size_t from, size_t to,
    const struct address *author)
{
	struct buf known = { .max = 1024 };
	size_t count, next;
	bool weak = false, named = false, found = false;

	known_words(&known, author);
	for (size_t i = window_start(lines, from, to); i < to && !found; i++) {
		if (lines->line[i].kind != LINE_TEXT || lines->line[i].gone)
			continue;
		out->at = i;
		if ((starts_paragraph(lines, i, from) ||
			ends_sentence(lines_words(lines, i - 1))) &&
		    is_on_behalf(lines, i, to, author, out)) {
			found = true;
			continue;
		}
		if (is_formula(lines, i, &known, &weak, &named)) {
			if (!is_card(lines, i + 1, to, true, &out->end, &count))
				continue;
			next = lines_next(lines, i + 1);
			if (weak &&
			    (count == 0 || next >= to ||
				!is_name(lines, next, author, &out->guessed)))
				continue;
			out->guessed = false;
			out->card = count > (named ? 0U : 1U);
			found = true;
			continue;
		}
		if (is_name_with_card(lines, i, to, author) &&
		    (i == from || !ends_with_colon(lines, i - 1))) {
			out->end = to;
			out->card = true;
			out->guessed = false;
			found = true;
			continue;
		}
		if (may_be_name(lines, i, from, to) &&
		    is_name(lines, i, author, &out->guessed) &&
		    is_card(lines, i + 1, to, false, &out->end, &count) &&
		    !(out->guessed && is_one_word(lines, i) &&
			(count > 0 || i == from)) &&
		    !(out->guessed && !starts_paragraph(lines, i, from))) {
			out->card = count > 0;
			out->at = with_office_above(lines, i, from);
			found = true;
		}
	}
	buf_free(&known);
	return found;
}

/* "CZĘŚĆ II": a part, though folded it is written like "Cześć". */
static bool
is_heading(struct span words, struct span rest)
{
	static const char *const marked[] = { "\xc4\x98", "\xc4\x99", NULL };
	struct span first = span_sub(words, 0, span_find(words, " "));

	for (const char *const *p = marked; *p != NULL; p++)
		if (span_starts_nocase(first, "c") &&
		    span_find(first, *p) < first.n)
			return true;
	if (rest.n == 0)
		return false;
	while (rest.n > 0 && memchr("IVX", rest.p[0], 3) != NULL)
		rest = span_from(rest, 1);
	return rest.n == 0;
}

bool
sign_off_is_greeting(struct lines *lines, size_t i)
{
	struct span words = bare(lines_words(lines, i)), f;
	size_t n;

	if (lines->line[i].kind != LINE_TEXT || words.n > FORMULA_MAX ||
	    words.n < 2 || has_any(words, "?/@"))
		return false;
	f = lines_fold_words(lines, words);
	n = phrase_starts(f, sign_off_greetings);
	if (n == 0 && has_any(span_from(words, words.n - 1), ",!"))
		n = phrase_starts(f, sign_off_addressed);
	if (n == 0)
		return false;
	f = span_trim(behind(words, f, n));
	if (is_heading(words, f))
		return false;
	return count_allowed(lines, f, sign_off_greeted, NULL) >= 0;
}

/* language - in which language a person writes */
#include "parsers/language.h"

#include <string.h>

#include "parsers/text.h"

enum { READ_MAX = 8192, WORD_MAX = 16, CLEAR = 3, LETTERS = 'z' - 'a' + 1 };

/* Small words that the other language does not have, by their first letters;
 * with and without marks, since texts are often sent without. */
static const char *const polish[LETTERS] = {
	['a' - 'a'] = "ale albo",
	['b' - 'a'] = "byc być bez bardzo",
	['c' - 'a'] = "czy co",
	['d' - 'a'] = "dla dzien dzień dobry dziekuje dziękuję",
	['g' - 'a'] = "gdzie",
	['i' - 'a'] = "ich",
	['j' - 'a'] = "jest jak jestem juz już jako",
	['k' - 'a'] = "ktory który ktora która kiedy które ktore",
	['l' - 'a'] = "lub",
	['m' - 'a'] = "moze może ma mnie",
	['n' - 'a'] = "na nie nad nas nam",
	['o' - 'a'] = "od oraz",
	['p' - 'a'] = "prosze proszę przez przy po pozdrawiam powinny "
		      "powinien powinna pod",
	['s' - 'a'] = "sie się są",
	['t' - 'a'] = "tylko tak ten ta tym tego tej",
	['u' - 'a'] = "uwaga uwagi u",
	['w' - 'a'] = "w wiecej więcej witam",
	['z' - 'a'] = "z ze za",
};
static const char *const english[LETTERS] = {
	['a' - 'a'] = "and are an at about",
	['b' - 'a'] = "be but been because",
	['c' - 'a'] = "can could",
	['d' - 'a'] = "don't",
	['f' - 'a'] = "for from",
	['h' - 'a'] = "have has hello",
	['i' - 'a'] = "is it i'm its if in",
	['m' - 'a'] = "more",
	['n' - 'a'] = "not",
	['o' - 'a'] = "of our",
	['p' - 'a'] = "please",
	['r' - 'a'] = "regards",
	['s' - 'a'] = "should",
	['t' - 'a'] = "the that this there they thank thanks their",
	['w' - 'a'] = "with would will which when what were",
	['y' - 'a'] = "you your",
};

static bool
listed(const char *word, size_t n, const char *const table[LETTERS])
{
	const char *p;
	size_t len;

	if (word[0] < 'a' || word[0] > 'z')
		return false;
	for (p = table[word[0] - 'a']; p != NULL && *p != '\0'; p += len) {
		p += strspn(p, " ");
		len = strcspn(p, " ");
		if (len == n && memcmp(p, word, n) == 0)
			return true;
	}
	return false;
}

/* Letters that Polish has and English lacks: U+0104 to U+0107, 0118, 0119, 0141
 * to 0144, 015A, 015B and 0179 to 017C. */
static bool
is_polish_letter(int32_t cp)
{
	return (cp >= 0x104 && cp <= 0x107) || cp == 0x118 || cp == 0x119 ||
	       (cp >= 0x141 && cp <= 0x144) || cp == 0x15A || cp == 0x15B ||
	       (cp >= 0x179 && cp <= 0x17C);
}

/* The next word of `*rest`, and whether it has such a letter; the empty span at
 * the end. */
static struct span
next_word(struct span *rest, bool *polish_letter)
{
	size_t n = 0, len;
	struct span word;
	int32_t cp;

	*polish_letter = false;
	while (rest->n > 0 && !text_is_word(text_next(*rest, &len)))
		*rest = span_from(*rest, len);
	for (; n < rest->n; n += len) {
		cp = text_next(span_from(*rest, n), &len);
		if (!text_is_word(cp) && cp != '\'')
			break;
		*polish_letter |= is_polish_letter(cp);
	}
	word = span_sub(*rest, 0, n);
	*rest = span_from(*rest, n);
	return word;
}

struct span
language_of(struct span text)
{
	struct span rest = span_sub(text, 0, READ_MAX), word;
	size_t pl = 0, en = 0, words = 0;
	char small[WORD_MAX];
	bool marked;

	while ((word = next_word(&rest, &marked)).n > 0) {
		words++;
		pl += marked ? 2 : 0;
		if (word.n > WORD_MAX)
			continue;
		for (size_t i = 0; i < word.n; i++)
			small[i] = word.p[i] >= 'A' && word.p[i] <= 'Z'
				       ? (char)(word.p[i] + 32)
				       : word.p[i];
		pl += listed(small, word.n, polish);
		en += listed(small, word.n, english);
	}
	if (words < CLEAR)
		return (struct span){ "", 0 };
	if (pl >= 2 && pl > 2 * en)
		return SPAN("pl");
	if (en >= CLEAR && en > 2 * pl && en * 6 >= words)
		return SPAN("en");
	return (struct span){ "", 0 };
}

/* language - in which language a person writes */
#include "parsers/language.h"

#include <string.h>

#include "parsers/text.h"

enum { READ_MAX = 8192, WORD_MAX = 16, CLEAR = 3 };

/* Small words that the other language does not have; with and without marks,
 * since texts are often sent without. */
static const char *const polish[] = { "w", "z", "na", "nie", "jest", "sie",
	"się", "ze", "że", "jak", "dla", "od", "czy", "ale", "prosze", "proszę",
	"przez", "oraz", "przy", "tylko", "jestem", "byc", "być", "bez", "tak",
	"juz", "już", "moze", "może", "po", "za", "są", "ma", "ten", "ta",
	"tym", "tego", "tej", "ktory", "który", "ktora", "która", "co", "kiedy",
	"gdzie", "wiecej", "więcej", "bardzo", "dzien", "dzień", "dobry",
	"dziekuje", "dziękuję", "pozdrawiam", "witam", "uwaga", "uwagi",
	"powinny", "powinien", "powinna", "u", "pod", "nad", "lub", "albo",
	"jako", "ich", "nas", "mnie", "nam", "które", "ktore", NULL };
static const char *const english[] = { "the", "and", "of", "is", "are", "that",
	"this", "for", "with", "please", "would", "should", "not", "have", "be",
	"it", "you", "from", "there", "our", "your", "they", "an", "at", "but",
	"can", "will", "has", "more", "which", "when", "what", "hello", "thank",
	"thanks", "regards", "i'm", "don't", "been", "were", "its", "their",
	"could", "because", "about", "if", "in", NULL };

static bool
listed(const char *word, size_t n, const char *const *table)
{
	for (; *table != NULL; table++)
		if ((*table)[0] == word[0] && strlen(*table) == n &&
		    memcmp(*table, word, n) == 0)
			return true;
	return false;
}

/* Letters that Polish has and English lacks. */
static bool
has_polish_letter(struct span word)
{
	static const char *const letters[] = { "ą", "ć", "ę", "ł", "ń", "ś",
		"ź", "ż", "Ą", "Ć", "Ę", "Ł", "Ń", "Ś", "Ź", "Ż" };

	for (size_t i = 0; i + 1 < word.n; i++)
		for (size_t k = 0; k < sizeof(letters) / sizeof(letters[0]);
		     k++)
			if (memcmp(word.p + i, letters[k], 2) == 0)
				return true;
	return false;
}

/* The next word of `*rest`; the empty span at the end. */
static struct span
next_word(struct span *rest)
{
	size_t n = 0, len;
	struct span word;

	while (rest->n > 0 && !text_is_word(text_next(*rest, &len)))
		*rest = span_from(*rest, len);
	while (n < rest->n &&
	       (text_is_word(text_next(span_from(*rest, n), &len)) ||
		   rest->p[n] == '\''))
		n += len;
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

	while ((word = next_word(&rest)).n > 0) {
		words++;
		pl += 2 * (word.n <= 64 && has_polish_letter(word));
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

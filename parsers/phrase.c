/* phrase - words and phrases in folded text */
#include "parsers/phrase.h"

#include <stdint.h>
#include <string.h>

/* A byte of a word, in UTF-8 and folded or not. */
static bool
word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

size_t
phrase_count_words(struct span words, size_t max)
{
	size_t count = 0;
	bool in = false;

	for (size_t i = 0; i < words.n && count < max; i++) {
		bool now = word_byte(words.p[i]);

		count += now && !in;
		in = now;
	}
	return count;
}

size_t
phrase_starts(struct span folded, const char *const *phrases)
{
	for (; *phrases != NULL; phrases++) {
		size_t n;

		if (folded.n == 0 || (*phrases)[0] != folded.p[0])
			continue;
		n = strlen(*phrases);
		if (n <= folded.n && memcmp(folded.p, *phrases, n) == 0 &&
		    (n == folded.n || !word_byte(folded.p[n]) ||
			!word_byte(folded.p[n - 1])))
			return n;
	}
	return 0;
}

/* Does a word begin at byte `i`?  Scripts that part no words begin one with
 * every character. */
static bool
word_starts(struct span s, size_t i)
{
	return word_byte(s.p[i]) && (i == 0 || !word_byte(s.p[i - 1]) ||
					(unsigned char)s.p[i] >= 0xE3);
}

static bool
one_starts(struct span s, const char *const *phrases)
{
	for (; *phrases != NULL; phrases++)
		if ((*phrases)[0] == s.p[0] && span_starts(s, *phrases))
			return true;
	return false;
}

bool
phrase_leads(struct span folded, const char *const *phrases)
{
	return folded.n > 0 && one_starts(folded, phrases);
}

bool
phrase_in(struct span folded, const char *const *phrases)
{
	bool first[256] = { false };

	for (const char *const *p = phrases; *p != NULL; p++)
		first[(unsigned char)(*p)[0]] = true;
	for (size_t i = 0; i < folded.n; i++)
		if (first[(unsigned char)folded.p[i]] &&
		    word_starts(folded, i) &&
		    one_starts(span_from(folded, i), phrases))
			return true;
	return false;
}

int
phrase_count(struct span folded, const char *const *phrases)
{
	bool first[256] = { false };
	uint64_t seen = 0;

	for (const char *const *p = phrases; *p != NULL; p++)
		first[(unsigned char)(*p)[0]] = true;
	for (size_t i = 0; i < folded.n; i++) {
		if (!first[(unsigned char)folded.p[i]] ||
		    (i > 0 && word_byte(folded.p[i]) &&
			!word_starts(folded, i)))
			continue;
		for (int k = 0; k < 64 && phrases[k] != NULL; k++)
			if (phrases[k][0] == folded.p[i] &&
			    span_starts(span_from(folded, i), phrases[k]))
				seen |= UINT64_C(1) << k;
	}
	return __builtin_popcountll(seen);
}

bool
phrase_word_in(struct span folded, const char *const *phrases)
{
	bool start = true;

	for (size_t i = 0; i < folded.n; i++) {
		if (start && word_byte(folded.p[i]) &&
		    phrase_starts(span_from(folded, i), phrases) > 0)
			return true;
		start = !word_byte(folded.p[i]);
	}
	return false;
}

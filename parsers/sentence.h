/* sentence - the first words of a text, folded, and what stands between them
 *
 * Place: keyword.c compares them with its forms.  Pure.
 */
#ifndef SENTENCE_H
#define SENTENCE_H

#include "parsers/buf.h"

enum {
	SENTENCE_WORDS_MAX = 32, /* no order and no thanks is longer */
	SENTENCE_WORD_SIZE = 32, /* a longer word is no keyword */
};

struct sentence_word {
	size_t at, n; /* the bytes of the text */
	char folded[SENTENCE_WORD_SIZE];
	size_t folded_n; /* 0: too long */
};

/* The first words of a text, which must outlive it. */
struct sentence {
	struct span text;
	struct sentence_word words[SENTENCE_WORDS_MAX];
	int n;
	bool more; /* than SENTENCE_WORDS_MAX words */
};

/* Cuts the first words out of `text`. */
void sentence_split(struct sentence *s, struct span text);

/* What stands between word i - 1 and word i; i may be 0 or s->n. */
struct span sentence_gap(const struct sentence *s, int i);

/* Does a sign of `any_of` stand there? */
bool sentence_gap_has(const struct sentence *s, int i, const char *any_of);

/* Does a question mark stand behind one of the words? */
bool sentence_is_question(const struct sentence *s);

/* The text from word `from` to word `to` (not included); empty, and behind the
 * text, when there are none. */
struct span sentence_part(const struct sentence *s, int from, int to);

/* Is the word a number of at most nine digits? */
bool sentence_is_number(const struct sentence_word *w);

#endif

/* phrase - words and phrases in folded text
 *
 * Place: the parsers that know a text by its words (attribution, footer,
 * sign_off ...) keep them in tables, folded as text_fold() does, and look them
 * up here.  Pure.
 */
#ifndef PHRASE_H
#define PHRASE_H

#include "parsers/buf.h"

/* How many words (runs of letters and digits) stand in `words`; counts no
 * further than `max`. */
size_t phrase_count_words(struct span words, size_t max);

/* Is one of `phrases` (NULL-terminated, folded) at the start of the folded
 * text, ending at the end of a word?  Its length, or 0. */
size_t phrase_starts(struct span folded, const char *const *phrases);

/* Does the folded text begin with one of `phrases`, which may be the beginning
 * of a word? */
bool phrase_leads(struct span folded, const char *const *phrases);

/* Does a word of the folded text begin with one of `phrases`? */
bool phrase_in(struct span folded, const char *const *phrases);

/* How many different ones of `phrases`, at most 64, stand at the beginning of
 * words of the folded text. */
int phrase_count(struct span folded, const char *const *phrases);

/* Does a word of `phrases` stand in the folded text as a whole word? */
bool phrase_word_in(struct span folded, const char *const *phrases);

#endif

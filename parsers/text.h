/* text - UTF-8 and what "the same word" means
 *
 * Place: under every parser that compares words (utf8proc does the work).
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdint.h>

#include "parsers/buf.h"

/* Valid UTF-8 without surrogates, over-long forms or NUL? */
bool text_is_utf8(struct span s);

/* The same, where NUL is no reason against it. */
bool text_is_utf8_or_nul(struct span s);

/* Appends `in` with every invalid byte replaced by U+FFFD, NUL and control
 * characters other than TAB and LF dropped; CRLF, CR, VT, FF, NEL and Unicode's
 * line and paragraph separators turned into LF. */
void text_clean(struct buf *out, struct span in);

/* Appends `in` in normal form NFC (invalid bytes as text_clean does). */
void text_nfc(struct buf *out, struct span in);

/* Appends `in` folded for comparison: compatibility forms resolved as NFKC
 * does, lower case, marks removed (also Polish l with stroke), every run of
 * white space (NBSP included) one space, zero-width characters dropped,
 * trimmed.  "ŁÓDŹ  żółta" gives "lodz zolta". */
void text_fold(struct buf *out, struct span in);

/* The same into an arena; the empty span when memory is short. */
struct span text_fold_copy(struct arena *a, struct span in);

/* text_next for what is not ASCII. */
int32_t text_next_far(struct span s, size_t *len);

/* The code point at `s` and its length in bytes in `*len`; U+FFFD and 1 for a
 * byte that starts nothing valid; 0 and 0 at the end. */
static inline int32_t
text_next(struct span s, size_t *len)
{
	if (s.n == 0 || (unsigned char)s.p[0] >= 0x80)
		return text_next_far(s, len);
	*len = 1;
	return s.p[0];
}

/* text_is_word for what is not ASCII. */
bool text_is_word_far(int32_t codepoint);

/* Letters and digits of any script. */
static inline bool
text_is_word(int32_t codepoint)
{
	if (codepoint < 0 || codepoint >= 0x80)
		return text_is_word_far(codepoint);
	return (codepoint >= '0' && codepoint <= '9') ||
	       ((codepoint | 32) >= 'a' && (codepoint | 32) <= 'z');
}

/* How many code points. */
size_t text_length(struct span s);

/* Does a hyphen stand in the text, or one of Unicode's U+2010 to U+2015 or
 * U+2212? */
bool text_has_dash(struct span text);

/* Does a letter from a to z stand in the text, so that it does not shout? */
bool text_has_small_letter(struct span text);

#endif

/* code - consultation codes: reading, checking, guessing
 *
 * Place: sms_text and parse find codes with it, intake asks it for the nearest
 * known code, the consultation command makes new ones with it.  Pure.
 *
 * A code is PREFIX-XXXC: three data characters and a check character of the
 * Crockford alphabet (no I L O U); check = sum of a^i*v_i in GF(2^5) with
 * x^5+x^2+1, a=2, i=1..3, so every single substitution and every transposition
 * of neighbours is caught.
 */
#ifndef CODE_H
#define CODE_H

#include "parsers/message.h"

enum { CODE_DATA = 3, CODE_TEXT_MAX = 24, CODES_MAX = 64 };

/* The check character for three data characters (canonical alphabet), or 0
 * when one of them is not of the alphabet. */
char code_check(const char data[CODE_DATA]);

/* Are these four characters, folded, those of a code of any prefix?  Behind a
 * `dash` a digit among letters is enough, else the check character decides. */
bool code_is_likely(const char *four, bool dash);

/* One place in a text where a code is written. */
struct code_hit {
	size_t at, n; /* the bytes of the spelling */
	char code[CODE_TEXT_MAX]; /* canonical: "BL-7M4H" */
	bool valid; /* its check character is right */
};

/* The next code in `text` (UTF-8) from byte `from` on, a character boundary;
 * false when there is none.  `prefix` is "BL".  Reading: NFKC, upper case, L
 * with stroke to L, spaces, dots, dashes and NBSP dropped, Cyrillic letters
 * that look Latin as Latin, then O to 0, I and L to 1.
 *
 * Only what is written as a code is one: with a separator behind the prefix,
 * or a digit among the four.  "blisko" is a word although it would check; all
 * in capitals ("BLIOKE") and at the very start or end of a text that is not
 * all in capitals it is a code.  A wrong check character, or one character
 * too few or too many behind a dash, is a code with a slip (`valid` false) when
 * a dash or a digit shows that a code was meant. */
bool code_next(
    struct code_hit *hit, struct span text, size_t from, const char *prefix);

/* Appends the codes of `text` to parsed->codes as code_next() finds them, each
 * spelling of one code once per place, at most CODES_MAX in all. */
void code_find(struct parsed *parsed, struct span text, const char *prefix,
    enum code_where where, bool inherited);

/* Reads one whole string as a code.  ST_OK and the canonical spelling in
 * `out`; ST_REJECT when it is none or its check character is wrong. */
enum status code_read(char out[CODE_TEXT_MAX], struct span text,
    const char *prefix, struct err *err);

/* How far apart two canonical codes are: 0 the same, 1 one character wrong,
 * missing or too many or two neighbours swapped, 2 ..., counted behind the
 * prefix; CODE_TEXT_MAX when the prefixes differ. */
int code_distance(struct span a, struct span b);

#endif

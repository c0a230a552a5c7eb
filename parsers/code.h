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

enum { CODE_DATA = 3, CODE_TEXT_MAX = 24 };

/* The check character for three data characters (canonical alphabet), or 0
 * when one of them is not of the alphabet. */
char code_check(const char data[CODE_DATA]);

/* Finds what looks like a code in `text` (UTF-8) and appends it to
 * parsed->codes, each spelling of one code once per place.  `prefix` is
 * "BL".  Reading: NFKC, upper case, L with stroke to L, spaces, dots, dashes and
 * NBSP dropped, then O to 0, I and L to 1.  Valid: check character right.
 * Invalid ones are kept only when the writing shows that a code was meant (a
 * separator after the prefix, or a digit), so that "blisko" is none; but
 * a word such as "blisko" that happens to check is kept as valid, since only
 * the store knows which codes exist. */
void code_find(struct parsed *parsed, struct span text, const char *prefix,
    enum code_where where, bool inherited);

/* Reads one whole string as a code.  ST_OK and the canonical spelling in
 * `out`; ST_REJECT when it is none or its check character is wrong. */
enum status code_read(char out[CODE_TEXT_MAX], struct span text,
    const char *prefix, struct err *err);

/* How far apart two canonical codes are: 0 the same, 1 one character wrong or
 * two neighbours swapped, 2 ..., counted behind the prefix. */
int code_distance(struct span a, struct span b);

#endif

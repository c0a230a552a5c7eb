/* language - in which language a person writes
 *
 * Place: remark.c asks, so that the reply comes in the same.  Pure.
 */
#ifndef LANGUAGE_H
#define LANGUAGE_H

#include "parsers/buf.h"

/* "pl" or "en" when the small words of `text` (UTF-8) say so clearly, else "".
 * Static: valid for ever.  Reads no more than its beginning. */
struct span language_of(struct span text);

#endif

/* wording - dates and numbers as people write them, by language
 *
 * Place: reply_data fills templates with them.  A language is one row of the
 * table in wording.c.
 */
#ifndef WORDING_H
#define WORDING_H

#include <stdint.h>

#include "parsers/buf.h"

/* Is there a row for that language ("pl", "en")? */
bool wording_knows(const char *language);

/* "17 listopada 2026 r., godz. 19:42" in `zone`; nothing for ms 0.  An unknown
 * language is written as the first row. */
void wording_moment(
    struct buf *out, const char *language, const char *zone, int64_t ms);

/* "17 listopada 2026 r." */
void wording_date(
    struct buf *out, const char *language, const char *zone, int64_t ms);

/* "17.11.2026", for texts. */
void wording_short_date(struct buf *out, const char *zone, int64_t ms);

#endif

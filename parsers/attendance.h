/* attendance - a person's own words that they come to a meeting, or do not
 *
 * Place: parse.c for mails and sms_text for texts, when the words are no order.
 * Which words say so is data (keywords.tsv).  Pure.
 */
#ifndef ATTENDANCE_H
#define ATTENDANCE_H

#include "parsers/keyword.h"

/* When `words` open with a sentence of attendance: makes `out` an RSVP with
 * calendar.partstat as a calendar would say it (without a method, since these
 * are words), sets also_remark when they hold a wish as well, and why.  False,
 * and nothing changed, when they do not. */
bool attendance_read(
    struct parsed *out, const struct keywords *k, struct span words);

/* Sets also_remark, with a warning, when `words` hold a wish or a remark beside
 * the attendance. */
void attendance_note_wish(
    struct parsed *out, const struct keywords *k, struct span words);

#endif

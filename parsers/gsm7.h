/* gsm7 - what a text message costs, and how to write it in plain letters
 *
 * Place: the outbox before a text goes out; `uwaga sms-size`.  Pure.
 * Standard: 3GPP TS 23.038 (GSM 7 bit default alphabet and extension table).
 */
#ifndef GSM7_H
#define GSM7_H

#include "parsers/buf.h"

struct sms_size {
	bool is_ucs2;
	size_t
	    units; /* septets (an extension character is two) or UTF-16 units */
	size_t
	    segments; /* 160/153 septets or 70/67 units; 1 for the empty text */
};

/* Counts as phones do; a pair (extension, surrogates) and what is shown as one
 * character (a letter with its marks, an emoji of several parts) is never split
 * between segments, unless it is longer than 64 units. */
struct sms_size sms_size(struct span utf8);

/* Appends `utf8` in letters of the GSM alphabet: Polish letters without marks,
 * typographic quotes and dashes in ASCII, zero-width characters dropped, what
 * has no equivalent as "?". */
void gsm7_fold(struct buf *out, struct span utf8);

/* Appends as much of `utf8` as fits in `max_segments`, cut between characters
 * as they are shown. */
void sms_cut(struct buf *out, struct span utf8, size_t max_segments);

#endif

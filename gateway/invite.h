/* invite - a meeting as calendars understand it
 *
 * Place: notices carry it beside their words.  libical writes it: escaping,
 * folding and the rules of the time zone are its business.
 * Standards: RFC 5545, 5546 (iTIP), 6047 (iMIP).
 */
#ifndef INVITE_H
#define INVITE_H

#include <stdint.h>

#include "parsers/buf.h"

struct invite {
	bool is_cancelled; /* CANCEL, else REQUEST */
	const char *uid; /* the meeting's, for ever */
	int64_t sequence; /* +1 a change */
	int64_t stamp_ms, starts_ms, ends_ms; /* UTC; ends_ms 0: open */
	const char *timezone; /* "Europe/Warsaw" */
	const char *summary, *location, *description; /* UTF-8; "" left out */
	const char *organizer_name;
	const char *organizer; /* the mail address that takes the answers */
	const char *attendee; /* who is invited */
};

/* Appends one VCALENDAR (UTF-8, CRLF, lines of at most 75 bytes).  ST_REJECT:
 * an address is none, a text holds a control character other than a line break
 * or is no UTF-8, or there is no such zone; nothing is appended then. */
enum status
invite_make(struct buf *out, const struct invite *in, struct err *err);

/* Its METHOD: "REQUEST" or "CANCEL". */
const char *invite_method(const struct invite *in);

#endif

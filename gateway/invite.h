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
};

/* Appends one VCALENDAR (UTF-8, CRLF, lines of at most 75 bytes) without its
 * people, which invite_personal() adds for each recipient.  ST_REJECT:
 * a text holds a control character other than a line break
 * or is no UTF-8, or there is no such zone; nothing is appended then. */
enum status
invite_make(struct buf *out, const struct invite *in, struct err *err);

/* Appends `calendar`, as made above, with ORGANIZER (`reply_to`, the address that
 * takes the answer) and ATTENDEE (`attendee`).  Control characters and quotes
 * of the name are left out; addresses must be valid ones. */
void invite_personal(struct buf *out, struct span calendar, const char *name,
    const char *reply_to, const char *attendee);

/* Its METHOD: "REQUEST" or "CANCEL". */
const char *invite_method(const struct invite *in);

#endif

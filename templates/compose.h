/* compose - a mail from its parts, safe against injection
 *
 * Place: reply builds outgoing mail with it.  Pure.
 * Standards: RFC 5322, 2045-2047, 3834; lines at most 998 bytes, CRLF.
 */
#ifndef COMPOSE_H
#define COMPOSE_H

#include <stdint.h>

#include "parsers/buf.h"

/* The subject that List-Unsubscribe asks for: ASCII, so that no mail program
 * can spoil it. */
#define COMPOSE_UNSUBSCRIBE "REZYGNUJE"

struct compose {
	const char *from_name, *from, *to, *reply_to;
	const char *subject; /* UTF-8; refused with CR, LF or NUL */
	const char *message_id, *in_reply_to; /* without < > */
	const char *references; /* ids without < >, spaces between */
	const char *auto_submitted; /* "auto-replied"; "" leaves it out */
	const char *language; /* "pl"; "" or NULL leaves it out */
	int64_t date_ms;
	int date_offset_min;
	const char *text, *html; /* UTF-8; html may be "" */

	/* Of notices to many; NULL and the empty span leave them out. */
	const char *list_name, *list_id; /* RFC 2919: name and "list.domain" */
	const char
	    *unsubscribe; /* RFC 2369: an address that ends the notices */
	struct span calendar; /* a VCALENDAR, lines ended by CRLF */
	const char *method; /* the calendar's: "REQUEST" */
};

/* Appends the mail: quoted-printable UTF-8, multipart/alternative when there is
 * HTML, a boundary that is the same for the same message_id; the calendar is
 * one more alternative, and attached as invite.ics for who reads mail without a
 * calendar.  Of a long thread
 * `references` keeps the first id and the last 20; ids too long for a line are
 * left out.  ST_REJECT when a header value holds CR, LF or another control
 * character or is no UTF-8, or an address or id is not one; nothing is then
 * appended. */
enum status
compose_mail(struct buf *out, const struct compose *mail, struct err *err);

#endif

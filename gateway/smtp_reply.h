/* smtp_reply - what an SMTP server answers
 *
 * Place: smtp_link.c feeds it the bytes as they come.  Pure: no clock, no log,
 * no network.  A server may be hostile: everything here has a limit.
 */
#ifndef SMTP_REPLY_H
#define SMTP_REPLY_H

#include "parsers/buf.h"

struct smtp_reply {
	int code; /* 200 to 599 */
	char enhanced[12]; /* "4.7.1" (RFC 3463); "" none */
	char text[200]; /* its words without the codes: one printable line */
};

enum { SMTP_LINE_KEPT = 400 };

/* What came of a reply that is not complete yet; starts zeroed. */
struct smtp_reader {
	char line[SMTP_LINE_KEPT]; /* of the line, what is kept of it */
	size_t n;
	size_t total; /* of the reply, bytes taken */
	int lines;
	struct smtp_reply reply;
};

/* Takes bytes from `*rest` up to the end of one reply.  `*done`: `out` is the
 * reply and the reader empty again.  ST_REJECT: this is no SMTP, or it has no
 * end; the connection is then out of step and can only be closed. */
enum status smtp_reply_feed(struct smtp_reader *r, struct span *rest,
    struct smtp_reply *out, bool *done, struct err *err);

/* The sentence for staff: "550 5.1.1 no such user". */
void smtp_reply_words(char *out, size_t size, const struct smtp_reply *reply);

/* The same for the log: without words that hold an address. */
void
smtp_reply_log_words(char *out, size_t size, const struct smtp_reply *reply);

/* Does a 4xx speak of the place the mail goes to (a domain that cannot be
 * reached, a server that wants fewer mails), rather than of this recipient
 * (grey-listed, mailbox full)?  Then the next mail there would fare no better. */
bool smtp_reply_is_about_place(const struct smtp_reply *reply);

/* Does a 5xx speak of us, who give in the mail (no login, no right to relay or
 * to this sender, our quota), rather than of the recipient?  Then every mail
 * would be refused, and none of them for good. */
bool smtp_reply_is_about_us(const struct smtp_reply *reply);

#endif

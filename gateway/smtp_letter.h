/* smtp_letter - a letter in the words of SMTP
 *
 * Place: smtp.c sends what is written here.  Pure: no clock, no network.
 * Standards: RFC 5321; 1870 (SIZE), 2920, 3461 (DSN), 6152 (8BITMIME), 6531
 * (SMTPUTF8).
 */
#ifndef SMTP_LETTER_H
#define SMTP_LETTER_H

#include <stdint.h>

#include "gateway/sink.h"

/* What a server says it can do in its answer to EHLO. */
struct smtp_offer {
	bool pipelining, dsn, utf8, eightbit, size;
	uint64_t size_max; /* 0: no limit told */
};

/* Reads the last answer to EHLO in what the server said until the login. */
void smtp_offer_read(struct smtp_offer *out, struct span said);

/* NULL when the server can take the letter as it is; else why not, in `why`:
 * an address that is none, or that needs SMTPUTF8; a mail that is too large, or
 * holds what no line of mail may. */
const char *smtp_letter_problem(
    char why[200], const struct letter *letter, const struct smtp_offer *offer);

/* Append "MAIL FROM..." and "RCPT TO..." with what the server offers.  The
 * letter has no problem: then nothing in it can end a line or begin another. */
void smtp_letter_mail(struct buf *out, const struct letter *letter,
    const struct smtp_offer *offer);
/* See smtp_letter_mail. */
void smtp_letter_rcpt(struct buf *out, const struct letter *letter,
    const struct smtp_offer *offer);

/* Appends the mail as it goes over the wire: lines end with CRLF whatever they
 * ended with, a dot that leads a line is doubled, a line with one dot ends it. */
void smtp_letter_body(struct buf *out, struct span mail);

#endif

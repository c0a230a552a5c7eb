/* machine - is this mail from a machine, and which kind?
 *
 * Place: parse.c, after mime_parse and before the author's words are looked
 * for.  What it recognises is never answered.  Pure.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include "parsers/mime.h"

/* True, with kind, why and (for bounces) parsed->bounce or (for iTIP)
 * parsed->calendar filled, when the mail is a bounce, delay notice, complaint
 * (ARF), iTIP answer, read receipt (MDN), automatic reply or list mail; the
 * deciding header or rule is in `why`.  False: a person wrote it. */
bool machine_classify(struct parsed *parsed, const struct mime *mime);

/* The same by the author's words, once they have been read: an absence notice
 * or an acknowledgement by a program that says so in no header.  Asks for two
 * phrases of theirs in a short text without a question, and none of a person's. */
bool machine_speaks(struct parsed *parsed);

/* The bounce or delay notice in any form: fills parsed->bounce, true if so. */
bool bounce_read(struct parsed *parsed, const struct mime *mime);

/* The Message-ID of the mail that a complaint is about, as far as it says:
 * fills parsed->bounce.original_id. */
void bounce_original(struct parsed *parsed, const struct mime *mime);

/* The first text/calendar part with a METHOD: fills parsed->calendar. */
bool calendar_read(struct parsed *parsed, const struct mime *mime);

/* parsed->dmarc and ->is_spam from Authentication-Results fields of
 * `authserv_id` (RFC 8601) and from the spam flag our server sets.  A name, or
 * "*.mx.example" for any server below it: the first such field, which a later
 * one can only turn into a failure.  "microsoft365": the field without a name
 * that Microsoft's servers put on top.  "" trusts none. */
void auth_read(
    struct parsed *parsed, const struct mime *mime, const char *authserv_id);

#endif

/* parse - one message in, one parsed message out: the order of kinds
 *
 * Place: the jailed worker calls parse_mail() for each mail; intake calls
 * parse_sms() in process; `uwaga parse` shows both.  Pure.
 */
#ifndef PARSE_H
#define PARSE_H

#include "parsers/keyword.h"
#include "parsers/message.h"

/* Fills `out` (start with { 0 }; parsed_free() it).  Never fails: what cannot
 * be read has kind KIND_UNREADABLE and the reason in `why`.  Order: bounce,
 * delayed, complaint, iTIP answer, read receipt, automatic reply, list or
 * bulk, then the author's words: command, sentence of attendance, empty,
 * remark. */
void parse_mail(
    struct parsed *out, struct span mail, const struct parse_settings *set);

/* The same for a text message. */
void parse_sms(struct parsed *out, const struct sms *sms,
    const struct parse_settings *set);

#endif

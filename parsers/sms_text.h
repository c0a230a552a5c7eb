/* sms_text - what a resident's text message says
 *
 * Place: parse_sms() hands over the text as its provider gave it; intake
 * decides by what comes back.  Pure and linear in the text.
 */
#ifndef SMS_TEXT_H
#define SMS_TEXT_H

#include "parsers/message.h"

/* Fills `out` (start with { 0 }; parsed_free() it): kind (command, rsvp, empty
 * or remark), why, from, codes, new_text (the whole text), remark (the text
 * without its codes and the separators beside them, every other word as it
 * is), pieces, command, argument, language.  Warns of parts that never came and
 * of a sender who cannot be texted.  Orders that only staff give are words
 * here. */
void sms_text_parse(struct parsed *out, const struct sms *sms,
    const struct parse_settings *set);

#endif

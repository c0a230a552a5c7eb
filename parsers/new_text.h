/* new_text - what the sender wrote, without quotes and signature
 *
 * Place: parse.c hands over the body text (markers of html.h included) and
 * keeps what comes back.  Pure and linear in the input.
 */
#ifndef NEW_TEXT_H
#define NEW_TEXT_H

#include "parsers/message.h"
#include "parsers/remark.h" /* the next step; callers have both */

/* Fills parsed->new_text (greeting, closing formula and typed name stay) from
 * `text` (UTF-8, LF) and adds a warning wherever it was in doubt and kept
 * text.  parsed->from and ->subject are read when they help (the typed name). */
void new_text_extract(struct parsed *parsed, struct span text);

#endif

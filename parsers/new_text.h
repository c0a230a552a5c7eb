/* new_text - what the sender wrote, without quotes and signature
 *
 * Place: parse.c hands over the body text (markers of html.h included) and
 * keeps what comes back.  Pure and linear in the input.
 */
#ifndef NEW_TEXT_H
#define NEW_TEXT_H

#include "parsers/message.h"

/* Fills parsed->new_text (greeting, closing formula and typed name stay) from
 * `text` (UTF-8, LF) and adds a warning wherever it was in doubt and kept
 * text.  parsed->from and ->subject are read when they help (the typed name). */
void new_text_extract(struct parsed *parsed, struct span text);

/* Fills parsed->remark, ->provisions, ->pieces and ->language from
 * parsed->new_text and parsed->codes: greeting, closing formula, name and lines
 * that only name a code go.  Pieces are made only when each part clearly
 * starts with a valid code of its own and at least two codes do so. */
void remark_extract(struct parsed *parsed);

#endif

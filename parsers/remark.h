/* remark - what of the author's text is filed
 *
 * Place: parse.c calls it when new_text_extract() and code_find() have filled
 * parsed->new_text and ->codes.  Pure.
 */
#ifndef REMARK_H
#define REMARK_H

#include "parsers/message.h"

/* Fills parsed->remark, ->provisions, ->pieces and ->language from
 * parsed->new_text and parsed->codes: greeting, closing formula, name and lines
 * that only name a code go.  Pieces are made only when each part clearly
 * starts with a valid code of its own and at least two codes do so. */
void remark_extract(struct parsed *parsed);

#endif

/* code_label - words that stand beside a code and only name it: "Dotyczy:"
 *
 * Place: remark.c for mails, sms_text.c for texts.  Pure.
 */
#ifndef CODE_LABEL_H
#define CODE_LABEL_H

#include "parsers/buf.h"

/* Do the words, folded as text_fold() does, say more than which code is meant?
 * Numbers and signs say nothing. */
bool code_label_says_more(struct span folded);

#endif

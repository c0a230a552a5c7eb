/* order_verb - what a mail from staff asks for: the verb of an order, or a PIN
 *
 * Place: decide_staff.c of the gateway asks it first; order_text reads what
 * follows the verb.  Pure.
 */
#ifndef ORDER_VERB_H
#define ORDER_VERB_H

#include "parsers/keyword.h"
#include "parsers/order_text.h"

/* What a mail from staff asks for.  Only staff are read like this: in other mail
 * "ZMIEŃ rozkład" is a remark. */
struct order_verb {
	enum command command; /* send, cancel_job, announce, change, cancel;
				 CMD_NONE: it is no order */
	struct span rest; /* what follows the verb */
	char digits[12]; /* of a PIN or number; "" none */
	bool is_bare; /* digits alone, without a verb: command is send */
	bool has_words; /* cancel_job, with more words behind it */
};

/* Reads the words of a mail, or its subject; `rest` is borrowed from them.  The
 * verb stands first: on a line of its own, or in capitals. */
void order_verb_read(
    struct order_verb *out, const struct keywords *k, struct span text);

/* The same of a whole mail of staff: the verb also below an introduction, with a
 * label on the next line, or in the subject above words with labels.  `rest` is
 * borrowed, or lives in `a`. */
void order_verb_find(struct order_verb *out, const struct keywords *k,
    const struct order_words *words, struct arena *a, struct span body,
    struct span subject);

#endif

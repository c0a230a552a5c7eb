/* label_block - the head of an old message as mail programs copy it
 *
 * Place: new_text asks of each line whether a block of "Od: Wysłano: Do:
 * Temat:" begins there, or a rule with words such as "Original Message".  The
 * labels of many languages stand in one table.  Pure.
 */
#ifndef LABEL_BLOCK_H
#define LABEL_BLOCK_H

#include "parsers/lines.h"

struct label_block {
	size_t end; /* the line behind it */
	struct span from; /* what stands behind "Od:", as written */
	bool quoted; /* '>' lines follow */
	bool doubt; /* not accepted, but could be one */
};

/* Could line `i` begin a block?  Cheap; says yes too often. */
bool label_block_may_start(const struct lines *lines, size_t i);

/* Is line `i` the first of a block?  Lines may be bold ("*Od:*"), wrapped,
 * parted by empty lines, missing or glued into one.  `is_answer` as in
 * attribution.h: a letter typed with such lines on top is no old message. */
bool label_block_read(
    struct label_block *out, struct lines *lines, size_t i, bool is_answer);

/* Is line `i` a rule with the words of an original or forwarded message, or
 * "Begin forwarded message:"? */
bool label_block_rule(struct lines *lines, size_t i);

/* Is line `i` a rule, with or without words in it ("---- list ----")?  Right
 * above a block it belongs to the block. */
bool label_block_divider(const struct lines *lines, size_t i);

#endif

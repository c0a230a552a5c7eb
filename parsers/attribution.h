/* attribution - the line in which a mail program says who wrote what follows
 *
 * Place: new_text asks of each line that could end one ("... napisał(a):").
 * No language's whole sentence is known here: an attribution is told by what
 * every one of them holds, a date, an address, a verb of writing, and by what
 * follows it.  Pure.
 */
#ifndef ATTRIBUTION_H
#define ATTRIBUTION_H

#include "parsers/lines.h"

struct attribution {
	size_t from, to; /* its lines, both included */
	size_t kept; /* bytes of line `from` in front of it: the author's */
	bool quoted; /* '>' lines follow: below them the author may go on */
	bool doubt; /* not accepted, but could be one; or accepted on little */
};

/* Could line `i` end an attribution?  Cheap; says yes too often. */
bool attribution_may_end(const struct lines *lines, size_t i);

/* Is there an attribution that ends with line `end`, over at most five lines?
 * `is_answer`: the mail is known to answer or forward another.  True with
 * `out` filled, and out->doubt set when all below goes though no address
 * stands in it; false with out->doubt set when it looks like one but all below
 * would be lost on too little evidence. */
bool attribution_read(
    struct attribution *out, struct lines *lines, size_t end, bool is_answer);

#endif

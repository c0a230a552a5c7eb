/* near - which consultation somebody meant whose code has a slip
 *
 * Place: intake ranks the consultations there are before it asks back "did you
 * mean ...?".  Pure.
 */
#ifndef NEAR_H
#define NEAR_H

#include "parsers/buf.h"

/* One that could be meant.  Set code, title and is_open; near_rank() fills the
 * rest. */
struct near {
	struct span code; /* canonical: "BL-7M4H" */
	struct span title;
	bool is_open;
	int distance; /* of the code typed, as code_distance() counts */
	bool same_check; /* it ends with the check character that was typed */
	int words; /* of the title that the author uses too */
};

/* Ranks `list` by how likely each is meant by `slip`, the code as it would be
 * corrected, in a message of `words`: least distance first, then open ones,
 * then those whose title speaks of the same things, then those whose check
 * character was typed. */
void
near_rank(struct near *list, size_t n, struct span slip, struct span words);

/* The one to ask about in a ranked list: a slip of one character away and
 * better than the next, or of two when its title speaks of the same things;
 * NULL when none stands out. */
const struct near *near_best(const struct near *list, size_t n);

#endif

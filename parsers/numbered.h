/* numbered - answers to meetings by their numbers: "1 TAK, 2 NIE"
 *
 * Place: a notice of several meetings numbers them; gateway knows what the
 * numbers stand for.  Pure.
 */
#ifndef NUMBERED_H
#define NUMBERED_H

#include "parsers/keyword.h"

enum { NUMBERED_MAX = 32, NUMBERED_ALL = ORDINAL_ALL };

struct numbered {
	int number; /* from 1; or NUMBERED_ALL, then the only one */
	int answer; /* ATTENDS_YES, _NO or _MAYBE */
	bool in_words; /* "drugie", "2-gie": it counts no people */
};

/* "1 TAK, 2 NIE", "TAK 2", "Na pierwsze tak, na drugie nie", "Będę na obu": how
 * many numbers got an answer, each once.  0: the words are no such thing.  -1: nothing else than
 * that, but not clear ("TAK 1-3", "1 TAK, 1 NIE").  Behind "Będę na 2," more
 * words may follow: `*rest`, else empty. */
int numbered_read(struct numbered out[NUMBERED_MAX], struct span *rest,
    const struct keywords *k, struct span text);

#endif

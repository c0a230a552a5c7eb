/* dsn - delivery reports of RFC 3464 and the codes servers answer with
 *
 * Place: bounce.c, for the report part and for reports in plain words.  Pure
 * and linear in the input.
 */
#ifndef DSN_H
#define DSN_H

#include "parsers/buf.h"

enum dsn_action {
	DSN_NONE, /* not said */
	DSN_FAILED,
	DSN_DELAYED,
	DSN_DELIVERED, /* also relayed and expanded: it went on its way */
};

/* One recipient's group of fields; spans live in the arena. */
struct dsn {
	struct span recipient; /* the original one where named; may be empty */
	enum dsn_action action;
	struct span status; /* "5.1.1"; may be empty */
	struct span diagnostic; /* without "smtp;"; may be empty */
};

/* Appends the groups in `report` that name a recipient, an action or a status;
 * lines of anything else are passed over, so a whole text may be given. */
void
dsn_read(struct arena *a, struct span report, struct dsn **list, size_t *n);

/* The status that `words` state: "5.1.1" from "550 5.1.1 unknown", "5.0.0" from
 * "550 unknown"; the empty span when they state none.  A line with both codes
 * comes before a line with one. `*line` (may be NULL): where it stands. */
struct span dsn_status(struct arena *a, struct span words, struct span *line);

#endif

/* placeholder - every name that a template may use, and where its value is from
 *
 * Place: reply fills templates with it and `uwaga check` asks it what is still
 * missing; the table is templates/placeholders.tsv, built in.
 */
#ifndef PLACEHOLDER_H
#define PLACEHOLDER_H

#include "gateway/config.h"
#include "parsers/buf.h"

/* One line of the table; borrowed from it. */
struct placeholder {
	struct span name;
	struct span source; /* "office.KEY office.KEY", "computed" ... */
	struct span need; /* "must" or "may" */
	struct span worst; /* its longest value in a text */
	struct span meaning;
};

/* The table, and its next line: false at the end. */
struct span placeholder_table(void);
bool placeholder_next(struct span *rest, struct placeholder *out);

/* The one with that name; false when there is none. */
bool placeholder_find(struct placeholder *out, struct span name);

/* Does its value come from the office section?  Then the first of its keys that
 * is set gives it; "" when none is. */
bool placeholder_is_office(const struct placeholder *p);
const char *
placeholder_value(const struct placeholder *p, const struct config *config);

/* The office key that is best set for it; empty when there is none. */
struct span placeholder_key(const struct placeholder *p);

#endif

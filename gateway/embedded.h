/* embedded - the files built into the program
 *
 * Place: the store finds its migrations here, the replies their templates, init
 * its seed.  tools/embed.sh writes the table at build time.
 */
#ifndef EMBEDDED_H
#define EMBEDDED_H

#include "parsers/buf.h"

struct embedded {
	const char *name; /* path in the source tree: "schema/001_init.sql" */
	const char *start, *end;
};

/* Sorted by name, closed by a NULL name. */
extern const struct embedded embedded_files[];

/* The bytes of that file; { NULL, 0 } when there is none. */
struct span embedded_find(const char *name);

#endif

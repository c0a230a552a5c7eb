/* wrap - the long lines of a mail's text broken at spaces
 *
 * Place: reply wraps what a template became once values stand in it.  Pure.
 */
#ifndef WRAP_H
#define WRAP_H

#include "parsers/buf.h"

enum { WRAP_COLUMNS = 76 };

/* Appends `text` with lines of more than WRAP_COLUMNS characters broken at
 * spaces.  What goes on below stands where its text began: under the indent, or
 * in a line such as "Label:   text" or "  CODE  text" under the last column.
 * Quoted lines (">...") and words that are too long stay as they are. */
void wrap_lines(struct buf *out, struct span text);

#endif

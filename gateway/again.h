/* again - files that a source put away go back to where it reads
 *
 * Place: restore, through the sources that keep files.  What the restored
 * database knows is recognised by its name as before; the rest is new to it.
 */
#ifndef AGAIN_H
#define AGAIN_H

#include "parsers/status.h"

/* Moves what is in DIR/from to DIR/to, without the flags of a Maildir and
 * without overwriting; a folder that is not there holds nothing.  Where a name
 * is taken, another is found. */
enum status again_folder(
    const char *dir, const char *from, const char *to, struct err *err);

#endif

/* imap_place - how far a folder has been read, as the store notes it
 *
 * Place: under imap.c.  Pure: a text is read and written.  The text is written
 * in the transaction that stores a batch, and handed back at the next start.
 *
 * UIDs grow and are never given twice while the folder's UIDVALIDITY stays.  So
 * three numbers say it all:
 *
 *	[1, floor)     was there before we came: never read
 *	[floor, next)  is stored, by its key; what still lies there was not
 *	               moved away (a crash, a refusal) and only needs that
 *	[next, ...)    is not read yet
 *
 * The store is asked for the key of whatever lies in [floor, next), and what it
 * does not know is read like any other: the cursor saves work and can lose
 * nothing.  When the numbers lose their meaning, all is read again: of what has
 * a UID below `lost_to` then, nothing that came before `since_ms` was ever
 * read.  [again_from, again_to) is what may be stored under other keys: that,
 * or what was moved back for a restored database.
 */
#ifndef IMAP_PLACE_H
#define IMAP_PLACE_H

#include <stdint.h>

#include "parsers/buf.h"

struct imap_place {
	uint32_t validity; /* 0: there was no contact yet */
	uint32_t floor, next;
	uint32_t again_from, again_to;
	uint32_t lost_to;
	int64_t since_ms; /* the first contact; 0: all there is */
};

/* Adds the line of the folder `key` (printable ASCII, no space). */
void imap_place_write(
    struct buf *out, const char *key, const struct imap_place *place);

/* The line of that folder in `text`; false, and zero, when there is none that
 * can be read.  When only another account's folder of that name is there (the
 * mailbox has moved to another server), `elsewhere` is true. */
bool imap_place_read(
    struct imap_place *out, struct span text, const char *key, bool *elsewhere);

/* Is the mail one that lay there before the first contact?  One that came at a
 * time that nobody knows (0) is read rather than left. */
bool imap_place_is_old(
    const struct imap_place *place, uint32_t uid, int64_t received_ms);

/* Everything is read again under the new UIDVALIDITY; `uidnext` is the first
 * UID that nobody has yet. */
void
imap_place_lost(struct imap_place *place, uint32_t validity, uint32_t uidnext);

#endif

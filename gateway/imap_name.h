/* imap_name - names of folders, as people write them and as IMAP has them
 *
 * Place: under imap.c.  Pure: no connection.  On the wire a name is in modified
 * UTF-7 (RFC 3501 §5.1.3), in the configuration in UTF-8.
 */
#ifndef IMAP_NAME_H
#define IMAP_NAME_H

#include "parsers/buf.h"

enum { IMAP_NAME_MAX = 1000 };

/* "Za duże" becomes "Za du&AXw-e".  ST_REJECT: no clean UTF-8, or control
 * characters in it. */
enum status imap_name_encode(struct buf *out, struct span name);

/* The other way round; what is no modified UTF-7 stays as it is. */
void imap_name_decode(struct buf *out, struct span wire);

/* The folder that a URL (imaps://HOST[:PORT]/FOLDER) names, with %XX undone;
 * "INBOX" when it names none.  ST_REJECT: not such a URL. */
enum status imap_name_of_url(struct buf *out, const char *url);

/* Whose mailbox on which server, "konsultacje@imap.x", for keys: printable
 * ASCII without ";" (anything else is written %XX). */
void imap_name_account(struct buf *out, const char *user, const char *url);

/* Adds a text to a key in the same way. */
void imap_name_key(struct buf *out, struct span text);

#endif

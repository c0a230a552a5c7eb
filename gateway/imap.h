/* imap - a folder on an IMAP server as a mailbox to read
 *
 * Place: mail_line.c opens it for imaps:// and imap://.  Behind the contract of
 * source.h: imap.c keeps the connection and the rounds, imap_take.c fills a
 * batch, imap_again.c reads again what a restored database may not know.
 *
 * What is stored is moved to the folder `processed`, what is too large or
 * cannot be read to `oversize`.  Folders of `junk` are read too; their mail is
 * held for staff and left where it is: taking it out would teach the server's
 * filter that it is no spam.
 */
#ifndef IMAP_H
#define IMAP_H

#include "gateway/source.h"

/* `conf` is borrowed and must outlive the source.  Connects to nothing yet.
 * ST_REJECT: the URL or a folder's name is none. */
enum status imap_source_open(
    struct source **out, const struct config_mailbox *conf, struct err *err);

#endif

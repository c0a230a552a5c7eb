/* maildir - a folder of mails, one file each: a mailbox to read, a way out
 *
 * Place: mail_line.c opens it for `maildir:PATH`.  Reads new/ itself:
 * libraries that watch the folder's time miss mail of the same second.
 *
 * In (maildir_in.c): a mail is acknowledged by moving it from new/ to cur/
 * (":2,S"); what is no readable mail (a folder, a link, too large) goes to
 * PATH/aside/; reread() brings both back (maildir_again.c).  Out (maildir_out.c): tmp/, sync, new/, sync; the file's name is
 * the letter's reference.
 */
#ifndef MAILDIR_H
#define MAILDIR_H

#include "gateway/sink.h"
#include "gateway/source.h"

/* What maildir_in.c and maildir_out.c share.  Opens PATH/SUB; -1 with errno. */
int maildir_folder(const char *path, const char *sub);

/* Is PATH a Maildir that we may read and change?  ST_REJECT says what is
 * missing and what to do. */
enum status maildir_check(const char *path, struct err *err);

/* Renames without ever overwriting, a fault step before and after; -1 with
 * errno, EEXIST when `to` is there. */
int maildir_move(int from_fd, const char *from, int to_fd, const char *to);

/* The length of a mail's base name: what stands before ":2,". */
size_t maildir_base(const char *name);

/* Notes, once, which mails lie in cur/ before we move the first one there;
 * synced.  False with errno. */
bool maildir_note_before(int cur_fd);

/* reread() of a mailbox, as source.h has it: from cur/ (what has flags and is
 * not in that note) and aside/ to new/. */
enum status maildir_reread(
    const char *path, int64_t since_ms, struct reread *out, struct err *err);

/* Makes PATH and the folders new, cur and tmp in it where they are missing
 * (mode 0700); ST_BROKEN when that fails. */
enum status maildir_create(const char *path, struct err *err);

/* A mailbox on PATH, which must be a Maildir already: ST_REJECT names what is
 * missing and how to make it.  `conf` is borrowed during the call only. */
enum status maildir_source_open(struct source **out, const char *path,
    const struct config_mailbox *conf, struct err *err);

/* A way out into PATH, which must be a Maildir already, as above. */
enum status
maildir_sink_open(struct sink **out, const char *path, struct err *err);

#endif

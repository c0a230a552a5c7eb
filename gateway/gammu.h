/* gammu - gammu-smsd's folders as an SMS line: texts in, texts out
 *
 * Place: sms_line.c opens both for provider gammu with `spool:DIR`.  gammu-smsd
 * writes each received text into DIR/inbox (inboxformat = detail) and sends what
 * it finds in DIR/outbox, moving it to DIR/sent or DIR/error.
 *
 * In (gammu_in.c): a stored text's file is moved to DIR/processed, what is no
 * text to DIR/aside; reread() brings both back (gammu_again.c).  Out (gammu_out.c): hidden name, sync, rename, sync; the
 * file's name ends with the letter's reference, so that no letter gets two.
 */
#ifndef GAMMU_H
#define GAMMU_H

#include "gateway/sink.h"
#include "gateway/source.h"

/* What gammu_in.c and gammu_out.c share.  Opens DIR/SUB; -1 with errno. */
int gammu_folder(const char *dir, const char *sub);

/* May we read and change the files in DIR/SUB?  ST_REJECT says what is wrong
 * and how to make what is missing. */
enum status gammu_check(const char *dir, const char *sub, struct err *err);

/* Renames without ever overwriting; -1 with errno, EEXIST when `to` is there. */
int gammu_move(int from_fd, const char *from, int to_fd, const char *to);

/* reread() of a line, as source.h has it: from processed/ and aside/ to
 * inbox/. */
enum status gammu_reread(
    const char *dir, int64_t since_ms, struct reread *out, struct err *err);

/* Both refuse a DIR whose folder inbox (outbox) is missing: ST_REJECT says how
 * to make it.  `conf` is borrowed during the call only. */
enum status gammu_source_open(struct source **out, const char *dir,
    const struct config_sms *conf, struct err *err);
enum status gammu_sink_open(struct sink **out, const char *dir,
    const struct config_sms *conf, struct err *err);

#endif

/* smtp_link - one connection to the mail server that takes our mail
 *
 * Place: smtp.c holds the conversation, this sends lines and reads replies,
 * each with a deadline, over the verified stream.
 */
#ifndef SMTP_LINK_H
#define SMTP_LINK_H

#include "gateway/smtp_letter.h"
#include "gateway/smtp_reply.h"
#include "gateway/stream.h"

struct smtp_link;

/* Connects and logs in as configured; statuses as stream_open().  `conf` is
 * borrowed during the call, `stop` for the life of the link. */
enum status smtp_link_open(struct smtp_link **out,
    const struct config_smtp *conf, const atomic_bool *stop, struct err *err);

/* Says QUIT when nothing is under way and `polite`, and closes; NULL is fine. */
void smtp_link_close(struct smtp_link *l, bool polite);

/* What the server offered after EHLO; lives as long as the link. */
const struct smtp_offer *smtp_link_offer(const struct smtp_link *l);

/* The server's certificate, as stream.h has it. */
void smtp_link_certificate(
    const struct smtp_link *l, struct stream_certificate *out);

/* Has the server said something unasked, or hung up, while nothing was under
 * way?  Then the link is of no more use. */
bool smtp_link_is_stale(struct smtp_link *l);

/* Has the server said more than was asked?  Then no further answer can be told
 * from what came before it, and only closing is left. */
bool smtp_link_is_ahead(const struct smtp_link *l);

/* From now on being told to stop ends waits only after a few seconds: what is
 * about to be said must not be left without its answer.  False: as before. */
void smtp_link_insist(struct smtp_link *l, bool insist);

/* ST_RETRY: nobody knows how much of it went out; only closing is left. */
enum status
smtp_link_send(struct smtp_link *l, struct span bytes, struct err *err);

/* The next reply, within the configured time (twice that when insisting: a
 * server checks a whole mail then).  ST_RETRY: cut, silent, told to stop, or
 * what came is no SMTP; only closing is left. */
enum status
smtp_link_reply(struct smtp_link *l, struct smtp_reply *out, struct err *err);

#endif

/* login - opens the stream to a mailbox, or to the way out, as configured
 *
 * Place: imap.c and smtp.c call it instead of stream_open(): it reads the
 * password, or gets an access token (oauth.c), and hands the connection over
 * logged in.
 */
#ifndef LOGIN_H
#define LOGIN_H

#include "gateway/config.h"
#include "gateway/stream.h"

/* As stream_open(): same statuses, `*out` NULL unless ST_OK, stream_close() is
 * the caller's.  An access token that the server refuses is renewed once; a
 * second refusal is ST_REJECT and says to run `uwaga login`.  `conf` and
 * `stop` are borrowed, `stop` for the life of the stream. */
enum status
login_mailbox(struct stream **out, const struct config_mailbox *conf,
    const atomic_bool *stop, struct err *err);

/* `hello` is who we are in EHLO; "" for the name of this machine. */
enum status login_smtp(struct stream **out, const struct config_smtp *conf,
    const char *hello, const atomic_bool *stop, struct err *err);

#endif

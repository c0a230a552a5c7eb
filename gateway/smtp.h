/* smtp - a mail server as the way out
 *
 * Place: mail_line.c opens it for smtps: and smtp: URLs.
 */
#ifndef SMTP_H
#define SMTP_H

#include "gateway/sink.h"

/* Makes the sink; asks no server yet.  `conf` is borrowed for its life.
 * ST_BROKEN: no memory. */
enum status smtp_sink_open(
    struct sink **out, const struct config_smtp *conf, struct err *err);

#endif

/* sink - the contract of every way out
 *
 * Place: finds the way out for mail by the scheme of its URL.
 */
#include "gateway/sink.h"

#include "gateway/maildir.h"
#include "gateway/smtp.h"

enum status
sink_open_mail(
    struct sink **out, const struct config_smtp *conf, struct err *err)
{
	struct span url = span_of(conf->url);

	*out = NULL;
	if (span_starts(url, "maildir:"))
		return maildir_sink_open(
		    out, conf->url + sizeof("maildir:") - 1, err);
	if (span_starts(url, "smtps://") || span_starts(url, "smtp://"))
		return smtp_sink_open(out, conf, err);
	return err_set(err, ST_REJECT,
	    "smtp: nothing sends to the url \"%s\"; there are "
	    "smtps://HOST, smtp://HOST and maildir:PATH",
	    conf->url);
}

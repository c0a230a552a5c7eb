/* sink - the contract of every way out
 *
 * Place: finds the way out for mail by the scheme of its URL.
 */
#include "gateway/sink.h"

#include "gateway/maildir.h"

enum status
sink_open_mail(
    struct sink **out, const struct config_smtp *conf, struct err *err)
{
	struct span url = span_of(conf->url);

	*out = NULL;
	if (span_starts(url, "maildir:"))
		return maildir_sink_open(
		    out, conf->url + sizeof("maildir:") - 1, err);
	return err_set(err, ST_REJECT,
	    "smtp: nothing sends to the url \"%s\"; this release writes to "
	    "maildir:PATH",
	    conf->url);
}

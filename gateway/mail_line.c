/* mail_line - opens where mail comes from and where it leaves, by URL
 *
 * Place: behind source.h and sink.h, as sms_line.c is for texts.  A new kind of
 * mailbox or way out is one file and one line here.
 */
#include "gateway/imap.h"
#include "gateway/maildir.h"
#include "gateway/sink.h"
#include "gateway/smtp.h"
#include "gateway/source.h"

enum status
source_open_mailbox(
    struct source **out, const struct config_mailbox *conf, struct err *err)
{
	struct span url = span_of(conf->url);

	*out = NULL;
	if (span_starts(url, "maildir:"))
		return maildir_source_open(
		    out, conf->url + sizeof("maildir:") - 1, conf, err);
	if (span_starts(url, "imaps://") || span_starts(url, "imap://"))
		return imap_source_open(out, conf, err);
	return err_set(err, ST_REJECT,
	    "mailbox %s: no source reads the url \"%s\"; expected imaps://HOST/FOLDER, "
	    "imap://HOST/FOLDER or maildir:PATH",
	    conf->name, conf->url);
}

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

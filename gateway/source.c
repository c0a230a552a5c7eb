/* source - the contract of everything that messages come from
 *
 * Place: finds a mailbox's source by the scheme of its URL.
 */
#include "gateway/source.h"

#include <stdlib.h>

#include "gateway/imap.h"
#include "gateway/maildir.h"

void
batch_free(struct batch *batch)
{
	for (int i = 0; i < batch->n; i++) {
		raw_free(&batch->messages[i]);
		free(batch->handles[i]);
		batch->handles[i] = NULL;
	}
	batch->n = 0;
	batch->more = false;
	free(batch->cursor);
	batch->cursor = NULL;
}

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

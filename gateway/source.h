/* source - the contract of everything that messages come from
 *
 * Place: a mailbox (maildir, later IMAP) or an SMS line (gammu, later others)
 * stands behind these functions; daemon and run drive them, intake
 * stores what they fetch.
 *
 * The promise a source relies on: done() is called only after the transaction
 * that stored the batch is on disk.  The promise a source gives: until done()
 * it changes nothing where the message came from, and after a crash it hands
 * every message that was not done() over again, with the same key.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdatomic.h>

#include "gateway/config.h"
#include "parsers/message.h"

enum { BATCH_MAX = 200, BATCH_BYTES = 8 << 20 };

struct batch {
	struct raw messages[BATCH_MAX];
	void *handles
	    [BATCH_MAX]; /* the source's own, freed by done()/batch_free */
	bool missing[BATCH_MAX]; /* set by intake, of messages that were handed
				    over by key only: it has no such message */
	int n;
	bool more; /* the source has (or may have) more right now */
	char *cursor; /* owned: where the source goes on once this batch is on
			 disk, in the same transaction; NULL: as before */
	const char *source; /* borrowed: the name, when there is a cursor */
};

struct source {
	const struct source_ops *ops;
	const char *name; /* "mailbox konsultacje", "sms bramka"; borrowed */
	enum channel channel;
	int poll_every_s;
	const atomic_bool
	    *stop; /* borrowed; true: give up what waits; or NULL */
	int64_t certificate_expires_ms; /* of the server, once connected; 0:
					   none, or not known yet */
};

/* What reread() did. */
struct reread {
	int moved; /* files that fetch() finds again */
	int left; /* whose name is taken where they came from: left as they are */
	char cursor[2048]; /* where fetch() goes on from; "" nothing to note */
};

struct source_ops {
	/* Begins to connect, and returns at once: the first fetch() need not
	 * wait so long.  Only a hint: what goes wrong, that fetch() says.
	 * Before anything else, once `stop` is set; NULL: there is nothing to
	 * connect to. */
	void (*connect)(struct source *s);
	/* Once, before all that follows: where the last batch on disk left off,
	 * "" at the first contact.  NULL: the source keeps no cursor. */
	void (*resume)(struct source *s, const char *cursor);
	/* Fills `batch` with up to BATCH_MAX messages or BATCH_BYTES, oldest
	 * first.  A message that cannot be read is handed over too, with
	 * raw.problem set.  Also an empty batch may have a cursor, and is then
	 * stored and done() as well.  ST_RETRY: the source cannot be reached
	 * now. */
	enum status (*fetch)(
	    struct source *s, struct batch *batch, struct err *err);
	/* Like fetch(), what comes behind a batch that is being stored and not
	 * done() yet: so that one can be fetched while the other is stored.  An
	 * empty batch: not now, or there is nothing; whatever is wrong, the
	 * next fetch() says it.  They are stored and done() in turn; when the
	 * first is not stored, fetch() hands both over again.  NULL: the source
	 * cannot. */
	void (*fetch_ahead)(struct source *s, struct batch *batch);
	/* The batch is on disk: acknowledges each message where it came from
	 * (moves its file aside without overwriting). */
	enum status (*done)(
	    struct source *s, struct batch *batch, struct err *err);
	/* The database was restored from a copy: hands over again, by the
	 * fetches that follow, what done() acknowledged and what arrived at or
	 * after `since_ms` by the file's time, each with the key it had; intake
	 * recognises what the copy knows.  Touches nothing that was there
	 * before the first done() and overwrites nothing.  Stopped halfway and
	 * called again it goes on; ST_RETRY: not now, nothing is lost. */
	enum status (*reread)(struct source *s, int64_t since_ms,
	    struct reread *out, struct err *err);
	/* Waits until something may have come, at most `ms`; the first may only
	 * begin to watch. */
	void (*wait)(struct source *s, int ms);
	/* Tries the source, after resume(), and says what is wrong, for `uwaga
	 * check`; or adds to `found` what a person wants to know of it. */
	enum status (*check)(
	    struct source *s, struct buf *found, struct err *err);
	void (*close)(struct source *s); /* frees the source */
};

/* Frees the messages and what remains of the handles; `batch` is then empty. */
void batch_free(struct batch *batch);

/* Opens by URL scheme: maildir:PATH, imaps: and imap: (which connect later).  ST_REJECT names the schemes there are. */
enum status source_open_mailbox(
    struct source **out, const struct config_mailbox *conf, struct err *err);

/* Opens by provider: gammu with spool:DIR. */
enum status source_open_sms(
    struct source **out, const struct config_sms *conf, struct err *err);

#endif

/* sink - the contract of every way out
 *
 * Place: the outbox claims a row, commits, and hands it to a sink: SMTP later,
 * maildir: and spool: as files now.
 */
#ifndef SINK_H
#define SINK_H

#include <stdatomic.h>

#include "gateway/config.h"
#include "parsers/message.h"

/* What is to be sent; all borrowed. */
struct letter {
	int64_t id; /* outbox row */
	const char *to; /* address or number */
	const char *from; /* envelope sender or our number */
	const char
	    *reference; /* ours: unique, [A-Za-z0-9], stable on retries */
	bool again; /* tried before: that one may have got through */
	int64_t created_ms; /* owed since */
	struct span bytes; /* the whole mail (CRLF), or the text (UTF-8) */
};

enum sent {
	SENT_ACCEPTED, /* it is theirs now */
	SENT_RETRY, /* not now: try again later */
	SENT_REFUSED, /* final */
	SENT_UNKNOWN, /* nobody can say: do not send again unasked */
};

struct delivery {
	enum sent sent;
	char external_id[128]; /* theirs, when accepted */
	char reason[256]; /* one line for staff, when not accepted */
};

/* What became of a text that was accepted. */
enum arrival {
	ARRIVAL_NONE, /* nobody asks */
	ARRIVAL_OPEN, /* not known yet: ask again later */
	ARRIVAL_DELIVERED,
	ARRIVAL_FAILED, /* it will not arrive */
};

struct sink {
	const struct sink_ops *ops;
	const char *name; /* "smtp", "sms bramka"; borrowed */
	enum channel channel;
	const atomic_bool
	    *stop; /* borrowed; true: give up what waits; or NULL */
	int64_t certificate_expires_ms; /* of the server, once connected; 0:
					   none, or not known yet */
};

struct sink_ops {
	/* Sends one letter and says what came of it; synced before it answers
	 * SENT_ACCEPTED where the sink is a folder.  Sending the same reference
	 * again overwrites nothing and makes no second file. */
	void (*send)(
	    struct sink *s, const struct letter *letter, struct delivery *out);
	/* What became of a letter that it accepted as `external_id`; `why` (one
	 * line for staff) with ARRIVAL_FAILED.  NULL: it cannot say. */
	enum status (*arrival)(struct sink *s, const struct letter *letter,
	    const char *external_id, enum arrival *out, char why[256],
	    struct err *err);
	enum status (*check)(struct sink *s, struct err *err);
	void (*close)(struct sink *s);
};

/* Opens by URL scheme: maildir:PATH. */
enum status sink_open_mail(
    struct sink **out, const struct config_smtp *conf, struct err *err);

/* Opens by provider: gammu with spool:DIR. */
enum status sink_open_sms(
    struct sink **out, const struct config_sms *conf, struct err *err);

#endif

/* sink - the contract of every way out
 *
 * Place: the outbox claims a row, commits, and hands it to a sink: SMTP, or
 * maildir: and spool: as files.
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
	int64_t tried_ms; /* last given back by a sender; 0 never */
	struct span bytes; /* the whole mail (CRLF), or the text (UTF-8) */
};

enum sent {
	SENT_ACCEPTED, /* it is theirs now */
	SENT_RETRY, /* not now: try again later */
	SENT_REFUSED, /* final */
	SENT_UNKNOWN, /* nobody can say: do not send again unasked */
	SENT_UNTOUCHED, /* not begun, or its turn ended before it could count:
			   as if it had never been handed over */
};

struct delivery {
	enum sent sent;
	bool is_about_place; /* retry: other letters to that domain would fare
				no better now */
	bool can_ask; /* accepted: its arrival can be asked for later */
	char external_id[128]; /* theirs, when accepted */
	char reason[256]; /* one line for staff, when not accepted */
};

/* What became of a text that was accepted. */
enum arrival {
	ARRIVAL_NONE, /* nobody asks */
	ARRIVAL_OPEN, /* not known yet: ask again later */
	ARRIVAL_DELIVERED,
	ARRIVAL_PASSED, /* it is on the air; nobody hears more of it */
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

/* The letters for a sink that has several under way at once. */
struct letters {
	/* The next one to begin, made only now; NULL: there is none.  It lives
	 * until done() was called for it; at most two are out at a time. */
	const struct letter *(*next)(struct letters *l);
	/* What came of it: once for each that next() gave. */
	void (*done)(struct letters *l, const struct letter *letter,
	    const struct delivery *result);
};

enum { SINK_NOTE = 400 };

struct sink_ops {
	/* Sending the same reference again makes no second message: what was in
	 * hand at a crash can simply be sent again. */
	bool knows_reference;
	/* Makes ready to send, as far as that can fail for all letters alike:
	 * connects, logs in.  Statuses as stream_open().  NULL: always ready. */
	enum status (*ready)(struct sink *s, struct err *err);
	/* Sends one letter and says what came of it; synced before it answers
	 * SENT_ACCEPTED where the sink is a folder.  NULL: see send_many. */
	void (*send)(
	    struct sink *s, const struct letter *letter, struct delivery *out);
	/* What became of a letter that it accepted as `external_id`; `why` (one
	 * line for staff) with ARRIVAL_FAILED.  NULL: it cannot say. */
	enum status (*arrival)(struct sink *s, const struct letter *letter,
	    const char *external_id, enum arrival *out, char why[256],
	    struct err *err);
	/* Sends letters until there are no more; NULL: see send.  Other than
	 * ST_OK: the way itself is in trouble (the sentence says how), and the
	 * rest was not asked for or given back untouched. */
	enum status (*send_many)(
	    struct sink *s, struct letters *letters, struct err *err);
	/* Nothing is to be sent for now: lets go of what costs the other side,
	 * once it has been idle for a while.  NULL: nothing does. */
	void (*rest)(struct sink *s);
	/* Tries the way without sending anything. */
	enum status (*check)(struct sink *s, struct err *err);
	/* After a good check: what it found, for people.  NULL: no more to say. */
	void (*describe)(struct sink *s, char note[SINK_NOTE]);
	void (*close)(struct sink *s);
};

/* Opens by URL scheme: maildir:PATH, smtps://HOST, smtp://HOST.  A server is
 * asked only when the sink is made ready. */
enum status sink_open_mail(
    struct sink **out, const struct config_smtp *conf, struct err *err);

/* Opens by provider: gammu with spool:DIR. */
enum status sink_open_sms(
    struct sink **out, const struct config_sms *conf, struct err *err);

#endif

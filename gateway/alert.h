/* alert - who is told when something breaks: once, and once when it is well
 *
 * Place: health.c says how each part is; this remembers what the administrator
 * was told and owes the next mail or text, as rows of the outbox.  What is
 * remembered stands in the database, so that a restart neither repeats nor
 * forgets.  Alerts are about machines, never about residents.
 */
#ifndef ALERT_H
#define ALERT_H

#include "gateway/config.h"
#include "gateway/keys.h"
#include "gateway/store.h"

enum alert_kind {
	ALERT_SOURCE, /* nothing can be fetched from it */
	ALERT_WAY, /* a way out refuses us */
	ALERT_CERTIFICATE, /* expires soon */
	ALERT_DISK, /* low: nothing is fetched */
	ALERT_OWED, /* mails or texts do not leave */
	ALERT_STUCK, /* a thread of ours does not move */
	ALERT_KINDS
};

enum { ALERT_WELL, ALERT_WRONG, ALERT_URGENT };

/* How one part is at this moment. */
struct reading {
	enum alert_kind kind;
	const char *name; /* "mailbox konsultacje", "smtp", "disk" */
	int level; /* ALERT_WELL ... */
	int64_t patience_ms; /* wrong for so long before anybody is told */
	const char *why; /* one sentence; "" none */
	int64_t since_ms; /* wrong since then; 0: since now */
};

/* What is remembered of one part; all 0: nothing. */
struct alert_state {
	int64_t since_ms; /* wrong since then; 0: it is well */
	int64_t told_ms; /* last told that it is wrong */
	int64_t well_ms; /* well again since then, not yet told; or 0 */
	int64_t first_ms; /* the first of `times` */
	int level; /* that was told; ALERT_WELL: nothing to take back */
	int times; /* told within a day that it broke */
};

enum alert_news { NEWS_NONE, NEWS_BROKEN, NEWS_LOUDER, NEWS_OVER };

/* Takes one reading in and says what is to be told: NEWS_BROKEN once, when it
 * has been wrong for its patience; NEWS_LOUDER when it has become worse, and
 * once a day while it is urgent; NEWS_OVER once, when it has stayed well for a
 * while, which doubles each time it breaks again within a day. */
enum alert_news
alert_step(struct alert_state *s, const struct reading *r, int64_t now);

/* Of what alert_take() needs; all borrowed. */
struct alerts {
	struct store *st;
	const struct config *config;
	const struct keys *keys;
	const char *closing; /* codes of what closes within a day; "" none */
};

/* Reads what is remembered of the part, takes the reading in, writes back what
 * changed and owes what is to be told, in the caller's transaction.  `*told`
 * counts the rows added. */
enum status alert_take(const struct alerts *a, const struct reading *r,
    int64_t now, int *told, struct err *err);

/* One part that somebody was told of and that is not well yet. */
struct alert {
	enum alert_kind kind;
	const char *kind_name, *name, *why;
	struct alert_state state;
};

/* The word for it in the database and in --json: "source", "certificate". */
const char *alert_kind_name(enum alert_kind kind);

/* Those that are open, ordered by kind and name; `all`: also what is remembered
 * of those that nobody was told of yet, or that are over. */
enum status alert_list(struct store *st, bool all, struct arena *a,
    struct alert **out, size_t *n, struct err *err);

#endif

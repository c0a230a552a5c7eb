/* notice - one sending to many: who gets it, what it says, and its rows
 *
 * Place: `meeting announce`, `change` and `cancel`, by telling.c, and reminders,
 * by reminder.c.  First a plan is made, which
 * changes nothing and can be shown; then it is written, in pieces so that
 * others get their turn, and becomes visible in one last commit.
 *
 * Its words are rendered once for each channel, language and set of meetings, and
 * for each version of a meeting that people know, and frozen.  What differs from recipient to recipient (the address that takes
 * the answer, who is invited) is put in by reply_compose() when a row leaves.
 */
#ifndef NOTICE_H
#define NOTICE_H

#include "gateway/keys.h"
#include "gateway/store_consultation.h"
#include "gateway/store_notice.h"
#include "gateway/store_outbox.h"

enum { NOTICE_MEETINGS_MAX = 32 };

/* What staff ask for; all borrowed. */
struct notice_order {
	const struct config *config;
	const struct keys *keys;
	enum notice_kind kind;
	const struct meeting *meetings; /* as they are told */
	size_t n; /* more than one for announcements only */
	const struct meeting *before; /* of a change: the meeting as it was */
	const char *reason; /* "" or NULL none */
	const char *message; /* words for the people; "" or NULL none */
	const char *host,
	    *access; /* who leads it, how it is accessible; same */
	const char *who;
	int64_t now, send_at_ms;
	int64_t
	    told_before_ms; /* of a reminder: who was told later needs none */
};

struct notice_target {
	int64_t contact_id;
	enum channel channel;
	const char *address, *language;
	uint32_t meetings; /* a bit for each that is for them */
	int64_t knows; /* what they were told before: see struct listener */
	size_t text; /* which of the plan's texts */
};

/* One wording, and for whom. */
struct notice_wording {
	enum channel channel;
	const char *language;
	uint32_t meetings;
	int64_t knows;
	int recipients;
	struct outbox words; /* subject, body, html, segments */
	const char *calendar, *method;
	int64_t text_id; /* once written */
};

/* Who gets it and who does not; lives in its arena. */
struct notice_plan {
	struct arena arena; /* owned */
	struct notice_target *targets;
	size_t n_targets;
	struct notice_wording *texts;
	size_t n_texts;
	int mails, sms;
	int64_t segments; /* of all texts together */
	/* left out, each counted once; late: could not hear of it in time */
	int stopped, bounced, resting, told, late;
	int by_meeting[NOTICE_MEETINGS_MAX][2]; /* mails and texts of each */
};

/* Makes the plan.  ST_REJECT: a template lacks something, or nothing can be
 * said of the order.  notice_plan_free() in every case. */
enum status notice_plan_make(struct notice_plan *out, struct store *st,
    const struct notice_order *order, struct err *err);
void notice_plan_free(struct notice_plan *plan);

/* Takes the rows of aborted notices off the queue, in pieces so that others
 * get their turn.  Killed halfway it goes on next time: they do not leave. */
enum status notice_sweep(struct store *st, struct err *err);

/* What runs while it is written, each with `arg`. */
struct notice_hooks {
	/* In the last transaction, which makes the notice visible: what it
	 * changes (the meeting) and who is told stand or fall together. */
	enum status (*settle)(void *arg, struct store *st, struct err *err);
	/* Now and then, with how many rows are there; NULL: nobody looks. */
	void (*progress)(void *arg, size_t done, size_t all);
	void *arg;
};

/* Writes it; `*id` is the notice's, and known to `settle` already.  Whoever
 * came to be told of the meeting since the plan was made is added in the last
 * transaction, and whoever said STOP since is taken off.  Killed halfway
 * nothing of it leaves, and store_notice_clean() and notice_sweep() clear it
 * away before the next plan is made. */
enum status notice_write(struct store *st, const struct notice_order *order,
    struct notice_plan *plan, int64_t *id, const struct notice_hooks *hooks,
    struct err *err);

#endif

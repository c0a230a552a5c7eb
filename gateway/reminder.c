/* reminder - people are reminded of the meetings that they were told of */
#include "gateway/reminder.h"

#include <stdio.h>
#include <string.h>

#include "gateway/store_chain.h"
#include "gateway/telling.h"

/* Later than that a reminder helps nobody. */
#define LEAST_MS (60 * 60 * (int64_t)1000)

static const char who[] = "uwaga";

struct due {
	struct notice_order order;
	int64_t before_ms;
	bool is_written;
};

/* In the transaction that makes the notice visible. */
static enum status
settle(void *arg, struct store *st, struct err *err)
{
	struct due *due = arg;
	const struct meeting *m = due->order.meetings;
	struct arena a = { 0 };
	struct meeting now;
	enum status rc = store_meeting_find(st, m->uid, &a, &now, err);

	if (rc == ST_OK && (now.id != m->id || now.starts_ms != m->starts_ms ||
			       now.sequence != m->sequence ||
			       strcmp(now.state, m->state) != 0))
		rc = err_set(
		    err, ST_RETRY, "meeting %s was changed meanwhile", m->key);
	arena_free(&a);
	if (rc == ST_OK)
		rc = store_meeting_reminded(
		    st, m, due->before_ms, due->order.now, err);
	if (rc == ST_OK && due->is_written)
		rc = store_audit(st,
		    &(struct audit){ .at_ms = due->order.now,
			.who = who,
			.what = "meeting remind",
			.subject = m->key },
		    err);
	return rc;
}

/* Too late to write anything: only that it is done with. */
static enum status
pass_over(struct due *due, struct store *st, struct err *err)
{
	enum status rc = store_begin(st, err);

	if (rc != ST_OK)
		return rc;
	rc = settle(due, st, err);
	return store_end(st, rc, err);
}

static enum status
remind(struct due *due, struct store *st, struct err *err)
{
	struct notice_plan plan = { 0 };
	int64_t id = 0;
	enum status rc;

	if (due->order.meetings->starts_ms - due->order.now < LEAST_MS)
		return pass_over(due, st, err);
	rc = notice_plan_make(&plan, st, &due->order, err);
	due->is_written = plan.n_targets > 0;
	if (rc == ST_OK)
		rc = notice_write(st, &due->order, &plan, &id,
		    &(struct notice_hooks){ .settle = settle, .arg = due },
		    err);
	notice_plan_free(&plan);
	return rc;
}

/* Every meeting for which that reminder is due. */
static enum status
remind_all(struct due *due, struct store *st, int *done, struct err *err)
{
	struct arena a = { 0 };
	struct meeting *list;
	int lock = -1;
	size_t n = 0;
	enum status rc = store_meeting_to_remind(
	    st, due->order.now, due->before_ms, &a, &list, &n, err);

	if (rc == ST_OK && n > 0)
		rc = telling_take_turn(due->order.config, st, &lock, err);
	for (size_t i = 0; rc == ST_OK && i < n; i++) {
		due->order.meetings = &list[i];
		due->order.told_before_ms = list[i].starts_ms - due->before_ms;
		rc = remind(due, st, err);
		*done += rc == ST_OK;
	}
	store_unlock(lock);
	arena_free(&a);
	/* Not now: a minute later. */
	return n > 0 && (rc == ST_REJECT || rc == ST_RETRY) && lock < 0 ? ST_OK
									: rc;
}

enum status
reminder_due(struct store *st, const struct config *config,
    const struct keys *keys, int64_t now, int *done, struct err *err)
{
	int64_t x = config->first_reminder_ms, y = config->last_reminder_ms;
	/* The nearer one first: what it says, the other need not say again. */
	const int64_t before[] = { x < y ? x : y, x < y ? y : x };
	enum status rc = ST_OK;

	*done = 0;
	for (size_t i = 0; rc == ST_OK && i < 2; i++) {
		struct due due = { .before_ms = before[i],
			.order = { .config = config,
			    .keys = keys,
			    .kind = NOTICE_REMINDER,
			    .n = 1,
			    .reason = "",
			    .who = who,
			    .now = now,
			    .send_at_ms = now } };

		if (before[i] > 0)
			rc = remind_all(&due, st, done, err);
	}
	return rc;
}

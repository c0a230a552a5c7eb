/* telling - meetings that many people are to be told of, and what that changes */
#include "gateway/telling.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/import.h"
#include "gateway/store_chain.h"

enum status
telling_add(
    struct telling *t, struct store *st, const char *word, struct err *err)
{
	struct meeting *m = &t->meetings[t->order.n];
	enum status rc;

	if (t->order.n == NOTICE_MEETINGS_MAX)
		return err_set(err, ST_REJECT, "at most %d meetings at once",
		    NOTICE_MEETINGS_MAX);
	rc = store_meeting_find(st, word, &t->arena, m, err);
	if (rc == ST_OK && m->id == 0)
		rc = err_set(err, ST_REJECT,
		    "there is no meeting \"%.60s\"; see uwaga meeting list",
		    word);
	for (size_t i = 0; rc == ST_OK && i < t->order.n; i++)
		if (t->meetings[i].id == m->id)
			return ST_OK; /* named twice is once */
	t->order.n += rc == ST_OK;
	return rc;
}

enum status
telling_check(struct telling *t, struct err *err)
{
	t->order.meetings = t->meetings;
	if (t->order.reason == NULL)
		t->order.reason = "";
	memcpy(t->seen, t->meetings, sizeof(t->seen));
	for (size_t i = 0; i < t->order.n; i++) {
		const struct meeting *m = &t->meetings[i];
		bool is_over = m->starts_ms <= t->order.now ||
			       strcmp(m->state, "held") == 0;

		/* Once more tells whom the first one did not reach. */
		if (strcmp(m->state, "cancelled") == 0 &&
		    t->order.kind != NOTICE_CANCELLATION)
			return err_set(
			    err, ST_REJECT, "meeting %s is cancelled", m->key);
		if (is_over && t->order.kind != NOTICE_CHANGE)
			return err_set(
			    err, ST_REJECT, "meeting %s is over", m->key);
	}
	return ST_OK;
}

/* The new times of the meeting. */
static enum status
move_times(
    struct telling *t, const struct telling_change *change, struct err *err)
{
	struct meeting *m = &t->meetings[0];
	int64_t length = m->ends_ms != 0 ? m->ends_ms - m->starts_ms : 0;
	enum status rc = ST_OK;

	if (change->starts != NULL) {
		rc = import_time(
		    &m->starts_ms, m->timezone, change->starts, err);
		m->ends_ms = length != 0 ? m->starts_ms + length : 0;
	}
	if (rc == ST_OK && change->ends != NULL)
		rc = import_time(&m->ends_ms, m->timezone, change->ends, err);
	m->starts_local = import_local(&t->arena, m->timezone, m->starts_ms);
	m->ends_local = m->ends_ms == 0
			    ? ""
			    : import_local(&t->arena, m->timezone, m->ends_ms);
	return rc;
}

enum status
telling_change(
    struct telling *t, const struct telling_change *change, struct err *err)
{
	struct meeting *m = &t->meetings[0];
	enum status rc = move_times(t, change, err);

	if (change->venue != NULL)
		m->venue = change->venue;
	if (change->address != NULL)
		m->address = change->address;
	if (strcmp(m->state, "planned") != 0) {
		m->state = "changed";
		m->sequence++;
	}
	t->order.before = &t->seen[0];
	return rc;
}

/* The meeting that begins first of those in the list still to come. */
static const struct meeting *
earlier(const struct meeting *found, const struct meeting *m, int64_t now)
{
	if (m->starts_ms <= now ||
	    (found != NULL && found->starts_ms <= m->starts_ms))
		return found;
	return m;
}

enum telling_flaw
telling_flaw(const struct telling *t, const struct meeting **which)
{
	const struct notice_order *order = &t->order;
	const struct meeting *m = &t->meetings[0], *first = NULL;

	*which = m;
	if (order->kind == NOTICE_CHANGE && m->starts_ms <= order->now)
		return TELLING_CHANGE_OVER;
	if (order->kind == NOTICE_CHANGE && m->ends_ms != 0 &&
	    m->ends_ms <= m->starts_ms)
		return TELLING_ENDS_EARLY;
	for (size_t i = 0; i < order->n; i++) {
		first = earlier(first, &t->meetings[i], order->now);
		first = earlier(first, &t->seen[i], order->now);
	}
	*which = first;
	if (order->send_at_ms < order->now)
		return TELLING_SEND_OVER;
	return first != NULL && order->send_at_ms >= first->starts_ms
		   ? TELLING_SEND_LATE
		   : TELLING_FITS;
}

void
telling_cancel(struct telling *t)
{
	if (strcmp(t->meetings[0].state, "cancelled") != 0)
		t->meetings[0].sequence++;
	t->meetings[0].state = "cancelled";
}

enum status
telling_take_turn(
    const struct config *config, struct store *st, int *lock, struct err *err)
{
	char path[4096];
	enum status rc;

	snprintf(path, sizeof(path), "%s.notice", config->database);
	rc = store_lock(lock, path, err);
	if (rc == ST_OK)
		rc = store_begin(st, err);
	if (rc != ST_OK)
		return rc;
	rc = store_notice_clean(st, err);
	rc = store_end(st, rc, err);
	return rc == ST_OK ? notice_sweep(st, err) : rc;
}

enum status
telling_check_mixed(const struct telling *t, struct store *st, struct err *err)
{
	int64_t id = 0;
	enum status rc = ST_OK;

	if (t->order.kind != NOTICE_ANNOUNCEMENT)
		rc = store_notice_mixed(st, t->meetings[0].id, &id, err);
	if (rc == ST_OK && id != 0)
		return err_set(err, ST_REJECT,
		    "notice %lld, of this and other meetings, has not left "
		    "everywhere: wait until it has, or uwaga notice abort %lld "
		    "first",
		    (long long)id, (long long)id);
	return rc;
}

/* Is the meeting still what staff were shown? */
static enum status
check_unchanged(struct telling *t, struct store *st, size_t i, struct err *err)
{
	const struct meeting *seen = &t->seen[i];
	struct meeting now;
	enum status rc =
	    store_meeting_find(st, seen->uid, &t->arena, &now, err);

	if (rc == ST_OK &&
	    (now.id != seen->id || now.sequence != seen->sequence ||
		now.starts_ms != seen->starts_ms ||
		strcmp(now.state, seen->state) != 0))
		return err_set(err, ST_RETRY,
		    "meeting %s was changed meanwhile: look again, nothing was "
		    "sent",
		    seen->key);
	return rc;
}

static char *
audit_text(const struct meeting *m)
{
	json_t *v = json_pack("{s:s s:s s:s}", "state", m->state, "starts",
	    m->starts_local, "venue", m->venue);
	char *text = v == NULL ? NULL : json_dumps(v, JSON_COMPACT);

	json_decref(v);
	return text;
}

static enum status
audit(const struct telling *t, struct store *st, const struct meeting *seen,
    const struct meeting *m, struct err *err)
{
	static const char *const what[] = { "meeting announce",
		"meeting change", "meeting cancel", "meeting remind" };
	char *before = audit_text(seen), *after = audit_text(m);
	enum status rc;

	if (before == NULL || after == NULL)
		rc = err_set(err, ST_BROKEN, "out of memory");
	else
		rc = store_audit(st,
		    &(struct audit){ .at_ms = t->order.now,
			.who = t->order.who,
			.what = what[t->order.kind],
			.subject = m->key,
			.before = before,
			.after = after },
		    err);
	free(before);
	free(after);
	return rc;
}

static enum status
put_meeting(struct telling *t, struct store *st, size_t i, struct err *err)
{
	const struct meeting *seen = &t->seen[i];
	struct meeting m = t->meetings[i];
	enum status rc = check_unchanged(t, st, i, err);

	if (t->order.kind == NOTICE_ANNOUNCEMENT) {
		if (rc != ST_OK || strcmp(m.state, "planned") != 0)
			return rc;
		m.state = "announced";
	}
	if (rc == ST_OK && m.sequence != seen->sequence)
		rc = store_meeting_keep(st, seen, err);
	if (rc == ST_OK)
		rc = store_meeting_put(st, &m, err);
	return rc == ST_OK ? audit(t, st, seen, &m, err) : rc;
}

enum status
telling_settle(struct telling *t, struct store *st, struct err *err)
{
	int64_t rows;
	enum status rc = ST_OK;

	for (size_t i = 0; i < t->order.n && rc == ST_OK; i++)
		rc = put_meeting(t, st, i, err);
	if (rc == ST_OK && t->order.kind != NOTICE_ANNOUNCEMENT)
		rc = store_notice_overtake(st, t->meetings[0].id, &rows, err);
	return rc;
}

void
telling_free(struct telling *t)
{
	arena_free(&t->arena);
	*t = (struct telling){ 0 };
}

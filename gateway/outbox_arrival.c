/* outbox_arrival - what became of the texts that a provider took
 *
 * Place: outbox.h; asked after a flush, ever more rarely, for three days.
 */
#include <stdio.h>
#include <string.h>

#include "gateway/bounce.h"
#include "gateway/clock.h"
#include "gateway/log.h"
#include "gateway/outbox_hand.h"

#define MINUTE_MS (60LL * 1000)
#define HOUR_MS (60 * MINUTE_MS)

enum { ASK_MAX = 50 };

/* When to ask again about a text that left `age` ago; 0: not any more. */
static int64_t
next_ask(int64_t age, int64_t now)
{
	static const struct {
		int64_t younger, pause;
	} steps[] = { { 10 * MINUTE_MS, 2 * MINUTE_MS },
		{ HOUR_MS, 10 * MINUTE_MS }, { 6 * HOUR_MS, HOUR_MS },
		{ 72 * HOUR_MS, 6 * HOUR_MS } };

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (age < steps[i].younger)
			return now + steps[i].pause;
	return 0;
}

static void
judge(struct outbox *row, enum arrival arrival, const char *why, int64_t now)
{
	static const char *const names[] = { "", "open", "delivered", "passed",
		"failed" };

	row->arrival = names[arrival];
	row->arrival_why = why;
	row->arrival_ms = row->ask_ms = 0;
	if (arrival == ARRIVAL_OPEN)
		row->ask_ms = next_ask(now - row->settled_ms, now);
	else if (arrival != ARRIVAL_NONE)
		row->arrival_ms = now;
}

/* A text that did not arrive counts like a mail that came back for now. */
static enum status
note_arrival(
    struct outbox_sender *ob, const struct outbox *row, struct err *err)
{
	struct came_back b = { .contact_id = row->contact_id,
		.outbox_id = row->id,
		.kind = BOUNCE_SOFT,
		.status = "",
		.at_ms = row->arrival_ms };

	if (row->contact_id != 0 && strcmp(row->arrival, "delivered") == 0)
		return store_contact_heard(
		    ob->st, row->contact_id, row->arrival_ms, err);
	return strcmp(row->arrival, "failed") == 0
		   ? bounce_note(ob->st, ob->config, &b, err)
		   : ST_OK;
}

static enum status
write_back(struct outbox_sender *ob, const struct outbox *row, struct err *err)
{
	enum status rc = store_begin(ob->st, err);

	if (rc != ST_OK)
		return rc;
	rc = store_outbox_arrived(ob->st, row, err);
	if (rc == ST_OK)
		rc = note_arrival(ob, row, err);
	return store_end(ob->st, rc, err);
}

static enum status
ask_one(struct outbox_sender *ob, struct outbox *row, struct err *err)
{
	enum arrival arrival = ARRIVAL_OPEN;
	struct err problem = { "" };
	char why[256] = "";
	enum status rc = ways_arrival(ob, row, &arrival, why, &problem);

	if (rc != ST_OK)
		arrival =
		    ARRIVAL_OPEN; /* not now: asked again like the others */
	judge(row, arrival, why, clock_now());
	rc = write_back(ob, row, err);
	if (rc == ST_OK && arrival == ARRIVAL_FAILED)
		log_line(LOG_WARN_, "outbox undelivered row=%lld msg=%lld",
		    (long long)row->id, (long long)row->inbound_id);
	return rc;
}

enum status
outbox_ask(struct outbox_sender *ob, struct err *err)
{
	struct outbox_due due = { ob->channel, clock_now(), ASK_MAX };
	struct arena a = { 0 };
	struct outbox *rows;
	size_t n = 0;
	int64_t at = 0;
	enum status rc = store_outbox_next_ask(ob->st, ob->channel, &at, err);

	if (rc != ST_OK || at == 0 || at > due.now)
		return rc;
	rc = store_outbox_to_ask(ob->st, &due, &a, &rows, &n, err);
	for (size_t i = 0; i < n && rc == ST_OK; i++)
		if (ob->stop == NULL || !atomic_load(ob->stop))
			rc = ask_one(ob, &rows[i], err);
	arena_free(&a);
	return rc;
}

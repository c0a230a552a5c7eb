/* daemon_once - the crew works in turn until nothing is left to do
 *
 * Place: see daemon.h.  One source after the other, so that messages are stored
 * in the same order each time; then what is due, then one outlet after the
 * other, so that an alert about mail can leave by text in the same run.
 */
#include "gateway/daemon.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "gateway/crew.h"
#include "gateway/log.h"

enum { LOOK_MS = 200 }; /* for signals, disk and threads that hang */

struct once {
	struct crew *crew;
	sigset_t ours;
	enum status rc; /* the first that went wrong */
	struct err *err; /* borrowed: its sentence */
};

/* The first sentence comes back, others are only logged. */
static void
note_failure(struct once *o, const struct worker *w)
{
	if (w->rc == ST_OK)
		return;
	if (o->rc == ST_OK)
		o->rc = err_set(o->err, w->rc, "%s", w->err.text);
	else
		log_line(
		    LOG_ERROR_, "%s failed why=\"%s\"", w->name, w->err.text);
}

/* Waits for its end.  ST_RETRY: told to stop. */
static enum status
wait_for(struct once *o, struct worker *w)
{
	static const struct timespec now = { 0, 0 };
	int sig;

	while (!crew_join(w, LOOK_MS)) {
		crew_watch(o->crew);
		sig = sigtimedwait(&o->ours, NULL, &now);
		if (sig > 0)
			return err_set(o->err, ST_RETRY,
			    "stopped by signal %d; what was stored and sent "
			    "is noted, and another run goes on",
			    sig);
	}
	note_failure(o, w);
	return ST_OK;
}

/* When nothing can be stored, nothing more is fetched or sent. */
static enum status
empty_sources(struct once *o)
{
	enum status rc = ST_OK;

	for (int i = 0; rc == ST_OK && i < o->crew->d->n_inlets; i++) {
		struct worker *w = crew_source(o->crew, i);

		crew_watch(o->crew);
		rc = crew_start_source(o->crew, i, o->err);
		if (rc == ST_OK)
			rc = wait_for(o, w);
		if (rc == ST_OK && w->is_store_failed)
			rc = o->rc;
	}
	return rc;
}

static enum status
send_all(struct once *o)
{
	struct err err;
	enum status rc = ST_OK;

	for (int i = 0; rc == ST_OK && i < o->crew->d->n_outlets; i++) {
		rc = crew_start_outlet(o->crew, i, o->err);
		if (rc == ST_OK)
			rc = wait_for(o, crew_outlet(o->crew, i));
		/* Who has to mend it is told in this run yet. */
		if (rc == ST_OK && crew_do_due(o->crew, true, &err) != ST_OK)
			log_line(
			    LOG_ERROR_, "alert failed why=\"%s\"", err.text);
	}
	return rc;
}

static enum status
work(struct once *o)
{
	enum status rc = crew_start_intake(o->crew, o->err);
	struct err err;

	if (rc == ST_OK)
		rc = empty_sources(o);
	if (rc != ST_OK)
		return rc;
	if (crew_do_due(o->crew, false, &err) != ST_OK)
		o->rc = err_set(o->err, ST_BROKEN, "%s", err.text);
	return send_all(o);
}

enum status
daemon_once(struct daemon *d, struct err *err)
{
	struct once o = { .rc = ST_OK, .err = err };
	int64_t unknown;
	enum status rc;

	crew_block_signals(&o.ours);
	rc = crew_new(&o.crew, d, true, &unknown, err);
	if (rc != ST_OK)
		return rc;
	rc = work(&o);
	if (!crew_stop(o.crew)) {
		/* Everything durable may be cut anywhere; but what the thread
		 * that hangs uses cannot be freed. */
		_exit(1);
	}
	crew_free(o.crew);
	atomic_store(&d->is_stopping, false); /* to servers we say goodbye */
	return rc != ST_OK ? rc : o.rc;
}

/* crew_hands - how the crew is started, watched and ended
 *
 * Place: see crew.h; used by daemon_run.c and daemon_once.c, from the main
 * thread.
 */
#include "gateway/crew.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/clock.h"
#include "gateway/log.h"
#include "gateway/notify.h"

enum {
	STOP_MS = 9000, /* to finish what is in hand: ten seconds in all */
	JOIN_MS = 20, /* until a thread that is to end is woken again */
	DEAD_MS = 600000, /* the manager no longer hears that all is well */
	STUCK_PART = 10, /* of that time: the log says so */
	OUTSIDE = 6, /* times as long for a thread that talks to servers */
};

static void
nothing(int sig)
{
	(void)sig; /* it only ends a wait */
}

/* SIGUSR1 ends a thread's wait for the outside world. */
void
crew_block_signals(sigset_t *ours)
{
	struct sigaction wake = { .sa_handler = nothing };
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	sigemptyset(ours);
	sigaddset(ours, SIGTERM);
	sigaddset(ours, SIGINT);
	sigaddset(ours, SIGHUP);
	pthread_sigmask(SIG_BLOCK, ours, NULL);
	sigaction(SIGUSR1, &wake, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

void
crew_free(struct crew *crew)
{
	if (crew == NULL)
		return;
	for (int i = 0; i < crew->size; i++) {
		queue_free(crew->workers[i].stored);
		queue_free(crew->workers[i].wake);
	}
	queue_free(crew->to_intake);
	free(crew);
}

bool
crew_join(struct worker *w, int ms)
{
	struct timespec until;

	if (!w->is_started)
		return true;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)ms * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	w->is_started =
	    pthread_clockjoin_np(w->thread, NULL, CLOCK_MONOTONIC, &until) != 0;
	return !w->is_started;
}

bool
crew_stop(struct crew *crew)
{
	int64_t deadline = clock_ticks() + STOP_MS;
	bool all = true;

	atomic_store(&crew->d->is_stopping, true);
	queue_close(crew->to_intake);
	for (int i = 0; i < crew->size; i++)
		if (crew->workers[i].wake != NULL)
			queue_close(crew->workers[i].wake);
	for (int i = 0; i < crew->size; i++) {
		struct worker *w = &crew->workers[i];

		while (w->is_started) {
			/* Again and again: it may be just about to wait. */
			pthread_kill(w->thread, SIGUSR1);
			if (!crew_join(w, JOIN_MS) && clock_ticks() >= deadline)
				break;
		}
		if (w->is_started)
			log_line(LOG_ERROR_,
			    "daemon gave up waiting thread=\"%s\"", w->name);
		all = all && !w->is_started;
	}
	return all;
}

static enum status
start_worker(
    struct worker *w, const char *name, void *(*run)(void *), struct err *err)
{
	int error;

	w->name = name;
	error = pthread_create(&w->thread, NULL, run, w);
	if (error != 0)
		return err_set(err, ST_BROKEN, "no thread can be started (%s)",
		    strerror(error));
	w->is_started = true;
	return ST_OK;
}

struct worker *
crew_outlet(struct crew *crew, int i)
{
	return &crew->workers[1 + i];
}

struct worker *
crew_source(struct crew *crew, int i)
{
	return &crew->workers[1 + crew->d->n_outlets + i];
}

enum status
crew_start_intake(struct crew *crew, struct err *err)
{
	return start_worker(
	    &crew->workers[0], "intake", crew_intake_thread, err);
}

enum status
crew_start_outlet(struct crew *crew, int i, struct err *err)
{
	struct worker *w = crew_outlet(crew, i);

	w->outlet = &crew->d->outlets[i];
	outbox_heed(w->outlet->sender, &crew->d->is_stopping, &w->busy_since,
	    crew->is_once);
	return start_worker(w, w->outlet->name,
	    crew->is_once ? crew_outlet_once : crew_outlet_thread, err);
}

enum status
crew_start_source(struct crew *crew, int i, struct err *err)
{
	struct worker *w = crew_source(crew, i);

	w->inlet = &crew->d->inlets[i];
	return start_worker(w, w->inlet->name,
	    crew->is_once ? crew_source_once : crew_source_thread, err);
}

/* The queues, before anybody could use them. */
static enum status
make_queues(struct crew *crew, struct err *err)
{
	struct daemon *d = crew->d;
	enum status rc = queue_new(&crew->to_intake, d->n_inlets + 2, err);

	for (int i = 0; rc == ST_OK && i < d->n_outlets; i++)
		rc = queue_new(&crew_outlet(crew, i)->wake, 1, err);
	for (int i = 0; rc == ST_OK && i < d->n_inlets; i++)
		rc = queue_new(&crew_source(crew, i)->stored, 1, err);
	return rc;
}

enum status
crew_new(struct crew **out, struct daemon *d, bool is_once, int64_t *unknown,
    struct err *err)
{
	size_t n = (size_t)(1 + d->n_outlets + d->n_inlets);
	struct crew *crew =
	    calloc(1, sizeof(*crew) + n * sizeof(struct worker));
	enum status rc;

	*out = NULL;
	if (crew == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	crew->d = d;
	crew->is_once = is_once;
	crew->size = (int)n;
	for (int i = 0; i < crew->size; i++)
		crew->workers[i].crew = crew;
	crew->dead_ms = notify_watchdog_ms();
	if (crew->dead_ms == 0)
		crew->dead_ms = DEAD_MS;
	rc = daemon_recover(d, unknown, err);
	if (rc == ST_OK)
		rc = make_queues(crew, err);
	for (int i = 0; rc == ST_OK && i < d->n_inlets; i++)
		rc = store_reread_since(d->store, d->inlets[i].name,
		    &crew_source(crew, i)->reread_since, err);
	if (rc != ST_OK) {
		crew_free(crew);
		return rc;
	}
	*out = crew;
	return ST_OK;
}

static void
watch_disk(struct crew *crew)
{
	bool was_low = atomic_load(&crew->is_disk_low);
	struct err err = { "" };
	bool is_low = health_disk(crew->d->config, was_low, &err) != ST_OK;

	if (is_low == was_low || !crew_post_health(crew, ALERT_DISK, "disk",
				     is_low ? ST_REJECT : ST_OK, err.text))
		return;
	atomic_store(&crew->is_disk_low, is_low);
	log_line(is_low ? LOG_ERROR_ : LOG_INFO_, "daemon disk %s why=\"%s\"",
	    is_low ? "low" : "has room again", err.text);
}

static void
watch_worker(struct crew *crew, struct worker *w, int64_t busy_ms)
{
	long long since = atomic_load(&w->busy_since);
	bool is_stuck = busy_ms >= crew->dead_ms / STUCK_PART;

	if (!is_stuck && w->warned_for != 0 &&
	    crew_post_health(crew, ALERT_STUCK, w->name, ST_OK, ""))
		w->warned_for = 0;
	if (!is_stuck || since == w->warned_for)
		return;
	if (!crew_post_health(crew, ALERT_STUCK, w->name, ST_RETRY,
		"it has been at one thing for long"))
		return;
	w->warned_for = since;
	log_line(LOG_WARN_, "daemon stuck thread=\"%s\" seconds=%lld", w->name,
	    (long long)busy_ms / 1000);
}

bool
crew_watch(struct crew *crew)
{
	int64_t now = clock_ticks();
	bool all_well = true;

	watch_disk(crew);
	for (int i = 0; i < crew->size; i++) {
		int64_t since = atomic_load(&crew->workers[i].busy_since);
		int64_t busy = since == 0 ? 0 : now - since;

		if (i > 0)
			busy /= OUTSIDE;
		watch_worker(crew, &crew->workers[i], busy);
		all_well = all_well && busy < crew->dead_ms;
	}
	return all_well;
}

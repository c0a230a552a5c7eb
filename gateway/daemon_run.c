/* daemon_run - the crew is started, watched and ended; signals
 *
 * Place: see daemon.h.  The main thread waits for signals and watches the
 * others; crew.c is what they do.
 */
#include "gateway/daemon.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/crew.h"
#include "gateway/log.h"
#include "gateway/notify.h"

enum {
	STOP_MS = 10000, /* to finish what is in hand */
	DEAD_MS = 600000, /* the manager no longer hears that all is well */
	STUCK_PART = 10, /* of that time: the log says so */
	OUTSIDE = 6, /* times as long for a thread that talks to servers */
};

static void
nothing(int sig)
{
	(void)sig; /* it only ends a wait */
}

/* The signals we wait for are blocked in every thread; SIGUSR1 ends a thread's
 * wait for the outside world. */
static void
prepare_signals(sigset_t *ours)
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

static void
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

/* Ends every thread: true when all have finished what they had in hand. */
static bool
crew_stop(struct crew *crew)
{
	int64_t deadline = clock_ticks() + STOP_MS;
	bool all = true;

	atomic_store(&crew->d->is_stopping, true);
	queue_close(crew->to_intake);
	for (int i = 0; i < crew->n; i++)
		if (crew->workers[i].wake != NULL)
			queue_close(crew->workers[i].wake);
	for (int i = 0; i < crew->n; i++) {
		struct worker *w = &crew->workers[i];
		struct timespec until;

		while (w->is_started) {
			/* Again and again: it may be just about to wait. */
			pthread_kill(w->thread, SIGUSR1);
			clock_gettime(CLOCK_MONOTONIC, &until);
			until.tv_nsec += 20000000;
			if (until.tv_nsec >= 1000000000) {
				until.tv_sec++;
				until.tv_nsec -= 1000000000;
			}
			if (pthread_clockjoin_np(
				w->thread, NULL, CLOCK_MONOTONIC, &until) == 0)
				w->is_started = false;
			else if (clock_ticks() >= deadline)
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
    struct crew *crew, const char *name, void *(*run)(void *), struct err *err)
{
	struct worker *w = &crew->workers[crew->n];
	int error;

	w->crew = crew;
	w->name = name;
	crew->n++;
	error = pthread_create(&w->thread, NULL, run, w);
	if (error != 0)
		return err_set(err, ST_BROKEN, "no thread can be started (%s)",
		    strerror(error));
	w->is_started = true;
	return ST_OK;
}

static enum status
start_source(struct crew *crew, struct inlet *inlet, struct err *err)
{
	struct worker *w = &crew->workers[crew->n];
	enum status rc = queue_new(&w->stored, 1, err);

	w->inlet = inlet;
	return rc == ST_OK
		   ? start_worker(crew, inlet->name, crew_source_thread, err)
		   : rc;
}

static enum status
start_outlet(struct crew *crew, struct outlet *outlet, struct err *err)
{
	struct worker *w = &crew->workers[crew->n];

	w->outlet = outlet;
	outbox_heed(outlet->sender, &crew->d->is_stopping, &w->busy_since);
	return start_worker(crew, outlet->name, crew_outlet_thread, err);
}

/* Intake first: whoever hands it a batch must get it back. */
static enum status
start_all(struct crew *crew, struct err *err)
{
	struct daemon *d = crew->d;
	enum status rc = ST_OK;

	/* Before anybody could be woken. */
	for (int i = 0; rc == ST_OK && i < d->n_outlets; i++)
		rc = queue_new(&crew->workers[1 + i].wake, 1, err);
	if (rc == ST_OK)
		rc = start_worker(crew, "intake", crew_intake_thread, err);
	for (int i = 0; rc == ST_OK && i < d->n_outlets; i++)
		rc = start_outlet(crew, &d->outlets[i], err);
	for (int i = 0; rc == ST_OK && i < d->n_inlets; i++)
		rc = start_source(crew, &d->inlets[i], err);
	return rc;
}

static enum status
crew_start(struct crew **out, struct daemon *d, struct err *err)
{
	size_t n = (size_t)(1 + d->n_outlets + d->n_inlets);
	struct crew *crew =
	    calloc(1, sizeof(*crew) + n * sizeof(struct worker));
	int64_t unknown = 0;
	enum status rc;

	*out = NULL;
	if (crew == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	crew->d = d;
	crew->size = (int)n;
	crew->dead_ms = notify_watchdog_ms();
	if (crew->dead_ms == 0)
		crew->dead_ms = DEAD_MS;
	rc = daemon_recover(d, &unknown, err);
	if (rc == ST_OK)
		rc = queue_new(&crew->to_intake, d->n_inlets + 2, err);
	/* While nobody else uses the store. */
	for (int i = 0; rc == ST_OK && i < d->n_inlets; i++)
		rc = store_reread_since(d->store, d->inlets[i].name,
		    &crew->workers[1 + d->n_outlets + i].reread_since, err);
	if (rc != ST_OK) {
		crew_free(crew);
		return rc;
	}
	rc = start_all(crew, err);
	if (rc != ST_OK) {
		if (crew_stop(crew))
			crew_free(crew);
		return rc;
	}
	log_line(LOG_INFO_, "daemon started pid=%d sources=%d unknown=%lld",
	    (int)getpid(), d->n_inlets, (long long)unknown);
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

/* False when a thread has been at one thing for so long that the service
 * manager had better start us again. */
static bool
watch(struct crew *crew)
{
	int64_t now = clock_ticks();
	bool all_well = true;

	watch_disk(crew);
	for (int i = 0; i < crew->n; i++) {
		int64_t since = atomic_load(&crew->workers[i].busy_since);
		int64_t busy = since == 0 ? 0 : now - since;

		if (i > 0)
			busy /= OUTSIDE;
		watch_worker(crew, &crew->workers[i], busy);
		all_well = all_well && busy < crew->dead_ms;
	}
	return all_well;
}

/* Waits for a signal, watching the crew every second. */
static int
wait_for_signal(struct crew *crew, const sigset_t *ours)
{
	struct timespec second = { 1, 0 };
	int sig;

	for (;;) {
		if (watch(crew))
			notify_manager("WATCHDOG=1");
		sig = sigtimedwait(ours, NULL, &second);
		if (sig > 0)
			return sig;
	}
}

/* The configuration read again, and everything opened by it; NULL, with a line
 * in the log, when it is no good: then all stays as it is. */
static struct daemon *
read_again(const struct daemon *old)
{
	struct config *config = NULL;
	struct daemon *d = NULL;
	struct err err = { "" };
	enum status rc = config_read(&config, old->config->path, &err);

	if (rc == ST_OK && strcmp(config->database, old->config->database) != 0)
		rc = err_set(
		    &err, ST_REJECT, "another database needs a restart");
	if (rc == ST_OK)
		rc = daemon_open(&d, config, &err);
	if (rc == ST_OK) {
		d->own_config = config;
		return d;
	}
	config_free(config);
	log_line(LOG_ERROR_, "daemon kept the old configuration why=\"%s\"",
	    err.text);
	return NULL;
}

static void
tell_ready(const struct daemon *d)
{
	char text[120];

	snprintf(text, sizeof(text), "READY=1\nSTATUS=reading %d source%s",
	    d->n_inlets, d->n_inlets == 1 ? "" : "s");
	notify_manager(text);
}

/* With the time, so that the manager knows this reload from an older one. */
static void
tell_reloading(void)
{
	struct timespec now;
	char text[80];

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	notify_manager(text);
}

enum status
daemon_run(struct daemon **d, struct err *err)
{
	sigset_t ours;
	int sig = SIGHUP;

	prepare_signals(&ours);
	while (sig == SIGHUP) {
		struct daemon *next = NULL;
		struct crew *crew;
		enum status rc = crew_start(&crew, *d, err);

		if (rc != ST_OK)
			return rc;
		tell_ready(*d);
		while (sig = wait_for_signal(crew, &ours), sig == SIGHUP) {
			tell_reloading();
			next = read_again(*d);
			if (next != NULL)
				break;
			tell_ready(*d);
		}
		if (sig != SIGHUP)
			notify_manager("STOPPING=1\nSTATUS=finishing what is "
				       "in hand");
		log_line(LOG_INFO_, "daemon stopping signal=%d", sig);
		if (!crew_stop(crew)) {
			/* Everything durable may be cut anywhere; but what
			 * the thread that hangs uses cannot be freed. */
			_exit(1);
		}
		crew_free(crew);
		if (next != NULL) {
			daemon_close(*d);
			*d = next;
		}
	}
	log_line(LOG_INFO_, "daemon stopped");
	return ST_OK;
}

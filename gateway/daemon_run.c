/* daemon_run - the threads, the watchdog, shut-down
 *
 * Place: see daemon.h.  The main thread waits for signals and watches the
 * others; nobody waits for ever: a wait for the outside world is ended by a
 * signal, a wait for another thread by closing the queue between them.
 */
#include "gateway/daemon.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/log.h"
#include "gateway/notify.h"
#include "gateway/queue.h"
#include "gateway/store_outbox.h"

enum {
	STOP_MS = 10000, /* to finish what is in hand */
	DUE_EVERY_MS = 60000, /* what falls due by the clock */
	NOTE_EVERY_MS = 30000, /* the time of the last poll */
	BACK_OFF_MS = 5000, /* after a failure, doubled up to the next */
	BACK_OFF_MAX_MS = 60000,
	STUCK_MS = 60000, /* the log says so */
	DEAD_MS = 600000, /* systemd is no longer told that all is well */
	FIRST_SOURCE = 2, /* of the crew's workers: intake, the outbox */
};

/* One thread of ours. */
struct worker {
	pthread_t thread;
	struct crew *crew;
	const char *name; /* borrowed */
	atomic_llong busy_since; /* clock_ticks(); 0: it waits */
	long long warned_for; /* the busy_since that the log speaks of */
	bool is_started;
	/* a source's thread only */
	struct source *source;
	struct queue *stored; /* owned: intake's answers */
	int64_t reread_since; /* before the first fetch; -1: need not be */
	int back_off_ms;
};

/* What a source hands to intake; it lives in the source's thread, which waits
 * for it to come back. */
struct job {
	struct batch *batch;
	const char *source;
	bool is_polled; /* nothing more there: note the time */
	const struct reread *reread; /* what was acknowledged comes again: note
					that; or NULL */
	struct queue *answer;
	enum status rc;
	struct err err;
};

struct crew {
	struct daemon *d;
	struct queue *to_intake; /* of struct job */
	struct queue *to_outbox; /* wakes it; one is enough */
	atomic_bool is_stopping;
	int n; /* intake, the outbox, then the sources */
	struct worker workers[];
};

static void
set_busy(struct worker *w, bool busy)
{
	atomic_store(&w->busy_since, busy ? clock_ticks() : 0);
}

static void
rest(struct worker *w, int ms)
{
	struct timespec time = { ms / 1000, (long)(ms % 1000) * 1000000 };

	set_busy(w, false);
	if (!atomic_load(&w->crew->is_stopping))
		nanosleep(&time, NULL); /* a signal ends it early */
	set_busy(w, true);
}

/* ---- a source's thread ------------------------------------------------- */

/* Hands the job to intake and waits until it comes back. */
static enum status
through_intake(struct worker *w, struct job *job, struct err *err)
{
	job->source = w->source->name;
	job->answer = w->stored;
	set_busy(w, false);
	if (!queue_put(w->crew->to_intake, job))
		job->rc = err_set(&job->err, ST_RETRY, "stopping");
	else
		queue_take(w->stored, -1);
	set_busy(w, true);
	if (job->rc != ST_OK)
		err_set(err, job->rc, "%s", job->err.text);
	return job->rc;
}

/* One fetch and what follows from it; `*is_empty` when nothing more is there. */
static enum status
poll_once(
    struct worker *w, struct batch *batch, bool *is_empty, struct err *err)
{
	struct source *s = w->source;
	struct job job = { .batch = batch };
	enum status rc = s->ops->fetch(s, batch, err);

	*is_empty = rc == ST_OK && batch->n == 0 && !batch->more;
	if (rc == ST_OK && (batch->n > 0 || batch->cursor != NULL)) {
		rc = through_intake(w, &job, err);
		if (rc == ST_OK)
			rc = s->ops->done(s, batch, err);
	}
	batch_free(batch);
	return rc;
}

static void
back_off(struct worker *w, const struct err *err)
{
	if (atomic_load(&w->crew->is_stopping))
		return;
	w->back_off_ms = w->back_off_ms == 0 ? BACK_OFF_MS : w->back_off_ms * 2;
	if (w->back_off_ms > BACK_OFF_MAX_MS)
		w->back_off_ms = BACK_OFF_MAX_MS;
	log_line(LOG_ERROR_, "%s failed retry_ms=%d why=\"%s\"", w->name,
	    w->back_off_ms, err->text);
	rest(w, w->back_off_ms);
}

/* What a restored database asks of the source, until it is done and noted. */
static enum status
reread(struct worker *w, struct err *err)
{
	struct reread did;
	struct job note = { .reread = &did };
	enum status rc = ST_OK;

	if (w->reread_since < 0)
		return ST_OK;
	rc = daemon_reread(w->source, w->reread_since, &did, err);
	if (rc == ST_OK)
		rc = through_intake(w, &note, err);
	if (rc == ST_OK)
		w->reread_since = -1;
	return rc;
}

static void *
source_thread(void *arg)
{
	struct worker *w = arg;
	struct batch *batch = calloc(1, sizeof(*batch));
	int64_t noted = -NOTE_EVERY_MS;
	struct err err;
	bool is_empty;

	set_busy(w, true);
	while (!atomic_load(&w->crew->is_stopping)) {
		struct job note = { .is_polled = true };

		if (batch == NULL) {
			err_set(&err, ST_BROKEN, "out of memory");
			back_off(w, &err);
			batch = calloc(1, sizeof(*batch));
			continue;
		}
		if (reread(w, &err) != ST_OK ||
		    poll_once(w, batch, &is_empty, &err) != ST_OK) {
			back_off(w, &err);
			continue;
		}
		w->back_off_ms = 0;
		if (!is_empty)
			continue;
		if (clock_ticks() - noted >= NOTE_EVERY_MS &&
		    through_intake(w, &note, &err) == ST_OK)
			noted = clock_ticks();
		set_busy(w, false);
		if (!atomic_load(&w->crew->is_stopping))
			w->source->ops->wait(
			    w->source, w->source->poll_every_s * 1000);
		set_busy(w, true);
	}
	free(batch);
	return NULL;
}

/* ---- intake's thread --------------------------------------------------- */

static void
wake_outbox(struct crew *crew)
{
	/* Full means that it is about to look anyway. */
	queue_offer(crew->to_outbox, crew);
}

static void
do_job(struct crew *crew, struct job *job)
{
	if (atomic_load(&crew->is_stopping))
		job->rc = err_set(&job->err, ST_RETRY, "stopping");
	else if (job->reread != NULL)
		job->rc = daemon_note_reread(
		    crew->d, job->source, job->reread->cursor, &job->err);
	else if (job->is_polled)
		job->rc = daemon_note_poll(crew->d, job->source, &job->err);
	else
		job->rc = intake_batch(crew->d->intake, job->batch, &job->err);
	queue_put(job->answer, job);
}

static void *
intake_thread(void *arg)
{
	struct worker *w = arg;
	struct crew *crew = w->crew;
	int64_t next_due = clock_ticks();
	struct err err;
	int done;

	while (!queue_is_closed(crew->to_intake)) {
		int64_t left = next_due - clock_ticks();
		struct job *job =
		    queue_take(crew->to_intake, left > 0 ? (int)left : 0);

		set_busy(w, true);
		if (job != NULL) {
			do_job(crew, job);
			wake_outbox(crew);
		}
		if (clock_ticks() >= next_due) {
			next_due = clock_ticks() + DUE_EVERY_MS;
			if (intake_due(crew->d->intake, clock_now(), &done,
				&err) != ST_OK)
				log_line(LOG_ERROR_, "intake failed why=\"%s\"",
				    err.text);
			wake_outbox(crew);
		}
		set_busy(w, false);
	}
	for (struct job *job; (job = queue_take(crew->to_intake, 0)) != NULL;)
		do_job(crew, job);
	return NULL;
}

/* ---- the outbox's thread ----------------------------------------------- */

/* How long until a row falls due, as far as anybody knows now. */
static int
time_to_next(struct daemon *d)
{
	int64_t due = 0, left;

	if (store_outbox_next_due(d->outbox_store, &due, NULL) != ST_OK ||
	    due == 0)
		return DUE_EVERY_MS;
	left = due - clock_now();
	if (left < 0)
		left = 0;
	return left < DUE_EVERY_MS ? (int)left + 1 : DUE_EVERY_MS;
}

static void *
outbox_thread(void *arg)
{
	struct worker *w = arg;
	struct crew *crew = w->crew;
	struct err err;
	int sent;

	while (!queue_is_closed(crew->to_outbox)) {
		set_busy(w, true);
		if (outbox_flush(crew->d->sender, &sent, &err) != ST_OK) {
			back_off(w, &err);
			continue;
		}
		w->back_off_ms = 0;
		if (sent > 0)
			continue;
		set_busy(w, false);
		queue_take(crew->to_outbox, time_to_next(crew->d));
	}
	return NULL;
}

/* ---- the main thread --------------------------------------------------- */

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
	for (int i = 0; i < crew->n; i++)
		queue_free(crew->workers[i].stored);
	queue_free(crew->to_intake);
	queue_free(crew->to_outbox);
	free(crew);
}

/* Ends every thread: true when all have finished what they had in hand. */
static bool
crew_stop(struct crew *crew)
{
	int64_t deadline = clock_ticks() + STOP_MS;
	bool all = true;

	atomic_store(&crew->is_stopping, true);
	queue_close(crew->to_intake);
	queue_close(crew->to_outbox);
	for (int i = 0; i < crew->n; i++) {
		struct worker *w = &crew->workers[i];
		struct timespec until;

		while (w->is_started) {
			/* Again and again: it may be just about to wait. */
			pthread_kill(w->thread, SIGUSR1);
			clock_gettime(CLOCK_REALTIME, &until);
			until.tv_nsec += 20000000;
			if (until.tv_nsec >= 1000000000) {
				until.tv_sec++;
				until.tv_nsec -= 1000000000;
			}
			if (pthread_timedjoin_np(w->thread, NULL, &until) == 0)
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
start_worker(struct crew *crew, const char *name, void *(*run)(void *),
    struct source *source, struct err *err)
{
	struct worker *w = &crew->workers[crew->n];
	enum status rc = ST_OK;
	int error;

	w->crew = crew;
	w->name = name;
	w->source = source;
	if (source != NULL)
		source->stop = &crew->is_stopping;
	if (source != NULL)
		rc = queue_new(&w->stored, 1, err);
	if (rc != ST_OK)
		return rc;
	crew->n++;
	error = pthread_create(&w->thread, NULL, run, w);
	if (error != 0)
		return err_set(err, ST_BROKEN, "no thread can be started (%s)",
		    strerror(error));
	w->is_started = true;
	return ST_OK;
}

static enum status
crew_start(struct crew **out, struct daemon *d, struct err *err)
{
	size_t n = (size_t)d->n_sources + FIRST_SOURCE;
	struct crew *crew =
	    calloc(1, sizeof(*crew) + n * sizeof(struct worker));
	int64_t unknown = 0;
	enum status rc;

	*out = NULL;
	if (crew == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	crew->d = d;
	/* Before any sender runs: what a dead one left in its hands. */
	rc = outbox_recover(d->sender, &unknown, err);
	if (rc == ST_OK)
		rc = queue_new(&crew->to_intake, d->n_sources, err);
	if (rc == ST_OK)
		rc = queue_new(&crew->to_outbox, 1, err);
	/* While nobody else uses the store. */
	for (int i = 0; rc == ST_OK && i < d->n_sources; i++) {
		rc = daemon_resume(d->store, d->sources[i], err);
		if (rc == ST_OK)
			rc = store_reread_since(d->store, d->sources[i]->name,
			    &crew->workers[FIRST_SOURCE + i].reread_since, err);
	}
	if (rc != ST_OK) {
		crew_free(crew);
		return rc;
	}
	/* Intake first: whoever hands it a batch must get it back. */
	rc = start_worker(crew, "intake", intake_thread, NULL, err);
	if (rc == ST_OK)
		rc = start_worker(crew, "outbox", outbox_thread, NULL, err);
	for (int i = 0; rc == ST_OK && i < d->n_sources; i++)
		rc = start_worker(crew, d->sources[i]->name, source_thread,
		    d->sources[i], err);
	if (rc != ST_OK) {
		if (crew_stop(crew))
			crew_free(crew);
		return rc;
	}
	log_line(LOG_INFO_, "daemon started pid=%d sources=%d unknown=%lld",
	    (int)getpid(), d->n_sources, (long long)unknown);
	*out = crew;
	return ST_OK;
}

/* False when a thread has been at one thing for so long that the service
 * manager had better start us again. */
static bool
watch(struct crew *crew)
{
	int64_t now = clock_ticks();
	bool all_well = true;

	for (int i = 0; i < crew->n; i++) {
		struct worker *w = &crew->workers[i];
		int64_t since = atomic_load(&w->busy_since);

		if (since == 0 || now - since < STUCK_MS)
			continue;
		if (since != w->warned_for) {
			w->warned_for = since;
			log_line(LOG_WARN_,
			    "daemon stuck thread=\"%s\" seconds=%lld", w->name,
			    (long long)(now - since) / 1000);
		}
		all_well = all_well && now - since < DEAD_MS;
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
		sig = sigtimedwait(ours, NULL, &second);
		if (sig > 0)
			return sig;
		if (watch(crew))
			notify_manager("WATCHDOG=1");
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
		notify_manager("READY=1");
		while (sig = wait_for_signal(crew, &ours),
		    sig == SIGHUP && (next = read_again(*d)) == NULL)
			continue;
		notify_manager(sig == SIGHUP ? "RELOADING=1" : "STOPPING=1");
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

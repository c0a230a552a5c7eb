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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/keys.h"
#include "gateway/log.h"
#include "gateway/notify.h"
#include "gateway/queue.h"
#include "gateway/store_outbox.h"

enum {
	STOP_MS = 10000, /* to finish what is in hand */
	DUE_EVERY_MS = 60000, /* what falls due by the clock */
	REST_MS = 21000, /* an idle outlet looks again */
	CLOCK_EVERY_MS = 1000, /* has somebody set it? */
	NOTE_EVERY_MS = 30000, /* the time of the last poll */
	BACK_OFF_MS = 5000, /* after a failure, doubled up to the next */
	BACK_OFF_MAX_MS = 60000,
	MEND_MS = 60000, /* the same when somebody must mend something: */
	MEND_MAX_MS = 900000, /* a refused login must not lock the account */
	LOW_MS = 1000, /* until a low disk is looked at again */
	DEAD_MS = 600000, /* the manager no longer hears that all is well */
	STUCK_PART = 10, /* of that time: the log says so */
	OUTSIDE = 6, /* times as long for a thread that talks to servers */
};

/* One thread of ours. */
struct worker {
	pthread_t thread;
	struct crew *crew;
	const char *name; /* borrowed */
	atomic_llong busy_since; /* clock_ticks(); 0: it waits */
	long long warned_for; /* the busy_since that the log speaks of */
	bool is_started;
	/* an outlet's thread only */
	struct outlet *outlet; /* borrowed */
	struct queue *wake; /* owned: something may be due; one is enough */
	/* a source's thread only */
	bool is_resumed; /* the source was told where it left off */
	struct inlet *inlet; /* borrowed */
	struct queue *stored; /* owned: intake's answers */
	int64_t reread_since; /* before the first fetch; -1: need not be */
	int back_off_ms;
};

/* What intake is asked for. */
enum errand {
	STORE_BATCH,
	NOTE_POLL, /* nothing more there: note the time */
	NOTE_REREAD, /* what was acknowledged comes again: note that */
	RESUME, /* where the source's last batch on disk left off */
	NOTE_HEALTH, /* what a part came to */
};

/* What a thread hands to intake.  A source's lives in its thread, which waits
 * for it to come back; one without `answer` is intake's to free. */
struct job {
	enum errand errand;
	struct batch *batch;
	const char *source;
	const struct reread *reread; /* NOTE_REREAD */
	struct inlet *inlet; /* RESUME */
	struct queue *answer;
	enum status rc;
	struct err err;
	/* NOTE_HEALTH */
	enum alert_kind kind;
	char part[96];
	enum status part_rc;
	struct err why;
	int64_t expires_ms; /* of its certificate; -1: not known */
};

struct crew {
	struct daemon *d;
	struct queue *to_intake; /* of struct job */
	atomic_bool is_disk_low; /* nothing is fetched */
	bool is_news; /* intake's own: look at what is due now */
	int64_t dead_ms; /* at one thing for so long */
	int n; /* started: intake, the outlets, then the sources */
	int size;
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
	if (!atomic_load(&w->crew->d->is_stopping))
		nanosleep(&time, NULL); /* a signal ends it early */
	set_busy(w, true);
}

/* ---- a source's thread ------------------------------------------------- */

/* Hands the job to intake and waits until it comes back. */
static enum status
through_intake(struct worker *w, struct job *job, struct err *err)
{
	job->source = w->inlet->name;
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
	struct source *s = w->inlet->source;
	struct job job = { .errand = STORE_BATCH, .batch = batch };
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

/* The next rest after a failure: doubled each time, and a quarter more or less,
 * so that many that failed together do not come back together. */
static int
next_back_off(struct worker *w, enum status rc)
{
	int least = rc == ST_REJECT ? MEND_MS : BACK_OFF_MS;
	int most = rc == ST_REJECT ? MEND_MAX_MS : BACK_OFF_MAX_MS;
	unsigned char dice = 128;

	w->back_off_ms = w->back_off_ms * 2;
	if (w->back_off_ms < least)
		w->back_off_ms = least;
	if (w->back_off_ms > most)
		w->back_off_ms = most;
	random_bytes(&dice, 1, NULL);
	return w->back_off_ms - w->back_off_ms / 4 +
	       w->back_off_ms / 2 * dice / 255;
}

static void
back_off(struct worker *w, enum status rc, const struct err *err)
{
	int ms;

	if (atomic_load(&w->crew->d->is_stopping))
		return;
	ms = next_back_off(w, rc);
	log_line(LOG_ERROR_, "%s failed retry_ms=%d why=\"%s\"", w->name, ms,
	    err->text);
	rest(w, ms);
}

/* What a restored database asks of the source, until it is done and noted. */
static enum status
reread(struct worker *w, struct err *err)
{
	struct reread did;
	struct job note = { .errand = NOTE_REREAD, .reread = &did };
	enum status rc = ST_OK;

	if (w->reread_since < 0)
		return ST_OK;
	rc = daemon_reread(w->inlet->source, w->reread_since, &did, err);
	if (rc == ST_OK)
		rc = through_intake(w, &note, err);
	if (rc == ST_OK)
		w->reread_since = -1;
	return rc;
}

/* Tells intake's thread what the source came to. */
static enum status
note_health(struct worker *w, enum status rc, struct err *why)
{
	const struct source *s = w->inlet->source;
	struct job note = { .errand = NOTE_HEALTH,
		.kind = ALERT_SOURCE,
		.part_rc = rc,
		.expires_ms = s == NULL ? -1 : s->certificate_expires_ms };
	struct err err;

	snprintf(note.part, sizeof(note.part), "%s", w->inlet->name);
	if (rc != ST_OK)
		note.why = *why;
	return through_intake(w, &note, &err);
}

/* Notes, now and then, that nothing more was there and that all is well. */
static void
note_poll(struct worker *w, int64_t *noted)
{
	struct job note = { .errand = NOTE_POLL };
	struct err err;

	if (clock_ticks() - *noted < NOTE_EVERY_MS)
		return;
	if (through_intake(w, &note, &err) == ST_OK &&
	    note_health(w, ST_OK, NULL) == ST_OK)
		*noted = clock_ticks();
}

static void
wait_for_mail(struct worker *w)
{
	struct source *s = w->inlet->source;

	set_busy(w, false);
	if (!atomic_load(&w->crew->d->is_stopping))
		s->ops->wait(s, s->poll_every_s * 1000);
	set_busy(w, true);
}

/* One turn: opens it if need be, and takes what is there. */
static enum status
take_turn(
    struct worker *w, struct batch **batch, bool *is_empty, struct err *err)
{
	struct job resume = { .errand = RESUME, .inlet = w->inlet };
	enum status rc;

	if (*batch == NULL)
		*batch = calloc(1, sizeof(**batch));
	if (*batch == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	rc = inlet_open(w->inlet, err);
	if (rc != ST_OK)
		return rc;
	w->inlet->source->stop = &w->crew->d->is_stopping;
	rc = w->is_resumed ? ST_OK : through_intake(w, &resume, err);
	if (rc != ST_OK)
		return rc;
	w->is_resumed = true;
	rc = reread(w, err);
	return rc == ST_OK ? poll_once(w, *batch, is_empty, err) : rc;
}

static void *
source_thread(void *arg)
{
	struct worker *w = arg;
	struct batch *batch = NULL;
	int64_t noted = -NOTE_EVERY_MS;
	struct err err;

	set_busy(w, true);
	while (!atomic_load(&w->crew->d->is_stopping)) {
		bool is_empty = false;
		enum status rc;

		if (atomic_load(&w->crew->is_disk_low)) {
			rest(w, LOW_MS);
			continue;
		}
		rc = take_turn(w, &batch, &is_empty, &err);
		if (rc != ST_OK) {
			noted = -NOTE_EVERY_MS;
			note_health(w, rc, &err);
			back_off(w, rc, &err);
			continue;
		}
		w->back_off_ms = 0;
		if (!is_empty)
			continue;
		note_poll(w, &noted);
		wait_for_mail(w);
	}
	free(batch);
	return NULL;
}

/* ---- intake's thread --------------------------------------------------- */

static void
wake_outbox(struct crew *crew)
{
	/* Full means that it is about to look anyway. */
	for (int i = 1; i <= crew->d->n_outlets; i++)
		queue_offer(crew->workers[i].wake, crew);
}

static enum status
run_errand(struct crew *crew, struct job *job)
{
	struct daemon *d = crew->d;

	switch (job->errand) {
	case NOTE_REREAD:
		return daemon_note_reread(
		    d, job->source, job->reread->cursor, &job->err);
	case RESUME:
		return daemon_resume(d->store, job->inlet->source, &job->err);
	case NOTE_POLL:
		return daemon_note_poll(d, job->source, &job->err);
	case STORE_BATCH:
		return intake_batch(d->intake, job->batch, &job->err);
	case NOTE_HEALTH:
		break;
	}
	if (job->expires_ms >= 0)
		health_certificate(d->health, job->part, job->expires_ms);
	crew->is_news |= health_note(
	    d->health, job->kind, job->part, job->part_rc, job->why.text);
	return ST_OK;
}

static void
do_job(struct crew *crew, struct job *job)
{
	if (atomic_load(&crew->d->is_stopping))
		job->rc = err_set(&job->err, ST_RETRY, "stopping");
	else
		job->rc = run_errand(crew, job);
	if (job->answer != NULL)
		queue_put(job->answer, job);
	else
		free(job);
}

/* What falls due by the clock is looked at once a minute, at once when that is
 * asked for, and when the clock was set. */
static bool
is_due(struct crew *crew, int64_t *ticks, int64_t *clock)
{
	bool is_time =
	    crew->is_news || clock_ticks() - *ticks >= DUE_EVERY_MS ||
	    clock_now() - *clock >= DUE_EVERY_MS || clock_now() < *clock;

	if (is_time) {
		crew->is_news = false;
		*ticks = clock_ticks();
		*clock = clock_now();
	}
	return is_time;
}

static void *
intake_thread(void *arg)
{
	struct worker *w = arg;
	struct crew *crew = w->crew;
	int64_t ticks = 0, clock = 0;
	struct err err;

	crew->is_news = true;
	while (!queue_is_closed(crew->to_intake)) {
		struct job *job = queue_take(
		    crew->to_intake, crew->is_news ? 0 : CLOCK_EVERY_MS);

		set_busy(w, true);
		if (job != NULL) {
			bool is_mail = job->errand == STORE_BATCH;

			do_job(crew, job);
			if (is_mail)
				wake_outbox(crew);
		}
		if (is_due(crew, &ticks, &clock)) {
			if (daemon_due(crew->d, &err) != ST_OK)
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

/* ---- an outlet's thread ------------------------------------------------ */

/* How long until there is something to do, as far as anybody knows now. */
static int
time_to_next(struct outbox_sender *sender)
{
	int64_t at = 0, left;

	if (outbox_next(sender, &at, NULL) != ST_OK || at == 0)
		return REST_MS;
	left = at - clock_now();
	if (left < 0)
		left = 0;
	return left < REST_MS ? (int)left + 1 : REST_MS;
}

static void *
outlet_thread(void *arg)
{
	struct worker *w = arg;
	struct outbox_sender *sender = w->outlet->sender;
	struct err err;
	enum status rc;
	int sent;

	while (!queue_is_closed(w->wake)) {
		set_busy(w, true);
		rc = outbox_flush(sender, &sent, &err);
		if (rc == ST_OK || (rc == ST_RETRY && sent > 0))
			w->back_off_ms = 0;
		else
			back_off(w, rc, &err);
		if (rc != ST_OK || sent > 0)
			continue;
		rc = outbox_ask(sender, &err);
		if (rc != ST_OK) {
			back_off(w, rc, &err);
			continue;
		}
		outbox_rest(sender);
		set_busy(w, false);
		queue_take(w->wake, time_to_next(sender));
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
	return rc == ST_OK ? start_worker(crew, inlet->name, source_thread, err)
			   : rc;
}

static enum status
start_outlet(struct crew *crew, struct outlet *outlet, struct err *err)
{
	struct worker *w = &crew->workers[crew->n];

	w->outlet = outlet;
	outbox_heed(outlet->sender, &crew->d->is_stopping, &w->busy_since);
	return start_worker(crew, outlet->name, outlet_thread, err);
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
		rc = start_worker(crew, "intake", intake_thread, err);
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

/* Tells intake's thread what the watch found; the next second tries again what
 * does not fit in now. */
static bool
post_health(struct crew *crew, enum alert_kind kind, const char *part,
    enum status rc, const char *why)
{
	struct job *note = calloc(1, sizeof(*note));

	if (note == NULL)
		return false;
	note->errand = NOTE_HEALTH;
	note->kind = kind;
	note->part_rc = rc;
	note->expires_ms = -1;
	snprintf(note->part, sizeof(note->part), "%s", part);
	snprintf(note->why.text, sizeof(note->why.text), "%s", why);
	if (queue_offer(crew->to_intake, note))
		return true;
	free(note);
	return false;
}

static void
watch_disk(struct crew *crew)
{
	bool was_low = atomic_load(&crew->is_disk_low);
	struct err err = { "" };
	bool is_low = health_disk(crew->d->config, was_low, &err) != ST_OK;

	if (is_low == was_low || !post_health(crew, ALERT_DISK, "disk",
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
	    post_health(crew, ALERT_STUCK, w->name, ST_OK, ""))
		w->warned_for = 0;
	if (!is_stuck || since == w->warned_for)
		return;
	if (!post_health(crew, ALERT_STUCK, w->name, ST_RETRY,
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

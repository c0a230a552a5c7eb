/* crew - what the threads of a running daemon do
 *
 * Place: see crew.h.  Nobody waits for ever: a wait for the outside world is
 * ended by a signal, a wait for another thread by closing the queue between
 * them.
 */
#include "gateway/crew.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/clock.h"
#include "gateway/keys.h"
#include "gateway/log.h"

enum {
	DUE_EVERY_MS = 60000, /* what falls due by the clock */
	REST_MS = 21000, /* an idle outlet looks again */
	CLOCK_EVERY_MS = 1000, /* has somebody set it? */
	NOTE_EVERY_MS = 30000, /* how a part is, while that does not change */
	BACK_OFF_MS = 5000, /* after a failure, doubled up to the next */
	BACK_OFF_MAX_MS = 60000,
	MEND_MS = 60000, /* the same when somebody must mend something: */
	MEND_MAX_MS = 900000, /* a refused login must not lock the account */
	LOW_MS = 1000, /* until a low disk is looked at again */
	FAILURES_MAX = 10, /* of one source, until the next `run --once` */
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

/* Hands the job to intake; take_back() says what came of it. */
static void
give(struct worker *w, struct job *job)
{
	job->source = w->inlet->name;
	job->answer = w->stored;
	set_busy(w, false);
	job->is_given = queue_put(w->crew->to_intake, job);
	set_busy(w, true);
	if (!job->is_given)
		job->rc = err_set(&job->err, ST_RETRY, "stopping");
}

/* Waits until the job that intake was given last comes back. */
static enum status
take_back(struct worker *w, struct job *job, struct err *err)
{
	set_busy(w, false);
	if (job->is_given)
		queue_take(w->stored, -1);
	set_busy(w, true);
	if (job->rc != ST_OK) {
		w->is_store_failed = true;
		err_set(err, job->rc, "%s", job->err.text);
	}
	return job->rc;
}

static enum status
through_intake(struct worker *w, struct job *job, struct err *err)
{
	give(w, job);
	return take_back(w, job, err);
}

/* Is nothing to be fetched now? */
static bool
has_to_rest(const struct worker *w)
{
	return atomic_load(&w->crew->d->is_stopping) ||
	       atomic_load(&w->crew->is_disk_low);
}

/* A batch on its way through intake. */
struct load {
	struct batch batch;
	struct parsed *mails; /* owned */
	struct job job;
};

static void
load_empty(struct load *load)
{
	intake_parsed_free(load->mails, load->batch.n);
	load->mails = NULL;
	batch_free(&load->batch);
}

static bool
is_nothing(const struct batch *batch)
{
	return batch->n == 0 && batch->cursor == NULL;
}

/* Parses what was fetched, here, so that intake only decides and stores. */
static enum status
load_parse(struct worker *w, struct load *load, struct err *err)
{
	if (is_nothing(&load->batch))
		return ST_OK;
	return intake_parse(
	    w->crew->d->intake, &load->mails, &load->batch, err);
}

static void
load_give(struct worker *w, struct load *load)
{
	load->job = (struct job){ .errand = STORE_BATCH,
		.batch = &load->batch,
		.mails = load->mails };
	give(w, &load->job);
}

/* While `now` is stored, the next batch is fetched and parsed; while that one
 * is stored, `now` is put away where it came from.  ST_OK: `now` is stored and
 * put away, and when `next` holds something, intake has it. */
static enum status
step(struct worker *w, struct load *now, struct load *next, struct err *err)
{
	struct source *s = w->inlet->source;
	struct err why;
	enum status rc, ahead = ST_OK;

	if (s->ops->fetch_ahead != NULL && !has_to_rest(w)) {
		s->ops->fetch_ahead(s, &next->batch);
		ahead = load_parse(w, next, &why);
	}
	rc = take_back(w, &now->job, err);
	if (rc != ST_OK || ahead != ST_OK)
		load_empty(next);
	if (!is_nothing(&next->batch))
		load_give(w, next);
	if (rc == ST_OK)
		rc = s->ops->done(s, &now->batch, err);
	if (rc == ST_OK && ahead != ST_OK)
		rc = err_set(err, ahead, "%s", why.text);
	load_empty(now);
	return rc;
}

/* What a turn found; after LAST there may be something that came meanwhile. */
enum found { NOTHING, LAST, MORE };

/* What is there now, from one fetch on. */
static enum status
poll_once(
    struct worker *w, struct load loads[2], enum found *found, struct err *err)
{
	struct source *s = w->inlet->source;
	struct load *now = &loads[0], *next = &loads[1];
	enum status rc = s->ops->fetch(s, &now->batch, err);

	if (rc == ST_OK)
		*found = now->batch.more ? MORE : NOTHING;
	if (rc == ST_OK)
		rc = load_parse(w, now, err);
	if (rc == ST_OK && !is_nothing(&now->batch))
		load_give(w, now);
	else
		load_empty(now);
	while (!is_nothing(&now->batch)) {
		struct load *done = now;
		struct err why;
		enum status here;

		*found = now->batch.more ? MORE : LAST;
		here = step(w, now, next, &why);
		if (rc == ST_OK && here != ST_OK)
			rc = err_set(err, here, "%s", why.text);
		now = next;
		next = done;
	}
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

/* What could not be reached says nothing of its certificate. */
static int64_t
expires(int64_t ms, enum status rc)
{
	return ms == 0 && rc != ST_OK ? -1 : ms;
}

/* Tells intake's thread what the source came to. */
static enum status
note_health(struct worker *w, enum status rc, struct err *why)
{
	const struct source *s = w->inlet->source;
	struct job note = { .errand = NOTE_HEALTH,
		.kind = ALERT_SOURCE,
		.part_rc = rc,
		.expires_ms =
		    s == NULL ? -1 : expires(s->certificate_expires_ms, rc) };
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
	struct job note = { .errand = NOTE_POLL, .inlet = w->inlet };
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

/* A folder has its mail at hand, a server's is some round trips away: time for
 * the parser to load. */
static void
expect_mail(struct worker *w)
{
	const struct config_mailbox *mailbox = w->inlet->mailbox;

	if (mailbox != NULL && strncmp(mailbox->url, "maildir:", 8) != 0)
		intake_expect(w->crew->d->intake, w->inlet->name);
}

/* One turn: opens it if need be, and takes what is there. */
static enum status
take_turn(
    struct worker *w, struct load **loads, enum found *found, struct err *err)
{
	struct job resume = { .errand = RESUME, .inlet = w->inlet };
	enum status rc;

	*found = LAST;
	if (*loads == NULL)
		*loads = calloc(2, sizeof(**loads));
	if (*loads == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	rc = inlet_open(w->inlet, err);
	if (rc != ST_OK)
		return rc;
	if (w->inlet->source->stop == NULL) /* else it may be connecting */
		w->inlet->source->stop = &w->crew->d->is_stopping;
	if (!w->is_resumed)
		expect_mail(w);
	rc = w->is_resumed ? ST_OK : through_intake(w, &resume, err);
	if (rc != ST_OK)
		return rc;
	w->is_resumed = true;
	rc = reread(w, err);
	return rc == ST_OK ? poll_once(w, *loads, found, err) : rc;
}

void *
crew_source_thread(void *arg)
{
	struct worker *w = arg;
	struct load *loads = NULL;
	int64_t noted = -NOTE_EVERY_MS;
	struct err err;

	set_busy(w, true);
	while (!atomic_load(&w->crew->d->is_stopping)) {
		enum found found;
		enum status rc;

		if (atomic_load(&w->crew->is_disk_low)) {
			rest(w, LOW_MS);
			continue;
		}
		rc = take_turn(w, &loads, &found, &err);
		if (rc != ST_OK) {
			noted = -NOTE_EVERY_MS;
			note_health(w, rc, &err);
			back_off(w, rc, &err);
			continue;
		}
		w->back_off_ms = 0;
		if (found != NOTHING)
			continue;
		note_poll(w, &noted);
		wait_for_mail(w);
	}
	free(loads);
	return NULL;
}

/* Nothing is fetched onto a disk that is low; what is in hand is stored. */
static enum status
take_turn_with_room(
    struct worker *w, struct load **loads, enum found *found, struct err *err)
{
	enum status rc = ST_OK;

	*found = LAST;
	if (atomic_load(&w->crew->is_disk_low))
		rc = health_disk(w->crew->d->config, true, err);
	return rc == ST_OK ? take_turn(w, loads, found, err) : rc;
}

/* A batch that cannot be put away does not stop those behind it, but is not
 * tried for ever. */
void *
crew_source_once(void *arg)
{
	struct worker *w = arg;
	struct job note = { .errand = NOTE_POLL, .inlet = w->inlet };
	struct load *loads = NULL;
	enum found found = MORE;
	int failures = 0;
	struct err err;

	set_busy(w, true);
	while (found == MORE && failures < FAILURES_MAX &&
	       !w->is_store_failed && !atomic_load(&w->crew->d->is_stopping)) {
		enum status rc = take_turn_with_room(w, &loads, &found, &err);

		if (rc != ST_OK) {
			failures++;
			w->rc = err_set(&w->err, rc, "%s", err.text);
		}
	}
	if (w->rc == ST_OK)
		w->rc = through_intake(w, &note, &w->err);
	note_health(w, w->rc, &w->err);
	free(loads);
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
	enum status rc;

	switch (job->errand) {
	case NOTE_REREAD:
		return daemon_note_reread(
		    d, job->source, job->reread->cursor, &job->err);
	case RESUME:
		return daemon_resume(d->store, job->inlet->source, &job->err);
	case NOTE_POLL:
		job->inlet->is_polled = true;
		return crew->is_once ? ST_OK : daemon_note_polls(d, &job->err);
	case STORE_BATCH:
		rc = intake_store(d->intake, job->batch, job->mails, &job->err);
		crew->is_news |= intake_order_is_due(d->intake);
		return rc;
	case DO_DUE:
		if (job->only_news && !crew->is_news)
			return ST_OK;
		crew->is_news = false;
		rc = job->only_news ? ST_OK : daemon_note_polls(d, &job->err);
		return rc == ST_OK ? daemon_due(d, &job->err) : rc;
	case NOTE_HEALTH:
		break;
	}
	if (job->expires_ms >= 0)
		health_certificate(d->health, job->part, job->expires_ms);
	crew->is_news |= health_note(
	    d->health, job->kind, job->part, job->part_rc, job->why.text);
	crew->is_news |= crew->is_once; /* another run knows nothing of it */
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

enum status
crew_do_due(struct crew *crew, bool only_news, struct err *err)
{
	struct queue *answer = NULL;
	struct job job = { .errand = DO_DUE, .only_news = only_news };
	enum status rc = queue_new(&answer, 1, err);

	if (rc != ST_OK)
		return rc;
	job.answer = answer;
	if (queue_put(crew->to_intake, &job))
		queue_take(answer, -1);
	queue_free(answer);
	return job.rc == ST_OK ? ST_OK
			       : err_set(err, job.rc, "%s", job.err.text);
}

void *
crew_intake_thread(void *arg)
{
	struct worker *w = arg;
	struct crew *crew = w->crew;
	int64_t ticks = 0, clock = 0;
	struct err err;

	crew->is_news = !crew->is_once;
	while (!queue_is_closed(crew->to_intake)) {
		bool hurry = crew->is_news && !crew->is_once;
		struct job *job =
		    queue_take(crew->to_intake, hurry ? 0 : CLOCK_EVERY_MS);

		set_busy(w, true);
		if (job != NULL) {
			bool is_mail = job->errand == STORE_BATCH;

			do_job(crew, job);
			if (is_mail)
				wake_outbox(crew);
		}
		if (!crew->is_once && is_due(crew, &ticks, &clock)) {
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

static bool
post(struct crew *crew, enum alert_kind kind, const char *part, enum status rc,
    const char *why, int64_t expires_ms)
{
	struct job *note = calloc(1, sizeof(*note));

	if (note == NULL)
		return false;
	note->errand = NOTE_HEALTH;
	note->kind = kind;
	note->part_rc = rc;
	note->expires_ms = expires_ms;
	snprintf(note->part, sizeof(note->part), "%s", part);
	snprintf(note->why.text, sizeof(note->why.text), "%s", why);
	/* A thread that is to live on must not wait for intake. */
	if (crew->is_once ? queue_put(crew->to_intake, note)
			  : queue_offer(crew->to_intake, note))
		return true;
	free(note);
	return false;
}

bool
crew_post_health(struct crew *crew, enum alert_kind kind, const char *part,
    enum status rc, const char *why)
{
	return post(crew, kind, part, rc, why, -1);
}

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

/* Tells how the way out for mail is, when that changes and now and then; texts
 * are told of one by one. */
static void
note_way(struct worker *w, enum status rc, const struct err *why)
{
	const struct outbox_sender *sender = w->outlet->sender;

	if (strcmp(outbox_way(sender), "") == 0 ||
	    atomic_load(&w->crew->d->is_stopping) ||
	    (rc == w->noted_rc && clock_ticks() - w->noted < NOTE_EVERY_MS))
		return;
	if (!post(w->crew, ALERT_WAY, outbox_way(sender), rc,
		rc == ST_OK ? "" : why->text,
		expires(outbox_certificate(sender), rc)))
		return;
	w->noted_rc = rc;
	w->noted = clock_ticks();
}

void *
crew_outlet_thread(void *arg)
{
	struct worker *w = arg;
	struct outbox_sender *sender = w->outlet->sender;
	struct err err;
	enum status rc;
	int sent;

	while (!queue_is_closed(w->wake)) {
		set_busy(w, true);
		rc = outbox_flush(sender, &sent, &err);
		if (rc != ST_OK || sent > 0)
			note_way(w, rc, &err);
		if (rc == ST_OK || sent > 0)
			w->back_off_ms = 0;
		if (rc != ST_OK && (rc != ST_RETRY || sent == 0))
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
	/* Here, where each has its own second for it. */
	set_busy(w, true);
	outbox_part(sender);
	return NULL;
}

/* A connection that was lost after some use is worth another, so that the rest
 * does not wait for the next run. */
void *
crew_outlet_once(void *arg)
{
	struct worker *w = arg;
	struct outbox_sender *sender = w->outlet->sender;
	bool was_used = false;
	int sent;

	set_busy(w, true);
	do {
		w->rc = outbox_flush(sender, &sent, &w->err);
		was_used = was_used || w->rc != ST_OK || sent > 0;
	} while (sent > 0 && (w->rc == ST_OK || w->rc == ST_RETRY));
	if (w->rc == ST_OK)
		w->rc = outbox_ask(sender, &w->err);
	if (was_used)
		note_way(w, w->rc, &w->err);
	return NULL;
}

/* crew - the threads that do the work
 *
 * Place: daemon_run.c and daemon_once.c start, watch and end them (crew_hands.c
 * is how); crew.c is what they do.
 *
 * Each runs one plain loop and meets the others in bounded queues only.  Intake
 * is the first worker, then come the outlets, then the sources.
 *
 * `run --once` has the same crew work in turn: a source's thread ends when its
 * source is empty, an outlet's when all is sent that is due.
 */
#ifndef CREW_H
#define CREW_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "gateway/daemon.h"
#include "gateway/queue.h"

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
	enum status noted_rc; /* how its way out is, as last told, and when */
	int64_t noted; /* clock_ticks() */
	/* a source's thread only */
	bool is_resumed; /* the source was told where it left off */
	struct inlet *inlet; /* borrowed */
	struct queue *stored; /* owned: intake's answers */
	int64_t reread_since; /* before the first fetch; -1: need not be */
	int back_off_ms;
	/* `run --once`: what it came to, once it has ended */
	bool is_store_failed;
	enum status rc;
	struct err err;
};

/* What intake is asked for. */
enum errand {
	STORE_BATCH,
	NOTE_POLL, /* nothing more there: note the time, `run --once` in the end */
	NOTE_REREAD, /* what was acknowledged comes again: note that */
	RESUME, /* where the source's last batch on disk left off */
	NOTE_HEALTH, /* what a part came to */
	DO_DUE, /* what falls due by the clock, now */
};

/* What a thread hands to intake.  A source's lives in its thread, which waits
 * for it to come back; one without `answer` is intake's to free. */
struct job {
	enum errand errand;
	struct batch *batch;
	const struct parsed *mails; /* of the batch */
	const char *source;
	const struct reread *reread; /* NOTE_REREAD */
	struct inlet *inlet; /* RESUME, NOTE_POLL */
	bool only_news; /* DO_DUE */
	struct queue *answer;
	bool is_given; /* intake has it */
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
	bool is_once; /* `run --once` */
	atomic_bool is_disk_low; /* nothing is fetched */
	bool is_news; /* intake's own: look at what is due now */
	int64_t dead_ms; /* at one thing for so long */
	int size;
	struct worker workers[]; /* intake, the outlets, then the sources */
};

/* What each runs; `arg` is its worker.  They end when d->is_stopping is true
 * and their queue is closed. */
void *crew_intake_thread(void *arg);
void *crew_outlet_thread(void *arg);
void *crew_source_thread(void *arg);

/* The same for `run --once`: they end by themselves, with what they came to in
 * their worker. */
void *crew_outlet_once(void *arg);
void *crew_source_once(void *arg);

/* ---- crew_hands.c ------------------------------------------------------ */

/* A crew of nobody yet, which knows what a restored database asks of each
 * source; what a dead sender left in its hands is settled (`*unknown`).  Nobody
 * else uses the store.  The caller frees it. */
enum status crew_new(struct crew **out, struct daemon *d, bool is_once,
    int64_t *unknown, struct err *err);
void crew_free(struct crew *crew); /* all have ended; NULL is fine */

/* Starts one; intake first: whoever hands it a batch must get it back. */
enum status crew_start_intake(struct crew *crew, struct err *err);
enum status crew_start_outlet(struct crew *crew, int i, struct err *err);
enum status crew_start_source(struct crew *crew, int i, struct err *err);
struct worker *crew_outlet(struct crew *crew, int i);
struct worker *crew_source(struct crew *crew, int i);

/* Waits at most `ms` for its end; true when it has ended or never began. */
bool crew_join(struct worker *w, int ms);

/* Looks at disk and threads.  False when one has been at one thing for so long
 * that the program had better be started again. */
bool crew_watch(struct crew *crew);

/* Tells all to finish what is in hand: false when one has not in ten seconds,
 * and then what it uses must not be freed. */
bool crew_stop(struct crew *crew);

/* Signals that end a wait, SIGTERM, SIGINT and SIGHUP, are blocked in every
 * thread from now on: `*ours`, for sigtimedwait(). */
void crew_block_signals(sigset_t *ours);

/* ---- crew.c, for them -------------------------------------------------- */

/* Has intake's thread do what is due, if there is news of health or in any case,
 * and waits for what comes of it. */
enum status crew_do_due(struct crew *crew, bool only_news, struct err *err);

/* Tells intake's thread how a part is, without waiting.  False when that does
 * not fit in now: try again later. */
bool crew_post_health(struct crew *crew, enum alert_kind kind, const char *part,
    enum status rc, const char *why);

#endif

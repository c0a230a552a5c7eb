/* crew - the threads of a running daemon
 *
 * Place: daemon_run.c starts, watches and ends them; crew.c is what they do.
 *
 * Each runs one plain loop and meets the others in bounded queues only.  Intake
 * is the first worker, then come the outlets, then the sources.
 */
#ifndef CREW_H
#define CREW_H

#include <pthread.h>
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
	const struct parsed *mails; /* of the batch */
	const char *source;
	const struct reread *reread; /* NOTE_REREAD */
	struct inlet *inlet; /* RESUME */
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
	atomic_bool is_disk_low; /* nothing is fetched */
	bool is_news; /* intake's own: look at what is due now */
	int64_t dead_ms; /* at one thing for so long */
	int n; /* started: intake, the outlets, then the sources */
	int size;
	struct worker workers[];
};

/* What each runs; `arg` is its worker.  They end when d->is_stopping is true
 * and their queue is closed. */
void *crew_intake_thread(void *arg);
void *crew_outlet_thread(void *arg);
void *crew_source_thread(void *arg);

/* Tells intake's thread how a part is, without waiting.  False when that does
 * not fit in now: try again later. */
bool crew_post_health(struct crew *crew, enum alert_kind kind, const char *part,
    enum status rc, const char *why);

#endif

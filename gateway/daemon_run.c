/* daemon_run - the crew at work until a signal ends it
 *
 * Place: see daemon.h.  The main thread waits for signals and watches the
 * others; crew.c is what they do.
 */
#include "gateway/daemon.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/crew.h"
#include "gateway/log.h"
#include "gateway/notify.h"

enum {
	STOP_MS = 8500, /* from the signal to the end, closing included */
	CLOSE_MS = 400, /* of that, closing has at least */
};

static enum status
start_all(struct crew *crew, struct err *err)
{
	struct daemon *d = crew->d;
	enum status rc = crew_start_intake(crew, err);

	/* A disk that is low now is known before anything is fetched. */
	if (rc == ST_OK)
		crew_watch(crew);
	for (int i = 0; rc == ST_OK && i < d->n_outlets; i++)
		rc = crew_start_outlet(crew, i, err);
	for (int i = 0; rc == ST_OK && i < d->n_inlets; i++)
		rc = crew_start_source(crew, i, err);
	return rc;
}

static enum status
crew_start(struct crew **out, struct daemon *d, struct err *err)
{
	struct crew *crew;
	int64_t unknown = 0;
	enum status rc = crew_new(&crew, d, false, &unknown, err);

	*out = NULL;
	if (rc != ST_OK)
		return rc;
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

/* Waits for a signal, watching the crew every second. */
static int
wait_for_signal(struct crew *crew, const sigset_t *ours)
{
	struct timespec second = { 1, 0 };
	int sig;

	for (;;) {
		if (crew_watch(crew))
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
		rc = daemon_open(&d, config, false, &err);
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

static void
leave(int sig)
{
	(void)sig;
	_exit(0);
}

/* What was stored and sent is on disk; what follows only tidies up, and a disk
 * that stalls must not make that last.  `began`: clock_ticks() of the signal. */
static void
close_in_time(int64_t began)
{
	struct sigaction go = { .sa_handler = leave };
	int64_t left = STOP_MS - (clock_ticks() - began);
	struct itimerval end = { { 0, 0 }, { 0, 0 } };

	if (left < CLOSE_MS)
		left = CLOSE_MS;
	end.it_value.tv_sec = left / 1000;
	end.it_value.tv_usec = left % 1000 * 1000;
	sigaction(SIGALRM, &go, NULL);
	setitimer(ITIMER_REAL, &end, NULL);
}

enum status
daemon_run(struct daemon **d, struct err *err)
{
	int64_t began = 0;
	sigset_t ours;
	int sig = SIGHUP;

	crew_block_signals(&ours);
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
		began = clock_ticks();
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
	close_in_time(began);
	return ST_OK;
}

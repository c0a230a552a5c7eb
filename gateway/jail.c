/* jail - starts and feeds the parser's workers: the gateway's side
 *
 * Place: see jail.h; the worker's side is jail_worker.c.
 */
#include "gateway/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "parsers/wire.h"

enum {
	WORKERS = 2, /* as many as there are processors to spare, usually */
	SHARED = 8, /* from so many mails on the second worker helps */
	WORTH_IT = 64, /* so many are parsed while it would start */
	AHEAD = 16, /* mails a worker has in hand or waiting for it */
	LARGE = 1 << 20, /* such a mail is parsed alone, to spare memory */
	SPINS = 200, /* about 70 microseconds */
	START_MS = 10 * JAIL_WALL_MS, /* loading on a busy machine */
};

struct worker {
	pid_t pid; /* 0: none now */
	int fd; /* our end of its socket */
	bool is_told; /* it has been sent the settings */
	bool is_ready; /* it has said that it can work */
	size_t ahead[AHEAD]; /* mails given to it, oldest first */
	size_t n_ahead;
	size_t sent; /* bytes of the newest, with its length before it */
	bool is_sending;
	uint32_t size; /* of the answer that comes */
	size_t got; /* of its length, then of its bytes */
	char *room; /* where they go, in `answer` */
	struct arena answer; /* owned */
	int64_t deadline; /* for the oldest mail */
	char why[160]; /* why the last one was given up */
};

struct jail {
	struct worker workers[WORKERS];
	int spins; /* see jail_spins() */
	struct buf settings; /* the first frame's bytes */
};

/* Mails on their way through the workers. */
struct work {
	const struct span *mails;
	struct parsed *out;
	size_t n, n_done;
	size_t next; /* no mail before it waits to be given away */
	struct {
		bool is_given;
		bool failed; /* once already */
	} * state;
};

/* ---- starting and ending ----------------------------------------------- */

/* Nothing of ours goes along: its end of the socket as descriptor 3, the null
 * device as 0 to 2, an empty environment, no blocked or ignored signals, and a
 * process group of its own, so that Ctrl-C reaches us and not it. */
static int
spawn_worker(pid_t *pid, int socket_fd)
{
	char *argv[] = { "uwaga", "parse-worker", NULL }, *env[] = { NULL };
	short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
		      POSIX_SPAWN_SETPGROUP;
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int rc;

	sigemptyset(&none);
	sigfillset(&all);
	rc = posix_spawn_file_actions_init(&files);
	if (rc != 0)
		return rc;
	rc = posix_spawnattr_init(&attr);
	if (rc != 0)
		goto out;
	rc |= posix_spawn_file_actions_adddup2(&files, socket_fd, JAIL_SOCKET);
	rc |= posix_spawn_file_actions_addopen(
	    &files, 0, "/dev/null", O_RDONLY, 0);
	rc |= posix_spawn_file_actions_addopen(
	    &files, 1, "/dev/null", O_WRONLY, 0);
#ifndef __SANITIZE_ADDRESS__
	/* A sanitizer's report must be seen; otherwise nothing is said. */
	rc |= posix_spawn_file_actions_addopen(
	    &files, 2, "/dev/null", O_WRONLY, 0);
#endif
	rc |= posix_spawn_file_actions_addclosefrom_np(&files, JAIL_SOCKET + 1);
	rc |= posix_spawnattr_setsigmask(&attr, &none);
	rc |= posix_spawnattr_setsigdefault(&attr, &all);
	rc |= posix_spawnattr_setpgroup(&attr, 0);
	rc |= posix_spawnattr_setflags(&attr, flags);
	if (rc == 0)
		rc = posix_spawn(
		    pid, "/proc/self/exe", &files, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
out:
	posix_spawn_file_actions_destroy(&files);
	return rc;
}

/* Ends the worker, however it is, and says in w->why what ended it, unless that
 * is known already. */
static void
end_worker(struct worker *w)
{
	char *why = w->why;
	int how = 0;

	if (w->pid == 0)
		return;
	/* Dead already if it fell over the mail; then this changes nothing. */
	kill(w->pid, SIGKILL);
	close(w->fd);
	while (waitpid(w->pid, &how, 0) < 0 && errno == EINTR)
		continue;
	w->fd = -1;
	w->pid = 0;
	arena_free(&w->answer);
	w->n_ahead = w->got = w->sent = 0;
	w->is_sending = w->is_told = w->is_ready = false;
	if (why[0] != '\0')
		return;
	if (WIFSIGNALED(how) && WTERMSIG(how) == SIGPROF)
		snprintf(why, sizeof(w->why),
		    "the parser needed more than %d ms for it", JAIL_CPU_MS);
	else if (WIFSIGNALED(how))
		snprintf(why, sizeof(w->why),
		    "the parser stopped on it (signal %d, %s)", WTERMSIG(how),
		    sigdescr_np(WTERMSIG(how)));
	else
		snprintf(why, sizeof(w->why),
		    "the parser stopped on it (exit %d)", WEXITSTATUS(how));
}

/* ---- frames: as much as goes without waiting --------------------------- */

enum progress { DONE, WAITS, FAILED };

static enum progress
send_some(struct worker *w, struct span body)
{
	uint32_t size = (uint32_t)body.n;

	while (w->sent < sizeof(size) + body.n) {
		size_t head =
		    w->sent < sizeof(size) ? sizeof(size) - w->sent : 0;
		size_t at = w->sent + head - sizeof(size);
		struct iovec parts[] = {
			{ (char *)&size + sizeof(size) - head, head },
			{ (char *)(uintptr_t)body.p + at, body.n - at },
		};
		struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
		ssize_t n =
		    sendmsg(w->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n >= 0)
			w->sent += (size_t)n;
		else if (errno == EAGAIN)
			return WAITS;
		else if (errno != EINTR)
			return FAILED;
	}
	w->sent = 0;
	return DONE;
}

static enum progress
receive_some(struct worker *w, void *to, size_t want, size_t *got)
{
	while (*got < want) {
		ssize_t n =
		    recv(w->fd, (char *)to + *got, want - *got, MSG_DONTWAIT);

		if (n > 0)
			*got += (size_t)n;
		else if (n == 0)
			return FAILED; /* it has gone */
		else if (errno == EAGAIN)
			return WAITS;
		else if (errno != EINTR)
			return FAILED;
	}
	return DONE;
}

/* One frame, into w->answer; DONE once it is whole. */
static enum progress
receive_frame(struct worker *w)
{
	enum progress p;
	size_t got;

	if (w->got < sizeof(w->size)) {
		p = receive_some(w, &w->size, sizeof(w->size), &w->got);
		if (p != DONE)
			return p;
		w->room = w->size > JAIL_ANSWER_MAX
			      ? NULL
			      : arena_alloc(&w->answer, (size_t)w->size + 1);
		if (w->room == NULL) {
			snprintf(w->why, sizeof(w->why),
			    "the parser's answer was too large (%u bytes)",
			    w->size);
			return FAILED;
		}
	}
	got = w->got - sizeof(w->size);
	p = receive_some(w, w->room, w->size, &got);
	w->got = got + sizeof(w->size);
	if (p == DONE)
		w->got = 0;
	return p;
}

/* Waits for the sockets of all workers that have something to do with us;
 * false when the time is over. */
static bool
wait_for_any(struct jail *jail, int64_t deadline)
{
	struct pollfd fds[WORKERS];
	int64_t left = deadline - clock_ticks();
	int n;

	for (int i = 0; i < WORKERS; i++) {
		const struct worker *w = &jail->workers[i];

		fds[i] = (struct pollfd){
			.fd = w->pid != 0 && w->n_ahead > 0 ? w->fd : -1,
			.events = w->is_sending ? POLLIN | POLLOUT : POLLIN,
		};
	}
	n = left <= 0 ? 0 : poll(fds, WORKERS, (int)left);
	return n > 0 || (n < 0 && errno == EINTR);
}

int
jail_spins(void)
{
	cpu_set_t cpus;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) != 0)
		return 0;
	return CPU_COUNT(&cpus) > 1 ? SPINS : 0;
}

/* ---- a worker's first words -------------------------------------------- */

static bool
wait_for(struct worker *w, short events, int64_t deadline)
{
	struct pollfd fd = { .fd = w->fd, .events = events };
	int64_t left = deadline - clock_ticks();
	int n = left <= 0 ? 0 : poll(&fd, 1, (int)left);

	if (n > 0 || (n < 0 && errno == EINTR))
		return true;
	snprintf(w->why, sizeof(w->why),
	    "the parser needed more than %d ms to answer", START_MS);
	return false;
}

/* Starts it and does not wait: it loads while we go on. */
static enum status
launch_worker(struct jail *jail, struct worker *w, struct err *err)
{
	int pair[2], rc;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return err_set(err, ST_BROKEN,
		    "no socket for a parser's worker (%s)", strerror(errno));
	rc = spawn_worker(&w->pid, pair[1]);
	close(pair[1]);
	w->fd = pair[0];
	if (rc != 0) {
		w->pid = 0;
		close(pair[0]);
		return err_set(err, ST_BROKEN,
		    "no parser's worker can be started (%s)", strerror(rc));
	}
	w->why[0] = '\0';
	w->is_told = send_some(w, buf_span(&jail->settings)) == DONE;
	return ST_OK;
}

/* Gives it what it lacks of the settings and hears whether it can work. */
static bool
introduce(struct worker *w, struct span settings)
{
	int64_t deadline = clock_ticks() + START_MS;
	enum progress p = DONE;

	while (!w->is_told && (p = send_some(w, settings)) == WAITS)
		if (!wait_for(w, POLLOUT, deadline))
			return false;
	w->is_told = true;
	while (p != FAILED && (p = receive_frame(w)) == WAITS)
		if (!wait_for(w, POLLIN, deadline))
			return false;
	return p == DONE;
}

/* Makes sure that it runs and can work. */
static enum status
ready_worker(struct jail *jail, struct worker *w, struct err *err)
{
	enum status rc = w->pid == 0 ? launch_worker(jail, w, err) : ST_OK;

	if (rc != ST_OK || w->is_ready)
		return rc;
	if (!introduce(w, buf_span(&jail->settings))) {
		end_worker(w);
		return err_set(err, ST_BROKEN,
		    "a parser's worker did not come up: %s", w->why);
	}
	if (w->size > 0) {
		err_set(err, ST_BROKEN, "the parser's worker cannot work: %.*s",
		    (int)w->size, w->room);
		end_worker(w);
		return ST_BROKEN;
	}
	arena_free(&w->answer);
	w->is_ready = true;
	return ST_OK;
}

/* ---- giving mails away and taking answers ------------------------------ */

static int64_t
wall_ms(struct span mail)
{
	return JAIL_WALL_MS + (int64_t)(mail.n >> 20) * JAIL_WALL_MS_MB;
}

static bool
is_busy_with_large(const struct jail *jail, const struct work *work)
{
	for (int i = 0; i < WORKERS; i++) {
		const struct worker *w = &jail->workers[i];

		for (size_t k = 0; k < w->n_ahead; k++)
			if (work->mails[w->ahead[k]].n > LARGE)
				return true;
	}
	return false;
}

static bool
is_idle(const struct jail *jail)
{
	for (int i = 0; i < WORKERS; i++)
		if (jail->workers[i].n_ahead > 0)
			return false;
	return true;
}

/* The next mail for this worker; false when it gets none now. */
static bool
pick(const struct jail *jail, struct worker *w, struct work *work)
{
	size_t i = work->next;

	while (i < work->n && work->state[i].is_given)
		i++;
	work->next = i;
	if (i == work->n || w->n_ahead == AHEAD ||
	    is_busy_with_large(jail, work) ||
	    (work->mails[i].n > LARGE && !is_idle(jail)))
		return false;
	work->state[i].is_given = true;
	if (w->n_ahead == 0)
		w->deadline = clock_ticks() + wall_ms(work->mails[i]);
	w->ahead[w->n_ahead++] = i;
	w->is_sending = true;
	return true;
}

/* The oldest of its mails is out of its hands. */
static void
drop_oldest(struct worker *w, const struct work *work)
{
	w->n_ahead--;
	memmove(w->ahead, w->ahead + 1, w->n_ahead * sizeof(*w->ahead));
	if (w->n_ahead > 0)
		w->deadline = clock_ticks() + wall_ms(work->mails[w->ahead[0]]);
}

/* The worker is lost.  Its oldest mail is tried once more in a fresh one, then
 * it is to blame; those behind it have not been looked at. */
static void
give_up(struct worker *w, struct work *work)
{
	size_t oldest = w->ahead[0];

	for (size_t k = 0; k < w->n_ahead; k++) {
		work->state[w->ahead[k]].is_given = false;
		if (w->ahead[k] < work->next)
			work->next = w->ahead[k];
	}
	end_worker(w);
	if (!work->state[oldest].failed) {
		work->state[oldest].failed = true;
		return;
	}
	work->state[oldest].is_given = true;
	work->out[oldest].kind = KIND_UNREADABLE;
	parsed_why(&work->out[oldest], "%s", w->why);
	work->n_done++;
}

static enum progress
give(struct jail *jail, struct worker *w, struct work *work, struct err *err,
    enum status *rc)
{
	enum progress p = WAITS;

	while (w->is_sending || pick(jail, w, work)) {
		*rc = ready_worker(jail, w, err);
		if (*rc != ST_OK)
			return FAILED;
		w->why[0] = '\0';
		p = send_some(w, work->mails[w->ahead[w->n_ahead - 1]]);
		if (p != DONE)
			return p;
		w->is_sending = false;
	}
	return p;
}

/* All answers that are there. */
static enum progress
take(struct worker *w, struct work *work)
{
	enum progress p = WAITS, some = WAITS;
	struct err err = { "" };

	while (w->n_ahead > 0 && (p = receive_frame(w)) == DONE) {
		size_t i = w->ahead[0];
		struct parsed *out = &work->out[i];

		if (wire_read(out, (struct span){ w->room, w->size }, &err) !=
		    ST_OK) {
			snprintf(w->why, sizeof(w->why),
			    "the parser's answer makes no sense: %.100s",
			    err.text);
			return FAILED;
		}
		arena_take(&out->arena, &w->answer);
		drop_oldest(w, work);
		work->n_done++;
		some = DONE;
		/* What it has grown to is given back. */
		if (work->mails[i].n > LARGE)
			end_worker(w);
	}
	return p == FAILED ? FAILED : some;
}

/* One look at a worker; did anything happen? */
static enum status
tend(struct jail *jail, struct worker *w, struct work *work, bool *moved,
    struct err *err)
{
	enum status rc = ST_OK;
	enum progress given = give(jail, w, work, err, &rc), taken;

	if (rc != ST_OK)
		return rc;
	/* Also after a failure: it may have answered before it went. */
	taken = take(w, work);
	*moved |= given == DONE || taken == DONE;
	if (w->n_ahead > 0 && (given == FAILED || taken == FAILED)) {
		give_up(w, work);
		*moved = true;
	} else if (w->n_ahead > 0 && clock_ticks() > w->deadline) {
		snprintf(w->why, sizeof(w->why),
		    "the parser needed more than %lld ms to answer",
		    (long long)wall_ms(work->mails[w->ahead[0]]));
		give_up(w, work);
		*moved = true;
	}
	return ST_OK;
}

static int64_t
first_deadline(const struct jail *jail)
{
	int64_t first = clock_ticks() + JAIL_WALL_MS;

	for (int i = 0; i < WORKERS; i++) {
		const struct worker *w = &jail->workers[i];

		if (w->n_ahead > 0 && w->deadline < first)
			first = w->deadline;
	}
	return first;
}

static enum status
work_through(struct jail *jail, struct work *work, struct err *err)
{
	size_t enough = jail->workers[1].pid != 0 ? SHARED : WORTH_IT;
	int workers = work->n >= enough ? WORKERS : 1;
	int spins = jail->spins;
	enum status rc = ST_OK;

	while (rc == ST_OK && work->n_done < work->n) {
		bool moved = false;

		for (int i = 0; i < workers && rc == ST_OK; i++)
			rc = tend(jail, &jail->workers[i], work, &moved, err);
		if (moved || rc != ST_OK || work->n_done == work->n)
			continue;
		/* With many mails both sides have enough to do. */
		if (work->n == 1 && spins-- > 0)
			continue;
		wait_for_any(jail, first_deadline(jail) + 1);
	}
	/* After a failure of ours nothing that is on its way has a place. */
	for (int i = 0; i < WORKERS && rc != ST_OK; i++)
		end_worker(&jail->workers[i]);
	return rc;
}

/* ---- the contract ------------------------------------------------------ */

enum status
jail_open(struct jail **out, const struct jail_settings *set, struct err *err)
{
	const char *words[] = { set->code_prefix, set->authserv_id,
		set->phone_prefix, set->textable_prefixes };
	struct jail *jail = calloc(1, sizeof(*jail));
	enum status rc;

	*out = NULL;
	if (jail == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	jail->spins = jail_spins();
	jail->settings.max = 1 << 20;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		buf_str(&jail->settings, words[i]);
		buf_char(&jail->settings, '\0');
	}
	buf_add(&jail->settings, set->keywords);
	rc = buf_status(&jail->settings, "the parser's settings", err);
	if (rc == ST_OK)
		rc = launch_worker(jail, &jail->workers[0], err);
	if (rc != ST_OK) {
		jail_close(jail);
		return rc == ST_LIMIT ? ST_BROKEN : rc;
	}
	*out = jail;
	return ST_OK;
}

void
jail_dismiss(struct jail *jail)
{
	for (int i = 0; jail != NULL && i < WORKERS; i++)
		if (jail->workers[i].pid != 0)
			kill(jail->workers[i].pid, SIGKILL);
}

void
jail_close(struct jail *jail)
{
	if (jail == NULL)
		return;
	for (int i = 0; i < WORKERS; i++)
		end_worker(&jail->workers[i]);
	buf_free(&jail->settings);
	free(jail);
}

enum status
jail_parse_all(struct jail *jail, struct parsed *out, const struct span *mails,
    size_t n, struct err *err)
{
	struct span *heads = calloc(n + 1, sizeof(*heads));
	struct work work = { .mails = heads, .out = out, .n = n };
	enum status rc = ST_OK;

	work.state = calloc(n + 1, sizeof(*work.state));
	if (heads == NULL || work.state == NULL)
		rc = err_set(err, ST_BROKEN, "out of memory");
	/* More than the parser's limit is told by one byte more. */
	for (size_t i = 0; i < n && rc == ST_OK; i++)
		heads[i] = span_sub(mails[i], 0, JAIL_MAIL_MAX);
	if (rc == ST_OK)
		rc = work_through(jail, &work, err);
	free(heads);
	free(work.state);
	return rc;
}

enum status
jail_parse(
    struct jail *jail, struct parsed *out, struct span mail, struct err *err)
{
	return jail_parse_all(jail, out, &mail, 1, err);
}

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
	KEPT = 1 << 20, /* an answer buffer larger than this is given back */
	SPINS = 200, /* about 70 microseconds */
	START_MS = 10 * JAIL_WALL_MS, /* loading on a busy machine */
};

struct jail {
	pid_t pid; /* 0: no worker now */
	int fd; /* our end of its socket */
	int spins; /* see jail_spins() */
	struct buf settings; /* the first frame's bytes */
	struct buf answer;
	char why[160]; /* why the last worker was given up */
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

/* Ends the worker, however it is, and says in jail->why what ended it, unless
 * that is known already. */
static void
end_worker(struct jail *jail)
{
	char *why = jail->why;
	int how = 0;

	if (jail->pid == 0)
		return;
	/* Dead already if it fell over the mail; then this changes nothing. */
	kill(jail->pid, SIGKILL);
	close(jail->fd);
	jail->fd = -1;
	while (waitpid(jail->pid, &how, 0) < 0 && errno == EINTR)
		continue;
	jail->pid = 0;
	if (why[0] != '\0')
		return;
	if (WIFSIGNALED(how) && WTERMSIG(how) == SIGPROF)
		snprintf(why, sizeof(jail->why),
		    "the parser needed more than %d ms for it", JAIL_CPU_MS);
	else if (WIFSIGNALED(how))
		snprintf(why, sizeof(jail->why),
		    "the parser stopped on it (signal %d, %s)", WTERMSIG(how),
		    sigdescr_np(WTERMSIG(how)));
	else
		snprintf(why, sizeof(jail->why),
		    "the parser stopped on it (exit %d)", WEXITSTATUS(how));
}

/* ---- frames ------------------------------------------------------------ */

/* Waits until the worker's socket is ready for `events`; false when the
 * deadline has passed, with the reason noted. */
static bool
wait_for(struct jail *jail, short events, int64_t deadline)
{
	struct pollfd fd = { .fd = jail->fd, .events = events };
	int64_t left;
	int n;

	for (;;) {
		left = deadline - clock_ticks();
		n = left <= 0 ? 0 : poll(&fd, 1, (int)left);
		if (n > 0)
			return true;
		if (n < 0 && errno == EINTR)
			continue;
		snprintf(jail->why, sizeof(jail->why),
		    "the parser needed more than %d ms to answer",
		    JAIL_WALL_MS);
		return false;
	}
}

static bool
send_frame(struct jail *jail, struct span body, int64_t deadline)
{
	uint32_t size = (uint32_t)body.n;
	size_t sent = 0;

	while (sent < sizeof(size) + body.n) {
		size_t head = sent < sizeof(size) ? sizeof(size) - sent : 0;
		size_t at = sent + head - sizeof(size);
		struct iovec parts[] = {
			{ (char *)&size + sizeof(size) - head, head },
			{ (char *)(uintptr_t)body.p + at, body.n - at },
		};
		struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
		ssize_t n =
		    sendmsg(jail->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n >= 0)
			sent += (size_t)n;
		else if (errno == EAGAIN) {
			if (!wait_for(jail, POLLOUT, deadline))
				return false;
		} else if (errno != EINTR)
			return false;
	}
	return true;
}

static bool
receive(struct jail *jail, void *to, size_t want, int64_t deadline)
{
	size_t got = 0;
	int spins = jail->spins;

	while (got < want) {
		ssize_t n =
		    recv(jail->fd, (char *)to + got, want - got, MSG_DONTWAIT);

		if (n > 0)
			got += (size_t)n;
		else if (n == 0)
			return false; /* it has gone */
		else if (errno == EAGAIN) {
			if (spins-- <= 0 && !wait_for(jail, POLLIN, deadline))
				return false;
		} else if (errno != EINTR)
			return false;
	}
	return true;
}

/* Reads one frame into jail->answer. */
static bool
receive_frame(struct jail *jail, int64_t deadline)
{
	uint32_t size = 0;
	char *room;

	buf_reset(&jail->answer);
	if (!receive(jail, &size, sizeof(size), deadline))
		return false;
	room = size > JAIL_ANSWER_MAX ? NULL : buf_room(&jail->answer, size);
	if (room == NULL) {
		snprintf(jail->why, sizeof(jail->why),
		    "the parser's answer was too large (%u bytes)", size);
		return false;
	}
	if (!receive(jail, room, size, deadline))
		return false;
	jail->answer.n = size;
	return true;
}

int
jail_spins(void)
{
	cpu_set_t cpus;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) != 0)
		return 0;
	return CPU_COUNT(&cpus) > 1 ? SPINS : 0;
}

static enum status
start_worker(struct jail *jail, struct err *err)
{
	int64_t deadline = clock_ticks() + START_MS;
	int pair[2], rc;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return err_set(err, ST_BROKEN,
		    "no socket for a parser's worker (%s)", strerror(errno));
	rc = spawn_worker(&jail->pid, pair[1]);
	close(pair[1]);
	jail->fd = pair[0];
	if (rc != 0) {
		jail->pid = 0;
		close(pair[0]);
		return err_set(err, ST_BROKEN,
		    "no parser's worker can be started (%s)", strerror(rc));
	}
	jail->why[0] = '\0';
	if (!send_frame(jail, buf_span(&jail->settings), deadline) ||
	    !receive_frame(jail, deadline)) {
		end_worker(jail);
		return err_set(err, ST_BROKEN,
		    "a parser's worker did not come up: %s", jail->why);
	}
	if (jail->answer.n > 0) {
		err_set(err, ST_BROKEN, "the parser's worker cannot work: %.*s",
		    (int)jail->answer.n, jail->answer.p);
		end_worker(jail);
		return ST_BROKEN;
	}
	return ST_OK;
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
	jail->fd = -1;
	jail->spins = jail_spins();
	jail->settings.max = 1 << 20;
	jail->answer.max = JAIL_ANSWER_MAX;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		buf_str(&jail->settings, words[i]);
		buf_char(&jail->settings, '\0');
	}
	buf_add(&jail->settings, set->keywords);
	rc = buf_status(&jail->settings, "the parser's settings", err);
	if (rc == ST_OK)
		rc = start_worker(jail, err);
	if (rc != ST_OK) {
		jail_close(jail);
		return rc == ST_LIMIT ? ST_BROKEN : rc;
	}
	*out = jail;
	return ST_OK;
}

void
jail_close(struct jail *jail)
{
	if (jail == NULL)
		return;
	end_worker(jail);
	buf_free(&jail->settings);
	buf_free(&jail->answer);
	free(jail);
}

/* One try; false with jail->why, and no worker, when it came to nothing. */
static bool
try_parse(struct jail *jail, struct parsed *out, struct span mail)
{
	int64_t deadline = clock_ticks() + JAIL_WALL_MS;
	struct err err = { "" };
	bool done;

	jail->why[0] = '\0';
	done =
	    send_frame(jail, mail, deadline) && receive_frame(jail, deadline);
	if (done && wire_read(out, buf_span(&jail->answer), &err) != ST_OK) {
		snprintf(jail->why, sizeof(jail->why),
		    "the parser's answer makes no sense: %.100s", err.text);
		done = false;
	}
	if (!done)
		end_worker(jail);
	if (jail->answer.cap > KEPT)
		buf_free(&jail->answer);
	return done;
}

enum status
jail_parse(
    struct jail *jail, struct parsed *out, struct span mail, struct err *err)
{
	/* More than the parser's limit is told by one byte more. */
	struct span head = span_sub(mail, 0, JAIL_MAIL_MAX);
	enum status rc;

	/* Twice: an earlier mail may have harmed the worker, or the machine
	 * was short of memory.  Never more often. */
	for (int i = 0; i < 2; i++) {
		rc = jail->pid == 0 ? start_worker(jail, err) : ST_OK;
		if (rc != ST_OK)
			return rc;
		if (try_parse(jail, out, head))
			return ST_OK;
	}
	out->kind = KIND_UNREADABLE;
	parsed_why(out, "%s", jail->why);
	return ST_OK;
}

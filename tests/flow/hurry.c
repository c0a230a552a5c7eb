/* hurry - a machine on which the time that is measured runs a hundred times as
 * fast
 *
 * Place: imap_trouble.test.mjs preloads it, to see what happens in half an
 * hour of waiting.  CLOCK_MONOTONIC and the waits of poll() and nanosleep() are
 * changed, the time of day is not.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <time.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

enum { TIMES = 100, SECOND = 1000000000 };

int
clock_gettime(clockid_t id, struct timespec *t)
{
	int rc = REAL(clock_gettime)(id, t);
	long long ns;

	if (rc != 0 || id != CLOCK_MONOTONIC)
		return rc;
	ns = t->tv_nsec * (long long)TIMES;
	t->tv_sec = t->tv_sec * TIMES + ns / SECOND;
	t->tv_nsec = ns % SECOND;
	return 0;
}

int
poll(struct pollfd *fds, nfds_t n, int ms)
{
	return REAL(poll)(fds, n, ms > 0 ? ms / TIMES + 1 : ms);
}

int
nanosleep(const struct timespec *time, struct timespec *left)
{
	long long ns =
	    (time->tv_sec * (long long)SECOND + time->tv_nsec) / TIMES;
	struct timespec shorter = { ns / SECOND, ns % SECOND };

	return REAL(nanosleep)(&shorter, left);
}

/* clock - another time of day, which a test can move while the program runs
 *
 * Place: faults.mjs preloads it.  The file $UWAGA_CLOCK holds how many
 * milliseconds the program's clock is ahead of the machine's; the clock that
 * only measures (CLOCK_MONOTONIC) is not touched, as on a machine whose clock
 * somebody sets.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static long long
ahead(void)
{
	const char *path = getenv("UWAGA_CLOCK");
	char text[32] = "";
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	ssize_t n;

	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	return n > 0 ? strtoll(text, NULL, 10) : 0;
}

int
clock_gettime(clockid_t id, struct timespec *t)
{
	int rc = REAL(clock_gettime)(id, t);
	long long ms;

	if (rc != 0 || id != CLOCK_REALTIME)
		return rc;
	ms = t->tv_sec * 1000LL + t->tv_nsec / 1000000 + ahead();
	t->tv_sec = ms / 1000;
	t->tv_nsec = ms % 1000 * 1000000 + t->tv_nsec % 1000000;
	return rc;
}

time_t
time(time_t *out)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	if (out != NULL)
		*out = t.tv_sec;
	return t.tv_sec;
}

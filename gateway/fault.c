/* fault - the numbered durable steps, where a test can stop the program
 *
 * Place: store, maildir, spool and the sinks call it; `make crash` walks
 * through every number.
 */
#include "gateway/fault.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void
append_to_log(const char *path, long n, const char *name)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0)
		return;
	/* One write, so that the steps of several threads do not mix. */
	dprintf(fd, "%ld %s\n", n, name);
	close(fd);
}

void
fault_step(const char *name)
{
	/* The only counter that outlives a call: steps are numbered over the
	 * whole process, whichever thread makes them. */
	static atomic_long steps;
	const char *log = getenv("UWAGA_CRASH_LOG");
	const char *at = getenv("UWAGA_CRASH_AT");
	long n;

	if (log == NULL && at == NULL)
		return;
	n = atomic_fetch_add(&steps, 1) + 1;
	if (log != NULL)
		append_to_log(log, n, name);
	if (at != NULL && strtol(at, NULL, 10) == n) {
		kill(getpid(), SIGKILL);
		for (;;)
			pause();
	}
}

/* shim - writes down, in their order, the steps that must not change places
 *
 * Place: crash.mjs preloads it into `uwaga run --once` and checks in the log
 * that every rename (a message acknowledged, a letter handed over) comes after
 * a sync of whatever was written to the write-ahead log before it.  A kill
 * cannot show that: what a program wrote survives it, synced or not.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* One line in the log.  The system call itself, as write() is ours. */
static void
note(const char *what, const char *detail, const char *more)
{
	const char *path = getenv("UWAGA_SHIM_LOG");
	char line[1024];
	int fd, n;

	if (path == NULL)
		return;
	n = snprintf(line, sizeof(line), "%s %s %s\n", what, detail, more);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0 || n < 0 || syscall(SYS_write, fd, line, (size_t)n) != n)
		abort();
	close(fd);
}

/* Notes `what` when `fd` is a write-ahead log. */
static void
note_wal(const char *what, int fd)
{
	char link[64], path[512];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 4)
		return;
	path[n] = '\0';
	if (strcmp(path + n - 4, "-wal") == 0)
		note(what, "", "");
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t
write(int fd, const void *bytes, size_t n)
{
	note_wal("write", fd);
	return REAL(write)(fd, bytes, n);
}

ssize_t
pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	note_wal("write", fd);
	return REAL(pwrite)(fd, bytes, n, at);
}

ssize_t
pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
	note_wal("write", fd);
	return REAL(pwrite64)(fd, bytes, n, at);
}

/* Noted after it has returned: only then it is on disk. */
int
fsync(int fd)
{
	int rc = REAL(fsync)(fd);

	if (rc == 0)
		note_wal("sync", fd);
	return rc;
}

int
fdatasync(int fd)
{
	int rc = REAL(fdatasync)(fd);

	if (rc == 0)
		note_wal("sync", fd);
	return rc;
}

int
rename(const char *from, const char *to)
{
	note("rename", from, to);
	return REAL(rename)(from, to);
}

int
renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	note("rename", from, to);
	return REAL(renameat)(from_fd, from, to_fd, to);
}

int
renameat2(int from_fd, const char *from, int to_fd, const char *to,
    unsigned int flags)
{
	note("rename", from, to);
	return REAL(renameat2)(from_fd, from, to_fd, to, flags);
}

int
link(const char *from, const char *to)
{
	note("rename", from, to);
	return REAL(link)(from, to);
}

int
linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
	note("rename", from, to);
	return REAL(linkat)(from_fd, from, to_fd, to, flags);
}

/* Removing a source's file would be an acknowledgement too.  The database's
 * own files (and SQLite's temporary ones) come and go without being one. */
static void
note_removal(const char *path)
{
	size_t n = strlen(path);

	if (n > 4 && (strcmp(path + n - 4, "-wal") == 0 ||
			 strcmp(path + n - 4, "-shm") == 0))
		return;
	note("remove", path, "");
}

int
unlink(const char *path)
{
	note_removal(path);
	return REAL(unlink)(path);
}

int
unlinkat(int fd, const char *path, int flags)
{
	note_removal(path);
	return REAL(unlinkat)(fd, path, flags);
}

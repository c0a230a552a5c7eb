/* disk - a full or read-only disk, for any user and without a mount
 *
 * Place: bad_input.test.mjs, alert.test.mjs and faults.mjs preload it.  Files
 * below $UWAGA_DISK behave as on a disk that has room for $UWAGA_DISK_BYTES more
 * bytes; or as on one that is full while the file $UWAGA_DISK_FULL exists; or,
 * when neither is set, as on one that was mounted read-only.  With
 * $UWAGA_DISK_FREE they behave as ever, but that file says how many MiB are
 * free; and with $UWAGA_DISK_STALL nothing reaches the disk while that file
 * exists.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int
is_ours(const char *path)
{
	const char *disk = getenv("UWAGA_DISK");

	return disk != NULL && strncmp(path, disk, strlen(disk)) == 0;
}

static int
is_our_file(int fd)
{
	char link[64], path[512];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return 0;
	path[n] = '\0';
	return is_ours(path);
}

/* True when the disk has no room for `n` more bytes. */
static int
is_full(int fd, size_t n)
{
	static atomic_llong used;
	const char *bytes = getenv("UWAGA_DISK_BYTES");
	const char *full = getenv("UWAGA_DISK_FULL");

	if (full != NULL && access(full, F_OK) == 0 && is_our_file(fd)) {
		errno = ENOSPC;
		return 1;
	}
	if (bytes == NULL || !is_our_file(fd))
		return 0;
	if (atomic_fetch_add(&used, (long long)n) + (long long)n <=
	    strtoll(bytes, NULL, 10))
		return 0;
	errno = ENOSPC;
	return 1;
}

static int
is_read_only(const char *path, int flags)
{
	if (getenv("UWAGA_DISK_BYTES") != NULL ||
	    getenv("UWAGA_DISK_FULL") != NULL ||
	    getenv("UWAGA_DISK_FREE") != NULL ||
	    getenv("UWAGA_DISK_STALL") != NULL || !is_ours(path))
		return 0;
	if ((flags & O_ACCMODE) == O_RDONLY && (flags & O_CREAT) == 0)
		return 0;
	errno = EROFS;
	return 1;
}

static mode_t
mode_of(int flags, va_list ap)
{
	return flags & O_CREAT ? va_arg(ap, mode_t) : 0;
}

#define OPEN(name)                                    \
	int name(const char *path, int flags, ...)    \
	{                                             \
		va_list ap;                           \
		mode_t mode;                          \
                                                      \
		va_start(ap, flags);                  \
		mode = mode_of(flags, ap);            \
		va_end(ap);                           \
		if (is_read_only(path, flags))        \
			return -1;                    \
		return REAL(name)(path, flags, mode); \
	}
OPEN(open)
OPEN(open64)

ssize_t
write(int fd, const void *bytes, size_t n)
{
	return is_full(fd, n) ? -1 : REAL(write)(fd, bytes, n);
}

ssize_t
pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	return is_full(fd, n) ? -1 : REAL(pwrite)(fd, bytes, n, at);
}

ssize_t
pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
	return is_full(fd, n) ? -1 : REAL(pwrite64)(fd, bytes, n, at);
}

int
access(const char *path, int mode)
{
	if ((mode & W_OK) && is_read_only(path, O_WRONLY))
		return -1;
	return REAL(access)(path, mode);
}

int
statvfs(const char *path, struct statvfs *out)
{
	const char *file = getenv("UWAGA_DISK_FREE");
	int rc = REAL(statvfs)(path, out), fd;
	char text[32] = "";

	if (rc != 0 || file == NULL || !is_ours(path))
		return rc;
	fd = REAL(open)(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (read(fd, text, sizeof(text) - 1) > 0) {
		out->f_frsize = 1024;
		out->f_bavail = (fsblkcnt_t)strtoul(text, NULL, 10) * 1024;
	}
	close(fd);
	return 0;
}

/* Waits as on a disk that is dying. */
static void
stall(int fd)
{
	const char *file = getenv("UWAGA_DISK_STALL");
	struct timespec moment = { 0, 10000000 };

	while (file != NULL && is_our_file(fd) && access(file, F_OK) == 0)
		nanosleep(&moment, NULL);
}

int
fsync(int fd)
{
	stall(fd);
	return REAL(fsync)(fd);
}

int
fdatasync(int fd)
{
	stall(fd);
	return REAL(fdatasync)(fd);
}

/* file - the bytes of a file, and the folder it stands in */
#include "gateway/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK ((size_t)64 << 10)

static ssize_t
read_some(int fd, char *to, size_t size)
{
	ssize_t n;

	do {
		n = read(fd, to, size);
	} while (n < 0 && errno == EINTR);
	return n;
}

bool
file_read(struct buf *out, int fd)
{
	ssize_t n = 1;
	char beyond;

	while (n > 0 && out->n < out->max) {
		size_t want = out->max - out->n;
		char *room;

		if (want > CHUNK)
			want = CHUNK;
		room = buf_room(out, want);
		if (room == NULL) {
			errno = ENOMEM;
			return false;
		}
		n = read_some(fd, room, want);
		if (n > 0)
			out->n += (size_t)n;
		out->p[out->n] = '\0';
	}
	if (n > 0)
		n = read_some(fd, &beyond, 1);
	if (n > 0) {
		out->failed = true;
		errno = EFBIG;
	}
	return n == 0;
}

bool
file_read_up_to(struct buf *out, int fd, size_t want)
{
	char *room;
	ssize_t n = 1;

	out->max = want;
	room = buf_room(out, want);
	if (room == NULL) {
		errno = ENOMEM;
		return false;
	}
	while (out->n < want && n > 0) {
		n = read_some(fd, room + out->n, want - out->n);
		if (n > 0)
			out->n += (size_t)n;
	}
	room[out->n] = '\0';
	return n >= 0;
}

bool
file_write(int fd, struct span bytes)
{
	while (bytes.n > 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		bytes = span_from(bytes, (size_t)n);
	}
	return true;
}

enum status
file_sync_folder(const char *path, struct err *err)
{
	enum status rc = ST_OK;
	char *copy = strdup(path);
	int fd = copy == NULL
		     ? -1
		     : open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) != 0)
		rc = err_set(err, ST_BROKEN,
		    "the folder of %s cannot be synced (%s)", path,
		    strerror(errno));
	if (fd >= 0)
		close(fd);
	free(copy);
	return rc;
}

enum status
file_take(struct buf *out, const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool is_read = fd >= 0 && file_read(out, fd);
	int why = errno;

	if (fd >= 0)
		close(fd);
	if (!is_read && why == EFBIG)
		return err_set(err, ST_REJECT, "%.300s is larger than %zu KiB",
		    path, out->max / 1024);
	return is_read ? ST_OK
		       : err_set(err, ST_REJECT, "%.300s cannot be read: %s",
			     path, strerror(why));
}

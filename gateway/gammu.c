/* gammu - gammu-smsd's folders as an SMS line: what both directions need
 *
 * Place: under gammu_in.c and gammu_out.c.
 */
#include "gateway/gammu.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int
gammu_folder(const char *dir, const char *sub)
{
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/%s", dir, sub);

	if (n >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

enum status
gammu_check(const char *dir, const char *sub, struct err *err)
{
	int fd = gammu_folder(dir, sub);
	int error = errno;

	if (fd < 0 && error == ENOENT)
		return err_set(err, ST_REJECT,
		    "the spool's folder %s/%s is missing; make it with: "
		    "mkdir -p %s/inbox %s/outbox %s/sent %s/error",
		    dir, sub, dir, dir, dir, dir);
	if (fd >= 0 &&
	    faccessat(fd, ".", R_OK | W_OK | X_OK, AT_EACCESS) != 0) {
		error = errno;
		close(fd);
		fd = -1;
	}
	if (fd < 0)
		return err_set(err, ST_REJECT,
		    "the spool's folder %s/%s cannot be used (%s); its files "
		    "must be readable and movable for this user",
		    dir, sub, strerror(error));
	close(fd);
	return ST_OK;
}

int
gammu_move(int from_fd, const char *from, int to_fd, const char *to)
{
	int rc = renameat2(from_fd, from, to_fd, to, RENAME_NOREPLACE);

	if (rc == 0 || (errno != EINVAL && errno != ENOSYS))
		return rc;
	/* A file system without that flag: a link never replaces.  A crash in
	 * between leaves both names, and the first is moved again. */
	rc = linkat(from_fd, from, to_fd, to, 0);
	return rc == 0 ? unlinkat(from_fd, from, 0) : rc;
}

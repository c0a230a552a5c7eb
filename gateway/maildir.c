/* maildir - a folder of mails, one file each: what both directions need
 *
 * Place: under maildir_in.c (a mailbox) and maildir_out.c (a way out).
 * Everything is opened relative to a folder and without following links, so
 * that no name in it can lead out.
 */
#include "gateway/maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/fault.h"

int
maildir_folder(const char *path, const char *sub)
{
	char name[4096];
	int n = snprintf(name, sizeof(name), "%s/%s", path, sub);

	if (n >= (int)sizeof(name)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

enum status
maildir_check(const char *path, struct err *err)
{
	static const char *const subs[] = { "new", "cur", "tmp" };
	struct stat sb = { 0 };
	dev_t device = 0;

	for (size_t i = 0; i < sizeof(subs) / sizeof(subs[0]); i++) {
		int fd = maildir_folder(path, subs[i]);
		int error = errno;

		if (fd < 0 && error == ENOENT)
			return err_set(err, ST_REJECT,
			    "%s is no Maildir, its folder %s is missing; make "
			    "it with: mkdir -p %s/new %s/cur %s/tmp",
			    path, subs[i], path, path, path);
		if (fd >= 0 &&
		    (fstat(fd, &sb) != 0 ||
			faccessat(fd, ".", R_OK | W_OK | X_OK, AT_EACCESS))) {
			error = errno;
			close(fd);
			fd = -1;
		}
		if (fd < 0)
			return err_set(err, ST_REJECT,
			    "the folder %s/%s cannot be used (%s); its files "
			    "must be readable and movable for this user",
			    path, subs[i], strerror(error));
		close(fd);
		if (i > 0 && sb.st_dev != device)
			return err_set(err, ST_REJECT,
			    "%s/%s is on another file system; a Maildir must "
			    "be on one",
			    path, subs[i]);
		device = sb.st_dev;
	}
	return ST_OK;
}

int
maildir_move(int from_fd, const char *from, int to_fd, const char *to)
{
	int rc;

	fault_step("maildir: before rename");
	rc = renameat2(from_fd, from, to_fd, to, RENAME_NOREPLACE);
	if (rc != 0 && (errno == EINVAL || errno == ENOSYS)) {
		/* A file system without that flag: look first.  Safe, as the
		 * lock makes us the only one that moves files here. */
		if (faccessat(to_fd, to, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
			errno = EEXIST;
			return -1;
		}
		rc = renameat(from_fd, from, to_fd, to);
	}
	fault_step("maildir: after rename");
	return rc;
}

static enum status
make_folder(const char *path, struct err *err)
{
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return err_set(err, ST_BROKEN,
		    "the folder %s cannot be made (%s)", path, strerror(errno));
	return ST_OK;
}

enum status
maildir_create(const char *path, struct err *err)
{
	static const char *const subs[] = { "", "/new", "/cur", "/tmp" };
	struct buf name = { .max = 4096 };
	enum status rc = ST_OK;

	for (size_t i = 0; rc == ST_OK && i < sizeof(subs) / sizeof(*subs);
	     i++) {
		buf_reset(&name);
		buf_printf(&name, "%s%s", path, subs[i]);
		rc = buf_status(&name, "the folder's name", err);
		if (rc == ST_OK)
			rc = make_folder(buf_cstr(&name), err);
	}
	buf_free(&name);
	return rc;
}

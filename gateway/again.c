/* again - files that a source put away go back to where it reads */
#include "gateway/again.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/maildir.h"

enum { NAME_SIZE = 256, CLASHES_MAX = 10000 };

static bool
move_back(int from, const char *name, int to)
{
	const char *flags = strstr(name, ":2,");
	int stem =
	    (int)(flags == NULL || flags == name ? strlen(name)
						 : (size_t)(flags - name));
	char target[NAME_SIZE + 16];

	for (int clash = 1; clash < CLASHES_MAX; clash++) {
		if (clash == 1)
			snprintf(target, sizeof(target), "%.*s", stem, name);
		else
			snprintf(target, sizeof(target), "%.*s~%d", stem, name,
			    clash);
		if (maildir_move(from, name, to, target) == 0)
			return true;
		if (errno != EEXIST)
			return errno == ENOENT;
	}
	return false;
}

static bool
move_all(DIR *dir, int from, int to)
{
	struct dirent *d;
	bool done = true;

	errno = 0;
	while (done && (d = readdir(dir)) != NULL) {
		done = d->d_name[0] == '.' || move_back(from, d->d_name, to);
		if (done)
			errno = 0;
	}
	return done && errno == 0 && fsync(to) == 0 && fsync(from) == 0;
}

enum status
again_folder(
    const char *path, const char *from, const char *to, struct err *err)
{
	int from_fd = maildir_folder(path, from), to_fd = -1;
	enum status rc = ST_OK;
	DIR *dir = NULL;

	if (from_fd < 0 && errno == ENOENT)
		return ST_OK;
	if (from_fd >= 0)
		to_fd = maildir_folder(path, to);
	if (to_fd >= 0)
		dir = fdopendir(from_fd);
	if (dir == NULL || !move_all(dir, from_fd, to_fd))
		rc = err_set(err, ST_BROKEN,
		    "what is in %s/%s cannot be moved back to %s/%s (%s); "
		    "nothing was restored",
		    path, from, path, to, strerror(errno));
	if (dir != NULL)
		closedir(dir);
	else if (from_fd >= 0)
		close(from_fd);
	if (to_fd >= 0)
		close(to_fd);
	return rc;
}

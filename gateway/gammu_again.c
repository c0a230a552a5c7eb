/* gammu_again - stored texts go back to the inbox to be read again
 *
 * Place: an SMS line's reread(), see source.h.  All that stands in processed/
 * and aside/ was put there by gammu_done.c; numbers that it gave to names
 * (NAME.txt.1) must not stay at their end, as only .txt is read as a text.
 */
#include "gateway/gammu_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/fault.h"
#include "gateway/gammu.h"

/* One folder that texts go back from. */
struct room {
	int fd, inbox;
	int64_t since_ms;
	bool files_only; /* processed/: whatever else is there is not ours */
};

/* "NAME.txt.3": the length of "NAME.txt"; else the whole name's. */
static size_t
length_before_number(const char *name)
{
	size_t n = strlen(name), end = n;

	while (end > 0 && name[end - 1] >= '0' && name[end - 1] <= '9')
		end--;
	if (end < n && end > 5 && memcmp(name + end - 5, ".txt.", 5) == 0)
		return end - 1;
	return n;
}

/* NAME.txt, when that is taken NAME~3.txt: the key is made of what a text says
 * and how its name begins, so it stays the same.  False: no other name. */
static bool
target_name(char out[GAMMU_NAME + 16], const char *name, bool is_taken)
{
	size_t n = length_before_number(name);
	const char *number = name[n] == '\0' ? "0" : name + n + 1;

	if (!is_taken) {
		snprintf(out, GAMMU_NAME + 16, "%.*s", (int)n, name);
		return true;
	}
	if (n <= 4 || memcmp(name + n - 4, ".txt", 4) != 0)
		return false;
	snprintf(out, GAMMU_NAME + 16, "%.*s~%s.txt", (int)n - 4, name, number);
	return true;
}

static bool
is_ours(const struct room *r, const char *name)
{
	struct stat sb;

	if (name[0] == '.' ||
	    fstatat(r->fd, name, &sb, AT_SYMLINK_NOFOLLOW) != 0 ||
	    (r->files_only && !S_ISREG(sb.st_mode)))
		return false;
	return (int64_t)sb.st_mtim.tv_sec * 1000 +
		   sb.st_mtim.tv_nsec / 1000000 >=
	       r->since_ms;
}

/* Moves one file back; false with errno. */
static bool
put_back(const struct room *r, const char *name, struct reread *out)
{
	char target[GAMMU_NAME + 16];
	int rc = -1;

	errno = EEXIST;
	for (int try = 0; try < 2 && rc != 0 && errno == EEXIST; try++) {
		if (!target_name(target, name, try > 0))
			break;
		fault_step("spool reread");
		rc = gammu_move(r->fd, name, r->inbox, target);
	}
	if (rc == 0)
		out->moved++;
	else if (errno == EEXIST)
		out->left++;
	return rc == 0 || errno == EEXIST || errno == ENOENT;
}

/* One pass over the folder; false with errno. */
static bool
move_back(const struct room *r, struct reread *out)
{
	int fd = openat(r->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	bool done = dir != NULL;
	int error = errno;
	struct dirent *d;

	while (done && (errno = 0, d = readdir(dir)) != NULL)
		if (is_ours(r, d->d_name))
			done = put_back(r, d->d_name, out);
	if (dir != NULL) {
		error = errno;
		closedir(dir);
	} else if (fd >= 0) {
		close(fd);
	}
	errno = error;
	return done && errno == 0;
}

/* Until nothing more is found: a folder that changes while it is listed may
 * pass over what is in it. */
static bool
empty_room(const char *dir, const char *sub, struct room *r, struct reread *out)
{
	struct reread pass;
	bool done;
	int error;

	r->fd = gammu_folder(dir, sub);
	if (r->fd < 0)
		return errno == ENOENT; /* nothing was ever put there */
	do {
		pass = (struct reread){ 0 };
		done = move_back(r, &pass);
		out->moved += pass.moved;
	} while (done && pass.moved > 0);
	out->left += pass.left;
	done = done && fsync(r->fd) == 0;
	error = errno;
	close(r->fd);
	errno = error;
	return done;
}

enum status
gammu_reread(
    const char *dir, int64_t since_ms, struct reread *out, struct err *err)
{
	struct room r = { -1, gammu_folder(dir, "inbox"), since_ms, true };
	enum status rc = ST_OK;
	bool done = r.inbox >= 0;

	*out = (struct reread){ 0 };
	done = done && empty_room(dir, "processed", &r, out);
	r.files_only = false;
	done = done && empty_room(dir, "aside", &r, out);
	if (!done || fsync(r.inbox) != 0)
		rc = err_set(err, ST_RETRY,
		    "texts cannot be moved back from processed and aside to "
		    "%s/inbox, to be read again (%s)",
		    dir, strerror(errno));
	if (r.inbox >= 0)
		close(r.inbox);
	return rc;
}

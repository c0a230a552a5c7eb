/* maildir_again - what was acknowledged goes back to be read again
 *
 * Place: a mailbox's reread(), see source.h.  Whatever stands in aside/ was put
 * there by us; in cur/ other programs' mail lies beside ours.  So before we
 * move the first mail there, what it holds already is noted in
 * cur/.uwaga-before (base names, each closed by NUL): that is never touched.
 */
#include "gateway/maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/fault.h"

enum { NAME_SIZE = 256 };

static const char note_name[] = ".uwaga-before";

size_t
maildir_base(const char *name)
{
	const char *flags = strstr(name, ":2,");

	return flags == NULL || flags == name ? strlen(name)
					      : (size_t)(flags - name);
}

/* A folder to list, apart from the handle that stays open; NULL with errno. */
static DIR *
list_folder(int folder)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int error = errno;

	if (dir == NULL && fd >= 0)
		close(fd);
	errno = error;
	return dir;
}

/* ---- what lay in cur/ before us ----------------------------------------- */

static bool
write_names(FILE *out, DIR *dir)
{
	struct dirent *d;

	errno = 0;
	while ((d = readdir(dir)) != NULL) {
		size_t n = maildir_base(d->d_name);

		if (d->d_name[0] != '.' &&
		    (fwrite(d->d_name, 1, n, out) != n || putc('\0', out) != 0))
			return false;
		errno = 0;
	}
	return errno == 0 && fflush(out) == 0 && fsync(fileno(out)) == 0;
}

bool
maildir_note_before(int cur_fd)
{
	static const char draft[] = ".uwaga-before.new";
	FILE *out = NULL;
	DIR *dir = NULL;
	bool done = false;
	int fd, error;

	if (faccessat(cur_fd, note_name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return true;
	if (errno != ENOENT)
		return false;
	unlinkat(cur_fd, draft, 0); /* what an interrupted try may have left */
	fd = openat(cur_fd, draft,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	out = fdopen(fd, "w");
	if (out == NULL)
		close(fd);
	else
		dir = list_folder(cur_fd);
	done = dir != NULL && write_names(out, dir);
	error = errno;
	if (dir != NULL)
		closedir(dir);
	if (out != NULL)
		fclose(out);
	errno = error;
	fault_step("maildir: before the note");
	return done && renameat(cur_fd, draft, cur_fd, note_name) == 0 &&
	       fsync(cur_fd) == 0;
}

/* The noted names, sorted. */
struct before {
	char *bytes; /* owned */
	const char **names; /* owned; into bytes */
	size_t n;
};

static int
by_name(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void
free_before(struct before *b)
{
	free(b->bytes);
	free(b->names);
}

/* Reads the whole note into b->bytes, closed by a NUL of our own. */
static bool
read_note(struct before *b, int fd, size_t *size)
{
	struct stat sb;
	ssize_t n = 0;

	*size = 0;
	if (fstat(fd, &sb) != 0)
		return false;
	b->bytes = calloc(1, (size_t)sb.st_size + 1);
	if (b->bytes == NULL)
		return false;
	while (*size < (size_t)sb.st_size &&
	       (n = read(fd, b->bytes + *size, (size_t)sb.st_size - *size)) > 0)
		*size += (size_t)n;
	return n >= 0;
}

/* False with errno; ENOENT: we have acknowledged nothing here yet. */
static bool
read_before(struct before *b, int cur_fd)
{
	int fd = openat(cur_fd, note_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC),
	    error;
	size_t size = 0, at = 0;
	bool done;

	*b = (struct before){ 0 };
	if (fd < 0)
		return false;
	done = read_note(b, fd, &size);
	error = errno;
	close(fd);
	errno = error;
	if (!done)
		return false;
	for (size_t i = 0; i < size; i++)
		b->n += b->bytes[i] == '\0';
	b->names = calloc(b->n + 1, sizeof(*b->names));
	if (b->names == NULL)
		return false;
	for (size_t i = 0; i < b->n; i++) {
		b->names[i] = b->bytes + at;
		at += strlen(b->bytes + at) + 1;
	}
	if (b->n > 0)
		qsort(b->names, b->n, sizeof(*b->names), by_name);
	return true;
}

static bool
was_before(const struct before *b, const char *base)
{
	return b->n > 0 && bsearch(&base, b->names, b->n, sizeof(*b->names),
			       by_name) != NULL;
}

/* ---- back to new/ ------------------------------------------------------- */

/* One folder that mail goes back from. */
struct room {
	int fd, new_fd;
	int64_t since_ms;
	const struct before *before; /* of cur/; NULL: all here is ours */
};

/* The name in new/ of a file that is ours and came late enough; in cur/ the
 * base name, so that its key is what it was. */
static bool
is_ours(const struct room *r, const char *name, char target[NAME_SIZE])
{
	size_t n = r->before == NULL ? strlen(name) : maildir_base(name);
	struct stat sb;

	if (name[0] == '.' || n >= NAME_SIZE)
		return false;
	snprintf(target, NAME_SIZE, "%.*s", (int)n, name);
	if (r->before != NULL &&
	    (name[n] == '\0' || was_before(r->before, target)))
		return false;
	if (fstatat(r->fd, name, &sb, AT_SYMLINK_NOFOLLOW) != 0 ||
	    (r->before != NULL && !S_ISREG(sb.st_mode)))
		return false;
	return (int64_t)sb.st_mtim.tv_sec * 1000 +
		   sb.st_mtim.tv_nsec / 1000000 >=
	       r->since_ms;
}

/* One pass over the folder; false with errno. */
static bool
move_back(const struct room *r, struct reread *out)
{
	DIR *dir = list_folder(r->fd);
	char target[NAME_SIZE];
	bool done = dir != NULL;
	struct dirent *d;
	int error = errno;

	while (done && (errno = 0, d = readdir(dir)) != NULL) {
		if (!is_ours(r, d->d_name, target))
			continue;
		if (maildir_move(r->fd, d->d_name, r->new_fd, target) == 0)
			out->moved++;
		else if (errno == EEXIST)
			out->left++;
		else
			done = errno == ENOENT;
	}
	if (dir != NULL) {
		error = errno;
		closedir(dir);
	}
	errno = error;
	return done && errno == 0;
}

/* Until nothing more is found: a folder that changes while it is listed may
 * pass over what is in it. */
static bool
empty_room(const struct room *r, struct reread *out)
{
	struct reread pass;
	bool done;

	do {
		pass = (struct reread){ 0 };
		done = move_back(r, &pass);
		out->moved += pass.moved;
	} while (done && pass.moved > 0);
	out->left += pass.left;
	return done && fsync(r->fd) == 0;
}

static bool
reread_cur(const char *path, int new_fd, int64_t since_ms, struct reread *out)
{
	struct before before = { 0 };
	struct room r = { maildir_folder(path, "cur"), new_fd, since_ms,
		&before };
	bool done = r.fd >= 0;
	int error;

	if (done && read_before(&before, r.fd))
		done = empty_room(&r, out);
	else
		done = done && errno == ENOENT;
	error = errno;
	free_before(&before);
	if (r.fd >= 0)
		close(r.fd);
	errno = error;
	return done;
}

static bool
reread_aside(const char *path, int new_fd, int64_t since_ms, struct reread *out)
{
	struct room r = { maildir_folder(path, "aside"), new_fd, since_ms,
		NULL };
	bool done;
	int error;

	if (r.fd < 0)
		return errno == ENOENT;
	done = empty_room(&r, out);
	error = errno;
	close(r.fd);
	errno = error;
	return done;
}

enum status
maildir_reread(
    const char *path, int64_t since_ms, struct reread *out, struct err *err)
{
	int new_fd = maildir_folder(path, "new");
	enum status rc = ST_OK;

	*out = (struct reread){ 0 };
	if (new_fd < 0 || !reread_cur(path, new_fd, since_ms, out) ||
	    !reread_aside(path, new_fd, since_ms, out) || fsync(new_fd) != 0)
		rc = err_set(err, ST_RETRY,
		    "mails cannot be moved back from cur and aside to new in "
		    "%s, to be read again (%s)",
		    path, strerror(errno));
	if (new_fd >= 0)
		close(new_fd);
	return rc;
}

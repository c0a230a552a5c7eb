/* gammu_done - what was stored goes out of a spool's inbox
 *
 * Place: the source's done(), declared in gammu_file.h.  A message made of
 * several files must not come again in pieces after a crash: before its first
 * file is moved their names are noted in processed/.moving.
 */
#include "gateway/gammu_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/fault.h"
#include "gateway/file.h"
#include "gateway/gammu.h"

enum { CLASHES_MAX = 10000, NOTE_MAX = 1 << 20, STEM_MAX = 240 };

static const char note_name[] = ".moving";

/* The three folders of a spool that files move between; -1: not open. */
struct rooms {
	int inbox, processed, aside;
};

/* Opens DIR/SUB, making it when it is needed for the first time. */
static int
open_made(const char *dir, int inbox, const char *sub)
{
	char path[32];
	int fd = gammu_folder(dir, sub), parent;

	if (fd >= 0 || errno != ENOENT)
		return fd;
	snprintf(path, sizeof(path), "../%s", sub);
	if (mkdirat(inbox, path, 0750) != 0 && errno != EEXIST)
		return -1;
	parent = gammu_folder(dir, ".");
	if (parent >= 0) {
		fsync(parent);
		close(parent);
	}
	return gammu_folder(dir, sub);
}

static bool
open_rooms(struct rooms *r, const char *dir, bool aside)
{
	*r = (struct rooms){ -1, -1, -1 };
	r->inbox = gammu_folder(dir, "inbox");
	if (r->inbox >= 0)
		r->processed = open_made(dir, r->inbox, "processed");
	if (r->processed >= 0 && aside)
		r->aside = open_made(dir, r->inbox, "aside");
	return r->processed >= 0 && (!aside || r->aside >= 0);
}

static void
close_rooms(struct rooms *r)
{
	int error = errno;

	if (r->inbox >= 0)
		close(r->inbox);
	if (r->processed >= 0)
		close(r->processed);
	if (r->aside >= 0)
		close(r->aside);
	errno = error;
}

/* Moves one file under a free name: NAME, NAME.1, NAME.2...  True also when it
 * has gone, or another file has its name now. */
static bool
put_away(const struct rooms *r, const struct gammu_stored *file, int to)
{
	char name[GAMMU_NAME + 16];
	struct stat sb;

	if (fstatat(r->inbox, file->name, &sb, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT;
	if ((unsigned long long)sb.st_ino != file->inode)
		return true;
	snprintf(name, sizeof(name), "%s", file->name);
	for (int clash = 1; clash < CLASHES_MAX; clash++) {
		int rc;

		fault_step("spool ack");
		rc = gammu_move(r->inbox, file->name, to, name);
		if (rc == 0 || errno == ENOENT)
			return true;
		if (errno != EEXIST)
			return false;
		snprintf(
		    name, sizeof(name), "%.*s.%d", STEM_MAX, file->name, clash);
	}
	return false;
}

/* Notes the files of one message; synced before the first is moved. */
static bool
write_note(const struct rooms *r, const struct gammu_handle *h)
{
	static const char draft[] = ".moving.new";
	struct buf note = { .max = NOTE_MAX };
	bool done;
	int fd;

	for (size_t i = 0; i < h->n; i++) {
		buf_printf(&note, "%llu ", h->files[i].inode);
		buf_str(&note, h->files[i].name);
		buf_char(&note, '\0');
	}
	unlinkat(r->processed, draft, 0);
	fd = openat(r->processed, draft,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	done = fd >= 0 && !note.failed && file_write(fd, buf_span(&note)) &&
	       fsync(fd) == 0;
	if (fd >= 0)
		done = close(fd) == 0 && done;
	buf_free(&note);
	fault_step("spool note");
	return done &&
	       renameat(r->processed, draft, r->processed, note_name) == 0 &&
	       fsync(r->processed) == 0;
}

/* The files of one message.  While a note is there its files are still to be
 * moved, so it goes only when all of them are, and that is on disk. */
static bool
put_all_away(const struct rooms *r, const struct gammu_handle *h)
{
	int to = h->aside ? r->aside : r->processed;
	bool noted = h->n > 1, done = !noted || write_note(r, h);

	for (size_t i = 0; i < h->n && done; i++)
		done = put_away(r, &h->files[i], to);
	if (done && noted)
		done = fsync(to) == 0 && fsync(r->inbox) == 0 &&
		       unlinkat(r->processed, note_name, 0) == 0;
	return done;
}

static enum status
cannot_move(const char *dir, struct err *err)
{
	return err_set(err, ST_RETRY,
	    "stored texts cannot be moved out of %s/inbox (%s)", dir,
	    strerror(errno));
}

enum status
gammu_done(const char *dir, void *const *handles, int n, struct err *err)
{
	enum status rc = ST_OK;
	struct rooms r;
	bool aside = false;

	for (int i = 0; i < n; i++)
		aside = aside || ((struct gammu_handle *)handles[i])->aside;
	if (!open_rooms(&r, dir, aside)) {
		rc = cannot_move(dir, err);
		close_rooms(&r);
		return rc;
	}
	for (int i = 0; i < n; i++)
		if (!put_all_away(&r, handles[i]))
			rc =
			    cannot_move(dir, err); /* the others all the same */
	if (fsync(r.processed) != 0 || (aside && fsync(r.aside) != 0) ||
	    fsync(r.inbox) != 0)
		rc = cannot_move(dir, err);
	close_rooms(&r);
	return rc;
}

/* Moves the files that the note names: "inode name" and NUL, each. */
static bool
follow_note(const struct rooms *r, struct span note)
{
	bool done = true;

	while (note.n > 0 && done) {
		size_t end = strnlen(note.p, note.n);
		struct gammu_stored file = { 0 };
		char *name;

		if (end == note.n)
			break; /* never: it was synced whole */
		file.inode = strtoull(note.p, &name, 10);
		if (*name == ' ' && strchr(name, '/') == NULL) {
			snprintf(file.name, sizeof(file.name), "%s", name + 1);
			done = put_away(r, &file, r->processed);
		}
		note = span_from(note, end + 1);
	}
	return done && fsync(r->processed) == 0 && fsync(r->inbox) == 0 &&
	       unlinkat(r->processed, note_name, 0) == 0;
}

static bool
read_note(struct buf *note, int fd)
{
	char *room = buf_room(note, NOTE_MAX);
	ssize_t n;

	if (room == NULL)
		return false;
	while ((n = read(fd, room + note->n, NOTE_MAX - note->n)) > 0)
		note->n += (size_t)n;
	return n == 0;
}

enum status
gammu_done_recover(const char *dir, struct err *err)
{
	struct buf note = { .max = NOTE_MAX };
	enum status rc = ST_OK;
	struct rooms r = { -1, -1, -1 };
	int fd = -1;

	r.processed = gammu_folder(dir, "processed");
	if (r.processed >= 0)
		fd = openat(
		    r.processed, note_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0) {
		r.inbox = gammu_folder(dir, "inbox");
		if (r.inbox < 0 || !read_note(&note, fd) ||
		    !follow_note(&r, buf_span(&note)))
			rc = cannot_move(dir, err);
		close(fd);
	} else if (errno != ENOENT) {
		rc = cannot_move(dir, err);
	}
	close_rooms(&r);
	buf_free(&note);
	return rc;
}

/* maildir_in - a Maildir as a mailbox to read
 *
 * Place: source.c opens it for `maildir:PATH`.  Lists new/ itself: libraries
 * that watch the folder's time miss mail of the same second.
 */
#include "gateway/maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/file.h"
#include "parsers/text.h"

enum {
	EXCERPT = 256 << 10, /* what is kept of a mail that is too large */
	NAME_SIZE = 256,
	SUFFIX_SIZE = 64, /* what tells two messages of one name apart */
	CLASHES_MAX = 10000,
};

struct entry {
	int64_t when; /* seconds: leading digits of the name, or its mtime */
	char *name; /* owned */
};

struct mailbox {
	struct source source;
	char *name, *path; /* owned */
	size_t size_max;
	struct entry *list; /* owned: what was listed and not yet handed over */
	size_t list_n, list_at, list_cap;
	bool is_stuck; /* of this listing, something could not be moved */
	int watch; /* inotify; -1: none yet */
};

/* What done() needs of one message; one block, freed with free(). */
struct handle {
	bool aside; /* no readable mail */
	char name[NAME_SIZE];
	char suffix[SUFFIX_SIZE]; /* of the key, when its name was taken */
};

static void
clear_list(struct mailbox *box)
{
	while (box->list_at < box->list_n)
		free(box->list[box->list_at++].name);
	box->list_n = box->list_at = 0;
}

/* Deliverers start the name with the second of arrival. */
static int64_t
arrival_of(int fd, const char *name)
{
	int64_t when = 0;
	struct stat sb;
	int digits = 0;

	while (name[digits] >= '0' && name[digits] <= '9' && digits < 18)
		when = when * 10 + (name[digits++] - '0');
	if (digits > 0 && name[digits] == '.')
		return when;
	if (fstatat(fd, name, &sb, AT_SYMLINK_NOFOLLOW) == 0)
		return sb.st_mtim.tv_sec;
	return 0;
}

static int
by_arrival(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	if (a->when != b->when)
		return a->when < b->when ? -1 : 1;
	return strverscmp(a->name, b->name);
}

static enum status
add_entry(struct mailbox *box, int fd, const char *name, struct err *err)
{
	struct entry *e;

	if (box->list_n == box->list_cap) {
		size_t cap = box->list_cap == 0 ? 256 : box->list_cap * 2;
		struct entry *grown =
		    reallocarray(box->list, cap, sizeof(*grown));

		if (grown == NULL)
			return err_set(err, ST_BROKEN, "out of memory");
		box->list = grown;
		box->list_cap = cap;
	}
	e = &box->list[box->list_n];
	e->name = strdup(name);
	if (e->name == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	e->when = arrival_of(fd, name);
	box->list_n++;
	return ST_OK;
}

/* Events from before the listing say nothing new; those that come during it
 * stay and wake the next wait(). */
static void
renew_watch(struct mailbox *box)
{
	char events[4096], path[4096];

	if (box->watch < 0)
		return;
	while (read(box->watch, events, sizeof(events)) > 0)
		continue;
	/* Again each time: the folder may have been replaced since. */
	if (snprintf(path, sizeof(path), "%s/new", box->path) <
	    (int)sizeof(path))
		inotify_add_watch(box->watch, path,
		    IN_MOVED_TO | IN_CREATE | IN_CLOSE_WRITE | IN_ONLYDIR);
}

/* Lists new/ afresh, whatever the folder's time says. */
static enum status
list_new(struct mailbox *box, struct err *err)
{
	enum status rc = ST_OK;
	struct dirent *d;
	DIR *dir = NULL;
	int fd;

	clear_list(box);
	renew_watch(box);
	fd = maildir_folder(box->path, "new");
	if (fd >= 0)
		dir = fdopendir(fd);
	if (dir == NULL) {
		rc = err_set(err, ST_RETRY,
		    "%s: the folder %s/new cannot be read (%s)", box->name,
		    box->path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return rc;
	}
	errno = 0;
	while (rc == ST_OK && (d = readdir(dir)) != NULL) {
		if (d->d_name[0] != '.')
			rc = add_entry(box, fd, d->d_name, err);
		errno = 0;
	}
	if (rc == ST_OK && errno != 0)
		rc = err_set(err, ST_RETRY,
		    "%s: the folder %s/new cannot be read to its end (%s)",
		    box->name, box->path, strerror(errno));
	closedir(dir);
	if (rc != ST_OK)
		clear_list(box);
	else if (box->list_n > 0)
		qsort(box->list, box->list_n, sizeof(*box->list), by_arrival);
	return rc;
}

/* Names go into the database and onto screens: what is no clean UTF-8 is
 * written as %XX. */
static void
add_key_name(struct buf *out, struct span name)
{
	bool clean = text_is_utf8(name);

	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] < ' ' || name.p[i] == 127)
			clean = false;
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (clean || (c > ' ' && c < 127 && c != '%'))
			buf_char(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

/* Where a stored message goes: the base name with the flag "seen", in aside/
 * the whole name; with the suffix of its key, so that it has the same key when
 * it is put back to be read again; `clash` above 1 numbers it. */
static void
target_name(char out[NAME_SIZE], const struct handle *h, bool aside, int clash)
{
	const char *flags = aside ? "" : ":2,S";
	size_t stem = aside ? strlen(h->name) : maildir_base(h->name);
	char end[SUFFIX_SIZE + 24];
	size_t room;

	snprintf(end, sizeof(end), "%s", h->suffix);
	if (clash > 1)
		snprintf(end, sizeof(end), "%s~%d", h->suffix, clash);
	room = NAME_SIZE - 1 - strlen(end) - strlen(flags);
	snprintf(out, NAME_SIZE, "%.*s%s%s", (int)(stem < room ? stem : room),
	    h->name, end, flags);
}

static bool
is_used(
    struct mailbox *box, const char *sub, const struct handle *h, bool aside)
{
	char target[NAME_SIZE];
	struct buf path = { .max = 4096 + NAME_SIZE };
	bool used;

	target_name(target, h, aside, 1);
	buf_printf(&path, "%s/%s/%s", box->path, sub, target);
	used = faccessat(
		   AT_FDCWD, buf_cstr(&path), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	buf_free(&path);
	return used;
}

/* The key: the base name.  A file in new/ whose name is in cur/ or aside/ too
 * is another message under a name used before (moving is atomic), so its key
 * gets what tells the two apart and stays the same until it is moved. */
static char *
make_key(struct mailbox *box, struct handle *h, const struct stat *sb)
{
	struct buf key = { .max = 4 * NAME_SIZE };

	if (is_used(box, "cur", h, false) || is_used(box, "aside", h, true))
		snprintf(h->suffix, sizeof(h->suffix), "~%llu-%lld%09ld",
		    (unsigned long long)sb->st_ino,
		    (long long)sb->st_mtim.tv_sec, (long)sb->st_mtim.tv_nsec);
	add_key_name(&key, (struct span){ h->name, maildir_base(h->name) });
	buf_str(&key, h->suffix);
	return key.p; /* NULL when memory is short */
}

static char *
problem(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static char *
problem(const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	return text;
}

/* Opens a finished file and says how it is; -1 with errno: EBUSY while somebody
 * still writes it.  Deliverers rename finished files into new/, people copy
 * them there.  A read lease is refused while a file is open for writing; where
 * leases are not to be had, the file is taken as it is. */
static int
open_finished(int dir, const char *name, struct stat *sb)
{
	int error,
	    fd = openat(dir, name,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	error = fcntl(fd, F_SETLEASE, F_RDLCK) != 0 ? errno : 0;
	if (error == 0)
		fcntl(fd, F_SETLEASE, F_UNLCK);
	if (error == EAGAIN)
		error = EBUSY;
	else
		error = fstat(fd, sb) != 0 ? errno : 0;
	if (error != 0) {
		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

/* Reads one plain file; what is wrong with it goes to raw->problem.  ST_RETRY
 * when it is our machine that is short of something, ST_REJECT when the file
 * has gone meanwhile or is not finished. */
static enum status
read_mail(struct mailbox *box, struct raw *raw, int dir, const char *name,
    struct stat *sb, struct err *err)
{
	int error, fd = open_finished(dir, name, sb);
	size_t size = (size_t)sb->st_size;
	bool too_large = size > box->size_max;
	bool done = fd >= 0 && (size == 0 || file_read_up_to(&raw->bytes, fd,
						 too_large ? EXCERPT : size));

	error = errno;
	if (fd >= 0)
		close(fd);
	if (done && too_large)
		raw->problem = problem(
		    "the file has %zu bytes, max_message_size allows %zu", size,
		    box->size_max);
	else if (done && size == 0)
		raw->problem = problem("the file is empty");
	if (done)
		return ST_OK;
	if (error == ENOENT || error == EBUSY)
		return ST_REJECT;
	if (error == EMFILE || error == ENFILE || error == ENOMEM)
		return err_set(err, ST_RETRY,
		    "%s: a mail cannot be read now (%s)", box->name,
		    strerror(error));
	buf_reset(&raw->bytes);
	raw->problem = problem("the file cannot be read (%s)", strerror(error));
	return ST_OK;
}

static char *
what_it_is(mode_t mode)
{
	if (S_ISDIR(mode))
		return problem("it is a folder, not a mail");
	if (S_ISLNK(mode))
		return problem("it is a symbolic link, not a mail");
	return problem("it is a pipe, socket or device, not a mail");
}

/* Reads the file `name` as the next message of the batch; one that has gone
 * meanwhile, or is still being written, is passed over. */
static enum status
take(struct mailbox *box, struct batch *batch, int dir, const char *name,
    struct err *err)
{
	struct raw *raw = &batch->messages[batch->n];
	struct handle *handle = NULL;
	enum status rc = ST_OK;
	struct stat sb;

	if (fstatat(dir, name, &sb, AT_SYMLINK_NOFOLLOW) != 0)
		return ST_OK;
	memset(raw, 0, sizeof(*raw));
	raw->channel = CHANNEL_MAIL;
	raw->source = strdup(box->name);
	handle = calloc(1, sizeof(*handle));
	if (S_ISREG(sb.st_mode))
		rc = read_mail(box, raw, dir, name, &sb, err);
	else
		raw->problem = what_it_is(sb.st_mode);
	if (handle != NULL) {
		snprintf(handle->name, sizeof(handle->name), "%s", name);
		raw->key = make_key(box, handle, &sb);
	}
	raw->received_ms =
	    (int64_t)sb.st_mtim.tv_sec * 1000 + sb.st_mtim.tv_nsec / 1000000;
	if (rc == ST_OK &&
	    (raw->source == NULL || raw->key == NULL || handle == NULL))
		rc = err_set(err, ST_BROKEN, "out of memory");
	if (rc != ST_OK) {
		raw_free(raw);
		free(handle);
		return rc == ST_REJECT ? ST_OK : rc;
	}
	handle->aside = raw->problem != NULL;
	batch->handles[batch->n++] = handle;
	return ST_OK;
}

static size_t
size_of_next(struct mailbox *box, int dir)
{
	struct stat sb;

	if (fstatat(dir, box->list[box->list_at].name, &sb,
		AT_SYMLINK_NOFOLLOW) != 0 ||
	    !S_ISREG(sb.st_mode))
		return 0;
	return (size_t)sb.st_size > box->size_max ? EXCERPT
						  : (size_t)sb.st_size;
}

static enum status
mailbox_fetch(struct source *s, struct batch *batch, struct err *err)
{
	struct mailbox *box = (struct mailbox *)s;
	enum status rc = ST_OK;
	size_t bytes = 0;
	int dir;

	batch->n = 0;
	batch->more = false;
	if (box->list_at == box->list_n && box->is_stuck) {
		/* It would only be listed again: that waits for next time. */
		box->is_stuck = false;
		return ST_OK;
	}
	if (box->list_at == box->list_n)
		rc = list_new(box, err);
	if (rc != ST_OK || box->list_at == box->list_n)
		return rc;
	dir = maildir_folder(box->path, "new");
	if (dir < 0)
		return err_set(err, ST_RETRY,
		    "%s: the folder %s/new cannot be read (%s)", box->name,
		    box->path, strerror(errno));
	while (
	    rc == ST_OK && box->list_at < box->list_n && batch->n < BATCH_MAX) {
		bytes += size_of_next(box, dir);
		if (batch->n > 0 && bytes > BATCH_BYTES)
			break;
		rc = take(box, batch, dir, box->list[box->list_at].name, err);
		if (rc == ST_OK)
			free(box->list[box->list_at++].name);
	}
	close(dir);
	if (rc != ST_OK && batch->n > 0)
		rc = ST_OK; /* what was read goes on; the rest comes again */
	/* Mail may have come since the listing. */
	batch->more = batch->n > 0 || box->list_at < box->list_n;
	return rc;
}

/* Moves one file out of new/, under a free name. */
static enum status
put_away(struct mailbox *box, const struct handle *h, int from, int to,
    struct err *err)
{
	char name[NAME_SIZE];

	for (int clash = 1; clash < CLASHES_MAX; clash++) {
		target_name(name, h, h->aside, clash);
		if (maildir_move(from, h->name, to, name) == 0)
			return ST_OK;
		/* Gone: moved before a crash, or by somebody else. */
		if (errno == ENOENT)
			return ST_OK;
		if (errno != EEXIST)
			break;
	}
	return err_set(err, ST_RETRY,
	    "%s: a stored mail cannot be moved out of %s/new (%s)", box->name,
	    box->path, strerror(errno));
}

/* Opens aside/, making it when it is needed for the first time. */
static int
open_aside(struct mailbox *box, int new_fd)
{
	if (mkdirat(new_fd, "../aside", 0700) != 0 && errno != EEXIST)
		return -1;
	return maildir_folder(box->path, "aside");
}

static enum status
mailbox_done(struct source *s, struct batch *batch, struct err *err)
{
	struct mailbox *box = (struct mailbox *)s;
	int new_fd = maildir_folder(box->path, "new");
	int cur_fd = maildir_folder(box->path, "cur"), aside_fd = -1;
	bool ready = new_fd >= 0 && cur_fd >= 0 && maildir_note_before(cur_fd);
	enum status rc = ST_OK;

	for (int i = 0; i < batch->n && ready; i++) {
		struct handle *h = batch->handles[i];
		enum status one;

		if (h->aside && aside_fd < 0)
			aside_fd = open_aside(box, new_fd);
		one =
		    put_away(box, h, new_fd, h->aside ? aside_fd : cur_fd, err);
		if (one != ST_OK)
			rc = one; /* and go on: it must not stop the others */
	}
	if (!ready || fsync(cur_fd) != 0 ||
	    (aside_fd >= 0 && fsync(aside_fd) != 0))
		rc = err_set(err, ST_RETRY,
		    "%s: stored mails cannot be moved from new to cur in %s "
		    "(%s)",
		    box->name, box->path, strerror(errno));
	box->is_stuck = box->is_stuck || rc != ST_OK;
	if (new_fd >= 0)
		close(new_fd);
	if (cur_fd >= 0)
		close(cur_fd);
	if (aside_fd >= 0)
		close(aside_fd);
	return rc;
}

static enum status
mailbox_reread(
    struct source *s, int64_t since_ms, struct reread *out, struct err *err)
{
	struct mailbox *box = (struct mailbox *)s;
	enum status rc = maildir_reread(box->path, since_ms, out, err);

	return rc == ST_OK ? ST_OK : err_prefix(err, rc, box->name);
}

static void
mailbox_wait(struct source *s, int ms)
{
	struct mailbox *box = (struct mailbox *)s;
	struct pollfd fd = { .fd = box->watch, .events = POLLIN };

	/* Only who waits watches: to end it takes the kernel 20 ms.  What came
	 * before it began has to be looked for, so the first wait is none. */
	if (box->watch < 0) {
		box->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
		renew_watch(box);
		ms = box->watch < 0 ? ms : 0;
	}
	/* A signal or an event ends the wait; fetch() then looks. */
	poll(&fd, 1, ms);
}

static enum status
mailbox_check(struct source *s, struct buf *found, struct err *err)
{
	struct mailbox *box = (struct mailbox *)s;
	enum status rc = maildir_check(box->path, err);

	if (rc != ST_OK)
		return err_prefix(err, rc, box->name);
	if (found == NULL)
		return ST_OK;
	rc = list_new(box, err);
	if (rc == ST_OK)
		buf_printf(found, "%zu waiting in new", box->list_n);
	clear_list(box);
	return rc;
}

static void
mailbox_close(struct source *s)
{
	struct mailbox *box = (struct mailbox *)s;

	if (box == NULL)
		return;
	clear_list(box);
	free(box->list);
	if (box->watch >= 0)
		close(box->watch);
	free(box->name);
	free(box->path);
	free(box);
}

static const struct source_ops mailbox_ops = {
	.fetch = mailbox_fetch,
	.done = mailbox_done,
	.reread = mailbox_reread,
	.wait = mailbox_wait,
	.check = mailbox_check,
	.close = mailbox_close,
};

enum status
maildir_source_open(struct source **out, const char *path,
    const struct config_mailbox *conf, struct err *err)
{
	struct mailbox *box = calloc(1, sizeof(*box));
	enum status rc;

	*out = NULL;
	if (box == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	box->source.ops = &mailbox_ops;
	box->source.channel = CHANNEL_MAIL;
	box->source.poll_every_s = (int)conf->poll_every;
	box->size_max = (size_t)conf->max_message_size;
	box->watch = -1;
	box->path = strdup(path);
	if (asprintf(&box->name, "mailbox %s", conf->name) < 0)
		box->name = NULL;
	if (box->path == NULL || box->name == NULL) {
		rc = err_set(err, ST_BROKEN, "out of memory");
		goto out;
	}
	box->source.name = box->name;
	rc = mailbox_check(&box->source, NULL, err);
	if (rc != ST_OK)
		goto out;
	*out = &box->source;
	box = NULL;
out:
	mailbox_close((struct source *)box);
	return rc;
}

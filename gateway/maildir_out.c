/* maildir_out - a Maildir as a way out
 *
 * Place: sink.c opens it for `maildir:PATH`.
 */
#include "gateway/maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/fault.h"
#include "gateway/file.h"

struct folder {
	struct sink sink;
	char *path; /* owned */
};

static bool
is_reference(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > 128)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!((s[i] >= '0' && s[i] <= '9') ||
			(s[i] >= 'A' && s[i] <= 'Z') ||
			(s[i] >= 'a' && s[i] <= 'z')))
			return false;
	return true;
}

/* Was that letter written before?  In new/ under its name, in cur/ with
 * whatever flags its reader gave it. */
static bool
is_there(int new_fd, int cur_fd, const char *name)
{
	size_t n = strlen(name);
	bool found = faccessat(new_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	int fd = found
		     ? -1
		     : openat(cur_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return found;
	}
	while (!found && (d = readdir(dir)) != NULL)
		found = strncmp(d->d_name, name, n) == 0 &&
			(d->d_name[n] == '\0' || d->d_name[n] == ':');
	closedir(dir);
	return found;
}

/* Lines end with LF in a Maildir.  True when it is all on disk. */
static bool
write_letter(int fd, struct span mail)
{
	struct buf lines = { .max = mail.n + 1 };
	bool done;

	for (size_t i = 0; i < mail.n; i++)
		if (mail.p[i] != '\r' || i + 1 == mail.n ||
		    mail.p[i + 1] != '\n')
			buf_char(&lines, mail.p[i]);
	if (lines.failed)
		errno = ENOMEM;
	done = !lines.failed && file_write(fd, buf_span(&lines));
	buf_free(&lines);
	if (done) {
		fault_step("maildir: before sync of a letter");
		done = fsync(fd) == 0;
	}
	return done;
}

/* tmp/ first, so that nobody ever sees half a letter. */
static bool
deliver(int tmp_fd, int new_fd, const char *name, struct span mail)
{
	int fd, error = 0;

	/* What a crash left behind is ours alone: the lock says so. */
	unlinkat(tmp_fd, name, 0);
	fd =
	    openat(tmp_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	if (!write_letter(fd, mail))
		error = errno;
	if (close(fd) != 0 && error == 0)
		error = errno;
	if (error == 0 && maildir_move(tmp_fd, name, new_fd, name) != 0)
		error = errno;
	if (error != 0)
		unlinkat(tmp_fd, name, 0);
	errno = error;
	return error == 0 || error == EEXIST;
}

static void
folder_send(struct sink *s, const struct letter *letter, struct delivery *out)
{
	struct folder *folder = (struct folder *)s;
	int new_fd = maildir_folder(folder->path, "new");
	int cur_fd = maildir_folder(folder->path, "cur");
	int tmp_fd = maildir_folder(folder->path, "tmp");

	memset(out, 0, sizeof(*out));
	if (!is_reference(letter->reference)) {
		out->sent = SENT_REFUSED;
		snprintf(out->reason, sizeof(out->reason),
		    "the letter's reference is no name for a file");
	} else if (new_fd >= 0 && cur_fd >= 0 && tmp_fd >= 0 &&
		   (is_there(new_fd, cur_fd, letter->reference) ||
		       deliver(
			   tmp_fd, new_fd, letter->reference, letter->bytes)) &&
		   fsync(new_fd) == 0) {
		out->sent = SENT_ACCEPTED;
		snprintf(out->external_id, sizeof(out->external_id), "%.127s",
		    letter->reference);
	} else {
		out->sent = SENT_RETRY;
		snprintf(out->reason, sizeof(out->reason),
		    "the letter cannot be written to the Maildir (%s)",
		    strerror(errno));
	}
	if (new_fd >= 0)
		close(new_fd);
	if (cur_fd >= 0)
		close(cur_fd);
	if (tmp_fd >= 0)
		close(tmp_fd);
}

static enum status
folder_check(struct sink *s, struct err *err)
{
	struct folder *folder = (struct folder *)s;
	enum status rc = maildir_check(folder->path, err);

	return rc == ST_OK ? ST_OK : err_prefix(err, rc, folder->sink.name);
}

static void
folder_close(struct sink *s)
{
	struct folder *folder = (struct folder *)s;

	if (folder == NULL)
		return;
	free(folder->path);
	free(folder);
}

static const struct sink_ops folder_ops = {
	.knows_reference = true,
	.send = folder_send,
	.check = folder_check,
	.close = folder_close,
};

enum status
maildir_sink_open(struct sink **out, const char *path, struct err *err)
{
	struct folder *folder = calloc(1, sizeof(*folder));
	enum status rc;

	*out = NULL;
	if (folder == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	folder->sink.ops = &folder_ops;
	folder->sink.name = "smtp";
	folder->sink.channel = CHANNEL_MAIL;
	folder->path = strdup(path);
	rc = folder->path == NULL ? err_set(err, ST_BROKEN, "out of memory")
				  : folder_check(&folder->sink, err);
	if (rc != ST_OK) {
		folder_close(&folder->sink);
		return rc;
	}
	*out = &folder->sink;
	return ST_OK;
}

/* provider_kept - answers on disk before they are read
 *
 * Place: see provider_kept.h.  In the folder: ".coming" while it comes,
 * TIME-NUMBER.json while it waits, TIME-NUMBER.json.done once it is stored,
 * aside-HASH.txt what is no answer.
 */
#include "gateway/provider_kept.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/fault.h"
#include "gateway/file.h"
#include "gateway/gammu.h"
#include "parsers/digest.h"

enum {
	ROOM = 1 << 20, /* reserved before anything is asked */
	ANSWER_MAX = 8 << 20,
	NUMBERS = 10000,
	KEEP_S = 8 * 24 * 3600, /* of what is stored */
};

static const char coming[] = ".coming";

static enum status
cannot(const struct provider *p, const char *what, struct err *err)
{
	return err_set(err, ST_RETRY, "%s: %s the folder %s (%s)", p->name,
	    what, p->conf->answers, strerror(errno));
}

/* Residents' words: for nobody else to read. */
static int
open_folder(const struct provider *p)
{
	int fd = gammu_folder(p->conf->answers, "");

	if (fd < 0 && errno == ENOENT && mkdir(p->conf->answers, 0700) == 0)
		fd = gammu_folder(p->conf->answers, "");
	return fd;
}

static bool
ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n > m && strcmp(name + n - m, end) == 0;
}

/* What has come waits under a name of its own, oldest first. */
static bool
let_wait(int folder, char name[KEPT_NAME])
{
	for (int i = 0; i < NUMBERS; i++) {
		snprintf(name, KEPT_NAME, "%015lld-%04d.json",
		    (long long)clock_now(), i);
		if (gammu_move(folder, coming, folder, name) == 0)
			return fsync(folder) == 0;
		if (errno != EEXIST)
			break;
	}
	name[0] = '\0';
	return false;
}

/* A file that was still being written: what there is of it. */
static bool
take_up(int folder)
{
	char name[KEPT_NAME];
	struct stat sb;

	if (fstatat(folder, coming, &sb, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT;
	if (sb.st_size == 0)
		return unlinkat(folder, coming, 0) == 0;
	return let_wait(folder, name);
}

static bool
find_oldest(int folder, char name[KEPT_NAME])
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	name[0] = '\0';
	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while ((d = readdir(dir)) != NULL)
		if (ends_with(d->d_name, ".json") &&
		    strlen(d->d_name) < KEPT_NAME &&
		    (name[0] == '\0' || strcmp(d->d_name, name) < 0))
			snprintf(name, KEPT_NAME, "%s", d->d_name);
	closedir(dir);
	return true;
}

enum status
kept_oldest(struct provider *p, char name[KEPT_NAME], struct buf *bytes,
    struct err *err)
{
	int folder = open_folder(p), fd = -1;
	enum status rc = ST_OK;

	bytes->max = ANSWER_MAX;
	name[0] = '\0';
	if (folder < 0 || !take_up(folder) || !find_oldest(folder, name))
		rc = cannot(p, "cannot look for kept answers in", err);
	if (rc == ST_OK && name[0] != '\0') {
		fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 || !file_read(bytes, fd))
			rc = cannot(p, "cannot read an answer in", err);
	}
	if (fd >= 0)
		close(fd);
	if (folder >= 0)
		close(folder);
	return rc;
}

enum status
kept_begin(struct provider *p, int *fd, struct err *err)
{
	int folder = open_folder(p);

	*fd = folder < 0
		  ? -1
		  : openat(folder, coming,
			O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
			0600);
	if (folder >= 0)
		close(folder);
	/* A file system that cannot reserve room is no reason not to ask. */
	if (*fd >= 0 && (fallocate(*fd, FALLOC_FL_KEEP_SIZE, 0, ROOM) == 0 ||
			    errno == EOPNOTSUPP))
		return ST_OK;
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	return cannot(
	    p, "nothing is asked, as the answer could not be kept in", err);
}

enum status
kept_end(struct provider *p, int fd, char name[KEPT_NAME], struct err *err)
{
	int folder = open_folder(p);
	enum status rc = ST_OK;
	struct stat sb = { 0 };

	name[0] = '\0';
	fault_step("answer sync");
	if (folder < 0 || fstat(fd, &sb) != 0 ||
	    ftruncate(fd, sb.st_size) != 0 || fsync(fd) != 0)
		rc = cannot(p, "an answer cannot be kept in", err);
	else if (sb.st_size == 0)
		unlinkat(folder, coming, 0);
	else if (!let_wait(folder, name))
		rc = cannot(p, "an answer cannot be kept in", err);
	fault_step("answer kept");
	close(fd);
	if (folder >= 0)
		close(folder);
	return rc;
}

/* Nobody needs it for a restore any more. */
static void
forget_old(int folder)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	time_t now = time(NULL);
	struct dirent *d;
	struct stat sb;

	if (dir == NULL && fd >= 0)
		close(fd);
	while (dir != NULL && (d = readdir(dir)) != NULL)
		if (ends_with(d->d_name, ".done") &&
		    fstatat(folder, d->d_name, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
		    sb.st_mtime < now - KEEP_S)
			unlinkat(folder, d->d_name, 0);
	if (dir != NULL)
		closedir(dir);
}

enum status
kept_done(struct provider *p, const char *name, struct err *err)
{
	int folder = open_folder(p);
	char done[KEPT_NAME + 8];
	enum status rc = ST_OK;

	snprintf(done, sizeof(done), "%s.done", name);
	fault_step("answer done");
	if (folder < 0 ||
	    (renameat(folder, name, folder, done) != 0 && errno != ENOENT))
		rc = cannot(p, "a stored answer cannot be put away in", err);
	else
		forget_old(folder);
	if (folder >= 0)
		close(folder);
	return rc;
}

void
kept_drop(struct provider *p, const char *name)
{
	int folder = open_folder(p);

	if (folder < 0)
		return;
	unlinkat(folder, name, 0);
	close(folder);
}

enum status
kept_aside(
    struct provider *p, const char *name, struct span bytes, struct err *err)
{
	int folder = open_folder(p);
	char hash[SHA256_HEX], aside[KEPT_NAME];
	enum status rc = ST_OK;

	sha256_hex(hash, bytes);
	snprintf(aside, sizeof(aside), "aside-%.16s.txt", hash);
	if (folder < 0 || renameat(folder, name, folder, aside) != 0)
		rc = cannot(p, "cannot put an answer aside in", err);
	if (folder >= 0)
		close(folder);
	return rc;
}

enum status
kept_check(struct provider *p, struct err *err)
{
	int folder = open_folder(p);
	enum status rc = ST_OK;

	if (folder < 0 ||
	    faccessat(folder, ".", R_OK | W_OK | X_OK, AT_EACCESS) != 0)
		rc = err_set(err, ST_REJECT,
		    "%s: the folder %s cannot be used (%s); what the provider "
		    "gives only once is kept there first: make it writable for "
		    "this user, or set `answers` to another",
		    p->name, p->conf->answers, strerror(errno));
	if (folder >= 0)
		close(folder);
	return rc;
}

static void
put_back(int folder, const char *name, int64_t since_ms, struct reread *out)
{
	char waits[KEPT_NAME];
	struct stat sb;

	if (!ends_with(name, ".done") || strlen(name) >= KEPT_NAME ||
	    fstatat(folder, name, &sb, AT_SYMLINK_NOFOLLOW) != 0 ||
	    (int64_t)sb.st_mtim.tv_sec * 1000 + 999 < since_ms)
		return;
	snprintf(waits, sizeof(waits), "%.*s", (int)strlen(name) - 5, name);
	if (gammu_move(folder, name, folder, waits) == 0)
		out->moved++;
	else
		out->left++;
}

enum status
kept_reread(
    struct provider *p, int64_t since_ms, struct reread *out, struct err *err)
{
	int folder = open_folder(p);
	int fd = folder < 0
		     ? -1
		     : openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	enum status rc = ST_OK;
	struct dirent *d;

	while (dir != NULL && (d = readdir(dir)) != NULL)
		put_back(folder, d->d_name, since_ms, out);
	if (dir == NULL || fsync(folder) != 0)
		rc = cannot(p, "answers cannot be read again from", err);
	if (dir != NULL)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	if (folder >= 0)
		close(folder);
	return rc;
}

/* oauth_file - the file that keeps the tokens of one login
 *
 * Place: opened by oauth.c and oauth_device.c for one exchange each.  The lock
 * stands beside the file, because the file itself is replaced.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/file.h"
#include "gateway/oauth.h"
#include "gateway/oauth_internal.h"
#include "gateway/secret.h"

enum {
	FILE_MAX = 65536,
	LOCK_MS = 60000, /* whoever holds it waits 30 s for its server */
	LOCK_STEP_MS = 100,
};

bool
oauth_is_token(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text >= 0x7f)
			return false;
	return true;
}

/* When root runs `uwaga login`, the files belong to whom the folder belongs to:
 * the daemon, which has to renew what stands there. */
static void
give_to_owner(int fd, const char *path)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	struct stat st;

	if (geteuid() != 0 || slash == NULL)
		return;
	snprintf(folder, sizeof(folder), "%.*s/", (int)(slash - path), path);
	if (stat(folder, &st) == 0 && fchown(fd, st.st_uid, st.st_gid) != 0)
		return; /* a file system without owners */
}

static int
open_beside(const char *path, const char *suffix, int flags)
{
	char name[PATH_MAX];
	int fd;

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	fd =
	    open(name, flags | O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0) {
		fchmod(fd, 0600); /* one that lay there from before */
		give_to_owner(fd, path);
	}
	return fd;
}

static enum status
lock(struct oauth_file *file, const atomic_bool *stop, struct err *err)
{
	const struct timespec step = { 0, LOCK_STEP_MS * 1000000L };
	int64_t end = clock_ticks() + LOCK_MS;

	file->lock = open_beside(file->path, ".lock", 0);
	if (file->lock < 0)
		return err_set(err, ST_REJECT,
		    "%.200s.lock: %s; the gateway keeps tokens there (oauth2, "
		    "token_file)",
		    file->path, strerror(errno));
	while (flock(file->lock, LOCK_EX | LOCK_NB) != 0) {
		if (stop != NULL && atomic_load(stop))
			return err_set(err, ST_RETRY, "told to stop");
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_set(err, ST_BROKEN, "%.200s.lock: %s",
			    file->path, strerror(errno));
		if (clock_ticks() >= end)
			return err_set(err, ST_RETRY,
			    "%.200s.lock has been held by somebody for a "
			    "minute",
			    file->path);
		nanosleep(&step, NULL);
	}
	return ST_OK;
}

static void
take_string(struct buf *out, const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	if (text != NULL && oauth_is_token(text))
		buf_str(out, text);
}

static bool
is_same(const json_t *json, const char *key, const char *want)
{
	const char *text = json_string_value(json_object_get(json, key));

	return text != NULL && strcmp(text, want) == 0;
}

static enum status
parse(struct oauth_file *file, const struct config_oauth2 *conf,
    const struct buf *bytes, struct err *err)
{
	json_t *json = json_loadb(bytes->p, bytes->n, 0, NULL);

	if (!json_is_object(json)) {
		json_decref(json);
		return err_set(err, ST_REJECT,
		    "%.200s is damaged; take it away and run uwaga login again",
		    file->path);
	}
	/* What one server gave to one client is shown to no other. */
	if (is_same(json, "client_id", conf->client_id) &&
	    is_same(json, "token_url", conf->token_url)) {
		take_string(&file->access, json, "access_token");
		take_string(&file->refresh, json, "refresh_token");
		file->good_until_s =
		    json_integer_value(json_object_get(json, "good_until"));
		file->fits = is_same(json, "scope", conf->scope);
	}
	json_decref(json);
	return ST_OK;
}

static enum status
read_tokens(
    struct oauth_file *file, const struct config_oauth2 *conf, struct err *err)
{
	struct buf bytes = { .max = FILE_MAX };
	int fd =
	    open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	enum status rc = ST_OK;
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return ST_OK;
	if (fd < 0)
		return err_set(
		    err, ST_REJECT, "%.200s: %s", file->path, strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		rc = err_set(err, ST_REJECT,
		    "others can read %.200s, or it is no file; run chmod 600 "
		    "on it",
		    file->path);
	else if (!file_read(&bytes, fd))
		rc = err_set(
		    err, ST_REJECT, "%.200s: %s", file->path, strerror(errno));
	else
		rc = parse(file, conf, &bytes, err);
	close(fd);
	secret_free(&bytes);
	return rc;
}

enum status
oauth_file_open(struct oauth_file *file, const struct config_oauth2 *conf,
    const atomic_bool *stop, struct err *err)
{
	enum status rc;

	*file = (struct oauth_file){ .path = conf->token_file,
		.lock = -1,
		.draft = -1,
		.access.max = TOKEN_MAX,
		.refresh.max = TOKEN_MAX };
	if (strlen(file->path) > PATH_MAX - 10)
		return err_set(err, ST_REJECT, "token_file is too long");
	rc = lock(file, stop, err);
	return rc == ST_OK ? read_tokens(file, conf, err) : rc;
}

enum status
oauth_file_prepare(struct oauth_file *file, struct err *err)
{
	int error;

	if (file->draft < 0)
		file->draft = open_beside(file->path, ".new", O_TRUNC);
	error =
	    file->draft < 0 ? errno : posix_fallocate(file->draft, 0, FILE_MAX);
	if (error == 0 || error == EOPNOTSUPP || error == EINVAL)
		return ST_OK;
	return err_set(err, ST_RETRY,
	    "%.200s.new: %s; no token is asked for before it can be kept",
	    file->path, strerror(error));
}

static bool
write_all(int fd, const char *bytes, size_t n)
{
	size_t at = 0;

	while (at < n) {
		ssize_t done = pwrite(fd, bytes + at, n - at, (off_t)at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		at += (size_t)done;
	}
	return ftruncate(fd, (off_t)n) == 0 && fsync(fd) == 0;
}

enum status
oauth_file_store(
    struct oauth_file *file, const struct config_oauth2 *conf, struct err *err)
{
	char draft[PATH_MAX];
	json_t *json = json_pack("{ss ss sI ss ss ss}", "access_token",
	    buf_cstr(&file->access), "refresh_token", buf_cstr(&file->refresh),
	    "good_until", (json_int_t)file->good_until_s, "client_id",
	    conf->client_id, "scope", conf->scope, "token_url",
	    conf->token_url);
	char *text = json == NULL ? NULL : json_dumps(json, JSON_INDENT(1));
	enum status rc = ST_BROKEN;

	json_decref(json);
	if (text == NULL)
		return err_set(err, rc, "out of memory");
	snprintf(draft, sizeof(draft), "%s.new", file->path);
	if (!write_all(file->draft, text, strlen(text)) ||
	    rename(draft, file->path) != 0)
		err_set(err, rc, "%.200s: %s; the new tokens are lost",
		    file->path, strerror(errno));
	else
		rc = file_sync_folder(file->path, err);
	explicit_bzero(text, strlen(text));
	free(text);
	return rc;
}

void
oauth_file_close(struct oauth_file *file)
{
	if (file->draft >= 0)
		close(file->draft);
	if (file->lock >= 0)
		close(file->lock);
	secret_free(&file->access);
	secret_free(&file->refresh);
}

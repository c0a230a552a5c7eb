/* gammu_out - a spool as the way out for texts
 *
 * Place: sms_line.c opens it for `spool:DIR`.
 */
#include "gateway/gammu.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/fault.h"
#include "gateway/file.h"
#include "parsers/gsm7.h"
#include "parsers/text.h"

enum {
	REFERENCE_MAX = 128,
	SEGMENTS_MAX = 50, /* gammu-smsd silently drops the rest */
	NAME_SIZE = 256,
};

struct outbox {
	struct sink sink;
	char *name, *dir, *zone; /* owned */
};

static bool
is_reference(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n <= REFERENCE_MAX &&
	       strspn(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "abcdefghijklmnopqrstuvwxyz") == n;
}

/* "+" and 7 to 15 digits: what E.164 allows, and no path. */
static bool
is_number(const char *s)
{
	size_t n = s[0] == '+' ? strlen(s + 1) : 0;

	return n >= 7 && n <= 15 && strspn(s + 1, "0123456789") == n;
}

/* Does `dir`/`sub` hold a file of that reference?  A folder that is not there
 * holds none. */
static enum status
find_reference(bool *found, const struct outbox *box, const char *sub,
    const char *reference)
{
	char end[REFERENCE_MAX + 8];
	size_t n = (size_t)snprintf(end, sizeof(end), "_%s.txt", reference);
	int fd = gammu_folder(box->dir, sub);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;
	int error;

	if (dir == NULL) {
		error = errno;
		if (fd >= 0)
			close(fd);
		errno = error;
		return error == ENOENT ? ST_OK : ST_RETRY;
	}
	errno = 0;
	while (!*found && (d = readdir(dir)) != NULL) {
		size_t length = strlen(d->d_name);

		*found = strncmp(d->d_name, "OUT", 3) == 0 && length > n &&
			 strcmp(d->d_name + length - n, end) == 0;
	}
	error = errno;
	closedir(dir);
	errno = error;
	return *found || error == 0 ? ST_OK : ST_RETRY;
}

/* Outbox first: gammu-smsd moves files from there to the others, so that one
 * on its way is seen on one side at least. */
static enum status
was_written(bool *found, const struct outbox *box, const char *reference)
{
	static const char *const subs[] = { "outbox", "sent", "error" };
	enum status rc = ST_OK;

	*found = false;
	for (size_t i = 0; i < 3 && rc == ST_OK && !*found; i++)
		rc = find_reference(found, box, subs[i], reference);
	return rc;
}

static bool
is_ascii(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* Other letters only as UTF-16BE with its mark: what gammu-smsd reads in any
 * locale (UTF-8 it cuts at the first such letter in the C locale). */
static void
encode(struct buf *out, struct span text)
{
	size_t len;

	if (is_ascii(text)) {
		buf_add(out, text);
		return;
	}
	buf_add(out, SPAN("\xFE\xFF"));
	for (; text.n > 0; text = span_from(text, len)) {
		int32_t cp = text_next(text, &len);

		if (cp >= 0x10000) {
			int32_t high = 0xD800 + ((cp - 0x10000) >> 10);

			buf_char(out, (char)(high >> 8));
			buf_char(out, (char)(high & 0xFF));
			cp = 0xDC00 + ((cp - 0x10000) & 0x3FF);
		}
		buf_char(out, (char)(cp >> 8));
		buf_char(out, (char)(cp & 0xFF));
	}
}

/* OUTA<yyyymmdd>_<hhmmss>_00_<number>_<reference>.txt */
static void
file_name(
    char out[NAME_SIZE], const struct outbox *box, const struct letter *letter)
{
	char t[32];

	clock_format(t, box->zone, clock_now()); /* 2026-11-22T12:00:00+01:00 */
	snprintf(out, NAME_SIZE, "OUTA%.4s%.2s%.2s_%.2s%.2s%.2s_00_%s_%s.txt",
	    t, t + 5, t + 8, t + 11, t + 14, t + 17, letter->to,
	    letter->reference);
}

/* A hidden name first: gammu-smsd sends whatever it sees. */
static bool
put_file(int dir, const char *name, const char *reference, struct span bytes)
{
	char hidden[REFERENCE_MAX + 16];
	int fd, error = 0;

	snprintf(hidden, sizeof(hidden), ".uwaga-%s", reference);
	/* What a crash left behind is ours alone: the lock says so. */
	unlinkat(dir, hidden, 0);
	/* For the group too: gammu-smsd is another user. */
	fd = openat(dir, hidden,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0660);
	if (fd < 0)
		return false;
	if (!file_write(fd, bytes))
		error = errno;
	fault_step("spool write");
	if (error == 0 && fsync(fd) != 0)
		error = errno;
	if (close(fd) != 0 && error == 0)
		error = errno;
	fault_step("spool rename");
	if (error == 0 && gammu_move(dir, hidden, dir, name) != 0)
		error = errno;
	if (error != 0)
		unlinkat(dir, hidden, 0);
	errno = error;
	return error == 0 && fsync(dir) == 0;
}

/* Why the letter can never be sent; NULL when it can. */
static const char *
what_is_wrong(const struct letter *letter)
{
	if (!is_number(letter->to))
		return "the recipient is no number of + and digits";
	if (!is_reference(letter->reference))
		return "the letter's reference is no name for a file";
	if (span_trim(letter->bytes).n == 0)
		return "the text is empty";
	if (!text_is_utf8(letter->bytes))
		return "the text is not valid UTF-8";
	if (sms_size(letter->bytes).segments > SEGMENTS_MAX)
		return "the text is longer than 50 segments";
	return NULL;
}

static void
spool_send(struct sink *s, const struct letter *letter, struct delivery *out)
{
	struct outbox *box = (struct outbox *)s;
	const char *wrong = what_is_wrong(letter);
	struct buf bytes = { .max = 4 * letter->bytes.n + 2 };
	char name[NAME_SIZE];
	bool found = false;
	int dir = -1;

	memset(out, 0, sizeof(*out));
	if (wrong != NULL) {
		out->sent = SENT_REFUSED;
		snprintf(out->reason, sizeof(out->reason), "%s", wrong);
		return;
	}
	file_name(name, box, letter);
	encode(&bytes, letter->bytes);
	if (bytes.failed)
		errno = ENOMEM;
	else if (was_written(&found, box, letter->reference) == ST_OK)
		dir = gammu_folder(box->dir, "outbox");
	/* Found: synced again, since a crash may have come before the sync. */
	if (dir >= 0 && (found ? fsync(dir) == 0
			       : put_file(dir, name, letter->reference,
				     buf_span(&bytes)))) {
		out->sent = SENT_ACCEPTED;
		out->can_ask = true;
		snprintf(out->external_id, sizeof(out->external_id), "%.127s",
		    letter->reference);
	} else {
		out->sent = SENT_RETRY;
		snprintf(out->reason, sizeof(out->reason),
		    "the text cannot be written to the spool's outbox (%s)",
		    strerror(errno));
	}
	if (dir >= 0)
		close(dir);
	buf_free(&bytes);
}

/* The folder that gammu-smsd moved it to tells: it waits, the network has it,
 * or the modem could not send it.  Outbox first, as above. */
static enum status
spool_arrival(struct sink *s, const struct letter *letter,
    const char *external_id, enum arrival *out, char why[256], struct err *err)
{
	static const struct {
		const char *sub;
		enum arrival arrival;
	} folders[] = { { "outbox", ARRIVAL_OPEN }, { "sent", ARRIVAL_PASSED },
		{ "error", ARRIVAL_FAILED } };
	struct outbox *box = (struct outbox *)s;
	enum status rc = ST_OK;
	bool found = false;

	(void)external_id;
	*out = ARRIVAL_OPEN;
	for (size_t i = 0; i < 3 && rc == ST_OK && !found; i++) {
		rc = find_reference(
		    &found, box, folders[i].sub, letter->reference);
		if (found)
			*out = folders[i].arrival;
	}
	if (rc != ST_OK)
		return err_set(err, rc,
		    "%s: the spool's folders cannot be read (%s)", box->name,
		    strerror(errno));
	if (*out == ARRIVAL_FAILED)
		snprintf(why, 256,
		    "gammu-smsd could not send it; see the folder error and "
		    "its log");
	return ST_OK;
}

static enum status
spool_check(struct sink *s, struct err *err)
{
	struct outbox *box = (struct outbox *)s;
	enum status rc = gammu_check(box->dir, "outbox", err);

	return rc == ST_OK ? ST_OK : err_prefix(err, rc, box->name);
}

static void
spool_close(struct sink *s)
{
	struct outbox *box = (struct outbox *)s;

	if (box == NULL)
		return;
	free(box->name);
	free(box->dir);
	free(box->zone);
	free(box);
}

static const struct sink_ops outbox_ops = {
	.knows_reference = true,
	.send = spool_send,
	.arrival = spool_arrival,
	.check = spool_check,
	.close = spool_close,
};

enum status
gammu_sink_open(struct sink **out, const char *dir,
    const struct config_sms *conf, struct err *err)
{
	struct outbox *box = calloc(1, sizeof(*box));
	enum status rc;

	*out = NULL;
	if (box == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	box->sink.ops = &outbox_ops;
	box->sink.channel = CHANNEL_SMS;
	box->dir = strdup(dir);
	box->zone = strdup(conf->timezone);
	if (asprintf(&box->name, "sms %s", conf->name) < 0)
		box->name = NULL;
	box->sink.name = box->name;
	rc = box->dir == NULL || box->zone == NULL || box->name == NULL
		 ? err_set(err, ST_BROKEN, "out of memory")
		 : spool_check(&box->sink, err);
	if (rc != ST_OK) {
		spool_close(&box->sink);
		return rc;
	}
	*out = &box->sink;
	return ST_OK;
}

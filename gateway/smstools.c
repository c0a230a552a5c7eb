/* smstools - the spool of SMS Server Tools 3 (smsd), with a modem of one's own
 *
 * Place: behind provider.h, with `spool:DIR`.  smsd writes each received text
 * into DIR/incoming (long ones whole; needs incoming_utf8 = yes, and
 * decode_unicode_text = no, as smsd 3.1 cuts a text at the first emoji when it
 * decodes it itself) and sends what it finds in DIR/outgoing, by way of
 * DIR/checked, to DIR/sent or DIR/failed.  A file is named by our reference and
 * keeps that name, so that no letter gets two.  A stored text's file is moved to
 * DIR/processed.
 */
#include "gateway/providers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gateway/file.h"
#include "gateway/gammu.h"
#include "parsers/text.h"

enum {
	PAGE = 100,
	YOUNG_MS = 2000, /* smsd writes a file in place, within that */
	FILE_MAX = 256 << 10, /* larger is no text */
	NAME_MAX_ = 256,
	CLASHES_MAX = 1000,
};

static const char *
dir_of(const struct provider *p)
{
	return p->conf->url + sizeof("spool:") - 1;
}

static enum status
cannot(const struct provider *p, const char *what, const char *sub,
    struct err *err)
{
	return err_set(err, ST_RETRY, "%s: %s %s/%s (%s)", p->name, what,
	    dir_of(p), sub, strerror(errno));
}

/* ---- in ---------------------------------------------------------------- */

/* The parts of long texts that have not all come, by smsd's own name. */
static bool
is_parts_store(const char *name)
{
	static const char end[] = "-concatenated";
	size_t n = strlen(name), m = sizeof(end) - 1;

	return n > m && strcmp(name + n - m, end) == 0;
}

static bool
is_young(const struct stat *sb)
{
	struct timespec now = { 0 };
	int64_t age;

	clock_gettime(CLOCK_REALTIME, &now);
	age = ((int64_t)now.tv_sec - sb->st_mtim.tv_sec) * 1000 +
	      (now.tv_nsec - sb->st_mtim.tv_nsec) / 1000000;
	return age >= 0 && age < YOUNG_MS;
}

/* The value of that header field, whatever its letters' case; "" without. */
static const char *
header(struct arena *a, struct span head, const char *name)
{
	struct span line;

	while (span_line(&head, &line)) {
		size_t colon = span_find(line, ":");

		if (colon < line.n &&
		    span_is_nocase(span_trim(span_sub(line, 0, colon)), name))
			return arena_copy(
			    a, span_trim(span_from(line, colon + 1)))
			    .p;
	}
	return "";
}

/* "48110000301" is an international number without its plus; names and short
 * numbers stay as they are. */
static const char *
sender(struct arena *a, const char *from, const char *kind)
{
	char number[40];

	if (strncmp(kind, "91", 2) != 0 || from[0] == '+' ||
	    strspn(from, "0123456789") != strlen(from))
		return from;
	snprintf(number, sizeof(number), "+%.30s", from);
	return arena_copy(a, span_of(number)).p;
}

static void
add_utf8(struct buf *out, unsigned cp)
{
	if (cp < 0x80) {
		buf_char(out, (char)cp);
		return;
	}
	if (cp >= 0x10000) {
		buf_char(out, (char)(0xF0 | cp >> 18));
		buf_char(out, (char)(0x80 | (cp >> 12 & 63)));
	} else if (cp >= 0x800) {
		buf_char(out, (char)(0xE0 | cp >> 12));
	}
	if (cp >= 0x800)
		buf_char(out, (char)(0x80 | (cp >> 6 & 63)));
	else
		buf_char(out, (char)(0xC0 | cp >> 6));
	buf_char(out, (char)(0x80 | (cp & 63)));
}

static unsigned
unit_at(struct span s, size_t at)
{
	return at + 2 > s.n ? 0
			    : (unsigned)(unsigned char)s.p[at] << 8 |
				  (unsigned char)s.p[at + 1];
}

/* UTF-16BE; a lone half of a pair, and what means nothing, is U+FFFD. */
static void
add_utf16(struct buf *out, struct span s)
{
	for (size_t at = 0; at < s.n; at += 2) {
		unsigned unit = unit_at(s, at), next = unit_at(s, at + 2);

		if (unit >= 0xD800 && unit < 0xDC00 && next >= 0xDC00 &&
		    next < 0xE000) {
			unit =
			    0x10000 + ((unit - 0xD800) << 10) + (next - 0xDC00);
			at += 2;
		} else if (unit == 0 || (unit >= 0xD800 && unit < 0xE000)) {
			unit = 0xFFFD;
		}
		add_utf8(out, unit);
	}
}

/* What is not in smsd's UTF-8 is the network's UTF-16, as it came. */
static bool
read_body(struct arena *a, struct provider_text *t, struct span body,
    const char *alphabet)
{
	struct buf text = { .max = 2 * FILE_MAX };

	if (strncmp(alphabet, "UCS", 3) == 0)
		add_utf16(&text, body);
	else if (text_is_utf8(body))
		buf_add(&text, body);
	else
		text.failed = true;
	if (!text.failed)
		t->text = arena_copy(a, buf_span(&text)).p;
	buf_free(&text);
	return t->text[0] != '\0' || body.n == 0;
}

static void
read_text(struct provider *p, struct arena *a, struct provider_text *t,
    const char *name, const struct stat *sb)
{
	struct span file = t->record, head;
	size_t end = span_find(file, "\n\n");
	char key[128];

	head = span_sub(file, 0, end);
	t->from =
	    sender(a, header(a, head, "From"), header(a, head, "From_TOA"));
	t->received_ms = (int64_t)sb->st_mtim.tv_sec * 1000;
	if (!provider_time(p, "YY-MM-DD hh:mm:ss", header(a, head, "Sent"),
		&t->received_ms))
		provider_time(p, "YY-MM-DD hh:mm:ss",
		    header(a, head, "Received"), &t->received_ms);
	if (end == file.n || t->from[0] == '\0')
		t->problem = "it is no text of smsd's: expected From, an empty "
			     "line and the text";
	else if (strcmp(header(a, head, "Binary"), "yes") == 0)
		t->problem = "it holds binary data, not a text";
	else if (!read_body(a, t, span_from(file, end + 2),
		     header(a, head, "Alphabet")))
		t->problem = "it is not in UTF-8: set incoming_utf8 = yes in "
			     "smsd.conf";
	snprintf(key, sizeof(key), "%s %.40s", provider_hash_key(a, t), name);
	t->key = arena_copy(a, span_of(key)).p;
	t->ack = arena_copy(a, span_of(name)).p;
}

/* One file of the folder, if it is there whole. */
static enum status
take_file(struct provider *p, struct provider_page *page, int in,
    const char *name, struct err *err)
{
	struct buf bytes = { .max = FILE_MAX };
	struct provider_text *t;
	enum status rc = ST_OK;
	struct stat sb;
	int fd =
	    openat(in, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &sb) != 0 || !S_ISREG(sb.st_mode) ||
	    is_young(&sb))
		goto out;
	if (!file_read_up_to(&bytes, fd,
		sb.st_size < FILE_MAX ? (size_t)sb.st_size : FILE_MAX)) {
		rc = cannot(p, "a text cannot be read in", "incoming", err);
		goto out;
	}
	t = arena_push(&page->arena, &page->texts, &page->n, sizeof(*t));
	if (t == NULL) {
		rc = err_set(err, ST_RETRY, "%s: out of memory", p->name);
		goto out;
	}
	t->from = t->to = t->text = "";
	t->record = arena_copy(&page->arena, buf_span(&bytes));
	read_text(p, &page->arena, t, name, &sb);
out:
	if (fd >= 0)
		close(fd);
	buf_free(&bytes);
	return rc;
}

static enum status
tools_poll(struct provider *p, const char *cursor, const char *next,
    struct provider_page *page, struct err *err)
{
	int in = gammu_folder(dir_of(p), "incoming");
	DIR *dir = in < 0 ? NULL : fdopendir(in);
	enum status rc = ST_OK;
	struct dirent *d;

	(void)cursor; /* what is done has left the folder */
	(void)next;
	if (dir == NULL) {
		rc = cannot(p, "cannot read the folder", "incoming", err);
		if (in >= 0)
			close(in);
		return rc;
	}
	while (rc == ST_OK && page->n < PAGE && (d = readdir(dir)) != NULL)
		if (d->d_name[0] != '.' && !is_parts_store(d->d_name))
			rc = take_file(p, page, in, d->d_name, err);
	if (page->n == PAGE)
		page->next = "more";
	closedir(dir);
	return rc;
}

/* Moves `name` without overwriting: NAME, NAME.1, NAME.2...; true also when it
 * has gone already. */
static bool
move_file(int from, int to, const char *name)
{
	char free_name[NAME_MAX_ + 16];

	snprintf(free_name, sizeof(free_name), "%.240s", name);
	for (int i = 1; i < CLASHES_MAX; i++) {
		if (gammu_move(from, name, to, free_name) == 0 ||
		    errno == ENOENT)
			return true;
		if (errno != EEXIST)
			return false;
		snprintf(free_name, sizeof(free_name), "%.240s.%d", name, i);
	}
	return false;
}

static enum status
tools_ack(
    struct provider *p, const char *const *acks, size_t n, struct err *err)
{
	int in = gammu_folder(dir_of(p), "incoming"), to = -1;
	enum status rc = ST_OK;
	bool done = in >= 0;

	if (done && mkdirat(in, "../processed", 0750) != 0 && errno != EEXIST)
		done = false;
	if (done)
		to = gammu_folder(dir_of(p), "processed");
	done = done && to >= 0;
	for (size_t i = 0; i < n && done; i++)
		done = move_file(in, to, acks[i]);
	if (!done || fsync(to) != 0 || fsync(in) != 0)
		rc = cannot(
		    p, "stored texts cannot be moved out of", "incoming", err);
	if (to >= 0)
		close(to);
	if (in >= 0)
		close(in);
	return rc;
}

/* After a restore: what was stored since is to be read again; the store knows
 * the rest by its key. */
static enum status
tools_reread(
    struct provider *p, int64_t since_ms, struct reread *out, struct err *err)
{
	int from = gammu_folder(dir_of(p), "processed");
	int to = gammu_folder(dir_of(p), "incoming");
	DIR *dir = from < 0 ? NULL : fdopendir(from);
	enum status rc = ST_OK;
	struct dirent *d;
	struct stat sb;

	while (dir != NULL && to >= 0 && (d = readdir(dir)) != NULL) {
		if (d->d_name[0] == '.' ||
		    fstatat(from, d->d_name, &sb, AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISREG(sb.st_mode) ||
		    (int64_t)sb.st_mtim.tv_sec * 1000 + 999 < since_ms)
			continue;
		if (gammu_move(from, d->d_name, to, d->d_name) == 0)
			out->moved++;
		else
			out->left++;
	}
	if (to < 0 || fsync(to) != 0)
		rc =
		    cannot(p, "texts cannot be put back into", "incoming", err);
	if (dir != NULL)
		closedir(dir);
	else if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	return rc;
}

/* ---- out --------------------------------------------------------------- */

static bool
is_there(const struct provider *p, const char *sub, const char *name)
{
	int fd = gammu_folder(dir_of(p), sub);
	bool found =
	    fd >= 0 && faccessat(fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;

	if (fd >= 0)
		close(fd);
	return found;
}

/* In the order that smsd moves them, so that one on its way is seen. */
static bool
is_spooled(const struct provider *p, const char *name)
{
	static const char *const subs[] = { "outgoing", "checked", "sent",
		"failed" };

	for (size_t i = 0; i < 4; i++)
		if (is_there(p, subs[i], name))
			return true;
	return false;
}

static bool
put_file(struct provider *p, const char *name, struct span bytes)
{
	int dir = gammu_folder(dir_of(p), ".");
	int out = gammu_folder(dir_of(p), "outgoing"), fd = -1;
	char hidden[80];
	bool done = dir >= 0 && out >= 0;
	int error;

	snprintf(hidden, sizeof(hidden), ".uwaga-%.64s", name);
	if (done) {
		/* What a crash left behind is ours alone: the lock says so. */
		unlinkat(dir, hidden, 0);
		fd = openat(dir, hidden,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0660);
	}
	done = fd >= 0 && file_write(fd, bytes) && fsync(fd) == 0 &&
	       gammu_move(dir, hidden, out, name) == 0 && fsync(out) == 0;
	error = errno;
	if (fd >= 0)
		close(fd);
	if (out >= 0)
		close(out);
	if (dir >= 0)
		close(dir);
	errno = error;
	return done;
}

static void
tools_send(
    struct provider *p, const struct letter *letter, struct delivery *out)
{
	struct buf file = { .max = letter->bytes.n + 200 };

	buf_printf(&file, "To: %s\nAlphabet: UTF-8\n\n", letter->to + 1);
	buf_add(&file, letter->bytes);
	if (is_spooled(p, letter->reference) ||
	    put_file(p, letter->reference, buf_span(&file))) {
		out->sent = SENT_ACCEPTED;
		snprintf(out->external_id, sizeof(out->external_id), "%.120s",
		    letter->reference);
	} else {
		out->sent = SENT_RETRY;
		snprintf(out->reason, sizeof(out->reason),
		    "%.60s: the text cannot be written to the spool's "
		    "outgoing (%s)",
		    p->name, strerror(errno));
	}
	buf_free(&file);
}

/* The folder tells; of what was sent smsd hears no more. */
static enum status
tools_arrival(struct provider *p, const struct letter *letter,
    const char *external_id, enum arrival *out, char why[256], struct err *err)
{
	(void)external_id;
	(void)err;
	*out = ARRIVAL_OPEN;
	if (is_there(p, "failed", letter->reference)) {
		*out = ARRIVAL_FAILED;
		snprintf(why, 256,
		    "smsd could not send it; see the folder "
		    "failed and smsd's log");
	} else if (is_there(p, "sent", letter->reference)) {
		*out = ARRIVAL_PASSED;
	}
	return ST_OK;
}

static enum status
tools_check(struct provider *p, struct err *err)
{
	static const char *const subs[] = { "incoming", "outgoing" };

	for (size_t i = 0; i < 2; i++) {
		int fd = gammu_folder(dir_of(p), subs[i]);
		bool usable = fd >= 0 && faccessat(fd, ".", R_OK | W_OK | X_OK,
					     AT_EACCESS) == 0;
		int error = errno;

		if (fd >= 0)
			close(fd);
		if (!usable)
			return err_set(err, ST_REJECT,
			    "%s: the spool's folder %s/%s cannot be used (%s); "
			    "it must be there, readable and writable for this "
			    "user",
			    p->name, dir_of(p), subs[i], strerror(error));
	}
	return ST_OK;
}

const struct provider_ops smstools_ops = {
	.name = "smstools",
	.is_spool = true,
	.knows_reference = true, /* by the file's name */
	.poll = tools_poll,
	.ack = tools_ack,
	.reread = tools_reread,
	.send = tools_send,
	.arrival = tools_arrival,
	.check = tools_check,
};

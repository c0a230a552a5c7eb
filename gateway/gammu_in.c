/* gammu_in - a spool as the source of texts
 *
 * Place: sms_line.c opens it for `spool:DIR`.  Every fetch lists DIR/inbox anew
 * and takes what is ready: gammu-smsd writes its files in place, and the parts of
 * a long text that came late are files of their own.
 */
#include "gateway/gammu.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/gammu_file.h"
#include "parsers/digest.h"

enum {
	PARTS_WAIT_MS = 10000, /* for the other parts of a long text */
	PARTS_APART_MS = 10 * 60 * 1000, /* between parts of one text */
	PAUSE_MS = 200, /* while nothing is ready yet */
	WAITING_BYTES = 32 << 20, /* of parts held in memory */
	TEXT_MAX = 256 << 10,
};

struct line {
	struct source source;
	char *name, *dir, *number, *zone; /* owned */
	int watch; /* inotify; -1: none yet */
	bool is_recovered; /* what a crash left half done is done */
};

/* The names in the inbox, sorted: they start with the modem's time. */
struct listing {
	char **names; /* owned */
	size_t n, cap;
};

/* Parts of long texts, until it is known what belongs together. */
struct waiting {
	struct gammu_file **files; /* owned */
	size_t n, cap, bytes;
};

/* ---- listing ----------------------------------------------------------- */

static void
free_listing(struct listing *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->names[i]);
	free(list->names);
	*list = (struct listing){ 0 };
}

static int
by_name(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static bool
add_name(struct listing *list, const char *name)
{
	if (list->n == list->cap) {
		size_t cap = list->cap == 0 ? 256 : list->cap * 2;
		char **grown = reallocarray(list->names, cap, sizeof(*grown));

		if (grown == NULL)
			return false;
		list->names = grown;
		list->cap = cap;
	}
	list->names[list->n] = strdup(name);
	return list->names[list->n++] != NULL;
}

/* Events from before the listing say nothing new; those that come during it
 * stay and wake the next wait. */
static void
renew_watch(struct line *line)
{
	char events[4096], path[4096];

	if (line->watch < 0)
		return;
	while (read(line->watch, events, sizeof(events)) > 0)
		continue;
	/* Again each time: the folder may have been replaced since. */
	if (snprintf(path, sizeof(path), "%s/inbox", line->dir) <
	    (int)sizeof(path))
		inotify_add_watch(line->watch, path,
		    IN_MOVED_TO | IN_CREATE | IN_CLOSE_WRITE | IN_ONLYDIR);
}

static enum status
list_inbox(struct line *line, struct listing *list, struct err *err)
{
	int fd = gammu_folder(line->dir, "inbox");
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	bool memory = true;
	struct dirent *d;
	int error = errno;

	if (dir != NULL) {
		errno = 0;
		while (memory && (d = readdir(dir)) != NULL) {
			if (d->d_name[0] != '.')
				memory = add_name(list, d->d_name);
			errno = 0;
		}
		error = memory ? errno : ENOMEM;
		closedir(dir);
	} else if (fd >= 0) {
		close(fd);
	}
	if (dir == NULL || error != 0)
		return err_set(err, ST_RETRY,
		    "%s: the folder %s/inbox cannot be read (%s)", line->name,
		    line->dir, strerror(error));
	if (list->n > 1)
		qsort(list->names, list->n, sizeof(*list->names), by_name);
	return ST_OK;
}

/* ---- one message ------------------------------------------------------- */

/* When the text came: the modem's time, which may be local; without one, the
 * file's. */
static int64_t
received(const struct line *line, const struct gammu_file *file)
{
	if (file->problem != NULL || file->detail.datetime.n == 0)
		return file->mtime_ns / 1000000;
	return file->detail.is_local
		   ? clock_from_local(line->zone, file->detail.time_ms)
		   : file->detail.time_ms;
}

static void
add_field(struct buf *out, struct span s)
{
	buf_printf(out, "%zu:", s.n);
	buf_add(out, s);
}

/* Unique for ever and the same when it is read again.  gammu-smsd uses a name
 * again once its file has gone, so the name alone would not do. */
static char *
make_key(const struct line *line, const struct gammu_file *file,
    const struct raw *raw)
{
	struct buf all = { .max = TEXT_MAX + GAMMU_FILE_MAX };
	char hex[SHA256_HEX] = "";

	if (raw->problem == NULL) {
		add_field(&all, file->detail.from);
		add_field(&all, span_of(line->number));
		add_field(&all, file->detail.datetime);
		if (file->detail.datetime.n == 0)
			buf_printf(&all, "%lld", (long long)file->mtime_ns);
		add_field(&all, span_of(raw->text));
		add_field(&all, gammu_file_serial(file));
	} else {
		/* Not the name: it may have got a number in aside/. */
		buf_printf(
		    &all, "%llu %lld", file->inode, (long long)file->mtime_ns);
		add_field(&all, buf_span(&file->bytes));
	}
	if (!all.failed)
		sha256_hex(hex, buf_span(&all));
	buf_free(&all);
	return hex[0] == '\0' ? NULL : strdup(hex);
}

/* The text of all parts in all files. */
static bool
join(struct raw *raw, struct gammu_file *const *files, size_t n)
{
	struct buf text = { .max = TEXT_MAX };
	struct sms_part *parts;
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += files[i]->detail.n_parts;
	parts = calloc(count, sizeof(*parts));
	if (parts == NULL)
		return false;
	count = 0;
	for (size_t i = 0; i < n; i++) {
		memcpy(parts + count, files[i]->detail.parts,
		    files[i]->detail.n_parts * sizeof(*parts));
		count += files[i]->detail.n_parts;
	}
	raw->parts_missing = sms_detail_join(&text, parts, count);
	if (text.failed)
		raw->problem = strdup("its text is longer than any text");
	else
		raw->text = strdup(buf_cstr(&text));
	free(parts);
	buf_free(&text);
	return raw->problem != NULL || raw->text != NULL;
}

static bool
fill_raw(struct line *line, struct raw *raw, struct gammu_file *const *files,
    size_t n)
{
	const struct gammu_file *first = files[0];
	size_t size = 0;

	memset(raw, 0, sizeof(*raw));
	raw->channel = CHANNEL_SMS;
	raw->source = strdup(line->name);
	raw->to = strdup(line->number);
	raw->received_ms = received(line, first);
	for (size_t i = 0; i < n; i++)
		size += files[i]->bytes.n;
	raw->bytes.max = size;
	for (size_t i = 0; i < n; i++)
		buf_add(&raw->bytes, buf_span(&files[i]->bytes));
	if (first->problem != NULL) {
		raw->problem = strdup(first->problem);
		raw->from = strdup("");
		raw->text = strdup("");
	} else {
		raw->from = strdup(
		    first->detail.from.p == NULL ? "" : first->detail.from.p);
		if (!join(raw, files, n))
			return false;
		if (raw->text == NULL)
			raw->text = strdup("");
	}
	raw->key = make_key(line, first, raw);
	return raw->source != NULL && raw->to != NULL && raw->from != NULL &&
	       raw->text != NULL && raw->key != NULL && !raw->bytes.failed;
}

/* Adds the message that these files are to the batch, which has room. */
static enum status
hand_over(struct line *line, struct batch *batch,
    struct gammu_file *const *files, size_t n, struct err *err)
{
	struct raw *raw = &batch->messages[batch->n];
	struct gammu_handle *handle =
	    calloc(1, sizeof(*handle) + n * sizeof(handle->files[0]));

	if (handle == NULL || !fill_raw(line, raw, files, n)) {
		free(handle);
		raw_free(raw);
		return err_set(err, ST_RETRY, "%s: out of memory", line->name);
	}
	handle->aside = raw->problem != NULL;
	handle->n = n;
	for (size_t i = 0; i < n; i++) {
		memcpy(handle->files[i].name, files[i]->name, GAMMU_NAME);
		handle->files[i].inode = files[i]->inode;
	}
	batch->handles[batch->n++] = handle;
	return ST_OK;
}

/* ---- parts that are files of their own ---------------------------------- */

static int
by_message(const void *left, const void *right)
{
	const struct gammu_file *a = *(struct gammu_file *const *)left;
	const struct gammu_file *b = *(struct gammu_file *const *)right;
	const struct sms_part *pa = a->detail.parts, *pb = b->detail.parts;
	size_t shorter = a->detail.from.n < b->detail.from.n ? a->detail.from.n
							     : b->detail.from.n;
	int d = shorter == 0
		    ? 0
		    : memcmp(a->detail.from.p, b->detail.from.p, shorter);

	if (d == 0)
		d = (a->detail.from.n > b->detail.from.n) -
		    (a->detail.from.n < b->detail.from.n);
	if (d == 0)
		d = (pa->ref > pb->ref) - (pa->ref < pb->ref);
	if (d == 0)
		d = (pa->total > pb->total) - (pa->total < pb->total);
	if (d == 0)
		d = (a->detail.time_ms > b->detail.time_ms) -
		    (a->detail.time_ms < b->detail.time_ms);
	return d != 0 ? d : strcmp(a->name, b->name);
}

/* Parts of one text: same sender, reference and total, not long apart. */
static bool
belong_together(const struct gammu_file *a, const struct gammu_file *b)
{
	int64_t apart = b->detail.time_ms - a->detail.time_ms;

	return span_eq(a->detail.from, b->detail.from) &&
	       a->detail.parts[0].ref == b->detail.parts[0].ref &&
	       a->detail.parts[0].total == b->detail.parts[0].total &&
	       apart <= PARTS_APART_MS && apart >= -PARTS_APART_MS;
}

/* The files of one text, being gathered. */
struct group {
	struct gammu_file *files[SMS_PARTS_MAX];
	size_t n;
	struct span texts[SMS_PARTS_MAX + 1]; /* by seq; p NULL: missing */
	int there;
	int64_t age_ms; /* of the newest */
};

/* Adds the file unless another text stands where its parts belong (references
 * are used again soon); false then. */
static bool
join_group(struct group *g, struct gammu_file *file)
{
	const struct sms_detail *d = &file->detail;
	int64_t age = gammu_file_age_ms(file);

	if (g->n == SMS_PARTS_MAX)
		return false;
	for (size_t i = 0; i < d->n_parts; i++) {
		struct span old = g->texts[d->parts[i].seq];

		if (old.p != NULL && !span_eq(old, d->parts[i].text))
			return false;
	}
	for (size_t i = 0; i < d->n_parts; i++) {
		struct span *slot = &g->texts[d->parts[i].seq];

		g->there += slot->p == NULL;
		*slot = d->parts[i].text;
	}
	g->age_ms = g->n == 0 || age < g->age_ms ? age : g->age_ms;
	g->files[g->n++] = file;
	return true;
}

/* Takes the first file that is left and those that belong to it out of the
 * sorted `w`; their places become NULL. */
static void
gather(struct group *g, struct waiting *w, size_t first)
{
	struct gammu_file *head = w->files[first];

	*g = (struct group){ 0 };
	for (size_t i = first; i < w->n; i++) {
		if (w->files[i] == NULL)
			continue;
		if (!belong_together(head, w->files[i]))
			break;
		if (join_group(g, w->files[i]))
			w->files[i] = NULL;
	}
}

static void
free_group(struct group *g)
{
	for (size_t i = 0; i < g->n; i++)
		gammu_file_free(g->files[i]);
	g->n = 0;
}

/* Hands over the long texts whose parts are all there, or will not come any
 * more; `*left` when some still wait.  `seen_all`: the whole inbox was read, so
 * that no part can stand further on. */
static enum status
hand_over_parts(struct line *line, struct batch *batch, struct waiting *w,
    bool seen_all, bool *left, struct err *err)
{
	struct group *g = malloc(sizeof(*g));
	enum status rc = ST_OK;

	if (g == NULL)
		return err_set(err, ST_RETRY, "%s: out of memory", line->name);
	if (w->n > 1)
		qsort(w->files, w->n, sizeof(struct gammu_file *), by_message);
	for (size_t i = 0; i < w->n && rc == ST_OK; i++) {
		bool whole;

		if (w->files[i] == NULL)
			continue;
		gather(g, w, i);
		whole = g->there >= g->files[0]->detail.parts[0].total;
		if (batch->n < BATCH_MAX &&
		    (whole || (seen_all && g->age_ms >= PARTS_WAIT_MS)))
			rc = hand_over(line, batch, g->files, g->n, err);
		else
			*left = true;
		free_group(g);
	}
	free(g);
	return rc;
}

static bool
keep_waiting(struct waiting *w, struct gammu_file *file)
{
	if (w->n == w->cap) {
		size_t cap = w->cap == 0 ? 16 : w->cap * 2;
		struct gammu_file **grown =
		    reallocarray(w->files, cap, sizeof(*grown));

		if (grown == NULL)
			return false;
		w->files = grown;
		w->cap = cap;
	}
	w->bytes += sizeof(*file) + 2 * file->bytes.n;
	w->files[w->n++] = file;
	return true;
}

static void
free_waiting(struct waiting *w)
{
	for (size_t i = 0; i < w->n; i++)
		gammu_file_free(w->files[i]);
	free(w->files);
}

/* ---- the source -------------------------------------------------------- */

/* Reads one file: into the batch when it is ready, or to those that wait. */
static enum status
take(struct line *line, struct batch *batch, struct waiting *w, int inbox,
    const char *name, struct err *err)
{
	struct gammu_file *file;
	enum status rc = gammu_file_read(&file, inbox, name, err);

	if (rc != ST_OK)
		return err_prefix(err, rc, line->name);
	if (file->state == GAMMU_PART && keep_waiting(w, file))
		return ST_OK;
	if (file->state == GAMMU_READY)
		rc = hand_over(line, batch, &file, 1, err);
	else if (file->state == GAMMU_YOUNG)
		batch->more = true;
	else if (file->state == GAMMU_PART)
		rc = err_set(err, ST_RETRY, "%s: out of memory", line->name);
	gammu_file_free(file);
	return rc;
}

/* By time of receipt, else as the names are sorted. */
static void
sort_batch(struct batch *batch)
{
	for (int i = 1; i < batch->n; i++)
		for (int k = i; k > 0 && batch->messages[k].received_ms <
					     batch->messages[k - 1].received_ms;
		     k--) {
			struct raw raw = batch->messages[k];
			void *handle = batch->handles[k];

			batch->messages[k] = batch->messages[k - 1];
			batch->handles[k] = batch->handles[k - 1];
			batch->messages[k - 1] = raw;
			batch->handles[k - 1] = handle;
		}
}

static void
pause_for(struct line *line, int ms)
{
	struct pollfd fd = { .fd = line->watch, .events = POLLIN };

	poll(&fd, 1, ms);
}

/* Reads the listed files until the batch is full. */
static enum status
read_files(struct line *line, struct batch *batch, const struct listing *list,
    struct err *err)
{
	struct waiting w = { 0 };
	enum status rc = ST_OK;
	size_t at = 0, bytes = 0;
	int inbox = gammu_folder(line->dir, "inbox");
	bool left = false;

	if (inbox < 0)
		return err_set(err, ST_RETRY,
		    "%s: the folder %s/inbox cannot be read (%s)", line->name,
		    line->dir, strerror(errno));
	while (rc == ST_OK && at < list->n && batch->n < BATCH_MAX &&
	       bytes < BATCH_BYTES && w.bytes < WAITING_BYTES) {
		int before = batch->n;

		rc = take(line, batch, &w, inbox, list->names[at], err);
		if (rc == ST_OK)
			at++;
		if (batch->n > before)
			bytes += batch->messages[before].bytes.n;
	}
	if (rc == ST_OK)
		rc = hand_over_parts(line, batch, &w,
		    at == list->n || w.bytes >= WAITING_BYTES, &left, err);
	batch->more = batch->more || left || at < list->n || batch->n > 0;
	if (rc != ST_OK && batch->n > 0)
		rc = ST_OK; /* what was read goes on; the rest comes again */
	free_waiting(&w);
	close(inbox);
	return rc;
}

/* Before the first fetch, as only who fetches has the lock. */
static enum status
recover(struct line *line, struct err *err)
{
	enum status rc =
	    line->is_recovered ? ST_OK : gammu_done_recover(line->dir, err);

	line->is_recovered = line->is_recovered || rc == ST_OK;
	return rc == ST_OK ? ST_OK : err_prefix(err, rc, line->name);
}

static enum status
line_fetch(struct source *s, struct batch *batch, struct err *err)
{
	struct line *line = (struct line *)s;
	struct listing list = { 0 };
	enum status rc;

	batch->n = 0;
	batch->more = false;
	rc = recover(line, err);
	renew_watch(line);
	if (rc == ST_OK)
		rc = list_inbox(line, &list, err);
	if (rc == ST_OK)
		rc = read_files(line, batch, &list, err);
	free_listing(&list);
	if (rc == ST_OK)
		sort_batch(batch);
	/* Something is there but not ready: the caller asks again at once. */
	if (rc == ST_OK && batch->n == 0 && batch->more)
		pause_for(line, PAUSE_MS);
	return rc;
}

static enum status
line_done(struct source *s, struct batch *batch, struct err *err)
{
	struct line *line = (struct line *)s;
	enum status rc = gammu_done(line->dir, batch->handles, batch->n, err);

	return rc == ST_OK ? ST_OK : err_prefix(err, rc, line->name);
}

static enum status
line_reread(
    struct source *s, int64_t since_ms, struct reread *out, struct err *err)
{
	struct line *line = (struct line *)s;
	enum status rc = recover(line, err);

	if (rc != ST_OK)
		return rc;
	rc = gammu_reread(line->dir, since_ms, out, err);
	return rc == ST_OK ? ST_OK : err_prefix(err, rc, line->name);
}

static void
line_wait(struct source *s, int ms)
{
	struct line *line = (struct line *)s;

	/* Only who waits watches: to end it takes the kernel 20 ms.  What came
	 * before it began has to be looked for, so the first wait is none. */
	if (line->watch < 0) {
		line->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
		renew_watch(line);
		ms = line->watch < 0 ? ms : 0;
	}
	/* A signal or an event ends the wait; fetch() then looks. */
	pause_for(line, ms);
}

static enum status
line_check(struct source *s, struct buf *found, struct err *err)
{
	struct line *line = (struct line *)s;
	enum status rc = gammu_check(line->dir, "inbox", err);

	(void)found;
	return rc == ST_OK ? ST_OK : err_prefix(err, rc, line->name);
}

static void
line_close(struct source *s)
{
	struct line *line = (struct line *)s;

	if (line == NULL)
		return;
	if (line->watch >= 0)
		close(line->watch);
	free(line->name);
	free(line->dir);
	free(line->number);
	free(line->zone);
	free(line);
}

static const struct source_ops line_ops = {
	.fetch = line_fetch,
	.done = line_done,
	.reread = line_reread,
	.wait = line_wait,
	.check = line_check,
	.close = line_close,
};

enum status
gammu_source_open(struct source **out, const char *dir,
    const struct config_sms *conf, struct err *err)
{
	struct line *line = calloc(1, sizeof(*line));
	enum status rc;

	*out = NULL;
	if (line == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	line->source.ops = &line_ops;
	line->source.channel = CHANNEL_SMS;
	line->source.poll_every_s = (int)conf->poll_every;
	line->watch = -1;
	line->dir = strdup(dir);
	line->number = strdup(conf->number);
	line->zone = strdup(conf->timezone);
	if (asprintf(&line->name, "sms %s", conf->name) < 0)
		line->name = NULL;
	line->source.name = line->name;
	if (line->dir == NULL || line->number == NULL || line->zone == NULL ||
	    line->name == NULL)
		rc = err_set(err, ST_BROKEN, "out of memory");
	else
		rc = line_check(&line->source, NULL, err);
	if (rc == ST_OK)
		*out = &line->source;
	else
		line_close(&line->source);
	return rc;
}

/* provider_in - a line's source over a provider
 *
 * Place: sms_line.c opens it.  A pass goes through all that the provider has
 * since the cursor, page by page; the windows of two passes overlap, so what
 * was handed over is remembered until a pass no longer shows it.  The store
 * knows every key for ever; this memory only saves it the question.
 */
#include <poll.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/fault.h"
#include "gateway/providers.h"
#include "parsers/digest.h"
#include "parsers/text.h"

enum {
	PAGES_MAX = 500, /* of one pass; the next begins where this left off */
	REST_MS = 1000, /* after a failure, if the provider says nothing */
};

struct line {
	struct source source;
	struct provider *p; /* owned */
	char *name; /* owned */
	char *cursor; /* owned: on disk */
	char *next; /* owned: of the pass; NULL: at its beginning */
	char *coming; /* owned: the cursor when the batch is on disk */
	void *before, *now; /* trees of keys: of the last pass and of this */
	int pages; /* of this pass */
	bool is_waiting; /* a batch was handed over and not yet done() */
	bool starts_now; /* first contact: nothing of before */
	int64_t rest_until; /* clock_ticks() */
};

/* What done() needs of one text, behind each other: its key, what ack() wants. */
struct handle {
	char *ack; /* into the same block */
	char key[];
};

/* ---- keys seen --------------------------------------------------------- */

static int
by_text(const void *left, const void *right)
{
	return strcmp(left, right);
}

static bool
is_seen(void *const *tree, const char *key)
{
	return tfind(key, tree, by_text) != NULL;
}

static void
see(void **tree, const char *key)
{
	char *copy = is_seen(tree, key) ? NULL : strdup(key);

	/* Without memory it is only asked about again. */
	if (copy != NULL && tsearch(copy, tree, by_text) == NULL)
		free(copy);
}

static void
forget(void **tree)
{
	while (*tree != NULL) {
		char *key = *(char **)*tree;

		tdelete(key, tree, by_text);
		free(key);
	}
}

/* ---- a pass ------------------------------------------------------------ */

static void
begin_pass(struct line *l)
{
	free(l->next);
	l->next = NULL;
	l->pages = 0;
	forget(&l->now);
}

static void
end_pass(struct line *l)
{
	forget(&l->before);
	l->before = l->now;
	l->now = NULL;
	begin_pass(l);
}

static bool
fill(struct line *l, struct raw *raw, const struct provider_text *t)
{
	struct buf text = { .max = 1 << 20 };

	text_nfc(&text, span_of(t->text));
	memset(raw, 0, sizeof(*raw));
	raw->channel = CHANNEL_SMS;
	raw->source = strdup(l->name);
	raw->key = strdup(t->key);
	raw->bytes.max = t->record.n + 1;
	buf_add(&raw->bytes, t->record);
	raw->received_ms = t->received_ms;
	raw->from = strdup(t->from);
	raw->to = strdup(t->to[0] == '\0' ? l->p->conf->number : t->to);
	raw->text = strdup(buf_cstr(&text));
	raw->parts_missing = t->parts_missing;
	if (t->problem != NULL)
		raw->problem = strdup(t->problem);
	buf_free(&text);
	return raw->source != NULL && raw->key != NULL && raw->from != NULL &&
	       raw->to != NULL && raw->text != NULL && !raw->bytes.failed &&
	       (t->problem == NULL || raw->problem != NULL);
}

static bool
hand_over(struct line *l, struct batch *batch, const struct provider_text *t)
{
	size_t n = strlen(t->key) + 1, m = strlen(t->ack) + 1;
	struct handle *h = malloc(sizeof(*h) + n + m);
	struct raw *raw = &batch->messages[batch->n];

	if (h == NULL || !fill(l, raw, t)) {
		free(h);
		raw_free(raw);
		return false;
	}
	memcpy(h->key, t->key, n);
	h->ack = h->key + n;
	memcpy(h->ack, t->ack, m);
	batch->handles[batch->n++] = h;
	return true;
}

/* Takes what is new in the page; `*fresh` is how many of it this pass has not
 * shown yet, `*left` whether some did not fit. */
static enum status
take_page(struct line *l, struct batch *batch, const struct provider_page *page,
    size_t *fresh, bool *left, struct err *err)
{
	int64_t floor = provider_cursor_floor(l->cursor);

	*fresh = 0;
	*left = false;
	for (size_t i = 0; i < page->n; i++) {
		const struct provider_text *t = &page->texts[i];

		if (is_seen(&l->now, t->key))
			continue;
		++*fresh;
		if (is_seen(&l->before, t->key) ||
		    (t->problem == NULL && t->received_ms < floor))
			see(&l->now, t->key);
		else if (batch->n == BATCH_MAX)
			*left = true; /* the page is asked for again */
		else if (!hand_over(l, batch, t))
			return err_set(
			    err, ST_RETRY, "%s: out of memory", l->name);
	}
	return ST_OK;
}

static bool
replace(char **old, const char *text)
{
	char *copy = text == NULL ? NULL : strdup(text);

	if (text != NULL && copy == NULL)
		return false;
	free(*old);
	*old = copy;
	return true;
}

static void
set_cursor(struct line *l, struct batch *batch, const char *cursor)
{
	if (cursor == NULL || strcmp(cursor, l->cursor) == 0)
		return;
	free(batch->cursor);
	batch->cursor = strdup(cursor);
	batch->source = l->name;
}

/* Oldest first, whatever order a provider lists in. */
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

/* Asks for one page and goes on to the next.  `*ended`: the pass did. */
static enum status
turn_page(struct line *l, struct batch *batch, bool *ended, struct err *err)
{
	struct provider_page page = { 0 };
	size_t fresh;
	bool left;
	enum status rc = l->p->ops->poll(l->p, l->cursor, l->next, &page, err);

	*ended = false;
	if (rc == ST_OK)
		rc = take_page(l, batch, &page, &fresh, &left, err);
	if (rc != ST_OK || left)
		goto out;
	if (l->pages > 0 && page.next != NULL && fresh == 0) {
		rc = err_set(err, ST_RETRY,
		    "%s: the provider gives the same page again, or empty "
		    "ones, without an end; tried again later",
		    l->name);
		goto out;
	}
	*ended = page.next == NULL || ++l->pages >= PAGES_MAX;
	set_cursor(l, batch, page.cursor);
	if (!replace(&l->next, *ended ? NULL : page.next))
		rc = err_set(err, ST_RETRY, "%s: out of memory", l->name);
out:
	arena_free(&page.arena);
	return rc;
}

/* ---- the source -------------------------------------------------------- */

static enum status
fail(struct line *l, enum status rc)
{
	int64_t ms = 1000LL * l->p->retry_after_s;

	l->rest_until = clock_ticks() + (ms > REST_MS ? ms : REST_MS);
	begin_pass(l);
	return rc;
}

static bool
is_stopping(const struct line *l)
{
	return l->source.stop != NULL && atomic_load(l->source.stop);
}

/* Where the first pass will begin is on disk before anything is asked. */
static void
first_contact(struct line *l, struct batch *batch)
{
	int64_t now = l->starts_now ? clock_now() : 0;
	char cursor[64];

	snprintf(cursor, sizeof(cursor), "at:%lld/%lld", (long long)now,
	    (long long)now);
	set_cursor(l, batch, cursor);
	batch->more = true;
	l->is_waiting = true;
}

static enum status
line_fetch(struct source *s, struct batch *batch, struct err *err)
{
	struct line *l = (struct line *)s;
	int64_t rest = l->rest_until - clock_ticks();
	enum status rc = ST_OK;
	bool ended = false;

	batch->n = 0;
	batch->more = false;
	l->p->stop = s->stop;
	if (rest > 0)
		return err_set(err, ST_RETRY,
		    "%s: the provider is left alone for another %lld s",
		    l->name, (long long)(rest + 999) / 1000);
	if (l->is_waiting) /* it was not stored: all comes again */
		begin_pass(l);
	l->is_waiting = false;
	if (l->cursor[0] == '\0') {
		first_contact(l, batch);
		return ST_OK;
	}
	/* Pages without anything new are turned here, not by the caller. */
	while (rc == ST_OK && !ended && batch->n == 0 &&
	       batch->cursor == NULL && !is_stopping(l))
		rc = turn_page(l, batch, &ended, err);
	if (rc != ST_OK && batch->n == 0)
		return fail(l, rc);
	if (rc != ST_OK)
		fail(l, rc); /* what was read goes on; the rest comes again */
	sort_batch(batch);
	batch->more = rc == ST_OK && !ended;
	l->is_waiting = batch->n > 0 || batch->cursor != NULL;
	if (ended && !l->is_waiting)
		end_pass(l);
	else if (ended)
		l->pages = -1; /* done() ends it */
	return ST_OK;
}

static enum status
line_done(struct source *s, struct batch *batch, struct err *err)
{
	struct line *l = (struct line *)s;
	const char **acks = l->p->ops->ack == NULL
				? NULL
				: calloc((size_t)batch->n + 1, sizeof(*acks));
	enum status rc = ST_OK;
	size_t n = 0;

	fault_step("provider ack");
	for (int i = 0; i < batch->n; i++) {
		struct handle *h = batch->handles[i];

		see(&l->now, h->key);
		if (acks != NULL && h->ack[0] != '\0')
			acks[n++] = h->ack;
	}
	l->is_waiting = false;
	if (batch->cursor != NULL && !replace(&l->cursor, batch->cursor))
		rc = err_set(err, ST_RETRY, "%s: out of memory", l->name);
	if (l->pages < 0)
		end_pass(l);
	if (rc == ST_OK && n > 0)
		rc = l->p->ops->ack(l->p, acks, n, err);
	if (rc != ST_OK)
		fail(l, rc);
	free(acks);
	return rc;
}

static void
line_resume(struct source *s, const char *cursor)
{
	struct line *l = (struct line *)s;

	replace(&l->cursor, cursor);
	begin_pass(l);
}

static enum status
line_reread(
    struct source *s, int64_t since_ms, struct reread *out, struct err *err)
{
	struct line *l = (struct line *)s;
	struct arena a = { 0 };
	enum status rc = ST_OK;

	snprintf(out->cursor, sizeof(out->cursor), "%s",
	    provider_cursor(&a, since_ms, ""));
	if (!replace(&l->cursor, out->cursor))
		rc = err_set(err, ST_RETRY, "%s: out of memory", l->name);
	forget(&l->before);
	begin_pass(l);
	arena_free(&a);
	if (rc == ST_OK && l->p->ops->reread != NULL)
		rc = l->p->ops->reread(l->p, since_ms, out, err);
	return rc;
}

static void
line_wait(struct source *s, int ms)
{
	struct line *l = (struct line *)s;
	int64_t rest = l->rest_until - clock_ticks();

	poll(NULL, 0, rest > ms ? (int)rest : ms); /* a signal ends it */
}

static enum status
line_check(struct source *s, struct buf *found, struct err *err)
{
	struct line *l = (struct line *)s;

	(void)found;
	return l->p->ops->check(l->p, err);
}

static void
line_close(struct source *s)
{
	struct line *l = (struct line *)s;

	if (l == NULL)
		return;
	begin_pass(l);
	forget(&l->before);
	provider_close(l->p);
	free(l->cursor);
	free(l->name);
	free(l);
}

static const struct source_ops line_ops = {
	.resume = line_resume,
	.fetch = line_fetch,
	.done = line_done,
	.reread = line_reread,
	.wait = line_wait,
	.check = line_check,
	.close = line_close,
};

enum status
provider_source_open(
    struct source **out, const struct config_sms *conf, struct err *err)
{
	struct line *l = calloc(1, sizeof(*l));
	enum status rc;

	*out = NULL;
	if (l == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	l->source.ops = &line_ops;
	l->source.channel = CHANNEL_SMS;
	l->source.poll_every_s = (int)conf->poll_every;
	l->cursor = strdup("");
	if (asprintf(&l->name, "sms %s", conf->name) < 0)
		l->name = NULL;
	l->source.name = l->name;
	if (l->name == NULL || l->cursor == NULL)
		rc = err_set(err, ST_BROKEN, "out of memory");
	else
		rc = provider_open(
		    &l->p, providers_find(conf->provider), conf, l->name, err);
	if (rc == ST_OK)
		l->starts_now = !l->p->ops->is_spool &&
				!l->p->ops->takes_away &&
				strcmp(conf->start, "all") != 0;
	if (rc != ST_OK) {
		line_close(&l->source);
		return rc;
	}
	*out = &l->source;
	return ST_OK;
}

/* daemon - start-up order and the run in one thread
 *
 * Place: see daemon.h; the threads are in daemon_run.c.
 */
#include "gateway/daemon.h"

#include <stdio.h>
#include <stdlib.h>

#include "gateway/clock.h"
#include "gateway/keys.h"
#include "gateway/log.h"

enum {
	FAILURES_MAX = 10, /* of one source, until the next run */
	INCOMPLETE_MS = 250, /* until a source is asked for the rest */
};

static enum status
open_sources(struct daemon *d, struct err *err)
{
	const struct config *conf = d->config;
	size_t n = (size_t)(conf->n_mailboxes + conf->n_sms);
	enum status rc = ST_OK;

	d->sources = calloc(n + 1, sizeof(*d->sources));
	if (d->sources == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	for (int i = 0; rc == ST_OK && i < conf->n_mailboxes; i++) {
		rc = source_open_mailbox(
		    &d->sources[d->n_sources], &conf->mailboxes[i], err);
		d->n_sources += rc == ST_OK;
	}
	for (int i = 0; rc == ST_OK && i < conf->n_sms; i++) {
		rc = source_open_sms(
		    &d->sources[d->n_sources], &conf->sms[i], err);
		d->n_sources += rc == ST_OK;
	}
	if (rc == ST_OK && d->n_sources == 0)
		rc = err_set(err, ST_REJECT,
		    "%s names no mailbox and no sms line; there is nothing to "
		    "run",
		    conf->path);
	return rc;
}

enum status
daemon_open(struct daemon **out, const struct config *config, struct err *err)
{
	struct daemon *d = calloc(1, sizeof(*d));
	enum status rc;

	*out = NULL;
	if (d == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	d->config = config;
	rc = keys_read(&d->keys, config->keys_file, err);
	if (rc == ST_OK)
		rc = store_open(&d->store, config->database, err);
	if (rc == ST_OK)
		rc = store_open(&d->outbox_store, config->database, err);
	if (rc == ST_OK)
		rc = intake_open(&d->intake, d->store, config, d->keys, err);
	if (rc == ST_OK)
		rc = outbox_open(&d->sender, d->outbox_store, config, err);
	if (rc == ST_OK)
		rc = open_sources(d, err);
	if (rc != ST_OK) {
		daemon_close(d);
		return rc;
	}
	*out = d;
	return ST_OK;
}

void
daemon_close(struct daemon *d)
{
	if (d == NULL)
		return;
	for (int i = 0; i < d->n_sources; i++)
		d->sources[i]->ops->close(d->sources[i]);
	free(d->sources);
	outbox_close(d->sender);
	intake_close(d->intake);
	store_close(d->outbox_store);
	store_close(d->store);
	keys_free(d->keys);
	config_free(d->own_config);
	free(d);
}

enum status
daemon_note_poll(struct daemon *d, const char *source, struct err *err)
{
	char key[128], when[32];
	enum status rc;

	snprintf(key, sizeof(key), "last_poll/%s", source);
	clock_format(when, d->config->timezone, clock_now());
	rc = store_begin(d->store, err);
	if (rc != ST_OK)
		return rc;
	rc = store_meta_set(d->store, key, when, err);
	if (rc == ST_OK)
		rc = store_commit(d->store, err);
	if (rc != ST_OK)
		store_rollback(d->store);
	return rc;
}

enum status
daemon_reread(
    struct source *s, int64_t since_ms, struct reread *out, struct err *err)
{
	enum status rc;

	*out = (struct reread){ 0 };
	rc = s->ops->reread(s, since_ms, out, err);
	if (rc == ST_OK)
		log_line(out->left > 0 ? LOG_WARN_ : LOG_INFO_,
		    "source reread source=\"%s\" files=%d name_taken=%d",
		    s->name, out->moved, out->left);
	return rc;
}

enum status
daemon_note_reread(
    struct daemon *d, const char *source, const char *cursor, struct err *err)
{
	enum status rc = store_begin(d->store, err);

	if (rc != ST_OK)
		return rc;
	rc = store_reread_note(d->store, source, err);
	if (rc == ST_OK && cursor[0] != '\0')
		rc = intake_cursor(d->store, source, cursor, err);
	if (rc == ST_OK)
		rc = store_commit(d->store, err);
	if (rc != ST_OK)
		store_rollback(d->store);
	return rc;
}

enum status
daemon_resume(struct store *st, struct source *s, struct err *err)
{
	struct arena a = { 0 };
	struct span cursor = { NULL, 0 };
	char key[128];
	enum status rc = ST_OK;

	if (s->ops->resume == NULL)
		return ST_OK;
	snprintf(key, sizeof(key), "cursor/%s", s->name);
	rc = store_meta_get(st, key, &a, &cursor, err);
	if (rc == ST_OK)
		s->ops->resume(s, cursor.p == NULL ? "" : cursor.p);
	arena_free(&a);
	return rc;
}

/* ---- once -------------------------------------------------------------- */

/* One batch on its way; `*stored` tells a failure of the source from one of the
 * store. */
static enum status
move_batch(struct daemon *d, struct source *s, struct batch *batch,
    bool *stored, struct err *err)
{
	enum status rc = s->ops->fetch(s, batch, err);

	/* Not yet complete where it comes from: look again a little later. */
	if (rc == ST_OK && batch->n == 0 && batch->more)
		s->ops->wait(s, INCOMPLETE_MS);
	if (rc != ST_OK || (batch->n == 0 && batch->cursor == NULL))
		return rc;
	rc = intake_batch(d->intake, batch, err);
	*stored = rc == ST_OK;
	return rc == ST_OK ? s->ops->done(s, batch, err) : rc;
}

/* Before the first fetch: what a restored database asks of the source. */
static enum status
reread_if_restored(
    struct daemon *d, struct source *s, bool *stored, struct err *err)
{
	int64_t since = -1;
	struct reread did;
	enum status rc = daemon_resume(d->store, s, err);

	if (rc == ST_OK)
		rc = store_reread_since(d->store, s->name, &since, err);
	*stored = rc == ST_OK;
	if (rc != ST_OK || since < 0)
		return rc;
	rc = daemon_reread(s, since, &did, err);
	if (rc != ST_OK)
		return rc;
	rc = daemon_note_reread(d, s->name, did.cursor, err);
	*stored = rc == ST_OK;
	return rc;
}

/* One source until it is empty.  A batch that cannot be acknowledged does not
 * stop those behind it, but is not tried for ever; its sentence comes back. */
static enum status
empty_source(struct daemon *d, struct source *s, struct batch *batch,
    bool *stored, struct err *err)
{
	enum status rc = reread_if_restored(d, s, stored, err), worst = ST_OK;
	int failures = 0;
	bool more = true;

	if (rc != ST_OK)
		return rc;
	while (more && *stored && failures < FAILURES_MAX) {
		rc = move_batch(d, s, batch, stored, err);
		more = batch->more;
		batch_free(batch);
		if (rc != ST_OK) {
			worst = rc;
			failures++;
		}
	}
	if (worst != ST_OK)
		return worst;
	rc = daemon_note_poll(d, s->name, err);
	*stored = rc == ST_OK;
	return rc;
}

static enum status
send_all(struct daemon *d, struct err *err)
{
	int sent = 1;
	enum status rc = ST_OK;

	while (rc == ST_OK && sent > 0)
		rc = outbox_flush(d->sender, &sent, err);
	return rc;
}

enum status
daemon_once(struct daemon *d, struct err *err)
{
	struct batch *batch = calloc(1, sizeof(*batch));
	struct err one = { "" };
	enum status rc, worst = ST_OK;
	int64_t unknown = 0;
	int done = 0;
	bool stored = true;

	if (batch == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	rc = outbox_recover(d->sender, &unknown, err);
	for (int i = 0; rc == ST_OK && i < d->n_sources; i++) {
		enum status here =
		    empty_source(d, d->sources[i], batch, &stored, &one);

		if (here == ST_OK)
			continue;
		/* The first sentence comes back, others are only logged. */
		if (worst == ST_OK)
			worst = err_set(err, here, "%s", one.text);
		else
			log_line(LOG_ERROR_,
			    "source failed source=\"%s\" why=\"%s\"",
			    d->sources[i]->name, one.text);
		if (!stored)
			rc = here;
	}
	free(batch);
	if (rc == ST_OK)
		rc = intake_due(d->intake, clock_now(), &done, err);
	if (rc == ST_OK)
		rc = send_all(d, err);
	return rc != ST_OK ? rc : worst;
}

/* daemon - start-up order and the run in one thread
 *
 * Place: see daemon.h; the threads are in daemon_run.c.
 */
#include "gateway/daemon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/anchor.h"
#include "gateway/clock.h"
#include "gateway/keys.h"
#include "gateway/log.h"
#include "gateway/reminder.h"

enum {
	FAILURES_MAX = 10, /* of one source, until the next run */
	INCOMPLETE_MS = 250, /* until a source is asked for the rest */
};

enum status
inlet_open(struct inlet *in, struct err *err)
{
	if (in->source != NULL)
		return ST_OK;
	return in->mailbox != NULL
		   ? source_open_mailbox(&in->source, in->mailbox, err)
		   : source_open_sms(&in->source, in->sms, err);
}

static void
list_inlets(struct daemon *d)
{
	const struct config *conf = d->config;

	for (int i = 0; i < conf->n_mailboxes; i++) {
		struct inlet *in = &d->inlets[d->n_inlets++];

		in->mailbox = &conf->mailboxes[i];
		snprintf(in->name, sizeof(in->name), "mailbox %s",
		    in->mailbox->name);
	}
	for (int i = 0; i < conf->n_sms; i++) {
		struct inlet *in = &d->inlets[d->n_inlets++];

		in->sms = &conf->sms[i];
		snprintf(in->name, sizeof(in->name), "sms %s", in->sms->name);
	}
}

/* One that cannot be opened, down or wrongly set up, must not keep the others
 * from being read: it is tried again, and the administrator is told.  When none
 * at all can be, and one is wrongly set up, there is nothing to run. */
static enum status
open_sources(struct daemon *d, struct err *err)
{
	const struct config *conf = d->config;
	size_t n = (size_t)(conf->n_mailboxes + conf->n_sms);
	enum status worst = ST_OK;
	int opened = 0;

	d->inlets = calloc(n + 1, sizeof(*d->inlets));
	if (d->inlets == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	list_inlets(d);
	for (int i = 0; i < d->n_inlets; i++) {
		struct err one;
		enum status rc = inlet_open(&d->inlets[i], &one);

		opened += rc == ST_OK;
		if (rc == ST_BROKEN || (rc == ST_REJECT && worst == ST_OK))
			worst = err_set(err, rc, "%s", one.text);
		if (rc == ST_BROKEN)
			return rc;
	}
	if (d->n_inlets == 0)
		return err_set(err, ST_REJECT,
		    "%s names no mailbox and no sms line; there is nothing to "
		    "run",
		    conf->path);
	return opened > 0 ? ST_OK : worst;
}

static enum status
open_outlet(struct daemon *d, enum channel channel, int number, struct err *err)
{
	struct outlet *out = &d->outlets[d->n_outlets];
	enum status rc = outbox_open(&out->sender, channel, d->config, err);

	if (rc != ST_OK)
		return rc;
	snprintf(out->name, sizeof(out->name), "outbox %s %d",
	    channel_name(channel), number);
	out->is_first = number == 1;
	d->n_outlets++;
	return ST_OK;
}

/* The files of a folder are written one after the other anyway. */
static enum status
open_outlets(struct daemon *d, struct err *err)
{
	const struct config_smtp *smtp = &d->config->smtp;
	bool is_folder = strncmp(smtp->url, "maildir:", 8) == 0;
	int connections = is_folder ? 1 : (int)smtp->connections;
	enum status rc = ST_OK;

	d->outlets = calloc((size_t)connections + 1, sizeof(*d->outlets));
	if (d->outlets == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	for (int i = 1; rc == ST_OK && i <= connections; i++)
		rc = open_outlet(d, CHANNEL_MAIL, i, err);
	return rc == ST_OK ? open_outlet(d, CHANNEL_SMS, 1, err) : rc;
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
		rc = intake_open(&d->intake, d->store, config, d->keys, err);
	if (rc == ST_OK)
		rc = open_outlets(d, err);
	if (rc == ST_OK)
		rc = health_open(&d->health, d->store, config, d->keys, err);
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
	for (int i = 0; i < d->n_inlets; i++)
		if (d->inlets[i].source != NULL)
			d->inlets[i].source->ops->close(d->inlets[i].source);
	free(d->inlets);
	health_close(d->health);
	for (int i = 0; i < d->n_outlets; i++)
		outbox_close(d->outlets[i].sender);
	free(d->outlets);
	intake_close(d->intake);
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

enum status
daemon_due(struct daemon *d, struct err *err)
{
	int64_t now = clock_now();
	struct err one = { "" };
	int done = 0, told = 0, owed = 0, reminded = 0;
	enum status rc = intake_due(d->intake, now, &done, err), here;

	here = health_look(d->health, now, &told, &one);
	if (rc == ST_OK && here != ST_OK)
		rc = err_set(err, here, "%s", one.text);
	here = anchor_owe(d->store, d->config, d->keys, now, &owed, &one);
	if (rc == ST_OK && here != ST_OK)
		rc = err_set(err, here, "%s", one.text);
	here = reminder_due(d->store, d->config, d->keys, now, &reminded, &one);
	if (rc == ST_OK && here != ST_OK)
		rc = err_set(err, here, "%s", one.text);
	if (told > 0 || owed > 0 || reminded > 0)
		log_line(LOG_INFO_,
		    "daemon owes alerts=%d anchors=%d reminders=%d", told, owed,
		    reminded);
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
	if (rc == ST_OK && batch->n == 0 && batch->more &&
	    batch->cursor == NULL)
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

/* Nothing is fetched onto a disk that is low; what is in hand is stored. */
static enum status
check_disk(struct daemon *d, struct err *err)
{
	enum status rc = health_disk(d->config, false, err);

	health_note(d->health, ALERT_DISK, "disk",
	    rc == ST_OK ? ST_OK : ST_REJECT, rc == ST_OK ? "" : err->text);
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
		rc = check_disk(d, err);
		if (rc != ST_OK)
			return rc;
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

enum status
daemon_recover(struct daemon *d, int64_t *unknown, struct err *err)
{
	enum status rc = ST_OK;
	int64_t n;

	*unknown = 0;
	for (int i = 0; i < d->n_outlets && rc == ST_OK; i++) {
		if (!d->outlets[i].is_first)
			continue;
		rc = outbox_recover(d->outlets[i].sender, &n, err);
		*unknown += n;
	}
	return rc;
}

/* Everything that is due by one outlet.  A connection that was lost after some
 * use is worth another, so that the rest does not wait for the next run. */
static enum status
send_by(struct outbox_sender *sender, bool *was_used, struct err *err)
{
	int sent;
	enum status rc;

	*was_used = false;
	do {
		rc = outbox_flush(sender, &sent, err);
		*was_used |= rc != ST_OK || sent > 0;
	} while (sent > 0 && (rc == ST_OK || rc == ST_RETRY));
	return rc == ST_OK ? outbox_ask(sender, err) : rc;
}

/* How the way out for mail was; who has to mend it is told in this run yet. */
static void
note_way(struct daemon *d, const struct outbox_sender *sender, enum status rc,
    const struct err *why)
{
	const char *way = outbox_way(sender);
	struct err err;
	int told;

	if (way[0] == '\0')
		return;
	health_certificate(d->health, way, outbox_certificate(sender));
	health_note(
	    d->health, ALERT_WAY, way, rc, rc == ST_OK ? "" : why->text);
	if (health_look(d->health, clock_now(), &told, &err) != ST_OK)
		log_line(LOG_ERROR_, "alert failed why=\"%s\"", err.text);
}

/* What cannot leave by one way must not keep back what leaves by another. */
static enum status
send_all(struct daemon *d, struct err *err)
{
	enum status rc, worst = ST_OK;
	struct err one;
	bool was_used;

	for (int i = 0; i < d->n_outlets; i++) {
		if (!d->outlets[i].is_first)
			continue;
		rc = send_by(d->outlets[i].sender, &was_used, &one);
		if (was_used)
			note_way(d, d->outlets[i].sender, rc, &one);
		if (rc != ST_OK && worst == ST_OK)
			worst = err_set(err, rc, "%s", one.text);
	}
	return worst;
}

/* A folder has its mail at hand, a server's is some round trips away: time for
 * the parser to load. */
static void
expect_mail(struct daemon *d, const struct inlet *in)
{
	if (in->mailbox != NULL &&
	    strncmp(in->mailbox->url, "maildir:", 8) != 0)
		intake_expect(d->intake, in->name);
}

/* Opens, empties and notes one inlet. */
static enum status
empty_inlet(struct daemon *d, struct inlet *in, struct batch *batch,
    bool *stored, struct err *err)
{
	enum status rc = inlet_open(in, err);

	if (rc == ST_OK)
		expect_mail(d, in);
	if (rc == ST_OK)
		rc = empty_source(d, in->source, batch, stored, err);
	health_note(d->health, ALERT_SOURCE, in->name, rc,
	    rc == ST_OK ? "" : err->text);
	if (in->source != NULL)
		health_certificate(
		    d->health, in->name, in->source->certificate_expires_ms);
	return rc;
}

enum status
daemon_once(struct daemon *d, struct err *err)
{
	struct batch *batch = calloc(1, sizeof(*batch));
	struct err one = { "" };
	enum status rc, worst = ST_OK;
	int64_t unknown = 0;
	bool stored = true;

	if (batch == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	rc = daemon_recover(d, &unknown, err);
	for (int i = 0; rc == ST_OK && i < d->n_inlets; i++) {
		enum status here =
		    empty_inlet(d, &d->inlets[i], batch, &stored, &one);

		if (here == ST_OK)
			continue;
		/* The first sentence comes back, others are only logged. */
		if (worst == ST_OK)
			worst = err_set(err, here, "%s", one.text);
		else
			log_line(LOG_ERROR_,
			    "source failed source=\"%s\" why=\"%s\"",
			    d->inlets[i].name, one.text);
		if (!stored)
			rc = here;
	}
	free(batch);
	if (rc == ST_OK && daemon_due(d, &one) != ST_OK)
		worst = err_set(err, ST_BROKEN, "%s", one.text);
	if (rc == ST_OK)
		rc = send_all(d, err);
	return rc != ST_OK ? rc : worst;
}

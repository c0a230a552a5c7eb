/* daemon - start-up order, and notes for those who work
 *
 * Place: see daemon.h; the threads are started in daemon_run.c and
 * daemon_once.c.
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
#include "gateway/store_outbox.h"

enum status
inlet_open(struct inlet *in, struct err *err)
{
	if (in->source != NULL)
		return ST_OK;
	return in->mailbox != NULL
		   ? source_open_mailbox(&in->source, in->mailbox, err)
		   : source_open_sms(&in->source, in->sms, err);
}

static enum status
list_inlets(struct daemon *d, struct err *err)
{
	const struct config *conf = d->config;
	size_t n = (size_t)(conf->n_mailboxes + conf->n_sms);

	d->inlets = calloc(n + 1, sizeof(*d->inlets));
	if (d->inlets == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
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
	return ST_OK;
}

/* What takes its time and is needed first is the way to a server; meanwhile
 * everything else is opened.  A source that cannot be opened is opened again in
 * its turn. */
static void
connect_ahead(struct daemon *d)
{
	struct inlet *first = &d->inlets[0];
	struct err err;

	if (d->n_inlets == 0 || inlet_open(first, &err) != ST_OK ||
	    first->source->ops->connect == NULL)
		return;
	first->source->stop = &d->is_stopping;
	first->source->ops->connect(first->source);
}

/* One that cannot be opened, down or wrongly set up, must not keep the others
 * from being read: it is tried again, and the administrator is told.  When none
 * at all can be, and one is wrongly set up, there is nothing to run. */
static enum status
open_sources(struct daemon *d, struct err *err)
{
	enum status worst = ST_OK;
	int opened = 0;

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
		    d->config->path);
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
open_outlets(struct daemon *d, bool is_once, struct err *err)
{
	const struct config_smtp *smtp = &d->config->smtp;
	bool is_folder = strncmp(smtp->url, "maildir:", 8) == 0;
	int connections = is_folder || is_once ? 1 : (int)smtp->connections;
	enum status rc = ST_OK;

	d->outlets = calloc((size_t)connections + 1, sizeof(*d->outlets));
	if (d->outlets == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	for (int i = 1; rc == ST_OK && i <= connections; i++)
		rc = open_outlet(d, CHANNEL_MAIL, i, err);
	return rc == ST_OK ? open_outlet(d, CHANNEL_SMS, 1, err) : rc;
}

enum status
daemon_open(struct daemon **out, const struct config *config, bool is_once,
    struct err *err)
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
		rc = list_inlets(d, err);
	if (rc == ST_OK && is_once)
		connect_ahead(d);
	if (rc == ST_OK)
		rc = intake_open(&d->intake, d->store, config, d->keys, err);
	if (rc == ST_OK)
		rc = open_outlets(d, is_once, err);
	if (rc == ST_OK)
		rc = health_open(&d->health, d->store, config, d->keys, err);
	if (rc == ST_OK)
		rc = open_sources(d, err);
	if (rc != ST_OK) {
		atomic_store(&d->is_stopping, true);
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
	intake_dismiss(d->intake);
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

static enum status
note_polls(struct daemon *d, struct err *err)
{
	char key[128], when[32];
	enum status rc = ST_OK;

	clock_format(when, d->config->timezone, clock_now());
	for (int i = 0; rc == ST_OK && i < d->n_inlets; i++) {
		if (!d->inlets[i].is_polled)
			continue;
		snprintf(key, sizeof(key), "last_poll/%s", d->inlets[i].name);
		rc = store_meta_set(d->store, key, when, err);
	}
	return rc;
}

enum status
daemon_note_polls(struct daemon *d, struct err *err)
{
	enum status rc = store_begin(d->store, err);

	if (rc != ST_OK)
		return rc;
	rc = note_polls(d, err);
	rc = store_end(d->store, rc, err);
	for (int i = 0; rc == ST_OK && i < d->n_inlets; i++)
		d->inlets[i].is_polled = false;
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
	return store_end(d->store, rc, err);
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

static enum status
redate(struct daemon *d, int64_t now, struct err *err)
{
	int64_t n = 0;
	enum status rc = store_outbox_redate(d->store, now, &n, err);

	if (n > 0)
		log_line(LOG_WARN_,
		    "outbox due rows=%lld why=\"the clock was put back\"",
		    (long long)n);
	return rc;
}

enum status
daemon_due(struct daemon *d, struct err *err)
{
	int64_t now = clock_now();
	struct err one = { "" };
	int done = 0, told = 0, owed = 0, reminded = 0;
	enum status rc = intake_due(d->intake, now, &done, err), here;

	here = redate(d, now, &one);
	if (rc == ST_OK && here != ST_OK)
		rc = err_set(err, here, "%s", one.text);
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

/* cmd_check - is everything in order to go live?
 *
 * Place: the administrator, before the daemon starts and whenever something
 * seems wrong.  Tries each part, says what was tried, what is wrong and what
 * to do; changes nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/clock.h"
#include "gateway/cmd_list.h"
#include "gateway/daemon.h"
#include "gateway/keys.h"
#include "gateway/reply.h"
#include "gateway/sink.h"
#include "gateway/source.h"
#include "parsers/date.h"

enum { VALUES_MAX = 64 << 10 };

/* A poll may be this much late before it is called wrong. */
#define LATE_MS (15 * (int64_t)60000)

struct checker {
	struct cmd_context *ctx;
	struct store *store; /* NULL when it cannot be opened */
	struct cmd_table *table;
	int wrong;
};

/* One line: what was tried and what came of it. */
static void
report(struct checker *k, const char *what, enum status rc, const char *note)
{
	if (rc != ST_OK)
		k->wrong++;
	cmd_table_row(
	    k->table, json_pack("{s:s s:s s:s}", "what", what, "result",
			  rc == ST_OK ? "ok" : "WRONG", "note", note));
}

static void
check_database(struct checker *k)
{
	const char *path = k->ctx->config->database;
	struct err err;
	enum status rc = store_open(&k->store, path, &err);

	if (rc == ST_OK)
		rc = store_check_integrity(k->store, &err);
	report(k, "database", rc, rc == ST_OK ? path : err.text);
}

static void
check_keys(struct checker *k)
{
	const char *path = k->ctx->config->keys_file;
	struct keys *keys = NULL;
	struct err err;
	enum status rc = keys_read(&keys, path, &err);

	keys_free(keys);
	report(k, "keys", rc, rc == ST_OK ? path : err.text);
}

static void
check_clock(struct checker *k)
{
	char now[32];

	clock_format(now, k->ctx->config->timezone, clock_now());
	/* The zone itself was checked when the configuration was read. */
	report(k, "clock and zone",
	    clock_now() < date_to_ms(2024, 1, 1, 0, 0, 0) ? ST_BROKEN : ST_OK,
	    now);
}

static void
check_values(struct checker *k)
{
	struct buf values = { .max = VALUES_MAX };
	struct span rest, line;
	struct err err;
	enum status rc = reply_missing_values(&values, k->ctx->config, &err);

	if (rc != ST_OK)
		report(k, "templates", rc, err.text);
	rest = buf_span(&values);
	if (rc == ST_OK && rest.n == 0)
		report(k, "templates", ST_OK, "every value they need is set");
	while (rc == ST_OK && span_line(&rest, &line)) {
		char note[300];

		snprintf(note, sizeof(note), "no value for %.*s", (int)line.n,
		    line.p);
		report(k, "templates", ST_REJECT, note);
	}
	buf_free(&values);
}

/* When the daemon last polled that source well; "" when it never did. */
static enum status
last_poll(
    struct checker *k, const char *source, int poll_every_s, char note[120])
{
	struct arena a = { 0 };
	struct span value = { 0 };
	char key[100];
	int64_t ms = 0;
	enum status rc = ST_OK;

	snprintf(key, sizeof(key), "last_poll/%.80s", source);
	snprintf(note, 120, "never polled yet");
	if (k->store != NULL &&
	    store_meta_get(k->store, key, &a, &value, NULL) == ST_OK &&
	    value.n > 0 && date_parse_rfc3339(&ms, NULL, value) == ST_OK) {
		char when[32];

		clock_format(when, k->ctx->config->timezone, ms);
		snprintf(note, 120, "last good poll %s", when);
		if (ms + poll_every_s * (int64_t)1000 + LATE_MS < clock_now())
			snprintf(note + strlen(note), 120 - strlen(note),
			    ": long ago; is the daemon running?");
	}
	arena_free(&a);
	return rc;
}

static void
check_source(struct checker *k, const char *name, struct source *source,
    enum status rc, struct err *err)
{
	struct buf found = { .max = 2000 };
	char note[120];

	if (rc == ST_OK && k->store != NULL)
		rc = daemon_resume(k->store, source, err);
	if (rc == ST_OK)
		rc = source->ops->check(source, &found, err);
	if (rc == ST_OK) {
		last_poll(k, source->name, source->poll_every_s, note);
		buf_printf(&found, "%s%s", found.n > 0 ? "; " : "", note);
	}
	report(k, name, rc, rc == ST_OK ? buf_cstr(&found) : err->text);
	buf_free(&found);
	if (source != NULL)
		source->ops->close(source);
}

static void
check_sink(struct checker *k, const char *name, struct sink *sink,
    enum status rc, struct err *err)
{
	if (rc == ST_OK)
		rc = sink->ops->check(sink, err);
	report(k, name, rc, rc == ST_OK ? "can be written" : err->text);
	if (sink != NULL)
		sink->ops->close(sink);
}

static void
check_ways(struct checker *k)
{
	const struct config *c = k->ctx->config;
	struct source *source;
	struct sink *sink;
	char name[80];
	struct err err;
	enum status rc;

	if (c->n_mailboxes + c->n_sms == 0)
		report(k, "sources", ST_REJECT,
		    "no mailbox and no sms line: nothing can come in; add a "
		    "mailbox section");
	for (int i = 0; i < c->n_mailboxes; i++) {
		source = NULL;
		rc = source_open_mailbox(&source, &c->mailboxes[i], &err);
		snprintf(
		    name, sizeof(name), "mailbox %s", c->mailboxes[i].name);
		check_source(k, name, source, rc, &err);
	}
	for (int i = 0; i < c->n_sms; i++) {
		source = NULL;
		sink = NULL;
		rc = source_open_sms(&source, &c->sms[i], &err);
		snprintf(name, sizeof(name), "sms %s", c->sms[i].name);
		check_source(k, name, source, rc, &err);
		rc = sink_open_sms(&sink, &c->sms[i], &err);
		snprintf(name, sizeof(name), "sms %s, way out", c->sms[i].name);
		check_sink(k, name, sink, rc, &err);
	}
	sink = NULL;
	rc = sink_open_mail(&sink, &c->smtp, &err);
	check_sink(k, "smtp", sink, rc, &err);
}

static int
run(struct cmd_context *ctx, int argc, char **argv)
{
	static const struct cmd_column columns[] = {
		{ "what", "what", 0 },
		{ "result", "result", 0 },
		{ "note", "note", 0 },
		{ NULL, NULL, 0 },
	};
	struct checker k = { .ctx = ctx };

	if (argc != 1)
		return cmd_fail(ctx, 2,
		    "%s takes no \"%.100s\"; see uwaga --help", argv[0],
		    argv[1]);
	k.table = cmd_table_new(ctx, columns);
	report(&k, "configuration", ST_OK, ctx->config->path);
	check_clock(&k);
	check_database(&k);
	check_keys(&k);
	check_values(&k);
	check_ways(&k);
	cmd_table_end(k.table, NULL);
	if (k.store != NULL)
		store_close(k.store);
	if (k.wrong == 0)
		return 0;
	return cmd_fail(ctx, 1,
	    "%d of these %s wrong; put %s right before "
	    "going live",
	    k.wrong, k.wrong == 1 ? "is" : "are", k.wrong == 1 ? "it" : "them");
}

const struct cmd cmd_check = {
	.name = "check",
	.summary = "tries every part and says what is wrong with each",
	.help =
	    "usage: uwaga check\n\n"
	    "Tries the configuration, clock, database, keys, the values the "
	    "templates need, every\nmailbox, SMS line and way out; changes "
	    "nothing.  Exit 1 when anything is wrong.\n",
	.needs = NEEDS_CONFIG,
	.run = run,
};

/* cmd_check - is everything in order to go live?
 *
 * Place: the administrator, before the daemon starts and whenever something
 * seems wrong.  Tries each part, says what was tried, what is wrong and what
 * to do; changes nothing.  Each part has a minute.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/cmd_list.h"
#include "gateway/daemon.h"
#include "gateway/keys.h"
#include "gateway/reply.h"
#include "gateway/sink.h"
#include "gateway/source.h"
#include "parsers/date.h"
#include "parsers/text.h"

enum {
	VALUES_MAX = 64 << 10,
	FOUND_MAX = 2000,
	PART_S = 60, /* for one part; then it is given up */
	PART_MAX_S = 3600,
	WARN_DAYS = 14, /* before a certificate ends it is worth a note, */
	WRONG_DAYS = 3, /* and then wrong */
	FREE_ENOUGH = 2, /* times the reserve: else worth a note */
};

/* A poll may be this much late before it is called wrong; a clock may be so
 * much behind what was noted. */
#define LATE_MS (15 * (int64_t)60000)
#define BEHIND_MS (5 * (int64_t)60000)
#define DAY_MS (24 * 60 * (int64_t)60000)

enum result { RESULT_OK, RESULT_NOTE, RESULT_WRONG };

struct checker {
	struct cmd_context *ctx;
	struct store *store; /* NULL when it cannot be opened */
	struct cmd_table *table;
	int wrong, within_s;
	atomic_bool is_over; /* the part's time */
	timer_t timer;
	bool has_timer, has_progress;
};

/* What is known of one part besides its sentence. */
struct facts {
	int64_t last_poll_ms, expires_ms; /* 0: none */
};

/* One line: what was tried and what came of it. */
static void
report_facts(struct checker *k, const char *what, enum result result,
    const struct facts *facts, const char *note)
{
	static const char *const words[] = { "ok", "note", "WRONG" };
	struct buf clean = { .max = 3 * FOUND_MAX };

	if (result == RESULT_WRONG)
		k->wrong++;
	/* A server's own words, or a name cut in the middle of a letter, must
	 * not cost the line. */
	text_clean(&clean, span_of(note));
	cmd_table_row(
	    k->table, json_pack("{s:s s:s s:s s:o s:o}", "what", what, "result",
			  words[result], "note", buf_cstr(&clean), "last_poll",
			  cmd_json_time(k->ctx, facts->last_poll_ms),
			  "certificate_expires",
			  cmd_json_time(k->ctx, facts->expires_ms)));
	buf_free(&clean);
}

static void
report(struct checker *k, const char *what, enum status rc, const char *note)
{
	report_facts(k, what, rc == ST_OK ? RESULT_OK : RESULT_WRONG,
	    &(struct facts){ 0 }, note);
}

static void
remind(struct checker *k, const char *what, const char *note)
{
	report_facts(k, what, RESULT_NOTE, &(struct facts){ 0 }, note);
}

/* ---- a minute for each part --------------------------------------------- */

static void
time_is_over(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	atomic_store((atomic_bool *)info->si_value.sival_ptr, true);
}

/* The signal also ends the wait that is going on; it is repeated, as it may
 * come just before one. */
static void
prepare_timer(struct checker *k)
{
	struct sigaction how = { .sa_sigaction = time_is_over,
		.sa_flags = SA_SIGINFO };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGUSR1,
		.sigev_value.sival_ptr = &k->is_over };

	k->has_timer = sigaction(SIGUSR1, &how, NULL) == 0 &&
		       timer_create(CLOCK_MONOTONIC, &event, &k->timer) == 0;
	k->has_progress = isatty(STDERR_FILENO);
}

static void
set_timer(struct checker *k, int seconds)
{
	struct itimerspec in = { .it_value.tv_sec = seconds,
		.it_interval.tv_sec = seconds > 0 };

	if (k->has_timer)
		timer_settime(k->timer, 0, &in, NULL);
	atomic_store(&k->is_over, false);
}

/* Whoever watches sees what it is at. */
static void
begin_part(struct checker *k, const char *name)
{
	set_timer(k, k->within_s);
	if (k->has_progress)
		fprintf(stderr, "trying %s ...\033[K\r", name);
}

static enum status
end_part(struct checker *k, enum status rc, struct err *err)
{
	bool is_over = atomic_load(&k->is_over);
	struct err why = *err;

	set_timer(k, 0);
	if (k->has_progress)
		fprintf(stderr, "\033[K");
	if (rc != ST_OK && is_over)
		err_set(err, rc, "given up after %d seconds: %.400s",
		    k->within_s, why.text);
	return rc;
}

/* ---- this machine ------------------------------------------------------- */

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

/* The newest time at which the daemon noted a poll; 0: it never did. */
static int64_t
newest_poll(struct checker *k)
{
	struct arena a = { 0 };
	struct fact *facts;
	int64_t newest = 0, ms;
	size_t n = 0;

	if (k->store != NULL && store_meta_list(k->store, "last_poll/", &a,
				    &facts, &n, NULL) != ST_OK)
		n = 0;
	for (size_t i = 0; i < n; i++)
		if (date_parse_rfc3339(&ms, NULL, span_of(facts[i].value)) ==
			ST_OK &&
		    ms > newest)
			newest = ms;
	arena_free(&a);
	return newest;
}

/* Receipt times and deadlines hang on the clock. */
static void
check_clock(struct checker *k)
{
	struct timex kernel = { .modes = 0 };
	int64_t last = newest_poll(k), now = clock_now();
	char text[32], seen[32];
	char note[200];

	/* The zone itself was checked when the configuration was read. */
	clock_format(text, k->ctx->config->timezone, now);
	if (now < date_to_ms(2024, 1, 1, 0, 0, 0)) {
		report(k, "clock and zone", ST_BROKEN, text);
		return;
	}
	if (last > now + BEHIND_MS) {
		clock_format(seen, k->ctx->config->timezone, last);
		snprintf(note, sizeof(note),
		    "%s, but the daemon noted %s: one of them is wrong; look "
		    "at the time service (timedatectl)",
		    text, seen);
		report(k, "clock and zone", ST_BROKEN, note);
		return;
	}
	report(k, "clock and zone", ST_OK, text);
	if (adjtimex(&kernel) == TIME_ERROR)
		remind(k, "time service",
		    "the kernel says that nothing keeps its clock right; "
		    "switch on a time service (timedatectl set-ntp true)");
}

static void
check_disk(struct checker *k)
{
	const struct config *c = k->ctx->config;
	int64_t mb = -1;
	bool is_low = health_disk_is_low(c, false, &mb);
	char note[200];

	if (mb < 0) {
		remind(k, "disk", "how much is free cannot be asked");
		return;
	}
	snprintf(note, sizeof(note), "%lld MiB are free%s%ld (disk_reserve)%s",
	    (long long)mb, is_low ? ", fewer than " : "; fetching stops below ",
	    c->disk_reserve, is_low ? ": nothing is fetched; make room" : "");
	if (!is_low && mb < c->disk_reserve * FREE_ENOUGH)
		remind(k, "disk", note);
	else
		report(k, "disk", is_low ? ST_BROKEN : ST_OK, note);
}

/* A file that only its owner may read.  `hint` says how to make it. */
static void
check_secret(struct checker *k, const char *what, const char *path,
    const char *hint, int *good)
{
	char note[400];
	struct stat st;

	if (path[0] == '\0' || strncmp(path, "env:", 4) == 0)
		return;
	if (stat(path, &st) != 0)
		snprintf(note, sizeof(note), "%.200s: %s%s", path,
		    strerror(errno), hint);
	else if ((st.st_mode & 077) != 0)
		snprintf(note, sizeof(note),
		    "others can read %.200s; chmod 600 it", path);
	else if (access(path, R_OK) != 0)
		snprintf(note, sizeof(note), "%.200s cannot be read (%s)", path,
		    strerror(errno));
	else {
		(*good)++;
		return;
	}
	report(k, what, ST_REJECT, note);
}

static void
check_oauth2(struct checker *k, const char *name, const struct config_oauth2 *o,
    int *good)
{
	char what[100], hint[160];

	if (o->token_url[0] == '\0')
		return;
	snprintf(what, sizeof(what), "%s, oauth2", name);
	snprintf(hint, sizeof(hint), "; run uwaga login %.80s",
	    strncmp(name, "mailbox ", 8) == 0 ? name + 8 : name);
	check_secret(k, what, o->client_secret_file, "", good);
	if (strcmp(o->grant, "client_credentials") != 0)
		check_secret(k, what, o->token_file, hint, good);
}

/* Who can read them, and whether that was seen by the right eyes. */
static void
check_secrets(struct checker *k)
{
	const struct config *c = k->ctx->config;
	char what[100], note[100];
	int good = 0;

	for (int i = 0; i < c->n_mailboxes; i++) {
		const struct config_mailbox *box = &c->mailboxes[i];

		snprintf(what, sizeof(what), "mailbox %.60s", box->name);
		check_secret(k, what, box->password_file, "", &good);
		check_oauth2(k, what, &box->oauth2, &good);
	}
	check_secret(k, "smtp", c->smtp.password_file, "", &good);
	check_oauth2(k, "smtp", &c->smtp.oauth2, &good);
	snprintf(note, sizeof(note), "%d file%s, for %s only", good,
	    good == 1 ? "" : "s", good == 1 ? "its owner" : "their owners");
	if (good > 0)
		report(k, "secrets", ST_OK, note);
	if (geteuid() == 0)
		remind(k, "user",
		    "this was tried as root; the daemon's own user may do "
		    "less: sudo -u uwaga uwaga check");
}

/* ---- what people are told ------------------------------------------------ */

static void
check_alert(struct checker *k)
{
	const struct config *c = k->ctx->config;

	if (c->alert_mail[0] == '\0' && c->alert_sms[0] == '\0')
		remind(k, "alerts",
		    "nobody is told when something breaks; set mail, or sms, "
		    "in the alert section");
	else if (c->alert_sms[0] != '\0' && c->n_sms == 0)
		report(k, "alerts", ST_REJECT,
		    "alert.sms needs an sms line to be sent by");
	else if (c->alert_sms[0] == '\0')
		report(k, "alerts", ST_OK,
		    c->n_sms == 0 ? "by mail"
				  : "by mail; with alert.sms also "
				    "when mail is what broke");
	else
		report(k, "alerts", ST_OK,
		    c->alert_mail[0] == '\0' ? "by text" : "by mail and text");
	if (c->anchor[0] == '\0')
		remind(k, "anchor",
		    "the head of the chain goes to nobody; set anchor to an "
		    "address outside of the office");
	else
		report(k, "anchor", ST_OK, c->anchor);
}

/* Only a mail that comes back could tell. */
static void
check_reply_token(struct checker *k)
{
	const struct config *c = k->ctx->config;
	const char *address = config_office(c, "address");
	size_t at = strcspn(address, "@");
	char note[400];

	for (int i = 0; i < c->n_mailboxes; i++) {
		const struct config_mailbox *box = &c->mailboxes[i];

		if (strcmp(box->reply_token, "plus") != 0 ||
		    strncmp(box->url, "maildir:", 8) == 0)
			continue;
		snprintf(note, sizeof(note),
		    "not tried: send a mail to %.*s+check%s and see that it "
		    "arrives in mailbox %.60s; if it does not, set reply_token "
		    "= \"message-id\"",
		    (int)at, address, address + at, box->name);
		remind(k, "reply addresses", note);
	}
}

/* What was told and is not over. */
static void
check_open_alerts(struct checker *k)
{
	struct arena a = { 0 };
	struct alert *open;
	size_t n = 0;
	char what[100], note[700], when[32];
	struct err err;

	if (k->store == NULL)
		return;
	if (alert_list(k->store, false, &a, &open, &n, &err) != ST_OK)
		report(k, "alerts", ST_BROKEN, err.text);
	for (size_t i = 0; i < n; i++) {
		snprintf(what, sizeof(what), "alert: %s %.60s",
		    open[i].kind_name, open[i].name);
		clock_format(
		    when, k->ctx->config->timezone, open[i].state.since_ms);
		snprintf(note, sizeof(note), "since %s%s: %.500s", when,
		    open[i].state.well_ms != 0 ? ", well again" : "",
		    open[i].why);
		remind(k, what, note);
	}
	arena_free(&a);
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

/* ---- mailboxes, lines, ways out ------------------------------------------ */

/* When the daemon last polled that source well, added to `found`. */
static int64_t
last_poll(struct checker *k, const struct source *source, struct buf *found)
{
	struct arena a = { 0 };
	struct span value = { 0 };
	char key[100], when[32];
	int64_t ms = 0;

	snprintf(key, sizeof(key), "last_poll/%.80s", source->name);
	buf_str(found, found->n > 0 ? "; " : "");
	if (k->store != NULL &&
	    store_meta_get(k->store, key, &a, &value, NULL) == ST_OK &&
	    value.n > 0 && date_parse_rfc3339(&ms, NULL, value) == ST_OK) {
		clock_format(when, k->ctx->config->timezone, ms);
		buf_printf(found, "last good poll %s", when);
		if (ms + source->poll_every_s * (int64_t)1000 + LATE_MS <
		    clock_now())
			buf_str(found, ": long ago; is the daemon running?");
	} else {
		ms = 0;
		buf_str(found, "never polled yet");
	}
	arena_free(&a);
	return ms;
}

/* A certificate that ends soon, added to what was found. */
static enum result
judge_certificate(int64_t expires_ms, struct buf *found)
{
	int64_t left = expires_ms - clock_now();

	if (expires_ms == 0 || left >= WARN_DAYS * DAY_MS)
		return RESULT_OK;
	buf_printf(found,
	    "%sthe certificate ends in %lld days; have it renewed",
	    found->n > 0 ? "; " : "",
	    (long long)(left < 0 ? 0 : left / DAY_MS));
	return left < WRONG_DAYS * DAY_MS ? RESULT_WRONG : RESULT_NOTE;
}

static void
check_source(struct checker *k, const char *name, struct source *source,
    enum status rc, struct err *err)
{
	struct buf found = { .max = FOUND_MAX };
	enum result result = RESULT_WRONG;
	struct facts facts = { 0 };

	begin_part(k, name);
	if (rc == ST_OK)
		source->stop = &k->is_over;
	if (rc == ST_OK && k->store != NULL)
		rc = daemon_resume(k->store, source, err);
	if (rc == ST_OK)
		rc = source->ops->check(source, &found, err);
	rc = end_part(k, rc, err);
	if (rc == ST_OK) {
		facts.expires_ms = source->certificate_expires_ms;
		result = judge_certificate(facts.expires_ms, &found);
		facts.last_poll_ms = last_poll(k, source, &found);
	}
	report_facts(k, name, result, &facts,
	    rc == ST_OK ? buf_cstr(&found) : err->text);
	buf_free(&found);
	if (source != NULL)
		source->ops->close(source);
}

static void
check_sink(struct checker *k, const char *name, struct sink *sink,
    enum status rc, struct err *err)
{
	struct buf found = { .max = FOUND_MAX };
	enum result result = RESULT_WRONG;
	struct facts facts = { 0 };
	char note[SINK_NOTE] = "can be written";

	begin_part(k, name);
	if (rc == ST_OK) {
		sink->stop = &k->is_over;
		rc = sink->ops->check(sink, err);
	}
	rc = end_part(k, rc, err);
	if (rc == ST_OK) {
		if (sink->ops->describe != NULL)
			sink->ops->describe(sink, note);
		buf_str(&found, note);
		facts.expires_ms = sink->certificate_expires_ms;
		result = judge_certificate(facts.expires_ms, &found);
	}
	report_facts(k, name, result, &facts,
	    rc == ST_OK ? buf_cstr(&found) : err->text);
	buf_free(&found);
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

/* --within SECONDS; false when that is no such number. */
static bool
read_options(struct checker *k, int argc, char **argv)
{
	const char *seconds = NULL;
	const struct cmd_option options[] = {
		{ "within", .text = &seconds },
		{ NULL },
	};
	char *end;
	long n;

	k->within_s = PART_S;
	if (!cmd_read_options(options, argc, argv))
		return false;
	if (seconds != NULL) {
		n = strtol(seconds, &end, 10);
		if (*end != '\0' || n < 1 || n > PART_MAX_S)
			return false;
		k->within_s = (int)n;
	}
	return optind == argc;
}

static int
run(struct cmd_context *ctx, int argc, char **argv)
{
	static const struct cmd_column columns[] = {
		{ "what", "what", 0 },
		{ "result", "result", 0 },
		{ "note", "note", 0 },
		{ "last_poll", NULL, 0 },
		{ "certificate_expires", NULL, 0 },
		{ NULL, NULL, 0 },
	};
	struct checker k = { .ctx = ctx };

	if (!read_options(&k, argc, argv))
		return cmd_fail(
		    ctx, 2, "usage: uwaga check [--within SECONDS]");
	k.table = cmd_table_new(ctx, columns);
	prepare_timer(&k);
	report(&k, "configuration", ST_OK, ctx->config->path);
	check_database(&k);
	check_clock(&k);
	check_disk(&k);
	check_keys(&k);
	check_secrets(&k);
	check_values(&k);
	check_ways(&k);
	check_reply_token(&k);
	check_alert(&k);
	check_open_alerts(&k);
	if (k.has_timer)
		timer_delete(k.timer);
	cmd_table_end(k.table, NULL);
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
	    "usage: uwaga check [--within SECONDS]\n\n"
	    "Tries the configuration, database, clock, disk, keys and secrets, "
	    "the values the\ntemplates need, every mailbox, SMS line and way "
	    "out (a minute each, or\n--within), who is told when something breaks; changes "
	    "nothing.  Exit 1 when anything is WRONG; a note is\nworth knowing "
	    "but not wrong.\n",
	.needs = NEEDS_CONFIG,
	.run = run,
};

/* meeting_tell - staff tell many people of meetings */
#include "gateway/meeting_tell.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/import.h"
#include "gateway/keys.h"
#include "gateway/notice.h"
#include "gateway/row.h"

enum { ANSWER_MAX = 32 };

struct wish {
	struct notice_order order;
	struct meeting meetings[NOTICE_MEETINGS_MAX];
	struct meeting seen[NOTICE_MEETINGS_MAX]; /* as they were */
	struct cmd_context *ctx;
	const char *at, *starts, *ends, *venue, *address;
	long yes; /* the count that --yes gives; -1 none */
	bool dry_run;
	struct arena arena; /* owned */
	struct keys *keys; /* owned */
};

/* ---- what is shown before ---------------------------------------------- */

static void
print_duration(const struct cmd_context *ctx, const struct notice_plan *plan)
{
	long rate = ctx->config->smtp.rate_per_minute;
	int minutes;

	if (rate <= 0 || plan->mails == 0)
		return;
	minutes = (int)((plan->mails + rate - 1) / rate);
	printf("The mails take about %d minute%s at %ld a minute.\n", minutes,
	    minutes == 1 ? "" : "s", rate);
}

static void
print_wording(const struct notice_wording *w)
{
	char title[120];

	snprintf(title, sizeof(title), "%s, %s, for %d recipient%s%s",
	    w->channel == CHANNEL_SMS ? "text" : "mail", w->language,
	    w->recipients, w->recipients == 1 ? "" : "s",
	    w->calendar[0] != '\0' ? ", with a calendar entry" : "");
	if (w->words.subject[0] != '\0')
		printf("\nSubject: %s\n", w->words.subject);
	row_print_text(title, w->words.body);
}

static void
print_plan(const struct cmd_context *ctx, const struct wish *w,
    const struct notice_plan *plan)
{
	printf("%zu recipient%s: %d by mail, %d by text (%lld segment%s).\n",
	    plan->n_targets, plan->n_targets == 1 ? "" : "s", plan->mails,
	    plan->sms, (long long)plan->segments,
	    plan->segments == 1 ? "" : "s");
	for (size_t i = 0; i < w->order.n; i++)
		printf("  %s, %s: %d by mail, %d by text\n",
		    w->order.meetings[i].key, w->order.meetings[i].commune,
		    plan->by_meeting[i][0], plan->by_meeting[i][1]);
	if (plan->stopped + plan->bounced + plan->told > 0)
		printf("Left out: %d want no notices, %d addresses do not take "
		       "mail, %d were told already.\n",
		    plan->stopped, plan->bounced, plan->told);
	print_duration(ctx, plan);
	for (size_t i = 0; i < plan->n_texts && i < 4; i++)
		print_wording(&plan->texts[i]);
	if (plan->n_texts > 4)
		printf("... and %zu more wordings, for other languages and "
		       "sets of meetings\n",
		    plan->n_texts - 4);
}

static void
print_json(const struct cmd_context *ctx, const struct wish *w,
    const struct notice_plan *plan, int64_t id)
{
	json_t *meetings = json_array();

	for (size_t i = 0; i < w->order.n; i++)
		json_array_append_new(meetings,
		    json_pack("{s:s s:s s:i s:i}", "key",
			w->order.meetings[i].key, "commune",
			w->order.meetings[i].commune, "mail",
			plan->by_meeting[i][0], "sms", plan->by_meeting[i][1]));
	cmd_print_object(ctx,
	    json_pack("{s:o s:I s:I s:i s:i s:I s:i s:i s:i s:o}", "notice",
		id == 0 ? json_null() : json_integer((json_int_t)id),
		"recipients", (json_int_t)plan->n_targets, "wordings",
		(json_int_t)plan->n_texts, "mail", plan->mails, "sms",
		plan->sms, "segments", (json_int_t)plan->segments, "stopped",
		plan->stopped, "bounced", plan->bounced, "told", plan->told,
		"meetings", meetings));
}

/* Has whoever ordered it seen how many it will reach? */
static bool
is_agreed(struct cmd_context *ctx, const struct wish *w,
    const struct notice_plan *plan)
{
	char answer[ANSWER_MAX] = "";
	long count = w->yes;
	char *end = answer;

	if (count < 0 && !ctx->json && isatty(STDIN_FILENO)) {
		printf("\nType the number of recipients to send it: ");
		fflush(stdout);
		if (fgets(answer, sizeof(answer), stdin) == NULL)
			answer[0] = '\0';
		answer[strcspn(answer, "\r\n")] = '\0';
		count = strtol(answer, &end, 10);
		if (end == answer || *end != '\0')
			count = -1;
	}
	if (count == (long)plan->n_targets)
		return true;
	if (count < 0)
		cmd_fail(ctx, 1,
		    "nothing was sent: give the number of recipients, --yes "
		    "%zu",
		    plan->n_targets);
	else
		cmd_fail(ctx, 1,
		    "nothing was sent: there are %zu recipients, not %ld",
		    plan->n_targets, count);
	return false;
}

static void
show_progress(void *arg, size_t done, size_t all)
{
	const struct wish *w = arg;

	if (w->ctx->json || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r%zu of %zu prepared%s", done, all,
	    done == all ? "\n" : "");
	fflush(stderr);
}

/* ---- the way of each --------------------------------------------------- */

static enum status
find_meeting(struct cmd_context *ctx, struct wish *w, const char *word)
{
	struct meeting *m = &w->meetings[w->order.n];
	enum status rc;

	if (w->order.n == NOTICE_MEETINGS_MAX)
		return err_set(&ctx->err, ST_REJECT,
		    "at most %d meetings at once", NOTICE_MEETINGS_MAX);
	rc = store_meeting_find(ctx->store, word, &w->arena, m, &ctx->err);
	if (rc == ST_OK && m->id == 0)
		rc = err_set(&ctx->err, ST_REJECT,
		    "there is no meeting \"%.60s\"; see uwaga meeting list",
		    word);
	for (size_t i = 0; rc == ST_OK && i < w->order.n; i++)
		if (w->meetings[i].id == m->id)
			return ST_OK; /* named twice is once */
	w->order.n += rc == ST_OK;
	return rc;
}

/* Can people still be told that? */
static enum status
check_state(struct cmd_context *ctx, const struct wish *w)
{
	for (size_t i = 0; i < w->order.n; i++) {
		const struct meeting *m = &w->meetings[i];
		bool is_over = m->starts_ms <= w->order.now ||
			       strcmp(m->state, "held") == 0;

		/* Once more tells whom the first one did not reach. */
		if (strcmp(m->state, "cancelled") == 0 &&
		    w->order.kind != NOTICE_CANCELLATION)
			return err_set(&ctx->err, ST_REJECT,
			    "meeting %s is cancelled", m->key);
		if (is_over && w->order.kind != NOTICE_CHANGE)
			return err_set(
			    &ctx->err, ST_REJECT, "meeting %s is over", m->key);
	}
	return ST_OK;
}

/* Only one at a time writes a notice: what is found half prepared is dead, and
 * is cleared away before anybody is counted. */
static enum status
take_turn(struct cmd_context *ctx, int *lock)
{
	char path[4096];
	enum status rc;

	snprintf(path, sizeof(path), "%s.notice", ctx->config->database);
	rc = store_lock(lock, path, &ctx->err);
	if (rc == ST_OK)
		rc = store_begin(ctx->store, &ctx->err);
	if (rc != ST_OK)
		return rc;
	rc = store_notice_clean(ctx->store, &ctx->err);
	return row_finish(ctx, rc) == 0 ? ST_OK : ST_BROKEN;
}

/* Is the meeting still what staff were shown? */
static enum status
check_unchanged(struct wish *w, struct store *st, size_t i, struct err *err)
{
	const struct meeting *seen = &w->seen[i];
	struct meeting now;
	enum status rc =
	    store_meeting_find(st, seen->uid, &w->arena, &now, err);

	if (rc == ST_OK &&
	    (now.id != seen->id || now.sequence != seen->sequence ||
		now.starts_ms != seen->starts_ms ||
		strcmp(now.state, seen->state) != 0))
		return err_set(err, ST_RETRY,
		    "meeting %s was changed meanwhile: look again, nothing was "
		    "sent",
		    seen->key);
	return rc;
}

static enum status
put_meeting(struct wish *w, struct store *st, size_t i, struct err *err)
{
	static const char *const what[] = { "meeting announce",
		"meeting change", "meeting cancel", "meeting remind" };
	const struct meeting *seen = &w->seen[i];
	struct meeting m = w->meetings[i];
	enum status rc = check_unchanged(w, st, i, err);

	if (w->order.kind == NOTICE_ANNOUNCEMENT) {
		if (rc != ST_OK || strcmp(m.state, "planned") != 0)
			return rc;
		m.state = "announced";
	}
	if (rc == ST_OK)
		rc = store_meeting_put(st, &m, err);
	if (rc != ST_OK)
		return rc;
	return row_audit(w->ctx, what[w->order.kind], m.key,
	    json_pack("{s:s s:s s:s}", "state", seen->state, "starts",
		seen->starts_local, "venue", seen->venue),
	    json_pack("{s:s s:s s:s}", "state", m.state, "starts",
		m.starts_local, "venue", m.venue));
}

/* In the transaction that makes the notice visible: the meetings as they stand
 * from now on, and older notices of them taken back. */
static enum status
settle(void *arg, struct store *st, struct err *err)
{
	struct wish *w = arg;
	int64_t rows;
	enum status rc = ST_OK;

	for (size_t i = 0; i < w->order.n && rc == ST_OK; i++)
		rc = put_meeting(w, st, i, err);
	if (rc == ST_OK && w->order.kind != NOTICE_ANNOUNCEMENT)
		rc = store_notice_overtake(st, w->meetings[0].id, &rows, err);
	return rc;
}

/* A notice of several meetings cannot be mended while it leaves. */
static enum status
check_mixed(struct cmd_context *ctx, const struct wish *w)
{
	int64_t id = 0;
	enum status rc = ST_OK;

	if (w->order.kind != NOTICE_ANNOUNCEMENT)
		rc = store_notice_mixed(
		    ctx->store, w->meetings[0].id, &id, &ctx->err);
	if (rc == ST_OK && id != 0)
		return err_set(&ctx->err, ST_REJECT,
		    "notice %lld, of this and other meetings, has not left "
		    "everywhere: wait until it has, or uwaga notice abort %lld "
		    "first",
		    (long long)id, (long long)id);
	return rc;
}

static int
tell(struct cmd_context *ctx, struct wish *w)
{
	struct notice_plan plan = { 0 };
	int64_t id = 0;
	int lock = -1, code = 1;

	w->ctx = ctx;
	w->order.config = ctx->config;
	w->order.keys = w->keys;
	w->order.meetings = w->meetings;
	w->order.who = ctx->who;
	if (w->order.reason == NULL)
		w->order.reason = "";
	if (!w->dry_run && take_turn(ctx, &lock) != ST_OK)
		goto out;
	if (check_mixed(ctx, w) != ST_OK ||
	    notice_plan_make(&plan, ctx->store, &w->order, &ctx->err) != ST_OK)
		goto out;
	if (!ctx->json)
		print_plan(ctx, w, &plan);
	if (w->dry_run) {
		if (ctx->json)
			print_json(ctx, w, &plan, 0);
		else
			printf("\nDry run: nothing was sent.\n");
		code = 0;
		goto out;
	}
	if (!is_agreed(ctx, w, &plan) ||
	    notice_write(ctx->store, &w->order, &plan, &id, settle,
		show_progress, w, &ctx->err) != ST_OK)
		goto out;
	if (ctx->json)
		print_json(ctx, w, &plan, id);
	else if (plan.n_targets > 0)
		printf("Notice %lld is on its way; see uwaga notice show "
		       "%lld.\n",
		    (long long)id, (long long)id);
	else
		printf("Nobody needs to be told.\n");
	code = 0;
out:
	store_unlock(lock);
	notice_plan_free(&plan);
	return code;
}

static bool
read_count(long *out, const char *text)
{
	char *end;

	*out = strtol(text, &end, 10);
	return end != text && *end == '\0' && *out >= 0;
}

static int
read_options(struct wish *w, struct cmd_context *ctx, int argc, char **argv)
{
	static const struct option options[] = {
		{ "at", required_argument, NULL, 't' },
		{ "starts", required_argument, NULL, 'a' },
		{ "ends", required_argument, NULL, 'z' },
		{ "venue", required_argument, NULL, 'v' },
		{ "address", required_argument, NULL, 'd' },
		{ "reason", required_argument, NULL, 'r' },
		{ "yes", required_argument, NULL, 'y' },
		{ "dry-run", no_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		const char **texts[] = { ['t'] = &w->at,
			['a'] = &w->starts,
			['z'] = &w->ends,
			['v'] = &w->venue,
			['d'] = &w->address,
			['r'] = &w->order.reason };

		if (c == 'n')
			w->dry_run = true;
		else if (c == 'y' && !read_count(&w->yes, optarg))
			return cmd_fail(ctx, 2,
			    "--yes: expected the number of recipients, found "
			    "\"%.40s\"",
			    optarg);
		else if (c == '?')
			return cmd_fail(
			    ctx, 2, "no such option; see uwaga meeting --help");
		else if (c != 'y')
			*texts[c] = optarg;
	}
	return 0;
}

/* Reads the words of the command; 0, or the exit code. */
static int
begin(struct wish *w, struct cmd_context *ctx, enum notice_kind kind, int argc,
    char **argv)
{
	int code;

	w->yes = -1;
	w->order.kind = kind;
	w->order.now = w->order.send_at_ms = clock_now();
	code = read_options(w, ctx, argc, argv);
	if (code != 0)
		return code;
	if (optind == argc ||
	    (kind != NOTICE_ANNOUNCEMENT && optind + 1 != argc))
		return cmd_fail(ctx, 2,
		    "say which meeting%s; see uwaga "
		    "meeting --help",
		    kind == NOTICE_ANNOUNCEMENT ? "s" : "");
	if (!w->dry_run && !cmd_may_announce(ctx))
		return 1;
	if (keys_read(&w->keys, ctx->config->keys_file, &ctx->err) != ST_OK)
		return 1;
	if (w->at != NULL &&
	    import_time(&w->order.send_at_ms, ctx->config->timezone, w->at,
		&ctx->err) != ST_OK)
		return 1;
	for (int i = optind; i < argc; i++)
		if (find_meeting(ctx, w, argv[i]) != ST_OK)
			return 1;
	if (check_state(ctx, w) != ST_OK)
		return 1;
	memcpy(w->seen, w->meetings, sizeof(w->seen));
	return 0;
}

static int
finish(struct wish *w, int code)
{
	keys_free(w->keys);
	arena_free(&w->arena);
	return code;
}

int
meeting_announce(struct cmd_context *ctx, int argc, char **argv)
{
	struct wish w = { 0 };
	int code = begin(&w, ctx, NOTICE_ANNOUNCEMENT, argc, argv);

	if (code == 0 &&
	    (w.starts != NULL || w.ends != NULL || w.venue != NULL ||
		w.address != NULL || w.order.reason != NULL))
		code = cmd_fail(ctx, 2,
		    "announce takes a meeting as it is; see meeting change");
	return finish(&w, code == 0 ? tell(ctx, &w) : code);
}

/* The new times of the meeting; its length stays when only the start moves. */
static enum status
move_times(struct cmd_context *ctx, struct wish *w)
{
	struct meeting *m = &w->meetings[0];
	int64_t length = m->ends_ms != 0 ? m->ends_ms - m->starts_ms : 0;
	enum status rc = ST_OK;

	if (w->starts != NULL) {
		rc = import_time(
		    &m->starts_ms, m->timezone, w->starts, &ctx->err);
		m->ends_ms = length != 0 ? m->starts_ms + length : 0;
	}
	if (rc == ST_OK && w->ends != NULL)
		rc = import_time(&m->ends_ms, m->timezone, w->ends, &ctx->err);
	m->starts_local = import_local(&w->arena, m->timezone, m->starts_ms);
	m->ends_local = m->ends_ms == 0
			    ? ""
			    : import_local(&w->arena, m->timezone, m->ends_ms);
	return rc;
}

int
meeting_change(struct cmd_context *ctx, int argc, char **argv)
{
	struct wish w = { 0 };
	struct meeting *m = &w.meetings[0];
	int code = begin(&w, ctx, NOTICE_CHANGE, argc, argv);

	if (code == 0 && w.starts == NULL && w.ends == NULL &&
	    w.venue == NULL && w.address == NULL)
		code = cmd_fail(ctx, 2,
		    "say what changes: --starts, --ends, --venue, --address");
	if (code == 0 && move_times(ctx, &w) != ST_OK)
		code = 1;
	if (code != 0)
		return finish(&w, code);
	if (w.venue != NULL)
		m->venue = w.venue;
	if (w.address != NULL)
		m->address = w.address;
	if (strcmp(m->state, "planned") != 0) {
		m->state = "changed";
		m->sequence++;
	}
	w.order.before = &w.seen[0];
	return finish(&w, tell(ctx, &w));
}

int
meeting_cancel(struct cmd_context *ctx, int argc, char **argv)
{
	struct wish w = { 0 };
	int code = begin(&w, ctx, NOTICE_CANCELLATION, argc, argv);

	if (code == 0) {
		if (strcmp(w.meetings[0].state, "cancelled") != 0)
			w.meetings[0].sequence++;
		w.meetings[0].state = "cancelled";
		code = tell(ctx, &w);
	}
	return finish(&w, code);
}

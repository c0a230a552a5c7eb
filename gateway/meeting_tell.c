/* meeting_tell - staff tell many people of meetings */
#include "gateway/meeting_tell.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/import.h"
#include "gateway/keys.h"
#include "gateway/row.h"
#include "gateway/telling.h"

enum { ANSWER_MAX = 32 };

struct wish {
	struct telling telling;
	struct telling_change change;
	struct cmd_context *ctx;
	const char *at;
	long yes; /* the count that --yes gives; -1 none */
	bool dry_run;
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
	for (size_t i = 0; i < w->telling.order.n; i++)
		printf("  %s, %s: %d by mail, %d by text\n",
		    w->telling.order.meetings[i].key,
		    w->telling.order.meetings[i].commune,
		    plan->by_meeting[i][0], plan->by_meeting[i][1]);
	if (plan->stopped + plan->bounced + plan->resting + plan->told > 0)
		printf("Left out: %d want no notices, %d addresses take no "
		       "mail, of %d too much came back of late, %d were told "
		       "already.\n",
		    plan->stopped, plan->bounced, plan->resting, plan->told);
	if (plan->late > 0)
		printf("Left out: %d could be told only when it has begun, "
		       "after the quiet hours.\n",
		    plan->late);
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

	for (size_t i = 0; i < w->telling.order.n; i++)
		json_array_append_new(meetings,
		    json_pack("{s:s s:s s:i s:i}", "key",
			w->telling.order.meetings[i].key, "commune",
			w->telling.order.meetings[i].commune, "mail",
			plan->by_meeting[i][0], "sms", plan->by_meeting[i][1]));
	cmd_print_object(ctx,
	    json_pack("{s:o s:I s:I s:i s:i s:I s:i s:i s:i s:i s:i s:o}",
		"notice", id == 0 ? json_null() : json_integer((json_int_t)id),
		"recipients", (json_int_t)plan->n_targets, "wordings",
		(json_int_t)plan->n_texts, "mail", plan->mails, "sms",
		plan->sms, "segments", (json_int_t)plan->segments, "stopped",
		plan->stopped, "bounced", plan->bounced, "resting",
		plan->resting, "told", plan->told, "late", plan->late,
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
settle(void *arg, struct store *st, struct err *err)
{
	struct wish *w = arg;

	return telling_settle(&w->telling, st, err);
}

/* Would it come in time?  Says what to do where it would not. */
static bool
is_timely(struct wish *w, struct cmd_context *ctx)
{
	const struct meeting *m;

	switch (telling_flaw(&w->telling, &m)) {
	case TELLING_FITS:
		return true;
	case TELLING_SEND_OVER:
		cmd_fail(ctx, 1,
		    "nothing was sent: --at %.40s is over; give a time to "
		    "come, or leave out --at to send it now",
		    w->at);
		break;
	case TELLING_SEND_LATE:
		cmd_fail(ctx, 1,
		    "nothing was sent: --at %.40s is not before meeting %s, "
		    "which begins %s; give an earlier time, or leave out --at "
		    "to send it now",
		    w->at, m->key, m->starts_local);
		break;
	case TELLING_CHANGE_OVER:
		cmd_fail(ctx, 1,
		    "nothing was changed: meeting %s has begun by then (%s); "
		    "give a time to come with --starts",
		    m->key, m->starts_local);
		break;
	case TELLING_ENDS_EARLY:
		cmd_fail(ctx, 1,
		    "nothing was changed: meeting %s ends before it begins; "
		    "give a later time with --ends",
		    m->key);
		break;
	}
	return false;
}

static bool
is_same(const struct meeting *a, const struct meeting *b)
{
	return a->starts_ms == b->starts_ms && a->ends_ms == b->ends_ms &&
	       strcmp(a->venue, b->venue) == 0 &&
	       strcmp(a->address, b->address) == 0;
}

/* A change that changes nothing is a slip that thousands would read, unless one
 * before did not reach them; and who was told that there is no meeting need not
 * hear it again. */
static bool
is_news(struct cmd_context *ctx, const struct wish *w,
    const struct notice_plan *plan)
{
	const struct meeting *seen = &w->telling.seen[0];
	enum notice_kind kind = w->telling.order.kind;

	if (kind == NOTICE_CANCELLATION && plan->n_targets == 0 &&
	    strcmp(seen->state, "cancelled") == 0) {
		cmd_fail(ctx, 1,
		    "meeting %s is cancelled already, and nobody is left to "
		    "be told",
		    seen->key);
		return false;
	}
	if (kind != NOTICE_CHANGE || !is_same(&w->telling.meetings[0], seen))
		return true;
	for (size_t i = 0; i < plan->n_targets; i++)
		if (plan->targets[i].knows != seen->sequence)
			return true;
	cmd_fail(ctx, 1,
	    "nothing was changed: time and place of meeting %s are these "
	    "already",
	    seen->key);
	return false;
}

static int
tell(struct cmd_context *ctx, struct wish *w)
{
	struct notice_order *order = &w->telling.order;
	struct notice_hooks hooks = { settle, show_progress, w };
	struct notice_plan plan = { 0 };
	int64_t id = 0;
	int lock = -1, code = 1;

	w->ctx = ctx;
	order->config = ctx->config;
	order->keys = w->keys;
	order->who = ctx->who;
	if (!w->dry_run && telling_take_turn(ctx->config, ctx->store, &lock,
			       &ctx->err) != ST_OK)
		goto out;
	if (!is_timely(w, ctx) ||
	    telling_check_mixed(&w->telling, ctx->store, &ctx->err) != ST_OK ||
	    notice_plan_make(&plan, ctx->store, order, &ctx->err) != ST_OK)
		goto out;
	if (!is_news(ctx, w, &plan))
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
	if (!is_agreed(ctx, w, &plan) || notice_write(ctx->store, order, &plan,
					     &id, &hooks, &ctx->err) != ST_OK)
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
	const char *yes = NULL;
	const struct cmd_option options[] = {
		{ "at", .text = &w->at },
		{ "starts", .text = &w->change.starts },
		{ "ends", .text = &w->change.ends },
		{ "venue", .text = &w->change.venue },
		{ "address", .text = &w->change.address },
		{ "reason", .text = &w->telling.order.reason },
		{ "yes", .text = &yes },
		{ "dry-run", .flag = &w->dry_run },
		{ NULL },
	};

	if (!cmd_read_options(options, argc, argv))
		return cmd_fail(
		    ctx, 2, "no such option; see uwaga meeting --help");
	if (yes != NULL && !read_count(&w->yes, yes))
		return cmd_fail(ctx, 2,
		    "--yes: expected the number of recipients, found "
		    "\"%.40s\"",
		    yes);
	return 0;
}

/* Reads the words of the command; 0, or the exit code. */
static int
begin(struct wish *w, struct cmd_context *ctx, enum notice_kind kind, int argc,
    char **argv)
{
	int code;

	w->yes = -1;
	w->telling.order.kind = kind;
	w->telling.order.now = w->telling.order.send_at_ms = clock_now();
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
	    import_time(&w->telling.order.send_at_ms, ctx->config->timezone,
		w->at, &ctx->err) != ST_OK)
		return 1;
	for (int i = optind; i < argc; i++)
		if (telling_add(&w->telling, ctx->store, argv[i], &ctx->err) !=
		    ST_OK)
			return 1;
	return telling_check(&w->telling, &ctx->err) == ST_OK ? 0 : 1;
}

static int
finish(struct wish *w, int code)
{
	keys_free(w->keys);
	telling_free(&w->telling);
	return code;
}

/* Does the command say what becomes different? */
static bool
has_change(const struct wish *w)
{
	const struct telling_change *c = &w->change;

	return c->starts != NULL || c->ends != NULL || c->venue != NULL ||
	       c->address != NULL;
}

/* People cannot come to a meeting that is nowhere. */
static bool
has_place(struct cmd_context *ctx, const struct wish *w)
{
	for (size_t i = 0; i < w->telling.order.n; i++) {
		const struct meeting *m = &w->telling.meetings[i];

		if (m->venue[0] == '\0' && m->address[0] == '\0') {
			cmd_fail(ctx, 1,
			    "meeting %s has no place: give it one, uwaga "
			    "meeting change %s --venue TEXT",
			    m->key, m->key);
			return false;
		}
	}
	return true;
}

int
meeting_announce(struct cmd_context *ctx, int argc, char **argv)
{
	struct wish w = { 0 };
	int code = begin(&w, ctx, NOTICE_ANNOUNCEMENT, argc, argv);

	if (code == 0 && (has_change(&w) || w.telling.order.reason[0] != '\0'))
		code = cmd_fail(ctx, 2,
		    "announce takes a meeting as it is; see meeting change");
	if (code == 0 && !has_place(ctx, &w))
		code = 1;
	return finish(&w, code == 0 ? tell(ctx, &w) : code);
}

int
meeting_change(struct cmd_context *ctx, int argc, char **argv)
{
	struct wish w = { 0 };
	int code = begin(&w, ctx, NOTICE_CHANGE, argc, argv);

	if (code == 0 && !has_change(&w))
		code = cmd_fail(ctx, 2,
		    "say what changes: --starts, --ends, --venue, --address");
	if (code == 0 &&
	    (telling_change(&w.telling, &w.change, &ctx->err) != ST_OK ||
		!has_place(ctx, &w)))
		code = 1;
	return finish(&w, code == 0 ? tell(ctx, &w) : code);
}

int
meeting_cancel(struct cmd_context *ctx, int argc, char **argv)
{
	struct wish w = { 0 };
	int code = begin(&w, ctx, NOTICE_CANCELLATION, argc, argv);

	if (code == 0) {
		telling_cancel(&w.telling);
		code = tell(ctx, &w);
	}
	return finish(&w, code);
}

/* cmd_subscription - who gets notices of what: list, add, remove
 *
 * Place: staff, for one person; lists come by `person import`, and people
 * themselves write ZAPISZ and STOP.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/cmd_list.h"
#include "gateway/person_import.h"
#include "gateway/row.h"

static const char *
state_of(const struct subscription *s)
{
	if (!s->active || s->stopped_ms != 0)
		return "stopped";
	if (s->bounced_ms != 0)
		return "bounced";
	return s->resting_until_ms > clock_now() ? "resting" : "active";
}

static enum status
add_row(void *arg, const struct subscription *s)
{
	struct row_list *l = arg;

	cmd_table_row(l->table,
	    json_pack("{s:I s:s s:s s:s s:o s:o s:o s:s s:o s:o s:o}", "id",
		(json_int_t)s->id, "state", state_of(s), "channel",
		s->channel == CHANNEL_SMS ? "sms" : "mail", "to", s->address,
		"name", row_word(s->name), "code", row_word(s->code), "commune",
		row_word(s->commune), "proof",
		s->proof_inbound_id != 0 ? "message" : s->proof, "inbound",
		s->proof_inbound_id != 0
		    ? json_integer((json_int_t)s->proof_inbound_id)
		    : json_null(),
		"consent_at", cmd_json_time(l->ctx, s->consent_ms), "since",
		cmd_json_time(l->ctx, s->since_ms)));
	return ST_OK;
}

/* What the options name: a consultation or a commune. */
struct target {
	int64_t consultation_id, commune_id;
};

static enum status
find_commune(struct cmd_context *ctx, const char *name, int64_t *id)
{
	struct arena a = { 0 };
	const char **names;
	size_t n, i = 0;
	enum status rc =
	    store_commune_all(ctx->store, &a, &names, &n, &ctx->err);

	while (rc == ST_OK && i < n && !span_is_nocase(span_of(name), names[i]))
		i++;
	if (rc == ST_OK && i == n)
		rc = err_set(&ctx->err, ST_REJECT,
		    "there is no commune \"%.60s\"; consultation list names "
		    "them",
		    name);
	if (rc == ST_OK)
		rc = store_commune_put(ctx->store, names[i], "", id, &ctx->err);
	arena_free(&a);
	return rc;
}

static enum status
find_target(struct cmd_context *ctx, const char *code, const char *commune,
    struct target *out)
{
	struct consultation c = { 0 };
	struct arena a = { 0 };
	enum status rc = ST_OK;

	*out = (struct target){ 0 };
	if (code != NULL)
		rc = cmd_find_consultation(ctx, code, &a, &c);
	out->consultation_id = c.id;
	arena_free(&a);
	if (rc == ST_OK && commune != NULL)
		rc = find_commune(ctx, commune, &out->commune_id);
	return rc;
}

static int
list(struct cmd_context *ctx, int argc, char **argv)
{
	static const struct cmd_column columns[] = {
		{ "id", "id", 0 },
		{ "state", "state", 0 },
		{ "channel", "by", 0 },
		{ "to", "to", 34 },
		{ "name", "name", 24 },
		{ "code", "code", 0 },
		{ "commune", "commune", 0 },
		{ "proof", "proof", 30 },
		{ "inbound", NULL, 0 },
		{ "consent_at", NULL, 0 },
		{ "since", NULL, 0 },
		{ NULL, NULL, 0 },
	};
	const char *code = NULL, *commune = NULL;
	struct subscription_filter filter = { 0 };
	const struct cmd_option options[] = {
		{ "code", .text = &code },
		{ "commune", .text = &commune },
		{ "active", .flag = &filter.active_only },
		{ NULL },
	};
	struct row_list l = { .ctx = ctx };
	struct target target;
	enum status rc;

	if (!cmd_read_options(options, argc, argv) || optind != argc)
		return cmd_fail(ctx, 2,
		    "usage: uwaga subscription list [--code CODE] [--commune "
		    "NAME] [--active]");
	if (find_target(ctx, code, commune, &target) != ST_OK)
		return 1;
	filter.consultation_id = target.consultation_id;
	filter.commune_id = target.commune_id;
	l.table = cmd_table_new(ctx, columns);
	rc = store_subscription_list(
	    ctx->store, &filter, add_row, &l, &ctx->err);
	cmd_table_end(
	    l.table, "Nobody is subscribed; see uwaga person --help.");
	return rc == ST_OK ? 0 : 1;
}

/* ---- add --------------------------------------------------------------- */

/* Says what came of it, and writes the audit. */
static int
finish_add(struct cmd_context *ctx, const char *address,
    const struct person_import_report *r)
{
	char subject[60];
	enum status rc;

	snprintf(
	    subject, sizeof(subject), "contact %lld", (long long)r->contact_id);
	if (r->refused > 0)
		return cmd_fail(ctx, 1,
		    "%s said STOP by message; only their own START changes that",
		    address);
	rc = store_begin(ctx->store, &ctx->err);
	if (rc == ST_OK)
		rc = row_audit(ctx, "subscription add", subject, NULL, NULL);
	if (row_finish(ctx, rc) != 0)
		return 1;
	if (!ctx->json)
		printf("%s %s notices.\n", address,
		    r->known > 0 ? "already gets" : "gets");
	return 0;
}

/* One person is a list of one: the same checks, the same words. */
static int
add(struct cmd_context *ctx, int argc, char **argv)
{
	static const char usage[] =
	    "usage: uwaga subscription add ADDRESS|NUMBER --code CODE | "
	    "--commune NAME --source TEXT --consent DAY [--name NAME]";
	struct person_import im = { .config = ctx->config,
		.consultation = "",
		.commune = "",
		.proof = "",
		.now = clock_now() };
	struct person_import_report report;
	const char *name = "", *day = NULL;
	const struct cmd_option options[] = {
		{ "code", .text = &im.consultation },
		{ "commune", .text = &im.commune },
		{ "source", .text = &im.proof },
		{ "consent", .text = &day },
		{ "name", .text = &name },
		{ NULL },
	};

	if (!cmd_read_options(options, argc, argv) || optind + 1 != argc)
		return cmd_fail(ctx, 2, "%s", usage);
	if (day != NULL && !person_row_day(&im.consent_ms, span_of(day),
			       ctx->config->timezone))
		return cmd_fail(ctx, 2, "%s", usage);
	if (!cmd_may_write(ctx))
		return 1;
	if (person_import_one(&im, ctx->store, argv[optind], name, &report,
		&ctx->err) != ST_OK)
		return 1;
	return finish_add(ctx, argv[optind], &report);
}

static enum status
remove_one(struct cmd_context *ctx, int64_t id)
{
	char subject[60];
	enum status rc =
	    store_subscription_end(ctx->store, id, clock_now(), &ctx->err);

	if (rc != ST_OK)
		return rc;
	snprintf(subject, sizeof(subject), "subscription %lld", (long long)id);
	return row_audit(ctx, "subscription remove", subject, NULL, NULL);
}

static int
remove_each(struct cmd_context *ctx, int argc, char **argv)
{
	return row_change_each(ctx, argc, argv,
	    "usage: uwaga subscription remove ID...", remove_one);
}

static int
run(struct cmd_context *ctx, int argc, char **argv)
{
	static const struct cmd_verb verbs[] = {
		{ "list", list },
		{ "add", add },
		{ "remove", remove_each },
		{ NULL, NULL },
	};

	return cmd_run_verb(ctx, verbs, argc, argv);
}

const struct cmd cmd_subscription = {
	.name = "subscription",
	.summary = "who gets notices of what: list, add, remove",
	.help =
	    "usage: uwaga subscription list [--code CODE] [--commune NAME] "
	    "[--active]\n"
	    "       uwaga subscription add ADDRESS|NUMBER --code CODE | "
	    "--commune NAME\n"
	    "                              --source TEXT --consent DAY "
	    "[--name NAME]\n"
	    "       uwaga subscription remove ID...\n"
	    "\n"
	    "source   where the consent is kept: a form, a list of attendance\n"
	    "consent  the day they agreed: 2026-11-03\n"
	    "\n"
	    "Who said STOP by message cannot be added by staff; only their own "
	    "START does it.\nstate is active, stopped, bounced (mail came "
	    "back for good, until\nthey write) or resting (too much came back "
	    "of late; see soft_bounces).\n",
	.needs = NEEDS_STORE,
	.run = run,
};

/* cmd_outbox - what is owed to people and what was sent
 *
 * Place: staff decide here about rows that the gateway would not decide: those
 * beyond the limits and those that may have gone out already.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/cmd_list.h"
#include "gateway/row.h"

static const struct cmd_column columns[] = {
	{ "id", "id", 0 },
	{ "state", "state", 0 },
	{ "channel", "by", 0 },
	{ "to", "to", 30 },
	{ "template", "template", 0 },
	{ "code", "code", 0 },
	{ "due_at", "due", 0 },
	{ "attempts", "tries", 0 },
	{ "segments", "parts", 0 },
	{ "arrival", "arrived", 0 },
	{ "doubts", NULL, 0 },
	{ "why", "why", 50 },
	{ "number", NULL, 0 },
	{ "from", NULL, 0 },
	{ "question", NULL, 0 },
	{ "subject", NULL, 0 },
	{ "text", NULL, 0 },
	{ "language", NULL, 0 },
	{ "received_at", NULL, 0 },
	{ "created_at", NULL, 0 },
	{ "claimed_at", NULL, 0 },
	{ "settled_at", NULL, 0 },
	{ "fate", NULL, 0 },
	{ "inbound", NULL, 0 },
	{ "source", NULL, 0 },
	{ "external_id", NULL, 0 },
	{ "message_id", NULL, 0 },
	{ "in_reply_to", NULL, 0 },
	{ "receipt", NULL, 0 },
	{ "arrival_why", NULL, 0 },
	{ "arrival_at", NULL, 0 },
	{ NULL, NULL, 0 },
};

static enum status
add_row(void *arg, const struct outbox *o)
{
	struct row_list *l = arg;

	cmd_table_row(l->table, row_of_outbox(l->ctx, o));
	return ST_OK;
}

static int
list(struct cmd_context *ctx, int argc, char **argv)
{
	static const char usage[] =
	    "usage: uwaga outbox list [--state STATE] [--waiting]";
	struct outbox_filter filter = { .state = -1 };
	const char *state = NULL;
	const struct cmd_option options[] = {
		{ "state", .text = &state },
		{ "waiting", .flag = &filter.waiting },
		{ NULL },
	};
	struct row_list l = { .ctx = ctx };
	enum status rc;

	if (!cmd_read_options(options, argc, argv) || optind != argc)
		return cmd_fail(ctx, 2, "%s", usage);
	if (state != NULL)
		filter.state = (int)outbox_state_by_name(state);
	if (filter.state == OUTBOX_STATE_COUNT)
		return cmd_fail(ctx, 2,
		    "outbox list: there is no state \"%.40s\"; there are "
		    "queued, claimed, sent, deferred, failed, unknown, "
		    "cancelled",
		    state);
	l.table = cmd_table_new(ctx, columns);
	rc = store_outbox_list(ctx->store, &filter, add_row, &l, &ctx->err);
	cmd_table_end(l.table, rc == ST_OK ? "Nothing." : NULL);
	return rc == ST_OK ? 0 : 1;
}

static int
show(struct cmd_context *ctx, int argc, char **argv)
{
	struct arena a = { 0 };
	struct outbox o;
	json_t *row;
	int code = 1;

	if (argc != 2 || row_id(argv[1]) == 0)
		return cmd_fail(ctx, 2, "usage: uwaga outbox show ID");
	if (store_outbox_get(ctx->store, row_id(argv[1]), &a, &o, &ctx->err) !=
	    ST_OK)
		goto out;
	row = row_of_outbox(ctx, &o);
	json_object_set_new(row, "html", row_word(o.html));
	if (!ctx->json) {
		json_object_del(row, "text");
		json_object_del(row, "html");
	}
	cmd_print_object(ctx, row);
	if (!ctx->json)
		row_print_text("text", o.body);
	code = 0;
out:
	arena_free(&a);
	return code;
}

/* ---- changes ----------------------------------------------------------- */

static enum status
move(struct cmd_context *ctx, struct outbox *o, enum outbox_state state,
    const char *what)
{
	char subject[40];
	json_t *before = row_of_outbox(ctx, o), *after;
	enum status rc;

	o->state = state;
	o->due_ms = state == OUTBOX_QUEUED ? clock_now() : 0;
	if (state == OUTBOX_QUEUED)
		o->error = "";
	else
		o->settled_ms = clock_now();
	rc = store_outbox_settle(ctx->store, o, &ctx->err);
	after = row_of_outbox(ctx, o);
	json_object_del(before, "text");
	json_object_del(after, "text");
	snprintf(subject, sizeof(subject), "outbox %lld", (long long)o->id);
	if (rc == ST_OK)
		return row_audit(ctx, what, subject, before, after);
	json_decref(before);
	json_decref(after);
	return rc;
}

static bool
waits_for_staff(const struct outbox *o)
{
	/* A notice that waits goes on by uwaga notice. */
	return o->state == OUTBOX_UNKNOWN ||
	       (o->state == OUTBOX_DEFERRED && o->due_ms == 0 &&
		   o->notice_id == 0);
}

/* What a verb does, and to which rows. */
struct change {
	const char *what; /* as the audit calls it */
	enum outbox_state to;
	bool (*may)(const struct outbox *o);
	const char *refusal;
};

static enum status
change_one(struct cmd_context *ctx, int64_t id, const struct change *c)
{
	struct arena a = { 0 };
	struct outbox o;
	enum status rc = store_outbox_get(ctx->store, id, &a, &o, &ctx->err);

	if (rc == ST_OK && !c->may(&o))
		rc = err_set(&ctx->err, ST_REJECT,
		    "outbox row %lld is %s: %s; nothing was changed",
		    (long long)id, outbox_state_name(o.state), c->refusal);
	if (rc == ST_OK)
		rc = move(ctx, &o, c->to, c->what);
	arena_free(&a);
	return rc;
}

static bool
may_retry(const struct outbox *o)
{
	return o->state == OUTBOX_FAILED || o->state == OUTBOX_UNKNOWN ||
	       (o->state == OUTBOX_DEFERRED &&
		   (o->notice_id == 0 || o->due_ms != 0));
}

static enum status
retry_one(struct cmd_context *ctx, int64_t id)
{
	static const struct change c = { "outbox retry", OUTBOX_QUEUED,
		may_retry,
		"only failed, unknown and deferred rows can be sent again" };

	return change_one(ctx, id, &c);
}

static enum status
release_one(struct cmd_context *ctx, int64_t id)
{
	static const struct change c = { "outbox release", OUTBOX_QUEUED,
		waits_for_staff,
		"only rows that wait for staff can be released; see uwaga "
		"outbox list --waiting" };

	return change_one(ctx, id, &c);
}

static bool
may_cancel(const struct outbox *o)
{
	return o->state == OUTBOX_QUEUED || o->state == OUTBOX_DEFERRED ||
	       o->state == OUTBOX_FAILED || o->state == OUTBOX_UNKNOWN;
}

static enum status
cancel_one(struct cmd_context *ctx, int64_t id)
{
	static const struct change c = { "outbox cancel", OUTBOX_CANCELLED,
		may_cancel, "it is too late to cancel it" };

	return change_one(ctx, id, &c);
}

static int
changed(struct cmd_context *ctx, int code, int argc, const char *how)
{
	if (code == 0 && !ctx->json)
		printf("%d row%s %s.\n", argc - 1, argc == 2 ? "" : "s", how);
	return code;
}

static int
retry(struct cmd_context *ctx, int argc, char **argv)
{
	return changed(ctx,
	    row_change_each(
		ctx, argc, argv, "usage: uwaga outbox retry ID...", retry_one),
	    argc, "will be sent again");
}

static int
release(struct cmd_context *ctx, int argc, char **argv)
{
	return changed(ctx,
	    row_change_each(ctx, argc, argv,
		"usage: uwaga outbox release ID...", release_one),
	    argc, "released");
}

static int
cancel(struct cmd_context *ctx, int argc, char **argv)
{
	return changed(ctx,
	    row_change_each(ctx, argc, argv, "usage: uwaga outbox cancel ID...",
		cancel_one),
	    argc, "cancelled");
}

static int
run(struct cmd_context *ctx, int argc, char **argv)
{
	static const struct cmd_verb verbs[] = {
		{ "list", list },
		{ "show", show },
		{ "retry", retry },
		{ "cancel", cancel },
		{ "release", release },
		{ NULL, NULL },
	};

	return cmd_run_verb(ctx, verbs, argc, argv);
}

const struct cmd cmd_outbox = {
	.name = "outbox",
	.summary = "what is owed to people and what was sent",
	.help =
	    "usage: uwaga outbox list [--state STATE] [--waiting]\n"
	    "       uwaga outbox show ID\n"
	    "       uwaga outbox retry|release|cancel ID...\n"
	    "\n"
	    "One row per recipient: queued, claimed by a sender, sent, deferred\n"
	    "until later, failed, unknown (it may have gone out when the machine\n"
	    "stopped), cancelled.  Of a text also its parts, which cost, and what\n"
	    "its provider says: open, delivered, failed.\n"
	    "\n"
	    "  --waiting   those that wait for staff: beyond a limit, or unknown\n"
	    "  retry       sends a failed, unknown or deferred row (again), with\n"
	    "              the same Message-ID\n"
	    "  release     sends a row that waits for staff\n"
	    "  cancel      never sends it\n",
	.needs = NEEDS_STORE,
	.run = run,
};

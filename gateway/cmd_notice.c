/* cmd_notice - what was sent to many, how far it is, and stopping it
 *
 * Place: staff, while the daemon sends and afterwards.
 */
#include <stdio.h>
#include <string.h>

#include "gateway/cmd_list.h"
#include "gateway/row.h"
#include "gateway/notice.h"

enum { BAR = 40 };

static json_t *
to_json(const struct cmd_context *ctx, const struct notice *n)
{
	return json_pack(
	    "{s:I s:s s:s s:s s:s s:o s:o s:I s:I s:I s:I s:I s:I s:I s:o}",
	    "id", (json_int_t)n->id, "kind", notice_kind_name(n->kind), "state",
	    strcmp(n->state, "sending") == 0 && n->waiting == 0 ? "done"
								: n->state,
	    "meetings", n->meetings, "by", n->who, "created_at",
	    cmd_json_time(ctx, n->created_ms), "send_at",
	    cmd_json_time(ctx, n->send_at_ms), "total", (json_int_t)n->total,
	    "sent", (json_int_t)n->sent, "waiting", (json_int_t)n->waiting,
	    "failed", (json_int_t)n->failed, "unknown", (json_int_t)n->unknown,
	    "cancelled", (json_int_t)n->cancelled, "bounced",
	    (json_int_t)n->bounced, "reason", row_word(n->reason));
}

static int
list(struct cmd_context *ctx, int argc, char **argv)
{
	static const struct cmd_column columns[] = {
		{ "id", "id", 0 },
		{ "kind", "kind", 0 },
		{ "meetings", "meetings", 40 },
		{ "state", "state", 0 },
		{ "created_at", "ordered", 0 },
		{ "total", "to", 0 },
		{ "sent", "sent", 0 },
		{ "waiting", "waiting", 0 },
		{ "failed", "failed", 0 },
		{ "unknown", "unknown", 0 },
		{ "cancelled", "cancelled", 0 },
		{ "bounced", "bounced", 0 },
		{ "by", "by", 24 },
		{ "send_at", NULL, 0 },
		{ "reason", NULL, 0 },
		{ NULL, NULL, 0 },
	};
	struct arena a = { 0 };
	struct notice *all;
	struct cmd_table *table;
	size_t n;
	int code = 1;

	(void)argv;
	if (argc != 1)
		return cmd_fail(ctx, 2, "usage: uwaga notice list");
	if (store_notice_all(ctx->store, 0, &a, &all, &n, &ctx->err) == ST_OK) {
		table = cmd_table_new(ctx, columns);
		for (size_t i = 0; i < n; i++)
			cmd_table_row(table, to_json(ctx, &all[i]));
		cmd_table_end(
		    table, "No notices yet; see uwaga meeting --help.");
		code = 0;
	}
	arena_free(&a);
	return code;
}

static void
print_bar(const struct notice *n)
{
	int64_t gone = n->total - n->waiting - n->cancelled;
	int full = n->total == 0 ? BAR : (int)(gone * BAR / n->total);

	printf("[");
	for (int i = 0; i < BAR; i++)
		putchar(i < full ? '#' : '.');
	printf("] %lld of %lld", (long long)gone, (long long)n->total);
	if (n->cancelled > 0)
		printf(", %lld will not leave", (long long)n->cancelled);
	putchar('\n');
}

static int
show(struct cmd_context *ctx, int argc, char **argv)
{
	struct arena a = { 0 };
	struct notice n;
	int code = 1;

	if (argc != 2 || row_id(argv[1]) == 0)
		return cmd_fail(ctx, 2, "usage: uwaga notice show ID");
	if (store_notice_get(ctx->store, row_id(argv[1]), &a, &n, &ctx->err) ==
	    ST_OK) {
		cmd_print_object(ctx, to_json(ctx, &n));
		if (!ctx->json)
			print_bar(&n);
		code = 0;
	}
	arena_free(&a);
	return code;
}

/* ---- pause, resume, abort ---------------------------------------------- */

struct verb {
	const char *word, *past, *from; /* the states it may come from */
	enum status (*make)(
	    struct store *st, int64_t id, int64_t *rows, struct err *err);
};

static int
change(struct cmd_context *ctx, const struct verb *v, int argc, char **argv)
{
	char what[40], subject[40];
	struct arena a = { 0 };
	int64_t rows = 0;
	struct notice n;
	enum status rc;
	int code;

	if (argc != 2 || row_id(argv[1]) == 0)
		return cmd_fail(ctx, 2, "usage: uwaga notice %s ID", v->word);
	if (!cmd_may_announce(ctx) ||
	    store_begin(ctx->store, &ctx->err) != ST_OK)
		return 1;
	rc = store_notice_get(ctx->store, row_id(argv[1]), &a, &n, &ctx->err);
	if (rc == ST_OK && strstr(v->from, n.state) == NULL)
		rc = err_set(&ctx->err, ST_REJECT,
		    "notice %lld is %s: it cannot be %s", (long long)n.id,
		    n.state, v->past);
	if (rc == ST_OK)
		rc = v->make(ctx->store, n.id, &rows, &ctx->err);
	snprintf(what, sizeof(what), "notice %s", v->word);
	snprintf(subject, sizeof(subject), "notice %lld", (long long)n.id);
	if (rc == ST_OK)
		rc = row_audit(ctx, what, subject,
		    json_pack("{s:s}", "state", n.state),
		    json_pack("{s:I}", "rows", (json_int_t)rows));
	code = row_finish(ctx, rc);
	if (code == 0 && notice_sweep(ctx->store, &ctx->err) != ST_OK)
		code = 1;
	if (code == 0 && !ctx->json)
		printf("Notice %lld is %s; %lld had not left yet.\n",
		    (long long)n.id, v->past, (long long)rows);
	arena_free(&a);
	return code;
}

static int
pause_one(struct cmd_context *ctx, int argc, char **argv)
{
	static const struct verb v = { "pause", "paused", "sending",
		store_notice_pause };

	return change(ctx, &v, argc, argv);
}

static int
resume_one(struct cmd_context *ctx, int argc, char **argv)
{
	static const struct verb v = { "resume", "resumed", "paused",
		store_notice_resume };

	return change(ctx, &v, argc, argv);
}

static int
abort_one(struct cmd_context *ctx, int argc, char **argv)
{
	static const struct verb v = { "abort", "aborted", "sending paused",
		store_notice_abort };

	return change(ctx, &v, argc, argv);
}

static int
run(struct cmd_context *ctx, int argc, char **argv)
{
	static const struct cmd_verb verbs[] = {
		{ "list", list },
		{ "show", show },
		{ "pause", pause_one },
		{ "resume", resume_one },
		{ "abort", abort_one },
		{ NULL, NULL },
	};

	return cmd_run_verb(ctx, verbs, argc, argv);
}

const struct cmd cmd_notice = {
	.name = "notice",
	.summary = "what was sent to many: list, show, pause, resume, abort",
	.help =
	    "usage: uwaga notice list\n"
	    "       uwaga notice show ID\n"
	    "       uwaga notice pause|resume|abort ID\n"
	    "\n"
	    "Notices are ordered by uwaga meeting announce, change and "
	    "cancel.\n"
	    "\n"
	    "show    how far it is\n"
	    "pause   what has not left yet waits, until resume\n"
	    "abort   what has not left yet never leaves; whoever it did not "
	    "reach can be\n"
	    "        told by another announcement\n",
	.needs = NEEDS_STORE,
	.run = run,
};

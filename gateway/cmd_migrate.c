/* cmd_migrate - brings an older database to this program's schema
 *
 * Place: staff, after an upgrade, with the daemon stopped.
 */
#include <stdio.h>

#include "gateway/clock.h"
#include "gateway/cmd_list.h"
#include "gateway/store_chain.h"

static enum status
note_migrated(struct cmd_context *ctx, int from, int to)
{
	char before[16], after[16];
	struct store *st = NULL;
	enum status rc = store_open(&st, ctx->config->database, &ctx->err);

	snprintf(before, sizeof(before), "%d", from);
	snprintf(after, sizeof(after), "%d", to);
	if (rc == ST_OK)
		rc = store_begin(st, &ctx->err);
	if (rc == ST_OK)
		rc = store_audit(st,
		    &(struct audit){ .at_ms = clock_now(),
			.who = ctx->who,
			.what = "migrate",
			.subject = "database",
			.before = before,
			.after = after },
		    &ctx->err);
	if (rc == ST_OK)
		rc = store_commit(st, &ctx->err);
	store_close(st);
	return rc;
}

static int
run(struct cmd_context *ctx, int argc, char **argv)
{
	const char *database = ctx->config->database;
	int from = 0, to = 0, lock = -1;
	enum status rc;

	if (argc != 1)
		return cmd_fail(ctx, 2,
		    "%s takes no \"%.100s\"; see uwaga --help", argv[0],
		    argv[1]);
	if (!cmd_may_write(ctx) ||
	    store_lock(&lock, database, &ctx->err) != ST_OK)
		return 1;
	rc = store_migrate(database, &from, &to, &ctx->err);
	if (rc == ST_OK && from != to)
		rc = note_migrated(ctx, from, to);
	store_unlock(lock);
	if (rc != ST_OK)
		return 1;
	if (ctx->json)
		cmd_print_object(
		    ctx, json_pack("{s:i s:i}", "from", from, "to", to));
	else if (from == to)
		printf("%s is up to date: schema version %d.\n", database, to);
	else
		printf(
		    "%s: schema version %d, was %d; a copy of what it was is "
		    "beside it.\n",
		    database, to, from);
	return 0;
}

const struct cmd cmd_migrate = {
	.name = "migrate",
	.summary = "brings an older database to this version",
	.help =
	    "usage: uwaga migrate\n"
	    "\n"
	    "Stop the daemon first.  A copy is kept beside the database\n"
	    "(uwaga.db.v1.backup), then its schema is brought to what this\n"
	    "program needs, one step a transaction.\n",
	.needs = NEEDS_CONFIG,
	.run = run,
};

/* cmd_restore - puts a copy in the place of the database
 *
 * Place: staff, with the daemon stopped, after a disk failed or something went
 * badly wrong.
 */
#include <stdio.h>

#include "gateway/clock.h"
#include "gateway/cmd_list.h"
#include "gateway/store_chain.h"
#include "gateway/store_outbox.h"

/* What the copy brought, noted in it and said to staff. */
static enum status
note_restored(struct cmd_context *ctx, const char *file, int64_t *unknown)
{
	int64_t count[OUTBOX_STATE_COUNT + 1] = { 0 };
	struct store *st = NULL;
	enum status rc = store_open(&st, ctx->config->database, &ctx->err);

	if (rc == ST_OK)
		rc = store_outbox_counts(st, count, &ctx->err);
	if (rc == ST_OK)
		rc = store_begin(st, &ctx->err);
	if (rc == ST_OK)
		rc = store_audit(st,
		    &(struct audit){ .at_ms = clock_now(),
			.who = ctx->who,
			.what = "restore",
			.subject = "database",
			.after = file },
		    &ctx->err);
	if (rc == ST_OK)
		rc = store_commit(st, &ctx->err);
	*unknown = count[OUTBOX_UNKNOWN];
	store_close(st);
	return rc;
}

static int
run(struct cmd_context *ctx, int argc, char **argv)
{
	const char *database = ctx->config->database;
	int64_t unknown = 0;
	int lock = -1;
	enum status rc;

	if (argc != 2 || argv[1][0] == '-' || argv[1][0] == '\0')
		return cmd_fail(ctx, 2, "usage: uwaga restore FILE");
	if (!cmd_may_write(ctx) ||
	    store_lock(&lock, database, &ctx->err) != ST_OK)
		return 1;
	rc = store_restore(database, argv[1], clock_now(), &ctx->err);
	if (rc == ST_OK)
		rc = note_restored(ctx, argv[1], &unknown);
	store_unlock(lock);
	if (rc != ST_OK)
		return 1;
	if (ctx->json)
		cmd_print_object(
		    ctx, json_pack("{s:s s:s s:I}", "file", argv[1], "database",
			     database, "unknown", (json_int_t)unknown));
	else
		printf(
		    "%s is now what %s holds; what was there before is kept "
		    "beside it.\n%lld outbox row%s unknown: look at \"uwaga "
		    "outbox list --waiting\", then start the daemon.\n"
		    "It reads every mailbox and SMS line again from when this "
		    "copy begins: what the copy has is recognised; people "
		    "whose remarks were stored after it was made get a new "
		    "number and confirmation.\n",
		    database, argv[1], (long long)unknown,
		    unknown == 1 ? " is" : "s are");
	return 0;
}

const struct cmd cmd_restore = {
	.name = "restore",
	.summary = "puts a copy in the place of the database",
	.help =
	    "usage: uwaga restore FILE\n"
	    "\n"
	    "Stop the daemon first.  The copy is checked, then takes the place of\n"
	    "the database, which is kept beside it.  What was owed to people when\n"
	    "the copy was made becomes unknown and waits for staff; numbers of\n"
	    "remarks skip 1000 ahead, so that none is given twice.\n"
	    "\n"
	    "The next \"uwaga run\" reads every mailbox and SMS line again: what\n"
	    "was stored goes back to where it came from, and what the copy has is\n"
	    "recognised.  People whose remarks were stored after the copy was made\n"
	    "get a new number and a new confirmation.  For that, keep the stored\n"
	    "mails (cur and aside) and texts (processed and aside) until the next\n"
	    "copy is made.\n",
	.needs = NEEDS_CONFIG,
	.run = run,
};

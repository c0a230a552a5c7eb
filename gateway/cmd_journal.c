/* cmd_journal - every inbound message, its fate and why
 *
 * Place: staff, and whoever asks what became of a message.
 */
#include <string.h>
#include <unistd.h>

#include "gateway/cmd_list.h"
#include "gateway/row.h"

static const struct cmd_column columns[] = {
	{ "id", "id", 0 },
	{ "received_at", "received", 0 },
	{ "channel", "by", 0 },
	{ "from", "from", 30 },
	{ "code", "code", 0 },
	{ "fate", "fate", 0 },
	{ "why", "why", 60 },
	{ "number", NULL, 0 },
	{ "to", NULL, 0 },
	{ "from_name", NULL, 0 },
	{ "subject", NULL, 0 },
	{ "text", NULL, 0 },
	{ "state", NULL, 0 },
	{ "kind", NULL, 0 },
	{ "command", NULL, 0 },
	{ "code_seen", NULL, 0 },
	{ "suggestion", NULL, 0 },
	{ "source", NULL, 0 },
	{ "external_id", NULL, 0 },
	{ "message_id", NULL, 0 },
	{ "stored_at", NULL, 0 },
	{ "settled_by", NULL, 0 },
	{ "needs_staff", NULL, 0 },
	{ "remarks", NULL, 0 },
	{ "template", NULL, 0 },
	{ "attempts", NULL, 0 },
	{ "receipt", NULL, 0 },
	{ NULL, NULL, 0 },
};

static enum status
add_name(void *arg, const struct remark *r)
{
	json_array_append_new(arg, row_word(r->name));
	return ST_OK;
}

static enum status
add_row(void *arg, const struct inbound *in)
{
	struct row_list *j = arg;
	struct remark_filter filter = { .inbound_id = in->id };
	json_t *names = json_array(), *row;
	enum status rc = store_remark_list(
	    j->ctx->store, &filter, add_name, names, &j->ctx->err);

	if (rc != ST_OK) {
		json_decref(names);
		return rc;
	}
	row = row_of_inbound(j->ctx, in);
	json_object_set(row, "number", json_array_get(names, 0));
	json_object_set_new(row, "remarks", names);
	cmd_table_row(j->table, row);
	return ST_OK;
}

/* The options as a filter; the exit code of what is wrong with them. */
static int
read_options(struct cmd_context *ctx, struct inbound_filter *filter, int argc,
    char **argv)
{
	const char *fate = NULL, *code = NULL;
	const struct cmd_option options[] = {
		{ "fate", .text = &fate },
		{ "code", .text = &code },
		{ NULL },
	};
	struct arena a = { 0 };
	struct consultation c = { 0 };
	enum status rc = ST_OK;

	if (!cmd_read_options(options, argc, argv) || optind != argc)
		return cmd_fail(
		    ctx, 2, "usage: uwaga journal [--fate FATE] [--code CODE]");
	if (fate != NULL)
		filter->fate = (int)fate_by_name(fate);
	if (filter->fate == FATE_COUNT)
		return cmd_fail(ctx, 2,
		    "journal: there is no fate \"%.40s\"; see uwaga journal "
		    "--help",
		    fate);
	if (code != NULL)
		rc = cmd_find_consultation(ctx, code, &a, &c);
	filter->consultation_id = c.id;
	arena_free(&a);
	return rc == ST_OK ? 0 : 1;
}

static int
run(struct cmd_context *ctx, int argc, char **argv)
{
	struct inbound_filter filter = { .fate = -1 };
	struct row_list j = { .ctx = ctx };
	enum status rc;
	int code = read_options(ctx, &filter, argc, argv);

	if (code != 0)
		return code;
	j.table = cmd_table_new(ctx, columns);
	rc = store_inbound_list(ctx->store, &filter, add_row, &j, &ctx->err);
	cmd_table_end(j.table, rc == ST_OK ? "No messages." : NULL);
	return rc == ST_OK ? 0 : 1;
}

const struct cmd cmd_journal = {
	.name = "journal",
	.summary = "every inbound message, its fate and why",
	.help =
	    "usage: uwaga journal [--fate FATE] [--code CODE]\n"
	    "\n"
	    "Every message received, in the order in which it was stored, what\n"
	    "became of it and the rule or header that decided.\n"
	    "\n"
	    "  --fate FATE   only those of that fate: filed, corrected,\n"
	    "                withdrawn, held, closed, not_open, empty,\n"
	    "                duplicate, command, rsvp, receipt, bounce, delayed,\n"
	    "                complaint, automatic, list, thanks, spam, staff,\n"
	    "                unreadable\n"
	    "  --code CODE   only those about that consultation\n",
	.needs = NEEDS_STORE,
	.run = run,
};

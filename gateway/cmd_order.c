/* cmd_order - the notices that staff ordered by mail, and how far each is
 *
 * Place: staff.  Orders come by mail (order.h), and their PINs too: a PIN is
 * shown nowhere, here neither.
 */
#include <stdio.h>

#include "gateway/cmd_list.h"
#include "gateway/row.h"
#include "gateway/store_inbound.h"
#include "gateway/store_order.h"

static json_t *
to_json(const struct cmd_context *ctx, const struct staff_order *o)
{
	return json_pack("{s:I s:s s:s s:s s:o s:o s:o s:I s:o s:I}", "id",
	    (json_int_t)o->id, "verb", o->verb, "state",
	    order_state_name(o->state), "by", o->address, "created_at",
	    cmd_json_time(ctx, o->created_ms), "changed_at",
	    cmd_json_time(ctx, o->changed_ms), "until",
	    order_waits(o->state) ? cmd_json_time(ctx, o->until_ms)
				  : json_null(),
	    "wrong_pins", (json_int_t)o->wrong, "notice",
	    o->notice_id == 0 ? json_null()
			      : json_integer((json_int_t)o->notice_id),
	    "inbound", (json_int_t)o->inbound_id);
}

static int
list(struct cmd_context *ctx, int argc, char **argv)
{
	static const struct cmd_column columns[] = {
		{ "id", "id", 0 },
		{ "verb", "verb", 0 },
		{ "state", "state", 0 },
		{ "by", "by", 40 },
		{ "created_at", "ordered", 0 },
		{ "until", "PIN until", 0 },
		{ "wrong_pins", "wrong PINs", 0 },
		{ "notice", "notice", 0 },
		{ "inbound", "message", 0 },
		{ "changed_at", NULL, 0 },
		{ NULL, NULL, 0 },
	};
	struct arena a = { 0 };
	struct staff_order *all;
	struct cmd_table *table;
	size_t n;
	int code = 1;

	(void)argv;
	if (argc != 1)
		return cmd_fail(ctx, 2, "usage: uwaga order list");
	if (store_order_all(ctx->store, &a, &all, &n, &ctx->err) == ST_OK) {
		table = cmd_table_new(ctx, columns);
		for (size_t i = 0; i < n; i++)
			cmd_table_row(table, to_json(ctx, &all[i]));
		cmd_table_end(table, "No orders by mail yet.");
		code = 0;
	}
	arena_free(&a);
	return code;
}

static json_t *
previews_to_json(
    const struct cmd_context *ctx, const struct staff_preview *all, size_t n)
{
	json_t *out = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(
		    out, json_pack("{s:s s:I s:o}", "to", all[i].address,
			     "outbox", (json_int_t)all[i].outbox_id, "used_at",
			     cmd_json_time(ctx, all[i].used_ms)));
	return out;
}

static int
show(struct cmd_context *ctx, int argc, char **argv)
{
	struct arena a = { 0 };
	struct staff_order o;
	struct staff_preview *all;
	struct inbound in;
	json_t *row;
	size_t n;
	int code = 1;

	if (argc != 2 || row_id(argv[1]) == 0)
		return cmd_fail(ctx, 2, "usage: uwaga order show ID");
	if (store_order_get(ctx->store, row_id(argv[1]), &a, &o, &ctx->err) !=
		ST_OK ||
	    store_preview_of_order(ctx->store, o.id, &a, &all, &n, &ctx->err) !=
		ST_OK ||
	    store_inbound_get(ctx->store, o.inbound_id, &a, &in, &ctx->err) !=
		ST_OK)
		goto out;
	row = to_json(ctx, &o);
	json_object_set_new(row, "previews", previews_to_json(ctx, all, n));
	json_object_set_new(row, "text", row_text(in.text));
	if (!ctx->json)
		json_object_del(row, "previews");
	if (!ctx->json)
		json_object_del(row, "text");
	cmd_print_object(ctx, row);
	for (size_t i = 0; i < n && !ctx->json; i++)
		printf("preview to %s, message %lld of the outbox%s\n",
		    all[i].address, (long long)all[i].outbox_id,
		    all[i].used_ms != 0 ? ", its PIN came back" : "");
	if (!ctx->json)
		row_print_text("the order", in.text);
	code = 0;
out:
	arena_free(&a);
	return code;
}

static int
run(struct cmd_context *ctx, int argc, char **argv)
{
	static const struct cmd_verb verbs[] = {
		{ "list", list },
		{ "show", show },
		{ NULL, NULL },
	};

	return cmd_run_verb(ctx, verbs, argc, argv);
}

const struct cmd cmd_order = {
	.name = "order",
	.summary = "notices that staff ordered by mail: list, show",
	.help =
	    "usage: uwaga order list\n"
	    "       uwaga order show ID\n"
	    "\n"
	    "An order is asked (its author has the PIN), seconded (a second "
	    "person has one),\nconfirmed, sending, done; or cancelled, "
	    "expired, void (three wrong PINs) or failed.\n"
	    "What it sends is a notice: see uwaga notice show.\n"
	    "\n"
	    "show    also its mail, and to whom previews went\n",
	.needs = NEEDS_STORE,
	.run = run,
};

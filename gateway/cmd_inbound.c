/* cmd_inbound - triage: the messages that wait for staff
 *
 * Place: staff; cmd_journal shows all messages.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/attachment_save.h"
#include "gateway/cmd_list.h"
#include "gateway/intake.h"
#include "gateway/keys.h"
#include "gateway/row.h"
#include "parsers/code.h"

static const struct cmd_column columns[] = {
	{ "id", "id", 0 },
	{ "received_at", "received", 0 },
	{ "channel", "by", 0 },
	{ "from", "from", 30 },
	{ "fate", "fate", 0 },
	{ "suggestion", "meant?", 0 },
	{ "why", "why", 40 },
	{ "text", "text", 40 },
	{ "number", NULL, 0 },
	{ "code", NULL, 0 },
	{ "to", NULL, 0 },
	{ "from_name", NULL, 0 },
	{ "subject", NULL, 0 },
	{ "remark", NULL, 0 },
	{ "state", NULL, 0 },
	{ "kind", NULL, 0 },
	{ "command", NULL, 0 },
	{ "code_seen", NULL, 0 },
	{ "source", NULL, 0 },
	{ "external_id", NULL, 0 },
	{ "message_id", NULL, 0 },
	{ "stored_at", NULL, 0 },
	{ "hold_until", NULL, 0 },
	{ "settled_by", NULL, 0 },
	{ "needs_staff", NULL, 0 },
	{ "warnings", NULL, 0 },
	{ "template", NULL, 0 },
	{ "attempts", NULL, 0 },
	{ "receipt", NULL, 0 },
	{ NULL, NULL, 0 },
};

/* ---- list -------------------------------------------------------------- */

static enum status
add_row(void *arg, const struct inbound *in)
{
	struct row_list *l = arg;

	cmd_table_row(l->table, row_of_inbound(l->ctx, in));
	return ST_OK;
}

static int
list(struct cmd_context *ctx, int argc, char **argv)
{
	struct inbound_filter filter = { .fate = -1 };
	struct row_list l = { .ctx = ctx };
	const char *fate = NULL;
	bool all = false;
	const struct cmd_option options[] = {
		{ "all", .flag = &all },
		{ "fate", .text = &fate },
		{ NULL },
	};
	bool good = cmd_read_options(options, argc, argv);
	enum status rc;

	if (fate != NULL)
		filter.fate = (int)fate_by_name(fate);
	if (!good || filter.fate == FATE_COUNT)
		return cmd_fail(ctx, 2,
		    "usage: uwaga inbound list [--all | --fate FATE]; "
		    "the fates are in uwaga journal --help");
	if (optind != argc)
		return cmd_fail(
		    ctx, 2, "usage: uwaga inbound list [--all | --fate FATE]");
	filter.for_staff = !all && fate == NULL;
	l.table = cmd_table_new(ctx, columns);
	rc = store_inbound_list(ctx->store, &filter, add_row, &l, &ctx->err);
	cmd_table_end(l.table,
	    rc == ST_OK ? "Nothing waits; see uwaga journal for the rest."
			: NULL);
	return rc == ST_OK ? 0 : 1;
}

/* ---- show -------------------------------------------------------------- */

static enum status
add_remark(void *arg, const struct remark *r)
{
	json_array_append_new(arg, row_word(r->name));
	return ST_OK;
}

static enum status
add_reply(void *arg, const struct outbox *o)
{
	json_array_append_new(
	    arg, json_sprintf("%lld %s %s", (long long)o->id, o->template_name,
		     outbox_state_name(o->state)));
	return ST_OK;
}

static enum status
add_files(struct cmd_context *ctx, int64_t id, json_t *files)
{
	struct arena a = { 0 };
	struct inbound_attachment *list = NULL;
	size_t n = 0;
	enum status rc =
	    store_inbound_attachments(ctx->store, id, &a, &list, &n, &ctx->err);

	for (size_t i = 0; i < n; i++)
		json_array_append_new(files,
		    json_pack("{s:o s:o s:I s:s s:b}", "name",
			row_text(list[i].name), "type", row_text(list[i].type),
			"size", (json_int_t)list[i].size, "sha256",
			list[i].sha256, "in_signature",
			(int)list[i].in_signature));
	arena_free(&a);
	return rc;
}

/* What belongs to a message: what it yielded, what it was answered, files. */
static enum status
add_belongings(struct cmd_context *ctx, json_t *row, int64_t id)
{
	struct remark_filter remarks = { .inbound_id = id };
	struct outbox_filter replies = { .state = -1, .inbound_id = id };
	json_t *names = json_array(), *answers = json_array(),
	       *files = json_array();
	enum status rc;

	json_object_set_new(row, "remarks", names);
	json_object_set_new(row, "replies", answers);
	json_object_set_new(row, "attachments", files);
	rc = store_remark_list(
	    ctx->store, &remarks, add_remark, names, &ctx->err);
	json_object_set(row, "number", json_array_get(names, 0));
	if (rc == ST_OK)
		rc = store_outbox_list(
		    ctx->store, &replies, add_reply, answers, &ctx->err);
	return rc == ST_OK ? add_files(ctx, id, files) : rc;
}

/* People read the files as lines, and the words below everything else. */
static void
print_message(struct cmd_context *ctx, json_t *row, const struct inbound *in)
{
	const json_t *files = json_object_get(row, "attachments");
	json_t *names = json_array(), *file;
	size_t i;

	if (ctx->json) {
		json_decref(names);
		cmd_print_object(ctx, row);
		return;
	}
	json_array_foreach(files, i, file) json_array_append_new(names,
	    json_sprintf("%s (%lld bytes)",
		json_string_value(json_object_get(file, "name")),
		(long long)json_integer_value(json_object_get(file, "size"))));
	json_object_set_new(row, "attachments", names);
	json_object_del(row, "text");
	json_object_del(row, "remark");
	cmd_print_object(ctx, row);
	row_print_text("text", in->text);
	if (strcmp(in->text, in->remark) != 0)
		row_print_text("what is filed of it", in->remark);
}

/* The bytes as they came, for a file or a mail program. */
static int
show_raw(struct cmd_context *ctx, int64_t id)
{
	struct buf raw = { .max = 1 << 30 };
	enum status rc = store_inbound_raw(ctx->store, id, &raw, &ctx->err);

	if (rc == ST_OK && fwrite(buf_cstr(&raw), 1, raw.n, stdout) != raw.n)
		rc = err_set(&ctx->err, ST_BROKEN,
		    "the message could not be written out: is the disk full?");
	buf_free(&raw);
	return rc == ST_OK ? 0 : 1;
}

static void
print_saved(void *arg, const char *name, size_t bytes)
{
	const struct cmd_context *ctx = arg;

	cmd_print_object(ctx, json_pack("{s:o s:I}", "saved", row_word(name),
				  "size", (json_int_t)bytes));
}

/* What residents attach comes from strangers. */
static int
save_files(struct cmd_context *ctx, int64_t id, const char *folder)
{
	if (attachment_save(ctx->store, ctx->config, id, folder, print_saved,
		ctx, &ctx->err) != ST_OK)
		return 1;
	fprintf(
	    stderr, "saved in %s; open files of strangers with care\n", folder);
	return 0;
}

static int
show(struct cmd_context *ctx, int argc, char **argv)
{
	bool raw = argc == 3 && strcmp(argv[2], "--raw") == 0;
	bool save = argc == 4 && strcmp(argv[2], "--save") == 0;
	struct arena a = { 0 };
	struct inbound in;
	json_t *row;
	int code = 1;

	if ((argc != 2 && !raw && !save) || row_id(argv[1]) == 0)
		return cmd_fail(ctx, 2,
		    "usage: uwaga inbound show ID [--raw | --save FOLDER]");
	if (save)
		return save_files(ctx, row_id(argv[1]), argv[3]);
	if (raw)
		return show_raw(ctx, row_id(argv[1]));
	if (store_inbound_get(
		ctx->store, row_id(argv[1]), &a, &in, &ctx->err) != ST_OK)
		goto out;
	row = row_of_inbound(ctx, &in);
	if (add_belongings(ctx, row, in.id) != ST_OK) {
		json_decref(row);
		goto out;
	}
	print_message(ctx, row, &in);
	code = 0;
out:
	arena_free(&a);
	return code;
}

/* ---- dismiss ----------------------------------------------------------- */

struct dismissal {
	int64_t id;
	const char *as, *why;
};

/* What a message can turn out to be when staff read it.  One that was filed
 * keeps its fate: staff have looked at it, that is all. */
static enum status
judge(struct cmd_context *ctx, struct inbound *in, const struct dismissal *d)
{
	static const enum fate may_be[] = { FATE_SPAM, FATE_THANKS,
		FATE_AUTOMATIC, FATE_LIST, FATE_EMPTY, FATE_DUPLICATE,
		FATE_RSVP, FATE_WITHDRAWN, FATE_STAFF };
	bool waits = inbound_waits(in);
	enum fate fate = d->as != NULL		       ? fate_by_name(d->as)
			 : in->fate == FATE_UNREADABLE ? FATE_UNREADABLE
						       : FATE_SPAM;
	bool possible = d->as == NULL;

	for (size_t i = 0; i < sizeof(may_be) / sizeof(may_be[0]); i++)
		possible |= may_be[i] == fate;
	if (!possible)
		return err_set(&ctx->err, ST_REJECT,
		    "--as %.40s: say spam, thanks, automatic, list, empty, "
		    "duplicate, rsvp, withdrawn or staff",
		    d->as);
	if (!waits && !in->needs_staff)
		return err_set(&ctx->err, ST_REJECT,
		    "message %lld is not waiting: its fate is \"%s\"",
		    (long long)in->id, fate_name(in->fate));
	in->needs_staff = false;
	if (waits) {
		in->fate = fate;
		in->settled_by = in->id; /* by nothing that came later */
	}
	return ST_OK;
}

static enum status
dismiss_one(struct cmd_context *ctx, const struct dismissal *d)
{
	struct arena a = { 0 };
	struct inbound in;
	char why[400], subject[40];
	enum status rc =
	    store_inbound_get(ctx->store, d->id, &a, &in, &ctx->err);
	const char *old = rc == ST_OK ? fate_name(in.fate) : "";

	if (rc == ST_OK)
		rc = judge(ctx, &in, d);
	if (rc != ST_OK)
		goto out;
	snprintf(why, sizeof(why), "%.200s; dismissed by staff%s%.150s", in.why,
	    d->why == NULL ? "" : ": ", d->why == NULL ? "" : d->why);
	in.why = why;
	rc = store_inbound_update(ctx->store, &in, &ctx->err);
	snprintf(subject, sizeof(subject), "message %lld", (long long)in.id);
	if (rc == ST_OK)
		rc = row_audit(ctx, "inbound dismiss", subject,
		    json_pack("{s:s}", "fate", old),
		    json_pack("{s:s s:o}", "fate", fate_name(in.fate), "why",
			row_text(why)));
out:
	arena_free(&a);
	return rc;
}

static int
dismiss(struct cmd_context *ctx, int argc, char **argv)
{
	static const char usage[] =
	    "usage: uwaga inbound dismiss ID... [--as FATE] [--why TEXT]";
	struct dismissal d = { 0 };
	const struct cmd_option options[] = {
		{ "as", .text = &d.as },
		{ "why", .text = &d.why },
		{ NULL },
	};
	enum status rc = ST_OK;
	int code;

	if (!cmd_read_options(options, argc, argv))
		return cmd_fail(ctx, 2, "%s", usage);
	for (int i = optind; i < argc; i++)
		if (row_id(argv[i]) == 0)
			return cmd_fail(ctx, 2, "%s", usage);
	if (optind == argc)
		return cmd_fail(ctx, 2, "%s", usage);
	if (!cmd_may_write(ctx) || store_begin(ctx->store, &ctx->err) != ST_OK)
		return 1;
	for (int i = optind; i < argc && rc == ST_OK; i++) {
		d.id = row_id(argv[i]);
		rc = dismiss_one(ctx, &d);
	}
	code = row_finish(ctx, rc);
	if (code == 0 && !ctx->json)
		printf("%d message%s dismissed.\n", argc - optind,
		    argc - optind == 1 ? "" : "s");
	return code;
}

/* ---- assign and retry -------------------------------------------------- */

/* One message filed by staff, or decided again: `code` NULL. */
static enum status
file_one(struct cmd_context *ctx, int64_t id, const char *code)
{
	struct intake *intake = NULL;
	struct keys *keys = NULL;
	enum status rc = keys_read(&keys, ctx->config->keys_file, &ctx->err);

	if (rc == ST_OK)
		rc = intake_open(
		    &intake, ctx->store, ctx->config, keys, &ctx->err);
	if (rc == ST_OK)
		rc = code != NULL
			 ? intake_assign(intake, id, code, ctx->who, &ctx->err)
			 : intake_retry(intake, id, ctx->who, &ctx->err);
	intake_close(intake);
	keys_free(keys);
	return rc;
}

/* Says what has become of it; its author's answer leaves with the next run. */
static int
tell_fate(struct cmd_context *ctx, int64_t id)
{
	struct arena a = { 0 };
	struct inbound in;
	enum status rc = store_inbound_get(ctx->store, id, &a, &in, &ctx->err);

	if (rc == ST_OK && ctx->json)
		cmd_print_object(ctx, row_of_inbound(ctx, &in));
	else if (rc == ST_OK)
		printf("Message %lld: %s (%s).\n", (long long)id,
		    fate_name(in.fate), in.why);
	arena_free(&a);
	return rc == ST_OK ? 0 : 1;
}

static int
assign(struct cmd_context *ctx, int argc, char **argv)
{
	int64_t id = argc == 3 ? row_id(argv[1]) : 0;
	char code[CODE_TEXT_MAX];

	if (id == 0)
		return cmd_fail(ctx, 2, "usage: uwaga inbound assign ID CODE");
	if (!cmd_may_write(ctx))
		return 1;
	/* An alias is no code, but is one to the store. */
	if (code_read(code, span_of(argv[2]), ctx->config->code_prefix, NULL) !=
	    ST_OK)
		snprintf(code, sizeof(code), "%s", argv[2]);
	if (file_one(ctx, id, code) != ST_OK)
		return 1;
	return tell_fate(ctx, id);
}

static int
retry(struct cmd_context *ctx, int argc, char **argv)
{
	int64_t id = argc == 2 ? row_id(argv[1]) : 0;

	if (id == 0)
		return cmd_fail(ctx, 2, "usage: uwaga inbound retry ID");
	if (!cmd_may_write(ctx) || file_one(ctx, id, NULL) != ST_OK)
		return 1;
	return tell_fate(ctx, id);
}

static int
run(struct cmd_context *ctx, int argc, char **argv)
{
	static const struct cmd_verb verbs[] = {
		{ "list", list },
		{ "show", show },
		{ "assign", assign },
		{ "retry", retry },
		{ "dismiss", dismiss },
		{ NULL, NULL },
	};

	return cmd_run_verb(ctx, verbs, argc, argv);
}

const struct cmd cmd_inbound = {
	.name = "inbound",
	.summary = "the messages that wait for staff",
	.help =
	    "usage: uwaga inbound list [--all | --fate FATE]\n"
	    "       uwaga inbound show ID [--raw | --save FOLDER]\n"
	    "       uwaga inbound assign ID CODE\n"
	    "       uwaga inbound retry ID\n"
	    "       uwaga inbound dismiss ID... [--as FATE] [--why TEXT]\n"
	    "\n"
	    "list     held and unreadable messages that nobody has settled, and\n"
	    "         filed ones that staff should look at\n"
	    "show     one message, what it yielded and what it was answered;\n"
	    "         --raw writes its bytes as they came, --save its\n"
	    "         attachments into a folder\n"
	    "assign   files a held message under a consultation, as of the time\n"
	    "         it came; its author gets the confirmation\n"
	    "retry    parses and decides a held or unreadable message again\n"
	    "dismiss  puts messages away.  --as says what they were: spam (when\n"
	    "         nothing is said of a held one), thanks, automatic, list,\n"
	    "         empty, duplicate, rsvp, withdrawn, staff.  A filed one\n"
	    "         keeps its fate.  Nothing is deleted.\n",
	.needs = NEEDS_STORE,
	.run = run,
};

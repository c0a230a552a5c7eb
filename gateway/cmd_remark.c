/* cmd_remark - the remarks: list, search, show, assign
 *
 * Place: staff; splitting is in remark_split.c, answering in remark_answer.c.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/cmd_list.h"
#include "gateway/remark_answer.h"
#include "gateway/remark_split.h"
#include "gateway/row.h"

static const char *const states[] = { "new", "assigned", "corrected", "split",
	"merged", "withdrawn", "answer_drafted", "answer_approved", "answered",
	"published", NULL };

static const struct cmd_column columns[] = {
	{ "number", "remark", 0 },
	{ "received_at", "received", 0 },
	{ "channel", "by", 0 },
	{ "from_name", "from", 24 },
	{ "state", "state", 0 },
	{ "verdict", "verdict", 16 },
	{ "assignee", "with", 16 },
	{ "text", "text", 60 },
	{ "id", NULL, 0 },
	{ "code", NULL, 0 },
	{ "from", NULL, 0 },
	{ "to", NULL, 0 },
	{ "provisions", NULL, 0 },
	{ "filed_at", NULL, 0 },
	{ "fate", NULL, 0 },
	{ "why", NULL, 0 },
	{ "inbound", NULL, 0 },
	{ "split_from", NULL, 0 },
	{ "version", NULL, 0 },
	{ "reasons", NULL, 0 },
	{ "answered_at", NULL, 0 },
	{ "answered_by", NULL, 0 },
	{ "needs_staff", NULL, 0 },
	{ "source", NULL, 0 },
	{ "external_id", NULL, 0 },
	{ "message_id", NULL, 0 },
	{ "template", NULL, 0 },
	{ "attempts", NULL, 0 },
	{ "receipt", NULL, 0 },
	{ NULL, NULL, 0 },
};

/* ---- list and search --------------------------------------------------- */

/* A remark, with where its message came from. */
static enum status
add_row(void *arg, const struct remark *r)
{
	struct row_list *l = arg;
	struct arena a = { 0 };
	struct inbound in = { 0 };
	json_t *row;
	enum status rc = ST_OK;

	if (r->inbound_id != 0)
		rc = store_inbound_get(
		    l->ctx->store, r->inbound_id, &a, &in, &l->ctx->err);
	if (rc == ST_OK) {
		row = row_of_remark(l->ctx, r);
		json_object_set_new(row, "to", row_word(in.to));
		json_object_set_new(row, "source", row_word(in.source));
		json_object_set_new(
		    row, "external_id", row_word(in.external_key));
		json_object_set_new(row, "message_id", row_word(in.message_id));
		cmd_table_row(l->table, row);
	}
	arena_free(&a);
	return rc;
}

static int
print_list(struct cmd_context *ctx, const struct remark_filter *filter)
{
	struct row_list l = { ctx, cmd_table_new(ctx, columns) };
	enum status rc =
	    store_remark_list(ctx->store, filter, add_row, &l, &ctx->err);

	cmd_table_end(l.table, rc == ST_OK ? "No remarks." : NULL);
	return rc == ST_OK ? 0 : 1;
}

static bool
is_state(const char *word)
{
	for (int i = 0; states[i] != NULL; i++)
		if (strcmp(states[i], word) == 0)
			return true;
	return false;
}

/* "--code CODE" and "--state STATE" as a filter; the words that are left begin
 * at optind. */
static int
read_options(struct cmd_context *ctx, struct remark_filter *filter, int argc,
    char **argv)
{
	const char *code = NULL;
	const struct cmd_option options[] = {
		{ "code", .text = &code },
		{ "state", .text = &filter->state },
		{ NULL },
	};
	struct arena a = { 0 };
	struct consultation c = { 0 };
	enum status rc = ST_OK;

	if (!cmd_read_options(options, argc, argv))
		return cmd_fail(ctx, 2,
		    "remark %s: there is no such option; see uwaga remark "
		    "--help",
		    argv[0]);
	if (filter->state != NULL && !is_state(filter->state))
		return cmd_fail(ctx, 2,
		    "remark %s: there is no state \"%.40s\"; see uwaga "
		    "remark --help",
		    argv[0], filter->state);
	if (code != NULL)
		rc = cmd_find_consultation(ctx, code, &a, &c);
	filter->consultation_id = c.id;
	arena_free(&a);
	return rc == ST_OK ? 0 : 1;
}

static int
list(struct cmd_context *ctx, int argc, char **argv)
{
	struct remark_filter filter = { .limit = 0 };
	struct arena a = { 0 };
	struct consultation c = { 0 };
	int code = read_options(ctx, &filter, argc, argv);

	if (code != 0)
		return code;
	if (argc - optind > 1)
		return cmd_fail(
		    ctx, 2, "usage: uwaga remark list [CODE] [--state STATE]");
	if (argc - optind == 1) {
		if (cmd_find_consultation(ctx, argv[optind], &a, &c) != ST_OK)
			code = 1;
		filter.consultation_id = c.id;
	}
	arena_free(&a);
	return code == 0 ? print_list(ctx, &filter) : code;
}

static int
search(struct cmd_context *ctx, int argc, char **argv)
{
	struct remark_filter filter = { .limit = 0 };
	struct buf words = { .max = 4096 };
	int code = read_options(ctx, &filter, argc, argv);

	if (code != 0)
		return code;
	if (optind == argc)
		return cmd_fail(
		    ctx, 2, "usage: uwaga remark search WORD... [--code CODE]");
	for (int i = optind; i < argc; i++)
		buf_printf(&words, "%s ", argv[i]);
	filter.search = buf_cstr(&words);
	if (buf_status(&words, "what to search for", &ctx->err) != ST_OK)
		code = 1;
	else
		code = print_list(ctx, &filter);
	buf_free(&words);
	return code;
}

/* ---- show -------------------------------------------------------------- */

struct versions {
	struct cmd_context *ctx;
	json_t *list; /* owned */
};

static enum status
add_version(
    void *arg, int version, int64_t at_ms, const char *who, const char *text)
{
	struct versions *v = arg;

	json_array_append_new(
	    v->list, json_pack("{s:i s:o s:o s:o}", "version", version, "at",
			 cmd_json_time(v->ctx, at_ms), "who", row_word(who),
			 "text", row_text(text)));
	return ST_OK;
}

static void
print_versions(const json_t *versions)
{
	json_t *v;
	size_t i;

	json_array_foreach(versions, i, v)
	{
		const char *at = json_string_value(json_object_get(v, "at"));
		const char *who = json_string_value(json_object_get(v, "who"));
		char title[120];

		snprintf(title, sizeof(title), "version %d, %.40s, %.40s",
		    (int)json_integer_value(json_object_get(v, "version")),
		    at == NULL ? "" : at, who == NULL ? "its author" : who);
		row_print_text(
		    title, json_string_value(json_object_get(v, "text")));
	}
}

static int
show(struct cmd_context *ctx, int argc, char **argv)
{
	struct versions v = { ctx, NULL };
	struct arena a = { 0 };
	struct remark r;
	json_t *row, *answers = NULL;
	int code = 1;

	if (argc != 2)
		return cmd_fail(ctx, 2, "usage: uwaga remark show NAME");
	v.list = json_array();
	if (store_remark_find(ctx->store, argv[1], &a, &r, &ctx->err) !=
		ST_OK ||
	    store_remark_versions(
		ctx->store, r.id, add_version, &v, &ctx->err) != ST_OK ||
	    (answers = remark_answers(ctx, r.id)) == NULL)
		goto out;
	row = row_of_remark(ctx, &r);
	if (ctx->json) {
		json_object_set(row, "versions", v.list);
		json_object_set(row, "answers", answers);
	} else {
		json_object_del(row, "text");
		json_object_del(row, "reasons");
	}
	cmd_print_object(ctx, row);
	if (!ctx->json) {
		print_versions(v.list);
		remark_print_answers(answers);
	}
	code = 0;
out:
	json_decref(answers);
	json_decref(v.list);
	arena_free(&a);
	return code;
}

/* ---- assign ------------------------------------------------------------ */

/* The member of staff that `word` is: a name, an address or a login. */
static const char *
staff_name(const struct config *config, const char *word)
{
	struct span s = span_of(word);

	for (int i = 0; i < config->n_staff; i++) {
		const struct config_staff *staff = &config->staff[i];

		if (s.n > 0 && (span_is_nocase(s, staff->name) ||
				   span_is_nocase(s, staff->address) ||
				   span_is(s, staff->login)))
			return staff->name[0] != '\0' ? staff->name
						      : staff->address;
	}
	return NULL;
}

static enum status
assign_one(struct cmd_context *ctx, const char *name, const char *to)
{
	struct arena a = { 0 };
	struct remark r;
	char subject[80];
	enum status rc = store_remark_find(ctx->store, name, &a, &r, &ctx->err);
	bool fresh = rc == ST_OK && (strcmp(r.state, "new") == 0 ||
					strcmp(r.state, "corrected") == 0);

	if (rc == ST_OK && (strcmp(r.state, "withdrawn") == 0 ||
			       strcmp(r.state, "split") == 0 ||
			       strcmp(r.state, "merged") == 0))
		rc = err_set(&ctx->err, ST_REJECT,
		    "remark %s is %s: there is nothing to handle", r.name,
		    r.state);
	if (rc == ST_OK)
		rc = store_remark_set(ctx->store, r.id,
		    fresh ? "assigned" : r.state, to, &ctx->err);
	if (rc == ST_OK) {
		snprintf(subject, sizeof(subject), "remark %s", r.name);
		rc = row_audit(ctx, "remark assign", subject,
		    json_pack("{s:s s:o}", "state", r.state, "assignee",
			row_word(r.assignee)),
		    json_pack("{s:s s:o}", "state",
			fresh ? "assigned" : r.state, "assignee",
			row_word(to)));
	}
	arena_free(&a);
	return rc;
}

static int
assign(struct cmd_context *ctx, int argc, char **argv)
{
	static const char usage[] =
	    "usage: uwaga remark assign NAME... --to STAFF";
	const char *to = NULL, *name;
	const struct cmd_option options[] = {
		{ "to", .text = &to },
		{ NULL },
	};
	enum status rc = ST_OK;
	int code;

	if (!cmd_read_options(options, argc, argv) || to == NULL ||
	    optind == argc)
		return cmd_fail(ctx, 2, "%s", usage);
	name = staff_name(ctx->config, to);
	if (name == NULL)
		return cmd_fail(ctx, 1,
		    "\"%.60s\" is no member of staff: name, address and login "
		    "are in the staff sections of %s",
		    to, ctx->config_path);
	if (!cmd_may_write(ctx) || store_begin(ctx->store, &ctx->err) != ST_OK)
		return 1;
	for (int i = optind; i < argc && rc == ST_OK; i++)
		rc = assign_one(ctx, argv[i], name);
	code = row_finish(ctx, rc);
	if (code == 0 && !ctx->json)
		printf("%d remark%s with %s now.\n", argc - optind,
		    argc - optind == 1 ? " is" : "s are", name);
	return code;
}

static int
run(struct cmd_context *ctx, int argc, char **argv)
{
	static const struct cmd_verb verbs[] = {
		{ "list", list },
		{ "search", search },
		{ "show", show },
		{ "assign", assign },
		{ "split", remark_split },
		{ "answer", remark_answer },
		{ NULL, NULL },
	};

	return cmd_run_verb(ctx, verbs, argc, argv);
}

const struct cmd cmd_remark = {
	.name = "remark",
	.summary = "the remarks: list, search, show, assign, split, answer",
	.help =
	    "usage: uwaga remark list [CODE] [--state STATE]\n"
	    "       uwaga remark search WORD... [--code CODE] [--state STATE]\n"
	    "       uwaga remark show NAME\n"
	    "       uwaga remark assign NAME... --to STAFF\n"
	    "       uwaga remark split NAME --at TEXT... | --file FILE\n"
	    "       uwaga remark answer NAME... --verdict VERDICT\n"
	    "                    --reasons TEXT | --file FILE [--wording TEXT]\n"
	    "                    [--dry-run]\n"
	    "\n"
	    "NAME is the number a remark was confirmed with: BL-7M4H/12.\n"
	    "\n"
	    "STATE is new, assigned, corrected, split, merged, withdrawn, "
	    "answer_drafted,\nanswer_approved, answered or published.\n\n"
	    "search  all the words, in any case, with or without Polish marks;\n"
	    "        the beginning of a word is enough (lawk finds ławki)\n"
	    "assign  gives it to a member of staff: name, address or login\n"
	    "split   makes several remarks of one that makes several points;\n"
	    "        they get new numbers, the old one stays and says so.\n"
	    "        --at TEXT    a new part begins at these words (once for each\n"
	    "                     cut)\n"
	    "        --file FILE  the parts, with a line --- between them; each\n"
	    "                     must stand in the remark word for word\n"
	    "answer  what the office decided, for one remark or for alike ones\n"
	    "        together; the authors are told at once, by mail or text.\n"
	    "        Another answer later takes the place of the first.\n"
	    "        --verdict V  as verdicts.tsv of the language has them:\n"
	    "                     accepted, partly, rejected, off_topic,\n"
	    "                     explained, or what people read instead\n"
	    "        --reasons TEXT, --file FILE   why: never left out\n"
	    "        --wording TEXT   the new wording of the draft, if any\n"
	    "        --dry-run    shows who would be told what; changes nothing\n",
	.needs = NEEDS_STORE,
	.run = run,
};

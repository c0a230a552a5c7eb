/* cmd_consultation - what people are asked about: add, list, open, close
 *
 * Place: staff; meetings are cmd_meeting's.
 */
#include <stdio.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/cmd_list.h"
#include "gateway/import.h"
#include "gateway/keys.h"
#include "gateway/store_consultation.h"
#include "parsers/code.h"

enum { LIST_MAX = 16 << 10, CODE_TRIES = 1000 };

static json_t *
to_json(const struct cmd_context *ctx, const struct consultation *c)
{
	enum phase_state state = consultation_state(c, clock_now());

	return json_pack("{s:I s:s s:s s:s s:s s:s s:s s:s s:s s:o s:o s:o "
			 "s:o s:o s:I}",
	    "id", (json_int_t)c->id, "code", c->code, "title_short",
	    c->title_short, "title", c->title, "case_ref", c->case_ref, "kind",
	    c->kind, "owner", c->owner, "phase", c->phase, "state",
	    phase_state_name(state), "opens_at",
	    cmd_json_time(ctx, c->opens_ms), "closes_at",
	    cmd_json_time(ctx, c->closes_ms), "communes",
	    cmd_json_lines(c->communes), "groups", cmd_json_lines(c->groups),
	    "aliases", cmd_json_lines(c->aliases), "remarks",
	    (json_int_t)c->remarks);
}

static int
list(struct cmd_context *ctx, int argc, char **argv)
{
	static const struct cmd_column columns[] = {
		{ "code", "code", 0 },
		{ "title_short", "title", 40 },
		{ "phase", "phase", 0 },
		{ "state", "state", 0 },
		{ "opens_at", "opens", 0 },
		{ "closes_at", "closes", 0 },
		{ "remarks", "remarks", 0 },
		{ "id", NULL, 0 },
		{ "title", NULL, 0 },
		{ "case_ref", NULL, 0 },
		{ "kind", NULL, 0 },
		{ "owner", NULL, 0 },
		{ "communes", NULL, 0 },
		{ "groups", NULL, 0 },
		{ "aliases", NULL, 0 },
		{ NULL, NULL, 0 },
	};
	struct arena a = { 0 };
	struct consultation *all;
	struct cmd_table *table;
	size_t n;

	if (argc != 1)
		return cmd_fail(ctx, 2,
		    "%s takes no \"%.100s\"; see uwaga --help", argv[0],
		    argv[1]);
	if (store_consultation_all(ctx->store, &a, &all, &n, &ctx->err) !=
	    ST_OK)
		return 1;
	table = cmd_table_new(ctx, columns);
	for (size_t i = 0; i < n; i++)
		cmd_table_row(table, to_json(ctx, &all[i]));
	cmd_table_end(
	    table, "No consultations yet; see uwaga consultation --help.");
	arena_free(&a);
	return 0;
}

static int
show(struct cmd_context *ctx, int argc, char **argv)
{
	struct arena a = { 0 };
	struct consultation c;
	int code = 0;

	if (argc != 2)
		return cmd_fail(ctx, 2, "say which: consultation show CODE");
	if (cmd_find_consultation(ctx, argv[1], &a, &c) != ST_OK)
		code = 1;
	else
		cmd_print_object(ctx, to_json(ctx, &c));
	arena_free(&a);
	return code;
}

static enum status
put(struct store *st, void *consultation, struct err *err)
{
	return store_consultation_put(st, consultation, err);
}

/* Stores the consultation as it now is, with the audit of it. */
static enum status
save(struct cmd_context *ctx, struct consultation *c, const char *what,
    const struct consultation *before)
{
	struct cmd_change change = { .what = what,
		.subject = c->code,
		.before = before == NULL ? NULL : to_json(ctx, before),
		.after = to_json(ctx, c),
		.make = put,
		.arg = c };

	return cmd_make_change(ctx, &change);
}

/* Is the code so far from every other that one slip cannot lead astray? */
static bool
is_apart(const char *code, const struct consultation *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (code_distance(span_of(code), span_of(all[i].code)) < 2)
			return false;
	return true;
}

/* A fresh code: random, with a digit that no word has, far from the others. */
static enum status
make_code(struct cmd_context *ctx, char out[CODE_TEXT_MAX])
{
	static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	struct arena a = { 0 };
	struct consultation *all;
	size_t n;
	enum status rc =
	    store_consultation_all(ctx->store, &a, &all, &n, &ctx->err);

	for (int i = 0; i < CODE_TRIES && rc == ST_OK; i++) {
		char data[CODE_DATA];
		bool digit = false;

		rc = random_bytes(data, sizeof(data), &ctx->err);
		for (int k = 0; k < CODE_DATA; k++) {
			data[k] = alphabet[(unsigned char)data[k] % 32];
			digit |= data[k] >= '2' && data[k] <= '9';
		}
		snprintf(out, CODE_TEXT_MAX, "%s-%.3s%c",
		    ctx->config->code_prefix, data, code_check(data));
		if (rc == ST_OK && digit && is_apart(out, all, n))
			goto out;
	}
	if (rc == ST_OK)
		rc = err_set(&ctx->err, ST_LIMIT,
		    "no free code was found; give one with --code");
out:
	arena_free(&a);
	return rc;
}

/* What the options of add, open and close gave. */
struct given {
	struct consultation c;
	const char *opens, *closes;
	struct buf communes, groups, aliases;
};

static bool
add_line(void *arg, const char *line)
{
	struct buf *lines = arg;

	buf_printf(lines, "%s%s", lines->n > 0 ? "\n" : "", line);
	return true;
}

static bool
read_options(struct given *g, int argc, char **argv)
{
	const struct cmd_option options[] = {
		{ "code", .text = &g->c.code },
		{ "title", .text = &g->c.title },
		{ "title-short", .text = &g->c.title_short },
		{ "case-ref", .text = &g->c.case_ref },
		{ "kind", .text = &g->c.kind },
		{ "owner", .text = &g->c.owner },
		{ "phase", .text = &g->c.phase },
		{ "opens", .text = &g->opens },
		{ "closes", .text = &g->closes },
		{ "commune", .take = add_line, .arg = &g->communes },
		{ "group", .take = add_line, .arg = &g->groups },
		{ "alias", .take = add_line, .arg = &g->aliases },
		{ NULL },
	};

	return cmd_read_options(options, argc, argv);
}

static enum status
read_time(struct cmd_context *ctx, const char *option, const char *text,
    const char *zone, int64_t *ms)
{
	enum status rc = import_time(ms, zone, text, &ctx->err);

	return rc == ST_OK ? rc : err_prefix(&ctx->err, rc, option);
}

/* An alias that is another consultation's code or alias would lead astray. */
static enum status
check_aliases(struct cmd_context *ctx, const char *aliases)
{
	struct span rest = span_of(aliases), line;
	struct arena a = { 0 };
	enum status rc = ST_OK;

	while (rc == ST_OK && span_line(&rest, &line)) {
		struct consultation other = { 0 };
		const char *alias = arena_copy(&a, line).p;

		rc = store_consultation_find(
		    ctx->store, alias, &a, &other, &ctx->err);
		if (rc == ST_OK && other.id != 0)
			rc = err_set(&ctx->err, ST_REJECT,
			    "the alias \"%.40s\" leads to %s already", alias,
			    other.code);
	}
	arena_free(&a);
	return rc;
}

/* Fills in what was not given and checks the whole. */
static enum status
complete(struct cmd_context *ctx, struct given *g, char code[CODE_TEXT_MAX],
    struct arena *a)
{
	struct import im = { .st = ctx->store, .config = ctx->config };
	struct consultation *c = &g->c, other = { 0 };
	enum status rc;

	c->timezone = ctx->config->timezone;
	rc = read_time(ctx, "--opens", g->opens, c->timezone, &c->opens_ms);
	if (rc == ST_OK)
		rc = read_time(
		    ctx, "--closes", g->closes, c->timezone, &c->closes_ms);
	if (rc == ST_OK && c->code == NULL)
		rc = make_code(ctx, code);
	else if (rc == ST_OK)
		rc = code_read(code, span_of(c->code), ctx->config->code_prefix,
		    &ctx->err);
	if (rc != ST_OK)
		return rc;
	c->code = code;
	if (c->title_short == NULL)
		c->title_short = c->title;
	c->opens_local = import_local(a, c->timezone, c->opens_ms);
	c->closes_local = import_local(a, c->timezone, c->closes_ms);
	c->communes = buf_cstr(&g->communes);
	c->groups = buf_cstr(&g->groups);
	c->aliases = buf_cstr(&g->aliases);
	rc = import_check_consultation(&im, c, &ctx->err);
	if (rc == ST_OK)
		rc = store_consultation_find(
		    ctx->store, code, a, &other, &ctx->err);
	if (rc == ST_OK && other.id != 0)
		rc = err_set(&ctx->err, ST_REJECT,
		    "%s is there already: %.100s", code, other.title_short);
	return rc == ST_OK ? check_aliases(ctx, c->aliases) : rc;
}

static int
add(struct cmd_context *ctx, int argc, char **argv)
{
	struct given g = { .c = { .case_ref = "",
			       .kind = "",
			       .owner = "",
			       .phase = "remarks" },
		.communes = { .max = LIST_MAX },
		.groups = { .max = LIST_MAX },
		.aliases = { .max = LIST_MAX } };
	char code[CODE_TEXT_MAX];
	struct arena a = { 0 };
	int exit_code = 1;

	if (!cmd_may_write(ctx))
		return 1;
	if (!read_options(&g, argc, argv) || optind != argc ||
	    g.c.title == NULL || g.opens == NULL || g.closes == NULL)
		exit_code = cmd_fail(ctx, 2,
		    "consultation add needs --title, --opens and --closes; see "
		    "uwaga consultation --help");
	else if (complete(ctx, &g, code, &a) == ST_OK &&
		 save(ctx, &g.c, "consultation added", NULL) == ST_OK) {
		if (ctx->json)
			cmd_print_object(ctx, to_json(ctx, &g.c));
		else
			printf("Added %s.\n", code);
		exit_code = 0;
	}
	buf_free(&g.communes);
	buf_free(&g.groups);
	buf_free(&g.aliases);
	arena_free(&a);
	return exit_code;
}

/* Opens: from now (or --opens) on, until --closes if given. */
static enum status
move_opening(
    struct cmd_context *ctx, struct consultation *c, const struct given *g)
{
	int64_t now = clock_now();
	enum status rc = ST_OK;

	c->opens_ms = c->opens_ms == 0 || c->opens_ms > now ? now : c->opens_ms;
	if (g->opens != NULL)
		rc = read_time(
		    ctx, "--opens", g->opens, c->timezone, &c->opens_ms);
	if (rc == ST_OK && g->closes != NULL)
		rc = read_time(
		    ctx, "--closes", g->closes, c->timezone, &c->closes_ms);
	if (rc == ST_OK && c->closes_ms != 0 && c->closes_ms <= now)
		rc = err_set(&ctx->err, ST_REJECT,
		    "%s closed at %s; give its new end with --closes TIME",
		    c->code, c->closes_local);
	return rc;
}

/* Closes: now, or at --closes. */
static enum status
move_closing(
    struct cmd_context *ctx, struct consultation *c, const struct given *g)
{
	int64_t now = clock_now();

	if (g->closes != NULL)
		return read_time(
		    ctx, "--closes", g->closes, c->timezone, &c->closes_ms);
	if (c->closes_ms != 0 && c->closes_ms <= now)
		return err_set(&ctx->err, ST_REJECT,
		    "%s is closed already, since %s", c->code, c->closes_local);
	c->closes_ms = now;
	return ST_OK;
}

static int
move(struct cmd_context *ctx, int argc, char **argv, const char *what,
    enum status (*change)(
	struct cmd_context *ctx, struct consultation *c, const struct given *g))
{
	struct import im = { .st = ctx->store, .config = ctx->config };
	struct given g = { .opens = NULL };
	struct consultation c, before;
	struct arena a = { 0 };
	int code = 1;

	if (!cmd_may_write(ctx))
		return 1;
	if (!read_options(&g, argc, argv) || optind != argc - 1)
		return 2;
	if (cmd_find_consultation(ctx, argv[optind], &a, &c) != ST_OK)
		goto out;
	before = c;
	if (change(ctx, &c, &g) != ST_OK)
		goto out;
	c.opens_local = import_local(&a, c.timezone, c.opens_ms);
	c.closes_local = import_local(&a, c.timezone, c.closes_ms);
	if (import_check_consultation(&im, &c, &ctx->err) != ST_OK ||
	    save(ctx, &c, what, &before) != ST_OK)
		goto out;
	if (ctx->json)
		cmd_print_object(ctx, to_json(ctx, &c));
	else
		printf("%s is %s: from %s to %s.\n", c.code,
		    phase_state_name(consultation_state(&c, clock_now())),
		    c.opens_local, c.closes_local);
	code = 0;
out:
	arena_free(&a);
	return code;
}

static int
open_it(struct cmd_context *ctx, int argc, char **argv)
{
	return move(ctx, argc, argv, "consultation opened", move_opening);
}

static int
close_it(struct cmd_context *ctx, int argc, char **argv)
{
	return move(ctx, argc, argv, "consultation closed", move_closing);
}

static int
import_file(struct cmd_context *ctx, int argc, char **argv)
{
	if (argc != 2)
		return cmd_fail(
		    ctx, 2, "say what: consultation import FILE.json");
	return import_run(ctx, argv[1], import_consultations,
	    "consultations imported", "consultations");
}

static int
run(struct cmd_context *ctx, int argc, char **argv)
{
	static const struct cmd_verb verbs[] = {
		{ "add", add },
		{ "list", list },
		{ "show", show },
		{ "open", open_it },
		{ "close", close_it },
		{ "import", import_file },
		{ NULL, NULL },
	};

	return cmd_run_verb(ctx, verbs, argc, argv);
}

const struct cmd cmd_consultation = {
	.name = "consultation",
	.summary = "what people are asked about: add, list, open, close",
	.help =
	    "usage: uwaga consultation list\n"
	    "       uwaga consultation show CODE\n"
	    "       uwaga consultation add --title TEXT --opens TIME --closes "
	    "TIME [options]\n"
	    "       uwaga consultation open CODE [--closes TIME]\n"
	    "       uwaga consultation close CODE [--closes TIME]\n"
	    "       uwaga consultation import FILE.json\n\n"
	    "TIME is 2026-12-04T23:59:59+01:00, or local: \"2026-12-04 "
	    "15:00\".\n"
	    "A message counts when it is received from opens on and before "
	    "closes.\n\n"
	    "  --code CODE        else a fresh one is made\n"
	    "  --title-short TEXT for texts and tables\n"
	    "  --case-ref TEXT    the office's case reference\n"
	    "  --kind WORD        draft_resolution, plan, programme, strategy\n"
	    "  --owner NAME       who answers for it\n"
	    "  --phase WORD       needs or remarks (the default)\n"
	    "  --commune NAME     may be given several times, as may\n"
	    "  --group NAME       who may take part, and\n"
	    "  --alias WORD       another word that stands for the code\n",
	.needs = NEEDS_STORE,
	.run = run,
};

/* cmd - what staff commands share: refusing, and printing rows
 *
 * Place: every cmd_<name>.c prints through here, so that --json and the tables
 * look alike everywhere.
 */
#include "gateway/cmd.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "gateway/clock.h"
#include "gateway/store_chain.h"
#include "parsers/code.h"

enum { COLUMNS_MAX = 40, CELL_MAX = 1 << 20, OPTIONS_MAX = 16 };

struct cmd_table {
	const struct cmd_column *columns; /* borrowed */
	bool json;
	int n_columns;
	json_t *rows; /* owned; tables are printed once all widths are known */
	size_t n_rows;
};

int
cmd_fail(struct cmd_context *ctx, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(ctx->err.text, sizeof(ctx->err.text), fmt, ap);
	va_end(ap);
	return code;
}

bool
cmd_may_write(struct cmd_context *ctx)
{
	if (ctx->may_write)
		return true;
	cmd_fail(ctx, 1,
	    "%.60s may only read; who may change things is named by login in "
	    "the staff sections of %.200s",
	    ctx->who,
	    ctx->config_path == NULL ? "the configuration" : ctx->config_path);
	return false;
}

static bool
has_right(
    struct cmd_context *ctx, bool has, const char *what, const char *right)
{
	if (has)
		return true;
	cmd_fail(ctx, 1,
	    "%.60s may not %s: that needs the right \"%s\" in the staff "
	    "sections of %.200s",
	    ctx->who, what, right,
	    ctx->config_path == NULL ? "the configuration" : ctx->config_path);
	return false;
}

bool
cmd_may_announce(struct cmd_context *ctx)
{
	return has_right(ctx, ctx->may_announce, "send to many", "announce");
}

bool
cmd_may_answer(struct cmd_context *ctx)
{
	return has_right(ctx, ctx->may_answer, "answer remarks", "answer");
}

struct cmd_table *
cmd_table_new(const struct cmd_context *ctx, const struct cmd_column *columns)
{
	struct cmd_table *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->columns = columns;
	t->json = ctx->json;
	while (columns[t->n_columns].key != NULL)
		t->n_columns++;
	t->rows = json_array();
	return t;
}

static void
print_json(const struct cmd_table *t, const json_t *row)
{
	for (int i = 0; i < t->n_columns; i++) {
		json_t *value = json_object_get(row, t->columns[i].key);
		char *text =
		    value == NULL
			? NULL
			: json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

		printf("%s\"%s\":%s", i == 0 ? "{" : ",", t->columns[i].key,
		    text == NULL ? "null" : text);
		free(text);
	}
	printf("}\n");
}

void
cmd_table_row(struct cmd_table *table, json_t *row)
{
	if (table == NULL) {
		json_decref(row);
		return;
	}
	table->n_rows++;
	if (!table->json) {
		json_array_append_new(table->rows, row);
		return;
	}
	print_json(table, row);
	json_decref(row);
}

/* The next character of `s`: how many bytes, and how wide it is shown.  What
 * could move the cursor or hide text (controls, direction marks) is 0 wide
 * and `*shown` false: a resident's words must not draw on staff's screen. */
static size_t
next_char(struct span s, int *width, bool *shown)
{
	utf8proc_int32_t c;
	utf8proc_ssize_t n = utf8proc_iterate(
	    (const utf8proc_uint8_t *)s.p, (utf8proc_ssize_t)s.n, &c);
	utf8proc_category_t category;

	if (n <= 0) {
		*width = 0;
		*shown = false;
		return 1;
	}
	category = utf8proc_category(c);
	*shown = category != UTF8PROC_CATEGORY_CC &&
		 category != UTF8PROC_CATEGORY_CF &&
		 category != UTF8PROC_CATEGORY_ZL &&
		 category != UTF8PROC_CATEGORY_ZP;
	*width = *shown ? utf8proc_charwidth(c) : 0;
	return (size_t)n;
}

static int
width_of(struct span s)
{
	int sum = 0, width;
	bool shown;

	while (s.n > 0) {
		s = span_from(s, next_char(s, &width, &shown));
		sum += width;
	}
	return sum;
}

/* A cell's text, on one line; `limit` > 0 cuts it with "…". */
static void
cell_text(struct buf *out, const json_t *value, int limit)
{
	struct span s;
	int used = 0, width;
	bool shown, cut;

	buf_reset(out);
	if (json_is_integer(value)) {
		buf_printf(out, "%lld", (long long)json_integer_value(value));
		return;
	}
	if (json_is_boolean(value)) {
		buf_str(out, json_is_true(value) ? "yes" : "no");
		return;
	}
	if (!json_is_string(value))
		return;
	s = (struct span){ json_string_value(value),
		json_string_length(value) };
	cut = limit > 0 && width_of(s) > limit;
	while (s.n > 0) {
		size_t n = next_char(s, &width, &shown);

		if (cut && used + width > limit - 1)
			break;
		if (shown)
			buf_add(out, span_sub(s, 0, n));
		else if (n == 1 && (s.p[0] == '\n' || s.p[0] == '\t')) {
			buf_char(out, ' ');
			used++;
		}
		used += width;
		s = span_from(s, n);
	}
	if (cut)
		buf_str(out, "…");
}

static void
print_cell(struct span text, int width, bool right, bool last)
{
	int pad = width - width_of(text);

	if (right && pad > 0)
		printf("%*s", pad, "");
	fwrite(text.p == NULL ? "" : text.p, 1, text.n, stdout);
	if (!right && !last && pad > 0)
		printf("%*s", pad, "");
	printf(last ? "\n" : "  ");
}

static void
print_table(const struct cmd_table *t)
{
	int width[COLUMNS_MAX] = { 0 }, last = 0;
	bool number[COLUMNS_MAX] = { false };
	struct buf cell = { .max = CELL_MAX };
	size_t i;
	json_t *row;

	for (int c = 0; c < t->n_columns && c < COLUMNS_MAX; c++) {
		if (t->columns[c].title == NULL)
			continue;
		last = c;
		width[c] = width_of(span_of(t->columns[c].title));
		json_array_foreach(t->rows, i, row)
		{
			json_t *v = json_object_get(row, t->columns[c].key);
			int w;

			cell_text(&cell, v, t->columns[c].width);
			w = width_of(buf_span(&cell));
			width[c] = w > width[c] ? w : width[c];
			number[c] |= json_is_integer(v);
		}
	}
	for (int c = 0; c <= last; c++)
		if (t->columns[c].title != NULL)
			print_cell(span_of(t->columns[c].title), width[c],
			    number[c], c == last);
	json_array_foreach(t->rows, i, row)
	{
		for (int c = 0; c <= last; c++) {
			if (t->columns[c].title == NULL)
				continue;
			cell_text(&cell,
			    json_object_get(row, t->columns[c].key),
			    t->columns[c].width);
			print_cell(
			    buf_span(&cell), width[c], number[c], c == last);
		}
	}
	buf_free(&cell);
}

void
cmd_table_end(struct cmd_table *table, const char *empty)
{
	if (table == NULL) {
		fprintf(stderr, "uwaga: out of memory\n");
		return;
	}
	if (!table->json && table->n_rows > 0)
		print_table(table);
	else if (!table->json && empty != NULL)
		printf("%s\n", empty);
	json_decref(table->rows);
	free(table);
}

int
cmd_run_verb(struct cmd_context *ctx, const struct cmd_verb *verbs, int argc,
    char **argv)
{
	struct buf names = { .max = 200 };
	int code;

	for (const struct cmd_verb *v = verbs; v->name != NULL; v++)
		if (argc > 1 && strcmp(argv[1], v->name) == 0)
			return v->run(ctx, argc - 1, argv + 1);
	for (const struct cmd_verb *v = verbs; v->name != NULL; v++)
		buf_printf(&names, "%s%s", names.n > 0 ? ", " : "", v->name);
	code = argc < 2
		   ? cmd_fail(ctx, 2, "%s: say what to do: %s", argv[0],
			 buf_cstr(&names))
		   : cmd_fail(ctx, 2, "%s: there is no \"%.40s\"; there are %s",
			 argv[0], argv[1], buf_cstr(&names));
	buf_free(&names);
	return code;
}

bool
cmd_read_options(const struct cmd_option *options, int argc, char **argv)
{
	struct option known[OPTIONS_MAX + 1] = { 0 };
	int c;

	for (int i = 0; i < OPTIONS_MAX && options[i].name != NULL; i++) {
		known[i].name = options[i].name;
		known[i].has_arg =
		    options[i].flag == NULL ? required_argument : no_argument;
		known[i].val = i;
	}
	optind = 0; /* another command line than main's */
	opterr = 0;
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		const struct cmd_option *o;

		if (c == '?')
			return false;
		o = &options[c];
		if (o->flag != NULL)
			*o->flag = true;
		else if (o->text != NULL)
			*o->text = optarg;
		else if (!o->take(o->arg, optarg))
			return false;
	}
	return true;
}

enum status
cmd_find_consultation(struct cmd_context *ctx, const char *word,
    struct arena *a, struct consultation *out)
{
	char code[CODE_TEXT_MAX];
	enum status rc =
	    code_read(code, span_of(word), ctx->config->code_prefix, NULL);

	*out = (struct consultation){ 0 };
	rc = store_consultation_find(
	    ctx->store, rc == ST_OK ? code : word, a, out, &ctx->err);
	if (rc == ST_OK && out->id == 0)
		rc = err_set(&ctx->err, ST_REJECT,
		    "there is no consultation \"%.40s\"; see uwaga "
		    "consultation list",
		    word);
	return rc;
}

enum status
cmd_make_change(struct cmd_context *ctx, struct cmd_change *change)
{
	char *before = change->before == NULL
			   ? NULL
			   : json_dumps(change->before, JSON_COMPACT);
	char *after = change->after == NULL
			  ? NULL
			  : json_dumps(change->after, JSON_COMPACT);
	enum status rc = store_begin(ctx->store, &ctx->err);

	if (rc != ST_OK)
		goto out;
	rc = change->make(ctx->store, change->arg, &ctx->err);
	if (rc == ST_OK)
		rc = store_audit(ctx->store,
		    &(struct audit){ .at_ms = clock_now(),
			.who = ctx->who,
			.what = change->what,
			.subject = change->subject,
			.before = before,
			.after = after },
		    &ctx->err);
	rc = store_end(ctx->store, rc, &ctx->err);
out:
	free(before);
	free(after);
	json_decref(change->before);
	json_decref(change->after);
	return rc;
}

json_t *
cmd_json_time(const struct cmd_context *ctx, int64_t ms)
{
	char text[32];

	if (ms == 0)
		return json_null();
	clock_format(text, ctx->config->timezone, ms);
	return json_string(text);
}

json_t *
cmd_json_lines(const char *lines)
{
	struct span rest = span_of(lines), line;
	json_t *list = json_array();

	while (span_line(&rest, &line))
		json_array_append_new(list, json_stringn(line.p, line.n));
	return list;
}

/* A list's texts with commas between. */
static void
join(struct buf *out, const json_t *list)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item) if (json_is_string(item))
	    buf_printf(out, "%s%s", i > 0 ? ", " : "", json_string_value(item));
}

void
cmd_print_object(const struct cmd_context *ctx, json_t *object)
{
	struct buf value = { .max = CELL_MAX }, list = { .max = CELL_MAX };
	const char *key;
	json_t *v;

	if (ctx->json) {
		char *text = json_dumps(object, JSON_COMPACT);

		printf("%s\n", text == NULL ? "{}" : text);
		free(text);
		json_decref(object);
		return;
	}
	json_object_foreach(object, key, v)
	{
		json_t *joined = NULL;

		if (json_is_array(v)) {
			buf_reset(&list);
			join(&list, v);
			joined = json_string(buf_cstr(&list));
		}
		cell_text(&value, joined == NULL ? v : joined, 0);
		if (value.n > 0)
			printf("%-14s %s\n", key, buf_cstr(&value));
		json_decref(joined);
	}
	json_decref(object);
	buf_free(&value);
	buf_free(&list);
}

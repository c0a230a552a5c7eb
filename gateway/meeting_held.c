/* meeting_held - a meeting took place: who came, and what they raised */
#include "gateway/meeting_held.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/file.h"
#include "gateway/row.h"
#include "gateway/store_held.h"
#include "gateway/store_chain.h"
#include "gateway/store_remark.h"
#include "parsers/code.h"
#include "parsers/text.h"

enum {
	PEOPLE_MAX = 1000000,
	GROUP_MAX = 80,
	POINT_MAX = 20000, /* bytes, as of reasons */
	POINTS_MAX = 500,
	FILE_MAX = 1 << 20,
	FLAWS_SHOWN = 20
};

/* What the command line says, in its order. */
struct notes {
	struct cmd_context *ctx; /* borrowed */
	struct arena arena;
	struct head_count *counts;
	struct point *points;
	int64_t *files; /* numbers of points that become remarks */
	size_t n_counts, n_points, n_files;
};

/* "mieszkańcy=12" */
static bool
read_count(void *arg, const char *option)
{
	struct notes *w = arg;
	struct span word = span_of(option);
	size_t at = span_find(word, "=");
	struct span group = span_sub(word, 0, at);
	struct span people = span_trim(span_from(word, at + 1));
	struct buf clean = { .max = 4 * GROUP_MAX };
	struct head_count *one;
	char *end;
	long n;

	row_clean_text(&clean, group);
	group = span_trim(arena_copy(&w->arena, buf_span(&clean)));
	buf_free(&clean);
	n = strtol(arena_copy(&w->arena, people).p, &end, 10);
	if (group.n == 0 || group.n > GROUP_MAX || !text_is_utf8(word) ||
	    people.n == 0 || *end != '\0' || n < 0 || n > PEOPLE_MAX)
		return false;
	one = arena_push(&w->arena, &w->counts, &w->n_counts, sizeof(*one));
	if (one == NULL)
		return false;
	*one = (struct head_count){ arena_copy(&w->arena, group).p, n };
	return true;
}

/* Takes a point as people will see it; else why it is none. */
static const char *
take_point(struct notes *w, struct span text)
{
	struct buf clean = { .max = 2 * POINT_MAX };
	const char *flaw = NULL;
	struct point *one;

	if (text.n <= POINT_MAX)
		row_clean_text(&clean, text);
	if (text.n > POINT_MAX)
		flaw = "longer than 20000 bytes: make several points of it";
	else if (!text_is_utf8(text))
		flaw = "not UTF-8: save the file as UTF-8 text";
	else if (span_trim(buf_span(&clean)).n == 0)
		flaw = "a point without words: write them or leave it out";
	else if (w->n_points == POINTS_MAX)
		flaw = "at most 500 points at once: put the rest into another "
		       "file";
	if (flaw == NULL) {
		one = arena_push(
		    &w->arena, &w->points, &w->n_points, sizeof(*one));
		if (one != NULL)
			*one = (struct point){ .text = arena_copy(&w->arena,
						   span_trim(buf_span(&clean)))
							   .p };
	}
	buf_free(&clean);
	return flaw;
}

static bool
read_point(void *arg, const char *text)
{
	struct notes *w = arg;
	const char *flaw = take_point(w, span_of(text));

	return flaw == NULL ||
	       err_set(&w->ctx->err, ST_REJECT, "--point: %s", flaw) == ST_OK;
}

/* A file of points, and how many lines of it are none. */
struct listing {
	struct notes *w;
	const char *path;
	size_t flaws;
};

static void
add_point(struct listing *l, struct span point, int line)
{
	const char *flaw;

	if (point.p == NULL)
		return;
	flaw = take_point(l->w, point);
	if (flaw != NULL && l->flaws++ < FLAWS_SHOWN)
		fprintf(stderr, "%.200s, line %d: %s\n", l->path, line, flaw);
}

/* "- words", "* words", and the mark alone. */
static bool
is_item(struct span line)
{
	return line.n > 0 && (line.p[0] == '-' || line.p[0] == '*') &&
	       (line.n == 1 || strchr(" \t\r\n", line.p[1]) != NULL);
}

/* A point a paragraph, or a line with a mark, which is left out. */
static void
add_paragraphs(struct listing *l, struct span text)
{
	struct span line, point = { NULL, 0 };
	int number = 0, from = 0;

	while (span_line(&text, &line)) {
		bool is_new = is_item(line);

		number++;
		if (is_new || span_trim(line).n == 0) {
			add_point(l, point, from);
			point = (struct span){ NULL, 0 };
		}
		if (span_trim(line).n == 0)
			continue;
		if (point.p == NULL) {
			point.p = line.p + is_new;
			from = number;
		}
		point.n = (size_t)(line.p + line.n - point.p);
	}
	add_point(l, point, from);
}

static bool
read_points(void *arg, const char *path)
{
	struct notes *w = arg;
	struct cmd_context *ctx = w->ctx;
	struct listing l = { .w = w, .path = path };
	struct buf text = { .max = FILE_MAX };
	size_t before = w->n_points;
	struct span all;
	bool good = false;

	if (file_take(&text, path, &ctx->err) != ST_OK)
		goto out;
	all = buf_span(&text);
	if (span_starts(all, "\xEF\xBB\xBF"))
		all = span_from(all, 3);
	if (!text_is_utf8(all)) {
		err_set(&ctx->err, ST_REJECT,
		    "%.200s is not UTF-8: save it as UTF-8 text", path);
		goto out;
	}
	add_paragraphs(&l, all);
	good = l.flaws == 0 && w->n_points > before;
	if (l.flaws > 0)
		err_set(&ctx->err, ST_REJECT,
		    "nothing was noted: %zu point%s of %.200s cannot be taken; "
		    "mend the file and give it again",
		    l.flaws, l.flaws == 1 ? "" : "s", path);
	else if (!good)
		err_set(&ctx->err, ST_REJECT, "%.200s has no points", path);
out:
	buf_free(&text);
	return good;
}

static bool
read_file(void *arg, const char *word)
{
	struct notes *w = arg;
	int64_t *one;

	if (row_id(word) == 0)
		return false;
	one = arena_push(&w->arena, &w->files, &w->n_files, sizeof(*one));
	if (one != NULL)
		*one = row_id(word);
	return one != NULL;
}

/* 0, or the exit code. */
static int
read_options(struct notes *w, int argc, char **argv)
{
	struct cmd_context *ctx = w->ctx;
	const struct cmd_option options[] = {
		{ "count", .take = read_count, .arg = w },
		{ "point", .take = read_point, .arg = w },
		{ "points", .take = read_points, .arg = w },
		{ "file", .take = read_file, .arg = w },
		{ NULL },
	};
	bool good = cmd_read_options(options, argc, argv);

	if (good && optind == argc - 1)
		return 0;
	if (good)
		return cmd_fail(
		    ctx, 2, "say which: meeting held KEY [options]");
	if (ctx->err.text[0] != '\0') /* it says what is wrong */
		return 1;
	return cmd_fail(ctx, 2,
	    "expected --count GROUP=NUMBER, --point TEXT, --points FILE or "
	    "--file NUMBER; see uwaga meeting --help");
}

static json_t *
counts_to_json(const struct head_count *all, size_t n)
{
	json_t *counts = json_object();

	for (size_t i = 0; i < n; i++)
		json_object_set_new(counts, all[i].group,
		    json_integer((json_int_t)all[i].people));
	return counts;
}

static enum status
check_meeting(struct cmd_context *ctx, const struct meeting *m)
{
	if (m->starts_ms > clock_now())
		return err_set(&ctx->err, ST_REJECT,
		    "meeting %.100s has not begun yet", m->key);
	if (strcmp(m->state, "cancelled") == 0)
		return err_set(&ctx->err, ST_REJECT,
		    "meeting %.100s was cancelled", m->key);
	return ST_OK;
}

/* Counts that were there already are corrected: the audit has both. */
static enum status
note_counts(struct cmd_context *ctx, const struct notes *w,
    const struct meeting *m, struct arena *a)
{
	struct head_count *before, *after;
	size_t n_before, n_after;
	json_t *old, *new;
	enum status rc = store_held_counts(
	    ctx->store, m->id, a, &before, &n_before, &ctx->err);

	for (size_t i = 0; i < w->n_counts && rc == ST_OK; i++)
		rc = store_held_count(
		    ctx->store, m->id, &w->counts[i], &ctx->err);
	if (rc == ST_OK)
		rc = store_held_counts(
		    ctx->store, m->id, a, &after, &n_after, &ctx->err);
	if (rc != ST_OK)
		return rc;
	old = json_pack("{s:s s:o}", "state", m->state, "counts",
	    counts_to_json(before, n_before));
	new = json_pack("{s:s s:o s:I}", "state", "held", "counts",
	    counts_to_json(after, n_after), "points", (json_int_t)w->n_points);
	return row_audit(ctx, "meeting held", m->key, old, new);
}

static enum status
file_point(
    struct cmd_context *ctx, const struct meeting *m, const struct point *p)
{
	char receipt[RECEIPT_SIZE];
	struct remark r = { .consultation_id = m->consultation_id,
		.text = p->text,
		.provisions = "",
		.state = "new",
		.at_meeting = true,
		.received_ms = m->starts_ms,
		.filed_ms = clock_now(),
		.assignee = "" };
	char subject[160];
	enum status rc;

	if (p->remark_id != 0)
		return err_set(&ctx->err, ST_REJECT,
		    "point %lld is remark %s already", (long long)p->number,
		    p->remark);
	rc = store_remark_add(ctx->store, &r, "filed", receipt, &ctx->err);
	if (rc == ST_OK)
		rc = store_held_filed(ctx->store, p->id, r.id, &ctx->err);
	snprintf(subject, sizeof(subject), "%.100s, point %lld", m->key,
	    (long long)p->number);
	return rc == ST_OK
		   ? row_audit(ctx, "meeting point filed", subject, NULL,
			 json_pack("{s:s s:I}", "code", m->code, "number",
			     (json_int_t)r.number))
		   : rc;
}

/* Of the points that are there, new ones too. */
static enum status
file_points(struct cmd_context *ctx, const struct notes *w,
    const struct meeting *m, struct arena *a)
{
	struct point *all;
	size_t n;
	enum status rc =
	    store_held_points(ctx->store, m->id, a, &all, &n, &ctx->err);

	for (size_t i = 0; i < w->n_files && rc == ST_OK; i++) {
		int64_t number = w->files[i];

		rc = number > (int64_t)n
			 ? err_set(&ctx->err, ST_REJECT,
			       "meeting %.100s has no point %lld", m->key,
			       (long long)number)
			 : file_point(ctx, m, &all[number - 1]);
	}
	return rc;
}

static enum status
note(struct cmd_context *ctx, struct notes *w, const char *key,
    struct meeting *m)
{
	enum status rc =
	    store_meeting_find(ctx->store, key, &w->arena, m, &ctx->err);

	if (rc == ST_OK && m->id == 0)
		rc = err_set(&ctx->err, ST_REJECT,
		    "there is no meeting \"%.60s\"; see uwaga meeting list",
		    key);
	if (rc == ST_OK)
		rc = check_meeting(ctx, m);
	if (rc == ST_OK)
		rc = note_counts(ctx, w, m, &w->arena);
	if (rc == ST_OK)
		rc = store_meeting_held(ctx->store, m->id, &ctx->err);
	for (size_t i = 0; i < w->n_points && rc == ST_OK; i++)
		rc = store_held_point(
		    ctx->store, m->id, &w->points[i], clock_now(), &ctx->err);
	return rc == ST_OK ? file_points(ctx, w, m, &w->arena) : rc;
}

int
meeting_held(struct cmd_context *ctx, int argc, char **argv)
{
	struct notes w = { .ctx = ctx };
	struct meeting m;
	json_t *row;
	int code;

	code = read_options(&w, argc, argv);
	if (code != 0)
		goto out;
	code = 1;
	if (!cmd_may_write(ctx) || store_begin(ctx->store, &ctx->err) != ST_OK)
		goto out;
	code = row_finish(ctx, note(ctx, &w, argv[optind], &m));
	if (code != 0)
		goto out;
	row = json_pack("{s:s s:s}", "key", m.key, "state", "held");
	if (meeting_held_json(ctx, &m, row) != ST_OK)
		code = 1;
	if (ctx->json) {
		cmd_print_object(ctx, row);
	} else {
		json_decref(row);
		printf("Meeting %s was held.\n", m.key);
		if (meeting_held_print(ctx, &m) != ST_OK)
			code = 1;
	}
out:
	arena_free(&w.arena);
	return code;
}

enum status
meeting_held_json(struct cmd_context *ctx, const struct meeting *m, json_t *row)
{
	json_t *list = json_array();
	struct arena a = { 0 };
	struct head_count *counts;
	struct point *points;
	size_t n_counts, n_points;
	int64_t people = 0;
	enum status rc = store_held_counts(
	    ctx->store, m->id, &a, &counts, &n_counts, &ctx->err);

	if (rc == ST_OK)
		rc = store_held_points(
		    ctx->store, m->id, &a, &points, &n_points, &ctx->err);
	for (size_t i = 0; i < n_counts && rc == ST_OK; i++)
		people += counts[i].people;
	for (size_t i = 0; rc == ST_OK && i < n_points; i++)
		json_array_append_new(
		    list, json_pack("{s:I s:o s:o}", "number",
			      (json_int_t)points[i].number, "text",
			      row_text(points[i].text), "remark",
			      row_word(points[i].remark)));
	json_object_set_new(row, "people", json_integer((json_int_t)people));
	json_object_set_new(row, "counts",
	    rc == ST_OK ? counts_to_json(counts, n_counts) : json_null());
	json_object_set_new(row, "points", list);
	arena_free(&a);
	return rc;
}

enum status
meeting_held_print(struct cmd_context *ctx, const struct meeting *m)
{
	struct arena a = { 0 };
	struct head_count *counts;
	struct point *points;
	size_t n_counts, n_points;
	enum status rc = store_held_counts(
	    ctx->store, m->id, &a, &counts, &n_counts, &ctx->err);

	if (rc == ST_OK)
		rc = store_held_points(
		    ctx->store, m->id, &a, &points, &n_points, &ctx->err);
	for (size_t i = 0; rc == ST_OK && i < n_counts; i++) {
		char people[32];

		snprintf(people, sizeof(people), "%lld",
		    (long long)counts[i].people);
		row_print_text(counts[i].group, people);
	}
	for (size_t i = 0; rc == ST_OK && i < n_points; i++) {
		char title[120];

		snprintf(title, sizeof(title), "point %lld%s%.60s",
		    (long long)points[i].number,
		    points[i].remark[0] != '\0' ? ", remark " : "",
		    points[i].remark);
		row_print_text(title, points[i].text);
	}
	arena_free(&a);
	return rc;
}

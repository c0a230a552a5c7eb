/* cmd_render - fills a Mustache template and prints it
 *
 * Place: staff who write templates of their own; the renderer is judged by it
 * against the Mustache specification.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/cmd_list.h"
#include "gateway/file.h"
#include "templates/render.h"

enum { OUTPUT_MAX = 64 << 20, INPUT_MAX = 16 << 20 };

struct job {
	const char *tmpl, *data, *partials;
	enum render_escape escape;
	bool strict;
	struct arena arena; /* owned: the partials read so far */
	json_t *missing; /* owned: names without a value */
};

/* Reads a regular file, or standard input for "-". */
static enum status
read_whole(struct buf *out, const char *path, struct err *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	enum status rc;

	if ((fd < 0 || !file_read(out, fd)) && !out->failed)
		rc = err_set(
		    err, ST_REJECT, "%.300s: %s", path, strerror(errno));
	else
		rc = buf_status(out, path, err);
	if (fd >= 0 && !is_stdin)
		close(fd);
	return rc;
}

/* DIR/NAME.mustache, DIR/NAME.txt or DIR/NAME; never outside DIR. */
static struct span
find_partial(void *arg, struct span name)
{
	static const char *const endings[] = { ".mustache", ".txt", "" };
	struct buf path = { .max = 4096 }, text = { .max = INPUT_MAX };
	struct span found = { NULL, 0 };
	struct job *job = arg;

	if (job->partials == NULL || span_find(name, "..") < name.n ||
	    memchr(name.p, '\0', name.n) != NULL || name.p[0] == '/')
		return found;
	for (int i = 0; i < 3 && found.p == NULL; i++) {
		buf_reset(&path);
		buf_reset(&text);
		buf_printf(&path, "%s/%.*s%s", job->partials, (int)name.n,
		    name.p, endings[i]);
		if (!path.failed &&
		    read_whole(&text, buf_cstr(&path), NULL) == ST_OK)
			found = arena_copy(&job->arena, buf_span(&text));
	}
	buf_free(&path);
	buf_free(&text);
	return found;
}

static void
note_missing(void *arg, struct span name)
{
	struct job *job = arg;

	json_object_setn_new_nocheck(job->missing, name.p, name.n, json_true());
}

static int
read_data(struct cmd_context *ctx, const char *path, json_t **out)
{
	struct buf text = { .max = INPUT_MAX };
	json_error_t where;
	int code = 0;

	if (read_whole(&text, path, &ctx->err) != ST_OK) {
		buf_free(&text);
		return 1;
	}
	*out = json_loadb(text.p, text.n,
	    JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &where);
	if (*out == NULL)
		code = cmd_fail(ctx, 1, "%.200s:%d: no JSON: %s", path,
		    where.line, where.text);
	buf_free(&text);
	return code;
}

/* With --strict: the first of the names that had no value. */
static int
judge_missing(struct cmd_context *ctx, const struct job *job)
{
	size_t n = json_object_size(job->missing);
	void *first = json_object_iter(job->missing);

	if (!job->strict || n == 0)
		return 0;
	return cmd_fail(ctx, 1,
	    "%.200s: \"%.60s\"%s no value in the data; nothing was printed",
	    job->tmpl, json_object_iter_key(first),
	    n == 1 ? " has" : " and others have");
}

static int
fill(struct cmd_context *ctx, struct job *job)
{
	struct render how = { .escape = job->escape,
		.partial = find_partial,
		.partial_arg = job,
		.missing = note_missing,
		.missing_arg = job };
	struct buf tmpl = { .max = INPUT_MAX }, out = { .max = OUTPUT_MAX };
	json_t *data = json_object();
	int code = 0;

	job->missing = json_object();
	if (job->data != NULL) {
		json_decref(data);
		data = NULL;
		code = read_data(ctx, job->data, &data);
	}
	if (code == 0 && read_whole(&tmpl, job->tmpl, &ctx->err) != ST_OK)
		code = 1;
	if (code == 0 &&
	    render(&out, buf_span(&tmpl), data, &how, &ctx->err) != ST_OK) {
		err_prefix(&ctx->err, ST_REJECT, job->tmpl);
		code = 1;
	}
	if (code == 0)
		code = judge_missing(ctx, job);
	if (code == 0 && out.n > 0 && fwrite(out.p, 1, out.n, stdout) != out.n)
		code = cmd_fail(ctx, 1, "standard output cannot be written");
	json_decref(data);
	json_decref(job->missing);
	arena_free(&job->arena);
	buf_free(&tmpl);
	buf_free(&out);
	return code;
}

static int
run(struct cmd_context *ctx, int argc, char **argv)
{
	struct job job = { .escape = RENDER_HTML };
	const char *escape = "html";
	const struct cmd_option options[] = {
		{ "data", .text = &job.data },
		{ "partials", .text = &job.partials },
		{ "escape", .text = &escape },
		{ "strict", .flag = &job.strict },
		{ NULL },
	};

	if (!cmd_read_options(options, argc, argv) ||
	    (strcmp(escape, "html") != 0 && strcmp(escape, "none") != 0))
		return cmd_fail(ctx, 2,
		    "expected --data FILE, --partials DIR, --escape "
		    "html or none, --strict");
	if (strcmp(escape, "none") == 0)
		job.escape = RENDER_NONE;
	if (optind + 1 != argc)
		return cmd_fail(ctx, 2, "expected one template file");
	job.tmpl = argv[optind];
	if (job.data != NULL && strcmp(job.data, "-") == 0 &&
	    strcmp(job.tmpl, "-") == 0)
		return cmd_fail(ctx, 2,
		    "template and data cannot both come from standard input");
	return fill(ctx, &job);
}

const struct cmd cmd_render = {
	.name = "render",
	.summary = "fills a Mustache template and prints it",
	.help = "usage: uwaga render TEMPLATE [--data FILE.json] [--partials "
		"DIR]\n"
		"                    [--escape html|none] [--strict]\n"
		"\n"
		"Fills the template (a file, - for standard input) with the "
		"JSON value in FILE\n"
		"(- for standard input) and prints it.  {{>NAME}} is "
		"DIR/NAME.mustache,\n"
		"DIR/NAME.txt or DIR/NAME.  {{x}} is escaped for HTML unless "
		"--escape none.\n"
		"With --strict a name without a value is an error, else it "
		"shows nothing.\n",
	.needs = NEEDS_NOTHING,
	.run = run,
};

/* remark_split - one remark that makes several points becomes several remarks */
#include "gateway/remark_split.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/file.h"
#include "gateway/row.h"
#include "gateway/store_chain.h"
#include "parsers/text.h"

#define PARTS_MAX 100
#define FILE_MAX (1 << 20)

static const char usage[] =
    "usage: uwaga remark split NAME --at TEXT... | --file FILE";

/* What the command line asks for, and the parts that come of it. */
struct split {
	const char *name, *file;
	const char *cuts[PARTS_MAX];
	int n_cuts;
	struct remark whole;
	struct span parts[PARTS_MAX + 1];
	int n_parts;
	struct arena arena; /* owned; holds parts and remark */
	struct buf bytes; /* owned; of the file */
};

static bool
add_cut(void *arg, const char *words)
{
	struct split *s = arg;

	if (s->n_cuts == PARTS_MAX)
		return false;
	s->cuts[s->n_cuts++] = words;
	return true;
}

static bool
read_options(struct split *s, int argc, char **argv)
{
	const struct cmd_option options[] = {
		{ "at", .take = add_cut, .arg = s },
		{ "file", .text = &s->file },
		{ NULL },
	};

	if (!cmd_read_options(options, argc, argv) || optind == argc ||
	    (s->file == NULL) == (s->n_cuts == 0))
		return false;
	s->name = argv[optind++];
	/* "--at ONE TWO THREE": the shell's words behind it are cuts too. */
	while (optind < argc && s->n_cuts > 0 && s->n_cuts < PARTS_MAX)
		s->cuts[s->n_cuts++] = argv[optind++];
	return optind == argc;
}

/* ---- the parts --------------------------------------------------------- */

static enum status
add_part(struct split *s, struct span part, struct err *err)
{
	part = span_trim(part);
	if (part.n == 0)
		return err_set(err, ST_REJECT,
		    "part %d would be empty; nothing was changed",
		    s->n_parts + 1);
	if (s->n_parts > PARTS_MAX)
		return err_set(err, ST_LIMIT, "more than %d parts", PARTS_MAX);
	s->parts[s->n_parts++] = part;
	return ST_OK;
}

/* Cuts the text before each of the given words, which must be clear. */
static enum status
cut_text(struct split *s, struct err *err)
{
	struct span rest = span_of(s->whole.text);
	enum status rc = ST_OK;

	for (int i = 0; i < s->n_cuts && rc == ST_OK; i++) {
		const char *words = s->cuts[i];
		size_t at = span_find(rest, words);

		if (words[0] == '\0' || at == rest.n)
			return err_set(err, ST_REJECT,
			    "--at \"%.60s\": the remark does not say that (any "
			    "more at this place); give the cuts in their order",
			    words);
		if (span_find(span_from(rest, at + 1), words) < rest.n - at - 1)
			return err_set(err, ST_REJECT,
			    "--at \"%.60s\": the remark says that more than "
			    "once; give some more words",
			    words);
		rc = add_part(s, span_sub(rest, 0, at), err);
		rest = span_from(rest, at);
	}
	return rc == ST_OK ? add_part(s, rest, err) : rc;
}

/* Nobody is misquoted: what staff put into the file must be the author's. */
static enum status
check_quoted(struct split *s, struct span part, struct err *err)
{
	struct span whole = text_fold_copy(&s->arena, span_of(s->whole.text));
	struct span folded = text_fold_copy(&s->arena, part);

	if (folded.n == 0 || span_find(whole, folded.p) < whole.n)
		return ST_OK;
	return err_set(err, ST_REJECT,
	    "part %d of the file does not stand in remark %s word for word; "
	    "nothing was changed",
	    s->n_parts + 1, s->whole.name);
}

static enum status
take_parts(struct split *s, struct err *err)
{
	struct span rest, line, part;
	enum status rc = file_take(&s->bytes, s->file, err);

	if (rc == ST_OK && !text_is_utf8(buf_span(&s->bytes)))
		rc = err_set(err, ST_REJECT, "%s is not UTF-8", s->file);
	rest = buf_span(&s->bytes);
	part = span_sub(rest, 0, 0);
	while (rc == ST_OK && span_line(&rest, &line)) {
		if (!span_is(span_trim(line), "---")) {
			part.n = (size_t)(line.p + line.n - part.p);
			continue;
		}
		rc = check_quoted(s, part, err);
		if (rc == ST_OK)
			rc = add_part(s, part, err);
		part = span_sub(rest, 0, 0);
	}
	if (rc == ST_OK)
		rc = check_quoted(s, part, err);
	return rc == ST_OK ? add_part(s, part, err) : rc;
}

/* ---- filing ------------------------------------------------------------ */

/* The provisions that this part itself names. */
static const char *
provisions_of(struct split *s, struct span part)
{
	struct span rest = span_of(s->whole.provisions), line;
	struct span words = text_fold_copy(&s->arena, part);
	struct buf out = { .max = FILE_MAX };
	const char *copy;

	while (span_line(&rest, &line)) {
		struct span folded = text_fold_copy(&s->arena, line);

		if (folded.n == 0 || span_find(words, folded.p) == words.n)
			continue;
		buf_str(&out, out.n > 0 ? "\n" : "");
		buf_add(&out, line);
	}
	copy = arena_copy(&s->arena, buf_span(&out)).p;
	buf_free(&out);
	return copy;
}

static enum status
file_part(
    struct cmd_context *ctx, struct split *s, struct span part, json_t *names)
{
	struct remark r = s->whole;
	char receipt[RECEIPT_SIZE];
	enum status rc;

	r.text = arena_copy(&s->arena, part).p;
	r.provisions = provisions_of(s, part);
	r.state = r.assignee[0] == '\0' ? "new" : "assigned";
	r.filed_ms = clock_now();
	r.split_from = s->whole.id;
	rc = store_remark_add(ctx->store, &r, "split", receipt, &ctx->err);
	if (rc == ST_OK)
		json_array_append_new(
		    names, json_sprintf(
			       "%s/%lld", s->whole.code, (long long)r.number));
	return rc;
}

static enum status
file_parts(struct cmd_context *ctx, struct split *s, json_t *names)
{
	char receipt[RECEIPT_SIZE], subject[80];
	enum status rc = ST_OK;

	for (int i = 0; i < s->n_parts && rc == ST_OK; i++)
		rc = file_part(ctx, s, s->parts[i], names);
	if (rc == ST_OK)
		rc = store_remark_revise(ctx->store,
		    &(struct revision){ .remark_id = s->whole.id,
			.text = s->whole.text,
			.event = "split",
			.who = ctx->who,
			.at_ms = clock_now() },
		    receipt, &ctx->err);
	if (rc == ST_OK)
		rc = store_remark_set(ctx->store, s->whole.id, "split",
		    s->whole.assignee, &ctx->err);
	snprintf(subject, sizeof(subject), "remark %s", s->whole.name);
	if (rc == ST_OK)
		rc = row_audit(ctx, "remark split", subject,
		    json_pack("{s:s}", "state", s->whole.state),
		    json_pack("{s:s s:O}", "state", "split", "parts", names));
	return rc;
}

/* The remark as it is now, under the lock, and its parts. */
static enum status
prepare(struct cmd_context *ctx, struct split *s)
{
	enum status rc = store_remark_find(
	    ctx->store, s->name, &s->arena, &s->whole, &ctx->err);

	if (rc == ST_OK && strcmp(s->whole.state, "new") != 0 &&
	    strcmp(s->whole.state, "assigned") != 0 &&
	    strcmp(s->whole.state, "corrected") != 0)
		rc = err_set(&ctx->err, ST_REJECT,
		    "remark %s is %s: it cannot be split any more",
		    s->whole.name, s->whole.state);
	if (rc == ST_OK)
		rc = s->file != NULL ? take_parts(s, &ctx->err)
				     : cut_text(s, &ctx->err);
	if (rc == ST_OK && s->n_parts < 2)
		rc = err_set(&ctx->err, ST_REJECT,
		    "one part is no split: put a line --- between the parts");
	return rc;
}

static void
print_names(const struct cmd_context *ctx, const struct split *s, json_t *names)
{
	json_t *name;
	size_t i;

	if (ctx->json) {
		cmd_print_object(ctx, json_pack("{s:s s:O}", "number",
					  s->whole.name, "parts", names));
		return;
	}
	printf("%s is now", s->whole.name);
	json_array_foreach(names, i, name)
	    printf("%s %s", i == 0 ? "" : ",", json_string_value(name));
	printf(".\n");
}

int
remark_split(struct cmd_context *ctx, int argc, char **argv)
{
	struct split s = { .bytes = { .max = FILE_MAX } };
	json_t *names;
	enum status rc;
	int code;

	if (!read_options(&s, argc, argv))
		return cmd_fail(ctx, 2, "%s", usage);
	if (!cmd_may_write(ctx) || store_begin(ctx->store, &ctx->err) != ST_OK)
		return 1;
	names = json_array();
	rc = prepare(ctx, &s);
	if (rc == ST_OK)
		rc = file_parts(ctx, &s, names);
	code = row_finish(ctx, rc);
	if (code == 0)
		print_names(ctx, &s, names);
	json_decref(names);
	buf_free(&s.bytes);
	arena_free(&s.arena);
	return code;
}

/* remark_answer - what the office decided about remarks */
#include "gateway/remark_answer.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/answering.h"
#include "gateway/clock.h"
#include "gateway/file.h"
#include "gateway/row.h"
#include "gateway/verdict.h"
#include "parsers/text.h"

enum { REASONS_MAX = 20000 }; /* bytes: some five pages */

static const char usage[] =
    "usage: uwaga remark answer NAME... --verdict VERDICT --reasons TEXT | "
    "--file FILE [--wording TEXT] [--dry-run]";

struct wish {
	struct answering an;
	const char *verdict, *reasons, *file, *wording;
	bool dry_run;
	struct keys *keys; /* owned */
};

/* ---- what is asked for ------------------------------------------------- */

static bool
read_options(struct wish *w, int argc, char **argv)
{
	const struct cmd_option options[] = {
		{ "verdict", .text = &w->verdict },
		{ "reasons", .text = &w->reasons },
		{ "file", .text = &w->file },
		{ "wording", .text = &w->wording },
		{ "dry-run", .flag = &w->dry_run },
		{ NULL },
	};

	return cmd_read_options(options, argc, argv) && optind < argc &&
	       w->verdict != NULL && (w->reasons == NULL || w->file == NULL);
}

/* As it will be stored: clean, trimmed, not too long. */
static enum status
take_words(const char **out, struct arena *a, struct span text,
    const char *what, struct err *err)
{
	struct buf clean = { .max = 2 * REASONS_MAX };

	if (text.n > REASONS_MAX)
		return err_set(err, ST_REJECT,
		    "%.200s: at most %d bytes can be told to people; put the "
		    "rest into the report",
		    what, REASONS_MAX);
	if (!text_is_utf8(text))
		return err_set(err, ST_REJECT, "%.200s is not UTF-8", what);
	text_clean(&clean, text);
	*out = arena_copy(a, span_trim(buf_span(&clean))).p;
	buf_free(&clean);
	return ST_OK;
}

static enum status
take_reasons(struct wish *w, struct err *err)
{
	struct buf bytes = { .max = 1 << 20 };
	struct answer *answer = &w->an.answer;
	const char *text = w->reasons == NULL ? "" : w->reasons;
	enum status rc = ST_OK;

	if (w->file != NULL)
		rc = file_take(&bytes, w->file, err);
	else
		buf_str(&bytes, text);
	if (rc == ST_OK)
		rc =
		    take_words(&answer->reasons, &w->an.arena, buf_span(&bytes),
			w->file != NULL ? w->file : "--reasons", err);
	buf_free(&bytes);
	if (rc == ST_OK && answer->reasons[0] == '\0')
		rc = err_set(err, ST_REJECT,
		    "an answer needs its reasons: give them with --reasons TEXT "
		    "or --file FILE");
	if (rc == ST_OK)
		rc = take_words(&answer->wording, &w->an.arena,
		    span_of(w->wording), "--wording", err);
	return rc;
}

static enum status
take_verdict(struct wish *w, const struct config *config, struct err *err)
{
	struct wording words = { .config = config,
		.language = config->language,
		.arena = &w->an.arena };
	struct span key = { NULL, 0 };
	enum status rc = verdict_find(&key, &words, w->verdict, err);

	w->an.answer.verdict = key.p;
	return rc;
}

/* ---- what is shown ----------------------------------------------------- */

static json_t *
to_json(const struct wish *w)
{
	const struct answering *an = &w->an;
	bool is_given = an->answer.id != 0 && !w->dry_run;
	json_t *remarks = json_array();

	for (size_t i = 0; i < an->n; i++) {
		const struct answered *item = &an->list[i];
		bool is_told = !item->is_done && item->untold == NULL;

		json_array_append_new(remarks,
		    json_pack("{s:s s:b s:b s:o s:o}", "number",
			item->remark.name, "unchanged", item->is_done, "told",
			is_told, "why", row_word(item->untold), "receipt",
			row_word(w->dry_run ? "" : item->receipt)));
	}
	return json_pack("{s:o s:s s:s s:i s:i s:I s:b s:o}", "answer",
	    is_given ? json_integer((json_int_t)an->answer.id) : json_null(),
	    "verdict", an->answer.verdict, "reasons", an->answer.reasons,
	    "mail", an->rows[CHANNEL_MAIL], "sms", an->rows[CHANNEL_SMS],
	    "segments", (json_int_t)an->segments, "dry_run", w->dry_run,
	    "remarks", remarks);
}

static void
print_remarks(const struct wish *w, const char *verb)
{
	for (size_t i = 0; i < w->an.n; i++) {
		const struct answered *item = &w->an.list[i];

		if (item->is_done)
			printf(
			    "%s has this answer already.\n", item->remark.name);
		else if (item->untold != NULL)
			printf("%s %s %s; its author is not told: %s.\n",
			    item->remark.name, verb, w->an.answer.verdict,
			    item->untold);
		else
			printf("%s %s %s.\n", item->remark.name, verb,
			    w->an.answer.verdict);
	}
}

static void
print_letter(const struct outbox *row)
{
	char title[120];

	if (row->id == 0)
		return;
	snprintf(title, sizeof(title), "%s to %.80s",
	    row->channel == CHANNEL_SMS ? "text" : "mail", row->to);
	if (row->subject[0] != '\0')
		printf("\nSubject: %s\n", row->subject);
	row_print_text(title, row->body);
}

static void
print_outcome(const struct wish *w)
{
	const struct answering *an = &w->an;
	int mails = an->rows[CHANNEL_MAIL], texts = an->rows[CHANNEL_SMS];

	print_remarks(w, w->dry_run ? "would be" : "is now");
	if (an->answer.id == 0) {
		printf("Nothing was changed, and nobody is told.\n");
		return;
	}
	printf("%d mail%s and %d text%s (%lld segment%s) %s.\n", mails,
	    mails == 1 ? "" : "s", texts, texts == 1 ? "" : "s",
	    (long long)an->segments, an->segments == 1 ? "" : "s",
	    w->dry_run ? "would tell the authors"
		       : "tell the authors; see uwaga outbox list");
	if (!w->dry_run)
		return;
	print_letter(&an->first[CHANNEL_MAIL]);
	print_letter(&an->first[CHANNEL_SMS]);
	printf("\nDry run: nothing was changed or sent.\n");
}

/* ---- the way of it ----------------------------------------------------- */

static enum status
audit(struct cmd_context *ctx, const struct wish *w)
{
	const struct answer *answer = &w->an.answer;
	enum status rc = ST_OK;

	for (size_t i = 0; i < w->an.n && rc == ST_OK; i++) {
		const struct answered *item = &w->an.list[i];
		char subject[80];

		if (item->is_done)
			continue;
		snprintf(
		    subject, sizeof(subject), "remark %s", item->remark.name);
		rc = row_audit(ctx, "remark answer", subject,
		    json_pack("{s:s s:o}", "state", item->remark.state,
			"verdict", row_word(item->remark.verdict)),
		    json_pack("{s:s s:s s:I}", "state", "answered", "verdict",
			answer->verdict, "answer", (json_int_t)answer->id));
	}
	return rc;
}

/* In one transaction; a dry run takes it back. */
static int
give(struct cmd_context *ctx, struct wish *w, int n, char **names)
{
	enum status rc = store_begin(ctx->store, &ctx->err);

	if (rc != ST_OK)
		return 1;
	for (int i = 0; i < n && rc == ST_OK; i++)
		rc = answering_add(&w->an, ctx->store, names[i], &ctx->err);
	if (rc == ST_OK)
		rc = answering_give(&w->an, ctx->store, &ctx->err);
	if (rc == ST_OK)
		rc = audit(ctx, w);
	if (rc == ST_OK && w->dry_run) {
		store_rollback(ctx->store);
		return 0;
	}
	return row_finish(ctx, rc);
}

int
remark_answer(struct cmd_context *ctx, int argc, char **argv)
{
	struct wish w = { .wording = "" };
	int code = 1;

	if (!read_options(&w, argc, argv))
		return cmd_fail(ctx, 2, "%s", usage);
	w.an.config = ctx->config;
	w.an.answer.who = ctx->who;
	w.an.answer.at_ms = clock_now();
	if (!cmd_may_answer(ctx) ||
	    keys_read(&w.keys, ctx->config->keys_file, &ctx->err) != ST_OK ||
	    take_verdict(&w, ctx->config, &ctx->err) != ST_OK ||
	    take_reasons(&w, &ctx->err) != ST_OK)
		goto out;
	w.an.keys = w.keys;
	code = give(ctx, &w, argc - optind, argv + optind);
	if (code == 0 && ctx->json)
		cmd_print_object(ctx, to_json(&w));
	else if (code == 0)
		print_outcome(&w);
out:
	keys_free(w.keys);
	answering_free(&w.an);
	return code;
}

/* ---- show -------------------------------------------------------------- */

struct answers {
	struct cmd_context *ctx;
	json_t *list; /* owned */
};

static enum status
add_answer(void *arg, const struct answer *answer)
{
	struct answers *all = arg;

	json_array_append_new(all->list,
	    json_pack("{s:I s:o s:s s:o s:s s:o s:o s:i s:o}", "answer",
		(json_int_t)answer->id, "at",
		cmd_json_time(all->ctx, answer->at_ms), "verdict",
		answer->verdict, "who", row_word(answer->who), "reasons",
		answer->reasons, "wording", row_word(answer->wording),
		"receipt", row_word(answer->receipt), "version",
		answer->version, "replaced", json_false()));
	return ST_OK;
}

json_t *
remark_answers(struct cmd_context *ctx, int64_t remark_id)
{
	struct answers all = { ctx, json_array() };

	if (store_answer_list(
		ctx->store, remark_id, add_answer, &all, &ctx->err) != ST_OK) {
		json_decref(all.list);
		return NULL;
	}
	for (size_t i = 0; i + 1 < json_array_size(all.list); i++)
		json_object_set_new(
		    json_array_get(all.list, i), "replaced", json_true());
	return all.list;
}

static const char *
word_of(const json_t *object, const char *key)
{
	const char *word = json_string_value(json_object_get(object, key));

	return word == NULL ? "" : word;
}

void
remark_print_answers(const json_t *answers)
{
	json_t *v;
	size_t i;

	json_array_foreach(answers, i, v)
	{
		char title[240];

		snprintf(title, sizeof(title),
		    "answer of %.40s by %.60s to version %d, %.60s%s",
		    word_of(v, "at"), word_of(v, "who"),
		    (int)json_integer_value(json_object_get(v, "version")),
		    word_of(v, "verdict"),
		    json_is_true(json_object_get(v, "replaced")) ? " (replaced)"
								 : "");
		row_print_text(title, word_of(v, "reasons"));
		row_print_text("new wording", word_of(v, "wording"));
	}
}

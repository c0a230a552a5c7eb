/* row - messages, remarks and outbox rows as the commands print them */
#include "gateway/row.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "gateway/clock.h"
#include "gateway/reply.h"
#include "gateway/store_chain.h"
#include "parsers/text.h"

#define TEXT_MAX (64 << 20)

json_t *
row_text(const char *s)
{
	struct buf clean = { .max = TEXT_MAX };
	json_t *out = json_string(s == NULL ? "" : s);

	/* A file name, say, can be any bytes. */
	if (out == NULL) {
		text_clean(&clean, span_of(s));
		out = json_string(buf_cstr(&clean));
		buf_free(&clean);
	}
	return out;
}

json_t *
row_word(const char *s)
{
	return s == NULL || s[0] == '\0' ? json_null() : row_text(s);
}

static json_t *
row_number(int64_t n)
{
	return n == 0 ? json_null() : json_integer((json_int_t)n);
}

static void
set(json_t *row, const char *key, json_t *value)
{
	json_object_set_new(row, key, value);
}

json_t *
row_of_inbound(const struct cmd_context *ctx, const struct inbound *in)
{
	json_t *row = json_object();

	set(row, "id", row_number(in->id));
	set(row, "received_at", cmd_json_time(ctx, in->received_ms));
	set(row, "channel", row_word(channel_name(in->channel)));
	set(row, "from", row_word(in->from));
	set(row, "from_name", row_word(in->from_name));
	set(row, "to", row_word(in->to));
	set(row, "code", row_word(in->code));
	set(row, "fate", row_word(fate_name(in->fate)));
	set(row, "why", row_text(in->why));
	set(row, "state",
	    json_string(inbound_waits(in) ? "waiting" : "settled"));
	set(row, "subject", row_text(in->subject));
	set(row, "text", row_text(in->text));
	set(row, "remark", row_text(in->remark));
	set(row, "kind", row_word(in->kind));
	set(row, "command", row_word(in->command));
	set(row, "code_seen", row_word(in->code_seen));
	set(row, "suggestion", row_word(in->suggestion));
	set(row, "source", row_word(in->source));
	set(row, "external_id", row_word(in->external_key));
	set(row, "message_id", row_word(in->message_id));
	set(row, "stored_at", cmd_json_time(ctx, in->stored_ms));
	set(row, "hold_until", cmd_json_time(ctx, in->hold_until_ms));
	set(row, "settled_by", row_number(in->settled_by));
	set(row, "language", row_word(in->language));
	set(row, "needs_staff", json_boolean(in->needs_staff));
	set(row, "may_answer", json_boolean(in->may_answer));
	set(row, "warnings", cmd_json_lines(in->warnings));
	return row;
}

json_t *
row_of_remark(const struct cmd_context *ctx, const struct remark *r)
{
	json_t *row = json_object();

	set(row, "id", row_number(r->id));
	set(row, "code", row_word(r->code));
	set(row, "number", row_word(r->name));
	set(row, "state", row_word(r->state));
	set(row, "channel",
	    row_word(r->at_meeting ? "meeting" : channel_name(r->channel)));
	set(row, "received_at", cmd_json_time(ctx, r->received_ms));
	set(row, "filed_at", cmd_json_time(ctx, r->filed_ms));
	set(row, "from", row_word(r->from));
	set(row, "from_name", row_word(r->from_name));
	set(row, "assignee", row_word(r->assignee));
	set(row, "text", row_text(r->text));
	set(row, "provisions", cmd_json_lines(r->provisions));
	set(row, "inbound", row_number(r->inbound_id));
	set(row, "split_from", row_number(r->split_from));
	set(row, "version", row_number(r->version));
	set(row, "verdict", row_word(r->verdict));
	set(row, "reasons", row_word(r->reasons));
	set(row, "answered_at", cmd_json_time(ctx, r->answered_ms));
	set(row, "answered_by", row_word(r->answered_by));
	set(row, "needs_staff", json_boolean(r->needs_staff));
	set(row, "receipt", row_word(r->receipt));
	return row;
}

/* The number of the remark that a reply is about; null when there is none. */
static json_t *
number_of(const struct cmd_context *ctx, int64_t remark_id)
{
	struct arena a = { 0 };
	struct remark r = { 0 };
	json_t *number = json_null();

	if (remark_id != 0 && ctx->store != NULL &&
	    store_remark_get(ctx->store, remark_id, &a, &r, NULL) == ST_OK)
		number = row_word(r.name);
	arena_free(&a);
	return number;
}

json_t *
row_of_outbox(const struct cmd_context *ctx, const struct outbox *o)
{
	json_t *row = json_object();
	char name[REPLY_NAME];

	reply_template_name(name, o->template_name, o->channel);
	set(row, "id", row_number(o->id));
	set(row, "state", row_word(outbox_state_name(o->state)));
	set(row, "channel", row_word(channel_name(o->channel)));
	set(row, "to", row_word(o->to));
	set(row, "template", row_word(name));
	set(row, "code", row_word(o->code));
	set(row, "question", row_word(o->question));
	set(row, "subject", row_text(o->subject));
	set(row, "text", row_text(o->body));
	set(row, "language", row_word(o->language));
	set(row, "inbound", row_number(o->inbound_id));
	set(row, "number", number_of(ctx, o->remark_id));
	set(row, "attempts", json_integer(o->attempts));
	set(row, "doubts", json_integer(o->doubts));
	set(row, "due_at", cmd_json_time(ctx, o->due_ms));
	set(row, "created_at", cmd_json_time(ctx, o->created_ms));
	set(row, "claimed_at", cmd_json_time(ctx, o->claimed_ms));
	set(row, "settled_at", cmd_json_time(ctx, o->settled_ms));
	set(row, "why", row_word(o->error));
	set(row, "source", row_word(o->via));
	set(row, "message_id", row_word(o->message_id));
	set(row, "in_reply_to", row_word(o->in_reply_to));
	set(row, "external_id", row_word(o->external_id));
	set(row, "segments", row_number(o->segments));
	set(row, "arrival", row_word(o->arrival));
	set(row, "arrival_why", row_word(o->arrival_why));
	set(row, "arrival_at", cmd_json_time(ctx, o->arrival_ms));
	set(row, "receipt", row_word(o->receipt));
	return row;
}

/* Controls and invisible marks of direction are for machines. */
static bool
is_shown(int32_t c)
{
	utf8proc_category_t category = utf8proc_category(c);

	return c == '\n' || c == '\t' ||
	       (category != UTF8PROC_CATEGORY_CC &&
		   category != UTF8PROC_CATEGORY_CF);
}

void
row_clean_text(struct buf *out, struct span text)
{
	struct buf clean = { .max = TEXT_MAX };
	struct span rest;
	size_t len;
	int32_t c;

	text_clean(&clean, text);
	rest = buf_span(&clean);
	while (rest.n > 0) {
		c = text_next(rest, &len);
		if (len == 0)
			break;
		if (is_shown(c))
			buf_add(out, span_sub(rest, 0, len));
		rest = span_from(rest, len);
	}
	buf_free(&clean);
}

void
row_print_text(const char *title, const char *text)
{
	struct buf clean = { .max = TEXT_MAX };

	if (text == NULL || text[0] == '\0')
		return;
	row_clean_text(&clean, span_of(text));
	printf("\n%s:\n\n", title);
	fwrite(buf_cstr(&clean), 1, clean.n, stdout);
	if (clean.n > 0 && clean.p[clean.n - 1] != '\n')
		printf("\n");
	buf_free(&clean);
}

int64_t
row_id(const char *word)
{
	int64_t id = 0;

	if (word[0] == '\0' || strlen(word) > 15)
		return 0;
	for (; *word != '\0'; word++) {
		if (*word < '0' || *word > '9')
			return 0;
		id = id * 10 + (*word - '0');
	}
	return id;
}

int
row_finish(struct cmd_context *ctx, enum status rc)
{
	return store_end(ctx->store, rc, &ctx->err) == ST_OK ? 0 : 1;
}

int
row_change_each(struct cmd_context *ctx, int argc, char **argv,
    const char *usage,
    enum status (*change)(struct cmd_context *ctx, int64_t id))
{
	enum status rc;

	for (int i = 1; i < argc; i++)
		if (row_id(argv[i]) == 0)
			return cmd_fail(ctx, 2, "%s", usage);
	if (argc < 2)
		return cmd_fail(ctx, 2, "%s", usage);
	if (!cmd_may_write(ctx) || store_begin(ctx->store, &ctx->err) != ST_OK)
		return 1;
	rc = ST_OK;
	for (int i = 1; i < argc && rc == ST_OK; i++)
		rc = change(ctx, row_id(argv[i]));
	return row_finish(ctx, rc);
}

enum status
row_audit(struct cmd_context *ctx, const char *what, const char *subject,
    json_t *before, json_t *after)
{
	char *old = before == NULL ? NULL : json_dumps(before, JSON_COMPACT);
	char *new = after == NULL ? NULL : json_dumps(after, JSON_COMPACT);
	enum status rc = store_audit(ctx->store,
	    &(struct audit){ .at_ms = clock_now(),
		.who = ctx->who,
		.what = what,
		.subject = subject,
		.before = old,
		.after = new },
	    &ctx->err);

	free(old);
	free(new);
	json_decref(before);
	json_decref(after);
	return rc;
}

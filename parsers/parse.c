/* parse - one message in, one parsed message out: the order of kinds */
#include "parsers/parse.h"

#include <string.h>

#include "parsers/address.h"
#include "parsers/attendance.h"
#include "parsers/code.h"
#include "parsers/date.h"
#include "parsers/html.h"
#include "parsers/machine.h"
#include "parsers/new_text.h"
#include "parsers/sms_text.h"
#include "parsers/text.h"

enum {
	IDS_MAX = 200, /* of References; the last ones count */
	RECIPIENTS_MAX = 200,
	RECIPIENTS_READ = 2000,
	TEXT_MAX = 4 << 20,
};

/* `ids` without all but its last IDS_MAX ids, the nearest ones in a thread. */
static struct span
last_ids(struct span ids)
{
	size_t n = 0, i = ids.n;

	while (i > 0 && n < IDS_MAX)
		n += ids.p[--i] == '<';
	return span_from(ids, i);
}

/* "<a@b> <c@d>", also without the brackets; ids are kept without them. */
static void
read_ids(struct arena *a, struct span value, struct span **list, size_t *n)
{
	struct span s = last_ids(value), id;

	while (s.n > 0 && *n < IDS_MAX) {
		size_t open = span_find(s, "<"), end;

		if (open == s.n)
			break;
		s = span_from(s, open + 1);
		end = span_find(s, ">");
		id = span_trim(span_sub(s, 0, end));
		if (id.n > 0)
			span_push(a, list, n, id);
		s = span_from(s, end + 1);
	}
	id = span_trim(value);
	if (*n == 0 && id.n > 0 && span_find(id, " ") == id.n &&
	    span_find(id, "@") < id.n)
		span_push(a, list, n, id);
}

static struct span
read_id(struct arena *a, struct span value)
{
	struct span *list = NULL;
	size_t n = 0;

	read_ids(a, value, &list, &n);
	return n > 0 ? list[0] : arena_copy(a, span_trim(value));
}

static void
read_date(struct parsed *out, struct span value)
{
	char text[32];
	int64_t ms;
	int offset;

	out->date = (struct span){ "", 0 };
	if (date_parse_mail(&ms, &offset, value) != ST_OK)
		return;
	date_format_rfc3339(text, ms, offset);
	out->date = arena_copy(&out->arena, span_of(text));
}

/* The date of the topmost Received: our own server's clock. */
static void
read_received(struct parsed *out, const struct mime *mime)
{
	struct span value = mime_field(mime, "Received", NULL);
	const char *semicolon =
	    value.n == 0 ? NULL : memrchr(value.p, ';', value.n);
	int64_t ms;

	if (semicolon == NULL)
		return;
	value = span_from(value, (size_t)(semicolon - value.p) + 1);
	if (date_parse_mail(&ms, NULL, value) == ST_OK && ms > 0)
		out->received_ms = ms;
}

static bool
is_known(const struct parsed *out, struct span address)
{
	for (size_t i = 0; i < out->n_recipients; i++)
		if (span_is_nocase(address, out->recipients[i].p))
			return true;
	return false;
}

/* Who it was sent to: the envelope first, since To need not name us. */
static void
read_recipients(struct parsed *out, const struct mime *mime)
{
	static const char *const names[] = { "Delivered-To", "X-Original-To",
		"Envelope-To", "X-Envelope-To", "X-Delivered-To", "Resent-To",
		"To", "Cc", "Apparently-To" };
	struct arena *a = &out->arena;
	struct span value, *found = NULL;
	size_t at, n = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		at = 0;
		while (n < RECIPIENTS_READ &&
		       (value = mime_field(mime, names[i], &at)).p != NULL)
			address_all(a, value, &found, &n);
	}
	for (size_t i = 0; i < n && i < RECIPIENTS_READ; i++)
		if (out->n_recipients < RECIPIENTS_MAX &&
		    !is_known(out, found[i]))
			span_push(
			    a, &out->recipients, &out->n_recipients, found[i]);
}

static void
read_return_path(struct parsed *out, const struct mime *mime)
{
	struct span value = span_trim(mime_field(mime, "Return-Path", NULL));

	out->return_path = address_first(&out->arena, value).address;
	out->null_return_path =
	    span_is(value, "<>") || span_is_nocase(value, "<MAILER-DAEMON>");
}

static void
read_headers(struct parsed *out, const struct mime *mime)
{
	struct arena *a = &out->arena;

	out->from = address_first(a, mime_field(mime, "From", NULL));
	out->reply_to = address_first(a, mime_field(mime, "Reply-To", NULL));
	out->subject =
	    span_trim(header_decode(a, mime_field(mime, "Subject", NULL)));
	out->message_id = read_id(a, mime_field(mime, "Message-ID", NULL));
	read_ids(a, mime_field(mime, "In-Reply-To", NULL), &out->in_reply_to,
	    &out->n_in_reply_to);
	read_ids(a, mime_field(mime, "References", NULL), &out->references,
	    &out->n_references);
	read_return_path(out, mime);
	read_date(out, mime_field(mime, "Date", NULL));
	read_received(out, mime);
	read_recipients(out, mime);
}

/* The body as shown in out->text; answers the same with the markers that
 * html.h leaves for new_text. */
static struct span
read_text(struct parsed *out, const struct mime *mime)
{
	struct buf marked = { .max = TEXT_MAX }, shown = { .max = TEXT_MAX };
	struct span text;

	if (span_trim(mime->plain).n > 0 || span_trim(mime->html).n == 0) {
		out->text = mime->plain;
		return mime->plain;
	}
	html_to_text(&marked, mime->html);
	html_without_markers(&shown, buf_span(&marked));
	text = arena_copy(&out->arena, buf_span(&marked));
	out->text = arena_copy(&out->arena, buf_span(&shown));
	buf_free(&marked);
	buf_free(&shown);
	return text;
}

/* "Re:", "Odp:", "RE[2]:", "Odp.:", "Re: Fwd:": then the rest of the subject is
 * another's. */
static bool
is_reply_subject(struct arena *a, struct span subject)
{
	static const char *const prefixes[] = { "re", "odp", "pd", "fw", "fwd",
		"aw", "wg", "sv", "vs", "vl", "rv", "tr", "ref", "rif", "antw",
		"ynt", "vb", "bls", "res", "r", "i", "на", "ha", "отв", "відп",
		"пер", "回复", "答复", "转发", NULL };
	struct span s = text_fold_copy(a, subject), word;
	size_t n = 0;

	/* A list or a scanner may have put a tag in front: "[EXT] Re: ..." */
	if (span_starts(s, "[") && span_find(s, "]") < s.n)
		word = span_trim(span_from(s, span_find(s, "]") + 1));
	else
		word = s;
	for (int round = 0; round < 2; round++, s = word) {
		while (n < s.n && strchr(":[(.^ ", s.p[n]) == NULL)
			n++;
		for (const char *const *p = prefixes; *p != NULL; p++)
			if (span_is(span_sub(s, 0, n), *p)) {
				size_t colon = span_find(s, ":");

				return colon < s.n && colon <= n + 5;
			}
		n = 0;
	}
	return false;
}

/* A code in "konsultacje+bl-t4nr@powiat.example": the whole detail or none. */
static void
codes_in_addresses(struct parsed *out, const char *prefix)
{
	struct span local, detail, domain;
	char code[CODE_TEXT_MAX];
	struct err err;

	for (size_t i = 0; i < out->n_recipients; i++)
		if (address_detail(
			out->recipients[i], &local, &detail, &domain) &&
		    code_read(code, detail, prefix, &err) == ST_OK)
			code_find(out, detail, prefix, CODE_IN_ADDRESS, true);
}

static bool
has_content(const struct parsed *out)
{
	for (size_t i = 0; i < out->n_attachments; i++)
		if (!out->attachments[i].in_signature)
			return true;
	return false;
}

/* An order in the author's words, or in the subject of a mail without any
 * ("wypisz", as the link in List-Unsubscribe makes mail programs send). */
static enum command
read_command(struct parsed *out, const struct keywords *k, bool reply_subject)
{
	enum command command = keyword_command(k, out->remark, &out->argument);

	if (command == CMD_NONE)
		command = keyword_command(k, out->new_text, &out->argument);
	if (command == CMD_NONE && out->new_text.n == 0 && !reply_subject &&
	    !has_content(out))
		command = keyword_command(k, out->subject, &out->argument);
	return command;
}

/* What the author wants. */
static void
name_kind(struct parsed *out, const struct keywords *k, bool reply_subject)
{
	out->command = read_command(out, k, reply_subject);
	if (out->command != CMD_NONE) {
		out->kind = KIND_COMMAND;
		parsed_why(out, "the words are an order%s%s",
		    command_name(out->command) != NULL ? ": " : "",
		    command_name(out->command) != NULL
			? command_name(out->command)
			: "");
		return;
	}
	if (attendance_read(out, k, out->remark) ||
	    attendance_read(out, k, out->new_text))
		return;
	out->kind = KIND_REMARK;
	if (span_trim(out->remark).n > 0) {
		parsed_why(out, "a person's words, and no sign of a machine");
		return;
	}
	if (has_content(out)) {
		parsed_warn(out, "only attachments");
		parsed_why(out, "attachments without words");
		return;
	}
	out->kind = KIND_EMPTY;
	parsed_why(out, "no words of its author and no attachment");
}

static void
read_words(
    struct parsed *out, struct span marked, const struct parse_settings *set)
{
	new_text_extract(out, marked);
	code_find(out, out->new_text, set->code_prefix, CODE_IN_BODY, false);
	remark_extract(out);
	out->wants_access = keyword_wants_access(set->keywords, out->remark);
}

/* What somebody typed into the calendar's answer: it may be a remark, or ask
 * for an interpreter. */
static void
read_comment(struct parsed *out, const struct parse_settings *set)
{
	if (out->kind != KIND_RSVP || out->calendar.comment.n == 0)
		return;
	read_words(out, out->calendar.comment, set);
	attendance_note_wish(out, set->keywords, out->remark);
}

void
parse_mail(
    struct parsed *out, struct span mail, const struct parse_settings *set)
{
	struct mime mime = { 0 };
	struct span marked;
	struct err err = { "" };
	bool is_reply, is_machine;

	if ((set->owns_mail ? mime_parse_owned : mime_parse)(
		&mime, out, mail, &err) != ST_OK) {
		out->kind = KIND_UNREADABLE;
		parsed_why(out, "%s", err.text);
		return;
	}
	read_headers(out, &mime);
	auth_read(out, &mime, set->authserv_id);
	marked = read_text(out, &mime);
	is_machine = machine_classify(out, &mime);
	is_reply = is_reply_subject(&out->arena, out->subject);
	code_find(
	    out, out->subject, set->code_prefix, CODE_IN_SUBJECT, is_reply);
	codes_in_addresses(out, set->code_prefix);
	/* A list may carry a person's words, which staff will want to see. */
	if (!is_machine || out->kind == KIND_LIST)
		read_words(out, marked, set);
	is_machine = is_machine || machine_speaks(out);
	read_comment(out, set);
	if (!is_machine)
		name_kind(out, set->keywords, is_reply);
}

void
parse_sms(
    struct parsed *out, const struct sms *sms, const struct parse_settings *set)
{
	sms_text_parse(out, sms, set);
}

/* cmd_parse - what the parsers make of raw mails and texts, as JSON Lines
 *
 * Place: for staff who wonder, and for tests.  Mails go through the same jail
 * as the daemon's; needs no configuration and no database.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/cmd_list.h"
#include "gateway/embedded.h"
#include "gateway/file.h"
#include "gateway/jail.h"
#include "parsers/date.h"
#include "parsers/parse.h"
#include "parsers/text.h"

enum { MAIL_MAX = 64 << 20, TEXT_MAX = 64 << 20 };

/* Text that came out of a worker or a file need not be UTF-8; JSON must. */
static json_t *
text_json(struct span s)
{
	json_t *value = json_stringn(s.p == NULL ? "" : s.p, s.n);
	struct buf clean = { .max = 4 * s.n + 16 };

	if (value != NULL)
		return value;
	text_clean(&clean, s);
	value = json_stringn(clean.p == NULL ? "" : clean.p, clean.n);
	buf_free(&clean);
	return value == NULL ? json_string("") : value;
}

/* null where there is nothing. */
static json_t *
text_or_null(struct span s)
{
	return s.n == 0 ? json_null() : text_json(s);
}

static json_t *
time_or_null(int64_t ms)
{
	char text[32];

	if (ms == 0)
		return json_null();
	date_format_rfc3339(text, ms, 0);
	return json_string(text);
}

static json_t *
list_json(const struct span *list, size_t n)
{
	json_t *out = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(out, text_json(list[i]));
	return out;
}

static json_t *
codes_json(const struct parsed *p)
{
	json_t *out = json_array();

	for (size_t i = 0; i < p->n_codes; i++)
		json_array_append_new(
		    out, json_pack("{s:o s:o s:s s:b}", "code",
			     text_json(p->codes[i].code), "seen",
			     text_json(p->codes[i].seen), "where",
			     code_where_name(p->codes[i].where), "valid",
			     p->codes[i].valid));
	return out;
}

static json_t *
attachments_json(const struct parsed *p)
{
	json_t *out = json_array();

	for (size_t i = 0; i < p->n_attachments; i++) {
		const struct attachment *a = &p->attachments[i];

		json_array_append_new(
		    out, json_pack("{s:o s:o s:I s:s s:b}", "name",
			     text_json(a->name), "type", text_json(a->type),
			     "size", (json_int_t)a->body.n, "sha256", a->sha256,
			     "in_signature", a->in_signature));
	}
	return out;
}

static json_t *
results_json(const struct parsed *p)
{
	json_t *out = json_array();

	for (size_t i = 0; i < p->bounce.n_each; i++) {
		const struct bounced *one = &p->bounce.each[i];

		json_array_append_new(
		    out, json_pack("{s:o s:s s:o s:o}", "recipient",
			     text_or_null(one->recipient), "action",
			     one->delayed ? "delayed" : "failed", "status",
			     text_or_null(one->status), "reason",
			     text_or_null(one->reason)));
	}
	return out;
}

static json_t *
bounce_json(const struct parsed *p)
{
	if (p->kind != KIND_BOUNCE && p->kind != KIND_DELAYED)
		return json_null();
	return json_pack("{s:s s:o s:o s:o s:o s:o}", "action",
	    p->kind == KIND_DELAYED ? "delayed" : "failed", "recipients",
	    list_json(p->bounce.recipients, p->bounce.n_recipients), "status",
	    text_or_null(p->bounce.status), "reason",
	    text_or_null(p->bounce.reason), "original_id",
	    text_or_null(p->bounce.original_id), "results", results_json(p));
}

static json_t *
calendar_json(const struct parsed *p)
{
	const struct calendar *c = &p->calendar;

	if (c->method.n == 0 && c->partstat.n == 0)
		return json_null();
	return json_pack("{s:o s:o s:o s:o s:I s:o s:o s:o}", "method",
	    text_or_null(c->method), "uid", text_or_null(c->uid), "attendee",
	    text_or_null(c->attendee), "partstat", text_or_null(c->partstat),
	    "sequence", (json_int_t)c->sequence, "stamp",
	    time_or_null(c->stamp_ms), "starts", text_or_null(c->starts),
	    "delegate", text_or_null(c->delegate));
}

static json_t *
pieces_json(const struct parsed *p)
{
	json_t *out = json_array();

	for (size_t i = 0; i < p->n_pieces; i++)
		json_array_append_new(out,
		    json_pack("{s:o s:o}", "code", text_json(p->pieces[i].code),
			"text", text_json(p->pieces[i].text)));
	return out;
}

/* What the words yield besides their kind. */
static void
add_yields(json_t *out, const struct parsed *p)
{
	json_object_update_new(out,
	    json_pack("{s:o s:b s:b}", "pieces", pieces_json(p), "also_remark",
		p->also_remark, "wants_access", p->wants_access));
}

static json_t *
command_json(const struct parsed *p)
{
	const char *name = command_name(p->command);

	return name == NULL ? json_null() : json_string(name);
}

static json_t *
mail_json(const char *file, const struct parsed *p)
{
	json_t *from = json_pack("{s:o s:o}", "address",
	    text_or_null(p->from.address), "name", text_or_null(p->from.name));
	json_t *out = json_pack("{s:o s:s s:o s:o s:o s:o}", "file",
	    text_json(span_of(file)), "kind", kind_name(p->kind), "why",
	    text_json(p->why), "from", from, "subject", text_json(p->subject),
	    "message_id", text_or_null(p->message_id));

	json_object_update_new(
	    out, json_pack("{s:o s:o s:o s:o s:o}", "in_reply_to",
		     list_json(p->in_reply_to, p->n_in_reply_to), "references",
		     list_json(p->references, p->n_references), "date",
		     text_or_null(p->date), "recipients",
		     list_json(p->recipients, p->n_recipients), "codes",
		     codes_json(p)));
	json_object_update_new(out,
	    json_pack("{s:o s:o s:o s:o s:o}", "reply", text_json(p->new_text),
		"remark", text_json(p->remark), "text", text_json(p->text),
		"provisions", list_json(p->provisions, p->n_provisions),
		"attachments", attachments_json(p)));
	json_object_update_new(
	    out, json_pack("{s:o s:o s:o s:o}", "bounce", bounce_json(p),
		     "calendar", calendar_json(p), "command", command_json(p),
		     "warnings", list_json(p->warnings, p->n_warnings)));
	add_yields(out, p);
	return out;
}

static json_t *
sms_json(json_t *id, const struct sms *sms, const struct parsed *p)
{
	json_t *out = json_pack("{s:O s:s s:o s:o s:o s:o s:o s:o s:o}", "id",
	    id, "kind", kind_name(p->kind), "why", text_json(p->why), "from",
	    text_or_null(sms->from), "codes", codes_json(p), "reply",
	    text_json(p->new_text), "remark", text_json(p->remark), "command",
	    command_json(p), "warnings", list_json(p->warnings, p->n_warnings));

	add_yields(out, p);
	return out;
}

static void
print(json_t *line)
{
	char *text = json_dumps(line, JSON_COMPACT);

	printf("%s\n", text == NULL ? "{}" : text);
	free(text);
	json_decref(line);
}

/* The whole file into `out`, or the reason why not into `why`. */
static bool
read_file(struct buf *out, const char *path, struct err *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	bool done = false;

	if (fd < 0 || fstat(fd, &st) != 0)
		err_set(why, ST_REJECT, "cannot be read: %s", strerror(errno));
	else if (!S_ISREG(st.st_mode))
		err_set(why, ST_REJECT, "is no file");
	else if (!(done = file_read(out, fd)) && errno == EFBIG)
		err_set(why, ST_LIMIT, "is larger than %zu bytes", out->max);
	else if (!done)
		err_set(why, ST_REJECT, "cannot be read: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return done;
}

static int
parse_mails(
    struct cmd_context *ctx, const struct jail_settings *set, char **files)
{
	struct buf mail = { .max = MAIL_MAX };
	struct jail *jail;
	int code = 0;

	if (jail_open(&jail, set, &ctx->err) != ST_OK)
		return 1;
	for (; *files != NULL && code == 0; files++) {
		struct parsed p = { .kind = KIND_UNREADABLE };
		struct err why;

		buf_reset(&mail);
		if (!read_file(&mail, *files, &why))
			p.why = span_of(why.text);
		else if (jail_parse(jail, &p, buf_span(&mail), &ctx->err) !=
			 ST_OK)
			code = 1;
		if (code == 0)
			print(mail_json(*files, &p));
		parsed_free(&p);
	}
	jail_close(jail);
	buf_free(&mail);
	return code;
}

static struct span
member(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	return (struct span){ json_string_value(v), json_string_length(v) };
}

static void
parse_text(struct span line, int number, const struct parse_settings *set)
{
	json_t *object = json_loadb(line.p, line.n, JSON_ALLOW_NUL, NULL);
	json_t *id = json_object_get(object, "id");
	struct sms sms = { .from = member(object, "from"),
		.to = member(object, "to"),
		.text = member(object, "text"),
		.parts_missing = (int)json_integer_value(
		    json_object_get(object, "parts_missing")) };
	struct parsed p = { .kind = KIND_UNREADABLE };

	id = id == NULL ? json_integer(number) : json_incref(id);
	if (json_is_string(json_object_get(object, "text")))
		parse_sms(&p, &sms, set);
	else
		p.why = SPAN("expected an object with from and text");
	print(sms_json(id, &sms, &p));
	parsed_free(&p);
	json_decref(id);
	json_decref(object);
}

static int
parse_texts(
    struct cmd_context *ctx, const struct jail_settings *jail, const char *path)
{
	struct parse_settings set = { .code_prefix = jail->code_prefix,
		.authserv_id = "",
		.phone_prefix = jail->phone_prefix,
		.textable_prefixes = jail->textable_prefixes };
	struct buf file = { .max = TEXT_MAX };
	struct keywords *words = NULL;
	struct span rest, line;
	struct err why;
	int code = 1, number = 0;

	if (!read_file(&file, path, &why)) {
		cmd_fail(ctx, 1, "%.200s %s", path, why.text);
		goto out;
	}
	if (keywords_read(&words, jail->keywords, &ctx->err) != ST_OK)
		goto out;
	set.keywords = words;
	rest = buf_span(&file);
	while (span_line(&rest, &line)) {
		number++;
		if (span_trim(line).n > 0)
			parse_text(line, number, &set);
	}
	code = 0;
out:
	keywords_free(words);
	buf_free(&file);
	return code;
}

static int
run(struct cmd_context *ctx, int argc, char **argv)
{
	struct jail_settings set = { .code_prefix = "BL",
		.authserv_id = "",
		.phone_prefix = "+48",
		.textable_prefixes = "",
		.keywords = embedded_find("templates/keywords.tsv") };
	const char *sms = NULL;
	const struct cmd_option options[] = {
		{ "sms", .text = &sms },
		{ "prefix", .text = &set.code_prefix },
		{ "authserv-id", .text = &set.authserv_id },
		{ "textable", .text = &set.textable_prefixes },
		{ NULL },
	};

	if (!cmd_read_options(options, argc, argv))
		return 2;
	if (sms != NULL)
		return optind == argc ? parse_texts(ctx, &set, sms) : 2;
	if (optind == argc)
		return cmd_fail(ctx, 2,
		    "say what: parse FILE..., or parse "
		    "--sms FILE.jsonl");
	return parse_mails(ctx, &set, argv + optind);
}

const struct cmd cmd_parse = {
	.name = "parse",
	.summary = "what the parsers make of raw mails or texts",
	.help =
	    "usage: uwaga parse [options] FILE...\n"
	    "       uwaga parse [options] --sms FILE.jsonl\n\n"
	    "Prints a JSON object for each mail, in the order given; needs no "
	    "configuration.\nA file that cannot be read gives kind "
	    "\"unreadable\" and the reason.\nWith --sms each line of the file "
	    "is an object with id, from, to and text.\n\n"
	    "  --prefix BL          what codes begin with\n"
	    "  --authserv-id NAME   our mail server's name in "
	    "Authentication-Results\n"
	    "  --textable +4811     numbers that can be texted, besides mobile "
	    "ones\n",
	.needs = NEEDS_NOTHING,
	.run = run,
};

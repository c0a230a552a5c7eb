/* reply - the words that go back: a template filled with the facts */
#include "gateway/reply.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/embedded.h"
#include "gateway/office_keys.h"
#include "gateway/reply_data.h"
#include "gateway/wording.h"
#include "parsers/address.h"
#include "parsers/gsm7.h"
#include "templates/compose.h"
#include "templates/render.h"

enum { TEMPLATE_MAX = 256 << 10, REPLY_MAX = 512 << 10 };

/* The replies of this release, and what a text calls them. */
static const char *const in_use[][2] = {
	{ "confirm_remark", "sms_confirm_remark" },
	{ "unknown_code", "sms_unknown_code" },
	{ "no_code", "sms_no_code" },
	{ "closed", "sms_closed" },
	{ "not_open_yet", "sms_not_open_yet" },
	{ "empty_remark", "sms_empty" },
	{ "duplicate", "sms_duplicate" },
	{ "unsubscribe_confirm", "sms_stop_confirm" },
	{ "held_reminder", "sms_held_reminder" },
};

enum { N_IN_USE = sizeof(in_use) / sizeof(in_use[0]) };

/* Where a template's partials are looked for. */
struct shelf {
	const struct config *config;
	const char *language;
	struct buf last; /* the bytes of the last one found in a folder */
};

static bool
read_file(struct buf *out, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;
	char *room;

	buf_reset(out);
	if (fd < 0)
		return false;
	while ((room = buf_room(out, 8192)) != NULL &&
	       (n = read(fd, room, 8192)) > 0)
		out->n += (size_t)n;
	close(fd);
	if (n == 0 && out->p != NULL)
		out->p[out->n] = '\0';
	return n == 0;
}

/* "pl/confirm_remark.txt": from the office's own folder, else built in. */
static struct span
find_template(struct shelf *shelf, const char *name, const char *kind)
{
	char path[1024];

	if (shelf->config->templates[0] != '\0') {
		snprintf(path, sizeof(path), "%s/%s/%s.%s",
		    shelf->config->templates, shelf->language, name, kind);
		if (read_file(&shelf->last, path))
			return buf_span(&shelf->last);
	}
	snprintf(path, sizeof(path), "templates/%s/%s.%s", shelf->language,
	    name, kind);
	return embedded_find(path);
}

static enum status
fill(struct buf *out, struct span tmpl, enum render_escape escape,
    const json_t *data, struct err *err)
{
	struct render how = { .escape = escape };

	return render(out, tmpl, data, &how, err);
}

/* The small templates that others show as a value. */
static enum status
add_partials(json_t *data, struct shelf *shelf, struct err *err)
{
	static const char *const names[] = { "rodo_short", "auto_footer" };
	struct buf text = { .max = REPLY_MAX };
	enum status rc = ST_OK;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		buf_reset(&text);
		rc = fill(&text, find_template(shelf, names[i], "txt"),
		    RENDER_NONE, data, err);
		if (rc != ST_OK)
			break;
		json_object_set_new(data, names[i],
		    json_stringn(span_trim(buf_span(&text)).p,
			span_trim(buf_span(&text)).n));
	}
	buf_free(&text);
	return rc;
}

/* "Subject: ..." and the body behind the empty line. */
static enum status
part_subject(
    struct outbox *row, struct arena *a, struct span text, struct err *err)
{
	struct span line;

	if (!span_starts(text, "Subject: ") || !span_line(&text, &line))
		return err_set(err, ST_BROKEN,
		    "template %s does not begin with \"Subject: \"",
		    row->template_name);
	row->subject =
	    arena_copy(a, span_trim(span_from(line, strlen("Subject: ")))).p;
	row->body = arena_copy(a, span_trim(text)).p;
	return ST_OK;
}

static const char *
text_name(const char *template_name)
{
	for (int i = 0; i < N_IN_USE; i++)
		if (strcmp(in_use[i][0], template_name) == 0)
			return in_use[i][1];
	return template_name;
}

static enum status
render_mail(struct outbox *row, struct arena *a, struct shelf *shelf,
    const json_t *data, struct err *err)
{
	struct span tmpl = find_template(shelf, row->template_name, "txt");
	struct buf text = { .max = REPLY_MAX };
	enum status rc;

	if (tmpl.p == NULL)
		return err_set(err, ST_BROKEN, "there is no template %s/%s.txt",
		    shelf->language, row->template_name);
	rc = fill(&text, tmpl, RENDER_NONE, data, err);
	if (rc == ST_OK)
		rc = part_subject(row, a, buf_span(&text), err);
	tmpl = find_template(shelf, row->template_name, "html");
	row->html = "";
	if (rc == ST_OK && tmpl.p != NULL) {
		buf_reset(&text);
		rc = fill(&text, tmpl, RENDER_HTML, data, err);
		row->html = arena_copy(a, buf_span(&text)).p;
	}
	buf_free(&text);
	return rc;
}

static const struct config_sms *
line_of(const struct config *config, const char *source)
{
	for (int i = 0; i < config->n_sms; i++)
		if (strncmp(source, "sms ", 4) == 0 &&
		    strcmp(source + 4, config->sms[i].name) == 0)
			return &config->sms[i];
	return config->n_sms > 0 ? &config->sms[0] : NULL;
}

static enum status
render_text(struct outbox *row, struct arena *a, struct shelf *shelf,
    const json_t *data, struct err *err)
{
	const struct config_sms *line = line_of(shelf->config, row->via);
	const char *name = text_name(row->template_name);
	struct span tmpl = find_template(shelf, name, "txt");
	struct buf text = { .max = REPLY_MAX }, plain = { .max = REPLY_MAX },
		   cut = { .max = REPLY_MAX };
	enum status rc;

	if (tmpl.p == NULL)
		return err_set(err, ST_BROKEN, "there is no template %s/%s.txt",
		    shelf->language, name);
	rc = fill(&text, tmpl, RENDER_NONE, data, err);
	if (line != NULL && line->polish_letters)
		buf_add(&plain, span_trim(buf_span(&text)));
	else
		gsm7_fold(&plain, span_trim(buf_span(&text)));
	sms_cut(&cut, buf_span(&plain),
	    line != NULL && line->max_segments > 0 ? (size_t)line->max_segments
						   : 3);
	row->body = arena_copy(a, buf_span(&cut)).p;
	row->segments = (int64_t)sms_size(buf_span(&cut)).segments;
	row->subject = row->html = "";
	buf_free(&text);
	buf_free(&plain);
	buf_free(&cut);
	return rc;
}

static const char *
joined(struct arena *a, const char *x, const char *between, const char *y)
{
	struct buf text = { .max = 64 << 10 };
	const char *copy;

	buf_printf(&text, "%s%s%s", x, x[0] && y[0] ? between : "", y);
	copy = arena_copy(a, buf_span(&text)).p;
	buf_free(&text);
	return copy;
}

static enum status
address_row(struct outbox *row, struct arena *a, const struct config *config,
    const struct keys *keys, const struct inbound *in, struct err *err)
{
	char token[TOKEN_SIZE];
	enum status rc = token_make(token, keys, err);

	row->token = arena_copy(a, span_of(token)).p;
	row->channel = in->channel;
	row->to = in->from;
	row->inbound_id = in->id;
	row->contact_id = in->contact_id;
	row->message_id = row->in_reply_to = row->references = "";
	row->via = in->channel == CHANNEL_SMS ? in->source : "";
	if (in->channel == CHANNEL_SMS)
		return rc;
	row->message_id =
	    joined(a, token, "@", config_office(config, "domain"));
	row->in_reply_to = in->message_id;
	row->references = joined(a, in->references, " ", in->message_id);
	return rc;
}

static const char *
choose_language(const struct config *config, const struct inbound *in)
{
	return in->language != NULL && wording_knows(in->language)
		   ? in->language
		   : config->language;
}

enum status
reply_render(struct outbox *row, struct arena *a, const struct config *config,
    const struct keys *keys, const struct reply *reply, struct err *err)
{
	const struct inbound *in = reply->inbound;
	struct shelf shelf = { .config = config,
		.language = choose_language(config, in),
		.last = { .max = TEMPLATE_MAX } };
	json_t *data = reply_data(config, reply, shelf.language);
	enum status rc;

	row->template_name = reply->template_name;
	row->language = shelf.language;
	row->question = row->error = row->external_id = "";
	row->consultation_id =
	    reply->consultation != NULL ? reply->consultation->id : 0;
	row->remark_id = reply->n_remarks > 0 ? reply->remarks[0].id : 0;
	row->receipt = reply->n_remarks > 0 && reply->receipts != NULL &&
			       reply->receipts[0] != NULL
			   ? reply->receipts[0]
			   : "";
	if (data == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	rc = address_row(row, a, config, keys, in, err);
	if (rc == ST_OK)
		rc = add_partials(data, &shelf, err);
	if (rc == ST_OK)
		rc = in->channel == CHANNEL_SMS
			 ? render_text(row, a, &shelf, data, err)
			 : render_mail(row, a, &shelf, data, err);
	json_decref(data);
	buf_free(&shelf.last);
	return rc;
}

/* konsultacje@powiat.example answers at konsultacje+TOKEN@powiat.example,
 * unless the mail server refuses such addresses. */
static void
put_reply_address(
    struct buf *out, const struct config *config, const struct outbox *row)
{
	const char *address = config_office(config, "address");
	const char *at = strrchr(address, '@');

	if (at == NULL || row->token[0] == '\0' ||
	    (config->n_mailboxes > 0 &&
		strcmp(config->mailboxes[0].reply_token, "plus") != 0))
		buf_str(out, address);
	else
		buf_printf(out, "%.*s+%s%s", (int)(at - address), address,
		    row->token, at);
}

enum status
reply_compose(struct buf *out, const struct config *config,
    const struct outbox *row, struct err *err)
{
	struct buf reply_to = { .max = 512 };
	struct compose mail = {
		.from_name = config_office(config, "name"),
		.from = config_office(config, "address"),
		.to = row->to,
		.subject = row->subject,
		.message_id = row->message_id,
		.in_reply_to = row->in_reply_to,
		.references = row->references,
		.auto_submitted = "auto-replied",
		.date_ms = row->created_ms,
		.date_offset_min =
		    clock_offset(config->timezone, row->created_ms),
		.text = row->body,
		.html = row->html,
	};
	enum status rc;

	put_reply_address(&reply_to, config, row);
	mail.reply_to = buf_cstr(&reply_to);
	rc = compose_mail(out, &mail, err);
	buf_free(&reply_to);
	return rc;
}

/* The office key that the placeholder `name` shows; NULL when it shows none. */
static const char *
office_key_of(struct span name)
{
	for (size_t i = 0; office_names[i][0] != NULL; i++)
		if (span_is(name, office_names[i][0]))
			return office_names[i][1];
	for (const struct office_key *k = office_keys; k->key != NULL; k++)
		if (span_is(name, k->key))
			return k->key;
	return NULL;
}

/* Is what stands around that placeholder left out when it has no value? */
static bool
is_optional(struct span tmpl, struct span name)
{
	char section[80];

	snprintf(section, sizeof(section), "{{#%.*s}}", (int)name.n, name.p);
	return span_find(tmpl, section) < tmpl.n;
}

static enum status
missing_in(
    struct buf *out, struct shelf *shelf, const char *name, struct err *err)
{
	struct span tmpl = find_template(shelf, name, "txt"), rest, one;
	struct render how = { .escape = RENDER_NONE };
	struct buf names = { .max = TEMPLATE_MAX };
	enum status rc;

	if (tmpl.p == NULL)
		return err_set(err, ST_BROKEN, "there is no template %s/%s.txt",
		    shelf->language, name);
	rc = render_names(&names, tmpl, &how, err);
	rest = buf_span(&names);
	while (rc == ST_OK && span_line(&rest, &one)) {
		const char *key = office_key_of(one);
		char line[160];

		if (key == NULL ||
		    office_value(shelf->config, key)[0] != '\0' ||
		    is_optional(tmpl, one))
			continue;
		snprintf(line, sizeof(line),
		    "office.%s has no value: set %s in the office section\n",
		    key, key);
		if (span_find(buf_span(out), line) == out->n)
			buf_str(out, line);
	}
	buf_free(&names);
	return rc;
}

enum status
reply_missing_values(
    struct buf *out, const struct config *config, struct err *err)
{
	struct shelf shelf = { .config = config,
		.language = config->language,
		.last = { .max = TEMPLATE_MAX } };
	enum status rc = missing_in(out, &shelf, "rodo_short", err);

	for (int i = 0; i < N_IN_USE && rc == ST_OK; i++) {
		rc = missing_in(out, &shelf, in_use[i][0], err);
		if (rc == ST_OK && config->n_sms > 0)
			rc = missing_in(out, &shelf, in_use[i][1], err);
	}
	buf_free(&shelf.last);
	return rc;
}

/* reply - the words that go back: a template filled with the facts */
#include "gateway/reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/invite.h"
#include "gateway/reply_data.h"
#include "gateway/wording.h"
#include "parsers/gsm7.h"
#include "templates/compose.h"
#include "templates/wrap.h"

enum {
	TEXT_ROOM = 1 << 20,
	FILE_NAME = REPLY_NAME + 4, /* with its ending */
	LANGUAGE_LENGTH = 2,
	LOCAL_PART_MAX = 64, /* RFC 5321, 4.5.3.1.1 */
	SEGMENTS_USUAL = 4,
	SEGMENT_UNITS = 160,
	PLACE_MIN = 12
};

/* Texts have names of their own where the mail's would be long. */
void
reply_template_name(char *out, const char *template_name, enum channel channel)
{
	static const char *const short_names[][2] = {
		{ "empty_remark", "empty" },
		{ "unsubscribe_confirm", "stop_confirm" },
		{ "subscribe_confirm", "start_confirm" },
		{ "answer_to_remark", "answer_ready" },
	};
	bool is_text = channel == CHANNEL_SMS;

	for (size_t i = 0; i < sizeof(short_names) / sizeof(short_names[0]);
	     i++)
		if (is_text && strcmp(template_name, short_names[i][0]) == 0)
			template_name = short_names[i][1];
	snprintf(
	    out, REPLY_NAME, "%s%.80s", is_text ? "sms_" : "", template_name);
}

/* Two small letters: it becomes part of a path. */
static bool
is_language(const char *language)
{
	return language != NULL && strlen(language) == LANGUAGE_LENGTH &&
	       strspn(language, "abcdefghijklmnopqrstuvwxyz") ==
		   LANGUAGE_LENGTH;
}

/* The template in the message's language if there is one, else in the
 * configuration's. */
static enum status
find_template(struct span *tmpl, struct wording *w, const char *file,
    const char *language, struct err *err)
{
	w->language = language;
	*tmpl = (struct span){ NULL, 0 };
	if (is_language(language))
		*tmpl = wording_find(w, file);
	if (tmpl->p == NULL && w->problem.text[0] == '\0') {
		w->language = w->config->language;
		*tmpl = wording_find(w, file);
	}
	if (w->problem.text[0] != '\0')
		return err_set(err, ST_BROKEN, "%s", w->problem.text);
	if (tmpl->p == NULL)
		return err_set(err, ST_BROKEN,
		    "there is no template %s/%s: add it to the folder of "
		    "templates, or set language to one there is",
		    w->language, file);
	return ST_OK;
}

/* Parts a mail's template into the subject and what follows it. */
static enum status
part_subject(struct span *subject, struct span *body, const struct wording *w,
    const char *file, struct span tmpl, struct err *err)
{
	static const char label[] = "Subject:";

	*body = tmpl;
	if (!span_starts(tmpl, label) || !span_line(body, subject))
		return err_set(err, ST_BROKEN,
		    "template %s/%s does not begin with \"%s\"", w->language,
		    file, label);
	*subject = span_trim(span_from(*subject, strlen(label)));
	return ST_OK;
}

/* What must not stand in a header would be a template's or title's fault. */
static enum status
check_subject(const char *subject, const char *file, struct err *err)
{
	for (const char *p = subject; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 127)
			return err_set(err, ST_BROKEN,
			    "the subject that %s makes holds a line break or "
			    "control character; look at the consultation's "
			    "title",
			    file);
	return subject[0] != '\0' ? ST_OK
				  : err_set(err, ST_BROKEN,
					"template %s has no subject", file);
}

static const char *
keep(struct arena *a, struct span s)
{
	return arena_copy(a, s).p;
}

/* Fills a template and keeps what became of it, without blanks at its ends. */
static enum status
fill(const char **text, struct wording *w, const struct wording_template *tmpl,
    const json_t *data, struct err *err)
{
	struct buf out = { .max = TEXT_ROOM };
	enum status rc = wording_fill(&out, w, tmpl, data, err);

	*text = keep(w->arena, span_trim(buf_span(&out)));
	buf_free(&out);
	return rc;
}

/* The plain text of a mail: its long lines wrapped. */
static enum status
fill_text(struct outbox *row, struct wording *w,
    const struct wording_template *tmpl, const json_t *data, struct err *err)
{
	struct buf wrapped = { .max = TEXT_ROOM };
	const char *text;
	enum status rc = fill(&text, w, tmpl, data, err);

	wrap_lines(&wrapped, span_of(text));
	row->body = keep(w->arena, buf_span(&wrapped));
	buf_free(&wrapped);
	return rc;
}

static enum status
fill_html(struct outbox *row, struct wording *w, const char *text_file,
    const json_t *data, struct err *err)
{
	char file[FILE_NAME];
	struct wording_template html = { .file = file, .escape = RENDER_HTML };

	wording_html_name(file, sizeof(file), text_file);
	html.text = wording_find(w, file);
	if (w->problem.text[0] != '\0')
		return err_set(err, ST_BROKEN, "%s", w->problem.text);
	return html.text.p == NULL ? ST_OK
				   : fill(&row->html, w, &html, data, err);
}

static enum status
render_mail(struct outbox *row, struct wording *w, const char *file,
    struct span tmpl, const json_t *data, struct err *err)
{
	struct wording_template subject = { .file = file,
		.escape = RENDER_NONE };
	struct wording_template body = subject;
	enum status rc =
	    part_subject(&subject.text, &body.text, w, file, tmpl, err);

	if (rc == ST_OK)
		rc = fill(&row->subject, w, &subject, data, err);
	if (rc == ST_OK)
		rc = check_subject(row->subject, file, err);
	if (rc == ST_OK)
		rc = fill_text(row, w, &body, data, err);
	return rc == ST_OK ? fill_html(row, w, file, data, err) : rc;
}

/* The line a text came in on ("sms bramka" in messages), else the first. */
static const struct config_sms *
line_of(const struct config *config, const char *source)
{
	for (int i = 0; i < config->n_sms; i++)
		if (strncmp(source, "sms ", 4) == 0 &&
		    strcmp(source + 4, config->sms[i].name) == 0)
			return &config->sms[i];
	return config->n_sms > 0 ? &config->sms[0] : NULL;
}

/* A place that makes a text longer than one part by `excess` is cut behind a
 * word: the mail and the calendar have it whole.  NULL: that does not help. */
static json_t *
with_short_place(const json_t *data, size_t excess)
{
	const char *whole =
	    json_string_value(json_object_get(data, "venue_sms"));
	struct span place = span_of(whole == NULL ? "" : whole);
	json_t *copy;
	size_t n;

	if (place.n < excess + PLACE_MIN)
		return NULL;
	for (n = place.n - excess; n > PLACE_MIN; n--)
		if (place.p[n] == ' ' || place.p[n] == ',')
			break;
	place = span_sub(place, 0, n);
	while (place.n > 0 && strchr(" ,.-", place.p[place.n - 1]) != NULL)
		place.n--;
	copy = json_object();
	if (copy != NULL && json_object_update(copy, (json_t *)data) == 0)
		json_object_set_new(
		    copy, "venue_sms", json_stringn(place.p, place.n));
	return copy;
}

/* Fills a text in the letters of its line. */
static enum status
fill_sms(struct buf *out, struct wording *w, const struct wording_template *sms,
    const struct config_sms *line, const json_t *data, struct err *err)
{
	const char *text;
	enum status rc = fill(&text, w, sms, data, err);

	if (rc == ST_OK && line != NULL && line->polish_letters)
		buf_str(out, text);
	else if (rc == ST_OK)
		gsm7_fold(out, span_of(text));
	return rc;
}

static enum status
render_sms(struct outbox *row, struct wording *w, const char *file,
    struct span tmpl, const json_t *data, struct err *err)
{
	const struct config_sms *line = line_of(w->config, row->via);
	struct buf folded = { .max = TEXT_ROOM }, cut = { .max = TEXT_ROOM };
	struct wording_template sms = { file, tmpl, RENDER_NONE };
	struct sms_size size;
	json_t *shorter = NULL;
	enum status rc = fill_sms(&folded, w, &sms, line, data, err);

	if (rc != ST_OK)
		goto out;
	size = sms_size(buf_span(&folded));
	if (size.segments > 1 && !size.is_ucs2)
		shorter = with_short_place(data, size.units - SEGMENT_UNITS);
	if (shorter != NULL) {
		buf_reset(&folded);
		rc = fill_sms(&folded, w, &sms, line, shorter, err);
		if (rc != ST_OK)
			goto out;
	}
	sms_cut(&cut, buf_span(&folded),
	    line != NULL ? (size_t)line->max_segments : SEGMENTS_USUAL);
	row->body = keep(w->arena, buf_span(&cut));
	row->segments = (int64_t)sms_size(buf_span(&cut)).segments;
out:
	json_decref(shorter);
	buf_free(&folded);
	buf_free(&cut);
	return rc;
}

/* Appends the ids of `ids` that can stand in a header; what a hostile mail
 * called an id may hold anything. */
static void
add_ids(struct buf *out, const char *ids)
{
	struct span rest = span_of(ids);

	while (rest.n > 0) {
		size_t n = span_find(rest, " ");
		struct span id = span_sub(rest, 0, n);
		bool is_usable = id.n > 0;

		for (size_t i = 0; i < id.n; i++)
			is_usable = is_usable && id.p[i] > ' ' &&
				    id.p[i] < 127 && id.p[i] != '<' &&
				    id.p[i] != '>';
		if (is_usable && out->n > 0)
			buf_char(out, ' ');
		if (is_usable)
			buf_add(out, id);
		rest = span_from(rest, n + 1);
	}
}

void
reply_thread(struct outbox *row, struct arena *a, const struct inbound *in)
{
	struct buf ids = { .max = TEXT_ROOM };

	add_ids(&ids, in->message_id);
	row->in_reply_to = keep(a, buf_span(&ids));
	buf_reset(&ids);
	add_ids(&ids, in->references);
	add_ids(&ids, row->in_reply_to);
	row->references = keep(a, buf_span(&ids));
	buf_free(&ids);
}

/* Our own ids, and those of what is answered (NULL: nothing is). */
static enum status
name_row(struct outbox *row, const struct wording *w, const struct keys *keys,
    const struct inbound *in, struct err *err)
{
	struct buf id = { .max = TEXT_ROOM };
	char token[TOKEN_SIZE];
	enum status rc = token_make(token, keys, err);

	if (rc != ST_OK)
		return rc;
	row->token = keep(w->arena, span_of(token));
	if (row->channel == CHANNEL_SMS)
		return ST_OK;
	buf_printf(&id, "%s@%s", token, config_office(w->config, "domain"));
	row->message_id = keep(w->arena, buf_span(&id));
	buf_free(&id);
	row->in_reply_to = row->references = "";
	if (in != NULL)
		reply_thread(row, w->arena, in);
	return ST_OK;
}

/* Every string "" until it is known. */
static void
empty_row(struct outbox *row)
{
	row->question = row->subject = row->body = row->html = "";
	row->message_id = row->token = row->in_reply_to = row->references = "";
	row->language = row->receipt = row->code = "";
	if (row->error == NULL)
		row->error = "";
	if (row->external_id == NULL)
		row->external_id = "";
}

/* Who gets it, about what. */
static void
address_row(struct outbox *row, const struct reply *reply)
{
	const struct inbound *in = reply->inbound;
	const struct consultation *about =
	    reply->suggestion != NULL ? reply->suggestion : reply->consultation;

	row->channel = in->channel;
	row->to = in->from;
	row->via = in->channel == CHANNEL_SMS ? in->source : "";
	row->template_name = reply->template_name;
	empty_row(row);
	row->question = about != NULL ? about->code : "";
	row->contact_id = in->contact_id;
	row->inbound_id = in->id;
	if (reply->consultation != NULL) {
		row->consultation_id = reply->consultation->id;
		row->code = reply->consultation->code;
	}
	if (reply->n_remarks > 0)
		row->remark_id = reply->remarks[0].id;
}

enum status
reply_words(struct outbox *row, struct arena *a, const struct config *config,
    const struct reply *reply, struct err *err)
{
	struct wording_kept once = { 0 };
	struct wording w = { .config = config,
		.arena = a,
		.kept = reply->kept == NULL ? &once : reply->kept };
	char name[REPLY_NAME], file[FILE_NAME];
	json_t *data = NULL;
	struct span tmpl;
	const char *receipt;
	enum status rc;

	address_row(row, reply);
	reply_template_name(name, reply->template_name, row->channel);
	snprintf(file, sizeof(file), "%s.txt", name);
	rc = find_template(&tmpl, &w, file, reply->inbound->language, err);
	if (rc != ST_OK)
		goto out;
	row->language = keep(a, span_of(w.language));
	wording_look(&w, file);
	data = reply_data(&w, reply);
	if (data == NULL) {
		rc = err_set(err, ST_BROKEN, "out of memory");
		goto out;
	}
	receipt = json_string_value(json_object_get(data, "receipt"));
	row->receipt = keep(a, span_of(receipt));
	if (row->channel == CHANNEL_SMS)
		rc = render_sms(row, &w, file, tmpl, data, err);
	else
		rc = render_mail(row, &w, file, tmpl, data, err);
out:
	json_decref(data);
	wording_forget(&once);
	return rc;
}

enum status
reply_render(struct outbox *row, struct arena *a, const struct config *config,
    const struct keys *keys, const struct reply *reply, struct err *err)
{
	struct wording w = { .config = config, .arena = a };
	enum status rc = reply_words(row, a, config, reply, err);

	return rc == ST_OK ? name_row(row, &w, keys, reply->inbound, err) : rc;
}

enum status
reply_render_own(struct outbox *row, struct arena *a,
    const struct config *config, const struct keys *keys, json_t *data,
    struct err *err)
{
	struct wording w = { .config = config, .arena = a };
	char name[REPLY_NAME], file[FILE_NAME];
	struct span tmpl;
	enum status rc;

	empty_row(row);
	reply_template_name(name, row->template_name, row->channel);
	snprintf(file, sizeof(file), "%s.txt", name);
	rc = find_template(&tmpl, &w, file, config->language, err);
	if (rc != ST_OK)
		return rc;
	row->language = keep(a, span_of(w.language));
	reply_office_data(data, config);
	if (row->channel == CHANNEL_SMS)
		rc = render_sms(row, &w, file, tmpl, data, err);
	else
		rc = render_mail(row, &w, file, tmpl, data, err);
	return rc == ST_OK ? name_row(row, &w, keys, NULL, err) : rc;
}

/* Does the server of the office's address take "name+token@domain"?  The
 * mailbox that is read with that address says so, else the first. */
static bool
takes_plus_addresses(const struct config *config, struct span office)
{
	const struct config_mailbox *box = config->mailboxes;
	struct span local = span_sub(office, 0, span_find(office, "@"));

	if (config->n_mailboxes == 0)
		return true;
	for (int i = 0; i < config->n_mailboxes; i++)
		if (span_is(office, config->mailboxes[i].user) ||
		    span_is(local, config->mailboxes[i].user))
			box = &config->mailboxes[i];
	return strcmp(box->reply_token, "message-id") != 0;
}

/* "office+token@domain"; false, and nothing appended, when the row has none. */
static bool
put_token_address(
    struct buf *out, const struct config *config, const struct outbox *row)
{
	const char *address = config_office(config, "address");
	struct span office = span_of(address);
	size_t at = span_find(office, "@");

	if (row->token[0] == '\0' || !takes_plus_addresses(config, office) ||
	    at + 1 + strlen(row->token) > LOCAL_PART_MAX)
		return false;
	buf_printf(
	    out, "%.*s+%s%s", (int)at, address, row->token, address + at);
	return true;
}

void
reply_envelope(
    struct buf *out, const struct config *config, const struct outbox *row)
{
	if (strcmp(config->smtp.envelope, "token") != 0 ||
	    !put_token_address(out, config, row))
		buf_str(out, config_office(config, "address"));
}

bool
reply_needs_pin(const struct outbox *row)
{
	return strcmp(row->template_name, "staff_broadcast_preview") == 0;
}

enum status
reply_put_pin(struct buf *out, const struct outbox *row,
    const struct keys *keys, struct err *err)
{
	struct span rest = span_of(row->body);
	char pin[PIN_DIGITS + 1];
	enum status rc = pin_make(pin, keys, row->token, err);

	while (rc == ST_OK && rest.n > 0) {
		size_t at = span_find(rest, REPLY_PIN_MARK);

		buf_add(out, span_sub(rest, 0, at));
		if (at < rest.n)
			buf_str(out, pin);
		rest = span_from(rest, at + strlen(REPLY_PIN_MARK));
	}
	return rc;
}

/* A notice leaves with the recipient's own addresses in it. */
static void
put_own_addresses(struct buf *html, struct buf *calendar,
    const struct outbox *row, const char *office_name, const char *answers)
{
	struct span rest = span_of(row->html);

	while (rest.n > 0) {
		size_t at = span_find(rest, REPLY_ADDRESS_MARK);

		buf_add(html, span_sub(rest, 0, at));
		if (at < rest.n)
			buf_str(html, answers);
		rest = span_from(
		    rest, at < rest.n ? at + strlen(REPLY_ADDRESS_MARK) : at);
	}
	if (row->calendar[0] != '\0')
		invite_personal(calendar, span_of(row->calendar), office_name,
		    answers, row->to);
}

enum status
reply_compose(struct buf *out, const struct config *config,
    const struct outbox *row, struct err *err)
{
	const char *address = config_office(config, "address");
	const char *name = config_office(config, "name");
	struct buf reply_to = { .max = 1024 }, list_id = { .max = 300 };
	struct buf html = { .max = TEXT_ROOM }, calendar = { .max = TEXT_ROOM };
	struct compose mail = {
		.from_name = name,
		.from = address,
		.to = row->to,
		.subject = row->subject,
		.message_id = row->message_id,
		.in_reply_to = row->in_reply_to,
		.references = row->references,
		.auto_submitted =
		    row->inbound_id != 0 ? "auto-replied" : "auto-generated",
		.language = row->language,
		.date_ms = row->created_ms,
		.date_offset_min =
		    clock_offset(config->timezone, row->created_ms),
		.text = row->body,
		.html = row->html,
	};
	enum status rc;

	put_token_address(&reply_to, config, row);
	mail.reply_to = buf_cstr(&reply_to);
	if (row->notice_id != 0) {
		mail.unsubscribe = reply_to.n > 0 ? mail.reply_to : address;
		put_own_addresses(
		    &html, &calendar, row, name, mail.unsubscribe);
		buf_printf(&list_id, "konsultacje.%s",
		    config_office(config, "domain"));
		mail.html = buf_cstr(&html);
		mail.calendar = buf_span(&calendar);
		mail.method = row->method;
		mail.list_name = name;
		mail.list_id = buf_cstr(&list_id);
	}
	rc = compose_mail(out, &mail, err);
	buf_free(&reply_to);
	buf_free(&list_id);
	buf_free(&html);
	buf_free(&calendar);
	return rc;
}

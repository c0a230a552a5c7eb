/* reply_check - what the replies in use still need before they can go out
 *
 * Place: `uwaga check`, through reply_missing_values() of reply.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/embedded.h"
#include "gateway/placeholder.h"
#include "gateway/reply.h"
#include "gateway/wording.h"

enum { NAMES_ROOM = 64 << 10, DAYS_MAX = 3650 };

/* The replies that are sent at present; texts only where a line is set up. */
static const char *const mails[] = { "confirm_remark.txt",
	"confirm_remark.html", "unknown_code.txt", "no_code.txt", "closed.txt",
	"not_open_yet.txt", "empty_remark.txt", "duplicate.txt",
	"unsubscribe_confirm.txt", "held_reminder.txt", "subscribe_confirm.txt",
	"correction_done.txt", "withdrawn.txt", "too_late.txt", "state.txt",
	"help.txt", "ask_stop_or_withdraw.txt", "rsvp_confirm.txt",
	"rsvp_several.txt", "which_meeting.txt", "meeting_off.txt",
	"stopped_all.txt", "stopped_by_another.txt", "answer_to_remark.txt",
	"answer_to_remark.html" };
static const char *const texts[] = { "sms_confirm_remark.txt",
	"sms_unknown_code.txt", "sms_no_code.txt", "sms_closed.txt",
	"sms_not_open_yet.txt", "sms_empty.txt", "sms_duplicate.txt",
	"sms_stop_confirm.txt", "sms_held_reminder.txt",
	"sms_start_confirm.txt", "sms_correction_done.txt", "sms_withdrawn.txt",
	"sms_too_late.txt", "sms_state.txt", "sms_help.txt",
	"sms_ask_stop_or_withdraw.txt", "sms_rsvp_yes.txt", "sms_rsvp_no.txt",
	"sms_rsvp_several.txt", "sms_which_meeting.txt", "sms_meeting_off.txt",
	"sms_stopped_all.txt", "sms_answer_ready.txt" };

struct review {
	struct buf *out;
	struct wording w;
	json_t *told; /* names already complained of */
	struct buf absent; /* a partial that there is none of */
};

static void
note_absent(void *arg, struct span name)
{
	struct review *v = arg;

	buf_reset(&v->absent);
	buf_add(&v->absent, span_sub(name, 0, 80));
}

/* One line for a name that cannot be shown, once. */
static void
judge_name(struct review *v, struct span name, const char *file)
{
	struct placeholder p;

	if (json_object_getn(v->told, name.p, name.n) != NULL)
		return;
	json_object_setn_new_nocheck(v->told, name.p, name.n, json_true());
	if (!placeholder_find(&p, name)) {
		buf_printf(v->out,
		    "{{%.*s}}, which %s/%s shows: there is no such name\n",
		    (int)(name.n < 80 ? name.n : 80), name.p, v->w.language,
		    file);
	} else if (span_is(p.need, "must") &&
		   placeholder_value(&p, v->w.config)[0] == '\0') {
		struct span key = placeholder_key(&p);

		buf_printf(v->out,
		    "office.%.*s, which %s needs: set %.*s in the office "
		    "section\n",
		    (int)key.n, key.p, file, (int)key.n, key.p);
	}
}

static enum status
review_file(struct review *v, const char *file, struct err *err)
{
	struct buf names = { .max = NAMES_ROOM };
	struct span tmpl = wording_find(&v->w, file), rest, name;
	struct render how;
	char where[120];
	enum status rc;

	if (v->w.problem.text[0] != '\0')
		return err_set(err, ST_REJECT, "%s", v->w.problem.text);
	if (tmpl.p == NULL)
		return strstr(file, ".html") != NULL
			   ? ST_OK
			   : err_set(err, ST_REJECT,
				 "there is no template %s/%s: add it to the "
				 "folder of templates, or set language to one "
				 "there is",
				 v->w.language, file);
	wording_render(&how, &v->w, RENDER_NONE);
	how.missing = note_absent;
	how.missing_arg = v;
	rc = render_names(&names, tmpl, &how, err);
	snprintf(where, sizeof(where), "template %s/%s", v->w.language, file);
	if (rc != ST_OK)
		rc = err_prefix(err, rc, where);
	if (rc == ST_OK && v->absent.n > 0)
		rc = err_set(err, ST_REJECT,
		    "%s includes {{> %s}}, which there is no file for", where,
		    buf_cstr(&v->absent));
	rest = buf_span(&names);
	while (rc == ST_OK && span_line(&rest, &name))
		judge_name(v, name, file);
	buf_free(&names);
	return rc;
}

static enum status
review_language(struct review *v, const char *language, struct err *err)
{
	enum status rc = ST_OK;

	v->w.language = language;
	for (size_t i = 0; i < sizeof(mails) / sizeof(mails[0]); i++)
		if (rc == ST_OK)
			rc = review_file(v, mails[i], err);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (rc == ST_OK && v->w.config->n_sms > 0)
			rc = review_file(v, texts[i], err);
	return rc;
}

/* The configuration's language, and those that are built in: a message that is
 * clearly in one of them is answered in it. */
static enum status
review_languages(struct review *v, struct err *err)
{
	static const char folder[] = "templates/";
	char last[3] = "";
	enum status rc = review_language(v, v->w.config->language, err);

	for (const struct embedded *f = embedded_files;
	     f->name != NULL && rc == ST_OK; f++) {
		char language[3];

		if (strncmp(f->name, folder, strlen(folder)) != 0 ||
		    strlen(f->name) < strlen(folder) + 3 ||
		    f->name[strlen(folder) + 2] != '/')
			continue;
		snprintf(
		    language, sizeof(language), "%s", f->name + strlen(folder));
		if (strcmp(language, last) == 0 ||
		    strcmp(language, v->w.config->language) == 0)
			continue;
		memcpy(last, language, sizeof(last));
		rc = review_language(v, last, err);
	}
	return rc;
}

static void
judge_answer_days(struct buf *out, const struct config *config)
{
	const char *text = config_office(config, "answer_days");
	char *end;
	long days = strtol(text, &end, 10);

	if (text[0] != '\0' && (*end != '\0' || days < 1 || days > DAYS_MAX))
		buf_printf(out,
		    "office.answer_days that can be used: expected a "
		    "number of days from 1 to "
		    "%d\n",
		    DAYS_MAX);
}

enum status
reply_missing_values(
    struct buf *out, const struct config *config, struct err *err)
{
	struct arena a = { 0 };
	struct review v = { .out = out,
		.w = { .config = config, .arena = &a },
		.told = json_object(),
		.absent = { .max = 100 } };
	enum status rc = review_languages(&v, err);

	judge_answer_days(out, config);
	json_decref(v.told);
	buf_free(&v.absent);
	arena_free(&a);
	return rc == ST_OK ? buf_status(out, "the list of values", err) : rc;
}

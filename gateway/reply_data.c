/* reply_data - the facts of a reply as templates name them */
#include "gateway/reply_data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/placeholder.h"
#include "gateway/verdict.h"
#include "parsers/gsm7.h"
#include "parsers/text.h"

enum { TEXT_ROOM = 1 << 20, DAYS_MAX = 3650 };

#define DAY_MS (24LL * 60 * 60 * 1000)

void
reply_put(json_t *data, const char *name, struct span value)
{
	struct buf clean = { .max = TEXT_ROOM };

	if (!text_is_utf8(value)) {
		text_clean(&clean, value);
		value = buf_span(&clean);
	}
	if (value.n > 0)
		json_object_set_new(
		    data, name, json_stringn_nocheck(value.p, value.n));
	buf_free(&clean);
}

static void
put_flag(json_t *data, const char *name, bool value)
{
	if (value)
		json_object_set_new(data, name, json_true());
}

/* An object under construction, and the zone of its times. */
struct facts {
	struct wording *w;
	json_t *data;
	const char *zone;
};

static void
put_date(struct facts *f, const char *name, const char *form, int64_t ms,
    enum moment moment)
{
	json_t *text;

	if (!wording_shows(f->w, name))
		return;
	text = wording_date(f->w, form, ms, f->zone, moment);
	if (json_is_null(text))
		json_decref(text);
	else
		json_object_set_new(f->data, name, text);
}

static const char *
zone_of(const struct wording *w, const struct consultation *c)
{
	return c->timezone != NULL && c->timezone[0] != '\0'
		   ? c->timezone
		   : w->config->timezone;
}

/* All that may be shown of a consultation, whatever this reply shows. */
static json_t *
consultation_facts(const struct wording *w, const struct consultation *c)
{
	struct wording all = *w;
	json_t *data = json_object();
	struct facts f = { &all, data, zone_of(w, c) };
	bool has_short = c->title_short != NULL && c->title_short[0] != '\0';

	all.names = (struct span){ NULL, 0 };
	reply_put(data, "code", span_of(c->code));
	reply_put(data, "title", span_of(c->title));
	reply_put(data, "title_short",
	    span_of(has_short ? c->title_short : c->title));
	put_date(&f, "opens_at", "exact", c->opens_ms, MOMENT_START);
	put_date(&f, "opens_short", "short", c->opens_ms, MOMENT_START);
	put_date(&f, "closes_at", "exact", c->closes_ms, MOMENT_END);
	put_date(&f, "closes_short", "short", c->closes_ms, MOMENT_END);
	put_date(&f, "closed_at", "exact", c->closes_ms, MOMENT_END);
	put_date(&f, "closed_short", "short", c->closes_ms, MOMENT_END);
	return data;
}

/* What was found out before under "LANGUAGE/what"; NULL: nothing was. */
static json_t *
known_facts(const struct wording *w, const char *what)
{
	char key[80];

	snprintf(key, sizeof(key), "%s/%s", w->language, what);
	return json_object_get(w->kept->facts, key);
}

/* Keeps them and gives them back. */
static json_t *
keep_facts(struct wording *w, const char *what, json_t *facts)
{
	char key[80];

	if (w->kept->facts == NULL)
		w->kept->facts = json_object();
	snprintf(key, sizeof(key), "%s/%s", w->language, what);
	json_object_set_new(w->kept->facts, key, facts);
	return facts;
}

static void
put_consultation(struct wording *w, json_t *data, const struct consultation *c)
{
	json_t *facts = known_facts(w, c->code);

	if (facts == NULL)
		facts = keep_facts(w, c->code, consultation_facts(w, c));
	json_object_update(data, facts);
}

/* The first SHOWN_LENGTH characters. */
static struct span
shown_part(struct span text)
{
	struct span rest = text;
	size_t len;

	if (text.n <= SHOWN_LENGTH) /* bytes: no more characters than those */
		return text;
	for (int i = 0; i < SHOWN_LENGTH && rest.n > 0; i++) {
		text_next(rest, &len);
		rest = span_from(rest, len);
	}
	return span_sub(text, 0, text.n - rest.n);
}

/* What the person wrote, as it is and with "> " before each line. */
static void
put_words(json_t *data, struct span text)
{
	struct span shown = shown_part(span_trim(text)), rest = shown, line;
	struct buf quoted = { .max = TEXT_ROOM };
	char length[16];

	while (span_line(&rest, &line)) {
		buf_str(&quoted, quoted.n == 0 ? ">" : "\n>");
		if (line.n > 0)
			buf_char(&quoted, ' ');
		buf_add(&quoted, line);
	}
	reply_put(data, "remark", shown);
	reply_put(data, "remark_quoted", buf_span(&quoted));
	put_flag(data, "text_cut", shown.n < span_trim(text).n);
	snprintf(length, sizeof(length), "%d", SHOWN_LENGTH);
	reply_put(data, "shown_length", span_of(length));
	buf_free(&quoted);
}

static const struct consultation *
consultation_of(const struct reply *reply, const struct remark *remark)
{
	for (size_t i = 0; i < reply->n_all; i++)
		if (reply->all[i].id == remark->consultation_id)
			return &reply->all[i];
	return reply->consultation;
}

/* The facts of one element of a list.  What it does not have must not be found
 * outside of it, where the same names stand for the reply as a whole. */
static json_t *
element_facts(void)
{
	static const char *const own[] = { "opens_at", "opens_short",
		"closes_at", "closes_short", "closed_at", "closed_short",
		"receipt", "text_cut", "time_to", "venue_name", "venue_address",
		"is_withdrawn", "is_corrected", "is_answered", "is_waiting",
		"comes", "declines", "meeting_cancelled", "meeting_over",
		"verdict", "verdict_ascii", "position", "position_short",
		"position_cut", "provision", "answered_at" };
	json_t *facts = json_object();

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		json_object_set_new(facts, own[i], json_null());
	return facts;
}

static struct span
receipt_of(const struct reply *reply, size_t i)
{
	return reply->receipts == NULL ? (struct span){ NULL, 0 }
				       : span_of(reply->receipts[i]);
}

/* The beginning of a text, in plain letters and one line, that a short message
 * can hold: whole words.  True when that is not all of it. */
static bool
make_short(struct buf *out, struct span text)
{
	struct buf plain = { .max = TEXT_ROOM };
	struct span rest, word;

	gsm7_fold(&plain, text);
	for (size_t i = 0; i < plain.n; i++)
		if (plain.p[i] == '\n' || plain.p[i] == '\r')
			plain.p[i] = ' ';
	for (rest = span_trim(buf_span(&plain)); rest.n > 0;
	     rest = span_trim(span_from(rest, word.n))) {
		word = span_sub(rest, 0, span_find(rest, " "));
		if (text_length(buf_span(out)) + 1 + text_length(word) >
		    SHORT_LENGTH)
			break;
		if (out->n > 0)
			buf_char(out, ' ');
		buf_add(out, word);
	}
	buf_free(&plain);
	return rest.n > 0;
}

/* What the office decided, and why. */
static void
put_position(
    struct wording *w, json_t *data, const char *verdict, const char *reasons)
{
	struct buf plain = { .max = TEXT_ROOM }, brief = plain;
	struct span name;

	if (verdict == NULL || verdict[0] == '\0')
		return;
	name = verdict_name(w, verdict);
	gsm7_fold(&plain, name);
	reply_put(data, "verdict", name);
	reply_put(data, "verdict_ascii", buf_span(&plain));
	reply_put(data, "position", span_of(reasons));
	put_flag(data, "position_cut", make_short(&brief, span_of(reasons)));
	reply_put(data, "position_short", buf_span(&brief));
	buf_free(&plain);
	buf_free(&brief);
}

/* What became of a remark, as far as its author need know: one of the four. */
static void
put_state(json_t *facts, const char *state)
{
	const char *flag = "is_waiting";

	if (state == NULL)
		return;
	if (strcmp(state, "withdrawn") == 0)
		flag = "is_withdrawn";
	else if (strcmp(state, "answered") == 0 ||
		 strcmp(state, "published") == 0)
		flag = "is_answered";
	else if (strcmp(state, "corrected") == 0)
		flag = "is_corrected";
	put_flag(facts, flag, true);
}

static void
add_joined(struct buf *list, struct span item)
{
	if (item.n == 0)
		return;
	if (list->n > 0)
		buf_str(list, ", ");
	buf_add(list, item);
}

/* "§ 4 ust. 2, § 5": which parts of the draft it is about. */
static void
put_provisions(json_t *facts, const char *provisions)
{
	struct buf list = { .max = TEXT_ROOM };
	struct span rest = span_of(provisions), line;

	while (span_line(&rest, &line))
		add_joined(&list, line);
	reply_put(facts, "provision", buf_span(&list));
	buf_free(&list);
}

static json_t *
remark_facts(struct wording *w, const struct reply *reply, size_t i)
{
	const struct remark *remark = &reply->remarks[i];
	const struct consultation *c = consultation_of(reply, remark);
	json_t *facts = element_facts();
	struct facts f = { w, facts, w->config->timezone };

	if (c != NULL)
		put_consultation(w, facts, c);
	reply_put(facts, "remark_no", span_of(remark->name));
	reply_put(facts, "receipt", receipt_of(reply, i));
	put_date(&f, "received_at", "exact", remark->received_ms, MOMENT_EVENT);
	put_state(facts, remark->state);
	/* An answer to words that were corrected since is none to these. */
	if (json_is_true(json_object_get(facts, "is_answered"))) {
		put_position(w, facts, remark->verdict, remark->reasons);
		put_date(&f, "answered_at", "long", remark->answered_ms,
		    MOMENT_EVENT);
	}
	put_provisions(facts, remark->provisions);
	if (reply->show_text)
		put_words(facts, span_of(remark->text));
	return facts;
}

static bool
has_answered(const struct reply *reply)
{
	for (size_t i = 0; i < reply->n_remarks; i++)
		if (reply->remarks[i].state != NULL &&
		    strcmp(reply->remarks[i].state, "answered") == 0)
			return true;
	return false;
}

static void
put_remarks(struct wording *w, json_t *data, const struct reply *reply)
{
	struct buf numbers = { .max = TEXT_ROOM }, receipts = numbers;
	struct facts f = { w, data, w->config->timezone };
	json_t *list = json_array();

	for (size_t i = 0; i < reply->n_remarks; i++) {
		json_array_append_new(list, remark_facts(w, reply, i));
		add_joined(&numbers, span_of(reply->remarks[i].name));
		add_joined(&receipts, receipt_of(reply, i));
	}
	json_object_set_new(data, "remarks", list);
	reply_put(data, "remark_no", buf_span(&numbers));
	reply_put(data, "receipt", buf_span(&receipts));
	put_flag(data, "several", reply->n_remarks > 1);
	put_flag(data, "none", reply->n_remarks == 0);
	put_flag(data, "any_answered", has_answered(reply));
	put_flag(data, "is_unclear", reply->is_unclear);
	if (reply->n_remarks > 0)
		put_date(&f, "first_received_at", "exact",
		    reply->remarks[0].received_ms, MOMENT_EVENT);
	buf_free(&numbers);
	buf_free(&receipts);
}

/* The answer that the reply is about. */
static void
put_answer_given(struct wording *w, json_t *data, const struct reply *reply)
{
	struct facts f = { w, data, w->config->timezone };
	char count[16];

	if (reply->answer == NULL)
		return;
	put_position(w, data, reply->answer->verdict, reply->answer->reasons);
	reply_put(data, "changed_text", span_of(reply->answer->wording));
	put_date(&f, "replaced_at", "long", reply->replaced_ms, MOMENT_EVENT);
	snprintf(count, sizeof(count), "%d", reply->n_alike);
	if (reply->n_alike > 1)
		reply_put(data, "same_count", span_of(count));
}

/* When everything will have been answered; unless the office promises it and
 * every consultation has an end, nobody knows. */
static void
put_answer_due(struct wording *w, json_t *data, const struct reply *reply)
{
	long days = strtol(config_office(w->config, "answer_days"), NULL, 10);
	const struct consultation *last = NULL;
	struct facts f = { w, data, "" };

	for (size_t i = 0; i < reply->n_remarks; i++) {
		const struct consultation *c =
		    consultation_of(reply, &reply->remarks[i]);

		if (c == NULL || c->closes_ms == 0)
			return;
		if (last == NULL || c->closes_ms > last->closes_ms)
			last = c;
	}
	if (days <= 0 || days > DAYS_MAX || last == NULL)
		return;
	f.zone = zone_of(w, last);
	put_date(&f, "answer_due", "long", last->closes_ms + days * DAY_MS,
	    MOMENT_END);
}

static json_t *
open_list(struct wording *w, const struct reply *reply)
{
	json_t *list = json_array();

	for (size_t i = 0; i < reply->n_all; i++) {
		const struct consultation *c = &reply->all[i];
		json_t *facts;

		if (consultation_state(c, reply->now) != CONSULTATION_OPEN)
			continue;
		facts = element_facts();
		put_consultation(w, facts, c);
		json_array_append_new(list, facts);
	}
	return list;
}

static void
put_open_list(struct wording *w, json_t *data, const struct reply *reply)
{
	json_t *list = known_facts(w, " open"), *first;

	if (list == NULL)
		list = keep_facts(w, " open", open_list(w, reply));
	first = json_object_get(json_array_get(list, 0), "code");
	if (first != NULL)
		json_object_set(data, "example_code", first);
	put_flag(data, "open_any", first != NULL);
	json_object_set(data, "open_list", list);
}

/* The message that is answered. */
static void
put_message(struct wording *w, json_t *data, const struct reply *reply)
{
	const struct inbound *in = reply->inbound;
	struct facts f = { w, data, w->config->timezone };
	int64_t hold = in->hold_until_ms != 0 ? in->hold_until_ms
					      : reply->now + w->config->hold_ms;

	reply_put(data, "address", span_of(in->from));
	reply_put(data, "code_seen", shown_part(span_of(in->code_seen)));
	put_date(&f, "received_at", "exact", in->received_ms, MOMENT_EVENT);
	put_date(&f, "received_date", "long", in->received_ms, MOMENT_EVENT);
	put_date(&f, "hold_until", "long", hold, MOMENT_EVENT);
	put_date(&f, "hold_short", "short", hold, MOMENT_EVENT);
	put_flag(data, "show_text", reply->show_text);
	if (!reply->show_text)
		return;
	put_words(data, span_of(reply->n_remarks > 0 ? reply->remarks[0].text
						     : in->remark));
	reply_put(data, "attachment_names", span_of(reply->attachment_names));
	put_flag(data, "attachments",
	    reply->attachment_names != NULL &&
		reply->attachment_names[0] != '\0');
}

void
reply_office_data(json_t *data, const struct config *config)
{
	struct span rest = placeholder_table();
	struct placeholder p;
	char name[64];

	while (placeholder_next(&rest, &p)) {
		if (!placeholder_is_office(&p))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)p.name.n, p.name.p);
		reply_put(data, name, span_of(placeholder_value(&p, config)));
	}
}

/* Where a text can send people: short address and telephone. */
static void
put_short_help(json_t *data, const struct config *config)
{
	struct buf phone = { .max = 64 }, help = { .max = 512 };
	const char *list_url =
	    json_string_value(json_object_get(data, "list_url"));

	for (const char *p = config_office(config, "phone"); *p != '\0'; p++)
		if (*p == '+' || (*p >= '0' && *p <= '9'))
			buf_char(&phone, *p);
	reply_put(data, "phone_short", buf_span(&phone));
	add_joined(&help, span_of(list_url));
	if (phone.n > 0) {
		buf_str(&help, help.n > 0 ? ", tel. " : "tel. ");
		buf_add(&help, buf_span(&phone));
	}
	reply_put(data, "code_help", buf_span(&help));
	if (config->n_sms > 0)
		reply_put(data, "sms_number", span_of(config->sms[0].number));
	buf_free(&phone);
	buf_free(&help);
}

static void
put_meeting(struct wording *w, json_t *data, const struct meeting *m)
{
	struct facts f = { w, data, m->timezone };
	struct buf place = { .max = TEXT_ROOM }, plain = place;
	char iso[32];

	reply_put(data, "commune", span_of(m->commune));
	put_date(&f, "weekday", "weekday", m->starts_ms, MOMENT_EVENT);
	put_date(&f, "date_long", "long", m->starts_ms, MOMENT_EVENT);
	put_date(&f, "date_short", "day", m->starts_ms, MOMENT_EVENT);
	put_date(&f, "date_dm", "dm", m->starts_ms, MOMENT_EVENT);
	put_date(&f, "time_from", "time", m->starts_ms, MOMENT_EVENT);
	put_date(&f, "time_to", "time", m->ends_ms, MOMENT_END);
	clock_format(iso, m->timezone, m->starts_ms);
	reply_put(data, "dtstart_iso", span_of(iso));
	reply_put(data, "venue_name", span_of(m->venue));
	reply_put(data, "venue_address", span_of(m->address));
	add_joined(&place, span_of(m->venue));
	add_joined(&place, span_of(m->address));
	gsm7_fold(&plain, buf_span(&place));
	reply_put(data, "venue_sms", buf_span(&plain));
	buf_free(&place);
	buf_free(&plain);
}

static void
put_near_day(struct wording *w, json_t *data, const struct reply *reply)
{
	const struct meeting *m = reply->meeting;
	struct buf plain = { .max = TEXT_ROOM };
	json_t *day = wording_day(w, m->starts_ms, reply->now, m->timezone);

	gsm7_fold(&plain, span_of(json_string_value(day)));
	reply_put(data, "relative_day_ascii", buf_span(&plain));
	json_object_set_new(data, "relative_day", day);
	buf_free(&plain);
}

/* Is there no meeting to come to any more? */
static bool
put_off(json_t *facts, const struct meeting *m, int64_t now)
{
	enum too_late off = meeting_too_late(m, now);

	put_flag(facts, "meeting_cancelled", off == LATE_CANCELLED);
	put_flag(facts, "meeting_over", off == LATE_OVER);
	return off != IN_TIME;
}

static void
put_answer(json_t *facts, const struct reply *reply, const struct meeting *m)
{
	if (put_off(facts, m, reply->now))
		return;
	for (size_t i = 0; i < reply->n_rsvps; i++)
		if (reply->rsvps[i].meeting_id == m->id &&
		    !reply->rsvps[i].is_overtaken) {
			put_flag(
			    facts, "comes", reply->rsvps[i].answer == RSVP_YES);
			put_flag(facts, "declines",
			    reply->rsvps[i].answer == RSVP_NO);
		}
}

/* Each under its number, which an answer can name. */
static void
put_meetings(struct wording *w, json_t *data, const struct reply *reply)
{
	size_t n = reply->n_meetings == 0 ? 1 : reply->n_meetings;
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		const struct meeting *m = &reply->meeting[i];
		json_t *facts = element_facts();

		for (size_t k = 0; k < reply->n_all; k++)
			if (reply->all[k].id == m->consultation_id)
				put_consultation(w, facts, &reply->all[k]);
		json_object_set_new(
		    facts, "number", json_integer((json_int_t)i + 1));
		put_meeting(w, facts, m);
		put_answer(facts, reply, m);
		json_array_append_new(list, facts);
	}
	json_object_set_new(data, "meetings", list);
	put_flag(data, "several_meetings", n > 1);
	put_meeting(w, data, reply->meeting);
	put_near_day(w, data, reply);
	put_off(data, reply->meeting, reply->now);
	put_flag(data, "comes", reply->comes);
	put_flag(data, "changed_since",
	    reply->meeting->told < reply->meeting->sequence);
	reply_put(data, "reason", span_of(reply->reason));
	reply_put(data, "message", span_of(reply->message));
	reply_put(data, "facilitator", span_of(reply->host));
	reply_put(data, "access_info", span_of(reply->access));
	reply_put(data, "reply_address", span_of(reply->reply_address));
	if (reply->before != NULL) {
		struct facts f = { w, data, reply->before->timezone };
		int64_t starts = reply->before->starts_ms;

		put_date(&f, "old_date_long", "long", starts, MOMENT_EVENT);
		put_date(&f, "old_time_from", "time", starts, MOMENT_EVENT);
		reply_put(
		    data, "old_venue_name", span_of(reply->before->venue));
	}
}

json_t *
reply_data(struct wording *w, const struct reply *reply)
{
	json_t *data = json_object();

	if (data == NULL)
		return NULL;
	if (w->kept->office == NULL) {
		w->kept->office = json_object();
		reply_office_data(w->kept->office, w->config);
		put_short_help(w->kept->office, w->config);
	}
	put_flag(data, "of_another", reply->of_another);
	put_flag(data, "stops_all", reply->stops_all);
	if (reply->consultation != NULL) {
		put_consultation(w, data, reply->consultation);
		put_flag(data, "takes_remarks",
		    consultation_state(reply->consultation, reply->now) ==
			CONSULTATION_OPEN);
	}
	if (reply->suggestion != NULL) {
		reply_put(data, "suggestion", span_of(reply->suggestion->code));
		reply_put(data, "suggestion_title",
		    span_of(reply->suggestion->title));
	}
	if (reply->meeting != NULL)
		put_meetings(w, data, reply);
	if (reply->commune != NULL)
		reply_put(data, "commune", span_of(reply->commune));
	put_message(w, data, reply);
	put_remarks(w, data, reply);
	put_answer_given(w, data, reply);
	put_answer_due(w, data, reply);
	put_open_list(w, data, reply);
	return data;
}

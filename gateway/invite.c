/* invite - a meeting as calendars understand it */
#include "gateway/invite.h"

#include <libical/ical.h>
#include <stdlib.h>
#include <string.h>

#include "parsers/text.h"

/* How long before a meeting a calendar reminds, in seconds. */
enum { ALARM_S = 24 * 3600, FOLD = 75 };

/* The line that gives its place to ORGANIZER and ATTENDEE.  It is looked for
 * with the line end before it: where a title or place says the same, it stands
 * behind the name of its property, or a space that folding has put in. */
#define PEOPLE "people"
#define PEOPLE_LINE "\r\nX-UWAGA:" PEOPLE "\r\n"

const char *
invite_method(const struct invite *in)
{
	return in->is_cancelled ? "CANCEL" : "REQUEST";
}

static enum status
check(const struct invite *in, struct err *err)
{
	const char *const texts[] = { in->uid, in->summary, in->location,
		in->description };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		bool is_bad = !text_is_utf8(span_of(texts[i]));

		for (const char *p = texts[i]; *p != '\0'; p++)
			is_bad = is_bad || *p == 127 ||
				 ((unsigned char)*p < ' ' && *p != '\n');
		if (is_bad)
			return err_set(err, ST_REJECT,
			    "the invitation would hold a control character or "
			    "what is no UTF-8; look at the meeting's title, "
			    "venue and address");
	}
	if (in->uid[0] == '\0')
		return err_set(err, ST_REJECT, "an invitation needs a UID");
	return ST_OK;
}

static void
add_time(icalcomponent *event, icalproperty_kind kind, int64_t ms,
    icaltimezone *zone)
{
	struct icaltimetype t =
	    icaltime_from_timet_with_zone((time_t)(ms / 1000), 0, zone);
	icalproperty *p;

	icaltime_set_timezone(&t, zone);
	p = kind == ICAL_DTSTART_PROPERTY ? icalproperty_new_dtstart(t)
					  : icalproperty_new_dtend(t);
	icalproperty_add_parameter(
	    p, icalparameter_new_tzid(icaltimezone_get_location(zone)));
	icalcomponent_add_property(event, p);
}

static void
add_alarm(icalcomponent *event, const char *words)
{
	icalcomponent *alarm = icalcomponent_new_valarm();
	struct icaltriggertype before = { .time = icaltime_null_time(),
		.duration = icaldurationtype_from_int(-ALARM_S) };

	icalcomponent_add_property(
	    alarm, icalproperty_new_action(ICAL_ACTION_DISPLAY));
	icalcomponent_add_property(alarm, icalproperty_new_trigger(before));
	icalcomponent_add_property(alarm, icalproperty_new_description(words));
	icalcomponent_add_component(event, alarm);
}

static icalcomponent *
make_event(const struct invite *in, icaltimezone *zone)
{
	icalcomponent *e = icalcomponent_new_vevent();
	icalproperty *people;

	icalcomponent_add_property(e, icalproperty_new_uid(in->uid));
	icalcomponent_add_property(
	    e, icalproperty_new_sequence((int)in->sequence));
	icalcomponent_add_property(
	    e, icalproperty_new_dtstamp(
		   icaltime_from_timet_with_zone((time_t)(in->stamp_ms / 1000),
		       0, icaltimezone_get_utc_timezone())));
	add_time(e, ICAL_DTSTART_PROPERTY, in->starts_ms, zone);
	if (in->ends_ms != 0)
		add_time(e, ICAL_DTEND_PROPERTY, in->ends_ms, zone);
	icalcomponent_add_property(e, icalproperty_new_summary(in->summary));
	if (in->location[0] != '\0')
		icalcomponent_add_property(
		    e, icalproperty_new_location(in->location));
	if (in->description[0] != '\0')
		icalcomponent_add_property(
		    e, icalproperty_new_description(in->description));
	icalcomponent_add_property(e,
	    icalproperty_new_status(in->is_cancelled ? ICAL_STATUS_CANCELLED
						     : ICAL_STATUS_CONFIRMED));
	people = icalproperty_new_x(PEOPLE);
	icalproperty_set_x_name(people, "X-UWAGA");
	icalcomponent_add_property(e, people);
	if (!in->is_cancelled)
		add_alarm(e, in->summary);
	return e;
}

/* Does a rule of the zone still hold at that time? */
static bool
is_in_force(icalcomponent *rule, const struct icaltimetype *at)
{
	icalproperty *p =
	    icalcomponent_get_first_property(rule, ICAL_RRULE_PROPERTY);
	struct icaltimetype until;

	if (p == NULL)
		return false;
	until = icalproperty_get_rrule(p).until;
	return icaltime_compare(icalcomponent_get_dtstart(rule), *at) <= 0 &&
	       (icaltime_is_null_time(until) ||
		   icaltime_compare(until, *at) >= 0);
}

/* For a zone that does not change its clocks at that time. */
static icalcomponent *
make_fixed_rule(int offset_s)
{
	icalcomponent *rule = icalcomponent_new_xstandard();

	icalcomponent_add_property(rule,
	    icalproperty_new_dtstart(icaltime_from_string("19700101T000000")));
	icalcomponent_add_property(
	    rule, icalproperty_new_tzoffsetfrom(offset_s));
	icalcomponent_add_property(rule, icalproperty_new_tzoffsetto(offset_s));
	return rule;
}

/* The zone's rules at the time of the meeting, under the zone's own name: the
 * whole history of a zone is longer than the invitation. */
static icalcomponent *
make_zone(icaltimezone *zone, int64_t ms)
{
	icalcomponent *c =
	    icalcomponent_new_clone(icaltimezone_get_component(zone));
	struct icaltimetype at = icaltime_from_timet_with_zone(
	    (time_t)(ms / 1000), 0, icaltimezone_get_utc_timezone());
	icalcomponent *rule, *next;
	int is_summer, kept = 0;

	icalproperty_set_tzid(
	    icalcomponent_get_first_property(c, ICAL_TZID_PROPERTY),
	    icaltimezone_get_location(zone));
	for (rule = icalcomponent_get_first_component(c, ICAL_ANY_COMPONENT);
	     rule != NULL; rule = next) {
		next = icalcomponent_get_next_component(c, ICAL_ANY_COMPONENT);
		if (is_in_force(rule, &at)) {
			kept++;
			continue;
		}
		icalcomponent_remove_component(c, rule);
		icalcomponent_free(rule);
	}
	if (kept == 0)
		icalcomponent_add_component(
		    c, make_fixed_rule(icaltimezone_get_utc_offset_of_utc_time(
			   zone, &at, &is_summer)));
	return c;
}

/* One content line, folded (RFC 5545, 3.1), no character cut in two. */
static void
put_line(struct buf *out, struct span line)
{
	size_t column = 0, len;

	while (line.n > 0) {
		text_next(line, &len);
		if (column + len > FOLD) {
			buf_str(out, "\r\n ");
			column = 1;
		}
		buf_add(out, span_sub(line, 0, len));
		column += len;
		line = span_from(line, len);
	}
	buf_str(out, "\r\n");
}

/* libical may fold between the CR and the LF that end a line, and cuts lines of
 * some lengths there: its folds are undone and made anew. */
static void
put_refolded(struct buf *out, struct span text)
{
	struct buf flat = { .max = out->max };
	struct span rest;

	while (text.n > 0) {
		size_t n = span_find(text, "\r\n ");

		buf_add(&flat, span_sub(text, 0, n));
		text = span_from(text, n + strlen("\r\n "));
	}
	rest = buf_span(&flat);
	while (rest.n > 0) {
		size_t n = span_find(rest, "\r\n");

		put_line(out, span_sub(rest, 0, n));
		rest = span_from(rest, n + strlen("\r\n"));
	}
	if (flat.failed)
		out->failed = true;
	buf_free(&flat);
}

enum status
invite_make(struct buf *out, const struct invite *in, struct err *err)
{
	icaltimezone *zone = icaltimezone_get_builtin_timezone(in->timezone);
	icalcomponent *calendar;
	enum status rc = check(in, err);
	char *text;

	if (rc != ST_OK)
		return rc;
	if (zone == NULL)
		return err_set(err, ST_REJECT,
		    "there is no time zone \"%.60s\"", in->timezone);
	calendar = icalcomponent_new_vcalendar();
	icalcomponent_add_property(calendar, icalproperty_new_version("2.0"));
	icalcomponent_add_property(
	    calendar, icalproperty_new_prodid("-//Uwaga//Uwaga//PL"));
	icalcomponent_add_property(calendar,
	    icalproperty_new_method(
		in->is_cancelled ? ICAL_METHOD_CANCEL : ICAL_METHOD_REQUEST));
	icalcomponent_add_component(calendar, make_zone(zone, in->starts_ms));
	icalcomponent_add_component(calendar, make_event(in, zone));
	text = icalcomponent_as_ical_string_r(calendar);
	icalcomponent_free(calendar);
	if (text == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	put_refolded(out, span_of(text));
	icalmemory_free_buffer(text);
	return buf_status(out, "the invitation", err);
}

void
invite_personal(struct buf *out, struct span calendar, const char *name,
    const char *reply_to, const char *attendee)
{
	size_t at = span_find(calendar, PEOPLE_LINE);
	struct buf line = { .max = 4096 };

	buf_add(out, span_sub(calendar, 0, at));
	if (at == calendar.n)
		return;
	buf_str(out, "\r\n");
	buf_str(&line, "ORGANIZER;CN=\"");
	for (const char *p = name; *p != '\0'; p++)
		if (*p != '"' && *p != 127 && (unsigned char)*p >= ' ')
			buf_char(&line, *p);
	buf_printf(&line, "\":mailto:%s", reply_to);
	put_line(out, buf_span(&line));
	buf_reset(&line);
	buf_printf(&line,
	    "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=OPT-PARTICIPANT;"
	    "PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:%s",
	    attendee);
	put_line(out, buf_span(&line));
	buf_add(out, span_from(calendar, at + strlen(PEOPLE_LINE)));
	buf_free(&line);
}

/* calendar - answers to invitations (iTIP) in a mail
 *
 * Place: machine.c (calendar_read() of machine.h).  The only file that knows
 * libical, which reads one bounded text and is asked for properties only:
 * zones and recurrences, where its dangers lie, are not touched, and of times
 * only the digits are read.
 */
#include "parsers/machine.h"

#include <libical/ical.h>
#include <string.h>

#include "parsers/address.h"
#include "parsers/date.h"

enum { CALENDAR_MAX = 128 * 1024, NESTED_MAX = 20, LINES_MAX = 5000 };

static bool
is_calendar_type(struct span type)
{
	return span_is(type, "text/calendar") ||
	       span_is(type, "application/ics") ||
	       span_is(type, "text/x-vcalendar");
}

/* Small and flat enough for libical? */
static bool
is_safe(struct span text)
{
	struct span rest = text, line;
	size_t lines = 0;
	int depth = 0;

	if (text.n > CALENDAR_MAX || memchr(text.p, '\0', text.n) != NULL)
		return false;
	while (span_line(&rest, &line)) {
		if (++lines > LINES_MAX)
			return false;
		if (span_starts_nocase(line, "BEGIN:") && ++depth > NESTED_MAX)
			return false;
		if (span_starts_nocase(line, "END:") && --depth < 0)
			return false;
	}
	return true;
}

/* A property's value as text, unescaped where libical does so. */
static struct span
value_of(struct arena *a, icalcomponent *c, icalproperty_kind kind)
{
	icalproperty *p =
	    c == NULL ? NULL : icalcomponent_get_first_property(c, kind);
	icalvalue *v = p == NULL ? NULL : icalproperty_get_value(p);

	if (v == NULL)
		return (struct span){ "", 0 };
	if (icalvalue_isa(v) == ICAL_TEXT_VALUE)
		return arena_copy(a, span_trim(span_of(icalvalue_get_text(v))));
	return arena_copy(a, span_of(icalproperty_get_value_as_string(p)));
}

static struct span
parameter_of(struct arena *a, icalproperty *p, const char *name)
{
	struct span s = span_of(icalproperty_get_parameter_as_string(p, name));

	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		s = span_sub(s, 1, s.n - 2);
	return arena_copy(a, s);
}

/* The address of an ATTENDEE; Exchange writes "invalid:nomail" and puts it in
 * the parameter EMAIL. */
static struct span
attendee_address(struct arena *a, icalproperty *p)
{
	const char *value = icalproperty_get_attendee(p);
	struct address who = address_first(a, span_of(value));

	if (who.address.n == 0)
		who = address_first(a, parameter_of(a, p, "EMAIL"));
	return who.address;
}

/* DTSTAMP, which is in UTC (RFC 5545, 3.8.7.2); 0 when it is no time. */
static int64_t
stamp_of(icalcomponent *event)
{
	icalproperty *p =
	    icalcomponent_get_first_property(event, ICAL_DTSTAMP_PROPERTY);
	struct icaltimetype t;

	if (p == NULL)
		return 0;
	t = icalproperty_get_dtstamp(p);
	if (t.year < 1970 || t.year > 9999 || t.month < 1 || t.month > 12 ||
	    t.day < 1 || t.day > 31 || t.hour < 0 || t.hour > 23 ||
	    t.minute < 0 || t.minute > 59 || t.second < 0 || t.second > 60)
		return 0;
	return date_to_ms(t.year, t.month, t.day, t.hour, t.minute, t.second);
}

/* The address in DELEGATED-TO="mailto:ewa@a.example" (RFC 5545, 3.2.5). */
static struct span
delegate_of(struct arena *a, icalproperty *p)
{
	return address_first(a, parameter_of(a, p, "DELEGATED-TO")).address;
}

/* What Google writes beside the answer, in a parameter of its own: escaped as
 * a text would be, and as parameters are (RFC 6868). */
static struct span
response_comment(struct arena *a, icalproperty *p)
{
	static const char plain[][3] = { "\\;;", "\\,,", "\\n\n", "^n\n",
		"^'\"", "^^^" };
	struct span s = parameter_of(a, p, "X-RESPONSE-COMMENT");
	struct buf out = { .max = s.n + 1 };

	while (s.n > 0) {
		size_t i = 0, n = sizeof(plain) / sizeof(plain[0]);

		while (i < n && (s.n < 2 || memcmp(s.p, plain[i], 2) != 0))
			i++;
		buf_char(&out, i < n ? plain[i][2] : s.p[0]);
		s = span_from(s, i < n ? 2 : 1);
	}
	s = arena_copy(a, span_trim(buf_span(&out)));
	buf_free(&out);
	return s;
}

/* Of several attendees the sender himself, else the first who answered. */
static void
read_attendee(struct parsed *parsed, icalcomponent *event)
{
	struct calendar *cal = &parsed->calendar;
	struct arena *a = &parsed->arena;
	icalproperty *p =
	    icalcomponent_get_first_property(event, ICAL_ATTENDEE_PROPERTY);
	struct span comment = cal->comment;
	bool decided = false;

	for (int i = 0; p != NULL && i < LINES_MAX; i++) {
		struct span who = attendee_address(a, p);
		struct span stat = parameter_of(a, p, "PARTSTAT");
		bool is_sender = who.n > 0 && parsed->from.address.n == who.n &&
				 span_is_nocase(who, parsed->from.address.p);
		bool answers =
		    stat.n > 0 && !span_is_nocase(stat, "NEEDS-ACTION");

		if (cal->attendee.n == 0 || is_sender ||
		    (answers && !decided)) {
			cal->attendee = who;
			cal->partstat = stat;
			cal->delegate = delegate_of(a, p);
			if (comment.n == 0)
				cal->comment = response_comment(a, p);
			decided = answers;
		}
		if (is_sender)
			return;
		p = icalcomponent_get_next_property(
		    event, ICAL_ATTENDEE_PROPERTY);
	}
}

static void
upper_case(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= 'a' && s.p[i] <= 'z')
			((char *)s.p)[i] = (char)(s.p[i] - 'a' + 'A');
}

/* One VCALENDAR; false when it has no event, task or method. */
static bool
read_calendar(struct parsed *parsed, icalcomponent *root, struct span method)
{
	struct calendar *cal = &parsed->calendar;
	struct arena *a = &parsed->arena;
	icalcomponent *event =
	    icalcomponent_get_first_component(root, ICAL_VEVENT_COMPONENT);
	icalproperty *p;
	struct span own = value_of(a, root, ICAL_METHOD_PROPERTY);

	if (event == NULL)
		event = icalcomponent_get_first_component(
		    root, ICAL_VTODO_COMPONENT);
	if (event == NULL || (own.n == 0 && method.n == 0))
		return false;
	*cal = (struct calendar){ 0 };
	cal->method = own.n > 0 ? own : arena_copy(a, method);
	upper_case(cal->method);
	cal->uid = value_of(a, event, ICAL_UID_PROPERTY);
	cal->comment = value_of(a, event, ICAL_COMMENT_PROPERTY);
	p = icalcomponent_get_first_property(event, ICAL_SEQUENCE_PROPERTY);
	if (p != NULL)
		cal->sequence = icalproperty_get_sequence(p);
	cal->stamp_ms = stamp_of(event);
	cal->starts = value_of(a, event, ICAL_DTSTART_PROPERTY);
	cal->attendee = cal->partstat = cal->delegate = (struct span){ "", 0 };
	read_attendee(parsed, event);
	upper_case(cal->partstat);
	return true;
}

static bool
read_part(struct parsed *parsed, const struct part *part)
{
	struct arena *a = &parsed->arena;
	struct span text = part->body, method;
	icalcomponent *root, *inner;
	bool found = false;

	if (text.n == 0 || !is_safe(text))
		return false;
	method = header_param_text(a, part->params, "method");
	/* Some builds of libical abort at the first error otherwise. */
	icalerror_set_errors_are_fatal(false);
	root = icalparser_parse_string(arena_copy(a, text).p);
	if (root == NULL)
		return false;
	if (icalcomponent_isa(root) == ICAL_VCALENDAR_COMPONENT)
		found = read_calendar(parsed, root, method);
	inner =
	    icalcomponent_get_first_component(root, ICAL_VCALENDAR_COMPONENT);
	for (; inner != NULL && !found;
	     inner = icalcomponent_get_next_component(
		 root, ICAL_VCALENDAR_COMPONENT))
		found = read_calendar(parsed, inner, method);
	icalcomponent_free(root);
	icalmemory_free_ring();
	return found;
}

bool
calendar_read(struct parsed *parsed, const struct mime *mime)
{
	for (size_t i = 0; i < mime->n_parts; i++)
		if (is_calendar_type(mime->parts[i].type) &&
		    read_part(parsed, &mime->parts[i]))
			return true;
	return false;
}

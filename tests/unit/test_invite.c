/* test_invite - invitations that calendars take, whatever stands in them
 *
 * Place: judged by libical's own reader and by the shape RFC 5545 asks for.
 */
#include "gateway/invite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libical/ical.h>

#include "parsers/date.h"
#include "parsers/text.h"

static struct invite
usual(void)
{
	return (struct invite){
		.uid = "spotkanie-bl-10ke-bierun-2@konsultacje.powiat.example",
		.sequence = 0,
		.stamp_ms = date_to_ms(2026, 11, 16, 8, 0, 0),
		.starts_ms = date_to_ms(2026, 11, 24, 16, 0, 0),
		.ends_ms = date_to_ms(2026, 11, 24, 18, 0, 0),
		.timezone = "Europe/Warsaw",
		.summary = "Spotkanie konsultacyjne – Bieruń (BL-10KE)",
		.location =
		    "Sala posiedzeń starostwa, ul. Przykładowa 1; Bieruń",
		.description = "Projekt uchwały.\nZbieramy uwagi, do piątku.",
	};
}

/* CRLF, at most 75 bytes a line, no character cut in two. */
static void
check_shape(struct span text)
{
	while (text.n > 0) {
		size_t n = span_find(text, "\r\n");
		struct span line = span_sub(text, 0, n);

		if (n == text.n || n > 75 || memchr(line.p, '\n', n) != NULL ||
		    !text_is_utf8(line))
			fail_msg("a bad line: %.*s", (int)line.n, line.p);
		text = span_from(text, n + 2);
	}
}

/* The invitation to Jan, read again; icalcomponent_free() it. */
static icalcomponent *
read_back(const struct invite *in)
{
	struct buf frozen = { .max = 64 * 1024 }, out = frozen;
	icalcomponent *c;
	struct err err;

	if (invite_make(&frozen, in, &err) != ST_OK)
		fail_msg("%s", err.text);
	invite_personal(&out, buf_span(&frozen),
	    "Starostwo Powiatowe: \"Konsultacje\" w Bieruniu i okolicach – zażółć",
	    "konsultacje+k3f9@powiat.example", "jan.pilorz@gmail.example");
	check_shape(buf_span(&out));
	c = icalparser_parse_string(buf_cstr(&out));
	assert_non_null(c);
	assert_int_equal(icalcomponent_count_errors(c), 0);
	assert_true(icalrestriction_check(c));
	buf_free(&frozen);
	buf_free(&out);
	return c;
}

static void
a_calendar_reads_what_was_meant(void **state)
{
	struct invite in = usual();
	icalcomponent *c = read_back(&in), *e;
	struct icaltimetype starts;

	(void)state;
	assert_int_equal(icalcomponent_get_method(c), ICAL_METHOD_REQUEST);
	e = icalcomponent_get_first_component(c, ICAL_VEVENT_COMPONENT);
	assert_string_equal(icalcomponent_get_uid(e), in.uid);
	assert_string_equal(icalcomponent_get_summary(e), in.summary);
	assert_string_equal(icalcomponent_get_location(e), in.location);
	assert_string_equal(icalcomponent_get_description(e), in.description);
	starts = icalcomponent_get_dtstart(e);
	assert_int_equal(starts.hour, 17);
	assert_int_equal(icaltime_as_timet_with_zone(starts, starts.zone),
	    in.starts_ms / 1000);
	assert_string_equal(
	    icalproperty_get_organizer(
		icalcomponent_get_first_property(e, ICAL_ORGANIZER_PROPERTY)),
	    "mailto:konsultacje+k3f9@powiat.example");
	assert_string_equal(
	    icalproperty_get_attendee(
		icalcomponent_get_first_property(e, ICAL_ATTENDEE_PROPERTY)),
	    "mailto:jan.pilorz@gmail.example");
	icalcomponent_free(c);
}

static void
every_zone_that_is_named_has_its_rules(void **state)
{
	struct invite in = usual();
	icalcomponent *c = read_back(&in), *zone;

	(void)state;
	zone = icalcomponent_get_first_component(c, ICAL_VTIMEZONE_COMPONENT);
	assert_non_null(zone);
	assert_string_equal(
	    icalproperty_get_tzid(
		icalcomponent_get_first_property(zone, ICAL_TZID_PROPERTY)),
	    "Europe/Warsaw");
	assert_int_equal(
	    icalcomponent_count_components(zone, ICAL_XDAYLIGHT_COMPONENT), 1);
	assert_int_equal(
	    icalcomponent_count_components(zone, ICAL_XSTANDARD_COMPONENT), 1);
	icalcomponent_free(c);
}

/* Summer, winter, the far future, a zone without summer time, one that gave it
 * up: the instant is the same. */
static void
the_hour_is_right_in_every_zone_and_season(void **state)
{
	static const struct {
		const char *zone;
		int64_t at; /* seconds, each at 16:00 UTC */
		int hour;
	} rows[] = {
		{ "Europe/Warsaw", 1784908800, 18 }, /* July */
		{ "Europe/Warsaw", 1795536000, 17 }, /* November */
		{ "Europe/Warsaw", 2258640000, 18 }, /* July 2041 */
		{ "Europe/Kyiv", 1784908800, 19 },
		{ "Asia/Tokyo", 1784908800, 1 },
		{ "Europe/Minsk", 1784908800, 19 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct invite in = usual();
		icalcomponent *c, *e;
		struct icaltimetype t;

		in.timezone = rows[i].zone;
		in.starts_ms = rows[i].at * 1000;
		in.ends_ms = in.starts_ms + 7200000;
		c = read_back(&in);
		e = icalcomponent_get_first_component(c, ICAL_VEVENT_COMPONENT);
		t = icalcomponent_get_dtstart(e);
		if (t.hour != rows[i].hour ||
		    icaltime_as_timet_with_zone(t, t.zone) != rows[i].at)
			fail_msg("%s: hour %d", rows[i].zone, t.hour);
		icalcomponent_free(c);
	}
}

static void
a_cancellation_keeps_the_name_and_counts_on(void **state)
{
	struct invite in = usual();
	icalcomponent *c, *e;

	(void)state;
	in.is_cancelled = true;
	in.sequence = 2;
	c = read_back(&in);
	e = icalcomponent_get_first_component(c, ICAL_VEVENT_COMPONENT);
	assert_int_equal(icalcomponent_get_method(c), ICAL_METHOD_CANCEL);
	assert_int_equal(icalcomponent_get_status(e), ICAL_STATUS_CANCELLED);
	assert_int_equal(icalcomponent_get_sequence(e), 2);
	assert_string_equal(icalcomponent_get_uid(e), in.uid);
	icalcomponent_free(c);
}

static void
no_text_brings_a_line_of_its_own(void **state)
{
	static const char *const hostile[] = {
		"Sala\r\nATTENDEE:mailto:obcy@zly.example",
		"Sala\rX",
		"Sala\x01",
		"Sala\x7f",
		"Sala \xff\xfe",
	};
	struct buf out = { .max = 64 * 1024 };
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		struct invite in = usual();
		const char **fields[] = { &in.summary, &in.location,
			&in.description, &in.uid };

		for (size_t k = 0; k < sizeof(fields) / sizeof(fields[0]);
		     k++) {
			const char *before = *fields[k];

			*fields[k] = hostile[i];
			assert_int_equal(
			    invite_make(&out, &in, &err), ST_REJECT);
			assert_int_equal(out.n, 0);
			*fields[k] = before;
		}
	}
}

static void
what_is_special_to_calendars_is_words_to_people(void **state)
{
	static const char *const odd[] = { "a;b,c\\d:e\"f", "BEGIN:VEVENT",
		"\xe2\x80\xae"
		"obrócone",
		"\n\nEND:VCALENDAR\n", "🌳🌳🌳🌳🌳🌳🌳🌳🌳🌳🌳🌳🌳🌳🌳🌳🌳🌳🌳🌳🌳🌳🌳🌳🌳🌳🌳🌳🌳🌳" };
	static char long_text[10001];

	(void)state;
	memset(long_text, 'x', 10000);
	for (size_t i = 0; i <= sizeof(odd) / sizeof(odd[0]); i++) {
		struct invite in = usual();
		icalcomponent *c, *e;

		in.description =
		    i < sizeof(odd) / sizeof(odd[0]) ? odd[i] : long_text;
		c = read_back(&in);
		e = icalcomponent_get_first_component(c, ICAL_VEVENT_COMPONENT);
		assert_string_equal(
		    icalcomponent_get_description(e), in.description);
		assert_int_equal(
		    icalcomponent_count_components(c, ICAL_VEVENT_COMPONENT),
		    1);
		icalcomponent_free(c);
	}
}

/* Found by the fuzzer: what stands for the people in the frozen invitation can
 * stand in a title too, and must stay words there, wherever its lines break. */
static void
a_title_that_says_what_stands_for_people_is_a_title(void **state)
{
	(void)state;
	for (int n = 0; n < 160; n++) {
		struct invite in = usual();
		char title[200];
		icalcomponent *c, *e;

		snprintf(title, sizeof(title), "%.*s%s", n,
		    "Sala posiedzen starostwa przy ulicy Przykladowej w "
		    "Bieruniu i w Ledzinach, na drugim pietrze, wejscie od "
		    "podworza, winda jest, a dojechac mozna autobusem linii 5",
		    "X-UWAGA:people");
		in.summary = in.location = in.description = title;
		c = read_back(&in);
		e = icalcomponent_get_first_component(c, ICAL_VEVENT_COMPONENT);
		assert_string_equal(icalcomponent_get_summary(e), title);
		assert_string_equal(icalcomponent_get_location(e), title);
		assert_string_equal(icalcomponent_get_description(e), title);
		assert_int_equal(
		    icalcomponent_count_properties(e, ICAL_ORGANIZER_PROPERTY),
		    1);
		assert_int_equal(
		    icalcomponent_count_properties(e, ICAL_ATTENDEE_PROPERTY),
		    1);
		icalcomponent_free(c);
	}
}

static void
a_zone_that_is_none_is_refused(void **state)
{
	struct buf out = { .max = 64 * 1024 };
	struct invite in = usual();
	struct err err;

	(void)state;
	in.timezone = "Europe/Atlantyda";
	assert_int_equal(invite_make(&out, &in, &err), ST_REJECT);
	assert_non_null(strstr(err.text, "Atlantyda"));
}

/* libical cuts the end of a line in two at some lengths. */
static void
a_title_of_any_length_stays_on_its_lines(void **state)
{
	char title[400];

	(void)state;
	for (size_t n = 1; n < sizeof(title); n++) {
		struct buf out = { .max = 64 * 1024 };
		struct invite in = usual();
		struct err err;

		memset(title, 'a', n);
		title[n] = '\0';
		in.summary = in.location = in.description = title;
		assert_int_equal(invite_make(&out, &in, &err), ST_OK);
		check_shape(buf_span(&out));
		buf_free(&out);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_calendar_reads_what_was_meant),
		cmocka_unit_test(every_zone_that_is_named_has_its_rules),
		cmocka_unit_test(the_hour_is_right_in_every_zone_and_season),
		cmocka_unit_test(a_cancellation_keeps_the_name_and_counts_on),
		cmocka_unit_test(no_text_brings_a_line_of_its_own),
		cmocka_unit_test(
		    what_is_special_to_calendars_is_words_to_people),
		cmocka_unit_test(
		    a_title_that_says_what_stands_for_people_is_a_title),
		cmocka_unit_test(a_zone_that_is_none_is_refused),
		cmocka_unit_test(a_title_of_any_length_stays_on_its_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_provider - what every provider of texts is read with */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/provider.h"
#include "parsers/date.h"

static const struct config_sms conf = { .name = "bramka",
	.timezone = "Europe/Warsaw" };
static const struct provider warsaw = { .conf = &conf, .name = "sms bramka" };

static int64_t
utc(const char *text)
{
	int64_t ms = 0;

	assert_int_equal(date_parse_rfc3339(&ms, NULL, span_of(text)), ST_OK);
	return ms;
}

static void
times_without_a_zone_are_the_lines(void **state)
{
	static const struct {
		const char *what, *form, *text, *utc;
	} rows[] = {
		{ "winter", "YYYY-MM-DD hh:mm:ss", "2026-11-22 11:00:00",
		    "2026-11-22T10:00:00Z" },
		{ "summer", "YYYY-MM-DD hh:mm:ss", "2026-07-01 11:00:00",
		    "2026-07-01T09:00:00Z" },
		{ "the repeated hour is the earlier one", "YYYY-MM-DD hh:mm:ss",
		    "2026-10-25 02:30:00", "2026-10-25T00:30:00Z" },
		{ "without marks between", "YYYYMMDDhhmmss", "20261122110000",
		    "2026-11-22T10:00:00Z" },
		{ "a year of two digits", "YY-MM-DD hh:mm:ss",
		    "26-11-22 11:00:00", "2026-11-22T10:00:00Z" },
		{ "month 13", "YYYY-MM-DD hh:mm:ss", "2026-13-22 11:00:00",
		    NULL },
		{ "something behind it", "YYYY-MM-DD hh:mm:ss",
		    "2026-11-22 11:00:00Z", NULL },
		{ "half of it", "YYYY-MM-DD hh:mm:ss", "2026-11-22", NULL },
		{ "nothing", "YYYY-MM-DD hh:mm:ss", "", NULL },
		{ "words", "YYYY-MM-DD hh:mm:ss", "yesterday evening..", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t ms = -1;
		bool is_time =
		    provider_time(&warsaw, rows[i].form, rows[i].text, &ms);

		if (is_time != (rows[i].utc != NULL) ||
		    (is_time && ms != utc(rows[i].utc)))
			fail_msg("%s: %lld", rows[i].what, (long long)ms);
	}
}

static void
a_time_is_written_as_the_box_reads_it(void **state)
{
	char text[32];

	(void)state;
	provider_time_text(
	    &warsaw, "YYYYMMDDhhmmss", utc("2026-11-22T23:30:05Z"), text);
	assert_string_equal(text, "20261123003005");
	provider_time_text(
	    &warsaw, "YYYY-MM-DD hh:mm:ss", utc("2026-07-01T09:00:00Z"), text);
	assert_string_equal(text, "2026-07-01 11:00:00");
}

static void
a_cursor_keeps_its_floor(void **state)
{
	struct arena a = { 0 };
	const char *first = "at:1000/1000", *later;

	(void)state;
	later = provider_cursor(&a, 5000, first);
	assert_string_equal(later, "at:5000/1000");
	assert_int_equal(provider_cursor_ms(later), 5000);
	assert_int_equal(provider_cursor_floor(later), 1000);
	assert_int_equal(provider_cursor_ms("id:12"), -1);
	assert_int_equal(provider_cursor_ms("at:12"), -1);
	assert_int_equal(provider_cursor_floor("id:12"), 0);
	assert_int_equal(provider_cursor_ms(provider_cursor(&a, 7, "")), 7);
	arena_free(&a);
}

static void
only_numbers_are_texted(void **state)
{
	(void)state;
	assert_true(provider_is_number("+48110000301"));
	assert_true(provider_is_number("+1234567"));
	assert_false(provider_is_number("48110000301"));
	assert_false(provider_is_number("+123456"));
	assert_false(provider_is_number("+1234567890123456"));
	assert_false(provider_is_number("+48 110 000 301"));
	assert_false(provider_is_number("INFO"));
	assert_false(provider_is_number(""));
}

static void
fields_are_text_whatever_their_type(void **state)
{
	struct arena a = { 0 };
	json_t *o = json_loads("{\"t\":\"12\",\"n\":12,\"b\":true,\"x\":[1],"
			       "\"nul\":\"a\\u0000b\",\"none\":null}",
	    JSON_ALLOW_NUL, NULL);

	(void)state;
	assert_non_null(o);
	assert_string_equal(provider_string(&a, o, "t"), "12");
	assert_string_equal(provider_string(&a, o, "n"), "12");
	assert_string_equal(provider_string(&a, o, "b"), "true");
	assert_string_equal(provider_string(&a, o, "x"), "");
	assert_string_equal(provider_string(&a, o, "nul"), "a b");
	assert_string_equal(provider_string(&a, o, "none"), "");
	assert_string_equal(provider_string(&a, o, "missing"), "");
	assert_string_equal(provider_string(&a, NULL, "t"), "");
	json_decref(o);
	arena_free(&a);
}

static void
what_they_said_is_one_printable_line(void **state)
{
	char words[12];

	(void)state;
	provider_words(words, sizeof(words), "a\r\nb\x1b[31m\xC4\x85 and more");
	assert_string_equal(words, "a??b?[31m??");
}

static void
times_with_a_zone_are_read_by_it(void **state)
{
	static const struct {
		const char *what, *text, *utc;
	} rows[] = {
		{ "UTC by its letter", "2024-05-31T05:17:35Z",
		    "2024-05-31T05:17:35Z" },
		{ "an offset without a colon, and thousandths",
		    "2019-11-09T16:00:00.000+0000", "2019-11-09T16:00:00Z" },
		{ "east of Greenwich", "2026-11-22T11:00:00.5+01:00",
		    "2026-11-22T10:00:00Z" },
		{ "west of it", "2026-11-22T11:00:00-0530",
		    "2026-11-22T16:30:00Z" },
		{ "without one it is the line's", "2026-11-22T11:00:00",
		    "2026-11-22T10:00:00Z" },
		{ "a space for the T", "2026-11-22 11:00:00Z",
		    "2026-11-22T11:00:00Z" },
		{ "an offset of 99 minutes", "2026-11-22T11:00:00+0199", NULL },
		{ "half an offset", "2026-11-22T11:00:00+01", NULL },
		{ "a sign alone", "2026-11-22T11:00:00+", NULL },
		{ "letters for an offset", "2026-11-22T11:00:00+ab:cd", NULL },
		{ "colons alone", "2026-11-22T11:00:00+:::::", NULL },
		{ "a zone by name", "2026-11-22T11:00:00 CET", NULL },
		{ "nothing", "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t ms = -1;
		bool is_time = provider_time_iso(&warsaw, rows[i].text, &ms);

		if (is_time != (rows[i].utc != NULL) ||
		    (is_time && ms != utc(rows[i].utc)))
			fail_msg("%s: %lld", rows[i].what, (long long)ms);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_without_a_zone_are_the_lines),
		cmocka_unit_test(times_with_a_zone_are_read_by_it),
		cmocka_unit_test(a_time_is_written_as_the_box_reads_it),
		cmocka_unit_test(a_cursor_keeps_its_floor),
		cmocka_unit_test(only_numbers_are_texted),
		cmocka_unit_test(fields_are_text_whatever_their_type),
		cmocka_unit_test(what_they_said_is_one_printable_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

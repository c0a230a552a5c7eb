/* test_date - dates as mail programs write them, and RFC 3339 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "parsers/date.h"
#include "parsers/status.h"

typedef enum status (*reader)(int64_t *, int *, struct span);

struct row {
	const char *says;
	const char *date;
	const char *want; /* RFC 3339; NULL: it is no date */
};

/* Reads a copy of exactly that size and compares what it says. */
static void
check(const struct row *row, reader read)
{
	size_t n = strlen(row->date);
	char *copy = malloc(n + (n == 0));
	char got[32];
	int64_t ms = 0;
	int offset = 0;
	enum status rc;

	assert_non_null(copy);
	memcpy(copy, row->date, n);
	rc = read(&ms, &offset, (struct span){ copy, n });
	free(copy);
	if (row->want == NULL) {
		if (rc != ST_REJECT)
			fail_msg("%s: was read as a date", row->says);
		return;
	}
	if (rc != ST_OK)
		fail_msg("%s: was not read", row->says);
	date_format_rfc3339(got, ms, offset);
	if (strcmp(got, row->want) != 0)
		fail_msg("%s: %s, not %s", row->says, got, row->want);
}

static void
mail_dates_are_read_as_senders_write_them(void **state)
{
	static const struct row rows[] = {
		{ "as the standard wants it", "Fri, 13 Nov 2026 12:30:00 +0100",
		    "2026-11-13T12:30:00+01:00" },
		{ "without weekday and seconds", "13 Nov 2026 12:30 +0100",
		    "2026-11-13T12:30:00+01:00" },
		{ "with the zone's name in a comment",
		    "Fri, 13 Nov 2026 12:30:00 +0100 (CET)",
		    "2026-11-13T12:30:00+01:00" },
		{ "with only the zone's name", "13 Nov 2026 12:30:00 CEST",
		    "2026-11-13T12:30:00+02:00" },
		{ "Greenwich", "13 Nov 2026 12:30:00 GMT",
		    "2026-11-13T12:30:00+00:00" },
		{ "Greenwich and a number", "13 Nov 2026 12:30:00 GMT+01:00",
		    "2026-11-13T12:30:00+01:00" },
		{ "a two-digit year of this century",
		    "13 Nov 26 12:30:00 -0500", "2026-11-13T12:30:00-05:00" },
		{ "a two-digit year of the last one", "13 Nov 98 12:30:00 EST",
		    "1998-11-13T12:30:00-05:00" },
		{ "a year counted from 1900", "13 Nov 126 12:30:00 +0100",
		    "2026-11-13T12:30:00+01:00" },
		{ "the order of the C library", "Fri Nov 13 12:30:00 2026",
		    "2026-11-13T12:30:00+00:00" },
		{ "that order with a zone", "Fri Nov 13 12:30:00 CET 2026",
		    "2026-11-13T12:30:00+01:00" },
		{ "dashes between day and year", "Fri, 13-Nov-2026 12:30:00 Z",
		    "2026-11-13T12:30:00+00:00" },
		{ "afternoon", "Nov 13, 2026 2:05 PM",
		    "2026-11-13T14:05:00+00:00" },
		{ "midnight in twelve hours", "Nov 13, 2026 12:05 AM",
		    "2026-11-13T00:05:00+00:00" },
		{ "comments everywhere",
		    "Fri (p\xc4\x85tek), 13 (x (y)) Nov 2026 12:30:00 +0100",
		    "2026-11-13T12:30:00+01:00" },
		{ "no zone at all counts as Greenwich", "13 Nov 2026 12:30:00",
		    "2026-11-13T12:30:00+00:00" },
		{ "a zone that cannot be", "13 Nov 2026 12:30:00 +9999",
		    "2026-11-13T12:30:00+00:00" },
		{ "as a computer would", "2026-11-13T12:30:00+01:00",
		    "2026-11-13T12:30:00+01:00" },
		{ "a leap second", "31 Dec 2016 23:59:60 +0000",
		    "2017-01-01T00:00:00+00:00" },
		{ "a leap day", "29 Feb 2028 00:00:00 +0000",
		    "2028-02-29T00:00:00+00:00" },
		{ "no leap day", "29 Feb 2027 00:00:00 +0000", NULL },
		{ "no such hour", "13 Nov 2026 24:00:00 +0100", NULL },
		{ "no such month", "13 Nie 2026 12:30:00 +0100", NULL },
		{ "no time", "13 Nov 2026", NULL },
		{ "a word", "wczoraj", NULL },
		{ "nothing", "", NULL },
		{ "an unfinished comment", "13 Nov (2026 12:30", NULL },
		{ "a sign alone", "+", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(&rows[i], date_parse_mail);
}

static void
rfc3339_is_read_strictly(void **state)
{
	static const struct row rows[] = {
		{ "with an offset", "2026-11-22T12:00:00+01:00",
		    "2026-11-22T12:00:00+01:00" },
		{ "Z is Greenwich", "2026-11-22T12:00:00Z",
		    "2026-11-22T12:00:00+00:00" },
		{ "a space for the T", "2026-11-22 12:00:00 +01:00",
		    "2026-11-22T12:00:00+01:00" },
		{ "no seconds", "2026-11-22T12:00+01:00",
		    "2026-11-22T12:00:00+01:00" },
		{ "part of a second is dropped when shown",
		    "2026-11-22T12:00:00.999Z", "2026-11-22T12:00:00+00:00" },
		{ "west of Greenwich", "2026-11-22T12:00:00-03:30",
		    "2026-11-22T12:00:00-03:30" },
		{ "no zone", "2026-11-22T12:00:00", NULL },
		{ "no time", "2026-11-22", NULL },
		{ "a day that does not exist", "2026-02-30T12:00:00Z", NULL },
		{ "one digit too few", "2026-1-22T12:00:00Z", NULL },
		{ "an hour of one digit", "2026-11-22T9:00:00Z", NULL },
		{ "more behind it", "2026-11-22T12:00:00Z x", NULL },
		{ "a zone of one digit", "2026-11-22T12:00:00+1", NULL },
		{ "nothing", "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(&rows[i], date_parse_rfc3339);
}

static void
every_day_of_400_years_goes_there_and_back(void **state)
{
	int64_t ms, first = date_to_ms(1900, 1, 1, 0, 0, 0), back;
	char text[32];
	int offset;

	(void)state;
	for (int day = 0; day < 146097; day++) {
		ms = first + (int64_t)day * 86400000 + 3723000;
		date_format_rfc3339(text, ms, -150);
		assert_int_equal(
		    date_parse_rfc3339(&back, &offset, span_of(text)), ST_OK);
		assert_int_equal(back, ms);
		assert_int_equal(offset, -150);
	}
}

static void
known_instants(void **state)
{
	char text[32];

	(void)state;
	assert_int_equal(date_to_ms(1970, 1, 1, 0, 0, 0), 0);
	assert_int_equal(date_to_ms(2000, 3, 1, 0, 0, 0), 951868800000);
	assert_int_equal(date_to_ms(1969, 12, 31, 23, 59, 59), -1000);
	assert_int_equal(
	    date_to_ms(2026, 13, 1, 0, 0, 0), date_to_ms(2027, 1, 1, 0, 0, 0));
	date_format_rfc3339(text, -1, 0);
	assert_string_equal(text, "1969-12-31T23:59:59+00:00");
	date_format_rfc3339(text, INT64_MAX, 1439);
	assert_memory_equal(text, "9999-", 5);
	date_format_rfc3339(text, INT64_MIN, -1439);
	assert_memory_equal(text, "0000-", 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mail_dates_are_read_as_senders_write_them),
		cmocka_unit_test(rfc3339_is_read_strictly),
		cmocka_unit_test(every_day_of_400_years_goes_there_and_back),
		cmocka_unit_test(known_instants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

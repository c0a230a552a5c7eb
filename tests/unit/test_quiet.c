/* test_quiet - when a notice by text may leave */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "gateway/quiet.h"
#include "parsers/date.h"

static int64_t
utc(const char *text)
{
	int64_t ms = 0;

	if (text != NULL)
		assert_int_equal(
		    date_parse_rfc3339(&ms, NULL, span_of(text)), ST_OK);
	return ms;
}

static void
the_quiet_hours_end_by_local_time(void **state)
{
	static const struct {
		const char *what, *hours, *now, *until;
	} rows[] = {
		{ "in the evening", "20:00-08:00", "2026-11-22T21:30:00+01:00",
		    "2026-11-23T08:00:00+01:00" },
		{ "after midnight", "20:00-08:00", "2026-11-23T00:10:00+01:00",
		    "2026-11-23T08:00:00+01:00" },
		{ "as they begin", "20:00-08:00", "2026-11-22T20:00:00+01:00",
		    "2026-11-23T08:00:00+01:00" },
		{ "a moment before", "20:00-08:00", "2026-11-22T19:59:59+01:00",
		    NULL },
		{ "as they end", "20:00-08:00", "2026-11-23T08:00:00+01:00",
		    NULL },
		{ "at noon by day", "12:00-13:30", "2026-11-22T12:10:00+01:00",
		    "2026-11-22T13:30:00+01:00" },
		{ "in the night that is an hour longer", "20:00-08:00",
		    "2026-10-24T21:00:00+02:00", "2026-10-25T08:00:00+01:00" },
		{ "none", "", "2026-11-22T23:00:00+01:00", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (quiet_until(rows[i].hours, "Europe/Warsaw",
			utc(rows[i].now)) != utc(rows[i].until))
			fail_msg("%s", rows[i].what);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_quiet_hours_end_by_local_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

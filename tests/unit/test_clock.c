/* test_clock - zones, the two odd nights of the year, and the fixed clock */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/clock.h"
#include "parsers/date.h"

static int64_t
utc(const char *text)
{
	int64_t ms = 0;

	assert_int_equal(date_parse_rfc3339(&ms, NULL, span_of(text)), ST_OK);
	return ms;
}

static void
local_time_follows_the_zone(void **state)
{
	static const struct {
		const char *row, *zone, *at, *want;
	} rows[] = {
		{ "winter in Warsaw", "Europe/Warsaw", "2026-11-22T11:00:00Z",
		    "2026-11-22T12:00:00+01:00" },
		{ "summer in Warsaw", "Europe/Warsaw", "2026-07-01T10:00:00Z",
		    "2026-07-01T12:00:00+02:00" },
		{ "the last second of summer time", "Europe/Warsaw",
		    "2026-10-25T00:59:59Z", "2026-10-25T02:59:59+02:00" },
		{ "the first second of winter time", "Europe/Warsaw",
		    "2026-10-25T01:00:00Z", "2026-10-25T02:00:00+01:00" },
		{ "after the table's end the rule holds: winter",
		    "Europe/Warsaw", "2061-01-15T12:00:00Z",
		    "2061-01-15T13:00:00+01:00" },
		{ "after the table's end the rule holds: summer",
		    "Europe/Warsaw", "2061-07-15T12:00:00Z",
		    "2061-07-15T14:00:00+02:00" },
		{ "the rule's last Sunday of March, a second before",
		    "Europe/Warsaw", "2061-03-27T00:59:59Z",
		    "2061-03-27T01:59:59+01:00" },
		{ "and at its hour", "Europe/Warsaw", "2061-03-27T01:00:00Z",
		    "2061-03-27T03:00:00+02:00" },
		{ "a rule of the south, where summer spans New Year",
		    "Australia/Sydney", "2061-01-01T00:00:00Z",
		    "2061-01-01T11:00:00+11:00" },
		{ "half an hour off", "Asia/Kolkata", "2026-01-01T00:00:00Z",
		    "2026-01-01T05:30:00+05:30" },
		{ "a zone without rules", "UTC", "2026-01-01T00:00:00Z",
		    "2026-01-01T00:00:00" },
		{ "before the epoch", "Europe/Warsaw", "1960-07-01T00:00:00Z",
		    "1960-07-01T02:00:00+02:00" },
	};
	char out[32];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		clock_format(out, rows[i].zone, utc(rows[i].at));
		if (strncmp(out, rows[i].want, strlen(rows[i].want)) != 0)
			fail_msg("%s: got %s", rows[i].row, out);
	}
}

static void
a_local_time_becomes_one_instant(void **state)
{
	static const struct {
		const char *row, *local, *want;
	} rows[] = {
		{ "a winter evening", "2026-12-04T23:59:59Z",
		    "2026-12-04T22:59:59Z" },
		{ "a summer noon", "2026-07-01T12:00:00Z",
		    "2026-07-01T10:00:00Z" },
		{ "in the repeated hour the earlier instant counts",
		    "2026-10-25T02:30:00Z", "2026-10-25T00:30:00Z" },
		{ "the hour behind it comes once", "2026-10-25T03:00:00Z",
		    "2026-10-25T02:00:00Z" },
		{ "in the skipped hour the clock shows an hour on",
		    "2026-03-29T02:30:00Z", "2026-03-29T01:30:00Z" },
		{ "the hour behind it", "2026-03-29T03:00:00Z",
		    "2026-03-29T01:00:00Z" },
		{ "the hour before it", "2026-03-29T01:59:59Z",
		    "2026-03-29T00:59:59Z" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (clock_from_local("Europe/Warsaw", utc(rows[i].local)) !=
		    utc(rows[i].want))
			fail_msg("%s", rows[i].row);
}

static void
only_zones_that_exist_are_zones(void **state)
{
	static const char *const none[] = { "", "Europe/Atlantis", "Europe",
		"/etc/passwd", "../../../etc/passwd", "Europe/../Europe/Warsaw",
		"Europe/Warsaw\n", "zone.tab" };

	(void)state;
	assert_true(clock_zone_exists("Europe/Warsaw"));
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (clock_zone_exists(none[i]))
			fail_msg("\"%s\" is no zone", none[i]);
	/* The one that was good is still known after a bad one. */
	assert_int_equal(
	    clock_offset("Europe/Warsaw", utc("2026-11-22T11:00:00Z")), 60);
}

static void
the_clock_can_be_fixed(void **state)
{
	struct err err = { "" };
	int64_t before = clock_now(), ticks = clock_ticks();

	(void)state;
	assert_true(before > utc("2024-01-01T00:00:00Z"));
	assert_int_equal(clock_set("yesterday", &err), ST_REJECT);
	assert_non_null(strstr(err.text, "2026-11-22T12:00:00+01:00"));
	assert_true(clock_now() >= before);
	assert_int_equal(clock_set("2026-11-22T12:00:00+01:00", &err), ST_OK);
	assert_int_equal(clock_now(), utc("2026-11-22T11:00:00Z"));
	assert_true(clock_ticks() >= ticks);
}

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* The last: from then on the file stays the clock. */
static void
the_clock_can_be_moved_by_a_file(void **state)
{
	char path[] = "/tmp/uwaga-clock-XXXXXX", name[64];
	struct err err = { "" };
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	snprintf(name, sizeof(name), "@%s", path);
	assert_int_equal(clock_set(name, &err), ST_REJECT); /* it is empty */
	assert_non_null(strstr(err.text, path));
	write_file(path, "2026-11-22T12:00:00+01:00\n");
	assert_int_equal(clock_set(name, &err), ST_OK);
	assert_int_equal(clock_now(), utc("2026-11-22T11:00:00Z"));
	write_file(path, "2026-11-22T12:30:00+01:00");
	assert_int_equal(clock_now(), utc("2026-11-22T11:30:00Z"));
	/* What is no time leaves the clock alone. */
	write_file(path, "later");
	assert_int_equal(clock_now(), utc("2026-11-22T11:30:00Z"));
	unlink(path);
	assert_int_equal(clock_now(), utc("2026-11-22T11:30:00Z"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(local_time_follows_the_zone),
		cmocka_unit_test(a_local_time_becomes_one_instant),
		cmocka_unit_test(only_zones_that_exist_are_zones),
		cmocka_unit_test(the_clock_can_be_fixed),
		cmocka_unit_test(the_clock_can_be_moved_by_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

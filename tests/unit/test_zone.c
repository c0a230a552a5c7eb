/* test_zone - zone files that are damaged, and rules in every form */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/zone.h"
#include "parsers/date.h"

enum { FILE_MAX = 8192, HEADER = 44 };

struct place {
	char folder[64], file[80];
	unsigned char warsaw[FILE_MAX];
	size_t n;
};

static int
make_place(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	FILE *f = fopen("/usr/share/zoneinfo/Europe/Warsaw", "r");

	snprintf(p->folder, sizeof(p->folder), "/tmp/uwaga-zone-XXXXXX");
	if (f == NULL || mkdtemp(p->folder) == NULL)
		return -1;
	p->n = fread(p->warsaw, 1, sizeof(p->warsaw), f);
	fclose(f);
	snprintf(p->file, sizeof(p->file), "%s/Here", p->folder);
	setenv("TZDIR", p->folder, 1);
	*state = p;
	return 0;
}

static int
remove_place(void **state)
{
	struct place *p = *state;

	unsetenv("TZDIR");
	unlink(p->file);
	rmdir(p->folder);
	free(p);
	return 0;
}

static void
put(const struct place *p, const void *bytes, size_t n)
{
	FILE *f = fopen(p->file, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

/* Offsets at a few instants, to walk every branch; the sum keeps them used. */
static int64_t
ask(const struct zone *z)
{
	static const int64_t at[] = { INT64_MIN / 4, -1900000000, 0, 1,
		1795345200, 4102444800, 32503680000 };
	int64_t sum = 0;

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		sum += zone_offset(z, at[i]);
	return sum;
}

static void
a_file_that_is_cut_off_is_refused(void **state)
{
	struct place *p = *state;
	struct zone *z = malloc(sizeof(*z));

	put(p, p->warsaw, p->n);
	assert_true(zone_load(z, "Here"));
	assert_int_equal(zone_offset(z, 1795345200), 3600);
	for (size_t n = 0; n < p->n; n += n < 200 ? 1 : 37) {
		put(p, p->warsaw, n);
		assert_false(zone_load(z, "Here"));
		assert_string_equal(z->name, "");
		assert_int_equal(zone_offset(z, 0), 0);
	}
	free(z);
}

static void
a_changed_byte_never_reads_outside(void **state)
{
	struct place *p = *state;
	struct zone *z = malloc(sizeof(*z));
	int loaded = 0, refused = 0;
	int64_t sum = 0;

	/* Headers and the rule byte by byte, the tables in strides. */
	for (size_t i = 0; i < p->n; i += i < 60 || i + 60 > p->n ? 1 : 13) {
		unsigned char keep = p->warsaw[i];

		for (int k = 0; k < 3; k++) {
			p->warsaw[i] = (unsigned char)(keep ^ (1 << (3 * k)));
			put(p, p->warsaw, p->n);
			if (zone_load(z, "Here"))
				loaded++, sum += ask(z);
			else
				refused++;
		}
		p->warsaw[i] = keep;
	}
	assert_true(loaded > 100);
	assert_true(refused > 10);
	assert_true(sum != 0);
	free(z);
}

/* The smallest file there is: one type, no transitions, a rule. */
static size_t
with_rule(unsigned char *out, const char *rule)
{
	static const unsigned char header[HEADER] = { 'T', 'Z', 'i', 'f',
		'2', [39] = 1, [43] = 1 };
	size_t n = 0;

	for (int block = 0; block < 2; block++) {
		memcpy(out + n, header, HEADER);
		n += HEADER;
		memset(out + n, 0, 7); /* the type: offset 0, and its name */
		n += 7;
	}
	return n + (size_t)snprintf((char *)out + n, 200, "\n%s\n", rule);
}

static void
rules_have_many_forms(void **state)
{
	static const struct {
		const char *row, *rule, *at;
		int want; /* minutes */
	} rows[] = {
		{ "no rule: the last known offset", "", "2061-07-01T00:00:00Z",
		    0 },
		{ "no summer time", "CET-1", "2061-07-01T00:00:00Z", 60 },
		{ "west of Greenwich", "EST5EDT,M3.2.0,M11.1.0",
		    "2061-01-01T00:00:00Z", -300 },
		{ "its summer", "EST5EDT,M3.2.0,M11.1.0",
		    "2061-07-01T00:00:00Z", -240 },
		{ "names in angle brackets", "<+0330>-3:30",
		    "2061-07-01T00:00:00Z", 210 },
		{ "day of the year without leap days", "AAA0BBB,J60,J300",
		    "2060-03-01T02:00:00Z", 60 },
		{ "the day before it, in a leap year", "AAA0BBB,J60,J300",
		    "2060-02-29T12:00:00Z", 0 },
		{ "day of the year from 0", "AAA0BBB,59,300",
		    "2060-02-29T02:00:00Z", 60 },
		{ "summer time that is less", "IST-1GMT0,M10.5.0,M3.5.0/1",
		    "2061-01-01T00:00:00Z", 0 },
		{ "hours below zero", "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
		    "2061-07-01T00:00:00Z", -60 },
		{ "a rule that makes no sense", "CET-1CEST,X",
		    "2061-07-01T00:00:00Z", 0 },
		{ "a rule that ends too early", "CET-1CEST,M3.5",
		    "2061-07-01T00:00:00Z", 0 },
	};
	struct place *p = *state;
	struct zone *z = malloc(sizeof(*z));
	unsigned char file[400];
	int64_t ms;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put(p, file, with_rule(file, rows[i].rule));
		assert_int_equal(
		    date_parse_rfc3339(&ms, NULL, span_of(rows[i].at)), ST_OK);
		if (!zone_load(z, "Here") ||
		    zone_offset(z, ms / 1000) != rows[i].want * 60)
			fail_msg("%s: %d", rows[i].row,
			    (int)zone_offset(z, ms / 1000) / 60);
	}
	free(z);
}

#define IN_PLACE(test) \
	cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(a_file_that_is_cut_off_is_refused),
		IN_PLACE(a_changed_byte_never_reads_outside),
		IN_PLACE(rules_have_many_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

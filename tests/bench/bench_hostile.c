/* bench_hostile - the time a mail takes that was made to take long
 *
 * usage: bench_hostile
 * Prints the milliseconds of the whole parse for each shape of mail at 64 KB,
 * 256 KB and 1 MB (best of three), and how much longer four times the size
 * takes: 4 is linear.  A row over LIMIT_MS at 1 MB is marked and makes the run
 * fail.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/embedded.h"
#include "parsers/parse.h"
#include "tests/unit/hostile.h"

#define LIMIT_MS 100
enum { N_SIZES = 3 };
static const size_t sizes[N_SIZES] = { 64 << 10, 256 << 10, 1 << 20 };

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static double
time_of(struct span mail, const struct parse_settings *set)
{
	double best = 0;

	for (int i = 0; i < 3; i++) {
		struct parsed out = { 0 };
		double start = now(), took;

		parse_mail(&out, mail, set);
		took = now() - start;
		parsed_free(&out);
		if (i == 0 || took < best)
			best = took;
		if (best > 10.0 * LIMIT_MS)
			break;
	}
	return best;
}

/* False when it takes longer than it may. */
static bool
measure(const struct shape *shape, const struct parse_settings *set)
{
	struct buf mail = { .max = 2 << 20 };
	double ms[N_SIZES];
	bool good;

	for (int i = 0; i < N_SIZES; i++) {
		hostile_mail(&mail, shape, sizes[i]);
		ms[i] = time_of(buf_span(&mail), set);
	}
	good = ms[N_SIZES - 1] <= LIMIT_MS;
	printf("%-32s %8.2f %8.2f %8.2f %7.1f%s\n", shape->sentence, ms[0],
	    ms[1], ms[2], ms[1] > 0 ? ms[2] / ms[1] : 0,
	    good ? "" : "  TOO SLOW");
	fflush(stdout);
	buf_free(&mail);
	return good;
}

int
main(void)
{
	struct parse_settings set = { "BL", "mx.powiat.example", "+48", "",
		NULL, false };
	struct keywords *words;
	struct err err;
	int slow = 0;

	if (keywords_read(&words, embedded_find("templates/keywords.tsv"),
		&err) != ST_OK) {
		fprintf(stderr, "bench_hostile: %s\n", err.text);
		return 1;
	}
	set.keywords = words;
	printf("%-32s %8s %8s %8s %7s\n", "whole parse, milliseconds", "64 KB",
	    "256 KB", "1 MB", "growth");
	for (size_t i = 0; i < N_HOSTILE; i++)
		slow += !measure(&hostile_shapes[i], &set);
	printf("%d of %zu shapes take more than %d ms per MB\n", slow,
	    N_HOSTILE, LIMIT_MS);
	keywords_free(words);
	return slow > 0;
}

/* test_hostile - no mail takes long, however it was made
 *
 * Twice the size may take twice the time.  A parser that reads the rest again
 * from every byte takes minutes at this size.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <time.h>

#include "gateway/embedded.h"
#include "parsers/parse.h"
#include "tests/unit/hostile.h"

enum { SIZE = 256 << 10, LIMIT_MS = 1500 }; /* as a rule it takes 20 */

static double
cpu_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void
every_shape_is_read_in_time(void **state)
{
	struct parse_settings set = { "BL", "mx.powiat.example", "+48", "",
		NULL, false };
	struct keywords *words = NULL;
	struct buf mail = { .max = 2 * SIZE };
	struct err err;
	double took;

	(void)state;
	assert_int_equal(keywords_read(&words,
			     embedded_find("templates/keywords.tsv"), &err),
	    ST_OK);
	set.keywords = words;
	for (size_t i = 0; i < N_HOSTILE; i++) {
		struct parsed out = { 0 };

		hostile_mail(&mail, &hostile_shapes[i], SIZE);
		took = cpu_ms();
		parse_mail(&out, buf_span(&mail), &set);
		took = cpu_ms() - took;
		parsed_free(&out);
		if (took > LIMIT_MS)
			fail_msg(
			    "%s: %.0f ms", hostile_shapes[i].sentence, took);
	}
	buf_free(&mail);
	keywords_free(words);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_shape_is_read_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

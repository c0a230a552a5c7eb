/* test_wrap - long lines of a mail's text are broken where people would */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "templates/wrap.h"

#define TEN "ąbcdefghij"
#define FIFTY TEN TEN TEN TEN TEN

static const struct {
	const char *says, *text, *want;
} rows[] = {
	{ "short lines stay", "Dzień dobry,\n\n  x\n",
	    "Dzień dobry,\n\n  x\n" },
	{ "76 characters stay, however many bytes", FIFTY TEN " " TEN " 1234\n",
	    FIFTY TEN " " TEN " 1234\n" },
	{ "the 77th goes below with its word", FIFTY TEN " " TEN " 12345 x\n",
	    FIFTY TEN " " TEN "\n12345 x\n" },
	{ "a space right behind the 76th is a good break",
	    FIFTY TEN " " TEN " 1234 x\n", FIFTY TEN " " TEN " 1234\nx\n" },
	{ "as often as needed", FIFTY " " FIFTY " " FIFTY "\n",
	    FIFTY "\n" FIFTY "\n" FIFTY "\n" },
	{ "an indent is kept below", "    " FIFTY " " FIFTY "\n",
	    "    " FIFTY "\n    " FIFTY "\n" },
	{ "a label's text goes on under itself",
	    "Konsultacje:   " FIFTY " " FIFTY "\n",
	    "Konsultacje:   " FIFTY "\n               " FIFTY "\n" },
	{ "so does the title behind a code", "  BL-10KE  " FIFTY " " FIFTY "\n",
	    "  BL-10KE  " FIFTY "\n           " FIFTY "\n" },
	{ "two spaces far to the right are no column", FIFTY "  x " FIFTY "\n",
	    FIFTY "  x\n" FIFTY "\n" },
	{ "a quote stays as it was written", "> " FIFTY " " FIFTY "\n",
	    "> " FIFTY " " FIFTY "\n" },
	{ "an address that is too long is not broken",
	    "x https://" FIFTY FIFTY " y\n",
	    "x\nhttps://" FIFTY FIFTY "\ny\n" },
	{ "nor anything else without spaces", FIFTY FIFTY "\n",
	    FIFTY FIFTY "\n" },
	{ "spaces at the end go with the break",
	    FIFTY " " TEN " " TEN "       \n", FIFTY " " TEN " " TEN "\n" },
	{ "the last line gets its end", "x", "x\n" },
	{ "nothing is nothing", "", "" },
};

static void
lines_are_broken_where_people_would(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = { .max = 1 << 16 };
		size_t n = strlen(rows[i].text);
		char *copy = malloc(n + (n == 0));

		assert_non_null(copy);
		memcpy(copy, rows[i].text, n);
		wrap_lines(&out, (struct span){ copy, n });
		if (strcmp(buf_cstr(&out), rows[i].want) != 0)
			fail_msg("%s: \"%s\"", rows[i].says, buf_cstr(&out));
		free(copy);
		buf_free(&out);
	}
}

static void
wrapping_twice_changes_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = { .max = 1 << 16 };

		wrap_lines(&out, span_of(rows[i].want));
		if (strcmp(buf_cstr(&out), rows[i].want) != 0)
			fail_msg("%s: \"%s\"", rows[i].says, buf_cstr(&out));
		buf_free(&out);
	}
}

static void
a_long_line_of_any_bytes_takes_no_long_time(void **state)
{
	struct buf in = { .max = 1 << 22 }, out = { .max = 1 << 23 };

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_str(&in, "\xc5 \xff\xff  ");
	wrap_lines(&out, buf_span(&in));
	assert_false(out.failed);
	assert_true(out.n > 0 && out.p[out.n - 1] == '\n');
	buf_free(&in);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_broken_where_people_would),
		cmocka_unit_test(wrapping_twice_changes_nothing),
		cmocka_unit_test(a_long_line_of_any_bytes_takes_no_long_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

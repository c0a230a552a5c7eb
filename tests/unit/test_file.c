/* test_file - a file is read whole or not at all */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/file.h"

#define LIMIT 200000

static void
a_file_is_read_up_to_the_limit_and_no_further(void **state)
{
	static const struct {
		const char *what;
		size_t size;
		bool fits;
	} rows[] = {
		{ "an empty file", 0, true },
		{ "a short one", 5, true },
		{ "one of several reads", 150000, true },
		{ "one as large as may be", LIMIT, true },
		{ "a byte more is too large", LIMIT + 1, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = { .max = LIMIT };
		FILE *f = tmpfile();
		struct err err;

		assert_non_null(f);
		for (size_t n = 0; n < rows[i].size; n++)
			fputc('a' + (int)(n % 26), f);
		rewind(f);
		if (file_read(&out, fileno(f)) != rows[i].fits)
			fail_msg("%s", rows[i].what);
		if (rows[i].fits) {
			assert_int_equal(out.n, rows[i].size);
			assert_int_equal(strlen(out.p), out.n);
		} else {
			assert_int_equal(errno, EFBIG);
			assert_int_equal(
			    buf_status(&out, "it", &err), ST_LIMIT);
		}
		buf_free(&out);
		fclose(f);
	}
}

static void
what_cannot_be_read_says_why(void **state)
{
	struct buf out = { .max = LIMIT };
	struct err err;

	(void)state;
	assert_false(file_read(&out, -1));
	assert_int_equal(errno, EBADF);
	assert_false(out.failed);
	buf_free(&out);
	assert_int_equal(file_sync_folder("LICENSE", &err), ST_OK);
	assert_int_equal(
	    file_sync_folder("/no/such/folder/file", &err), ST_BROKEN);
	assert_non_null(strstr(err.text, "No such file"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_read_up_to_the_limit_and_no_further),
		cmocka_unit_test(what_cannot_be_read_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

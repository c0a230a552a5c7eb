/* test_buf - spans, bounded buffers and the arena */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "parsers/buf.h"

static void
a_full_buffer_keeps_what_it_has(void **state)
{
	struct buf b = { .max = 5 };
	struct err err;

	(void)state;
	buf_str(&b, "abc");
	buf_str(&b, "def");
	assert_string_equal(buf_cstr(&b), "abc");
	assert_int_equal(buf_status(&b, "the word", &err), ST_LIMIT);
	assert_string_equal(err.text, "the word is larger than 5 bytes");
	buf_free(&b);
}

static void
what_is_printed_fits_or_is_not_there(void **state)
{
	struct buf b = { .max = 200 };

	(void)state;
	buf_printf(&b, "%0100d", 1); /* nothing was there yet */
	assert_int_equal(b.n, 100);
	buf_printf(&b, "%027d", 2); /* what is left of the memory */
	assert_int_equal(b.n, 127);
	buf_printf(&b, "%073d", 3); /* more memory, to the last byte */
	assert_int_equal(b.n, 200);
	assert_int_equal(buf_status(&b, "the text", NULL), ST_OK);
	assert_int_equal(strlen(b.p), 200);
	assert_true(b.cap > 201);
	buf_printf(&b, "4"); /* memory there is, but not for this */
	assert_int_equal(buf_status(&b, "the text", NULL), ST_LIMIT);
	assert_int_equal(strlen(b.p), 200);
	assert_int_equal(b.p[199], '3');
	buf_free(&b);
}

static void
lines_end_with_lf_or_crlf(void **state)
{
	struct span rest = SPAN("a\r\nb\n\nc"), line;
	const char *want[] = { "a", "b", "", "c" };

	(void)state;
	for (int i = 0; i < 4; i++) {
		assert_true(span_line(&rest, &line));
		assert_true(span_is(line, want[i]));
	}
	assert_false(span_line(&rest, &line));
}

static void
an_arena_gives_zeroed_memory_of_any_size(void **state)
{
	struct arena a = { 0 };
	struct span copy = arena_copy(&a, SPAN("word"));
	char *big = arena_alloc(&a, 100000);

	(void)state;
	assert_string_equal(copy.p, "word");
	assert_non_null(big);
	assert_int_equal(big[99999], 0);
	assert_string_equal(arena_copy(&a, SPAN("")).p, "");
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_buffer_keeps_what_it_has),
		cmocka_unit_test(what_is_printed_fits_or_is_not_there),
		cmocka_unit_test(lines_end_with_lf_or_crlf),
		cmocka_unit_test(an_arena_gives_zeroed_memory_of_any_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

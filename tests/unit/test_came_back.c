/* test_came_back - which reports mean that an address takes no mail */
#include "gateway/bounce.h"
#include "tests/unit/store_fixture.h"

static void
only_what_speaks_of_the_address_is_for_good(void **state)
{
	static const struct {
		const char *status;
		enum bounce_kind kind;
	} rows[] = {
		{ "5.1.1", BOUNCE_HARD },
		{ "5.1.10", BOUNCE_HARD },
		{ "5.0.0", BOUNCE_HARD },
		{ "5.2.1", BOUNCE_HARD },
		{ "5.1.7", BOUNCE_SOFT },
		{ "5.1.8", BOUNCE_SOFT },
		{ "5.2.2", BOUNCE_SOFT },
		{ "5.7.1", BOUNCE_SOFT },
		{ "4.1.1", BOUNCE_SOFT },
		{ "4.2.2", BOUNCE_SOFT },
		{ "", BOUNCE_SOFT },
		{ "5", BOUNCE_SOFT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
		    bounce_kind_of(span_of(rows[i].status)), rows[i].kind);
}

static void
a_status_is_found_in_what_a_server_says(void **state)
{
	static const char *const rows[][2] = {
		{ "550 5.1.1 <x@y.example>: no such user", "5.1.1" },
		{ "5.1.10", "5.1.10" },
		{ "refused: 4.2.2", "4.2.2" },
		{ "550 no such user", "" },
		{ "v5.1.1", "" },
		{ "5.1.", "" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_true(
		    span_is(bounce_status_in(span_of(rows[i][0])), rows[i][1]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_speaks_of_the_address_is_for_good),
		cmocka_unit_test(a_status_is_found_in_what_a_server_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

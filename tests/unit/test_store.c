/* test_store - opening, refusing, transactions, the lock, small facts */
#include "tests/unit/store_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "gateway/clock.h"

static void
every_statement_fits_the_schema(void **state)
{
	struct fixture *f = *state;

	OK(store_check_statements(f->st, &f->err));
	OK(store_check_integrity(f->st, &f->err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_statement_fits_the_schema),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}

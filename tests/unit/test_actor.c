/* test_actor - who may change things */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include <cmocka.h>

#include "gateway/actor.h"

static struct config_staff people[] = {
	{ "a.mrozek@powiat.example", "Anna Mrozek", "amrozek",
	    "announce,answer,triage" },
	{ "z.kowol@most.example", "Zofia Kowol", "zkowol", "read" },
	{ "j.nowy@powiat.example", "Jan Nowy", "jnowy", "" },
	{ "bez@powiat.example", "Bez Konta", "", "triage" },
};

static void
who_may_change_things(void **state)
{
	struct config with = { .staff = people, .n_staff = 4 };
	struct config without = { .n_staff = 0 };
	const struct {
		const char *row;
		const struct config *config;
		struct account account;
		const char *name;
		bool may_write;
	} rows[] = {
		{ "root may", &with, { 0, "root", "", true }, "root", true },
		{ "the daemon's user may", &with, { 990, "uwaga", "", true },
		    "uwaga", true },
		{ "staff with rights may", &with,
		    { 1001, "amrozek", "", false }, "Anna Mrozek", true },
		{ "staff who may read only may not", &with,
		    { 1002, "zkowol", "", false }, "Zofia Kowol", false },
		{ "nor staff without any right", &with,
		    { 1003, "jnowy", "", false }, "Jan Nowy", false },
		{ "a stranger may not", &with, { 1004, "gosc", "", false },
		    "gosc", false },
		{ "nor one who owns the database, once staff are named", &with,
		    { 1004, "gosc", "", true }, "gosc", false },
		{ "an account without a name is nobody of the staff", &with,
		    { 1005, "", "", false }, "uid 1005", false },
		{ "without staff the database's owner may", &without,
		    { 1004, "gosc", "", true }, "gosc", true },
		{ "but nobody else", &without, { 1004, "gosc", "", false },
		    "gosc", false },
		{ "who used sudo is named", &with,
		    { 0, "root", "zkowol", true }, "Zofia Kowol", true },
		{ "only root is believed to have used it", &with,
		    { 1004, "gosc", "amrozek", false }, "gosc", false },
		{ "without a configuration root may", NULL,
		    { 0, "root", "", false }, "root", true },
		{ "and others may not", NULL, { 1001, "amrozek", "", false },
		    "amrozek", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct actor a;

		actor_decide(&a, rows[i].config, &rows[i].account);
		if (a.may_write != rows[i].may_write ||
		    strcmp(a.name, rows[i].name) != 0)
			fail_msg("%s: %s %d", rows[i].row, a.name, a.may_write);
	}
}

static void
who_may_answer(void **state)
{
	struct config_staff staff[] = {
		{ "a@powiat.example", "Anna", "anna", "announce,answer" },
		{ "b@powiat.example", "Bea", "bea", "announce,triage" },
	};
	struct config with = { .staff = staff, .n_staff = 2 };
	const struct account anna = { 1001, "anna", "", false };
	const struct account bea = { 1002, "bea", "", false };
	const struct account root = { 0, "root", "", true };
	struct actor a;

	(void)state;
	actor_decide(&a, &with, &anna);
	assert_true(a.may_answer);
	actor_decide(&a, &with, &bea);
	assert_true(a.may_write);
	assert_false(a.may_answer);
	actor_decide(&a, &with, &root);
	assert_true(a.may_answer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_may_change_things),
		cmocka_unit_test(who_may_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

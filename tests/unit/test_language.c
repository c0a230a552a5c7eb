/* test_language - Polish, English, or not clear */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parsers/language.h"

static const struct {
	const char *sentence, *text, *want;
} rows[] = {
	{ "Polish", "Proszę o wiatę przy szkole.", "pl" },
	{ "Polish without marks",
	    "Prosze o autobus z Ledzin do szpitala w niedziele, na odwiedziny "
	    "nie ma czym dojechac",
	    "pl" },
	{ "Polish in capitals", "NIE MA WIATY NA PRZYSTANKU", "pl" },
	{ "Polish with an English word",
	    "Proszę o parking Park and Ride w "
	    "Bieruniu, bo nie ma gdzie stanąć",
	    "pl" },
	{ "English", "Please add more benches to the park at the station.",
	    "en" },
	{ "English with a Polish name",
	    "I would like to have a bus stop in Łędziny for the children.",
	    "en" },
	{ "two words", "Popieram uwagi", "" },
	{ "a word", "Tak", "" },
	{ "German", "Ich bitte um mehr Bänke in dem Park an der Schule.", "" },
	{ "Ukrainian", "Прошу поставити більше лавок у парку біля школи.", "" },
	{ "numbers", "1 2 3 4 5 6", "" },
	{ "nothing", "", "" },
	{ "no UTF-8", "\xff\xfe \xc5", "" },
};

static void
a_language_is_named_when_clear(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = strlen(rows[i].text);
		char *p = malloc(n == 0 ? 1 : n);
		struct span got;

		assert_non_null(p);
		memcpy(p, rows[i].text, n);
		got = language_of((struct span){ p, n });
		free(p);
		if (!span_is(got, rows[i].want))
			fail_msg("%s: got [%.*s], want [%s]", rows[i].sentence,
			    (int)got.n, got.p, rows[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_language_is_named_when_clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_near - which consultation somebody meant whose code has a slip */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parsers/near.h"

#define BUSES "Plan transportu publicznego w powiecie"
#define CLUBS "Program współpracy z organizacjami pozarządowymi"
#define RULES "Zasady konsultacji społecznych"

static const struct {
	const char *sentence, *slip, *words;
	struct near list[3];
	const char *want; /* "": nobody stands out */
} rows[] = {
	{ "one character wrong", "BL-T4NS", "ławka",
	    { { SPAN("BL-10KE"), SPAN(RULES), true, 0, false, 0 },
		{ SPAN("BL-T4NR"), SPAN(BUSES), true, 0, false, 0 },
		{ SPAN("BL-7M4H"), SPAN(CLUBS), true, 0, false, 0 } },
	    "BL-T4NR" },
	{ "nothing near", "BL-ZZZZ", "autobus",
	    { { SPAN("BL-10KE"), SPAN(RULES), true, 0, false, 0 },
		{ SPAN("BL-T4NR"), SPAN(BUSES), true, 0, false, 0 },
		{ SPAN("BL-7M4H"), SPAN(CLUBS), true, 0, false, 0 } },
	    "" },
	{ "of two as near, the open one", "BL-T4NA", "ławka",
	    { { SPAN("BL-T4NB"), SPAN(RULES), false, 0, false, 0 },
		{ SPAN("BL-T4NR"), SPAN(BUSES), true, 0, false, 0 },
		{ SPAN("BL-7M4H"), SPAN(CLUBS), true, 0, false, 0 } },
	    "BL-T4NR" },
	{ "of two as near, the one spoken of", "BL-T4NA",
	    "więcej transportu dla seniorów",
	    { { SPAN("BL-T4NB"), SPAN(CLUBS), true, 0, false, 0 },
		{ SPAN("BL-T4NR"), SPAN(BUSES), true, 0, false, 0 },
		{ SPAN("BL-7M4H"), SPAN(RULES), true, 0, false, 0 } },
	    "BL-T4NR" },
	{ "else the one whose check character was typed", "BL-T5NR", "ławka",
	    { { SPAN("BL-T5NB"), SPAN(CLUBS), true, 0, false, 0 },
		{ SPAN("BL-T4NR"), SPAN(BUSES), true, 0, false, 0 },
		{ SPAN("BL-7M4H"), SPAN(RULES), true, 0, false, 0 } },
	    "BL-T4NR" },
	{ "when all that is alike, nobody", "BL-T4NA", "ławka",
	    { { SPAN("BL-T4NB"), SPAN(CLUBS), true, 0, false, 0 },
		{ SPAN("BL-T4NR"), SPAN(BUSES), true, 0, false, 0 },
		{ SPAN("BL-7M4H"), SPAN(RULES), true, 0, false, 0 } },
	    "" },
	{ "two characters wrong, but spoken of", "BL-T5NA",
	    "w sprawie transportu",
	    { { SPAN("BL-10KE"), SPAN(RULES), true, 0, false, 0 },
		{ SPAN("BL-T4NR"), SPAN(BUSES), true, 0, false, 0 },
		{ SPAN("BL-7M4H"), SPAN(CLUBS), true, 0, false, 0 } },
	    "BL-T4NR" },
	{ "two characters wrong, and words that any title has", "BL-T5NA",
	    "uwaga do planu powiatowego",
	    { { SPAN("BL-10KE"), SPAN(RULES), true, 0, false, 0 },
		{ SPAN("BL-T4NR"), SPAN(BUSES), true, 0, false, 0 },
		{ SPAN("BL-7M4H"), SPAN(CLUBS), true, 0, false, 0 } },
	    "" },
};

static void
the_consultation_that_was_meant_stands_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct near list[3];
		const struct near *best;

		memcpy(list, rows[i].list, sizeof(list));
		near_rank(
		    list, 3, span_of(rows[i].slip), span_of(rows[i].words));
		best = near_best(list, 3);
		if (!span_is(
			best == NULL ? SPAN("") : best->code, rows[i].want))
			fail_msg("%s: got %s", rows[i].sentence,
			    best == NULL ? "nobody" : best->code.p);
	}
}

static void
no_consultation_no_guess(void **state)
{
	(void)state;
	near_rank(NULL, 0, SPAN("BL-T4NS"), SPAN("ławka"));
	assert_null(near_best(NULL, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_consultation_that_was_meant_stands_out),
		cmocka_unit_test(no_consultation_no_guess),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

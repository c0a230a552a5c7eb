/* test_numbered - "1 TAK, 2 NIE", with the real table of words */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/embedded.h"
#include "parsers/numbered.h"

static const struct {
	const char *text, *wanted, *rest; /* wanted: "2w", when in words */
} cases[] = {
	{ "1 TAK, 2 NIE", "1+ 2-", "" },
	{ "1 tak 2 nie 3 tak", "1+ 2- 3+", "" },
	{ "1. TAK\n2. NIE", "1+ 2-", "" },
	{ "1: TAK; 2: NIE", "1+ 2-", "" },
	{ "1 - tak, 2 - nie", "1+ 2-", "" },
	{ "TAK 2", "2+", "" },
	{ "nie 2", "2-", "" },
	{ "TAK 1 NIE 2", "1+ 2-", "" },
	{ "TAK 1,2", "1+ 2+", "" },
	{ "Będę na 1 i 3", "1+ 3+", "" },
	{ "Będę na 1 i 3, nie będę na 2.", "1+ 3+ 2-", "" },
	{ "Będę na spotkaniu nr 2. Pozdrawiam", "2+", "" },
	{ "1 i 2 TAK, 3 NIE", "1+ 2+ 3-", "" },
	{ "YES 1 and 2, NO 3", "1+ 2+ 3-", "" },
	{ "Może będę na 2", "2?", "" },
	{ "Będę na 2, proszę o pętlę indukcyjną", "2+",
	    ", proszę o pętlę indukcyjną" },
	{ "Będę na 2, przyjdę ok. 17:15, z żoną", "2+",
	    ", przyjdę ok. 17:15, z żoną" },
	{ "na pierwsze tak, na drugie nie", "1w+ 2w-", "" },
	{ "Na pierwszym będę, a na drugim niestety nie.", "1w+ 2w-", "" },
	{ "Pierwsze spotkanie: TAK, drugie: NIE", "1w+ 2w-", "" },
	{ "Przyjdę tylko na drugie", "2w+", "" },
	{ "Będę na pierwszym i trzecim", "1w+ 3w+", "" },
	{ "Na 1-sze tak, na 2-gie nie", "1w+ 2w-", "" },
	{ "pierwsze tak, 2 nie", "1w+ 2-", "" },
	{ "Na pierwsze nie dam rady, na dziewiąte przyjdę", "1w- 9w+", "" },
	{ "Będę na drugim, proszę o pętlę", "2w+", ", proszę o pętlę" },
	{ "na drugie tak", "2w+", "" },
	{ "the first one yes, the second one no", "1w+ 2w-", "" },
	{ "YES to the 2nd", "2w+", "" },
	{ "На перше так, на друге ні", "1w+ 2w-", "" },
	{ "Będę na obu", "all+", "" },
	{ "Na wszystkie tak", "all+", "" },
	{ "Nie przyjdę na żadne", "all-", "" },
	{ "Na oba tak, na 2 nie", "unclear", "" },
	{ "Na pierwsze tak, na 1 nie", "unclear", "" },
	{ "99 TAK, 3 TAK", "1000+ 3+", "" },
	{ "na pierwsze tak, na drugie nie, na trzecie", "unclear", "" },
	{ "Będę na pierwszym, na drugim nie", "unclear", "" },
	{ "Po pierwsze, tak. Po drugie, nie.", "", "" },
	{ "Będę drugiego grudnia", "", "" },
	{ "Będę na pierwszą", "", "" },
	{ "Pierwszy wariant tak, drugi nie", "", "" },
	{ "na pierwsze, na drugie", "", "" },
	{ "TAK 1-3", "unclear", "" },
	{ "1 TAK, 1 NIE", "unclear", "" },
	{ "1 TAK, 2 NIE, 3", "unclear", "" },
	{ "TAK 0", "unclear", "" },
	{ "TAK", "", "" },
	{ "1, 2, 3", "", "" },
	{ "", "", "" },
	{ "Będę o 17", "", "" },
	{ "Będę 1 grudnia", "", "" },
	{ "Będę 24.11", "", "" },
	{ "TAK 2, popieram remont drogi", "", "" },
	{ "1. Tak, popieram remont. 2. Nie zgadzam się na wycinkę.", "", "" },
	{ "Proszę o 2 ławki i 1 kosz", "", "" },
	{ "TAK 2x", "", "" },
};

static void
numbers_get_their_answers(void **state)
{
	struct keywords *k = NULL;
	struct err err = { "" };

	(void)state;
	if (keywords_read(&k, embedded_find("templates/keywords.tsv"), &err) !=
	    ST_OK)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct numbered list[NUMBERED_MAX];
		struct buf shown = { .max = 1000 };
		struct span rest;
		int n = numbered_read(list, &rest, k, span_of(cases[i].text));

		for (int j = 0; j < n; j++) {
			buf_str(&shown, j > 0 ? " " : "");
			if (list[j].number == NUMBERED_ALL)
				buf_str(&shown, "all");
			else
				buf_printf(&shown, "%d%s", list[j].number,
				    list[j].in_words ? "w" : "");
			buf_char(&shown, list[j].answer == ATTENDS_YES	? '+'
					 : list[j].answer == ATTENDS_NO ? '-'
									: '?');
		}
		if (n < 0)
			buf_str(&shown, "unclear");
		if (strcmp(buf_cstr(&shown), cases[i].wanted) != 0 ||
		    (n > 0 && !span_is(rest, cases[i].rest)))
			fail_msg("\"%s\": \"%s\", rest \"%.*s\"", cases[i].text,
			    buf_cstr(&shown), (int)rest.n, rest.p);
		buf_free(&shown);
	}
	keywords_free(k);
}

static void
more_numbers_than_there_can_be_are_unclear(void **state)
{
	struct numbered list[NUMBERED_MAX];
	struct buf text = { .max = 1000 };
	struct keywords *k = NULL;
	struct err err = { "" };
	struct span rest;

	(void)state;
	if (keywords_read(&k, embedded_find("templates/keywords.tsv"), &err) !=
	    ST_OK)
		fail_msg("%s", err.text);
	buf_str(&text, "TAK");
	for (int i = 1; i <= NUMBERED_MAX; i++)
		buf_printf(&text, " %d", i);
	assert_int_equal(
	    numbered_read(list, &rest, k, buf_span(&text)), NUMBERED_MAX);
	buf_str(&text, " 33");
	assert_int_equal(numbered_read(list, &rest, k, buf_span(&text)), -1);
	buf_free(&text);
	keywords_free(k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_get_their_answers),
		cmocka_unit_test(more_numbers_than_there_can_be_are_unclear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

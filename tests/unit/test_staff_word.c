/* test_staff_word - how staff hold up a sending, with the real table of words */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/embedded.h"
#include "gateway/staff_word.h"

static const struct {
	const char *text;
	enum staff_word word;
	int64_t number;
} cases[] = {
	{ "WSTRZYMAJ 12", STAFF_WORD_PAUSE, 12 },
	{ "wstrzymaj zlecenie 12.", STAFF_WORD_PAUSE, 12 },
	{ "Wstrzymaj wysyłkę\n\nAnna Mrozek", STAFF_WORD_PAUSE, 0 },
	{ "WZNÓW 3", STAFF_WORD_RESUME, 3 },
	{ "wznow 3!", STAFF_WORD_RESUME, 3 },
	{ "PAUSE 999999999", STAFF_WORD_PAUSE, 999999999 },
	{ "RESUME ORDER 1", STAFF_WORD_RESUME, 1 },
	{ "WSTRZYMAJ 12, proszę!", STAFF_WORD_PAUSE, 12 },
	{ "Wstrzymaj zlecenie nr 12. Błąd w adresie", STAFF_WORD_PAUSE, 12 },
	{ "WSTRZYMAJ, proszę, budowę", STAFF_WORD_NONE, 0 },
	{ "WSTRZYMAJ 1234567890", STAFF_WORD_NONE, 0 },
	{ "WSTRZYMAJ 1 i 2", STAFF_WORD_NONE, 0 },
	{ "Proszę wstrzymaj 12", STAFF_WORD_NONE, 12 },
	{ "12", STAFF_WORD_NONE, 12 },
	{ "", STAFF_WORD_NONE, 0 },
	{ "...", STAFF_WORD_NONE, 0 },
};

static void
the_first_line_is_the_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = strlen(cases[i].text);
		char *exact = malloc(n + (n == 0));
		int64_t number;
		enum staff_word word;

		assert_non_null(exact);
		memcpy(exact, cases[i].text, n);
		word = staff_word_read(&number,
		    embedded_find("templates/staff_words.tsv"),
		    (struct span){ exact, n });
		free(exact);
		if (word != cases[i].word ||
		    (word != STAFF_WORD_NONE && number != cases[i].number))
			fail_msg("\"%s\": %d, number %d", cases[i].text,
			    (int)word, (int)number);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_line_is_the_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_provision - the parts of a draft that people name, in one spelling */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parsers/provision.h"

static const struct {
	const char *sentence, *text;
	const char *want; /* joined with " | " */
} rows[] = {
	{ "a section", "W § 5 proponuję", "§ 5" },
	{ "without a space", "w §5 ust.2", "§ 5 ust. 2" },
	{ "all levels", "§ 4 ust. 2 pkt 1 lit. a jest zły",
	    "§ 4 ust. 2 pkt 1 lit. a" },
	{ "with commas", "§ 4, ust. 2, pkt 1", "§ 4 ust. 2 pkt 1" },
	{ "a bracket behind the letter", "(art. 5 lit. b)", "art. 5 lit. b" },
	{ "par.", "par. 4 ust 2", "§ 4 ust. 2" },
	{ "in words", "W paragrafie 4 ustęp 2 punkt 1", "§ 4 ust. 2 pkt 1" },
	{ "small before large", "ustęp 2 w § 4", "§ 4 ust. 2" },
	{ "pkt 2 ust. 3 § 5", "pkt 2 ust. 3 § 5", "§ 5 ust. 3 pkt 2" },
	{ "a point with a dot", "w pkt 4.3 proszę wpisać", "pkt 4.3" },
	{ "punkt", "Punkt 4.3.", "pkt 4.3" },
	{ "punktu", "do punktu 7", "pkt 7" },
	{ "an article", "Art. 12a ust. 1", "art. 12a ust. 1" },
	{ "artykułu", "zmiana artykułu 5", "art. 5" },
	{ "a chapter, Roman", "rozdz. II", "rozdz. II" },
	{ "a chapter in words", "Rozdział 3", "rozdz. 3" },
	{ "an annex", "Załącznik nr 1", "załącznik nr 1" },
	{ "of the annex", "w załączniku nr 2 do uchwały", "załącznik nr 2" },
	{ "annex, short", "zał. nr 3", "załącznik nr 3" },
	{ "annex without nr", "załącznika 4", "załącznik nr 4" },
	{ "without marks", "zalacznik nr 1, rozdzial 2, ustep 3",
	    "załącznik nr 1 rozdz. 2 ust. 3" },
	{ "a range", "§ 4-6", "§ 4-6" },
	{ "a no-break space",
	    "§\xc2\xa0"
	    "4 ust.\xc2\xa0"
	    "2",
	    "§ 4 ust. 2" },
	{ "over the end of a line", "§ 4\nust. 2", "§ 4 ust. 2" },
	{ "two provisions", "§ 4 ust. 1 oraz § 5 ust. 2",
	    "§ 4 ust. 1 | § 5 ust. 2" },
	{ "two behind the doubled sign", "§§ 4 i 5 się wykluczają",
	    "§ 4 | § 5" },
	{ "a list behind the doubled sign", "w §§ 2, 3, 7", "§ 2 | § 3 | § 7" },
	{ "a list that ends in and", "§ 4, 5 oraz 6", "§ 4 | § 5 | § 6" },
	{ "a comma and no list", "w § 4, 2 autobusy", "§ 4" },
	{ "the last unit as a list", "§ 4 ust. 2 i 3 są sprzeczne",
	    "§ 4 ust. 2 | § 4 ust. 3" },
	{ "letters", "§ 4 pkt 1 lit. a i b",
	    "§ 4 pkt 1 lit. a | § 4 pkt 1 lit. b" },
	{ "letters and a short word", "lit. a i w ogóle", "lit. a" },
	{ "small before large, as a list", "ust. 1 i 2 w § 7",
	    "§ 7 ust. 1 | § 7 ust. 2" },
	{ "and money", "W § 8 i 500 zł to za mało", "§ 8" },
	{ "and something else", "§ 4 i ulotki", "§ 4" },
	{ "each once, in order", "§ 5, potem § 4 i znowu § 5", "§ 5 | § 4" },
	{ "in English", "Article 5 and section 3 of annex 2",
	    "art. 5 | załącznik nr 2 § 3" },
	{ "no number", "ten punkt jest zły, paragraf też", "" },
	{ "points counted", "mam 3 punkty", "" },
	{ "another word", "ustawa 4, artysta 5, punktualny 7, literatura 2",
	    "" },
	{ "a word that goes on", "5 listopada, part 4", "" },
	{ "nothing", "", "" },
	{ "the sign at the end", "§", "" },
	{ "half the sign", "\xc2", "" },
	{ "ust. at the end", "w ust.", "" },
};

static void
provisions_get_one_spelling(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = strlen(rows[i].text);
		char *p = malloc(n == 0 ? 1 : n);
		struct buf got = { .max = 4096 };
		struct parsed mail = { 0 };

		assert_non_null(p);
		memcpy(p, rows[i].text, n);
		provision_find(&mail, (struct span){ p, n });
		free(p);
		for (size_t k = 0; k < mail.n_provisions; k++) {
			buf_str(&got, k > 0 ? " | " : "");
			buf_add(&got, mail.provisions[k]);
		}
		if (strcmp(buf_cstr(&got), rows[i].want) != 0)
			fail_msg("%s: got [%s], want [%s]", rows[i].sentence,
			    buf_cstr(&got), rows[i].want);
		buf_free(&got);
		parsed_free(&mail);
	}
}

static void
a_thousand_provisions_are_bounded(void **state)
{
	struct buf b = { .max = 1 << 20 };
	struct parsed mail = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "§ %d. ", i);
	provision_find(&mail, buf_span(&b));
	assert_int_equal(mail.n_provisions, 100);
	parsed_free(&mail);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(provisions_get_one_spelling),
		cmocka_unit_test(a_thousand_provisions_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

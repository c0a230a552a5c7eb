/* test_code - consultation codes: every spelling people use, no word taken */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "parsers/code.h"

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* The bytes in memory of exactly their size, so that one too many is seen. */
static struct span
exact(const char *s)
{
	size_t n = strlen(s);
	char *p = malloc(n == 0 ? 1 : n);

	assert_non_null(p);
	memcpy(p, s, n);
	return (struct span){ p, n };
}

/* "BL-7M4H BL-T4NP?": the codes in order, a slip with a question mark. */
static void
describe(struct buf *out, const struct parsed *parsed)
{
	for (size_t i = 0; i < parsed->n_codes; i++)
		buf_printf(out, "%s%s%s", i > 0 ? " " : "",
		    parsed->codes[i].code.p, parsed->codes[i].valid ? "" : "?");
}

static const struct {
	const char *sentence, *text, *codes;
} found[] = {
	{ "as printed", "BL-7M4H", "BL-7M4H" },
	{ "in small letters", "bl-7m4h wiecej lawek", "BL-7M4H" },
	{ "in one word", "bl7m4h", "BL-7M4H" },
	{ "with a space", "BL 7M4H", "BL-7M4H" },
	{ "with NBSP",
	    "BL\xc2\xa0"
	    "7M4H",
	    "BL-7M4H" },
	{ "with an en dash", "BL–7M4H", "BL-7M4H" },
	{ "with an em dash and spaces", "BL — 7M4H", "BL-7M4H" },
	{ "with a minus sign", "BL−7M4H", "BL-7M4H" },
	{ "with a dot", "BL. T4NR", "BL-T4NR" },
	{ "with a dash and a space", "BL- 7M4H", "BL-7M4H" },
	{ "with an underscore", "BL_7M4H", "BL-7M4H" },
	{ "with a slash", "BL/7M4H", "BL-7M4H" },
	{ "with a colon", "bl: 7m4h", "BL-7M4H" },
	{ "its prefix spaced", "B L-7M4H", "BL-7M4H" },
	{ "its prefix dotted", "b.l. 7m4h", "BL-7M4H" },
	{ "spelled out", "B L 7 M 4 H", "BL-7M4H" },
	{ "in two groups", "BL 7M 4H", "BL-7M4H" },
	{ "in two groups with dashes", "BL-7M-4H", "BL-7M4H" },
	{ "in brackets", "[BL-10KE] Re: spotkanie", "BL-10KE" },
	{ "at the end, before a full stop", "wiecej zebran bl-10ke.",
	    "BL-10KE" },
	{ "letters O and I for digits", "BL-IOKE", "BL-10KE" },
	{ "letters for digits with a space", "BL IOKE", "BL-10KE" },
	{ "letter l for one", "bl-l0ke", "BL-10KE" },
	{ "letters for digits in one word", "BLIOKE wiecej zebran", "BL-10KE" },
	{ "the phone wrote a stroke", "BŁ-7M4H", "BL-7M4H" },
	{ "a small one with a stroke", "bł7m4h", "BL-7M4H" },
	{ "full-width letters", "ＢＬ－７Ｍ４Ｈ", "BL-7M4H" },
	{ "Cyrillic letters that look alike", "ВL-7М4Н", "BL-7M4H" },
	{ "one for L in the prefix", "B1-7M4H", "BL-7M4H" },
	{ "a soft hyphen within",
	    "BL-7M\xc2\xad"
	    "4H",
	    "BL-7M4H" },
	{ "broken behind its dash", "kod BL-\n7M4H", "BL-7M4H" },
	{ "as part of a remark's number", "KOREKTA BL-7M4H/12 tekst",
	    "BL-7M4H" },
	{ "two codes", "bl-10ke plakaty. bl-t4nr autobus", "BL-10KE BL-T4NR" },
	{ "the same spelling once", "BL-7M4H i BL-7M4H", "BL-7M4H" },
	{ "another spelling again", "BL-7M4H i bl7m4h", "BL-7M4H BL-7M4H" },
	{ "one wrong character", "BL-T4NP wiata", "BL-T4NP?" },
	{ "one wrong, in one word", "blt4np", "BL-T4NP?" },
	{ "one wrong, with a space", "bl t4np", "BL-T4NP?" },
	{ "a letter that no code has", "BL-7U4H", "BL-7U4H?" },
	{ "the last character forgotten", "BL-7M4 lawki", "BL-7M4?" },
	{ "one character too many", "BL-7M4HH lawki", "BL-7M4HH?" },
	{ "four letters behind a dash", "BL-MOST", "BL-M0ST?" },
	{ "near is a word", "przystanek jest za blisko skrzyzowania", "" },
	{ "near opens the text", "Blisko szkoly jest dziura", "" },
	{ "near in a shouting text", "PRZYSTANEK ZA BLISKO", "" },
	{ "near shouted in between", "jest za BLISKO szkoly", "" },
	{ "wrong", "błędny rozkład", "" },
	{ "blocks", "mieszkańcy bloków, bloki, blokow", "" },
	{ "sheet metal and begging", "blacha, błagam, blagam", "" },
	{ "a block's number", "ul. Krotka bl. 12 m. 4", "" },
	{ "a block's number in one", "bl12 m4", "" },
	{ "a year behind the county's short name", "Powiat BL 2026", "" },
	{ "a longer word", "bl-7m4habc", "" },
	{ "the end of a word", "tabl7m4h", "" },
	{ "a word behind BL", "BL oraz inne", "" },
	{ "a line end is no separator", "BL\n7M4H", "" },
	{ "nothing", "", "" },
	{ "a prefix alone", "BL-", "" },
};

static void
codes_are_found_as_people_write_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++) {
		struct span in = exact(found[i].text);
		struct parsed parsed = { 0 };
		struct buf got = { .max = 1000 };

		code_find(&parsed, in, "BL", CODE_IN_BODY, false);
		describe(&got, &parsed);
		if (strcmp(buf_cstr(&got), found[i].codes) != 0)
			fail_msg("%s: got [%s], want [%s]", found[i].sentence,
			    buf_cstr(&got), found[i].codes);
		buf_free(&got);
		parsed_free(&parsed);
		free((char *)in.p);
	}
}

static void
the_spelling_and_the_place_are_kept(void **state)
{
	struct parsed parsed = { 0 };

	(void)state;
	code_find(&parsed, SPAN("kod bl  7m4h,"), "BL", CODE_IN_SUBJECT, true);
	code_find(&parsed, SPAN("bl 7m4h"), "BL", CODE_IN_BODY, false);
	assert_int_equal(parsed.n_codes, 2);
	assert_string_equal(parsed.codes[0].seen.p, "bl 7m4h");
	assert_int_equal(parsed.codes[0].where, CODE_IN_SUBJECT);
	assert_true(parsed.codes[0].inherited);
	assert_int_equal(parsed.codes[1].where, CODE_IN_BODY);
	assert_false(parsed.codes[1].inherited);
	parsed_free(&parsed);
}

static void
another_town_has_another_prefix(void **state)
{
	char code[CODE_TEXT_MAX];
	struct err err;

	(void)state;
	assert_int_equal(code_read(code, SPAN("ko1a 7m4h"), "KO1A", &err), 0);
	assert_string_equal(code, "KO1A-7M4H");
	assert_int_equal(
	    code_read(code, SPAN("BL-7M4H"), "KO1A", &err), ST_REJECT);
	assert_int_equal(code_read(code, SPAN("-7M4H"), "", &err), ST_REJECT);
}

static void
one_string_is_read_or_refused_with_a_sentence(void **state)
{
	static const struct {
		const char *sentence, *text;
		enum status want;
		const char *code;
	} rows[] = {
		{ "as printed", "BL-7M4H", ST_OK, "BL-7M4H" },
		{ "as typed in haste", " bl7m4h\n", ST_OK, "BL-7M4H" },
		{ "letters for digits", "blioke", ST_OK, "BL-10KE" },
		{ "a slip", "BL-7M4J", ST_REJECT, "" },
		{ "words behind it", "BL-7M4H lawki", ST_REJECT, "" },
		{ "no code", "lawki", ST_REJECT, "" },
		{ "nothing", "", ST_REJECT, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span in = exact(rows[i].text);
		char code[CODE_TEXT_MAX] = "";
		struct err err = { "" };
		enum status got = code_read(code, in, "BL", &err);

		if (got != rows[i].want || strcmp(code, rows[i].code) != 0)
			fail_msg(
			    "%s: got %d [%s]", rows[i].sentence, got, code);
		assert_int_equal(got == ST_OK, err.text[0] == '\0');
		free((char *)in.p);
	}
}

static bool
is_right(const char c[4])
{
	return code_check(c) == c[3];
}

/* All 32,768 codes: every substitution and every swap of neighbours. */
static void
every_single_slip_is_noticed(void **state)
{
	long missed = 0;

	(void)state;
	for (int n = 0; n < 32 * 32 * 32; n++) {
		char c[4] = { alphabet[n >> 10], alphabet[(n >> 5) & 31],
			alphabet[n & 31], 0 };

		c[3] = code_check(c);
		for (int at = 0; at < 4; at++) {
			char was = c[at];

			for (int v = 0; v < 32; v++) {
				c[at] = alphabet[v];
				missed += c[at] != was && is_right(c);
			}
			c[at] = was;
		}
		for (int at = 0; at < 3; at++) {
			char s[4] = { c[0], c[1], c[2], c[3] };

			s[at] = c[at + 1];
			s[at + 1] = c[at];
			missed += s[at] != s[at + 1] && is_right(s);
		}
	}
	assert_int_equal(missed, 0);
	assert_int_equal(code_check("7M4"), 'H');
	assert_int_equal(code_check("10K"), 'E');
	assert_int_equal(code_check("T4N"), 'R');
	assert_int_equal(code_check("2XD"), 'R');
	assert_int_equal(code_check("7U4"), 0);
	assert_int_equal(code_check("7m4"), 0);
}

static void
codes_are_as_far_apart_as_slips_were_made(void **state)
{
	static const struct {
		const char *sentence, *a, *b;
		int want;
	} rows[] = {
		{ "the same", "BL-7M4H", "BL-7M4H", 0 },
		{ "one wrong", "BL-T4NP", "BL-T4NR", 1 },
		{ "neighbours swapped", "BL-74MH", "BL-7M4H", 1 },
		{ "one forgotten", "BL-7M4", "BL-7M4H", 1 },
		{ "one too many", "BL-7M44H", "BL-7M4H", 1 },
		{ "two wrong", "BL-7X4X", "BL-7M4H", 2 },
		{ "all wrong", "BL-0000", "BL-7M4H", 4 },
		{ "another town", "KO-7M4H", "BL-7M4H", CODE_TEXT_MAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int got = code_distance(span_of(rows[i].a), span_of(rows[i].b));

		if (got != rows[i].want)
			fail_msg("%s: got %d", rows[i].sentence, got);
	}
}

static void
a_megabyte_of_anything_takes_no_time(void **state)
{
	static const char *const patterns[] = { "b", "bl", "b l ", "BL-",
		"BL - ", "BL-7M4", "blisko ", "BLIOKE!!!!", "BL 7 M ", "ł",
		"\xc2\xad", "В", "BL\xc2\xad\xc2\xad", "bl-7m4x ", " ",
		"\xff" };
	size_t size = 1 << 20;
	char *text = malloc(size);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		struct parsed parsed = { 0 };
		size_t n = strlen(patterns[i]);
		clock_t start = clock();

		for (size_t at = 0; at < size; at++)
			text[at] = patterns[i][at % n];
		code_find(&parsed, (struct span){ text, size }, "BL",
		    CODE_IN_BODY, false);
		assert_in_range(parsed.n_codes, 0, CODES_MAX);
		/* Generous: sanitizers and a busy machine. */
		if (clock() - start > CLOCKS_PER_SEC * 6 / 10)
			fail_msg("[%s] took %ld us", patterns[i],
			    (long)(clock() - start));
		if (getenv("UWAGA_TEST_TIMES") != NULL)
			printf("[%s] %ld us\n", patterns[i],
			    (long)(clock() - start));
		parsed_free(&parsed);
	}
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_are_found_as_people_write_them),
		cmocka_unit_test(the_spelling_and_the_place_are_kept),
		cmocka_unit_test(another_town_has_another_prefix),
		cmocka_unit_test(one_string_is_read_or_refused_with_a_sentence),
		cmocka_unit_test(every_single_slip_is_noticed),
		cmocka_unit_test(codes_are_as_far_apart_as_slips_were_made),
		cmocka_unit_test(a_megabyte_of_anything_takes_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

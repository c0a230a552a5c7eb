/* test_text - UTF-8, normal forms, folding and SHA-256 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parsers/digest.h"
#include <utf8proc.h>

#include "parsers/text.h"

struct row {
	const char *sentence, *in, *want;
};

/* The bytes in memory of exactly their size, so that one too many is seen. */
static struct span
exact(const char *s, size_t n)
{
	char *p = malloc(n == 0 ? 1 : n);

	assert_non_null(p);
	memcpy(p, s, n);
	return (struct span){ p, n };
}

static void
check(const struct row *rows, size_t n, void (*make)(struct buf *, struct span))
{
	for (size_t i = 0; i < n; i++) {
		struct span in = exact(rows[i].in, strlen(rows[i].in));
		struct buf out = { .max = 4096 };

		make(&out, in);
		if (strcmp(buf_cstr(&out), rows[i].want) != 0)
			fail_msg("%s: got [%s], want [%s]", rows[i].sentence,
			    buf_cstr(&out), rows[i].want);
		assert_false(out.failed);
		buf_free(&out);
		free((char *)in.p);
	}
}

#define CHECK(rows, make) check(rows, sizeof(rows) / sizeof(rows[0]), make)

static void
clean_text_has_no_controls_and_one_kind_of_line_end(void **state)
{
	static const struct row rows[] = {
		{ "plain text stays", "Dzień dobry,\n\tuwaga",
		    "Dzień dobry,\n\tuwaga" },
		{ "CRLF and CR become LF", "a\r\nb\rc\n", "a\nb\nc\n" },
		{ "CR at the very end", "a\r", "a\n" },
		{ "form feed parts lines", "a\fb\vc", "a\nb\nc" },
		{ "Unicode's separators part lines",
		    "a\xe2\x80\xa8"
		    "b\xc2\x85"
		    "c",
		    "a\nb\nc" },
		{ "markers and bells go", "\001a\007b\x7f\xc2\x9b", "ab" },
		{ "a lone byte is replaced", "za\xbf\xf3\xb3",
		    "za\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "a cut letter is replaced", "a\xc5", "a\xef\xbf\xbd" },
		{ "a surrogate is no letter", "\xed\xa0\x80",
		    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "an over-long slash is no slash", "\xc0\xaf",
		    "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "NBSP is text",
		    "a\xc2\xa0"
		    "b",
		    "a\xc2\xa0"
		    "b" },
		{ "nothing stays nothing", "", "" },
	};
	struct buf out = { .max = 100 };

	(void)state;
	CHECK(rows, text_clean);
	text_clean(&out, (struct span){ "a\0b", 3 });
	assert_string_equal(buf_cstr(&out), "ab");
	buf_free(&out);
}

static void
nfc_joins_marks_with_letters(void **state)
{
	static const struct row rows[] = {
		{ "o and acute are one letter", "go\xcc\x81ra", "góra" },
		{ "an Apple name", "za\xc5\xbco\xcc\x81łc\xcc\x81.pdf",
		    "zażółć.pdf" },
		{ "the mark may end the text", "abco\xcc\x81", "abcó" },
		{ "two marks sort", "a\xcc\x81\xcc\xa3",
		    "\xe1\xba\xa1\xcc\x81" },
		{ "Hangul letters join", "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab",
		    "\xed\x95\x9c" },
		{ "plain text stays", "Uwaga do uchwały", "Uwaga do uchwały" },
		{ "bad bytes are replaced", "\xff", "\xef\xbf\xbd" },
		{ "nothing stays nothing", "", "" },
	};

	(void)state;
	CHECK(rows, text_nfc);
}

/* Accented Latin letters have a way of their own; utf8proc says what is right,
 * but for the Polish l, which has no form without its stroke. */
static void
each_latin_letter_folds_as_all_do(void **state)
{
	(void)state;
	for (int32_t cp = 0xC0; cp < 0x180; cp++) {
		unsigned char letter[5] = { 0 }, *want = NULL;
		struct buf out = { .max = 100 };

		utf8proc_encode_char(cp, letter);
		utf8proc_map(letter, 0, &want,
		    UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPAT |
			UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD |
			UTF8PROC_STRIPMARK | UTF8PROC_IGNORE);
		text_fold(&out, span_of((char *)letter));
		assert_string_equal(buf_cstr(&out),
		    cp == 0x141 || cp == 0x142 ? "l" : (char *)want);
		buf_free(&out);
		free(want);
	}
}

static void
folded_text_compares_as_people_do(void **state)
{
	static const struct row rows[] = {
		{ "Polish letters lose their marks", "ZAŻÓŁĆ gęślą jaźń",
		    "zazolc gesla jazn" },
		{ "white space is one space", "  ŁÓDŹ \t\r\n\xc2\xa0 żółta \n",
		    "lodz zolta" },
		{ "zero-width characters go",
		    "B\xe2\x80\x8bL\xc2\xad-7\xef\xbb\xbf", "bl-7" },
		{ "wide digits are digits",
		    "\xef\xbc\xa2\xef\xbc\xac\xef\xbc\x97", "bl7" },
		{ "ligatures are letters",
		    "\xef\xac\x81rma stra\xc3\x9f"
		    "e",
		    "firma strasse" },
		{ "decomposed equals composed", "go\xcc\x81ra", "gora" },
		{ "a spacing accent leaves no double space", "a \xc2\xb4 b",
		    "a b" },
		{ "only spaces are nothing", " \n ", "" },
		{ "controls go", "a\001b", "ab" },
	};
	struct arena a = { 0 };
	struct buf out = { .max = 100 };

	(void)state;
	CHECK(rows, text_fold);
	assert_string_equal(text_fold_copy(&a, SPAN("Ł ó")).p, "l o");
	arena_free(&a);
	buf_str(&out, "x");
	text_fold(&out, SPAN(" Y "));
	assert_string_equal(buf_cstr(&out), "xy");
	buf_free(&out);
}

static void
valid_utf8_is_told_from_bytes(void **state)
{
	static const struct {
		const char *in;
		size_t n;
		bool want;
	} rows[] = {
		{ "", 0, true },
		{ "abcdefgh", 8, true },
		{ "abcdefg\0", 8, false },
		{ "\xc5\xbc\xc3\xb3\xc5\x82w", 7, true },
		{ "abcdefgh\xc5", 9, false },
		{ "\xbf", 1, false },
		{ "\xf4\x90\x80\x80", 4, false },
		{ "\xf0\x9f\x98\x80", 4, true },
		{ "\xed\xbf\xbf", 3, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span in = exact(rows[i].in, rows[i].n);

		assert_int_equal(text_is_utf8(in), rows[i].want);
		free((char *)in.p);
	}
	assert_int_equal(text_length(SPAN("żółw\xff")), 5);
	assert_int_equal(text_length(SPAN("")), 0);
	assert_true(text_is_word(0x142));
	assert_true(text_is_word('7'));
	assert_false(text_is_word('-'));
	assert_false(text_is_word(0x2019));
}

/* A megabyte of marks in falling order would take minutes to sort as one run;
 * the test run's own time limit is the check, the length proves the work. */
static void
a_megabyte_of_marks_is_linear(void **state)
{
	const size_t pairs = 250000;
	struct buf in = { .max = 4 * pairs + 1 }, out = { .max = 8 * pairs };

	(void)state;
	buf_str(&in, "a");
	for (size_t i = 0; i < pairs; i++)
		buf_str(&in, "\xcc\x81\xcc\xa3");
	text_nfc(&out, buf_span(&in));
	assert_true(text_is_utf8(buf_span(&out)));
	assert_in_range(text_length(buf_span(&out)), pairs, 2 * pairs + 1);
	buf_reset(&out);
	text_fold(&out, buf_span(&in));
	assert_string_equal(buf_cstr(&out), "a");
	buf_free(&in);
	buf_free(&out);
}

static void
sha256_is_the_published_one(void **state)
{
	char hex[SHA256_HEX];

	(void)state;
	sha256_hex(hex, SPAN("abc"));
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177"
				 "a9cb410ff61f20015ad");
	sha256_hex(hex, (struct span){ NULL, 0 });
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b9"
				 "34ca495991b7852b855");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    clean_text_has_no_controls_and_one_kind_of_line_end),
		cmocka_unit_test(nfc_joins_marks_with_letters),
		cmocka_unit_test(each_latin_letter_folds_as_all_do),
		cmocka_unit_test(folded_text_compares_as_people_do),
		cmocka_unit_test(valid_utf8_is_told_from_bytes),
		cmocka_unit_test(a_megabyte_of_marks_is_linear),
		cmocka_unit_test(sha256_is_the_published_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

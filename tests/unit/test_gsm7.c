/* test_gsm7 - what texts cost, and texts in plain letters */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "parsers/gsm7.h"

static struct span
exact(const char *s, size_t n)
{
	char *p = malloc(n == 0 ? 1 : n);

	assert_non_null(p);
	memcpy(p, s, n);
	return (struct span){ p, n };
}

/* `what` written `times` times, between `before` and `after`. */
struct repeated {
	const char *before, *what;
	size_t times;
	const char *after;
};

static struct span
repeat(const struct repeated *r)
{
	struct buf out = { .max = 1 << 20 };
	struct span s;

	buf_str(&out, r->before);
	for (size_t i = 0; i < r->times; i++)
		buf_str(&out, r->what);
	buf_str(&out, r->after);
	s = exact(buf_cstr(&out), out.n);
	buf_free(&out);
	return s;
}

static const struct {
	const char *sentence;
	struct repeated text;
	bool ucs2;
	size_t units, segments;
} sizes[] = {
	{ "nothing is one segment", { "", "", 0, "" }, false, 0, 1 },
	{ "160 letters are one", { "", "a", 160, "" }, false, 160, 1 },
	{ "161 are two", { "", "a", 161, "" }, false, 161, 2 },
	{ "306 are two", { "", "a", 306, "" }, false, 306, 2 },
	{ "307 are three", { "", "a", 307, "" }, false, 307, 3 },
	{ "an extension letter is two", { "[", "a", 158, "]" }, false, 162, 2 },
	{ "the euro does not part at the edge of a segment",
	    { "", "a", 152,
		"€aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaa" },
	    false, 307, 3 },
	{ "letters of the basic table", { "", "éàòùÄñ£", 1, "" }, false, 7, 1 },
	{ "line ends are two letters", { "a", "\r\n", 2, "" }, false, 5, 1 },
	{ "70 Polish letters are one", { "", "ł", 70, "" }, true, 70, 1 },
	{ "71 are two", { "", "ł", 71, "" }, true, 71, 2 },
	{ "134 are two", { "", "ł", 134, "" }, true, 134, 2 },
	{ "135 are three", { "", "ł", 135, "" }, true, 135, 3 },
	{ "one Polish letter makes all dear", { "ł", "a", 70, "" }, true, 71,
	    2 },
	{ "an emoji is two units and stays whole",
	    { "", "a", 66,
		"😀ąąąąąąąąąąąąąąąąąąąąąąąąąąąąąąąąąąąąąąąąąąąąąąąąąąą"
		"ąąąąąąąąąąąąąąą" },
	    true, 134, 3 },
	{ "a letter and its mark are two units", { "", "e\xcc\x81", 3, "" },
	    true, 6, 1 },
	{ "a backtick is of no phone", { "", "`", 1, "" }, true, 1, 1 },
	{ "a tab neither", { "", "\t", 1, "" }, true, 1, 1 },
	{ "a broken byte is one unit", { "a", "\xc5", 1, "" }, true, 2, 1 },
	{ "marks without end are split", { "a", "\xcc\x81", 200, "" }, true,
	    201, 4 },
};

static void
texts_cost_what_phones_charge(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct span in = repeat(&sizes[i].text);
		struct sms_size got = sms_size(in);

		if (got.is_ucs2 != sizes[i].ucs2 ||
		    got.units != sizes[i].units ||
		    got.segments != sizes[i].segments)
			fail_msg("%s: got %s %zu in %zu", sizes[i].sentence,
			    got.is_ucs2 ? "ucs2" : "gsm7", got.units,
			    got.segments);
		free((char *)in.p);
	}
}

static const struct {
	const char *sentence, *in, *want;
} folds[] = {
	{ "Polish letters lose their marks",
	    "Zażółć gęślą jaźń ŁÓDŹ Ą Ć Ę Ń Ś Ż",
	    "Zazolc gesla jazn LODZ A C E N S Z" },
	{ "decomposed ones too", "zo\xcc\x81\xc5\x82ty o\xcc\xa8", "zolty o" },
	{ "GSM's own letters stay", "é è ü Ö ñ Å ß £ €", "é è ü Ö ñ Å ß £ €" },
	{ "quotes and dashes", "„Tak” – ‘nie’ — «a» … `b`",
	    "\"Tak\" - 'nie' - \"a\" ... 'b'" },
	{ "spaces of any kind",
	    "a\xc2\xa0"
	    "b\tc\xe2\x80\x89"
	    "d",
	    "a b c d" },
	{ "what cannot be seen goes",
	    "a\xe2\x80\x8b"
	    "b\xef\xbb\xbf"
	    "c",
	    "abc" },
	{ "signs", "• 20°C × 2 ½ №5 ™ m²", "* 20oC x 2 1/2 No5 TM m2" },
	{ "other alphabets have no equivalent", "Ок 😀 漢", "?? ? ?" },
	{ "an emoji with its colour is one sign", "👍🏽", "?" },
	{ "Czech and Slovak letters", "příliš žluťoučký kůň",
	    "prilis zlutoucky kun" },
	{ "a broken byte", "a\xc5", "a?" },
	{ "line ends", "a\r\nb", "a\nb" },
	{ "nothing", "", "" },
};

static void
folded_texts_are_of_the_gsm_alphabet(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(folds) / sizeof(folds[0]); i++) {
		struct span in = exact(folds[i].in, strlen(folds[i].in));
		struct buf out = { .max = 1000 };

		gsm7_fold(&out, in);
		if (strcmp(buf_cstr(&out), folds[i].want) != 0)
			fail_msg(
			    "%s: got [%s]", folds[i].sentence, buf_cstr(&out));
		assert_false(sms_size(buf_span(&out)).is_ucs2);
		buf_free(&out);
		free((char *)in.p);
	}
}

/* Every character there is, folded alone. */
static void
no_character_escapes_the_fold(void **state)
{
	struct buf out = { .max = 1000 };

	(void)state;
	for (int32_t cp = 1; cp < 0x110000; cp++) {
		char bytes[4];
		size_t n = 0;

		if (cp < 0x80) {
			bytes[n++] = (char)cp;
		} else if (cp < 0x800) {
			bytes[n++] = (char)(0xC0 | cp >> 6);
			bytes[n++] = (char)(0x80 | (cp & 63));
		} else if (cp < 0x10000) {
			bytes[n++] = (char)(0xE0 | cp >> 12);
			bytes[n++] = (char)(0x80 | (cp >> 6 & 63));
			bytes[n++] = (char)(0x80 | (cp & 63));
		} else {
			bytes[n++] = (char)(0xF0 | cp >> 18);
			bytes[n++] = (char)(0x80 | (cp >> 12 & 63));
			bytes[n++] = (char)(0x80 | (cp >> 6 & 63));
			bytes[n++] = (char)(0x80 | (cp & 63));
		}
		buf_reset(&out);
		gsm7_fold(&out, (struct span){ bytes, n });
		if (out.failed || sms_size(buf_span(&out)).is_ucs2)
			fail_msg(
			    "U+%04X gives [%s]", (unsigned)cp, buf_cstr(&out));
		if (cp % 16 == 0 && cp > 0x30000)
			cp += 1000; /* unassigned planes: samples will do */
	}
	buf_free(&out);
}

static const struct {
	const char *sentence;
	struct repeated text;
	size_t max, bytes;
} cuts[] = {
	{ "what fits stays", { "", "a", 160, "" }, 1, 160 },
	{ "one segment", { "", "a", 200, "" }, 1, 160 },
	{ "two segments", { "", "a", 400, "" }, 2, 306 },
	{ "one segment of Polish", { "", "ł", 100, "" }, 1, 140 },
	{ "two of Polish", { "", "ł", 200, "" }, 2, 268 },
	{ "plain letters before the first Polish one", { "", "a", 150, "łłłł" },
	    1, 150 },
	{ "no half emoji", { "", "😀", 100, "" }, 1, 140 },
	{ "no letter without its mark", { "", "ł", 69, "e\xcc\x81" }, 1, 138 },
	{ "no half extension letter", { "", "a", 159, "€" }, 1, 159 },
	{ "no segments, nothing", { "", "a", 10, "" }, 0, 0 },
};

static void
long_texts_are_cut_between_characters(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		struct span in = repeat(&cuts[i].text);
		struct buf out = { .max = 2000 };

		sms_cut(&out, in, cuts[i].max);
		if (out.n != cuts[i].bytes)
			fail_msg("%s: %zu bytes", cuts[i].sentence, out.n);
		assert_memory_equal(buf_cstr(&out), in.p, out.n);
		buf_free(&out);
		free((char *)in.p);
	}
}

static void
a_megabyte_takes_no_time(void **state)
{
	static const char *const patterns[] = { "a", "ł", "e\xcc\x81",
		"\xcc\x81", "😀", "\xe2\x80\x8d", "🇵🇱", "\r\n", "\xff" };
	size_t size = 1 << 20;
	char *text = malloc(size);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		struct span in = { text, size };
		struct buf out = { .max = 4 * size };
		size_t n = strlen(patterns[i]);
		clock_t start = clock();

		for (size_t at = 0; at < size; at++)
			text[at] = patterns[i][at % n];
		sms_cut(&out, in, sms_size(in).segments);
		assert_int_equal(out.n, size);
		gsm7_fold(&out, in);
		/* Generous: sanitizers and a busy machine. */
		if (clock() - start > 4 * CLOCKS_PER_SEC)
			fail_msg("pattern %zu took %ld us", i,
			    (long)(clock() - start));
		buf_free(&out);
	}
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_cost_what_phones_charge),
		cmocka_unit_test(folded_texts_are_of_the_gsm_alphabet),
		cmocka_unit_test(no_character_escapes_the_fold),
		cmocka_unit_test(long_texts_are_cut_between_characters),
		cmocka_unit_test(a_megabyte_takes_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

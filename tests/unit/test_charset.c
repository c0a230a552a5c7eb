/* test_charset - what a mail claims against what its bytes say */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parsers/charset.h"
#include "parsers/text.h"

struct row {
	const char *sentence, *declared, *bytes, *want, *set;
	bool guessed;
	size_t bad;
};

static const struct row rows[] = {
	{ "plain letters need no set", "", "Uwaga", "Uwaga", "utf-8", false,
	    0 },
	{ "UTF-8 as declared", "utf-8", "żółw", "żółw", "utf-8", false, 0 },
	{ "UTF-8 in apostrophes", "'UTF-8'", "żółw", "żółw", "utf-8", false,
	    0 },
	{ "UTF-8 marked as Latin-1", "iso-8859-1", "żółw", "żółw", "utf-8",
	    false, 0 },
	{ "UTF-8 without any mark", "", "żółw", "żółw", "utf-8", false, 0 },
	{ "the byte order mark is not text", "iso-8859-2", "\xef\xbb\xbfżółw",
	    "żółw", "utf-8", false, 0 },
	{ "UTF-16 by its mark", "", "\xff\xfe\x7c\x01", "ż", "utf-16le", true,
	    0 },
	{ "UTF-16 claimed for plain letters", "utf-16", "abc", "abc", "utf-8",
	    false, 0 },
	{ "Latin-2 as declared", "iso-8859-2",
	    "za\xbf\xf3\xb3\xe6 g\xea\xb6l\xb1", "zażółć gęślą", "iso-8859-2",
	    false, 0 },
	{ "Latin-2 with its year", "ISO_8859-2:1987", "g\xea\xb6l\xb1", "gęślą",
	    "iso-8859-2", false, 0 },
	{ "Latin-2 with a language", "iso-8859-2*pl", "g\xea\xb6l\xb1", "gęślą",
	    "iso-8859-2", false, 0 },
	{ "windows-1250 as declared", "windows-1250", "g\xea\x9cl\xb9", "gęślą",
	    "windows-1250", false, 0 },
	{ "windows-1250 by another name", "cp-1250", "g\xea\x9cl\xb9", "gęślą",
	    "windows-1250", false, 0 },
	{ "windows-1250 by a third", "x-cp1250", "g\xea\x9cl\xb9", "gęślą",
	    "windows-1250", false, 0 },
	{ "windows-1250 marked as Latin-2", "iso-8859-2",
	    "\x84g\xea\x9cl\xb9\x94", "„gęślą”", "windows-1250", true, 0 },
	{ "Latin-2 marked as windows-1250", "windows-1250", "g\xea\xb6l\xb1",
	    "gęślą", "iso-8859-2", true, 0 },
	{ "windows-1250 marked as Latin-1", "iso-8859-1",
	    "Prosz\xea o \xb3"
	    "awk\xea",
	    "Proszę o ławkę", "windows-1250", true, 0 },
	{ "Latin-2 marked as us-ascii", "us-ascii",
	    "za\xbf\xf3\xb3\xe6 g\xea\xb6l\xb1 ja\xbc\xf1", "zażółć gęślą jaźń",
	    "iso-8859-2", true, 0 },
	{ "windows-1250 without any mark", "", "Prosz\xea, dzie\xf1",
	    "Proszę, dzień", "windows-1250", true, 0 },
	{ "a set nobody knows", "x-user-defined",
	    "s\xb9 \xb3"
	    "awki",
	    "są ławki", "windows-1250", true, 0 },
	{ "French stays French", "iso-8859-1", "t\xeate, s\x9cur, \x8cuvre",
	    "tête, sœur, Œuvre", "windows-1252", false, 0 },
	{ "German stays German", "windows-1252", "f\xfcr 5 m\xb3 \x80",
	    "für 5 m³ €", "windows-1252", false, 0 },
	{ "Spanish stays Spanish", "iso-8859-1", "\xbfQu\xe9? se\xf1or",
	    "¿Qué? señor", "windows-1252", false, 0 },
	{ "German without any mark", "", "f\xfcr", "für", "windows-1252", true,
	    0 },
	{ "UTF-8 cut in the middle of a letter", "utf-8", "żółw\xc5",
	    "żółw\xef\xbf\xbd", "utf-8", false, 1 },
	{ "windows-1250 marked as UTF-8", "utf-8", "g\xea\x9cl\xb9", "gęślą",
	    "windows-1250", true, 0 },
	{ "a byte that the set does not have", "windows-1250",
	    "a\x81"
	    "b",
	    "a\xef\xbf\xbd"
	    "b",
	    "windows-1250", false, 1 },
	{ "an old DOS text", "cp852", "za\xbe\xa2\x88\x86", "zażółć", "cp852",
	    false, 0 },
	{ "an old Mac", "x-mac-ce", "\xfd\x97\xb8w", "żółw", "x-mac-ce", false,
	    0 },
	{ "Cyrillic", "koi8-r", "\xd0\xd2\xc9", "при", "koi8-r", false, 0 },
	{ "Japanese in seven bits", "iso-2022-jp", "\x1b$B$+\x1b(B", "か",
	    "iso-2022-jp", false, 0 },
	{ "a set with a command in its name", "utf-8//IGNORE", "a", "a",
	    "utf-8", false, 0 },
	{ "nothing", "utf-8", "", "", "utf-8", false, 0 },
};

static void
each_text_is_read_as_it_was_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		size_t n = strlen(row->bytes);
		char *bytes = malloc(n == 0 ? 1 : n);
		struct buf out = { .max = 4096 };
		struct charset_note note;

		assert_non_null(bytes);
		memcpy(bytes, row->bytes, n);
		charset_to_utf8(&out, (struct span){ bytes, n },
		    span_of(row->declared), &note);
		if (strcmp(buf_cstr(&out), row->want) != 0 ||
		    strcmp(note.name, row->set) != 0 ||
		    note.guessed != row->guessed || note.bad != row->bad)
			fail_msg("%s: [%s] as %s, guessed %d, %zu bad",
			    row->sentence, buf_cstr(&out), note.name,
			    note.guessed, note.bad);
		buf_free(&out);
		free(bytes);
	}
}

/* Every byte of every text is there again: as a letter or as U+FFFD. */
static void
no_byte_is_dropped(void **state)
{
	char bytes[256 * 2];
	struct buf out = { .max = 4096 };
	struct charset_note note;

	(void)state;
	for (int i = 0; i < 256; i++) {
		bytes[2 * i] = 'x';
		bytes[2 * i + 1] = (char)(i == 0 ? 'y' : i);
	}
	charset_to_utf8(&out, (struct span){ bytes, sizeof(bytes) },
	    SPAN("windows-1250"), &note);
	assert_int_equal(text_length(buf_span(&out)), sizeof(bytes));
	assert_true(note.bad > 0);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_text_is_read_as_it_was_written),
		cmocka_unit_test(no_byte_is_dropped),
	};

	charset_warm();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

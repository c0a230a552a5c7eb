/* Names of folders on the wire, in URLs and in keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "gateway/imap_name.h"

static void
names_go_to_the_wire_and_back(void **state)
{
	static const struct {
		const char *sentence, *name, *wire;
	} rows[] = {
		{ "plain letters stay", "Za duze", "Za duze" },
		{ "Polish letters", "Za duże", "Za du&AXw-e" },
		{ "letters at the end", "Urząd/Załatwioną",
		    "Urz&AQU-d/Za&AUI-atwion&AQU-" },
		{ "an ampersand", "A & B", "A &- B" },
		{ "several in a row", "żółć", "&AXwA8wFCAQc-" },
		{ "behind the basic plane", "x\xF0\x9F\x93\xA7y",
		    "x&2D3c5w-y" },
		{ "nothing", "", "" },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf wire = { .max = 200 }, name = { .max = 200 };

		assert_int_equal(
		    imap_name_encode(&wire, span_of(rows[i].name)), ST_OK);
		if (strcmp(buf_cstr(&wire), rows[i].wire) != 0)
			fail_msg("%s: %s", rows[i].sentence, buf_cstr(&wire));
		imap_name_decode(&name, buf_span(&wire));
		if (strcmp(buf_cstr(&name), rows[i].name) != 0)
			fail_msg("%s: %s", rows[i].sentence, buf_cstr(&name));
		buf_free(&wire);
		buf_free(&name);
	}
}

static void
what_is_no_name_is_refused_or_left(void **state)
{
	static const char *const bad[] = { "a\nb", "\x7f", "\xff\xfe", "\x01" };
	static const char *const odd[] = { "a&", "a&!-b", "a&AAA", "&2D0-",
		"&3ec-" };
	(void)state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct buf out = { .max = 200 };

		assert_int_equal(
		    imap_name_encode(&out, span_of(bad[i])), ST_REJECT);
		buf_free(&out);
	}
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct buf out = { .max = 200 };

		imap_name_decode(&out, span_of(odd[i]));
		assert_string_equal(buf_cstr(&out), odd[i]);
		buf_free(&out);
	}
}

static void
a_url_names_a_folder(void **state)
{
	static const struct {
		const char *url, *folder; /* NULL: refused */
	} rows[] = {
		{ "imaps://imap.x/Skrzynka", "Skrzynka" },
		{ "imaps://imap.x", "INBOX" },
		{ "imaps://imap.x:993/", "INBOX" },
		{ "imap://[::1]:143/a/b", "a/b" },
		{ "imaps://imap.x/Za%20du%C5%BCe", "Za duże" },
		{ "imaps://imap.x/100%", NULL },
		{ "imaps://imap.x/%zz", NULL },
		{ "imaps:///INBOX", NULL },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = { .max = 200 };
		enum status rc = imap_name_of_url(&out, rows[i].url);

		if ((rc == ST_OK) != (rows[i].folder != NULL))
			fail_msg("%s", rows[i].url);
		if (rc == ST_OK)
			assert_string_equal(buf_cstr(&out), rows[i].folder);
		buf_free(&out);
	}
}

static void
a_key_is_plain_text(void **state)
{
	struct buf out = { .max = 200 };
	(void)state;

	imap_name_account(&out, "jan;x kowalski", "imaps://imap.x:993/INBOX");
	buf_char(&out, '/');
	imap_name_key(&out, span_of("Za duże%"));
	assert_string_equal(
	    buf_cstr(&out), "jan%3Bx%20kowalski@imap.x:993/Za%20du%C5%BCe%25");
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_go_to_the_wire_and_back),
		cmocka_unit_test(what_is_no_name_is_refused_or_left),
		cmocka_unit_test(a_url_names_a_folder),
		cmocka_unit_test(a_key_is_plain_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

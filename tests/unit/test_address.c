/* test_address - who a mail is from and to, and which numbers can be texted */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "parsers/address.h"

/* A copy of exactly that size, so that a sanitizer sees one byte too many. */
static struct span
exact_copy(const char *s)
{
	size_t n = strlen(s);
	char *p = malloc(n + (n == 0));

	assert_non_null(p);
	memcpy(p, s, n);
	return (struct span){ p, n };
}

static void
the_first_mailbox_is_found(void **state)
{
	static const struct {
		const char *says, *field, *address, *name;
	} rows[] = {
		{ "as usual", "Jan Kowalski <jan@powiat.example>",
		    "jan@powiat.example", "Jan Kowalski" },
		{ "an address alone", "jan@powiat.example",
		    "jan@powiat.example", "" },
		{ "the domain in lower case, the rest as written",
		    "Jan.K@Powiat.EXAMPLE", "Jan.K@powiat.example", "" },
		{ "a quoted name with a comma",
		    "\"Kowalski, Jan\" <jan@powiat.example>",
		    "jan@powiat.example", "Kowalski, Jan" },
		{ "a quoted quote", "\"Jan \\\"Kot\\\" K\" <jan@a.example>",
		    "jan@a.example", "Jan \"Kot\" K" },
		{ "the name in a comment", "jan@a.example (Jan Kowalski)",
		    "jan@a.example", "Jan Kowalski" },
		{ "Outlook's single quotes",
		    "'Konsultacje powiatowe' <k@powiat.example>",
		    "k@powiat.example", "Konsultacje powiatowe" },
		{ "an encoded name",
		    "=?UTF-8?Q?Micha=C5=82_Nowak?= <m@a.example>",
		    "m@a.example", "Micha\xc5\x82 Nowak" },
		{ "an encoded name in quotes",
		    "\"=?ISO-8859-2?Q?Micha=B3?=\" <m@a.example>",
		    "m@a.example", "Micha\xc5\x82" },
		{ "an encoded name with a comma inside",
		    "=?UTF-8?Q?Nowak,_Ola?= <o@a.example>, x@a.example",
		    "o@a.example", "Nowak, Ola" },
		{ "a name that repeats the address says nothing",
		    "\"jan@a.example\" <jan@a.example>", "jan@a.example", "" },
		{ "a group", "Radni: jan@a.example, ola@a.example;",
		    "jan@a.example", "" },
		{ "an empty group", "undisclosed-recipients:;", "", "" },
		{ "spaces around the @", "jan @ a.example", "jan@a.example",
		    "" },
		{ "a comment in the address", "jan(biuro)@(x)a.example",
		    "jan@a.example", "biuro" },
		{ "a source route", "<@b.example,@c.example:jan@a.example>",
		    "jan@a.example", "" },
		{ "mailto inside", "<mailto:jan@a.example>", "jan@a.example",
		    "" },
		{ "no brackets", "Jan Kowalski jan@a.example", "jan@a.example",
		    "Jan Kowalski" },
		{ "a bracket that never closes", "Jan <jan@a.example",
		    "jan@a.example", "Jan" },
		{ "a bracket that never closes, then another",
		    "Jan <jan@a.example, Ola <ola@a.example>", "jan@a.example",
		    "Jan" },
		{ "two brackets", "Jan <<jan@a.example>>", "jan@a.example",
		    "Jan" },
		{ "a quote that never closes", "Jan \"Kot <jan@a.example>",
		    "jan@a.example", "Jan Kot" },
		{ "a comment that never closes", "Jan (biuro <jan@a.example>",
		    "jan@a.example", "Jan (biuro" },
		{ "an address in the name is no address",
		    "\"wojt@powiat.example\" <zly@b.example>", "zly@b.example",
		    "wojt@powiat.example" },
		{ "the second is taken when the first is none",
		    "Jan, ola@a.example", "ola@a.example", "" },
		{ "a name without any address", "MAILER-DAEMON", "",
		    "MAILER-DAEMON" },
		{ "the null address", "<>", "", "" },
		{ "nothing", "", "", "" },
		{ "white space in the name is one space",
		    "  Jan \t Kowalski   <jan@a.example>", "jan@a.example",
		    "Jan Kowalski" },
		{ "a quoted local part", "\"jan.k\"@a.example",
		    "\"jan.k\"@a.example", "" },
		{ "a line feed never gets in", "jan@a.example\nBcc:x@b.example",
		    "jan@a.example", "" },
	};
	struct arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span in = exact_copy(rows[i].field);
		struct address got = address_first(&a, in);

		free((void *)(uintptr_t)in.p);
		if (!span_is(got.address, rows[i].address))
			fail_msg("%s: address %s, not %s", rows[i].says,
			    got.address.p, rows[i].address);
		if (!span_is(got.name, rows[i].name))
			fail_msg("%s: name %s, not %s", rows[i].says,
			    got.name.p, rows[i].name);
	}
	arena_free(&a);
}

static void
every_mailbox_of_a_list_is_found(void **state)
{
	static const struct {
		const char *says, *field, *want;
	} rows[] = {
		{ "commas", "a@x.example, B <b@x.example>,c@x.example",
		    "a@x.example b@x.example c@x.example " },
		{ "Outlook's semicolons", "a@x.example; b@x.example;",
		    "a@x.example b@x.example " },
		{ "groups among others",
		    "G: a@x.example, b@x.example;, c@x.example",
		    "a@x.example b@x.example c@x.example " },
		{ "a comma in a name", "\"K, J\" <a@x.example>, b@x.example",
		    "a@x.example b@x.example " },
		{ "what is no address is left out", "Jan, b@x.example,,@,x@",
		    "b@x.example " },
		{ "nothing", "", "" },
	};
	struct arena a = { 0 };
	char got[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span in = exact_copy(rows[i].field), *list = NULL;
		struct buf words = { .max = sizeof(got) };
		size_t n = 0;

		address_all(&a, in, &list, &n);
		free((void *)(uintptr_t)in.p);
		for (size_t j = 0; j < n; j++) {
			buf_add(&words, list[j]);
			buf_char(&words, ' ');
		}
		if (!span_is(buf_span(&words), rows[i].want))
			fail_msg("%s: %s", rows[i].says, buf_cstr(&words));
		buf_free(&words);
	}
	arena_free(&a);
}

static void
a_plausible_address_cannot_hurt_a_header(void **state)
{
	static const struct {
		const char *says, *address;
		bool want;
	} rows[] = {
		{ "a usual one", "jan.kowalski+x@powiat.example", true },
		{ "an unusual one", "o'brien_{1}@a-b.example", true },
		{ "letters of any script",
		    "\xc5\xbc\xc3\xb3\xc5\x82w@pow\xc3\xb3z.example", true },
		{ "an address of numbers", "jan@[192.0.2.1]", true },
		{ "no @", "jan", false },
		{ "two @", "jan@a@b.example", false },
		{ "nothing before the @", "@a.example", false },
		{ "nothing behind it", "jan@", false },
		{ "a line break", "jan@a.example\r\nBcc: x@b.example", false },
		{ "a space", "jan k@a.example", false },
		{ "a quoted space", "\"jan k\"@a.example", false },
		{ "brackets", "<jan@a.example>", false },
		{ "a no-break space", "jan\xc2\xa0@a.example", false },
		{ "a sign that turns writing round",
		    "jan\xe2\x80\xae@a.example", false },
		{ "broken UTF-8", "jan\xc5@a.example", false },
		{ "two full stops in the domain", "jan@a..example", false },
		{ "a full stop at its end", "jan@a.example.", false },
		{ "nothing", "", false },
	};
	char big[300];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span in = exact_copy(rows[i].address);

		if (address_is_valid(in) != rows[i].want)
			fail_msg("%s", rows[i].says);
		free((void *)(uintptr_t)in.p);
	}
	memset(big, 'a', sizeof(big));
	big[100] = '@';
	assert_true(address_is_valid((struct span){ big, 254 }));
	assert_false(address_is_valid((struct span){ big, 255 }));
}

static void
the_detail_behind_the_plus_is_parted(void **state)
{
	struct span local, detail, domain;

	(void)state;
	assert_true(address_detail(
	    SPAN("konsultacje+k3f9+x@a.example"), &local, &detail, &domain));
	assert_true(span_is(local, "konsultacje"));
	assert_true(span_is(detail, "k3f9+x"));
	assert_true(span_is(domain, "a.example"));
	assert_false(address_detail(
	    SPAN("konsultacje@a.example"), &local, &detail, &domain));
	assert_true(span_is(local, "konsultacje"));
	assert_true(span_is(domain, "a.example"));
	assert_false(
	    address_detail(SPAN("k+@a.example"), &local, &detail, &domain));
	assert_false(address_detail(SPAN("k+x"), &local, &detail, &domain));
	assert_false(address_detail(SPAN(""), &local, &detail, &domain));
}

static void
names_of_machines_are_known(void **state)
{
	static const struct {
		const char *address;
		bool want;
	} rows[] = {
		{ "MAILER-DAEMON@a.example", true },
		{ "Mailer_Daemon@a.example", true },
		{ "postmaster@a.example", true },
		{ "no-reply@a.example", true },
		{ "noreply+x@a.example", true },
		{ "kalendarz-noreply@a.example", true },
		{ "do_not_reply@a.example", true },
		{ "nie-odpowiadaj@a.example", true },
		{ "bounces+123@a.example", true },
		{ "lista-bounces@a.example", true },
		{ "owner-lista@a.example", true },
		{ "jan@a.example", false },
		{ "owner@a.example", false },
		{ "mailer.jan@a.example", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (address_is_machine(span_of(rows[i].address)) !=
		    rows[i].want)
			fail_msg("%s", rows[i].address);
}

static void
numbers_get_one_spelling(void **state)
{
	static const struct {
		const char *number, *want;
		enum phone_kind kind;
	} rows[] = {
		{ "601234567", "+48601234567", PHONE_MOBILE },
		{ "48601234567", "+48601234567", PHONE_MOBILE },
		{ "+48601234567", "+48601234567", PHONE_MOBILE },
		{ "0048601234567", "+48601234567", PHONE_MOBILE },
		{ "+48 601 234 567", "+48601234567", PHONE_MOBILE },
		{ "(+48)601-234-567", "+48601234567", PHONE_MOBILE },
		{ "601\xc2\xa0"
		  "234\xc2\xa0"
		  "567",
		    "+48601234567", PHONE_MOBILE },
		{ "223456789", "+48223456789", PHONE_LANDLINE },
		{ "483601234", "+48483601234", PHONE_LANDLINE },
		{ "+48110000301", "+48110000301", PHONE_MOBILE },
		{ "110000301", "+48110000301", PHONE_MOBILE },
		{ "+48130000301", "+48130000301", PHONE_LANDLINE },
		{ "+491701234567", "+491701234567", PHONE_FOREIGN },
		{ "00380501234567", "+380501234567", PHONE_FOREIGN },
		{ "7248", "7248", PHONE_SHORT },
		{ "112", "112", PHONE_SHORT },
		{ "70000", "70000", PHONE_SHORT },
		{ "60123456", "60123456", PHONE_INVALID },
		{ "6012345678", "6012345678", PHONE_INVALID },
		{ "0601234567", "0601234567", PHONE_INVALID },
		{ "8 601234567", "8 601234567", PHONE_INVALID },
		{ "+4860123456", "+4860123456", PHONE_INVALID },
		{ "+48+601234567", "+48+601234567", PHONE_INVALID },
		{ "+0601234567", "+0601234567", PHONE_INVALID },
		{ "12", "12", PHONE_INVALID },
		{ "INFO", "INFO", PHONE_NAME },
		{ "Powiat24", "Powiat24", PHONE_NAME },
		{ "\xc5\xbb"
		  "abka",
		    "\xc5\xbb"
		    "abka",
		    PHONE_NAME },
		{ "", "", PHONE_INVALID },
	};
	char out[32];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span in = exact_copy(rows[i].number);
		enum phone_kind kind =
		    phone_normalise(out, in, "+48", "+4811,+4812");

		free((void *)(uintptr_t)in.p);
		if (kind != rows[i].kind || strcmp(out, rows[i].want) != 0)
			fail_msg("%s: %s, kind %d", rows[i].number, out, kind);
	}
}

static void
a_long_name_is_cut_between_characters(void **state)
{
	char out[32];

	(void)state;
	assert_int_equal(
	    phone_normalise(out,
		SPAN("123456789 123456789 123456789 \xc5\xbbx"), "+48", ""),
	    PHONE_NAME);
	assert_string_equal(out, "123456789 123456789 123456789 ");
}

static void
other_countries_have_their_prefix(void **state)
{
	char out[32];

	(void)state;
	assert_int_equal(phone_normalise(out, SPAN("0171 2345678"), "+49", ""),
	    PHONE_MOBILE);
	assert_string_equal(out, "+491712345678");
	assert_int_equal(phone_normalise(out, SPAN("+48601234567"), "+49", ""),
	    PHONE_FOREIGN);
}

static void
a_megabyte_of_brackets_is_linear(void **state)
{
	static const char *const bytes[] = { "(", "<", "\"", "\\", ",", ":",
		"@", "<>", "()", "(\"", "a@b,", "<a@b" };
	struct arena a = { 0 };
	struct span *list;
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		struct buf in = { .max = 1 << 20 };

		while (in.n + 8 < in.max)
			buf_str(&in, bytes[i]);
		list = NULL;
		n = 0;
		address_first(&a, buf_span(&in));
		address_all(&a, buf_span(&in), &list, &n);
		assert_in_range(n, 0, 2000);
		buf_free(&in);
	}
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_mailbox_is_found),
		cmocka_unit_test(every_mailbox_of_a_list_is_found),
		cmocka_unit_test(a_plausible_address_cannot_hurt_a_header),
		cmocka_unit_test(the_detail_behind_the_plus_is_parted),
		cmocka_unit_test(names_of_machines_are_known),
		cmocka_unit_test(numbers_get_one_spelling),
		cmocka_unit_test(a_long_name_is_cut_between_characters),
		cmocka_unit_test(other_countries_have_their_prefix),
		cmocka_unit_test(a_megabyte_of_brackets_is_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

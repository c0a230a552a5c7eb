/* test_header - header fields, parameters, encoded words; transfer encodings */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parsers/header.h"
#include "parsers/transfer.h"

static struct span
exact(const char *s)
{
	size_t n = strlen(s);
	char *p = malloc(n == 0 ? 1 : n);

	assert_non_null(p);
	memcpy(p, s, n);
	return (struct span){ p, n };
}

static void
check(const char *sentence, struct span got, const char *want)
{
	if (!span_is(got, want))
		fail_msg("%s: got [%.*s], want [%s]", sentence, (int)got.n,
		    got.p == NULL ? "" : got.p, want);
}

static void
fields_are_found_in_broken_headers(void **state)
{
	static const struct {
		const char *sentence, *mail, *subject, *body;
	} rows[] = {
		{ "a plain mail", "From: a\r\nSubject: b\r\n\r\nc", "b", "c" },
		{ "LF alone ends lines too", "Subject: b\n\nc", "b", "c" },
		{ "a fold is undone", "Subject: b\r\n c\r\n\td\r\n\r\ne",
		    "b c\td", "e" },
		{ "the line of an mbox is no field",
		    "From a@x Mon Jan 1\nSubject: b\n\nc", "b", "c" },
		{ "a malformed line does not end the header",
		    "From: a\nthis is no field\nSubject: b\n\nc", "b", "c" },
		{ "nor at the very top", "junk\nSubject: b\n\nc", "b", "c" },
		{ "a missing empty line is forgiven",
		    "Subject: b\nDzień dobry, uwaga\nCode: x\n", "b",
		    "Dzień dobry, uwaga\nCode: x\n" },
		{ "a space before the colon", "Subject : b\n\nc", "b", "c" },
		{ "a line of spaces is a fold",
		    "Subject: b\n  \n c\nTo: d\n\ne", "b   c", "e" },
		{ "or the end, when the body follows",
		    "Subject: b\n \nbody here\n", "b", "body here\n" },
		{ "the first of two counts", "Subject: b\nsubject: c\n\nd", "b",
		    "d" },
		{ "names fold case", "SUBJECT: b\n\nc", "b", "c" },
		{ "an empty value", "Subject:\n\nc", "", "c" },
		{ "a header without a body", "Subject: b", "b", "" },
		{ "a body without a header", "Dzień dobry\n\nuwaga", "",
		    "Dzień dobry\n\nuwaga" },
		{ "empty lines before the header", "\r\n\nSubject: b\n\nc", "b",
		    "c" },
		{ "a colon may be cut off at the end", "Subject", "",
		    "Subject" },
	};
	struct header header;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span mail = exact(rows[i].mail);
		struct arena a = { 0 };

		header_scan(&header, &a, mail);
		check(rows[i].sentence, header_field(&header, "Subject"),
		    rows[i].subject);
		check(rows[i].sentence, span_from(mail, header.body),
		    rows[i].body);
		arena_free(&a);
		free((char *)mail.p);
	}
}

static void
a_thousand_fields_are_enough(void **state)
{
	struct buf mail = { .max = 100000 };
	struct arena a = { 0 };
	struct header header;

	(void)state;
	for (int i = 0; i < 2000; i++)
		buf_str(&mail, "X: y\n");
	buf_str(&mail, "\nbody");
	header_scan(&header, &a, buf_span(&mail));
	assert_int_equal(header.n_fields, 1000);
	assert_true(header.cut);
	check("the body is still found",
	    span_from(buf_span(&mail), header.body), "body");
	arena_free(&a);
	buf_free(&mail);
}

static void
parameters_are_read_as_programs_write_them(void **state)
{
	static const struct {
		const char *sentence, *value, *name, *want;
	} rows[] = {
		{ "a token", "text/plain; charset=utf-8", "charset", "utf-8" },
		{ "a quoted string", "a/b; name=\"x y.pdf\"; z=1", "name",
		    "x y.pdf" },
		{ "names fold case", "a/b; CHARSET=\"UTF-8\"", "charset",
		    "UTF-8" },
		{ "no semicolon before it", "text/plain charset=utf-8",
		    "charset", "utf-8" },
		{ "a comment behind it", "text/plain; charset=us-ascii (plain)",
		    "charset", "us-ascii" },
		{ "a comment before it", "a/b; (note; x=y) q=z", "q", "z" },
		{ "a file name with spaces, not quoted",
		    "attachment; filename=moja uwaga.pdf; size=3", "filename",
		    "moja uwaga.pdf" },
		{ "an escaped quote", "a/b; name=\"a\\\"b\"", "name", "a\"b" },
		{ "a Windows path", "a/b; name=\"C:\\temp\\x.doc\"", "name",
		    "C:\\temp\\x.doc" },
		{ "a quote that never ends", "a/b; name=\"abc", "name", "abc" },
		{ "an encoded word in quotes, as Gmail has it",
		    "a/b; name=\"=?UTF-8?Q?Wniosek_=C5=81=C3=B3d=C5=BA.pdf?=\"",
		    "name", "Wniosek Łódź.pdf" },
		{ "RFC 2231", "a; filename*=UTF-8''%C5%81%C3%B3d%C5%BA.pdf",
		    "filename", "Łódź.pdf" },
		{ "RFC 2231 in windows-1250, with a language",
		    "a; filename*=windows-1250'pl'%A3%F3d%9F.pdf", "filename",
		    "Łódź.pdf" },
		{ "RFC 2231 in pieces",
		    "a; filename*0*=UTF-8''%C5%81; filename*1=od; "
		    "filename*2*=%C5%BA.pdf",
		    "filename", "Łodź.pdf" },
		{ "pieces in any order", "a; filename*1=b; filename*0=a",
		    "filename", "ab" },
		{ "a letter split between pieces",
		    "a; name*0*=utf-8''%C5; name*1*=%81", "name", "Ł" },
		{ "RFC 2231 before the plain one",
		    "a; filename=\"x.pdf\"; filename*=UTF-8''%C5%81.pdf",
		    "filename", "Ł.pdf" },
		{ "raw windows-1250", "a; name=\"uwagi g\xb3\xf3wne.pdf\"",
		    "name", "uwagi główne.pdf" },
		{ "a parameter that is not there", "a/b; c=d", "name", "" },
		{ "a number too large for a piece", "a; name*99999999999=x",
		    "name", "" },
		{ "nothing at all", "", "name", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span value = exact(rows[i].value);
		struct arena a = { 0 };

		check(rows[i].sentence,
		    header_param_text(&a, value, rows[i].name), rows[i].want);
		arena_free(&a);
		free((char *)value.p);
	}
}

static void
types_are_lower_case_or_nothing(void **state)
{
	static const struct {
		const char *value, *type, *params;
	} rows[] = {
		{ "Text/HTML; charset=x", "text/html", "charset=x" },
		{ "text/plain charset=x", "text/plain", "charset=x" },
		{ "(c) text/plain", "text/plain", "" },
		{ "text", "text/plain", "" },
		{ "/plain", "", "" },
		{ "", "", "" },
	};
	struct span type, params;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena a = { 0 };

		header_type(&a, span_of(rows[i].value), &type, &params);
		check(rows[i].value, type, rows[i].type);
		check(rows[i].value, params, rows[i].params);
		arena_free(&a);
	}
}

static void
encoded_words_are_read_as_broken_as_they_come(void **state)
{
	static const struct {
		const char *sentence, *value, *want;
	} rows[] = {
		{ "plain words", "Uwaga do planu", "Uwaga do planu" },
		{ "quoted",
		    "=?UTF-8?Q?=C5=81=C3=B3d=C5=BA_moja?=", "Łódź moja" },
		{ "base64 in Latin-2", "=?iso-8859-2?B?s/Nk6w==?=", "łódë" },
		{ "no padding", "=?utf-8?B?xYHDs2TFug?=", "Łódź" },
		{ "with a language", "=?iso-8859-2*pl?Q?=B3?=", "ł" },
		{ "the space between two words is not theirs",
		    "=?utf-8?Q?a?=  =?utf-8?Q?b?=", "ab" },
		{ "the space beside plain words is",
		    "Re: =?utf-8?Q?a?= b =?utf-8?Q?c?=", "Re: a b c" },
		{ "a letter split between words",
		    "=?utf-8?B?xQ==?= =?utf-8?B?gQ==?=", "Ł" },
		{ "words of two character sets",
		    "=?utf-8?Q?=C5=82?= =?iso-8859-2?Q?=B3?=", "łł" },
		{ "glued to a sign", "\"=?utf-8?Q?=C5=81?=\"", "\"Ł\"" },
		{ "spaces inside", "=?utf-8?Q?a b?=", "a b" },
		{ "never ended", "=?utf-8?Q?=C5=81abc", "Łabc" },
		{ "an unknown encoding stays",
		    "=?utf-8?X?abc?=", "=?utf-8?X?abc?=" },
		{ "an injected line break is a space",
		    "=?utf-8?Q?a=0D=0ABcc:_x?=", "a Bcc: x" },
		{ "NUL is dropped", "=?utf-8?Q?a=00b?=", "ab" },
		{ "raw UTF-8", "Łódź", "Łódź" },
		{ "raw windows-1250", "uwagi do uchwa\xb3y",
		    "uwagi do uchwały" },
		{ "only the start of a word", "=?", "=?" },
		{ "nothing", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span value = exact(rows[i].value);
		struct arena a = { 0 };

		check(rows[i].sentence, header_decode(&a, value), rows[i].want);
		arena_free(&a);
		free((char *)value.p);
	}
}

static void
base64(struct buf *out, struct span in)
{
	transfer_base64(out, in);
}

static void
flowed(struct buf *out, struct span in)
{
	transfer_flowed(out, in, false);
}

static void
flowed_delsp(struct buf *out, struct span in)
{
	transfer_flowed(out, in, true);
}

static void
transfer_encodings_are_undone(void **state)
{
	static const struct {
		const char *sentence;
		void (*undo)(struct buf *, struct span);
		const char *in, *want;
	} rows[] = {
		{ "base64", base64, "VXdhZ2E=", "Uwaga" },
		{ "base64 in lines", base64, "VX\r\ndhZ2\r\nE=\r\n", "Uwaga" },
		{ "base64 without padding", base64, "VXdhZ2E", "Uwaga" },
		{ "base64 that was joined", base64, "VQ==\ndw==", "Uw" },
		{ "a list's footer below", base64,
		    "VXdhZ2E=\r\n-- \r\nlist footer\r\n", "Uwaga" },
		{ "words behind the padding", base64, "VXdhZ2E= ignored ?",
		    "Uwaga" },
		{ "one stray letter is nothing", base64, "V", "" },
		{ "a line that is not base64 is left out", base64,
		    "(one)\nVXdhZ2E=\n", "Uwaga" },
		{ "quoted-printable", transfer_quoted, "=C5=81a=\r\nb", "Łab" },
		{ "lower-case digits", transfer_quoted, "=c5=81", "Ł" },
		{ "a soft break with spaces", transfer_quoted, "a= \t\nb",
		    "ab" },
		{ "a bad sequence stays", transfer_quoted, "a=ZZ=", "a=ZZ" },
		{ "cut off in a sequence", transfer_quoted, "a=A", "a=A" },
		{ "uuencode", transfer_uu, "begin 644 x\n%57=A9V$ \n`\nend\n",
		    "Uwaga" },
		{ "flowed lines join", flowed, "jeden \ndwa\ntrzy\n",
		    "jeden dwa\ntrzy\n" },
		{ "the space goes with delsp", flowed_delsp, "je \nden\n",
		    "jeden\n" },
		{ "quotes keep their depth", flowed, ">> a \n>> b\n> c\nd\n",
		    ">> a b\n> c\nd\n" },
		{ "other depths do not join", flowed, "> a \nb\n",
		    "> a \nb\n" },
		{ "the signature line stays", flowed, "a\n-- \nJan\n",
		    "a\n-- \nJan\n" },
		{ "a stuffed space goes", flowed, " From x\n  y\n",
		    "From x\n y\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span in = exact(rows[i].in);
		struct buf out = { .max = 200 };

		rows[i].undo(&out, in);
		check(rows[i].sentence, buf_span(&out), rows[i].want);
		assert_false(out.failed);
		buf_free(&out);
		free((char *)in.p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_found_in_broken_headers),
		cmocka_unit_test(a_thousand_fields_are_enough),
		cmocka_unit_test(parameters_are_read_as_programs_write_them),
		cmocka_unit_test(types_are_lower_case_or_nothing),
		cmocka_unit_test(encoded_words_are_read_as_broken_as_they_come),
		cmocka_unit_test(transfer_encodings_are_undone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

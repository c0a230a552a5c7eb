/* test_mime - a mail to its text, its attachments and its parts */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parsers/mime.h"

#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n"
#define ALTERNATIVE "Content-Type: multipart/alternative; boundary=a\n\n"
#define RELATED "Content-Type: multipart/related; boundary=r\n\n"
#define PLAIN "Content-Type: text/plain; charset=utf-8\n\n"
#define HTML "Content-Type: text/html; charset=utf-8\n\n"

/* An S/MIME signature around "Content-Type: text/plain\r\n\r\nuwaga\r\n", made
 * without a signer: only the envelope matters here. */
#define OPAQUE                                                             \
	"MEoGCSqGSIb3DQEHAqA9MDsCAQExADAyBgkqhkiG9w0BBwGgJQQjQ29udGVudC1U" \
	"eXBlOiB0ZXh0L3BsYWluDQoNCnV3YWdhDQoxAA==\n"

static const struct row {
	const char *sentence, *mail, *plain, *html;
	const char *files; /* "name type size;"..., "~" behind a signature's */
	const char *warning; /* words of one; NULL: there is none at all */
} rows[] = {
	{ "a plain mail", "Subject: x\n\nuwaga\n", "uwaga\n", "", "", NULL },
	{ "the line of an mbox does not hide the header",
	    "From a@x.example Mon Jan 1 00:00:00 2026\nContent-Type: "
	    "text/plain;\n charset=iso-8859-2\n\n\xb3"
	    "awka\n",
	    "ławka\n", "", "", NULL },
	{ "no header at all: it is all text", "Dzień dobry\n", "Dzień dobry\n",
	    "", "", NULL },
	{ "lines that end with CR alone", "Subject: x\r\ruwaga\r", "uwaga\n",
	    "", "", NULL },
	{ "base64 text in windows-1250",
	    "Content-Type: text/plain; charset=windows-1250\n"
	    "Content-Transfer-Encoding: base64\n\ns2F3a2E=\n",
	    "ławka", "", "", NULL },
	{ "a wrong mark is noticed",
	    "Content-Type: text/plain; charset=iso-8859-1\n\n\xb3"
	    "awki s\xb9\n",
	    "ławki są\n", "", "", "read as windows-1250" },
	{ "flowed lines are joined",
	    "Content-Type: text/plain; format=flowed\n\na \nb\n-- \nJan\n",
	    "a b\n-- \nJan\n", "", "", NULL },
	{ "HTML names its own character set",
	    "Content-Type: text/html\n\n<meta charset=iso-8859-2>g\xea\xb6\n",
	    "", "<meta charset=iso-8859-2>gęś\n", "", NULL },
	{ "an unknown transfer encoding keeps the bytes",
	    "Content-Transfer-Encoding: x-zip\n\nuwaga\n", "uwaga\n", "", "",
	    "\"xzip\" is unknown" },
	{ "a misspelled one is understood",
	    "Content-Transfer-Encoding: quoted printable\n\n=C5=82\n", "ł\n",
	    "", "", NULL },
	{ "both forms of an alternative",
	    ALTERNATIVE "--a\n" PLAIN "uwaga\n--a\n" HTML "<p>uwaga\n--a--\n",
	    "uwaga", "<p>uwaga", "", NULL },
	{ "an empty plain form leaves the HTML",
	    ALTERNATIVE "--a\n" PLAIN " \n\n--a\n" HTML "<p>uwaga\n--a--\n", "",
	    "<p>uwaga", "", NULL },
	{ "texts around a picture are one text",
	    MIXED "--b\n" PLAIN "jeden\n--b\nContent-Type: image/jpeg; "
		  "name=IMG_4471.jpeg\nContent-Disposition: inline\n"
		  "Content-ID: <x>\n\nJPG\n--b\n" PLAIN "dwa\n--b--\n",
	    "jeden\n\ndwa", "", "IMG_4471.jpeg image/jpeg 3;", NULL },
	{ "a plain footer below an HTML text loses neither",
	    MIXED "--b\n" HTML "<p>uwaga\n--b\n" PLAIN "a < b\n--b--\n", "",
	    "<p>uwaga<div>a &lt; b</div>\n", "", NULL },
	{ "a plain footer below both forms",
	    MIXED "--b\n" ALTERNATIVE "--a\n" PLAIN "uwaga\n--a\n" HTML
		  "<p>uwaga\n--a--\n--b\n" PLAIN "stopka\n--b--\n",
	    "uwaga\n\nstopka", "<p>uwaga", "", NULL },
	{ "a text file is no text of the mail",
	    MIXED "--b\n" PLAIN "uwaga\n--b\nContent-Type: text/plain\n"
		  "Content-Disposition: attachment; filename=lista.txt\n\nx\n"
		  "--b--\n",
	    "uwaga", "", "lista.txt text/plain 1;", NULL },
	{ "nor one that is shown inline",
	    MIXED "--b\n" PLAIN "uwaga\n--b\nContent-Type: text/plain; "
		  "name=lista.txt\n\nx\n--b--\n",
	    "uwaga", "", "lista.txt text/plain 1;", NULL },
	{ "a first part with a name is the text",
	    MIXED "--b\nContent-Type: text/plain; name=body.txt\n\nuwaga\n"
		  "--b--\n",
	    "uwaga", "", "", NULL },
	{ "folders and controls go from names",
	    MIXED "--b\nContent-Type: application/pdf\nContent-Disposition: "
		  "attachment;\n filename=\"..\\..\\C:/x/=?utf-8?Q?pl=09an?=."
		  "pdf\"\n\nPDF\n--b--\n",
	    "", "", "pl an.pdf application/pdf 3;", NULL },
	{ "a name of dots is none",
	    MIXED "--b\nContent-Type: application/pdf; name=\"a/..\"\n\nPDF\n"
		  "--b--\n",
	    "", "", " application/pdf 3;", NULL },
	{ "a name in pieces of RFC 2231",
	    MIXED "--b\nContent-Type: application/pdf\nContent-Disposition: "
		  "attachment;\n filename*0*=utf-8''Stanowisko%20;\n "
		  "filename*1*=%C5%82.pdf\n\nPDF\n--b--\n",
	    "", "", "Stanowisko ł.pdf application/pdf 3;", NULL },
	{ "a forwarded mail is a file named by its subject",
	    MIXED "--b\n" PLAIN "uwaga\n--b\nContent-Type: message/rfc822\n\n"
		  "Subject: Re: a/b\n\nstare\n--b--\n",
	    "uwaga", "", "Re: a-b.eml message/rfc822 23;", NULL },
	{ "so are the mails of a digest",
	    "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: q"
	    "\n\nx\n--b--\n",
	    "", "", "q.eml message/rfc822 13;", NULL },
	{ "winmail.dat is kept and named",
	    MIXED "--b\n" PLAIN "uwaga\n--b\nContent-Type: "
		  "application/ms-tnef\n\nTNEF\n--b--\n",
	    "uwaga", "", "winmail.dat application/ms-tnef 4;", NULL },
	{ "a signature's picture is told from a photo",
	    RELATED "--r\n" HTML "<p>uwaga\n--r\nContent-Type: image/png; "
		    "name=image001.png\nContent-ID: <i>\n\nPNG\n--r--\n",
	    "", "<p>uwaga", "image001.png image/png 3~;", NULL },
	{ "a detached signature is no attachment",
	    "Content-Type: multipart/signed; boundary=b\n\n--b\n" PLAIN
	    "uwaga\n--b\nContent-Type: application/pgp-signature; "
	    "name=signature.asc\n\nx\n--b--\n",
	    "uwaga", "", "", NULL },
	{ "an opaque signature shows its content",
	    "Content-Type: application/pkcs7-mime; smime-type=signed-data\n"
	    "Content-Transfer-Encoding: base64\n\n" OPAQUE,
	    "uwaga\n", "", "", "not checked" },
	{ "an encrypted mail is kept as a file",
	    "Content-Type: application/pkcs7-mime; smime-type="
	    "enveloped-data; name=smime.p7m\n\nxyz",
	    "", "", "smime.p7m application/pkcs7-mime 3;", "may be encrypted" },
	{ "a report's parts are no attachments",
	    "Content-Type: multipart/report; boundary=b\n\n--b\n" PLAIN
	    "Not sent\n--b\nContent-Type: message/delivery-status\n\nStatus: "
	    "5.1.1\n--b\nContent-Type: message/rfc822\n\nSubject: x\n\ny\n"
	    "--b--\n",
	    "Not sent", "", "", NULL },
	{ "a calendar inside an alternative is no attachment",
	    ALTERNATIVE "--a\n" PLAIN "Zaproszenie\n--a\nContent-Type: "
			"text/calendar; method=REPLY\n\nBEGIN:VCALENDAR\n"
			"--a--\n",
	    "Zaproszenie", "", "", NULL },
	{ "a multipart without its last line", MIXED "--b\n" PLAIN "uwaga\n",
	    "uwaga", "", "", NULL },
	{ "a part whose header is broken",
	    MIXED "--b\njunk\nContent-Type: text/html\n\n<b>x\n--b--\n", "",
	    "<b>x", "", NULL },
	{ "a part without a header",
	    MIXED "--b\n\nUwaga: nie naglowek\n--b--\n", "Uwaga: nie naglowek",
	    "", "", NULL },
	{ "a broken header in front of a multipart",
	    MIXED "--b\njunk here\n" ALTERNATIVE "--a\n" PLAIN
		  "uwaga\n--a--\n--b--\n",
	    "uwaga", "", "", NULL },
	{ "a boundary that never comes", MIXED "uwaga bez granicy\n",
	    "uwaga bez granicy\n", "", "", "does not part it" },
	{ "no boundary", "Content-Type: multipart/mixed\n\nuwaga\n", "uwaga\n",
	    "", "", "missing or unusable" },
	{ "the boundary that crashes libetpan",
	    "Content-Type: multipart/mixed; boundary=\"\\\"\"\n\nuwaga\n",
	    "uwaga\n", "", "", "missing or unusable" },
	{ "the same, one level down",
	    MIXED "--b\nContent-Type: multipart/mixed; boundary=\"\\\"\"\n\n"
		  "uwaga\n--b--\n",
	    "--b\nContent-Type: multipart/mixed; boundary=\"\\\"\"\n\nuwaga\n"
	    "--b--\n",
	    "", "", "backslash" },
	{ "an empty boundary, folded",
	    MIXED "--b\nContent-Type: multipart/mixed;\n boundary=\"\"\n\nu\n",
	    "--b\nContent-Type: multipart/mixed;\n boundary=\"\"\n\nu\n", "",
	    "", "a boundary is empty" },
};

static bool
has_warning(const struct parsed *p, const char *words)
{
	if (words == NULL)
		return p->n_warnings == 0;
	for (size_t i = 0; i < p->n_warnings; i++)
		if (span_find(p->warnings[i], words) < p->warnings[i].n)
			return true;
	return false;
}

static void
list_files(struct buf *out, const struct parsed *p)
{
	for (size_t i = 0; i < p->n_attachments; i++) {
		const struct attachment *a = &p->attachments[i];

		buf_printf(out, "%.*s %.*s %zu%s;", (int)a->name.n, a->name.p,
		    (int)a->type.n, a->type.p, a->body.n,
		    a->in_signature ? "~" : "");
		assert_int_equal(strlen(a->sha256), 64);
	}
}

/* Parses exactly these bytes; the caller frees the mail. */
static enum status
parse(struct mime *m, struct parsed *p, struct span mail, struct err *err)
{
	char *copy = malloc(mail.n == 0 ? 1 : mail.n);
	enum status st;

	assert_non_null(copy);
	if (mail.n > 0)
		memcpy(copy, mail.p, mail.n);
	st = mime_parse(m, p, (struct span){ copy, mail.n }, err);
	free(copy); /* nothing may be borrowed from the mail itself */
	return st;
}

static void
each_mail_gives_its_text_and_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct buf files = { .max = 1000 };
		struct parsed p = { 0 };
		struct mime m;
		struct err err;

		assert_int_equal(
		    parse(&m, &p, span_of(row->mail), &err), ST_OK);
		list_files(&files, &p);
		if (!span_is(m.plain, row->plain) ||
		    !span_is(m.html, row->html) ||
		    strcmp(buf_cstr(&files), row->files) != 0)
			fail_msg("%s: plain [%.*s] html [%.*s] files [%s]",
			    row->sentence, (int)m.plain.n, m.plain.p,
			    (int)m.html.n, m.html.p, buf_cstr(&files));
		if (!has_warning(&p, row->warning))
			fail_msg("%s: %zu warnings, the first [%s]",
			    row->sentence, p.n_warnings,
			    p.n_warnings > 0 ? p.warnings[0].p : "");
		buf_free(&files);
		parsed_free(&p);
	}
}

static void
what_is_no_mail_is_refused(void **state)
{
	struct parsed p = { 0 };
	struct mime m;
	struct err err;

	(void)state;
	assert_int_equal(parse(&m, &p, SPAN(""), &err), ST_REJECT);
	assert_string_equal(err.text, "the mail is empty");
	assert_int_equal(parse(&m, &p, SPAN(" \r\n"), &err), ST_REJECT);
	assert_int_equal(parse(&m, &p,
			     SPAN("\x7f"
				  "ELF\0\0\1\2\0\0\0\0\n\0\0"),
			     &err),
	    ST_REJECT);
	assert_non_null(strstr(err.text, "binary data"));
	parsed_free(&p);
}

static void
fields_and_parts_can_be_looked_up(void **state)
{
	static const char mail[] =
	    "To: a\nX: 1\nto: b\nContent-Type: Multipart/Report; "
	    "report-type=delivery-status; boundary=b\n\n--b\n" PLAIN "x\n"
	    "--b\nContent-Type: message/delivery-status\n\nStatus: 5.1.1\n"
	    "--b--\n";
	struct parsed p = { 0 };
	struct mime m;
	struct err err;
	size_t from = 0;

	(void)state;
	assert_int_equal(parse(&m, &p, span_of(mail), &err), ST_OK);
	assert_true(span_is(mime_field(&m, "TO", &from), "a"));
	assert_true(span_is(mime_field(&m, "To", &from), "b"));
	assert_null(mime_field(&m, "To", &from).p);
	assert_null(mime_field(&m, "Cc", NULL).p);
	assert_true(span_is(m.type, "multipart/report"));
	assert_true(
	    span_is(header_param_text(&p.arena, m.params, "report-type"),
		"delivery-status"));
	assert_int_equal(m.n_parts, 2);
	assert_true(span_is(m.parts[1].type, "message/delivery-status"));
	assert_true(span_is(m.parts[1].body, "Status: 5.1.1"));
	parsed_free(&p);
}

/* Mails that crash libetpan, exhaust its stack or hold it for seconds. */
static void
killer_mails_are_survived(void **state)
{
	static const struct {
		const char *head, *unit, *tail;
		int times;
		const char *warning;
	} killers[] = {
		{ "From: ", "(", " a@x.example\n\nuwaga\n", 200000,
		    "larger than we read" },
		{ MIXED "--b\nX: ", "(", "\n\nuwaga\n--b--\n", 200000,
		    "open brackets" },
		{ "", "Content-Type: message/rfc822\n\n", "x\n", 40000, NULL },
		{ MIXED "--b\n", "Content-Type: message/rfc822\n\n", "x\n",
		    40000, "parts within parts" },
		{ MIXED, "--b\nContent-Type: multipart/mixed; boundary=b\n\n",
		    "x\n", 15000, "parts within parts" },
		{ MIXED, "--b\n\n", "--b--\n", 300000, "could part it" },
		{ MIXED, "--b\n\nx\n", "--b--\n", 5000, "first 1000 parts" },
		{ "", "X: y\n", "\nuwaga\n", 300000, "larger than we read" },
		{ "Subject: ", "=?utf-8?q?a?= ", "\n\nx\n", 100000,
		    "larger than we read" },
		{ "Content-Type: text/plain; ", "a=\"\"; ", "\n\nx\n", 9000,
		    NULL },
		{ "Content-Type: text/plain; format=flowed\n\n", ">", " x\n",
		    900000, NULL },
		{ "Subject: x\n\n", "uwaga uwaga uwaga\n", "", 3800000,
		    "only the first" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(killers) / sizeof(killers[0]); i++) {
		struct buf mail = { .max = 80000000 };
		struct parsed p = { 0 };
		struct mime m;
		struct err err;

		buf_str(&mail, killers[i].head);
		for (int k = 0; k < killers[i].times; k++)
			buf_str(&mail, killers[i].unit);
		buf_str(&mail, killers[i].tail);
		assert_int_equal(parse(&m, &p, buf_span(&mail), &err), ST_OK);
		if (!has_warning(&p, killers[i].warning))
			fail_msg("%d times %s: %zu warnings, the first [%s]",
			    killers[i].times, killers[i].unit, p.n_warnings,
			    p.n_warnings > 0 ? p.warnings[0].p : "");
		assert_true(m.plain.n <= 1024 * 1024);
		parsed_free(&p);
		buf_free(&mail);
	}
}

/* Every beginning of every mail above is read without reading too far. */
static void
cut_mails_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t n = 1; n < strlen(rows[i].mail); n += 3) {
			struct parsed p = { 0 };
			struct mime m;
			struct err err;

			assert_in_range(
			    parse(&m, &p, span_sub(span_of(rows[i].mail), 0, n),
				&err),
			    ST_OK, ST_REJECT);
			parsed_free(&p);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mail_gives_its_text_and_files),
		cmocka_unit_test(what_is_no_mail_is_refused),
		cmocka_unit_test(fields_and_parts_can_be_looked_up),
		cmocka_unit_test(killer_mails_are_survived),
		cmocka_unit_test(cut_mails_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_compose - composed mails are sound and carry nothing in by stealth */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parsers/date.h"
#include "parsers/header.h"
#include "parsers/mime.h"
#include "parsers/text.h"
#include "parsers/transfer.h"
#include "templates/compose.h"

#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define LONG_POLISH                                                                        \
	"Konsultacje społeczne – zażółć gęślą jaźń, czyli projekt uchwały w " \
	"sprawie zasad i trybu przeprowadzania konsultacji 🌳 z mieszkańcami"

static struct compose
usual(void)
{
	return (struct compose){
		.from_name = "Starostwo Powiatowe",
		.from = "konsultacje@powiat.example",
		.to = "jan.lis@poczta.example",
		.reply_to = "konsultacje+tok3n.1.abc@powiat.example",
		.subject = "Temat",
		.message_id = "tok3n.1.abc@powiat.example",
		.in_reply_to = "a1@poczta.example",
		.references = "a0@poczta.example a1@poczta.example",
		.auto_submitted = "auto-replied",
		.language = "pl",
		.date_ms = date_to_ms(2026, 11, 24, 11, 0, 0),
		.date_offset_min = 60,
		.text = "Dzień dobry\n",
		.html = "",
	};
}

/* What every composed mail must be: CRLF only, no bare CR or LF, ASCII, short
 * lines, none of white space alone in the header. */
static void
check_shape(const char *says, struct span mail)
{
	struct span rest = mail;
	bool is_header = true;

	while (rest.n > 0) {
		size_t n = span_find(rest, "\r\n");
		struct span line = span_sub(rest, 0, n);

		if (n == rest.n)
			fail_msg("%s: the last line has no end", says);
		if (n > 998 || (!is_header && n > 76))
			fail_msg("%s: a line of %zu bytes", says, n);
		if (n == 0)
			is_header = false;
		else if (is_header && span_trim(line).n == 0)
			fail_msg("%s: a header line of white space", says);
		for (size_t i = 0; i < n; i++)
			if ((unsigned char)line.p[i] > 126 ||
			    ((unsigned char)line.p[i] < ' ' &&
				line.p[i] != '\t'))
				fail_msg(
				    "%s: byte %d in a line", says, line.p[i]);
		rest = span_from(rest, n + 2);
	}
}

/* The decoded value of a header field of `mail`. */
static struct span
field(struct arena *a, struct span mail, const char *name)
{
	struct header header;

	header_scan(&header, a, mail);
	return header_decode(a, header_field(&header, name));
}

static void
compose_it(const char *says, struct buf *out, const struct compose *mail)
{
	struct err err = { "" };

	if (compose_mail(out, mail, &err) != ST_OK)
		fail_msg("%s: %s", says, err.text);
	check_shape(says, buf_span(out));
}

static void
a_usual_mail_is_as_expected(void **state)
{
	static const char want[] =
	    "Date: Tue, 24 Nov 2026 12:00:00 +0100\r\n"
	    "From: \"Starostwo Powiatowe\"\r\n <konsultacje@powiat.example>\r\n"
	    "To: jan.lis@poczta.example\r\n"
	    "Reply-To: konsultacje+tok3n.1.abc@powiat.example\r\n"
	    "Subject: Temat\r\n"
	    "Message-ID: <tok3n.1.abc@powiat.example>\r\n"
	    "In-Reply-To: <a1@poczta.example>\r\n"
	    "References: <a0@poczta.example>\r\n <a1@poczta.example>\r\n"
	    "Auto-Submitted: auto-replied\r\n"
	    "X-Auto-Response-Suppress: All\r\n"
	    "Content-Language: pl\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n"
	    "\r\n"
	    "Dzie=C5=84 dobry\r\n";
	struct compose mail = usual();
	struct buf out = { .max = 1 << 20 };

	(void)state;
	compose_it("the usual mail", &out, &mail);
	assert_string_equal(buf_cstr(&out), want);
	buf_free(&out);
}

static void
what_is_not_given_leaves_no_field(void **state)
{
	static const char *const absent[] = { "Reply-To", "In-Reply-To",
		"References", "Auto-Submitted", "X-Auto-Response-Suppress",
		"Content-Language" };
	struct compose mail = usual();
	struct buf out = { .max = 1 << 20 };
	struct arena a = { 0 };
	struct header header;

	(void)state;
	mail.from_name = mail.reply_to = mail.in_reply_to = mail.references =
	    mail.auto_submitted = mail.language = "";
	compose_it("a bare mail", &out, &mail);
	header_scan(&header, &a, buf_span(&out));
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		if (header_field(&header, absent[i]).p != NULL)
			fail_msg("%s is there", absent[i]);
	assert_true(span_is(
	    field(&a, buf_span(&out), "From"), "konsultacje@powiat.example"));
	arena_free(&a);
	buf_free(&out);
}

static void
subjects_and_names_come_back_as_they_were(void **state)
{
	static const struct {
		const char *says, *subject;
	} rows[] = {
		{ "plain words", "We have your remark no. BL-10KE/3" },
		{ "Polish letters", "Przyjęliśmy Twoją uwagę nr BL-10KE/3" },
		{ "longer than a line, with letters of two and four bytes",
		    LONG_POLISH },
		{ "plain words longer than a line",
		    "one two three four five six seven eight nine ten eleven "
		    "twelve thirteen fourteen fifteen sixteen seventeen" },
		{ "two blanks where a line could end",
		    TEN TEN TEN TEN TEN " " TEN "    " TEN TEN TEN "  x" },
		{ "a word longer than any line",
		    HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED
			HUNDRED HUNDRED HUNDRED HUNDRED },
		{ "what looks like an encoded-word", "=?utf-8?Q?evil?= x" },
		{ "question marks, underscores, equals signs, non-ASCII",
		    "a_b=c? ą_?=" },
		{ "letters only, no spaces to break at",
		    "żżżżżżżżżżżżżżżżżżżżżżżżżżżżżżżżżżżżżżżżżżżżżżżżżżżżżżżż" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct compose mail = usual();
		struct buf out = { .max = 1 << 20 };
		struct arena a = { 0 };
		struct span got, from;

		mail.subject = mail.from_name = rows[i].subject;
		compose_it(rows[i].says, &out, &mail);
		got = field(&a, buf_span(&out), "Subject");
		if (!span_is(got, rows[i].subject))
			fail_msg(
			    "%s: \"%.*s\"", rows[i].says, (int)got.n, got.p);
		from = field(&a, buf_span(&out), "From");
		if (span_find(from, rows[i].subject) == from.n)
			fail_msg("%s: from \"%.*s\"", rows[i].says, (int)from.n,
			    from.p);
		if (span_find(from, " <konsultacje@powiat.example>") == from.n)
			fail_msg("%s: the address is gone", rows[i].says);
		arena_free(&a);
		buf_free(&out);
	}
}

static void
encoded_words_stay_within_their_bounds(void **state)
{
	struct compose mail = usual();
	struct buf out = { .max = 1 << 20 };
	struct arena a = { 0 };
	struct span rest, line;
	int words = 0;

	(void)state;
	mail.subject = LONG_POLISH;
	compose_it("a long subject", &out, &mail);
	rest = buf_span(&out);
	while (span_line(&rest, &line) && line.n > 0) {
		size_t at = span_find(line, "=?utf-8?Q?");
		struct span word = span_from(line, at), text;

		if (word.n == 0)
			continue;
		words++;
		assert_true(line.n <= 76);
		assert_true(word.n <= 75);
		text = header_decode(&a, word);
		assert_true(text_is_utf8(text)); /* no character is split */
		assert_true(span_find(text, "\xef\xbf\xbd") == text.n);
	}
	assert_true(words >= 4);
	arena_free(&a);
	buf_free(&out);
}

static void
nothing_gets_into_the_header_by_stealth(void **state)
{
	static const struct {
		const char *says;
		size_t at; /* the member */
		const char *value;
	} rows[] = {
#define AT(member) offsetof(struct compose, member)
		{ "a subject with a line of its own", AT(subject),
		    "x\r\nBcc: all@poczta.example" },
		{ "a subject with CR", AT(subject), "a\rb" },
		{ "a subject with LF", AT(subject), "a\nb" },
		{ "a subject with a TAB", AT(subject), "a\tb" },
		{ "a subject with DEL", AT(subject), "a\x7f" },
		{ "a subject that is no UTF-8", AT(subject), "a\xff" },
		{ "a name with a line of its own", AT(from_name),
		    "x\r\nBcc: all@poczta.example" },
		{ "a recipient with a second one", AT(to),
		    "a@b.example, c@d.example" },
		{ "a recipient with a line of its own", AT(to),
		    "a@b.example\r\nBcc: c@d.example" },
		{ "a recipient in brackets", AT(to), "<a@b.example>" },
		{ "no recipient", AT(to), "" },
		{ "no sender", AT(from), "" },
		{ "a reply address that is none", AT(reply_to), "a b@c" },
		{ "an id with a line of its own", AT(in_reply_to),
		    "a@b\r\nBcc: c@d.example" },
		{ "an id with brackets", AT(in_reply_to), "a@b> <c@d" },
		{ "references with a control", AT(references), "a@b\x01" },
		{ "references of 8-bit bytes", AT(references), "ą@b" },
		{ "a Message-ID with a space", AT(message_id), "a b@c" },
		{ "no Message-ID", AT(message_id), "" },
		{ "an Auto-Submitted with a line of its own",
		    AT(auto_submitted), "no\r\nX: y" },
		{ "a language with a line of its own", AT(language),
		    "pl\nX: y" },
#undef AT
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct compose mail = usual();
		struct buf out = { .max = 1 << 20 };
		struct err err = { "" };

		memcpy((char *)&mail + rows[i].at, &rows[i].value,
		    sizeof(rows[i].value));
		if (compose_mail(&out, &mail, &err) != ST_REJECT)
			fail_msg("%s: was composed", rows[i].says);
		if (out.n != 0 || err.text[0] == '\0')
			fail_msg("%s: refused without a word", rows[i].says);
		buf_free(&out);
	}
}

static void
a_long_thread_keeps_its_first_and_last_ids(void **state)
{
	struct compose mail = usual();
	struct buf out = { .max = 1 << 20 }, ids = { .max = 1 << 20 };
	struct arena a = { 0 };
	struct span got;

	(void)state;
	for (int i = 0; i < 60; i++) {
		buf_printf(&ids, "%s%d@t.example ", i % 2 ? "x" : "", i);
		if (i == 50)
			buf_str(&ids,
			    HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED
				HUNDRED HUNDRED HUNDRED HUNDRED "@ ");
	}
	mail.references = buf_cstr(&ids);
	compose_it("a long thread", &out, &mail);
	got = field(&a, buf_span(&out), "References");
	assert_true(span_starts(got, "<0@t.example>"));
	assert_true(span_find(got, "<x39@t.example>") == got.n);
	assert_true(span_find(got, "<40@t.example>") < got.n);
	assert_true(span_find(got, "<x59@t.example>") < got.n);
	assert_true(span_find(got, TEN TEN) == got.n);
	arena_free(&a);
	buf_free(&out);
	buf_free(&ids);
}

static void
texts_come_back_as_they_were(void **state)
{
	static const struct {
		const char *says, *text, *want; /* want NULL: the same */
	} rows[] = {
		{ "Polish letters and a long line",
		    "Zażółć gęślą jaźń " HUNDRED LONG_POLISH LONG_POLISH "\n",
		    NULL },
		{ "blanks at the end of lines", "a \nb\t\n  \n", NULL },
		{ "blanks where a soft break falls",
		    HUNDRED " " HUNDRED "  x \n", NULL },
		{ "equals signs", "a=b =3D = \n", NULL },
		{ "dots and From at the start of lines",
		    ".\n..\nFrom me\nFromage\n" HUNDRED ".From x\n", NULL },
		{ "control characters",
		    "a\x01\x7f"
		    "b\n",
		    NULL },
		{ "CRLF becomes a line's end like others", "a\r\nb\r\n",
		    "a\nb\n" },
		{ "without a line's end one is added", "a", "a\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct compose mail = usual();
		struct buf out = { .max = 1 << 20 }, got = { .max = 1 << 20 };
		struct buf lf = { .max = 1 << 20 };
		struct span body, line;
		const char *want =
		    rows[i].want != NULL ? rows[i].want : rows[i].text;

		mail.text = rows[i].text;
		compose_it(rows[i].says, &out, &mail);
		body = buf_span(&out);
		body = span_from(body, span_find(body, "\r\n\r\n") + 4);
		transfer_quoted(&got, body);
		body = buf_span(&got);
		while (span_line(&body, &line)) {
			buf_add(&lf, line);
			buf_char(&lf, '\n');
		}
		if (strcmp(buf_cstr(&lf), want) != 0)
			fail_msg("%s: \"%s\"", rows[i].says, buf_cstr(&lf));
		body = buf_span(&out);
		if (span_find(body, "\r\n.") < body.n ||
		    span_find(body, "\r\nFrom ") < body.n ||
		    span_find(body, " \r\n") < body.n)
			fail_msg(
			    "%s: would be changed on the way", rows[i].says);
		buf_free(&out);
		buf_free(&got);
		buf_free(&lf);
	}
}

static void
with_html_there_are_two_parts_and_the_text_is_first(void **state)
{
	struct compose mail = usual();
	struct buf out = { .max = 1 << 20 }, again = { .max = 1 << 20 };
	struct parsed parsed = { 0 };
	struct mime mime = { 0 };
	struct err err = { "" };

	(void)state;
	mail.text = "Dzień dobry\n";
	mail.html = "<p>Dzień dobry</p>\n";
	compose_it("a mail with HTML", &out, &mail);
	compose_it("the same mail again", &again, &mail);
	assert_string_equal(buf_cstr(&out), buf_cstr(&again));
	assert_int_equal(
	    mime_parse(&mime, &parsed, buf_span(&out), &err), ST_OK);
	assert_true(span_is(mime.type, "multipart/alternative"));
	assert_int_equal(mime.n_parts, 2);
	assert_true(span_is(span_trim(mime.plain), "Dzień dobry"));
	assert_true(span_is(span_trim(mime.html), "<p>Dzień dobry</p>"));
	assert_int_equal(parsed.n_warnings, 0);
	parsed_free(&parsed);
	buf_reset(&again);
	mail.message_id = "other@powiat.example";
	compose_it("another mail", &again, &mail);
	assert_null(strstr(buf_cstr(&again),
	    strstr(buf_cstr(&out), "\r\n--=_") + 4)); /* its own boundary */
	buf_free(&out);
	buf_free(&again);
}

static void
dates_carry_their_zone(void **state)
{
	static const struct {
		const char *says;
		int offset;
		const char *want;
	} rows[] = {
		{ "winter", 60, "Tue, 24 Nov 2026 12:00:00 +0100" },
		{ "Greenwich", 0, "Tue, 24 Nov 2026 11:00:00 +0000" },
		{ "west, with half an hour", -210,
		    "Tue, 24 Nov 2026 07:30:00 -0330" },
		{ "east, over midnight", 14 * 60,
		    "Wed, 25 Nov 2026 01:00:00 +1400" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct compose mail = usual();
		struct buf out = { .max = 1 << 20 };
		struct arena a = { 0 };
		struct span got;

		mail.date_offset_min = rows[i].offset;
		compose_it(rows[i].says, &out, &mail);
		got = field(&a, buf_span(&out), "Date");
		if (!span_is(got, rows[i].want))
			fail_msg("%s: %.*s", rows[i].says, (int)got.n, got.p);
		arena_free(&a);
		buf_free(&out);
	}
}

static void
a_mail_that_does_not_fit_is_a_limit(void **state)
{
	struct compose mail = usual();
	struct buf out = { .max = 500 };
	struct err err = { "" };

	(void)state;
	mail.text = HUNDRED HUNDRED;
	assert_int_equal(compose_mail(&out, &mail, &err), ST_LIMIT);
	buf_free(&out);
}

static void
a_notice_carries_its_calendar_twice_and_the_way_out(void **state)
{
	static const char calendar[] =
	    "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n"
	    "SUMMARY:Spotkanie – Bieruń\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
	struct compose notice = usual();
	struct buf out = { .max = 64 * 1024 };
	struct parsed p = { 0 };
	struct mime mime = { 0 };
	struct span id, body;
	struct err err;
	int calendars = 0;

	(void)state;
	notice.html = "<p>Dzień dobry</p>";
	notice.list_name = "Konsultacje";
	notice.list_id = "konsultacje.powiat.example";
	notice.unsubscribe = "konsultacje+k3f9@powiat.example";
	notice.calendar = (struct span){ calendar, sizeof(calendar) - 1 };
	notice.method = "REQUEST";
	assert_int_equal(compose_mail(&out, &notice, &err), ST_OK);
	check_shape("a notice", buf_span(&out));
	assert_int_equal(mime_parse(&mime, &p, buf_span(&out), &err), ST_OK);
	id = mime_field(&mime, "List-Id", NULL);
	assert_true(span_find(id, "<konsultacje.powiat.example>") < id.n);
	assert_true(span_is(mime_field(&mime, "List-Unsubscribe", NULL),
	    "<mailto:konsultacje+k3f9@powiat.example?subject=REZYGNUJE>"));
	assert_true(span_is(mime.type, "multipart/mixed"));
	for (size_t i = 0; i < mime.n_parts; i++) {
		if (!span_is(mime.parts[i].type, "text/calendar"))
			continue;
		body = mime.parts[i].body;
		calendars++;
		assert_true(span_find(mime.parts[i].params, "method=REQUEST") <
			    mime.parts[i].params.n);
		assert_true(span_find(body, "Bieruń") < body.n);
	}
	assert_int_equal(calendars, 1);
	assert_int_equal(p.n_attachments, 1);
	assert_true(span_is(p.attachments[0].name, "invite.ics"));
	assert_true(span_eq(p.attachments[0].body, notice.calendar));
	notice.list_id = "x> <y";
	assert_int_equal(compose_mail(&out, &notice, &err), ST_REJECT);
	notice.list_id = "x";
	notice.unsubscribe = "a@b.example\r\nBcc: c@d.example";
	assert_int_equal(compose_mail(&out, &notice, &err), ST_REJECT);
	parsed_free(&p);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_usual_mail_is_as_expected),
		cmocka_unit_test(what_is_not_given_leaves_no_field),
		cmocka_unit_test(subjects_and_names_come_back_as_they_were),
		cmocka_unit_test(encoded_words_stay_within_their_bounds),
		cmocka_unit_test(nothing_gets_into_the_header_by_stealth),
		cmocka_unit_test(a_long_thread_keeps_its_first_and_last_ids),
		cmocka_unit_test(texts_come_back_as_they_were),
		cmocka_unit_test(
		    with_html_there_are_two_parts_and_the_text_is_first),
		cmocka_unit_test(dates_carry_their_zone),
		cmocka_unit_test(a_mail_that_does_not_fit_is_a_limit),
		cmocka_unit_test(
		    a_notice_carries_its_calendar_twice_and_the_way_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

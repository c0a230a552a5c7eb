/* test_smtp - the words of SMTP: replies read, letters written */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/smtp_letter.h"
#include "gateway/smtp_reply.h"

/* Feeds `text` in pieces of `size` from exact-size memory. */
static enum status
feed(const char *text, size_t size, struct smtp_reply *out, bool *done)
{
	struct smtp_reader r = { .n = 0 };
	struct span all = span_of(text);
	enum status rc = ST_OK;

	*done = false;
	while (all.n > 0 && rc == ST_OK && !*done) {
		size_t n = all.n < size ? all.n : size;
		char *copy = malloc(n);
		struct span piece = { copy, n };

		assert_non_null(copy);
		memcpy(copy, all.p, n);
		rc = smtp_reply_feed(&r, &piece, out, done, NULL);
		all = span_from(all, n);
		free(copy);
	}
	return rc;
}

static void
replies_are_read_however_they_come(void **state)
{
	static const struct {
		const char *sentence, *bytes, *words;
		bool about_place;
	} rows[] = {
		{ "a plain yes", "250 2.1.5 Ok\r\n", "250 2.1.5 Ok", false },
		{ "several lines", "250-2.0.0 first\r\n250 2.0.0 second\r\n",
		    "250 2.0.0 first second", false },
		{ "no words", "354\r\n", "354", false },
		{ "bare line feeds", "550-5.1.1 no\n550 5.1.1 such user\n",
		    "550 5.1.1 no such user", false },
		{ "no enhanced code", "550 no such user\r\n",
		    "550 no such user", false },
		{ "an enhanced code of another class is words",
		    "550 4.1.1 odd\r\n", "550 4.1.1 odd", false },
		{ "a version is no enhanced code", "250 2.1.5.7 ok\r\n",
		    "250 2.1.5.7 ok", false },
		{ "controls become visible", "550 a\x01\x7f\x1b[2J\xc5\x82\r\n",
		    "550 a???[2J??", false },
		{ "grey-listing is one recipient's",
		    "450 4.7.1 Greylisted, try again\r\n",
		    "450 4.7.1 Greylisted, try again", false },
		{ "a full mailbox is one recipient's",
		    "452 4.2.2 over quota\r\n", "452 4.2.2 over quota", false },
		{ "no way there is the place's", "451 4.4.1 no route\r\n",
		    "451 4.4.1 no route", true },
		{ "too many is the place's", "450 4.7.28 too many mails\r\n",
		    "450 4.7.28 too many mails", true },
		{ "a server that closes speaks of the connection",
		    "421 4.7.0 enough for now\r\n", "421 4.7.0 enough for now",
		    false },
		{ "a bare 450 is one recipient's", "450 later\r\n", "450 later",
		    false },
		{ "a bare 451 is the place's", "451 later\r\n", "451 later",
		    true },
		{ "final is not for later", "550 5.4.4 no route\r\n",
		    "550 5.4.4 no route", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t size = 1; size < 40; size += 13) {
			struct smtp_reply reply = { 0 };
			char words[256];
			bool done;

			print_message("%s\n", rows[i].sentence);
			assert_int_equal(
			    feed(rows[i].bytes, size, &reply, &done), ST_OK);
			assert_true(done);
			smtp_reply_words(words, sizeof(words), &reply);
			assert_string_equal(words, rows[i].words);
			assert_int_equal(smtp_reply_is_about_place(&reply),
			    rows[i].about_place);
		}
}

static void
what_is_said_of_us_is_told_from_what_is_said_of_a_recipient(void **state)
{
	static const struct {
		const char *sentence, *bytes;
		bool about_us;
	} rows[] = {
		{ "Postfix knows us not",
		    "554 5.7.1 <a@b.example>: Relay access denied\r\n", true },
		{ "Exim neither", "550 relay not permitted\r\n", true },
		{ "Exchange", "550 5.7.54 SMTP; Unable to relay recipient\r\n",
		    true },
		{ "no login", "530 Authentication required\r\n", true },
		{ "a login that ended", "535 5.7.8 bad credentials\r\n", true },
		{ "another's sender", "550 5.7.60 not as this sender\r\n",
		    true },
		{ "our sender is refused", "553 5.1.8 sender domain\r\n",
		    true },
		{ "our quota", "550 5.4.5 daily quota\r\n", true },
		{ "not our sender, told at RCPT",
		    "553 5.7.1 <a+b@c.example>: Sender address rejected: not "
		    "owned by user a\r\n",
		    true },
		{ "our name is short",
		    "504 5.5.2 <vm>: Helo command rejected: need "
		    "fully-qualified hostname\r\n",
		    true },
		{ "we are on a list",
		    "554 5.7.1 Service unavailable; Client host [192.0.2.1] "
		    "blocked using zen\r\n",
		    true },
		{ "no such user", "550 5.1.1 no such user\r\n", false },
		{ "the recipient's policy", "550 5.7.1 not wanted\r\n", false },
		{ "a box that is full", "552 5.2.2 over quota\r\n", false },
		{ "another relay's words", "550 5.4.4 no route at relay x\r\n",
		    false },
		{ "not for good", "450 4.7.1 relay access denied\r\n", false },
		{ "a yes", "250 2.1.5 relay not denied\r\n", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct smtp_reply reply = { 0 };
		bool done;

		print_message("%s\n", rows[i].sentence);
		assert_int_equal(feed(rows[i].bytes, 7, &reply, &done), ST_OK);
		assert_int_equal(
		    smtp_reply_is_about_us(&reply), rows[i].about_us);
	}
}

static void
what_is_no_smtp_is_refused(void **state)
{
	static const char *const rows[] = { "HTTP/1.1 400 Bad Request\r\n",
		"\r\n", "25\r\n", "2500 ok\r\n", "250_ok\r\n", "150 ok\r\n",
		"650 ok\r\n", "250-one\r\n550 two\r\n", "+OK POP3\r\n" };
	struct smtp_reply reply;
	bool done;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(feed(rows[i], 7, &reply, &done), ST_REJECT);
}

static void
no_answer_is_without_an_end(void **state)
{
	size_t n = 1 << 20;
	char *text = malloc(n + 1);
	struct smtp_reply reply;
	bool done;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', n);
	memcpy(text, "250 ", 4);
	text[n] = '\0';
	assert_int_equal(feed(text, 4096, &reply, &done), ST_REJECT);
	assert_false(done);
	for (size_t i = 0; i + 8 <= n; i += 8)
		memcpy(text + i, "250-ok\r\n", 8);
	assert_int_equal(feed(text, 4096, &reply, &done), ST_REJECT);
	/* A line that is only long says what it begins with. */
	memset(text, 'x', 9000);
	memcpy(text, "550 5.1.1 ", 10);
	memcpy(text + 9000, "\r\n", 3);
	assert_int_equal(feed(text, 1000, &reply, &done), ST_OK);
	assert_true(done);
	assert_string_equal(reply.enhanced, "5.1.1");
	free(text);
}

static void
the_log_gets_no_address(void **state)
{
	struct smtp_reply reply = { .code = 550,
		.enhanced = "5.1.1",
		.text = "<jan@poczta.example>: unknown jan@poczta.example" };
	char words[256];

	(void)state;
	smtp_reply_log_words(words, sizeof(words), &reply);
	assert_string_equal(words, "550 5.1.1 ... unknown ...");
}

static void
the_last_answer_to_ehlo_counts(void **state)
{
	struct smtp_offer o;

	(void)state;
	smtp_offer_read(&o,
	    span_of("220 mx.example ESMTP\r\n250-mx.example\r\n250-SMTPUTF8\r\n"
		    "250-DSN\r\n250 STARTTLS\r\n220 go ahead\r\n"
		    "250-mx.example\r\n250-PIPELINING\r\n250-size 1000\r\n"
		    "250 8BITMIME\r\n334 \r\n235 2.7.0 ok\r\n"));
	assert_true(o.pipelining && o.eightbit && o.size);
	assert_int_equal(o.size_max, 1000);
	assert_false(o.dsn || o.utf8);
	smtp_offer_read(&o, span_of("220 mx\r\n250 mx PIPELINING\r\n"));
	assert_false(o.pipelining); /* that is its greeting, no keyword */
	smtp_offer_read(&o, span_of("250-mx\n250-SIZE\n250-XDSN\n250 DSN\n"));
	assert_true(o.dsn && o.size);
	assert_int_equal(o.size_max, 0);
}

static struct letter
letter(const char *to, const char *bytes)
{
	return (struct letter){ .id = 1,
		.to = to,
		.from = "konsultacje+abc@powiat.example",
		.reference = "abc17",
		.bytes = span_of(bytes) };
}

static void
what_cannot_be_sent_is_said_in_words(void **state)
{
	static char long_line[1200];
	const struct smtp_offer plain = { .size = true, .size_max = 1100 };
	const struct smtp_offer wide = { .utf8 = true, .eightbit = true };
	const struct {
		const char *to, *bytes;
		const struct smtp_offer *offer;
		const char *part; /* of the reason; NULL: none */
	} rows[] = {
		{ "a@b.example", "x\r\n", &plain, NULL },
		{ "a@b.example\r\nRCPT TO:<c@d.example>", "x\r\n", &plain,
		    "address" },
		{ "a@b.example> NOTIFY=NEVER", "x\r\n", &plain, "address" },
		{ "<a@b.example>", "x\r\n", &plain, "address" },
		{ "a b@c.example", "x\r\n", &plain, "address" },
		{ "", "x\r\n", &plain, "address" },
		{ "a", "x\r\n", &plain, "address" },
		{ "\xc5\x82@b.example", "x\r\n", &plain, "SMTPUTF8" },
		{ "\xc5\x82@b.example", "x\r\n", &wide, NULL },
		{ "\xc5@b.example", "x\r\n", &wide, "address" },
		{ "a@b.example", "\xc5\x82\r\n", &plain, "8BITMIME" },
		{ "a@b.example", "\xc5\x82\r\n", &wide, NULL },
		{ "a@b.example", long_line, &wide, "998" },
		{ "a@b.example", long_line, &plain, "1100 at most" },
		{ "a@b.example", "", &plain, "empty" },
	};

	(void)state;
	memset(long_line, 'x', sizeof(long_line) - 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct letter l = letter(rows[i].to, rows[i].bytes);
		char why[200];
		const char *problem =
		    smtp_letter_problem(why, &l, rows[i].offer);

		print_message("row %zu\n", i);
		if (rows[i].part == NULL)
			assert_null(problem);
		else
			assert_non_null(strstr(problem, rows[i].part));
	}
}

/* 998 bytes before the line's end, whatever ends it (RFC 5321, 4.5.3.1.6). */
static void
the_longest_line_is_counted_from_its_begin(void **state)
{
	static const char *const ends[] = { "\r\n", "\n", "\r", "" };

	(void)state;
	for (size_t i = 0; i < 4; i++)
		for (int n = 997; n <= 1001; n++)
			for (int before = 0; before < 3000; before += 331) {
				struct buf mail = { .max = 8192 };
				struct letter l;
				char why[200];

				for (int k = 0; k < before; k++)
					buf_str(
					    &mail, k % 90 == 89 ? "\n" : "a");
				buf_printf(&mail, "%s%0*d%s",
				    before > 0 ? "\n" : "", n, 7, ends[i]);
				buf_str(&mail, i < 3 ? "x\r\n" : "");
				l = letter("a@b.example", buf_cstr(&mail));
				assert_int_equal(
				    smtp_letter_problem(why, &l,
					&(struct smtp_offer){ 0 }) == NULL,
				    n <= 998);
				buf_free(&mail);
			}
}

static void
an_envelope_uses_what_is_offered(void **state)
{
	const struct smtp_offer none = { .utf8 = false };
	const struct smtp_offer all = { true, true, true, true, true, 0 };
	struct letter l = letter("j+k=l@b.example", "x\r\n");
	struct buf out = { .max = 4096 };

	(void)state;
	smtp_letter_mail(&out, &l, &none);
	smtp_letter_rcpt(&out, &l, &none);
	assert_string_equal(buf_cstr(&out),
	    "MAIL FROM:<konsultacje+abc@powiat.example>\r\n"
	    "RCPT TO:<j+k=l@b.example>\r\n");
	buf_reset(&out);
	smtp_letter_mail(&out, &l, &all);
	smtp_letter_rcpt(&out, &l, &all);
	assert_string_equal(buf_cstr(&out),
	    "MAIL FROM:<konsultacje+abc@powiat.example> SIZE=3 RET=HDRS "
	    "ENVID=abc17\r\n"
	    "RCPT TO:<j+k=l@b.example> NOTIFY=FAILURE,DELAY "
	    "ORCPT=rfc822;j+2Bk+3Dl@b.example\r\n");
	buf_reset(&out);
	l = letter("\xc5\x82@b.example", "\xc5\x82\r\n");
	smtp_letter_mail(&out, &l, &all);
	smtp_letter_rcpt(&out, &l, &all);
	assert_string_equal(buf_cstr(&out),
	    "MAIL FROM:<konsultacje+abc@powiat.example> SIZE=4 BODY=8BITMIME "
	    "SMTPUTF8 RET=HDRS ENVID=abc17\r\n"
	    "RCPT TO:<\xc5\x82@b.example> NOTIFY=FAILURE,DELAY\r\n");
	buf_free(&out);
}

static void
a_body_ends_where_it_ends(void **state)
{
	static const char *const rows[][2] = {
		{ "a\r\nb\r\n", "a\r\nb\r\n.\r\n" },
		{ "a", "a\r\n.\r\n" },
		{ "a\nb\n", "a\r\nb\r\n.\r\n" },
		{ "a\rb\r", "a\r\nb\r\n.\r\n" },
		{ "a\r\r\nb", "a\r\n\r\nb\r\n.\r\n" },
		{ ".\r\n", "..\r\n.\r\n" },
		{ "a\n.\nMAIL FROM:<>\n", "a\r\n..\r\nMAIL FROM:<>\r\n.\r\n" },
		{ "a\r.\rQUIT\r", "a\r\n..\r\nQUIT\r\n.\r\n" },
		{ "..a\r\n", "...a\r\n.\r\n" },
		{ "\r\n\r\n", "\r\n\r\n.\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = { .max = 4096 };
		size_t n = strlen(rows[i][0]);
		char *copy = malloc(n);

		assert_non_null(copy);
		memcpy(copy, rows[i][0], n);
		smtp_letter_body(&out, (struct span){ copy, n });
		assert_string_equal(buf_cstr(&out), rows[i][1]);
		buf_free(&out);
		free(copy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies_are_read_however_they_come),
		cmocka_unit_test(
		    what_is_said_of_us_is_told_from_what_is_said_of_a_recipient),
		cmocka_unit_test(what_is_no_smtp_is_refused),
		cmocka_unit_test(no_answer_is_without_an_end),
		cmocka_unit_test(the_log_gets_no_address),
		cmocka_unit_test(the_last_answer_to_ehlo_counts),
		cmocka_unit_test(the_longest_line_is_counted_from_its_begin),
		cmocka_unit_test(what_cannot_be_sent_is_said_in_words),
		cmocka_unit_test(an_envelope_uses_what_is_offered),
		cmocka_unit_test(a_body_ends_where_it_ends),
	};

	return cmocka_run_group_tests_name("smtp", tests, NULL, NULL);
}

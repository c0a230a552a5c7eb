/* test_bounce - notices of failure and delay, as the mail servers write them */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "parsers/dsn.h"
#include "tests/unit/mails.h"

struct row {
	const char *says, *mail;
	enum kind kind;
	const char *recipients; /* a comma after each */
	const char *status, *original_id, *reason; /* reason: part of it */
};

#define US "To: konsultacje@powiat.example\n"
#define DAEMON "From: Mail Delivery System <MAILER-DAEMON@mx.a.example>\n"
#define REPORT                                                 \
	"MIME-Version: 1.0\nContent-Type: multipart/report;\n" \
	" report-type=delivery-status; boundary=\"b\"\n\n--b\n\n"
#define STATUS                                           \
	"--b\nContent-Type: message/delivery-status\n\n" \
	"Reporting-MTA: dns; mx.a.example\n\n"
#define RETURNED                                                                 \
	"--b\nContent-Type: message/rfc822\n\nMessage-ID: <k1@powiat.example>\n" \
	"From: konsultacje@powiat.example\nTo: ola@b.example\n\nSpotkanie\n"     \
	"--b--\n"

static const struct row rows[] = {
	{ "a report by the standard",
	    "Return-Path: <>\n" DAEMON US
	    "Subject: Undelivered Mail Returned to Sender\n"
	    "Auto-Submitted: auto-replied\n" REPORT
	    "I'm sorry to have to inform you.\n" STATUS
	    "Final-Recipient: rfc822; ola@b.example\nAction: failed\n"
	    "Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User\n"
	    "    unknown here\n" RETURNED,
	    KIND_BOUNCE, "ola@b.example,", "5.1.1", "k1@powiat.example",
	    "550 5.1.1 User unknown here" },
	{ "not yet is not never",
	    "Return-Path: <>\n" DAEMON US "Subject: Delayed Mail\n" REPORT
	    "You do not need to resend your message.\n" STATUS
	    "Final-Recipient: rfc822; ola@b.example\nAction: delayed\n"
	    "Status: 4.4.1\n" RETURNED,
	    KIND_DELAYED, "ola@b.example,", "4.4.1", "k1@powiat.example", "" },
	{ "the address we wrote to counts, not where it led",
	    "Return-Path: <>\n" DAEMON US "Subject: failure notice\n" REPORT
	    "x\n" STATUS "Original-Recipient: rfc822;ola@b.example\n"
	    "Final-Recipient: rfc822; ola2@c.example\nAction: failed\n"
	    "Status: 5.2.2 (full)\n" RETURNED,
	    KIND_BOUNCE, "ola@b.example,", "5.2.2", "k1@powiat.example", "" },
	{ "of three recipients only those that failed",
	    "Return-Path: <>\n" DAEMON US "Subject: failure notice\n" REPORT
	    "x\n" STATUS
	    "Final-Recipient: rfc822; a@b.example\nAction: relayed\n"
	    "Status: 2.0.0\n\n"
	    "Final-Recipient: rfc822; ola@b.example\nAction: failed\n"
	    "Status: 5.1.1\n\n"
	    "Final-Recipient: rfc822; jan@b.example\nAction: failed\n"
	    "Status: 5.2.1\n\n"
	    "Final-Recipient: rfc822; ewa@b.example\nAction: delayed\n"
	    "Status: 4.2.0\n" RETURNED,
	    KIND_BOUNCE, "ola@b.example,jan@b.example,", "5.1.1",
	    "k1@powiat.example", "" },
	{ "a bare class gives way to what the server said",
	    "Return-Path: <>\n" DAEMON US "Subject: failure notice\n" REPORT
	    "x\n" STATUS
	    "Final-Recipient: rfc822; ola@b.example\nAction: failed\n"
	    "Status: 5.0.0\nDiagnostic-Code: smtp; 552 5.2.2 Mailbox full\n" RETURNED,
	    KIND_BOUNCE, "ola@b.example,", "5.2.2", "k1@powiat.example",
	    "552 5.2.2 Mailbox full" },
	{ "a report of success is a receipt",
	    "Return-Path: <>\n" DAEMON US "Subject: Delivery report\n" REPORT
	    "x\n" STATUS
	    "Final-Recipient: rfc822; ola@b.example\nAction: delivered\n"
	    "Status: 2.1.5\n" RETURNED,
	    KIND_RECEIPT, "", "", "", "" },
	{ "qmail",
	    "Return-Path: <>\nFrom: MAILER-DAEMON@a.example\n" US
	    "Subject: failure notice\n\n"
	    "Hi. This is the qmail-send program at a.example.\n"
	    "I'm afraid I wasn't able to deliver your message to the "
	    "following addresses.\n"
	    "This is a permanent error; I've given up.\n\n"
	    "<ola@b.example>:\n"
	    "Sorry, no mailbox here by that name. (#5.1.1)\n\n"
	    "--- Below this line is a copy of the message.\n\n"
	    "Return-Path: <konsultacje@powiat.example>\n"
	    "Message-ID: <k1@powiat.example>\nTo: ola@b.example\n\nx\n",
	    KIND_BOUNCE, "ola@b.example,", "5.1.1", "k1@powiat.example",
	    "Sorry, no mailbox here" },
	{ "Exim names the address in a header",
	    "Return-path: <>\nX-Failed-Recipients: ola@b.example\n" DAEMON US
	    "Subject: Mail delivery failed: returning message to sender\n\n"
	    "This message was created automatically by mail delivery "
	    "software.\n\n  ola@b.example\n"
	    "    SMTP error from remote mail server after RCPT TO:\n"
	    "    550 Unknown user\n\n"
	    "------ This is a copy of the message, including all the headers."
	    " ------\n\n"
	    "Return-path: <konsultacje@powiat.example>\n"
	    "Message-ID: <k1@powiat.example>\n\nx\n",
	    KIND_BOUNCE, "ola@b.example,", "5.0.0", "k1@powiat.example",
	    "550 Unknown user" },
	{ "Exim waits",
	    "Return-path: <>\n" DAEMON US
	    "Subject: Warning: message 1abcde-000001-2X delayed 24 hours\n\n"
	    "This message was created automatically by mail delivery "
	    "software.\n"
	    "A message that you sent has not yet been delivered to one or "
	    "more of its\nrecipients after more than 24 hours.\n\n"
	    "The address to which the message has not yet been delivered "
	    "is:\n\n  ola@b.example\n    host mx.b.example [192.0.2.5]\n"
	    "    450 4.2.1 try again later\n\n"
	    "No action is required on your part.\n",
	    KIND_DELAYED, "ola@b.example,", "4.2.1", "", "450 4.2.1" },
	{ "a warning only, however long it has waited",
	    "Return-Path: <>\n" DAEMON US
	    "Subject: Delayed Mail (still being retried)\n\n"
	    "This is the mail system at host a.example.\n\n"
	    "# THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND. #\n\n"
	    "Your message could not be delivered for more than 4 hour(s).\n"
	    "It will be retried until it is 5 day(s) old.\n\n"
	    "<ola@b.example>: connect to mx.b.example: timed out\n",
	    KIND_DELAYED, "ola@b.example,", "", "", "" },
	{ "a Polish provider's words",
	    "Return-Path: <>\nFrom: postmaster@a.example\n" US
	    "Subject: =?utf-8?Q?Zwrot_nie_dor=C4=99czonej_wiadomo=C5=9Bci?=\n"
	    "Content-Type: text/plain; charset=utf-8\n\n"
	    "Wiadomość nie została doręczona do adresata: ola@b.example\n\n"
	    "Przyczyna: konto nie istnieje (550 5.1.1)\n",
	    KIND_BOUNCE, "ola@b.example,", "5.1.1", "", "konto nie istnieje" },
	{ "Sendmail's transcript",
	    "From: Mail Delivery Subsystem <MAILER-DAEMON@a.example>\n" US
	    "Subject: Returned mail: User unknown\n\n"
	    "The original message was received at Mon, 16 Nov 2026\n\n"
	    "   ----- The following addresses had permanent fatal errors "
	    "-----\n<ola@b.example>\n\n"
	    "   ----- Transcript of session follows -----\n"
	    "... while talking to mx.b.example.:\n"
	    ">>> RCPT To:<ola@b.example>\n"
	    "<<< 550 5.1.1 <ola@b.example>... User unknown\n",
	    KIND_BOUNCE, "ola@b.example,", "5.1.1", "", "User unknown" },
	{ "Gmail's words, and an old address of a server",
	    "Return-Path: <>\nFrom: Mail Delivery Subsystem "
	    "<mailer-daemon@gmail.example>\n" US
	    "Subject: Delivery Status Notification (Failure)\n\n"
	    "Delivery to the following recipient failed permanently:\n\n"
	    "     ola@b.example\n\nTechnical details:\n"
	    "mx.b.example [192.0.2.5] said: 550 5.1.1.1 no\n"
	    "The error was: 550-5.7.1 Blocked\n",
	    KIND_BOUNCE, "ola@b.example,", "5.7.1", "", "550-5.7.1 Blocked" },
	{ "Exchange in Polish, HTML only",
	    "Return-Path: <>\nFrom: postmaster@a.example\n" US
	    "Subject: =?utf-8?Q?Nie_mo=C5=BCna_dostarczy=C4=87:_Spotkanie?=\n"
	    "Content-Type: text/html; charset=utf-8\n\n"
	    "<p>Nie mo\xc5\xbcna by\xc5\x82o dostarczy\xc4\x87 wiadomo\xc5\x9b"
	    "ci do: <a href=\"mailto:ola@b.example\">ola@b.example</a></p>"
	    "<p>Serwer: 550 5.1.10 RESOLVER.ADR.RecipientNotFound</p>\n",
	    KIND_BOUNCE, "ola@b.example,", "5.1.10", "", "RecipientNotFound" },
	{ "a server that only says that the box is full",
	    "Return-Path: <>\nFrom: postmaster@a.example\n" US
	    "Subject: Spotkanie\n\n"
	    "Your message to <ola@b.example> was rejected: 452 mailbox full\n",
	    KIND_BOUNCE, "ola@b.example,", "4.0.0", "", "mailbox full" },
	{ "a broken structure hides nothing",
	    "Return-Path: <>\n" DAEMON US "Subject: Undelivered mail\n"
	    "Content-Type: multipart/report; report-type=delivery-status\n\n"
	    "--b\n\nx\n" STATUS
	    "Final-Recipient: rfc822; ola@b.example\nAction: failed\n"
	    "Status: 5.1.1\n\n--b\n\nMessage-ID: <k1@powiat.example>\n",
	    KIND_BOUNCE, "ola@b.example,", "5.1.1", "k1@powiat.example", "" },
	{ "no sender, no envelope, but a server's opening and code",
	    "From: Poczta <poczta@a.example>\n" US
	    "Subject: Mail delivery failed\n\n"
	    "This is the mail system at host mx.a.example.\n\n"
	    "<ola@b.example>: host mx.b.example said: 550 5.1.1 no such user\n",
	    KIND_BOUNCE, "ola@b.example,", "5.1.1", "", "no such user" },
	{ "an absence notice from an empty Return-Path is no bounce",
	    "Return-Path: <>\nFrom: ola@b.example\n" US
	    "Auto-Submitted: auto-replied\nSubject: Urlop\n\n"
	    "Jestem na urlopie do 30.11. Nikt nie czyta tej poczty.\n",
	    KIND_AUTO_REPLY, "", "", "", "" },
	{ "an absence notice about an undelivered mail is none either",
	    "Return-Path: <>\nFrom: ola@b.example\n" US
	    "Auto-Submitted: auto-replied\n"
	    "Subject: Automatic reply: Undeliverable: x\n\n"
	    "I am away until Monday.\n",
	    KIND_AUTO_REPLY, "", "", "", "" },
	{ "a report that a person forwards is a person's mail",
	    "From: Ola <ola@b.example>\n" US "Subject: Co to jest?\n"
	    "MIME-Version: 1.0\n"
	    "Content-Type: multipart/mixed; boundary=\"b\"\n\n--b\n\n"
	    "Dostalam to wczoraj i nie rozumiem.\n" STATUS
	    "Final-Recipient: rfc822; jan@b.example\nAction: failed\n"
	    "Status: 5.1.1\n--b--\n",
	    KIND_REMARK, "", "", "", "" },
};

static void
check(const struct row *row)
{
	struct buf who = { .max = 4096 };
	struct parsed p;
	const struct bounce *b = &p.bounce;

	mails_parse(&p, span_of(row->mail));
	if (p.kind != row->kind)
		fail_msg("%s: %s (%s)", row->says, kind_name(p.kind), p.why.p);
	for (size_t i = 0; i < b->n_recipients; i++)
		buf_printf(&who, "%s,", b->recipients[i].p);
	if (!span_is(buf_span(&who), row->recipients))
		fail_msg("%s: recipients %s", row->says, buf_cstr(&who));
	if (!span_is(b->status, row->status))
		fail_msg("%s: status %s", row->says, b->status.p);
	if (!span_is(b->original_id, row->original_id))
		fail_msg("%s: id %s", row->says, b->original_id.p);
	if (row->reason[0] != '\0' &&
	    span_find(b->reason, row->reason) == b->reason.n)
		fail_msg("%s: reason %s", row->says, b->reason.p);
	if (b->delayed != (row->kind == KIND_DELAYED))
		fail_msg("%s: delayed", row->says);
	if (row->kind != KIND_REMARK)
		assert_int_equal(p.new_text.n + p.remark.n, 0);
	buf_free(&who);
	parsed_free(&p);
}

static void
every_server_is_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(&rows[i]);
}

static void
each_recipient_has_a_result_of_its_own(void **state)
{
	struct parsed p;
	const struct bounced *each;

	(void)state;
	mails_parse(&p,
	    SPAN("Return-Path: <>\n" DAEMON US
		 "Subject: failure notice\n" REPORT "x\n" STATUS
		 "Final-Recipient: rfc822; ola@b.example\nAction: failed\n"
		 "Status: 5.1.1\nDiagnostic-Code: smtp; 550 unknown\n\n"
		 "Final-Recipient: rfc822; jan@b.example\nAction: delayed\n"
		 "Status: 4.2.2\n\n"
		 "Final-Recipient: rfc822; ewa@b.example\nAction: delivered\n"
		 "Status: 2.0.0\n" RETURNED));
	each = p.bounce.each;
	assert_int_equal(p.bounce.n_each, 2);
	assert_true(span_is(each[0].recipient, "ola@b.example"));
	assert_true(span_is(each[0].status, "5.1.1"));
	assert_true(span_is(each[0].reason, "550 unknown"));
	assert_false(each[0].delayed);
	assert_true(span_is(each[1].recipient, "jan@b.example"));
	assert_true(span_is(each[1].status, "4.2.2"));
	assert_true(each[1].delayed);
	parsed_free(&p);
}

static void
any_truncation_of_a_notice_parses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t n = 0; n < strlen(rows[i].mail); n += 13) {
			struct parsed p;

			mails_parse(&p, (struct span){ rows[i].mail, n });
			assert_non_null(p.why.p);
			parsed_free(&p);
		}
}

static void
codes_are_told_from_other_numbers(void **state)
{
	static const struct {
		const char *says, *words, *want;
	} lines[] = {
		{ "both codes", "said: 550 5.1.1 unknown", "5.1.1" },
		{ "the status alone", "no mailbox (#5.1.1)", "5.1.1" },
		{ "the reply alone gives its class", "552 full", "5.0.0" },
		{ "a temporary one", "421 busy", "4.0.0" },
		{ "a line with both outweighs one above it",
		    "500 letters\n550 5.7.1 blocked", "5.7.1" },
		{ "a reply that goes on", "550-5.7.1 blocked", "5.7.1" },
		{ "an address of a server is no status", "[5.1.1.7]", "" },
		{ "nor is a version", "Exim 4.81, Sendmail 8.12.8", "" },
		{ "nor a year or a port", "2026, port 587, 15:50", "" },
		{ "success says nothing", "250 2.0.0 ok", "" },
		{ "a number inside a word", "a550 x550b", "" },
		{ "nothing", "", "" },
	};
	struct arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		size_t n = strlen(lines[i].words);
		char *copy = malloc(n + (n == 0));
		struct span got;

		memcpy(copy, lines[i].words, n);
		got = dsn_status(&a, (struct span){ copy, n }, NULL);
		free(copy);
		if (!span_is(got, lines[i].want))
			fail_msg("%s: %s", lines[i].says, got.p);
	}
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_recipient_has_a_result_of_its_own),
		cmocka_unit_test(every_server_is_understood),
		cmocka_unit_test(any_truncation_of_a_notice_parses),
		cmocka_unit_test(codes_are_told_from_other_numbers),
	};

	return cmocka_run_group_tests(tests, mails_open, mails_close);
}

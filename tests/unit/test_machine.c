/* test_machine - who wrote: a person or a machine, and by which sign */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/mails.h"

struct row {
	const char *says;
	const char *headers; /* besides From, To and Subject */
	const char *subject, *body;
	enum kind want;
	const char *why; /* must stand in `why` */
};

#define WORDS                      \
	"Prosz\xc4\x99 o \xc5\x82" \
	"awki przy szkole."

static void
check(const struct row *row)
{
	struct buf mail = { .max = 64 * 1024 };
	struct parsed p;

	buf_printf(&mail,
	    "%s%s%sTo: konsultacje@powiat.example\nSubject: %s\n"
	    "Content-Type: text/plain; charset=utf-8\n\n%s\n",
	    row->headers,
	    strstr(row->headers, "From:") == NULL
		? "From: Jan Kot <jan@a.example>\n"
		: "",
	    "Message-ID: <1@a.example>\n", row->subject, row->body);
	mails_parse(&p, buf_span(&mail));
	if (p.kind != row->want)
		fail_msg("%s: %s (%.*s)", row->says, kind_name(p.kind),
		    (int)p.why.n, p.why.p);
	if (row->why != NULL && span_find(p.why, row->why) == p.why.n)
		fail_msg("%s: decided by \"%.*s\"", row->says, (int)p.why.n,
		    p.why.p);
	parsed_free(&p);
	buf_free(&mail);
}

static void
people_are_not_taken_for_machines(void **state)
{
	static const struct row rows[] = {
		{ "a plain mail", "", "Uwaga", WORDS, KIND_REMARK, NULL },
		{ "Auto-Submitted: no says that a person wrote",
		    "Auto-Submitted: no\n", "Uwaga", WORDS, KIND_REMARK, NULL },
		{ "Exchange asks that nobody answers by machine",
		    "X-Auto-Response-Suppress: DR, OOF, AutoReply\n", "Uwaga",
		    WORDS, KIND_REMARK, NULL },
		{ "a rule of Exchange forwarded it",
		    "X-MS-Exchange-Inbox-Rules-Loop: jan@a.example\n", "Uwaga",
		    WORDS, KIND_REMARK, NULL },
		{ "a person speaks of automatic replies", "",
		    "Re: automatic reply", WORDS, KIND_REMARK, NULL },
		{ "a person is angry about one", "",
		    "Automatyczna odpowiedz gminy mnie nie przekonuje", WORDS,
		    KIND_REMARK, NULL },
		{ "absence is what the mail is about", "",
		    "Nieobecnosc radnych na sesji", WORDS, KIND_REMARK, NULL },
		{ "holidays too", "", "Urlop burmistrza", WORDS, KIND_REMARK,
		    NULL },
		{ "a person forwards a bounce", "",
		    "Fwd: Undelivered Mail Returned to Sender",
		    "Co to znaczy?\n\nThis is the mail system at host x.\n"
		    "<jan@a.example>: 550 5.1.1 User unknown",
		    KIND_REMARK, NULL },
		{ "a person quotes a bounce", "", "Zwrot poczty",
		    "Dostalem: your message could not be delivered. Dlaczego?",
		    KIND_REMARK, NULL },
		{ "on leave, and so no car", "", "Re: x",
		    "Jestem na urlopie wychowawczym, potrzebny mi autobus.",
		    KIND_REMARK, NULL },
		{ "on leave, and so not at the meeting", "", "Re: x",
		    "Jestem na urlopie do 20.11, wiec nie bede na spotkaniu. "
		    "W pilnych sprawach prosze dzwonic.",
		    KIND_RSVP, NULL },
		{ "on leave, and the office does not answer", "", "Re: x",
		    "Jestem na urlopie i w pilnych sprawach urzad nie odbiera "
		    "telefonu.",
		    KIND_REMARK, NULL },
		{ "a machine's words are asked about", "", "Re: x",
		    "Dostalam: \"To jest automatyczna wiadomosc, prosimy nie "
		    "odpowiadac\". Jak mam zglosic uwage?",
		    KIND_REMARK, NULL },
		{ "a machine's words are complained of", "", "Re: x",
		    "Urzad odpisal, ze nie odpowiada na maile wygenerowane "
		    "automatycznie.",
		    KIND_REMARK, NULL },
		{ "a person answers an absence notice",
		    "In-Reply-To: <2@a.example>\n", "Re: Out of Office: x",
		    WORDS, KIND_REMARK, NULL },
		{ "a form on a web page writes for a person",
		    "From: Formularz <noreply@a.example>\n"
		    "Reply-To: Jan Kot <jan@b.example>\n",
		    "Uwaga", WORDS, KIND_REMARK, NULL },
		{ "the office reads its mail through a group of its own",
		    "Delivered-To: a.mrozek@powiat.example\n"
		    "Precedence: list\n"
		    "List-Id: <konsultacje.powiat.example>\n"
		    "List-Unsubscribe: <mailto:x@powiat.example>\n",
		    "Uwaga", WORDS, KIND_REMARK, NULL },
		{ "a virus scanner marked it as clean",
		    "X-Spam-Status: No, score=-1\nX-Spam-Flag: NO\n", "Uwaga",
		    WORDS, KIND_REMARK, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(&rows[i]);
}

static void
automatic_replies_are_told_by_header_or_subject(void **state)
{
	static const struct row rows[] = {
		{ "the standard's header",
		    "Auto-Submitted: auto-replied; owner-email=\"x\"\n", "x",
		    WORDS, KIND_AUTO_REPLY, "Auto-Submitted" },
		{ "with a comment", "Auto-Submitted: auto-replied (vacation)\n",
		    "x", WORDS, KIND_AUTO_REPLY, "Auto-Submitted" },
		{ "an older header", "X-Autoreply: yes\n", "x", WORDS,
		    KIND_AUTO_REPLY, "X-Autoreply" },
		{ "another one", "X-Autorespond: vacation\n", "x", WORDS,
		    KIND_AUTO_REPLY, "X-Autorespond" },
		{ "a precedence of its own", "Precedence: auto_reply\n", "x",
		    WORDS, KIND_AUTO_REPLY, "Precedence" },
		{ "nobody is to answer", "Return-Path: <>\n", "x", WORDS,
		    KIND_AUTO_REPLY, "Return-Path" },
		{ "Polish Outlook", "",
		    "=?utf-8?Q?Automatyczna_odpowied=C5=BA:_Spotkanie?=", WORDS,
		    KIND_AUTO_REPLY, "Subject" },
		{ "English Outlook", "", "Automatic reply: Meeting", WORDS,
		    KIND_AUTO_REPLY, "Subject" },
		{ "older Outlook", "", "Out of Office AutoReply: Meeting",
		    WORDS, KIND_AUTO_REPLY, "Subject" },
		{ "German", "", "Abwesenheitsnotiz: Treffen", WORDS,
		    KIND_AUTO_REPLY, "Subject" },
		{ "Ukrainian", "",
		    "=?utf-8?B?0JDQstGC0L7QvNCw0YLQuNGH0L3QsCDQstGW0LTQv9C+"
		    "0LLRltC00Yw6IHg=?=",
		    WORDS, KIND_AUTO_REPLY, "Subject" },
		{ "in brackets", "", "Odp: Spotkanie (Autoresponder)", WORDS,
		    KIND_AUTO_REPLY, "Subject" },
		{ "by its words, Polish", "", "Re: Spotkanie",
		    "Jestem nieobecna w pracy do 23.11.2026. W pilnych "
		    "sprawach prosze o kontakt z sekretariatem.",
		    KIND_AUTO_REPLY, "absence" },
		{ "by its words, English", "", "Re: Spotkanie",
		    "Thank you for your e-mail. I am out of the office until "
		    "23 November. For urgent matters please contact Ann.",
		    KIND_AUTO_REPLY, "absence" },
		{ "by its words, German", "", "Re: Spotkanie",
		    "Ich bin bis 23.11. nicht im Büro. In dringenden Fällen "
		    "wenden Sie sich an meine Kollegin.",
		    KIND_AUTO_REPLY, "absence" },
		{ "a ticket system without a header", "", "Zgloszenie 4821",
		    "Zgloszenie zarejestrowano. Prosimy nie odpowiadac na te "
		    "wiadomosc. Zostala wygenerowana automatycznie.",
		    KIND_AUTO_REPLY, "made by a machine" },
		{ "a vague subject beside a header of machines",
		    "X-Auto-Response-Suppress: All\n", "Nieobecnosc", WORDS,
		    KIND_AUTO_REPLY, "subject" },
		{ "the vacation program of old", "Precedence: junk\n",
		    "away from my mail", WORDS, KIND_AUTO_REPLY, "subject" },
		{ "a sender whom nobody can answer",
		    "From: noreply@a.example\n", "x", WORDS, KIND_AUTO_REPLY,
		    "noreply" },
		{ "and who says so twice",
		    "From: noreply@a.example\nReply-To: no-reply@a.example\n",
		    "x", WORDS, KIND_AUTO_REPLY, "noreply" },
		{ "mail of our own making", "X-Loop: yes\n", "x", WORDS,
		    KIND_AUTO_REPLY, "X-Loop" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(&rows[i]);
}

static void
lists_and_bulk_mail_are_told_by_header(void **state)
{
	static const struct row rows[] = {
		{ "a mailing list",
		    "List-Id: Radni <radni.b.example>\nPrecedence: list\n", "x",
		    WORDS, KIND_LIST, "Precedence: list" },
		{ "a list that says only its name",
		    "List-Id: <radni.b.example>\n", "x", WORDS, KIND_LIST,
		    "List-Id" },
		{ "somebody else's list at our address",
		    "Delivered-To: konsultacje@powiat.example\n"
		    "List-Id: <radni.notpowiat.example>\n",
		    "x", WORDS, KIND_LIST, "List-Id" },
		{ "a newsletter", "List-Unsubscribe: <https://b.example/u>\n",
		    "x", WORDS, KIND_LIST, "List-Unsubscribe" },
		{ "bulk", "Precedence: bulk\n", "x", WORDS, KIND_LIST,
		    "Precedence: bulk" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(&rows[i]);
}

#define REPORT(type)                                                           \
	"MIME-Version: 1.0\nContent-Type: multipart/report; report-type=" type \
	"; boundary=b\n"

static void
check_report(const char *headers, const char *body, enum kind want)
{
	struct buf mail = { .max = 64 * 1024 };
	struct parsed p;

	buf_printf(&mail,
	    "From: Jan <jan@a.example>\nTo: k@powiat.example\n"
	    "Subject: Przeczytano: x\n%s\n%s",
	    headers, body);
	mails_parse(&p, buf_span(&mail));
	if (p.kind != want)
		fail_msg("%s instead of %s (%s)", kind_name(p.kind),
		    kind_name(want), p.why.p);
	assert_int_equal(p.new_text.n, 0);
	assert_int_equal(p.remark.n, 0);
	parsed_free(&p);
	buf_free(&mail);
}

static void
receipts_and_complaints_are_reports(void **state)
{
	(void)state;
	check_report(REPORT("disposition-notification"),
	    "--b\n\nPrzeczytano.\n--b\n"
	    "Content-Type: message/disposition-notification\n\n"
	    "Final-Recipient: rfc822;jan@a.example\n"
	    "Disposition: manual-action/MDN-sent-manually; displayed\n--b--\n",
	    KIND_RECEIPT);
	check_report(REPORT("feedback-report") "Return-Path: <>\n",
	    "--b\n\nThis is an email abuse report.\n--b\n"
	    "Content-Type: message/feedback-report\n\n"
	    "Feedback-Type: abuse\nUser-Agent: x/1\nVersion: 1\n--b\n"
	    "Content-Type: message/rfc822\n\nSubject: x\n\ny\n--b--\n",
	    KIND_COMPLAINT);
}

struct auth_row {
	const char *says, *headers;
	enum verdict want;
};

static void
check_verdict(const struct auth_row *row, const char *authserv_id)
{
	const char *before = mails_settings.authserv_id;
	struct buf mail = { .max = 64 * 1024 };
	struct parsed p;

	mails_settings.authserv_id = authserv_id;
	buf_printf(&mail,
	    "%sFrom: Jan <jan@a.example>\nTo: k@powiat.example\n"
	    "Subject: x\n\nx\n",
	    row->headers);
	mails_parse(&p, buf_span(&mail));
	mails_settings.authserv_id = before;
	if (p.dmarc != row->want)
		fail_msg("%s: verdict %d", row->says, p.dmarc);
	parsed_free(&p);
	buf_free(&mail);
}

static void
only_our_own_server_is_believed(void **state)
{
#define AR "Authentication-Results: "
	static const struct auth_row rows[] = {
		{ "our server passed it",
		    AR "mx.powiat.example; dmarc=pass header.from=a.example\n",
		    VERDICT_PASS },
		{ "our server failed it",
		    AR "mx.powiat.example; dmarc=fail header.from=a.example\n",
		    VERDICT_FAIL },
		{ "another server's word counts for nothing",
		    AR "mx.zly.example; dmarc=pass header.from=a.example\n",
		    VERDICT_NONE },
		{ "only the first field of ours counts",
		    AR "mx.powiat.example; dmarc=fail\n" AR
		       "mx.powiat.example; dmarc=pass\n",
		    VERDICT_FAIL },
		{ "a later field of ours may only speak against the sender",
		    AR "mx.powiat.example; dkim=pass header.d=a.example\n" AR
		       "mx.powiat.example; dmarc=fail header.from=a.example\n",
		    VERDICT_FAIL },
		{ "others may come before it",
		    AR "mx.zly.example; dmarc=fail\n" AR
		       "MX.powiat.example; dmarc=pass\n",
		    VERDICT_PASS },
		{ "a name that only begins like ours",
		    AR "mx.powiat.example.zly.example; dmarc=pass\n",
		    VERDICT_NONE },
		{ "comments, quotes and versions",
		    AR "mx.powiat.example 1 (x; dmarc=fail);\n\tdmarc/1 = "
		       "pass (p=none; \"x\") reason=\"a; dmarc=fail\" "
		       "header.from=a.example\n",
		    VERDICT_PASS },
		{ "a result about another domain says nothing of the author",
		    AR "mx.powiat.example; dmarc=pass header.from=b.example\n",
		    VERDICT_NONE },
		{ "a signature of the author's domain stands in for DMARC",
		    AR "mx.powiat.example; dkim=pass header.d=a.example\n",
		    VERDICT_PASS },
		{ "a domain below the author's does not",
		    AR "mx.powiat.example; dmarc=none; dkim=pass "
		       "header.i=@example.a.example\n",
		    VERDICT_NONE },
		{ "another domain's signature does not",
		    AR "mx.powiat.example; dkim=pass header.d=b.example\n",
		    VERDICT_NONE },
		{ "nor does a domain that only ends alike",
		    AR "mx.powiat.example; dkim=pass header.d=example\n",
		    VERDICT_NONE },
		{ "a passing SPF says nothing of From",
		    AR "mx.powiat.example; spf=pass smtp.mailfrom=a.example\n",
		    VERDICT_NONE },
		{ "an error is no verdict",
		    AR "mx.powiat.example; dmarc=temperror; dkim=pass "
		       "header.d=a.example\n",
		    VERDICT_NONE },
		{ "nothing was checked", AR "mx.powiat.example; none\n",
		    VERDICT_NONE },
		{ "with two authors a pass is nobody's",
		    "From: Ola <ola@a.example>\n" AR
		    "mx.powiat.example; dmarc=pass\n",
		    VERDICT_NONE },
		{ "the sender's address ends no comment",
		    AR "mx.powiat.example; spf=none (domain of \"x) ; "
		       "dmarc=pass header.from=a.example; dkim=pass "
		       "header.d=a.example (\"@b.example) "
		       "smtp.mailfrom=b.example; dmarc=none\n",
		    VERDICT_NONE },
		{ "nor does a quote in it hide the verdict",
		    AR "mx.powiat.example; spf=none (5\" pipe); dmarc=fail "
		       "header.from=a.example\n",
		    VERDICT_FAIL },
		{ "said twice, the worse counts",
		    AR "mx.powiat.example; dmarc=pass header.from=a.example; "
		       "dmarc=fail header.from=a.example\n",
		    VERDICT_FAIL },
		{ "no field", "", VERDICT_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_verdict(&rows[i], "mx.powiat.example");
#undef AR
}

/* The shapes that mail systems really write, names changed. */
static void
verdicts_of_real_mail_systems_are_read(void **state)
{
#define RECEIVED_365                                                        \
	"Received: from AM0PR05MB1.eurprd05.prod.outlook.com (2603::1)\n"   \
	" by VI1PR05MB2.eurprd05.prod.outlook.com with HTTPS; Sun, 22 Nov " \
	"2026 10:00:02 +0000\n"
#define BORDER_365                                                    \
	"Received: from smtp.a.example (192.0.2.1) by\n"              \
	" AM7EUR03FT1.mail.protection.outlook.com (10.152.0.1) with " \
	"Microsoft SMTP Server; Sun, 22 Nov 2026 10:00:01 +0000\n"
#define FORGED                                                               \
	"Received: from x by y.a.example; Sun, 22 Nov 2026 10:00:00 +0000\n" \
	"Authentication-Results: spf=pass smtp.mailfrom=a.example; "         \
	"dmarc=pass action=none header.from=a.example;compauth=pass "        \
	"reason=100\n"
	static const struct {
		const char *authserv_id;
		struct auth_row row;
	} rows[] = {
		{ "mx.google.com",
		    { "Google, DMARC passed",
			"Authentication-Results: mx.google.com;\n"
			"       dkim=pass header.i=@a.example header.s=s1 "
			"header.b=MfBfLLZS;\n"
			"       spf=pass (google.com: domain of jan@a.example "
			"designates 192.0.2.1 as permitted sender) "
			"smtp.mailfrom=jan@a.example;\n"
			"       dmarc=pass (p=QUARANTINE sp=QUARANTINE "
			"dis=NONE) header.from=a.example\n",
			VERDICT_PASS } },
		{ "mx.google.com",
		    { "Google, forged",
			"Authentication-Results: mx.google.com;\n"
			"       spf=softfail (google.com: domain of "
			"transitioning x@b.example) smtp.mailfrom=x@b.example;"
			"\n       dmarc=fail (p=NONE sp=NONE dis=NONE) "
			"header.from=a.example\n",
			VERDICT_FAIL } },
		{ "mx.powiat.example",
		    { "OpenDMARC over OpenDKIM, a field each",
			"Authentication-Results: mx.powiat.example; dmarc=pass "
			"(p=none dis=none) header.from=a.example\n"
			"Authentication-Results: mx.powiat.example;\n\tdkim=pass "
			"(2048-bit key; unprotected) header.d=a.example "
			"header.i=@a.example header.a=rsa-sha256 "
			"header.s=s1 header.b=abc;\n\tdkim-atps=neutral\n",
			VERDICT_PASS } },
		{ "mx.powiat.example",
		    { "rspamd",
			"Authentication-Results: mx.powiat.example;\n"
			"\tdkim=pass header.d=a.example header.s=s1 "
			"header.b=abc;\n\tspf=pass (mx.powiat.example: domain "
			"of jan@a.example designates 192.0.2.1) "
			"smtp.mailfrom=jan@a.example;\n"
			"\tdmarc=pass (policy=none) header.from=a.example\n",
			VERDICT_PASS } },
		{ "*.mx.poczta.example",
		    { "a system whose servers have a name each",
			"Authentication-Results: in-04.mx.poczta.example;\n"
			"    dmarc=pass policy.published-domain-policy=none "
			"header.from=a.example;\n    x-ptr=pass "
			"smtp.helo=a.example\n",
			VERDICT_PASS } },
		{ "*.mx.poczta.example",
		    { "a name that only ends like theirs",
			"Authentication-Results: zlymx.poczta.example;\n"
			"    dmarc=pass header.from=a.example\n",
			VERDICT_NONE } },
		{ "*.mx.poczta.example",
		    { "the domain itself is no server below it",
			"Authentication-Results: mx.poczta.example;\n"
			"    dmarc=pass header.from=a.example\n",
			VERDICT_NONE } },
		{ "microsoft365",
		    { "Microsoft 365, passed",
			RECEIVED_365
			"Authentication-Results: spf=pass (sender IP is "
			"192.0.2.1)\n smtp.mailfrom=a.example; dkim=pass "
			"(signature was verified)\n header.d=a.example;"
			"dmarc=pass action=none\n header.from=a.example;"
			"compauth=pass reason=100\n"
			"Received-SPF: Pass (protection.outlook.com: ...)\n" BORDER_365,
			VERDICT_PASS } },
		{ "microsoft365",
		    { "Microsoft 365, no DMARC record, would have passed",
			RECEIVED_365
			"Authentication-Results: spf=pass (sender IP is "
			"192.0.2.1)\n smtp.mailfrom=a.example; dkim=none "
			"(message not signed)\n header.d=none;dmarc="
			"bestguesspass action=none\n header.from=a.example;"
			"compauth=pass reason=109\n" BORDER_365,
			VERDICT_PASS } },
		{ "microsoft365",
		    { "Microsoft 365, forged, the domain asks to reject",
			RECEIVED_365
			"Authentication-Results: spf=fail (sender IP is "
			"192.0.2.9)\n smtp.mailfrom=a.example; dkim=none "
			"(message not signed)\n header.d=none;dmarc=fail "
			"action=oreject\n header.from=a.example;compauth=fail "
			"reason=000\n" BORDER_365,
			VERDICT_FAIL } },
		{ "microsoft365",
		    { "Microsoft 365 doubts it by its own guess only",
			RECEIVED_365
			"Authentication-Results: spf=none (sender IP is "
			"192.0.2.9)\n smtp.mailfrom=a.example; dkim=pass "
			"header.d=a.example;dmarc=none action=none\n "
			"header.from=a.example;compauth=fail reason=001\n" BORDER_365,
			VERDICT_NONE } },
		{ "microsoft365",
		    { "Microsoft 365 speaks before the forger does",
			RECEIVED_365
			"Authentication-Results: spf=fail smtp.mailfrom="
			"a.example; dkim=none header.d=none;dmarc=fail "
			"action=none header.from=a.example\n" BORDER_365 FORGED,
			VERDICT_FAIL } },
		{ "microsoft365",
		    { "a field under another's Received is another's",
			RECEIVED_365 FORGED, VERDICT_NONE } },
		{ "microsoft365",
		    { "inside the office nothing was checked",
			RECEIVED_365
			"Authentication-Results: dkim=none (message not "
			"signed)\n header.d=none;dmarc=pass action=none "
			"header.from=a.example;\n"
			"X-MS-Exchange-Organization-AuthAs: Internal\n",
			VERDICT_NONE } },
		{ "microsoft365",
		    { "a field with a name is not Microsoft's",
			RECEIVED_365
			"Authentication-Results: mx.zly.example; dmarc=pass "
			"header.from=a.example\n",
			VERDICT_NONE } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_verdict(&rows[i].row, rows[i].authserv_id);
#undef RECEIVED_365
#undef BORDER_365
#undef FORGED
}

static void
spam_is_what_our_server_marked(void **state)
{
	static const struct {
		const char *header;
		bool want;
	} rows[] = {
		{ "X-Spam-Flag: YES\n", true },
		{ "X-Spam-Status: Yes, score=11.4 required=5.0\n", true },
		{ "X-Spam: Yes\n", true },
		{ "X-MS-Exchange-Organization-SCL: 6\n", true },
		{ "X-MS-Exchange-Organization-SCL: 1\n", false },
		{ "X-MS-Exchange-Organization-SCL: -1\n", false },
		{ "X-Spam-Flag: NO\n", false },
		{ "X-Spam-Status: No, score=4.9\n", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf mail = { .max = 4096 };
		struct parsed p;

		buf_printf(&mail, "%sFrom: jan@a.example\nSubject: x\n\nx\n",
		    rows[i].header);
		mails_parse(&p, buf_span(&mail));
		if (p.is_spam != rows[i].want)
			fail_msg("%s", rows[i].header);
		parsed_free(&p);
		buf_free(&mail);
	}
}

static void
pressing_unsubscribe_in_apple_mail_is_a_complaint_that_stops(void **state)
{
	static const char mail[] =
	    "From: jan@a.example\nTo: k@powiat.example\nSubject: unsubscribe\n"
	    "Auto-Submitted: auto-replied\nX-Apple-Unsubscribe: true\n\n"
	    "Apple Mail sent this email to unsubscribe.\n";
	struct parsed p;

	(void)state;
	mails_parse(&p, span_of(mail));
	assert_int_equal(p.kind, KIND_COMPLAINT);
	assert_int_equal(p.command, CMD_STOP);
	parsed_free(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(people_are_not_taken_for_machines),
		cmocka_unit_test(
		    automatic_replies_are_told_by_header_or_subject),
		cmocka_unit_test(lists_and_bulk_mail_are_told_by_header),
		cmocka_unit_test(receipts_and_complaints_are_reports),
		cmocka_unit_test(only_our_own_server_is_believed),
		cmocka_unit_test(verdicts_of_real_mail_systems_are_read),
		cmocka_unit_test(spam_is_what_our_server_marked),
		cmocka_unit_test(
		    pressing_unsubscribe_in_apple_mail_is_a_complaint_that_stops),
	};

	return cmocka_run_group_tests(tests, mails_open, mails_close);
}

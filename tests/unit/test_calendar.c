/* test_calendar - answers to our invitations, from every calendar */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/mails.h"

struct row {
	const char *says;
	const char *type; /* Content-Type of the part */
	const char *method, *event; /* METHOD line; the lines of the VEVENT */
	enum kind kind;
	const char *uid, *attendee, *partstat;
	int sequence;
	const char *comment;
};

#define UID "UID:s1@powiat.example\n"
#define JAN "mailto:jan@a.example\n"

static const struct row rows[] = {
	{ "Google accepts", "text/calendar; charset=utf-8; method=REPLY",
	    "METHOD:REPLY\n",
	    UID "SEQUENCE:2\nATTENDEE;PARTSTAT=ACCEPTED;CN=Jan:" JAN, KIND_RSVP,
	    "s1@powiat.example", "jan@a.example", "ACCEPTED", 2, "" },
	{ "Outlook, without ORGANIZER, in capitals",
	    "text/calendar; method=\"REPLY\"", "METHOD:REPLY\n",
	    UID "ATTENDEE;PARTSTAT=DECLINED:MAILTO:jan@A.EXAMPLE\n", KIND_RSVP,
	    "s1@powiat.example", "jan@a.example", "DECLINED", 0, "" },
	{ "with a word to the office", "text/calendar; method=REPLY",
	    "METHOD:REPLY\n",
	    UID "ATTENDEE;PARTSTAT=TENTATIVE:" JAN
		"COMMENT:Może\\, jeśli zdążę\n",
	    KIND_RSVP, "s1@powiat.example", "jan@a.example", "TENTATIVE", 0,
	    "Może, jeśli zdążę" },
	{ "another time is proposed", "text/calendar; method=COUNTER",
	    "METHOD:COUNTER\n", UID "ATTENDEE;PARTSTAT=TENTATIVE:" JAN,
	    KIND_RSVP, "s1@powiat.example", "jan@a.example", "TENTATIVE", 0,
	    "" },
	{ "the method only in the header", "text/calendar; method=reply", "",
	    UID "ATTENDEE;PARTSTAT=ACCEPTED:" JAN, KIND_RSVP,
	    "s1@powiat.example", "jan@a.example", "ACCEPTED", 0, "" },
	{ "the method only in the calendar", "text/calendar", "METHOD:REPLY\n",
	    UID "ATTENDEE;PARTSTAT=ACCEPTED:" JAN, KIND_RSVP,
	    "s1@powiat.example", "jan@a.example", "ACCEPTED", 0, "" },
	{ "as a file", "application/ics; name=invite.ics", "METHOD:REPLY\n",
	    UID "ATTENDEE;PARTSTAT=ACCEPTED:" JAN, KIND_RSVP,
	    "s1@powiat.example", "jan@a.example", "ACCEPTED", 0, "" },
	{ "of several guests the sender speaks", "text/calendar; method=REPLY",
	    "METHOD:REPLY\n",
	    UID "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ola@a.example\n"
		"ATTENDEE;PARTSTAT=DECLINED:" JAN,
	    KIND_RSVP, "s1@powiat.example", "jan@a.example", "DECLINED", 0,
	    "" },
	{ "another's answer, sent on for him", "text/calendar; method=REPLY",
	    "METHOD:REPLY\n",
	    UID "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:ola@a.example\n"
		"ATTENDEE;PARTSTAT=ACCEPTED:mailto:ewa@a.example\n",
	    KIND_RSVP, "s1@powiat.example", "ewa@a.example", "ACCEPTED", 0,
	    "" },
	{ "Exchange hides the address in EMAIL", "text/calendar; method=REPLY",
	    "METHOD:REPLY\n",
	    UID "ATTENDEE;PARTSTAT=ACCEPTED;EMAIL=jan@a.example:"
		"invalid:nomail\n",
	    KIND_RSVP, "s1@powiat.example", "jan@a.example", "ACCEPTED", 0,
	    "" },
	{ "folded lines", "text/calendar; method=REPLY", "METHOD:REPLY\n",
	    "UID:s1@powi\n at.example\nATTENDEE;PARTST\n AT=ACCEPTED:" JAN,
	    KIND_RSVP, "s1@powiat.example", "jan@a.example", "ACCEPTED", 0,
	    "" },
	{ "a number that is none", "text/calendar; method=REPLY",
	    "METHOD:REPLY\n",
	    UID "SEQUENCE:dwa\nATTENDEE;PARTSTAT=ACCEPTED:" JAN, KIND_RSVP,
	    "s1@powiat.example", "jan@a.example", "ACCEPTED", 0, "" },
	{ "an invitation that a person sends is a person's mail",
	    "text/calendar; method=REQUEST", "METHOD:REQUEST\n",
	    UID "ATTENDEE:mailto:konsultacje@powiat.example\n", KIND_REMARK,
	    "s1@powiat.example", "konsultacje@powiat.example", "", 0, "" },
	{ "a calendar without a method says nothing", "text/calendar", "",
	    UID "ATTENDEE;PARTSTAT=ACCEPTED:" JAN, KIND_REMARK, "", "", "", 0,
	    "" },
};

static void
write_mail(struct buf *mail, const struct row *row)
{
	buf_printf(mail,
	    "From: Jan <jan@a.example>\nTo: k+s1@powiat.example\n"
	    "Subject: Zaakceptowano: Spotkanie\n"
	    "Auto-Submitted: auto-generated\nMIME-Version: 1.0\n"
	    "Content-Type: multipart/mixed; boundary=b\n\n--b\n"
	    "Content-Type: text/plain; charset=utf-8\n\nBędę tam.\n--b\n"
	    "Content-Type: %s\n\n"
	    "BEGIN:VCALENDAR\nVERSION:2.0\n%sBEGIN:VEVENT\n%sEND:VEVENT\n"
	    "END:VCALENDAR\n--b--\n",
	    row->type, row->method, row->event);
}

static void
answers_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct buf mail = { .max = 64 * 1024 };
		struct calendar *cal;
		struct parsed p;
		size_t auto_header;

		write_mail(&mail, row);
		if (row->kind != KIND_RSVP) {
			/* A person's mail bears no such header. */
			auto_header =
			    span_find(buf_span(&mail), "Auto-Submitted");
			memcpy(mail.p + auto_header, "X", 1);
		}
		mails_parse(&p, buf_span(&mail));
		cal = &p.calendar;
		if (row->kind == KIND_RSVP && p.kind != KIND_RSVP)
			fail_msg("%s: %s", row->says, kind_name(p.kind));
		if (row->kind != KIND_RSVP && p.kind == KIND_AUTO_REPLY)
			fail_msg("%s: %s", row->says, p.why.p);
		if (!span_is(cal->uid, row->uid) ||
		    !span_is(cal->attendee, row->attendee) ||
		    !span_is(cal->partstat, row->partstat) ||
		    !span_is(cal->comment, row->comment) ||
		    cal->sequence != row->sequence)
			if (row->kind == KIND_RSVP || cal->method.n > 0)
				fail_msg("%s: uid %s, %s, %s, %d, %s",
				    row->says, cal->uid.p, cal->attendee.p,
				    cal->partstat.p, (int)cal->sequence,
				    cal->comment.p);
		parsed_free(&p);
		buf_free(&mail);
	}
}

/* Whole answers in the shapes that the calendars of people write. */
struct shape {
	const char *says;
	const char *head, *calendar, *tail; /* the calendar part between */
	bool is_base64;
	const char *uid, *attendee, *partstat, *comment, *delegate, *starts;
	int sequence;
	int64_t stamp_ms;
};

#define MY_UID "spotkanie-bl-10ke-imielin-1@powiat.example"

static const struct shape shapes[] = {
	{ "Google Calendar, with a note",
	    "Sender: Google Calendar <calendar-notification@google.example>\n"
	    "Auto-Submitted: auto-generated\n"
	    "Content-Type: multipart/mixed; boundary=\"0000f5\"\n\n"
	    "--0000f5\nContent-Type: multipart/alternative; boundary=\"0000f6\""
	    "\n\n--0000f6\nContent-Type: text/plain; charset=\"UTF-8\"; "
	    "format=flowed; delsp=yes\n\nJan zaakceptował(a) zaproszenie.\n\n"
	    "--0000f6\nContent-Type: text/calendar; charset=\"UTF-8\"; "
	    "method=REPLY\nContent-Transfer-Encoding: 8bit\n\n",
	    "BEGIN:VCALENDAR\r\n"
	    "PRODID:-//Google Inc//Google Calendar 70.9054//EN\r\n"
	    "VERSION:2.0\r\nCALSCALE:GREGORIAN\r\nMETHOD:REPLY\r\n"
	    "BEGIN:VEVENT\r\nDTSTART:20261124T160000Z\r\n"
	    "DTEND:20261124T180000Z\r\nDTSTAMP:20261117T061455Z\r\n"
	    "ORGANIZER;CN=Konsultacje:mailto:konsultacje+T@powiat.example\r\n"
	    "UID:" MY_UID "\r\n"
	    "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=OPT-PARTICIPANT;PARTSTAT=TENTATIV"
	    "E;CN=Jan\r\n  Pilorz;X-NUM-GUESTS=1;X-RESPONSE-COMMENT=\"z żoną\\"
	    ", może: p\r\n óźniej\":mailto:jan@a.example\r\n"
	    "CREATED:20261116T081402Z\r\nLAST-MODIFIED:20261117T061455Z\r\n"
	    "LOCATION:Sala\\, ul. Przykładowa 1\r\nSEQUENCE:1\r\n"
	    "STATUS:CONFIRMED\r\nSUMMARY:Spotkanie\r\nTRANSP:OPAQUE\r\n"
	    "END:VEVENT\r\nEND:VCALENDAR\r\n",
	    "\n--0000f6--\n\n--0000f5\nContent-Type: application/ics; "
	    "name=\"invite.ics\"\nContent-Disposition: attachment; "
	    "filename=\"invite.ics\"\n\nBEGIN:VCALENDAR\nMETHOD:REPLY\n"
	    "END:VCALENDAR\n--0000f5--\n",
	    false, MY_UID, "jan@a.example", "TENTATIVE",
	    "z żoną, może: później", "", "20261124T160000Z", 1, 1794896095000 },
	{ "Outlook and Exchange: no ORGANIZER, a zone of its own, base64",
	    "Thread-Topic: Spotkanie\nAccept-Language: pl-PL\n"
	    "X-MS-Has-Attach:\nX-MS-Exchange-MessageSentRepresentingType: 1\n"
	    "Content-class: urn:content-classes:calendarmessage\n"
	    "Content-Type: multipart/alternative; boundary=\"_000_AM0\"\n\n"
	    "--_000_AM0\nContent-Type: text/plain; charset=\"utf-8\"\n\n\n"
	    "--_000_AM0\nContent-Type: text/html; charset=\"utf-8\"\n\n"
	    "<html><body></body></html>\n--_000_AM0\n"
	    "Content-Type: text/calendar; charset=\"utf-8\"; method=REPLY\n"
	    "Content-Transfer-Encoding: base64\n\n",
	    "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\n"
	    "PRODID:Microsoft Exchange Server 2010\r\nVERSION:2.0\r\n"
	    "BEGIN:VTIMEZONE\r\nTZID:Central European Standard Time\r\n"
	    "BEGIN:STANDARD\r\nDTSTART:16010101T030000\r\n"
	    "TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n"
	    "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\r\n"
	    "END:STANDARD\r\nBEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\n"
	    "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n"
	    "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\r\n"
	    "END:DAYLIGHT\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\n"
	    "ATTENDEE;PARTSTAT=DECLINED;CN=Jan Pilorz:MAILTO:JAN@A.EXAMPLE\r\n"
	    "COMMENT;LANGUAGE=pl-PL:Niestety\\, wyjazd\\n\r\n"
	    "UID:" MY_UID "\r\n"
	    "SUMMARY;LANGUAGE=pl-PL:Odrzucone: Spotkanie\r\n"
	    "DTSTART;TZID=Central European Standard Time:20261124T170000\r\n"
	    "DTEND;TZID=Central European Standard Time:20261124T190000\r\n"
	    "CLASS:PUBLIC\r\nPRIORITY:5\r\nDTSTAMP:20261117T070000Z\r\n"
	    "TRANSP:OPAQUE\r\nSTATUS:CONFIRMED\r\nSEQUENCE:0\r\n"
	    "LOCATION;LANGUAGE=pl-PL:Sala\r\n"
	    "X-MICROSOFT-CDO-APPT-SEQUENCE:0\r\n"
	    "X-MICROSOFT-CDO-BUSYSTATUS:BUSY\r\n"
	    "X-MICROSOFT-CDO-ALLDAYEVENT:FALSE\r\nEND:VEVENT\r\n"
	    "END:VCALENDAR\r\n",
	    "\n--_000_AM0--\n", true, MY_UID, "JAN@a.example", "DECLINED",
	    "Niestety, wyjazd", "", "20261124T170000", 0, 1794898800000 },
	{ "Apple Calendar: the address in EMAIL as well, method in the calendar",
	    "X-Mailer: iPhone Mail (22A3354)\n"
	    "Content-Type: multipart/mixed; boundary=Apple-Mail-1\n\n"
	    "--Apple-Mail-1\nContent-Type: text/plain; charset=us-ascii\n\n\n"
	    "--Apple-Mail-1\nContent-Type: text/calendar; name=iCal.ics; "
	    "charset=utf-8; method=REPLY\nContent-Disposition: attachment; "
	    "filename=iCal.ics\nContent-Transfer-Encoding: quoted-printable\n"
	    "\n",
	    "BEGIN:VCALENDAR\nCALSCALE:GREGORIAN\nVERSION:2.0\nMETHOD:REPLY\n"
	    "PRODID:-//Apple Inc.//iPhone OS 18.0//EN\nBEGIN:VEVENT\n"
	    "CREATED:20261116T081402Z\nUID:" MY_UID "\n"
	    "DTEND;TZID=3DEurope/Warsaw:20261124T190000\n"
	    "ATTENDEE;CN=3D\"Jan Pilorz\";CUTYPE=3DINDIVIDUAL;EMAIL=3D\"jan@a."
	    "ex=\nample\";PARTSTAT=3DACCEPTED;ROLE=3DOPT-PARTICIPANT:mailto:ja"
	    "n@a.exa=\nmple\nTRANSP:OPAQUE\nSUMMARY:Spotkanie\n"
	    "LAST-MODIFIED:20261117T080000Z\nDTSTAMP:20261117T080000Z\n"
	    "ORGANIZER;CN=3D\"Konsultacje\";EMAIL=3D\"konsultacje+T@powiat.exa"
	    "mple\":=\nmailto:konsultacje+T@powiat.example\n"
	    "DTSTART;TZID=3DEurope/Warsaw:20261124T170000\nSEQUENCE:0\n"
	    "END:VEVENT\nEND:VCALENDAR\n",
	    "\n--Apple-Mail-1--\n", false, MY_UID, "jan@a.example", "ACCEPTED",
	    "", "", "20261124T170000", 0, 1794902400000 },
	{ "Thunderbird: the calendar as text and as a file",
	    "User-Agent: Mozilla Thunderbird\nMIME-Version: 1.0\n"
	    "Content-Type: multipart/mixed; boundary=\"----8Q\"\n\n"
	    "------8Q\nContent-Type: multipart/alternative; "
	    "boundary=\"----8R\"\n\n------8R\n"
	    "Content-Type: text/plain; charset=UTF-8\n"
	    "Content-Transfer-Encoding: 8bit\n\nJan akceptuje zaproszenie.\n"
	    "------8R\nContent-Type: text/calendar; method=REPLY; "
	    "charset=UTF-8\nContent-Transfer-Encoding: base64\n\n",
	    "BEGIN:VCALENDAR\r\n"
	    "PRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN\r\n"
	    "VERSION:2.0\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\n"
	    "CREATED:20261117T085900Z\r\nLAST-MODIFIED:20261117T090000Z\r\n"
	    "DTSTAMP:20261117T090000Z\r\nUID:" MY_UID "\r\n"
	    "SUMMARY:Spotkanie\r\nORGANIZER;CN=\"Konsultacje\":mailto:konsult"
	    "acje+T@powiat.example\r\n"
	    "ATTENDEE;CN=Jan;PARTSTAT=ACCEPTED;CUTYPE=INDIVIDUAL;ROLE=OPT-PAR"
	    "TICI\r\n PANT;RSVP=TRUE:mailto:jan@a.example\r\n"
	    "DTSTART;TZID=Europe/Warsaw:20261124T170000\r\n"
	    "DTEND;TZID=Europe/Warsaw:20261124T190000\r\nSEQUENCE:2\r\n"
	    "X-MOZ-INVITED-ATTENDEE:mailto:jan@a.example\r\n"
	    "X-MOZ-RECEIVED-SEQUENCE:2\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
	    "\n------8R--\n\n------8Q\nContent-Type: application/ics; "
	    "name=\"invite.ics\"\nContent-Disposition: attachment; "
	    "filename=\"invite.ics\"\n\nBEGIN:VCALENDAR\nEND:VCALENDAR\n"
	    "------8Q--\n",
	    true, MY_UID, "jan@a.example", "ACCEPTED", "", "",
	    "20261124T170000", 2, 1794906000000 },
	{ "sends somebody else instead (RFC 5546, 4.2.5)",
	    "Content-Type: text/calendar; method=REPLY\n\n",
	    "BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\n"
	    "UID:" MY_UID "\nDTSTAMP:20261117T090000\n"
	    "ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO=\"mailto:ewa@a.example\":"
	    "mailto:jan@a.example\nEND:VEVENT\nEND:VCALENDAR\n",
	    "", false, MY_UID, "jan@a.example", "DELEGATED", "",
	    "ewa@a.example", "", 0, 1794906000000 },
	{ "proposes another time (RFC 5546, 3.2.7)",
	    "Content-Type: text/calendar; method=COUNTER\n\n",
	    "BEGIN:VCALENDAR\nMETHOD:COUNTER\nBEGIN:VEVENT\n"
	    "UID:" MY_UID "\nDTSTAMP:wczoraj\n"
	    "ATTENDEE;PARTSTAT=TENTATIVE:mailto:jan@a.example\n"
	    "DTSTART;TZID=Europe/Warsaw:20261125T173000\n"
	    "COMMENT:Dzień później?\nEND:VEVENT\nEND:VCALENDAR\n",
	    "", false, MY_UID, "jan@a.example", "TENTATIVE", "Dzień później?",
	    "", "20261125T173000", 0, 0 },
	{ "asks for the invitation anew (RFC 5546, 3.2.6)",
	    "Content-Type: text/calendar; method=REFRESH\n\n",
	    "BEGIN:VCALENDAR\nMETHOD:REFRESH\nBEGIN:VEVENT\n"
	    "UID:" MY_UID "\nDTSTAMP:20261117T090000Z\n"
	    "ATTENDEE:mailto:jan@a.example\nEND:VEVENT\nEND:VCALENDAR\n",
	    "", false, MY_UID, "jan@a.example", "", "", "", "", 0,
	    1794906000000 },
};

static void
put_base64(struct buf *out, struct span s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < s.n; i += 3) {
		uint32_t bits = 0;

		for (size_t k = 0; k < 3; k++)
			bits = bits << 8 |
			       (i + k < s.n ? (unsigned char)s.p[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			buf_char(out, i + k > s.n
					  ? '='
					  : digits[bits >> (18 - 6 * k) & 63]);
		if (i % 57 == 54)
			buf_char(out, '\n');
	}
}

static void
every_calendar_s_shape_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		const struct shape *row = &shapes[i];
		struct buf mail = { .max = 64 * 1024 };
		const struct calendar *cal;
		struct parsed p;

		buf_str(&mail, "From: Jan <jan@a.example>\n"
			       "To: konsultacje+T@powiat.example\n"
			       "Subject: Spotkanie\nMIME-Version: 1.0\n");
		buf_str(&mail, row->head);
		if (row->is_base64)
			put_base64(&mail, span_of(row->calendar));
		else
			buf_str(&mail, row->calendar);
		buf_str(&mail, row->tail);
		mails_parse(&p, buf_span(&mail));
		cal = &p.calendar;
		if (p.kind != KIND_RSVP)
			fail_msg("%s: %s (%s)", row->says, kind_name(p.kind),
			    p.why.p);
		if (!span_is(cal->uid, row->uid) ||
		    !span_is(cal->attendee, row->attendee) ||
		    !span_is(cal->partstat, row->partstat) ||
		    !span_is(cal->comment, row->comment) ||
		    !span_is(cal->delegate, row->delegate) ||
		    !span_is(cal->starts, row->starts) ||
		    cal->sequence != row->sequence ||
		    cal->stamp_ms != row->stamp_ms)
			fail_msg("%s: uid \"%s\", \"%s\", \"%s\", \"%s\", "
				 "delegate \"%s\", starts \"%s\", %d, %lld",
			    row->says, cal->uid.p, cal->attendee.p,
			    cal->partstat.p, cal->comment.p, cal->delegate.p,
			    cal->starts.p, (int)cal->sequence,
			    (long long)cal->stamp_ms);
		parsed_free(&p);
		buf_free(&mail);
	}
}

/* A calendar as the only part, and what became of it. */
static void
check_hostile(const char *says, const struct buf *calendar)
{
	struct buf mail = { .max = 4 << 20 };
	struct parsed p;

	buf_str(&mail, "From: jan@a.example\nSubject: x\n"
		       "Content-Type: text/calendar; method=REPLY\n\n");
	buf_add(&mail, buf_span(calendar));
	mails_parse(&p, buf_span(&mail));
	if (p.kind == KIND_RSVP)
		fail_msg("%s: was read", says);
	parsed_free(&p);
	buf_free(&mail);
}

static void
calendars_that_would_hurt_are_not_read(void **state)
{
	struct buf calendar = { .max = 2 << 20 };

	(void)state;
	for (int i = 0; i < 30; i++)
		buf_str(&calendar, "BEGIN:VCALENDAR\n");
	check_hostile("nested thirty deep", &calendar);
	buf_reset(&calendar);
	buf_str(&calendar, "BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\n");
	for (int i = 0; i < 6000; i++)
		buf_str(&calendar, "X-A:b\n");
	buf_str(&calendar, "END:VEVENT\nEND:VCALENDAR\n");
	check_hostile("six thousand lines", &calendar);
	buf_reset(&calendar);
	buf_str(&calendar, "END:VCALENDAR\n");
	check_hostile("only an end", &calendar);
	buf_free(&calendar);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_read),
		cmocka_unit_test(every_calendar_s_shape_is_read),
		cmocka_unit_test(calendars_that_would_hurt_are_not_read),
	};

	return cmocka_run_group_tests(tests, mails_open, mails_close);
}

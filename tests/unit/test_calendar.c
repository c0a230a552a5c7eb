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
		cmocka_unit_test(calendars_that_would_hurt_are_not_read),
	};

	return cmocka_run_group_tests(tests, mails_open, mails_close);
}

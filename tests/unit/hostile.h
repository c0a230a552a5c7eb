/* hostile - shapes of mails that were made to take long
 *
 * Place: test_hostile.c reads each in bounded time; bench_hostile.c shows the
 * time by size.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "parsers/buf.h"

#define FROM "From: Anna <anna@poczta.example>\nSubject: BL-7M4H\n"
#define TEXT FROM "Content-Type: text/plain; charset=utf-8\n\nTak.\n"
#define HTML FROM "Content-Type: text/html; charset=utf-8\n\n<p>Tak.</p>\n"
#define PARTS FROM "Content-Type: multipart/mixed; boundary=a\n\n"
#define SUBJECT "From: Anna <anna@poczta.example>\nSubject: "

struct shape {
	const char *sentence;
	const char *head, *unit; /* the unit is repeated to the size;
				  * \1 in it is another number each time */
};

/* clang-format off */
static const struct shape hostile_shapes[] = {
	{ "empty lines", TEXT, "\n" },
	{ "one line without a space", TEXT, "a" },
	{ "one line of words", TEXT, "prosz\xc4\x99 o " },
	{ "one line of spaces", TEXT, " " },
	{ "lines of spaces", TEXT, " \t \n" },
	{ "attributions", TEXT, "W dniu 16.11.2026 o 09:15, Jan pisze:\n" },
	{ "attributions that never end", TEXT, "On Mon, Jan <a@x.example>\n" },
	{ "an attribution that never ends", TEXT, "W dniu 16.11.2026 " },
	{ "labels of old mails", TEXT, "Od: Jan\nTemat: x\n" },
	{ "labels of one kind", TEXT, "Od: " },
	{ "rules", TEXT, "________________________________\n" },
	{ "rules with words", TEXT, "-----Original Message-----\n" },
	{ "one quote sign after another", TEXT, ">" },
	{ "quote signs and spaces", TEXT, "> " },
	{ "quoted lines", TEXT, "> x\n" },
	{ "answers between quotes", TEXT, "> x\ny\n" },
	{ "signatures", TEXT, "-- \nJan\n" },
	{ "closing formulas", TEXT, "Z powa\xc5\xbc" "aniem\nJan\n" },
	{ "greetings", TEXT, "Dzie\xc5\x84 dobry,\n" },
	{ "mobile footers", TEXT, "Wys\xc5\x82" "ano z iPhone'a\n" },
	{ "small print", TEXT, "Ta wiadomo\xc5\x9b\xc4\x87 jest poufna\n\n" },
	{ "round brackets", TEXT, "(" },
	{ "square brackets", TEXT, "[" },
	{ "angle brackets", TEXT, "<" },
	{ "at signs", TEXT, "@" },
	{ "addresses", TEXT, "a@b.example " },
	{ "links", TEXT, "http://" },
	{ "list items", TEXT, "- x\n" },
	{ "codes", TEXT, "BL-7M4H " },
	{ "near misses of codes", TEXT, "BL-7N4H " },
	{ "starts of codes", TEXT, "BL-" },
	{ "codes that begin pieces", TEXT, "BL-7M4H: a\nBL-10KE: b\n" },
	{ "provisions", TEXT, "\xc2\xa7 4 ust. 2 " },
	{ "section signs", TEXT, "\xc2\xa7" },
	{ "letters of no width", TEXT, "\xe2\x80\x8b" },
	{ "accents on one letter", TEXT, "\xcc\x81" },
	{ "letters that fold longer", TEXT, "\xef\xb7\xba" },
	{ "bytes of no charset", TEXT, "\xff" },
	{ "letters encoded twice", TEXT, "\xc3\x85\xc2\xbc" },
	{ "text behind attributions", TEXT,
	    "On 1.1.2026 a <a@b.example> wrote: x\n" },
	{ "uuencoded files", TEXT, "begin 644 a\n" },
	{ "divs", HTML, "<div>" },
	{ "divs with words", HTML, "<div>x</div>" },
	{ "quotes in quotes", HTML, "<blockquote type=cite>x" },
	{ "quote containers", HTML, "<div class=gmail_quote>x" },
	{ "bold and italic", HTML, "<b><i>" },
	{ "bold and italic crossed", HTML, "<b><i></b></i>" },
	{ "tables", HTML, "<table><tr><td>" },
	{ "lists", HTML, "<ul><li>" },
	{ "breaks", HTML, "<br>" },
	{ "links that never end", HTML, "<a href=\"" },
	{ "comments that never end", HTML, "<!--" },
	{ "conditions", HTML, "<!--[if mso]>" },
	{ "ampersands", HTML, "&" },
	{ "entities", HTML, "&amp;" },
	{ "less-than signs", HTML, "<" },
	{ "attributes", HTML "<p ", "a=b " },
	{ "encoded words", SUBJECT, "=?utf-8?Q?a?= " },
	{ "encoded words that never end", SUBJECT, "=?utf-8?Q?" },
	{ "a folded subject", SUBJECT, "x\n " },
	{ "header fields", "", "X-A: b\n" },
	{ "Received fields", "", "Received: from a by b; x\n" },
	{ "recipients", "To: ", "a@b.example, " },
	{ "comments in an address", "From: ", "(" },
	{ "quotes in an address", "From: ", "\"" },
	{ "references", "References: ", "<a@b> " },
	{ "parameters", "Content-Type: text/plain", "; a=b" },
	{ "continued parameters", "Content-Type: text/plain", "; a*0=b" },
	{ "empty parts", PARTS, "--a\n" },
	{ "parts", PARTS, "--a\n\nx\n" },
	{ "ends of parts", PARTS, "--a--\n" },
	{ "parts in parts", PARTS,
	    "--a\nContent-Type: multipart/mixed; boundary=a\n\n" },
	{ "mails in mails", FROM, "Content-Type: message/rfc822\n\n" },
	{ "a bounce of many", FROM
	    "Content-Type: multipart/report; report-type=delivery-status;"
	    " boundary=a\n\n--a\nContent-Type: message/delivery-status\n\n",
	    "Final-Recipient: rfc822; a@b.example\nAction: failed\n\n" },
	{ "tags of many names", HTML, "<x\1>y" },
	{ "ends of many names", HTML, "<x\1></x\1>" },
	{ "links to many places", HTML, "<a href='http://x/\1'>x</a>" },
	{ "attributes of many names", HTML, "<p a\1=b>" },
	{ "styles", HTML, "<p style='color:#\1'>x" },
	{ "many numbers", TEXT, "\1 " },
	{ "many addresses", TEXT, "a\1@b.example\n" },
	{ "many provisions", TEXT, "art. \1 ust. 2, " },
	{ "answers between many attributions", TEXT,
	    "On 1.1.2026 a\1@b.example wrote:\n> x\ny\n" },
	{ "many labels", TEXT, "Od: a\1\nDo: b\nx\n" },
	{ "many fields", "", "X-\1: b\n" },
	{ "many recipients", "To: ", "a\1@b.example, " },
	{ "many references", "References: ", "<\1@b> " },
	{ "many attachments", PARTS,
	    "--a\nContent-Type: a/b; name=\1.pdf\n\nx\n" },
	{ "many boundaries", PARTS,
	    "--a\nContent-Type: multipart/mixed; boundary=\1\n\n--\1\n" },
	{ "signed parts", PARTS,
	    "--a\nContent-Type: application/pkcs7-mime; name=\1.p7m\n"
	    "Content-Transfer-Encoding: base64\n\nMIAGCSqGSIb3DQEHAqCA\n" },
	{ "a bounce that lists many", "Return-Path: <>\n" FROM "\nUndelivered:\n",
	    "<a\1@b.example>: 550 5.1.1 no such user\n" },
	{ "Authentication-Results", "",
	    "Authentication-Results: mx.powiat.example; dmarc=none \1\n" },
	{ "a calendar of many", FROM
	    "Content-Type: text/calendar; method=REPLY\n\nBEGIN:VCALENDAR\n",
	    "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a\1@b.example\n" },
	{ "a calendar", FROM
	    "Content-Type: text/calendar; method=REPLY\n\nBEGIN:VCALENDAR\n",
	    "BEGIN:VEVENT\n" },
};
/* clang-format on */

#define N_HOSTILE (sizeof(hostile_shapes) / sizeof(hostile_shapes[0]))

/* Makes the mail of a shape, of `size` bytes or little more, in `mail`. */
static inline void
hostile_mail(struct buf *mail, const struct shape *shape, size_t size)
{
	buf_reset(mail);
	buf_str(mail, shape->head);
	for (int number = 1; mail->n < size; number++)
		for (const char *p = shape->unit; *p != '\0'; p++)
			if (*p == '\1')
				buf_printf(mail, "%d", number);
			else
				buf_char(mail, *p);
}

#endif

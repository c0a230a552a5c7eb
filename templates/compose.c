/* compose - a mail from its parts, safe against injection */
#include "templates/compose.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "parsers/address.h"
#include "parsers/digest.h"
#include "parsers/text.h"

enum {
	LINE_MAX = 76,
	WORD_BYTES = 45, /* of text in one encoded-word: 60 in base64 */
	REFERENCES_MAX = 20,
};

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void
put_base64(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.n; i += 3) {
		unsigned v = 0;

		for (size_t k = 0; k < 3; k++)
			v = v << 8 |
			    (i + k < s.n ? (unsigned char)s.p[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			buf_char(
			    out, k > s.n - i
				     ? '='
				     : base64_digits[v >> (18 - 6 * k) & 63]);
	}
}

/* Nothing that ends a header line or hides in it; UTF-8 otherwise. */
static bool
is_clean(const char *value)
{
	for (const char *p = value; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 127)
			return false;
	return text_is_utf8(span_of(value));
}

static bool
is_ascii(const char *value)
{
	for (const char *p = value; *p != '\0'; p++)
		if ((unsigned char)*p > 126)
			return false;
	return true;
}

/* Words of ASCII folded at spaces; `used` is what the line has already. */
static void
put_folded(struct buf *out, const char *value, size_t used)
{
	struct span rest = span_of(value);

	while (rest.n > 0) {
		size_t n = span_find(span_from(rest, 1), " ") + 1;

		if (n > rest.n)
			n = rest.n;
		if (used > 20 && used + n > LINE_MAX && rest.p[0] == ' ') {
			buf_str(out, "\r\n");
			used = 0;
		}
		buf_add(out, span_sub(rest, 0, n));
		rest = span_from(rest, n);
		used += n;
	}
}

/* RFC 2047: base64 words of UTF-8, no character split between two. */
static void
put_encoded(struct buf *out, const char *value)
{
	struct span rest = span_of(value);
	bool is_first = true;

	while (rest.n > 0) {
		size_t n = 0, len;

		while (n < rest.n) {
			text_next(span_from(rest, n), &len);
			if (len == 0 || n + len > WORD_BYTES)
				break;
			n += len;
		}
		buf_str(out, is_first ? "=?utf-8?B?" : "\r\n =?utf-8?B?");
		put_base64(out, span_sub(rest, 0, n));
		buf_str(out, "?=");
		rest = span_from(rest, n);
		is_first = false;
	}
}

static void
put_text_header(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, "%s: ", name);
	/* "=?" must not be taken for an encoded-word of ours. */
	if (is_ascii(value) && strstr(value, "=?") == NULL)
		put_folded(out, value, strlen(name) + 2);
	else
		put_encoded(out, value);
	buf_str(out, "\r\n");
}

static void
put_address(
    struct buf *out, const char *name, const char *display, const char *address)
{
	buf_printf(out, "%s: ", name);
	if (display[0] != '\0' && is_ascii(display) &&
	    strpbrk(display, "\"\\") == NULL)
		buf_printf(out, "\"%s\"\r\n ", display);
	else if (display[0] != '\0') {
		put_encoded(out, display);
		buf_str(out, "\r\n ");
	}
	buf_printf(out, display[0] != '\0' ? "<%s>\r\n" : "%s\r\n", address);
}

/* One id a line; of a long thread the first and the last ones (RFC 5322,
 * 3.6.4, asks for the parent at least). */
static void
put_ids(struct buf *out, const char *name, const char *ids)
{
	struct span rest = span_of(ids), id;
	size_t total = 0, i = 0;

	for (const char *p = ids; *p != '\0'; p++)
		total += *p == ' ';
	if (span_trim(rest).n == 0)
		return;
	buf_printf(out, "%s:", name);
	for (; rest.n > 0; i++) {
		size_t n = span_find(rest, " ");

		id = span_trim(span_sub(rest, 0, n));
		rest = span_from(rest, n + 1);
		if (id.n == 0 || id.n > 900 ||
		    (i > 0 && total > REFERENCES_MAX &&
			i + REFERENCES_MAX <= total))
			continue;
		buf_printf(out, "%s <%.*s>",
		    out->p[out->n - 1] == ':' ? "" : "\r\n", (int)id.n, id.p);
	}
	buf_str(out, "\r\n");
}

static void
put_date(struct buf *out, int64_t ms, int offset)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu",
		"Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t local = (time_t)(ms / 1000) + offset * 60;
	int zone = offset < 0 ? -offset : offset;
	struct tm tm = { 0 };

	gmtime_r(&local, &tm);
	buf_printf(out, "Date: %s, %02d %s %d %02d:%02d:%02d %c%02d%02d\r\n",
	    days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900,
	    tm.tm_hour, tm.tm_min, tm.tm_sec, offset < 0 ? '-' : '+', zone / 60,
	    zone % 60);
}

/* Quoted-printable (RFC 2045, 6.7): lines of at most 76, none that starts with
 * a dot or "From ", no blank at a line's end. */
static void
put_quoted_printable(struct buf *out, struct span s)
{
	size_t column = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool ends = i + 1 == s.n || s.p[i + 1] == '\n';
		bool plain = (c > ' ' && c < 127 && c != '=') ||
			     ((c == ' ' || c == '\t') && !ends);

		if (c == '\n') {
			buf_str(out, "\r\n");
			column = 0;
			continue;
		}
		if (column == 0 && (c == '.' || c == 'F'))
			plain = false;
		if (column + (plain ? 1 : 3) > LINE_MAX - 1) {
			buf_str(out, "=\r\n");
			column = 0;
			plain = plain && c != '.' && c != 'F';
		}
		if (plain)
			buf_char(out, (char)c);
		else
			buf_printf(out, "=%02X", c);
		column += plain ? 1 : 3;
	}
	if (column > 0)
		buf_str(out, "\r\n");
}

static void
put_part(struct buf *out, const char *type, const char *text)
{
	buf_printf(out,
	    "Content-Type: text/%s; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
	    type);
	put_quoted_printable(out, span_of(text));
}

static void
put_body(struct buf *out, const struct compose *mail)
{
	char boundary[SHA256_HEX];

	if (mail->html[0] == '\0') {
		put_part(out, "plain", mail->text);
		return;
	}
	/* The same mail composed again is the same, byte for byte. */
	sha256_hex(boundary, span_of(mail->message_id));
	boundary[32] = '\0';
	buf_printf(out,
	    "Content-Type: multipart/alternative;\r\n boundary=\"=_%s\"\r\n\r\n",
	    boundary);
	buf_printf(out, "--=_%s\r\n", boundary);
	put_part(out, "plain", mail->text);
	buf_printf(out, "--=_%s\r\n", boundary);
	put_part(out, "html", mail->html);
	buf_printf(out, "--=_%s--\r\n", boundary);
}

static enum status
check(const struct compose *mail, struct err *err)
{
	const struct {
		const char *name, *value;
		bool is_address;
	} all[] = {
		{ "From", mail->from, true },
		{ "To", mail->to, true },
		{ "Reply-To", mail->reply_to, mail->reply_to[0] != '\0' },
		{ "From", mail->from_name, false },
		{ "Subject", mail->subject, false },
		{ "Message-ID", mail->message_id, false },
		{ "In-Reply-To", mail->in_reply_to, false },
		{ "References", mail->references, false },
		{ "Auto-Submitted", mail->auto_submitted, false },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!is_clean(all[i].value))
			return err_set(err, ST_REJECT,
			    "the %s field would hold a control character",
			    all[i].name);
		if (all[i].is_address &&
		    !address_is_valid(span_of(all[i].value)))
			return err_set(err, ST_REJECT,
			    "the %s field would hold no mail address",
			    all[i].name);
	}
	if (strpbrk(mail->message_id, "<> ") != NULL ||
	    strpbrk(mail->in_reply_to, "<> ") != NULL ||
	    strpbrk(mail->references, "<>") != NULL)
		return err_set(err, ST_REJECT, "a message id is malformed");
	return ST_OK;
}

enum status
compose_mail(struct buf *out, const struct compose *mail, struct err *err)
{
	enum status rc = check(mail, err);

	if (rc != ST_OK)
		return rc;
	put_date(out, mail->date_ms, mail->date_offset_min);
	put_address(out, "From", mail->from_name, mail->from);
	put_address(out, "To", "", mail->to);
	if (mail->reply_to[0] != '\0')
		put_address(out, "Reply-To", "", mail->reply_to);
	put_text_header(out, "Subject", mail->subject);
	put_ids(out, "Message-ID", mail->message_id);
	put_ids(out, "In-Reply-To", mail->in_reply_to);
	put_ids(out, "References", mail->references);
	if (mail->auto_submitted[0] != '\0')
		buf_printf(out,
		    "Auto-Submitted: %s\r\nX-Auto-Response-Suppress: All\r\n",
		    mail->auto_submitted);
	buf_str(out, "MIME-Version: 1.0\r\n");
	put_body(out, mail);
	return buf_status(out, "the mail", err);
}

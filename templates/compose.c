/* compose - a mail from its parts, safe against injection */
#include "templates/compose.h"

#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "parsers/address.h"
#include "parsers/digest.h"
#include "parsers/text.h"

enum {
	LINE_LENGTH = 76,
	WORD_LENGTH = 75, /* of an encoded-word (RFC 2047, 2) */
	ID_LENGTH = 900, /* of an id that still fits into a line */
	REFERENCES_KEPT = 20, /* beside the first */
};

/* Nothing that ends a header line or hides in it; UTF-8 otherwise. */
static bool
is_clean(const char *value)
{
	for (const char *p = value; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 127)
			return false;
	return text_is_utf8(span_of(value));
}

/* ASCII that can be folded and that no reader takes for an encoded-word. */
static bool
can_stay_plain(struct span s)
{
	size_t word = 0;

	for (size_t i = 0; i < s.n; i++) {
		word = s.p[i] == ' ' ? 0 : word + 1;
		if ((unsigned char)s.p[i] > 126 || word > LINE_LENGTH - 16)
			return false;
	}
	return span_find(s, "=?") == s.n;
}

/* Words folded at spaces, so that no line is of white space alone; `column` is
 * what the line has already. */
static void
put_folded(struct buf *out, struct span s, size_t column)
{
	while (s.n > 0) {
		size_t n = 0;

		while (n < s.n && s.p[n] == ' ')
			n++;
		while (n < s.n && s.p[n] != ' ')
			n++;
		if (s.p[0] == ' ' && column + n > LINE_LENGTH) {
			buf_str(out, "\r\n");
			column = 0;
		}
		buf_add(out, span_sub(s, 0, n));
		column += n;
		s = span_from(s, n);
	}
}

/* The Q encoding's alphabet, as narrow as a display name needs it. */
static bool
is_word_character(int32_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z') ||
	       (c > 0 && c < 128 && strchr("!*+-/", (int)c) != NULL);
}

/* RFC 2047: Q-encoded words of UTF-8, one a line, no character split between
 * two.  `column` is what the first line has already. */
static void
put_encoded(struct buf *out, struct span s, size_t column)
{
	static const char start[] = "=?utf-8?Q?";
	size_t used, len, room = LINE_LENGTH - column;

	while (s.n > 0) {
		buf_str(out, start);
		used = strlen(start) + strlen("?=");
		if (room > WORD_LENGTH)
			room = WORD_LENGTH;
		while (s.n > 0) {
			int32_t c = text_next(s, &len);
			bool is_plain = is_word_character(c) || c == ' ';

			used += is_plain ? 1 : 3 * len;
			if (used > room)
				break;
			if (is_plain)
				buf_char(out, c == ' ' ? '_' : (char)c);
			for (size_t i = 0; !is_plain && i < len; i++)
				buf_printf(out, "=%02X", (unsigned char)s.p[i]);
			s = span_from(s, len);
		}
		buf_str(out, s.n > 0 ? "?=\r\n " : "?=");
		room = LINE_LENGTH - 1;
	}
}

static void
put_text(struct buf *out, const char *name, const char *value)
{
	struct span s = span_trim(span_of(value));
	size_t column = strlen(name) + 2;

	buf_printf(out, "%s: ", name);
	if (can_stay_plain(s))
		put_folded(out, s, column);
	else
		put_encoded(out, s, column);
	buf_str(out, "\r\n");
}

static void
put_address(
    struct buf *out, const char *name, const char *display, const char *address)
{
	struct span s = span_trim(span_of(display));

	buf_printf(out, "%s: ", name);
	if (s.n == 0) {
		buf_printf(out, "%s\r\n", address);
		return;
	}
	if (can_stay_plain(s) && s.n < LINE_LENGTH / 2 &&
	    strpbrk(display, "\"\\") == NULL)
		buf_printf(out, "\"%.*s\"", (int)s.n, s.p);
	else
		put_encoded(out, s, strlen(name) + 2);
	buf_printf(out, "\r\n <%s>\r\n", address);
}

/* Takes the next id from `rest`; the empty span at the end. */
static struct span
next_id(struct span *rest)
{
	struct span id;

	do {
		size_t n;

		*rest = span_trim(*rest);
		n = span_find(*rest, " ");
		id = span_sub(*rest, 0, n);
		*rest = span_from(*rest, n);
	} while (id.n > ID_LENGTH);
	return id;
}

/* One id a line (RFC 5322, 3.6.4). */
static void
put_ids(struct buf *out, const char *name, const char *ids)
{
	struct span rest = span_of(ids), id;
	size_t total = 0;

	while (next_id(&rest).n > 0)
		total++;
	if (total == 0)
		return;
	buf_printf(out, "%s:", name);
	rest = span_of(ids);
	for (size_t i = 0; i < total; i++) {
		id = next_id(&rest);
		if (i == 0)
			buf_printf(out, " <%.*s>", (int)id.n, id.p);
		else if (total - i <= REFERENCES_KEPT)
			buf_printf(out, "\r\n <%.*s>", (int)id.n, id.p);
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

/* How many bytes at the start of `s`, at most `room`, stand for themselves: all
 * visible ASCII but "=", and blanks that do not end the line. */
static size_t
plain_length(struct span s, size_t room)
{
	size_t n = 0, most = s.n < room ? s.n : room;

	while (n < most) {
		unsigned char c = (unsigned char)s.p[n];

		/* One comparison for the usual letter. */
		if ((unsigned char)(c - ' ') > '~' - ' ' ? c != '\t' : c == '=')
			break;
		n++;
	}
	if (n > 0 && n == s.n && (s.p[n - 1] == ' ' || s.p[n - 1] == '\t'))
		n--;
	return n;
}

static size_t
escape(char *to, struct span bytes)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < bytes.n; i++) {
		unsigned char c = (unsigned char)bytes.p[i];

		*to++ = '=';
		*to++ = digits[c >> 4];
		*to++ = digits[c & 15];
	}
	return 3 * bytes.n;
}

/* Takes from `*s` what fits into a line that may have to end with "=". */
static size_t
fill_line(char *line, struct span *s)
{
	size_t n = 0, len;

	while (s->n > 0) {
		bool is_risky =
		    n == 0 && (s->p[0] == '.' || span_starts(*s, "From "));
		size_t plain =
		    is_risky ? 0 : plain_length(*s, LINE_LENGTH - 1 - n);

		memcpy(line + n, s->p, plain);
		n += plain;
		*s = span_from(*s, plain);
		if (plain > 0)
			continue;
		text_next(*s, &len);
		if (n + 3 * len > LINE_LENGTH - 1)
			break;
		n += escape(line + n, span_sub(*s, 0, len));
		*s = span_from(*s, len);
	}
	return n;
}

/* One line of text in quoted-printable (RFC 2045, 6.7): lines of at most 76,
 * no blank at the end, none that a server on the way would take for the end of
 * the mail (".") or stuff (".x", "From "). */
static void
put_quoted_line(struct buf *out, struct span s)
{
	do {
		char *line = buf_room(out, LINE_LENGTH + 2);
		size_t n;

		if (line == NULL)
			return;
		n = fill_line(line, &s);
		if (s.n > 0)
			line[n++] = '=';
		memcpy(line + n, "\r\n", 3);
		out->n += n + 2;
	} while (s.n > 0);
}

static void
put_quoted(struct buf *out, const char *type, struct span text)
{
	struct span line;

	buf_printf(out,
	    "Content-Type: %s\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
	    type);
	while (span_line(&text, &line))
		put_quoted_line(out, line);
}

/* A file, so that its line ends stay what they are. */
static void
put_base64(struct buf *out, const char *type, struct span file)
{
	gnutls_datum_t in = { (unsigned char *)file.p, (unsigned)file.n };
	gnutls_datum_t code = { NULL, 0 };

	buf_printf(out,
	    "Content-Type: %s\r\nContent-Transfer-Encoding: base64\r\n\r\n",
	    type);
	if (gnutls_base64_encode2(&in, &code) != 0)
		out->failed = true;
	for (unsigned i = 0; i < code.size; i += LINE_LENGTH) {
		unsigned left = code.size - i;

		buf_add(out, (struct span){ (const char *)code.data + i,
				 left < LINE_LENGTH ? left : LINE_LENGTH });
		buf_str(out, "\r\n");
	}
	gnutls_free(code.data);
}

/* Two boundaries of one mail; the same mail composed again is the same, byte
 * for byte.  "=_" cannot stand in quoted-printable. */
struct boundaries {
	char outer[40], inner[40];
};

static void
make_boundaries(struct boundaries *b, const char *message_id)
{
	char hash[SHA256_HEX];

	sha256_hex(hash, span_of(message_id));
	snprintf(b->inner, sizeof(b->inner), "=_%.32s", hash);
	snprintf(b->outer, sizeof(b->outer), "=_%.30s_m", hash);
}

static void
put_alternatives(
    struct buf *out, const struct compose *mail, const char *boundary)
{
	char type[80];

	buf_printf(out,
	    "Content-Type: multipart/alternative;\r\n boundary=\"%s\"\r\n\r\n",
	    boundary);
	buf_printf(out, "--%s\r\n", boundary);
	put_quoted(out, "text/plain; charset=utf-8", span_of(mail->text));
	if (mail->html[0] != '\0') {
		buf_printf(out, "--%s\r\n", boundary);
		put_quoted(
		    out, "text/html; charset=utf-8", span_of(mail->html));
	}
	if (mail->calendar.n > 0) {
		buf_printf(out, "--%s\r\n", boundary);
		snprintf(type, sizeof(type),
		    "text/calendar; charset=utf-8; method=%.20s", mail->method);
		put_quoted(out, type, mail->calendar);
	}
	buf_printf(out, "--%s--\r\n", boundary);
}

static void
put_body(struct buf *out, const struct compose *mail)
{
	struct boundaries b;

	make_boundaries(&b, mail->message_id);
	if (mail->calendar.n > 0) {
		buf_printf(out,
		    "Content-Type: multipart/mixed;\r\n boundary=\"%s\"\r\n"
		    "\r\n--%s\r\n",
		    b.outer, b.outer);
		put_alternatives(out, mail, b.inner);
		buf_printf(out,
		    "--%s\r\nContent-Disposition: attachment;"
		    " filename=\"invite.ics\"\r\n",
		    b.outer);
		put_base64(out, "application/ics; name=\"invite.ics\"",
		    mail->calendar);
		buf_printf(out, "--%s--\r\n", b.outer);
	} else if (mail->html[0] != '\0') {
		put_alternatives(out, mail, b.inner);
	} else {
		put_quoted(
		    out, "text/plain; charset=utf-8", span_of(mail->text));
	}
}

/* What mail programs offer a button for (RFC 2369, 2919). */
static void
put_list(struct buf *out, const struct compose *mail)
{
	bool has_name = mail->list_name != NULL && mail->list_name[0] != '\0';

	if (mail->list_id != NULL && has_name)
		put_address(out, "List-Id", mail->list_name, mail->list_id);
	else if (mail->list_id != NULL)
		buf_printf(out, "List-Id: <%s>\r\n", mail->list_id);
	if (mail->unsubscribe != NULL)
		buf_printf(out,
		    "List-Unsubscribe:\r\n <mailto:%s?subject=" COMPOSE_UNSUBSCRIBE
		    ">\r\n",
		    mail->unsubscribe);
}

/* Ids of visible ASCII. */
static bool
are_ids(const char *ids)
{
	for (const char *p = ids; *p != '\0'; p++)
		if ((unsigned char)*p > 126 || *p == '<' || *p == '>')
			return false;
	return true;
}

/* A tag as RFC 5646, 4.4.1 has it: short, letters, digits and hyphens. */
static bool
is_language(const char *tag)
{
	size_t n = 0;

	for (; tag[n] != '\0'; n++)
		if (!((tag[n] >= 'a' && tag[n] <= 'z') ||
			(tag[n] >= 'A' && tag[n] <= 'Z') ||
			(tag[n] >= '0' && tag[n] <= '9') || tag[n] == '-'))
			return false;
	return n <= 35;
}

static enum status
check_ids(const struct compose *mail, struct err *err)
{
	size_t n = strlen(mail->message_id);

	if (n == 0 || n > ID_LENGTH || strchr(mail->message_id, ' ') != NULL)
		return err_set(
		    err, ST_REJECT, "the mail has no usable Message-ID");
	if (mail->language != NULL && !is_language(mail->language))
		return err_set(err, ST_REJECT,
		    "the Content-Language field would hold no language");
	if (!are_ids(mail->message_id) || !are_ids(mail->in_reply_to) ||
	    !are_ids(mail->references) ||
	    (mail->list_id != NULL && (!are_ids(mail->list_id) ||
					  strchr(mail->list_id, ' ') != NULL)))
		return err_set(err, ST_REJECT,
		    "a Message-ID would hold what none can hold");
	return ST_OK;
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
		{ "Content-Language", mail->language, false },
		{ "List-Id", mail->list_name, false },
		{ "List-Id", mail->list_id, false },
		{ "List-Unsubscribe", mail->unsubscribe, true },
		{ "Content-Type", mail->method, false },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i].value == NULL)
			continue;
		if (!is_clean(all[i].value))
			return err_set(err, ST_REJECT,
			    "the %s field would hold a control character or "
			    "what is no UTF-8",
			    all[i].name);
		if (all[i].is_address &&
		    !address_is_valid(span_of(all[i].value)))
			return err_set(err, ST_REJECT,
			    "the %s field would hold no mail address",
			    all[i].name);
	}
	return check_ids(mail, err);
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
	put_text(out, "Subject", mail->subject);
	put_ids(out, "Message-ID", mail->message_id);
	put_ids(out, "In-Reply-To", mail->in_reply_to);
	put_ids(out, "References", mail->references);
	if (mail->auto_submitted[0] != '\0')
		buf_printf(out,
		    "Auto-Submitted: %s\r\nX-Auto-Response-Suppress: All\r\n",
		    mail->auto_submitted);
	if (mail->language != NULL && mail->language[0] != '\0')
		buf_printf(out, "Content-Language: %s\r\n", mail->language);
	put_list(out, mail);
	buf_str(out, "MIME-Version: 1.0\r\n");
	put_body(out, mail);
	return buf_status(out, "the mail", err);
}

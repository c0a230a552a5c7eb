/* smtp_letter - a letter in the words of SMTP */
#include "gateway/smtp_letter.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "parsers/address.h"
#include "parsers/text.h"

enum { LINE_MAX_BYTES = 998, XTEXT_MAX = 500 };

/* ---- what the server offers -------------------------------------------- */

static void
read_size(struct smtp_offer *out, struct span value)
{
	out->size = true;
	out->size_max = 0;
	for (size_t i = 0; i < value.n && i < 18; i++)
		if (value.p[i] >= '0' && value.p[i] <= '9')
			out->size_max =
			    out->size_max * 10 + (uint64_t)(value.p[i] - '0');
}

static void
read_keyword(struct smtp_offer *out, struct span line)
{
	size_t n = span_find(line, " ");
	struct span word = span_sub(line, 0, n);

	if (span_is_nocase(word, "PIPELINING"))
		out->pipelining = true;
	else if (span_is_nocase(word, "DSN"))
		out->dsn = true;
	else if (span_is_nocase(word, "SMTPUTF8"))
		out->utf8 = true;
	else if (span_is_nocase(word, "8BITMIME"))
		out->eightbit = true;
	else if (span_is_nocase(word, "SIZE"))
		read_size(out, span_trim(span_from(line, n)));
}

/* The greeting (220), the answer to EHLO (250-), to STARTTLS (220), to EHLO
 * again (250-), to AUTH (334, 235): the last run of 250 is the one that counts,
 * as what came before TLS may be somebody else's words (RFC 3207, 4.2). */
void
smtp_offer_read(struct smtp_offer *out, struct span said)
{
	struct span line;
	bool in_answer = false;

	memset(out, 0, sizeof(*out));
	while (span_line(&said, &line)) {
		bool is_250 = span_starts(line, "250");

		if (is_250 && !in_answer)
			memset(out, 0, sizeof(*out)); /* a new answer */
		else if (is_250)
			read_keyword(out, span_trim(span_from(line, 4)));
		in_answer = is_250 && line.n > 3 && line.p[3] == '-';
	}
}

/* ---- what cannot be sent ----------------------------------------------- */

static bool
has_high_bytes(struct span s)
{
	unsigned char all = 0;

	for (size_t i = 0; i < s.n; i++)
		all |= (unsigned char)s.p[i];
	return all >= 0x80;
}

/* Stricter than address_is_valid(): it stands between < and >. */
static bool
is_path(const char *address)
{
	struct span s = span_of(address);

	if (!address_is_valid(s) || !text_is_utf8(s))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 127 ||
		    s.p[i] == '<' || s.p[i] == '>')
			return false;
	return true;
}

/* The bytes before the next CR or LF; looked for in steps, so that many lines
 * that end with CR alone do not cost a look at the whole mail each. */
static size_t
line_length(struct span s)
{
	for (size_t from = 0; from < s.n; from += LINE_MAX_BYTES) {
		struct span part = span_sub(s, from, LINE_MAX_BYTES);
		const char *lf = memchr(part.p, '\n', part.n);
		size_t n = lf == NULL ? part.n : (size_t)(lf - part.p);
		const char *cr = memchr(part.p, '\r', n);

		if (cr != NULL)
			return from + (size_t)(cr - part.p);
		if (lf != NULL)
			return from + n;
	}
	return s.n;
}

/* What ends within the length of a line has no line that is longer, so most
 * lines need no look of their own. */
static const char *
line_problem(struct span mail)
{
	while (mail.n > LINE_MAX_BYTES) {
		const char *lf = memrchr(mail.p, '\n', LINE_MAX_BYTES + 1);
		size_t n =
		    lf == NULL ? line_length(mail) : (size_t)(lf - mail.p);

		if (n > LINE_MAX_BYTES)
			return "a line of the mail is longer than 998 bytes";
		mail = span_from(mail, n + 1);
	}
	return NULL;
}

const char *
smtp_letter_problem(
    char why[200], const struct letter *letter, const struct smtp_offer *offer)
{
	bool is_wide = has_high_bytes(span_of(letter->to)) ||
		       has_high_bytes(span_of(letter->from));
	struct span mail = letter->bytes;

	if (!is_path(letter->to))
		return "the recipient's address is none that can be sent to";
	if (letter->from[0] != '\0' && !is_path(letter->from))
		return "our own address is none that can be sent from";
	if (is_wide && !offer->utf8)
		return "the address has letters beyond ASCII and the mail "
		       "server takes none (SMTPUTF8); answer this person in "
		       "another way";
	if (mail.n == 0 || memchr(mail.p, '\0', mail.n) != NULL)
		return "the mail is empty or holds a NUL byte";
	if (!offer->eightbit && !offer->utf8 && has_high_bytes(mail))
		return "the mail holds bytes beyond ASCII and the mail server "
		       "takes none (8BITMIME)";
	if (offer->size_max > 0 && mail.n > offer->size_max) {
		snprintf(why, 200,
		    "the mail has %zu bytes, the mail server takes %" PRIu64
		    " at most",
		    mail.n, offer->size_max);
		return why;
	}
	return line_problem(mail);
}

/* ---- commands ---------------------------------------------------------- */

/* RFC 3461, 4: what is no visible ASCII, and + and =, as +XX. */
static void
put_xtext(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.n && i < XTEXT_MAX; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c > ' ' && c < 127 && c != '+' && c != '=')
			buf_char(out, (char)c);
		else
			buf_printf(out, "+%02X", c);
	}
}

void
smtp_letter_mail(struct buf *out, const struct letter *letter,
    const struct smtp_offer *offer)
{
	bool is_wide = has_high_bytes(span_of(letter->to)) ||
		       has_high_bytes(span_of(letter->from));

	buf_str(out, "MAIL FROM:<");
	buf_str(out, letter->from);
	buf_str(out, ">");
	if (offer->size)
		buf_printf(out, " SIZE=%zu", letter->bytes.n);
	if (offer->eightbit && has_high_bytes(letter->bytes))
		buf_str(out, " BODY=8BITMIME");
	if (is_wide)
		buf_str(out, " SMTPUTF8");
	if (offer->dsn) {
		buf_str(out, " RET=HDRS ENVID=");
		put_xtext(out, span_of(letter->reference));
	}
	buf_str(out, "\r\n");
}

void
smtp_letter_rcpt(struct buf *out, const struct letter *letter,
    const struct smtp_offer *offer)
{
	struct span to = span_of(letter->to);

	buf_str(out, "RCPT TO:<");
	buf_add(out, to);
	buf_str(out, ">");
	if (offer->dsn) {
		buf_str(out, " NOTIFY=FAILURE,DELAY");
		/* Wide addresses have a type of their own (RFC 6533) that
		 * older servers refuse; the report names them anyway. */
		if (!has_high_bytes(to)) {
			buf_str(out, " ORCPT=rfc822;");
			put_xtext(out, to);
		}
	}
	buf_str(out, "\r\n");
}

/* The bytes of the first line with its CRLF when it can go as it is, else 0. */
static size_t
untouched_line(struct span mail)
{
	size_t most = mail.n < LINE_MAX_BYTES + 2 ? mail.n : LINE_MAX_BYTES + 2;
	const char *lf = most == 0 ? NULL : memchr(mail.p, '\n', most);
	size_t n = lf == NULL ? 0 : (size_t)(lf - mail.p);

	if (n == 0 || mail.p[0] == '.' ||
	    memchr(mail.p, '\r', n) != mail.p + n - 1)
		return 0;
	return n + 1;
}

static struct span
put_line(struct buf *out, struct span mail)
{
	size_t n = line_length(mail);
	bool is_crlf =
	    n + 1 < mail.n && mail.p[n] == '\r' && mail.p[n + 1] == '\n';

	if (mail.p[0] == '.')
		buf_char(out, '.');
	buf_add(out, span_sub(mail, 0, n));
	buf_add(out, SPAN("\r\n"));
	return span_from(mail, is_crlf ? n + 2 : n + 1);
}

void
smtp_letter_body(struct buf *out, struct span mail)
{
	while (mail.n > 0) {
		size_t same = 0, n;

		while ((n = untouched_line(span_from(mail, same))) > 0)
			same += n;
		buf_add(out, span_sub(mail, 0, same));
		mail = span_from(mail, same);
		if (mail.n > 0)
			mail = put_line(out, mail);
	}
	buf_add(out, SPAN(".\r\n"));
}

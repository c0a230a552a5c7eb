/* smtp_reply - what an SMTP server answers */
#include "gateway/smtp_reply.h"

#include <stdio.h>
#include <string.h>

enum {
	REPLY_MAX = 16384, /* bytes of one reply, all lines together */
	LINES_MAX = 100,
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "250-words" and "250 words" and "250"; 0 when it is no such line. */
static int
code_of(struct span line)
{
	if (line.n < 3 || line.p[0] < '2' || line.p[0] > '5' ||
	    !is_digit(line.p[1]) || !is_digit(line.p[2]) ||
	    (line.n > 3 && line.p[3] != ' ' && line.p[3] != '-'))
		return 0;
	return (line.p[0] - '0') * 100 + (line.p[1] - '0') * 10 +
	       (line.p[2] - '0');
}

/* The bytes that "4.7.1" takes at the start of `s`, if it is of that class. */
static size_t
enhanced_length(struct span s, int code)
{
	size_t n = 1;

	if (s.n < 5 || s.p[0] != (char)('0' + code / 100))
		return 0;
	for (int part = 0; part < 2; part++) {
		size_t digits = 0;

		if (n >= s.n || s.p[n] != '.')
			return 0;
		n++;
		while (n < s.n && is_digit(s.p[n])) {
			n++;
			digits++;
		}
		if (digits == 0 || digits > 3)
			return 0;
	}
	return n == s.n || s.p[n] == ' ' ? n : 0;
}

static void
add_words(struct smtp_reply *reply, struct span words)
{
	size_t n = strlen(reply->text);

	words = span_trim(words);
	if (n > 0 && words.n > 0 && n + 1 < sizeof(reply->text))
		reply->text[n++] = ' ';
	for (size_t i = 0; i < words.n && n + 1 < sizeof(reply->text); i++) {
		char c = words.p[i];

		reply->text[n++] = c >= ' ' && c < 127 ? c : '?';
	}
	reply->text[n] = '\0';
}

/* A whole line without its end; `*last` when the reply ends with it. */
static enum status
take_line(struct smtp_reader *r, bool *last, struct err *err)
{
	struct span line = { r->line, r->n };
	struct smtp_reply *reply = &r->reply;
	size_t n;
	int code;

	while (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	code = code_of(line);
	if (code == 0 || (r->lines > 0 && code != reply->code))
		return err_set(err, ST_REJECT,
		    "the server's answer is no SMTP; is that the port of a "
		    "mail server?");
	if (++r->lines > LINES_MAX)
		return err_set(err, ST_REJECT,
		    "the server's answer has more than %d lines", LINES_MAX);
	*last = line.n == 3 || line.p[3] == ' ';
	reply->code = code;
	line = span_from(line, 4);
	n = enhanced_length(line, code);
	if (n > 0 && n < sizeof(reply->enhanced)) {
		if (reply->enhanced[0] == '\0')
			snprintf(reply->enhanced, sizeof(reply->enhanced),
			    "%.*s", (int)n, line.p);
		line = span_from(line, n);
	}
	add_words(reply, line);
	r->n = 0;
	return ST_OK;
}

enum status
smtp_reply_feed(struct smtp_reader *r, struct span *rest,
    struct smtp_reply *out, bool *done, struct err *err)
{
	*done = false;
	while (rest->n > 0 && !*done) {
		size_t n = span_find(*rest, "\n");
		size_t room = sizeof(r->line) - r->n;
		bool ends = n < rest->n;
		enum status rc;

		/* Of a line that is too long the beginning says enough. */
		memcpy(r->line + r->n, rest->p, n < room ? n : room);
		r->n += n < room ? n : room;
		r->total += n;
		*rest = span_from(*rest, n + 1);
		if (r->total > REPLY_MAX)
			return err_set(err, ST_REJECT,
			    "the server's answer is longer than %d bytes",
			    REPLY_MAX);
		if (!ends)
			return ST_OK;
		rc = take_line(r, done, err);
		if (rc != ST_OK)
			return rc;
	}
	if (*done) {
		*out = r->reply;
		memset(r, 0, sizeof(*r));
	}
	return ST_OK;
}

void
smtp_reply_words(char *out, size_t size, const struct smtp_reply *reply)
{
	snprintf(out, size, "%d%s%s%s%s", reply->code,
	    reply->enhanced[0] != '\0' ? " " : "", reply->enhanced,
	    reply->text[0] != '\0' ? " " : "", reply->text);
}

void
smtp_reply_log_words(char *out, size_t size, const struct smtp_reply *reply)
{
	struct smtp_reply clean = *reply;
	struct span rest = span_of(reply->text);

	clean.text[0] = '\0';
	while (rest.n > 0) {
		size_t n = span_find(rest, " ");
		struct span word = span_sub(rest, 0, n);

		add_words(
		    &clean, span_find(word, "@") < word.n ? SPAN("...") : word);
		rest = span_from(rest, n + 1);
	}
	smtp_reply_words(out, size, &clean);
}

bool
smtp_reply_is_about_place(const struct smtp_reply *reply)
{
	struct span words = span_of(reply->text);
	const char *e = reply->enhanced;

	/* 421 is said of the connection. */
	if (reply->code / 100 != 4 || reply->code == 421)
		return false;
	/* Grey-listing comes with any code, and means one mail. */
	if (span_find_nocase(words, "greylist") < words.n ||
	    span_find_nocase(words, "graylist") < words.n ||
	    span_find_nocase(words, "grey-list") < words.n)
		return false;
	if (e[0] == '\0')
		return reply->code == 451;
	/* RFC 3463: 3 the mail system, 4 the way there, 7 its policy. */
	return strncmp(e, "4.3.", 4) == 0 || strncmp(e, "4.4.", 4) == 0 ||
	       strncmp(e, "4.7.", 4) == 0 || strcmp(e, "4.1.2") == 0;
}

/* Says one of them in the words, in capitals or not. */
static bool
has_any(struct span words, const char *const *list)
{
	for (; *list != NULL; list++)
		if (span_find_nocase(words, *list) < words.n)
			return true;
	return false;
}

/* "Relay access denied", "relaying not permitted", "unable to relay": a server
 * that does not know us takes mail for its own people only.  Postfix tells what
 * it has against client, greeting and sender only when it hears a recipient. */
static bool
speaks_of_us(struct span words)
{
	static const char *const always[] = { "sender address rejected",
		"client host", "helo command rejected", "sender verify failed",
		"not owned by user", "authentication required",
		"must authenticate", NULL };
	static const char *const relay[] = { "denied", "not permitted",
		"not allowed", "prohibited", "unable to", "do not", NULL };

	return has_any(words, always) ||
	       (span_find_nocase(words, "relay") < words.n &&
		   has_any(words, relay));
}

bool
smtp_reply_is_about_us(const struct smtp_reply *reply)
{
	/* RFC 3463 and the IANA registry; 5.7.5x and 5.7.6x are Exchange's,
	 * 5.4.5 is the daily quota at Google's. */
	static const char *const about_us[] = { "5.1.7", "5.1.8", "5.4.5",
		"5.7.3", "5.7.8", "5.7.9", "5.7.10", "5.7.11", "5.7.13",
		"5.7.14", "5.7.20", "5.7.21", "5.7.22", "5.7.23", "5.7.24",
		"5.7.25", "5.7.26", "5.7.27", "5.7.54", "5.7.57", "5.7.60",
		"5.7.64", NULL };
	int code = reply->code;

	if (code / 100 != 5)
		return false;
	/* A login is wanted, was wrong, has to be encrypted; 504: our name in
	 * the greeting. */
	if (code == 530 || code == 535 || code == 538 || code == 504)
		return true;
	for (const char *const *e = about_us; *e != NULL; e++)
		if (strcmp(reply->enhanced, *e) == 0)
			return true;
	return speaks_of_us(span_of(reply->text));
}

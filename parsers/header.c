/* header - the fields of a mail or part, found however broken the header is */
#include "parsers/header.h"

#include <string.h>

#include "parsers/charset.h"
#include "parsers/digest.h"
#include "parsers/text.h"
#include "parsers/transfer.h"

enum {
	HEADER_MAX = 256 * 1024,
	VALUE_MAX = 64 * 1024,
	DECODE_MAX = 8 * 1024,
	FIELDS_MAX = 1000,
	LOOK_AHEAD = 20, /* lines */
	SEGMENTS_MAX = 64, /* of an RFC 2231 value */
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Is the line "Name: value"?  `*name` is then how long the name is. */
static bool
is_field(struct span line, size_t *name, size_t *colon)
{
	size_t i = 0;

	while (i < line.n && line.p[i] > ' ' && line.p[i] < 0x7F &&
	       line.p[i] != ':')
		i++;
	*name = i;
	while (i < line.n && is_blank(line.p[i]))
		i++;
	*colon = i;
	return *name > 0 && i < line.n && line.p[i] == ':';
}

/* Names that no resident would start a paragraph with. */
static bool
is_known_field(struct span line)
{
	static const char *const known[] = { "From", "To", "Cc", "Subject",
		"Date", "Message-ID", "MIME-Version", "Received", "References",
		"In-Reply-To", "Reply-To", "Return-Path", "Delivered-To",
		"Auto-Submitted", "Sender", "Precedence" };
	static const char *const families[] = { "Content-", "X-", "DKIM-",
		"ARC-", "List-", "Authentication-", "Thread-" };
	size_t name, colon;

	if (!is_field(line, &name, &colon))
		return false;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (span_is_nocase(span_sub(line, 0, name), known[i]))
			return true;
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (span_starts_nocase(line, families[i]))
			return true;
	return false;
}

/* Does the header go on behind a line that is no field? */
static bool
goes_on(struct span rest)
{
	struct span line;

	for (int i = 0; i < LOOK_AHEAD && span_line(&rest, &line); i++) {
		if (line.n == 0)
			return false;
		if (is_known_field(line))
			return true;
	}
	return false;
}

/* A line of white space only is a fold, unless what follows is the body. */
static bool
ends_header(struct span line, struct span rest)
{
	size_t name, colon;
	struct span next;

	if (line.n == 0)
		return true;
	if (span_trim(line).n > 0)
		return false;
	return span_line(&rest, &next) && next.n > 0 && !is_blank(next.p[0]) &&
	       !is_field(next, &name, &colon);
}

/* What the scan knows of the field it is in. */
struct scan {
	struct header *out;
	struct arena *a;
	struct span name, value;
	bool open;
};

/* Copies a value with its folds undone: the line ends go, the white space
 * behind them stays. */
static struct span
unfold(struct arena *a, struct span raw)
{
	char *to = arena_alloc(a, raw.n + 1);
	size_t n = 0;

	if (to == NULL)
		return (struct span){ "", 0 };
	for (size_t i = 0; i < raw.n; i++)
		if (raw.p[i] != '\r' && raw.p[i] != '\n')
			to[n++] = raw.p[i];
	return span_trim((struct span){ to, n });
}

static void
close_field(struct scan *scan)
{
	struct header *out = scan->out;
	struct field *field;

	if (!scan->open)
		return;
	scan->open = false;
	if (out->n_fields >= FIELDS_MAX) {
		out->cut = true;
		return;
	}
	field =
	    arena_push(scan->a, &out->fields, &out->n_fields, sizeof(*field));
	if (field == NULL)
		return;
	out->cut |= scan->value.n > VALUE_MAX;
	field->name = arena_copy(scan->a, scan->name);
	field->value = unfold(scan->a, span_sub(scan->value, 0, VALUE_MAX));
}

/* One line of the header.  False when it is the first of the body. */
static bool
take_line(struct scan *scan, struct span line, struct span rest)
{
	size_t name, colon;

	if (scan->open && line.n > 0 && is_blank(line.p[0])) {
		scan->value.n = (size_t)(line.p + line.n - scan->value.p);
		return true;
	}
	if (is_field(line, &name, &colon)) {
		close_field(scan);
		scan->open = true;
		scan->name = span_sub(line, 0, name);
		scan->value =
		    (struct span){ line.p + colon + 1, line.n - colon - 1 };
		return true;
	}
	close_field(scan);
	if (span_starts(line, "From ") || span_starts(line, ">From "))
		return true;
	if (!goes_on(rest))
		return false;
	scan->out->skipped++;
	return true;
}

/* Empty lines before a header that is one. */
static struct span
skip_empty(struct span entity)
{
	struct span rest = entity, start = entity, line;
	size_t name, colon;

	while (span_line(&rest, &line)) {
		if (line.n > 0)
			return is_field(line, &name, &colon) ? start : entity;
		start = rest;
	}
	return entity;
}

void
header_scan(struct header *out, struct arena *a, struct span entity)
{
	struct scan scan = { .out = out, .a = a };
	struct span rest = skip_empty(entity), line, start;

	*out = (struct header){ .body = entity.n };
	for (;;) {
		start = rest;
		if (!span_line(&rest, &line))
			break;
		if (ends_header(line, rest)) {
			out->body = entity.n - rest.n;
			break;
		}
		if ((size_t)(line.p - entity.p) > HEADER_MAX) {
			out->cut = true;
			close_field(&scan);
			continue; /* only the empty line matters now */
		}
		if (!take_line(&scan, line, rest)) {
			out->body = entity.n - start.n;
			break;
		}
	}
	close_field(&scan);
}

struct span
header_field(const struct header *header, const char *name)
{
	for (size_t i = 0; i < header->n_fields; i++)
		if (span_is_nocase(header->fields[i].name, name))
			return header->fields[i].value;
	return (struct span){ NULL, 0 };
}

/* Skips white space, semicolons and comments between parameters. */
static struct span
skip_between(struct span s)
{
	size_t depth = 0;

	for (; s.n > 0; s = span_from(s, 1)) {
		char c = s.p[0];

		if (c == '\\' && depth > 0 && s.n > 1)
			s = span_from(s, 1);
		else if (c == '(')
			depth++;
		else if (c == ')' && depth > 0)
			depth--;
		else if (depth == 0 && !is_blank(c) && c != ';')
			break;
	}
	return s;
}

void
header_type(
    struct arena *a, struct span value, struct span *type, struct span *params)
{
	struct span word, copy;
	const char *slash;
	size_t n = 0;

	value = skip_between(value);
	while (n < value.n && !is_blank(value.p[n]) && value.p[n] != ';' &&
	       value.p[n] != '(')
		n++;
	word = span_sub(value, 0, n);
	*params = span_trim(span_from(value, n));
	if (params->n > 0 && params->p[0] == ';')
		*params = span_trim(span_from(*params, 1));
	slash = word.n == 0 ? NULL : memchr(word.p, '/', word.n);
	*type = (struct span){ NULL, 0 };
	if (slash == NULL || slash == word.p || slash + 1 == word.p + word.n) {
		if (span_starts_nocase(word, "text"))
			*type = SPAN("text/plain");
		return;
	}
	copy = arena_copy(a, word);
	for (size_t i = 0; i < copy.n; i++)
		if (copy.p[i] >= 'A' && copy.p[i] <= 'Z')
			((char *)copy.p)[i] = (char)(copy.p[i] + 32);
	*type = copy;
}

struct param {
	struct span name; /* borrowed */
	struct span value; /* without quotes */
};

/* Is the byte at `i` a backslash that escapes the next one?  Only a quote or
 * itself: before anything else it is a path, as Windows programs write it. */
static bool
is_escape(struct span s, size_t i)
{
	return s.p[i] == '\\' && i + 1 < s.n &&
	       (s.p[i + 1] == '"' || s.p[i + 1] == '\\');
}

static struct span
take_quoted(struct arena *a, struct span *rest)
{
	size_t n = 0, end = 1;
	char *to;

	while (end < rest->n && rest->p[end] != '"')
		end += is_escape(*rest, end) ? 2 : 1;
	to = arena_alloc(a, end);
	for (size_t i = 1; to != NULL && i < end; i++) {
		i += is_escape(*rest, i);
		to[n++] = rest->p[i];
	}
	*rest = span_from(*rest, end + 1);
	return (struct span){ to, n };
}

/* "text/plain charset" lacks its semicolon. */
static struct span
last_word(struct span s)
{
	for (size_t i = s.n; i > 0; i--)
		if (is_blank(s.p[i - 1]))
			return span_from(s, i);
	return s;
}

/* Takes "name=value" from the front of `*rest`; false at the end. */
static bool
take_param(struct arena *a, struct span *rest, struct param *out)
{
	size_t n = 0;
	bool words;

	*rest = skip_between(*rest);
	while (n < rest->n && rest->p[n] != '=' && rest->p[n] != ';')
		n++;
	out->name = last_word(span_trim(span_sub(*rest, 0, n)));
	out->value = (struct span){ "", 0 };
	if (rest->n == 0)
		return false;
	if (n == rest->n || rest->p[n] == ';') {
		*rest = span_from(*rest, n);
		return true;
	}
	*rest = span_from(*rest, n + 1);
	while (rest->n > 0 && is_blank(rest->p[0]))
		*rest = span_from(*rest, 1);
	if (rest->n > 0 && rest->p[0] == '"') {
		out->value = take_quoted(a, rest);
		return true;
	}
	/* Only file names are written with spaces and without quotes. */
	words = span_find_nocase(out->name, "name") < out->name.n;
	for (n = 0; n < rest->n && rest->p[n] != ';'; n++)
		if (!words && (is_blank(rest->p[n]) || rest->p[n] == '('))
			break;
	out->value = span_trim(span_sub(*rest, 0, n));
	*rest = span_from(*rest, n);
	return true;
}

static void
add_percent(struct buf *out, struct span in)
{
	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] == '%' && i + 2 < in.n &&
		    hex_value(in.p[i + 1]) >= 0 &&
		    hex_value(in.p[i + 2]) >= 0) {
			buf_char(out, (char)(hex_value(in.p[i + 1]) * 16 +
					     hex_value(in.p[i + 2])));
			i += 2;
		} else {
			buf_char(out, in.p[i]);
		}
	}
}

/* One segment of an RFC 2231 value. */
struct segment {
	struct span value;
	bool there, encoded;
};

/* Is `name` "filename*", "filename*2" or "filename*2*" for `want`?  Then the
 * number of its segment, else -1. */
static int
segment_number(struct span name, const char *want, bool *encoded)
{
	int number = 0;

	if (!span_starts_nocase(name, want))
		return -1;
	name = span_from(name, strlen(want));
	if (name.n == 0 || name.p[0] != '*')
		return -1;
	name = span_from(name, 1);
	*encoded = name.n == 0;
	for (; name.n > 0 && number < SEGMENTS_MAX; name = span_from(name, 1)) {
		if (name.p[0] == '*' && name.n == 1)
			*encoded = true;
		else if (name.p[0] >= '0' && name.p[0] <= '9')
			number = number * 10 + name.p[0] - '0';
		else
			return -1;
	}
	return number < SEGMENTS_MAX ? number : -1;
}

/* A decoded value as it may be shown: valid UTF-8, controls become spaces. */
static struct span
shown(struct arena *a, struct span text)
{
	struct buf clean = { .max = text.n * 3 + 16 };
	struct span copy;

	text_clean(&clean, text);
	copy = arena_copy(a, buf_span(&clean));
	buf_free(&clean);
	for (size_t i = 0; i < copy.n; i++)
		if (copy.p[i] == '\n' || copy.p[i] == '\t')
			((char *)copy.p)[i] = ' ';
	return span_trim(copy);
}

static struct span
join_segments(struct arena *a, const struct segment *segments)
{
	struct buf bytes = { .max = VALUE_MAX },
		   text = { .max = 4 * VALUE_MAX };
	struct span charset = { NULL, 0 }, value, out;
	struct charset_note note;
	size_t quote;

	for (int i = 0; i < SEGMENTS_MAX && segments[i].there; i++) {
		value = segments[i].value;
		quote = span_find(value, "'");
		if (i == 0 && segments[i].encoded && quote < value.n) {
			charset = span_sub(value, 0, quote);
			value = span_from(value, quote + 1);
			value = span_from(value, span_find(value, "'") + 1);
		}
		if (segments[i].encoded)
			add_percent(&bytes, value);
		else
			buf_add(&bytes, value);
	}
	charset_to_utf8(&text, buf_span(&bytes), charset, &note);
	out = shown(a, buf_span(&text));
	buf_free(&bytes);
	buf_free(&text);
	return out;
}

struct span
header_param(struct arena *a, struct span value, const char *name)
{
	struct param param;

	value = span_sub(value, 0, VALUE_MAX);
	while (take_param(a, &value, &param))
		if (span_is_nocase(param.name, name))
			return param.value;
	return (struct span){ NULL, 0 };
}

struct span
header_param_text(struct arena *a, struct span value, const char *name)
{
	struct segment segments[SEGMENTS_MAX] = { { { NULL, 0 }, false,
	    false } };
	struct span plain = { NULL, 0 };
	struct param param;
	bool encoded = false;
	int number;

	value = span_sub(value, 0, VALUE_MAX);
	while (take_param(a, &value, &param)) {
		if (span_is_nocase(param.name, name) && plain.n == 0)
			plain = param.value;
		number = segment_number(param.name, name, &encoded);
		if (number >= 0 && !segments[number].there)
			segments[number] =
			    (struct segment){ param.value, true, encoded };
	}
	if (segments[0].there)
		return join_segments(a, segments);
	return header_decode(a, plain);
}

/* The word that stands at "=?" in `s`: its character set, encoding and text,
 * and how long it is with its end; 0 when there is none. */
static size_t
encoded_word(
    struct span s, struct span *charset, char *encoding, struct span *text)
{
	size_t mark, end, at;

	if (!span_starts(s, "=?"))
		return 0;
	mark = 2 + span_find(span_from(s, 2), "?");
	if (mark + 2 >= s.n || mark == 2 || mark > 60 || s.p[mark + 2] != '?')
		return 0;
	*charset = span_sub(s, 2, mark - 2);
	*encoding = (char)(s.p[mark + 1] | 32);
	if (*encoding != 'q' && *encoding != 'b')
		return 0;
	at = mark + 3;
	end = span_find(span_from(s, at), "?=");
	*text = span_sub(s, at, end);
	if (at + end < s.n)
		return at + end + 2;
	/* Cut off by its sender: the rest is taken, if it looks like a word. */
	if (text->n == 0 || memchr(text->p, ' ', text->n) != NULL)
		return 0;
	return s.n;
}

/* Bytes of adjacent words of one character set, so that a letter may be split
 * between them. */
struct words {
	struct buf bytes, *out;
	struct span charset;
	bool any;
};

static void
flush_words(struct words *w)
{
	struct charset_note note;

	if (w->any)
		charset_to_utf8(w->out, buf_span(&w->bytes), w->charset, &note);
	buf_reset(&w->bytes);
	w->any = false;
}

static void
add_word(struct words *w, struct span charset, char encoding, struct span text)
{
	struct buf spaced = { .max = DECODE_MAX };
	struct span piece;

	if (w->any && !span_is_nocase(charset, "") &&
	    !(charset.n == w->charset.n &&
		strncasecmp(charset.p, w->charset.p, charset.n) == 0))
		flush_words(w);
	w->charset = charset;
	w->any = true;
	if (encoding == 'b') {
		/* Each word carries its own padding. */
		transfer_base64(&w->bytes, text);
		return;
	}
	for (; text.n > 0; text = span_from(text, piece.n + 1)) {
		piece = span_sub(text, 0, span_find(text, "_"));
		buf_add(&spaced, piece);
		if (piece.n < text.n)
			buf_char(&spaced, ' ');
	}
	transfer_quoted(&w->bytes, buf_span(&spaced));
	buf_free(&spaced);
}

static struct span
blanks(struct span s)
{
	size_t n = 0;

	while (n < s.n && is_blank(s.p[n]))
		n++;
	return span_sub(s, 0, n);
}

struct span
header_decode(struct arena *a, struct span value)
{
	struct buf out = { .max = 8 * DECODE_MAX };
	struct words w = { .bytes = { .max = DECODE_MAX }, .out = &out };
	struct span rest = span_sub(span_trim(value), 0, DECODE_MAX), gap;
	struct span charset, text;
	struct charset_note note;
	size_t len, plain;
	char encoding;

	while (rest.n > 0) {
		gap = blanks(rest);
		len = encoded_word(
		    span_from(rest, gap.n), &charset, &encoding, &text);
		if (len > 0) {
			/* White space between two words is not theirs. */
			if (!w.any)
				buf_add(&out, gap);
			add_word(&w, charset, encoding, text);
			rest = span_from(rest, gap.n + len);
			continue;
		}
		flush_words(&w);
		plain = gap.n + 1;
		plain += span_find(span_from(rest, plain), "=?");
		charset_to_utf8(&out, span_sub(rest, 0, plain),
		    (struct span){ "", 0 }, &note);
		rest = span_from(rest, plain);
	}
	flush_words(&w);
	text = shown(a, buf_span(&out));
	buf_free(&out);
	buf_free(&w.bytes);
	return text;
}

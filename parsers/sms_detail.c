/* sms_detail - gammu-smsd's `detail` files: one received text
 *
 * The file is of the INI kind: a section [SMSBackup000], [SMSBackup001]... for
 * each segment, "Key = Value" in it, comments behind ';' (lossy, never read).
 */
#include "parsers/sms_detail.h"

#include <stdlib.h>

#include "parsers/date.h"
#include "parsers/digest.h"
#include "parsers/text.h"

enum { TEXT_MAX = 64 << 10, HIGH = 0xD800, LOW = 0xDC00, AFTER = 0xE000 };

/* The number that `digits` hexadecimal digits at `at` are; -1: they are not. */
static int
hex_number(struct span s, size_t at, size_t digits)
{
	int n = 0;

	if (at + digits > s.n)
		return -1;
	for (size_t i = 0; i < digits; i++) {
		int v = hex_value(s.p[at + i]);

		if (v < 0)
			return -1;
		n = n << 4 | v;
	}
	return n;
}

static void
add_utf8(struct buf *out, int cp)
{
	if (cp < 0x80) {
		buf_char(out, (char)cp);
		return;
	}
	if (cp < 0x800) {
		buf_char(out, (char)(0xC0 | cp >> 6));
	} else {
		if (cp < 0x10000) {
			buf_char(out, (char)(0xE0 | cp >> 12));
		} else {
			buf_char(out, (char)(0xF0 | cp >> 18));
			buf_char(out, (char)(0x80 | (cp >> 12 & 63)));
		}
		buf_char(out, (char)(0x80 | (cp >> 6 & 63)));
	}
	buf_char(out, (char)(0x80 | (cp & 63)));
}

static bool
is_pair(int high, int low)
{
	return high >= HIGH && high < LOW && low >= LOW && low < AFTER;
}

static int
pair(int high, int low)
{
	return 0x10000 + ((high - HIGH) << 10) + (low - LOW);
}

/* UCS-2 (or UTF-16) in hexadecimal digits to UTF-8; a lone half of a surrogate
 * pair stays a half. */
static bool
add_ucs2(struct buf *out, struct span hex)
{
	for (size_t at = 0; at < hex.n; at += 4) {
		int unit = hex_number(hex, at, 4);
		int next = hex_number(hex, at + 4, 4);

		if (unit < 0)
			return false;
		if (is_pair(unit, next)) {
			unit = pair(unit, next);
			at += 4;
		}
		add_utf8(out, unit);
	}
	return true;
}

/* The user data header: reference, total and number of the part. */
static void
read_udh(struct sms_part *part, struct span hex)
{
	int length = hex_number(hex, 0, 2);
	size_t at = 2, end = 2 + 2 * (size_t)(length < 0 ? 0 : length);

	while (at + 4 <= end && end <= hex.n) {
		int element = hex_number(hex, at, 2);
		int size = hex_number(hex, at + 2, 2);
		size_t ref_digits = element == 0x08 ? 4 : 2;
		size_t data = at + 4;

		if (element < 0 || size < 0)
			return;
		at = data + 2 * (size_t)size;
		if (at <= end && ((element == 0x00 && size == 3) ||
				     (element == 0x08 && size == 4))) {
			int ref = hex_number(hex, data, ref_digits);
			int total = hex_number(hex, data + ref_digits, 2);
			int seq = hex_number(hex, data + ref_digits + 2, 2);

			if (ref < 0 || seq < 1 || seq > total)
				return;
			part->ref = element == 0x08 ? ref + 65536 : ref;
			part->total = total;
			part->seq = seq;
			return;
		}
	}
}

/* "+0100" in minutes; false when it is none. */
static bool
read_zone(int *minutes, struct span s)
{
	if (s.n != 5 || (s.p[0] != '+' && s.p[0] != '-'))
		return false;
	for (int i = 1; i < 5; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	*minutes = ((s.p[1] - '0') * 10 + (s.p[2] - '0')) * 60 +
		   (s.p[3] - '0') * 10 + (s.p[4] - '0');
	if (s.p[0] == '-')
		*minutes = -*minutes;
	return true;
}

/* "20261122T215226Z", "20261122T215226", "20261122T215226+0100". */
static bool
read_time(struct sms_detail *out, struct span s)
{
	static const int at[] = { 0, 4, 6, 9, 11, 13 };
	static const int size[] = { 4, 2, 2, 2, 2, 2 };
	static const int least[] = { 1990, 1, 1, 0, 0, 0 };
	static const int most[] = { 2199, 12, 31, 23, 59, 60 };
	struct span zone = span_from(s, 15);
	int v[6] = { 0 }, minutes = 0;

	if (s.n < 15 || s.p[8] != 'T')
		return false;
	for (int f = 0; f < 6; f++) {
		for (int i = at[f]; i < at[f] + size[f]; i++) {
			if (s.p[i] < '0' || s.p[i] > '9')
				return false;
			v[f] = v[f] * 10 + (s.p[i] - '0');
		}
		if (v[f] < least[f] || v[f] > most[f])
			return false;
	}
	if (zone.n > 0 && !span_is(zone, "Z") && !read_zone(&minutes, zone))
		return false;
	out->is_local = zone.n == 0;
	out->time_ms =
	    date_to_ms(v[0], v[1], v[2], v[3], v[4], v[5]) - 60000LL * minutes;
	return true;
}

/* What is read of a file until it ends. */
struct reader {
	struct sms_detail *out;
	struct arena *arena;
	struct buf text; /* owned: of the segment being read */
	int text_lines; /* of it */
	bool in_sms, has_number;
	struct span number; /* quoted, for want of the other */
	struct err *err;
};

static struct sms_part *
current(struct reader *r)
{
	return &r->out->parts[r->out->n_parts - 1];
}

static enum status
end_section(struct reader *r)
{
	if (!r->in_sms)
		return ST_OK;
	if (r->text.failed)
		return err_set(r->err, ST_REJECT,
		    "a segment has more than %d bytes of text, which no text "
		    "message has",
		    TEXT_MAX);
	current(r)->text = arena_copy(r->arena, buf_span(&r->text));
	buf_reset(&r->text);
	r->text_lines = 0;
	r->in_sms = false;
	return ST_OK;
}

static enum status
begin_section(struct reader *r, struct span line)
{
	struct sms_part *part;
	enum status rc = end_section(r);

	if (rc != ST_OK || !span_starts_nocase(line, "[SMSBackup"))
		return rc;
	if (r->out->n_parts == SMS_PARTS_MAX)
		return err_set(r->err, ST_REJECT,
		    "more than %d segments, which no text message has",
		    SMS_PARTS_MAX);
	part = arena_push(
	    r->arena, &r->out->parts, &r->out->n_parts, sizeof(*part));
	if (part == NULL)
		return err_set(r->err, ST_BROKEN, "out of memory");
	*part = (struct sms_part){ .ref = -1, .seq = 1, .total = 1 };
	r->in_sms = true;
	return ST_OK;
}

/* "Text00", "Text01"...: the next one in order. */
static enum status
read_text(struct reader *r, struct span key, struct span value)
{
	int n = 0;

	for (size_t i = 4; i < key.n && n < 1000; i++)
		n = n * 10 + (key.p[i] - '0');
	if (n != r->text_lines++)
		return err_set(r->err, ST_REJECT,
		    "the line Text%02d is missing: the file is damaged",
		    r->text_lines - 1);
	if (!add_ucs2(&r->text, value))
		return err_set(r->err, ST_REJECT,
		    "the line Text%02d is no UCS-2 in hexadecimal digits", n);
	return ST_OK;
}

static bool
is_text_key(struct span key)
{
	if (!span_starts_nocase(key, "Text") || key.n < 5)
		return false;
	for (size_t i = 4; i < key.n; i++)
		if (key.p[i] < '0' || key.p[i] > '9')
			return false;
	return true;
}

static enum status
read_sender(struct reader *r, struct span hex)
{
	struct buf name = { .max = 1024 };
	enum status rc = ST_OK;

	if (!add_ucs2(&name, hex) || name.failed)
		rc = err_set(r->err, ST_REJECT,
		    "NumberUnicode is no UCS-2 in hexadecimal digits");
	else if (!text_is_utf8(buf_span(&name)))
		rc = err_set(r->err, ST_REJECT, "NumberUnicode holds no text");
	else
		r->out->from = arena_copy(r->arena, buf_span(&name));
	r->has_number = r->has_number || rc == ST_OK;
	buf_free(&name);
	return rc;
}

static struct span
unquoted(struct span s)
{
	return s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"'
		   ? span_sub(s, 1, s.n - 2)
		   : s;
}

static enum status
read_key(struct reader *r, struct span key, struct span value)
{
	bool first = r->out->n_parts == 1;

	if (is_text_key(key))
		return read_text(r, key, value);
	if (span_is_nocase(key, "UDH"))
		read_udh(current(r), value);
	else if (span_is_nocase(key, "NumberUnicode") && first)
		return read_sender(r, value);
	else if (span_is_nocase(key, "Number") && first)
		r->number = unquoted(value);
	else if (span_is_nocase(key, "DateTime") && first &&
		 read_time(r->out, value))
		r->out->datetime = arena_copy(r->arena, value);
	else if (span_is_nocase(key, "Coding") && span_is_nocase(value, "8bit"))
		return err_set(r->err, ST_REJECT,
		    "it holds 8-bit data, not a text (Coding = 8bit)");
	else if (span_is_nocase(key, "PDU") &&
		 span_is_nocase(value, "Status_Report"))
		return err_set(r->err, ST_REJECT,
		    "it is a delivery report, not a received text");
	return ST_OK;
}

static enum status
read_line(struct reader *r, struct span line)
{
	size_t equals;

	line = span_trim(line);
	if (line.n == 0 || line.p[0] == ';' || line.p[0] == '#')
		return ST_OK;
	if (line.p[0] == '[')
		return begin_section(r, line);
	equals = span_find(line, "=");
	if (!r->in_sms || equals == line.n)
		return ST_OK;
	return read_key(r, span_trim(span_sub(line, 0, equals)),
	    span_trim(span_from(line, equals + 1)));
}

/* Several segments, none of them with a header: one after the other. */
static void
number_headless(struct sms_detail *out)
{
	for (size_t i = 0; i < out->n_parts; i++)
		if (out->parts[i].ref != -1)
			return;
	for (size_t i = 0; i < out->n_parts; i++) {
		out->parts[i].seq = (int)i + 1;
		out->parts[i].total = (int)out->n_parts;
	}
}

static enum status
finish(struct reader *r)
{
	struct span plain;

	if (r->out->n_parts == 0)
		return err_set(r->err, ST_REJECT,
		    "it is no text in gammu-smsd's detail format: expected a "
		    "section [SMSBackup000]");
	if (!r->has_number) {
		plain = r->number;
		if (plain.p == NULL || !text_is_utf8(plain))
			return err_set(r->err, ST_REJECT,
			    "it names no sender: expected a line Number or "
			    "NumberUnicode");
		r->out->from = arena_copy(r->arena, plain);
	}
	number_headless(r->out);
	return ST_OK;
}

enum status
sms_detail_parse(
    struct sms_detail *out, struct arena *a, struct span file, struct err *err)
{
	struct reader r = {
		.out = out, .arena = a, .err = err, .text = { .max = TEXT_MAX }
	};
	enum status rc = ST_OK;
	struct span line;

	*out = (struct sms_detail){ 0 };
	while (rc == ST_OK && span_line(&file, &line))
		rc = read_line(&r, line);
	if (rc == ST_OK)
		rc = end_section(&r);
	if (rc == ST_OK)
		rc = finish(&r);
	buf_free(&r.text);
	return rc;
}

bool
sms_detail_is_complete(struct span file)
{
	struct span last = span_trim(file);
	size_t start = last.n;

	if (file.n == 0 || file.p[file.n - 1] != '\n')
		return false;
	while (start > 0 && last.p[start - 1] != '\n')
		start--;
	last = span_from(last, start);
	return span_starts_nocase(last, "MessageReference") &&
	       span_find(last, "=") < last.n;
}

static int
by_seq(const void *left, const void *right)
{
	const struct sms_part *a = left, *b = right;

	return (a->seq > b->seq) - (a->seq < b->seq);
}

/* The surrogate that starts at `s`, written in three bytes; 0: none. */
static int
half_at(struct span s)
{
	unsigned char b1, b2;

	if (s.n < 3 || s.p[0] != '\xED')
		return 0;
	b1 = (unsigned char)s.p[1];
	b2 = (unsigned char)s.p[2];
	if (b1 < 0xA0 || b1 > 0xBF || b2 < 0x80 || b2 > 0xBF)
		return 0;
	return 0xD000 | (b1 & 63) << 6 | (b2 & 63);
}

/* Halves of surrogate pairs that met become one character, others U+FFFD. */
static void
mend(struct buf *out, struct span s)
{
	while (s.n > 0) {
		int half = half_at(s);
		int next = half == 0 ? 0 : half_at(span_from(s, 3));
		size_t run = 0;

		if (half != 0 && is_pair(half, next)) {
			add_utf8(out, pair(half, next));
			s = span_from(s, 6);
		} else if (half != 0) {
			add_utf8(out, 0xFFFD);
			s = span_from(s, 3);
		} else {
			do
				run++;
			while (run < s.n && s.p[run] != '\xED');
			buf_add(out, span_sub(s, 0, run));
			s = span_from(s, run);
		}
	}
}

int
sms_detail_join(struct buf *out, struct sms_part *parts, size_t n)
{
	struct buf rough = { .max = out->max }, mended = { .max = out->max };
	int total = 0, there = 0, last = 0;

	if (n > 1)
		qsort(parts, n, sizeof(*parts), by_seq);
	for (size_t i = 0; i < n; i++) {
		if (parts[i].total > total)
			total = parts[i].total;
		if (parts[i].seq == last)
			continue;
		if (parts[i].seq > last + 1)
			buf_str(&rough, last == 0 ? "[...] " : " [...] ");
		buf_add(&rough, parts[i].text);
		last = parts[i].seq;
		there++;
	}
	if (n > 0 && last < total)
		buf_str(&rough, " [...]");
	mend(&mended, buf_span(&rough));
	text_nfc(out, buf_span(&mended));
	out->failed = out->failed || rough.failed || mended.failed;
	buf_free(&rough);
	buf_free(&mended);
	return total - there;
}

/* transfer - what a mail did to bytes so that they travel, undone */
#include "parsers/transfer.h"

#include <stdint.h>
#include <string.h>

#include "parsers/digest.h"

enum { PAD = 64, SPACE = 65, OTHER = 66 };

/* The value of a base64 character, or PAD, SPACE, OTHER. */
static uint8_t
base64_value(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	switch (c) {
	case '+':
		return 62;
	case '/':
		return 63;
	case '=':
		return PAD;
	case ' ':
	case '\t':
	case '\r':
	case '\n':
		return SPACE;
	default:
		return OTHER;
	}
}

/* Bits that wait for the rest of their group of four characters. */
struct bits {
	uint32_t bits;
	int n; /* characters in it, 0 to 3 */
};

static char *
flush(struct bits *b, char *to)
{
	if (b->n >= 2)
		*to++ = (char)(b->bits >> (b->n * 6 - 8));
	if (b->n == 3)
		*to++ = (char)(b->bits >> 2);
	*b = (struct bits){ 0, 0 };
	return to;
}

/* Decodes one line without its end; `to` has room for 3/4 of it and 3 more. */
static char *
base64_line(const uint8_t *table, struct bits *b, struct span line, char *to)
{
	const unsigned char *p = (const unsigned char *)line.p;
	const unsigned char *end;
	uint32_t v;

	if (line.n == 0)
		return to;
	end = p + line.n;
	while (p < end) {
		for (; b->n == 0 && end - p >= 4; p += 4) {
			if ((table[p[0]] | table[p[1]] | table[p[2]] |
				table[p[3]]) &
			    64)
				break;
			v = (uint32_t)table[p[0]] << 18 |
			    (uint32_t)table[p[1]] << 12 |
			    (uint32_t)table[p[2]] << 6 | table[p[3]];
			*to++ = (char)(v >> 16);
			*to++ = (char)(v >> 8);
			*to++ = (char)v;
		}
		if (p == end)
			break;
		v = table[*p++];
		if (v == PAD)
			to = flush(b, to);
		if (v >= PAD)
			continue;
		b->bits = b->bits << 6 | v;
		if (++b->n == 4) {
			*to++ = (char)(b->bits >> 16);
			*to++ = (char)(b->bits >> 8);
			*to++ = (char)b->bits;
			*b = (struct bits){ 0, 0 };
		}
	}
	return to;
}

/* How much of a trimmed line is base64: all of it, or up to and with the
 * padding; nothing when a space or an unknown sign comes before that, since
 * then somebody wrote this line. */
static size_t
base64_part(const uint8_t *table, struct span line)
{
	const unsigned char *p = (const unsigned char *)line.p;
	size_t n = 0;

	while (n + 4 <= line.n && (table[p[n]] | table[p[n + 1]] |
				      table[p[n + 2]] | table[p[n + 3]]) < PAD)
		n += 4;
	while (n < line.n && table[p[n]] < SPACE)
		n++;
	return n == line.n || (n > 0 && line.p[n - 1] == '=') ? n : 0;
}

size_t
transfer_base64(struct buf *out, struct span in)
{
	char *start = buf_room(out, in.n / 4 * 3 + 6), *to = start;
	struct bits b = { 0, 0 };
	uint8_t table[256];
	struct span line;
	size_t left_out = 0, part;

	if (start == NULL)
		return 0;
	for (int c = 0; c < 256; c++)
		table[c] = base64_value((unsigned char)c);
	while (span_line(&in, &line)) {
		line = span_trim(line);
		part = base64_part(table, line);
		to = base64_line(table, &b, span_sub(line, 0, part), to);
		left_out += line.n - part;
	}
	to = flush(&b, to);
	*to = '\0';
	out->n += (size_t)(to - start);
	return left_out;
}

/* The length of the soft line break at the start of `s` ("=" and white space
 * up to the end of the line), or 0. */
static size_t
soft_break(struct span s)
{
	size_t i = 1;

	while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t'))
		i++;
	if (i == s.n)
		return i;
	if (s.p[i] == '\n')
		return i + 1;
	return s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n' ? i + 2 : 0;
}

void
transfer_quoted(struct buf *out, struct span in)
{
	const char *hit;
	size_t plain, skip;

	while (in.n > 0) {
		hit = memchr(in.p, '=', in.n);
		plain = hit == NULL ? in.n : (size_t)(hit - in.p);
		buf_add(out, span_sub(in, 0, plain));
		in = span_from(in, plain);
		if (in.n == 0)
			break;
		skip = soft_break(in);
		if (skip == 0 && in.n >= 3 && hex_value(in.p[1]) >= 0 &&
		    hex_value(in.p[2]) >= 0) {
			buf_char(out, (char)(hex_value(in.p[1]) * 16 +
					     hex_value(in.p[2])));
			skip = 3;
		}
		if (skip == 0) {
			buf_char(out, '=');
			skip = 1;
		}
		in = span_from(in, skip);
	}
}

static unsigned
uu_value(struct span line, size_t i)
{
	return i < line.n ? ((unsigned char)line.p[i] - 32u) & 63 : 0;
}

void
transfer_uu(struct buf *out, struct span in)
{
	bool inside = false;
	struct span line;
	unsigned n, v;

	while (span_line(&in, &line)) {
		if (!inside || span_is(span_trim(line), "end")) {
			inside = !inside && span_starts(line, "begin ");
			continue;
		}
		n = uu_value(line, 0);
		for (size_t i = 1; n > 0 && i < line.n; i += 4) {
			v = uu_value(line, i) << 18 |
			    uu_value(line, i + 1) << 12 |
			    uu_value(line, i + 2) << 6 | uu_value(line, i + 3);
			for (int shift = 16; shift >= 0 && n > 0; shift -= 8) {
				buf_char(out, (char)(v >> shift));
				n--;
			}
		}
	}
}

/* Takes the quote signs and the stuffed space off a flowed line. */
static size_t
unquote(struct span *line)
{
	size_t depth = 0;

	while (depth < line->n && line->p[depth] == '>')
		depth++;
	*line = span_from(*line, depth);
	if (line->n > 0 && line->p[0] == ' ')
		*line = span_from(*line, 1);
	return depth;
}

static void
add_quote_signs(struct buf *out, size_t depth)
{
	for (size_t i = 0; i < depth; i++)
		buf_char(out, '>');
	if (depth > 0)
		buf_char(out, ' ');
}

void
transfer_flowed(struct buf *out, struct span in, bool delsp)
{
	size_t depth = 0, before = 0;
	bool open = false, first = true;
	struct span line;

	while (span_line(&in, &line)) {
		bool sign, soft;

		depth = unquote(&line);
		sign = span_is(line, "-- ");
		soft = !sign && line.n > 0 && line.p[line.n - 1] == ' ';
		/* A soft break joins only lines of one depth. */
		if (!open || sign || depth != before) {
			if (!first)
				buf_char(out, '\n');
			add_quote_signs(out, depth);
		}
		if (soft && delsp)
			line.n--;
		buf_add(out, line);
		open = soft;
		before = depth;
		first = false;
	}
	if (!first)
		buf_char(out, '\n');
}

/* imap_name - names of folders, as people write them and as IMAP has them */
#include "gateway/imap_name.h"

#include <string.h>

#include "parsers/text.h"

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/* Bits on their way into or out of BASE64. */
struct bits {
	unsigned int held;
	int n;
};

static void
put_unit(struct buf *out, struct bits *b, unsigned int unit)
{
	b->held = b->held << 16 | unit;
	b->n += 16;
	while (b->n >= 6) {
		b->n -= 6;
		buf_char(out, digits[b->held >> b->n & 63]);
	}
	b->held &= (1U << b->n) - 1;
}

static void
put_character(struct buf *out, struct bits *b, int32_t c)
{
	if (c > 0xffff) {
		c -= 0x10000;
		put_unit(out, b, 0xd800 + ((unsigned int)c >> 10));
		c = 0xdc00 + (c & 0x3ff);
	}
	put_unit(out, b, (unsigned int)c);
}

static void
end_shift(struct buf *out, struct bits *b)
{
	if (b->n > 0)
		buf_char(out, digits[b->held << (6 - b->n) & 63]);
	buf_char(out, '-');
	*b = (struct bits){ 0 };
}

enum status
imap_name_encode(struct buf *out, struct span name)
{
	struct bits b = { 0 };
	bool shifted = false;

	if (!text_is_utf8(name))
		return ST_REJECT;
	for (size_t at = 0, len; at < name.n; at += len) {
		int32_t c = text_next(span_from(name, at), &len);

		if (c < 0x20 || c == 0x7f)
			return ST_REJECT;
		if (c > 0x7e && !shifted)
			buf_char(out, '&');
		if (c <= 0x7e && shifted)
			end_shift(out, &b);
		shifted = c > 0x7e;
		if (shifted)
			put_character(out, &b, c);
		else
			buf_str(out, c == '&' ? "&-" : (char[]){ (char)c, 0 });
	}
	if (shifted)
		end_shift(out, &b);
	return ST_OK;
}

static void
put_utf8(struct buf *out, unsigned int c)
{
	if (c < 0x80) {
		buf_char(out, (char)c);
	} else if (c < 0x800) {
		buf_char(out, (char)(0xc0 | c >> 6));
		buf_char(out, (char)(0x80 | (c & 63)));
	} else if (c < 0x10000) {
		buf_char(out, (char)(0xe0 | c >> 12));
		buf_char(out, (char)(0x80 | (c >> 6 & 63)));
		buf_char(out, (char)(0x80 | (c & 63)));
	} else {
		buf_char(out, (char)(0xf0 | c >> 18));
		buf_char(out, (char)(0x80 | (c >> 12 & 63)));
		buf_char(out, (char)(0x80 | (c >> 6 & 63)));
		buf_char(out, (char)(0x80 | (c & 63)));
	}
}

/* What stands between "&" and "-"; false when it is no UTF-16 in BASE64. */
static bool
get_shifted(struct buf *out, struct span base64)
{
	unsigned int held = 0, high = 0;
	int n = 0;

	for (size_t i = 0; i < base64.n; i++) {
		const char *p = memchr(digits, base64.p[i], 64);
		unsigned int unit;

		if (p == NULL)
			return false;
		held = (held << 6 | (unsigned int)(p - digits)) & 0x3fffff;
		n += 6;
		if (n < 16)
			continue;
		n -= 16;
		unit = held >> n & 0xffff;
		if (unit >= 0xdc00 && unit < 0xe000) {
			if (high == 0)
				return false;
			put_utf8(out, 0x10000 + ((high - 0xd800) << 10) +
					  (unit - 0xdc00));
			high = 0;
			continue;
		}
		if (high != 0)
			return false;
		if (unit >= 0xd800 && unit < 0xdc00)
			high = unit;
		else
			put_utf8(out, unit);
	}
	return high == 0 && n < 6 && base64.n > 0;
}

void
imap_name_decode(struct buf *out, struct span wire)
{
	struct buf plain = { .max = 4 * IMAP_NAME_MAX };

	for (size_t at = 0; at < wire.n; at++) {
		struct span rest = span_from(wire, at + 1);
		size_t n = span_find(rest, "-");

		if (wire.p[at] != '&' || n == rest.n) {
			buf_char(out, wire.p[at]);
			continue;
		}
		buf_reset(&plain);
		if (n == 0)
			buf_char(out, '&');
		else if (get_shifted(&plain, span_sub(rest, 0, n)))
			buf_add(out, buf_span(&plain));
		else
			buf_add(out, span_sub(wire, at, n + 2));
		at += n + 1;
	}
	buf_free(&plain);
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* What stands between "://" and the next "/". */
static struct span
authority(struct span url, struct span *rest)
{
	size_t start = span_find(url, "://"), n;

	url = span_from(url, start + 3);
	n = span_find(url, "/");
	*rest = span_from(url, n + 1);
	return span_sub(url, 0, n);
}

enum status
imap_name_of_url(struct buf *out, const char *url)
{
	struct span rest, host = authority(span_of(url), &rest);

	if (host.n == 0)
		return ST_REJECT;
	if (rest.n == 0)
		rest = span_of("INBOX");
	for (size_t i = 0; i < rest.n; i++) {
		int high = -1, low = -1;

		if (rest.p[i] == '%' && i + 2 < rest.n) {
			high = hex(rest.p[i + 1]);
			low = hex(rest.p[i + 2]);
		}
		if (rest.p[i] == '%' && (high < 0 || low < 0))
			return ST_REJECT;
		if (rest.p[i] != '%') {
			buf_char(out, rest.p[i]);
			continue;
		}
		buf_char(out, (char)(high << 4 | low));
		i += 2;
	}
	return out->failed ? ST_REJECT : ST_OK;
}

void
imap_name_key(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c > ' ' && c < 127 && c != ';' && c != '%')
			buf_char(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

void
imap_name_account(struct buf *out, const char *user, const char *url)
{
	struct span rest, host = authority(span_of(url), &rest);

	imap_name_key(out, span_of(user));
	buf_char(out, '@');
	imap_name_key(out, host);
}

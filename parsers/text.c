/* text - UTF-8 and what "the same word" means */
#include "parsers/text.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include <utf8proc.h>

/* A normal form is made piece by piece: sorting the marks of one piece is
 * quadratic, so a piece has a bound.  Pieces are parted where nothing combines,
 * except in a run of marks that no language writes. */
enum { PIECE_SOFT = 64, PIECE_HARD = 128, PER_CHAR = 18 };

#define REPLACEMENT 0xFFFD
#define FOLD_OPTIONS                                              \
	(UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | \
	    UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK | UTF8PROC_IGNORE)

/* Eight times the same byte. */
#define EACH(byte) (0x0101010101010101U * (byte))

static size_t
ascii_run(struct span s)
{
	size_t i = 0;
	uint64_t eight;

	for (; i + sizeof(eight) <= s.n; i += sizeof(eight)) {
		memcpy(&eight, s.p + i, sizeof(eight));
		if (eight & EACH(0x80))
			break;
	}
	while (i < s.n && (unsigned char)s.p[i] < 0x80)
		i++;
	return i;
}

int32_t
text_next_far(struct span s, size_t *len)
{
	utf8proc_int32_t cp;
	utf8proc_ssize_t n;

	*len = s.n > 0;
	if (s.n == 0)
		return 0;
	n = utf8proc_iterate((const utf8proc_uint8_t *)s.p,
	    s.n < 4 ? (utf8proc_ssize_t)s.n : 4, &cp);
	if (n <= 0)
		return REPLACEMENT;
	*len = (size_t)n;
	return cp;
}

bool
text_is_utf8_or_nul(struct span s)
{
	size_t len;

	while (s.n > 0) {
		s = span_from(s, ascii_run(s));
		if (s.n == 0)
			break;
		text_next_far(s, &len);
		if (len == 1)
			return false;
		s = span_from(s, len);
	}
	return true;
}

bool
text_is_utf8(struct span s)
{
	return text_is_utf8_or_nul(s) &&
	       (s.n == 0 || memchr(s.p, '\0', s.n) == NULL);
}

static void
add_codepoint(struct buf *out, int32_t cp)
{
	utf8proc_uint8_t bytes[4];
	utf8proc_ssize_t n = utf8proc_encode_char(cp, bytes);

	if (n > 0)
		buf_add(out, (struct span){ (char *)bytes, (size_t)n });
}

/* The code point that stands for `cp` in clean text, or -1 for none. */
static int32_t
cleaned(int32_t cp)
{
	switch (cp) {
	case '\t':
	case '\n':
		return cp;
	case '\v':
	case '\f':
	case '\r':
	case 0x85:
	case 0x2028:
	case 0x2029:
		return '\n';
	default:
		break;
	}
	return cp < 0x20 || (cp >= 0x7F && cp < 0xA0) ? -1 : cp;
}

/* Visible ASCII and spaces, eight at a time: the sums carry into the highest bit
 * of a byte from 0x20 on and at 0x7F, and into no other byte. */
static size_t
printable_run(struct span s)
{
	size_t i = 0;
	uint64_t eight;

	for (; i + sizeof(eight) <= s.n; i += sizeof(eight)) {
		memcpy(&eight, s.p + i, sizeof(eight));
		if ((eight | ~(eight + EACH(0x60)) | (eight + EACH(0x01))) &
		    EACH(0x80))
			break;
	}
	while (i < s.n && s.p[i] >= 0x20 && s.p[i] < 0x7F)
		i++;
	return i;
}

/* Takes one clean code point from the front of `*in`; -1 for one that is
 * dropped.  `*in` must not be empty. */
static int32_t
take_clean(struct span *in)
{
	size_t len;
	int32_t cp = text_next(*in, &len);

	if (cp == '\r' && in->n > 1 && in->p[1] == '\n')
		len = 2;
	*in = span_from(*in, len);
	return cleaned(cp);
}

/* The bytes at the front that are clean as they are. */
static size_t
clean_run(struct span s)
{
	size_t at = 0, len;
	int32_t cp;

	while (at < s.n) {
		at += printable_run(span_from(s, at));
		cp = text_next(span_from(s, at), &len);
		if (cp != '\n' && (cp < 0xA0 || len == 1 || cleaned(cp) != cp))
			break;
		at += len;
	}
	return at;
}

void
text_clean(struct buf *out, struct span in)
{
	size_t run;
	int32_t cp;

	while (in.n > 0) {
		run = clean_run(in);
		if (run > 0) {
			buf_add(out, span_sub(in, 0, run));
			in = span_from(in, run);
			continue;
		}
		cp = take_clean(&in);
		if (cp >= 0)
			add_codepoint(out, cp);
	}
}

/* May a piece end before `cp`?  Marks combine with what stands before them,
 * and Hangul vowels and finals with the letter. */
static bool
starts_piece(int32_t cp)
{
	utf8proc_category_t kind;

	if (cp < 0x300)
		return true;
	kind = utf8proc_category(cp);
	return kind != UTF8PROC_CATEGORY_MN && kind != UTF8PROC_CATEGORY_MC &&
	       kind != UTF8PROC_CATEGORY_ME && !(cp >= 0x1160 && cp <= 0x11FF);
}

static void
add_normal(struct buf *out, struct span piece)
{
	utf8proc_int32_t cps[PIECE_HARD * PER_CHAR + 1];
	const utf8proc_ssize_t room = PIECE_HARD * PER_CHAR;
	utf8proc_ssize_t n;

	n = utf8proc_decompose((const utf8proc_uint8_t *)piece.p,
	    (utf8proc_ssize_t)piece.n, cps, room,
	    UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	if (n < 0 || n > room) {
		buf_add(out, piece);
		return;
	}
	n = utf8proc_reencode(cps, n, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	if (n > 0)
		buf_add(out, (struct span){ (char *)cps, (size_t)n });
}

/* How many bytes of `s` (not empty) belong to the next piece. */
static size_t
piece_length(struct span s)
{
	size_t at, len;
	int32_t cp;

	text_next(s, &at);
	for (int count = 1; at < s.n && count < PIECE_HARD; count++) {
		cp = text_next(span_from(s, at), &len);
		if (starts_piece(cp) && (cp < 0x80 || count >= PIECE_SOFT))
			break;
		at += len;
	}
	return at;
}

void
text_nfc(struct buf *out, struct span in)
{
	struct buf clean = { .max = out->max };
	struct span rest;
	size_t len;

	text_clean(&clean, in);
	out->failed |= clean.failed;
	rest = buf_span(&clean);
	while (rest.n > 0) {
		len = ascii_run(rest);
		if (len > 1 && len < rest.n)
			len--; /* the last one may take a mark */
		if (len > 1 || len == rest.n) {
			buf_add(out, span_sub(rest, 0, len));
		} else {
			len = piece_length(rest);
			add_normal(out, span_sub(rest, 0, len));
		}
		rest = span_from(rest, len);
	}
	buf_free(&clean);
}

static bool
is_white(int32_t cp)
{
	if (cp < 0x80)
		return cp == ' ' || (cp >= '\t' && cp <= '\r');
	return cp == 0x85 || cp == 0xA0 || cp == 0x1680 ||
	       (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 || cp == 0x2029 ||
	       cp == 0x202F || cp == 0x205F || cp == 0x3000;
}

/* Appends the folded form of `cp`, which is no white space itself. */
static void
fold_far(struct buf *out, size_t start, int32_t cp)
{
	utf8proc_int32_t parts[PER_CHAR];
	utf8proc_ssize_t n;
	int last = 0;

	if (cp == 0x141 || cp == 0x142) {
		buf_char(out, 'l');
		return;
	}
	/* Each of these two signs stands for a whole phrase. */
	if (cp == 0xFDFA || cp == 0xFDFB) {
		add_codepoint(out, cp);
		return;
	}
	n = utf8proc_decompose_char(cp, parts, PER_CHAR, FOLD_OPTIONS, &last);
	for (utf8proc_ssize_t i = 0; i < n && i < PER_CHAR; i++)
		if (!is_white(parts[i]))
			add_codepoint(out, parts[i]);
		else if (out->n > start && out->p[out->n - 1] != ' ')
			buf_char(out, ' ');
}

/* The folded forms of accented Latin letters, worked out once: folding one in
 * general is as dear as a line of ASCII. */
static struct {
	char bytes[7];
	unsigned char n;
} latin[0x180 - 0xC0];
static pthread_once_t latin_once = PTHREAD_ONCE_INIT;

static void
fill_latin(void)
{
	for (int i = 0; i < 0x180 - 0xC0; i++) {
		struct buf b = { .max = sizeof(latin[i].bytes) };

		fold_far(&b, 0, 0xC0 + i);
		latin[i].n = (unsigned char)b.n;
		memcpy(latin[i].bytes, buf_cstr(&b), b.n);
		buf_free(&b);
	}
}

static void
fold_one(struct buf *out, size_t start, int32_t cp)
{
	if (cp < 0xC0 || cp >= 0x180) {
		fold_far(out, start, cp);
		return;
	}
	pthread_once(&latin_once, fill_latin);
	buf_add(
	    out, (struct span){ latin[cp - 0xC0].bytes, latin[cp - 0xC0].n });
}

static void
fold_ascii(struct buf *out, struct span run)
{
	char *p = buf_room(out, run.n);

	if (p == NULL)
		return;
	for (size_t i = 0; i < run.n; i++)
		p[i] = run.p[i] >= 'A' && run.p[i] <= 'Z' ? run.p[i] + 32
							  : run.p[i];
	out->n += run.n;
	out->p[out->n] = '\0';
}

void
text_fold(struct buf *out, struct span in)
{
	size_t start = out->n, run, len;
	bool gap = false;
	int32_t cp;

	while (in.n > 0) {
		run = 0;
		while (run < in.n && in.p[run] > 0x20 && in.p[run] < 0x7F)
			run++;
		cp = text_next(in, &len);
		if (is_white(cp)) {
			gap = true;
			in = span_from(in, len);
			continue;
		}
		if (gap && out->n > start && out->p[out->n - 1] != ' ')
			buf_char(out, ' ');
		gap = false;
		if (run > 0)
			fold_ascii(out, span_sub(in, 0, run));
		else if (cleaned(cp) >= 0)
			fold_one(out, start, cp);
		in = span_from(in, run > 0 ? run : len);
	}
	while (out->n > start && out->p[out->n - 1] == ' ')
		out->p[--out->n] = '\0';
}

struct span
text_fold_copy(struct arena *a, struct span in)
{
	struct buf b = { .max = in.n * PER_CHAR + 16 };
	struct span copy;

	text_fold(&b, in);
	copy = arena_copy(a, buf_span(&b));
	buf_free(&b);
	return copy;
}

bool
text_is_word_far(int32_t codepoint)
{
	utf8proc_category_t kind;

	if (codepoint >= 0xC0 && codepoint < 0x250) /* Latin letters */
		return codepoint != 0xD7 && codepoint != 0xF7;
	kind = utf8proc_category(codepoint);
	return (kind >= UTF8PROC_CATEGORY_LU && kind <= UTF8PROC_CATEGORY_LO) ||
	       (kind >= UTF8PROC_CATEGORY_ND && kind <= UTF8PROC_CATEGORY_NO);
}

size_t
text_length(struct span s)
{
	size_t count = 0, run, len;

	while (s.n > 0) {
		run = ascii_run(s);
		count += run;
		s = span_from(s, run);
		if (s.n == 0)
			break;
		text_next(s, &len);
		s = span_from(s, len);
		count++;
	}
	return count;
}

bool
text_has_small_letter(struct span text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] >= 'a' && text.p[i] <= 'z')
			return true;
	return false;
}

bool
text_has_dash(struct span gap)
{
	if (span_find(gap, "-") < gap.n ||
	    span_find(gap, "\xE2\x88\x92") < gap.n)
		return true;
	for (size_t i = 0; i + 2 < gap.n; i++)
		if (gap.p[i] == '\xE2' && gap.p[i + 1] == '\x80' &&
		    (unsigned char)gap.p[i + 2] >= 0x90 &&
		    (unsigned char)gap.p[i + 2] <= 0x95)
			return true;
	return false;
}

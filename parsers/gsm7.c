/* gsm7 - what a text message costs, and how to write it in plain letters */
#include "parsers/gsm7.h"

#include <string.h>

#include <utf8proc.h>

#include "parsers/text.h"

enum {
	GSM_SINGLE = 160,
	GSM_PART = 153, /* a header of 7 septets in each */
	UCS_SINGLE = 70,
	UCS_PART = 67,
	ATOM_MAX = 64, /* units; what hangs together longer is split */
	PARTS_MAX = 18, /* a code point decomposed */
};

/* Septets of a character: 1, 2 in the extension table, 0 for none. */
static size_t
septets(int32_t cp)
{
	/* The letters beyond ASCII of the basic table, in their order there. */
	static const int32_t beyond[] = { 0xA3, 0xA5, 0xE8, 0xE9, 0xF9, 0xEC,
		0xF2, 0xC7, 0xD8, 0xF8, 0xC5, 0xE5, 0x394, 0x3A6, 0x393, 0x39B,
		0x3A9, 0x3A0, 0x3A8, 0x3A3, 0x398, 0x39E, 0xC6, 0xE6, 0xDF,
		0xC9, 0xA4, 0xA1, 0xC4, 0xD6, 0xD1, 0xDC, 0xA7, 0xBF, 0xE4,
		0xF6, 0xF1, 0xFC, 0xE0 };

	if (cp == '\n' || cp == '\r')
		return 1;
	if (cp == '\f' || cp == 0x20AC)
		return 2;
	if (cp >= 0x20 && cp < 0x7F)
		return strchr("^{}\\[~]|", cp) != NULL ? 2 : cp != '`';
	for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++)
		if (beyond[i] == cp)
			return 1;
	return 0;
}

/* One character as a phone shows it: what must stay in one segment. */
struct atom {
	size_t bytes;
	size_t septets; /* 0: not of the GSM alphabet */
	size_t units; /* UTF-16 */
};

/* The atom at the start of `s`, which is not empty. */
static struct atom
next_atom(struct span s)
{
	struct atom a = { 0 };
	utf8proc_int32_t state = 0;
	size_t len;
	int32_t before = 0, cp = text_next(s, &len);

	a.septets = septets(cp);
	do {
		a.bytes += len;
		a.units += cp >= 0x10000 ? 2 : 1;
		before = cp;
		cp = text_next(span_from(s, a.bytes), &len);
	} while (len > 0 && a.units < ATOM_MAX && before != '\r' &&
		 !utf8proc_grapheme_break_stateful(before, cp, &state));
	if (a.bytes > 1 && (unsigned char)s.p[0] < 0x80)
		a.septets = 0; /* a letter with a mark behind it */
	return a;
}

/* Segments in one alphabet, filled one after the other. */
struct filling {
	size_t single, part; /* room in the only segment, in one of several */
	size_t total;
	size_t parts, used; /* by the rule for several */
};

static void
fill(struct filling *f, size_t units)
{
	f->total += units;
	if (f->parts == 0 || f->used + units > f->part) {
		f->parts++;
		f->used = 0;
	}
	f->used += units;
}

static size_t
segments(const struct filling *f)
{
	return f->total <= f->single ? 1 : f->parts;
}

/* The segments of the longest prefix that is all of the GSM alphabet, and of
 * the whole as UCS-2; `*gsm_bytes`: how long that prefix is.  Stops at bytes
 * that would make more than `max` segments. */
static size_t
measure(struct span s, struct filling *gsm, struct filling *ucs, size_t max,
    size_t *gsm_bytes)
{
	bool in_gsm = true, in_ucs = true;
	size_t at = 0, ucs_bytes = 0;

	*gsm = (struct filling){ GSM_SINGLE, GSM_PART, 0, 0, 0 };
	*ucs = (struct filling){ UCS_SINGLE, UCS_PART, 0, 0, 0 };
	*gsm_bytes = 0;
	while (at < s.n && (in_gsm || in_ucs)) {
		struct atom a = next_atom(span_from(s, at));

		at += a.bytes;
		in_gsm = in_gsm && a.septets > 0;
		if (in_gsm)
			fill(gsm, a.septets);
		in_gsm = in_gsm && segments(gsm) <= max;
		if (in_gsm)
			*gsm_bytes = at;
		if (in_ucs)
			fill(ucs, a.units);
		in_ucs = in_ucs && segments(ucs) <= max;
		if (in_ucs)
			ucs_bytes = at;
	}
	return ucs_bytes;
}

struct sms_size
sms_size(struct span utf8)
{
	struct filling gsm, ucs;
	struct sms_size size = { 0 };
	size_t gsm_bytes;

	measure(utf8, &gsm, &ucs, SIZE_MAX, &gsm_bytes);
	size.is_ucs2 = gsm_bytes < utf8.n;
	size.units = size.is_ucs2 ? ucs.total : gsm.total;
	size.segments = segments(size.is_ucs2 ? &ucs : &gsm);
	return size;
}

void
sms_cut(struct buf *out, struct span utf8, size_t max_segments)
{
	struct filling gsm, ucs;
	size_t gsm_bytes,
	    ucs_bytes = measure(utf8, &gsm, &ucs, max_segments, &gsm_bytes);

	buf_add(out,
	    span_sub(utf8, 0, gsm_bytes > ucs_bytes ? gsm_bytes : ucs_bytes));
}

/* What stands for a character that has no form in plain letters. */
static const char *
plain_form(int32_t cp)
{
	static const struct {
		int32_t cp;
		const char *form;
	} forms[] = { { 0x09, " " }, { '`', "'" }, { 0xA2, "c" },
		{ 0xA9, "(c)" }, { 0xAB, "\"" }, { 0xAE, "(R)" }, { 0xB0, "o" },
		{ 0xB4, "'" }, { 0xB7, "*" }, { 0xBB, "\"" }, { 0xD0, "D" },
		{ 0xD7, "x" }, { 0xDE, "Th" }, { 0xF0, "d" }, { 0xF7, "/" },
		{ 0xFE, "th" }, { 0x110, "D" }, { 0x111, "d" }, { 0x131, "i" },
		{ 0x141, "L" }, { 0x142, "l" }, { 0x152, "OE" },
		{ 0x153, "oe" }, { 0x1E9E, "SS" }, { 0x2018, "'" },
		{ 0x2019, "'" }, { 0x201A, "'" }, { 0x201B, "'" },
		{ 0x201C, "\"" }, { 0x201D, "\"" }, { 0x201E, "\"" },
		{ 0x201F, "\"" }, { 0x2022, "*" }, { 0x2032, "'" },
		{ 0x2033, "\"" }, { 0x2039, "<" }, { 0x203A, ">" },
		{ 0x2043, "-" }, { 0x2044, "/" }, { 0x20BD, "RUB" },
		{ 0x2190, "<-" }, { 0x2192, "->" }, { 0x2212, "-" },
		{ 0x2260, "<>" }, { 0x2264, "<=" }, { 0x2265, ">=" },
		{ 0x25CF, "*" }, { 0x25E6, "*" } };
	size_t low = 0, high = sizeof(forms) / sizeof(forms[0]);

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (forms[mid].cp == cp)
			return forms[mid].form;
		if (forms[mid].cp < cp)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static void
add_gsm(struct buf *out, int32_t cp)
{
	utf8proc_uint8_t bytes[4];
	utf8proc_ssize_t n = utf8proc_encode_char(cp, bytes);

	buf_add(out, (struct span){ (char *)bytes, (size_t)n });
}

/* Nothing to see: marks, joiners, emoji modifiers. */
static bool
is_invisible(int32_t cp)
{
	utf8proc_category_t c = utf8proc_category(cp);

	return c == UTF8PROC_CATEGORY_MN || c == UTF8PROC_CATEGORY_ME ||
	       c == UTF8PROC_CATEGORY_CF || c == UTF8PROC_CATEGORY_CC ||
	       (cp >= 0x1F3FB && cp <= 0x1F3FF);
}

/* Appends a character of a decomposed one; false when it has no plain form. */
static bool
fold_one(struct buf *out, int32_t cp)
{
	utf8proc_category_t category = utf8proc_category(cp);
	const char *form = plain_form(cp);

	if (septets(cp) > 0)
		add_gsm(out, cp);
	else if (form != NULL)
		buf_str(out, form);
	else if (category == UTF8PROC_CATEGORY_ZS)
		buf_char(out, ' ');
	else if (category == UTF8PROC_CATEGORY_PD)
		buf_char(out, '-');
	else
		return is_invisible(cp);
	return true;
}

static void
fold(struct buf *out, int32_t cp)
{
	utf8proc_int32_t parts[PARTS_MAX];
	utf8proc_ssize_t n;
	bool known = true;

	if (fold_one(out, cp))
		return;
	n = utf8proc_decompose_char(
	    cp, parts, PARTS_MAX, UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE, NULL);
	for (utf8proc_ssize_t i = 0; i < n && i < PARTS_MAX; i++)
		known = (parts[i] != cp && fold_one(out, parts[i])) && known;
	if (n <= 0 || !known)
		buf_char(out, '?');
}

void
gsm7_fold(struct buf *out, struct span utf8)
{
	/* Composed letters first, since GSM has some of them; NFC is never
	 * more than three times as long. */
	struct buf nfc = { .max = 3 * utf8.n + 64 };
	struct span rest;
	size_t len;

	text_nfc(&nfc, utf8);
	rest = buf_span(&nfc);
	out->failed = out->failed || nfc.failed;
	for (; rest.n > 0; rest = span_from(rest, len))
		fold(out, text_next(rest, &len));
	buf_free(&nfc);
}

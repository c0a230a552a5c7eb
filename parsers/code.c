/* code - consultation codes: reading, checking, guessing */
#include "parsers/code.h"

#include <string.h>

#include <utf8proc.h>

#include "parsers/text.h"

enum {
	DATA = CODE_DATA + 1, /* with the check character */
	PREFIX_MAX = CODE_TEXT_MAX - DATA - 3, /* dash, one too many, NUL */
	GAP_MAX = 4, /* separators in a row */
	POLYNOMIAL = 0x25, /* x^5 + x^2 + 1 */
};

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static int
value_of(char c)
{
	const char *p = c == '\0' ? NULL : strchr(alphabet, c);

	return p == NULL ? -1 : (int)(p - alphabet);
}

char
code_check(const char data[CODE_DATA])
{
	int sum = 0;

	for (int i = 0; i < CODE_DATA; i++) {
		int v = value_of(data[i]);

		if (v < 0)
			return 0;
		for (int doubled = 0; doubled <= i; doubled++) {
			v <<= 1;
			if (v & 0x20)
				v ^= POLYNOMIAL;
		}
		sum ^= v;
	}
	return alphabet[sum];
}

bool
code_is_likely(const char *four, bool dash)
{
	char c[CODE_DATA + 1];
	bool digit = false, letter = false;

	for (int i = 0; i <= CODE_DATA; i++) {
		c[i] = four[i];
		if (c[i] >= '0' && c[i] <= '9')
			digit = true;
		else if (c[i] >= 'a' && c[i] <= 'z')
			letter = true;
		else
			return false;
		if (c[i] == 'o')
			c[i] = '0';
		else if (c[i] == 'i' || c[i] == 'l')
			c[i] = '1';
		else if (c[i] >= 'a')
			c[i] = (char)(c[i] - 32);
	}
	if (dash && digit && letter)
		return true;
	return code_check(c) == c[CODE_DATA] && (digit || dash);
}

/* One character of the text, as far as codes care. */
struct glyph {
	enum { END, LETTER, DASH, DOT, BLANK, NEWLINE, NOTHING, OTHER } kind;
	char c; /* LETTER: A-Z, 0-9 */
	bool upper; /* LETTER: was a capital or a digit */
	bool word; /* OTHER: a letter or digit all the same, such as "ę" */
	size_t len;
};

/* Cyrillic capitals that look like Latin ones. */
static char
latin_twin(int32_t cp)
{
	static const struct {
		int32_t cp;
		char c;
	} twins[] = { { 0x0410, 'A' }, { 0x0412, 'B' }, { 0x0415, 'E' },
		{ 0x041A, 'K' }, { 0x041C, 'M' }, { 0x041D, 'H' },
		{ 0x041E, 'O' }, { 0x0420, 'P' }, { 0x0421, 'C' },
		{ 0x0422, 'T' }, { 0x0425, 'X' }, { 0x0406, 'I' },
		{ 0x0405, 'S' }, { 0x0408, 'J' } };

	for (size_t i = 0; i < sizeof(twins) / sizeof(twins[0]); i++)
		if (twins[i].cp == cp)
			return twins[i].c;
	return 0;
}

/* An accented Latin letter, which is no letter of a code in any form: not so
 * the dotless i and the Polish l. */
static bool
is_accented(int32_t cp)
{
	return cp >= 0xC0 && cp < 0x17F && cp != 0x131 && cp != 0x141 &&
	       cp != 0x142;
}

/* May `cp` be another form of one plain letter or digit?  Asking costs, so that
 * Latin letters and Arabic forms, which are none, are not asked. */
static bool
may_be_form(int32_t cp)
{
	return !(cp >= 0xC0 && cp < 0x17F) && !(cp >= 0xFB50 && cp < 0xFE00);
}

static void
glyph_of_other(struct glyph *g, int32_t cp)
{
	utf8proc_int32_t parts[2] = { 0 };
	utf8proc_category_t category;
	int32_t up;

	g->kind = OTHER;
	g->word = is_accented(cp) && text_is_word(cp);
	if (is_accented(cp))
		return;
	category = utf8proc_category(cp);
	if (cp == 0xAD || cp == 0xFEFF || category == UTF8PROC_CATEGORY_CF) {
		g->kind = NOTHING;
	} else if (category == UTF8PROC_CATEGORY_ZS) {
		g->kind = BLANK;
	} else if (category == UTF8PROC_CATEGORY_PD || cp == 0x2212) {
		g->kind = DASH;
	} else {
		up = cp;
		if (may_be_form(cp) &&
		    utf8proc_decompose_char(cp, parts, 2,
			UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE, NULL) == 1)
			up = parts[0];
		if (up == cp && !text_is_word(cp))
			return;
		g->upper = utf8proc_tolower(up) != up;
		up = utf8proc_toupper(up);
		if (up == 0x141)
			up = 'L';
		g->c = up < 0x80 ? (char)up : latin_twin(up);
		if (g->c >= '0' && g->c <= '9')
			g->upper = true;
		if ((g->c >= '0' && g->c <= '9') ||
		    (g->c >= 'A' && g->c <= 'Z'))
			g->kind = LETTER;
		else
			g->word = text_is_word(cp);
	}
}

static struct glyph
glyph_of_ascii(char c)
{
	struct glyph g = { .kind = OTHER, .c = c, .len = 1 };

	if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
		g.kind = LETTER;
		g.upper = true;
	} else if (c >= 'a' && c <= 'z') {
		g.kind = LETTER;
		g.c = (char)(c - 'a' + 'A');
	} else if (c == ' ' || c == '\t') {
		g.kind = BLANK;
	} else if (c == '-') {
		g.kind = DASH;
	} else if (c == '\n' || c == '\r') {
		g.kind = NEWLINE;
	} else if (c == '.' || c == ':' || c == ',' || c == '_' || c == '/') {
		g.kind = DOT;
	}
	return g;
}

static struct glyph
glyph_at(struct span text, size_t at)
{
	struct glyph g = { .kind = OTHER };

	if (at >= text.n)
		return (struct glyph){ .kind = END };
	if ((unsigned char)text.p[at] < 0x80)
		return glyph_of_ascii(text.p[at]);
	glyph_of_other(&g, text_next(span_from(text, at), &g.len));
	return g;
}

static char
unconfused(char c)
{
	if (c == 'O')
		return '0';
	return c == 'I' || c == 'L' ? '1' : c;
}

/* A possible code, while it is read. */
struct attempt {
	struct span text;
	size_t at, end;
	char data[DATA + 2]; /* one too many, NUL */
	int n;
	bool loose_prefix; /* "B1-", "B.L." */
	bool has_dash, has_gap, is_grouped; /* "7M 4H" */
	bool digit, letter; /* typed among the data */
	bool capitals; /* no small letter in it */
};

/* Steps over separators from a->end; how many there were. */
static int
skip_gap(struct attempt *a, bool *dash)
{
	int n = 0, lines = 0;
	size_t at = a->end;

	for (int i = 0; i < 2 * GAP_MAX; i++) {
		struct glyph g = glyph_at(a->text, at);

		if (g.kind == DASH)
			*dash = true;
		if (g.kind == NEWLINE)
			lines++;
		/* A line end is no separator but where a dash was broken. */
		if (g.kind == END || g.kind == LETTER || g.kind == OTHER ||
		    (lines > 0 && !*dash))
			break;
		if (g.kind != NOTHING)
			n++;
		at += g.len;
	}
	if (n > GAP_MAX)
		return -1;
	a->end = at;
	return n;
}

static bool
read_prefix(struct attempt *a, const char *prefix)
{
	for (const char *p = prefix; *p != '\0'; p++) {
		struct glyph g;
		bool dash = false;

		if (p > prefix) {
			int gap = skip_gap(a, &dash);

			if (gap < 0 || gap > 1)
				return false;
			a->loose_prefix = a->loose_prefix || gap > 0;
		}
		g = glyph_at(a->text, a->end);
		if (g.kind != LETTER ||
		    unconfused(g.c) != unconfused(glyph_at(span_of(p), 0).c))
			return false;
		if (g.c != glyph_at(span_of(p), 0).c)
			a->loose_prefix = true;
		a->capitals = a->capitals && g.upper;
		a->end += g.len;
	}
	return true;
}

/* Reads letters and digits up to one more than a code has; false when the word
 * goes on behind them. */
static bool
read_run(struct attempt *a)
{
	for (;;) {
		struct glyph g = glyph_at(a->text, a->end);
		size_t ahead = a->end;

		while (g.kind == NOTHING && ahead - a->end < 16) {
			ahead += g.len;
			g = glyph_at(a->text, ahead);
		}
		if (g.kind != LETTER)
			return !g.word;
		if (a->n > DATA)
			return false;
		a->data[a->n++] = unconfused(g.c);
		if (g.c >= '0' && g.c <= '9')
			a->digit = true;
		else
			a->letter = true;
		a->capitals = a->capitals && g.upper;
		a->end = ahead + g.len;
	}
}

static bool
checks(const char data[DATA])
{
	return code_check(data) == data[CODE_DATA];
}

/* "BL-7M 4H", "B L 7 M 4 H": goes on behind a gap when that makes a whole code;
 * else leaves `a` as it was. */
static void
read_groups(struct attempt *a)
{
	struct attempt b = *a;
	bool dash = false;

	while (b.n > 0 && b.n < DATA) {
		int gap = skip_gap(&b, &dash);
		int before = b.n;

		if (gap != 1 || !read_run(&b) || b.n == before)
			return;
	}
	b.is_grouped = true;
	if (b.n == DATA && b.digit && checks(b.data))
		*a = b;
}

static bool
has_word_before(struct span text, size_t at)
{
	size_t len;

	while (at > 0) {
		size_t start = at - 1;

		while (start > 0 && at - start < 4 &&
		       ((unsigned char)text.p[start] & 0xC0) == 0x80)
			start--;
		if (text_is_word(text_next(
			(struct span){ text.p + start, at - start }, &len)))
			return true;
		at = start;
	}
	return false;
}

static bool
has_word_after(struct span text, size_t at)
{
	size_t len;

	for (; at < text.n; at += len)
		if (text_is_word(text_next(span_from(text, at), &len)))
			return true;
	return false;
}

/* A word of letters alone, "BLIOKE": shouted words look the same, so it must
 * open or close a text that does not shout. */
static bool
is_lone_word_a_code(const struct attempt *a)
{
	bool before, after;

	if (!a->capitals)
		return false;
	before = has_word_before(a->text, a->at);
	after = has_word_after(a->text, a->end);
	if (before && after)
		return false;
	return (!before && !after) || text_has_small_letter(a->text);
}

/* Is it certain enough to be called a code?  `whole`: somebody says it is. */
static bool
is_meant(const struct attempt *a, bool valid, bool whole)
{
	if (valid && whole)
		return true;
	if (valid && a->loose_prefix)
		return a->has_dash || a->digit;
	if (valid)
		return a->has_gap || a->digit || is_lone_word_a_code(a);
	if (a->loose_prefix)
		return false;
	if (a->n != DATA)
		return a->n >= CODE_DATA && a->has_dash && a->digit;
	if (a->has_dash)
		return true;
	return a->digit && (a->letter || !a->has_gap);
}

/* Reads a code that starts exactly at `at`. */
static bool
read_at(struct code_hit *hit, struct span text, size_t at, const char *prefix,
    bool whole)
{
	struct attempt a = {
		.text = text, .at = at, .end = at, .capitals = true
	};
	size_t n = strlen(prefix);
	int gap;

	if (n == 0 || n > PREFIX_MAX || !read_prefix(&a, prefix))
		return false;
	gap = skip_gap(&a, &a.has_dash);
	a.has_gap = gap > 0;
	if (gap < 0 || !read_run(&a))
		return false;
	if (a.n < DATA)
		read_groups(&a);
	hit->valid = a.n == DATA && checks(a.data);
	if (!is_meant(&a, hit->valid, whole))
		return false;
	hit->at = at;
	hit->n = a.end - at;
	memcpy(hit->code, prefix, n);
	hit->code[n] = '-';
	memcpy(hit->code + n + 1, a.data, sizeof(a.data));
	return true;
}

/* Does the character before `at` belong to a word? */
static bool
is_inside_word(struct span text, size_t at)
{
	size_t start = at, len;

	if (at == 0)
		return false;
	do
		start--;
	while (start > 0 && at - start < 4 &&
	       ((unsigned char)text.p[start] & 0xC0) == 0x80);
	return text_is_word(
	    text_next((struct span){ text.p + start, at - start }, &len));
}

bool
code_next(
    struct code_hit *hit, struct span text, size_t from, const char *prefix)
{
	bool inside = is_inside_word(text, from);
	char first = unconfused(glyph_at(span_of(prefix), 0).c);
	size_t at = from;

	while (at < text.n) {
		struct glyph g = glyph_at(text, at);

		if (!inside && g.kind == LETTER && unconfused(g.c) == first &&
		    read_at(hit, text, at, prefix, false))
			return true;
		inside = g.kind == LETTER || g.word;
		at += g.len;
	}
	return false;
}

/* As written, on one line. */
static struct span
spelling(struct arena *a, struct span s)
{
	struct buf out = { .max = 256 };
	struct span copy;
	bool blank = false;

	for (size_t at = 0; at < s.n;) {
		struct glyph g = glyph_at(s, at);

		if (g.kind == BLANK || g.kind == NEWLINE) {
			blank = true;
		} else if (g.kind != NOTHING) {
			if (blank)
				buf_char(&out, ' ');
			blank = false;
			buf_add(&out, span_sub(s, at, g.len));
		}
		at += g.len;
	}
	copy = arena_copy(a, buf_span(&out));
	buf_free(&out);
	return copy;
}

static bool
is_listed(const struct parsed *parsed, const struct code *code)
{
	for (size_t i = 0; i < parsed->n_codes; i++) {
		const struct code *old = &parsed->codes[i];

		if (old->where == code->where &&
		    old->inherited == code->inherited &&
		    span_eq(old->code, code->code) &&
		    span_eq(old->seen, code->seen))
			return true;
	}
	return false;
}

void
code_find(struct parsed *parsed, struct span text, const char *prefix,
    enum code_where where, bool inherited)
{
	struct code_hit hit;
	size_t at = 0;

	while (
	    parsed->n_codes < CODES_MAX && code_next(&hit, text, at, prefix)) {
		struct code *slot, code = { .where = where,
			.valid = hit.valid,
			.inherited = inherited };

		at = hit.at + hit.n;
		code.code = span_of(hit.code);
		code.seen =
		    spelling(&parsed->arena, span_sub(text, hit.at, hit.n));
		if (is_listed(parsed, &code))
			continue;
		slot = arena_push(&parsed->arena, &parsed->codes,
		    &parsed->n_codes, sizeof(*slot));
		if (slot == NULL)
			return;
		code.code = arena_copy(&parsed->arena, code.code);
		*slot = code;
	}
}

enum status
code_read(char out[CODE_TEXT_MAX], struct span text, const char *prefix,
    struct err *err)
{
	struct code_hit hit;

	text = span_trim(text);
	if (!read_at(&hit, text, 0, prefix, true) || hit.n != text.n)
		return err_set(err, ST_REJECT,
		    "this is no code; a code is %s- and four characters, such "
		    "as %s-7M4H",
		    prefix, prefix);
	if (!hit.valid)
		return err_set(err, ST_REJECT,
		    "the code's last character does not fit the others; look "
		    "for a slip in %s",
		    hit.code);
	memcpy(out, hit.code, CODE_TEXT_MAX);
	return ST_OK;
}

static int
min_of(int a, int b)
{
	return a < b ? a : b;
}

/* The characters behind the last dash; the prefix goes to `*prefix`. */
static struct span
behind_prefix(struct span code, struct span *prefix)
{
	size_t dash = code.n;

	while (dash > 0 && code.p[dash - 1] != '-')
		dash--;
	*prefix = span_sub(code, 0, dash);
	return span_from(code, dash);
}

int
code_distance(struct span a, struct span b)
{
	int d[CODE_TEXT_MAX + 1][CODE_TEXT_MAX + 1];
	struct span pa, pb;

	a = behind_prefix(a, &pa);
	b = behind_prefix(b, &pb);
	if (!span_eq(pa, pb) || a.n > CODE_TEXT_MAX || b.n > CODE_TEXT_MAX)
		return CODE_TEXT_MAX;
	for (size_t i = 0; i <= a.n; i++)
		for (size_t j = 0; j <= b.n; j++) {
			if (i == 0 || j == 0) {
				d[i][j] = (int)(i + j);
				continue;
			}
			d[i][j] =
			    min_of(d[i - 1][j - 1] + (a.p[i - 1] != b.p[j - 1]),
				min_of(d[i - 1][j], d[i][j - 1]) + 1);
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] &&
			    a.p[i - 2] == b.p[j - 1])
				d[i][j] = min_of(d[i][j], d[i - 2][j - 2] + 1);
		}
	return d[a.n][b.n];
}

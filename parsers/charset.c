/* charset - bytes in the character sets that mails claim, to UTF-8 */
#include "parsers/charset.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "parsers/text.h"

/* What the rules below need to know of a set. */
enum trait {
	ANY, /* trusted as declared */
	BYTE, /* one byte a letter: valid UTF-8 is more likely */
	WESTERN, /* often claimed by senders who never chose one */
	POLISH, /* one of the two that are taken for each other */
	WIDE, /* two or four bytes a letter: NUL bytes in every text */
};

enum { UTF_8, UTF_16LE, UTF_16BE, WINDOWS_1252, WINDOWS_1250, ISO_8859_2 };

static const struct set {
	const char *name; /* as people write it */
	const char *iconv; /* as glibc writes it */
	enum trait trait;
} sets[] = {
	[UTF_8] = { "utf-8", "UTF-8", ANY },
	[UTF_16LE] = { "utf-16le", "UTF-16LE", WIDE },
	[UTF_16BE] = { "utf-16be", "UTF-16BE", WIDE },
	[WINDOWS_1252] = { "windows-1252", "CP1252", WESTERN },
	[WINDOWS_1250] = { "windows-1250", "CP1250", POLISH },
	[ISO_8859_2] = { "iso-8859-2", "ISO-8859-2", POLISH },
	{ "iso-8859-3", "ISO-8859-3", BYTE },
	{ "iso-8859-4", "ISO-8859-4", BYTE },
	{ "iso-8859-5", "ISO-8859-5", BYTE },
	{ "iso-8859-6", "ISO-8859-6", BYTE },
	{ "iso-8859-7", "ISO-8859-7", BYTE },
	{ "iso-8859-8", "ISO-8859-8", BYTE },
	{ "iso-8859-9", "CP1254", BYTE },
	{ "iso-8859-10", "ISO-8859-10", BYTE },
	{ "iso-8859-11", "CP874", BYTE },
	{ "iso-8859-13", "ISO-8859-13", BYTE },
	{ "iso-8859-14", "ISO-8859-14", BYTE },
	{ "iso-8859-15", "ISO-8859-15", BYTE },
	{ "iso-8859-16", "ISO-8859-16", BYTE },
	{ "windows-1251", "CP1251", BYTE },
	{ "windows-1253", "CP1253", BYTE },
	{ "windows-1254", "CP1254", BYTE },
	{ "windows-1255", "CP1255", BYTE },
	{ "windows-1256", "CP1256", BYTE },
	{ "windows-1257", "CP1257", BYTE },
	{ "windows-1258", "CP1258", BYTE },
	{ "koi8-r", "KOI8-R", BYTE },
	{ "koi8-u", "KOI8-U", BYTE },
	{ "cp852", "IBM852", BYTE },
	{ "cp850", "IBM850", BYTE },
	{ "cp437", "IBM437", BYTE },
	{ "cp866", "IBM866", BYTE },
	{ "macintosh", "MACINTOSH", BYTE },
	{ "x-mac-ce", "MAC-CENTRALEUROPE", BYTE },
	{ "tis-620", "CP874", BYTE },
	{ "utf-16", "UTF-16", WIDE },
	{ "utf-32", "UTF-32", WIDE },
	{ "utf-7", "UTF-7", ANY },
	{ "gb18030", "GB18030", ANY },
	{ "big5", "BIG5-HKSCS", ANY },
	{ "shift_jis", "CP932", ANY },
	{ "euc-jp", "EUC-JP", ANY },
	{ "iso-2022-jp", "ISO-2022-JP-2", ANY },
	{ "euc-kr", "CP949", ANY },
	{ "iso-2022-kr", "ISO-2022-KR", ANY },
};

enum {
	SETS = sizeof(sets) / sizeof(sets[0]),
	KEY_MAX = 32,
	TWICE_MAX =
	    0x2200, /* no set read twice has a character from there on */
	TWICE_SURE = 2, /* letters that are not read so by chance */
};

/* Other spellings, as key_of() writes them. */
static const struct alias {
	const char *key, *name;
} aliases[] = {
	{ "usascii", "windows-1252" },
	{ "ascii", "windows-1252" },
	{ "ansix341968", "windows-1252" },
	{ "iso646us", "windows-1252" },
	{ "iso88591", "windows-1252" },
	{ "iso885911987", "windows-1252" },
	{ "latin1", "windows-1252" },
	{ "l1", "windows-1252" },
	{ "cp1252", "windows-1252" },
	{ "ansi", "windows-1252" },
	{ "iso885921987", "iso-8859-2" },
	{ "latin2", "iso-8859-2" },
	{ "l2", "iso-8859-2" },
	{ "pliso88592", "iso-8859-2" },
	{ "cseeiso88592", "iso-8859-2" },
	{ "latin5", "iso-8859-9" },
	{ "latin9", "iso-8859-15" },
	{ "latin10", "iso-8859-16" },
	{ "iso88598i", "iso-8859-8" },
	{ "ibm852", "cp852" },
	{ "ibm850", "cp850" },
	{ "ibm437", "cp437" },
	{ "ibm866", "cp866" },
	{ "koi8", "koi8-r" },
	{ "mac", "macintosh" },
	{ "macroman", "macintosh" },
	{ "maccentraleurope", "x-mac-ce" },
	{ "macce", "x-mac-ce" },
	{ "windows874", "tis-620" },
	{ "cp874", "tis-620" },
	{ "utf8mb4", "utf-8" },
	{ "unicode11utf8", "utf-8" },
	{ "unicode11utf7", "utf-7" },
	{ "ucs2", "utf-16" },
	{ "unicode", "utf-16" },
	{ "gb2312", "gb18030" },
	{ "gbk", "gb18030" },
	{ "cp936", "gb18030" },
	{ "big5hkscs", "big5" },
	{ "cp950", "big5" },
	{ "sjis", "shift_jis" },
	{ "xsjis", "shift_jis" },
	{ "cp932", "shift_jis" },
	{ "windows31j", "shift_jis" },
	{ "xeucjp", "euc-jp" },
	{ "iso2022jp2", "iso-2022-jp" },
	{ "ksc56011987", "euc-kr" },
	{ "ksc5601", "euc-kr" },
	{ "cp949", "euc-kr" },
};

/* An open converter per set, for the life of the process; NULL: not yet
 * opened, (iconv_t)-1: this machine has none. */
static iconv_t converters[SETS];

static iconv_t
converter(size_t set)
{
	if (converters[set] == NULL)
		converters[set] = iconv_open("UTF-8", sets[set].iconv);
	return converters[set];
}

void
charset_warm(void)
{
	char in[] = "a\0\0\0", *from, to[32], *p;
	size_t n, room;

	for (size_t i = 0; i < SETS; i++) {
		if (converter(i) == (iconv_t)-1)
			continue;
		from = in;
		n = 4;
		p = to;
		room = sizeof(to);
		/* One conversion makes glibc load all that it needs. */
		(void)iconv(converters[i], &from, &n, &p, &room);
	}
}

/* The letters and digits of a name, lower case, up to the language suffix. */
static void
key_of(char key[KEY_MAX], struct span name)
{
	size_t n = 0;

	for (size_t i = 0; i < name.n && n + 1 < KEY_MAX; i++) {
		char c = name.p[i];

		if (c == '*' || c == '/')
			break;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c + 'a' - 'A');
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			key[n++] = c;
	}
	key[n] = '\0';
}

static size_t
find_key(const char *key)
{
	char other[KEY_MAX];

	for (size_t i = 0; i < SETS; i++) {
		key_of(other, span_of(sets[i].name));
		if (strcmp(other, key) == 0)
			return i;
	}
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (strcmp(aliases[i].key, key) == 0) {
			key_of(other, span_of(aliases[i].name));
			return find_key(other);
		}
	return SETS;
}

/* The set that `declared` names in whatever spelling, or SETS. */
static size_t
find_set(struct span declared)
{
	char key[KEY_MAX], windows[KEY_MAX + 8] = "windows";
	const char *digits = key;
	size_t set;

	key_of(key, declared);
	set = find_key(key);
	if (set < SETS)
		return set;
	/* cp1250, win1250, xcp1250, microsoftcp1250 */
	digits = strstr(key, "125");
	if (digits != NULL && strlen(digits) == 4) {
		memcpy(windows + 7, digits, 5);
		return find_key(windows);
	}
	return SETS;
}

static bool
is_vowel(unsigned char c)
{
	return c != '\0' && memchr("aeiouyAEIOUY", c, 12) != NULL;
}

static bool
is_ascii_letter(unsigned char c)
{
	return (c | 32) >= 'a' && (c | 32) <= 'z';
}

/* Bytes that are letters in windows-1250 or iso-8859-2 and Polish there, and
 * signs (or nothing much) in windows-1252. */
static bool
is_only_1250(unsigned char c)
{
	return c == 0xB9 || c == 0x9C || c == 0x9F || c == 0xA5 || c == 0x8C ||
	       c == 0x8F;
}

static bool
is_only_latin2(unsigned char c)
{
	return c == 0xB1 || c == 0xB6 || c == 0xBC || c == 0xA1 || c == 0xA6 ||
	       c == 0xAC;
}

static bool
is_polish_sign(unsigned char c)
{
	return is_only_1250(c) || is_only_latin2(c) || c == 0xB3 || c == 0xBF ||
	       c == 0xA3 || c == 0xAF;
}

/* The Polish letters that are letters in windows-1252 too. */
static bool
is_polish_letter(unsigned char c)
{
	return c == 0xE6 || c == 0xEA || c == 0xF1 || c == 0xF3 || c == 0xC6 ||
	       c == 0xCA || c == 0xD1 || c == 0xD3;
}

static bool
is_letter_like(unsigned char c)
{
	return is_ascii_letter(c) || c >= 0xC0 || is_polish_sign(c);
}

/* What the bytes say about the two Polish sets. */
struct evidence {
	size_t strong; /* signs where only a letter makes sense */
	size_t weak; /* signs at the end of a word */
	size_t foreign; /* letters that Polish does not have */
	size_t letters; /* Polish letters that other tongues share */
	size_t w1250, latin2; /* letters of one set and not the other */
	size_t c1; /* bytes 0x80 to 0x9F: quotes and dashes of Windows */
};

/* Is the sign `c` between `before` and `after` nonsense unless it is a letter?
 * French has "coeur" in one letter (0x9C), Spanish opens with 0xBF and 0xA1,
 * a cubic metre ends with 0xB3, a footnote with 0xB9. */
static bool
must_be_letter(unsigned char before, unsigned char c, unsigned char after)
{
	bool inside = is_letter_like(before) && is_letter_like(after);

	if (c == 0x9C || c == 0x8C)
		return is_letter_like(after) &&
		       (memchr("cmwpbkzCMWPBKZ", after, 14) != NULL ||
			   is_vowel(before));
	if (c == 0xB3 || c == 0xA3 || c == 0xA6 || c == 0xAC)
		return inside || is_ascii_letter(after);
	return inside;
}

static void
weigh(struct evidence *e, struct span in)
{
	const unsigned char *p = (const unsigned char *)in.p;

	for (size_t i = 0; i < in.n; i++) {
		unsigned char c = p[i], before = i > 0 ? p[i - 1] : ' ';
		unsigned char after = i + 1 < in.n ? p[i + 1] : ' ';

		if (c < 0x80)
			continue;
		e->c1 += c < 0xA0;
		if (is_polish_letter(c))
			e->letters++;
		else if (c >= 0xC0)
			e->foreign++;
		if (!is_polish_sign(c) ||
		    !(is_letter_like(before) || is_letter_like(after)))
			continue;
		e->w1250 += is_only_1250(c);
		e->latin2 += is_only_latin2(c);
		if (must_be_letter(before, c, after))
			e->strong++;
		else if (!is_letter_like(after) && c != 0xA1 &&
			 !(c == 0xB3 && (before | 32) == 'm'))
			e->weak++;
	}
}

/* Which of the two Polish sets, when it is one of them. */
static size_t
polish_set(const struct evidence *e, size_t preferred)
{
	if (e->w1250 > e->latin2 || e->c1 > 0)
		return WINDOWS_1250;
	if (e->latin2 > e->w1250)
		return ISO_8859_2;
	return preferred;
}

/* The set that fits bytes that are not UTF-8 and not what they claim; `claim`
 * may be SETS. */
static size_t
guess(struct span in, size_t claim)
{
	struct evidence e = { 0 };
	bool polish;

	weigh(&e, in);
	if (claim == WINDOWS_1250 &&
	    !(e.latin2 > 0 && e.w1250 == 0 && e.c1 == 0))
		return claim;
	if (claim == WINDOWS_1250 || claim == ISO_8859_2)
		return polish_set(&e, claim);
	polish =
	    e.strong > 0 || (e.weak > 0 && e.letters > 0 && e.foreign == 0);
	if (claim == SETS) /* no claim to honour: a Polish office asks */
		polish |= e.foreign == 0 && (e.letters > 0 || e.weak > 0);
	return polish ? polish_set(&e, WINDOWS_1250) : WINDOWS_1252;
}

static void
convert(struct buf *out, struct span in, size_t set, struct charset_note *note)
{
	char chunk[4096], *from = (char *)in.p, *to;
	iconv_t cd = converter(set);
	size_t left = in.n, room, r;
	int why;

	iconv(cd, NULL, NULL, NULL, NULL);
	while (left > 0) {
		to = chunk;
		room = sizeof(chunk);
		r = iconv(cd, &from, &left, &to, &room);
		why = r == (size_t)-1 ? errno : 0;
		buf_add(out, (struct span){ chunk, sizeof(chunk) - room });
		if (why == 0 || out->failed)
			break;
		if (why == E2BIG)
			continue;
		note->bad++;
		buf_str(out, "\xef\xbf\xbd");
		from++;
		left--;
		if (sets[set].trait == WIDE && left > 0) {
			from++; /* stay in step with the pairs */
			left--;
		}
	}
	to = chunk;
	room = sizeof(chunk);
	iconv(cd, NULL, NULL, &to, &room);
	buf_add(out, (struct span){ chunk, sizeof(chunk) - room });
}

/* Copies UTF-8 with its bad bytes replaced.  False, with nothing written, when
 * most of what is not ASCII is bad: then it is not UTF-8. */
static bool
repair_utf8(struct buf *out, struct span in, struct charset_note *note)
{
	size_t good = 0, bad = 0, len, run = 0;
	struct span rest = in;

	for (; rest.n > 0; rest = span_from(rest, len)) {
		bool high = (unsigned char)rest.p[0] >= 0x80;

		text_next(rest, &len);
		good += high && len > 1;
		bad += high && len == 1;
	}
	if (bad > good)
		return false;
	for (rest = in; run < rest.n;) {
		struct span at = span_from(rest, run);

		text_next(at, &len);
		run += len;
		if (len > 1 || (unsigned char)at.p[0] < 0x80)
			continue;
		buf_add(out, span_sub(rest, 0, run - 1));
		buf_str(out, "\xef\xbf\xbd");
		rest = span_from(rest, run);
		run = 0;
	}
	buf_add(out, rest);
	note->bad = bad;
	return true;
}

/* The set that a byte order mark names; SETS when there is none. */
static size_t
marked(struct span *in)
{
	size_t set = SETS, len = 2;

	if (span_starts(*in, "\xef\xbb\xbf")) {
		set = UTF_8;
		len = 3;
	} else if (span_starts(*in, "\xff\xfe")) {
		set = UTF_16LE;
	} else if (span_starts(*in, "\xfe\xff")) {
		set = UTF_16BE;
	}
	if (set < SETS)
		*in = span_from(*in, len);
	return set;
}

/* The set to read `in` with, given the one it claims (or SETS). */
static size_t
choose(struct span in, size_t claim, bool utf8)
{
	enum trait trait = claim < SETS ? sets[claim].trait : BYTE;

	if (utf8 && trait == WIDE && memchr(in.p, '\0', in.n) == NULL)
		return UTF_8;
	if (utf8 && trait != WIDE && trait != ANY)
		return UTF_8;
	if (claim == SETS || trait == WESTERN || trait == POLISH)
		return guess(in, claim);
	return converter(claim) == (iconv_t)-1 ? guess(in, SETS) : claim;
}

/* The byte that stands for each character in `set`, 0 for what has none; a
 * control character stands for the byte of its number. */
static void
fill_bytes(unsigned char table[TWICE_MAX], size_t set)
{
	for (int i = 0x80; i < 0xA0; i++)
		table[i] = (unsigned char)i;
	for (int i = 0x80; i < 0x100; i++) {
		char byte = (char)i, text[8], *from = &byte, *to = text;
		size_t left = 1, room = sizeof(text), len;
		int32_t cp = i;
		iconv_t cd = converter(set);

		iconv(cd, NULL, NULL, NULL, NULL);
		if (iconv(cd, &from, &left, &to, &room) != (size_t)-1 &&
		    room < sizeof(text))
			cp = text_next(
			    (struct span){ text, sizeof(text) - room }, &len);
		if (cp > 0 && cp < TWICE_MAX)
			table[cp] = (unsigned char)i;
	}
}

/* The sets that UTF-8 is taken for, and their bytes once they were needed. */
static struct {
	size_t set;
	bool filled;
	unsigned char bytes[TWICE_MAX];
} taken_for[] = { { .set = WINDOWS_1252 }, { .set = WINDOWS_1250 } };

static const unsigned char *
bytes_of(size_t i)
{
	if (!taken_for[i].filled)
		fill_bytes(taken_for[i].bytes, taken_for[i].set);
	taken_for[i].filled = true;
	return taken_for[i].bytes;
}

/* Appends the bytes that `in` had before a program took them for another set.
 * False when it holds a character that this cannot have made, or one that
 * begins no UTF-8. */
static bool
undo(struct buf *out, struct span in, const unsigned char *table)
{
	size_t len, plain;

	while (in.n > 0) {
		int32_t cp;

		for (plain = 0;
		     plain < in.n && (unsigned char)in.p[plain] < 0x80; plain++)
			;
		buf_add(out, span_sub(in, 0, plain));
		in = span_from(in, plain);
		if (in.n == 0)
			break;
		cp = text_next(in, &len);
		if (cp < 0 || cp >= TWICE_MAX || table[cp] == 0 ||
		    (plain > 0 && table[cp] < 0xC2))
			return false;
		buf_char(out, (char)table[cp]);
		in = span_from(in, len);
	}
	return !out->failed;
}

static size_t
count_marked(struct span in)
{
	size_t count = 0;

	for (size_t i = 0; i < in.n; i++)
		count += ((unsigned char)in.p[i] & 0xC0) == 0xC0;
	return count;
}

/* UTF-8 that was taken for another set and encoded again ("Å¼" for "ż"): told
 * by all of it being valid UTF-8 once more, which no other text is by chance.
 * Appends what it said; false, and nothing appended, when it is not so. */
static bool
read_twice(struct buf *out, struct span in, struct charset_note *note)
{
	struct buf once = { .max = in.n };
	bool found = false;

	for (size_t i = 0; !found && i < 2; i++) {
		buf_reset(&once);
		found = undo(&once, in, bytes_of(i)) &&
			count_marked(buf_span(&once)) >= TWICE_SURE &&
			text_is_utf8_or_nul(buf_span(&once));
	}
	if (found) {
		buf_add(out, buf_span(&once));
		note->guessed = true;
	}
	buf_free(&once);
	return found;
}

void
charset_to_utf8(struct buf *out, struct span in, struct span declared,
    struct charset_note *note)
{
	size_t claim = find_set(declared), set = marked(&in);
	bool utf8 = text_is_utf8_or_nul(in);

	*note = (struct charset_note){ .name = sets[UTF_8].name };
	if (in.n == 0)
		return;
	if (set == SETS)
		set = choose(in, claim, utf8);
	if (set == UTF_8 && utf8) {
		if (count_marked(in) < 2 * TWICE_SURE ||
		    !read_twice(out, in, note))
			buf_add(out, in);
		return;
	}
	if (set == UTF_8 && repair_utf8(out, in, note))
		return;
	if (set == UTF_8)
		set = guess(in, SETS);
	note->name = sets[set].name;
	note->guessed = set != claim;
	convert(out, in, set, note);
}

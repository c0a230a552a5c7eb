/* address - see address.h
 *
 * A list is read by cutting, not by the grammar: real senders break the
 * grammar in every way, and each cut is made in one pass over the field.
 */
#include "parsers/address.h"

#include <string.h>
#include <strings.h>

#include "parsers/header.h"
#include "parsers/text.h"

enum {
	FIELD_MAX = 256 * 1024,
	ADDRESS_MAX = 254,
	LIST_MAX = 2000,
	WORD_MAX = 250
};

/* One element of a list, cut into its pieces; all borrowed. */
struct element {
	struct span phrase; /* what stands before < >, quotes and all */
	struct span spec; /* between < and > */
	struct span comment; /* the first ( ), without the brackets */
	bool has_spec;
};

/* Where the list is being read, and which closing marks are known to be
 * missing in the rest: an opening one is then an ordinary character. */
struct list {
	struct span rest;
	bool no_quote, no_comment;
};

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* How long the quoted string is that starts `s`, both quotes included; 0 when
 * it never ends. */
static size_t
quoted_length(struct span s)
{
	for (size_t i = 1; i < s.n; i++)
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			return i + 1;
	return 0;
}

/* The same for a comment, which may hold others. */
static size_t
comment_length(struct span s)
{
	size_t depth = 0;

	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '(')
			depth++;
		else if (s.p[i] == ')' && --depth == 0)
			return i + 1;
	return 0;
}

/* And for <...>; another < before the end means that the first one is stray. */
static size_t
angle_length(struct span s)
{
	for (size_t i = 1; i < s.n && s.p[i] != '<'; i++)
		if (s.p[i] == '>')
			return i + 1;
	return 0;
}

/* And for an encoded word: some senders leave its commas as they are. */
static size_t
encoded_length(struct span s)
{
	size_t marks = 0;

	for (size_t i = 2; i < s.n && i < WORD_MAX && !is_blank(s.p[i]); i++) {
		if (s.p[i] != '?')
			continue;
		if (++marks >= 3 && i + 1 < s.n && s.p[i + 1] == '=')
			return i + 2;
	}
	return 0;
}

/* How many bytes from the front of `s` belong together: a quoted string, a
 * comment, an address in angle brackets, or one character. */
static size_t
piece_length(struct list *l, struct span s)
{
	size_t n = 0;

	if (s.p[0] == '"' && !l->no_quote) {
		n = quoted_length(s);
		l->no_quote = n == 0;
	} else if (s.p[0] == '(' && !l->no_comment) {
		n = comment_length(s);
		l->no_comment = n == 0;
	} else if (s.p[0] == '<')
		n = angle_length(s);
	else if (s.p[0] == '=' && s.n > 1 && s.p[1] == '?')
		n = encoded_length(s);
	return n > 0 ? n : 1;
}

static void
note_piece(struct element *e, struct span piece, size_t before)
{
	if (piece.n < 2)
		return;
	if (piece.p[0] == '(' && e->comment.n == 0)
		e->comment = span_sub(piece, 1, piece.n - 2);
	if (piece.p[0] == '<' && !e->has_spec) {
		e->spec = span_sub(piece, 1, piece.n - 2);
		e->has_spec = true;
		while (before > 0 && e->phrase.p[before - 1] == '<')
			before--;
		e->phrase.n = before;
	}
}

/* Takes the next element; group names ("Radni: a@x, b@y;") fall away. */
static bool
next_element(struct list *l, struct element *e)
{
	struct span s = l->rest;
	size_t i = 0;
	bool has_at = false;

	if (s.n == 0)
		return false;
	*e = (struct element){ .phrase = s };
	while (i < s.n && s.p[i] != ',' && s.p[i] != ';') {
		size_t n = piece_length(l, span_from(s, i));

		if (n > 1)
			note_piece(e, span_sub(s, i, n), i);
		has_at = has_at || (n == 1 && s.p[i] == '@');
		i += n;
		if (n == 1 && s.p[i - 1] == ':' && !has_at && !e->has_spec) {
			s = span_from(s, i);
			*e = (struct element){ .phrase = s };
			i = 0;
		}
	}
	if (!e->has_spec)
		e->phrase = span_sub(s, 0, i);
	l->rest = span_from(s, i + 1);
	return true;
}

/* Appends `s` without comments; white space too when `solid`, which is right
 * inside an address ("jan @ powiat.example"). */
static void
add_without_comments(struct buf *out, struct span s, bool solid)
{
	struct list l = { .rest = s };

	for (size_t n; s.n > 0; s = span_from(s, n)) {
		n = s.p[0] == '<' ? 1 : piece_length(&l, s);
		if (n > 1 && s.p[0] == '(')
			buf_str(out, solid ? "" : " ");
		else if (n > 1 || !solid || !is_blank(s.p[0]))
			buf_add(out, span_sub(s, 0, n));
	}
}

/* Appends `s` with every run of white space one space, trimmed. */
static void
add_folded(struct buf *out, struct span s)
{
	s = span_trim(s);
	for (size_t i = 0; i < s.n; i++)
		if (!is_blank(s.p[i]))
			buf_char(out, s.p[i]);
		else if (!is_blank(s.p[i - 1]))
			buf_char(out, ' ');
}

/* A display name: quotes and backslashes undone, encoded words decoded, single
 * quotes around the whole dropped, white space folded. */
static struct span
read_name(struct arena *a, struct span raw)
{
	struct buf plain = { .max = FIELD_MAX };
	struct span out;

	for (size_t i = 0; i < raw.n; i++) {
		if (raw.p[i] == '"')
			continue;
		if (raw.p[i] == '\\' && i + 1 < raw.n)
			i++;
		buf_char(&plain, raw.p[i]);
	}
	out = span_trim(header_decode(a, buf_span(&plain)));
	if (out.n >= 2 && (out.p[0] == '\'' || out.p[0] == '"') &&
	    out.p[out.n - 1] == out.p[0])
		out = span_sub(out, 1, out.n - 2);
	buf_reset(&plain);
	add_folded(&plain, out);
	out = arena_copy(a, buf_span(&plain));
	buf_free(&plain);
	return out;
}

/* An address as it is kept: no source route, no "mailto:", domain in lower
 * case; the empty span when it is not plausible. */
static struct span
read_spec(struct arena *a, struct span raw)
{
	struct buf solid = { .max = FIELD_MAX };
	struct span s, out = { "", 0 };
	const char *at;

	add_without_comments(&solid, raw, true);
	s = buf_span(&solid);
	while (s.n > 0 && s.p[0] == '<')
		s = span_from(s, 1);
	while (s.n > 0 && (s.p[s.n - 1] == '>' || s.p[s.n - 1] == '.'))
		s.n--;
	if (s.n > 0 && s.p[0] == '@' && span_find(s, ":") < s.n)
		s = span_from(s, span_find(s, ":") + 1);
	if (span_starts_nocase(s, "mailto:"))
		s = span_from(s, 7);
	if (s.n > 2 && s.p[0] == '\'' && s.p[s.n - 1] == '\'')
		s = span_sub(s, 1, s.n - 2);
	at = s.n == 0 ? NULL : memrchr(s.p, '@', s.n);
	if (at != NULL && address_is_valid(s)) {
		for (char *p = solid.p + (at - solid.p); *p != '\0'; p++)
			*p = lower(*p);
		out = arena_copy(a, s);
	}
	buf_free(&solid);
	return out;
}

static bool
ends_word(char c)
{
	return is_blank(c) || c == '<' || c == '>' || c == '(' || c == ')';
}

/* "Jan Kowalski jan@powiat.example", without brackets: the word with the @ is
 * the address, what stands before it the name (in the arena). */
static struct span
bare_address(struct arena *a, struct span phrase, struct span *name)
{
	struct buf plain = { .max = FIELD_MAX };
	struct span s, out = { "", 0 };
	size_t start, end;

	*name = (struct span){ NULL, 0 };
	if (phrase.n == 0 || memchr(phrase.p, '@', phrase.n) == NULL)
		return out;
	add_without_comments(&plain, phrase, false);
	s = buf_span(&plain);
	start = end = span_find(s, "@");
	while (start > 0 && !ends_word(s.p[start - 1]))
		start--;
	while (end < s.n && !ends_word(s.p[end]))
		end++;
	out = read_spec(a, span_sub(s, start, end - start));
	while (start > 0 && ends_word(s.p[start - 1]))
		start--;
	if (out.n > 0)
		*name = arena_copy(a, span_sub(s, 0, start));
	else
		out = read_spec(a, s);
	buf_free(&plain);
	return out;
}

/* The name: the words before the address, else the comment. */
static struct span
element_name(struct arena *a, const struct element *e, struct span words)
{
	struct buf plain = { .max = FIELD_MAX };
	struct span name;

	add_without_comments(&plain, words, false);
	name = span_trim(buf_span(&plain));
	name = read_name(a, name.n > 0 ? name : e->comment);
	buf_free(&plain);
	return name;
}

static struct address
read_element(struct arena *a, const struct element *e)
{
	struct address out = { { "", 0 }, { "", 0 } };
	struct span words = e->phrase;

	if (e->has_spec)
		out.address = read_spec(a, e->spec);
	if (out.address.n == 0)
		out.address = bare_address(a, e->phrase, &words);
	if (out.address.n == 0)
		words = e->phrase;
	out.name = element_name(a, e, words);
	if (out.address.n > 0 && out.name.n == out.address.n &&
	    strncasecmp(out.name.p, out.address.p, out.name.n) == 0)
		out.name = (struct span){ "", 0 };
	return out;
}

struct address
address_first(struct arena *a, struct span field)
{
	struct address first = { { "", 0 }, { "", 0 } }, next;
	struct list l = { .rest = span_sub(field, 0, FIELD_MAX) };
	struct element e;

	for (int i = 0; i < LIST_MAX && next_element(&l, &e); i++) {
		next = read_element(a, &e);
		if (next.address.n > 0)
			return next;
		if (first.name.n == 0)
			first.name = next.name;
	}
	return first;
}

void
address_all(struct arena *a, struct span field, struct span **list, size_t *n)
{
	struct list l = { .rest = span_sub(field, 0, FIELD_MAX) };
	struct element e;
	struct span address, name;

	for (int i = 0; i < LIST_MAX && next_element(&l, &e); i++) {
		address = (struct span){ NULL, 0 };
		if (e.has_spec)
			address = read_spec(a, e.spec);
		if (address.n == 0)
			address = bare_address(a, e.phrase, &name);
		if (address.n > 0)
			span_push(a, list, n, address);
	}
}

/* Code points that print as nothing, turn the writing round or pass for a
 * space: in an address they only ever deceive. */
static bool
is_deceptive(int32_t c)
{
	return (c >= 0x7f && c <= 0xa0) || c == 0xad || c == 0x3000 ||
	       c == 0xfeff || c == 0xfffd || (c >= 0x2000 && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202f) || (c >= 0x205f && c <= 0x206f);
}

static bool
is_plausible_text(struct span s)
{
	size_t len;

	for (; s.n > 0; s = span_from(s, len)) {
		int32_t c = text_next(s, &len);

		if (c <= ' ' || is_deceptive(c))
			return false;
	}
	return true;
}

static bool
is_plausible_domain(struct span s)
{
	if (s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']') {
		for (size_t i = 1; i < s.n - 1; i++)
			if (strchr("[]\\<>\"@", s.p[i]) != NULL)
				return false;
		return true;
	}
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool is_part = c >= 0x80 || (c >= '0' && c <= '9') ||
			       (lower((char)c) >= 'a' && lower((char)c) <= 'z');
		bool is_edge = i == 0 || i + 1 == s.n;

		if (!is_part && (is_edge || strchr(".-_", c) == NULL))
			return false;
		if (c == '.' && s.p[i + 1] == '.')
			return false;
	}
	return s.n > 0;
}

static bool
is_plausible_local(struct span s)
{
	if (s.n > 2 && s.p[0] == '"')
		return quoted_length(s) == s.n;
	for (size_t i = 0; i < s.n; i++)
		if (strchr("()<>[]:;,\\\"", s.p[i]) != NULL)
			return false;
	return s.n > 0;
}

bool
address_is_valid(struct span address)
{
	const char *at;
	size_t local;

	if (address.n == 0 || address.n > ADDRESS_MAX)
		return false;
	at = memchr(address.p, '@', address.n);
	if (at == NULL || !is_plausible_text(address))
		return false;
	local = (size_t)(at - address.p);
	if (memchr(at + 1, '@', address.n - local - 1) != NULL)
		return false;
	return is_plausible_local(span_sub(address, 0, local)) &&
	       is_plausible_domain(span_from(address, local + 1));
}

bool
address_detail(struct span address, struct span *local, struct span *detail,
    struct span *domain)
{
	const char *at =
	    address.n == 0 ? NULL : memrchr(address.p, '@', address.n);
	size_t n = at == NULL ? address.n : (size_t)(at - address.p), plus;

	*local = span_sub(address, 0, n);
	*domain = span_from(address, n + 1);
	plus = span_find(*local, "+");
	*detail = span_from(*local, plus + 1);
	*local = span_sub(*local, 0, plus);
	return at != NULL && detail->n > 0 && local->n > 0;
}

bool
address_is_machine(struct span address)
{
	static const char *const whole[] = { "daemon", "postmaster", "postmast",
		"mailer", "maildaemon", "mailsystem", "autoreply",
		"autoresponder", "autoresponse", "listserv", "majordomo",
		"mdaemon", "bounce", "bounces", "nieodpowiadaj",
		"nieodpowiadac", "bezodpowiedzi", "nichtantworten",
		"keineantwort", "neodpovidat", "neodpovedat" };
	static const char *const parts[] = { "mailerdaemon", "noreply",
		"donotreply", "dontreply", "noresponse" };
	static const char *const starts[] = { "bounce-", "bounce+", "bounces-",
		"bounces+", "owner-" };
	static const char *const ends[] = { "-bounces", "-bounce", "-noreply" };
	struct span local, detail, domain;
	char plain[64], written[64];
	size_t n = 0, m = 0;

	address_detail(address, &local, &detail, &domain);
	for (size_t i = 0; i < address.n && address.p[i] != '@'; i++)
		if (m < sizeof(written) - 1)
			written[m++] = lower(address.p[i]);
	for (size_t i = 0; i < local.n && n < sizeof(plain) - 1; i++)
		if (strchr("-_. '\"", local.p[i]) == NULL)
			plain[n++] = lower(local.p[i]);
	plain[n] = '\0';
	written[m] = '\0';
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		if (strcmp(plain, whole[i]) == 0)
			return true;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strstr(plain, parts[i]) != NULL)
			return true;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (strncmp(written, starts[i], strlen(starts[i])) == 0)
			return true;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (m > strlen(ends[i]) &&
		    strcmp(written + m - strlen(ends[i]), ends[i]) == 0)
			return true;
	return false;
}

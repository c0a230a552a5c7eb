/* body - what the leaves of a mail's tree are: words, attachments, reports */
#include "parsers/body.h"

#include <stdint.h>
#include <string.h>

#include "parsers/charset.h"
#include "parsers/digest.h"
#include "parsers/text.h"
#include "parsers/transfer.h"

enum {
	TEXT_MAX = 1024 * 1024,
	TEXT_ALL_MAX = 4 * TEXT_MAX,
	NAME_MAX_BYTES = 200,
	SIGNATURE_PICTURE_MAX = 20 * 1024,
	META_LOOK = 2048, /* bytes of HTML searched for its charset */
	LARGE = 64 * 1024, /* worth not to be copied */
};

static bool
is_text(struct span type)
{
	return span_starts(type, "text/");
}

/* Rich text and AMP are not shown; markdown is plain enough. */
static bool
is_html(struct span type)
{
	return span_is(type, "text/html") || span_is(type, "text/enriched") ||
	       span_is(type, "text/richtext") ||
	       span_is(type, "application/xhtml+xml");
}

static bool
is_message(struct span type)
{
	return span_is(type, "message/rfc822") ||
	       span_is(type, "message/global") || span_is(type, "message/news");
}

/* Parts that speak to programs and are no attachment. */
static bool
is_for_programs(struct span type)
{
	static const char *const types[] = { "message/delivery-status",
		"message/global-delivery-status", "message/feedback-report",
		"message/disposition-notification",
		"message/global-disposition-notification",
		"text/rfc822-headers", "message/global-headers",
		"application/pgp-signature", "application/pgp-encrypted",
		"application/pkcs7-signature", "application/x-pkcs7-signature",
		"application/applefile", "text/x-amp-html" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (span_is(type, types[i]))
			return true;
	return false;
}

static struct span
decode_base64(struct body *b, const struct leaf *leaf, struct buf *out)
{
	size_t left_out = transfer_base64(out, leaf->body);

	if (left_out == 0)
		return buf_span(out);
	if (out->n < left_out && is_text(leaf->type)) {
		parsed_warn(b->parsed,
		    "a text marked base64 is not, and was read as it stands");
		return leaf->body;
	}
	parsed_warn(b->parsed, "%zu bytes between base64 lines were left out",
	    left_out);
	return buf_span(out);
}

/* The letters and digits of `value`, lower case: "quoted printable" and
 * "8-bit" are what they look like. */
static void
encoding_key(char key[24], struct span value)
{
	size_t n = 0;

	for (size_t i = 0; i < value.n && n < 23 && value.p[i] != ';'; i++) {
		char c = value.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c + 32);
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			key[n++] = c;
	}
	key[n] = '\0';
}

static bool
is_plain_encoding(const char *key)
{
	return key[0] == '\0' || strstr(key, "bit") != NULL ||
	       strcmp(key, "binary") == 0 || strcmp(key, "none") == 0;
}

/* Decodes a file where it stands; what it becomes is shorter than it was. */
static struct span
decode_in_place(struct body *b, const struct leaf *leaf)
{
	size_t n = leaf->body.n;
	struct buf out = {
		.p = (char *)(uintptr_t)leaf->body.p, .cap = n, .max = n
	};

	return decode_base64(b, leaf, &out);
}

struct span
body_decode(struct body *b, const struct leaf *leaf)
{
	struct span how =
	    header_field(&leaf->header, "Content-Transfer-Encoding");
	struct buf out = { .max = leaf->body.n + 16 };
	struct span bytes = leaf->body, copy;
	char key[24];

	encoding_key(key, how);
	if (b->owns_mail && leaf->body.n > LARGE && !is_text(leaf->type)) {
		if (strncmp(key, "base64", 6) == 0)
			return decode_in_place(b, leaf);
		if (is_plain_encoding(key))
			return leaf->body;
	}
	if (strncmp(key, "base64", 6) == 0) {
		bytes = decode_base64(b, leaf, &out);
	} else if (strncmp(key, "quotedprintable", 15) == 0) {
		transfer_quoted(&out, leaf->body);
		bytes = buf_span(&out);
	} else if (strstr(key, "uue") != NULL) {
		transfer_uu(&out, leaf->body);
		bytes = buf_span(&out);
	} else if (!is_plain_encoding(key)) {
		parsed_warn(b->parsed,
		    "the transfer encoding \"%s\" is unknown; the part was "
		    "read as it stands",
		    key);
	}
	copy = arena_copy(&b->parsed->arena, bytes);
	buf_free(&out);
	return copy;
}

/* The charset that an HTML text names itself, when its header does not. */
static struct span
meta_charset(struct span html)
{
	struct span head = span_sub(html, 0, META_LOOK);
	size_t at = span_find_nocase(head, "charset="), n = 0;

	if (at == head.n)
		return (struct span){ NULL, 0 };
	head = span_from(head, at + 8);
	if (head.n > 0 && (head.p[0] == '"' || head.p[0] == '\''))
		head = span_from(head, 1);
	while (n < head.n && n < 40 &&
	       memchr("\"'<>; /\r\n", head.p[n], 9) == NULL)
		n++;
	return span_sub(head, 0, n);
}

static void
warn_charset(
    struct body *b, struct span declared, const struct charset_note *note)
{
	if (note->guessed && declared.n > 0)
		parsed_warn(b->parsed,
		    "the text is marked \"%.*s\" and was read as %s",
		    declared.n > 40 ? 40 : (int)declared.n, declared.p,
		    note->name);
	if (note->guessed && declared.n == 0)
		parsed_warn(b->parsed,
		    "the text names no character set and was read as %s",
		    note->name);
	if (note->bad > 0)
		parsed_warn(b->parsed,
		    "%zu bytes mean nothing in %s and are shown as U+FFFD",
		    note->bad, note->name);
}

/* Decoded bytes of a text part as clean UTF-8, soft breaks joined. */
static struct span
to_text(struct body *b, const struct leaf *leaf, struct span bytes)
{
	struct arena *a = &b->parsed->arena;
	struct span charset = header_param(a, leaf->params, "charset"), copy;
	struct buf text = { .max = 3 * TEXT_MAX + 16 }, clean = text;
	size_t room = TEXT_ALL_MAX - b->text_bytes;
	struct charset_note note;
	bool delsp;

	if (room > TEXT_MAX)
		room = TEXT_MAX;
	if (bytes.n > room) {
		parsed_warn(b->parsed,
		    "the text was cut: %zu of %zu bytes were read", room,
		    bytes.n);
		bytes = span_sub(bytes, 0, room);
	}
	b->text_bytes += bytes.n;
	if (charset.n == 0 && is_html(leaf->type))
		charset = meta_charset(bytes);
	charset_to_utf8(&text, bytes, charset, &note);
	warn_charset(b, charset, &note);
	text_clean(&clean, buf_span(&text));
	if (span_is(leaf->type, "text/plain") &&
	    span_is_nocase(header_param(a, leaf->params, "format"), "flowed")) {
		delsp = span_is_nocase(
		    header_param(a, leaf->params, "delsp"), "yes");
		buf_reset(&text);
		transfer_flowed(&text, buf_span(&clean), delsp);
		copy = arena_copy(a, buf_span(&text));
	} else {
		copy = arena_copy(a, buf_span(&clean));
	}
	buf_free(&text);
	buf_free(&clean);
	return copy;
}

int
body_section(struct body *b)
{
	return b->n_sections++;
}

static void
add_words(struct body *b, int section, struct span text, bool html)
{
	struct words *w;

	if (span_trim(text).n == 0)
		return;
	w = arena_push(&b->parsed->arena, &b->words, &b->n_words, sizeof(*w));
	if (w == NULL)
		return;
	if (section == BODY_NO_SECTION)
		section = body_section(b);
	*w = (struct words){ text, section, html };
}

/* Signs that make a name read as another one, and what no file system wants. */
static bool
is_bad_in_name(int32_t cp)
{
	return (cp >= 0x200E && cp <= 0x200F) ||
	       (cp >= 0x202A && cp <= 0x202E) ||
	       (cp >= 0x2066 && cp <= 0x2069) || cp == 0xFEFF;
}

static struct span
safe_name(struct arena *a, struct span name)
{
	struct buf out = { .max = 4 * NAME_MAX_BYTES }, nfc = out;
	struct span copy;
	size_t len;
	int32_t cp;

	for (size_t i = name.n; i > 0; i--)
		if (name.p[i - 1] == '/' || name.p[i - 1] == '\\') {
			name = span_from(name, i);
			break;
		}
	name = span_trim(name);
	if (span_is(name, ".") || span_is(name, ".."))
		name.n = 0;
	for (; name.n > 0; name = span_from(name, len)) {
		cp = text_next(name, &len);
		if (out.n + len > NAME_MAX_BYTES)
			break;
		if (!is_bad_in_name(cp))
			buf_add(&out, span_sub(name, 0, len));
	}
	text_nfc(&nfc, buf_span(&out));
	copy = arena_copy(a, buf_span(&nfc));
	buf_free(&out);
	buf_free(&nfc);
	return copy;
}

/* The name of a leaf as a file; of an enclosed mail its subject. */
static struct span
leaf_name(struct body *b, const struct leaf *leaf)
{
	struct arena *a = &b->parsed->arena;
	struct span name = header_param_text(
	    a, header_field(&leaf->header, "Content-Disposition"), "filename");

	if (name.n == 0)
		name = header_param_text(a, leaf->params, "name");
	return safe_name(a, name);
}

static struct span
default_name(struct body *b, struct span type, struct span bytes)
{
	struct arena *a = &b->parsed->arena;
	struct header header;
	struct buf name = { .max = 16 * 1024 };
	struct span copy;

	if (span_is(type, "application/ms-tnef"))
		return SPAN("winmail.dat");
	if (span_is(type, "application/pkcs7-mime") ||
	    span_is(type, "application/x-pkcs7-mime"))
		return SPAN("smime.p7m");
	if (!is_message(type))
		return (struct span){ "", 0 };
	header_scan(&header, a, bytes);
	buf_add(&name, header_decode(a, header_field(&header, "Subject")));
	for (size_t i = 0; i < name.n; i++) /* a subject is no path */
		if (name.p[i] == '/' || name.p[i] == '\\')
			name.p[i] = '-';
	copy = safe_name(a, buf_span(&name));
	buf_reset(&name);
	if (copy.n == 0)
		copy = SPAN("message");
	buf_add(&name, copy);
	buf_str(&name, ".eml");
	copy = arena_copy(a, buf_span(&name));
	buf_free(&name);
	return copy;
}

static bool
is_disposed(const struct leaf *leaf, const char *how)
{
	struct span value = header_field(&leaf->header, "Content-Disposition");

	return span_starts_nocase(span_trim(value), how);
}

/* A picture that the HTML of a signature shows: small, or named by Outlook
 * ("image001.png"), related to the text and not sent as a file. */
static bool
is_signature_picture(
    const struct leaf *leaf, struct span name, size_t size, struct place place)
{
	if (!span_starts(leaf->type, "image/") || !place.in_related ||
	    is_disposed(leaf, "attachment") ||
	    header_field(&leaf->header, "Content-ID").n == 0)
		return false;
	return size < SIGNATURE_PICTURE_MAX ||
	       (span_starts_nocase(name, "image0") && name.n < 14);
}

static void
add_attachment(struct body *b, const struct leaf *leaf, struct span name,
    struct span bytes, struct place place)
{
	struct parsed *parsed = b->parsed;
	struct attachment *a = arena_push(&parsed->arena, &parsed->attachments,
	    &parsed->n_attachments, sizeof(*a));

	if (a == NULL)
		return;
	if (name.n == 0)
		name = default_name(b, leaf->type, bytes);
	a->name = name;
	a->type = leaf->type;
	a->body = bytes;
	/* The gateway hashes what comes out of the jail itself. */
	if (!b->owns_mail)
		sha256_hex(a->sha256, bytes);
	a->in_signature = is_signature_picture(leaf, name, bytes.n, place);
}

/* Is a text leaf something that was attached, rather than words of the mail? */
static bool
is_attached(const struct body *b, const struct leaf *leaf, struct span name,
    struct place place)
{
	bool words = is_html(leaf->type) || span_is(leaf->type, "text/plain") ||
		     span_is(leaf->type, "text/markdown");

	if (is_disposed(leaf, "attachment"))
		return name.n > 0 || place.in_multipart;
	if (!words)
		return name.n > 0 || b->n_words > 0;
	return name.n > 0 && b->n_words > 0;
}

void
body_take(struct body *b, const struct leaf *leaf, struct place place)
{
	struct arena *a = &b->parsed->arena;
	struct span bytes = body_decode(b, leaf), text = { NULL, 0 }, name;
	bool message = is_message(leaf->type), readable;
	struct part *part;

	readable = is_text(leaf->type) || is_html(leaf->type) ||
		   (span_starts(leaf->type, "message/") && !message);
	if (readable)
		text = to_text(b, leaf, bytes);
	part = arena_push(a, &b->parts, &b->n_parts, sizeof(*part));
	if (part == NULL)
		return;
	part->type = leaf->type;
	part->params = leaf->params;
	part->body = readable ? text : bytes;
	if (is_for_programs(leaf->type))
		return;
	name = leaf_name(b, leaf);
	if (span_is(leaf->type, "text/calendar") && name.n == 0 &&
	    !is_disposed(leaf, "attachment"))
		return;
	if ((is_text(leaf->type) || is_html(leaf->type)) &&
	    !is_attached(b, leaf, name, place))
		add_words(b, place.section, text, is_html(leaf->type));
	else if (!place.in_report)
		add_attachment(b, leaf, name, bytes, place);
}

void
body_take_raw(struct body *b, struct span bytes)
{
	struct leaf leaf = {
		.type = SPAN("text/plain"), .params = { "", 0 }, .body = bytes
	};
	struct part *part = arena_push(
	    &b->parsed->arena, &b->parts, &b->n_parts, sizeof(*part));

	if (part == NULL)
		return;
	part->type = leaf.type;
	part->params = leaf.params;
	part->body = to_text(b, &leaf, bytes);
	add_words(b, BODY_NO_SECTION, part->body, false);
}

/* Plain words as HTML, so that they can stand beside words that only are. */
static void
add_as_html(struct buf *out, struct span plain)
{
	buf_str(out, "<div>");
	for (size_t i = 0; i < plain.n; i++)
		switch (plain.p[i]) {
		case '<':
			buf_str(out, "&lt;");
			break;
		case '&':
			buf_str(out, "&amp;");
			break;
		case '\n':
			buf_str(out, "<br>\n");
			break;
		default:
			buf_char(out, plain.p[i]);
			break;
		}
	buf_str(out, "</div>\n");
}

/* Appends `text`, with an empty line between it and what is there. */
static void
add_plain(struct buf *out, struct span text)
{
	while (out->n > 0 && out->p[out->n - 1] == '\n')
		out->n--;
	if (out->n > 0)
		buf_str(out, "\n\n");
	buf_add(out, text);
}

static struct span
cut_text(struct body *b, const struct buf *joined)
{
	struct span text = buf_span(joined);

	if (text.n > TEXT_MAX) {
		parsed_warn(b->parsed, "the text was cut to 1 MiB");
		text.n = TEXT_MAX;
		while (text.n > 0 &&
		       ((unsigned char)text.p[text.n] & 0xC0) == 0x80)
			text.n--;
	}
	return arena_copy(&b->parsed->arena, text);
}

/* Which forms each section has; NULL when memory is short. */
struct forms {
	bool plain, html;
};

static const struct forms *
find_forms(struct body *b)
{
	struct forms *forms = arena_alloc(
	    &b->parsed->arena, ((size_t)b->n_sections + 1) * sizeof(*forms));

	for (size_t i = 0; forms != NULL && i < b->n_words; i++)
		if (b->words[i].html)
			forms[b->words[i].section].html = true;
		else
			forms[b->words[i].section].plain = true;
	return forms;
}

void
body_finish(struct body *b)
{
	/* Escaping and charsets may make a byte six; then it is cut. */
	struct buf plain = { .max = 8 * TEXT_ALL_MAX }, html = plain;
	bool only_html = false;
	const struct forms *forms = find_forms(b);

	if (forms == NULL)
		return;
	for (int i = 0; i < b->n_sections; i++)
		only_html |= forms[i].html && !forms[i].plain;
	for (size_t i = 0; i < b->n_words; i++) {
		const struct words *w = &b->words[i];

		if (w->html)
			buf_add(&html, w->text);
		else if (only_html && !forms[w->section].html)
			add_as_html(&html, w->text);
		if (!w->html && !only_html)
			add_plain(&plain, w->text);
	}
	b->plain = cut_text(b, &plain);
	b->html = cut_text(b, &html);
	buf_free(&plain);
	buf_free(&html);
}

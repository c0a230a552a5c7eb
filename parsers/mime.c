/* mime - a mail's bytes to its header fields, its text and its parts
 *
 * libetpan is given the body of a multipart only, behind a header that we
 * write, and only after unsafe() has looked at every line: a 90-byte mail can
 * crash it, deep nesting exhausts its stack and many levels its time.  Each
 * part's own header is read by header.c again.
 */
#include "parsers/mime.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/pkcs7.h>
#include <libetpan/mailmime.h>

enum {
	MAIL_MAX = 64 * 1024 * 1024,
	MAIL_SHOWN = 256 * 1024, /* read of a mail above MAIL_MAX */
	PARTS_MAX = 1000,
	DEPTH_MAX = 50,
	REREADS_MAX = 4, /* multiparts that libetpan took for a leaf */
	UNWRAPS_MAX = 3, /* S/MIME in S/MIME */
	TAIL = 64, /* zero bytes behind the mail: libetpan reads over the end */
	STRUCTURES_MAX = 100, /* Content-Type fields of multipart or message */
	FIELD_MAX = 64 * 1024,
	BOUNDARY_MAX = 250,
	DASHED_MAX = 20000, /* lines that could be a boundary */
	COMMENTS_MAX = 10000, /* "(" not closed: libetpan recurses, 83 bytes */
};

struct walk {
	struct body body;
	struct span mail; /* all of it */
	size_t parts;
	int rereads, unwraps;
};

static void
read_entity(struct walk *w, struct leaf *leaf, struct place place, int depth);

static bool
is_multipart(struct span type)
{
	return span_starts(type, "multipart/");
}

static bool
has_any(struct span s, const char *bytes)
{
	for (; *bytes != '\0'; bytes++)
		if (s.n > 0 && memchr(s.p, *bytes, s.n) != NULL)
			return true;
	return false;
}

static bool
is_safe_boundary(struct span boundary)
{
	return boundary.n > 0 && boundary.n <= BOUNDARY_MAX &&
	       !has_any(boundary, "\"\\\r\n") &&
	       memchr(boundary.p, '\0', boundary.n) == NULL;
}

/* The Content-Type field whose first line is `line`, with its folds, taken
 * from `*rest`. */
static struct span
whole_field(struct span line, struct span *rest)
{
	struct span next, after;

	for (;;) {
		after = *rest;
		if (!span_line(&after, &next) || next.n == 0 ||
		    (next.p[0] != ' ' && next.p[0] != '\t'))
			return line;
		line.n = (size_t)(next.p + next.n - line.p);
		*rest = after;
	}
}

/* Why the structure named by one Content-Type field must not be read, or NULL;
 * counts those that make the tree deeper. */
static const char *
unsafe_field(struct arena *a, struct span field, size_t *structures)
{
	struct span tail;
	char *copy;

	if (field.n > FIELD_MAX)
		return "a Content-Type field is longer than 64 KiB";
	if (span_find_nocase(field, "message") < field.n)
		++*structures;
	if (span_find_nocase(field, "multipart") == field.n)
		return NULL;
	++*structures;
	tail = span_from(field, span_find_nocase(field, "boundary"));
	if (has_any(tail, "\\"))
		return "a boundary holds a backslash";
	copy = (char *)arena_copy(a, field).p;
	for (size_t i = 0; i < field.n; i++)
		if (copy[i] == '\r' || copy[i] == '\n')
			copy[i] = ' ';
	tail = header_param(a, (struct span){ copy, field.n }, "boundary");
	if (tail.p != NULL && tail.n == 0)
		return "a boundary is empty";
	return NULL;
}

/* Follows how deep libetpan would be in comments, if this line stood in a
 * header: never less than it is. */
static size_t
comment_depth(struct span line, size_t depth)
{
	if (line.n == 0 || (memchr(line.p, '(', line.n) == NULL &&
			       memchr(line.p, ')', line.n) == NULL))
		return depth;
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] == '(')
			depth++;
		else if (line.p[i] == ')' && depth > 0 &&
			 (i == 0 || line.p[i - 1] != '\\'))
			depth--;
	return depth;
}

/* Why libetpan must not see this body of a multipart, or NULL when it may. */
static const char *
unsafe(struct span body)
{
	size_t structures = 0, dashed = 0, comments = 0;
	bool has_comments = span_find(body, "(") < body.n;
	struct arena a = { 0 };
	const char *why = NULL;
	struct span line, field;

	while (why == NULL && span_line(&body, &line)) {
		dashed += span_starts(line, "--");
		if (has_comments)
			comments = comment_depth(line, comments);
		if (comments > COMMENTS_MAX)
			why = "too many open brackets";
		if (dashed > DASHED_MAX)
			why = "too many lines that could part it";
		if (!span_starts_nocase(line, "Content-Type"))
			continue;
		field = whole_field(line, &body);
		comments = comment_depth(span_from(field, line.n), comments);
		if (why == NULL)
			why = unsafe_field(&a, field, &structures);
		if (structures > STRUCTURES_MAX)
			why = "too many parts within parts";
	}
	arena_free(&a);
	return why;
}

/* The place of what stands inside a multipart of that type. */
static struct place
inside(struct walk *w, struct span type, struct place place)
{
	place.in_multipart = true;
	place.in_related = span_is(type, "multipart/related");
	place.in_digest = span_is(type, "multipart/digest");
	place.in_report |= span_is(type, "multipart/report");
	if (span_is(type, "multipart/alternative") &&
	    place.section == BODY_NO_SECTION)
		place.section = body_section(&w->body);
	return place;
}

/* Did the empty line that ends a header stand before `entity`?  Then libetpan
 * has taken it away, and no line of the entity is a header field. */
static bool
has_no_header(struct span entity, const char *buffer)
{
	const char *p = entity.p;

	if (p - buffer >= 2 && p[-1] == '\n' && p[-2] == '\n')
		return true;
	return p - buffer >= 4 && memcmp(p - 4, "\r\n\r\n", 4) == 0;
}

static void
scan_leaf(struct walk *w, struct leaf *leaf, struct span entity,
    struct place place, bool headless)
{
	struct arena *a = &w->body.parsed->arena;

	*leaf = (struct leaf){ .params = { "", 0 } };
	if (!headless)
		header_scan(&leaf->header, a, entity);
	leaf->body = span_from(entity, leaf->header.body);
	header_type(a, header_field(&leaf->header, "Content-Type"), &leaf->type,
	    &leaf->params);
	if (leaf->type.n == 0)
		leaf->type = place.in_digest ? SPAN("message/rfc822")
					     : SPAN("text/plain");
}

/* The children of a multipart, as libetpan parted them. */
static void
walk_children(struct walk *w, struct mailmime *multi, const char *buffer,
    struct place place, int depth)
{
	clist *list = multi->mm_data.mm_multipart.mm_mp_list;
	struct mailmime *child;
	struct span entity;
	struct leaf leaf;

	for (clistiter *i = clist_begin(list); i != NULL; i = clist_next(i)) {
		child = clist_content(i);
		entity =
		    (struct span){ child->mm_mime_start, child->mm_length };
		if (w->parts == PARTS_MAX)
			parsed_warn(w->body.parsed,
			    "only the first %d parts were read", PARTS_MAX);
		if (entity.p == NULL || w->parts++ >= PARTS_MAX)
			return;
		scan_leaf(
		    w, &leaf, entity, place, has_no_header(entity, buffer));
		if (child->mm_type == MAILMIME_MULTIPLE &&
		    is_multipart(leaf.type) && depth < DEPTH_MAX)
			walk_children(w, child, buffer,
			    inside(w, leaf.type, place), depth + 1);
		else
			read_entity(w, &leaf, place, depth + 1);
	}
}

/* The body behind a header of ours: over the mail's own header, which has been
 * read, when the mail is ours to write on and that is long enough; else in
 * `copy`. */
static struct span
with_header(struct buf *copy, const struct walk *w, struct span boundary,
    struct span body, int depth)
{
	char header[BOUNDARY_MAX + 100], *to;
	int n = snprintf(header, sizeof(header),
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/mixed; boundary=\"%.*s\"\r\n\r\n",
	    (int)boundary.n, boundary.p);

	if (w->body.owns_mail && depth == 0 &&
	    (size_t)(body.p - w->mail.p) >= (size_t)n &&
	    body.p + body.n == w->mail.p + w->mail.n) {
		to = (char *)(uintptr_t)body.p - n;
		memcpy(to, header, (size_t)n);
		return (struct span){ to, body.n + (size_t)n };
	}
	buf_str(copy, header);
	buf_add(copy, body);
	if (buf_room(copy, TAIL) == NULL)
		return (struct span){ NULL, 0 };
	memset(copy->p + copy->n, 0, TAIL);
	return buf_span(copy);
}

/* Has libetpan part the body; false when it finds nothing in it. */
static bool
part_body(struct walk *w, struct span boundary, const struct leaf *leaf,
    struct place place, int depth)
{
	struct buf copy = { .max = leaf->body.n + BOUNDARY_MAX + 512 };
	struct span mail = with_header(&copy, w, boundary, leaf->body, depth);
	struct mailmime *top = NULL, *multi;
	size_t at = 0;
	bool found = false;

	if (mail.p == NULL ||
	    mailmime_parse(mail.p, mail.n, &at, &top) != MAILIMF_NO_ERROR)
		goto out;
	multi = top->mm_type == MAILMIME_MESSAGE
		    ? top->mm_data.mm_message.mm_msg_mime
		    : NULL;
	if (multi == NULL || multi->mm_type != MAILMIME_MULTIPLE ||
	    clist_isempty(multi->mm_data.mm_multipart.mm_mp_list))
		goto out;
	found = true;
	walk_children(w, multi, mail.p, place, depth);
out:
	if (top != NULL)
		mailmime_free(top);
	buf_free(&copy);
	return found;
}

/* Does the boundary stand anywhere in the body?  When it does not, libetpan
 * takes the whole body for a part, and its first lines for a header. */
static bool
is_parted(struct span body, struct span boundary)
{
	char line[BOUNDARY_MAX + 2] = "--";

	memcpy(line + 2, boundary.p, boundary.n);
	return body.n > 0 &&
	       memmem(body.p, body.n, line, boundary.n + 2) != NULL;
}

static void
read_multipart(
    struct walk *w, const struct leaf *leaf, struct place place, int depth)
{
	struct parsed *parsed = w->body.parsed;
	struct span boundary =
	    header_param(&parsed->arena, leaf->params, "boundary");
	const char *why = NULL;

	boundary = span_trim(boundary);
	if (depth > DEPTH_MAX || w->rereads++ >= REREADS_MAX)
		why = "its parts are nested too deep";
	else if (!is_safe_boundary(boundary))
		why = "its boundary is missing or unusable";
	else
		why = unsafe(leaf->body);
	if (why == NULL && is_parted(leaf->body, boundary) &&
	    part_body(w, boundary, leaf, inside(w, leaf->type, place), depth))
		return;
	if (why == NULL)
		why = "its boundary does not part it";
	parsed_warn(parsed, "the mail was read as plain text: %s", why);
	body_take_raw(&w->body, leaf->body);
}

/* The content of an opaque S/MIME signature, in the arena; empty when this is
 * none, or encrypted. */
static struct span
unwrap(struct walk *w, const struct leaf *leaf)
{
	struct arena *a = &w->body.parsed->arena;
	bool owned = w->body.owns_mail;
	struct span der = { NULL, 0 };
	struct span content = { NULL, 0 };
	gnutls_datum_t in, out = { NULL, 0 };
	gnutls_pkcs7_t message = NULL;

	/* The part is read again when this comes to nothing. */
	w->body.owns_mail = false;
	der = body_decode(&w->body, leaf);
	w->body.owns_mail = owned;
	in = (gnutls_datum_t){ (unsigned char *)der.p, (unsigned)der.n };
	if (gnutls_pkcs7_init(&message) != 0)
		return content;
	if (gnutls_pkcs7_import(message, &in, GNUTLS_X509_FMT_DER) == 0 &&
	    gnutls_pkcs7_get_embedded_data(message, 0, &out) == 0)
		content =
		    arena_copy(a, (struct span){ (char *)out.data, out.size });
	gnutls_free(out.data);
	gnutls_pkcs7_deinit(message);
	return content;
}

static bool
is_opaque_smime(const struct leaf *leaf)
{
	return span_is(leaf->type, "application/pkcs7-mime") ||
	       span_is(leaf->type, "application/x-pkcs7-mime");
}

static void
read_smime(struct walk *w, struct leaf *leaf, struct place place, int depth)
{
	struct span content = { NULL, 0 };
	struct leaf inner;

	if (w->unwraps++ < UNWRAPS_MAX)
		content = unwrap(w, leaf);
	if (content.n == 0) {
		parsed_warn(w->body.parsed,
		    "an S/MIME part cannot be read; it may be encrypted");
		body_take(&w->body, leaf, place);
		return;
	}
	parsed_warn(w->body.parsed,
	    "the mail is signed with S/MIME; the signature was not checked");
	scan_leaf(w, &inner, content, place, false);
	read_entity(w, &inner, place, depth + 1);
}

/* A mail or part whose header has been read. */
static void
read_entity(struct walk *w, struct leaf *leaf, struct place place, int depth)
{
	if (span_is(leaf->type, "multipart/encrypted"))
		parsed_warn(
		    w->body.parsed, "the mail is encrypted and cannot be read");
	if (is_multipart(leaf->type))
		read_multipart(w, leaf, place, depth);
	else if (is_opaque_smime(leaf))
		read_smime(w, leaf, place, depth);
	else
		body_take(&w->body, leaf, place);
}

static bool
is_binary(struct span mail)
{
	size_t controls = 0;

	mail = span_sub(mail, 0, 4096);
	for (size_t i = 0; i < mail.n; i++)
		controls += (unsigned char)mail.p[i] < ' ' &&
			    memchr("\t\n\v\f\r\x1b", mail.p[i], 6) == NULL;
	return controls > 0 && controls > mail.n / 50;
}

/* A mail whose lines end with CR alone gets LF instead. */
static struct span
with_lf(struct arena *a, struct span mail)
{
	struct span head = span_sub(mail, 0, MAIL_SHOWN);

	if (!has_any(head, "\r") || has_any(head, "\n"))
		return mail;
	mail = arena_copy(a, mail);
	for (size_t i = 0; i < mail.n; i++)
		if (mail.p[i] == '\r')
			((char *)mail.p)[i] = '\n';
	return mail;
}

static void
warn_header(struct parsed *parsed, const struct header *header)
{
	if (header->skipped > 0)
		parsed_warn(parsed,
		    "%zu lines of the header are no header field and were "
		    "skipped",
		    header->skipped);
	if (header->cut)
		parsed_warn(parsed,
		    "the header is larger than we read; its end was left out");
}

static enum status
read_mail(struct mime *out, struct parsed *parsed, struct span mail, bool owned,
    struct err *err)
{
	struct walk w = { .body = { .parsed = parsed } };
	struct place top = { .section = BODY_NO_SECTION };
	struct leaf leaf;

	*out = (struct mime){ 0 };
	if (span_trim(mail).n == 0)
		return err_set(err, ST_REJECT, "the mail is empty");
	if (mail.n > MAIL_MAX) {
		parsed_warn(parsed,
		    "the mail has %zu bytes; only the first %d were read",
		    mail.n, MAIL_SHOWN);
		mail = span_sub(mail, 0, MAIL_SHOWN);
		owned = false; /* no zeros behind it */
	}
	w.mail = with_lf(&parsed->arena, mail);
	w.body.owns_mail = owned && w.mail.p == mail.p;
	mail = w.mail;
	scan_leaf(&w, &leaf, mail, top, false);
	if (leaf.header.n_fields == 0 && is_binary(mail))
		return err_set(err, ST_REJECT,
		    "this is no mail: binary data without any header field");
	warn_header(parsed, &leaf.header);
	out->fields = leaf.header.fields;
	out->n_fields = leaf.header.n_fields;
	out->type = leaf.type;
	out->params = leaf.params;
	read_entity(&w, &leaf, top, 0);
	body_finish(&w.body);
	out->plain = w.body.plain;
	out->html = w.body.html;
	out->parts = w.body.parts;
	out->n_parts = w.body.n_parts;
	return ST_OK;
}

enum status
mime_parse(
    struct mime *out, struct parsed *parsed, struct span mail, struct err *err)
{
	return read_mail(out, parsed, mail, false, err);
}

enum status
mime_parse_owned(
    struct mime *out, struct parsed *parsed, struct span mail, struct err *err)
{
	return read_mail(out, parsed, mail, true, err);
}

struct span
mime_field(const struct mime *mime, const char *name, size_t *from)
{
	for (size_t i = from == NULL ? 0 : *from; i < mime->n_fields; i++)
		if (span_is_nocase(mime->fields[i].name, name)) {
			if (from != NULL)
				*from = i + 1;
			return mime->fields[i].value;
		}
	if (from != NULL)
		*from = mime->n_fields;
	return (struct span){ NULL, 0 };
}

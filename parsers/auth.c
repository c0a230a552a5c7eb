/* auth - what our own mail server found out about the sender
 *
 * Place: parse.c (auth_read() of machine.h).  Only the first field that bears
 * our server's name is believed; anybody can write the others, below it.  Where
 * a server writes a field for each method, a later one of its name can only
 * speak against the sender: nobody forges that.
 *
 * Microsoft 365 writes no name.  There the first field counts, when every
 * Received above it is Microsoft's own, so that no other server can have
 * written it, and when the mail did not come from inside (where nothing was
 * checked, and what stands there the author may have written).
 */
#include "parsers/machine.h"

#include <string.h>

enum { FIELD_MAX = 16 * 1024 };

/* What `authserv_id` is for a mailbox on Microsoft 365. */
#define MICROSOFT_365 "microsoft365"

/* What one field says, as far as it matters here. */
struct results {
	struct span dmarc, dmarc_domain; /* "pass", header.from */
	struct span compauth, reason; /* Microsoft's own: "fail", "000" */
	bool dkim_aligned; /* a good signature of the author's domain */
};

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Appends `value` without comments and quotes; what is quoted keeps no
 * character that would part the field.  By the standard a comment knows no
 * quotes; but servers write the sender's address into one as it is, and
 * where `is_careful` a quoted ")" of it ends none.  False: a quote did not end. */
static bool
add_plain(struct buf *out, struct span value, bool is_careful)
{
	size_t depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c == '\\' && (depth > 0 || quoted)) {
			i++;
			continue;
		}
		if (c == '"' && (depth == 0 || is_careful))
			quoted = !quoted;
		else if (c == '(' && !quoted)
			depth++;
		else if (c == ')' && !quoted && depth > 0)
			depth--;
		else if (depth == 0)
			buf_char(
			    out, quoted && (c == ';' || is_blank(c)) ? '_' : c);
	}
	return !quoted;
}

static struct span
next_word(struct span *rest)
{
	struct span s = span_trim(*rest);
	size_t n = 0;

	while (n < s.n && !is_blank(s.p[n]))
		n++;
	*rest = span_from(s, n);
	return span_sub(s, 0, n);
}

static struct span
next_statement(struct span *rest)
{
	size_t n = span_find(*rest, ";");
	struct span s = span_trim(span_sub(*rest, 0, n));

	*rest = span_from(*rest, n + 1);
	return s;
}

static struct span
domain_of(struct span address)
{
	size_t at = span_find(address, "@");

	return at < address.n ? span_from(address, at + 1) : address;
}

/* Is `domain` the same as `owner` or one below it? */
static bool
is_under(struct span domain, struct span owner)
{
	size_t dot;

	if (owner.n == 0 || domain.n < owner.n ||
	    span_find(owner, ".") == owner.n)
		return false;
	dot = domain.n - owner.n;
	return (dot == 0 || domain.p[dot - 1] == '.') &&
	       strncasecmp(domain.p + dot, owner.p, owner.n) == 0;
}

/* "dkim=pass header.d=powiat.example": `value` of the property `name`. */
static struct span
property(struct span words, const char *name)
{
	struct span word;
	size_t n = strlen(name);

	while (words.n > 0) {
		word = next_word(&words);
		if (span_starts_nocase(word, name) && word.n > n &&
		    word.p[n] == '=')
			return span_from(word, n + 1);
	}
	return (struct span){ NULL, 0 };
}

/* Takes the blanks around every '=' out, so that words can be taken apart. */
static void
close_up(struct buf *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (s->p[i] == '=')
			while (n > 0 && is_blank(s->p[n - 1]))
				n--;
		if (is_blank(s->p[i]) && n > 0 && s->p[n - 1] == '=')
			continue;
		s->p[n++] = s->p[i];
	}
	s->n = n;
}

static void
read_statement(struct results *out, struct span s, struct span author)
{
	struct span first = next_word(&s), method, result;
	size_t equals = span_find(first, "=");

	method = span_sub(first, 0, equals);
	method = span_sub(method, 0, span_find(method, "/"));
	result = span_from(first, equals + 1);
	/* Said twice, the worse counts: one may be in the sender's words. */
	if (span_is_nocase(method, "dmarc") &&
	    (out->dmarc.n == 0 || span_is_nocase(out->dmarc, "pass"))) {
		out->dmarc = result;
		out->dmarc_domain = domain_of(property(s, "header.from"));
	}
	if (span_is_nocase(method, "compauth") && out->compauth.n == 0) {
		out->compauth = result;
		out->reason = property(s, "reason");
	}
	if (span_is_nocase(method, "dkim") && span_is_nocase(result, "pass")) {
		struct span d = property(s, "header.d");

		if (d.n == 0)
			d = domain_of(property(s, "header.i"));
		out->dkim_aligned |= is_under(author, d);
	}
}

static enum verdict
judge(const struct results *r, struct span author)
{
	bool about_author = r->dmarc_domain.n == 0 ||
			    is_under(author, r->dmarc_domain) ||
			    is_under(r->dmarc_domain, author);

	/* 000: failed by the domain's own policy; the others are guesses. */
	if (span_is_nocase(r->dmarc, "fail") ||
	    (span_is_nocase(r->compauth, "fail") && span_is(r->reason, "000")))
		return VERDICT_FAIL;
	if (span_is_nocase(r->compauth, "fail"))
		return VERDICT_NONE;
	if (span_is_nocase(r->dmarc, "pass") ||
	    span_is_nocase(r->dmarc, "bestguesspass"))
		return about_author ? VERDICT_PASS : VERDICT_NONE;
	if (r->dmarc.n > 0 && !span_is_nocase(r->dmarc, "none"))
		return VERDICT_NONE;
	return r->dkim_aligned ? VERDICT_PASS : VERDICT_NONE;
}

/* Is `id` our server's?  "*.mx.example" is any server below mx.example. */
static bool
is_our_server(struct span id, const char *authserv_id)
{
	size_t n = strlen(authserv_id);

	if (strncmp(authserv_id, "*.", 2) != 0)
		return span_is_nocase(id, authserv_id);
	return n > 2 && id.n >= n &&
	       span_is_nocase(span_from(id, id.n - n + 1), authserv_id + 1);
}

/* Judges the field when it is our server's; false when it is another's.
 * `authserv_id` NULL: a field without a name is meant. */
static bool
read_field(enum verdict *out, struct span value, struct span author,
    const char *authserv_id)
{
	struct buf plain = { .max = FIELD_MAX };
	struct results r = { 0 };
	struct span rest, id;
	bool ours;

	value = span_sub(value, 0, FIELD_MAX);
	if (!add_plain(&plain, value, true)) {
		buf_reset(&plain);
		add_plain(&plain, value, false);
	}
	close_up(&plain);
	rest = buf_span(&plain);
	if (authserv_id == NULL) {
		id = rest;
		id = next_word(&id);
		ours = span_find(id, "=") < id.n;
	} else {
		id = next_statement(&rest);
		ours = is_our_server(next_word(&id), authserv_id);
	}
	while (ours && rest.n > 0)
		read_statement(&r, next_statement(&rest), author);
	if (ours)
		*out = judge(&r, author);
	buf_free(&plain);
	return ours;
}

/* The first field of our server, and whether a later one speaks against. */
static enum verdict
read_named(const struct mime *mime, struct span author, const char *authserv_id)
{
	enum verdict first = VERDICT_NONE, next;
	bool found = false;
	struct span value;
	size_t from = 0;

	while (value = mime_field(mime, "Authentication-Results", &from),
	    value.p != NULL) {
		if (!read_field(&next, value, author, authserv_id))
			continue;
		if (!found || next == VERDICT_FAIL)
			first = next;
		found = true;
	}
	return first;
}

/* The host behind "by" ends with a name that Microsoft's servers have. */
static bool
is_from_microsoft(struct span received)
{
	static const char *const names[] = { ".outlook.com", ".office365.us",
		".outlook.cn" };
	struct span word = next_word(&received);

	while (word.n > 0 && !span_is_nocase(word, "by"))
		word = next_word(&received);
	word = next_word(&received);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = strlen(names[i]);

		if (word.n > n &&
		    span_is_nocase(span_from(word, word.n - n), names[i]))
			return true;
	}
	return false;
}

static enum verdict
read_microsoft(const struct mime *mime, struct span author)
{
	struct span inside =
	    mime_field(mime, "X-MS-Exchange-Organization-AuthAs", NULL);
	enum verdict verdict;

	if (span_starts_nocase(inside, "internal"))
		return VERDICT_NONE;
	for (size_t i = 0; i < mime->n_fields; i++) {
		const struct field *f = &mime->fields[i];

		if (span_is_nocase(f->name, "Received") &&
		    !is_from_microsoft(f->value))
			break;
		if (span_is_nocase(f->name, "Authentication-Results"))
			return read_field(&verdict, f->value, author, NULL)
				   ? verdict
				   : VERDICT_NONE;
	}
	return VERDICT_NONE;
}

static bool
is_marked_as_spam(const struct mime *mime)
{
	struct span scl =
	    mime_field(mime, "X-MS-Exchange-Organization-SCL", NULL);
	struct span report =
	    mime_field(mime, "X-Forefront-Antispam-Report", NULL);

	if (span_starts_nocase(mime_field(mime, "X-Spam-Flag", NULL), "yes") ||
	    span_starts_nocase(
		mime_field(mime, "X-Spam-Status", NULL), "yes") ||
	    span_starts_nocase(mime_field(mime, "X-Spam", NULL), "yes"))
		return true;
	if (scl.n == 1 && scl.p[0] >= '5' && scl.p[0] <= '9')
		return true;
	return span_find_nocase(report, "SFV:SPM") < report.n;
}

void
auth_read(
    struct parsed *parsed, const struct mime *mime, const char *authserv_id)
{
	struct span author = domain_of(parsed->from.address);
	size_t authors = 0, n_authors = 0;

	parsed->dmarc = VERDICT_NONE;
	parsed->is_spam = is_marked_as_spam(mime);
	while (mime_field(mime, "From", &authors).p != NULL)
		n_authors++;
	if (authserv_id == NULL || authserv_id[0] == '\0')
		return;
	parsed->dmarc = strcmp(authserv_id, MICROSOFT_365) == 0
			    ? read_microsoft(mime, author)
			    : read_named(mime, author, authserv_id);
	/* With two authors nobody can say whose domain was checked. */
	if (n_authors != 1 && parsed->dmarc == VERDICT_PASS)
		parsed->dmarc = VERDICT_NONE;
}

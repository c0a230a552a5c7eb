/* bounce - reports of non-delivery and of delay, in any form
 *
 * Place: machine.c asks first of all whether a mail is one (bounce_read() of
 * machine.h).  About half of them are reports by RFC 3464; the others are words
 * of mail servers.  Words alone never decide, since people quote such notices:
 * the sender, the envelope or the subject must say the same.
 */
#include "parsers/machine.h"

#include <string.h>

#include "parsers/address.h"
#include "parsers/dsn.h"
#include "parsers/header.h"
#include "parsers/machine_words.h"
#include "parsers/text.h"

enum {
	WORDS_READ = 16 * 1024, /* of a notice; the rest is the returned mail */
	OPENING = 600, /* of the folded text: where a server says who it is */
	LINES_READ = 400,
	RECIPIENTS_MAX = 200,
	REASON_MAX = 300,
	LEAD_MAX = 100, /* before an address in its line */
};

/* What has been found out about a mail that may be a notice. */
struct notice {
	struct span words; /* of the server, before the returned mail */
	struct span copy; /* the returned mail, if it stands in the text */
	struct span folded, subject; /* both as text_fold() gives them */
	struct span status, line; /* stated in words, and where */
	struct dsn *groups;
	size_t n_groups;
	bool has_report; /* a part of type message/delivery-status */
	const char *sender; /* the sign that a mail server sent it, or NULL */
	const char *subject_sign, *server_says, *failure; /* or NULL */
};

static bool
is_report_type(struct span type)
{
	return span_is(type, "message/delivery-status") ||
	       span_is(type, "message/global-delivery-status");
}

static bool
is_returned_type(struct span type)
{
	return span_is(type, "message/rfc822") ||
	       span_is(type, "message/global") ||
	       span_is(type, "message/partial") ||
	       span_is(type, "text/rfc822-headers") ||
	       span_is(type, "text/rfc822-header") ||
	       span_is(type, "text/rfc822") ||
	       span_is(type, "message/rfc822-headers") ||
	       span_is(type, "message/global-headers");
}

/* Does the returned mail begin with this line? */
static bool
starts_copy(struct arena *a, struct span line)
{
	static const char *const fields[] = { "Return-Path:", "Received: from ",
		"Received: by ", "Received: (", "X-Originating-IP:",
		"DKIM-Signature:", "MIME-Version: ", "Content-Type: " };
	struct span s = span_trim(line);
	bool is_rule;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (span_starts_nocase(line, fields[i]))
			return true;
	if (s.n < 8 || s.n > 120)
		return false;
	is_rule = strchr("-=*_#>|", s.p[0]) != NULL && s.p[1] == s.p[0];
	if (!is_rule && s.p[s.n - 1] != ':')
		return false;
	return machine_words_in(WORDS_RETURNED, text_fold_copy(a, s)) != NULL;
}

static void
split_words(struct notice *notice, struct arena *a, struct span text)
{
	struct span rest = text, line;

	notice->words = span_sub(text, 0, WORDS_READ);
	for (int i = 0; i < LINES_READ && span_line(&rest, &line); i++) {
		if (!starts_copy(a, line))
			continue;
		notice->words = span_sub(text, 0, (size_t)(line.p - text.p));
		notice->copy = span_from(text, (size_t)(line.p - text.p));
		break;
	}
	notice->words = span_sub(notice->words, 0, WORDS_READ);
}

static const char *
sender_sign(struct parsed *parsed, const struct mime *mime)
{
	struct arena *a = &parsed->arena;
	struct span local, detail, domain, from;

	if (parsed->null_return_path)
		return "an empty Return-Path";
	address_detail(parsed->return_path, &local, &detail, &domain);
	if (span_is_nocase(local, "mailer-daemon") ||
	    span_is_nocase(local, "postmaster"))
		return "the Return-Path of a mail server";
	if (address_is_machine(parsed->from.address))
		return "a sender whose name is a mail server's";
	if (machine_words_in(
		WORDS_DAEMON, text_fold_copy(a, parsed->from.name)) != NULL)
		return "a sender who calls himself a mail server";
	from = span_trim(mime_field(mime, "From", NULL));
	if (from.n >= 2 && span_is(span_from(from, from.n - 2), "<>"))
		return "an empty From";
	if (mime_field(mime, "X-Failed-Recipients", NULL).p != NULL)
		return "the header X-Failed-Recipients";
	if (mime_field(mime, "X-MLServer", NULL).p != NULL)
		return "the header X-MLServer of a list's server";
	return NULL;
}

/* "Re: ", "Fwd: "...: then a person speaks of a notice. */
static bool
is_prefixed(struct span folded)
{
	static const char *const prefixes[] = { "re:", "fwd:", "fw:", "odp:",
		"pd:", "aw:", "wg:", "sv:", "vs:", "tr:", "rv:", "r:" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (span_starts(folded, prefixes[i]))
			return true;
	return false;
}

static void
read_signs(struct notice *n, struct parsed *parsed, const struct mime *mime)
{
	struct arena *a = &parsed->arena;
	struct span opening;

	n->sender = sender_sign(parsed, mime);
	n->subject = text_fold_copy(a, parsed->subject);
	if (!is_prefixed(n->subject) &&
	    machine_words_lead(WORDS_AUTO_SUBJECT, n->subject) == NULL)
		n->subject_sign =
		    machine_words_in(WORDS_BOUNCE_SUBJECT, n->subject);
	if (n->sender == NULL && n->subject_sign == NULL)
		return; /* a person's mail is read no further */
	split_words(n, a, parsed->text);
	n->folded = text_fold_copy(a, n->words);
	opening = span_sub(n->folded, 0, OPENING);
	n->server_says = machine_words_in(
	    WORDS_SERVER_SAYS, n->sender != NULL ? n->folded : opening);
	n->failure = machine_words_in(WORDS_FAILURE, n->folded);
	n->status = dsn_status(a, n->words, &n->line);
}

/* The groups of the report; where it stands in the text, because the mail's
 * structure is broken or was never there, those found in it. */
static void
read_groups(struct notice *n, struct parsed *parsed, const struct mime *mime)
{
	struct span text = parsed->text;
	struct arena *a = &parsed->arena;

	for (size_t i = 0; i < mime->n_parts; i++)
		if (is_report_type(mime->parts[i].type)) {
			n->has_report = true;
			dsn_read(
			    a, mime->parts[i].body, &n->groups, &n->n_groups);
		}
	if (n->n_groups > 0 || n->sender == NULL)
		return;
	text = span_from(text, span_find_nocase(text, "\nFinal-Recipient:"));
	dsn_read(a, span_sub(text, 0, WORDS_READ), &n->groups, &n->n_groups);
}

/* Is it a notice?  Fills `why`. */
static bool
is_notice(
    const struct notice *n, struct parsed *parsed, const struct mime *mime)
{
	bool is_report = span_is(mime->type, "multipart/report");
	bool has_code = n->status.n > 0;

	if (n->has_report && (is_report || n->sender != NULL)) {
		parsed_why(parsed, "a delivery report (%s)",
		    "message/delivery-status");
		return true;
	}
	if (n->sender == NULL) {
		if (n->subject_sign == NULL || n->server_says == NULL ||
		    !has_code || parsed->n_in_reply_to > 0)
			return false;
		parsed_why(parsed,
		    "the subject says \"%s\" and the text \"%s\"",
		    n->subject_sign, n->server_says);
		return true;
	}
	if (mime_field(mime, "X-Failed-Recipients", NULL).p != NULL ||
	    n->n_groups > 0) {
		parsed_why(parsed, "it names the addresses that failed, and %s",
		    n->sender);
		return true;
	}
	if (n->subject_sign != NULL) {
		parsed_why(parsed, "%s and the subject says \"%s\"", n->sender,
		    n->subject_sign);
		return true;
	}
	if (is_prefixed(n->subject) && !parsed->null_return_path)
		return false;
	if (n->server_says != NULL || (n->failure != NULL && has_code)) {
		parsed_why(parsed, "%s and the text says \"%s\"", n->sender,
		    n->server_says != NULL ? n->server_says : n->failure);
		return true;
	}
	return false;
}

static bool
has_recipient(const struct bounce *b, struct span address)
{
	for (size_t i = 0; i < b->n_recipients; i++)
		if (b->recipients[i].n == address.n &&
		    span_find_nocase(b->recipients[i], address.p) == 0)
			return true;
	return false;
}

static void
add_recipient(struct parsed *parsed, struct span address)
{
	struct bounce *b = &parsed->bounce;

	address = arena_copy(&parsed->arena, address);
	if (address.n > 0 && b->n_recipients < RECIPIENTS_MAX &&
	    !has_recipient(b, address))
		span_push(
		    &parsed->arena, &b->recipients, &b->n_recipients, address);
}

static bool
is_address_byte(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || (c & 0x80) != 0 ||
	       (c != '\0' && strchr(".!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* The address around the first @ of `*rest`, which is moved behind it; `*lead`:
 * what stands before it in the line. */
static struct span
next_address(struct span *rest, struct span line, struct span *lead)
{
	size_t at = span_find(*rest, "@"), start, end;
	const char *p;

	if (at >= rest->n) {
		*rest = (struct span){ NULL, 0 };
		return *rest;
	}
	p = rest->p;
	for (start = at; start > 0 && is_address_byte(p[start - 1]);)
		start--;
	for (end = at + 1; end < rest->n && is_address_byte(p[end]);)
		end++;
	*rest = span_from(*rest, end);
	while (end > at && strchr(".-'_", p[end - 1]) != NULL)
		end--;
	while (start < at && strchr("'=", p[start]) != NULL)
		start++;
	*lead = span_sub(line, 0, (size_t)(p + start - line.p));
	return (struct span){ p + start, end - start };
}

/* Is what stands before an address in its line a list's or a label's? */
static bool
leads_to_recipient(struct span lead)
{
	static const char *const labels[] = { "to:", "rcpt to:", "recipient:",
		"recipients:", "recipient(s):", "address:", "addresses:",
		"user:", "mailbox:", "for:", "adresat:", "adresata:",
		"odbiorca:", "do:", "empfanger:" };
	bool plain = true;

	while (lead.n > 0 && strchr(" \t<\"'([", lead.p[lead.n - 1]) != NULL)
		lead.n--;
	if (lead.n > LEAD_MAX) {
		lead = span_from(lead, lead.n - LEAD_MAX);
		plain = false;
	}
	for (size_t i = 0; i < lead.n && plain; i++)
		plain = strchr("-*>#|.", lead.p[i]) != NULL;
	if (plain)
		return true;
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		size_t n = strlen(labels[i]);

		if (lead.n >= n &&
		    span_is_nocase(span_from(lead, lead.n - n), labels[i]))
			return true;
	}
	return false;
}

static bool
is_ours(const struct parsed *parsed, struct span address)
{
	for (size_t i = 0; i < parsed->n_recipients; i++)
		if (span_is_nocase(address, parsed->recipients[i].p))
			return true;
	return span_is_nocase(address, parsed->from.address.p);
}

/* Recipients in the words of a server: addresses that lead a line or follow a
 * label; else the first address at all. */
static void
recipients_in_words(struct parsed *parsed, struct span words)
{
	struct span line, rest, lead = { NULL, 0 }, first = { NULL, 0 };

	for (int i = 0; i < LINES_READ && span_line(&words, &line); i++) {
		rest = line;
		while (rest.n > 0) {
			struct span address = next_address(&rest, line, &lead);

			if (!address_is_valid(address) ||
			    address_is_machine(address))
				continue;
			address = arena_copy(&parsed->arena, address);
			if (is_ours(parsed, address))
				continue;
			if (first.n == 0)
				first = address;
			if (leads_to_recipient(lead))
				add_recipient(parsed, address);
		}
	}
	if (parsed->bounce.n_recipients == 0)
		add_recipient(parsed, first);
}

/* The header of the returned mail, wherever it stands. */
static struct header
returned_header(
    struct notice *n, struct parsed *parsed, const struct mime *mime)
{
	struct header header = { 0 };
	struct span copy = n->copy, line;

	for (size_t i = 0; i < mime->n_parts; i++)
		if (is_returned_type(mime->parts[i].type)) {
			header_scan(
			    &header, &parsed->arena, mime->parts[i].body);
			if (header_field(&header, "Message-ID").n > 0)
				return header;
		}
	/* In the text a headline or two may come first. */
	while (copy.n > 0) {
		struct span before = copy;

		span_line(&copy, &line);
		if (span_find(line, ":") == line.n || span_starts(line, "-") ||
		    span_trim(line).n == 0)
			continue;
		header_scan(&header, &parsed->arena, before);
		break;
	}
	return header;
}

/* The last line of `text` that gives a Message-ID; the empty span when none
 * does. */
static struct span
last_id(struct span text)
{
	struct span line, found = { NULL, 0 };

	while (span_line(&text, &line)) {
		while (line.n > 0 && strchr(" \t>|", line.p[0]) != NULL)
			line = span_from(line, 1);
		if (span_starts_nocase(line, "Message-ID:"))
			found = span_from(line, strlen("Message-ID:"));
	}
	return found;
}

static void
read_original(struct notice *n, struct parsed *parsed, const struct mime *mime)
{
	struct header header = returned_header(n, parsed, mime);
	struct span id = header_field(&header, "Message-ID");
	size_t open;

	/* In its own header a mail names only itself, so that is not looked
	 * at; in any of its parts it can only name another. */
	for (size_t i = 0; i < mime->n_parts && id.n == 0; i++)
		if (span_starts(mime->parts[i].type, "text/"))
			id = last_id(mime->parts[i].body);
	open = span_find(id, "<");
	if (open < id.n)
		id = span_from(id, open + 1);
	id = span_trim(span_sub(id, 0, span_find(id, ">")));
	parsed->bounce.original_id = arena_copy(&parsed->arena, id);
	if (parsed->bounce.n_recipients == 0)
		add_recipient(parsed,
		    address_first(&parsed->arena, header_field(&header, "To"))
			.address);
}

/* One line, at most REASON_MAX bytes, white space folded. */
static struct span
one_line(struct arena *a, struct span s)
{
	struct buf out = { .max = REASON_MAX + 8 };
	struct span line;
	size_t len;

	for (s = span_trim(s); s.n > 0 && out.n < REASON_MAX;
	     s = span_from(s, len)) {
		int32_t c = text_next(s, &len);

		if (c <= ' ' || c == 0x7f) {
			if (out.n > 0 && out.p[out.n - 1] != ' ')
				buf_char(&out, ' ');
		} else if (c != 0xfffd)
			buf_add(&out, span_sub(s, 0, len));
	}
	line = arena_copy(a, span_trim(buf_span(&out)));
	buf_free(&out);
	return line;
}

/* What the groups say as a whole: one failure outweighs delays, a delay
 * outweighs deliveries. */
static enum dsn_action
report_action(const struct notice *n)
{
	enum dsn_action best = DSN_NONE;

	for (size_t i = 0; i < n->n_groups; i++) {
		enum dsn_action action = n->groups[i].action;

		if (action != DSN_NONE && (best == DSN_NONE || action < best))
			best = action;
	}
	return best;
}

static void
add_result(struct parsed *parsed, const struct bounced *result)
{
	struct bounced *slot;

	if (parsed->bounce.n_each >= RECIPIENTS_MAX)
		return;
	slot = arena_push(&parsed->arena, &parsed->bounce.each,
	    &parsed->bounce.n_each, sizeof(*slot));
	if (slot != NULL)
		*slot = *result;
}

/* What became of each: by the report's groups, else the same for all. */
static void
read_results(struct notice *n, struct parsed *parsed)
{
	struct bounce *b = &parsed->bounce;
	struct arena *a = &parsed->arena;

	for (size_t i = 0; i < n->n_groups; i++) {
		const struct dsn *g = &n->groups[i];

		if (g->action == DSN_DELIVERED || g->recipient.n == 0)
			continue;
		add_result(parsed,
		    &(struct bounced){ arena_copy(a, g->recipient), g->status,
			one_line(a, g->diagnostic),
			g->action == DSN_NONE ? b->delayed
					      : g->action == DSN_DELAYED });
	}
	for (size_t i = 0; n->n_groups == 0 && i < b->n_recipients; i++)
		add_result(parsed, &(struct bounced){ b->recipients[i],
				       b->status, b->reason, b->delayed });
}

/* "4.0.0" and "5.0.0" say nothing but their class. */
static bool
is_vague(struct span status)
{
	return status.n == 0 || span_is(span_from(status, 1), ".0.0");
}

static void
read_status(struct notice *n, struct parsed *parsed, enum dsn_action action)
{
	struct bounce *b = &parsed->bounce;
	struct arena *a = &parsed->arena;
	struct span better;

	for (size_t i = 0; i < n->n_groups; i++) {
		const struct dsn *g = &n->groups[i];

		if (g->action != action && g->action != DSN_NONE)
			continue;
		add_recipient(parsed, g->recipient);
		if (b->status.n == 0)
			b->status = g->status;
		if (b->reason.n == 0)
			b->reason = one_line(a, g->diagnostic);
	}
	better = dsn_status(a, b->reason, NULL);
	if (is_vague(b->status) && better.n > 0 &&
	    (b->status.n == 0 || b->status.p[0] == better.p[0]))
		b->status = better;
	/* Some note a refusal as temporary although the server that refused
	 * said that it is final. */
	if (action == DSN_FAILED && span_starts(b->status, "4") &&
	    span_starts(better, "5"))
		b->status = better;
	if (b->status.n == 0)
		b->status = n->status;
	if (b->reason.n == 0)
		b->reason = one_line(a, n->line);
}

static bool
is_delay_in_words(const struct notice *n, struct span status)
{
	struct span head = span_sub(n->folded, 0, 4096);

	if (status.n > 0 && status.p[0] == '5')
		return false;
	if (machine_words_in(WORDS_DELAY_SURE, head) != NULL)
		return true;
	if (machine_words_in(WORDS_FINAL, head) != NULL)
		return false;
	return machine_words_in(WORDS_DELAY, head) != NULL ||
	       machine_words_in(WORDS_DELAY, n->subject) != NULL;
}

static bool
is_complaint_report(const struct mime *mime)
{
	for (size_t i = 0; i < mime->n_parts; i++)
		if (span_is(mime->parts[i].type, "message/feedback-report"))
			return true;
	return false;
}

static void
name_kind(struct parsed *parsed, enum dsn_action action)
{
	static const char *const names[] = { [DSN_NONE] = "failed",
		[DSN_FAILED] = "failed",
		[DSN_DELAYED] = "delayed",
		[DSN_DELIVERED] = "delivered" };
	struct span why = parsed->why;

	parsed->kind = KIND_BOUNCE;
	if (action == DSN_DELAYED)
		parsed->kind = KIND_DELAYED;
	if (action == DSN_DELIVERED)
		parsed->kind = KIND_RECEIPT;
	parsed->bounce.delayed = action == DSN_DELAYED;
	parsed_why(parsed, "%.*s, action %s", (int)why.n, why.p, names[action]);
}

bool
bounce_read(struct parsed *parsed, const struct mime *mime)
{
	struct notice n = { 0 };
	enum dsn_action action;
	struct span failed;

	if (is_complaint_report(mime))
		return false;
	read_signs(&n, parsed, mime);
	read_groups(&n, parsed, mime);
	if (!is_notice(&n, parsed, mime))
		return false;
	if (n.folded.p == NULL)
		split_words(&n, &parsed->arena, parsed->text);
	action = report_action(&n);
	read_status(&n, parsed, action);
	failed = mime_field(mime, "X-Failed-Recipients", NULL);
	if (parsed->bounce.n_recipients == 0 && failed.n > 0)
		address_all(&parsed->arena, failed, &parsed->bounce.recipients,
		    &parsed->bounce.n_recipients);
	if (parsed->bounce.n_recipients == 0)
		recipients_in_words(parsed, n.words);
	if (action == DSN_NONE && is_delay_in_words(&n, parsed->bounce.status))
		action = DSN_DELAYED;
	read_original(&n, parsed, mime);
	name_kind(parsed, action);
	read_results(&n, parsed);
	if (parsed->kind == KIND_RECEIPT)
		parsed->bounce = (struct bounce){ 0 };
	return true;
}

void
bounce_original(struct parsed *parsed, const struct mime *mime)
{
	struct notice n = { 0 };

	read_original(&n, parsed, mime);
	parsed->bounce.n_recipients = 0; /* nothing failed to reach them */
}

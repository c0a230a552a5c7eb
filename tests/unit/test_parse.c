/* test_parse - whole mails: every sample, and the order of kinds
 *
 * The samples' expected results are tests/data/samples; how they are compared
 * is said in docs (samples): NFC, white space folded, invisible signs dropped;
 * the program's reply may keep up to ten words more than wanted, in order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>

#include "parsers/text.h"
#include "tests/unit/mails.h"

#define MAILS "samples/mail"
#define WANTED "tests/data/samples"

enum { MORE_WORDS_MAX = 10 };

static void
read_file(struct buf *out, const char *path)
{
	char chunk[4096];
	size_t n;
	FILE *f = fopen(path, "rb");

	if (f == NULL)
		fail_msg("%s cannot be opened", path);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(out, (struct span){ chunk, n });
	fclose(f);
	assert_false(out->failed);
}

/* Appends `s` as texts are compared. */
static void
add_comparable(struct buf *out, struct span s)
{
	struct buf nfc = { .max = 4 << 20 };
	struct span rest;
	bool space = false;
	size_t len;

	text_nfc(&nfc, s);
	for (rest = buf_span(&nfc); rest.n > 0; rest = span_from(rest, len)) {
		int32_t c = text_next(rest, &len);

		if (c == 0xfeff || c == 0x200b)
			continue;
		if (c == 0xa0 || c <= ' ') {
			space = true;
			continue;
		}
		if (space && out->n > 0)
			buf_char(out, ' ');
		space = false;
		buf_add(out, span_sub(rest, 0, len));
	}
	buf_free(&nfc);
}

static struct span
next_word(struct span *rest)
{
	size_t end = span_find(*rest, " ");
	struct span word = span_sub(*rest, 0, end);

	*rest = span_from(*rest, end + 1);
	return word;
}

/* How many words `got` has besides those of `want`, which must stand in it in
 * order; -1 when they do not. */
static int
more_words(struct span got, struct span want)
{
	int more = 0;
	struct span wanted = next_word(&want);

	while (got.n > 0) {
		struct span word = next_word(&got);

		if (wanted.n > 0 && span_eq(word, wanted))
			wanted = next_word(&want);
		else
			more++;
	}
	return wanted.n > 0 ? -1 : more;
}

static const char *
string_of(const json_t *sample, const char *key)
{
	const char *s = json_string_value(json_object_get(sample, key));

	return s == NULL ? "" : s;
}

static void
check_text(const char *id, const char *what, struct span got, const char *want,
    int more_max)
{
	struct buf a = { .max = 4 << 20 }, b = { .max = 4 << 20 };
	int more;

	add_comparable(&a, got);
	add_comparable(&b, span_of(want));
	more = more_words(buf_span(&a), buf_span(&b));
	if (more < 0 || more > more_max)
		fail_msg("%s: the %s is\n%s\nnot\n%s", id, what, buf_cstr(&a),
		    buf_cstr(&b));
	buf_free(&a);
	buf_free(&b);
}

static void
check_leaks(const char *id, const json_t *sample, const struct parsed *p)
{
	struct buf reply = { .max = 4 << 20 };
	const json_t *each;
	size_t i;

	add_comparable(&reply, p->new_text);
	buf_char(&reply, '\n');
	add_comparable(&reply, p->remark);
	json_array_foreach(json_object_get(sample, "must_not_contain"), i, each)
	{
		const char *leak = json_string_value(each);

		if (span_find(buf_span(&reply), leak) < reply.n)
			fail_msg("%s: \"%s\" leaks", id, leak);
	}
	buf_free(&reply);
}

static bool
has_code(const struct parsed *p, const char *code, const char *source)
{
	static const char *const sources[] = { [CODE_IN_SUBJECT] = "subject",
		[CODE_IN_BODY] = "body",
		[CODE_IN_ADDRESS] = "plus" };

	for (size_t i = 0; i < p->n_codes; i++)
		if (p->codes[i].valid && span_is(p->codes[i].code, code) &&
		    strcmp(sources[p->codes[i].where], source) == 0)
			return true;
	return false;
}

static bool
has_seen(const struct parsed *p, const char *seen)
{
	for (size_t i = 0; i < p->n_codes; i++)
		if (span_is(p->codes[i].seen, seen))
			return true;
	return false;
}

static void
check_codes(const char *id, const json_t *sample, const struct parsed *p)
{
	const char *source = string_of(sample, "code_source");
	const char *code = string_of(sample, "code");
	const char *seen = string_of(sample, "code_seen");
	const json_t *each;
	size_t i;

	/* What ties by In-Reply-To alone is the store's to know. */
	if (strcmp(source, "in_reply_to") != 0 && code[0] != '\0' &&
	    !has_code(p, code, source))
		fail_msg("%s: code %s in %s not found", id, code, source);
	json_array_foreach(json_object_get(sample, "codes"), i,
	    each) if (!has_code(p, json_string_value(each), source))
	    fail_msg("%s: code %s not found", id, json_string_value(each));
	if (seen[0] != '\0' && !has_seen(p, seen))
		fail_msg("%s: \"%s\" was not seen as a code", id, seen);
	if (code[0] == '\0' && seen[0] == '\0' &&
	    json_array_size(json_object_get(sample, "codes")) == 0 &&
	    p->n_codes > 0)
		fail_msg("%s: %s is no code", id, p->codes[0].seen.p);
}

static void
check_attachments(const char *id, const json_t *sample, const struct parsed *p)
{
	const json_t *wanted = json_object_get(sample, "attachments"), *each;
	size_t i;

	if (p->kind == KIND_REMARK &&
	    p->n_attachments != json_array_size(wanted))
		fail_msg("%s: %zu attachments", id, p->n_attachments);
	json_array_foreach(wanted, i, each)
	{
		const struct attachment *a = &p->attachments[i];

		check_text(id, "name", a->name, string_of(each, "filename"), 0);
		if (!span_is(a->type, string_of(each, "type")))
			fail_msg("%s: type %s", id, a->type.p);
		assert_int_equal(a->body.n,
		    json_integer_value(json_object_get(each, "bytes")));
	}
}

static void
check_bounce(const char *id, const json_t *wanted, const struct parsed *p)
{
	const struct bounce *b = &p->bounce;

	if (wanted == NULL) {
		assert_int_equal(b->n_recipients, 0);
		return;
	}
	if (b->n_recipients != 1 ||
	    !span_is(b->recipients[0], string_of(wanted, "recipient")) ||
	    !span_is(b->status, string_of(wanted, "status")) ||
	    !span_is(
		b->original_id, string_of(wanted, "original_message_id")) ||
	    b->delayed)
		fail_msg("%s: the bounce was misread", id);
}

static void
check_rsvp(const char *id, const json_t *wanted, const struct parsed *p)
{
	const struct calendar *c = &p->calendar;

	if (wanted == NULL) {
		assert_int_equal(c->method.n, 0);
		return;
	}
	if (!span_is(c->partstat, string_of(wanted, "partstat")))
		fail_msg("%s: %s", id, c->partstat.p);
	if (json_object_get(wanted, "attendee") == NULL)
		return; /* said in words */
	if (!span_is(c->uid, string_of(wanted, "uid")) ||
	    !span_is(c->attendee, string_of(wanted, "attendee")) ||
	    c->sequence !=
		json_integer_value(json_object_get(wanted, "sequence")))
		fail_msg("%s: the answer was misread", id);
}

/* A sample's kind is also about what the store knows; here it is what the mail
 * itself says. */
static void
check_kind(const char *id, const json_t *sample, const struct parsed *p)
{
	static const struct {
		const char *sample;
		enum kind kind;
		enum command command;
	} kinds[] = {
		{ "unsubscribe", KIND_COMMAND, CMD_STOP },
		{ "staff_broadcast", KIND_COMMAND, CMD_ANNOUNCE },
		{ "staff_cancel", KIND_COMMAND, CMD_CANCEL },
		{ "correction", KIND_COMMAND, CMD_CORRECTION },
		{ "confirm_suggestion", KIND_COMMAND, CMD_YES },
		{ "rsvp", KIND_RSVP, CMD_NONE },
		{ "autoreply", KIND_AUTO_REPLY, CMD_NONE },
		{ "bounce", KIND_BOUNCE, CMD_NONE },
		{ "empty", KIND_EMPTY, CMD_NONE },
		{ "spam", KIND_LIST, CMD_NONE },
	};
	const char *kind = string_of(sample, "kind");
	enum kind want = KIND_REMARK;
	enum command command = CMD_NONE;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].sample, kind) == 0) {
			want = kinds[i].kind;
			command = kinds[i].command;
		}
	if (p->kind != want || p->command != command)
		fail_msg("%s: %s, command %d (%s)", id, kind_name(p->kind),
		    p->command, p->why.p);
	if (p->is_spam != (strcmp(kind, "spam") == 0))
		fail_msg("%s: spam", id);
}

static void
check_provision(const char *id, const char *wanted, const struct parsed *p)
{
	if (wanted[0] == '\0')
		return;
	for (size_t i = 0; i < p->n_provisions; i++)
		if (span_is(p->provisions[i], wanted))
			return;
	fail_msg("%s: provision %s not found", id, wanted);
}

static void
check_sample(const char *name)
{
	struct buf mail = { .max = 4 << 20 };
	struct parsed p;
	char path[600];
	json_t *sample;
	json_error_t error;

	snprintf(path, sizeof(path), "%s/%s.eml", MAILS, name);
	read_file(&mail, path);
	snprintf(path, sizeof(path), "%s/%s.json", WANTED, name);
	sample = json_load_file(path, 0, &error);
	if (sample == NULL)
		fail_msg("%s: %s", path, error.text);
	mails_parse(&p, buf_span(&mail));
	check_kind(name, sample, &p);
	check_codes(name, sample, &p);
	check_leaks(name, sample, &p);
	check_text(name, "reply", p.new_text, string_of(sample, "reply"),
	    MORE_WORDS_MAX);
	check_text(name, "remark", p.remark, string_of(sample, "remark"), 0);
	check_attachments(name, sample, &p);
	check_bounce(name, json_object_get(sample, "bounce"), &p);
	check_rsvp(name, json_object_get(sample, "rsvp"), &p);
	check_provision(name, string_of(sample, "provision"), &p);
	assert_true(span_is(p.from.address, string_of(sample, "from")));
	assert_true(span_is(p.from.name, string_of(sample, "from_name")));
	assert_true(p.why.n > 0);
	parsed_free(&p);
	json_decref(sample);
	buf_free(&mail);
}

static void
every_sample_is_understood(void **state)
{
	DIR *dir = opendir(MAILS);
	struct dirent *entry;
	int n = 0;

	(void)state;
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		struct span name = span_of(entry->d_name);
		char base[300];

		if (name.n < 5 || name.n > sizeof(base) ||
		    !span_is(span_from(name, name.n - 4), ".eml"))
			continue;
		memcpy(base, name.p, name.n - 4);
		base[name.n - 4] = '\0';
		check_sample(base);
		n++;
	}
	closedir(dir);
	assert_true(n >= 32);
}

struct row {
	const char *says, *subject, *body;
	enum kind kind;
	enum command command;
	const char *code; /* canonical, or "" */
	bool inherited;
};

static void
the_authors_words_decide_last(void **state)
{
	static const struct row rows[] = {
		{ "a remark under its code", "BL-10KE uwaga",
		    "Wi\xc4\x99"
		    "cej \xc5\x82"
		    "awek.",
		    KIND_REMARK, CMD_NONE, "BL-10KE", false },
		{ "a reply inherits the code of its subject",
		    "Re: [BL-10KE] Spotkanie", "Wiecej lawek.", KIND_REMARK,
		    CMD_NONE, "BL-10KE", true },
		{ "in Polish programs too", "Odp: [BL-10KE] Spotkanie",
		    "Wiecej lawek.", KIND_REMARK, CMD_NONE, "BL-10KE", true },
		{ "Outlook counts its replies", "RE[2]: BL-10KE",
		    "Wiecej lawek.", KIND_REMARK, CMD_NONE, "BL-10KE", true },
		{ "a forwarded subject is another's as well",
		    "PD: BL-10KE Spotkanie", "Wiecej lawek.", KIND_REMARK,
		    CMD_NONE, "BL-10KE", true },
		{ "a tag before the prefix changes nothing",
		    "[ZEWN.] Re: BL-10KE", "Wiecej lawek.", KIND_REMARK,
		    CMD_NONE, "BL-10KE", true },
		{ "a word that begins like a prefix is none", "Remont: BL-10KE",
		    "Wiecej lawek.", KIND_REMARK, CMD_NONE, "BL-10KE", false },
		{ "an order", "x", "STOP", KIND_COMMAND, CMD_STOP, "", false },
		{ "an order, signed", "x",
		    "Rezygnuj\xc4\x99.\n\nPozdrawiam\n"
		    "Jan Kot",
		    KIND_COMMAND, CMD_STOP, "", false },
		{ "an order in the subject of a mail without words", "wypisz",
		    "", KIND_COMMAND, CMD_STOP, "", false },
		{ "but not one that was inherited", "Re: stop", "", KIND_EMPTY,
		    CMD_NONE, "", false },
		{ "the order's word among others is a remark", "x",
		    "STOP wycince drzew przy ulicy Lipowej!", KIND_REMARK,
		    CMD_NONE, "", false },
		{ "yes", "x", "TAK", KIND_COMMAND, CMD_YES, "", false },
		{ "a sentence of attendance", "x",
		    "B\xc4\x99"
		    "d\xc4\x99, razem z m\xc4\x99\xc5\xbc"
		    "em.",
		    KIND_RSVP, CMD_NONE, "", false },
		{ "nothing at all", "BL-10KE", " \n\n", KIND_EMPTY, CMD_NONE,
		    "BL-10KE", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf mail = { .max = 4096 };
		struct parsed p;

		buf_printf(&mail,
		    "From: Jan Kot <jan@a.example>\nTo: k@powiat.example\n"
		    "Subject: %s\nContent-Type: text/plain; charset=utf-8\n\n"
		    "%s\n",
		    rows[i].subject, rows[i].body);
		mails_parse(&p, buf_span(&mail));
		if (p.kind != rows[i].kind || p.command != rows[i].command)
			fail_msg("%s: %s, command %d", rows[i].says,
			    kind_name(p.kind), p.command);
		if (rows[i].code[0] == '\0' && p.n_codes > 0)
			fail_msg(
			    "%s: code %s", rows[i].says, p.codes[0].code.p);
		if (rows[i].code[0] != '\0' &&
		    (p.n_codes != 1 ||
			!span_is(p.codes[0].code, rows[i].code) ||
			p.codes[0].inherited != rows[i].inherited))
			fail_msg("%s: code", rows[i].says);
		parsed_free(&p);
		buf_free(&mail);
	}
}

static void
a_sentence_of_attendance_may_hold_a_wish(void **state)
{
	struct parsed p;

	(void)state;
	mails_parse(&p, SPAN("From: jan@a.example\nSubject: x\n"
			     "Content-Type: text/plain; charset=utf-8\n\n"
			     "B\xc4\x99"
			     "d\xc4\x99, i prosz\xc4\x99 o wiat\xc4\x99.\n"));
	assert_int_equal(p.kind, KIND_RSVP);
	assert_true(span_is(p.calendar.partstat, "ACCEPTED"));
	assert_int_equal(p.calendar.method.n, 0);
	assert_true(span_find(p.remark, "wiat") < p.remark.n);
	assert_int_equal(p.n_warnings, 1);
	assert_true(span_is(p.warnings[0], "also holds a remark"));
	parsed_free(&p);
}

static void
headers_are_read_as_they_come(void **state)
{
	struct parsed p;

	(void)state;
	mails_parse(
	    &p, SPAN("Return-Path: <jan@a.example>\n"
		     "Delivered-To: Biuro@powiat.example\n"
		     "Received: from a by b for <x@y.example>; comment; "
		     "Fri, 13 Nov 2026 12:30:05 +0100 (CET)\n"
		     "Received: from c by d; Fri, 13 Nov 2020 12:30:05 +0100\n"
		     "From: =?utf-8?Q?Micha=C5=82?= <m@a.example>\n"
		     "Reply-To: Ola <ola@a.example>\n"
		     "To: Konsultacje <k+bl-t4nr@powiat.example>,\n"
		     " biuro@powiat.example\nCc: k+x@powiat.example\n"
		     "Subject: =?utf-8?Q?=C5=81awki?=\n"
		     "Date: Fri, 13 Nov 2026 06:29:00 -0500\n"
		     "Message-ID: <a1@a.example>\n"
		     "In-Reply-To: Your mail <k1@powiat.example>\n"
		     "References: <k0@powiat.example>\n <k1@powiat.example>\n\n"
		     "x\n"));
	assert_true(span_is(p.from.name, "Micha\xc5\x82"));
	assert_true(span_is(p.reply_to.address, "ola@a.example"));
	assert_true(span_is(p.return_path, "jan@a.example"));
	assert_false(p.null_return_path);
	assert_true(span_is(p.subject, "\xc5\x81"
				       "awki"));
	assert_true(span_is(p.message_id, "a1@a.example"));
	assert_int_equal(p.n_in_reply_to, 1);
	assert_true(span_is(p.in_reply_to[0], "k1@powiat.example"));
	assert_int_equal(p.n_references, 2);
	assert_true(span_is(p.date, "2026-11-13T06:29:00-05:00"));
	assert_int_equal(p.received_ms, 1794569405000);
	assert_int_equal(p.n_recipients, 3);
	assert_true(span_is(p.recipients[0], "Biuro@powiat.example"));
	assert_true(span_is(p.recipients[1], "k+bl-t4nr@powiat.example"));
	assert_int_equal(p.n_codes, 1);
	assert_int_equal(p.codes[0].where, CODE_IN_ADDRESS);
	assert_true(span_is(p.codes[0].code, "BL-T4NR"));
	parsed_free(&p);
}

static void
what_cannot_be_read_says_why(void **state)
{
	static const char binary[] = "\0\1\2\3\0\1\2\3\0\1\2\3";
	struct parsed p;

	(void)state;
	mails_parse(&p, SPAN(""));
	assert_int_equal(p.kind, KIND_UNREADABLE);
	assert_true(p.why.n > 0);
	parsed_free(&p);
	mails_parse(&p, (struct span){ binary, sizeof(binary) });
	assert_int_equal(p.kind, KIND_UNREADABLE);
	assert_true(p.why.n > 0);
	parsed_free(&p);
}

static void
attachments_alone_are_a_remark(void **state)
{
	struct parsed p;

	(void)state;
	mails_parse(
	    &p, SPAN("From: jan@a.example\nSubject: stop\nMIME-Version: 1.0\n"
		     "Content-Type: application/pdf; name=uwagi.pdf\n"
		     "Content-Disposition: attachment; filename=uwagi.pdf\n\n"
		     "%PDF-1.4 x\n"));
	assert_int_equal(p.kind, KIND_REMARK);
	assert_int_equal(p.n_attachments, 1);
	assert_int_equal(p.remark.n, 0);
	assert_true(p.n_warnings > 0);
	assert_true(span_is(p.warnings[p.n_warnings - 1], "only attachments"));
	parsed_free(&p);
}

static void
a_text_goes_the_same_way(void **state)
{
	struct sms sms = { SPAN("+48110000301"), SPAN("+48110010010"),
		SPAN("BL-10KE wiecej lawek"), 0 };
	struct parsed p = { 0 };

	(void)state;
	parse_sms(&p, &sms, &mails_settings);
	assert_int_equal(p.kind, KIND_REMARK);
	assert_true(span_is(p.remark, "wiecej lawek"));
	parsed_free(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sample_is_understood),
		cmocka_unit_test(the_authors_words_decide_last),
		cmocka_unit_test(a_sentence_of_attendance_may_hold_a_wish),
		cmocka_unit_test(headers_are_read_as_they_come),
		cmocka_unit_test(what_cannot_be_read_says_why),
		cmocka_unit_test(attachments_alone_are_a_remark),
		cmocka_unit_test(a_text_goes_the_same_way),
	};

	return cmocka_run_group_tests(tests, mails_open, mails_close);
}

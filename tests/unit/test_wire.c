/* test_wire - a parsed mail goes over the wire and comes back the same */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parsers/digest.h"
#include "parsers/wire.h"

enum { WIRE_MAX = 72 * 1024 * 1024 };

/* A mail with something in every field. */
static void
fill(struct parsed *p)
{
	struct arena *a = &p->arena;
	struct attachment *file;
	struct bounced *each;
	struct piece *piece;
	struct code *code;

	p->kind = KIND_BOUNCE;
	p->command = CMD_ASK;
	p->why = SPAN("rule");
	p->argument = SPAN("argument");
	p->from = (struct address){ SPAN("a@x.example"), SPAN("Ąnna") };
	p->reply_to = (struct address){ SPAN("r@x.example"), SPAN("R") };
	p->return_path = SPAN("bounce@x.example");
	p->null_return_path = true;
	p->subject = SPAN("Temat");
	p->message_id = SPAN("1@x.example");
	p->date = SPAN("2026-11-13T12:30:00+01:00");
	p->received_ms = -1763033400000;
	p->dmarc = VERDICT_FAIL;
	p->is_spam = true;
	p->language = SPAN("pl");
	span_push(a, &p->in_reply_to, &p->n_in_reply_to, SPAN("i@x"));
	span_push(a, &p->references, &p->n_references, SPAN("r1@x"));
	span_push(a, &p->references, &p->n_references, SPAN("r2@x"));
	span_push(a, &p->recipients, &p->n_recipients, SPAN("to@x"));
	p->text = SPAN("cały tekst");
	p->new_text = SPAN("nowy");
	p->remark = SPAN("uwaga");
	code = arena_push(a, &p->codes, &p->n_codes, sizeof(*code));
	*code = (struct code){ SPAN("BL-7M4H"), SPAN("bl 7m4h"),
		CODE_IN_ADDRESS, true, true };
	span_push(a, &p->provisions, &p->n_provisions, SPAN("§ 4"));
	piece = arena_push(a, &p->pieces, &p->n_pieces, sizeof(*piece));
	*piece = (struct piece){ SPAN("BL-10KE"), SPAN("druga") };
	file = arena_push(a, &p->attachments, &p->n_attachments, sizeof(*file));
	file->name = SPAN("x.pdf");
	file->type = SPAN("application/pdf");
	file->body = (struct span){ "%PDF\0\xff", 6 };
	file->in_signature = true;
	sha256_hex(file->sha256, file->body);
	parsed_warn(p, "warning");
	p->bounce.delayed = true;
	span_push(
	    a, &p->bounce.recipients, &p->bounce.n_recipients, SPAN("gone@x"));
	p->bounce.status = SPAN("4.4.1");
	p->bounce.original_id = SPAN("o@x");
	p->bounce.reason = SPAN("reason");
	each = arena_push(a, &p->bounce.each, &p->bounce.n_each, sizeof(*each));
	*each = (struct bounced){ SPAN("gone@x"), SPAN("4.4.1"), SPAN("reason"),
		true };
	p->also_remark = p->wants_access = true;
	p->calendar = (struct calendar){ SPAN("REPLY"), SPAN("uid"),
		SPAN("att"), SPAN("ACCEPTED"), SPAN("comment"),
		SPAN("delegate"), SPAN("20261124T170000"), 7, 8 };
}

static void
what_is_written_is_what_is_read(void **state)
{
	struct buf once = { .max = WIRE_MAX }, twice = { .max = WIRE_MAX };
	struct parsed p = { 0 }, q;
	struct err err;
	char *exact;

	(void)state;
	fill(&p);
	wire_write(&once, &p);
	exact = malloc(once.n);
	assert_non_null(exact);
	memcpy(exact, once.p, once.n);
	assert_int_equal(
	    wire_read(&q, (struct span){ exact, once.n }, &err), ST_OK);
	/* The second writing proves what the fields below do not name. */
	wire_write(&twice, &q);
	assert_true(span_eq(buf_span(&once), buf_span(&twice)));
	assert_int_equal(q.kind, KIND_BOUNCE);
	assert_true(span_is(q.from.name, "Ąnna"));
	assert_int_equal(q.received_ms, -1763033400000);
	assert_int_equal(q.n_references, 2);
	assert_true(span_is(q.references[1], "r2@x"));
	assert_int_equal(q.codes[0].where, CODE_IN_ADDRESS);
	assert_int_equal(q.attachments[0].body.n, 6);
	assert_string_equal(q.attachments[0].sha256, p.attachments[0].sha256);
	assert_true(span_is(q.warnings[0], "warning"));
	assert_int_equal(q.calendar.sequence, 7);
	assert_int_equal(q.bounce.n_each, 1);
	assert_true(q.bounce.each[0].delayed && q.wants_access);
	parsed_free(&p);
	parsed_free(&q);
	free(exact); /* the bodies stood in it */
	buf_free(&once);
	buf_free(&twice);
}

/* The parser's worker reads strangers' mail and may be taken over by one. */
static void
a_file_cannot_pass_for_another(void **state)
{
	struct buf bytes = { .max = 65536 };
	struct parsed p = { 0 }, q;
	char sha[SHA256_HEX];
	struct err err;

	(void)state;
	fill(&p);
	sha256_hex(sha, p.attachments[0].body);
	sha256_hex(p.attachments[0].sha256, SPAN("another file"));
	wire_write(&bytes, &p);
	assert_int_equal(wire_read(&q, buf_span(&bytes), &err), ST_OK);
	assert_string_equal(q.attachments[0].sha256, sha);
	parsed_free(&p);
	parsed_free(&q);
	buf_free(&bytes);
}

static void
an_empty_mail_goes_over_too(void **state)
{
	struct buf b = { .max = 4096 };
	struct parsed p = { 0 }, q;
	struct err err;

	(void)state;
	wire_write(&b, &p);
	assert_int_equal(wire_read(&q, buf_span(&b), &err), ST_OK);
	assert_int_equal(q.n_codes, 0);
	assert_null(q.codes);
	parsed_free(&q);
	buf_free(&b);
}

static void
text_arrives_as_utf8(void **state)
{
	struct buf b = { .max = 4096 };
	struct parsed p = { 0 }, q;
	struct err err;

	(void)state;
	p.message_id = (struct span){ "a\xff\0b", 4 };
	wire_write(&b, &p);
	assert_int_equal(wire_read(&q, buf_span(&b), &err), ST_OK);
	assert_true(span_is(q.message_id, "a\xef\xbf\xbd"
					  "b"));
	parsed_free(&q);
	buf_free(&b);
}

/* Every cut and every changed byte gives a mail or a clear no, never a read
 * beyond the end (the sanitizer looks). */
static void
damaged_bytes_are_refused(void **state)
{
	struct buf b = { .max = WIRE_MAX };
	struct parsed p = { 0 }, q;
	size_t refused = 0;
	struct err err;
	char *copy;

	(void)state;
	fill(&p);
	wire_write(&b, &p);
	for (size_t n = 0; n < b.n; n++) {
		copy = malloc(n == 0 ? 1 : n);
		assert_non_null(copy);
		memcpy(copy, b.p, n);
		assert_int_equal(
		    wire_read(&q, (struct span){ copy, n }, &err), ST_REJECT);
		assert_int_equal(q.n_warnings, 0);
		free(copy);
	}
	for (size_t i = 0; i < b.n; i++)
		for (int bit = 0; bit < 8; bit++) {
			b.p[i] ^= (char)(1 << bit);
			if (wire_read(&q, buf_span(&b), &err) == ST_OK)
				parsed_free(&q);
			else
				refused++;
			b.p[i] ^= (char)(1 << bit);
		}
	assert_true(refused > b.n * 3);
	buf_char(&b, 'x');
	assert_int_equal(wire_read(&q, buf_span(&b), &err), ST_REJECT);
	assert_non_null(strstr(err.text, "damaged"));
	parsed_free(&p);
	buf_free(&b);
}

static void
a_lying_worker_is_refused(void **state)
{
	struct buf b = { .max = 4096 };
	struct parsed p = { 0 }, q;
	struct err err;

	(void)state;
	wire_write(&b, &p);
	b.p[8] = KIND_UNREADABLE + 1; /* the kind follows the magic */
	assert_int_equal(wire_read(&q, buf_span(&b), &err), ST_REJECT);
	b.p[8] = KIND_REMARK;
	memset(b.p + 10, 0xff, 4); /* the length of `why`, after the command */
	assert_int_equal(wire_read(&q, buf_span(&b), &err), ST_REJECT);
	memset(b.p + 10, 0, 4);
	assert_int_equal(wire_read(&q, buf_span(&b), &err), ST_OK);
	parsed_free(&q);
	b.p[7]++; /* another version */
	assert_int_equal(wire_read(&q, buf_span(&b), &err), ST_REJECT);
	assert_non_null(strstr(err.text, "version"));
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_what_is_read),
		cmocka_unit_test(a_file_cannot_pass_for_another),
		cmocka_unit_test(an_empty_mail_goes_over_too),
		cmocka_unit_test(text_arrives_as_utf8),
		cmocka_unit_test(damaged_bytes_are_refused),
		cmocka_unit_test(a_lying_worker_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

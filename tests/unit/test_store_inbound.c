/* test_store_inbound - what came in is kept whole, once, with one fate */
#include "tests/unit/store_fixture.h"

#include "parsers/digest.h"

static struct inbound
add(struct fixture *f, const char *key, enum fate fate, struct span raw)
{
	struct inbound in = fixture_message(key, "Proszę o ławkę.");

	in.fate = fate;
	OK(store_inbound_add(f->st, &in, raw, NULL, 0, &f->err));
	return in;
}

static void
every_fate_has_a_name_that_the_schema_knows(void **state)
{
	struct fixture *f = *state;
	int64_t count[FATE_COUNT + 1];
	char key[16];

	for (int i = 0; i < FATE_COUNT; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		add(f, key, (enum fate)i, SPAN("x"));
		assert_int_equal(fate_by_name(fate_name((enum fate)i)), i);
	}
	assert_int_equal(fate_by_name("lost"), FATE_COUNT);
	OK(store_inbound_counts(f->st, count, &f->err));
	for (int i = 0; i < FATE_COUNT; i++)
		assert_int_equal(count[i], 1);
	assert_int_equal(count[FATE_COUNT], FATE_COUNT);
}

static void
every_kind_and_command_of_the_parsers_can_be_stored(void **state)
{
	struct fixture *f = *state;
	char key[16];

	for (int i = KIND_REMARK; i <= KIND_UNREADABLE; i++) {
		struct inbound in = fixture_message(key, "");

		snprintf(key, sizeof(key), "kind%d", i);
		in.kind = kind_name((enum kind)i);
		OK(store_inbound_add(f->st, &in, SPAN("x"), NULL, 0, &f->err));
	}
	for (int i = CMD_NONE; i <= CMD_ASK; i++) {
		struct inbound in = fixture_message(key, "");

		snprintf(key, sizeof(key), "command%d", i);
		in.command = command_name((enum command)i);
		OK(store_inbound_add(f->st, &in, SPAN("x"), NULL, 0, &f->err));
	}
}

static void
a_source_key_is_stored_once(void **state)
{
	struct inbound again = fixture_message("k1", "inna treść");
	struct fixture *f = *state;
	bool seen = true;

	OK(store_inbound_seen(
	    f->st, "mailbox konsultacje", "k1", &seen, &f->err));
	assert_false(seen);
	add(f, "k1", FATE_FILED, SPAN("x"));
	OK(store_inbound_seen(
	    f->st, "mailbox konsultacje", "k1", &seen, &f->err));
	assert_true(seen);
	OK(store_inbound_seen(f->st, "sms bramka", "k1", &seen, &f->err));
	assert_false(seen);
	assert_int_equal(
	    store_inbound_add(f->st, &again, SPAN("y"), NULL, 0, &f->err),
	    ST_REJECT);
	assert_int_equal(fixture_number(f, "SELECT COUNT(*) FROM inbound"), 1);
}

static void
the_raw_bytes_come_back_as_they_came(void **state)
{
	struct fixture *f = *state;
	struct buf mail = { .max = 1 << 24 }, back = { .max = 1 << 24 };
	struct buf small = { .max = 10 };
	struct inbound in;

	for (int i = 0; i < 20000; i++)
		buf_printf(&mail, "line %d of a long mail\r\n", i);
	buf_add(&mail, (struct span){ "\0\xff\n", 3 });
	in = add(f, "k1", FATE_FILED, buf_span(&mail));
	OK(store_inbound_raw(f->st, in.id, &back, &f->err));
	assert_true(span_eq(buf_span(&mail), buf_span(&back)));
	assert_true(fixture_number(f, "SELECT length(body) FROM raw") <
		    (int64_t)mail.n / 3);
	assert_int_equal(
	    fixture_number(f, "SELECT size FROM raw"), (int64_t)mail.n);
	assert_int_equal(
	    store_inbound_raw(f->st, in.id, &small, &f->err), ST_LIMIT);
	buf_reset(&back);
	in = add(f, "k2", FATE_UNREADABLE, (struct span){ NULL, 0 });
	OK(store_inbound_raw(f->st, in.id, &back, &f->err));
	assert_int_equal(back.n, 0);
	assert_int_equal(
	    store_inbound_raw(f->st, 99, &back, &f->err), ST_REJECT);
	buf_free(&mail);
	buf_free(&back);
	buf_free(&small);
}

/* What is stored piece by piece reads as what is stored in one. */
static void
large_bytes_come_back_as_they_came(void **state)
{
	static const struct {
		const char *sentence;
		bool is_noise; /* what no packing makes smaller */
	} rows[] = { { "words", false }, { "a photograph", true } };
	enum { N = 5000003 };
	struct fixture *f = *state;
	char *bytes = malloc(N), key[16];
	struct buf back = { .max = N + 1 };
	uint32_t noise = 1;

	assert_non_null(bytes);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct inbound in;

		for (size_t k = 0; k < N; k++) {
			noise = noise * 1664525 + 1013904223;
			bytes[k] = (char)(rows[i].is_noise ? noise >> 24
							   : 'a' + k % 23);
		}
		snprintf(key, sizeof(key), "k%zu", i);
		in = fixture_message(key, "w załączniku");
		OK(store_begin(f->st, &f->err));
		OK(store_inbound_add(
		    f->st, &in, (struct span){ bytes, N }, NULL, 0, &f->err));
		OK(store_commit(f->st, &f->err));
		buf_reset(&back);
		OK(store_inbound_raw(f->st, in.id, &back, &f->err));
		if (!span_eq(buf_span(&back), (struct span){ bytes, N }))
			fail_msg("%s: other bytes", rows[i].sentence);
	}
	buf_free(&back);
	free(bytes);
}

static void
damaged_bytes_are_not_handed_out(void **state)
{
	struct fixture *f = *state;
	struct buf back = { .max = 1000 };
	struct inbound in = add(f, "k1", FATE_FILED, SPAN("Subject: x\n\ny"));

	fixture_tamper(f, "UPDATE raw SET body = x'0102030405'");
	assert_int_equal(
	    store_inbound_raw(f->st, in.id, &back, &f->err), ST_BROKEN);
	fixture_tamper(f, "UPDATE raw SET size = size - 1");
	assert_int_equal(
	    store_inbound_raw(f->st, in.id, &back, &f->err), ST_BROKEN);
	buf_free(&back);
}

static void
files_are_listed_in_their_order(void **state)
{
	struct fixture *f = *state;
	static char body[50000];
	struct attachment files[] = {
		{ .name = SPAN("mapa.pdf"),
		    .type = SPAN("application/pdf"),
		    .body = { body, sizeof(body) } },
		{ .name = SPAN("logo.png"),
		    .type = SPAN("image/png"),
		    .body = SPAN("tiny"),
		    .in_signature = true },
	};
	struct inbound first = fixture_message("k1", "a");
	struct inbound second = fixture_message("k2", "b");
	struct inbound_attachment *list;
	size_t n;

	for (size_t i = 0; i < 2; i++)
		sha256_hex(files[i].sha256, files[i].body);
	OK(store_inbound_add(f->st, &first, SPAN("x"), files, 2, &f->err));
	files[0].name = SPAN("kopia.pdf");
	OK(store_inbound_add(f->st, &second, SPAN("x"), files, 1, &f->err));
	OK(store_inbound_attachments(
	    f->st, first.id, &f->arena, &list, &n, &f->err));
	assert_int_equal(n, 2);
	assert_string_equal(list[0].name, "mapa.pdf");
	assert_string_equal(list[0].type, "application/pdf");
	assert_int_equal(list[0].size, sizeof(body));
	assert_string_equal(list[0].sha256, files[0].sha256);
	assert_false(list[0].in_signature);
	assert_true(list[1].in_signature);
	OK(store_inbound_attachments(
	    f->st, second.id, &f->arena, &list, &n, &f->err));
	assert_int_equal(n, 1);
	assert_string_equal(list[0].name, "kopia.pdf");
}

static void
the_same_mail_by_another_way_is_recognised(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *sentence, *message_id, *hash, *bytes;
		enum trust trust;
		int twin, first; /* 1 or 2: what was stored; 0 none */
	} rows[] = {
		{ "the same id and content", "a1@x", "h1", "y", TRUST_UNPROVEN,
		    1, 1 },
		{ "the same id, other words", "a1@x", "h2", "y", TRUST_UNPROVEN,
		    0, 0 },
		{ "the same words under another id", "a2@x", "h1", "y",
		    TRUST_UNPROVEN, 0, 0 },
		{ "mail without an id", "", "h3", "y", TRUST_UNPROVEN, 0, 0 },
		{ "a forged copy of what is there", "a1@x", "h1", "y",
		    TRUST_DISOWNED, 1, 1 },
		{ "the real one after one that nothing proves", "a1@x", "h1",
		    "y", TRUST_PROVEN, 0, 1 },
		{ "the same to the byte, believed more now", "a1@x", "h1", "x",
		    TRUST_PROVEN, 1, 1 },
		{ "what nothing proves, after a forged one", "a4@x", "h4", "y",
		    TRUST_UNPROVEN, 0, 2 },
		{ "the forged one once more", "a4@x", "h4", "y", TRUST_DISOWNED,
		    2, 2 },
	};
	struct inbound in = fixture_message("k1", "a"), bare, forged;
	int64_t ids[3] = { 0 };

	in.message_id = "a1@x";
	in.content_hash = "h1";
	in.trust = TRUST_UNPROVEN;
	OK(store_inbound_add(f->st, &in, SPAN("x"), NULL, 0, &f->err));
	bare = fixture_message("k2", "a");
	bare.content_hash = "h3";
	OK(store_inbound_add(f->st, &bare, SPAN("x"), NULL, 0, &f->err));
	forged = fixture_message("k3", "a");
	forged.message_id = "a4@x";
	forged.content_hash = "h4";
	forged.trust = TRUST_DISOWNED;
	OK(store_inbound_add(f->st, &forged, SPAN("z"), NULL, 0, &f->err));
	ids[1] = in.id;
	ids[2] = forged.id;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct inbound one = fixture_message("k9", "a");
		struct inbound_twin twin;

		one.message_id = rows[i].message_id;
		one.content_hash = rows[i].hash;
		one.trust = rows[i].trust;
		OK(store_inbound_twin(
		    f->st, &one, span_of(rows[i].bytes), &twin, &f->err));
		if (twin.id != ids[rows[i].twin] ||
		    twin.first != ids[rows[i].first])
			fail_msg("%s: %lld %lld", rows[i].sentence,
			    (long long)twin.id, (long long)twin.first);
	}
}

/* The real mail comes while the mailbox is read again, and a forged copy of it
 * was there before. */
static void
a_forged_copy_takes_no_place_when_a_mailbox_is_read_again(void **state)
{
	struct fixture *f = *state;
	struct inbound in = fixture_message("box;17;1", "a");
	struct inbound_pass pass = { .stem = 7, .from = 1 };
	bool known;

	in.message_id = "a@x";
	in.content_hash = "h1";
	in.trust = TRUST_DISOWNED;
	OK(store_inbound_add(f->st, &in, SPAN("forged"), NULL, 0, &f->err));
	in.external_key = "box;18;2";
	in.trust = TRUST_PROVEN;
	OK(store_inbound_rekey(
	    f->st, &in, SPAN("real"), &pass, &known, &f->err));
	assert_false(known);
	/* Our server's name was configured since: the same bytes. */
	OK(store_inbound_rekey(
	    f->st, &in, SPAN("forged"), &pass, &known, &f->err));
	assert_true(known);
}

/* "box;17;4": the mail with UID 4 of a mailbox whose numbers begin with 17. */
static void
what_is_read_again_gets_its_new_key(void **state)
{
	static const struct {
		const char *sentence, *key, *id, *hash;
		bool is_known;
	} rows[] = {
		{ "the first copy, under a new number", "box;18;1", "a@x", "h1",
		    true },
		{ "the second copy finds the second row", "box;18;2", "a@x",
		    "h1", true },
		{ "a third copy is none that is stored", "box;18;3", "a@x",
		    "h1", false },
		{ "another content under that id", "box;18;4", "a@x", "h9",
		    false },
		{ "no id, but the same content and time", "box;18;5", "", "h3",
		    true },
		{ "what could not be read has no content", "box;18;6", "", "",
		    false },
	};
	struct fixture *f = *state;
	struct inbound in = fixture_message("box;17;1", "a");
	struct inbound_pass pass = { .stem = 7, .from = 1 };
	bool known;

	in.message_id = "a@x";
	in.content_hash = "h1";
	OK(store_inbound_add(f->st, &in, SPAN("x"), NULL, 0, &f->err));
	in.external_key = "box;17;2";
	OK(store_inbound_add(f->st, &in, SPAN("x"), NULL, 0, &f->err));
	in.external_key = "box;17;3";
	in.message_id = "";
	in.content_hash = "h3";
	OK(store_inbound_add(f->st, &in, SPAN("x"), NULL, 0, &f->err));
	in.external_key = "box;17;4";
	in.content_hash = "";
	OK(store_inbound_add(f->st, &in, SPAN("x"), NULL, 0, &f->err));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		in.external_key = rows[i].key;
		in.message_id = rows[i].id;
		in.content_hash = rows[i].hash;
		OK(store_inbound_rekey(
		    f->st, &in, SPAN("x"), &pass, &known, &f->err));
		if (known != rows[i].is_known)
			fail_msg("%s", rows[i].sentence);
	}
	assert_int_equal(
	    fixture_number(f, "SELECT COUNT(*) FROM inbound WHERE"
			      " external_key IN ('box;18;1', 'box;18;2',"
			      " 'box;18;5', 'box;17;4')"),
	    4);
	/* Of the same mailbox, but moved back since: from 7 on. */
	in.external_key = "box;18;9";
	in.message_id = "a@x";
	in.content_hash = "h1";
	pass.from = 7;
	OK(store_inbound_rekey(f->st, &in, SPAN("x"), &pass, &known, &f->err));
	assert_true(known);
	in.source = "mailbox other";
	OK(store_inbound_rekey(f->st, &in, SPAN("x"), &pass, &known, &f->err));
	assert_false(known);
}

static void
a_message_reads_back_as_it_was_stored(void **state)
{
	struct fixture *f = *state;
	struct inbound in =
	    fixture_message("k1", "Proszę o ławkę.\nDrugą też.");
	struct inbound out;

	in.contact_id = f->contact;
	in.consultation_id = f->consultation;
	in.fate = FATE_HELD;
	in.why = "a near miss";
	in.code = "BL-7M4H";
	in.code_seen = "BL-7N4H";
	in.suggestion = "BL-7M4H";
	in.hold_until_ms = NOON + 7 * DAY;
	in.warnings = "one\ntwo";
	in.references = "a@b c@d";
	in.may_echo = true;
	OK(store_inbound_add(f->st, &in, SPAN("x"), NULL, 0, &f->err));
	OK(store_inbound_get(f->st, in.id, &f->arena, &out, &f->err));
	assert_int_equal(out.received_ms, NOON);
	assert_int_equal(out.stored_ms, NOON + 1000);
	assert_int_equal(out.contact_id, f->contact);
	assert_int_equal(out.consultation_id, f->consultation);
	assert_int_equal(out.fate, FATE_HELD);
	assert_string_equal(out.text, in.text);
	assert_string_equal(out.remark, in.remark);
	assert_string_equal(out.from, "jan@poczta.example");
	assert_string_equal(out.from_name, "Jan Kowalski");
	assert_string_equal(out.why, "a near miss");
	assert_string_equal(out.code_seen, "BL-7N4H");
	assert_string_equal(out.suggestion, "BL-7M4H");
	assert_int_equal(out.hold_until_ms, in.hold_until_ms);
	assert_int_equal(out.reminded_ms, 0);
	assert_int_equal(out.settled_by, 0);
	assert_string_equal(out.warnings, "one\ntwo");
	assert_string_equal(out.references, "a@b c@d");
	assert_true(out.may_answer);
	assert_true(out.may_echo);
	assert_false(out.needs_staff);
	assert_int_equal(
	    store_inbound_get(f->st, 99, &f->arena, &out, &f->err), ST_REJECT);
}

static void
an_update_changes_the_decision_and_a_reparse_the_rest(void **state)
{
	struct fixture *f = *state;
	struct inbound in = add(f, "k1", FATE_UNREADABLE, SPAN("x")), out;
	struct inbound settles = add(f, "k2", FATE_COMMAND, SPAN("x"));

	in.fate = FATE_FILED;
	in.why = "its author named the code";
	in.settled_by = settles.id;
	in.text = "nowy tekst";
	OK(store_inbound_update(f->st, &in, &f->err));
	OK(store_inbound_get(f->st, in.id, &f->arena, &out, &f->err));
	assert_int_equal(out.fate, FATE_FILED);
	assert_int_equal(out.settled_by, settles.id);
	assert_string_equal(out.text, "Proszę o ławkę.");
	in.from = "ola@poczta.example";
	in.message_id = "a1@poczta.example";
	OK(store_inbound_reparse(f->st, &in, &f->err));
	OK(store_inbound_get(f->st, in.id, &f->arena, &out, &f->err));
	assert_string_equal(out.text, "nowy tekst");
	assert_string_equal(out.from, "ola@poczta.example");
	assert_string_equal(out.message_id, "a1@poczta.example");
	assert_string_equal(out.external_key, "k1");
}

/* ---- lists ------------------------------------------------------------- */

struct seen {
	int n;
	int64_t first, last, stop_at;
	struct fixture *change; /* files each row while the list goes on */
};

static enum status
count_row(void *arg, const struct inbound *in)
{
	struct seen *seen = arg;

	if (seen->n++ == 0)
		seen->first = in->id;
	assert_true(in->id > seen->last);
	seen->last = in->id;
	if (seen->change != NULL) {
		struct fixture *f = seen->change;
		struct inbound filed = *in;

		filed.fate = FATE_FILED;
		OK(store_inbound_update(f->st, &filed, &f->err));
	}
	return in->id == seen->stop_at ? ST_LIMIT : ST_OK;
}

static struct seen
list(struct fixture *f, struct inbound_filter filter)
{
	struct seen seen = { 0 };

	OK(store_inbound_list(f->st, &filter, count_row, &seen, &f->err));
	return seen;
}

/* 130 messages: every second held, every tenth of the contact. */
static void
add_many(struct fixture *f)
{
	OK(store_begin(f->st, &f->err));
	for (int i = 1; i <= 130; i++) {
		char key[16];
		struct inbound in;

		snprintf(key, sizeof(key), "k%d", i);
		in = fixture_message(key, "a");
		in.fate = i % 2 == 0 ? FATE_HELD : FATE_FILED;
		in.contact_id = i % 10 == 0 ? f->contact : 0;
		in.consultation_id = i % 5 == 0 ? f->consultation : 0;
		in.settled_by = i == 20 ? 1 : 0;
		OK(store_inbound_add(f->st, &in, SPAN("x"), NULL, 0, &f->err));
	}
	OK(store_commit(f->st, &f->err));
}

static void
a_list_shows_what_its_filter_asks_for(void **state)
{
	struct fixture *f = *state;
	const struct {
		const char *sentence;
		struct inbound_filter filter;
		int n;
	} rows[] = {
		{ "everything", { .fate = -1 }, 130 },
		{ "the held ones", { .fate = FATE_HELD }, 65 },
		{ "the held ones that wait still",
		    { .fate = FATE_HELD, .open_only = true }, 64 },
		{ "all that waits", { .fate = -1, .open_only = true }, 64 },
		{ "of one person", { .fate = -1, .contact_id = f->contact },
		    13 },
		{ "of one person, filed",
		    { .fate = FATE_FILED, .contact_id = f->contact }, 0 },
		{ "about one consultation",
		    { .fate = -1, .consultation_id = f->consultation }, 26 },
		{ "behind an id", { .fate = -1, .after_id = 100 }, 30 },
		{ "no more than 3", { .fate = -1, .limit = 3 }, 3 },
		{ "no more than a page", { .fate = -1, .limit = 50 }, 50 },
		{ "more than two pages", { .fate = -1, .limit = 120 }, 120 },
	};

	add_many(f);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int n = list(f, rows[i].filter).n;

		if (n != rows[i].n)
			fail_msg(
			    "%s: %d, want %d", rows[i].sentence, n, rows[i].n);
	}
}

static void
a_list_can_be_ended_and_changed_by_its_reader(void **state)
{
	struct fixture *f = *state;
	struct inbound_filter held = { .fate = FATE_HELD };
	struct seen stopped = { .stop_at = 60 }, changing = { .change = f };

	add_many(f);
	assert_int_equal(
	    store_inbound_list(f->st, &held, count_row, &stopped, &f->err),
	    ST_LIMIT);
	assert_int_equal(stopped.n, 30);
	OK(store_inbound_list(f->st, &held, count_row, &changing, &f->err));
	assert_int_equal(changing.n, 65);
	assert_int_equal(list(f, held).n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_fate_has_a_name_that_the_schema_knows),
		TEST(every_kind_and_command_of_the_parsers_can_be_stored),
		TEST(a_source_key_is_stored_once),
		TEST(the_raw_bytes_come_back_as_they_came),
		TEST(large_bytes_come_back_as_they_came),
		TEST(damaged_bytes_are_not_handed_out),
		TEST(files_are_listed_in_their_order),
		TEST(the_same_mail_by_another_way_is_recognised),
		TEST(a_forged_copy_takes_no_place_when_a_mailbox_is_read_again),
		TEST(what_is_read_again_gets_its_new_key),
		TEST(a_message_reads_back_as_it_was_stored),
		TEST(an_update_changes_the_decision_and_a_reparse_the_rest),
		TEST(a_list_shows_what_its_filter_asks_for),
		TEST(a_list_can_be_ended_and_changed_by_its_reader),
	};

	return cmocka_run_group_tests_name("store_inbound", tests, NULL, NULL);
}

/* test_store_remark - numbers, versions, the same words, search */
#include "tests/unit/store_fixture.h"

#include "gateway/store_remark.h"

static struct remark
file(struct fixture *f, const char *text)
{
	struct remark r = { .consultation_id = f->consultation,
		.contact_id = f->contact,
		.text = text,
		.provisions = "§ 4 ust. 2",
		.state = "new",
		.channel = CHANNEL_MAIL,
		.received_ms = NOON,
		.filed_ms = NOON + 1000,
		.assignee = "" };
	char receipt[16];

	OK(store_remark_add(f->st, &r, "filed", receipt, &f->err));
	assert_int_equal(strlen(receipt), 12);
	return r;
}

static struct remark
get(struct fixture *f, int64_t id)
{
	struct remark r;

	OK(store_remark_get(f->st, id, &f->arena, &r, &f->err));
	return r;
}

static void
numbers_follow_each_other_in_each_consultation(void **state)
{
	struct fixture *f = *state;
	int64_t first = f->consultation;

	assert_int_equal(file(f, "raz").number, 1);
	assert_int_equal(file(f, "dwa").number, 2);
	f->consultation = fixture_consultation(f, "BL-10KE");
	assert_int_equal(file(f, "trzy").number, 1);
	f->consultation = first;
	assert_int_equal(file(f, "cztery").number, 3);
}

static void
a_number_is_given_again_only_if_nothing_was_kept(void **state)
{
	struct fixture *f = *state;
	struct consultation c;

	OK(store_begin(f->st, &f->err));
	assert_int_equal(file(f, "raz").number, 1);
	store_rollback(f->st);
	assert_int_equal(file(f, "raz").number, 1);
	fixture_tamper(f, "UPDATE remark SET state = 'withdrawn'");
	assert_int_equal(file(f, "dwa").number, 2);
	/* Changing the consultation does not begin again either. */
	OK(store_consultation_get(
	    f->st, f->consultation, &f->arena, &c, &f->err));
	assert_int_equal(c.remarks, 2);
	OK(store_consultation_put(f->st, &c, &f->err));
	assert_int_equal(file(f, "trzy").number, 3);
}

static void
a_remark_reads_back_as_it_was_filed(void **state)
{
	struct fixture *f = *state;
	struct inbound in = fixture_message("k1", "Proszę o ławkę.");
	struct remark r = { .consultation_id = f->consultation,
		.contact_id = f->contact,
		.text = "Proszę o ławkę\nprzy szkole.",
		.provisions = "§ 4\n§ 5",
		.channel = CHANNEL_SMS,
		.received_ms = NOON,
		.filed_ms = NOON + 1,
		.needs_staff = true,
		.assignee = "amrozek" };
	struct remark out;
	char receipt[16];

	OK(store_inbound_add(f->st, &in, SPAN("x"), NULL, 0, &f->err));
	r.inbound_id = in.id;
	OK(store_remark_add(f->st, &r, "filed", receipt, &f->err));
	out = get(f, r.id);
	assert_string_equal(out.code, "BL-7M4H");
	assert_string_equal(out.name, "BL-7M4H/1");
	assert_int_equal(out.inbound_id, in.id);
	assert_string_equal(out.text, "Proszę o ławkę\nprzy szkole.");
	assert_string_equal(out.provisions, "§ 4\n§ 5");
	assert_string_equal(out.state, "new");
	assert_int_equal(out.channel, CHANNEL_SMS);
	assert_int_equal(out.received_ms, NOON);
	assert_true(out.needs_staff);
	assert_string_equal(out.from, "jan@poczta.example");
	assert_string_equal(out.from_name, "Jan Kowalski");
	assert_string_equal(out.assignee, "amrozek");
	assert_string_equal(out.receipt, receipt);
	assert_int_equal(out.version, 1);
	assert_int_equal(out.split_from, 0);
	assert_int_equal(
	    store_remark_get(f->st, 99, &f->arena, &out, &f->err), ST_REJECT);
	r.consultation_id = 99;
	assert_int_equal(
	    store_remark_add(f->st, &r, "filed", receipt, &f->err), ST_REJECT);
}

static void
a_name_finds_its_remark(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *name;
		enum status want;
		const char *says;
	} rows[] = {
		{ "BL-7M4H/2", ST_OK, NULL },
		{ " bl-7m4h/2 ", ST_OK, NULL },
		{ "BL-7M4H/3", ST_REJECT, "there is no remark" },
		{ "BL-10KE/2", ST_REJECT, "there is no remark" },
		{ "BL-7M4H", ST_REJECT, "write it like" },
		{ "BL-7M4H/", ST_REJECT, "write it like" },
		{ "/2", ST_REJECT, "write it like" },
		{ "BL-7M4H/2x", ST_REJECT, "write it like" },
		{ "BL-7M4H/-2", ST_REJECT, "write it like" },
		{ "BL-7M4H/99999999999999999999", ST_REJECT, "write it like" },
		{ "", ST_REJECT, "write it like" },
	};

	file(f, "raz");
	file(f, "dwa");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct remark r;
		enum status rc = store_remark_find(
		    f->st, rows[i].name, &f->arena, &r, &f->err);

		if (rc != rows[i].want ||
		    (rc == ST_OK && strcmp(r.text, "dwa") != 0) ||
		    (rc != ST_OK && strstr(f->err.text, rows[i].says) == NULL))
			fail_msg("%s: %s", rows[i].name, f->err.text);
	}
}

struct versions {
	int n;
	char all[200];
};

static enum status
note_version(
    void *arg, int version, int64_t at_ms, const char *who, const char *text)
{
	struct versions *v = arg;
	size_t at = strlen(v->all);

	v->n++;
	snprintf(v->all + at, sizeof(v->all) - at, "%d %d %s %s;", version,
	    (int)(at_ms - NOON), who, text);
	return ST_OK;
}

static void
a_correction_is_a_new_version_and_the_old_one_stays(void **state)
{
	struct fixture *f = *state;
	struct remark r = file(f, "Proszę o ławkę.");
	struct versions v = { 0 };
	char receipt[16];

	OK(store_remark_revise(f->st,
	    &(struct revision){ .remark_id = r.id,
		.text = "Proszę o dwie ławki.",
		.event = "corrected",
		.who = "amrozek",
		.at_ms = NOON + 2000 },
	    receipt, &f->err));
	OK(store_remark_versions(f->st, r.id, note_version, &v, &f->err));
	assert_string_equal(v.all,
	    "1 1000  Proszę o ławkę.;2 2000 amrozek Proszę o dwie ławki.;");
	r = get(f, r.id);
	assert_string_equal(r.text, "Proszę o dwie ławki.");
	assert_int_equal(r.version, 2);
	assert_string_equal(r.receipt, receipt);
	assert_string_equal(r.name, "BL-7M4H/1");
	assert_int_equal(store_remark_revise(f->st,
			     &(struct revision){ .remark_id = 99,
				 .text = "x",
				 .event = "corrected",
				 .who = "",
				 .at_ms = NOON },
			     receipt, &f->err),
	    ST_REJECT);
}

static void
a_version_is_never_rewritten(void **state)
{
	static const char *const attempts[] = {
		"UPDATE remark_version SET text = 'inne słowa'",
		"UPDATE remark_version SET version = 7",
		"UPDATE remark_version SET text = NULL",
		"UPDATE remark_version SET text = NULL, salt = NULL,"
		" commitment = hex(zeroblob(32))",
		"DELETE FROM remark_version",
	};
	struct fixture *f = *state;

	file(f, "Proszę o ławkę.");
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++)
		if (sqlite3_exec(f->st->db, attempts[i], NULL, NULL, NULL) ==
		    SQLITE_OK)
			fail_msg("allowed: %s", attempts[i]);
	fixture_tamper(f, "UPDATE remark_version SET text = NULL, salt = NULL");
}

static void
salts_differ_so_that_equal_texts_cannot_be_seen(void **state)
{
	struct fixture *f = *state;

	file(f, "to samo");
	file(f, "to samo");
	assert_int_equal(
	    fixture_number(f, "SELECT COUNT(DISTINCT commitment) + "
			      "COUNT(DISTINCT salt) FROM remark_version"),
	    4);
}

static void
the_same_words_of_the_same_person_are_found(void **state)
{
	struct fixture *f = *state;
	int64_t other = fixture_consultation(f, "BL-10KE");
	struct remark r = file(f, "Proszę o ławkę przy szkole.");
	const struct {
		const char *sentence;
		int64_t contact, consultation;
		const char *text;
		bool is_same;
	} rows[] = {
		{ "word for word", f->contact, f->consultation,
		    "Proszę o ławkę przy szkole.", true },
		{ "in another case, with other spaces", f->contact,
		    f->consultation, "PROSZĘ o ławkę\n przy   szkole. ", true },
		{ "without Polish letters", f->contact, f->consultation,
		    "Prosze o lawke przy szkole.", true },
		{ "in whichever consultation", f->contact, 0,
		    "Proszę o ławkę przy szkole.", true },
		{ "in another consultation", f->contact, other,
		    "Proszę o ławkę przy szkole.", false },
		{ "of another person", 99, f->consultation,
		    "Proszę o ławkę przy szkole.", false },
		{ "of a person who is not known", 0, f->consultation,
		    "Proszę o ławkę przy szkole.", false },
		{ "one word more", f->contact, f->consultation,
		    "Proszę o ławkę przy szkole. Pilne.", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct remark same;

		OK(store_remark_same(f->st, rows[i].contact,
		    rows[i].consultation, span_of(rows[i].text), &f->arena,
		    &same, &f->err));
		if ((same.id == r.id) != rows[i].is_same)
			fail_msg("%s", rows[i].sentence);
	}
}

static void
what_was_withdrawn_or_corrected_may_be_said_again(void **state)
{
	struct fixture *f = *state;
	struct remark r = file(f, "raz"), same;
	char receipt[16];

	OK(store_remark_revise(f->st,
	    &(struct revision){ .remark_id = r.id,
		.text = "dwa",
		.event = "corrected",
		.who = "",
		.at_ms = NOON },
	    receipt, &f->err));
	OK(store_remark_same(f->st, f->contact, f->consultation, SPAN("raz"),
	    &f->arena, &same, &f->err));
	assert_int_equal(same.id, 0);
	OK(store_remark_same(f->st, f->contact, f->consultation, SPAN("dwa"),
	    &f->arena, &same, &f->err));
	assert_int_equal(same.id, r.id);
	OK(store_remark_set(f->st, r.id, "withdrawn", "", &f->err));
	OK(store_remark_same(f->st, f->contact, f->consultation, SPAN("dwa"),
	    &f->arena, &same, &f->err));
	assert_int_equal(same.id, 0);
}

static enum status
count_row(void *arg, const struct remark *r)
{
	assert_true(r->id > 0);
	++*(int *)arg;
	return ST_OK;
}

static int
count(struct fixture *f, struct remark_filter filter)
{
	int n = 0;

	OK(store_remark_list(f->st, &filter, count_row, &n, &f->err));
	return n;
}

static void
search_finds_words_as_people_write_them(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *sentence, *words;
		int n;
	} rows[] = {
		{ "as written", "Łąkowej", 1 },
		{ "without marks", "lakowej", 1 },
		{ "in capitals", "ŁĄKOWEJ", 1 },
		{ "the beginning of a word, whatever its ending", "ławk", 2 },
		{ "several words anywhere", "szkole ławka", 1 },
		{ "a word that is nowhere", "basen", 0 },
		{ "the old words of a correction", "głos", 0 },
		{ "the new words of a correction", "zdanie", 1 },
		{ "a number", "2027", 1 },
		{ "what looks like an operator", "ławka OR basen", 0 },
		{ "quotes and signs are no syntax", "\"ławk* (-szkole)", 1 },
	};
	struct remark_filter nothing = { .search = "*\"( " };
	char receipt[16];
	int64_t id;

	file(f, "Ławka przy szkole, nie przy sklepie.");
	file(f, "Dwie ławki na ulicy Łąkowej w 2027 r.");
	id = file(f, "Mój głos w sprawie.").id;
	OK(store_remark_revise(f->st,
	    &(struct revision){ .remark_id = id,
		.text = "Moje zdanie w sprawie.",
		.event = "corrected",
		.who = "",
		.at_ms = NOON },
	    receipt, &f->err));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int n =
		    count(f, (struct remark_filter){ .search = rows[i].words });

		if (n != rows[i].n)
			fail_msg("%s: %d", rows[i].sentence, n);
	}
	assert_int_equal(
	    store_remark_list(f->st, &nothing, count_row, &id, &f->err),
	    ST_REJECT);
	assert_non_null(strstr(f->err.text, "nothing to search for"));
}

static void
words_are_found_only_of_what_the_transaction_kept(void **state)
{
	static const struct {
		const char *sentence, *words;
		int want;
	} rows[] = {
		{ "before a message that was undone", "pierwsza", 1 },
		{ "undone with its savepoint", "druga", 0 },
		{ "after it", "trzecia", 1 },
		{ "corrected in the same transaction", "czwarta", 1 },
		{ "what the correction took the place of", "piąta", 0 },
	};
	struct fixture *f = *state;
	char receipt[16];
	struct remark r;

	OK(store_begin(f->st, &f->err));
	OK(store_savepoint(f->st, &f->err));
	file(f, "pierwsza");
	OK(store_release(f->st, ST_OK, &f->err));
	OK(store_savepoint(f->st, &f->err));
	file(f, "druga");
	assert_int_equal(store_release(f->st, ST_REJECT, &f->err), ST_REJECT);
	OK(store_savepoint(f->st, &f->err));
	file(f, "trzecia");
	r = file(f, "piąta");
	OK(store_remark_revise(f->st,
	    &(struct revision){ .remark_id = r.id,
		.text = "czwarta",
		.event = "corrected",
		.who = "",
		.at_ms = NOON },
	    receipt, &f->err));
	OK(store_release(f->st, ST_OK, &f->err));
	OK(store_commit(f->st, &f->err));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (count(f, (struct remark_filter){
				 .search = rows[i].words }) != rows[i].want)
			fail_msg("%s", rows[i].sentence);
	OK(store_begin(f->st, &f->err));
	file(f, "szósta");
	store_rollback(f->st);
	assert_int_equal(
	    count(f, (struct remark_filter){ .search = "szósta" }), 0);
}

static void
a_list_shows_what_its_filter_asks_for(void **state)
{
	struct fixture *f = *state;
	int64_t first = f->consultation, other, id = 0;
	struct inbound in = fixture_message("k1", "a");
	struct remark of_message = { .consultation_id = first,
		.text = "z listu",
		.filed_ms = NOON,
		.received_ms = NOON };
	char receipt[16];

	for (int i = 0; i < 60; i++)
		id = file(f, "raz").id;
	OK(store_remark_set(f->st, id, "assigned", "amrozek", &f->err));
	f->consultation = other = fixture_consultation(f, "BL-10KE");
	file(f, "dwa");
	OK(store_inbound_add(f->st, &in, SPAN("x"), NULL, 0, &f->err));
	of_message.inbound_id = in.id;
	OK(store_remark_add(f->st, &of_message, "filed", receipt, &f->err));
	const struct {
		const char *sentence;
		struct remark_filter filter;
		int n;
	} rows[] = {
		{ "everything", { 0 }, 62 },
		{ "of one consultation", { .consultation_id = other }, 1 },
		{ "of one person", { .contact_id = f->contact }, 61 },
		{ "out of one message", { .inbound_id = in.id }, 1 },
		{ "in one state", { .state = "assigned" }, 1 },
		{ "no more than 55", { .limit = 55 }, 55 },
		{ "found, of one consultation",
		    { .search = "raz", .consultation_id = other }, 0 },
		{ "found, more than a page", { .search = "raz" }, 60 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int n = count(f, rows[i].filter);

		if (n != rows[i].n)
			fail_msg("%s: %d", rows[i].sentence, n);
	}
	assert_string_equal(get(f, id).assignee, "amrozek");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(numbers_follow_each_other_in_each_consultation),
		TEST(a_number_is_given_again_only_if_nothing_was_kept),
		TEST(a_remark_reads_back_as_it_was_filed),
		TEST(a_name_finds_its_remark),
		TEST(a_correction_is_a_new_version_and_the_old_one_stays),
		TEST(a_version_is_never_rewritten),
		TEST(salts_differ_so_that_equal_texts_cannot_be_seen),
		TEST(the_same_words_of_the_same_person_are_found),
		TEST(what_was_withdrawn_or_corrected_may_be_said_again),
		TEST(search_finds_words_as_people_write_them),
		TEST(words_are_found_only_of_what_the_transaction_kept),
		TEST(a_list_shows_what_its_filter_asks_for),
	};

	return cmocka_run_group_tests_name("store_remark", tests, NULL, NULL);
}

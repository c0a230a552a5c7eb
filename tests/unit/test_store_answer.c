/* test_store_answer - what the office decided, its proof, and who was told */
#include "tests/unit/store_fixture.h"

#include "gateway/store_answer.h"
#include "gateway/store_chain.h"
#include "gateway/store_bounce.h"
#include "gateway/store_preference.h"

static int64_t
file(struct fixture *f, const char *text, int64_t inbound_id)
{
	struct remark r = { .consultation_id = f->consultation,
		.contact_id = f->contact,
		.inbound_id = inbound_id,
		.text = text,
		.provisions = "",
		.state = "new",
		.received_ms = NOON,
		.filed_ms = NOON,
		.assignee = "" };
	char receipt[16];

	OK(store_remark_add(f->st, &r, "filed", receipt, &f->err));
	return r.id;
}

static struct remark
get(struct fixture *f, int64_t id)
{
	struct remark r;

	OK(store_remark_get(f->st, id, &f->arena, &r, &f->err));
	return r;
}

static struct answer
answer(struct fixture *f, const char *verdict, const char *reasons)
{
	struct answer a = { .verdict = verdict,
		.reasons = reasons,
		.wording = "§ 4. Ławki.",
		.at_ms = NOON + DAY,
		.who = "Anna Mrozek" };

	OK(store_answer_add(f->st, &a, &f->err));
	return a;
}

static void
give(struct fixture *f, const struct answer *a, int64_t remark_id)
{
	char receipt[16];

	OK(store_answer_give(f->st, a, remark_id, receipt, &f->err));
	assert_int_equal(strlen(receipt), 12);
	assert_string_equal(get(f, remark_id).receipt, receipt);
}

static enum status
keep_last(void *arg, const struct answer *a)
{
	struct answer *last = arg;

	assert_true(a->id > last->id);
	last->id = a->id;
	last->version = a->version;
	return ST_OK;
}

static void
the_newest_answer_of_a_remark_counts(void **state)
{
	struct fixture *f = *state;
	int64_t one = file(f, "ławka", 0), two = file(f, "ławki", 0);
	struct answer first, second, last = { 0 };
	char receipt[16];

	assert_string_equal(get(f, one).verdict, "");
	first = answer(f, "rejected", "Nie ma pieniędzy.");
	give(f, &first, one);
	give(f, &first, two);
	OK(store_remark_revise(f->st,
	    &(struct revision){ .remark_id = one,
		.text = "dwie ławki",
		.event = "corrected",
		.who = "",
		.at_ms = NOON + DAY },
	    receipt, &f->err));
	second = answer(f, "accepted", "Są pieniądze.");
	give(f, &second, one);
	assert_string_equal(get(f, one).verdict, "accepted");
	assert_string_equal(get(f, one).reasons, "Są pieniądze.");
	assert_string_equal(get(f, one).wording, "§ 4. Ławki.");
	assert_string_equal(get(f, one).answered_by, "Anna Mrozek");
	assert_int_equal(get(f, one).answered_ms, NOON + DAY);
	assert_string_equal(get(f, one).state, "answered");
	assert_string_equal(get(f, two).verdict, "rejected");
	OK(store_answer_list(f->st, one, keep_last, &last, &f->err));
	assert_int_equal(last.id, second.id);
	assert_int_equal(last.version, 2);
	assert_int_equal(
	    store_answer_give(f->st, &first, 999, receipt, &f->err), ST_REJECT);
}

static void
what_is_verified_of_answers(void **state)
{
	static const struct {
		const char *row, *sql, *problem;
	} rows[] = {
		{ "nothing was touched", "SELECT 1", NULL },
		{ "other reasons",
		    "DROP TRIGGER answer_stays;"
		    " UPDATE answer SET reasons = 'Inne.' WHERE id = 1",
		    "the answer to BL-7M4H/1 that link 3 proves was altered" },
		{ "another verdict",
		    "DROP TRIGGER answer_stays;"
		    " UPDATE answer SET verdict = 'accepted' WHERE id = 1",
		    "the answer to BL-7M4H/1 that link 3 proves was altered" },
		{ "a piece moved from the wording to the reasons",
		    "DROP TRIGGER answer_stays; UPDATE answer SET wording ="
		    " '§ 4.', reasons = ' Ławki.' || char(10) || reasons"
		    " WHERE id = 1",
		    "the answer to BL-7M4H/1 that link 3 proves was altered" },
		{ "an answer taken from a remark",
		    "DROP TRIGGER answer_remark_keeps;"
		    " DELETE FROM answer_remark WHERE remark_id = 2",
		    "the words that link 4 proves (BL-7M4H/2) are gone" },
		{ "an answer given to another remark",
		    "DROP TRIGGER answer_remark_stays; UPDATE answer_remark"
		    " SET remark_id = 2 WHERE chain_number = 5",
		    "link 5 proves BL-7M4H/1, but BL-7M4H/2 refers to it" },
		{ "an answer whose link proves something else",
		    "PRAGMA foreign_keys = OFF; INSERT INTO answer_remark"
		    " (answer_id, remark_id, version, salt, commitment,"
		    " chain_number) VALUES (2, 2, 1, zeroblob(32),"
		    " (SELECT commitment FROM chain WHERE number = 3), 99)",
		    "BL-7M4H/2, version 1, has an answer without a link" },
		{ "an answer hung on the link of the remark itself",
		    "INSERT INTO answer_remark (answer_id, remark_id, version,"
		    " salt, commitment, chain_number) VALUES (2, 2, 1,"
		    " zeroblob(32), (SELECT commitment FROM chain WHERE"
		    " number = 2), 2)",
		    "link 2 proves BL-7M4H/2, but BL-7M4H/2 refers to it" },
		{ "reasons dropped, and the remark erased later",
		    "DROP TRIGGER answer_keeps; PRAGMA foreign_keys = OFF;"
		    " DELETE FROM answer WHERE id = 2; INSERT INTO chain"
		    " SELECT number + 1, hash, at_ms, 'erased', 'BL-7M4H/1',"
		    " commitment, hash FROM chain WHERE number = 5",
		    "the text of BL-7M4H/1, version 1, is gone, and no link "
		    "says that it was erased" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct chain_report report;
		struct answer first, second;
		struct fixture *f;
		void *own;
		int64_t one, two;

		fixture_open(&own);
		f = own;
		one = file(f, "ławka", 0);
		two = file(f, "ławki", 0);
		first = answer(f, "rejected", "Nie ma pieniędzy.");
		give(f, &first, one);
		give(f, &first, two);
		second = answer(f, "accepted", "Są pieniądze.");
		give(f, &second, one);
		fixture_tamper(f, rows[i].sql);
		OK(store_chain_verify(f->st, NULL, NULL, &report, &f->err));
		if (rows[i].problem == NULL) {
			assert_int_equal(report.bad_number, 0);
			assert_int_equal(report.texts_checked, 5);
		} else if (strcmp(report.problem, rows[i].problem) != 0) {
			fail_msg("%s: %s", rows[i].row, report.problem);
		}
		fixture_close(&own);
	}
}

static void
an_answer_is_never_rewritten_or_dropped(void **state)
{
	static const char *const tries[] = {
		"UPDATE answer SET reasons = 'x'",
		"DELETE FROM answer",
		"UPDATE answer_remark SET version = 7",
		"DELETE FROM answer_remark",
		"INSERT INTO answer (verdict, reasons, at_ms, who)"
		" VALUES ('accepted', '', 1, 'x')",
	};
	struct fixture *f = *state;
	struct answer a = answer(f, "accepted", "Tak.");

	give(f, &a, file(f, "ławka", 0));
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++)
		assert_int_not_equal(
		    sqlite3_exec(f->st->db, tries[i], NULL, NULL, NULL),
		    SQLITE_OK);
}

/* A row that tells the contact of that answer. */
static int64_t
tell(struct fixture *f, const struct answer *a, const char *token)
{
	struct outbox row = { .channel = CHANNEL_MAIL,
		.contact_id = f->contact,
		.to = "jan@poczta.example",
		.via = "",
		.template_name = "answer_to_remark",
		.question = "",
		.subject = "s",
		.body = "b",
		.html = "",
		.language = "pl",
		.message_id = token,
		.token = token,
		.in_reply_to = "",
		.references = "",
		.state = OUTBOX_QUEUED,
		.due_ms = NOON,
		.created_ms = NOON,
		.error = "",
		.external_id = "",
		.receipt = "" };

	OK(store_outbox_add(f->st, &row, &f->err));
	OK(store_answer_told(f->st, a->id, f->contact, row.id, &f->err));
	return row.id;
}

static enum outbox_state
state_of(struct fixture *f, int64_t id)
{
	struct outbox row;

	OK(store_outbox_get(f->st, id, &f->arena, &row, &f->err));
	return row.state;
}

static void
nobody_is_told_an_answer_twice_or_too_late(void **state)
{
	struct fixture *f = *state;
	int64_t one = file(f, "ławka", 0), two = file(f, "ławki", 0);
	int64_t seen = 1, row1, row2;
	struct answer first = answer(f, "rejected", "Nie."), second, third;

	give(f, &first, one);
	give(f, &first, two);
	OK(store_answer_overtake(f->st, f->contact, first.id, &seen, &f->err));
	assert_int_equal(seen, 0);
	row1 = tell(f, &first, "t1");
	assert_int_not_equal(
	    store_answer_told(f->st, first.id, f->contact, row1, &f->err),
	    ST_OK);
	/* The first still speaks of the other remark. */
	second = answer(f, "accepted", "Tak.");
	give(f, &second, one);
	OK(store_answer_overtake(f->st, f->contact, second.id, &seen, &f->err));
	assert_int_equal(state_of(f, row1), OUTBOX_QUEUED);
	assert_int_equal(seen, NOON + DAY);
	row2 = tell(f, &second, "t2");
	third = answer(f, "partly", "Trochę.");
	give(f, &third, one);
	give(f, &third, two);
	OK(store_answer_overtake(f->st, f->contact, third.id, &seen, &f->err));
	assert_int_equal(state_of(f, row1), OUTBOX_CANCELLED);
	assert_int_equal(state_of(f, row2), OUTBOX_CANCELLED);
	assert_int_equal(seen, 0); /* neither left */
}

static void
an_answer_to_another_person_is_none_to_replace(void **state)
{
	struct fixture *f = *state;
	int64_t jan = f->contact, own, next, other, seen;
	struct answer first, second;
	struct contact ewa;

	own = file(f, "ławka", 0);
	next = file(f, "lampa", 0);
	OK(store_contact_reach(f->st, CHANNEL_MAIL, "ewa@poczta.example", "Ewa",
	    NOON, &f->arena, &ewa, &f->err));
	f->contact = ewa.id;
	other = file(f, "ławki", 0);
	f->contact = jan;
	first = answer(f, "rejected", "Nie.");
	give(f, &first, own);
	give(f, &first, other);
	tell(f, &first, "t1");
	second = answer(f, "accepted", "Tak.");
	give(f, &second, other);
	give(f, &second, next);
	OK(store_answer_overtake(f->st, jan, second.id, &seen, &f->err));
	assert_int_equal(seen, 0);
}

static void
who_may_be_told(void **state)
{
	struct fixture *f = *state;
	struct inbound yes = fixture_message("1", "a"), no = yes;
	struct wish wish = { .contact_id = f->contact, .now = NOON };
	const char *why;
	struct remark r;

	no.external_key = "2";
	no.may_answer = false;
	OK(store_inbound_add(f->st, &yes, span_of("raw"), NULL, 0, &f->err));
	OK(store_inbound_add(f->st, &no, span_of("raw"), NULL, 0, &f->err));
	r = get(f, file(f, "ławka", yes.id));
	OK(store_answer_reach(f->st, &r, &why, &f->err));
	assert_null(why);
	r = get(f, file(f, "ławki", no.id));
	OK(store_answer_reach(f->st, &r, &why, &f->err));
	assert_string_equal(why, "its sender is not one to write to");
	r.contact_id = 0; /* erased, or raised at a meeting */
	OK(store_answer_reach(f->st, &r, &why, &f->err));
	assert_string_equal(why, "no address of its author is known");
	r = get(f, file(f, "lampa", yes.id));
	OK(store_contact_bounced(f->st, f->contact, NOON + DAY, &f->err));
	OK(store_answer_reach(f->st, &r, &why, &f->err));
	assert_string_equal(why, "the address takes no mail any more");
	OK(store_preference_silence(f->st, &wish, &f->err));
	OK(store_answer_reach(f->st, &r, &why, &f->err));
	assert_string_equal(why, "its author wants to hear nothing more");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_newest_answer_of_a_remark_counts),
		cmocka_unit_test(what_is_verified_of_answers),
		TEST(an_answer_is_never_rewritten_or_dropped),
		TEST(nobody_is_told_an_answer_twice_or_too_late),
		TEST(an_answer_to_another_person_is_none_to_replace),
		TEST(who_may_be_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

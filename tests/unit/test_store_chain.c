/* test_store_chain - what was done cannot be undone without a trace */
#include "tests/unit/store_fixture.h"

#include "gateway/store_chain.h"
#include "gateway/store_remark.h"
#include "parsers/digest.h"

/* Five links: three remarks, a correction, a withdrawal. */
static void
fill(struct fixture *f, char last_receipt[16])
{
	char zeros[CHAIN_HASH_SIZE];
	int64_t first = 0;

	for (int i = 0; i < 3; i++) {
		struct remark r = { .consultation_id = f->consultation,
			.contact_id = f->contact,
			.text = i == 0	 ? "Proszę o ławkę."
				: i == 1 ? "Dwie lampy."
					 : "Jeden kosz.",
			.received_ms = NOON,
			.filed_ms = NOON + i };

		OK(store_remark_add(f->st, &r, "filed", last_receipt, &f->err));
		first = first == 0 ? r.id : first;
	}
	OK(store_remark_revise(f->st,
	    &(struct revision){ .remark_id = first,
		.text = "Proszę o dwie ławki.",
		.event = "corrected",
		.who = "",
		.at_ms = NOON + 3 },
	    last_receipt, &f->err));
	memset(zeros, '0', sizeof(zeros));
	zeros[CHAIN_HASH_SIZE - 1] = '\0';
	OK(store_chain_append(f->st,
	    &(struct chain_event){ .event = "withdrawn",
		.subject = "BL-7M4H/2",
		.commitment = zeros,
		.at_ms = NOON + 4 },
	    &(int64_t){ 0 }, last_receipt, &f->err));
}

static struct chain_report
verify(struct fixture *f, const char *head, const char *receipt)
{
	struct chain_report report;

	OK(store_chain_verify(f->st, head, receipt, &report, &f->err));
	return report;
}

static void
an_untouched_chain_is_sound(void **state)
{
	struct fixture *f = *state;
	char hash[CHAIN_HASH_SIZE], receipt[16];
	struct chain_report report = verify(f, NULL, NULL);
	int64_t number;

	assert_int_equal(report.links, 0);
	assert_int_equal(report.bad_number, 0);
	OK(store_chain_head(f->st, &number, hash, &f->err));
	assert_int_equal(number, 0);
	fill(f, receipt);
	OK(store_chain_head(f->st, &number, hash, &f->err));
	assert_int_equal(number, 5);
	assert_memory_equal(hash, receipt, 12);
	report = verify(f, hash, receipt);
	assert_int_equal(report.links, 5);
	assert_int_equal(report.texts_checked, 4);
	assert_string_equal(report.problem, "");
	assert_true(report.head_found);
	assert_int_equal(report.head_number, 5);
	assert_true(report.receipt_found);
	assert_int_equal(report.receipt_number, 5);
	assert_string_equal(report.receipt_event, "withdrawn");
	assert_string_equal(report.receipt_subject, "BL-7M4H/2");
	assert_int_equal(report.receipt_ms, NOON + 4);
	report = verify(f, "feed", "0123");
	assert_false(report.head_found);
	assert_false(report.receipt_found);
}

/* Anybody can compute a link again from what is published of it. */
static void
a_link_is_hashed_as_the_contract_says(void **state)
{
	struct fixture *f = *state;
	char commitment[CHAIN_HASH_SIZE], hash[CHAIN_HASH_SIZE], want[65];
	char receipt[16], lines[512];
	int64_t number;

	OK(store_chain_commit(commitment, SPAN("salt"), SPAN("text"), &f->err));
	sha256_hex(want, SPAN("salttext"));
	assert_string_equal(commitment, want);
	OK(store_chain_append(f->st,
	    &(struct chain_event){ .event = "answered",
		.subject = "BL-7M4H/1",
		.commitment = commitment,
		.at_ms = NOON },
	    &(int64_t){ 0 }, receipt, &f->err));
	snprintf(lines, sizeof(lines),
	    "uwaga-chain-1\n%064d\n1\n1795345200000\nanswered\nBL-7M4H/1\n"
	    "%s\n",
	    0, commitment);
	sha256_hex(want, span_of(lines));
	OK(store_chain_head(f->st, &number, hash, &f->err));
	assert_string_equal(hash, want);
	assert_int_equal(store_chain_append(f->st,
			     &(struct chain_event){ .event = "answered",
				 .subject = "BL-7M4H/1\nforged",
				 .commitment = commitment,
				 .at_ms = NOON },
			     &(int64_t){ 0 }, receipt, &f->err),
	    ST_BROKEN);
	assert_int_equal(store_chain_append(f->st,
			     &(struct chain_event){ .event = "answered",
				 .subject = "BL-7M4H/1",
				 .commitment = "short",
				 .at_ms = NOON },
			     &(int64_t){ 0 }, receipt, &f->err),
	    ST_BROKEN);
}

/* What a stranger with a shell does first. */
#define OPEN_UP                                                          \
	"PRAGMA foreign_keys = OFF;"                                     \
	"DROP TRIGGER chain_stays; DROP TRIGGER chain_keeps;"            \
	"DROP TRIGGER chain_follows; DROP TRIGGER remark_version_stays;" \
	"DROP TRIGGER remark_version_keeps;"

static void
every_kind_of_tampering_is_found(void **state)
{
	static const struct {
		const char *sentence, *sql;
		int64_t link;
		const char *says;
	} rows[] = {
		{ "a link dropped from the middle",
		    "DELETE FROM chain WHERE number = 3", 3,
		    "link 3 is missing" },
		{ "the first link dropped",
		    "DELETE FROM chain WHERE number = 1", 1,
		    "link 1 is missing" },
		{ "a link altered",
		    "UPDATE chain SET event = 'answered' WHERE number = 5", 5,
		    "link 5 was altered" },
		{ "its time altered",
		    "UPDATE chain SET at_ms = at_ms - 1 WHERE number = 2", 2,
		    "link 2 was altered" },
		{ "a subject made endless",
		    "UPDATE chain SET subject = hex(zeroblob(4000))"
		    " WHERE number = 5",
		    5, "link 5 was altered" },
		{ "two links exchanged",
		    "UPDATE chain SET number = 9 WHERE number = 2;"
		    "UPDATE chain SET number = 2 WHERE number = 3;"
		    "UPDATE chain SET number = 3 WHERE number = 9",
		    2, "link 2 does not follow link 1" },
		{ "the end cut off, words and all",
		    "DELETE FROM chain WHERE number = 5", 5,
		    "the chain was cut off: there were 5 links" },
		{ "the end cut off, its words kept",
		    "DELETE FROM chain WHERE number >= 4;"
		    "UPDATE sqlite_sequence SET seq = 3 WHERE name = 'chain'",
		    4, "has no link in the chain" },
		{ "a remark's words altered",
		    "UPDATE remark_version SET text = 'Trzy lampy.'"
		    " WHERE remark_id = 2",
		    2, "the text of BL-7M4H/2, version 1, was altered" },
		{ "an older version altered",
		    "UPDATE remark_version SET text = 'x' WHERE remark_id = 1"
		    " AND version = 1",
		    1, "the text of BL-7M4H/1, version 1, was altered" },
		{ "words and commitment altered together",
		    "UPDATE remark_version SET text = 'x', commitment ="
		    " iif(commitment LIKE '0%', '1', '0') ||"
		    " substr(commitment, 2) WHERE remark_id = 2",
		    2, "refers to it" },
		{ "a remark dropped",
		    "DELETE FROM remark_version WHERE remark_id = 3;"
		    "DELETE FROM remark WHERE id = 3",
		    3, "are gone" },
		{ "the words of two remarks exchanged",
		    "UPDATE remark_version SET remark_id = 9 WHERE remark_id = 2;"
		    "UPDATE remark_version SET remark_id = 2 WHERE remark_id = 3;"
		    "UPDATE remark_version SET remark_id = 3 WHERE remark_id = 9",
		    2, "refers to it" },
		{ "a remark renumbered",
		    "UPDATE remark SET number = 7 WHERE id = 2", 2,
		    "refers to it" },
		{ "an old version shown as the present one",
		    "UPDATE remark SET version = 1 WHERE id = 1", 1,
		    "is not its newest version" },
		{ "a version slipped in without a link",
		    "INSERT INTO remark_version (remark_id, version, at_ms, who,"
		    " text, salt, commitment, chain_number) SELECT 2, 2, at_ms,"
		    " '', 'x', salt, commitment, 77 FROM remark_version"
		    " WHERE id = 2; UPDATE remark SET version = 2 WHERE id = 2",
		    77, "has no link in the chain" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct chain_report report;
		struct fixture *f;
		char receipt[16];

		assert_int_equal(fixture_close(state), 0);
		assert_int_equal(fixture_open(state), 0);
		f = *state;
		fill(f, receipt);
		fixture_tamper(f, OPEN_UP);
		fixture_tamper(f, rows[i].sql);
		report = verify(f, NULL, NULL);
		if (report.bad_number != rows[i].link ||
		    strstr(report.problem, rows[i].says) == NULL)
			fail_msg("%s: link %lld, \"%s\"", rows[i].sentence,
			    (long long)report.bad_number, report.problem);
	}
}

/* Who rewrites everything after a change gets a sound chain: but not the head
 * that was published before. */
static void
a_published_head_finds_a_chain_that_was_made_anew(void **state)
{
	struct fixture *f = *state;
	char head[CHAIN_HASH_SIZE], receipt[16];
	int64_t number;

	fill(f, receipt);
	OK(store_chain_head(f->st, &number, head, &f->err));
	fixture_tamper(f,
	    OPEN_UP "DELETE FROM chain; DELETE FROM remark_version;"
		    "DELETE FROM remark; DELETE FROM sqlite_sequence;"
		    "UPDATE consultation SET next_number = 1");
	fill(f, receipt);
	assert_int_equal(verify(f, head, NULL).bad_number, 0);
	assert_false(verify(f, head, NULL).head_found);
}

static void
words_that_go_without_a_link_are_missed(void **state)
{
	struct fixture *f = *state;
	char receipt[16];

	fill(f, receipt);
	fixture_tamper(f, "UPDATE remark_version SET text = NULL, salt = NULL"
			  " WHERE remark_id = 2");
	if (strstr(verify(f, NULL, NULL).problem, "was erased") == NULL)
		fail_msg("it is not missed");
}

static void
erased_words_leave_their_link(void **state)
{
	struct fixture *f = *state;
	struct chain_report report;
	char receipt[16], zeros[CHAIN_HASH_SIZE];

	fill(f, receipt);
	memset(zeros, '0', sizeof(zeros));
	zeros[CHAIN_HASH_SIZE - 1] = '\0';
	OK(store_chain_append(f->st,
	    &(struct chain_event){ .event = "erased",
		.subject = "BL-7M4H/2",
		.commitment = zeros,
		.at_ms = NOON + 5 },
	    &(int64_t){ 0 }, receipt, &f->err));
	fixture_tamper(f, "UPDATE remark_version SET text = NULL, salt = NULL"
			  " WHERE remark_id = 2");
	report = verify(f, NULL, NULL);
	assert_int_equal(report.bad_number, 0);
	assert_int_equal(report.links, 6);
	assert_int_equal(report.texts_checked, 3);
}

static void
chain_and_audit_only_grow(void **state)
{
	static const char *const attempts[] = {
		"UPDATE chain SET at_ms = 0",
		"DELETE FROM chain",
		"INSERT INTO chain SELECT number + 7, previous, at_ms, event,"
		" subject, commitment, replace(hash, '0', '1') FROM chain"
		" WHERE number = 5",
		"INSERT OR REPLACE INTO chain SELECT number, previous, 0, event,"
		" subject, commitment, hash FROM chain WHERE number = 5",
		"INSERT INTO chain SELECT 6, previous, at_ms, 'invented',"
		" subject, commitment, replace(hash, '0', '1') FROM chain"
		" WHERE number = 5",
		"UPDATE audit SET who = 'nobody'",
		"DELETE FROM audit",
		"INSERT OR REPLACE INTO audit (id, at_ms, who, what, subject)"
		" VALUES (1, 0, 'nobody', 'nothing', '')",
	};
	struct fixture *f = *state;
	char receipt[16];

	fill(f, receipt);
	OK(store_audit(f->st,
	    &(struct audit){ .at_ms = NOON,
		.who = "amrozek",
		.what = "remark split",
		.subject = "remark BL-7M4H/1",
		.before = "{}" },
	    &f->err));
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++)
		if (sqlite3_exec(f->st->db, attempts[i], NULL, NULL, NULL) ==
		    SQLITE_OK)
			fail_msg("allowed: %s", attempts[i]);
	assert_int_equal(verify(f, NULL, NULL).bad_number, 0);
	assert_int_equal(
	    fixture_number(f, "SELECT COUNT(*) FROM audit WHERE who = "
			      "'amrozek' AND at_ms = 1795345200000"),
	    1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_untouched_chain_is_sound),
		TEST(a_link_is_hashed_as_the_contract_says),
		TEST(every_kind_of_tampering_is_found),
		TEST(a_published_head_finds_a_chain_that_was_made_anew),
		TEST(words_that_go_without_a_link_are_missed),
		TEST(erased_words_leave_their_link),
		TEST(chain_and_audit_only_grow),
	};

	return cmocka_run_group_tests_name("store_chain", tests, NULL, NULL);
}

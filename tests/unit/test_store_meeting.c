/* test_store_meeting - meetings, the notices about them, and who will come
 *
 * Place: each test has a database of its own (store_fixture.h).
 */
#include "gateway/store_meeting.h"
#include "gateway/store_outbox.h"
#include "tests/unit/store_fixture.h"

static struct meeting
meeting_of(const char *uid, const char *key)
{
	return (struct meeting){ .uid = uid,
		.key = key,
		.code = "BL-7M4H",
		.commune = "Imielin",
		.phase = "remarks",
		.starts_ms = NOON + DAY,
		.ends_ms = NOON + DAY + 7200000,
		.timezone = "Europe/Warsaw",
		.starts_local = "2026-11-23T12:00:00",
		.ends_local = "2026-11-23T14:00:00",
		.venue = "Biblioteka Miejska",
		.address = "ul. Wzorcowa 12" };
}

static void
a_meeting_is_known_by_its_uid(void **state)
{
	struct fixture *f = *state;
	struct meeting m = meeting_of("a@powiat.example", "s-1"), *all;
	struct meeting other = meeting_of("b@powiat.example", "s-2");
	int64_t id;
	size_t n;

	OK(store_meeting_put(f->st, &m, &f->err));
	id = m.id;
	other.starts_ms -= DAY / 2;
	OK(store_meeting_put(f->st, &other, &f->err));
	m.state = "changed";
	m.sequence = 1;
	OK(store_meeting_put(f->st, &m, &f->err));
	assert_int_equal(m.id, id);
	OK(store_meeting_all(
	    f->st, f->consultation, &f->arena, &all, &n, &f->err));
	assert_int_equal(n, 2);
	assert_string_equal(all[0].key, "s-2");
	assert_string_equal(all[0].state, "planned");
	assert_string_equal(all[1].state, "changed");
	assert_string_equal(all[1].code, "BL-7M4H");
	assert_string_equal(all[1].commune, "Imielin");
	assert_int_equal(all[1].sequence, 1);
	assert_string_equal(all[1].address, "ul. Wzorcowa 12");
	OK(store_meeting_all(f->st, 99, &f->arena, &all, &n, &f->err));
	assert_int_equal(n, 0);
	OK(store_meeting_all(f->st, 0, &f->arena, &all, &n, &f->err));
	assert_int_equal(n, 2);
}

static void
a_meeting_that_makes_no_sense_is_refused(void **state)
{
	struct fixture *f = *state;
	struct meeting m = meeting_of("a@powiat.example", "s-1");

	OK(store_meeting_put(f->st, &m, &f->err));
	m = meeting_of("b@powiat.example", "s-1");
	assert_int_equal(store_meeting_put(f->st, &m, &f->err), ST_REJECT);
	assert_non_null(strstr(f->err.text, "short name"));
	m = meeting_of("b@powiat.example", "s-2");
	m.code = "BL-2XDR";
	assert_int_equal(store_meeting_put(f->st, &m, &f->err), ST_REJECT);
	assert_non_null(strstr(f->err.text, "does not exist"));
	m = meeting_of("b@powiat.example", "s-2");
	m.ends_ms = m.starts_ms - 1;
	assert_int_equal(store_meeting_put(f->st, &m, &f->err), ST_REJECT);
	assert_non_null(strstr(f->err.text, "end before it starts"));
	m = meeting_of("", "s-2");
	assert_int_equal(store_meeting_put(f->st, &m, &f->err), ST_REJECT);
}

static int64_t
message(struct fixture *f, const char *key)
{
	struct inbound in = fixture_message(key, "Będę.");

	OK(store_inbound_add(f->st, &in, span_of("Subject: x\r\n\r\nBędę.\r\n"),
	    NULL, 0, &f->err));
	return in.id;
}

static int64_t
contact(struct fixture *f, enum channel channel, const char *address)
{
	struct contact c;

	OK(store_contact_reach(
	    f->st, channel, address, "", NOON, &f->arena, &c, &f->err));
	return c.id;
}

static void
the_last_answer_of_each_person_counts(void **state)
{
	static const struct {
		const char *who;
		enum rsvp_answer answer;
		int64_t at;
	} said[] = {
		{ "jan@poczta.example", RSVP_YES, 1 },
		{ "ewa@poczta.example", RSVP_YES, 2 },
		{ "jan@poczta.example", RSVP_NO, 5 },
		{ "jan@poczta.example", RSVP_YES,
		    4 }, /* read later, sent sooner */
		{ "ola@poczta.example", RSVP_MAYBE, 3 },
	};
	struct fixture *f = *state;
	struct meeting m = meeting_of("a@powiat.example", "s-1");
	struct heads *heads;
	struct rsvp *all;
	size_t n;

	OK(store_meeting_put(f->st, &m, &f->err));
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		char key[8];

		snprintf(key, sizeof(key), "k%zu", i);
		OK(store_rsvp_add(f->st,
		    &(struct rsvp){ .meeting_id = m.id,
			.contact_id = contact(f, CHANNEL_MAIL, said[i].who),
			.inbound_id = message(f, key),
			.answer = said[i].answer,
			.comment = "",
			.received_ms = NOON + said[i].at },
		    &f->err));
	}
	OK(store_meeting_heads(f->st, 0, &f->arena, &heads, &n, &f->err));
	assert_int_equal(n, 1);
	assert_int_equal(heads[0].answers[RSVP_YES], 1);
	assert_int_equal(heads[0].answers[RSVP_NO], 1);
	assert_int_equal(heads[0].answers[RSVP_MAYBE], 1);
	assert_false(heads[0].is_counted);
	OK(store_rsvp_all(f->st, m.id, &f->arena, &all, &n, &f->err));
	assert_int_equal(n, 3);
	assert_string_equal(all[2].from, "jan@poczta.example");
}

static void
mail_and_telephone_of_one_person_are_one_answer(void **state)
{
	struct fixture *f = *state;
	struct meeting m = meeting_of("a@powiat.example", "s-1");
	int64_t phone = contact(f, CHANNEL_SMS, "+48110000301");
	struct rsvp answer = { .comment = "", .received_ms = NOON };
	struct heads *heads;
	size_t n;

	OK(store_meeting_put(f->st, &m, &f->err));
	fixture_tamper(f, "UPDATE contact SET person_id = 1");
	answer.meeting_id = m.id;
	answer.contact_id = f->contact;
	answer.inbound_id = message(f, "a");
	OK(store_rsvp_add(f->st, &answer, &f->err));
	answer.contact_id = phone;
	answer.inbound_id = message(f, "b");
	answer.answer = RSVP_NO;
	answer.received_ms++;
	OK(store_rsvp_add(f->st, &answer, &f->err));
	OK(store_meeting_heads(f->st, m.id, &f->arena, &heads, &n, &f->err));
	assert_int_equal(heads[0].answers[RSVP_NO], 1);
	assert_int_equal(heads[0].answers[RSVP_YES], 0);
}

struct dated {
	enum rsvp_answer answer;
	int64_t received, sequence, stamp; /* stamp 0: in words */
	const char *who; /* NULL: the same as before */
};

/* A calendar's among themselves by SEQUENCE, then DTSTAMP (RFC 5546, 2.1.5);
 * beside words by when each was given, not the order in which they came. */
static void
answers_count_in_the_order_they_were_given(void **state)
{
	enum { EACH = 3 };
	static const struct {
		const char *says;
		struct dated said[EACH];
		enum rsvp_answer counts;
		bool is_stale; /* the meeting's sequence is 1 */
	} cases[] = {
		{ "the later DTSTAMP, though it came first",
		    { { RSVP_NO, 30, 1, 20, NULL },
			{ RSVP_YES, 31, 1, 10, NULL } },
		    RSVP_NO, false },
		{ "the later SEQUENCE, though its DTSTAMP is older",
		    { { RSVP_NO, 30, 1, 10, NULL },
			{ RSVP_YES, 31, 0, 20, NULL } },
		    RSVP_NO, false },
		{ "words after it",
		    { { RSVP_NO, 30, 1, 20, NULL },
			{ RSVP_YES, 31, 1, 0, NULL } },
		    RSVP_YES, false },
		{ "words before it came, and after it was given",
		    { { RSVP_NO, 30, 1, 20, NULL },
			{ RSVP_YES, 25, 1, 0, NULL } },
		    RSVP_YES, false },
		{ "words that came before it was given, and were read later",
		    { { RSVP_NO, 30, 1, 20, NULL },
			{ RSVP_YES, 15, 1, 0, NULL } },
		    RSVP_NO, false },
		{ "an answer by calendar that was long on its way",
		    { { RSVP_NO, 20, 1, 0, NULL },
			{ RSVP_YES, 31, 1, 10, NULL } },
		    RSVP_NO, false },
		{ "the same by telephone and from another address",
		    { { RSVP_NO, 20, 1, 0, "+48110000301" },
			{ RSVP_YES, 31, 1, 10, "jan@praca.example" } },
		    RSVP_NO, false },
		{ "words between a calendar's answers in the wrong order",
		    { { RSVP_NO, 30, 1, 20, NULL },
			{ RSVP_MAYBE, 31, 1, 0, NULL },
			{ RSVP_YES, 32, 1, 10, NULL } },
		    RSVP_MAYBE, false },
		{ "the same twice",
		    { { RSVP_YES, 30, 0, 5, NULL },
			{ RSVP_YES, 31, 0, 5, NULL } },
		    RSVP_YES, true },
		{ "the calendars of two addresses, which number nothing in common",
		    { { RSVP_NO, 30, 1, 20, NULL },
			{ RSVP_YES, 31, 0, 25, "jan@praca.example" } },
		    RSVP_YES, true },
		{ "an answer to what the meeting was before",
		    { { RSVP_YES, 1, 0, 0, NULL } }, RSVP_YES, true },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char uid[32], key[32];
		struct meeting m;
		struct heads *heads;
		struct rsvp *all;
		size_t n;

		snprintf(uid, sizeof(uid), "u%zu@powiat.example", i);
		snprintf(key, sizeof(key), "s-%zu", i);
		m = meeting_of(uid, key);
		m.sequence = 1;
		OK(store_meeting_put(f->st, &m, &f->err));
		for (int k = 0; k < EACH; k++) {
			const struct dated *d = &cases[i].said[k];
			const char *who =
			    d->who != NULL ? d->who : "jan@poczta.example";
			enum channel by =
			    who[0] == '+' ? CHANNEL_SMS : CHANNEL_MAIL;

			if (d->received == 0)
				continue;
			snprintf(key, sizeof(key), "k%zu-%d", i, k);
			OK(store_rsvp_add(f->st,
			    &(struct rsvp){ .meeting_id = m.id,
				.contact_id = contact(f, by, who),
				.inbound_id = message(f, key),
				.answer = d->answer,
				.comment = "",
				.received_ms = NOON + d->received,
				.sequence = d->sequence,
				.stamp_ms =
				    d->stamp == 0 ? 0 : NOON + d->stamp },
			    &f->err));
			fixture_tamper(f, "UPDATE contact SET person_id = 1");
		}
		OK(store_rsvp_all(f->st, m.id, &f->arena, &all, &n, &f->err));
		OK(store_meeting_heads(
		    f->st, m.id, &f->arena, &heads, &n, &f->err));
		if (all[0].answer != cases[i].counts ||
		    all[0].is_stale != cases[i].is_stale ||
		    heads[0].answers[cases[i].counts] != 1 ||
		    heads[0].stale != cases[i].is_stale)
			fail_msg("%s: %s%s", cases[i].says,
			    rsvp_answer_name(all[0].answer),
			    all[0].is_stale ? ", stale" : "");
	}
}

static void
an_answer_comes_too_late_when_the_meeting_is_off(void **state)
{
	static const struct {
		const char *says, *state;
		int64_t ends, at; /* the meeting begins at NOON; ends 0: open */
		enum too_late wanted;
	} cases[] = {
		{ "before it", "announced", 2, -1, IN_TIME },
		{ "while it is on", "announced", 2, 1, IN_TIME },
		{ "at its end", "announced", 2, 2, LATE_OVER },
		{ "held, and counted while it is on", "held", 2, 1, LATE_OVER },
		{ "no end is known, on that day", "changed", 0, 5, IN_TIME },
		{ "no end is known, on the next", "changed", 0, 24, LATE_OVER },
		{ "cancelled, before it", "cancelled", 2, -99, LATE_CANCELLED },
		{ "cancelled, after it", "cancelled", 2, 9, LATE_CANCELLED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct meeting m = { .state = cases[i].state,
			.starts_ms = NOON };

		if (cases[i].ends != 0)
			m.ends_ms = NOON + cases[i].ends * 3600000;
		if (meeting_too_late(&m, NOON + cases[i].at * 3600000) !=
		    cases[i].wanted)
			fail_msg("%s", cases[i].says);
	}
}

/* Neither beside the answers that count, nor in place of them. */
static void
what_came_too_late_is_kept_apart(void **state)
{
	struct fixture *f = *state;
	struct meeting m = meeting_of("a@powiat.example", "s-1");
	struct rsvp answer = { .comment = "", .received_ms = NOON }, *all;
	struct heads *heads;
	size_t n;

	OK(store_meeting_put(f->st, &m, &f->err));
	answer.meeting_id = m.id;
	answer.contact_id = f->contact;
	answer.inbound_id = message(f, "a");
	answer.answer = RSVP_NO;
	answer.stamp_ms = NOON;
	OK(store_rsvp_add(f->st, &answer, &f->err));
	answer.inbound_id = message(f, "b");
	answer.answer = RSVP_YES;
	answer.comment = "z żoną";
	answer.received_ms++;
	answer.stamp_ms++;
	answer.too_late = LATE_CANCELLED;
	OK(store_rsvp_add(f->st, &answer, &f->err));
	OK(store_meeting_heads(f->st, m.id, &f->arena, &heads, &n, &f->err));
	assert_int_equal(heads[0].answers[RSVP_NO], 1);
	assert_int_equal(heads[0].answers[RSVP_YES], 0);
	OK(store_rsvp_all(f->st, m.id, &f->arena, &all, &n, &f->err));
	assert_int_equal(n, 1);
	assert_int_equal(all[0].answer, RSVP_NO);
	OK(store_rsvp_late(f->st, m.id, &f->arena, &all, &n, &f->err));
	assert_int_equal(n, 1);
	assert_int_equal(all[0].too_late, LATE_CANCELLED);
	assert_string_equal(all[0].comment, "z żoną");
}

/* By a notice that left, to any of their addresses. */
static void
who_was_told_by_no_notice_is_counted_apart(void **state)
{
	struct fixture *f = *state;
	struct meeting m = meeting_of("a@powiat.example", "s-1"), other;
	struct outbox row = { .channel = CHANNEL_SMS,
		.to = "+48110000301",
		.template_name = "meeting_announcement",
		.body = "x",
		.state = OUTBOX_QUEUED,
		.created_ms = NOON };
	struct rsvp answer = { .comment = "", .received_ms = NOON + 9 }, *all;
	struct heads *heads;
	int64_t since;
	size_t n;

	OK(store_meeting_put(f->st, &m, &f->err));
	other = meeting_of("b@powiat.example", "s-2");
	OK(store_meeting_put(f->st, &other, &f->err));
	row.contact_id = contact(f, CHANNEL_SMS, row.to);
	OK(store_outbox_add(f->st, &row, &f->err));
	OK(store_meeting_told(f->st, row.id, 1, &m, &f->err));
	fixture_tamper(f, "UPDATE contact SET person_id = 1");
	answer.contact_id = contact(f, CHANNEL_MAIL, "jan@praca.example");
	fixture_tamper(f, "UPDATE contact SET person_id = 1");
	answer.meeting_id = m.id;
	answer.inbound_id = message(f, "a");
	OK(store_rsvp_add(f->st, &answer, &f->err));
	answer.meeting_id = other.id;
	answer.inbound_id = message(f, "b");
	OK(store_rsvp_add(f->st, &answer, &f->err));
	OK(store_meeting_heads(f->st, m.id, &f->arena, &heads, &n, &f->err));
	assert_int_equal(heads[0].answers[RSVP_YES], 1);
	assert_int_equal(heads[0].not_invited, 1); /* it has not left */
	fixture_tamper(f, "UPDATE outbox SET state = 'sent'");
	OK(store_meeting_heads(f->st, 0, &f->arena, &heads, &n, &f->err));
	assert_int_equal(heads[0].not_invited, 0);
	assert_int_equal(heads[1].not_invited, 1); /* of the other meeting */
	OK(store_rsvp_all(f->st, m.id, &f->arena, &all, &n, &f->err));
	assert_true(all[0].is_invited);
	OK(store_rsvp_all(f->st, other.id, &f->arena, &all, &n, &f->err));
	assert_false(all[0].is_invited);
	answer.meeting_id = m.id;
	OK(store_meeting_told_since(&since, f->st, &answer, &f->err));
	assert_int_equal(since, NOON);
	answer.sequence = 1; /* a version that nobody was told of */
	OK(store_meeting_told_since(&since, f->st, &answer, &f->err));
	assert_int_equal(since, 0);
	/* What we said in answer to them is no notice. */
	fixture_tamper(f, "UPDATE outbox SET inbound_id = 1");
	OK(store_meeting_heads(f->st, m.id, &f->arena, &heads, &n, &f->err));
	assert_int_equal(heads[0].not_invited, 1);
}

static void
a_meeting_is_found_by_uid_name_or_id_and_by_the_notice(void **state)
{
	struct fixture *f = *state;
	struct meeting m = meeting_of("a@powiat.example", "s-1"), found, *told;
	struct outbox row = { .channel = CHANNEL_MAIL,
		.to = "jan@poczta.example",
		.template_name = "meeting_announcement",
		.subject = "x",
		.body = "x",
		.message_id = "n1@powiat.example",
		.created_ms = NOON };
	char id[24];
	size_t n;

	OK(store_meeting_put(f->st, &m, &f->err));
	snprintf(id, sizeof(id), "%lld", (long long)m.id);
	OK(store_meeting_find(f->st, id, &f->arena, &found, &f->err));
	assert_int_equal(found.id, m.id);
	OK(store_meeting_find(f->st, "s-1", &f->arena, &found, &f->err));
	assert_int_equal(found.id, m.id);
	OK(store_meeting_find(
	    f->st, "a@powiat.example", &f->arena, &found, &f->err));
	assert_int_equal(found.id, m.id);
	OK(store_meeting_find(f->st, "", &f->arena, &found, &f->err));
	assert_int_equal(found.id, 0);
	OK(store_outbox_add(f->st, &row, &f->err));
	m.sequence = 3;
	OK(store_meeting_told(f->st, row.id, 1, &m, &f->err));
	OK(store_meeting_of_row(f->st, row.id, &f->arena, &told, &n, &f->err));
	assert_int_equal(n, 1);
	assert_string_equal(told[0].key, "s-1");
	assert_int_equal(told[0].told, 3);
	assert_int_equal(told[0].sequence, 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_meeting_is_known_by_its_uid),
		TEST(a_meeting_that_makes_no_sense_is_refused),
		TEST(the_last_answer_of_each_person_counts),
		TEST(mail_and_telephone_of_one_person_are_one_answer),
		TEST(answers_count_in_the_order_they_were_given),
		TEST(an_answer_comes_too_late_when_the_meeting_is_off),
		TEST(what_came_too_late_is_kept_apart),
		TEST(who_was_told_by_no_notice_is_counted_apart),
		TEST(a_meeting_is_found_by_uid_name_or_id_and_by_the_notice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

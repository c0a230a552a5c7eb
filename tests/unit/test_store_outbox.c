/* test_store_outbox - what is owed is claimed once, settled and counted */
#include "tests/unit/store_fixture.h"

#include "gateway/store_outbox.h"

#define HOUR (3600 * 1000LL)

static struct outbox
letter(struct fixture *f, const char *token)
{
	return (struct outbox){ .channel = CHANNEL_MAIL,
		.contact_id = f->contact,
		.consultation_id = f->consultation,
		.to = "jan@poczta.example",
		.via = "",
		.template_name = "confirm_remark",
		.question = "",
		.subject = "Przyjęliśmy uwagę",
		.body = "Dziękujemy.",
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
}

static int64_t
owe(struct fixture *f, const char *token, enum outbox_state state, int64_t due)
{
	struct outbox row = letter(f, token);

	row.state = state;
	row.due_ms = due;
	OK(store_outbox_add(f->st, &row, &f->err));
	return row.id;
}

static struct outbox
get(struct fixture *f, int64_t id)
{
	struct outbox row;

	OK(store_outbox_get(f->st, id, &f->arena, &row, &f->err));
	return row;
}

/* As a sender does: they are its own once it is committed. */
static void
claim(struct fixture *f, int max, struct outbox **rows, size_t *n)
{
	OK(store_begin(f->st, &f->err));
	OK(store_outbox_claim(f->st,
	    &(struct outbox_due){ CHANNEL_MAIL, NOON, max }, &f->arena, rows, n,
	    &f->err));
	OK(store_commit(f->st, &f->err));
}

static void
every_state_has_a_name_that_the_schema_knows(void **state)
{
	struct fixture *f = *state;
	int64_t count[OUTBOX_STATE_COUNT + 1];
	char token[16];

	for (int i = 0; i < OUTBOX_STATE_COUNT; i++) {
		snprintf(token, sizeof(token), "t%d", i);
		owe(f, token, (enum outbox_state)i, NOON);
		assert_int_equal(outbox_state_by_name(
				     outbox_state_name((enum outbox_state)i)),
		    i);
	}
	assert_int_equal(outbox_state_by_name("lost"), OUTBOX_STATE_COUNT);
	OK(store_outbox_counts(f->st, count, &f->err));
	assert_int_equal(count[OUTBOX_SENT], 1);
	assert_int_equal(count[OUTBOX_STATE_COUNT], OUTBOX_STATE_COUNT);
}

static void
a_row_reads_back_as_it_was_owed(void **state)
{
	struct fixture *f = *state;
	struct outbox row = letter(f, "tok.k1.mac"), out;

	row.channel = CHANNEL_SMS;
	row.via = "sms bramka";
	row.question = "BL-7M4H";
	row.html = "<p>Dziękujemy.</p>";
	row.in_reply_to = "a@b";
	row.references = "c@d a@b";
	row.segments = 2;
	row.receipt = "0123456789ab";
	OK(store_outbox_add(f->st, &row, &f->err));
	out = get(f, row.id);
	assert_int_equal(out.channel, CHANNEL_SMS);
	assert_string_equal(out.via, "sms bramka");
	assert_string_equal(out.template_name, "confirm_remark");
	assert_string_equal(out.question, "BL-7M4H");
	assert_string_equal(out.body, "Dziękujemy.");
	assert_string_equal(out.html, "<p>Dziękujemy.</p>");
	assert_string_equal(out.references, "c@d a@b");
	assert_int_equal(out.segments, 2);
	assert_string_equal(out.receipt, "0123456789ab");
	assert_string_equal(out.code, "BL-7M4H");
	assert_int_equal(out.due_ms, NOON);
	assert_int_equal(
	    store_outbox_get(f->st, 99, &f->arena, &out, &f->err), ST_REJECT);
}

static void
a_message_id_or_token_is_used_once(void **state)
{
	struct fixture *f = *state;
	struct outbox row = letter(f, "t1");

	OK(store_outbox_add(f->st, &row, &f->err));
	row.message_id = "other";
	assert_int_equal(store_outbox_add(f->st, &row, &f->err), ST_REJECT);
	row.message_id = "t1";
	row.token = "other";
	assert_int_equal(store_outbox_add(f->st, &row, &f->err), ST_REJECT);
	/* Texts have no Message-ID: any number of them may lack one. */
	row.message_id = row.token = "";
	OK(store_outbox_add(f->st, &row, &f->err));
	OK(store_outbox_add(f->st, &row, &f->err));
}

static void
a_row_is_found_by_what_a_reply_carries(void **state)
{
	struct fixture *f = *state;
	struct outbox row = letter(f, "abc2.k1.mac"), out;

	row.message_id = "abc2.k1.mac@powiat.example";
	OK(store_outbox_add(f->st, &row, &f->err));
	OK(store_outbox_by_token(
	    f->st, "abc2.k1.mac", &f->arena, &out, &f->err));
	assert_int_equal(out.id, row.id);
	OK(store_outbox_by_token(
	    f->st, "ABC2.K1.MAC", &f->arena, &out, &f->err));
	assert_int_equal(out.id, row.id);
	OK(store_outbox_by_message_id(
	    f->st, "abc2.k1.mac@powiat.example", &f->arena, &out, &f->err));
	assert_int_equal(out.id, row.id);
	OK(store_outbox_by_message_id(f->st, "x@y", &f->arena, &out, &f->err));
	assert_int_equal(out.id, 0);
	owe(f, "", OUTBOX_SENT, 0);
	OK(store_outbox_by_token(f->st, "", &f->arena, &out, &f->err));
	assert_int_equal(out.id, 0);
	OK(store_outbox_by_message_id(f->st, "", &f->arena, &out, &f->err));
	assert_int_equal(out.id, 0);
}

static void
only_what_is_due_is_claimed_and_the_oldest_first(void **state)
{
	struct fixture *f = *state;
	int64_t late = owe(f, "t1", OUTBOX_QUEUED, NOON - HOUR);
	int64_t later = owe(f, "t2", OUTBOX_QUEUED, NOON + HOUR);
	int64_t first = owe(f, "t3", OUTBOX_DEFERRED, NOON - 2 * HOUR);
	int64_t staff = owe(f, "t4", OUTBOX_DEFERRED, 0);
	int64_t now = owe(f, "t5", OUTBOX_QUEUED, 0); /* no time: at once */
	struct outbox *rows;
	int64_t due;
	size_t n;

	owe(f, "t6", OUTBOX_SENT, NOON - HOUR);
	OK(store_outbox_next_due(f->st, CHANNEL_MAIL, &due, &f->err));
	assert_int_equal(due, NOON - 2 * HOUR);
	claim(f, 2, &rows, &n);
	assert_int_equal(n, 2);
	assert_int_equal(rows[0].id, first);
	assert_int_equal(rows[1].id, late);
	assert_int_equal(rows[0].state, OUTBOX_CLAIMED);
	assert_string_equal(rows[0].code, "BL-7M4H");
	/* They are claimed on disk, whoever looks. */
	assert_int_equal(get(f, first).state, OUTBOX_CLAIMED);
	assert_int_equal(get(f, first).claimed_ms, NOON);
	claim(f, 10, &rows, &n);
	assert_int_equal(n, 1);
	assert_int_equal(rows[0].id, now);
	claim(f, 10, &rows, &n);
	assert_int_equal(n, 0);
	OK(store_outbox_next_due(f->st, CHANNEL_MAIL, &due, &f->err));
	assert_int_equal(due, NOON + HOUR);
	assert_int_equal(get(f, later).state, OUTBOX_QUEUED);
	assert_int_equal(get(f, staff).state, OUTBOX_DEFERRED);
}

static void
a_settled_row_says_what_became_of_it(void **state)
{
	struct fixture *f = *state;
	struct outbox *rows, row;
	int64_t due;
	size_t n;

	owe(f, "t1", OUTBOX_QUEUED, NOON);
	claim(f, 10, &rows, &n);
	row = rows[0];
	row.state = OUTBOX_DEFERRED;
	row.due_ms = NOON + HOUR;
	row.attempts = 1;
	row.settled_ms = NOON + 5;
	row.error = "421 try again later";
	row.external_id = "x-1";
	OK(store_outbox_settle(f->st, &row, &f->err));
	row = get(f, row.id);
	assert_int_equal(row.state, OUTBOX_DEFERRED);
	assert_int_equal(row.attempts, 1);
	assert_int_equal(row.settled_ms, NOON + 5);
	assert_string_equal(row.error, "421 try again later");
	assert_string_equal(row.external_id, "x-1");
	OK(store_outbox_next_due(f->st, CHANNEL_MAIL, &due, &f->err));
	assert_int_equal(due, NOON + HOUR);
	row.due_ms = 0; /* waits for staff now */
	OK(store_outbox_settle(f->st, &row, &f->err));
	OK(store_outbox_next_due(f->st, CHANNEL_MAIL, &due, &f->err));
	assert_int_equal(due, 0);
}

static void
a_bounce_that_came_first_is_not_undone(void **state)
{
	struct fixture *f = *state;
	struct outbox *rows, bounced;
	size_t n;

	owe(f, "t1", OUTBOX_QUEUED, NOON);
	owe(f, "t2", OUTBOX_QUEUED, NOON);
	claim(f, 10, &rows, &n);
	assert_int_equal(n, 2);
	bounced = rows[0];
	bounced.state = OUTBOX_FAILED;
	bounced.error = "bounced: 5.1.1";
	OK(store_outbox_settle(f->st, &bounced, &f->err));
	for (size_t i = 0; i < n; i++) {
		rows[i].state = OUTBOX_SENT;
		OK(store_outbox_hand_back(f->st, &rows[i], &f->err));
	}
	assert_int_equal(get(f, rows[0].id).state, OUTBOX_FAILED);
	assert_string_equal(get(f, rows[0].id).error, "bounced: 5.1.1");
	assert_int_equal(get(f, rows[1].id).state, OUTBOX_SENT);
}

static void
mail_to_a_place_that_takes_none_waits(void **state)
{
	struct fixture *f = *state;
	struct outbox row = letter(f, "t1");
	const char *const to[] = { "a@daleko.example", "b@DALEKO.example",
		"c@niedaleko.example", "d@daleko.example.example" };
	int64_t id[4], late, count, first;

	for (int i = 0; i < 4; i++) {
		char token[8];

		snprintf(token, sizeof(token), "d%d", i);
		row = letter(f, token);
		row.to = to[i];
		OK(store_outbox_add(f->st, &row, &f->err));
		id[i] = row.id;
	}
	late = owe(f, "t9", OUTBOX_SENT, 0);
	OK(store_outbox_hold_domain(
	    f->st, "daleko.example", NOON + HOUR, "451 later", &f->err));
	assert_int_equal(get(f, id[0]).due_ms, NOON + HOUR);
	assert_int_equal(get(f, id[0]).state, OUTBOX_DEFERRED);
	assert_string_equal(get(f, id[1]).error, "451 later");
	assert_int_equal(get(f, id[2]).due_ms, NOON);
	assert_int_equal(get(f, id[3]).due_ms, NOON);
	/* It had a later time already: that one stays. */
	OK(store_outbox_hold_domain(
	    f->st, "daleko.example", NOON + 1, "sooner", &f->err));
	assert_int_equal(get(f, id[0]).due_ms, NOON + HOUR);
	OK(store_outbox_note(
	    f->st, CHANNEL_MAIL, NOON, 1, "unreachable", &f->err));
	assert_string_equal(get(f, id[2]).error, "unreachable");
	assert_string_equal(get(f, id[3]).error, "");
	row = get(f, late);
	row.attempts = 1;
	row.settled_ms = NOON - 10;
	OK(store_outbox_settle(f->st, &row, &f->err));
	OK(store_outbox_pace(
	    f->st, CHANNEL_MAIL, NOON - 60000, &count, &first, &f->err));
	assert_int_equal(count, 1);
	assert_int_equal(first, NOON - 10);
	OK(store_outbox_pace(
	    f->st, CHANNEL_MAIL, NOON - 10, &count, &first, &f->err));
	assert_int_equal(count, 0);
	/* By a clock that was put back it has yet to come. */
	OK(store_outbox_pace(
	    f->st, CHANNEL_MAIL, NOON - 3 * HOUR, &count, &first, &f->err));
	assert_int_equal(count, 0);
}

/* A mail that was owed at `created`, last tried at `tried` (0: never). */
static int64_t
put_off(struct fixture *f, const char *token, int64_t created, int64_t due,
    int64_t tried)
{
	struct outbox row = letter(f, token);

	row.created_ms = created;
	row.due_ms = due;
	row.settled_ms = tried;
	row.attempts = tried != 0;
	row.state = tried != 0 ? OUTBOX_DEFERRED : OUTBOX_QUEUED;
	OK(store_outbox_add(f->st, &row, &f->err));
	return row.id;
}

static void
a_clock_that_was_put_back_keeps_nobody_waiting(void **state)
{
	const int64_t day = 24 * HOUR;
	const struct {
		const char *sentence;
		int64_t created, due, tried; /* from now on */
		bool is_due;
	} rows[] = {
		{ "owed by the old clock", day, day, 0, true },
		{ "tried by the old clock", -HOUR, day + HOUR, day, true },
		{ "behind one that was", -HOUR, day + HOUR + 1, 1, true },
		{ "tried just now", -HOUR, HOUR, 0, false },
		{ "tried a second ago by another", -HOUR, HOUR, 1000, false },
		{ "due in a second", 1000, 1000, 0, false },
		{ "meant for later", -HOUR, day, 0, false },
	};
	struct fixture *f = *state;
	int64_t n = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char token[16];
		int64_t id;

		snprintf(token, sizeof(token), "t%zu", i);
		id = put_off(f, token, NOON + rows[i].created,
		    NOON + rows[i].due,
		    rows[i].tried == 0 ? 0 : NOON + rows[i].tried);

		print_message("%s\n", rows[i].sentence);
		OK(store_outbox_redate(f->st, NOON, &n, &f->err));
		assert_int_equal(n, rows[i].is_due);
		assert_int_equal(get(f, id).due_ms,
		    rows[i].is_due ? NOON : NOON + rows[i].due);
	}
	OK(store_outbox_redate(f->st, NOON, &n, &f->err));
	assert_int_equal(n, 0);
}

static void
what_was_claimed_when_the_program_died_is_unknown(void **state)
{
	struct fixture *f = *state;
	int64_t queued = owe(f, "t1", OUTBOX_QUEUED, NOON);
	int64_t claimed = owe(f, "t2", OUTBOX_CLAIMED, NOON);
	int64_t n;

	OK(store_outbox_recover(f->st, CHANNEL_MAIL, NOON + 1, &n, &f->err));
	assert_int_equal(n, 1);
	assert_int_equal(get(f, claimed).state, OUTBOX_UNKNOWN);
	assert_int_equal(get(f, claimed).settled_ms, NOON + 1);
	assert_true(strlen(get(f, claimed).error) > 0);
	assert_int_equal(get(f, queued).state, OUTBOX_QUEUED);
	OK(store_outbox_recover(f->st, CHANNEL_MAIL, NOON + 2, &n, &f->err));
	assert_int_equal(n, 0);
}

static void
the_last_word_is_the_newest_that_may_have_arrived(void **state)
{
	struct fixture *f = *state;
	int64_t first = owe(f, "t1", OUTBOX_SENT, 0);
	struct outbox out;

	owe(f, "t2", OUTBOX_CANCELLED, 0);
	owe(f, "t3", OUTBOX_FAILED, 0);
	OK(store_outbox_last(
	    f->st, f->contact, false, &f->arena, &out, &f->err));
	assert_int_equal(out.id, first);
	OK(store_outbox_last(f->st, 99, false, &f->arena, &out, &f->err));
	assert_int_equal(out.id, 0);
}

static void
replies_are_counted_for_the_limits(void **state)
{
	struct fixture *f = *state;
	const struct {
		const char *sentence;
		int64_t contact;
		const char *template_name, *question;
		int64_t since, want;
	} rows[] = {
		{ "one kind and question to one person", f->contact,
		    "unknown_code", "BL-7M4H", NOON - HOUR, 1 },
		{ "one kind, whatever the question", f->contact, "unknown_code",
		    NULL, NOON - HOUR, 2 },
		{ "anything but confirmations", f->contact, NULL, NULL,
		    NOON - HOUR, 3 },
		{ "to anybody", 0, NULL, NULL, NOON - HOUR, 4 },
		{ "within the last hour only", f->contact, NULL, NULL, NOON + 1,
		    0 },
		{ "to a stranger", 99, NULL, NULL, NOON - HOUR, 0 },
	};
	const char *const templates[] = { "unknown_code", "unknown_code",
		"no_code", "confirm_remark", "no_code", "no_code",
		"meeting_announcement" };
	struct inbound in = fixture_message("k1", "a");
	char token[16];

	OK(store_inbound_add(f->st, &in, SPAN("x"), NULL, 0, &f->err));
	for (int i = 0; i < 7; i++) {
		struct outbox row = letter(f, token);

		snprintf(token, sizeof(token), "t%d", i);
		row.template_name = templates[i];
		row.question = i == 0 ? "BL-7M4H" : "BL-10KE";
		row.state = i == 4 ? OUTBOX_CANCELLED : OUTBOX_SENT;
		row.contact_id = i == 5 ? 0 : f->contact;
		row.inbound_id = i == 6 ? 0 : in.id; /* 6: a notice */
		OK(store_outbox_add(f->st, &row, &f->err));
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t n;

		OK(store_outbox_count(f->st, rows[i].contact,
		    rows[i].template_name, rows[i].question, rows[i].since, &n,
		    &f->err));
		if (n != rows[i].want)
			fail_msg("%s: %lld", rows[i].sentence, (long long)n);
	}
}

static enum status
count_row(void *arg, const struct outbox *row)
{
	assert_true(row->id > 0);
	++*(int *)arg;
	return ST_OK;
}

static void
a_list_shows_what_its_filter_asks_for(void **state)
{
	struct fixture *f = *state;
	struct inbound in = fixture_message("k1", "a");
	struct outbox row = letter(f, "answer");
	char token[16];

	OK(store_inbound_add(f->st, &in, SPAN("x"), NULL, 0, &f->err));
	row.inbound_id = in.id;
	OK(store_outbox_add(f->st, &row, &f->err));
	for (int i = 0; i < 119; i++) {
		snprintf(token, sizeof(token), "t%d", i);
		owe(f, token,
		    i < 10   ? OUTBOX_UNKNOWN
		    : i < 30 ? OUTBOX_DEFERRED
			     : OUTBOX_SENT,
		    i < 15 ? 0 : NOON);
	}
	const struct {
		const char *sentence;
		struct outbox_filter filter;
		int n;
	} rows[] = {
		{ "everything", { .state = -1 }, 120 },
		{ "what was sent", { .state = OUTBOX_SENT }, 89 },
		{ "what waits for staff", { .state = -1, .waiting = true },
		    15 },
		{ "unknown ones", { .state = OUTBOX_UNKNOWN }, 10 },
		{ "to one person", { .state = -1, .contact_id = f->contact },
		    120 },
		{ "to a stranger", { .state = -1, .contact_id = 99 }, 0 },
		{ "answers to one message",
		    { .state = -1, .inbound_id = in.id }, 1 },
		{ "no more than 60", { .state = -1, .limit = 60 }, 60 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int n = 0;

		OK(store_outbox_list(
		    f->st, &rows[i].filter, count_row, &n, &f->err));
		if (n != rows[i].n)
			fail_msg("%s: %d", rows[i].sentence, n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_state_has_a_name_that_the_schema_knows),
		TEST(a_row_reads_back_as_it_was_owed),
		TEST(a_message_id_or_token_is_used_once),
		TEST(a_row_is_found_by_what_a_reply_carries),
		TEST(only_what_is_due_is_claimed_and_the_oldest_first),
		TEST(a_settled_row_says_what_became_of_it),
		TEST(a_bounce_that_came_first_is_not_undone),
		TEST(mail_to_a_place_that_takes_none_waits),
		TEST(a_clock_that_was_put_back_keeps_nobody_waiting),
		TEST(what_was_claimed_when_the_program_died_is_unknown),
		TEST(the_last_word_is_the_newest_that_may_have_arrived),
		TEST(replies_are_counted_for_the_limits),
		TEST(a_list_shows_what_its_filter_asks_for),
	};

	return cmocka_run_group_tests_name("store_outbox", tests, NULL, NULL);
}

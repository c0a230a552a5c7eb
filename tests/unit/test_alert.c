/* test_alert - the administrator is told once, and once when it is well */
#include "tests/unit/store_fixture.h"

#include <sys/stat.h>

#include "gateway/alert.h"
#include "gateway/anchor.h"
#include "gateway/clock.h"
#include "gateway/health.h"
#include "gateway/store_chain.h"
#include "gateway/store_outbox.h"

#define MINUTE (60 * 1000LL)
#define HOUR (60 * MINUTE)

/* ---- one part, step by step -------------------------------------------- */

struct step {
	const char *story;
	int64_t at; /* minutes */
	int level;
	int64_t patience; /* minutes */
	enum alert_news want;
};

static void
walk(const struct step *steps, size_t n)
{
	struct alert_state s = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct reading r = { ALERT_SOURCE, "mailbox konsultacje",
			steps[i].level, steps[i].patience * MINUTE, "", 0 };
		enum alert_news got =
		    alert_step(&s, &r, NOON + steps[i].at * MINUTE);

		if (got != steps[i].want)
			fail_msg("%s: %d, not %d", steps[i].story, got,
			    steps[i].want);
	}
}

#define WALK(steps) walk(steps, sizeof(steps) / sizeof((steps)[0]))

static void
it_is_told_once_and_once_when_it_is_over(void **state)
{
	static const struct step steps[] = {
		{ "all is well", 0, 0, 30, NEWS_NONE },
		{ "it breaks: wait", 1, 1, 30, NEWS_NONE },
		{ "not yet", 30, 1, 30, NEWS_NONE },
		{ "half an hour: told", 31, 1, 30, NEWS_BROKEN },
		{ "still: not again", 32, 1, 30, NEWS_NONE },
		{ "nor days later", 5000, 1, 30, NEWS_NONE },
		{ "well: is it?", 5001, 0, 30, NEWS_NONE },
		{ "not quite", 5005, 1, 30, NEWS_NONE },
		{ "well again: wait", 5006, 0, 30, NEWS_NONE },
		{ "not yet over", 5015, 0, 30, NEWS_NONE },
		{ "over", 5016, 0, 30, NEWS_OVER },
		{ "over is over", 5017, 0, 30, NEWS_NONE },
	};

	(void)state;
	WALK(steps);
}

static void
a_short_failure_is_nobodys_business(void **state)
{
	static const struct step steps[] = {
		{ "it breaks", 0, 1, 30, NEWS_NONE },
		{ "one good poll", 20, 0, 30, NEWS_NONE },
		{ "breaks again: counted anew", 25, 1, 30, NEWS_NONE },
		{ "not for half an hour", 54, 1, 30, NEWS_NONE },
		{ "now", 55, 1, 30, NEWS_BROKEN },
	};

	(void)state;
	WALK(steps);
}

static void
what_must_be_mended_is_told_at_once(void **state)
{
	static const struct step steps[] = {
		{ "a login is refused", 0, 1, 0, NEWS_BROKEN },
		{ "still", 60, 1, 0, NEWS_NONE },
	};
	static const struct step turned[] = {
		{ "the server is down", 0, 1, 30, NEWS_NONE },
		{ "it is up and refuses us", 5, 1, 0, NEWS_BROKEN },
	};

	(void)state;
	WALK(steps);
	WALK(turned);
}

static void
what_flaps_is_told_ever_less_often(void **state)
{
	struct alert_state s = { 0 };
	struct reading bad = { ALERT_SOURCE, "x", ALERT_WRONG, 0, "", 0 };
	struct reading well = { ALERT_SOURCE, "x", ALERT_WELL, 0, "", 0 };
	int told = 0, over = 0;

	(void)state;
	/* Broken a minute, well for half an hour, for a day. */
	for (int64_t minute = 0; minute < 24 * 60; minute++) {
		enum alert_news news = alert_step(&s,
		    minute % 30 == 0 ? &bad : &well, NOON + minute * MINUTE);

		told += news == NEWS_BROKEN;
		over += news == NEWS_OVER;
	}
	assert_int_equal(told, 3); /* well for 10, 20, never for 40 minutes */
	assert_int_equal(over, 2);
}

static void
what_is_urgent_is_said_louder_and_daily(void **state)
{
	static const struct step steps[] = {
		{ "broken", 0, 1, 0, NEWS_BROKEN },
		{ "a consultation closes within a day", 60, 2, 0, NEWS_LOUDER },
		{ "once", 61, 2, 0, NEWS_NONE },
		{ "not yet a day", 60 + 1439, 2, 0, NEWS_NONE },
		{ "a day later", 60 + 1440, 2, 0, NEWS_LOUDER },
		{ "it has closed: quiet", 3000, 1, 0, NEWS_NONE },
		{ "and stays so", 9000, 1, 0, NEWS_NONE },
	};

	(void)state;
	WALK(steps);
}

static void
a_clock_put_back_delays_nothing(void **state)
{
	static const struct step steps[] = {
		{ "broken", 1000, 1, 30, NEWS_NONE },
		{ "the clock is put back", 0, 1, 30, NEWS_NONE },
		{ "half an hour by the new one", 30, 1, 30, NEWS_BROKEN },
		{ "well", 31, 0, 30, NEWS_NONE },
		{ "put back again", 11, 0, 30, NEWS_NONE },
		{ "ten minutes", 21, 0, 30, NEWS_OVER },
	};

	(void)state;
	WALK(steps);
}

/* ---- with a database --------------------------------------------------- */

struct office {
	struct config config;
	struct config_value values[4];
	struct config_sms sms;
	struct config_mailbox box;
	struct keys *keys;
};

static void
furnish(struct office *o, struct fixture *f)
{
	char path[128];

	fixture_path(path, f, "keys");
	OK(keys_create(path, &f->err));
	OK(keys_read(&o->keys, path, &f->err));
	o->values[0] = (struct config_value){ "name", "Starostwo" };
	o->values[1] =
	    (struct config_value){ "address", "konsultacje@powiat.example" };
	o->values[2] = (struct config_value){ "domain", "powiat.example" };
	o->sms = (struct config_sms){
		.name = "bramka", .number = "+48110010010", .max_segments = 4
	};
	o->box = (struct config_mailbox){ .name = "konsultacje" };
	o->config = (struct config){ .database = f->path,
		.language = "pl",
		.timezone = "Europe/Warsaw",
		.templates = "",
		.anchor = "",
		.alert_mail = "admin@powiat.example",
		.alert_sms = "",
		.mailboxes = &o->box,
		.n_mailboxes = 1,
		.sms = &o->sms,
		.n_sms = 1,
		.office = o->values,
		.n_office = 3 };
}

/* The rows there are, "mail alert_broken" each a line, newest last. */
static enum status
collect(void *arg, const struct outbox *row)
{
	struct buf *out = arg;

	buf_printf(out, "%s %s to %s: %s\n", channel_name(row->channel),
	    row->template_name, row->to,
	    row->channel == CHANNEL_MAIL ? row->subject : row->body);
	return ST_OK;
}

static void
expect(struct fixture *f, const char *want)
{
	struct outbox_filter all = { .state = -1 };
	struct buf got = { .max = 1 << 16 };

	OK(store_outbox_list(f->st, &all, collect, &got, &f->err));
	assert_string_equal(buf_cstr(&got), want);
	buf_free(&got);
	fixture_tamper(f, "DELETE FROM outbox");
}

static void
set_clock(int64_t minutes)
{
	char text[32];
	struct err err;

	clock_format(text, "Europe/Warsaw", NOON + minutes * MINUTE);
	assert_int_equal(clock_set(text, &err), ST_OK);
}

static void
look(struct fixture *f, struct health *h, int64_t minutes)
{
	int told;

	set_clock(minutes);
	OK(health_look(h, NOON + minutes * MINUTE, &told, &f->err));
}

static void
a_silent_source_is_told_across_restarts(void **state)
{
	struct fixture *f = *state;
	struct office o = { 0 };
	struct health *h = NULL;

	furnish(&o, f);
	set_clock(0);
	OK(health_open(&h, f->st, &o.config, o.keys, &f->err));
	assert_false(health_note(h, ALERT_SOURCE, "mailbox konsultacje",
	    ST_RETRY, "imap.powiat.example does not answer"));
	look(f, h, 0);
	expect(f, "");
	/* The program starts anew: the half hour goes on. */
	health_close(h);
	OK(health_open(&h, f->st, &o.config, o.keys, &f->err));
	look(f, h, 15);
	health_note(h, ALERT_SOURCE, "mailbox konsultacje", ST_RETRY,
	    "imap.powiat.example does not answer");
	look(f, h, 31);
	expect(f, "mail alert_broken to admin@powiat.example: Uwaga nie "
		  "działa w pełni: mailbox konsultacje\n");
	/* And anew: nobody is told twice, and what nobody tried yet is not
	 * taken for well. */
	health_close(h);
	OK(health_open(&h, f->st, &o.config, o.keys, &f->err));
	look(f, h, 60);
	look(f, h, 90);
	health_note(h, ALERT_SOURCE, "mailbox konsultacje", ST_RETRY, "no");
	look(f, h, 91);
	expect(f, "");
	health_note(h, ALERT_SOURCE, "mailbox konsultacje", ST_OK, "");
	look(f, h, 92);
	look(f, h, 102);
	look(f, h, 103);
	expect(f, "mail alert_over to admin@powiat.example: Uwaga znów "
		  "działa: mailbox konsultacje\n");
	health_close(h);
	keys_free(o.keys);
}

static void
the_way_that_broke_is_not_the_way_it_is_told(void **state)
{
	struct fixture *f = *state;
	struct office o = { 0 };
	struct health *h = NULL;

	furnish(&o, f);
	o.config.alert_sms = "+48110010099";
	set_clock(0);
	OK(health_open(&h, f->st, &o.config, o.keys, &f->err));
	assert_true(health_note(h, ALERT_WAY, "smtp", ST_REJECT, "no login"));
	assert_false(health_note(h, ALERT_WAY, "smtp", ST_REJECT, "no login"));
	look(f, h, 0);
	expect(f, "sms alert_broken to +48110010099: Uwaga: awaria: smtp, od "
		  "2026-11-22 12:00. Sprawdz: uwaga check\n");
	health_note(h, ALERT_WAY, "sms bramka", ST_REJECT, "no modem");
	look(f, h, 1);
	expect(f, "mail alert_broken to admin@powiat.example: Uwaga nie "
		  "działa w pełni: sms bramka\n");
	/* The mailbox may be on the server that sends: by both. */
	health_note(h, ALERT_SOURCE, "mailbox konsultacje", ST_REJECT, "no");
	look(f, h, 2);
	expect(f, "mail alert_broken to admin@powiat.example: Uwaga nie "
		  "działa w pełni: mailbox konsultacje\n"
		  "sms alert_broken to +48110010099: Uwaga: awaria: mailbox "
		  "konsultacje, od 2026-11-22 12:01. Sprawdz: uwaga check\n");
	health_close(h);
	keys_free(o.keys);
}

static void
one_outage_is_told_once(void **state)
{
	struct fixture *f = *state;
	struct office o = { 0 };
	struct health *h = NULL;
	struct outbox row = { .channel = CHANNEL_MAIL,
		.template_name = "confirm_remark",
		.to = "osoba@poczta.example",
		.state = OUTBOX_QUEUED,
		.created_ms = NOON,
		.due_ms = NOON };

	furnish(&o, f);
	o.config.alert_sms = "+48110010099";
	set_clock(0);
	OK(health_open(&h, f->st, &o.config, o.keys, &f->err));
	OK(store_outbox_add(f->st, &row, &f->err));
	health_note(h, ALERT_WAY, "smtp", ST_RETRY, "no answer");
	look(f, h, 0);
	look(f, h, 31);
	fixture_tamper(
	    f, "DELETE FROM outbox WHERE template NOT LIKE 'alert%'");
	expect(f, "sms alert_broken to +48110010099: Uwaga: awaria: smtp, od "
		  "2026-11-22 12:00. Sprawdz: uwaga check\n");
	/* What sends mail hangs: not by mail. */
	health_note(h, ALERT_STUCK, "outbox mail 1", ST_REJECT, "long");
	look(f, h, 32);
	expect(f, "sms alert_broken to +48110010099: Uwaga: awaria: outbox "
		  "mail 1, od 2026-11-22 12:31. Sprawdz: uwaga check\n");
	health_close(h);
	keys_free(o.keys);
}

static void
a_certificate_is_told_of_twice_before_its_end(void **state)
{
	struct fixture *f = *state;
	struct office o = { 0 };
	struct health *h = NULL;

	furnish(&o, f);
	set_clock(0);
	OK(health_open(&h, f->st, &o.config, o.keys, &f->err));
	health_certificate(h, "smtp", NOON + 15 * DAY);
	look(f, h, 0);
	expect(f, "");
	look(f, h, 24 * 60 + 1);
	expect(f, "mail alert_broken to admin@powiat.example: Uwaga nie "
		  "działa w pełni: smtp\n");
	look(f, h, 11 * 24 * 60);
	expect(f, "");
	look(f, h, 12 * 24 * 60 + 1);
	expect(f, "mail alert_broken to admin@powiat.example: PILNE: Uwaga "
		  "nie działa w pełni: smtp\n");
	health_certificate(h, "smtp", NOON + 100 * DAY);
	look(f, h, 12 * 24 * 60 + 2);
	look(f, h, 12 * 24 * 60 + 12);
	expect(f, "mail alert_over to admin@powiat.example: Uwaga znów "
		  "działa: smtp\n");
	health_close(h);
	keys_free(o.keys);
}

static void
what_closes_within_a_day_makes_it_urgent(void **state)
{
	struct fixture *f = *state;
	struct office o = { 0 };
	struct health *h = NULL;

	furnish(&o, f); /* BL-7M4H closes in ten days */
	set_clock(0);
	OK(health_open(&h, f->st, &o.config, o.keys, &f->err));
	health_note(h, ALERT_SOURCE, "sms bramka", ST_REJECT, "no modem");
	look(f, h, 0);
	look(f, h, 9 * 24 * 60 - 1);
	expect(f, "mail alert_broken to admin@powiat.example: Uwaga nie "
		  "działa w pełni: sms bramka\n");
	look(f, h, 9 * 24 * 60);
	expect(f, "mail alert_broken to admin@powiat.example: PILNE: Uwaga "
		  "nie działa w pełni: sms bramka\n");
	health_close(h);
	keys_free(o.keys);
}

/* A mail to a resident, as it stands in the outbox. */
static void
owe(struct fixture *f, const char *name, enum outbox_state state, int attempts,
    int64_t due, int64_t tried)
{
	struct outbox row = { .channel = CHANNEL_MAIL,
		.to = "jan@poczta.example",
		.via = "",
		.template_name = name,
		.question = "",
		.subject = "x",
		.body = "x",
		.html = "",
		.language = "pl",
		.message_id = "",
		.token = "",
		.in_reply_to = "",
		.references = "",
		.state = state,
		.due_ms = due,
		.attempts = attempts,
		.created_ms = NOON - HOUR,
		.claimed_ms = tried,
		.settled_ms = tried,
		.error = "",
		.external_id = "",
		.receipt = "" };

	OK(store_outbox_add(f->st, &row, &f->err));
}

static void
what_is_owed_and_does_not_leave_is_told(void **state)
{
	struct fixture *f = *state;
	struct office o = { 0 };
	struct health *h = NULL;
	static const char told[] =
	    "mail confirm_remark to jan@poczta.example: x\n"
	    "mail alert_broken to admin@powiat.example: Uwaga nie działa w "
	    "pełni: mail\n";

	furnish(&o, f);
	set_clock(0);
	OK(health_open(&h, f->st, &o.config, o.keys, &f->err));
	/* Alerts that do not leave are no reason for an alert. */
	owe(f, "alert_broken", OUTBOX_QUEUED, 0, NOON - HOUR, 0);
	look(f, h, 0);
	expect(f, "mail alert_broken to jan@poczta.example: x\n");
	/* Nobody tried it for half an hour: at once. */
	owe(f, "confirm_remark", OUTBOX_QUEUED, 0, NOON - 31 * MINUTE, 0);
	look(f, h, 1);
	expect(f, told);
	look(f, h, 2);
	look(f, h, 12);
	expect(f, "mail alert_over to admin@powiat.example: Uwaga znów "
		  "działa: mail\n");
	/* Tried in vain, and nothing else left since: after half an hour. */
	owe(f, "confirm_remark", OUTBOX_DEFERRED, 2, NOON + HOUR, NOON);
	look(f, h, 20);
	look(f, h, 49);
	look(f, h, 50);
	expect(f, told);
	/* One recipient who cannot be reached, while others are. */
	owe(f, "confirm_remark", OUTBOX_DEFERRED, 2, NOON + 2 * HOUR, NOON);
	owe(f, "closed", OUTBOX_SENT, 1, NOON, NOON + 50 * MINUTE);
	look(f, h, 51);
	look(f, h, 79);
	expect(f, "mail confirm_remark to jan@poczta.example: x\n"
		  "mail closed to jan@poczta.example: x\n"
		  "mail alert_over to admin@powiat.example: Uwaga znów "
		  "działa: mail\n");
	health_close(h);
	keys_free(o.keys);
}

static void
a_part_that_is_no_longer_there_is_over(void **state)
{
	struct fixture *f = *state;
	struct office o = { 0 };
	struct health *h = NULL;
	struct alert *open;
	size_t n;

	furnish(&o, f);
	set_clock(0);
	OK(health_open(&h, f->st, &o.config, o.keys, &f->err));
	health_note(h, ALERT_SOURCE, "mailbox stara", ST_REJECT, "no");
	look(f, h, 0);
	OK(alert_list(f->st, false, &f->arena, &open, &n, &f->err));
	assert_int_equal(n, 1);
	assert_string_equal(open[0].name, "mailbox stara");
	assert_string_equal(open[0].kind_name, "source");
	assert_string_equal(open[0].why, "no");
	fixture_tamper(f, "DELETE FROM outbox");
	health_close(h);
	OK(health_open(&h, f->st, &o.config, o.keys, &f->err));
	look(f, h, 1);
	look(f, h, 11);
	expect(f, "mail alert_over to admin@powiat.example: Uwaga znów "
		  "działa: mailbox stara\n");
	OK(alert_list(f->st, false, &f->arena, &open, &n, &f->err));
	assert_int_equal(n, 0);
	/* A day later nothing is remembered. */
	look(f, h, 2000);
	assert_int_equal(
	    fixture_number(f, "SELECT COUNT(*) FROM meta WHERE key LIKE "
			      "'alert/%'"),
	    0);
	health_close(h);
	keys_free(o.keys);
}

static void
the_head_of_the_chain_goes_out_once_a_day(void **state)
{
	struct fixture *f = *state;
	struct office o = { 0 };
	char receipt[RECEIPT_SIZE], hash[CHAIN_HASH_SIZE], path[128];
	struct outbox row;
	int64_t number;
	int owed;

	furnish(&o, f);
	o.config.anchor = "notariusz@biuro.example, radny@gmina.example";
	OK(anchor_owe(f->st, &o.config, o.keys, NOON, &owed, &f->err));
	assert_int_equal(owed, 0); /* there is no chain yet */
	memset(hash, 'a', sizeof(hash) - 1);
	hash[sizeof(hash) - 1] = '\0';
	OK(store_begin(f->st, &f->err));
	OK(store_chain_append(f->st,
	    &(struct chain_event){ .event = "filed",
		.subject = "BL-7M4H/1",
		.commitment = hash,
		.at_ms = NOON },
	    &number, receipt, &f->err));
	OK(store_commit(f->st, &f->err));
	OK(anchor_owe(f->st, &o.config, o.keys, NOON, &owed, &f->err));
	assert_int_equal(owed, 2);
	OK(store_outbox_get(f->st, 2, &f->arena, &row, &f->err));
	assert_string_equal(row.to, "radny@gmina.example");
	OK(store_chain_head(f->st, &number, hash, &f->err));
	assert_non_null(strstr(row.body, hash));
	assert_non_null(strstr(row.body, "uwaga verify --head"));
	/* Not again today, also after a restart, also by a clock put back. */
	OK(anchor_owe(
	    f->st, &o.config, o.keys, NOON + 10 * HOUR, &owed, &f->err));
	assert_int_equal(owed, 0);
	store_close(f->st);
	OK(store_open(&f->st, f->path, &f->err));
	OK(anchor_owe(f->st, &o.config, o.keys, NOON - DAY, &owed, &f->err));
	assert_int_equal(owed, 0);
	/* Tomorrow begins at midnight in Warsaw, 23:00 UTC. */
	OK(anchor_owe(
	    f->st, &o.config, o.keys, NOON + 12 * HOUR, &owed, &f->err));
	assert_int_equal(owed, 2);
	fixture_path(path, f, "keys");
	keys_free(o.keys);
}

static void
a_low_disk_has_room_again_only_with_a_quarter_more(void **state)
{
	struct config c = { .database = "/tmp/x.db" };
	int64_t mb = 0;

	(void)state;
	c.disk_reserve = 0;
	assert_false(health_disk_is_low(&c, false, &mb));
	assert_true(mb > 8);
	c.disk_reserve = (long)mb * 10;
	assert_true(health_disk_is_low(&c, false, NULL));
	/* Between the two: as it was. */
	c.disk_reserve = (long)(mb - mb / 10);
	assert_false(health_disk_is_low(&c, false, NULL));
	assert_true(health_disk_is_low(&c, true, NULL));
	c.database = "/no/such/folder/x.db";
	assert_false(health_disk_is_low(&c, true, NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_told_once_and_once_when_it_is_over),
		cmocka_unit_test(a_short_failure_is_nobodys_business),
		cmocka_unit_test(what_must_be_mended_is_told_at_once),
		cmocka_unit_test(what_flaps_is_told_ever_less_often),
		cmocka_unit_test(what_is_urgent_is_said_louder_and_daily),
		cmocka_unit_test(a_clock_put_back_delays_nothing),
		TEST(a_silent_source_is_told_across_restarts),
		TEST(the_way_that_broke_is_not_the_way_it_is_told),
		TEST(one_outage_is_told_once),
		TEST(a_certificate_is_told_of_twice_before_its_end),
		TEST(what_closes_within_a_day_makes_it_urgent),
		TEST(what_is_owed_and_does_not_leave_is_told),
		TEST(a_part_that_is_no_longer_there_is_over),
		TEST(the_head_of_the_chain_goes_out_once_a_day),
		cmocka_unit_test(
		    a_low_disk_has_room_again_only_with_a_quarter_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_store_consultation - codes, communes, meetings, people and their wishes */
#include "gateway/store_bounce.h"
#include "gateway/store_preference.h"
#include "tests/unit/store_fixture.h"

static struct consultation
get(struct fixture *f, int64_t id)
{
	struct consultation c;

	OK(store_consultation_get(f->st, id, &f->arena, &c, &f->err));
	return c;
}

static int64_t
find(struct fixture *f, const char *code)
{
	struct consultation c;

	OK(store_consultation_find(f->st, code, &f->arena, &c, &f->err));
	return c.id;
}

static void
times_say_whether_it_is_open(void **state)
{
	static const struct {
		const char *sentence;
		int64_t opens, closes, at;
		enum phase_state want;
	} rows[] = {
		{ "before it opens", 100, 200, 99, CONSULTATION_PLANNED },
		{ "at the instant it opens", 100, 200, 100, CONSULTATION_OPEN },
		{ "just before it closes", 100, 200, 199, CONSULTATION_OPEN },
		{ "at the instant it closes", 100, 200, 200,
		    CONSULTATION_CLOSED },
		{ "without an end", 100, 0, 1000000, CONSULTATION_OPEN },
		{ "never announced", 0, 0, 100, CONSULTATION_PLANNED },
		{ "never announced, and over", 0, 200, 300,
		    CONSULTATION_CLOSED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct consultation c = { .opens_ms = rows[i].opens,
			.closes_ms = rows[i].closes };

		if (consultation_state(&c, rows[i].at) != rows[i].want)
			fail_msg("%s: %s", rows[i].sentence,
			    phase_state_name(
				consultation_state(&c, rows[i].at)));
	}
	assert_string_equal(phase_state_name(CONSULTATION_OPEN), "open");
}

static void
a_consultation_reads_back_and_can_be_changed(void **state)
{
	struct fixture *f = *state;
	struct consultation c = get(f, f->consultation);

	assert_string_equal(c.code, "BL-7M4H");
	assert_string_equal(c.owner, "Anna Mrozek");
	assert_string_equal(c.communes, "Bieruń\nChełm Śląski");
	assert_string_equal(c.groups, "mieszkańcy\nprzedsiębiorcy");
	assert_string_equal(c.aliases, "");
	assert_string_equal(c.closes_local, "2026-12-02T12:00:00");
	assert_int_equal(c.remarks, 0);
	c.title_short = "współpraca";
	c.communes = "Imielin\n Chelm Slaski \n\nBieruń";
	c.groups = "mieszkańcy";
	c.aliases = "ngo\nWspółpraca 2027";
	c.closes_ms = 0;
	OK(store_consultation_put(f->st, &c, &f->err));
	assert_int_equal(c.id, f->consultation);
	c = get(f, f->consultation);
	assert_string_equal(c.title_short, "współpraca");
	/* A commune written without its marks is still the same one. */
	assert_string_equal(c.communes, "Imielin\nChełm Śląski\nBieruń");
	assert_string_equal(c.groups, "mieszkańcy");
	assert_string_equal(c.aliases, "ngo\nWspółpraca 2027");
	assert_int_equal(c.closes_ms, 0);
}

static void
a_code_or_an_alias_finds_its_consultation(void **state)
{
	struct fixture *f = *state;
	struct consultation c = get(f, f->consultation), *all;
	int64_t other = fixture_consultation(f, "BL-10KE");
	size_t n;
	const struct {
		const char *sentence, *code;
		int64_t want;
	} rows[] = {
		{ "the code", "BL-7M4H", f->consultation },
		{ "the code in small letters", "bl-7m4h", f->consultation },
		{ "another code", "BL-10KE", other },
		{ "an alias", "NGO", f->consultation },
		{ "an alias without its marks", "wspolpraca  2027",
		    f->consultation },
		{ "a code that nobody has", "BL-2XDR", 0 },
		{ "nothing", "", 0 },
	};

	c.aliases = "ngo\nWspółpraca 2027";
	OK(store_consultation_put(f->st, &c, &f->err));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (find(f, rows[i].code) != rows[i].want)
			fail_msg("%s", rows[i].sentence);
	OK(store_consultation_all(f->st, &f->arena, &all, &n, &f->err));
	assert_int_equal(n, 2);
	assert_string_equal(all[0].code, "BL-10KE");
	assert_string_equal(all[1].code, "BL-7M4H");
}

static void
what_makes_no_sense_is_refused_with_a_reason(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *sentence, *code, *phase, *aliases;
		int64_t opens, closes;
		const char *says;
	} rows[] = {
		{ "no code", "", "needs", "", 1, 2, "needs a code" },
		{ "an endless code",
		    "BL-7M4HBL-7M4HBL-7M4HBL-7M4HBL-7M4HBL-7M4H", "needs", "",
		    1, 2, "too long" },
		{ "a phase that is none", "BL-T4NR", "later", "", 1, 2,
		    "must be \"needs\" or \"remarks\"" },
		{ "an end before the begin", "BL-T4NR", "needs", "", 2, 1,
		    "close before it opens" },
		{ "an alias that is taken", "BL-T4NR", "needs", "NGO", 1, 2,
		    "stands for another consultation" },
		{ "an alias that is another's code", "BL-T4NR", "needs",
		    "bl-7m4h", 1, 2, "stands for another consultation" },
	};
	struct consultation c = get(f, f->consultation);

	c.aliases = "ngo";
	OK(store_consultation_put(f->st, &c, &f->err));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		c = (struct consultation){ .code = rows[i].code,
			.phase = rows[i].phase,
			.aliases = rows[i].aliases,
			.opens_ms = rows[i].opens,
			.closes_ms = rows[i].closes };
		OK(store_begin(f->st, &f->err));
		if (store_consultation_put(f->st, &c, &f->err) != ST_REJECT ||
		    strstr(f->err.text, rows[i].says) == NULL)
			fail_msg("%s: %s", rows[i].sentence, f->err.text);
		store_rollback(f->st);
	}
}

static void
communes_are_added_once(void **state)
{
	struct fixture *f = *state;
	const char **names;
	int64_t id, again;
	size_t n;

	OK(store_commune_put(f->st, "Lędziny", "", &id, &f->err));
	OK(store_commune_put(f->st, "Ledziny", "urban", &again, &f->err));
	assert_int_equal(id, again);
	assert_int_equal(
	    store_commune_put(f->st, "  ", "", &id, &f->err), ST_REJECT);
	OK(store_commune_all(f->st, &f->arena, &names, &n, &f->err));
	assert_int_equal(n, 3);
	assert_string_equal(names[2], "Lędziny");
	assert_int_equal(fixture_number(f, "SELECT COUNT(*) FROM commune WHERE "
					   "kind = 'urban'"),
	    1);
}

/* ---- people ------------------------------------------------------------ */

static struct contact
reach(struct fixture *f, enum channel channel, const char *address,
    const char *name)
{
	struct contact c;

	OK(store_contact_reach(
	    f->st, channel, address, name, NOON + 5, &f->arena, &c, &f->err));
	return c;
}

static void
an_address_is_one_contact_however_it_is_written(void **state)
{
	struct fixture *f = *state;
	struct contact c, other;

	c = reach(f, CHANNEL_MAIL, "Jan@Poczta.example", "");
	assert_int_equal(c.id, f->contact);
	assert_string_equal(c.address, "jan@poczta.example");
	assert_string_equal(c.name, "Jan Kowalski");
	c = reach(f, CHANNEL_MAIL, "jan@poczta.example", "Jan K.");
	assert_string_equal(c.name, "Jan K.");
	other = reach(f, CHANNEL_SMS, "+48110000301", "");
	assert_true(other.id != c.id && other.person_id != c.person_id);
	/* Marks make another address, even where a fold would drop them. */
	c = reach(f, CHANNEL_MAIL, "łukasz@poczta.example", "");
	other = reach(f, CHANNEL_MAIL, "lukasz@poczta.example", "");
	assert_true(c.id != other.id);
	OK(store_contact_find(f->st, CHANNEL_MAIL, "nobody@poczta.example",
	    &f->arena, &c, &f->err));
	assert_int_equal(c.id, 0);
	assert_int_equal(
	    store_contact_get(f->st, 99, &f->arena, &c, &f->err), ST_REJECT);
	assert_int_equal(store_contact_reach(f->st, CHANNEL_MAIL, "", "", NOON,
			     &f->arena, &c, &f->err),
	    ST_REJECT);
}

static int64_t
stopped_at(struct fixture *f)
{
	struct contact c;

	OK(store_contact_get(f->st, f->contact, &f->arena, &c, &f->err));
	return c.stopped_ms;
}

static int64_t
active(struct fixture *f)
{
	return fixture_number(
	    f, "SELECT COUNT(*) FROM subscription WHERE state = 'active'");
}

static enum status
wish(struct fixture *f,
    enum status (*take)(
	struct store *st, const struct wish *w, struct err *err),
    int64_t consultation, int64_t message, int64_t now)
{
	struct wish w = { .contact_id = f->contact,
		.consultation_id = consultation,
		.inbound_id = message,
		.now = now };

	return take(f->st, &w, &f->err);
}

static void
stop_ends_notices_and_start_brings_them_back(void **state)
{
	struct fixture *f = *state;
	int64_t other = fixture_consultation(f, "BL-10KE");
	struct inbound in = fixture_message("k1", "STOP");

	OK(store_inbound_add(f->st, &in, SPAN("x"), NULL, 0, &f->err));
	OK(wish(f, store_preference_start, f->consultation, in.id, NOON));
	OK(wish(f, store_preference_start, other, in.id, NOON));
	assert_int_equal(active(f), 2);
	OK(wish(f, store_preference_stop, other, in.id, NOON + 1));
	assert_int_equal(active(f), 1);
	assert_int_equal(stopped_at(f), 0);
	OK(wish(f, store_preference_stop, 0, in.id, NOON + 2));
	assert_int_equal(active(f), 0);
	assert_int_equal(stopped_at(f), NOON + 2);
	/* A second stop does not change when the first one came. */
	OK(wish(f, store_preference_stop, 0, in.id, NOON + 3));
	assert_int_equal(stopped_at(f), NOON + 2);
	/* The one that was stopped by itself stays stopped. */
	OK(wish(f, store_preference_start, 0, in.id, NOON + 4));
	assert_int_equal(stopped_at(f), 0);
	assert_int_equal(active(f), 1);
	assert_int_equal(
	    fixture_number(f, "SELECT COUNT(*) FROM subscription WHERE "
			      "proof_inbound_id IS NULL"),
	    0);
}

static void
start_of_one_consultation_after_a_stop_brings_only_that(void **state)
{
	struct fixture *f = *state;
	int64_t other = fixture_consultation(f, "BL-10KE");

	OK(wish(f, store_preference_start, f->consultation, 0, NOON));
	OK(wish(f, store_preference_start, other, 0, NOON));
	OK(wish(f, store_preference_stop, 0, 0, NOON + 1));
	OK(wish(f, store_preference_start, other, 0, NOON + 2));
	assert_int_equal(stopped_at(f), 0);
	assert_int_equal(active(f), 1);
}

static void
a_hard_bounce_is_noted(void **state)
{
	struct fixture *f = *state;
	struct contact c;

	OK(store_contact_bounced(f->st, f->contact, NOON + 9, &f->err));
	OK(store_contact_get(f->st, f->contact, &f->arena, &c, &f->err));
	assert_int_equal(c.bounced_ms, NOON + 9);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_say_whether_it_is_open),
		TEST(a_consultation_reads_back_and_can_be_changed),
		TEST(a_code_or_an_alias_finds_its_consultation),
		TEST(what_makes_no_sense_is_refused_with_a_reason),
		TEST(communes_are_added_once),
		TEST(an_address_is_one_contact_however_it_is_written),
		TEST(stop_ends_notices_and_start_brings_them_back),
		TEST(start_of_one_consultation_after_a_stop_brings_only_that),
		TEST(a_hard_bounce_is_noted),
	};

	return cmocka_run_group_tests_name(
	    "store_consultation", tests, NULL, NULL);
}

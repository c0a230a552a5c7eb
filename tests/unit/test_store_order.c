/* test_store_order - orders of staff, their previews, and what is told of them
 *
 * Place: each test has a database of its own (store_fixture.h).
 */
#include "gateway/order_facts.h"
#include "gateway/store_order.h"
#include "gateway/store_outbox.h"
#include "tests/unit/store_fixture.h"

static int64_t
mail(struct fixture *f, const char *key)
{
	struct inbound in = { .source = "mailbox x",
		.external_key = key,
		.received_ms = NOON,
		.stored_ms = NOON,
		.kind = "command",
		.command = "announce",
		.fate = FATE_STAFF,
		.why = "x" };

	OK(store_inbound_add(f->st, &in, SPAN("x"), NULL, 0, &f->err));
	return in.id;
}

static struct staff_order
order_of(struct fixture *f, const char *key, const char *address, int64_t at)
{
	struct staff_order o = { .inbound_id = mail(f, key),
		.address = address,
		.verb = "announce",
		.state = ORDER_ASKED,
		.content = "c1",
		.created_ms = at,
		.until_ms = at + 7200000 };

	OK(store_order_add(f->st, &o, &f->err));
	return o;
}

static int64_t
preview(struct fixture *f, const struct staff_order *o, const char *address,
    const char *token)
{
	struct outbox row = { .channel = CHANNEL_MAIL,
		.to = address,
		.template_name = "staff_broadcast_preview",
		.state = OUTBOX_QUEUED,
		.due_ms = NOON,
		.created_ms = NOON,
		.token = token,
		.inbound_id = o->inbound_id };
	struct staff_preview p = {
		.order_id = o->id, .address = address, .content = o->content
	};

	OK(store_outbox_add(f->st, &row, &f->err));
	p.outbox_id = row.id;
	OK(store_preview_add(f->st, &p, &f->err));
	return row.id;
}

static void
an_order_goes_its_way(void **state)
{
	struct fixture *f = *state;
	struct staff_order o, got, *open;
	int64_t count;
	size_t n;

	OK(store_begin(f->st, &f->err));
	o = order_of(f, "1", "a@powiat.example", NOON);
	order_of(f, "2", "b@powiat.example", NOON);
	OK(store_order_open(f->st, &f->arena, &open, &n, &f->err));
	assert_int_equal(n, 2);
	assert_int_equal(open[0].id, o.id);
	assert_true(order_waits(open[0].state));
	o.state = ORDER_VOID;
	o.wrong = 3;
	o.content = "c2";
	o.changed_ms = NOON + 5;
	OK(store_order_put(f->st, &o, &f->err));
	OK(store_order_get(f->st, o.id, &f->arena, &got, &f->err));
	assert_int_equal(got.state, ORDER_VOID);
	assert_int_equal(got.wrong, 3);
	assert_string_equal(got.content, "c2");
	assert_string_equal(got.verb, "announce");
	assert_int_equal(got.changed_ms, NOON + 5);
	assert_int_equal(got.notice_id, 0);
	OK(store_order_open(f->st, &f->arena, &open, &n, &f->err));
	assert_int_equal(n, 1);
	OK(store_order_count(f->st, "a@powiat.example", NOON, &count, &f->err));
	assert_int_equal(count, 1);
	OK(store_order_count(
	    f->st, "a@powiat.example", NOON + 1, &count, &f->err));
	assert_int_equal(count, 0);
	assert_int_equal(
	    store_order_get(f->st, 99, &f->arena, &got, &f->err), ST_REJECT);
	OK(store_commit(f->st, &f->err));
}

static void
one_mail_is_one_order(void **state)
{
	struct fixture *f = *state;
	struct staff_order o;

	OK(store_begin(f->st, &f->err));
	o = order_of(f, "1", "a@powiat.example", NOON);
	assert_int_not_equal(store_order_add(f->st, &o, &f->err), ST_OK);
	store_rollback(f->st);
}

static void
only_the_newest_preview_of_a_person_is_good(void **state)
{
	struct fixture *f = *state;
	struct staff_order o;
	struct staff_preview p, *all;
	int64_t first, second, other, count;
	size_t n;

	OK(store_begin(f->st, &f->err));
	o = order_of(f, "1", "a@powiat.example", NOON);
	first = preview(f, &o, "a@powiat.example", "t1");
	second = preview(f, &o, "a@powiat.example", "t2");
	other = preview(f, &o, "b@powiat.example", "t3");
	OK(store_preview_use(f->st, second, NOON + 9, &f->err));
	OK(store_preview_all(
	    f->st, "a@powiat.example", NOON, &f->arena, &all, &n, &f->err));
	assert_int_equal(n, 2);
	assert_int_equal(all[0].outbox_id, second);
	assert_true(all[0].is_newest);
	assert_int_equal(all[0].used_ms, NOON + 9);
	assert_string_equal(all[0].token, "t2");
	assert_false(all[1].is_newest);
	OK(store_preview_of_row(f->st, first, &f->arena, &p, &f->err));
	assert_int_equal(p.order_id, o.id);
	assert_int_equal(p.state, ORDER_ASKED);
	OK(store_preview_of_row(f->st, other, &f->arena, &p, &f->err));
	assert_true(p.is_newest);
	OK(store_preview_of_row(f->st, 99, &f->arena, &p, &f->err));
	assert_int_equal(p.outbox_id, 0);
	OK(store_order_mails(f->st, "a@powiat.example",
	    "staff_broadcast_preview", NOON, &count, &f->err));
	assert_int_equal(count, 2);
	OK(store_commit(f->st, &f->err));
}

static void
what_is_tried_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct staff_order *open;
	size_t n;

	OK(store_begin(f->st, &f->err));
	OK(store_savepoint(f->st, &f->err));
	order_of(f, "1", "a@powiat.example", NOON);
	OK(store_trial_begin(f->st, &f->err));
	order_of(f, "2", "a@powiat.example", NOON);
	OK(store_trial_end(f->st, &f->err));
	OK(store_release(f->st, ST_OK, &f->err));
	OK(store_commit(f->st, &f->err));
	OK(store_order_open(f->st, &f->arena, &open, &n, &f->err));
	assert_int_equal(n, 1);
}

static void
prices_are_multiplied_to_the_hundredth(void **state)
{
	static const struct {
		const char *price;
		int64_t n;
		const char *sum;
	} cases[] = { { "0.07 zł", 180, "12.60 zł" },
		{ "0,085 zł", 3, "0,26 zł" }, { "1 zł", 2, "2.00 zł" },
		{ "0.07", 1, "0.07" }, { "", 5, "" }, { "zł", 5, "" },
		{ "0.07 zł", 0, "0.00 zł" } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = { .max = 100 };

		order_price(&b, cases[i].price, cases[i].n);
		assert_string_equal(buf_cstr(&b), cases[i].sum);
		buf_free(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    an_order_goes_its_way, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(
		    one_mail_is_one_order, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(
		    only_the_newest_preview_of_a_person_is_good, fixture_open,
		    fixture_close),
		cmocka_unit_test_setup_teardown(
		    what_is_tried_leaves_nothing, fixture_open, fixture_close),
		cmocka_unit_test(prices_are_multiplied_to_the_hundredth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_queue - threads meet without losing, doubling or waiting for ever */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "gateway/queue.h"

enum { GIVERS = 3, TAKERS = 2, EACH = 20000 };

static int64_t
ticks(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct queue *
make(int size)
{
	struct queue *q = NULL;
	struct err err;

	assert_int_equal(queue_new(&q, size, &err), ST_OK);
	return q;
}

static void
what_goes_in_first_comes_out_first(void **state)
{
	struct queue *q = make(3);
	int items[] = { 1, 2, 3, 4 };

	(void)state;
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 3; i++)
			assert_true(queue_put(q, &items[i]));
		assert_false(queue_offer(q, &items[3]));
		for (int i = 0; i < 3; i++)
			assert_ptr_equal(queue_take(q, 0), &items[i]);
		assert_null(queue_take(q, 0));
		/* One more, so that the ring starts elsewhere each round. */
		assert_true(queue_offer(q, &items[3]));
		assert_ptr_equal(queue_take(q, -1), &items[3]);
	}
	queue_free(q);
}

static void
an_empty_queue_is_waited_for_as_long_as_asked(void **state)
{
	struct queue *q = make(1);
	int64_t start = ticks();

	(void)state;
	assert_null(queue_take(q, 1050));
	assert_in_range(ticks() - start, 1040, 10000);
	queue_free(q);
}

static void
a_closed_queue_gives_what_it_has_and_takes_nothing(void **state)
{
	struct queue *q = make(2);
	int item = 0;

	(void)state;
	assert_true(queue_put(q, &item));
	assert_false(queue_is_closed(q));
	queue_close(q);
	assert_true(queue_is_closed(q));
	assert_false(queue_put(q, &item));
	assert_false(queue_offer(q, &item));
	assert_ptr_equal(queue_take(q, -1), &item);
	assert_null(queue_take(q, -1));
	queue_free(q);
}

static void *
wait_to_put(void *arg)
{
	static int item;

	return queue_put(arg, &item) ? arg : NULL;
}

static void *
wait_to_take(void *arg)
{
	return queue_take(arg, -1);
}

static void
closing_wakes_whoever_waits(void **state)
{
	struct queue *full = make(1), *empty = make(1);
	pthread_t giver, taker;
	void *given, *taken;
	int item;

	(void)state;
	assert_true(queue_put(full, &item));
	assert_int_equal(pthread_create(&giver, NULL, wait_to_put, full), 0);
	assert_int_equal(pthread_create(&taker, NULL, wait_to_take, empty), 0);
	queue_close(full);
	queue_close(empty);
	assert_int_equal(pthread_join(giver, &given), 0);
	assert_int_equal(pthread_join(taker, &taken), 0);
	assert_null(given);
	assert_null(taken);
	queue_free(full);
	queue_free(empty);
}

struct crowd {
	struct queue *q;
	atomic_int seen[GIVERS * EACH];
	atomic_int next_giver;
};

static void *
give_many(void *arg)
{
	struct crowd *crowd = arg;
	int from = atomic_fetch_add(&crowd->next_giver, 1) * EACH;

	for (int i = from; i < from + EACH; i++)
		if (!queue_put(crowd->q, &crowd->seen[i]))
			return NULL;
	return arg;
}

static void *
take_many(void *arg)
{
	struct crowd *crowd = arg;
	atomic_int *item;

	while ((item = queue_take(crowd->q, -1)) != NULL)
		atomic_fetch_add(item, 1);
	return NULL;
}

static void
nothing_is_lost_or_doubled_in_a_crowd(void **state)
{
	struct crowd *crowd = calloc(1, sizeof(*crowd));
	pthread_t givers[GIVERS], takers[TAKERS];
	void *done;

	(void)state;
	assert_non_null(crowd);
	crowd->q = make(4);
	for (int i = 0; i < TAKERS; i++)
		assert_int_equal(
		    pthread_create(&takers[i], NULL, take_many, crowd), 0);
	for (int i = 0; i < GIVERS; i++)
		assert_int_equal(
		    pthread_create(&givers[i], NULL, give_many, crowd), 0);
	for (int i = 0; i < GIVERS; i++) {
		assert_int_equal(pthread_join(givers[i], &done), 0);
		assert_non_null(done);
	}
	queue_close(crowd->q);
	for (int i = 0; i < TAKERS; i++)
		assert_int_equal(pthread_join(takers[i], NULL), 0);
	for (int i = 0; i < GIVERS * EACH; i++)
		assert_int_equal(atomic_load(&crowd->seen[i]), 1);
	queue_free(crowd->q);
	free(crowd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_in_first_comes_out_first),
		cmocka_unit_test(an_empty_queue_is_waited_for_as_long_as_asked),
		cmocka_unit_test(
		    a_closed_queue_gives_what_it_has_and_takes_nothing),
		cmocka_unit_test(closing_wakes_whoever_waits),
		cmocka_unit_test(nothing_is_lost_or_doubled_in_a_crowd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

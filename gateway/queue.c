/* queue - a bounded queue of pointers: the only place where threads meet
 *
 * Place: see queue.h.  One lock, one condition for both sides.
 */
#include "gateway/queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* by the monotonic clock */
	bool is_closed;
	int size, n, first;
	void *items[];
};

enum status
queue_new(struct queue **out, int size, struct err *err)
{
	struct queue *q = calloc(1, sizeof(*q) + (size_t)size * sizeof(void *));
	pthread_condattr_t attr;

	*out = NULL;
	if (q == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	q->size = size;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->changed, &attr);
	pthread_condattr_destroy(&attr);
	*out = q;
	return ST_OK;
}

void
queue_free(struct queue *q)
{
	if (q == NULL)
		return;
	pthread_cond_destroy(&q->changed);
	pthread_mutex_destroy(&q->lock);
	free(q);
}

static bool
put(struct queue *q, void *item, bool may_wait)
{
	bool done;

	pthread_mutex_lock(&q->lock);
	while (may_wait && q->n == q->size && !q->is_closed)
		pthread_cond_wait(&q->changed, &q->lock);
	done = q->n < q->size && !q->is_closed;
	if (done) {
		q->items[(q->first + q->n++) % q->size] = item;
		pthread_cond_broadcast(&q->changed);
	}
	pthread_mutex_unlock(&q->lock);
	return done;
}

bool
queue_put(struct queue *q, void *item)
{
	return put(q, item, true);
}

bool
queue_offer(struct queue *q, void *item)
{
	return put(q, item, false);
}

void *
queue_take(struct queue *q, int ms)
{
	struct timespec until;
	void *item = NULL;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&q->lock);
	while (q->n == 0 && !q->is_closed && rc == 0)
		rc = ms < 0 ? pthread_cond_wait(&q->changed, &q->lock)
			    : pthread_cond_timedwait(
				  &q->changed, &q->lock, &until);
	if (q->n > 0) {
		item = q->items[q->first];
		q->first = (q->first + 1) % q->size;
		q->n--;
		pthread_cond_broadcast(&q->changed);
	}
	pthread_mutex_unlock(&q->lock);
	return item;
}

void
queue_close(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->is_closed = true;
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
}

bool
queue_is_closed(struct queue *q)
{
	bool closed;

	pthread_mutex_lock(&q->lock);
	closed = q->is_closed;
	pthread_mutex_unlock(&q->lock);
	return closed;
}

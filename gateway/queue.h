/* queue - a bounded queue of pointers: the only place where threads meet
 *
 * Place: the sources hand batches to intake through one, intake answers each
 * source and wakes the outbox through others.  A full queue makes the giver
 * wait, so that a flood stays where it came from.
 */
#ifndef QUEUE_H
#define QUEUE_H

#include <stdbool.h>

#include "parsers/status.h"

struct queue;

/* An empty queue that holds at most `size` pointers.  ST_BROKEN: no memory. */
enum status queue_new(struct queue **out, int size, struct err *err);
void queue_free(struct queue *q); /* no thread may be using it */

/* Adds `item` (never NULL), waiting while the queue is full.  False when it is
 * closed: the item stays the caller's. */
bool queue_put(struct queue *q, void *item);

/* The same without waiting: false when it is full or closed. */
bool queue_offer(struct queue *q, void *item);

/* The oldest item, waiting at most `ms` (for ever when negative).  NULL when
 * the time is over, or when the queue is closed and empty. */
void *queue_take(struct queue *q, int ms);

/* From now on nothing more goes in; everybody who waits is woken.  What is in
 * it can still be taken. */
void queue_close(struct queue *q);
bool queue_is_closed(struct queue *q);

#endif

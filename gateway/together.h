/* together - one confirmation for the texts that a person sends in a row
 *
 * Place: journey, before a text's confirmation is written.  What is owed for
 * the text before and has not left yet is taken back and said with the new
 * one; when it has left already, the new one waits until five minutes are over,
 * so that a third can join it.
 */
#ifndef TOGETHER_H
#define TOGETHER_H

#include "gateway/reply.h"
#include "gateway/store_outbox.h"

/* Adds to `reply`, a confirmation for a text, what is still owed for those
 * before, which is cancelled.  `*due_ms` is set to the time at which it shall
 * leave: `reply->now`, or later. */
enum status together_join(struct reply *reply, int64_t *due_ms,
    struct store *st, struct arena *a, struct err *err);

#endif

/* anchor - the head of the chain goes out of the house every day
 *
 * Place: the intake thread (or `run --once`) calls it once a minute.  Whoever
 * gets the mail can show later, with `uwaga verify --head`, that nothing up to
 * that day was dropped, altered, reordered or cut off.
 */
#ifndef ANCHOR_H
#define ANCHOR_H

#include "gateway/config.h"
#include "gateway/keys.h"
#include "gateway/store.h"

/* Owes each address of `anchor` today's head, once a (local) day, in a
 * transaction of its own; nothing without addresses or without a chain.
 * `*owed` counts the mails. */
enum status anchor_owe(struct store *st, const struct config *config,
    const struct keys *keys, int64_t now, int *owed, struct err *err);

#endif

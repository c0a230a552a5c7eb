/* reminder - people are reminded of the meetings that they were told of
 *
 * Place: the daemon, with all that falls due by the clock.
 *
 * Twice at most for each meeting and each time it is moved to: first_reminder
 * and last_reminder before it begins.  Not who said that they will not come, nor
 * whom a notice reached later than that.
 */
#ifndef REMINDER_H
#define REMINDER_H

#include "gateway/config.h"
#include "gateway/keys.h"
#include "gateway/store.h"

/* Writes the notices that are due; in transactions of its own.  `*done` counts
 * meetings.  What was due while nobody ran is made up for until an hour before
 * the meeting; of two that are due the later one counts for both.  A
 * command that is writing a notice just now has its turn first, and the next
 * call makes up for it.  Killed anywhere, each reminder goes out once. */
enum status reminder_due(struct store *st, const struct config *config,
    const struct keys *keys, int64_t now, int *done, struct err *err);

#endif

/* quiet - the hours in which nobody is sent a notice or an answer by text
 *
 * Place: the outbox keeps such texts back; a notice says "tomorrow" as of when
 * it leaves.  Replies go at any hour: whoever wrote is awake.
 */
#ifndef QUIET_H
#define QUIET_H

#include <stdint.h>

/* When the quiet hours ("20:00-08:00", or "" for none) that `now` is in end, as
 * UTC milliseconds; 0: it is in none. */
int64_t quiet_until(const char *hours, const char *zone, int64_t now);

#endif

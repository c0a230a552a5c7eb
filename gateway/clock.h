/* clock - the time, which tests can set, and local time by zone name
 *
 * Place: everything in the gateway that needs a time asks here, once per
 * batch, and hands the value down.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "parsers/buf.h"

/* Fixes the clock at an RFC 3339 time (`--now`, $UWAGA_NOW), or, with "@FILE",
 * at the time that stands in that file, which is read again each time somebody
 * asks, so that a test can move the clock of a program that runs.  ST_REJECT
 * with what was expected when `text`, or what stands in the file, is none. */
enum status clock_set(const char *text, struct err *err);

/* Now as UTC milliseconds: the fixed time if one was set. */
int64_t clock_now(void);

/* Milliseconds that only go forward, never fixed: for deadlines and waits. */
int64_t clock_ticks(void);

/* Is there a zone of that name ("Europe/Warsaw")? */
bool clock_zone_exists(const char *zone);

/* Offset of local time in minutes at that instant in `zone`. */
int clock_offset(const char *zone, int64_t ms);

/* Local wall time (as if it were UTC ms) in `zone` to the instant; in the
 * repeated hour of autumn the earlier instant, in the skipped hour of spring
 * the instant an hour on. */
int64_t clock_from_local(const char *zone, int64_t local_ms);

/* "2026-11-22T12:00:00+01:00" in `zone`, with a NUL. */
void clock_format(char out[32], const char *zone, int64_t ms);

#endif

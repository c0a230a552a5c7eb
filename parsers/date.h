/* date - dates in mails and on the command line, as UTC milliseconds
 *
 * Place: the parsers for Date and Received; the gateway for RFC 3339.  Pure: no
 * clock, and time zones only as written (zones by name are clock.h's).
 */
#ifndef DATE_H
#define DATE_H

#include <stdint.h>

#include "parsers/buf.h"

/* RFC 5322 with obsolete zones and missing seconds or weekday.  ST_REJECT when
 * it is no date.  `offset_min` (may be NULL) gets the zone in minutes. */
enum status date_parse_mail(int64_t *ms, int *offset_min, struct span text);

/* RFC 3339 ("2026-11-22T12:00:00+01:00", "…Z", space for T, no seconds). */
enum status date_parse_rfc3339(int64_t *ms, int *offset_min, struct span text);

/* Writes RFC 3339 with that offset: "2026-11-13T12:30:00+01:00" and a NUL. */
void date_format_rfc3339(char out[32], int64_t ms, int offset_min);

/* Proleptic Gregorian calendar to UTC milliseconds; fields are not checked. */
int64_t date_to_ms(int year, int month, int day, int hour, int minute, int sec);

#endif

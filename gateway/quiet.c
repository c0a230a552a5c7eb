/* quiet - the hours in which nobody is sent a notice by text */
#include "gateway/quiet.h"

#include <stdlib.h>

#include "gateway/clock.h"

#define MINUTE_MS (60LL * 1000)
#define DAY_MS (24 * 60 * MINUTE_MS)

/* "HH:MM" in milliseconds of the day; config has looked at its form. */
static int64_t
hour_ms(const char *text)
{
	return (strtol(text, NULL, 10) * 60 + strtol(text + 3, NULL, 10)) *
	       MINUTE_MS;
}

int64_t
quiet_until(const char *hours, const char *zone, int64_t now)
{
	int64_t local = now + clock_offset(zone, now) * MINUTE_MS;
	int64_t time = local % DAY_MS, from, to;
	bool is_quiet;

	if (hours[0] == '\0')
		return 0;
	from = hour_ms(hours);
	to = hour_ms(hours + 6);
	is_quiet =
	    from < to ? time >= from && time < to : time >= from || time < to;
	if (!is_quiet)
		return 0;
	return clock_from_local(
	    zone, local - time + to + (time < to ? 0 : DAY_MS));
}

/* zone - one time zone's rules, read from the system's zoneinfo
 *
 * Place: only clock uses it.  localtime() knows one zone a process and is not
 * safe beside threads that set it; a line and its consultation may each have
 * their own zone, so the file (TZif, RFC 9636) is read here.
 */
#ifndef ZONE_H
#define ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ZONE_NAME = 64, ZONE_BYTES = 16384 };

struct zone {
	char name[ZONE_NAME]; /* "" when nothing is loaded */
	unsigned char data[ZONE_BYTES]; /* the file */
	size_t n;
};

/* Loads "Europe/Warsaw"; false, with zone->name empty, when there is no such
 * zone or its file is not sound. */
bool zone_load(struct zone *zone, const char *name);

/* Seconds east of Greenwich at that UTC second. */
int32_t zone_offset(const struct zone *zone, int64_t at);

#endif

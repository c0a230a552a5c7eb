/* clock - the time, which tests can set, and local time by zone name */
#include "gateway/clock.h"

#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gateway/zone.h"
#include "parsers/date.h"

#define NOT_FIXED INT64_MIN

/* The fixed time.  It belongs to the process, as the real clock does: set once
 * by main before any thread starts. */
static _Atomic int64_t *
fixed(void)
{
	static _Atomic int64_t ms = NOT_FIXED;

	return &ms;
}

/* The file that a test moves the clock by; "" without one.  Set with the time
 * above, before any thread starts, and only read from then on. */
static char *
clock_file(void)
{
	static char path[PATH_MAX];

	return path;
}

/* Takes the time from that file; what is no time leaves the clock alone. */
static enum status
read_clock_file(struct err *err)
{
	char text[64] = "";
	int fd = open(clock_file(), O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	int64_t ms;

	if (fd >= 0)
		close(fd);
	if (n <= 0 ||
	    date_parse_rfc3339(&ms, NULL, span_trim(span_of(text))) != ST_OK)
		return err_set(err, ST_REJECT,
		    "no time can be read from %.200s; write one into it as "
		    "RFC 3339 does",
		    clock_file());
	atomic_store(fixed(), ms);
	return ST_OK;
}

/* The zone this thread asked for last; an office has one or two. */
static const struct zone *
zone_of(const char *name)
{
	static _Thread_local struct zone last;

	if (last.name[0] == '\0' || strcmp(last.name, name) != 0)
		if (!zone_load(&last, name))
			return NULL;
	return &last;
}

static int64_t
now_of(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

enum status
clock_set(const char *text, struct err *err)
{
	int64_t ms;

	if (text[0] == '@') {
		snprintf(clock_file(), PATH_MAX, "%s", text + 1);
		return read_clock_file(err);
	}
	if (date_parse_rfc3339(&ms, NULL, span_of(text)) != ST_OK)
		return err_set(err, ST_REJECT,
		    "\"%.40s\" is no time; write it as RFC 3339 does, for "
		    "instance 2026-11-22T12:00:00+01:00",
		    text);
	atomic_store(fixed(), ms);
	return ST_OK;
}

int64_t
clock_now(void)
{
	int64_t ms;

	if (clock_file()[0] != '\0')
		read_clock_file(NULL);
	ms = atomic_load(fixed());
	return ms == NOT_FIXED ? now_of(CLOCK_REALTIME) : ms;
}

int64_t
clock_ticks(void)
{
	return now_of(CLOCK_MONOTONIC);
}

bool
clock_zone_exists(const char *zone)
{
	return zone_of(zone) != NULL;
}

int
clock_offset(const char *zone, int64_t ms)
{
	const struct zone *z = zone_of(zone);
	int64_t at = ms / 1000 - (ms % 1000 < 0);

	return z == NULL ? 0 : zone_offset(z, at) / 60;
}

int64_t
clock_from_local(const char *zone, int64_t local_ms)
{
	const int64_t day = 86400000, minute = 60000;
	int before = clock_offset(zone, local_ms - day);
	int after = clock_offset(zone, local_ms + day);
	int64_t early = local_ms - before * minute;
	int64_t late = local_ms - after * minute;

	if (clock_offset(zone, early) == before)
		return early; /* in the repeated hour the first of the two */
	if (clock_offset(zone, late) == after)
		return late;
	return early; /* the skipped hour: its clock shows an hour on */
}

void
clock_format(char out[32], const char *zone, int64_t ms)
{
	date_format_rfc3339(out, ms, clock_offset(zone, ms));
}

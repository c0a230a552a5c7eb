/* zone - one time zone's rules, read from the system's zoneinfo
 *
 * Place: only clock uses it.  The table of transitions answers for the past
 * and some years ahead, the rule at the file's end (POSIX TZ) for later.
 */
#include "gateway/zone.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parsers/date.h"

#define DAY 86400

/* Where the 64-bit block of a TZif file has its parts. */
struct layout {
	const unsigned char *times, *types, *infos;
	size_t n_times, n_infos;
	const char *rule; /* the POSIX TZ string, not terminated */
	size_t rule_n;
};

static int64_t
big_endian(const unsigned char *p, int bytes)
{
	uint64_t v = bytes > 0 && (p[0] & 0x80) ? UINT64_MAX : 0;

	for (int i = 0; i < bytes; i++)
		v = v << 8 | p[i];
	return (int64_t)v;
}

/* Reads a header at `at` and its counts; false when there is none. */
static bool
read_header(const unsigned char *data, size_t n, size_t at, uint32_t count[6])
{
	if (n < 44 || at > n - 44 || memcmp(data + at, "TZif", 4) != 0 ||
	    data[at + 4] < '2')
		return false;
	for (int i = 0; i < 6; i++) {
		count[i] = (uint32_t)big_endian(data + at + 20 + 4 * i, 4);
		if (count[i] > ZONE_BYTES)
			return false;
	}
	return true;
}

/* Counts: isutc, isstd, leap, time, type, char (RFC 9636, 3.1). */
static size_t
block_size(const uint32_t count[6], size_t time_size)
{
	return count[3] * (time_size + 1) + count[4] * 6u + count[5] +
	       count[2] * (time_size + 4) + count[1] + count[0];
}

static bool
find_layout(struct layout *l, const unsigned char *data, size_t n)
{
	uint32_t count[6];
	size_t at, size;
	const unsigned char *end;

	if (!read_header(data, n, 0, count))
		return false;
	at = 44 + block_size(count, 4);
	if (!read_header(data, n, at, count))
		return false;
	at += 44;
	size = block_size(count, 8);
	if (count[4] == 0 || size > n || at > n - size)
		return false;
	l->times = data + at;
	l->n_times = count[3];
	l->types = l->times + 8 * l->n_times;
	l->infos = l->types + l->n_times;
	l->n_infos = count[4];
	for (size_t i = 0; i < l->n_times; i++)
		if (l->types[i] >= l->n_infos)
			return false;
	at += size;
	if (at >= n || data[at] != '\n')
		return false;
	l->rule = (const char *)data + at + 1;
	end = memchr(l->rule, '\n', n - at - 1);
	if (end == NULL)
		return false;
	l->rule_n = (size_t)(end - (const unsigned char *)l->rule);
	return true;
}

static bool
name_is_plain(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n >= ZONE_NAME || name[0] == '/')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)name[i]) &&
		    strchr("/_+-", name[i]) == NULL)
			return false; /* a dot too: nothing leads out */
	return true;
}

bool
zone_load(struct zone *zone, const char *name)
{
	const char *dir = getenv("TZDIR");
	struct layout l;
	char path[512];
	ssize_t n;
	int fd;

	zone->name[0] = '\0';
	if (!name_is_plain(name))
		return false;
	if (dir == NULL || dir[0] != '/')
		dir = "/usr/share/zoneinfo";
	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >=
	    (int)sizeof(path))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, zone->data, sizeof(zone->data));
	close(fd);
	if (n <= 0 || !find_layout(&l, zone->data, (size_t)n))
		return false;
	zone->n = (size_t)n;
	memcpy(zone->name, name, strlen(name) + 1);
	return true;
}

/* One pass over a POSIX TZ string; `bad` stays set after the first surprise. */
struct rule_reader {
	const char *p, *end;
	bool bad;
};

static char
peek(const struct rule_reader *r)
{
	return r->p < r->end ? *r->p : '\0';
}

static bool
take(struct rule_reader *r, char c)
{
	if (peek(r) != c)
		return false;
	r->p++;
	return true;
}

static int
read_number(struct rule_reader *r)
{
	int v = 0;

	if (!isdigit((unsigned char)peek(r)))
		r->bad = true;
	while (isdigit((unsigned char)peek(r)) && v < 10000)
		v = v * 10 + (*r->p++ - '0');
	return v;
}

/* "-1", "3:30", "+02:00:00" in seconds. */
static int32_t
read_time(struct rule_reader *r)
{
	int sign = take(r, '-') ? -1 : (take(r, '+'), 1);
	int v = read_number(r) * 3600;

	if (take(r, ':'))
		v += read_number(r) * 60;
	if (take(r, ':'))
		v += read_number(r);
	return sign * v;
}

static void
skip_name(struct rule_reader *r)
{
	if (take(r, '<')) {
		while (r->p < r->end && *r->p != '>')
			r->p++;
		r->bad |= !take(r, '>');
		return;
	}
	while (isalpha((unsigned char)peek(r)))
		r->p++;
}

/* The local second of `year` at which a rule such as "M3.5.0/2" falls. */
static int64_t
read_date(struct rule_reader *r, int year)
{
	int64_t day, month_end;
	int month, week, weekday;

	if (take(r, 'M')) {
		month = read_number(r);
		r->bad |= !take(r, '.');
		week = read_number(r);
		r->bad |= !take(r, '.');
		weekday = read_number(r);
		day = date_to_ms(year, month, 1, 0, 0, 0) / 1000 / DAY;
		month_end =
		    date_to_ms(year + month / 12, month % 12 + 1, 1, 0, 0, 0) /
		    1000 / DAY;
		/* Day 0 of the epoch was a Thursday. */
		day += (weekday - (day + 4) % 7 + 7) % 7 + 7 * (week - 1);
		if (day >= month_end)
			day -= 7;
	} else if (take(r, 'J')) {
		day = date_to_ms(year, 1, 1, 0, 0, 0) / 1000 / DAY;
		week = read_number(r); /* 1..365, 29 February not counted */
		day += week - 1;
		if (week >= 60 && year % 4 == 0 &&
		    (year % 100 != 0 || year % 400 == 0))
			day++;
	} else {
		day = date_to_ms(year, 1, 1, 0, 0, 0) / 1000 / DAY;
		day += read_number(r);
	}
	return day * DAY + (take(r, '/') ? read_time(r) : 7200);
}

/* The offset the rule gives at that second; `fallback` when there is none or
 * it cannot be read. */
static int32_t
rule_offset(const char *rule, size_t n, int64_t at, int32_t fallback)
{
	struct rule_reader r = { rule, rule + n, false };
	int32_t standard, summer;
	int64_t begins, ends;
	int year;
	bool is_summer;

	if (n == 0)
		return fallback;
	skip_name(&r);
	standard = -read_time(&r);
	if (r.bad || r.p == r.end)
		return r.bad ? fallback : standard;
	skip_name(&r);
	summer = peek(&r) == ',' ? standard + 3600 : -read_time(&r);
	/* Close enough to name the year: no rule changes at New Year. */
	year = 1970 + (int)((double)(at + standard) / (365.2425 * DAY));
	r.bad |= !take(&r, ',');
	begins = read_date(&r, year) - standard;
	r.bad |= !take(&r, ',');
	ends = read_date(&r, year) - summer;
	if (r.bad)
		return fallback;
	is_summer = begins < ends ? at >= begins && at < ends
				  : at >= begins || at < ends;
	return is_summer ? summer : standard;
}

int32_t
zone_offset(const struct zone *zone, int64_t at)
{
	struct layout l;
	size_t low = 0, high;

	if (zone->name[0] == '\0' || !find_layout(&l, zone->data, zone->n))
		return 0;
	high = l.n_times;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (big_endian(l.times + 8 * mid, 8) <= at)
			low = mid + 1;
		else
			high = mid;
	}
	/* low: how many transitions lie behind us. */
	if (low == 0 && l.n_times > 0)
		return (int32_t)big_endian(l.infos, 4);
	if (low == l.n_times) {
		int32_t last = (int32_t)big_endian(
		    l.infos + 6 * (low == 0 ? 0 : l.types[low - 1]), 4);

		return rule_offset(l.rule, l.rule_n, at, last);
	}
	return (int32_t)big_endian(l.infos + 6 * l.types[low - 1], 4);
}

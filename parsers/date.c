/* date - see date.h
 *
 * A mail's date is read word by word, since real senders leave out or move
 * nearly every part of what RFC 5322 asks for: asctime order, dashes between
 * the parts, two-digit years, zones by name.
 */
#include "parsers/date.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "parsers/status.h"

enum { MINUTE_MS = 60000, DAY_MINUTES = 24 * 60, WORDS_MAX = 24 };

/* Local time stays within the years 0 to 9999 with any offset. */
static const int64_t YEAR_0_MS = -62167219200000 + 86400000;
static const int64_t YEAR_9999_MS = 253402300799999 - 86400000;

/* What has been read so far; -1: not yet. */
struct parts {
	int year, month, day, hour, minute, second, milli;
	int zone; /* minutes */
	bool has_zone, is_afternoon, is_morning;
};

static const struct {
	const char *name;
	int minutes;
} zones[] = {
	{ "UT", 0 },
	{ "UTC", 0 },
	{ "GMT", 0 },
	{ "Z", 0 },
	{ "WET", 0 },
	{ "WEST", 60 },
	{ "BST", 60 },
	{ "CET", 60 },
	{ "MET", 60 },
	{ "MEZ", 60 },
	{ "CEST", 120 },
	{ "MEST", 120 },
	{ "MESZ", 120 },
	{ "EET", 120 },
	{ "EEST", 180 },
	{ "MSK", 180 },
	{ "JST", 540 },
	{ "EST", -300 },
	{ "EDT", -240 },
	{ "CST", -360 },
	{ "CDT", -300 },
	{ "MST", -420 },
	{ "MDT", -360 },
	{ "PST", -480 },
	{ "PDT", -420 },
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_alnum(char c)
{
	return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Takes exactly `digits` digits from the front; -1 when they are not there. */
static int
take_number(struct span *s, size_t digits)
{
	int value = 0;

	if (s->n < digits)
		return -1;
	for (size_t i = 0; i < digits; i++) {
		if (!is_digit(s->p[i]))
			return -1;
		value = value * 10 + (s->p[i] - '0');
	}
	*s = span_from(*s, digits);
	return value;
}

static bool
take_char(struct span *s, const char *one_of)
{
	if (s->n == 0 || s->p[0] == '\0' || strchr(one_of, s->p[0]) == NULL)
		return false;
	*s = span_from(*s, 1);
	return true;
}

static bool
is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool
is_possible(const struct parts *t)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	int last;

	if (t->month < 1 || t->month > 12 || t->year < 1)
		return false;
	last = days[t->month - 1] + (t->month == 2 && is_leap(t->year));
	return t->day >= 1 && t->day <= last && t->hour >= 0 && t->hour < 24 &&
	       t->minute >= 0 && t->minute < 60 && t->second >= 0 &&
	       t->second <= 60;
}

int64_t
date_to_ms(int year, int month, int day, int hour, int minute, int sec)
{
	int64_t y = year, m = (int64_t)month - 1;
	int64_t era, year_of_era, day_of_era, days;

	/* Years begin in March here, so that the leap day comes last. */
	y += (m >= 0 ? m : m - 11) / 12;
	m = (m % 12 + 12) % 12;
	y -= m < 2;
	m = (m + 10) % 12;
	era = (y >= 0 ? y : y - 399) / 400;
	year_of_era = y - era * 400;
	day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
		     (153 * m + 2) / 5 + day - 1;
	days = era * 146097 + day_of_era - 719468;
	return (((days * 24 + hour) * 60 + minute) * 60 + sec) * 1000;
}

static enum status
finish(int64_t *ms, int *offset_min, const struct parts *t)
{
	if (!is_possible(t))
		return ST_REJECT;
	*ms = date_to_ms(
		  t->year, t->month, t->day, t->hour, t->minute, t->second) +
	      t->milli - (int64_t)t->zone * MINUTE_MS;
	if (offset_min != NULL)
		*offset_min = t->zone;
	return ST_OK;
}

/* "+01:00", "+0100" or "+01" behind its sign. */
static bool
read_offset(struct parts *t, struct span s, bool is_west)
{
	int hours = take_number(&s, 2), minutes;

	take_char(&s, ":");
	minutes = s.n == 0 ? 0 : take_number(&s, 2);
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || s.n > 0)
		return false;
	t->zone = (hours * 60 + minutes) * (is_west ? -1 : 1);
	t->has_zone = true;
	return true;
}

/* "12:30", "12:30:05", "12.30.05", "12:30:05.123". */
static bool
read_time(struct parts *t, struct span s)
{
	int scale = 100;

	t->hour = take_number(&s, s.n > 1 && is_digit(s.p[1]) ? 2 : 1);
	if (t->hour < 0 || !take_char(&s, ":."))
		return false;
	t->minute = take_number(&s, s.n > 1 && is_digit(s.p[1]) ? 2 : 1);
	t->second = 0;
	if (take_char(&s, ":."))
		t->second =
		    take_number(&s, s.n > 1 && is_digit(s.p[1]) ? 2 : 1);
	t->milli = 0;
	if (take_char(&s, ".,"))
		for (; s.n > 0 && is_digit(s.p[0]); s = span_from(s, 1)) {
			t->milli += (s.p[0] - '0') * scale;
			scale /= 10;
		}
	return s.n == 0 && t->minute >= 0 && t->second >= 0;
}

enum status
date_parse_rfc3339(int64_t *ms, int *offset_min, struct span text)
{
	struct parts t = { 0 };
	struct span s = span_trim(text), time;
	bool is_west;

	t.year = take_number(&s, 4);
	if (t.year < 0 || !take_char(&s, "-"))
		return ST_REJECT;
	t.month = take_number(&s, 2);
	if (!take_char(&s, "-"))
		return ST_REJECT;
	t.day = take_number(&s, 2);
	if (!take_char(&s, "Tt "))
		return ST_REJECT;
	for (time = s; s.n > 0 && (is_digit(s.p[0]) || s.p[0] == ':' ||
				      s.p[0] == '.' || s.p[0] == ',');)
		s = span_from(s, 1);
	time.n -= s.n;
	if (time.n < 5 || time.p[2] != ':' || !read_time(&t, time))
		return ST_REJECT;
	s = span_trim(s);
	is_west = s.n > 0 && s.p[0] == '-';
	if (take_char(&s, "Zz"))
		return s.n == 0 ? finish(ms, offset_min, &t) : ST_REJECT;
	if (!take_char(&s, "+-") || !read_offset(&t, s, is_west))
		return ST_REJECT;
	return finish(ms, offset_min, &t);
}

/* Takes the next word from `*rest`: an optional sign, then letters, digits,
 * colons and full stops.  Comments and other characters part words. */
static bool
next_word(struct span *rest, struct span *word)
{
	struct span s = *rest;
	size_t depth = 0, n = 0;

	while (s.n > 0) {
		char c = s.p[0];

		if (c == '(')
			depth++;
		else if (c == ')' && depth > 0)
			depth--;
		else if (depth == 0 &&
			 (is_alnum(c) || ((c == '+' || c == '-') && s.n > 1 &&
					     is_alnum(s.p[1]))))
			break;
		s = span_from(s, 1);
	}
	if (s.n == 0)
		return false;
	for (n = 1;
	     n < s.n && (is_alnum(s.p[n]) || s.p[n] == ':' || s.p[n] == '.');)
		n++;
	*word = span_sub(s, 0, n);
	*rest = span_from(s, n);
	return true;
}

static int
month_of(struct span word)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	if (word.n < 3)
		return 0;
	for (int i = 0; i < 12; i++)
		if (strncasecmp(word.p, names + 3 * i, 3) == 0)
			return i + 1;
	return 0;
}

static void
read_letters(struct parts *t, struct span word)
{
	int month = month_of(word);

	while (word.n > 0 && word.p[word.n - 1] == '.')
		word.n--;
	if (t->hour >= 0 && !t->has_zone)
		for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
			if (span_is_nocase(word, zones[i].name)) {
				t->zone = zones[i].minutes;
				/* "GMT+0100": the number still counts. */
				t->has_zone = t->zone != 0;
				return;
			}
	if (span_is_nocase(word, "PM"))
		t->is_afternoon = true;
	else if (span_is_nocase(word, "AM"))
		t->is_morning = true;
	else if (month > 0 && t->month < 0)
		t->month = month;
}

static void
read_digits(struct parts *t, struct span word)
{
	size_t n = word.n;
	int value;

	value = n <= 4 ? take_number(&word, n) : -1;
	if (value < 0)
		return;
	if (n <= 2 && t->day < 0) {
		t->day = value;
		return;
	}
	if (t->year >= 0 || n == 1)
		return;
	if (n == 2)
		value += value < 50 ? 2000 : 1900;
	else if (n == 3)
		value += 1900;
	t->year = value;
}

static void
read_word(struct parts *t, struct span word)
{
	bool is_signed = word.p[0] == '+' || word.p[0] == '-';
	struct span bare = span_from(word, is_signed);

	while (bare.n > 0 && (bare.p[bare.n - 1] == '.'))
		bare.n--;
	if (bare.n == 0)
		return;
	if (is_signed && is_digit(bare.p[0]) && t->hour >= 0) {
		if (!t->has_zone)
			read_offset(t, bare, word.p[0] == '-');
	} else if (!is_digit(bare.p[0]))
		read_letters(t, bare);
	else if (memchr(bare.p, ':', bare.n) != NULL ||
		 memchr(bare.p, '.', bare.n) != NULL) {
		if (t->hour < 0 && !read_time(t, bare))
			t->hour = -1;
	} else
		read_digits(t, bare);
}

enum status
date_parse_mail(int64_t *ms, int *offset_min, struct span text)
{
	struct parts t = { -1, -1, -1, -1, 0, 0, 0, 0, false, false, false };
	struct span rest = span_trim(text), word;

	if (date_parse_rfc3339(ms, offset_min, rest) == ST_OK)
		return ST_OK;
	for (int i = 0; i < WORDS_MAX && next_word(&rest, &word); i++)
		read_word(&t, word);
	if (t.is_afternoon && t.hour >= 1 && t.hour < 12)
		t.hour += 12;
	else if (t.is_morning && t.hour == 12)
		t.hour = 0;
	return finish(ms, offset_min, &t);
}

void
date_format_rfc3339(char out[32], int64_t ms, int offset_min)
{
	int64_t minutes, days, era, day_of_era, year_of_era, day_of_year, year;
	int64_t seconds, month;
	int offset = offset_min % DAY_MINUTES;
	unsigned shown = (unsigned)(offset < 0 ? -offset : offset);

	/* Four digits hold no more years than these. */
	if (ms < YEAR_0_MS)
		ms = YEAR_0_MS;
	if (ms > YEAR_9999_MS)
		ms = YEAR_9999_MS;
	seconds = (ms >= 0 ? ms : ms - 999) / 1000 + (int64_t)offset * 60;
	minutes = (seconds >= 0 ? seconds : seconds - 59) / 60;
	days =
	    (minutes >= 0 ? minutes : minutes - DAY_MINUTES + 1) / DAY_MINUTES;
	seconds -= minutes * 60;
	minutes -= days * DAY_MINUTES;
	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	day_of_era = days - era * 146097;
	year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
			  day_of_era / 146096) /
		      365;
	day_of_year = day_of_era -
		      (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	month = (5 * day_of_year + 2) / 153;
	year = year_of_era + era * 400 + (month >= 10);
	snprintf(out, 32, "%04d-%02u-%02uT%02u:%02u:%02u%c%02u:%02u", (int)year,
	    (unsigned)(month < 10 ? month + 3 : month - 9) % 100,
	    (unsigned)(day_of_year - (153 * month + 2) / 5 + 1) % 100,
	    (unsigned)(minutes / 60) % 100, (unsigned)(minutes % 60) % 100,
	    (unsigned)seconds % 100, offset < 0 ? '-' : '+', shown / 60 % 100,
	    shown % 60);
}

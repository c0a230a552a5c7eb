/* wording - dates as people write them, by language */
#include "gateway/wording.h"

#include <string.h>
#include <time.h>

#include "gateway/clock.h"

static const struct wording {
	const char *language;
	const char *after_year, *before_time;
	const char *months[12];
} wordings[] = {
	{ "pl", " r.", ", godz. ",
	    { "stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca",
		"lipca", "sierpnia", "września", "października", "listopada",
		"grudnia" } },
	{ "en", "", ", ",
	    { "January", "February", "March", "April", "May", "June", "July",
		"August", "September", "October", "November", "December" } },
};

enum { N_WORDINGS = sizeof(wordings) / sizeof(wordings[0]) };

static const struct wording *
find(const char *language)
{
	for (int i = 0; i < N_WORDINGS; i++)
		if (strcmp(wordings[i].language, language) == 0)
			return &wordings[i];
	return NULL;
}

bool
wording_knows(const char *language)
{
	return find(language) != NULL;
}

static struct tm
local_time(const char *zone, int64_t ms)
{
	time_t local =
	    (time_t)(ms / 1000) + (time_t)clock_offset(zone, ms) * 60;
	struct tm tm = { 0 };

	gmtime_r(&local, &tm);
	return tm;
}

void
wording_date(
    struct buf *out, const char *language, const char *zone, int64_t ms)
{
	const struct wording *w = find(language);
	struct tm tm = local_time(zone, ms);

	if (ms == 0)
		return;
	if (w == NULL)
		w = &wordings[0];
	buf_printf(out, "%d %s %d%s", tm.tm_mday, w->months[tm.tm_mon],
	    tm.tm_year + 1900, w->after_year);
}

void
wording_moment(
    struct buf *out, const char *language, const char *zone, int64_t ms)
{
	const struct wording *w = find(language);
	struct tm tm = local_time(zone, ms);

	if (ms == 0)
		return;
	wording_date(out, language, zone, ms);
	buf_printf(out, "%s%d:%02d",
	    w == NULL ? wordings[0].before_time : w->before_time, tm.tm_hour,
	    tm.tm_min);
}

void
wording_short_date(struct buf *out, const char *zone, int64_t ms)
{
	struct tm tm = local_time(zone, ms);

	if (ms != 0)
		buf_printf(out, "%02d.%02d.%d", tm.tm_mday, tm.tm_mon + 1,
		    tm.tm_year + 1900);
}

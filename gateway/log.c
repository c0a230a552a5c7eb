/* log - one line per event, for the operator */
#include "gateway/log.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "gateway/clock.h"

#define LINE_SIZE 1024

static const char *
level_name(enum log_level level)
{
	static const char *const names[] = { "info", "warn", "error" };

	return names[level];
}

void
log_line(enum log_level level, const char *fmt, ...)
{
	char line[LINE_SIZE], stamp[32];
	time_t now = (time_t)(clock_now() / 1000);
	struct tm tm;
	ssize_t done;
	va_list ap;
	int at, n;

	if (gmtime_r(&now, &tm) == NULL ||
	    strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		stamp[0] = '\0';
	at = snprintf(line, sizeof(line), "%s %s ", stamp, level_name(level));
	va_start(ap, fmt);
	n = vsnprintf(line + at, sizeof(line) - (size_t)at - 1, fmt, ap);
	va_end(ap);
	n = n < 0 ? at : at + n;
	if (n > LINE_SIZE - 2)
		n = LINE_SIZE - 2;
	for (int i = 0; i < n; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	line[n] = '\n';
	/* Nobody is left to tell when stderr itself is gone. */
	done = write(STDERR_FILENO, line, (size_t)n + 1);
	(void)done;
}

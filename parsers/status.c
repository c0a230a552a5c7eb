/* status - fills the one-sentence errors */
#include "parsers/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum status
err_set(struct err *err, enum status st, const char *fmt, ...)
{
	va_list ap;

	if (err == NULL)
		return st;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return st;
}

enum status
err_prefix(struct err *err, enum status st, const char *what)
{
	char old[sizeof(err->text)];

	if (err == NULL)
		return st;
	memcpy(old, err->text, sizeof(old));
	snprintf(err->text, sizeof(err->text), "%.200s: %.300s", what, old);
	return st;
}

/* fuzz_compose - no name, title or place becomes a line of a mail or calendar
 *
 * The input is split at each byte 0x01 into the texts of a mail and its
 * invitation.  What is accepted must hold exactly the lines of its own.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/invite.h"
#include "templates/compose.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXTS = 8 };

static const char *const fields[] = { "Date:", "From:", "To:", "Reply-To:",
	"Subject:", "Message-ID:", "In-Reply-To:", "References:",
	"Auto-Submitted:", "X-Auto-Response-Suppress:", "Content-Language:",
	"List-Id:", "List-Unsubscribe:", "MIME-Version:", "Content-Type:",
	"Content-Transfer-Encoding:" };

static const char *const properties[] = { "BEGIN", "END", "VERSION", "PRODID",
	"CALSCALE", "METHOD", "TZID", "LAST-MODIFIED", "TZURL",
	"X-LIC-LOCATION", "X-PROLEPTIC-TZNAME", "TZNAME", "TZOFFSETFROM",
	"TZOFFSETTO", "DTSTART", "DTEND", "RRULE", "RDATE", "UID", "SEQUENCE",
	"DTSTAMP", "SUMMARY", "LOCATION", "DESCRIPTION", "STATUS", "ORGANIZER",
	"ATTENDEE", "ACTION", "TRIGGER" };

/* Does the line begin with one of the list, and was that one there before? */
static void
check_line(struct span line, const char *const *list, size_t n, int *seen)
{
	for (size_t i = 0; i < n; i++)
		if (span_starts(line, list[i])) {
			seen[i]++;
			return;
		}
	abort();
}

static void
check_mail(struct span mail)
{
	int seen[sizeof(fields) / sizeof(fields[0])] = { 0 };

	for (;;) {
		size_t n = span_find(mail, "\r\n");
		struct span line = span_sub(mail, 0, n);

		if (n == mail.n || n > 998)
			abort();
		mail = span_from(mail, n + 2);
		if (n == 0)
			break;
		for (size_t i = 0; i < n; i++)
			if ((unsigned char)line.p[i] < ' ' || line.p[i] == 127)
				abort();
		if (line.p[0] != ' ')
			check_line(line, fields,
			    sizeof(fields) / sizeof(fields[0]), seen);
	}
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (seen[i] > 1)
			abort();
}

/* One event, one organizer, one attendee; no line too long. */
static void
check_calendar(struct span calendar)
{
	enum { N = sizeof(properties) / sizeof(properties[0]) };
	int seen[N] = { 0 };

	while (calendar.n > 0) {
		size_t n = span_find(calendar, "\r\n");
		struct span line = span_sub(calendar, 0, n);

		if (n == calendar.n || n == 0 || n > 75)
			abort();
		if (line.p[0] != ' ')
			check_line(line, properties, N, seen);
		calendar = span_from(calendar, n + 2);
	}
	for (size_t i = 0; i < N; i++)
		if (seen[i] > 1 && (strcmp(properties[i], "ATTENDEE") == 0 ||
				       strcmp(properties[i], "UID") == 0 ||
				       strcmp(properties[i], "LOCATION") == 0 ||
				       strcmp(properties[i], "ORGANIZER") == 0))
			abort();
}

static void
split(char *text[TEXTS], char *copy, size_t size)
{
	size_t n = 0;

	for (int i = 0; i < TEXTS; i++)
		text[i] = copy + size;
	text[n++] = copy;
	for (size_t i = 0; i < size; i++)
		if (copy[i] == 1) {
			copy[i] = '\0';
			if (n < TEXTS)
				text[n++] = copy + i + 1;
		}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = calloc(1, size + 1), *text[TEXTS];
	struct buf mail = { .max = 4 << 20 }, calendar = { .max = 4 << 20 };
	struct buf personal = { .max = 4 << 20 };
	struct err err = { "" };

	if (copy == NULL)
		return 0;
	memcpy(copy, data, size);
	split(text, copy, size);
	struct invite in = { .uid = "a@powiat.example",
		.stamp_ms = 1795345200000,
		.starts_ms = 1795431600000,
		.timezone = "Europe/Warsaw",
		.summary = text[1],
		.location = text[2],
		.description = text[3] };

	if (invite_make(&calendar, &in, &err) == ST_OK) {
		invite_personal(&personal, buf_span(&calendar), text[0],
		    "a+b@powiat.example", "c@poczta.example");
		if (!personal.failed)
			check_calendar(buf_span(&personal));
	}
	struct compose letter = { .from_name = text[0],
		.from = "a@powiat.example",
		.to = "c@poczta.example",
		.reply_to = "a+b@powiat.example",
		.subject = text[1],
		.message_id = "m@powiat.example",
		.in_reply_to = text[4],
		.references = text[5],
		.auto_submitted = "auto-generated",
		.language = text[6],
		.text = text[3],
		.html = text[7],
		.list_name = text[0],
		.list_id = "l.powiat.example",
		.unsubscribe = "a+b@powiat.example",
		.calendar = buf_span(&personal),
		.method = "REQUEST" };

	if (compose_mail(&mail, &letter, &err) == ST_OK)
		check_mail(buf_span(&mail));
	buf_free(&mail);
	buf_free(&calendar);
	buf_free(&personal);
	free(copy);
	return 0;
}

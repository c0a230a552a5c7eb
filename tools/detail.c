/* detail - texts from a JSON Lines file as gammu-smsd's spool files
 *
 * Place: `make run` and the shell stories drop sample texts in with it; no part
 * of the program.  usage: detail FILE.jsonl SPOOL/inbox
 *
 * Each line has from, text and received_at; a text longer than one segment is
 * written with its UDH, as the modem hands it over.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utf8proc.h>

#include "parsers/date.h"

enum { UNITS_MAX = 4000, SINGLE = 70, PART = 67 };

struct text {
	const char *from;
	char stamp[20]; /* 20261122T215226Z */
	uint16_t units[UNITS_MAX]; /* UTF-16 */
	size_t n;
};

static void
to_utf16(struct text *t, const char *utf8)
{
	const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)utf8;
	utf8proc_int32_t c;
	utf8proc_ssize_t n;

	while (*p != 0 && t->n + 2 < UNITS_MAX) {
		n = utf8proc_iterate(p, -1, &c);
		if (n <= 0)
			return;
		p += n;
		if (c >= 0x10000) {
			c -= 0x10000;
			t->units[t->n++] = (uint16_t)(0xd800 + (c >> 10));
			t->units[t->n++] = (uint16_t)(0xdc00 + (c & 0x3ff));
		} else {
			t->units[t->n++] = (uint16_t)c;
		}
	}
}

static void
write_hex(FILE *f, const uint16_t *units, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%04X", units[i]);
}

static void
write_number(FILE *f, const char *number)
{
	fprintf(f, "Number = \"%s\"\nNumberUnicode = ", number);
	for (const char *p = number; *p != '\0'; p++)
		fprintf(f, "%04X", (unsigned char)*p);
	fprintf(f, "\n");
}

static void
write_part(FILE *f, const struct text *t, size_t i, size_t parts, int serial)
{
	size_t from = i * PART, n = parts == 1 ? t->n : PART;

	if (n > t->n - from)
		n = t->n - from;
	fprintf(f,
	    "[SMSBackup%03zu]\nSMSC = \"+48110000000\"\nPDU = Deliver\n"
	    "DateTime = %s\nState = UnRead\n",
	    i, t->stamp);
	write_number(f, t->from);
	fprintf(f, "Name = \"\"\n");
	if (parts > 1)
		fprintf(f, "UDH = 050003%02X%02zX%02zX\n", serial & 0xff, parts,
		    i + 1);
	/* 200 hexadecimal digits a line, as gammu breaks them. */
	for (size_t k = 0, line = 0; k < n; k += 50, line++) {
		fprintf(f, "Text%02zu = ", line);
		write_hex(f, t->units + from + k, n - k > 50 ? 50 : n - k);
		fprintf(f, "\n");
	}
	if (n == 0)
		fprintf(f, "Text00 = \n");
	fprintf(f,
	    "Coding = Unicode_No_Compression\nFolder = 1\nLength = %zu\n"
	    "Class = -1\nReplySMSC = FALSE\nRejectDuplicates = FALSE\n"
	    "ReplaceMessage = 0\nMessageReference = 0\n\n",
	    n);
}

static int
write_file(const char *folder, const struct text *t, int serial)
{
	size_t parts = t->n <= SINGLE ? 1 : (t->n + PART - 1) / PART;
	char path[512];
	FILE *f;
	int rc;

	snprintf(path, sizeof(path), "%s/IN%.8s_%.6s_%02d_%s_00.txt", folder,
	    t->stamp, t->stamp + 9, serial % 100, t->from);
	f = fopen(path, "wx");
	if (f == NULL) {
		perror(path);
		return 1;
	}
	for (size_t i = 0; i < parts; i++)
		write_part(f, t, i, parts, serial);
	rc = ferror(f);
	return fclose(f) != 0 || rc;
}

static int
convert(const json_t *line, const char *folder, int serial)
{
	const char *at =
	    json_string_value(json_object_get(line, "received_at"));
	const char *from = json_string_value(json_object_get(line, "from"));
	const char *words = json_string_value(json_object_get(line, "text"));
	static struct text t;
	struct tm tm;
	time_t second;
	int64_t ms;

	if (at == NULL || from == NULL || words == NULL ||
	    date_parse_rfc3339(&ms, NULL, span_of(at)) != ST_OK) {
		fprintf(stderr,
		    "detail: line %d: expected from, text and "
		    "received_at\n",
		    serial + 1);
		return 1;
	}
	t = (struct text){ .from = from };
	second = (time_t)(ms / 1000);
	strftime(
	    t.stamp, sizeof(t.stamp), "%Y%m%dT%H%M%SZ", gmtime_r(&second, &tm));
	to_utf16(&t, words);
	return write_file(folder, &t, serial);
}

int
main(int argc, char **argv)
{
	char *line = NULL;
	size_t cap = 0;
	FILE *in;
	int serial = 0, bad = 0;

	if (argc != 3) {
		fprintf(stderr, "usage: detail FILE.jsonl SPOOL/inbox\n");
		return 2;
	}
	in = fopen(argv[1], "r");
	if (in == NULL) {
		perror(argv[1]);
		return 1;
	}
	while (getline(&line, &cap, in) > 0) {
		json_t *json = json_loads(line, 0, NULL);

		bad |= convert(json, argv[2], serial++);
		json_decref(json);
	}
	free(line);
	fclose(in);
	return bad;
}

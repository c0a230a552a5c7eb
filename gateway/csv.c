/* csv - tables as spreadsheets save them */
#include "gateway/csv.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

#include "parsers/charset.h"

enum { TEXT_MAX = 128 << 20, ROW_BYTES = 64 << 10 };

struct reader {
	struct csv_parser parser;
	csv_row *row;
	void *arg;
	struct err *err;
	struct buf bytes; /* of the row's fields, one behind the other */
	size_t ends[CSV_FIELDS_MAX];
	size_t n;
	int number;
	int ended_by; /* what ended the row before */
	enum status rc;
};

static void
take_field(void *p, size_t n, void *arg)
{
	struct reader *r = arg;

	if (r->rc != ST_OK)
		return;
	if (r->n == CSV_FIELDS_MAX) {
		r->rc = err_set(r->err, ST_REJECT,
		    "row %d has more than %d columns; is it a table?",
		    r->number, CSV_FIELDS_MAX);
		return;
	}
	if (n > 0)
		buf_add(&r->bytes, (struct span){ p, n });
	r->ends[r->n++] = r->bytes.n;
	if (r->bytes.failed)
		r->rc = err_set(r->err, ST_REJECT,
		    "row %d is longer than %d bytes; is a quote not closed?",
		    r->number, ROW_BYTES);
}

/* Without white space and what looks like it: no-break spaces, marks of no
 * width; web pages and word processors leave them in cells. */
static struct span
trim_cell(struct span s)
{
	static const char *const blanks[] = { "\xc2\xa0", "\xe2\x80\xaf",
		"\xe2\x80\x8b", "\xef\xbb\xbf" };
	size_t before;

	do {
		s = span_trim(s);
		before = s.n;
		for (size_t i = 0; i < sizeof(blanks) / sizeof(blanks[0]);
		     i++) {
			size_t n = strlen(blanks[i]);

			if (span_starts(s, blanks[i]))
				s = span_from(s, n);
			if (s.n >= n &&
			    memcmp(s.p + s.n - n, blanks[i], n) == 0)
				s = span_sub(s, 0, s.n - n);
		}
	} while (s.n < before);
	return s;
}

static void
take_row(int end, void *arg)
{
	struct span fields[CSV_FIELDS_MAX], all;
	struct reader *r = arg;
	bool is_empty = true;
	size_t from = 0;

	/* Lines that hold nothing count, too: staff see them in their table. */
	if (end == '\n' && r->ended_by == '\r' && r->n == 0) {
		r->ended_by = 0;
		return;
	}
	r->ended_by = end;
	all = buf_span(&r->bytes);
	for (size_t i = 0; i < r->n; i++) {
		fields[i] = trim_cell(span_sub(all, from, r->ends[i] - from));
		from = r->ends[i];
		is_empty = is_empty && fields[i].n == 0;
	}
	if (r->rc == ST_OK && !is_empty)
		r->rc = r->row(r->arg, r->number, fields, r->n, r->err);
	r->number++;
	r->n = 0;
	buf_reset(&r->bytes);
}

/* Excel's own first line, "sep=;", is no row of the table. */
static bool
take_separator_line(struct span *text, unsigned char *separator)
{
	struct span rest = *text, line;

	if (!span_starts(rest, "sep=") || !span_line(&rest, &line))
		return false;
	while (line.n > 5 && line.p[line.n - 1] == '\r')
		line.n--;
	if (line.n != 5)
		return false;
	*separator = (unsigned char)line.p[4];
	*text = rest;
	return true;
}

/* Whichever stands most often in the first line, outside of quotes. */
static unsigned char
find_separator(struct span text)
{
	static const char candidates[] = ";,\t";
	size_t count[3] = { 0 }, best = 0;
	bool quoted = false;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"')
			quoted = !quoted;
		if (!quoted && (text.p[i] == '\n' || text.p[i] == '\r'))
			break;
		for (size_t k = 0; k < 3; k++)
			count[k] += !quoted && text.p[i] == candidates[k];
	}
	for (size_t k = 1; k < 3; k++)
		if (count[k] > count[best])
			best = k;
	return (unsigned char)candidates[best];
}

/* A file of Excel or Calc, which is a ZIP archive or of the old kind (OLE). */
static bool
is_workbook(struct span bytes)
{
	return span_starts(bytes, "PK\x03\x04") ||
	       span_starts(bytes, "\xd0\xcf\x11\xe0");
}

enum status
csv_read(struct span bytes, csv_row *row, void *arg, struct err *err)
{
	struct reader r = { .row = row,
		.arg = arg,
		.err = err,
		.bytes = { .max = ROW_BYTES },
		.number = 1 };
	struct buf text = { .max = TEXT_MAX };
	struct charset_note note;
	unsigned char separator;
	struct span table;
	size_t taken;

	if (is_workbook(bytes))
		return err_set(err, ST_REJECT,
		    "this is a workbook, not a table in text: save it as CSV "
		    "in the spreadsheet");
	charset_to_utf8(&text, bytes, (struct span){ NULL, 0 }, &note);
	r.rc = buf_status(&text, "the table", err);
	if (r.rc == ST_OK && csv_init(&r.parser, CSV_REPALL_NL) != 0)
		r.rc = err_set(err, ST_BROKEN, "libcsv cannot be started");
	if (r.rc != ST_OK) {
		buf_free(&text);
		return r.rc;
	}
	table = buf_span(&text);
	if (take_separator_line(&table, &separator))
		r.number++;
	else
		separator = find_separator(table);
	csv_set_delim(&r.parser, separator);
	taken =
	    csv_parse(&r.parser, table.p, table.n, take_field, take_row, &r);
	if (r.rc == ST_OK && taken != table.n)
		r.rc = err_set(err, ST_REJECT, "row %d cannot be read: %s",
		    r.number, csv_strerror(csv_error(&r.parser)));
	/* A quote inside a cell is taken as it is; one that is open at the end
	 * has swallowed rows. */
	csv_set_opts(&r.parser, CSV_STRICT | CSV_STRICT_FINI);
	if (r.rc == ST_OK && csv_fini(&r.parser, take_field, take_row, &r) != 0)
		r.rc = err_set(err, ST_REJECT,
		    "a quote that opens in row %d is never closed", r.number);
	csv_free(&r.parser);
	buf_free(&r.bytes);
	buf_free(&text);
	return r.rc;
}

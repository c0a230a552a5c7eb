/* csv - tables as spreadsheets save them
 *
 * Place: person import.  libcsv reads the quotes; the character set and the
 * separator are found out first.
 * Standard: RFC 4180, and what Excel and Calc write beside it.
 */
#ifndef CSV_H
#define CSV_H

#include "parsers/buf.h"

enum { CSV_FIELDS_MAX = 64 };

/* One row: `number` counts from 1 as the spreadsheet does, empty rows included.
 * Fields are UTF-8, trimmed, and live during the call. */
typedef enum status csv_row(void *arg, int number, const struct span *fields,
    size_t n, struct err *err);

/* Calls `row` for each row that is not empty, until it answers something other
 * than ST_OK, which then comes back.  UTF-8, UTF-16 with its mark, windows-1250;
 * separated by ';', ',' or a tab, whichever the first row has most of, or as
 * Excel's line "sep=;" says.
 * ST_REJECT: a quote that is never closed, more than CSV_FIELDS_MAX fields;
 * the rows before it were handed over.  RFC 4180. */
enum status
csv_read(struct span bytes, csv_row *row, void *arg, struct err *err);

#endif

/* person_row - one row of a list of people, read and checked
 *
 * Place: person_import.c writes what comes out of here.
 */
#ifndef PERSON_ROW_H
#define PERSON_ROW_H

#include "gateway/config.h"
#include "gateway/store_subscription.h"

/* What a list of people is read as. */
struct person_import {
	const struct config *config;
	const char *consultation; /* for every row; "" as the rows say */
	const char *commune; /* the same */
	const char *proof; /* where the consents are kept; "" as the rows say */
	int64_t consent_ms; /* when they agreed; 0: as the rows say */
	int64_t now;
};

enum person_column {
	PERSON_MAIL,
	PERSON_PHONE,
	PERSON_NAME,
	PERSON_FIRST_NAME,
	PERSON_LAST_NAME,
	PERSON_COMMUNE,
	PERSON_CODE,
	PERSON_CONSENT,
	PERSON_AGREED,
	PERSON_PROOF,
	PERSON_LANGUAGE,
	PERSON_COLUMNS
};

/* What rows are read with.  The table says so in its first row; what the rows
 * before this one looked up is kept.  Start with the first two and { 0 }. */
struct person_reader {
	const struct person_import *im; /* borrowed */
	struct store *st; /* borrowed */
	int at[PERSON_COLUMNS]; /* which field; -1: no such column */
	const char *unknown; /* headings of others, for staff; in `kept` */
	struct arena kept; /* owned */
	struct person_known *known; /* codes and communes; in `kept` */
	size_t n_known;
};

struct person_row {
	const char *mail, *phone; /* normalised; "" none */
	const char *name, *language, *proof; /* "" none */
	int64_t consultation_id, commune_id; /* 0 none */
	int64_t consent_ms;
	const char *note; /* what of it is passed over; NULL nothing */
};

/* The cells of a row; borrowed. */
struct person_fields {
	const struct span *at;
	size_t n;
};

/* The first row.  ST_REJECT: it names neither mail address nor telephone. */
enum status person_row_header(
    struct person_reader *r, const struct person_fields *row, struct err *err);

/* Any other row; its strings live in `a`.  `*why` says in words what is wrong
 * with it, NULL when nothing is. */
enum status person_row_read(struct person_row *out, const char **why,
    struct person_reader *r, const struct person_fields *row, struct arena *a,
    struct err *err);

/* Frees what the reader keeps. */
void person_reader_free(struct person_reader *r);

/* A day as people and spreadsheets write it, "2026-11-03", "3.11.2026 r.",
 * "2026-11-03 14:05": its midnight in `zone`.  False when it is none. */
bool person_row_day(int64_t *ms, struct span s, const char *zone);

#endif

/* person_import - a list of people and what they want, row by row
 *
 * Place: `person import`.  Each row becomes a person with a mail address, a
 * telephone number or both, and a subscription for each, with the proof of
 * consent.  Doing it twice changes nothing; stopped halfway, doing it again
 * writes the rest.
 */
#ifndef PERSON_IMPORT_H
#define PERSON_IMPORT_H

#include "gateway/person_row.h"

struct person_import_report {
	int rows; /* with something in them, without the first */
	int bad;
	int people, contacts; /* new ones */
	int subscriptions; /* new, or active again */
	int known; /* were active already */
	int refused; /* said STOP themselves: left as they are */
	int removed; /* ended by staff after they agreed: left as they are */
	int64_t contact_id; /* of the last row */
	int shared; /* telephones that are tied to somebody else, and stay so */
};

enum person_pass {
	PERSON_CHECK, /* are the rows right?  The report has rows and bad only */
	PERSON_DRY, /* ... and what would be written */
	PERSON_WRITE, /* writes the rows that are right */
};

struct person_list {
	struct span csv;
	enum person_pass pass;
	/* Hears what is wrong with each bad row, and what is passed over in
	 * others; NULL: nobody does. */
	void (*complain)(void *arg, int row, const char *why);
	void *arg; /* for it */
};

/* Reads the list.  ST_REJECT: its first row does not say what the columns are,
 * or there is no other.  Commits every fraction of a second, so that others
 * get their turn. */
enum status person_import(const struct person_import *im, struct store *st,
    const struct person_list *list, struct person_import_report *report,
    struct err *err);

/* The same for one person, by mail address or telephone number; ST_REJECT with
 * what is wrong.  In one transaction of its own. */
enum status person_import_one(const struct person_import *im, struct store *st,
    const char *address, const char *name, struct person_import_report *report,
    struct err *err);

#endif

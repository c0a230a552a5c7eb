/* store_dossier - all that is kept of a person: shown, handed over, erased
 *
 * Place: `person list`, `show`, `export` and `erase`.
 */
#ifndef STORE_DOSSIER_H
#define STORE_DOSSIER_H

#include "gateway/store.h"

enum dossier_part {
	DOSSIER_CONTACTS,
	DOSSIER_SUBSCRIPTIONS,
	DOSSIER_MESSAGES, /* their own, and reports about mail to them */
	DOSSIER_ATTACHMENTS,
	DOSSIER_REMARKS, /* a row each version */
	DOSSIER_SENT, /* what we wrote to them */
	DOSSIER_ANSWERS, /* to meetings */
	DOSSIER_BOUNCES,
	DOSSIER_PARTS
};

/* "contacts", "subscriptions" ...: what the part is called. */
const char *dossier_part_name(enum dossier_part part);

/* Calls `row` with each row of that part as a JSON object, until it answers
 * something other than ST_OK, which then comes back.  `row` must not use the
 * store.  Times are UTC in RFC 3339. */
enum status store_dossier_rows(struct store *st, int64_t person_id,
    enum dossier_part part, enum status (*row)(void *arg, const char *json),
    void *arg, struct err *err);

/* The same for every person that is not erased, or those whose name, address or
 * number holds `find` ("" all). */
enum status store_dossier_people(struct store *st, const char *find,
    enum status (*row)(void *arg, const char *json), void *arg,
    struct err *err);

/* The person of that id, as store_dossier_people() shows them; ST_REJECT when
 * there is none or they are erased. */
enum status store_dossier_person(struct store *st, int64_t person_id,
    enum status (*row)(void *arg, const char *json), void *arg,
    struct err *err);

struct dossier_erased {
	int64_t contacts, messages, letters; /* of theirs; of ours to them */
	int64_t remarks; /* whose words are gone */
};

/* Inside a transaction: erases who they are: names, addresses, messages as they
 * came, what we wrote, subscriptions.  What is counted stays, without a name:
 * the fates of messages, their answers to meetings, the numbers of remarks.
 * The words of remarks go only with `remarks`; the chain then has a link that
 * says so.  Message-ID and hash of a message stay, so that it is recognised
 * when a mailbox is read again.  ST_REJECT: something is being sent to them. */
enum status store_dossier_erase(struct store *st, int64_t person_id,
    bool remarks, int64_t now, struct dossier_erased *out, struct err *err);

/* After the commit: nothing of it is left in the files of the database. */
enum status store_dossier_sweep(struct store *st, struct err *err);

#endif

/* store_person - who speaks, and the address or number they speak from
 *
 * Place: intake finds or adds the contact of each message, staff bring lists.
 * Person and contact are kept apart, so that a contact can be erased and the
 * remarks stay.
 */
#ifndef STORE_PERSON_H
#define STORE_PERSON_H

#include "gateway/store.h"
#include "parsers/message.h"

struct contact {
	int64_t id, person_id;
	enum channel channel;
	const char
	    *address; /* mail: local part as given, domain lower; E.164 */
	const char *name; /* as the person last wrote it */
	const char *language;
	int64_t stopped_ms; /* wants no notices at all since; 0: may get them */
	int64_t bounced_ms, soft_bounced_ms; /* last hard, soft one; 0 none */
	int64_t created_ms;
};

/* The contact of that address (mail addresses compare without letter case),
 * added with a person of its own when it is new; a new name is kept. */
enum status store_contact_reach(struct store *st, enum channel channel,
    const char *address, const char *name, int64_t now, struct arena *a,
    struct contact *out, struct err *err);

/* id 0 in `out` when there is none. */
enum status store_contact_find(struct store *st, enum channel channel,
    const char *address, struct arena *a, struct contact *out, struct err *err);
enum status store_contact_get(struct store *st, int64_t id, struct arena *a,
    struct contact *out, struct err *err);

struct person_facts {
	const char *name; /* "" not said */
	const char *language; /* that they want letters in; "" not said */
	int64_t commune_id; /* 0 not said */
};

/* What is known of the person behind a contact: name and commune where they are
 * still empty; the language for all their contacts. */
enum status store_person_describe(struct store *st, int64_t contact_id,
    const struct person_facts *facts, struct err *err);

/* Adds a contact that is not there yet, to the person c->person_id or (0) to one
 * of its own; sets its ids. */
enum status store_contact_add(
    struct store *st, struct contact *c, int64_t now, struct err *err);

/* Staff say that the contact is that person's: it becomes theirs, with one
 * preference for both (store_preference.h), unless it is tied to another
 * contact of somebody else; `*tied` says whether. */
enum status store_contact_tie(struct store *st, const struct contact *contact,
    int64_t person_id, bool *tied, struct err *err);

#endif

/* store_person - who speaks, and the address or number they speak from
 *
 * Place: intake finds or adds the contact of each message; STOP ends its
 * subscriptions.  Person and contact are kept apart, so that a contact can be
 * erased and the remarks stay.
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
	int64_t bounced_ms; /* last hard bounce; 0 none */
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

/* What is known of the person behind a contact: name and commune (0: not
 * said) where they are still empty. */
enum status store_person_describe(struct store *st, int64_t contact_id,
    const char *name, int64_t commune_id, struct err *err);

/* The two contacts are one person's from now on: `contact_id` is taken to the
 * person of `other_id`. */
enum status store_contact_join(
    struct store *st, int64_t contact_id, int64_t other_id, struct err *err);

/* STOP: no more notices, of one consultation or (0) of all; with the message
 * that asked for it as proof.  `restart` undoes it. */
enum status store_contact_stop(struct store *st, int64_t contact_id,
    int64_t consultation_id, int64_t inbound_id, int64_t now, struct err *err);
enum status store_contact_restart(struct store *st, int64_t contact_id,
    int64_t consultation_id, int64_t inbound_id, int64_t now, struct err *err);

/* WSZYSTKO, beside a stop: not even that a meeting changes which they said they
 * would come to. */
enum status store_contact_silence(
    struct store *st, int64_t contact_id, int64_t now, struct err *err);

/* Notices of the meetings in that commune, from now on or no more; with the
 * message that asked for it as proof.  Whoever asks for one wants notices. */
enum status
store_contact_follow(struct store *st, int64_t contact_id, int64_t commune_id,
    bool follows, int64_t inbound_id, int64_t now, struct err *err);

/* A hard bounce came back from that contact. */
enum status store_contact_bounced(
    struct store *st, int64_t contact_id, int64_t now, struct err *err);

#endif

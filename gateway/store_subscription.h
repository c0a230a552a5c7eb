/* store_subscription - who wants notices of what, and how we know
 *
 * Place: the person and subscription commands; notices go to the active ones.
 * STOP and START by message are store_preference's, in the same table.
 */
#ifndef STORE_SUBSCRIPTION_H
#define STORE_SUBSCRIPTION_H

#include "gateway/store.h"
#include "parsers/message.h"

struct subscription {
	int64_t id;
	int64_t contact_id;
	int64_t consultation_id, commune_id; /* one of the two, the other 0 */
	bool active;
	int64_t since_ms;
	int64_t proof_inbound_id; /* the message that asked; 0 none */
	const char *proof; /* else where the consent is kept */
	int64_t consent_ms; /* when they agreed; 0: by that message */
	/* read only */
	enum channel channel;
	const char *address, *name;
	const char *code, *commune; /* "" the one it is not about */
	int64_t stopped_ms; /* the contact wants no notices at all since */
	int64_t bounced_ms; /* mail to it came back for good */
	int64_t resting_until_ms; /* no notices until then: it came back too
				     often of late */
};

/* Is it there and active, or did its owner, by whichever contact, stop it by
 * message?  Only they can undo that. */
enum status store_subscription_find(struct store *st,
    const struct subscription *s, bool *active, bool *stopped, struct err *err);

/* Did staff end it on a day after s->consent_ms?  Then that consent is over. */
enum status store_subscription_removed(struct store *st,
    const struct subscription *s, bool *removed, struct err *err);

/* Adds it, or makes the one there is active again with this proof. */
enum status store_subscription_put(
    struct store *st, const struct subscription *s, struct err *err);

/* Staff end it; ST_REJECT when there is no such active one. */
enum status store_subscription_end(
    struct store *st, int64_t id, int64_t now, struct err *err);

struct subscription_filter {
	int64_t consultation_id, commune_id, contact_id; /* 0 any */
	bool active_only;
	int limit; /* 0: no limit */
};

/* Calls `row` for each in order of id until it answers something other than
 * ST_OK, which then comes back.  The row's strings live during the call. */
enum status store_subscription_list(struct store *st,
    const struct subscription_filter *filter,
    enum status (*row)(void *arg, const struct subscription *s), void *arg,
    struct err *err);

#endif

/* store_bounce - what came back of our messages, and from whom
 *
 * Place: bounce.c writes it and judges by it.
 */
#ifndef STORE_BOUNCE_H
#define STORE_BOUNCE_H

#include "gateway/store.h"

enum bounce_kind {
	BOUNCE_HARD, /* that address takes no mail */
	BOUNCE_SOFT, /* not now */
	BOUNCE_LATE, /* it may still arrive */
	BOUNCE_COMPLAINT, /* they do not want it */
	BOUNCE_KIND_COUNT
};

struct came_back {
	int64_t contact_id; /* was to get it */
	int64_t outbox_id; /* what came back */
	int64_t inbound_id; /* the report; 0: there is no message of it */
	enum bounce_kind kind;
	const char *status; /* "5.1.1"; "" not said */
	int64_t at_ms;
};

/* Keeps it with its contact; ST_BROKEN as every store function. */
enum status
store_bounce_add(struct store *st, const struct came_back *b, struct err *err);

/* When the `nth` newest row of the contact came back softly, of those after
 * `since` and after it was last heard of; 0: there are not so many. */
enum status store_bounce_nth(struct store *st, int64_t contact_id,
    int64_t since, int nth, int64_t *at, struct err *err);

/* It takes no mail: notices to it that have not left are taken off the queue. */
enum status store_contact_bounced(
    struct store *st, int64_t contact_id, int64_t now, struct err *err);

/* A message came back softly; no notices until then (0: as before). */
enum status store_contact_rests(struct store *st, int64_t contact_id,
    int64_t now, int64_t until, struct err *err);

/* It can be reached: what came back before no longer counts. */
enum status store_contact_heard(
    struct store *st, int64_t contact_id, int64_t now, struct err *err);

#endif

/* store_order - notices that staff order by mail, and the previews they answer
 *
 * Place: intake finds the order that a mail is about, order.c takes it on its
 * way: asked -> (seconded ->) confirmed -> sending -> done; before it is sending
 * it can become cancelled, expired, void or failed.
 */
#ifndef STORE_ORDER_H
#define STORE_ORDER_H

#include "gateway/store.h"

enum order_state {
	ORDER_ASKED, /* its author was sent a PIN */
	ORDER_SECONDED, /* the author's came back, now others were asked */
	ORDER_CONFIRMED, /* it will be sent with the next look */
	ORDER_SENDING,
	ORDER_DONE, /* and reported */
	ORDER_CANCELLED,
	ORDER_EXPIRED,
	ORDER_VOID, /* too many wrong PINs */
	ORDER_FAILED, /* it can no longer be sent */
	ORDER_STATE_COUNT
};

/* "asked", as the schema has it. */
const char *order_state_name(enum order_state state);
/* Asked or seconded: it waits for a PIN. */
bool order_waits(enum order_state state);

struct staff_order {
	int64_t id, inbound_id;
	const char *address; /* of staff, as configured */
	const char *verb; /* "announce", "change", "cancel" */
	enum order_state state;
	const char *content; /* hash of what was shown */
	int64_t created_ms, until_ms, changed_ms;
	int64_t wrong; /* PINs */
	int64_t notice_id; /* 0: not yet */
};

/* Adds it; sets id. */
enum status
store_order_add(struct store *st, struct staff_order *o, struct err *err);

/* Writes back state, content, until_ms, changed_ms, wrong and notice_id. */
enum status
store_order_put(struct store *st, const struct staff_order *o, struct err *err);

/* ST_REJECT when there is none of that id. */
enum status store_order_get(struct store *st, int64_t id, struct arena *a,
    struct staff_order *out, struct err *err);

/* Those that are not over, in order of id. */
enum status store_order_open(struct store *st, struct arena *a,
    struct staff_order **out, size_t *n, struct err *err);

/* Every one there ever was, newest first. */
enum status store_order_all(struct store *st, struct arena *a,
    struct staff_order **out, size_t *n, struct err *err);

/* How many that person ordered since. */
enum status store_order_count(struct store *st, const char *address,
    int64_t since, int64_t *n, struct err *err);

/* How many mails of that template that person was sent since. */
enum status store_order_mails(struct store *st, const char *address,
    const char *template_name, int64_t since, int64_t *n, struct err *err);

struct staff_preview {
	int64_t outbox_id, order_id;
	const char *address; /* of staff, as configured */
	const char *content;
	int64_t used_ms; /* 0: not yet */
	bool is_newest; /* read only: that this person got of the order */
	const char *token; /* read only: of its row */
	enum order_state state; /* read only: of its order */
};

/* Those of one order, in the order they were sent. */
enum status store_preview_of_order(struct store *st, int64_t order_id,
    struct arena *a, struct staff_preview **out, size_t *n, struct err *err);

/* Keeps a preview that is owed to staff, under its row of the outbox. */
enum status store_preview_add(
    struct store *st, const struct staff_preview *p, struct err *err);

/* Its PIN came back. */
enum status store_preview_use(
    struct store *st, int64_t outbox_id, int64_t now, struct err *err);

/* The one that this row of the outbox is; outbox_id 0: it is none. */
enum status store_preview_of_row(struct store *st, int64_t outbox_id,
    struct arena *a, struct staff_preview *out, struct err *err);

/* What that person was asked since, newest first. */
enum status
store_preview_all(struct store *st, const char *address, int64_t since,
    struct arena *a, struct staff_preview **out, size_t *n, struct err *err);

#endif

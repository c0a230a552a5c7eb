/* order - a notice that staff order by mail, on its way to being sent
 *
 * Place: decide_staff.c says what a mail from staff is about; journey carries
 * it out here, in the transaction that stores the mail: the order, the preview
 * it owes and the cursor of its source stand or fall together.  What was
 * confirmed is sent by order_send.c.
 *
 * A mail alone sends nothing.  It yields a preview, to the address that the
 * configuration has, with a PIN; the PIN that comes back from there sends what
 * the preview showed, to whom it was counted for, or yields another preview.
 */
#ifndef ORDER_H
#define ORDER_H

#include "gateway/keys.h"
#include "gateway/order_read.h"
#include "gateway/store_inbound.h"
#include "gateway/store_order.h"
#include "parsers/digest.h"

enum { ORDER_TRIES = 3 }; /* wrong PINs until an order is void */

/* What a mail that claims to be from staff wants, and gets. */
enum staff_step {
	STAFF_NONE, /* it is no such mail */
	STAFF_HELD, /* cannot be believed: the administrator is told */
	STAFF_TAKE, /* an order: a preview, or what it lacks */
	STAFF_CONFIRM, /* the right PIN */
	STAFF_WRONG, /* a wrong one: counted */
	STAFF_CANCEL,
	STAFF_PAUSE, /* a notice that is leaving is held up */
	STAFF_RESUME,
	STAFF_REFUSE /* told why */
};

struct staff_mail {
	enum staff_step step;
	const struct config_staff *who; /* NULL for STAFF_HELD at most */
	const char *verb; /* of an order: "announce" */
	struct span text; /* of an order: what follows its verb */
	int64_t order_id; /* confirmed, cancelled, held up, refused; or 0 */
	int64_t preview_id; /* whose PIN came: its row of the outbox */
	const int64_t *orders; /* that a wrong PIN counts against */
	size_t n_orders;
	const char *flag; /* held, refused: the sentence for it in templates */
};

/* Where an order lives; all borrowed. */
struct order_desk {
	struct store *st;
	const struct config *config;
	const struct keys *keys;
	const struct order_words *words;
	const struct keywords *keywords;
	struct arena *arena;
	int64_t now;
};

/* Does what the mail `in`, which is stored, wants.  Fails when the store does;
 * what cannot be done is answered. */
enum status order_do(const struct order_desk *desk, const struct staff_mail *s,
    const struct inbound *in, struct err *err);

/* Reads an order again, from its mail.  order_free() in every case. */
enum status order_read_again(struct order *out, const struct order_desk *desk,
    const struct staff_order *order, struct err *err);

/* Plans the notice of an order as if its meeting were there already, in the
 * caller's transaction, which it leaves as it was; `content` gets its hash.
 * ST_REJECT says why it cannot be sent.  notice_plan_free() in every case. */
enum status order_plan(struct notice_plan *plan, char content[SHA256_HEX],
    const struct order_desk *desk, struct order *o, struct err *err);

/* What is shown is no longer what would be sent: its author is asked again. */
enum status order_ask_again(const struct order_desk *desk,
    struct staff_order *order, const struct order *o,
    const struct notice_plan *plan, const char *content, struct err *err);

/* A mail to that member of staff: a template of its name filled with `data`,
 * which is stolen.  `in` is what it answers, or NULL; `*id` (may be NULL) is its
 * row. */
enum status order_mail(const struct order_desk *desk, const char *address,
    const char *template_name, json_t *data, const struct inbound *in,
    int64_t *id, struct err *err);

/* Writes the order back in that state, with a line of the audit. */
enum status order_move(const struct order_desk *desk, struct staff_order *order,
    enum order_state state, const char *who, struct err *err);

#endif

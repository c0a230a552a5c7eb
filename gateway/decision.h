/* decision - what was decided of one message, and what it was decided from
 *
 * Place: decide*.c fill it in, intake carries it out.
 */
#ifndef DECISION_H
#define DECISION_H

#include "gateway/config.h"
#include "gateway/keys.h"
#include "gateway/order.h"
#include "gateway/store_consultation.h"
#include "gateway/store_inbound.h"
#include "gateway/store_meeting.h"
#include "gateway/store_outbox.h"
#include "gateway/store_person.h"
#include "gateway/store_remark.h"

/* One remark that the message yields. */
struct filing {
	const struct consultation *consultation;
	struct span text;
};

struct decision {
	enum fate fate;
	const char *why; /* the rule or header, in words; never NULL */
	const char *reply; /* template of the reply owed; NULL: none */
	struct filing *filings;
	size_t n_filings;
	const struct consultation *consultation; /* it is about; or NULL */
	const struct consultation *suggestion; /* "did you mean"; or NULL */
	struct span
	    code_seen; /* the code as written, when it was not certain */
	struct remark same; /* the remark it repeats; id 0 none */
	int64_t settles; /* the held message this one settles; 0 none */
	bool files_settled; /* ... by filing its text; else it is superseded */
	int64_t *also; /* held texts that belong to it, filed as well */
	size_t n_also;
	bool waits_along; /* with a text before it, whose code is asked for */
	int64_t denies; /* the held message whose near miss it denies; 0 none */
	bool
	    is_stop; /* ends notices, of `consultation`, of `commune` or of all */
	int64_t
	    stops_too; /* another contact, whom our letter went to; 0 none */
	bool is_start; /* begins them again */
	bool takes_back; /* and what waits for a consultation to open */
	bool
	    is_silence; /* a stop that ends news of meetings they come to, too */
	int64_t commune_id; /* whose meetings; 0 none */
	const char *commune;
	struct remark of_remark; /* it corrects or withdraws this; id 0 none */
	const char *new_text; /* the corrected words; NULL: it is withdrawn */
	const struct remark *shown; /* remarks that the reply lists; or NULL */
	size_t n_shown;
	struct rsvp *rsvps; /* answers to meetings */
	size_t n_rsvps;
	const struct meeting *meeting; /* the reply is about; or NULL */
	size_t n_meetings; /* the first of that many, by number; 0 is one */
	bool is_unclear; /* ... because it is not clear which is meant */
	int64_t bounced_row; /* of the outbox, that a report is about; 0 none */
	int64_t twin; /* the first of the same mail, maybe forged; 0 none */
	bool needs_staff;
	struct staff_mail staff; /* what a mail of staff wants */
};

/* What a decision reads; all borrowed. */
struct case_file {
	struct store *st;
	const struct config *config;
	const struct keys *keys;
	const struct keywords *keywords;
	const struct order_words *order_words;
	const char *textable_prefixes; /* of the SMS line; "" for mail */
	const char *authserv_id; /* of the mailbox; "" for texts */
	const struct consultation *all; /* every consultation there is */
	size_t n_all;
	struct arena *arena; /* what the decision points into */
	const struct parsed *mail;
	const struct contact *contact; /* id 0 for machine mail */
	const struct raw *raw;
	struct inbound *in; /* times, addresses and hashes filled in */
};

/* Decides for a text that is filed under a code staff or the author named
 * since: closed, not open, duplicate or filed, as of in->received_ms. */
enum status decide_filing(struct decision *out, const struct case_file *c,
    const struct consultation *consultation, struct span text, struct err *err);

#endif

/* store_preference - who wants notices no more, or again, by their own words
 *
 * Place: STOP, WSZYSTKO and ZAPISZ, carried out by optout.c; store_subscription
 * writes the same table for staff.
 *
 * A person has one preference for all their contacts: whoever stops by mail is
 * stopped by text, too.  Two contacts are one person's only when staff tied
 * them (store_contact_tie()).
 */
#ifndef STORE_PREFERENCE_H
#define STORE_PREFERENCE_H

#include "gateway/store.h"

/* What a message asks of the notices to its author, or to whom it answers for. */
struct wish {
	int64_t contact_id; /* of the person */
	int64_t consultation_id, commune_id; /* of one of them; both 0: all */
	int64_t inbound_id; /* the message that proves it */
	int64_t now;
};

/* No more notices: invitations and reminders that have not left are taken off
 * the queue; a change or cancellation is left to those who said they would come. */
enum status
store_preference_stop(struct store *st, const struct wish *w, struct err *err);

/* WSZYSTKO, after a stop of all: not even that a meeting changes which they said
 * they would come to, nor what became of their remark. */
enum status store_preference_silence(
    struct store *st, const struct wish *w, struct err *err);

/* Notices again: of one consultation or commune, for the contact that asks, and
 * for the person's others where a stop had ended it; or (both 0) all that the
 * stop of all ended.  Whoever asks for one wants notices: the stop of all and
 * WSZYSTKO are over. */
enum status
store_preference_start(struct store *st, const struct wish *w, struct err *err);

/* After two contacts became one person's: what was stopped for one by message
 * is stopped for both. */
enum status
store_preference_agree(struct store *st, int64_t contact_id, struct err *err);

#endif

/* optout - who wants notices no more, or again
 *
 * Place: journey, when a decision says so.
 */
#ifndef OPTOUT_H
#define OPTOUT_H

#include "gateway/decision.h"

/* STOP ends notices, WSZYSTKO also news of meetings, START begins them again:
 * for the author (0: a machine), and for whom the decision names besides; by
 * mail and by text. */
enum status optout_apply(struct store *st, const struct decision *d,
    int64_t contact_id, int64_t inbound_id, int64_t now, struct err *err);

#endif

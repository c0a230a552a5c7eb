/* bounce - what a message that came back means for the next ones
 *
 * Place: journey notes reports that come by mail; the outbox notes what a server
 * refuses and what a provider says did not arrive.
 */
#ifndef BOUNCE_H
#define BOUNCE_H

#include "gateway/config.h"
#include "gateway/store_bounce.h"
#include "parsers/buf.h"

/* Does the status (RFC 3463) speak of the address, for good?  A full box, a
 * policy or the way there is no fault of it, whatever the class says. */
enum bounce_kind bounce_kind_of(struct span status);

/* The first status in words such as "550 5.1.1 no such user"; empty: none. */
struct span bounce_status_in(struct span words);

/* Keeps it.  A hard one ends notices to that contact; of soft ones
 * config->soft_bounces within config->soft_bounce_window_ms do, until the oldest
 * of them is that old. */
enum status bounce_note(struct store *st, const struct config *config,
    const struct came_back *b, struct err *err);

#endif

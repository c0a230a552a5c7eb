/* meeting_wish - who wants an interpreter or other access at a meeting
 *
 * Place: `uwaga meeting show`.  Wishes beside an answer stand with the answer;
 * these came alone, as a remark, or with an answer that a later one took the place
 * of, and must be seen as early.
 */
#ifndef MEETING_WISH_H
#define MEETING_WISH_H

#include "gateway/store_meeting.h"

/* Those of people who were told of it, first the remarks; in `a`. */
enum status meeting_wishes(struct rsvp **out, size_t *n, struct store *st,
    int64_t meeting_id, struct arena *a, struct err *err);

#endif

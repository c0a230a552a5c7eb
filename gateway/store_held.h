/* store_held - what became of a meeting: who came, and what they raised
 *
 * Place: `meeting held` writes it, `meeting show` prints it.
 */
#ifndef STORE_HELD_H
#define STORE_HELD_H

#include "gateway/store_meeting.h"

/* How many of one group came. */
struct head_count {
	const char *group; /* "mieszkańcy" */
	int64_t people;
};

/* What somebody raised there. */
struct point {
	int64_t id, number; /* from 1, in each meeting */
	const char *text;
	int64_t remark_id; /* what it became; 0 nothing yet */
	const char *remark; /* read only: "BL-7M4H/12"; "" none */
};

/* The meeting took place. */
enum status
store_meeting_held(struct store *st, int64_t meeting_id, struct err *err);

/* Sets the count of a group, also when there is one already. */
enum status store_held_count(struct store *st, int64_t meeting_id,
    const struct head_count *count, struct err *err);
/* All of a meeting, by group. */
enum status store_held_counts(struct store *st, int64_t meeting_id,
    struct arena *a, struct head_count **out, size_t *n, struct err *err);

/* Adds a point under the next number, which it sets. */
enum status store_held_point(struct store *st, int64_t meeting_id,
    struct point *point, int64_t now, struct err *err);
/* All of a meeting, by number. */
enum status store_held_points(struct store *st, int64_t meeting_id,
    struct arena *a, struct point **out, size_t *n, struct err *err);
/* It has become that remark. */
enum status store_held_filed(
    struct store *st, int64_t point_id, int64_t remark_id, struct err *err);

#endif

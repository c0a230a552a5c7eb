/* store_consultation - consultations, their codes and communes
 *
 * Place: intake asks what a code means; the consultation command adds and
 * lists; init loads the seed.
 */
#ifndef STORE_CONSULTATION_H
#define STORE_CONSULTATION_H

#include "gateway/store.h"

struct consultation {
	int64_t id;
	const char *code; /* canonical, unique */
	const char *case_ref, *title, *title_short, *kind, *owner;
	const char *phase; /* "needs" or "remarks" */
	int64_t opens_ms,
	    closes_ms; /* half-open: opens <= t < closes; 0 unset */
	const char *timezone; /* of the local times */
	const char *opens_local, *closes_local; /* "2026-12-04T23:59:59" */
	const char *communes; /* names, one per line */
	const char *groups; /* entitled groups, one per line */
	const char *aliases; /* one per line */
	int64_t remarks; /* read only: filed so far */
};

/* What the times say at an instant. */
enum phase_state {
	CONSULTATION_PLANNED,
	CONSULTATION_OPEN,
	CONSULTATION_CLOSED
};

/* Half-open: at opens_ms it is open, at closes_ms it is closed. */
enum phase_state consultation_state(const struct consultation *c, int64_t at);

/* "planned", "open", "closed". */
const char *phase_state_name(enum phase_state state);

/* Adds, or changes the one with that code; sets id.  In a transaction of the
 * caller.  ST_REJECT with the reason when it makes no sense. */
enum status store_consultation_put(
    struct store *st, struct consultation *c, struct err *err);

/* By canonical code or alias; id 0 when there is none. */
enum status store_consultation_find(struct store *st, const char *code,
    struct arena *a, struct consultation *out, struct err *err);
enum status store_consultation_get(struct store *st, int64_t id,
    struct arena *a, struct consultation *out, struct err *err);

/* All, ordered by code. */
enum status store_consultation_all(struct store *st, struct arena *a,
    struct consultation **out, size_t *n, struct err *err);

/* Is `phase` "needs" or "remarks"? */
bool phase_is_valid(const char *phase);

/* Remark `number` of that consultation was given before this database was
 * made; it and those below are not given again. */
enum status store_consultation_number_used(
    struct store *st, int64_t id, int64_t number, struct err *err);

/* Adds a commune unless it is there; `kind` "urban" or "rural", may be "". */
enum status store_commune_put(struct store *st, const char *name,
    const char *kind, int64_t *id, struct err *err);
/* By its name, folded; id 0 when there is none. */
enum status store_commune_find(struct store *st, struct span name,
    struct arena *a, int64_t *id, const char **found, struct err *err);
enum status store_commune_all(struct store *st, struct arena *a,
    const char ***names, size_t *n, struct err *err);

#endif

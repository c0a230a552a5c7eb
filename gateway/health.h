/* health - how each part of the gateway is
 *
 * Place: the intake thread (or `run --once`) notes here what every source, way
 * out and thread came to, and has it looked at once a minute: notes, disk,
 * certificates and what is owed become readings, of which alert.c tells the
 * administrator.  One thread at a time.
 */
#ifndef HEALTH_H
#define HEALTH_H

#include "gateway/alert.h"

struct health;

/* All borrowed, for its life. */
enum status health_open(struct health **out, struct store *st,
    const struct config *config, const struct keys *keys, struct err *err);
void health_close(struct health *h);

/* What the last attempt at a part came to: a source, a way out (`name` as the
 * log calls it), the disk, or a thread.  ST_OK: it is well; ST_REJECT: somebody
 * must mend something, and is told at once; else after 30 minutes.  True when
 * that is news which should be looked at now. */
bool health_note(struct health *h, enum alert_kind kind, const char *name,
    enum status rc, const char *why);

/* When the certificate of that source or way out ends; 0: it has none. */
void health_certificate(struct health *h, const char *name, int64_t expires_ms);

/* Takes every reading there is and owes what is to be told, in a transaction of
 * its own.  `*told` counts the alerts owed. */
enum status
health_look(struct health *h, int64_t now, int *told, struct err *err);

/* Is less free beside the database than disk_reserve?  Once it was low
 * (`was_low`) a quarter more must be free until it is not.  `*free_mb` (may be
 * NULL) gets what is free; a disk that cannot be asked is not called low. */
bool
health_disk_is_low(const struct config *config, bool was_low, int64_t *free_mb);

/* The same with its sentence: ST_RETRY while it is low. */
enum status
health_disk(const struct config *config, bool was_low, struct err *err);

#endif

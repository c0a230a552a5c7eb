/* optout - who wants notices no more, or again */
#include "gateway/optout.h"

#include "gateway/store_preference.h"

static enum status
apply_to(struct store *st, const struct decision *d, const struct wish *w,
    struct err *err)
{
	enum status rc;

	if (d->is_start)
		return store_preference_start(st, w, err);
	rc = store_preference_stop(st, w, err);
	return rc == ST_OK && d->is_silence
		   ? store_preference_silence(st, w, err)
		   : rc;
}

enum status
optout_apply(struct store *st, const struct decision *d, int64_t contact_id,
    int64_t inbound_id, int64_t now, struct err *err)
{
	struct wish w = { .contact_id = contact_id,
		.commune_id = d->commune_id,
		.inbound_id = inbound_id,
		.now = now };
	enum status rc = ST_OK;

	if (!d->is_start && !d->is_stop)
		return ST_OK;
	if (d->commune_id == 0 && d->consultation != NULL)
		w.consultation_id = d->consultation->id;
	if (contact_id != 0)
		rc = apply_to(st, d, &w, err);
	w.contact_id = d->stops_too;
	return rc == ST_OK && w.contact_id != 0 ? apply_to(st, d, &w, err) : rc;
}

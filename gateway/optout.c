/* optout - who wants notices no more, or again */
#include "gateway/optout.h"

static enum status
apply_to(struct store *st, const struct decision *d, int64_t contact_id,
    int64_t inbound_id, int64_t now, struct err *err)
{
	int64_t consultation_id =
	    d->consultation != NULL ? d->consultation->id : 0;
	enum status rc;

	if (d->commune_id != 0)
		return store_contact_follow(st, contact_id, d->commune_id,
		    d->is_start, inbound_id, now, err);
	if (d->is_start)
		return store_contact_restart(
		    st, contact_id, consultation_id, inbound_id, now, err);
	rc = store_contact_stop(
	    st, contact_id, consultation_id, inbound_id, now, err);
	return rc == ST_OK && d->is_silence
		   ? store_contact_silence(st, contact_id, now, err)
		   : rc;
}

enum status
optout_apply(struct store *st, const struct decision *d, int64_t contact_id,
    int64_t inbound_id, int64_t now, struct err *err)
{
	enum status rc = ST_OK;

	if (!d->is_start && !d->is_stop)
		return ST_OK;
	if (contact_id != 0)
		rc = apply_to(st, d, contact_id, inbound_id, now, err);
	return rc == ST_OK && d->stops_too != 0
		   ? apply_to(st, d, d->stops_too, inbound_id, now, err)
		   : rc;
}

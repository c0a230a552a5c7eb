/* store_subscription - who wants notices of what, and how we know */
#include "gateway/store_subscription.h"

#include <string.h>

#include "gateway/store_internal.h"

/* Whoever said STOP by message, from whichever contact of theirs, stays stopped
 * until they say START. */
static const char subscription_refused[] =
    "SELECT EXISTS (SELECT 1 FROM contact w JOIN contact k"
    " ON k.id = w.id OR k.person_id = w.person_id WHERE w.id = :contact"
    " AND (k.stopped_ms IS NOT NULL OR EXISTS (SELECT 1 FROM subscription s"
    " WHERE s.contact_id = k.id"
    " AND (s.consultation_id = :consultation OR s.commune_id = :commune)"
    " AND s.state = 'stopped' AND s.proof_inbound_id IS NOT NULL)))";

static const char subscription_removed[] =
    "SELECT EXISTS (SELECT 1 FROM subscription WHERE contact_id = :contact"
    " AND (consultation_id = :consultation OR commune_id = :commune)"
    " AND state = 'stopped' AND proof_inbound_id IS NULL"
    " AND since_ms >= :consent + 86400000)";

static const char subscription_put[] =
    "INSERT INTO subscription (contact_id, consultation_id, commune_id, state,"
    " since_ms, proof_inbound_id, proof, consent_ms) VALUES (:contact,"
    " :consultation, :commune, 'active', :since, :proof_inbound, :proof,"
    " :consent) ON CONFLICT DO UPDATE SET state = excluded.state,"
    " since_ms = excluded.since_ms, proof = excluded.proof,"
    " proof_inbound_id = excluded.proof_inbound_id,"
    " consent_ms = excluded.consent_ms";

static void
bind_target(struct query *q, const struct subscription *s)
{
	query_id(q, ":contact", s->contact_id);
	query_id(q, ":consultation", s->consultation_id);
	query_id(q, ":commune", s->commune_id);
}

static void
bind_proof(struct query *q, const struct subscription *s)
{
	query_int(q, ":since", s->since_ms);
	query_id(q, ":proof_inbound", s->proof_inbound_id);
	query_text(q, ":proof", s->proof);
	query_time(q, ":consent", s->consent_ms);
}

static const char subscription_active[] =
    "SELECT EXISTS (SELECT 1 FROM subscription WHERE contact_id = :contact"
    " AND (consultation_id = :consultation OR commune_id = :commune)"
    " AND state = 'active')";

enum status
store_subscription_find(struct store *st, const struct subscription *s,
    bool *active, bool *stopped, struct err *err)
{
	int64_t found = 0;
	struct query q;
	enum status rc;

	*active = *stopped = false;
	query_open(&q, st, subscription_refused);
	bind_target(&q, s);
	rc = query_number(&q, &found, err);
	*stopped = rc == ST_OK && found != 0;
	if (rc != ST_OK || *stopped)
		return rc;
	query_open(&q, st, subscription_active);
	bind_target(&q, s);
	rc = query_number(&q, &found, err);
	*active = rc == ST_OK && found != 0;
	return rc;
}

enum status
store_subscription_removed(struct store *st, const struct subscription *s,
    bool *removed, struct err *err)
{
	int64_t found = 0;
	struct query q;
	enum status rc;

	query_open(&q, st, subscription_removed);
	bind_target(&q, s);
	query_int(&q, ":consent", s->consent_ms);
	rc = query_number(&q, &found, err);
	*removed = rc == ST_OK && found != 0;
	return rc;
}

enum status
store_subscription_put(
    struct store *st, const struct subscription *s, struct err *err)
{
	struct query q;

	query_open(&q, st, subscription_put);
	bind_target(&q, s);
	bind_proof(&q, s);
	return query_run(&q, err);
}

static const char subscription_end[] =
    "UPDATE subscription SET state = 'stopped', since_ms = :now,"
    " proof_inbound_id = NULL"
    " WHERE id = :id AND state = 'active' RETURNING id";

enum status
store_subscription_end(
    struct store *st, int64_t id, int64_t now, struct err *err)
{
	int64_t found = 0;
	struct query q;
	enum status rc;

	query_open(&q, st, subscription_end);
	query_id(&q, ":id", id);
	query_int(&q, ":now", now);
	rc = query_number(&q, &found, err);
	if (rc == ST_OK && found == 0)
		return err_set(err, ST_REJECT,
		    "there is no active subscription %lld; see uwaga "
		    "subscription list",
		    (long long)id);
	return rc;
}

static const char subscription_list[] =
    "SELECT s.id, s.contact_id, s.consultation_id, s.commune_id,"
    " s.state = 'active', s.since_ms, s.proof_inbound_id, s.proof,"
    " s.consent_ms, k.channel, k.address, k.name, c.code, g.name,"
    " k.stopped_ms, k.bounced_ms, k.resting_until_ms FROM subscription s"
    " JOIN contact k ON k.id = s.contact_id"
    " LEFT JOIN consultation c ON c.id = s.consultation_id"
    " LEFT JOIN commune g ON g.id = s.commune_id"
    " WHERE s.id > :after"
    " AND (:consultation IS NULL OR s.consultation_id = :consultation)"
    " AND (:commune IS NULL OR s.commune_id = :commune)"
    " AND (:contact IS NULL OR s.contact_id = :contact)"
    " AND (NOT :active OR s.state = 'active')"
    " ORDER BY s.id LIMIT :limit";

static void
read_row(struct query *q, struct arena *a, struct subscription *out)
{
	out->id = query_get_int(q);
	out->contact_id = query_get_int(q);
	out->consultation_id = query_get_int(q);
	out->commune_id = query_get_int(q);
	out->active = query_get_bool(q);
	out->since_ms = query_get_int(q);
	out->proof_inbound_id = query_get_int(q);
	out->proof = query_get_text(q, a);
	out->consent_ms = query_get_int(q);
	out->channel = strcmp(query_get_text(q, a), "sms") == 0 ? CHANNEL_SMS
								: CHANNEL_MAIL;
	out->address = query_get_text(q, a);
	out->name = query_get_text(q, a);
	out->code = query_get_text(q, a);
	out->commune = query_get_text(q, a);
	out->stopped_ms = query_get_int(q);
	out->bounced_ms = query_get_int(q);
	out->resting_until_ms = query_get_int(q);
}

static enum status
read_page(struct store *st, const struct subscription_filter *f, int64_t after,
    int limit, struct arena *a, struct subscription *page, int *n,
    struct err *err)
{
	struct query q;
	enum status rc;

	*n = 0;
	query_open(&q, st, subscription_list);
	query_int(&q, ":after", after);
	query_id(&q, ":consultation", f->consultation_id);
	query_id(&q, ":commune", f->commune_id);
	query_id(&q, ":contact", f->contact_id);
	query_int(&q, ":active", f->active_only);
	query_int(&q, ":limit", page_size(limit));
	while ((rc = query_step(&q, err)) == ST_OK && q.has_row && *n < PAGE)
		read_row(&q, a, &page[(*n)++]);
	return query_close(&q, rc, err);
}

enum status
store_subscription_list(struct store *st,
    const struct subscription_filter *filter,
    enum status (*row)(void *arg, const struct subscription *s), void *arg,
    struct err *err)
{
	struct subscription page[PAGE];
	int limit = filter->limit, n = 0;
	int64_t after = 0;
	enum status rc;

	do {
		struct arena a = { 0 };

		rc = read_page(st, filter, after, limit, &a, page, &n, err);
		for (int i = 0; i < n && rc == ST_OK; i++)
			rc = row(arg, &page[i]);
		if (n > 0)
			after = page[n - 1].id;
		arena_free(&a);
	} while (rc == ST_OK && page_goes_on(n, &limit));
	return rc;
}

const struct statement store_subscription_statements[] = {
	{ "subscription_removed", subscription_removed },
	{ "subscription_refused", subscription_refused },
	{ "subscription_active", subscription_active },
	{ "subscription_put", subscription_put },
	{ "subscription_end", subscription_end },
	{ "subscription_list", subscription_list },
	{ NULL, NULL },
};

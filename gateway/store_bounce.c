/* store_bounce - what came back of our messages, and from whom */
#include "gateway/store_bounce.h"

#include "gateway/store_internal.h"

static const char *const kinds[BOUNCE_KIND_COUNT] = {
	[BOUNCE_HARD] = "hard",
	[BOUNCE_SOFT] = "soft",
	[BOUNCE_LATE] = "late",
	[BOUNCE_COMPLAINT] = "complaint",
};

static const char bounce_add[] =
    "INSERT INTO bounce (contact_id, outbox_id, inbound_id, kind, status,"
    " at_ms) VALUES (:contact, :outbox, :inbound, :kind, :status, :at)";

enum status
store_bounce_add(struct store *st, const struct came_back *b, struct err *err)
{
	struct query q;

	query_open(&q, st, bounce_add);
	query_id(&q, ":contact", b->contact_id);
	query_id(&q, ":outbox", b->outbox_id);
	query_id(&q, ":inbound", b->inbound_id);
	query_text(&q, ":kind", kinds[b->kind]);
	query_text(&q, ":status", b->status);
	query_int(&q, ":at", b->at_ms);
	return query_run(&q, err);
}

/* A row that comes back twice is one. */
static const char bounce_nth[] =
    "SELECT MIN(at_ms) AS first FROM bounce WHERE contact_id = :contact"
    " AND kind = 'soft' AND at_ms > :since AND at_ms > COALESCE("
    "(SELECT heard_ms FROM contact WHERE id = :contact), 0)"
    " GROUP BY outbox_id ORDER BY first DESC LIMIT 1 OFFSET :before";

enum status
store_bounce_nth(struct store *st, int64_t contact_id, int64_t since, int nth,
    int64_t *at, struct err *err)
{
	struct query q;

	query_open(&q, st, bounce_nth);
	query_id(&q, ":contact", contact_id);
	query_int(&q, ":since", since);
	query_int(&q, ":before", nth - 1);
	return query_number(&q, at, err);
}

static const char contact_bounced[] =
    "UPDATE contact SET bounced_ms = :now WHERE id = :contact";
static const char contact_bounced_unsent[] =
    "UPDATE outbox SET state = 'cancelled', due_ms = NULL,"
    " error = 'its recipient takes no mail'"
    " WHERE contact_id = :contact AND state IN ('queued', 'deferred')"
    " AND notice_id IS NOT NULL";

enum status
store_contact_bounced(
    struct store *st, int64_t contact_id, int64_t now, struct err *err)
{
	struct query q;
	enum status rc;

	query_open(&q, st, contact_bounced);
	query_id(&q, ":contact", contact_id);
	query_int(&q, ":now", now);
	rc = query_run(&q, err);
	if (rc != ST_OK)
		return rc;
	query_open(&q, st, contact_bounced_unsent);
	query_id(&q, ":contact", contact_id);
	return query_run(&q, err);
}

static const char contact_rests[] =
    "UPDATE contact SET soft_bounced_ms = :now,"
    " resting_until_ms = COALESCE(:until, resting_until_ms)"
    " WHERE id = :contact";

enum status
store_contact_rests(struct store *st, int64_t contact_id, int64_t now,
    int64_t until, struct err *err)
{
	struct query q;

	query_open(&q, st, contact_rests);
	query_id(&q, ":contact", contact_id);
	query_int(&q, ":now", now);
	query_time(&q, ":until", until);
	return query_run(&q, err);
}

static const char contact_heard[] =
    "UPDATE contact SET bounced_ms = NULL, soft_bounced_ms = NULL,"
    " resting_until_ms = NULL, heard_ms = :now WHERE id = :contact"
    " AND (bounced_ms IS NOT NULL OR soft_bounced_ms IS NOT NULL)";

enum status
store_contact_heard(
    struct store *st, int64_t contact_id, int64_t now, struct err *err)
{
	struct query q;

	query_open(&q, st, contact_heard);
	query_id(&q, ":contact", contact_id);
	query_int(&q, ":now", now);
	return query_run(&q, err);
}

const struct statement store_bounce_statements[] = {
	{ "bounce_add", bounce_add },
	{ "bounce_nth", bounce_nth },
	{ "contact_bounced", contact_bounced },
	{ "contact_bounced_unsent", contact_bounced_unsent },
	{ "contact_rests", contact_rests },
	{ "contact_heard", contact_heard },
	{ NULL, NULL },
};

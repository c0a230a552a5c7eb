/* store_outbox_count - how many rows of the outbox there are of a kind
 *
 * Place: the limits of replies, health and the lists ask; see store_outbox.h.
 */
#include <string.h>

#include "gateway/store_internal.h"
#include "gateway/store_outbox.h"

#define COUNT_SINCE                                              \
	"SELECT COUNT(*) FROM outbox WHERE created_ms >= :since" \
	" AND state <> 'cancelled'"
/* Notices to many are no replies, and must not keep replies back. */
#define IS_REPLY                            \
	" AND template <> 'confirm_remark'" \
	" AND inbound_id IS NOT NULL"

static const char outbox_count_kind[] =
    COUNT_SINCE " AND contact_id IS :contact AND template = :template"
		" AND (:question IS NULL OR question = :question)";
static const char outbox_count_contact[] =
    COUNT_SINCE " AND contact_id = :contact" IS_REPLY;
static const char outbox_count_all[] = COUNT_SINCE IS_REPLY;

enum status
store_outbox_count(struct store *st, int64_t contact_id,
    const char *template_name, const char *question, int64_t since,
    int64_t *count, struct err *err)
{
	struct query q;

	if (template_name != NULL)
		query_open(&q, st, outbox_count_kind);
	else if (contact_id != 0)
		query_open(&q, st, outbox_count_contact);
	else
		query_open(&q, st, outbox_count_all);
	query_int(&q, ":since", since);
	if (template_name != NULL || contact_id != 0)
		query_id(&q, ":contact", contact_id);
	if (template_name != NULL)
		query_text(&q, ":template", template_name);
	if (template_name != NULL && question != NULL)
		query_text(&q, ":question", question);
	return query_number(&q, count, err);
}

static const char outbox_counts[] =
    "SELECT state, COUNT(*) FROM outbox GROUP BY state";

enum status
store_outbox_counts(
    struct store *st, int64_t count[OUTBOX_STATE_COUNT + 1], struct err *err)
{
	struct arena a = { 0 };
	struct query q;
	enum status rc;

	memset(count, 0, sizeof(*count) * (OUTBOX_STATE_COUNT + 1));
	query_open(&q, st, outbox_counts);
	while ((rc = query_step(&q, err)) == ST_OK && q.has_row) {
		enum outbox_state state =
		    outbox_state_by_name(query_get_text(&q, &a));
		int64_t n = query_get_int(&q);

		count[state] += n;
		if (state != OUTBOX_STATE_COUNT)
			count[OUTBOX_STATE_COUNT] += n;
	}
	arena_free(&a);
	return query_close(&q, rc, err);
}

/* Only the newest rows are asked when one left, as there is no index for it. */
static const char outbox_last_sent[] =
    "SELECT MAX(settled_ms) FROM (SELECT settled_ms, state, channel"
    " FROM outbox ORDER BY id DESC LIMIT 1000)"
    " WHERE state = 'sent' AND channel = :channel"
    " AND settled_ms <= :now + 60000"; /* else of a clock put back */
static const char outbox_owed[] =
    "SELECT COUNT(*), MIN(created_ms), COALESCE(SUM(due_ms <= :late), 0)"
    " FROM outbox"
    " WHERE state IN ('queued', 'deferred') AND due_ms IS NOT NULL"
    " AND (notice_id IS NULL OR EXISTS (SELECT 1 FROM notice n"
    " WHERE n.id = notice_id AND n.state = 'sending'))"
    " AND channel = :channel"
    " AND template NOT IN ('alert_broken', 'alert_over')"
    " AND (due_ms <= :late OR (attempts > 0 AND claimed_ms > :last))";

enum status
store_outbox_owed(struct store *st, enum channel channel, int64_t now,
    int64_t late, struct outbox_owed *out, struct err *err)
{
	struct query q;
	enum status rc;

	*out = (struct outbox_owed){ 0 };
	query_open(&q, st, outbox_last_sent);
	query_text(&q, ":channel", channel_name(channel));
	query_int(&q, ":now", now);
	rc = query_number(&q, &out->last_sent_ms, err);
	if (rc != ST_OK)
		return rc;
	query_open(&q, st, outbox_owed);
	query_text(&q, ":channel", channel_name(channel));
	query_int(&q, ":late", late);
	query_int(&q, ":last", out->last_sent_ms);
	rc = query_step(&q, err);
	if (rc == ST_OK && q.has_row) {
		out->rows = query_get_int(&q);
		out->oldest_ms = query_get_int(&q);
		out->untried = query_get_int(&q);
	}
	return query_close(&q, rc, err);
}

const struct statement store_outbox_count_statements[] = {
	{ "outbox_count_kind", outbox_count_kind },
	{ "outbox_count_contact", outbox_count_contact },
	{ "outbox_count_all", outbox_count_all },
	{ "outbox_counts", outbox_counts },
	{ "outbox_last_sent", outbox_last_sent },
	{ "outbox_owed", outbox_owed },
	{ NULL, NULL },
};

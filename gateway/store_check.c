/* store_check - does every statement fit the schema?
 *
 * Place: above all store files, which each list their statements; asked by the
 * unit test.
 */
#include "gateway/store.h"
#include "gateway/store_internal.h"

static const struct statement *const tables[] = {
	store_statements,
	store_inbound_statements,
	store_remark_statements,
	store_consultation_statements,
	store_meeting_statements,
	store_notice_statements,
	store_held_statements,
	store_person_statements,
	store_preference_statements,
	store_bounce_statements,
	store_dossier_statements,
	store_outbox_statements,
	store_outbox_count_statements,
	store_subscription_statements,
	store_order_statements,
	store_answer_statements,
	store_chain_statements,
	store_backup_statements,
};

enum status
store_check_statements(struct store *st, struct err *err)
{
	enum status rc = ST_OK;

	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
		for (const struct statement *s = tables[t];
		     s->name != NULL && rc == ST_OK; s++)
			rc = query_check(st, s->sql, s->name, err);
	return rc;
}

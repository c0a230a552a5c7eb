/* store_preference - who wants notices no more, or again, by their own words */
#include "gateway/store_preference.h"

#include "gateway/store_internal.h"

/* Every contact of the person whose contact it is. */
#define OF_PERSON                                    \
	"(SELECT k.id FROM contact w JOIN contact k" \
	" ON k.id = w.id OR k.person_id = w.person_id WHERE w.id = :contact)"

static enum status
run_wish(struct query *q, const struct wish *w, struct err *err)
{
	query_id(q, ":contact", w->contact_id);
	query_id(q, ":proof", w->inbound_id);
	query_int(q, ":now", w->now);
	return query_run(q, err);
}

/* ---- stop -------------------------------------------------------------- */

/* Also where there was no subscription: who follows the commune leaves this
 * consultation, and the other way round. */
static const char preference_leave[] =
    "INSERT INTO subscription (contact_id, consultation_id, commune_id, state,"
    " since_ms, proof_inbound_id) SELECT id, :consultation, :commune,"
    " 'stopped', :now, :proof FROM contact WHERE id IN " OF_PERSON
    " ON CONFLICT DO UPDATE SET state = excluded.state,"
    " since_ms = excluded.since_ms,"
    " proof_inbound_id = excluded.proof_inbound_id";

static const char preference_leave_all[] =
    "UPDATE subscription SET state = 'stopped', since_ms = :now,"
    " proof_inbound_id = :proof"
    " WHERE contact_id IN " OF_PERSON " AND state = 'active'";

static const char preference_stop[] =
    "UPDATE contact SET stopped_ms = :now, stopped_by = :proof,"
    " restarted_by = NULL WHERE id IN " OF_PERSON " AND stopped_ms IS NULL";

/* Invitations that have not left. */
#define UNSENT_INVITATIONS                                      \
	"UPDATE outbox SET state = 'cancelled', due_ms = NULL," \
	" error = 'its recipient wants no notices'"             \
	" WHERE contact_id IN " OF_PERSON                       \
	" AND state IN ('queued', 'deferred')"                  \
	" AND notice_id IN (SELECT id FROM notice"              \
	" WHERE kind IN ('announcement', 'reminder'))"

static const char preference_unsent[] = UNSENT_INVITATIONS
    " AND (:consultation IS NULL OR consultation_id = :consultation)";

/* Those of that commune's meetings alone, unless its consultation is followed. */
static const char preference_unsent_commune[] = UNSENT_INVITATIONS
    " AND NOT EXISTS (SELECT 1 FROM outbox_meeting t"
    " JOIN meeting m ON m.id = t.meeting_id WHERE t.outbox_id = outbox.id"
    " AND (m.commune_id <> :commune OR EXISTS (SELECT 1 FROM subscription s"
    " WHERE s.contact_id = outbox.contact_id AND s.state = 'active'"
    " AND s.consultation_id = m.consultation_id)))";

static enum status
take_off_queue(struct store *st, const struct wish *w, struct err *err)
{
	struct query q;

	if (w->commune_id != 0) {
		query_open(&q, st, preference_unsent_commune);
		query_id(&q, ":commune", w->commune_id);
	} else {
		query_open(&q, st, preference_unsent);
		query_id(&q, ":consultation", w->consultation_id);
	}
	query_id(&q, ":contact", w->contact_id);
	return query_run(&q, err);
}

static enum status
leave(struct store *st, const struct wish *w, struct err *err)
{
	struct query q;
	enum status rc;

	if (w->consultation_id != 0 || w->commune_id != 0) {
		query_open(&q, st, preference_leave);
		query_id(&q, ":consultation", w->consultation_id);
		query_id(&q, ":commune", w->commune_id);
		return run_wish(&q, w, err);
	}
	query_open(&q, st, preference_leave_all);
	rc = run_wish(&q, w, err);
	if (rc != ST_OK)
		return rc;
	query_open(&q, st, preference_stop);
	return run_wish(&q, w, err);
}

enum status
store_preference_stop(struct store *st, const struct wish *w, struct err *err)
{
	enum status rc = leave(st, w, err);

	return rc == ST_OK ? take_off_queue(st, w, err) : rc;
}

static const char preference_silence[] =
    "UPDATE contact SET silenced_ms = :now WHERE id IN " OF_PERSON;

/* News of meetings, and what became of a remark, that have not left. */
static const char preference_unsent_news[] =
    "UPDATE outbox SET state = 'cancelled', due_ms = NULL,"
    " error = 'its recipient wants no notices'"
    " WHERE contact_id IN " OF_PERSON " AND state IN ('queued', 'deferred')"
    " AND (notice_id IS NOT NULL OR template = 'answer_to_remark')";

enum status
store_preference_silence(
    struct store *st, const struct wish *w, struct err *err)
{
	struct query q;
	enum status rc;

	query_open(&q, st, preference_silence);
	query_id(&q, ":contact", w->contact_id);
	query_int(&q, ":now", w->now);
	rc = query_run(&q, err);
	if (rc != ST_OK)
		return rc;
	query_open(&q, st, preference_unsent_news);
	query_id(&q, ":contact", w->contact_id);
	return query_run(&q, err);
}

/* ---- start ------------------------------------------------------------- */

static const char preference_follow[] =
    "INSERT INTO subscription (contact_id, consultation_id, commune_id, state,"
    " since_ms, proof_inbound_id, consent_ms) VALUES (:contact, :consultation,"
    " :commune, 'active', :now, :proof, :now) ON CONFLICT DO UPDATE SET"
    " state = excluded.state, since_ms = excluded.since_ms,"
    " proof_inbound_id = excluded.proof_inbound_id,"
    " consent_ms = excluded.consent_ms";

/* What the person stopped by message on their other contacts: it begins again
 * where they had agreed to it once; else only the stop goes. */
#define STOPPED_BESIDE                                                    \
	" WHERE contact_id IN " OF_PERSON " AND contact_id <> :contact"   \
	" AND (consultation_id = :consultation OR commune_id = :commune)" \
	" AND state = 'stopped' AND proof_inbound_id IS NOT NULL"
static const char preference_follow_beside[] =
    "UPDATE subscription SET state = 'active', since_ms = :now,"
    " proof_inbound_id = :proof" STOPPED_BESIDE " AND consent_ms IS NOT NULL";
static const char preference_forget_beside[] =
    "DELETE FROM subscription" STOPPED_BESIDE " AND consent_ms IS NULL";

/* Those, and only those, that the stop of everything ended. */
static const char preference_follow_all[] =
    "UPDATE subscription SET state = 'active', since_ms = :now,"
    " proof_inbound_id = :proof"
    " WHERE contact_id IN " OF_PERSON " AND state = 'stopped' AND since_ms ="
    " (SELECT stopped_ms FROM contact WHERE id = subscription.contact_id)";

/* The others that the stop ended stay ended when one is asked for. */
static const char preference_start[] =
    "UPDATE contact SET stopped_ms = NULL, silenced_ms = NULL,"
    " restarted_by = :proof WHERE id IN " OF_PERSON
    " AND (stopped_ms IS NOT NULL OR silenced_ms IS NOT NULL)";

static enum status
follow(struct store *st, const struct wish *w, struct err *err)
{
	struct query q;
	enum status rc;

	query_open(&q, st, preference_follow);
	query_id(&q, ":consultation", w->consultation_id);
	query_id(&q, ":commune", w->commune_id);
	rc = run_wish(&q, w, err);
	if (rc != ST_OK)
		return rc;
	query_open(&q, st, preference_follow_beside);
	query_id(&q, ":consultation", w->consultation_id);
	query_id(&q, ":commune", w->commune_id);
	rc = run_wish(&q, w, err);
	if (rc != ST_OK)
		return rc;
	query_open(&q, st, preference_forget_beside);
	query_id(&q, ":consultation", w->consultation_id);
	query_id(&q, ":commune", w->commune_id);
	query_id(&q, ":contact", w->contact_id);
	return query_run(&q, err);
}

enum status
store_preference_start(struct store *st, const struct wish *w, struct err *err)
{
	struct query q;
	enum status rc;

	if (w->consultation_id != 0 || w->commune_id != 0) {
		rc = follow(st, w, err);
	} else {
		query_open(&q, st, preference_follow_all);
		rc = run_wish(&q, w, err);
	}
	if (rc != ST_OK)
		return rc;
	query_open(&q, st, preference_start);
	query_id(&q, ":contact", w->contact_id);
	query_id(&q, ":proof", w->inbound_id);
	return query_run(&q, err);
}

/* ---- two contacts that became one person's ----------------------------- */

static const char preference_agree_stop[] =
    "UPDATE contact SET stopped_ms = o.stopped_ms,"
    " silenced_ms = COALESCE(contact.silenced_ms, o.silenced_ms),"
    " stopped_by = o.stopped_by, restarted_by = NULL FROM contact o"
    " WHERE contact.id IN " OF_PERSON " AND contact.stopped_ms IS NULL"
    " AND o.id IN " OF_PERSON " AND o.stopped_ms IS NOT NULL";

static const char preference_agree_silence[] =
    "UPDATE contact SET silenced_ms = (SELECT MIN(o.silenced_ms) FROM contact o"
    " WHERE o.id IN " OF_PERSON ") WHERE id IN " OF_PERSON
    " AND silenced_ms IS NULL AND stopped_ms IS NOT NULL";

static const char preference_agree_all[] =
    "UPDATE subscription SET state = 'stopped', since_ms = o.stopped_ms,"
    " proof_inbound_id = o.stopped_by FROM contact o"
    " WHERE contact_id IN " OF_PERSON " AND state = 'active'"
    " AND o.id = contact_id AND o.stopped_ms IS NOT NULL";

static const char preference_agree_each[] =
    "INSERT INTO subscription (contact_id, consultation_id, commune_id, state,"
    " since_ms, proof_inbound_id) SELECT o.id, s.consultation_id, s.commune_id,"
    " 'stopped', s.since_ms, s.proof_inbound_id FROM subscription s"
    " JOIN contact o ON o.id IN " OF_PERSON " AND o.id <> s.contact_id"
    " WHERE s.contact_id IN " OF_PERSON " AND s.state = 'stopped'"
    " AND s.proof_inbound_id IS NOT NULL"
    " ON CONFLICT DO UPDATE SET state = excluded.state,"
    " since_ms = excluded.since_ms,"
    " proof_inbound_id = excluded.proof_inbound_id WHERE state = 'active'";

enum status
store_preference_agree(struct store *st, int64_t contact_id, struct err *err)
{
	const char *const steps[] = { preference_agree_stop,
		preference_agree_silence, preference_agree_all,
		preference_agree_each };
	enum status rc = ST_OK;
	struct query q;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && rc == ST_OK;
	     i++) {
		query_open(&q, st, steps[i]);
		query_id(&q, ":contact", contact_id);
		rc = query_run(&q, err);
	}
	return rc;
}

const struct statement store_preference_statements[] = {
	{ "preference_leave", preference_leave },
	{ "preference_leave_all", preference_leave_all },
	{ "preference_stop", preference_stop },
	{ "preference_unsent", preference_unsent },
	{ "preference_unsent_commune", preference_unsent_commune },
	{ "preference_silence", preference_silence },
	{ "preference_unsent_news", preference_unsent_news },
	{ "preference_follow", preference_follow },
	{ "preference_follow_beside", preference_follow_beside },
	{ "preference_forget_beside", preference_forget_beside },
	{ "preference_follow_all", preference_follow_all },
	{ "preference_start", preference_start },
	{ "preference_agree_stop", preference_agree_stop },
	{ "preference_agree_silence", preference_agree_silence },
	{ "preference_agree_all", preference_agree_all },
	{ "preference_agree_each", preference_agree_each },
	{ NULL, NULL },
};

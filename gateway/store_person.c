/* store_person - who speaks, and the address or number they speak from */
#include "gateway/store_person.h"

#include <string.h>

#include "gateway/store_internal.h"

#define SELECT_CONTACT                                                        \
	"SELECT id, person_id, channel, address, name, language, stopped_ms," \
	" bounced_ms, created_ms FROM contact"

static enum status
read_contact(
    struct query *q, struct arena *a, struct contact *out, struct err *err)
{
	enum status rc = query_step(q, err);

	*out = (struct contact){ 0 };
	if (rc == ST_OK && q->has_row) {
		out->id = query_get_int(q);
		out->person_id = query_get_int(q);
		out->channel = strcmp(query_get_text(q, a), "sms") == 0
				   ? CHANNEL_SMS
				   : CHANNEL_MAIL;
		out->address = query_get_text(q, a);
		out->name = query_get_text(q, a);
		out->language = query_get_text(q, a);
		out->stopped_ms = query_get_int(q);
		out->bounced_ms = query_get_int(q);
		out->created_ms = query_get_int(q);
	}
	return query_close(q, rc, err);
}

/* lower() folds ASCII only, as mail servers compare addresses: two letters
 * that differ in their marks are two addresses. */
static const char contact_find[] = SELECT_CONTACT
    " WHERE channel = :channel AND address_key = lower(:address)";

enum status
store_contact_find(struct store *st, enum channel channel, const char *address,
    struct arena *a, struct contact *out, struct err *err)
{
	struct query q;

	query_open(&q, st, contact_find);
	query_text(&q, ":channel", channel_name(channel));
	query_text(&q, ":address", address);
	return read_contact(&q, a, out, err);
}

static const char contact_get[] = SELECT_CONTACT " WHERE id = :id";

enum status
store_contact_get(struct store *st, int64_t id, struct arena *a,
    struct contact *out, struct err *err)
{
	struct query q;
	enum status rc;

	query_open(&q, st, contact_get);
	query_id(&q, ":id", id);
	rc = read_contact(&q, a, out, err);
	if (rc == ST_OK && out->id == 0)
		return err_set(
		    err, ST_REJECT, "there is no contact %lld", (long long)id);
	return rc;
}

/* ---- reaching ---------------------------------------------------------- */

static const char person_add[] =
    "INSERT INTO person (name, created_ms) VALUES (:name, :now)";

static const char contact_add[] =
    "INSERT INTO contact (person_id, channel, address, address_key, name,"
    " created_ms) VALUES (:person, :channel, :address, lower(:address), :name,"
    " :now)";

static enum status
add_contact(struct store *st, struct contact *c, int64_t now, struct err *err)
{
	struct query q;
	enum status rc;

	query_open(&q, st, person_add);
	query_text(&q, ":name", c->name);
	query_int(&q, ":now", now);
	rc = query_insert(&q, &c->person_id, err);
	if (rc != ST_OK)
		return rc;
	query_open(&q, st, contact_add);
	query_id(&q, ":person", c->person_id);
	query_text(&q, ":channel", channel_name(c->channel));
	query_text(&q, ":address", c->address);
	query_text(&q, ":name", c->name);
	query_int(&q, ":now", now);
	return query_insert(&q, &c->id, err);
}

static const char contact_rename[] =
    "UPDATE contact SET name = :name WHERE id = :id";

static enum status
rename_contact(
    struct store *st, struct contact *c, const char *name, struct err *err)
{
	struct query q;

	query_open(&q, st, contact_rename);
	query_id(&q, ":id", c->id);
	query_text(&q, ":name", name);
	return query_run(&q, err);
}

enum status
store_contact_reach(struct store *st, enum channel channel, const char *address,
    const char *name, int64_t now, struct arena *a, struct contact *out,
    struct err *err)
{
	enum status rc;

	if (address == NULL || address[0] == '\0')
		return err_set(err, ST_REJECT, "a contact needs an address");
	rc = store_contact_find(st, channel, address, a, out, err);
	if (rc != ST_OK)
		return rc;
	if (out->id == 0) {
		*out = (struct contact){ .channel = channel,
			.address = arena_copy(a, span_of(address)).p,
			.name = arena_copy(a, span_of(name)).p,
			.language = "",
			.created_ms = now };
		return add_contact(st, out, now, err);
	}
	if (name == NULL || name[0] == '\0' || strcmp(name, out->name) == 0)
		return ST_OK;
	out->name = arena_copy(a, span_of(name)).p;
	return rename_contact(st, out, name, err);
}

static const char person_describe[] =
    "UPDATE person SET"
    " name = CASE WHEN name = '' THEN :name ELSE name END,"
    " commune_id = COALESCE(commune_id, :commune)"
    " WHERE id = (SELECT person_id FROM contact WHERE id = :contact)";

enum status
store_person_describe(struct store *st, int64_t contact_id, const char *name,
    int64_t commune_id, struct err *err)
{
	struct query q;

	query_open(&q, st, person_describe);
	query_text(&q, ":name", name);
	query_id(&q, ":commune", commune_id);
	query_id(&q, ":contact", contact_id);
	return query_run(&q, err);
}

static const char contact_join[] =
    "UPDATE contact SET person_id ="
    " (SELECT person_id FROM contact WHERE id = :other) WHERE id = :contact";

enum status
store_contact_join(
    struct store *st, int64_t contact_id, int64_t other_id, struct err *err)
{
	struct query q;

	query_open(&q, st, contact_join);
	query_id(&q, ":contact", contact_id);
	query_id(&q, ":other", other_id);
	return query_run(&q, err);
}

/* ---- stop and restart -------------------------------------------------- */

static const char subscription_set[] =
    "INSERT INTO subscription (contact_id, consultation_id, state, since_ms,"
    " proof_inbound_id) VALUES (:contact, :consultation, :state, :now, :proof)"
    " ON CONFLICT (contact_id, consultation_id) DO UPDATE SET"
    " state = excluded.state, since_ms = excluded.since_ms,"
    " proof_inbound_id = excluded.proof_inbound_id";

/* What a message asks of the notices to its author. */
struct wish {
	int64_t contact_id, consultation_id, inbound_id, now;
};

static enum status
run_wish(struct query *q, const struct wish *w, struct err *err)
{
	query_id(q, ":contact", w->contact_id);
	query_id(q, ":proof", w->inbound_id);
	query_int(q, ":now", w->now);
	return query_run(q, err);
}

static enum status
set_subscription(
    struct store *st, const struct wish *w, const char *state, struct err *err)
{
	struct query q;

	query_open(&q, st, subscription_set);
	query_id(&q, ":consultation", w->consultation_id);
	query_text(&q, ":state", state);
	return run_wish(&q, w, err);
}

static const char subscription_stop_all[] =
    "UPDATE subscription SET state = 'stopped', since_ms = :now,"
    " proof_inbound_id = :proof"
    " WHERE contact_id = :contact AND state = 'active'";

static const char contact_stop[] =
    "UPDATE contact SET stopped_ms = :now, stopped_by = :proof,"
    " restarted_by = NULL WHERE id = :contact AND stopped_ms IS NULL";

/* Invitations that have not left; a change or cancellation is news to who said
 * that they would come. */
static const char contact_stop_notices[] =
    "UPDATE outbox SET state = 'cancelled', due_ms = NULL,"
    " error = 'its recipient wants no notices'"
    " WHERE contact_id = :contact AND state IN ('queued', 'deferred')"
    " AND (:consultation IS NULL OR consultation_id = :consultation)"
    " AND notice_id IN (SELECT id FROM notice"
    " WHERE kind IN ('announcement', 'reminder'))";

static enum status
stop_notices(struct store *st, const struct wish *w, struct err *err)
{
	struct query q;

	query_open(&q, st, contact_stop_notices);
	query_id(&q, ":contact", w->contact_id);
	query_id(&q, ":consultation", w->consultation_id);
	return query_run(&q, err);
}

enum status
store_contact_stop(struct store *st, int64_t contact_id,
    int64_t consultation_id, int64_t inbound_id, int64_t now, struct err *err)
{
	struct wish w = { contact_id, consultation_id, inbound_id, now };
	struct query q;
	enum status rc;

	rc = stop_notices(st, &w, err);
	if (rc != ST_OK)
		return rc;
	if (consultation_id != 0)
		return set_subscription(st, &w, "stopped", err);
	query_open(&q, st, subscription_stop_all);
	rc = run_wish(&q, &w, err);
	if (rc != ST_OK)
		return rc;
	query_open(&q, st, contact_stop);
	return run_wish(&q, &w, err);
}

static const char contact_silence[] =
    "UPDATE contact SET silenced_ms = :now WHERE id = :contact";
static const char contact_silence_notices[] =
    "UPDATE outbox SET state = 'cancelled', due_ms = NULL,"
    " error = 'its recipient wants no notices'"
    " WHERE contact_id = :contact AND state IN ('queued', 'deferred')"
    " AND notice_id IS NOT NULL";

enum status
store_contact_silence(
    struct store *st, int64_t contact_id, int64_t now, struct err *err)
{
	struct query q;
	enum status rc;

	query_open(&q, st, contact_silence);
	query_id(&q, ":contact", contact_id);
	query_int(&q, ":now", now);
	rc = query_run(&q, err);
	if (rc != ST_OK)
		return rc;
	query_open(&q, st, contact_silence_notices);
	query_id(&q, ":contact", contact_id);
	return query_run(&q, err);
}

/* Those, and only those, that the stop of everything ended. */
static const char subscription_restart_all[] =
    "UPDATE subscription SET state = 'active', since_ms = :now,"
    " proof_inbound_id = :proof"
    " WHERE contact_id = :contact AND state = 'stopped' AND since_ms ="
    " (SELECT stopped_ms FROM contact WHERE id = :contact)";

/* Whoever asks for one consultation wants notices again; the others that the
 * stop ended stay ended. */
static const char contact_restart[] =
    "UPDATE contact SET stopped_ms = NULL, silenced_ms = NULL,"
    " restarted_by = :proof WHERE id = :contact AND stopped_ms IS NOT NULL";

enum status
store_contact_restart(struct store *st, int64_t contact_id,
    int64_t consultation_id, int64_t inbound_id, int64_t now, struct err *err)
{
	struct wish w = { contact_id, consultation_id, inbound_id, now };
	struct query q;
	enum status rc;

	if (consultation_id != 0) {
		rc = set_subscription(st, &w, "active", err);
	} else {
		query_open(&q, st, subscription_restart_all);
		rc = run_wish(&q, &w, err);
	}
	if (rc != ST_OK)
		return rc;
	query_open(&q, st, contact_restart);
	query_id(&q, ":contact", contact_id);
	query_id(&q, ":proof", inbound_id);
	return query_run(&q, err);
}

/* Those of that commune's meetings alone, unless its consultation is followed. */
static const char contact_stop_commune[] =
    "UPDATE outbox SET state = 'cancelled', due_ms = NULL,"
    " error = 'its recipient wants no notices'"
    " WHERE contact_id = :contact AND state IN ('queued', 'deferred')"
    " AND notice_id IN (SELECT id FROM notice"
    " WHERE kind IN ('announcement', 'reminder'))"
    " AND NOT EXISTS (SELECT 1 FROM outbox_meeting t"
    " JOIN meeting m ON m.id = t.meeting_id WHERE t.outbox_id = outbox.id"
    " AND (m.commune_id <> :commune OR EXISTS (SELECT 1 FROM subscription s"
    " WHERE s.contact_id = :contact AND s.state = 'active'"
    " AND s.consultation_id = m.consultation_id)))";

static const char subscription_follow[] =
    "INSERT INTO subscription (contact_id, commune_id, state, since_ms,"
    " proof_inbound_id) VALUES (:contact, :commune, :state, :now, :proof)"
    " ON CONFLICT (contact_id, commune_id) DO UPDATE SET"
    " state = excluded.state, since_ms = excluded.since_ms,"
    " proof_inbound_id = excluded.proof_inbound_id";

enum status
store_contact_follow(struct store *st, int64_t contact_id, int64_t commune_id,
    bool follows, int64_t inbound_id, int64_t now, struct err *err)
{
	struct wish w = { contact_id, 0, inbound_id, now };
	struct query q;
	enum status rc;

	query_open(&q, st, subscription_follow);
	query_id(&q, ":commune", commune_id);
	query_text(&q, ":state", follows ? "active" : "stopped");
	rc = run_wish(&q, &w, err);
	if (rc == ST_OK && !follows) {
		query_open(&q, st, contact_stop_commune);
		query_id(&q, ":contact", contact_id);
		query_id(&q, ":commune", commune_id);
		return query_run(&q, err);
	}
	if (rc != ST_OK)
		return rc;
	query_open(&q, st, contact_restart);
	query_id(&q, ":contact", contact_id);
	query_id(&q, ":proof", inbound_id);
	return query_run(&q, err);
}

static const char contact_bounced[] =
    "UPDATE contact SET bounced_ms = :now WHERE id = :contact";

enum status
store_contact_bounced(
    struct store *st, int64_t contact_id, int64_t now, struct err *err)
{
	struct query q;

	query_open(&q, st, contact_bounced);
	query_id(&q, ":contact", contact_id);
	query_int(&q, ":now", now);
	return query_run(&q, err);
}

const struct statement store_person_statements[] = {
	{ "contact_find", contact_find },
	{ "contact_get", contact_get },
	{ "person_add", person_add },
	{ "contact_add", contact_add },
	{ "contact_rename", contact_rename },
	{ "person_describe", person_describe },
	{ "contact_join", contact_join },
	{ "subscription_set", subscription_set },
	{ "subscription_stop_all", subscription_stop_all },
	{ "contact_stop_notices", contact_stop_notices },
	{ "contact_stop_commune", contact_stop_commune },
	{ "contact_stop", contact_stop },
	{ "contact_silence", contact_silence },
	{ "contact_silence_notices", contact_silence_notices },
	{ "subscription_restart_all", subscription_restart_all },
	{ "contact_restart", contact_restart },
	{ "subscription_follow", subscription_follow },
	{ "contact_bounced", contact_bounced },
	{ NULL, NULL },
};

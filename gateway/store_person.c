/* store_person - who speaks, and the address or number they speak from */
#include "gateway/store_person.h"

#include <string.h>

#include "gateway/store_internal.h"
#include "gateway/store_preference.h"

#define SELECT_CONTACT                                                        \
	"SELECT id, person_id, channel, address, name, language, stopped_ms," \
	" bounced_ms, soft_bounced_ms, created_ms FROM contact"

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
		out->soft_bounced_ms = query_get_int(q);
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
    " language, created_ms) VALUES (:person, :channel, :address,"
    " lower(:address), :name, :language, :now)";

enum status
store_contact_add(
    struct store *st, struct contact *c, int64_t now, struct err *err)
{
	struct query q;
	enum status rc;

	if (c->person_id == 0) {
		query_open(&q, st, person_add);
		query_text(&q, ":name", c->name);
		query_int(&q, ":now", now);
		rc = query_insert(&q, &c->person_id, err);
		if (rc != ST_OK)
			return rc;
	}
	c->created_ms = now;
	query_open(&q, st, contact_add);
	query_id(&q, ":person", c->person_id);
	query_text(&q, ":channel", channel_name(c->channel));
	query_text(&q, ":address", c->address);
	query_text(&q, ":name", c->name);
	query_text(&q, ":language", c->language);
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
			.language = "" };
		return store_contact_add(st, out, now, err);
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
    " WHERE id = (SELECT person_id FROM contact WHERE id = :contact)"
    " AND ((name = '' AND :name <> '')"
    " OR (commune_id IS NULL AND :commune IS NOT NULL))";
static const char person_speaks[] =
    "UPDATE contact SET language = :language WHERE person_id ="
    " (SELECT person_id FROM contact WHERE id = :contact)"
    " AND language <> :language";

enum status
store_person_describe(struct store *st, int64_t contact_id,
    const struct person_facts *facts, struct err *err)
{
	struct query q;
	enum status rc;

	query_open(&q, st, person_describe);
	query_text(&q, ":name", facts->name);
	query_id(&q, ":commune", facts->commune_id);
	query_id(&q, ":contact", contact_id);
	rc = query_run(&q, err);
	if (rc != ST_OK || facts->language[0] == '\0')
		return rc;
	query_open(&q, st, person_speaks);
	query_text(&q, ":language", facts->language);
	query_id(&q, ":contact", contact_id);
	return query_run(&q, err);
}

/* A contact that somebody shares with another contact of theirs stays theirs. */
static const char contact_tie[] =
    "UPDATE contact SET person_id = :person WHERE id = :contact"
    " AND person_id IS NOT :person AND NOT EXISTS (SELECT 1 FROM contact s"
    " WHERE s.person_id = contact.person_id AND s.id <> contact.id)";
static const char person_alone[] =
    "DELETE FROM person WHERE id = :person"
    " AND NOT EXISTS (SELECT 1 FROM contact WHERE person_id = :person)";

enum status
store_contact_tie(struct store *st, const struct contact *contact,
    int64_t person_id, bool *tied, struct err *err)
{
	struct query q;
	enum status rc;

	query_open(&q, st, contact_tie);
	query_id(&q, ":contact", contact->id);
	query_id(&q, ":person", person_id);
	rc = query_run(&q, err);
	*tied = rc == ST_OK && sqlite3_changes(st->db) > 0;
	if (rc != ST_OK || !*tied)
		return rc;
	query_open(&q, st, person_alone);
	query_id(&q, ":person", contact->person_id);
	rc = query_run(&q, err);
	return rc == ST_OK ? store_preference_agree(st, contact->id, err) : rc;
}

const struct statement store_person_statements[] = {
	{ "contact_find", contact_find },
	{ "contact_get", contact_get },
	{ "person_add", person_add },
	{ "contact_add", contact_add },
	{ "contact_rename", contact_rename },
	{ "person_describe", person_describe },
	{ "person_speaks", person_speaks },
	{ "contact_tie", contact_tie },
	{ "person_alone", person_alone },
	{ NULL, NULL },
};

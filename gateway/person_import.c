/* person_import - a list of people and what they want, row by row */
#include "gateway/person_import.h"

#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/csv.h"
#include "gateway/person_row.h"
#include "gateway/store_person.h"
#include "gateway/store_preference.h"

enum {
	CHUNK_MS = 100, /* that a transaction takes while others wait */
	COLUMNS_SAID = 500,
};

struct import_run {
	const struct person_import *im;
	struct store *st;
	struct person_import_report *report;
	void (*complain)(void *arg, int row, const char *why);
	void *arg;
	enum person_pass pass;
	bool is_open; /* the transaction */
	int64_t began; /* it was */
	struct person_reader reader;
	bool has_header;
	bool is_list; /* not one person */
	struct arena arena; /* of the row */
};

/* The contacts of a row; id 0: there is none yet. */
struct ends {
	struct contact mail, phone;
};

/* ---- writing ----------------------------------------------------------- */

static bool
writes(const struct import_run *r)
{
	return r->pass == PERSON_WRITE;
}

static enum status
find_ends(struct ends *e, struct import_run *r, const struct person_row *row,
    struct err *err)
{
	enum status rc = ST_OK;

	*e = (struct ends){ 0 };
	if (row->mail[0] != '\0')
		rc = store_contact_find(
		    r->st, CHANNEL_MAIL, row->mail, &r->arena, &e->mail, err);
	if (rc == ST_OK && row->phone[0] != '\0')
		rc = store_contact_find(
		    r->st, CHANNEL_SMS, row->phone, &r->arena, &e->phone, err);
	return rc;
}

static enum status
add_end(struct import_run *r, struct contact *c, const struct person_row *row,
    enum channel channel, int64_t person_id, struct err *err)
{
	*c = (struct contact){ .person_id = person_id,
		.channel = channel,
		.address = channel == CHANNEL_SMS ? row->phone : row->mail,
		.name = row->name,
		.language = row->language };
	return store_contact_add(r->st, c, r->im->now, err);
}

/* Both are the row's person, when the telephone is not somebody else's. */
static enum status
tie_ends(struct import_run *r, struct ends *e, struct err *err)
{
	bool tied = true;
	enum status rc = ST_OK;

	if (e->mail.id == 0 || e->phone.id == 0 ||
	    e->mail.person_id == e->phone.person_id)
		return ST_OK;
	rc = store_contact_tie(r->st, &e->phone, e->mail.person_id, &tied, err);
	r->report->shared += !tied;
	return rc;
}

/* Adds what is not there, and ties the two together. */
static enum status
write_ends(struct import_run *r, struct ends *e, const struct person_row *row,
    struct err *err)
{
	bool had_mail = e->mail.id != 0;
	enum status rc = ST_OK;

	if (row->mail[0] != '\0' && !had_mail)
		rc = add_end(r, &e->mail, row, CHANNEL_MAIL, 0, err);
	if (rc == ST_OK && row->phone[0] != '\0' && e->phone.id == 0) {
		rc = add_end(
		    r, &e->phone, row, CHANNEL_SMS, e->mail.person_id, err);
		if (rc == ST_OK && had_mail)
			rc = store_preference_agree(r->st, e->mail.id, err);
	} else if (rc == ST_OK) {
		rc = tie_ends(r, e, err);
	}
	return rc;
}

static enum status
describe(struct import_run *r, const struct ends *e,
    const struct person_row *row, struct err *err)
{
	struct person_facts facts = { row->name, row->language,
		row->commune_id };

	return store_person_describe(
	    r->st, e->mail.id != 0 ? e->mail.id : e->phone.id, &facts, err);
}

static struct subscription
wanted(const struct import_run *r, const struct person_row *row,
    const struct contact *c)
{
	return (struct subscription){ .contact_id = c->id,
		.consultation_id = row->consultation_id,
		.commune_id = row->consultation_id != 0 ? 0 : row->commune_id,
		.since_ms = r->im->now,
		.proof = row->proof,
		.consent_ms = row->consent_ms };
}

/* What a contact that was there before has: `*active`, or the person refused. */
static enum status
find_wanted(struct import_run *r, const struct person_row *row,
    const struct contact *c, bool *active, bool *refused, struct err *err)
{
	struct subscription s = wanted(r, row, c);
	bool is_refused = false;
	enum status rc = ST_OK;

	*active = false;
	if (c->id != 0)
		rc = store_subscription_find(
		    r->st, &s, active, &is_refused, err);
	*refused = *refused || is_refused;
	return rc;
}

static enum status
subscribe(struct import_run *r, const struct person_row *row,
    const struct contact *c, bool active, struct err *err)
{
	struct subscription s = wanted(r, row, c);
	bool is_removed = false;
	enum status rc = ST_OK;

	/* A list may be older than what staff have ended since; one person is
	 * added on purpose. */
	if (r->is_list && !active && c->id != 0)
		rc = store_subscription_removed(r->st, &s, &is_removed, err);
	r->report->known += active;
	r->report->removed += is_removed;
	r->report->subscriptions += !active && !is_removed;
	return rc != ST_OK || active || is_removed || !writes(r)
		   ? rc
		   : store_subscription_put(r->st, &s, err);
}

static enum status
take_entry(struct import_run *r, const struct person_row *row, struct err *err)
{
	bool mail = row->mail[0] != '\0', phone = row->phone[0] != '\0';
	bool mail_active, phone_active, refused = false;
	struct ends e;
	int fresh;
	enum status rc = find_ends(&e, r, row, err);

	if (rc == ST_OK)
		rc = find_wanted(r, row, &e.mail, &mail_active, &refused, err);
	if (rc == ST_OK)
		rc =
		    find_wanted(r, row, &e.phone, &phone_active, &refused, err);
	if (rc != ST_OK)
		return rc;
	fresh = (mail && e.mail.id == 0) + (phone && e.phone.id == 0);
	r->report->contacts += fresh;
	r->report->people += fresh == mail + phone;
	if (writes(r))
		rc = write_ends(r, &e, row, err);
	if (rc == ST_OK && writes(r))
		rc = describe(r, &e, row, err);
	r->report->contact_id = e.mail.id != 0 ? e.mail.id : e.phone.id;
	if (refused)
		r->report->refused += mail + phone;
	if (rc == ST_OK && mail && !refused)
		rc = subscribe(r, row, &e.mail, mail_active, err);
	if (rc == ST_OK && phone && !refused)
		rc = subscribe(r, row, &e.phone, phone_active, err);
	return rc;
}

/* ---- row by row -------------------------------------------------------- */

/* Others get their turn between the chunks. */
static enum status
end_chunk(struct import_run *r, enum status rc, struct err *err)
{
	if (!r->is_open)
		return rc;
	r->is_open = false;
	if (!writes(r)) {
		store_rollback(r->st);
		return rc;
	}
	return store_end(r->st, rc, err);
}

static enum status
begin_chunk(struct import_run *r, struct err *err)
{
	enum status rc;

	if (r->is_open || r->pass == PERSON_CHECK)
		return ST_OK;
	rc = writes(r) ? store_begin(r->st, err)
		       : store_begin_reading(r->st, err);
	r->is_open = rc == ST_OK;
	r->began = clock_ticks();
	return rc;
}

static void
say(const struct import_run *r, int number, const char *why)
{
	if (r->complain != NULL && why != NULL)
		r->complain(r->arg, number, why);
}

/* A column that is passed over for its spelling must not go unseen. */
static enum status
take_header(struct import_run *r, int number, const struct person_fields *cells,
    struct err *err)
{
	enum status rc = person_row_header(&r->reader, cells, err);
	char why[COLUMNS_SAID];

	if (rc != ST_OK || r->reader.unknown[0] == '\0')
		return rc;
	snprintf(
	    why, sizeof(why), "passed over: the columns %s", r->reader.unknown);
	say(r, number, why);
	return ST_OK;
}

static enum status
take_row(
    void *arg, int number, const struct span *fields, size_t n, struct err *err)
{
	struct import_run *r = arg;
	struct person_fields cells = { fields, n };
	struct person_row row;
	const char *why;
	enum status rc;

	arena_free(&r->arena);
	if (!r->has_header) {
		r->has_header = true;
		return take_header(r, number, &cells, err);
	}
	r->report->rows++;
	rc = person_row_read(&row, &why, &r->reader, &cells, &r->arena, err);
	if (rc != ST_OK)
		return rc;
	if (why != NULL) {
		r->report->bad++;
		say(r, number, why);
		return ST_OK;
	}
	say(r, number, row.note);
	rc = begin_chunk(r, err);
	if (rc == ST_OK && r->pass != PERSON_CHECK)
		rc = take_entry(r, &row, err);
	return rc != ST_OK || clock_ticks() - r->began >= CHUNK_MS
		   ? end_chunk(r, rc, err)
		   : ST_OK;
}

enum status
person_import(const struct person_import *im, struct store *st,
    const struct person_list *list, struct person_import_report *report,
    struct err *err)
{
	struct import_run r = { .im = im,
		.st = st,
		.report = report,
		.complain = list->complain,
		.arg = list->arg,
		.pass = list->pass,
		.is_list = true,
		.reader = { .im = im, .st = st } };
	enum status rc;

	*report = (struct person_import_report){ 0 };
	rc = end_chunk(&r, csv_read(list->csv, take_row, &r, err), err);
	if (rc == ST_OK && report->rows == 0)
		rc = err_set(err, ST_REJECT, "there is no row with a person");
	arena_free(&r.arena);
	person_reader_free(&r.reader);
	return rc;
}

struct refusal {
	char why[200];
};

static void
keep_why(void *arg, int row, const char *why)
{
	struct refusal *r = arg;

	(void)row;
	snprintf(r->why, sizeof(r->why), "%s", why);
}

enum status
person_import_one(const struct person_import *im, struct store *st,
    const char *address, const char *name, struct person_import_report *report,
    struct err *err)
{
	bool is_mail = strchr(address, '@') != NULL;
	struct span fields[] = { span_of(address), span_of(name) };
	struct refusal refusal = { "" };
	struct import_run r = { .im = im,
		.st = st,
		.report = report,
		.complain = keep_why,
		.arg = &refusal,
		.pass = PERSON_WRITE,
		.reader = { .im = im, .st = st },
		.has_header = true };
	enum status rc;

	*report = (struct person_import_report){ 0 };
	for (int i = 0; i < PERSON_COLUMNS; i++)
		r.reader.at[i] = -1;
	r.reader.at[is_mail ? PERSON_MAIL : PERSON_PHONE] = 0;
	r.reader.at[PERSON_NAME] = 1;
	rc = end_chunk(&r, take_row(&r, 1, fields, 2, err), err);
	arena_free(&r.arena);
	person_reader_free(&r.reader);
	if (rc == ST_OK && report->bad > 0)
		return err_set(err, ST_REJECT, "%s: %s", address, refusal.why);
	return rc;
}

/* person_import - a list of people and what they want, row by row */
#include "gateway/person_import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/clock.h"
#include "gateway/csv.h"
#include "gateway/embedded.h"
#include "gateway/store_consultation.h"
#include "gateway/store_person.h"
#include "parsers/address.h"
#include "parsers/code.h"
#include "parsers/date.h"
#include "parsers/text.h"

enum { CHUNK = 100 }; /* rows a transaction */

enum column {
	COL_MAIL,
	COL_PHONE,
	COL_NAME,
	COL_FIRST_NAME,
	COL_LAST_NAME,
	COL_COMMUNE,
	COL_CODE,
	COL_CONSENT,
	COL_PROOF,
	COL_COUNT
};

static const char *const meanings[COL_COUNT] = { "mail", "phone", "name",
	"first_name", "last_name", "commune", "code", "consent", "proof" };

struct import_run {
	const struct person_import *im;
	struct store *st;
	struct person_import_report *report;
	void (*complain)(void *arg, int row, const char *why);
	void *arg;
	bool write;
	int open_rows; /* in the open transaction */
	int at[COL_COUNT]; /* which field; -1: no such column */
	bool has_header;
	struct arena arena; /* of the row */
};

/* One row, read and checked. */
struct entry {
	struct span mail;
	char phone[32]; /* "" none */
	const char *name, *proof;
	int64_t consultation_id, commune_id, consent_ms;
};

/* ---- the first row ----------------------------------------------------- */

/* A heading as the table has it: folded, words with one space between. */
static struct span
plain_heading(struct arena *a, struct span s)
{
	struct span folded = text_fold_copy(a, s);
	struct buf out = { .max = 200 };
	struct span kept;

	for (size_t i = 0; i < folded.n; i++) {
		char c = folded.p[i];
		bool is_word = (c >= 'a' && c <= 'z') ||
			       (c >= '0' && c <= '9') ||
			       (unsigned char)c >= 0x80;

		if (is_word)
			buf_char(&out, c);
		else if (out.n > 0 && out.p[out.n - 1] != ' ')
			buf_char(&out, ' ');
	}
	kept = arena_copy(a, span_trim(buf_span(&out)));
	buf_free(&out);
	return kept;
}

/* The column that the heading means; COL_COUNT: none that we know. */
static enum column
read_heading(struct span heading)
{
	struct span rest = embedded_find("templates/columns.tsv"), line;

	while (span_line(&rest, &line)) {
		size_t tab = span_find(line, "\t");
		struct span names = span_from(line, tab + 1);

		if (span_starts(line, "#"))
			continue;
		while (names.n > 0) {
			size_t end = span_find(names, "|");

			for (int i = 0; i < COL_COUNT; i++)
				if (span_eq(span_sub(names, 0, end), heading) &&
				    span_is(
					span_sub(line, 0, tab), meanings[i]))
					return (enum column)i;
			names = span_from(names, end + 1);
		}
	}
	return COL_COUNT;
}

static enum status
read_header(
    struct import_run *r, const struct span *fields, size_t n, struct err *err)
{
	for (int i = 0; i < COL_COUNT; i++)
		r->at[i] = -1;
	for (size_t i = 0; i < n; i++) {
		enum column c =
		    read_heading(plain_heading(&r->arena, fields[i]));

		if (c != COL_COUNT && r->at[c] < 0)
			r->at[c] = (int)i;
	}
	r->has_header = true;
	if (r->at[COL_MAIL] < 0 && r->at[COL_PHONE] < 0)
		return err_set(err, ST_REJECT,
		    "the first row must name the columns, and one of them the "
		    "mail address or the telephone (e-mail, telefon); see "
		    "uwaga person --help");
	return ST_OK;
}

/* ---- one row ----------------------------------------------------------- */

static struct span
field(const struct import_run *r, const struct span *fields, size_t n,
    enum column c)
{
	if (r->at[c] < 0 || (size_t)r->at[c] >= n)
		return (struct span){ "", 0 };
	return fields[r->at[c]];
}

/* "2026-11-03" or "3.11.2026", as midnight in the office's zone. */
bool
person_import_day(int64_t *ms, struct span s, const char *zone)
{
	static const char *const forms[] = { "%Y-%m-%d", "%d.%m.%Y" };
	char text[16];

	if (s.n == 0 || s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm = { 0 };
		const char *end = strptime(text, forms[i], &tm);
		int64_t midnight;
		char check[32];

		if (end == NULL || *end != '\0' || tm.tm_year < 90)
			continue;
		midnight = date_to_ms(
		    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, 0, 0, 0);
		*ms = clock_from_local(zone, midnight);
		/* A 31st of February has become a 3rd of March. */
		date_format_rfc3339(check, midnight, 0);
		return strtol(check + 8, NULL, 10) == tm.tm_mday;
	}
	return false;
}

static enum status
find_commune(
    int64_t *id, struct import_run *r, struct span name, struct err *err)
{
	struct span wanted = text_fold_copy(&r->arena, name);
	const char **names;
	size_t n;
	enum status rc = store_commune_all(r->st, &r->arena, &names, &n, err);

	*id = 0;
	for (size_t i = 0; rc == ST_OK && i < n; i++)
		if (span_eq(
			wanted, text_fold_copy(&r->arena, span_of(names[i]))))
			return store_commune_put(r->st, names[i], "", id, err);
	return rc;
}

/* The consultation and the commune that the row is about. */
static enum status
read_target(struct entry *e, struct import_run *r, const struct span *fields,
    size_t n, const char **why, struct err *err)
{
	struct span code = field(r, fields, n, COL_CODE);
	struct span commune = field(r, fields, n, COL_COMMUNE);
	char canonical[CODE_TEXT_MAX];
	struct consultation c = { 0 };
	enum status rc;

	if (r->im->consultation[0] != '\0')
		code = span_of(r->im->consultation);
	if (r->im->commune[0] != '\0')
		commune = span_of(r->im->commune);
	if (code.n > 0) {
		const char *word =
		    code_read(canonical, code, r->im->config->code_prefix,
			NULL) == ST_OK
			? canonical
			: arena_copy(&r->arena, code).p;

		rc = store_consultation_find(r->st, word, &r->arena, &c, err);
		if (rc != ST_OK)
			return rc;
		if (c.id == 0)
			*why = "there is no consultation of that code";
		e->consultation_id = c.id;
	}
	if (commune.n > 0) {
		rc = find_commune(&e->commune_id, r, commune, err);
		if (rc != ST_OK)
			return rc;
		if (e->commune_id == 0)
			*why = "there is no commune of that name";
	}
	if (code.n == 0 && commune.n == 0)
		*why = "says neither which consultation nor which commune";
	return ST_OK;
}

static void
read_contacts(struct entry *e, const struct import_run *r,
    const struct span *fields, size_t n, const char **why)
{
	struct span phone = field(r, fields, n, COL_PHONE);
	const char *textable = r->im->config->n_sms > 0
				   ? r->im->config->sms[0].textable_prefixes
				   : "";
	enum phone_kind kind;

	e->mail = field(r, fields, n, COL_MAIL);
	if (e->mail.n > 0 &&
	    (!address_is_valid(e->mail) || address_is_machine(e->mail)))
		*why = "the mail address is none that a person reads";
	if (phone.n > 0) {
		kind = phone_normalise(
		    e->phone, phone, r->im->config->phone_prefix, textable);
		if (kind != PHONE_MOBILE && kind != PHONE_FOREIGN)
			*why = "the telephone number cannot be texted";
		else if (config_is_our_number(r->im->config, e->phone))
			*why = "the telephone number is our own";
	}
	if (e->mail.n == 0 && phone.n == 0)
		*why = "has neither a mail address nor a telephone number";
}

static void
read_consent(struct entry *e, struct import_run *r, const struct span *fields,
    size_t n, const char **why)
{
	struct span day = field(r, fields, n, COL_CONSENT);
	struct span proof = field(r, fields, n, COL_PROOF);

	e->consent_ms = r->im->consent_ms;
	if (day.n > 0 &&
	    !person_import_day(&e->consent_ms, day, r->im->config->timezone))
		*why = "the day of consent is no date such as 2026-11-03 or "
		       "3.11.2026";
	else if (e->consent_ms == 0)
		*why = "does not say when the person agreed (column zgoda, or "
		       "--consent)";
	else if (e->consent_ms > r->im->now)
		*why = "the day of consent is still to come";
	e->proof = proof.n > 0 ? arena_copy(&r->arena, proof).p : r->im->proof;
	if (e->proof[0] == '\0')
		*why = "does not say where the consent is kept (column "
		       "zrodlo, or --source)";
}

static void
read_name(
    struct entry *e, struct import_run *r, const struct span *fields, size_t n)
{
	struct span name = field(r, fields, n, COL_NAME);
	struct span first = field(r, fields, n, COL_FIRST_NAME);
	struct span last = field(r, fields, n, COL_LAST_NAME);
	struct buf both = { .max = 400 };

	if (name.n == 0) {
		buf_add(&both, first);
		if (first.n > 0 && last.n > 0)
			buf_char(&both, ' ');
		buf_add(&both, last);
		name = buf_span(&both);
	}
	e->name = arena_copy(&r->arena, name).p;
	buf_free(&both);
}

/* ---- writing ----------------------------------------------------------- */

static enum status
subscribe(struct import_run *r, const struct entry *e, int64_t contact_id,
    int64_t consultation_id, int64_t commune_id, struct err *err)
{
	struct subscription s = { .contact_id = contact_id,
		.consultation_id = consultation_id,
		.commune_id = commune_id,
		.since_ms = r->im->now,
		.proof = e->proof,
		.consent_ms = e->consent_ms };
	bool active = false, refused = false;
	enum status rc;

	if (consultation_id == 0 && commune_id == 0)
		return ST_OK;
	if (contact_id != 0) {
		rc = store_subscription_find(r->st, &s, &active, &refused, err);
		if (rc != ST_OK)
			return rc;
	}
	r->report->known += active;
	r->report->refused += refused;
	r->report->subscriptions += !active && !refused;
	if (active || refused || !r->write)
		return ST_OK;
	return store_subscription_add(r->st, &s, &refused, err);
}

/* The contact of that address; id 0 when there is none and nothing is written. */
static enum status
reach(struct contact *out, struct import_run *r, const struct entry *e,
    enum channel channel, const char *address, struct err *err)
{
	enum status rc =
	    store_contact_find(r->st, channel, address, &r->arena, out, err);

	if (rc != ST_OK || out->id != 0)
		return rc;
	r->report->contacts++;
	if (!r->write)
		return ST_OK;
	return store_contact_reach(
	    r->st, channel, address, e->name, r->im->now, &r->arena, out, err);
}

static enum status
write_entry(struct import_run *r, const struct entry *e, struct err *err)
{
	struct contact mail = { 0 }, phone = { 0 };
	int before = r->report->contacts;
	enum status rc = ST_OK;

	if (e->mail.n > 0)
		rc = reach(&mail, r, e, CHANNEL_MAIL,
		    arena_copy(&r->arena, e->mail).p, err);
	if (rc == ST_OK && e->phone[0] != '\0')
		rc = reach(&phone, r, e, CHANNEL_SMS, e->phone, err);
	if (rc == ST_OK && r->write && mail.id != 0 && phone.id != 0 &&
	    mail.person_id != phone.person_id)
		rc = store_contact_join(r->st, phone.id, mail.id, err);
	if (rc == ST_OK && r->write)
		rc = store_person_describe(r->st,
		    mail.id != 0 ? mail.id : phone.id, e->name, e->commune_id,
		    err);
	r->report->people +=
	    r->report->contacts - before ==
	    (e->mail.n > 0 ? 1 : 0) + (e->phone[0] != '\0' ? 1 : 0);
	if (rc == ST_OK && e->mail.n > 0)
		rc = subscribe(r, e, mail.id, e->consultation_id,
		    e->consultation_id != 0 ? 0 : e->commune_id, err);
	if (rc == ST_OK && e->phone[0] != '\0')
		rc = subscribe(r, e, phone.id, e->consultation_id,
		    e->consultation_id != 0 ? 0 : e->commune_id, err);
	return rc;
}

/* Others get their turn between the chunks. */
static enum status
end_chunk(struct import_run *r, enum status rc, struct err *err)
{
	if (r->open_rows == 0)
		return rc;
	r->open_rows = 0;
	if (rc == ST_OK)
		rc = store_commit(r->st, err);
	if (rc != ST_OK)
		store_rollback(r->st);
	return rc;
}

static enum status
take_row(
    void *arg, int number, const struct span *fields, size_t n, struct err *err)
{
	struct import_run *r = arg;
	const char *why = NULL;
	struct entry e = { 0 };
	enum status rc;

	arena_free(&r->arena);
	if (!r->has_header)
		return read_header(r, fields, n, err);
	r->report->rows++;
	read_name(&e, r, fields, n);
	read_consent(&e, r, fields, n, &why);
	rc = read_target(&e, r, fields, n, &why, err);
	if (rc != ST_OK)
		return rc;
	read_contacts(&e, r, fields, n, &why);
	if (why != NULL) {
		r->report->bad++;
		r->complain(r->arg, number, why);
		return ST_OK;
	}
	if (r->write && r->open_rows == 0) {
		rc = store_begin(r->st, err);
		if (rc != ST_OK)
			return rc;
	}
	r->open_rows += r->write;
	rc = write_entry(r, &e, err);
	return rc != ST_OK || r->open_rows >= CHUNK ? end_chunk(r, rc, err)
						    : ST_OK;
}

static void
say_nothing(void *arg, int row, const char *why)
{
	(void)arg;
	(void)row;
	(void)why;
}

static enum status
pass(struct import_run *r, struct span csv, struct err *err)
{
	enum status rc;

	*r->report = (struct person_import_report){ 0 };
	rc = end_chunk(r, csv_read(csv, take_row, r, err), err);
	if (rc == ST_OK && r->report->rows == 0)
		rc = err_set(err, ST_REJECT, "there is no row with a person");
	arena_free(&r->arena);
	r->has_header = false;
	return rc;
}

enum status
person_import(const struct person_import *im, struct store *st, struct span csv,
    bool write, struct person_import_report *report,
    void (*complain)(void *arg, int row, const char *why), void *arg,
    struct err *err)
{
	struct import_run r = { .im = im,
		.st = st,
		.report = report,
		.complain = complain,
		.arg = arg };
	enum status rc = pass(&r, csv, err);

	if (rc != ST_OK || !write)
		return rc;
	if (report->bad > 0 && !im->skip_bad)
		return err_set(err, ST_REJECT,
		    "%d of %d rows are wrong and nothing was imported: mend "
		    "them, or leave them out with --skip-bad",
		    report->bad, report->rows);
	r.write = true;
	r.complain = say_nothing;
	return pass(&r, csv, err);
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
		.write = true,
		.has_header = true };
	enum status rc;

	*report = (struct person_import_report){ 0 };
	for (int i = 0; i < COL_COUNT; i++)
		r.at[i] = -1;
	r.at[is_mail ? COL_MAIL : COL_PHONE] = 0;
	r.at[COL_NAME] = 1;
	rc = end_chunk(&r, take_row(&r, 1, fields, 2, err), err);
	arena_free(&r.arena);
	if (rc == ST_OK && report->bad > 0)
		return err_set(err, ST_REJECT, "%s: %s", address, refusal.why);
	return rc;
}

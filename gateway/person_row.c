/* person_row - one row of a list of people, read and checked */
#include "gateway/person_row.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/clock.h"
#include "gateway/embedded.h"
#include "gateway/store_consultation.h"
#include "gateway/wording.h"
#include "parsers/address.h"
#include "parsers/code.h"
#include "parsers/date.h"
#include "parsers/text.h"

enum { CELL_MAX = 4000, KNOWN_MAX = 1000, UNKNOWN_MAX = 400, HEADING_MAX = 40 };

static const char *const meanings[PERSON_COLUMNS] = { "mail", "phone", "name",
	"first_name", "last_name", "commune", "code", "consent", "agreed",
	"proof", "language" };

/* What a cell stands for, looked up once: thousands of rows say the same. */
struct person_known {
	enum person_column column;
	struct span cell;
	int64_t id; /* 0: there is none */
	const char *word; /* of a language: its letters */
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

/* What a table of names says of `name`: the first word of the line that has it
 * behind a tab, between '|'; empty when none has. */
static struct span
look_up(const char *table, struct span name)
{
	struct span rest = embedded_find(table), line;

	while (span_line(&rest, &line)) {
		size_t tab = span_find(line, "\t");
		struct span names = span_from(line, tab + 1);

		if (span_starts(line, "#"))
			continue;
		while (names.n > 0) {
			size_t end = span_find(names, "|");

			if (span_eq(span_sub(names, 0, end), name))
				return span_sub(line, 0, tab);
			names = span_from(names, end + 1);
		}
	}
	return (struct span){ "", 0 };
}

/* What the heading of field `i` stands for; PERSON_COLUMNS: nothing we read, or
 * what an earlier field stands for. */
static int
column_of(const struct person_reader *r, struct span meaning)
{
	int c = 0;

	while (c < PERSON_COLUMNS && !span_is(meaning, meanings[c]))
		c++;
	return c == PERSON_COLUMNS || r->at[c] >= 0 ? PERSON_COLUMNS : c;
}

enum status
person_row_header(
    struct person_reader *r, const struct person_fields *row, struct err *err)
{
	struct buf unknown = { .max = UNKNOWN_MAX };

	for (int i = 0; i < PERSON_COLUMNS; i++)
		r->at[i] = -1;
	for (size_t i = 0; i < row->n; i++) {
		struct span meaning = look_up("templates/columns.tsv",
		    plain_heading(&r->kept, row->at[i]));
		int c = column_of(r, meaning);

		if (c < PERSON_COLUMNS)
			r->at[c] = (int)i;
		else if (row->at[i].n > 0 && unknown.n < UNKNOWN_MAX / 2)
			buf_printf(&unknown, "%s\"%.*s\"",
			    unknown.n > 0 ? ", " : "",
			    (int)span_sub(row->at[i], 0, HEADING_MAX).n,
			    row->at[i].p);
	}
	r->unknown = arena_copy(&r->kept, buf_span(&unknown)).p;
	buf_free(&unknown);
	if (r->at[PERSON_MAIL] < 0 && r->at[PERSON_PHONE] < 0)
		return err_set(err, ST_REJECT,
		    "the first row must name the columns, and one of them the "
		    "mail address or the telephone (e-mail, telefon); see "
		    "uwaga person --help");
	return ST_OK;
}

/* ---- one cell ---------------------------------------------------------- */

static struct span
cell(const struct person_reader *r, const struct person_fields *row,
    enum person_column c)
{
	if (r->at[c] < 0 || (size_t)r->at[c] >= row->n)
		return (struct span){ "", 0 };
	return row->at[r->at[c]];
}

/* Behind a date: nothing, "r.", or an hour, which is of no use here. */
static bool
is_end_of_day(const char *s)
{
	struct tm hour;
	const char *end;

	while (*s == ' ')
		s++;
	if (*s == '\0' || strcmp(s, "r.") == 0 || strcmp(s, "r") == 0)
		return true;
	end = strptime(*s == 'T' ? s + 1 : s, "%H:%M", &hour);
	if (end != NULL && *end == ':')
		end = strptime(end, ":%S", &hour);
	return end != NULL && *end == '\0';
}

/* Days before months, but with '/' only behind the year: 11/3 is a day in
 * November to some and in March to others. */
bool
person_row_day(int64_t *ms, struct span s, const char *zone)
{
	static const char *const forms[] = { "%Y-%m-%d", "%d.%m.%Y", "%d-%m-%Y",
		"%Y.%m.%d", "%Y/%m/%d" };
	char text[24];

	if (s.n == 0 || s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm = { 0 };
		const char *end = strptime(text, forms[i], &tm);
		int64_t midnight;
		char check[32];

		if (end == NULL || !is_end_of_day(end) || tm.tm_year < 90)
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

/* "gm. Imielin", "Miasto Imielin": the name behind the word for it. */
static struct span
commune_name(struct person_reader *r, struct span cell)
{
	size_t end = span_find(cell, " ");
	struct span meaning = look_up("templates/columns.tsv",
	    plain_heading(&r->kept, span_sub(cell, 0, end)));

	return span_is(meaning, "commune_kind") || span_is(meaning, "commune")
		   ? span_trim(span_from(cell, end))
		   : cell;
}

static enum status
find_commune(
    int64_t *id, struct person_reader *r, struct span name, struct err *err)
{
	struct span wanted = text_fold_copy(&r->kept, commune_name(r, name));
	const char **names;
	size_t n;
	enum status rc = store_commune_all(r->st, &r->kept, &names, &n, err);

	for (size_t i = 0; rc == ST_OK && i < n; i++)
		if (span_eq(
			wanted, text_fold_copy(&r->kept, span_of(names[i]))))
			return store_commune_put(r->st, names[i], "", id, err);
	return rc;
}

static enum status
find_consultation(
    int64_t *id, struct person_reader *r, struct span code, struct err *err)
{
	char canonical[CODE_TEXT_MAX];
	const char *word = code_read(canonical, code,
			       r->im->config->code_prefix, NULL) == ST_OK
			       ? canonical
			       : arena_copy(&r->kept, code).p;
	struct consultation c = { 0 };
	enum status rc =
	    store_consultation_find(r->st, word, &r->kept, &c, err);

	*id = c.id;
	return rc;
}

/* The two letters of a language that there are letters in; "" none. */
static const char *
find_language(struct person_reader *r, struct span name)
{
	struct span plain = plain_heading(&r->kept, name);
	struct span letters = look_up("templates/languages.tsv", plain);
	struct wording w = { .config = r->im->config, .arena = &r->kept };

	if (letters.n == 0 && plain.n == 2)
		letters = plain;
	w.language = arena_copy(&r->kept, letters).p;
	return letters.n == 2 &&
		       wording_find(&w, "meeting_announcement.txt").p != NULL
		   ? w.language
		   : "";
}

static enum status
find_known(const struct person_known **out, struct person_reader *r,
    enum person_column column, struct span s, struct err *err)
{
	struct person_known found = { .column = column };
	struct person_known *kept;
	enum status rc = ST_OK;

	for (size_t i = 0; i < r->n_known; i++)
		if (r->known[i].column == column &&
		    span_eq(r->known[i].cell, s)) {
			*out = &r->known[i];
			return ST_OK;
		}
	if (r->n_known == KNOWN_MAX)
		r->n_known = 0;
	found.cell = arena_copy(&r->kept, s);
	if (column == PERSON_LANGUAGE)
		found.word = find_language(r, s);
	else
		rc = column == PERSON_CODE
			 ? find_consultation(&found.id, r, s, err)
			 : find_commune(&found.id, r, s, err);
	if (rc != ST_OK)
		return rc;
	kept = arena_push(&r->kept, &r->known, &r->n_known, sizeof(*kept));
	if (kept == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	*kept = found;
	*out = kept;
	return ST_OK;
}

/* ---- one row ----------------------------------------------------------- */

/* The consultation and the commune that the row is about. */
static enum status
read_target(struct person_row *e, const char **why, struct person_reader *r,
    const struct person_fields *row, struct err *err)
{
	struct span code = cell(r, row, PERSON_CODE);
	struct span commune = cell(r, row, PERSON_COMMUNE);
	const struct person_known *known;
	enum status rc;

	if (r->im->consultation[0] != '\0')
		code = span_of(r->im->consultation);
	if (r->im->commune[0] != '\0')
		commune = span_of(r->im->commune);
	if (code.n > 0) {
		rc = find_known(&known, r, PERSON_CODE, code, err);
		if (rc != ST_OK)
			return rc;
		e->consultation_id = known->id;
		if (known->id == 0)
			*why = "there is no consultation of that code";
	}
	if (commune.n > 0) {
		rc = find_known(&known, r, PERSON_COMMUNE, commune, err);
		if (rc != ST_OK)
			return rc;
		e->commune_id = known->id;
		if (known->id == 0)
			*why =
			    "there is no commune of that name; uwaga meeting "
			    "matrix has their names";
	}
	if (code.n == 0 && commune.n == 0)
		*why = "says neither which consultation nor which commune";
	return ST_OK;
}

static enum status
read_language(struct person_row *e, const char **why, struct person_reader *r,
    const struct person_fields *row, struct err *err)
{
	struct span name = cell(r, row, PERSON_LANGUAGE);
	const struct person_known *known;
	enum status rc;

	e->language = "";
	if (name.n == 0)
		return ST_OK;
	rc = find_known(&known, r, PERSON_LANGUAGE, name, err);
	if (rc != ST_OK)
		return rc;
	e->language = known->word;
	if (known->word[0] == '\0')
		*why = "the language is none that there are letters in";
	return ST_OK;
}

/* "jan@poczta.example", also as mail programs copy it: "Jan <jan@...>". */
static struct span
read_mail(const char **why, const struct person_reader *r, struct span cell,
    struct arena *a)
{
	size_t at = span_find(cell, "@");
	struct span mail = cell;

	if (cell.n == 0)
		return cell;
	if (span_find(cell, "<") < cell.n)
		mail = address_first(a, cell).address;
	if (at < cell.n &&
	    span_find(span_from(cell, at + 1), "@") < cell.n - at - 1)
		*why = "has more than one mail address in a cell: make a row "
		       "of each";
	else if (!address_is_valid(mail) || address_is_machine(mail))
		*why = "the mail address is none that a person reads";
	else if (span_is_nocase(mail, config_office(r->im->config, "address")))
		*why = "the mail address is our own";
	return mail;
}

/* A landline beside a mail address is passed over: the person is reached. */
static const char *
read_phone(struct person_row *e, const char **why,
    const struct person_reader *r, struct span cell, struct arena *a)
{
	const char *textable = r->im->config->n_sms > 0
				   ? r->im->config->sms[0].textable_prefixes
				   : "";
	char number[32] = "";
	enum phone_kind kind;

	if (cell.n == 0)
		return "";
	kind = phone_normalise(
	    number, cell, r->im->config->phone_prefix, textable);
	if (kind == PHONE_LANDLINE && e->mail[0] != '\0') {
		e->note = "the telephone number is a landline and cannot be "
			  "texted, and is passed over; the mail address is "
			  "taken";
		return "";
	}
	if (kind == PHONE_LANDLINE)
		*why = "the telephone number is a landline and cannot be "
		       "texted";
	else if (kind != PHONE_MOBILE && kind != PHONE_FOREIGN)
		*why = "the telephone number cannot be texted: it is not one "
		       "number such as 600 100 200";
	else if (config_is_our_number(r->im->config, number))
		*why = "the telephone number is our own";
	return arena_copy(a, span_of(number)).p;
}

static void
read_contacts(struct person_row *e, const char **why,
    const struct person_reader *r, const struct person_fields *row,
    struct arena *a)
{
	struct span mail = cell(r, row, PERSON_MAIL);
	struct span phone = cell(r, row, PERSON_PHONE);

	e->mail = arena_copy(a, read_mail(why, r, mail, a)).p;
	e->phone = read_phone(e, why, r, phone, a);
	if (mail.n == 0 && phone.n == 0)
		*why = "has neither a mail address nor a telephone number";
}

/* Beside the day there may be a column that says whether: it may hold the day,
 * too. */
static void
read_consent(struct person_row *e, const char **why, struct person_reader *r,
    const struct person_fields *row, struct arena *a)
{
	struct span day = cell(r, row, PERSON_CONSENT);
	struct span agreed = cell(r, row, PERSON_AGREED);
	struct span proof = cell(r, row, PERSON_PROOF);
	struct span said =
	    look_up("templates/columns.tsv", plain_heading(a, agreed));

	if (day.n == 0 && said.n == 0)
		day = agreed;
	e->consent_ms = r->im->consent_ms;
	if (span_is(said, "does_not_agree"))
		*why = "did not agree";
	else if (day.n > 0 &&
		 !person_row_day(&e->consent_ms, day, r->im->config->timezone))
		*why = "the day of consent is no date such as 2026-11-03 or "
		       "3.11.2026";
	else if (e->consent_ms == 0)
		*why = "does not say when the person agreed (column data "
		       "zgody, or --consent)";
	else if (e->consent_ms > r->im->now)
		*why = "the day of consent is still to come";
	e->proof = proof.n > 0 ? arena_copy(a, proof).p : r->im->proof;
	if (e->proof[0] == '\0')
		*why = "does not say where the consent is kept (column "
		       "zrodlo, or --source)";
}

static void
read_name(struct person_row *e, const struct person_reader *r,
    const struct person_fields *row, struct arena *a)
{
	struct span name = cell(r, row, PERSON_NAME);
	struct span first = cell(r, row, PERSON_FIRST_NAME);
	struct span last = cell(r, row, PERSON_LAST_NAME);
	struct buf both = { .max = CELL_MAX };

	if (name.n == 0) {
		buf_add(&both, first);
		if (first.n > 0 && last.n > 0)
			buf_char(&both, ' ');
		buf_add(&both, last);
		name = buf_span(&both);
	}
	e->name = arena_copy(a, name).p;
	buf_free(&both);
}

enum status
person_row_read(struct person_row *out, const char **why,
    struct person_reader *r, const struct person_fields *row, struct arena *a,
    struct err *err)
{
	enum status rc;

	*out = (struct person_row){ 0 };
	*why = NULL;
	read_name(out, r, row, a);
	read_consent(out, why, r, row, a);
	rc = read_language(out, why, r, row, err);
	if (rc == ST_OK)
		rc = read_target(out, why, r, row, err);
	read_contacts(out, why, r, row, a);
	for (size_t i = 0; i < row->n; i++)
		if (row->at[i].n > CELL_MAX)
			*why = "has a cell of more than 4000 characters";
	return rc;
}

void
person_reader_free(struct person_reader *r)
{
	arena_free(&r->kept);
	r->known = NULL;
	r->n_known = 0;
}

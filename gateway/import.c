/* import - consultations, meetings and what was sent before, from JSON files
 *
 * Place: see import.h.  An entry is read key by key with reader functions that
 * remember the first surprise, so that it is judged once, at its end.
 */
#include "gateway/import.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/file.h"
#include "gateway/store_outbox.h"
#include "parsers/code.h"
#include "parsers/date.h"

enum { IMPORT_MAX = 16 << 20, LIST_MAX = 64 << 10 };

/* One entry being read; `st` is the first thing that was wrong. */
struct entry {
	const struct import *im;
	const json_t *json; /* borrowed */
	struct arena *a;
	enum status st;
	struct err *err;
};

static enum status
fail(struct entry *e, const char *key, const char *expected)
{
	if (e->st == ST_OK)
		e->st = err_set(
		    e->err, ST_REJECT, "%s: expected %s", key, expected);
	return e->st;
}

/* A text, "" when it is missing or null. */
static const char *
text_of(struct entry *e, const char *key)
{
	const json_t *v = json_object_get(e->json, key);
	const char *s = json_string_value(v);

	if (v == NULL || json_is_null(v))
		return "";
	if (s == NULL || strlen(s) != json_string_length(v)) {
		fail(e, key, "a text");
		return "";
	}
	return arena_copy(e->a, span_of(s)).p;
}

static const char *
needed_text(struct entry *e, const char *key)
{
	const char *s = text_of(e, key);

	if (s[0] == '\0')
		fail(e, key, "a text, it is missing");
	return s;
}

/* A list of texts, one per line. */
static const char *
lines_of(struct entry *e, const char *key)
{
	const json_t *list = json_object_get(e->json, key), *v;
	struct buf b = { .max = LIST_MAX };
	const char *out = "";
	size_t i;

	if (list == NULL || json_is_null(list))
		return "";
	if (!json_is_array(list))
		fail(e, key, "a list of texts");
	json_array_foreach(list, i, v)
	{
		if (!json_is_string(v) ||
		    strchr(json_string_value(v), '\n') != NULL)
			fail(e, key, "a list of texts");
		else
			buf_printf(&b, "%s%s", b.n > 0 ? "\n" : "",
			    json_string_value(v));
	}
	if (buf_status(&b, key, e->err) != ST_OK)
		e->st = ST_REJECT;
	else
		out = arena_copy(e->a, buf_span(&b)).p;
	buf_free(&b);
	return out;
}

static int64_t
time_of(struct entry *e, const char *key, const char *zone)
{
	const char *s = needed_text(e, key);
	int64_t ms = 0;
	struct err err;

	if (e->st != ST_OK)
		return 0;
	if (import_time(&ms, zone, s, &err) != ST_OK)
		e->st = err_set(e->err, ST_REJECT, "%s: %s", key, err.text);
	return ms;
}

enum status
import_time(int64_t *ms, const char *zone, const char *text, struct err *err)
{
	char with_zone[48];
	size_t n = strlen(text);

	if (date_parse_rfc3339(ms, NULL, span_of(text)) == ST_OK)
		return ST_OK;
	/* A local time has at most "2026-12-04T23:59:59.999". */
	if (n < 30) {
		memcpy(with_zone, text, n);
		memcpy(with_zone + n, "Z", 2);
		if (date_parse_rfc3339(ms, NULL, span_of(with_zone)) == ST_OK) {
			*ms = clock_from_local(zone, *ms);
			return ST_OK;
		}
	}
	return err_set(err, ST_REJECT,
	    "expected a time such as 2026-12-04T23:59:59+01:00 or "
	    "\"2026-12-04 15:00\" (local), found \"%.40s\"",
	    text);
}

const char *
import_local(struct arena *a, const char *zone, int64_t ms)
{
	char text[32];

	clock_format(text, zone, ms);
	return arena_copy(a, (struct span){ text, 19 }).p;
}

static const char *
zone_of(struct entry *e)
{
	const char *zone = text_of(e, "timezone");

	if (zone[0] == '\0')
		return e->im->config->timezone;
	if (!clock_zone_exists(zone))
		fail(e, "timezone", "a time zone such as \"Europe/Warsaw\"");
	return zone;
}

static bool
is_phase(const char *phase)
{
	return strcmp(phase, "needs") == 0 || strcmp(phase, "remarks") == 0;
}

enum status
import_check_consultation(
    const struct import *im, const struct consultation *c, struct err *err)
{
	char canonical[CODE_TEXT_MAX];
	enum status rc = code_read(
	    canonical, span_of(c->code), im->config->code_prefix, err);

	if (rc != ST_OK)
		return rc;
	if (strcmp(canonical, c->code) != 0)
		return err_set(
		    err, ST_REJECT, "code: write it as %s", canonical);
	if (c->title[0] == '\0')
		return err_set(err, ST_REJECT, "title: it is missing");
	if (!is_phase(c->phase))
		return err_set(
		    err, ST_REJECT, "phase: expected needs or remarks");
	if (c->closes_ms != 0 && c->closes_ms <= c->opens_ms)
		return err_set(
		    err, ST_REJECT, "it closes before it opens; change one");
	return ST_OK;
}

/* Sets consultation_id by the code. */
enum status
import_check_meeting(
    const struct import *im, struct meeting *m, struct err *err)
{
	struct consultation c = { 0 };
	struct arena a = { 0 };
	enum status rc;

	if (m->uid[0] == '\0' || m->commune[0] == '\0')
		return err_set(
		    err, ST_REJECT, "uid and commune may not be empty");
	if (!is_phase(m->phase))
		return err_set(
		    err, ST_REJECT, "phase: expected needs or remarks");
	if (m->ends_ms <= m->starts_ms)
		return err_set(err, ST_REJECT,
		    "the meeting ends before it starts; change one");
	rc = store_consultation_find(im->st, m->code, &a, &c, err);
	if (rc == ST_OK && c.id == 0)
		rc = err_set(err, ST_REJECT,
		    "there is no consultation %.30s; add it first", m->code);
	m->consultation_id = c.id;
	arena_free(&a);
	return rc;
}

static enum status
read_consultation(struct entry *e)
{
	struct consultation c = { .timezone = zone_of(e) };

	c.code = needed_text(e, "code");
	c.case_ref = text_of(e, "case_ref");
	c.title = needed_text(e, "title");
	c.title_short = text_of(e, "title_short");
	if (c.title_short[0] == '\0')
		c.title_short = c.title;
	c.kind = text_of(e, "kind");
	c.owner = text_of(e, "owner");
	c.phase = needed_text(e, "phase");
	c.opens_ms = time_of(e, "opens_at", c.timezone);
	c.closes_ms = time_of(e, "closes_at", c.timezone);
	c.communes = lines_of(e, "scope");
	c.groups = lines_of(e, "eligible");
	c.aliases = lines_of(e, "aliases");
	if (e->st != ST_OK)
		return e->st;
	c.opens_local = import_local(e->a, c.timezone, c.opens_ms);
	c.closes_local = import_local(e->a, c.timezone, c.closes_ms);
	e->st = import_check_consultation(e->im, &c, e->err);
	return e->st == ST_OK ? store_consultation_put(e->im->st, &c, e->err)
			      : e->st;
}

static enum status
read_meeting(struct entry *e)
{
	struct meeting m = { .timezone = zone_of(e) };
	const json_t *sequence = json_object_get(e->json, "sequence");

	m.uid = needed_text(e, "uid");
	m.key = text_of(e, "id");
	m.code = needed_text(e, "code");
	m.commune = needed_text(e, "commune");
	m.phase = needed_text(e, "phase");
	m.state = text_of(e, "state");
	if (m.state[0] == '\0')
		m.state = "planned";
	m.starts_ms = time_of(e, "starts", m.timezone);
	m.ends_ms = time_of(e, "ends", m.timezone);
	m.venue = text_of(e, "venue");
	m.address = text_of(e, "address");
	if (sequence != NULL && !json_is_integer(sequence))
		fail(e, "sequence", "a whole number");
	if (e->st != ST_OK)
		return e->st;
	m.sequence = json_integer_value(sequence);
	m.starts_local = import_local(e->a, m.timezone, m.starts_ms);
	m.ends_local = import_local(e->a, m.timezone, m.ends_ms);
	e->st = import_check_meeting(e->im, &m, e->err);
	return e->st == ST_OK ? store_meeting_put(e->im->st, &m, e->err)
			      : e->st;
}

static enum status
read_commune(struct entry *e)
{
	const char *name = needed_text(e, "name");
	const char *kind = text_of(e, "kind");
	int64_t id;

	if (e->st != ST_OK)
		return e->st;
	return store_commune_put(e->im->st, name, kind, &id, e->err);
}

/* The template that made a mail of that kind. */
static const char *
template_of(const char *kind)
{
	if (strcmp(kind, "meeting") == 0)
		return "meeting_announcement";
	if (strcmp(kind, "confirmation") == 0)
		return "confirm_remark";
	return kind;
}

/* "BL-T4NR/7" was confirmed before: its number must not be given again. */
static void
keep_number(struct entry *e, int64_t consultation_id)
{
	const char *name = text_of(e, "remark_no"), *slash = strchr(name, '/');
	char *end = NULL;
	long long number;

	if (e->st != ST_OK || name[0] == '\0')
		return;
	number = slash == NULL ? 0 : strtoll(slash + 1, &end, 10);
	if (consultation_id == 0 || number <= 0 || *end != '\0')
		fail(e, "remark_no", "a number such as \"BL-7M4H/12\"");
	else
		e->st = store_consultation_number_used(
		    e->im->st, consultation_id, number, e->err);
}

/* Our notices are called KEY.SEQUENCE.TOKEN after their meeting. */
static enum status
link_meeting(struct entry *e, const struct outbox *row)
{
	struct span id = span_of(row->message_id);
	struct span key = arena_copy(e->a, span_sub(id, 0, span_find(id, ".")));
	struct meeting m;
	enum status rc = store_meeting_find(e->im->st, key.p, e->a, &m, e->err);

	if (rc != ST_OK || m.id == 0)
		return rc;
	return store_meeting_told(e->im->st, row->id, 1, &m, e->err);
}

static enum status
read_sent(struct entry *e)
{
	struct outbox row = { .channel = CHANNEL_MAIL,
		.state = OUTBOX_SENT,
		.created_ms = e->im->now,
		.settled_ms = e->im->now };
	struct consultation c = { 0 };
	const char *code = text_of(e, "code");

	row.message_id = needed_text(e, "message_id");
	row.template_name = template_of(needed_text(e, "kind"));
	row.subject = text_of(e, "subject");
	row.question = text_of(e, "suggestion");
	row.to = text_of(e, "to");
	row.via = row.body = row.html = row.token = row.in_reply_to =
	    row.references = row.error = row.external_id = row.receipt = "";
	row.language = e->im->config->language;
	if (e->st == ST_OK && code[0] != '\0') {
		e->st =
		    store_consultation_find(e->im->st, code, e->a, &c, e->err);
		if (e->st == ST_OK && c.id == 0)
			fail(e, "code", "the code of a consultation");
	}
	row.consultation_id = c.id;
	keep_number(e, c.id);
	if (e->st == ST_OK)
		e->st = store_outbox_add(e->im->st, &row, e->err);
	return e->st == ST_OK ? link_meeting(e, &row) : e->st;
}

/* Reads an array, entry by entry. */
static enum status
read_all(const struct import *im, struct span text, int *n,
    enum status (*read)(struct entry *e), struct err *err)
{
	json_error_t where;
	json_t *list = json_loadb(text.p == NULL ? "" : text.p, text.n,
	    JSON_REJECT_DUPLICATES, &where);
	struct arena a = { 0 };
	enum status rc = ST_OK;
	json_t *item;
	size_t i;

	*n = 0;
	if (!json_is_array(list)) {
		rc = list != NULL
			 ? err_set(err, ST_REJECT,
			       "%.200s: expected a list ([...])", im->what)
			 : err_set(err, ST_REJECT, "%.200s:%d: %s", im->what,
			       where.line, where.text);
		json_decref(list);
		return rc;
	}
	json_array_foreach(list, i, item)
	{
		struct entry e = {
			.im = im, .json = item, .a = &a, .err = err
		};
		char what[300];

		rc = json_is_object(item) ? read(&e)
					  : err_set(err, ST_REJECT,
						"expected an object ({...})");
		if (rc != ST_OK) {
			snprintf(what, sizeof(what), "%.200s: entry %zu",
			    im->what, i + 1);
			err_prefix(err, rc, what);
			break;
		}
		++*n;
	}
	arena_free(&a);
	json_decref(list);
	return rc;
}

enum status
import_communes(
    const struct import *im, struct span json, int *n, struct err *err)
{
	return read_all(im, json, n, read_commune, err);
}

enum status
import_consultations(
    const struct import *im, struct span json, int *n, struct err *err)
{
	return read_all(im, json, n, read_consultation, err);
}

enum status
import_meetings(
    const struct import *im, struct span json, int *n, struct err *err)
{
	return read_all(im, json, n, read_meeting, err);
}

enum status
import_outbox(
    const struct import *im, struct span json, int *n, struct err *err)
{
	return read_all(im, json, n, read_sent, err);
}

enum status
import_read(struct buf *out, const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	enum status rc;

	if (fd < 0)
		return err_set(err, ST_REJECT, "%.300s cannot be read: %s",
		    path, strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		rc = err_set(err, ST_REJECT, "%.300s is no file", path);
	else if (!file_read(out, fd) && !out->failed)
		rc = err_set(
		    err, ST_REJECT, "%.300s: %s", path, strerror(errno));
	else
		rc = buf_status(out, path, err);
	close(fd);
	return rc;
}

/* What import_run() does inside its transaction. */
struct run {
	struct import im;
	struct span json;
	int n;
	enum status (*load)(
	    const struct import *im, struct span json, int *n, struct err *err);
};

static enum status
load_all(struct store *st, void *arg, struct err *err)
{
	struct run *r = arg;

	r->im.st = st;
	return r->load(&r->im, r->json, &r->n, err);
}

int
import_run(struct cmd_context *ctx, const char *path,
    enum status (*load)(
	const struct import *im, struct span json, int *n, struct err *err),
    const char *what, const char *nouns)
{
	struct run r = { .im = { .config = ctx->config,
			     .what = path,
			     .now = clock_now() },
		.load = load };
	struct cmd_change change = {
		.what = what, .subject = path, .make = load_all, .arg = &r
	};
	struct buf file = { .max = IMPORT_MAX };
	enum status rc;

	if (!cmd_may_write(ctx))
		return 1;
	rc = import_read(&file, path, &ctx->err);
	r.json = buf_span(&file);
	if (rc == ST_OK)
		rc = cmd_make_change(ctx, &change);
	if (rc == ST_OK && ctx->json)
		cmd_print_object(ctx, json_pack("{s:i}", "imported", r.n));
	else if (rc == ST_OK)
		printf("Imported %d %s.\n", r.n, nouns);
	buf_free(&file);
	return rc == ST_OK ? 0 : 1;
}

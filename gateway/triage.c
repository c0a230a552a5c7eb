/* triage - what happens to a message after its first decision
 *
 * Place: intake_due() runs with every poll; assign and retry are staff's.
 */
#include "gateway/intake.h"

#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/journey.h"
#include "gateway/order_send.h"

#define DAY_MS (24LL * 60 * 60 * 1000)
#define RAW_MAX (64 << 20)

/* ids of messages that something is to be done about; few at a time, so that
 * a transaction stays short. */
struct worklist {
	struct intake *intake;
	int64_t now;
	struct arena arena;
	const struct consultation *all;
	size_t n_all;
	int64_t ids[100];
	int n;
};

static const struct consultation *
worklist_consultation(const struct worklist *w, int64_t id, const char *code)
{
	for (size_t i = 0; i < w->n_all; i++)
		if (w->all[i].id == id ||
		    (code != NULL && strcmp(w->all[i].code, code) == 0))
			return &w->all[i];
	return NULL;
}

static enum status
worklist_add(struct worklist *w, int64_t id)
{
	w->ids[w->n++] = id;
	/* Enough for now; the rest is found the next time. */
	return w->n == (int)(sizeof(w->ids) / sizeof(w->ids[0])) ? ST_LIMIT
								 : ST_OK;
}

static enum status
worklist_fill(struct worklist *w, const struct inbound_filter *filter,
    enum status (*row)(void *arg, const struct inbound *in), struct err *err)
{
	enum status rc;

	w->n = 0;
	rc = store_inbound_list(w->intake->st, filter, row, w, err);
	return rc == ST_LIMIT ? ST_OK : rc;
}

static enum status
keep_opened(void *arg, const struct inbound *in)
{
	struct worklist *w = arg;
	const struct consultation *c =
	    worklist_consultation(w, in->consultation_id, NULL);

	if (c == NULL || consultation_state(c, w->now) == CONSULTATION_PLANNED)
		return ST_OK;
	return worklist_add(w, in->id);
}

/* The last moment at which an answer of the author still helps: the end of the
 * hold or of the consultation that is probably meant. */
static int64_t
answer_needed_by(const struct worklist *w, const struct inbound *in)
{
	const struct consultation *meant =
	    worklist_consultation(w, -1, in->suggestion);
	int64_t until = in->hold_until_ms;

	for (size_t i = 0; i < w->n_all; i++) {
		const struct consultation *c = &w->all[i];

		if (meant != NULL && c != meant)
			continue;
		if (consultation_state(c, w->now) == CONSULTATION_OPEN &&
		    c->closes_ms != 0 && c->closes_ms < until)
			until = c->closes_ms;
	}
	return until;
}

static enum status
keep_forgotten(void *arg, const struct inbound *in)
{
	struct worklist *w = arg;
	int64_t until = answer_needed_by(w, in);

	if (in->hold_until_ms == 0 || in->reminded_ms != 0 || !in->may_answer ||
	    w->now - in->stored_ms < DAY_MS || w->now >= until ||
	    until - w->now > w->intake->config->remind_before_ms)
		return ST_OK;
	return worklist_add(w, in->id);
}

static void
journey_resume(struct journey *j, struct intake *intake, int64_t now)
{
	*j = (struct journey){ .intake = intake, .now = now };
	j->file = (struct case_file){ .st = intake->st,
		.config = intake->config,
		.keys = intake->keys,
		.keywords = intake->words,
		.textable_prefixes = "",
		.arena = &j->arena,
		.contact = &j->contact,
		.in = &j->in };
}

/* Files a message whose consultation has opened since it came: as of that hour,
 * even when nobody ran the program until after its end. */
static enum status
file_opened(struct journey *j, int64_t id, struct err *err)
{
	const struct consultation *c = NULL;
	struct inbound in;
	enum status rc;

	rc = store_inbound_get(j->intake->st, id, &j->arena, &in, err);
	for (size_t i = 0; rc == ST_OK && i < j->file.n_all; i++)
		if (j->file.all[i].id == in.consultation_id)
			c = &j->file.all[i];
	if (rc != ST_OK || c == NULL)
		return rc;
	if (c->opens_ms == 0)
		j->as_of = j->now; /* closed without ever opening */
	else
		j->as_of =
		    c->opens_ms > in.received_ms ? c->opens_ms : in.received_ms;
	return journey_file_held(
	    j, id, c, "filed when the consultation opened", err);
}

static enum status
remind(struct journey *j, int64_t id, struct err *err)
{
	struct decision d = { .reply = "held_reminder" };
	struct inbound in;
	enum status rc;

	rc = store_inbound_get(j->intake->st, id, &j->arena, &in, err);
	if (rc != ST_OK)
		return rc;
	for (size_t i = 0; i < j->file.n_all; i++)
		if (strcmp(j->file.all[i].code, in.suggestion) == 0)
			d.suggestion = &j->file.all[i];
	in.reminded_ms = j->now;
	rc = journey_answer(j, &d, &in, err);
	return rc == ST_OK ? store_inbound_update(j->intake->st, &in, err) : rc;
}

static enum status
work_through(struct worklist *w,
    enum status (*step)(struct journey *j, int64_t id, struct err *err),
    struct err *err)
{
	struct store *st = w->intake->st;
	struct journey j;
	enum status rc;

	if (w->n == 0)
		return ST_OK;
	rc = journey_begin(w->intake, err);
	if (rc != ST_OK)
		return rc;
	for (int i = 0; i < w->n && rc == ST_OK; i++) {
		journey_resume(&j, w->intake, w->now);
		rc = journey_know_consultations(&j, err);
		if (rc == ST_OK)
			rc = step(&j, w->ids[i], err);
		journey_free(&j);
	}
	return store_end(st, rc, err);
}

enum status
intake_due(struct intake *in, int64_t now, int *done, struct err *err)
{
	struct inbound_filter not_open = { .fate = FATE_NOT_OPEN };
	struct inbound_filter held = { .fate = FATE_HELD, .open_only = true };
	struct worklist w = { .intake = in, .now = now };
	struct consultation *all;
	enum status rc;

	*done = 0;
	rc = store_consultation_all(in->st, &w.arena, &all, &w.n_all, err);
	if (rc != ST_OK)
		goto out;
	w.all = all;
	rc = worklist_fill(&w, &not_open, keep_opened, err);
	if (rc == ST_OK)
		rc = work_through(&w, file_opened, err);
	*done += w.n;
	if (rc == ST_OK)
		rc = worklist_fill(&w, &held, keep_forgotten, err);
	if (rc == ST_OK)
		rc = work_through(&w, remind, err);
	*done += w.n;
	if (rc == ST_OK) {
		struct order_desk desk;

		journey_desk(&desk, in, &w.arena, now);
		rc = order_due(&desk, done, err);
	}
out:
	arena_free(&w.arena);
	return rc;
}

/* Begins a transaction and loads message `id`, which must still be waiting. */
static enum status
take_waiting(struct journey *j, int64_t id, struct err *err)
{
	struct store *st = j->intake->st;
	enum status rc = journey_begin(j->intake, err);

	if (rc != ST_OK)
		return rc;
	rc = store_inbound_get(st, id, &j->arena, &j->in, err);
	if (rc == ST_OK)
		rc = journey_know_consultations(j, err);
	if (rc == ST_OK &&
	    ((j->in.fate != FATE_HELD && j->in.fate != FATE_UNREADABLE) ||
		j->in.settled_by != 0))
		rc = err_set(err, ST_REJECT,
		    "message %lld is not waiting: its fate is \"%s\"",
		    (long long)id, fate_name(j->in.fate));
	return rc;
}

static enum status
finish(struct journey *j, enum status rc, const char *what, const char *who,
    struct err *err)
{
	struct store *st = j->intake->st;
	char subject[48];

	snprintf(subject, sizeof(subject), "message %lld", (long long)j->in.id);
	if (rc == ST_OK)
		rc = store_audit(st,
		    &(struct audit){ .at_ms = j->now,
			.who = who,
			.what = what,
			.subject = subject },
		    err);
	rc = store_end(st, rc, err);
	journey_free(j);
	return rc;
}

enum status
intake_assign(struct intake *in, int64_t id, const char *code, const char *who,
    struct err *err)
{
	struct consultation c = { 0 };
	struct journey j;
	enum status rc;

	journey_resume(&j, in, clock_now());
	rc = take_waiting(&j, id, err);
	if (rc == ST_OK)
		rc = store_consultation_find(in->st, code, &j.arena, &c, err);
	if (rc == ST_OK && c.id == 0)
		rc = err_set(err, ST_REJECT,
		    "there is no consultation %s; see uwaga consultation list",
		    code);
	if (rc == ST_OK && j.in.remark[0] == '\0')
		rc = err_set(err, ST_REJECT,
		    "message %lld has no words to file; see uwaga inbound show",
		    (long long)id);
	if (rc == ST_OK)
		rc = journey_file_held(&j, id, &c, "assigned by staff", err);
	return finish(&j, rc, "inbound assign", who, err);
}

/* What was not whole when it came is not whole now: without this the rest of
 * a message would be filed as if it were all of it. */
static void
remember_gaps(struct raw *raw, const struct inbound *in)
{
	if (strcmp(in->warnings, JOURNEY_NOT_WHOLE) == 0)
		raw->problem = strdup(in->why);
	else if (strcmp(in->warnings, JOURNEY_CUT) == 0)
		raw->whole_size = 1; /* more than there is */
	else if (strcmp(in->warnings, JOURNEY_PARTS_MISSING) == 0)
		raw->parts_missing = 1;
}

static enum status
load_raw(struct raw *raw, const struct inbound *in, struct store *st,
    struct err *err)
{
	*raw = (struct raw){ .channel = in->channel,
		.source = strdup(in->source),
		.key = strdup(in->external_key),
		.bytes = { .max = RAW_MAX },
		.received_ms = in->received_ms,
		.from = strdup(in->from),
		.to = strdup(in->to),
		.text = strdup(in->text) };
	remember_gaps(raw, in);
	if (raw->source == NULL || raw->key == NULL || raw->from == NULL ||
	    raw->to == NULL || raw->text == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	return store_inbound_raw(st, in->id, &raw->bytes, err);
}

/* Attachments that the first parse did not find. */
static enum status
attach_found(struct journey *j, const struct parsed *mail, struct err *err)
{
	struct store *st = j->intake->st;
	struct inbound_attachment *had = NULL;
	size_t n_had = 0;
	enum status rc = store_inbound_attachments(
	    st, j->in.id, &j->arena, &had, &n_had, err);

	if (rc != ST_OK || n_had > 0)
		return rc;
	return store_inbound_attach(
	    st, j->in.id, mail->attachments, mail->n_attachments, err);
}

/* Decides the parsed message in one transaction. */
static enum status
decide_again(struct journey *j, const struct raw *raw,
    const struct parsed *mail, const char *who, struct err *err)
{
	struct store *st = j->intake->st;
	enum status rc = take_waiting(j, j->in.id, err);

	if (rc == ST_OK)
		rc = journey_open(j, raw, mail, err);
	if (rc == ST_OK)
		rc = journey_decide(j, err);
	if (rc == ST_OK)
		rc = store_inbound_reparse(st, &j->in, err);
	if (rc == ST_OK)
		rc = attach_found(j, mail, err);
	if (rc == ST_OK)
		rc = journey_carry_out(j, mail, err);
	return finish(j, rc, "inbound retry", who, err);
}

enum status
intake_retry(struct intake *in, int64_t id, const char *who, struct err *err)
{
	struct parsed mail = { 0 };
	struct raw raw = { 0 };
	struct journey j;
	enum status rc;

	journey_resume(&j, in, clock_now());
	rc = store_inbound_get(in->st, id, &j.arena, &j.in, err);
	if (rc == ST_OK)
		rc = load_raw(&raw, &j.in, in->st, err);
	if (rc ==
	    ST_OK) /* before the transaction: others may write meanwhile */
		rc = journey_parse(in, &mail, &raw, 1, err);
	if (rc == ST_OK)
		rc = decide_again(&j, &raw, &mail, who, err);
	else
		journey_free(&j);
	parsed_free(&mail);
	raw_free(&raw);
	return rc;
}

/* decide_thread - what a message without a code goes on with
 *
 * Place: beside decide.c.  A text is short and people send several: those of one
 * number within five minutes belong together, whichever of them holds the code.
 * A code sent alone waits a day for its words.  Words by text after a notice are
 * about its consultation for three days; the confirmation always names it.
 */
#include <string.h>

#include "gateway/decide_internal.h"

#define MINUTE_MS (60LL * 1000)
#define HOUR_MS (60 * MINUTE_MS)
#define IN_A_ROW_MS (5 * MINUTE_MS)
#define CODE_WAITS_MS (24 * HOUR_MS)
#define NOTICE_MS (72 * HOUR_MS)

static bool
is_within(int64_t a, int64_t b, int64_t ms)
{
	return a - b < ms && b - a < ms;
}

/* ---- what was said before ---------------------------------------------- */

struct about {
	int64_t inbound_id;
	int64_t consultation_id; /* of its remarks; -1: of several */
};

static enum status
note_about(void *arg, const struct remark *r)
{
	struct about *a = arg;

	if (r->inbound_id == a->inbound_id)
		a->consultation_id =
		    a->consultation_id == 0 ||
			    a->consultation_id == r->consultation_id
			? r->consultation_id
			: -1;
	return ST_OK;
}

/* The consultation of the text confirmed last, when this one followed at once. */
static enum status
follow_text(const struct consultation **found, const struct case_file *c,
    const struct outbox *row, const struct inbound *before, struct err *err)
{
	struct about about = { .inbound_id = row->inbound_id };
	struct remark_filter of = { .contact_id = c->contact->id };
	enum status rc;

	if (before->channel != CHANNEL_SMS ||
	    !is_within(c->in->received_ms, before->received_ms, IN_A_ROW_MS))
		return ST_OK;
	rc = store_remark_list(c->st, &of, note_about, &about, err);
	*found = decide_by_id(c, about.consultation_id);
	return rc;
}

/* The consultation of the meeting that we told of last. */
static enum status
follow_notice(const struct consultation **found, const struct case_file *c,
    const struct outbox *row, struct err *err)
{
	int64_t told_ms =
	    row->settled_ms != 0 ? row->settled_ms : row->created_ms;
	int64_t age = c->in->received_ms - told_ms;
	struct meeting *told;
	size_t n;
	enum status rc;

	/* The provider's clock may be some minutes behind ours. */
	if (age < -IN_A_ROW_MS || age >= NOTICE_MS)
		return ST_OK;
	rc = store_meeting_of_row(c->st, row->id, c->arena, &told, &n, err);
	for (size_t i = 0; rc == ST_OK && i < n; i++)
		if (told[i].consultation_id != told[0].consultation_id)
			return ST_OK;
	if (rc == ST_OK && n > 0)
		*found = decide_by_id(c, told[0].consultation_id);
	return rc;
}

enum status
decide_thread(const struct consultation **found, const char **how,
    const struct case_file *c, struct err *err)
{
	bool is_text = c->raw->channel == CHANNEL_SMS;
	struct inbound before;
	struct outbox row;
	int64_t age;
	enum status rc = decide_last_row(&row, c, false, err);

	if (rc != ST_OK || row.id == 0)
		return rc;
	*how = "it answers the notice that this number got last";
	if (row.inbound_id == 0 || strncmp(row.template_name, "rsvp", 4) == 0)
		return is_text ? follow_notice(found, c, &row, err) : ST_OK;
	rc = store_inbound_get(c->st, row.inbound_id, c->arena, &before, err);
	if (rc != ST_OK)
		return rc;
	if (is_text && strcmp(row.template_name, "confirm_remark") == 0) {
		*how = "it follows a text with that code at once";
		return follow_text(found, c, &row, &before, err);
	}
	*how = "its code was sent alone before";
	age = c->in->received_ms - before.received_ms;
	if (strcmp(row.template_name, "empty_remark") == 0 && age >= 0 &&
	    age < CODE_WAITS_MS)
		*found = decide_by_id(c, row.consultation_id);
	return ST_OK;
}

/* ---- what waits for a code --------------------------------------------- */

static enum status
keep_waiting(void *arg, const struct inbound *in)
{
	struct waiting *w = arg;
	struct inbound *kept;

	if (in->hold_until_ms == 0)
		return ST_OK;
	kept = arena_push(w->arena, &w->list, &w->n, sizeof(*kept));
	if (kept == NULL)
		return ST_BROKEN;
	*kept = (struct inbound){ .id = in->id,
		.channel = in->channel,
		.received_ms = in->received_ms,
		.remark = arena_copy(w->arena, span_of(in->remark)).p,
		.suggestion = arena_copy(w->arena, span_of(in->suggestion)).p };
	return ST_OK;
}

enum status
decide_find_waiting(
    struct waiting *w, const struct case_file *c, struct err *err)
{
	struct inbound_filter filter = { .fate = FATE_HELD,
		.open_only = true,
		.contact_id = c->contact->id };

	*w = (struct waiting){ .arena = c->arena };
	return c->contact->id == 0
		   ? ST_OK
		   : store_inbound_list(c->st, &filter, keep_waiting, w, err);
}

static bool
is_in_a_row(const struct inbound *a, const struct inbound *b)
{
	return a->channel == CHANNEL_SMS && b->channel == CHANNEL_SMS &&
	       is_within(a->received_ms, b->received_ms, IN_A_ROW_MS);
}

bool
decide_follows_waiting(const struct waiting *w, const struct case_file *c)
{
	return w->n > 0 && is_in_a_row(c->in, &w->list[w->n - 1]);
}

/* It asks for another code than the one that is known now. */
static bool
is_about_another(const struct inbound *in, const struct consultation *meant)
{
	return in->suggestion[0] != '\0' &&
	       strcmp(in->suggestion, meant->code) != 0;
}

/* From `at` on in one direction, as long as each follows the last at once. */
static bool
take_row(struct decision *d, const struct case_file *c, const struct waiting *w,
    size_t at, int step)
{
	const struct inbound *last = at < w->n ? &w->list[at] : c->in;

	for (at += (size_t)step; at < w->n; at += (size_t)step) {
		const struct inbound *in = &w->list[at];
		int64_t *id;

		if (!is_in_a_row(in, last) ||
		    is_about_another(in, d->consultation))
			break;
		id = arena_push(c->arena, &d->also, &d->n_also, sizeof(*id));
		if (id == NULL)
			return false;
		*id = in->id;
		last = in;
	}
	return true;
}

enum status
decide_with_row(struct decision *d, const struct case_file *c,
    const struct waiting *w, struct err *err)
{
	size_t at = w->n; /* the message itself, behind all that wait */

	while (at > 0 && d->settles != 0 && w->list[at - 1].id != d->settles)
		at--;
	at -= d->settles != 0 && at > 0;
	if (!take_row(d, c, w, at, -1) || !take_row(d, c, w, at, 1))
		return err_set(err, ST_BROKEN, "out of memory");
	return ST_OK;
}

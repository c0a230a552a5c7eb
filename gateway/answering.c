/* answering - one answer is given to remarks, and their authors are told */
#include "gateway/answering.h"

#include <string.h>

#include "gateway/quiet.h"
#include "gateway/reply.h"

/* ---- which remarks ----------------------------------------------------- */

static bool
is_gone(const struct remark *r)
{
	return strcmp(r->state, "withdrawn") == 0 ||
	       strcmp(r->state, "split") == 0 ||
	       strcmp(r->state, "merged") == 0;
}

/* Words that were corrected since may be given the same answer again. */
static bool
has_answer(const struct remark *r, const struct answer *answer)
{
	return (strcmp(r->state, "answered") == 0 ||
		   strcmp(r->state, "published") == 0) &&
	       strcmp(r->verdict, answer->verdict) == 0 &&
	       strcmp(r->reasons, answer->reasons) == 0 &&
	       strcmp(r->wording, answer->wording) == 0;
}

enum status
answering_add(
    struct answering *an, struct store *st, const char *name, struct err *err)
{
	struct answered *item;
	struct remark r;
	enum status rc = store_remark_find(st, name, &an->arena, &r, err);

	if (rc == ST_OK && is_gone(&r))
		rc = err_set(err, ST_REJECT,
		    "remark %s was %s: there is nothing to answer; nothing was "
		    "changed",
		    r.name, r.state);
	if (rc == ST_OK && an->n > 0 &&
	    an->list[0].remark.consultation_id != r.consultation_id)
		rc = err_set(err, ST_REJECT,
		    "remarks %s and %s belong to two consultations: answer "
		    "them one after the other; nothing was changed",
		    an->list[0].remark.name, r.name);
	for (size_t i = 0; rc == ST_OK && i < an->n; i++)
		if (an->list[i].remark.id == r.id)
			return ST_OK;
	if (rc == ST_OK && an->n == ANSWERED_MAX)
		rc = err_set(err, ST_REJECT,
		    "at most %d remarks at once; nothing was changed",
		    ANSWERED_MAX);
	if (rc != ST_OK)
		return rc;
	item = arena_push(&an->arena, &an->list, &an->n, sizeof(*item));
	if (item == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	item->remark = r;
	item->is_done = has_answer(&r, &an->answer);
	return ST_OK;
}

/* ---- who is told ------------------------------------------------------- */

/* What one contact is told: their remarks among those that are answered. */
struct letter {
	struct answering *an;
	struct store *st;
	struct remark *remarks;
	const char **receipts;
	size_t n;
	struct inbound to; /* the message of the first */
	bool may_echo;
	struct consultation *all; /* borrowed, with n_all */
	size_t n_all;
	int n_alike;
	struct wording_kept *kept;
};

static bool
is_told(const struct answered *item)
{
	return !item->is_done && item->untold == NULL;
}

/* The remarks of the contact of item `at`, and the message they stand in. */
static enum status
gather(struct letter *l, size_t at, struct err *err)
{
	struct answering *an = l->an;
	const struct remark *first = &an->list[at].remark;
	struct inbound in;
	enum status rc;

	l->n = 0;
	rc = store_inbound_get(
	    l->st, first->inbound_id, &an->arena, &l->to, err);
	l->may_echo = true;
	for (size_t i = at; i < an->n && rc == ST_OK; i++) {
		const struct answered *item = &an->list[i];

		if (!is_told(item) ||
		    item->remark.contact_id != first->contact_id)
			continue;
		rc = store_inbound_get(
		    l->st, item->remark.inbound_id, &an->arena, &in, err);
		l->may_echo = l->may_echo && in.may_echo;
		l->remarks[l->n] = item->remark;
		l->receipts[l->n++] = item->receipt;
	}
	l->to.from = first->from;
	return rc;
}

/* A row of its own, not a reply: it has no part in the limits of those. */
static void
make_own(struct outbox *row, const struct letter *l)
{
	int64_t now = l->an->answer.at_ms;
	const struct config *config = l->an->config;

	row->contact_id = l->remarks[0].contact_id;
	row->inbound_id = 0;
	row->remark_id = l->n == 1 ? l->remarks[0].id : 0;
	row->question = "";
	row->state = OUTBOX_QUEUED;
	row->created_ms = row->due_ms = now;
	if (row->channel == CHANNEL_SMS &&
	    quiet_until(config->quiet_hours, config->timezone, now) != 0)
		row->due_ms =
		    quiet_until(config->quiet_hours, config->timezone, now);
}

static enum status
write_letter(struct letter *l, struct err *err)
{
	struct answering *an = l->an;
	struct reply reply = { .template_name = "answer_to_remark",
		.inbound = &l->to,
		.all = l->all,
		.n_all = l->n_all,
		.remarks = l->remarks,
		.receipts = l->receipts,
		.n_remarks = l->n,
		.answer = &an->answer,
		.n_alike = l->n_alike,
		.now = an->answer.at_ms,
		.show_text = l->may_echo,
		.kept = l->kept };
	struct outbox row = { 0 };
	enum status rc = store_answer_overtake(l->st, l->remarks[0].contact_id,
	    an->answer.id, &reply.replaced_ms, err);

	for (size_t i = 0; i < l->n_all; i++)
		if (l->all[i].id == l->remarks[0].consultation_id)
			reply.consultation = &l->all[i];
	if (rc == ST_OK)
		rc = reply_render(
		    &row, &an->arena, an->config, an->keys, &reply, err);
	if (rc != ST_OK)
		return rc;
	make_own(&row, l);
	rc = store_outbox_add(l->st, &row, err);
	if (rc == ST_OK)
		rc = store_answer_told(
		    l->st, an->answer.id, row.contact_id, row.id, err);
	if (rc == ST_OK && an->rows[row.channel]++ == 0)
		an->first[row.channel] = row;
	an->segments += row.segments;
	return rc;
}

/* Was the contact of item `at` told by a letter for an item before it? */
static bool
is_among_earlier(const struct answering *an, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (is_told(&an->list[i]) && an->list[i].remark.contact_id ==
						 an->list[at].remark.contact_id)
			return true;
	return false;
}

/* Each person once; who cannot be told apart is another one. */
static int
count_people(const struct answering *an)
{
	int people = 0;

	for (size_t i = 0; i < an->n; i++) {
		bool is_new = true;

		for (size_t k = 0; k < i; k++)
			if (an->list[i].remark.contact_id != 0 &&
			    an->list[k].remark.contact_id ==
				an->list[i].remark.contact_id)
				is_new = false;
		people += is_new;
	}
	return people;
}

static enum status
tell_all(struct answering *an, struct store *st, struct err *err)
{
	struct wording_kept kept = { 0 };
	struct letter l = { .an = an, .st = st, .kept = &kept };
	enum status rc;

	l.remarks = arena_alloc(&an->arena, an->n * sizeof(*l.remarks));
	l.receipts = arena_alloc(&an->arena, an->n * sizeof(*l.receipts));
	if (l.remarks == NULL || l.receipts == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	l.n_alike = count_people(an);
	rc = store_consultation_all(st, &an->arena, &l.all, &l.n_all, err);
	for (size_t i = 0; i < an->n && rc == ST_OK; i++) {
		if (!is_told(&an->list[i]) || is_among_earlier(an, i))
			continue;
		rc = gather(&l, i, err);
		if (rc == ST_OK)
			rc = write_letter(&l, err);
	}
	wording_forget(&kept);
	return rc;
}

/* ---- giving ------------------------------------------------------------ */

enum status
answering_give(struct answering *an, struct store *st, struct err *err)
{
	size_t n_new = 0;
	enum status rc;

	for (size_t i = 0; i < an->n; i++)
		n_new += !an->list[i].is_done;
	if (n_new == 0)
		return ST_OK;
	rc = store_answer_add(st, &an->answer, err);
	for (size_t i = 0; i < an->n && rc == ST_OK; i++) {
		struct answered *item = &an->list[i];

		if (item->is_done)
			continue;
		rc = store_answer_give(
		    st, &an->answer, item->remark.id, item->receipt, err);
		if (rc == ST_OK)
			rc = store_answer_reach(
			    st, &item->remark, &item->untold, err);
	}
	return rc == ST_OK ? tell_all(an, st, err) : rc;
}

void
answering_free(struct answering *an)
{
	arena_free(&an->arena);
	*an = (struct answering){ 0 };
}

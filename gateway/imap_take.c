/* imap_take - the next mails of a folder, into a batch
 *
 * Place: see imap.h.  First the list (UID, flags, date, size), then the bytes
 * of as many as a batch holds, in one FETCH.
 *
 * A mail that makes the server hang up, or its answer unreadable, must not stop
 * those behind it: what was asked for at once is made smaller until one mail
 * stands alone.  When that fails three times it is handed over without bytes,
 * with the reason, and put aside.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/imap_box.h"
#include "gateway/imap_name.h"

enum {
	EXCERPT = 256 << 10, /* what is fetched of a mail that is too large */
	NARROWER = 6, /* so much fewer are asked for after a failure */
	ALONE_MAX = 3, /* failures of one mail that was asked for alone */
	GIVEN_UP_MAX = 3, /* in a row; then it may be the server that fails, */
	PATIENT_MAX = 15, /* and so many turns are waited before the next */
	LIST_PART = 1296, /* listed at once when the whole list fails */
	LEFT_AGAIN_MS = 600000, /* what could not be moved is tried again */
};

/* ---- the cursor --------------------------------------------------------- */

enum status
imap_note(struct imap_box *box, const struct imap_read *f, struct batch *batch,
    struct err *err)
{
	struct buf text = { .max = sizeof(((struct reread *)0)->cursor) - 1 };

	for (int i = 0; i < box->n_folders; i++) {
		const struct imap_read *one = &box->folders[i];
		const struct imap_place *p =
		    one == f ? &one->ahead : &one->place;

		if (p->validity != 0)
			imap_place_write(&text, one->key, p);
	}
	if (text.failed || text.p == NULL) {
		buf_free(&text);
		return err_set(
		    err, ST_BROKEN, "the names of its folders are too long");
	}
	free(batch->cursor);
	batch->cursor = text.p;
	batch->source = box->name;
	return ST_OK;
}

/* Where the folder is read on from once the batch, and what is in hand already,
 * is on disk. */
static void
look_ahead(const struct imap_box *box, struct imap_read *f)
{
	uint32_t next = f->at < f->list.n ? f->list.items[f->at].uid : f->upto;

	if (box->in_hand == 0)
		f->ahead = f->place;
	if (next > f->ahead.next)
		f->ahead.next = next;
}

/* ---- the list ----------------------------------------------------------- */

/* Leaves out what was there before the first contact, and what is stored and
 * already marked as deleted: without UIDPLUS it lies there on. */
static void
sift(struct imap_read *f)
{
	struct imap_list *list = &f->list;
	uint32_t first = 0;
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		struct imap_item *item = &list->items[i];

		if (item->uid >= f->upto)
			f->upto = item->uid + 1;
		if (imap_place_is_old(&f->place, item->uid, item->received_ms))
			continue;
		if (first == 0)
			first = item->uid;
		item->is_stored = item->uid < f->place.next;
		if (item->is_stored && item->is_deleted)
			continue;
		list->items[n++] = *item;
	}
	list->n = n;
	/* Old mail at the beginning need not be listed again. */
	if (f->place.floor < f->place.lost_to &&
	    f->place.next == f->place.floor) {
		f->place.floor = f->place.next = first != 0 ? first : f->upto;
		f->is_to_note = true;
	}
}

static bool
wants_left(const struct imap_box *box, const struct imap_read *f)
{
	if (f->held_why != NULL || f->place.floor == f->place.next)
		return false;
	/* In parts no flags are asked for; then what is marked as deleted and
	 * cannot go looks like what was not moved. */
	if (f->list_limit != 0 && !imap_has_move(box->im) &&
	    !imap_has_uidplus(box->im))
		return false;
	return !f->knows_left ||
	       (box->trouble != NULL &&
		   clock_ticks() - f->left_at >= LEFT_AGAIN_MS);
}

/* The next part of the list.  A mail that cannot be listed even alone is asked
 * for all the same: how large it is and when it came nobody knows then. */
static enum status
list_part(
    struct imap_box *box, struct imap_read *f, uint32_t from, struct err *err)
{
	struct imap_list uids = { 0 };
	size_t n = (size_t)f->list_limit;
	enum status rc = imap_search_from(box->im, from, &uids, err);
	uint32_t last;

	f->list_from = 0; /* nothing may be left to list meanwhile */
	if (rc != ST_OK || uids.n == 0)
		goto out;
	n = uids.n < n ? uids.n : n;
	last = uids.items[n - 1].uid;
	f->upto = last + 1;
	f->list_from = n < uids.n ? last + 1 : 0;
	if (f->list_failures < ALONE_MAX)
		rc = imap_list(
		    box->im, uids.items[0].uid, last, false, &f->list, err);
	else {
		f->list = uids;
		uids = (struct imap_list){ 0 };
		f->list.n = 1;
		f->list.items[0].size = (uint32_t)box->conf->max_message_size;
	}
out:
	imap_list_free(&uids);
	return rc;
}

static enum status
list_all(
    struct imap_box *box, struct imap_read *f, uint32_t from, struct err *err)
{
	enum status rc;

	if (f->list_limit == 0)
		return imap_list(box->im, from, 0, true, &f->list, err);
	rc = list_part(box, f, from, err);
	if (rc == ST_OK) {
		f->list_failures = 0;
		f->list_limit = f->list_from == 0 ? 0
				: f->list_limit < LIST_PART
				    ? f->list_limit * NARROWER
				    : LIST_PART;
	}
	return rc;
}

/* The list failed: the next try asks for less, unless the server said no. */
static void
list_less(struct imap_box *box, struct imap_read *f)
{
	f->list_from = 0;
	if (!imap_is_broken(box->im)) {
		f->list_limit = 0;
		return;
	}
	/* A server that hangs up is not connected to in quick succession. */
	box->is_narrowing = imap_is_garbled(box->im);
	if (f->list_limit == 0)
		f->list_limit = LIST_PART;
	else if (f->list_limit > 1)
		f->list_limit /= NARROWER;
	else
		f->list_failures++;
}

/* Lists what is new; on a new connection also what is stored and was not moved
 * away.  Nothing is asked when the server has just said that there is nothing. */
static enum status
list_mails(struct imap_box *box, struct imap_read *f, struct err *err)
{
	bool left = f->list_from == 0 && wants_left(box, f);
	uint32_t from = f->list_from != 0 ? f->list_from
			: left		  ? f->place.floor
					  : f->place.next;
	uint32_t next = f->place.next;
	bool nothing = box->is_fresh &&
		       (box->seen.exists == 0 ||
			   (box->seen.next != 0 && from >= box->seen.next));
	enum status rc = ST_OK;

	imap_list_free(&f->list);
	f->at = 0;
	f->upto = next;
	f->is_listed = true;
	f->listed_next = box->is_fresh ? box->seen.next : 0;
	if (!nothing && !box->is_fresh)
		rc = imap_poke(box->im, err);
	box->is_fresh = false;
	if (rc == ST_OK && !nothing)
		rc = list_all(box, f, from, err);
	if (rc != ST_OK) {
		f->is_listed = false;
		imap_list_free(&f->list);
		list_less(box, f);
		return rc;
	}
	if (left) {
		f->knows_left = true;
		f->left_at = clock_ticks();
		free(box->trouble);
		box->trouble = NULL;
	}
	sift(f);
	return ST_OK;
}

/* ---- one message -------------------------------------------------------- */

static char *
make_key(const struct imap_read *f, uint32_t uid, size_t *stem)
{
	struct buf key = { .max = 4 * IMAP_NAME_MAX };

	buf_printf(&key, "%s;UIDVALIDITY=%u;UID=", f->key, f->place.validity);
	*stem = key.n;
	buf_printf(&key, "%u", uid);
	return key.failed ? NULL : key.p;
}

/* The next message of the batch, still without bytes. */
static struct raw *
add_message(struct imap_box *box, struct imap_read *f, struct batch *batch,
    const struct imap_item *item)
{
	struct raw *raw = &batch->messages[batch->n];
	struct imap_handle *handle = calloc(1, sizeof(*handle));
	const struct imap_place *p = &f->place;
	size_t stem = 0;

	*raw = (struct raw){ .channel = CHANNEL_MAIL,
		.source = strdup(box->name),
		.key = make_key(f, item->uid, &stem),
		.received_ms = item->received_ms,
		.is_server_time = item->received_ms != 0,
		.held_why = f->held_why };
	if (raw->received_ms == 0)
		raw->received_ms = clock_now();
	if (item->uid >= p->again_from && item->uid < p->again_to) {
		raw->again_stem = stem;
		raw->again_from = p->again_from;
	}
	batch->missing[batch->n] = false;
	if (handle == NULL || raw->source == NULL || raw->key == NULL) {
		raw_free(raw);
		free(handle);
		return NULL;
	}
	handle->item = *item;
	handle->validity = p->validity;
	batch->handles[batch->n++] = handle;
	return raw;
}

static void
put_aside(struct batch *batch)
{
	struct imap_handle *handle = batch->handles[batch->n - 1];

	handle->aside = true;
}

/* What is stored, as far as we know: only asks. */
static enum status
take_stored(struct imap_box *box, struct imap_read *f, struct batch *batch,
    struct err *err)
{
	while (f->at < f->list.n && f->list.items[f->at].is_stored &&
	       batch->n < BATCH_MAX) {
		const struct imap_item *item = &f->list.items[f->at];
		struct raw *raw = add_message(box, f, batch, item);

		if (raw == NULL)
			return err_set(err, ST_BROKEN, "out of memory");
		raw->is_key_only = true;
		if (item->size > (uint32_t)box->conf->max_message_size)
			put_aside(batch);
		f->at++;
	}
	return ST_OK;
}

/* ---- fetching ----------------------------------------------------------- */

struct taking {
	struct imap_box *box;
	struct imap_read *f;
	struct batch *batch;
	size_t n; /* of the list, from f->at */
	bool is_large; /* only the beginning of each */
	struct imap_body bodies[BATCH_MAX];
};

static bool
is_large(const struct imap_box *box, const struct imap_item *item)
{
	return item->size > (uint32_t)box->conf->max_message_size;
}

/* As many as a batch holds, all of one kind. */
static void
choose(struct taking *t)
{
	size_t bytes = 0;

	t->is_large = is_large(t->box, &t->f->list.items[t->f->at]);
	for (t->n = 0;
	     t->f->at + t->n < t->f->list.n && t->n < (size_t)t->f->limit;
	     t->n++) {
		const struct imap_item *item =
		    &t->f->list.items[t->f->at + t->n];

		bytes += t->is_large ? EXCERPT : item->size;
		if (item->is_stored || is_large(t->box, item) != t->is_large ||
		    (t->n > 0 && bytes > BATCH_BYTES))
			break;
		t->bodies[t->n] =
		    (struct imap_body){ .uid = item->uid, .size = item->size };
	}
}

static void
free_bodies(struct taking *t)
{
	for (size_t i = 0; i < t->n; i++)
		buf_free(&t->bodies[i].bytes);
}

/* Hands over those that came; those that did not are kept in front of the
 * rest. */
static enum status
sort_out(struct taking *t, size_t *kept, struct err *err)
{
	struct imap_read *f = t->f;
	struct imap_item *items = &f->list.items[f->at];
	size_t n_kept = 0;

	for (size_t i = 0; i < t->n; i++) {
		struct raw *raw;

		if (!t->bodies[i].got) {
			n_kept++;
			continue;
		}
		raw = add_message(t->box, f, t->batch, &items[i]);
		if (raw == NULL)
			return err_set(err, ST_BROKEN, "out of memory");
		f->given_up = 0;
		raw->bytes = t->bodies[i].bytes;
		t->bodies[i].bytes = (struct buf){ 0 };
		if (t->is_large) {
			raw->whole_size = items[i].size;
			put_aside(t->batch);
		}
	}
	*kept = n_kept;
	for (size_t i = t->n, to = t->n; i-- > 0;)
		if (!t->bodies[i].got)
			items[--to] = items[i];
	f->at += t->n - n_kept;
	return ST_OK;
}

/* Which of the first `n` of the list are still there?  Somebody may have moved
 * them meanwhile, and then they are nobody's any more. */
static enum status
forget_gone(struct taking *t, size_t n, struct err *err)
{
	struct imap_read *f = t->f;
	struct imap_list now = { 0 };
	size_t to = f->at + n;
	enum status rc = imap_list(t->box->im, f->list.items[f->at].uid,
	    f->list.items[f->at + n - 1].uid, false, &now, err);

	for (size_t i = f->at + n; rc == ST_OK && i-- > f->at;) {
		bool there = false;

		for (size_t k = 0; k < now.n && !there; k++)
			there = now.items[k].uid == f->list.items[i].uid;
		if (there)
			f->list.items[--to] = f->list.items[i];
	}
	if (rc == ST_OK)
		f->at = to;
	imap_list_free(&now);
	return rc;
}

/* A mail asked for alone did not come: true when it is to be put aside. */
static bool
is_hopeless(struct imap_read *f, uint32_t uid)
{
	if (f->suspect != uid)
		f->failures = 0;
	f->suspect = uid;
	f->failures++;
	return f->failures >=
	       (f->given_up < GIVEN_UP_MAX ? ALONE_MAX : PATIENT_MAX);
}

static enum status
give_up(struct taking *t, const char *why, struct err *err)
{
	const struct imap_item *item = &t->f->list.items[t->f->at];
	struct raw *raw = add_message(t->box, t->f, t->batch, item);

	if (raw == NULL ||
	    asprintf(&raw->problem,
		"the mail server does not hand it over (%.200s); it is in the "
		"folder %s there",
		why,
		t->f->held_why != NULL ? t->f->name : t->box->conf->oversize) <
		0)
		return err_set(err, ST_BROKEN, "out of memory");
	put_aside(t->batch);
	t->f->given_up++;
	t->f->at++;
	return ST_OK;
}

/* A server that hands over no mail at all may do so again: its mails are not
 * put aside one after the other meanwhile. */
static enum status
be_patient(struct taking *t, struct err *err)
{
	struct err why = *err;

	t->box->is_narrowing = false;
	return err_set(err, ST_RETRY,
	    "%.300s; it hands over no mail, and is asked again later",
	    why.text);
}

/* The fetch failed, or brought nothing.  ST_OK: one mail was given up and is in
 * the batch. */
static enum status
narrow_down(struct taking *t, enum status rc, struct err *err)
{
	struct imap_read *f = t->f;

	if (rc == ST_BROKEN ||
	    (t->box->source.stop != NULL && atomic_load(t->box->source.stop)))
		return rc;
	t->box->is_narrowing = true;
	if (t->n > 1) {
		f->suspect_to = f->list.items[f->at + t->n - 1].uid;
		f->limit = (int)t->n / NARROWER;
		if (f->limit < 1)
			f->limit = 1;
		return rc;
	}
	if (is_hopeless(f, f->list.items[f->at].uid))
		return give_up(t, err->text, err);
	return f->given_up < GIVEN_UP_MAX ? rc : be_patient(t, err);
}

/* One FETCH.  After ST_OK with an empty batch there may be more to take. */
static enum status
take_bytes(struct taking *t, struct err *err)
{
	size_t kept = 0;
	enum status rc;

	if (t->f->list.items[t->f->at].uid > t->f->suspect_to)
		t->f->limit = BATCH_MAX;
	choose(t);
	rc = imap_bodies(
	    t->box->im, t->bodies, t->n, t->is_large ? EXCERPT : 0, err);
	if (rc != ST_OK && imap_is_broken(t->box->im))
		return narrow_down(t, rc, err);
	/* A NO may still have brought some. */
	rc = sort_out(t, &kept, err);
	if (rc == ST_OK && kept > 0)
		rc = forget_gone(t, kept, err);
	if (rc != ST_OK || t->batch->n > 0 || kept == 0)
		return rc;
	if (t->f->at < t->f->list.n && kept > 0 &&
	    t->f->list.items[t->f->at].uid == t->bodies[0].uid) {
		err_set(err, ST_RETRY,
		    "the server lists a mail and does not send it");
		rc = narrow_down(t, ST_OK, err);
	}
	return rc;
}

enum status
imap_take(struct imap_box *box, struct batch *batch, struct err *err)
{
	struct imap_read *f = &box->folders[box->at];
	struct taking *t = NULL;
	bool moved_on;
	enum status rc = ST_OK;

	box->is_narrowing = false;
	while (rc == ST_OK && f->at == f->list.n &&
	       (!f->is_listed || f->list_from != 0))
		rc = list_mails(box, f, err);
	if (rc != ST_OK)
		return rc;
	if (f->at < f->list.n && f->list.items[f->at].is_stored) {
		rc = take_stored(box, f, batch, err);
		goto out;
	}
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	*t = (struct taking){ .box = box, .f = f, .batch = batch };
	while (rc == ST_OK && f->at < f->list.n && batch->n == 0 &&
	       !f->list.items[f->at].is_stored) {
		rc = take_bytes(t, err);
		free_bodies(t);
	}
	free(t);
out:
	if (rc != ST_OK)
		return rc;
	look_ahead(box, f);
	moved_on = f->is_to_note || f->ahead.next != f->place.next;
	return batch->n > 0 || moved_on ? imap_note(box, f, batch, err) : ST_OK;
}

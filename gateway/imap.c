/* imap - a folder on an IMAP server as a mailbox to read
 *
 * Here: the connection, which stays open between polls, the rounds through the
 * folders, moving what is stored, and waiting.
 */
#include "gateway/imap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/clock.h"
#include "gateway/fault.h"
#include "gateway/imap_box.h"
#include "gateway/imap_name.h"

enum {
	NARROW_MAX = 12, /* connections until one bad mail is found */
	NARROW_MS = 20000,
	/* Waits that ended so soon and brought nothing: so many may, and then
	 * rests come between them, which are doubled so long. */
	AT_ONCE_MS = 10000,
	VAIN_FREE = 3,
	VAIN_MAX = VAIN_FREE + 6,
	VAIN_MS = 500,
};

/* What came so shortly before the first contact counts as new: clocks differ. */
#define FIRST_MS 300000

/* ---- fetching ----------------------------------------------------------- */

/* The first contact is on disk before the first mail is read: from then on
 * whatever comes is ours. */
static enum status
first_contact(struct imap_box *box, struct imap_read *f, struct batch *batch,
    struct err *err)
{
	bool all = strcmp(box->conf->start, "all") == 0;
	uint32_t next = box->seen.next;
	struct imap_list last = { 0 };
	enum status rc = ST_OK;

	if (next == 0 && !all && box->seen.exists > 0) {
		rc = imap_search_from(box->im, 1, &last, err);
		if (rc == ST_OK && last.n > 0)
			next = last.items[last.n - 1].uid + 1;
	}
	imap_list_free(&last);
	if (rc != ST_OK)
		return rc;
	if (all || next == 0)
		next = 1;
	f->ahead = (struct imap_place){ .validity = box->seen.validity,
		.floor = next,
		.next = next,
		.again_from = next,
		.again_to = next,
		.since_ms = all ? 0 : clock_now() - FIRST_MS };
	batch->more = true;
	return imap_note(box, f, batch, err);
}

/* Is there nothing new in a folder that is not selected?  One question instead
 * of opening it. */
static bool
is_quiet(struct imap_box *box, struct imap_read *f, struct err *err)
{
	struct imap_folder now;

	if (box->selected == box->at || f->place.validity == 0 ||
	    f->is_elsewhere || imap_learn_wire(box, f, err) != ST_OK ||
	    imap_status(box->im, f->wire, &now, err) != ST_OK)
		return false;
	return now.validity == f->place.validity && now.next != 0 &&
	       (now.next <= f->place.next || now.next == f->listed_next);
}

/* The folder whose turn it is, over the connection there is. */
static enum status
look_once(struct imap_box *box, struct batch *batch, struct err *err)
{
	struct imap_read *f = &box->folders[box->at];
	enum status rc = imap_connect(box, err);

	if (rc == ST_OK && box->at > 0 && f->at == f->list.n &&
	    is_quiet(box, f, err))
		return ST_OK;
	if (rc == ST_OK)
		rc = imap_enter(box, box->at, err);
	if (rc != ST_OK)
		return rc;
	if (f->place.validity == 0)
		return first_contact(box, f, batch, err);
	return imap_take(box, batch, err);
}

/* The same, over new connections while a mail that breaks them is narrowed
 * down; but a server that has others wait is left alone for now. */
static enum status
look_into(struct imap_box *box, struct batch *batch, struct err *err)
{
	int64_t began = clock_ticks();
	enum status rc;

	for (int i = 0; i < NARROW_MAX; i++) {
		box->is_narrowing = false;
		rc = look_once(box, batch, err);
		if (rc != ST_RETRY || !box->is_narrowing ||
		    clock_ticks() - began > NARROW_MS)
			break;
		imap_drop(box);
	}
	return rc;
}

static void
begin_round(struct imap_box *box)
{
	box->at = 0;
	for (int i = 0; i < box->n_folders; i++)
		box->folders[i].is_listed = false;
}

/* What is in hand was not stored: its mails are listed again. */
static void
forget_lists(struct imap_box *box)
{
	for (int i = 0; i < box->n_folders; i++) {
		imap_forget_list(&box->folders[i]);
		box->folders[i].knows_left = false;
		box->folders[i].listed_next = 0;
	}
	begin_round(box);
	box->in_hand = 0;
}

/* Is the batch no more than its share of memory, and nothing that done() may
 * take back? */
static bool
is_plain(const struct batch *batch)
{
	size_t bytes = 0;

	for (int i = 0; i < batch->n; i++) {
		if (batch->messages[i].is_key_only)
			return false;
		bytes += batch->messages[i].bytes.n;
	}
	return batch->n > 0 && bytes <= BATCH_BYTES;
}

static enum status
box_fetch(struct source *s, struct batch *batch, struct err *err)
{
	struct imap_box *box = (struct imap_box *)s;
	enum status rc = ST_OK;

	batch->n = 0;
	batch->more = false;
	box->may_go_on = false;
	if (box->in_hand > 0)
		forget_lists(box);
	for (; box->at < box->n_folders; box->at++) {
		struct imap_read *f = &box->folders[box->at];

		rc = look_into(box, batch, err);
		if (rc != ST_OK)
			break;
		if (batch->n == 0 && batch->cursor == NULL)
			continue;
		box->in_hand = 1;
		box->in_vain = batch->n > 0 ? 0 : box->in_vain;
		box->may_go_on = is_plain(batch);
		batch->more = batch->more || f->at < f->list.n ||
			      f->list_from != 0 || box->at + 1 < box->n_folders;
		return ST_OK;
	}
	if (rc != ST_OK && box->im != NULL && imap_is_broken(box->im))
		imap_drop(box);
	if (rc != ST_OK && batch->n > 0)
		imap_forget_list(&box->folders[box->at]);
	if (rc != ST_OK)
		batch_free(batch);
	/* What was listed is kept: the next round goes on with it. */
	begin_round(box);
	if (rc == ST_OK && box->trouble != NULL)
		rc = err_set(err, ST_RETRY, "%s", box->trouble);
	return rc == ST_OK ? ST_OK : err_prefix(err, rc, box->name);
}

/* How this server writes the folder that mails in hand go to, is asked while
 * they are stored and not when they are to go there. */
static void
learn_ahead(struct imap_box *box)
{
	struct buf wire = { .max = IMAP_NAME_MAX };

	if (box->in_hand > 0 && box->im != NULL && !imap_is_broken(box->im) &&
	    box->folders[box->at].held_why == NULL)
		imap_wire_name(box->im, &wire, box->conf->processed, NULL);
	buf_free(&wire);
}

/* The next of the same list, over the connection there is. */
static void
box_fetch_ahead(struct source *s, struct batch *batch)
{
	struct imap_box *box = (struct imap_box *)s;
	struct imap_read *f = &box->folders[box->at];
	const struct imap_item *next = &f->list.items[f->at];
	struct err err;

	batch->n = 0;
	batch->more = false;
	learn_ahead(box);
	if (!box->may_go_on || box->in_hand != 1 || box->im == NULL ||
	    imap_is_broken(box->im) || box->selected != box->at ||
	    f->at == f->list.n || next->is_stored || next->size > BATCH_BYTES)
		return;
	f->first = f->ahead;
	if (imap_take(box, batch, &err) != ST_OK) {
		imap_forget_list(f);
		batch_free(batch);
		if (imap_is_broken(box->im))
			imap_drop(box);
		return;
	}
	if (batch->n == 0 && batch->cursor == NULL)
		return;
	box->in_hand = 2;
	box->may_go_on = is_plain(batch);
	batch->more = f->at < f->list.n || f->list_from != 0 ||
		      box->at + 1 < box->n_folders;
}

/* ---- acknowledging ------------------------------------------------------ */

static enum status
move_all(struct imap_box *box, const uint32_t *uids, size_t n,
    const char *folder, struct err *err)
{
	struct buf wire = { .max = IMAP_NAME_MAX };
	enum status rc = ST_OK;

	if (n == 0)
		return ST_OK;
	rc = imap_wire_name(box->im, &wire, folder, err);
	if (rc == ST_OK)
		rc = imap_move(box->im, uids, n, buf_cstr(&wire), err);
	buf_free(&wire);
	return rc;
}

/* Stored mails stay where they are, for a reason that will not go by itself:
 * the others are fetched on, and the round ends with the reason. */
static void
note_trouble(struct imap_box *box, const char *folder, const struct err *why)
{
	free(box->trouble);
	if (asprintf(&box->trouble,
		"stored mails cannot be moved to the folder \"%.100s\" "
		"(%.250s); make room there, or give this user the right to "
		"move mail",
		folder, why->text) < 0)
		box->trouble = NULL;
}

/* Asked for by key and not stored after all: is fetched next. */
static void
take_back(struct imap_read *f, const struct batch *batch)
{
	for (int i = batch->n; i-- > 0;) {
		const struct imap_handle *handle = batch->handles[i];

		if (!batch->missing[i] || f->at == 0)
			continue;
		f->list.items[--f->at] = handle->item;
		f->list.items[f->at].is_stored = false;
	}
}

/* Only those whose numbers still mean them: after a new UIDVALIDITY they would
 * name other mails.  Theirs are read again, and recognised. */
static enum status
move_batch(struct imap_box *box, const struct imap_read *f, struct batch *batch,
    struct err *err)
{
	const char *to[] = { box->conf->processed, box->conf->oversize };
	uint32_t uids[BATCH_MAX];
	enum status rc = ST_OK;

	if (f->held_why != NULL || batch->n == 0)
		return ST_OK;
	for (int aside = 0; aside < 2 && rc == ST_OK; aside++) {
		size_t n = 0;

		for (int i = 0; i < batch->n; i++) {
			const struct imap_handle *handle = batch->handles[i];

			if (!batch->missing[i] && handle->aside == aside &&
			    handle->validity == f->place.validity)
				uids[n++] = handle->item.uid;
		}
		rc = move_all(box, uids, n, to[aside], err);
		if (rc == ST_REJECT) {
			note_trouble(box, to[aside], err);
			rc = ST_OK;
		}
	}
	return rc;
}

/* The cursor of a batch that was fetched under numbers that have gone says
 * nothing of the new ones. */
static void
move_place(struct imap_box *box, struct imap_read *f)
{
	const struct imap_place *to = box->in_hand == 2 ? &f->first : &f->ahead;

	if (f->place.validity != 0 && f->place.validity != to->validity)
		return;
	f->place = *to;
	f->is_to_note = false;
}

static enum status
box_done(struct source *s, struct batch *batch, struct err *err)
{
	struct imap_box *box = (struct imap_box *)s;
	struct imap_read *f = &box->folders[box->at];
	enum status rc;

	if (batch->cursor != NULL)
		move_place(box, f);
	box->in_hand--;
	take_back(f, batch);
	fault_step("imap: stored, not moved");
	rc = imap_enter(box, box->at, err);
	if (rc == ST_OK)
		rc = move_batch(box, f, batch, err);
	if (box->im != NULL && imap_is_broken(box->im))
		imap_drop(box);
	/* With more to come, fetch() says so when that is done. */
	if (rc == ST_OK && box->trouble != NULL && !batch->more)
		rc = err_set(err, ST_RETRY, "%s", box->trouble);
	return rc == ST_OK ? ST_OK : err_prefix(err, rc, box->name);
}

/* ---- waiting ------------------------------------------------------------ */

static void
nap(int ms)
{
	struct timespec time = { ms / 1000, (long)(ms % 1000) * 1000000 };

	nanosleep(&time, NULL); /* a signal ends it early */
}

/* Was there more when the mailbox was opened than was listed of it? */
static bool
has_more(const struct imap_box *box, const struct imap_read *f)
{
	return box->seen.next == 0 || box->seen.next > f->place.next;
}

static void
wait_by_idle(struct imap_box *box, int ms)
{
	struct err err;

	/* What was said while something else was answered counts. */
	if (box->selected != 0 && (imap_enter(box, 0, &err) != ST_OK ||
				      has_more(box, &box->folders[0])))
		return;
	if (!imap_has_news(box->im) && imap_idle(box->im, ms, &err) == ST_OK)
		box->is_fresh = false;
}

/* A server that refuses IDLE, ends it at once or hangs up is not asked again
 * and again without rest: between its turns are rests, longer each time, until
 * it does let us wait, or mail does come. */
static void
box_wait(struct source *s, int ms)
{
	struct imap_box *box = (struct imap_box *)s;
	int64_t began = clock_ticks();
	bool can_idle =
	    box->im != NULL && box->conf->idle && imap_has_idle(box->im);

	if (!can_idle || box->rest_ms > 0) {
		if (s->stop == NULL || !atomic_load(s->stop))
			nap(can_idle && box->rest_ms < ms ? box->rest_ms : ms);
		box->rest_ms = 0;
		return;
	}
	wait_by_idle(box, ms);
	/* The next fetch connects again, and says what is wrong. */
	if (box->im != NULL && imap_is_broken(box->im))
		imap_drop(box);
	if (clock_ticks() - began >= (ms < AT_ONCE_MS ? ms : AT_ONCE_MS))
		box->in_vain = 0;
	else if (box->in_vain < VAIN_MAX)
		box->in_vain++;
	if (box->in_vain > VAIN_FREE)
		box->rest_ms = VAIN_MS << (box->in_vain - VAIN_FREE);
}

/* ---- checking ----------------------------------------------------------- */

static enum status
describe_folder(struct imap_box *box, const struct imap_read *f,
    struct buf *found, struct err *err)
{
	struct imap_list all = { 0 };
	size_t old = 0, wait = 0;
	enum status rc = ST_OK;

	if (f->held_why == NULL && box->seen.is_fixed)
		return err_set(err, ST_REJECT,
		    "the folder %.100s may not be changed by this user: stored "
		    "mail would stay in it; give it the right to delete there",
		    f->name);
	if (f->place.validity == 0) {
		buf_printf(found, "; %s holds %u mail%s, ", f->name,
		    box->seen.exists, box->seen.exists == 1 ? "" : "s");
		buf_str(found, strcmp(box->conf->start, "all") == 0
				   ? "which will be read (start = \"all\")"
				   : "which will be left alone (start = "
				     "\"now\")");
		return ST_OK;
	}
	if (box->seen.exists > 0)
		rc = imap_list(box->im, 1, 0, false, &all, err);
	for (size_t i = 0; i < all.n; i++) {
		if (imap_place_is_old(
			&f->place, all.items[i].uid, all.items[i].received_ms))
			old++;
		else if (all.items[i].uid >= f->place.next)
			wait++;
	}
	if (rc == ST_OK)
		buf_printf(found,
		    "; %s holds %zu mail%s: %zu from before the first "
		    "contact, %zu waiting, %zu stored and not moved",
		    f->name, all.n, all.n == 1 ? "" : "s", old, wait,
		    f->held_why != NULL ? 0 : all.n - old - wait);
	imap_list_free(&all);
	return rc;
}

static void
describe_connection(struct imap_box *box, struct buf *found)
{
	struct stream_certificate c;
	char until[32];

	imap_certificate(box->im, &c);
	buf_printf(found, "%s, logged in as %s", imap_where(box->im),
	    box->conf->user[0] != '\0' ? box->conf->user : "nobody");
	if (c.expires_ms != 0) {
		clock_format(until, "UTC", c.expires_ms);
		buf_printf(found,
		    "; certificate of %.80s, good until %.10s, pin %s",
		    c.subject, until, c.pin);
	} else {
		buf_str(found, "; without TLS, on this machine");
	}
	if (!imap_has_idle(box->im))
		buf_str(found, "; no IDLE: new mail is seen at the next poll");
	if (!imap_has_move(box->im) && !imap_has_uidplus(box->im))
		buf_str(found, "; neither MOVE nor UIDPLUS: stored mail is "
			       "copied and marked as deleted");
}

static enum status
box_check(struct source *s, struct buf *found, struct err *err)
{
	struct imap_box *box = (struct imap_box *)s;
	enum status rc = imap_connect(box, err);

	if (rc == ST_OK)
		describe_connection(box, found);
	for (int i = 0; rc == ST_OK && i < box->n_folders; i++) {
		rc = imap_enter(box, i, err);
		if (rc == ST_OK)
			rc = describe_folder(box, &box->folders[i], found, err);
	}
	if (rc != ST_OK)
		return err_prefix(err, rc, box->name);
	return ST_OK;
}

/* ---- opening ------------------------------------------------------------ */

static void
box_connect(struct source *s)
{
	imap_connect_ahead((struct imap_box *)s);
}

static void
box_resume(struct source *s, const char *cursor)
{
	struct imap_box *box = (struct imap_box *)s;

	for (int i = 0; i < box->n_folders; i++) {
		struct imap_read *f = &box->folders[i];

		imap_place_read(
		    &f->place, span_of(cursor), f->key, &f->is_elsewhere);
	}
}

static enum status
box_reread(
    struct source *s, int64_t since_ms, struct reread *out, struct err *err)
{
	return imap_again((struct imap_box *)s, since_ms, out, err);
}

static void
box_close(struct source *s)
{
	struct imap_box *box = (struct imap_box *)s;

	if (box == NULL)
		return;
	imap_drop(box);
	for (int i = 0; i < FOLDERS_MAX; i++) {
		free(box->folders[i].name);
		free(box->folders[i].key);
		free(box->folders[i].held_why);
		imap_list_free(&box->folders[i].list);
	}
	free(box->trouble);
	free(box->account);
	free(box->name);
	free(box);
}

static const struct source_ops box_ops = {
	.connect = box_connect,
	.resume = box_resume,
	.fetch = box_fetch,
	.fetch_ahead = box_fetch_ahead,
	.done = box_done,
	.reread = box_reread,
	.wait = box_wait,
	.check = box_check,
	.close = box_close,
};

static enum status
add_folder(
    struct imap_box *box, struct span name, bool is_junk, struct err *err)
{
	struct imap_read *f = &box->folders[box->n_folders];
	struct buf text = { .max = IMAP_NAME_MAX }, key = { .max = 2000 };
	enum status rc = ST_OK;

	if (box->n_folders == FOLDERS_MAX)
		return err_set(err, ST_REJECT,
		    "%s: at most %d folders can be read besides the first",
		    box->name, FOLDERS_MAX - 1);
	if (imap_name_encode(&text, name) != ST_OK)
		return err_set(err, ST_REJECT,
		    "%s: \"%.*s\" is no name for a folder", box->name,
		    (int)name.n, name.p);
	buf_printf(&key, "%s/", box->account);
	imap_name_key(&key, name);
	f->name = strndup(name.p, name.n);
	f->key = key.failed ? NULL : key.p;
	f->limit = BATCH_MAX;
	box->n_folders++;
	if (is_junk && asprintf(&f->held_why, "it lay in the folder %.*s",
			   (int)name.n, name.p) < 0)
		f->held_why = NULL;
	if (f->name == NULL || f->key == NULL ||
	    (is_junk && f->held_why == NULL))
		rc = err_set(err, ST_BROKEN, "out of memory");
	buf_free(&text);
	return rc;
}

static bool
is_same_folder(const char *a, const char *b)
{
	return strcmp(a, b) == 0 || (span_is_nocase(span_of(a), "INBOX") &&
					span_is_nocase(span_of(b), "INBOX"));
}

/* What is moved into a folder that is read would come as new, for ever. */
static enum status
check_folders(struct imap_box *box, struct err *err)
{
	const char *to[] = { box->conf->processed, box->conf->oversize };

	for (int i = 0; i < box->n_folders; i++) {
		const char *name = box->folders[i].name;

		for (int k = 0; k < i; k++)
			if (is_same_folder(name, box->folders[k].name))
				return err_set(err, ST_REJECT,
				    "%s: the folder \"%.100s\" is named twice "
				    "in url and junk",
				    box->name, name);
		if (is_same_folder(name, to[0]) || is_same_folder(name, to[1]))
			return err_set(err, ST_REJECT,
			    "%s: processed and oversize must not be the folder "
			    "\"%.100s\", which is read",
			    box->name, name);
	}
	if (to[0][0] == '\0' || to[1][0] == '\0')
		return err_set(err, ST_REJECT,
		    "%s: processed and oversize must name a folder", box->name);
	return ST_OK;
}

static enum status
add_folders(struct imap_box *box, struct err *err)
{
	struct buf inbox = { .max = IMAP_NAME_MAX };
	struct span rest = span_of(box->conf->junk), word;
	enum status rc = imap_name_of_url(&inbox, box->conf->url);

	if (rc != ST_OK)
		err_set(err, rc,
		    "%s: the url \"%s\" is none; expected imaps://HOST/FOLDER",
		    box->name, box->conf->url);
	else
		rc = add_folder(box, buf_span(&inbox), false, err);
	buf_free(&inbox);
	while (rc == ST_OK && rest.n > 0) {
		size_t n = span_find(rest, ",");

		word = span_trim(span_sub(rest, 0, n));
		rest = span_from(rest, n + 1);
		if (word.n > 0)
			rc = add_folder(box, word, true, err);
	}
	return rc == ST_OK ? check_folders(box, err) : rc;
}

enum status
imap_source_open(
    struct source **out, const struct config_mailbox *conf, struct err *err)
{
	struct imap_box *box = calloc(1, sizeof(*box));
	struct buf account = { .max = 1000 };
	enum status rc;

	*out = NULL;
	if (box == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	box->source.ops = &box_ops;
	box->source.channel = CHANNEL_MAIL;
	box->source.poll_every_s = (int)conf->poll_every;
	box->conf = conf;
	box->selected = -1;
	imap_name_account(&account, conf->user, conf->url);
	box->account = account.failed ? NULL : account.p;
	if (asprintf(&box->name, "mailbox %s", conf->name) < 0)
		box->name = NULL;
	if (box->name == NULL || box->account == NULL) {
		rc = err_set(err, ST_BROKEN, "out of memory");
		goto out;
	}
	box->source.name = box->name;
	rc = add_folders(box, err);
	if (rc != ST_OK)
		goto out;
	*out = &box->source;
	box = NULL;
out:
	box_close((struct source *)box);
	return rc;
}

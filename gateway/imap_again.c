/* imap_again - what a restored database may not know is handed over again
 *
 * Place: reread() of source.h, see imap.h.  What was stored after the copy was
 * made lies in the folders `processed` and `oversize`: it is moved back into
 * the mailbox, where it gets new UIDs, and is read like any other.  What the
 * copy knows already is recognised by Message-ID and content.
 */
#include <stdio.h>
#include <string.h>

#include "gateway/imap_box.h"
#include "gateway/imap_name.h"

enum { AT_ONCE = 200 };

/* A day more than asked for: SEARCH knows days only, in the server's zone. */
#define DAY_MS (24 * 60 * 60 * (int64_t)1000)

static enum status
move_back(struct imap_box *box, const char *folder, int64_t since_ms,
    int *moved, struct err *err)
{
	struct buf wire = { .max = IMAP_NAME_MAX };
	struct imap_list found = { 0 };
	struct imap_folder seen;
	bool missing = false;
	enum status rc = imap_wire_name(box->im, &wire, folder, err);

	box->selected = -1;
	if (rc == ST_OK)
		rc =
		    imap_select(box->im, buf_cstr(&wire), &seen, &missing, err);
	if (rc == ST_OK && seen.exists > 0)
		rc = imap_search_since(box->im,
		    since_ms > DAY_MS ? since_ms - DAY_MS : 0, &found, err);
	for (size_t at = 0; rc == ST_OK && at < found.n;) {
		uint32_t uids[AT_ONCE];
		size_t n = 0;

		while (n < AT_ONCE && at < found.n)
			uids[n++] = found.items[at++].uid;
		rc = imap_move(box->im, uids, n, box->folders[0].wire, err);
		*moved += rc == ST_OK ? (int)n : 0;
	}
	imap_list_free(&found);
	buf_free(&wire);
	return missing && !imap_is_broken(box->im) ? ST_OK : rc;
}

/* The mailbox's own end, before what is moved back and behind it. */
static enum status
end_of_mailbox(struct imap_box *box, uint32_t *next, struct err *err)
{
	enum status rc;

	box->selected = -1;
	rc = imap_enter(box, 0, err);
	*next = box->seen.next;
	if (rc == ST_OK && *next == 0)
		rc = err_set(err, ST_REJECT,
		    "the server does not say where the folder %s ends "
		    "(UIDNEXT); move the stored mails back by hand",
		    box->folders[0].name);
	return rc;
}

enum status
imap_again(
    struct imap_box *box, int64_t since_ms, struct reread *out, struct err *err)
{
	struct imap_read *f = &box->folders[0];
	uint32_t before = 0, behind = 0;
	struct batch note = { .n = 0 };
	enum status rc;

	*out = (struct reread){ 0 };
	rc = end_of_mailbox(box, &before, err);
	if (rc == ST_OK)
		rc = move_back(
		    box, box->conf->processed, since_ms, &out->moved, err);
	if (rc == ST_OK)
		rc = move_back(
		    box, box->conf->oversize, since_ms, &out->moved, err);
	if (rc == ST_OK)
		rc = end_of_mailbox(box, &behind, err);
	if (rc != ST_OK)
		goto out;
	f->ahead = f->place;
	if (f->ahead.validity == 0)
		f->ahead = (struct imap_place){ .validity = box->seen.validity,
			.floor =
			    strcmp(box->conf->start, "all") == 0 ? 1 : before,
			.since_ms = since_ms };
	if (f->ahead.next < f->ahead.floor)
		f->ahead.next = f->ahead.floor;
	f->ahead.again_from = before;
	f->ahead.again_to = behind;
	rc = imap_note(box, f, &note, err);
	if (rc == ST_OK)
		snprintf(out->cursor, sizeof(out->cursor), "%s", note.cursor);
	f->place = f->ahead;
out:
	batch_free(&note);
	if (box->im != NULL && imap_is_broken(box->im))
		imap_drop(box);
	return rc == ST_OK ? ST_OK : err_prefix(err, ST_RETRY, box->name);
}

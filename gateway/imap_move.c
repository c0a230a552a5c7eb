/* imap_move - where mails go once they are stored
 *
 * Place: see imap_session.h.  Nothing is deleted that is not in the other
 * folder: MOVE does both at once; without it a COPY that failed ends it.
 */
#include <stdlib.h>
#include <string.h>
#include <libetpan/libetpan.h>

#include "gateway/imap_internal.h"
#include "gateway/imap_session.h"

struct mailimap_set *
imap_set(const uint32_t *uids, size_t n)
{
	struct mailimap_set *set = mailimap_set_new_empty();

	for (size_t i = 0, end; set != NULL && i < n; i = end) {
		for (end = i + 1; end < n && uids[end] == uids[end - 1] + 1;)
			end++;
		if (mailimap_set_add_interval(set, uids[i], uids[end - 1]) !=
		    MAILIMAP_NO_ERROR) {
			mailimap_set_free(set);
			return NULL;
		}
	}
	return set;
}

/* Makes the folder and shows it to those who read the mailbox by hand. */
static enum status
make_folder(struct imap *im, const char *wire, struct err *err)
{
	enum status rc;

	imap_expect(im, COMMAND_MS, ANSWER_MAX);
	rc = imap_result(im, mailimap_create(im->session, wire),
	    "a folder is made for stored mails", err);
	if (rc != ST_OK)
		return rc;
	imap_expect(im, COMMAND_MS, ANSWER_MAX);
	rc = imap_result(im, mailimap_subscribe(im->session, wire),
	    "a folder is subscribed to", err);
	return rc == ST_RETRY ? rc : ST_OK;
}

static enum status
mark_deleted(struct imap *im, struct mailimap_set *set, struct err *err)
{
	struct mailimap_flag_list *flags = mailimap_flag_list_new_empty();
	struct mailimap_store_att_flags *store = NULL;
	struct mailimap_flag *deleted = mailimap_flag_new_deleted();
	enum status rc;

	if (flags != NULL && deleted != NULL &&
	    mailimap_flag_list_add(flags, deleted) == MAILIMAP_NO_ERROR) {
		deleted = NULL;
		store = mailimap_store_att_flags_new_add_flags_silent(flags);
	}
	if (store == NULL) {
		rc = err_set(err, ST_BROKEN, "out of memory");
		goto out;
	}
	flags = NULL;
	imap_expect(im, COMMAND_MS, ANSWER_MAX);
	rc = imap_result(im, mailimap_uid_store(im->session, set, store),
	    "copied mails are marked as deleted", err);
out:
	if (store != NULL)
		mailimap_store_att_flags_free(store);
	if (flags != NULL)
		mailimap_flag_list_free(flags);
	if (deleted != NULL)
		mailimap_flag_free(deleted);
	return rc;
}

/* Only these are removed: a plain EXPUNGE would take what others marked. */
static enum status
copy_and_delete(struct imap *im, struct mailimap_set *set, const char *wire,
    bool *copied, struct err *err)
{
	enum status rc;

	rc = imap_result(im, mailimap_uid_copy(im->session, set, wire),
	    "stored mails are copied", err);
	*copied = rc == ST_OK;
	if (rc == ST_OK)
		rc = mark_deleted(im, set, err);
	if (rc != ST_OK || !im->has_uidplus)
		return rc;
	imap_expect(im, COMMAND_MS, ANSWER_MAX);
	return imap_result(im, mailimap_uid_expunge(im->session, set),
	    "copied mails are removed", err);
}

static enum status
move_set(struct imap *im, struct mailimap_set *set, const char *wire,
    bool *copied, struct err *err)
{
	/* A Maildir of thousands is copied in its own time. */
	imap_expect(im, 4 * COMMAND_MS, ANSWER_MAX);
	if (!im->has_move)
		return copy_and_delete(im, set, wire, copied, err);
	return imap_result(im, mailimap_uid_move(im->session, set, wire),
	    "stored mails are moved", err);
}

/* Copies of what cannot be deleted would only pile up, and what is moved to
 * where it lies would come as new. */
static enum status
check_move(const struct imap *im, const char *wire, struct err *err)
{
	if (strcmp(wire, im->selected) == 0)
		return err_set(err, ST_REJECT,
		    "%s: that is the folder %.100s, which they lie in",
		    imap_where(im), im->selected);
	if (!im->is_fixed)
		return ST_OK;
	return err_set(err, ST_REJECT,
	    "%s: this user may take nothing out of the folder %.100s",
	    imap_where(im), im->selected);
}

/* Did the server just say that the folder is not there? */
static bool
is_missing(const struct imap *im)
{
	return im->session->imap_response_info != NULL &&
	       im->session->imap_response_info->rsp_trycreate;
}

enum status
imap_move(struct imap *im, const uint32_t *uids, size_t n, const char *wire,
    struct err *err)
{
	struct mailimap_set *set = imap_set(uids, n);
	struct err first = { "" };
	bool copied = false;
	enum status rc;

	if (set == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	rc = check_move(im, wire, &first);
	if (rc != ST_OK) {
		mailimap_set_free(set);
		return err_set(err, rc, "%s", first.text);
	}
	rc = move_set(im, set, wire, &copied, &first);
	if (rc == ST_REJECT && !copied) {
		/* Not every server says that this is what is wrong. */
		bool said = is_missing(im);

		rc = make_folder(im, wire, err);
		if (rc == ST_OK)
			rc = move_set(im, set, wire, &copied, &first);
		else if (said)
			first.text[0] = '\0';
	}
	if (rc != ST_OK && first.text[0] != '\0')
		err_set(err, rc, "%s", first.text);
	mailimap_set_free(set);
	return im->broken ? ST_RETRY : rc;
}

/* imap_box - the connection of a mailbox and the folder that is open
 *
 * Place: under imap.c, imap_take.c and imap_again.c.
 */
#include "gateway/imap_box.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/imap_name.h"

static enum status
connect_now(struct imap_box *box, struct err *err)
{
	struct stream_certificate certificate;
	enum status rc = imap_open(&box->im, box->conf, box->source.stop, err);

	if (rc != ST_OK)
		return rc;
	if (box->skips_namespace)
		imap_skip_namespace(box->im);
	imap_certificate(box->im, &certificate);
	box->source.certificate_expires_ms = certificate.expires_ms;
	return ST_OK;
}

static void *
run_connector(void *arg)
{
	struct imap_box *box = arg;

	box->connected = connect_now(box, &box->connect_err);
	return NULL;
}

/* A thread that cannot be had is not needed.  Signals are for the others. */
void
imap_connect_ahead(struct imap_box *box)
{
	sigset_t all, ours;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &ours);
	box->is_connecting =
	    pthread_create(&box->connector, NULL, run_connector, box) == 0;
	pthread_sigmask(SIG_SETMASK, &ours, NULL);
}

/* What came of it is told once: whoever asks again tries again. */
static enum status
await_connector(struct imap_box *box, struct err *err)
{
	if (!box->is_connecting)
		return ST_OK;
	pthread_join(box->connector, NULL);
	box->is_connecting = false;
	return box->connected == ST_OK
		   ? ST_OK
		   : err_set(err, box->connected, "%s", box->connect_err.text);
}

void
imap_drop(struct imap_box *box)
{
	await_connector(box, NULL);
	if (box->im != NULL && imap_fell_over_namespace(box->im))
		box->skips_namespace = true;
	imap_close(box->im);
	box->im = NULL;
	box->selected = -1;
	for (int i = 0; i < box->n_folders; i++) {
		box->folders[i].knows_left = false;
		free(box->folders[i].wire);
		box->folders[i].wire = NULL;
	}
}

enum status
imap_connect(struct imap_box *box, struct err *err)
{
	enum status rc = await_connector(box, err);

	if (rc != ST_OK)
		return rc;
	if (box->im != NULL && imap_is_broken(box->im))
		imap_drop(box);
	return box->im != NULL ? ST_OK : connect_now(box, err);
}

enum status
imap_learn_wire(struct imap_box *box, struct imap_read *f, struct err *err)
{
	struct buf wire = { .max = IMAP_NAME_MAX };
	enum status rc = ST_OK;

	if (f->wire != NULL)
		return ST_OK;
	rc = imap_wire_name(box->im, &wire, f->name, err);
	if (rc == ST_OK)
		rc = buf_status(&wire, "the name of a folder", err);
	if (rc == ST_OK)
		f->wire = strdup(buf_cstr(&wire));
	if (rc == ST_OK && f->wire == NULL)
		rc = err_set(err, ST_BROKEN, "out of memory");
	buf_free(&wire);
	return rc;
}

static enum status
no_such_folder(struct imap_box *box, const char *name, struct err *err)
{
	struct buf names = { .max = 300 };

	imap_folders(box->im, &names);
	err_set(err, ST_REJECT,
	    "the server has no folder \"%.100s\"; it has: %s", name,
	    buf_cstr(&names));
	buf_free(&names);
	return ST_REJECT;
}

void
imap_forget_list(struct imap_read *f)
{
	imap_list_free(&f->list);
	f->at = 0;
	f->list_from = 0;
	f->is_listed = false;
}

/* The numbers of the folder that was just opened: are they those we know? */
static void
compare_place(struct imap_read *f, const struct imap_folder *seen)
{
	struct imap_place *p = &f->place;

	if (p->validity == 0 ||
	    (p->validity == seen->validity && !f->is_elsewhere))
		return;
	imap_place_lost(
	    p, seen->validity, seen->next != 0 ? seen->next : UINT32_MAX);
	f->is_elsewhere = false;
	f->is_to_note = true;
	f->listed_next = 0;
	imap_forget_list(f);
}

enum status
imap_enter(struct imap_box *box, int folder, struct err *err)
{
	struct imap_read *f = &box->folders[folder];
	enum status rc = imap_connect(box, err);

	if (rc == ST_OK)
		rc = imap_learn_wire(box, f, err);
	if (rc != ST_OK || box->selected == folder)
		return rc;
	box->selected = -1;
	rc = imap_select(box->im, f->wire, &box->seen, &f->is_missing, err);
	if (rc == ST_REJECT && f->is_missing)
		return no_such_folder(box, f->name, err);
	if (rc != ST_OK)
		return rc;
	box->selected = folder;
	box->is_fresh = true;
	compare_place(f, &box->seen);
	return ST_OK;
}

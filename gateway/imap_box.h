/* imap_box - what the files of imap share
 *
 * Place: imap_box.c, imap.c, imap_take.c and imap_again.c; nobody else
 * includes this.
 */
#ifndef IMAP_BOX_H
#define IMAP_BOX_H

#include <pthread.h>

#include "gateway/imap_place.h"
#include "gateway/imap_session.h"
#include "gateway/source.h"

enum { FOLDERS_MAX = 9 }; /* the first is the mailbox, then junk */

/* A folder that is read. */
struct imap_read {
	char *name; /* owned: as people write it */
	char *wire; /* owned: as this server has it; NULL until it was asked */
	char *key; /* owned: "konsultacje@imap.x/INBOX" */
	char *held_why; /* owned: its mail is held, and stays there; or NULL */
	struct imap_place place; /* as it is on disk */
	struct imap_place ahead; /* as it will be with all batches in hand */
	struct imap_place first; /* with the first of two in hand */
	bool is_to_note; /* the place has changed since */
	bool is_elsewhere; /* the place is that of another server */
	bool is_listed; /* in this round */
	bool is_missing; /* there is no such folder */
	bool knows_left; /* what was not moved was listed on this connection */
	int64_t left_at; /* clock_ticks() of that */
	/* A list that breaks the connection is asked for in parts. */
	int list_limit; /* mails listed at once; 0: all */
	int list_failures; /* of one that was listed alone */
	uint32_t list_from; /* where the next part begins; 0: there is none */
	uint32_t listed_next; /* the server's UIDNEXT when it was listed */
	struct imap_list list; /* of this round */
	size_t at; /* next of the list */
	uint32_t upto; /* behind the last that the list could have had */
	/* What breaks the connection is narrowed down to one mail. */
	int limit; /* mails asked for at once */
	uint32_t suspect_to; /* up to this UID */
	uint32_t suspect; /* the one that failed alone */
	int failures; /* of it */
	int given_up; /* in a row, with none between that came */
};

struct imap_box {
	struct source source;
	const struct config_mailbox *conf; /* borrowed */
	char *name, *account; /* owned */
	struct imap *im; /* owned; NULL: not connected */
	bool is_connecting; /* `connector` has all that imap_connect() uses */
	pthread_t connector;
	enum status connected; /* what came of it */
	struct err connect_err;
	struct imap_read folders[FOLDERS_MAX];
	int n_folders;
	int at; /* the folder whose turn it is in this round */
	int selected; /* -1: none */
	struct imap_folder seen; /* of the selected one, when it was opened */
	int in_hand; /* batches handed over and not acknowledged yet: 0 to 2 */
	bool may_go_on; /* another may be fetched while one is in hand */
	bool is_narrowing; /* the last fetch failed and fewer are tried next */
	bool skips_namespace; /* this server's cannot be read */
	bool is_fresh; /* nothing happened since the server told us the news */
	int in_vain; /* waits in a row that ended at once, without mail */
	int rest_ms; /* before the next wait; 0: none */
	char *trouble; /* owned: why stored mails cannot be moved; or NULL */
};

/* One of a batch; what done() needs. */
struct imap_handle {
	struct imap_item item;
	uint32_t validity; /* of the folder when it was listed */
	bool aside; /* goes to `oversize` */
};

/* Takes the next mails of the folder whose turn it is into the empty batch,
 * which stays empty when there is nothing more.  The folder is selected. */
enum status
imap_take(struct imap_box *box, struct batch *batch, struct err *err);

/* Sets the batch's cursor: all places, with that of `f` as it will be. */
enum status imap_note(struct imap_box *box, const struct imap_read *f,
    struct batch *batch, struct err *err);

/* reread() of source.h. */
enum status imap_again(struct imap_box *box, int64_t since_ms,
    struct reread *out, struct err *err);

/* Begins to connect, on a thread of its own. */
void imap_connect_ahead(struct imap_box *box);

/* Connects unless it is, and selects a folder (0: the mailbox) unless it is. */
enum status imap_connect(struct imap_box *box, struct err *err);
enum status imap_enter(struct imap_box *box, int folder, struct err *err);

/* Asks, once a connection, how this server has the folder's name. */
enum status
imap_learn_wire(struct imap_box *box, struct imap_read *f, struct err *err);

/* What was not handed over to the end is listed again. */
void imap_forget_list(struct imap_read *f);

/* Gives up the connection, also one that is just made; what was read of the lists is kept. */
void imap_drop(struct imap_box *box);

#endif

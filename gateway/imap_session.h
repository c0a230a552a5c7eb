/* imap_session - one connection to an IMAP server, a command a function
 *
 * Place: under imap.c; libetpan speaks the protocol over the verified stream.
 * Every command has a deadline and a limit for what may come.  After
 *
 *	ST_REJECT  the server said NO or BAD; the connection is good
 *	ST_RETRY   the connection broke (or what came made no sense): it can
 *		   only be closed, imap_is_broken() says so
 *
 * Only UID, FLAGS, INTERNALDATE, RFC822.SIZE and BODY.PEEK[] are ever fetched:
 * what else a server could send would be parsed by code that falls over.
 * Folders are named as they are on the wire.
 */
#ifndef IMAP_SESSION_H
#define IMAP_SESSION_H

#include <stdatomic.h>

#include "gateway/config.h"
#include "gateway/stream.h"

struct imap; /* a connection, logged in */

/* Statuses of login_mailbox(); `*out` is NULL unless ST_OK. */
enum status imap_open(struct imap **out, const struct config_mailbox *conf,
    const atomic_bool *stop, struct err *err);
void imap_close(struct imap *im); /* says goodbye when it can; NULL is fine */
bool imap_is_broken(const struct imap *im);
/* Was it an answer that made no sense, and not that the server hung up? */
bool imap_is_garbled(const struct imap *im);
const char *imap_where(const struct imap *im); /* "imap.x:993" */

/* The server's certificate, as stream.h has it. */
void imap_certificate(const struct imap *im, struct stream_certificate *out);

/* What the server can: RFC 2177; RFC 6851; RFC 4315. */
bool imap_has_idle(const struct imap *im);
/* Can it move a mail in one command? */
bool imap_has_move(const struct imap *im);
/* Can it expunge a mail by its UID? */
bool imap_has_uidplus(const struct imap *im);

/* Did the connection break over its answer to NAMESPACE, which libetpan could
 * not read?  Then the next one is not to ask, but to take the separator from
 * LIST. */
bool imap_fell_over_namespace(const struct imap *im);
void imap_skip_namespace(struct imap *im);

/* The name on the wire of a folder that people call `name`: modified UTF-7,
 * "/" as the server has it, below the prefix of its personal namespace. */
enum status imap_wire_name(
    struct imap *im, struct buf *out, const char *name, struct err *err);

struct imap_folder {
	uint32_t validity, next; /* UIDNEXT; 0: the server did not say */
	uint32_t exists;
	bool is_fixed; /* selected, but we may take nothing out of it */
};

/* Selects it for reading and writing.  `missing` (may be NULL) tells a folder
 * that does not exist from other refusals.  ST_RETRY also over a good
 * connection, when the server says that its "no" will pass. */
enum status imap_select(struct imap *im, const char *wire,
    struct imap_folder *out, bool *missing, struct err *err);
/* The same facts without selecting. */
enum status imap_status(struct imap *im, const char *wire,
    struct imap_folder *out, struct err *err);

/* NOOP: the server says what has happened meanwhile. */
enum status imap_poke(struct imap *im, struct err *err);
/* Did it say that mail came, since the last imap_list()? */
bool imap_has_news(const struct imap *im);
/* IDLE for at most `ms`, until mail comes or `stop` or a signal, or the server
 * has woken us a few times for nothing. */
enum status imap_idle(struct imap *im, int ms, struct err *err);

struct imap_item {
	uint32_t uid;
	uint32_t size;
	int64_t received_ms; /* INTERNALDATE; 0: it makes no sense */
	bool is_deleted;
	bool is_stored; /* for the caller; false at first */
};
struct imap_list {
	struct imap_item *items; /* owned */
	size_t n, cap;
	bool failed; /* no memory */
};

/* Empties it; it can be used again. */
void imap_list_free(struct imap_list *list);

/* What there is of the selected folder from UID `from` to `to` (0: to its
 * end), ascending, each once.  `flags` false: none is asked for, as libetpan
 * cannot read some of them, and `is_deleted` is false. */
enum status imap_list(struct imap *im, uint32_t from, uint32_t to, bool flags,
    struct imap_list *out, struct err *err);

/* The UIDs alone, from `from` on, in the same way. */
enum status imap_search_from(
    struct imap *im, uint32_t from, struct imap_list *out, struct err *err);

/* UIDs of the selected folder that came on or after the day of `since_ms`. */
enum status imap_search_since(
    struct imap *im, int64_t since_ms, struct imap_list *out, struct err *err);

struct imap_body {
	uint32_t uid, size; /* asked for; as the server announced it */
	struct buf bytes; /* owned by the caller */
	bool got; /* whole, by the server's word */
};

/* The mails `bodies` (ascending), at most `first` bytes of each (0: all).
 * One that the server does not send has `got` false; what was not asked for is
 * passed over.  A mail that is far larger than announced breaks the
 * connection. */
enum status imap_bodies(struct imap *im, struct imap_body *bodies, size_t n,
    uint32_t first, struct err *err);

/* Puts mails into another folder, which is made when it is missing: MOVE, or
 * COPY and then deleting these (without UIDPLUS they are only marked as
 * deleted).  What is not there any more is no error.  ST_REJECT also, with
 * nothing copied, when the selected folder is_fixed. */
enum status imap_move(struct imap *im, const uint32_t *uids, size_t n,
    const char *wire, struct err *err);

/* The server's folders, with commas between, for a sentence. */
void imap_folders(struct imap *im, struct buf *out);

#endif

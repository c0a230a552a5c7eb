/* imap_internal - what the files of imap_session share
 *
 * Place: imap_session.c (connection, folders), imap_fetch.c (what comes out)
 * and imap_move.c (where it goes).  Nobody else includes this.
 */
#ifndef IMAP_INTERNAL_H
#define IMAP_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parsers/status.h"

struct mailimap; /* libetpan's */
struct mailimap_set;

enum {
	COMMAND_MS = 60000, /* one ordinary command, in all */
	ANSWER_MAX = 1 << 20, /* bytes of its answer */
};

struct imap {
	struct mailimap *session; /* owned */
	struct stream *stream; /* owned; closed after the session */
	bool broken;
	bool is_garbled; /* by an answer that made no sense */
	bool has_move, has_uidplus, has_idle, has_namespace;
	bool is_fixed; /* nothing may be taken out of the selected folder */
	bool asked_namespace;
	bool knows_prefix; /* prefix and separator were asked for */
	char separator;
	char prefix[200]; /* "INBOX." */
	char selected[1000]; /* on the wire; "" none */
};

/* Before a command: so long, and so many bytes, its answer may take. */
void imap_expect(struct imap *im, int ms, size_t bytes);

/* What libetpan's answer to a command means; `what` was done: "mails are
 * listed". */
enum status
imap_result(struct imap *im, int r, const char *what, struct err *err);

/* UIDs as a set, ranges where they follow each other; NULL: no memory. */
struct mailimap_set *imap_set(const uint32_t *uids, size_t n);

#endif

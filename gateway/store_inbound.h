/* store_inbound - every received message, its raw bytes and its one fate
 *
 * Place: intake adds, the journal and triage commands list and change.
 */
#ifndef STORE_INBOUND_H
#define STORE_INBOUND_H

#include "gateway/store.h"
#include "parsers/message.h"

/* The closed list of fates; the schema checks the same names. */
enum fate {
	FATE_FILED,
	FATE_CORRECTED,
	FATE_WITHDRAWN,
	FATE_HELD,
	FATE_CLOSED,
	FATE_NOT_OPEN,
	FATE_EMPTY,
	FATE_DUPLICATE,
	FATE_COMMAND,
	FATE_RSVP,
	FATE_RECEIPT,
	FATE_BOUNCE,
	FATE_DELAYED,
	FATE_COMPLAINT,
	FATE_AUTOMATIC,
	FATE_LIST,
	FATE_THANKS,
	FATE_SPAM,
	FATE_STAFF,
	FATE_UNREADABLE,
	FATE_COUNT
};

/* The word for a fate, as the schema, the journal and --json have it. */
const char *fate_name(enum fate fate);
/* FATE_COUNT when no fate has that name. */
enum fate fate_by_name(const char *name);

/* How much is known of who sent it: the more, the larger. */
enum trust {
	TRUST_DISOWNED, /* by the sender's domain; or marked as spam, or cut */
	TRUST_UNPROVEN, /* nothing says who sent it */
	TRUST_PROVEN /* our server found that its sender is who they say */
};

struct inbound {
	int64_t id;
	enum channel channel;
	const char *source, *external_key;
	int64_t received_ms, stored_ms;
	const char *message_id; /* mail; "" when it has none */
	const char *content_hash; /* of sender and decoded content */
	const char *from, *from_name, *to;
	int64_t contact_id;
	const char *subject, *text, *remark; /* text: the author's new text */
	const char *kind, *command; /* as parsed */
	enum fate fate;
	const char *why;
	const char *code; /* decided or typed code, canonical; "" none */
	const char *code_seen; /* as written, when that differs */
	const char *suggestion; /* "did you mean": a canonical code; "" none */
	int64_t consultation_id;
	int64_t hold_until_ms, reminded_ms;
	int64_t settled_by; /* the message that settled this one, or itself
			     * when staff did; 0 none */
	const char *language;
	bool needs_staff; /* filed, but staff should look */
	bool may_answer; /* an author we may write to */
	bool may_echo; /* the answer may show the text */
	enum trust trust;
	const char *warnings; /* one per line */
	const char *recipients; /* one per line */
	const char *references; /* its References, ids with spaces between */
};

/* Does it wait for staff or for its author: held or unreadable, not settled? */
bool inbound_waits(const struct inbound *in);

/* Is that source key stored already? */
enum status store_inbound_seen(struct store *st, const char *source,
    const char *key, bool *seen, struct err *err);

/* Which keys a source that reads again has given out since it began to: they
 * start as this one does, and go on with a number of at least `from`. */
struct inbound_pass {
	int64_t stem; /* bytes */
	int64_t from;
};

/* Is `in`, whose bytes are `raw`, a message of the same source that is stored
 * under another key, which is not of this pass?  Then that row gets
 * in->external_key.  The same is what has the same Message-ID and content, and
 * is trusted as much or is the same to the byte; without a Message-ID also the
 * same time of receipt. */
enum status
store_inbound_rekey(struct store *st, const struct inbound *in, struct span raw,
    const struct inbound_pass *pass, bool *known, struct err *err);

/* Messages with the Message-ID and content of another. */
struct inbound_twin {
	int64_t id; /* the first that makes it a repetition; 0 none */
	int64_t first; /* the first of all; 0 none */
};
/* Those of `in`, whose bytes are `raw`; itself too when it is stored.  Only a
 * message that is trusted as much, or is the same to the byte, makes it a
 * repetition: a forged copy that comes first must not swallow the real one.
 * Mail without a Message-ID is never taken for a twin. */
enum status store_inbound_twin(struct store *st, const struct inbound *in,
    struct span raw, struct inbound_twin *out, struct err *err);

/* Stores message, raw bytes (zstd) and what attachments it has; sets
 * in->id.  `attachments` may be NULL when n is 0. */
enum status
store_inbound_add(struct store *st, struct inbound *in, struct span raw,
    const struct attachment *attachments, size_t n, struct err *err);

/* Attaches files to a message that is stored already, as a second parse
 * found them; those of store_inbound_add() are attached by it. */
enum status store_inbound_attach(struct store *st, int64_t id,
    const struct attachment *attachments, size_t n, struct err *err);

/* Changes fate, why, code, consultation_id, settled_by, needs_staff,
 * hold_until_ms, reminded_ms and suggestion to what `in` says. */
enum status store_inbound_update(
    struct store *st, const struct inbound *in, struct err *err);

/* The same, and what a second parse found: contact, addresses, received_ms,
 * Message-ID, references, hash, subject, text, remark, kind, command,
 * language, warnings, may_answer, may_echo, code_seen. */
enum status store_inbound_reparse(
    struct store *st, const struct inbound *in, struct err *err);

/* One by id; ST_REJECT when there is none. */
enum status store_inbound_get(struct store *st, int64_t id, struct arena *a,
    struct inbound *out, struct err *err);

/* The raw bytes, decompressed into `out`. */
enum status store_inbound_raw(
    struct store *st, int64_t id, struct buf *out, struct err *err);

struct inbound_attachment {
	const char *name, *type, *sha256;
	int64_t size;
	bool in_signature;
};

/* Its files in their order, without their bytes. */
enum status
store_inbound_attachments(struct store *st, int64_t id, struct arena *a,
    struct inbound_attachment **out, size_t *n, struct err *err);

/* Which messages; unset fields (0, NULL, -1) do not restrict. */
struct inbound_filter {
	int fate; /* enum fate, -1 any */
	bool open_only; /* held or unreadable and not settled */
	bool for_staff; /* those, and filed ones that staff should look at */
	int64_t contact_id;
	int64_t consultation_id;
	int64_t after_id;
	int limit; /* 0: no limit */
};
/* Calls `row` for each in order of id until it answers something other than
 * ST_OK, which then comes back.  The row's strings live during the call. */
enum status
store_inbound_list(struct store *st, const struct inbound_filter *filter,
    enum status (*row)(void *arg, const struct inbound *in), void *arg,
    struct err *err);

/* How many messages have each fate; count[FATE_COUNT] gets the sum. */
enum status store_inbound_counts(
    struct store *st, int64_t count[FATE_COUNT + 1], struct err *err);

#endif

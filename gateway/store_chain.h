/* store_chain - the append-only chain of events, and the audit
 *
 * Place: store_remark appends to the chain in the transaction that changes a
 * remark; `uwaga verify` walks it; every command that changes something
 * writes the audit.
 *
 * hash = SHA-256 over the lines "uwaga-chain-1", previous hash, number, time,
 * event, subject, commitment (hexadecimal or decimal, each ended by LF);
 * commitment = SHA-256(salt || text).  The receipt is the first 12
 * hexadecimal characters of the hash.  The hash before the first link is 64
 * zeros.
 */
#ifndef STORE_CHAIN_H
#define STORE_CHAIN_H

#include "gateway/store.h"

enum { RECEIPT_SIZE = 16, CHAIN_HASH_SIZE = 65 };

/* The commitment to `text` under `salt`, in hexadecimal. */
enum status store_chain_commit(char out[CHAIN_HASH_SIZE], struct span salt,
    struct span text, struct err *err);

struct chain_event {
	const char *event; /* "filed" */
	const char *subject; /* what it is about: "BL-7M4H/12" */
	const char *commitment; /* 64 hexadecimal digits */
	int64_t at_ms;
};

/* Appends one event.  `*number` gets its link's. */
enum status store_chain_append(struct store *st, const struct chain_event *e,
    int64_t *number, char receipt[RECEIPT_SIZE], struct err *err);

/* The newest link; number 0 when the chain is empty. */
enum status store_chain_head(struct store *st, int64_t *number,
    char hash[CHAIN_HASH_SIZE], struct err *err);

struct chain_report {
	int64_t links; /* walked */
	int64_t bad_number; /* first link that is wrong; 0: none */
	char problem[200]; /* what is wrong with it, in words */
	bool head_found; /* the asked head is a link of the chain */
	int64_t head_number;
	bool receipt_found;
	int64_t receipt_number;
	char receipt_event[32], receipt_subject[64];
	int64_t receipt_ms;
	int64_t texts_checked; /* versions whose commitment was recomputed */
};

/* Walks the whole chain and checks every link, every commitment whose salt and
 * text are still there, and that each remark version has its link.  `head` and
 * `receipt` may be NULL. */
enum status store_chain_verify(struct store *st, const char *head,
    const char *receipt, struct chain_report *out, struct err *err);

/* Who did what to what: "amrozek", "remark split", "remark BL-7M4H/12". */
struct audit {
	int64_t at_ms;
	const char *who, *what, *subject;
	const char *before, *after; /* JSON, or a word; NULL: nothing to say */
};

enum status
store_audit(struct store *st, const struct audit *audit, struct err *err);

#endif

/* telling - meetings that many people are to be told of, and what that changes
 *
 * Place: between whoever orders it (meeting_tell by command, order_send by mail)
 * and notice.c, which knows the recipients and the words.
 */
#ifndef TELLING_H
#define TELLING_H

#include "gateway/notice.h"

/* Start with { 0 } and order.kind, order.now, order.config; telling_free() ends
 * it. */
struct telling {
	struct notice_order order;
	struct meeting meetings[NOTICE_MEETINGS_MAX]; /* as they are told */
	struct meeting seen[NOTICE_MEETINGS_MAX]; /* as they were */
	struct arena arena; /* owned: their words */
};

/* What a change makes of a meeting; NULL: it stays. */
struct telling_change {
	const char *starts, *ends; /* as import_time() reads them */
	const char *venue, *address;
};

/* Adds the meeting of that UID, short name or id; the same twice is once.
 * ST_REJECT: there is none, or there are too many. */
enum status telling_add(
    struct telling *t, struct store *st, const char *word, struct err *err);

/* Can people still be told that of these meetings?  ST_REJECT says why not.
 * Fixes what t->seen and the order show. */
enum status telling_check(struct telling *t, struct err *err);

/* Makes of the one meeting what it will be: changed as `change` says, or
 * cancelled.  Its length stays when only its start moves.  ST_REJECT: a time
 * that cannot be read. */
enum status telling_change(
    struct telling *t, const struct telling_change *change, struct err *err);
void telling_cancel(struct telling *t);

/* What is wrong with the times of what people are to be told. */
enum telling_flaw {
	TELLING_FITS,
	TELLING_SEND_OVER, /* it is to leave at a time that is over */
	TELLING_SEND_LATE, /* ... when a meeting has begun */
	TELLING_CHANGE_OVER, /* a meeting is moved to a time that is over */
	TELLING_ENDS_EARLY, /* it would end before it begins */
};

/* The first flaw, after telling_check() and the change, and the meeting that
 * has it (NULL: none in particular).  Of several meetings the earliest counts;
 * of one that is moved its time before counts as well, as people go by that. */
enum telling_flaw
telling_flaw(const struct telling *t, const struct meeting **which);

/* Only one at a time writes a notice: takes the lock (store_unlock() gives it
 * back), and clears away what one that died left half prepared, before anybody
 * is counted.  ST_REJECT: another is at it. */
enum status telling_take_turn(
    const struct config *config, struct store *st, int *lock, struct err *err);

/* ST_REJECT: a notice of this and of other meetings, which could not be mended,
 * has not left everywhere. */
enum status
telling_check_mixed(const struct telling *t, struct store *st, struct err *err);

/* For notice_write(), in the transaction that makes the notice visible: the
 * meetings as they stand from now on, with the audit of it, and older notices
 * of them taken back.  ST_RETRY: a meeting is no longer what t->seen says. */
enum status
telling_settle(struct telling *t, struct store *st, struct err *err);

/* Frees its lists; the store is the caller's. */
void telling_free(struct telling *t);

#endif

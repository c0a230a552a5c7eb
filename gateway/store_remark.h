/* store_remark - remarks with their numbers and versions
 *
 * Place: intake files, the remark command lists and changes.
 */
#ifndef STORE_REMARK_H
#define STORE_REMARK_H

#include "gateway/store_inbound.h"

struct remark {
	int64_t id;
	int64_t consultation_id;
	const char *code; /* read only: from the consultation */
	int64_t number; /* given by store_remark_add */
	const char *name; /* read only: "BL-7M4H/12" */
	int64_t inbound_id, contact_id;
	const char *text; /* the present version */
	const char *provisions; /* one per line */
	const char *state; /* new, assigned, withdrawn, split... */
	enum channel channel;
	bool at_meeting; /* raised there: by none of the channels */
	int64_t received_ms, filed_ms;
	bool needs_staff;
	const char *from; /* read only: the contact's address */
	const char *from_name; /* read only */
	const char *assignee; /* staff login or name; "" none */
	int64_t split_from; /* the remark it was split from; 0 none */
	const char *receipt; /* read only: of its latest chain event */
	int version; /* read only */
	/* Read only: of its newest answer; 0 and "" when there is none. */
	const char *verdict, *reasons, *wording;
	int64_t answered_ms;
	const char *answered_by;
};

/* Gives the next number of the consultation (never one given before), stores
 * remark, version 1 with a fresh salt, the search text, and the chain event
 * "filed" (or "split"); sets id, number and `receipt`. */
enum status store_remark_add(struct store *st, struct remark *remark,
    const char *event, char receipt[16], struct err *err);

/* A new version of a remark's text. */
struct revision {
	int64_t remark_id;
	const char *text;
	const char *event; /* of the chain: "corrected", "split" */
	const char *who; /* of staff; "" its author */
	int64_t at_ms;
};

/* Adds it, with its chain event.  ST_REJECT when there is no such remark. */
enum status store_remark_revise(struct store *st, const struct revision *next,
    char receipt[16], struct err *err);

/* Its author takes it back: state "withdrawn", and the chain event of that name
 * over the present words.  ST_REJECT when there is no such remark. */
enum status store_remark_withdraw(struct store *st, int64_t id, int64_t now,
    char receipt[16], struct err *err);

/* Changes state and assignee. */
enum status store_remark_set(struct store *st, int64_t id, const char *state,
    const char *assignee, struct err *err);

/* The remark of that contact (in that consultation) whose text is the same
 * after text_fold(); id 0 in `out` when there is none. */
enum status
store_remark_same(struct store *st, int64_t contact_id, int64_t consultation_id,
    struct span text, struct arena *a, struct remark *out, struct err *err);

/* By id, or by name ("BL-7M4H/12"); ST_REJECT when there is none. */
enum status store_remark_get(struct store *st, int64_t id, struct arena *a,
    struct remark *out, struct err *err);
enum status store_remark_find(struct store *st, const char *name,
    struct arena *a, struct remark *out, struct err *err);

/* All versions, oldest first: "version TAB time TAB who TAB text" is the
 * caller's to print; the row's strings live during the call. */
enum status store_remark_versions(struct store *st, int64_t id,
    enum status (*row)(void *arg, int version, int64_t at_ms, const char *who,
	const char *text),
    void *arg, struct err *err);

struct remark_filter {
	int64_t consultation_id, contact_id, inbound_id;
	const char *state; /* NULL any */
	const char
	    *search; /* words, any letter case, marks optional; or NULL */
	int limit;
};

/* Calls `row` for each in order of id until it answers something other than
 * ST_OK, which then comes back.  The row's strings live during the call.
 * ST_REJECT when `search` has no word in it. */
enum status
store_remark_list(struct store *st, const struct remark_filter *filter,
    enum status (*row)(void *arg, const struct remark *remark), void *arg,
    struct err *err);

#endif

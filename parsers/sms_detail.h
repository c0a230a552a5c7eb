/* sms_detail - gammu-smsd's `detail` files: one received text
 *
 * Place: the gammu source reads a spool file and hands its bytes over.  Pure.
 */
#ifndef SMS_DETAIL_H
#define SMS_DETAIL_H

#include "parsers/message.h"

enum { SMS_PARTS_MAX = 255 }; /* of one message */

/* One segment; a file holds one or more. */
struct sms_part {
	/* UTF-8, in the arena; at its ends there may be half a surrogate pair
	 * (three bytes), which sms_detail_join() makes one with its neighbour. */
	struct span text;
	/* Reference of the concatenated message (a 16-bit one plus 65536);
	 * -1: single. */
	int ref;
	int seq, total; /* 1..total; 1, 1 for a single one */
};

struct sms_detail {
	struct span from; /* as in the file */
	struct span datetime; /* "20261122T215226Z", as in the file; "" when
				 there is none or it is no time */
	int64_t time_ms; /* UTC when the file says Z, else local as if UTC */
	bool is_local; /* time_ms still needs the line's time zone */
	struct sms_part *parts;
	size_t n_parts;
};

/* Does the file end as a finished one does (gammu writes in place)? */
bool sms_detail_is_complete(struct span file);

/* Reads the file; values live in `a`.  ST_REJECT with the reason and what was
 * expected when it is no detail file of a received text. */
enum status sms_detail_parse(
    struct sms_detail *out, struct arena *a, struct span file, struct err *err);

/* Sorts the parts by seq and appends their text (each seq once, NFC), with
 * "[...]" where segments are missing; returns how many of the announced total
 * are. */
int sms_detail_join(struct buf *out, struct sms_part *parts, size_t n);

#endif

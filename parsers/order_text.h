/* order_text - what a mail by which staff order a notice says, line by line
 *
 * Place: order_read.c of the gateway makes an order of it.  What lines are
 * called is data (templates/order_words.tsv).  Pure.
 *
 *	Kod: BL-T4NR
 *	Termin: 2026-11-30 17:00-19:00
 *
 *	Words for the people.
 */
#ifndef ORDER_TEXT_H
#define ORDER_TEXT_H

#include <stdbool.h>

#include "parsers/keyword.h"

enum order_label {
	ORDER_MEETING,
	ORDER_CODE,
	ORDER_COMMUNE,
	ORDER_PHASE,
	ORDER_TIME,
	ORDER_PLACE,
	ORDER_HOST,
	ORDER_ACCESS,
	ORDER_SEND_AT,
	ORDER_REASON,
	ORDER_LABELS
};

struct order_words; /* opaque; read-only after order_words_read() */

/* Reads the table "label TAB language TAB FORM|FORM" ('#' starts a comment).
 * ST_REJECT names the line that is wrong.  Caller frees `*out`. */
enum status
order_words_read(struct order_words **out, struct span tsv, struct err *err);
void order_words_free(struct order_words *words);

/* "needs" or "remarks", as the schema has it; NULL when `text` is neither. */
const char *
order_words_phase(const struct order_words *words, struct span text);

/* "meeting", "send_at": the name of a label in tables and templates. */
const char *order_label_name(enum order_label label);

struct order_text {
	/* What stands behind the labels; a value that goes on over lines is
	 * joined.  .n == 0: not given. */
	struct span value[ORDER_LABELS];
	struct span names[ORDER_LABELS]; /* the labels as they were written */
	struct span lead; /* lines before the first label or blank line */
	struct span rest; /* words for the people: what follows the labels */
	struct span unknown; /* a label there is not, or with a slip; .n == 0:
				none, and what follows it stands where it would
				without it */
	bool is_repeated; /* one label stands there twice */
};

/* The order in what its author wrote: without greeting, closing formula and
 * name, but with the lines that only name a code.  Borrowed from `new_text`. */
struct span order_text_body(const struct order_words *words,
    struct span new_text, const struct address *author);

/* Has the first line of `text` that is not blank a label? */
bool order_text_has_label(const struct order_words *words, struct span text);

/* Does `text` name, with labels, a meeting or consultation, and a commune, time,
 * place or hour of sending?  Then it is hardly anything but an order. */
bool order_text_is_likely(const struct order_words *words, struct span text);

/* Takes an order apart: `text` is what follows its verb.  Everything lives in
 * `a`.  False: no memory. */
bool order_text_read(struct order_text *out, struct arena *a,
    const struct order_words *words, struct span text);

/* A day and hours: "2026-11-30 17:00-19:00", "30.11.2026, godz. 17.00",
 * "30 listopada 2026 r. 17:00–19:00". */
struct order_time {
	char starts[20]; /* "2026-11-30 17:00"; "" when there is no day */
	char ends[20]; /* "" when only a start is given */
	bool has_hour; /* else starts is "2026-11-30" */
};

/* False when `text` holds anything but one day and at most two hours, or there is
 * no such day or it is another day of the week than is said; blanks,
 * punctuation and short words ("godz.", "r.", "od", "do") may stand between. */
bool order_time_read(
    struct order_time *out, const struct order_words *words, struct span text);

#endif

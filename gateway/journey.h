/* journey - one message on its way, and what its decision changes
 *
 * Place: intake and triage.  Each step below does one thing of the decision, in
 * the transaction that the caller has open; a failure of any is the store's,
 * and the caller rolls back.
 */
#ifndef JOURNEY_H
#define JOURNEY_H

#include "gateway/decide.h"
#include "gateway/jail.h"
#include "gateway/store_chain.h"
#include "gateway/wording.h"

/* One mailbox or SMS line: how its messages are read. */
struct line {
	char name[96]; /* as in raw.source */
	const char *authserv_id, *textable_prefixes;
	struct jail *jail; /* owned; started when mail is expected */
};

/* What stays as it is while a transaction is open, and so is asked for once. */
struct standing {
	struct arena arena; /* owned */
	const struct consultation *all;
	size_t n_all;
	bool is_known;
	struct wording_kept kept; /* owned */
};

struct intake {
	struct store *st;
	const struct config *config;
	const struct keys *keys;
	struct keywords *words; /* owned */
	struct span words_tsv;
	struct order_words *order_words; /* owned */
	bool is_order_due; /* one was confirmed or taken back */
	struct line *lines; /* owned */
	int n_lines;
	struct standing standing; /* owned; of the open transaction */
};

/* What the steps hand to each other. */
/* Warnings of messages that the source could not hand over whole. */
#define JOURNEY_NOT_WHOLE "the source could not hand it over whole"
#define JOURNEY_CUT "only its beginning was fetched: it is too large"
#define JOURNEY_PARTS_MISSING "parts of the text never came"

struct journey {
	struct intake *intake;
	struct arena arena; /* owned */
	struct case_file file;
	struct contact contact;
	struct inbound in;
	struct decision what;
	struct remark *remarks; /* filed, in the arena */
	char (*receipts)[RECEIPT_SIZE];
	int64_t now;
	int64_t as_of; /* open or closed is judged at this time; 0: receipt */
};

/* Begins a transaction; what was known of the one before is forgotten. */
enum status journey_begin(struct intake *in, struct err *err);

/* Every consultation there is, into j->file; they live until journey_begin(). */
enum status journey_know_consultations(struct journey *j, struct err *err);

/* Forgets what stood while a transaction was open. */
void journey_forget(struct intake *in);

/* Fills j->in from what came and what it says; j->in.id is kept. */
void journey_describe(
    struct journey *j, const struct raw *raw, const struct parsed *m);

/* Describes it and gathers the facts beside it: consultations, contact, the
 * line's rules.  `m` and `raw` must outlive the journey. */
enum status journey_open(struct journey *j, const struct raw *raw,
    const struct parsed *m, struct err *err);

/* Decides and writes the decision into j->in. */
enum status journey_decide(struct journey *j, struct err *err);

/* What an order of staff needs, with memory of the caller's. */
void journey_desk(struct order_desk *desk, struct intake *in,
    struct arena *arena, int64_t now);

/* Files every remark of the decision `d` for the message `of`; `m` gives the
 * provisions and may be NULL. */
enum status journey_file(struct journey *j, const struct decision *d,
    const struct inbound *of, const struct parsed *m, struct err *err);

/* Owes the author of `to` the reply of `d`, within the limits.  A reply that
 * cannot be rendered must not cost the remark: `to` is marked for staff. */
enum status journey_answer(struct journey *j, const struct decision *d,
    struct inbound *to, struct err *err);

/* Files the text of the message `id` under `consultation`, as of the time it
 * came (or of j->as_of), and answers its author; `why` is what the journal says. */
enum status journey_file_held(struct journey *j, int64_t id,
    const struct consultation *consultation, const char *why, struct err *err);

/* Everything the decision changes beside the message's own row, which is
 * stored already: files, answers, settles what waited, stops, notes a bounce. */
enum status
journey_carry_out(struct journey *j, const struct parsed *m, struct err *err);

/* A row of ours came back: it failed, unless it is only late or unwanted. */
enum status
journey_note_report(struct journey *j, const struct parsed *m, struct err *err);

/* Before the stop is carried out.  Whom a letter of ours went to is told, once
 * and by mail, when a stop from another address ends their notices: a forwarded
 * letter, or somebody's mischief.  Neither learns the other's address. */
enum status journey_tell_owner(struct journey *j, struct err *err);

/* Whoever writes can be written to; in the language of their words, when they
 * have not said another. */
enum status
journey_note_author(struct journey *j, const struct parsed *m, struct err *err);

/* Frees what the journey holds; intake and line stay. */
void journey_free(struct journey *j);

/* Starts the jail of `source` unless it runs; does not wait until it has
 * loaded.  As journey_parse() for threads. */
enum status
journey_expect(struct intake *in, const char *source, struct err *err);

/* What the messages say: one source's, `out` has `n` places, each { 0 }.  Mail is
 * parsed in the jail, a text in process; what its source could not read is not
 * parsed at all.  The threads of two sources may parse at the same time. */
enum status journey_parse(struct intake *in, struct parsed *out,
    const struct raw *raw, size_t n, struct err *err);

#endif

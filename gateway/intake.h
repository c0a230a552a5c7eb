/* intake - the flow, inward: a message in, a remark stored, a reply owed
 *
 * Place: run and the daemon hand it each batch a source fetched; the triage
 * commands use it to file what was held.  It knows every step; the steps do
 * not know each other.
 */
#ifndef INTAKE_H
#define INTAKE_H

#include "gateway/config.h"
#include "gateway/keys.h"
#include "gateway/source.h"
#include "gateway/store.h"

struct intake;

/* `config`, `keys` and `st` are borrowed and must outlive it; workers of the
 * jail start when mail is expected.  One thread at a time, but for
 * intake_parse() and intake_expect(). */
enum status intake_open(struct intake **out, struct store *st,
    const struct config *config, const struct keys *keys, struct err *err);
void intake_close(struct intake *in);

/* No mail comes any more: the parser's workers begin to end, while the caller
 * closes other things.  Next is intake_close(). */
void intake_dismiss(struct intake *in);

/* Mail of `source` may come: its parser starts to load, while the caller
 * connects and fetches.  Only a hint: one that cannot start is tried again with
 * the first mail, and what is wrong is said there. */
void intake_expect(struct intake *in, const char *source);

/* Parses a batch, which is one source's; no lock is held.  `*mails` is the
 * caller's: intake_parsed_free(), NULL after a failure.  Threads may parse while
 * another stores, each the batches of a source of its own. */
enum status intake_parse(struct intake *in, struct parsed **mails,
    const struct batch *batch, struct err *err);
void intake_parsed_free(struct parsed *mails, int n);

/* Decides the batch and stores it in transactions of at most 50 ms; a message
 * that cannot be filed is kept without, and costs the others nothing.  After
 * ST_OK everything is on disk, the batch's cursor with its last message, and
 * the source may be told; `missing` says of messages handed over by key only
 * which are not stored.  After any other status nothing of the
 * last transaction is; the source hands the messages over again, and those that
 * were stored are recognised by their keys. */
enum status intake_store(struct intake *in, struct batch *batch,
    const struct parsed *mails, struct err *err);

/* intake_parse() and intake_store() one after the other, with the statuses of
 * both. */
enum status
intake_batch(struct intake *in, struct batch *batch, struct err *err);

/* Notes in the caller's transaction where `source` goes on. */
enum status intake_cursor(
    struct store *st, const char *source, const char *cursor, struct err *err);

/* What falls due by the clock: messages for a consultation that has opened
 * since are filed; people whose message is still held are reminded once before
 * its time or its consultation ends; notices that staff ordered are sent and
 * reported.  `*done` counts all. */
enum status
intake_due(struct intake *in, int64_t now, int *done, struct err *err);

/* Did a message stored since the last call make an order of staff fall due? */
bool intake_order_is_due(struct intake *in);

/* Staff file the held message `id` under `code`, as of its receipt time; its
 * author gets the confirmation.  ST_REJECT: no such message, not held, no such
 * consultation, or it was not open when the message came. */
enum status intake_assign(struct intake *in, int64_t id, const char *code,
    const char *who, struct err *err);

/* Parses and decides the stored message `id` again (an unreadable or held
 * one), for instance after a new release.  ST_REJECT when it is settled. */
enum status
intake_retry(struct intake *in, int64_t id, const char *who, struct err *err);

#endif

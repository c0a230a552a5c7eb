/* row - messages, remarks and outbox rows as the commands print them
 *
 * Place: inbound, journal, remark and outbox list and show through here, so
 * that one thing has one name everywhere.  Each row has the keys id, number,
 * code, channel, from, to, text, received_at, state, fate, why, source,
 * external_id, message_id, template, attempts and receipt, null where they do
 * not apply, and more of its own.
 */
#ifndef ROW_H
#define ROW_H

#include "gateway/cmd.h"
#include "gateway/store_inbound.h"
#include "gateway/store_outbox.h"
#include "gateway/store_remark.h"

/* JSON of a text from outside, whose bytes may be wrong: always a string.
 * row_word() gives null for "" and NULL. */
json_t *row_text(const char *s);
json_t *row_word(const char *s);

/* What whoever takes the rows of a list needs to print them. */
struct row_list {
	struct cmd_context *ctx;
	struct cmd_table *table;
};

/* One row each; `in`, `r` and `o` are borrowed for the call. */
json_t *row_of_inbound(const struct cmd_context *ctx, const struct inbound *in);
json_t *row_of_remark(const struct cmd_context *ctx, const struct remark *r);
json_t *row_of_outbox(const struct cmd_context *ctx, const struct outbox *o);

/* Appends text as people see it: without control characters, marks of direction
 * and other invisible ones; invalid bytes as text_clean() has it. */
void row_clean_text(struct buf *out, struct span text);

/* Prints a text as people read it, under a title; nothing of it can move the
 * cursor, colour the screen or turn the direction of writing. */
void row_print_text(const char *title, const char *text);

/* The id that `word` is ("41"); 0 when it is none. */
int64_t row_id(const char *word);

/* Runs `change` on the one row that argv[1] and every further word name, all
 * in one transaction; exit code as a command's.  `usage` is the complaint
 * when there is none. */
int row_change_each(struct cmd_context *ctx, int argc, char **argv,
    const char *usage,
    enum status (*change)(struct cmd_context *ctx, int64_t id));

/* Ends a transaction that was begun: commits, or rolls back after a failure;
 * the exit code of a command. */
int row_finish(struct cmd_context *ctx, enum status rc);

/* Writes the audit of a change; `before` and `after` are stolen, NULL is
 * stored as "". */
enum status row_audit(struct cmd_context *ctx, const char *what,
    const char *subject, json_t *before, json_t *after);

#endif

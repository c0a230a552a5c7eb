/* remark_answer - what the office decided about remarks
 *
 * Place: a verb of cmd_remark; answering.c gives the answer and tells people.
 */
#ifndef REMARK_ANSWER_H
#define REMARK_ANSWER_H

#include "gateway/cmd.h"

/* "answer NAME... --verdict V --reasons TEXT | --file FILE", as a command's
 * run().  All in one transaction, which --dry-run takes back at its end: what it
 * shows is what would be.  Refused: no right to answer, a verdict that is none,
 * no reasons, a remark that was withdrawn, split or merged. */
int remark_answer(struct cmd_context *ctx, int argc, char **argv);

/* All answers to a remark, oldest first, as JSON; NULL with the sentence in
 * ctx->err. */
json_t *remark_answers(struct cmd_context *ctx, int64_t remark_id);

/* The same as people read them. */
void remark_print_answers(const json_t *answers);

#endif

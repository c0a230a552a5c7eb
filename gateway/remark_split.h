/* remark_split - one remark that makes several points becomes several remarks
 *
 * Place: a verb of cmd_remark.  A message is not a remark: a letter may make
 * five points, and each is owed an answer of its own.
 */
#ifndef REMARK_SPLIT_H
#define REMARK_SPLIT_H

#include "gateway/cmd.h"

/* "split NAME --at TEXT..." or "split NAME --file FILE", as a command's run().
 * In one transaction the parts are filed under new numbers and the remark,
 * whose words stay whole, is marked as split; each of these is a link of the
 * chain.  Refused: a part that is empty or that the remark does not say. */
int remark_split(struct cmd_context *ctx, int argc, char **argv);

#endif

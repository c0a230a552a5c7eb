/* decide - what becomes of one message
 *
 * Place: intake, after parsing and before anything is written.  Reads the
 * store, changes nothing; what it decides, intake carries out.
 */
#ifndef DECIDE_H
#define DECIDE_H

#include "gateway/decision.h"

/* Decides; `in->may_answer` and `in->may_echo` are set too.  Fails only when
 * the store does. */
enum status
decide(struct decision *out, const struct case_file *c, struct err *err);

#endif

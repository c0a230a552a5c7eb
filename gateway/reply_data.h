/* reply_data - the facts of a reply as templates name them
 *
 * Place: only reply uses it.  templates/placeholders.tsv says what each name
 * means.
 */
#ifndef REPLY_DATA_H
#define REPLY_DATA_H

#include "gateway/reply.h"
#include "gateway/wording.h"

/* How much of a remark a reply repeats, in characters. */
enum { SHOWN_LENGTH = 2000 };

/* A new object; what does not apply is absent.  NULL when memory is short. */
json_t *reply_data(struct wording *w, const struct reply *reply);

#endif

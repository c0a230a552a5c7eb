/* verdict - what the office can decide about a remark, and what it is called
 *
 * Place: `remark answer` reads what staff write, reply says it to the author in
 * their language.  The words are data: verdicts.tsv in each language's folder,
 * the office's own before what is built in.
 */
#ifndef VERDICT_H
#define VERDICT_H

#include "gateway/wording.h"

/* The key ("accepted") of the verdict that `word` is in the language of `w`: the
 * key itself or its name, in any case, with or without marks.  ST_REJECT, with
 * the words there are, when it is none; ST_BROKEN when the table cannot be
 * read. */
enum status verdict_find(
    struct span *key, struct wording *w, const char *word, struct err *err);

/* What the language of `w` calls it, else the configuration's language, else
 * the key itself. */
struct span verdict_name(struct wording *w, const char *key);

#endif

/* staff_word - "WSTRZYMAJ 12": staff hold up a sending by mail
 *
 * Place: decide_staff.c, for mail of staff only: in other mail these words are
 * words.  Which they are is data (templates/staff_words.tsv).  Pure.
 */
#ifndef STAFF_WORD_H
#define STAFF_WORD_H

#include <stdint.h>

#include "parsers/buf.h"

enum staff_word { STAFF_WORD_NONE, STAFF_WORD_PAUSE, STAFF_WORD_RESUME };

/* Reads `text` whole, or its first line: a form of the table and at most one
 * number, which `*number` gets (0: none); behind a number and a stop or comma
 * more words may stand.  STAFF_WORD_NONE when it holds
 * anything else; a line of the table that is not understood is passed over. */
enum staff_word
staff_word_read(int64_t *number, struct span table, struct span text);

#endif

/* keyword - the words that are orders: STOP, TAK, POMOC
 *
 * Place: the words are data (templates/keywords.tsv); gateway reads the table
 * once and hands it to the parsers.  Pure.
 */
#ifndef KEYWORD_H
#define KEYWORD_H

#include "parsers/message.h"

struct keywords; /* opaque; read-only after keywords_read */

/* Reads the table "intent TAB lang TAB FORM|FORM" ('#' starts a comment line).
 * ST_REJECT names the line that is wrong.  Caller frees `*out`. */
enum status
keywords_read(struct keywords **out, struct span tsv, struct err *err);
void keywords_free(struct keywords *k);

/* The order that `new_text` is, by the rules at the end of keywords.tsv:
 * CMD_NONE when it is words.  `*argument` (borrowed from new_text): what
 * follows the word: a code, a number, the new text of a correction. */
enum command keyword_command(
    const struct keywords *k, struct span new_text, struct span *argument);

enum { ATTENDS_NO = -1, ATTENDS_YES = 1, ATTENDS_MAYBE = 2, ATTENDS_OTHER = 9 };

/* A sentence of attendance ("Będę, razem z mężem", "Nie przyjdę"), or 0 for
 * none.  Only a short sentence that opens the text. */
int keyword_attendance(const struct keywords *k, struct span new_text);

/* What stands beside the number of a meeting ("TAK", "będę na", "i"): ATTENDS_YES,
 * _NO or _MAYBE, 0 when it says none of them, ATTENDS_OTHER when there is more
 * to it. */
int keyword_answer(const struct keywords *k, struct span words);

enum { ORDINAL_ALL = 99 };

/* The first words that name one of several ("pierwsze", "the 2nd one"): 1 to 9,
 * ORDINAL_ALL ("oba"), or 0 for none.  `*word`: where they stand in `text`. */
int
keyword_ordinal(const struct keywords *k, struct span text, struct span *word);

/* Does the author ask for an interpreter, a place for a wheelchair or other
 * access? */
bool keyword_wants_access(const struct keywords *k, struct span remark);

/* Do the words ask for something or remark on something ("proszę o wiatę")? */
bool keyword_has_wish(const struct keywords *k, struct span words);

/* Nothing but a greeting or other polite words, and no thanks ("Dzień dobry")? */
bool keyword_is_polite(const struct keywords *k, struct span new_text);

/* Nothing but thanks ("Dziękuję!", "Dziękuję bardzo, pozdrawiam")? */
bool keyword_is_thanks(const struct keywords *k, struct span new_text);

#endif

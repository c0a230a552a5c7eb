/* sign_off - how letters begin and end: greeting, closing formula, name
 *
 * Place: new_text finds signature blocks below a closing formula with it,
 * remark takes greeting, formula and name off.  Pure.
 */
#ifndef SIGN_OFF_H
#define SIGN_OFF_H

#include "parsers/lines.h"
#include "parsers/message.h"

/* The end of a letter within some lines. */
struct sign_off {
	size_t at; /* its first line: "Pozdrawiam", or the bare name */
	size_t end; /* the line behind it: a postscript, or the end */
	bool guessed; /* a name that the author is not known by */
	bool card; /* more than formula and name: office, firm, telephone */
};

/* Finds the end of the letter in lines `from` to `to` (not included).  The
 * name is known by `author` (may be NULL), or by where it stands.  False when
 * words that are not part of an ending stand below every formula. */
bool sign_off_find(struct sign_off *out, struct lines *lines, size_t from,
    size_t to, const struct address *author);

/* Are lines `from` to `to` (not included) nothing but a visiting card: short
 * lines, and among them the author's name, a telephone number, an address of
 * mail or web, or a register's number?  One of these in the first paragraph:
 * behind words of the author's a letter may end. */
bool sign_off_is_card(
    struct lines *lines, size_t from, size_t to, const struct address *author);

/* Is line `i` nothing but a greeting ("Szanowni Państwo,")? */
bool sign_off_is_greeting(struct lines *lines, size_t i);

/* Does line `i` begin a postscript ("PS. ...")? */
bool sign_off_is_postscript(struct lines *lines, size_t i);

#endif

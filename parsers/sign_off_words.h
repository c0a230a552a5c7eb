/* sign_off_words - the words with which letters begin and end, as tables
 *
 * Place: sign_off.c looks them up with phrase.h.  All are folded and end with
 * NULL.  Pure.
 */
#ifndef SIGN_OFF_WORDS_H
#define SIGN_OFF_WORDS_H

extern const char
    *const sign_off_formulas[]; /* "pozdrawiam": these end a letter */
extern const char *const sign_off_with[]; /* "z": before `regards` */
extern const char
    *const sign_off_regards[]; /* "pozdrowieniami", of whatever kind */
extern const char *const sign_off_signs_of[]; /* "wyrazami", of whatever */
extern const char *const
    sign_off_thanks[]; /* these end a letter only when the name follows */
extern const char *const sign_off_greetings[]; /* "dzien dobry" */
extern const char
    *const sign_off_addressed[]; /* "pani": with a comma or exclamation mark */
extern const char
    *const sign_off_greeted[]; /* who is greeted, in small letters */
extern const char
    *const sign_off_wished[]; /* what may stand behind a formula */
extern const char *const sign_off_given_names[]; /* "jan" */
extern const char *const sign_off_titles[]; /* "mgr": before a name */
extern const char
    *const sign_off_card_marks[]; /* "tel", "nip": words of a visiting card */
extern const char *const sign_off_behalf[]; /* "w imieniu": above a name */
extern const char *const sign_off_firms[]; /* "sp. z o.o" */
extern const char *const sign_off_offices[]; /* "prezes": above a name */

#endif

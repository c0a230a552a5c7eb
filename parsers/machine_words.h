/* machine_words - the sentences of mail servers and absence notices, as tables
 *
 * Place: machine.c and bounce.c ask it; what is compared has been folded by
 * text_fold() (lower case, no marks, single spaces).  Pure.
 */
#ifndef MACHINE_WORDS_H
#define MACHINE_WORDS_H

#include "parsers/buf.h"

enum machine_words {
	WORDS_BOUNCE_SUBJECT, /* "undelivered mail", "zwrot poczty" */
	WORDS_SERVER_SAYS, /* how mail servers open such a notice */
	WORDS_FAILURE, /* "user unknown": only beside other signs */
	WORDS_DELAY,
	WORDS_DELAY_SURE, /* not yet delivered, will be tried again */
	WORDS_FINAL, /* given up */
	WORDS_RETURNED, /* a line above the copy of our mail */
	WORDS_DAEMON, /* "mail delivery system" as a sender's name */
	WORDS_AUTO_SUBJECT, /* "automatic reply": enough at the start */
	WORDS_AWAY_SUBJECT, /* "vacation": only beside other signs */
	WORDS_READ_SUBJECT, /* "read:", only beside other signs */
	WORDS_NO_REPLY, /* "please do not reply": beside WORDS_GENERATED */
	WORDS_GENERATED, /* "this message was generated automatically" */
	WORDS_AWAY, /* "I am on leave": beside WORDS_MEANWHILE */
	WORDS_MEANWHILE, /* "in urgent cases", "after my return" */
	WORDS_MATTER, /* what only a person writes of: the meeting, a remark */
	WORDS_COMPLAINT, /* "complaint about message from" */
	WORDS_TABLES
};

/* The first phrase of that table that stands in `folded`, or NULL. */
const char *machine_words_in(enum machine_words table, struct span folded);

/* Does a phrase of that table stand at the beginning of a word? */
bool machine_words_has(enum machine_words table, struct span folded);

/* The same for a phrase with which `folded` begins. */
const char *machine_words_lead(enum machine_words table, struct span folded);

#endif

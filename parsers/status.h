/* status - what a function that can fail answers, and why in one sentence
 *
 * Place: the ground floor; every module uses it.
 */
#ifndef STATUS_H
#define STATUS_H

/* The value says what to do next, not what went wrong. */
enum status {
	ST_OK = 0,
	ST_REJECT, /* the input is at fault: tell whoever sent it */
	ST_RETRY, /* nothing is at fault: try again later */
	ST_LIMIT, /* a bound was reached: the input is too large or too deep */
	ST_BROKEN, /* we or the machine are at fault: stop and tell staff */
};

/* One sentence for people, without a final full stop or newline, saying what
 * happened and what to do next.  Never holds a password, an address or a
 * resident's words. */
struct err {
	char text[512];
};

/* Fills `err` (may be NULL) as printf does, cutting what does not fit, and
 * returns `st`, so that a caller can `return err_set(...)`. */
enum status err_set(struct err *err, enum status st, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "`what`: " in front of the sentence already in `err`; returns `st`. */
enum status err_prefix(struct err *err, enum status st, const char *what);

#endif

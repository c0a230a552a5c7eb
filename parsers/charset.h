/* charset - bytes in the character sets that mails claim, to UTF-8
 *
 * Place: header.c for encoded words and mime.c for text, inside the jail.  The
 * claim is checked against the bytes, because many a Polish mail is marked
 * iso-8859-1 and is windows-1250.  One thread only: the converters are kept
 * open, since loading them is what the sandbox forbids.
 */
#ifndef CHARSET_H
#define CHARSET_H

#include "parsers/buf.h"

/* How a text was read. */
struct charset_note {
	const char *name; /* the character set used: "windows-1250" */
	bool guessed; /* not the one that was declared, or none was */
	size_t bad; /* bytes that meant nothing there: now U+FFFD */
};

/* Opens all converters; call it before the sandbox closes.  What has not been
 * opened by then is opened at its first use. */
void charset_warm(void);

/* Appends `in` as UTF-8, a leading byte order mark gone; no byte is dropped
 * silently.  `declared` is the name in the mail, quotes, language suffix and
 * wild spellings included; empty when there is none.  Order: byte order mark,
 * valid UTF-8, the declared set unless the bytes contradict it, windows-1250 or
 * iso-8859-2 when Polish words come out, windows-1252.  UTF-8 that was encoded
 * twice is read twice.  Linear. */
void charset_to_utf8(struct buf *out, struct span in, struct span declared,
    struct charset_note *note);

#endif

/* transfer - what a mail did to bytes so that they travel, undone
 *
 * Place: mime.c for the bodies of parts, header.c for encoded words.  Our own,
 * because libetpan's base64 is slow and its quoted-printable reads one byte too
 * many.  Pure and linear.
 */
#ifndef TRANSFER_H
#define TRANSFER_H

#include "parsers/buf.h"

/* Appends what `in` decodes to.  Lines that are no base64 (a footer that a list
 * put below) are left out; returns how many bytes that were. */
size_t transfer_base64(struct buf *out, struct span in);

/* Quoted-printable; a "=" that starts nothing valid stays as written. */
void transfer_quoted(struct buf *out, struct span in);

/* Uuencode, as "x-uuencode" parts have it. */
void transfer_uu(struct buf *out, struct span in);

/* Text of "format=flowed" (RFC 3676) with its soft line breaks joined, the
 * stuffed spaces gone and quotes kept (">> " before the line); `delsp` as the
 * parameter says.  "-- " stays a line of its own. */
void transfer_flowed(struct buf *out, struct span in, bool delsp);

#endif

/* wire - a parsed mail as bytes and back
 *
 * Place: the jailed worker writes, the gateway reads.  What is read is treated
 * as hostile: every length, enum and offset is checked.  Pure.
 */
#ifndef WIRE_H
#define WIRE_H

#include "parsers/message.h"

/* Appends `parsed`, attachments' bodies included. */
void wire_write(struct buf *out, const struct parsed *parsed);

/* The same without the bodies, for a caller that sends them itself: they follow
 * one after the other, in order. */
void wire_write_head(struct buf *out, const struct parsed *parsed);

/* Rebuilds it in `out` (start with { 0 }); all is copied but the attachments'
 * bodies, which stay borrowed from `bytes`.  ST_REJECT when
 * the bytes are not exactly one parsed mail of at most 72 MiB; `out` is then
 * zero.  The hashes of attachments are computed anew. */
enum status wire_read(struct parsed *out, struct span bytes, struct err *err);

#endif

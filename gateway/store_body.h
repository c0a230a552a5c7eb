/* store_body - the bytes of messages, packed
 *
 * Place: store_inbound keeps raw messages with it, store_outbox the HTML of
 * replies.  A frame of zstd for each.
 */
#ifndef STORE_BODY_H
#define STORE_BODY_H

#include "gateway/store.h"

/* `in` as one frame of zstd, and back: ST_BROKEN when that gives anything but
 * `size` bytes. */
enum status
body_pack(struct buf *out, struct store *st, struct span in, struct err *err);
enum status body_unpack(struct buf *out, struct store *st, struct span packed,
    size_t size, struct err *err);

/* The same of a text, which may be empty (or NULL) and then is no frame.  The answer of
 * body_text() is in `a` and ends with NUL; ST_BROKEN also without memory. */
enum status body_pack_text(
    struct buf *out, struct store *st, const char *text, struct err *err);
enum status body_text(const char **out, struct arena *a, struct store *st,
    struct span packed, struct err *err);

/* For what is too large to be held twice: how many bytes it is packed; then
 * writes the body that the row `id` of `raw` has room for. */
enum status
body_packed_size(struct store *st, struct span in, size_t *n, struct err *err);
enum status
body_fill(struct store *st, int64_t id, struct span in, struct err *err);

#endif

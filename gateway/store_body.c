/* store_body - the bytes of messages and files, packed
 *
 * What is large is packed and written piece by piece, so that it is not in
 * memory twice.
 */
#include "gateway/store_body.h"

#include <zstd.h>

#include "gateway/store_internal.h"

#define ZSTD_LEVEL 1

enum { CHUNK = 256 << 10, TEXT_MAX = 16 << 20 };

enum status
body_pack(struct buf *out, struct store *st, struct span in, struct err *err)
{
	size_t bound = ZSTD_compressBound(in.n), n;
	char *room;

	if (st->packer == NULL)
		st->packer = ZSTD_createCCtx();
	out->max = bound + 1;
	room = buf_room(out, bound);
	if (room == NULL || st->packer == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	n = ZSTD_compressCCtx(st->packer, room, bound, in.p, in.n, ZSTD_LEVEL);
	if (ZSTD_isError(n))
		return err_set(
		    err, ST_BROKEN, "zstd: %s", ZSTD_getErrorName(n));
	out->n += n;
	return ST_OK;
}

/* `room` has `size` bytes and one more for NUL. */
static enum status
unpack(struct store *st, char *room, size_t size, struct span packed,
    struct err *err)
{
	size_t n;

	if (st->unpacker == NULL)
		st->unpacker = ZSTD_createDCtx();
	if (st->unpacker == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	n = ZSTD_decompressDCtx(st->unpacker, room, size, packed.p, packed.n);
	if (ZSTD_isError(n) || n != size)
		return err_set(err, ST_BROKEN,
		    "a stored message is damaged: put a copy of the database "
		    "in its place with uwaga restore");
	room[n] = '\0';
	return ST_OK;
}

enum status
body_unpack(struct buf *out, struct store *st, struct span packed, size_t size,
    struct err *err)
{
	char *room = buf_room(out, size);
	enum status rc;

	if (room == NULL)
		return buf_status(out, "the stored message", err);
	rc = unpack(st, room, size, packed, err);
	if (rc == ST_OK)
		out->n += size;
	return rc;
}

enum status
body_pack_text(
    struct buf *out, struct store *st, const char *text, struct err *err)
{
	return text == NULL || text[0] == '\0'
		   ? ST_OK
		   : body_pack(out, st, span_of(text), err);
}

enum status
body_text(const char **out, struct arena *a, struct store *st,
    struct span packed, struct err *err)
{
	unsigned long long size = ZSTD_getFrameContentSize(packed.p, packed.n);
	char *room;

	*out = "";
	if (packed.n == 0)
		return ST_OK;
	/* Unknown, or no frame: then more than any text has, and refused. */
	room = size > TEXT_MAX ? NULL : arena_alloc(a, (size_t)size + 1);
	if (room == NULL)
		return err_set(err, ST_BROKEN,
		    "a stored text cannot be read: it is damaged, or memory is "
		    "short");
	*out = room;
	return unpack(st, room, (size_t)size, packed, err);
}

/* ---- what is too large to be held twice -------------------------------- */

/* Where the bytes of such a thing go: the body of a row that has room for
 * them. */
struct large {
	sqlite3_blob *blob; /* NULL: they are only counted */
	size_t written;
};

static enum status
put_bytes(
    struct store *st, struct large *to, struct span bytes, struct err *err)
{
	if (to->blob != NULL &&
	    sqlite3_blob_write(
		to->blob, bytes.p, (int)bytes.n, (int)to->written) != SQLITE_OK)
		return store_failure(st, "large body", err);
	to->written += bytes.n;
	return ST_OK;
}

/* The same frame each time, so that it can be counted before it is written. */
static enum status
put_packed(struct store *st, struct large *to, struct span in, struct err *err)
{
	ZSTD_inBuffer from = { in.p, in.n, 0 };
	struct buf chunk = { .max = CHUNK + 1 };
	char *room = buf_room(&chunk, CHUNK);
	enum status rc = ST_OK;
	size_t left = 1;

	if (st->packer == NULL)
		st->packer = ZSTD_createCCtx();
	if (room == NULL || st->packer == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	ZSTD_CCtx_reset(st->packer, ZSTD_reset_session_and_parameters);
	ZSTD_CCtx_setParameter(st->packer, ZSTD_c_compressionLevel, ZSTD_LEVEL);
	ZSTD_CCtx_setPledgedSrcSize(st->packer, in.n);
	while (left > 0 && rc == ST_OK) {
		ZSTD_outBuffer out = { room, CHUNK, 0 };

		left =
		    ZSTD_compressStream2(st->packer, &out, &from, ZSTD_e_end);
		if (ZSTD_isError(left))
			rc = err_set(err, ST_BROKEN, "zstd: %s",
			    ZSTD_getErrorName(left));
		else
			rc = put_bytes(
			    st, to, (struct span){ room, out.pos }, err);
	}
	ZSTD_CCtx_reset(st->packer, ZSTD_reset_session_and_parameters);
	buf_free(&chunk);
	return rc;
}

enum status
body_packed_size(struct store *st, struct span in, size_t *n, struct err *err)
{
	struct large count = { NULL, 0 };
	enum status rc = put_packed(st, &count, in, err);

	*n = count.written;
	return rc;
}

enum status
body_fill(struct store *st, int64_t id, struct span in, struct err *err)
{
	struct large to = { NULL, 0 };
	enum status rc;

	st->is_swollen = true;
	if (sqlite3_blob_open(st->db, "main", "raw", "body", id, 1, &to.blob) !=
	    SQLITE_OK)
		rc = store_failure(st, "large body", err);
	else
		rc = put_packed(st, &to, in, err);
	sqlite3_blob_close(to.blob);
	return rc;
}

/* file - the bytes of a file, and the folder it stands in
 *
 * Place: under whatever reads or makes files that people name.
 */
#ifndef FILE_H
#define FILE_H

#include "parsers/buf.h"

/* Appends everything up to the end of `fd`.  False with errno;
 * when there is more than `out` may hold that is EFBIG, and buf_status() tells. */
bool file_read(struct buf *out, int fd);

/* Appends the file that staff name; ST_REJECT: it cannot be read, or is larger
 * than `out` may be. */
enum status file_take(struct buf *out, const char *path, struct err *err);

/* Reads up to `want` bytes of `fd` into the empty `out`, whose limit it sets;
 * fewer when the file has become shorter.  False with errno. */
bool file_read_up_to(struct buf *out, int fd, size_t want);

/* Writes all of it; false with errno. */
bool file_write(int fd, struct span bytes);

/* Makes sure that the name of the file `path` is on disk. */
enum status file_sync_folder(const char *path, struct err *err);

#endif

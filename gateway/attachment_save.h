/* attachment_save - the files of a message, for staff to read
 *
 * Place: `uwaga inbound show ID --save FOLDER`.  The bytes are in the raw
 * message only, so it is parsed again, in the jail.
 */
#ifndef ATTACHMENT_SAVE_H
#define ATTACHMENT_SAVE_H

#include "gateway/config.h"
#include "gateway/store.h"

/* Told of each file once it is written; `path` is borrowed. */
typedef void attachment_saved(void *arg, const char *path, size_t bytes);

/* Writes each file of message `id` (signature pictures left out) into `folder`
 * as ID-N-NAME, for the owner only; nothing is overwritten.  ST_REJECT when the
 * message has no file, or the folder or a file cannot be written: those told
 * before stay. */
enum status
attachment_save(struct store *st, const struct config *config, int64_t id,
    const char *folder, attachment_saved *told, void *arg, struct err *err);

#endif

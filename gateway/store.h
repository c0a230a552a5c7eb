/* store - one SQLite file: opening, migrating, transactions
 *
 * Place: everything durable goes through here.  Only store*.c know SQLite;
 * these headers name none of its types.  Strings that queries return live in
 * the arena the caller gives; strings handed in are borrowed for the call.
 *
 * All times are UTC milliseconds; 0 stands for "none" and is stored as NULL.
 * ids are > 0; 0 stands for "none" and is stored as NULL.
 */
#ifndef STORE_H
#define STORE_H

#include <stdint.h>

#include "parsers/buf.h"

struct store; /* one connection; used by one thread at a time */

/* Opens an existing database of exactly this program's schema version.
 * ST_REJECT: missing ("run uwaga init"), not ours, older ("run uwaga
 * migrate"), newer; ST_BROKEN: damaged or unreadable, read-only, disk. */
enum status store_open(struct store **out, const char *path, struct err *err);
void store_close(struct store *st);

/* Creates the database (ST_REJECT when the file exists) at this version. */
enum status store_create(const char *path, struct err *err);

/* Brings an older database to this version, one migration a transaction, after
 * a backup beside it ("uwaga.db.v1.backup", never overwritten).  `*from` and
 * `*to` get the versions; nothing is done when they are equal. */
enum status
store_migrate(const char *path, int *from, int *to, struct err *err);

/* A consistent copy while others write (VACUUM INTO), synced; ST_REJECT when
 * `file` exists. */
enum status store_backup(struct store *st, const char *file, struct err *err);

/* Puts the copy `file` in the place of the database at `path` (daemon stopped:
 * the caller holds the lock; the old file is kept as "…before-restore-TIME") and
 * begins a new epoch: unsettled outbox rows become unknown, every
 * consultation's numbering skips 1000 ahead, every source is to be read again
 * (store_reread_since). */
enum status
store_restore(const char *path, const char *file, int64_t now, struct err *err);

/* Has the source still to be read again, because this database was put in place
 * since?  `*since_ms` is then the earliest time that it knows of anything (0:
 * it knows of nothing), before which none of its messages came; else -1. */
enum status store_reread_since(
    struct store *st, const char *source, int64_t *since_ms, struct err *err);
/* It has been: nothing more is asked of it in this epoch. */
enum status
store_reread_note(struct store *st, const char *source, struct err *err);

/* Takes the lock `<database>.lock` that keeps a second daemon away; ST_REJECT
 * names the holder's process id.  The lock ends with the process or with
 * store_unlock(); `*fd` is its handle. */
enum status store_lock(int *fd, const char *path, struct err *err);
void store_unlock(int fd);

/* One transaction (BEGIN IMMEDIATE); commit makes it durable (WAL, FULL) and
 * counts as two fault steps, before and after. */
enum status store_begin(struct store *st, struct err *err);
enum status store_commit(struct store *st, struct err *err);
void store_rollback(struct store *st);

/* Its end: with ST_OK it is committed; with any other status, or when that
 * fails, rolled back, and that status comes back. */
enum status store_end(struct store *st, enum status rc, struct err *err);

/* One view of the database for many reads, which holds up nobody; ended by
 * store_rollback(). */
enum status store_begin_reading(struct store *st, struct err *err);

/* One savepoint per message.  store_release: with ST_OK it is kept; with any
 * other status it is rolled back, and that status comes back. */
enum status store_savepoint(struct store *st, struct err *err);
enum status store_release(struct store *st, enum status rc, struct err *err);

/* Whatever is written between the two is undone, whatever became of it: what must
 * be shown before it is done.  Inside a transaction; no savepoint begins or ends
 * in between. */
enum status store_trial_begin(struct store *st, struct err *err);
enum status store_trial_end(struct store *st, struct err *err);

/* Small facts by name: "epoch", "last_poll/mailbox konsultacje". */
enum status store_meta_get(struct store *st, const char *key, struct arena *a,
    struct span *value, struct err *err);
enum status store_meta_set(
    struct store *st, const char *key, const char *value, struct err *err);
enum status store_meta_drop(struct store *st, const char *key, struct err *err);
struct fact {
	const char *key, *value;
};
/* Those whose key begins with `prefix`, ordered by key. */
enum status store_meta_list(struct store *st, const char *prefix,
    struct arena *a, struct fact **out, size_t *n, struct err *err);

/* Every statement there is, prepared once: for the unit test. */
enum status store_check_statements(struct store *st, struct err *err);

/* PRAGMA integrity_check and foreign_key_check. */
enum status store_check_integrity(struct store *st, struct err *err);

#endif

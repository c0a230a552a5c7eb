/* store_backup - the file as a whole: making it, moving its schema on, copying
 * it and putting a copy in its place
 *
 * Place: init, migrate, backup and restore.  Every new file is made under
 * another name, synced, and gets its own name last, so that no half of one is
 * ever taken for a whole.
 */
#include "gateway/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gateway/file.h"
#include "gateway/store_internal.h"

#define PATH_BYTES_MAX 4000

/* ---- files ------------------------------------------------------------- */

static const char *
name_beside(struct arena *a, const char *path, const char *suffix)
{
	struct buf name = { .max = PATH_BYTES_MAX };
	const char *copy;

	buf_printf(&name, "%s%s", path, suffix);
	copy = arena_copy(a, buf_span(&name)).p;
	buf_free(&name);
	return copy;
}

static bool
exists(const char *path)
{
	return access(path, F_OK) == 0 || errno != ENOENT;
}

static enum status
sync_file(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	enum status rc = ST_OK;

	if (fd < 0 || fsync(fd) != 0)
		rc = err_set(err, ST_BROKEN, "%s cannot be synced to disk: %s",
		    path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return rc;
}

/* Gives a finished file its name. */
static enum status
put_in_place(const char *from, const char *to, struct err *err)
{
	enum status rc = sync_file(from, err);

	if (rc != ST_OK)
		return rc;
	if (rename(from, to) != 0)
		return err_set(err, ST_BROKEN, "%s cannot be made: %s", to,
		    strerror(errno));
	return file_sync_folder(to, err);
}

/* An empty file that only its owner (and, if `group`, the group) may use:
 * SQLite would let everybody read what it makes. */
static enum status
make_empty(const char *path, mode_t mode, struct err *err)
{
	int fd;

	unlink(path); /* what an interrupted try may have left */
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return err_set(err, ST_BROKEN, "%s cannot be made: %s", path,
		    strerror(errno));
	close(fd);
	return ST_OK;
}

/* ---- schema ------------------------------------------------------------ */

static const char *
sql_text(struct arena *a, struct span sql)
{
	return arena_copy(a, sql).p;
}

/* One step of the schema, in a transaction of its own. */
static enum status
apply(struct store *st, const struct migration *m, struct err *err)
{
	struct arena a = { 0 };
	int version = 0;
	enum status rc = store_begin(st, err);

	if (rc != ST_OK)
		return rc;
	rc = store_execute(st, sql_text(&a, m->sql), m->name, err);
	if (rc == ST_OK)
		rc = store_identify(st, &version, err);
	if (rc == ST_OK && version != m->version)
		rc = err_set(err, ST_BROKEN,
		    "%s left the schema at version %d: it must set %d", m->name,
		    version, m->version);
	if (rc == ST_OK)
		rc = store_check_integrity(st, err);
	rc = store_end(st, rc, err);
	arena_free(&a);
	return rc;
}

/* Applies what is newer than `from`.  Foreign keys are off meanwhile, because
 * a table is changed by making it anew; apply() checks them at the end. */
static enum status
apply_from(
    struct store *st, const struct migration *list, int from, struct err *err)
{
	enum status rc =
	    store_execute(st, "PRAGMA foreign_keys = OFF", "foreign_keys", err);

	for (; list->version != 0 && rc == ST_OK; list++)
		if (list->version > from)
			rc = apply(st, list, err);
	if (rc == ST_OK)
		rc = store_execute(
		    st, "PRAGMA foreign_keys = ON", "foreign_keys", err);
	return rc;
}

static int
newest(const struct migration *list)
{
	int version = 0;

	for (; list->version != 0; list++)
		version = list->version;
	return version;
}

static enum status
fill_new(const char *path, const struct migration *list, struct err *err)
{
	struct store *st = NULL;
	enum status rc = store_open_file(&st, path, SQLITE_OPEN_READWRITE, err);

	/* Most of what is stored is larger than SQLite's usual 4096 bytes. */
	if (rc == ST_OK)
		rc = store_execute(
		    st, "PRAGMA page_size = 8192", "page size", err);
	if (rc == ST_OK)
		rc = store_set_durable(st, err);
	if (rc == ST_OK)
		rc = apply_from(st, list, 0, err);
	store_close(st);
	return rc;
}

enum status
store_create_with(
    const char *path, const struct migration *list, struct err *err)
{
	struct arena a = { 0 };
	const char *growing = name_beside(&a, path, ".new");
	enum status rc;

	if (exists(path)) {
		rc = err_set(err, ST_REJECT,
		    "%s exists already: remove it, or set another \"database\" "
		    "in the configuration",
		    path);
		goto out;
	}
	rc = make_empty(growing, 0660, err);
	if (rc != ST_OK)
		goto out;
	rc = fill_new(growing, list, err);
	if (rc == ST_OK)
		rc = put_in_place(growing, path, err);
	if (rc != ST_OK)
		unlink(growing);
out:
	arena_free(&a);
	return rc;
}

enum status
store_create(const char *path, struct err *err)
{
	struct arena a = { 0 };
	struct migration *list;
	enum status rc = store_migrations(&a, &list, err);

	if (rc == ST_OK)
		rc = store_create_with(path, list, err);
	arena_free(&a);
	return rc;
}

/* ---- copies ------------------------------------------------------------ */

static const char vacuum_into[] = "VACUUM INTO :file";

/* One step, so that a writer cannot make it begin again and again. */
static enum status
copy_into(struct store *st, const char *file, struct err *err)
{
	struct arena a = { 0 };
	const char *growing = name_beside(&a, file, ".new");
	struct query q;
	enum status rc = make_empty(growing, 0600, err);

	if (rc != ST_OK)
		goto out;
	query_open(&q, st, vacuum_into);
	query_text(&q, ":file", growing);
	rc = query_run(&q, err);
	if (rc == ST_OK)
		rc = put_in_place(growing, file, err);
	if (rc != ST_OK)
		unlink(growing);
out:
	arena_free(&a);
	return rc;
}

enum status
store_backup(struct store *st, const char *file, struct err *err)
{
	if (exists(file))
		return err_set(err, ST_REJECT,
		    "%s exists already: a backup overwrites nothing, choose "
		    "another name",
		    file);
	return copy_into(st, file, err);
}

/* "uwaga.db.v1.backup", or "-2", "-3" behind it when that is taken. */
static enum status
backup_before(struct store *st, int version, struct err *err)
{
	struct buf name = { .max = PATH_BYTES_MAX };
	enum status rc;
	int try = 1;

	buf_printf(&name, "%s.v%d.backup", st->path, version);
	while (exists(buf_cstr(&name)) && try < 1000) {
		buf_reset(&name);
		buf_printf(&name, "%s.v%d.backup-%d", st->path, version, ++try);
	}
	rc = buf_status(&name, "the path of the database", err);
	if (rc == ST_OK)
		rc = store_backup(st, buf_cstr(&name), err);
	buf_free(&name);
	return rc;
}

enum status
store_migrate_with(const char *path, const struct migration *list, int *from,
    int *to, struct err *err)
{
	struct store *st = NULL;
	enum status rc;

	*from = *to = 0;
	if (!exists(path))
		return err_set(err, ST_REJECT,
		    "there is no database %s: run uwaga init", path);
	rc = store_open_file(&st, path, SQLITE_OPEN_READWRITE, err);
	if (rc == ST_OK)
		rc = store_identify(st, from, err);
	*to = *from;
	if (rc == ST_OK && *from > newest(list))
		rc = err_set(err, ST_REJECT,
		    "%s has schema version %d, this program knows only %d: "
		    "install the newer uwaga that wrote it",
		    path, *from, newest(list));
	if (rc != ST_OK || *from == newest(list))
		goto out;
	rc = store_set_durable(st, err);
	if (rc == ST_OK)
		rc = backup_before(st, *from, err);
	if (rc == ST_OK)
		rc = apply_from(st, list, *from, err);
	if (rc == ST_OK)
		rc = store_identify(st, to, err);
out:
	store_close(st);
	return rc;
}

enum status
store_migrate(const char *path, int *from, int *to, struct err *err)
{
	struct arena a = { 0 };
	struct migration *list;
	enum status rc = store_migrations(&a, &list, err);

	if (rc == ST_OK)
		rc = store_migrate_with(path, list, from, to, err);
	arena_free(&a);
	return rc;
}

/* ---- restore ----------------------------------------------------------- */

static const char restore_epoch[] =
    "UPDATE meta SET value = CAST(value + 1 AS TEXT) WHERE key = 'epoch'";

/* Each source is read again from where it was when the copy was made: its
 * cursor stays, what came since is handed over again and recognised. */
static const char restore_sources[] =
    "DELETE FROM meta WHERE key LIKE 'last_poll/%'";

/* Whether they went out after the copy was made is not known here.  That they
 * were claimed once does not say that it was in this epoch. */
static const char restore_outbox[] =
    "UPDATE outbox SET state = 'unknown', due_ms = NULL, claimed_ms = NULL,"
    " settled_ms = :now, error = 'restored from a copy: it may have been sent"
    " since the copy was made'"
    " WHERE state IN ('queued', 'claimed', 'deferred')";

static const char restore_numbers[] =
    "UPDATE consultation SET next_number = next_number + 1000";

static enum status
begin_epoch(struct store *st, int64_t now, struct err *err)
{
	static const struct statement steps[] = {
		{ "restore_epoch", restore_epoch },
		{ "restore_sources", restore_sources },
		{ "restore_numbers", restore_numbers },
	};
	struct query q;
	enum status rc = store_begin(st, err);

	for (int i = 0; i < 3 && rc == ST_OK; i++) {
		query_prepare(&q, st, steps[i].sql, steps[i].name);
		rc = query_run(&q, err);
	}
	if (rc == ST_OK) {
		query_open(&q, st, restore_outbox);
		query_int(&q, ":now", now);
		rc = query_run(&q, err);
	}
	return store_end(st, rc, err);
}

/* What `file` holds, checked, into the new file `growing`. */
static enum status
copy_checked(const char *file, const char *growing, struct err *err)
{
	struct store *st = NULL;
	int version = 0;
	enum status rc;

	if (!exists(file))
		return err_set(err, ST_REJECT, "there is no copy %s", file);
	rc = store_open_file(&st, file, SQLITE_OPEN_READONLY, err);
	if (rc == ST_OK)
		rc = store_identify(st, &version, err);
	if (rc == ST_OK && version > store_version())
		rc = err_set(err, ST_REJECT,
		    "%s has schema version %d, this program knows only %d: "
		    "install the newer uwaga that wrote it",
		    file, version, store_version());
	if (rc == ST_OK)
		rc = store_check_integrity(st, err);
	if (rc == ST_OK)
		rc = copy_into(st, growing, err);
	store_close(st);
	return rc;
}

/* The copy as the database it will be: of this version, of a new epoch. */
static enum status
prepare_copy(const char *growing, int64_t now, struct err *err)
{
	struct arena a = { 0 };
	struct store *st = NULL;
	struct migration *list;
	int version = 0;
	enum status rc = store_migrations(&a, &list, err);

	if (rc == ST_OK && chmod(growing, 0660) != 0)
		rc = err_set(err, ST_BROKEN, "%s cannot be made: %s", growing,
		    strerror(errno));
	if (rc == ST_OK)
		rc = store_open_file(&st, growing, SQLITE_OPEN_READWRITE, err);
	if (rc == ST_OK)
		rc = store_identify(st, &version, err);
	if (rc == ST_OK)
		rc = store_set_durable(st, err);
	if (rc == ST_OK)
		rc = apply_from(st, list, version, err);
	if (rc == ST_OK)
		rc = begin_epoch(st, now, err);
	store_close(st);
	arena_free(&a);
	return rc;
}

/* What is still in the old log goes into the old file, if that can be read; if
 * not, both are kept side by side. */
static void
settle_log(const char *path)
{
	struct store *st = NULL;

	if (store_open_file(&st, path, SQLITE_OPEN_READWRITE, NULL) == ST_OK)
		sqlite3_wal_checkpoint_v2(
		    st->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	store_close(st);
}

/* Moves the old file and its log out of the way, both under the same new name,
 * so that they stay one database. */
static enum status
keep_old(const char *path, int64_t now, struct err *err)
{
	static const char *const parts[] = { "", "-wal", "-shm" };
	struct arena a = { 0 };
	time_t seconds = (time_t)(now / 1000);
	char when[40] = "";
	enum status rc = ST_OK;
	const char *kept;
	struct tm utc;

	if (gmtime_r(&seconds, &utc) == NULL ||
	    strftime(when, sizeof(when), ".before-restore-%Y%m%dT%H%M%SZ",
		&utc) == 0)
		return err_set(err, ST_BROKEN, "the clock shows no time");
	kept = name_beside(&a, path, when);
	for (int i = 0; i < 3 && rc == ST_OK; i++) {
		const char *from = name_beside(&a, path, parts[i]);
		const char *to = name_beside(&a, kept, parts[i]);

		if (!exists(from))
			continue;
		if (exists(to))
			rc = err_set(err, ST_REJECT,
			    "%s exists already: move it away first", to);
		else if (rename(from, to) != 0)
			rc = err_set(err, ST_BROKEN, "%s cannot be kept: %s",
			    from, strerror(errno));
	}
	arena_free(&a);
	return rc;
}

enum status
store_restore(const char *path, const char *file, int64_t now, struct err *err)
{
	struct arena a = { 0 };
	const char *growing = name_beside(&a, path, ".restoring");
	enum status rc;

	unlink(growing); /* what an interrupted try may have left */
	rc = copy_checked(file, growing, err);
	if (rc == ST_OK)
		rc = prepare_copy(growing, now, err);
	if (rc == ST_OK && exists(path))
		settle_log(path);
	if (rc == ST_OK)
		rc = keep_old(path, now, err);
	if (rc == ST_OK)
		rc = put_in_place(growing, path, err);
	if (rc != ST_OK)
		unlink(growing);
	arena_free(&a);
	return rc;
}

/* ---- sources that are read again ---------------------------------------- */

/* Each epoch but the first began with a copy.  Not noted there is what has to
 * be done, so that no interruption and no restart can forget it. */
static const char reread_pending[] =
    "SELECT COUNT(*) FROM meta AS epoch LEFT JOIN meta AS done"
    " ON done.key = 'reread/' || :source WHERE epoch.key = 'epoch'"
    " AND epoch.value <> '1' AND done.value IS NOT epoch.value";

/* Of all sources: one that the copy knows nothing of may have had mail waiting
 * as long as any other. */
static const char reread_since[] =
    "SELECT COALESCE(MIN(at), 0) FROM ("
    "SELECT MIN(MIN(received_ms, stored_ms)) AS at FROM inbound UNION ALL"
    " SELECT MIN(at_ms) FROM audit WHERE what <> 'restore')";

static const char reread_note[] =
    "INSERT INTO meta (key, value)"
    " SELECT 'reread/' || :source, value FROM meta WHERE key = 'epoch'"
    " ON CONFLICT (key) DO UPDATE SET value = excluded.value";

enum status
store_reread_since(
    struct store *st, const char *source, int64_t *since_ms, struct err *err)
{
	int64_t pending = 0;
	struct query q;
	enum status rc;

	*since_ms = -1;
	query_open(&q, st, reread_pending);
	query_text(&q, ":source", source);
	rc = query_number(&q, &pending, err);
	if (rc != ST_OK || pending == 0)
		return rc;
	query_open(&q, st, reread_since);
	rc = query_number(&q, since_ms, err);
	/* A modem without a clock writes years before 1970. */
	if (rc == ST_OK && *since_ms < 0)
		*since_ms = 0;
	return rc;
}

enum status
store_reread_note(struct store *st, const char *source, struct err *err)
{
	struct query q;

	query_open(&q, st, reread_note);
	query_text(&q, ":source", source);
	return query_run(&q, err);
}

const struct statement store_backup_statements[] = {
	{ "reread_pending", reread_pending },
	{ "reread_since", reread_since },
	{ "reread_note", reread_note },
	{ "vacuum_into", vacuum_into },
	{ "restore_epoch", restore_epoch },
	{ "restore_sources", restore_sources },
	{ "restore_outbox", restore_outbox },
	{ "restore_numbers", restore_numbers },
	{ NULL, NULL },
};

/* store - one SQLite file: opening, transactions, small facts
 *
 * Place: everything durable goes through here; see store_internal.h for what
 * the store's files share.
 *
 * One writer: a transaction takes the lock at its begin (BEGIN IMMEDIATE), so
 * that it never finds out halfway that somebody else wrote.  SQLite's own
 * busy handler is not fair: a process that writes again and again starves all
 * others.  So whoever waits looks every millisecond, and whoever has just
 * written lets a few milliseconds pass before it writes again.
 */
#include "gateway/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#include "gateway/clock.h"
#include "gateway/fault.h"
#include "gateway/store_internal.h"

#define APPLICATION_ID 1433887079
#define BUSY_MAX_MS 5000
#define PAUSE_MS 3
#define PATH_BYTES_MAX 4000

/* ---- opening ----------------------------------------------------------- */

static void
sleep_ms(int64_t ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static int
wait_for_lock(void *arg, int tries)
{
	struct store *st = arg;

	if (tries == 0)
		st->busy_since = clock_ticks();
	if (clock_ticks() - st->busy_since >= BUSY_MAX_MS)
		return 0;
	sleep_ms(1);
	return 1;
}

/* What a file from elsewhere could otherwise make us do. */
static void
distrust_schema(sqlite3 *db)
{
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
}

enum status
store_open_file(
    struct store **out, const char *path, int flags, struct err *err)
{
	struct store *st = calloc(1, sizeof(*st));
	enum status rc = ST_OK;

	*out = NULL;
	if (st != NULL)
		st->path = strdup(path);
	if (st == NULL || st->path == NULL) {
		rc = err_set(err, ST_BROKEN, "out of memory");
		goto out;
	}
	st->committed = clock_ticks() - PAUSE_MS;
	/* Nobody asks SQLite how much memory it has, and counting it takes a lock
	 * each time.  Refused, which changes nothing, once it is in use. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	if (sqlite3_open_v2(path, &st->db, flags | SQLITE_OPEN_NOMUTEX, NULL) !=
	    SQLITE_OK) {
		rc = st->db == NULL ? err_set(err, ST_BROKEN, "out of memory")
				    : store_failure(st, "open", err);
		goto out;
	}
	sqlite3_extended_result_codes(st->db, 1);
	sqlite3_busy_handler(st->db, wait_for_lock, st);
	distrust_schema(st->db);
	/* Room for the small things of a statement, so that they need no malloc. */
	sqlite3_db_config(st->db, SQLITE_DBCONFIG_LOOKASIDE, NULL, 1200, 200);
	*out = st;
	st = NULL;
out:
	store_close(st);
	return rc;
}

static const char pragma_application_id[] = "PRAGMA application_id";
static const char pragma_user_version[] = "PRAGMA user_version";

enum status
store_identify(struct store *st, int *version, struct err *err)
{
	int64_t application = 0, number = 0;
	struct query q;
	enum status rc;

	query_open(&q, st, pragma_application_id);
	rc = query_number(&q, &application, err);
	if (rc != ST_OK)
		return rc;
	if (application != APPLICATION_ID)
		return err_set(err, ST_REJECT,
		    "%s is not an Uwaga database; the configuration's "
		    "\"database\" names the one in use",
		    st->path);
	query_open(&q, st, pragma_user_version);
	rc = query_number(&q, &number, err);
	*version = (int)number;
	return rc;
}

static const char pragma_wal[] = "PRAGMA journal_mode = WAL";

enum status
store_set_durable(struct store *st, struct err *err)
{
	struct query q;
	struct arena a = { 0 };
	const char *mode = "";
	enum status rc;

	query_open(&q, st, pragma_wal);
	rc = query_step(&q, err);
	if (rc == ST_OK && q.has_row)
		mode = query_get_text(&q, &a);
	rc = query_close(&q, rc, err);
	if (rc == ST_OK && strcmp(mode, "wal") != 0)
		rc = err_set(err, ST_BROKEN,
		    "%s cannot have a write-ahead log: move it to a disk of "
		    "this machine",
		    st->path);
	arena_free(&a);
	/* What a savepoint may have to undo is kept in memory, not in a file:
	 * that makes a batch of messages a third faster.  The log is 32 MB long
	 * before it is moved into the database, so that a page which many
	 * messages change is moved once. */
	if (rc == ST_OK)
		rc = store_execute(st,
		    "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;"
		    "PRAGMA cache_size = -8000;"
		    "PRAGMA wal_autocheckpoint = 4000",
		    "settings", err);
	return rc;
}

static enum status
check_version(struct store *st, struct err *err)
{
	int version = 0;
	enum status rc = store_identify(st, &version, err);

	if (rc != ST_OK || version == store_version())
		return rc;
	if (version < store_version())
		return err_set(err, ST_REJECT,
		    "%s has schema version %d, this program needs %d: run "
		    "uwaga migrate",
		    st->path, version, store_version());
	return err_set(err, ST_REJECT,
	    "%s has schema version %d, this program knows only %d: install "
	    "the newer uwaga that wrote it",
	    st->path, version, store_version());
}

enum status
store_open(struct store **out, const char *path, struct err *err)
{
	struct store *st = NULL;
	enum status rc;

	*out = NULL;
	if (access(path, F_OK) != 0)
		return errno == ENOENT
			   ? err_set(err, ST_REJECT,
				 "there is no database %s: run uwaga init",
				 path)
			   : err_set(err, ST_BROKEN,
				 "the database %s cannot be reached: %s", path,
				 strerror(errno));
	rc = store_open_file(&st, path, SQLITE_OPEN_READWRITE, err);
	if (rc == ST_OK && sqlite3_db_readonly(st->db, "main") == 1)
		rc = err_set(err, ST_BROKEN,
		    "the database %s is read-only for this user: it needs the "
		    "right to write the file and its folder",
		    path);
	if (rc == ST_OK)
		rc = check_version(st, err);
	if (rc == ST_OK)
		rc = store_set_durable(st, err);
	if (rc != ST_OK) {
		store_close(st);
		return rc;
	}
	*out = st;
	return ST_OK;
}

void
store_close(struct store *st)
{
	if (st == NULL)
		return;
	for (size_t i = 0; i < STATEMENT_SLOTS; i++) {
		sqlite3_finalize(st->prepared[i].stmt);
		arena_free(&st->prepared[i].arena);
	}
	arena_free(&st->at_commit.arena);
	ZSTD_freeCCtx(st->packer);
	ZSTD_freeDCtx(st->unpacker);
	sqlite3_close(st->db);
	free(st->path);
	free(st);
}

/* ---- the lock of the one writer that stays --------------------------- */

static void
name_holder(char *out, size_t size, int fd)
{
	char pid[32] = "";
	ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);

	if (n > 0)
		pid[strspn(pid, "0123456789")] = '\0';
	if (pid[0] != '\0')
		snprintf(out, size, "process %s", pid);
	else
		snprintf(out, size, "another process");
}

enum status
store_lock(int *fd, const char *path, struct err *err)
{
	/* One database under two names is one. */
	char *real = realpath(path, NULL), holder[48];
	struct buf name = { .max = PATH_BYTES_MAX };
	enum status rc = ST_OK;

	*fd = -1;
	buf_printf(&name, "%s.lock", real != NULL ? real : path);
	rc = buf_status(&name, "the path of the database", err);
	if (rc != ST_OK)
		goto out;
	*fd = open(buf_cstr(&name), O_RDWR | O_CREAT | O_CLOEXEC, 0660);
	if (*fd < 0) {
		rc = err_set(err, ST_BROKEN,
		    "the lock %.300s cannot be made: %s", buf_cstr(&name),
		    strerror(errno));
		goto out;
	}
	if (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
		name_holder(holder, sizeof(holder), *fd);
		rc = err_set(err, ST_REJECT,
		    "the database %s is in the hands of %s: stop that one first",
		    path, holder);
		goto out;
	}
	if (ftruncate(*fd, 0) != 0 || dprintf(*fd, "%ld\n", (long)getpid()) < 0)
		rc = err_set(err, ST_BROKEN,
		    "the lock %.300s cannot be written: %s: free some space",
		    buf_cstr(&name), strerror(errno));
out:
	if (rc != ST_OK) {
		store_unlock(*fd);
		*fd = -1;
	}
	free(real);
	buf_free(&name);
	return rc;
}

void
store_unlock(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* ---- transactions ------------------------------------------------------ */

/* Whoever waits for the lock asks once a millisecond. */
static void
let_others_write(const struct store *st)
{
	int64_t passed = clock_ticks() - st->committed;

	if (passed >= 0 && passed < PAUSE_MS)
		sleep_ms(PAUSE_MS - passed);
}

static void
leave_transaction(struct store *st)
{
	arena_free(&st->at_commit.arena);
	st->at_commit = (struct at_commit){ 0 };
	if (st->is_swollen) {
		ZSTD_freeCCtx(st->packer);
		st->packer = NULL;
		sqlite3_db_release_memory(st->db);
		st->is_swollen = false;
	}
	st->in_transaction = false;
	st->lost.text[0] = '\0';
	/* One that was over at once kept nobody waiting. */
	if (clock_ticks() != st->began)
		st->committed = clock_ticks();
}

enum status
store_begin(struct store *st, struct err *err)
{
	enum status rc;

	if (st->in_transaction)
		return err_set(err, ST_BROKEN, "a transaction is open already");
	let_others_write(st);
	rc = store_execute(st, "BEGIN IMMEDIATE", "begin", err);
	st->in_transaction = rc == ST_OK;
	st->began = clock_ticks();
	return rc;
}

enum status
store_begin_reading(struct store *st, struct err *err)
{
	enum status rc;

	if (st->in_transaction)
		return err_set(err, ST_BROKEN, "a transaction is open already");
	rc = store_execute(st, "BEGIN", "begin", err);
	st->in_transaction = rc == ST_OK;
	return rc;
}

/* A transaction that SQLite ended by itself must not go on without a word. */
static enum status
still_ours(const struct store *st, struct err *err)
{
	if (st->lost.text[0] != '\0')
		return err_set(err, ST_BROKEN, "%s", st->lost.text);
	if (!st->in_transaction || sqlite3_get_autocommit(st->db))
		return err_set(err, ST_BROKEN, "no transaction is open");
	return ST_OK;
}

enum status
store_commit(struct store *st, struct err *err)
{
	enum status rc = still_ours(st, err);

	if (rc == ST_OK && st->at_commit.run != NULL)
		rc = st->at_commit.run(st, err);
	if (rc == ST_OK) {
		fault_step("store commit");
		rc = store_execute(st, "COMMIT", "commit", err);
	}
	if (rc != ST_OK) {
		store_rollback(st);
		return rc;
	}
	fault_step("store committed");
	leave_transaction(st);
	return ST_OK;
}

void
store_rollback(struct store *st)
{
	/* A rollback on a failing disk has nothing left that could fail: what
	 * was not committed is not read again. */
	if (st->in_transaction && !sqlite3_get_autocommit(st->db))
		sqlite3_exec(st->db, "ROLLBACK", NULL, NULL, NULL);
	leave_transaction(st);
}

enum status
store_end(struct store *st, enum status rc, struct err *err)
{
	if (rc == ST_OK)
		return store_commit(st, err);
	store_rollback(st);
	return rc;
}

static const char savepoint[] = "SAVEPOINT message";
static const char savepoint_release[] = "RELEASE message";
static const char savepoint_undo[] = "ROLLBACK TO message";

enum status
store_savepoint(struct store *st, struct err *err)
{
	enum status rc = still_ours(st, err);
	struct query q;

	if (rc != ST_OK)
		return rc;
	st->at_commit.n_before = st->at_commit.n;
	query_open(&q, st, savepoint);
	return query_run(&q, err);
}

static const char trial[] = "SAVEPOINT trial";
static const char trial_undo[] = "ROLLBACK TO trial";
static const char trial_release[] = "RELEASE trial";

enum status
store_trial_begin(struct store *st, struct err *err)
{
	enum status rc = still_ours(st, err);
	struct query q;

	if (rc != ST_OK)
		return rc;
	st->at_commit.n_trial = st->at_commit.n;
	query_open(&q, st, trial);
	return query_run(&q, err);
}

enum status
store_trial_end(struct store *st, struct err *err)
{
	enum status rc = still_ours(st, err);
	struct query q;

	if (rc != ST_OK)
		return rc;
	st->at_commit.n = st->at_commit.n_trial;
	query_open(&q, st, trial_undo);
	rc = query_run(&q, err);
	query_open(&q, st, trial_release);
	return rc == ST_OK ? query_run(&q, err) : query_close(&q, rc, NULL);
}

static enum status
release(struct store *st, struct err *err)
{
	struct query q;

	query_open(&q, st, savepoint_release);
	return query_run(&q, err);
}

static void
undo(struct store *st)
{
	struct query q;

	st->at_commit.n = st->at_commit.n_before;
	query_open(&q, st, savepoint_undo);
	if (query_run(&q, NULL) == ST_OK)
		release(st, NULL);
}

enum status
store_release(struct store *st, enum status rc, struct err *err)
{
	enum status ours;

	if (rc == ST_OK) {
		ours = still_ours(st, err);
		return ours != ST_OK ? ours : release(st, err);
	}
	/* The first failure is the one to tell. */
	if (still_ours(st, NULL) == ST_OK)
		undo(st);
	return rc;
}

/* ---- small facts ------------------------------------------------------- */

static const char meta_get[] = "SELECT value FROM meta WHERE key = :key";

enum status
store_meta_get(struct store *st, const char *key, struct arena *a,
    struct span *value, struct err *err)
{
	struct query q;
	enum status rc;

	*value = (struct span){ NULL, 0 };
	query_open(&q, st, meta_get);
	query_text(&q, ":key", key);
	rc = query_step(&q, err);
	if (rc == ST_OK && q.has_row)
		*value = span_of(query_get_text(&q, a));
	return query_close(&q, rc, err);
}

static const char meta_set[] =
    "INSERT INTO meta (key, value) VALUES (:key, :value)"
    " ON CONFLICT (key) DO UPDATE SET value = excluded.value";

enum status
store_meta_set(
    struct store *st, const char *key, const char *value, struct err *err)
{
	struct query q;

	query_open(&q, st, meta_set);
	query_text(&q, ":key", key);
	query_text(&q, ":value", value);
	return query_run(&q, err);
}

static const char meta_drop[] = "DELETE FROM meta WHERE key = :key";

enum status
store_meta_drop(struct store *st, const char *key, struct err *err)
{
	struct query q;

	query_open(&q, st, meta_drop);
	query_text(&q, ":key", key);
	return query_run(&q, err);
}

static const char meta_list[] =
    "SELECT key, value FROM meta"
    " WHERE substr(key, 1, length(:prefix)) = :prefix ORDER BY key";

enum status
store_meta_list(struct store *st, const char *prefix, struct arena *a,
    struct fact **out, size_t *n, struct err *err)
{
	struct query q;
	struct fact *one;
	enum status rc;

	*out = NULL;
	*n = 0;
	query_open(&q, st, meta_list);
	query_text(&q, ":prefix", prefix);
	while ((rc = query_step(&q, err)) == ST_OK && q.has_row) {
		one = arena_push(a, out, n, sizeof(**out));
		if (one == NULL) {
			rc = err_set(err, ST_BROKEN, "out of memory");
			break;
		}
		one->key = query_get_text(&q, a);
		one->value = query_get_text(&q, a);
	}
	return query_close(&q, rc, err);
}

/* ---- is it whole? ------------------------------------------------------ */

static const char integrity_check[] = "PRAGMA integrity_check(1)";
static const char foreign_key_check[] = "PRAGMA foreign_key_check";

enum status
store_check_integrity(struct store *st, struct err *err)
{
	struct arena a = { 0 };
	const char *verdict = "";
	struct query q;
	enum status rc;

	query_open(&q, st, integrity_check);
	rc = query_step(&q, err);
	if (rc == ST_OK && q.has_row)
		verdict = query_get_text(&q, &a);
	rc = query_close(&q, rc, err);
	if (rc == ST_OK && strcmp(verdict, "ok") != 0)
		rc = err_set(err, ST_BROKEN,
		    "the database %s is damaged (%.120s): put a copy in its "
		    "place with uwaga restore",
		    st->path, verdict);
	if (rc != ST_OK)
		goto out;
	query_open(&q, st, foreign_key_check);
	rc = query_step(&q, err);
	if (rc == ST_OK && q.has_row)
		rc = err_set(err, ST_BROKEN,
		    "the database %s is damaged (a row of %.60s points to "
		    "nothing): put a copy in its place with uwaga restore",
		    st->path, query_get_text(&q, &a));
	rc = query_close(&q, rc, err);
out:
	arena_free(&a);
	return rc;
}

const struct statement store_statements[] = {
	{ "pragma_application_id", pragma_application_id },
	{ "pragma_user_version", pragma_user_version },
	{ "pragma_wal", pragma_wal },
	{ "savepoint", savepoint },
	{ "savepoint_release", savepoint_release },
	{ "savepoint_undo", savepoint_undo },
	{ "trial", trial },
	{ "trial_undo", trial_undo },
	{ "trial_release", trial_release },
	{ "meta_get", meta_get },
	{ "meta_set", meta_set },
	{ "meta_drop", meta_drop },
	{ "meta_list", meta_list },
	{ "integrity_check", integrity_check },
	{ "foreign_key_check", foreign_key_check },
	{ NULL, NULL },
};

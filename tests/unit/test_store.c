/* test_store - opening, refusing, transactions, the lock, small facts */
#include "tests/unit/store_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "gateway/clock.h"

static void
every_statement_fits_the_schema(void **state)
{
	struct fixture *f = *state;

	OK(store_check_statements(f->st, &f->err));
	OK(store_check_integrity(f->st, &f->err));
}

/* What SQLite does, its virtual machine says: for IN of more than two words, in
 * a CHECK or an index, it fills a table of its own at each INSERT. */
static void
no_row_is_checked_against_a_table_made_for_it(void **state)
{
	struct fixture *f = *state;
	sqlite3_stmt *tables, *steps;
	int seen = 0;

	assert_int_equal(
	    sqlite3_prepare_v2(f->st->db,
		"SELECT format('EXPLAIN INSERT INTO %w DEFAULT VALUES', name)"
		" FROM sqlite_schema WHERE type = 'table'"
		" AND name NOT LIKE '%fts%' AND name NOT LIKE 'sqlite%'",
		-1, &tables, NULL),
	    SQLITE_OK);
	while (sqlite3_step(tables) == SQLITE_ROW) {
		const char *sql = (const char *)sqlite3_column_text(tables, 0);

		assert_int_equal(
		    sqlite3_prepare_v2(f->st->db, sql, -1, &steps, NULL),
		    SQLITE_OK);
		while (sqlite3_step(steps) == SQLITE_ROW)
			if (strcmp((const char *)sqlite3_column_text(steps, 1),
				"OpenEphemeral") == 0)
				fail_msg("%s", sql);
		sqlite3_finalize(steps);
		seen++;
	}
	sqlite3_finalize(tables);
	assert_true(seen > 20);
}

static char *
read_whole(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	assert_non_null(in);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 20) - 1, in) > 0);
	fclose(in);
	return text;
}

/* A statement that is in no table would not be prepared by the test above. */
static void
every_statement_of_a_file_is_in_its_table(void **state)
{
	static const char *const files[] = { "gateway/store.c",
		"gateway/store_inbound.c", "gateway/store_remark.c",
		"gateway/store_consultation.c", "gateway/store_person.c",
		"gateway/store_outbox.c", "gateway/store_chain.c",
		"gateway/store_backup.c" };
	int seen = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char *text = read_whole(files[i]), *at = text;

		while ((at = strstr(at, "\nstatic const char ")) != NULL) {
			char name[64] = "", entry[96];

			at += strlen("\nstatic const char ");
			snprintf(name, sizeof(name), "%.*s",
			    (int)strcspn(at, "[;"), at);
			if (name[0] == '*' || strcmp(name, "no_hash") == 0)
				continue;
			snprintf(
			    entry, sizeof(entry), "{ \"%s\", %s }", name, name);
			if (strstr(text, entry) == NULL)
				fail_msg(
				    "%s: %s is in no table", files[i], name);
			seen++;
		}
		free(text);
	}
	assert_true(seen > 60);
}

/* Makes a file with these bytes, or none for NULL. */
static void
make_file(const char *path, const char *bytes)
{
	int fd;

	unlink(path);
	if (bytes == NULL)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, strlen(bytes)), strlen(bytes));
	close(fd);
}

static void
what_cannot_be_opened_says_what_to_do(void **state)
{
	static const struct {
		const char *sentence, *bytes, *sql;
		enum status want;
		const char *says;
	} rows[] = {
		{ "a missing database", NULL, NULL, ST_REJECT,
		    "run uwaga init" },
		{ "an empty file", "", NULL, ST_REJECT,
		    "is not an Uwaga database" },
		{ "a letter",
		    "Dear Sir, this is no database at all.  It is "
		    "long enough to hold a header of one, though.",
		    NULL, ST_REJECT, "is not an Uwaga database" },
		{ "a database of another program", "",
		    "PRAGMA application_id = 7; CREATE TABLE t (a);", ST_REJECT,
		    "is not an Uwaga database" },
		{ "an older database", "",
		    "PRAGMA application_id = 1433887079;"
		    "PRAGMA user_version = 0; CREATE TABLE t (a);",
		    ST_REJECT, "run uwaga migrate" },
		{ "a newer database", "",
		    "PRAGMA application_id = 1433887079;"
		    "PRAGMA user_version = 999; CREATE TABLE t (a);",
		    ST_REJECT, "install the newer uwaga" },
	};
	struct fixture *f = *state;
	char path[128];

	fixture_path(path, f, "other.db");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct store *st = NULL;
		sqlite3 *db = NULL;

		make_file(path, rows[i].bytes);
		if (rows[i].sql != NULL) {
			assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
			assert_int_equal(
			    sqlite3_exec(db, rows[i].sql, NULL, NULL, NULL),
			    SQLITE_OK);
			sqlite3_close(db);
		}
		if (store_open(&st, path, &f->err) != rows[i].want)
			fail_msg("%s: opened", rows[i].sentence);
		assert_null(st);
		if (strstr(f->err.text, rows[i].says) == NULL)
			fail_msg("%s: %s", rows[i].sentence, f->err.text);
	}
}

static void
a_damaged_database_is_told_from_a_foreign_one(void **state)
{
	struct fixture *f = *state;
	char noise[8192];
	int fd;

	store_close(f->st);
	f->st = NULL;
	memset(noise, 0x5a, sizeof(noise));
	fd = open(f->path, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, noise, sizeof(noise), 8192), sizeof(noise));
	assert_int_equal(pwrite(fd, noise, 500, 500), 500);
	close(fd);
	assert_int_equal(store_open(&f->st, f->path, &f->err), ST_OK);
	assert_int_equal(store_check_integrity(f->st, &f->err), ST_BROKEN);
	assert_non_null(strstr(f->err.text, "uwaga restore"));
}

static void
a_new_database_replaces_nothing_and_is_not_for_everybody(void **state)
{
	struct fixture *f = *state;
	struct stat info;
	char path[128];

	assert_int_equal(store_create(f->path, &f->err), ST_REJECT);
	assert_non_null(strstr(f->err.text, "exists already"));
	assert_int_equal(stat(f->path, &info), 0);
	assert_int_equal(info.st_mode & 0007, 0);
	fixture_path(path, f, "uwaga.db.new");
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_equal(
	    store_create("/nowhere/at/all/uwaga.db", &f->err), ST_BROKEN);
	assert_non_null(strstr(f->err.text, "cannot be made"));
}

static void
a_file_that_may_only_be_read_is_refused(void **state)
{
	struct fixture *f = *state;
	struct store *st = NULL;

	store_close(f->st);
	f->st = NULL;
	assert_int_equal(chmod(f->path, 0440), 0);
	if (geteuid() == 0) {
		/* The right to write is root's whatever the mode says. */
		assert_int_equal(store_open(&st, f->path, &f->err), ST_OK);
		store_close(st);
		return;
	}
	assert_int_equal(store_open(&st, f->path, &f->err), ST_BROKEN);
	assert_non_null(strstr(f->err.text, "read-only for this user"));
}

static void
the_safe_settings_are_on(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_number(f, "PRAGMA synchronous"), 2);
	assert_int_equal(fixture_number(f, "PRAGMA foreign_keys"), 1);
	assert_int_equal(fixture_number(f, "PRAGMA trusted_schema"), 0);
	assert_int_equal(
	    fixture_number(
		f, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"),
	    1);
	/* A misspelt column must not become a string. */
	assert_int_not_equal(
	    sqlite3_exec(f->st->db, "SELECT \"misspelt\" FROM inbound", NULL,
		NULL, NULL),
	    SQLITE_OK);
	assert_int_not_equal(
	    sqlite3_exec(
		f->st->db, "DELETE FROM remark_fts_data", NULL, NULL, NULL),
	    SQLITE_OK);
}

/* ---- small facts, transactions, savepoints ----------------------------- */

static void
assert_fact(struct fixture *f, const char *key, const char *want)
{
	struct span value;

	OK(store_meta_get(f->st, key, &f->arena, &value, &f->err));
	if (want == NULL)
		assert_null(value.p);
	else
		assert_string_equal(value.p, want);
}

static void
facts_are_kept_by_name(void **state)
{
	struct fixture *f = *state;

	assert_fact(f, "epoch", "1");
	assert_fact(f, "last_poll/mailbox konsultacje", NULL);
	OK(store_meta_set(
	    f->st, "last_poll/mailbox konsultacje", "5", &f->err));
	OK(store_meta_set(
	    f->st, "last_poll/mailbox konsultacje", "7", &f->err));
	assert_fact(f, "last_poll/mailbox konsultacje", "7");
}

static void
a_rollback_leaves_nothing(void **state)
{
	struct fixture *f = *state;

	OK(store_begin(f->st, &f->err));
	OK(store_meta_set(f->st, "a", "1", &f->err));
	store_rollback(f->st);
	assert_fact(f, "a", NULL);
	OK(store_begin(f->st, &f->err));
	assert_int_equal(store_begin(f->st, &f->err), ST_BROKEN);
	OK(store_meta_set(f->st, "a", "2", &f->err));
	OK(store_commit(f->st, &f->err));
	assert_fact(f, "a", "2");
	assert_int_equal(store_commit(f->st, &f->err), ST_BROKEN);
	assert_string_equal(f->err.text, "no transaction is open");
}

static void
one_message_of_a_batch_can_be_undone(void **state)
{
	struct fixture *f = *state;
	struct err why;

	OK(store_begin(f->st, &f->err));
	OK(store_savepoint(f->st, &f->err));
	OK(store_meta_set(f->st, "first", "1", &f->err));
	OK(store_release(f->st, ST_OK, &f->err));
	OK(store_savepoint(f->st, &f->err));
	OK(store_meta_set(f->st, "second", "1", &f->err));
	err_set(&why, ST_LIMIT, "too large");
	assert_int_equal(store_release(f->st, ST_LIMIT, &why), ST_LIMIT);
	assert_string_equal(why.text, "too large");
	OK(store_savepoint(f->st, &f->err));
	OK(store_meta_set(f->st, "third", "1", &f->err));
	OK(store_release(f->st, ST_OK, &f->err));
	OK(store_commit(f->st, &f->err));
	assert_fact(f, "first", "1");
	assert_fact(f, "second", NULL);
	assert_fact(f, "third", "1");
}

/* On a full disk SQLite may end the transaction by itself.  What follows must
 * then fail too, instead of being kept without what came before. */
static void
a_full_disk_undoes_the_whole_batch(void **state)
{
	struct inbound in = fixture_message("k1", "Proszę o ławkę.");
	struct fixture *f = *state;
	static char large[300000];
	struct err ignored;

	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = (char)(random() & 0xff);
	OK(store_begin(f->st, &f->err));
	OK(store_meta_set(f->st, "before", "1", &f->err));
	fixture_tamper(f, "PRAGMA max_page_count = 1");
	OK(store_savepoint(f->st, &f->err));
	assert_int_equal(
	    store_release(f->st,
		store_inbound_add(f->st, &in,
		    (struct span){ large, sizeof(large) }, NULL, 0, &f->err),
		&ignored),
	    ST_BROKEN);
	assert_non_null(strstr(f->err.text, "is full"));
	assert_non_null(strstr(f->err.text, "free some space"));
	assert_int_not_equal(sqlite3_get_autocommit(f->st->db), 0);
	assert_int_equal(store_savepoint(f->st, &f->err), ST_BROKEN);
	assert_int_equal(
	    store_meta_set(f->st, "after", "1", &f->err), ST_BROKEN);
	assert_int_equal(store_commit(f->st, &f->err), ST_BROKEN);
	assert_non_null(strstr(f->err.text, "is full"));
	store_rollback(f->st);
	assert_fact(f, "before", NULL);
	assert_fact(f, "after", NULL);
	fixture_tamper(f, "PRAGMA max_page_count = 1000000");
	OK(store_begin(f->st, &f->err));
	OK(store_inbound_add(f->st, &in, (struct span){ large, sizeof(large) },
	    NULL, 0, &f->err));
	OK(store_commit(f->st, &f->err));
}

/* A real write that fails, as on a full or broken disk. */
static void
a_write_that_fails_is_told_and_undone(void **state)
{
	struct fixture *f = *state;
	struct rlimit old, small = { 0 };
	enum status rc;

	signal(SIGXFSZ, SIG_IGN);
	OK(store_begin(f->st, &f->err));
	OK(store_meta_set(f->st, "a", "1", &f->err));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small.rlim_max = old.rlim_max;
	small.rlim_cur = 100;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	rc = store_commit(f->st, &f->err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(rc, ST_BROKEN);
	assert_non_null(strstr(f->err.text, "nothing was half done"));
	assert_fact(f, "a", NULL);
	OK(store_begin(f->st, &f->err));
	OK(store_meta_set(f->st, "a", "2", &f->err));
	OK(store_commit(f->st, &f->err));
	assert_fact(f, "a", "2");
}

/* ---- several processes ------------------------------------------------- */

static void
a_second_daemon_is_told_who_holds_the_lock(void **state)
{
	struct fixture *f = *state;
	char want[64];
	int fd, second;

	OK(store_lock(&fd, f->path, &f->err));
	assert_int_equal(store_lock(&second, f->path, &f->err), ST_REJECT);
	snprintf(want, sizeof(want), "process %ld", (long)getpid());
	assert_non_null(strstr(f->err.text, want));
	assert_int_equal(second, -1);
	store_unlock(fd);
	OK(store_lock(&second, f->path, &f->err));
	store_unlock(second);
}

/* Writes again and again until the pipe tells it to stop. */
static void
write_without_rest(const char *path, int ready, int stop)
{
	struct store *st = NULL;
	struct err err;
	char byte;

	fcntl(stop, F_SETFL, O_NONBLOCK);
	if (store_open(&st, path, &err) != ST_OK)
		_exit(1);
	for (int i = 0; read(stop, &byte, 1) != 0; i++) {
		int64_t until = clock_ticks() + 50;

		if (store_begin(st, &err) != ST_OK ||
		    store_meta_set(st, "busy", "1", &err) != ST_OK)
			_exit(2);
		while (clock_ticks() < until)
			;
		if (store_commit(st, &err) != ST_OK)
			_exit(3);
		if (i == 0 && write(ready, "r", 1) != 1)
			_exit(4);
	}
	store_close(st);
	_exit(0);
}

static void
a_command_gets_its_turn_while_the_daemon_writes(void **state)
{
	struct fixture *f = *state;
	int ready[2], stop[2], status;
	int64_t worst = 0;
	char byte;
	pid_t pid;

	store_close(f->st); /* not to be carried across a fork */
	f->st = NULL;
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(stop), 0);
	pid = fork();
	if (pid == 0) {
		close(stop[1]);
		write_without_rest(f->path, ready[1], stop[0]);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	OK(store_open(&f->st, f->path, &f->err));
	for (int i = 0; i < 10; i++) {
		int64_t began = clock_ticks();

		OK(store_begin(f->st, &f->err));
		OK(store_meta_set(f->st, "command", "1", &f->err));
		OK(store_commit(f->st, &f->err));
		if (clock_ticks() - began > worst)
			worst = clock_ticks() - began;
	}
	close(stop[0]);
	close(stop[1]);
	close(ready[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	if (worst > 1000)
		fail_msg("waited %lld ms", (long long)worst);
}

static void
a_lock_that_is_never_given_up_ends_in_try_again(void **state)
{
	struct fixture *f = *state;
	struct store *other = NULL;

	OK(store_open(&other, f->path, &f->err));
	OK(store_begin(other, &f->err));
	assert_int_equal(store_begin(f->st, &f->err), ST_RETRY);
	assert_non_null(strstr(f->err.text, "busy"));
	OK(store_commit(other, &f->err));
	OK(store_begin(f->st, &f->err));
	store_rollback(f->st);
	store_close(other);
}

static void
facts_are_listed_by_their_beginning_and_dropped(void **state)
{
	struct fixture *f = *state;
	struct fact *facts;
	size_t n;

	OK(store_meta_set(f->st, "alert/disk/disk", "low", &f->err));
	OK(store_meta_set(f->st, "alert/source/b", "silent", &f->err));
	OK(store_meta_set(f->st, "alerts", "not one", &f->err));
	OK(store_meta_set(f->st, "Alert/x", "nor this", &f->err));
	OK(store_meta_list(f->st, "alert/", &f->arena, &facts, &n, &f->err));
	assert_int_equal(n, 2);
	assert_string_equal(facts[0].key, "alert/disk/disk");
	assert_string_equal(facts[0].value, "low");
	assert_string_equal(facts[1].key, "alert/source/b");
	OK(store_meta_drop(f->st, "alert/disk/disk", &f->err));
	OK(store_meta_drop(f->st, "alert/never/was", &f->err));
	OK(store_meta_list(f->st, "alert/", &f->arena, &facts, &n, &f->err));
	assert_int_equal(n, 1);
	assert_string_equal(facts[0].value, "silent");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_statement_fits_the_schema),
		TEST(no_row_is_checked_against_a_table_made_for_it),
		cmocka_unit_test(every_statement_of_a_file_is_in_its_table),
		TEST(what_cannot_be_opened_says_what_to_do),
		TEST(a_damaged_database_is_told_from_a_foreign_one),
		TEST(a_new_database_replaces_nothing_and_is_not_for_everybody),
		TEST(a_file_that_may_only_be_read_is_refused),
		TEST(the_safe_settings_are_on),
		TEST(facts_are_kept_by_name),
		TEST(a_rollback_leaves_nothing),
		TEST(one_message_of_a_batch_can_be_undone),
		TEST(a_full_disk_undoes_the_whole_batch),
		TEST(a_write_that_fails_is_told_and_undone),
		TEST(a_second_daemon_is_told_who_holds_the_lock),
		TEST(a_command_gets_its_turn_while_the_daemon_writes),
		TEST(a_lock_that_is_never_given_up_ends_in_try_again),
		TEST(facts_are_listed_by_their_beginning_and_dropped),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}

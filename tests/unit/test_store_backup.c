/* test_store_backup - migrations, copies, and a copy put in its place */
#include "tests/unit/store_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "gateway/clock.h"
#include "gateway/store_chain.h"
#include "gateway/store_outbox.h"
#include "gateway/store_remark.h"

/* ---- migrations -------------------------------------------------------- */

static char *
read_whole(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	if (in == NULL)
		fail_msg("%s is missing: each version needs a stored database",
		    path);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 20) - 1, in) > 0);
	fclose(in);
	return text;
}

/* The migrations built in up to `version`, and `more` behind them. */
static struct migration *
migrations_up_to(struct fixture *f, int version, struct migration more)
{
	struct migration *all, *list;
	int n = 0;

	OK(store_migrations(&f->arena, &all, &f->err));
	list = arena_alloc(
	    &f->arena, ((size_t)store_version() + 2) * sizeof(*list));
	assert_non_null(list);
	for (; all[n].version != 0 && all[n].version <= version; n++)
		list[n] = all[n];
	list[n] = more;
	return list;
}

/* A database of that version as it was stored then, in f->path. */
static void
store_old(struct fixture *f, int version)
{
	struct migration *list =
	    migrations_up_to(f, version, (struct migration){ 0 });
	char path[64], *rows;

	store_close(f->st);
	f->st = NULL;
	unlink(f->path);
	OK(store_create_with(f->path, list, &f->err));
	snprintf(path, sizeof(path), "tests/data/schema/v%d.sql", version);
	rows = read_whole(path);
	OK(store_open_file(&f->st, f->path, SQLITE_OPEN_READWRITE, &f->err));
	fixture_tamper(f, rows);
	free(rows);
	store_close(f->st);
	f->st = NULL;
}

static void
assert_nothing_was_lost(struct fixture *f)
{
	struct chain_report report;
	struct buf raw = { .max = 1000 };
	struct remark r;
	struct outbox row;

	OK(store_check_statements(f->st, &f->err));
	OK(store_check_integrity(f->st, &f->err));
	OK(store_chain_verify(f->st, NULL, NULL, &report, &f->err));
	assert_string_equal(report.problem, "");
	assert_int_equal(report.texts_checked, 3);
	OK(store_remark_find(f->st, "BL-7M4H/1", &f->arena, &r, &f->err));
	assert_string_equal(r.text, "Proszę o dwie ławki przy ulicy Łąkowej.");
	assert_string_equal(r.verdict, "partly");
	OK(store_inbound_raw(f->st, r.inbound_id, &raw, &f->err));
	assert_string_equal(
	    buf_cstr(&raw), "Subject: Uwaga\r\n\r\nProszę o ławkę.\r\n");
	OK(store_outbox_by_token(f->st, "t1", &f->arena, &row, &f->err));
	assert_int_equal(row.state, OUTBOX_QUEUED);
	assert_int_equal(fixture_number(f, "SELECT COUNT(*) FROM inbound"), 2);
	buf_free(&raw);
}

static void
a_database_of_every_version_there_was_is_brought_up_to_date(void **state)
{
	struct fixture *f = *state;

	for (int version = 1; version <= store_version(); version++) {
		int from, to;

		store_old(f, version);
		OK(store_migrate(f->path, &from, &to, &f->err));
		assert_int_equal(from, version);
		assert_int_equal(to, store_version());
		OK(store_open(&f->st, f->path, &f->err));
		assert_nothing_was_lost(f);
	}
}

static void
the_numbers_of_the_migrations_have_no_gap(void **state)
{
	struct fixture *f = *state;
	struct migration *list;
	int n = 0;

	OK(store_migrations(&f->arena, &list, &f->err));
	for (; list[n].version != 0; n++)
		assert_int_equal(list[n].version, n + 1);
	assert_int_equal(n, store_version());
}

/* The next version, as a later release could bring it: a table made anew. */
static struct migration
next_version(const char *sql)
{
	return (struct migration){ .version = store_version() + 1,
		.name = "schema/999_test.sql",
		.sql = span_of(sql) };
}

static void
a_migration_keeps_a_backup_and_overwrites_none(void **state)
{
	struct fixture *f = *state;
	struct migration *list = migrations_up_to(f, store_version(),
	    next_version("CREATE TABLE commune_new (id INTEGER PRIMARY KEY"
			 " AUTOINCREMENT, name TEXT NOT NULL, name_key TEXT"
			 " NOT NULL UNIQUE, kind TEXT NOT NULL, people INTEGER)"
			 " STRICT;"
			 "INSERT INTO commune_new SELECT *, NULL FROM commune;"
			 "DROP TABLE commune;"
			 "ALTER TABLE commune_new RENAME TO commune;"
			 "PRAGMA user_version = 2"));
	char backup[160], second[160];
	struct stat info;
	int from, to;

	assert_int_equal(store_version(), 1);
	snprintf(backup, sizeof(backup), "%s.v1.backup", f->path);
	snprintf(second, sizeof(second), "%s.v1.backup-2", f->path);
	close(open(backup, O_WRONLY | O_CREAT, 0600)); /* of an earlier try */
	store_old(f, 1);
	OK(store_migrate_with(f->path, list, &from, &to, &f->err));
	assert_int_equal(from, 1);
	assert_int_equal(to, 2);
	assert_int_equal(stat(backup, &info), 0);
	assert_int_equal(info.st_size, 0);
	assert_int_equal(stat(second, &info), 0);
	assert_int_equal(info.st_mode & 0077, 0);
	/* This program does not know version 2, and says so. */
	assert_int_equal(store_open(&f->st, f->path, &f->err), ST_REJECT);
	assert_non_null(strstr(f->err.text, "install the newer uwaga"));
	assert_int_equal(
	    store_migrate(f->path, &from, &to, &f->err), ST_REJECT);
	OK(store_open_file(&f->st, f->path, SQLITE_OPEN_READWRITE, &f->err));
	assert_int_equal(
	    fixture_number(f, "SELECT COUNT(people IS NULL) FROM commune"), 3);
	store_close(f->st);
	/* The backup is what it was before. */
	OK(store_open(&f->st, second, &f->err));
	assert_nothing_was_lost(f);
}

static void
a_migration_that_fails_changes_nothing(void **state)
{
	static const struct {
		const char *sentence, *sql;
	} rows[] = {
		{ "wrong SQL in its middle",
		    "DELETE FROM outbox; ALTER TABLE nowhere ADD COLUMN x;"
		    "PRAGMA user_version = 2" },
		{ "no version set", "DELETE FROM outbox" },
		{ "rows left without what they point to",
		    "DELETE FROM consultation; PRAGMA user_version = 2" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct migration *list = migrations_up_to(
		    f, store_version(), next_version(rows[i].sql));
		int from, to;

		store_old(f, 1);
		if (store_migrate_with(f->path, list, &from, &to, &f->err) !=
		    ST_BROKEN)
			fail_msg("%s: %s", rows[i].sentence, f->err.text);
		OK(store_open(&f->st, f->path, &f->err));
		assert_nothing_was_lost(f);
	}
}

static void
what_is_up_to_date_or_missing_is_left_alone(void **state)
{
	struct fixture *f = *state;
	char path[160];
	int from, to;

	OK(store_migrate(f->path, &from, &to, &f->err));
	assert_int_equal(from, to);
	snprintf(path, sizeof(path), "%s.v%d.backup", f->path, from);
	assert_int_not_equal(access(path, F_OK), 0);
	fixture_path(path, f, "none.db");
	assert_int_equal(store_migrate(path, &from, &to, &f->err), ST_REJECT);
	assert_non_null(strstr(f->err.text, "run uwaga init"));
}

/* ---- copies ------------------------------------------------------------ */

static struct remark
file(struct fixture *f, const char *text)
{
	struct remark r = { .consultation_id = f->consultation,
		.contact_id = f->contact,
		.text = text,
		.received_ms = NOON,
		.filed_ms = NOON };
	char receipt[16];

	OK(store_remark_add(f->st, &r, "filed", receipt, &f->err));
	return r;
}

static void
a_backup_is_whole_and_overwrites_nothing(void **state)
{
	struct fixture *f = *state;
	struct store *copy = NULL;
	char path[128], growing[128];
	struct stat info;

	file(f, "raz");
	fixture_path(path, f, "copy.db");
	fixture_path(growing, f, "copy.db.new");
	OK(store_backup(f->st, path, &f->err));
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_not_equal(access(growing, F_OK), 0);
	assert_int_equal(store_backup(f->st, path, &f->err), ST_REJECT);
	assert_non_null(strstr(f->err.text, "choose another name"));
	assert_int_equal(
	    store_backup(f->st, "/nowhere/copy.db", &f->err), ST_BROKEN);
	OK(store_open(&copy, path, &f->err));
	OK(store_check_integrity(copy, &f->err));
	store_close(copy);
}

/* Writes until the pipe is closed. */
static void
write_on(const char *path, int stop)
{
	struct store *st = NULL;
	struct err err;
	char byte;

	fcntl(stop, F_SETFL, O_NONBLOCK);
	if (store_open(&st, path, &err) != ST_OK)
		_exit(1);
	while (read(stop, &byte, 1) != 0)
		if (store_begin(st, &err) != ST_OK ||
		    store_meta_set(st, "busy", "1", &err) != ST_OK ||
		    store_commit(st, &err) != ST_OK)
			_exit(2);
	store_close(st);
	_exit(0);
}

static void
a_backup_ends_while_somebody_writes(void **state)
{
	struct fixture *f = *state;
	char path[128];
	int64_t began;
	int stop[2], status;
	pid_t pid;

	store_close(f->st); /* not to be carried across a fork */
	f->st = NULL;
	assert_int_equal(pipe(stop), 0);
	pid = fork();
	if (pid == 0) {
		close(stop[1]);
		write_on(f->path, stop[0]);
	}
	OK(store_open(&f->st, f->path, &f->err));
	began = clock_ticks();
	for (int i = 0; i < 5; i++) {
		char name[16];

		snprintf(name, sizeof(name), "copy%d.db", i);
		fixture_path(path, f, name);
		OK(store_backup(f->st, path, &f->err));
	}
	began = clock_ticks() - began;
	close(stop[0]);
	close(stop[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	if (began > 5000)
		fail_msg("took %lld ms", (long long)began);
}

/* ---- restore ----------------------------------------------------------- */

static int64_t
owe(struct fixture *f, const char *token, enum outbox_state state)
{
	struct outbox row = { .channel = CHANNEL_MAIL,
		.contact_id = f->contact,
		.to = "jan@poczta.example",
		.template_name = "confirm_remark",
		.body = "Dziękujemy.",
		.token = token,
		.message_id = token,
		.state = state,
		.claimed_ms = NOON,
		.due_ms = NOON,
		.created_ms = NOON };

	OK(store_outbox_add(f->st, &row, &f->err));
	return row.id;
}

static enum outbox_state
state_of(struct fixture *f, int64_t id)
{
	struct outbox row;

	OK(store_outbox_get(f->st, id, &f->arena, &row, &f->err));
	return row.state;
}

static void
a_restored_copy_begins_a_new_epoch(void **state)
{
	static const enum outbox_state unsettled[] = { OUTBOX_QUEUED,
		OUTBOX_CLAIMED, OUTBOX_DEFERRED };
	static const enum outbox_state settled[] = { OUTBOX_SENT, OUTBOX_FAILED,
		OUTBOX_UNKNOWN, OUTBOX_CANCELLED };
	struct fixture *f = *state;
	struct span value;
	char copy[128], token[8];
	int64_t ids[7];
	struct remark r;

	assert_int_equal(file(f, "raz").number, 1);
	OK(store_meta_set(f->st, "cursor/mailbox konsultacje", "17", &f->err));
	OK(store_meta_set(f->st, "other", "stays", &f->err));
	for (int i = 0; i < 7; i++) {
		snprintf(token, sizeof(token), "t%d", i);
		ids[i] = owe(f, token, i < 3 ? unsettled[i] : settled[i - 3]);
	}
	fixture_path(copy, f, "copy.db");
	OK(store_backup(f->st, copy, &f->err));
	/* What happens after the copy is in no copy. */
	assert_int_equal(file(f, "dwa").number, 2);
	store_close(f->st);
	f->st = NULL;
	OK(store_restore(f->path, copy, NOON + DAY, &f->err));
	OK(store_open(&f->st, f->path, &f->err));
	for (int i = 0; i < 7; i++)
		assert_int_equal(state_of(f, ids[i]),
		    i < 3 ? OUTBOX_UNKNOWN : settled[i - 3]);
	assert_int_equal(
	    fixture_number(f, "SELECT COUNT(*) FROM outbox WHERE state = "
			      "'unknown' AND error LIKE 'restored%' AND "
			      "claimed_ms IS NULL AND due_ms IS NULL"),
	    3);
	/* Number 2 was given; nobody else may ever get it. */
	assert_int_equal(file(f, "trzy").number, 1002);
	OK(store_remark_find(f->st, "BL-7M4H/1", &f->arena, &r, &f->err));
	assert_int_equal(
	    store_remark_find(f->st, "BL-7M4H/2", &f->arena, &r, &f->err),
	    ST_REJECT);
	OK(store_meta_get(f->st, "epoch", &f->arena, &value, &f->err));
	assert_string_equal(value.p, "2");
	OK(store_meta_get(
	    f->st, "cursor/mailbox konsultacje", &f->arena, &value, &f->err));
	assert_string_equal(value.p, "17");
	OK(store_meta_get(f->st, "other", &f->arena, &value, &f->err));
	assert_string_equal(value.p, "stays");
	assert_int_equal(fixture_number(f, "PRAGMA synchronous"), 2);
}

static int64_t
since_of(struct fixture *f, const char *source)
{
	int64_t since = 0;

	OK(store_reread_since(f->st, source, &since, &f->err));
	return since;
}

static void
each_source_is_read_again_once_an_epoch(void **state)
{
	struct fixture *f = *state;
	char copy[128], again[128];

	assert_int_equal(since_of(f, "mailbox konsultacje"), -1);
	fixture_path(copy, f, "copy.db");
	fixture_path(again, f, "again.db");
	OK(store_backup(f->st, copy, &f->err));
	for (int i = 0; i < 2; i++) {
		store_close(f->st);
		f->st = NULL;
		OK(store_restore(
		    f->path, i == 0 ? copy : again, NOON + i * DAY, &f->err));
		OK(store_open(&f->st, f->path, &f->err));
		assert_true(since_of(f, "mailbox konsultacje") >= 0);
		assert_true(since_of(f, "sms bramka") >= 0);
		OK(store_reread_note(f->st, "mailbox konsultacje", &f->err));
		assert_int_equal(since_of(f, "mailbox konsultacje"), -1);
		assert_true(since_of(f, "sms bramka") >= 0);
		if (i == 0)
			OK(store_backup(f->st, again, &f->err));
	}
}

static void
it_is_read_again_from_the_first_that_the_copy_knows(void **state)
{
	struct fixture *f = *state;
	struct inbound in = fixture_message("k", "");
	char copy[128];

	fixture_path(copy, f, "copy.db");
	OK(store_audit(f->st,
	    &(struct audit){
		.at_ms = NOON + DAY, .who = "a", .what = "remark split" },
	    &f->err));
	OK(store_backup(f->st, copy, &f->err));
	store_close(f->st);
	f->st = NULL;
	OK(store_restore(f->path, copy, NOON + 2 * DAY, &f->err));
	OK(store_open(&f->st, f->path, &f->err));
	OK(store_audit(f->st,
	    &(struct audit){ .at_ms = NOON, .who = "a", .what = "restore" },
	    &f->err));
	assert_int_equal(since_of(f, "sms bramka"), NOON + DAY);
	in.received_ms = NOON;
	in.stored_ms = NOON + DAY;
	OK(store_inbound_add(f->st, &in, SPAN("x"), NULL, 0, &f->err));
	assert_int_equal(since_of(f, "sms bramka"), NOON);
}

static void
the_old_file_is_kept_with_all_it_had(void **state)
{
	struct fixture *f = *state;
	struct store *old = NULL;
	char copy[128], kept[200];
	struct remark r;

	fixture_path(copy, f, "copy.db");
	OK(store_backup(f->st, copy, &f->err));
	file(f, "raz");
	/* Still open, so that the newest rows are in the log only. */
	OK(store_restore(f->path, copy, NOON, &f->err));
	store_close(f->st);
	snprintf(
	    kept, sizeof(kept), "%s.before-restore-20261122T110000Z", f->path);
	OK(store_open(&old, kept, &f->err));
	OK(store_remark_find(old, "BL-7M4H/1", &f->arena, &r, &f->err));
	store_close(old);
	OK(store_open(&f->st, f->path, &f->err));
	assert_int_equal(
	    store_remark_find(f->st, "BL-7M4H/1", &f->arena, &r, &f->err),
	    ST_REJECT);
}

static void
a_lost_database_is_brought_back(void **state)
{
	struct fixture *f = *state;
	char copy[128];
	struct remark r;

	file(f, "raz");
	fixture_path(copy, f, "copy.db");
	OK(store_backup(f->st, copy, &f->err));
	store_close(f->st);
	f->st = NULL;
	unlink(f->path);
	OK(store_restore(f->path, copy, NOON, &f->err));
	OK(store_open(&f->st, f->path, &f->err));
	OK(store_remark_find(f->st, "BL-7M4H/1", &f->arena, &r, &f->err));
}

static void
a_copy_of_an_older_version_is_brought_up_to_date(void **state)
{
	struct fixture *f = *state;
	char copy[128];

	store_old(f, 1);
	fixture_path(copy, f, "copy.db");
	assert_int_equal(rename(f->path, copy), 0);
	OK(store_restore(f->path, copy, NOON, &f->err));
	OK(store_open(&f->st, f->path, &f->err));
	OK(store_check_statements(f->st, &f->err));
	assert_int_equal(
	    fixture_number(f, "SELECT next_number FROM consultation"), 1002);
}

static void
a_copy_that_is_none_leaves_everything_as_it_was(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *sentence, *bytes, *says;
		enum status want;
		int damage_at;
	} rows[] = {
		{ "no file", NULL, "there is no copy", ST_REJECT, 0 },
		{ "an empty file", "", "not an Uwaga database", ST_REJECT, 0 },
		{ "a letter", "Dear Sir, this is no database, alas.",
		    "not an Uwaga database", ST_REJECT, 0 },
		{ "a damaged copy", NULL, "damaged", ST_BROKEN, 4096 },
	};
	struct remark r;
	char copy[128];

	file(f, "raz");
	fixture_path(copy, f, "copy.db");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static const char noise[4096] = "noise";
		int fd;

		unlink(copy);
		if (rows[i].damage_at != 0)
			OK(store_backup(f->st, copy, &f->err));
		if (rows[i].bytes != NULL || rows[i].damage_at != 0) {
			const char *bytes =
			    rows[i].bytes != NULL ? rows[i].bytes : noise;
			size_t n = rows[i].bytes != NULL ? strlen(bytes)
							 : sizeof(noise);

			fd = open(copy, O_WRONLY | O_CREAT, 0600);
			assert_true(fd >= 0);
			assert_int_equal(
			    pwrite(fd, bytes, n, rows[i].damage_at), n);
			close(fd);
		}
		if (store_restore(f->path, copy, NOON, &f->err) !=
			rows[i].want ||
		    strstr(f->err.text, rows[i].says) == NULL)
			fail_msg("%s: %s", rows[i].sentence, f->err.text);
		OK(store_remark_find(
		    f->st, "BL-7M4H/1", &f->arena, &r, &f->err));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(
		    a_database_of_every_version_there_was_is_brought_up_to_date),
		TEST(the_numbers_of_the_migrations_have_no_gap),
		TEST(a_migration_keeps_a_backup_and_overwrites_none),
		TEST(a_migration_that_fails_changes_nothing),
		TEST(what_is_up_to_date_or_missing_is_left_alone),
		TEST(a_backup_is_whole_and_overwrites_nothing),
		TEST(a_backup_ends_while_somebody_writes),
		TEST(a_restored_copy_begins_a_new_epoch),
		TEST(each_source_is_read_again_once_an_epoch),
		TEST(it_is_read_again_from_the_first_that_the_copy_knows),
		TEST(the_old_file_is_kept_with_all_it_had),
		TEST(a_lost_database_is_brought_back),
		TEST(a_copy_of_an_older_version_is_brought_up_to_date),
		TEST(a_copy_that_is_none_leaves_everything_as_it_was),
	};

	return cmocka_run_group_tests_name("store_backup", tests, NULL, NULL);
}

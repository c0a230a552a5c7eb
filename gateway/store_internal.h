/* store_internal - what the store's files share, and nobody else sees
 *
 * Place: included by store*.c only; the one header that names SQLite's types.
 *
 * A statement is a `static const char` constant above the function that binds
 * it and is listed, by name, in the table at the end of its file, so that a
 * test can prepare them all.  It is prepared once per connection.  Usage:
 *
 *	struct query q;
 *
 *	query_open(&q, st, contact_by_id);
 *	query_id(&q, ":id", id);
 *	rc = query_step(&q, err);
 *	if (rc == ST_OK && q.has_row)
 *		value = query_get_int(&q);
 *	return query_close(&q, rc, err);
 *
 * A failure before query_step() is kept and comes out there.
 */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "parsers/buf.h"

/* A statement and the name by which a failing line calls it. */
struct statement {
	const char *name, *sql;
};

/* The tables of the files, each closed by a NULL name. */
extern const struct statement store_statements[];
extern const struct statement store_inbound_statements[];
extern const struct statement store_remark_statements[];
extern const struct statement store_consultation_statements[];
extern const struct statement store_meeting_statements[];
extern const struct statement store_notice_statements[];
extern const struct statement store_held_statements[];
extern const struct statement store_person_statements[];
extern const struct statement store_preference_statements[];
extern const struct statement store_bounce_statements[];
extern const struct statement store_dossier_statements[];
extern const struct statement store_outbox_statements[];
extern const struct statement store_outbox_count_statements[];
extern const struct statement store_subscription_statements[];
extern const struct statement store_order_statements[];
extern const struct statement store_answer_statements[];
extern const struct statement store_chain_statements[];
extern const struct statement store_backup_statements[];

enum { STATEMENT_SLOTS = 256 };

/* A prepared statement, found again by the address of its text. */
struct prepared {
	const char *sql;
	const char *name;
	sqlite3_stmt *stmt; /* owned */
	struct arena arena; /* owned */
	struct span *names; /* of its parameters, in order, ended by NUL */
	size_t n_names;
	size_t next; /* the one probably bound next */
};

struct store;

/* What a transaction does at its end, once for all its messages. */
struct at_commit {
	/* Set while something waits.  NULL: nothing does. */
	enum status (*run)(struct store *st, struct err *err);
	struct arena arena; /* owned: what waits */
	struct waiting_words *words;
	size_t n;
	size_t n_before; /* of them before the open savepoint */
	size_t n_trial; /* of them before the open trial */
};

struct store {
	sqlite3 *db; /* owned */
	char *path; /* owned */
	struct prepared prepared[STATEMENT_SLOTS];
	bool in_transaction; /* we began one and have not ended it */
	struct at_commit at_commit;
	struct ZSTD_CCtx_s *packer; /* owned; made at its first use */
	struct ZSTD_DCtx_s *unpacker; /* the same */
	bool is_swollen; /* something large went through */
	struct err lost; /* why SQLite ended our transaction by itself */
	int64_t busy_since; /* when the wait for the lock began */
	int64_t began; /* when we last had the lock */
	int64_t committed; /* when we last let go of it after a while */
};

struct query {
	struct store *st;
	const char *name;
	struct prepared *prepared; /* borrowed from the store */
	sqlite3_stmt *stmt; /* its; NULL after a failure */
	enum status rc;
	struct err err; /* kept until the next step or the end */
	int code; /* SQLite's, of the step that failed */
	bool has_row;
	int column; /* the next one to read */
};

#define query_open(q, st, sql) query_prepare(q, st, sql, #sql)

/* Prepares a statement (once) for use; query_open() names it after its
 * constant.  One statement is used once at a time. */
void query_prepare(
    struct query *q, struct store *st, const char *sql, const char *name);

/* Is `sql` a statement that this database understands? */
enum status query_check(
    struct store *st, const char *sql, const char *name, struct err *err);

/* Binds a named parameter.  Strings are borrowed until query_close(); NULL is
 * stored as "".  _id and _time store 0 as NULL. */
void query_text(struct query *q, const char *name, const char *value);
void query_int(struct query *q, const char *name, int64_t value);
void query_id(struct query *q, const char *name, int64_t value);
void query_time(struct query *q, const char *name, int64_t value);
void query_blob(struct query *q, const char *name, struct span value);

/* The next row, if `has_row`. */
enum status query_step(struct query *q, struct err *err);

/* Steps to the end, rows are dropped, and closes. */
enum status query_run(struct query *q, struct err *err);

/* Reads one number of the first row (0: none), steps to the end and closes. */
enum status query_number(struct query *q, int64_t *value, struct err *err);

/* Inserts a row and closes; `*id` is the row's (0: none was).  Cheaper than
 * RETURNING, which gathers its answer in a table of its own. */
enum status query_insert(struct query *q, int64_t *id, struct err *err);

/* Ends the use; allowed after any failure.  `rc` is what the caller knows so
 * far; it comes back, or what failed while the row was read. */
enum status query_close(struct query *q, enum status rc, struct err *err);

/* The next column of the row.  NULL reads as 0 and "". */
int64_t query_get_int(struct query *q);
bool query_get_bool(struct query *q);
const char *query_get_text(struct query *q, struct arena *a);
struct span query_get_blob(struct query *q); /* lives until the next step */

/* Did the last step fail because the row is there already? */
bool query_is_taken(const struct query *q);

/* All that an answer `s` says, as one text that only this answer makes: what the
 * chain has a commitment to. */
#define ANSWER_WORDS                                               \
	"s.verdict || char(10) || length(CAST(s.wording AS BLOB))" \
	" || char(10) || s.wording || char(10) || s.reasons"

/* A list holds this many rows at once and hands them over when its statement is
 * done: whoever gets them may use the store as they like. */
enum { PAGE = 50 };

/* How many rows the next page has when `limit` (0: all there are) are wanted. */
int page_size(int limit);

/* After a page of `n` rows: may there be another?  Takes them off `*limit`. */
bool page_goes_on(int n, int *limit);

/* What SQLite's last failure means: status and sentence.  `what` names the
 * statement or the step. */
enum status store_failure(struct store *st, const char *what, struct err *err);

/* Runs text that returns no rows: a PRAGMA or a migration. */
enum status store_execute(
    struct store *st, const char *sql, const char *what, struct err *err);

/* Opens the file with every safety set, whatever its version. */
enum status store_open_file(
    struct store **out, const char *path, int flags, struct err *err);

/* Is the open file one of ours?  `*version` is its schema's. */
enum status store_identify(struct store *st, int *version, struct err *err);

/* Write-ahead log, synced at every commit. */
enum status store_set_durable(struct store *st, struct err *err);

/* Numbered changes of the schema, in order. */
struct migration {
	int version;
	const char *name;
	struct span sql;
};

/* Those built in: an array from `a` closed by version 0. */
enum status
store_migrations(struct arena *a, struct migration **out, struct err *err);

/* The schema version of this program. */
int store_version(void);

/* store_create() and store_migrate() with a list of migrations given. */
enum status store_create_with(
    const char *path, const struct migration *list, struct err *err);
enum status store_migrate_with(const char *path, const struct migration *list,
    int *from, int *to, struct err *err);

#endif

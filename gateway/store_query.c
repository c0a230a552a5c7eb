/* store_query - prepared statements, their parameters and rows, and what a
 * failure of SQLite means
 *
 * Place: under every other store*.c.
 */
#include "gateway/store_internal.h"

#include <stdio.h>
#include <string.h>

/* ---- failures ---------------------------------------------------------- */

static enum status
explain(int code, const struct store *st, const char *what, struct err *err)
{
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_INTERRUPT:
		return err_set(err, ST_RETRY,
		    "the database %s is busy (%s): try again", st->path, what);
	case SQLITE_TOOBIG:
		return err_set(
		    err, ST_LIMIT, "too large for the database (%s)", what);
	case SQLITE_FULL:
		return err_set(err, ST_BROKEN,
		    "the disk with %s is full (%s): free some space, then "
		    "start again; nothing was half done",
		    st->path, what);
	case SQLITE_IOERR:
		return err_set(err, ST_BROKEN,
		    "the disk with %s is full or fails (%s, code %d): free "
		    "some space or see the system's log; nothing was half done",
		    st->path, what, code);
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return err_set(err, ST_BROKEN,
		    "the database %s cannot be written (%s): this user needs "
		    "the right to write the file and its folder",
		    st->path, what);
	case SQLITE_CORRUPT:
		return err_set(err, ST_BROKEN,
		    "the database %s is damaged (%s): put a copy in its place "
		    "with uwaga restore",
		    st->path, what);
	case SQLITE_NOTADB:
		return err_set(err, ST_REJECT,
		    "%s is not an Uwaga database; the configuration's "
		    "\"database\" names the one in use",
		    st->path);
	default:
		return err_set(err, ST_BROKEN, "the database %s refused %s: %s",
		    st->path, what, sqlite3_errmsg(st->db));
	}
}

enum status
store_failure(struct store *st, const char *what, struct err *err)
{
	struct err why = { "" };
	int code = sqlite3_extended_errcode(st->db);
	enum status rc = explain(code, st, what, &why);

	/* On a full or failing disk SQLite ends the transaction by itself. */
	if (st->in_transaction && sqlite3_get_autocommit(st->db) &&
	    st->lost.text[0] == '\0')
		st->lost = why;
	return err_set(err, rc, "%s", why.text);
}

enum status
store_execute(
    struct store *st, const char *sql, const char *what, struct err *err)
{
	if (sqlite3_exec(st->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return store_failure(st, what, err);
	return ST_OK;
}

/* ---- statements -------------------------------------------------------- */

/* The slot where `sql` is or belongs; statements are fewer than slots. */
static struct prepared *
slot_of(struct store *st, const char *sql)
{
	size_t i = ((uintptr_t)sql >> 4) % STATEMENT_SLOTS;

	while (st->prepared[i].sql != NULL && st->prepared[i].sql != sql)
		i = (i + 1) % STATEMENT_SLOTS;
	return &st->prepared[i];
}

/* SQLite looks for a parameter's name from the first on, each time.  Copied,
 * because SQLite's own go when it prepares a statement again by itself. */
static enum status
name_parameters(struct prepared *p, struct err *err)
{
	int n = sqlite3_bind_parameter_count(p->stmt);

	for (int i = 1; i <= n; i++)
		if (!span_push(&p->arena, &p->names, &p->n_names,
			span_of(sqlite3_bind_parameter_name(p->stmt, i))))
			return err_set(err, ST_BROKEN, "out of memory");
	return ST_OK;
}

static enum status
prepare(struct prepared **out, struct store *st, const char *sql,
    const char *name, struct err *err)
{
	struct prepared *p = slot_of(st, sql);

	*out = p;
	if (p->stmt != NULL)
		return ST_OK;
	p->sql = sql;
	p->name = name;
	if (sqlite3_prepare_v3(st->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
		&p->stmt, NULL) != SQLITE_OK)
		return store_failure(st, name, err);
	return name_parameters(p, err);
}

enum status
query_check(
    struct store *st, const char *sql, const char *name, struct err *err)
{
	struct prepared *p;

	return prepare(&p, st, sql, name, err);
}

void
query_prepare(
    struct query *q, struct store *st, const char *sql, const char *name)
{
	struct prepared *p;

	*q = (struct query){ .st = st, .name = name };
	q->rc = prepare(&p, st, sql, name, &q->err);
	if (q->rc != ST_OK)
		return;
	if (sqlite3_stmt_busy(p->stmt)) {
		q->rc = err_set(&q->err, ST_BROKEN,
		    "the statement %s is in use already", name);
		return;
	}
	q->prepared = p;
	q->stmt = p->stmt;
	p->next = 0;
}

enum status
query_close(struct query *q, enum status rc, struct err *err)
{
	if (q->stmt != NULL) {
		sqlite3_reset(q->stmt);
		sqlite3_clear_bindings(q->stmt);
		q->stmt = NULL;
	}
	if (rc == ST_OK && q->rc != ST_OK)
		return err_set(err, q->rc, "%s", q->err.text);
	return rc;
}

/* ---- parameters -------------------------------------------------------- */

/* The number of that parameter.  They are mostly bound in the order in which
 * they stand, so the search begins behind the one before. */
static int
parameter(struct query *q, const char *name)
{
	struct prepared *p = q->prepared;

	if (q->rc != ST_OK)
		return 0;
	for (size_t tries = 0; tries < p->n_names; tries++) {
		size_t i = (p->next + tries) % p->n_names;

		if (strcmp(p->names[i].p, name) != 0)
			continue;
		p->next = i + 1;
		return (int)i + 1;
	}
	q->rc = err_set(&q->err, ST_BROKEN,
	    "the statement %s has no parameter %s", q->name, name);
	return 0;
}

static void
bound(struct query *q, int code)
{
	if (code != SQLITE_OK)
		q->rc = store_failure(q->st, q->name, &q->err);
}

void
query_text(struct query *q, const char *name, const char *value)
{
	int i = parameter(q, name);

	if (i != 0)
		bound(q, sqlite3_bind_text(q->stmt, i,
			     value == NULL ? "" : value, -1, SQLITE_STATIC));
}

void
query_int(struct query *q, const char *name, int64_t value)
{
	int i = parameter(q, name);

	if (i != 0)
		bound(q, sqlite3_bind_int64(q->stmt, i, value));
}

void
query_id(struct query *q, const char *name, int64_t value)
{
	int i = parameter(q, name);

	/* An unbound parameter is NULL. */
	if (i != 0 && value != 0)
		bound(q, sqlite3_bind_int64(q->stmt, i, value));
}

void
query_time(struct query *q, const char *name, int64_t value)
{
	query_id(q, name, value);
}

void
query_blob(struct query *q, const char *name, struct span value)
{
	int i = parameter(q, name);

	if (i != 0)
		bound(q, sqlite3_bind_blob64(q->stmt, i,
			     value.p == NULL ? "" : value.p, value.n,
			     SQLITE_STATIC));
}

/* ---- rows -------------------------------------------------------------- */

enum status
query_step(struct query *q, struct err *err)
{
	int code;

	q->has_row = false;
	q->column = 0;
	if (q->rc != ST_OK)
		return err_set(err, q->rc, "%s", q->err.text);
	/* Outside its transaction a change would be a transaction of its own,
	 * kept although the rest of the message is not. */
	if (q->st->lost.text[0] != '\0')
		return err_set(err, ST_BROKEN, "%s", q->st->lost.text);
	code = sqlite3_step(q->stmt);
	q->has_row = code == SQLITE_ROW;
	if (code == SQLITE_ROW || code == SQLITE_DONE)
		return ST_OK;
	q->code = sqlite3_extended_errcode(q->st->db);
	q->rc = store_failure(q->st, q->name, &q->err);
	return err_set(err, q->rc, "%s", q->err.text);
}

enum status
query_run(struct query *q, struct err *err)
{
	enum status rc;

	do {
		rc = query_step(q, err);
	} while (rc == ST_OK && q->has_row);
	return query_close(q, rc, err);
}

enum status
query_number(struct query *q, int64_t *value, struct err *err)
{
	enum status rc = query_step(q, err);

	*value = rc == ST_OK && q->has_row ? query_get_int(q) : 0;
	/* To the end: only there are the constraints of a change checked. */
	while (rc == ST_OK && q->has_row)
		rc = query_step(q, err);
	return query_close(q, rc, err);
}

enum status
query_insert(struct query *q, int64_t *id, struct err *err)
{
	struct store *st = q->st;
	enum status rc = query_run(q, err);

	*id = rc == ST_OK && sqlite3_changes64(st->db) > 0
		  ? sqlite3_last_insert_rowid(st->db)
		  : 0;
	return rc;
}

int64_t
query_get_int(struct query *q)
{
	return sqlite3_column_int64(q->stmt, q->column++);
}

bool
query_get_bool(struct query *q)
{
	return query_get_int(q) != 0;
}

const char *
query_get_text(struct query *q, struct arena *a)
{
	int i = q->column++;
	const void *text = sqlite3_column_text(q->stmt, i);
	int n = sqlite3_column_bytes(q->stmt, i);
	struct span copy;

	if (text == NULL || n == 0)
		return "";
	copy = arena_copy(a, (struct span){ text, (size_t)n });
	/* A text must not be lost because memory is short. */
	if (copy.n == 0)
		q->rc = err_set(&q->err, ST_BROKEN, "out of memory");
	return copy.p;
}

struct span
query_get_blob(struct query *q)
{
	int i = q->column++;
	const void *bytes = sqlite3_column_blob(q->stmt, i);
	int n = sqlite3_column_bytes(q->stmt, i);

	return (struct span){ bytes, (size_t)n };
}

bool
query_is_taken(const struct query *q)
{
	return q->code == SQLITE_CONSTRAINT_UNIQUE ||
	       q->code == SQLITE_CONSTRAINT_PRIMARYKEY;
}

/* ---- pages ------------------------------------------------------------- */

int
page_size(int limit)
{
	return limit > 0 && limit < PAGE ? limit : PAGE;
}

bool
page_goes_on(int n, int *limit)
{
	bool is_last = n < PAGE || *limit == n;

	*limit -= *limit > 0 ? n : 0;
	return !is_last;
}

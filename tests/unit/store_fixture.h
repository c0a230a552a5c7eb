/* store_fixture - a database of its own for each test of the store
 *
 * Place: included by the tests of store*.c; each test gets a fresh folder with
 * a fresh database, one open consultation and one contact.
 */
#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <dirent.h>

#include "gateway/store_consultation.h"
#include "gateway/store_inbound.h"
#include "gateway/store_internal.h"
#include "gateway/store_person.h"

#define NOON 1795345200000LL /* 2026-11-22T11:00:00Z */
#define DAY (24 * 3600 * 1000LL)

struct fixture {
	char folder[64], path[96];
	struct store *st;
	struct arena arena;
	struct err err;
	int64_t consultation; /* BL-7M4H, open */
	int64_t contact; /* jan@poczta.example */
};

/* Fails with the store's own sentence. */
#define OK(call)                                                \
	do {                                                    \
		if ((call) != ST_OK)                            \
			fail_msg("%s: %s", #call, f->err.text); \
	} while (0)

static inline void
fixture_path(char out[128], const struct fixture *f, const char *name)
{
	snprintf(out, 128, "%s/%s", f->folder, name);
}

static inline int64_t
fixture_consultation(struct fixture *f, const char *code)
{
	struct consultation c = { .code = code,
		.case_ref = "ST.041.2.2026",
		.title = "Program współpracy z organizacjami",
		.title_short = "program współpracy",
		.kind = "draft_resolution",
		.owner = "Anna Mrozek",
		.phase = "remarks",
		.opens_ms = NOON - 10 * DAY,
		.closes_ms = NOON + 10 * DAY,
		.timezone = "Europe/Warsaw",
		.opens_local = "2026-11-12T12:00:00",
		.closes_local = "2026-12-02T12:00:00",
		.communes = "Bieruń\nChełm Śląski",
		.groups = "mieszkańcy\nprzedsiębiorcy",
		.aliases = "" };

	OK(store_consultation_put(f->st, &c, &f->err));
	return c.id;
}

/* A message as the sources and parsers hand it over. */
static inline struct inbound
fixture_message(const char *key, const char *text)
{
	return (struct inbound){ .channel = CHANNEL_MAIL,
		.source = "mailbox konsultacje",
		.external_key = key,
		.received_ms = NOON,
		.stored_ms = NOON + 1000,
		.message_id = "",
		.content_hash = "",
		.from = "jan@poczta.example",
		.from_name = "Jan Kowalski",
		.to = "konsultacje@powiat.example",
		.subject = "Uwaga",
		.text = text,
		.remark = text,
		.kind = "remark",
		.command = "",
		.fate = FATE_FILED,
		.why = "filed",
		.code = "",
		.code_seen = "",
		.suggestion = "",
		.language = "pl",
		.may_answer = true,
		.warnings = "",
		.recipients = "konsultacje@powiat.example",
		.references = "" };
}

static inline int
fixture_open(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct contact c;

	assert_non_null(f);
	snprintf(f->folder, sizeof(f->folder), "/tmp/uwaga-store-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/uwaga.db", f->folder);
	OK(store_create(f->path, &f->err));
	OK(store_open(&f->st, f->path, &f->err));
	f->consultation = fixture_consultation(f, "BL-7M4H");
	OK(store_contact_reach(f->st, CHANNEL_MAIL, "jan@poczta.example",
	    "Jan Kowalski", NOON, &f->arena, &c, &f->err));
	f->contact = c.id;
	*state = f;
	return 0;
}

static inline int
fixture_close(void **state)
{
	struct fixture *f = *state;
	struct dirent *entry;
	char path[400];
	DIR *dir;

	store_close(f->st);
	arena_free(&f->arena);
	dir = opendir(f->folder);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", f->folder, entry->d_name);
		unlink(path);
	}
	closedir(dir);
	rmdir(f->folder);
	free(f);
	return 0;
}

/* What SQL alone can do to the file, as a stranger with a shell could. */
static inline void
fixture_tamper(struct fixture *f, const char *sql)
{
	char *message = NULL;

	if (sqlite3_exec(f->st->db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
}

/* One number out of the database. */
static inline int64_t
fixture_number(struct fixture *f, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	int64_t value;

	if (sqlite3_prepare_v2(f->st->db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(f->st->db));
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return value;
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

#endif

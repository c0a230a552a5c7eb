/* test_import - consultations and meetings from JSON, good and bad */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/embedded.h"
#include "gateway/import.h"
#include "gateway/store_outbox.h"

#define TIMES                                           \
	"\"opens_at\": \"2026-11-09T00:00:00+01:00\", " \
	"\"closes_at\": \"2026-12-04 15:00\""
#define GOOD                                                                     \
	"{\"code\": \"BL-7M4H\", \"title\": \"x\", \"phase\": \"needs\", " TIMES \
	"}"

struct house {
	char folder[64], path[80];
	struct config config;
	struct import im;
};

static int
build(void **state)
{
	struct house *h = calloc(1, sizeof(*h));
	struct err err;

	snprintf(h->folder, sizeof(h->folder), "/tmp/uwaga-import-XXXXXX");
	if (mkdtemp(h->folder) == NULL)
		return -1;
	snprintf(h->path, sizeof(h->path), "%s/u.db", h->folder);
	h->config.timezone = "Europe/Warsaw";
	h->config.code_prefix = "BL";
	h->config.language = "pl";
	h->im = (struct import){
		.config = &h->config, .what = "FILE", .now = 1795345200000
	};
	*state = h;
	return store_create(h->path, &err) != ST_OK ||
	       store_open(&h->im.st, h->path, &err) != ST_OK;
}

static int
raze(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	struct house *h = *state;
	char name[120];

	store_close(h->im.st);
	for (size_t i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "%s%s", h->path, ends[i]);
		unlink(name);
	}
	rmdir(h->folder);
	free(h);
	return 0;
}

/* Imports exact-size bytes in a transaction that is then taken back. */
static enum status
attempt(struct house *h, const char *json,
    enum status (*load)(
	const struct import *im, struct span json, int *n, struct err *err),
    int *n, struct err *err)
{
	size_t len = strlen(json);
	char *exact = malloc(len + (len == 0));
	enum status rc;

	assert_non_null(exact);
	memcpy(exact, json, len);
	assert_int_equal(store_begin(h->im.st, err), ST_OK);
	rc = load(&h->im, (struct span){ exact, len }, n, err);
	store_rollback(h->im.st);
	free(exact);
	return rc;
}

static void
a_time_may_be_local_or_have_its_zone(void **state)
{
	static const struct {
		const char *row, *text;
		int64_t want; /* seconds; 0: refused */
	} rows[] = {
		{ "with its offset", "2026-12-04T23:59:59+01:00", 1796425199 },
		{ "in UTC", "2026-12-04T22:59:59Z", 1796425199 },
		{ "local in winter", "2026-12-04T23:59:59", 1796425199 },
		{ "local, to the minute", "2026-12-04 15:00", 1796392800 },
		{ "local in summer", "2026-07-01 12:00", 1782900000 },
		{ "in the repeated hour the earlier one", "2026-10-25 02:30",
		    1792888200 },
		{ "a word", "tomorrow", 0 },
		{ "nothing", "", 0 },
		{ "a day that does not exist", "2026-02-30 12:00", 0 },
		{ "an hour that does not exist", "2026-12-04 25:00", 0 },
		{ "something long",
		    "2026-12-04 15:00 in the afternoon, or perhaps later", 0 },
	};
	struct err err;
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum status rc =
		    import_time(&ms, "Europe/Warsaw", rows[i].text, &err);

		if ((rc == ST_OK) != (rows[i].want != 0) ||
		    (rc == ST_OK && ms != rows[i].want * 1000))
			fail_msg("%s: %lld", rows[i].row,
			    (long long)(rc == ST_OK ? ms / 1000 : 0));
	}
}

static void
a_bad_entry_is_named(void **state)
{
	static const struct {
		const char *row, *json, *says;
	} rows[] = {
		{ "an empty file", "", "FILE:" },
		{ "half a file", "[" GOOD, "FILE:" },
		{ "no list", "{}", "expected a list" },
		{ "a key twice", "[{\"code\": 1, \"code\": 2}]", "FILE:" },
		{ "an entry that is no object", "[" GOOD ", 5]",
		    "FILE: entry 2: expected an object" },
		{ "no code", "[{\"title\": \"x\"}]",
		    "FILE: entry 1: code: expected a text" },
		{ "a number for a title",
		    "[{\"code\": \"BL-7M4H\", \"title\": 7}]",
		    "title: expected a text" },
		{ "a NUL in a title",
		    "[{\"code\": \"BL-7M4H\", \"title\": \"a\\u0000b\"}]",
		    "FILE" },
		{ "a wrong check character",
		    "[{\"code\": \"BL-7M4J\", \"title\": \"x\", \"phase\": "
		    "\"needs\", " TIMES "}]",
		    "entry 1:" },
		{ "a code in another spelling",
		    "[{\"code\": \"bl 7m4h\", \"title\": \"x\", \"phase\": "
		    "\"needs\", " TIMES "}]",
		    "write it as BL-7M4H" },
		{ "a phase that does not exist",
		    "[{\"code\": \"BL-7M4H\", \"title\": \"x\", \"phase\": "
		    "\"later\", " TIMES "}]",
		    "needs or remarks" },
		{ "no times",
		    "[{\"code\": \"BL-7M4H\", \"title\": \"x\", \"phase\": "
		    "\"needs\"}]",
		    "opens_at" },
		{ "an end before the beginning",
		    "[{\"code\": \"BL-7M4H\", \"title\": \"x\", \"phase\": "
		    "\"needs\", \"opens_at\": \"2026-12-04 15:00\", "
		    "\"closes_at\": \"2026-12-04 14:00\"}]",
		    "closes before it opens" },
		{ "communes that are no list",
		    "[{\"code\": \"BL-7M4H\", \"title\": \"x\", \"phase\": "
		    "\"needs\", \"scope\": \"all\", " TIMES "}]",
		    "scope: expected a list" },
		{ "a commune with a line break",
		    "[{\"code\": \"BL-7M4H\", \"title\": \"x\", \"phase\": "
		    "\"needs\", \"scope\": [\"a\\nb\"], " TIMES "}]",
		    "scope: expected a list" },
		{ "a zone that does not exist",
		    "[{\"code\": \"BL-7M4H\", \"title\": \"x\", \"phase\": "
		    "\"needs\", \"timezone\": \"Mars\", " TIMES "}]",
		    "timezone" },
	};
	struct house *h = *state;
	struct err err;
	int n;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (attempt(h, rows[i].json, import_consultations, &n, &err) !=
			ST_REJECT ||
		    strstr(err.text, rows[i].says) == NULL)
			fail_msg("%s: %s", rows[i].row, err.text);
	assert_int_equal(
	    attempt(h, "[" GOOD "]", import_consultations, &n, &err), ST_OK);
	assert_int_equal(n, 1);
}

static void
the_seed_is_the_sample_county(void **state)
{
	struct house *h = *state;
	struct arena a = { 0 };
	struct consultation *c;
	struct meeting *m;
	const char **communes;
	struct err err;
	size_t n_c, n_m, n_communes;
	int n;

	assert_int_equal(store_begin(h->im.st, &err), ST_OK);
	assert_int_equal(
	    import_communes(
		&h->im, embedded_find("samples/seed/communes.json"), &n, &err),
	    ST_OK);
	assert_int_equal(
	    import_consultations(&h->im,
		embedded_find("samples/seed/consultations.json"), &n, &err),
	    ST_OK);
	assert_int_equal(
	    import_meetings(
		&h->im, embedded_find("samples/seed/meetings.json"), &n, &err),
	    ST_OK);
	assert_int_equal(store_commit(h->im.st, &err), ST_OK);
	assert_int_equal(
	    store_consultation_all(h->im.st, &a, &c, &n_c, &err), ST_OK);
	assert_int_equal(
	    store_meeting_all(h->im.st, 0, &a, &m, &n_m, &err), ST_OK);
	assert_int_equal(
	    store_commune_all(h->im.st, &a, &communes, &n_communes, &err),
	    ST_OK);
	assert_int_equal(n_c, 2);
	assert_int_equal(n_m, 20);
	assert_int_equal(n_communes, 5);
	for (size_t i = 0; i < n_m; i++) {
		int same = 0;

		/* One meeting for each consultation, commune and phase. */
		for (size_t k = 0; k < n_m; k++)
			same += m[i].consultation_id == m[k].consultation_id &&
				strcmp(m[i].commune, m[k].commune) == 0 &&
				strcmp(m[i].phase, m[k].phase) == 0;
		assert_int_equal(same, 1);
		assert_true(m[i].ends_ms > m[i].starts_ms);
		assert_true(strncmp(m[i].starts_local, "2026-11-", 8) == 0);
	}
	arena_free(&a);
}

static void
what_was_sent_before_leads_to_its_consultation(void **state)
{
	struct house *h = *state;
	struct arena a = { 0 };
	struct outbox row = { 0 };
	struct err err;
	int n;

	assert_int_equal(store_begin(h->im.st, &err), ST_OK);
	assert_int_equal(
	    import_consultations(&h->im, SPAN("[" GOOD "]"), &n, &err), ST_OK);
	assert_int_equal(
	    import_outbox(&h->im,
		SPAN("[{\"message_id\": \"n1@powiat.example\", \"code\": "
		     "\"BL-7M4H\", \"kind\": \"meeting\"},"
		     "{\"message_id\": \"b1@powiat.example\", \"code\": null, "
		     "\"kind\": \"unknown_code\", \"suggestion\": "
		     "\"BL-7M4H\"}]"),
		&n, &err),
	    ST_OK);
	assert_int_equal(n, 2);
	assert_int_equal(store_outbox_by_message_id(
			     h->im.st, "n1@powiat.example", &a, &row, &err),
	    ST_OK);
	assert_string_equal(row.code, "BL-7M4H");
	assert_string_equal(row.template_name, "meeting_announcement");
	assert_int_equal(row.state, OUTBOX_SENT);
	assert_int_equal(store_outbox_by_message_id(
			     h->im.st, "b1@powiat.example", &a, &row, &err),
	    ST_OK);
	assert_string_equal(row.question, "BL-7M4H");
	assert_int_equal(
	    import_outbox(&h->im,
		SPAN("[{\"message_id\": \"n2@powiat.example\", \"code\": "
		     "\"BL-10KE\", \"kind\": \"meeting\"}]"),
		&n, &err),
	    ST_REJECT);
	store_rollback(h->im.st);
	arena_free(&a);
}

static void
a_file_is_read_or_the_reason_is_said(void **state)
{
	struct buf out = { .max = 100 };
	struct err err;

	(void)state;
	assert_int_equal(
	    import_read(&out, "/no/such/file.json", &err), ST_REJECT);
	assert_non_null(strstr(err.text, "/no/such/file.json"));
	assert_int_equal(import_read(&out, "/", &err), ST_REJECT);
	assert_int_equal(import_read(&out, "LICENSE", &err), ST_LIMIT);
	buf_free(&out);
}

#define IN_HOUSE(test) cmocka_unit_test_setup_teardown(test, build, raze)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_time_may_be_local_or_have_its_zone),
		IN_HOUSE(a_bad_entry_is_named),
		IN_HOUSE(the_seed_is_the_sample_county),
		IN_HOUSE(what_was_sent_before_leads_to_its_consultation),
		cmocka_unit_test(a_file_is_read_or_the_reason_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

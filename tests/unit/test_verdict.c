/* test_verdict - what the office can decide, and what it is called */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/verdict.h"

static void
staff_write_the_key_or_the_name(void **state)
{
	static const struct {
		const char *language, *word, *key;
	} rows[] = {
		{ "pl", "accepted", "accepted" },
		{ "pl", "uwzględniona", "accepted" },
		{ "pl", "UWZGLEDNIONA W CZESCI", "partly" },
		{ "pl", " nieuwzględniona ", "rejected" },
		{ "pl", "off_topic", "off_topic" },
		{ "en", "not accepted", "rejected" },
		{ "en", "nieuwzględniona", NULL },
		{ "pl", "", NULL },
		{ "pl", "uwzgl", NULL },
	};
	struct config config = { .language = "pl", .templates = "" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena a = { 0 };
		struct wording w = { .config = &config,
			.language = rows[i].language,
			.arena = &a };
		struct span key = { NULL, 0 };
		struct err err = { "" };
		enum status rc = verdict_find(&key, &w, rows[i].word, &err);

		if (rows[i].key == NULL) {
			assert_int_equal(rc, ST_REJECT);
			assert_non_null(strstr(err.text, "accepted"));
		} else if (rc != ST_OK || !span_is(key, rows[i].key)) {
			fail_msg("%s: %s", rows[i].word, err.text);
		}
		arena_free(&a);
	}
}

static void
people_read_it_in_their_language(void **state)
{
	struct config config = { .language = "pl", .templates = "" };
	struct arena a = { 0 };
	struct wording w = { .config = &config, .language = "en", .arena = &a };

	(void)state;
	assert_true(span_is(verdict_name(&w, "partly"), "accepted in part"));
	w.language = "pl";
	assert_true(
	    span_is(verdict_name(&w, "partly"), "uwzględniona w części"));
	/* One that the office no longer has is still said. */
	assert_true(span_is(verdict_name(&w, "postponed"), "postponed"));
	arena_free(&a);
}

static void
an_office_has_verdicts_of_its_own(void **state)
{
	char folder[] = "/tmp/uwaga-verdict-XXXXXX", path[80], file[120];
	struct config config = { .language = "pl" };
	struct arena a = { 0 };
	struct wording w = { .config = &config, .language = "pl", .arena = &a };
	struct span key;
	struct err err = { "" };
	FILE *out;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/pl", folder);
	snprintf(file, sizeof(file), "%s/verdicts.tsv", path);
	assert_int_equal(mkdir(path, 0700), 0);
	out = fopen(file, "w");
	assert_non_null(out);
	fprintf(out, "# ours\npostponed\todłożona\n\nbroken line\n");
	fclose(out);
	config.templates = folder;
	assert_int_equal(verdict_find(&key, &w, "odlozona", &err), ST_OK);
	assert_true(span_is(key, "postponed"));
	assert_int_equal(verdict_find(&key, &w, "accepted", &err), ST_REJECT);
	/* In a language that has none the office's own word is used. */
	w.language = "en";
	assert_true(span_is(verdict_name(&w, "postponed"), "odłożona"));
	unlink(file);
	rmdir(path);
	rmdir(folder);
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(staff_write_the_key_or_the_name),
		cmocka_unit_test(people_read_it_in_their_language),
		cmocka_unit_test(an_office_has_verdicts_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_cmd - rows as a table for people and as JSON Lines for programs */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/cmd.h"

static const struct cmd_column columns[] = {
	{ "code", "code", 0 },
	{ "number", "no", 0 },
	{ "text", "text", 8 },
	{ "hidden", NULL, 0 },
	{ NULL, NULL, 0 },
};

/* Runs `print` with stdout in a file; the caller frees what it wrote. */
static char *
printed(void (*print)(const struct cmd_context *ctx, const char *text),
    const struct cmd_context *ctx, const char *text)
{
	char *out = calloc(1, 4096);
	FILE *file = tmpfile();
	int saved;

	assert_non_null(out);
	assert_non_null(file);
	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	dup2(fileno(file), STDOUT_FILENO);
	print(ctx, text);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	rewind(file);
	assert_true(fread(out, 1, 4095, file) < 4095);
	fclose(file);
	return out;
}

static void
print_rows(const struct cmd_context *ctx, const char *text)
{
	struct cmd_table *t = cmd_table_new(ctx, columns);

	cmd_table_row(t, json_pack("{s:s s:i s:s}", "code", "BL-7M4H", "number",
			     5, "text", text));
	cmd_table_row(t, json_pack("{s:s s:i s:b s:s}", "code", "BL-1",
			     "number", 12, "text", 1, "hidden", "x"));
	cmd_table_end(t, "nothing");
}

static void
print_none(const struct cmd_context *ctx, const char *text)
{
	cmd_table_end(cmd_table_new(ctx, columns), text);
}

static void
a_table_is_for_people(void **state)
{
	static const struct {
		const char *row, *text, *want;
	} rows[] = {
		{ "a short text stands as it is", "buses", "buses" },
		{ "a long one is cut", "more buses please", "more bu…" },
		{ "letters count as they are shown", "źdźbłooo", "źdźbłooo" },
		{ "a combining mark takes no room", "z\u0307zzzzzzz",
		    "z\u0307zzzzzzz" },
		{ "wide letters take two", "漢字漢字漢", "漢字漢…" },
		{ "a line break becomes a blank", "a\nb", "a b" },
		{ "no escape reaches the screen", "\x1b[2Jab", "[2Jab" },
		{ "nor a mark that turns the text around", "a\u202eb", "ab" },
	};
	struct cmd_context ctx = { .json = false };
	char want[200];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *out = printed(print_rows, &ctx, rows[i].text);

		snprintf(want, sizeof(want),
		    "code     no  text\n"
		    "BL-7M4H   5  %s\n"
		    "BL-1     12  yes\n",
		    rows[i].want);
		if (strcmp(out, want) != 0)
			fail_msg("%s: got\n%s", rows[i].row, out);
		free(out);
	}
}

static void
json_has_every_key_in_order(void **state)
{
	struct cmd_context ctx = { .json = true };
	char *out = printed(print_rows, &ctx, "a\n\"ż\"\x1b");

	(void)state;
	assert_string_equal(out,
	    "{\"code\":\"BL-7M4H\",\"number\":5,"
	    "\"text\":\"a\\n\\\"ż\\\"\\u001B\",\"hidden\":null}\n"
	    "{\"code\":\"BL-1\",\"number\":12,\"text\":true,"
	    "\"hidden\":\"x\"}\n");
	free(out);
}

static void
no_rows_are_a_sentence_or_nothing(void **state)
{
	struct cmd_context people = { .json = false },
			   program = { .json = true };
	char *out = printed(print_none, &people, "No remarks yet.");

	(void)state;
	assert_string_equal(out, "No remarks yet.\n");
	free(out);
	out = printed(print_none, &program, "No remarks yet.");
	assert_string_equal(out, "");
	free(out);
}

static void
print_object(const struct cmd_context *ctx, const char *text)
{
	json_t *list = cmd_json_lines(text);

	cmd_print_object(ctx, json_pack("{s:s s:n s:o s:i}", "code", "BL-7M4H",
				  "owner", "communes", list, "remarks", 3));
}

static void
an_object_is_lines_or_json(void **state)
{
	struct cmd_context people = { .json = false },
			   program = { .json = true };
	char *out = printed(print_object, &people, "Bieruń\nImielin");

	(void)state;
	assert_string_equal(out, "code           BL-7M4H\n"
				 "communes       Bieruń, Imielin\n"
				 "remarks        3\n");
	free(out);
	out = printed(print_object, &program, "Bieruń\nImielin");
	assert_string_equal(out,
	    "{\"code\":\"BL-7M4H\",\"owner\":null,"
	    "\"communes\":[\"Bieruń\",\"Imielin\"],\"remarks\":3}\n");
	free(out);
}

static int
verb_one(struct cmd_context *ctx, int argc, char **argv)
{
	return cmd_fail(ctx, 10 + argc, "%s", argv[0]);
}

static void
a_verb_is_found_or_the_verbs_are_named(void **state)
{
	static const struct cmd_verb verbs[] = {
		{ "list", verb_one },
		{ "show", verb_one },
		{ NULL, NULL },
	};
	char *good[] = { "remark", "show", "5", NULL };
	char *bad[] = { "remark", "shew", NULL };
	struct cmd_context ctx = { .json = false };

	(void)state;
	assert_int_equal(cmd_run_verb(&ctx, verbs, 3, good), 12);
	assert_string_equal(ctx.err.text, "show");
	assert_int_equal(cmd_run_verb(&ctx, verbs, 2, bad), 2);
	assert_string_equal(
	    ctx.err.text, "remark: there is no \"shew\"; there are list, show");
	assert_int_equal(cmd_run_verb(&ctx, verbs, 1, bad), 2);
	assert_string_equal(ctx.err.text, "remark: say what to do: list, show");
}

static void
who_may_not_write_is_told_who_may(void **state)
{
	struct cmd_context ctx = { .who = "gość",
		.config_path = "/etc/uwaga/uwaga.conf" };

	(void)state;
	assert_false(cmd_may_write(&ctx));
	assert_non_null(strstr(ctx.err.text, "gość may only read"));
	assert_non_null(strstr(ctx.err.text, "/etc/uwaga/uwaga.conf"));
	ctx = (struct cmd_context){ .may_write = true };
	assert_true(cmd_may_write(&ctx));
	assert_string_equal(ctx.err.text, "");
}

static void
every_command_explains_itself(void **state)
{
	(void)state;
	for (size_t i = 0; commands[i] != NULL; i++) {
		const struct cmd *c = commands[i];
		char usage[80];

		snprintf(usage, sizeof(usage), "usage: uwaga %s", c->name);
		if (strncmp(c->help, usage, strlen(usage)) != 0 ||
		    c->help[strlen(c->help) - 1] != '\n' ||
		    strlen(c->summary) > 60 || c->run == NULL)
			fail_msg("%s", c->name);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(c->name, commands[k]->name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_is_for_people),
		cmocka_unit_test(json_has_every_key_in_order),
		cmocka_unit_test(no_rows_are_a_sentence_or_nothing),
		cmocka_unit_test(an_object_is_lines_or_json),
		cmocka_unit_test(a_verb_is_found_or_the_verbs_are_named),
		cmocka_unit_test(who_may_not_write_is_told_who_may),
		cmocka_unit_test(every_command_explains_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

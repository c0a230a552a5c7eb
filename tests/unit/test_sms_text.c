/* test_sms_text - texts of residents: all samples, and odd ones */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <jansson.h>

#include "gateway/embedded.h"
#include "parsers/keyword.h"
#include "parsers/sms_text.h"
#include "parsers/text.h"

static struct span
exact(const char *s)
{
	size_t n = strlen(s);
	char *p = malloc(n == 0 ? 1 : n);

	assert_non_null(p);
	memcpy(p, s, n);
	return (struct span){ p, n };
}

static int
read_table(void **state)
{
	struct keywords *k = NULL;
	struct err err = { "" };

	if (keywords_read(&k, embedded_find("templates/keywords.tsv"), &err) !=
	    ST_OK)
		fail_msg("%s", err.text);
	*state = k;
	return 0;
}

static int
free_table(void **state)
{
	keywords_free(*state);
	return 0;
}

static void
parse(struct parsed *out, const char *from, const char *text,
    const struct keywords *k)
{
	struct parse_settings set = { .code_prefix = "BL",
		.authserv_id = "",
		.phone_prefix = "+48",
		.textable_prefixes = "+4811",
		.keywords = k };
	struct span in = exact(text);
	struct sms sms = {
		.from = span_of(from), .to = SPAN("+48110010010"), .text = in
	};

	sms_text_parse(out, &sms, &set);
	free((char *)in.p);
}

/* What `parse` must say for an intent of the samples; facts of the store (a
 * duplicate, a closed consultation) are not to be seen in the text. */
static void
check_intent(const char *id, const char *intent, const struct parsed *got)
{
	static const struct {
		const char *intent;
		enum kind kind;
		enum command command;
	} rows[] = {
		{ "stop", KIND_COMMAND, CMD_STOP },
		{ "help", KIND_COMMAND, CMD_HELP },
		{ "confirm_suggestion", KIND_COMMAND, CMD_YES },
		{ "rsvp_yes", KIND_COMMAND, CMD_YES },
		{ "empty", KIND_EMPTY, CMD_NONE },
	};
	enum kind kind = KIND_REMARK;
	enum command command = CMD_NONE;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].intent, intent) == 0) {
			kind = rows[i].kind;
			command = rows[i].command;
		}
	if (got->kind != kind || got->command != command)
		fail_msg("%s (%s): got %s %d", id, intent, kind_name(got->kind),
		    got->command);
}

static void
check_code(const char *id, const json_t *expect, const struct parsed *got)
{
	const char *seen =
	    json_string_value(json_object_get(expect, "code_seen"));
	const char *code = json_string_value(json_object_get(expect, "code"));
	const char *from =
	    json_string_value(json_object_get(expect, "code_source"));

	if (seen != NULL &&
	    (got->n_codes != 1 || !span_is(got->codes[0].seen, seen)))
		fail_msg("%s: the code is not seen as %s", id, seen);
	if (code == NULL || from != NULL || got->command == CMD_YES)
		return; /* known from what was sent before */
	if (got->n_codes != 1 || !got->codes[0].valid ||
	    !span_is(got->codes[0].code, code))
		fail_msg("%s: the code is not %s", id, code);
}

static void
check_pieces(const char *id, const json_t *expect, const struct parsed *got)
{
	const json_t *remarks = json_object_get(expect, "remarks");
	size_t n = json_array_size(remarks);

	if (got->n_pieces != n)
		fail_msg("%s: %zu pieces", id, got->n_pieces);
	for (size_t i = 0; i < n; i++) {
		const json_t *one = json_array_get(remarks, i);

		if (!span_is(got->pieces[i].code,
			json_string_value(json_object_get(one, "code"))) ||
		    !span_is(got->pieces[i].text,
			json_string_value(json_object_get(one, "text"))))
			fail_msg("%s: piece %zu is [%s] [%s]", id, i,
			    got->pieces[i].code.p, got->pieces[i].text.p);
	}
}

static void
every_sample_is_read_as_it_is_meant(void **state)
{
	FILE *f = fopen("samples/sms.jsonl", "r");
	char *line = NULL;
	size_t cap = 0;
	int n = 0;

	assert_non_null(f);
	for (; getline(&line, &cap, f) > 0; n++) {
		json_t *row = json_loads(line, 0, NULL);
		const json_t *expect = json_object_get(row, "expect");
		const char *id = json_string_value(json_object_get(row, "id"));
		const char *remark =
		    json_string_value(json_object_get(expect, "remark"));
		struct parsed got = { 0 };

		assert_non_null(expect);
		parse(&got, json_string_value(json_object_get(row, "from")),
		    json_string_value(json_object_get(row, "text")), *state);
		check_intent(id,
		    json_string_value(json_object_get(expect, "intent")), &got);
		check_code(id, expect, &got);
		check_pieces(id, expect, &got);
		if (remark != NULL && !span_is(got.remark, remark))
			fail_msg("%s: remark [%s]", id, got.remark.p);
		assert_true(got.why.n > 0);
		parsed_free(&got);
		json_decref(row);
	}
	assert_int_equal(n, 22);
	free(line);
	fclose(f);
}

static const struct {
	const char *sentence, *text, *kind, *remark;
} rows[] = {
	{ "a code in brackets", "[BL-T4NR] wiata", "remark", "wiata" },
	{ "a code with its label", "Kod: BL-T4NR. Wiata", "remark", "Wiata" },
	{ "a label of several words", "Uwaga do BL-T4NR: za pozno", "remark",
	    "za pozno" },
	{ "a label that says what it is about", "Dotyczy BL-T4NR brak lawki",
	    "remark", "brak lawki" },
	{ "a hash before the code", "#BL-T4NR brak lawki", "remark",
	    "brak lawki" },
	{ "a greeting and a code", "Dzien dobry, BL-T4NR", "empty", "" },
	{ "a code in the middle", "w sprawie BL-T4NR prosze o wiate", "remark",
	    "w sprawie prosze o wiate" },
	{ "the full stop before a code in the middle stays",
	    "Prosze o wiate. BL-T4NR Rynek.", "remark",
	    "Prosze o wiate. Rynek." },
	{ "the exclamation mark before a code at the end stays",
	    "Prosze o wiate! BL-T4NR.", "remark", "Prosze o wiate!" },
	{ "an en dash behind the code", "BL-T4NR – wiata – Rynek", "remark",
	    "wiata – Rynek" },
	{ "a code glued into the words", "plac [BL-T4NR]zabaw", "remark",
	    "plac zabaw" },
	{ "the code twice", "BL-T4NR BL-T4NR wiata", "remark", "wiata" },
	{ "what could be a word stays in the middle",
	    "autobus linii BL-2026 nie jezdzi", "remark",
	    "autobus linii BL-2026 nie jezdzi" },
	{ "near is no code", "przystanek za blisko, BL-T4NR", "remark",
	    "przystanek za blisko" },
	{ "lines stay", "BL-T4NR\nJeden.\nDwa.", "remark", "Jeden.\nDwa." },
	{ "decomposed letters are composed", "BL-T4NR wio\xcc\x81r", "remark",
	    "wiór" },
	{ "a code and a full stop", "BL-7M4H.", "empty", "" },
	{ "nothing", "", "empty", "" },
	{ "signs alone", "... !", "empty", "" },
	{ "stop the felling", "STOP wycince drzew BL-7M4H", "remark",
	    "STOP wycince drzew" },
	{ "an end to smoke", "Koniec z dymem!", "remark", "Koniec z dymem!" },
	{ "attendance", "Będę, razem z mężem", "rsvp", "Będę, razem z mężem" },
	{ "attendance and a wish", "Będę, i proszę o wiatę", "rsvp",
	    "Będę, i proszę o wiatę" },
	{ "a resident orders no mailing", "ROZEŚLIJ\nKod: BL-T4NR\nTak",
	    "remark", "ROZEŚLIJ\nKod: Tak" },
	{ "a resident cancels no job", "Anuluj 12", "remark", "Anuluj 12" },
	{ "a lorry is no code", "STOP TIR-20A6", "remark", "STOP TIR-20A6" },
	{ "stop, with letters for digits", "STOP BL IOKE", "command", "" },
	{ "stop, with a slip in the code", "stop blt4np", "command", "" },
	{ "stop with a question", "STOP BL-T4NR?", "remark", "STOP?" },
	{ "a correction", "KOREKTA BL-7M4H/12 ma byc po 22", "command",
	    "ma byc po 22" },
	{ "a correction by number", "korekta 12: ma byc po 22", "command",
	    "ma byc po 22" },
	{ "a correction of nothing", "KOREKTA 12", "command", "" },
};

static void
odd_texts_are_read_with_care(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct parsed got = { 0 };

		parse(&got, "+48110000301", rows[i].text, *state);
		if (strcmp(kind_name(got.kind), rows[i].kind) != 0 ||
		    !span_is(got.remark, rows[i].remark))
			fail_msg("%s: got %s [%.*s]", rows[i].sentence,
			    kind_name(got.kind), (int)got.remark.n,
			    got.remark.p);
		parsed_free(&got);
	}
}

static void
orders_carry_what_they_are_about(void **state)
{
	struct parsed got = { 0 };

	parse(&got, "+48110000301", "rezygnacja bl-t4nr", *state);
	assert_int_equal(got.command, CMD_STOP);
	assert_true(span_is(got.argument, "bl-t4nr"));
	assert_int_equal(got.n_codes, 1);
	assert_true(got.codes[0].valid);
	parsed_free(&got);
	parse(&got, "+48110000301", "stop blt4np", *state);
	assert_int_equal(got.command, CMD_STOP);
	assert_true(span_is(got.argument, "blt4np"));
	assert_false(got.codes[0].valid);
	parsed_free(&got);
	parse(&got, "+48110000301", "STOP wszystko", *state);
	assert_int_equal(got.command, CMD_STOP);
	assert_true(span_is(got.argument, "wszystko"));
	parsed_free(&got);
}

static void
several_consultations_are_parted_only_when_clear(void **state)
{
	static const struct {
		const char *sentence, *text;
		size_t pieces;
	} cases[] = {
		{ "each behind its code, a line each",
		    "BL-10KE plakaty\nBL-T4NR autobus", 2 },
		{ "each in brackets", "[BL-10KE] plakaty, [BL-T4NR] autobus",
		    2 },
		{ "three", "BL-10KE a. BL-T4NR b. BL-10KE c", 3 },
		{ "one mentions the other", "BL-10KE jak w BL-T4NR wiecej", 0 },
		{ "words for both", "BL-10KE, BL-T4NR: popieram", 0 },
		{ "codes behind the words", "plakaty BL-10KE. bus BL-T4NR", 0 },
		{ "the same code", "BL-10KE plakaty. BL-10KE ulotki", 0 },
		{ "a slip in one", "BL-10KE plakaty. BL-T4NP autobus", 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct parsed got = { 0 };

		parse(&got, "+48110000301", cases[i].text, *state);
		if (got.n_pieces != cases[i].pieces)
			fail_msg("%s: %zu", cases[i].sentence, got.n_pieces);
		parsed_free(&got);
	}
}

static void
the_sender_is_normalised_or_warned_of(void **state)
{
	static const struct {
		const char *from, *want, *warning;
	} cases[] = {
		{ "+48110000301", "+48110000301", "" },
		{ "0048 601-234-567", "+48601234567", "" },
		{ "601234567", "+48601234567", "" },
		{ "+491701234567", "+491701234567", "" },
		{ "223456789", "+48223456789", "landline" },
		{ "7248", "7248", "short" },
		{ "INFOKREDYT", "INFOKREDYT", "name" },
		{ "", "", "no valid number" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct parsed got = { 0 };

		parse(&got, cases[i].from, "Pozyczka", *state);
		if (!span_is(got.from.address, cases[i].want) ||
		    got.n_warnings != (cases[i].warning[0] != '\0') ||
		    (got.n_warnings > 0 &&
			strstr(got.warnings[0].p, cases[i].warning) == NULL))
			fail_msg("%s: [%s] %zu", cases[i].from,
			    got.from.address.p, got.n_warnings);
		parsed_free(&got);
	}
}

static void
missing_parts_are_said_and_the_kind_stays(void **state)
{
	struct parse_settings set = { "BL", "", "+48", "+4811", *state, false };
	struct sms sms = { .from = SPAN("+48110000301"),
		.text = SPAN("BL-T4NR wiata [...]"),
		.parts_missing = 2 };
	struct parsed got = { 0 };

	sms_text_parse(&got, &sms, &set);
	assert_int_equal(got.kind, KIND_REMARK);
	assert_int_equal(got.n_warnings, 1);
	assert_non_null(strstr(got.warnings[0].p, "2 of the text's parts"));
	parsed_free(&got);
}

static void
the_language_is_told_when_clear(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "BL-T4NR Prosze o autobus, nie ma czym dojechac", "pl" },
		{ "Więcej ławek", "pl" },
		{ "BL-T4NR Please run the bus at night, we need it", "en" },
		{ "BL-T4NR wiata", "" },
		{ "OK", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct parsed got = { 0 };

		parse(&got, "+48110000301", cases[i].text, *state);
		if (!span_is(got.language, cases[i].want))
			fail_msg("%s: [%.*s]", cases[i].text,
			    (int)got.language.n, got.language.p);
		parsed_free(&got);
	}
}

static void
a_megabyte_takes_no_time(void **state)
{
	static const char *const patterns[] = { "BL-7M4H ", "bl-10ke a. ",
		"STOP ", "Bede, ", "(((", "....", "\xc5\x82", "\xff", "kod " };
	size_t size = 1 << 20;
	char *text = malloc(size + 1);

	assert_non_null(text);
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		struct parsed got = { 0 };
		size_t n = strlen(patterns[i]);
		clock_t start = clock();

		for (size_t at = 0; at < size; at++)
			text[at] = patterns[i][at % n];
		text[size] = '\0';
		parse(&got, "+48110000301", text, *state);
		assert_true(text_is_utf8(got.remark));
		/* Generous: sanitizers and a busy machine. */
		if (clock() - start > 3 * CLOCKS_PER_SEC)
			fail_msg("[%s] took %ld us", patterns[i],
			    (long)(clock() - start));
		if (getenv("UWAGA_TEST_TIMES") != NULL)
			printf("[%s] %ld us\n", patterns[i],
			    (long)(clock() - start));
		parsed_free(&got);
	}
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sample_is_read_as_it_is_meant),
		cmocka_unit_test(odd_texts_are_read_with_care),
		cmocka_unit_test(orders_carry_what_they_are_about),
		cmocka_unit_test(
		    several_consultations_are_parted_only_when_clear),
		cmocka_unit_test(the_sender_is_normalised_or_warned_of),
		cmocka_unit_test(missing_parts_are_said_and_the_kind_stays),
		cmocka_unit_test(the_language_is_told_when_clear),
		cmocka_unit_test(a_megabyte_takes_no_time),
	};

	return cmocka_run_group_tests(tests, read_table, free_table);
}

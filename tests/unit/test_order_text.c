/* test_order_text - orders of staff, with the real tables */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/embedded.h"
#include "parsers/order_text.h"
#include "parsers/order_verb.h"

struct tables {
	struct keywords *keywords;
	struct order_words *words;
};

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
read_tables(void **state)
{
	static struct tables t;
	struct err err = { "" };

	if (keywords_read(&t.keywords, embedded_find("templates/keywords.tsv"),
		&err) != ST_OK ||
	    order_words_read(&t.words,
		embedded_find("templates/order_words.tsv"), &err) != ST_OK)
		fail_msg("%s", err.text);
	*state = &t;
	return 0;
}

static int
free_tables(void **state)
{
	struct tables *t = *state;

	keywords_free(t->keywords);
	order_words_free(t->words);
	return 0;
}

/* ---- the verb ---------------------------------------------------------- */

static const struct {
	const char *sentence, *text;
	enum command command;
	const char *rest, *digits;
} verbs[] = {
	{ "a verb on its own line", "ROZEŚLIJ\nKod: BL-T4NR", CMD_ANNOUNCE,
	    "Kod: BL-T4NR", "" },
	{ "in small letters", "rozeslij\nKod: BL-T4NR", CMD_ANNOUNCE,
	    "Kod: BL-T4NR", "" },
	{ "in capitals, with the order beside it",
	    "ODWOŁAJ s-10ke-bierun-2\nPowód: choroba", CMD_CANCEL,
	    " s-10ke-bierun-2\nPowód: choroba", "" },
	{ "in capitals, alone", "ROZEŚLIJ", CMD_ANNOUNCE, "", "" },
	{ "a verb of two words", "CALL OFF s-1", CMD_CANCEL, " s-1", "" },
	{ "small letters with words beside it are words",
	    "Zmień proszę rozkład", CMD_NONE, "Zmień proszę rozkład", "" },
	{ "words before the verb are words", "Proszę:\nROZEŚLIJ\nKod: x",
	    CMD_NONE, "Proszę:\nROZEŚLIJ\nKod: x", "" },
	{ "a PIN", "WYŚLIJ 123456", CMD_SEND, "123456", "123456" },
	{ "a PIN and thanks", "wyslij 012345, dziękuję", CMD_SEND, "012345",
	    "012345" },
	{ "a PIN in groups", "Wyślij 123 456", CMD_SEND, "", "123456" },
	{ "a PIN with a dash", "WYŚLIJ 123-456.", CMD_SEND, "", "123456" },
	{ "a PIN alone", " 123456 ", CMD_SEND, "", "123456" },
	{ "a PIN and a condition is no PIN", "WYŚLIJ 123456 ale jutro",
	    CMD_NONE, "WYŚLIJ 123456 ale jutro", "" },
	{ "a PIN and a line of words is no PIN",
	    "WYŚLIJ 123456\nale dopiero jutro", CMD_NONE,
	    "WYŚLIJ 123456\nale dopiero jutro", "" },
	{ "a PIN that is called so", "WYŚLIJ PIN 123456", CMD_SEND, "123456",
	    "123456" },
	{ "give it up, and why", "ANULUJ! Błąd", CMD_CANCEL_JOB, "", "" },
	{ "give that one up, and why", "Anuluj 12, jest błąd", CMD_CANCEL_JOB,
	    "12", "12" },
	{ "giving up what?", "ANULUJ 12a, jest błąd", CMD_NONE,
	    "ANULUJ 12a, jest błąd", "" },
	{ "send what?", "WYŚLIJ", CMD_SEND, "", "" },
	{ "give it up", "Anuluj.", CMD_CANCEL_JOB, "", "" },
	{ "give that one up", "ANULUJ 12", CMD_CANCEL_JOB, "12", "12" },
	{ "too many digits are no number", "WYŚLIJ 1234567890123", CMD_NONE,
	    "WYŚLIJ 1234567890123", "" },
	{ "a remark", "Brakuje ławek", CMD_NONE, "Brakuje ławek", "" },
	{ "nothing", "", CMD_NONE, "", "" },
};

static void
verbs_are_told_from_words(void **state)
{
	struct tables *t = *state;

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		struct span text = exact(verbs[i].text);
		struct order_verb v;

		order_verb_read(&v, t->keywords, text);
		if (v.command != verbs[i].command ||
		    !span_is(v.rest, verbs[i].rest) ||
		    strcmp(v.digits, verbs[i].digits) != 0)
			fail_msg("%s: command %d, rest \"%.*s\", digits %s",
			    verbs[i].sentence, (int)v.command, (int)v.rest.n,
			    v.rest.p, v.digits);
		free((char *)text.p);
	}
}

static const struct {
	const char *sentence, *body, *subject;
	enum command command;
	const char *rest;
} mails[] = {
	{ "the verb first", "ROZEŚLIJ\nKod: X", "x", CMD_ANNOUNCE, "Kod: X" },
	{ "below an introduction", "Proszę o to:\n\nRoześlij\n\nKod: X", "x",
	    CMD_ANNOUNCE, "Kod: X" },
	{ "below an introduction, without a label under it",
	    "Proszę:\nROZEŚLIJ\nproszę", "x", CMD_NONE,
	    "Proszę:\nROZEŚLIJ\nproszę" },
	{ "an answer, with the order below it without a mark",
	    "WYŚLIJ 123456\n\nROZEŚLIJ\nKod: X", "x", CMD_NONE,
	    "WYŚLIJ 123456\n\nROZEŚLIJ\nKod: X" },
	{ "in the subject, above labels", "Kod: X\n\nSłowa", "Zmień",
	    CMD_CHANGE, "Kod: X\n\nSłowa" },
	{ "in the subject with the meeting, above words", "Słowa",
	    "ODWOŁAJ s-1", CMD_CANCEL, " s-1\n\nSłowa" },
	{ "in the subject, above words alone", "Słowa", "ROZEŚLIJ", CMD_NONE,
	    "Słowa" },
	{ "a number above a verb in the subject", "12", "ANULUJ", CMD_SEND,
	    "" },
	{ "a PIN in the subject", "", "WYŚLIJ 123456", CMD_SEND, "123456" },
	{ "a PIN in the subject, and a doubt", "Jeszcze nie teraz.",
	    "WYŚLIJ 123456", CMD_NONE, "Jeszcze nie teraz." },
	{ "giving up in the subject, and why", "Jest błąd.", "ANULUJ 1",
	    CMD_CANCEL_JOB, "1" },
	{ "nothing", "", "", CMD_NONE, "" },
};

static void
a_verb_is_found_where_people_put_it(void **state)
{
	struct tables *t = *state;

	for (size_t i = 0; i < sizeof(mails) / sizeof(mails[0]); i++) {
		struct span body = exact(mails[i].body);
		struct span subject = exact(mails[i].subject);
		struct arena a = { 0 };
		struct order_verb v;

		order_verb_find(&v, t->keywords, t->words, &a, body, subject);
		if (v.command != mails[i].command ||
		    !span_is(v.rest, mails[i].rest))
			fail_msg("%s: command %d, rest \"%.*s\"",
			    mails[i].sentence, (int)v.command, (int)v.rest.n,
			    v.rest.p);
		arena_free(&a);
		free((char *)body.p);
		free((char *)subject.p);
	}
}

static const struct {
	const char *text, *unknown;
} labels[] = {
	{ "Kod: X\nGmnia: Y", "Gmnia" },
	{ "Kod: X\n\nGmnia: Y", "Gmnia" },
	{ "Kod: X\n\nGmiana: Y", "Gmiana" },
	{ "Kod: X\nUwagi dla Was: Y", "Uwagi dla Was" },
	{ "Kod: X\n\nUwagi: Y", "" },
	{ "Kod: X\n\nSłowa.\nGmnia: Y", "" },
	{ "Miejsce: szkoła,\nsala 3: na piętrze", "" },
	{ "Miejsce: szkoła\nhttps://szkola.example", "" },
	{ "Dostępność: winda\nod 17:00", "" },
	{ "* Kod: X\n\xe2\x80\xa2 Gmina: Y", "" },
	{ "Kod:\xc2\xa0X", "" },
};

static void
a_name_with_a_slip_is_no_word_for_the_people(void **state)
{
	struct tables *t = *state;

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		struct span text = exact(labels[i].text);
		struct order_text o;
		struct arena a = { 0 };

		assert_true(order_text_read(&o, &a, t->words, text));
		if (!span_is(o.unknown, labels[i].unknown))
			fail_msg("%s: \"%.*s\"", labels[i].text,
			    (int)o.unknown.n, o.unknown.p);
		arena_free(&a);
		free((char *)text.p);
	}
}

static void
the_lines_of_an_order_are_known_without_its_verb(void **state)
{
	struct tables *t = *state;

	assert_true(order_text_is_likely(
	    t->words, SPAN("Rozesłać:\nKod: X\nGmina: Y")));
	assert_true(
	    order_text_is_likely(t->words, SPAN("Spotkanie: 1\nMiejsce: Y")));
	assert_false(order_text_is_likely(t->words, SPAN("Kod: X\n\nBrak.")));
	assert_false(
	    order_text_is_likely(t->words, SPAN("Gmina: X\nMiejsce: Y")));
	assert_false(order_text_is_likely(t->words, SPAN("")));
}

static void
a_number_alone_is_marked(void **state)
{
	struct tables *t = *state;
	struct order_verb v;

	order_verb_read(&v, t->keywords, SPAN("123456"));
	assert_true(v.is_bare);
	order_verb_read(&v, t->keywords, SPAN("WYŚLIJ 123456"));
	assert_false(v.is_bare);
}

static void
greeting_and_name_are_not_part_of_it(void **state)
{
	struct tables *t = *state;
	struct address anna = { SPAN("a@powiat.example"), SPAN("Anna Mrozek") };
	static const struct {
		const char *letter, *body;
	} cases[] = {
		{ "Dzień dobry,\n\nROZEŚLIJ\nKod: BL-T4NR\n\nZapraszamy.\n\n"
		  "Z poważaniem\nAnna Mrozek",
		    "ROZEŚLIJ\nKod: BL-T4NR\n\nZapraszamy." },
		{ "ODWOŁAJ\nKod: BL-T4NR", "ODWOŁAJ\nKod: BL-T4NR" },
		{ "ROZEŚLIJ\nKod: BL-T4NR\nProwadzi: Anna Mrozek",
		    "ROZEŚLIJ\nKod: BL-T4NR\nProwadzi: Anna Mrozek" },
		{ "WYŚLIJ 123456\n\nPozdrawiam\nAnna", "WYŚLIJ 123456" },
		{ "", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span letter = exact(cases[i].letter);
		struct span body = order_text_body(t->words, letter, &anna);

		if (!span_is(body, cases[i].body))
			fail_msg("\"%.*s\"", (int)body.n, body.p);
		free((char *)letter.p);
	}
}

/* ---- the lines --------------------------------------------------------- */

static void
the_sample_order_is_taken_apart(void **state)
{
	struct tables *t = *state;
	struct order_text o;
	struct arena a = { 0 };
	struct span text =
	    exact("Kod: BL-T4NR\nGmina: Bojszowy\r\nRodzaj: zbieranie potrzeb\n"
		  "TERMIN : 2026-11-30 17:00-19:00\n"
		  "Miejsce: Gminny Ośrodek Kultury,\n   ul. Ćwiczebna 3\n"
		  "Prowadzacy: Anna Mrozek\n\n"
		  "Dostępność: wejście bez progu\n\n"
		  "Zapraszamy: o 17.\nKod: to też słowa.\n");

	assert_true(order_text_read(&o, &a, t->words, text));
	assert_true(span_is(o.value[ORDER_CODE], "BL-T4NR"));
	assert_true(span_is(o.value[ORDER_COMMUNE], "Bojszowy"));
	assert_true(span_is(o.value[ORDER_TIME], "2026-11-30 17:00-19:00"));
	assert_true(span_is(o.names[ORDER_TIME], "TERMIN"));
	assert_true(span_is(
	    o.value[ORDER_PLACE], "Gminny Ośrodek Kultury, ul. Ćwiczebna 3"));
	assert_true(span_is(o.value[ORDER_HOST], "Anna Mrozek"));
	assert_true(span_is(o.value[ORDER_ACCESS], "wejście bez progu"));
	assert_true(span_is(o.rest, "Zapraszamy: o 17.\nKod: to też słowa."));
	assert_int_equal(o.lead.n, 0);
	assert_int_equal(o.names[ORDER_REASON].n, 0);
	assert_false(o.is_repeated);
	assert_string_equal(
	    order_words_phase(t->words, o.value[ORDER_PHASE]), "needs");
	assert_string_equal(
	    order_words_phase(t->words, SPAN("Zbieranie  UWAG")), "remarks");
	assert_null(order_words_phase(t->words, SPAN("inny")));
	arena_free(&a);
	free((char *)text.p);
}

static void
what_stands_before_the_first_name_leads(void **state)
{
	struct tables *t = *state;
	struct order_text o;
	struct arena a = { 0 };

	assert_true(order_text_read(&o, &a, t->words,
	    SPAN(" s-1, s-2\ns-3\nReason: ill\nReason: well")));
	assert_true(span_is(o.lead, "s-1, s-2 s-3"));
	assert_true(span_is(o.value[ORDER_REASON], "well"));
	assert_true(o.is_repeated);
	assert_true(order_text_read(&o, &a, t->words, SPAN("")));
	assert_int_equal(o.lead.n + o.rest.n, 0);
	arena_free(&a);
}

/* ---- days and hours ---------------------------------------------------- */

static const struct {
	const char *text;
	bool ok;
	const char *starts, *ends;
} times[] = {
	{ "2026-11-30 17:00-19:00", true, "2026-11-30 17:00",
	    "2026-11-30 19:00" },
	{ "2026-11-30 17:00", true, "2026-11-30 17:00", "" },
	{ "2026-11-30", true, "2026-11-30", "" },
	{ "30.11.2026, godz. 17.00–19.30", true, "2026-11-30 17:00",
	    "2026-11-30 19:30" },
	{ "1.12.2026 r. od 9 do 11", true, "2026-12-01 09:00",
	    "2026-12-01 11:00" },
	{ "poniedziałek, 30 listopada 2026 r., godz. 17:00", true,
	    "2026-11-30 17:00", "" },
	{ "30 November 2026 at 17:00 to 19:00", true, "2026-11-30 17:00",
	    "2026-11-30 19:00" },
	{ "30/11/2026 17:00", true, "2026-11-30 17:00", "" },
	{ "30 listopada, godz. 17", false, "", "" },
	{ "17:00", false, "", "" },
	{ "2026-13-30 17:00", false, "", "" },
	{ "2028-02-29 17:00", true, "2028-02-29 17:00", "" },
	{ "2026-02-29 17:00", false, "", "" },
	{ "2026-11-31", false, "", "" },
	{ "wtorek 30.11.2026", false, "", "" },
	{ "we wtorek, 29 lutego 2028, 17:00", true, "2028-02-29 17:00", "" },
	{ "Sunday 7 March 2027", true, "2027-03-07", "" },
	{ "2026-11-30 25:00", false, "", "" },
	{ "2026-11-30 17:60", false, "", "" },
	{ "2026-11-30 17:00-19:00-20:00", false, "", "" },
	{ "2026-11-30 albo 2026-12-01", false, "", "" },
	{ "30 listopada albo 1 grudnia 2026", false, "", "" },
	{ "2026-11-30 wieczorem", false, "", "" },
	{ "99999999999999999999", false, "", "" },
	{ "", false, "", "" },
};

static void
times_are_read_as_people_write_them(void **state)
{
	struct tables *t = *state;

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct span text = exact(times[i].text);
		struct order_time at;
		bool ok = order_time_read(&at, t->words, text);

		if (ok != times[i].ok ||
		    (ok && (strcmp(at.starts, times[i].starts) != 0 ||
			       strcmp(at.ends, times[i].ends) != 0)))
			fail_msg("%s: %d \"%s\" \"%s\"", times[i].text, ok,
			    at.starts, at.ends);
		free((char *)text.p);
	}
}

static void
a_wrong_table_is_refused_with_its_line(void **state)
{
	struct order_words *words;
	struct err err = { "" };

	(void)state;
	assert_int_equal(
	    order_words_read(&words, SPAN("code\tpl\tKOD\nkod\tpl\tX\n"), &err),
	    ST_REJECT);
	assert_non_null(strstr(err.text, "line 2"));
	assert_int_equal(
	    order_words_read(&words, SPAN("code KOD\n"), &err), ST_REJECT);
	assert_null(words);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verbs_are_told_from_words),
		cmocka_unit_test(a_verb_is_found_where_people_put_it),
		cmocka_unit_test(a_name_with_a_slip_is_no_word_for_the_people),
		cmocka_unit_test(
		    the_lines_of_an_order_are_known_without_its_verb),
		cmocka_unit_test(a_number_alone_is_marked),
		cmocka_unit_test(greeting_and_name_are_not_part_of_it),
		cmocka_unit_test(the_sample_order_is_taken_apart),
		cmocka_unit_test(what_stands_before_the_first_name_leads),
		cmocka_unit_test(times_are_read_as_people_write_them),
		cmocka_unit_test(a_wrong_table_is_refused_with_its_line),
	};

	return cmocka_run_group_tests(tests, read_tables, free_tables);
}

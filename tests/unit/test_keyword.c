/* test_keyword - orders, attendance and thanks, with the real table */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/embedded.h"
#include "parsers/keyword.h"

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

static const struct {
	const char *sentence, *text;
	enum command command;
	const char *argument;
} orders[] = {
	{ "stop", "STOP", CMD_STOP, "" },
	{ "stop in small letters", "stop", CMD_STOP, "" },
	{ "stop with a full stop", " Stop. ", CMD_STOP, "" },
	{ "stop and thanks", "Stop. Thank you", CMD_STOP, "" },
	{ "stop, thanks and regards", "Stop, dziękuję i pozdrawiam!", CMD_STOP,
	    "" },
	{ "I resign", "rezygnuję", CMD_STOP, "" },
	{ "I resign, marks in pieces", "rezygnuje\xcc\xa8", CMD_STOP, "" },
	{ "stop with an invisible character", "STOP\xe2\x80\x8b", CMD_STOP,
	    "" },
	{ "stop with a picture", "STOP 🙏", CMD_STOP, "" },
	{ "stop one consultation", "STOP BL-10KE", CMD_STOP, "BL-10KE" },
	{ "a small code", "rezygnacja bl-t4nr", CMD_STOP, "bl-t4nr" },
	{ "a code in one word", "stop blt4nr", CMD_STOP, "blt4nr" },
	{ "a code with a space", "stop bl t4nr.", CMD_STOP, "bl t4nr" },
	{ "letters for digits in the code", "stop BL-IOKE", CMD_STOP,
	    "BL-IOKE" },
	{ "an en dash in the code", "stop BL–T4NP", CMD_STOP, "BL–T4NP" },
	{ "code and thanks", "STOP BL-10KE, dziękuję", CMD_STOP, "BL-10KE" },
	{ "stop everything", "STOP WSZYSTKO", CMD_STOP, "WSZYSTKO" },
	{ "do not write", "Nie piszcie!", CMD_STOP, "" },
	{ "please take me off", "Proszę mnie wypisać", CMD_STOP, "" },
	{ "stop in Ukrainian", "Стоп", CMD_STOP, "" },
	{ "from the list", "Proszę mnie wypisać z listy", CMD_STOP, "" },
	{ "from receiving messages", "Rezygnuję z otrzymywania wiadomości.",
	    CMD_STOP, "" },
	{ "no more of them", "Nie chcę już SMS-ów", CMD_STOP, "" },
	{ "politely, in English", "Please unsubscribe me from this list.",
	    CMD_STOP, "" },
	{ "greeting first", "Dzień dobry, rezygnuję. Pozdrawiam", CMD_STOP,
	    "" },
	{ "one consultation's messages", "Rezygnuję z powiadomień BL-10KE",
	    CMD_STOP, "BL-10KE" },
	{ "stop thrice", "STOP STOP STOP", CMD_STOP, "" },
	{ "giving up the car", "Rezygnuję z auta", CMD_NONE, "" },
	{ "out of the list of streets", "Proszę wypisać z listy ulic Leśną",
	    CMD_NONE, "" },
	{ "and so", "i tak", CMD_NONE, "" },
	{ "stop the felling", "STOP wycince drzew", CMD_NONE, "" },
	{ "stop the felling, with a code", "STOP wycince drzew BL-7M4H",
	    CMD_NONE, "" },
	{ "stop 5G", "Stop 5G", CMD_NONE, "" },
	{ "stop a virus", "STOP COVID-19", CMD_NONE, "" },
	{ "stop lorries in a year", "STOP TIR-2026", CMD_NONE, "" },
	{ "stop a number", "STOP 12345", CMD_NONE, "" },
	{ "stop?", "Stop?", CMD_NONE, "" },
	{ "please stop the reminders", "please stop sending text reminders",
	    CMD_NONE, "" },
	{ "stop this bill", "Count me in! We have got to STOP this bill",
	    CMD_NONE, "" },
	{ "an end to smoke", "Koniec z dymem!", CMD_NONE, "" },
	{ "the end: of what?", "Koniec", CMD_ASK, "" },
	{ "start again", "START", CMD_START, "" },
	{ "help", "Pomoc", CMD_HELP, "" },
	{ "help?", "pomoc?", CMD_HELP, "" },
	{ "a question mark", "?", CMD_HELP, "" },
	{ "three of them", "???", CMD_HELP, "" },
	{ "an exclamation mark", "!", CMD_NONE, "" },
	{ "help for the roads", "Pomoc dla rolników", CMD_NONE, "" },
	{ "yes", "tak", CMD_YES, "" },
	{ "yes!", "TAK!", CMD_YES, "" },
	{ "yes?", "Tak?", CMD_NONE, "" },
	{ "yes, thanks", "Tak, dziękuję", CMD_YES, "" },
	{ "yes with the code", "TAK BL-T4NR", CMD_YES, "BL-T4NR" },
	{ "I will come", "Będę", CMD_YES, "" },
	{ "yes, but", "Tak, ale nie w niedzielę", CMD_NONE, "" },
	{ "no", "NIE", CMD_NO, "" },
	{ "no thanks", "Nie, dziękuję.", CMD_NO, "" },
	{ "I will not come", "nie przyjdę", CMD_NO, "" },
	{ "I disagree", "Nie zgadzam się na 7 dni, to kpina", CMD_NONE, "" },
	{ "I disagree, shortly", "Nie zgadzam się", CMD_NONE, "" },
	{ "state", "STAN", CMD_STATE, "" },
	{ "state of a remark", "Stan BL-7M4H/12", CMD_STATE, "BL-7M4H/12" },
	{ "the state of the road", "Stan drogi jest fatalny", CMD_NONE, "" },
	{ "withdraw", "Wycofuję uwagę nr 12", CMD_WITHDRAW, "12" },
	{ "correction with a number", "KOREKTA 12 ma być po 22", CMD_CORRECTION,
	    "12 ma być po 22" },
	{ "correction with the remark's number",
	    "korekta BL-7M4H/12 ma być po 22", CMD_CORRECTION,
	    "BL-7M4H/12 ma być po 22" },
	{ "correction with a colon", "Korekta: ma być po 22", CMD_CORRECTION,
	    "ma być po 22" },
	{ "correction on its line", "Korekta\nMa być po 22.", CMD_CORRECTION,
	    "Ma być po 22." },
	{ "correction in capitals", "KOREKTA ma być po 22", CMD_CORRECTION,
	    "ma być po 22" },
	{ "correction without words", "KOREKTA", CMD_CORRECTION, "" },
	{ "a correction of the route", "Korekta trasy jest potrzebna", CMD_NONE,
	    "" },
	{ "send", "WYŚLIJ 14", CMD_SEND, "14" },
	{ "do not send", "anuluj", CMD_CANCEL_JOB, "" },
	{ "all", "Wszystko", CMD_ALL, "" },
	{ "all is bad", "Wszystko jest źle", CMD_NONE, "" },
	{ "announce, the order below",
	    "ROZEŚLIJ\nKod: BL-T4NR\nGmina: Bojszowy\n", CMD_ANNOUNCE,
	    "Kod: BL-T4NR\nGmina: Bojszowy" },
	{ "change, without marks", "zmien\r\n\r\nKod: BL-T4NR", CMD_CHANGE,
	    "Kod: BL-T4NR" },
	{ "cancel", "Odwołaj:\nKod: BL-T4NR", CMD_CANCEL, "Kod: BL-T4NR" },
	{ "announce, nothing below", "ROZEŚLIJ", CMD_NONE, "" },
	{ "change the timetable", "Zmień rozkład\nbo jest zły", CMD_NONE, "" },
	{ "nothing", "", CMD_NONE, "" },
	{ "blank", " \n ", CMD_NONE, "" },
	{ "words", "kiedy bedzie remont mostu?", CMD_NONE, "" },
};

static void
orders_are_told_from_words(void **state)
{
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		struct span in = exact(orders[i].text), argument;
		enum command got = keyword_command(*state, in, &argument);

		if (got != orders[i].command ||
		    !span_is(argument, orders[i].argument))
			fail_msg("%s: got %d [%.*s], want %d [%s]",
			    orders[i].sentence, got, (int)argument.n,
			    argument.p, orders[i].command, orders[i].argument);
		free((char *)in.p);
	}
}

static const struct {
	const char *sentence, *text;
	int want;
} sentences[] = {
	{ "with my husband", "Będę, razem z mężem.", 1 },
	{ "with my husband, no comma", "będę z mężem", 1 },
	{ "after a greeting", "Dzień dobry, będę na pewno", 1 },
	{ "and a wish", "Będę, i proszę o wiatę", 1 },
	{ "we will come on Thursday", "Przyjdziemy w czwartek", 1 },
	{ "yes, I will", "Tak, będę. Pozdrawiam Jan", 1 },
	{ "in English", "I'll be there, thanks", 1 },
	{ "I will not come", "Nie przyjdę", -1 },
	{ "I will not, work", "Nie będę, pracuję", -1 },
	{ "sadly not", "Niestety nie mogę przyjść.", -1 },
	{ "in English, no", "Sorry, I can't come", -1 },
	{ "I shall vote against", "Będę głosować przeciw", 0 },
	{ "I shall be grateful", "Będę wdzięczny za odpowiedź", 0 },
	{ "I will not pay", "Nie będę za to płacić", 0 },
	{ "not with this", "Nie mogę z tym się zgodzić", 0 },
	{ "I will, and may I speak?", "Będę, czy mogę zabrać głos?", 1 },
	{ "a question in the next sentence",
	    "Przyjdziemy we dwójkę. Czy jest winda?", 1 },
	{ "shall I come?", "Przyjdę?", 0 },
	{ "at an hour", "Będę ok. 17:15", 1 },
	{ "thanks come first", "Dziękuję za zaproszenie, będę na pewno.", 1 },
	{ "what comes first is a regret",
	    "Niestety w tym terminie mnie nie będzie.", -1 },
	{ "I cannot, work", "Nie mogę, pracuję do 20.", -1 },
	{ "rather not, but", "Raczej nie dam rady, ale przekażcie uwagę", -1 },
	{ "ill, and so not", "Niestety choruję i nie będę mógł przyjść.", -1 },
	{ "but only in the first sentence",
	    "Droga jest zła. Jest źle, nie będę mógł przyjść do szkoły.", 0 },
	{ "the three of us", "Zjawimy się w trójkę.", 1 },
	{ "presence first", "Obecność potwierdzam. Czy można pytać?", 1 },
	{ "the whole family", "Będziemy całą rodziną, 5 osób.", 1 },
	{ "I will, and I want to speak",
	    "Przyjdę i chciałbym zabrać głos w sprawie linii 54.", 1 },
	{ "I shall not be able to take part",
	    "Niestety nie będę mogła uczestniczyć w spotkaniu", -1 },
	{ "how many", "Potwierdzam udział dwóch osób.", 1 },
	{ "perhaps", "Może przyjdę, zobaczę.", 2 },
	{ "I report myself", "Zgłaszam swój udział w spotkaniu.", 1 },
	{ "a long remark behind it",
	    "Będę. A teraz uwaga: jeden dwa trzy cztery pięć sześć siedem "
	    "osiem dziewięć dziesięć jedenaście dwanaście trzynaście "
	    "czternaście piętnaście szesnaście siedemnaście osiemnaście "
	    "dziewiętnaście dwadzieścia",
	    1 },
	{ "when will it be", "Kiedy będę mógł", 0 },
	{ "a long text",
	    "Będę, bo jeden dwa trzy cztery pięć sześć siedem osiem dziewięć "
	    "dziesięć jedenaście dwanaście trzynaście czternaście piętnaście "
	    "szesnaście siedemnaście osiemnaście dziewiętnaście",
	    0 },
	{ "three of us", "Przyjdziemy w 3 osoby", 1 },
	{ "of course", "Oczywiście, że będę", 1 },
	{ "ill, not coming", "Jestem chora, nie przyjdę", -1 },
	{ "without a subject", "Sorry, can't come", -1 },
	{ "on the list for the meeting", "Proszę mnie zapisać na spotkanie",
	    1 },
	{ "late, but coming", "Spóźnię się ale będę", 1 },
	{ "rather not", "chyba nie przyjdę", 2 },
	{ "in Ukrainian", "я прийду", 1 },
	{ "in Ukrainian, no", "На жаль, не зможу прийти", -1 },
	{ "we are five", "Będzie nas 5 osób", 1 },
	{ "a condition", "Jak nie przyjdę, to proszę zapisać wiatę", 0 },
	{ "how many come", "Tak, 3 osoby", 1 },
	{ "two of us", "tak, w dwie osoby!", 1 },
	{ "with pleasure", "Tak, bardzo chętnie.", 1 },
	{ "rather so", "Raczej tak", 1 },
	{ "rather not so", "Raczej nie", -1 },
	{ "not confirmed", "Nie potwierdzam", -1 },
	{ "not sure yet", "Nie wiem jeszcze, czy dam radę", 2 },
	{ "I shall try", "Postaram się", 2 },
	{ "perhaps not", "Chyba nie", 2 },
	{ "perhaps", "Może.", 2 },
	{ "perhaps something else", "Może warto dodać ławki", 0 },
	{ "yes to a plan", "Tak, popieram remont tej ulicy", 0 },
	{ "people of the plan", "3 osoby mieszkają przy tej drodze", 0 },
	{ "with pleasure to something", "Chętnie zobaczę więcej ławek", 0 },
	{ "what they do not know", "Nie wiem, po co ten remont", 0 },
	{ "nothing", "", 0 },
};

static void
attendance_is_a_short_sentence(void **state)
{
	for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
		struct span in = exact(sentences[i].text);
		int got = keyword_attendance(*state, in);

		if (got != sentences[i].want)
			fail_msg("%s: got %d", sentences[i].sentence, got);
		free((char *)in.p);
	}
}

static const struct {
	const char *sentence, *text;
	bool want;
} access[] = {
	{ "an interpreter", "Proszę o tłumacza języka migowego", true },
	{ "by its letters", "czy będzie PJM?", true },
	{ "any ending", "Poruszam się na wózku inwalidzkim.", true },
	{ "in English", "I need a sign language interpreter", true },
	{ "at the end of a long text",
	    "a b c d e f g h i j k l m n o p q r s t u w x y z a b c d e f g h "
	    "i j k l m n o p i proszę o pętlę indukcyjną",
	    true },
	{ "a bench is none", "Proszę o ławkę przy przystanku", false },
	{ "a pram is none", "Matka z wózkiem nie przejdzie", false },
	{ "nothing", "", false },
};

static void
access_is_asked_for(void **state)
{
	for (size_t i = 0; i < sizeof(access) / sizeof(access[0]); i++) {
		struct span in = exact(access[i].text);

		if (keyword_wants_access(*state, in) != access[i].want)
			fail_msg("%s", access[i].sentence);
		free((char *)in.p);
	}
}

static const struct {
	const char *sentence, *text;
	bool want;
} thanks[] = {
	{ "thanks", "Dziękuję!", true },
	{ "many thanks and regards", "Dziękuję bardzo, pozdrawiam", true },
	{ "kindly thanking for the answer",
	    "Bardzo dziękuję Państwu za odpowiedź.", true },
	{ "a greeting first", "Dzień dobry,\n\ndziękujemy", true },
	{ "in English", "Thank you very much", true },
	{ "regards alone", "Pozdrawiam", false },
	{ "thanks for something", "Dziękuję za remont drogi", false },
	{ "thanks, but", "Dziękuję, ale proszę o wiatę", false },
	{ "nothing", "", false },
	{ "words", "Proszę o autobus", false },
};

static void
thanks_are_nothing_but_thanks(void **state)
{
	for (size_t i = 0; i < sizeof(thanks) / sizeof(thanks[0]); i++) {
		struct span in = exact(thanks[i].text);

		if (keyword_is_thanks(*state, in) != thanks[i].want)
			fail_msg("%s", thanks[i].sentence);
		free((char *)in.p);
	}
}

static void
a_bad_table_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *sentence, *table, *says;
	} rows[] = {
		{ "an unknown intent", "stop\tpl\tSTOP\nhalt\tpl\tHALT\n",
		    "line 2: \"halt\"" },
		{ "a column is missing", "stop\tSTOP\n", "line 1: expected" },
		{ "a column too many", "stop\tpl\tSTOP\tX\n",
		    "line 1: expected" },
		{ "an empty form", "# words\nstop\tpl\tSTOP||END\n",
		    "line 2: a form" },
		{ "a form of signs", "stop\tpl\t!!\n", "line 1: a form" },
		{ "a word as long as no word",
		    "stop\tpl\tAAAAAAAAAABBBBBBBBBBCCCCCCCCCCDDDDDDDDDD\n",
		    "too long" },
		{ "no UTF-8",
		    "stop\tpl\tZAKO\xd1"
		    "CZ\n",
		    "UTF-8" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span in = exact(rows[i].table);
		struct keywords *k = NULL;
		struct err err = { "" };

		if (keywords_read(&k, in, &err) != ST_REJECT || k != NULL ||
		    strstr(err.text, rows[i].says) == NULL)
			fail_msg("%s: [%s]", rows[i].sentence, err.text);
		free((char *)in.p);
	}
}

static void
a_table_of_another_town_is_enough(void **state)
{
	struct keywords *k = NULL;
	struct span argument;
	struct err err;

	(void)state;
	assert_int_equal(keywords_read(&k,
			     SPAN("\xEF\xBB\xBF# Stadt\r\n\r\n"
				  "stop\tde\tABMELDEN|Schluß damit\r\n"),
			     &err),
	    ST_OK);
	assert_int_equal(
	    keyword_command(k, SPAN("schluss damit!"), &argument), CMD_STOP);
	assert_int_equal(keyword_command(k, SPAN("STOP"), &argument), CMD_NONE);
	assert_int_equal(keyword_command(k, SPAN("?"), &argument), CMD_NONE);
	keywords_free(k);
	keywords_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(orders_are_told_from_words),
		cmocka_unit_test(attendance_is_a_short_sentence),
		cmocka_unit_test(access_is_asked_for),
		cmocka_unit_test(thanks_are_nothing_but_thanks),
		cmocka_unit_test(a_bad_table_is_refused_with_its_line),
		cmocka_unit_test(a_table_of_another_town_is_enough),
	};

	return cmocka_run_group_tests(tests, read_table, free_table);
}

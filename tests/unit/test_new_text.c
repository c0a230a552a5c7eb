/* test_new_text - the author's words, told from all that programs put round them */
#include "tests/unit/mail_check.h"

#include <time.h>

static const char *const sentences[] = {
	"Od poniedziałku do piątku autobus jeździ co godzinę.\n"
	"W dniu 5 maja odbyło się spotkanie o 17:00.\n"
	"Do rozważenia: objazd.",
	"On Monday the bus wrote off the whole timetable:\n"
	"\n"
	"no buses at 8:00 any more.",
	"Proponuję:\n"
	"- ławki\n"
	"- kosze\n"
	"-- i lampy\n"
	"\n"
	"---\n"
	"\n"
	"Uzasadnienie: jest ciemno.",
	"Godziny odjazdów:\n"
	"Od: 6:00\n"
	"Do: 22:00\n"
	"\n"
	"To za krótko.",
	"Od: 1 stycznia 2026\n"
	"Do: 31 marca 2026\n"
	"Temat: zamknięcie drogi\n"
	"\n"
	"Nie zgadzam się.",
	"Kto to pisze, ten wie:\n"
	"\n"
	"nie ma autobusu.",
	"W dniu 12.11.2026 wójt napisał:\n"
	"\n"
	"\"Nie będzie ławek\". Nie zgadzam się.",
	"Jak sąsiad napisał:\n"
	"\n"
	"brak lamp to skandal.",
	"Uwaga 1: w § 3 brak terminu.\n"
	"==========\n"
	"Uwaga 2: w § 4 brak kwoty.\n"
	"**********\n"
	"Koniec.",
	"Pan starosta pisze:\n"
	"\n"
	"nie ma pieniędzy. A ja pytam, dlaczego?",
	"Temperatura > 30 stopni, a drzew < 5.\n"
	"Co z tego?",
	"Niniejsza wiadomość dotyczy § 5 ust. 2. Proszę dopisać wiaty.",
	"Wysłane z mojego osiedla uwagi nikogo nie obchodzą, a szkoda.\n"
	"\n"
	"Proszę o wiatę.",
	"Ta wiadomość jest moim wnioskiem o ochronę drzew przy ul. Próbnej.",
	"Administratorem danych osobowych w projekcie powinien być starosta, a nie wójt.",
	"Tabela:\n"
	"| godz | autobus |\n"
	"| 8:00 | 5 |\n"
	"| 9:00 | 6 |",
	"Pierwsza sprawa:\n"
	"____________\n"
	"\n"
	"Druga sprawa: dużo ważniejsza, bo dotyczy dzieci, które chodzą do szkoły poboczem każdego dnia.",
	"Kontakt do mnie: jan@k.example:\n"
	"\n"
	"proszę pisać.",
	"Data: 5 maja 2026, godz. 14:00\n"
	"Miejsce: świetlica\n"
	"\n"
	"Przyjdę.",
	"Pozdrawiam wszystkich i proszę o wiatę przy szkole, bo dzieci mokną.",
	"Dziękuję za spotkanie. Mam uwagę do planu.\n"
	"\n"
	"Dziękuję",
	"Zgłaszam uwagi.\n"
	"____________\n"
	"\n"
	"1. Za mało spotkań.\n"
	"____________\n"
	"\n"
	"2. Za mało czasu.",
	"To, co pisze Gazeta <r@gazeta.example> w dniu 16.11.2026 o 10:00, to "
	"nieprawda:\n"
	"droga nie jest gotowa.",
	"RODO: ochrona danych osobowych nie jest w projekcie opisana.",
	"Popieram Jan Kowalski",
	"Proszę o kontakt z sołtysem:\n"
	"Jan Kot, tel. 110 000 911",
	"Pod uwagą podpisali się:\n"
	"---\n"
	"Anna Kos\n"
	"Jan Lis",
	"Uwaga: wiadomość spoza urzędu też powinna być konsultowana.\n"
	"To moja jedyna uwaga.",
	"Zgłaszam zdarzenie:\n"
	"Data: 12.11.2026\n"
	"Od: godz. 6:00\n"
	"Do: godz. 8:00\n"
	"Temat: brak autobusu.\n"
	"Czekało 20 osób.",
	"Ławka przy aptece.\n"
	"—\n"
	"To wszystko, o co prosimy od lat.",
	"Nad tą linią trzeba popracować, odpowiedź poproszę na piśmie.",
	"Linia 52 jest zła.\n"
	"___________\n"
	"Linia 7 jest dobra.",
	"Potwierdzam obecność, Jan Kowalski",
	"Szanowni Państwo, wnoszę o ławki.\n"
	"Jan Sobieski powinien mieć pomnik.",
};

static void
sentences_that_look_like_program_lines_stay(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
		check(sentences[i], "in an answer", sentences[i], true,
		    sentences[i]);
		check(sentences[i], "in a new mail", sentences[i], false,
		    sentences[i]);
	}
}

static const struct {
	const char *sentence, *text, *want;
	bool answer;
} whole[] = {
	{ "a section behind a rule, and then the name",
	    "Punkt pierwszy: termin.\n---\nPunkt drugi: forma.\n\n"
	    "Pozdrawiam\nJan Kowalski",
	    "Punkt pierwszy: termin.\n---\nPunkt drugi: forma.\n\n"
	    "Pozdrawiam\nJan Kowalski",
	    false },
	{ "a letter that begins with when and who wrote",
	    "Guten Tag,\n\nam Dienstag, den 10. November 2026 um 7:15 Uhr "
	    "schrieb der Fahrer auf einen Zettel:\nFahrt entfällt.",
	    "Guten Tag,\n\nam Dienstag, den 10. November 2026 um 7:15 Uhr "
	    "schrieb der Fahrer auf einen Zettel:\nFahrt entfällt.",
	    true },
	{ "bullets that look like a quote, in a mail that answers none",
	    "Moje propozycje:\n> 21 dni zamiast 7\n> spotkania po 17",
	    "Moje propozycje:\n> 21 dni zamiast 7\n> spotkania po 17", false },
	{ "answers between the quoted lines keep their order",
	    "W dniu 16.11.2026 o 09:15, Konsultacje pisze:\n> Kiedy?\n\nW "
	    "sobotę.\n\n> Gdzie?\nW szkole.\n> Po co?\n\nPo wiatę.",
	    "W sobotę.\n\nW szkole.\n\nPo wiatę.", true },
	{ "a quoted line that was wrapped",
	    "Tak.\n\n> Zapraszamy na spotkanie konsultacyjne w sprawie planu "
	    "transportu\npublicznego w powiecie.\n> Starostwo\n",
	    "Tak.", true },
	{ "an answer of one word below a short quoted line",
	    "> Czy jest pan za?\ntak\n> Dlaczego?\nbo tak\n", "tak\n\nbo tak",
	    true },
	{ "what the author cites stays",
	    "W projekcie jest:\n> Konsultacje trwają 7 dni.\nPowinno być 21.\n"
	    "\nW dniu 16.11.2026 o 09:15, Konsultacje pisze:\n> Stare",
	    "W projekcie jest:\n> Konsultacje trwają 7 dni.\nPowinno być 21.",
	    true },
	{ "quoted lines with initials (The Bat!)",
	    "piątek, 20 listopada 2026, 14:03:12, napisałeś:\n\nKP> Kiedy?\n"
	    "KP> Gdzie?\nKP>> Starsze\n\nW szkole.",
	    "W szkole.", true },
	{ "an arrow behind a word is no quote",
	    "A> lepiej\nB> gorzej\nC> wcale", "A> lepiej\nB> gorzej\nC> wcale",
	    true },
	{ "signs that nobody sees", "\u2063Tak.\n\n\u2063Wysłane z BlueMail\n",
	    "Tak.", true },
	{ "a dash of the printer's above the name",
	    "Tak.\n\n\u2014\nJan\nSołectwo X", "Tak.", true },
	{ "what somebody said at an hour, with nothing above it",
	    "W dniu 19.11.2026 o godz. 8:41 Starosta napisał:\n\"Nie ma "
	    "pieniędzy\". Po co te konsultacje?",
	    "W dniu 19.11.2026 o godz. 8:41 Starosta napisał:\n\"Nie ma "
	    "pieniędzy\". Po co te konsultacje?",
	    true },
	{ "and with something above it, where nobody is named",
	    "Dzień dobry.\n\nW dniu 19.11.2026 o godz. 8:41 pan starosta "
	    "napisał:\n\"Nie ma pieniędzy\". Po co te konsultacje?",
	    "Dzień dobry.\n\nW dniu 19.11.2026 o godz. 8:41 pan starosta "
	    "napisał:\n\"Nie ma pieniędzy\". Po co te konsultacje?",
	    true },
	{ "a wish about personal data is no notice",
	    "Tak.\n\nDane osobowe nie powinny być przetwarzane bez zgody, a "
	    "administrator powinien wyznaczyć inspektora ochrony danych.",
	    "Tak.\n\nDane osobowe nie powinny być przetwarzane bez zgody, a "
	    "administrator powinien wyznaczyć inspektora ochrony danych.",
	    true },
	{ "one's own mail, forwarded with a rule",
	    "---------- Forwarded message ---------\nOd: Jan Kowalski "
	    "<jan@kowalski.example>\nDate: czw., 19 lis 2026 o 08:41\n"
	    "Subject: uwaga\nTo: <x@y.example>\n\nProszę o lampę.\n",
	    "Proszę o lampę.", true },
	{ "a letterhead is no card",
	    "Jan Kowalski\nul. Długa 4\n43-155 Bieruń\ntel. 110 000 777\n\n"
	    "Wnoszę o ławkę przy szkole w Bojszowach.",
	    "Jan Kowalski\nul. Długa 4\n43-155 Bieruń\ntel. 110 000 777\n\n"
	    "Wnoszę o ławkę przy szkole w Bojszowach.",
	    false },
	{ "what is said below a card",
	    "Tak.\n\nPozdrawiam\nJan Kowalski\nFirma X\ntel. 110 000 777\n\n"
	    "I jeszcze jedno: proszę o ławkę koło szkoły.",
	    "Tak.\n\nI jeszcze jedno: proszę o ławkę koło szkoły.", true },
	{ "a notice right below the card, as HTML letters have it",
	    "Tak.\n\nPozdrawiam\nJan Kowalski\nFirma X\ntel. 110 000 777\n"
	    "Informujemy, że administratorem Państwa danych osobowych jest X.",
	    "Tak.", true },
	{ "how a company names itself",
	    "Tak.\n\nPozdrawiam\nJan Kowalski\n\nFirma X sp. z o.o. z siedzibą w "
	    "Tychach, Sąd Rejonowy Katowice-Wschód, KRS 0000000000, NIP 000",
	    "Tak.\n\nPozdrawiam\nJan Kowalski", true },
	{ "a quote with a space before the sign", "Tak.\n\n > Stare\n > słowa",
	    "Tak.", true },
	{ "decoration is no quote",
	    "Patrz:\n>>> >>> www.wiata.example <<<\nDzięki za uwagę.",
	    "Patrz:\n>>> >>> www.wiata.example <<<\nDzięki za uwagę.", true },
	{ "the address is closed on a line that begins like a quote",
	    "Tak.\n\ntir. 18. apr. 2026 kl. 13:09 skrev X <x@y.example\n>:\n\n"
	    "> Stare",
	    "Tak.", true },
	{ "words and attribution in one line",
	    "Tak W dniu 20.11.2026 o 14:03, X pisze:\n> Stare", "Tak", true },
	{ "nothing written above an old message",
	    "\n\nOd: X <x@y.example>\n"
	    "Wysłano: 20 listopada 2026 14:03\nDo: J\nTemat: x\n\nStare\n",
	    "", true },
	{ "one's own mail sent again",
	    "Od: Jan Kowalski <jan@kowalski.example>\nWysłano: 20 listopada "
	    "2026 14:03\nDo: J\nTemat: x\n\nProszę o wiatę.\n",
	    "Proszę o wiatę.", true },
	{ "a letter with a head of its own, in a new mail",
	    "Od: Anna Nowak\nDo: Starostwo\nData: 20 listopada 2026, 14:03\n"
	    "Temat: wiata\n\nProszę o wiatę.\n",
	    "Proszę o wiatę.", false },
	{ "only a signature",
	    "\n-- \nPozdrawiam\nJan\nOSP Imielin\ntel. 110 000 130\n\nW dniu "
	    "16.11.2026 o 09:16, X pisze:\n> Stare\n",
	    "", true },
	{ "typed below the signature of the program",
	    "-- \nProszę o wiatę przy szkole i o dwie ławki.\n",
	    "-- \nProszę o wiatę przy szkole i o dwie ławki.", true },
	{ "pictures in the text",
	    "Tak [image: wiata.jpg] wygląda.\n"
	    "[cid:image001.png@01DA]\nKoniec.",
	    "Tak  wygląda.\n\nKoniec.", true },
	{ "a link in brackets stays", "Zob. [1] i <https://x.example>.",
	    "Zob. [1] i <https://x.example>.", true },
	{ "words below a line of the program stay",
	    "Proszę o wiatę.\n\nWysłane z iPhone'a\n\nI jeszcze o dwie ławki "
	    "proszę, bo starsi ludzie nie mają gdzie usiąść.",
	    "Proszę o wiatę.\n\nI jeszcze o dwie ławki proszę, bo starsi "
	    "ludzie nie mają gdzie usiąść.",
	    true },
	{ "below the head of an old message, as HTML marks it",
	    "Jestem za.\n" HTML_OLD_BELOW "\nStare słowa\n", "Jestem za.",
	    true },
	{ "everything stands in a quote container",
	    HTML_OLD_BELOW "\nProszę o wiatę.\n", "Proszę o wiatę.", true },
	{ "a signature container",
	    "Jestem za.\n" HTML_SIGNATURE
	    "\nJan Kowalski\ntel. 110 000 101\n" HTML_SIGNATURE_END
	    "\nI jeszcze jedno.\n",
	    "Jestem za.\n\nI jeszcze jedno.", true },
	{ "words typed into the signature container",
	    HTML_SIGNATURE
	    "\nProszę o wiatę przy szkole w Bojszowach, bo dzieci "
	    "czekają na autobus w deszczu i na mrozie.\n" HTML_SIGNATURE_END
	    "\n",
	    "Proszę o wiatę przy szkole w Bojszowach, bo dzieci czekają na "
	    "autobus w deszczu i na mrozie.",
	    true },
	{ "nothing at all", "", "", true },
	{ "blank", " \n\t\n\xc2\xa0\n", "", true },
	{ "only a quote", "> Stare\n> słowa", "", true },
};

static void
whole_mails_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		check(whole[i].sentence, "whole", whole[i].text,
		    whole[i].answer, whole[i].want);
}

static void
doubt_is_said(void **state)
{
	static const char *const doubtful[] = {
		"W dniu 5 maja 2026 wójt napisał:\n\nławek nie będzie. A ja "
		"proszę.",
		"Od: Anna Nowak\nDo: Starostwo\nTemat: wiata\n\nProszę.",
		"-- \nProszę o wiatę przy szkole i o dwie ławki.",
		"Proszę.\n\nWysłane z iPhone'a\n\nI o ławki proszę.",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(doubtful) / sizeof(doubtful[0]); i++) {
		struct parsed mail;

		read_text(&mail, span_of(doubtful[i]), false);
		if (mail.n_warnings == 0)
			fail_msg("no warning for [%s]", doubtful[i]);
		parsed_free(&mail);
	}
}

static const char *const hostile[] = { "\n", "a", "a:\n", "> a\nb\n", "-- \n",
	"--\nx\n", "Od:\n\n", "Temat: a\nDo: b\n", "[image: ", "[", "<",
	"On Mon, 20 Nov 2026 at 14:03, X <a@b.example> wrote:\n",
	"ala 2026 14:03 lut maj <a@b:\n", "<a@b.example\n>:\n",
	"Wysłane z iPhone'a\n\n", "Niniejsza wiadomość jest poufna\n\n",
	"------a------\n", "x On W dniu Dnia Am :\n", "ż:\n", "Pozdrawiam\n",
	HTML_SIGNATURE "\n", HTML_OLD_BELOW "\n" };

static void
no_text_takes_more_than_its_time(void **state)
{
	enum { SIZE = 1 << 20, SECONDS = 2 }; /* far above, for slow machines */

	(void)state;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		struct buf b = { .max = SIZE + 64 };
		struct parsed mail;
		clock_t start = clock();

		while (b.n < SIZE)
			buf_str(&b, hostile[i]);
		read_text(&mail, buf_span(&b), true);
		assert_true(mail.new_text.n <= b.n);
		parsed_free(&mail);
		buf_free(&b);
		if (clock() - start > (clock_t)SECONDS * CLOCKS_PER_SEC)
			fail_msg("too slow: [%s]", hostile[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sentences_that_look_like_program_lines_stay),
		cmocka_unit_test(whole_mails_are_read),
		cmocka_unit_test(doubt_is_said),
		cmocka_unit_test(no_text_takes_more_than_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

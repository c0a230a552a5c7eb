/* test_remark - what of the author's text is filed, and in which pieces */
#include "parsers/code.h"
#include "tests/unit/mail_check.h"

#include <time.h>

static const char *const greetings[] = { "Dzień dobry,", "Dzień dobry",
	"dzien dobry", "Dzień dobry!", "Witam,", "Witam serdecznie,",
	"Witam Państwa,", "Szanowni Państwo,", "SZANOWNI PAŃSTWO,",
	"Szanowny Panie Starosto,", "Szanowna Pani,", "Szanowna Pani Dyrektor,",
	"Szanowny Panie Przewodniczący, Szanowni Radni,", "Cześć,", "Hej!",
	"Dobry wieczór,", "Dzień dobry Państwu,", "Drodzy Państwo,",
	"Panie Starosto,", "Szanowni Państwo!\nDzień dobry,", "*Dzień dobry,*",
	"Dear Sirs,", "Dear Mr Nowak,", "Hello,", "Hi,", "Good morning,",
	"Добрий день!" };

static const char *const endings[] = { "Pozdrawiam",
	"Pozdrawiam,\nJan Kowalski", "Pozdrawiam serdecznie\nJan",
	"Pozdrawiam, Jan Kowalski", "Pozdrawiam\n\n\nJan",
	"*Pozdrawiam*\n*Jan Kowalski*", "pozdr. Jan",
	"Z poważaniem\nJan Kowalski", "Z poważaniem,\n\nJan Kowalski\nBojszowy",
	"Z wyrazami szacunku\nJan Kowalski\nsołtys\ntel. 110 000 111",
	"Łączę wyrazy szacunku\nJan Kowalski", "Łączę pozdrowienia",
	"Serdeczne pozdrowienia\nJan", "Z góry dziękuję i pozdrawiam\nJan",
	"Dziękuję i pozdrawiam", "Dziękuję\nJan Kowalski",
	"Pozdrowienia z Bierunia\nJan Kowalski", "Miłego dnia\nJan",
	"Z pozdrowieniami\nJan Kowalski, sołtys", "Jan Kowalski",
	"Z sportowym pozdrowieniem\nJan Kowalski",
	"Ze szczerym, głębokim szacunkiem\nJan", "Z Panem Bogiem\nJan",
	"Mit sonnigen Grüßen\nJan Kowalski", "Kowalski Jan", "Jan K.",
	"J. Kowalski", "J.K.", "pozdrawiam jan kowalski", "Dziękuję, Jan",
	"Дякую, Оксана", "Elżbieta", "mgr inż. Jan Kowalski",
	"Jan Kowalski, Bieruń", "Best regards,\nJan Kowalski", "Kind regards",
	"Yours faithfully,\nJan Kowalski", "Thanks,\nJan", "З повагою\nЯн" };

static const char *const code_lines[] = { "Kod: BL-7M4H", "Dotyczy: BL-7M4H",
	"BL-7M4H", "bl 7m4h", "Kod konsultacji: BL-7M4H", "Dot. BL-7M4H",
	"W sprawie BL-7M4H", "[BL-7M4H]", "(BL-7M4H)",
	"Uwaga do BL-7M4H:", "BL-7M4H -", "Consultation code: BL-7M4H" };

/* What is filed although it looks like something else. */
static const char *const filed[] = { "BL-7M4H proszę o wiatę",
	"Proszę do BL-7M4H dopisać wiatę.", "Dotyczy: BL-7M4H, wiata na rynku",
	"Podpisali:\n\nJan Kowalski\nAnna Nowak",
	"Proszę nadać szkole imię:\n\nJan Sobieski", "Nie.",
	"Pozdrawiam pomysł wiaty i proszę o więcej takich.",
	"Dziękuję za wiatę. To dobry pomysł.",
	"Z takim szacunkiem trzeba traktować park.",
	"Jan Kowalski powinien być honorowym obywatelem.",
	"Witam, proszę o wiatę", "Dzień dobry, piszę w sprawie wiaty",
	"Drodzy radni zarabiają za dużo", "Hej, a co z wiatą?",
	"Droga powiatowa jest dziurawa", "Droga", "Dobry pomysł",
	"Proszę o:\n- wiatę\n- ławkę\n\nBieruń Stary",
	"ROZEŚLIJ\nKod: BL-T4NR\nGmina: Bojszowy" };

static void
extract(struct parsed *out, const char *text)
{
	read_text(out, span_of(text), true);
	code_find(out, out->new_text, "BL", CODE_IN_BODY, false);
	remark_extract(out);
}

static void
check_remark(const char *sentence, const char *way, const char *const parts[5],
    const char *want)
{
	struct buf b = { .max = 4096 };
	struct parsed mail;

	for (int i = 0; i < 5 && parts[i] != NULL; i++)
		buf_str(&b, parts[i]);
	extract(&mail, buf_cstr(&b));
	expect(sentence, way, mail.remark, want);
	parsed_free(&mail);
	buf_free(&b);
}

#define T "Proszę o wiatę."
#define PS "P.S. I o ławki."

static void
a_greeting_is_not_filed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(greetings) / sizeof(greetings[0]); i++) {
		check_remark(greetings[i], "with an empty line",
		    (const char *const[5]){ greetings[i], "\n\n" T }, T);
		check_remark(greetings[i], "right above",
		    (const char *const[5]){ greetings[i], "\n" T }, T);
	}
}

static void
the_end_of_a_letter_is_not_filed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		check_remark(endings[i], "at the end",
		    (const char *const[5]){ T "\n\n", endings[i], "\n" }, T);
		check_remark(endings[i], "with a postscript",
		    (const char *const[5]){ T "\n\n", endings[i], "\n\n" PS },
		    T " " PS);
	}
}

static void
a_line_that_only_names_the_code_is_not_filed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(code_lines) / sizeof(code_lines[0]);
	     i++) {
		const char *c = code_lines[i];

		check_remark(
		    c, "on top", (const char *const[5]){ c, "\n\n" T "\n" }, T);
		check_remark(c, "below the greeting",
		    (const char *const[5]){ "Dzień dobry,\n", c, "\n\n" T }, T);
		check_remark(c, "at the end",
		    (const char *const[5]){
			T "\n\n", c, "\n\nPozdrawiam\nJan" },
		    T);
	}
}

static void
words_of_substance_are_filed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(filed) / sizeof(filed[0]); i++)
		check_remark(filed[i], "alone",
		    (const char *const[5]){ filed[i] }, filed[i]);
}

static const struct {
	const char *sentence, *text;
	size_t n;
	const char *pieces[3]; /* "CODE words" */
} cut[] = {
	{ "two paragraphs, each with its code",
	    "Dzień dobry, piszę w dwóch sprawach.\n\nBL-10KE: plakaty w "
	    "sklepach.\n\nBL-T4NR: autobus po 20.\n\nPozdrawiam\nJan",
	    2, { "BL-10KE plakaty w sklepach.", "BL-T4NR autobus po 20." } },
	{ "two sentences of one line",
	    "bl-10ke plakaty w sklepach. bl-t4nr autobus po 22", 2,
	    { "BL-10KE plakaty w sklepach.", "BL-T4NR autobus po 22" } },
	{ "codes as headings",
	    "Kod: BL-10KE\nplakaty w sklepach\n\nKod: BL-T4NR\nautobus", 2,
	    { "BL-10KE plakaty w sklepach", "BL-T4NR autobus" } },
	{ "a numbered list", "1. BL-10KE - plakaty\n2. BL-T4NR - autobus", 2,
	    { "BL-10KE plakaty", "BL-T4NR autobus" } },
	{ "three parts for two consultations",
	    "BL-10KE plakaty\nBL-T4NR autobus\nBL-10KE tablice", 3,
	    { "BL-10KE plakaty", "BL-T4NR autobus", "BL-10KE tablice" } },
	{ "one code", "BL-10KE: plakaty w sklepach", 0, { NULL } },
	{ "the same code twice", "BL-10KE plakaty\nBL-10KE tablice", 0,
	    { NULL } },
	{ "a code that is only mentioned",
	    "BL-10KE: tak samo jak w BL-T4NR proszę o plakaty", 0, { NULL } },
	{ "two codes above one text", "BL-10KE\nBL-T4NR\n\nProszę o plakaty.",
	    0, { NULL } },
	{ "two codes in one line", "Dotyczy: BL-10KE, BL-T4NR\n\nPlakaty.", 0,
	    { NULL } },
	{ "one code has a slip", "BL-10KE plakaty\nBL-T4NP autobus", 0,
	    { NULL } },
};

static void
a_mail_about_two_consultations_has_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
		struct parsed mail;

		extract(&mail, cut[i].text);
		if (mail.n_pieces != cut[i].n)
			fail_msg(
			    "%s: %zu pieces", cut[i].sentence, mail.n_pieces);
		for (size_t k = 0; k < mail.n_pieces; k++) {
			struct buf b = { .max = 4096 };

			buf_add(&b, mail.pieces[k].code);
			buf_char(&b, ' ');
			buf_add(&b, mail.pieces[k].text);
			expect(cut[i].sentence, "piece", buf_span(&b),
			    cut[i].pieces[k]);
			buf_free(&b);
		}
		parsed_free(&mail);
	}
}

static void
language_and_provisions_are_noted(void **state)
{
	struct parsed mail;

	(void)state;
	extract(&mail, "Dzień dobry,\n\nW § 5 ust. 2 proponuję zmianę.\n");
	assert_true(span_is(mail.language, "pl"));
	assert_int_equal(mail.n_provisions, 1);
	assert_true(span_is(mail.provisions[0], "§ 5 ust. 2"));
	parsed_free(&mail);
}

/* Many codes in one line once took half a minute. */
static void
no_text_takes_more_than_its_time(void **state)
{
	static const char *const hostile[] = { "BL-7M4H ", "BL-7M4H\n",
		"BL-10KE x. BL-T4NR y. ", "§ 4 ", "zał. ust. pkt ", "Jan\n\n",
		"P.S. \n", "Dzień dobry\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		struct buf b = { .max = (1 << 20) + 64 };
		struct parsed mail;
		clock_t start = clock();

		while (b.n < 1 << 20)
			buf_str(&b, hostile[i]);
		extract(&mail, buf_cstr(&b));
		assert_true(mail.remark.n <= mail.new_text.n);
		parsed_free(&mail);
		buf_free(&b);
		if (clock() - start > 4 * (clock_t)CLOCKS_PER_SEC)
			fail_msg("too slow: [%s]", hostile[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_greeting_is_not_filed),
		cmocka_unit_test(the_end_of_a_letter_is_not_filed),
		cmocka_unit_test(a_line_that_only_names_the_code_is_not_filed),
		cmocka_unit_test(words_of_substance_are_filed),
		cmocka_unit_test(a_mail_about_two_consultations_has_pieces),
		cmocka_unit_test(language_and_provisions_are_noted),
		cmocka_unit_test(no_text_takes_more_than_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_attribution - the line that says who wrote the old message, in all programs */
#include "tests/unit/mail_check.h"

/* With an address in it, it stands above unquoted old text as well. */
static const char *const attributions[] = {
	"pt., 20 lis 2026 o 14:03 Konsultacje Powiat <konsultacje@powiat.example> napisał(a):",
	"sob., 12 gru 2026 o 05:28 <konsultacje@powiat.example> napisał(a):",
	"W dniu 20.11.2026 o 14:03, konsultacje@powiat.example pisze:",
	"W dniu 20.11.2026 o 14:03 Konsultacje <konsultacje@powiat.example> pisze:",
	"Dnia 20-11-2026 o godz. 14:03 Konsultacje <konsultacje@powiat.example> napisał(a):",
	"Dnia 20 listopada 2026 14:03 \"Konsultacje\" <konsultacje@powiat.example> napisał(a):",
	"W dniu piątek, 20 listopada 2026 14:03:12 CET użytkownik Konsultacje <konsultacje@powiat.example> napisał:",
	"20 lis 2026 14:03 \"Konsultacje\" <konsultacje@powiat.example> napisał(a):",
	"On Fri, 20 Nov 2026 at 14:03, Konsultacje <konsultacje@powiat.example> wrote:",
	"On Fri, Nov 20, 2026 at 2:03 PM Konsultacje <konsultacje@powiat.example> wrote:",
	"On 20/11/2026 14:03, Konsultacje <konsultacje@powiat.example> wrote:",
	"On Friday, November 20th, 2026 at 2:03 PM, Konsultacje <konsultacje@powiat.example> wrote:",
	"On Friday, 20 November 2026 at 14:03:21 CET, Konsultacje <konsultacje@powiat.example> wrote:",
	"Am Fr., 20. Nov. 2026 um 14:03 Uhr schrieb Konsultacje <konsultacje@powiat.example>:",
	"Konsultacje <konsultacje@powiat.example> schrieb am Fr., 20. Nov. 2026, 14:03:",
	"Am 20. November 2026 14:03:21 MEZ schrieb Konsultacje <konsultacje@powiat.example>:",
	"Le ven. 20 nov. 2026 à 14:03, Konsultacje <konsultacje@powiat.example> a écrit :",
	"Le 20/11/2026 à 14:03, Konsultacje <konsultacje@powiat.example> a écrit :",
	"El vie, 20 nov 2026 a las 14:03, Konsultacje (<konsultacje@powiat.example>) escribió:",
	"El 20/11/26 a las 14:03, Konsultacje <konsultacje@powiat.example> escribió:",
	"Il giorno ven 20 nov 2026 alle ore 14:03 Konsultacje <konsultacje@powiat.example> ha scritto:",
	"Em sex., 20 de nov. de 2026 às 14:03, Konsultacje <konsultacje@powiat.example> escreveu:",
	"A sex, 20/11/2026, 14:03, Konsultacje <konsultacje@powiat.example> escreveu:",
	"Op vr 20 nov 2026 om 14:03 schreef Konsultacje <konsultacje@powiat.example>:",
	"Op 20 nov 2026, om 14:03 heeft Konsultacje <konsultacje@powiat.example> het volgende geschreven:",
	"Den fre 20 nov. 2026 kl 14:03 skrev Konsultacje <konsultacje@powiat.example>:",
	"Den fre. 20. nov. 2026 kl. 14.03 skrev Konsultacje <konsultacje@powiat.example>:",
	"fre. 20. nov. 2026 kl. 14:03 skrev Konsultacje <konsultacje@powiat.example>:",
	"20. nov. 2026 kl. 14:03 skrev Konsultacje <konsultacje@powiat.example>:",
	"pe 20. marrask. 2026 klo 14.03 Konsultacje (konsultacje@powiat.example) kirjoitti:",
	"пт, 20 лист. 2026 р. о 14:03 Konsultacje <konsultacje@powiat.example> пише:",
	"20 листопада 2026 р. о 14:03 Konsultacje <konsultacje@powiat.example> написав(-ла):",
	"пт, 20 нояб. 2026 г. в 14:03, Konsultacje <konsultacje@powiat.example>:",
	"20.11.2026 14:03, Konsultacje <konsultacje@powiat.example> пишет:",
	"пятница, 20 ноября 2026, 14:03 +01:00 от Konsultacje <konsultacje@powiat.example>:",
	"pá 20. 11. 2026 v 14:03 odesílatel Konsultacje <konsultacje@powiat.example> napsal:",
	"Dne 20. 11. 2026 v 14:03, Konsultacje <konsultacje@powiat.example> napsal(a):",
	"Dňa pi 20. 11. 2026 o 14:03 Konsultacje <konsultacje@powiat.example> napísal(a):",
	"pi 20. 11. 2026 o 14:03 Konsultacje <konsultacje@powiat.example> napísal(a):",
	"Konsultacje <konsultacje@powiat.example> ezt írta (időpont: 2026. nov. 20., P, 14:03):",
	"2026. nov. 20. 14:03 keltezéssel, Konsultacje <konsultacje@powiat.example> írta:",
	"În vin., 20 nov. 2026 la 14:03, Konsultacje <konsultacje@powiat.example> a scris:",
	"2026-11-20, pn, 14:03 Konsultacje <konsultacje@powiat.example> rašė:",
	"2026年11月20日(金) 14:03 Konsultacje <konsultacje@powiat.example>:",
	"Konsultacje <konsultacje@powiat.example> 于2026年11月20日周五 14:03写道：",
	"Wiadomość napisana przez Konsultacje <konsultacje@powiat.example> w dniu 20 lis 2026, o godz. 14:03:",
	"---- W dniu pt, 20 lis 2026 14:03:12 +0100 Konsultacje <konsultacje@powiat.example> napisał(a) ----",
	"---- On Fri, 20 Nov 2026 14:03:12 +0100 Konsultacje <konsultacje@powiat.example> wrote ---",
	"20.11.2026 14:03 - Konsultacje <konsultacje@powiat.example> napisał(a):",
	"\"Konsultacje\" <konsultacje@powiat.example> napisał(a):",
	"Konsultacje <konsultacje@powiat.example> pisze:",
	"Użytkownik Konsultacje <konsultacje@powiat.example> napisał:",
	"Dnia 2026-11-20 14:03 Konsultacje <konsultacje@powiat.example> napisał(a):",
	"Dnia piątek, 20 listopada 2026 14:03:21 CET Konsultacje <konsultacje@powiat.example> pisze:",
};

/* These are never broken over lines. */
static const char *const framed_attributions[] = {
	">>> Konsultacje <konsultacje@powiat.example> 20.11.2026 14:03 >>>",
	">>> Konsultacje 20.11.2026 14:03 >>>",
};

/* Without an address: '>' must follow. */
static const char *const short_attributions[] = {
	"W dniu 20.11.2026 o 14:03, Konsultacje pisze:",
	"W dniu 2026-11-20 o 14:03, Konsultacje pisze:",
	"On 20.11.2026 14:03, Konsultacje wrote:",
	"On 11/20/26 2:03 PM, Konsultacje wrote:",
	"Am 20.11.26 um 14:03 schrieb Konsultacje:",
	"Le 20/11/2026 à 14:03, Konsultacje a écrit :",
	"Il 20/11/2026 14:03, Konsultacje ha scritto:",
	"Op 20-11-2026 om 14:03 schreef Konsultacje:",
	"Den 2026-11-20 kl. 14:03, skrev Konsultacje:",
	"Konsultacje schrieb am 20.11.2026 um 14:03:",
	"Konsultacje wrote on 20.11.2026 14:03:",
	"Konsultacje пише 20.11.2026 14:03:",
	"Konsultacje Powiat pisze:",
	"Konsultacje Powiat napisał(a):",
	"Konsultacje Powiat napisał/a:",
	"Konsultacje Powiat wrote:",
	"Konsultacje schrieb:",
	"Dnia Fri, Nov 20, 2026 at 02:03:30PM +0100, Konsultacje napisał(a):",
	"20.11.26 14:03, Konsultacje пише:",
	"Dne 20. 11. 26 v 14:03 Konsultacje napsal(a):",
	"Dňa 20. 11. 2026 o 14:03 Konsultacje napísal(a):",
	"W piątek, 20.11.2026, o godz. 14:03 +0100, Konsultacje pisze:",
	"Konsultacje, 20.11.2026 14:03:",
	"piątek, 20 listopada 2026, 14:03:21, napisałeś:",
	"Cytowanie Konsultacje <konsultacje@powiat.example>:",
	"Quoting Konsultacje <konsultacje@powiat.example>:",
	"Zitat von Konsultacje <konsultacje@powiat.example>:",
};

/* Breaks `line` into lines of at most `width` bytes where spaces are. */
static void
wrap(struct buf *out, const char *line, size_t width)
{
	size_t start = 0, space = 0;

	for (size_t i = 0; line[i] != '\0'; i++) {
		if (line[i] == ' ')
			space = i;
		if (i - start < width || space <= start)
			continue;
		buf_add(out, (struct span){ line + start, space - start });
		buf_char(out, '\n');
		start = space + 1;
	}
	buf_str(out, line + start);
}

static void
check_attribution(const char *a)
{
	static const size_t widths[] = { 76, 60, 45 };

	check_parts(a, "above a quote",
	    (const char *const[5]){ OWN, "\n\n", a, "\n", QUOTED }, OWN);
	check_parts(a, "right below the words",
	    (const char *const[5]){ OWN, "\n", a, "\n", QUOTED }, OWN);
	check_parts(a, "two empty lines below",
	    (const char *const[5]){ OWN, "\n\n", a, "\n\n\n", QUOTED }, OWN);
	check_parts(a, "and words below the quote",
	    (const char *const[5]){ OWN "\n\n", a, "\n", QUOTED, "\n" BELOW },
	    OWN " " BELOW);
	check_parts(a, "words below only",
	    (const char *const[5]){ a, "\n", QUOTED, "\n" BELOW, NULL }, BELOW);
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		struct buf b = { .max = 4096 };

		wrap(&b, a, widths[i]);
		check_parts(a, "wrapped",
		    (const char *const[5]){
			OWN, "\n\n", buf_cstr(&b), "\n", QUOTED },
		    OWN);
		buf_free(&b);
	}
}

static void
a_framed_name_and_date_take_all_below(void **state)
{
	(void)state;
	for (size_t i = 0;
	     i < sizeof(framed_attributions) / sizeof(framed_attributions[0]);
	     i++)
		check_parts(framed_attributions[i], "above plain old text",
		    (const char *const[5]){
			OWN, "\n\n", framed_attributions[i], "\n", OLD },
		    OWN);
}

static void
attributions_of_all_programs_go_with_the_quote(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(attributions) / sizeof(attributions[0]);
	     i++)
		check_attribution(attributions[i]);
	for (size_t i = 0;
	     i < sizeof(short_attributions) / sizeof(short_attributions[0]);
	     i++)
		check_attribution(short_attributions[i]);
}

static void
an_attribution_with_an_address_ends_the_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(attributions) / sizeof(attributions[0]);
	     i++) {
		const char *a = attributions[i];

		check_parts(a, "above plain old text",
		    (const char *const[5]){ OWN, "\n\n", a, "\n\n", OLD }, OWN);
		check_parts(a, "between the lines",
		    (const char *const[5]){ OWN, "\n", a, "\n", OLD }, OWN);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_framed_name_and_date_take_all_below),
		cmocka_unit_test(
		    attributions_of_all_programs_go_with_the_quote),
		cmocka_unit_test(an_attribution_with_an_address_ends_the_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_label_block - the copied head of an old message, in many languages */
#include "tests/unit/mail_check.h"

static const struct {
	const char *sentence, *block;
} blocks[] = {
	{ "pl outlook", "Od: Konsultacje <k@p.example>\n"
			"Wysłano: piątek, 20 listopada 2026 14:03\n"
			"Do: Jan <j@k.example>\n"
			"Temat: Kons" },
	{ "pl outlook no addr", "Od: Konsultacje powiatowe\n"
				"Wysłano: piątek, 20 listopada 2026 14:03\n"
				"Do: Jan Kowalski\n"
				"Temat: Kons" },
	{ "pl missing Do", "Od: Konsultacje <k@p.example>\n"
			   "Wysłano: piątek, 20 listopada 2026 14:03\n"
			   "Temat: Kons" },
	{ "pl missing Temat", "Od: Konsultacje <k@p.example>\n"
			      "Wysłano: piątek, 20 listopada 2026 14:03\n"
			      "Do: Jan" },
	{ "pl missing Od", "Wysłano: piątek, 20 listopada 2026 14:03\n"
			   "Do: Jan <j@k.example>\n"
			   "Temat: Kons" },
	{ "bold", "*Od:* Konsultacje <k@p.example>\n"
		  "*Wysłano:* piątek, 20 listopada 2026 14:03\n"
		  "*Do:* Jan\n"
		  "*Temat:* Kons" },
	{ "bold2", "**Od:** Konsultacje <k@p.example>\n"
		   "**Wysłano:** piątek, 20 listopada 2026 14:03\n"
		   "**Do:** Jan\n"
		   "**Temat:** Kons" },
	{ "spaced", "Od: Konsultacje <k@p.example>\n"
		    "\n"
		    "Wysłano: piątek, 20 listopada 2026 14:03\n"
		    "\n"
		    "Do: Jan\n"
		    "\n"
		    "Temat: Kons" },
	{ "wrapped",
	    "Od: Konsultacje Społeczne Starostwa Powiatowego w Przykładowie\n"
	    "<konsultacje@powiat.example>\n"
	    "Wysłano: piątek, 20 listopada 2026 14:03\n"
	    "Do: Jan\n"
	    "Temat: Bardzo długi temat wiadomości, który\n"
	    " zawija się do drugiej linii" },
	{ "rule", "-----Wiadomość oryginalna-----\n"
		  "Od: K <k@p.example>\n"
		  "Wysłano: 20 listopada 2026 14:03\n"
		  "Do: J\n"
		  "Temat: x" },
	{ "rule2", "-------- Pierwotna wiadomość --------\n"
		   "Od: K <k@p.example>\n"
		   "Data: 20.11.2026 14:03\n"
		   "Do: j@k.example\n"
		   "Temat: x" },
	{ "under", "________________________________\n"
		   "Od: K <k@p.example>\n"
		   "Wysłane: piątek, 20 listopada 2026 14:03\n"
		   "Do: J\n"
		   "Temat: x" },
	{ "under en", "________________________________\n"
		      "From: K <k@p.example>\n"
		      "Sent: Friday, November 20, 2026 2:03 PM\n"
		      "To: J\n"
		      "Subject: x" },
	{ "glued",
	    "Temat: RE: Konsultacje 2026-11-20 14:03Nadawca: K <k@p.example>Adresat: j@k.example" },
	{ "glued2",
	    "Od: K <k@p.example> Wysłano: 20 listopada 2026 14:03 Do: J Temat: x" },
	{ "tb fwd", "-------- Treść przekazanej wiadomości --------\n"
		    "Temat: \tx\n"
		    "Data: \tFri, 20 Nov 2026 14:03:00 +0100\n"
		    "Nadawca: \tK <k@p.example>\n"
		    "Adresat: \tj@k.example" },
	{ "gmail fwd", "---------- Forwarded message ---------\n"
		       "Od: K <k@p.example>\n"
		       "Date: pt., 20 lis 2026 o 14:03\n"
		       "Subject: x\n"
		       "To: <j@k.example>" },
	{ "gmail fwd pl", "---------- Wiadomość przekazana dalej ---------\n"
			  "Od: K <k@p.example>\n"
			  "Data: pt., 20 lis 2026 o 14:03\n"
			  "Temat: x\n"
			  "Do: <j@k.example>" },
	{ "yahoo glued",
	    "----- Przekazana wiadomość ----- Od: K <k@p.example>Do: j@k.exampleWysłano: piątek, 20 listopada 2026Temat: x" },
	{ "de", "Von: K <k@p.example>\n"
		"Gesendet: Freitag, 20. November 2026 14:03\n"
		"An: J\n"
		"Betreff: x" },
	{ "de rule", "-----Ursprüngliche Nachricht-----\n"
		     "Von: K [mailto:k@p.example]\n"
		     "Gesendet: Freitag, 20. November 2026 14:03\n"
		     "An: J\n"
		     "Betreff: x" },
	{ "uk", "Від: K <k@p.example>\n"
		"Надіслано: 20 листопада 2026 р. 14:03\n"
		"Кому: J\n"
		"Тема: x" },
	{ "uk apple", "Початок листа, що пересилається:\n"
		      "\n"
		      "Від кого: K <k@p.example>\n"
		      "Тема: x\n"
		      "Дата: 20 листопада 2026 р. о 14:03:00\n"
		      "Кому: J" },
	{ "ru", "От: K <k@p.example>\n"
		"Отправлено: 20 ноября 2026 г. 14:03\n"
		"Кому: J\n"
		"Тема: x" },
	{ "cs", "Od: K <k@p.example>\n"
		"Odesláno: pátek 20. listopadu 2026 14:03\n"
		"Komu: J\n"
		"Předmět: x" },
	{ "sk", "Od: K <k@p.example>\n"
		"Odoslané: piatok 20. novembra 2026 14:03\n"
		"Komu: J\n"
		"Predmet: x" },
	{ "fr", "De : K <k@p.example>\n"
		"Envoyé : vendredi 20 novembre 2026 14:03\n"
		"À : J\n"
		"Objet : x" },
	{ "es", "De: K <k@p.example>\n"
		"Enviado: viernes, 20 de noviembre de 2026 14:03\n"
		"Para: J\n"
		"Asunto: x" },
	{ "it", "Da: K <k@p.example>\n"
		"Inviato: venerdì 20 novembre 2026 14:03\n"
		"A: J\n"
		"Oggetto: x" },
	{ "pt", "De: K <k@p.example>\n"
		"Enviada: sexta-feira, 20 de novembro de 2026 14:03\n"
		"Para: J\n"
		"Assunto: x" },
	{ "nl", "Van: K <k@p.example>\n"
		"Verzonden: vrijdag 20 november 2026 14:03\n"
		"Aan: J\n"
		"Onderwerp: x" },
	{ "sv", "Från: K <k@p.example>\n"
		"Skickat: den 20 november 2026 14:03\n"
		"Till: J\n"
		"Ämne: x" },
	{ "da", "Fra: K <k@p.example>\n"
		"Sendt: 20. november 2026 14:03\n"
		"Til: J\n"
		"Emne: x" },
	{ "no", "Fra: K <k@p.example>\n"
		"Sendt: fredag 20. november 2026 14:03\n"
		"Til: J\n"
		"Emne: x" },
	{ "fi", "Lähettäjä: K <k@p.example>\n"
		"Lähetetty: perjantai 20. marraskuuta 2026 14.03\n"
		"Vastaanottaja: J\n"
		"Aihe: x" },
	{ "apple", "Początek przekazywanej wiadomości:\n"
		   "\n"
		   "Od: K <k@p.example>\n"
		   "Temat: x\n"
		   "Data: 20 listopada 2026 o 14:03:00 CET\n"
		   "Do: j@k.example" },
	{ "proton",
	    "------- Oryginalna wiadomość -------\n"
	    "W dniu piątek, 20 listopada 2026 14:03, K <k@p.example> napisał(a):" },
	{ "samsung", "-------- Oryginalna wiadomość --------\n"
		     "Od: K <k@p.example>\n"
		     "Data: 20.11.2026 14:03 (GMT+01:00)\n"
		     "Do: j@k.example\n"
		     "Temat: x" },
	{ "seznam", "---------- Původní e-mail ----------\n"
		    "Od: K <k@p.example>\n"
		    "Komu: j@k.example\n"
		    "Datum: 20. 11. 2026 14:03:00\n"
		    "Předmět: x" },
	{ "lotus", "Od:\tK/Urzad/PL\n"
		   "Do:\tj@k.example\n"
		   "Data:\t2026-11-20 14:03\n"
		   "Temat:\tx" },
	{ "nbsp", "Od: Konsultacje <k@p.example>\n"
		  "Wysłano: piątek, 20 listopada 2026 14:03\n"
		  "Do: Jan\n"
		  "Temat: Kons" },
};

static void
heads_of_old_messages_end_the_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		const char *s = blocks[i].sentence, *b = blocks[i].block;

		check_parts(s, "above the old text",
		    (const char *const[5]){ OWN, "\n\n", b, "\n\n", OLD }, OWN);
		check_parts(s, "right below the words",
		    (const char *const[5]){ OWN, "\n", b, "\n\n", OLD }, OWN);
		check_parts(s, "right above the old text",
		    (const char *const[5]){ OWN, "\n\n", b, "\n", OLD }, OWN);
		check_parts(s, "above a quote, words below",
		    (const char *const[5]){
			OWN "\n\n", b, "\n\n", QUOTED, "\n" BELOW },
		    OWN " " BELOW);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_of_old_messages_end_the_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

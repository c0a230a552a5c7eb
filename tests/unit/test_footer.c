/* test_footer - signatures, small print and banners */
#include "tests/unit/mail_check.h"

#define WISH "Dzień dobry,\n\nProszę o wiatę przy szkole."

static const struct {
	const char *sentence, *end, *stays;
} ends[] = {
	{ "sig dash",
	    "\n"
	    "\n"
	    "-- \n"
	    "Jan Kowalski\n"
	    "tel. 110 000 101",
	    "" },
	{ "sig dash nospace",
	    "\n"
	    "\n"
	    "--\n"
	    "Jan Kowalski\n"
	    "tel. 110 000 101",
	    "" },
	{ "sig bold",
	    "\n"
	    "\n"
	    "*-- *\n"
	    "*Jan Kowalski*\n"
	    "tel. 110 000 101",
	    "" },
	{ "sig under",
	    "\n"
	    "\n"
	    "__\n"
	    "Jan Kowalski\n"
	    "tel. 110 000 101",
	    "" },
	{ "sig long under",
	    "\n"
	    "\n"
	    "______________________\n"
	    "Jan Kowalski\n"
	    "tel. 110 000 101",
	    "" },
	{ "closing",
	    "\n"
	    "\n"
	    "Pozdrawiam\n"
	    "Jan Kowalski",
	    "\n"
	    "\n"
	    "Pozdrawiam\n"
	    "Jan Kowalski" },
	{ "closing one",
	    "\n"
	    "\n"
	    "Pozdrawiam, Jan Kowalski",
	    "\n"
	    "\n"
	    "Pozdrawiam, Jan Kowalski" },
	{ "closing comma",
	    "\n"
	    "\n"
	    "Pozdrawiam serdecznie,\n"
	    "Jan",
	    "\n"
	    "\n"
	    "Pozdrawiam serdecznie,\n"
	    "Jan" },
	{ "closing card",
	    "\n"
	    "\n"
	    "Pozdrawiam\n"
	    "Jan Kowalski\n"
	    "Prezes Zarządu\n"
	    "Fundacja X\n"
	    "tel. 110 000 101",
	    "" },
	{ "closing card blank",
	    "\n"
	    "\n"
	    "Z poważaniem\n"
	    "\n"
	    "Jan Kowalski\n"
	    "\n"
	    "Prezes Zarządu\n"
	    "\n"
	    "ul. Wzorcowa 1, 43-155 Bieruń\n"
	    "\n"
	    "NIP: 000-000-00-00",
	    "" },
	{ "closing sig",
	    "\n"
	    "\n"
	    "Pozdrawiam\n"
	    "Jan\n"
	    "\n"
	    "-- \n"
	    "Jan Kowalski\n"
	    "Firma",
	    "\n"
	    "\n"
	    "Pozdrawiam\n"
	    "Jan" },
	{ "iphone",
	    "\n"
	    "\n"
	    "Wysłane z iPhone'a",
	    "" },
	{ "iphone ’",
	    "\n"
	    "\n"
	    "Wysłane z iPhone’a",
	    "" },
	{ "ipad",
	    "\n"
	    "\n"
	    "Wysłane z mojego iPada",
	    "" },
	{ "iphone glued",
	    "\n"
	    "Wysłane z iPhone'a",
	    "" },
	{ "samsung",
	    "\n"
	    "\n"
	    "Wysłane z mojego urządzenia Galaxy",
	    "" },
	{ "samsung2",
	    "\n"
	    "\n"
	    "Wysłano z urządzenia Samsung Galaxy",
	    "" },
	{ "samsung3",
	    "\n"
	    "\n"
	    "\n"
	    "\n"
	    "Wysłano ze smartfonu Samsung Galaxy.",
	    "" },
	{ "outlook ios",
	    "\n"
	    "\n"
	    "Pobierz aplikację Outlook dla systemu iOS",
	    "" },
	{ "outlook ios url",
	    "\n"
	    "\n"
	    "Pobierz program Outlook dla systemu iOS<https://aka.ms/o0ukef>",
	    "" },
	{ "outlook android en",
	    "\n"
	    "\n"
	    "Get Outlook for Android<https://aka.ms/AAb9ysg>",
	    "" },
	{ "win mail",
	    "\n"
	    "\n"
	    "Wysłane z aplikacji Poczta<https://go.microsoft.com/fwlink/?LinkId=550986> dla Windows",
	    "" },
	{ "win mail en",
	    "\n"
	    "\n"
	    "Sent from Mail<https://go.microsoft.com/fwlink/?LinkId=550986> for Windows 10",
	    "" },
	{ "proton",
	    "\n"
	    "\n"
	    "Sent with [Proton Mail](https://proton.me/) secure email.",
	    "" },
	{ "proton2",
	    "\n"
	    "\n"
	    "Wysłano z bezpiecznej poczty Proton Mail.",
	    "" },
	{ "yahoo",
	    "\n"
	    "\n"
	    "Wysłane z aplikacji Yahoo Mail na Androida",
	    "" },
	{ "yahoo en",
	    "\n"
	    "\n"
	    "Sent from Yahoo Mail on Android",
	    "" },
	{ "wp",
	    "\n"
	    "\n"
	    "Wysłano z aplikacji mobilnej WP Poczta",
	    "" },
	{ "onet",
	    "\n"
	    "\n"
	    "Wysłane z aplikacji Onet Poczta",
	    "" },
	{ "gmx",
	    "\n"
	    "\n"
	    "Gesendet mit der GMX Mail App",
	    "" },
	{ "k9",
	    "\n"
	    "\n"
	    "-- \n"
	    "Wysłane za pomocą K-9 Mail.",
	    "" },
	{ "bb",
	    "\n"
	    "\n"
	    "Sent from my BlackBerry 10 smartphone.",
	    "" },
	{ "huawei",
	    "\n"
	    "\n"
	    "Wysłane z mojego telefonu Huawei",
	    "" },
	{ "tb",
	    "\n"
	    "\n"
	    "-- \n"
	    "Sent from Mozilla Thunderbird",
	    "" },
	{ "uk iphone",
	    "\n"
	    "\n"
	    "Надіслано з iPhone",
	    "" },
	{ "en iphone",
	    "\n"
	    "\n"
	    "Sent from my iPhone",
	    "" },
	{ "poufn",
	    "\n"
	    "\n"
	    "Pozdrawiam\n"
	    "Jan Kowalski\n"
	    "\n"
	    "Niniejsza wiadomość jest przeznaczona wyłącznie dla adresata i może zawierać informacje poufne. Jeśli nie jest Pan/Pani adresatem, prosimy o jej usunięcie.",
	    "\n"
	    "\n"
	    "Pozdrawiam\n"
	    "Jan Kowalski" },
	{ "rodo",
	    "\n"
	    "\n"
	    "Pozdrawiam\n"
	    "Jan Kowalski\n"
	    "\n"
	    "Administratorem Pani/Pana danych osobowych jest Firma X. Dane przetwarzamy zgodnie z RODO.",
	    "\n"
	    "\n"
	    "Pozdrawiam\n"
	    "Jan Kowalski" },
	{ "conf en",
	    "\n"
	    "\n"
	    "Regards\n"
	    "Jan Kowalski\n"
	    "\n"
	    "CONFIDENTIALITY NOTICE: This e-mail and any attachments are for the exclusive and confidential use of the intended recipient.",
	    "\n"
	    "\n"
	    "Regards\n"
	    "Jan Kowalski" },
	{ "conf stars",
	    "\n"
	    "\n"
	    "Pozdrawiam\n"
	    "Jan Kowalski\n"
	    "\n"
	    "**********\n"
	    "This message is confidential and intended for the recipient only.\n"
	    "**********",
	    "\n"
	    "\n"
	    "Pozdrawiam\n"
	    "Jan Kowalski" },
	{ "eco",
	    "\n"
	    "\n"
	    "Pozdrawiam\n"
	    "Jan Kowalski\n"
	    "\n"
	    "Pomyśl o środowisku, zanim wydrukujesz tę wiadomość.",
	    "\n"
	    "\n"
	    "Pozdrawiam\n"
	    "Jan Kowalski" },
	{ "avast",
	    "\n"
	    "\n"
	    "-- \n"
	    "Ta wiadomość e-mail została sprawdzona pod kątem wirusów przez oprogramowanie AVAST.\n"
	    "https://www.avast.com/antivirus",
	    "" },
	{ "avast2",
	    "\n"
	    "\n"
	    "Ta wiadomość została sprawdzona na obecność wirusów przez oprogramowanie antywirusowe Avast.\n"
	    "www.avast.com",
	    "" },
	{ "virusfree",
	    "\n"
	    "\n"
	    "Bez wirusów.www.avast.com <https://www.avast.com/sig-email>\n"
	    "<#DAB4FAD8-2DD7-40BB-A1B8-4E2AA1F9FDF2>",
	    "" },
	{ "virusfree en",
	    "\n"
	    "\n"
	    "Virus-free.www.avast.com",
	    "" },
	{ "ggroup",
	    "\n"
	    "\n"
	    "-- \n"
	    "You received this message because you are subscribed to the Google Groups \"x\" group.\n"
	    "To unsubscribe from this group and stop receiving emails from it, send an email to x+unsubscribe@googlegroups.com.",
	    "" },
	{ "image",
	    "\n"
	    "\n"
	    "[image: logo.png]",
	    "" },
	{ "image cid",
	    "\n"
	    "\n"
	    "[cid:image001.png@01D9]",
	    "" },
	{ "ps",
	    "\n"
	    "\n"
	    "Pozdrawiam\n"
	    "Jan Kowalski\n"
	    "\n"
	    "P.S. Ławki też by się przydały.",
	    "\n"
	    "\n"
	    "Pozdrawiam\n"
	    "Jan Kowalski\n"
	    "\n"
	    "P.S. Ławki też by się przydały." },
	{ "ps card",
	    "\n"
	    "\n"
	    "Pozdrawiam\n"
	    "Jan Kowalski\n"
	    "Prezes\n"
	    "tel. 110 000 101\n"
	    "\n"
	    "PS Ławki też by się przydały.",
	    "\n"
	    "\n"
	    "PS Ławki też by się przydały." },
};

static void
signatures_and_small_print_go(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		const char *s = ends[i].sentence;
		struct buf want = { .max = 4096 };

		buf_str(&want, WISH);
		buf_str(&want, ends[i].stays);
		check_parts(s, "at the end",
		    (const char *const[5]){ WISH, ends[i].end, "\n", NULL },
		    buf_cstr(&want));
		check_parts(s, "above a quote",
		    (const char *const[5]){ WISH, ends[i].end,
			"\n\nW dniu 20.11.2026 o 14:03, X pisze:\n", QUOTED },
		    buf_cstr(&want));
		buf_str(&want, " " BELOW);
		check_parts(s, "above a quote with words below",
		    (const char *const[5]){ WISH, ends[i].end,
			"\n\nW dniu 20.11.2026 o 14:03, X pisze:\n", QUOTED,
			"\n" BELOW },
		    buf_cstr(&want));
		buf_free(&want);
	}
}

static const char *const banners[] = {
	"*** Wiadomość zewnętrzna - zachowaj ostrożność ***\n"
	"\n",
	"[EXTERNAL]\n"
	"\n",
	"UWAGA: Ta wiadomość pochodzi spoza organizacji. Nie klikaj w linki.\n"
	"\n",
	"Nie otrzymujesz często wiadomości e-mail z adresu jan@k.example. Dowiedz się, dlaczego jest to ważne<https://aka.ms/LearnAboutSenderIdentification>\n"
	"\n",
	"CAUTION: This email originated from outside of the organization. Do not click links.\n"
	"\n",
	"You don't often get email from jan@k.example. Learn why this is important\n"
	"\n",
	"Ostrzeżenie: wiadomość od nadawcy zewnętrznego\n"
	"\n",
};

static void
banners_of_the_gateway_go(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(banners) / sizeof(banners[0]); i++)
		check_parts(banners[i], "on top",
		    (const char *const[5]){ banners[i], WISH, NULL }, WISH);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_and_small_print_go),
		cmocka_unit_test(banners_of_the_gateway_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

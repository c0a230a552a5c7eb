/* footer - what mail programs, companies and lists hang on a mail */
#include "parsers/footer.h"

#include "parsers/phrase.h"

#include <string.h>

enum {
	CLIENT_MAX = 300,
	CLIENT_WORDS_MAX = 9,
	CLIENT_ATTACHED_MAX = 60, /* with words right above it */
	PICTURE_MAX = 300,
	NOTICE_MIN = 20,
	NOTICE_HEAD = 80, /* bytes; longer than what notices begin with */
};

/* All tables are folded. */
static const char *const clients[] = { "wyslane z", "wyslano z", "wyslane ze",
	"wyslano ze", "wyslane przy", "wyslano przy", "wyslane za pomoca",
	"wyslano za pomoca", "wyslana z", "nadeslane z", "nadano z",
	"napisane na", "napisano na", "otrzymaj aplikacje outlook",
	"otrzymaj outlook", "wiadomosc wyslana z", "wiadomosc wyslano z",
	"pobierz aplikacje outlook", "pobierz program outlook",
	"pobierz outlook", "uzyskaj aplikacje outlook",
	"uzyskaj program outlook", "uzyskaj outlook", "sent from", "sent via",
	"sent with", "sent using", "sent by", "get outlook for",
	"download outlook for", "get bluemail for", "pobierz bluemail",
	"get typeapp for", "von meinem", "von meiner", "gesendet von",
	"gesendet mit", "gesendet aus", "holen sie sich outlook", "outlook fur",
	"diese nachricht wurde von meinem", "envoye de", "envoye depuis",
	"envoye a partir", "envoye avec", "telecharger outlook",
	"obtenez outlook", "inviato da", "inviato dal", "inviato con",
	"scarica outlook", "ottieni outlook", "enviado desde", "enviado con",
	"enviado do", "enviado a partir", "enviado via", "obtener outlook",
	"obter o outlook", "verzonden vanaf", "verzonden met",
	"verstuurd vanaf", "outlook voor", "skickat fran", "skickat med",
	"sendt fra", "sendt med", "sendt via", "hent outlook", "hamta outlook",
	"skaff deg outlook", "lahetetty", "надіслано з", "надіслано за",
	"відправлено з", "отримати outlook", "отправлено с", "отправлено из",
	"скачать outlook", "odeslano z", "odeslano pomoci", "odoslane z",
	"ziskejte outlook", "ziskat aplikaci outlook", "ziskat outlook",
	"trimis de pe", "kuldve", "siusta is", "yahoo mail:", NULL };

static const char *const devices[] = { "iphone", "ipad", "ipod", "apple",
	"android", "samsung", "galaxy", "huawei", "xiaomi", "redmi", "honor",
	"oppo", "motorola", "nokia", "sony", "xperia", "pixel", "oneplus",
	"blackberry", "windows", "outlook", "gmail", "poczt", "mail", "k-9",
	"yahoo", "onet", "o2", "interia", "thunderbird", "proton", "tutanota",
	"tuta.", "smartphone", "smartfon", "telefon", "phone", "handy",
	"urzadz", "mobil", "komork", "tablet", "aplikacj", "app", "gerat",
	"appareil", "пристро", "телефон", "аифон", "почт", "пошт", "mobile",
	"ipado", NULL };

/* "Wysłane z telefonu było już raz": a sentence about what was sent. */
static const char *const past[] = { "bylo", "byla", "byly", "zostalo",
	"zostala", "was", "were", "wurde", "wurden", NULL };

/* A notice begins with one of these and holds one of those below. */
static const char *const notices[] = { "niniejsza wiadomosc",
	"niniejszy e-mail", "niniejszy email", "niniejsza korespondencja",
	"ta wiadomosc", "tresc tej wiadomosci", "tresc niniejszej",
	"tresc wiadomosci", "wiadomosc ta", "wiadomosc ma charakter",
	"wiadomosc zawiera", "wiadomosc jest", "ten e-mail", "ten email",
	"informacje zawarte", "informacja zawarta", "zawartosc tej wiadomosci",
	"zawartosc niniejszej", "zawarte w tej wiadomosci", "administratorem",
	"administrator danych", "administratorami", "klauzula",
	"uwaga: wiadomosc", "uwaga! wiadomosc", "uwaga: niniejsza",
	"zastrzezenie", "nota prawna", "poufne", "tajemnica", "jezeli nie jest",
	"jesli nie jest", "jezeli nie sa", "jesli nie sa", "jezeli otrzymal",
	"jesli otrzymal", "w przypadku otrzymania", "zgodnie z art. 13",
	"zgodnie z art. 14", "na podstawie art. 13",
	"informujemy, ze administratorem", "przetwarzamy", "rodo",
	"informacja o przetwarzaniu", "informacje o przetwarzaniu",
	"szczegolowe informacje o przetwarzaniu", "dane osobowe",
	"panstwa dane osobowe", "pani/pana dane", "przed wydrukowaniem",
	"prosimy nie drukowac", "zanim wydrukujesz", "pomysl o srodowisku",
	"prosze pomysl", "prosimy pomyslec", "chron srodowisko", "dbajac o",
	"czy musisz drukowac", "wolne od wirusow", "bez wirusow",
	"p przed wydrukowaniem", "wiadomosc wolna", "nie zawiera wirusow",
	"this e-mail", "this email", "this message", "this communication",
	"this transmission", "the information", "the contents of this",
	"the content of this", "confidential", "confidentiality", "disclaimer",
	"notice:", "if you are not", "if you have received", "any unauthorized",
	"please consider the environment", "please think before",
	"consider the environment", "virus-free", "scanned by", "diese e-mail",
	"diese nachricht", "dieses e-mail", "der inhalt dieser", "vertraulich",
	"hinweis:", "ce message", "ce courriel", "cet e-mail",
	"le informazioni", "questo messaggio", "questa e-mail", "este mensaje",
	"este correo", "esta mensagem", "dit bericht", "deze e-mail",
	"detta meddelande", "denne e-mail", "це повідомлення", "цеи лист",
	"данное сообщение", "tato zprava", "tento e-mail", "tato sprava",
	"tento email", NULL };
static const char *const notice_words[] = { "poufn", "adresat", "adresowan",
	"odbiorc", "ochron", "rodo", "gdpr", "przetwarz", "danych osobowych",
	"tajemnic", "zabronion", "omylkow", "administrator", "inspektor",
	"usuniec", "drukowa", "wydruk", "drukuj", "wirus", "avast", "eset",
	"avg", "confidential", "privileged", "intended", "recipient",
	"unauthori", "personal data", "printing", "virus", "vertraulich",
	"empfanger", "confidentiel", "destinataire", "riservat", "destinatari",
	"confidencial", "vertrouwelijk", "geadresseerde", "konfidentiell",
	"fortrolig", "конфіденц", "конфиденц", "duvern", "dovern", NULL };

/* These are also what a remark can be about, so more of those words are asked
 * for where no letter has ended above. */
static const char *const notice_topics[] = { "administratorem",
	"administrator danych", "administratorami", "klauzula", "poufne",
	"tajemnica", "zgodnie z art. 13", "zgodnie z art. 14",
	"na podstawie art. 13", "przetwarzamy", "rodo", "dane osobowe",
	"informacja o przetwarzaniu", "informacje o przetwarzaniu",
	"panstwa dane osobowe", "dbajac o", "wolne od wirusow", "bez wirusow",
	"zastrzezenie", "the information", "confidential", "confidentiality",
	"vertraulich", "hinweis:", "notice:", NULL };

/* Words of somebody who wants such topics dealt with. */
static const char *const opinions[] = { "powinn", "powinien", "uwazam", "wnosz",
	"wnosim", "proponuj", "moim zdaniem", "naszym zdaniem", "dlaczego",
	"brakuje", "should", "i think", "we propose", NULL };

/* How companies name themselves, as the law asks; three of these. */
static const char *const registers[] = { "nip", "regon", "krs", "z siedziba",
	"sad rejonow", "sadzie rejonow", "sadem rejonow", "kapital zakladow",
	"kapitalem zakladow", "wydzial gospodarcz", "rejestru przedsiebior",
	"rejestrze przedsiebior", "sp. z o.o.", "sp. z o. o.", "spolka akcyjna",
	"handelsregister", "amtsgericht", "geschaftsfuhrer", "ust-id",
	"registered office", "registered in", "company number", "company no",
	NULL };

/* Of these, one is enough wherever it stands. */
static const char *const strong_words[] = { "drukowa", "wydruk", "drukuj",
	"printing", "consider the environment", "wirus", "virus", "avast",
	NULL };

static const char *const lists[] = { "mailing list", "lista dyskusyjna",
	"otrzymales te wiadomosc, poniewaz subskrybujesz",
	"otrzymujesz te wiadomosc, poniewaz subskrybujesz",
	"you received this message because you are subscribed",
	"to unsubscribe from this group", "aby wypisac sie z tej grupy",
	"aby anulowac subskrypcje tej grupy", NULL };

static const char *const banner_starts[] = { "uwaga", "ostrzezenie",
	"ostroznie", "external", "caution", "warning", "attention", "[external",
	"[ext]", "[zewn", "wiadomosc zewn", "wiadomosc spoza", "ta wiadomosc",
	"this email", "this message", "this e-mail", "niniejsza wiadomosc",
	"nie otrzymujesz czesto", "you don't often", "you don’t often",
	"nie masz czesto", "nadawca zewn", "poczta zewn", "e-mail zewn",
	"email zewn", "mail zewn", "achtung", "vorsicht", "externe", "extern",
	NULL };
/* Of somebody who speaks of such mails. */
static const char *const wants[] = { "powinn", "powinien", "uwazam", "wnosz",
	"wnosim", "proponuj", "should be", "we propose", NULL };
static const char *const banner_mails[] = { "wiadomosc", "wiadomosci", "mail",
	"e-mail", "email", "message", "nachricht", "poczta", NULL };
static const char *const banner_words[] = { "spoza", "zewnetrz", "z zewnatrz",
	"external", "outside", "nie klikaj", "do not click", "don't click",
	"nieznanego nadawcy", "nieznany nadawca", "externe", "ausserhalb",
	"dowiedz sie, dlaczego", "learn why this is important",
	"get email from", "wiadomosci e-mail z adresu", NULL };

static const char *const pictures[] = { "image:", "cid:", "obraz:",
	"inline image", "obraz w tekscie", "obraz osadzony", "obraz", "image",
	"bild:", "зображення:", "изображение:", "logo", NULL };

/* `f` without the signs of `signs` in front. */
static struct span
without(struct span f, const char *signs)
{
	while (f.n > 0 && memchr(signs, *f.p, strlen(signs)) != NULL)
		f = span_from(f, 1);
	return f;
}

bool
footer_is_delimiter(const struct lines *lines, size_t i, bool *sure)
{
	const struct line *line = &lines->line[i];
	struct span s = lines_words(lines, i);

	*sure = line->lead == 0 && span_is(s, "--");
	if (line->kind == LINE_RULE)
		return without(s, "_").n == 0 || span_is(s, "---");
	if (s.n < 2 || s.n > 6)
		return false;
	return span_is(s, "\xe2\x80\x94") || span_is(s, "\xe2\x80\x93") ||
	       span_is(s, "--") || span_is(s, "__") || span_is(s, "*-- *") ||
	       span_is(s, "*--*") || span_is(s, "**--**") ||
	       span_is(s, "--\\") || span_is(s, "- --");
}

/* `f` up to its first link. */
static struct span
without_links(struct span f)
{
	f = span_sub(f, 0, span_find(f, "<"));
	return span_trim(span_sub(f, 0, span_find(f, "http")));
}

bool
footer_is_client(struct lines *lines, size_t i, bool alone)
{
	struct span words = lines_words(lines, i), f, rest, device;
	size_t n;

	if (lines->line[i].kind != LINE_TEXT || words.n > CLIENT_MAX ||
	    words.n < 8)
		return false;
	f = lines_fold(lines, i, i);
	f = without(f, "*_[(- ");
	n = phrase_starts(f, clients);
	if (n == 0 || phrase_word_in(f, past))
		return false;
	rest = without_links(span_from(f, n));
	if (span_find(rest, "?") < rest.n)
		return false;
	device = span_sub(rest, 0, span_find(rest, ","));
	if (phrase_in(device, devices) || span_find(f, "outlook") < f.n)
		return phrase_count_words(rest, 20) <= 16 &&
		       (alone || rest.n < CLIENT_ATTACHED_MAX);
	return alone && device.n == rest.n && rest.n > 0 &&
	       phrase_count_words(rest, 20) <= CLIENT_WORDS_MAX &&
	       memchr(".!?:;", rest.p[rest.n - 1], 5) == NULL;
}

bool
footer_may_be_notice(struct lines *lines, size_t i)
{
	struct span words = lines_words(lines, i), f;

	if (lines->line[i].kind != LINE_TEXT || words.n < NOTICE_MIN)
		return false;
	f = lines_fold_words(lines, span_sub(words, 0, NOTICE_HEAD));
	return phrase_starts(without(f, "*_[(\"'-# "), notices) > 0;
}

bool
footer_is_notice(struct lines *lines, size_t from, size_t to, bool below)
{
	struct span f;
	size_t last = to - from > 4 ? from + 3 : to - 1;
	int asked = 2;

	f = lines_fold(lines, from, last);
	if (phrase_count(f, lists) > 0 || phrase_count(f, registers) >= 3)
		return true;
	f = without(f, "*_[(\"'-# ");
	if (phrase_starts(f, notices) == 0)
		return false;
	if (below)
		asked = 1;
	else if (phrase_starts(f, notice_topics) > 0)
		asked = phrase_in(f, opinions) ? 100 : 3;
	return phrase_count(f, notice_words) >= asked ||
	       phrase_in(f, strong_words);
}

bool
footer_is_small_print(struct lines *lines, size_t from, size_t to)
{
	size_t last = to - from > 4 ? from + 3 : to - 1;
	struct span f = lines_fold(lines, from, last);

	return phrase_count(f, notice_words) > 0 ||
	       span_find(f, "www.") < f.n || span_find(f, "http") < f.n;
}

bool
footer_is_banner(struct lines *lines, size_t from, size_t to)
{
	size_t last = to - from > 4 ? from + 3 : to - 1;
	struct span f = lines_fold(lines, from, last);

	if (span_is(f, "[external]") || span_is(f, "[ext]") ||
	    span_is(f, "external email") || span_is(f, "external sender"))
		return true;
	f = without(f, "*_[(!-# ");
	return phrase_leads(f, banner_starts) && phrase_in(f, banner_words) &&
	       phrase_in(f, banner_mails) && !phrase_in(f, wants);
}

/* Length of "[image: x]" or "<image001.png>" at the start of `s`, or 0. */
static size_t
picture_at(struct span s)
{
	size_t end, max = s.n < PICTURE_MAX ? s.n : PICTURE_MAX;
	struct span inside;

	if (s.n < 7 || (*s.p != '[' && *s.p != '<'))
		return 0;
	/* The second letter first: a text can be full of "<". */
	if (*s.p == '<' &&
	    ((s.p[1] | 32) != 'i' || !span_starts_nocase(s, "<image0")))
		return 0;
	end = span_find(span_sub(s, 0, max), *s.p == '[' ? "]" : ">");
	if (end >= max)
		return 0;
	inside = span_sub(s, 1, end - 1);
	if (*s.p == '<')
		return memchr(inside.p, '.', inside.n) != NULL ? end + 1 : 0;
	for (const char *const *p = pictures; *p != NULL; p++)
		if (span_is_nocase(inside, *p) ||
		    ((*p)[strlen(*p) - 1] == ':' &&
			span_starts_nocase(inside, *p)))
			return end + 1;
	return 0;
}

bool
footer_without_pictures(struct buf *out, struct span words)
{
	bool found = false;
	size_t len, start = 0;

	if (words.n == 0 || (memchr(words.p, '[', words.n) == NULL &&
				memchr(words.p, '<', words.n) == NULL))
		return false;
	for (size_t i = 0; i < words.n;) {
		len = picture_at(span_from(words, i));
		if (len == 0) {
			i++;
			continue;
		}
		buf_add(out, span_sub(words, start, i - start));
		i += len;
		start = i;
		found = true;
	}
	if (found)
		buf_add(out, span_from(words, start));
	return found;
}

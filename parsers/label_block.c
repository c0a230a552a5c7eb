/* label_block - the head of an old message as mail programs copy it */
#include "parsers/label_block.h"

#include "parsers/phrase.h"

#include <string.h>

enum {
	LABEL_MAX = 40,
	WRAPPED_MAX = 3,
	BLOCK_MAX = 60,
	RULE_MAX = 160,
	HOUR_MAX = 16, /* bytes of "godz. 6:00" */
};

enum role {
	NO_LABEL = 0,
	FROM = 1 << 0,
	TO = 1 << 1,
	COPY = 1 << 2,
	DATE = 1 << 3,
	SUBJECT = 1 << 4,
	OTHER = 1 << 5,
};

/* Folded.  Polish, English, German, Ukrainian, Russian, Czech, Slovak, French,
 * Spanish, Italian, Portuguese, Dutch, Swedish, Danish, Norwegian, Finnish,
 * Hungarian, Romanian, Lithuanian, Turkish, Chinese, Japanese. */
static const char *const from_labels[] = { "od", "nadawca", "from", "von",
	"absender", "від", "від кого", "від", "от", "от кого", "отправитель",
	"відправник", "odesilatel", "odosielatel", "de", "expediteur",
	"remitente", "da", "mittente", "remetente", "van", "afzender", "fran",
	"avsandare", "fra", "afsender", "avsender", "lahettaja", "kenelta",
	"felado", "de la", "expeditor", "nuo", "kimden", "发件人", "寄件者",
	"差出人", "送信者", NULL };
static const char *const to_labels[] = { "do", "adresat", "odbiorca", "to",
	"an", "empfanger", "кому", "одержувач", "получатель", "komu",
	"prijemce", "pre", "a", "pour", "destinataire", "para", "destinatario",
	"aan", "ontvanger", "till", "mottagare", "til", "modtager", "mottaker",
	"vastaanottaja", "kenelle", "cimzett", "catre", "kam", "kime", "收件人",
	"收件者", "宛先", NULL };
static const char *const copy_labels[] = { "dw", "udw", "kopia", "kopia do",
	"do wiadomosci", "cc", "bcc", "kopie", "kopie an", "копія", "копия",
	"copie", "copie a", "copia", "copia a", "cco", "ccn", "kopi", "kopio",
	"masolat", "抄送", "副本", NULL };
static const char *const date_labels[] = { "wyslano", "wyslane", "data",
	"data wyslania", "sent", "date", "sent on", "gesendet", "datum", "дата",
	"надіслано", "відправлено", "отправлено", "odeslano", "odoslane",
	"envoye", "envoye le", "message du", "date d'envoi", "fecha", "enviado",
	"enviado el", "inviato", "inviato il", "enviada", "enviada em",
	"enviado em", "verzonden", "verzonden op", "skickat", "sendt", "dato",
	"lahetetty", "paivays", "elkuldve", "datum", "trimis", "issiusta",
	"gonderildi", "tarih", "发送时间", "日期", "寄件日期", "日付",
	"送信日時", "received", "otrzymano", NULL };
static const char *const subject_labels[] = { "temat", "subject", "betreff",
	"тема", "predmet", "objet", "sujet", "asunto", "oggetto", "assunto",
	"onderwerp", "amne", "emne", "aihe", "targy", "subiect", "tema", "konu",
	"主题", "主旨", "件名", NULL };
static const char *const other_labels[] = { "odpowiedz do", "odpowiedz",
	"organizacja", "grupy dyskusyjne", "odniesienia", "waznosc",
	"priorytet", "zalaczniki", "kategoria", "reply-to", "reply to",
	"organization", "newsgroups", "references", "importance", "priority",
	"attachments", "message-id", "antwort an", "wichtigkeit", "anlagen",
	"organisation", "repondre a", "important", "prilohy", "важливість",
	"вложения", "вкладення", NULL };

static const struct {
	enum role role;
	const char *const *labels;
} tables[] = {
	{ FROM, from_labels },
	{ TO, to_labels },
	{ COPY, copy_labels },
	{ DATE, date_labels },
	{ SUBJECT, subject_labels },
	{ OTHER, other_labels },
};

static const char *const message_words[] = { "message", "wiadomosc",
	"wiadomosci", "nachricht", "original-nachricht", "originalnachricht",
	"mail", "e-mail", "email", "mail", "повідомлення", "лист", "сообщение",
	"письмо", "zprava", "sprava", "mensaje", "messaggio", "mensagem",
	"bericht", "meddelande", "originalmeddelande", "meddelelse", "besked",
	"melding", "viesti", "uzenet", "mesaj", "メッセーシ", "邮件", "郵件",
	NULL };
static const char *const old_words[] = { "original", "origin", "oryginaln",
	"pierwotn", "przekaz", "przesla", "reply", "forward", "ursprunglich",
	"ursprunglich", "weitergeleitet", "antwort", "початков", "оригинал",
	"оригінал", "переслан", "пересил", "перенаправл", "исходн", "puvodni",
	"povodna", "preposlan", "transfer", "reenviad", "rediri", "inoltrat",
	"originale", "encaminhad", "oorspronkelijk", "doorgestuur", "ursprung",
	"vidarebefordr", "oprindelig", "videresend", "opprinnelig", "alkuper",
	"valitet", "eredeti", "tovabbit", "元の", "原始", "转发", "轉寄",
	NULL };
static const char *const begins_forward[] = { "begin forwarded message:",
	"poczatek przekazywanej wiadomosci:",
	"poczatek przekazanej wiadomosci:",
	"początek przekierowanej wiadomosci:",
	"початок листа, що пересилається:", "початок листа, що пересилаеться:",
	"начало переадресованного письма:",
	"начало переадресованного сообщения:",
	"anfang der weitergeleiteten nachricht:",
	"anfang der weitergeleiteten e-mail:", "debut du message transfere :",
	"debut du message reexpedie :", "debut du message transfere:",
	"debut du message reexpedie:", "inicio del mensaje reenviado:",
	"inizio messaggio inoltrato:", "inicio da mensagem reencaminhada:",
	"inicio da mensagem encaminhada:", "begin doorgestuurd bericht:",
	"vidarebefordrat brev:", "vidarebefordrat mejl:",
	"start pa videresendt besked:", "videresendt melding:",
	"zacatek preposlane zpravy:", "zaciatok preposlanej spravy:", NULL };

/* "##- Please type your reply above this line -##", as ticket systems ask. */
static const char *const above_line[] = { "above this line", "nad ta linia",
	"powyzej tej linii", "oberhalb dieser linie", "uber dieser linie",
	"au-dessus de cette ligne", "над цією лінією", "вище цієі лініі",
	NULL };
static const char *const reply_words[] = { "reply", "odpowied", "antwort",
	"reponse", "відповід", NULL };

static bool
listed(struct span word, const char *const *table)
{
	for (; *table != NULL && word.n > 0; table++)
		if ((*table)[0] == word.p[0] && span_is(word, *table))
			return true;
	return false;
}

static enum role
role_of(struct lines *lines, struct span label)
{
	struct span f;

	if (label.n == 0 || label.n > LABEL_MAX)
		return NO_LABEL;
	f = lines_fold_words(lines, label);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (listed(f, tables[i].labels))
			return tables[i].role;
	return NO_LABEL;
}

/* Where the label's colon stands in `words`; words.n when there is none near
 * the beginning.  `*width`: its bytes. */
static size_t
colon_at(struct span words, size_t *width)
{
	size_t max = words.n < LABEL_MAX ? words.n : LABEL_MAX;
	const char *p = max == 0 ? NULL : memchr(words.p, ':', max);

	*width = 1;
	if (p != NULL)
		return (size_t)(p - words.p);
	p = max == 0 ? NULL : memmem(words.p, max, "\xef\xbc\x9a", 3);
	*width = 3;
	return p != NULL ? (size_t)(p - words.p) : words.n;
}

static struct span
without_stars(struct span s)
{
	while (s.n > 0 && (*s.p == '*' || *s.p == '_' || *s.p == ' '))
		s = span_from(s, 1);
	while (s.n > 0 && (s.p[s.n - 1] == '*' || s.p[s.n - 1] == '_' ||
			      s.p[s.n - 1] == ' '))
		s.n--;
	if (s.n > 2 && memcmp(s.p + s.n - 2, "\xc2\xa0", 2) == 0)
		s.n -= 2;
	return s;
}

bool
label_block_may_start(const struct lines *lines, size_t i)
{
	struct span s = lines_words(lines, i);
	size_t width, at = colon_at(s, &width);

	return at > 0 && at < s.n && lines->effort > 0;
}

/* The role of line `i` and, in `*value`, what stands behind its label. */
static enum role
label_of(struct lines *lines, size_t i, struct span *value)
{
	struct span s = lines_words(lines, i);
	size_t width, at = colon_at(s, &width);

	if (lines->line[i].kind != LINE_TEXT || at == 0 || at >= s.n)
		return NO_LABEL;
	*value = without_stars(span_from(s, at + width));
	return role_of(lines, without_stars(span_sub(s, 0, at)));
}

/* The labels glued into `value` behind the first one, as flags. */
static unsigned
glued_roles(struct lines *lines, struct span value)
{
	unsigned roles = 0;
	size_t end, start;

	for (size_t i = 0; i < value.n && i < LINES_FOLD_MAX; i++) {
		if (value.p[i] != ':')
			continue;
		for (end = i; end > 0 && value.p[end - 1] == ' '; end--)
			;
		for (start = end; start > 0 &&
				  ((unsigned char)value.p[start - 1] >= 0x80 ||
				      (value.p[start - 1] | 32) >= 'a') &&
				  (value.p[start - 1] | 32) != '@' + 32;
		     start--)
			;
		if (end - start >= 2)
			roles |=
			    role_of(lines, span_sub(value, start, end - start));
	}
	return roles;
}

static bool
has_clock(struct span s)
{
	for (size_t i = 1; i + 2 < s.n; i++)
		if ((s.p[i] == ':' || s.p[i] == '.') && s.p[i - 1] >= '0' &&
		    s.p[i - 1] <= '9' && s.p[i + 1] >= '0' &&
		    s.p[i + 1] <= '9' && s.p[i + 2] >= '0' &&
		    s.p[i + 2] <= '9' &&
		    (i + 3 >= s.n || s.p[i] == ':' || s.p[i + 3] == ' '))
			return true;
	return false;
}

static bool
has_year(struct span s)
{
	for (size_t i = 0; i + 4 <= s.n; i++)
		if ((memcmp(s.p + i, "20", 2) == 0 ||
			memcmp(s.p + i, "19", 2) == 0) &&
		    s.p[i + 2] >= '0' && s.p[i + 2] <= '9')
			return true;
	return false;
}

static bool
has_at(struct span s)
{
	return s.n > 0 && memchr(s.p, '@', s.n) != NULL;
}

/* Does the value of a label go on in line `i`? */
static bool
goes_on(struct lines *lines, size_t i)
{
	struct span words = lines_words(lines, i), value;

	if (lines->line[i].kind != LINE_TEXT)
		return false;
	if (lines->line[i].lead > 0 || words.p[0] == '<' || words.p[0] == '[' ||
	    has_at(words))
		return true;
	return i + 1 < lines->n && label_of(lines, i + 1, &value) != NO_LABEL;
}

/* What a block has shown so far. */
struct found {
	unsigned roles;
	int labels;
	bool address, clock, dated;
};

static void
take_label(struct label_block *out, struct found *found, struct lines *lines,
    enum role role, struct span value)
{
	if (role == FROM && out->from.n == 0)
		out->from = value;
	found->roles |= role;
	found->labels++;
	found->address |= has_at(value);
	found->clock |= role == DATE && has_clock(value);
	found->dated |= role == DATE && has_year(value);
	if (value.n > 3 && memchr(value.p, ':', value.n) != NULL) {
		unsigned more = glued_roles(lines, value);

		found->clock |= (more & DATE) != 0 && has_clock(value);
		found->clock |= more != 0 && has_clock(value);
		found->roles |= more;
	}
}

static bool
enough(const struct found *found, bool is_answer, bool *doubt)
{
	unsigned roles = found->roles & ~(unsigned)(COPY | OTHER);
	int count = __builtin_popcount(roles);
	bool proof = found->address || found->clock;

	if (count < 2 || (count == 2 && !(roles & FROM) &&
			     !(found->clock && found->address)))
		return false;
	if (count == 2 && !(roles & (DATE | SUBJECT)))
		return false;
	*doubt = true;
	return proof ||
	       (count >= 3 && is_answer && found->dated && (roles & FROM) != 0);
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "Od: godz. 6:00": since when, not from whom. */
static bool
is_hour(struct span from)
{
	struct span s = span_sub(from, 0, HOUR_MAX);

	if (has_at(from))
		return false;
	for (size_t i = 1; i + 2 < s.n; i++)
		if ((s.p[i] == ':' || s.p[i] == '.') && is_digit(s.p[i - 1]) &&
		    is_digit(s.p[i + 1]) && is_digit(s.p[i + 2]))
			return true;
	return false;
}

bool
label_block_read(
    struct label_block *out, struct lines *lines, size_t i, bool is_answer)
{
	struct found found = { 0 };
	struct span value = { NULL, 0 };
	size_t wrapped = 0, next;
	enum role role;

	*out = (struct label_block){ .end = i };
	for (size_t at = i; at < lines->n && at < i + BLOCK_MAX; at++) {
		if (lines->line[at].kind == LINE_BLANK) {
			if (found.labels == 0)
				break;
			continue;
		}
		role = label_of(lines, at, &value);
		if (role != NO_LABEL) {
			take_label(out, &found, lines, role, value);
			wrapped = 0;
		} else if (at == out->end && at > i &&
			   wrapped++ < WRAPPED_MAX && goes_on(lines, at)) {
			found.address |= has_at(lines_words(lines, at));
		} else {
			break;
		}
		out->end = at + 1;
	}
	next = lines_next(lines, out->end);
	out->quoted = next < lines->n && lines->line[next].kind == LINE_QUOTED;
	if (!enough(&found, is_answer, &out->doubt))
		return false;
	if (!out->quoted && is_hour(out->from)) {
		out->doubt = true;
		return false;
	}
	out->doubt = false;
	return true;
}

bool
label_block_divider(const struct lines *lines, size_t i)
{
	struct span s = lines_words(lines, i);

	return lines->line[i].kind == LINE_RULE ||
	       (lines->line[i].kind == LINE_TEXT && s.n > 8 && s.n < RULE_MAX &&
		   memcmp(s.p, "---", 3) == 0 &&
		   memcmp(s.p + s.n - 3, "---", 3) == 0);
}

bool
label_block_rule(struct lines *lines, size_t i)
{
	struct span s = lines_words(lines, i), f;
	size_t at = 0, end;

	if (lines->line[i].kind != LINE_TEXT || s.n < 8)
		return false;
	if (s.p[s.n - 1] == ':' && s.n < LABEL_MAX * 2) {
		f = lines_fold(lines, i, i);
		return listed(f, begins_forward);
	}
	while (at < s.n && memchr("-_=*#", s.p[at], 5) != NULL)
		at++;
	if (at < 2)
		return false;
	if (s.n < RULE_MAX * 2) {
		f = lines_fold(lines, i, i);
		if (phrase_in(f, above_line) && phrase_in(f, reply_words))
			return true;
	}
	s = span_from(s, at);
	end = span_find(s, "--");
	if (end == s.n)
		end = span_find(s, "__");
	if (end == s.n || end > RULE_MAX)
		return false;
	f = lines_fold_words(lines, span_sub(s, 0, end));
	return phrase_count_words(f, 8) <= 6 && phrase_in(f, old_words) &&
	       phrase_in(f, message_words);
}

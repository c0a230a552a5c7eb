/* machine_words - see machine_words.h
 *
 * The phrases are those of the programs themselves, in the languages their
 * senders in and around Poland use; each is written as text_fold() gives it.
 */
#include "parsers/machine_words.h"

#include <stddef.h>

#include "parsers/phrase.h"

static const char *const bounce_subject[] = { "undelivered mail",
	"undelivered message", "undeliverable", "undeliverd", "non deliverable",
	"nondeliverable", "non-deliver", "nondeliver", "not delivered",
	"could not be delivered", "cannot be delivered", "unable to deliver",
	"delivery status notification", "delivery status report",
	"delivery notification", "delivery report", "delivery failure",
	"delivery failed", "delivery has failed", "delivery problem",
	"delivery error", "delivery delayed", "delayed delivery",
	"delayed mail", "message delayed", "mail delayed", "delivery delay",
	"mail delivery failed", "failed delivery", "failure delivery",
	"failed mail", "mail failed", "returning to sender",
	"you are not member", "are not member", "are not a member",
	"loop alert", "mail failure", "message failure", "failure notice",
	"failure notification", "mail error", "mail system error",
	"error sending", "transport failure", "returned mail", "returned email",
	"mail returned", "returned message", "message returned",
	"returned to sender", "return to sender", "returning message",
	"bounced mail", "bounce notification", "bounce message", "user unknown",
	"unknown user", "message status", "email status", "mail status",
	"could not send message", "could not be sent", "undelivery",
	"rejected mail", "mail rejected", "message rejected", "quota exceeded",
	"postmaster notify", "mail could not", "warning: message",
	"warning: could not", "aws notification message",
	/* Polish */
	"nie mozna dostarczyc", "nie mozna bylo dostarczyc", "nie dostarczono",
	"niedostarcz", "nie zostala dostarczona", "nie zostal dostarczony",
	"niepowodzenie dostarcz", "niepowodzenie wysyl", "nieudane dostarcz",
	"nieudana dostaw", "zwrot nie dorecz", "zwrot niedorecz", "niedorecz",
	"nie dorecz", "nie zostala doreczona", "nie zostal doreczony",
	"nieudane dorecz", "blad dostarcz", "blad doreczen", "blad wysyl",
	"zwrot poczty", "zwrot wiadomosci", "zwrot maila", "zwrot przesylki",
	"zwrocona wiadomosc", "zwrocona poczta", "dostarczenie opoznione",
	"dostarczanie opoznione", "opoznienie dostarcz",
	"opoznienie w dostarcz", "raport dostarcz", "raport doreczen",
	"powiadomienie o stanie dostarcz",
	/* German, Czech, Slovak, Ukrainian, Russian, French, Spanish... */
	"unzustellbar", "nicht zustellbar", "nicht zugestellt",
	"zustellung fehlgeschlagen", "zustellfehler", "zustellungsfehler",
	"fehlgeschlagene zustellung", "nedorucitel", "nelze dorucit",
	"nepodarilo se dorucit", "nedorucen", "nepodarilo sa dorucit",
	"не доставлен", "недоставлен", "не вдалося доставити",
	"не удалось доставить", "невозможно доставить",
	"уведомление о доставке", "non remis", "echec de la remise",
	"echec de remise", "echec d'envoi", "retour de courrier",
	"no se puede entregar", "no se pudo entregar", "no entregado",
	"error de entrega", "mancato recapito", "mancata consegna",
	"recapito non riuscito", "nao entregue", "falha na entrega",
	"onbestelbaar", "niet bezorgd", "kan inte levereras",
	"kunne ikke leveres", "toimitus epaonnistui", "nem kezbesitheto",
	"kezbesithetetlen", "配信できません", "配送失敗", "退信", NULL };

static const char *const server_says[] = { "this is the qmail-send program",
	"this is the mail system at host", "this is the mail system",
	"this is the postfix program", "this is the mail delivery agent",
	"this is the machine generated",
	"this message was created automatically by mail delivery software",
	"this message was created automatically by the mail",
	"this report relates to a message you sent",
	"a message that you sent could not be delivered",
	"a message that you have sent could not be delivered",
	"the original message was received at", "transcript of session follows",
	"the following addresses had permanent",
	"the following addresses had transient",
	"the following address had permanent", "had permanent fatal errors",
	"had permanent delivery errors", "i'm sorry to have to inform you",
	"im sorry to have to inform you", "i'm afraid i wasn't able to deliver",
	"wasn't able to deliver your message", "unable to deliver your message",
	"unable to deliver message", "we were unable to deliver",
	"was unable to deliver", "delivery to the following recipient",
	"delivery to these recipients", "delivery to this recipient",
	"delivery has failed to these recipients",
	"delivery of the following message", "delivery of this message failed",
	"delivery to the address", "failed permanently",
	"your message wasn't delivered", "your message was not delivered",
	"your message could not be delivered", "your message couldn't be",
	"your message cannot be delivered", "your message did not reach",
	"your mail could not be delivered", "your email could not be delivered",
	"your message has not been delivered", "your message was rejected",
	"your message to the following recipients", "the message you sent to",
	"the mail you sent to", "the message could not be delivered",
	"the mail could not be delivered", "message could not be delivered",
	"mail could not be delivered", "could not be delivered to",
	"couldn't be delivered to", "cannot be delivered to",
	"cannot deliver the message", "cannot deliver mail",
	"could not deliver", "couldn't deliver",
	"the following recipients could not be reached",
	"the following recipient(s) could not be reached",
	"the following recipient(s)", "the following recipients did not",
	"the following message could not be delivered",
	"the following message was undeliverable",
	"the following destination addresses were unknown",
	"the attached message had permanent fatal delivery errors",
	"permanent fatal delivery errors",
	"this is an automatically generated delivery status notification",
	"this is a delivery status notification", "this is a permanent error",
	"this is a temporary error", "did not reach the following recipient",
	"some or all of the recipients", "the user(s) account is",
	"recipient address rejected", "was undeliverable", "is undeliverable",
	"address not found", "undeliverable message", "message undeliverable",
	"message not delivered", "mail message delivery failed",
	"delivery failure", "failed to deliver", "failure to deliver",
	"failure reasons", "reason for failure", "error delivering message",
	"sorry, we were unable", "we are sorry to inform you",
	"\"notificationtype\":\"bounce\"", "bouncedrecipients",
	/* other languages */
	"nie zostala dostarczona", "nie zostala doreczona",
	"nie zostal doreczony", "nie mogla zostac doreczona",
	"nie udalo sie doreczyc", "nie mozna doreczyc", "nie doreczono",
	"nie mogla zostac dostarczona", "nie moze zostac dostarczona",
	"nie mozna dostarczyc", "nie mozna bylo dostarczyc",
	"nie udalo sie dostarczyc", "nie powiodlo sie dostarczenie",
	"dostarczenie nie powiodlo sie", "nie dostarczono",
	"konnte nicht zugestellt", "konnten nicht zugestellt",
	"nicht zugestellt werden", "kann nicht zugestellt", "nelze dorucit",
	"nepodarilo se dorucit", "nebylo mozne dorucit",
	"nepodarilo sa dorucit", "не вдалося доставити",
	"не может быть доставлено", "не было доставлено",
	"не удалось доставить", "n'a pas pu etre", "n'ont pas pu etre",
	"no se pudo entregar", "no se ha podido entregar",
	"non e stato possibile recapitare", "impossibile recapitare",
	"nao foi possivel entregar", "kon niet worden bezorgd", "次のあて先",
	"配信できませんでした", "送信できませんでした", NULL };

static const char *const failure[] = { "user unknown", "unknown user",
	"no such user", "no such mailbox", "no such address", "no such person",
	"no such recipient", "user not found", "user doesn't exist",
	"user does not exist", "does not exist", "mailbox unavailable",
	"mailbox not found", "mailbox full", "mailbox is full",
	"mailbox disabled", "over quota", "quota exceeded", "exceeded quota",
	"exceeded storage", "unknown host", "host unknown", "host not found",
	"domain not found", "name or service not known", "unrouteable",
	"unrouteable address", "relaying denied", "relay access denied",
	"relay not permitted", "message rejected", "message refused",
	"rejected your message", "rejected because", "was rejected",
	"service unavailable", "invalid recipient", "invalid address",
	"unknown address", "unknown recipient", "unknown local",
	"address rejected", "delivery error", "delivery failed",
	"undeliverable", "undelivered", "not delivered", "returned mail",
	"bounced", "retry timeout exceeded", "delivery time expired",
	"delivery expired", "connection timed out", "connection refused",
	"message size exceeds", "too large", "access denied", "permanent error",
	"smtp error", "remote server returned", "remote host said",
	"remote server said", NULL };

static const char *const delay[] = { "this is a warning message only",
	"this is only a warning", "warning message only",
	"you do not need to resend", "you don't need to resend",
	"do not need to resend your message", "no action is required on your",
	"delivery delayed", "delivery is delayed", "delivery has been delayed",
	"has been delayed", "is being delayed", "was delayed",
	"delivery incomplete", "temporary problem delivering",
	"has not yet been delivered", "not yet been delivered",
	"not been delivered yet", "could not be delivered yet",
	"couldn't be delivered yet", "could not send message for past",
	"could not be delivered for", "will be retried", "will retry for",
	"will try for", "will try to deliver", "will continue to try",
	"will continue to be attempted", "will keep trying",
	"still trying to deliver", "still being attempted",
	"attempts to deliver the message will continue",
	"delivery attempts will continue", "message delayed", "delayed mail",
	"delayed delivery", "warning: message", "still queued",
	"dostarczenie opoznione", "dostarczanie opoznione",
	"dostarczenie wiadomosci jest opoznione", "jeszcze nie dostarczono",
	"jeszcze nie zostala dostarczona", "ponowimy prob", "ponawiane prob",
	"bedziemy probowac", "noch nicht zugestellt", "zustellung verzogert",
	"verzogert sich", "dosud nebyla dorucena", "ще не доставлено",
	"n'a pas encore", "aun no se ha", "注意: 配信遅延", NULL };

/* These outweigh what sounds final beside them. */
static const char *const delay_sure[] = { "this is a warning message only",
	"this is only a warning", "this is a warning only",
	"warning message only", "you do not need to resend",
	"you don't need to resend", "still being retried", NULL };

static const char *const final[] = { "giving up", "given up", "gave up",
	"i've given up", "permanent fatal", "permanent error",
	"failed permanently", "will not be retried", "will not retry",
	"no further delivery attempts", "no more attempts",
	"will be deleted from queue", "message expired", "delivery expired",
	"could not be delivered for more than", "retry timeout exceeded",
	"retry time not reached for any host after a long failure",
	"returned to sender", "message is being returned", NULL };

static const char *const returned[] = { "copy of the message",
	"copy of your message", "copy of the original", "original message",
	"original mail", "original e-mail", "returned message",
	"message returned", "unsent message", "undelivered message",
	"undeliverable message", "message header", "header of", "headers of",
	"headers follow", "message follows", "the message was",
	"start of message", "begin of message", "begin message",
	"your message follows", "message text follows", "rejected message",
	"tresc wiadomosci", "oryginalna wiadomosc", "naglowki wiadomosci",
	"originalnachricht", "ursprungliche nachricht", NULL };

static const char *const daemon[] = { "mail delivery system",
	"mail delivery subsystem", "mail delivery service",
	"mail delivery agent", "mail delivery", "mailer-daemon",
	"mailer daemon", "mail daemon", "mail administrator",
	"system administrator", "administrator systemu", "postmaster",
	"microsoft exchange", "microsoft outlook", "internet mail delivery",
	"delivery subsystem", "delivery system", "delivery service",
	"e-mail delivery", "mail system", "mail router", "mailsystem",
	"bounce notification", "delivery notification", "ses-em-d", NULL };

static const char *const auto_subject[] = { "automatyczna odpowiedz",
	"odpowiedz automatyczna", "autoodpowiedz", "auto odpowiedz",
	"auto-odpowiedz", "automatyczne potwierdzenie",
	"wiadomosc automatyczna", "autoresponder", "poza biurem",
	"nieobecnosc w biurze", "automatic reply", "automatic response",
	"automated reply", "automated response", "auto reply", "auto-reply",
	"autoreply", "auto response", "auto-response", "autoresponse",
	"auto:", "[auto-reply]", "[autoreply]", "out of office",
	"out of the office", "out-of-office", "automatische antwort",
	"automatische ruckantwort", "automatische reactie",
	"automatisch antwoord", "abwesenheitsnotiz", "abwesenheitsmeldung",
	"abwesenheitsbenachrichtigung", "abwesenheitsagent",
	"automaticka odpoved", "automaticka odezva", "mimo kancelar",
	"автоматична відповідь", "автовідповідь", "автоматический ответ",
	"автоматическии ответ", "автоответ", "reponse automatique",
	"absence du bureau", "respuesta automatica", "fuera de la oficina",
	"risposta automatica", "fuori sede", "resposta automatica",
	"raspuns automat", "automatikus valasz", "automatiskt svar",
	"automatisk svar", "autosvar", "franvaro", "automaattinen vastaus",
	"poissaoloviesti", "afwezigheidsmelding", "automatinis atsakymas",
	"automatiska atbilde", "otomatik yanit", "自動応答", "自动回复",
	"自動回覆", NULL };

static const char *const away_subject[] = { "nieobecn", "urlop", "zwolnieni",
	"away from", "away until", "i am away", "i'm away", "im away",
	"on vacation", "on leave", "on holiday", "vacation", "holiday", "absen",
	"abwesen", "urlaub", "dovolen", "нет на месте", "відпуст", "отпуск",
	"conges", "vacaciones", "ferie", "out of", "thank you for",
	"we have received", "potwierdzenie otrzymania", "otrzymalismy",
	"dziekujemy za", "ticket", "[ticket", NULL };

static const char *const read_subject[] = { "read:", "read receipt",
	"not read:", "odczytano:", "przeczytane:", "przeczytano:",
	"potwierdzenie odczytania", "potwierdzenie przeczytania",
	"potwierdzenie otwarcia", "usunieto bez odczytania", "return receipt",
	"disposition notification", "gelesen:", "lesebestatigung",
	"lu :", "lu:", "leido:", "letto:", "precteno:", "прочитано:",
	"deleted:", "displayed", NULL };

static const char *const no_reply[] = { "prosimy nie odpowiad",
	"prosimy na nia nie odpowiad", "prosimy na niego nie odpowiad",
	"prosze nie odpowiad", "prosze na nia nie odpowiad",
	"prosze na niego nie odpowiad", "nie odpowiadaj na",
	"nie odpowiadac na", "nie nalezy odpowiadac",
	"nie nalezy na nia odpowiadac", "please do not reply",
	"please don't reply", "please do not respond", "do not reply to this",
	"don't reply to this", "replies to this", "bitte nicht antworten",
	"bitte antworten sie nicht", "antworten sie nicht",
	"будь ласка, не відповідаите", "не відповідаите на",
	"prosim neodpovidejte", "neodpovidejte na", "neodpovedajte na",
	"merci de ne pas repondre", NULL };

static const char *const generated[] = { "wiadomosc wygenerowana automatycznie",
	"wiadomosc zostala wygenerowana automatycznie",
	"wiadomosc zostala wyslana automatycznie",
	"wiadomosc wyslana automatycznie", "zostala wygenerowana automatycznie",
	"zostal wygenerowany automatycznie",
	"wiadomosc jest generowana automatycznie",
	"wiadomosc generowana automatycznie", "to jest automatyczna",
	"to jest wiadomosc automatyczna", "wiadomosc automatyczna",
	"wygenerowana przez system", "wygenerowany przez system",
	"this is an automated", "this is an automatic",
	"this is an automatically generated", "this is a system generated",
	"this email was generated automatically",
	"this message was generated automatically",
	"this email was automatically generated",
	"this message was automatically generated",
	"diese e-mail wurde automatisch", "diese nachricht wurde automatisch",
	"dies ist eine automatisch", "це автоматичне повідомлення",
	"лист створено автоматично", "повідомлення створено автоматично",
	"tato zprava byla vygenerovana automaticky",
	"ce message a ete genere automatiquement", NULL };

static const char *const away[] = { "jestem nieobecn", "bede nieobecn",
	"jestem na urlopie", "jestem obecnie na urlopie",
	"przebywam na urlopie", "przebywam obecnie na urlopie",
	"przebywam na zwolnieniu", "przebywam poza biurem",
	"jestem na zwolnieniu", "jestem poza biurem", "nie ma mnie w biurze",
	"nie ma mnie w pracy", "bede niedostepn", "jestem niedostepn",
	"bede poza biurem", "bede na urlopie", "i am out of office",
	"i am out of the office", "i'm out of the office",
	"i am currently out of", "i'm currently out of", "i will be out of",
	"i am on leave", "i am on annual leave", "i am on vacation",
	"i am on holiday", "i am currently on", "i am away", "i'm away",
	"i am currently away", "i will be away", "nicht im buro",
	"nicht im hause", "ausser haus", "im urlaub", "ich bin abwesend",
	"bin ich abwesend", "bin ich nicht erreichbar", "у відпустці",
	"я відсутн", "jsem na dovolene", "mimo kancelar", "som na dovolenke",
	"je suis absent", NULL };

static const char *const meanwhile[] = { "w sprawach pilnych",
	"w pilnych sprawach", "w pilnej sprawie", "w sprawie pilnej",
	"w sprawach niecierpiacych", "sprawy pilne prosze",
	"w tym czasie prosze o kontakt", "w tym czasie prosze kontaktowac",
	"zastepuje mnie", "w zastepstwie", "odpowiem po powrocie",
	"odpisze po powrocie", "odpowiem na nia po",
	"odpowiem na panstwa wiadomos", "odpowiem na panstwa mail",
	"odpowiem na wiadomosc", "odpowiem niezwlocznie", "odpowiem pozniej",
	"odpowiem w pierwszym", "nie bede odczytyw", "nie bede czytac poczty",
	"nie mam dostepu do poczty", "bez dostepu do poczty",
	"ograniczony dostep do poczty", "nie jest przekierowywana",
	"wiadomosci nie sa przekazywane", "na wiadomosci odpowiem",
	"for urgent", "in urgent cases", "if your message is urgent",
	"if your request is urgent", "if urgent", "i will reply", "i'll reply",
	"i will respond", "i will answer your", "upon my return",
	"on my return", "when i return", "limited access to",
	"no access to my e", "in dringenden", "wenden sie sich",
	"nach meiner ruckkehr", "nicht weitergeleitet", "keinen zugriff",
	"у термінових", "з термінових", "після повернення", "v naliehav",
	"v nalehav", "en cas d'urgence", NULL };

static const char *const matter[] = { "spotkani", "zebrani", "konsultac",
	"uwag", "autobus", "uchwal", "przyjde", "przyjsc", "dlatego", "wiec ",
	"meeting", "draft", "remark", "consultation", "bus ", "so i ",
	"treffen", "entwurf", "зустріч", "тому ", NULL };

static const char *const complaint[] = { "complaint about message from",
	"abuse report", "spam report", "email feedback report", "fbl report",
	NULL };

static const char *const *const tables[WORDS_TABLES] = {
	[WORDS_BOUNCE_SUBJECT] = bounce_subject,
	[WORDS_SERVER_SAYS] = server_says,
	[WORDS_FAILURE] = failure,
	[WORDS_DELAY] = delay,
	[WORDS_DELAY_SURE] = delay_sure,
	[WORDS_FINAL] = final,
	[WORDS_RETURNED] = returned,
	[WORDS_DAEMON] = daemon,
	[WORDS_AUTO_SUBJECT] = auto_subject,
	[WORDS_AWAY_SUBJECT] = away_subject,
	[WORDS_READ_SUBJECT] = read_subject,
	[WORDS_NO_REPLY] = no_reply,
	[WORDS_GENERATED] = generated,
	[WORDS_AWAY] = away,
	[WORDS_MEANWHILE] = meanwhile,
	[WORDS_MATTER] = matter,
	[WORDS_COMPLAINT] = complaint,
};

const char *
machine_words_in(enum machine_words table, struct span folded)
{
	for (const char *const *p = tables[table]; *p != NULL; p++)
		if (span_find(folded, *p) < folded.n)
			return *p;
	return NULL;
}

bool
machine_words_has(enum machine_words table, struct span folded)
{
	return phrase_in(folded, tables[table]);
}

const char *
machine_words_lead(enum machine_words table, struct span folded)
{
	for (const char *const *p = tables[table]; *p != NULL; p++)
		if (span_starts(folded, *p))
			return *p;
	return NULL;
}

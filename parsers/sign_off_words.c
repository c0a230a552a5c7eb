/* sign_off_words - see sign_off_words.h; each phrase as text_fold() gives it */
#include "parsers/sign_off_words.h"

#include <stddef.h>

/* All tables are folded.  A line that begins with one of these and holds no
 * more than a few words ends a letter. */
const char *const sign_off_formulas[] = { "pozdrawiam", "pozdrawiamy",
	"pozdrowienia", "serdecznie pozdrawiam", "serdeczne pozdrowienia",
	"goraco pozdrawiam", "lacze pozdrowienia", "lacze wyrazy",
	"lacze uklony", "klaniam sie", "klaniamy sie", "laczymy pozdrowienia",
	"laczymy wyrazy", "z powazaniem", "z powaazniem", "z pow.",
	"z wyrazami szacunku", "z wyrazami powazania",
	"z wyrazami wdziecznosci", "z szacunkiem", "z nalezytym szacunkiem",
	"z najwyzszym szacunkiem", "wyrazy szacunku", "z uszanowaniem",
	"z uklonami", "uklony", "z pozdrowieniami", "z pozdrowieniem",
	"z serdecznymi pozdrowieniami", "z obywatelskim pozdrowieniem",
	"z serdecznosciami", "usciski", "z gory dziekuje i pozdrawiam",
	"z gory dziekuje, pozdrawiam", "dziekuje i pozdrawiam",
	"dziekuje, pozdrawiam", "dziekuje. pozdrawiam",
	"dziekujemy i pozdrawiamy", "dziekuje z gory i pozdrawiam", "pozdr",
	"pzdr", "pozdro", "milego dnia", "milego wieczoru", "milego weekendu",
	"milego tygodnia", "dobrego dnia", "spokojnego wieczoru",
	"zycze milego dnia", "zyczymy milego dnia", "szczesc boze", "z bogiem",
	"z panem bogiem", "regards", "best regards", "kind regards",
	"kindest regards", "warm regards", "with regards", "with best regards",
	"with kind regards", "yours sincerely", "yours faithfully",
	"yours truly", "yours", "sincerely", "faithfully", "respectfully",
	"best wishes", "with best wishes", "all the best", "thanks and regards",
	"thanks and best regards", "rgds", "br", "mit freundlichen grussen",
	"mit freundlichem gruss", "mit besten grussen",
	"mit herzlichen grussen", "freundliche grusse", "viele grusse",
	"beste grusse", "liebe grusse", "herzliche grusse", "schone grusse",
	"mfg", "hochachtungsvoll", "gruss", "grusse", "lg", "vg", "з повагою",
	"з пошаною", "щиро", "щиро ваш", "всього наикращого", "с уважением",
	"с наилучшими пожеланиями", "s pozdravem", "s pozdravom", "s uctou",
	"s prianim", "s pranim", "hezky den", "cordialement",
	"bien cordialement", "salutations", "bien a vous", "cordiali saluti",
	"distinti saluti", "saluti", "saludos", "un saludo", "atentamente",
	"atenciosamente", "cumprimentos", "com os melhores cumprimentos",
	"met vriendelijke groet", "met vriendelijke groeten",
	"vriendelijke groet", "groeten", "mvg", "med vanliga halsningar",
	"med vanlig halsning", "vanliga halsningar", "halsningar", "mvh",
	"med venlig hilsen", "venlig hilsen", "de bedste hilsner",
	"bedste hilsner", "hilsen", "kh", "vh", "med vennlig hilsen",
	"vennlig hilsen", "ystavallisin terveisin", "terveisin", "udv",
	"udvozlettel", "tisztelettel", "pagarbiai", "ar cienu", "cu stima",
	"cu respect", "z posanou", NULL };

/* "Z sportowym pozdrowieniem", "z wyrazami uszanowania": with regards of
 * whatever kind, with signs of whatever. */
const char *const sign_off_with[] = { "z", "ze", "mit", "with", "s", "so",
	NULL };
const char *const sign_off_regards[] = { "pozdrawiam", "pozdrawiamy",
	"pozdrowieniem", "pozdrowieniami", "powazaniem", "szacunkiem",
	"uszanowaniem", "uklonami", "gruss", "grussen", "regards", "wishes",
	"pozdravem", "pozdravom", "uctou", NULL };
const char *const sign_off_signs_of[] = { "wyrazami", NULL };

/* These end a letter only when the name follows. */
const char *const sign_off_thanks[] = { "dziekuje", "dziekujemy", "dzieki",
	"z gory dziekuje", "z gory dziekujemy", "z gory dzieki",
	"dziekuje z gory", "serdecznie dziekuje", "thanks", "many thanks",
	"thank you", "cheers", "best", "danke", "vielen dank", "merci", "дякую",
	"спасибо", "dekuji", "dakujem", "dekujeme", "grazie", "gracias",
	"muchas gracias", "obrigado", "obrigada", "tack", "kiitos", "bedankt",
	"dank u", NULL };

const char *const sign_off_greetings[] = { "dzien dobry", "dziendobry",
	"dobry wieczor", "witam", "witamy", "witajcie", "witaj", "szanowni",
	"szanowny", "szanowna", "szanowne", "wielce szanowni", "wielmozny",
	"drodzy", "kochani", "czesc", "hej", "hejka", "siema", "uszanowanie",
	"wielce szanowny", "wielce szanowna", "wielce szanowne", "szczesc boze",
	"dear", "hello", "hi", "hey", "good morning", "good afternoon",
	"good evening", "greetings", "to whom it may concern", "sehr geehrte",
	"sehr geehrter", "guten tag", "guten morgen", "hallo", "доброго дня",
	"добрии день", "доброго вечора", "добрии вечір", "вітаю", "шановні",
	"шановнии", "шановна", "здравствуите", "добрыи день", "уважаемые",
	"dobry den", "vazeni", "vazena", "bonjour", "buongiorno", "buenos dias",
	"god dag", "ahoj", "nazdar", "zdravim", "moin", "moin moin", "servus",
	"gruss gott", "guten abend", "salut", "ciao", "salve", "hola",
	"bom dia", "buna ziua", "sziasztok", "szia", "tisztelt", "jo napot",
	"labas", "laba diena", "sveiki", "geachte", "beste heer", "goedendag",
	"kare", "hei", "terve", "привіт", "привет", NULL };

/* These greet only when a comma or an exclamation mark ends the line: "Droga"
 * is a road, too. */
const char *const sign_off_addressed[] = { "droga", "drogi", "dobry", "panie",
	"pani", "panowie", "panstwo", "radni", "sasiedzi", "mieszkancy",
	"liebe", "lieber", "mili", "pane", "пане", "пані", NULL };

/* Who is greeted, and how: small letters are allowed for these. */
const char *const sign_off_greeted[] = { "pan", "pani", "panie", "panu",
	"panowie", "panstwo", "panstwu", "panstwa", "szanowni", "szanowny",
	"szanowna", "serdecznie", "ponownie", "goraco", "cieplo", "bardzo",
	"raz", "jeszcze", "wszystkim", "wszystkich", "wam", "was", "starosto",
	"nisko", "wojcie", "burmistrzu", "prezydencie", "przewodniczacy",
	"przewodniczaca", "radny", "radna", "radni", "dyrektorze", "dyrektor",
	"naczelniku", "sekretarzu", "skarbniku", "redakcjo", "urzednicy",
	"mieszkancy", "sasiedzi", "konsultacje", "zespole", "zespol", "i",
	"oraz", "dzien", "dobry", "sir", "madam", "or", "and", "all",
	"everyone", "there", "team", "sirs", "mr", "mrs", "ms", "folks",
	"damen", "und", "herren", "geehrte", "frau", "herr", "zusammen",
	"kivanok", "mevrouw", "пане", "пані", "панове", "всім", "to", "you",
	NULL };

/* What may stand behind a formula in small letters. */
const char *const sign_off_wished[] = { "serdecznie", "serdeczne",
	"serdecznosci", "bardzo", "goraco", "cieplo", "noworocznie",
	"swiatecznie", "wiosennie", "i", "oraz", "a", "takze", "z", "ze",
	"powazaniem", "szacunkiem", "wyrazami", "szacunku", "powazania",
	"pozdrawiam", "pozdrawiamy", "pozdrowienia", "zycze", "zyczymy",
	"zyczac", "milego", "dobrego", "spokojnego", "udanego", "owocnego",
	"dnia", "dzionka", "wieczoru", "tygodnia", "weekendu", "popoludnia",
	"pracy", "wesolych", "swiat", "panstwa", "pania", "pana", "panstwu",
	"was", "wszystkich", "caly", "zespol", "dziekuje", "dziekujemy", "gory",
	"najlepszego", "wszystkiego", "mieszkaniec", "mieszkanka", "mieszkancy",
	"rodzina", "obywatel", "zatroskany", "zatroskana", "wdzieczny", "and",
	"the", "best", "kind", "warm", "regards", "wishes", "thanks", "thank",
	"you", "for", "your", "very", "much", "time", "help", "advance", "in",
	"again", "to", "from", "sincerely", "truly", "all", "und", "aus",
	"auch", "schone", "dank", "grusse", "grussen", "en", "et", "och",
	NULL };

const char *const sign_off_given_names[] = { "adam", "agata", "agnieszka",
	"aleksander", "aleksandra", "alicja", "aleksy", "alojzy", "andrzej",
	"anna", "antoni", "antonina", "arkadiusz", "artur", "barbara",
	"bartosz", "bartlomiej", "beata", "bernadeta", "bogdan", "boguslaw",
	"bogumila", "bozena", "bronislaw", "brygida", "cecylia", "celina",
	"cezary", "czeslaw", "czeslawa", "damian", "daniel", "danuta", "daria",
	"dariusz", "dawid", "dominik", "dominika", "dorota", "edward", "edyta",
	"elzbieta", "emil", "emilia", "eryk", "eugeniusz", "ewa", "ewelina",
	"filip", "franciszek", "gabriela", "genowefa", "gerard", "grazyna",
	"grzegorz", "halina", "hanna", "helena", "henryk", "henryka", "hubert",
	"ignacy", "igor", "irena", "ireneusz", "iwona", "izabela", "jacek",
	"jadwiga", "jakub", "jan", "janina", "janusz", "jaroslaw", "jerzy",
	"joanna", "jolanta", "jozef", "jozefa", "julia", "justyna", "kacper",
	"kamil", "kamila", "karol", "karolina", "katarzyna", "kazimierz",
	"kinga", "klaudia", "konrad", "kornelia", "krystian", "krystyna",
	"krzysztof", "lech", "leon", "leszek", "lidia", "lucja", "lucyna",
	"ludwik", "lukasz", "maciej", "magdalena", "malgorzata", "marcin",
	"marek", "maria", "marianna", "marian", "mariola", "mariusz", "marta",
	"martyna", "marzena", "mateusz", "michal", "mieczyslaw", "mikolaj",
	"miroslaw", "miroslawa", "monika", "natalia", "nikola", "norbert",
	"oliwia", "olga", "oskar", "patrycja", "patryk", "paulina", "pawel",
	"piotr", "przemyslaw", "radoslaw", "rafal", "regina", "renata",
	"robert", "roman", "rozalia", "ryszard", "sabina", "sebastian",
	"slawomir", "stanislaw", "stanislawa", "stefan", "stefania", "sylwia",
	"szymon", "tadeusz", "teresa", "tomasz", "ursula", "urszula", "waclaw",
	"waldemar", "wanda", "wieslaw", "wieslawa", "wiktor", "wiktoria",
	"witold", "wladyslaw", "wlodzimierz", "wojciech", "zbigniew",
	"zdzislaw", "zenon", "zofia", "zuzanna", "zygmunt", "john", "james",
	"peter", "paul", "mary", "david", "michael", "george", "thomas",
	"olena", "oksana", "iryna", "natalija", "andrij", "serhij", "oleksandr",
	"ania", "asia", "basia", "kasia", "gosia", "ola", "ela", "iza", "jola",
	"aga", "magda", "zosia", "zuzia", "ala", "hania", "renia", "krysia",
	"marysia", "bozenka", "wiola", "tomek", "bartek", "wojtek", "krzysiek",
	"janek", "kuba", "staszek", "heniek", "jurek", "romek", "mirek",
	"darek", "jarek", "arek", "marcel", "radek", "przemek", "grzesiek",
	"zbyszek", "mietek", "adas", "piotrek", "rysiek", "leszek", "janko",
	"adrian", "adrianna", "albert", "aldona", "alfred", "alina", "alojza",
	"amelia", "aneta", "angelika", "aniela", "anita", "augustyn", "bernard",
	"benedykt", "blazej", "boleslaw", "brunon", "edmund", "eleonora",
	"eliza", "elwira", "ernest", "erwin", "eugenia", "felicja", "feliks",
	"florian", "fryderyk", "gertruda", "gustaw", "herbert", "hieronim",
	"honorata", "ilona", "joachim", "judyta", "kajetan", "klara", "klemens",
	"laura", "lena", "leokadia", "leonard", "lucjan", "lukasz", "maja",
	"maksymilian", "malwina", "marlena", "maryla", "matylda", "milena",
	"milosz", "nadia", "nikodem", "nina", "otylia", "rajmund", "roksana",
	"rudolf", "sandra", "sara", "seweryn", "sonia", "szczepan", "teodor",
	"tymon", "walentyna", "walenty", "weronika", "wincenty", "zaneta",
	"zdzislawa", "zyta", "olek", "maciek", "mikolajek", "lukasz", "олена",
	"оксана", "ірина", "наталія", "андріи", "сергіи", "олександр", "іван",
	"марія", NULL };

/* What stands before a name and is no word of the author's. */
const char *const sign_off_titles[] = { "mgr", "inz", "dr", "hab", "prof",
	"lek", "med", "ks", "adw", "mec", "arch", "radca", "pani", "pan", "mr",
	"mrs", "ms", "ing", "dipl", NULL };

const char *const sign_off_card_marks[] = { "tel", "telefon", "tel.", "mob",
	"kom", "kom.", "fax", "faks", "nip", "regon", "krs", "phone", "mobile",
	"e-mail", "email", "mail", "ul", "al", "pl", "os", "www", "http",
	"https", "handy", "gsm", "pesel", NULL };

/* For whom is signed, above the name. */
const char *const sign_off_behalf[] = { "w imieniu", "z upowaznienia",
	"za zarzad", "za komitet", "on behalf of", "im namen", "im auftrag",
	"від імені", NULL };

const char *const sign_off_firms[] = { "sp. z o.o", "sp. z o. o", "sp. j.",
	"s.a.", "gmbh", "ltd", "spolka", "fundacja", "stowarzyszenie", NULL };

/* Offices that stand above a name: "Prezes Zarządu". */
const char *const sign_off_offices[] = { "przewodnicz", "wiceprzewodnicz",
	"prezes", "wiceprezes", "dyrektor", "wicedyrektor", "soltys", "radny",
	"radna", "kierowni", "czlonek", "czlonkini", "sekretarz", "skarbnik",
	"naczelnik", "pelnomocnik", "proboszcz", "komendant", "wlasciciel",
	"starosta", "wojt", "burmistrz", "chairman", "chairwoman", "president",
	"director", "secretary", "treasurer", NULL };

/* attribution - the line in which a mail program says who wrote what follows */
#include "parsers/attribution.h"

#include "parsers/phrase.h"

#include <string.h>

enum {
	LINES_MAX = 5,
	NAME_WORDS_MAX = 8,
	WORD_BEHIND_MAX = 40,
	ABBREVIATION_MAX = 4,
	HEAD_MAX = 240, /* bytes of an attribution with text behind it */
};

/* What a line holds that speaks for an attribution. */
struct evidence {
	bool date, year, time; /* "20.11", "20 lis"; 2026; 14:03 */
	bool address, angle; /* a@b.c; with < ( or [ before it */
	bool verb, verb_last;
	bool starts; /* with a word, weekday or number that one starts with */
	bool starts_word; /* not with a number */
	bool colon, dashed, closed; /* its end: ':' '-----' '<a@b>:' */
	bool framed; /* ">>> Name 20.11.2026 14:03 >>>" */
};

/* All tables are folded: lower case, without marks. */
static const char *const verbs[] = { "napisal", "napisala", "napisali", "pisze",
	"napisales", "napisalas", "napisalam", "napisalem", "cytowanie",
	"cytuje", "quoting", "zitat", "citando", "pisal", "pisala", "napisana",
	"wrote", "writes", "sent", "schrieb", "schrieben", "geschrieben",
	"schreibt", "пише", "написав", "написала", "писав", "писала", "пишет",
	"написал", "писал", "напісау", "піша", "написа", "napsal", "napsala",
	"pise", "ecrit", "escribio", "escrito", "escribiste", "escrit",
	"escriu", "scritto", "scrive", "escreveu", "escreve", "schreef",
	"geschreven", "skrev", "skriver", "kirjoitti", "kirjutas", "rase",
	"rakstija", "irta", "scris", "napisao", "yazdi", "yazdı", "viet",
	"εγραψε", "写道", "寫道", "のメッセーシ", NULL };

static const char *const openers[] = { "w dniu", "dnia", "wiadomosc napisana",
	"w piatek", "w sobote", "w niedziele", "w poniedzialek", "we wtorek",
	"w srode", "w czwartek", "on", "am", "le", "el", "il", "in data", "in",
	"op", "den", "dne", "dna", "em", "pa", "vao", "在", "am", "it", NULL };

static const char *const weekdays[] = { "pon", "wt", "sr", "czw", "pt", "sob",
	"niedz", "nd", "pn", "cz", "pi", "so", "poniedzialek", "wtorek",
	"sroda", "czwartek", "piatek", "sobota", "niedziela", "mon", "tue",
	"tues", "wed", "thu", "thur", "thurs", "fri", "sat", "sun", "monday",
	"tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
	"mo", "di", "mi", "do", "fr", "sa", "montag", "dienstag", "mittwoch",
	"donnerstag", "freitag", "samstag", "sonnabend", "sonntag", "пн", "вт",
	"ср", "чт", "пт", "сб", "нд", "вс", "понеділок", "вівторок", "середа",
	"четвер", "пʼятниця", "субота", "неділя", "понедельник", "вторник",
	"среда", "четверг", "пятница", "суббота", "воскресенье", "po", "ut",
	"st", "ct", "pa", "ne", "stv", "pi", "pondeli", "utery", "streda",
	"ctvrtek", "patek", "nedele", "pondelok", "utorok", "stvrtok", "piatok",
	"nedela", "lun", "mar", "mer", "jeu", "ven", "sam", "dim", "lundi",
	"mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche", "gio",
	"sab", "dom", "lunedi", "martedi", "mercoledi", "giovedi", "venerdi",
	"sabato", "domenica", "mie", "jue", "vie", "lunes", "martes",
	"miercoles", "jueves", "viernes", "sabado", "domingo", "seg", "ter",
	"qua", "qui", "sex", "segunda", "terca", "quarta", "quinta", "sexta",
	"ma", "wo", "vr", "za", "zo", "maandag", "dinsdag", "woensdag",
	"donderdag", "vrijdag", "zaterdag", "zondag", "man", "mandag", "mandag",
	"tis", "tir", "ons", "tor", "tors", "fre", "lor", "lør", "son", "søn",
	"tisdag", "tirsdag", "onsdag", "torsdag", "fredag", "lordag", "lørdag",
	"sondag", "søndag", "ti", "ke", "to", "pe", "la", "su", NULL };

static const char *const months[] = { "sty", "lut", "mar", "kwi", "maj", "cze",
	"lip", "sie", "wrz", "paz", "lis", "gru", "jan", "feb", "apr", "may",
	"jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "mai", "okt",
	"dez", "janv", "fev", "fevr", "avr", "juin", "juil", "aout", "ene",
	"abr", "ago", "dic", "gen", "mag", "giu", "lug", "set", "ott", "out",
	"mrt", "mei", "led", "uno", "bre", "dub", "kve", "cer", "srp", "zar",
	"rij", "pro", "січ", "лют", "бер", "кві", "квіт", "тра", "трав", "чер",
	"черв", "лип", "сер", "серп", "вер", "верес", "жов", "жовт", "лис",
	"лист", "гру", "груд", "янв", "фев", "февр", "мар", "апр", "мая", "маи",
	"июн", "июл", "авг", "сен", "сент", "окт", "ноя", "нояб", "дек",
	"thang", NULL };

static const char *const month_starts[] = { "stycz", "lut", "marz", "marc",
	"kwie", "maja", "czerw", "lipi", "lipc", "sierp", "wrze", "pazd",
	"listop", "grud", "janu", "febr", "march", "april", "june", "july",
	"augu", "septe", "octo", "nove", "dece", "marz", "juni", "juli", "okto",
	"deze", "janvi", "fevri", "mars", "avril", "juill", "septem", "octob",
	"novem", "decem", "ener", "febre", "abril", "mayo", "agost", "septi",
	"octub", "novie", "dicie", "genna", "febbr", "aprile", "magg", "giug",
	"lugl", "sette", "ottob", "dicem", "janei", "fever", "junho", "julho",
	"setem", "outub", "novemb", "dezem", "maart", "augus", "leden", "ledna",
	"unor", "brez", "dubn", "duben", "kvet", "cerv", "srpn", "srpen",
	"zari", "rijn", "rijen", "listopad", "prosin", "січн", "лютог", "люти",
	"берез", "квітн", "травн", "червн", "липн", "серпн", "верес", "жовтн",
	"листоп", "грудн", "январ", "феврал", "марта", "апрел", "июня", "июля",
	"август", "сентяб", "октяб", "ноябр", "декаб", "tammi", "helmi",
	"maalis", "huhti", "touko", "kesa", "heina", "elok", "syys", "loka",
	"marras", "joulu", "januar", "jnuari", "gener", "janeiro", NULL };

/* "Jak Pan pisze:" is a person's sentence, not a program's. */
static const char *const persons[] = { "jak", "pan", "pani", "panstwo", "ktos",
	"on", "ona", "as", "like", "you", "he", "she", "they", "gdzie",
	"jeszcze", "i", "a", "ale", "bo", NULL };

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || is_digit(c) ||
	       (unsigned char)c >= 0x80;
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (unsigned char)c >= 0x80;
}

static size_t
digits_at(struct span f, size_t i)
{
	size_t n = 0;

	while (i + n < f.n && is_digit(f.p[i + n]))
		n++;
	return n;
}

static bool
same_word(struct span word, const char *const *table)
{
	for (; *table != NULL; table++)
		if ((*table)[0] == word.p[0] && span_is(word, *table))
			return true;
	return false;
}

static bool
is_month(struct span word)
{
	if (same_word(word, months))
		return true;
	for (const char *const *m = month_starts; *m != NULL; m++)
		if ((*m)[0] == word.p[0] && span_starts(word, *m))
			return true;
	return false;
}

/* A date or a time of day that begins with the number of `n` digits at `i`. */
static void
read_number(struct evidence *ev, struct span f, size_t i, size_t n)
{
	size_t j = i + n, second, k, third;
	char sep = j < f.n ? f.p[j] : '\0';
	char before = i > 0 ? f.p[i - 1] : ' ';

	if (n == 4 && (f.p[i] == '1' || f.p[i] == '2'))
		ev->year = true;
	if (n > 4 || sep == '\0')
		return;
	second = digits_at(f, j + 1);
	if (n <= 2 && second == 2 &&
	    (sep == ':' || sep == 'h' ||
		(sep == '.' && before != '.' && before != '/' &&
		    (j + 3 >= f.n || f.p[j + 3] != '.'))))
		ev->time = true;
	if (sep != '.' && sep != '/' && sep != '-')
		return;
	k = j + 1 + (j + 1 < f.n && f.p[j + 1] == ' ');
	second = digits_at(f, k);
	if (second == 0 || second > 2 || k + second >= f.n ||
	    f.p[k + second] != sep)
		return;
	k += second + 1;
	k += k < f.n && f.p[k] == ' ';
	third = digits_at(f, k);
	if ((n == 4 && third > 0) || third == 2 || third == 4) {
		ev->date = true;
		ev->time = ev->time && sep != '.';
		ev->year |= n == 4 || third == 4;
	}
}

/* Does nothing with letters follow but "(a)", "/a", "(-la)", "het volgende"? */
static bool
nothing_follows(struct span rest)
{
	size_t letters = 0;

	for (size_t i = 0; i < rest.n; i++)
		letters += is_word(rest.p[i]);
	return letters <= 2 || span_starts(rest, "(-") ||
	       span_starts(rest, "(ла") || span_starts(rest, "/ла");
}

static bool
number_follows(struct span f, size_t i)
{
	while (i < f.n && !is_word(f.p[i]))
		i++;
	return i < f.n && is_digit(f.p[i]);
}

static void
read_words(struct evidence *ev, struct span f)
{
	bool month = false, small = false, was_small = false, was_month = false;
	size_t i = 0, n;

	while (i < f.n) {
		struct span word;

		if (!is_word(f.p[i])) {
			i++;
			continue;
		}
		n = digits_at(f, i);
		if (n > 0) {
			read_number(ev, f, i, n);
			small = n <= 2;
			ev->date |= small && was_month;
			was_small = small;
			was_month = false;
			i += n;
			if (i + 3 <= f.n && memcmp(f.p + i, "年", 3) == 0)
				ev->date = true;
			continue;
		}
		for (n = 0; i + n < f.n && is_word(f.p[i + n]) &&
			    !is_digit(f.p[i + n]);
		     n++)
			;
		word = span_sub(f, i, n);
		month = n >= 3 &&
			(was_small || ev->year || number_follows(f, i + n)) &&
			is_month(word);
		ev->date |= month && (was_small || ev->year);
		was_month = month;
		if (n > 3 || !was_small)
			was_small = false;
		if (n >= 4 && same_word(word, verbs)) {
			ev->verb = true;
			ev->verb_last = nothing_follows(span_from(f, i + n));
		}
		i += n;
	}
}

static void
read_addresses(struct evidence *ev, struct span f)
{
	const char *at;
	size_t i;

	for (i = 0; i < f.n && (at = memchr(f.p + i, '@', f.n - i)) != NULL;
	     i = (size_t)(at - f.p) + 1) {
		size_t here = (size_t)(at - f.p);

		if (here == 0 || here + 1 >= f.n || f.p[here - 1] == ' ' ||
		    !is_word(f.p[here + 1]))
			continue;
		ev->address = true;
		ev->angle |= memchr(f.p, '<', here) != NULL ||
			     memchr(f.p, '[', here) != NULL ||
			     memchr(f.p, '(', here) != NULL ||
			     memmem(f.p, here, "&lt;", 4) != NULL;
	}
}

/* `f` without the signs that programs put in front ("- ", "-----", "* "). */
static struct span
without_signs(struct span f)
{
	size_t i = 0;

	while (i < f.n && !is_word(f.p[i]))
		i++;
	return span_from(f, i);
}

/* Does the text to `end` end with a closed address, or with one more word, as
 * in a language whose verb is not known here? */
static bool
behind_address(struct span f, size_t end)
{
	size_t i = end;

	while (i > 0 && f.p[i - 1] != '>' && f.p[i - 1] != ')' &&
	       f.p[i - 1] != ']')
		i--;
	return i > 0 && end - i <= WORD_BEHIND_MAX &&
	       phrase_count_words(span_sub(f, i, end - i), 3) <= 1;
}

/* GroupWise puts the name and the date between such signs. */
static bool
is_framed(struct span words)
{
	return words.n > 8 && memcmp(words.p, ">>>", 3) == 0 &&
	       memcmp(words.p + words.n - 3, ">>>", 3) == 0;
}

static void
read_ends(struct evidence *ev, struct span f)
{
	struct span s = without_signs(f), word;
	size_t n = 0, dashes = 0, end = f.n;

	while (n < s.n && is_word(s.p[n]))
		n++;
	word = span_sub(s, 0, n);
	ev->starts_word = n > 0 && (phrase_starts(s, openers) > 0 ||
				       same_word(word, weekdays));
	ev->starts = ev->starts_word || (s.n > 0 && is_digit(s.p[0])) ||
		     (n >= 3 && is_month(word));
	while (end > 0 && f.p[end - 1] == '-') {
		end--;
		dashes++;
	}
	ev->dashed = dashes >= 3 && span_starts(f, "---");
	ev->framed = is_framed(f);
	end = f.n;
	ev->colon = end > 0 && f.p[end - 1] == ':';
	end -= ev->colon;
	while (end > 0 && f.p[end - 1] == ' ')
		end--;
	ev->closed = behind_address(f, end);
}

static struct evidence
weigh(struct span f)
{
	struct evidence ev = { 0 };

	read_words(&ev, f);
	read_addresses(&ev, f);
	read_ends(&ev, f);
	if (ev.year && ev.time)
		ev.date = true;
	return ev;
}

/* Old text with '>' follows: whatever the author says below it stays, so less
 * is asked. */
static bool
enough_before_quote(const struct evidence *ev)
{
	if (ev->framed)
		return ev->date && (ev->time || ev->address);
	if (ev->verb && (ev->date || ev->address || ev->dashed))
		return ev->colon || ev->verb_last || ev->dashed;
	return ev->date && ev->angle && ev->closed && (ev->time || ev->starts);
}

/* All below would go. */
static bool
enough_before_text(const struct evidence *ev, bool is_answer)
{
	if (ev->dashed && ev->verb && (ev->date || ev->address))
		return true;
	if (ev->framed)
		return ev->date && (ev->time || ev->address);
	if (ev->verb && ev->address && (ev->date || ev->angle))
		return ev->verb_last ||
		       (ev->colon &&
			   (ev->closed || (ev->angle && ev->date && ev->time)));
	if (ev->date && ev->time && ev->angle && ev->closed && ev->colon)
		return ev->starts && ev->year;
	return is_answer && ev->verb && ev->colon && ev->starts && ev->date &&
	       ev->year && ev->time;
}

/* With an address, and ended as programs end it: by the verb, or by the address
 * closed. */
static bool
is_sure(const struct evidence *ev)
{
	return ev->address && (ev->verb_last || ev->closed || ev->dashed);
}

/* Yahoo on a telephone puts the old text behind the colon, in the same line:
 * the line up to there, empty when no colon follows an address. */
static struct span
before_old_text(struct span words)
{
	size_t n = words.n < HEAD_MAX ? words.n : HEAD_MAX;
	const char *at = n > 0 ? memchr(words.p, '@', n) : NULL;
	size_t i = at == NULL ? n : (size_t)(at - words.p);

	for (; i + 1 < n; i++)
		if (words.p[i] == ':' &&
		    (words.p[i + 1] == ' ' || words.p[i + 1] == '\t'))
			return span_sub(words, 0, i + 1);
	return (struct span){ NULL, 0 };
}

/* A date with its year and hour, an address and, at the end, a verb: a person
 * who goes on in the same line does not write so. */
static bool
has_old_text(struct lines *lines, size_t i)
{
	struct span head = before_old_text(lines_words(lines, i));
	struct evidence ev;

	if (head.n == 0)
		return false;
	ev = weigh(lines_fold_words(lines, head));
	return ev.starts_word && ev.date && ev.year && ev.time && ev.angle &&
	       ev.verb_last && ev.colon;
}

bool
attribution_may_end(const struct lines *lines, size_t i)
{
	struct span s = lines_words(lines, i);

	if (s.n == 0 || lines->effort == 0)
		return false;
	switch (s.p[s.n - 1]) {
	case ':':
		return true;
	case '-':
		return s.n > 4 && memcmp(s.p + s.n - 3, "---", 3) == 0;
	case '>':
		return is_framed(s) || memchr(s.p, '@', s.n) != NULL;
	case 'e': /* wrote */
		return memchr(s.p, '@', s.n) != NULL;
	default: /* the full-width colon */
		return (s.n > 3 &&
			   memcmp(s.p + s.n - 3, "\xef\xbc\x9a", 3) == 0) ||
		       before_old_text(s).n > 0;
	}
}

/* Is line `i` the first of a paragraph, or behind what is not the author's? */
static bool
starts_paragraph(const struct lines *lines, size_t i)
{
	return i == 0 || lines->line[i - 1].kind != LINE_TEXT ||
	       lines->line[i - 1].gone;
}

/* "Konsultacje powiatowe pisze:" or "Konsultacje, 20.11.2026 14:03:" above '>'
 * lines, right above or as a paragraph of its own. */
static bool
is_name_and_verb(struct lines *lines, size_t i)
{
	struct span f = lines_fold(lines, i, i), raw = lines_words(lines, i);
	struct evidence ev = weigh(f);
	size_t words = phrase_count_words(f, NAME_WORDS_MAX + 3);

	if (!ev.colon || !(ev.verb_last || (ev.date && ev.year && ev.time)))
		return false;
	if (lines->line[i + 1].kind != LINE_QUOTED &&
	    !starts_paragraph(lines, i))
		return false;
	return words >= 2 && words <= NAME_WORDS_MAX + 2 &&
	       !(raw.p[0] >= 'a' && raw.p[0] <= 'z') &&
	       phrase_starts(f, persons) == 0;
}

/* "Thanks On Wed, Apr 4, 2012, bob@x wrote:": where the attribution begins in
 * the line, or 0. */
static size_t
inside(struct span words)
{
	static const char *const starts[] = { "On ", "W dniu ", "Dnia ", "Am ",
		"Le ", "El ", "Op ", "Den ", "Dne ", "Em ", "Il ", NULL };
	size_t best = 0;

	for (const char *const *s = starts; *s != NULL; s++)
		for (size_t i = 1; i < words.n; i++) {
			size_t hit = span_find(span_from(words, i), *s);

			i += hit;
			if (i < words.n &&
			    (words.p[i - 1] == ' ' || words.p[i - 1] == '-') &&
			    i > best)
				best = i;
		}
	return best;
}

static bool
read_inside(struct attribution *out, struct lines *lines, size_t end)
{
	struct span words = lines_words(lines, end);
	size_t at = words.n <= LINES_FOLD_MAX ? inside(words) : 0;
	struct evidence ev;

	if (at == 0)
		return false;
	ev = weigh(lines_fold_words(lines, span_from(words, at)));
	if (!ev.verb || !ev.date || !ev.colon || !(ev.time || ev.address))
		return false;
	while (at > 0 && (words.p[at - 1] == ' ' || words.p[at - 1] == '-'))
		at--;
	out->from = out->to = end;
	out->kept = at;
	return true;
}

/* Does the line end a sentence?  ("20 lis." does not.) */
static bool
ends_sentence(struct span words)
{
	size_t n = words.n, letters = 0;

	if (memchr(".!?:", words.p[n - 1], 4) == NULL)
		return false;
	for (n--; n > 0 && is_letter(words.p[n - 1]); n--)
		letters++;
	return words.p[words.n - 1] != '.' || letters > ABBREVIATION_MAX;
}

/* Can line `i` be an earlier line of what ends with line `end`? */
static bool
joins(const struct lines *lines, size_t i, size_t end)
{
	const struct line *line = &lines->line[i];

	if (line->kind == LINE_BLANK) /* some write "<" in a line of its own */
		return i < end && lines->line[i + 1].kind == LINE_TEXT &&
		       lines_words(lines, i + 1).p[0] == '<';
	return line->kind == LINE_TEXT && !line->gone &&
	       (i == end || !ends_sentence(lines_words(lines, i)));
}

/* Does line `i` begin an attribution with a date? */
static bool
says_when(struct lines *lines, size_t i)
{
	struct evidence ev;

	if (lines->line[i].kind != LINE_TEXT)
		return false;
	ev = weigh(lines_fold(lines, i, i));
	return !ev.colon && ev.date && (ev.starts || (ev.year && ev.time));
}

/* A number can begin the second line of a wrapped attribution, too. */
static size_t
with_line_above(struct lines *lines, size_t from, size_t end)
{
	if (from == 0 || starts_paragraph(lines, from) ||
	    end - from + 2 > LINES_MAX || !joins(lines, from - 1, end) ||
	    !says_when(lines, from - 1))
		return from;
	return from - 1;
}

/* Does the line above line `i` end with the "<" of an address? */
static bool
opens_address(const struct lines *lines, size_t i)
{
	struct span above;

	if (i == 0 || lines->line[i - 1].kind != LINE_TEXT)
		return false;
	above = lines_words(lines, i - 1);
	return above.p[above.n - 1] == '<';
}

/* A name alone, and its address with the verb on the line below. */
static bool
is_name_above(const struct lines *lines, size_t i, size_t end)
{
	return i + 1 == end && starts_paragraph(lines, i) &&
	       lines_words(lines, end).p[0] == '<' &&
	       phrase_count_words(lines_words(lines, i), NAME_WORDS_MAX + 1) <=
		   NAME_WORDS_MAX;
}

/* Does a word with a capital stand in lines `from` to `end`, besides the first?
 * A program names somebody; "pan starosta napisał:" is a person's sentence. */
static bool
names_somebody(const struct lines *lines, size_t from, size_t end)
{
	bool first = true;

	for (size_t i = from; i <= end; i++) {
		struct span s = lines_words(lines, i);

		for (size_t k = 0; k < s.n; k++) {
			bool starts = is_letter(s.p[k]) &&
				      (k == 0 || !is_letter(s.p[k - 1]));

			if (!starts)
				continue;
			if (!first && ((s.p[k] >= 'A' && s.p[k] <= 'Z') ||
					  (unsigned char)s.p[k] >= 0x80))
				return true;
			first = false;
		}
	}
	return false;
}

bool
attribution_read(
    struct attribution *out, struct lines *lines, size_t end, bool is_answer)
{
	size_t next = lines_next(lines, end + 1);
	bool quoted = next < lines->n && lines->line[next].kind == LINE_QUOTED;
	bool found = false;

	*out = (struct attribution){ end, end, 0, quoted, false };
	if (has_old_text(lines, end)) {
		out->quoted = false;
		return true;
	}
	for (size_t from = end + 1; from-- > 0 && end - from < LINES_MAX;) {
		struct evidence ev;
		bool enough;

		if (!joins(lines, from, end))
			break;
		if (lines->line[from].kind == LINE_BLANK)
			continue;
		if (found && !says_when(lines, from)) {
			if (!is_name_above(lines, from, end))
				continue;
			out->from = from;
			return true;
		}
		ev = weigh(lines_fold(lines, from, end));
		enough = quoted ? enough_before_quote(&ev)
				: enough_before_text(&ev, is_answer) &&
				      (ev.address || ev.framed ||
					  names_somebody(lines, from, end));
		out->doubt |=
		    !quoted && ev.verb_last && ev.colon && ev.date && ev.starts;
		if (enough && (ev.starts || ev.dashed || ev.framed) &&
		    !opens_address(lines, from)) {
			out->doubt = !quoted && !is_sure(&ev);
			out->from = ev.starts_word || ev.dashed || ev.framed
					? from
					: with_line_above(lines, from, end);
			return true;
		}
		if (from == end && quoted && read_inside(out, lines, end))
			return true;
		if (!enough)
			continue;
		/* "<a@b> napisał(a):" can be the second line of one. */
		if (starts_paragraph(lines, from) ||
		    (from == end && ev.angle && ev.verb)) {
			out->from = from;
			out->doubt = !quoted && !is_sure(&ev);
			found = true;
		}
		if (starts_paragraph(lines, from) &&
		    lines_words(lines, from).p[0] != '<')
			return true;
	}
	return found || (quoted && is_name_and_verb(lines, end));
}

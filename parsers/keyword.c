/* keyword - the words that are orders: STOP, TAK, POMOC */
#include "parsers/keyword.h"

#include <stdlib.h>
#include <string.h>

#include "parsers/code.h"
#include "parsers/sentence.h"
#include "parsers/text.h"

enum {
	ATTENDANCE_MAX = 20, /* words in a sentence of attendance */
	PREFIX_MAX = 6, /* letters before the dash of a code */
	ANYWHERE_READ = 32 * 1024, /* bytes; no letter is longer */
	BUCKETS = 1024,
	STEM_MIN = 2, /* bytes before a '*': what a bucket is told by */
	CLEAR_FORM = 3, /* words of a form that is clear anywhere */
	PHRASE_MAX = 6, /* words of the longest form that may stand anywhere */
};

/* What a form is for: a command, or one of these. */
enum {
	FORM_THANKS = 100,
	FORM_POLITE,
	FORM_ATTEND_YES,
	FORM_ATTEND_NO,
	FORM_ATTEND_NEXT,
	FORM_ATTEND_LEAD,
	FORM_ATTEND_MAYBE,
	FORM_ATTEND_NUMBER,
	FORM_ACCESS,
	FORM_WISH,
	FORM_STOP_TAIL,
	FORM_NUMBER, /* and above: "ordinal_3" is FORM_NUMBER + 3 */
};

struct form {
	int intent; /* enum command or FORM_... */
	/* Folded, one space between; "?" alone.  A word that ends with '*' is
	 * the beginning of one. */
	struct span words;
	size_t next; /* form of the same bucket, plus one; 0: none */
};

struct keywords {
	struct arena arena; /* owned; holds the forms */
	struct form *forms;
	size_t n_forms;
	/* By the first two bytes: the first form, plus one; 0: none. */
	size_t buckets[BUCKETS];
};

static int
intent_of(struct span name)
{
	static const struct {
		const char *name;
		int intent;
	} others[] = { { "ask_stop_or_withdraw", CMD_ASK },
		{ "thanks", FORM_THANKS }, { "polite", FORM_POLITE },
		{ "attend_yes", FORM_ATTEND_YES },
		{ "attend_no", FORM_ATTEND_NO },
		{ "attend_next", FORM_ATTEND_NEXT },
		{ "attend_lead", FORM_ATTEND_LEAD },
		{ "attend_maybe", FORM_ATTEND_MAYBE },
		{ "attend_number", FORM_ATTEND_NUMBER },
		{ "access", FORM_ACCESS }, { "wish", FORM_WISH },
		{ "stop_tail", FORM_STOP_TAIL } };

	if (span_starts(name, "ordinal_") && name.n == 9 &&
	    strchr("123456789", name.p[8]) != NULL)
		return FORM_NUMBER + name.p[8] - '0';
	if (span_is(name, "ordinal_all"))
		return FORM_NUMBER + ORDINAL_ALL;
	for (int c = CMD_STOP; c < CMD_ASK; c++)
		if (span_is(name, command_name((enum command)c)))
			return c;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (span_is(name, others[i].name))
			return others[i].intent;
	return -1;
}

static enum status
add_form(
    struct keywords *k, int intent, struct span text, int line, struct err *err)
{
	struct buf words = { .max = 1024 };
	struct sentence s;
	struct form *form;
	enum status rc = ST_OK;

	sentence_split(&s, text);
	for (int i = 0; i < s.n; i++) {
		if (s.words[i].folded_n == 0)
			s.more = true;
		if (i > 0)
			buf_char(&words, ' ');
		buf_add(&words,
		    (struct span){ s.words[i].folded, s.words[i].folded_n });
		if (s.words[i].folded_n >= STEM_MIN &&
		    span_starts(sentence_gap(&s, i + 1), "*"))
			buf_char(&words, '*');
	}
	if (s.n == 0 && span_is(span_trim(text), "?"))
		buf_char(&words, '?');
	if (words.n == 0 || s.more || words.failed) {
		rc = err_set(err, ST_REJECT,
		    "keywords, line %d: a form between two | is %s", line,
		    s.more || words.failed ? "too long" : "empty");
		goto out;
	}
	form = arena_push(&k->arena, &k->forms, &k->n_forms, sizeof(*form));
	if (form != NULL) {
		form->intent = intent;
		form->words = arena_copy(&k->arena, buf_span(&words));
	}
	if (form == NULL || form->words.n == 0)
		rc = err_set(err, ST_BROKEN, "out of memory");
out:
	buf_free(&words);
	return rc;
}

/* One line of the table: intent, language, forms. */
static enum status
add_line(struct keywords *k, struct span line, int number, struct err *err)
{
	size_t first = span_find(line, "\t");
	struct span rest = span_from(line, first + 1);
	size_t second = span_find(rest, "\t");
	struct span forms = span_from(rest, second + 1);
	int intent = intent_of(span_sub(line, 0, first));
	enum status rc = ST_OK;

	if (second == rest.n || second == 0 || span_find(forms, "\t") < forms.n)
		return err_set(err, ST_REJECT,
		    "keywords, line %d: expected intent, language and forms "
		    "with a TAB between",
		    number);
	if (intent < 0)
		return err_set(err, ST_REJECT,
		    "keywords, line %d: \"%.*s\" is no intent; see the other "
		    "lines for those there are",
		    number, (int)(first < 40 ? first : 40), line.p);
	do {
		size_t bar = span_find(forms, "|");

		rc = add_form(k, intent, span_sub(forms, 0, bar), number, err);
		if (bar == forms.n)
			break;
		forms = span_from(forms, bar + 1);
	} while (rc == ST_OK);
	return rc;
}

static size_t
bucket_of(struct span word)
{
	unsigned first = word.n > 0 ? (unsigned char)word.p[0] : 0;
	unsigned second =
	    word.n > 1 && word.p[1] != ' ' ? (unsigned char)word.p[1] : 0;

	return (first * 31 + second) % BUCKETS;
}

/* Puts the forms into their buckets, each in the order of the table. */
static void
sort_forms(struct keywords *k)
{
	for (size_t f = k->n_forms; f-- > 0;) {
		size_t *bucket = &k->buckets[bucket_of(k->forms[f].words)];

		k->forms[f].next = *bucket;
		*bucket = f + 1;
	}
}

enum status
keywords_read(struct keywords **out, struct span tsv, struct err *err)
{
	struct keywords *k = calloc(1, sizeof(*k));
	enum status rc = ST_OK;
	struct span line;
	int number = 0;

	*out = NULL;
	if (k == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	if (!text_is_utf8(tsv))
		rc = err_set(err, ST_REJECT, "keywords: not valid UTF-8");
	if (span_starts(tsv, "\xEF\xBB\xBF"))
		tsv = span_from(tsv, 3);
	while (rc == ST_OK && span_line(&tsv, &line)) {
		number++;
		if (span_trim(line).n > 0 && !span_starts(line, "#"))
			rc = add_line(k, line, number, err);
	}
	sort_forms(k);
	if (rc == ST_OK)
		*out = k;
	else
		keywords_free(k);
	return rc;
}

void
keywords_free(struct keywords *k)
{
	if (k == NULL)
		return;
	arena_free(&k->arena);
	free(k);
}

static bool
is_word_of_form(const struct sentence_word *w, struct span form)
{
	struct span word = { w->folded, w->folded_n };

	if (form.n > 0 && form.p[form.n - 1] == '*') {
		form.n--;
		word = span_sub(word, 0, form.n);
	}
	return span_eq(form, word);
}

/* How many words of `s` from `i` on are that form; 0: they are not. */
static int
match(const struct form *form, const struct sentence *s, int i)
{
	struct span rest = form->words;
	int n = 0;

	for (; rest.n > 0; n++) {
		size_t end = span_find(rest, " ");
		const struct sentence_word *w = &s->words[i + n];

		if (i + n >= s->n ||
		    !is_word_of_form(w, span_sub(rest, 0, end)))
			return 0;
		rest = span_from(rest, end + 1);
	}
	return n;
}

static const struct form *
next_form(const struct keywords *k, const struct form *form)
{
	return form->next == 0 ? NULL : &k->forms[form->next - 1];
}

/* The first of the forms that can begin with word `i`; NULL: none. */
static const struct form *
first_form(const struct keywords *k, const struct sentence *s, int i)
{
	const struct sentence_word *w = &s->words[i];
	size_t at;

	if (i >= s->n || w->folded_n == 0)
		return NULL;
	at = k->buckets[bucket_of((struct span){ w->folded, w->folded_n })];
	return at == 0 ? NULL : &k->forms[at - 1];
}

/* How many words from `i` on are the longest form of that intent; 0: none. */
static int
match_intent(
    const struct keywords *k, int intent, const struct sentence *s, int i)
{
	int longest = 0;

	for (const struct form *form = first_form(k, s, i); form != NULL;
	     form = next_form(k, form)) {
		int n = form->intent == intent ? match(form, s, i) : 0;

		if (n > longest)
			longest = n;
	}
	return longest;
}

/* Steps over polite words and thanks; `*thanks` when there were thanks. */
static int
skip_thanks(
    const struct keywords *k, const struct sentence *s, int i, bool *thanks)
{
	for (;;) {
		int polite = match_intent(k, FORM_POLITE, s, i);
		int n = match_intent(k, FORM_THANKS, s, i);

		if (polite == 0 && n == 0)
			return i;
		if (n >= polite)
			*thanks = true;
		i += n > polite ? n : polite;
	}
}

static bool
are_letters(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] < 'a' || s[i] > 'z')
			return false;
	return n > 0 && n <= PREFIX_MAX;
}

/* How many words from `i` on are a code, with or without "/12"; 0: none. */
static int
match_code(const struct sentence *s, int i)
{
	enum { FOUR = CODE_DATA + 1 };
	const struct sentence_word *w = &s->words[i];
	int n = 0;

	if (i < s->n && w->folded_n > FOUR &&
	    are_letters(w->folded, w->folded_n - FOUR) &&
	    code_is_likely(w->folded + w->folded_n - FOUR, false))
		n = 1;
	else if (i + 1 < s->n && are_letters(w->folded, w->folded_n) &&
		 w[1].folded_n == FOUR &&
		 code_is_likely(
		     w[1].folded, text_has_dash(sentence_gap(s, i + 1))))
		n = 2;
	if (n > 0 && i + n < s->n && sentence_is_number(&w[n]) &&
	    span_is(sentence_gap(s, i + n), "/"))
		n++;
	return n;
}

/* KOREKTA and the new text, by rule 6. */
static bool
is_correction(const struct sentence *s, int n, struct span *argument)
{
	*argument = n < s->n ? span_trim(span_from(s->text, s->words[n].at))
			     : sentence_part(s, 0, 0);
	if (n == s->n || sentence_is_number(&s->words[n]) ||
	    match_code(s, n) > 0 || sentence_gap_has(s, n, ":.\n"))
		return true;
	return !text_has_small_letter(sentence_part(s, 0, n)) &&
	       text_has_small_letter(*argument);
}

/* ROZESLIJ on a line of its own, with the order below. */
static bool
is_staff_order(const struct sentence *s, int n, struct span *argument)
{
	if (n == s->n || !sentence_gap_has(s, n, "\n"))
		return false;
	*argument = span_trim(span_from(s->text, s->words[n].at));
	return true;
}

static bool
takes_number(enum command c)
{
	return c == CMD_STATE || c == CMD_WITHDRAW || c == CMD_SEND ||
	       c == CMD_CANCEL_JOB;
}

/* The words from `n` on may follow that command: nothing, a code, a number,
 * WSZYSTKO, thanks. */
static bool
may_follow(const struct keywords *k, enum command c, const struct sentence *s,
    int n, struct span *argument)
{
	bool thanks = false;
	int i = n, tail;

	if (c == CMD_ANNOUNCE || c == CMD_CHANGE || c == CMD_CANCEL)
		return is_staff_order(s, n, argument);
	if (c == CMD_CORRECTION)
		return is_correction(s, n, argument);
	if (s->more || (c != CMD_HELP && sentence_is_question(s)))
		return false;
	while (
	    c == CMD_STOP && (tail = match_intent(k, FORM_STOP_TAIL, s, i)) > 0)
		i += tail;
	n = i;
	if (i < s->n && takes_number(c) && sentence_is_number(&s->words[i]))
		i++;
	else if (i < s->n && match_code(s, i) > 0)
		i += match_code(s, i);
	else if (c != CMD_ALL)
		i += match_intent(k, CMD_ALL, s, i);
	*argument = sentence_part(s, n, i);
	return skip_thanks(k, s, i, &thanks) == s->n;
}

/* A text of question marks alone. */
static enum command
lone_question(const struct keywords *k, struct span text)
{
	text = span_trim(text);
	if (text.n == 0 || text.n > 5)
		return CMD_NONE;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] != '?' && text.p[i] != '!')
			return CMD_NONE;
	for (size_t f = 0; f < k->n_forms && span_find(text, "?") < text.n; f++)
		if (k->forms[f].intent <= CMD_ASK &&
		    span_is(k->forms[f].words, "?"))
			return (enum command)k->forms[f].intent;
	return CMD_NONE;
}

/* The order whose words begin with word `i`. */
static enum command
command_at(const struct keywords *k, const struct sentence *s, int i,
    struct span *argument)
{
	enum command found = CMD_NONE;
	struct span rest;
	int longest = 0;

	for (const struct form *form = first_form(k, s, i); form != NULL;
	     form = next_form(k, form)) {
		int n = form->intent <= CMD_ASK ? match(form, s, i) : 0;

		if (n <= longest ||
		    !may_follow(k, (enum command)form->intent, s, i + n, &rest))
			continue;
		longest = n;
		found = (enum command)form->intent;
		*argument = rest;
	}
	return found;
}

enum command
keyword_command(
    const struct keywords *k, struct span new_text, struct span *argument)
{
	enum command found;
	struct sentence s;
	bool thanks = false;
	int i;

	*argument = (struct span){ new_text.p, 0 };
	sentence_split(&s, new_text);
	if (s.n == 0)
		return lone_question(k, new_text);
	found = command_at(k, &s, 0, argument);
	i = skip_thanks(k, &s, 0, &thanks);
	/* "Dzień dobry, rezygnuję": orders of staff open their mail. */
	if (found == CMD_NONE &&
	    (i > 1 || (i == 1 && sentence_gap_has(&s, 1, ",.!\n"))))
		found = command_at(k, &s, i, argument);
	return found;
}

/* "o 17", "ok. 17:15": when somebody comes. */
static bool
is_hour(const struct sentence *s, int i)
{
	static const char *const before[] = { "o", "ok", "okolo", "od", "po",
		"przed", "at", "around", "by" };

	for (size_t k = 0; k < sizeof(before) / sizeof(before[0]); k++)
		if (i + 1 < s->n && span_is((struct span){ s->words[i].folded,
						s->words[i].folded_n },
					before[k]))
			return sentence_is_number(&s->words[i + 1]);
	return false;
}

/* Does what a form of attendance needs stand behind it? */
static bool
ends_attendance(const struct keywords *k, const struct sentence *s, int i)
{
	return i == s->n || sentence_gap_has(s, i, ",.;:!-()\n") ||
	       is_hour(s, i) || match_intent(k, FORM_ATTEND_NEXT, s, i) > 0;
}

/* The mark that ends the clause with word `i`: '?' makes it a question. */
static bool
is_asked(const struct sentence *s, int i)
{
	for (; i <= s->n; i++) {
		if (sentence_gap_has(s, i, "?"))
			return true;
		if (sentence_gap_has(s, i, ",.;!\n"))
			return false;
	}
	return false;
}

/* +1, -1 or ATTENDS_MAYBE for the form at word `i`, with how long it is. */
static int
attendance_at(
    const struct keywords *k, const struct sentence *s, int i, int *len)
{
	static const struct {
		int intent, answer;
	} forms[] = { { FORM_ATTEND_YES, ATTENDS_YES },
		{ FORM_ATTEND_NO, ATTENDS_NO },
		{ FORM_ATTEND_MAYBE, ATTENDS_MAYBE } };
	int found = 0;

	*len = 0;
	for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
		int n = match_intent(k, forms[f].intent, s, i);

		if (n > *len) {
			*len = n;
			found = forms[f].answer;
		}
	}
	if (*len == 0 || !ends_attendance(k, s, i + *len) ||
	    is_asked(s, i + *len))
		return 0;
	return found;
}

/* How many words stand before the end of the sentence with word `i`.  The full
 * stop of "20.11" ends none. */
static int
sentence_words(const struct sentence *s, int i)
{
	int end = i;

	while (end < s->n && (end == i || span_is(sentence_gap(s, end), ".") ||
				 !sentence_gap_has(s, end, ".!?\n")))
		end++;
	return end;
}

/* "Niestety choruję i nie będę mógł przyjść": a form of several words is clear
 * wherever it begins a clause of the first sentence. */
static int
attendance_behind(const struct keywords *k, const struct sentence *s)
{
	static const char *const joints[] = { "i", "ale", "wiec", "dlatego",
		"ze", "and", "so", "but" };
	int end = sentence_words(s, 0), len;

	for (int i = 1; i < end && i < ATTENDANCE_MAX; i++) {
		bool begins = sentence_gap_has(s, i, ",");
		struct span before = { s->words[i - 1].folded,
			s->words[i - 1].folded_n };
		int found;

		for (size_t j = 0; j < sizeof(joints) / sizeof(joints[0]); j++)
			begins = begins || span_is(before, joints[j]);
		if (!begins)
			continue;
		found = attendance_at(k, s, i, &len);
		if (found != 0 &&
		    (len >= CLEAR_FORM ||
			(i + len == s->n && sentence_gap(s, i).n == 1) ||
			(len > 1 && (i + len == s->n ||
					match_intent(k, FORM_ATTEND_NEXT, s,
					    i + len) > 1))))
			return found;
	}
	return 0;
}

int
keyword_attendance(const struct keywords *k, struct span new_text)
{
	struct sentence s;
	bool thanks = false;
	int found, len, i = 0, next;

	sentence_split(&s, new_text);
	if (s.n == 0)
		return 0;
	found = attendance_at(k, &s, 0, &len);
	if (found == 0)
		found = attendance_behind(k, &s);
	while (found == 0) {
		next = skip_thanks(k, &s, i, &thanks);
		next += match_intent(k, FORM_ATTEND_LEAD, &s, next);
		if (next == i || next >= s.n)
			return 0;
		i = next;
		found = attendance_at(k, &s, i, &len);
	}
	return sentence_words(&s, i) - i <= ATTENDANCE_MAX &&
		       (sentence_words(&s, i) < s.n || !s.more)
		   ? found
		   : 0;
}

int
keyword_answer(const struct keywords *k, struct span words)
{
	static const int intents[][2] = { { CMD_YES, ATTENDS_YES },
		{ FORM_ATTEND_YES, ATTENDS_YES }, { CMD_NO, ATTENDS_NO },
		{ FORM_ATTEND_NO, ATTENDS_NO },
		{ FORM_ATTEND_MAYBE, ATTENDS_MAYBE } };
	struct sentence s;
	int found = 0, i = 0, longest, is;
	bool thanks;

	sentence_split(&s, words);
	while (i < s.n) {
		longest = match_intent(k, FORM_ATTEND_NUMBER, &s, i);
		is = 0;
		for (size_t f = 0; f < sizeof(intents) / sizeof(*intents); f++)
			if (match_intent(k, intents[f][0], &s, i) > longest) {
				longest = match_intent(k, intents[f][0], &s, i);
				is = intents[f][1];
			}
		if (longest == 0)
			longest = skip_thanks(k, &s, i, &thanks) - i;
		if (longest == 0 || (is != 0 && found != 0 && is != found))
			return ATTENDS_OTHER;
		found = is != 0 ? is : found;
		i += longest;
	}
	return s.more ? ATTENDS_OTHER : found;
}

int
keyword_ordinal(const struct keywords *k, struct span text, struct span *word)
{
	struct sentence s;

	sentence_split(&s, text);
	for (int i = 0; i < s.n; i++) {
		int longest = 0, number = 0;

		for (const struct form *form = first_form(k, &s, i);
		     form != NULL; form = next_form(k, form)) {
			int n =
			    form->intent > FORM_NUMBER ? match(form, &s, i) : 0;

			if (n > longest) {
				longest = n;
				number = form->intent - FORM_NUMBER;
			}
		}
		*word = sentence_part(&s, i, i + longest);
		if (longest > 0)
			return number;
	}
	return 0;
}

/* Does a form of that intent stand anywhere in the text? */
static bool
has_intent(const struct keywords *k, int intent, struct span text)
{
	struct sentence s;
	struct span rest = span_sub(text, 0, ANYWHERE_READ);

	while (rest.n > 0) {
		sentence_split(&s, rest);
		for (int i = 0; i < s.n; i++)
			if (match_intent(k, intent, &s, i) > 0)
				return true;
		if (!s.more)
			break;
		/* The last words may begin a phrase. */
		rest = span_from(rest, s.words[s.n - PHRASE_MAX].at);
	}
	return false;
}

bool
keyword_wants_access(const struct keywords *k, struct span remark)
{
	return has_intent(k, FORM_ACCESS, remark);
}

bool
keyword_has_wish(const struct keywords *k, struct span words)
{
	return has_intent(k, FORM_WISH, words);
}

/* Nothing but polite words and thanks?  `*thanks` when there were thanks. */
static bool
is_polite(const struct keywords *k, struct span new_text, bool *thanks)
{
	struct sentence s;

	*thanks = false;
	sentence_split(&s, new_text);
	return s.n > 0 && !s.more && !sentence_is_question(&s) &&
	       skip_thanks(k, &s, 0, thanks) == s.n;
}

bool
keyword_is_polite(const struct keywords *k, struct span new_text)
{
	bool thanks;

	return is_polite(k, new_text, &thanks) && !thanks;
}

bool
keyword_is_thanks(const struct keywords *k, struct span new_text)
{
	bool thanks;

	return is_polite(k, new_text, &thanks) && thanks;
}

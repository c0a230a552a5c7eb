/* sms_text - what a resident's text message says */
#include "parsers/sms_text.h"

#include <string.h>

#include "parsers/address.h"
#include "parsers/attendance.h"
#include "parsers/code.h"
#include "parsers/code_label.h"
#include "parsers/keyword.h"
#include "parsers/phrase.h"
#include "parsers/text.h"

enum {
	HINT_BYTES = 4096, /* read to tell the language */
	LABEL_MAX = 60, /* bytes before a code that only name it */
};

/* The codes of a text where they stand. */
struct places {
	struct code_hit hits[CODES_MAX];
	size_t n;
};

static void
find_places(struct places *out, struct span text, const char *prefix)
{
	size_t at = 0;

	out->n = 0;
	while (out->n < CODES_MAX &&
	       code_next(&out->hits[out->n], text, at, prefix)) {
		at = out->hits[out->n].at + out->hits[out->n].n;
		out->n++;
	}
}

static bool
has_words(struct span s)
{
	size_t len;

	for (; s.n > 0; s = span_from(s, len))
		if (text_is_word(text_next(s, &len)))
			return true;
	return false;
}

static void
read_sender(
    struct parsed *out, const struct sms *sms, const struct parse_settings *set)
{
	static const char *const problems[] = {
		[PHONE_LANDLINE] = "the sender's number is a landline, which "
				   "cannot be texted",
		[PHONE_SHORT] = "the sender is a short number, which is never "
				"answered",
		[PHONE_NAME] = "the sender is a name and no number, which "
			       "cannot be answered",
		[PHONE_INVALID] = "the sender is no valid number, which cannot "
				  "be answered",
	};
	char number[32];
	enum phone_kind kind = phone_normalise(
	    number, sms->from, set->phone_prefix, set->textable_prefixes);

	if (kind == PHONE_MOBILE || kind == PHONE_FOREIGN ||
	    kind == PHONE_LANDLINE)
		out->from.address = arena_copy(&out->arena, span_of(number));
	else
		out->from.address =
		    arena_copy(&out->arena, span_trim(sms->from));
	if (kind != PHONE_MOBILE && kind != PHONE_FOREIGN)
		parsed_warn(out, "%s", problems[kind]);
}

/* A separator that may stand beside a code and goes with it; its length, or 0. */
static size_t
separator_at(struct span s)
{
	size_t len;
	int32_t cp = text_next(s, &len);

	if (cp == 0)
		return 0;
	if (cp < 0x80)
		return strchr(" \t\n\r.,:;-_/|", cp) != NULL ? len : 0;
	return cp == 0xA0 || cp == 0x202F || cp == 0x200B || cp == 0xFEFF ||
		       (cp >= 0x2010 && cp <= 0x2015) || cp == 0x2212
		   ? len
		   : 0;
}

static size_t
skip_separators(struct span text, size_t at)
{
	size_t len;

	while ((len = separator_at(span_from(text, at))) > 0)
		at += len;
	return at;
}

/* Where `text` ends without the separators at its end. */
static size_t
trim_separators(struct span text)
{
	size_t end = text.n;

	while (end > 0) {
		size_t start = end - 1;

		while (start > 0 && end - start < 4 &&
		       ((unsigned char)text.p[start] & 0xC0) == 0x80)
			start--;
		if (separator_at((struct span){
			text.p + start, end - start }) != end - start)
			break;
		end = start;
	}
	return end;
}

/* Widens the place of a code by the brackets or quotes around it. */
static void
widen(struct span text, struct code_hit *hit)
{
	static const char *const pairs[] = { "[]", "()", "\"\"", "''", "<>",
		"{}", "**", "__" };
	size_t end = hit->at + hit->n;
	static const char low[] = "\xE2\x80\x9E", high[] = "\xE2\x80\x9D";

	if (hit->at >= 3 && memcmp(text.p + hit->at - 3, low, 3) == 0 &&
	    span_starts(span_from(text, end), high)) {
		hit->at -= 3;
		hit->n += 6;
		return;
	}
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (hit->at > 0 && end < text.n &&
		    text.p[hit->at - 1] == pairs[i][0] &&
		    text.p[end] == pairs[i][1]) {
			hit->at--;
			hit->n += 2;
			return;
		}
}

static size_t
skip_spaces(struct span s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] == ' ')
		n++;
	return n;
}

/* "Kod BL-7M4H", "Uwaga do BL-7M4H: ...": the label goes with the code when it
 * opens the text and is no part of a sentence that goes on (`behind`). */
static bool
is_label(struct parsed *out, struct span before, struct span behind)
{
	static const char *const alone[] = { "kod", "code", "dot", "dotyczy",
		"ref", NULL };
	struct span f;

	if (before.n > LABEL_MAX || !text_is_utf8(before))
		return false;
	f = text_fold_copy(&out->arena, before);
	f = span_sub(f, 0, trim_separators(f));
	if (!has_words(f) || phrase_starts(f, alone) == f.n)
		return true;
	behind = span_from(behind, skip_spaces(behind));
	return !code_label_says_more(f) && behind.n > 0 &&
	       memchr(":.-\n", behind.p[0], 4) != NULL;
}

/* The text without its codes.  A slip of a code in the middle of the words
 * stays: it could be a word of theirs. */
static void
write_remark(struct parsed *out, struct span text, const struct places *places)
{
	struct buf remark = { .max = text.n + CODES_MAX };
	size_t from = 0;

	for (size_t i = 0; i < places->n; i++) {
		struct code_hit hit = places->hits[i];
		struct span before;
		size_t after, len;

		widen(text, &hit);
		before = span_sub(text, from, hit.at - from);
		after = skip_separators(text, hit.at + hit.n);
		if (!hit.valid && after < text.n &&
		    (remark.n > 0 || has_words(before)))
			continue;
		if (remark.n == 0 &&
		    is_label(out, before, span_from(text, hit.at + hit.n)))
			before = span_sub(before, 0, 0);
		else if (after == text.n)
			before = span_sub(before, 0, trim_separators(before));
		buf_add(&remark, span_trim(before));
		if (remark.n > 0 &&
		    (after > hit.at + hit.n ||
			text_is_word(text_next(span_from(text, after), &len))))
			buf_char(&remark, ' ');
		from = after;
	}
	buf_add(&remark, span_from(text, from));
	out->remark = arena_copy(&out->arena, span_trim(buf_span(&remark)));
	if (!has_words(out->remark))
		out->remark = (struct span){ "", 0 };
	buf_free(&remark);
}

/* Does a new statement start at `at`? */
static bool
starts_statement(struct span text, size_t at)
{
	struct span before = span_sub(text, 0, at);
	size_t end = at;

	while (end > 0 && strchr(" \t\r([\"", before.p[end - 1]) != NULL)
		end--;
	return end == 0 || strchr("\n.,;!?", before.p[end - 1]) != NULL;
}

/* Several consultations, each with the words behind its code; none when it is
 * not clear which words are whose. */
static void
write_pieces(struct parsed *out, struct span text, const struct places *places)
{
	struct piece pieces[CODES_MAX];
	bool several = false;

	if (places->n < 2 || has_words(span_sub(text, 0, places->hits[0].at)))
		return;
	for (size_t i = 0; i < places->n; i++) {
		const struct code_hit *hit = &places->hits[i];
		struct code_hit own = *hit, next = { .at = text.n };
		struct span words;

		widen(text, &own);
		if (i + 1 < places->n) {
			next = places->hits[i + 1];
			widen(text, &next);
		}
		words =
		    span_sub(text, own.at + own.n, next.at - own.at - own.n);
		words = span_from(words, skip_separators(words, 0));
		if (i + 1 < places->n)
			words = span_sub(words, 0, trim_separators(words));
		if (!hit->valid || !has_words(words) ||
		    !starts_statement(text, hit->at))
			return;
		pieces[i] =
		    (struct piece){ span_of(hit->code), span_trim(words) };
		several =
		    several || strcmp(hit->code, places->hits[0].code) != 0;
	}
	for (size_t i = 0; several && i < places->n; i++) {
		struct piece *slot = arena_push(
		    &out->arena, &out->pieces, &out->n_pieces, sizeof(*slot));

		if (slot == NULL)
			return;
		slot->code = arena_copy(&out->arena, pieces[i].code);
		slot->text = arena_copy(&out->arena, pieces[i].text);
	}
}

static bool
is_staff_order(enum command c)
{
	return c == CMD_SEND || c == CMD_CANCEL_JOB || c == CMD_ANNOUNCE ||
	       c == CMD_CHANGE || c == CMD_CANCEL;
}

/* What follows may look like a code of any town; here it must be one of ours,
 * WSZYSTKO or a number. */
static bool
is_argument(
    struct span argument, const struct places *places, const struct keywords *k)
{
	struct span rest;

	if (argument.n == 0 || places->n > 0 ||
	    keyword_command(k, argument, &rest) == CMD_ALL)
		return true;
	for (size_t i = 0; i < argument.n; i++)
		if (argument.p[i] < '0' || argument.p[i] > '9')
			return false;
	return true;
}

/* The order that the text is: by the table, or the table's word before one code
 * at the end in a spelling that only the prefix tells ("STOP BL IOKE"). */
static enum command
find_command(struct span *argument, struct span text,
    const struct places *places, const struct keywords *k)
{
	enum command c = keyword_command(k, text, argument);
	const struct code_hit *hit = &places->hits[0];
	size_t end;

	if (is_staff_order(c))
		return CMD_NONE;
	if (c == CMD_CORRECTION || c == CMD_ALL)
		return c;
	if (c != CMD_NONE && is_argument(*argument, places, k))
		return c;
	if (c != CMD_NONE || places->n != 1)
		return CMD_NONE;
	end = hit->at + hit->n;
	if (has_words(span_from(text, end)) ||
	    span_find(span_from(text, end), "?") < text.n - end)
		return CMD_NONE;
	c = keyword_command(k, span_sub(text, 0, hit->at), argument);
	if (c == CMD_CORRECTION || c == CMD_ALL || is_staff_order(c) ||
	    argument->n > 0)
		return CMD_NONE;
	*argument = span_sub(text, hit->at, hit->n);
	return c;
}

/* The words of a correction: what follows the number or code. */
static void
write_correction(struct parsed *out, const char *prefix)
{
	struct span rest = out->argument;
	struct code_hit hit;
	size_t digits = 0;

	if (code_next(&hit, rest, 0, prefix) &&
	    !has_words(span_sub(rest, 0, hit.at))) {
		rest = span_from(rest, hit.at + hit.n);
		if (span_starts(rest, "/"))
			rest = span_from(rest, 1);
	}
	while (
	    digits < rest.n && rest.p[digits] >= '0' && rest.p[digits] <= '9')
		digits++;
	if (digits < rest.n && separator_at(span_from(rest, digits)) == 0)
		digits = 0; /* "12a": a word of the new text */
	rest = span_from(rest, digits);
	rest = span_from(rest, skip_separators(rest, 0));
	out->remark = has_words(rest) ? rest : (struct span){ "", 0 };
}

static bool
is_one_of(struct span word, const char *list)
{
	struct span rest = span_of(list);

	while (rest.n > 0) {
		size_t end = span_find(rest, " ");

		if (span_eq(word, span_sub(rest, 0, end)))
			return true;
		rest = span_from(rest, end + 1);
	}
	return false;
}

/* By words that only one of the two languages has, and by Polish letters. */
static struct span
language_of(struct parsed *out, struct span text)
{
	static const char polish[] =
	    "nie sie jest prosze dla czy od ze oraz przy przez jak tak bo ale "
	    "juz sa ma po za co tylko wiecej brak ul na w z o";
	static const char english[] =
	    "the and is are please of for with not should would need you your "
	    "my this that there have has more at from be it can will";
	struct span rest;
	int pl = 0, en = 0;

	text = span_sub(text, 0, HINT_BYTES);
	rest = text_fold_copy(&out->arena, text);
	while (rest.n > 0) {
		size_t end = span_find(rest, " ");
		struct span word = span_sub(rest, 0, end);

		word = span_sub(word, 0, trim_separators(word));
		pl += is_one_of(word, polish);
		en += is_one_of(word, english);
		rest = span_from(rest, end + 1);
	}
	for (size_t i = 0; i + 1 < text.n; i++)
		if ((text.p[i] == '\xC4' && strchr("\x84\x85\x86\x87\x98\x99",
						text.p[i + 1]) != NULL) ||
		    (text.p[i] == '\xC5' &&
			strchr("\x81\x82\x83\x84\x9A\x9B\xB9\xBA\xBB\xBC",
			    text.p[i + 1]) != NULL))
			pl += 2;
	if (en >= 2 && en > 2 * pl)
		return SPAN("en");
	return pl >= 2 && pl > 2 * en ? SPAN("pl") : SPAN("");
}

/* The kind, from the words alone. */
static void
classify(struct parsed *out, const struct places *places,
    const struct parse_settings *set)
{
	out->command =
	    find_command(&out->argument, out->new_text, places, set->keywords);
	if (out->command != CMD_NONE) {
		const char *name = command_name(out->command);

		out->kind = KIND_COMMAND;
		out->remark = (struct span){ "", 0 };
		if (out->command == CMD_CORRECTION)
			write_correction(out, set->code_prefix);
		parsed_why(out, "the whole text is an order: %s",
		    name != NULL ? name : "stop or withdraw, to be asked");
		return;
	}
	out->argument = (struct span){ "", 0 };
	if (attendance_read(out, set->keywords, out->remark))
		return;
	if (out->remark.n == 0 ||
	    (out->n_codes > 0 &&
		keyword_is_polite(set->keywords, out->remark))) {
		out->kind = KIND_EMPTY;
		out->remark = (struct span){ "", 0 };
		parsed_why(out, "%s",
		    out->n_codes > 0 ? "nothing but a code" : "no words");
	} else {
		out->kind = KIND_REMARK;
		parsed_why(out, "words of a person");
	}
}

void
sms_text_parse(
    struct parsed *out, const struct sms *sms, const struct parse_settings *set)
{
	struct buf text = { .max = 3 * sms->text.n + 64 };
	struct places places;

	read_sender(out, sms, set);
	text_nfc(&text, sms->text);
	out->text = arena_copy(&out->arena, buf_span(&text));
	buf_free(&text);
	out->new_text = span_trim(out->text);
	find_places(&places, out->new_text, set->code_prefix);
	code_find(out, out->new_text, set->code_prefix, CODE_IN_BODY, false);
	write_remark(out, out->new_text, &places);
	classify(out, &places, set);
	if (out->kind == KIND_REMARK)
		write_pieces(out, out->new_text, &places);
	out->wants_access = keyword_wants_access(set->keywords, out->remark);
	out->language = language_of(out, out->new_text);
	if (sms->parts_missing > 0)
		parsed_warn(out,
		    "%d of the text's parts never came; [...] stands for them",
		    sms->parts_missing);
}

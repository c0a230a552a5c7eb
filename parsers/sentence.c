/* sentence - the first words of a text, folded, and what stands between them */
#include "parsers/sentence.h"

#include <string.h>

#include "parsers/text.h"

/* Marks and invisible characters inside a word, which folding drops. */
static bool
is_part_of_word(int32_t cp)
{
	return text_is_word(cp) || (cp >= 0x300 && cp <= 0x36F) || cp == 0xAD ||
	       (cp >= 0x200B && cp <= 0x200D) || cp == 0xFEFF;
}

/* `room` is memory for it, which the words of a sentence share. */
static void
fold_word(struct sentence_word *w, struct span raw, struct buf *room)
{
	bool ascii = raw.n < SENTENCE_WORD_SIZE;

	for (size_t i = 0; i < raw.n && ascii; i++) {
		char c = raw.p[i];

		ascii = (unsigned char)c < 0x80;
		w->folded[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
	}
	w->folded_n = ascii ? raw.n : 0;
	if (ascii || raw.n > 4 * (size_t)SENTENCE_WORD_SIZE)
		return;
	buf_reset(room);
	text_fold(room, raw);
	if (!room->failed) {
		w->folded_n = room->n;
		memcpy(w->folded, buf_cstr(room), room->n);
	}
}

void
sentence_split(struct sentence *s, struct span text)
{
	struct buf room = { .max = SENTENCE_WORD_SIZE };
	size_t at = 0, len;

	s->text = text;
	s->n = 0;
	s->more = false;
	while (at < text.n) {
		size_t start = at;

		if (!text_is_word(text_next(span_from(text, at), &len))) {
			at += len;
			continue;
		}
		while (at < text.n &&
		       is_part_of_word(text_next(span_from(text, at), &len)))
			at += len;
		if (s->n == SENTENCE_WORDS_MAX) {
			s->more = true;
			break;
		}
		s->words[s->n].at = start;
		s->words[s->n].n = at - start;
		fold_word(&s->words[s->n++], span_sub(text, start, at - start),
		    &room);
	}
	buf_free(&room);
}

struct span
sentence_gap(const struct sentence *s, int i)
{
	size_t from = i == 0 ? 0 : s->words[i - 1].at + s->words[i - 1].n;
	size_t to = i == s->n ? s->text.n : s->words[i].at;

	return span_sub(s->text, from, to - from);
}

bool
sentence_gap_has(const struct sentence *s, int i, const char *any_of)
{
	struct span gap = sentence_gap(s, i);

	for (size_t k = 0; k < gap.n; k++)
		if (gap.p[k] != '\0' && strchr(any_of, gap.p[k]) != NULL)
			return true;
	return false;
}

bool
sentence_is_question(const struct sentence *s)
{
	for (int i = 1; i <= s->n; i++)
		if (sentence_gap_has(s, i, "?"))
			return true;
	return false;
}

struct span
sentence_part(const struct sentence *s, int from, int to)
{
	size_t at, end;

	if (from >= to)
		return (struct span){ s->text.p + s->text.n, 0 };
	at = s->words[from].at;
	end = s->words[to - 1].at + s->words[to - 1].n;
	return span_sub(s->text, at, end - at);
}

bool
sentence_is_number(const struct sentence_word *w)
{
	for (size_t i = 0; i < w->folded_n; i++)
		if (w->folded[i] < '0' || w->folded[i] > '9')
			return false;
	return w->folded_n > 0 && w->folded_n <= 9;
}

/* near - which consultation somebody meant whose code has a slip */
#include "parsers/near.h"

#include <stdlib.h>
#include <string.h>

#include "parsers/code.h"
#include "parsers/text.h"

enum {
	STEM = 5, /* letters that two forms of one word share */
	WORDS_READ = 4096, /* bytes of the message */
};

/* Words that half of all titles hold. */
static const char *const common[] = { "proje", "uchwa", "spraw", "powia",
	"powie", "progr", "plan", "konsu", "lata", "oraz", "miesz", "draft",
	"resol", "about", "count", NULL };

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

static bool
is_common(struct span stem)
{
	for (const char *const *p = common; *p != NULL; p++)
		if (span_is(stem, *p))
			return true;
	return false;
}

/* The next word of at least STEM letters, cut to them; false at the end. */
static bool
next_stem(struct span *stem, struct span *rest)
{
	while (rest->n > 0) {
		size_t n = 0;

		while (n < rest->n && is_letter(rest->p[n]))
			n++;
		*stem = span_sub(*rest, 0, n < STEM ? n : STEM);
		*rest = span_from(*rest, n > 0 ? n : 1);
		if (n >= STEM)
			return true;
	}
	return false;
}

static bool
has_stem(struct span text, struct span wanted)
{
	struct span stem;

	while (next_stem(&stem, &text))
		if (span_eq(stem, wanted))
			return true;
	return false;
}

static int
shared_words(struct span title, struct span words)
{
	struct buf folded = { .max = 4 * title.n + 16 };
	struct span rest, stem;
	int count = 0;

	text_fold(&folded, title);
	rest = buf_span(&folded);
	while (next_stem(&stem, &rest))
		count += !is_common(stem) && has_stem(words, stem);
	buf_free(&folded);
	return count;
}

static int
compare(const void *x, const void *y)
{
	const struct near *a = x, *b = y;

	if (a->distance != b->distance)
		return a->distance < b->distance ? -1 : 1;
	if (a->is_open != b->is_open)
		return a->is_open ? -1 : 1;
	if (a->words != b->words)
		return a->words > b->words ? -1 : 1;
	if (a->same_check != b->same_check)
		return a->same_check ? -1 : 1;
	return 0;
}

void
near_rank(struct near *list, size_t n, struct span slip, struct span words)
{
	struct buf folded = { .max = 4 * (size_t)WORDS_READ + 16 };
	struct span said;

	text_fold(&folded, span_sub(words, 0, WORDS_READ));
	said = buf_span(&folded);
	for (size_t i = 0; i < n; i++) {
		struct near *one = &list[i];

		one->distance = code_distance(slip, one->code);
		one->same_check =
		    slip.n > 0 && one->code.n > 0 &&
		    slip.p[slip.n - 1] == one->code.p[one->code.n - 1];
		one->words = shared_words(one->title, said);
	}
	if (n > 1)
		qsort(list, n, sizeof(*list), compare);
	buf_free(&folded);
}

const struct near *
near_best(const struct near *list, size_t n)
{
	if (n == 0 || list[0].distance > 2 ||
	    (list[0].distance == 2 && list[0].words == 0))
		return NULL;
	if (n > 1 && compare(&list[0], &list[1]) == 0)
		return NULL;
	return &list[0];
}

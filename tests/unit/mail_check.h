/* mail_check - how the tests of new_text compare what they get
 *
 * Place: the tests of attribution, label_block, footer and new_text put mails
 * together of parts and look at the author's words that come out.
 */
#ifndef MAIL_CHECK_H
#define MAIL_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parsers/html.h"
#include "parsers/new_text.h"

#define OWN "Jestem za.\nW dniu 5 maja byłem na spotkaniu."
#define OLD "Szanowni Państwo,\n\nzapraszamy na spotkanie.\n\nStarostwo\n"
#define QUOTED "> Szanowni Państwo,\n>\n> zapraszamy na spotkanie.\n"
#define BELOW "Piszę też pod spodem."

/* White space counts as one space, as wherever two texts are compared. */
static inline void
squeeze(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		bool white = memchr(" \n\t", s.p[i], 3) != NULL;

		if (!white)
			buf_char(out, s.p[i]);
		else if (out->n > 0 && out->p[out->n - 1] != ' ')
			buf_char(out, ' ');
	}
	while (out->n > 0 && out->p[out->n - 1] == ' ')
		out->p[--out->n] = '\0';
}

static inline void
expect(const char *sentence, const char *way, struct span got, const char *want)
{
	struct buf a = { .max = 1 << 16 }, b = { .max = 1 << 16 };

	squeeze(&a, got);
	squeeze(&b, span_of(want));
	if (!span_eq(buf_span(&a), buf_span(&b)))
		fail_msg("%s (%s):\n got  [%s]\n want [%s]", sentence, way,
		    buf_cstr(&a), buf_cstr(&b));
	buf_free(&a);
	buf_free(&b);
}

/* Reads `text` from memory of exactly its size, as an answer or not. */
static inline void
read_text(struct parsed *out, struct span text, bool answer)
{
	char *p = malloc(text.n == 0 ? 1 : text.n);

	assert_non_null(p);
	memcpy(p, text.p, text.n);
	*out = (struct parsed){ .n_in_reply_to = answer };
	out->from.name = SPAN("Jan Kowalski");
	out->from.address = SPAN("jan@kowalski.example");
	new_text_extract(out, (struct span){ p, text.n });
	free(p);
}

static inline void
check(const char *sentence, const char *way, const char *text, bool answer,
    const char *want)
{
	struct parsed mail;

	read_text(&mail, span_of(text), answer);
	expect(sentence, way, mail.new_text, want);
	parsed_free(&mail);
}

/* One text put together of parts. */
static inline void
check_parts(const char *sentence, const char *way, const char *const parts[5],
    const char *want)
{
	struct buf b = { .max = 1 << 16 };

	for (int i = 0; i < 5 && parts[i] != NULL; i++)
		buf_str(&b, parts[i]);
	check(sentence, way, buf_cstr(&b), true, want);
	buf_free(&b);
}

#endif

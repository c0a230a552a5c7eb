/* fuzz_order_text - any mail is an order or none, and any table is read or
 * refused */
#include <stdint.h>
#include <stdlib.h>

#include "parsers/order_text.h"
#include "parsers/order_verb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char verbs[] = "announce\tpl\tROZESLIJ\nsend\tpl\tWYSLIJ\n"
				    "cancel\ten\tCALL OFF\n";
	static const char labels[] =
	    "code\tpl\tKOD\ntime\tpl\tTERMIN\nneeds\tpl\tPOTRZEBY\n"
	    "weekdays\tpl\tWTOREK\nmonths\tpl\tSTYCZNIA|LUTEGO\n";
	struct span in = { (const char *)data, size };
	struct address author = { in, in };
	struct keywords *keywords = NULL;
	struct order_words *words = NULL;
	struct order_verb verb;
	struct order_text text;
	struct order_time at;
	struct arena a = { 0 };
	struct err err;

	if (order_words_read(&words, in, &err) == ST_OK)
		order_words_free(words);
	if (keywords_read(&keywords, span_of(verbs), &err) != ST_OK ||
	    order_words_read(&words, span_of(labels), &err) != ST_OK)
		abort();
	order_verb_read(&verb, keywords, order_text_body(words, in, &author));
	order_verb_find(&verb, keywords, words, &a,
	    order_text_body(words, in, &author), span_sub(in, 0, 100));
	if (!order_text_read(&text, &a, words, verb.rest))
		abort();
	order_text_is_likely(words, in);
	order_words_phase(words, in);
	order_time_read(&at, words, in);
	order_time_read(&at, words, text.value[ORDER_TIME]);
	arena_free(&a);
	keywords_free(keywords);
	order_words_free(words);
	return 0;
}

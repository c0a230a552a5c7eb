/* fuzz_numbered - answers by number from any words, each number once */
#include <stdint.h>
#include <stdlib.h>

#include "parsers/numbered.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One thing said of each number, and all of it known. */
static void
check(const struct numbered *list, int n)
{
	for (int i = 0; i < n; i++) {
		if (list[i].number < 1 || list[i].answer == 0 ||
		    list[i].answer == ATTENDS_OTHER)
			abort();
		for (int j = 0; j < i; j++)
			if (list[j].number == list[i].number)
				abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char table[] = "attend_yes\tpl\tTAK\n"
				    "attend_yes\tpl\tBEDE\n"
				    "attend_no\tpl\tNIE\n"
				    "attend_no\tpl\tNIE BEDE\n"
				    "attend_maybe\tpl\tMOZE\n"
				    "attend_lead\tpl\tNIESTETY\n"
				    "attend_number\tpl\tNA|I|NR\n";
	struct span in = { (const char *)data, size }, rest;
	struct numbered list[NUMBERED_MAX];
	struct keywords *words = NULL;
	struct err err;
	int n;

	if (keywords_read(&words, span_of(table), &err) != ST_OK)
		abort();
	n = numbered_read(list, &rest, words, in);
	if (n < -1 || n > NUMBERED_MAX)
		abort();
	/* What is left over is the end of what was given. */
	if (rest.n > in.n || (rest.n > 0 && rest.p + rest.n > in.p + in.n))
		abort();
	check(list, n);
	keywords_free(words);
	return 0;
}

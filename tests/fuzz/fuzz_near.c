/* fuzz_near - candidates for a code that was mistyped, ranked by any words */
#include <stdint.h>
#include <stdlib.h>

#include "parsers/near.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first line is the code as corrected, each further one a title, and all
 * of it the words. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const codes[] = { "BL-7M4H", "BL-10KE", "BL-7N4H" };
	struct span in = { (const char *)data, size }, rest = in, slip, title;
	struct near list[3] = { 0 };
	const struct near *best;
	size_t n = 0;

	if (!span_line(&rest, &slip))
		return 0;
	for (; n < 3 && span_line(&rest, &title); n++) {
		list[n].code = span_of(codes[n]);
		list[n].title = title;
		list[n].is_open = title.n % 2 == 0;
	}
	near_rank(list, n, slip, in);
	best = near_best(list, n);
	if (best != NULL && best != &list[0])
		abort();
	return 0;
}

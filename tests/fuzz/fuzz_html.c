/* fuzz_html - any HTML becomes text */
#include <stdint.h>
#include <stdlib.h>

#include "parsers/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = { (const char *)data, size };
	struct buf out = { .max = 16 << 20 };

	html_to_text(&out, in);
	buf_free(&out);
	return 0;
}

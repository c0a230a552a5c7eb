/* fuzz_new_text - the author's words are found in any text, and are words of it */
#include <stdint.h>
#include <stdlib.h>

#include "parsers/new_text.h"
#include "parsers/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = { (const char *)data, size };
	struct parsed mail = { 0 };
	struct buf clean = { .max = 16 << 20 };

	text_clean(&clean, in);
	new_text_extract(&mail, buf_span(&clean));
	remark_extract(&mail);
	if (mail.new_text.n > clean.n || mail.remark.n > mail.new_text.n)
		abort();
	parsed_free(&mail);
	buf_free(&clean);
	return 0;
}

/* fuzz_text - any bytes clean, fold and normalise, and the result is UTF-8 */
#include <stdint.h>
#include <stdlib.h>

#include "parsers/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = { (const char *)data, size };
	struct buf out = { .max = 16 << 20 };

	text_clean(&out, in);
	if (!out.failed && !text_is_utf8(buf_span(&out)))
		abort();
	buf_reset(&out);
	text_nfc(&out, in);
	buf_reset(&out);
	text_fold(&out, in);
	if (!out.failed && !text_is_utf8(buf_span(&out)))
		abort();
	buf_free(&out);
	return 0;
}

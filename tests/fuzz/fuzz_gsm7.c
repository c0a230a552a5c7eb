/* fuzz_gsm7 - any text is counted, folded and cut within its bounds */
#include <stdint.h>
#include <stdlib.h>

#include "parsers/gsm7.h"
#include "parsers/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = { (const char *)data, size };
	struct buf clean = { .max = 16 << 20 }, out = { .max = 16 << 20 };

	text_clean(&clean, in);
	sms_size(buf_span(&clean));
	gsm7_fold(&out, buf_span(&clean));
	if (!out.failed && sms_size(buf_span(&out)).is_ucs2)
		abort();
	buf_reset(&out);
	sms_cut(&out, buf_span(&clean), 2);
	if (sms_size(buf_span(&out)).segments > 2)
		abort();
	buf_free(&out);
	buf_free(&clean);
	return 0;
}

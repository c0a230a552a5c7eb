/* fuzz_sms_detail - a spool file of any bytes is read or refused */
#include <stdint.h>
#include <stdlib.h>

#include "parsers/sms_detail.h"
#include "parsers/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = { (const char *)data, size };
	struct sms_detail detail = { 0 };
	struct arena arena = { 0 };
	struct buf text = { .max = 1 << 20 };
	struct err err;

	sms_detail_is_complete(in);
	if (sms_detail_parse(&detail, &arena, in, &err) == ST_OK) {
		sms_detail_join(&text, detail.parts, detail.n_parts);
		if (!text_is_utf8(buf_span(&text)))
			abort();
	}
	buf_free(&text);
	arena_free(&arena);
	return 0;
}

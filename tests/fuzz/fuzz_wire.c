/* fuzz_wire - hostile bytes are no parsed mail; what is one comes back the same */
#include <stdint.h>
#include <stdlib.h>

#include "parsers/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = { (const char *)data, size };
	struct parsed mail = { 0 };
	struct buf again = { .max = 128 << 20 };
	struct err err;

	if (wire_read(&mail, in, &err) == ST_OK) {
		wire_write(&again, &mail);
		if (!again.failed && !span_eq(buf_span(&again), in))
			abort();
	}
	buf_free(&again);
	parsed_free(&mail);
	return 0;
}

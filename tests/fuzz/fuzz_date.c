/* fuzz_date - dates of any bytes */
#include <stdint.h>
#include <stdlib.h>

#include "parsers/date.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = { (const char *)data, size };
	char text[32];
	int64_t ms;
	int offset;

	if (date_parse_mail(&ms, &offset, in) == ST_OK)
		date_format_rfc3339(text, ms, offset);
	if (date_parse_rfc3339(&ms, &offset, in) == ST_OK)
		date_format_rfc3339(text, ms, offset);
	return 0;
}

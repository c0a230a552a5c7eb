/* fuzz_code - codes are found in any text, and what is valid checks */
#include <stdint.h>
#include <stdlib.h>

#include "parsers/code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = { (const char *)data, size };
	struct parsed mail = { 0 };
	char read[CODE_TEXT_MAX];
	struct err err;

	code_find(&mail, in, "BL", CODE_IN_BODY, false);
	for (size_t i = 0; i < mail.n_codes; i++)
		if (mail.codes[i].valid &&
		    code_read(read, mail.codes[i].code, "BL", &err) != ST_OK)
			abort();
	parsed_free(&mail);
	return 0;
}

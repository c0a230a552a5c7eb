/* fuzz_provision - provisions are found in any text, and their one spelling is
 * read as itself */
#include <stdint.h>
#include <stdlib.h>

#include "parsers/provision.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct parsed mail = { 0 };

	provision_find(&mail, (struct span){ (const char *)data, size });
	for (size_t i = 0; i < mail.n_provisions; i++) {
		struct parsed again = { 0 };

		provision_find(&again, mail.provisions[i]);
		if (again.n_provisions == 0)
			abort();
		parsed_free(&again);
	}
	parsed_free(&mail);
	return 0;
}

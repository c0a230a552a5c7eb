/* fuzz_address - address lists and phone numbers of any bytes */
#include <stdint.h>
#include <stdlib.h>

#include "parsers/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = { (const char *)data, size };
	struct span *list = NULL, a, b, c;
	struct arena arena = { 0 };
	size_t n = 0;
	char number[32];

	address_first(&arena, in);
	address_all(&arena, in, &list, &n);
	for (size_t i = 0; i < n; i++)
		address_detail(list[i], &a, &b, &c);
	address_is_valid(in);
	address_is_machine(in);
	phone_normalise(number, in, "+48", "+4811");
	arena_free(&arena);
	return 0;
}

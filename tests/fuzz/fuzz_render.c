/* fuzz_render - any template renders or is refused */
#include <stdint.h>
#include <stdlib.h>

#include "templates/render.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = { (const char *)data, size };
	json_t *facts = json_pack("{s:s, s:[{s:i},{s:i}], s:{s:s}}", "a", "<x>",
	    "list", "n", 1, "n", 2, "o", "k", "v");
	struct render how = { .escape = RENDER_HTML };
	struct buf out = { .max = 1 << 20 };
	struct err err;

	render(&out, in, facts, &how, &err);
	buf_reset(&out);
	render_names(&out, in, &how, &err);
	buf_free(&out);
	json_decref(facts);
	return 0;
}

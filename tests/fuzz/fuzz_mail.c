/* fuzz_mail - any bytes are a mail of some kind (MIME, bounce, calendar, ...)
 *
 * libetpan is inside: in the house it runs in the jail, here a crash in it is
 * told apart by its frames.
 */
#include <string.h>
#include <stdint.h>
#include <stdlib.h>

#include "gateway/embedded.h"
#include "parsers/parse.h"
#include "parsers/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct keywords *
words(void)
{
	static struct keywords *once;
	struct err err;

	if (once == NULL &&
	    keywords_read(
		&once, embedded_find("templates/keywords.tsv"), &err) != ST_OK)
		abort();
	return once;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = { (const char *)data, size };
	struct parse_settings set = { .code_prefix = "BL",
		.authserv_id = "mx.powiat.example",
		.phone_prefix = "+48",
		.textable_prefixes = "",
		.keywords = words() };
	struct parsed mail = { 0 }, back = { 0 };
	struct buf wire = { .max = 128 << 20 }, again = wire, own = wire;
	struct sms sms = { SPAN("+48110000301"), SPAN("+48110010010"), in, 0 };
	struct err err;

	parse_mail(&mail, in, &set);
	wire_write(&wire, &mail);
	if (wire_read(&back, buf_span(&wire), &err) != ST_OK)
		abort();
	parsed_free(&back);
	parsed_free(&mail);
	/* Read over its own bytes, it says the same. */
	buf_add(&own, in);
	memset(buf_room(&own, 64), 0, 64);
	set.owns_mail = true;
	parse_mail(&mail, buf_span(&own), &set);
	wire_write(&again, &mail);
	if (!span_eq(buf_span(&wire), buf_span(&again)))
		abort();
	parsed_free(&mail);
	parse_sms(&mail, &sms, &set);
	parsed_free(&mail);
	buf_free(&wire);
	buf_free(&again);
	buf_free(&own);
	return 0;
}

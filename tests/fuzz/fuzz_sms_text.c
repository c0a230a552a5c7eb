/* fuzz_sms_text - any text message is read, and nothing but text comes out */
#include <stdint.h>
#include <stdlib.h>

#include "gateway/embedded.h"
#include "parsers/keyword.h"
#include "parsers/sms_text.h"
#include "parsers/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct parsed *p)
{
	if (!text_is_utf8(p->remark) || !text_is_utf8(p->new_text))
		abort();
	for (size_t i = 0; i < p->n_pieces; i++)
		if (p->pieces[i].text.n == 0 ||
		    !text_is_utf8(p->pieces[i].text))
			abort();
	for (size_t i = 0; i < p->n_codes; i++)
		if (!text_is_utf8(p->codes[i].seen))
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct keywords *words; /* read once, as intake does */
	struct sms sms = { .from = SPAN("+48110000301"),
		.text = { (const char *)data, size } };
	struct parse_settings set = { .code_prefix = "BL",
		.authserv_id = "",
		.phone_prefix = "+48",
		.textable_prefixes = "+4811" };
	struct parsed parsed = { 0 };
	struct err err;

	if (words == NULL &&
	    keywords_read(
		&words, embedded_find("templates/keywords.tsv"), &err) != ST_OK)
		abort();
	set.keywords = words;
	sms_text_parse(&parsed, &sms, &set);
	check(&parsed);
	parsed_free(&parsed);
	return 0;
}

/* fuzz_keyword - any text is an order or words, and any table is read or refused */
#include <stdint.h>
#include <stdlib.h>

#include "parsers/keyword.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = { (const char *)data, size };
	static const char table[] = "stop\tpl\tSTOP|REZYGNUJE\nyes\tpl\tTAK\n"
				    "no\tpl\tNIE\nthanks\tpl\tDZIEKUJE\n"
				    "attend_yes\tpl\tBEDE\n"
				    "attend_no\tpl\tNIE BEDE MOGL PRZYJSC\n"
				    "attend_lead\tpl\tNIESTETY\n"
				    "access\tpl\tTLUMACZ*|JEZYK* MIGOW*\n"
				    "wish\tpl\tPROSZE O\n";
	struct keywords *words = NULL;
	struct span argument;
	struct err err;

	if (keywords_read(&words, in, &err) == ST_OK)
		keyword_command(words, in, &argument);
	keywords_free(words);
	words = NULL;
	if (keywords_read(&words, span_of(table), &err) != ST_OK)
		abort();
	keyword_command(words, in, &argument);
	keyword_attendance(words, in);
	keyword_is_thanks(words, in);
	keyword_wants_access(words, in);
	keyword_has_wish(words, in);
	keywords_free(words);
	return 0;
}

/* fuzz_attendance - any words are an attendance or leave the mail as it was */
#include <stdint.h>
#include <stdlib.h>

#include "parsers/attendance.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char table[] = "attend_yes\tpl\tBEDE\n"
				    "attend_no\tpl\tNIE BEDE MOGL PRZYJSC\n"
				    "attend_lead\tpl\tNIESTETY\n"
				    "wish\tpl\tPROSZE O\n";
	struct span in = { (const char *)data, size };
	struct parsed mail = { 0 };
	struct keywords *words = NULL;
	struct err err;

	if (keywords_read(&words, span_of(table), &err) != ST_OK)
		abort();
	if (!attendance_read(&mail, words, in) &&
	    (mail.kind != 0 || mail.also_remark ||
		mail.calendar.partstat.n > 0))
		abort();
	attendance_note_wish(&mail, words, in);
	parsed_free(&mail);
	keywords_free(words);
	return 0;
}

/* test_sms_detail - gammu-smsd's files: read, refused, joined */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parsers/date.h"
#include "parsers/sms_detail.h"
#include "parsers/text.h"

static struct span
exact(const char *s, size_t n)
{
	char *p = malloc(n == 0 ? 1 : n);

	assert_non_null(p);
	memcpy(p, s, n);
	return (struct span){ p, n };
}

#define HEAD "; Saved 2026-11-22, a comment with [SMSBackup009]\n\n"
#define BEGIN(number)                                        \
	"[SMSBackup" number "]\nSMSC = \"+48110000000\"\n"   \
	"PDU = Deliver\nDateTime = 20261122T215226Z\n"       \
	"State = UnRead\nNumber = \"+48110000301\"\n"        \
	"NumberUnicode = "                                   \
	"002B00340038003100310030003000300030003300300031\n" \
	"Name = \"\"\n"
#define END                                              \
	"Coding = Unicode_No_Compression\nFolder = 1\n"  \
	"Length = 2\nClass = -1\nReplySMSC = FALSE\n"    \
	"RejectDuplicates = FALSE\nReplaceMessage = 0\n" \
	"MessageReference = 0\n\n"

static const struct {
	const char *sentence, *file, *from, *text;
	int missing;
} good[] = {
	{ "one segment", HEAD BEGIN("000") "Text00 = 00540061006B\n" END,
	    "+48110000301", "Tak", 0 },
	{ "its text on two lines",
	    BEGIN("000") "Text00 = 00540061\nText01 = 006B0021\n" END,
	    "+48110000301", "Tak!", 0 },
	{ "Polish letters and an emoji",
	    BEGIN("000") "Text00 = 01420105D83DDE00\n" END, "+48110000301",
	    "łą😀", 0 },
	{ "decomposed letters are composed",
	    BEGIN("000") "Text00 = 006F0301\n" END, "+48110000301", "ó", 0 },
	{ "small hexadecimal digits", BEGIN("000") "Text00 = 0142006b\n" END,
	    "+48110000301", "łk", 0 },
	{ "CRLF line ends",
	    "[SMSBackup000]\r\nNumber = \"+48110000301\"\r\n"
	    "Text00 = 0054\r\nMessageReference = 0\r\n\r\n",
	    "+48110000301", "T", 0 },
	{ "a number without its Unicode form",
	    "[SMSBackup000]\nNumber = \"INFO\"\nText00 = 0054\n" END, "INFO",
	    "T", 0 },
	{ "an empty text", BEGIN("000") "Text00 = \n" END, "+48110000301", "",
	    0 },
	{ "two parts in order",
	    BEGIN("000") "UDH = 050003D30201\nText00 = 0041\n" END BEGIN(
		"001") "UDH = 050003D30202\nText00 = 0042\n" END,
	    "+48110000301", "AB", 0 },
	{ "two parts the other way round, with long references",
	    BEGIN("000") "UDH = 06080412340202\nText00 = 0042\n" END BEGIN(
		"001") "UDH = 06080412340201\nText00 = 0041\n" END,
	    "+48110000301", "AB", 0 },
	{ "another element before the reference",
	    BEGIN("000") "UDH = 080A0100"
			 "050003D30202\n"
			 "Text00 = 0042\n" END,
	    "+48110000301", "B", 0 },
	{ "a part twice",
	    BEGIN("000") "UDH = 050003D30201\nText00 = 0041\n" END
		BEGIN("001") "UDH = 050003D30201\nText00 = 0041\n" END BEGIN(
		    "002") "UDH = 050003D30202\nText00 = 0042\n" END,
	    "+48110000301", "AB", 0 },
	{ "a part in the middle never came",
	    BEGIN("000") "UDH = 050003D30301\nText00 = 0041\n" END BEGIN(
		"001") "UDH = 050003D30303\nText00 = 0043\n" END,
	    "+48110000301", "A [...] C", 1 },
	{ "only the last of three came",
	    BEGIN("000") "UDH = 050003D30303\nText00 = 0043\n" END,
	    "+48110000301", "[...] C", 2 },
	{ "only the first of three came",
	    BEGIN("000") "UDH = 050003D30301\nText00 = 0041\n" END,
	    "+48110000301", "A [...]", 2 },
	{ "an emoji cut by the phone between two parts",
	    BEGIN("000") "UDH = 050003D30201\nText00 = 0041D83D\n" END BEGIN(
		"001") "UDH = 050003D30202\nText00 = DE000042\n" END,
	    "+48110000301", "A😀B", 0 },
	{ "half an emoji alone", BEGIN("000") "Text00 = 0041D83D\n" END,
	    "+48110000301", "A\xef\xbf\xbd", 0 },
	{ "parts without any header, one after the other",
	    BEGIN("000") "Text00 = 0041\n" END BEGIN(
		"001") "Text00 = 0042\n" END,
	    "+48110000301", "AB", 0 },
	{ "a header that says nonsense is no header",
	    BEGIN("000") "UDH = 050003D30205\nText00 = 0041\n" END,
	    "+48110000301", "A", 0 },
	{ "a header that is cut",
	    BEGIN("000") "UDH = 0500\nText00 = 0041\n" END, "+48110000301", "A",
	    0 },
	{ "another section is not ours",
	    "[Calendar]\nText00 = zz\n" BEGIN("000") "Text00 = 0041\n" END,
	    "+48110000301", "A", 0 },
};

static void
texts_are_read_and_joined(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct span in = exact(good[i].file, strlen(good[i].file));
		struct sms_detail d;
		struct arena a = { 0 };
		struct buf text = { .max = 1000 };
		struct err err = { "" };
		int missing;

		if (!sms_detail_is_complete(in))
			fail_msg("%s: not complete", good[i].sentence);
		if (sms_detail_parse(&d, &a, in, &err) != ST_OK)
			fail_msg("%s: %s", good[i].sentence, err.text);
		free((char *)in.p);
		missing = sms_detail_join(&text, d.parts, d.n_parts);
		if (!span_is(d.from, good[i].from) ||
		    strcmp(buf_cstr(&text), good[i].text) != 0 ||
		    missing != good[i].missing)
			fail_msg("%s: [%s] [%s] %d", good[i].sentence, d.from.p,
			    buf_cstr(&text), missing);
		buf_free(&text);
		arena_free(&a);
	}
}

static const struct {
	const char *sentence, *file, *says;
} bad[] = {
	{ "nothing", "", "[SMSBackup000]" },
	{ "words", "Dzien dobry\n", "[SMSBackup000]" },
	{ "binary",
	    "\x7f"
	    "ELF\x01\x02\xff",
	    "[SMSBackup000]" },
	{ "no sender", "[SMSBackup000]\nText00 = 0041\n" END, "no sender" },
	{ "8-bit data", BEGIN("000") "Text00 = 0041\nCoding = 8bit\n" END,
	    "8-bit" },
	{ "a delivery report",
	    "[SMSBackup000]\nPDU = Status_Report\n" BEGIN("001") END,
	    "delivery report" },
	{ "digits that are none", BEGIN("000") "Text00 = 004G\n" END,
	    "Text00 is no UCS-2" },
	{ "half a character", BEGIN("000") "Text00 = 00410\n" END,
	    "Text00 is no UCS-2" },
	{ "a line lost", BEGIN("000") "Text00 = 0041\nText02 = 0042\n" END,
	    "Text01 is missing" },
	{ "a sender in no digits", "[SMSBackup000]\nNumberUnicode = x\n" END,
	    "NumberUnicode" },
};

static void
what_is_no_text_is_refused_with_the_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct span in = exact(bad[i].file, strlen(bad[i].file));
		struct sms_detail d;
		struct arena a = { 0 };
		struct err err = { "" };

		if (sms_detail_parse(&d, &a, in, &err) != ST_REJECT ||
		    strstr(err.text, bad[i].says) == NULL)
			fail_msg("%s: [%s]", bad[i].sentence, err.text);
		free((char *)in.p);
		arena_free(&a);
	}
}

static void
a_cut_file_is_not_complete(void **state)
{
	static const char whole[] = BEGIN("000") "Text00 = 0054\n" END;
	size_t complete = 0;

	(void)state;
	for (size_t n = 0; n <= sizeof(whole) - 1; n++) {
		struct span in = exact(whole, n);
		struct sms_detail d;
		struct arena a = { 0 };
		struct err err;

		complete += sms_detail_is_complete(in);
		sms_detail_parse(&d, &a, in, &err);
		free((char *)in.p);
		arena_free(&a);
	}
	/* With the last line's end, and with the blank line behind it. */
	assert_int_equal(complete, 2);
}

static void
times_are_utc_only_when_they_say_so(void **state)
{
	static const struct {
		const char *time;
		bool read, local;
		int hour;
	} rows[] = {
		{ "20261122T215226Z", true, false, 21 },
		{ "20261122T215226", true, true, 21 },
		{ "20261122T215226+0100", true, false, 20 },
		{ "20261122T215226-0230", true, false, 0 },
		{ "20261322T215226Z", false, false, 0 },
		{ "00000000T000000", false, false, 0 },
		{ "20261122T2152", false, false, 0 },
		{ "20261122T215226X", false, false, 0 },
		{ "", false, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf file = { .max = 1000 };
		struct sms_detail d;
		struct arena a = { 0 };
		struct err err;

		buf_printf(&file,
		    "[SMSBackup000]\nNumber = \"INFO\"\nDateTime = %s\n" END,
		    rows[i].time);
		assert_int_equal(
		    sms_detail_parse(&d, &a, buf_span(&file), &err), ST_OK);
		if ((d.datetime.n > 0) != rows[i].read)
			fail_msg("[%s]", rows[i].time);
		if (rows[i].read && rows[i].hour != 0) {
			assert_int_equal(d.is_local, rows[i].local);
			assert_int_equal(d.time_ms,
			    date_to_ms(2026, 11, 22, rows[i].hour, 52, 26));
		}
		buf_free(&file);
		arena_free(&a);
	}
}

static void
too_many_parts_are_no_text(void **state)
{
	struct buf file = { .max = 1 << 20 };
	struct sms_detail d;
	struct arena a = { 0 };
	struct err err = { "" };

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_str(&file, "[SMSBackup000]\nNumber = \"1\"\n");
	assert_int_equal(
	    sms_detail_parse(&d, &a, buf_span(&file), &err), ST_REJECT);
	assert_non_null(strstr(err.text, "255 segments"));
	buf_reset(&file);
	buf_str(&file, "[SMSBackup000]\nNumber = \"1\"\n");
	for (int i = 0; i < 2000; i++)
		buf_printf(&file, "Text%02d = %0200d\n", i, 0x41);
	assert_int_equal(
	    sms_detail_parse(&d, &a, buf_span(&file), &err), ST_REJECT);
	buf_free(&file);
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_read_and_joined),
		cmocka_unit_test(what_is_no_text_is_refused_with_the_reason),
		cmocka_unit_test(a_cut_file_is_not_complete),
		cmocka_unit_test(times_are_utc_only_when_they_say_so),
		cmocka_unit_test(too_many_parts_are_no_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

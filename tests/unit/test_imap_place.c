/* How far a folder has been read: written, read back, lost and found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "gateway/imap_place.h"

static const struct imap_place place = { 17, 5, 9, 5, 7, 7, 1700000000000 };

static void
each_folder_has_its_line(void **state)
{
	struct imap_place other = { 4294967295U, 1, 4294967295U, 1, 1, 1, 0 };
	struct buf text = { .max = 500 };
	struct imap_place out;
	bool elsewhere;
	(void)state;

	imap_place_write(&text, "jan@imap.x/INBOX", &place);
	imap_place_write(&text, "jan@imap.x/Junk", &other);
	assert_true(imap_place_read(
	    &out, buf_span(&text), "jan@imap.x/INBOX", &elsewhere));
	assert_false(elsewhere);
	assert_memory_equal(&out, &place, sizeof(place));
	assert_true(imap_place_read(
	    &out, buf_span(&text), "jan@imap.x/Junk", &elsewhere));
	assert_int_equal(out.next, 4294967295U);
	assert_false(imap_place_read(
	    &out, buf_span(&text), "jan@imap.x/Kosz", &elsewhere));
	assert_int_equal(out.validity, 0);
	/* The same folder on another server, or of another user. */
	assert_true(imap_place_read(
	    &out, buf_span(&text), "ewa@imap.y/INBOX", &elsewhere));
	assert_true(elsewhere);
	assert_int_equal(out.since_ms, place.since_ms);
	buf_free(&text);
}

static void
a_line_that_makes_no_sense_is_none(void **state)
{
	static const char *const rows[] = { "", "\n", "17", "17 5 9 5 7 7 1",
		"x 5 9 5 7 7 1 jan@imap.x/INBOX",
		"17 9 5 5 7 7 1 jan@imap.x/INBOX",
		"17 5 9 5 7 7 99999999999999999999 jan@imap.x/INBOX",
		"4294967296 5 9 5 7 7 1 jan@imap.x/INBOX",
		"-1 5 9 5 7 7 1 jan@imap.x/INBOX",
		"0 5 9 5 7 7 1 jan@imap.x/INBOX" };
	struct imap_place out;
	bool elsewhere;
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (imap_place_read(
			&out, span_of(rows[i]), "jan@imap.x/INBOX", &elsewhere))
			fail_msg("%s", rows[i]);
}

static void
what_is_old_is_told_from_what_is_read_again(void **state)
{
	struct imap_place p = place;
	int64_t before = place.since_ms - 1, since = place.since_ms;
	(void)state;

	assert_true(imap_place_is_old(&p, 4, since)); /* below the floor */
	assert_true(imap_place_is_old(&p, 5, before));
	assert_false(imap_place_is_old(&p, 5, since));
	/* Behind what is read again a date says nothing: somebody may move
	 * an old mail here so that it is read. */
	assert_false(imap_place_is_old(&p, 7, before));
	/* What was moved back by us is never from before us. */
	p.again_from = 7;
	p.again_to = 9;
	assert_false(imap_place_is_old(&p, 8, before));
	imap_place_lost(&p, 18, 100);
	assert_int_equal(p.validity, 18);
	assert_int_equal(p.next, 1);
	assert_true(imap_place_is_old(&p, 99, before));
	assert_false(imap_place_is_old(&p, 100, before));
	/* When nobody knows when it came, it is read. */
	assert_false(imap_place_is_old(&p, 99, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_folder_has_its_line),
		cmocka_unit_test(a_line_that_makes_no_sense_is_none),
		cmocka_unit_test(what_is_old_is_told_from_what_is_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

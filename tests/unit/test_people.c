/* test_people - mails as people send them, from many programs
 *
 * Place: tests/data/people holds a mail and, beside it, what is to be made of
 * it: lines "name: value", an empty line, and the remark.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parsers/text.h"
#include "tests/unit/mails.h"

#define FOLDER "tests/data/people"

static bool
read_file(struct buf *out, const char *name, const char *end)
{
	char path[512], chunk[4096];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s%s", FOLDER, name, end);
	f = fopen(path, "rb");
	if (f == NULL)
		return false;
	buf_reset(out);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(out, (struct span){ chunk, n });
	fclose(f);
	return !out->failed;
}

/* White space counts as one space, as samples are compared. */
static void
squeeze(struct buf *out, struct span s)
{
	struct buf nfc = { .max = 1 << 20 };
	size_t len;

	text_nfc(&nfc, s);
	for (s = buf_span(&nfc); s.n > 0; s = span_from(s, len)) {
		int32_t cp = text_next(s, &len);

		if (cp == 0x200B || cp == 0xFEFF || cp == 0x2063)
			continue;
		if (cp > ' ' && cp != 0xA0)
			buf_add(out, span_sub(s, 0, len));
		else if (out->n > 0 && out->p[out->n - 1] != ' ')
			buf_char(out, ' ');
	}
	buf_free(&nfc);
}

static void
assert_alike(const char *name, struct span got, struct span want)
{
	struct buf a = { .max = 1 << 20 }, b = { .max = 1 << 20 };

	squeeze(&a, got);
	squeeze(&b, want);
	if (!span_eq(span_trim(buf_span(&a)), span_trim(buf_span(&b))))
		fail_msg("%s:\n got  [%s]\n want [%s]", name, buf_cstr(&a),
		    buf_cstr(&b));
	buf_free(&a);
	buf_free(&b);
}

/* What the mail says of `field`, several things with a comma between. */
static void
say(struct buf *out, const struct parsed *p, struct span field)
{
	if (span_is(field, "kind"))
		buf_str(out, kind_name(p->kind));
	if (span_is(field, "command") && command_name(p->command) != NULL)
		buf_str(out, command_name(p->command));
	if (span_is(field, "attends"))
		buf_add(out, p->calendar.partstat);
	if (span_is(field, "access"))
		buf_str(out, p->wants_access ? "yes" : "no");
	if (span_is(field, "also a remark"))
		buf_str(out, p->also_remark ? "yes" : "no");
	for (size_t i = 0; span_is(field, "provisions") && i < p->n_provisions;
	     i++) {
		buf_str(out, i > 0 ? ", " : "");
		buf_add(out, p->provisions[i]);
	}
	for (size_t i = 0; span_is(field, "codes") && i < p->n_codes; i++) {
		buf_str(out, i > 0 ? ", " : "");
		buf_add(out, p->codes[i].code);
	}
}

static void
check(const char *name, struct span mail, struct span want)
{
	struct parsed p = { 0 };
	struct span line;

	mails_parse(&p, mail);
	while (span_line(&want, &line) && line.n > 0) {
		size_t colon = span_find(line, ": ");
		struct span wanted = span_from(line, colon + 2);
		struct buf got = { .max = 4096 };

		say(&got, &p, span_sub(line, 0, colon));
		if (!span_eq(buf_span(&got), wanted))
			fail_msg("%s: %.*s, and got %s", name, (int)line.n,
			    line.p, buf_cstr(&got));
		buf_free(&got);
	}
	assert_alike(name, p.remark, want);
	parsed_free(&p);
}

static void
every_mail_is_understood(void **state)
{
	DIR *dir = opendir(FOLDER);
	struct buf mail = { .max = 1 << 20 }, want = { .max = 1 << 20 };
	struct dirent *entry;
	int n = 0;

	(void)state;
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		char name[256];
		size_t length = strlen(entry->d_name);

		if (length < 5 ||
		    strcmp(entry->d_name + length - 4, ".eml") != 0)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(length - 4),
		    entry->d_name);
		assert_true(read_file(&mail, name, ".eml"));
		if (!read_file(&want, name, ".want"))
			fail_msg("%s has no .want beside it", name);
		check(name, buf_span(&mail), buf_span(&want));
		n++;
	}
	closedir(dir);
	assert_true(n >= 60);
	buf_free(&mail);
	buf_free(&want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mail_is_understood),
	};

	return cmocka_run_group_tests(tests, mails_open, mails_close);
}

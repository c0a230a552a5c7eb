/* test_properties - what must hold for every mail, whoever wrote it
 *
 * CRLF and LF twins parse alike; how a text is encoded for the way changes
 * nothing; a mail cut anywhere still parses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/embedded.h"
#include "parsers/parse.h"

#define SAMPLES "samples/mail"
#define PEOPLE "tests/data/people"

static struct parse_settings settings = { .code_prefix = "BL",
	.authserv_id = "mx.powiat.example",
	.phone_prefix = "+48",
	.textable_prefixes = "+4811" };

static int
read_keywords(void **state)
{
	struct keywords *words;
	struct err err;

	if (keywords_read(
		&words, embedded_find("templates/keywords.tsv"), &err) != ST_OK)
		return -1;
	settings.keywords = words;
	*state = words;
	return 0;
}

static int
free_keywords(void **state)
{
	keywords_free(*state);
	return 0;
}

static void
read_file(struct buf *out, const char *folder, const char *name)
{
	char path[512], chunk[4096];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "rb");
	assert_non_null(f);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(out, (struct span){ chunk, n });
	fclose(f);
	assert_false(out->failed);
}

/* Calls `check` with the bytes of every mail in the folder; answers how many. */
static int
for_each_mail(
    const char *folder, void (*check)(const char *name, struct span mail))
{
	DIR *dir = opendir(folder);
	struct buf mail = { .max = 1 << 20 };
	struct dirent *entry;
	int n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		size_t length = strlen(entry->d_name);

		if (length < 4 ||
		    strcmp(entry->d_name + length - 4, ".eml") != 0)
			continue;
		buf_reset(&mail);
		read_file(&mail, folder, entry->d_name);
		check(entry->d_name, buf_span(&mail));
		n++;
	}
	closedir(dir);
	buf_free(&mail);
	return n;
}

/* Parses a copy of exactly that size, so that a sanitizer sees one byte too
 * many. */
static void
parse_copy(struct parsed *out, struct span mail)
{
	char *copy = malloc(mail.n + (mail.n == 0));

	assert_non_null(copy);
	memcpy(copy, mail.p, mail.n);
	*out = (struct parsed){ 0 };
	parse_mail(out, (struct span){ copy, mail.n }, &settings);
	free(copy);
}

static void
assert_same(const char *name, const struct parsed *a, const struct parsed *b)
{
	if (a->kind != b->kind || !span_eq(a->new_text, b->new_text) ||
	    !span_eq(a->remark, b->remark) || a->n_codes != b->n_codes ||
	    a->n_attachments != b->n_attachments)
		fail_msg("%s: %s and %s, \"%.*s\" and \"%.*s\"", name,
		    kind_name(a->kind), kind_name(b->kind), (int)a->remark.n,
		    a->remark.p, (int)b->remark.n, b->remark.p);
}

static void
check_line_ends(const char *name, struct span mail)
{
	struct parsed crlf, lf;
	struct buf twin = { .max = mail.n + 1 };

	for (size_t i = 0; i < mail.n; i++)
		if (mail.p[i] != '\r')
			buf_char(&twin, mail.p[i]);
	parse_copy(&crlf, mail);
	parse_copy(&lf, buf_span(&twin));
	assert_same(name, &crlf, &lf);
	parsed_free(&crlf);
	parsed_free(&lf);
	buf_free(&twin);
}

static void
crlf_and_lf_twins_parse_alike(void **state)
{
	(void)state;
	assert_true(for_each_mail(SAMPLES, check_line_ends) > 30);
	assert_true(for_each_mail(PEOPLE, check_line_ends) > 100);
}

static void
check_truncations(const char *name, struct span mail)
{
	size_t step = mail.n > 20000 ? 1777 : 61;
	struct parsed cut;

	(void)name;
	for (size_t n = 0; n < mail.n; n += step) {
		parse_copy(&cut, span_sub(mail, 0, n));
		assert_non_null(cut.why.p);
		parsed_free(&cut);
	}
}

static void
a_mail_cut_anywhere_still_parses(void **state)
{
	(void)state;
	assert_true(for_each_mail(SAMPLES, check_truncations) > 30);
	assert_true(for_each_mail(PEOPLE, check_truncations) > 100);
}

static const char words[] =
    "Dzie\305\204 dobry,\n\n"
    "w \302\247 4 ust. 2 prosz\304\231 dopisa\304\207, \305\274e "
    "za\305\274\303\263\305\202\304\207 g\304\231\305\233l\304\205 "
    "ja\305\272\305\204 znaczy to samo co ZA\305\273\303\223\305\201\304\206 "
    "G\304\230\305\232L\304\204 JA\305\271\305\203, a r\303\263wna si\304\231 = "
    "dwa znaki.\n\nKropka na pocz\304\205tku:\n.tak jak tu.\n";

static void
put_base64(struct buf *out, struct span s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < s.n; i += 3) {
		unsigned v = 0;

		for (size_t k = 0; k < 3; k++)
			v = v << 8 |
			    (i + k < s.n ? (unsigned char)s.p[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			buf_char(out,
			    k > s.n - i ? '=' : digits[v >> (18 - 6 * k) & 63]);
		if (i / 3 % 19 == 18)
			buf_str(out, "\r\n");
	}
}

static void
put_quoted_printable(struct buf *out, struct span s)
{
	int column = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '\n') {
			buf_str(out, "\r\n");
			column = 0;
			continue;
		}
		if (column >= 70) {
			buf_str(out, "=\r\n");
			column = 0;
		}
		if (c > 126 || c == '=') {
			buf_printf(out, "=%02X", c);
			column += 3;
		} else {
			buf_char(out, (char)c);
			column++;
		}
	}
}

static void
put_plain(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\n')
			buf_char(out, '\r');
		buf_char(out, s.p[i]);
	}
}

static void
how_a_text_is_encoded_changes_nothing(void **state)
{
	static const char *const charsets[] = { "utf-8", "iso-8859-2",
		"windows-1250" };
	static const struct {
		const char *name;
		void (*put)(struct buf *out, struct span s);
	} ways[] = { { "base64", put_base64 },
		{ "quoted-printable", put_quoted_printable },
		{ "8bit", put_plain } };
	struct parsed want = { 0 }, got;
	struct buf mail = { .max = 1 << 16 };

	(void)state;
	for (size_t i = 0; i < 9; i++) {
		const char *charset = charsets[i / 3];
		char text[2048], *in = (char *)words, *to = text;
		size_t in_left = strlen(words), left = sizeof(text);
		iconv_t cd = iconv_open(charset, "utf-8");

		assert_true(cd != (iconv_t)-1);
		assert_int_equal(iconv(cd, &in, &in_left, &to, &left), 0);
		iconv_close(cd);
		buf_reset(&mail);
		buf_printf(&mail,
		    "From: a@poczta.example\r\nSubject: BL-7M4H\r\n"
		    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=%s\r\n"
		    "Content-Transfer-Encoding: %s\r\n\r\n",
		    charset, ways[i % 3].name);
		ways[i % 3].put(
		    &mail, (struct span){ text, (size_t)(to - text) });
		parse_copy(i == 0 ? &want : &got, buf_span(&mail));
		if (i == 0) {
			assert_true(
			    span_find(want.text, "G\304\230\305\232L\304\204") <
			    want.text.n);
			continue;
		}
		if (!span_eq(span_trim(want.text), span_trim(got.text)))
			fail_msg("%s in %s: %.*s", charset, ways[i % 3].name,
			    (int)got.text.n, got.text.p);
		assert_same(charset, &want, &got);
		parsed_free(&got);
	}
	parsed_free(&want);
	buf_free(&mail);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crlf_and_lf_twins_parse_alike),
		cmocka_unit_test(a_mail_cut_anywhere_still_parses),
		cmocka_unit_test(how_a_text_is_encoded_changes_nothing),
	};

	return cmocka_run_group_tests(tests, read_keywords, free_keywords);
}

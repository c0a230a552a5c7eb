/* mails - parsing mails in tests: an exact-size copy through parse_mail()
 *
 * Place: test_machine, test_bounce, test_calendar and test_parse.
 */
#ifndef MAILS_H
#define MAILS_H

#include <stdlib.h>
#include <string.h>

#include "gateway/embedded.h"
#include "parsers/parse.h"

static struct parse_settings mails_settings = { .code_prefix = "BL",
	.authserv_id = "mx.powiat.example",
	.phone_prefix = "+48",
	.textable_prefixes = "+4811" };

/* Group set-up and tear-down: reads the table of keywords once. */
static int
mails_open(void **state)
{
	struct keywords *words;
	struct err err;

	if (keywords_read(
		&words, embedded_find("templates/keywords.tsv"), &err) != ST_OK)
		return -1;
	mails_settings.keywords = words;
	*state = words;
	return 0;
}

static int
mails_close(void **state)
{
	keywords_free(*state);
	return 0;
}

/* Parses a copy of exactly that size, so that a sanitizer sees one byte too
 * many; the result must not lean on the copy either. */
static void
mails_parse(struct parsed *out, struct span mail)
{
	char *copy = malloc(mail.n + (mail.n == 0));

	assert_non_null(copy);
	if (mail.n > 0)
		memcpy(copy, mail.p, mail.n);
	*out = (struct parsed){ 0 };
	parse_mail(out, (struct span){ copy, mail.n }, &mails_settings);
	memset(copy, '#', mail.n);
	free(copy);
}

#endif

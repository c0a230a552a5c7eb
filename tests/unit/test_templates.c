/* test_templates - the templates keep their rules
 *
 * Place: `make test`, and `make lint` by tools/lint_templates.sh.  Everything is
 * read from what is built in: the templates, placeholders.tsv, office_keys.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/embedded.h"
#include "gateway/office_keys.h"
#include "gateway/placeholder.h"
#include "gateway/wording.h"
#include "parsers/gsm7.h"
#include "parsers/text.h"

enum { LINE_LENGTH = 76, SMS_LENGTH = 160 };

static const char folder[] = "templates/";

/* One template or partial: "pl", "closed.txt" and its bytes. */
struct file {
	char language[3];
	const char *name;
	struct span text;
	bool is_sms, is_text, is_html, is_partial;
};

/* The next one in the table; false at the end. */
static bool
next_file(const struct embedded **at, struct file *f)
{
	for (; (*at)->name != NULL; (*at)++) {
		const char *path = (*at)->name + strlen(folder);
		struct placeholder p;
		const char *dot;

		if (strncmp((*at)->name, folder, strlen(folder)) != 0 ||
		    strlen(path) < 4 || path[2] != '/')
			continue;
		memcpy(f->language, path, 2);
		f->language[2] = '\0';
		f->name = path + 3;
		f->text = embedded_find((*at)->name);
		dot = strrchr(f->name, '.');
		assert_non_null(dot);
		f->is_html = strcmp(dot, ".html") == 0;
		f->is_text = strcmp(dot, ".txt") == 0;
		f->is_sms = strncmp(f->name, "sms_", 4) == 0;
		f->is_partial =
		    placeholder_find(&p,
			(struct span){ f->name, (size_t)(dot - f->name) }) &&
		    span_is(p.source, "partial");
		(*at)++;
		return true;
	}
	return false;
}

#define EACH_FILE(f) \
	for (const struct embedded *at = embedded_files; next_file(&at, f);)

static void
every_file_is_there_in_every_language(void **state)
{
	struct file f, other;
	char path[200];
	int n = 0;

	(void)state;
	EACH_FILE(&f)
	{
		n++;
		for (const struct embedded *in = embedded_files;
		     next_file(&in, &other);) {
			snprintf(path, sizeof(path), "%s%s/%s", folder,
			    other.language, f.name);
			if (embedded_find(path).p == NULL)
				fail_msg("%s is missing", path);
		}
	}
	assert_true(n > 80);
}

static void
a_mail_begins_with_its_subject(void **state)
{
	struct file f;

	(void)state;
	EACH_FILE(&f)
	{
		struct span rest = f.text, subject, blank;

		if (!f.is_text || f.is_sms || f.is_partial)
			continue;
		if (!span_line(&rest, &subject) ||
		    !span_starts(subject, "Subject: ") ||
		    span_trim(span_from(subject, 9)).n == 0)
			fail_msg("%s/%s has no subject", f.language, f.name);
		if (!span_line(&rest, &blank) || blank.n != 0)
			fail_msg("%s/%s: no empty line after the subject",
			    f.language, f.name);
	}
}

/* Characters that show: the tags of sections do not. */
static size_t
shown_length(struct span line)
{
	size_t n = text_length(line);

	while (line.n > 0) {
		size_t end;

		line = span_from(line, span_find(line, "{{"));
		if (line.n < 3)
			break;
		end = span_find(line, "}}") + 2;
		if (strchr("#^/", line.p[2]) != NULL)
			n -= text_length(span_sub(line, 0, end));
		line = span_from(line, end);
	}
	return n;
}

static void
lines_of_mails_are_short_and_clean(void **state)
{
	struct file f;

	(void)state;
	EACH_FILE(&f)
	{
		struct span rest = f.text, line;
		int number = 0;

		assert_true(text_is_utf8(f.text));
		if (f.text.n == 0 || f.text.p[f.text.n - 1] != '\n')
			fail_msg("%s/%s: the last line has no end", f.language,
			    f.name);
		while (span_line(&rest, &line)) {
			number++;
			if (line.n > 0 && (line.p[line.n - 1] == ' ' ||
					      line.p[line.n - 1] == '\t'))
				fail_msg("%s/%s, line %d ends with a blank",
				    f.language, f.name, number);
			if (f.is_text && !f.is_sms && number > 1 &&
			    shown_length(line) > LINE_LENGTH)
				fail_msg("%s/%s, line %d: %zu characters",
				    f.language, f.name, number,
				    shown_length(line));
		}
	}
}

static void
absent_partial(void *arg, struct span name)
{
	const struct file *f = arg;

	fail_msg("%s/%s includes {{> %.*s}}, which does not exist", f->language,
	    f->name, (int)name.n, name.p);
}

static const struct config nothing = {
	.language = "pl", .timezone = "Europe/Warsaw", .templates = ""
};

/* The names that a template and its partials use, one a line. */
static void
names_of(struct buf *out, struct file *f, struct wording *w)
{
	struct render how;
	struct err err;

	w->language = f->language;
	wording_render(&how, w, f->is_html ? RENDER_HTML : RENDER_NONE);
	how.missing = absent_partial;
	how.missing_arg = f;
	if (render_names(out, f->text, &how, &err) != ST_OK)
		fail_msg("%s/%s: %s", f->language, f->name, err.text);
}

static void
every_name_is_declared_and_every_declared_name_used(void **state)
{
	struct buf all = { .max = 1 << 20 }, path = { .max = 200 };
	struct arena a = { 0 };
	struct wording w = { .config = &nothing, .arena = &a };
	struct placeholder p;
	struct span rest, name;
	struct file f;

	(void)state;
	buf_char(&all, '\n');
	EACH_FILE(&f)
	{
		struct buf names = { .max = 1 << 16 };

		if (!f.is_text && !f.is_html)
			continue;
		names_of(&names, &f, &w);
		rest = buf_span(&names);
		while (span_line(&rest, &name))
			if (!placeholder_find(&p, name) ||
			    span_is(p.source, "partial"))
				fail_msg("%s/%s uses {{%.*s}}, which "
					 "placeholders.tsv does not declare",
				    f.language, f.name, (int)name.n, name.p);
		buf_add(&all, buf_span(&names));
		buf_free(&names);
	}
	rest = placeholder_table();
	while (placeholder_next(&rest, &p)) {
		buf_reset(&path);
		if (span_is(p.source, "partial"))
			buf_printf(&path, "%spl/%.*s.txt", folder,
			    (int)p.name.n, p.name.p);
		else
			buf_printf(&path, "\n%.*s\n", (int)p.name.n, p.name.p);
		if (span_is(p.source, "partial")
			? embedded_find(buf_cstr(&path)).p == NULL
			: span_find(buf_span(&all), buf_cstr(&path)) == all.n)
			fail_msg("placeholders.tsv declares %.*s, which "
				 "nothing uses",
			    (int)p.name.n, p.name.p);
	}
	buf_free(&all);
	buf_free(&path);
	arena_free(&a);
}

static bool
is_office_key(struct span key)
{
	for (const struct office_key *k = office_keys; k->key != NULL; k++)
		if (span_is(key, k->key))
			return true;
	return false;
}

static void
the_table_of_placeholders_is_sound(void **state)
{
	struct span rest = placeholder_table(), last = { NULL, 0 };
	struct placeholder p;

	(void)state;
	while (placeholder_next(&rest, &p)) {
		struct span source = p.source;

		if (last.n > 0 && strncmp(last.p, p.name.p, last.n + 1) >= 0)
			fail_msg(
			    "%.*s is out of order", (int)p.name.n, p.name.p);
		last = p.name;
		if (p.meaning.n == 0 ||
		    (!span_is(p.need, "must") && !span_is(p.need, "may")))
			fail_msg("%.*s: five columns are needed", (int)p.name.n,
			    p.name.p);
		if (!placeholder_is_office(&p)) {
			if (!span_is(source, "computed") &&
			    !span_is(source, "later") &&
			    !span_is(source, "partial"))
				fail_msg("%.*s: no such source", (int)p.name.n,
				    p.name.p);
			continue;
		}
		while (source.n > 0) {
			size_t n = span_find(source, " ");
			struct span key = span_sub(source, 0, n);

			if (!span_starts(key, "office.") ||
			    !is_office_key(span_from(key, 7)))
				fail_msg("%.*s: the office section has no "
					 "%.*s",
				    (int)p.name.n, p.name.p, (int)key.n, key.p);
			source = span_from(source, n + 1);
		}
	}
	assert_true(last.n > 0);
}

static void
every_office_key_shows_somewhere(void **state)
{
	/* Not shown as they are: they go into ids and dates. */
	static const char *const inward[] = { "domain", "answer_days" };

	(void)state;
	for (const struct office_key *k = office_keys; k->key != NULL; k++) {
		struct span rest = placeholder_table();
		struct placeholder p;
		char source[64];
		bool is_used = false;

		for (size_t i = 0; i < 2; i++)
			is_used |= strcmp(k->key, inward[i]) == 0;
		snprintf(source, sizeof(source), "office.%s", k->key);
		while (placeholder_next(&rest, &p))
			is_used |= span_find(p.source, source) < p.source.n;
		if (!is_used)
			fail_msg("no placeholder shows office.%s", k->key);
	}
}

/* Every placeholder with its longest value; without the one called `but`. */
static json_t *
worst_values(struct span but)
{
	struct span rest = placeholder_table();
	json_t *data = json_object();
	struct placeholder p;

	while (placeholder_next(&rest, &p))
		if (p.worst.n > 0 && !span_eq(p.name, but))
			json_object_setn_new_nocheck(data, p.name.p, p.name.n,
			    json_stringn(p.worst.p, p.worst.n));
	return data;
}

static void
fill_sms(struct file *f, struct wording *w, struct span but)
{
	struct wording_template tmpl = { f->name, f->text, RENDER_NONE };
	struct buf out = { .max = 4096 };
	json_t *data = worst_values(but);
	struct sms_size size;
	struct err err;

	w->language = f->language;
	if (wording_fill(&out, w, &tmpl, data, &err) != ST_OK)
		fail_msg("%s", err.text);
	size = sms_size(span_trim(buf_span(&out)));
	if (size.is_ucs2 || size.units > SMS_LENGTH)
		fail_msg("%s/%s may be %zu long: %s", f->language, f->name,
		    size.units, buf_cstr(&out));
	json_decref(data);
	buf_free(&out);
}

static void
a_text_fits_into_one_segment_at_its_longest(void **state)
{
	struct arena a = { 0 };
	struct wording w = { .config = &nothing, .arena = &a };
	struct span rest;
	struct placeholder p;
	struct file f;
	int n = 0;

	(void)state;
	EACH_FILE(&f)
	{
		if (!f.is_sms)
			continue;
		n++;
		for (size_t i = 0; i < f.text.n; i++)
			if ((unsigned char)f.text.p[i] > 126)
				fail_msg("%s/%s is not of plain letters",
				    f.language, f.name);
		if (span_find(f.text, "\n") + 1 != f.text.n)
			fail_msg("%s/%s is not one line", f.language, f.name);
		fill_sms(&f, &w, (struct span){ NULL, 0 });
		/* What may be absent may leave another, longer wording. */
		rest = placeholder_table();
		while (placeholder_next(&rest, &p)) {
			char tag[80];

			snprintf(tag, sizeof(tag), "{{^%.*s}}", (int)p.name.n,
			    p.name.p);
			if (span_find(f.text, tag) < f.text.n)
				fill_sms(&f, &w, p.name);
		}
	}
	assert_true(n > 30);
	arena_free(&a);
}

static void
dates_are_complete(void **state)
{
	static const struct {
		const char *language, *form;
		int64_t ms;
		enum moment moment;
		const char *want;
	} rows[] = {
		{ "pl", "exact", 1795009320000, MOMENT_EVENT,
		    "18 listopada 2026 r., godz. 14:42" },
		{ "pl", "long", 1795009320000, MOMENT_EVENT,
		    "18 listopada 2026 r." },
		{ "pl", "short", 1795009320000, MOMENT_EVENT, "18.11.2026" },
		{ "en", "exact", 1795009320000, MOMENT_EVENT,
		    "18 November 2026, 14:42" },
		{ "en", "long", 1795009320000, MOMENT_EVENT,
		    "18 November 2026" },
		/* 5 December, 0:00 in Warsaw */
		{ "pl", "exact", 1796425200000, MOMENT_END,
		    "4 grudnia 2026 r., godz. 24:00" },
		{ "pl", "short", 1796425200000, MOMENT_END, "04.12.2026" },
		{ "pl", "exact", 1796425200000, MOMENT_START,
		    "5 grudnia 2026 r." },
		{ "pl", "exact", 1796425200000, MOMENT_EVENT,
		    "5 grudnia 2026 r., godz. 0:00" },
		/* in summer time */
		{ "pl", "exact", 1783598400000, MOMENT_EVENT,
		    "9 lipca 2026 r., godz. 14:00" },
		{ "pl", "exact", 0, MOMENT_EVENT, NULL },
		{ "pl", "no such form", 1783598400000, MOMENT_EVENT, NULL },
		{ "xx", "exact", 1783598400000, MOMENT_EVENT, NULL },
	};
	struct arena a = { 0 };
	struct file f;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wording w = { .config = &nothing,
			.arena = &a,
			.language = rows[i].language };
		json_t *got = wording_date(&w, rows[i].form, rows[i].ms,
		    "Europe/Warsaw", rows[i].moment);

		if (rows[i].want == NULL)
			assert_true(json_is_null(got));
		else
			assert_string_equal(
			    json_string_value(got), rows[i].want);
		json_decref(got);
	}
	EACH_FILE(&f)
	{
		struct wording w = {
			.config = &nothing, .arena = &a, .language = f.language
		};

		if (strcmp(f.name, "dates.tsv") != 0)
			continue;
		for (int month = 0; month < 12; month++) {
			json_t *got = wording_date(&w, "long",
			    1767268800000 + month * 31LL * 86400000,
			    "Europe/Warsaw", MOMENT_EVENT);

			/* "1 stycznia": a word between day and year */
			assert_true(
			    strlen(json_string_value(got)) > strlen("1 2026x"));
			json_decref(got);
		}
	}
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_file_is_there_in_every_language),
		cmocka_unit_test(a_mail_begins_with_its_subject),
		cmocka_unit_test(lines_of_mails_are_short_and_clean),
		cmocka_unit_test(
		    every_name_is_declared_and_every_declared_name_used),
		cmocka_unit_test(the_table_of_placeholders_is_sound),
		cmocka_unit_test(every_office_key_shows_somewhere),
		cmocka_unit_test(a_text_fits_into_one_segment_at_its_longest),
		cmocka_unit_test(dates_are_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

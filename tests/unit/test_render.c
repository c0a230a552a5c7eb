/* test_render - templates are filled as the Mustache specification says */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "templates/render.h"
#include "templates/render_scan.h"

struct row {
	const char *says;
	const char *tmpl;
	const char *data; /* JSON with ' for " */
	const char *want; /* what stands there, or a part of the refusal */
};

/* JSON with single quotes, so that the tables can be read. */
static json_t *
read_json(const char *text)
{
	char *copy = strdup(text);
	json_error_t error;
	json_t *json;

	assert_non_null(copy);
	for (char *p = copy; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	json = json_loads(copy, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
	if (json == NULL)
		fail_msg("%s: %s", text, error.text);
	free(copy);
	return json;
}

/* Partials are members of the object `arg`. */
static struct span
member_partial(void *arg, struct span name)
{
	json_t *p = json_object_getn(arg, name.p, name.n);

	return p == NULL ? (struct span){ NULL, 0 }
			 : (struct span){ json_string_value(p),
				   json_string_length(p) };
}

/* Fills a copy of exactly that size. */
static enum status
fill(struct buf *out, const char *tmpl, const char *data, json_t *partials,
    struct err *err)
{
	struct render how = { .escape = RENDER_HTML,
		.partial = partials == NULL ? NULL : member_partial,
		.partial_arg = partials };
	size_t n = strlen(tmpl);
	char *copy = malloc(n + (n == 0));
	json_t *json = read_json(data);
	enum status rc;

	assert_non_null(copy);
	memcpy(copy, tmpl, n);
	rc = render(out, (struct span){ copy, n }, json, &how, err);
	free(copy);
	json_decref(json);
	return rc;
}

static void
check_all(const struct row *rows, size_t n, const char *partials)
{
	json_t *p = read_json(partials);

	for (size_t i = 0; i < n; i++) {
		struct buf out = { .max = 4096 };
		struct err err = { "" };

		if (fill(&out, rows[i].tmpl, rows[i].data, p, &err) != ST_OK)
			fail_msg("%s: %s", rows[i].says, err.text);
		if (strcmp(buf_cstr(&out), rows[i].want) != 0)
			fail_msg("%s: \"%s\", not \"%s\"", rows[i].says,
			    buf_cstr(&out), rows[i].want);
		buf_free(&out);
	}
	json_decref(p);
}

#define CHECK(rows, partials) \
	check_all(rows, sizeof(rows) / sizeof((rows)[0]), partials)

static void
values_stand_where_their_names_were(void **state)
{
	static const struct row rows[] = {
		{ "text without tags stays as it is", "Dzień { dobry } }}\n",
		    "{}", "Dzień { dobry } }}\n" },
		{ "a name becomes its value", "nr {{no}}!",
		    "{'no':'BL-10KE/3'}", "nr BL-10KE/3!" },
		{ "blanks around a name do not count", "{{ \n no\t}}",
		    "{'no':'3'}", "3" },
		{ "the five of HTML's characters that matter are escaped",
		    "{{x}}", "{'x':'<a href=\\\"#\\\">&</a>'}",
		    "&lt;a href=&quot;#&quot;&gt;&amp;&lt;/a&gt;" },
		{ "three braces show it as it is", "{{{x}}} {{{ x }}}",
		    "{'x':'<&>'}", "<&> <&>" },
		{ "an ampersand does too", "{{&x}} {{& x }}", "{'x':'<&>'}",
		    "<&> <&>" },
		{ "numbers are written as people write them",
		    "{{a}} {{b}} {{c}} {{d}}",
		    "{'a':12,'b':-1.5,'c':0.1,'d':1e6}", "12 -1.5 0.1 1e+06" },
		{ "null and the unknown show nothing", "[{{a}}{{b}}]",
		    "{'a':null}", "[]" },
		{ "dots lead inside", "{{a.b.c}}", "{'a':{'b':{'c':'in'}}}",
		    "in" },
		{ "dots lead nowhere when a step is missing", "[{{a.b.c}}]",
		    "{'a':{'x':1},'b':{'c':'no'}}", "[]" },
		{ "a key with a dot in it is no path", "[{{a.b}}]",
		    "{'a.b':'no'}", "[]" },
		{ "a lone dot is the value itself", "{{.}}", "'me'", "me" },
		{ "a value's own braces are no tags", "{{x}}",
		    "{'x':'{{y}}','y':'no'}", "{{y}}" },
		{ "a value alone on its line keeps the line", "  {{x}}\n.",
		    "{'x':'a'}", "  a\n." },
	};

	(void)state;
	CHECK(rows, "{}");
}

static void
sections_show_their_text_once_often_or_not_at_all(void **state)
{
	static const struct row rows[] = {
		{ "what is true shows", "{{#a}}yes{{/a}}", "{'a':true}",
		    "yes" },
		{ "what is false, null, empty or absent does not",
		    "{{#a}}1{{/a}}{{#b}}2{{/b}}{{#c}}3{{/c}}{{#d}}4{{/d}}"
		    "{{#e}}5{{/e}}",
		    "{'a':false,'b':null,'c':[],'d':''}", "" },
		{ "zero is a value", "{{#n}}{{n}} remarks{{/n}}", "{'n':0}",
		    "0 remarks" },
		{ "a list shows once for each", "{{#list}}<{{n}}>{{/list}}",
		    "{'list':[{'n':1},{'n':2},{'n':3}]}", "<1><2><3>" },
		{ "a list of plain values has the dot",
		    "{{#list}}{{.}},{{/list}}", "{'list':['a',1,2.5]}",
		    "a,1,2.5," },
		{ "a list of lists nests",
		    "{{#list}}({{#.}}{{.}}{{/.}}){{/list}}",
		    "{'list':[[1,2],[3]]}", "(12)(3)" },
		{ "an object opens its members, those around stay visible",
		    "{{#c}}{{code}} {{office}}{{/c}}",
		    "{'c':{'code':'BL-10KE'},'office':'urząd'}",
		    "BL-10KE urząd" },
		{ "the inner name hides the outer one",
		    "{{#c}}{{t}}{{/c}}{{t}}", "{'c':{'t':'in'},'t':'out'}",
		    "inout" },
		{ "the inner object hides the outer one whole",
		    "[{{#a}}{{b.c}}{{/a}}]", "{'a':{'b':{}},'b':{'c':'no'}}",
		    "[]" },
		{ "the inverted shows what is not there",
		    "{{^a}}none{{/a}}{{^b}}no{{/b}}", "{'b':[1]}", "none" },
		{ "the same section may come twice",
		    "{{#a}}1{{/a}}-{{#a}}2{{/a}}", "{'a':true}", "1-2" },
		{ "sections nest, also with the same name",
		    "{{#a}}x{{#a}}y{{/a}}z{{/a}}", "{'a':true}", "xyz" },
		{ "a section reached by dots", "{{#a.b}}ok{{/a.b}}",
		    "{'a':{'b':true}}", "ok" },
	};

	(void)state;
	CHECK(rows, "{}");
}

static void
a_tag_alone_on_its_line_takes_the_line_with_it(void **state)
{
	static const struct row rows[] = {
		{ "a section's lines go", "a\n{{#x}}\nb\n{{/x}}\nc\n",
		    "{'x':true}", "a\nb\nc\n" },
		{ "indented lines too", "a\n  {{#x}}  \nb\n\t{{/x}}\t\nc\n",
		    "{'x':true}", "a\nb\nc\n" },
		{ "with CRLF as well", "a\r\n{{#x}}\r\nb\r\n{{/x}}\r\nc",
		    "{'x':true}", "a\r\nb\r\nc" },
		{ "at the very start and end", "{{#x}}\nb\n{{/x}}",
		    "{'x':true}", "b\n" },
		{ "a hidden section leaves no empty line",
		    "a\n\n{{#x}}\nb\n{{/x}}\nc\n", "{}", "a\n\nc\n" },
		{ "beside other text nothing goes", "a {{#x}} b {{/x}} c\n",
		    "{'x':true}", "a  b  c\n" },
		{ "two tags on a line are not alone", "  {{#x}}{{/x}}\nc",
		    "{'x':true}", "  \nc" },
		{ "a comment's lines go, also of a long one",
		    "a\n{{! one }}\n  {{!\n two\n }}\nb", "{}", "a\nb" },
		{ "a comment in the line leaves its blanks", "a {{! x }} b",
		    "{}", "a  b" },
		{ "a comment may hold braces", "a{{! { } {{ }}b", "{}", "ab" },
	};

	(void)state;
	CHECK(rows, "{}");
}

static void
delimiters_change_from_there_on(void **state)
{
	static const struct row rows[] = {
		{ "for others of any kind", "{{=<% %>=}}<%x%>{{x}}",
		    "{'x':'1'}", "1{{x}}" },
		{ "and back", "{{=| |=}}|x||={{ }}=|{{x}}", "{'x':'1'}", "11" },
		{ "with blanks within the tag", "{{= |\t\n| =}}|x|",
		    "{'x':'1'}", "1" },
		{ "within a section, and behind it",
		    "{{#a}}{{=[ ]=}}[x][/a][x]", "{'a':true,'x':'1'}", "11" },
		{ "for sections and raw values",
		    "{{=<% %>=}}<%#a%><%&x%><%{x}%><%/a%>",
		    "{'a':true,'x':'<'}", "<<" },
		{ "the line of the change goes", "a\n {{=| |=}} \n|x|",
		    "{'x':'1'}", "a\n1" },
		{ "a partial starts with braces again", "{{=| |=}}|x|-|>p|",
		    "{'x':'1'}", "1-(1)" },
		{ "a partial's change does not leak", "{{>q}}{{x}}",
		    "{'x':'1'}", "11" },
	};

	(void)state;
	CHECK(rows, "{'p':'({{x}})','q':'{{=| |=}}|x|'}");
}

static void
partials_stand_in_with_the_data_of_their_place(void **state)
{
	static const struct row rows[] = {
		{ "a partial is filled too", "{{>p}}", "{'x':'1'}", "(1)" },
		{ "an unknown partial is nothing", "[{{>none}}]", "{}", "[]" },
		{ "an empty partial is nothing", "[{{>empty}}]", "{}", "[]" },
		{ "in a list it sees each element", "{{#l}}{{> p }}{{/l}}",
		    "{'l':[{'x':1},{'x':2}]}", "(1)(2)" },
		{ "alone on its line each of its lines is indented",
		    "a\n  {{>lines}}\nb", "{'x':'1\\n2'}",
		    "a\n  one\n  1\n2\n  three\nb" },
		{ "indents add up", " {{>outer}}", "{'x':'x'}",
		    " {\n   one\n   x\n   three\n }\n" },
		{ "beside text nothing is indented", "  {{>p}}!\n", "{'x':'1'}",
		    "  (1)!\n" },
		{ "it may include itself as long as there is data", "{{>tree}}",
		    "{'n':1,'kids':[{'n':2,'kids':[]},{'n':3,'kids':"
		    "[{'n':4,'kids':[]}]}]}",
		    "1<2<>3<4<>>>" },
	};

	(void)state;
	CHECK(rows, "{'p':'({{x}})','empty':'',"
		    "'lines':'one\\n{{{x}}}\\nthree\\n',"
		    "'outer':'{\\n  {{>lines}}\\n}\\n',"
		    "'tree':'{{n}}<{{#kids}}{{>tree}}{{/kids}}>'}");
}

static void
broken_templates_are_refused_with_their_line(void **state)
{
	static const struct row rows[] = {
		{ "a tag without an end", "a\nb {{x", "{}",
		    "line 2: this tag is never closed" },
		{ "three braces closed by two", "{{{x}}", "{}", "line 1" },
		{ "a section without an end", "a\n\n{{#x}}\n", "{}",
		    "line 3: this section is never closed" },
		{ "an end without a section", "{{/x}}", "{}",
		    "line 1: this closes a section that is not open" },
		{ "sections that cross", "{{#a}}\n{{#b}}\n{{/a}}{{/b}}", "{}",
		    "line 3: this closes another section" },
		{ "a tag without a name", "{{}}", "{}", "has no name" },
		{ "a section without a name", "{{# }}{{/ }}", "{}",
		    "has no name" },
		{ "one delimiter only", "{{=|=}}", "{}", "two delimiters" },
		{ "three delimiters", "{{=| | |=}}", "{}", "two delimiters" },
		{ "delimiters with an equals sign", "{{== ==}}", "{}",
		    "two delimiters" },
		{ "delimiters of more than 16 characters",
		    "{{=aaaaaaaaaaaaaaaaa b=}}", "{}", "two delimiters" },
		{ "a change of delimiters without an end", "{{=| |}}", "{}",
		    "never closed" },
		{ "the same inside a partial", "{{>bad}}", "{}",
		    "partial bad: line 2" },
	};
	json_t *partials = read_json("{'bad':'\\n{{#x}}'}");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = { .max = 4096 };
		struct err err = { "" };

		if (fill(&out, rows[i].tmpl, rows[i].data, partials, &err) !=
		    ST_REJECT)
			fail_msg("%s: was not refused", rows[i].says);
		if (strstr(err.text, rows[i].want) == NULL)
			fail_msg("%s: \"%s\" says nothing of \"%s\"",
			    rows[i].says, err.text, rows[i].want);
		buf_free(&out);
	}
	json_decref(partials);
}

/* `n` times `open`, then `n` times `close`. */
static char *
nested(const char *open, const char *close, int n)
{
	struct buf b = { .max = 1 << 24 };

	for (int i = 0; i < n; i++)
		buf_str(&b, open);
	for (int i = 0; i < n; i++)
		buf_str(&b, close);
	assert_false(b.failed);
	return b.p;
}

static void
hostile_templates_come_to_an_end(void **state)
{
	char *deep = nested("{{#a}}", "{{/a}}", SECTIONS_MAX + 1);
	char *fits = nested("{{#a}}", "{{/a}}", SECTIONS_MAX);
	char *wide = nested("{{#l}}", "{{/l}}", SECTIONS_MAX);
	char *large = nested("xxxxxxxxxxxxxxxx", "", TEMPLATE_MAX / 16 + 1);
	char *loud = nested("{{x}}", "", 1000);
	const struct {
		const char *says, *tmpl, *data, *want;
	} rows[] = {
		{ "sections too deep", deep, "{}", "sections nest" },
		{ "a template too large", large, "{}", "larger than" },
		{ "more than there is room for", loud, "{'x':'0123456789'}",
		    "larger than 4096 bytes" },
		{ "a partial within itself", "{{>me}}", "{}", "partials nest" },
		{ "a partial twice within itself", "{{>two}}", "{'l':[1,2]}",
		    "partials nest" },
		{ "lists within lists without end", wide,
		    "{'l':[1,2,3,4,5,6,7,8]}", "repeats itself" },
		{ "a partial twice within itself, and bounded", "{{>pair1}}",
		    "{}", "repeats itself" },
	};
	json_t *partials =
	    read_json("{'me':'{{>me}}','two':'{{#l}}{{>two}}{{/l}}'}");
	struct buf out = { .max = 4096 };
	struct err err = { "" };
	char name[16], text[64];

	(void)state;
	for (int i = 1; i < 40; i++) {
		snprintf(name, sizeof(name), "pair%d", i);
		snprintf(
		    text, sizeof(text), "{{>pair%d}}{{>pair%d}}", i + 1, i + 1);
		json_object_set_new(partials, name, json_string(text));
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_reset(&out);
		if (fill(&out, rows[i].tmpl, rows[i].data, partials, &err) !=
		    ST_LIMIT)
			fail_msg("%s: no limit was met", rows[i].says);
		if (strstr(err.text, rows[i].want) == NULL)
			fail_msg("%s: \"%s\"", rows[i].says, err.text);
	}
	buf_reset(&out);
	assert_int_equal(fill(&out, fits, "{'a':true}", NULL, &err), ST_OK);
	buf_free(&out);
	json_decref(partials);
	free(deep);
	free(fits);
	free(wide);
	free(large);
	free(loud);
}

static void
collect(void *arg, struct span name)
{
	buf_add(arg, name);
	buf_char(arg, ' ');
}

static void
names_that_nobody_fills_are_told(void **state)
{
	json_t *partials = read_json("{'p':'{{z}}'}");
	json_t *data = read_json("{'a':'1','e':''}");
	struct buf out = { .max = 4096 }, missing = { .max = 4096 };
	struct render how = { .escape = RENDER_NONE,
		.partial = member_partial,
		.partial_arg = partials,
		.missing = collect,
		.missing_arg = &missing };
	struct err err;

	(void)state;
	assert_int_equal(render(&out,
			     span_of("{{a}}{{b}}{{#c}}{{d}}{{/c}}{{e}}{{f.g}}"
				     "{{>p}}{{>q}}{{^h}}{{i}}{{/h}}"),
			     data, &how, &err),
	    ST_OK);
	assert_string_equal(buf_cstr(&missing), "b f.g z q i ");
	buf_reset(&out);
	buf_reset(&missing);
	assert_int_equal(render_names(&out,
			     span_of("{{a}}{{#b}}{{c}}{{a}}{{.}}{{/b}}{{>p}}"
				     "{{>p}}{{>q}}{{^d.e}}{{/d.e}}"),
			     &how, &err),
	    ST_OK);
	assert_string_equal(buf_cstr(&out), "a\nb\nc\nz\nd.e\n");
	assert_string_equal(buf_cstr(&missing), "q ");
	buf_reset(&out);
	assert_int_equal(
	    render_names(&out, span_of("{{#a}}"), &how, &err), ST_REJECT);
	buf_free(&out);
	buf_free(&missing);
	json_decref(partials);
	json_decref(data);
}

static void
text_is_not_escaped(void **state)
{
	struct render how = { .escape = RENDER_NONE };
	struct buf out = { .max = 4096 };
	json_t *data = read_json("{'x':'a < b & c'}");
	struct err err;

	(void)state;
	assert_int_equal(
	    render(&out, span_of("{{x}}{{{x}}}"), data, &how, &err), ST_OK);
	assert_string_equal(buf_cstr(&out), "a < b & ca < b & c");
	buf_free(&out);
	json_decref(data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_stand_where_their_names_were),
		cmocka_unit_test(
		    sections_show_their_text_once_often_or_not_at_all),
		cmocka_unit_test(
		    a_tag_alone_on_its_line_takes_the_line_with_it),
		cmocka_unit_test(delimiters_change_from_there_on),
		cmocka_unit_test(
		    partials_stand_in_with_the_data_of_their_place),
		cmocka_unit_test(broken_templates_are_refused_with_their_line),
		cmocka_unit_test(hostile_templates_come_to_an_end),
		cmocka_unit_test(names_that_nobody_fills_are_told),
		cmocka_unit_test(text_is_not_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

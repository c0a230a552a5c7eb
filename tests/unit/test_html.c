/* test_html - what a reader of an HTML mail sees */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "parsers/html.h"

#define OLD "\001\n"
#define SIGN "\002\n"
#define SIGN_END "\003\n"

static const struct {
	const char *sentence, *html, *want;
} rows[] = {
	{ "words and inline marks", "Dzie&nacute; <b>dob</b>ry, a <i>b</i>",
	    "Dzień dobry, a b\n" },
	{ "white space is one space", "a \n\t b<b> c </b> d", "a b c d\n" },
	{ "blocks end lines, words are not glued", "Moja<div>odpowiedź</div>tu",
	    "Moja\nodpowiedź\ntu\n" },
	{ "a break is a line, two are an empty one", "a<br>b<br><br>c",
	    "a\nb\n\nc\n" },
	{ "a break that ends a block adds nothing",
	    "<div>a<br></div><div>b</div>", "a\nb\n" },
	{ "an empty block with a break is an empty line",
	    "<div>a</div><div><br></div><div>b</div>", "a\n\nb\n" },
	{ "paragraphs are parted", "<p>a</p><p>b</p>", "a\n\nb\n" },
	{ "Outlook's paragraphs are lines",
	    "<p class=MsoNormal>a</p><p class=\"MsoNormal\">b</p>", "a\nb\n" },
	{ "hard spaces stay", "a&nbsp;b&nbspc",
	    "a\xc2\xa0"
	    "b\xc2\xa0"
	    "c\n" },
	{ "a blockquote with a line down its left is quoted",
	    "a<blockquote style=\"border-left: 2px solid #ccc\">b</blockquote>c",
	    "a\n> b\n\nc\n" },
	{ "and one of a class that says so",
	    "a<blockquote class=\"tutanota_quote\">b</blockquote>c",
	    "a\n> b\n\nc\n" },
	{ "one that the author indented is not",
	    "a<blockquote style=\"margin:0 0 0 40px; border-left: none\">b"
	    "</blockquote>",
	    "a\n\nb\n" },
	{ "lists have dashes", "<ul><li>a<li><p>b</p></ul>c",
	    "- a\n- b\n\nc\n" },
	{ "or numbers", "<ol><li>a</li><li>b</li></ol>", "1. a\n2. b\n" },
	{ "a list in a list", "<ol><li>a<ul><li>x</ul><li>b</ol>",
	    "1. a\n- x\n2. b\n" },
	{ "cells are parted by tabs, rows by lines",
	    "<table><tr><td>a<td><p>b</p></tr><tr><th>c</th><th>d</table>e",
	    "a\tb\nc\td\ne\n" },
	{ "preformatted text stays", "<pre>\na  b\n\n c</pre>",
	    "a  b\n\n c\n" },
	{ "and text styled so", "<div style='White-Space: pre-wrap'>a\nb</div>",
	    "a\nb\n" },
	{ "styles, scripts, titles and comments are not read",
	    "<title>t</title><style>a{}</style><script>if(a<b)</script>"
	    "<!-- <p>x -->y",
	    "y\n" },
	{ "what is hidden is not read", "<div style=\"display: none\">x</div>y",
	    "y\n" },
	{ "a list that is hidden counts no list away",
	    "<div style=\"display:none\"><ul><li>x</ul></div><ol><li>a</ol>",
	    "1. a\n" },
	{ "a comment that never ends hides nothing", "<!-- a", "a\n" },
	{ "Word's conditions are not words",
	    "<![if !vml]>a<![endif]><!--[if gte mso 9]><xml>x</xml><![endif]-->",
	    "a\n" },
	{ "signs that are no markup", "a < b & c <3 R&D &copy;",
	    "a < b & c <3 R&D ©\n" },
	{ "signs written as entities",
	    "&lt;b&gt; &quot;R&amp;D&quot; &amp;lt;<p>&lt;&lt;",
	    "<b> \"R&D\" &lt;\n\n<<\n" },
	{ "a smiley is a word, a logo is not",
	    "a<img alt=\"\xf0\x9f\x98\x80\"> <img alt=logo>",
	    "a\xf0\x9f\x98\x80\n" },
	{ "markers cannot be forged", "a&#1;&#x2;\001b", "ab\n" },
	{ "Gmail: the attribution stays, the old mail is quoted",
	    "nowe<div class=\"gmail_quote gmail_quote_container\">"
	    "<div class=gmail_attr>Jan pisze:<br></div>"
	    "<blockquote class=gmail_quote>a<br>b<blockquote>c</blockquote>"
	    "</blockquote></div>",
	    "nowe\nJan pisze:\n> a\n> b\n> > c\n" },
	{ "Gmail: a new mail inside the quote container stays",
	    "<div class=gmail_quote>wszystko nowe</div>", "wszystko nowe\n" },
	{ "Apple, Thunderbird", "n<blockquote type=cite>a<p>b</blockquote>m",
	    "n\n> a\n>\n> b\n\nm\n" },
	{ "Proton",
	    "n<div class=protonmail_quote>X:<blockquote class="
	    "protonmail_quote>a</blockquote></div>",
	    "n\nX:\n> a\n" },
	{ "Yahoo", "n<div class=\"ydp1yahoo_quoted\"><div>X:</div>a</div>",
	    "n\n> X:\n> a\n" },
	{ "GMX", "n<div name=\"quote\">a</div>", "n\n> a\n" },
	{ "the author's own quotation is his text",
	    "n<blockquote style='margin:0'>a</blockquote>", "n\n\na\n" },
	{ "Outlook on the web: old below",
	    "n<div id=appendonsend></div><hr><div id=divRplyFwdMsg>Od: x</div>",
	    "n\n" OLD "\nOd: x\n" },
	{ "Outlook: old below the line",
	    "n<div style='border:none;border-top:solid #E1E1E1 1.0pt'>"
	    "<p class=MsoNormal>Od: x</p></div>",
	    "n\n" OLD "Od: x\n" },
	{ "signatures are marked",
	    "n<div class=gmail_signature data-smartmail=gmail_signature>"
	    "<div>Jan</div></div>m",
	    "n\n" SIGN "Jan\n" SIGN_END "m\n" },
	{ "a signature that never ends", "n<div id=Signature>Jan",
	    "n\n" SIGN "Jan\n" SIGN_END },
	{ "a signature in a quote is quoted text",
	    "<blockquote type=cite><div id=Signature>Jan</div></blockquote>",
	    "> Jan\n" },
	{ "a tag that never ends", "a <b", "a\n" },
	{ "a quote sign that never ends", "a <a href=\"x>b</a>", "a b\n" },
	{ "only markup", "<div><p></p></div>", "" },
	{ "nothing", "", "" },
};

static void
a_page_is_read_as_it_is_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = strlen(rows[i].html);
		char *html = malloc(n == 0 ? 1 : n);
		struct buf out = { .max = 4096 };

		assert_non_null(html);
		memcpy(html, rows[i].html, n);
		html_to_text(&out, (struct span){ html, n });
		if (strcmp(buf_cstr(&out), rows[i].want) != 0)
			fail_msg("%s: got [%s], want [%s]", rows[i].sentence,
			    buf_cstr(&out), rows[i].want);
		buf_free(&out);
		free(html);
	}
}

static void
markers_are_taken_out_for_showing(void **state)
{
	struct buf out = { .max = 100 };

	(void)state;
	html_without_markers(&out, SPAN("a\n" OLD "b\n" SIGN "c\n" SIGN_END));
	assert_string_equal(buf_cstr(&out), "a\nb\nc\n");
	buf_reset(&out);
	html_without_markers(&out, SPAN("a"));
	assert_string_equal(buf_cstr(&out), "a");
	buf_free(&out);
}

/* What made libxml2 or us slow once: a longer page would show a square of
 * its length as minutes. */
static void
hostile_pages_are_read_in_time(void **state)
{
	static const char *const heads[] = { "", "<div>", "<a ", "<style>" };
	static const char *const bodies[] = { "<div>x", "<b><i>", "<", "<!--",
		"&", "&#x", "<table><tr><td>", "<p>", "</p>", "<ul><li>",
		"<blockquote type=cite>", "<![if", "<a href=\"", "x=y ",
		"q=\"y\"", "</i>", "<style>", "</" };
	struct buf html = { .max = 1100000 }, out = { .max = 16000000 };
	struct timespec from, to;

	(void)state;
	for (size_t h = 0; h < sizeof(heads) / sizeof(heads[0]); h++)
		for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]);
		     i++) {
			buf_reset(&html);
			buf_reset(&out);
			for (int k = 0; k < 500; k++)
				buf_str(&html, heads[h]);
			while (html.n < 300000)
				buf_str(&html, bodies[i]);
			clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
			html_to_text(&out, buf_span(&html));
			clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
			if (to.tv_sec - from.tv_sec > 2)
				fail_msg("500 times %s, then %s: too slow",
				    heads[h], bodies[i]);
			assert_false(out.failed);
		}
	buf_free(&html);
	buf_free(&out);
}

static void
too_deep_a_page_keeps_its_words(void **state)
{
	struct buf html = { .max = 100000 }, out = { .max = 100000 };

	(void)state;
	for (int i = 0; i < 5000; i++)
		buf_str(&html, "<div>");
	buf_str(&html, "<span style='display:none'>x</span>");
	buf_str(&html, "ostatnie &lt; słowo<p>i jeszcze");
	html_to_text(&out, buf_span(&html));
	assert_non_null(strstr(buf_cstr(&out), "ostatnie < słowo\n"));
	assert_non_null(strstr(buf_cstr(&out), "\ni jeszcze\n"));
	buf_free(&html);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_is_read_as_it_is_seen),
		cmocka_unit_test(markers_are_taken_out_for_showing),
		cmocka_unit_test(hostile_pages_are_read_in_time),
		cmocka_unit_test(too_deep_a_page_keeps_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

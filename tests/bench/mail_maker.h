/* mail_maker - mails as residents write them, as many as a bench wants
 *
 * Place: included by the benches.  The same number gives the same mail, so
 * that two runs read the same; 18 KB on average: most are short, a fifth bring
 * a file.
 */
#ifndef MAIL_MAKER_H
#define MAIL_MAKER_H

#include <stdint.h>
#include <stdio.h>

#include "parsers/buf.h"

struct mail_maker {
	const char *const *codes; /* borrowed: of open consultations */
	size_t n_codes;
	uint64_t seed;
};

/* xorshift64*: fast and good enough for words. */
static inline uint32_t
maker_random(struct mail_maker *m)
{
	m->seed ^= m->seed >> 12;
	m->seed ^= m->seed << 25;
	m->seed ^= m->seed >> 27;
	return (uint32_t)((m->seed * 2685821657736338717ULL) >> 32);
}

static inline void
maker_words(struct buf *out, struct mail_maker *m, int n)
{
	static const char *const words[] = { "proszę", "o", "dodanie", "ławek",
		"przy", "ulicy", "Szkolnej", "oraz", "wiaty", "na",
		"przystanku", "chodnik", "jest", "zniszczony", "dzieci",
		"wracają", "poboczem", "w", "paragrafie", "czwartym", "należy",
		"dopisać", "organizacje", "młodzieżowe", "termin", "składania",
		"wniosków", "powinien", "być", "dłuższy", "komisja",
		"konkursowa", "niech", "publikuje", "protokoły", "remont",
		"boiska", "dofinansowanie", "zajęć", "dla", "seniorów", "z",
		"gminy", "Bojszowy", "Imielin", "Lędziny", "żeby", "droga",
		"do", "lasu", "była", "oświetlona", "kwota", "dotacji", "wkład",
		"własny", "zbyt", "wysoki", "małe", "stowarzyszenia" };
	enum { N = sizeof(words) / sizeof(words[0]) };

	for (int i = 0; i < n; i++) {
		buf_str(out, words[maker_random(m) % N]);
		if (i % 11 == 10)
			buf_char(out, '.');
		if (i % 60 == 59)
			buf_char(out, '\n');
		buf_char(out, i % 12 == 11 ? '\n' : ' ');
	}
	buf_str(out, "\n");
}

static inline void
maker_base64(struct buf *out, struct span in)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = (const unsigned char *)in.p;
	char *to = buf_room(out, in.n / 3 * 4 + in.n / 57 * 2 + 8);
	size_t at = 0;

	for (size_t i = 0; to != NULL && i < in.n; i += 3) {
		uint32_t v = (uint32_t)p[i] << 16 |
			     (i + 1 < in.n ? (uint32_t)p[i + 1] << 8 : 0) |
			     (i + 2 < in.n ? p[i + 2] : 0);

		to[at++] = digits[v >> 18];
		to[at++] = digits[v >> 12 & 63];
		to[at++] = i + 1 < in.n ? digits[v >> 6 & 63] : '=';
		to[at++] = i + 2 < in.n ? digits[v & 63] : '=';
		if (i % 57 == 54) {
			to[at++] = '\r';
			to[at++] = '\n';
		}
	}
	out->n += at;
	buf_str(out, "\r\n");
}

static inline void
maker_quoted(struct buf *out, struct span in)
{
	size_t column = 0;

	for (size_t i = 0; i < in.n; i++) {
		unsigned char c = (unsigned char)in.p[i];

		if (c == '\n') {
			buf_str(out, "\r\n");
			column = 0;
			continue;
		}
		if (column > 72) {
			buf_str(out, "=\r\n");
			column = 0;
		}
		if (c == '=' || c > 126) {
			buf_printf(out, "=%02X", c);
			column += 3;
		} else {
			buf_char(out, (char)c);
			column++;
		}
	}
	buf_str(out, "\r\n");
}

static inline void
maker_html(struct buf *out, struct span text)
{
	struct span line;

	buf_str(out, "<html><head><meta http-equiv=\"Content-Type\" "
		     "content=\"text/html; charset=utf-8\"><style>p.MsoNormal "
		     "{margin:0cm;font-size:11.0pt;font-family:\"Calibri\","
		     "sans-serif;} a:link {color:#0563C1;}</style></head>"
		     "<body lang=\"PL\"><div class=\"WordSection1\">\n");
	while (span_line(&text, &line)) {
		buf_str(out, "<p class=\"MsoNormal\"><span style=\"font-size:"
			     "11.0pt;color:#1F497D\">");
		buf_add(out, line);
		buf_str(out, "</span></p>\n");
	}
	buf_str(out, "</div></body></html>\n");
}

/* Bytes that no compression makes smaller, as in photographs and PDFs. */
static inline void
maker_file(struct buf *out, struct mail_maker *m, size_t n)
{
	char *to = buf_room(out, n + 4);

	for (size_t i = 0; to != NULL && i < n; i += 4) {
		uint32_t r = maker_random(m);

		for (int k = 0; k < 4; k++)
			to[i + (size_t)k] = (char)(r >> (8 * k));
	}
	out->n += to == NULL ? 0 : n;
}

static inline void
maker_header(struct buf *out, const char *code, int i)
{
	buf_printf(out,
	    "Return-Path: <resident%d@poczta%d.example>\r\n"
	    "Delivered-To: konsultacje@powiat.example\r\n"
	    "Received: from mx1.poczta%d.example (mx1.poczta%d.example "
	    "[192.0.2.%d])\r\n\tby mx.powiat.example (Postfix) with ESMTPS id "
	    "4XyZ%08d\r\n\tfor <konsultacje@powiat.example>; Sun, 22 Nov 2026 "
	    "%02d:%02d:%02d +0100 (CET)\r\n"
	    "Authentication-Results: mx.powiat.example;\r\n\tdkim=pass "
	    "header.d=poczta%d.example; spf=pass\r\n\tsmtp.mailfrom=resident%d"
	    "@poczta%d.example; dmarc=pass\r\n\theader.from=poczta%d.example"
	    "\r\nDKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; "
	    "d=poczta%d.example;\r\n\ts=s1; h=from:to:subject:date; bh=47DEQpj8"
	    "HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\r\n\tb=dzdVyOfAKCdLXdJOc9G2"
	    "q8LoXSlEniSbav+yuU4zGeeruD00lszZVoG4ZHRNiYzR\r\n"
	    "Message-ID: <m%d.%d@poczta%d.example>\r\n"
	    "Date: Sun, 22 Nov 2026 %02d:%02d:%02d +0100\r\n"
	    "From: =?utf-8?B?xYF1Y2phIE5vd2Fr?= <resident%d@poczta%d.example>"
	    "\r\nTo: konsultacje@powiat.example\r\n"
	    "Subject: Uwaga do projektu %s\r\nMIME-Version: 1.0\r\n"
	    "User-Agent: Mozilla Thunderbird\r\n",
	    i, i % 9, i % 9, i % 9, i % 250, i, i / 3600 % 12, i / 60 % 60,
	    i % 60, i % 9, i, i % 9, i % 9, i % 9, i, i * 7, i % 9,
	    i / 3600 % 12, i / 60 % 60, i % 60, i, i % 9, code);
}

#define MAKER_PLAIN "Content-Type: text/plain; charset=utf-8\r\n"
#define MAKER_QUOTED "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
#define MAKER_BASE64 "Content-Transfer-Encoding: base64\r\n\r\n"

/* Plain words in HTML beside them. */
static inline void
maker_alternative(struct buf *out, struct span text)
{
	struct buf html = { .max = 1 << 20 };

	maker_html(&html, text);
	buf_str(out, "Content-Type: multipart/alternative; boundary=alt1\r\n"
		     "\r\n--alt1\r\n" MAKER_PLAIN MAKER_QUOTED);
	maker_quoted(out, text);
	buf_str(out,
	    "--alt1\r\nContent-Type: text/html; charset=utf-8\r\n" MAKER_QUOTED);
	maker_quoted(out, buf_span(&html));
	buf_str(out, "--alt1--\r\n");
	buf_free(&html);
}

static inline void
maker_reply(struct buf *out, struct mail_maker *m, struct span text)
{
	struct buf body = { .max = 1 << 20 }, notice = body;
	struct span rest, line;

	buf_add(&body, text);
	buf_str(&body,
	    "\n-- \nJan Nowak\ntel. 110 000 000\n\nW dniu 21.11.2026 "
	    "o 10:15, Starostwo Powiatowe pisze:\n");
	maker_words(&notice, m, 300);
	rest = buf_span(&notice);
	while (span_line(&rest, &line)) {
		buf_str(&body, "> ");
		buf_add(&body, line);
		buf_char(&body, '\n');
	}
	buf_str(out, MAKER_PLAIN MAKER_QUOTED);
	maker_quoted(out, buf_span(&body));
	buf_free(&body);
	buf_free(&notice);
}

/* Words and one file of `size` bytes. */
static inline void
maker_mixed(
    struct buf *out, struct mail_maker *m, struct span text, size_t size)
{
	struct buf file = { .max = size + 16 };

	maker_file(&file, m, size);
	buf_str(out, "Content-Type: multipart/mixed; boundary=\"=_mix\"\r\n\r\n"
		     "--=_mix\r\n");
	maker_alternative(out, text);
	buf_str(out, "--=_mix\r\nContent-Type: application/pdf; "
		     "name=\"mapa.pdf\"\r\nContent-Disposition: attachment; "
		     "filename=\"mapa.pdf\"\r\n" MAKER_BASE64);
	maker_base64(out, buf_span(&file));
	buf_str(out, "--=_mix--\r\n");
	buf_free(&file);
}

/* The mail of that number.  One in fifty has a code nobody gave out, one in
 * fifty none. */
static inline void
maker_mail(struct buf *out, struct mail_maker *m, int i)
{
	const char *code = m->codes[(size_t)i % m->n_codes];
	struct buf text = { .max = 1 << 20 };

	m->seed = (uint64_t)i * 0x9E3779B97F4A7C15ULL + 1;
	buf_reset(out);
	buf_str(&text, "Dzień dobry,\n\n");
	maker_words(&text, m, 40 + (int)(maker_random(m) % 120));
	buf_str(&text, "\nPozdrawiam\nŁucja Nowak\n");
	maker_header(out, i % 50 == 7 ? "BL-9999" : i % 50 == 8 ? "" : code, i);
	switch (i % 10) {
	case 0:
	case 1:
		buf_str(out, MAKER_PLAIN "Content-Transfer-Encoding: 8bit"
					 "\r\n\r\n");
		buf_add(out, buf_span(&text));
		break;
	case 2:
		buf_str(out, MAKER_PLAIN MAKER_BASE64);
		maker_base64(out, buf_span(&text));
		break;
	case 3:
	case 4:
	case 5:
		maker_reply(out, m, buf_span(&text));
		break;
	case 6:
	case 7:
		maker_alternative(out, buf_span(&text));
		break;
	default:
		maker_mixed(
		    out, m, buf_span(&text), 20000 + maker_random(m) % 56000);
		break;
	}
	buf_free(&text);
}

#endif

/* test_reply - what residents read: every reply, by mail and by text */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/reply.h"
#include "parsers/address.h"
#include "parsers/date.h"
#include "parsers/gsm7.h"
#include "parsers/header.h"
#include "parsers/mime.h"

#define HOUR (60 * 60 * 1000LL)
#define DAY (24 * HOUR)

/* An office with a folder for keys and templates of its own. */
struct house {
	char dir[64];
	struct keys *keys;
	struct config config;
	struct config_value office[40];
	struct config_mailbox mailbox;
	struct config_sms sms;
	struct consultation all[3];
	struct remark remarks[2];
	const char *receipts[2];
	struct inbound in;
	struct reply reply;
	struct arena arena;
	struct outbox row;
	struct err err;
};

static int64_t
at(int month, int day, int hour, int minute)
{
	return date_to_ms(2026, month, day, hour, minute, 0);
}

static void
set_office(struct house *h, const char *key, const char *value)
{
	for (int i = 0; i < h->config.n_office; i++)
		if (strcmp(h->office[i].key, key) == 0) {
			h->office[i].value = value;
			return;
		}
	assert_true(h->config.n_office < 40);
	h->office[h->config.n_office++] = (struct config_value){ key, value };
}

static void
furnish(struct house *h)
{
	static const char *const values[][2] = {
		{ "name", "Starostwo Powiatowe" },
		{ "address", "konsultacje@powiat.example" },
		{ "domain", "powiat.example" },
		{ "phone", "110 010 010" },
		{ "hours", "pn.–pt. 8:00–15:00" },
		{ "street", "ul. Przykładowa 1, 43-000 Powiatowo" },
		{ "short_name", "Starostwo" },
		{ "list_url", "powiat.example/k" },
		{ "report_url", "https://powiat.example/raporty" },
		{ "answer_days", "30" },
		{ "registry_mail", "kancelaria@powiat.example" },
		{ "controller", "Starosta" },
		{ "dpo_mail", "iod@powiat.example" },
		{ "rodo_url", "https://powiat.example/rodo" },
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		set_office(h, values[i][0], values[i][1]);
	h->mailbox = (struct config_mailbox){
		.name = "konsultacje", .user = "", .reply_token = "plus"
	};
	h->sms = (struct config_sms){
		.name = "bramka", .number = "+48110010010", .max_segments = 4
	};
	h->all[0] = (struct consultation){ .id = 1,
		.code = "BL-10KE",
		.title = "Projekt uchwały w sprawie zasad konsultacji",
		.title_short = "zasady konsultacji",
		.timezone = "Europe/Warsaw",
		.opens_ms = at(11, 8, 23, 0),
		.closes_ms = at(12, 4, 22, 59) };
	h->all[1] = (struct consultation){ .id = 2,
		.code = "BL-T4NR",
		.title = "Plan transportu",
		.title_short = "",
		.timezone = "",
		.opens_ms = at(11, 1, 8, 0) };
	h->all[2] = (struct consultation){ .id = 3,
		.code = "BL-2XDR",
		.title = "Program ochrony środowiska",
		.title_short = "program ochrony środowiska",
		.timezone = "Europe/Warsaw",
		.opens_ms = at(10, 1, 8, 0),
		.closes_ms = at(10, 30, 14, 0) };
}

static int
setup(void **state)
{
	struct house *h = calloc(1, sizeof(*h));
	char path[100];

	assert_non_null(h);
	snprintf(h->dir, sizeof(h->dir), "/tmp/uwaga-reply-XXXXXX");
	assert_non_null(mkdtemp(h->dir));
	snprintf(path, sizeof(path), "%s/keys", h->dir);
	assert_int_equal(keys_create(path, &h->err), ST_OK);
	assert_int_equal(keys_read(&h->keys, path, &h->err), ST_OK);
	furnish(h);
	h->config.language = "pl";
	h->config.timezone = "Europe/Warsaw";
	h->config.templates = "";
	h->config.hold_ms = 7 * DAY;
	h->config.mailboxes = &h->mailbox;
	h->config.sms = &h->sms;
	h->config.n_mailboxes = h->config.n_sms = 1;
	h->config.office = h->office;
	h->in = (struct inbound){ .id = 41,
		.channel = CHANNEL_MAIL,
		.source = "mailbox konsultacje",
		.received_ms = at(11, 17, 18, 42),
		.message_id = "a1@poczta.example",
		.references = "a0@poczta.example",
		.from = "jan.lis@poczta.example",
		.contact_id = 7,
		.remark = "Prosimy o nabór w maju.",
		.code_seen = "BL-1OKEE",
		.language = "pl" };
	h->remarks[0] = (struct remark){ .id = 5,
		.consultation_id = 1,
		.code = "BL-10KE",
		.name = "BL-10KE/3",
		.text = "Spotkania w soboty, proszę.\n\nI <b>w gminach</b>.",
		.received_ms = at(11, 17, 18, 42) };
	h->remarks[1] = (struct remark){ .id = 6,
		.consultation_id = 2,
		.code = "BL-T4NR",
		.name = "BL-T4NR/9",
		.text = "Brakuje autobusów.",
		.received_ms = at(11, 17, 18, 42) };
	h->receipts[0] = "a1b2c3d4e5f6";
	h->receipts[1] = "0123456789ab";
	h->reply = (struct reply){ .template_name = "confirm_remark",
		.inbound = &h->in,
		.consultation = &h->all[0],
		.all = h->all,
		.n_all = 3,
		.remarks = h->remarks,
		.receipts = h->receipts,
		.n_remarks = 1,
		.attachment_names = "",
		.now = at(11, 22, 11, 0),
		.show_text = true };
	*state = h;
	return 0;
}

static int
teardown(void **state)
{
	struct house *h = *state;
	char command[100];

	snprintf(command, sizeof(command), "%s/pl/duplicate.txt", h->dir);
	unlink(command);
	snprintf(
	    command, sizeof(command), "%s/pl/office_signature.txt", h->dir);
	unlink(command);
	snprintf(command, sizeof(command), "%s/pl", h->dir);
	rmdir(command);
	snprintf(command, sizeof(command), "%s/keys", h->dir);
	unlink(command);
	assert_int_equal(rmdir(h->dir), 0);
	keys_free(h->keys);
	arena_free(&h->arena);
	free(h);
	return 0;
}

static void
render_it(struct house *h)
{
	h->row = (struct outbox){ .state = OUTBOX_QUEUED };
	if (reply_render(&h->row, &h->arena, &h->config, h->keys, &h->reply,
		&h->err) != ST_OK)
		fail_msg("%s: %s", h->reply.template_name, h->err.text);
}

static void
says(const char *text, const char *what)
{
	if (strstr(text, what) == NULL)
		fail_msg("\"%s\" is not in:\n%s", what, text);
}

static void
says_not(const char *text, const char *what)
{
	if (strstr(text, what) != NULL)
		fail_msg("\"%s\" is in:\n%s", what, text);
}

static void
a_confirmation_shows_number_receipt_and_words(void **state)
{
	struct house *h = *state;

	render_it(h);
	assert_string_equal(h->row.subject,
	    "Przyjęliśmy Twoją uwagę nr BL-10KE/3 – zasady konsultacji");
	says(h->row.body, "Numer uwagi:   BL-10KE/3\n");
	says(h->row.body, "Pokwitowanie:  a1b2c3d4e5f6\n");
	says(h->row.body, "Wpłynęła:      17 listopada 2026 r., godz. 19:42\n");
	says(h->row.body, "Termin uwag:   4 grudnia 2026 r., godz. 23:59\n");
	says(h->row.body,
	    "\n> Spotkania w soboty, proszę.\n>\n> I <b>w gminach</b>.\n");
	says(h->row.body, "Najpóźniej 3 stycznia 2027 r. odpowiedź wyślemy");
	says(h->row.body, "https://powiat.example/raporty\n");
	says(h->row.body, "REZYGNUJĘ");
	says(h->row.body, "administratorem jest Starosta.");
	says(h->row.body, "\ntel. 110 010 010, pn.–pt. 8:00–15:00\n");
	says_not(h->row.body, "Załączniki");
	says_not(h->row.body, "Pokazujemy pierwsze");
	/* The same in HTML, where the words cannot become marks. */
	says(h->row.html, "I &lt;b&gt;w gminach&lt;/b&gt;.");
	says(h->row.html, "a1b2c3d4e5f6");
	says(h->row.html, "Starosta");
}

static void
the_row_knows_what_it_answers(void **state)
{
	struct house *h = *state;
	const struct outbox *row = &h->row;

	render_it(h);
	assert_int_equal(row->channel, CHANNEL_MAIL);
	assert_string_equal(row->to, "jan.lis@poczta.example");
	assert_string_equal(row->via, "");
	assert_string_equal(row->template_name, "confirm_remark");
	assert_string_equal(row->question, "BL-10KE");
	assert_string_equal(row->language, "pl");
	assert_string_equal(row->in_reply_to, "a1@poczta.example");
	assert_string_equal(
	    row->references, "a0@poczta.example a1@poczta.example");
	assert_string_equal(row->receipt, "a1b2c3d4e5f6");
	assert_int_equal(row->contact_id, 7);
	assert_int_equal(row->inbound_id, 41);
	assert_int_equal(row->consultation_id, 1);
	assert_int_equal(row->remark_id, 5);
	assert_true(token_is_ours(h->keys, span_of(row->token)));
	assert_int_equal(
	    strncmp(row->message_id, row->token, strlen(row->token)), 0);
	assert_string_equal(
	    row->message_id + strlen(row->token), "@powiat.example");
	assert_string_equal(row->error, "");
	assert_string_equal(row->external_id, "");
}

static void
several_remarks_have_a_number_receipt_and_text_each(void **state)
{
	struct house *h = *state;
	const char *second;

	h->reply.n_remarks = 2;
	h->all[1].closes_ms = 0;
	h->receipts[1] = "";
	render_it(h);
	assert_string_equal(
	    h->row.subject, "Przyjęliśmy Twoje uwagi nr BL-10KE/3, BL-T4NR/9");
	says(h->row.body, "Twoje uwagi są zapisane");
	second = strstr(h->row.body, "Numer uwagi:   BL-T4NR/9\n");
	assert_non_null(second);
	says(second, "Konsultacje:   Plan transportu\n");
	says(second, "> Brakuje autobusów.\n");
	/* Nothing of the first shines through where the second has none. */
	says_not(second, "Termin uwag");
	says_not(second, "Pokwitowanie: ");
	says_not(second, "Najpóźniej");
	assert_string_equal(h->row.receipt, "a1b2c3d4e5f6");

	h->in.channel = CHANNEL_SMS;
	h->in.source = "sms bramka";
	h->in.from = "+48110000301";
	render_it(h);
	says(h->row.body, "Przyjelismy uwagi nr BL-10KE/3, BL-T4NR/9.");
}

static void
without_a_verdict_on_the_sender_no_words_are_repeated(void **state)
{
	static const char *const names[] = { "confirm_remark", "held_reminder",
		"no_code", "duplicate", "closed" };
	struct house *h = *state;

	h->reply.show_text = false;
	h->reply.attachment_names = "tajne.pdf";
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		h->reply.template_name = names[i];
		render_it(h);
		says_not(h->row.body, "soboty");
		says_not(h->row.body, "nabór");
		says_not(h->row.body, "tajne.pdf");
		says_not(h->row.html, "soboty");
		says_not(h->row.html, "tajne.pdf");
	}
	h->reply.template_name = "confirm_remark";
	render_it(h);
	says(h->row.body, "BL-10KE/3");
	says(h->row.body, "a1b2c3d4e5f6");
	says(h->row.body, "Nie powtarzamy jej tutaj");
}

static void
a_long_text_is_shown_in_part_and_says_so(void **state)
{
	struct house *h = *state;
	struct buf text = { .max = 1 << 20 };

	for (int i = 0; i < 2001; i++)
		buf_str(&text, "ż");
	h->remarks[0].text = buf_cstr(&text);
	render_it(h);
	says(h->row.body, "Pokazujemy pierwsze 2000 znaków");
	says(h->row.html, "Pokazujemy pierwsze 2000 znaków");
	assert_null(strstr(h->row.body, buf_cstr(&text)));
	text.p[4000] = '\0';
	says(h->row.body, text.p);
	h->remarks[0].text = text.p;
	render_it(h);
	says_not(h->row.body, "Pokazujemy pierwsze");
	buf_free(&text);
}

static void
attachments_are_named(void **state)
{
	struct house *h = *state;

	h->reply.attachment_names = "mapa.pdf, most.jpg";
	render_it(h);
	says(h->row.body, "Załączniki: mapa.pdf, most.jpg\n");
	says(h->row.html, "Załączniki: mapa.pdf, most.jpg");
}

/* Every reply by mail: its subject and a sentence that must be there. */
static void
each_reply_says_its_own(void **state)
{
	static const struct {
		const char *says, *name;
		bool suggests;
		const char *subject, *sentence;
	} rows[] = {
		{ "an unknown code is repeated", "unknown_code", false,
		    "Nie rozpoznaliśmy kodu konsultacji", "„BL-1OKEE”" },
		{ "a near miss is asked about", "unknown_code", true,
		    "Nie rozpoznaliśmy kodu konsultacji",
		    "Czy chodzi o kod BL-T4NR (Plan transportu)?" },
		{ "without a code the open ones are listed", "no_code", false,
		    "Której sprawy dotyczy Twoja wiadomość?",
		    "\n  BL-10KE  Projekt uchwały w sprawie zasad "
		    "konsultacji\n"
		    "           do 4 grudnia 2026 r., godz. 23:59\n"
		    "  BL-T4NR  Plan transportu\n\n" },
		{ "how long the message is kept", "no_code", false,
		    "Której sprawy dotyczy Twoja wiadomość?",
		    "Do 29 listopada 2026 r.\nprzechowamy" },
		{ "the reminder repeats the words", "held_reminder", false,
		    "Przypomnienie: której sprawy dotyczy Twoja wiadomość?",
		    "\n> Prosimy o nabór w maju.\n" },
		{ "the reminder asks again", "held_reminder", true,
		    "Przypomnienie: której sprawy dotyczy Twoja wiadomość?",
		    "Czy chodzi o kod BL-T4NR" },
		{ "a closed one tells when it ended", "closed", false,
		    "Konsultacje BL-10KE są już zakończone",
		    "zakończyły się 4 grudnia 2026 r., godz. 23:59." },
		{ "one to come tells when it begins", "not_open_yet", false,
		    "Konsultacje BL-10KE jeszcze się nie zaczęły",
		    "\nPoczątek: 9 listopada 2026 r.\n" },
		{ "an empty one asks for the words", "empty_remark", false,
		    "Twoja wiadomość do konsultacji BL-10KE była pusta",
		    "napisz uwagę nad cytowanym tekstem" },
		{ "a repetition names the first", "duplicate", false,
		    "Tę uwagę już mamy – nr BL-10KE/3",
		    "(wpłynęła 17 listopada 2026 r., godz. 19:42)" },
		{ "whoever leaves is told so", "unsubscribe_confirm", false,
		    "Nie będziemy wysyłać Ci zaproszeń",
		    "na adres jan.lis@poczta.example nie wyślemy" },
	};
	struct house *h = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		h->reply.template_name = rows[i].name;
		h->reply.suggestion = rows[i].suggests ? &h->all[1] : NULL;
		h->reply.n_remarks = strcmp(rows[i].name, "duplicate") == 0;
		render_it(h);
		if (strcmp(h->row.subject, rows[i].subject) != 0)
			fail_msg("%s: %s", rows[i].says, h->row.subject);
		if (strstr(h->row.body, rows[i].sentence) == NULL)
			fail_msg("%s:\n%s", rows[i].says, h->row.body);
		assert_string_equal(
		    h->row.question, rows[i].suggests ? "BL-T4NR" : "BL-10KE");
		says_not(h->row.body, "{{");
		says_not(h->row.body, "..");
		says_not(h->row.body, "\n\n\n");
		assert_true(h->row.body[0] != '\n');
	}
}

static void
each_reply_by_text_says_its_own(void **state)
{
	static const struct {
		const char *name;
		bool suggests;
		const char *text;
	} rows[] = {
		{ "confirm_remark", false,
		    "Przyjelismy uwage nr BL-10KE/3. Pokwitowanie "
		    "a1b2c3d4e5f6. Poprawka: odpisz KOREKTA i nowa tresc. "
		    "Dane osobowe: https://powiat.example/rodo Koniec: STOP" },
		{ "unknown_code", true,
		    "Nie znamy kodu BL-1OKEE. Czy chodzi o BL-T4NR? Odpisz "
		    "TAK. Kody: powiat.example/k, tel. 110010010. Tresc "
		    "zachowamy do 29.11.2026. Starostwo" },
		{ "no_code", false,
		    "Nie wiemy, czego dotyczy SMS. Odpisz sam kod, np. "
		    "BL-10KE. Kody: powiat.example/k, tel. 110010010. Tresc "
		    "zachowamy do 29.11.2026. Starostwo" },
		{ "held_reminder", false,
		    "Nadal nie wiemy, czego dotyczy Twoj SMS. Odpisz sam kod "
		    "do 29.11.2026. Kody: powiat.example/k, tel. 110010010. "
		    "Starostwo" },
		{ "closed", false,
		    "Konsultacje BL-10KE zakonczyly sie 04.12.2026. Uwage "
		    "zapisalismy jako spozniona. Wyniki: powiat.example/k "
		    "Starostwo" },
		{ "not_open_yet", false,
		    "Konsultacje BL-10KE zaczna sie 09.11.2026. Zachowalismy "
		    "SMS i wtedy zapiszemy go jako uwage. Nie chcesz? Odpisz "
		    "STOP. Starostwo" },
		{ "empty_remark", false,
		    "Dostalismy kod BL-10KE, ale bez tresci uwagi. Odpisz na "
		    "tego SMS-a sama trescia (kodu nie trzeba powtarzac). "
		    "Starostwo" },
		{ "duplicate", false,
		    "Te uwage juz mamy pod nr BL-10KE/3. Liczymy ja jeden "
		    "raz. Dziekujemy! Pokwitowanie a1b2c3d4e5f6. Starostwo" },
		{ "unsubscribe_confirm", false,
		    "Nie wyslemy juz zaproszen do konsultacji BL-10KE. Twoje "
		    "uwagi zostaja i beda rozpatrzone. Powrot: odpisz START. "
		    "Starostwo" },
	};
	struct house *h = *state;

	h->in.channel = CHANNEL_SMS;
	h->in.source = "sms bramka";
	h->in.from = "+48110000301";
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		h->reply.template_name = rows[i].name;
		h->reply.suggestion = rows[i].suggests ? &h->all[1] : NULL;
		render_it(h);
		assert_string_equal(h->row.body, rows[i].text);
		assert_int_equal(h->row.segments, 1);
		assert_string_equal(h->row.via, "sms bramka");
		assert_string_equal(h->row.to, "+48110000301");
		assert_string_equal(h->row.subject, "");
		assert_string_equal(h->row.message_id, "");
		assert_true(token_is_ours(h->keys, span_of(h->row.token)));
	}
}

static void
a_text_is_folded_and_cut_as_its_line_says(void **state)
{
	struct house *h = *state;

	h->in.channel = CHANNEL_SMS;
	h->in.source = "sms bramka";
	h->reply.template_name = "duplicate";
	set_office(h, "short_name", "Urząd w Żółcu");
	render_it(h);
	says(h->row.body, "Urzad w Zolcu");
	h->sms.polish_letters = true;
	render_it(h);
	says(h->row.body, "Urząd w Żółcu");
	assert_int_equal(h->row.segments, 2);
	h->sms.max_segments = 1;
	render_it(h);
	assert_int_equal(h->row.segments, 1);
	assert_true(sms_size(span_of(h->row.body)).segments == 1);
	says(h->row.body, "BL-10KE/3");
}

static void
the_language_follows_the_message(void **state)
{
	static const struct {
		const char *says, *of_message, *of_office, *want;
	} rows[] = {
		{ "English to an English mail", "en", "pl", "en" },
		{ "Polish to a Polish mail", "pl", "en", "pl" },
		{ "the office's when it is not clear", "", "en", "en" },
		{ "the office's when there are no templates", "uk", "pl",
		    "pl" },
		{ "never a path", "..", "pl", "pl" },
		{ "never a path, however long", "../../etc", "pl", "pl" },
	};
	struct house *h = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		h->in.language = rows[i].of_message;
		h->config.language = rows[i].of_office;
		render_it(h);
		if (strcmp(h->row.language, rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].says, h->row.language);
		says(h->row.subject, strcmp(rows[i].want, "en") == 0
					 ? "We have your remark"
					 : "Przyjęliśmy");
	}
	h->in.language = "en";
	render_it(h);
	says(h->row.body, "Received:      17 November 2026, 19:42\n");
	h->config.language = h->in.language = "de";
	assert_int_equal(reply_render(&h->row, &h->arena, &h->config, h->keys,
			     &h->reply, &h->err),
	    ST_BROKEN);
	says(h->err.text, "de/confirm_remark.txt");
}

static void
an_office_that_sets_only_its_address_can_answer(void **state)
{
	static const char *const names[] = { "confirm_remark", "unknown_code",
		"no_code", "held_reminder", "closed", "not_open_yet",
		"empty_remark", "duplicate", "unsubscribe_confirm" };
	struct house *h = *state;

	for (int i = 0; i < h->config.n_office; i++)
		if (strcmp(h->office[i].key, "address") != 0 &&
		    strcmp(h->office[i].key, "domain") != 0)
			h->office[i].value = "";
	h->all[0].closes_ms = h->all[0].opens_ms = 0;
	h->reply.n_all = 0;
	h->in.code_seen = h->in.remark = h->in.message_id = "";
	h->receipts[0] = "";
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) * 2; i++) {
		h->in.channel = i % 2 ? CHANNEL_SMS : CHANNEL_MAIL;
		h->in.source = i % 2 ? "sms bramka" : "mailbox konsultacje";
		h->in.language = i % 4 < 2 ? "pl" : "en";
		h->reply.template_name = names[i / 2];
		render_it(h);
		says_not(h->row.body, "{{");
		says_not(h->row.body, "  .");
		says_not(h->row.body, ": \n");
		says_not(h->row.body, "tel. \n");
		says_not(h->row.body, "\n\n\n");
	}
}

static void
hostile_ids_are_left_out(void **state)
{
	struct house *h = *state;

	h->in.message_id = "a1@poczta.example\r\nBcc:";
	h->in.references = "ok@a.example <x@y> \xff\xfe@b  tab\t@c "
			   "last@d.example";
	render_it(h);
	assert_string_equal(h->row.in_reply_to, "");
	assert_string_equal(h->row.references, "ok@a.example last@d.example");
	h->in.message_id = h->in.references = "";
	render_it(h);
	assert_string_equal(h->row.in_reply_to, "");
	assert_string_equal(h->row.references, "");
}

static void
a_title_cannot_break_out_of_the_subject(void **state)
{
	struct house *h = *state;

	h->all[0].title_short = "x\r\nBcc: wszyscy@poczta.example";
	assert_int_equal(reply_render(&h->row, &h->arena, &h->config, h->keys,
			     &h->reply, &h->err),
	    ST_BROKEN);
	says(h->err.text, "control character");
	h->all[0].title_short = "";
	h->all[0].title = "{{office_phone}} {{{x}}}";
	render_it(h);
	says(h->row.subject, "{{office_phone}} {{{x}}}");
}

static void
write_own(struct house *h, const char *name, const char *text)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/pl", h->dir);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/pl/%s", h->dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	h->config.templates = h->dir;
}

static void
the_office_s_own_templates_come_first(void **state)
{
	struct house *h = *state;

	write_own(h, "duplicate.txt",
	    "Subject: Znowu {{remark_no}}\n\n{{title}}\n{{> "
	    "office_signature}}");
	write_own(h, "office_signature.txt", "Twój urząd & {{office_name}}");
	h->reply.template_name = "duplicate";
	render_it(h);
	assert_string_equal(h->row.subject, "Znowu BL-10KE/3");
	assert_string_equal(h->row.body,
	    "Projekt uchwały w sprawie zasad konsultacji\n"
	    "Twój urząd & Starostwo Powiatowe\n");
	/* What the folder does not have is built in. */
	h->reply.template_name = "no_code";
	render_it(h);
	says(h->row.subject, "Której sprawy");
	says(h->row.body, "Twój urząd & Starostwo Powiatowe");
}

static void
a_broken_template_is_named(void **state)
{
	static const struct {
		const char *says, *text, *want;
	} rows[] = {
		{ "no subject", "Dzień dobry\n", "begin with \"Subject:\"" },
		{ "an empty file", "", "begin with \"Subject:\"" },
		{ "an empty subject", "Subject: {{#x}}{{/x}}\n\nx\n",
		    "no subject" },
		{ "a section without an end", "Subject: x\n\n{{#code}}\n",
		    "never closed" },
		{ "a value that nobody has", "Subject: x\n\n{{verdict}}\n",
		    "{{verdict}}" },
		{ "a partial that nobody has", "Subject: x\n\n{{> nix}}\n",
		    "{{nix}}" },
		{ "a partial from elsewhere", "Subject: x\n\n{{> ../keys}}\n",
		    "../keys" },
	};
	struct house *h = *state;

	h->reply.template_name = "duplicate";
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		write_own(h, "duplicate.txt", rows[i].text);
		if (reply_render(&h->row, &h->arena, &h->config, h->keys,
			&h->reply, &h->err) != ST_BROKEN)
			fail_msg("%s: was rendered", rows[i].says);
		if (strstr(h->err.text, rows[i].want) == NULL ||
		    strstr(h->err.text, "pl/duplicate.txt") == NULL)
			if (i != 2)
				fail_msg("%s: %s", rows[i].says, h->err.text);
	}
}

static void
check_names_what_is_missing(void **state)
{
	struct house *h = *state;
	struct buf out = { .max = 1 << 16 };

	assert_int_equal(
	    reply_missing_values(&out, &h->config, &h->err), ST_OK);
	assert_string_equal(buf_cstr(&out), "");
	set_office(h, "dpo_mail", "");
	set_office(h, "phone", "");
	set_office(h, "controller", ""); /* the name stands in */
	set_office(h, "hours", ""); /* templates do without */
	set_office(h, "answer_days", "miesiąc");
	assert_int_equal(
	    reply_missing_values(&out, &h->config, &h->err), ST_OK);
	says(buf_cstr(&out),
	    "office.dpo_mail, which confirm_remark.txt needs: set dpo_mail in the "
	    "office section\n");
	says(buf_cstr(&out), "office.phone, which confirm_remark.txt needs");
	says(buf_cstr(&out), "office.answer_days that can be used");
	says_not(buf_cstr(&out), "controller");
	says_not(buf_cstr(&out), "hours");
	buf_reset(&out);
	furnish(h);
	write_own(h, "duplicate.txt", "Subject: x\n\n{{numer}}\n");
	assert_int_equal(
	    reply_missing_values(&out, &h->config, &h->err), ST_OK);
	says(buf_cstr(&out), "{{numer}}, which pl/duplicate.txt shows");
	write_own(h, "duplicate.txt", "Subject: x\n\n{{> nix}}\n");
	assert_int_equal(
	    reply_missing_values(&out, &h->config, &h->err), ST_REJECT);
	says(h->err.text, "nix");
	write_own(h, "duplicate.txt", "Subject: x\n\n{{#x}}\n");
	assert_int_equal(
	    reply_missing_values(&out, &h->config, &h->err), ST_REJECT);
	says(h->err.text, "pl/duplicate.txt");
	h->config.templates = "";
	h->config.language = "de";
	assert_int_equal(
	    reply_missing_values(&out, &h->config, &h->err), ST_REJECT);
	says(h->err.text, "de/");
	buf_free(&out);
}

static struct span
field(struct arena *a, const struct buf *mail, const char *name)
{
	struct header header;

	header_scan(&header, a, buf_span(mail));
	return header_decode(a, header_field(&header, name));
}

static void
the_composed_mail_carries_the_token(void **state)
{
	struct house *h = *state;
	struct buf mail = { .max = 1 << 20 };
	struct span local, detail, domain;

	render_it(h);
	h->row.created_ms = at(11, 22, 11, 0);
	assert_int_equal(
	    reply_compose(&mail, &h->config, &h->row, &h->err), ST_OK);
	assert_true(address_detail(
	    field(&h->arena, &mail, "Reply-To"), &local, &detail, &domain));
	assert_true(span_is(local, "konsultacje"));
	assert_true(span_is(detail, h->row.token));
	assert_true(span_is(domain, "powiat.example"));
	assert_true(span_is(field(&h->arena, &mail, "Date"),
	    "Sun, 22 Nov 2026 12:00:00 +0100"));
	assert_true(
	    span_is(field(&h->arena, &mail, "Auto-Submitted"), "auto-replied"));
	assert_true(span_is(field(&h->arena, &mail, "Content-Language"), "pl"));
	assert_true(span_is(
	    field(&h->arena, &mail, "In-Reply-To"), "<a1@poczta.example>"));
	assert_true(
	    span_is(field(&h->arena, &mail, "Subject"), h->row.subject));
	assert_true(span_starts(
	    field(&h->arena, &mail, "Content-Type"), "multipart/alternative"));
	/* Where the server refuses plus addresses the Message-ID must do. */
	h->mailbox.reply_token = "message-id";
	buf_reset(&mail);
	assert_int_equal(
	    reply_compose(&mail, &h->config, &h->row, &h->err), ST_OK);
	assert_int_equal(field(&h->arena, &mail, "Reply-To").n, 0);
	buf_free(&mail);
}

static void
the_mailbox_of_the_office_s_address_decides_on_tokens(void **state)
{
	struct config_mailbox boxes[] = {
		{ .name = "inne", .user = "inne", .reply_token = "message-id" },
		{ .name = "k",
		    .user = "konsultacje@powiat.example",
		    .reply_token = "plus" },
	};
	struct house *h = *state;
	struct buf mail = { .max = 1 << 20 };

	h->config.mailboxes = boxes;
	h->config.n_mailboxes = 2;
	render_it(h);
	assert_int_equal(
	    reply_compose(&mail, &h->config, &h->row, &h->err), ST_OK);
	says(buf_cstr(&mail), "Reply-To: konsultacje+");
	boxes[1].user = "konsultacje";
	boxes[1].reply_token = "message-id";
	boxes[0].reply_token = "plus";
	buf_reset(&mail);
	assert_int_equal(
	    reply_compose(&mail, &h->config, &h->row, &h->err), ST_OK);
	says_not(buf_cstr(&mail), "\nReply-To");
	buf_free(&mail);
}

static void
a_recipient_that_is_none_is_refused(void **state)
{
	struct house *h = *state;
	struct buf mail = { .max = 1 << 20 };

	render_it(h);
	h->row.to = "jan.lis@poczta.example, wszyscy@poczta.example";
	assert_int_equal(
	    reply_compose(&mail, &h->config, &h->row, &h->err), ST_REJECT);
	assert_int_equal(mail.n, 0);
	buf_free(&mail);
}

static void
a_reply_reads_the_same_with_what_earlier_ones_found_out(void **state)
{
	static const struct {
		const char *template_name, *language;
		int consultation;
		bool show_text;
	} rows[] = {
		{ "confirm_remark", "pl", 0, true },
		{ "no_code", "pl", 0, true },
		{ "confirm_remark", "en", 1, true },
		{ "closed", "pl", 2, false },
		{ "unknown_code", "en", 1, true },
		{ "confirm_remark", "pl", 1, false },
		{ "confirm_remark", "pl", 0, true },
	};
	struct house *h = *state;
	struct wording_kept kept = { 0 };
	struct outbox alone;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		h->in.language = rows[i].language;
		h->reply.template_name = rows[i].template_name;
		h->reply.consultation = &h->all[rows[i].consultation];
		h->reply.show_text = rows[i].show_text;
		h->reply.kept = NULL;
		render_it(h);
		alone = h->row;
		h->reply.kept = &kept;
		render_it(h);
		assert_string_equal(h->row.subject, alone.subject);
		assert_string_equal(h->row.body, alone.body);
		assert_string_equal(h->row.html, alone.html);
	}
	wording_forget(&kept);
}

#define IN_HOUSE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_HOUSE(a_confirmation_shows_number_receipt_and_words),
		IN_HOUSE(the_row_knows_what_it_answers),
		IN_HOUSE(several_remarks_have_a_number_receipt_and_text_each),
		IN_HOUSE(without_a_verdict_on_the_sender_no_words_are_repeated),
		IN_HOUSE(a_long_text_is_shown_in_part_and_says_so),
		IN_HOUSE(attachments_are_named),
		IN_HOUSE(each_reply_says_its_own),
		IN_HOUSE(each_reply_by_text_says_its_own),
		IN_HOUSE(a_text_is_folded_and_cut_as_its_line_says),
		IN_HOUSE(the_language_follows_the_message),
		IN_HOUSE(an_office_that_sets_only_its_address_can_answer),
		IN_HOUSE(hostile_ids_are_left_out),
		IN_HOUSE(a_title_cannot_break_out_of_the_subject),
		IN_HOUSE(the_office_s_own_templates_come_first),
		IN_HOUSE(a_broken_template_is_named),
		IN_HOUSE(check_names_what_is_missing),
		IN_HOUSE(the_composed_mail_carries_the_token),
		IN_HOUSE(the_mailbox_of_the_office_s_address_decides_on_tokens),
		IN_HOUSE(a_recipient_that_is_none_is_refused),
		IN_HOUSE(
		    a_reply_reads_the_same_with_what_earlier_ones_found_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

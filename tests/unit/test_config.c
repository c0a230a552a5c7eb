/* test_config - what uwaga.conf may say, and what is said when it errs */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/config.h"
#include "gateway/config_keys.h"
#include "gateway/office_keys.h"
#include "parsers/buf.h"

#define MINIMAL                                                 \
	"office { address = \"konsultacje@powiat.example\" }\n" \
	"mailbox \"k\" { url = \"maildir:box\" }\n"

#define OAUTH2                                                          \
	"oauth2 { token_url = \"https://login.example/t\" client_id = " \
	"\"c\" } "

struct place {
	char folder[64], file[80];
};

static int
make_place(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	snprintf(p->folder, sizeof(p->folder), "/tmp/uwaga-config-XXXXXX");
	if (mkdtemp(p->folder) == NULL)
		return -1;
	snprintf(p->file, sizeof(p->file), "%s/uwaga.conf", p->folder);
	*state = p;
	return 0;
}

static void
remove_in(const struct place *p, const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", p->folder, name);
	unlink(path);
}

static int
remove_place(void **state)
{
	struct place *p = *state;

	remove_in(p, "uwaga.conf");
	remove_in(p, "secret");
	rmdir(p->folder);
	free(p);
	return 0;
}

static void
write_file(const char *path, struct span bytes, int mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes.p, bytes.n), (ssize_t)bytes.n);
	assert_int_equal(fchmod(fd, (mode_t)mode), 0);
	close(fd);
}

static enum status
read_text(struct place *p, const char *text, struct config **c, struct err *err)
{
	err->text[0] = '\0';
	write_file(p->file, span_of(text), 0644);
	return config_read(c, p->file, err);
}

static void
a_minimal_file_is_enough(void **state)
{
	struct place *p = *state;
	struct config *c;
	struct err err;
	char want[120];

	assert_int_equal(
	    read_text(p, "database = \"x.db\"\n" MINIMAL, &c, &err), ST_OK);
	snprintf(want, sizeof(want), "%s/x.db", p->folder);
	assert_string_equal(c->database, want);
	snprintf(want, sizeof(want), "%s/keys", p->folder);
	assert_string_equal(c->keys_file, want);
	snprintf(want, sizeof(want), "maildir:%s/box", p->folder);
	assert_string_equal(c->mailboxes[0].url, want);
	snprintf(want, sizeof(want), "maildir:%s/outgoing", p->folder);
	assert_string_equal(c->smtp.url, want);
	assert_string_equal(c->mailboxes[0].name, "k");
	assert_string_equal(config_office(c, "domain"), "powiat.example");
	assert_string_equal(config_office(c, "nothing"), "");
	assert_string_equal(c->timezone, "Europe/Warsaw");
	assert_int_equal(c->hold_ms, 7 * 86400000LL);
	assert_int_equal(c->answer_within_ms, 72 * 3600000LL);
	assert_int_equal(c->replies_per_contact_hour, 10);
	assert_int_equal(c->mailboxes[0].max_message_size, 26214400);
	assert_true(c->mailboxes[0].idle);
	assert_int_equal(c->n_sms, 0);
	assert_int_equal(c->n_staff, 0);
	config_free(c);
}

static void
every_kind_of_value_is_read(void **state)
{
	struct place *p = *state;
	struct config *c;
	struct err err;

	assert_int_equal(
	    read_text(p, "# a comment\nhold = \"30m\"\nreplies_per_hour = 7\n",
		&c, &err),
	    ST_REJECT); /* hold is an hour at least */
	assert_int_equal(
	    read_text(p,
		"hold = \"2d\"\nreplies_per_hour = 7\nquiet_hours = \"\"\n"
		"remind_before = \"45s\"\n" MINIMAL
		"sms \"a\" { url = \"spool:/s\" number = \"+48110010010\" "
		"polish_letters = yes }\n"
		"sms \"b\" { url = \"spool:s\" timezone = \"UTC\" }\n"
		"smtp { url = 'smtps://smtp.powiat.example' }\n"
		"staff \"a@b.example\" { name = \"Żaneta Łoś\" login = \"zl\" "
		"rights = \"triage, answer\" }\n"
		"alert { mail = \"x@b.example\" }\n",
		&c, &err),
	    ST_OK);
	assert_int_equal(c->hold_ms, 2 * 86400000LL);
	assert_int_equal(c->remind_before_ms, 45000);
	assert_int_equal(c->replies_per_hour, 7);
	assert_string_equal(c->quiet_hours, "");
	assert_int_equal(c->n_sms, 2);
	assert_string_equal(c->sms[0].url, "spool:/s");
	assert_string_equal(c->sms[0].timezone, "Europe/Warsaw");
	assert_true(c->sms[0].polish_letters);
	assert_string_equal(c->sms[1].timezone, "UTC");
	assert_false(c->sms[1].polish_letters);
	assert_string_equal(c->smtp.url, "smtps://smtp.powiat.example");
	assert_string_equal(c->staff[0].address, "a@b.example");
	assert_string_equal(c->staff[0].name, "Żaneta Łoś");
	assert_string_equal(c->alert_mail, "x@b.example");
	config_free(c);
}

static void
what_is_wrong_is_said_with_its_line(void **state)
{
	static const struct {
		const char *row, *text, *line, *says;
	} rows[] = {
		{ "an unknown key", "\n\nholds = \"7d\"\n" MINIMAL,
		    ":3: ", "unknown key \"holds\"" },
		{ "an unknown key names the keys there are",
		    "holds = \"7d\"\n" MINIMAL, ":1: ", "database, keys_file" },
		{ "an unknown key in a section",
		    "mailbox \"k\" {\n url = \"maildir:x\"\n urk = \"\"\n}\n",
		    ":3: ", "in section mailbox" },
		{ "an unknown section", "mailboxes \"k\" { }\n",
		    ":1: ", "unknown key \"mailboxes\"" },
		{ "a password in the file",
		    "smtp {\n password = \"x\"\n}\n" MINIMAL,
		    ":2: ", "secrets do not belong into this file" },
		{ "a number that is none", "replies_per_hour = many\n" MINIMAL,
		    ":1: ", "whole number from 1 to 1000000" },
		{ "a number too large", "replies_per_hour = 9999999\n" MINIMAL,
		    ":1: ", "whole number" },
		{ "a number with a tail", "replies_per_hour = 10x\n" MINIMAL,
		    ":1: ", "whole number" },
		{ "a negative number", "replies_per_hour = -1\n" MINIMAL,
		    ":1: ", "whole number" },
		{ "a duration without a unit", "hold = 7\n" MINIMAL,
		    ":1: ", "a duration such as" },
		{ "a duration with two units", "hold = \"7d12h\"\n" MINIMAL,
		    ":1: ", "a duration such as" },
		{ "hours past midnight", "quiet_hours = \"20:00-24:00\"\n",
		    ":1: ", "20:00-08:00" },
		{ "hours that are no span", "quiet_hours = \"20:00-20:00\"\n",
		    ":1: ", "20:00-08:00" },
		{ "hours in words", "quiet_hours = \"at night\"\n",
		    ":1: ", "20:00-08:00" },
		{ "a zone that does not exist",
		    "timezone = \"Europe/Atlantis\"\n",
		    ":1: ", "Europe/Warsaw" },
		{ "a zone that leads out of its folder",
		    "timezone = \"../../etc/passwd\"\n",
		    ":1: ", "Europe/Warsaw" },
		{ "an address that is none", "alert { mail = \"admin\" }\n",
		    ":1: ", "a mail address" },
		{ "a list that ends with a comma",
		    "anchor = \"a@b.example,\"\n", ":1: ", "mail addresses" },
		{ "a mailbox without a url", "\nmailbox \"k\" {\n}\n",
		    ":3: ", "mailbox \"k\" has no url" },
		{ "a mailbox without a name",
		    "mailbox { url = \"maildir:x\" }\n", ":1: ", "" },
		{ "a name with a blank",
		    "mailbox \"a b\" { url = \"maildir:x\" }\n",
		    ":1: ", "expected a name" },
		{ "a scheme that does not exist",
		    "mailbox \"k\" { url = \"pop3://x\" }\n",
		    ":1: ", "maildir:PATH" },
		{ "one name twice",
		    MINIMAL "mailbox \"k\" { url = \"maildir:y\" }\n",
		    ":3: ", "given twice" },
		{ "one key twice", "hold = \"7d\"\nhold = \"8d\"\n",
		    ":2: ", "hold is given twice" },
		{ "one section twice", "alert { }\nalert { }\n",
		    ":2: ", "alert is given twice" },
		{ "a right that does not exist",
		    "staff \"a@b.example\" { rights = \"everything\" }\n",
		    ":1: ", "announce|answer|triage" },
		{ "staff named by no address", "staff \"Anna\" { }\n",
		    ":1: ", "mail address" },
		{ "a choice that does not exist",
		    "mailbox \"k\" { url = \"maildir:x\" start = \"soon\" }\n",
		    ":1: ", "now|all" },
		{ "a section that never ends", "office {\n name = \"x\"\n", ":",
		    "" },
		{ "a key without a value", "hold =\n\n" MINIMAL, ":", "" },
		{ "a string that never ends", "hold = \"7d\n" MINIMAL, ":",
		    "" },
		{ "a letter that moves the cursor",
		    "office { name = \"a\\x1b[2J\" }\n",
		    ":1: ", "control characters" },
		{ "no office at all", "mailbox \"k\" { url = \"maildir:x\" }\n",
		    "uwaga.conf: ", "office { address" },
		{ "a password in a URL",
		    "smtp { url = \"smtps://u:hush@smtp.powiat.example\" }\n",
		    ":1: ", "no user or password in a URL" },
		{ "a URL without a host",
		    "mailbox \"k\" { url = \"imaps:///INBOX\" }\n",
		    ":1: ", "imaps://HOST/FOLDER" },
		{ "a pin that is none",
		    "mailbox \"k\" { url = \"imaps://x\" pin = \"abc\" }\n",
		    ":1: ", "sha256//BASE64" },
		{ "a user with nothing to prove it",
		    "mailbox \"k\" { url = \"imaps://x\"\n user = \"u\"\n}\n",
		    ":3: ", "neither password_file nor oauth2" },
		{ "a password for nobody",
		    "smtp {\n password_file = \"env:X\"\n}\n",
		    ":3: ", "no user" },
		{ "a password and a token",
		    "smtp { user = \"u\" password_file = \"env:X\"\n" OAUTH2
		    "}\n",
		    ":2: ", "password_file and oauth2" },
		{ "a token for nobody", "smtp {\n" OAUTH2 "}\n",
		    ":2: ", "no user" },
		{ "no place to ask for a token",
		    "smtp { user = \"u\"\n oauth2 { client_id = \"c\" } }\n",
		    ":2: ", "no token_url" },
		{ "nobody who asks for a token",
		    "smtp { oauth2 { token_url = \"https://x/t\" } }\n",
		    ":1: ", "no client_id" },
		{ "a client that proves nothing",
		    "smtp { oauth2 { token_url = \"https://x/t\" client_id = "
		    "\"c\" grant = \"client_credentials\" } }\n",
		    ":1: ", "client_secret_file" },
		{ "a token from elsewhere",
		    "smtp { oauth2 { token_url = \"ftp://x\" } }\n",
		    ":1: ", "https://HOST/PATH" },
		{ "an unknown key of oauth2",
		    "smtp { oauth2 { tenant = \"x\" } }\n",
		    ":1: ", "in section oauth2" },
		{ "one oauth2 twice",
		    "smtp { user = \"u\"\n" OAUTH2 OAUTH2 "}\n",
		    ":2: ", "given twice" },
		{ "a mailbox that login cannot name",
		    "office { address = \"k@powiat.example\" }\n"
		    "mailbox \"smtp\" { url = \"imaps://x\" user = \"u\"" OAUTH2
		    "}\n",
		    "uwaga.conf: ", "cannot be named \"smtp\"" },
		{ "one login for two people",
		    MINIMAL "staff \"a@b.example\" { login = \"x\" }\n"
			    "staff \"c@b.example\" { login = \"x\" }\n",
		    "uwaga.conf: ", "login \"x\"" },
		{ "two mailboxes on one folder",
		    MINIMAL "mailbox \"l\" { url = \"maildir:./box\" }\n",
		    "uwaga.conf: ", "the same url" },
	};
	struct place *p = *state;
	struct config *c;
	struct err err;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum status rc = read_text(p, rows[i].text, &c, &err);

		if (rc != ST_REJECT || c != NULL ||
		    strstr(err.text, p->file) != err.text ||
		    strstr(err.text, rows[i].line) == NULL ||
		    strstr(err.text, rows[i].says) == NULL)
			fail_msg("%s: %d \"%s\"", rows[i].row, rc, err.text);
	}
}

static void
a_mailbox_may_log_in_by_token(void **state)
{
	struct place *p = *state;
	struct config *c;
	struct err err;
	char want[120];

	if (read_text(p,
		"database = \"uwaga.db\"\n" MINIMAL
		"mailbox \"a\" { url = \"imaps://x/I\" user = \"u\" " OAUTH2
		"}\nmailbox \"b\" { url = \"imaps://x/I\" user = \"v\" "
		"password_file = \"env:X\" }\n"
		"smtp { url = \"smtp://x\" user = \"u\" oauth2 { token_url = "
		"\"https://y/t\" client_id = \"d\" client_secret_file = "
		"\"env:S\" grant = \"client_credentials\" scope = \"s\" "
		"token_file = \"t.json\" ca_file = \"ca.pem\" } }\n",
		&c, &err) != ST_OK)
		fail_msg("%s", err.text);
	assert_string_equal(
	    c->mailboxes[1].oauth2.token_url, "https://login.example/t");
	assert_string_equal(c->mailboxes[1].oauth2.grant, "refresh_token");
	snprintf(want, sizeof(want), "%s/oauth2-mailbox-a.json", p->folder);
	assert_string_equal(c->mailboxes[1].oauth2.token_file, want);
	assert_string_equal(c->mailboxes[2].oauth2.token_url, "");
	assert_string_equal(c->mailboxes[2].oauth2.token_file, "");
	assert_string_equal(c->smtp.oauth2.client_id, "d");
	assert_string_equal(c->smtp.oauth2.client_secret_file, "env:S");
	snprintf(want, sizeof(want), "%s/t.json", p->folder);
	assert_string_equal(c->smtp.oauth2.token_file, want);
	snprintf(want, sizeof(want), "%s/ca.pem", p->folder);
	assert_string_equal(c->smtp.oauth2.ca_file, want);
	config_free(c);
}

static void
secrets_are_for_their_owner_alone(void **state)
{
	static const struct {
		const char *row;
		int mode; /* of the secret's file; -1: there is none */
		enum status want;
	} rows[] = {
		{ "its owner may read it", 0600, ST_OK },
		{ "its owner may only read it", 0400, ST_OK },
		{ "its group may read it", 0640, ST_REJECT },
		{ "anybody may read it", 0604, ST_REJECT },
		{ "it is not there", -1, ST_REJECT },
	};
	static const char text[] =
	    MINIMAL "smtp { url = \"smtps://smtp.powiat.example\" "
		    "user = \"u\" password_file = \"secret\" }\n";
	struct place *p = *state;
	struct config *c;
	struct err err;
	char path[120];

	snprintf(path, sizeof(path), "%s/secret", p->folder);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unlink(path);
		if (rows[i].mode >= 0)
			write_file(path, SPAN("hush\n"), rows[i].mode);
		if (read_text(p, text, &c, &err) != rows[i].want)
			fail_msg("%s: %s", rows[i].row, err.text);
		if (rows[i].want != ST_OK)
			assert_non_null(strstr(err.text, "smtp.password_file"));
		else
			assert_string_equal(c->smtp.password_file, path);
		config_free(c);
	}
}

static void
what_is_no_file_is_refused(void **state)
{
	struct place *p = *state;
	struct config *c;
	struct err err;
	struct buf large = { .max = 4 << 20 };

	unlink(p->file);
	assert_int_equal(config_read(&c, p->file, &err), ST_BROKEN);
	assert_non_null(strstr(err.text, "copy uwaga.conf.example"));
	assert_int_equal(config_read(&c, p->folder, &err), ST_BROKEN);
	write_file(p->file, SPAN("hold = \"7d\"\0\n"), 0644);
	assert_int_equal(config_read(&c, p->file, &err), ST_REJECT);
	while (large.n < 2 << 20)
		buf_str(&large, "# a long comment that says nothing at all\n");
	write_file(p->file, buf_span(&large), 0644);
	assert_int_equal(config_read(&c, p->file, &err), ST_REJECT);
	assert_null(c);
	buf_free(&large);
	assert_int_equal(read_text(p, "", &c, &err), ST_REJECT);
	assert_non_null(strstr(err.text, "office { address"));
}

/* Does `text` have a line that sets that key? */
static bool
sets(struct span text, const char *key)
{
	struct span line;
	size_t n = strlen(key);

	while (span_line(&text, &line)) {
		size_t at = span_find(line, key);
		struct span after = span_trim(span_from(line, at + n));
		bool starts =
		    at == 0 || line.p[at - 1] == '\t' || line.p[at - 1] == ' ';

		if (at < line.n && starts && span_starts(after, "="))
			return true;
	}
	return false;
}

static void
slurp(struct buf *out, const char *path)
{
	FILE *f = fopen(path, "r");
	char part[4096];
	size_t n;

	assert_non_null(f);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(out, (struct span){ part, n });
	fclose(f);
	assert_false(out->failed);
}

static void
the_example_and_the_manual_name_every_key(void **state)
{
	struct buf example = { .max = 400000 }, manual = { .max = 400000 };

	(void)state;
	slurp(&example, "uwaga.conf.example");
	slurp(&manual, "docs/uwaga.conf.5");
	for (const struct office_key *k = office_keys; k->key != NULL; k++) {
		struct span page = buf_span(&manual);
		char entry[80];

		snprintf(entry, sizeof(entry), "\n.It Ic %s", k->key);
		if (!sets(buf_span(&example), k->key))
			fail_msg("uwaga.conf.example lacks %s", k->key);
		if (span_find(page, entry) == page.n)
			fail_msg("uwaga.conf.5 lacks %s", k->key);
	}
	for (const struct config_key *k = config_keys; k->name != NULL; k++) {
		struct span page = buf_span(&manual);
		char entry[80];

		snprintf(entry, sizeof(entry), "\n.It Ic %s", k->name);
		if (!sets(buf_span(&example), k->name))
			fail_msg("uwaga.conf.example lacks %s", k->name);
		if (span_find(page, entry) == page.n)
			fail_msg("uwaga.conf.5 lacks %s", k->name);
	}
	buf_free(&example);
	buf_free(&manual);
}

static void
the_example_is_a_configuration(void **state)
{
	struct buf example = { .max = 400000 };
	struct place *p = *state;
	struct config *c;
	struct err err;

	slurp(&example, "uwaga.conf.example");
	if (read_text(p, buf_cstr(&example), &c, &err) != ST_OK)
		fail_msg("%s", err.text);
	config_free(c);
	buf_free(&example);
}

static void
every_default_is_a_value_of_its_key(void **state)
{
	struct err err;

	(void)state;
	for (const struct config_key *k = config_keys; k->name != NULL; k++)
		if (k->fallback[0] != '\0' &&
		    config_key_check(k, k->fallback, NULL, &err) != ST_OK)
			fail_msg("%s", err.text);
}

#define IN_PLACE(test) \
	cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(a_minimal_file_is_enough),
		IN_PLACE(every_kind_of_value_is_read),
		IN_PLACE(a_mailbox_may_log_in_by_token),
		IN_PLACE(what_is_wrong_is_said_with_its_line),
		IN_PLACE(secrets_are_for_their_owner_alone),
		IN_PLACE(what_is_no_file_is_refused),
		IN_PLACE(the_example_is_a_configuration),
		cmocka_unit_test(the_example_and_the_manual_name_every_key),
		cmocka_unit_test(every_default_is_a_value_of_its_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

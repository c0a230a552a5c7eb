/* config_keys - every key of uwaga.conf, and what its value may be */
#include "gateway/config_keys.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/certificate.h"
#include "gateway/clock.h"
#include "gateway/config.h"
#include "parsers/address.h"

#define MINUTE 60000
#define HOUR (60 * (int64_t)MINUTE)
#define DAYS (24 * HOUR)

#define TOP(field) offsetof(struct config, field)
#define BOX(field) offsetof(struct config_mailbox, field)
#define SMS(field) offsetof(struct config_sms, field)
#define OUT(field) offsetof(struct config, smtp.field)
#define OAUTH(field) offsetof(struct config_oauth2, field)
#define STAFF(field) offsetof(struct config_staff, field)

const struct config_key config_keys[] = {
	{ "", "database", KEY_PATH, "/var/lib/uwaga/uwaga.db",
	    "the SQLite file that holds everything", TOP(database), NULL, 0,
	    0 },
	{ "", "keys_file", KEY_PATH, "keys",
	    "secrets that sign our addresses; made by init", TOP(keys_file),
	    NULL, 0, 0 },
	{ "", "language", KEY_LANGUAGE, "pl",
	    "of the replies, when the message does not show another",
	    TOP(language), NULL, 0, 0 },
	{ "", "country", KEY_LANGUAGE, "pl",
	    "whose rules for numbers and identities hold", TOP(country), NULL,
	    0, 0 },
	{ "", "timezone", KEY_ZONE, "Europe/Warsaw",
	    "of every time that names no zone", TOP(timezone), NULL, 0, 0 },
	{ "", "code_prefix", KEY_PREFIX, "BL",
	    "what every consultation code begins with", TOP(code_prefix), NULL,
	    0, 0 },
	{ "", "phone_prefix", KEY_PHONES, "+48",
	    "put before numbers written without a country", TOP(phone_prefix),
	    NULL, 0, 0 },
	{ "", "templates", KEY_PATH, "",
	    "folder with your own templates; the built-in ones fill the gaps",
	    TOP(templates), NULL, 0, 0 },
	{ "", "anchor", KEY_ADDRESSES, "",
	    "addresses that get the head of the chain every day", TOP(anchor),
	    NULL, 0, 0 },
	{ "", "quiet_hours", KEY_HOURS, "20:00-08:00",
	    "no notices or answers by text between these hours",
	    TOP(quiet_hours), NULL, 0, 0 },
	{ "", "order_valid", KEY_DURATION, "2h",
	    "how long the PIN is good that sends a notice staff order by mail",
	    TOP(order_valid_ms), NULL, 5 * (int64_t)MINUTE, 7 * DAYS },
	{ "", "order_two_persons", KEY_BOOL, "false",
	    "such a notice needs the PIN of a second member of staff too",
	    TOP(order_two_persons), NULL, 0, 0 },
	{ "", "segment_price", KEY_TEXT, "",
	    "what one part of a text costs, as \"0,07 zł\": shown before "
	    "sending",
	    TOP(segment_price), NULL, 0, 0 },
	{ "", "hold", KEY_DURATION, "7d",
	    "how long a held message waits for its author or for staff",
	    TOP(hold_ms), NULL, HOUR, 366 * DAYS },
	{ "", "answer_within", KEY_DURATION, "72h",
	    "mail older than this gets a confirmation at most",
	    TOP(answer_within_ms), NULL, HOUR, 366 * DAYS },
	{ "", "remind_before", KEY_DURATION, "48h",
	    "when the author of a held message is reminded, before its end",
	    TOP(remind_before_ms), NULL, 0, 366 * DAYS },
	{ "", "first_reminder", KEY_DURATION, "72h",
	    "reminds of a meeting so long before it begins; 0h: never",
	    TOP(first_reminder_ms), NULL, 0, 366 * DAYS },
	{ "", "last_reminder", KEY_DURATION, "24h",
	    "reminds of a meeting once more; 0h: never", TOP(last_reminder_ms),
	    NULL, 0, 366 * DAYS },
	{ "", "soft_bounces", KEY_NUMBER, "3",
	    "so many messages that came back for now end notices for a while; "
	    "0: never",
	    TOP(soft_bounces), NULL, 0, 100 },
	{ "", "soft_bounce_window", KEY_DURATION, "30d",
	    "... when they came back within this time, and until it has passed",
	    TOP(soft_bounce_window_ms), NULL, HOUR, 366 * DAYS },
	{ "", "late_change", KEY_DURATION, "48h",
	    "tells of a change so short before a meeting by text, too; 0h: never",
	    TOP(late_change_ms), NULL, 0, 366 * DAYS },
	{ "", "access_before", KEY_DURATION, "72h",
	    "an interpreter or other access is ordered so long before a meeting",
	    TOP(access_before_ms), NULL, 0, 366 * DAYS },
	{ "", "replies_per_contact_hour", KEY_NUMBER, "10",
	    "replies to one contact in an hour; more wait for staff",
	    TOP(replies_per_contact_hour), NULL, 1, 1000 },
	{ "", "replies_per_hour", KEY_NUMBER, "100",
	    "replies in an hour to all, confirmations apart; more wait",
	    TOP(replies_per_hour), NULL, 1, 1000000 },
	{ "", "disk_reserve", KEY_NUMBER, "200",
	    "MiB that stay free beside the database: with less, nothing is "
	    "fetched",
	    TOP(disk_reserve), NULL, 0, 1 << 20 },

	{ "mailbox", "url", KEY_MAIL_URL, "",
	    "where the mail is: imaps://HOST/FOLDER or maildir:PATH", BOX(url),
	    NULL, 0, 0 },
	{ "mailbox", "user", KEY_TEXT, "", "login name at the mail server",
	    BOX(user), NULL, 0, 0 },
	{ "mailbox", "password_file", KEY_SECRET_FILE, "",
	    "file that holds the password, or env:VARIABLE", BOX(password_file),
	    NULL, 0, 0 },
	{ "mailbox", "ca_file", KEY_PATH, "",
	    "certificates to trust instead of the system's", BOX(ca_file), NULL,
	    0, 0 },
	{ "mailbox", "pin", KEY_PIN, "",
	    "the server's public key, sha256//BASE64", BOX(pin), NULL, 0, 0 },
	{ "mailbox", "authserv_id", KEY_TEXT, "",
	    "name under which our own mail server reports DMARC verdicts",
	    BOX(authserv_id), NULL, 0, 0 },
	{ "mailbox", "processed", KEY_TEXT, "Przetworzone",
	    "folder for mail that is stored", BOX(processed), NULL, 0, 0 },
	{ "mailbox", "oversize", KEY_TEXT, "Za duze",
	    "folder for mail that is too large or cannot be read",
	    BOX(oversize), NULL, 0, 0 },
	{ "mailbox", "junk", KEY_TEXT, "",
	    "IMAP folders, with commas between, whose mail is held for staff",
	    BOX(junk), NULL, 0, 0 },
	{ "mailbox", "start", KEY_CHOICE, "now",
	    "first contact with an IMAP folder: from now on, or all there is",
	    BOX(start), "now|all", 0, 0 },
	{ "mailbox", "reply_token", KEY_CHOICE, "plus",
	    "how answers find their way: plus address or Message-ID",
	    BOX(reply_token), "plus|message-id", 0, 0 },
	{ "mailbox", "max_message_size", KEY_NUMBER, "26214400",
	    "bytes; a larger mail is put aside", BOX(max_message_size), NULL,
	    65536, 1 << 30 },
	{ "mailbox", "poll_every", KEY_NUMBER, "60",
	    "seconds between two looks", BOX(poll_every), NULL, 1, 86400 },
	{ "mailbox", "idle", KEY_BOOL, "true",
	    "let the IMAP server tell us at once", BOX(idle), NULL, 0, 0 },

	{ "sms", "provider", KEY_CHOICE, "gammu",
	    "who sends and receives texts", SMS(provider),
	    "gammu|smstools|smseagle|serwersms|szybkisms|infobip|twilio", 0,
	    0 },
	{ "sms", "url", KEY_SMS_URL, "",
	    "where the texts are: spool:DIR, or the provider's https://HOST",
	    SMS(url), NULL, 0, 0 },
	{ "sms", "user", KEY_TEXT, "", "login name at the provider", SMS(user),
	    NULL, 0, 0 },
	{ "sms", "password_file", KEY_SECRET_FILE, "",
	    "file that holds the password, or env:VARIABLE", SMS(password_file),
	    NULL, 0, 0 },
	{ "sms", "token_file", KEY_SECRET_FILE, "",
	    "file that holds an access token, instead of user and password",
	    SMS(token_file), NULL, 0, 0 },
	{ "sms", "ca_file", KEY_PATH, "",
	    "certificates to trust instead of the system's", SMS(ca_file), NULL,
	    0, 0 },
	{ "sms", "pin", KEY_PIN, "", "the server's public key, sha256//BASE64",
	    SMS(pin), NULL, 0, 0 },
	{ "sms", "sender", KEY_TEXT, "",
	    "name or number that texts are sent from, where the provider asks",
	    SMS(sender), NULL, 0, 0 },
	{ "sms", "start", KEY_CHOICE, "now",
	    "first contact with a provider: from now on, or all there is",
	    SMS(start), "now|all", 0, 0 },
	{ "sms", "answers", KEY_PATH, "",
	    "folder for what a provider gives only once; else answers-NAME "
	    "beside the database",
	    SMS(answers), NULL, 0, 0 },
	{ "sms", "number", KEY_PHONE, "", "our own number", SMS(number), NULL,
	    0, 0 },
	{ "sms", "textable_prefixes", KEY_PHONES, "",
	    "numbers beginning so can be texted, besides mobile ones",
	    SMS(textable_prefixes), NULL, 0, 0 },
	{ "sms", "timezone", KEY_ZONE, "",
	    "of the modem's clock; else the global one", SMS(timezone), NULL, 0,
	    0 },
	{ "sms", "poll_every", KEY_NUMBER, "15", "seconds between two looks",
	    SMS(poll_every), NULL, 1, 86400 },
	{ "sms", "max_segments", KEY_NUMBER, "4",
	    "an outgoing text has at most so many parts", SMS(max_segments),
	    NULL, 1, 10 },
	{ "sms", "polish_letters", KEY_BOOL, "false",
	    "keep accents in outgoing texts, at 70 letters a part",
	    SMS(polish_letters), NULL, 0, 0 },

	{ "smtp", "url", KEY_SMTP_URL, "",
	    "the way out: smtps://HOST or maildir:PATH; else the folder "
	    "\"outgoing\" beside the database",
	    OUT(url), NULL, 0, 0 },
	{ "smtp", "user", KEY_TEXT, "", "login name at the mail server",
	    OUT(user), NULL, 0, 0 },
	{ "smtp", "password_file", KEY_SECRET_FILE, "",
	    "file that holds the password, or env:VARIABLE", OUT(password_file),
	    NULL, 0, 0 },
	{ "smtp", "ca_file", KEY_PATH, "",
	    "certificates to trust instead of the system's", OUT(ca_file), NULL,
	    0, 0 },
	{ "smtp", "pin", KEY_PIN, "", "the server's public key, sha256//BASE64",
	    OUT(pin), NULL, 0, 0 },
	{ "smtp", "connections", KEY_NUMBER, "2", "open at the same time",
	    OUT(connections), NULL, 1, 20 },
	{ "smtp", "rate_per_minute", KEY_NUMBER, "0",
	    "mails a minute; 0 is no limit", OUT(rate_per_minute), NULL, 0,
	    100000 },
	{ "smtp", "timeout", KEY_NUMBER, "300",
	    "seconds that an answer may take; twice that after a mail",
	    OUT(timeout), NULL, 1, 600 },
	{ "smtp", "envelope", KEY_CHOICE, "token",
	    "envelope sender: one per mail, or the office address",
	    OUT(envelope), "token|office", 0, 0 },
	{ "smtp", "on_unknown", KEY_CHOICE, "ask",
	    "mail that may or may not have gone out: ask staff, or send again",
	    OUT(on_unknown), "ask|resend", 0, 0 },

	{ "oauth2", "token_url", KEY_HTTP_URL, "",
	    "where access tokens are asked for", OAUTH(token_url), NULL, 0, 0 },
	{ "oauth2", "device_url", KEY_HTTP_URL, "", "where uwaga login begins",
	    OAUTH(device_url), NULL, 0, 0 },
	{ "oauth2", "authorize_url", KEY_HTTP_URL, "",
	    "where uwaga login sends a browser instead", OAUTH(authorize_url),
	    NULL, 0, 0 },
	{ "oauth2", "grant", KEY_CHOICE, "refresh_token",
	    "a person's lasting permission, or the client's own", OAUTH(grant),
	    "refresh_token|client_credentials", 0, 0 },
	{ "oauth2", "client_id", KEY_TEXT, "",
	    "under which the gateway is registered there", OAUTH(client_id),
	    NULL, 0, 0 },
	{ "oauth2", "client_secret_file", KEY_SECRET_FILE, "",
	    "file that holds the client's secret, or env:VARIABLE",
	    OAUTH(client_secret_file), NULL, 0, 0 },
	{ "oauth2", "scope", KEY_TEXT, "", "what is asked for", OAUTH(scope),
	    NULL, 0, 0 },
	{ "oauth2", "token_file", KEY_PATH, "",
	    "keeps what login got; else a file beside the database",
	    OAUTH(token_file), NULL, 0, 0 },
	{ "oauth2", "ca_file", KEY_PATH, "",
	    "certificates to trust instead of the system's", OAUTH(ca_file),
	    NULL, 0, 0 },

	{ "alert", "mail", KEY_ADDRESS, "", "who is told when something breaks",
	    TOP(alert_mail), NULL, 0, 0 },
	{ "alert", "sms", KEY_PHONE, "",
	    "number that is texted when mail is what broke", TOP(alert_sms),
	    NULL, 0, 0 },

	{ "staff", "name", KEY_TEXT, "", "as the audit shows it", STAFF(name),
	    NULL, 0, 0 },
	{ "staff", "login", KEY_TEXT, "", "user name on this machine",
	    STAFF(login), NULL, 0, 0 },
	{ "staff", "rights", KEY_WORDS, "",
	    "what this person may do; nothing: read only", STAFF(rights),
	    "announce|answer|triage|cancel|read", 0, 0 },
	{ NULL, NULL, KEY_TEXT, NULL, NULL, 0, NULL, 0, 0 },
};

static bool
read_whole_number(const char *text, int64_t *out)
{
	char *end;
	long long v;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	v = strtoll(text, &end, 10);
	*out = v;
	return errno == 0 && *end == '\0';
}

static bool
read_duration(const char *text, int64_t *out)
{
	static const struct {
		char unit;
		int64_t ms;
	} units[] = { { 's', 1000 }, { 'm', MINUTE }, { 'h', HOUR },
		{ 'd', DAYS } };
	char *end;
	long long v;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	v = strtoll(text, &end, 10);
	if (errno != 0 || v > 1000000000 || end[0] == '\0' || end[1] != '\0')
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (units[i].unit == end[0]) {
			*out = v * units[i].ms;
			return true;
		}
	return false;
}

/* "HH:MM" at `p`. */
static bool
is_hour(const char *p)
{
	for (int i = 0; i < 5; i++)
		if (i == 2 ? p[i] != ':' : !isdigit((unsigned char)p[i]))
			return false;
	return (p[0] - '0') * 10 + p[1] - '0' < 24 && p[3] < '6';
}

static bool
is_hours(const char *text)
{
	return strlen(text) == 11 && text[5] == '-' && is_hour(text) &&
	       is_hour(text + 6) && memcmp(text, text + 6, 5) != 0;
}

static bool
all_of(const char *text, int (*is)(int), size_t min, size_t max)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++)
		if (!is((unsigned char)text[i]))
			return false;
	return n >= min && n <= max;
}

static bool
is_address(struct span word)
{
	return address_is_valid(word);
}

/* "+" and digits: a number, or how numbers begin. */
static bool
is_phone(struct span word)
{
	if (word.n < 2 || word.n > 16 || word.p[0] != '+')
		return false;
	for (size_t i = 1; i < word.n; i++)
		if (!isdigit((unsigned char)word.p[i]))
			return false;
	return true;
}

static bool
is_one_of(const char *choices, struct span word)
{
	struct span rest = span_of(choices);

	while (rest.n > 0) {
		size_t n = span_find(rest, "|");

		if (span_eq(span_sub(rest, 0, n), word))
			return true;
		rest = span_from(rest, n + 1);
	}
	return false;
}

/* Walks the comma list in `text`; "" is an empty list. */
static bool
each(const char *text, bool (*is)(struct span), const char *choices)
{
	struct span rest = span_of(text), word;
	size_t n;

	while (rest.n > 0) {
		n = span_find(rest, ",");
		word = span_trim(span_sub(rest, 0, n));
		if (is != NULL ? !is(word) : !is_one_of(choices, word))
			return false;
		if (n + 1 == rest.n)
			return false; /* ends with a comma */
		rest = span_from(rest, n + 1);
	}
	return true;
}

static bool
is_domain(const char *text)
{
	size_t n = strlen(text);

	if (n == 0 || n > 253 || text[0] == '.' || text[n - 1] == '.')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)text[i]) && text[i] != '-' &&
		    (text[i] != '.' || text[i + 1] == '.'))
			return false;
	return true;
}

static bool
has_scheme(const char *text, const char *schemes)
{
	struct span rest = span_of(schemes);

	while (rest.n > 0) {
		size_t n = span_find(rest, "|");

		if (strncmp(text, rest.p, n) == 0 && text[n] != '\0')
			return true;
		rest = span_from(rest, n + 1);
	}
	return false;
}

/* Where the host of a URL stands; NULL for maildir:PATH and the like. */
static const char *
authority(const char *url, size_t *n)
{
	const char *at = strstr(url, "://");

	*n = at == NULL ? 0 : strcspn(at + 3, "/?#");
	return at == NULL ? NULL : at + 3;
}

static bool
has_host(const char *url)
{
	size_t n;
	const char *host = authority(url, &n);

	return host == NULL || (n > 0 && host[0] != ':');
}

/* "imaps://user:password@HOST": a secret in the file. */
static bool
holds_user(const struct config_key *key, const char *text)
{
	size_t n;
	const char *host = authority(text, &n);

	return (key->type == KEY_MAIL_URL || key->type == KEY_SMTP_URL ||
		   key->type == KEY_HTTP_URL) &&
	       host != NULL && memchr(host, '@', n) != NULL;
}

static const char *
expected(const struct config_key *key)
{
	switch (key->type) {
	case KEY_BOOL:
		return "true or false";
	case KEY_DURATION:
		return "a duration such as \"7d\", \"72h\", \"30m\" or \"45s\"";
	case KEY_HOURS:
		return "hours such as \"20:00-08:00\", or \"\" for none";
	case KEY_ADDRESS:
		return "a mail address";
	case KEY_ADDRESSES:
		return "mail addresses with commas between";
	case KEY_DOMAIN:
		return "a domain such as \"powiat.example\"";
	case KEY_ZONE:
		return "a time zone such as \"Europe/Warsaw\"";
	case KEY_LANGUAGE:
		return "two small letters such as \"pl\"";
	case KEY_PREFIX:
		return "one to four capital letters such as \"BL\"";
	case KEY_PHONE:
		return "a number such as \"+48110010010\"";
	case KEY_PHONES:
		return "beginnings of numbers such as \"+48\", with commas "
		       "between";
	case KEY_MAIL_URL:
		return "maildir:PATH, imaps://HOST/FOLDER or imap://HOST/FOLDER";
	case KEY_SMTP_URL:
		return "maildir:PATH, smtps://HOST or smtp://HOST";
	case KEY_SMS_URL:
		return "spool:DIR or https://HOST";
	case KEY_HTTP_URL:
		return "https://HOST/PATH";
	case KEY_PIN:
		return "sha256//BASE64 (44 characters), several with \";\" "
		       "between";
	default:
		return "text without control characters";
	}
}

static bool
is_text(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

static bool
value_fits(const struct config_key *key, const char *text, int64_t *number)
{
	switch (key->type) {
	case KEY_NUMBER:
		return read_whole_number(text, number) && *number >= key->min &&
		       *number <= key->max;
	case KEY_DURATION:
		return read_duration(text, number) && *number >= key->min &&
		       *number <= key->max;
	case KEY_BOOL:
		*number = is_one_of("true|yes|on", span_of(text));
		return *number || is_one_of("false|no|off", span_of(text));
	case KEY_HOURS:
		return text[0] == '\0' || is_hours(text);
	case KEY_ADDRESS:
		return text[0] == '\0' || is_address(span_of(text));
	case KEY_ADDRESSES:
		return each(text, is_address, NULL);
	case KEY_DOMAIN:
		return text[0] == '\0' || is_domain(text);
	case KEY_ZONE:
		return text[0] == '\0' || clock_zone_exists(text);
	case KEY_LANGUAGE:
		return all_of(text, islower, 2, 2);
	case KEY_PREFIX:
		return all_of(text, isupper, 1, 4);
	case KEY_PHONE:
		return text[0] == '\0' || is_phone(span_of(text));
	case KEY_PHONES:
		return each(text, is_phone, NULL);
	case KEY_MAIL_URL:
		return has_scheme(text, "maildir:|imaps://|imap://") &&
		       has_host(text);
	case KEY_SMTP_URL:
		return has_scheme(text, "maildir:|smtps://|smtp://") &&
		       has_host(text);
	case KEY_SMS_URL:
		return has_scheme(text, "spool:|https://");
	case KEY_HTTP_URL:
		return text[0] == '\0' ||
		       (has_scheme(text, "https://|http://") && has_host(text));
	case KEY_PIN:
		return text[0] == '\0' || certificate_is_pin(span_of(text));
	case KEY_CHOICE:
		return is_one_of(key->choices, span_of(text));
	case KEY_WORDS:
		return each(text, NULL, key->choices);
	default:
		return true;
	}
}

enum status
config_key_check(const struct config_key *key, const char *text,
    int64_t *number, struct err *err)
{
	int64_t unused;

	if (holds_user(key, text))
		return err_set(err, ST_REJECT,
		    "%s: no user or password in a URL; write them as user and "
		    "password_file",
		    key->name);
	if (is_text(text) &&
	    value_fits(key, text, number == NULL ? &unused : number))
		return ST_OK;
	if (key->type == KEY_NUMBER)
		return err_set(err, ST_REJECT,
		    "%s: expected a whole number from %lld to %lld, found "
		    "\"%.60s\"",
		    key->name, (long long)key->min, (long long)key->max, text);
	if (key->type == KEY_DURATION)
		return err_set(err, ST_REJECT,
		    "%s: expected %s, from %lldh to %lldd, found \"%.60s\"",
		    key->name, expected(key), (long long)(key->min / HOUR),
		    (long long)(key->max / DAYS), text);
	if (key->choices != NULL)
		return err_set(err, ST_REJECT,
		    "%s: expected %s%s, found "
		    "\"%.60s\"",
		    key->name,
		    key->type == KEY_WORDS ? "words with commas between of "
					   : "one of ",
		    key->choices, text);
	return err_set(err, ST_REJECT, "%s: expected %s, found \"%.60s\"",
	    key->name, expected(key), text);
}

/* config_keys - every key of uwaga.conf: name, type, default, help
 *
 * Place: only config uses the table; the manual page and the example follow
 * it, and a test holds them to it.
 */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include <stdint.h>
#include <stddef.h>

#include "parsers/buf.h"

enum key_type {
	KEY_TEXT,
	KEY_PATH, /* a file; relative to the configuration file's folder */
	KEY_SECRET_FILE, /* a path that others may not read */
	KEY_NUMBER, /* min..max */
	KEY_BOOL,
	KEY_DURATION, /* "7d", "72h", "30m", "45s"; min..max in ms */
	KEY_HOURS, /* "20:00-08:00", or "" for none */
	KEY_ADDRESS, /* one mail address, or "" */
	KEY_ADDRESSES, /* with commas between, or "" */
	KEY_DOMAIN,
	KEY_ZONE, /* "Europe/Warsaw" */
	KEY_LANGUAGE, /* "pl" */
	KEY_PREFIX, /* of codes: "BL" */
	KEY_PHONE, /* "+48110010010", or "" */
	KEY_PHONES, /* beginnings of numbers, commas between */
	KEY_MAIL_URL, /* imaps://, imap://, maildir:PATH */
	KEY_SMTP_URL, /* smtps://, smtp://, maildir:PATH */
	KEY_SMS_URL, /* spool:DIR */
	KEY_HTTP_URL, /* https://HOST/..., or http:// to this machine; or "" */
	KEY_PIN, /* sha256//BASE64, or "" */
	KEY_CHOICE, /* one of `choices` */
	KEY_WORDS, /* some of `choices`, commas between */
};

struct config_key {
	const char *section; /* "" at the top, "mailbox" ... */
	const char *name;
	enum key_type type;
	const char *fallback; /* the default, as it would be written */
	const char *help;
	size_t offset; /* in the section's struct */
	const char *choices; /* "plus|message-id" */
	int64_t min, max;
};

/* Closed by a NULL name; keys of one section stand together. */
extern const struct config_key config_keys[];

/* Is `text` a value of that key?  If so ST_OK and, for numbers, booleans and
 * durations, the value in `*number` (may be NULL); else ST_REJECT and what was
 * expected. */
enum status config_key_check(const struct config_key *key, const char *text,
    int64_t *number, struct err *err);

#endif

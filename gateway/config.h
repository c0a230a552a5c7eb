/* config - uwaga.conf, every key in one table
 *
 * Place: main reads it once (the daemon again on SIGHUP) and hands it down,
 * read-only.  libConfuse reads the syntax.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "parsers/status.h"

/* All strings owned by the config, never NULL ("" when not given); file paths
 * are absolute: a relative one in the file starts at the file's own folder. */
struct config_oauth2 {
	const char *token_url; /* "": there is no oauth2 section */
	const char *device_url, *authorize_url, *grant, *scope, *client_id;
	const char *client_secret_file, *token_file, *ca_file;
};

struct config_mailbox {
	const char *name, *url, *user, *password_file, *ca_file, *pin;
	const char *authserv_id, *processed, *oversize, *junk, *start,
	    *reply_token;
	long max_message_size, poll_every;
	bool idle;
	struct config_oauth2 oauth2;
};

struct config_sms {
	const char *name, *provider, *url, *number, *textable_prefixes;
	const char *user, *password_file, *token_file, *ca_file, *pin;
	const char *sender, *start;
	const char *answers; /* folder for what a provider gives only once */
	const char *timezone; /* "" in the file: the global one */
	long poll_every, max_segments;
	bool polish_letters; /* keep them in outgoing texts (70 a segment) */
};

struct config_smtp {
	const char *url, *user, *password_file, *ca_file, *pin;
	const char *envelope, *on_unknown;
	long connections, rate_per_minute;
	long timeout; /* seconds that an answer may take */
	struct config_oauth2 oauth2;
};

struct config_staff {
	const char *address, *name, *login, *rights;
};

/* A value for the templates: office { name = "..." } gives "name"; every key
 * of the office section that is not empty is listed. */
struct config_value {
	const char *key, *value;
};

struct config {
	const char *path; /* of the file */
	const char *database, *keys_file, *language, *country, *timezone;
	const char *code_prefix, *phone_prefix, *templates, *anchor,
	    *alert_mail, *alert_sms;
	const char *quiet_hours;
	const char *segment_price; /* "0.07 zł"; "" not said */
	bool order_two_persons; /* an order by mail needs a second PIN */
	int64_t hold_ms, answer_within_ms, remind_before_ms;
	int64_t order_valid_ms; /* how long a PIN is good */
	int64_t first_reminder_ms, last_reminder_ms; /* 0: none */
	int soft_bounces; /* within the window end notices for a while; 0: never */
	int64_t soft_bounce_window_ms;
	int64_t late_change_ms; /* 0: never by text, too */
	int64_t access_before_ms; /* an interpreter is ordered so long before */
	long replies_per_contact_hour, replies_per_hour; /* 10, 100 */
	long disk_reserve; /* MiB */
	struct config_mailbox *mailboxes;
	struct config_sms *sms;
	struct config_smtp smtp;
	struct config_staff *staff;
	struct config_value *office;
	int n_mailboxes, n_sms, n_staff, n_office;
	void *owner; /* everything above; config_free() */
};

/* Reads `path`.  ST_REJECT: unknown key, bad value, secret in the file, secret
 * file that others can read: with file, line and what was expected.  ST_BROKEN
 * when the file cannot be read.  `*out` is then NULL; else config_free() it. */
enum status config_read(struct config **out, const char *path, struct err *err);
void config_free(struct config *config);

/* Has that member of staff the right ("announce")? */
bool config_staff_may(const struct config_staff *staff, const char *right);

/* Is it one of our own numbers, however both are written?  A text to it would
 * come back as the next one. */
bool config_is_our_number(const struct config *config, const char *number);

/* The value of an office key; "" when it has none. */
const char *config_office(const struct config *config, const char *key);

#endif

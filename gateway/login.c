/* login - opens the stream to a mailbox, or to the way out, as configured
 *
 * Place: between imap.c or smtp.c and stream.c.  The secret is read for each
 * connection and forgotten when it stands.
 */
#include "gateway/login.h"

#include "gateway/oauth.h"
#include "gateway/secret.h"

enum { GREETING_S_MIN = 30, GREETING_S_MAX = 120 };

struct login {
	const char *name; /* for `uwaga login NAME` */
	const char *password_file;
	const struct config_oauth2 *oauth2;
};

static enum status
open_with_password(struct stream **out, struct stream_settings *set,
    const struct login *login, struct err *err)
{
	struct buf secret = { .max = SECRET_MAX };
	enum status rc = ST_OK;

	if (set->user[0] != '\0')
		rc = secret_read(&secret, login->password_file, err);
	set->secret = buf_cstr(&secret);
	if (rc == ST_OK)
		rc = stream_open(out, set, err);
	secret_free(&secret);
	return rc;
}

/* A token may end before its time: an administrator withdrew it, a password
 * was changed.  One new one shows whether the permission still holds. */
static enum status
open_with_token(struct stream **out, struct stream_settings *set,
    const struct login *login, struct err *err)
{
	struct buf token = { .max = TOKEN_MAX }, fresh = { .max = TOKEN_MAX };
	bool refused = false;
	enum status rc;

	set->is_token = true;
	set->refused = &refused;
	rc =
	    oauth_token(&token, login->oauth2, login->name, "", set->stop, err);
	set->secret = buf_cstr(&token);
	if (rc == ST_OK)
		rc = stream_open(out, set, err);
	if (!refused)
		goto out;
	rc = oauth_token(&fresh, login->oauth2, login->name, buf_cstr(&token),
	    set->stop, err);
	set->secret = buf_cstr(&fresh);
	refused = false;
	if (rc == ST_OK)
		rc = stream_open(out, set, err);
	if (refused)
		err_set(err, rc,
		    "the mail server refuses a fresh access token: is user "
		    "the account that agreed, and does it have access? run: "
		    "uwaga login %s",
		    login->name);
out:
	secret_free(&token);
	secret_free(&fresh);
	return rc;
}

static enum status
open_as(struct stream **out, struct stream_settings *set,
    const struct login *login, struct err *err)
{
	*out = NULL;
	if (login->oauth2->token_url[0] != '\0')
		return open_with_token(out, set, login, err);
	return open_with_password(out, set, login, err);
}

enum status
login_mailbox(struct stream **out, const struct config_mailbox *conf,
    const atomic_bool *stop, struct err *err)
{
	const struct login login = { conf->name, conf->password_file,
		&conf->oauth2 };
	struct stream_settings set = { .url = conf->url,
		.user = conf->user,
		.secret = "",
		.ca_file = conf->ca_file,
		.pin = conf->pin,
		.stop = stop };

	return open_as(out, &set, &login, err);
}

/* A server may look up our name before it greets us, which takes it long where
 * the name servers are slow; but for nobody so long as for a mail. */
static int
patience(const struct config_smtp *conf)
{
	long seconds = conf->timeout;

	if (seconds < GREETING_S_MIN)
		seconds = GREETING_S_MIN;
	if (seconds > GREETING_S_MAX)
		seconds = GREETING_S_MAX;
	return (int)seconds * 1000;
}

enum status
login_smtp(struct stream **out, const struct config_smtp *conf,
    const char *hello, const atomic_bool *stop, struct err *err)
{
	const struct login login = { "smtp", conf->password_file,
		&conf->oauth2 };
	struct stream_settings set = { .url = conf->url,
		.user = conf->user,
		.secret = "",
		.ca_file = conf->ca_file,
		.pin = conf->pin,
		.hello = hello,
		.open_ms = patience(conf),
		.stop = stop };

	return open_as(out, &set, &login, err);
}

/* oauth - access tokens for mail servers that have ended passwords
 *
 * Place: login.c asks for a token before it opens a connection; `uwaga login`
 * gets the first permission from a person (device code, RFC 8628).  Requests go
 * through http.c, JSON is read by jansson.
 *
 * What is kept between two calls stands in one file (token_file, mode 0600):
 * the refresh token that `login` got, and the access token until it expires.
 * The file is replaced by a synced rename, under a lock beside it, so threads
 * and processes may share it, and a refresh token that the server has replaced
 * is on disk before the access token that came with it is used.
 */
#ifndef OAUTH_H
#define OAUTH_H

#include <stdatomic.h>

#include "gateway/config.h"
#include "parsers/buf.h"

enum { TOKEN_MAX = 16384 };

/* An access token into `out` (limit at least TOKEN_MAX): the one in the file
 * while it is good for a minute more, else a new one.  `refused` is a token
 * that the mail server did not take, or "": that one is not handed out again.
 * `name` is what `uwaga login` is called with.  ST_REJECT: somebody has to run
 * `uwaga login NAME` or to mend the configuration; ST_RETRY: the server cannot
 * answer now, or told to stop.  secret_free(out) in any case. */
enum status
oauth_token(struct buf *out, const struct config_oauth2 *conf, const char *name,
    const char *refused, const atomic_bool *stop, struct err *err);

/* Can token_file be written?  To be asked before a person is.  ST_REJECT,
 * ST_RETRY: no, and why. */
enum status oauth_can_keep(const struct config_oauth2 *conf, struct err *err);

/* What a person is to do: open the page, type the code. */
struct oauth_device {
	char page[512]; /* URL */
	char page_with_code[512]; /* the same with the code in it, or "" */
	char code[64];
	char device_code[2048]; /* ours: a secret */
	int seconds; /* until it is too late */
	int interval_s; /* between two questions whether it was done */
};

/* Begins a login by device code.  ST_REJECT: the server refuses to begin. */
enum status oauth_device_begin(struct oauth_device *out,
    const struct config_oauth2 *conf, struct err *err);

/* Waits until the person has agreed and stores what was given.  `waiting` is
 * called about once a minute with the seconds left.  ST_REJECT: refused, too
 * late, or given without anything that lasts; ST_RETRY: the server failed. */
enum status oauth_device_wait(const struct oauth_device *device,
    const struct config_oauth2 *conf, void (*waiting)(int seconds),
    struct err *err);

/* The other way to ask a person, where the server gives no mailbox by device
 * code (Google): a page that leads the browser to an address on the person's
 * own machine, which holds the code and is pasted back (RFC 6749 4.1, RFC 7636,
 * RFC 8252). */
struct oauth_browser {
	char page[4096]; /* URL */
	char state[48], verifier[48]; /* ours: secrets */
};

/* Makes the page's address; ST_LIMIT when it is too long. */
enum status oauth_browser_begin(struct oauth_browser *out,
    const struct config_oauth2 *conf, struct err *err);

/* `pasted` is the address that the browser ended at.  Stores what is given for
 * it.  ST_REJECT: no such address, of another login, refused, or nothing given
 * that lasts; ST_RETRY: the server failed. */
enum status oauth_browser_finish(const struct oauth_browser *browser,
    const struct config_oauth2 *conf, struct span pasted, struct err *err);

#endif

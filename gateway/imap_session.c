/* imap_session - one connection to an IMAP server, a command a function
 *
 * Here: the connection and its folders; see imap_fetch.c and imap_move.c.
 */
#include "gateway/imap_session.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libetpan/libetpan.h>

#include "gateway/clock.h"
#include "gateway/imap_internal.h"
#include "gateway/imap_name.h"
#include "gateway/login.h"

enum {
	GOODBYE_MS = 2000,
	CHATTER_MAX = 5, /* wakes out of IDLE without news, in one wait */
	IDLE_MAX_MS = 9 * 60000, /* servers end it after 29 minutes or more */
};

void
imap_expect(struct imap *im, int ms, size_t bytes)
{
	stream_limit(im->stream, ms, bytes);
}

/* What the server said to its NO, fit for a sentence. */
static void
server_words(const struct imap *im, char *out, size_t size)
{
	const char *words = im->session->imap_response;
	size_t n = 0;

	for (; words != NULL && *words != '\0' && n + 1 < size && n < 160;
	     words++)
		if ((unsigned char)*words >= ' ' && (unsigned char)*words < 127)
			out[n++] = *words;
	out[n] = '\0';
}

static bool
is_broken_by(int r)
{
	switch (r) {
	case MAILIMAP_ERROR_BAD_STATE:
	case MAILIMAP_ERROR_STREAM:
	case MAILIMAP_ERROR_PARSE:
	case MAILIMAP_ERROR_CONNECTION_REFUSED:
	case MAILIMAP_ERROR_MEMORY:
	case MAILIMAP_ERROR_FATAL:
	case MAILIMAP_ERROR_DONT_ACCEPT_CONNECTION:
	case MAILIMAP_ERROR_NEEDS_MORE_DATA:
		return true;
	default:
		return false;
	}
}

enum status
imap_result(struct imap *im, int r, const char *what, struct err *err)
{
	const char *place = stream_place(im->stream);
	char words[200];

	if (r == MAILIMAP_NO_ERROR || r == MAILIMAP_NO_ERROR_AUTHENTICATED ||
	    r == MAILIMAP_NO_ERROR_NON_AUTHENTICATED)
		return ST_OK;
	if (stream_why(im->stream)[0] != '\0' || is_broken_by(r)) {
		im->broken = true;
		im->is_garbled = stream_why(im->stream)[0] == '\0';
		return err_set(err, ST_RETRY, "%s, while %s: %s", place, what,
		    stream_why(im->stream)[0] != '\0'
			? stream_why(im->stream)
			: "the server's answer makes no sense (or it hung up)");
	}
	server_words(im, words, sizeof(words));
	return err_set(err, ST_REJECT, "%s, while %s: the server says: %s",
	    place, what, words[0] != '\0' ? words : "no");
}

/* ---- the connection ----------------------------------------------------- */

static bool
knows_capabilities(const struct imap *im)
{
	const struct mailimap_connection_info *info =
	    im->session->imap_connection_info;

	return info != NULL && info->imap_capability != NULL;
}

/* Unless it told them with the login. */
static enum status
learn_capabilities(struct imap *im, struct err *err)
{
	struct mailimap_capability_data *list = NULL;
	enum status rc;
	int r = MAILIMAP_NO_ERROR;

	imap_expect(im, COMMAND_MS, ANSWER_MAX);
	if (!knows_capabilities(im))
		r = mailimap_capability(im->session, &list);
	rc = imap_result(im, r, "its capabilities are asked for", err);
	if (rc != ST_OK)
		return rc == ST_REJECT ? ST_OK : rc; /* then it has none */
	if (list != NULL)
		mailimap_capability_data_free(list);
	im->has_move = mailimap_has_extension(im->session, "MOVE");
	im->has_uidplus = mailimap_has_uidplus(im->session);
	im->has_idle = mailimap_has_idle(im->session);
	im->has_namespace = mailimap_has_namespace(im->session);
	return ST_OK;
}

enum status
imap_open(struct imap **out, const struct config_mailbox *conf,
    const atomic_bool *stop, struct err *err)
{
	struct imap *im = calloc(1, sizeof(*im));
	struct _mailstream *mail = NULL;
	enum status rc;
	int r;

	*out = NULL;
	if (im == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	rc = login_mailbox(&im->stream, conf, stop, err);
	if (rc != ST_OK)
		goto out;
	im->session = mailimap_new(0, NULL);
	mail = stream_mail(im->stream);
	if (im->session == NULL || mail == NULL) {
		rc = err_set(err, ST_BROKEN, "out of memory");
		goto out;
	}
	imap_expect(im, COMMAND_MS, ANSWER_MAX);
	r = mailimap_connect(im->session, mail);
	rc = imap_result(im, r, "it greets us", err);
	if (rc == ST_OK && r != MAILIMAP_NO_ERROR_AUTHENTICATED)
		rc = err_set(err, ST_REJECT,
		    "%s: the server wants a login; set user, and password_file "
		    "or oauth2",
		    imap_where(im));
	if (rc == ST_OK)
		rc = learn_capabilities(im, err);
out:
	if (rc != ST_OK) {
		imap_close(im);
		return rc;
	}
	*out = im;
	return ST_OK;
}

void
imap_close(struct imap *im)
{
	if (im == NULL)
		return;
	if (im->stream != NULL)
		imap_expect(im, GOODBYE_MS, ANSWER_MAX);
	if (im->session != NULL) {
		/* A stream that is out of step is not spoken to again. */
		if (im->broken)
			im->session->imap_stream = NULL;
		mailimap_free(im->session);
	}
	stream_close(im->stream);
	free(im);
}

bool
imap_is_broken(const struct imap *im)
{
	return im->broken;
}

bool
imap_is_garbled(const struct imap *im)
{
	return im->is_garbled;
}

const char *
imap_where(const struct imap *im)
{
	return stream_place(im->stream);
}

void
imap_certificate(const struct imap *im, struct stream_certificate *out)
{
	stream_certificate(im->stream, out);
}

bool
imap_has_idle(const struct imap *im)
{
	return im->has_idle;
}

bool
imap_has_move(const struct imap *im)
{
	return im->has_move;
}

bool
imap_has_uidplus(const struct imap *im)
{
	return im->has_uidplus;
}

/* ---- names of folders --------------------------------------------------- */

static void
use_namespace(struct imap *im, const struct mailimap_namespace_data *spaces)
{
	const struct mailimap_namespace_info *own;

	if (spaces->ns_personal == NULL ||
	    clist_begin(spaces->ns_personal->ns_data_list) == NULL)
		return;
	own = clist_content(clist_begin(spaces->ns_personal->ns_data_list));
	im->separator = own->ns_delimiter;
	snprintf(im->prefix, sizeof(im->prefix), "%s", own->ns_prefix);
}

/* LIST "" "" answers the separator and nothing else. */
static void
use_separator(struct imap *im, clist *list)
{
	const struct mailimap_mailbox_list *first;

	if (clist_begin(list) == NULL)
		return;
	first = clist_content(clist_begin(list));
	im->separator = first->mb_delimiter;
}

/* Asked once, and only when a name needs it. */
static enum status
learn_prefix(struct imap *im, struct err *err)
{
	struct mailimap_namespace_data *spaces = NULL;
	clist *list = NULL;
	enum status rc;
	int r;

	if (im->knows_prefix)
		return ST_OK;
	imap_expect(im, COMMAND_MS, ANSWER_MAX);
	im->separator = '/';
	im->asked_namespace = im->has_namespace;
	if (im->has_namespace)
		r = mailimap_namespace(im->session, &spaces);
	else
		r = mailimap_list(im->session, "", "", &list);
	rc = imap_result(im, r, "its folders are asked for", err);
	if (rc == ST_OK && spaces != NULL)
		use_namespace(im, spaces);
	if (rc == ST_OK && list != NULL)
		use_separator(im, list);
	if (spaces != NULL)
		mailimap_namespace_data_free(spaces);
	if (list != NULL)
		mailimap_list_result_free(list);
	if (rc == ST_RETRY)
		return rc;
	im->knows_prefix = true;
	return ST_OK;
}

bool
imap_fell_over_namespace(const struct imap *im)
{
	return im->is_garbled && im->asked_namespace && !im->knows_prefix;
}

void
imap_skip_namespace(struct imap *im)
{
	im->has_namespace = false;
}

static bool
is_inbox(const char *name)
{
	return span_is_nocase(span_of(name), "INBOX");
}

enum status
imap_wire_name(
    struct imap *im, struct buf *out, const char *name, struct err *err)
{
	struct buf wire = { .max = IMAP_NAME_MAX };
	enum status rc = ST_OK;

	if (is_inbox(name)) {
		buf_str(out, "INBOX");
		return ST_OK;
	}
	rc = learn_prefix(im, err);
	if (rc == ST_OK && imap_name_encode(&wire, span_of(name)) != ST_OK)
		rc = err_set(
		    err, ST_REJECT, "\"%s\" is no name for a folder", name);
	for (size_t i = 0; rc == ST_OK && i < wire.n; i++)
		if (wire.p[i] == '/' && im->separator != '\0')
			wire.p[i] = im->separator;
	if (rc == ST_OK && !span_starts(buf_span(&wire), im->prefix))
		buf_str(out, im->prefix);
	if (rc == ST_OK)
		buf_add(out, buf_span(&wire));
	buf_free(&wire);
	return rc;
}

void
imap_folders(struct imap *im, struct buf *out)
{
	clist *list = NULL;
	int r;

	imap_expect(im, COMMAND_MS, ANSWER_MAX);
	r = mailimap_list(im->session, "", "*", &list);
	if (imap_result(im, r, "its folders are asked for", NULL) != ST_OK ||
	    list == NULL)
		return;
	for (clistiter *at = clist_begin(list); at != NULL;
	     at = clist_next(at)) {
		const struct mailimap_mailbox_list *one = clist_content(at);

		if (out->n > 0)
			buf_str(out, ", ");
		imap_name_decode(out, span_of(one->mb_name));
	}
	mailimap_list_result_free(list);
}

/* ---- folders ------------------------------------------------------------ */

static bool
exists(struct imap *im, const char *wire)
{
	clist *list = NULL;
	bool found = true;
	int r;

	imap_expect(im, COMMAND_MS, ANSWER_MAX);
	r = mailimap_list(im->session, "", wire, &list);
	if (imap_result(im, r, "a folder is looked for", NULL) == ST_OK)
		found = list != NULL && clist_begin(list) != NULL;
	if (list != NULL)
		mailimap_list_result_free(list);
	return found;
}

/* Opened for reading only; or, where mails are copied and then deleted, among
 * the flags that can be kept is no \Deleted.  A server that does not say which
 * those are keeps all. */
static bool
is_fixed(const struct imap *im, const struct mailimap_selection_info *info)
{
	if (info->sel_perm == MAILIMAP_MAILBOX_READONLY)
		return true;
	if (im->has_move || info->sel_perm_flags == NULL)
		return false;
	for (clistiter *at = clist_begin(info->sel_perm_flags); at != NULL;
	     at = clist_next(at)) {
		const struct mailimap_flag_perm *one = clist_content(at);

		if (one->fl_type == MAILIMAP_FLAG_PERM_FLAG &&
		    one->fl_flag->fl_type == MAILIMAP_FLAG_DELETED)
			return false;
	}
	return true;
}

/* Does the server say that its "no" will pass (RFC 5530, and what Exchange
 * writes)? */
static bool
will_pass(const struct imap *im)
{
	static const char *const codes[] = { "INUSE", "UNAVAILABLE", "LIMIT",
		"SERVERBUG", "THROTTLED" };
	static const char *const words[] = { "authenticated but not connected",
		"Server Unavailable" };
	const struct mailimap_response_info *info =
	    im->session->imap_response_info;
	const char *said = im->session->imap_response;
	struct span code = span_of(
	    info == NULL || info->rsp_atom == NULL ? "" : info->rsp_atom);
	struct span text = span_of(said == NULL ? "" : said);

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (span_is_nocase(code, codes[i]))
			return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (span_find_nocase(text, words[i]) < text.n)
			return true;
	return false;
}

enum status
imap_select(struct imap *im, const char *wire, struct imap_folder *out,
    bool *missing, struct err *err)
{
	struct mailimap_selection_info *info;
	char what[200];
	enum status rc;

	*out = (struct imap_folder){ 0 };
	im->selected[0] = '\0';
	imap_expect(im, COMMAND_MS, ANSWER_MAX);
	snprintf(what, sizeof(what), "the folder %.100s is opened", wire);
	rc = imap_result(im, mailimap_select(im->session, wire), what, err);
	if (rc == ST_REJECT && will_pass(im))
		return ST_RETRY;
	if (rc == ST_REJECT && missing != NULL)
		*missing = !im->broken && !exists(im, wire);
	if (rc != ST_OK)
		return im->broken ? ST_RETRY : rc;
	info = im->session->imap_selection_info;
	if (info == NULL || info->sel_uidvalidity == 0) {
		im->broken = true;
		return err_set(err, ST_RETRY,
		    "%s: the server opens the folder %.100s without a "
		    "UIDVALIDITY; its mails cannot be told apart",
		    stream_place(im->stream), wire);
	}
	out->validity = info->sel_uidvalidity;
	out->next = info->sel_uidnext;
	out->exists = info->sel_exists;
	out->is_fixed = im->is_fixed = is_fixed(im, info);
	info->sel_has_exists = 0; /* from now on it is news */
	snprintf(im->selected, sizeof(im->selected), "%s", wire);
	return ST_OK;
}

static void
read_status(
    struct imap_folder *out, const struct mailimap_mailbox_data_status *s)
{
	for (clistiter *at = clist_begin(s->st_info_list); at != NULL;
	     at = clist_next(at)) {
		const struct mailimap_status_info *one = clist_content(at);

		if (one->st_att == MAILIMAP_STATUS_ATT_UIDNEXT)
			out->next = one->st_value;
		if (one->st_att == MAILIMAP_STATUS_ATT_UIDVALIDITY)
			out->validity = one->st_value;
		if (one->st_att == MAILIMAP_STATUS_ATT_MESSAGES)
			out->exists = one->st_value;
	}
}

enum status
imap_status(
    struct imap *im, const char *wire, struct imap_folder *out, struct err *err)
{
	struct mailimap_status_att_list *ask =
	    mailimap_status_att_list_new_empty();
	struct mailimap_mailbox_data_status *answer = NULL;
	enum status rc;

	*out = (struct imap_folder){ 0 };
	if (ask == NULL ||
	    mailimap_status_att_list_add(ask, MAILIMAP_STATUS_ATT_UIDNEXT) !=
		MAILIMAP_NO_ERROR ||
	    mailimap_status_att_list_add(
		ask, MAILIMAP_STATUS_ATT_UIDVALIDITY) != MAILIMAP_NO_ERROR ||
	    mailimap_status_att_list_add(ask, MAILIMAP_STATUS_ATT_MESSAGES) !=
		MAILIMAP_NO_ERROR) {
		rc = err_set(err, ST_BROKEN, "out of memory");
		goto out;
	}
	imap_expect(im, COMMAND_MS, ANSWER_MAX);
	rc = imap_result(im, mailimap_status(im->session, wire, ask, &answer),
	    "a folder is asked about", err);
	if (rc == ST_OK && answer != NULL)
		read_status(out, answer);
out:
	if (answer != NULL)
		mailimap_mailbox_data_status_free(answer);
	if (ask != NULL)
		mailimap_status_att_list_free(ask);
	return rc;
}

/* ---- waiting ------------------------------------------------------------ */

enum status
imap_poke(struct imap *im, struct err *err)
{
	imap_expect(im, COMMAND_MS, ANSWER_MAX);
	return imap_result(
	    im, mailimap_noop(im->session), "it is asked for news", err);
}

bool
imap_has_news(const struct imap *im)
{
	const struct mailimap_selection_info *info =
	    im->session->imap_selection_info;

	return info != NULL && info->sel_has_exists;
}

/* Bytes that libetpan has read and not yet used do not wake the stream. */
static bool
wait_for_bytes(struct imap *im, int ms)
{
	return im->session->imap_stream->read_buffer_len > 0 ||
	       stream_wait(im->stream, ms);
}

/* One IDLE: true in `*woken` when the server said something. */
static enum status
idle_once(struct imap *im, int ms, bool *woken, struct err *err)
{
	enum status rc;

	imap_expect(im, COMMAND_MS, ANSWER_MAX);
	rc = imap_result(
	    im, mailimap_idle(im->session), "it is to tell of news", err);
	if (rc != ST_OK)
		return rc;
	*woken = wait_for_bytes(im, ms);
	imap_expect(im, COMMAND_MS, ANSWER_MAX);
	return imap_result(
	    im, mailimap_idle_done(im->session), "it tells of news", err);
}

enum status
imap_idle(struct imap *im, int ms, struct err *err)
{
	int64_t end = clock_ticks() + ms, left = ms;
	bool woken = true;
	enum status rc = ST_OK;

	/* A server that only says that it is still there is listened to on,
	 * but not when it says so all the time. */
	for (int i = 0; rc == ST_OK && woken && left > 0 &&
			!imap_has_news(im) && i < CHATTER_MAX;
	     i++) {
		rc = idle_once(im,
		    (int)(left < IDLE_MAX_MS ? left : IDLE_MAX_MS), &woken,
		    err);
		left = end - clock_ticks();
	}
	return rc;
}

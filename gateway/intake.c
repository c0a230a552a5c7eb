/* intake - the flow, inward
 *
 * The sentence of the house stands in intake_one(): open, decide, store, file,
 * answer, settle.
 */
#include "gateway/intake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/embedded.h"
#include "gateway/journey.h"
#include "gateway/log.h"
#include "parsers/code.h"

/* A transaction is committed after this long, so that commands get a turn. */
#define TRANSACTION_MS 50

static void
name_line(struct line *line, const char *kind, const char *name)
{
	snprintf(line->name, sizeof(line->name), "%s %s", kind, name);
	line->authserv_id = line->textable_prefixes = "";
}

enum status
intake_open(struct intake **out, struct store *st, const struct config *config,
    const struct keys *keys, struct err *err)
{
	struct intake *in = calloc(1, sizeof(*in));
	enum status rc;

	*out = NULL;
	if (in == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	in->st = st;
	in->config = config;
	in->keys = keys;
	in->lines = calloc((size_t)(config->n_mailboxes + config->n_sms + 1),
	    sizeof(*in->lines));
	if (in->lines == NULL) {
		intake_close(in);
		return err_set(err, ST_BROKEN, "out of memory");
	}
	for (int i = 0; i < config->n_mailboxes; i++) {
		name_line(&in->lines[in->n_lines], "mailbox",
		    config->mailboxes[i].name);
		in->lines[in->n_lines++].authserv_id =
		    config->mailboxes[i].authserv_id;
	}
	for (int i = 0; i < config->n_sms; i++) {
		name_line(&in->lines[in->n_lines], "sms", config->sms[i].name);
		in->lines[in->n_lines++].textable_prefixes =
		    config->sms[i].textable_prefixes;
	}
	name_line(&in->lines[in->n_lines], "", ""); /* stands for the unknown */
	in->words_tsv = embedded_find("templates/keywords.tsv");
	rc = keywords_read(&in->words, in->words_tsv, err);
	if (rc == ST_OK)
		rc = order_words_read(&in->order_words,
		    embedded_find("templates/order_words.tsv"), err);
	if (rc != ST_OK) {
		intake_close(in);
		return rc;
	}
	*out = in;
	return ST_OK;
}

void
intake_dismiss(struct intake *in)
{
	for (int i = 0; in != NULL && i <= in->n_lines; i++)
		jail_dismiss(in->lines[i].jail);
}

void
intake_close(struct intake *in)
{
	if (in == NULL)
		return;
	for (int i = 0; in->lines != NULL && i <= in->n_lines; i++)
		jail_close(in->lines[i].jail);
	free(in->lines);
	journey_forget(in);
	keywords_free(in->words);
	order_words_free(in->order_words);
	free(in);
}

/* A mailbox that lost its place is read again from the start.  What is stored
 * already is no new message and no duplicate: it gets the key that it has now,
 * so that its source may put it away.  A mail that really came twice has two
 * rows, and both find theirs; a third copy finds none and is a duplicate. */
static enum status
recognise(struct store *st, const struct inbound *in, const struct raw *raw,
    bool *known, struct err *err)
{
	struct inbound_pass pass = { (int64_t)raw->again_stem,
		raw->again_from };

	return store_inbound_rekey(
	    st, in, buf_span(&raw->bytes), &pass, known, err);
}

/* One message inside the batch's transaction: the whole house in one place. */
static enum status
intake_one(struct journey *j, const struct raw *raw, const struct parsed *m,
    struct err *err)
{
	struct store *st = j->intake->st;
	bool known = false;
	enum status rc;

	rc = journey_open(j, raw, m, err);
	if (rc == ST_OK && raw->again_stem != 0)
		rc = recognise(st, &j->in, raw, &known, err);
	if (rc == ST_OK && !known)
		rc = journey_decide(j, err);
	if (rc != ST_OK || known)
		return rc;
	rc = store_inbound_add(st, &j->in, buf_span(&raw->bytes),
	    m->attachments, m->n_attachments, err);
	return rc == ST_OK ? journey_carry_out(j, m, err) : rc;
}

/* What could not be filed is still kept, whole, for staff. */
static enum status
keep_unfiled(struct journey *j, const struct raw *raw, const char *reason,
    struct err *err)
{
	struct parsed nothing = { .kind = KIND_UNREADABLE };
	char why[400];

	snprintf(why, sizeof(why), "could not be filed: %s", reason);
	journey_describe(j, raw, &nothing);
	j->in.fate = FATE_UNREADABLE;
	j->in.why = why;
	if (raw->channel == CHANNEL_SMS && raw->text != NULL)
		j->in.text = raw->text; /* what a retry reads */
	return store_inbound_add(
	    j->intake->st, &j->in, buf_span(&raw->bytes), NULL, 0, err);
}

/* What the log says of a stored message; id 0: it was known already. */
struct stored {
	int64_t id;
	enum channel channel;
	enum fate fate;
	char code[CODE_TEXT_MAX];
};

/* One message of the open transaction.  Guarded, it has a savepoint of its own:
 * what cannot be filed is undone alone, and kept unfiled.  Not guarded, whoever
 * calls must roll back after any failure. */
static enum status
intake_message(struct intake *in, const struct raw *raw, const struct parsed *m,
    bool is_guarded, struct stored *out, struct err *err)
{
	struct journey j = { .intake = in, .now = clock_now() };
	struct err first = { "" };
	bool seen = false;
	enum status rc;

	*out = (struct stored){ 0 };
	rc = store_inbound_seen(in->st, raw->source, raw->key, &seen, err);
	if (rc != ST_OK || seen)
		return rc;
	if (is_guarded)
		rc = store_savepoint(in->st, err);
	if (rc != ST_OK)
		return rc;
	rc = intake_one(&j, raw, m, &first);
	if (is_guarded)
		rc = store_release(in->st, rc, &first);
	if (is_guarded && rc != ST_OK && rc != ST_RETRY) {
		journey_free(&j);
		j = (struct journey){ .intake = in, .now = clock_now() };
		rc = store_savepoint(in->st, err);
		if (rc == ST_OK)
			rc = store_release(in->st,
			    keep_unfiled(&j, raw, first.text, err), err);
	} else if (rc != ST_OK) {
		rc = err_set(err, rc, "%s", first.text);
	}
	if (rc == ST_OK) {
		out->id = j.in.id;
		out->channel = raw->channel;
		out->fate = j.in.fate;
		snprintf(out->code, sizeof(out->code), "%s",
		    j.in.code[0] ? j.in.code : "-");
	}
	journey_free(&j);
	return rc;
}

bool
intake_order_is_due(struct intake *in)
{
	bool is_due = in->is_order_due;

	in->is_order_due = false;
	return is_due;
}

enum status
intake_cursor(
    struct store *st, const char *source, const char *cursor, struct err *err)
{
	char key[128];

	snprintf(key, sizeof(key), "cursor/%s", source);
	return store_meta_set(st, key, cursor, err);
}

/* A message that its source believes to be stored. */
static enum status
look_up(struct intake *in, struct batch *batch, int i, struct err *err)
{
	const struct raw *raw = &batch->messages[i];
	bool seen = false;
	enum status rc =
	    store_inbound_seen(in->st, raw->source, raw->key, &seen, err);

	batch->missing[i] = rc == ST_OK && !seen;
	return rc;
}

/* After the commit: a log that stalls must not hold up the other writers, and
 * must not tell of what a crash would undo. */
static enum status
commit(struct intake *in, const struct stored *from, const struct stored *to,
    struct err *err)
{
	enum status rc = store_commit(in->st, err);

	for (; rc == ST_OK && from < to; from++)
		if (from->id != 0)
			log_line(LOG_INFO_,
			    "intake stored msg=%lld via=%s fate=%s code=%s",
			    (long long)from->id, channel_name(from->channel),
			    fate_name(from->fate), from->code);
	return rc;
}

/* A savepoint costs a copy of every page that its message touches, and hardly
 * any message needs it.  So a transaction does without until one cannot be
 * filed; then it begins again, and from there each has its own. */
static enum status
store_batch(struct intake *in, struct batch *batch, const struct parsed *mails,
    struct stored *stored, struct err *err)
{
	int64_t started = 0;
	int first = 0; /* of the open transaction */
	bool is_open = false, is_guarded = false;
	enum status rc = ST_OK;

	for (int i = 0; i < batch->n && rc == ST_OK; i++) {
		if (!is_open) {
			rc = journey_begin(in, err);
			if (rc != ST_OK)
				return rc;
			is_open = true;
			first = i;
			started = clock_ticks();
		}
		if (batch->messages[i].is_key_only)
			rc = look_up(in, batch, i, err);
		else
			rc = intake_message(in, &batch->messages[i], &mails[i],
			    is_guarded, &stored[i], err);
		if (rc == ST_OK && clock_ticks() - started >= TRANSACTION_MS) {
			rc = commit(in, stored + first, stored + i + 1, err);
			is_open = false;
		} else if (rc != ST_OK && rc != ST_RETRY && !is_guarded) {
			store_rollback(in->st);
			is_open = false;
			is_guarded = true;
			i = first - 1;
			rc = ST_OK;
		}
	}
	if (rc == ST_OK && !is_open && batch->cursor != NULL) {
		rc = store_begin(in->st, err);
		is_open = rc == ST_OK;
		first = batch->n;
	}
	if (rc == ST_OK && batch->cursor != NULL)
		rc = intake_cursor(in->st, batch->source, batch->cursor, err);
	if (rc == ST_OK && is_open)
		return commit(in, stored + first, stored + batch->n, err);
	if (is_open)
		store_rollback(in->st);
	return rc;
}

void
intake_expect(struct intake *in, const char *source)
{
	struct err err;

	journey_expect(in, source, &err);
}

enum status
intake_parse(struct intake *in, struct parsed **mails,
    const struct batch *batch, struct err *err)
{
	size_t n = (size_t)batch->n;
	enum status rc;

	*mails = calloc(n + 1, sizeof(**mails));
	if (*mails == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	rc = journey_parse(in, *mails, batch->messages, n, err);
	if (rc != ST_OK) {
		intake_parsed_free(*mails, batch->n);
		*mails = NULL;
	}
	return rc;
}

void
intake_parsed_free(struct parsed *mails, int n)
{
	for (int i = 0; i < n && mails != NULL; i++)
		parsed_free(&mails[i]);
	free(mails);
}

enum status
intake_store(struct intake *in, struct batch *batch, const struct parsed *mails,
    struct err *err)
{
	struct stored *stored = calloc((size_t)batch->n + 1, sizeof(*stored));
	enum status rc = stored == NULL
			     ? err_set(err, ST_BROKEN, "out of memory")
			     : store_batch(in, batch, mails, stored, err);

	free(stored);
	return rc;
}

enum status
intake_batch(struct intake *in, struct batch *batch, struct err *err)
{
	struct parsed *mails = NULL;
	enum status rc = intake_parse(in, &mails, batch, err);

	if (rc == ST_OK)
		rc = intake_store(in, batch, mails, err);
	intake_parsed_free(mails, batch->n);
	return rc;
}

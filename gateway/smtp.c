/* smtp - a mail server as the way out
 *
 * Place: sink.c opens it for smtps: and smtp: URLs; one sink is one connection.
 *
 * A letter is one transaction with one recipient, so that each has its own
 * answer.  Where the server takes commands in groups (RFC 2920), MAIL, RCPT and
 * DATA of the next letter go with the final dot of this one: one round trip a
 * mail.  What that may leave in doubt when the connection is cut:
 *
 *     the dot not sent            nothing: the letter can be sent again
 *     the dot sent, no answer     this letter, and no other (RFC 1047)
 *     the next envelope sent      nothing: no mail of it was on its way
 */
#include "gateway/smtp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/fault.h"
#include "gateway/smtp_link.h"

enum {
	OUT_MAX = 64 << 20,
	/* What one write of a socket takes at once, or not at all. */
	TAIL_BYTES = 16384,
	IDLE_MS = 20000,
};

struct smtp {
	struct sink sink;
	const struct config_smtp *conf; /* borrowed */
	struct smtp_link *link; /* owned; NULL: not connected */
	int settled; /* letters that this link has settled */
	bool needs_reset; /* a transaction was begun and not ended */
	int64_t used; /* clock_ticks(), when it last did something */
	struct buf out; /* owned: what goes out next */
};

/* The replies to one envelope; code 0: not asked for. */
struct answers {
	struct smtp_reply mail, rcpt, data;
};

/* A conversation over one link. */
struct talk {
	struct smtp *m;
	struct letters *letters;
	const struct letter *now; /* under way; NULL: none */
	bool is_ahead; /* its envelope went out with the last dot */
	bool awaits_mail; /* the server does: QUIT would be its first line */
	bool is_in_doubt; /* the last mail sent may have arrived or not */
	struct err *err;
};

static void
hang_up(struct smtp *m, bool polite)
{
	smtp_link_close(m->link, polite);
	m->link = NULL;
	m->settled = 0;
	m->needs_reset = false;
}

/* ---- what became of a letter ------------------------------------------- */

static void
finish(struct talk *t, const struct letter *letter, enum sent sent,
    const char *reason)
{
	struct delivery d = { .sent = sent };

	snprintf(d.reason, sizeof(d.reason), "%.255s", reason);
	t->letters->done(t->letters, letter, &d);
}

/* Our name for it at their side: "queued as 4WXYZ". */
static void
read_their_id(struct delivery *d, const struct smtp_reply *reply)
{
	struct span text = span_of(reply->text);
	size_t at = span_find_nocase(text, "queued as ");

	if (at < text.n)
		text = span_sub(text, at + strlen("queued as "),
		    span_find(span_from(text, at + strlen("queued as ")), " "));
	snprintf(d->external_id, sizeof(d->external_id), "%.*s", (int)text.n,
	    text.p);
}

/* By the reply that decided. */
static void
finish_by(
    struct talk *t, const struct letter *letter, const struct smtp_reply *reply)
{
	struct delivery d = { .sent = SENT_RETRY };

	if (reply->code / 100 == 2) {
		d.sent = SENT_ACCEPTED;
		read_their_id(&d, reply);
	} else {
		smtp_reply_words(d.reason, sizeof(d.reason), reply);
		d.is_about_place = smtp_reply_is_about_place(reply);
		if (reply->code / 100 == 5)
			d.sent = SENT_REFUSED;
	}
	t->m->settled++;
	t->letters->done(t->letters, letter, &d);
}

/* ---- one transaction --------------------------------------------------- */

/* The next letter that this server can take; those that it cannot are refused
 * here, in words that say why. */
static const struct letter *
next_letter(struct talk *t)
{
	const struct letter *letter;
	const char *problem;
	char why[200];

	while ((letter = t->letters->next(t->letters)) != NULL) {
		problem = smtp_letter_problem(
		    why, letter, smtp_link_offer(t->m->link));
		if (problem == NULL)
			break;
		finish(t, letter, SENT_REFUSED, problem);
	}
	return letter;
}

static void
put_envelope(struct smtp *m, const struct letter *letter)
{
	const struct smtp_offer *offer = smtp_link_offer(m->link);

	smtp_letter_mail(&m->out, letter, offer);
	smtp_letter_rcpt(&m->out, letter, offer);
	buf_str(&m->out, "DATA\r\n");
}

/* A server that says 421 hangs up (RFC 5321, 3.8). */
static enum status
reply_of(struct talk *t, struct smtp_reply *reply)
{
	char words[256];
	enum status rc = smtp_link_reply(t->m->link, reply, t->err);

	if (rc != ST_OK || reply->code != 421)
		return rc;
	smtp_reply_log_words(words, sizeof(words), reply);
	return err_set(t->err, ST_RETRY, "the mail server closes: %s", words);
}

static enum status
send_out(struct talk *t)
{
	enum status rc = buf_status(&t->m->out, "the mail", t->err);

	if (rc == ST_OK)
		rc = smtp_link_send(t->m->link, buf_span(&t->m->out), t->err);
	buf_reset(&t->m->out);
	return rc;
}

static enum status
ask(struct talk *t, struct smtp_reply *reply)
{
	enum status rc = send_out(t);

	return rc == ST_OK ? reply_of(t, reply) : rc;
}

static enum status
reset(struct talk *t)
{
	struct smtp_reply reply;
	enum status rc;

	if (!t->m->needs_reset)
		return ST_OK;
	buf_str(&t->m->out, "RSET\r\n");
	rc = ask(t, &reply);
	if (rc == ST_OK && reply.code / 100 != 2)
		rc = err_set(t->err, ST_RETRY,
		    "the mail server refuses RSET (%d)", reply.code);
	t->m->needs_reset = rc != ST_OK;
	return rc;
}

/* All three at once; each is answered, whatever became of the one before. */
static enum status
ask_grouped(struct talk *t, struct answers *a)
{
	enum status rc = ST_OK;

	if (!t->is_ahead) {
		put_envelope(t->m, t->now);
		rc = send_out(t);
	}
	t->is_ahead = false;
	if (rc == ST_OK)
		rc = reply_of(t, &a->mail);
	if (rc == ST_OK)
		rc = reply_of(t, &a->rcpt);
	return rc == ST_OK ? reply_of(t, &a->data) : rc;
}

static enum status
ask_singly(struct talk *t, struct answers *a)
{
	const struct smtp_offer *offer = smtp_link_offer(t->m->link);
	enum status rc;

	smtp_letter_mail(&t->m->out, t->now, offer);
	rc = ask(t, &a->mail);
	if (rc != ST_OK || a->mail.code / 100 != 2)
		return rc;
	smtp_letter_rcpt(&t->m->out, t->now, offer);
	rc = ask(t, &a->rcpt);
	if (rc != ST_OK || a->rcpt.code / 100 != 2)
		return rc;
	buf_str(&t->m->out, "DATA\r\n");
	return ask(t, &a->data);
}

/* A mail's head start must not carry its dot: only once the last bytes leave
 * can nobody say any more whether it was taken. */
static enum status
send_body(struct talk *t, size_t body, bool *is_in_doubt)
{
	struct smtp *m = t->m;
	struct span all = buf_span(&m->out);
	size_t head = body > TAIL_BYTES ? body - TAIL_BYTES : 0;
	enum status rc = buf_status(&m->out, "the mail", t->err);

	*is_in_doubt = false;
	if (rc == ST_OK && head > 0)
		rc = smtp_link_send(m->link, span_sub(all, 0, head), t->err);
	if (rc == ST_OK) {
		fault_step("smtp: before the dot");
		*is_in_doubt = true;
		smtp_link_insist(m->link, true);
		rc = smtp_link_send(m->link, span_from(all, head), t->err);
	}
	buf_reset(&m->out);
	return rc;
}

static bool
is_stopping(const struct smtp *m)
{
	return m->sink.stop != NULL && atomic_load(m->sink.stop);
}

/* A letter that was refused for what we are: it comes again with the usual
 * delay, so that one with an odd sender does not keep the others back. */
static enum status
refused_us(
    struct talk *t, const struct letter *letter, const struct smtp_reply *reply)
{
	char words[256];

	smtp_reply_words(words, sizeof(words), reply);
	finish(t, letter, SENT_RETRY, words);
	smtp_reply_log_words(words, sizeof(words), reply);
	if (reply->code / 100 != 5)
		return err_set(t->err, ST_RETRY,
		    "the mail server takes no mail now: %s", words);
	return err_set(t->err, ST_REJECT,
	    "the mail server takes no mail from us: %s; look at user and "
	    "envelope of smtp",
	    words);
}

/* By the reply to the dot, if there is one. */
static void
finish_sent(struct talk *t, const struct letter *letter,
    const struct smtp_reply *dot, bool is_in_doubt)
{
	if (dot->code / 100 == 2 || dot->code / 100 >= 4)
		finish_by(t, letter, dot);
	else if (!is_in_doubt)
		finish(t, letter, SENT_RETRY, t->err->text);
	else
		finish(t, letter, SENT_UNKNOWN,
		    "the connection was lost after the mail was sent, before "
		    "the mail server said whether it has it");
	t->is_in_doubt = is_in_doubt && dot->code < 400 && dot->code / 100 != 2;
}

/* Sends the mail, the next envelope behind it, and reads what the server says
 * to the dot. */
static enum status
hand_over(struct talk *t, const struct smtp_reply *refused)
{
	struct smtp *m = t->m;
	const struct letter *letter = t->now;
	struct smtp_reply dot = { 0 };
	bool is_in_doubt = false;
	size_t body;
	enum status rc;

	if (smtp_link_is_ahead(m->link))
		return err_set(t->err, ST_RETRY,
		    "the mail server says more than it was asked");
	/* 354 though nobody is to get it: an empty mail (RFC 2920, 3.1). */
	if (refused != NULL)
		buf_str(&m->out, ".\r\n");
	else
		smtp_letter_body(&m->out, letter->bytes);
	body = m->out.n;
	t->now = next_letter(t);
	t->is_ahead = t->now != NULL && smtp_link_offer(m->link)->pipelining;
	if (t->is_ahead)
		put_envelope(m, t->now);
	rc = send_body(t, body, &is_in_doubt);
	if (rc == ST_OK)
		rc = smtp_link_reply(m->link, &dot, t->err);
	smtp_link_insist(m->link, false);
	if (rc == ST_OK)
		fault_step("smtp: the dot is answered");
	t->awaits_mail = t->is_ahead;
	if (refused != NULL)
		finish_by(t, letter, refused);
	else if (smtp_reply_is_about_us(&dot)) {
		m->settled++;
		return refused_us(t, letter, &dot);
	} else
		finish_sent(t, letter, &dot, is_in_doubt);
	if (rc == ST_OK && (dot.code == 421 || dot.code / 100 == 3))
		rc = err_set(t->err, ST_RETRY,
		    "the mail server closes (%d after a mail)", dot.code);
	return rc;
}

/* What is said to MAIL, or that a login is needed, is said to us and not to the
 * recipient, unless it is the size; NULL when nothing is. */
static const struct smtp_reply *
said_to_us(const struct answers *a)
{
	int code = a->mail.code;

	if (code / 100 != 2)
		return code == 552 || strcmp(a->mail.enhanced, "5.3.4") == 0 ||
			       strcmp(a->mail.enhanced, "5.2.3") == 0
			   ? NULL
			   : &a->mail;
	if (smtp_reply_is_about_us(&a->rcpt))
		return &a->rcpt;
	return a->rcpt.code / 100 == 2 && smtp_reply_is_about_us(&a->data)
		   ? &a->data
		   : NULL;
}

/* A link that was of use may have become too old for the server: its login has
 * ended, or it has had its share of mails.  A new one is tried first. */
static enum status
refuse_us(struct talk *t, const struct answers *a)
{
	const struct smtp_reply *reply = said_to_us(a);
	const struct letter *letter = t->now;
	bool is_worn =
	    t->m->settled > 0 && (reply == &a->mail || reply->code == 530);

	t->awaits_mail = a->data.code / 100 == 3;
	if (is_worn)
		return err_set(t->err, ST_RETRY,
		    "the mail server takes no more over this connection (%d)",
		    reply->code);
	t->now = NULL;
	return refused_us(t, letter, reply);
}

/* The first reply that refuses; NULL when the mail can follow. */
static const struct smtp_reply *
first_refusal(const struct answers *a)
{
	if (a->mail.code / 100 != 2)
		return &a->mail;
	return a->rcpt.code / 100 != 2 ? &a->rcpt : NULL;
}

/* One letter from MAIL to the answer to its dot.  ST_OK: the link is in step,
 * t->now is the next letter.  Else t->now, if any, was not sent. */
static enum status
transact(struct talk *t)
{
	struct smtp *m = t->m;
	struct answers a = { 0 };
	const struct smtp_reply *refused;
	enum status rc = t->is_ahead ? ST_OK : reset(t);

	if (rc == ST_OK)
		rc = smtp_link_offer(m->link)->pipelining ? ask_grouped(t, &a)
							  : ask_singly(t, &a);
	if (rc != ST_OK)
		return rc;
	if (said_to_us(&a) != NULL)
		return refuse_us(t, &a);
	m->needs_reset = a.mail.code / 100 == 2 && a.data.code / 100 != 3;
	refused = first_refusal(&a);
	if (a.data.code / 100 == 3)
		return hand_over(t, refused);
	if (refused == NULL && a.data.code / 100 == 2)
		return err_set(t->err, ST_RETRY,
		    "the mail server answers %d to DATA", a.data.code);
	finish_by(t, t->now, refused != NULL ? refused : &a.data);
	t->now = next_letter(t);
	return ST_OK;
}

/* ---- the sink ---------------------------------------------------------- */

static enum status
smtp_ready(struct sink *s, struct err *err)
{
	struct smtp *m = (struct smtp *)s;
	struct stream_certificate cert;
	enum status rc;

	if (m->link != NULL && smtp_link_is_stale(m->link))
		hang_up(m, false);
	m->used = clock_ticks();
	if (m->link != NULL)
		return ST_OK;
	rc = smtp_link_open(&m->link, m->conf, s->stop, err);
	if (rc == ST_OK) {
		smtp_link_certificate(m->link, &cert);
		s->certificate_expires_ms = cert.expires_ms;
	}
	return rc;
}

/* Letters as long as the link lasts.  True: it was lost, but had been of use,
 * so that a new one is worth trying at once. */
static bool
use_link(struct talk *t, enum status *rc)
{
	struct smtp *m = t->m;
	bool was_useful;

	if (t->now == NULL)
		t->now = next_letter(t);
	while (*rc == ST_OK && t->now != NULL)
		*rc = is_stopping(m) ? err_set(t->err, ST_RETRY, "told to stop")
				     : transact(t);
	m->used = clock_ticks();
	was_useful = m->settled > 0;
	if (*rc != ST_OK)
		hang_up(m, *rc == ST_REJECT && !t->awaits_mail);
	t->is_ahead = t->awaits_mail = false;
	/* It was the first letter of a link: it may be what cuts every link,
	 * and has to step back for the others. */
	if (*rc != ST_OK && t->now != NULL && !was_useful && !t->is_in_doubt &&
	    !is_stopping(m)) {
		finish(t, t->now, SENT_RETRY, t->err->text);
		t->now = NULL;
	}
	return *rc == ST_RETRY && was_useful && !t->is_in_doubt &&
	       !is_stopping(m);
}

static enum status
smtp_send_many(struct sink *s, struct letters *letters, struct err *err)
{
	struct talk t = {
		.m = (struct smtp *)s, .letters = letters, .err = err
	};
	enum status rc;
	bool again;

	do {
		rc = smtp_ready(s, err);
		again = rc == ST_OK && use_link(&t, &rc);
	} while (again);
	if (t.now != NULL)
		finish(&t, t.now, SENT_UNTOUCHED, err->text);
	return rc;
}

static void
smtp_rest(struct sink *s)
{
	struct smtp *m = (struct smtp *)s;

	if (m->link != NULL && clock_ticks() - m->used >= IDLE_MS)
		hang_up(m, true);
}

static void
smtp_describe(struct sink *s, char note[SINK_NOTE])
{
	struct smtp *m = (struct smtp *)s;
	const struct smtp_offer *o = smtp_link_offer(m->link);
	struct stream_certificate cert;
	char until[32] = "";

	smtp_link_certificate(m->link, &cert);
	if (cert.expires_ms > 0)
		clock_format(until, "UTC", cert.expires_ms);
	snprintf(note, SINK_NOTE, "%s; offers%s%s%s%s%s%s%s%s%s%s",
	    m->conf->user[0] != '\0' ? "logged in" : "connected, no login",
	    o->pipelining ? " PIPELINING" : "", o->dsn ? " DSN" : "",
	    o->utf8 ? " SMTPUTF8" : "", o->eightbit ? " 8BITMIME" : "",
	    o->size ? " SIZE" : "",
	    o->pipelining || o->dsn || o->utf8 || o->eightbit || o->size
		? ""
		: " nothing beyond the plain protocol",
	    until[0] != '\0' ? "; certificate until " : "", until,
	    cert.pin[0] != '\0' ? ", public key " : "", cert.pin);
}

static enum status
smtp_check(struct sink *s, struct err *err)
{
	return smtp_ready(s, err);
}

static void
smtp_close(struct sink *s)
{
	struct smtp *m = (struct smtp *)s;

	if (m == NULL)
		return;
	hang_up(m, true);
	buf_free(&m->out);
	free(m);
}

static const struct sink_ops smtp_ops = {
	.ready = smtp_ready,
	.send_many = smtp_send_many,
	.rest = smtp_rest,
	.check = smtp_check,
	.describe = smtp_describe,
	.close = smtp_close,
};

enum status
smtp_sink_open(
    struct sink **out, const struct config_smtp *conf, struct err *err)
{
	struct smtp *m = calloc(1, sizeof(*m));

	*out = NULL;
	if (m == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	m->sink.ops = &smtp_ops;
	m->sink.name = "smtp";
	m->sink.channel = CHANNEL_MAIL;
	m->conf = conf;
	m->out.max = OUT_MAX;
	*out = &m->sink;
	return ST_OK;
}

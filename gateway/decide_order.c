/* decide_order - what a message that is an order changes
 *
 * Place: decide.c, after machines and frauds.  KOREKTA and WYCOFUJĘ touch a
 * remark that is there already, so they need two things more than words do:
 * which remark, and a sender who is proven to be its author.
 */
#include "gateway/decide_internal.h"

#include <string.h>

#include "parsers/code.h"
#include "parsers/keyword.h"

/* Behind the word of an order: "BL-7M4H/12", "12", "BL-7M4H", nothing. */
struct target {
	char code[CODE_TEXT_MAX]; /* "" none */
	int64_t number; /* 0 none */
	struct span rest; /* what follows */
	struct span rest_with_number; /* the same when the number is a word */
	bool is_loose; /* "2 ławki": remark 2, or two benches? */
};

static bool
is_between(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == ':' || c == '.' ||
	       c == ',' || c == ';' || c == '/' || c == '-';
}

static struct span
skip_between(struct span s)
{
	while (s.n > 0 && is_between(s.p[0]))
		s = span_from(s, 1);
	return s;
}

/* What shows that a number without a code names a remark. */
static bool
ends_number(char c)
{
	return c == ':' || c == '.' || c == ';' || c == '\n' || c == '\r';
}

/* Is there a letter or digit before `end`? */
static bool
has_word_before(struct span s, size_t end)
{
	return skip_between(span_sub(s, 0, end)).n > 0;
}

static void
read_target(struct target *t, const struct case_file *c)
{
	struct span s = span_trim(c->mail->argument);
	struct code_hit hit;
	size_t n = 0;

	*t = (struct target){ .rest = s };
	/* One with a slip too: it is no word, and names nothing we know. */
	if (code_next(&hit, s, 0, c->config->code_prefix) &&
	    !has_word_before(s, hit.at)) {
		memcpy(t->code, hit.code, sizeof(t->code));
		s = span_from(s, hit.at + hit.n);
	}
	s = skip_between(s);
	t->rest = t->rest_with_number = s;
	while (n < s.n && n < 9 && s.p[n] >= '0' && s.p[n] <= '9') {
		t->number = t->number * 10 + (s.p[n] - '0');
		n++;
	}
	if (n > 0 && n < s.n && !is_between(s.p[n]))
		t->number = 0; /* "12a": a word of the new text */
	t->is_loose = t->number != 0 && t->code[0] == '\0' && n < s.n &&
		      !ends_number(s.p[n]);
	if (t->number != 0)
		t->rest = skip_between(span_from(s, n));
}

/* ---- the person's own remarks ------------------------------------------ */

struct own {
	struct arena *arena;
	struct remark *list;
	size_t n;
	bool failed;
};

static bool
is_live(const struct remark *r)
{
	return strcmp(r->state, "withdrawn") != 0 &&
	       strcmp(r->state, "split") != 0 &&
	       strcmp(r->state, "merged") != 0;
}

static enum status
keep_own(void *arg, const struct remark *r)
{
	struct own *own = arg;
	struct remark *kept =
	    arena_push(own->arena, &own->list, &own->n, sizeof(*kept));

	if (kept == NULL) {
		own->failed = true;
		return ST_BROKEN;
	}
	*kept = *r;
	kept->code = arena_copy(own->arena, span_of(r->code)).p;
	kept->name = arena_copy(own->arena, span_of(r->name)).p;
	kept->text = arena_copy(own->arena, span_of(r->text)).p;
	kept->state = arena_copy(own->arena, span_of(r->state)).p;
	kept->receipt = arena_copy(own->arena, span_of(r->receipt)).p;
	kept->assignee = arena_copy(own->arena, span_of(r->assignee)).p;
	kept->verdict = arena_copy(own->arena, span_of(r->verdict)).p;
	kept->reasons = arena_copy(own->arena, span_of(r->reasons)).p;
	kept->provisions = kept->from = kept->from_name = "";
	kept->wording = kept->answered_by = "";
	return ST_OK;
}

static enum status
find_own(struct own *own, const struct case_file *c, struct err *err)
{
	struct remark_filter of = { .contact_id = c->contact->id };
	enum status rc;

	*own = (struct own){ .arena = c->arena };
	rc = store_remark_list(c->st, &of, keep_own, own, err);
	return own->failed ? err_set(err, ST_BROKEN, "out of memory") : rc;
}

/* The one that `t` names, of those that answer `row` or of all; NULL when none
 * or several could be meant.  Without a name `last` takes the newest. */
static const struct remark *
choose(const struct own *own, const struct target *t, int64_t consultation_id,
    const struct outbox *row, bool last)
{
	const struct remark *found = NULL;
	int n = 0;

	for (size_t i = 0; i < own->n; i++) {
		const struct remark *r = &own->list[i];

		if (!is_live(r) || (t->number != 0 && r->number != t->number) ||
		    (consultation_id != 0 &&
			r->consultation_id != consultation_id) ||
		    (row->inbound_id != 0 &&
			r->inbound_id != row->inbound_id) ||
		    (row->inbound_id == 0 && row->remark_id != 0 &&
			r->id != row->remark_id))
			continue;
		found = r;
		n++;
	}
	return n == 1 || (last && t->number == 0 && row->inbound_id == 0)
		   ? found
		   : NULL;
}

static bool
has_number(const struct own *own, int64_t number)
{
	for (size_t i = 0; i < own->n; i++)
		if (own->list[i].number == number)
			return true;
	return false;
}

/* Which of the person's remarks is meant: by its name; else one that came with
 * the message they now answer; else the newest (`last`), or the only one. */
static const struct remark *
find_meant(const struct own *own, struct target *t, const struct outbox *row,
    bool last, const struct case_file *c)
{
	static const struct outbox none;
	const struct consultation *named =
	    t->code[0] == '\0' ? NULL : decide_by_code(c, span_of(t->code));
	const struct remark *found = NULL;

	if ((t->code[0] != '\0' && named == NULL) ||
	    (t->is_loose && has_number(own, t->number)))
		return NULL;
	if (named != NULL) {
		found = choose(own, t, named->id, &none, last);
		if (found != NULL || t->number == 0 || t->rest.n == 0)
			return found;
		t->number = 0;
		t->rest = t->rest_with_number;
		return choose(own, t, named->id, &none, last);
	}
	if (row->remark_id != 0)
		found = choose(own, t, 0, row, false);
	if (found == NULL && t->number != 0)
		found = choose(own, t, 0, &none, false);
	if (found != NULL || (t->number != 0 && t->rest.n == 0))
		return found;
	if (t->number != 0) { /* "KOREKTA 12 drzew ...": a word */
		t->number = 0;
		t->rest = t->rest_with_number;
		return find_meant(own, t, row, last, c);
	}
	return row->remark_id != 0 ? NULL : choose(own, t, 0, &none, last);
}

/* The remarks it lists, and whether they are shown because we could not tell
 * which was meant. */
static void
show_own(struct decision *d, const struct own *own, bool unclear)
{
	d->shown = own->list;
	d->n_shown = own->n;
	d->is_unclear = unclear;
	d->reply = "state";
}

/* Their number proves who texts; a mail needs its server's word, or the token
 * that only a reply to our own mail to that person can know. */
static enum status
is_proven(bool *proven, struct outbox *row, const struct case_file *c,
    struct err *err)
{
	bool by_token = false;
	enum status rc = decide_answered(row, &by_token, c, err);

	if (rc == ST_OK && row->contact_id != c->contact->id)
		*row = (struct outbox){ 0 };
	*proven = c->raw->channel == CHANNEL_SMS ||
		  c->mail->dmarc == VERDICT_PASS || (by_token && row->id != 0);
	return rc;
}

static enum status
settle_own(struct decision *d, const struct case_file *c,
    const struct remark *meant, struct span words, struct err *err)
{
	bool withdraws = c->mail->command == CMD_WITHDRAW;

	d->of_remark = *meant;
	d->consultation = decide_by_id(c, meant->consultation_id);
	d->shown = &d->of_remark;
	d->n_shown = 1;
	if (consultation_state(d->consultation, c->in->received_ms) ==
	    CONSULTATION_CLOSED) {
		d->of_remark.id = 0; /* it stands as it is */
		d->reply = "too_late";
		decide_settle(d, c, FATE_CLOSED,
		    "%s of %s came after the end; what came in time stands",
		    withdraws ? "a withdrawal" : "a correction", meant->name);
		return ST_OK;
	}
	if (withdraws) {
		d->reply = "withdrawn";
		decide_settle(
		    d, c, FATE_WITHDRAWN, "withdraws remark %s", meant->name);
		return ST_OK;
	}
	if (span_is(words, meant->text)) {
		d->same = *meant;
		d->of_remark.id = 0;
		d->reply = "duplicate";
		decide_settle(d, c, FATE_DUPLICATE,
		    "corrects remark %s to the words it has", meant->name);
		return ST_OK;
	}
	d->new_text = arena_copy(c->arena, words).p;
	if (d->new_text[0] == '\0')
		return err_set(err, ST_BROKEN, "out of memory");
	d->reply = "correction_done";
	decide_settle(d, c, FATE_CORRECTED, "corrects remark %s", meant->name);
	return ST_OK;
}

/* KOREKTA and WYCOFUJĘ. */
static enum status
decide_own(struct decision *d, const struct case_file *c, struct err *err)
{
	bool withdraws = c->mail->command == CMD_WITHDRAW, proven = false;
	const char *word = withdraws ? "a withdrawal" : "a correction";
	const struct remark *meant;
	struct outbox row = { 0 };
	struct target t;
	struct own own;
	enum status rc = is_proven(&proven, &row, c, err);

	if (rc == ST_OK)
		rc = find_own(&own, c, err);
	if (rc != ST_OK)
		return rc;
	if (!proven) {
		decide_settle(d, c, FATE_HELD,
		    "%s, but nothing proves that it comes from the author",
		    word);
		return ST_OK;
	}
	read_target(&t, c);
	meant = find_meant(&own, &t, &row, !withdraws, c);
	if (meant == NULL && own.n == 0) {
		decide_settle(d, c, FATE_HELD,
		    "%s, but this person has no remark here", word);
		return ST_OK;
	}
	if (meant == NULL || (!withdraws && t.rest.n == 0)) {
		show_own(d, &own, true);
		decide_settle(d, c, FATE_HELD, "%s, but %s; asked back", word,
		    meant == NULL ? "of which remark is not clear"
				  : "without the new words");
		return ST_OK;
	}
	return settle_own(d, c, meant, t.rest, err);
}

/* STAN: what became of the person's remarks, of one consultation or of all. */
static enum status
decide_state(struct decision *d, const struct case_file *c, struct err *err)
{
	struct target t;
	struct own own;
	size_t kept = 0;
	enum status rc = find_own(&own, c, err);

	if (rc != ST_OK)
		return rc;
	read_target(&t, c);
	for (size_t i = 0; i < own.n; i++)
		if ((t.code[0] == '\0' ||
			strcmp(own.list[i].code, t.code) == 0) &&
		    (t.number == 0 || own.list[i].number == t.number))
			own.list[kept++] = own.list[i];
	own.n = kept;
	show_own(d, &own, false);
	decide_settle(
	    d, c, FATE_COMMAND, "asks for the state of %zu remark(s)", own.n);
	return ST_OK;
}

/* ---- yes and no -------------------------------------------------------- */

/* Did we ask with it whether a near miss is meant? */
static bool
is_yes_or_no_question(const struct outbox *row)
{
	return row->id != 0 &&
	       (strcmp(row->template_name, "unknown_code") == 0 ||
		   strcmp(row->template_name, "held_reminder") == 0);
}

/* The question that a yes answers: the one it replies to, if that was put to
 * the same person, else the last one. */
static enum status
find_question(struct outbox *row, const struct case_file *c, struct err *err)
{
	enum status rc = decide_answered(row, NULL, c, err);

	if (rc == ST_OK && is_yes_or_no_question(row) &&
	    row->contact_id == c->contact->id)
		return ST_OK;
	return rc == ST_OK ? decide_last_row(row, c, true, err) : rc;
}

/* To an invitation it is an answer, else:
 * TAK files the held message whose near miss we asked about last; NIE lets it
 * wait for the right code, which is asked for. */
static enum status
decide_yes_or_no(struct decision *d, const struct case_file *c, struct err *err)
{
	bool yes = c->mail->command == CMD_YES;
	const char *word = yes ? "yes" : "no";
	const struct consultation *meant;
	struct inbound held = { 0 };
	struct waiting w;
	struct outbox row;
	bool invited = false;
	enum status rc;

	rc = find_question(&row, c, err);
	if (rc == ST_OK && !is_yes_or_no_question(&row))
		rc = decide_was_invited(&invited, c, err);
	if (rc != ST_OK)
		return rc;
	if (invited)
		return decide_rsvp(d, c, err);
	meant = row.id == 0 ? NULL : decide_by_code(c, span_of(row.question));
	if (meant == NULL || !is_yes_or_no_question(&row)) {
		decide_settle(d, c, FATE_HELD,
		    "a %s, but no question of ours is open", word);
		return ST_OK;
	}
	rc = store_inbound_get(c->st, row.inbound_id, c->arena, &held, err);
	if (rc != ST_OK)
		return rc;
	if (held.fate != FATE_HELD || held.settled_by != 0) {
		decide_settle(d, c, FATE_HELD,
		    "a %s, but message %lld is no longer waiting", word,
		    (long long)held.id);
		return ST_OK;
	}
	if (strcmp(held.suggestion, meant->code) != 0) {
		decide_settle(d, c, FATE_HELD,
		    "a %s, but %s was denied for message %lld", word,
		    meant->code, (long long)held.id);
		return ST_OK;
	}
	if (!yes) {
		d->denies = held.id;
		d->reply = "no_code";
		decide_settle(d, c, FATE_COMMAND,
		    "no: message %lld is not meant for %s", (long long)held.id,
		    meant->code);
		return ST_OK;
	}
	d->consultation = meant;
	d->settles = held.id;
	d->files_settled = true;
	decide_settle(d, c, FATE_COMMAND, "yes: message %lld is meant for %s",
	    (long long)held.id, meant->code);
	rc = decide_find_waiting(&w, c, err);
	return rc == ST_OK ? decide_with_row(d, c, &w, err) : rc;
}

/* ---- notices ----------------------------------------------------------- */

/* WSZYSTKO, alone or behind STOP. */
static bool
says_all(const struct case_file *c)
{
	struct span rest;

	return c->mail->command == CMD_ALL ||
	       (c->mail->command == CMD_STOP &&
		   keyword_command(c->keywords, c->mail->argument, &rest) ==
		       CMD_ALL);
}

/* STOP ends notices, with a code those of one consultation, with WSZYSTKO also
 * news of meetings that the person said they would come to; START begins them
 * again. */
static void
decide_notices(struct decision *d, const struct case_file *c)
{
	bool is_silence = says_all(c);
	bool stops = is_silence || c->mail->command == CMD_STOP;
	const char *word = stops ? "stop" : "start";
	struct target t;

	read_target(&t, c);
	if (t.code[0] != '\0' && !is_silence) {
		d->consultation = decide_by_code(c, span_of(t.code));
		if (d->consultation == NULL) {
			decide_settle(d, c, FATE_HELD,
			    "%s, with a code we do not know", word);
			return;
		}
	}
	d->is_stop = stops;
	d->is_silence = is_silence;
	d->is_start = !stops;
	d->reply = is_silence ? "stopped_all"
		   : stops    ? "unsubscribe_confirm"
			      : "subscribe_confirm";
	if (!stops && d->consultation == NULL && c->contact->stopped_ms == 0) {
		d->is_start = false;
		d->reply = "help";
	}
	decide_settle(d, c, FATE_COMMAND, "%s: %s%s%s", word,
	    is_silence	  ? "nothing any more"
	    : stops	  ? "no more notices"
	    : d->is_start ? "notices again"
			  : "of which consultation is not said",
	    d->consultation != NULL ? " of " : "",
	    d->consultation != NULL ? d->consultation->code : "");
}

enum status
decide_stops_too(struct decision *d, const struct case_file *c, struct err *err)
{
	struct outbox row;
	bool by_token = false;
	enum status rc = decide_answered(&row, &by_token, c, err);

	if (rc == ST_OK && by_token && row.contact_id != c->contact->id)
		d->stops_too = row.contact_id;
	return rc;
}

/* What was said last, but for confirmations of remarks: what they asked for
 * since is another talk. */
static enum status
last_said(struct outbox *row, const struct case_file *c, struct err *err)
{
	enum status rc = decide_last_row(row, c, false, err);

	return rc == ST_OK && row->id != 0 &&
		       strcmp(row->template_name, "confirm_remark") == 0
		   ? decide_last_row(row, c, true, err)
		   : rc;
}

/* In answer to "your message came too early" a STOP also takes that message
 * back, as we said it would; from its author only. */
static enum status
decide_stop(struct decision *d, const struct case_file *c, struct err *err)
{
	struct outbox row = { 0 };
	bool proven = false;
	enum status rc;

	decide_notices(d, c);
	if (!d->is_stop)
		return ST_OK;
	rc = decide_stops_too(d, c, err);
	if (rc == ST_OK)
		rc = is_proven(&proven, &row, c, err);
	if (rc == ST_OK && row.id == 0)
		rc = last_said(&row, c, err);
	d->takes_back = rc == ST_OK && proven && row.id != 0 &&
			strcmp(row.template_name, "not_open_yet") == 0;
	return rc;
}

enum status
decide_order(struct decision *d, const struct case_file *c, struct err *err)
{
	const struct parsed *m = c->mail;
	const char *word = command_name(m->command);

	if (m->kind == KIND_RSVP)
		return decide_rsvp(d, c, err);
	if (m->kind != KIND_COMMAND)
		return decide_by_number(d, c, err);
	switch (m->command) {
	case CMD_ALL:
	case CMD_STOP:
		return decide_stop(d, c, err);
	case CMD_START:
		decide_notices(d, c);
		return ST_OK;
	case CMD_YES:
	case CMD_NO:
		return decide_yes_or_no(d, c, err);
	case CMD_CORRECTION:
	case CMD_WITHDRAW:
		return decide_own(d, c, err);
	case CMD_STATE:
		return decide_state(d, c, err);
	case CMD_HELP:
		d->reply = "help";
		decide_settle(d, c, FATE_COMMAND, "asks for help");
		return ST_OK;
	case CMD_ASK:
		d->reply = "ask_stop_or_withdraw";
		decide_settle(d, c, FATE_COMMAND,
		    "could mean stop or withdraw: asked back");
		return ST_OK;
	default:
		decide_settle(d, c, FATE_HELD,
		    "command %s: staff answer it by hand",
		    word != NULL ? word : "without a name");
		return ST_OK;
	}
}

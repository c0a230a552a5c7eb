/* decide_rsvp - who answers an invitation, and to which meeting
 *
 * Place: decide_order.c.  An iTIP answer names its meeting (RFC 5546) and is
 * believed for its own sender only (RFC 6047, 3); words belong to the notice
 * they answer, else to the last one we sent to that person.  What comes when a
 * meeting is cancelled or over is kept, does not count, and is told so.
 */
#include "gateway/decide_internal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "parsers/numbered.h"
#include "parsers/text.h"

enum { WORD_SHOWN = 20, WHAT_ROOM = 80, TEXT_ROOM = 64 * 1024 };

#define OVERTAKEN "; a newer answer of theirs is here already and counts"

/* Adds the answer to one meeting; false when memory is short. */
static bool
note_answer(struct decision *d, const struct case_file *c,
    const struct meeting *meeting, enum rsvp_answer answer, struct span comment)
{
	struct rsvp *r =
	    arena_push(c->arena, &d->rsvps, &d->n_rsvps, sizeof(*r));

	if (r == NULL)
		return false;
	*r = (struct rsvp){ .meeting_id = meeting->id,
		.contact_id = c->contact->id,
		.answer = answer,
		.comment = arena_copy(c->arena, comment).p,
		.received_ms = c->in->received_ms,
		.sequence = meeting->told,
		.too_late = meeting_too_late(meeting, c->in->received_ms) };
	return true;
}

/* How the last answer noted stands beside what we know. */
struct standing {
	bool is_overtaken; /* a newer one counts */
	const char *note; /* for the journal, "; ..." */
};

static const char *
in_vain(enum too_late too_late)
{
	switch (too_late) {
	case LATE_CANCELLED:
		return "; the meeting was cancelled: it does not count";
	case LATE_OVER:
		return "; the meeting was over: it does not count";
	default:
		return "";
	}
}

static enum status
find_standing(struct standing *s, const struct decision *d,
    const struct case_file *c, struct err *err)
{
	const struct rsvp *r = &d->rsvps[d->n_rsvps - 1];
	struct rsvp any = *r; /* any version of the meeting */
	struct buf note = { .max = TEXT_ROOM };
	int64_t told_ms = 0;
	enum status rc;

	any.sequence = 0;
	rc = store_rsvp_is_overtaken(&s->is_overtaken, c->st, r, err);
	if (rc == ST_OK)
		rc = store_meeting_told_since(&told_ms, c->st, &any, err);
	buf_printf(&note, "%s%s%s", s->is_overtaken ? OVERTAKEN : "",
	    in_vain(r->too_late),
	    told_ms != 0 ? "" : "; no notice of ours told them of it");
	s->note = arena_copy(c->arena, buf_span(&note)).p;
	buf_free(&note);
	return rc;
}

/* What an answer in words is read from: the mail without greeting and name. */
static struct span
words_of(const struct case_file *c)
{
	return c->mail->remark.n > 0 ? c->mail->remark : c->mail->new_text;
}

/* ACCEPTED, DECLINED, TENTATIVE (RFC 5545, 3.2.12); false: none of these.  Who
 * sends somebody else does not come: the other answers for themselves. */
static bool
read_partstat(enum rsvp_answer *out, struct span partstat)
{
	static const struct {
		const char *word;
		enum rsvp_answer answer;
	} words[] = { { "ACCEPTED", RSVP_YES }, { "DECLINED", RSVP_NO },
		{ "DELEGATED", RSVP_NO }, { "TENTATIVE", RSVP_MAYBE } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (span_is_nocase(partstat, words[i].word)) {
			*out = words[i].answer;
			return true;
		}
	return false;
}

/* "Będę, i proszę o wiatę" is a remark as well, while remarks are taken. */
static enum status
add_wish(struct decision *d, const struct case_file *c, struct err *err)
{
	struct decision one = { 0 };
	enum status rc;

	if (!c->mail->also_remark || d->consultation == NULL)
		return ST_OK;
	rc = decide_filing(&one, c, d->consultation, c->mail->remark, err);
	if (rc != ST_OK)
		return rc;
	d->needs_staff = true;
	d->filings = one.filings;
	d->n_filings = one.n_filings;
	return ST_OK;
}

/* Which version of the meeting a calendar answers, and when: no clock that is
 * fast and no number that is not ours yet may outlive an answer to come.  A date
 * from before they were told is a clock's fault, or that of our invitation. */
static enum status
date_answer(struct rsvp *r, const struct case_file *c,
    const struct meeting *meeting, struct err *err)
{
	const struct calendar *cal = &c->mail->calendar;
	int64_t told_ms;
	enum status rc;

	r->sequence = cal->sequence < 0			  ? 0
		      : cal->sequence < meeting->sequence ? cal->sequence
							  : meeting->sequence;
	rc = store_meeting_told_since(&told_ms, c->st, r, err);
	if (rc == ST_OK)
		r->stamp_ms =
		    cal->stamp_ms > told_ms && cal->stamp_ms < r->received_ms
			? cal->stamp_ms
			: r->received_ms;
	return rc;
}

/* What they wrote, and whom they send instead. */
static struct span
comment_of(const struct case_file *c, const struct calendar *cal)
{
	struct buf text = { .max = TEXT_ROOM };
	struct span comment;

	if (cal->delegate.n == 0)
		return cal->comment;
	buf_add(&text, cal->comment);
	buf_printf(&text, "%sDELEGATED-TO: ", text.n > 0 ? "\n" : "");
	buf_add(&text, cal->delegate);
	comment =
	    text.failed ? cal->comment : arena_copy(c->arena, buf_span(&text));
	buf_free(&text);
	return comment;
}

/* A calendar's answer that staff must read. */
static void
leave_to_staff(struct decision *d, const struct case_file *c)
{
	const struct calendar *cal = &c->mail->calendar;
	struct span starts = span_sub(cal->starts, 0, WORD_SHOWN);
	struct span method = span_sub(cal->method, 0, WORD_SHOWN);
	struct span partstat = span_sub(cal->partstat, 0, WORD_SHOWN);

	if (span_is_nocase(cal->method, "COUNTER"))
		decide_settle(d, c, FATE_HELD,
		    "a calendar proposes another time (%.*s): for staff",
		    (int)starts.n, starts.p);
	else
		decide_settle(d, c, FATE_HELD,
		    "a calendar's answer that is neither yes nor no (%.*s "
		    "%.*s): for staff",
		    (int)method.n, method.p, (int)partstat.n, partstat.p);
}

/* An answer of the right person to the right meeting. */
static enum status
settle_itip(struct decision *d, const struct case_file *c,
    const struct meeting *meeting, enum rsvp_answer answer, struct err *err)
{
	const struct calendar *cal = &c->mail->calendar;
	struct standing standing;
	struct rsvp *r;
	enum status rc;

	if (!note_answer(d, c, meeting, answer, comment_of(c, cal)))
		return err_set(err, ST_BROKEN, "out of memory");
	r = &d->rsvps[d->n_rsvps - 1];
	rc = date_answer(r, c, meeting, err);
	if (rc == ST_OK)
		rc = find_standing(&standing, d, c, err);
	if (rc != ST_OK)
		return rc;
	/* A calendar is answered in this one case: they would stand before a
	 * closed door. */
	if (r->too_late == LATE_CANCELLED && answer != RSVP_NO) {
		d->meeting = meeting;
		d->reply = "meeting_off";
	}
	d->needs_staff = c->mail->wants_access;
	decide_settle(d, c, FATE_RSVP, "%s to meeting %s, by calendar%s%s%s",
	    rsvp_answer_name(answer), meeting->key,
	    cal->delegate.n > 0 ? "; somebody else comes instead" : "",
	    cal->sequence < meeting->sequence
		? "; the meeting has changed since"
		: "",
	    standing.note);
	return add_wish(d, c, err);
}

static enum status
decide_itip(struct decision *d, const struct case_file *c, struct err *err)
{
	const struct calendar *cal = &c->mail->calendar;
	struct span from = c->mail->from.address;
	struct meeting *meeting = arena_alloc(c->arena, sizeof(*meeting));
	enum rsvp_answer answer;
	enum status rc;

	if (meeting == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	rc = store_meeting_by_uid(
	    c->st, arena_copy(c->arena, cal->uid).p, c->arena, meeting, err);
	if (rc != ST_OK)
		return rc;
	if (meeting->id == 0) {
		decide_settle(d, c, FATE_HELD,
		    "a calendar's answer to an invitation that is not ours");
		return ST_OK;
	}
	d->consultation = decide_by_id(c, meeting->consultation_id);
	if (cal->attendee.n != from.n ||
	    strncasecmp(cal->attendee.p, from.p, from.n) != 0) {
		decide_settle(d, c, FATE_HELD,
		    "a calendar's answer for somebody else than its sender");
		return ST_OK;
	}
	if (span_is_nocase(cal->method, "REPLY") &&
	    read_partstat(&answer, cal->partstat))
		return settle_itip(d, c, meeting, answer, err);
	leave_to_staff(d, c);
	return ST_OK;
}

/* The meetings that words are about: of the notice they answer, else of the
 * last thing we asked this person. */
static enum status
find_told(
    struct meeting **out, size_t *n, const struct case_file *c, struct err *err)
{
	struct outbox row;
	enum status rc = decide_answered(&row, NULL, c, err);

	*n = 0;
	if (rc == ST_OK && row.id != 0)
		rc = store_meeting_of_row(c->st, row.id, c->arena, out, n, err);
	if (rc != ST_OK || *n > 0 || row.id != 0)
		return rc;
	rc = decide_last_row(&row, c, true, err);
	if (rc == ST_OK && row.id != 0)
		rc = store_meeting_of_row(c->st, row.id, c->arena, out, n, err);
	return rc;
}

enum status
decide_was_invited(bool *invited, const struct case_file *c, struct err *err)
{
	struct meeting *told;
	size_t n;
	enum status rc = find_told(&told, &n, c, err);

	*invited = rc == ST_OK && n > 0;
	return rc;
}

/* What is sent to whoever answered in words: nothing to "perhaps", which no
 * confirmation can repeat.  That there is no meeting any more, as of when we
 * read it, is told to whoever may come. */
static const char *
reply_to_words(const struct case_file *c, const struct meeting *told,
    enum rsvp_answer answer, bool is_overtaken)
{
	if (meeting_too_late(told, c->in->stored_ms) != IN_TIME)
		return answer == RSVP_NO ? NULL : "meeting_off";
	if (answer == RSVP_MAYBE || is_overtaken)
		return NULL;
	if (c->raw->channel == CHANNEL_MAIL)
		return "rsvp_confirm";
	return answer == RSVP_YES ? "rsvp_yes" : "rsvp_no";
}

static enum status
settle_one(struct decision *d, const struct case_file *c,
    const struct meeting *told, enum rsvp_answer answer, struct err *err)
{
	struct standing standing;
	enum status rc;

	d->consultation = decide_by_id(c, told->consultation_id);
	d->meeting = told;
	if (!note_answer(d, c, told, answer, c->mail->new_text))
		return err_set(err, ST_BROKEN, "out of memory");
	rc = find_standing(&standing, d, c, err);
	if (rc != ST_OK)
		return rc;
	d->reply = reply_to_words(c, told, answer, standing.is_overtaken);
	d->needs_staff = d->needs_staff || c->mail->wants_access;
	decide_settle(d, c, FATE_RSVP, "%s to meeting %s, in words%s",
	    rsvp_answer_name(answer), told->key, standing.note);
	return add_wish(d, c, err);
}

static enum rsvp_answer
answer_of(int attends)
{
	return attends == ATTENDS_YES  ? RSVP_YES
	       : attends == ATTENDS_NO ? RSVP_NO
				       : RSVP_MAYBE;
}

/* Which is meant is not clear: those they were told of are listed. */
static void
ask_which(struct decision *d, const struct case_file *c,
    const struct meeting *told, size_t n)
{
	d->meeting = told;
	d->n_meetings = n;
	d->consultation = decide_by_id(c, told->consultation_id);
	d->reply = "which_meeting";
	decide_settle(d, c, FATE_HELD,
	    "an answer to a meeting: the notice tells of %zu; asked which", n);
}

/* The answers noted, to some of those they were told of, with their numbers;
 * what does not count is not confirmed. */
static enum status
settle_several(struct decision *d, const struct case_file *c,
    const struct meeting *told, size_t n, const char *what, struct err *err)
{
	size_t n_overtaken = 0;

	for (size_t i = 0; i < d->n_rsvps; i++) {
		struct rsvp *r = &d->rsvps[i];
		enum status rc =
		    store_rsvp_is_overtaken(&r->is_overtaken, c->st, r, err);

		if (rc != ST_OK)
			return rc;
		n_overtaken += r->is_overtaken;
	}
	d->meeting = told;
	d->n_meetings = n;
	d->consultation = decide_by_id(c, told->consultation_id);
	if (n_overtaken < d->n_rsvps)
		d->reply = "rsvp_several";
	decide_settle(d, c, FATE_RSVP, "%s%s%s", what,
	    n_overtaken == 0 ? "" : OVERTAKEN,
	    n_overtaken == 0	       ? ""
	    : n_overtaken < d->n_rsvps ? " for some"
				       : "");
	return add_wish(d, c, err);
}

/* TAK WSZYSTKIE, "będę na obu" */
static enum status
decide_all(struct decision *d, const struct case_file *c,
    const struct meeting *told, size_t n, enum rsvp_answer answer,
    struct err *err)
{
	char what[WHAT_ROOM];

	for (size_t i = 0; i < n; i++)
		if (!note_answer(d, c, &told[i], answer, c->mail->new_text))
			return err_set(err, ST_BROKEN, "out of memory");
	snprintf(what, sizeof(what), "%s to all %zu meetings",
	    rsvp_answer_name(answer), n);
	return settle_several(d, c, told, n, what, err);
}

/* Told of one meeting only: does the number name another?  "TAK 2" may count two
 * people; "na drugie tak" and "NIE 2" do not. */
static bool
names_another(const struct numbered *one)
{
	return one->number != 1 && one->number != NUMBERED_ALL &&
	       (one->in_words || one->answer == ATTENDS_NO);
}

/* "1 TAK, 2 NIE" to what told of several; settles nothing when the words are no
 * such thing. */
static enum status
decide_numbers(struct decision *d, const struct case_file *c,
    const struct meeting *told, size_t n, struct err *err)
{
	struct numbered list[NUMBERED_MAX];
	struct span rest;
	char what[WHAT_ROOM];
	int count = numbered_read(list, &rest, c->keywords, words_of(c));

	if (count == 0)
		return ST_OK;
	if (count == 1 && n == 1 && !names_another(&list[0])) {
		d->needs_staff = list[0].number != 1 || rest.n > 0;
		return settle_one(d, c, told, answer_of(list[0].answer), err);
	}
	if (count == 1 && list[0].number == NUMBERED_ALL) {
		d->needs_staff = c->mail->wants_access || rest.n > 0;
		return decide_all(
		    d, c, told, n, answer_of(list[0].answer), err);
	}
	for (int i = 0; i < count; i++)
		if (list[i].number < 1 || (size_t)list[i].number > n)
			count = -1;
	if (count < 0) {
		ask_which(d, c, told, n);
		return ST_OK;
	}
	for (int i = 0; i < count; i++)
		if (!note_answer(d, c, &told[list[i].number - 1],
			answer_of(list[i].answer), c->mail->new_text))
			return err_set(err, ST_BROKEN, "out of memory");
	d->needs_staff = c->mail->wants_access || rest.n > 0;
	snprintf(what, sizeof(what), "%d answer%s to meetings, by number",
	    count, count == 1 ? "" : "s");
	return settle_several(d, c, told, n, what, err);
}

static enum status
decide_words(struct decision *d, const struct case_file *c,
    enum rsvp_answer answer, struct err *err)
{
	struct span rest;
	struct meeting *told;
	size_t n;
	enum status rc = find_told(&told, &n, c, err);

	if (rc != ST_OK)
		return rc;
	/* "Nie mogę, ..." can open a remark, too. */
	if (n == 0 && c->mail->also_remark)
		return ST_OK;
	if (n == 0) {
		decide_settle(d, c, FATE_HELD,
		    "%s to a meeting: no notice of ours that it answers",
		    rsvp_answer_name(answer));
		return ST_OK;
	}
	if (n == 1)
		return settle_one(d, c, told, answer, err);
	if (c->mail->kind == KIND_COMMAND &&
	    keyword_command(c->keywords, c->mail->argument, &rest) == CMD_ALL)
		return decide_all(d, c, told, n, answer, err);
	rc = decide_numbers(d, c, told, n, err);
	if (rc == ST_OK && d->why == NULL)
		ask_which(d, c, told, n);
	return rc;
}

/* "TAK prosze o tlumacza migowego": who needs help to come says that they
 * come. */
static bool
is_yes_with_wish(const struct case_file *c)
{
	struct span words = span_trim(words_of(c)), rest;
	size_t n = 0, len;

	if (!c->mail->wants_access)
		return false;
	while (text_is_word(text_next(span_from(words, n), &len)))
		n += len;
	return keyword_command(c->keywords, span_sub(words, 0, n), &rest) ==
	       CMD_YES;
}

enum status
decide_by_number(struct decision *d, const struct case_file *c, struct err *err)
{
	struct numbered list[NUMBERED_MAX];
	struct meeting *told;
	struct span rest;
	bool has_numbers;
	size_t n;
	enum status rc;

	if (c->mail->kind != KIND_REMARK)
		return ST_OK;
	has_numbers = numbered_read(list, &rest, c->keywords, words_of(c)) != 0;
	if (!has_numbers && !is_yes_with_wish(c))
		return ST_OK;
	rc = find_told(&told, &n, c, err);
	if (rc == ST_OK && n == 1 && !has_numbers)
		return settle_one(d, c, told, RSVP_YES, err);
	return rc == ST_OK && n > 0 ? decide_numbers(d, c, told, n, err) : rc;
}

enum status
decide_rsvp(struct decision *d, const struct case_file *c, struct err *err)
{
	const struct parsed *m = c->mail;
	enum rsvp_answer answer;

	if (m->kind == KIND_COMMAND)
		return decide_words(
		    d, c, m->command == CMD_YES ? RSVP_YES : RSVP_NO, err);
	if (m->calendar.method.n > 0 || m->calendar.uid.n > 0)
		return decide_itip(d, c, err);
	if (!read_partstat(&answer, m->calendar.partstat))
		answer = RSVP_YES;
	return decide_words(d, c, answer, err);
}

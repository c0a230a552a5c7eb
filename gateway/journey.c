/* journey - one message on its way, and what its decision changes */
#include "gateway/journey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/log.h"
#include "gateway/optout.h"
#include "gateway/reply.h"
#include "gateway/together.h"
#include "parsers/code.h"
#include "parsers/digest.h"

#define HOUR_MS (60LL * 60 * 1000)
#define DAY_MS (24 * HOUR_MS)
#define TEXT_MAX (4 << 20)

/* The line a source's name stands for; one without rules when the
 * configuration has no such line (any more). */
static struct line *
find_line(struct intake *in, const char *source)
{
	for (int i = 0; i < in->n_lines; i++)
		if (strcmp(in->lines[i].name, source) == 0)
			return &in->lines[i];
	return &in->lines[in->n_lines]; /* the one without rules */
}

enum status
journey_expect(struct intake *in, const char *source, struct err *err)
{
	struct line *line = find_line(in, source);
	struct jail_settings set = {
		.code_prefix = in->config->code_prefix,
		.authserv_id = line->authserv_id,
		.phone_prefix = in->config->phone_prefix,
		.textable_prefixes = line->textable_prefixes,
		.keywords = in->words_tsv,
	};

	return line->jail != NULL ? ST_OK : jail_open(&line->jail, &set, err);
}

static void
parse_text(struct intake *in, const struct line *line, struct parsed *out,
    const struct raw *raw)
{
	struct parse_settings set = {
		.code_prefix = in->config->code_prefix,
		.authserv_id = line->authserv_id,
		.phone_prefix = in->config->phone_prefix,
		.textable_prefixes = line->textable_prefixes,
		.keywords = in->words,
	};
	struct sms sms = { span_of(raw->from), span_of(raw->to),
		span_of(raw->text), raw->parts_missing };

	parse_sms(out, &sms, &set);
}

static bool
is_mail_to_parse(const struct raw *raw)
{
	return raw->channel == CHANNEL_MAIL && raw->problem == NULL &&
	       !raw->is_key_only;
}

/* The mails among the messages, all in one go; `parsed` and `mails` have room
 * for them. */
static enum status
parse_mails(struct intake *in, struct parsed *out, const struct raw *raw,
    size_t n, struct parsed *parsed, struct span *mails, struct err *err)
{
	size_t n_mails = 0, k = 0;
	enum status rc = ST_OK;

	for (size_t i = 0; i < n; i++)
		if (is_mail_to_parse(&raw[i]))
			mails[n_mails++] = buf_span(&raw[i].bytes);
	if (n_mails > 0)
		rc = journey_expect(in, raw->source, err);
	if (n_mails > 0 && rc == ST_OK)
		rc = jail_parse_all(find_line(in, raw->source)->jail, parsed,
		    mails, n_mails, err);
	for (size_t i = 0; i < n; i++)
		if (is_mail_to_parse(&raw[i]))
			out[i] = parsed[k++];
	return rc;
}

enum status
journey_parse(struct intake *in, struct parsed *out, const struct raw *raw,
    size_t n, struct err *err)
{
	struct parsed *parsed = calloc(n + 1, sizeof(*parsed));
	struct span *mails = calloc(n + 1, sizeof(*mails));
	enum status rc;

	if (parsed == NULL || mails == NULL)
		rc = err_set(err, ST_BROKEN, "out of memory");
	else
		rc = parse_mails(in, out, raw, n, parsed, mails, err);
	for (size_t i = 0; i < n && rc == ST_OK; i++) {
		if (raw[i].problem != NULL) {
			out[i].kind = KIND_UNREADABLE;
			parsed_why(&out[i], "%s", raw[i].problem);
		} else if (raw[i].channel == CHANNEL_SMS &&
			   !raw[i].is_key_only) {
			parse_text(
			    in, find_line(in, raw[i].source), &out[i], &raw[i]);
		}
	}
	free(parsed);
	free(mails);
	return rc;
}

static const char *
join_lines(
    struct arena *a, const struct span *list, size_t n, const char *between)
{
	struct buf out = { .max = TEXT_MAX };
	struct span copy;

	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_str(&out, between);
		buf_add(&out, list[i]);
	}
	copy = arena_copy(a, buf_span(&out));
	buf_free(&out);
	return copy.p;
}

/* Sender, subject, date, words and attachments: the same for one mail however
 * often and by whatever way it comes. */
static const char *
content_hash(struct arena *a, const struct parsed *m)
{
	struct buf all = { .max = 64 << 20 };
	char hex[SHA256_HEX];

	buf_add(&all, m->from.address);
	buf_char(&all, '\n');
	buf_add(&all, m->subject);
	buf_char(&all, '\n');
	buf_add(&all, m->date);
	buf_char(&all, '\n');
	buf_add(&all, m->text);
	for (size_t i = 0; i < m->n_attachments; i++)
		buf_printf(&all, "\n%s", m->attachments[i].sha256);
	sha256_hex(hex, buf_span(&all));
	buf_free(&all);
	return arena_copy(a, span_of(hex)).p;
}

/* By the server's clock, unless that is ahead of the file's and of ours: what
 * nobody has seen yet cannot have come.  Where our own server says when it took
 * the mail (INTERNALDATE), its sender's servers are not asked. */
static int64_t
received_at(const struct raw *raw, const struct parsed *m, int64_t now)
{
	if (m->received_ms != 0 && m->received_ms <= now &&
	    !raw->is_server_time)
		return m->received_ms;
	return raw->received_ms <= now ? raw->received_ms : now;
}

/* What lies in a folder for spam is marked as such. */
static enum trust
trust_of(const struct raw *raw, const struct parsed *m)
{
	if (m->dmarc == VERDICT_FAIL || m->is_spam || raw->held_why != NULL ||
	    raw->problem != NULL)
		return TRUST_DISOWNED;
	return m->dmarc == VERDICT_PASS ? TRUST_PROVEN : TRUST_UNPROVEN;
}

static const char *
in_arena(struct arena *a, struct span s)
{
	return arena_copy(a, s).p;
}

void
journey_describe(
    struct journey *j, const struct raw *raw, const struct parsed *m)
{
	struct arena *a = &j->arena;
	const char *command = command_name(m->command);
	bool is_sms = raw->channel == CHANNEL_SMS;

	j->in = (struct inbound){
		.id = j->in.id,
		.channel = raw->channel,
		.source = raw->source,
		.external_key = raw->key,
		.received_ms = received_at(raw, m, j->now),
		.stored_ms = j->now,
		.message_id = in_arena(a, m->message_id),
		.content_hash = is_sms ? "" : content_hash(a, m),
		.from = is_sms && raw->from != NULL
			    ? raw->from
			    : in_arena(a, m->from.address),
		.from_name = in_arena(a, m->from.name),
		.to = is_sms && raw->to != NULL ? raw->to : "",
		.subject = in_arena(a, m->subject),
		.text = in_arena(a, m->new_text),
		.remark = in_arena(a, m->remark),
		.kind = kind_name(m->kind),
		.command = command == NULL ? "" : command,
		.code = "",
		.code_seen = "",
		.suggestion = "",
		.language = in_arena(a, m->language),
		.warnings = join_lines(a, m->warnings, m->n_warnings, "\n"),
		.recipients =
		    join_lines(a, m->recipients, m->n_recipients, "\n"),
		.references =
		    join_lines(a, m->references, m->n_references, " "),
		.trust = trust_of(raw, m),
	};
	if (!is_sms && m->n_recipients > 0)
		j->in.to = in_arena(a, m->recipients[0]);
	/* Noted, so that a retry does not take what is left for the whole. */
	if (raw->problem != NULL)
		j->in.warnings = JOURNEY_NOT_WHOLE;
	else if (raw->whole_size != 0)
		j->in.warnings = JOURNEY_CUT;
	else if (raw->parts_missing > 0)
		j->in.warnings = JOURNEY_PARTS_MISSING;
}

static bool
is_from_a_person(const struct parsed *m)
{
	switch (m->kind) {
	case KIND_REMARK:
	case KIND_RSVP:
	case KIND_COMMAND:
	case KIND_EMPTY:
		return m->from.address.n > 0;
	default:
		return false;
	}
}

void
journey_forget(struct intake *in)
{
	arena_free(&in->standing.arena);
	wording_forget(&in->standing.kept);
	in->standing = (struct standing){ 0 };
}

enum status
journey_begin(struct intake *in, struct err *err)
{
	journey_forget(in);
	return store_begin(in->st, err);
}

enum status
journey_know_consultations(struct journey *j, struct err *err)
{
	struct standing *s = &j->intake->standing;
	struct consultation *all;
	enum status rc = ST_OK;

	if (!s->is_known) {
		rc = store_consultation_all(
		    j->intake->st, &s->arena, &all, &s->n_all, err);
		s->all = all;
		s->is_known = rc == ST_OK;
	}
	j->file.all = s->all;
	j->file.n_all = s->n_all;
	return rc;
}

enum status
journey_open(struct journey *j, const struct raw *raw, const struct parsed *m,
    struct err *err)
{
	struct intake *in = j->intake;
	enum status rc;

	journey_describe(j, raw, m);
	j->file = (struct case_file){
		.st = in->st,
		.config = in->config,
		.keys = in->keys,
		.keywords = in->words,
		.order_words = in->order_words,
		.textable_prefixes =
		    find_line(in, raw->source)->textable_prefixes,
		.authserv_id = find_line(in, raw->source)->authserv_id,
		.arena = &j->arena,
		.mail = m,
		.contact = &j->contact,
		.raw = raw,
		.in = &j->in,
	};
	rc = journey_know_consultations(j, err);
	if (rc != ST_OK || !is_from_a_person(m) || raw->problem != NULL)
		return rc;
	rc = store_contact_reach(in->st, raw->channel,
	    in_arena(&j->arena, m->from.address),
	    in_arena(&j->arena, m->from.name), j->now, &j->arena, &j->contact,
	    err);
	/* One word tells no language: "YES" is answered in that of the notice. */
	if (rc == ST_OK && j->in.language[0] == '\0' &&
	    j->contact.language != NULL)
		j->in.language = j->contact.language;
	return rc;
}

static bool
is_reply(const struct decision *d, const char *name)
{
	return d->reply != NULL && strcmp(d->reply, name) == 0;
}

/* Writes the decision into the message's own row. */
static void
note_decision(struct journey *j)
{
	const struct decision *d = &j->what;
	bool asks_for_code =
	    d->fate == FATE_HELD && (d->waits_along || is_reply(d, "no_code") ||
					is_reply(d, "unknown_code"));

	j->in.fate = d->fate;
	j->in.why = d->why;
	j->in.contact_id = j->contact.id;
	j->in.needs_staff = d->needs_staff;
	j->in.code_seen = in_arena(&j->arena, d->code_seen);
	if (d->consultation != NULL) {
		j->in.code = d->consultation->code;
		j->in.consultation_id = d->consultation->id;
	}
	if (d->suggestion != NULL)
		j->in.suggestion = d->suggestion->code;
	if (asks_for_code)
		j->in.hold_until_ms = j->now + j->intake->config->hold_ms;
}

enum status
journey_decide(struct journey *j, struct err *err)
{
	enum status rc = decide(&j->what, &j->file, err);

	if (rc == ST_OK)
		note_decision(j);
	return rc;
}

static const char *
remark_name(struct arena *a, const struct remark *r)
{
	char name[CODE_TEXT_MAX + 32];

	snprintf(name, sizeof(name), "%s/%lld", r->code, (long long)r->number);
	return in_arena(a, span_of(name));
}

enum status
journey_file(struct journey *j, const struct decision *d,
    const struct inbound *of, const struct parsed *m, struct err *err)
{
	enum status rc = ST_OK;

	j->remarks =
	    arena_alloc(&j->arena, (d->n_filings + 1) * sizeof(*j->remarks));
	j->receipts =
	    arena_alloc(&j->arena, (d->n_filings + 1) * sizeof(*j->receipts));
	if (j->remarks == NULL || j->receipts == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	for (size_t i = 0; i < d->n_filings && rc == ST_OK; i++) {
		struct remark *r = &j->remarks[i];

		*r = (struct remark){
			.consultation_id = d->filings[i].consultation->id,
			.code = d->filings[i].consultation->code,
			.inbound_id = of->id,
			.contact_id = of->contact_id,
			.text = in_arena(&j->arena, d->filings[i].text),
			.provisions = m == NULL
					  ? ""
					  : join_lines(&j->arena, m->provisions,
						m->n_provisions, "\n"),
			.state = "new",
			.channel = of->channel,
			.received_ms = of->received_ms,
			.filed_ms = j->now,
			.needs_staff = d->needs_staff,
			.assignee = "",
		};
		rc = store_remark_add(
		    j->intake->st, r, "filed", j->receipts[i], err);
		r->receipt = j->receipts[i];
		r->name = remark_name(&j->arena, r);
	}
	return rc;
}

/* Is this reply still owed, and may it leave by itself?  Everything but a
 * confirmation has limits; beyond the hourly ones it waits for staff. */
static enum status
limit_reply(struct journey *j, struct outbox *row, const struct inbound *to,
    bool *owed, struct err *err)
{
	const struct config *config = j->intake->config;
	struct store *st = j->intake->st;
	int64_t same = 0, hour = 0, all = 0;
	enum status rc;

	*owed = true;
	if (strcmp(row->template_name, "confirm_remark") == 0)
		return ST_OK;
	/* Its age when we first saw it: our own delays take no reply away. */
	*owed = to->stored_ms - to->received_ms <= config->answer_within_ms;
	if (!*owed)
		return ST_OK;
	rc = store_outbox_count(st, row->contact_id, row->template_name,
	    row->question, j->now - DAY_MS, &same, err);
	if (rc == ST_OK)
		rc = store_outbox_count(st, row->contact_id, NULL, NULL,
		    j->now - HOUR_MS, &hour, err);
	if (rc == ST_OK)
		rc = store_outbox_count(
		    st, 0, NULL, NULL, j->now - HOUR_MS, &all, err);
	/* What a correction recorded is shown each time, as a filed remark is. */
	*owed = same == 0 || strcmp(row->template_name, "correction_done") == 0;
	if (hour >= config->replies_per_contact_hour ||
	    all >= config->replies_per_hour) {
		row->state = OUTBOX_DEFERRED;
		row->due_ms = 0;
		row->error = "waits for staff: more replies than the hourly "
			     "limit allows; see outbox release";
	}
	return rc;
}

static const char *
attachment_names(struct journey *j, const struct inbound *of, struct err *err)
{
	struct inbound_attachment *list = NULL;
	struct span *names = NULL;
	size_t n = 0, n_names = 0;

	/* Nothing to look up of what was stored a moment ago without any. */
	if (of == &j->in && j->file.mail != NULL &&
	    j->file.mail->n_attachments == 0)
		return "";
	if (store_inbound_attachments(
		j->intake->st, of->id, &j->arena, &list, &n, err) != ST_OK)
		return "";
	for (size_t i = 0; i < n; i++)
		if (!list[i].in_signature && list[i].name[0] != '\0')
			span_push(
			    &j->arena, &names, &n_names, span_of(list[i].name));
	return join_lines(&j->arena, names, n_names, ", ");
}

static void
gather_reply(struct reply *r, struct journey *j, const struct decision *d,
    const struct inbound *to, struct err *err)
{
	const char **receipts = arena_alloc(
	    &j->arena, (d->n_filings + d->n_shown + 1) * sizeof(*receipts));

	*r = (struct reply){
		.template_name = d->reply,
		.inbound = to,
		.consultation = d->consultation,
		.all = j->file.all,
		.n_all = j->file.n_all,
		.remarks = d->same.id != 0  ? &d->same
			   : d->n_shown > 0 ? d->shown
					    : j->remarks,
		.receipts = receipts,
		.n_remarks = d->same.id != 0  ? 1
			     : d->n_shown > 0 ? d->n_shown
					      : d->n_filings,
		.is_unclear = d->is_unclear,
		.meeting = d->meeting,
		.n_meetings = d->n_meetings,
		.rsvps = d->rsvps,
		.n_rsvps = d->n_rsvps,
		.commune = d->commune,
		.of_another = d->stops_too != 0,
		.stops_all = d->is_silence,
		.comes = d->n_rsvps > 0 && d->rsvps[0].answer == RSVP_YES,
		.suggestion = d->suggestion,
		.attachment_names = attachment_names(j, to, err),
		.now = j->now,
		.show_text = to->may_echo,
		.kept = &j->intake->standing.kept,
	};
	for (size_t i = 0; receipts != NULL && i < d->n_filings; i++)
		receipts[i] = j->receipts[i];
	for (size_t i = 0; receipts != NULL && i < d->n_shown; i++)
		receipts[i] = d->shown[i].receipt;
	if (receipts != NULL && d->same.id != 0)
		receipts[0] = d->same.receipt;
}

/* What it asks or says something about, once a day.  That one meeting is off is
 * said though the same was said of another meeting of its consultation. */
static const char *
question_of(const struct decision *d)
{
	for (size_t i = 0; i < d->n_rsvps; i++)
		for (size_t k = 0; k == 0 || k < d->n_meetings; k++)
			if (d->meeting != NULL &&
			    d->rsvps[i].too_late != IN_TIME &&
			    d->rsvps[i].meeting_id == d->meeting[k].id)
				return d->meeting[k].uid;
	return d->of_remark.id != 0	 ? d->of_remark.name
	       : d->n_shown == 1	 ? d->shown[0].name
	       : d->suggestion != NULL	 ? d->suggestion->code
	       : d->consultation != NULL ? d->consultation->code
					 : "";
}

enum status
journey_answer(struct journey *j, const struct decision *d, struct inbound *to,
    struct err *err)
{
	struct outbox row = { .state = OUTBOX_QUEUED };
	struct err why = { "" };
	struct reply reply;
	bool owed = false;
	enum status rc;

	if (d->reply == NULL || !to->may_answer)
		return ST_OK;
	gather_reply(&reply, j, d, to, err);
	row.due_ms = row.created_ms = j->now;
	if (to->channel == CHANNEL_SMS && reply.receipts != NULL &&
	    strcmp(d->reply, "confirm_remark") == 0) {
		rc = together_join(
		    &reply, &row.due_ms, j->intake->st, &j->arena, err);
		if (rc != ST_OK)
			return rc;
	}
	rc = reply_render(
	    &row, &j->arena, j->intake->config, j->intake->keys, &reply, &why);
	if (rc != ST_OK) {
		log_line(LOG_ERROR_, "intake unanswered msg=%lld why=\"%s\"",
		    (long long)to->id, why.text);
		to->needs_staff = true;
		return ST_OK;
	}
	row.contact_id = to->contact_id;
	row.question = question_of(d);
	rc = limit_reply(j, &row, to, &owed, err);
	if (rc != ST_OK || !owed)
		return rc;
	rc = store_outbox_add(j->intake->st, &row, err);
	/* So that a later "no" is known to be about the same meetings. */
	for (size_t i = 0;
	     rc == ST_OK && d->meeting != NULL && (i == 0 || i < d->n_meetings);
	     i++)
		rc = store_meeting_told(
		    j->intake->st, row.id, (int)i + 1, &d->meeting[i], err);
	return rc;
}

enum status
journey_file_held(struct journey *j, int64_t id,
    const struct consultation *consultation, const char *why, struct err *err)
{
	struct case_file file = j->file;
	struct contact contact = { 0 };
	struct decision d = { 0 };
	struct inbound held, judged;
	enum status rc;

	rc = store_inbound_get(j->intake->st, id, &j->arena, &held, err);
	if (rc == ST_OK && held.contact_id != 0)
		rc = store_contact_get(
		    j->intake->st, held.contact_id, &j->arena, &contact, err);
	if (rc != ST_OK)
		return rc;
	judged = held;
	if (j->as_of != 0)
		judged.received_ms = j->as_of;
	file.in = &judged;
	file.contact = &contact;
	rc = decide_filing(&d, &file, consultation, span_of(held.remark), err);
	if (rc != ST_OK)
		return rc;
	held.fate = d.fate;
	held.why = d.fate == FATE_FILED ? why : d.why;
	held.code = consultation->code;
	held.consultation_id = consultation->id;
	held.settled_by = j->in.id;
	rc = journey_file(j, &d, &held, NULL, err);
	if (rc == ST_OK)
		rc = journey_answer(j, &d, &held, err);
	if (rc == ST_OK)
		rc = store_inbound_update(j->intake->st, &held, err);
	return rc;
}

/* The held message that this one settles: filed now, or superseded. */
static enum status
settle_waiting(struct journey *j, struct err *err)
{
	struct inbound held;
	enum status rc = ST_OK;

	for (size_t i = j->what.n_also; i > 0 && rc == ST_OK; i--)
		rc = journey_file_held(j, j->what.also[i - 1],
		    j->what.consultation,
		    "its author named the code in a text sent with it", err);
	if (rc != ST_OK || j->what.settles == 0)
		return rc;
	if (j->what.files_settled)
		return journey_file_held(j, j->what.settles,
		    j->what.consultation, "its author named the code", err);
	rc = store_inbound_get(
	    j->intake->st, j->what.settles, &j->arena, &held, err);
	if (rc != ST_OK)
		return rc;
	held.fate = FATE_DUPLICATE;
	held.why = "superseded: the same words came again with a code";
	held.settled_by = j->in.id;
	return store_inbound_update(j->intake->st, &held, err);
}

/* Answers to meetings; what is also a remark is confirmed as one. */
static enum status
note_answers(struct journey *j, struct err *err)
{
	struct decision filed = j->what;
	enum status rc = ST_OK;

	for (size_t i = 0; i < j->what.n_rsvps && rc == ST_OK; i++) {
		j->what.rsvps[i].inbound_id = j->in.id;
		j->what.rsvps[i].needs_staff = j->what.needs_staff;
		rc = store_rsvp_add(j->intake->st, &j->what.rsvps[i], err);
	}
	if (rc != ST_OK || j->what.n_rsvps == 0 || j->what.n_filings == 0)
		return rc;
	filed.reply = "confirm_remark";
	filed.meeting = NULL;
	return journey_answer(j, &filed, &j->in, err);
}

/* NIE: the message waits on, no longer for that yes. */
static enum status
deny_suggestion(struct journey *j, struct err *err)
{
	struct inbound held;
	enum status rc;

	if (j->what.denies == 0)
		return ST_OK;
	rc = store_inbound_get(
	    j->intake->st, j->what.denies, &j->arena, &held, err);
	if (rc != ST_OK)
		return rc;
	held.suggestion = "";
	return store_inbound_update(j->intake->st, &held, err);
}

struct cancelling {
	struct journey *j;
	struct err *err;
};

static enum status
withdraw_pending(void *arg, const struct inbound *row)
{
	struct cancelling *c = arg;
	struct inbound pending = *row;

	pending.fate = FATE_WITHDRAWN;
	pending.why = "its author said stop before the consultation opened";
	pending.settled_by = c->j->in.id;
	return store_inbound_update(c->j->intake->st, &pending, c->err);
}

/* KOREKTA and WYCOFUJĘ: a new version, or a link that says it is taken back. */
static enum status
change_remark(struct journey *j, struct err *err)
{
	struct remark *r = &j->what.of_remark;
	struct store *st = j->intake->st;
	char receipt[RECEIPT_SIZE];
	enum status rc;

	if (r->id == 0)
		return ST_OK;
	if (j->what.new_text == NULL)
		rc = store_remark_withdraw(st, r->id, j->now, receipt, err);
	else
		rc = store_remark_revise(st,
		    &(struct revision){ .remark_id = r->id,
			.text = j->what.new_text,
			.event = "corrected",
			.who = "",
			.at_ms = j->now },
		    receipt, err);
	if (rc == ST_OK && j->what.new_text != NULL)
		rc = store_remark_set(st, r->id, "corrected", r->assignee, err);
	return rc == ST_OK ? store_remark_get(st, r->id, &j->arena, r, err)
			   : rc;
}

/* What waits for a consultation to open is taken back, by its author only. */
static enum status
take_back(struct journey *j, struct err *err)
{
	struct inbound_filter filter = { .fate = FATE_NOT_OPEN,
		.contact_id = j->contact.id };
	struct cancelling c = { j, err };

	if (!j->what.takes_back)
		return ST_OK;
	if (j->what.consultation != NULL)
		filter.consultation_id = j->what.consultation->id;
	return store_inbound_list(
	    j->intake->st, &filter, withdraw_pending, &c, err);
}

/* What staff order, or answer to its preview. */
static enum status
do_order(struct journey *j, struct err *err)
{
	struct order_desk desk;

	if (j->what.staff.step == STAFF_NONE)
		return ST_OK;
	journey_desk(&desk, j->intake, &j->arena, j->now);
	j->intake->is_order_due |= j->what.staff.step == STAFF_CONFIRM ||
				   j->what.staff.step == STAFF_CANCEL;
	return order_do(&desk, &j->what.staff, &j->in, err);
}

void
journey_desk(struct order_desk *desk, struct intake *in, struct arena *arena,
    int64_t now)
{
	*desk = (struct order_desk){ .st = in->st,
		.config = in->config,
		.keys = in->keys,
		.words = in->order_words,
		.keywords = in->words,
		.arena = arena,
		.now = now };
}

enum status
journey_carry_out(struct journey *j, const struct parsed *m, struct err *err)
{
	enum status rc = journey_file(j, &j->what, &j->in, m, err);

	if (rc == ST_OK)
		rc = change_remark(j, err);
	if (rc == ST_OK)
		rc = deny_suggestion(j, err);
	if (rc == ST_OK)
		rc = note_answers(j, err);
	if (rc == ST_OK)
		rc = journey_answer(j, &j->what, &j->in, err);
	if (rc == ST_OK)
		rc = settle_waiting(j, err);
	if (rc == ST_OK)
		rc = journey_tell_owner(j, err);
	if (rc == ST_OK)
		rc = optout_apply(j->intake->st, &j->what, j->contact.id,
		    j->in.id, j->now, err);
	if (rc == ST_OK)
		rc = take_back(j, err);
	if (rc == ST_OK)
		rc = journey_note_report(j, m, err);
	if (rc == ST_OK)
		rc = journey_note_author(j, m, err);
	if (rc == ST_OK)
		rc = do_order(j, err);
	if (rc == ST_OK && j->in.needs_staff != j->what.needs_staff)
		rc = store_inbound_update(j->intake->st, &j->in, err);
	return rc;
}

void
journey_free(struct journey *j)
{
	arena_free(&j->arena);
}

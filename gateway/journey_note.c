/* journey_note - what a message tells of whom we write to
 *
 * Place: beside journey.c: reports of our own messages, and the sign that every
 * message of a person is.
 */
#include <stdio.h>

#include "gateway/bounce.h"
#include "gateway/journey.h"

enum status
journey_note_report(struct journey *j, const struct parsed *m, struct err *err)
{
	struct came_back b = { .outbox_id = j->what.bounced_row,
		.inbound_id = j->in.id,
		.kind = bounce_kind_of(m->bounce.status),
		.status = arena_copy(&j->arena, m->bounce.status).p,
		.at_ms = j->in.received_ms };
	struct outbox row;
	char reason[300];
	enum status rc;

	if (b.outbox_id == 0)
		return ST_OK;
	rc = store_outbox_get(j->intake->st, b.outbox_id, &j->arena, &row, err);
	if (rc != ST_OK)
		return rc;
	b.contact_id = row.contact_id;
	if (j->what.fate == FATE_COMPLAINT)
		b.kind = BOUNCE_COMPLAINT;
	else if (m->bounce.delayed)
		b.kind = BOUNCE_LATE;
	rc = bounce_note(j->intake->st, j->intake->config, &b, err);
	if (rc != ST_OK || b.kind == BOUNCE_COMPLAINT || b.kind == BOUNCE_LATE)
		return rc;
	snprintf(reason, sizeof(reason), "bounced: %.20s %.200s", b.status,
	    m->bounce.reason.p != NULL ? m->bounce.reason.p : "");
	row.state = OUTBOX_FAILED;
	row.error = reason;
	row.settled_ms = j->now;
	return store_outbox_settle(j->intake->st, &row, err);
}

enum status
journey_tell_owner(struct journey *j, struct err *err)
{
	const struct decision *d = &j->what;
	struct decision tells = { .reply = "stopped_by_another",
		.consultation = d->consultation,
		.commune = d->commune,
		.is_silence = d->is_silence };
	struct inbound to = j->in;
	struct contact owner = { 0 };
	enum status rc;

	/* A complaint is never answered, and says which letter it is about. */
	if (d->stops_too == 0 || d->fate != FATE_COMMAND)
		return ST_OK;
	rc = store_contact_get(
	    j->intake->st, d->stops_too, &j->arena, &owner, err);
	if (rc != ST_OK || owner.id == 0 || owner.channel != CHANNEL_MAIL ||
	    owner.bounced_ms != 0 || (owner.stopped_ms != 0 && !d->is_silence))
		return rc;
	to.id = 0; /* it answers nothing that they wrote */
	to.from = owner.address;
	to.from_name = owner.name;
	to.contact_id = owner.id;
	to.language = owner.language;
	to.message_id = to.references = to.subject = "";
	to.text = to.remark = to.code_seen = "";
	to.may_answer = true;
	to.may_echo = false;
	rc = journey_answer(j, &tells, &to, err);
	j->in.needs_staff = j->in.needs_staff || to.needs_staff;
	return rc;
}

enum status
journey_note_author(struct journey *j, const struct parsed *m, struct err *err)
{
	const struct contact *c = &j->contact;
	int64_t came_back = c->bounced_ms > c->soft_bounced_ms
				? c->bounced_ms
				: c->soft_bounced_ms;
	struct person_facts facts = { "", j->in.language, 0 };
	enum status rc = ST_OK;

	if (c->id == 0)
		return ST_OK;
	if (came_back != 0 && j->in.received_ms >= came_back)
		rc = store_contact_heard(
		    j->intake->st, c->id, j->in.received_ms, err);
	return rc == ST_OK && c->language[0] == '\0' &&
		       j->in.language[0] != '\0' && m->kind == KIND_REMARK
		   ? store_person_describe(j->intake->st, c->id, &facts, err)
		   : rc;
}

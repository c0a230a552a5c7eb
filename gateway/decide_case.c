/* decide_case - what every rule looks up, and how it settles a message
 *
 * Place: under the other files of decide.
 */
#include "gateway/decide_internal.h"

#include <stdarg.h>
#include <stdio.h>

#include "parsers/address.h"

void
decide_settle(struct decision *d, const struct case_file *c, enum fate fate,
    const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	d->fate = fate;
	d->why = arena_copy(c->arena, span_of(text)).p;
}

const struct consultation *
decide_by_code(const struct case_file *c, struct span code)
{
	for (size_t i = 0; i < c->n_all; i++) {
		struct span rest = span_of(c->all[i].aliases), alias;

		if (span_is(code, c->all[i].code))
			return &c->all[i];
		while (span_line(&rest, &alias))
			if (span_eq(alias, code))
				return &c->all[i];
	}
	return NULL;
}

const struct consultation *
decide_by_id(const struct case_file *c, int64_t id)
{
	for (size_t i = 0; i < c->n_all; i++)
		if (c->all[i].id == id)
			return &c->all[i];
	return NULL;
}

enum status
decide_answered(struct outbox *row, bool *by_token, const struct case_file *c,
    struct err *err)
{
	const struct parsed *m = c->mail;
	struct span local, detail, domain, id;
	enum status rc = ST_OK;

	*row = (struct outbox){ 0 };
	for (size_t i = 0; i < m->n_recipients && row->id == 0; i++) {
		if (!address_detail(
			m->recipients[i], &local, &detail, &domain) ||
		    !token_is_ours(c->keys, detail))
			continue;
		rc = store_outbox_by_token(
		    c->st, arena_copy(c->arena, detail).p, c->arena, row, err);
		if (rc != ST_OK)
			return rc;
	}
	if (by_token != NULL)
		*by_token = row->id != 0;
	for (size_t i = 0; i < m->n_in_reply_to + m->n_references; i++) {
		if (row->id != 0)
			break;
		id = i < m->n_in_reply_to
			 ? m->in_reply_to[i]
			 : m->references[m->n_references - 1 -
					 (i - m->n_in_reply_to)];
		rc = store_outbox_by_message_id(
		    c->st, arena_copy(c->arena, id).p, c->arena, row, err);
		if (rc != ST_OK)
			return rc;
	}
	return rc;
}

enum status
decide_last_row(
    struct outbox *row, const struct case_file *c, bool asking, struct err *err)
{
	*row = (struct outbox){ 0 };
	return store_outbox_last(
	    c->st, c->contact->id, asking, c->arena, row, err);
}

bool
decide_add_filing(struct decision *d, const struct case_file *c,
    const struct consultation *consultation, struct span text)
{
	struct filing *f =
	    arena_push(c->arena, &d->filings, &d->n_filings, sizeof(*f));

	if (f == NULL)
		return false;
	f->consultation = consultation;
	f->text = text;
	return true;
}

enum status
decide_filing(struct decision *d, const struct case_file *c,
    const struct consultation *consultation, struct span text, struct err *err)
{
	enum phase_state state =
	    consultation_state(consultation, c->in->received_ms);
	enum status rc;

	d->consultation = consultation;
	if (state == CONSULTATION_CLOSED) {
		d->reply = "closed";
		decide_settle(d, c, FATE_CLOSED, "%s was closed when it came",
		    consultation->code);
		return ST_OK;
	}
	if (state == CONSULTATION_PLANNED) {
		d->reply = "not_open_yet";
		decide_settle(d, c, FATE_NOT_OPEN,
		    "%s was not open when it came; it is filed when it opens",
		    consultation->code);
		return ST_OK;
	}
	rc = store_remark_same(c->st, c->contact->id, consultation->id, text,
	    c->arena, &d->same, err);
	if (rc != ST_OK)
		return rc;
	if (d->same.id != 0) {
		d->reply = "duplicate";
		decide_settle(d, c, FATE_DUPLICATE,
		    "the same words as remark %s", d->same.name);
		return ST_OK;
	}
	if (!decide_add_filing(d, c, consultation, text))
		return err_set(err, ST_BROKEN, "out of memory");
	d->reply = "confirm_remark";
	decide_settle(d, c, FATE_FILED, "filed");
	return ST_OK;
}

/* decide_commune - ZAPISZ and STOP with the name of a commune
 *
 * Place: beside decide_order.c.  The parsers know no communes, so for them it
 * is words; here the name has to be one of those in the store, whole.
 */
#include <stdio.h>
#include <string.h>

#include "gateway/decide_internal.h"
#include "parsers/keyword.h"

enum { ORDER_MAX = 120 }; /* longer is no order */

static struct span
without_full_stop(struct span s)
{
	s = span_trim(s);
	while (s.n > 0 && strchr(".,;!", s.p[s.n - 1]) != NULL)
		s = span_trim(span_sub(s, 0, s.n - 1));
	return s;
}

enum status
decide_commune(struct decision *d, const struct case_file *c, struct err *err)
{
	const struct parsed *m = c->mail;
	struct span text = span_trim(m->remark), name, argument;
	size_t end = span_find(text, " ");
	enum command order;
	enum status rc;

	if (m->kind != KIND_REMARK || m->n_codes > 0 || text.n > ORDER_MAX ||
	    end == text.n || c->contact->id == 0)
		return ST_OK;
	order = keyword_command(c->keywords, span_sub(text, 0, end), &argument);
	name = without_full_stop(span_from(text, end));
	if ((order != CMD_START && order != CMD_STOP) || name.n == 0)
		return ST_OK;
	rc = store_commune_find(
	    c->st, name, c->arena, &d->commune_id, &d->commune, err);
	if (rc != ST_OK || d->commune_id == 0)
		return rc;
	d->is_start = order == CMD_START;
	d->is_stop = !d->is_start;
	d->reply = d->is_start ? "subscribe_confirm" : "unsubscribe_confirm";
	decide_settle(d, c, FATE_COMMAND, "%s: meetings in %s",
	    d->is_start ? "start" : "stop", d->commune);
	return d->is_stop ? decide_stops_too(d, c, err) : ST_OK;
}

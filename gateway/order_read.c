/* order_read - a mail from staff as an order: which meetings, told what */
#include "gateway/order_read.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "gateway/import.h"
#include "gateway/store_consultation.h"
#include "parsers/code.h"
#include "parsers/text.h"

#define HOUR_MS (60LL * 60 * 1000)

enum { SEED_LENGTH = 16, WORD_SHOWN = 60 };

/* While it is read. */
struct reading {
	const struct order_source *src;
	struct order *o;
	struct order_text said;
	struct arena *arena; /* the telling's */
	struct consultation consultation; /* id 0: not named */
	const char **communes; /* named ones, as we spell them */
	size_t n_communes;
	const char *phase; /* NULL: not named */
	struct order_time time; /* starts "" : not named */
	bool is_change;
};

static struct span
value(const struct reading *r, enum order_label label)
{
	return r->said.value[label];
}

static void
put_text(json_t *to, const char *name, struct span text)
{
	if (text.n > 0)
		json_object_set_new(
		    to, name, json_stringn_nocheck(text.p, text.n));
}

/* What is missing or wrong, and the word that is meant. */
static void
complain(struct reading *r, const char *flag, struct span word)
{
	if (!r->o->is_understood)
		return; /* the first thing is enough */
	r->o->is_understood = false;
	json_object_set_new(r->o->facts, flag, json_true());
	put_text(r->o->facts, "order_word", span_sub(word, 0, WORD_SHOWN));
}

/* The lines with a label, as they were understood. */
static void
put_given(struct reading *r)
{
	json_t *list = json_array();

	for (int i = 0; i < ORDER_LABELS; i++) {
		json_t *line;

		if (r->said.names[i].n == 0)
			continue;
		line = json_object();
		put_text(line, "given_label", r->said.names[i]);
		put_text(line, "given_value",
		    r->said.value[i].n > 0 ? r->said.value[i] : SPAN("–"));
		json_array_append_new(list, line);
	}
	if (json_array_size(list) > 0)
		json_object_set_new(r->o->facts, "order_given", json_true());
	json_object_set_new(r->o->facts, "given", list);
}

/* ---- the words --------------------------------------------------------- */

/* The next of "Bojszowy, Imielin; Chełm Śląski", or of words where blanks part
 * them too. */
static bool
next_item(struct span *rest, struct span *item, bool by_blanks)
{
	do {
		size_t n = 0;

		while (n < rest->n && rest->p[n] != ',' && rest->p[n] != ';' &&
		       !(by_blanks && rest->p[n] == ' '))
			n++;
		*item = span_trim(span_sub(*rest, 0, n));
		*rest = span_from(*rest, n + 1);
	} while (item->n == 0 && rest->n > 0);
	return item->n > 0;
}

static enum status
find_code(struct reading *r, struct span word, bool *found, struct err *err)
{
	struct consultation c = { 0 };
	const char *code = arena_copy(r->arena, word).p;
	char canonical[CODE_TEXT_MAX];
	enum status rc;

	/* "bl 7m4h" too; an alias stands as it is. */
	if (code_read(canonical, word, r->src->config->code_prefix, NULL) ==
	    ST_OK)
		code = canonical;
	rc = store_consultation_find(r->src->st, code, r->arena, &c, err);

	*found = rc == ST_OK && c.id != 0;
	if (*found)
		r->consultation = c;
	return rc;
}

/* "s-10ke-bierun-2, 12" or a code, where meetings are named without a label. */
static enum status
read_meetings(struct reading *r, struct span list, struct err *err)
{
	struct span word;
	bool is_code = false;
	enum status rc = ST_OK;

	while (rc == ST_OK && next_item(&list, &word, true)) {
		struct meeting m;
		const char *name = arena_copy(r->arena, word).p;

		rc = find_code(r, word, &is_code, err);
		if (rc != ST_OK || is_code)
			continue;
		rc = store_meeting_find(r->src->st, name, r->arena, &m, err);
		if (rc == ST_OK && m.id == 0)
			complain(r, "order_unknown_meeting", word);
		else if (rc == ST_OK)
			rc = telling_add(&r->o->telling, r->src->st, name, err);
	}
	return rc;
}

static enum status
read_communes(struct reading *r, struct err *err)
{
	struct span rest = value(r, ORDER_COMMUNE), word;
	enum status rc = ST_OK;

	while (rc == ST_OK && next_item(&rest, &word, false)) {
		const char *name = NULL, **slot;
		int64_t id = 0;

		rc = store_commune_find(
		    r->src->st, word, r->arena, &id, &name, err);
		if (rc == ST_OK && id == 0)
			complain(r, "order_unknown_commune", word);
		if (rc != ST_OK || id == 0)
			continue;
		slot = arena_push(
		    r->arena, &r->communes, &r->n_communes, sizeof(*slot));
		if (slot == NULL)
			return err_set(err, ST_BROKEN, "out of memory");
		*slot = name;
	}
	return rc;
}

static enum status
read_code(struct reading *r, struct err *err)
{
	struct span word = value(r, ORDER_CODE);
	bool found = true;
	enum status rc = word.n == 0 ? ST_OK : find_code(r, word, &found, err);

	if (rc == ST_OK && !found)
		complain(r, "order_unknown_code", word);
	return rc;
}

static void
read_phase(struct reading *r)
{
	struct span word = value(r, ORDER_PHASE);

	if (word.n == 0)
		return;
	r->phase = order_words_phase(r->src->words, word);
	if (r->phase == NULL)
		complain(r, "order_unknown_phase", word);
}

static void
read_time(struct reading *r)
{
	struct span word = value(r, ORDER_TIME);

	if (word.n == 0)
		return;
	if (!order_time_read(&r->time, r->src->words, word) ||
	    (r->is_change && !r->time.has_hour) ||
	    (r->time.ends[0] != '\0' &&
		strcmp(r->time.ends, r->time.starts) <= 0))
		complain(r, "order_bad_time", word);
}

/* When it leaves; check_times() looks whether that is a time to come. */
static void
read_send_at(struct reading *r)
{
	struct span word = value(r, ORDER_SEND_AT);
	struct notice_order *order = &r->o->telling.order;
	struct order_time at;

	if (word.n == 0)
		return;
	if (!order_time_read(&at, r->src->words, word) || !at.has_hour ||
	    at.ends[0] != '\0' ||
	    import_time(&order->send_at_ms, r->src->config->timezone, at.starts,
		NULL) != ST_OK)
		complain(r, "order_bad_send_at", word);
}

static const char *
keep(struct reading *r, struct span s)
{
	return arena_copy(r->arena, s).p;
}

/* Words for the people. */
static void
read_message(struct reading *r)
{
	struct notice_order *order = &r->o->telling.order;
	struct span reason = value(r, ORDER_REASON), rest = r->said.rest;
	struct buf both = { .max = 1 << 20 };

	buf_add(&both, reason);
	if (reason.n > 0 && rest.n > 0)
		buf_char(&both, '\n');
	buf_add(&both, rest);
	if (order->kind == NOTICE_ANNOUNCEMENT)
		order->message = keep(r, buf_span(&both));
	else
		order->reason = keep(r, buf_span(&both));
	order->host = keep(r, value(r, ORDER_HOST));
	order->access = keep(r, value(r, ORDER_ACCESS));
	buf_free(&both);
}

/* ---- which meetings ---------------------------------------------------- */

static bool
is_to_come(const struct reading *r, const struct meeting *m)
{
	return m->starts_ms > r->src->now && strcmp(m->state, "held") != 0 &&
	       strcmp(m->state, "cancelled") != 0;
}

static bool
fits_commune(const struct reading *r, const struct meeting *m)
{
	for (size_t i = 0; i < r->n_communes; i++)
		if (strcmp(r->communes[i], m->commune) == 0)
			return true;
	return r->n_communes == 0;
}

/* Of a change the time is the new one, so it does not choose. */
static bool
fits_time(const struct reading *r, const struct meeting *m)
{
	char local[20];

	snprintf(local, sizeof(local), "%.10s %.5s", m->starts_local,
	    strlen(m->starts_local) >= 16 ? m->starts_local + 11 : "");
	return r->is_change || r->time.starts[0] == '\0' ||
	       strncmp(local, r->time.starts, strlen(r->time.starts)) == 0;
}

/* The meetings of the consultation that fit; with `*elsewhen` one that fits but
 * for its time. */
static enum status
choose(struct reading *r, struct meeting *elsewhen, struct err *err)
{
	struct meeting *all;
	size_t n;
	enum status rc = store_meeting_all(
	    r->src->st, r->consultation.id, r->arena, &all, &n, err);

	*elsewhen = (struct meeting){ 0 };
	for (size_t i = 0; i < n && rc == ST_OK; i++) {
		if (!is_to_come(r, &all[i]) || !fits_commune(r, &all[i]) ||
		    (r->phase != NULL && strcmp(all[i].phase, r->phase) != 0))
			continue;
		if (fits_time(r, &all[i]))
			rc = telling_add(
			    &r->o->telling, r->src->st, all[i].uid, err);
		else
			*elsewhen = all[i];
	}
	return rc;
}

/* "Ośrodek Kultury, ul. Ćwiczebna 3": the hall, and where it is. */
static void
part_place(struct reading *r, const char **venue, const char **address)
{
	struct span place = value(r, ORDER_PLACE);
	size_t comma = span_find(place, ",");

	*venue = keep(r, span_trim(span_sub(place, 0, comma)));
	*address = keep(r, span_trim(span_from(place, comma + 1)));
}

/* A meeting that nobody has entered yet: everything about it must be said. */
static enum status
make_meeting(struct reading *r, struct err *err)
{
	struct meeting *m = &r->o->telling.meetings[0];
	const struct config *config = r->src->config;
	struct buf b = { .max = 400 };
	enum status rc;

	if (r->n_communes == 0)
		complain(r, "order_no_commune", span_of(NULL));
	else if (r->n_communes > 1)
		complain(r, "order_no_match", span_of(NULL));
	else if (!r->time.has_hour)
		complain(r, "order_no_time", span_of(NULL));
	else if (value(r, ORDER_PLACE).n == 0)
		complain(r, "order_no_place", span_of(NULL));
	if (!r->o->is_understood)
		return ST_OK;
	*m = (struct meeting){ .code = r->consultation.code,
		.consultation_id = r->consultation.id,
		.commune = r->communes[0],
		.phase = r->phase != NULL ? r->phase : r->consultation.phase,
		.state = "planned",
		.timezone = config->timezone };
	buf_printf(&b, "spotkanie-%.*s@%s", SEED_LENGTH, r->src->seed,
	    config_office(config, "domain"));
	m->uid = keep(r, buf_span(&b));
	buf_reset(&b);
	buf_printf(&b, "s-%.8s", r->src->seed);
	m->key = keep(r, buf_span(&b));
	buf_free(&b);
	part_place(r, &m->venue, &m->address);
	rc = import_time(&m->starts_ms, m->timezone, r->time.starts, err);
	if (rc == ST_OK && r->time.ends[0] != '\0')
		rc = import_time(&m->ends_ms, m->timezone, r->time.ends, err);
	else
		m->ends_ms = m->starts_ms + 2 * HOUR_MS;
	if (rc != ST_OK || m->starts_ms <= r->src->now ||
	    m->ends_ms <= m->starts_ms) {
		complain(r, "order_bad_time", value(r, ORDER_TIME));
		return ST_OK;
	}
	m->starts_local = import_local(r->arena, m->timezone, m->starts_ms);
	m->ends_local = import_local(r->arena, m->timezone, m->ends_ms);
	r->o->is_new = true;
	r->o->telling.order.n = 1;
	return ST_OK;
}

static enum status
find_meetings(struct reading *r, struct err *err)
{
	struct telling *t = &r->o->telling;
	struct meeting elsewhen = { 0 };
	enum status rc;

	if (t->order.n > 0)
		return ST_OK;
	if (r->consultation.id == 0) {
		complain(r, "order_no_meeting", span_of(NULL));
		return ST_OK;
	}
	rc = choose(r, &elsewhen, err);
	if (rc != ST_OK || t->order.n > 0)
		return rc;
	if (elsewhen.id != 0) {
		complain(
		    r, "order_time_differs", span_of(elsewhen.starts_local));
		put_text(r->o->facts, "order_key", span_of(elsewhen.key));
		return ST_OK;
	}
	if (t->order.kind == NOTICE_ANNOUNCEMENT)
		return make_meeting(r, err);
	complain(r, "order_no_match", span_of(NULL));
	return ST_OK;
}

/* ---- what becomes of them ---------------------------------------------- */

/* Can people still be told that? */
static void
check_meetings(struct reading *r)
{
	struct telling *t = &r->o->telling;
	struct buf keys = { .max = 2000 };

	for (size_t i = 0; i < t->order.n; i++)
		buf_printf(&keys, "%s%s (%.10s %.5s)", i > 0 ? ", " : "",
		    t->meetings[i].key, t->meetings[i].starts_local,
		    strlen(t->meetings[i].starts_local) >= 16
			? t->meetings[i].starts_local + 11
			: "");
	if (t->order.n > 1 && t->order.kind != NOTICE_ANNOUNCEMENT)
		complain(r, "order_several", buf_span(&keys));
	for (size_t i = 0; i < t->order.n; i++)
		if (!is_to_come(r, &t->meetings[i]))
			complain(r,
			    strcmp(t->meetings[i].state, "cancelled") == 0
				? "order_is_cancelled"
				: "order_is_over",
			    span_of(t->meetings[i].key));
	buf_free(&keys);
}

/* What else is said of a meeting that was named must be true of it: one of the
 * two is a slip, and the people of the wrong commune would be told. */
static void
check_named(struct reading *r)
{
	struct telling *t = &r->o->telling;

	for (size_t i = 0; i < t->order.n && !r->o->is_new; i++) {
		const struct meeting *m = &t->meetings[i];
		struct span wrong = { NULL, 0 };

		if (r->consultation.id != 0 &&
		    m->consultation_id != r->consultation.id)
			wrong = span_of(r->consultation.code);
		else if (!fits_commune(r, m))
			wrong = value(r, ORDER_COMMUNE);
		else if (r->phase != NULL && strcmp(m->phase, r->phase) != 0)
			wrong = value(r, ORDER_PHASE);
		else if (!fits_time(r, m))
			wrong = value(r, ORDER_TIME);
		if (wrong.n == 0)
			continue;
		complain(r, "order_contradicts", wrong);
		put_text(r->o->facts, "order_key", span_of(m->key));
		return;
	}
}

static bool
is_same_place(const struct reading *r, const struct meeting *m,
    const char *venue, const char *address)
{
	struct buf was = { .max = 4000 }, is = was;
	bool same;

	buf_printf(&was, "%s, %s", m->venue, m->address);
	buf_printf(&is, "%s, %s", venue, address);
	same = span_eq(text_fold_copy(r->arena, buf_span(&was)),
	    text_fold_copy(r->arena, buf_span(&is)));
	buf_free(&was);
	buf_free(&is);
	return same;
}

/* A place that is said with an announcement: it must be the meeting's, or the
 * meeting one that nobody has been told of. */
static void
settle_place(struct reading *r)
{
	struct telling *t = &r->o->telling;
	const char *venue, *address;

	part_place(r, &venue, &address);
	if (value(r, ORDER_PLACE).n == 0 || r->o->is_new)
		return;
	for (size_t i = 0; i < t->order.n; i++) {
		struct meeting *m = &t->meetings[i];

		if (is_same_place(r, m, venue, address))
			continue;
		if (t->order.n > 1 || strcmp(m->state, "planned") != 0) {
			complain(r, "order_place_differs", span_of(m->key));
			return;
		}
		m->venue = venue;
		m->address = address;
		r->o->is_moved = true;
	}
}

static enum status
settle_change(struct reading *r, struct err *err)
{
	struct telling_change change = { 0 };
	struct telling *t = &r->o->telling;
	enum status rc;

	if (r->time.starts[0] != '\0')
		change.starts = r->time.starts;
	if (r->time.ends[0] != '\0')
		change.ends = r->time.ends;
	if (value(r, ORDER_PLACE).n > 0)
		part_place(r, &change.venue, &change.address);
	rc = telling_change(t, &change, err);
	if (rc == ST_REJECT)
		complain(r, "order_bad_time", value(r, ORDER_TIME));
	if (rc != ST_OK)
		return rc == ST_REJECT ? ST_OK : rc;
	if (t->meetings[0].starts_ms == t->seen[0].starts_ms &&
	    t->meetings[0].ends_ms == t->seen[0].ends_ms &&
	    is_same_place(
		r, &t->seen[0], t->meetings[0].venue, t->meetings[0].address))
		complain(
		    r, "order_nothing_changes", span_of(t->meetings[0].key));
	return ST_OK;
}

static void
check_times(struct reading *r)
{
	const struct meeting *m;

	switch (telling_flaw(&r->o->telling, &m)) {
	case TELLING_FITS:
		break;
	case TELLING_SEND_OVER:
		complain(r, "order_bad_send_at", value(r, ORDER_SEND_AT));
		break;
	case TELLING_SEND_LATE:
		complain(r, "order_late_send_at", value(r, ORDER_SEND_AT));
		break;
	case TELLING_CHANGE_OVER:
	case TELLING_ENDS_EARLY:
		complain(r, "order_bad_time", value(r, ORDER_TIME));
		break;
	}
}

static enum status
settle(struct reading *r, struct err *err)
{
	struct telling *t = &r->o->telling;
	enum status rc = telling_check(t, err);

	if (rc != ST_OK)
		return rc;
	if (t->order.kind == NOTICE_ANNOUNCEMENT)
		settle_place(r);
	else if (t->order.kind == NOTICE_CANCELLATION)
		telling_cancel(t);
	else
		rc = settle_change(r, err);
	if (rc == ST_OK)
		check_times(r);
	return rc;
}

static enum notice_kind
kind_of(const char *verb)
{
	return strcmp(verb, "announce") == 0 ? NOTICE_ANNOUNCEMENT
	       : strcmp(verb, "change") == 0 ? NOTICE_CHANGE
					     : NOTICE_CANCELLATION;
}

static enum status
read_words(struct reading *r, struct err *err)
{
	enum status rc;

	if (!order_text_read(&r->said, r->arena, r->src->words, r->src->text))
		return err_set(err, ST_BROKEN, "out of memory");
	put_given(r);
	if (r->said.is_repeated)
		complain(r, "order_repeated", span_of(NULL));
	if (r->said.unknown.n > 0)
		complain(r, "order_unknown_label", r->said.unknown);
	rc = read_meetings(r, r->said.lead, err);
	if (rc == ST_OK)
		rc = read_meetings(r, value(r, ORDER_MEETING), err);
	if (rc == ST_OK)
		rc = read_code(r, err);
	if (rc == ST_OK)
		rc = read_communes(r, err);
	read_phase(r);
	read_time(r);
	read_send_at(r);
	read_message(r);
	return rc;
}

enum status
order_read(struct order *out, const struct order_source *src, struct err *err)
{
	struct reading r = { .src = src,
		.o = out,
		.is_change = kind_of(src->verb) == NOTICE_CHANGE };
	enum status rc;

	*out = (struct order){ .is_understood = true, .facts = json_object() };
	if (out->facts == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	r.arena = &out->telling.arena;
	out->telling.order = (struct notice_order){ .config = src->config,
		.keys = src->keys,
		.kind = kind_of(src->verb),
		.now = src->now,
		.send_at_ms = src->now };
	rc = read_words(&r, err);
	if (rc == ST_OK && out->is_understood)
		rc = find_meetings(&r, err);
	if (rc == ST_OK && out->is_understood)
		check_meetings(&r);
	if (rc == ST_OK && out->is_understood)
		check_named(&r);
	if (rc == ST_OK && out->is_understood)
		rc = settle(&r, err);
	return rc;
}

void
order_free(struct order *o)
{
	json_decref(o->facts);
	telling_free(&o->telling);
	*o = (struct order){ 0 };
}

enum status
order_add_meeting(struct order *o, struct store *st, struct err *err)
{
	enum status rc;

	if (!o->is_new)
		return ST_OK;
	rc = store_meeting_put(st, &o->telling.meetings[0], err);
	o->telling.seen[0] = o->telling.meetings[0];
	return rc;
}

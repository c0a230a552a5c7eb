/* notice - one sending to many: who gets it, what it says, and its rows */
#include "gateway/notice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/invite.h"
#include "gateway/quiet.h"
#include "gateway/reply.h"

enum {
	TEXTS_MAX = 2000,
	CHUNK_MS = 400, /* that a transaction takes while others wait */
	TOGETHER = 2000, /* rows that one statement adds */
	SWEPT = 5000, /* rows that are taken off the queue in one */
};

static const char *const templates[NOTICE_KIND_COUNT] = {
	[NOTICE_ANNOUNCEMENT] = "meeting_announcement",
	[NOTICE_CHANGE] = "meeting_changed",
	[NOTICE_CANCELLATION] = "meeting_cancelled",
	[NOTICE_REMINDER] = "meeting_reminder",
};

/* ---- who --------------------------------------------------------------- */

/* When a row leaves: "tomorrow" is said as of then. */
static int64_t
leaves_ms(const struct notice_order *order, enum channel channel)
{
	int64_t due =
	    order->send_at_ms > order->now ? order->send_at_ms : order->now;
	int64_t quiet = channel == CHANNEL_SMS
			    ? quiet_until(order->config->quiet_hours,
				  order->config->timezone, due)
			    : 0;

	return quiet != 0 ? quiet : due;
}

static bool
is_left_out(struct notice_plan *plan, const struct notice_order *order,
    size_t meeting, const struct listener *l)
{
	bool is_news =
	    order->kind == NOTICE_CHANGE || order->kind == NOTICE_CANCELLATION;

	/* Who will come must hear of a change, whatever else they want. */
	if (l->is_stopped && !(is_news && l->comes))
		plan->stopped++;
	else if (l->is_bounced)
		plan->bounced++;
	else if (l->is_resting)
		plan->resting++;
	else if (l->is_told)
		plan->told++;
	/* The quiet hours end when it has begun. */
	else if (notice_is_late(order->kind, &order->meetings[meeting],
		     leaves_ms(order, l->channel)))
		plan->late++;
	else
		return false;
	return true;
}

static struct notice_target *
add_target(struct notice_plan *plan, const struct notice_order *order,
    const struct listener *l, size_t *from)
{
	struct notice_target *t;

	while (*from < plan->n_targets &&
	       plan->targets[*from].contact_id < l->contact_id)
		(*from)++;
	if (*from < plan->n_targets &&
	    plan->targets[*from].contact_id == l->contact_id)
		return &plan->targets[*from];
	t = arena_push(
	    &plan->arena, &plan->targets, &plan->n_targets, sizeof(*t));
	if (t == NULL)
		return NULL;
	*t = (struct notice_target){ .contact_id = l->contact_id,
		.channel = l->channel,
		.address = l->address,
		.knows = l->knows,
		.language = l->language[0] != '\0' ? l->language
						   : order->config->language };
	return t;
}

static int
by_contact(const void *x, const void *y)
{
	const struct notice_target *a = x, *b = y;

	return a->contact_id < b->contact_id ? -1
					     : a->contact_id > b->contact_id;
}

/* Would a mail be read in time, whether the meeting comes sooner now or was to
 * be sooner? */
static bool
is_late(const struct notice_order *order)
{
	int64_t starts = order->meetings->starts_ms;
	int64_t left = starts - leaves_ms(order, CHANNEL_MAIL);

	if (order->before != NULL && order->before->starts_ms < starts)
		left -= starts - order->before->starts_ms;
	return left > 0 && left < order->config->late_change_ms;
}

/* Everybody for one meeting of the order. */
static enum status
gather(struct notice_plan *plan, struct store *st,
    const struct notice_order *order, size_t meeting, struct err *err)
{
	struct audience who = { &order->meetings[meeting], order->kind,
		order->told_before_ms, is_late(order), order->now };
	size_t n, from = 0, sorted = plan->n_targets;
	struct listener *all;
	enum status rc =
	    store_notice_listeners(st, &who, &plan->arena, &all, &n, err);

	for (size_t i = 0; i < n && rc == ST_OK; i++) {
		struct notice_target *t;

		if (is_left_out(plan, order, meeting, &all[i]))
			continue;
		t = add_target(plan, order, &all[i], &from);
		if (t == NULL)
			return err_set(err, ST_BROKEN, "out of memory");
		t->meetings |= 1u << meeting;
		plan->by_meeting[meeting][t->channel == CHANNEL_SMS]++;
	}
	if (rc == ST_OK && sorted > 0)
		qsort(plan->targets, plan->n_targets, sizeof(*plan->targets),
		    by_contact);
	return rc;
}

/* ---- what -------------------------------------------------------------- */

static void
describe_place(struct buf *out, const struct meeting *m)
{
	buf_str(out, m->venue);
	if (m->venue[0] != '\0' && m->address[0] != '\0')
		buf_str(out, ", ");
	buf_str(out, m->address);
}

/* The calendar of one meeting; notices of several carry none, since a calendar
 * program takes one at a time, and a reminder none, since it has it. */
static enum status
make_calendar(struct notice_wording *w, struct notice_plan *plan,
    const struct notice_order *order, const struct meeting *m,
    const char *title, struct err *err)
{
	struct buf out = { .max = 256 << 10 }, summary = { .max = 4000 };
	struct buf place = { .max = 64 << 10 };
	struct invite in = { .is_cancelled = order->kind == NOTICE_CANCELLATION,
		.uid = m->uid,
		.sequence = m->sequence,
		.stamp_ms = order->now,
		.starts_ms = m->starts_ms,
		.ends_ms = m->ends_ms,
		.timezone = m->timezone,
		.description = title };
	enum status rc;

	buf_printf(&summary, "%s – %s", m->code, m->commune);
	describe_place(&place, m);
	in.summary = buf_cstr(&summary);
	in.location = buf_cstr(&place);
	rc = buf_status(&place, "the place of the meeting", err);
	if (rc == ST_OK)
		rc = invite_make(&out, &in, err);
	w->calendar = arena_copy(&plan->arena, buf_span(&out)).p;
	w->method = invite_method(&in);
	buf_free(&out);
	buf_free(&summary);
	buf_free(&place);
	return rc;
}

/* Does it say what nobody need hear who comes later? */
static bool
is_first(const struct notice_order *order)
{
	return order->kind == NOTICE_ANNOUNCEMENT ||
	       order->kind == NOTICE_REMINDER;
}

/* What wordings are made from. */
struct wording_case {
	struct store *st;
	struct notice_plan *plan;
	const struct notice_order *order;
	const struct consultation *all;
	size_t n_all;
};

/* The only meeting of a wording, as it is now. */
static const struct meeting *
meeting_of(const struct notice_order *order, const struct notice_wording *w)
{
	size_t i = 0;

	while (i + 1 < order->n && (w->meetings & (1u << i)) == 0)
		i++;
	return &order->meetings[i];
}

/* What changes, and what does not take place, is said of the meeting as these
 * people know it: what was to tell them of a change since may not have left. */
static enum status
speak_of_known(struct meeting *told, struct reply *reply,
    const struct notice_wording *w, struct wording_case *of, struct err *err)
{
	const struct notice_order *order = of->order;
	struct meeting *known;

	if (w->knows < 0 || is_first(order))
		return ST_OK;
	known = arena_alloc(&of->plan->arena, sizeof(*known));
	if (known == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	if (order->kind == NOTICE_CANCELLATION)
		return store_meeting_as_of(
		    told, of->st, w->knows, &of->plan->arena, err);
	*known = *order->before;
	reply->before = known;
	return store_meeting_as_of(
	    known, of->st, w->knows, &of->plan->arena, err);
}

static enum status
render_wording(
    struct notice_wording *w, struct wording_case *of, struct err *err)
{
	struct notice_plan *plan = of->plan;
	const struct notice_order *order = of->order;
	const struct consultation *all = of->all;
	size_t n_all = of->n_all;
	struct meeting *told =
	    arena_alloc(&plan->arena, NOTICE_MEETINGS_MAX * sizeof(*told));
	struct inbound to = { .channel = w->channel,
		.language = w->language,
		.source = "",
		.from = "",
		.code_seen = "",
		.remark = "" };
	struct reply reply = { .template_name = templates[order->kind],
		.inbound = &to,
		.all = all,
		.n_all = n_all,
		.now = leaves_ms(order, w->channel),
		.meeting = told,
		.before = order->before,
		.reason = order->reason,
		.message = order->message,
		.host = order->host,
		.access = order->access,
		.reply_address = REPLY_ADDRESS_MARK };
	enum status rc;

	if (told == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	for (size_t i = 0; i < order->n; i++)
		if (w->meetings & (1u << i))
			told[reply.n_meetings++] = order->meetings[i];
	for (size_t i = 0; i < n_all; i++)
		if (all[i].id == told->consultation_id)
			reply.consultation = &all[i];
	rc = speak_of_known(told, &reply, w, of, err);
	if (rc == ST_OK)
		rc = reply_words(
		    &w->words, &plan->arena, order->config, &reply, err);
	w->calendar = w->method = "";
	if (rc == ST_OK && w->channel == CHANNEL_MAIL &&
	    reply.n_meetings == 1 && order->kind != NOTICE_REMINDER)
		rc = make_calendar(w, plan, order, meeting_of(order, w),
		    reply.consultation != NULL ? reply.consultation->title : "",
		    err);
	return rc;
}

/* The wording for a recipient, added when it is the first of its kind. */
static struct notice_wording *
find_wording(struct notice_plan *plan, struct notice_target *t)
{
	struct notice_wording *w;

	for (size_t i = 0; i < plan->n_texts; i++) {
		w = &plan->texts[i];
		t->text = i;
		if (w->channel == t->channel && w->meetings == t->meetings &&
		    w->knows == t->knows &&
		    strcmp(w->language, t->language) == 0)
			return w;
	}
	if (plan->n_texts == TEXTS_MAX)
		return NULL;
	t->text = plan->n_texts;
	w = arena_push(&plan->arena, &plan->texts, &plan->n_texts, sizeof(*w));
	if (w != NULL)
		*w = (struct notice_wording){ .channel = t->channel,
			.language = t->language,
			.meetings = t->meetings,
			.knows = t->knows };
	return w;
}

enum status
notice_plan_make(struct notice_plan *plan, struct store *st,
    const struct notice_order *order, struct err *err)
{
	struct wording_case of = { .st = st, .plan = plan, .order = order };
	struct consultation *all = NULL;
	enum status rc;

	*plan = (struct notice_plan){ 0 };
	rc = store_consultation_all(st, &plan->arena, &all, &of.n_all, err);
	of.all = all;
	for (size_t i = 0; i < order->n && rc == ST_OK; i++)
		rc = gather(plan, st, order, i, err);
	for (size_t i = 0; i < plan->n_targets && rc == ST_OK; i++) {
		struct notice_target *t = &plan->targets[i];
		struct notice_wording *w = find_wording(plan, t);

		if (w == NULL)
			return err_set(err, ST_LIMIT,
			    "the notice would need more than %d wordings; "
			    "announce fewer meetings at once",
			    TEXTS_MAX);
		if (w->recipients++ == 0)
			rc = render_wording(w, &of, err);
		*(t->channel == CHANNEL_SMS ? &plan->sms : &plan->mails) += 1;
		plan->segments += w->words.segments;
	}
	return rc;
}

void
notice_plan_free(struct notice_plan *plan)
{
	arena_free(&plan->arena);
	*plan = (struct notice_plan){ 0 };
}

/* ---- its rows ---------------------------------------------------------- */

static enum status
freeze_texts(
    struct notice_plan *plan, struct store *st, int64_t id, struct err *err)
{
	enum status rc = ST_OK;

	for (size_t i = 0; i < plan->n_texts && rc == ST_OK; i++) {
		struct notice_wording *w = &plan->texts[i];
		struct notice_text text = { .notice_id = id,
			.subject = w->words.subject,
			.body = w->words.body,
			.html = w->words.html,
			.calendar = w->calendar,
			.method = w->method };

		rc = store_notice_text_add(st, &text, err);
		w->text_id = text.id;
	}
	return rc;
}

/* The row that all of a wording have in common. */
static struct outbox
common_row(const struct notice_order *order, const struct notice_wording *w,
    int64_t id)
{
	struct outbox row = { .channel = w->channel,
		.template_name = templates[order->kind],
		.language = w->language,
		.due_ms = order->send_at_ms,
		.created_ms = order->now,
		.segments = w->words.segments,
		.notice_id = id,
		.notice_text_id = w->text_id };

	for (size_t i = 0; i < order->n && row.consultation_id == 0; i++)
		if (w->meetings & (1u << i))
			row.consultation_id =
			    order->meetings[i].consultation_id;
	return row;
}

/* Who they are, and a token for each. */
static enum status
name_them(struct buf *contacts, struct buf *tokens, const struct keys *keys,
    const struct notice_target *targets, size_t n, struct err *err)
{
	char token[TOKEN_SIZE];
	enum status rc = ST_OK;

	for (size_t i = 0; i < n && rc == ST_OK; i++) {
		buf_printf(contacts, "%c%lld", i == 0 ? '[' : ',',
		    (long long)targets[i].contact_id);
		rc = token_make(token, keys, err);
		buf_str(tokens, token);
	}
	buf_char(contacts, ']');
	if (rc == ST_OK)
		rc = buf_status(contacts, "the recipients", err);
	return rc == ST_OK ? buf_status(tokens, "the tokens", err) : rc;
}

/* A notice whose rows are being written. */
struct writing {
	struct store *st;
	const struct notice_order *order;
	struct notice_plan *plan;
	int64_t id;
};

/* Rows for `n` targets of the same wording. */
static enum status
add_rows(const struct writing *to, const struct notice_target *targets,
    size_t n, struct err *err)
{
	const struct notice_order *order = to->order;
	const struct notice_wording *w = &to->plan->texts[targets[0].text];
	struct buf contacts = { .max = (n + 1) * 24 };
	struct buf tokens = { .max = (n + 1) * TOKEN_SIZE };
	struct outbox row = common_row(order, w, to->id);
	int position = 0;
	int64_t after = 0;
	enum status rc =
	    name_them(&contacts, &tokens, order->keys, targets, n, err);

	if (rc == ST_OK)
		rc = store_notice_rows_add(to->st, &row,
		    &(struct notice_rows){ .contacts = buf_cstr(&contacts),
			.tokens = buf_span(&tokens),
			.token_length = tokens.n / n,
			.domain = config_office(order->config, "domain") },
		    &after, err);
	for (size_t i = 0; i < order->n && rc == ST_OK; i++)
		if (w->meetings & (1u << i))
			rc = store_notice_rows_tell(to->st, after, ++position,
			    &order->meetings[i], order->kind, err);
	buf_free(&contacts);
	buf_free(&tokens);
	return rc;
}

enum status
notice_sweep(struct store *st, struct err *err)
{
	int64_t rows = 0;
	enum status rc;

	do {
		rc = store_begin(st, err);
		if (rc != ST_OK)
			return rc;
		rc = store_end(
		    st, store_notice_sweep(st, SWEPT, &rows, err), err);
	} while (rc == ST_OK && rows > 0);
	return rc;
}

/* While the plan was looked at, notices went on leaving: whom they reached
 * since must hear of the change too. */
static enum status
add_late(const struct writing *w, struct err *err)
{
	const struct notice_plan *plan = w->plan;
	struct notice_plan now;
	struct writing late = *w;
	enum status rc;

	if (is_first(w->order))
		return store_notice_spare(w->st, w->id, w->order->now, err);
	late.plan = &now;
	rc = notice_plan_make(&now, w->st, w->order, err);
	if (rc == ST_OK)
		rc = freeze_texts(&now, w->st, w->id, err);
	for (size_t i = 0; i < now.n_targets && rc == ST_OK; i++)
		if (plan->n_targets == 0 ||
		    bsearch(&now.targets[i], plan->targets, plan->n_targets,
			sizeof(*plan->targets), by_contact) == NULL)
			rc = add_rows(&late, &now.targets[i], 1, err);
	notice_plan_free(&now);
	return rc;
}

static int
by_text(const void *x, const void *y)
{
	const struct notice_target *a = x, *b = y;

	if (a->text != b->text)
		return a->text < b->text ? -1 : 1;
	return by_contact(x, y);
}

/* How many of the next targets have one wording and fit into one statement. */
static size_t
count_alike(const struct notice_plan *plan, size_t from)
{
	size_t n = 1;

	while (n < TOGETHER && from + n < plan->n_targets &&
	       plan->targets[from + n].text == plan->targets[from].text)
		n++;
	return n;
}

static enum status
write_rows(
    const struct writing *w, const struct notice_hooks *hooks, struct err *err)
{
	struct notice_plan *plan = w->plan;
	enum status rc = ST_OK;
	size_t done = 0;

	if (plan->n_targets > 0)
		qsort(plan->targets, plan->n_targets, sizeof(*plan->targets),
		    by_text);
	while (rc == ST_OK && done < plan->n_targets) {
		int64_t began;

		rc = store_begin(w->st, err);
		if (rc != ST_OK)
			return rc;
		began = clock_ticks();
		while (rc == ST_OK && done < plan->n_targets &&
		       clock_ticks() - began < CHUNK_MS) {
			size_t n = count_alike(plan, done);

			rc = add_rows(w, &plan->targets[done], n, err);
			done += n;
		}
		rc = store_end(w->st, rc, err);
		if (rc == ST_OK && hooks->progress != NULL)
			hooks->progress(hooks->arg, done, plan->n_targets);
	}
	if (plan->n_targets > 0)
		qsort(plan->targets, plan->n_targets, sizeof(*plan->targets),
		    by_contact);
	return rc;
}

enum status
notice_write(struct store *st, const struct notice_order *order,
    struct notice_plan *plan, int64_t *id, const struct notice_hooks *hooks,
    struct err *err)
{
	struct writing w = { .st = st, .order = order, .plan = plan };
	struct notice n = { .kind = order->kind,
		.who = order->who,
		.reason = order->reason,
		.created_ms = order->now,
		.send_at_ms = order->send_at_ms };
	enum status rc = store_begin(st, err);

	*id = 0;
	if (rc != ST_OK)
		return rc;
	if (plan->n_targets == 0 && is_first(order))
		return store_end(st, hooks->settle(hooks->arg, st, err), err);
	rc = store_notice_add(st, &n, err);
	*id = w.id = n.id;
	for (size_t i = 0; i < order->n && rc == ST_OK; i++)
		rc = store_notice_tells(st, n.id, order->meetings[i].id, err);
	if (rc == ST_OK)
		rc = freeze_texts(plan, st, n.id, err);
	rc = store_end(st, rc, err);
	if (rc == ST_OK)
		rc = write_rows(&w, hooks, err);
	if (rc == ST_OK)
		rc = store_begin(st, err);
	if (rc != ST_OK)
		return rc;
	rc = hooks->settle(hooks->arg, st, err);
	if (rc == ST_OK)
		rc = add_late(&w, err);
	if (rc == ST_OK)
		rc = store_notice_start(st, n.id, err);
	return store_end(st, rc, err);
}

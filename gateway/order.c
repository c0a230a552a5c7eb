/* order - a notice that staff order by mail, on its way to being sent */
#include "gateway/order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/log.h"
#include "gateway/order_facts.h"
#include "gateway/reply.h"
#include "gateway/store_chain.h"
#include "gateway/store_outbox.h"
#include "parsers/order_verb.h"

#define HOUR_MS (60LL * 60 * 1000)

enum { ALERTS_PER_HOUR = 5 };

static const char preview_template[] = "staff_broadcast_preview";
static const char answer_template[] = "staff_order_answer";
static const char refusal_template[] = "staff_rejected";
static const char alert_template[] = "staff_held";

/* ---- mails ------------------------------------------------------------- */

/* The number of the order that the mail is about: an answer to it is, too. */
static const char *
order_of(struct arena *a, const json_t *data)
{
	const char *id = json_string_value(json_object_get(data, "job_id"));

	return id == NULL ? "" : arena_copy(a, span_of(id)).p;
}

enum status
order_mail(const struct order_desk *desk, const char *address,
    const char *template_name, json_t *data, const struct inbound *in,
    int64_t *id, struct err *err)
{
	struct outbox row = { .channel = CHANNEL_MAIL,
		.to = address,
		.via = "",
		.template_name = template_name,
		.state = OUTBOX_QUEUED,
		.created_ms = desk->now,
		.due_ms = desk->now,
		.inbound_id = in == NULL ? 0 : in->id };
	enum status rc;

	if (data == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	rc = reply_render_own(
	    &row, desk->arena, desk->config, desk->keys, data, err);
	row.question = order_of(desk->arena, data);
	if (rc == ST_OK && in != NULL)
		reply_thread(&row, desk->arena, in);
	if (rc == ST_OK)
		rc = store_outbox_add(desk->st, &row, err);
	if (id != NULL)
		*id = row.id;
	json_decref(data);
	return rc;
}

static json_t *
named(const struct order_desk *desk, const struct staff_order *order)
{
	json_t *data = json_object();

	order_name_facts(data, desk->config, order);
	return data;
}

static json_t *
flagged(json_t *data, const char *flag)
{
	json_object_set_new(data, flag, json_true());
	return data;
}

/* What sends nothing is answered a few times an hour: two programs that answer
 * each other must come to an end.  The journal has the rest. */
static enum status
say_no(const struct order_desk *desk, const struct staff_mail *s,
    const char *template_name, json_t *data, const struct inbound *in,
    struct err *err)
{
	int64_t n = 0;
	enum status rc = store_order_mails(desk->st, s->who->address,
	    template_name, desk->now - HOUR_MS, &n, err);

	if (rc != ST_OK || n >= desk->config->replies_per_contact_hour) {
		json_decref(data);
		return rc;
	}
	return order_mail(
	    desk, s->who->address, template_name, data, in, NULL, err);
}

/* Refused, and why: `data` (stolen) has the order's facts, where there is one. */
static enum status
refuse(const struct order_desk *desk, const struct staff_mail *s, json_t *data,
    const struct inbound *in, struct err *err)
{
	json_object_set_new(data, "valid_hours",
	    json_sprintf("%lld",
		(long long)((desk->config->order_valid_ms + HOUR_MS - 1) /
			    HOUR_MS)));
	return say_no(desk, s, refusal_template, data, in, err);
}

/* The administrator is told, a few times an hour at most; the message itself
 * waits in `inbound list`. */
static enum status
report(const struct order_desk *desk, const struct staff_mail *s,
    const struct inbound *in, struct err *err)
{
	json_t *data;
	int64_t n = 0;
	enum status rc;

	log_line(LOG_WARN_, "order held msg=%lld why=\"%s\"", (long long)in->id,
	    s->flag);
	if (desk->config->alert_mail[0] == '\0')
		return ST_OK;
	rc = store_outbox_count(
	    desk->st, 0, alert_template, NULL, desk->now - HOUR_MS, &n, err);
	if (rc != ST_OK || n >= ALERTS_PER_HOUR)
		return rc;
	data = json_object();
	json_object_set_new(
	    data, "msg_id", json_sprintf("%lld", (long long)in->id));
	return order_mail(desk, desk->config->alert_mail, alert_template,
	    flagged(data, s->flag), NULL, NULL, err);
}

/* ---- states ------------------------------------------------------------ */

enum status
order_move(const struct order_desk *desk, struct staff_order *order,
    enum order_state state, const char *who, struct err *err)
{
	char subject[48], what[40], before[80], after[200];
	enum status rc;

	snprintf(subject, sizeof(subject), "order %lld", (long long)order->id);
	snprintf(what, sizeof(what), "order %s", order_state_name(state));
	snprintf(before, sizeof(before), "{\"state\":\"%s\"}",
	    order_state_name(order->state));
	snprintf(after, sizeof(after),
	    "{\"state\":\"%s\",\"content\":\"%.64s\",\"notice\":%lld}",
	    order_state_name(state), order->content,
	    (long long)order->notice_id);
	if (order->state != state)
		order->changed_ms = desk->now;
	order->state = state;
	rc = store_order_put(desk->st, order, err);
	return rc == ST_OK ? store_audit(desk->st,
				 &(struct audit){ .at_ms = desk->now,
				     .who = who,
				     .what = what,
				     .subject = subject,
				     .before = before,
				     .after = after },
				 err)
			   : rc;
}

/* ---- taking an order --------------------------------------------------- */

enum status
order_plan(struct notice_plan *plan, char content[SHA256_HEX],
    const struct order_desk *desk, struct order *o, struct err *err)
{
	enum status rc = store_trial_begin(desk->st, err), end;

	*plan = (struct notice_plan){ 0 };
	if (rc != ST_OK)
		return rc;
	rc = order_add_meeting(o, desk->st, err);
	if (rc == ST_OK)
		rc = telling_check_mixed(&o->telling, desk->st, err);
	if (rc == ST_OK)
		rc = notice_plan_make(plan, desk->st, &o->telling.order, err);
	if (rc == ST_OK)
		order_content(content, o, plan);
	end = store_trial_end(desk->st, err);
	return rc == ST_OK ? end : rc;
}

/* Files that came with the order go to nobody: its author must know. */
static enum status
add_attachments(const struct order_desk *desk, const struct staff_order *order,
    json_t *data, struct err *err)
{
	struct inbound_attachment *list;
	size_t n = 0;
	enum status rc = store_inbound_attachments(
	    desk->st, order->inbound_id, desk->arena, &list, &n, err);

	for (size_t i = 0; i < n && rc == ST_OK; i++)
		if (!list[i].in_signature)
			flagged(data, "has_attachments");
	return rc;
}

/* Owes that member of staff the preview, with a PIN of their own. */
static enum status
show(const struct order_desk *desk, const struct staff_order *order,
    const char *address, const struct order *o, const struct notice_plan *plan,
    bool is_again, const struct inbound *in, struct err *err)
{
	json_t *data = named(desk, order);
	struct staff_preview p = { .order_id = order->id,
		.address = address,
		.content = order->content };
	enum status rc;

	order_plan_facts(data, o, plan, order->until_ms);
	json_object_update(data, o->facts);
	if (desk->config->order_two_persons)
		flagged(data, "needs_two");
	if (strcmp(address, order->address) != 0)
		flagged(data, "is_second");
	if (is_again)
		flagged(data, "is_again");
	rc = add_attachments(desk, order, data, err);
	if (rc != ST_OK) {
		json_decref(data);
		return rc;
	}
	rc = order_mail(
	    desk, address, preview_template, data, in, &p.outbox_id, err);
	return rc == ST_OK ? store_preview_add(desk->st, &p, err) : rc;
}

static bool
is_same_word(const char *a, const char *b)
{
	return a[0] != '\0' && strcasecmp(a, b) == 0;
}

/* Somebody else than the author, who may have a second address. */
static bool
may_second(const struct config *config, const struct config_staff *s,
    const char *author)
{
	const struct config_staff *first = order_staff(config, span_of(author));

	return config_staff_may(s, "announce") &&
	       strcasecmp(s->address, author) != 0 &&
	       (first == NULL || (!is_same_word(s->login, first->login) &&
				     !is_same_word(s->name, first->name)));
}

static bool
has_second(const struct config *config, const char *author)
{
	for (int i = 0; i < config->n_staff; i++)
		if (may_second(config, &config->staff[i], author))
			return true;
	return false;
}

static enum status
add(const struct order_desk *desk, const struct staff_mail *s,
    const struct inbound *in, struct staff_order *order, struct err *err)
{
	char subject[48];
	enum status rc = store_order_add(desk->st, order, err);

	snprintf(subject, sizeof(subject), "order %lld", (long long)order->id);
	if (rc == ST_OK)
		rc = store_audit(desk->st,
		    &(struct audit){ .at_ms = desk->now,
			.who = order_staff_name(desk->config, s->who->address),
			.what = "order asked",
			.subject = subject },
		    err);
	log_line(LOG_INFO_, "order taken msg=%lld order=%lld verb=%s",
	    (long long)in->id, (long long)order->id, order->verb);
	return rc;
}

/* What it lacks, with what was understood and how it is done. */
static enum status
explain(const struct order_desk *desk, const struct staff_mail *s,
    const struct order *o, const struct inbound *in, struct err *err)
{
	json_t *data = json_object();
	char flag[40];

	json_object_update(data, o->facts);
	snprintf(flag, sizeof(flag), "is_%.20s", s->verb);
	return say_no(
	    desk, s, "staff_order_help", flagged(data, flag), in, err);
}

static enum status
take_understood(const struct order_desk *desk, const struct staff_mail *s,
    struct order *o, const struct inbound *in, struct err *err)
{
	char content[SHA256_HEX];
	struct staff_order order = { .inbound_id = in->id,
		.address = s->who->address,
		.verb = s->verb,
		.state = ORDER_ASKED,
		.content = content,
		.created_ms = desk->now,
		.changed_ms = desk->now,
		.until_ms = desk->now + desk->config->order_valid_ms };
	struct notice_plan plan;
	struct err why = { "" };
	json_t *data;
	enum status rc = order_plan(&plan, content, desk, o, &why);

	if (rc == ST_REJECT || rc == ST_LIMIT) {
		data = flagged(json_object(), "order_impossible");
		json_object_set_new(data, "order_why", json_string(why.text));
		rc = refuse(desk, s, data, in, err);
	} else if (rc != ST_OK) {
		err_set(err, rc, "%s", why.text);
	} else {
		rc = add(desk, s, in, &order, err);
		if (rc == ST_OK)
			rc = show(desk, &order, order.address, o, &plan, false,
			    in, err);
	}
	notice_plan_free(&plan);
	return rc;
}

static enum status
take(const struct order_desk *desk, const struct staff_mail *s,
    const struct inbound *in, struct err *err)
{
	struct order_source src = { .st = desk->st,
		.config = desk->config,
		.keys = desk->keys,
		.words = desk->words,
		.verb = s->verb,
		.text = s->text,
		.seed = in->content_hash,
		.now = desk->now };
	struct order o = { 0 };
	int64_t n = 0;
	enum status rc = store_order_count(
	    desk->st, s->who->address, desk->now - HOUR_MS, &n, err);

	if (rc != ST_OK)
		return rc;
	if (n >= desk->config->replies_per_contact_hour)
		return refuse(
		    desk, s, flagged(json_object(), "order_too_many"), in, err);
	if (desk->config->order_two_persons &&
	    !has_second(desk->config, s->who->address))
		return refuse(desk, s,
		    flagged(json_object(), "order_no_second"), in, err);
	rc = order_read(&o, &src, err);
	o.telling.order.who = order_staff_name(desk->config, s->who->address);
	if (rc == ST_OK)
		rc = o.is_understood ? take_understood(desk, s, &o, in, err)
				     : explain(desk, s, &o, in, err);
	order_free(&o);
	return rc;
}

/* ---- the PIN ----------------------------------------------------------- */

enum status
order_read_again(struct order *out, const struct order_desk *desk,
    const struct staff_order *order, struct err *err)
{
	struct order_source src = { .st = desk->st,
		.config = desk->config,
		.keys = desk->keys,
		.words = desk->words,
		.verb = order->verb,
		.now = desk->now };
	struct inbound in;
	struct address author;
	struct order_verb verb;
	enum status rc = store_inbound_get(
	    desk->st, order->inbound_id, desk->arena, &in, err);

	*out = (struct order){ 0 };
	if (rc != ST_OK)
		return rc;
	author = (struct address){ span_of(in.from), span_of(in.from_name) };
	order_verb_find(&verb, desk->keywords, desk->words, desk->arena,
	    order_text_body(desk->words, span_of(in.text), &author),
	    span_of(in.subject));
	src.text = verb.rest;
	src.seed = in.content_hash;
	rc = order_read(out, &src, err);
	out->telling.order.who = order_staff_name(desk->config, order->address);
	return rc;
}

enum status
order_ask_again(const struct order_desk *desk, struct staff_order *order,
    const struct order *o, const struct notice_plan *plan, const char *content,
    struct err *err)
{
	enum status rc;

	order->content = content;
	order->until_ms = desk->now + desk->config->order_valid_ms;
	rc = order_move(desk, order, ORDER_ASKED, "uwaga", err);
	return rc == ST_OK
		   ? show(desk, order, order->address, o, plan, true, NULL, err)
		   : rc;
}

/* Everybody else who may announce gets the preview, with a PIN of their own. */
static enum status
ask_second(const struct order_desk *desk, struct staff_order *order,
    const struct order *o, const struct notice_plan *plan, struct err *err)
{
	const struct config *config = desk->config;
	enum status rc = ST_OK;

	order->until_ms = desk->now + config->order_valid_ms;
	for (int i = 0; i < config->n_staff && rc == ST_OK; i++)
		if (may_second(config, &config->staff[i], order->address))
			rc = show(desk, order, config->staff[i].address, o,
			    plan, false, NULL, err);
	return rc;
}

/* What somebody else did to an order, its author hears, too. */
static enum status
tell_author(const struct order_desk *desk, const struct staff_mail *s,
    const struct staff_order *order, const char *template_name,
    const char *flag, struct err *err)
{
	json_t *data;

	if (strcasecmp(s->who->address, order->address) == 0)
		return ST_OK;
	data = flagged(named(desk, order), flag);
	json_object_set_new(data, "order_actor",
	    json_string(order_staff_name(desk->config, s->who->address)));
	return order_mail(
	    desk, order->address, template_name, data, NULL, NULL, err);
}

static enum status
answer(const struct order_desk *desk, const struct staff_mail *s,
    const struct staff_order *order, const char *flag, const struct inbound *in,
    struct err *err)
{
	enum status rc = order_mail(desk, s->who->address, answer_template,
	    flagged(named(desk, order), flag), in, NULL, err);

	return rc == ST_OK
		   ? tell_author(desk, s, order, answer_template, flag, err)
		   : rc;
}

/* The PIN is right, and what it was for is still the same. */
static enum status
accept(const struct order_desk *desk, const struct staff_mail *s,
    struct staff_order *order, const struct order *o,
    const struct notice_plan *plan, const struct inbound *in, struct err *err)
{
	const char *who = order_staff_name(desk->config, s->who->address);
	bool goes_on =
	    desk->config->order_two_persons && order->state == ORDER_ASKED;
	enum status rc =
	    store_preview_use(desk->st, s->preview_id, desk->now, err);

	if (rc == ST_OK && goes_on)
		rc = ask_second(desk, order, o, plan, err);
	if (rc == ST_OK)
		rc = order_move(desk, order,
		    goes_on ? ORDER_SECONDED : ORDER_CONFIRMED, who, err);
	if (rc == ST_OK)
		rc = answer(desk, s, order,
		    goes_on ? "is_seconded" : "is_confirmed", in, err);
	return rc;
}

/* What the order says can no longer be done. */
static enum status
give_up(const struct order_desk *desk, const struct staff_mail *s,
    struct staff_order *order, const char *why, const struct inbound *in,
    struct err *err)
{
	json_t *data = flagged(named(desk, order), "order_impossible");
	enum status rc = order_move(desk, order, ORDER_FAILED, "uwaga", err);

	if (why[0] != '\0')
		json_object_set_new(data, "order_why", json_string(why));
	if (rc != ST_OK) {
		json_decref(data);
		return rc;
	}
	return refuse(desk, s, data, in, err);
}

static enum status
confirm(const struct order_desk *desk, const struct staff_mail *s,
    const struct inbound *in, struct err *err)
{
	char content[SHA256_HEX] = "";
	struct notice_plan plan = { 0 };
	struct staff_order order;
	struct err why = { "" };
	struct order o = { 0 };
	enum status rc =
	    store_order_get(desk->st, s->order_id, desk->arena, &order, err);

	if (rc == ST_OK)
		rc = order_read_again(&o, desk, &order, err);
	if (rc != ST_OK)
		goto out;
	if (!o.is_understood) {
		rc = give_up(desk, s, &order, "", in, err);
		goto out;
	}
	rc = order_plan(&plan, content, desk, &o, &why);
	if (rc == ST_REJECT || rc == ST_LIMIT)
		rc = give_up(desk, s, &order, why.text, in, err);
	else if (rc != ST_OK)
		err_set(err, rc, "%s", why.text);
	else if (content[0] == '\0' || strcmp(content, order.content) != 0)
		rc = order_ask_again(desk, &order, &o, &plan, content, err);
	else
		rc = accept(desk, s, &order, &o, &plan, in, err);
out:
	notice_plan_free(&plan);
	order_free(&o);
	return rc;
}

/* A PIN that is none of theirs counts against every order it could be meant
 * for. */
static enum status
count_wrong(const struct order_desk *desk, const struct staff_mail *s,
    const struct inbound *in, struct err *err)
{
	struct staff_mail about = *s;
	enum status rc = ST_OK;

	for (size_t i = 0; i < s->n_orders && rc == ST_OK; i++) {
		struct staff_order order;
		bool is_void;

		rc = store_order_get(
		    desk->st, s->orders[i], desk->arena, &order, err);
		if (rc != ST_OK)
			return rc;
		is_void = ++order.wrong >= ORDER_TRIES;
		rc = order_move(desk, &order,
		    is_void ? ORDER_VOID : order.state, "uwaga", err);
		if (rc == ST_OK && is_void) {
			about.flag = "held_tries";
			rc = report(desk, &about, in, err);
		}
		if (rc == ST_OK && is_void)
			rc = tell_author(
			    desk, s, &order, refusal_template, "pin_void", err);
		if (rc == ST_OK) {
			json_t *data = flagged(named(desk, &order),
			    is_void ? "pin_void" : "pin_wrong");

			json_object_set_new(data, "tries_left",
			    json_sprintf("%lld",
				(long long)(ORDER_TRIES - order.wrong)));
			rc = refuse(desk, s, data, in, err);
		}
	}
	return rc;
}

/* ---- taking it back ---------------------------------------------------- */

static enum status
cancel(const struct order_desk *desk, const struct staff_mail *s,
    const struct inbound *in, struct err *err)
{
	const char *who = order_staff_name(desk->config, s->who->address);
	struct staff_order order;
	int64_t rows = 0;
	enum status rc =
	    store_order_get(desk->st, s->order_id, desk->arena, &order, err);

	if (rc != ST_OK)
		return rc;
	if (order.state == ORDER_SENDING && order.notice_id != 0) {
		rc = store_notice_abort(desk->st, order.notice_id, &rows, err);
		if (rc == ST_OK)
			rc = order_move(desk, &order, ORDER_SENDING, who, err);
		return rc == ST_OK
			   ? answer(desk, s, &order, "is_stopped", in, err)
			   : rc;
	}
	rc = order_move(desk, &order, ORDER_CANCELLED, who, err);
	return rc == ST_OK ? answer(desk, s, &order, "is_cancelled", in, err)
			   : rc;
}

static enum status
hold_up(const struct order_desk *desk, const struct staff_mail *s,
    const struct inbound *in, struct err *err)
{
	const char *who = order_staff_name(desk->config, s->who->address);
	bool is_pause = s->step == STAFF_PAUSE;
	char subject[48];
	struct staff_order order;
	int64_t rows = 0;
	enum status rc =
	    store_order_get(desk->st, s->order_id, desk->arena, &order, err);

	if (rc != ST_OK)
		return rc;
	rc = (is_pause ? store_notice_pause : store_notice_resume)(
	    desk->st, order.notice_id, &rows, err);
	snprintf(subject, sizeof(subject), "notice %lld",
	    (long long)order.notice_id);
	if (rc == ST_OK)
		rc = store_audit(desk->st,
		    &(struct audit){ .at_ms = desk->now,
			.who = who,
			.what = is_pause ? "notice pause" : "notice resume",
			.subject = subject },
		    err);
	return rc == ST_OK ? answer(desk, s, &order,
				 is_pause ? "is_paused" : "is_resumed", in, err)
			   : rc;
}

static enum status
refuse_about(const struct order_desk *desk, const struct staff_mail *s,
    const struct inbound *in, struct err *err)
{
	struct staff_order order;
	json_t *data = NULL;
	enum status rc;

	if (s->order_id == 0)
		return refuse(
		    desk, s, flagged(json_object(), s->flag), in, err);
	rc = store_order_get(desk->st, s->order_id, desk->arena, &order, err);
	if (rc == ST_OK && order_waits(order.state) &&
	    order.until_ms <= desk->now) {
		rc = order_move(desk, &order, ORDER_EXPIRED, "uwaga", err);
		if (rc == ST_OK)
			rc = tell_author(desk, s, &order, answer_template,
			    "is_expired", err);
	}
	if (rc == ST_OK)
		data = flagged(named(desk, &order), s->flag);
	if (rc == ST_OK &&
	    (order.state == ORDER_CONFIRMED || order.state == ORDER_SENDING))
		flagged(data, "is_leaving");
	return rc == ST_OK ? refuse(desk, s, data, in, err) : rc;
}

enum status
order_do(const struct order_desk *desk, const struct staff_mail *s,
    const struct inbound *in, struct err *err)
{
	switch (s->step) {
	case STAFF_HELD:
		return report(desk, s, in, err);
	case STAFF_TAKE:
		return take(desk, s, in, err);
	case STAFF_CONFIRM:
		return confirm(desk, s, in, err);
	case STAFF_WRONG:
		return count_wrong(desk, s, in, err);
	case STAFF_CANCEL:
		return cancel(desk, s, in, err);
	case STAFF_PAUSE:
	case STAFF_RESUME:
		return hold_up(desk, s, in, err);
	case STAFF_REFUSE:
		return refuse_about(desk, s, in, err);
	case STAFF_NONE:
		break;
	}
	return ST_OK;
}

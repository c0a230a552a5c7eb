/* order_send - orders that fall due: sent, reported, run out */
#include "gateway/order_send.h"

#include <string.h>

#include "gateway/log.h"
#include "gateway/order_facts.h"
#include "gateway/store_chain.h"

/* One order that is being sent. */
struct sending {
	const struct order_desk *desk;
	struct staff_order *order;
	struct order *o;
	int64_t notice_id;
};

/* ---- confirmed: it is sent --------------------------------------------- */

/* In the transaction that makes the notice visible. */
static enum status
settle(void *arg, struct store *st, struct err *err)
{
	struct sending *s = arg;
	enum status rc = telling_settle(&s->o->telling, st, err);

	s->order->notice_id = s->notice_id;
	return rc == ST_OK ? order_move(s->desk, s->order, ORDER_SENDING,
				 s->o->telling.order.who, err)
			   : rc;
}

/* What the PIN was for cannot be done any more. */
static enum status
give_up(struct sending *s, const char *why, struct err *err)
{
	struct store *st = s->desk->st;
	json_t *data = json_object();
	enum status rc = store_begin(st, err);

	order_name_facts(data, s->desk->config, s->order);
	json_object_set_new(data, "order_impossible", json_true());
	if (why[0] != '\0')
		json_object_set_new(data, "order_why", json_string(why));
	if (rc != ST_OK) {
		json_decref(data);
		return rc;
	}
	rc = order_move(s->desk, s->order, ORDER_FAILED, "uwaga", err);
	if (rc == ST_OK)
		rc = order_mail(s->desk, s->order->address, "staff_rejected",
		    data, NULL, NULL, err);
	else
		json_decref(data);
	return store_end(st, rc, err);
}

/* A meeting that the order brings is entered, so that rows can name it. */
static enum status
add_meeting(struct sending *s, struct err *err)
{
	struct store *st = s->desk->st;
	struct order *o = s->o;
	enum status rc;

	if (!o->is_new)
		return ST_OK;
	rc = store_begin(st, err);
	if (rc != ST_OK)
		return rc;
	rc = order_add_meeting(o, st, err);
	if (rc == ST_OK)
		rc = store_audit(st,
		    &(struct audit){ .at_ms = s->desk->now,
			.who = o->telling.order.who,
			.what = "meeting added",
			.subject = o->telling.meetings[0].uid },
		    err);
	return store_end(st, rc, err);
}

static enum status
ask_again(struct sending *s, const struct notice_plan *plan,
    const char *content, struct err *err)
{
	enum status rc = store_begin(s->desk->st, err);

	if (rc != ST_OK)
		return rc;
	rc = order_ask_again(s->desk, s->order, s->o, plan, content, err);
	return store_end(s->desk->st, rc, err);
}

/* The plan as the PIN was given for it, in a transaction that is undone. */
static enum status
plan_again(struct sending *s, struct notice_plan *plan,
    char content[SHA256_HEX], struct err *err)
{
	enum status rc = store_begin(s->desk->st, err);

	if (rc != ST_OK)
		return rc;
	rc = order_plan(plan, content, s->desk, s->o, err);
	store_rollback(s->desk->st);
	return rc;
}

static enum status
send_one(struct sending *s, struct err *err)
{
	char content[SHA256_HEX] = "";
	struct notice_plan plan = { 0 };
	struct err why = { "" };
	enum status rc = plan_again(s, &plan, content, &why);

	if (rc == ST_REJECT || rc == ST_LIMIT)
		rc = give_up(s, why.text, err);
	else if (rc != ST_OK)
		err_set(err, rc, "%s", why.text);
	else if (content[0] == '\0' || strcmp(content, s->order->content) != 0)
		rc = ask_again(s, &plan, content, err);
	else {
		rc = add_meeting(s, err);
		if (rc == ST_OK)
			rc = notice_write(s->desk->st, &s->o->telling.order,
			    &plan, &s->notice_id,
			    &(struct notice_hooks){
				.settle = settle, .arg = s },
			    err);
		if (rc == ST_OK)
			log_line(LOG_INFO_,
			    "order sending order=%lld notice=%lld rows=%zu",
			    (long long)s->order->id, (long long)s->notice_id,
			    plan.n_targets);
	}
	notice_plan_free(&plan);
	return rc;
}

/* While staff write a notice by command the order waits for its turn. */
static enum status
send_confirmed(
    const struct order_desk *desk, struct staff_order *order, struct err *err)
{
	struct order o = { 0 };
	struct sending s = { .desk = desk, .order = order, .o = &o };
	int lock = -1;
	enum status rc = telling_take_turn(desk->config, desk->st, &lock, err);

	if (rc == ST_REJECT) {
		rc = ST_OK;
		goto out;
	}
	if (rc == ST_OK)
		rc = order_read_again(&o, desk, order, err);
	if (rc != ST_OK)
		goto out;
	if (o.is_understood)
		rc = send_one(&s, err);
	else
		rc = give_up(&s, "", err);
	/* The meeting was changed meanwhile: the next look shows it again. */
	if (rc == ST_RETRY)
		rc = ST_OK;
out:
	order_free(&o);
	store_unlock(lock);
	return rc;
}

/* ---- sending: it is reported when all has left ------------------------- */

static enum status
report_one(
    const struct order_desk *desk, struct staff_order *order, struct err *err)
{
	struct notice n = { .state = "" }; /* nobody had to be told */
	json_t *data;
	enum status rc = ST_OK;

	if (order->notice_id != 0)
		rc = store_notice_get(
		    desk->st, order->notice_id, desk->arena, &n, err);
	if (rc != ST_OK || n.waiting > 0)
		return rc;
	rc = store_begin(desk->st, err);
	if (rc != ST_OK)
		return rc;
	data = json_object();
	order_name_facts(data, desk->config, order);
	order_report_facts(data, &n);
	rc = order_mail(desk, order->address, "staff_broadcast_report", data,
	    NULL, NULL, err);
	if (rc == ST_OK)
		rc = order_move(desk, order, ORDER_DONE, "uwaga", err);
	return store_end(desk->st, rc, err);
}

/* No PIN came in time: its author is told, once. */
static enum status
run_out(
    const struct order_desk *desk, struct staff_order *order, struct err *err)
{
	json_t *data;
	enum status rc;

	if (order->until_ms > desk->now)
		return ST_OK;
	rc = store_begin(desk->st, err);
	if (rc != ST_OK)
		return rc;
	data = json_object();
	order_name_facts(data, desk->config, order);
	json_object_set_new(data, "is_expired", json_true());
	rc = order_mail(
	    desk, order->address, "staff_order_answer", data, NULL, NULL, err);
	if (rc == ST_OK)
		rc = order_move(desk, order, ORDER_EXPIRED, "uwaga", err);
	return store_end(desk->st, rc, err);
}

enum status
order_due(const struct order_desk *desk, int *done, struct err *err)
{
	struct staff_order *list;
	size_t n = 0;
	enum status rc =
	    store_order_open(desk->st, desk->arena, &list, &n, err);
	enum status worst = rc;

	for (size_t i = 0; i < n; i++) {
		struct err one = { "" };
		enum order_state was = list[i].state;

		if (order_waits(was))
			rc = run_out(desk, &list[i], &one);
		else if (was == ORDER_CONFIRMED)
			rc = send_confirmed(desk, &list[i], &one);
		else
			rc = report_one(desk, &list[i], &one);
		*done += rc == ST_OK && list[i].state != was;
		if (rc != ST_OK && worst == ST_OK)
			worst = err_set(err, rc, "%s", one.text);
	}
	return worst;
}

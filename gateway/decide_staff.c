/* decide_staff - a mail by which staff order a notice, or answer its preview
 *
 * Place: decide.c, after machines.  A mail is believed when our mail server
 * says that its sender is who they claim to be.  Where a server says nothing of
 * any mail, or nothing of mail from inside (Microsoft 365), the PIN proves it:
 * it goes to the configured address alone, and must come back in an answer to
 * the mail that brought it.
 */
#include "gateway/decide_internal.h"

#include <string.h>
#include <strings.h>

#include "gateway/embedded.h"
#include "gateway/order_facts.h"
#include "gateway/staff_word.h"
#include "parsers/order_verb.h"

#define DAY_MS (24LL * 60 * 60 * 1000)

/* How long an old PIN is known for what it was. */
#define REMEMBERED_MS (30 * DAY_MS)

/* A mailbox there has no name of its own in Authentication-Results, and mail
 * from inside has no verdict. */
#define MICROSOFT_365 "microsoft365"

/* What is known of the mail. */
struct staff_case {
	const struct case_file *c;
	struct decision *d;
	struct order_verb verb;
	enum staff_word word; /* holds a sending up, or lets it go on */
	int64_t number; /* of the order it names; 0: none */
	bool is_unnamed; /* it has the lines of an order, but no verb */
	const struct config_staff *who; /* NULL: the sender is not of staff */
	bool borrows_a_name; /* a stranger who shows the name of one */
	struct staff_preview
	    answered; /* the preview it answers; or order_id 0 */
	int64_t about; /* of which order that is, or another mail of ours to
			  staff that it answers; or 0 */
};

static void
held(struct staff_case *s, const char *flag, const char *why)
{
	s->c->in->may_answer = false;
	s->d->staff.step = STAFF_HELD;
	s->d->staff.flag = flag;
	decide_settle(s->d, s->c, FATE_HELD, "%s", why);
}

static void
refused(
    struct staff_case *s, const char *flag, int64_t order_id, const char *why)
{
	s->d->staff.step = STAFF_REFUSE;
	s->d->staff.flag = flag;
	s->d->staff.order_id = order_id;
	decide_settle(s->d, s->c, FATE_STAFF, "%s", why);
}

static bool
is_about_a_notice(const struct order_verb *v)
{
	return v->command == CMD_ANNOUNCE || v->command == CMD_CHANGE ||
	       v->command == CMD_CANCEL;
}

static bool
has_pin(const struct order_verb *v)
{
	return v->command == CMD_SEND && strlen(v->digits) == PIN_DIGITS;
}

/* Does the name beside a stranger's address show one of staff? */
static bool
borrows_a_name(const struct case_file *c)
{
	struct span name = c->mail->from.name;

	for (int i = 0; i < c->config->n_staff; i++) {
		const struct config_staff *s = &c->config->staff[i];

		if (span_find_nocase(name, s->address) < name.n ||
		    (s->name[0] != '\0' &&
			span_find_nocase(name, s->name) < name.n))
			return true;
	}
	return false;
}

static bool
holds_a_pin(struct span text)
{
	size_t digits = 0;

	for (size_t i = 0; i < text.n && digits < PIN_DIGITS; i++)
		digits += text.p[i] >= '0' && text.p[i] <= '9';
	return digits == PIN_DIGITS;
}

/* Most mail: nothing that decide_stranger() would hold can be in it, so that
 * it need not be read as an order. */
static bool
is_plain(const struct staff_case *s)
{
	const struct parsed *m = s->c->mail;

	return m->kind != KIND_COMMAND && !s->borrows_a_name &&
	       !holds_a_pin(m->new_text) && !holds_a_pin(m->subject);
}

/* From anybody else such words are held and never answered; a resident who
 * answers something with a number is no such case. */
static void
decide_stranger(struct staff_case *s)
{
	const struct order_verb *v = &s->verb;
	bool orders = s->c->mail->kind == KIND_COMMAND && is_about_a_notice(v);

	if (s->borrows_a_name && (is_about_a_notice(v) || has_pin(v)))
		held(s, "held_name",
		    "an order that shows the name of a member of staff, from "
		    "another address");
	else if (orders)
		held(s, "held_unknown",
		    "an order to send a notice, from an address that is not "
		    "of staff");
	else if (has_pin(v) && (s->answered.order_id != 0 || !v->is_bare))
		held(s, "held_stranger_pin",
		    "a PIN, from an address that is not of staff");
}

/* What proves the sender?  False, and settled, when nothing does. */
static bool
is_believed(struct staff_case *s)
{
	const struct parsed *m = s->c->mail;
	const char *server = s->c->authserv_id;
	bool is_silent =
	    server[0] == '\0' || strcmp(server, MICROSOFT_365) == 0;
	bool is_answer = s->about != 0;

	if (m->is_spam)
		held(s, "held_spam",
		    "an order of staff that our server marked as spam");
	else if (m->dmarc == VERDICT_FAIL)
		held(s, "held_fail",
		    "an order of staff, but the sender's domain disowns it "
		    "(DMARC fail)");
	else if (m->dmarc == VERDICT_PASS)
		return true;
	else if (!is_silent)
		held(s, "held_none",
		    "an order of staff, without a verdict of our server on "
		    "its sender");
	else if (is_about_a_notice(&s->verb) || s->is_unnamed || is_answer)
		return true; /* the PIN will prove it, or does */
	else
		held(s, "held_apart",
		    "neither a verdict of our server nor an answer to the "
		    "preview proves the sender");
	return false;
}

/* ---- WYŚLIJ ------------------------------------------------------------ */

static void
count_against(struct staff_case *s, const struct staff_preview *list, size_t n)
{
	int64_t *orders = arena_alloc(s->c->arena, (n + 1) * sizeof(*orders));
	size_t k = 0;

	for (size_t i = 0; i < n && orders != NULL; i++)
		if (list[i].is_newest && order_waits(list[i].state))
			orders[k++] = list[i].order_id;
	s->d->staff.step = STAFF_WRONG;
	s->d->staff.orders = orders;
	s->d->staff.n_orders = k;
	decide_settle(s->d, s->c, FATE_STAFF, "a wrong PIN");
}

/* The preview whose PIN came: what becomes of it. */
static enum status
decide_right_pin(
    struct staff_case *s, const struct staff_preview *p, struct err *err)
{
	struct staff_order order;
	enum status rc =
	    store_order_get(s->c->st, p->order_id, s->c->arena, &order, err);

	if (rc != ST_OK)
		return rc;
	if (p->used_ms != 0)
		refused(s, "pin_used", order.id, "a PIN that was used already");
	else if (order.state == ORDER_CANCELLED)
		refused(s, "pin_cancelled", order.id,
		    "the PIN of an order that was taken back");
	else if (order.state == ORDER_VOID)
		refused(s, "pin_void", order.id,
		    "the PIN of an order that is void");
	else if (order.state == ORDER_EXPIRED ||
		 (order_waits(order.state) &&
		     order.until_ms <= s->c->in->stored_ms))
		refused(s, "pin_expired", order.id, "a PIN that has expired");
	else if (!order_waits(order.state))
		refused(s, "pin_over", order.id,
		    "the PIN of an order that is over");
	else if (!p->is_newest || strcmp(p->content, order.content) != 0)
		refused(s, "pin_old", order.id,
		    "the PIN of a preview that is no longer true");
	else {
		s->d->staff.step = STAFF_CONFIRM;
		s->d->staff.order_id = order.id;
		s->d->staff.preview_id = p->outbox_id;
		decide_settle(s->d, s->c, FATE_STAFF, "the PIN of order %lld",
		    (long long)order.id);
	}
	return ST_OK;
}

static enum status
decide_pin(struct staff_case *s, struct err *err)
{
	struct span pin = span_of(s->verb.digits);
	struct staff_preview *list = &s->answered;
	size_t n = 1;
	enum status rc = ST_OK;

	if (s->answered.order_id != 0 &&
	    strcasecmp(s->answered.address, s->who->address) != 0) {
		/* Forwarded: its PIN is another person's. */
		refused(s, "pin_not_yours", 0,
		    "answers a preview that another member of staff got");
		return ST_OK;
	}
	if (s->answered.order_id == 0)
		rc = store_preview_all(s->c->st, s->who->address,
		    s->c->in->stored_ms - REMEMBERED_MS, s->c->arena, &list, &n,
		    err);
	for (int waiting = 1; waiting >= 0 && rc == ST_OK; waiting--)
		for (size_t i = 0; i < n; i++)
			if (order_waits(list[i].state) == (waiting == 1) &&
			    pin_is_of(s->c->keys, list[i].token, pin))
				return decide_right_pin(s, &list[i], err);
	if (rc != ST_OK)
		return rc;
	count_against(s, list, n);
	if (s->d->staff.n_orders == 0)
		refused(s, "pin_none", 0,
		    "a PIN, but no order of theirs waits for one");
	return ST_OK;
}

/* ---- ANULUJ ------------------------------------------------------------ */

static bool
can_cancel(enum order_state state)
{
	return order_waits(state) || state == ORDER_CONFIRMED ||
	       state == ORDER_SENDING;
}

/* The one order that is meant: of the number, of the mail answered, or the only
 * one of theirs. */
static enum status
find_cancelled(struct staff_case *s, int64_t *id, struct err *err)
{
	struct staff_order *list;
	int64_t number = 0;
	size_t n = 0;
	enum status rc;

	for (const char *p = s->verb.digits; *p != '\0'; p++)
		number = number * 10 + (*p - '0');
	*id = number == 0 ? s->about : 0;
	if (*id != 0)
		return ST_OK;
	rc = store_order_open(s->c->st, s->c->arena, &list, &n, err);
	for (size_t i = 0; i < n && rc == ST_OK; i++) {
		bool is_theirs =
		    strcasecmp(list[i].address, s->who->address) == 0;

		if (number != 0 ? list[i].id == number : is_theirs) {
			/* Several: none of them. */
			*id = *id == 0 ? list[i].id : -1;
		}
	}
	return rc;
}

static enum status
decide_cancel(struct staff_case *s, struct err *err)
{
	struct staff_order order;
	int64_t id;
	enum status rc = find_cancelled(s, &id, err);

	if (rc != ST_OK)
		return rc;
	if (id <= 0) {
		refused(s, id == 0 ? "cancel_none" : "cancel_which", 0,
		    "which order is to be taken back is not clear");
		return ST_OK;
	}
	rc = store_order_get(s->c->st, id, s->c->arena, &order, err);
	if (rc != ST_OK)
		return rc;
	if (!can_cancel(order.state)) {
		refused(s, "pin_over", id, "the order is over");
		return ST_OK;
	}
	s->d->staff.step = STAFF_CANCEL;
	s->d->staff.order_id = id;
	decide_settle(
	    s->d, s->c, FATE_STAFF, "takes back order %lld", (long long)id);
	return ST_OK;
}

/* ---- WSTRZYMAJ, WZNÓW -------------------------------------------------- */

/* The order whose notice is in `state`: the one that is named, or that the mail
 * answered is about, or the only one there is; or `*id` 0, -1 for several. */
static enum status
find_held_up(
    struct staff_case *s, const char *state, int64_t *id, struct err *err)
{
	int64_t meant = s->number != 0 ? s->number : s->about;
	struct staff_order *list;
	size_t n = 0;
	enum status rc =
	    store_order_open(s->c->st, s->c->arena, &list, &n, err);

	*id = 0;
	for (size_t i = 0; i < n && rc == ST_OK; i++) {
		struct notice notice = { .state = "" };

		if (list[i].notice_id == 0 ||
		    (meant != 0 && list[i].id != meant))
			continue;
		rc = store_notice_get(
		    s->c->st, list[i].notice_id, s->c->arena, &notice, err);
		if (rc == ST_OK && strcmp(notice.state, state) == 0)
			*id = *id == 0 ? list[i].id : -1;
	}
	return rc;
}

/* Only what is leaving can be held up; until then ANULUJ takes it back. */
static enum status
decide_hold_up(struct staff_case *s, struct err *err)
{
	bool is_pause = s->word == STAFF_WORD_PAUSE;
	int64_t id;
	enum status rc =
	    find_held_up(s, is_pause ? "sending" : "paused", &id, err);

	if (rc != ST_OK)
		return rc;
	if (id <= 0) {
		refused(s,
		    id < 0     ? "hold_up_which"
		    : is_pause ? "pause_none"
			       : "resume_none",
		    0, "the order is not one that can be held up or go on");
		return ST_OK;
	}
	s->d->staff.step = is_pause ? STAFF_PAUSE : STAFF_RESUME;
	s->d->staff.order_id = id;
	decide_settle(s->d, s->c, FATE_STAFF, "%s order %lld",
	    is_pause ? "holds up" : "lets go on", (long long)id);
	return ST_OK;
}

/* ---- all --------------------------------------------------------------- */

static enum status
decide_order_of_staff(struct staff_case *s, struct err *err)
{
	const char *word = command_name(s->verb.command);

	s->d->staff.who = s->who;
	if (s->c->raw->whole_size != 0) {
		held(s, "held_cut", "an order of staff that is too large");
		return ST_OK;
	}
	if (!config_staff_may(s->who, "announce")) {
		s->d->needs_staff = true;
		refused(s, "no_right", 0,
		    "an order of staff without the right \"announce\"");
		return ST_OK;
	}
	if (is_about_a_notice(&s->verb)) {
		s->d->staff.step = STAFF_TAKE;
		s->d->staff.verb = word;
		s->d->staff.text = s->verb.rest;
		decide_settle(
		    s->d, s->c, FATE_STAFF, "an order of staff: %s", word);
		return ST_OK;
	}
	if (s->word != STAFF_WORD_NONE)
		return decide_hold_up(s, err);
	if (s->verb.command == CMD_CANCEL_JOB)
		return decide_cancel(s, err);
	if (s->verb.command == CMD_SEND && s->verb.digits[0] != '\0')
		return decide_pin(s, err);
	if (s->is_unnamed) {
		s->d->needs_staff = true;
		refused(s, "order_no_verb", 0,
		    "looks like an order, but does not say what to do");
		return ST_OK;
	}
	refused(s, "not_understood", s->about,
	    "answers a preview with other words than PIN or cancel");
	return ST_OK;
}

/* The words of the mail; its subject when they say nothing. */
static void
read_verb(struct staff_case *s)
{
	const struct parsed *m = s->c->mail;
	struct span body =
	    order_text_body(s->c->order_words, m->new_text, &m->from);

	if (s->who == NULL && !s->borrows_a_name) {
		order_verb_read(
		    &s->verb, s->c->keywords, body.n > 0 ? body : m->subject);
		return;
	}
	s->word = staff_word_read(&s->number,
	    embedded_find("templates/staff_words.tsv"),
	    body.n > 0 ? body : m->subject);
	order_verb_find(&s->verb, s->c->keywords, s->c->order_words,
	    s->c->arena, body, m->subject);
	s->is_unnamed = s->verb.command == CMD_NONE &&
			s->word == STAFF_WORD_NONE &&
			order_text_is_likely(s->c->order_words, body);
}

/* What the mail answers: a preview, or another mail about an order. */
static enum status
find_answered(struct staff_case *s, struct err *err)
{
	struct outbox row = { 0 };
	enum status rc = decide_answered(&row, NULL, s->c, err);

	if (rc == ST_OK && row.id != 0)
		rc = store_preview_of_row(
		    s->c->st, row.id, s->c->arena, &s->answered, err);
	s->about = s->answered.order_id;
	if (rc == ST_OK && s->about == 0 && row.id != 0 &&
	    strncmp(row.template_name, "staff_", 6) == 0)
		for (const char *p = row.question; *p >= '0' && *p <= '9'; p++)
			s->about = s->about * 10 + (*p - '0');
	return rc;
}

/* An answer to one of our mails about an order that gives no order itself: one
 * to the preview is told so while its order lives; all else is mail as any. */
static enum status
read_answer(struct staff_case *s, struct err *err)
{
	struct staff_order order;
	enum status rc = ST_OK;

	if (s->verb.command != CMD_NONE || s->word != STAFF_WORD_NONE ||
	    s->about == 0)
		return ST_OK;
	/* "Aby zrezygnować": they write REZYGNUJĘ, which is STOP elsewhere. */
	if (s->c->mail->kind == KIND_COMMAND &&
	    s->c->mail->command == CMD_STOP) {
		s->verb.command = CMD_CANCEL_JOB;
		return ST_OK;
	}
	if (s->answered.order_id != 0)
		rc = store_order_get(
		    s->c->st, s->about, s->c->arena, &order, err);
	if (rc == ST_OK && s->answered.order_id != 0 &&
	    (can_cancel(order.state) || s->verb.is_bare))
		return ST_OK;
	s->answered.order_id = 0;
	s->about = 0;
	return rc;
}

/* Staff are residents too: what is no order goes the way of all. */
static bool
is_order_of_staff(const struct staff_case *s)
{
	if (s->about != 0 || s->word != STAFF_WORD_NONE || s->is_unnamed)
		return true;
	return s->verb.command != CMD_NONE && !s->verb.is_bare &&
	       (!s->verb.has_words || s->verb.digits[0] != '\0');
}

enum status
decide_staff(struct decision *d, const struct case_file *c, struct err *err)
{
	struct staff_case s = { .c = c, .d = d };
	enum status rc = ST_OK;

	if (c->raw->channel != CHANNEL_MAIL || c->config->n_staff == 0)
		return ST_OK;
	s.who = order_staff(c->config, c->mail->from.address);
	s.borrows_a_name = s.who == NULL && borrows_a_name(c);
	if (s.who == NULL && is_plain(&s))
		return ST_OK;
	read_verb(&s);
	if (s.who == NULL && s.verb.command == CMD_NONE)
		return ST_OK;
	rc = find_answered(&s, err);
	if (rc == ST_OK && s.who == NULL) {
		decide_stranger(&s);
		return ST_OK;
	}
	if (rc == ST_OK)
		rc = read_answer(&s, err);
	if (rc != ST_OK || !is_order_of_staff(&s))
		return rc;
	return is_believed(&s) ? decide_order_of_staff(&s, err) : ST_OK;
}

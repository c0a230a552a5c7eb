/* cmd_stats - the sums: received by fate, owed by state, remarks, what waits
 *
 * Place: staff and monitoring.  Received = sum of fates, always.
 */
#include <stdio.h>
#include <string.h>

#include "gateway/alert.h"
#include "gateway/clock.h"
#include "gateway/cmd_list.h"
#include "gateway/store_consultation.h"
#include "gateway/store_inbound.h"
#include "gateway/store_outbox.h"
#include "gateway/store_remark.h"
#include "parsers/date.h"

struct sums {
	int64_t fates[FATE_COUNT + 1];
	int64_t states[OUTBOX_STATE_COUNT + 1];
	int64_t waiting; /* held or unreadable, for staff */
	int64_t oldest_ms; /* the longest waiting; 0 none */
	int64_t owed_to_staff; /* outbox rows that wait for staff */
	int64_t listed; /* messages counted one by one */
	int64_t now, stored_hour, stored_day, sent_hour, sent_day;
	int64_t late[2]; /* mails and texts that do not leave */
	bool moving; /* the daemon stored more while we counted */
};

enum { COUNTS_MAX = 5 };

#define HOUR_MS (60LL * 60 * 1000)
#define DAY_MS (24 * HOUR_MS)
#define LATE_MS (HOUR_MS / 2)

static enum status
count_message(void *arg, const struct inbound *in)
{
	struct sums *s = arg;

	s->listed++;
	s->stored_hour += in->stored_ms > s->now - HOUR_MS;
	s->stored_day += in->stored_ms > s->now - DAY_MS;
	return ST_OK;
}

static enum status
count_sent(void *arg, const struct outbox *row)
{
	struct sums *s = arg;

	s->sent_hour += row->settled_ms > s->now - HOUR_MS;
	s->sent_day += row->settled_ms > s->now - DAY_MS;
	return ST_OK;
}

static enum status
count_waiting(void *arg, const struct inbound *in)
{
	struct sums *s = arg;

	s->waiting++;
	if (s->oldest_ms == 0 || in->received_ms < s->oldest_ms)
		s->oldest_ms = in->received_ms;
	return ST_OK;
}

static enum status
count_outbox(void *arg, const struct outbox *row)
{
	struct sums *s = arg;

	(void)row;
	s->owed_to_staff++;
	return ST_OK;
}

struct tally {
	int64_t mail, sms, meeting;
};

static enum status
count_remark(void *arg, const struct remark *remark)
{
	struct tally *t = arg;

	if (remark->at_meeting)
		t->meeting++;
	else if (remark->channel == CHANNEL_SMS)
		t->sms++;
	else
		t->mail++;
	return ST_OK;
}

/* What the last hour and day brought, and what does not leave. */
static enum status
read_pace(struct cmd_context *ctx, struct sums *s)
{
	static const enum channel channels[] = { CHANNEL_MAIL, CHANNEL_SMS };
	struct outbox_filter sent = { .state = OUTBOX_SENT };
	enum status rc =
	    store_outbox_list(ctx->store, &sent, count_sent, s, &ctx->err);

	for (int i = 0; i < 2 && rc == ST_OK; i++) {
		struct outbox_owed owed;

		rc = store_outbox_owed(ctx->store, channels[i], s->now,
		    s->now - LATE_MS, &owed, &ctx->err);
		s->late[i] = owed.rows;
	}
	return rc;
}

static enum status
read_sums_once(struct cmd_context *ctx, struct sums *s)
{
	struct inbound_filter all = { .fate = -1 },
			      open = { .fate = -1, .open_only = true };
	struct outbox_filter waiting = { .state = -1, .waiting = true };
	struct store *st = ctx->store;
	int64_t before;
	enum status rc = store_inbound_counts(st, s->fates, &ctx->err);

	before = s->fates[FATE_COUNT];
	if (rc == ST_OK)
		rc = store_outbox_counts(st, s->states, &ctx->err);
	if (rc == ST_OK)
		rc = store_inbound_list(st, &all, count_message, s, &ctx->err);
	if (rc == ST_OK)
		rc = store_inbound_list(st, &open, count_waiting, s, &ctx->err);
	if (rc == ST_OK)
		rc =
		    store_outbox_list(st, &waiting, count_outbox, s, &ctx->err);
	if (rc == ST_OK)
		rc = store_inbound_counts(st, s->fates, &ctx->err);
	s->moving = before != s->fates[FATE_COUNT];
	return rc == ST_OK ? read_pace(ctx, s) : rc;
}

/* The daemon may be storing meanwhile: counts until nothing moved. */
static enum status
read_sums(struct cmd_context *ctx, struct sums *s)
{
	enum status rc;
	int tries = 0;

	do {
		*s = (struct sums){ .now = clock_now() };
		rc = read_sums_once(ctx, s);
	} while (rc == ST_OK && s->moving && ++tries < COUNTS_MAX);
	return rc;
}

static json_t *
fates_json(const struct sums *s)
{
	json_t *out = json_object();

	for (int i = 0; i < FATE_COUNT; i++)
		json_object_set_new(out, fate_name((enum fate)i),
		    json_integer((json_int_t)s->fates[i]));
	return out;
}

static json_t *
states_json(const struct sums *s)
{
	json_t *out = json_object();

	for (int i = 0; i < OUTBOX_STATE_COUNT; i++)
		json_object_set_new(out,
		    outbox_state_name((enum outbox_state)i),
		    json_integer((json_int_t)s->states[i]));
	return out;
}

static json_t *
consultation_json(struct cmd_context *ctx, const struct consultation *c)
{
	struct remark_filter filter = { .consultation_id = c->id };
	struct outbox_cost cost;
	struct tally t = { 0 };

	if (store_remark_list(
		ctx->store, &filter, count_remark, &t, &ctx->err) != ST_OK ||
	    store_outbox_cost(ctx->store, c->id, &cost, &ctx->err) != ST_OK)
		return NULL;
	return json_pack("{s:s s:s s:s s:I s:I s:I s:I s:I s:I}", "code",
	    c->code, "title", c->title_short, "state",
	    phase_state_name(consultation_state(c, clock_now())), "remarks",
	    (json_int_t)(t.mail + t.sms + t.meeting), "mail",
	    (json_int_t)t.mail, "sms", (json_int_t)t.sms, "texts",
	    (json_int_t)cost.texts, "segments", (json_int_t)cost.segments,
	    "undelivered", (json_int_t)cost.failed);
}

static json_t *
consultations_json(struct cmd_context *ctx)
{
	json_t *out = json_array();
	struct arena a = { 0 };
	struct consultation *all;
	size_t n = 0;
	bool failed = store_consultation_all(
			  ctx->store, &a, &all, &n, &ctx->err) != ST_OK;

	for (size_t i = 0; i < n && !failed; i++) {
		json_t *one = consultation_json(ctx, &all[i]);

		failed = one == NULL || json_array_append_new(out, one) != 0;
	}
	arena_free(&a);
	if (!failed)
		return out;
	json_decref(out);
	return NULL;
}

/* When each source was last polled, by its name. */
static json_t *
polls_json(struct cmd_context *ctx)
{
	const struct config *c = ctx->config;
	json_t *out = json_object();

	for (int i = 0; i < c->n_mailboxes + c->n_sms; i++) {
		bool mail = i < c->n_mailboxes;
		struct arena a = { 0 };
		struct span value = { 0 };
		char key[100];
		int64_t ms;

		snprintf(key, sizeof(key), "last_poll/%s %.60s",
		    mail ? "mailbox" : "sms",
		    mail ? c->mailboxes[i].name
			 : c->sms[i - c->n_mailboxes].name);
		store_meta_get(ctx->store, key, &a, &value, NULL);
		json_object_set_new(out, key + strlen("last_poll/"),
		    value.n > 0 && date_parse_rfc3339(&ms, NULL, value) == ST_OK
			? cmd_json_time(ctx, ms)
			: json_null());
		arena_free(&a);
	}
	return out;
}

/* What the administrator was told of and is not yet over. */
static json_t *
alerts_json(struct cmd_context *ctx)
{
	json_t *out = json_array();
	struct arena a = { 0 };
	struct alert *open;
	size_t n = 0;

	if (alert_list(ctx->store, false, &a, &open, &n, &ctx->err) != ST_OK) {
		arena_free(&a);
		json_decref(out);
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		json_array_append_new(out,
		    json_pack("{s:s s:s s:o s:o s:b s:s}", "kind",
			open[i].kind_name, "name", open[i].name, "since",
			cmd_json_time(ctx, open[i].state.since_ms),
			"well_since", cmd_json_time(ctx, open[i].state.well_ms),
			"urgent", open[i].state.level >= ALERT_URGENT, "why",
			open[i].why));
	arena_free(&a);
	return out;
}

static json_t *
pace_json(int64_t hour, int64_t day)
{
	return json_pack(
	    "{s:I s:I}", "hour", (json_int_t)hour, "day", (json_int_t)day);
}

static void
print_alerts(const json_t *alerts)
{
	json_t *v;
	size_t i;

	json_array_foreach(alerts, i, v)
	{
		const json_t *well = json_object_get(v, "well_since");

		printf("ALERT %s %s since %s: %s%s%s\n",
		    json_string_value(json_object_get(v, "kind")),
		    json_string_value(json_object_get(v, "name")),
		    json_string_value(json_object_get(v, "since")),
		    json_string_value(json_object_get(v, "why")),
		    json_is_string(well) ? "; well since " : "",
		    json_is_string(well) ? json_string_value(well) : "");
	}
}

static void
print_numbers(const char *title, const json_t *numbers)
{
	const char *key, *comma = "";
	json_t *v;

	printf("%s", title);
	json_object_foreach((json_t *)numbers, key, v)
	{
		if (json_integer_value(v) == 0)
			continue;
		printf(
		    "%s%s %lld", comma, key, (long long)json_integer_value(v));
		comma = ", ";
	}
	printf("%s\n", comma[0] == '\0' ? "nothing" : "");
}

static void
print_people(struct cmd_context *ctx, const struct sums *s, json_t *all)
{
	static const struct cmd_column columns[] = {
		{ "code", "code", 0 },
		{ "title", "title", 40 },
		{ "state", "state", 0 },
		{ "remarks", "remarks", 0 },
		{ "mail", "by mail", 0 },
		{ "sms", "by text", 0 },
		{ "texts", "texts sent", 0 },
		{ "segments", "parts", 0 },
		{ NULL, NULL, 0 },
	};
	const json_t *of = json_object_get(all, "consultations");
	struct cmd_table *table;
	const char *key;
	json_t *v;
	size_t i;

	printf("Received %lld messages", (long long)s->listed);
	print_numbers(": ", json_object_get(all, "fates"));
	printf("Received = sum of fates: %lld = %lld\n", (long long)s->listed,
	    (long long)s->fates[FATE_COUNT]);
	print_numbers("Outbox: ", json_object_get(all, "outbox"));
	printf("Waiting for staff: %lld messages, %lld replies%s%s\n",
	    (long long)s->waiting, (long long)s->owed_to_staff,
	    s->oldest_ms != 0 ? "; the oldest since " : "",
	    s->oldest_ms != 0
		? json_string_value(json_object_get(all, "oldest_waiting"))
		: "");
	json_object_foreach(json_object_get(all, "last_polls"), key, v)
	    printf("Last poll of %s: %s\n", key,
		json_is_string(v) ? json_string_value(v) : "never");
	printf("Last hour: %lld stored, %lld sent; last day: %lld stored, "
	       "%lld sent\n",
	    (long long)s->stored_hour, (long long)s->sent_hour,
	    (long long)s->stored_day, (long long)s->sent_day);
	if (s->late[0] + s->late[1] > 0)
		printf("Owed and not leaving: %lld mails, %lld texts\n",
		    (long long)s->late[0], (long long)s->late[1]);
	print_alerts(json_object_get(all, "alerts"));
	printf("\n");
	table = cmd_table_new(ctx, columns);
	json_array_foreach(of, i, v) cmd_table_row(table, json_incref(v));
	cmd_table_end(table, "No consultations yet.");
}

static int
run(struct cmd_context *ctx, int argc, char **argv)
{
	struct sums s = { 0 };
	json_t *all, *consultations, *alerts;

	if (argc != 1)
		return cmd_fail(ctx, 2,
		    "%s takes no \"%.100s\"; see uwaga --help", argv[0],
		    argv[1]);
	if (read_sums(ctx, &s) != ST_OK)
		return 1;
	consultations = consultations_json(ctx);
	alerts = alerts_json(ctx);
	if (consultations == NULL || alerts == NULL)
		return 1;
	all = json_pack("{s:I s:o s:I s:o s:I s:I s:o s:o s:o s:o s:I s:I s:o "
			"s:o}",
	    "received", (json_int_t)s.listed, "fates", fates_json(&s),
	    "sum_of_fates", (json_int_t)s.fates[FATE_COUNT], "outbox",
	    states_json(&s), "waiting", (json_int_t)s.waiting,
	    "replies_waiting", (json_int_t)s.owed_to_staff, "oldest_waiting",
	    cmd_json_time(ctx, s.oldest_ms), "last_polls", polls_json(ctx),
	    "stored", pace_json(s.stored_hour, s.stored_day), "sent",
	    pace_json(s.sent_hour, s.sent_day), "late_mails",
	    (json_int_t)s.late[0], "late_texts", (json_int_t)s.late[1],
	    "alerts", alerts, "consultations", consultations);
	if (ctx->json)
		cmd_print_object(ctx, all);
	else {
		print_people(ctx, &s, all);
		json_decref(all);
	}
	if (s.moving || s.listed == s.fates[FATE_COUNT])
		return 0;
	return cmd_fail(ctx, 1,
	    "the sum of fates is not what was received; run uwaga verify");
}

const struct cmd cmd_stats = {
	.name = "stats",
	.summary = "the sums: received by fate, owed by state, remarks",
	.help =
	    "usage: uwaga stats\n\n"
	    "Messages by fate, replies by state, what waits for staff and "
	    "since when, the last\npoll of each source, what was stored and "
	    "sent in the last hour and day, what is owed\nand does not "
	    "leave, alerts that are open, remarks of each consultation by "
	    "channel.\n",
	.needs = NEEDS_STORE,
	.run = run,
};

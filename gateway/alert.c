/* alert - who is told when something breaks: once, and once when it is well */
#include "gateway/alert.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/log.h"
#include "gateway/reply.h"

#define MINUTE_MS (60LL * 1000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
#define CALM_MS (10 * MINUTE_MS) /* well for so long before it is told */
#define CALM_MAX_MS (4 * HOUR_MS)

enum { PER_HOUR = 20, KEY_ROOM = 160 };

static const char prefix[] = "alert/";

const char *
alert_kind_name(enum alert_kind kind)
{
	static const char *const names[ALERT_KINDS] = {
		[ALERT_SOURCE] = "source",
		[ALERT_WAY] = "way",
		[ALERT_CERTIFICATE] = "certificate",
		[ALERT_DISK] = "disk",
		[ALERT_OWED] = "owed",
		[ALERT_STUCK] = "stuck",
	};

	return names[kind];
}

/* ---- what is to be told ------------------------------------------------ */

static int64_t
calm(const struct alert_state *s)
{
	int64_t ms = CALM_MS;

	for (int i = 1; i < s->times && ms < CALM_MAX_MS; i++)
		ms *= 2;
	return ms < CALM_MAX_MS ? ms : CALM_MAX_MS;
}

static enum alert_news
step_well(struct alert_state *s, int64_t now)
{
	if (s->level == ALERT_WELL) {
		s->since_ms = 0;
		return NEWS_NONE;
	}
	if (s->well_ms == 0 || s->well_ms > now)
		s->well_ms = now;
	if (now - s->well_ms < calm(s))
		return NEWS_NONE;
	s->level = ALERT_WELL;
	s->since_ms = s->told_ms = s->well_ms = 0;
	return NEWS_OVER;
}

static enum alert_news
step_first(struct alert_state *s, const struct reading *r, int64_t now)
{
	if (now - s->since_ms < r->patience_ms)
		return NEWS_NONE;
	if (s->first_ms > now || now - s->first_ms >= DAY_MS) {
		s->first_ms = now;
		s->times = 0;
	}
	s->times++;
	s->level = r->level;
	s->told_ms = now;
	return NEWS_BROKEN;
}

/* A clock that was put back must not make anybody wait for its old time. */
enum alert_news
alert_step(struct alert_state *s, const struct reading *r, int64_t now)
{
	if (r->level == ALERT_WELL)
		return step_well(s, now);
	s->well_ms = 0;
	if (s->since_ms == 0 || s->since_ms > now)
		s->since_ms =
		    r->since_ms != 0 && r->since_ms < now ? r->since_ms : now;
	if (s->level == ALERT_WELL)
		return step_first(s, r, now);
	if (s->told_ms > now)
		s->told_ms = now;
	if (r->level <= s->level &&
	    (r->level < ALERT_URGENT || now - s->told_ms < DAY_MS))
		return NEWS_NONE;
	s->level = r->level;
	s->told_ms = now;
	return NEWS_LOUDER;
}

/* ---- what is remembered ------------------------------------------------ */

static void
parse_state(
    struct alert_state *s, struct span text, struct arena *a, const char **why)
{
	json_t *v = json_loadb(text.p, text.n, 0, NULL);

	*s = (struct alert_state){
		.since_ms = json_integer_value(json_object_get(v, "since")),
		.told_ms = json_integer_value(json_object_get(v, "told")),
		.well_ms = json_integer_value(json_object_get(v, "well")),
		.first_ms = json_integer_value(json_object_get(v, "first")),
		.level = (int)json_integer_value(json_object_get(v, "level")),
		.times = (int)json_integer_value(json_object_get(v, "times")),
	};
	*why = json_string_value(json_object_get(v, "why"));
	*why = arena_copy(a, span_of(*why == NULL ? "" : *why)).p;
	json_decref(v);
}

static enum status
write_state(struct store *st, const char *key, const struct alert_state *s,
    const char *why, int64_t now, struct err *err)
{
	json_t *v;
	char *text;
	enum status rc;

	if (s->since_ms == 0 && now - s->first_ms >= DAY_MS)
		return store_meta_drop(st, key, err);
	v = json_pack("{s:I s:I s:I s:I s:i s:i s:s}", "since",
	    (json_int_t)s->since_ms, "told", (json_int_t)s->told_ms, "well",
	    (json_int_t)s->well_ms, "first", (json_int_t)s->first_ms, "level",
	    s->level, "times", s->times, "why", why);
	text = v == NULL ? NULL : json_dumps(v, JSON_COMPACT);
	rc = text == NULL ? err_set(err, ST_BROKEN, "out of memory")
			  : store_meta_set(st, key, text, err);
	free(text);
	json_decref(v);
	return rc;
}

/* ---- who is told ------------------------------------------------------- */

/* Which ways the news go: by mail; by text when mail is what broke; by both
 * when the mailbox is silent (its server may be the one that sends) and when
 * it is urgent. */
static void
choose_ways(const struct alerts *a, const struct reading *r, int level,
    bool *by_mail, bool *by_text)
{
	bool has_mail = a->config->alert_mail[0] != '\0';
	bool has_text = a->config->alert_sms[0] != '\0' && a->config->n_sms > 0;
	bool is_way = r->kind == ALERT_WAY || r->kind == ALERT_OWED ||
		      (r->kind == ALERT_STUCK &&
			  strncmp(r->name, "outbox mail", 11) == 0);
	bool no_mail = is_way && strncmp(r->name, "sms", 3) != 0;
	bool no_box =
	    r->kind == ALERT_SOURCE && strncmp(r->name, "mailbox", 7) == 0;

	*by_text = has_text &&
		   (no_mail || no_box || level >= ALERT_URGENT || !has_mail);
	*by_mail = has_mail && (!no_mail || level >= ALERT_URGENT || !*by_text);
}

static void
put_text(json_t *data, const char *name, const char *text)
{
	if (text[0] != '\0')
		json_object_set_new(data, name, json_string(text));
}

/* "2026-11-22 12:00", as short as texts need it. */
static void
put_short_time(const struct alerts *a, json_t *data, int64_t ms)
{
	char text[32];

	clock_format(text, a->config->timezone, ms);
	text[10] = ' ';
	text[16] = '\0';
	put_text(data, "alert_since_short", text);
}

static json_t *
alert_data(const struct alerts *a, const struct reading *r, int level,
    int64_t since, struct arena *arena)
{
	struct wording w = { .config = a->config,
		.language = a->config->language,
		.arena = arena };
	char kind[40];
	json_t *data = json_object();

	snprintf(kind, sizeof(kind), "alert_%s", alert_kind_name(r->kind));
	json_object_set_new(data, kind, json_true());
	put_text(data, "alert_name", r->name);
	put_text(data, "alert_why", r->why);
	put_text(data, "alert_closing", a->closing);
	if (level >= ALERT_URGENT)
		json_object_set_new(data, "alert_urgent", json_true());
	json_object_set_new(data, "alert_since",
	    wording_date(
		&w, "exact", since, a->config->timezone, MOMENT_EVENT));
	put_short_time(a, data, since);
	return data;
}

static enum status
owe(const struct alerts *a, const char *template_name, enum channel channel,
    json_t *data, int64_t now, int *told, struct err *err)
{
	struct arena arena = { 0 };
	char via[100] = "";
	struct outbox row = { .channel = channel,
		.template_name = template_name,
		.state = OUTBOX_QUEUED,
		.created_ms = now,
		.due_ms = now,
		.via = via };
	enum status rc;

	row.to = channel == CHANNEL_SMS ? a->config->alert_sms
					: a->config->alert_mail;
	if (channel == CHANNEL_SMS)
		snprintf(via, sizeof(via), "sms %.90s", a->config->sms[0].name);
	rc = reply_render_own(&row, &arena, a->config, a->keys, data, err);
	if (rc == ST_OK)
		rc = store_outbox_add(a->st, &row, err);
	*told += rc == ST_OK;
	arena_free(&arena);
	return rc;
}

/* Alerts are few by design; should that fail, they stay in the log. */
static enum status
may_tell(const struct alerts *a, int64_t now, bool *may, struct err *err)
{
	int64_t n = 0;
	enum status rc = store_outbox_count(
	    a->st, 0, "alert_broken", NULL, now - HOUR_MS, &n, err);

	*may = n < PER_HOUR;
	return rc;
}

static enum status
tell(const struct alerts *a, const struct reading *r, enum alert_news news,
    int level, int64_t since, int64_t now, int *told, struct err *err)
{
	const char *name = news == NEWS_OVER ? "alert_over" : "alert_broken";
	bool by_mail, by_text, may = true;
	struct arena arena = { 0 };
	json_t *data = NULL;
	enum status rc;

	log_line(news == NEWS_OVER ? LOG_INFO_ : LOG_ERROR_,
	    "alert %s kind=%s name=\"%s\" why=\"%s\"",
	    news == NEWS_OVER	  ? "over"
	    : news == NEWS_BROKEN ? "broken"
				  : "louder",
	    alert_kind_name(r->kind), r->name, r->why);
	choose_ways(a, r, level, &by_mail, &by_text);
	rc = may_tell(a, now, &may, err);
	if (rc != ST_OK || !may)
		return rc;
	data = alert_data(a, r, level, since, &arena);
	if (data == NULL)
		rc = err_set(err, ST_BROKEN, "out of memory");
	if (rc == ST_OK && by_mail)
		rc = owe(a, name, CHANNEL_MAIL, data, now, told, err);
	if (rc == ST_OK && by_text)
		rc = owe(a, name, CHANNEL_SMS, data, now, told, err);
	json_decref(data);
	arena_free(&arena);
	return rc;
}

enum status
alert_take(const struct alerts *a, const struct reading *r, int64_t now,
    int *told, struct err *err)
{
	struct alert_state was, s;
	struct arena arena = { 0 };
	struct span text;
	const char *why;
	char key[KEY_ROOM];
	enum alert_news news;
	enum status rc;

	snprintf(key, sizeof(key), "%s%s/%.120s", prefix,
	    alert_kind_name(r->kind), r->name);
	rc = store_meta_get(a->st, key, &arena, &text, err);
	if (rc != ST_OK)
		goto out;
	parse_state(&s, text, &arena, &why);
	was = s;
	news = alert_step(&s, r, now);
	if (r->level != ALERT_WELL)
		why = r->why;
	if (news != NEWS_NONE)
		rc = tell(a, r, news, was.level > s.level ? was.level : s.level,
		    was.since_ms != 0 ? was.since_ms : s.since_ms, now, told,
		    err);
	/* Why it broke may change while nobody need be told again. */
	if (rc == ST_OK &&
	    (memcmp(&was, &s, sizeof(s)) != 0 ||
		(text.n > 0 && s.since_ms == 0 && now - s.first_ms >= DAY_MS)))
		rc = write_state(a->st, key, &s, why, now, err);
out:
	arena_free(&arena);
	return rc;
}

/* ---- what is open ------------------------------------------------------ */

/* "alert/source/mailbox konsultacje" into its kind and name. */
static bool
part_key(struct alert *out, const char *key)
{
	const char *kind = key + strlen(prefix), *slash = strchr(kind, '/');

	if (slash == NULL)
		return false;
	out->name = slash + 1;
	for (int i = 0; i < ALERT_KINDS; i++) {
		out->kind = (enum alert_kind)i;
		out->kind_name = alert_kind_name(out->kind);
		if (strlen(out->kind_name) == (size_t)(slash - kind) &&
		    memcmp(kind, out->kind_name, (size_t)(slash - kind)) == 0)
			return true;
	}
	return false;
}

enum status
alert_list(struct store *st, bool all, struct arena *a, struct alert **out,
    size_t *n, struct err *err)
{
	struct fact *facts;
	size_t n_facts;
	enum status rc;

	*out = NULL;
	*n = 0;
	rc = store_meta_list(st, prefix, a, &facts, &n_facts, err);
	for (size_t i = 0; i < n_facts && rc == ST_OK; i++) {
		struct alert one = { 0 }, *slot;

		if (!part_key(&one, facts[i].key))
			continue;
		parse_state(&one.state, span_of(facts[i].value), a, &one.why);
		if (one.state.level == ALERT_WELL && !all)
			continue;
		slot = arena_push(a, out, n, sizeof(**out));
		if (slot == NULL)
			rc = err_set(err, ST_BROKEN, "out of memory");
		else
			*slot = one;
	}
	return rc;
}

/* cmd_meeting - the meetings: list, show, matrix, add, import, held
 *
 * Place: staff; the matrix shows at a glance which commune has no meeting yet.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/cmd_list.h"
#include "gateway/import.h"
#include "gateway/keys.h"
#include "gateway/meeting_held.h"
#include "gateway/meeting_tell.h"
#include "gateway/meeting_wish.h"
#include "gateway/row.h"
#include "gateway/store_consultation.h"
#include "gateway/store_notice.h"
#include "parsers/digest.h"

enum { CELL_MAX = 4096, HOURS_DEFAULT = 2 };

static json_t *
to_json(const struct cmd_context *ctx, const struct meeting *m)
{
	return json_pack("{s:I s:s s:s s:s s:s s:s s:s s:o s:o s:s s:s s:I}",
	    "id", (json_int_t)m->id, "key", m->key, "uid", m->uid, "code",
	    m->code, "commune", m->commune, "phase", m->phase, "state",
	    m->state, "starts_at", cmd_json_time(ctx, m->starts_ms), "ends_at",
	    cmd_json_time(ctx, m->ends_ms), "venue", m->venue, "address",
	    m->address, "sequence", (json_int_t)m->sequence);
}

static int
list(struct cmd_context *ctx, int argc, char **argv)
{
	static const struct cmd_column columns[] = {
		{ "key", "meeting", 0 },
		{ "code", "code", 0 },
		{ "commune", "commune", 0 },
		{ "phase", "phase", 0 },
		{ "state", "state", 0 },
		{ "starts_at", "starts", 0 },
		{ "venue", "venue", 40 },
		{ "id", NULL, 0 },
		{ "uid", NULL, 0 },
		{ "ends_at", NULL, 0 },
		{ "address", NULL, 0 },
		{ "sequence", NULL, 0 },
		{ NULL, NULL, 0 },
	};
	struct arena a = { 0 };
	struct consultation c = { 0 };
	struct meeting *all;
	struct cmd_table *table;
	size_t n;
	int code = 1;

	if (argc > 2)
		return cmd_fail(ctx, 2, "meeting list takes one code at most");
	if ((argc == 2 &&
		cmd_find_consultation(ctx, argv[1], &a, &c) != ST_OK) ||
	    store_meeting_all(ctx->store, c.id, &a, &all, &n, &ctx->err) !=
		ST_OK)
		goto out;
	table = cmd_table_new(ctx, columns);
	for (size_t i = 0; i < n; i++)
		cmd_table_row(table, to_json(ctx, &all[i]));
	cmd_table_end(table, "No meetings yet; see uwaga meeting --help.");
	code = 0;
out:
	arena_free(&a);
	return code;
}

/* What show tells of a meeting. */
struct shown {
	struct arena arena;
	struct meeting m;
	struct heads *heads;
	struct rsvp *all, *late; /* what counts, what came too late to */
	struct rsvp *wishes; /* for access, without an answer */
	struct notice *notices;
	size_t n_heads, n, n_late, n_wishes, n_notices;
};

/* The answers as --json has them. */
static json_t *
answers_to_json(struct cmd_context *ctx, const struct rsvp *all, size_t n,
    const struct meeting *m)
{
	int64_t by = m->starts_ms - ctx->config->access_before_ms;
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list,
		    json_pack("{s:s s:s s:s s:o s:o s:I s:b s:b s:o s:b s:o}",
			"answer", rsvp_answer_name(all[i].answer), "from",
			all[i].from, "name", all[i].from_name, "comment",
			row_text(all[i].comment), "received_at",
			cmd_json_time(ctx, all[i].received_ms), "inbound",
			(json_int_t)all[i].inbound_id, "stale", all[i].is_stale,
			"invited", all[i].is_invited, "too_late",
			row_word(too_late_name(all[i].too_late)), "needs_staff",
			all[i].needs_staff, "needs_staff_by",
			all[i].needs_staff ? cmd_json_time(ctx, by)
					   : json_null()));
	return list;
}

/* How an answer stands to the meeting as it is now. */
static const char *
standing_of(const struct rsvp *r)
{
	switch (r->too_late) {
	case LATE_CANCELLED:
		return " after it was cancelled";
	case LATE_OVER:
		return " after it was over";
	default:
		return r->is_stale ? " before the change" : "";
	}
}

static void
print_answer(const struct rsvp *r, const char *by, bool is_due)
{
	char title[200];

	snprintf(title, sizeof(title), "%s%s%s, %.120s%s%.10s%s%.5s",
	    rsvp_answer_name(r->answer), standing_of(r),
	    r->is_invited ? "" : ", not invited",
	    r->from_name[0] != '\0' ? r->from_name : r->from,
	    !r->needs_staff ? ""
	    : is_due	    ? ", for staff, was due "
			    : ", for staff by ",
	    r->needs_staff ? by : "", r->needs_staff ? " " : "",
	    r->needs_staff ? by + 11 : "");
	row_print_text(
	    title, r->comment[0] != '\0' ? r->comment : "(no comment)");
}

/* Those that say more than what is counted above. */
static void
print_answers(struct cmd_context *ctx, const struct rsvp *all, size_t n,
    const struct meeting *m)
{
	int64_t by_ms = m->starts_ms - ctx->config->access_before_ms;
	char by[32];

	clock_format(by, ctx->config->timezone, by_ms);
	for (size_t i = 0; i < n; i++)
		if (all[i].comment[0] != '\0' || !all[i].is_invited)
			print_answer(&all[i], by, by_ms < clock_now());
}

static json_t *
wishes_to_json(struct cmd_context *ctx, const struct shown *s)
{
	int64_t by = s->m.starts_ms - ctx->config->access_before_ms;
	json_t *list = json_array();

	for (size_t i = 0; i < s->n_wishes; i++)
		json_array_append_new(
		    list, json_pack("{s:s s:s s:o s:o s:I s:o}", "from",
			      s->wishes[i].from, "name", s->wishes[i].from_name,
			      "comment", row_text(s->wishes[i].comment),
			      "received_at",
			      cmd_json_time(ctx, s->wishes[i].received_ms),
			      "inbound", (json_int_t)s->wishes[i].inbound_id,
			      "needs_staff_by", cmd_json_time(ctx, by)));
	return list;
}

static void
print_wishes(struct cmd_context *ctx, const struct shown *s)
{
	int64_t by_ms = s->m.starts_ms - ctx->config->access_before_ms;
	char by[32], title[200];

	clock_format(by, ctx->config->timezone, by_ms);
	for (size_t i = 0; i < s->n_wishes; i++) {
		const struct rsvp *w = &s->wishes[i];

		snprintf(title, sizeof(title),
		    "wish, %.120s, for staff%s %.10s %.5s",
		    w->from_name[0] != '\0' ? w->from_name : w->from,
		    by_ms < clock_now() ? ", was due" : " by", by, by + 11);
		row_print_text(title, w->comment);
	}
}

/* What people were told of it, and how many were reached. */
static json_t *
notices_to_json(struct cmd_context *ctx, const struct notice *all, size_t n)
{
	json_t *list = json_array();

	for (size_t i = n; i-- > 0;)
		json_array_append_new(
		    list, json_pack("{s:I s:s s:o s:I s:I s:I s:I s:I s:I s:I}",
			      "id", (json_int_t)all[i].id, "kind",
			      notice_kind_name(all[i].kind), "created_at",
			      cmd_json_time(ctx, all[i].created_ms), "total",
			      (json_int_t)all[i].total, "sent",
			      (json_int_t)all[i].sent, "waiting",
			      (json_int_t)all[i].waiting, "failed",
			      (json_int_t)all[i].failed, "bounced",
			      (json_int_t)all[i].bounced, "unknown",
			      (json_int_t)all[i].unknown, "cancelled",
			      (json_int_t)all[i].cancelled));
	return list;
}

static void
print_notices(struct cmd_context *ctx, const struct notice *all, size_t n)
{
	for (size_t i = n; i-- > 0;) {
		char at[32];

		clock_format(at, ctx->config->timezone, all[i].created_ms);
		printf("notice %lld, %s, %.10s %.5s: to %lld, sent %lld, "
		       "waiting %lld, failed %lld (bounced %lld), "
		       "unknown %lld, not sent %lld\n",
		    (long long)all[i].id, notice_kind_name(all[i].kind), at,
		    at + 11, (long long)all[i].total, (long long)all[i].sent,
		    (long long)all[i].waiting, (long long)all[i].failed,
		    (long long)all[i].bounced, (long long)all[i].unknown,
		    (long long)all[i].cancelled);
	}
}

static enum status
read_shown(struct shown *s, struct cmd_context *ctx, const char *word)
{
	struct store *st = ctx->store;
	struct arena *a = &s->arena;
	struct err *err = &ctx->err;
	enum status rc = store_meeting_find(st, word, a, &s->m, err);

	if (rc == ST_OK && s->m.id == 0)
		return err_set(err, ST_REJECT,
		    "there is no meeting \"%.60s\"; see uwaga meeting list",
		    word);
	if (rc == ST_OK)
		rc = store_rsvp_all(st, s->m.id, a, &s->all, &s->n, err);
	if (rc == ST_OK)
		rc = store_rsvp_late(st, s->m.id, a, &s->late, &s->n_late, err);
	if (rc == ST_OK)
		rc = meeting_wishes(
		    &s->wishes, &s->n_wishes, st, s->m.id, a, err);
	if (rc == ST_OK)
		rc = store_notice_all(
		    st, s->m.id, a, &s->notices, &s->n_notices, err);
	return rc == ST_OK ? store_meeting_heads(
				 st, s->m.id, a, &s->heads, &s->n_heads, err)
			   : rc;
}

static json_t *
heads_to_json(struct cmd_context *ctx, const struct shown *s)
{
	json_t *row = to_json(ctx, &s->m);

	for (int i = 0; i < RSVP_COUNT; i++)
		json_object_set_new(row, rsvp_answer_name((enum rsvp_answer)i),
		    json_integer((json_int_t)s->heads[0].answers[i]));
	json_object_set_new(
	    row, "stale", json_integer((json_int_t)s->heads[0].stale));
	json_object_set_new(row, "not_invited",
	    json_integer((json_int_t)s->heads[0].not_invited));
	json_object_set_new(row, "late", json_integer((json_int_t)s->n_late));
	return row;
}

static int
show(struct cmd_context *ctx, int argc, char **argv)
{
	struct shown s = { 0 };
	json_t *row;
	int code = 1;

	if (argc != 2)
		return cmd_fail(ctx, 2, "say which: meeting show KEY");
	if (read_shown(&s, ctx, argv[1]) != ST_OK)
		goto out;
	row = heads_to_json(ctx, &s);
	if (ctx->json) {
		if (meeting_held_json(ctx, &s.m, row) != ST_OK)
			goto out;
		json_object_set_new(
		    row, "answers", answers_to_json(ctx, s.all, s.n, &s.m));
		json_object_set_new(row, "late_answers",
		    answers_to_json(ctx, s.late, s.n_late, &s.m));
		json_object_set_new(row, "wishes", wishes_to_json(ctx, &s));
		json_object_set_new(row, "notices",
		    notices_to_json(ctx, s.notices, s.n_notices));
	}
	cmd_print_object(ctx, row);
	if (!ctx->json) {
		print_notices(ctx, s.notices, s.n_notices);
		print_answers(ctx, s.all, s.n, &s.m);
		print_answers(ctx, s.late, s.n_late, &s.m);
		print_wishes(ctx, &s);
		if (meeting_held_print(ctx, &s.m) != ST_OK)
			goto out;
	}
	code = 0;
out:
	arena_free(&s.arena);
	return code;
}

/* What the matrix is made of. */
struct grid {
	const struct meeting *all;
	const struct heads *heads; /* of each, by id */
	size_t n, n_heads;
};

static const struct heads *
heads_of(const struct grid *g, int64_t meeting_id)
{
	static const struct heads none;

	for (size_t i = 0; i < g->n_heads; i++)
		if (g->heads[i].meeting_id == meeting_id)
			return &g->heads[i];
	return &none;
}

static void
print_heads(struct buf *text, const struct heads *h)
{
	const char *sep = " (";

	for (int i = 0; i < RSVP_COUNT; i++)
		if (h->answers[i] > 0) {
			buf_printf(text, "%s%s %lld", sep,
			    rsvp_answer_name((enum rsvp_answer)i),
			    (long long)h->answers[i]);
			if (i == RSVP_YES && h->not_invited > 0)
				buf_printf(text, " (%lld not invited)",
				    (long long)h->not_invited);
			sep = ", ";
		}
	if (h->is_counted)
		buf_printf(text, "%s%lld came", sep, (long long)h->came);
	if (h->is_counted || sep[0] == ',')
		buf_char(text, ')');
}

static void
set_count(json_t *row, const char *phase, const char *what, int64_t count)
{
	struct buf name = { .max = 40 };

	buf_printf(&name, "%s_%s", phase, what);
	json_object_set_new(
	    row, buf_cstr(&name), json_integer((json_int_t)count));
	buf_free(&name);
}

/* A cell: the meetings' times and heads, or "missing"; with how many said yes,
 * of them uninvited, and how many came beside it. */
static void
add_cell(json_t *row, const struct grid *g, const struct consultation *c,
    struct span commune, const char *phase)
{
	struct buf text = { .max = CELL_MAX };
	int64_t yes = 0, not_invited = 0, came = 0;

	for (size_t i = 0; i < g->n; i++) {
		const struct meeting *m = &g->all[i];
		const struct heads *h = heads_of(g, m->id);

		if (m->consultation_id != c->id ||
		    !span_is(commune, m->commune) ||
		    strcmp(m->phase, phase) != 0 ||
		    strcmp(m->state, "cancelled") == 0)
			continue;
		buf_printf(&text, "%s%.10s %.5s %s", text.n > 0 ? ", " : "",
		    m->starts_local, m->starts_local + 11, m->state);
		print_heads(&text, h);
		yes += h->answers[RSVP_YES];
		not_invited += h->not_invited;
		came += h->came;
	}
	json_object_set_new(row, phase,
	    text.n == 0 ? json_string("missing")
			: json_stringn(text.p, text.n));
	set_count(row, phase, "yes", yes);
	set_count(row, phase, "not_invited", not_invited);
	set_count(row, phase, "came", came);
	buf_free(&text);
}

static void
add_rows(struct cmd_table *table, const struct consultation *c,
    const struct grid *g, const char *communes)
{
	struct span rest = span_of(communes), commune;

	while (span_line(&rest, &commune)) {
		json_t *row =
		    json_pack("{s:s s:s s:s%}", "code", c->code, "title_short",
			c->title_short, "commune", commune.p, commune.n);

		add_cell(row, g, c, commune, "needs");
		add_cell(row, g, c, commune, "remarks");
		cmd_table_row(table, row);
	}
}

static int
matrix(struct cmd_context *ctx, int argc, char **argv)
{
	static const struct cmd_column columns[] = {
		{ "code", "code", 0 },
		{ "commune", "commune", 0 },
		{ "needs", "needs", 0 },
		{ "remarks", "remarks", 0 },
		{ "title_short", NULL, 0 },
		{ "needs_yes", NULL, 0 },
		{ "needs_not_invited", NULL, 0 },
		{ "needs_came", NULL, 0 },
		{ "remarks_yes", NULL, 0 },
		{ "remarks_not_invited", NULL, 0 },
		{ "remarks_came", NULL, 0 },
		{ NULL, NULL, 0 },
	};
	struct buf everywhere = { .max = CELL_MAX };
	struct arena a = { 0 };
	struct consultation one = { 0 }, *all;
	struct meeting *meetings;
	struct heads *heads;
	struct grid g = { 0 };
	struct cmd_table *table;
	const char **communes;
	size_t n, n_communes;
	int code = 1;

	if (argc > 2)
		return cmd_fail(
		    ctx, 2, "meeting matrix takes one code at most");
	if ((argc == 2 &&
		cmd_find_consultation(ctx, argv[1], &a, &one) != ST_OK) ||
	    store_consultation_all(ctx->store, &a, &all, &n, &ctx->err) !=
		ST_OK ||
	    store_meeting_all(ctx->store, 0, &a, &meetings, &g.n, &ctx->err) !=
		ST_OK ||
	    store_meeting_heads(
		ctx->store, 0, &a, &heads, &g.n_heads, &ctx->err) != ST_OK ||
	    store_commune_all(
		ctx->store, &a, &communes, &n_communes, &ctx->err) != ST_OK)
		goto out;
	for (size_t i = 0; i < n_communes; i++)
		buf_printf(&everywhere, "%s\n", communes[i]);
	g.all = meetings;
	g.heads = heads;
	table = cmd_table_new(ctx, columns);
	for (size_t i = 0; i < n; i++)
		if (one.id == 0 || one.id == all[i].id)
			add_rows(table, &all[i], &g,
			    all[i].communes[0] != '\0' ? all[i].communes
						       : buf_cstr(&everywhere));
	cmd_table_end(table, "No consultations yet.");
	code = 0;
out:
	buf_free(&everywhere);
	arena_free(&a);
	return code;
}

struct given {
	struct meeting m;
	const char *starts, *ends;
};

static bool
read_options(struct given *g, int argc, char **argv)
{
	const struct cmd_option options[] = {
		{ "commune", .text = &g->m.commune },
		{ "phase", .text = &g->m.phase },
		{ "starts", .text = &g->starts },
		{ "ends", .text = &g->ends },
		{ "venue", .text = &g->m.venue },
		{ "address", .text = &g->m.address },
		{ "key", .text = &g->m.key },
		{ NULL },
	};

	return cmd_read_options(options, argc, argv);
}

/* A UID nobody has had: random, at our domain (RFC 5545, 3.8.4.7). */
static enum status
make_uid(struct cmd_context *ctx, struct given *g, struct arena *a)
{
	uint8_t bytes[8];
	char hex[2 * sizeof(bytes) + 1];
	struct buf b = { .max = 400 };
	enum status rc = random_bytes(bytes, sizeof(bytes), &ctx->err);

	if (rc != ST_OK)
		return rc;
	hex_encode(hex, bytes, sizeof(bytes));
	buf_printf(
	    &b, "spotkanie-%s@%s", hex, config_office(ctx->config, "domain"));
	g->m.uid = arena_copy(a, buf_span(&b)).p;
	buf_reset(&b);
	buf_printf(&b, "s-%.8s", hex);
	if (g->m.key == NULL)
		g->m.key = arena_copy(a, buf_span(&b)).p;
	buf_free(&b);
	return ST_OK;
}

static enum status
complete(
    struct cmd_context *ctx, struct given *g, const char *word, struct arena *a)
{
	struct import im = { .st = ctx->store, .config = ctx->config };
	struct meeting *m = &g->m;
	struct consultation c;
	enum status rc = cmd_find_consultation(ctx, word, a, &c);

	if (rc != ST_OK)
		return rc;
	m->code = c.code;
	m->timezone = ctx->config->timezone;
	rc = import_time(&m->starts_ms, m->timezone, g->starts, &ctx->err);
	if (rc == ST_OK && g->ends != NULL)
		rc = import_time(&m->ends_ms, m->timezone, g->ends, &ctx->err);
	else
		m->ends_ms =
		    m->starts_ms + HOURS_DEFAULT * (int64_t)3600 * 1000;
	if (rc == ST_OK)
		rc = make_uid(ctx, g, a);
	if (rc != ST_OK)
		return rc;
	m->starts_local = import_local(a, m->timezone, m->starts_ms);
	m->ends_local = import_local(a, m->timezone, m->ends_ms);
	return import_check_meeting(&im, m, &ctx->err);
}

static enum status
put(struct store *st, void *meeting, struct err *err)
{
	return store_meeting_put(st, meeting, err);
}

/* A slip in a name would make a commune of its own. */
static void
note_new_commune(struct cmd_context *ctx, struct arena *a, const char *name)
{
	const char **names;
	size_t n;

	if (store_commune_all(ctx->store, a, &names, &n, &ctx->err) != ST_OK ||
	    n == 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return;
	fprintf(
	    stderr, "uwaga: note: %s is a new commune; so far there are", name);
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "%s %s", i == 0 ? "" : ",", names[i]);
	fprintf(stderr, "\n");
}

static int
add(struct cmd_context *ctx, int argc, char **argv)
{
	struct given g = { .m = { .commune = "",
			       .phase = "remarks",
			       .state = "planned",
			       .venue = "",
			       .address = "" } };
	struct cmd_change change = {
		.what = "meeting added", .make = put, .arg = &g.m
	};
	struct arena a = { 0 };
	int code = 1;

	if (!cmd_may_write(ctx))
		return 1;
	if (!read_options(&g, argc, argv) || optind != argc - 1 ||
	    g.m.commune[0] == '\0' || g.starts == NULL)
		return cmd_fail(ctx, 2,
		    "meeting add needs a code, --commune and --starts; see "
		    "uwaga meeting --help");
	if (complete(ctx, &g, argv[optind], &a) != ST_OK)
		goto out;
	note_new_commune(ctx, &a, g.m.commune);
	change.subject = g.m.uid;
	change.after = to_json(ctx, &g.m);
	if (cmd_make_change(ctx, &change) == ST_OK) {
		if (ctx->json)
			cmd_print_object(ctx, to_json(ctx, &g.m));
		else
			printf("Added %s.\n", g.m.key);
		code = 0;
	}
out:
	arena_free(&a);
	return code;
}

static int
import_file(struct cmd_context *ctx, int argc, char **argv)
{
	if (argc != 2)
		return cmd_fail(ctx, 2, "say what: meeting import FILE.json");
	return import_run(
	    ctx, argv[1], import_meetings, "meetings imported", "meetings");
}

static int
run(struct cmd_context *ctx, int argc, char **argv)
{
	static const struct cmd_verb verbs[] = {
		{ "list", list },
		{ "show", show },
		{ "matrix", matrix },
		{ "add", add },
		{ "import", import_file },
		{ "announce", meeting_announce },
		{ "change", meeting_change },
		{ "cancel", meeting_cancel },
		{ "held", meeting_held },
		{ NULL, NULL },
	};

	return cmd_run_verb(ctx, verbs, argc, argv);
}

const struct cmd cmd_meeting = {
	.name = "meeting",
	.summary = "the meetings: list, add, announce, change, cancel ...",
	.help =
	    "usage: uwaga meeting list [CODE]\n"
	    "       uwaga meeting show KEY\n"
	    "       uwaga meeting matrix [CODE]    which commune has its "
	    "meetings, which has none\n"
	    "       uwaga meeting add CODE --commune NAME --starts TIME "
	    "[options]\n"
	    "       uwaga meeting import FILE.json\n"
	    "       uwaga meeting announce KEY... [--at TIME] [--dry-run | --yes COUNT]\n"
	    "       uwaga meeting change KEY [--starts TIME] [--ends TIME] [--venue TEXT]\n"
	    "                            [--address TEXT] [--reason TEXT] [--dry-run | --yes COUNT]\n"
	    "       uwaga meeting cancel KEY [--reason TEXT] [--dry-run | --yes COUNT]\n"
	    "       uwaga meeting held KEY [--count GROUP=NUMBER]... [--point TEXT]...\n"
	    "                          [--points FILE] [--file POINT]...\n\n"
	    "announce, change and cancel show whom they reach and what people read, and\nsend when the number of recipients is typed (for scripts: --yes COUNT).  Each\nrecipient of an announcement gets one notice of the meetings for them; a change\nor cancellation reaches those who got one.  --dry-run only shows.\n--at TIME lets it leave then, before the first of the meetings begins; what is\nheld up until all of them have begun is not sent any more.\n\n"
	    "show also says who will come: yes, no, maybe, by the last "
	    "answer of each\nperson, and what they wrote.  Answers that "
	    "came when the meeting was cancelled\nor over are late, and "
	    "do not count.  Of those who come, not_invited "
	    "are people whom no\nnotice told: somebody passed it on to them.\n\n"
	    "held notes how many of each group came, what they raised, and makes remarks of\npoints by their numbers; a count given again is corrected.\nFILE has a point a paragraph, or a line that begins with \"- \": at most 1 MiB, 500\npoints, 20000 bytes each.  Nothing is noted unless all of it is good.\n\n"
	    "TIME is 2026-11-24T17:00:00+01:00, or local: \"2026-11-24 "
	    "17:00\".\n\n"
	    "  --phase WORD    needs or remarks (the default)\n"
	    "  --ends TIME     else two hours later\n"
	    "  --venue TEXT    where\n"
	    "  --address TEXT  its street\n"
	    "  --key WORD      a short name; else one is made\n",
	.needs = NEEDS_STORE,
	.run = run,
};

/* store_consultation - consultations, their codes, communes and meetings */
#include "gateway/store_consultation.h"

#include <string.h>

#include "gateway/store_internal.h"
#include "parsers/message.h"
#include "parsers/text.h"

#define LINES_MAX 65536
#define CODE_MAX 32

/* ---- what the times say ------------------------------------------------ */

enum phase_state
consultation_state(const struct consultation *c, int64_t at)
{
	if (c->closes_ms != 0 && at >= c->closes_ms)
		return CONSULTATION_CLOSED;
	if (c->opens_ms == 0 || at < c->opens_ms)
		return CONSULTATION_PLANNED;
	return CONSULTATION_OPEN;
}

const char *
phase_state_name(enum phase_state state)
{
	static const char *const names[] = {
		[CONSULTATION_PLANNED] = "planned",
		[CONSULTATION_OPEN] = "open",
		[CONSULTATION_CLOSED] = "closed",
	};

	return names[state];
}

/* ---- communes ---------------------------------------------------------- */

/* The name folded, so that "Chelm Slaski" finds "Chełm Śląski". */
static const char *
fold(struct arena *a, const char *name)
{
	struct span key = text_fold_copy(a, span_of(name));

	return key.p == NULL ? "" : key.p;
}

static const char commune_put[] =
    "INSERT INTO commune (name, name_key, kind) VALUES (:name, :key, :kind)"
    " ON CONFLICT (name_key) DO UPDATE SET"
    " kind = CASE excluded.kind WHEN '' THEN kind ELSE excluded.kind END"
    " RETURNING id";

enum status
store_commune_put(struct store *st, const char *name, const char *kind,
    int64_t *id, struct err *err)
{
	struct arena a = { 0 };
	const char *key = fold(&a, name);
	struct query q;
	enum status rc;

	if (key[0] == '\0') {
		rc = err_set(err, ST_REJECT, "a commune needs a name");
		goto out;
	}
	query_open(&q, st, commune_put);
	query_text(&q, ":name", name);
	query_text(&q, ":key", key);
	query_text(&q, ":kind", kind);
	rc = query_number(&q, id, err);
out:
	arena_free(&a);
	return rc;
}

static const char commune_find[] =
    "SELECT id, name FROM commune WHERE name_key = :key";

enum status
store_commune_find(struct store *st, struct span name, struct arena *a,
    int64_t *id, const char **found, struct err *err)
{
	struct query q;
	enum status rc;

	*id = 0;
	*found = NULL;
	query_open(&q, st, commune_find);
	query_text(&q, ":key", fold(a, arena_copy(a, name).p));
	rc = query_step(&q, err);
	if (rc == ST_OK && q.has_row) {
		*id = query_get_int(&q);
		*found = query_get_text(&q, a);
	}
	return query_close(&q, rc, err);
}

static const char commune_all[] = "SELECT name FROM commune ORDER BY id";

enum status
store_commune_all(struct store *st, struct arena *a, const char ***names,
    size_t *n, struct err *err)
{
	const char **name;
	struct query q;
	enum status rc;

	*names = NULL;
	*n = 0;
	query_open(&q, st, commune_all);
	while ((rc = query_step(&q, err)) == ST_OK && q.has_row) {
		name = arena_push(a, names, n, sizeof(*name));
		if (name == NULL) {
			rc = err_set(err, ST_BROKEN, "out of memory");
			break;
		}
		*name = query_get_text(&q, a);
	}
	return query_close(&q, rc, err);
}

/* ---- the lists of a consultation: communes, groups, aliases ------------ */

static const char consultation_communes_clear[] =
    "DELETE FROM consultation_commune WHERE consultation_id = :consultation";
static const char consultation_groups_clear[] =
    "DELETE FROM consultation_group WHERE consultation_id = :consultation"
    " AND instr(:groups, char(10) || name || char(10)) = 0";
static const char consultation_aliases_clear[] =
    "DELETE FROM consultation_alias WHERE consultation_id = :consultation";

static enum status
clear_lists(struct store *st, int64_t id, struct err *err)
{
	struct query q;
	enum status rc;

	query_open(&q, st, consultation_communes_clear);
	query_id(&q, ":consultation", id);
	rc = query_run(&q, err);
	if (rc != ST_OK)
		return rc;
	query_open(&q, st, consultation_aliases_clear);
	query_id(&q, ":consultation", id);
	return query_run(&q, err);
}

static const char consultation_commune_add[] =
    "INSERT INTO consultation_commune (consultation_id, position, commune_id)"
    " VALUES (:consultation, (SELECT COUNT(*) FROM consultation_commune"
    " WHERE consultation_id = :consultation), :commune)"
    " ON CONFLICT DO NOTHING";

static enum status
add_commune(struct store *st, int64_t id, const char *name, struct err *err)
{
	int64_t commune = 0;
	struct query q;
	enum status rc = store_commune_put(st, name, "", &commune, err);

	if (rc != ST_OK)
		return rc;
	query_open(&q, st, consultation_commune_add);
	query_id(&q, ":consultation", id);
	query_id(&q, ":commune", commune);
	return query_run(&q, err);
}

/* A group that stays keeps the deadline of its own. */
static const char consultation_group_add[] =
    "INSERT INTO consultation_group (consultation_id, position, name)"
    " VALUES (:consultation, (SELECT COALESCE(MAX(position), -1) + 1"
    " FROM consultation_group WHERE consultation_id = :consultation), :name)"
    " ON CONFLICT (consultation_id, name) DO NOTHING";

static enum status
add_group(struct store *st, int64_t id, const char *name, struct err *err)
{
	struct query q;

	query_open(&q, st, consultation_group_add);
	query_id(&q, ":consultation", id);
	query_text(&q, ":name", name);
	return query_run(&q, err);
}

static const char consultation_alias_add[] =
    "INSERT INTO consultation_alias (alias_key, alias, consultation_id)"
    " SELECT :key, :alias, :consultation WHERE NOT EXISTS"
    " (SELECT 1 FROM consultation WHERE code = upper(:alias))"
    " ON CONFLICT (alias_key) DO UPDATE SET alias = excluded.alias"
    " WHERE consultation_id = excluded.consultation_id";

static enum status
add_alias(struct store *st, int64_t id, const char *alias, struct err *err)
{
	struct arena a = { 0 };
	struct query q;
	enum status rc;

	query_open(&q, st, consultation_alias_add);
	query_text(&q, ":key", fold(&a, alias));
	query_text(&q, ":alias", alias);
	query_id(&q, ":consultation", id);
	rc = query_run(&q, err);
	if (rc == ST_OK && sqlite3_changes(st->db) == 0)
		rc = err_set(err, ST_REJECT,
		    "the alias %.60s stands for another consultation: choose "
		    "another word",
		    alias);
	arena_free(&a);
	return rc;
}

static enum status
add_lines(struct store *st, int64_t id, const char *lines,
    enum status (*add)(
	struct store *st, int64_t id, const char *line, struct err *err),
    struct err *err)
{
	struct span rest = span_of(lines), line;
	struct arena a = { 0 };
	enum status rc = ST_OK;

	while (rc == ST_OK && span_line(&rest, &line)) {
		line = span_trim(line);
		if (line.n > 0)
			rc = add(st, id, arena_copy(&a, line).p, err);
	}
	arena_free(&a);
	return rc;
}

static enum status
drop_groups_not_in(
    struct store *st, int64_t id, const char *groups, struct err *err)
{
	struct buf framed = { .max = LINES_MAX };
	struct query q;
	enum status rc;

	buf_printf(&framed, "\n%s\n", groups == NULL ? "" : groups);
	rc = buf_status(&framed, "the list of groups", err);
	if (rc == ST_OK) {
		query_open(&q, st, consultation_groups_clear);
		query_id(&q, ":consultation", id);
		query_text(&q, ":groups", buf_cstr(&framed));
		rc = query_run(&q, err);
	}
	buf_free(&framed);
	return rc;
}

static enum status
put_lists(struct store *st, const struct consultation *c, struct err *err)
{
	enum status rc = clear_lists(st, c->id, err);

	if (rc == ST_OK)
		rc = drop_groups_not_in(st, c->id, c->groups, err);
	if (rc == ST_OK)
		rc = add_lines(st, c->id, c->communes, add_commune, err);
	if (rc == ST_OK)
		rc = add_lines(st, c->id, c->groups, add_group, err);
	if (rc == ST_OK)
		rc = add_lines(st, c->id, c->aliases, add_alias, err);
	return rc;
}

/* ---- consultations ----------------------------------------------------- */

static const char consultation_put[] =
    "INSERT INTO consultation (code, case_ref, title, title_short, kind,"
    " owner, phase, opens_ms, opens_local, closes_ms, closes_local, timezone)"
    " VALUES (:code, :case_ref, :title, :title_short, :kind, :owner, :phase,"
    " :opens, :opens_local, :closes, :closes_local, :timezone)"
    " ON CONFLICT (code) DO UPDATE SET case_ref = excluded.case_ref,"
    " title = excluded.title, title_short = excluded.title_short,"
    " kind = excluded.kind, owner = excluded.owner, phase = excluded.phase,"
    " opens_ms = excluded.opens_ms, opens_local = excluded.opens_local,"
    " closes_ms = excluded.closes_ms, closes_local = excluded.closes_local,"
    " timezone = excluded.timezone RETURNING id";

bool
phase_is_valid(const char *phase)
{
	return phase != NULL &&
	       (strcmp(phase, "needs") == 0 || strcmp(phase, "remarks") == 0);
}

static enum status
check_consultation(const struct consultation *c, struct err *err)
{
	if (c->code == NULL || c->code[0] == '\0')
		return err_set(err, ST_REJECT, "a consultation needs a code");
	if (strlen(c->code) > CODE_MAX)
		return err_set(err, ST_REJECT,
		    "the code %.40s is too long: at most %d characters",
		    c->code, CODE_MAX);
	if (!phase_is_valid(c->phase))
		return err_set(err, ST_REJECT,
		    "the phase of %s must be \"needs\" or \"remarks\"",
		    c->code);
	if (c->opens_ms != 0 && c->closes_ms != 0 && c->closes_ms < c->opens_ms)
		return err_set(err, ST_REJECT,
		    "%s would close before it opens: change one of the times",
		    c->code);
	return ST_OK;
}

enum status
store_consultation_put(
    struct store *st, struct consultation *c, struct err *err)
{
	struct query q;
	enum status rc = check_consultation(c, err);

	if (rc != ST_OK)
		return rc;
	query_open(&q, st, consultation_put);
	query_text(&q, ":code", c->code);
	query_text(&q, ":case_ref", c->case_ref);
	query_text(&q, ":title", c->title);
	query_text(&q, ":title_short", c->title_short);
	query_text(&q, ":kind", c->kind);
	query_text(&q, ":owner", c->owner);
	query_text(&q, ":phase", c->phase);
	query_time(&q, ":opens", c->opens_ms);
	query_text(&q, ":opens_local", c->opens_local);
	query_time(&q, ":closes", c->closes_ms);
	query_text(&q, ":closes_local", c->closes_local);
	query_text(&q, ":timezone", c->timezone);
	rc = query_number(&q, &c->id, err);
	return rc == ST_OK ? put_lists(st, c, err) : rc;
}

#define SELECT_CONSULTATION                                                \
	"SELECT c.id, c.code, c.case_ref, c.title, c.title_short, c.kind," \
	" c.owner, c.phase, c.opens_ms, c.opens_local, c.closes_ms,"       \
	" c.closes_local, c.timezone,"                                     \
	" (SELECT group_concat(name, char(10)) FROM (SELECT m.name FROM"   \
	" consultation_commune l JOIN commune m ON m.id = l.commune_id"    \
	" WHERE l.consultation_id = c.id ORDER BY l.position)),"           \
	" (SELECT group_concat(name, char(10)) FROM (SELECT g.name FROM"   \
	" consultation_group g WHERE g.consultation_id = c.id"             \
	" ORDER BY g.position)),"                                          \
	" (SELECT group_concat(alias, char(10)) FROM (SELECT a.alias FROM" \
	" consultation_alias a WHERE a.consultation_id = c.id"             \
	" ORDER BY a.alias_key)), c.filed FROM consultation c"

static void
read_consultation(struct query *q, struct arena *a, struct consultation *out)
{
	out->id = query_get_int(q);
	out->code = query_get_text(q, a);
	out->case_ref = query_get_text(q, a);
	out->title = query_get_text(q, a);
	out->title_short = query_get_text(q, a);
	out->kind = query_get_text(q, a);
	out->owner = query_get_text(q, a);
	out->phase = query_get_text(q, a);
	out->opens_ms = query_get_int(q);
	out->opens_local = query_get_text(q, a);
	out->closes_ms = query_get_int(q);
	out->closes_local = query_get_text(q, a);
	out->timezone = query_get_text(q, a);
	out->communes = query_get_text(q, a);
	out->groups = query_get_text(q, a);
	out->aliases = query_get_text(q, a);
	out->remarks = query_get_int(q);
}

static enum status
read_one(
    struct query *q, struct arena *a, struct consultation *out, struct err *err)
{
	enum status rc = query_step(q, err);

	*out = (struct consultation){ 0 };
	if (rc == ST_OK && q->has_row)
		read_consultation(q, a, out);
	return query_close(q, rc, err);
}

static const char consultation_find[] = SELECT_CONSULTATION
    " WHERE c.code = upper(:code) OR c.id = (SELECT consultation_id"
    " FROM consultation_alias WHERE alias_key = :key)"
    " ORDER BY c.code = upper(:code) DESC LIMIT 1";

enum status
store_consultation_find(struct store *st, const char *code, struct arena *a,
    struct consultation *out, struct err *err)
{
	struct query q;

	query_open(&q, st, consultation_find);
	query_text(&q, ":code", code);
	query_text(&q, ":key", fold(a, code));
	return read_one(&q, a, out, err);
}

static const char consultation_get[] = SELECT_CONSULTATION " WHERE c.id = :id";

enum status
store_consultation_get(struct store *st, int64_t id, struct arena *a,
    struct consultation *out, struct err *err)
{
	struct query q;

	query_open(&q, st, consultation_get);
	query_id(&q, ":id", id);
	return read_one(&q, a, out, err);
}

static const char consultation_all[] = SELECT_CONSULTATION " ORDER BY c.code";

enum status
store_consultation_all(struct store *st, struct arena *a,
    struct consultation **out, size_t *n, struct err *err)
{
	struct consultation *c;
	struct query q;
	enum status rc;

	*out = NULL;
	*n = 0;
	query_open(&q, st, consultation_all);
	while ((rc = query_step(&q, err)) == ST_OK && q.has_row) {
		c = arena_push(a, out, n, sizeof(**out));
		if (c == NULL) {
			rc = err_set(err, ST_BROKEN, "out of memory");
			break;
		}
		read_consultation(&q, a, c);
	}
	return query_close(&q, rc, err);
}

static const char consultation_number_used[] =
    "UPDATE consultation SET next_number = MAX(next_number, :number + 1)"
    " WHERE id = :id";

enum status
store_consultation_number_used(
    struct store *st, int64_t id, int64_t number, struct err *err)
{
	struct query q;

	query_open(&q, st, consultation_number_used);
	query_id(&q, ":id", id);
	query_int(&q, ":number", number);
	return query_run(&q, err);
}

const struct statement store_consultation_statements[] = {
	{ "commune_put", commune_put },
	{ "commune_find", commune_find },
	{ "commune_all", commune_all },
	{ "consultation_communes_clear", consultation_communes_clear },
	{ "consultation_groups_clear", consultation_groups_clear },
	{ "consultation_aliases_clear", consultation_aliases_clear },
	{ "consultation_commune_add", consultation_commune_add },
	{ "consultation_group_add", consultation_group_add },
	{ "consultation_alias_add", consultation_alias_add },
	{ "consultation_put", consultation_put },
	{ "consultation_find", consultation_find },
	{ "consultation_get", consultation_get },
	{ "consultation_all", consultation_all },
	{ "consultation_number_used", consultation_number_used },
	{ NULL, NULL },
};

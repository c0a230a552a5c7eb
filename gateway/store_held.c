/* store_held - what became of a meeting: who came, and what they raised */
#include "gateway/store_held.h"

#include "gateway/store_internal.h"

static const char meeting_held[] =
    "UPDATE meeting SET state = 'held' WHERE id = :meeting";

enum status
store_meeting_held(struct store *st, int64_t meeting_id, struct err *err)
{
	struct query q;

	query_open(&q, st, meeting_held);
	query_id(&q, ":meeting", meeting_id);
	return query_run(&q, err);
}

static const char held_count[] =
    "INSERT INTO meeting_count (meeting_id, people_of, people)"
    " VALUES (:meeting, :people_of, :people)"
    " ON CONFLICT (meeting_id, people_of) DO UPDATE SET"
    " people = excluded.people";

enum status
store_held_count(struct store *st, int64_t meeting_id,
    const struct head_count *count, struct err *err)
{
	struct query q;

	query_open(&q, st, held_count);
	query_id(&q, ":meeting", meeting_id);
	query_text(&q, ":people_of", count->group);
	query_int(&q, ":people", count->people);
	return query_run(&q, err);
}

static const char held_counts[] =
    "SELECT people_of, people FROM meeting_count"
    " WHERE meeting_id = :meeting ORDER BY people_of";

enum status
store_held_counts(struct store *st, int64_t meeting_id, struct arena *a,
    struct head_count **out, size_t *n, struct err *err)
{
	struct head_count *one;
	struct query q;
	enum status rc;

	*out = NULL;
	*n = 0;
	query_open(&q, st, held_counts);
	query_id(&q, ":meeting", meeting_id);
	while ((rc = query_step(&q, err)) == ST_OK && q.has_row) {
		one = arena_push(a, out, n, sizeof(*one));
		if (one == NULL) {
			rc = err_set(err, ST_BROKEN, "out of memory");
			break;
		}
		one->group = query_get_text(&q, a);
		one->people = query_get_int(&q);
	}
	return query_close(&q, rc, err);
}

static const char held_point[] =
    "INSERT INTO meeting_point (meeting_id, number, text, noted_ms)"
    " SELECT :meeting, COALESCE(MAX(number), 0) + 1, :text, :now"
    " FROM meeting_point WHERE meeting_id = :meeting RETURNING number";

enum status
store_held_point(struct store *st, int64_t meeting_id, struct point *point,
    int64_t now, struct err *err)
{
	struct query q;

	query_open(&q, st, held_point);
	query_id(&q, ":meeting", meeting_id);
	query_text(&q, ":text", point->text);
	query_int(&q, ":now", now);
	return query_number(&q, &point->number, err);
}

static const char held_points[] =
    "SELECT p.id, p.number, p.text, p.remark_id,"
    " COALESCE(c.code || '/' || r.number, '') FROM meeting_point p"
    " LEFT JOIN remark r ON r.id = p.remark_id"
    " LEFT JOIN consultation c ON c.id = r.consultation_id"
    " WHERE p.meeting_id = :meeting ORDER BY p.number";

enum status
store_held_points(struct store *st, int64_t meeting_id, struct arena *a,
    struct point **out, size_t *n, struct err *err)
{
	struct point *one;
	struct query q;
	enum status rc;

	*out = NULL;
	*n = 0;
	query_open(&q, st, held_points);
	query_id(&q, ":meeting", meeting_id);
	while ((rc = query_step(&q, err)) == ST_OK && q.has_row) {
		one = arena_push(a, out, n, sizeof(*one));
		if (one == NULL) {
			rc = err_set(err, ST_BROKEN, "out of memory");
			break;
		}
		one->id = query_get_int(&q);
		one->number = query_get_int(&q);
		one->text = query_get_text(&q, a);
		one->remark_id = query_get_int(&q);
		one->remark = query_get_text(&q, a);
	}
	return query_close(&q, rc, err);
}

static const char held_filed[] =
    "UPDATE meeting_point SET remark_id = :remark WHERE id = :point";

enum status
store_held_filed(
    struct store *st, int64_t point_id, int64_t remark_id, struct err *err)
{
	struct query q;

	query_open(&q, st, held_filed);
	query_id(&q, ":point", point_id);
	query_id(&q, ":remark", remark_id);
	return query_run(&q, err);
}

const struct statement store_held_statements[] = {
	{ "meeting_held", meeting_held },
	{ "held_count", held_count },
	{ "held_counts", held_counts },
	{ "held_point", held_point },
	{ "held_points", held_points },
	{ "held_filed", held_filed },
	{ NULL, NULL },
};

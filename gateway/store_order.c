/* store_order - notices that staff order by mail, and the previews they answer */
#include "gateway/store_order.h"

#include <string.h>

#include "gateway/store_internal.h"

static const char *const states[ORDER_STATE_COUNT] = {
	[ORDER_ASKED] = "asked",
	[ORDER_SECONDED] = "seconded",
	[ORDER_CONFIRMED] = "confirmed",
	[ORDER_SENDING] = "sending",
	[ORDER_DONE] = "done",
	[ORDER_CANCELLED] = "cancelled",
	[ORDER_EXPIRED] = "expired",
	[ORDER_VOID] = "void",
	[ORDER_FAILED] = "failed",
};

const char *
order_state_name(enum order_state state)
{
	return states[state];
}

static enum order_state
state_by_name(const char *name)
{
	for (int i = 0; i < ORDER_STATE_COUNT; i++)
		if (strcmp(states[i], name) == 0)
			return (enum order_state)i;
	return ORDER_FAILED;
}

bool
order_waits(enum order_state state)
{
	return state == ORDER_ASKED || state == ORDER_SECONDED;
}

static const char order_add[] =
    "INSERT INTO staff_order (inbound_id, address, verb, state, content,"
    " created_ms, until_ms, changed_ms) VALUES (:inbound, :address, :verb,"
    " :state, :content, :created, :until, :created) RETURNING id";

enum status
store_order_add(struct store *st, struct staff_order *o, struct err *err)
{
	struct query q;

	query_open(&q, st, order_add);
	query_id(&q, ":inbound", o->inbound_id);
	query_text(&q, ":address", o->address);
	query_text(&q, ":verb", o->verb);
	query_text(&q, ":state", states[o->state]);
	query_text(&q, ":content", o->content);
	query_int(&q, ":created", o->created_ms);
	query_int(&q, ":until", o->until_ms);
	return query_number(&q, &o->id, err);
}

static const char order_put[] =
    "UPDATE staff_order SET state = :state, content = :content,"
    " until_ms = :until, changed_ms = :changed, wrong = :wrong,"
    " notice_id = :notice WHERE id = :id";

enum status
store_order_put(struct store *st, const struct staff_order *o, struct err *err)
{
	struct query q;

	query_open(&q, st, order_put);
	query_text(&q, ":state", states[o->state]);
	query_text(&q, ":content", o->content);
	query_int(&q, ":until", o->until_ms);
	query_int(&q, ":changed", o->changed_ms);
	query_int(&q, ":wrong", o->wrong);
	query_id(&q, ":notice", o->notice_id);
	query_id(&q, ":id", o->id);
	return query_run(&q, err);
}

#define SELECT_ORDER                                                        \
	"SELECT id, inbound_id, address, verb, state, content, created_ms," \
	" until_ms, changed_ms, wrong, notice_id FROM staff_order"

static const char order_get[] = SELECT_ORDER " WHERE id = :id";
static const char order_open[] = SELECT_ORDER
    " WHERE state = 'asked' OR state = 'seconded' OR state = 'confirmed'"
    " OR state = 'sending' ORDER BY id";

static enum status
read_orders(struct query *q, struct arena *a, struct staff_order **out,
    size_t *n, struct err *err)
{
	struct staff_order *o;
	enum status rc;

	*out = NULL;
	*n = 0;
	while ((rc = query_step(q, err)) == ST_OK && q->has_row) {
		o = arena_push(a, out, n, sizeof(**out));
		if (o == NULL) {
			rc = err_set(err, ST_BROKEN, "out of memory");
			break;
		}
		o->id = query_get_int(q);
		o->inbound_id = query_get_int(q);
		o->address = query_get_text(q, a);
		o->verb = query_get_text(q, a);
		o->state = state_by_name(query_get_text(q, a));
		o->content = query_get_text(q, a);
		o->created_ms = query_get_int(q);
		o->until_ms = query_get_int(q);
		o->changed_ms = query_get_int(q);
		o->wrong = query_get_int(q);
		o->notice_id = query_get_int(q);
	}
	return query_close(q, rc, err);
}

enum status
store_order_get(struct store *st, int64_t id, struct arena *a,
    struct staff_order *out, struct err *err)
{
	struct staff_order *list;
	struct query q;
	size_t n;
	enum status rc;

	*out = (struct staff_order){ 0 };
	query_open(&q, st, order_get);
	query_id(&q, ":id", id);
	rc = read_orders(&q, a, &list, &n, err);
	if (rc == ST_OK && n == 0)
		return err_set(
		    err, ST_REJECT, "there is no order %lld", (long long)id);
	if (rc == ST_OK)
		*out = list[0];
	return rc;
}

enum status
store_order_open(struct store *st, struct arena *a, struct staff_order **out,
    size_t *n, struct err *err)
{
	struct query q;

	query_open(&q, st, order_open);
	return read_orders(&q, a, out, n, err);
}

static const char order_all[] = SELECT_ORDER " ORDER BY id DESC";

enum status
store_order_all(struct store *st, struct arena *a, struct staff_order **out,
    size_t *n, struct err *err)
{
	struct query q;

	query_open(&q, st, order_all);
	return read_orders(&q, a, out, n, err);
}

static const char order_count[] =
    "SELECT COUNT(*) FROM staff_order WHERE address = :address"
    " AND created_ms >= :since";

enum status
store_order_count(struct store *st, const char *address, int64_t since,
    int64_t *n, struct err *err)
{
	struct query q;

	query_open(&q, st, order_count);
	query_text(&q, ":address", address);
	query_int(&q, ":since", since);
	return query_number(&q, n, err);
}

static const char order_mails[] =
    "SELECT COUNT(*) FROM outbox WHERE created_ms >= :since"
    " AND contact_id IS NULL AND recipient = :address"
    " AND template = :template";

enum status
store_order_mails(struct store *st, const char *address,
    const char *template_name, int64_t since, int64_t *n, struct err *err)
{
	struct query q;

	query_open(&q, st, order_mails);
	query_int(&q, ":since", since);
	query_text(&q, ":address", address);
	query_text(&q, ":template", template_name);
	return query_number(&q, n, err);
}

/* ---- previews ---------------------------------------------------------- */

static const char preview_add[] =
    "INSERT INTO staff_preview (outbox_id, order_id, address, content)"
    " VALUES (:row, :order, :address, :content)";

enum status
store_preview_add(
    struct store *st, const struct staff_preview *p, struct err *err)
{
	struct query q;

	query_open(&q, st, preview_add);
	query_id(&q, ":row", p->outbox_id);
	query_id(&q, ":order", p->order_id);
	query_text(&q, ":address", p->address);
	query_text(&q, ":content", p->content);
	return query_run(&q, err);
}

static const char preview_use[] =
    "UPDATE staff_preview SET used_ms = :now WHERE outbox_id = :row";

enum status
store_preview_use(
    struct store *st, int64_t outbox_id, int64_t now, struct err *err)
{
	struct query q;

	query_open(&q, st, preview_use);
	query_int(&q, ":now", now);
	query_id(&q, ":row", outbox_id);
	return query_run(&q, err);
}

#define SELECT_PREVIEW                                                     \
	"SELECT p.outbox_id, p.order_id, p.address, p.content, p.used_ms," \
	" NOT EXISTS (SELECT 1 FROM staff_preview x"                       \
	" WHERE x.order_id = p.order_id AND x.address = p.address"         \
	" AND x.outbox_id > p.outbox_id), r.token, o.state"                \
	" FROM staff_preview p JOIN staff_order o ON o.id = p.order_id"    \
	" JOIN outbox r ON r.id = p.outbox_id"

static const char preview_of_row[] = SELECT_PREVIEW " WHERE p.outbox_id = :row";
static const char preview_all[] =
    SELECT_PREVIEW " WHERE p.address = :address AND r.created_ms >= :since"
		   " ORDER BY p.outbox_id DESC";

static enum status
read_previews(struct query *q, struct arena *a, struct staff_preview **out,
    size_t *n, struct err *err)
{
	struct staff_preview *p;
	enum status rc;

	*out = NULL;
	*n = 0;
	while ((rc = query_step(q, err)) == ST_OK && q->has_row) {
		p = arena_push(a, out, n, sizeof(**out));
		if (p == NULL) {
			rc = err_set(err, ST_BROKEN, "out of memory");
			break;
		}
		p->outbox_id = query_get_int(q);
		p->order_id = query_get_int(q);
		p->address = query_get_text(q, a);
		p->content = query_get_text(q, a);
		p->used_ms = query_get_int(q);
		p->is_newest = query_get_bool(q);
		p->token = query_get_text(q, a);
		p->state = state_by_name(query_get_text(q, a));
	}
	return query_close(q, rc, err);
}

enum status
store_preview_of_row(struct store *st, int64_t outbox_id, struct arena *a,
    struct staff_preview *out, struct err *err)
{
	struct staff_preview *list;
	struct query q;
	size_t n;
	enum status rc;

	*out = (struct staff_preview){ 0 };
	query_open(&q, st, preview_of_row);
	query_id(&q, ":row", outbox_id);
	rc = read_previews(&q, a, &list, &n, err);
	if (rc == ST_OK && n > 0)
		*out = list[0];
	return rc;
}

enum status
store_preview_all(struct store *st, const char *address, int64_t since,
    struct arena *a, struct staff_preview **out, size_t *n, struct err *err)
{
	struct query q;

	query_open(&q, st, preview_all);
	query_text(&q, ":address", address);
	query_int(&q, ":since", since);
	return read_previews(&q, a, out, n, err);
}

static const char preview_of_order[] =
    SELECT_PREVIEW " WHERE p.order_id = :order ORDER BY p.outbox_id";

enum status
store_preview_of_order(struct store *st, int64_t order_id, struct arena *a,
    struct staff_preview **out, size_t *n, struct err *err)
{
	struct query q;

	query_open(&q, st, preview_of_order);
	query_id(&q, ":order", order_id);
	return read_previews(&q, a, out, n, err);
}

const struct statement store_order_statements[] = {
	{ "order_add", order_add },
	{ "order_put", order_put },
	{ "order_get", order_get },
	{ "order_open", order_open },
	{ "order_all", order_all },
	{ "order_count", order_count },
	{ "order_mails", order_mails },
	{ "preview_add", preview_add },
	{ "preview_use", preview_use },
	{ "preview_of_row", preview_of_row },
	{ "preview_all", preview_all },
	{ "preview_of_order", preview_of_order },
	{ NULL, NULL },
};

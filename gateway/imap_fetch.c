/* imap_fetch - what comes out of a folder: the list of mails, and their bytes
 *
 * Place: see imap_session.h.  Both are read as they come: libetpan calls us for
 * every mail and every piece of a literal, and keeps nothing, so that memory
 * holds one batch whatever the folder holds.  A server may send FETCH items
 * that nobody asked for, twice, or in any order: an item counts when it has a
 * UID that was asked for and what was asked for.
 */
#include <stdlib.h>
#include <string.h>
#include <libetpan/libetpan.h>

#include "gateway/imap_internal.h"
#include "gateway/imap_session.h"
#include "parsers/date.h"

enum {
	ITEMS_MAX = 1 << 20, /* listed at once; the others come later */
	ITEM_BYTES = 200, /* of a line in a list */
	SLACK = 64 << 10, /* a mail may be so much larger than announced */
	SLOWEST = 32 << 10, /* bytes a second, else it is given up */
};

/* libetpan forgets to call us for each mail unless it may also tell of its
 * progress. */
static void
progress(size_t current, size_t maximum, void *context)
{
	(void)current;
	(void)maximum;
	(void)context;
}

static void
listen_to(struct imap *im, mailimap_msg_att_handler *item,
    mailimap_msg_body_handler *bytes, void *context)
{
	mailprogress_function *tell = item == NULL ? NULL : progress;

	mailimap_set_progress_callback(im->session, tell, tell, NULL);
	mailimap_set_msg_att_handler(im->session, item, context);
	mailimap_set_msg_body_handler(im->session, bytes, context);
}

/* ---- the list ----------------------------------------------------------- */

void
imap_list_free(struct imap_list *list)
{
	free(list->items);
	*list = (struct imap_list){ 0 };
}

static void
add_item(struct imap_list *list, const struct imap_item *item)
{
	if (list->n == list->cap && list->n < ITEMS_MAX) {
		size_t cap = list->cap == 0 ? 256 : list->cap * 2;
		struct imap_item *grown =
		    reallocarray(list->items, cap, sizeof(*grown));

		list->failed = list->failed || grown == NULL;
		if (grown != NULL) {
			list->items = grown;
			list->cap = cap;
		}
	}
	if (list->n < list->cap)
		list->items[list->n++] = *item;
}

static int64_t
date_of(const struct mailimap_date_time *d)
{
	int zone = d->dt_zone, minutes = zone / 100 * 60 + zone % 100;

	if (d->dt_year < 1990 || d->dt_year > 9999 || d->dt_month < 1 ||
	    d->dt_month > 12 || d->dt_day < 1 || d->dt_day > 31 ||
	    d->dt_hour > 23 || d->dt_min > 59 || d->dt_sec > 60)
		return 0;
	return date_to_ms(d->dt_year, d->dt_month, d->dt_day, d->dt_hour,
		   d->dt_min, d->dt_sec) -
	       (int64_t)minutes * 60000;
}

static bool
has_deleted(const struct mailimap_msg_att_dynamic *flags)
{
	if (flags == NULL || flags->att_list == NULL)
		return false;
	for (clistiter *at = clist_begin(flags->att_list); at != NULL;
	     at = clist_next(at)) {
		const struct mailimap_flag_fetch *one = clist_content(at);

		if (one->fl_type == MAILIMAP_FLAG_FETCH_OTHER &&
		    one->fl_flag->fl_type == MAILIMAP_FLAG_DELETED)
			return true;
	}
	return false;
}

/* What an item says of a mail; `size_seen`: it says how large it is. */
static void
read_item(struct imap_item *out, bool *size_seen, struct mailimap_msg_att *att)
{
	*out = (struct imap_item){ 0 };
	*size_seen = false;
	for (clistiter *at = clist_begin(att->att_list); at != NULL;
	     at = clist_next(at)) {
		const struct mailimap_msg_att_item *item = clist_content(at);
		const struct mailimap_msg_att_static *fact;

		if (item->att_type == MAILIMAP_MSG_ATT_ITEM_DYNAMIC)
			out->is_deleted = has_deleted(item->att_data.att_dyn);
		if (item->att_type != MAILIMAP_MSG_ATT_ITEM_STATIC)
			continue;
		fact = item->att_data.att_static;
		if (fact->att_type == MAILIMAP_MSG_ATT_UID)
			out->uid = fact->att_data.att_uid;
		if (fact->att_type == MAILIMAP_MSG_ATT_RFC822_SIZE) {
			out->size = fact->att_data.att_rfc822_size;
			*size_seen = true;
		}
		if (fact->att_type == MAILIMAP_MSG_ATT_INTERNALDATE &&
		    fact->att_data.att_internal_date != NULL)
			out->received_ms =
			    date_of(fact->att_data.att_internal_date);
	}
}

struct listing {
	uint32_t from, to;
	struct imap_list *list;
};

static void
on_listed(struct mailimap_msg_att *att, void *context)
{
	struct listing *l = context;
	struct imap_item item;
	bool size_seen;

	read_item(&item, &size_seen, att);
	/* "n:*" names the last mail even when its UID is below n. */
	if (size_seen && item.uid >= l->from && item.uid != 0 &&
	    (l->to == 0 || item.uid <= l->to))
		add_item(l->list, &item);
}

static int
by_uid(const void *left, const void *right)
{
	const struct imap_item *a = left, *b = right;

	return a->uid < b->uid ? -1 : a->uid > b->uid;
}

static void
sort_list(struct imap_list *list)
{
	size_t n = 0;

	if (list->n > 0)
		qsort(list->items, list->n, sizeof(*list->items), by_uid);
	for (size_t i = 0; i < list->n; i++)
		if (n == 0 || list->items[n - 1].uid != list->items[i].uid)
			list->items[n++] = list->items[i];
	list->n = n;
}

static struct mailimap_fetch_type *
what_to_list(bool flags)
{
	struct mailimap_fetch_type *type =
	    mailimap_fetch_type_new_fetch_att_list_empty();
	struct mailimap_fetch_att *facts[] = { mailimap_fetch_att_new_uid(),
		flags ? mailimap_fetch_att_new_flags() : NULL,
		mailimap_fetch_att_new_internaldate(),
		mailimap_fetch_att_new_rfc822_size() };
	bool failed = type == NULL;

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		if (i == 1 && !flags)
			continue;
		if (!failed && facts[i] != NULL &&
		    mailimap_fetch_type_new_fetch_att_list_add(
			type, facts[i]) == MAILIMAP_NO_ERROR)
			continue;
		failed = true;
		if (facts[i] != NULL)
			mailimap_fetch_att_free(facts[i]);
	}
	if (failed && type != NULL)
		mailimap_fetch_type_free(type);
	return failed ? NULL : type;
}

/* Runs the FETCH; what it answers goes to the listeners. */
static enum status
run_fetch(struct imap *im, struct mailimap_set *set,
    struct mailimap_fetch_type *type, const char *what, struct err *err)
{
	clist *unused = NULL;
	int r;

	if (set == NULL || type == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	r = mailimap_uid_fetch(im->session, set, type, &unused);
	if (r == MAILIMAP_NO_ERROR && unused != NULL)
		mailimap_fetch_list_free(unused);
	return imap_result(im, r, what, err);
}

enum status
imap_list(struct imap *im, uint32_t from, uint32_t to, bool flags,
    struct imap_list *out, struct err *err)
{
	struct mailimap_set *set = mailimap_set_new_interval(from, to);
	struct mailimap_fetch_type *type = what_to_list(flags);
	struct listing l = { from, to, out };
	uint32_t exists = 0;
	enum status rc;

	if (im->session->imap_selection_info != NULL) {
		exists = im->session->imap_selection_info->sel_exists;
		im->session->imap_selection_info->sel_has_exists = 0;
	}
	if (exists > ITEMS_MAX)
		exists = ITEMS_MAX;
	imap_expect(
	    im, 4 * COMMAND_MS, ANSWER_MAX + (size_t)exists * ITEM_BYTES);
	listen_to(im, on_listed, NULL, &l);
	rc = run_fetch(im, set, type, "mails are listed", err);
	listen_to(im, NULL, NULL, NULL);
	sort_list(out);
	if (rc == ST_OK && out->failed)
		rc = err_set(err, ST_BROKEN, "out of memory");
	if (set != NULL)
		mailimap_set_free(set);
	if (type != NULL)
		mailimap_fetch_type_free(type);
	return rc;
}

/* ---- bytes -------------------------------------------------------------- */

struct receiving {
	struct imap_body *bodies;
	size_t n;
	size_t most; /* bytes that one mail may have */
	struct buf now; /* the mail that is coming; whose, is said behind it */
	bool too_large;
};

static bool
on_bytes(int type, struct mailimap_msg_att_body_section *section,
    const char *bytes, size_t n, void *context)
{
	struct receiving *r = context;

	(void)type;
	(void)section;
	buf_add(&r->now, (struct span){ bytes, n });
	r->too_large = r->too_large || r->now.failed;
	return !r->too_large; /* false: libetpan gives up the connection */
}

/* The item's body, when it has one and only one. */
static const struct mailimap_msg_att_body_section *
body_of(struct mailimap_msg_att *att)
{
	const struct mailimap_msg_att_body_section *found = NULL;
	int n = 0;

	for (clistiter *at = clist_begin(att->att_list); at != NULL;
	     at = clist_next(at)) {
		const struct mailimap_msg_att_item *item = clist_content(at);

		if (item->att_type != MAILIMAP_MSG_ATT_ITEM_STATIC ||
		    item->att_data.att_static->att_type !=
			MAILIMAP_MSG_ATT_BODY_SECTION)
			continue;
		found = item->att_data.att_static->att_data.att_body_section;
		n++;
	}
	return n == 1 ? found : NULL;
}

static struct imap_body *
find_body(struct receiving *r, uint32_t uid)
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (r->bodies[middle].uid == uid)
			return &r->bodies[middle];
		if (r->bodies[middle].uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static void
on_received(struct mailimap_msg_att *att, void *context)
{
	struct receiving *r = context;
	const struct mailimap_msg_att_body_section *section = body_of(att);
	struct imap_body *body;
	struct imap_item item;
	bool size_seen;

	read_item(&item, &size_seen, att);
	body = section == NULL ? NULL : find_body(r, item.uid);
	/* Nothing of a mail that has a size is no answer. */
	if (body != NULL && !body->got &&
	    (r->now.n > 0 || section->sec_length > 0 || body->size == 0)) {
		/* A short one may come as a quoted string. */
		if (r->now.n == 0 && section->sec_body_part != NULL)
			buf_add(&r->now, (struct span){ section->sec_body_part,
					     section->sec_length });
		buf_free(&body->bytes);
		body->bytes = r->now;
		body->got = true;
		r->now = (struct buf){ 0 };
	}
	r->now.max = r->most;
	buf_reset(&r->now);
}

static struct mailimap_fetch_type *
what_to_receive(uint32_t first)
{
	struct mailimap_fetch_type *type =
	    mailimap_fetch_type_new_fetch_att_list_empty();
	struct mailimap_section *whole = mailimap_section_new(NULL);
	struct mailimap_fetch_att *uid = mailimap_fetch_att_new_uid();
	struct mailimap_fetch_att *body = NULL;
	bool failed;

	if (whole != NULL)
		body = first == 0
			   ? mailimap_fetch_att_new_body_peek_section(whole)
			   : mailimap_fetch_att_new_body_peek_section_partial(
				 whole, 0, first);
	failed = type == NULL || uid == NULL || body == NULL;
	if (!failed && mailimap_fetch_type_new_fetch_att_list_add(type, uid) ==
			   MAILIMAP_NO_ERROR)
		uid = NULL;
	if (!failed && mailimap_fetch_type_new_fetch_att_list_add(type, body) ==
			   MAILIMAP_NO_ERROR)
		body = NULL;
	failed = failed || uid != NULL || body != NULL;
	if (uid != NULL)
		mailimap_fetch_att_free(uid);
	if (body != NULL)
		mailimap_fetch_att_free(body);
	if (failed && type != NULL)
		mailimap_fetch_type_free(type);
	return failed ? NULL : type;
}

/* How many bytes may come, and how many of one mail: some servers announce a
 * little less than they send. */
static size_t
plan(struct receiving *r, uint32_t first)
{
	size_t all = ANSWER_MAX, largest = 0;

	for (size_t i = 0; i < r->n; i++) {
		size_t size = r->bodies[i].size;

		if (first != 0 && size > first)
			size = first;
		largest = size > largest ? size : largest;
		all += size + size / 4 + SLACK;
	}
	r->most = largest + largest / 4 + SLACK;
	r->now.max = r->most;
	return all;
}

static struct mailimap_set *
set_of(const struct imap_body *bodies, size_t n)
{
	uint32_t *uids = calloc(n + 1, sizeof(*uids));
	struct mailimap_set *set = NULL;

	for (size_t i = 0; uids != NULL && i < n; i++)
		uids[i] = bodies[i].uid;
	if (uids != NULL)
		set = imap_set(uids, n);
	free(uids);
	return set;
}

enum status
imap_bodies(struct imap *im, struct imap_body *bodies, size_t n, uint32_t first,
    struct err *err)
{
	struct mailimap_set *set = set_of(bodies, n);
	struct mailimap_fetch_type *type = what_to_receive(first);
	struct receiving r = { .bodies = bodies, .n = n };
	size_t bytes = plan(&r, first);
	enum status rc;

	imap_expect(im, COMMAND_MS + (int)(bytes / SLOWEST * 1000), bytes);
	listen_to(im, on_received, on_bytes, &r);
	rc = run_fetch(im, set, type, "mails are fetched", err);
	listen_to(im, NULL, NULL, NULL);
	if (r.too_large) {
		im->broken = true;
		rc = err_set(err, ST_RETRY,
		    "%s: the server sends a mail that is far larger than "
		    "announced",
		    imap_where(im));
	}
	buf_free(&r.now);
	if (set != NULL)
		mailimap_set_free(set);
	if (type != NULL)
		mailimap_fetch_type_free(type);
	return rc;
}

/* ---- UIDs alone --------------------------------------------------------- */

/* Runs the SEARCH for `key`, which is freed. */
static enum status
run_search(struct imap *im, struct mailimap_search_key *key, const char *what,
    struct imap_list *out, struct err *err)
{
	clist *found = NULL;
	enum status rc;
	int r;

	if (key == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	imap_expect(im, 4 * COMMAND_MS, ANSWER_MAX + ITEMS_MAX * 11);
	r = mailimap_uid_search(im->session, NULL, key, &found);
	rc = imap_result(im, r, what, err);
	for (clistiter *at = found == NULL ? NULL : clist_begin(found);
	     at != NULL; at = clist_next(at))
		add_item(
		    out, &(struct imap_item){
			     .uid = *(const uint32_t *)clist_content(at) });
	sort_list(out);
	if (rc == ST_OK && out->failed)
		rc = err_set(err, ST_BROKEN, "out of memory");
	if (found != NULL)
		mailimap_search_result_free(found);
	mailimap_search_key_free(key);
	return rc;
}

enum status
imap_search_from(
    struct imap *im, uint32_t from, struct imap_list *out, struct err *err)
{
	struct mailimap_set *set = mailimap_set_new_interval(from, 0);
	struct mailimap_search_key *key =
	    set == NULL ? NULL : mailimap_search_key_new_uid(set);
	size_t n = 0;
	enum status rc;

	if (key == NULL && set != NULL)
		mailimap_set_free(set);
	rc = run_search(im, key, "mails are looked for", out, err);
	/* "n:*" finds the last mail even when its UID is below n. */
	for (size_t i = 0; i < out->n; i++)
		if (out->items[i].uid >= from)
			out->items[n++] = out->items[i];
	out->n = n;
	return rc;
}

static struct mailimap_search_key *
since_day(int64_t ms)
{
	char text[32];
	int year, month, day;
	struct mailimap_date *date;

	if (ms <= 0)
		return mailimap_search_key_new_all();
	date_format_rfc3339(text, ms, 0);
	year = (int)strtol(text, NULL, 10);
	month = (int)strtol(text + 5, NULL, 10);
	day = (int)strtol(text + 8, NULL, 10);
	date = mailimap_date_new(day, month, year);
	return date == NULL ? NULL : mailimap_search_key_new_since(date);
}

enum status
imap_search_since(
    struct imap *im, int64_t since_ms, struct imap_list *out, struct err *err)
{
	return run_search(
	    im, since_day(since_ms), "stored mails are looked for", out, err);
}

/* health - how each part of the gateway is */
#include "gateway/health.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "gateway/clock.h"
#include "gateway/store_consultation.h"
#include "gateway/store_outbox.h"

#define MINUTE_MS (60LL * 1000)
#define DAY_MS (24 * 60 * MINUTE_MS)
#define PATIENCE_MS (30 * MINUTE_MS)

enum {
	PARTS_MAX = 200,
	EXPIRES_DAYS = 14, /* told, and once more, urgently, */
	EXPIRES_SOON_DAYS = 3,
	NAME_ROOM = 120,
	WHY_ROOM = 512,
};

/* What was noted of one part. */
struct part {
	enum alert_kind kind;
	char name[NAME_ROOM];
	enum status rc;
	char why[WHY_ROOM];
	int64_t since_ms; /* not ST_OK since then */
	bool has_certificate; /* it was noted whether there is one */
	int64_t expires_ms; /* 0: there is none */
};

struct health {
	struct store *st;
	const struct config *config;
	const struct keys *keys;
	struct part parts[PARTS_MAX];
	int n;
};

enum status
health_open(struct health **out, struct store *st, const struct config *config,
    const struct keys *keys, struct err *err)
{
	struct health *h = calloc(1, sizeof(*h));

	*out = h;
	if (h == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	h->st = st;
	h->config = config;
	h->keys = keys;
	return ST_OK;
}

void
health_close(struct health *h)
{
	free(h);
}

/* ---- notes ------------------------------------------------------------- */

/* The part, new when it was never noted; NULL when there are too many. */
static struct part *
find_part(struct health *h, enum alert_kind kind, const char *name)
{
	struct part *p;

	for (int i = 0; i < h->n; i++)
		if (h->parts[i].kind == kind &&
		    strcmp(h->parts[i].name, name) == 0)
			return &h->parts[i];
	if (h->n == PARTS_MAX)
		return NULL;
	p = &h->parts[h->n++];
	p->kind = kind;
	snprintf(p->name, sizeof(p->name), "%s", name);
	return p;
}

bool
health_note(struct health *h, enum alert_kind kind, const char *name,
    enum status rc, const char *why)
{
	struct part *p = find_part(h, kind, name);
	bool is_news;

	if (p == NULL)
		return false;
	is_news = rc == ST_REJECT && p->rc != ST_REJECT;
	if (p->rc == ST_OK && rc != ST_OK)
		p->since_ms = clock_now();
	p->rc = rc;
	snprintf(p->why, sizeof(p->why), "%s", why);
	return is_news;
}

void
health_certificate(struct health *h, const char *name, int64_t expires_ms)
{
	struct part *p = find_part(h, ALERT_CERTIFICATE, name);

	if (p == NULL)
		return;
	p->has_certificate = true;
	p->expires_ms = expires_ms;
}

/* ---- the disk ---------------------------------------------------------- */

bool
health_disk_is_low(const struct config *config, bool was_low, int64_t *free_mb)
{
	const char *slash = strrchr(config->database, '/');
	char folder[4096] = ".";
	struct statvfs disk;
	int64_t mb, reserve = config->disk_reserve;

	if (slash != NULL)
		snprintf(folder, sizeof(folder), "%.*s",
		    (int)(slash - config->database + 1), config->database);
	if (statvfs(folder, &disk) != 0)
		return false;
	mb = (int64_t)(disk.f_bavail / 1024 * disk.f_frsize / 1024);
	if (free_mb != NULL)
		*free_mb = mb;
	return mb < (was_low ? reserve + reserve / 4 : reserve);
}

enum status
health_disk(const struct config *config, bool was_low, struct err *err)
{
	int64_t mb = 0;

	if (!health_disk_is_low(config, was_low, &mb))
		return ST_OK;
	return err_set(err, ST_RETRY,
	    "%lld MiB are free where the database is, of the %ld that "
	    "disk_reserve keeps: nothing is fetched until there is more",
	    (long long)mb, config->disk_reserve);
}

/* ---- readings ---------------------------------------------------------- */

struct look {
	struct health *h;
	struct arena arena;
	struct reading *readings; /* in the arena */
	size_t n;
	int64_t now;
	bool is_disk_low;
	struct alert *known; /* what is remembered; in the arena */
	size_t n_known;
};

static enum status
add(struct look *l, enum alert_kind kind, const char *name, int level,
    const char *why, int64_t patience, struct err *err)
{
	struct reading *r =
	    arena_push(&l->arena, &l->readings, &l->n, sizeof(*r));

	if (r == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	*r = (struct reading){ kind, name, level, patience,
		arena_copy(&l->arena, span_of(why)).p, 0 };
	return ST_OK;
}

static enum status
read_certificate(struct look *l, const struct part *p, struct err *err)
{
	int64_t left = p->expires_ms - l->now;
	int level = ALERT_WELL;
	char why[120] = "";

	if (!p->has_certificate)
		return ST_OK;
	if (p->expires_ms != 0 && left < EXPIRES_DAYS * DAY_MS) {
		level = left < EXPIRES_SOON_DAYS * DAY_MS ? ALERT_URGENT
							  : ALERT_WRONG;
		snprintf(why, sizeof(why),
		    "the server's certificate expires in %lld days; have it "
		    "renewed",
		    (long long)(left > 0 ? left / DAY_MS : 0));
	}
	return add(l, ALERT_CERTIFICATE, p->name, level, why, 0, err);
}

/* While the disk is low nothing is fetched: that is told already. */
static enum status
read_part(struct look *l, const struct part *p, struct err *err)
{
	enum status rc;

	if (p->kind == ALERT_CERTIFICATE)
		return read_certificate(l, p, err);
	if (p->kind == ALERT_SOURCE && l->is_disk_low && p->rc != ST_REJECT)
		return ST_OK;
	rc = add(l, p->kind, p->name, p->rc == ST_OK ? ALERT_WELL : ALERT_WRONG,
	    p->why, p->rc == ST_REJECT ? 0 : PATIENCE_MS, err);
	if (rc == ST_OK)
		l->readings[l->n - 1].since_ms = p->since_ms;
	return rc;
}

/* Is the way out for mail wrong?  That is told, or will be in its time, and
 * what waits for it is not told besides. */
static bool
is_way_wrong(const struct look *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->readings[i].kind == ALERT_WAY &&
		    l->readings[i].level != ALERT_WELL &&
		    strncmp(l->readings[i].name, "sms", 3) != 0)
			return true;
	for (size_t i = 0; i < l->n_known; i++)
		if (l->known[i].kind == ALERT_WAY &&
		    l->known[i].state.level != ALERT_WELL &&
		    strncmp(l->known[i].name, "sms", 3) != 0)
			return true;
	return false;
}

/* Rows that nobody tries may only be behind a limit, while others leave; rows
 * tried in vain since the last one left have half an hour. */
static enum status
read_owed(
    struct look *l, enum channel channel, const char *name, struct err *err)
{
	int64_t late = l->now - PATIENCE_MS;
	struct outbox_owed owed;
	enum status rc =
	    store_outbox_owed(l->h->st, channel, l->now, late, &owed, err);
	char why[160] = "";
	bool is_left, is_vain;

	if (rc != ST_OK)
		return rc;
	if (channel == CHANNEL_MAIL && is_way_wrong(l))
		return ST_OK;
	is_left = owed.untried > 0 && owed.last_sent_ms <= late;
	is_vain = owed.rows > owed.untried;
	if (is_left || is_vain)
		snprintf(why, sizeof(why),
		    "%lld wait to be sent; see uwaga outbox list",
		    (long long)owed.rows);
	return add(l, ALERT_OWED, name,
	    is_left || is_vain ? ALERT_WRONG : ALERT_WELL, why,
	    is_left ? 0 : PATIENCE_MS, err);
}

static bool
is_configured(const struct config *c, const struct alert *a)
{
	const char *name = a->name;

	if (a->kind == ALERT_OWED)
		return true;
	if (a->kind != ALERT_SOURCE && a->kind != ALERT_WAY &&
	    a->kind != ALERT_CERTIFICATE)
		return false;
	if (a->kind != ALERT_SOURCE && strcmp(name, "smtp") == 0)
		return true;
	for (int i = 0; i < c->n_mailboxes; i++)
		if (strncmp(name, "mailbox ", 8) == 0 &&
		    strcmp(name + 8, c->mailboxes[i].name) == 0)
			return true;
	for (int i = 0; i < c->n_sms; i++)
		if (strncmp(name, "sms ", 4) == 0 &&
		    strcmp(name + 4, c->sms[i].name) == 0)
			return true;
	return false;
}

/* What was told of a part that is no longer there, or of a thread of a program
 * that ended, is over; what was well when last seen still is. */
static enum status
read_gone(struct look *l, struct err *err)
{
	size_t n = l->n;
	enum status rc = ST_OK;

	for (size_t i = 0; i < l->n_known && rc == ST_OK; i++) {
		const struct alert *known = &l->known[i];
		bool is_read = false;

		for (size_t k = 0; k < n; k++)
			is_read |=
			    l->readings[k].kind == known->kind &&
			    strcmp(l->readings[k].name, known->name) == 0;
		if (!is_read && (known->state.well_ms != 0 ||
				    !is_configured(l->h->config, known)))
			rc = add(l, known->kind, known->name, ALERT_WELL, "", 0,
			    err);
	}
	return rc;
}

static enum status
read_all(struct look *l, struct err *err)
{
	struct health *h = l->h;
	enum status rc =
	    alert_list(h->st, true, &l->arena, &l->known, &l->n_known, err);

	for (int i = 0; i < h->n; i++)
		l->is_disk_low |=
		    h->parts[i].kind == ALERT_DISK && h->parts[i].rc != ST_OK;
	for (int i = 0; i < h->n && rc == ST_OK; i++)
		rc = read_part(l, &h->parts[i], err);
	if (rc == ST_OK)
		rc = read_owed(l, CHANNEL_MAIL, "mail", err);
	if (rc == ST_OK)
		rc = read_owed(l, CHANNEL_SMS, "sms", err);
	return rc == ST_OK ? read_gone(l, err) : rc;
}

/* ---- what closes within a day makes it urgent --------------------------- */

static enum status
find_closing(struct look *l, const char **codes, struct err *err)
{
	struct buf list = { .max = 400 };
	struct consultation *all;
	size_t n;
	enum status rc =
	    store_consultation_all(l->h->st, &l->arena, &all, &n, err);

	for (size_t i = 0; i < n && rc == ST_OK; i++)
		if (consultation_state(&all[i], l->now) == CONSULTATION_OPEN &&
		    all[i].closes_ms != 0 &&
		    all[i].closes_ms - l->now <= DAY_MS)
			buf_printf(
			    &list, "%s%s", list.n > 0 ? ", " : "", all[i].code);
	*codes = arena_copy(&l->arena, buf_span(&list)).p;
	buf_free(&list);
	return rc;
}

/* Whether messages may come too late, or their authors hear nothing. */
static bool
keeps_people_waiting(const struct reading *r)
{
	return r->level == ALERT_WRONG && r->kind != ALERT_CERTIFICATE;
}

static enum status
take_all(struct look *l, int *told, struct err *err)
{
	struct health *h = l->h;
	struct alerts a = { h->st, h->config, h->keys, "" };
	bool any_wrong = false;
	enum status rc = ST_OK;

	for (size_t i = 0; i < l->n; i++)
		any_wrong |= keeps_people_waiting(&l->readings[i]);
	if (any_wrong)
		rc = find_closing(l, &a.closing, err);
	for (size_t i = 0; i < l->n && rc == ST_OK; i++) {
		struct reading *r = &l->readings[i];

		if (a.closing[0] != '\0' && keeps_people_waiting(r))
			r->level = ALERT_URGENT;
		rc = alert_take(&a, r, l->now, told, err);
	}
	return rc;
}

enum status
health_look(struct health *h, int64_t now, int *told, struct err *err)
{
	struct look l = { .h = h, .now = now };
	enum status rc;

	*told = 0;
	rc = store_begin(h->st, err);
	if (rc != ST_OK)
		return rc;
	rc = read_all(&l, err);
	if (rc == ST_OK)
		rc = take_all(&l, told, err);
	rc = store_end(h->st, rc, err);
	arena_free(&l.arena);
	return rc;
}

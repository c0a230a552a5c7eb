/* anchor - the head of the chain goes out of the house every day */
#include "gateway/anchor.h"

#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/reply.h"
#include "gateway/store_chain.h"

enum { DAY_LENGTH = 10 }; /* "2026-11-22" */

static const char meta_key[] = "anchor/day";

static json_t *
head_data(int64_t number, const char *hash, const char *when)
{
	char text[24], time[20];

	snprintf(text, sizeof(text), "%lld", (long long)number);
	snprintf(time, sizeof(time), "%.10s %.5s", when, when + 11);
	return json_pack("{s:s s:s s:s}", "anchor_number", text, "anchor_head",
	    hash, "anchor_time", time);
}

static enum status
owe_one(struct store *st, const struct config *config, const struct keys *keys,
    struct span address, json_t *data, int64_t now, struct err *err)
{
	struct arena a = { 0 };
	struct outbox row = { .channel = CHANNEL_MAIL,
		.to = arena_copy(&a, address).p,
		.via = "",
		.template_name = "anchor_head",
		.state = OUTBOX_QUEUED,
		.created_ms = now,
		.due_ms = now };
	enum status rc = reply_render_own(&row, &a, config, keys, data, err);

	if (rc == ST_OK)
		rc = store_outbox_add(st, &row, err);
	arena_free(&a);
	return rc;
}

static enum status
owe_all(struct store *st, const struct config *config, const struct keys *keys,
    int64_t now, const char *when, int *owed, struct err *err)
{
	struct span rest = span_of(config->anchor);
	char hash[CHAIN_HASH_SIZE];
	int64_t number = 0;
	json_t *data = NULL;
	enum status rc = store_chain_head(st, &number, hash, err);

	if (rc != ST_OK || number == 0)
		return rc;
	data = head_data(number, hash, when);
	if (data == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	while (rest.n > 0 && rc == ST_OK) {
		size_t n = span_find(rest, ",");

		rc = owe_one(st, config, keys, span_trim(span_sub(rest, 0, n)),
		    data, now, err);
		rest = span_from(rest, n + 1);
		*owed += rc == ST_OK;
	}
	json_decref(data);
	return rc;
}

enum status
anchor_owe(struct store *st, const struct config *config,
    const struct keys *keys, int64_t now, int *owed, struct err *err)
{
	struct arena a = { 0 };
	struct span last;
	char when[32], day[DAY_LENGTH + 1];
	enum status rc;

	*owed = 0;
	if (config->anchor[0] == '\0')
		return ST_OK;
	clock_format(when, config->timezone, now);
	snprintf(day, sizeof(day), "%.*s", DAY_LENGTH, when);
	rc = store_meta_get(st, meta_key, &a, &last, err);
	/* A clock that is put back must not make it a second mail. */
	if (rc != ST_OK || (last.n == DAY_LENGTH && strcmp(last.p, day) >= 0)) {
		arena_free(&a);
		return rc;
	}
	rc = store_begin(st, err);
	if (rc != ST_OK)
		goto out;
	rc = owe_all(st, config, keys, now, when, owed, err);
	if (rc == ST_OK && *owed > 0)
		rc = store_meta_set(st, meta_key, day, err);
	rc = store_end(st, rc, err);
	if (rc != ST_OK)
		*owed = 0;
out:
	arena_free(&a);
	return rc;
}

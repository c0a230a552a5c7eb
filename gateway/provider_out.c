/* provider_out - a line's sink over a provider
 *
 * Place: sms_line.c opens it.  A request that may have been obeyed without an
 * answer is looked up by our reference before anything is sent again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/fault.h"
#include "gateway/providers.h"
#include "parsers/text.h"

struct way {
	struct sink sink;
	struct sink_ops ops; /* what this provider can do */
	struct provider *p; /* owned */
	char *name; /* owned */
	int64_t rest_until; /* clock_ticks(): the provider asked for it */
};

/* Why the letter can never be sent; NULL when it can. */
static const char *
what_is_wrong(const struct letter *letter)
{
	if (!provider_is_number(letter->to))
		return "the recipient is no number of + and digits";
	if (span_trim(letter->bytes).n == 0)
		return "the text is empty";
	if (!text_is_utf8(letter->bytes))
		return "the text is not valid UTF-8";
	return NULL;
}

static void
note_rest(struct way *w)
{
	if (w->p->retry_after_s > 0)
		w->rest_until = clock_ticks() + 1000LL * w->p->retry_after_s;
}

/* True: it is known what came of an earlier try, or it cannot be known now, and
 * nothing must be sent. */
static bool
is_settled_before(
    struct way *w, const struct letter *letter, struct delivery *out)
{
	struct err err = { "" };
	enum status rc;

	if (!letter->again || w->p->ops->find == NULL)
		return false;
	rc = w->p->ops->find(w->p, letter, out, &err);
	note_rest(w);
	out->can_ask = w->p->ops->arrival != NULL;
	if (rc == ST_OK)
		return out->sent != SENT_RETRY;
	out->sent = SENT_RETRY;
	snprintf(out->reason, sizeof(out->reason),
	    "not sent again before it is known what came of the last try: "
	    "%.180s",
	    err.text);
	return true;
}

static void
way_send(struct sink *s, const struct letter *letter, struct delivery *out)
{
	struct way *w = (struct way *)s;
	const char *wrong = what_is_wrong(letter);
	int64_t rest = w->rest_until - clock_ticks();

	memset(out, 0, sizeof(*out));
	w->p->stop = s->stop;
	if (wrong != NULL) {
		out->sent = SENT_REFUSED;
		snprintf(out->reason, sizeof(out->reason), "%s", wrong);
		return;
	}
	if (rest > 0) {
		out->sent = SENT_RETRY;
		snprintf(out->reason, sizeof(out->reason),
		    "the provider asked to be left alone for another %lld s",
		    (long long)(rest + 999) / 1000);
		return;
	}
	if (is_settled_before(w, letter, out))
		return;
	memset(out, 0, sizeof(*out));
	fault_step("provider send");
	w->p->ops->send(w->p, letter, out);
	fault_step("provider sent");
	note_rest(w);
	out->can_ask = w->p->ops->arrival != NULL;
	if (out->sent == SENT_UNKNOWN && w->p->ops->find != NULL)
		out->sent = SENT_RETRY; /* and is looked up before that */
}

static enum status
way_arrival(struct sink *s, const struct letter *letter,
    const char *external_id, enum arrival *out, char why[256], struct err *err)
{
	struct way *w = (struct way *)s;
	enum status rc;

	*out = ARRIVAL_OPEN;
	why[0] = '\0';
	w->p->stop = s->stop;
	if (w->rest_until > clock_ticks())
		return err_set(err, ST_RETRY,
		    "%s: the provider asked to be left alone", w->name);
	rc = w->p->ops->arrival(w->p, letter, external_id, out, why, err);
	note_rest(w);
	return rc;
}

static enum status
way_check(struct sink *s, struct err *err)
{
	struct way *w = (struct way *)s;

	return w->p->ops->check(w->p, err);
}

static void
way_close(struct sink *s)
{
	struct way *w = (struct way *)s;

	if (w == NULL)
		return;
	provider_close(w->p);
	free(w->name);
	free(w);
}

enum status
provider_sink_open(
    struct sink **out, const struct config_sms *conf, struct err *err)
{
	struct way *w = calloc(1, sizeof(*w));
	enum status rc;

	*out = NULL;
	if (w == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	w->sink.channel = CHANNEL_SMS;
	if (asprintf(&w->name, "sms %s", conf->name) < 0)
		w->name = NULL;
	w->sink.name = w->name;
	rc = w->name == NULL
		 ? err_set(err, ST_BROKEN, "out of memory")
		 : provider_open(&w->p, providers_find(conf->provider), conf,
		       w->name, err);
	if (rc != ST_OK) {
		way_close(&w->sink);
		return rc;
	}
	w->ops = (struct sink_ops){
		.knows_reference = w->p->ops->knows_reference,
		.send = way_send,
		.arrival = w->p->ops->arrival == NULL ? NULL : way_arrival,
		.check = way_check,
		.close = way_close,
	};
	w->sink.ops = &w->ops;
	*out = &w->sink;
	return ST_OK;
}

/* smtp_link - one connection to the mail server that takes our mail */
#include "gateway/smtp_link.h"

#include <stdlib.h>

#include "gateway/clock.h"
#include "gateway/login.h"

enum {
	SLICE_MS = 250, /* how long being told to stop may go unseen */
	GRACE_MS = 6000, /* of the ten seconds that stopping may take */
	QUIT_MS = 1000,
	IN_SIZE = 4096,
};

struct smtp_link {
	struct stream *stream; /* owned */
	const atomic_bool *stop; /* borrowed; or NULL */
	struct smtp_offer offer;
	int timeout_ms;
	bool insists;
	bool is_out_of_step; /* nothing more can be said */
	struct smtp_reader reader;
	char in[IN_SIZE];
	struct span rest; /* of `in`, not read yet */
};

enum status
smtp_link_open(struct smtp_link **out, const struct config_smtp *conf,
    const atomic_bool *stop, struct err *err)
{
	struct smtp_link *l = calloc(1, sizeof(*l));
	enum status rc;

	*out = NULL;
	if (l == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	l->stop = stop;
	l->timeout_ms = (int)conf->timeout * 1000;
	rc = login_smtp(&l->stream, conf, "", stop, err);
	if (rc != ST_OK) {
		free(l);
		return rc;
	}
	smtp_offer_read(&l->offer, stream_said(l->stream));
	*out = l;
	return ST_OK;
}

void
smtp_link_close(struct smtp_link *l, bool polite)
{
	struct smtp_reply bye;

	if (l == NULL)
		return;
	if (polite && !l->is_out_of_step) {
		/* A second for manners, even on the way down. */
		stream_heed(l->stream, NULL);
		l->timeout_ms = QUIT_MS;
		l->insists = false;
		if (smtp_link_send(l, SPAN("QUIT\r\n"), NULL) == ST_OK)
			smtp_link_reply(l, &bye, NULL);
	}
	stream_close(l->stream);
	free(l);
}

const struct smtp_offer *
smtp_link_offer(const struct smtp_link *l)
{
	return &l->offer;
}

void
smtp_link_certificate(const struct smtp_link *l, struct stream_certificate *out)
{
	stream_certificate(l->stream, out);
}

bool
smtp_link_is_stale(struct smtp_link *l)
{
	return l->is_out_of_step || l->rest.n > 0 || stream_wait(l->stream, 0);
}

bool
smtp_link_is_ahead(const struct smtp_link *l)
{
	return l->rest.n > 0;
}

void
smtp_link_insist(struct smtp_link *l, bool insist)
{
	l->insists = insist;
	stream_heed(l->stream, insist ? NULL : l->stop);
}

enum status
smtp_link_send(struct smtp_link *l, struct span bytes, struct err *err)
{
	enum status rc = stream_send(l->stream, bytes, err);

	l->is_out_of_step = l->is_out_of_step || rc != ST_OK;
	return rc;
}

/* Waits for bytes until `end`, which being told to stop brings nearer. */
static enum status
receive(struct smtp_link *l, int64_t *end, struct err *err)
{
	while (l->rest.n == 0) {
		int64_t left = *end - clock_ticks();
		size_t n = 0;
		enum status rc;

		if (left <= 0)
			return err_set(err, ST_RETRY,
			    "the mail server did not answer in time; raise "
			    "timeout if it is only slow");
		if (l->insists && left > GRACE_MS && l->stop != NULL &&
		    atomic_load(l->stop))
			*end = clock_ticks() + GRACE_MS;
		if (l->insists && left > SLICE_MS)
			left = SLICE_MS;
		rc = stream_recv(
		    l->stream, l->in, sizeof(l->in), &n, (int)left, err);
		if (rc != ST_OK)
			return rc;
		l->rest = (struct span){ l->in, n };
	}
	return ST_OK;
}

enum status
smtp_link_reply(struct smtp_link *l, struct smtp_reply *out, struct err *err)
{
	int64_t end = clock_ticks() + l->timeout_ms * (l->insists ? 2 : 1);
	enum status rc = ST_OK;
	bool done = false;

	while (rc == ST_OK && !done) {
		rc = receive(l, &end, err);
		if (rc == ST_OK)
			rc = smtp_reply_feed(
			    &l->reader, &l->rest, out, &done, err);
	}
	l->is_out_of_step = l->is_out_of_step || rc != ST_OK;
	return rc == ST_OK ? ST_OK : ST_RETRY;
}

/* bounce - what a message that came back means for the next ones */
#include "gateway/bounce.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

enum bounce_kind
bounce_kind_of(struct span status)
{
	/* RFC 3463: 5.1 the address; of those 7 and 8 are the sender's.  5.2.1:
	 * the box is closed.  5.0: nothing is said beyond that it is for good. */
	if (span_is(status, "5.1.7") || span_is(status, "5.1.8"))
		return BOUNCE_SOFT;
	return span_starts(status, "5.1.") || span_starts(status, "5.0.") ||
		       span_is(status, "5.2.1")
		   ? BOUNCE_HARD
		   : BOUNCE_SOFT;
}

struct span
bounce_status_in(struct span words)
{
	for (size_t i = 0; i + 5 <= words.n; i++) {
		size_t n = i + 4;

		if ((i > 0 && words.p[i - 1] != ' ') ||
		    (words.p[i] != '4' && words.p[i] != '5') ||
		    words.p[i + 1] != '.' || !is_digit(words.p[i + 2]) ||
		    words.p[i + 3] != '.')
			continue;
		while (n < words.n && n < i + 7 && is_digit(words.p[n]))
			n++;
		if (n > i + 4)
			return span_sub(words, i, n - i);
	}
	return (struct span){ "", 0 };
}

static enum status
note_soft(struct store *st, const struct config *config,
    const struct came_back *b, struct err *err)
{
	int64_t window = config->soft_bounce_window_ms, oldest = 0;
	enum status rc = ST_OK;

	if (config->soft_bounces > 0)
		rc = store_bounce_nth(st, b->contact_id, b->at_ms - window,
		    config->soft_bounces, &oldest, err);
	return rc == ST_OK ? store_contact_rests(st, b->contact_id, b->at_ms,
				 oldest != 0 ? oldest + window : 0, err)
			   : rc;
}

enum status
bounce_note(struct store *st, const struct config *config,
    const struct came_back *b, struct err *err)
{
	enum status rc;

	if (b->contact_id == 0)
		return ST_OK;
	rc = store_bounce_add(st, b, err);
	if (rc == ST_OK && b->kind == BOUNCE_HARD)
		rc = store_contact_bounced(st, b->contact_id, b->at_ms, err);
	else if (rc == ST_OK && b->kind == BOUNCE_SOFT)
		rc = note_soft(st, config, b, err);
	return rc;
}

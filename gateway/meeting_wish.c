/* meeting_wish - who wants an interpreter or other access at a meeting */
#include "gateway/meeting_wish.h"

#include "gateway/embedded.h"
#include "parsers/keyword.h"

/* Adds those of answers that newer ones took the place of. */
static enum status
add_earlier(struct rsvp **out, size_t *n, struct store *st, int64_t meeting_id,
    struct arena *a, struct err *err)
{
	struct rsvp *earlier, *kept;
	size_t many;
	enum status rc =
	    store_rsvp_wishes(st, meeting_id, a, &earlier, &many, err);

	for (size_t i = 0; i < many && rc == ST_OK; i++) {
		kept = arena_push(a, out, n, sizeof(**out));
		if (kept == NULL)
			return err_set(err, ST_BROKEN, "out of memory");
		*kept = earlier[i];
	}
	return rc;
}

enum status
meeting_wishes(struct rsvp **out, size_t *n, struct store *st,
    int64_t meeting_id, struct arena *a, struct err *err)
{
	struct keywords *words = NULL;
	size_t kept = 0;
	enum status rc =
	    keywords_read(&words, embedded_find("templates/keywords.tsv"), err);

	*n = 0;
	if (rc == ST_OK)
		rc = store_meeting_letters(st, meeting_id, a, out, n, err);
	for (size_t i = 0; i < *n && rc == ST_OK; i++)
		if (keyword_wants_access(words, span_of((*out)[i].comment)))
			(*out)[kept++] = (*out)[i];
	*n = kept;
	if (rc == ST_OK)
		rc = add_earlier(out, n, st, meeting_id, a, err);
	keywords_free(words);
	return rc;
}

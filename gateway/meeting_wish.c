/* meeting_wish - who wants an interpreter or other access at a meeting */
#include "gateway/meeting_wish.h"

#include "gateway/embedded.h"
#include "parsers/keyword.h"

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
	keywords_free(words);
	return rc;
}

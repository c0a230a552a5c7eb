/* imap_place - how far a folder has been read, as the store notes it */
#include "gateway/imap_place.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void
imap_place_write(
    struct buf *out, const char *key, const struct imap_place *place)
{
	buf_printf(out, "%u %u %u %u %u %u %lld %s\n", place->validity,
	    place->floor, place->next, place->again_from, place->again_to,
	    place->lost_to, (long long)place->since_ms, key);
}

/* A number and the space behind it. */
static bool
take_number(struct span *rest, int64_t most, int64_t *value)
{
	char text[24], *end;
	size_t n = span_find(*rest, " ");
	long long v;

	if (n == 0 || n == rest->n || n >= sizeof(text) ||
	    !isdigit((unsigned char)rest->p[0]))
		return false;
	memcpy(text, rest->p, n);
	text[n] = '\0';
	errno = 0;
	v = strtoll(text, &end, 10);
	*rest = span_from(*rest, n + 1);
	*value = v;
	return errno == 0 && *end == '\0' && v <= most;
}

/* What stands behind the server in "konsultacje@imap.x/INBOX". */
static struct span
folder_of(struct span key)
{
	key = span_from(key, span_find(key, "@"));
	return span_from(key, span_find(key, "/"));
}

static bool
read_line(struct imap_place *out, struct span *key, struct span line)
{
	uint32_t *const fields[] = { &out->validity, &out->floor, &out->next,
		&out->again_from, &out->again_to, &out->lost_to };
	int64_t v = 0;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (!take_number(&line, UINT32_MAX, &v))
			return false;
		*fields[i] = (uint32_t)v;
	}
	*key = line;
	return take_number(key, INT64_MAX, &out->since_ms) &&
	       out->validity != 0 && out->floor <= out->next;
}

bool
imap_place_read(
    struct imap_place *out, struct span text, const char *key, bool *elsewhere)
{
	struct span line, name;
	struct imap_place one;

	*out = (struct imap_place){ 0 };
	*elsewhere = false;
	while (span_line(&text, &line)) {
		one = (struct imap_place){ 0 };
		if (!read_line(&one, &name, line))
			continue;
		if (span_is(name, key)) {
			*out = one;
			*elsewhere = false;
			return true;
		}
		if (span_eq(folder_of(name), folder_of(span_of(key)))) {
			*out = one;
			*elsewhere = true;
		}
	}
	return *elsewhere;
}

bool
imap_place_is_old(
    const struct imap_place *place, uint32_t uid, int64_t received_ms)
{
	if (uid < place->floor)
		return true;
	return uid < place->lost_to && received_ms != 0 &&
	       received_ms < place->since_ms;
}

void
imap_place_lost(struct imap_place *place, uint32_t validity, uint32_t uidnext)
{
	place->validity = validity;
	place->floor = place->next = place->again_from = 1;
	place->again_to = place->lost_to = uidnext;
}

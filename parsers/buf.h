/* buf - spans of borrowed bytes, owned bytes with a limit, and an arena
 *
 * Place: the ground floor.  Input travels as `struct span`, output is written
 * into a `struct buf` that was given its limit at birth, and many small values
 * that live and die together come from one `struct arena`.
 */
#ifndef BUF_H
#define BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "parsers/status.h"

/* Borrowed bytes; never assumed to end with NUL.  { NULL, 0 } is empty. */
struct span {
	const char *p;
	size_t n;
};

/* A span of a string literal. */
#define SPAN(literal) ((struct span){ "" literal, sizeof(literal) - 1 })

/* The span of a C string; NULL gives the empty span. */
struct span span_of(const char *s);

/* Same bytes? */
bool span_eq(struct span a, struct span b);

/* Is `a` that C string, and does it start with that one?  `_nocase` folds
 * ASCII.  Every mail asks thousands of times, mostly of lists: most answers
 * lie in the first byte. */
static inline bool
span_starts(struct span a, const char *prefix)
{
	size_t n;

	if (prefix[0] != '\0' && (a.n == 0 || a.p[0] != prefix[0]))
		return false;
	n = strlen(prefix);
	return n <= a.n && (n == 0 || memcmp(a.p, prefix, n) == 0);
}

/* See span_starts. */
static inline bool
span_is(struct span a, const char *s)
{
	return span_starts(a, s) && strlen(s) == a.n;
}

/* See span_starts. */
static inline bool
span_starts_nocase(struct span a, const char *prefix)
{
	size_t n;

	if (prefix[0] != '\0' &&
	    (a.n == 0 || ((a.p[0] ^ prefix[0]) & ~0x20) != 0))
		return false;
	n = strlen(prefix);
	return n <= a.n && (n == 0 || strncasecmp(a.p, prefix, n) == 0);
}

/* See span_starts. */
static inline bool
span_is_nocase(struct span a, const char *s)
{
	return span_starts_nocase(a, s) && strlen(s) == a.n;
}

/* Where `needle` first stands in `a`: its offset, or a.n when it does not. */
size_t span_find(struct span a, const char *needle);
size_t span_find_nocase(struct span a, const char *needle);

/* `a` without white space (space, TAB, CR, LF, VT, FF) at both ends. */
struct span span_trim(struct span a);

/* `a` from byte `from` on, and the `n` bytes there; clamped to what is there.
 * Every scan steps with these two: they stand here to cost it nothing. */
static inline struct span
span_sub(struct span a, size_t from, size_t n)
{
	if (from >= a.n)
		return (struct span){ NULL, 0 };
	return (struct span){ a.p + from, n > a.n - from ? a.n - from : n };
}

/* See span_sub. */
static inline struct span
span_from(struct span a, size_t from)
{
	return span_sub(a, from, a.n);
}

/* Takes the next line from `*rest` into `*line`, without its LF or CRLF.
 * False when `*rest` was empty. */
bool span_line(struct span *rest, struct span *line);

/* Owned bytes, always followed by a NUL that `n` does not count.  Set `max`
 * at birth: `struct buf b = { .max = 4096 };`.  A write that would pass `max`
 * (or finds no memory) writes nothing and sets `failed`, which stays; so a
 * series of writes is checked once, with buf_status(). */
struct buf {
	char *p; /* owned; NULL until the first write */
	size_t n;
	size_t cap;
	size_t max;
	bool failed;
};

/* Append bytes, a C string, one byte; the last as printf does. */
void buf_add(struct buf *b, struct span s);
/* See buf_add. */
void buf_str(struct buf *b, const char *s);
/* See buf_add. */
void buf_char(struct buf *b, char c);
/* See buf_add. */
void buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Makes room for `n` more bytes and returns where they go (the caller then
 * adds to b->n); NULL, with `failed` set, when that would pass the limit. */
char *buf_room(struct buf *b, size_t n);

/* ST_OK, or ST_LIMIT with "`what` is larger than N bytes" in `err`. */
enum status buf_status(const struct buf *b, const char *what, struct err *err);

/* What has been written, borrowed until the next write. */
struct span buf_span(const struct buf *b);

/* What has been written as a C string; "" when nothing was. */
const char *buf_cstr(const struct buf *b);

void buf_reset(struct buf *b); /* empties, keeps memory and limit */
void buf_free(struct buf *b); /* frees; may be used again, limit kept */

/* Memory that is freed all at once.  Start with `{ 0 }`. */
struct arena {
	struct arena_block *blocks; /* owned */
};

/* Zeroed memory for any type, or NULL when there is none left. */
void *arena_alloc(struct arena *a, size_t n);

/* A copy of `s` that lives as long as the arena, with a NUL behind it that the
 * span does not count; the empty span when memory is short or `s` is empty
 * (its `p` is then "" and still a C string). */
struct span arena_copy(struct arena *a, struct span s);

/* Appends a span to an array that lives in `a` and grows by doubling:
 * `*list` has `*n` elements.  False when memory is short. */
bool span_push(struct arena *a, struct span **list, size_t *n, struct span s);

/* The same for any element size: returns the new zeroed element or NULL. */
void *arena_push(struct arena *a, void *list_of_any, size_t *n, size_t size);

/* Makes all that lives in `from` live in `to`; `from` is then empty. */
void arena_take(struct arena *to, struct arena *from);

/* Frees everything; the arena may be used again. */
void arena_free(struct arena *a);

#endif

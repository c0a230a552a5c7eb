/* buf - spans, bounded buffers and the arena */
#include "parsers/buf.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct arena_block {
	struct arena_block *next;
	size_t used, cap;
	max_align_t data[];
};

/* The first block of an arena, and the largest that it grows to by itself:
 * many hold a name or two, some a whole mail. */
enum { ARENA_FIRST = 512, ARENA_BLOCK = 32768 };

struct span
span_of(const char *s)
{
	return s == NULL ? (struct span){ NULL, 0 }
			 : (struct span){ s, strlen(s) };
}

bool
span_eq(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

size_t
span_find(struct span a, const char *needle)
{
	const char *hit;

	if (a.n == 0)
		return 0;
	hit = memmem(a.p, a.n, needle, strlen(needle));
	return hit == NULL ? a.n : (size_t)(hit - a.p);
}

size_t
span_find_nocase(struct span a, const char *needle)
{
	size_t len = strlen(needle);
	char small = (char)tolower((unsigned char)needle[0]);
	char big = (char)toupper((unsigned char)needle[0]);

	for (size_t i = 0; i + len <= a.n; i++)
		if ((a.p[i] == small || a.p[i] == big || len == 0) &&
		    strncasecmp(a.p + i, needle, len) == 0)
			return i;
	return a.n;
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct span
span_trim(struct span a)
{
	while (a.n > 0 && is_space(a.p[0])) {
		a.p++;
		a.n--;
	}
	while (a.n > 0 && is_space(a.p[a.n - 1]))
		a.n--;
	return a;
}

bool
span_line(struct span *rest, struct span *line)
{
	const char *lf;
	size_t len;

	if (rest->n == 0)
		return false;
	lf = memchr(rest->p, '\n', rest->n);
	len = lf == NULL ? rest->n : (size_t)(lf - rest->p);
	*line = span_sub(*rest, 0, len);
	*rest = span_from(*rest, lf == NULL ? rest->n : len + 1);
	if (line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

char *
buf_room(struct buf *b, size_t n)
{
	size_t cap;
	char *p;

	if (b->failed || n > b->max || b->n > b->max - n) {
		b->failed = true;
		return NULL;
	}
	if (b->p != NULL && b->n + n < b->cap)
		return b->p + b->n;
	cap = b->cap < 128 ? 128 : b->cap;
	while (cap <= b->n + n)
		cap *= 2;
	p = realloc(b->p, cap);
	if (p == NULL) {
		b->failed = true;
		return NULL;
	}
	b->p = p;
	b->cap = cap;
	b->p[b->n] = '\0';
	return b->p + b->n;
}

void
buf_add(struct buf *b, struct span s)
{
	char *p = buf_room(b, s.n);

	if (p == NULL)
		return;
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	b->n += s.n;
	b->p[b->n] = '\0';
}

void
buf_str(struct buf *b, const char *s)
{
	buf_add(b, span_of(s));
}

void
buf_char(struct buf *b, char c)
{
	char *p = buf_room(b, 1);

	if (p == NULL)
		return;
	p[0] = c;
	p[1] = '\0';
	b->n++;
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	size_t left = b->p == NULL || b->failed ? 0 : b->cap - b->n;
	va_list ap;
	char *p = left > 0 ? b->p + b->n : NULL;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(p, left, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < left && b->n + (size_t)n <= b->max) {
		b->n += (size_t)n;
		return;
	}
	if (p != NULL)
		*p = '\0'; /* it did not fit, and nothing is written */
	p = n < 0 ? NULL : buf_room(b, (size_t)n);
	if (p == NULL) {
		b->failed = true;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
}

enum status
buf_status(const struct buf *b, const char *what, struct err *err)
{
	if (!b->failed)
		return ST_OK;
	return err_set(
	    err, ST_LIMIT, "%s is larger than %zu bytes", what, b->max);
}

struct span
buf_span(const struct buf *b)
{
	return (struct span){ b->p, b->n };
}

const char *
buf_cstr(const struct buf *b)
{
	return b->p == NULL ? "" : b->p;
}

void
buf_reset(struct buf *b)
{
	b->n = 0;
	b->failed = false;
	if (b->p != NULL)
		b->p[0] = '\0';
}

void
buf_free(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ .max = b->max };
}

void *
arena_alloc(struct arena *a, size_t n)
{
	struct arena_block *b = a->blocks;
	size_t cap;
	void *p;

	if (n > SIZE_MAX / 2)
		return NULL;
	n = (n + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
	if (b == NULL || b->cap - b->used < n) {
		cap = b == NULL ? ARENA_FIRST : b->cap * 2;
		if (cap > ARENA_BLOCK)
			cap = ARENA_BLOCK;
		if (n > cap)
			cap = n;
		b = calloc(1, sizeof(*b) + cap);
		if (b == NULL)
			return NULL;
		b->cap = cap;
		b->next = a->blocks;
		a->blocks = b;
	}
	p = (char *)b->data + b->used;
	b->used += n;
	return p;
}

struct span
arena_copy(struct arena *a, struct span s)
{
	char *p = s.n == 0 ? NULL : arena_alloc(a, s.n + 1);

	if (p == NULL)
		return (struct span){ "", 0 };
	memcpy(p, s.p, s.n);
	return (struct span){ p, s.n };
}

void *
arena_push(struct arena *a, void *list_of_any, size_t *n, size_t size)
{
	void *old, *grown;

	memcpy(&old, list_of_any, sizeof(old));
	if ((*n & (*n - 1)) == 0) { /* 0, 1, 2, 4, 8...: full */
		grown = arena_alloc(a, (*n == 0 ? 1 : *n * 2) * size);
		if (grown == NULL)
			return NULL;
		if (*n > 0)
			memcpy(grown, old, *n * size);
		memcpy(list_of_any, &grown, sizeof(grown));
		old = grown;
	}
	return (char *)old + (*n)++ * size;
}

bool
span_push(struct arena *a, struct span **list, size_t *n, struct span s)
{
	struct span *slot = arena_push(a, list, n, sizeof(*slot));

	if (slot == NULL)
		return false;
	*slot = arena_copy(a, s);
	return true;
}

void
arena_take(struct arena *to, struct arena *from)
{
	struct arena_block **end = &to->blocks;

	/* Behind its own: the first block is the one that has room. */
	while (*end != NULL)
		end = &(*end)->next;
	*end = from->blocks;
	from->blocks = NULL;
}

void
arena_free(struct arena *a)
{
	struct arena_block *next;

	for (; a->blocks != NULL; a->blocks = next) {
		next = a->blocks->next;
		free(a->blocks);
	}
}

/* drain - the least that any reader of a mailbox does, and nothing else
 *
 * usage: drain URL USER PASSWORD CA-FILE
 *
 * mail.mjs runs it beside the gateway: it fetches every mail of the INBOX over
 * TLS, 200 a command, looks at none of them, keeps none of them, and moves them
 * to "Przetworzone".  What it takes is what server and line cost on this
 * machine, so no program that keeps, reads and answers mail can be faster.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/stream.h"

enum { BATCH = 200 };

struct reader {
	struct stream *stream;
	char bytes[256 << 10];
	size_t n; /* not yet looked at */
};

static void
give_up(const char *why)
{
	fprintf(stderr, "drain: %s\n", why);
	exit(1);
}

static void __attribute__((format(printf, 2, 3)))
say(struct reader *r, const char *fmt, ...)
{
	struct buf line = { .max = 1024 };
	struct err err;
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_printf(&line, "%s\r\n", text);
	if (stream_send(r->stream, buf_span(&line), &err) != ST_OK)
		give_up(err.text);
	buf_free(&line);
}

/* Takes all up to the answer of the command with that tag; what stands before
 * it is `*seen`, as far as it was still there. */
static void
until_answer(struct reader *r, const char *tag, struct span *seen)
{
	char mark[32];
	size_t got, at;
	struct err err;

	snprintf(mark, sizeof(mark), "\n%s ", tag);
	for (;;) {
		at = span_find((struct span){ r->bytes, r->n }, mark);
		if (at + strlen(mark) + 2 < r->n)
			break;
		if (r->n > sizeof(r->bytes) / 2) { /* all but a part of it */
			memmove(r->bytes, r->bytes + r->n - 64, 64);
			r->n = 64;
		}
		if (stream_recv(r->stream, r->bytes + r->n,
			sizeof(r->bytes) - r->n, &got, -1, &err) != ST_OK)
			give_up(err.text);
		r->n += got;
	}
	if (memcmp(r->bytes + at + strlen(mark), "OK", 2) != 0)
		give_up("the server refused a command");
	*seen = (struct span){ r->bytes, at };
	r->n = 0; /* nothing comes that was not asked for */
}

static unsigned
count_mails(struct span answer)
{
	struct span line;
	unsigned n = 0;

	while (span_line(&answer, &line))
		if (span_find(line, " EXISTS") < line.n)
			n = (unsigned)strtoul(line.p + 2, NULL, 10);
	return n;
}

int
main(int argc, char **argv)
{
	struct reader *r = calloc(1, sizeof(*r));
	struct stream_settings set = { .user = "", .secret = "", .pin = "" };
	struct span seen;
	struct err err;
	unsigned n;

	if (argc != 5)
		give_up("usage: drain URL USER PASSWORD CA-FILE");
	set.url = argv[1];
	set.user = argv[2];
	set.secret = argv[3];
	set.ca_file = argv[4];
	if (r == NULL || stream_open(&r->stream, &set, &err) != ST_OK)
		give_up(err.text);
	say(r, "s SELECT INBOX");
	until_answer(r, "s", &seen);
	n = count_mails(seen);
	for (unsigned from = 1; from <= n; from += BATCH) {
		unsigned to = from + BATCH - 1 < n ? from + BATCH - 1 : n;

		say(r,
		    "f UID FETCH %u:%u (UID FLAGS INTERNALDATE RFC822.SIZE "
		    "BODY.PEEK[])",
		    from, to);
		until_answer(r, "f", &seen);
		say(r, "m UID MOVE %u:%u Przetworzone", from, to);
		until_answer(r, "m", &seen);
	}
	stream_close(r->stream);
	free(r);
	return 0;
}

/* wire - a parsed mail as bytes and back
 *
 * One function walks the struct in both directions, so that what is written is
 * what is read.  Numbers are little-endian; a span is its length and its bytes;
 * a list is its count and its elements.
 */
#include "parsers/wire.h"

#include <string.h>

#include "parsers/digest.h"
#include "parsers/text.h"

enum {
	WIRE_MAX = 72 * 1024 * 1024,
	LIST_MAX = 65536,
	ELEMENT_MIN = 4, /* each element holds at least one span */
};

/* The first bytes; the last one is the version. */
static const char magic[] = "UWAGA\0\0\3";

struct wire {
	struct buf *out; /* NULL when reading */
	struct span in;
	struct arena *arena; /* takes what is read */
	bool bad; /* what is read is not ours */
};

static void
exchange_number(struct wire *w, uint64_t *value, size_t bytes)
{
	char b[8] = { 0 };

	if (w->out != NULL) {
		for (size_t i = 0; i < bytes; i++)
			b[i] = (char)(*value >> (8 * i));
		buf_add(w->out, (struct span){ b, bytes });
		return;
	}
	*value = 0;
	if (w->bad || w->in.n < bytes) {
		w->bad = true;
		return;
	}
	for (size_t i = 0; i < bytes; i++)
		*value |= (uint64_t)(unsigned char)w->in.p[i] << (8 * i);
	w->in = span_from(w->in, bytes);
}

static void
exchange_int64(struct wire *w, int64_t *value)
{
	uint64_t n = (uint64_t)*value;

	exchange_number(w, &n, 8);
	*value = (int64_t)n;
}

/* A value from 0 to `max`. */
static unsigned
exchange_small(struct wire *w, unsigned value, unsigned max)
{
	uint64_t n = value;

	exchange_number(w, &n, 1);
	if (n > max) {
		w->bad = true;
		n = 0;
	}
	return (unsigned)n;
}

static void
exchange_bool(struct wire *w, bool *value)
{
	*value = exchange_small(w, *value, 1) != 0;
}

/* Any bytes. */
static void
exchange_bytes(struct wire *w, struct span *s)
{
	uint64_t n = s->n;

	exchange_number(w, &n, 4);
	if (w->out != NULL) {
		buf_add(w->out, *s);
		return;
	}
	if (w->bad || n > w->in.n) {
		w->bad = true;
		n = 0;
	}
	*s = arena_copy(w->arena, span_sub(w->in, 0, (size_t)n));
	w->in = span_from(w->in, (size_t)n);
}

/* Text: valid UTF-8 on the wire, whatever stood in the mail. */
static void
exchange_text(struct wire *w, struct span *s)
{
	struct buf clean = { .max = WIRE_MAX };
	struct span text = *s;

	if (w->out != NULL && !text_is_utf8(text)) {
		text_clean(&clean, text);
		text = buf_span(&clean);
	}
	exchange_bytes(w, &text);
	if (w->out == NULL) {
		w->bad |= !text_is_utf8(text);
		*s = text;
	}
	buf_free(&clean);
}

/* The count of a list, and room for its elements when reading.  Returns how
 * many are to be exchanged. */
static size_t
exchange_list(struct wire *w, void *list_of_any, size_t *n, size_t size)
{
	uint64_t count = *n < LIST_MAX ? *n : LIST_MAX;
	void *list;

	exchange_number(w, &count, 4);
	if (w->out != NULL)
		return (size_t)count;
	if (w->bad || count > LIST_MAX || count > w->in.n / ELEMENT_MIN) {
		w->bad = true;
		count = 0;
	}
	list = count == 0 ? NULL : arena_alloc(w->arena, (size_t)count * size);
	if (list == NULL && count > 0) {
		w->bad = true;
		count = 0;
	}
	memcpy(list_of_any, &list, sizeof(list));
	*n = (size_t)count;
	return *n;
}

static void
exchange_texts(struct wire *w, struct span **list, size_t *n)
{
	size_t count = exchange_list(w, list, n, sizeof(**list));

	for (size_t i = 0; i < count; i++)
		exchange_text(w, &(*list)[i]);
}

static void
exchange_codes(struct wire *w, struct parsed *p)
{
	size_t count =
	    exchange_list(w, &p->codes, &p->n_codes, sizeof(*p->codes));

	for (size_t i = 0; i < count; i++) {
		struct code *c = &p->codes[i];

		exchange_text(w, &c->code);
		exchange_text(w, &c->seen);
		c->where = exchange_small(w, c->where, CODE_IN_ADDRESS);
		exchange_bool(w, &c->valid);
		exchange_bool(w, &c->inherited);
	}
}

static void
exchange_pieces(struct wire *w, struct parsed *p)
{
	size_t count =
	    exchange_list(w, &p->pieces, &p->n_pieces, sizeof(*p->pieces));

	for (size_t i = 0; i < count; i++) {
		exchange_text(w, &p->pieces[i].code);
		exchange_text(w, &p->pieces[i].text);
	}
}

/* All but the bodies, which stand at the end.  The hash does not travel:
 * attachments are kept once by hash, so the reader trusts only what it has
 * computed. */
static void
exchange_attachments(struct wire *w, struct parsed *p)
{
	size_t count = exchange_list(
	    w, &p->attachments, &p->n_attachments, sizeof(*p->attachments));

	for (size_t i = 0; i < count; i++) {
		struct attachment *a = &p->attachments[i];
		uint64_t n;

		exchange_text(w, &a->name);
		exchange_text(w, &a->type);
		exchange_bool(w, &a->in_signature);
		n = a->body.n;
		exchange_number(w, &n, 4);
		a->body.n = (size_t)n;
	}
}

/* What is read is not copied: a body may be most of what there is. */
static void
read_bodies(struct wire *w, struct parsed *p)
{
	for (size_t i = 0; i < p->n_attachments && !w->bad; i++) {
		struct attachment *a = &p->attachments[i];
		size_t n = a->body.n;

		w->bad |= n > w->in.n;
		a->body = span_sub(w->in, 0, n);
		if (a->body.p == NULL)
			a->body.p = "";
		w->in = span_from(w->in, n);
		if (!w->bad)
			sha256_hex(a->sha256, a->body);
	}
}

static void
exchange_sender(struct wire *w, struct parsed *p)
{
	exchange_text(w, &p->from.address);
	exchange_text(w, &p->from.name);
	exchange_text(w, &p->reply_to.address);
	exchange_text(w, &p->reply_to.name);
	exchange_text(w, &p->return_path);
	exchange_bool(w, &p->null_return_path);
	exchange_text(w, &p->subject);
	exchange_text(w, &p->message_id);
	exchange_text(w, &p->date);
	exchange_int64(w, &p->received_ms);
	p->dmarc = exchange_small(w, p->dmarc, VERDICT_FAIL);
	exchange_bool(w, &p->is_spam);
	exchange_text(w, &p->language);
	exchange_bool(w, &p->also_remark);
	exchange_bool(w, &p->wants_access);
	exchange_texts(w, &p->in_reply_to, &p->n_in_reply_to);
	exchange_texts(w, &p->references, &p->n_references);
	exchange_texts(w, &p->recipients, &p->n_recipients);
}

static void
exchange_results(struct wire *w, struct bounce *b)
{
	size_t count = exchange_list(w, &b->each, &b->n_each, sizeof(*b->each));

	for (size_t i = 0; i < count; i++) {
		exchange_text(w, &b->each[i].recipient);
		exchange_text(w, &b->each[i].status);
		exchange_text(w, &b->each[i].reason);
		exchange_bool(w, &b->each[i].delayed);
	}
}

static void
exchange_reports(struct wire *w, struct parsed *p)
{
	exchange_bool(w, &p->bounce.delayed);
	exchange_texts(w, &p->bounce.recipients, &p->bounce.n_recipients);
	exchange_text(w, &p->bounce.status);
	exchange_text(w, &p->bounce.original_id);
	exchange_text(w, &p->bounce.reason);
	exchange_results(w, &p->bounce);
	exchange_text(w, &p->calendar.method);
	exchange_text(w, &p->calendar.uid);
	exchange_text(w, &p->calendar.attendee);
	exchange_text(w, &p->calendar.partstat);
	exchange_text(w, &p->calendar.comment);
	exchange_text(w, &p->calendar.delegate);
	exchange_text(w, &p->calendar.starts);
	exchange_int64(w, &p->calendar.sequence);
	exchange_int64(w, &p->calendar.stamp_ms);
}

static void
exchange(struct wire *w, struct parsed *p)
{
	p->kind = exchange_small(w, p->kind, KIND_UNREADABLE);
	p->command = exchange_small(w, p->command, CMD_ASK);
	exchange_text(w, &p->why);
	exchange_text(w, &p->argument);
	exchange_sender(w, p);
	exchange_text(w, &p->text);
	exchange_text(w, &p->new_text);
	exchange_text(w, &p->remark);
	exchange_codes(w, p);
	exchange_texts(w, &p->provisions, &p->n_provisions);
	exchange_texts(w, &p->warnings, &p->n_warnings);
	exchange_pieces(w, p);
	exchange_attachments(w, p);
	exchange_reports(w, p);
}

void
wire_write_head(struct buf *out, const struct parsed *parsed)
{
	struct wire w = { .out = out };
	struct parsed copy = *parsed; /* a writer changes nothing of it */

	buf_add(out, (struct span){ magic, sizeof(magic) - 1 });
	exchange(&w, &copy);
}

void
wire_write(struct buf *out, const struct parsed *parsed)
{
	wire_write_head(out, parsed);
	for (size_t i = 0; i < parsed->n_attachments && i < LIST_MAX; i++)
		buf_add(out, parsed->attachments[i].body);
}

enum status
wire_read(struct parsed *out, struct span bytes, struct err *err)
{
	struct parsed parsed = { .kind = KIND_REMARK };
	struct wire w = { .arena = &parsed.arena };

	*out = (struct parsed){ .kind = KIND_REMARK };
	if (bytes.n > WIRE_MAX)
		return err_set(
		    err, ST_REJECT, "the parsed mail is larger than 72 MiB");
	if (!span_eq(span_sub(bytes, 0, sizeof(magic) - 1),
		(struct span){ magic, sizeof(magic) - 1 }))
		return err_set(err, ST_REJECT,
		    "the worker's answer is no parsed mail of this version");
	w.in = span_from(bytes, sizeof(magic) - 1);
	exchange(&w, &parsed);
	read_bodies(&w, &parsed);
	if (w.bad || w.in.n > 0) {
		parsed_free(&parsed);
		return err_set(err, ST_REJECT,
		    "the worker's answer is damaged, %zu bytes before its end",
		    w.in.n);
	}
	*out = parsed;
	return ST_OK;
}

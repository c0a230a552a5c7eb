/* decide - what becomes of one message
 *
 * Each step below either settles the message (it sets `why`) or leaves it to
 * the next; the order is the order of DESIGN's promises: machines and frauds
 * first, then orders, then words and the consultation they belong to.  What
 * staff order has rules of its own for frauds.
 */
#include "gateway/decide.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "gateway/decide_internal.h"
#include "parsers/address.h"
#include "parsers/code.h"
#include "parsers/keyword.h"
#include "parsers/near.h"
#include "parsers/text.h"

static bool
is_settled(const struct decision *d)
{
	return d->why != NULL;
}

/* The consultation to ask about when the code has a slip; NULL: none stands
 * out. */
static const struct consultation *
nearest_code(const struct case_file *c, struct span code)
{
	struct near *list = arena_alloc(c->arena, c->n_all * sizeof(*list));
	const struct near *best;

	for (size_t i = 0; list != NULL && i < c->n_all; i++)
		list[i] = (struct near){ .code = span_of(c->all[i].code),
			.title = span_of(c->all[i].title),
			.is_open =
			    consultation_state(&c->all[i],
				c->in->received_ms) == CONSULTATION_OPEN };
	if (list == NULL)
		return NULL;
	near_rank(list, c->n_all, code, c->mail->remark);
	best = near_best(list, c->n_all);
	return best == NULL ? NULL : decide_by_code(c, best->code);
}

/* Unreadable, or the same mail by another way. */
static enum status
decide_receipt(struct decision *d, const struct case_file *c, struct err *err)
{
	struct inbound_twin twin = { 0 };
	enum status rc = ST_OK;

	if (c->raw->problem != NULL) {
		decide_settle(d, c, FATE_UNREADABLE, "%s", c->raw->problem);
		return ST_OK;
	}
	if (c->raw->channel == CHANNEL_MAIL) {
		rc = store_inbound_twin(
		    c->st, c->in, buf_span(&c->raw->bytes), &twin, err);
		if (rc != ST_OK)
			return rc;
	}
	d->twin = twin.first;
	if (twin.id != 0 && twin.id != c->in->id)
		decide_settle(d, c, FATE_DUPLICATE,
		    "the same mail as message %lld (Message-ID and content)",
		    (long long)twin.id);
	else if (c->mail->kind == KIND_UNREADABLE)
		decide_settle(d, c, FATE_UNREADABLE, "%s", c->mail->why.p);
	else if (c->raw->held_why != NULL)
		decide_settle(d, c, FATE_HELD, "%s", c->raw->held_why);
	return ST_OK;
}

/* The row that a report is about: by the Message-ID that it quotes, else by what
 * it was sent to; id 0: none of ours. */
static enum status
find_reported(struct outbox *row, const struct case_file *c, struct err *err)
{
	struct span id = c->mail->bounce.original_id;
	enum status rc = ST_OK;

	*row = (struct outbox){ 0 };
	if (id.n > 0)
		rc = store_outbox_by_message_id(
		    c->st, arena_copy(c->arena, id).p, c->arena, row, err);
	return rc == ST_OK && row->id == 0 ? decide_answered(row, NULL, c, err)
					   : rc;
}

/* Who complains wants no more of it. */
static enum status
decide_complaint(struct decision *d, const struct case_file *c, struct err *err)
{
	struct outbox row;
	enum status rc = find_reported(&row, c, err);

	if (rc != ST_OK)
		return rc;
	d->is_stop = row.contact_id != 0;
	d->stops_too = row.contact_id;
	d->bounced_row = row.id;
	decide_settle(d, c, FATE_COMPLAINT, "%s%s", c->mail->why.p,
	    d->is_stop ? "; no more notices to whom our message went" : "");
	return ST_OK;
}

static enum status
decide_bounce(struct decision *d, const struct case_file *c, struct err *err)
{
	const struct parsed *m = c->mail;
	struct outbox row;
	enum status rc = find_reported(&row, c, err);

	if (rc != ST_OK)
		return rc;
	d->bounced_row = row.id;
	d->consultation = decide_by_id(c, row.consultation_id);
	decide_settle(d, c, m->bounce.delayed ? FATE_DELAYED : FATE_BOUNCE,
	    "%s%s%s%s", m->why.p, m->bounce.status.n > 0 ? ", status " : "",
	    m->bounce.status.p != NULL ? m->bounce.status.p : "",
	    row.id != 0 ? ", for a message of ours" : "");
	return ST_OK;
}

/* Mail that no person wrote is never answered. */
static enum status
decide_machine(struct decision *d, const struct case_file *c, struct err *err)
{
	const struct parsed *m = c->mail;

	switch (m->kind) {
	case KIND_BOUNCE:
	case KIND_DELAYED:
		return decide_bounce(d, c, err);
	case KIND_COMPLAINT:
		return decide_complaint(d, c, err);
	case KIND_RECEIPT:
		decide_settle(d, c, FATE_RECEIPT, "%s", m->why.p);
		break;
	case KIND_AUTO_REPLY:
		decide_settle(d, c, FATE_AUTOMATIC, "%s", m->why.p);
		break;
	case KIND_LIST:
		if (m->is_spam)
			decide_settle(
			    d, c, FATE_HELD, "spam: marked by our server");
		else
			decide_settle(d, c, FATE_LIST, "%s", m->why.p);
		break;
	default:
		break;
	}
	return ST_OK;
}

/* The office's own address, with or without a detail behind a plus. */
static bool
is_our_address(const struct case_file *c, struct span from)
{
	struct span office = span_of(config_office(c->config, "address"));
	size_t at = span_find(from, "@"), ours = span_find(office, "@");
	struct span local = span_sub(from, 0, at);

	local = span_sub(local, 0, span_find(local, "+"));
	return from.n > 0 &&
	       span_is_nocase(span_from(from, at), span_from(office, ours).p) &&
	       local.n == ours && strncasecmp(local.p, office.p, ours) == 0;
}

static bool
claims_to_be_us(const struct case_file *c)
{
	struct span from = c->mail->from.address, domain;
	const char *ours = config_office(c->config, "domain");
	size_t at = span_find(from, "@");

	if (c->raw->channel == CHANNEL_SMS)
		return config_is_our_number(
		    c->config, arena_copy(c->arena, from).p);
	if (is_our_address(c, from))
		return true;
	domain = span_from(from, at + 1);
	return ours[0] != '\0' && span_is_nocase(domain, ours) &&
	       c->mail->dmarc != VERDICT_PASS;
}

/* Frauds and what only staff may decide: held, and not answered. */
static void
decide_trust(struct decision *d, const struct case_file *c)
{
	const struct parsed *m = c->mail;

	if (m->is_spam)
		decide_settle(d, c, FATE_HELD, "spam: marked by our server");
	else if (c->raw->channel == CHANNEL_MAIL && m->dmarc == VERDICT_FAIL)
		decide_settle(d, c, FATE_HELD,
		    "the sender's domain disowns it "
		    "(DMARC fail)");
	else if (claims_to_be_us(c))
		decide_settle(
		    d, c, FATE_HELD, "claims to come from us, without proof");
	else if (c->raw->parts_missing > 0)
		decide_settle(d, c, FATE_HELD,
		    "%d part(s) of the text never came", c->raw->parts_missing);
	else
		return;
	c->in->may_answer = false;
}

/* No resident's telephone sends from a name: without a code it is advertising,
 * or the operator has something to tell.  Staff see it, nobody answers. */
static void
decide_name(struct decision *d, const struct case_file *c)
{
	char number[32];

	if (c->raw->channel == CHANNEL_SMS && c->mail->n_codes == 0 &&
	    phone_normalise(number, c->mail->from.address,
		c->config->phone_prefix, c->textable_prefixes) == PHONE_NAME) {
		d->needs_staff = true;
		decide_settle(d, c, FATE_SPAM,
		    "from a name, which no resident texts from, and without "
		    "a code");
	}
}

/* What the author typed: certain codes and slips. */
struct evidence {
	const struct consultation *typed, *address, *inherited;
	const struct code *slip; /* first typed code that is not a known one */
	int n_typed; /* different consultations typed */
};

static void
gather(struct evidence *e, const struct case_file *c)
{
	for (size_t i = 0; i < c->mail->n_codes; i++) {
		const struct code *code = &c->mail->codes[i];
		const struct consultation *known =
		    code->valid ? decide_by_code(c, code->code) : NULL;

		if (known == NULL && code->where != CODE_IN_ADDRESS &&
		    !code->inherited && e->slip == NULL)
			e->slip = code;
		if (known == NULL)
			continue;
		if (code->where == CODE_IN_ADDRESS)
			e->address = known;
		else if (code->inherited)
			e->inherited = known;
		else if (known != e->typed) {
			e->typed = known;
			e->n_typed++;
		}
	}
}

static void
decide_slip(
    struct decision *d, const struct case_file *c, const struct code *slip)
{
	d->code_seen = slip->seen;
	d->suggestion = nearest_code(c, slip->code);
	d->reply = "unknown_code";
	decide_settle(d, c, FATE_HELD, "unknown code \"%.*s\"%s%s",
	    (int)(slip->seen.n < 40 ? slip->seen.n : 40), slip->seen.p,
	    d->suggestion != NULL ? "; asked whether it is " : "",
	    d->suggestion != NULL ? d->suggestion->code : "");
}

/* Which consultation the words belong to: what the person typed, else the
 * address, else what it answers, else the question we asked last. */
static enum status
find_consultation(const struct consultation **found, const char **how,
    struct decision *d, const struct case_file *c, struct err *err)
{
	struct evidence e = { 0 };
	struct outbox row;
	enum status rc;

	gather(&e, c);
	*found = NULL;
	*how = "the code typed";
	if (e.n_typed > 1) {
		decide_settle(d, c, FATE_HELD,
		    "names several consultations, %s among "
		    "them: which words are for which?",
		    e.typed->code);
		return ST_OK;
	}
	if (e.typed != NULL) {
		*found = e.typed;
		d->needs_staff = e.slip != NULL;
		return ST_OK;
	}
	if (e.slip != NULL) {
		decide_slip(d, c, e.slip);
		return ST_OK;
	}
	*how = "the code in the address";
	*found = e.address;
	if (*found != NULL)
		return ST_OK;
	rc = decide_answered(&row, NULL, c, err);
	if (rc != ST_OK)
		return rc;
	*how = "it answers a message of ours (address token or In-Reply-To)";
	*found = decide_by_id(c, row.consultation_id);
	if (*found != NULL)
		return ST_OK;
	*how = "the code in the subject it answers";
	*found = e.inherited;
	if (*found != NULL)
		return ST_OK;
	return decide_thread(found, how, c, err);
}

/* How alike two texts are: words of the shorter that stand in the longer, in
 * per cent. */
static int
likeness(struct arena *a, struct span x, struct span y)
{
	struct span fx = text_fold_copy(a, x), fy = text_fold_copy(a, y);
	struct span rest = fx.n < fy.n ? fx : fy, word;
	const char *longer = fx.n < fy.n ? fy.p : fx.p;
	int words = 0, found = 0;

	while (rest.n > 0 && words < 200) {
		size_t end = span_find(rest, " ");

		word = arena_copy(a, span_sub(rest, 0, end));
		rest = span_from(rest, end + 1);
		words++;
		if (strstr(longer, word.p) != NULL)
			found++;
	}
	return words == 0 ? 0 : found * 100 / words;
}

/* A code came, certain now: alone, it files the words that waited for it;
 * with the same words again, it takes their place; texts sent in a row are filed
 * with it. */
static enum status
decide_waiting(struct decision *d, const struct case_file *c,
    const struct consultation *found, struct err *err)
{
	const struct inbound *newest;
	struct waiting w;
	enum status rc;

	rc = decide_find_waiting(&w, c, err);
	if (rc != ST_OK || w.n == 0 || w.list[w.n - 1].id == c->in->id)
		return rc;
	newest = &w.list[w.n - 1];
	if (c->mail->remark.n == 0) {
		d->settles = newest->id;
		d->files_settled = true;
		decide_settle(d, c, FATE_COMMAND,
		    "the code for message %lld: %s", (long long)newest->id,
		    found->code);
	} else if (likeness(c->arena, c->mail->remark,
		       span_of(newest->remark)) >= 60) {
		d->settles = newest->id;
		return ST_OK;
	}
	return decide_with_row(d, c, &w, err);
}

/* One message, a piece for each of several consultations.  What cannot be
 * filed of it is for staff; the rest is filed. */
static enum status
decide_pieces(struct decision *d, const struct case_file *c, struct err *err)
{
	const struct parsed *m = c->mail;
	struct decision one;
	enum status rc;

	for (size_t i = 0; i < m->n_pieces; i++) {
		const struct consultation *known =
		    decide_by_code(c, m->pieces[i].code);

		one = (struct decision){ 0 };
		if (known == NULL) {
			d->needs_staff = true;
			continue;
		}
		rc = decide_filing(&one, c, known, m->pieces[i].text, err);
		if (rc != ST_OK)
			return rc;
		if (one.fate != FATE_FILED) {
			d->needs_staff = true;
			continue;
		}
		if (!decide_add_filing(d, c, known, m->pieces[i].text))
			return err_set(err, ST_BROKEN, "out of memory");
		d->consultation = known;
	}
	if (d->n_filings == 0) {
		decide_settle(d, c, FATE_HELD,
		    "speaks of several consultations, none "
		    "of which could take it");
		return ST_OK;
	}
	d->reply = "confirm_remark";
	decide_settle(d, c, FATE_FILED,
	    "filed in %zu parts, each under its own code%s", d->n_filings,
	    d->needs_staff ? "; a part is left for staff" : "");
	return ST_OK;
}

static bool
has_document(const struct parsed *m)
{
	for (size_t i = 0; i < m->n_attachments; i++)
		if (!m->attachments[i].in_signature &&
		    !span_starts(m->attachments[i].type, "image/"))
			return true;
	return false;
}

static bool
has_attachment(const struct parsed *m)
{
	for (size_t i = 0; i < m->n_attachments; i++)
		if (!m->attachments[i].in_signature)
			return true;
	return false;
}

/* Of a mail that is too large only the beginning was fetched.  Where a file
 * follows, the words before it are all there. */
static bool
is_cut_in_its_words(const struct case_file *c)
{
	return c->raw->whole_size != 0 && c->mail->n_attachments == 0;
}

/* Words without a code: it is asked for, but of several texts in a row only
 * once, so that what was asked first can still be answered. */
static enum status
hold_for_code(struct decision *d, const struct case_file *c, struct err *err)
{
	struct waiting w;
	enum status rc = decide_find_waiting(&w, c, err);

	if (rc != ST_OK)
		return rc;
	if (decide_follows_waiting(&w, c)) {
		d->waits_along = true;
		decide_settle(d, c, FATE_HELD,
		    "no code; it follows message %lld, which waits for one",
		    (long long)w.list[w.n - 1].id);
		return ST_OK;
	}
	d->reply = "no_code";
	decide_settle(d, c, FATE_HELD, "no code, and nothing it answers");
	return ST_OK;
}

/* The words, and the consultation they belong to. */
static enum status
decide_words(struct decision *d, const struct case_file *c, struct err *err)
{
	const struct parsed *m = c->mail;
	const struct consultation *found = NULL;
	const char *how = NULL;
	enum status rc;

	if (is_cut_in_its_words(c)) {
		decide_settle(d, c, FATE_HELD,
		    "too large, and its words may go on behind what was "
		    "fetched of it");
		return ST_OK;
	}
	if (m->n_pieces > 1)
		return decide_pieces(d, c, err);
	rc = find_consultation(&found, &how, d, c, err);
	if (rc != ST_OK || is_settled(d))
		return rc;
	if (found == NULL && m->remark.n == 0 && !has_attachment(m)) {
		decide_settle(d, c, FATE_EMPTY, "no words and no code");
		return ST_OK;
	}
	if (found == NULL)
		return hold_for_code(d, c, err);
	d->consultation = found;
	rc = decide_waiting(d, c, found, err);
	if (rc != ST_OK || is_settled(d))
		return rc;
	if (m->remark.n == 0 && has_attachment(m)) {
		decide_settle(
		    d, c, FATE_HELD, "the words are in the attachment only");
		return ST_OK;
	}
	if (m->remark.n == 0) {
		d->reply = "empty_remark";
		decide_settle(d, c, FATE_EMPTY,
		    "no words left without quote, greeting "
		    "and signature");
		return ST_OK;
	}
	rc = decide_filing(d, c, found, m->remark, err);
	if (rc == ST_OK && d->fate == FATE_FILED)
		decide_settle(d, c, FATE_FILED, "%s%s", how,
		    has_document(m) ? "; staff should read the attachment"
				    : "");
	d->needs_staff = d->needs_staff || has_document(m) || m->wants_access ||
			 m->kind == KIND_RSVP || c->raw->whole_size != 0;
	return rc;
}

/* May its author be written to, and may the answer repeat the words?  Without
 * a verdict on the sender the words could be anybody's (reflection). */
static void
decide_answering(const struct case_file *c)
{
	char number[32];
	enum phone_kind phone;

	if (c->raw->channel == CHANNEL_SMS) {
		phone = phone_normalise(number, c->mail->from.address,
		    c->config->phone_prefix, c->textable_prefixes);
		c->in->may_answer =
		    phone == PHONE_MOBILE || phone == PHONE_FOREIGN;
		c->in->may_echo = true;
		return;
	}
	c->in->may_answer = address_is_valid(c->mail->from.address) &&
			    !address_is_machine(c->mail->from.address);
	c->in->may_echo = c->mail->dmarc == VERDICT_PASS;
}

/* Also above a signature; and in a line that all went as a sign-off, such as
 * "Dziękuję, pozdrawiam" with a name below, when nothing else is left. */
static bool
is_thanks(const struct case_file *c)
{
	const struct parsed *m = c->mail;
	struct span rest = m->new_text, line;
	bool thanks = keyword_is_thanks(c->keywords, rest) ||
		      keyword_is_thanks(c->keywords, m->remark);

	while (m->remark.n == 0 && !has_attachment(m) && !thanks &&
	       span_line(&rest, &line))
		thanks = keyword_is_thanks(c->keywords, line);
	return thanks;
}

enum status
decide(struct decision *d, const struct case_file *c, struct err *err)
{
	enum status rc;

	*d = (struct decision){ 0 };
	rc = decide_receipt(d, c, err);
	if (rc != ST_OK || is_settled(d))
		return rc;
	decide_answering(c);
	rc = decide_button(d, c, err);
	if (rc == ST_OK && !is_settled(d))
		rc = decide_machine(d, c, err);
	if (rc != ST_OK || is_settled(d))
		return rc;
	rc = decide_staff(d, c, err);
	if (rc != ST_OK || is_settled(d))
		return rc;
	decide_trust(d, c);
	if (!is_settled(d))
		decide_name(d, c);
	if (!is_settled(d))
		decide_plain_button(d, c);
	if (!is_settled(d))
		rc = decide_order(d, c, err);
	if (rc == ST_OK && !is_settled(d))
		rc = decide_commune(d, c, err);
	if (rc == ST_OK && !is_settled(d) && is_thanks(c))
		decide_settle(d, c, FATE_THANKS, "thanks, nothing to file");
	if (rc == ST_OK && !is_settled(d))
		rc = decide_words(d, c, err);
	/* The same mail, believed less the first time, was confirmed then. */
	if (!c->in->may_answer ||
	    (d->twin != 0 && d->same.inbound_id == d->twin))
		d->reply = NULL;
	return rc;
}

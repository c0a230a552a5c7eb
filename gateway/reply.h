/* reply - the words that go back: a template filled with the facts
 *
 * Place: intake decides which reply is owed; this renders it into an outbox
 * row; the outbox composes the mail from the row when it is sent.
 */
#ifndef REPLY_H
#define REPLY_H

#include "gateway/keys.h"
#include "gateway/reply_data.h"
#include "gateway/store_outbox.h"

/* Renders into `row` (strings in `a`): channel, to, template_name, question,
 * subject, body, html, language, message_id, token, in_reply_to, references,
 * segments, receipt, ids.  The language: the message's when it is clearly one
 * there are templates for, else the configuration's.  ST_BROKEN: a template is
 * missing, does not parse or needs a value that is empty (names it). */
enum status
reply_render(struct outbox *row, struct arena *a, const struct config *config,
    const struct keys *keys, const struct reply *reply, struct err *err);

/* What answers nobody: an alert, the head of the chain.  The caller has set
 * `row->channel`, `to`, `via` and `template_name`; `data` holds what the
 * template shows beside the values of the office.  The language is the
 * configuration's.  ST_BROKEN as above. */
enum status reply_render_own(struct outbox *row, struct arena *a,
    const struct config *config, const struct keys *keys, json_t *data,
    struct err *err);

/* Makes that row an answer to the mail `in`, for mail programs: In-Reply-To and
 * References. */
void
reply_thread(struct outbox *row, struct arena *a, const struct inbound *in);

/* What stands in a notice's frozen html where the recipient's own reply address
 * belongs. */
#define REPLY_ADDRESS_MARK "odpowiedz@uwaga.invalid"

/* What stands in a preview's text where its PIN belongs: it is put in when the
 * mail leaves, so that it is stored nowhere. */
#define REPLY_PIN_MARK "[PIN]"

/* Does the row's text wait for a PIN? */
bool reply_needs_pin(const struct outbox *row);

/* Appends that text with the PIN of the row's token in it. */
enum status reply_put_pin(struct buf *out, const struct outbox *row,
    const struct keys *keys, struct err *err);

/* Renders only the words: subject, body, html, language, segments. */
enum status reply_words(struct outbox *row, struct arena *a,
    const struct config *config, const struct reply *reply, struct err *err);

/* What the template of that name is called on that channel, without its
 * ending: texts have their own, "sms_stop_confirm".  `out` has REPLY_NAME. */
void
reply_template_name(char *out, const char *template_name, enum channel channel);
enum { REPLY_NAME = 100 };

/* Every placeholder that the replies in use need and the configuration does
 * not give, one per line with the key to set, appended to `out`: for `check`. */
enum status reply_missing_values(
    struct buf *out, const struct config *config, struct err *err);

/* The whole mail for a row, CRLF, ready for a sink: From, To, Subject, Date
 * (of the row's creation), Message-ID, In-Reply-To, References, Reply-To with
 * the token, Auto-Submitted: auto-replied (auto-generated when it answers no
 * message); text and, if given, HTML. */
enum status reply_compose(struct buf *out, const struct config *config,
    const struct outbox *row, struct err *err);

/* The envelope sender for it, appended: where a bounce goes.  With envelope =
 * "token" the row's own address, so that a bounce tells which mail it is about
 * (a bounce is filed and never answered, so no loop can come of it: RFC 3834,
 * 3.2); else, or where the server takes no plus addresses, the office's. */
void reply_envelope(
    struct buf *out, const struct config *config, const struct outbox *row);

#endif

/* reply_data - the facts of a reply, and as templates name them
 *
 * Place: intake gathers them, reply fills its templates with them.
 * templates/placeholders.tsv says what each name means.
 */
#ifndef REPLY_DATA_H
#define REPLY_DATA_H

#include "gateway/store_answer.h"
#include "gateway/store_consultation.h"
#include "gateway/store_inbound.h"
#include "gateway/store_meeting.h"
#include "gateway/store_remark.h"
#include "gateway/wording.h"

/* How much of a remark a reply repeats, in characters. */
enum { SHOWN_LENGTH = 2000 };

/* How much of the reasons of an answer a text says, in characters: with what
 * stands around them two segments. */
enum { SHORT_LENGTH = 160 };

/* The facts a reply may show; NULL or empty where they do not apply. */
struct reply {
	const char *template_name; /* "confirm_remark"; texts: "sms_..." */
	const struct inbound *inbound; /* what is answered */
	const struct consultation *consultation;
	const struct consultation *all; /* for the list of open ones */
	size_t n_all;
	const struct remark *remarks; /* filed, or those it speaks of */
	const char *const *receipts; /* one per remark */
	size_t n_remarks;
	bool is_unclear; /* which of them is meant */
	const struct answer *answer; /* to the remarks; or NULL */
	int n_alike; /* how many people made remarks that it answers */
	int64_t replaced_ms; /* the author got another one then; 0 no */
	const struct meeting *meeting; /* it is about, the first of several */
	size_t n_meetings; /* 0 counts as one */
	const struct meeting *before; /* the meeting as it was; or NULL */
	const char *reason; /* why it changes; or NULL */
	const char *message; /* what staff say to all of them; or NULL */
	const char *host, *access; /* of the meeting; or NULL: the office's */
	const char *reply_address; /* what a link in it writes to; or NULL */
	const char *commune; /* whose meetings it is about; or NULL */
	bool of_another; /* a stop in answer to a letter to somebody else */
	bool stops_all; /* a stop of everything, WSZYSTKO */
	const struct rsvp *rsvps; /* the person's answers to the meetings */
	size_t n_rsvps;
	bool comes; /* the person will be there */
	const struct consultation *suggestion;
	const char *attachment_names; /* "a.pdf, b.jpg" */
	int64_t now;
	bool show_text; /* false: number and time only */
	struct wording_kept *kept; /* of earlier replies; or NULL */
};

/* Puts in what the office section gives. */
void reply_office_data(json_t *data, const struct config *config);

/* A new object; what does not apply is absent.  NULL when memory is short.
 * What every reply shows of the office is in w->kept->office afterwards. */
json_t *reply_data(struct wording *w, const struct reply *reply);

/* Adds a text to `data`, made UTF-8; nothing when it is empty, so that sections
 * of templates can ask for it. */
void reply_put(json_t *data, const char *name, struct span value);

#endif

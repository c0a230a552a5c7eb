/* body - what the leaves of a mail's tree are: words, attachments, reports
 *
 * Place: mime.c walks the tree and hands over each leaf; at the end
 * body_finish() puts the words together.  Pure.
 */
#ifndef BODY_H
#define BODY_H

#include "parsers/header.h"

/* A leaf once it is read.  Here stand the parts of a report, a calendar and an
 * enclosed message, which are neither words nor attachments. */
struct part {
	struct span type; /* "message/delivery-status", lower case */
	struct span params; /* the parameters as written: "method=REPLY; ..." */
	struct span body; /* decoded bytes; text types as UTF-8 */
};

enum { BODY_NO_SECTION = -1 };

/* Where in the tree a leaf stands. */
struct place {
	int section; /* of an alternative above it, or BODY_NO_SECTION */
	bool in_multipart, in_related, in_report, in_digest;
};

/* A leaf as it stands in the mail. */
struct leaf {
	struct header header;
	struct span type; /* lower case, the default filled in */
	struct span params;
	struct span body; /* not decoded; borrowed from the mail */
};

/* Words of the author.  Those of one section are one text, or the two forms
 * of one text. */
struct words {
	struct span text;
	int section;
	bool html;
};

/* What has been gathered.  Start with parsed set, the rest zero. */
struct body {
	struct parsed *parsed; /* borrowed */
	struct part *parts; /* every leaf, also those in plain and html */
	size_t n_parts;
	struct span plain, html; /* see struct mime; set at the end */
	struct words *words;
	size_t n_words;
	int n_sections;
	size_t text_bytes; /* converted so far, against the bound */
	bool owns_mail; /* its bytes may be written over */
};

/* Opens a section, for an alternative. */
int body_section(struct body *b);

/* Takes a leaf in: decoded into parts, and as words, attachment or
 * neither (signatures, reports). */
void body_take(struct body *b, const struct leaf *leaf, struct place place);

/* Takes bytes whose structure cannot be read as plain words. */
void body_take_raw(struct body *b, struct span bytes);

/* The body of a leaf with its transfer encoding undone; lives in the arena. */
struct span body_decode(struct body *b, const struct leaf *leaf);

/* Fills plain and html.  When some words stand only in one form and
 * some only in the other, all go into html, so that nobody loses half. */
void body_finish(struct body *b);

#endif

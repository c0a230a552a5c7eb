/* wording - the words of one language: templates, partials, dates
 *
 * Place: reply finds and fills templates here.  The office's own folder
 * (`templates` in the configuration) comes first, file by file; what it does
 * not have is built in.  A folder of files named like a language is a language.
 */
#ifndef WORDING_H
#define WORDING_H

#include <jansson.h>
#include <stdint.h>

#include "gateway/config.h"
#include "parsers/buf.h"
#include "templates/render.h"

struct wording {
	const struct config *config;
	const char *language; /* "pl" */
	struct arena *arena; /* files read from the office's folder */
	struct span dates; /* dates.tsv, once it has been read */
	struct err problem; /* a file that is there but cannot be read */
};

/* The bytes of `file` ("confirm_remark.txt"); { NULL, 0 } when there is none,
 * or, with a sentence in w->problem, when it cannot be read. */
struct span wording_find(struct wording *w, const char *file);

/* What `how` needs to find partials: for x.html NAME.html, else NAME.txt. */
void wording_render(
    struct render *how, struct wording *w, enum render_escape escape);

/* A template, or part of one, to be filled; all borrowed. */
struct wording_template {
	const char *file; /* "closed.txt": where it is from, for messages */
	struct span text;
	enum render_escape escape;
};

/* Appends the template filled with `data`.  ST_BROKEN, naming file and name,
 * when it does not parse or shows something that has no value. */
enum status wording_fill(struct buf *out, struct wording *w,
    const struct wording_template *tmpl, const json_t *data, struct err *err);

enum moment { MOMENT_EVENT, MOMENT_START, MOMENT_END };

/* A date of dates.tsv: `form` is "long", "exact" or "short".  As an end, a
 * midnight belongs to the day before ("24:00"); as a start it needs no hour.
 * JSON null when `ms` is 0 or the language does not say how. */
json_t *wording_date(struct wording *w, const char *form, int64_t ms,
    const char *zone, enum moment moment);

#endif

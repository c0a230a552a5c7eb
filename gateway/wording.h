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

/* What is the same for many replies, so that it is found once: files,
 * templates taken apart, facts of the office and of each consultation.  Start
 * with { 0 } and forget it when any of them may have changed. */
struct wording_kept {
	struct arena arena; /* owned */
	struct render_memo memo; /* owned */
	struct wording_file *files;
	size_t n_files;
	json_t *office; /* owned: its facts; NULL until they are asked for */
	json_t *facts; /* owned: by "LANGUAGE/WHAT" */
};
/* Forgets all; it may be used again. */
void wording_forget(struct wording_kept *kept);

struct wording {
	const struct config *config;
	const char *language; /* "pl" */
	struct arena *arena; /* files read from the office's folder */
	struct wording_kept *kept; /* borrowed; NULL: nothing is */
	struct span names; /* all that the templates show; see wording_shows */
	struct span dates; /* dates.tsv, once it has been read */
	struct err problem; /* a file that is there but cannot be read */
};

/* The bytes of `file` ("confirm_remark.txt"); { NULL, 0 } when there is none,
 * or, with a sentence in w->problem, when it cannot be read. */
struct span wording_find(struct wording *w, const char *file);

/* Looks at the templates of a reply, "confirm_remark.txt" and, where there is
 * one, "confirm_remark.html", so that wording_shows() can tell what they show;
 * without `kept` it is not known and all is shown. */
void wording_look(struct wording *w, const char *text_file);

/* May the templates show something of that name?  What they do not need not be
 * found out. */
bool wording_shows(const struct wording *w, const char *name);

/* The .html beside "confirm_remark.txt". */
void wording_html_name(char *out, size_t size, const char *text_file);

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

/* The day of `ms` as seen from `now`: "tomorrow", or its form "day" when the
 * language has no word for it. */
json_t *
wording_day(struct wording *w, int64_t ms, int64_t now, const char *zone);

#endif

/* wording - the words of one language: templates, partials, dates */
#include "gateway/wording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/embedded.h"
#include "templates/render_scan.h"

enum { PATH_LENGTH = 4096, DATE_LENGTH = 200, NAMES_LENGTH = 64 << 10 };

#define DAY_MS (24LL * 60 * 60 * 1000)

/* A file that was looked for. */
struct wording_file {
	const char *language, *name;
	struct span text; /* { NULL, 0 } when there is none */
	struct span
	    names; /* of a reply's templates, once they were looked at */
};

void
wording_forget(struct wording_kept *kept)
{
	render_forget(&kept->memo);
	json_decref(kept->office);
	json_decref(kept->facts);
	arena_free(&kept->arena);
	*kept = (struct wording_kept){ 0 };
}

static struct wording_file *
find_kept(const struct wording *w, const char *file)
{
	for (size_t i = 0; w->kept != NULL && i < w->kept->n_files; i++) {
		struct wording_file *f = &w->kept->files[i];

		if (strcmp(f->name, file) == 0 &&
		    strcmp(f->language, w->language) == 0)
			return f;
	}
	return NULL;
}

static void
keep_file(struct wording *w, const char *file, struct span text)
{
	struct wording_kept *kept = w->kept;
	struct wording_file *f =
	    arena_push(&kept->arena, &kept->files, &kept->n_files, sizeof(*f));

	if (f == NULL)
		return;
	f->language = arena_copy(&kept->arena, span_of(w->language)).p;
	f->name = arena_copy(&kept->arena, span_of(file)).p;
	f->text = text;
}

static struct span
complain(struct wording *w, const char *path, const char *why)
{
	err_set(&w->problem, ST_BROKEN, "%.300s: %s", path, why);
	return (struct span){ NULL, 0 };
}

/* The office's own file; *absent when there is none, which is usual. */
static struct span
read_own(struct wording *w, const char *path, bool *absent)
{
	struct span text = { NULL, 0 };
	struct stat st;
	ssize_t n;
	char *p;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	*absent = fd < 0 && (errno == ENOENT || errno == ENOTDIR);
	if (*absent)
		return text;
	if (fd < 0)
		return complain(w, path, strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_size > TEMPLATE_MAX) {
		close(fd);
		return complain(w, path, "this is no template file");
	}
	p = arena_alloc(w->kept == NULL ? w->arena : &w->kept->arena,
	    (size_t)st.st_size + 1);
	n = p == NULL ? -1 : read(fd, p, (size_t)st.st_size);
	close(fd);
	if (n < 0)
		return complain(w, path, "the file cannot be read");
	return (struct span){ p, (size_t)n };
}

/* The office's own file, else what is built in. */
static struct span
look_for(struct wording *w, const char *file)
{
	char path[PATH_LENGTH];
	bool absent = true;
	struct span text;

	if (w->config->templates[0] != '\0') {
		snprintf(path, sizeof(path), "%s/%s/%s", w->config->templates,
		    w->language, file);
		text = read_own(w, path, &absent);
		if (!absent)
			return text;
	}
	snprintf(path, sizeof(path), "templates/%s/%s", w->language, file);
	return embedded_find(path);
}

struct span
wording_find(struct wording *w, const char *file)
{
	const struct wording_file *known = find_kept(w, file);
	struct span text;

	if (known != NULL)
		return known->text;
	text = look_for(w, file);
	if (w->kept != NULL && w->problem.text[0] == '\0')
		keep_file(w, file, text);
	return text;
}

static struct span
find_partial(struct wording *w, struct span name, const char *ending)
{
	char file[100];

	/* A name, not a path that leads elsewhere. */
	if (name.n > 80 || memchr(name.p, '/', name.n) != NULL ||
	    memchr(name.p, '\0', name.n) != NULL || name.p[0] == '.')
		return (struct span){ NULL, 0 };
	snprintf(file, sizeof(file), "%.*s%s", (int)name.n, name.p, ending);
	return wording_find(w, file);
}

static struct span
text_partial(void *arg, struct span name)
{
	return find_partial(arg, name, ".txt");
}

static struct span
html_partial(void *arg, struct span name)
{
	struct span found = find_partial(arg, name, ".html");

	return found.p != NULL ? found : find_partial(arg, name, ".txt");
}

void
wording_render(struct render *how, struct wording *w, enum render_escape escape)
{
	*how = (struct render){ .escape = escape,
		.memo = w->kept == NULL ? NULL : &w->kept->memo,
		.common = w->kept == NULL ? NULL : w->kept->office,
		.partial = escape == RENDER_HTML ? html_partial : text_partial,
		.partial_arg = w };
}

/* ---- what the templates show ------------------------------------------- */

void
wording_html_name(char *out, size_t size, const char *text_file)
{
	snprintf(out, size, "%.*s.html",
	    (int)(strlen(text_file) - strlen(".txt")), text_file);
}

void
wording_look(struct wording *w, const char *text_file)
{
	struct buf names = { .max = NAMES_LENGTH };
	struct wording_file *known = find_kept(w, text_file);
	char html_file[PATH_LENGTH];
	struct span text, html;
	struct render how;

	w->names = (struct span){ NULL, 0 };
	if (known == NULL)
		return;
	if (known->names.p == NULL) {
		wording_html_name(html_file, sizeof(html_file), text_file);
		text = known->text;
		html = wording_find(w, html_file);
		buf_char(&names, '\n');
		wording_render(&how, w, RENDER_NONE);
		if (render_names(&names, text, &how, NULL) != ST_OK)
			names.failed = true;
		wording_render(&how, w, RENDER_HTML);
		if (html.p != NULL &&
		    render_names(&names, html, &how, NULL) != ST_OK)
			names.failed = true;
		/* What fails here fails again, and is told, when it is filled.
		 * The list of files may have moved meanwhile. */
		known = find_kept(w, text_file);
		if (!names.failed && known != NULL)
			known->names =
			    arena_copy(&w->kept->arena, buf_span(&names));
		buf_free(&names);
	}
	if (known != NULL)
		w->names = known->names;
}

bool
wording_shows(const struct wording *w, const char *name)
{
	size_t n = strlen(name);
	struct span rest = w->names;

	if (rest.p == NULL)
		return true;
	while (rest.n > 0) {
		rest = span_from(rest, span_find(rest, name));
		/* A dot: something inside of it is shown. */
		if (rest.n > n && rest.p[-1] == '\n' &&
		    (rest.p[n] == '\n' || rest.p[n] == '.'))
			return true;
		rest = span_from(rest, 1);
	}
	return false;
}

static void
note_first(void *arg, struct span name)
{
	struct buf *missing = arg;

	if (missing->n == 0)
		buf_add(missing, span_sub(name, 0, 60));
}

enum status
wording_fill(struct buf *out, struct wording *w,
    const struct wording_template *tmpl, const json_t *data, struct err *err)
{
	struct buf missing = { .max = 100 };
	struct render how;
	char where[120];
	enum status rc;

	snprintf(
	    where, sizeof(where), "template %s/%s", w->language, tmpl->file);
	wording_render(&how, w, tmpl->escape);
	how.missing = note_first;
	how.missing_arg = &missing;
	w->problem.text[0] = '\0';
	rc = render(out, tmpl->text, data, &how, err);
	if (w->problem.text[0] != '\0')
		rc = err_set(err, ST_BROKEN, "%s", w->problem.text);
	else if (rc != ST_OK)
		rc = err_prefix(err, rc == ST_LIMIT ? rc : ST_BROKEN, where);
	else if (missing.n > 0)
		rc = err_set(err, ST_BROKEN,
		    "%s shows {{%s}}, which has no value; set it, or put it "
		    "between {{#%s}} and {{/%s}}",
		    where, buf_cstr(&missing), buf_cstr(&missing),
		    buf_cstr(&missing));
	buf_free(&missing);
	return rc;
}

/* The line of dates.tsv that starts with `key`. */
static struct span
date_line(struct wording *w, const char *key)
{
	struct span rest, line;

	if (w->dates.p == NULL)
		w->dates = wording_find(w, "dates.tsv");
	rest = w->dates;
	while (span_line(&rest, &line)) {
		size_t tab = span_find(line, "\t");

		if (span_is(span_sub(line, 0, tab), key))
			return span_from(line, tab + 1);
	}
	return (struct span){ NULL, 0 };
}

/* The `n`th of some words, counted from 0. */
static struct span
nth_word(struct span words, int n)
{
	for (; n > 0; n--)
		words = span_from(words, span_find(words, " ") + 1);
	return span_sub(words, 0, span_find(words, " "));
}

static json_t *
date_facts(struct wording *w, const struct tm *tm, bool ends_day)
{
	struct span month = nth_word(date_line(w, "months"), tm->tm_mon);
	struct span weekday =
	    nth_word(date_line(w, "weekdays"), (tm->tm_wday + 6) % 7);
	char dd[16], mm[16], time[32];

	snprintf(dd, sizeof(dd), "%02d", tm->tm_mday);
	snprintf(mm, sizeof(mm), "%02d", tm->tm_mon + 1);
	snprintf(time, sizeof(time), "%d:%02d", ends_day ? 24 : tm->tm_hour,
	    tm->tm_min);
	return json_pack("{s:i s:s s:s s:s% s:s% s:i s:s}", "d", tm->tm_mday,
	    "dd", dd, "mm", mm, "month", month.p == NULL ? "" : month.p,
	    month.n, "weekday", weekday.p == NULL ? "" : weekday.p, weekday.n,
	    "year", tm->tm_year + 1900, "time", time);
}

json_t *
wording_date(struct wording *w, const char *form, int64_t ms, const char *zone,
    enum moment moment)
{
	struct buf out = { .max = DATE_LENGTH };
	struct render how = { .escape = RENDER_NONE,
		.memo = w->kept == NULL ? NULL : &w->kept->memo };
	int64_t local = ms + clock_offset(zone, ms) * 60000LL;
	bool is_midnight = local % DAY_MS == 0;
	time_t seconds = (time_t)(local / 1000);
	struct tm tm = { 0 };
	json_t *facts, *text = NULL;

	if (ms == 0)
		return json_null();
	if (is_midnight && moment == MOMENT_END)
		seconds -= DAY_MS / 1000;
	if (is_midnight && moment == MOMENT_START && strcmp(form, "exact") == 0)
		form = "long";
	gmtime_r(&seconds, &tm);
	facts = date_facts(w, &tm, is_midnight && moment == MOMENT_END);
	if (render(&out, date_line(w, form), facts, &how, NULL) == ST_OK &&
	    out.n > 0)
		text = json_stringn(out.p, out.n);
	json_decref(facts);
	buf_free(&out);
	return text == NULL ? json_null() : text;
}

json_t *
wording_day(struct wording *w, int64_t ms, int64_t now, const char *zone)
{
	int64_t then = ms + clock_offset(zone, ms) * 60000LL;
	int64_t today = now + clock_offset(zone, now) * 60000LL;
	int64_t days = then / DAY_MS - today / DAY_MS;
	struct span words = date_line(w, "near"), word = { NULL, 0 };

	if (days >= 0 && days < 8)
		word = nth_word(words, (int)days);
	if (word.n == 0)
		return wording_date(w, "day", ms, zone, MOMENT_EVENT);
	return json_stringn(word.p, word.n);
}

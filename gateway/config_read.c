/* config_read - reads uwaga.conf
 *
 * Place: main calls it once.  libConfuse reads the syntax, every value as
 * text; config_keys says what the text may be, so that each error has a line.
 */
#include "gateway/config.h"

#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/config_keys.h"
#include "gateway/office_keys.h"
#include "parsers/address.h"
#include "parsers/buf.h"

enum { FILE_MAX = 1 << 20, KEYS_MAX = 2000, OPTIONS_MAX = 64 };

/* What libConfuse's callbacks need beside what it hands them. */
struct reader {
	struct err *err;
	const char *path;
	const cfg_opt_t *seen[KEYS_MAX]; /* set already, to find repeats */
	int n_seen;
	bool failed; /* the first error is in `err` */
};

/* libConfuse's callbacks carry no argument of ours, so the reader at work in
 * this thread is kept here while cfg_parse_buf() runs, and only then. */
static struct reader **
reader_at_work(void)
{
	static _Thread_local struct reader *reader;

	return &reader;
}

static int
fail_at(cfg_t *cfg, const char *fmt, ...)
{
	struct reader *r = *reader_at_work();
	char text[400];
	va_list ap;

	if (r->failed)
		return -1; /* later errors follow from the first */
	r->failed = true;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_set(r->err, ST_REJECT, "%s:%d: %s", r->path, cfg->line, text);
	return -1;
}

/* "" for what libConfuse calls the root. */
static const char *
section_name(const cfg_t *cfg)
{
	return strcmp(cfg->name, "root") == 0 ? "" : cfg->name;
}

static bool
is_secret_word(const char *key)
{
	static const char *const words[] = { "password", "secret", "token",
		"pass", "passwd", "client_secret", "api_key", "api_token" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(key, words[i]) == 0)
			return true;
	return false;
}

/* Sections in which oauth2 { ... } may stand. */
static bool
has_oauth2(const char *section)
{
	return strcmp(section, "mailbox") == 0 || strcmp(section, "smtp") == 0;
}

/* The names a section knows, "a, b, c". */
static void
list_names(struct buf *out, const char *section)
{
	if (strcmp(section, "office") == 0) {
		for (const struct office_key *k = office_keys; k->key != NULL;
		     k++)
			buf_printf(out, "%s%s", out->n ? ", " : "", k->key);
		return;
	}
	for (const struct config_key *k = config_keys; k->name != NULL; k++)
		if (strcmp(k->section, section) == 0)
			buf_printf(out, "%s%s", out->n ? ", " : "", k->name);
	if (section[0] == '\0')
		buf_str(out, "; sections office, mailbox, sms, smtp, alert, "
			     "staff");
	if (has_oauth2(section))
		buf_str(out, "; section oauth2");
}

static void
fail_unknown(cfg_t *cfg, const char *key)
{
	const char *section = section_name(cfg);
	struct buf names = { .max = 300 };

	if (is_secret_word(key)) {
		fail_at(cfg,
		    "%s: secrets do not belong into this file; put it into a "
		    "file of its own that others cannot read and name that "
		    "file (password_file)",
		    key);
		return;
	}
	list_names(&names, section);
	fail_at(cfg, "unknown key \"%.60s\"%s%s; expected one of: %s", key,
	    section[0] ? " in section " : "", section, buf_cstr(&names));
	buf_free(&names);
}

/* libConfuse's own errors, of which the unknown key is the usual one. */
static void
on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	char text[300];

	if (strstr(fmt, "no such option") != NULL) {
		fail_unknown(cfg, va_arg(ap, const char *));
		return;
	}
	if (strstr(fmt, "duplicate title") != NULL) {
		fail_at(cfg,
		    "the name \"%.60s\" is given twice; names must "
		    "differ",
		    va_arg(ap, const char *));
		return;
	}
	vsnprintf(text, sizeof(text), fmt, ap);
	fail_at(cfg, "%s", text);
}

static const struct config_key *
key_of(const char *section, const char *name)
{
	for (const struct config_key *k = config_keys; k->name != NULL; k++)
		if (strcmp(k->section, section) == 0 &&
		    strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

static int
once(cfg_t *cfg, const cfg_opt_t *opt)
{
	struct reader *r = *reader_at_work();

	for (int i = 0; i < r->n_seen; i++)
		if (r->seen[i] == opt)
			return fail_at(cfg, "%s is given twice", opt->name);
	if (r->n_seen == KEYS_MAX)
		return fail_at(cfg, "more than %d values", KEYS_MAX);
	r->seen[r->n_seen++] = opt;
	return 0;
}

static int
check_value(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *text = cfg_opt_getnstr(opt, 0);
	const struct config_key *key;
	struct config_key office = { .section = "office", .name = opt->name };
	struct err err;

	if (once(cfg, opt) != 0)
		return -1;
	key = key_of(section_name(cfg), opt->name);
	if (key == NULL) {
		if (strcmp(opt->name, "address") == 0)
			office.type = KEY_ADDRESS;
		else if (strcmp(opt->name, "domain") == 0)
			office.type = KEY_DOMAIN;
		key = &office;
	}
	if (config_key_check(key, text, NULL, &err) != ST_OK)
		return fail_at(cfg, "%s", err.text);
	return 0;
}

/* Letters, digits, "._-" and what is not ASCII: names stand in log lines. */
static bool
is_name(const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f ||
		    strchr("\"'\\/<>=", text[i]) != NULL)
			return false;
	return n > 0 && n <= 40;
}

static bool
has(cfg_t *sec, const char *key)
{
	return cfg_getstr(sec, key)[0] != '\0';
}

static int
check_oauth2(cfg_t *cfg, cfg_t *sec)
{
	if (!has(sec, "token_url"))
		return fail_at(cfg, "oauth2 has no token_url: where access "
				    "tokens are asked for");
	if (!has(sec, "client_id"))
		return fail_at(cfg, "oauth2 has no client_id: under which the "
				    "gateway is registered there");
	if (strcmp(cfg_getstr(sec, "grant"), "client_credentials") == 0 &&
	    !has(sec, "client_secret_file"))
		return fail_at(cfg, "oauth2: the grant client_credentials "
				    "needs a client_secret_file");
	return 0;
}

/* What the user proves itself with: one thing, and for somebody. */
static int
check_login(cfg_t *cfg, cfg_t *sec, const char *section)
{
	bool oauth2 = has(cfg_getsec(sec, "oauth2"), "token_url");
	bool password = has(sec, "password_file");

	if (oauth2 && password)
		return fail_at(cfg,
		    "%s has password_file and oauth2; keep the "
		    "one that the server asks for",
		    section);
	if (has(sec, "user") && !oauth2 && !password)
		return fail_at(cfg,
		    "%s has a user but neither password_file nor oauth2 { } "
		    "to log in with",
		    section);
	if (!has(sec, "user") && (oauth2 || password))
		return fail_at(cfg, "%s has %s but no user to log in as",
		    section, oauth2 ? "oauth2" : "password_file");
	return 0;
}

/* Called at a section's closing brace. */
static int
check_section(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_t *sec = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
	const char *title = cfg_title(sec);

	if (title == NULL && once(cfg, opt) != 0)
		return -1;
	if (strcmp(opt->name, "oauth2") == 0)
		return check_oauth2(cfg, sec);
	if (has_oauth2(opt->name) && check_login(cfg, sec, opt->name) != 0)
		return -1;
	if (title == NULL)
		return 0;
	if (strcmp(opt->name, "staff") == 0) {
		if (!address_is_valid(span_of(title)))
			return fail_at(cfg,
			    "staff \"%.60s\": expected the person's mail "
			    "address as the name",
			    title);
		return 0;
	}
	if (!is_name(title))
		return fail_at(cfg,
		    "%s \"%.60s\": expected a name of letters, digits, dots "
		    "and dashes, at most 40",
		    opt->name, title);
	if (cfg_getstr(sec, "url")[0] == '\0')
		return fail_at(cfg, "%s \"%s\" has no url; expected %s",
		    opt->name, title,
		    strcmp(opt->name, "sms") == 0
			? "url = \"spool:DIR\""
			: "url = \"maildir:PATH\" or \"imaps://HOST/FOLDER\"");
	return 0;
}

static cfg_opt_t *
options_of(struct arena *a, const char *section)
{
	cfg_opt_t *opts = arena_alloc(a, OPTIONS_MAX * sizeof(*opts));
	int n = 0;

	if (opts == NULL)
		return NULL;
	for (const struct config_key *k = config_keys; k->name != NULL; k++)
		if (strcmp(k->section, section) == 0)
			opts[n++] = (cfg_opt_t){ .name = k->name,
				.type = CFGT_STR,
				.def = { .string = k->fallback },
				.validcb = check_value };
	if (strcmp(section, "office") == 0)
		for (const struct office_key *k = office_keys;
		     k->key != NULL && n < OPTIONS_MAX - 10; k++)
			opts[n++] = (cfg_opt_t){ .name = k->key,
				.type = CFGT_STR,
				.def = { .string = "" },
				.validcb = check_value };
	if (has_oauth2(section))
		opts[n] = (cfg_opt_t){ .name = "oauth2",
			.type = CFGT_SEC,
			.subopts = options_of(a, "oauth2"),
			.validcb = check_section };
	return opts; /* what is left is zero: the end */
}

static cfg_t *
make_reader(struct arena *a)
{
	static const struct {
		const char *name;
		cfg_flag_t flags;
	} sections[] = {
		{ "office", CFGF_NONE },
		{ "mailbox", CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES },
		{ "sms", CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES },
		{ "smtp", CFGF_NONE },
		{ "alert", CFGF_NONE },
		{ "staff", CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES },
	};
	cfg_opt_t *opts = options_of(a, "");
	int n = 0;

	if (opts == NULL)
		return NULL;
	while (opts[n].name != NULL)
		n++;
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		cfg_opt_t *sub = options_of(a, sections[i].name);

		if (sub == NULL)
			return NULL;
		opts[n++] = (cfg_opt_t){ .name = sections[i].name,
			.type = CFGT_SEC,
			.flags = sections[i].flags,
			.subopts = sub,
			.validcb = check_section };
	}
	return cfg_init(opts, CFGF_NONE);
}

/* `path` as an absolute one: relative to `base`, a folder. */
static const char *
absolute(struct arena *a, const char *base, const char *path)
{
	struct buf b = { .max = PATH_MAX };
	const char *out;

	if (path[0] == '\0' || path[0] == '/')
		return arena_copy(a, span_of(path)).p;
	while (strncmp(path, "./", 2) == 0)
		path += 2;
	buf_printf(&b, "%s/%s", strcmp(base, "/") == 0 ? "" : base, path);
	out = arena_copy(a, buf_span(&b)).p;
	buf_free(&b);
	return out;
}

/* "maildir:box" to "maildir:/folder/box"; other URLs stay. */
static const char *
absolute_url(struct arena *a, const char *base, const char *url)
{
	static const char *const schemes[] = { "maildir:", "spool:" };

	for (int i = 0; i < 2; i++) {
		size_t n = strlen(schemes[i]);
		struct buf b = { .max = PATH_MAX };
		const char *out;

		if (strncmp(url, schemes[i], n) != 0)
			continue;
		buf_str(&b, schemes[i]);
		buf_str(&b, absolute(a, base, url + n));
		out = arena_copy(a, buf_span(&b)).p;
		buf_free(&b);
		return out;
	}
	return arena_copy(a, span_of(url)).p;
}

/* A secret that others can read is none.  What cannot be looked at (staff run
 * commands too) is judged by whoever opens it. */
static enum status
check_secret(const char *path, const struct config_key *key, struct err *err)
{
	struct stat st;

	if (path[0] == '\0' || strncmp(path, "env:", 4) == 0)
		return ST_OK;
	if (stat(path, &st) != 0) {
		if (errno == EACCES)
			return ST_OK;
		return err_set(err, ST_REJECT, "%s.%s: %.200s: %s",
		    key->section, key->name, path, strerror(errno));
	}
	if (!S_ISREG(st.st_mode) || (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return err_set(err, ST_REJECT,
		    "%s.%s: others can read %.200s; run chmod 600 on it",
		    key->section, key->name, path);
	return ST_OK;
}

/* What the values are copied with. */
struct filler {
	cfg_t *root;
	const char *base; /* folder that relative paths start at */
	struct arena *a;
	struct err *err;
};

/* One value into the field that stands for it. */
static enum status
fill_value(const struct filler *f, void *field, const struct config_key *k,
    const char *text)
{
	const char **string = field;
	int64_t number = 0;

	/* A default may be empty where a given value may not. */
	config_key_check(k, text, &number, NULL);
	switch (k->type) {
	case KEY_NUMBER:
		*(long *)field = (long)number;
		return ST_OK;
	case KEY_BOOL:
		*(bool *)field = number != 0;
		return ST_OK;
	case KEY_DURATION:
		*(int64_t *)field = number;
		return ST_OK;
	case KEY_SECRET_FILE:
		*string = strncmp(text, "env:", 4) == 0
			      ? arena_copy(f->a, span_of(text)).p
			      : absolute(f->a, f->base, text);
		return check_secret(*string, k, f->err);
	case KEY_PATH:
		*string = absolute(f->a, f->base, text);
		return ST_OK;
	case KEY_MAIL_URL:
	case KEY_SMTP_URL:
	case KEY_SMS_URL:
		*string = absolute_url(f->a, f->base, text);
		return ST_OK;
	default:
		*string = arena_copy(f->a, span_of(text)).p;
		return ST_OK;
	}
}

/* Copies the values of one section into the struct that stands for it. */
static enum status
fill(const struct filler *f, void *into, cfg_t *sec)
{
	enum status rc = ST_OK;

	for (const struct config_key *k = config_keys;
	     k->name != NULL && rc == ST_OK; k++)
		if (strcmp(k->section, section_name(sec)) == 0)
			rc = fill_value(f, (char *)into + k->offset, k,
			    cfg_getstr(sec, k->name));
	return rc;
}

/* One struct of `size` bytes per titled section; its first member is the
 * title.  NULL with `*rc` set when it fails. */
static void *
fill_all(const struct filler *f, const char *name, size_t size, int *n,
    enum status *rc)
{
	char *items;

	*n = (int)cfg_size(f->root, name);
	items = arena_alloc(f->a, (size_t)(*n + 1) * size);
	for (int i = 0; i < *n && *rc == ST_OK; i++) {
		cfg_t *sec = cfg_getnsec(f->root, name, (unsigned)i);
		const char **title = (void *)(items + (size_t)i * size);

		*title = arena_copy(f->a, span_of(cfg_title(sec))).p;
		*rc = fill(f, items + (size_t)i * size, sec);
	}
	return items;
}

static enum status
fill_oauth2(const struct filler *f, struct config *c)
{
	enum status rc = fill(f, &c->smtp.oauth2,
	    cfg_getsec(cfg_getsec(f->root, "smtp"), "oauth2"));

	for (int i = 0; i < c->n_mailboxes && rc == ST_OK; i++)
		rc = fill(f, &c->mailboxes[i].oauth2,
		    cfg_getsec(cfg_getnsec(f->root, "mailbox", (unsigned)i),
			"oauth2"));
	return rc;
}

static enum status
fill_office(const struct filler *f, struct config *c)
{
	cfg_t *sec = cfg_getsec(f->root, "office");
	const char *at;
	int n = 0;

	while (office_keys[n].key != NULL)
		n++;
	c->office = arena_alloc(f->a, (size_t)(n + 1) * sizeof(*c->office));
	for (int i = 0; i < n; i++) {
		const char *text = cfg_getstr(sec, office_keys[i].key);

		if (text[0] != '\0')
			c->office[c->n_office++] =
			    (struct config_value){ office_keys[i].key,
				    arena_copy(f->a, span_of(text)).p };
	}
	at = strchr(config_office(c, "address"), '@');
	if (at == NULL)
		return err_set(f->err, ST_REJECT,
		    "%.200s: office { address = \"...\" } is missing: the "
		    "address that residents write to",
		    c->path);
	if (config_office(c, "domain")[0] == '\0')
		c->office[c->n_office++] = (struct config_value){ "domain",
			arena_copy(f->a, span_of(at + 1)).p };
	return ST_OK;
}

/* What no single value shows. */
static enum status
check_whole(const struct config *c, struct err *err)
{
	for (int i = 0; i < c->n_staff; i++)
		for (int j = 0; j < i; j++)
			if (c->staff[i].login[0] != '\0' &&
			    strcmp(c->staff[i].login, c->staff[j].login) == 0)
				return err_set(err, ST_REJECT,
				    "%.200s: two of the staff have the login "
				    "\"%.60s\"",
				    c->path, c->staff[i].login);
	for (int i = 0; i < c->n_mailboxes; i++)
		for (int j = 0; j < i; j++)
			if (strcmp(c->mailboxes[i].url, c->mailboxes[j].url) ==
				0 &&
			    strcmp(c->mailboxes[i].user,
				c->mailboxes[j].user) == 0)
				return err_set(err, ST_REJECT,
				    "%.200s: the mailboxes \"%s\" and \"%s\" "
				    "have the same url",
				    c->path, c->mailboxes[j].name,
				    c->mailboxes[i].name);
	for (int i = 0; i < c->n_mailboxes; i++)
		if (strcmp(c->mailboxes[i].name, "smtp") == 0 &&
		    c->mailboxes[i].oauth2.token_url[0] != '\0')
			return err_set(err, ST_REJECT,
			    "%.200s: a mailbox with oauth2 cannot be named "
			    "\"smtp\": uwaga login smtp means the way out",
			    c->path);
	for (int i = 0; i < c->n_sms; i++)
		for (int j = 0; j < i; j++)
			if (strcmp(c->sms[i].url, c->sms[j].url) == 0 &&
			    strcmp(c->sms[i].user, c->sms[j].user) == 0)
				return err_set(err, ST_REJECT,
				    "%.200s: the sms lines \"%s\" and \"%s\" "
				    "have the same url",
				    c->path, c->sms[j].name, c->sms[i].name);
	return ST_OK;
}

/* The folder that `path` is in, without a slash at its end. */
static const char *
folder_of(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return ".";
	if (slash == path)
		return "/";
	return arena_copy(a, (struct span){ path, (size_t)(slash - path) }).p;
}

/* Where `uwaga login NAME` puts what it gets, when nothing else is said. */
static void
name_token_file(const struct filler *f, const struct config *c,
    struct config_oauth2 *oauth2, const char *kind, const char *name)
{
	struct buf path = { .max = PATH_MAX };

	if (oauth2->token_url[0] == '\0' || oauth2->token_file[0] != '\0')
		return;
	buf_printf(&path, "%s/oauth2-%s%s.json", folder_of(f->a, c->database),
	    kind, name);
	oauth2->token_file = arena_copy(f->a, buf_span(&path)).p;
	buf_free(&path);
}

static void
fill_sms_gaps(const struct filler *f, struct config *c)
{
	struct buf path = { .max = PATH_MAX };

	for (int i = 0; i < c->n_sms; i++) {
		if (c->sms[i].timezone[0] == '\0')
			c->sms[i].timezone = c->timezone;
		if (c->sms[i].answers[0] != '\0')
			continue;
		buf_reset(&path);
		buf_printf(&path, "%s/answers-%s", folder_of(f->a, c->database),
		    c->sms[i].name);
		c->sms[i].answers = arena_copy(f->a, buf_span(&path)).p;
	}
	buf_free(&path);
}

/* Defaults that follow from other values. */
static void
fill_gaps(const struct filler *f, struct config *c)
{
	struct buf url = { .max = PATH_MAX };

	fill_sms_gaps(f, c);
	if (c->smtp.url[0] == '\0') {
		buf_printf(
		    &url, "maildir:%s/outgoing", folder_of(f->a, c->database));
		c->smtp.url = arena_copy(f->a, buf_span(&url)).p;
		buf_free(&url);
	}
	name_token_file(f, c, &c->smtp.oauth2, "smtp", "");
	for (int i = 0; i < c->n_mailboxes; i++)
		name_token_file(f, c, &c->mailboxes[i].oauth2, "mailbox-",
		    c->mailboxes[i].name);
}

static enum status
fill_config(struct config *c, cfg_t *root, struct arena *a, struct err *err)
{
	const struct filler f = { root, folder_of(a, c->path), a, err };
	enum status rc = fill(&f, c, root);

	if (rc == ST_OK)
		rc = fill(&f, c, cfg_getsec(root, "smtp"));
	if (rc == ST_OK)
		rc = fill(&f, c, cfg_getsec(root, "alert"));
	if (rc == ST_OK)
		c->mailboxes = fill_all(
		    &f, "mailbox", sizeof(*c->mailboxes), &c->n_mailboxes, &rc);
	if (rc == ST_OK)
		rc = fill_oauth2(&f, c);
	if (rc == ST_OK)
		c->sms = fill_all(&f, "sms", sizeof(*c->sms), &c->n_sms, &rc);
	if (rc == ST_OK)
		c->staff =
		    fill_all(&f, "staff", sizeof(*c->staff), &c->n_staff, &rc);
	if (rc == ST_OK)
		rc = fill_office(&f, c);
	if (rc != ST_OK)
		return rc;
	fill_gaps(&f, c);
	return check_whole(c, err);
}

static enum status
read_file(struct buf *out, const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum status rc = ST_OK;
	ssize_t n = -1;
	struct stat st;
	char *p;

	if (fd < 0 && errno == ENOENT)
		return err_set(err, ST_BROKEN,
		    "there is no %.300s; copy uwaga.conf.example there and "
		    "change it",
		    path);
	if (fd < 0)
		return err_set(
		    err, ST_BROKEN, "%.300s: %s", path, strerror(errno));
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		p = buf_room(out, FILE_MAX);
		n = p == NULL ? -1 : read(fd, p, FILE_MAX);
	}
	if (n < 0)
		rc = err_set(
		    err, ST_BROKEN, "%.300s cannot be read as a file", path);
	else if (n == FILE_MAX || memchr(out->p, '\0', (size_t)n) != NULL)
		rc = err_set(err, ST_REJECT,
		    "%.300s is no configuration file: it is too large or "
		    "holds NUL bytes",
		    path);
	else
		out->n = (size_t)n;
	if (rc == ST_OK)
		out->p[n] = '\0';
	close(fd);
	return rc;
}

static enum status
parse(cfg_t *root, struct buf *file, const char *path, struct err *err)
{
	struct reader r = { .err = err, .path = path };
	int rc;

	cfg_set_error_function(root, on_error);
	*reader_at_work() = &r;
	rc = cfg_parse_buf(root, file->p);
	*reader_at_work() = NULL;
	if (rc == CFG_SUCCESS && !r.failed)
		return ST_OK;
	if (!r.failed)
		err_set(
		    err, ST_REJECT, "%.300s: the file ends too early", path);
	return ST_REJECT;
}

enum status
config_read(struct config **out, const char *path, struct err *err)
{
	struct buf file = { .max = FILE_MAX + 1 };
	struct arena *owner = calloc(1, sizeof(*owner));
	struct config *c = NULL;
	char full[PATH_MAX];
	cfg_t *root = NULL;
	enum status rc;

	*out = NULL;
	rc = owner == NULL ? err_set(err, ST_BROKEN, "out of memory")
			   : read_file(&file, path, err);
	if (rc != ST_OK)
		goto out;
	c = arena_alloc(owner, sizeof(*c));
	root = make_reader(owner);
	if (c == NULL || root == NULL || realpath(path, full) == NULL) {
		rc = err_set(
		    err, ST_BROKEN, "%.300s: %s", path, strerror(errno));
		goto out;
	}
	c->path = arena_copy(owner, span_of(full)).p;
	rc = parse(root, &file, path, err);
	if (rc == ST_OK)
		rc = fill_config(c, root, owner, err);
out:
	if (root != NULL)
		cfg_free(root);
	buf_free(&file);
	if (rc != ST_OK && owner != NULL) {
		arena_free(owner);
		free(owner);
		return rc;
	}
	if (rc != ST_OK)
		return rc;
	c->owner = owner;
	*out = c;
	return ST_OK;
}

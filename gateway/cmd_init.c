/* cmd_init - the first step: database, keys, folders, and a sample county
 *
 * Place: run once by the administrator; `make run` uses it too.  What it finds
 * in place it leaves alone; when it cannot finish, the database it began is
 * removed again.
 */
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/cmd_list.h"
#include "gateway/embedded.h"
#include "gateway/import.h"
#include "gateway/keys.h"
#include "gateway/maildir.h"

enum { JSON_FILE_MAX = 16 << 20 };

typedef enum status import_function(
    const struct import *im, struct span json, int *n, struct err *err);

static const char *const maildir_folders[] = { "new", "cur", "tmp", NULL };
static const char *const spool_folders[] = { "inbox", "outbox", "sent", "error",
	NULL };

/* What one init has made, for the last sentence. */
struct made {
	int communes, consultations, meetings, sent;
	int folders;
	bool keys, database;
};

static bool
exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* Makes `path` and the folders above it where they are missing. */
static enum status
make_folder(const char *path, int *made, struct err *err)
{
	char part[PATH_MAX];
	size_t n = strlen(path);

	if (n == 0 || n >= sizeof(part))
		return err_set(
		    err, ST_REJECT, "%.200s is no name for a folder", path);
	for (size_t i = 1; i <= n; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0750) == 0)
			++*made;
		else if (errno != EEXIST)
			return err_set(err, ST_BROKEN,
			    "the folder %.300s cannot be made: %s", part,
			    strerror(errno));
	}
	return ST_OK;
}

static enum status
make_folder_of(const char *file, int *made, struct err *err)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(file, '/');

	if (slash == NULL || slash == file)
		return ST_OK;
	snprintf(folder, sizeof(folder), "%.*s", (int)(slash - file), file);
	return make_folder(folder, made, err);
}

/* A spool has four folders beside each other. */
static enum status
make_spool(const char *dir, int *made, struct err *err)
{
	char path[PATH_MAX];
	enum status rc = ST_OK;

	for (int i = 0; spool_folders[i] != NULL && rc == ST_OK; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, spool_folders[i]);
		rc = make_folder(path, made, err);
	}
	return rc;
}

/* The path of "maildir:PATH", or NULL for another URL. */
static const char *
path_of(const char *url, const char *scheme)
{
	size_t n = strlen(scheme);

	return strncmp(url, scheme, n) == 0 ? url + n : NULL;
}

static enum status
make_maildir(const char *url, int *made, struct err *err)
{
	const char *path = path_of(url, "maildir:");
	char sub[PATH_MAX];
	bool missing = false;
	enum status rc;

	if (path == NULL)
		return ST_OK; /* a server: nothing to make */
	for (int i = 0; maildir_folders[i] != NULL; i++) {
		snprintf(sub, sizeof(sub), "%s/%s", path, maildir_folders[i]);
		missing |= !exists(sub);
	}
	*made += missing;
	rc = make_folder_of(path, made, err);
	return rc == ST_OK ? maildir_create(path, err) : rc;
}

static enum status
make_folders(const struct config *c, int *made, struct err *err)
{
	enum status rc = make_folder_of(c->database, made, err);

	for (int i = 0; i < c->n_mailboxes && rc == ST_OK; i++)
		rc = make_maildir(c->mailboxes[i].url, made, err);
	for (int i = 0; i < c->n_sms && rc == ST_OK; i++) {
		const char *dir = path_of(c->sms[i].url, "spool:");

		rc = dir == NULL ? ST_OK : make_spool(dir, made, err);
	}
	return rc == ST_OK ? make_maildir(c->smtp.url, made, err) : rc;
}

static enum status
load_embedded(struct import *im, const char *name, import_function *load,
    int *n, struct err *err)
{
	im->what = name;
	return load(im, embedded_find(name), n, err);
}

static enum status
load_sample(struct import *im, struct made *made, struct err *err)
{
	enum status rc = load_embedded(im, "samples/seed/communes.json",
	    import_communes, &made->communes, err);

	if (rc == ST_OK)
		rc = load_embedded(im, "samples/seed/consultations.json",
		    import_consultations, &made->consultations, err);
	if (rc == ST_OK)
		rc = load_embedded(im, "samples/seed/meetings.json",
		    import_meetings, &made->meetings, err);
	return rc;
}

/* Loads DIR/NAME; a context need not have every file. */
static enum status
load_file(struct import *im, const char *dir, const char *name,
    import_function *load, int *n, struct err *err)
{
	char path[PATH_MAX];
	struct buf file = { .max = JSON_FILE_MAX };
	enum status rc;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (!exists(path))
		return ST_OK;
	rc = import_read(&file, path, err);
	im->what = path;
	if (rc == ST_OK)
		rc = load(im, buf_span(&file), n, err);
	buf_free(&file);
	return rc;
}

/* The configuration says who the staff are; the context only names those whom
 * it would have to know. */
static enum status
warn_of_staff(
    const struct import *im, struct span json, int *n, struct err *err)
{
	json_t *list =
	    json_loadb(json.p == NULL ? "" : json.p, json.n, 0, NULL);
	json_t *person;
	size_t i;

	if (!json_is_array(list)) {
		json_decref(list);
		return err_set(
		    err, ST_REJECT, "%.200s: expected a list", im->what);
	}
	json_array_foreach(list, i, person)
	{
		const char *address =
		    json_string_value(json_object_get(person, "address"));
		bool known = address == NULL;

		for (int k = 0; k < im->config->n_staff && !known; k++)
			known =
			    strcmp(im->config->staff[k].address, address) == 0;
		if (!known)
			fprintf(stderr,
			    "uwaga: note: %s is staff in %s but not in %s\n",
			    address, im->what, im->config->path);
		++*n;
	}
	json_decref(list);
	return ST_OK;
}

static enum status
load_context(
    struct import *im, const char *dir, struct made *made, struct err *err)
{
	int consultations = 0, meetings = 0, staff = 0;
	enum status rc;

	if (!exists(dir))
		return err_set(
		    err, ST_REJECT, "there is no folder %.300s", dir);
	rc = load_file(im, dir, "consultations.json", import_consultations,
	    &consultations, err);
	if (rc == ST_OK)
		rc = load_file(
		    im, dir, "meetings.json", import_meetings, &meetings, err);
	if (rc == ST_OK)
		rc = load_file(
		    im, dir, "outbox.json", import_outbox, &made->sent, err);
	if (rc == ST_OK)
		rc = load_file(
		    im, dir, "staff.json", warn_of_staff, &staff, err);
	return rc;
}

/* What the database holds now; the context may repeat what the seed has. */
static enum status
count_made(struct store *st, struct made *made, struct err *err)
{
	struct arena a = { 0 };
	struct consultation *consultations;
	struct meeting *meetings;
	const char **communes;
	size_t n;
	enum status rc =
	    store_consultation_all(st, &a, &consultations, &n, err);

	if (rc == ST_OK) {
		made->consultations = (int)n;
		rc = store_meeting_all(st, 0, &a, &meetings, &n, err);
	}
	if (rc == ST_OK) {
		made->meetings = (int)n;
		rc = store_commune_all(st, &a, &communes, &n, err);
	}
	if (rc == ST_OK)
		made->communes = (int)n;
	arena_free(&a);
	return rc;
}

static enum status
fill_database(const struct config *c, bool sample, const char *context,
    struct made *made, struct err *err)
{
	struct import im = { .config = c, .now = clock_now() };
	enum status rc = store_open(&im.st, c->database, err);

	if (rc != ST_OK)
		return rc;
	rc = store_begin(im.st, err);
	if (rc == ST_OK && sample)
		rc = load_sample(&im, made, err);
	if (rc == ST_OK && context != NULL)
		rc = load_context(&im, context, made, err);
	rc = store_end(im.st, rc, err);
	if (rc == ST_OK)
		rc = count_made(im.st, made, err);
	store_close(im.st);
	return rc;
}

/* Takes back a database that was begun and could not be finished. */
static void
remove_database(const char *path)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-journal" };
	char name[PATH_MAX];

	for (size_t i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		unlink(name);
	}
}

/* What root makes belongs to the owner of the database's folder, the daemon's
 * user; else the daemon could not read it. */
static enum status
give(const char *path, const struct stat *to, struct err *err)
{
	if (!exists(path) || lchown(path, to->st_uid, to->st_gid) == 0)
		return ST_OK;
	return err_set(err, ST_BROKEN,
	    "%.300s cannot be given to its owner: %s", path, strerror(errno));
}

static enum status
give_folders(const char *path, const char *const subs[], const struct stat *to,
    struct err *err)
{
	char sub[PATH_MAX];
	enum status rc = path == NULL ? ST_OK : give(path, to, err);

	for (int i = 0; path != NULL && subs[i] != NULL && rc == ST_OK; i++) {
		snprintf(sub, sizeof(sub), "%s/%s", path, subs[i]);
		rc = give(sub, to, err);
	}
	return rc;
}

static enum status
give_away(const struct config *c, struct err *err)
{
	char folder[PATH_MAX];
	struct stat to;
	enum status rc;

	snprintf(folder, sizeof(folder), "%.*s",
	    (int)(strrchr(c->database, '/') - c->database), c->database);
	if (geteuid() != 0 || stat(folder, &to) != 0 || to.st_uid == 0)
		return ST_OK;
	rc = give(c->database, &to, err);
	if (rc == ST_OK)
		rc = give(c->keys_file, &to, err);
	for (int i = 0; i < c->n_mailboxes && rc == ST_OK; i++)
		rc = give_folders(path_of(c->mailboxes[i].url, "maildir:"),
		    maildir_folders, &to, err);
	for (int i = 0; i < c->n_sms && rc == ST_OK; i++)
		rc = give_folders(
		    path_of(c->sms[i].url, "spool:"), spool_folders, &to, err);
	if (rc == ST_OK)
		rc = give_folders(path_of(c->smtp.url, "maildir:"),
		    maildir_folders, &to, err);
	return rc;
}

static void
print_made(const struct config *c, const struct made *made)
{
	if (made->database)
		printf("Made the database %s.\n", c->database);
	if (made->keys)
		printf("Made the keys file %s; keep a copy in a safe place.\n",
		    c->keys_file);
	if (made->keys && !made->database)
		printf("Answers to mails that went out before are no longer "
		       "recognised by their address;\nif you have a copy of "
		       "the old keys file, put it in its place.\n");
	if (made->folders > 0)
		printf("Made %d folders for mailboxes and lines.\n",
		    made->folders);
	if (made->communes + made->consultations > 0)
		printf("Loaded %d communes, %d consultations, %d meetings, %d "
		       "mails sent before.\n",
		    made->communes, made->consultations, made->meetings,
		    made->sent);
	printf("Next: uwaga -c %s check\n", c->path);
}

/* All but the database. */
static enum status
make_surroundings(const struct config *c, struct made *made, struct err *err)
{
	enum status rc = make_folders(c, &made->folders, err);

	if (rc == ST_OK)
		rc = make_folder_of(c->keys_file, &made->folders, err);
	if (rc == ST_OK && !exists(c->keys_file)) {
		rc = keys_create(c->keys_file, err);
		made->keys = true;
	}
	return rc;
}

static int
init(struct cmd_context *ctx, bool sample, const char *context)
{
	const struct config *c = ctx->config;
	struct made made = { .database = !exists(c->database) };
	enum status rc = ST_OK;

	if (made.database || (!sample && context == NULL))
		rc = make_surroundings(c, &made, &ctx->err);
	if (rc == ST_OK && !made.database && !made.keys && made.folders == 0)
		return cmd_fail(ctx, 1,
		    "the database %.300s is already there; nothing changed",
		    c->database);
	if (rc == ST_OK && made.database)
		rc = store_create(c->database, &ctx->err);
	if (rc != ST_OK)
		return 1;
	if (made.database)
		rc = fill_database(c, sample, context, &made, &ctx->err);
	if (rc == ST_OK)
		rc = give_away(c, &ctx->err);
	if (rc != ST_OK && made.database)
		remove_database(c->database);
	if (rc != ST_OK)
		return 1;
	print_made(c, &made);
	return 0;
}

static int
run(struct cmd_context *ctx, int argc, char **argv)
{
	const char *context = NULL;
	bool sample = false;
	const struct cmd_option options[] = {
		{ "sample", .flag = &sample },
		{ "context", .text = &context },
		{ NULL },
	};

	if (!cmd_read_options(options, argc, argv) || optind != argc)
		return 2;
	return init(ctx, sample, context);
}

const struct cmd cmd_init = {
	.name = "init",
	.summary = "makes the database, the keys and the folders",
	.help =
	    "usage: uwaga init [--sample [--context DIR]]\n\n"
	    "Makes the database, the keys file and the folders that the "
	    "configuration names,\nwhere they are missing.  An existing "
	    "database is never touched.\n\n"
	    "  --sample       loads the sample county: 5 communes, 2 draft "
	    "resolutions, 20 meetings\n"
	    "  --context DIR  also loads consultations.json, meetings.json, "
	    "outbox.json (mails sent\n"
	    "                 before) and looks at staff.json\n",
	.needs = NEEDS_CONFIG,
	.run = run,
};

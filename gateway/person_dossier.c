/* person_dossier - the verbs of `person` about one person: show, export, erase */
#include "gateway/person_dossier.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/cmd_list.h"
#include "gateway/row.h"
#include "gateway/store_dossier.h"
#include "gateway/store_person.h"
#include "parsers/address.h"

enum { RAW_MAX = 256 << 20, PATH_LENGTH = 4096 };

static enum status
add_person(void *arg, const char *json)
{
	cmd_table_row(arg, json_loads(json, 0, NULL));
	return ST_OK;
}

int
person_list(struct cmd_context *ctx, int argc, char **argv)
{
	static const struct cmd_column columns[] = {
		{ "id", "id", 0 },
		{ "name", "name", 28 },
		{ "organisation", NULL, 0 },
		{ "commune", "commune", 0 },
		{ "mail", "mail", 34 },
		{ "phone", "phone", 0 },
		{ "state", "state", 0 },
		{ "subscriptions", "subscribed", 0 },
		{ "remarks", "remarks", 0 },
		{ NULL, NULL, 0 },
	};
	struct cmd_table *table;
	enum status rc;

	if (argc > 2)
		return cmd_fail(ctx, 2, "usage: uwaga person list [TEXT]");
	table = cmd_table_new(ctx, columns);
	rc = store_dossier_people(
	    ctx->store, argc == 2 ? argv[1] : "", add_person, table, &ctx->err);
	cmd_table_end(table, "There is nobody.");
	return rc == ST_OK ? 0 : 1;
}

/* The person that a number, an address or a telephone names. */
static enum status
find_person(struct cmd_context *ctx, const char *word, int64_t *id)
{
	struct contact c = { 0 };
	struct arena a = { 0 };
	char number[32] = "";
	enum status rc = ST_OK;

	*id = row_id(word);
	if (strlen(word) < 9 && *id != 0)
		return ST_OK;
	*id = 0;
	if (strchr(word, '@') != NULL) {
		rc = store_contact_find(
		    ctx->store, CHANNEL_MAIL, word, &a, &c, &ctx->err);
	} else {
		phone_normalise(
		    number, span_of(word), ctx->config->phone_prefix, "");
		rc = store_contact_find(
		    ctx->store, CHANNEL_SMS, number, &a, &c, &ctx->err);
	}
	if (rc == ST_OK && c.person_id == 0)
		rc = err_set(&ctx->err, ST_REJECT,
		    "nobody has that address or number; uwaga person list "
		    "names them");
	*id = c.person_id;
	arena_free(&a);
	return rc;
}

static enum status
push_row(void *arg, const char *json)
{
	return json_array_append_new(arg, json_loads(json, 0, NULL)) == 0
		   ? ST_OK
		   : ST_BROKEN;
}

/* The parts before `end`, as one object: { person, contacts, ... }. */
static enum status
gather(struct cmd_context *ctx, int64_t id, enum dossier_part end, json_t **out)
{
	json_t *who = json_array();
	enum status rc =
	    store_dossier_person(ctx->store, id, push_row, who, &ctx->err);

	*out = json_object();
	json_object_set(*out, "person", json_array_get(who, 0));
	json_decref(who);
	for (enum dossier_part p = 0; p < end && rc == ST_OK; p++) {
		json_t *rows = json_array();

		rc = store_dossier_rows(
		    ctx->store, id, p, push_row, rows, &ctx->err);
		json_object_set_new(*out, dossier_part_name(p), rows);
	}
	return rc;
}

static void
print_object(const json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
	{
		if (json_is_null(value) ||
		    (json_is_string(value) && json_string_length(value) == 0))
			continue;
		if (json_is_string(value))
			printf("  %s: %s\n", key, json_string_value(value));
		else
			printf("  %s: %lld\n", key,
			    (long long)json_integer_value(value));
	}
}

static void
print_dossier(const json_t *all)
{
	const char *key;
	json_t *part, *row;
	size_t i;

	json_object_foreach((json_t *)all, key, part)
	{
		printf("%s\n", key);
		if (json_is_object(part))
			print_object(part);
		json_array_foreach(part, i, row)
		{
			print_object(row);
			printf("\n");
		}
	}
}

int
person_show(struct cmd_context *ctx, int argc, char **argv)
{
	json_t *all = NULL;
	int64_t id;
	enum status rc;

	if (argc != 2)
		return cmd_fail(
		    ctx, 2, "usage: uwaga person show ID|ADDRESS|NUMBER");
	rc = find_person(ctx, argv[1], &id);
	if (rc == ST_OK)
		rc = gather(ctx, id, DOSSIER_MESSAGES, &all);
	if (rc == ST_OK && ctx->json)
		cmd_print_object(ctx, json_incref(all));
	else if (rc == ST_OK)
		print_dossier(all);
	json_decref(all);
	return rc == ST_OK ? 0 : 1;
}

/* ---- export ------------------------------------------------------------ */

/* A new file in the folder, which only its owner may read. */
static enum status
write_file(struct cmd_context *ctx, const char *folder, const char *name,
    struct span bytes)
{
	char path[PATH_LENGTH];
	size_t done = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	while (fd >= 0 && done < bytes.n) {
		ssize_t n = write(fd, bytes.p + done, bytes.n - done);

		if (n < 0)
			break;
		done += (size_t)n;
	}
	if (fd < 0 || done < bytes.n) {
		if (fd >= 0)
			close(fd);
		return err_set(&ctx->err, ST_REJECT,
		    "%s cannot be written (%s)", path, strerror(errno));
	}
	close(fd);
	return ST_OK;
}

/* The messages as they came. */
static enum status
write_messages(struct cmd_context *ctx, const char *folder, const json_t *all)
{
	json_t *list = json_object_get(all, "messages"), *row;
	enum status rc = ST_OK;
	size_t i;

	json_array_foreach(list, i, row)
	{
		long long id = json_integer_value(json_object_get(row, "id"));
		bool is_sms =
		    strcmp(json_string_value(json_object_get(row, "channel")),
			"sms") == 0;
		struct buf raw = { .max = RAW_MAX };
		char name[60];

		snprintf(name, sizeof(name), "message-%lld.%s", id,
		    is_sms ? "txt" : "eml");
		rc = store_inbound_raw(ctx->store, id, &raw, &ctx->err);
		if (rc == ST_OK)
			rc = write_file(ctx, folder, name, buf_span(&raw));
		buf_free(&raw);
		if (rc != ST_OK)
			return rc;
	}
	return ST_OK;
}

static enum status
write_export(struct cmd_context *ctx, const char *folder, const json_t *all)
{
	char *text = json_dumps(all, JSON_INDENT(2));
	enum status rc = ST_OK;

	if (text == NULL)
		return err_set(&ctx->err, ST_BROKEN, "out of memory");
	if (folder == NULL) {
		printf("%s\n", text);
	} else {
		if (mkdir(folder, 0700) != 0 && errno != EEXIST)
			rc = err_set(&ctx->err, ST_REJECT,
			    "%s cannot be made (%s)", folder, strerror(errno));
		if (rc == ST_OK)
			rc = write_file(
			    ctx, folder, "person.json", span_of(text));
		if (rc == ST_OK)
			rc = write_messages(ctx, folder, all);
		if (rc == ST_OK && !ctx->json)
			printf("Written to %s: person.json and the messages "
			       "as they came.\n",
			    folder);
	}
	free(text);
	return rc;
}

int
person_export(struct cmd_context *ctx, int argc, char **argv)
{
	static const char usage[] =
	    "usage: uwaga person export ID|ADDRESS|NUMBER [-o DIR]";
	const char *folder = NULL;
	json_t *all = NULL;
	int64_t id;
	int option;
	enum status rc;

	optind = 0;
	opterr = 0;
	while ((option = getopt(argc, argv, "o:")) != -1) {
		if (option != 'o')
			return cmd_fail(ctx, 2, "%s", usage);
		folder = optarg;
	}
	if (optind + 1 != argc)
		return cmd_fail(ctx, 2, "%s", usage);
	if (!cmd_may_write(ctx))
		return 1;
	rc = find_person(ctx, argv[optind], &id);
	if (rc == ST_OK)
		rc = gather(ctx, id, DOSSIER_PARTS, &all);
	if (rc == ST_OK)
		rc = write_export(ctx, folder, all);
	json_decref(all);
	return rc == ST_OK ? 0 : 1;
}

/* ---- erase ------------------------------------------------------------- */

static enum status
erase(struct cmd_context *ctx, int64_t id, bool remarks,
    struct dossier_erased *gone)
{
	char subject[60];
	enum status rc = store_begin(ctx->store, &ctx->err);

	if (rc != ST_OK)
		return rc;
	snprintf(subject, sizeof(subject), "person %lld", (long long)id);
	rc = store_dossier_erase(
	    ctx->store, id, remarks, clock_now(), gone, &ctx->err);
	if (rc == ST_OK)
		rc = row_audit(ctx, "person erase", subject, NULL,
		    json_pack("{s:I s:I s:I s:I}", "contacts",
			(json_int_t)gone->contacts, "messages",
			(json_int_t)gone->messages, "letters",
			(json_int_t)gone->letters, "remarks",
			(json_int_t)gone->remarks));
	if (row_finish(ctx, rc) != 0)
		return rc == ST_OK ? ST_BROKEN : rc;
	return store_dossier_sweep(ctx->store, &ctx->err);
}

int
person_erase(struct cmd_context *ctx, int argc, char **argv)
{
	static const char usage[] =
	    "usage: uwaga person erase ID|ADDRESS|NUMBER --yes ID [--remarks]";
	struct dossier_erased gone;
	const char *yes = NULL;
	bool remarks = false;
	const struct cmd_option options[] = {
		{ "yes", .text = &yes },
		{ "remarks", .flag = &remarks },
		{ NULL },
	};
	int64_t id;

	if (!cmd_read_options(options, argc, argv) || optind + 1 != argc)
		return cmd_fail(ctx, 2, "%s", usage);
	if (!cmd_may_write(ctx) || find_person(ctx, argv[optind], &id) != ST_OK)
		return 1;
	if (yes == NULL || row_id(yes) != id)
		return cmd_fail(ctx, 1,
		    "nothing was erased: look at uwaga person show %lld, then "
		    "give --yes %lld",
		    (long long)id, (long long)id);
	if (erase(ctx, id, remarks, &gone) != ST_OK)
		return 1;
	if (ctx->json)
		cmd_print_object(ctx,
		    json_pack("{s:I s:I s:I s:I s:I}", "id", (json_int_t)id,
			"contacts", (json_int_t)gone.contacts, "messages",
			(json_int_t)gone.messages, "letters",
			(json_int_t)gone.letters, "remarks",
			(json_int_t)gone.remarks));
	else
		printf("Erased: %lld addresses and numbers, %lld messages, "
		       "%lld letters of ours, the words of %lld remarks.\n"
		       "What the mailbox, the provider and backups hold is not "
		       "touched: see the guide.\n",
		    (long long)gone.contacts, (long long)gone.messages,
		    (long long)gone.letters, (long long)gone.remarks);
	return 0;
}

/* cmd_person - the people we may write to: list, import
 *
 * Place: staff bring lists of people who agreed to get notices.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/cmd_list.h"
#include "gateway/file.h"
#include "gateway/person_dossier.h"
#include "gateway/person_import.h"
#include "gateway/row.h"

enum { FILE_MAX_BYTES = 64 << 20, COMPLAINTS_MAX = 200 };

/* What is wrong with rows, as people and programs read it. */
struct complaints {
	struct cmd_context *ctx;
	int n;
};

static void
complain(void *arg, int row, const char *why)
{
	struct complaints *c = arg;

	c->n++;
	if (c->ctx->json)
		cmd_print_object(
		    c->ctx, json_pack("{s:i s:s}", "row", row, "why", why));
	else if (c->n <= COMPLAINTS_MAX)
		fprintf(stderr, "row %d: %s\n", row, why);
	else if (c->n == COMPLAINTS_MAX + 1)
		fprintf(stderr, "... and more rows like these\n");
}

static enum status
read_table(struct buf *out, const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	enum status rc = ST_OK;

	if (fd < 0)
		return err_set(err, ST_REJECT, "%s cannot be read (%s)", path,
		    strerror(errno));
	if (!file_read(out, fd))
		rc = errno == EFBIG
			 ? buf_status(out, path, err)
			 : err_set(err, ST_REJECT, "%s cannot be read (%s)",
			       path, strerror(errno));
	close(fd);
	return rc;
}

static void
print_report(
    struct cmd_context *ctx, const struct person_import_report *r, bool written)
{
	if (ctx->json) {
		cmd_print_object(
		    ctx, json_pack("{s:b s:i s:i s:i s:i s:i s:i s:i s:i s:i}",
			     "written", written, "rows", r->rows, "bad", r->bad,
			     "people", r->people, "contacts", r->contacts,
			     "subscriptions", r->subscriptions, "known",
			     r->known, "refused", r->refused, "removed",
			     r->removed, "shared", r->shared));
		return;
	}
	printf("%s%d row%s: %d new %s with %d new address%s or number%s, "
	       "%d new subscription%s.\n",
	    written ? "" : "Dry run: ", r->rows, r->rows == 1 ? "" : "s",
	    r->people, r->people == 1 ? "person" : "people", r->contacts,
	    r->contacts == 1 ? "" : "es", r->contacts == 1 ? "" : "s",
	    r->subscriptions, r->subscriptions == 1 ? "" : "s");
	if (r->known > 0)
		printf("%d were subscribed already.\n", r->known);
	if (r->refused > 0)
		printf("%d said STOP themselves and stay without notices; only "
		       "they can change that (START).\n",
		    r->refused);
	if (r->removed > 0)
		printf("%d were removed by hand after the day they agreed, and "
		       "stay so; who agrees anew comes back with that day, or "
		       "by uwaga subscription add.\n",
		    r->removed);
	if (r->shared > 0)
		printf(
		    "%d telephone number%s to somebody else by an earlier "
		    "row or list and stay%s theirs; what it is sent follows that "
		    "person's wishes.\n",
		    r->shared, r->shared == 1 ? " belongs" : "s belong",
		    r->shared == 1 ? "s" : "");
	if (r->bad > 0)
		printf("%d row%s left out, see above.\n", r->bad,
		    r->bad == 1 ? " is" : "s are");
	if (!written)
		printf("Nothing was written; without --dry-run it is.  Rows "
		       "that share an address or a number are counted as if "
		       "each stood alone.\n");
}

static enum status
audit_import(struct cmd_context *ctx, const char *what, const char *path,
    const struct person_import_report *r)
{
	enum status rc = store_begin(ctx->store, &ctx->err);

	if (rc == ST_OK)
		rc = row_audit(ctx, what, path, NULL,
		    json_pack("{s:i s:i s:i s:i}", "rows", r->rows, "contacts",
			r->contacts, "subscriptions", r->subscriptions,
			"refused", r->refused));
	return row_finish(ctx, rc) == 0 ? ST_OK : ST_BROKEN;
}

struct wish {
	struct person_import im;
	bool dry_run, skip_bad;
	const char *path;
};

static int
read_options(struct wish *w, struct cmd_context *ctx, int argc, char **argv)
{
	static const char usage[] =
	    "usage: uwaga person import FILE.csv [--dry-run] [--code CODE] "
	    "[--commune NAME] [--source TEXT] [--consent DAY] [--skip-bad]";
	const char *day = NULL;
	const struct cmd_option options[] = {
		{ "dry-run", .flag = &w->dry_run },
		{ "skip-bad", .flag = &w->skip_bad },
		{ "code", .text = &w->im.consultation },
		{ "commune", .text = &w->im.commune },
		{ "source", .text = &w->im.proof },
		{ "consent", .text = &day },
		{ NULL },
	};

	if (!cmd_read_options(options, argc, argv) || optind + 1 != argc)
		return cmd_fail(ctx, 2, "%s", usage);
	if (day != NULL && !person_row_day(&w->im.consent_ms, span_of(day),
			       ctx->config->timezone))
		return cmd_fail(ctx, 2,
		    "--consent: expected a day such as 2026-11-03, found "
		    "\"%.40s\"",
		    day);
	w->path = argv[optind];
	return 0;
}

/* The audit says that it began, too: killed halfway, part of it is there. */
static enum status
write_all(struct cmd_context *ctx, const struct wish *w, struct span table,
    struct person_import_report *report)
{
	enum status rc;

	if (report->bad > 0 && !w->skip_bad)
		return err_set(&ctx->err, ST_REJECT,
		    "%d of %d rows are wrong and nothing was imported: mend "
		    "them, or leave them out with --skip-bad",
		    report->bad, report->rows);
	rc = audit_import(ctx, "person import begun", w->path, report);
	if (rc == ST_OK)
		rc = person_import(&w->im, ctx->store,
		    &(struct person_list){ .csv = table, .pass = PERSON_WRITE },
		    report, &ctx->err);
	return rc == ST_OK ? audit_import(ctx, "person import", w->path, report)
			   : rc;
}

static int
import(struct cmd_context *ctx, int argc, char **argv)
{
	struct wish w = { .im = { .config = ctx->config,
			      .consultation = "",
			      .commune = "",
			      .proof = "",
			      .now = clock_now() } };
	struct complaints told = { .ctx = ctx };
	struct person_list list = { .complain = complain, .arg = &told };
	struct buf table = { .max = FILE_MAX_BYTES };
	struct person_import_report report;
	int code = read_options(&w, ctx, argc, argv);
	enum status rc;

	if (code != 0)
		return code;
	if (!w.dry_run && !cmd_may_write(ctx))
		return 1;
	rc = read_table(&table, w.path, &ctx->err);
	list.csv = buf_span(&table);
	list.pass = w.dry_run ? PERSON_DRY : PERSON_CHECK;
	if (rc == ST_OK)
		rc =
		    person_import(&w.im, ctx->store, &list, &report, &ctx->err);
	if (rc == ST_OK && !w.dry_run)
		rc = write_all(ctx, &w, list.csv, &report);
	buf_free(&table);
	if (rc != ST_OK)
		return 1;
	print_report(ctx, &report, !w.dry_run);
	return w.dry_run && report.bad > 0 ? 1 : 0;
}

static int
run(struct cmd_context *ctx, int argc, char **argv)
{
	static const struct cmd_verb verbs[] = {
		{ "list", person_list },
		{ "show", person_show },
		{ "import", import },
		{ "export", person_export },
		{ "erase", person_erase },
		{ NULL, NULL },
	};

	return cmd_run_verb(ctx, verbs, argc, argv);
}

const struct cmd cmd_person = {
	.name = "person",
	.summary = "people: list, show, import a list, export, erase",
	.help =
	    "usage: uwaga person list [TEXT]\n"
	    "       uwaga person show ID|ADDRESS|NUMBER\n"
	    "       uwaga person import FILE.csv [options]\n"
	    "       uwaga person export ID|ADDRESS|NUMBER [-o DIR]\n"
	    "       uwaga person erase ID|ADDRESS|NUMBER --yes ID "
	    "[--remarks]\n"
	    "\n"
	    "export  all that is kept of a person as JSON; with -o also their "
	    "messages as they\n"
	    "        came\n"
	    "erase   names, addresses, messages, letters and subscriptions; "
	    "remarks keep their\n"
	    "        number and, unless --remarks is given, their words\n"
	    "\n"
	    "import: each row is a person who agreed to get notices.  The first row "
	    "names the columns,\nin any order: e-mail, telefon, imię i "
	    "nazwisko (or imię, nazwisko), gmina, kod,\ndata zgody (the day "
	    "they agreed: 2026-11-03, 3.11.2026), zgoda (tak, nie, or the\n"
	    "day), źródło (where the consent is kept), język (of what they are "
	    "sent: pl,\npolski, en, angielski); others are named and passed "
	    "over, as is a landline beside\na mail address.  As spreadsheets "
	    "save CSV: ; or , or tabs; UTF-8, UTF-16 or\nwindows-1250.\n"
	    "\n"
	    "  --dry-run       says what would be imported and which rows are "
	    "wrong\n"
	    "  --code CODE     subscribes everybody to this consultation\n"
	    "  --commune NAME  everybody to this commune's meetings\n"
	    "  --source TEXT   where the consents are kept, when no column "
	    "says so\n"
	    "  --consent DAY   when they agreed, the same\n"
	    "  --skip-bad      imports the good rows although others are "
	    "wrong\n"
	    "\n"
	    "Who said STOP by message stays without notices, and who was "
	    "removed by hand after\nthe day they agreed.  Importing the same "
	    "list again changes nothing.\n",
	.needs = NEEDS_STORE,
	.run = run,
};

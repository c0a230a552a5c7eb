/* cmd_verify - is the chain of events what it was?
 *
 * Place: anybody who doubts; --head takes what was published, --receipt what
 * a confirmation shows.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/cmd_list.h"
#include "gateway/row.h"
#include "gateway/store_chain.h"

/* A hash as people copy it: in small letters, without spaces. */
static void
tidy(char *out, size_t size, const char *in)
{
	size_t n = 0;

	for (; *in != '\0' && n + 1 < size; in++)
		if (isxdigit((unsigned char)*in))
			out[n++] = (char)tolower((unsigned char)*in);
	out[n] = '\0';
}

struct asked {
	char head[CHAIN_HASH_SIZE], receipt[RECEIPT_SIZE];
	bool has_head, has_receipt;
};

static bool
read_options(struct asked *out, int argc, char **argv)
{
	const char *head = NULL, *receipt = NULL;
	const struct cmd_option options[] = {
		{ "head", .text = &head },
		{ "receipt", .text = &receipt },
		{ NULL },
	};

	if (!cmd_read_options(options, argc, argv))
		return false;
	out->has_head = head != NULL;
	out->has_receipt = receipt != NULL;
	if (head != NULL)
		tidy(out->head, sizeof(out->head), head);
	if (receipt != NULL)
		tidy(out->receipt, sizeof(out->receipt), receipt);
	return optind == argc;
}

static json_t *
to_json(const struct cmd_context *ctx, const struct asked *a,
    const struct chain_report *r, const char *head)
{
	json_t *row = json_pack("{s:b s:I s:I s:s s:o s:o}", "sound",
	    r->bad_number == 0, "links", (json_int_t)r->links, "texts",
	    (json_int_t)r->texts_checked, "head", head, "bad_link",
	    r->bad_number == 0 ? json_null()
			       : json_integer((json_int_t)r->bad_number),
	    "problem", row_word(r->problem));

	json_object_set_new(row, "head_found",
	    a->has_head ? json_boolean(r->head_found) : json_null());
	json_object_set_new(row, "head_link",
	    r->head_found ? json_integer((json_int_t)r->head_number)
			  : json_null());
	json_object_set_new(row, "receipt_found",
	    a->has_receipt ? json_boolean(r->receipt_found) : json_null());
	json_object_set_new(row, "receipt_link",
	    r->receipt_found ? json_integer((json_int_t)r->receipt_number)
			     : json_null());
	json_object_set_new(row, "event", row_word(r->receipt_event));
	json_object_set_new(row, "subject", row_word(r->receipt_subject));
	json_object_set_new(row, "at", cmd_json_time(ctx, r->receipt_ms));
	return row;
}

static void
print_report(json_t *row, const struct chain_report *r, const char *head)
{
	if (r->bad_number == 0)
		printf("The chain is whole: %lld links, %lld texts fit their "
		       "commitments.\nHead: %s\n",
		    (long long)r->links, (long long)r->texts_checked, head);
	if (r->head_found)
		printf("That head is link %lld: everything up to it is as it "
		       "was when it was published.\n",
		    (long long)r->head_number);
	if (r->receipt_found)
		printf("That receipt is link %lld: %s was %s on %s.\n",
		    (long long)r->receipt_number, r->receipt_subject,
		    r->receipt_event,
		    json_string_value(json_object_get(row, "at")));
}

/* What is wrong, the worst first; the exit code. */
static int
conclude(struct cmd_context *ctx, const struct asked *a,
    const struct chain_report *r)
{
	if (r->bad_number != 0)
		return cmd_fail(ctx, 1,
		    "the chain is broken: %s; compare with a backup",
		    r->problem);
	if (a->has_head && !r->head_found)
		return cmd_fail(ctx, 1,
		    "that head is no link of this chain: it was cut off or made "
		    "anew since the head was published, or the head is not "
		    "whole (64 characters)");
	if (a->has_receipt && !r->receipt_found)
		return cmd_fail(ctx, 1,
		    "that receipt is no link of this chain: look whether all "
		    "12 characters are right; if they are, it was cut off");
	return 0;
}

static int
run(struct cmd_context *ctx, int argc, char **argv)
{
	struct asked asked = { .has_head = false };
	struct chain_report report;
	struct err damage = { "" };
	char head[CHAIN_HASH_SIZE];
	int64_t number;
	json_t *row;
	int code;

	if (!read_options(&asked, argc, argv))
		return cmd_fail(ctx, 2,
		    "usage: uwaga verify [--head HASH] [--receipt RECEIPT]");
	/* The chain says more exactly than the file what is missing. */
	if (store_check_integrity(ctx->store, &damage) != ST_OK)
		ctx->err = damage;
	if (store_chain_head(ctx->store, &number, head, &ctx->err) != ST_OK ||
	    store_chain_verify(ctx->store, asked.has_head ? asked.head : NULL,
		asked.has_receipt ? asked.receipt : NULL, &report,
		&ctx->err) != ST_OK)
		return 1;
	row = to_json(ctx, &asked, &report, head);
	if (ctx->json)
		cmd_print_object(ctx, json_incref(row));
	else
		print_report(row, &report, head);
	json_decref(row);
	code = conclude(ctx, &asked, &report);
	if (code == 0 && damage.text[0] != '\0')
		code = cmd_fail(ctx, 1, "%s", damage.text);
	return code;
}

const struct cmd cmd_verify = {
	.name = "verify",
	.summary = "is the chain of events what it was?",
	.help =
	    "usage: uwaga verify [--head HASH] [--receipt RECEIPT]\n"
	    "\n"
	    "Walks the chain of events (filed, corrected, split, ...) and says\n"
	    "what was dropped, altered, reordered or cut off; every text that is\n"
	    "still there is compared with its commitment.\n"
	    "\n"
	    "  --head HASH         a head that was published: is it part of the\n"
	    "                      chain still?\n"
	    "  --receipt RECEIPT   the 12 characters of a confirmation: what\n"
	    "                      does it prove?\n",
	.needs = NEEDS_STORE,
	.run = run,
};

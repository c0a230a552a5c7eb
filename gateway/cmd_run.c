/* cmd_run - the gateway at work: `run` for ever, `run --once` until empty
 *
 * Place: takes the lock that keeps a second one away, drives daemon.h, says
 * in the end what came in and what went out.
 */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "gateway/cmd_list.h"
#include "gateway/daemon.h"
#include "gateway/store_inbound.h"
#include "gateway/store_outbox.h"

struct tally {
	int64_t fates[FATE_COUNT + 1];
	int64_t states[OUTBOX_STATE_COUNT + 1];
};

static enum status
count(struct tally *out, struct store *st, struct err *err)
{
	enum status rc = store_inbound_counts(st, out->fates, err);

	return rc == ST_OK ? store_outbox_counts(st, out->states, err) : rc;
}

static void
print_sentence(const struct tally *before, const struct tally *after)
{
	int64_t n = after->fates[FATE_COUNT] - before->fates[FATE_COUNT];
	int64_t sent = after->states[OUTBOX_SENT] - before->states[OUTBOX_SENT];
	const char *comma = ": ";

	printf("Received %lld message%s", (long long)n, n == 1 ? "" : "s");
	for (int i = 0; i < FATE_COUNT; i++) {
		int64_t one = after->fates[i] - before->fates[i];

		if (one == 0)
			continue;
		printf("%s%s %lld", comma, fate_name((enum fate)i),
		    (long long)one);
		comma = ", ";
	}
	printf(". Sent %lld", (long long)sent);
	for (int i = 0; i < OUTBOX_STATE_COUNT; i++) {
		int64_t rows = after->states[i];

		/* What failed long ago is over; the others still wait. */
		if (i == OUTBOX_FAILED)
			rows -= before->states[i];
		if (i != OUTBOX_SENT && i != OUTBOX_CANCELLED && rows > 0)
			printf(", %s %lld",
			    outbox_state_name((enum outbox_state)i),
			    (long long)rows);
	}
	printf(".\n");
}

static void
print_json(const struct tally *before, const struct tally *after)
{
	json_t *fates = json_object(), *states = json_object();
	json_t *all = json_pack("{s:I}", "received",
	    (json_int_t)(after->fates[FATE_COUNT] - before->fates[FATE_COUNT]));

	for (int i = 0; i < FATE_COUNT; i++)
		json_object_set_new(fates, fate_name((enum fate)i),
		    json_integer(after->fates[i] - before->fates[i]));
	for (int i = 0; i < OUTBOX_STATE_COUNT; i++)
		json_object_set_new(states,
		    outbox_state_name((enum outbox_state)i),
		    json_integer(after->states[i]));
	json_object_set_new(all, "fates", fates);
	json_object_set_new(all, "sent",
	    json_integer(
		after->states[OUTBOX_SENT] - before->states[OUTBOX_SENT]));
	json_object_set_new(all, "outbox", states);
	json_dumpf(all, stdout, JSON_COMPACT);
	printf("\n");
	json_decref(all);
}

static enum status
run_once(struct cmd_context *ctx, struct daemon *d)
{
	struct tally before = { 0 }, after = { 0 };
	struct err late = { "" };
	enum status rc = count(&before, d->store, &ctx->err), told;

	if (rc != ST_OK)
		return rc;
	rc = daemon_once(d, &ctx->err);
	/* Also after a failure: what was done before it is on disk. */
	told = count(&after, d->store, &late);
	if (told == ST_OK && ctx->json)
		print_json(&before, &after);
	else if (told == ST_OK)
		print_sentence(&before, &after);
	else if (rc == ST_OK)
		rc = err_set(&ctx->err, told, "%s", late.text);
	return rc;
}

static int
run(struct cmd_context *ctx, int argc, char **argv)
{
	struct daemon *d = NULL;
	bool once = false;
	const struct cmd_option options[] = {
		{ "once", .flag = &once },
		{ NULL },
	};
	enum status rc;
	int lock = -1;

	if (!cmd_read_options(options, argc, argv) || optind != argc)
		return cmd_fail(ctx, 2, "usage: uwaga run [--once]");
	/* A limit on file sizes then answers as a full disk does; and whoever
	 * opens a mail for writing while maildir_in.c looks at it ends nothing
	 * but its lease. */
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGIO, SIG_IGN);
	rc = store_lock(&lock, ctx->config->database, &ctx->err);
	if (rc != ST_OK)
		return 1;
	rc = daemon_open(&d, ctx->config, once, &ctx->err);
	if (rc == ST_OK)
		rc = once ? run_once(ctx, d) : daemon_run(&d, &ctx->err);
	daemon_close(d);
	store_unlock(lock);
	return rc == ST_OK ? 0 : 1;
}

const struct cmd cmd_run = {
	.name = "run",
	.summary = "receive, store and answer: the daemon",
	.help =
	    "usage: uwaga run [--once]\n"
	    "\n"
	    "Fetches from every mailbox and SMS line, stores each message with\n"
	    "its fate, and sends what is owed, until SIGTERM or SIGINT; SIGHUP\n"
	    "reads the configuration again.\n"
	    "\n"
	    "  --once   poll every source until it is empty, send what is due,\n"
	    "           say what came in and what went out, and end\n",
	.needs = NEEDS_CONFIG,
	.run = run,
};

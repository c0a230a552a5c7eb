/* cmd_login - gets a mail server's permission from a person, once
 *
 * Place: run by whoever sets the gateway up, where Microsoft 365 or Google has
 * ended passwords; what it gets stands in token_file and is renewed by the
 * daemon.
 */
#include <stdio.h>
#include <string.h>

#include "gateway/cmd_list.h"
#include "gateway/oauth.h"
#include "gateway/secret.h"

static const struct config_oauth2 *
find(const struct config *config, const char *name)
{
	if (strcmp(name, "smtp") == 0)
		return &config->smtp.oauth2;
	for (int i = 0; i < config->n_mailboxes; i++)
		if (strcmp(config->mailboxes[i].name, name) == 0)
			return &config->mailboxes[i].oauth2;
	return NULL;
}

static void
still_waiting(int seconds)
{
	fprintf(stderr, "still waiting; %d min left\n", (seconds + 59) / 60);
}

static void
ask_person(const struct cmd_context *ctx, const char *name,
    const struct oauth_device *device)
{
	if (ctx->json)
		cmd_print_object(ctx,
		    json_pack("{ss ss ss ss si}", "name", name, "page",
			device->page, "page_with_code", device->page_with_code,
			"code", device->code, "seconds", device->seconds));
	else {
		printf("Open %s in a browser on any machine, sign in as the "
		       "user of %s and type the code\n\n    %s\n\n",
		    device->page, name, device->code);
		if (device->page_with_code[0] != '\0')
			printf("or open %s\n\n", device->page_with_code);
		printf("Waiting for at most %d minutes.\n",
		    (device->seconds + 59) / 60);
	}
	fflush(stdout);
}

static void
tell_done(const struct cmd_context *ctx, const char *name, const char *file)
{
	if (ctx->json)
		cmd_print_object(ctx,
		    json_pack("{ss ss}", "name", name, "token_file", file));
	else
		printf("%s may log in.  What it needs is kept in %s; see uwaga "
		       "check.\n",
		    name, file);
}

/* The client's own permission needs no person: tries whether it is given. */
static enum status
try_client(struct cmd_context *ctx, const char *name,
    const struct config_oauth2 *oauth2)
{
	struct buf token = { .max = TOKEN_MAX };
	enum status rc = oauth_token(&token, oauth2, name, "", NULL, &ctx->err);

	secret_free(&token);
	return rc;
}

/* By a code that the person types into a page. */
static enum status
ask_by_device(struct cmd_context *ctx, const char *name,
    const struct config_oauth2 *oauth2)
{
	struct oauth_device device;
	enum status rc = oauth_device_begin(&device, oauth2, &ctx->err);

	if (rc != ST_OK)
		return rc;
	ask_person(ctx, name, &device);
	return oauth_device_wait(&device, oauth2, still_waiting, &ctx->err);
}

/* By a page whose last address the person pastes. */
static enum status
ask_by_browser(struct cmd_context *ctx, const char *name,
    const struct config_oauth2 *oauth2)
{
	struct oauth_browser browser;
	enum status rc = oauth_browser_begin(&browser, oauth2, &ctx->err);
	char pasted[8192];

	if (rc != ST_OK)
		return rc;
	if (ctx->json)
		cmd_print_object(ctx,
		    json_pack("{ss ss}", "name", name, "page", browser.page));
	else
		printf("Open this page in a browser on any machine and sign in "
		       "as the user of %s:\n\n%s\n\n"
		       "At its end the browser cannot open a page of "
		       "localhost; that is right.\n"
		       "Copy the whole address from its address bar and paste "
		       "it here: ",
		    name, browser.page);
	fflush(stdout);
	if (fgets(pasted, sizeof(pasted), stdin) == NULL)
		return err_set(&ctx->err, ST_REJECT, "no address was pasted");
	rc = oauth_browser_finish(&browser, oauth2, span_of(pasted), &ctx->err);
	explicit_bzero(pasted, sizeof(pasted));
	return rc;
}

static int
run(struct cmd_context *ctx, int argc, char **argv)
{
	const struct config_oauth2 *oauth2;
	const char *name = argv[1];
	enum status rc;

	if (argc != 2 || name[0] == '-' || name[0] == '\0')
		return cmd_fail(ctx, 2, "usage: uwaga login NAME");
	if (!cmd_may_write(ctx))
		return 1;
	oauth2 = find(ctx->config, name);
	if (oauth2 == NULL)
		return cmd_fail(ctx, 1,
		    "there is no mailbox \"%.60s\"; give a mailbox's name, or "
		    "smtp",
		    name);
	if (oauth2->token_url[0] == '\0')
		return cmd_fail(ctx, 1,
		    "%.60s has no oauth2 { } in %.300s; a password needs no "
		    "login",
		    name, ctx->config_path);
	rc = oauth_can_keep(oauth2, &ctx->err);
	if (rc != ST_OK)
		return 1;
	if (strcmp(oauth2->grant, "client_credentials") == 0)
		rc = try_client(ctx, name, oauth2);
	else if (oauth2->device_url[0] != '\0')
		rc = ask_by_device(ctx, name, oauth2);
	else if (oauth2->authorize_url[0] != '\0')
		rc = ask_by_browser(ctx, name, oauth2);
	else
		return cmd_fail(ctx, 1,
		    "oauth2 of %.60s has neither device_url nor authorize_url, "
		    "where a login begins",
		    name);
	if (rc != ST_OK)
		return 1;
	tell_done(ctx, name, oauth2->token_file);
	return 0;
}

const struct cmd cmd_login = {
	.name = "login",
	.summary = "get permission from Microsoft 365 or Google, once",
	.help =
	    "usage: uwaga login NAME\n"
	    "\n"
	    "NAME is a mailbox with oauth2 { }, or smtp.  Shows a page and a\n"
	    "code; whoever opens the page, signs in as the mailbox's user and\n"
	    "types the code gives the gateway permission.  What comes of it is\n"
	    "kept in token_file, readable by its owner only, and renewed by the\n"
	    "daemon from then on.\n"
	    "With authorize_url instead of device_url (Google) there is no code:\n"
	    "the address that the browser ends at is pasted here.\n"
	    "With grant = \"client_credentials\" nobody needs to agree; then it\n"
	    "tries whether the server gives a token.\n",
	.needs = NEEDS_CONFIG,
	.run = run,
};

/* cmd_backup - a consistent copy of the database while the daemon works
 *
 * Place: staff, or a timer of the system; restore puts a copy in place.
 */
#include <stdio.h>

#include "gateway/cmd_list.h"

static int
run(struct cmd_context *ctx, int argc, char **argv)
{
	if (argc != 2 || argv[1][0] == '-' || argv[1][0] == '\0')
		return cmd_fail(ctx, 2, "usage: uwaga backup FILE");
	if (store_backup(ctx->store, argv[1], &ctx->err) != ST_OK)
		return 1;
	if (ctx->json)
		cmd_print_object(ctx, json_pack("{s:s}", "file", argv[1]));
	else
		printf("Copied to %s.  Keep it elsewhere, with the keys file "
		       "%s.\n",
		    argv[1], ctx->config->keys_file);
	return 0;
}

const struct cmd cmd_backup = {
	.name = "backup",
	.summary = "a consistent copy of the database",
	.help =
	    "usage: uwaga backup FILE\n"
	    "\n"
	    "Writes a whole, consistent copy to FILE, which must not exist; the\n"
	    "daemon may go on working.  Only its owner can read it: it holds\n"
	    "people's names and addresses.\n",
	.needs = NEEDS_STORE,
	.run = run,
};

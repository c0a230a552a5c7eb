/* main - finds a command, runs it
 *
 * Place: the only file with exit codes and the process's surroundings: options
 * for all commands, the configuration file, who acts.
 */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/actor.h"
#include "gateway/clock.h"
#include "gateway/cmd.h"
#include "gateway/jail.h"

#define VERSION "0.1.0"

/* Options for all commands, before or behind the command's name. */
struct options {
	const char *config, *now;
	bool json, help, version;
	const char *problem; /* an option whose value is missing */
};

static const struct cmd *
find(const char *name)
{
	for (size_t i = 0; commands[i] != NULL; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static void
print_help(FILE *to)
{
	fprintf(to,
	    "usage: uwaga [-c FILE] [--json] [--now TIME] COMMAND ...\n\n"
	    "Turns residents' mails and texts into remarks, confirms them and "
	    "keeps the ledger.\n\n");
	for (size_t i = 0; commands[i] != NULL; i++)
		fprintf(to, "  %-14s %s\n", commands[i]->name,
		    commands[i]->summary);
	fprintf(to,
	    "\n  -c FILE     configuration; else $UWAGA_CONF, ./uwaga.conf, "
	    "/etc/uwaga/uwaga.conf\n"
	    "  --json      JSON Lines instead of a table\n"
	    "  --now TIME  what time it is, RFC 3339; also $UWAGA_NOW\n"
	    "  --help      of the program, or of the command\n"
	    "  --version\n");
}

/* Takes "--name VALUE", "--name=VALUE" or, for a short one, "-nVALUE" from
 * argv[*i]; NULL when it is another argument. */
static const char *
take_value(const char *name, int argc, char **argv, int *i, struct options *o)
{
	size_t n = strlen(name);

	if (strncmp(argv[*i], name, n) != 0)
		return NULL;
	if (argv[*i][n] == '=' && name[1] == '-')
		return argv[*i] + n + 1;
	if (argv[*i][n] != '\0')
		return name[1] == '-' ? NULL : argv[*i] + n;
	if (*i + 1 == argc) {
		o->problem = name;
		return "";
	}
	return argv[++*i];
}

/* Takes the options for all commands out of argv, which keeps the command's
 * name and what belongs to it; everything behind "--" is the command's. */
static int
take_options(struct options *o, int argc, char **argv)
{
	int kept = 1;

	for (int i = 1; i < argc; i++) {
		const char *value;

		if (strcmp(argv[i], "--") == 0) {
			while (i < argc)
				argv[kept++] = argv[i++];
			break;
		}
		if ((value = take_value("-c", argc, argv, &i, o)) != NULL)
			o->config = value;
		else if ((value = take_value("--now", argc, argv, &i, o)) !=
			 NULL)
			o->now = value;
		else if (strcmp(argv[i], "--json") == 0)
			o->json = true;
		else if (strcmp(argv[i], "--help") == 0 ||
			 strcmp(argv[i], "-h") == 0)
			o->help = true;
		else if (strcmp(argv[i], "--version") == 0)
			o->version = true;
		else
			argv[kept++] = argv[i];
	}
	argv[kept] = NULL;
	return kept;
}

/* The configuration file: as given, else the first of the usual places. */
static const char *
config_path(const struct options *o)
{
	const char *env = getenv("UWAGA_CONF");

	if (o->config != NULL)
		return o->config;
	if (env != NULL && env[0] != '\0')
		return env;
	if (access("uwaga.conf", F_OK) == 0)
		return "uwaga.conf";
	return "/etc/uwaga/uwaga.conf";
}

static int
say(const char *sentence)
{
	fprintf(stderr, "uwaga: %s\n", sentence);
	return 1;
}

/* What was printed must have arrived; only a reader at the end of a pipe may
 * have seen enough (`| head`), which needs no sentence. */
static int
finish_output(struct cmd_context *ctx)
{
	struct stat st;

	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return 0;
	if (fstat(STDOUT_FILENO, &st) == 0 && S_ISFIFO(st.st_mode))
		return 1;
	return cmd_fail(ctx, 1, "the output cannot be written");
}

static int
run_command(
    const struct cmd *cmd, const struct options *o, int argc, char **argv)
{
	struct cmd_context ctx = { .json = o->json };
	struct actor actor;
	int code = 1;

	if (cmd->needs != NEEDS_NOTHING) {
		ctx.config_path = config_path(o);
		if (config_read(&ctx.config, ctx.config_path, &ctx.err) !=
		    ST_OK)
			return say(ctx.err.text);
		ctx.config_path = ctx.config->path;
	}
	actor_find(&actor, ctx.config);
	ctx.who = actor.name;
	ctx.may_write = actor.may_write;
	ctx.may_announce = actor.may_announce;
	ctx.may_answer = actor.may_answer;
	if (cmd->needs != NEEDS_STORE ||
	    store_open(&ctx.store, ctx.config->database, &ctx.err) == ST_OK)
		code = cmd->run(&ctx, argc, argv);
	if (ctx.store != NULL)
		store_close(ctx.store);
	config_free(ctx.config);
	if (code == 0)
		code = finish_output(&ctx);
	if (code == 2 && ctx.err.text[0] == '\0')
		cmd_fail(&ctx, 2, "see uwaga %s --help", cmd->name);
	if (code != 0 && ctx.err.text[0] != '\0')
		say(ctx.err.text);
	return code;
}

static int
unknown_command(const char *name)
{
	fprintf(
	    stderr, "uwaga: there is no command \"%.60s\"; there are", name);
	for (size_t i = 0; commands[i] != NULL; i++)
		fprintf(stderr, "%s%s", i == 0 ? " " : ", ", commands[i]->name);
	fprintf(stderr, "\n");
	return 2;
}

int
main(int argc, char **argv)
{
	struct options o = { .now = getenv("UWAGA_NOW") };
	const struct cmd *cmd;
	struct err err;

	/* What a large mail needed is given back, not kept for the next. */
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
	mallopt(M_TRIM_THRESHOLD, 8 << 20);
	if (argc == 2 && strcmp(argv[1], "parse-worker") == 0)
		return jail_worker();
	signal(SIGPIPE, SIG_IGN);
	argc = take_options(&o, argc, argv);
	if (o.problem != NULL) {
		fprintf(stderr, "uwaga: %s needs a value\n", o.problem);
		return 2;
	}
	if (o.version) {
		printf("uwaga " VERSION "\n");
		return 0;
	}
	if (argc < 2) {
		print_help(o.help ? stdout : stderr);
		return o.help ? 0 : 2;
	}
	cmd = find(argv[1]);
	if (cmd == NULL)
		return unknown_command(argv[1]);
	if (o.help) {
		printf("%s", cmd->help);
		return 0;
	}
	if (o.now != NULL && o.now[0] != '\0' &&
	    clock_set(o.now, &err) != ST_OK) {
		fprintf(stderr, "uwaga: %s\n", err.text);
		return 2;
	}
	return run_command(cmd, &o, argc - 1, argv + 1);
}

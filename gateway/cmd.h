/* cmd - the contract of a staff command, and how it prints
 *
 * Place: main finds the command by its name in the table and runs it; each
 * lives in cmd_<name>.c, described by one struct cmd.
 */
#ifndef CMD_H
#define CMD_H

#include <jansson.h>
#include <stdbool.h>

#include "gateway/config.h"
#include "gateway/store_consultation.h"

enum needs {
	NEEDS_NOTHING, /* no configuration, no database */
	NEEDS_CONFIG,
	NEEDS_STORE, /* the database too, at the right version */
};

struct cmd_context {
	struct config *config; /* NULL for NEEDS_NOTHING */
	struct store *store; /* NULL unless NEEDS_STORE */
	const char *config_path;
	const char *who; /* staff name or login, for the audit; never NULL */
	bool may_write; /* this user may change things */
	bool may_announce; /* and send to many */
	bool may_answer; /* and say what the office decided */
	bool json;
	struct err err; /* what main prints when the command fails */
};

struct cmd {
	const char *name; /* "remark" */
	const char *summary; /* one line for the list of commands */
	const char *help; /* usage and options, for --help */
	enum needs needs;
	/* argv[0] is the command's name; getopt-style from 1.  0 done, 1
	 * refused or failed (ctx->err says why), 2 wrong usage. */
	int (*run)(struct cmd_context *ctx, int argc, char **argv);
};

/* All commands, closed by a NULL name; the list is in cmd_list.c. */
extern const struct cmd *const commands[];

/* Fails with exit code `code` and the sentence, printf-like; returns `code`. */
int cmd_fail(struct cmd_context *ctx, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* True when this user may change things; else the sentence is in ctx->err. */
bool cmd_may_write(struct cmd_context *ctx);
/* The same for sending to many. */
bool cmd_may_announce(struct cmd_context *ctx);
/* The same for answers to remarks. */
bool cmd_may_answer(struct cmd_context *ctx);

/* Output: rows that are a table for people and JSON Lines with --json.  Each
 * row is a JSON object (reference stolen).  `columns` names the keys in their
 * order: every key is printed with --json, null where it is missing; the table
 * shows those whose `title` is not NULL. */
struct cmd_column {
	const char *key, *title;
	int width; /* 0: as wide as needed; else cut with "…" */
};
struct cmd_table;

/* Begins a table; `columns` is borrowed until its end, closed by a NULL key. */
struct cmd_table *
cmd_table_new(const struct cmd_context *ctx, const struct cmd_column *columns);

/* Adds a row (printed at once with --json). */
void cmd_table_row(struct cmd_table *table, json_t *row);

/* Prints what is still to print and frees; "`empty`" when no row came. */
void cmd_table_end(struct cmd_table *table, const char *empty);

/* A change that staff make: what the audit says of it. */
struct cmd_change {
	const char *what, *subject; /* "consultation closed", "BL-7M4H" */
	json_t *before, *after; /* owned; NULL where there is nothing to say */
	enum status (*make)(struct store *st, void *arg, struct err *err);
	void *arg;
};

/* Makes the change and its audit line in one transaction, or neither. */
enum status cmd_make_change(struct cmd_context *ctx, struct cmd_change *change);

/* "consultation add ...": a verb of a command, argv[0] is then the verb. */
struct cmd_verb {
	const char *name;
	int (*run)(struct cmd_context *ctx, int argc, char **argv);
};

/* Runs the verb that argv[1] names; 2 and the list of verbs when it names
 * none.  `verbs` is closed by a NULL name. */
int cmd_run_verb(struct cmd_context *ctx, const struct cmd_verb *verbs,
    int argc, char **argv);

/* "--code CODE" or "--dry-run": an option of a command, and what it sets: one
 * of the three. */
struct cmd_option {
	const char *name;
	const char **text; /* the word behind it; the last one counts */
	bool *flag; /* true: it stands there, and takes no word */
	bool (*take)(void *arg, const char *word); /* each; false refuses */
	void *arg;
};

/* Reads the options, wherever they stand; the other words then begin at
 * argv[optind].  `options` is closed by a NULL name.  False for an option that
 * there is not, that lacks its word, or whose word is refused. */
bool cmd_read_options(const struct cmd_option *options, int argc, char **argv);

/* The consultation that `word` names: a code in any spelling, or an alias.
 * ST_REJECT, with where to look, when there is none. */
enum status cmd_find_consultation(struct cmd_context *ctx, const char *word,
    struct arena *a, struct consultation *out);

/* RFC 3339 in the configured zone; JSON null when `ms` is 0. */
json_t *cmd_json_time(const struct cmd_context *ctx, int64_t ms);

/* A list with one text per line of `lines`. */
json_t *cmd_json_lines(const char *lines);

/* One object: JSON with --json, else "key: value" lines in the same order,
 * without those that are empty.  Reference stolen. */
void cmd_print_object(const struct cmd_context *ctx, json_t *object);

#endif

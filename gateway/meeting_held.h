/* meeting_held - a meeting took place: who came, and what they raised
 *
 * Place: verb of cmd_meeting, which also shows what it noted.
 */
#ifndef MEETING_HELD_H
#define MEETING_HELD_H

#include "gateway/cmd.h"
#include "gateway/store_meeting.h"

/* "held KEY [--count GROUP=N] [--point TEXT] [--file NUMBER]", as a command's
 * run(). */
int meeting_held(struct cmd_context *ctx, int argc, char **argv);

/* Adds "counts", "people" and "points" to `row`; ST_OK, or as the store says. */
enum status meeting_held_json(
    struct cmd_context *ctx, const struct meeting *m, json_t *row);
/* The same for people, nothing when nothing was noted. */
enum status
meeting_held_print(struct cmd_context *ctx, const struct meeting *m);

#endif

/* meeting_tell - staff tell many people of meetings
 *
 * Place: verbs of cmd_meeting.  Each shows first whom it would reach and what
 * they would read, and goes on only when the count is typed (or given with
 * --yes).
 */
#ifndef MEETING_TELL_H
#define MEETING_TELL_H

#include "gateway/cmd.h"

/* "announce KEY...", "change KEY ...", "cancel KEY ...", as a command's run(). */
int meeting_announce(struct cmd_context *ctx, int argc, char **argv);
int meeting_change(struct cmd_context *ctx, int argc, char **argv);
int meeting_cancel(struct cmd_context *ctx, int argc, char **argv);

#endif

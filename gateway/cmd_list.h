/* cmd_list - the commands there are
 *
 * Place: main looks a command up in `commands` (cmd.h); each is described in
 * its own cmd_<name>.c.  A new command is one line here and one in cmd_list.c.
 */
#ifndef CMD_LIST_H
#define CMD_LIST_H

#include "gateway/cmd.h"

extern const struct cmd cmd_check;
extern const struct cmd cmd_init;
extern const struct cmd cmd_login;
extern const struct cmd cmd_run;
extern const struct cmd cmd_stats;
extern const struct cmd cmd_consultation;
extern const struct cmd cmd_meeting;
extern const struct cmd cmd_remark;
extern const struct cmd cmd_inbound;
extern const struct cmd cmd_journal;
extern const struct cmd cmd_outbox;
extern const struct cmd cmd_verify;
extern const struct cmd cmd_backup;
extern const struct cmd cmd_restore;
extern const struct cmd cmd_migrate;
extern const struct cmd cmd_notice;
extern const struct cmd cmd_order;
extern const struct cmd cmd_person;
extern const struct cmd cmd_subscription;
extern const struct cmd cmd_parse;
extern const struct cmd cmd_render;
extern const struct cmd cmd_sms_size;

#endif

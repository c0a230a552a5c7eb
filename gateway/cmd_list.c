/* cmd_list - the commands there are, in the order `uwaga --help` shows */
#include "gateway/cmd_list.h"

const struct cmd *const commands[] = {
	&cmd_run,
	&cmd_check,
	&cmd_login,
	&cmd_init,
	&cmd_migrate,
	&cmd_backup,
	&cmd_restore,
	&cmd_verify,
	&cmd_stats,
	&cmd_consultation,
	&cmd_meeting,
	&cmd_remark,
	&cmd_inbound,
	&cmd_journal,
	&cmd_outbox,
	&cmd_notice,
	&cmd_order,
	&cmd_person,
	&cmd_subscription,
	&cmd_parse,
	&cmd_render,
	&cmd_sms_size,
	NULL,
};

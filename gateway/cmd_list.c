/* cmd_list - the commands there are, in the order `uwaga --help` shows */
#include "gateway/cmd_list.h"

const struct cmd *const commands[] = {
	&cmd_check,
	&cmd_init,
	&cmd_stats,
	&cmd_consultation,
	&cmd_meeting,
	&cmd_render,
	&cmd_sms_size,
	NULL,
};

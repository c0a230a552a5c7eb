/* config - what the configuration says
 *
 * Place: read by config_read.c, handed down read-only.
 */
#include "gateway/config.h"

#include <stdlib.h>
#include <string.h>

#include "parsers/buf.h"

void
config_free(struct config *config)
{
	struct arena *owner = config == NULL ? NULL : config->owner;

	if (owner == NULL)
		return;
	arena_free(owner); /* and with it `config` */
	free(owner);
}

const char *
config_office(const struct config *config, const char *key)
{
	for (int i = 0; i < config->n_office; i++)
		if (strcmp(config->office[i].key, key) == 0)
			return config->office[i].value;
	return "";
}

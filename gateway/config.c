/* config - what the configuration says
 *
 * Place: read by config_read.c, handed down read-only.
 */
#include "gateway/config.h"

#include <stdlib.h>
#include <string.h>

#include "parsers/address.h"

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

bool
config_staff_may(const struct config_staff *staff, const char *right)
{
	struct span rest = span_of(staff->rights);

	while (rest.n > 0) {
		size_t n = span_find(rest, ",");

		if (span_is(span_trim(span_sub(rest, 0, n)), right))
			return true;
		rest = span_from(rest, n + 1);
	}
	return false;
}

bool
config_is_our_number(const struct config *config, const char *number)
{
	char theirs[32], ours[32];

	phone_normalise(theirs, span_of(number), config->phone_prefix, "");
	for (int i = 0; i < config->n_sms; i++) {
		const char *own = config->sms[i].number;

		phone_normalise(ours, span_of(own), config->phone_prefix, "");
		if (own[0] != '\0' && strcmp(ours, theirs) == 0)
			return true;
	}
	return false;
}

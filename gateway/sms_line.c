/* sms_line - an SMS line's source and sink, by its provider
 *
 * Place: beside source.c and sink.c, which do the same for mail.
 */
#include <string.h>

#include "gateway/gammu.h"
#include "gateway/providers.h"

/* The folder of "spool:DIR" when gammu is the provider; NULL, with the sentence
 * in `err`, when nothing here serves that line. */
static const char *
spool_of(const struct config_sms *conf, struct err *err)
{
	static const char scheme[] = "spool:";
	bool is_gammu =
	    conf->provider[0] == '\0' || strcmp(conf->provider, "gammu") == 0;

	if (is_gammu && strncmp(conf->url, scheme, sizeof(scheme) - 1) == 0 &&
	    conf->url[sizeof(scheme) - 1] != '\0')
		return conf->url + sizeof(scheme) - 1;
	err_set(err, ST_REJECT,
	    "sms %s: provider \"%s\" does not work with url \"%s\"; gammu "
	    "needs spool:DIR",
	    conf->name, conf->provider, conf->url);
	return NULL;
}

enum status
source_open_sms(
    struct source **out, const struct config_sms *conf, struct err *err)
{
	const char *dir;

	*out = NULL;
	if (providers_find(conf->provider) != NULL)
		return provider_source_open(out, conf, err);
	dir = spool_of(conf, err);
	return dir == NULL ? ST_REJECT : gammu_source_open(out, dir, conf, err);
}

enum status
sink_open_sms(struct sink **out, const struct config_sms *conf, struct err *err)
{
	const char *dir;

	*out = NULL;
	if (providers_find(conf->provider) != NULL)
		return provider_sink_open(out, conf, err);
	dir = spool_of(conf, err);
	return dir == NULL ? ST_REJECT : gammu_sink_open(out, dir, conf, err);
}

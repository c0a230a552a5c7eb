/* providers - those who stand behind provider.h, one file each
 *
 * Place: sms_line.c and provider_in.c, provider_out.c find one by its name in
 * the configuration.
 */
#ifndef PROVIDERS_H
#define PROVIDERS_H

#include "gateway/provider.h"

extern const struct provider_ops smseagle_ops; /* a box in the office */
extern const struct provider_ops serwersms_ops;
extern const struct provider_ops szybkisms_ops; /* and GSMService.pl */
extern const struct provider_ops infobip_ops;
extern const struct provider_ops smstools_ops; /* smsd's folders */
extern const struct provider_ops twilio_ops;

/* The provider of that name; NULL: there is none behind this contract. */
const struct provider_ops *providers_find(const char *name);

#endif

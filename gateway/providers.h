/* providers - those who stand behind provider.h, one file each
 *
 * Place: only provider.c, which finds them by name, includes it, and they.
 */
#ifndef PROVIDERS_H
#define PROVIDERS_H

#include "gateway/provider.h"

extern const struct provider_ops smseagle_ops; /* a box in the office */
extern const struct provider_ops serwersms_ops;
extern const struct provider_ops smstools_ops; /* smsd's folders */
extern const struct provider_ops twilio_ops;

#endif

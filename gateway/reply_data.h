/* reply_data - the facts of a reply as the values that templates name
 *
 * Place: reply renders with it; templates/placeholders.tsv lists every name.
 */
#ifndef REPLY_DATA_H
#define REPLY_DATA_H

#include <jansson.h>

#include "gateway/reply.h"

/* Every value a reply template may use, in `language`; the caller's to free.
 * NULL when memory is short. */
json_t *reply_data(const struct config *config, const struct reply *reply,
    const char *language);

/* Placeholders that show an office key under another name: { placeholder, key
 * }, closed by NULL. */
extern const char *const office_names[][2];

/* The value of an office key or of what stands in for it; "" when neither. */
const char *office_value(const struct config *config, const char *key);

#endif

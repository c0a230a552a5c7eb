/* office_keys - every key of the office section: what templates are filled with
 *
 * Place: config accepts these keys; templates/placeholders.tsv says which
 * placeholder shows which of them, and a test holds the two together.
 */
#ifndef OFFICE_KEYS_H
#define OFFICE_KEYS_H

struct office_key {
	const char *key; /* "phone" */
	const char *fallback; /* what stands in when it is empty; "" nothing */
	const char *help;
};

/* Closed by a NULL key. */
extern const struct office_key office_keys[];

#endif

/* placeholder - every name that a template may use */
#include "gateway/placeholder.h"

#include <stdio.h>

#include "gateway/embedded.h"

static const char office[] = "office.";

/* Takes what is before the next `end` byte, and the byte. */
static struct span
take(struct span *rest, const char *end)
{
	size_t n = span_find(*rest, end);
	struct span word = span_sub(*rest, 0, n);

	*rest = span_from(*rest, n + 1);
	return word;
}

struct span
placeholder_table(void)
{
	return embedded_find("templates/placeholders.tsv");
}

bool
placeholder_next(struct span *rest, struct placeholder *out)
{
	struct span line;

	while (span_line(rest, &line)) {
		if (line.n == 0 || line.p[0] == '#')
			continue;
		out->name = take(&line, "\t");
		out->source = take(&line, "\t");
		out->need = take(&line, "\t");
		out->worst = take(&line, "\t");
		out->meaning = line;
		return true;
	}
	return false;
}

bool
placeholder_find(struct placeholder *out, struct span name)
{
	struct span rest = placeholder_table();

	while (placeholder_next(&rest, out))
		if (span_eq(out->name, name))
			return true;
	return false;
}

bool
placeholder_is_office(const struct placeholder *p)
{
	return span_starts(p->source, office);
}

struct span
placeholder_key(const struct placeholder *p)
{
	struct span rest = p->source;

	if (!placeholder_is_office(p))
		return (struct span){ NULL, 0 };
	return span_from(take(&rest, " "), sizeof(office) - 1);
}

const char *
placeholder_value(const struct placeholder *p, const struct config *config)
{
	struct span rest = p->source;
	char key[64];

	while (rest.n > 0) {
		struct span word = take(&rest, " ");
		const char *value;

		if (!span_starts(word, office))
			return "";
		word = span_from(word, sizeof(office) - 1);
		snprintf(key, sizeof(key), "%.*s", (int)word.n, word.p);
		value = config_office(config, key);
		if (value[0] != '\0')
			return value;
	}
	return "";
}

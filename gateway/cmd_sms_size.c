/* cmd_sms_size - what a text would cost: alphabet, units, segments
 *
 * Place: staff who write templates; tests compare it with others' counters.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/cmd.h"
#include "parsers/gsm7.h"
#include "parsers/text.h"

static void
print_size(struct span text)
{
	struct sms_size size = sms_size(text);

	printf("{\"encoding\": \"%s\", \"units\": %zu, \"segments\": %zu}\n",
	    size.is_ucs2 ? "ucs2" : "gsm7", size.units, size.segments);
}

/* Standard input: one JSON string a line; blank lines are passed over. */
static int
measure_lines(struct cmd_context *ctx)
{
	char *line = NULL;
	size_t cap = 0, number = 0;
	ssize_t n;
	int code = 0;

	while (code == 0 && (n = getline(&line, &cap, stdin)) > 0) {
		struct span s = span_trim((struct span){ line, (size_t)n });
		json_error_t error;
		json_t *json;

		number++;
		if (s.n == 0)
			continue;
		json = json_loadb(
		    s.p, s.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
		if (json_is_string(json))
			print_size((struct span){ json_string_value(json),
			    json_string_length(json) });
		else
			code = cmd_fail(ctx, 1,
			    "line %zu: expected one JSON string, such as "
			    "\"BL-7M4H\"%s%s",
			    number, json == NULL ? ": " : "",
			    json == NULL ? error.text : "");
		json_decref(json);
	}
	if (code == 0 && ferror(stdin))
		code = cmd_fail(ctx, 1, "standard input cannot be read");
	free(line);
	return code;
}

static int
run(struct cmd_context *ctx, int argc, char **argv)
{
	struct span text;

	if (argc == 3 && strcmp(argv[1], "--") == 0) {
		argv++;
		argc--;
	}
	if (argc != 2)
		return cmd_fail(ctx, 2,
		    "expected one text in quotes, or - for JSON strings from "
		    "standard input");
	if (strcmp(argv[1], "-") == 0)
		return measure_lines(ctx);
	text = span_of(argv[1]);
	if (!text_is_utf8(text))
		return cmd_fail(
		    ctx, 1, "the text is not valid UTF-8; nothing was counted");
	print_size(text);
	return 0;
}

const struct cmd cmd_sms_size = {
	.name = "sms-size",
	.summary = "what a text costs: alphabet, units, segments",
	.help = "usage: uwaga sms-size TEXT|-\n"
		"\n"
		"Counts a text as a phone sends it: gsm7 (septets, 160 in one "
		"segment, 153 in\n"
		"each of several) or ucs2 (UTF-16 units, 70 or 67).  With - "
		"reads one JSON\n"
		"string a line from standard input.  Prints one JSON object "
		"for each text:\n"
		"  {\"encoding\": \"gsm7\", \"units\": 12, \"segments\": 1}\n",
	.needs = NEEDS_NOTHING,
	.run = run,
};

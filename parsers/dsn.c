/* dsn - reads the fields of a delivery report, however it is written */
#include "parsers/dsn.h"

#include <string.h>

#include "parsers/address.h"

enum { GROUPS_MAX = 1000, STATUS_MAX = 12, LINE_MAX_READ = 2000 };

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_wordy(char c)
{
	return is_digit(c) || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z') || (c & 0x80) != 0;
}

/* How long the status code is with which `s` begins ("5.1.1"); 0: none. */
static size_t
status_length(struct span s)
{
	size_t i = 1;

	if (s.n < 5 || strchr("245", s.p[0]) == NULL || s.p[0] == '\0')
		return 0;
	for (int part = 0; part < 2; part++) {
		size_t start;

		if (i >= s.n || s.p[i] != '.')
			return 0;
		start = ++i;
		while (i < s.n && is_digit(s.p[i]) && i - start < 3)
			i++;
		if (i == start)
			return 0;
	}
	/* "5.1.1.7" is an address, "5.1.1000" a version. */
	if (i < s.n && is_digit(s.p[i]))
		return 0;
	if (i + 1 < s.n && s.p[i] == '.' && is_digit(s.p[i + 1]))
		return 0;
	return i;
}

/* The reply codes of RFC 5321 and those that servers really use; 0: none. */
static int
reply_code(struct span s)
{
	static const short codes[] = { 421, 422, 431, 432, 441, 442, 446, 447,
		450, 451, 452, 453, 454, 455, 471, 472, 500, 501, 502, 503, 504,
		510, 511, 512, 513, 515, 517, 521, 523, 530, 531, 533, 534, 535,
		540, 541, 543, 550, 551, 552, 553, 554, 555, 556, 557, 570, 571,
		572, 573, 574, 575, 577, 591 };
	int value;

	if (s.n < 3 || !is_digit(s.p[0]) || !is_digit(s.p[1]) ||
	    !is_digit(s.p[2]) || (s.n > 3 && is_wordy(s.p[3])))
		return 0;
	if (s.n > 4 && (s.p[3] == '.' || s.p[3] == ',') && is_digit(s.p[4]))
		return 0;
	value = (s.p[0] - '0') * 100 + (s.p[1] - '0') * 10 + (s.p[2] - '0');
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i] == value)
			return value;
	return 0;
}

/* The codes of one line. */
struct codes {
	struct span status; /* only 4.x.x and 5.x.x */
	int reply;
};

static struct codes
line_codes(struct span line)
{
	struct codes found = { { NULL, 0 }, 0 };
	char before = ' ';

	line = span_sub(line, 0, LINE_MAX_READ);
	for (size_t i = 0; i < line.n; before = line.p[i], i++) {
		struct span s = span_from(line, i);
		size_t n;

		if (!is_digit(s.p[0]) || is_wordy(before) || before == '.' ||
		    before == '/' || before == '@' || before == '_')
			continue;
		n = found.status.n == 0 && s.p[0] != '2' ? status_length(s) : 0;
		if (n > 0)
			found.status = span_sub(s, 0, n);
		else if (found.reply == 0 && before != '-')
			found.reply = reply_code(s);
	}
	return found;
}

struct span
dsn_status(struct arena *a, struct span words, struct span *line)
{
	struct codes best = { { NULL, 0 }, 0 };
	struct span rest = words, each, best_line = { NULL, 0 };
	char made[STATUS_MAX] = "5.0.0";

	while (span_line(&rest, &each)) {
		struct codes now = line_codes(each);
		bool better =
		    (now.status.n > 0 && best.status.n == 0) ||
		    (now.reply > 0 && best.reply == 0 && best.status.n == 0);

		/* A reply's first line may lack the code its next one has, but
		 * both must be of the same kind. */
		if (!better)
			continue;
		best = now;
		best_line = each;
		if (best.status.n > 0 && best.reply > 0)
			break;
	}
	if (line != NULL)
		*line = best_line;
	if (best.status.n > 0)
		return arena_copy(a, best.status);
	if (best.reply == 0)
		return (struct span){ "", 0 };
	made[0] = (char)('0' + best.reply / 100);
	return arena_copy(a, span_of(made));
}

/* The value when `line` is that field; the type in front ("rfc822;") goes. */
static bool
is_field(struct span line, const char *name, struct span *value)
{
	size_t n = strlen(name), semicolon;

	if (!span_starts_nocase(line, name) || line.n <= n || line.p[n] != ':')
		return false;
	*value = span_trim(span_from(line, n + 1));
	semicolon = span_find(*value, ";");
	if (strcmp(name, "Status") != 0 && semicolon < 30 &&
	    semicolon < value->n)
		*value = span_trim(span_from(*value, semicolon + 1));
	return true;
}

static enum dsn_action
read_action(struct span value)
{
	if (span_starts_nocase(value, "delayed"))
		return DSN_DELAYED;
	if (span_starts_nocase(value, "deliver") ||
	    span_starts_nocase(value, "relayed") ||
	    span_starts_nocase(value, "expanded"))
		return DSN_DELIVERED;
	return DSN_FAILED;
}

/* A group being read. */
struct group {
	struct dsn dsn;
	bool has_final, has_original, has_action, has_status;
};

static void
flush(struct arena *a, struct group *g, struct dsn **list, size_t *n)
{
	struct dsn *slot;

	if ((g->has_final || g->has_original || g->has_action) &&
	    *n < GROUPS_MAX) {
		slot = arena_push(a, list, n, sizeof(*slot));
		if (slot != NULL)
			*slot = g->dsn;
	}
	*g = (struct group){ 0 };
}

static void
take_recipient(struct arena *a, struct group *g, struct span value)
{
	struct address who = address_first(a, value);

	if (who.address.n > 0)
		g->dsn.recipient = who.address;
}

static void
take_status(struct arena *a, struct group *g, struct span value)
{
	size_t n = status_length(value);

	if (n > 0)
		g->dsn.status = arena_copy(a, span_sub(value, 0, n));
	else if (value.n >= 3 && value.p[1] == '.' &&
		 (value.p[0] == '4' || value.p[0] == '5'))
		g->dsn.status = arena_copy(
		    a, value.p[0] == '4' ? SPAN("4.0.0") : SPAN("5.0.0"));
}

/* One unfolded field of a report. */
static void
take_field(struct arena *a, struct group *g, struct span line,
    struct dsn **list, size_t *n)
{
	struct span value;

	if (is_field(line, "Final-Recipient", &value)) {
		if (g->has_final)
			flush(a, g, list, n);
		g->has_final = true;
		if (!g->has_original || g->dsn.recipient.n == 0)
			take_recipient(a, g, value);
	} else if (is_field(line, "Original-Recipient", &value)) {
		if (g->has_original)
			flush(a, g, list, n);
		g->has_original = true;
		take_recipient(a, g, value);
	} else if (is_field(line, "Action", &value)) {
		if (g->has_action)
			flush(a, g, list, n);
		g->has_action = true;
		g->dsn.action = read_action(value);
	} else if (is_field(line, "Status", &value)) {
		g->has_status = true;
		take_status(a, g, value);
	} else if (is_field(line, "Diagnostic-Code", &value) &&
		   g->dsn.diagnostic.n == 0)
		g->dsn.diagnostic = arena_copy(a, value);
}

void
dsn_read(struct arena *a, struct span report, struct dsn **list, size_t *n)
{
	struct buf field = { .max = 64 * 1024 };
	struct group g = { 0 };
	struct span line;

	while (span_line(&report, &line)) {
		bool folded =
		    line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t');

		if (folded && field.n > 0) {
			buf_char(&field, ' ');
			buf_add(&field, span_trim(line));
			continue;
		}
		take_field(a, &g, buf_span(&field), list, n);
		buf_reset(&field);
		buf_add(&field, line);
		/* Some put empty lines between the fields of one group. */
		if (line.n == 0 && g.has_action && g.has_status)
			flush(a, &g, list, n);
	}
	take_field(a, &g, buf_span(&field), list, n);
	flush(a, &g, list, n);
	buf_free(&field);
}

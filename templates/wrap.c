/* wrap - the long lines of a mail's text broken at spaces */
#include "templates/wrap.h"

#include "parsers/text.h"

enum { HANG_MAX = 24 }; /* no column begins farther to the right */

/* Where a line's text begins: behind its indent, or behind the last gap of two
 * or more spaces, when that is near the start. */
static size_t
hang_of(struct span line)
{
	size_t hang = 0, column = 0, len;
	int gap = 0;

	while (line.n > 0 && column < HANG_MAX) {
		if (text_next(line, &len) == ' ') {
			gap++;
		} else {
			if (gap > 1 || gap == (int)column)
				hang = column;
			gap = 0;
		}
		column++;
		line = span_from(line, len);
	}
	return hang;
}

/* Bytes of the first `columns` characters. */
static size_t
bytes_of(struct span s, size_t columns)
{
	struct span rest = s;
	size_t len;

	for (; columns > 0 && rest.n > 0; columns--) {
		text_next(rest, &len);
		rest = span_from(rest, len);
	}
	return s.n - rest.n;
}

/* Where to break a line that is too long: at the last space that fits, else at
 * the first there is; not within the first `from` bytes.  line.n: nowhere. */
static size_t
break_of(struct span line, size_t from, size_t columns)
{
	size_t fits = bytes_of(line, columns + 1);

	for (size_t i = fits; i > from; i--)
		if (line.p[i - 1] == ' ')
			return i - 1;
	for (size_t i = fits > from ? fits : from; i < line.n; i++)
		if (line.p[i] == ' ')
			return i;
	return line.n;
}

/* Without the spaces before the break. */
static struct span
trim_end(struct span line)
{
	while (line.n > 0 && line.p[line.n - 1] == ' ')
		line.n--;
	return line;
}

static void
wrap_line(struct buf *out, struct span line)
{
	size_t hang = hang_of(line), from = bytes_of(line, hang);
	size_t columns = WRAP_COLUMNS;

	while (text_length(span_sub(line, 0, WRAP_COLUMNS * 4 + 1)) > columns) {
		size_t at = break_of(line, from, columns);

		buf_add(out, trim_end(span_sub(line, 0, at)));
		line = span_trim(span_from(line, at));
		if (line.n == 0)
			return;
		buf_char(out, '\n');
		for (size_t i = 0; i < hang; i++)
			buf_char(out, ' ');
		columns = WRAP_COLUMNS - hang;
		from = 0;
	}
	buf_add(out, line);
}

void
wrap_lines(struct buf *out, struct span text)
{
	struct span line;

	while (span_line(&text, &line)) {
		if (span_starts(line, ">"))
			buf_add(out, line);
		else
			wrap_line(out, line);
		buf_char(out, '\n');
	}
}

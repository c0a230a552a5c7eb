/* store_schema - the numbered changes of the schema that are built in
 *
 * Place: under store and store_backup, which apply them.  "schema/002_x.sql"
 * brings version 1 to version 2 and says so itself (PRAGMA user_version).
 */
#include "gateway/store_internal.h"

#include "gateway/embedded.h"
#include "parsers/message.h"

#define FOLDER "schema/"

static int
number_of(struct span name)
{
	int n = 0;

	for (size_t i = 0; i < name.n && i < 6; i++) {
		if (name.p[i] < '0' || name.p[i] > '9')
			break;
		n = n * 10 + (name.p[i] - '0');
	}
	return n;
}

enum status
store_migrations(struct arena *a, struct migration **out, struct err *err)
{
	struct migration *list = NULL, *m;
	size_t n = 0;

	*out = NULL;
	for (const struct embedded *f = embedded_files; f->name != NULL; f++) {
		struct span name = span_of(f->name);

		if (!span_starts(name, FOLDER))
			continue;
		m = arena_push(a, &list, &n, sizeof(*list));
		if (m == NULL)
			return err_set(err, ST_BROKEN, "out of memory");
		m->version = number_of(span_from(name, sizeof(FOLDER) - 1));
		m->name = f->name;
		m->sql = (struct span){ f->start, (size_t)(f->end - f->start) };
	}
	if (arena_push(a, &list, &n, sizeof(*list)) == NULL)
		return err_set(err, ST_BROKEN, "out of memory");
	*out = list;
	return ST_OK;
}

int
store_version(void)
{
	int newest = 0;

	for (const struct embedded *f = embedded_files; f->name != NULL; f++) {
		struct span name = span_of(f->name);
		int version;

		if (!span_starts(name, FOLDER))
			continue;
		version = number_of(span_from(name, sizeof(FOLDER) - 1));
		newest = version > newest ? version : newest;
	}
	return newest;
}

/* embedded - finds a file that is built into the program */
#include "gateway/embedded.h"

#include <string.h>

struct span
embedded_find(const char *name)
{
	for (const struct embedded *f = embedded_files; f->name != NULL; f++)
		if (strcmp(f->name, name) == 0)
			return (struct span){ f->start,
				(size_t)(f->end - f->start) };
	return (struct span){ NULL, 0 };
}

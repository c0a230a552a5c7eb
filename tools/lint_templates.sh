#!/bin/sh
# The templates' rules: every name declared, every file in every language, a
# subject, short lines, texts of one segment.  tests/unit/test_templates.c holds
# them, so that `make test` keeps them too.
cd "$(dirname "$0")/.."
B=${B:-build}
make -s "$B/unit/test_templates" >/dev/null || exit 1
if ! said=$("$B/unit/test_templates" 2>&1); then
	echo "$said" | grep -vE '^\[ +(RUN|OK) ' >&2
	echo "lint: the templates" >&2
	exit 1
fi

#!/bin/sh
# What a machine can judge: form, banned functions, layers, SQL's place,
# templates, and cppcheck.  Prints what is wrong; exit 1 when something is.
set -u
cd "$(dirname "$0")/.."
bad=0
sources=$(git ls-files '*.c' '*.h' 2>/dev/null | xargs -r ls 2>/dev/null)
[ -n "$sources" ] || sources=$(find parsers templates gateway tests tools \
    -name node_modules -prune -o -name '*.[ch]' -print)

complain() {
	echo "lint: $1" >&2
	bad=1
}

# Whether grep finds nothing of the pattern in the given files.
none() { # SENTENCE PATTERN FILES...
	sentence=$1
	shift
	if found=$(grep -nE "$@" /dev/null); then
		echo "$found" >&2
		complain "$sentence"
	fi
}

clang-format --dry-run -Werror $sources || complain "run clang-format -i"
none "banned function" \
    '(^|[^_a-zA-Z])(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|sscanf|gets|system|popen)\(' \
    $sources
none "unfinished work belongs into an issue" '\b(TOD[O]|FIXM[E]|XX[X]|HAC[K])\b' \
    $(git ls-files '*.c' '*.h' '*.sh' Makefile)
none "SQL belongs into store*.c" \
    '"[ ]*(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|PRAGMA|BEGIN|COMMIT|VACUUM|ROLLBACK) ' \
    $(ls gateway/*.c | grep -v '^gateway/store')
sh tools/lint_layers.sh || bad=1
[ ! -f tools/lint_templates.sh ] || sh tools/lint_templates.sh || bad=1
cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr -I. -j 2 \
    --enable=warning,portability --suppress=missingIncludeSystem \
    --suppress=normalCheckLevelMaxBranches \
    --suppress=invalidFunctionArg:parsers/phone.c \
    '-Djson_array_foreach(a,i,v)=for(;;)' '-Djson_object_foreach(o,k,v)=for(;;)' \
    parsers/*.c templates/*.c gateway/*.c || complain "cppcheck"
[ $bad -ne 0 ] || echo "lint: nothing to complain of"
exit $bad

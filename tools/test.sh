#!/bin/sh
# Runs every test and ends with one line, "N passed, N failed".
# usage: B=build sh tools/test.sh [PATTERN]; only files whose name has PATTERN.
#
# Unit tests and the shell stories print TAP ("ok 1 - name"), as does node.
set -u
B=${B:-build}
pattern=${1:-}
UWAGA=$(pwd)/$B/uwaga
DETAIL=$(pwd)/$B/detail
CMOCKA_MESSAGE_OUTPUT=TAP
export B UWAGA DETAIL CMOCKA_MESSAGE_OUTPUT
passed=0 failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Adds up one file's results; shows what failed, or everything when the file
# ended badly without saying so.
account() { # NAME EXIT-CODE OK NOT-OK
	passed=$((passed + $3))
	failed=$((failed + $4))
	if [ "$2" -eq 0 ] && [ "$4" -eq 0 ] && [ "$3" -gt 0 ]; then
		echo "ok      $1 ($3)"
		return
	fi
	[ "$4" -gt 0 ] || failed=$((failed + 1))
	echo "FAILED  $1"
	if grep -q '^ *not ok ' "$log"; then
		awk '/^ *(ok |# Subtest)/ { show = 0 } /^ *not ok / { show = 1 }
		    show || /ERROR:/ { print "    " $0 }' "$log"
	else
		tail -n 60 "$log" | sed 's/^/    /'
	fi
}

tap() { # NAME COMMAND...
	name=$1
	shift
	"$@" >"$log" 2>&1
	rc=$?
	account "$name" $rc "$(grep -c '^ok ' "$log")" \
	    "$(grep -c '^not ok ' "$log")"
}

number() { # of the line "# WORD N"
	sed -n "s/^# $1 //p" "$log" | tail -n 1 | grep . || echo 0
}

for t in tests/unit/test_*"$pattern"*.c; do
	[ -f "$t" ] || continue
	t=$(basename "$t" .c)
	tap "$t" "$B/unit/$t"
done
for t in tests/fuzz/*"$pattern"*.c; do
	[ -f "$t" ] && [ "$t" != tests/fuzz/replay.c ] || continue
	t=$(basename "$t" .c)
	seeds=tests/fuzz/corpus/$t
	[ "$t" != fuzz_mail ] || seeds="$seeds samples/mail"
	# shellcheck disable=SC2086
	tap "$t" "$B/replay/$t" "$t" $seeds
done
for t in tests/flow/*"$pattern"*.sh; do
	[ -f "$t" ] && [ "$t" != tests/flow/lib.sh ] || continue
	tap "$(basename "$t")" sh "$t"
done
for t in tests/flow/*"$pattern"*.test.mjs; do
	[ -f "$t" ] || continue
	node --test --test-reporter=tap "$t" >"$log" 2>&1
	account "$(basename "$t")" $? "$(number pass)" "$(number fail)"
done
echo "$passed passed, $failed failed"
[ $((passed + failed)) -gt 0 ] ||
    echo "test.sh: no file of tests has \"$pattern\" in its name (without .c, .sh, .test.mjs)" >&2
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]

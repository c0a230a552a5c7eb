#!/bin/sh
# Runs one fuzzer for some seconds, from tests/fuzz/corpus on; keeps what it
# learns in build-fuzz/corpus.  usage: fuzz.sh PROGRAM SECONDS
#
# A finding is written beside the program and ends the run, but not when the
# crash is libetpan's own (its frames come before any of ours): the house reads
# mail in a jail, so that one is counted and the run goes on.
set -eu
name=$(basename "$1")
folder=$(dirname "$1")
learned=$folder/corpus/$name
seeds=tests/fuzz/corpus/$name
[ "$name" != fuzz_mail ] || seeds="$seeds samples/mail"
log=$folder/$name.log
end=$(($(date +%s) + $2))
libetpan=0
mkdir -p "$learned"

# Is the topmost frame outside the sanitizer and libc one of libetpan?
is_libetpan() {
	grep -m 1 -E '^ +#[0-9]+ ' "$log" >/dev/null &&
	grep -E '^ +#[0-9]+ ' "$log" |
	    grep -v -E 'compiler-rt|libclang|/libc\.|libc_|__(asan|interceptor)|fuzzer::' |
	    head -n 1 | grep -q libetpan
}

echo "== $name, $2 s"
while left=$((end - $(date +%s))) && [ "$left" -gt 0 ]; do
	# shellcheck disable=SC2086
	"$1" -max_total_time="$left" -timeout=5 -rss_limit_mb=2048 \
	    -max_len=16384 -dict=tests/fuzz/mail.dict -print_final_stats=1 \
	    -verbosity=0 -artifact_prefix="$folder/$name-" \
	    "$learned" $seeds >"$log" 2>&1 && break
	if ! is_libetpan; then
		tail -n 60 "$log"
		exit 1
	fi
	libetpan=$((libetpan + 1))
done
grep -E 'number_of_executed_units|peak_rss' "$log" | sed 's/^stat:://'
[ "$libetpan" -eq 0 ] || echo "$libetpan crashes of libetpan itself (jailed)"

#!/bin/sh
# Runs one fuzzer for some seconds, from the sample mails and texts on; keeps
# what it learns in build-fuzz/corpus.  usage: fuzz.sh PROGRAM SECONDS
set -eu
name=$(basename "$1")
corpus=$(dirname "$1")/corpus/$name
mkdir -p "$corpus"
dict=tests/fuzz/${name#fuzz_}.dict
echo "== $name, $2 s"
"$1" -max_total_time="$2" -timeout=5 -rss_limit_mb=2048 -max_len=65536 \
    -print_final_stats=0 -verbosity=0 -artifact_prefix="$(dirname "$1")/" \
    $([ -f "$dict" ] && echo "-dict=$dict") "$corpus" samples/mail

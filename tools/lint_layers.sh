#!/bin/sh
# A folder includes only folders to its left (tests/layers.txt, lowest first),
# and a library's header is included only where its module lives.
cd "$(dirname "$0")/.."
grep -HnE '^[ ]*#[ ]*include[ ]' parsers/*.[ch] templates/*.[ch] \
    gateway/*.[ch] tests/*/*.[ch] 2>/dev/null | awk '
BEGIN {
	while ((getline line < "tests/layers.txt") > 0)
		if (line !~ /^#/ && line ~ /\/\*$/) {
			sub(/\/\*$/, "", line)
			rank[line] = ++ranks
		}
	# header, where it may stand
	only["sqlite3.h"] = "^gateway/store[a-z_]*[.]c$|^gateway/store_internal[.]h$"
	only["libetpan/"] = "^(parsers/mime|gateway/(stream|imap))[a-z_]*[.]c$"
	only["curl/"] = "^gateway/curl[.]h$"
	only["gateway/curl.h"] = "^(gateway/(curl[.]c|stream[a-z_]*[.]c|stream_dial[.]h|http[.]c)|tests/unit/test_stream_limit[.]c)$"
	only["pcre2.h"] = "^parsers/regex[.]c$"
	only["csv.h"] = "^gateway/csv[.]c$"
	only["confuse.h"] = "^gateway/config[a-z_]*[.]c$"
	only["zstd.h"] = "^gateway/store[a-z_]*[.]c$"
	only["seccomp.h"] = "^gateway/jail[a-z_]*[.]c$"
}
{
	split($0, part, ":")
	file = part[1]
	folder = file
	sub(/\/.*/, "", folder)
	header = $0
	sub(/.*include[ ]*["<]/, "", header)
	sub(/[">].*/, "", header)
	target = header
	sub(/\/.*/, "", target)
	if (target in rank && rank[target] > rank[folder])
		complain(file ":" part[2] ": " folder " may not include " header)
	if (folder != "tests")
		for (h in only)
			if (index(header, h) == 1 && file !~ only[h])
				complain(file ":" part[2] ": " header \
				    " has another place")
}
function complain(text) {
	print "lint: " text
	bad = 1
}
END { exit bad }' >&2

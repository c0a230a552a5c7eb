# lib - a gateway of its own in a temporary folder, for the shell stories
#
# Place: tests/flow/*.sh start with `. tests/flow/lib.sh`, use the functions
# below and end with `finish`.  Each check prints a TAP line.
set -u
UWAGA=${UWAGA:-build/uwaga}
DETAIL=${DETAIL:-build/detail}
house=$(mktemp -d "${TMPDIR:-/tmp}/uwaga-story.XXXXXX")
trap 'chmod -R u+rwx "$house" 2>/dev/null; rm -rf "$house"' EXIT
conf=$house/uwaga.conf
export UWAGA_NOW=2026-11-22T12:00:00+01:00
checks=0 failures=0

# Writes a configuration that works; more lines come from standard input when
# the argument is "-".
write_conf() {
	cat >"$conf" <<END
database = "uwaga.db"
answer_within = "240h"
office {
	name = "Starostwo Powiatowe"
	address = "konsultacje@powiat.example"
	phone = "110 010 010"
}
mailbox "konsultacje" { url = "maildir:maildir" authserv_id = "mx.powiat.example" }
sms "bramka" { url = "spool:spool" number = "+48110010010" textable_prefixes = "+4811" }
END
	[ "${1:-}" != - ] || cat >>"$conf"
}

uwaga() {
	"$UWAGA" -c "$conf" "$@"
}

# Runs a command; $out, $errors and $rc are what it said and answered.
try() {
	"$@" >"$house/.out" 2>"$house/.err"
	rc=$?
	out=$(cat "$house/.out")
	errors=$(cat "$house/.err")
}

pass() {
	checks=$((checks + 1))
	echo "ok $checks - $1"
}

fail() { # NAME DETAILS
	checks=$((checks + 1))
	failures=$((failures + 1))
	echo "not ok $checks - $1"
	printf '%s\n' "$2" | sed 's/^/# /'
}

check_eq() { # NAME WANT GOT
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1" "want: $2
got:  $3"
	fi
}

check_has() { # NAME WANTED-PART TEXT
	case $3 in
	*"$2"*) pass "$1" ;;
	*) fail "$1" "want a part: $2
got: $3" ;;
	esac
}

# A command must refuse: exit 1, nothing on standard output, one sentence on
# standard error that holds PART.
check_refused() { # NAME PART COMMAND...
	name=$1 part=$2
	shift 2
	try "$@"
	case "$rc:$(printf '%s\n' "$errors" | wc -l):$errors" in
	"1:1:uwaga: "*"$part"*)
		if [ -z "$out" ]; then
			pass "$name"
		else
			fail "$name" "it also printed: $out"
		fi
		;;
	*) fail "$name" "want exit 1 and one sentence with: $part
got exit $rc: $errors" ;;
	esac
}

# Drops a mail of standard input into the Maildir under that name.
drop_mail() {
	cat >"$house/maildir/tmp/$1"
	mv "$house/maildir/tmp/$1" "$house/maildir/new/$1"
}

finish() {
	echo "1..$checks"
	echo "# $((checks - failures)) passed, $failures failed"
	[ "$failures" -eq 0 ]
	exit
}

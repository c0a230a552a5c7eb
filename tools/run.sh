#!/bin/sh
# `make run`: the whole job on sample messages, with files alone.
#
# Works in var/.  The first run sets up the sample county, drops the sample
# mails and texts in and runs the gateway once; a later one finds nothing new
# unless you dropped something in.  `rm -r var` starts afresh.
set -eu
cd "$(dirname "$0")/.."
B=${B:-build}
uwaga=$B/uwaga
conf=var/uwaga.conf
# The samples were written around this day.
export UWAGA_NOW="${UWAGA_NOW:-2026-11-22T12:00:00+01:00}"
export UWAGA_CONF=$conf

title() {
	printf '\n== %s\n\n' "$1"
}

me=$(id -un)
if [ ! -f var/uwaga.db ]; then
	title "Setting up the sample county in var/"
	mkdir -p var
	# Whoever tries this out is the office's coordinator here.
	sed "s/@LOGIN@/$me/" samples/uwaga.conf >$conf
	"$uwaga" init --sample --context samples/context
	n=0
	for f in samples/mail/*.eml; do
		n=$((n + 1))
		name=$(printf '1795345200.M%06dP1Q%d.sample' "$n" "$n")
		cp "$f" "var/maildir/tmp/$name"
		mv "var/maildir/tmp/$name" "var/maildir/new/$name"
	done
	"$B/detail" samples/sms.jsonl var/spool/inbox
	echo "Dropped in $n mails (var/maildir/new) and" \
	    "$(find var/spool/inbox -type f | wc -l) texts (var/spool/inbox)."
else
	title "var/ is there already: only what you dropped in since is new"
fi

title "Running the gateway once: uwaga -c $conf run --once"
if ! "$uwaga" run --once 2>var/uwaga.log; then
	cat var/uwaga.log >&2
	exit 1
fi
echo "(Its log, a line for each event, is in var/uwaga.log.)"

title "What came in and what became of it: uwaga -c $conf journal"
"$uwaga" journal

title "What was stored: uwaga -c $conf remark list"
"$uwaga" remark list

title "What was sent: uwaga -c $conf outbox list"
"$uwaga" outbox list

# The first that this program sent; the sample context lists older ones.
id=$("$uwaga" --json outbox list | grep '"template":"confirm_remark"' |
    grep '"channel":"mail"' | grep -v '"attempts":0' |
    sed 's/.*"id":\([0-9]*\).*/\1/' | head -n 1)
if [ -n "$id" ]; then
	title "One confirmation, as the resident sees it: uwaga -c $conf outbox show $id"
	"$uwaga" outbox show "$id"
fi

title "The sum: uwaga -c $conf stats"
"$uwaga" stats

cat <<END

== What to try next

  export UWAGA_CONF=$conf UWAGA_NOW=$UWAGA_NOW

  Write a mail of your own, received on the sample day, and run again:
    printf 'From: me@home.example\\nTo: konsultacje@powiat.example\\nSubject: BL-T4NR\\n\\nMore buses, please.\\n' > var/mine
    touch -d "\$UWAGA_NOW" var/mine && mv var/mine var/maildir/new/
    $uwaga run --once && $uwaga journal | tail -n 3

  Look after what waits for staff:
    $uwaga inbound list
    $uwaga inbound assign ID BL-T4NR     files it; the author gets a confirmation
    $uwaga inbound dismiss ID

  Leave it running (Ctrl-C ends it) and drop more in; the sample consultations
  are open until 4 December 2026:
    $uwaga run

  Check that nobody changed the record:  $uwaga verify
  See every command:                     $uwaga --help
  Start afresh:                          rm -r var; make run
END

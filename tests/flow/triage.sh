# triage - staff work through what the gateway would not decide alone
. tests/flow/lib.sh

write_conf - <<'END'
smtp { url = "maildir:out" }
staff "a.mrozek@powiat.example" { name = "Anna Mrozek" login = "amrozek" rights = "triage" }
END
uwaga init --sample --context samples/context >/dev/null 2>&1
mkdir -p "$house/out/new" "$house/out/cur" "$house/out/tmp"

mail() { # FILE FROM SUBJECT TEXT
	drop_mail "$1" <<END
Received: from mx.poczta.example by mx.powiat.example; Sat, 21 Nov 2026 10:00:00 +0100
Authentication-Results: mx.powiat.example; dmarc=pass header.from=poczta.example
From: $2@poczta.example
To: konsultacje@powiat.example
Subject: $3
Message-ID: <$1@poczta.example>
Date: Sat, 21 Nov 2026 10:00:00 +0100
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

$4
END
}

# One value of a row of a --json list, found by one of its other values.
value() { # KEY WANTED FIELD COMMAND...
	key=$1 wanted=$2 field=$3
	shift 3
	uwaga --json "$@" | node -e '
const [key, wanted, field] = process.argv.slice(1);
for (const line of require("fs").readFileSync(0, "utf8").split("\n").filter(Boolean)) {
	const row = JSON.parse(line);
	if (String(row[key]) === wanted)
		console.log(row[field]);
}' "$key" "$wanted" "$field"
}

mail held ewa "pytanie" "Dlaczego nie świeci lampa przy szkole?"
mail points jan "BL-10KE" "Spotkania proszę w soboty. Ponadto potrzebny jest chodnik w § 4 ust. 2. Wreszcie: więcej ławek."
uwaga run --once >/dev/null 2>&1
held=$(value external_id held id journal)
check_eq "a message without a code waits" held "$(value external_id held fate inbound list)"
check_eq "only that one waits" 1 "$(uwaga --json inbound list | wc -l)"
check_eq "all of them can be listed" 2 "$(uwaga --json inbound list --all | wc -l)"
check_has "it can be read whole" "nie świeci lampa" "$(uwaga inbound show "$held")"
check_has "and as it came" "Subject: pytanie" "$(uwaga inbound show "$held" --raw)"

# Dismissing.
check_refused "a fate that dismissing cannot give" "--as filed: say spam" \
    uwaga inbound dismiss "$held" --as filed
check_refused "a message that does not exist" "there is no message 999" \
    uwaga inbound dismiss 999
check_refused "one bad id leaves the good one waiting" "there is no message 999" \
    uwaga inbound dismiss "$held" 999
check_eq "it waits still" 1 "$(uwaga --json inbound list | wc -l)"
try uwaga inbound dismiss "$held" --as thanks --why "a question by the way"
check_eq "a held message is put away" 0 "$rc"
check_eq "its fate is what staff said" thanks "$(value external_id held fate journal)"
check_has "the journal says who and why" "dismissed by staff: a question by the way" \
    "$(value external_id held why journal)"
check_eq "nothing waits" 0 "$(uwaga --json inbound list | wc -l)"
check_refused "what was put away is not put away again" "is not waiting" \
    uwaga inbound dismiss "$held"

# Remarks: search, assign, split.
check_eq "search finds a word without its marks" BL-10KE/4 \
    "$(value number BL-10KE/4 number remark search LAWEK)"
check_refused "search for nothing" "nothing to search for" uwaga remark search '*'
check_refused "a remark that nobody made" "there is no remark BL-10KE/77" \
    uwaga remark show BL-10KE/77
check_refused "to nobody of the staff" "is no member of staff" \
    uwaga remark assign BL-10KE/4 --to nobody
try uwaga remark assign bl-10ke/4 --to A.Mrozek@powiat.example
check_eq "a remark is given to a member of staff" 0 "$rc"
check_eq "under her name" "Anna Mrozek" "$(value number BL-10KE/4 assignee remark list)"
check_refused "a cut where the words are not" "the remark does not say that" \
    uwaga remark split BL-10KE/4 --at "Natomiast"
check_refused "a cut where nothing is left before it" "would be empty" \
    uwaga remark split BL-10KE/4 --at "Spotkania"
check_refused "a cut that could be in two places" "more than once" \
    uwaga remark split BL-10KE/4 --at "t"
printf 'Spotkania proszę w soboty.\n---\nBasen za darmo.\n' >"$house/parts"
check_refused "words that nobody said" "does not stand in remark BL-10KE/4" \
    uwaga remark split BL-10KE/4 --file "$house/parts"
printf 'Spotkania proszę w soboty.\n' >"$house/parts"
check_refused "one part only" "one part is no split" \
    uwaga remark split BL-10KE/4 --file "$house/parts"
try uwaga remark list --state splitt
check_eq "a state there is not" "2:uwaga: remark list: there is no state \"splitt\"; see uwaga remark --help" "$rc:$errors"
check_eq "so far nothing was changed" 1 "$(uwaga --json remark list | wc -l)"
try uwaga remark split BL-10KE/4 --at "Ponadto" "Wreszcie"
check_eq "one remark of three points becomes three" \
    "BL-10KE/4 is now BL-10KE/5, BL-10KE/6, BL-10KE/7." "$out"
check_eq "the whole stays and says so" split "$(value number BL-10KE/4 state remark list)"
check_eq "its words too" "$(uwaga inbound show "$(value number BL-10KE/4 inbound remark list)" --raw | tail -1)" \
    "$(value number BL-10KE/4 text remark list)"
check_eq "a part has its own words" \
    "Ponadto potrzebny jest chodnik w § 4 ust. 2." "$(value number BL-10KE/6 text remark list)"
check_eq "it knows the whole" "$(value number BL-10KE/4 id remark list)" \
    "$(value number BL-10KE/6 split_from remark list)"
check_eq "it is with whom the whole was" "Anna Mrozek" "$(value number BL-10KE/6 assignee remark list)"
check_refused "what was split is not split again" "is split" \
    uwaga remark split BL-10KE/4 --at "Ponadto"
try uwaga verify
check_eq "the chain tells all of it" 0 "$rc"
check_has "in five links" "5 links, 5 texts" "$out"

# The outbox.
row=$(value template confirm_remark id outbox list --state sent | tail -1)
check_refused "what was sent is not cancelled" "it is too late" uwaga outbox cancel "$row"
check_refused "nor released" "only rows that wait for staff" uwaga outbox release "$row"
check_has "it can be read" "BL-10KE/4" "$(uwaga outbox show "$row")"
check_refused "a row that does not exist" "there is no outbox row 999" uwaga outbox show 999

# Words that are no words of a command.
for words in "inbound dismiss" "inbound show x" "outbox retry" "outbox list --state lost" \
    "remark assign BL-10KE/4" "remark split BL-10KE/4" "journal --fate lost" "backup"; do
	try uwaga $words
	check_eq "wrong usage: $words" 2 "$rc"
done
finish

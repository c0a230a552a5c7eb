# trust - the chain, copies, a copy put in place, another version's database
. tests/flow/lib.sh

write_conf - <<'END'
smtp { url = "maildir:out" }
END
uwaga init --sample --context samples/context >/dev/null 2>&1
mkdir -p "$house/out/new" "$house/out/cur" "$house/out/tmp"

mail() { # FILE TEXT
	drop_mail "$1" <<END
Received: from mx.poczta.example by mx.powiat.example; Sat, 21 Nov 2026 10:00:00 +0100
Authentication-Results: mx.powiat.example; dmarc=pass header.from=poczta.example
From: $1@poczta.example
To: konsultacje@powiat.example
Subject: BL-10KE
Message-ID: <$1@poczta.example>
Date: Sat, 21 Nov 2026 10:00:00 +0100

$2
END
}

sql() {
	sqlite3 "$house/uwaga.db" "$1"
}

mail ewa "Spotkania w soboty."
mail jan "Wiecej lawek."
uwaga run --once >/dev/null 2>&1
try uwaga verify
check_eq "an untouched chain is whole" 0 "$rc"
head=$(printf '%s\n' "$out" | sed -n 's/^Head: //p')
receipt=$(uwaga --json remark list | sed -n '1s/.*"receipt":"\([0-9a-f]*\)".*/\1/p')
check_has "a receipt finds its remark" "BL-10KE/4 was filed" \
    "$(uwaga verify --receipt "$(echo "$receipt" | tr a-f A-F)")"
check_has "a head that was published is part of it" "is link 2" "$(uwaga verify --head "$head")"
try uwaga verify --receipt 000000000000
check_eq "a receipt that nobody got" "1" "$rc"
check_has "is not found" "is no link of this chain" "$errors"

# Copies.
try uwaga backup "$house/copy.db"
check_eq "a copy is made" 0 "$rc"
check_eq "that only its owner can read" 600 "$(stat -c %a "$house/copy.db")"
check_refused "and never overwritten" "exists already" uwaga backup "$house/copy.db"
mail ola "Trzecia sprawa."
uwaga run --once >/dev/null 2>&1
check_eq "a third remark comes" 3 "$(uwaga --json remark list | wc -l)"

# A daemon at work keeps restore and migrate away.
flock --no-fork "$house/uwaga.db.lock" sleep 60 &
holder=$!
for i in 1 2 3 4 5 6 7 8 9 10; do
	flock -n "$house/uwaga.db.lock" true || break
	sleep 0.1
done
check_refused "restore while the daemon works" "stop that one first" \
    uwaga restore "$house/copy.db"
check_refused "migrate while the daemon works" "stop that one first" uwaga migrate
kill "$holder"
wait "$holder" 2>/dev/null
for i in 1 2 3 4 5 6 7 8 9 10; do
	flock -n "$house/uwaga.db.lock" true && break
	sleep 0.1
done

echo "no database" >"$house/letter"
check_refused "a letter is no copy" "not an Uwaga database" uwaga restore "$house/letter"
check_refused "nor is nothing" "there is no copy" uwaga restore "$house/none"
check_eq "nothing was changed" 3 "$(uwaga --json remark list | wc -l)"
try uwaga restore "$house/copy.db"
check_eq "a copy is put in place" 0 "$rc"
check_eq "it has what it had" 2 "$(uwaga --json remark list | wc -l)"
check_eq "the old file is kept" 1 "$(ls "$house" | grep -c '^uwaga.db.before-restore-[0-9TZ]*$')"
try uwaga verify --head "$(printf '%064d' 0)"
check_has "a head from nowhere is missed" "is no link of this chain" "$errors"
mail pia "Czwarta sprawa."
uwaga run --once >/dev/null 2>&1
check_has "no number is given twice" BL-10KE/1006 "$(uwaga remark list)"
try uwaga verify
check_eq "the chain goes on" 0 "$rc"

# Tampering.
sql "DROP TRIGGER remark_version_stays;
UPDATE remark_version SET text = 'Spotkania w niedziele.' WHERE id = 1"
try uwaga verify
check_eq "words that were altered are found" 1 "$rc"
check_has "and named" "the text of BL-10KE/4, version 1, was altered" "$errors"
check_has "as JSON too" '"sound":false' "$(uwaga --json verify 2>/dev/null)"

sql "PRAGMA foreign_keys = OFF; DROP TRIGGER chain_keeps;
DROP TRIGGER remark_version_keeps;
DELETE FROM remark_version WHERE chain_number = 2; DELETE FROM remark WHERE id = 2"
sql "UPDATE remark_version SET text = 'Spotkania w soboty.' WHERE id = 1"
try uwaga verify
check_has "what was dropped is named, not only the damage" "the words that link 2 proves" "$errors"

# Databases of other versions and other programs.
sql "PRAGMA user_version = 999"
check_refused "a newer database" "install the newer uwaga" uwaga journal
check_refused "is not migrated either" "install the newer uwaga" uwaga migrate
sql "PRAGMA user_version = 0"
check_refused "an older one" "run uwaga migrate" uwaga journal
sql "PRAGMA application_id = 7"
check_refused "another program's" "not an Uwaga database" uwaga journal
rm "$house"/uwaga.db "$house"/uwaga.db-* 2>/dev/null
check_refused "none at all" "run uwaga init" uwaga journal
try uwaga restore "$house/copy.db"
check_eq "a lost database comes back from its copy" 0 "$rc"
try uwaga migrate
check_eq "and is up to date" 0 "$rc"
finish

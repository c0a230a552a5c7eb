# consultation - staff add, open and close what people are asked about
. tests/flow/lib.sh

write_conf
uwaga init >/dev/null

try uwaga consultation add --code bl7m4h --title "Program" \
    --opens "2026-11-09 00:00" --closes "2026-12-04 15:00" --commune Bieruń \
    --commune Imielin --alias NGO
check_eq "one is added by any spelling of its code" 0 "$rc"
try uwaga --json consultation show NGO
check_has "its alias leads to it" '"code":"BL-7M4H"' "$out"
check_has "local times have the zone" '"closes_at":"2026-12-04T15:00:00+01:00"' "$out"
check_has "it is open" '"state":"open"' "$out"
check_has "its communes" '"communes":["Bieruń","Imielin"]' "$out"
check_refused "the same code again" "is there already" \
    uwaga consultation add --code BL-7M4H --title x --opens 2026-11-09T00:00:00Z \
    --closes 2026-12-04T00:00:00Z
check_refused "a code whose check character is wrong" "BL-7M4" \
    uwaga consultation add --code BL-7M4J --title x --opens 2026-11-09T00:00:00Z \
    --closes 2026-12-04T00:00:00Z
check_refused "an end before the beginning" "closes before it opens" \
    uwaga consultation add --title x --opens 2026-12-09T00:00:00Z \
    --closes 2026-12-04T00:00:00Z
check_refused "an alias that is taken" "leads to BL-7M4H already" \
    uwaga consultation add --title x --opens 2026-11-09T00:00:00Z \
    --closes 2026-12-04T00:00:00Z --alias NGO
try uwaga consultation add --title x
check_eq "without its times it is wrong usage" 2 "$rc"

for i in 1 2 3 4 5; do
	try uwaga --json consultation add --title "Plan $i" \
	    --opens 2026-12-09T00:00:00+01:00 --closes 2026-12-20T00:00:00+01:00
	code=$(printf '%s' "$out" | sed 's/.*"code":"\([^"]*\)".*/\1/')
	try uwaga consultation show "$code"
	check_has "a fresh code leads to its consultation: $code" "Plan $i" "$out"
done

try uwaga consultation open "$code"
check_has "it is opened early" "is open: from 2026-11-22T12:00:00" "$out"
try uwaga --now 2026-11-23T00:00:00+01:00 consultation close "$code"
check_has "and closed at once" "is closed" "$out"
check_refused "it cannot be opened without a new end" "--closes" \
    uwaga --now 2026-11-24T00:00:00+01:00 consultation open "$code"
try uwaga --now 2026-11-24T00:00:00+01:00 consultation open "$code" \
    --closes 2026-12-24T00:00:00+01:00
check_eq "with one it can" 0 "$rc"
check_refused "one that does not exist" "see uwaga consultation list" \
    uwaga consultation close BL-10KE

try uwaga consultation import samples/seed/consultations.json
check_has "a file is imported" "Imported 2 consultations" "$out"
try uwaga meeting import samples/seed/meetings.json
check_has "and its meetings" "Imported 20 meetings" "$out"
try uwaga meeting import samples/seed/meetings.json
check_eq "twice changes nothing" 20 "$(uwaga --json meeting list | wc -l)"
try uwaga meeting add BL-7M4H --commune Bojszowy --starts "2026-12-01 17:00" --key extra
check_eq "a meeting in a commune there is needs no note" "0:" "$rc:$errors"
try uwaga meeting add BL-7M4H --commune Bierun --starts "2026-12-01 17:00"
check_has "a slip in a commune's name is noted" "Bierun is a new commune" "$errors"
check_eq "a meeting is added" 0 "$rc"
try uwaga --json meeting show extra
check_has "it lasts two hours" '"ends_at":"2026-12-01T19:00:00+01:00"' "$out"
check_refused "a meeting that ends before it starts" "ends before it starts" \
    uwaga meeting add BL-7M4H --commune Bojszowy --starts "2026-12-01 17:00" \
    --ends "2026-12-01 16:00"
printf '[{"uid":"a@b","code":"BL-T4NR","commune":"X","phase":"needs","starts":"2026-12-01 17:00","ends":"2026-12-01 18:00"}]' \
    >"$house/meetings.json"
check_refused "a meeting of no consultation" "meetings.json: entry 1: there is no consultation BL-T4NR" \
    uwaga meeting import "$house/meetings.json"
finish

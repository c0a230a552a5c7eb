# init - the first step: what is made, what is left alone, what is taken back
. tests/flow/lib.sh

write_conf
try uwaga init --sample --context samples/context
check_eq "init with the sample county succeeds" 0 "$rc"
for f in uwaga.db keys maildir/new maildir/cur maildir/tmp outgoing/new \
    spool/inbox spool/outbox spool/sent spool/error; do
	[ -e "$house/$f" ] && pass "it made $f" || fail "it made $f" "missing"
done
check_eq "only its owner may read the keys" 600 "$(stat -c %a "$house/keys")"
check_eq "five consultations" 5 "$(uwaga --json consultation list | wc -l)"
check_eq "the seed's 20 meetings, and the context's two others" 22 \
    "$(uwaga --json meeting list | wc -l)"
check_eq "each commune of the two draft resolutions has both meetings" 10 \
    "$(for c in BL-10KE BL-7M4H; do uwaga meeting matrix $c; done | grep -c 'held.*planned')"
check_eq "what was sent before is in the outbox" 8 \
    "$(uwaga --json outbox list 2>/dev/null | wc -l)"
check_has "staff whom the configuration lacks are named" a.mrozek "$errors"

sum=$(sha256sum "$house/keys" | cut -d' ' -f1)
check_refused "a second init changes nothing" "already there; nothing changed" \
    uwaga init --sample
mv "$house/keys" "$house/old-keys"
rmdir "$house/maildir/tmp"
try uwaga init
check_eq "init makes keys and folders that went missing" "0 600" \
    "$rc $(stat -c %a "$house/keys")"
check_has "and says what the old keys were for" "put it in its place" "$out"
check_eq "the folder is back" yes "$([ -d "$house/maildir/tmp" ] && echo yes)"
check_eq "the database is as it was" 5 "$(uwaga --json consultation list | wc -l)"
mv "$house/old-keys" "$house/keys"
rm "$house"/uwaga.db*
try uwaga init
check_eq "init without the database again" 0 "$rc"
check_eq "keeps the keys" "$sum" "$(sha256sum "$house/keys" | cut -d' ' -f1)"
check_eq "and loads nothing unasked" 0 "$(uwaga --json consultation list | wc -l)"

# A context that cannot be read leaves no half-made database.
rm "$house"/uwaga.db*
mkdir "$house/context"
for bad in '{' '{}' '[1]' '[{"code":"BL-10KF"}]' \
    '[{"code":"BL-10KE","title":"x","phase":"later","opens_at":"2026-11-09","closes_at":"2026-12-04"}]'; do
	printf '%s' "$bad" >"$house/context/consultations.json"
	check_refused "a context that is no list of consultations: $bad" \
	    "context/consultations.json" uwaga init --sample --context "$house/context"
	[ ! -e "$house/uwaga.db" ] && pass "leaves no database" ||
	    fail "leaves no database" "$(ls "$house")"
done
check_refused "a context that is not there" "there is no folder" \
    uwaga init --context "$house/nowhere"

# Where it may not write it says so.
rm -rf "$house/maildir"
echo file >"$house/maildir"
check_refused "a file in the place of a folder" "maildir" uwaga init
finish

# start - what is said when the gateway cannot start, in one sentence
. tests/flow/lib.sh

check_refused "a configuration that is not there" "copy uwaga.conf.example" \
    "$UWAGA" -c "$house/none.conf" stats
write_conf
check_refused "no database yet" "uwaga init" uwaga stats

try "$UWAGA" -c "$conf" sing
check_eq "an unknown command is wrong usage" 2 "$rc"
check_has "and the commands are named" consultation "$errors"
try "$UWAGA"
check_eq "no command is wrong usage" 2 "$rc"
try "$UWAGA" -c
check_eq "an option without its value is wrong usage" 2 "$rc"
try "$UWAGA" --help
check_eq "--help is no error" 0 "$rc"
try "$UWAGA" init --help
check_has "each command has its own help" "usage: uwaga init" "$out"
try "$UWAGA" --version
check_has "the version" "uwaga " "$out"
try uwaga init --sampel
check_eq "an unknown option is wrong usage" 2 "$rc"
try uwaga stats --now yesterday
check_eq "a time that is none is wrong usage" 2 "$rc"

uwaga init >/dev/null
try uwaga stats
check_eq "now it works" 0 "$rc"
try "$UWAGA" stats -c "$conf"
check_eq "options may stand behind the command" 0 "$rc"
try env UWAGA_CONF="$conf" "$UWAGA" stats
check_eq "the configuration from the environment" 0 "$rc"
UWAGA_FULL=$(realpath "$UWAGA")
try sh -c 'cd "$1" && exec "$2" stats' sh "$house" "$UWAGA_FULL"
check_eq "the configuration in the present folder" 0 "$rc"

write_conf - <<'END'
hold = "soon"
END
check_refused "a bad value, with file and line" "uwaga.conf:10: hold" uwaga stats
write_conf - <<'END'
smtp { password = "hush" }
END
check_refused "a secret in the file" "secrets do not belong" uwaga stats

# Whoever may not write may still read.
write_conf
printf 'scrap' >"$house/uwaga.db.other"
mv "$house/uwaga.db" "$house/uwaga.db.kept"
mv "$house/uwaga.db.other" "$house/uwaga.db"
check_refused "a database that is none" "uwaga.db" uwaga stats
rm "$house/uwaga.db"
mkdir "$house/uwaga.db"
check_refused "a folder in the database's place" "uwaga.db" uwaga stats
rmdir "$house/uwaga.db"
mv "$house/uwaga.db.kept" "$house/uwaga.db"

mv "$house/maildir" "$house/elsewhere"
try uwaga check
check_eq "check finds a missing mailbox" 1 "$rc"
check_has "and says what to do" "mkdir" "$out"
mv "$house/elsewhere" "$house/maildir"
chmod 644 "$house/keys"
try uwaga check
check_eq "check finds keys that others can read" 1 "$rc"
chmod 600 "$house/keys"

try sh -c '"$1" -c "$2" stats >/dev/full' sh "$UWAGA" "$conf"
check_eq "a full disk under the output is a failure" 1 "$rc"
finish

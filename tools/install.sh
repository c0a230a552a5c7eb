#!/bin/sh
# Installs the program, its manual, the example configuration and the service.
# On the machine itself (no DESTDIR, root) also the user and group `uwaga` and
# its state folder.  An existing configuration is kept.
set -eu
cd "$(dirname "$0")/.."
D=${DESTDIR:-}
P=${PREFIX:-/usr/local}

install -d "$D$P/bin" "$D$P/share/man/man1" "$D$P/share/man/man5" \
    "$D$P/share/doc/uwaga" "$D$P/lib/systemd/system" "$D/etc/uwaga"
install -m 755 "$B/uwaga" "$D$P/bin/uwaga"
install -m 644 docs/uwaga.1 "$D$P/share/man/man1/"
install -m 644 docs/uwaga.conf.5 "$D$P/share/man/man5/"
install -m 644 README.md CHANGELOG.md LICENSE docs/*.md uwaga.conf.example \
    "$D$P/share/doc/uwaga/"
# The built-in templates once more as files, to copy and change.
find templates -name '*.[ch]' -prune -o -type f -print | while read -r f; do
	install -D -m 644 "$f" "$D$P/share/uwaga/$f"
done
find samples -type f | while read -r f; do
	install -D -m 644 "$f" "$D$P/share/uwaga/$f"
done
sed "s|@PREFIX@|$P|" docs/uwaga.service >"$D$P/lib/systemd/system/uwaga.service"
chmod 644 "$D$P/lib/systemd/system/uwaga.service"
if [ ! -e "$D/etc/uwaga/uwaga.conf" ]; then
	install -m 644 uwaga.conf.example "$D/etc/uwaga/uwaga.conf"
fi

if [ -z "$D" ] && [ "$(id -u)" -eq 0 ]; then
	getent group uwaga >/dev/null || groupadd --system uwaga
	getent passwd uwaga >/dev/null || useradd --system --gid uwaga \
	    --home-dir /var/lib/uwaga --no-create-home \
	    --shell /usr/sbin/nologin uwaga
	install -d -o uwaga -g uwaga -m 750 /var/lib/uwaga
	echo "Installed.  Next: change /etc/uwaga/uwaga.conf, then" \
	    "uwaga init, uwaga check, systemctl enable --now uwaga"
fi

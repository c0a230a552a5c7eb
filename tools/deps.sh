#!/bin/sh
# Installs the Debian packages that are missing, asking nothing; silent when
# nothing is.  usage: deps.sh [test] [lint] [fuzz] [bench] [conform]
set -eu
cd "$(dirname "$0")/.."
packages="gcc make libc6-dev tzdata libetpan-dev libcurl4-gnutls-dev libsqlite3-dev
	libpcre2-dev libconfuse-dev libcsv-dev libjansson-dev libxml2-dev libical-dev libutf8proc-dev
	libzstd-dev libseccomp-dev libgnutls28-dev libcmocka-dev sqlite3"
node= tests= conform=
for group in "$@"; do
	case $group in
	test) node=yes tests=yes ;;
	lint) packages="$packages clang-format cppcheck" ;;
	fuzz) packages="$packages clang libclang-rt-14-dev" ;;
	conform) conform=yes ;; # prism, which judges by an OpenAPI description
	bench) packages="$packages pkg-config libgmime-3.0-dev isync python3"
		node=yes ;;
	*) echo "deps: there is no group $group" >&2; exit 2 ;;
	esac
done
# The flow tests are written for Node.js; any recent one will do.  They start
# the servers themselves, never the installed services.
if [ -n "$node" ]; then
	packages="$packages openssl dovecot-imapd postfix"
	command -v node >/dev/null || packages="$packages nodejs"
fi
if [ -n "$tests" ]; then
	packages="$packages gammu-smsd smstools chromium"
	command -v npm >/dev/null || packages="$packages npm"
fi

if ! command -v dpkg-query >/dev/null; then
	echo "deps: this is no Debian; install by hand what these Debian" \
	    "packages hold:" $packages >&2
	exit 0
fi
missing=
for p in $packages; do
	case $(dpkg-query -W -f='${Status}' "$p" 2>/dev/null) in
	*" ok installed") ;;
	*) missing="$missing $p" ;;
	esac
done
if [ -n "$missing" ]; then
	sudo=
	if [ "$(id -u)" -ne 0 ]; then
		sudo="sudo -n"
		$sudo true 2>/dev/null || {
			echo "deps: missing:$missing; run as root:" \
			    "apt-get install$missing" >&2
			exit 1
		}
	fi
	echo "deps: installing$missing"
	log=$(mktemp)
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get -q update \
	    >"$log" 2>&1 &&
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
	    --no-install-recommends install $missing >>"$log" 2>&1 || {
		tail -n 20 "$log" >&2
		echo "deps: the packages could not be installed" >&2
		exit 1
	}
	rm -f "$log"
fi
if [ -n "$tests" ] &&
    [ ! tests/node_modules/.package-lock.json -nt tests/package-lock.json ]; then
	(cd tests && npm ci --omit=optional --no-audit --no-fund --loglevel=error) || {
		echo "deps: npm ci failed in tests/" >&2
		exit 1
	}
	touch tests/node_modules/.package-lock.json
fi
if [ -n "$conform" ] && [ ! -x tests/node_modules/.bin/prism ]; then
	(cd tests && npm ci --no-audit --no-fund --loglevel=error) || {
		echo "deps: npm ci failed in tests/" >&2
		exit 1
	}
	touch tests/node_modules/.package-lock.json
fi

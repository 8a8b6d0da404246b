#!/bin/sh
# install.sh - make sure the Debian packages dassie needs are there
#
# Usage: tools/install.sh [run|test|bench|all]
#   run   (default) what building and ./run need: compiler, libraries, psql
#   test  the same, plus what ./test and `make` need: PostgreSQL 15 as the oracle, Python clients
#   bench the same, plus what `make bench` needs: fio, matplotlib
#   all   as test, plus what `make check-all` needs: clang
#
# Silent and quick when nothing is missing: one dpkg-query and no network.
set -eu

group=${1:-run}

packages="gcc libc6-dev meson ninja-build pkg-config libpg-query-dev libprotobuf-c-dev libgmp-dev
    libicu-dev libssl-dev libcrypt-dev libxxhash-dev libpcre2-dev libzstd-dev liblz4-dev libstemmer-dev tzdata
    postgresql-client-15"
case $group in
run) ;;
test | bench | all)
    packages="$packages make libcmocka-dev python3 python3-psycopg2 python3-flask
        python3-psycopg python3-asyncpg python3-sqlalchemy python3-django python3-pytest openssl
        postgresql-15 postgresql-contrib clang-format-14"
    ;;
*)
    echo "usage: tools/install.sh [run|test|bench|all]" >&2
    exit 2
    ;;
esac

[ "$group" != all ] || packages="$packages clang-14"
[ "$group" != bench ] || packages="$packages fio python3-matplotlib"

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "install.sh: this is not a Debian system; please install the equivalents of:" >&2
    echo $packages >&2
    exit 1
fi

missing=
# shellcheck disable=SC2086
installed=$(dpkg-query -W -f '${binary:Package} ${db:Status-Status}\n' $packages 2>/dev/null |
    sed -n 's/^\([^: ]*\)\(:[^ ]*\)\{0,1\} installed$/\1/p') || true
for package in $packages; do
    case "
$installed
" in
    *"
$package
"*) ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1; then
    as_root=sudo
else
    echo "install.sh: missing packages:$missing" >&2
    echo "install.sh: run this as root, or install sudo" >&2
    exit 1
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly() {
    if ! "$@" >"$log" 2>&1; then
        cat "$log" >&2
        echo "install.sh: failed: $*" >&2
        exit 1
    fi
}

echo "install.sh: installing$missing" >&2

# Debian's PostgreSQL package creates and starts a cluster on port 5432, where dassie itself wants
# to serve. This switch must be in place before the package is configured. An existing file is kept.
case $missing in
*postgresql-15* | *postgresql-contrib*)
    conf=/etc/postgresql-common/createcluster.conf
    if [ ! -f $conf ]; then
        $as_root mkdir -p /etc/postgresql-common
        printf 'create_main_cluster = false\n' | $as_root tee $conf >/dev/null
    elif ! grep -q '^ *create_main_cluster' $conf; then
        printf 'create_main_cluster = false\n' | $as_root tee -a $conf >/dev/null
    fi
    ;;
esac

# A package list from an old image often names versions the archive no longer has, so update first.
quietly $as_root apt-get -q update
# shellcheck disable=SC2086
quietly $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
    -o Dpkg::Options::=--force-confold install $missing

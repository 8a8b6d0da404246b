#!/bin/sh
# run.sh - TLS, client certificates, channel binding and rules for connections
#
# Usage: tests/tls/run.sh [TEST ...]      TEST as unittest names it: Certificates.test_full. DASSIE names the program.
set -eu
cd "$(dirname "$0")/../.."
. tests/lib/server.sh

server_needed
PYTHONDONTWRITEBYTECODE=1
TLS_WORK=$(mktemp -d "${TMPDIR:-/tmp}/dassie-tls.XXXXXX")
export PYTHONDONTWRITEBYTECODE TLS_WORK DASSIE
trap 'rm -rf "$TLS_WORK"' EXIT

# authority NAME - a certificate authority of one's own
authority() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=$1" -keyout "$TLS_WORK/$1.key" \
        -out "$TLS_WORK/$1.crt" 2>/dev/null
}

# certificate NAME AUTHORITY COMMON_NAME DAYS [EXTENSIONS] - a key and a certificate signed by the authority
certificate() {
    openssl req -newkey rsa:2048 -nodes -subj "/O=dassie/CN=$3" -keyout "$TLS_WORK/$1.key" -out "$TLS_WORK/$1.csr" 2>/dev/null
    printf '%s\n' "${5:-basicConstraints=CA:FALSE}" >"$TLS_WORK/$1.ext"
    openssl x509 -req -in "$TLS_WORK/$1.csr" -CA "$TLS_WORK/$2.crt" -CAkey "$TLS_WORK/$2.key" -CAcreateserial \
        -days "$4" -extfile "$TLS_WORK/$1.ext" -out "$TLS_WORK/$1.crt" 2>/dev/null
    chmod 600 "$TLS_WORK/$1.key"
}

authority root
authority stranger
certificate server root localhost 30 'subjectAltName=DNS:localhost'
certificate postgres root postgres 30
certificate other root other 30
certificate foreign stranger postgres 30
status=0
timeout 300 /usr/bin/python3 tests/tls/tls.py "$@" || status=1
exit $status

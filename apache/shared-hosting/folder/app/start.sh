#!/bin/sh
# Starts the program with its own libraries: `sh app/start.sh check` in the folder of relay.fcgi, or serve, or cgi.

loader=app/lib/ld.so

# What is wrong, in the web server's error log and, where there is one, to the client.
fail() {
    echo "fastrelay: $1" >&2
    if [ -n "$REQUEST_METHOD" ]; then
        # Apache drops the answer of a program that left a part of the request unread.
        cat >/dev/null
        printf 'Status: 500 Internal Server Error\r\nContent-Type: application/json\r\n\r\n'
        printf '{"type":"error","error":{"message":"%s","type":"server_error","param":null,"code":"relay_unavailable"}}\n' "$1"
    fi
    exit 71
}

if [ ! -r "$loader" ] || [ ! -r app/fastrelay ]; then
    fail "The folder app is not complete: upload it again, in binary mode."
fi
# FTP loses this mode; the program itself does not need it.
[ -x "$loader" ] || chmod 700 "$loader" 2>/dev/null
[ -x "$loader" ] || fail "The file app/lib/ld.so is not executable: give it mode 755."

# The host's own certificate authorities are newer than the copy that came along.
for FASTRELAY_CA_FILE in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem \
    /etc/ssl/cert.pem "$PWD/app/certificates.pem"; do
    [ -r "$FASTRELAY_CA_FILE" ] && break
done
export FASTRELAY_CA_FILE
# The host's settings are for its own OpenSSL, which may be another version.
export OPENSSL_CONF=/dev/null

command=$1
shift
exec "$loader" --inhibit-cache --library-path "$PWD/app/lib" app/fastrelay "$command" --config fastrelay.json5 "$@"

#!/usr/bin/env bash
# Builds .build/fastrelay-shared-hosting-VERSION-ARCHITECTURE.tar.gz: a folder to put into a web site by FTP.
#
#     bash apache/shared-hosting/build.sh [EXECUTABLE]
#
# Builds the release, or takes the executable that is given. The archive has the executable, every library that it needs
# with the C library and its loader, so that it runs on hosts with an older one, and a copy of this machine's certificate
# authorities. Nothing in it is a symbolic link, which FTP would lose.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
here=apache/shared-hosting

executable=${1:-}
if [[ -z $executable ]]; then
    swift build -c release --product fastrelay --static-swift-stdlib
    executable=$(swift build -c release --product fastrelay --static-swift-stdlib --show-bin-path)/fastrelay
fi
version=$("$executable" --version | cut -d ' ' -f 2)
name=fastrelay-shared-hosting-$version-$(uname -m)
work=$(mktemp -d .build/shared-hosting.XXXXXX)
trap 'rm -rf "$work"' EXIT
folder=$work/relay

cp -R "$here/folder" "$folder"
mkdir "$folder/app/lib"
strip --strip-all -o "$folder/app/fastrelay" "$executable"

# `NAME => PATH (0x…)`, and the loader without an arrow.
ldd "$executable" >"$work/libraries"
if grep -q 'not found' "$work/libraries"; then
    echo "libraries are missing:" && grep 'not found' "$work/libraries"
    exit 1
fi
while read -r path; do
    cp -L "$path" "$folder/app/lib/"
done < <(sed -nE 's/.* => (\/[^ ]+) .*/\1/p' "$work/libraries")
loader=$(sed -nE 's/^\s*(\/[^ ]+) \(.*/\1/p' "$work/libraries")
cp -L "$loader" "$folder/app/lib/ld.so"
cp -L /etc/ssl/certs/ca-certificates.crt "$folder/app/certificates.pem"

find "$folder" -type d -exec chmod 755 {} +
find "$folder" -type f -exec chmod 644 {} +
chmod 755 "$folder/relay.fcgi" "$folder/relay.cgi" "$folder/app/lib/ld.so"
if [[ -n $(find "$folder" -type l) ]]; then
    echo "the folder has symbolic links"
    exit 1
fi

# The way it will be started: a library that is missing shows here and not on the host.
(cd "$folder" && sh app/start.sh check >/dev/null)

tar --create --gzip --owner=0 --group=0 --numeric-owner --sort=name --file "$work/archive" -C "$work" relay
mv "$work/archive" ".build/$name.tar.gz"
echo ".build/$name.tar.gz: $(stat -c %s ".build/$name.tar.gz") bytes, unpacked $(du -sh "$folder" | cut -f 1)"

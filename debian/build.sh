#!/usr/bin/env bash
# Builds the Debian package: .build/debian/fastrelay_VERSION_ARCHITECTURE.deb.
#
#     bash debian/build.sh
#
# Needs Debian 12 and Swift 6.3 on the path; installs the Debian packages that are missing, with sudo where it is not
# run by root. The executable is that of `swift build` in this tree, so a tree that was built is not compiled again; the
# package is made in a copy of the tree below .build/debian/ and then looked at by lintian, of which every warning is an
# error. The package fits the release of Debian that it was built on, and later ones that have the same libcurl4.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PATH=$PATH:/usr/sbin:/sbin
fail() { echo "debian/build.sh: $*" >&2; exit 1; }

command -v dpkg >/dev/null || fail "this is no Debian"
command -v swift >/dev/null || fail "no swift on the path; Fastrelay needs Swift 6.3 (https://www.swift.org/install/linux/)"

# --- packages ------------------------------------------------------------------------------------------------------

missing=()
for package in debhelper lintian dpkg-dev fakeroot build-essential libfcgi-dev libcurl4-openssl-dev \
    libmemcached-dev libsqlite3-dev pkgconf; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if ((${#missing[@]})); then
    echo "debian/build.sh: installing ${missing[*]}"
    become=()
    if ((EUID != 0)); then
        command -v sudo >/dev/null || fail "these packages are missing, and there is no sudo to install them with: ${missing[*]}"
        echo "debian/build.sh: using sudo for apt-get"
        become=(sudo)
    fi
    "${become[@]}" apt-get update -qq
    "${become[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

# --- executable ----------------------------------------------------------------------------------------------------

version=$(dpkg-parsechangelog -l "$repository/debian/changelog" -S Version)
build=(swift build --package-path "$repository" -c release --product fastrelay --static-swift-stdlib)
"${build[@]}"
executable="$("${build[@]}" --show-bin-path)/fastrelay"
built=$("$executable" --version)
[[ $built == "fastrelay $version" ]] || fail "debian/changelog has version $version, but the executable says \"$built\""

# --- package -------------------------------------------------------------------------------------------------------

output=$repository/.build/debian
tree=$output/fastrelay-$version
rm -rf "$output"
mkdir -p "$tree"
# What git knows and what is new; without git, as from an archive, everything but what was built.
if files=$(git -C "$repository" rev-parse --show-toplevel 2>/dev/null) && [[ $files == "$repository" ]]; then
    (cd "$repository" && git ls-files -z --cached --others --exclude-standard --deduplicate |
        while IFS= read -r -d '' file; do [[ ! -e $file && ! -L $file ]] || printf '%s\0' "$file"; done |
        tar --create --null --verbatim-files-from --files-from -)
else
    tar --create --directory "$repository" --exclude ./.build --exclude ./.git .
fi | tar --extract --directory "$tree" --no-same-owner

(cd "$tree" && FASTRELAY_EXECUTABLE=$executable dpkg-buildpackage -b -us -uc)
architecture=$(dpkg --print-architecture)
package=$output/fastrelay_${version}_$architecture.deb
[[ -f $package ]] || fail "dpkg-buildpackage made no $package"
# As root it wants to be told that this is meant.
allow_root=()
((EUID == 0)) && allow_root=(--allow-root)
# Without --show-overrides, with which it would fail for what is overridden.
lintian "${allow_root[@]}" --fail-on error,warning --tag-display-limit 0 \
    "$output/fastrelay_${version}_$architecture.changes"
echo "$package"

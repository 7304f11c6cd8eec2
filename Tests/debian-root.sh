#!/usr/bin/env bash
# Makes a minimal Debian 12 in a directory, for tests that install something. Needs root.
#
#     bash Tests/debian-root.sh PATH [PACKAGE…]
#
# PATH must not exist yet. What debootstrap makes is kept in .build/debian-root/base and copied, and
# the packages that were fetched are kept beside it: only the first run takes its minute. Delete .build/debian-root to
# begin anew. To run something in it, with mounts that end with the command:
#
#     unshare --mount bash -c 'mount -t proc proc PATH/proc; exec chroot PATH COMMAND'
set -euo pipefail

fail() { echo "debian-root: $*" >&2; exit 1; }
(($# >= 1)) || fail "which directory?"
((EUID == 0)) || fail "only root can make one"
root=$1
shift
[[ ! -e $root ]] || fail "$root exists"
cache=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/.build/debian-root
suite=bookworm
PATH=$PATH:/usr/sbin:/sbin
command -v debootstrap >/dev/null || fail "debootstrap is missing"
mkdir -p "$cache/archives" "$(dirname "$root")"

# Two tests may want one at the same time.
exec 9>"$cache/lock"
flock 9

# The path of the root, and a command in it. /proc is mounted for this command alone. No service is started there.
inside() {
    local directory=$1
    shift
    # shellcheck disable=SC2016  # the inner shell's own arguments
    unshare --mount --propagation private bash -c \
        'mount -t proc proc "$1/proc" && exec chroot "$1" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
            DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "${@:2}"' - "$directory" "$@"
}

if [[ ! -e $cache/base/.complete ]]; then
    rm -rf "$cache/base"
    # In mounts of its own: debootstrap mounts /proc, and does not always take it away again. It knows its mirror, and
    # leaves it in sources.list.
    unshare --mount --propagation private \
        debootstrap --variant=minbase "$suite" "$cache/base" >"$cache/debootstrap.log" 2>&1 ||
        fail "debootstrap failed; see $cache/debootstrap.log"
    # invoke-rc.d and deb-systemd-invoke ask this: nothing runs in a test's root but what the test starts.
    printf '#!/bin/sh\nexit 101\n' >"$cache/base/usr/sbin/policy-rc.d"
    chmod 0755 "$cache/base/usr/sbin/policy-rc.d"
    rm -f "$cache/base"/var/cache/apt/archives/*.deb
    inside "$cache/base" apt-get update -qq
    touch "$cache/base/.complete"
fi

# Only a whole one gets the name that was asked for.
trap 'rm -rf "$root.partial"' EXIT
rm -rf "$root.partial"
cp -a --reflink=auto "$cache/base" "$root.partial"
rm "$root.partial/.complete"
cp -L /etc/resolv.conf "$root.partial/etc/resolv.conf"
if (($#)); then
    find "$cache/archives" -name '*.deb' -exec cp -t "$root.partial/var/cache/apt/archives/" {} +
    install=(apt-get install -y -qq --no-install-recommends -o APT::Keep-Downloaded-Packages=true "$@")
    # Packages that the lists of the base name may be gone from the mirror since.
    if ! inside "$root.partial" "${install[@]}" >"$cache/install.log" 2>&1; then
        inside "$root.partial" apt-get update -qq
        inside "$root.partial" "${install[@]}" >"$cache/install.log" 2>&1 ||
            fail "$* cannot be installed; see $cache/install.log"
    fi
    find "$root.partial/var/cache/apt/archives" -name '*.deb' -exec mv -t "$cache/archives/" {} +
fi
mv "$root.partial" "$root"

#!/usr/bin/env bash
# Measures Fastrelay behind nginx against the same nginx in front of the same upstream, in one run.
#
#   bash Tests/Benchmarks/run.sh [--quick] [ROW ...]
#
# Rows: requests streams scgi open first-event start memory tokens tool-calls doors limits flood. Without any, all of them.
# The rows tokens and tool-calls need nothing of the above: one counts tokens in turns with tiktoken, the other reads
# answers with tool calls. The row doors puts Apache, lighttpd and Caddy beside nginx. The row limits compares limits that
# are off, counted alone and counted by memcached, and flood refusing wrong keys with nginx's own refusal. --quick halves
# the repeats and times: for a look, not for a table.
set -euo pipefail
cd "$(dirname "$0")/../.."

missing=()
for package in libfcgi-dev libcurl4-openssl-dev libmemcached-dev libsqlite3-dev memcached wrk python3; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing+=("$package")
done
# nginx-light and its kin provide nginx as well.
command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || missing+=(nginx)
if [ "${#missing[@]}" -gt 0 ]; then
    sudo=(); [ "$(id -u)" = 0 ] || sudo=(sudo)
    echo "installing: ${missing[*]}"
    "${sudo[@]}" apt-get update -qq
    "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

options=() rows=()
for argument in "$@"; do
    if [[ $argument == --* ]]; then options+=("$argument"); else rows+=("$argument"); fi
done
[ "${#rows[@]}" -gt 0 ] || rows=(requests streams scgi open first-event start memory tokens tool-calls doors limits flood)
others=() limits=() tokens='' calls='' doors=''
for row in "${rows[@]}"; do
    case $row in
        tokens) tokens=1 ;;
        tool-calls) calls=1 ;;
        doors) doors=1 ;;
        limits | flood) limits+=("$row") ;;
        *) others+=("$row") ;;
    esac
done

if [ -n "$tokens" ]; then
    .build/venv/bin/python -c 'import tiktoken' 2>/dev/null || bash Tests/run.sh packages
    swift build -c release --static-swift-stdlib --product token-probe
    .build/venv/bin/python Tests/Benchmarks/tokens.py \
        "$(swift build -c release --static-swift-stdlib --show-bin-path)/token-probe" "${options[@]}"
fi
if [ -n "$calls" ]; then
    swift build -c release --static-swift-stdlib --product emulation-probe
    "$(swift build -c release --static-swift-stdlib --show-bin-path)/emulation-probe" "${options[@]}"
fi
[ "${#others[@]}" -gt 0 ] || [ "${#limits[@]}" -gt 0 ] || [ -n "$doors" ] || exit 0

swift build -c release --static-swift-stdlib --product fastrelay
swift build -c release --static-swift-stdlib --product bench-upstream
binaries=$(swift build -c release --show-bin-path)
[ "${#others[@]}" -eq 0 ] || python3 Tests/Benchmarks/bench.py "$binaries" "${options[@]}" "${others[@]}"
if [ -n "$doors" ]; then
    if ! command -v apache2 >/dev/null || [ ! -x .build/venv/bin/python ]; then bash Tests/run.sh packages; fi
    .build/venv/bin/python Tests/Benchmarks/doors.py "$binaries" "${options[@]}"
fi
if [ "${#limits[@]}" -gt 0 ]; then
    # The tests' own harness, with what Debian's Python has; nothing of it is measured but the client of the latencies.
    python3 Tests/Benchmarks/limits.py "$binaries" "${options[@]}" "${limits[@]}"
fi

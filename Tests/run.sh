#!/usr/bin/env bash
# Runs everything that continuous integration runs, on Debian 12 with Swift 6.3 on the path:
#
#     bash Tests/run.sh                     all steps
#     bash Tests/run.sh lint end-to-end     these steps only; --list names them
#
# Installs the Debian packages that are missing (with sudo where it is not run by root), the Python clients into
# .build/venv, and the agents into .build/agents and .build/older-agents. Each step writes to .build/tests/STEP.log and
# shows its last lines; the first that fails ends the run.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH=$PATH:/usr/sbin:/sbin
logs=.build/tests
python=.build/venv/bin/python

# --- steps: each is a function; see the table below ------------------------------------------------------------------

install_packages() {
    local missing=() package
    for package in nginx apache2 lighttpd caddy curl ffmpeg memcached openssl pkg-config shellcheck; do
        command -v "$package" >/dev/null || missing+=("$package")
    done
    # debootstrap makes the host that the archive for shared hosting is tried on.
    for package in libapache2-mod-fcgid libfcgi-dev libcurl4-openssl-dev libmemcached-dev libsqlite3-dev python3-venv ca-certificates \
        sasl2-bin systemd binutils debootstrap procps; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
    done
    if ((${#missing[@]})); then
        echo "installing ${missing[*]}"
        local become=()
        if ((EUID != 0)); then
            echo "using sudo for apt-get"
            become=(sudo)
        fi
        "${become[@]}" apt-get update -qq
        "${become[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends "${missing[@]}"
    fi
    local wanted=Tests/EndToEnd/requirements.txt
    if ! cmp -s "$wanted" .build/venv/requirements.txt; then
        echo "making .build/venv"
        # Debian's own Python: another one on the path may lack venv, or be older.
        rm -rf .build/venv
        /usr/bin/python3 -m venv .build/venv
        "$python" -m pip install --quiet --disable-pip-version-check --requirement "$wanted"
        cp "$wanted" .build/venv/requirements.txt
    fi
    install_agents .build/agents Tests/EndToEnd/agents/requirements.txt
    install_agents .build/older-agents Tests/EndToEnd/agents/older/requirements.txt
    swift --version 2>&1 | head -n 1
    nginx -v 2>&1
    "$python" -c 'import openai; print("openai", openai.__version__)'
}

# The virtual environment of some agents. uv installs them in seconds, where pip takes minutes.
install_agents() {
    cmp -s "$2" "$1/requirements.txt" && return
    echo "making $1"
    rm -rf "$1"
    /usr/bin/python3 -m venv --without-pip "$1"
    .build/venv/bin/uv pip install --quiet --no-deps --python "$1/bin/python" --requirement "$2" ||
        "$python" -m pip --python "$1/bin/python" install --quiet --no-deps --requirement "$2"
    cp "$2" "$1/requirements.txt"
}

lint() {
    swift format lint --strict --parallel --recursive Sources Tests Package.swift
    shellcheck nginx/*.sh apache/relay.fcgi apache/shared-hosting/*.sh Tests/*.sh .ci/run
    shellcheck apache/shared-hosting/folder/relay.* apache/shared-hosting/folder/app/start.sh
    shellcheck debian/*.sh debian/*.postinst debian/*.postrm debian/completions/bash/*
    find Tests/Benchmarks Tests/Fuzz -name '*.sh' -exec shellcheck {} +
    "$python" -m compileall -q Tests/EndToEnd Tests/Package
}

# What each module may import beyond Swift itself: what Package.swift declares for it, and these of the system's.
system_imports() {
    case $1 in
        EventLoop | CGI | Curl | Doctor | Memcached | Worker) echo Glibc Synchronization ;;
        FastCGI | SCGI | fastrelay) echo Glibc ;;
        Relay) echo Synchronization ;;
    esac
}

check_architecture() {
    local directory module allowed imported bad=0
    local -A declared=()
    while read -r module allowed; do
        declared[$module]=$allowed
    done < <(swift package dump-package | "$python" -c '
import json, sys
for target in json.load(sys.stdin)["targets"]:
    print(target["name"], *(one["byName"][0] for one in target["dependencies"]))')
    for directory in Sources/*/; do
        module=$(basename "$directory")
        # Most C modules are a header and a module map.
        [[ -e $directory/module.modulemap ]] && continue
        allowed="${declared[$module]} $(system_imports "$module")"
        while read -r imported; do
            if [[ " $allowed " != *" $imported "* ]]; then
                echo "Sources/$module imports $imported, which it must not:"
                grep -rnE --include='*.swift' "import +([a-z]+ +)?$imported\b" "$directory"
                bad=1
            fi
        done < <(grep -rhE --include='*.swift' '^ *(@[A-Za-z_]+(\([^)]*\))? +)*([a-z]+ +)?import +' "$directory" |
            sed -E 's/.*import +((struct|class|enum|protocol|typealias|func|let|var) +)?([A-Za-z0-9_]+).*/\3/' | sort -u)
    done
    ((bad == 0)) && echo "every module imports only what it may"
    return "$bad"
}

# Built one after the other, which takes all cores, and run side by side, which takes one each: each run has one test after
# the other, for a sanitizer makes everything slow, and tests that wait for each other's turn would run into their time
# limits.
test_with_sanitizers() {
    local address thread status=0
    trap 'show_logs "Test run with" address-sanitizer thread-sanitizer' EXIT
    swift build --build-tests --sanitize=address --scratch-path .build/address
    swift build --build-tests --sanitize=thread --scratch-path .build/thread
    run_address_sanitizer >"$logs/address-sanitizer.log" 2>&1 &
    address=$!
    run_thread_sanitizer >"$logs/thread-sanitizer.log" 2>&1 &
    thread=$!
    wait "$address" || status=$?
    wait "$thread" || status=$?
    return "$status"
}

# What runs side by side has logs of its own. At the end, also when that came too early, they become part of the step's,
# and how each ended stands below them.
show_logs() {
    local pattern=$1 name files=()
    for name in "${@:2}"; do files+=("$logs/$name.log"); done
    cat "${files[@]}"
    grep -ahE "$pattern" "${files[@]}"
}

run_address_sanitizer() {
    LSAN_OPTIONS="suppressions=$PWD/Tests/leak-sanitizer.supp" \
        swift test --skip-build --sanitize=address --scratch-path .build/address --no-parallel
}

run_thread_sanitizer() {
    # Not the test whose processes of its own end by what this sanitizer says there, once in some runs and with no trace
    # of it: what it tests is between processes, of which the sanitizer knows nothing. Nor those of bus errors, which the
    # sanitizer keeps for itself.
    TSAN_OPTIONS="suppressions=$PWD/Tests/thread-sanitizer.supp" \
        swift test --skip-build --sanitize=thread --scratch-path .build/thread --no-parallel \
        --skip "processes share files" \
        --skip "a file that is cut short is survived" --skip "a bus error"
}

fuzz() {
    # Seconds for each target.
    bash Tests/Fuzz/run.sh 10
}

# Against tiktoken; for more than a sample, run differential.py with --megabytes 120.
check_tokens() {
    "$python" Sources/CVocabulary/make-vocabulary.py check
    swift build -c release --product token-probe --static-swift-stdlib
    "$python" Tests/TokensProbe/differential.py \
        "$(swift build -c release --product token-probe --static-swift-stdlib --show-bin-path)/token-probe"
}

build_release() {
    # The very command of nginx/quickstart.sh, so that its own build finds everything done.
    swift build -c release --product fastrelay --static-swift-stdlib
    ls -l "$(swift build -c release --product fastrelay --static-swift-stdlib --show-bin-path)/fastrelay"
}

# Once for each protocol between nginx and the worker, by SCGI without what has nothing to do with that. Most of a test is
# waiting, so three runs are side by side.
test_end_to_end() {
    local status=0 run
    trap 'show_logs "^=+ .*(passed|failed)" fastcgi-1 fastcgi-2 scgi' EXIT
    local runs=()
    test_by_protocol --protocol fastcgi --part 0/2 --lane 0/3 >"$logs/fastcgi-1.log" 2>&1 &
    runs+=($!)
    test_by_protocol --protocol fastcgi --part 1/2 --lane 1/3 >"$logs/fastcgi-2.log" 2>&1 &
    runs+=($!)
    test_by_protocol --protocol scgi --lane 2/3 >"$logs/scgi.log" 2>&1 &
    runs+=($!)
    for run in "${runs[@]}"; do wait "$run" || status=$?; done
    return "$status"
}

test_by_protocol() {
    echo "-- $*"
    "$python" -m pytest -c Tests/EndToEnd/pytest.ini Tests/EndToEnd --durations 15 "$@"
}

# Programs and frameworks for agents, each in the environment that it can be installed in.
test_agents() {
    local status=0
    .build/agents/bin/python -m pytest -c Tests/EndToEnd/pytest.ini Tests/EndToEnd/agents || status=$?
    .build/older-agents/bin/python -m pytest -c Tests/EndToEnd/pytest.ini Tests/EndToEnd/agents/older || status=$?
    return "$status"
}

# Without root the package is built and looked at by lintian, and its tests skip themselves.
test_package() {
    bash debian/build.sh
    "$python" -m pytest -c Tests/EndToEnd/pytest.ini Tests/Package
}

# name, function, lines of its log to show, the longest it may take in seconds: what hangs, not what a busy host delays
table="
packages           install_packages             5    600
lint               lint                         3    300
architecture       check_architecture           2    120
sanitizers         test_with_sanitizers         3    2400
fuzz               fuzz                         4    600
release            build_release                2    900
tokens             check_tokens                 4    300
end-to-end         test_end_to_end              12   1500
agents             test_agents                  8    600
package            test_package                 3    900
"

# --- running them ----------------------------------------------------------------------------------------------------

# A step runs in a shell of its own, so that it has a process group and a time limit: `run.sh --step FUNCTION`.
if [[ ${1:-} == --step ]]; then
    "$2"
    exit
fi
if [[ ${1:-} == --list ]]; then
    awk 'NF { print $1 }' <<<"$table"
    exit
fi

mkdir -p "$logs"
running=
# Whatever ends this script ends what the current step started: all of its session, for `swift test` gives the tests a
# process group of their own and leaves them when it is stopped.
end_step() {
    [[ -n $running ]] || return 0
    pkill -TERM -s "$running" || return 0
    for _ in {1..50}; do
        pgrep -s "$running" >/dev/null || return 0
        sleep 0.1
    done
    pkill -KILL -s "$running" || true
}
trap end_step EXIT
trap 'echo "stopped by a signal"; exit 130' INT TERM HUP

# shellcheck disable=SC2317  # `summary` reads it
times=()
run_step() {
    local name=$1 function=$2 lines=$3 limit=$4 status=0 start=$SECONDS
    printf '== %s\n' "$name"
    setsid timeout --kill-after=10 "$limit" bash "${BASH_SOURCE[0]}" --step "$function" >"$logs/$name.log" 2>&1 &
    running=$!
    wait "$running" || status=$?
    end_step
    running=
    if ((status != 0)); then
        echo "-- the end of the log:"
        tail -n 40 "$logs/$name.log" | cut -c1-400
        # What went wrong stands anywhere in it. Last, for of a long output mostly the end is kept.
        echo "-- what went wrong:"
        grep -aE '^(E  |FAILED |ERROR |✘)|^[^◇]*error: |WARNING: ThreadSanitizer|ERROR: AddressSanitizer|^SUMMARY: ' \
            "$logs/$name.log" | head -n 80 | cut -c1-400 || true
        ((status == 124)) && echo "$name took longer than $limit s"
        printf 'FAILED: %s (status %d, after %d s); all of it is in %s\n' \
            "$name" "$status" $((SECONDS - start)) "$logs/$name.log"
        exit 1
    fi
    tail -n "$lines" "$logs/$name.log" | sed 's/^/   /'
    times+=("$(printf '%-18s %4d s' "$name" $((SECONDS - start)))")
}

chosen=" $* "
for name in "$@"; do
    awk '{ print $1 }' <<<"$table" | grep -qxF -- "$name" || { echo "no step is called $name; see --list"; exit 64; }
done
while read -r name function lines limit; do
    [[ -n $name ]] || continue
    if (($# == 0)) || [[ $chosen == *" $name "* ]]; then
        run_step "$name" "$function" "$lines" "$limit"
    fi
done <<<"$table"

echo "== all passed"
printf '   %s\n' "${times[@]}"
printf '   %-18s %4d s\n' together "$SECONDS"

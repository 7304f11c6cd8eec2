#!/usr/bin/env bash
# Fuzzes the parsers of Sources/Wire, the counter of Sources/Tokens, the scanner of Sources/SCGI, the reader of tool
# calls of Sources/Dialects and the record of Sources/Relay/Limits:
#
#     bash Tests/Fuzz/run.sh [seconds-per-target]
#
# Exits non-zero when a target crashes or a property does not hold; the input is then in .build/fuzz/<target>/.
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=${1:-20}
out=.build/fuzz
mkdir -p "$out"
mapfile -t dialects < <(find Sources/Dialects -name '*.swift' | sort)
mapfile -t tokens < <(find Sources/Tokens -name '*.swift' | sort)
flags=(-O -wmo -swift-version 6 -parse-as-library)

# Compiles a module for others to import, as an object file: `module NAME OPTION|FILE…`.
module() {
    swiftc "${flags[@]}" -sanitize=fuzzer,address -enable-testing -module-name "$1" \
        -emit-module -emit-module-path "$out/$1.swiftmodule" -emit-object -o "$out/$1.o" "${@:2}"
}
mapfile -t wire < <(find Sources/Wire -name '*.swift' | sort)
module Wire "${wire[@]}"

# Builds one target and runs it.
fuzz() {
    local target=$1 main=Tests/Fuzz/Fuzz$1.swift sources=(-I "$out" "$out/Wire.o")
    mkdir -p "$out/$target/corpus"
    if [[ $target == Tokens ]]; then
        # The C part is linked as an object file, under the same sanitizer.
        clang -c -fsanitize=address -I Sources/CVocabulary/include Sources/CVocabulary/Vocabulary.c \
            -o "$out/Vocabulary.o"
        printf 'module CVocabulary { header "%s" }\n' "$PWD/Sources/CVocabulary/include/CVocabulary.h" \
            >"$out/module.modulemap"
        sources=("${tokens[@]}" -Xcc "-fmodule-map-file=$out/module.modulemap" "$out/Vocabulary.o")
    fi
    if [[ $target == SCGI ]]; then
        # Of the module it imports, the one file that it needs.
        module CGI Sources/CGI/RequestScan.swift
        sources=(Sources/SCGI/HeaderScanner.swift -I "$out" "$out/CGI.o")
    fi
    if [[ $target == LimitRecord ]]; then
        sources=(Sources/Relay/Limits/Limit{Claim,Class,Decision,Holds,Key,Lease,Moment,Record,Record+Bytes,Rules,Slots}.swift)
    fi
    [[ $target == ToolCalls ]] && sources+=("${dialects[@]}")
    # The linker warns about symbols of the sanitizer's own.
    if ! swiftc "${flags[@]}" -sanitize=fuzzer,address \
        -module-name "Fuzz$target" "${sources[@]}" "$main" -o "$out/$target/fuzz" 2>"$out/$target/build.log"; then
        cat "$out/$target/build.log" >&2
        return 1
    fi
    # The same seed and corpus give the same inputs, as far as the time goes. New inputs go to the first folder.
    rm -rf "$out/$target/corpus"/*
    if "$out/$target/fuzz" -seed=1 -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 -verbosity=0 -dict="Tests/Fuzz/$target.dict" \
        -artifact_prefix="$out/$target/" "$out/$target/corpus" "Tests/Fuzz/Seeds/$target" \
        >"$out/$target/run.log" 2>&1; then
        echo "$target: ok, $(grep -a number_of_executed_units "$out/$target/run.log" | grep -o '[0-9]*$') inputs"
    else
        tail -n 60 "$out/$target/run.log" >&2
        echo "$target: FAILED, see $out/$target/" >&2
        return 1
    fi
}

# Two at a time: building one leaves a core to the other. The longest first.
status=0
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
for target in ToolCalls Tokens JSON JSON5 LenientJSON EventStream Multipart Media LimitRecord HeaderFields SCGI; do
    while (($(jobs -rp | wc -l) >= 2)); do wait -n || status=1; done
    fuzz "$target" &
done
while (($(jobs -rp | wc -l) > 0)); do wait -n || status=1; done
wait
exit "$status"

#!/usr/bin/env bash
# Fuzzes the parsers of Sources/Wire, the counter of Sources/Tokens, the scanner of Sources/SCGI and the reader of tool
# calls of Sources/Dialects:
#
#     bash Tests/Fuzz/run.sh [seconds-per-target]
#
# Exits non-zero when a target crashes or a property does not hold; the input is then in .build/fuzz/<target>/.
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=${1:-20}
out=.build/fuzz
mkdir -p "$out"
mapfile -t wire < <(find Sources/Wire -name '*.swift' | sort)
mapfile -t dialects < <(find Sources/Dialects -name '*.swift' | sort)
mapfile -t tokens < <(find Sources/Tokens -name '*.swift' | sort)
status=0

for target in JSON JSON5 LenientJSON EventStream Multipart Media Tokens SCGI ToolCalls; do
    main=Tests/Fuzz/Fuzz$target.swift
    sources=("${wire[@]}")
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
        swiftc -O -wmo -swift-version 6 -sanitize=address -parse-as-library -module-name CGI \
            -emit-module -emit-module-path "$out/CGI.swiftmodule" -emit-object -o "$out/CGI.o" \
            Sources/CGI/RequestScan.swift
        sources=(Sources/SCGI/HeaderScanner.swift -I "$out" "$out/CGI.o")
    fi
    if [[ $target == ToolCalls ]]; then
        swiftc -O -wmo -swift-version 6 -sanitize=address -parse-as-library -module-name Wire \
            -emit-module -emit-module-path "$out/Wire.swiftmodule" -emit-object -o "$out/Wire.o" "${wire[@]}"
        sources=("${dialects[@]}" -I "$out" "$out/Wire.o")
    fi
    mkdir -p "$out/$target/corpus"
    # The linker warns about symbols of the sanitizer's own.
    if ! swiftc -O -wmo -swift-version 6 -sanitize=fuzzer,address -parse-as-library \
        -module-name "Fuzz$target" "${sources[@]}" "$main" -o "$out/$target/fuzz" 2>"$out/$target/build.log"; then
        cat "$out/$target/build.log" >&2
        exit 1
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
        status=1
    fi
done
exit "$status"

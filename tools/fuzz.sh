#!/usr/bin/env bash
# Fuzzes the targets of `fuzz/` with libFuzzer, from the corpus that is kept there, and closes with a line for each.
# Usage: tools/fuzz.sh [TARGET|all] [SECONDS for each]; with KEEP=1, what was found is merged into the kept corpus.
# An input that breaks something is left in target/fuzz/found/.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${2:-8}
all=(wire stanza stream sasl session user conversation record row cluster_message)
targets=("${1:-all}")
[ "${targets[0]}" = all ] && targets=("${all[@]}")

export ROCKSDB_STATIC=1 ROCKSDB_LIB_DIR RUSTC_WORKSPACE_WRAPPER=$PWD/tools/sancov.sh
ROCKSDB_LIB_DIR=$(tools/rocksdb.sh)
# With `--workspace` the dependencies are those that the tests have compiled already.
cargo build --locked --workspace --features fuzz/libfuzzer --bin libfuzzer
fuzzer=target/debug/libfuzzer
mkdir -p target/fuzz/found

run() { # TARGET: fuzzes it, and keeps what is new in target/fuzz/corpus
    local new=target/fuzz/corpus/$1 log=target/fuzz/$1.log ascii=1 length=4096 dictionary=()
    case $1 in record | row | cluster_message) ascii=0 ;; esac
    case $1 in user | conversation) length=1024 ;; esac
    case $1 in wire | stanza | stream | session) dictionary=(-dict=fuzz/xmpp.dict) ;; esac
    mkdir -p "$new"
    LINNET_FUZZ=$1 "$fuzzer" "$new" "fuzz/corpus/$1" -max_total_time="$seconds" -max_len=$length -timeout=20 \
        -rss_limit_mb=1024 -only_ascii=$ascii "${dictionary[@]}" -artifact_prefix="target/fuzz/found/$1-" \
        -print_final_stats=1 >"$log" 2>&1
}

summary() { # TARGET
    awk -v name="$1" '
        match($0, /cov: [0-9]+/) { cov = substr($0, RSTART + 5, RLENGTH - 5) }
        match($0, /corp: [0-9]+/) { corpus = substr($0, RSTART + 6, RLENGTH - 6) }
        /stat::number_of_executed_units/ { runs = $2 }
        END { printf "fuzz %-15s %9d runs, %5d inputs, %6d edges covered\n", name, runs, corpus, cov }
    ' "target/fuzz/$1.log"
}

failed=()
pids=()
at_once=$(nproc)
wait_for_one() { # the oldest
    local target=${pids[0]%%:*} pid=${pids[0]##*:}
    pids=("${pids[@]:1}")
    if wait "$pid"; then summary "$target"; else
        failed+=("$target")
        echo "fuzz $target FAILED:"
        tail -n 40 "target/fuzz/$target.log"
    fi
}
for target in "${targets[@]}"; do
    [ ${#pids[@]} -lt "$at_once" ] || wait_for_one
    echo "fuzz $target for $seconds s" >&2
    run "$target" &
    pids+=("$target:$!")
done
while [ ${#pids[@]} -gt 0 ]; do wait_for_one; done

if [ "${KEEP:-0}" = 1 ]; then
    for target in "${targets[@]}"; do
        merged=$(mktemp -d)
        LINNET_FUZZ=$target "$fuzzer" -set_cover_merge=1 -use_counters=0 -max_len=4096 "$merged" "fuzz/corpus/$target" "target/fuzz/corpus/$target" \
            2>&1 | grep 'MERGE-OUTER: .* new files' || true
        rm -rf "fuzz/corpus/$target" && mv "$merged" "fuzz/corpus/$target" && chmod 755 "fuzz/corpus/$target"
    done
fi
[ ${#failed[@]} -eq 0 ] || { echo "fuzz: failed: ${failed[*]}"; exit 1; }

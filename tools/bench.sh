#!/usr/bin/env bash
# Instructions of one turn of each hot path (services/tests/benches/paths.rs), counted by callgrind: the difference
# between many turns and few, divided. The numbers depend on the compiler and the code, not on the machine's load.
# Usage: tools/bench.sh [NAME]
set -euo pipefail
cd "$(dirname "$0")/.."
tools/install.sh bench
ROCKSDB_LIB_DIR=$(tools/rocksdb.sh)
export ROCKSDB_STATIC=1 ROCKSDB_LIB_DIR
bench=$(cargo bench --locked -p tests --bench paths --no-run --message-format=json |
    sed -n 's/.*"executable":"\([^"]*\/paths-[^"]*\)".*/\1/p' | tail -1)
few=100 many=2100
count() { # NAME TIMES
    local said
    said=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null "$bench" "$1" "$2" 2>&1) ||
        { echo "$said" >&2; return 1; }
    awk '/Collected *:/ { print $4 }' <<<"$said"
}
printf '| hot path | instructions |\n|---|---:|\n'
for name in $("$bench"); do
    [ -z "${1:-}" ] || [ "$1" = "$name" ] || continue
    less=$(count "$name" $few) more=$(count "$name" $many)
    printf '| %s | %d |\n' "$name" $(((more - less) / (many - few)))
done

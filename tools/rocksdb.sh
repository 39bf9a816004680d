#!/usr/bin/env bash
# Keeps one optimised static RocksDB for all profiles and clones, outside the clone: it takes about 25 CPU minutes to
# build and never changes with our code. Prints the folder that holds it, for ROCKSDB_LIB_DIR.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${LINNET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/linnet}/rocksdb
version=$(sed -n '/^name = "librocksdb-sys"$/{n;s/^version = "\(.*\)"$/\1/p}' Cargo.lock)
if [ "$(cat "$cache/version" 2>/dev/null)" != "$version" ] || [ ! -f "$cache/librocksdb.a" ]; then
    echo "linnet: building RocksDB ($version) once, about 25 CPU minutes; it is kept in $cache" >&2
    mkdir -p "$cache"
    flags=-g0
    # Checksums of the log by instruction instead of by table, on every x86-64 machine since 2010.
    [ "$(uname -m)" = x86_64 ] && flags+=' -msse4.2 -mpclmul'
    env -u ROCKSDB_LIB_DIR -u ROCKSDB_STATIC CXXFLAGS="${CXXFLAGS:-} $flags" \
        cargo build --locked --release -p librocksdb-sys --target-dir "$cache/build" >&2
    # Several builds may lie there; the newest is ours.
    lib=$(find "$cache/build" -name librocksdb.a -printf '%T@ %p\n' | sort -rn | head -1 | cut -d' ' -f2-)
    mv "$lib" "$cache/librocksdb.a.new" && mv "$cache/librocksdb.a.new" "$cache/librocksdb.a"
    rm -rf "$cache/build"
    echo "$version" >"$cache/version"
fi
echo "$cache"

#!/usr/bin/env bash
# Keeps one cargo tool outside the clone and prints its path. Usage: tools/cargo-tool.sh cargo-deny 0.20.2
set -euo pipefail
name=$1 version=$2
root=${LINNET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/linnet}/tools
if ! "$root/bin/$name" --version 2>/dev/null | grep -qF "$version"; then
    echo "linnet: building $name $version once; it is kept in $root" >&2
    cargo install --locked --quiet "$name" --version "$version" --root "$root" >&2
fi
echo "$root/bin/$name"

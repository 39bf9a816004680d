#!/usr/bin/env bash
# Installs what a task needs on Debian or Ubuntu, or says in one line what is missing where it may not.
# Usage: tools/install.sh build|test|bench
set -euo pipefail
declare -A packages=(
    # cmake, libssl and a header of libcurl (nothing of which is linked): librdkafka is built with rdkafka.
    [build]="build-essential clang libclang-dev pkg-config cmake libssl-dev libcurl4-openssl-dev"
    # A JRE and maven: a real Kafka (tools/kafka.sh).
    [test]="python3 python3-slixmpp profanity tmux curl haproxy prometheus python3-pip openjdk-17-jre-headless maven"
    [bench]="valgrind"
)
wanted=(${packages[build]})
[ "${1:-build}" = build ] || wanted+=(${packages[$1]})
missing=()
for package in "${wanted[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
say() { echo "linnet: missing Debian packages: ${missing[*]} (apt-get install ${missing[*]})" >&2; exit 1; }
command -v apt-get >/dev/null || say
if [ "$(id -u)" = 0 ]; then as_root=(); elif sudo -n true 2>/dev/null; then as_root=(sudo -n); else say; fi
echo "linnet: installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq >&2
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2 || say

#!/usr/bin/env bash
# Runs the same scenarios against Linnet, ejabberd and Prosody, one server after the other on this machine: the server
# on core 0, the generator on core 1, TLS and archive on. Writes OUT/*.json, one per server and scenario, and
# OUT/table.md. Needs two cores and about 40 minutes; with QUICK=1 about 6, to try it.
#
#   make build && cargo build --release -p loadtest && loadtest/compare.sh
#
# Environment: SERVERS (linnet ejabberd prosody), ONLY some scenarios ("idle im", all), OUT (./run/compare), QUICK
# (unset), and the programs LINNET and LOADTEST (./target/release/…). Ejabberd and Prosody are installed from Debian if they are missing.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cd "$here/.."
SERVERS=${SERVERS:-linnet ejabberd prosody}
OUT=${OUT:-$PWD/run/compare}
TARGETS=${CARGO_TARGET_DIR:-$PWD/target}
LINNET=${LINNET:-$TARGETS/release/linnet}
LOADTEST=${LOADTEST:-$TARGETS/release/loadtest}
SERVER_CORE=${SERVER_CORE:-0} LOAD_CORE=${LOAD_CORE:-1}

# The numbers of the scenarios. Users 0 to STORM-1 have 20 contacts each, the PRESENCE users after them 40.
STORM=2000 PRESENCE=200 SIGN_IN=500 IDLE=1000 IM=200 SECONDS_EACH=30 RATES="200" LINNET_RATES="1000 2000 10000"
if [ -n "${QUICK:-}" ]; then
  STORM=100 PRESENCE=60 SIGN_IN=100 IDLE=100 IM=50 SECONDS_EACH=5 RATES="100" LINNET_RATES="1000"
fi

work=$(mktemp -d) server_pid=
stop() {
  [ -n "$server_pid" ] || return 0
  kill "$server_pid" 2>/dev/null || true
  for _ in $(seq 100); do kill -0 "$server_pid" 2>/dev/null || break; sleep 0.1; done
  kill -9 "$server_pid" 2>/dev/null || true
  wait "$server_pid" 2>/dev/null || true
  server_pid=
  cat "$dir"/*log >"$OUT/$name.log" 2>/dev/null || true
}
trap 'stop; rm -rf "$work"' EXIT

need() { # program package
  command -v "$1" >/dev/null && return
  echo "installing $2 from Debian"
  # RUNLEVEL=1: the package's own service is not started.
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$2" >/dev/null
}

fill() { sed -e "s|@DIR@|$dir|g" -e "s|@PORT@|$port|g" "$here/peers/$1"; }

pem() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,DNS:conference.localhost \
    -keyout "$dir/key.pem" -out "$dir/cert.pem" 2>/dev/null
  cat "$dir/cert.pem" "$dir/key.pem" >"$dir/peer.pem"
}

start_linnet() {
  taskset -c "$SERVER_CORE" "$LINNET" standard --data "$dir/data" --domain localhost \
    --xmpp "127.0.0.1:$port" --xmpp-tls off --http off --grpc "127.0.0.1:$((port + 1))" \
    --max-connections-per-address 100000 >"$dir/log" 2>&1 &
  server_pid=$!
}

start_ejabberd() {
  need ejabberdctl ejabberd
  pem
  fill ejabberd.yml >"$dir/ejabberd.yml"
  mkdir "$dir/data"
  # As ejabberdctl starts it, but without a node name, so that no port mapper is left behind, and without busy waiting.
  (cd "$dir/data" && EJABBERD_CONFIG_PATH="$dir/ejabberd.yml" EJABBERD_LOG_PATH="$dir/ejabberd.log" \
    ERL_LIBS="/usr/lib/$(uname -m)-linux-gnu" HOME="$dir" ERL_CRASH_DUMP=/dev/null \
    exec taskset -c "$SERVER_CORE" erl -noinput +K true +P 250000 +sbwt none +sbwtdcpu none +sbwtdio none \
    -mnesia dir "\"$dir/data\"" -s ejabberd >"$dir/log" 2>&1) &
  server_pid=$!
}

start_prosody() {
  need prosody prosody
  pem
  fill prosody.cfg.lua >"$dir/prosody.cfg.lua"
  mkdir "$dir/data"
  taskset -c "$SERVER_CORE" prosody -F --config "$dir/prosody.cfg.lua" >"$dir/log" 2>&1 &
  server_pid=$!
}

await_port() {
  for _ in $(seq 300); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return
    kill -0 "$server_pid" 2>/dev/null || break
    sleep 0.1
  done
  echo "$name did not start; its log:" >&2
  tail -n 20 "$dir"/*log* >&2
  exit 1
}

load() { taskset -c "$LOAD_CORE" "$LOADTEST" "$@"; }

# Whether this scenario is to be played.
wanted() { [[ -z ${ONLY:-} || " $ONLY " == *" $1 "* ]]; }

failed=0
play() { # file, then the scenario and its flags
  local file=$1
  shift
  wanted "$1" || return 0
  echo "--- $name: $*"
  load "$@" --target "127.0.0.1:$port" --server-pid "$server_pid" --label "$name" --json "$OUT/$name-$file.json" ||
    { echo "--- $name: $file did not pass" && failed=1; }
}

provision() {
  local how=(--via xep0077)
  [ "$name" != linnet ] || how=(--via linnet --command "$LINNET" --grpc "127.0.0.1:$((port + 1))")
  load provision users "${how[@]}" --target "127.0.0.1:$port" --users $((STORM + PRESENCE)) --at-once 8
  if wanted storm; then load provision contacts --target "127.0.0.1:$port" --users "$STORM" --contacts 20; fi
  if wanted presence; then
    load provision contacts --target "127.0.0.1:$port" --first "$STORM" --users "$PRESENCE" --contacts 40
  fi
}

scenarios() {
  local rates=$RATES rate
  # Memory first, while the server is fresh: later it has what earlier sessions left behind.
  play 1-idle idle --users "$IDLE" --seconds "$SECONDS_EACH"
  play 2-sign-in sign-in --users "$SIGN_IN"
  # Higher rates than about 500/s are beyond the other servers: nothing would be measured but the queue.
  [ "$name" != linnet ] || rates="$RATES $LINNET_RATES"
  for rate in $rates; do
    play "3-im-$rate" im --users "$IM" --rate "$rate" --seconds "$SECONDS_EACH"
  done
  play 4-im-saturated im --users "$IM" --saturate 8 --seconds "$SECONDS_EACH"
  play 5-presence presence --first "$STORM" --users "$PRESENCE" --contacts 40 --rate 40 --seconds "$SECONDS_EACH"
  play 6-conference conference --users 100 --occupants 25 --rate 20 --seconds "$SECONDS_EACH"
  play 7-storm storm --users "$STORM" --contacts 20 --at-once 256 --wait 300
}

mkdir -p "$OUT"
ulimit -n "$(ulimit -Hn)"
port=15222
for name in $SERVERS; do
  dir=$work/$name
  mkdir "$dir"
  "start_$name"
  await_port
  provision
  scenarios
  stop
  port=$((port + 100))
done
"$LOADTEST" table $(for name in $SERVERS; do echo "$OUT/$name"-*.json; done) | tee "$OUT/table.md"
exit "$failed"

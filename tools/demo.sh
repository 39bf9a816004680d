#!/usr/bin/env bash
# Starts Standard Edition in ./run with a demo domain and three users, and says how to point a client at it.
# DOMAIN, DATA and the ports can be set in the environment.
set -euo pipefail
cd "$(dirname "$0")/.."
domain=${DOMAIN:-demo.localhost} data=${DATA:-run/demo} grpc=${LINNET_GRPC:-127.0.0.1:5290}
linnet=target/release/linnet
mkdir -p "$data"

"$linnet" standard --data "$data" --domain "$domain" --grpc "$grpc" >"$data/ready" 2>"$data/linnet.log" &
server=$!
trap 'kill -TERM $server 2>/dev/null || true; wait $server || true' EXIT
trap 'exit 0' INT TERM
until grep -q 'is ready' "$data/ready"; do
    kill -0 $server 2>/dev/null || { cat "$data/linnet.log" >&2; exit 1; }
    sleep 0.1
done

# Made at the first start and kept, so that a restart finds the same people.
passwords=$data/passwords
if [ ! -f "$passwords" ]; then
    (umask 077 && for user in alice bob carol; do
        printf '%s\t%s\n' "$user@$domain" "$(head -c 9 /dev/urandom | base64 | tr '+/' 'xy')"
    done >"$passwords")
    while IFS=$'\t' read -r address password; do
        printf '%s' "$password" | "$linnet" user add "$address" --grpc "$grpc" --password-stdin >/dev/null
    done <"$passwords"
fi

cat <<END

  Linnet serves $domain

$(while IFS=$'\t' read -r address password; do printf '    %-28s password %s\n' "$address" "$password"; done <"$passwords")

  Point any XMPP client at it: the account from above, server 127.0.0.1 (port 5222, STARTTLS; or 5223, TLS).
  Let the client trust this certificate authority: $data/tls/ca.pem

    profanity:  /account add me; /account me set jid alice@$domain; /account me set server 127.0.0.1
                /tls cafile $PWD/$data/tls/ca.pem; /connect me
    talk:       /msg bob@$domain Hello          a conference: /join tea@conference.$domain

  Look:   $linnet status --watch --grpc $grpc
          curl --cacert $data/tls/ca.pem https://localhost:5280/metrics
  Log:    $data/linnet.log
  Stop:   Ctrl-C (or SIGTERM); everything that was acknowledged is on disk.

END
wait $server

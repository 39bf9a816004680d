#!/usr/bin/env bash
# A real Apache Kafka (KRaft) for tests and for trying a pool: brokers on loopback, kept outside the clone.
#   kafka.sh install               fetches it once (about 55 MB, with mvn) and prints the folder
#   kafka.sh start DIR NODES PORT  starts what does not run; broker i listens on PORT+2(i-1), its controller one above
#   kafka.sh kill|pause|resume DIR N     kill -9, SIGSTOP, SIGCONT of one broker
#   kafka.sh run kafka-configs.sh …      one of Kafka's own tools by its usual name, as a refusal of linnet names it
#   kafka.sh stop DIR              kill -9 of all; nothing that was acknowledged needs more
# DIR/extra.properties is appended to each broker's configuration ({port}, {controller}, {secure}: a port more); DIR/scram holds `name password` of a SCRAM user.
# LINNET_KAFKA_OWNER=PID: all of it ends, DIR too, when that process does. LINNET_KAFKA_JVM: flags of the brokers.
set -euo pipefail
version=4.3.1 log4j=2.25.4 # the log4j-core that this Kafka brings
cache=${LINNET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/linnet}/kafka
lib=$cache/$version
# What ends early counts: C1 alone starts in half the time, and a broker of a test has little to do.
jvm=${LINNET_KAFKA_JVM:--Xms96m -Xmx384m -XX:TieredStopAtLevel=1}
die() { echo "linnet: $*" >&2; exit 1; }

install() {
    [ -f "$lib/log4j2.properties" ] && return
    mkdir -p "$cache"
    (flock 8 && fetch) 8>"$cache/lock"
}

fetch() {
    [ -f "$lib/log4j2.properties" ] && return
    command -v mvn >/dev/null || die "mvn is missing (tools/install.sh test)"
    echo "linnet: fetching Kafka $version once; it is kept in $cache" >&2
    local new=$cache/new
    rm -rf "$new" && mkdir "$new"
    dependency() { echo "<dependency><groupId>$1</groupId><artifactId>$2</artifactId><version>$3</version></dependency>"; }
    {
        echo '<project><modelVersion>4.0.0</modelVersion><groupId>k</groupId><artifactId>k</artifactId><version>1</version><dependencies>'
        dependency org.apache.kafka kafka_2.13 $version
        dependency org.apache.kafka kafka-tools $version
        dependency org.apache.logging.log4j log4j-slf4j-impl $log4j
        echo '</dependencies></project>'
    } >"$new/pom.xml"
    mvn -B -q -f "$new/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$new" >&2
    printf '%s\n' appender.c.{type=Console,name=C,layout.type=PatternLayout,'layout.pattern=[%d] %p %m (%c)%n'} \
        'rootLogger.level=INFO' rootLogger.appenderRef.c.ref=C >"$new/log4j2.properties"
    mv -T "$new" "$lib"
}

java_of_kafka() {
    # shellcheck disable=SC2086
    exec java $jvm -XX:+UseSerialGC -XX:-UsePerfData -XX:ErrorFile=/dev/null \
        -Dlog4j2.configurationFile="$lib/log4j2.properties" -cp "$lib/*" "$@"
}

configure() { # of broker $1; the last lines are for small brokers that fail over in seconds
    local i voters='' replicas=$((nodes < 3 ? nodes : 3)) at=$((port + 2 * ($1 - 1)))
    for ((i = 1; i <= nodes; i++)); do voters+=,$i@127.0.0.1:$((port + 2 * i - 1)); done
    cat <<END
process.roles=broker,controller
node.id=$1
listeners=PLAINTEXT://127.0.0.1:$at,CONTROLLER://127.0.0.1:$((at + 1))
advertised.listeners=PLAINTEXT://127.0.0.1:$at
controller.listener.names=CONTROLLER
controller.quorum.voters=${voters:1}
log.dirs=$dir/$1/data
default.replication.factor=$replicas
min.insync.replicas=$((replicas > 1 ? 2 : 1))
offsets.topic.replication.factor=$replicas
offsets.topic.num.partitions=1
auto.create.topics.enable=false
log.cleaner.dedupe.buffer.size=16777216
num.network.threads=2
num.io.threads=4
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=500
END
    if [ -f "$dir/extra.properties" ]; then sed "s/{port}/$at/g; s/{controller}/$((at + 1))/g; s/{secure}/$((port + 2 * nodes))/g" "$dir/extra.properties"; fi
}

format() {
    local scram=() name password
    if [ -f "$dir/scram" ]; then
        read -r name password <"$dir/scram"
        scram=(--add-scram "SCRAM-SHA-512=[name=$name,password=$password]")
    fi
    (java_of_kafka kafka.tools.StorageTool format -t "$(cat "$dir/cluster")" -c "$dir/$1/server.properties" \
        "${scram[@]}") >"$dir/$1/format.log" 2>&1 || die "formatting failed; see $dir/$1/format.log"
}

pid() { # of broker $1, if it runs
    local p
    p=$(cat "$dir/$1/pid" 2>/dev/null) && grep -qzxF "$dir/$1/server.properties" "/proc/$p/cmdline" 2>/dev/null && echo "$p"
}

start() {
    local i started=() deadline=$((SECONDS + 90))
    install
    [ -f "$dir/cluster" ] || echo "$(head -c48 /dev/urandom | base64 | tr -dc A-Za-z0-9 | cut -c1-21)A" >"$dir/cluster"
    for ((i = 1; i <= nodes; i++)); do
        pid $i >/dev/null && continue
        mkdir -p "$dir/$i/data"
        if [ ! -f "$dir/$i/data/meta.properties" ]; then configure $i >"$dir/$i/server.properties" && format $i; fi
        (java_of_kafka kafka.Kafka "$dir/$i/server.properties") >"$dir/$i/log" 2>&1 </dev/null &
        echo $! >"$dir/$i/pid"
        started+=($i)
    done
    [ -z "${LINNET_KAFKA_OWNER:-}" ] || [ -f "$dir/watched" ] || watch
    for i in "${started[@]}"; do
        until grep -q 'Kafka Server started' "$dir/$i/log"; do
            pid $i >/dev/null || sleep 0.2
            pid $i >/dev/null || die "broker $i ended: $(grep -m3 -E 'ERROR|Exception' "$dir/$i/log")"
            [ $SECONDS -lt $deadline ] || die "broker $i does not start; see $dir/$i/log"
            sleep 0.1
        done
    done
}

watch() {
    touch "$dir/watched"
    (
        while kill -0 "$LINNET_KAFKA_OWNER" 2>/dev/null; do sleep 0.5; done
        stop && rm -rf "$dir"
    ) >/dev/null 2>&1 </dev/null &
}

stop() {
    local at p
    for at in "$dir"/*/pid; do
        p=$(pid "$(basename "$(dirname "$at")")") && kill -9 "$p"
    done
    return 0
}

run() {
    local class
    case $1 in
        kafka-configs.sh) class=kafka.admin.ConfigCommand ;;
        kafka-topics.sh) class=org.apache.kafka.tools.TopicCommand ;;
        kafka-delete-records.sh) class=org.apache.kafka.tools.DeleteRecordsCommand ;;
        *) die "no tool $1" ;;
    esac
    install && java_of_kafka "$class" "${@:2}"
}

signal() { local p && p=$(pid "$2") && kill "-$1" "$p" || die "broker $2 does not run"; }

command=${1:-help} dir=$(realpath -m "${2:-.}")
case $command:$# in
    install:1) install && echo "$lib" ;;
    start:4) nodes=$3 port=$4 && mkdir -p "$dir" && start ;;
    kill:3) signal KILL "$3" ;;
    pause:3) signal STOP "$3" ;;
    resume:3) signal CONT "$3" ;;
    run:*) run "${@:2}" ;;
    stop:2) stop ;;
    *) sed -n '2,10s/^# \{0,1\}//p' "$0" && exit 2 ;;
esac

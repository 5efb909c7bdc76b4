# shellcheck shell=bash
# A private Redis in a folder of its own. Needs say.sh, tools.sh and process.sh.
#
#   <folder>/service     the word "redis"
#   <folder>/password    made once
#   <folder>/port        kept over restarts while it is free
#   <folder>/bus-port    a cluster's member only: where the members speak with each other
#   <folder>/redis.conf  written at each start
#   <folder>/process     who it is, while it runs
#   <folder>/log
#
# Loopback only, with a password, and nothing on disk: in this project Redis is disposable.

# With "member" as second argument: one that is to join a cluster with those beside it. Any other makes no difference here.
redis_create() {
    local folder=$1 together=${1%/*}/password
    find_redis >/dev/null || fail "Redis $OLDEST_REDIS or newer is not installed. Run bin/setup."
    make_folder 711 "$folder"
    (
        umask 077
        if [[ ${2:-} != member ]]; then
            random_hex 24 >"$folder/password"
        else
            [[ -s $together ]] || random_hex 24 >"$together"
            cp -- "$together" "$folder/password"
            random_free_port >"$folder/bus-port"
        fi
    )
    printf 'redis\n' >"$folder/service"
}

redis_exists() {
    [[ -f $1/service && -s $1/password ]]
}

redis_start() {
    local folder=$1 program started_pid attempt
    [[ -z $(redis_pid "$folder") ]] || return 0
    program=$(find_redis) || fail "Redis $OLDEST_REDIS or newer is not installed. Run bin/setup."
    for attempt in {1..5}; do
        if [[ ! -f $folder/port ]] || ! port_is_free "$(<"$folder/port")"; then
            random_free_port >"$folder/port"
        fi
        _redis_configure "$folder"
        start_apart "$folder/log" "$program" "$folder/redis.conf"
        record_process "$folder/process" "$started_pid" || true
        _redis_wait "$folder" "$started_pid" && return 0
        # Most likely somebody took the port between our look and the start.
        rm -f -- "$folder/port"
    done
    say_log_end "$folder/log"
    fail "Redis does not start (its log: $folder/log; $attempt attempts)."
}

redis_stop() {
    local pid
    pid=$(redis_pid "$1")
    [[ -n $pid ]] || return 0
    end_process "$pid" 10 || fail "Redis (process $pid) does not stop."
    rm -f -- "$1/process"
}

redis_kill() {
    local pid
    pid=$(redis_pid "$1")
    [[ -n $pid ]] || return 0
    kill -KILL "$pid" 2>/dev/null || true
    wait_for_end "$pid" 10
}

# Connections stay open and nothing answers: what a network partition looks like from a client.
redis_freeze() {
    local pid
    pid=$(redis_pid "$1")
    [[ -n $pid ]] || fail "no Redis runs in $1."
    kill -STOP "$pid"
}

redis_thaw() {
    local pid
    pid=$(redis_pid "$1")
    [[ -n $pid ]] || return 0
    kill -CONT "$pid" 2>/dev/null || true
}

redis_destroy() {
    redis_stop "$1"
    rm -rf -- "$1"
}

# Prints the process id; nothing when it is down.
redis_pid() {
    recorded_process "$1/process" '*redis-server*' || true
}

redis_url() {
    printf 'redis://default:%s@127.0.0.1:%s/\n' "$(<"$1/password")" "$(<"$1/port")"
}

redis_log() {
    printf '%s/log\n' "$1"
}

# In a file, not on the command line, which is for everyone to see.
_redis_configure() {
    # The configuration reads backslashes and quotes inside quotes.
    local quoted=${1//\\/\\\\}
    (
        umask 077
        cat >"$1/redis.conf" <<CONF
bind 127.0.0.1
port $(<"$1/port")
requirepass $(<"$1/password")
dir "${quoted//\"/\\\"}"
save ""
appendonly no
daemonize no
CONF
        [[ ! -f $1/bus-port ]] || cat >>"$1/redis.conf" <<CONF
cluster-enabled yes
cluster-port $(<"$1/bus-port")
cluster-config-file members.conf
cluster-node-timeout 2000
cluster-require-full-coverage no
CONF
    )
}

_redis_wait() {
    local folder=$1 pid=$2 deadline=$((SECONDS + 20))
    until _redis_answers "$folder"; do
        process_start_time "$pid" >/dev/null || return 1
        ((SECONDS < deadline)) || return 1
        sleep 0.05
    done
}

# Whether the Redis that answers on our port is ours, that is: takes our password.
_redis_answers() {
    (
        exec 3<>"/dev/tcp/127.0.0.1/$(<"$1/port")" || exit 1
        printf 'AUTH %s\r\nPING\r\n' "$(<"$1/password")" >&3
        read -r -t 5 first <&3 && read -r -t 5 second <&3
        [[ $first == +OK* && $second == +PONG* ]]
    ) 2>/dev/null 9>&-
}

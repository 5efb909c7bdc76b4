# shellcheck shell=bash
# Processes by their id, and nothing else: who runs, whether an id that was written down is still the same process,
# how to end it; and the free ports, random words and locks that starting processes needs.
#
# A process id alone proves nothing: after a crash or a reboot the number belongs to somebody else. So an id is
# written down together with the process's start time (in clock ticks since boot) and believed only while both are
# the same and the command line is the one that we started.
#
# File descriptor 9 is the lock of the script that runs. Everything that outlives the script closes it ("9>&-").

# Prints when the process started; fails when there is none, or only its remains (a zombie that nobody collected, as
# happens in containers without an init).
process_start_time() {
    local stat fields
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    # The second field is the program's name in parentheses and may hold anything, so count from the last one.
    read -r -a fields <<<"${stat##*) }"
    [[ ${fields[0]} != [ZX] ]] || return 1
    printf '%s\n' "${fields[19]}"
}

# record_process FILE PID: writes down who that is.
record_process() {
    local start_time
    start_time=$(process_start_time "$2") || return 1
    printf '%s %s\n' "$2" "$start_time" >"$1"
}

# recorded_process FILE PATTERN: prints the id written in FILE, if that very process runs and its command line matches.
recorded_process() {
    local pid start_time arguments
    { read -r pid start_time <"$1"; } 2>/dev/null || return 1
    [[ $pid =~ ^[1-9][0-9]*$ && -n $start_time ]] || return 1
    [[ $(process_start_time "$pid") == "$start_time" ]] || return 1
    { mapfile -d '' -t arguments <"/proc/$pid/cmdline"; } 2>/dev/null || return 1
    # shellcheck disable=SC2053  # the right side is a pattern on purpose
    [[ ${arguments[*]} == $2 ]] || return 1
    printf '%s\n' "$pid"
}

# wait_for_end PID SECONDS: fails when the process is still there after that time.
wait_for_end() {
    local pid=$1 start_time deadline=$((SECONDS + $2))
    start_time=$(process_start_time "$pid") || return 0
    while [[ $(process_start_time "$pid") == "$start_time" ]]; do
        ((SECONDS < deadline)) || return 1
        sleep 0.05
    done
}

# end_process PID SECONDS: asks politely, waits that long, then insists.
# The caller has made sure that the id is ours.
end_process() {
    kill -TERM "$1" 2>/dev/null || return 0
    # A frozen process would never see the polite request.
    kill -CONT "$1" 2>/dev/null || true
    wait_for_end "$1" "$2" && return 0
    kill -KILL "$1" 2>/dev/null || return 0
    wait_for_end "$1" 10
}

# start_apart LOG PROGRAM…: starts a program in a session of its own, so that Ctrl-C in this terminal does not reach
# it and we decide the order of the end. Sets started_pid.
start_apart() {
    local log=$1
    shift
    setsid "$@" </dev/null >>"$log" 2>&1 9>&- &
    # shellcheck disable=SC2034  # for the caller
    started_pid=$!
}

# run_interruptibly PROGRAM…: runs a long job so that a signal to this script takes effect at once. Bash would hold
# the signal back until a foreground child ends. end_interruptible_job, from the script's exit trap, ends the job's
# whole process group.
interruptible_job=
run_interruptibly() {
    local status=0
    setsid "$@" </dev/null 9>&- &
    interruptible_job=$!
    wait "$interruptible_job" || status=$?
    interruptible_job=
    return "$status"
}

end_interruptible_job() {
    [[ -n $interruptible_job ]] || return 0
    local job=$interruptible_job
    interruptible_job=
    kill -TERM -- "-$job" 2>/dev/null || kill -TERM "$job" 2>/dev/null || return 0
    wait_for_end "$job" 10 || kill -KILL -- "-$job" 2>/dev/null || true
}

# make_folder MODE FOLDER
make_folder() {
    mkdir -p -- "$2"
    chmod "$1" -- "$2"
}

# random_hex BYTES: for passwords; has no character that an URL or a configuration file would read otherwise.
random_hex() {
    od -An -v -N "$1" -tx1 /dev/urandom | tr -d ' \n'
}

# Whether nobody listens on a port of this machine. Looks it up instead of connecting, which would disturb who does.
port_is_free() {
    local wanted
    printf -v wanted '%04X' "$1"
    # In these tables 0A is the state LISTEN; $2 is the local address as HEX:PORT.
    ! cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
        awk -v port=":$wanted" '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }'
}

# A random free port below the range from which the kernel serves outgoing connections, so that it is still ours to
# have when a service comes back after a restart.
random_free_port() {
    local number
    while true; do
        number=$(od -An -N2 -tu2 /dev/urandom)
        number=$((20000 + number % 10000))
        port_is_free "$number" && break
    done
    printf '%s\n' "$number"
}

# next_free_port PORT: that one, or the next that nobody listens on.
next_free_port() {
    local port=$1
    until port_is_free "$port"; do
        port=$((port + 1))
    done
    printf '%s\n' "$port"
}

# answers_http PORT PATH: whether GET is answered with 200. By bash itself, as a bare machine has no curl.
answers_http() {
    (
        exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
        printf 'GET %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n\r\n' "$2" "$1" >&3
        read -r -t 5 _ status _ <&3 && [[ $status == 200 ]]
    ) 2>/dev/null 9>&-
}

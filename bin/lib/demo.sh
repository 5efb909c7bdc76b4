# shellcheck shell=bash
# The parts of the demo: its lock, its three processes, the file that tells others about them. For bin/demo.
# Needs load.sh, and the variables root and demo (the checkout and its folder .demo).
: "${root:?}" "${demo:?}"

# What this bin/demo started itself, in order; what ends with it.
started=()
# Set in the environment by the user: then these are used and no private ones are started.
external_database=${DATABASE_URL:-}
external_redis=${REDIS_URL:-}

# ------------------------------------------------------------------ the lock: one start or stop at a time, per checkout

open_demo() {
    make_folder 711 "$demo" 2>/dev/null || true
    [[ -w $demo && -x $demo ]] ||
        fail "cannot write to $demo. It may belong to another user: remove it as that user, or run this as that user."
    exec 9>>"$demo/lock"
}

take_lock_or_leave() {
    open_demo
    if ! flock -n 9; then
        say "Another bin/demo$(name_starter) is starting or stopping the demo in this checkout."
        say 'End it with Ctrl-C in its terminal, or with bin/demo --stop.'
        exit 1
    fi
    record_process "$demo/starter" $$
}

# For --stop: whoever is starting the demo is told to stop, and cleans up after itself. Who is stopping it is not
# disturbed by that, and we wait for the end.
take_lock_from_starter() {
    open_demo
    if ! flock -n 9; then
        local starter
        if starter=$(recorded_process "$demo/starter" '*demo*'); then
            say "Telling the bin/demo that is starting (process $starter) to stop."
            kill -TERM "$starter" 2>/dev/null || true
        fi
        flock -w 300 9 || fail "another bin/demo$(name_starter) does not let go of $demo/lock."
    fi
    record_process "$demo/starter" $$
}

name_starter() {
    local starter
    starter=$(recorded_process "$demo/starter" '*demo*') && printf ' (process %s)' "$starter"
    return 0
}

release_lock() {
    exec 9>&-
}

# --------------------------------------------------------------------------------------------------------- the program

# Sets program. Asks cargo, as the target folder may be set in several places.
find_program() {
    local project target
    project=$(cd -- "$root" && cargo metadata --no-deps --offline --format-version 1 9>&-) ||
        fail 'cargo cannot read this project; what it said is above.'
    target=$(sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p' <<<"$project")
    [[ -n $target ]] || fail 'cargo does not say where it builds (cargo metadata --no-deps).'
    program=$target/release/family-pairing
}

build_program() {
    say 'Building the server (release). The first time takes several minutes.'
    run_interruptibly cargo build --release --locked --bin family-pairing --manifest-path "$root/Cargo.toml" ||
        fail 'the build failed; what cargo said is above.'
    [[ -x $program ]] || fail "the build ended well, but there is no $program."
}

# -------------------------------------------------------------------------------------------------- the three processes

start_postgres() {
    [[ -z $external_database ]] || return 0
    local folder=$demo/postgres
    if ! postgres_exists "$folder"; then
        say 'Making a private PostgreSQL in .demo/postgres'
        postgres_destroy "$folder"
        postgres_create "$folder" durable
    fi
    if [[ -z $(postgres_pid "$folder") ]]; then
        say 'Starting PostgreSQL'
        started+=(postgres)
        postgres_start "$folder"
    fi
    postgres_ensure_database "$folder" family_pairing
    DATABASE_URL=$(postgres_url "$folder" family_pairing)
    export DATABASE_URL
}

start_redis() {
    [[ -z $external_redis ]] || return 0
    local folder=$demo/redis
    redis_exists "$folder" || redis_create "$folder"
    if [[ -z $(redis_pid "$folder") ]]; then
        say 'Starting Redis'
        started+=(redis)
        redis_start "$folder"
    fi
    REDIS_URL=$(redis_url "$folder")
    export REDIS_URL
}

server_pid() {
    recorded_process "$demo/server" '*family-pairing serve' || true
}

# The server's port is fixed before anything else happens to it, since its public address appears in pairing links.
choose_address() {
    local port=8080
    if [[ -f $demo/server.port ]]; then
        port=$(<"$demo/server.port")
    fi
    if [[ -z $(server_pid) ]] && ! port_is_free "$port"; then
        port=$(next_free_port 8080)
    fi
    printf '%s\n' "$port" >"$demo/server.port"
    export BASE_URL=http://127.0.0.1:$port
    # The commands "demo seed" and "story" look there.
    export FAMILY_PAIRING_BASE_URL=$BASE_URL
    export FAMILY_PAIRING_LISTEN=127.0.0.1:$port
    export FAMILY_PAIRING_PUBLIC_URL=$BASE_URL
    export FAMILY_PAIRING_SECRET_FILE=$demo/secret
    export FAMILY_PAIRING_LOG=${FAMILY_PAIRING_LOG:-info}
}

start_server() {
    local started_pid umask_before
    if [[ -n $(server_pid) ]] && ! server_knows_services; then
        say 'The addresses of PostgreSQL or Redis changed: restarting the server'
        stop_server
    fi
    if [[ -z $(server_pid) ]]; then
        choose_address
        say 'Bringing the database up to date'
        run_interruptibly "$program" migrate >&2 || fail 'the migration failed; what it said is above.'
        say "Starting the server on $BASE_URL"
        started+=(server)
        # The secret and the log are for this user alone.
        umask_before=$(umask)
        umask 077
        start_apart "$demo/server.log" "$program" serve
        umask "$umask_before"
        # shellcheck disable=SC2034  # bin/demo waits for it
        server_job=$started_pid
        record_process "$demo/server" "$started_pid" || true
    fi
    wait_until_ready
}

# Whether the server that runs was given the addresses that are true now.
server_knows_services() {
    [[ -f $demo/demo.env ]] &&
        grep -Fxq -- "$(environment_line DATABASE_URL "$DATABASE_URL")" "$demo/demo.env" &&
        grep -Fxq -- "$(environment_line REDIS_URL "$REDIS_URL")" "$demo/demo.env"
}

wait_until_ready() {
    local port begun=$SECONDS told=$SECONDS
    port=$(<"$demo/server.port")
    until answers_http "$port" /readyz; do
        if [[ -z $(server_pid) ]] && sleep 0.2 && [[ -z $(server_pid) ]]; then
            say_log_end "$demo/server.log"
            fail 'the server ended while starting.'
        fi
        if ((SECONDS - begun > 60)); then
            say_log_end "$demo/server.log"
            fail "the server is not ready after a minute ($BASE_URL/readyz says why)."
        fi
        if ((SECONDS - told >= 5)); then
            say "  waiting for $BASE_URL/readyz"
            told=$SECONDS
        fi
        sleep 0.1
    done
}

stop_server() {
    local pid
    pid=$(server_pid)
    [[ -n $pid ]] || return 0
    end_process "$pid" 30 || fail "the server (process $pid) does not stop."
    rm -f -- "$demo/server"
}

# stop_part server|redis|postgres: says so only when there was something to stop.
stop_part() {
    case $1 in
        server)
            [[ -n $(server_pid) ]] || return 0
            say 'Stopping the server'
            stop_server
            ;;
        redis)
            [[ -n $(redis_pid "$demo/redis") ]] || return 0
            say 'Stopping Redis'
            redis_stop "$demo/redis"
            ;;
        postgres)
            [[ -n $(postgres_pid "$demo/postgres") ]] || return 0
            say 'Stopping PostgreSQL'
            postgres_stop "$demo/postgres"
            ;;
    esac
}

# ------------------------------------------------------------------------------------------------- what others may read

# Plain KEY=value; quoted only where a shell would read an address of the user's own (…?a=b&c=d) otherwise.
environment_line() {
    if [[ $2 =~ ^[A-Za-z0-9_:/@.,%+=-]*$ ]]; then
        printf '%s=%s\n' "$1" "$2"
    else
        printf "%s='%s'\n" "$1" "${2//\'/\'\\\'\'}"
    fi
}

write_environment() {
    local postgres='' redis=''
    [[ -n $external_database ]] || postgres=$(postgres_pid "$demo/postgres")
    [[ -n $external_redis ]] || redis=$(redis_pid "$demo/redis")
    (
        umask 077
        {
            environment_line BASE_URL "$BASE_URL"
            environment_line DATABASE_URL "$DATABASE_URL"
            environment_line REDIS_URL "$REDIS_URL"
            environment_line SERVER_PID "$(server_pid)"
            environment_line POSTGRES_PID "$postgres"
            environment_line REDIS_PID "$redis"
        } >"$demo/demo.env.new"
        # At once, for whoever reads it just now.
        mv -f -- "$demo/demo.env.new" "$demo/demo.env"
    )
}

# A running server goes on with the database and the Redis that it was started with, also when this shell does not
# name them.
adopt_external_services() {
    [[ -n $(server_pid) && -f $demo/demo.env ]] || return 0
    local DATABASE_URL='' REDIS_URL='' POSTGRES_PID='' REDIS_PID=''
    # shellcheck source=/dev/null
    source "$demo/demo.env"
    [[ -n $external_database || -n $POSTGRES_PID ]] || external_database=$DATABASE_URL
    [[ -n $external_redis || -n $REDIS_PID ]] || external_redis=$REDIS_URL
}

# shellcheck shell=bash
# A private PostgreSQL in a folder of its own. Needs say.sh, tools.sh and process.sh.
#
#   <folder>/service     the word "postgres"
#   <folder>/password    of the superuser family_pairing, made once
#   <folder>/port        kept over restarts while it is free
#   <folder>/cluster/    data/ and log, owned by the user who runs PostgreSQL
#   <folder>/place       only if the cluster had to go elsewhere: the path of that place
#
# Listens on 127.0.0.1 alone. No Unix socket: its path may have 107 bytes at most, and a checkout may be deeper.

readonly POSTGRES_USER=family_pairing

# postgres_create FOLDER durable|throwaway
# "throwaway" gives up fsync, for speed: the tests kill processes, not the machine, and what a killed process has
# written is safe with the kernel. Only a power cut would tell the difference.
postgres_create() {
    local folder=$1 kind=$2 programs cluster
    programs=$(find_postgres any) || fail "PostgreSQL $OLDEST_POSTGRES or newer is not installed. Run bin/setup."
    make_folder 711 "$folder"
    printf 'postgres\n' >"$folder/service"
    (
        umask 077
        random_hex 24 >"$folder/password"
    )
    _postgres_choose_place "$folder" "$kind"
    cluster=$(_postgres_cluster "$folder")
    _postgres_init "$folder" "$cluster" "$programs" "$kind"
    _postgres_settings "$kind" | _postgres_as_owner "$cluster" tee -a "$cluster/data/postgresql.conf" >/dev/null
    # The sign that all of the above was done: a half-made cluster is made again.
    _postgres_as_owner "$cluster" touch "$cluster/complete"
}

# postgres_follow FOLDER SOURCE: a copy of the running throw-away server of SOURCE that follows it until it is promoted
# ("select pg_promote()"). Not started yet.
postgres_follow() {
    local folder=$1 source=$2 programs cluster errors
    programs=$(find_postgres any) || fail "PostgreSQL $OLDEST_POSTGRES or newer is not installed. Run bin/setup."
    make_folder 711 "$folder"
    printf 'postgres\n' >"$folder/service"
    (
        umask 077
        cp -- "$source/password" "$folder/password"
    )
    _postgres_choose_place "$folder" throwaway
    cluster=$(_postgres_cluster "$folder")
    # The password by a file, here and later when it follows: a command line is for everyone to see.
    # shellcheck disable=SC2016  # for the inner shell
    printf '127.0.0.1:%s:*:%s:%s\n' "$(<"$source/port")" "$POSTGRES_USER" "$(<"$source/password")" |
        _postgres_as_owner "$cluster" sh -c 'umask 077; cat >"$1"' sh "$cluster/primary"
    errors=$(_postgres_as_owner "$cluster" "PGPASSFILE=$cluster/primary" "$programs/pg_basebackup" --pgdata "$cluster/data" \
        --write-recovery-conf --checkpoint fast --no-sync --no-password --host 127.0.0.1 --port "$(<"$source/port")" \
        --username "$POSTGRES_USER" </dev/null 2>&1 >/dev/null) || {
        say "$errors"
        fail "PostgreSQL could not be copied from $source."
    }
    _postgres_as_owner "$cluster" touch "$cluster/complete"
}

# Whether postgres_create ran to its end here.
postgres_exists() {
    [[ -f $1/service && -f $1/password ]] || return 1
    local cluster
    cluster=$(_postgres_cluster "$1")
    [[ -f $cluster/complete ]]
}

postgres_start() {
    local folder=$1 cluster programs version errors
    [[ -z $(postgres_pid "$folder") ]] || return 0
    cluster=$(_postgres_cluster "$folder")
    version=$(<"$cluster/data/PG_VERSION")
    programs=$(find_postgres "$version") ||
        fail "the data in $folder was made by PostgreSQL $version, which is no longer installed. Install it again, or start over (bin/demo --reset)."
    local attempt log_size
    for attempt in {1..50}; do
        if [[ ! -f $folder/port ]] || ! port_is_free "$(<"$folder/port")"; then
            random_free_port >"$folder/port"
        fi
        _postgres_forget_stale_pid "$cluster"
        log_size=$(stat -c %s -- "$cluster/log" 2>/dev/null || echo 0)
        # pg_ctl puts its arguments into a shell command between quotes, which a path might hold: so no path.
        # shellcheck disable=SC2016  # for the inner shell
        errors=$(_postgres_as_owner "$cluster" sh -c 'cd "$1" && exec "$2/pg_ctl" start -s -w -t 120 -D data -l log -o "-p $3"' \
            sh "$cluster" "$programs" "$(<"$folder/port")" 2>&1) && break
        errors+=$(tail -c "+$((log_size + 1))" -- "$cluster/log" 2>/dev/null || true)
        case $errors in
            # Somebody took the port between our look and the start.
            *'ddress already in use'*) rm -f -- "$folder/port" ;;
            # The children of a killed server take a moment to notice and leave.
            *'still in use'* | *'lock file'*) sleep 0.2 ;;
            *) attempt=50 ;;
        esac
        if ((attempt == 50)); then
            say "$errors"
            fail "PostgreSQL does not start (its log: $cluster/log)."
        fi
    done
}

# postgres_stop FOLDER [fast|immediate]: "fast" ends sessions and writes everything out; "immediate" drops it all.
postgres_stop() {
    local folder=$1 mode=${2:-fast} pid cluster signal=INT
    pid=$(postgres_pid "$folder")
    [[ -n $pid ]] || return 0
    cluster=$(_postgres_cluster "$folder")
    postgres_thaw "$folder"
    [[ $mode == fast ]] || signal=QUIT
    kill -s "$signal" "$pid" 2>/dev/null || true
    wait_for_end "$pid" 60 && return 0
    kill -QUIT "$pid" 2>/dev/null || true
    wait_for_end "$pid" 10 || fail "PostgreSQL (process $pid) does not stop. Its log: $cluster/log"
}

# Ends the server as a crash would: the data is recovered at the next start.
postgres_kill() {
    local pid
    pid=$(postgres_pid "$1")
    [[ -n $pid ]] || return 0
    postgres_thaw "$1"
    kill -KILL "$pid" 2>/dev/null || true
    wait_for_end "$pid" 10
}

# Stops the clock of the server and of every session: connections stay open and nothing answers.
postgres_freeze() {
    local pid
    pid=$(postgres_pid "$1")
    [[ -n $pid ]] || fail "no PostgreSQL runs in $1."
    # The parent first, or it would start a session that we do not see.
    kill -STOP "$pid"
    _signal_children STOP "$pid"
}

postgres_thaw() {
    local pid
    pid=$(postgres_pid "$1")
    [[ -n $pid ]] || return 0
    _signal_children CONT "$pid"
    kill -CONT "$pid" 2>/dev/null || true
}

postgres_destroy() {
    local folder=$1 cluster
    postgres_stop "$folder" immediate
    cluster=$(_postgres_cluster "$folder")
    rm -rf -- "$cluster" "$folder"
}

# Prints the process id of the server of this folder; nothing when it is down.
# PostgreSQL writes the id down itself, and works in its data folder: that is how we know that the id is still true.
postgres_pid() {
    local cluster pid data
    cluster=$(_postgres_cluster "$1")
    { read -r pid <"$cluster/data/postmaster.pid"; } 2>/dev/null || return 0
    [[ $pid =~ ^[1-9][0-9]*$ ]] && process_start_time "$pid" >/dev/null || return 0
    data=$(readlink -f -- "$cluster/data")
    [[ $(readlink -- "/proc/$pid/cwd" 2>/dev/null) == "$data" ]] || return 0
    printf '%s\n' "$pid"
}

# postgres_url FOLDER [DATABASE]
postgres_url() {
    printf 'postgres://%s:%s@127.0.0.1:%s/%s\n' "$POSTGRES_USER" "$(<"$1/password")" "$(<"$1/port")" "${2:-postgres}"
}

# postgres_ensure_database FOLDER NAME
postgres_ensure_database() {
    local folder=$1 name=$2
    [[ $(_postgres_query "$folder" "SELECT 1 FROM pg_database WHERE datname = '$name'") == 1 ]] ||
        _postgres_query "$folder" "CREATE DATABASE $name"
}

postgres_log() {
    printf '%s/log\n' "$(_postgres_cluster "$1")"
}

_postgres_query() {
    local folder=$1 query=$2 programs
    programs=$(find_postgres any)
    # The password by the environment: a command line is for everyone to see.
    PGPASSWORD=$(<"$folder/password") PGCONNECT_TIMEOUT=10 "$programs/psql" --no-psqlrc --no-password --quiet \
        --tuples-only --no-align --host 127.0.0.1 --port "$(<"$folder/port")" --username "$POSTGRES_USER" \
        --dbname postgres --set ON_ERROR_STOP=1 --command "$query" </dev/null
}

_postgres_cluster() {
    if [[ -f $1/place ]]; then
        printf '%s\n' "$(<"$1/place")"
    else
        printf '%s/cluster\n' "$1"
    fi
}

# PostgreSQL refuses to run as root, and refuses data that others may read or that it does not own. So as root the
# cluster belongs to the user "postgres", who must be able to reach it: not the case for a checkout below /root or
# another's home. Then the cluster goes where that user can, and <folder>/place remembers where.
_postgres_choose_place() {
    local folder=$1 kind=$2 elsewhere
    rm -f -- "$folder/place"
    _postgres_usable_place "$folder/cluster" && return 0
    rm -rf -- "$folder/cluster"
    if [[ $kind == throwaway ]]; then
        elsewhere=$(mktemp -d /tmp/family-pairing-postgres.XXXXXXXX)
    else
        # Not a temporary folder: some systems clear those of files that nobody read for a month, one by one.
        local parent=/var/lib/family-pairing
        ((EUID == 0)) || parent=${XDG_STATE_HOME:-$HOME/.local/state}/family-pairing
        make_folder 755 "$parent"
        elsewhere=$(mktemp -d "$parent/postgres.XXXXXXXX")
    fi
    _postgres_usable_place "$elsewhere" ||
        fail "PostgreSQL can use neither $folder nor $elsewhere for its data: that user cannot own or reach them."
    printf '%s\n' "$elsewhere" >"$folder/place"
    [[ $kind == throwaway ]] ||
        say "PostgreSQL cannot reach this checkout as the user who runs it, so its data is in $elsewhere."
}

_postgres_usable_place() {
    local place=$1
    make_folder 700 "$place"
    if ((EUID == 0)); then
        id postgres >/dev/null 2>&1 ||
            fail "PostgreSQL refuses to run as root and there is no user \"postgres\" to run it as. Create one (useradd --system postgres), or run this as a user."
        chown postgres: -- "$place" 2>/dev/null || return 1
    fi
    # A file system without Unix permissions shows itself here.
    [[ $(stat -c %a -- "$place") == *700 ]] || return 1
    _postgres_as_owner "$place" test -w "$place" 2>/dev/null
}

# _postgres_as_owner CLUSTER PROGRAM…: runs it as whoever owns the cluster, from a folder that everyone can enter and
# with nothing of our environment (PGDATA, PGPORT and their like would lead PostgreSQL astray).
_postgres_as_owner() {
    local cluster=$1 uid gid
    shift
    local -a run=(env -i "PATH=$PATH" LC_ALL=C.UTF-8 "$@")
    if ((EUID == 0)); then
        uid=$(stat -c %u -- "$cluster")
        gid=$(stat -c %g -- "$cluster")
        if ((uid != 0)); then
            run=(setpriv "--reuid=$uid" "--regid=$gid" --clear-groups "${run[@]}")
        fi
    fi
    (cd / && exec "${run[@]}") 9>&-
}

_postgres_init() {
    local folder=$1 cluster=$2 programs=$3 kind=$4 errors
    local -a speed=()
    [[ $kind == durable ]] || speed=(--no-sync)
    # initdb reads the password from a file, and its user cannot read ours.
    # shellcheck disable=SC2016  # for the inner shell
    _postgres_as_owner "$cluster" sh -c 'umask 077; cat >"$1"' sh "$cluster/password" <"$folder/password"
    errors=$(_postgres_as_owner "$cluster" "$programs/initdb" -D "$cluster/data" -U "$POSTGRES_USER" \
        --pwfile "$cluster/password" --auth scram-sha-256 --encoding UTF8 --locale C.UTF-8 "${speed[@]}" \
        </dev/null 2>&1 >/dev/null) || {
        say "$errors"
        fail "PostgreSQL could not make its data folder $cluster/data."
    }
    rm -f -- "$cluster/password"
    printf 'host %s all 127.0.0.1/32 scram-sha-256\n' all replication |
        _postgres_as_owner "$cluster" tee "$cluster/data/pg_hba.conf" >/dev/null
}

_postgres_settings() {
    cat <<'CONF'

# Family Pairing: see bin/lib/postgres.sh
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %u@%d '
CONF
    if [[ $1 == throwaway ]]; then
        cat <<'CONF'
# A database for each test, several at a time, each with a pool.
max_connections = 300
# Thrown away after the run; see postgres_create.
fsync = off
full_page_writes = off
CONF
    fi
}

# PostgreSQL does not start while the process named in its pid file lives and is of the same user, even when that is
# another program by now, or a zombie. We can tell, so we take the file away then.
_postgres_forget_stale_pid() {
    local cluster=$1 pid
    { read -r pid <"$cluster/data/postmaster.pid"; } 2>/dev/null || return 0
    [[ $pid =~ ^[1-9][0-9]*$ && -d /proc/$pid ]] || return 0
    rm -f -- "$cluster/data/postmaster.pid"
}

_signal_children() {
    local child children
    children=$(cat "/proc/$2/task/$2/children" 2>/dev/null) || return 0
    for child in $children; do
        kill -s "$1" "$child" 2>/dev/null || true
    done
}

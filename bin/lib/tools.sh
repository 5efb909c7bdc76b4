# shellcheck shell=bash
# Where the programs are that this project needs from outside, and how old they may be.
# Finding must be quick: it happens at each start, so versions are read from paths where that is possible.

readonly OLDEST_POSTGRES=15
readonly OLDEST_REDIS=7

# A Rust installed a minute ago is often not yet on the PATH of the shell that is open.
find_cargo() {
    command -v cargo >/dev/null && return 0
    local cargo_bin=${CARGO_HOME:-${HOME:-/root}/.cargo}/bin
    [[ -x $cargo_bin/cargo ]] || return 1
    export PATH="$cargo_bin:$PATH"
}

has_nextest() {
    command -v cargo-nextest >/dev/null || [[ -x ${CARGO_HOME:-${HOME:-/root}/.cargo}/bin/cargo-nextest ]]
}

# Prints "<major> <folder>" for each PostgreSQL server found: Debian's folders, Red Hat's (packages of the PostgreSQL
# project), then whatever the PATH has.
_list_postgres() {
    local folder version
    for folder in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin; do
        [[ -x $folder/postgres && -x $folder/initdb && -x $folder/pg_ctl && -x $folder/psql ]] || continue
        version=${folder%/bin}
        version=${version##*[/-]}
        printf '%s %s\n' "$version" "$folder"
    done
    if folder=$(command -v postgres); then
        folder=$(readlink -f -- "$folder")
        folder=${folder%/*}
        # "postgres (PostgreSQL) 17.2 (Debian 17.2-1)"; a beta says "18beta1"
        version=$("$folder/postgres" --version 2>/dev/null) || return 0
        version=${version#*') '}
        version=${version%%[!0-9]*}
        [[ -n $version && -x $folder/initdb && -x $folder/pg_ctl && -x $folder/psql ]] || return 0
        printf '%s %s\n' "$version" "$folder"
    fi
}

# find_postgres any|MAJOR: prints the folder of the newest PostgreSQL that is new enough, or of that major version.
# Data belongs to the major version that made it, so a newer installed server must not be tried on old data.
find_postgres() {
    local wanted=$1 version folder best=0 best_folder=''
    while read -r version folder; do
        [[ $version =~ ^[0-9]+$ ]] || continue
        [[ $wanted == any || $version == "$wanted" ]] || continue
        if ((version >= OLDEST_POSTGRES && version > best)); then
            best=$version
            best_folder=$folder
        fi
    done < <(_list_postgres)
    [[ -n $best_folder ]] || return 1
    printf '%s\n' "$best_folder"
}

# Prints the path of a Redis server that is new enough.
# The oldest one that we accept is in no path, so this asks the program (a few milliseconds).
find_redis() {
    local program version
    program=$(command -v redis-server) || return 1
    version=$(redis_major "$program") || return 1
    ((version >= OLDEST_REDIS)) || return 1
    printf '%s\n' "$program"
}

# "Redis server v=7.0.15 sha=…" → 7. Valkey under Redis's name says "Valkey server v=8.0.1 …" and counts alike.
redis_major() {
    local version
    version=$("$1" --version 2>/dev/null) || return 1
    version=${version#*v=}
    version=${version%%.*}
    [[ $version =~ ^[0-9]+$ ]] || return 1
    printf '%s\n' "$version"
}

# Debian puts it where only root looks.
find_haproxy() {
    command -v haproxy >/dev/null && return 0
    [[ -x /usr/sbin/haproxy ]] || return 1
    export PATH="$PATH:/usr/sbin"
}
